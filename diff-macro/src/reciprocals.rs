//! Reciprocals: a function goes in, one comes out in which derivatives that are divided by the same value are multiplied
//! by its reciprocal. Derivatives of second and higher order divide by the same value again and again.
//!
//! ```text
//! // Input:    a = x / d; b = a / d; c = y / d
//! // Output:   r = 1 / d; a = x * r; b = a * r; c = y * r
//! ```
//!
//! What the user's function divides stays as it is. A product with a reciprocal has up to one rounding more than a
//! quotient, and is infinite where the divisor is so small that its reciprocal is (subnormal).

use std::collections::HashMap;

use crate::cleanup::{regions_mut, rename_region};
use crate::ir::{Atom, Function, Hint, Info, Op, Region, Stmt, Value};
use crate::rules::Prim;

/// Replaces quotients of derivatives with a common divisor.
pub(crate) fn reciprocals(function: &mut Function) {
    let Function { values, body, .. } = function;
    let mut same = HashMap::new();
    in_region(body, values, &HashMap::new(), &mut same);
    rename_region(body, &same);
}

/// `known` has the reciprocals of the regions around; `same` is to have the values that are one of them.
fn in_region(
    region: &mut Region,
    values: &mut Vec<Info>,
    known: &HashMap<Value, Value>,
    same: &mut HashMap<Value, Atom>,
) {
    let mut count: HashMap<Value, usize> = HashMap::new();
    for divisor in region.stmts.iter().filter_map(|stmt| divisor(stmt, values)) {
        *count.entry(divisor).or_default() += 1;
    }
    let mut known = known.clone();
    let mut stmts = Vec::new();
    for mut stmt in std::mem::take(&mut region.stmts) {
        if let Some(divisor) = divisor(&stmt, values) {
            if !known.contains_key(&divisor) && count[&divisor] > 1 {
                let reciprocal = reciprocal_of(divisor, &stmt, values);
                let op = Op::Prim(Prim::Div, vec![Atom::Float(1.0), Atom::Value(divisor)]);
                stmts.push(Stmt { results: vec![reciprocal], op });
                known.insert(divisor, reciprocal);
            }
            if let (Op::Prim(prim, args), Some(reciprocal)) = (&mut stmt.op, known.get(&divisor)) {
                let reciprocal = Atom::Value(*reciprocal);
                if args[0].is_float(1.0) {
                    same.insert(stmt.results[0], reciprocal);
                    continue;
                }
                (*prim, *args) = match (*prim, args[0]) {
                    (_, Atom::Float(-1.0)) => (Prim::Neg, vec![reciprocal]),
                    (Prim::StrongDiv, numerator) => (Prim::StrongMul, vec![numerator, reciprocal]),
                    (_, numerator) => (Prim::Mul, vec![numerator, reciprocal]),
                };
            }
        }
        for inner in regions_mut(&mut stmt.op) {
            in_region(inner, values, &known, same);
        }
        stmts.push(stmt);
    }
    region.stmts = stmts;
}

/// What a statement divides by, if it is of a derivative.
fn divisor(stmt: &Stmt, values: &[Info]) -> Option<Value> {
    match (&stmt.op, &stmt.results[..]) {
        (Op::Prim(Prim::Div | Prim::StrongDiv, args), [result]) if values[result.0 as usize].derived => args[1].value(),
        _ => None,
    }
}

/// A value for a reciprocal, of the type of a quotient.
fn reciprocal_of(divisor: Value, quotient: &Stmt, values: &mut Vec<Info>) -> Value {
    let of = values[divisor.0 as usize].hint.as_ref();
    let name = of.map_or("reciprocal".to_owned(), |hint| format!("{}_reciprocal", hint.name));
    let hint = Some(Hint::generated(name, proc_macro2::Span::call_site()));
    let ty = values[quotient.results[0].0 as usize].ty;
    values.push(Info { ty, hint, derived: true });
    Value(u32::try_from(values.len() - 1).unwrap_or(u32::MAX))
}
