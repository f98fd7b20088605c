//! Neighbour scatters: a loop that adds to `a[i]` and to `a[i + 1]` goes in; one that carries the second term to the
//! next iteration comes out, so that no iteration waits for what the last one has stored.
//!
//! ```text
//! // Input:    for i in lo..hi { a[i] += s; a[i + 1] += t }
//! // Output:   c = 0; for i in lo..hi { a[i] += c + s; c = t }; if lo < hi { a[hi] += c }
//! ```

use crate::analyses::Analysis;
use crate::build::Builder;
use crate::ir::{Atom, Code, Hint, Loop, Op, Range, Region, Stmt, Value};
use crate::rules::Prim;

/// Two additions to neighbouring elements of one array, by their positions in the body.
struct Pair {
    array: Value,
    /// The addition at the lower index, and its term.
    near: (usize, Atom),
    /// The addition at the next index, and its term.
    far: (usize, Atom),
    /// The lower index less the loop's.
    offset: i64,
}

/// Carries the neighbour scatters of a loop; gives the results that it has besides, and what is to follow it.
pub(crate) fn carry_neighbours(b: &mut Builder, l: &mut Loop) -> (Vec<Value>, Vec<Stmt>) {
    let (mut results, mut after) = (Vec::new(), Vec::new());
    let is_on = Analysis::Carry.is_on() && l.records.is_none();
    let range = l.plain_range().filter(|range| is_on && !range.reversed).cloned();
    let Some(range) = range else { return (results, after) };
    while let Some(pair) = find(b, &l.body, range.index) {
        let Some(last) = last_index(&range, pair.offset) else { return (results, after) };
        let info = b.values[pair.array.0 as usize].hint.clone();
        let hint = info.map(|hint| Hint::generated(format!("{}_carried", hint.name), hint.span));
        let ty = crate::ir::Ty::Float(b.element(pair.array));
        let [param, result, sum] = [0, 1, 2].map(|_| b.value(ty, hint.clone()));
        b.values[sum.0 as usize].derived = true;
        b.values[sum.0 as usize].hint = None;
        l.init.push(Atom::Float(0.0));
        l.body.params.push(param);
        l.body.yields.push(pair.far.1);
        results.push(result);
        rewrite(&mut l.body, &pair, param, sum);
        after.push(finish(b, &range, &pair, result, last));
    }
    (results, after)
}

/// Two additions to neighbours in an array that the loop touches nowhere else.
fn find(b: &Builder, body: &Region, index: Value) -> Option<Pair> {
    let additions: Vec<(usize, Value, i64, Atom)> = body
        .stmts
        .iter()
        .enumerate()
        .filter_map(|(position, stmt)| match &stmt.op {
            Op::Accumulate(array, at, term) if at.len() == 1 => {
                Some((position, *array, offset(b, at[0], index)?, *term))
            }
            _ => None,
        })
        .collect();
    let near = additions.iter().find(|(_, array, offset, _)| {
        additions.iter().any(|(_, other, further, _)| other == array && *further == offset + 1)
    })?;
    let far = additions.iter().find(|(_, array, offset, _)| *array == near.1 && *offset == near.2 + 1)?;
    let touches = body.stmts.iter().map(|stmt| touches(stmt, near.1)).sum::<usize>();
    let pair = Pair { array: near.1, near: (near.0, near.3), far: (far.0, far.3), offset: near.2 };
    (touches == 2).then_some(pair)
}

fn touches(stmt: &Stmt, array: Value) -> usize {
    let own = stmt.op.operands().iter().filter(|atom| atom.value() == Some(array)).count();
    let inner = stmt.op.regions().into_iter().flat_map(|region| &region.stmts);
    own + inner.map(|stmt| touches(stmt, array)).sum::<usize>()
}

/// How far an index is from the loop's: `i` is at 0, `i + 1` at 1.
fn offset(b: &Builder, atom: Atom, index: Value) -> Option<i64> {
    let value = atom.value()?;
    if value == index {
        return Some(0);
    }
    let opaque = b.verbatim(value)?;
    let ([(name, argument)], Code::Expr(expr, None)) = (&opaque.args[..], &opaque.code) else { return None };
    let syn::Expr::Binary(binary) = &**expr else { return None };
    let syn::Expr::Path(path) = &*binary.left else { return None };
    let syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(literal), .. }) = &*binary.right else { return None };
    if argument.value() != Some(index) || !path.path.is_ident(&**name) {
        return None;
    }
    let distance: i64 = literal.base10_parse().ok()?;
    match binary.op {
        syn::BinOp::Add(_) => Some(distance),
        syn::BinOp::Sub(_) => Some(-distance),
        _ => None,
    }
}

/// The index that the last carried term belongs to: the end of the range, and the offset.
fn last_index(range: &Range, offset: i64) -> Option<Atom> {
    match (range.end, offset) {
        (end, 0) => Some(end),
        (Atom::Int(end), offset) => Some(Atom::Int(end + offset)),
        // An offset of an end that is only known at run time would be one more index to compute: left alone.
        _ => None,
    }
}

fn rewrite(body: &mut Region, pair: &Pair, param: Value, sum: Value) {
    let addition = Stmt { results: vec![sum], op: Op::Prim(Prim::Add, vec![Atom::Value(param), pair.near.1]) };
    if let Op::Accumulate(_, _, term) = &mut body.stmts[pair.near.0].op {
        *term = Atom::Value(sum);
    }
    body.stmts.remove(pair.far.0);
    let near = if pair.far.0 < pair.near.0 { pair.near.0 - 1 } else { pair.near.0 };
    body.stmts.insert(near, addition);
}

/// `if lo < hi { a[hi] += c }`: the last carried term.
fn finish(b: &mut Builder, range: &Range, pair: &Pair, carried: Value, last: Atom) -> Stmt {
    let addition = Stmt { results: Vec::new(), op: Op::Accumulate(pair.array, vec![last], Atom::Value(carried)) };
    let runs = b.prim(Prim::Lt, &[range.start, range.end]);
    let then = Region { params: Vec::new(), stmts: vec![addition], yields: Vec::new() };
    let otherwise = Region { params: Vec::new(), stmts: Vec::new(), yields: Vec::new() };
    Stmt { results: Vec::new(), op: Op::If { cond: runs, then, otherwise } }
}
