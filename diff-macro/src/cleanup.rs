//! Removes what is not needed: a function goes in, the same function without dead statements, unused results,
//! loop-invariant carried values and branches that are decided comes out.

use std::collections::{HashMap, HashSet};

use crate::bounds;
use crate::ir::{Atom, Effect, Function, Header, Loop, NewArray, Op, Region, Rule, Stmt, Value};
use crate::rules::Prim;

/// Simplifies until nothing changes.
pub(crate) fn cleanup(function: &mut Function) {
    loop {
        let mut names = HashMap::new();
        decide_flags(&mut function.body, &mut names);
        find_copies(&function.body, &mut names);
        let renamed = !names.is_empty();
        if renamed {
            rename_region(&mut function.body, &names);
        }
        let removed = remove_dead(function);
        if !renamed && !removed {
            return;
        }
    }
}

// ---- values that are copies of others ---------------------------------------------------------------------------

/// A branch that only chooses between true and false is its condition, or the negation of it.
fn decide_flags(region: &mut Region, names: &mut HashMap<Value, Atom>) {
    for stmt in &mut region.stmts {
        for inner in regions_mut(&mut stmt.op) {
            decide_flags(inner, names);
        }
        let Op::If { cond, then, otherwise } = &stmt.op else { continue };
        if !then.stmts.is_empty() || !otherwise.stmts.is_empty() {
            continue;
        }
        let cond = *cond;
        for (k, result) in stmt.results.iter().enumerate() {
            if (then.yields[k], otherwise.yields[k]) == (Atom::Bool(true), Atom::Bool(false)) {
                names.insert(*result, cond);
            }
        }
        if let ([_], [Atom::Bool(false)], [Atom::Bool(true)]) =
            (&stmt.results[..], &then.yields[..], &otherwise.yields[..])
        {
            stmt.op = Op::Prim(Prim::Not, vec![cond]);
        }
    }
}

/// Results and parameters that always equal another atom.
fn find_copies(region: &Region, names: &mut HashMap<Value, Atom>) {
    for stmt in &region.stmts {
        match &stmt.op {
            Op::If { then, otherwise, .. } => {
                for (k, result) in stmt.results.iter().enumerate() {
                    if let Some(atom) = same_yield(then.yields[k], otherwise.yields[k])
                        && visible_outside(atom, &[then, otherwise])
                    {
                        names.insert(*result, atom);
                    }
                }
            }
            Op::Loop(l) => find_invariants(stmt, l, names),
            Op::Prim(..) | Op::Opaque(_) | Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {}
            Op::Call(_) | Op::Pull(_) | Op::Closure(_) => {}
            Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => {}
            Op::Append(..) | Op::Take(_) | Op::Resize(..) => {}
        }
        for inner in stmt.op.regions() {
            find_copies(inner, names);
        }
    }
}

fn same_yield(a: Atom, b: Atom) -> Option<Atom> {
    (a == b && a != Atom::Undefined).then_some(a)
}

/// An atom of a branch may stand outside it if the branch did not define it.
fn visible_outside(atom: Atom, regions: &[&Region]) -> bool {
    let Some(value) = atom.value() else {
        return true;
    };
    !regions.iter().any(|region| region.stmts.iter().any(|stmt| stmt.results.contains(&value)))
}

/// A carried value that no iteration changes is its initial value.
fn find_invariants(stmt: &Stmt, l: &Loop, names: &mut HashMap<Value, Atom>) {
    for (k, param) in l.body.params.iter().enumerate() {
        let next = l.body.yields[k + 1];
        if next == Atom::Value(*param) || (next == l.init[k] && next.value().is_none()) {
            names.insert(*param, l.init[k]);
            names.insert(stmt.results[k], l.init[k]);
            if let Header::While(cond) = &l.header {
                names.insert(cond.params[k], l.init[k]);
            }
        }
    }
}

fn resolve(names: &HashMap<Value, Atom>, mut atom: Atom) -> Atom {
    while let Some(next) = atom.value().and_then(|value| names.get(&value)) {
        if *next == atom {
            break;
        }
        atom = *next;
    }
    atom
}

pub(crate) fn rename_region(region: &mut Region, names: &HashMap<Value, Atom>) {
    for stmt in &mut region.stmts {
        for_each_operand(&mut stmt.op, &mut |atom| *atom = resolve(names, *atom));
        for inner in regions_mut(&mut stmt.op) {
            rename_region(inner, names);
        }
    }
    for atom in &mut region.yields {
        *atom = resolve(names, *atom);
    }
}

pub(crate) fn for_each_operand(op: &mut Op, visit: &mut dyn FnMut(&mut Atom)) {
    match op {
        Op::Prim(_, args) | Op::Push(_, args) => args.iter_mut().for_each(visit),
        Op::NewBuffer(length, ..) => visit(length),
        Op::Put(_, index, record) => {
            visit(index);
            record.iter_mut().for_each(visit);
        }
        Op::Opaque(opaque) => opaque.args.iter_mut().for_each(|(_, atom)| visit(atom)),
        Op::Call(call) => {
            call.args.iter_mut().for_each(&mut *visit);
            match &mut call.rule {
                Rule::Primal | Rule::Partials(_) => {}
                Rule::Pushforward(tangents) => tangents.iter_mut().flatten().for_each(visit),
                Rule::Pullback { tangents, asked, .. } => tangents.iter_mut().chain(asked).flatten().for_each(visit),
            }
        }
        Op::Pull(pull) => {
            visit(&mut pull.pullback);
            pull.seeds.iter_mut().for_each(visit);
        }
        Op::Closure(_) => {}
        Op::If { cond, .. } => visit(cond),
        Op::Loop(l) => {
            l.init.iter_mut().for_each(&mut *visit);
            match &mut l.header {
                Header::Range(range) => {
                    visit(&mut range.start);
                    visit(&mut range.end);
                    range.step.iter_mut().for_each(visit);
                }
                Header::Iter { iter, .. } => iter.args.iter_mut().for_each(|(_, atom)| visit(atom)),
                Header::While(_) | Header::Forever => {}
                Header::Times(count) => visit(count),
            }
        }
        Op::NewTape(Some(range)) => {
            visit(&mut range.start);
            visit(&mut range.end);
            range.step.iter_mut().for_each(visit);
        }
        Op::NewTape(None) | Op::NewArray(NewArray::Zeros(_) | NewArray::Copy(_)) | Op::Clear(_) | Op::Take(_) => {}
        Op::Append(_, atom) | Op::Resize(_, atom) => visit(atom),
        Op::NewArray(NewArray::Empty(capacity)) => capacity.iter_mut().for_each(visit),
        Op::Load(_, index) => index.iter_mut().for_each(visit),
        Op::Store(_, index, value) | Op::Accumulate(_, index, value) => {
            index.iter_mut().for_each(&mut *visit);
            visit(value);
        }
        Op::NewArray(NewArray::Fill(value, lengths)) => {
            visit(value);
            lengths.iter_mut().for_each(visit);
        }
        Op::NewArray(NewArray::Elements(elements)) => elements.iter_mut().for_each(visit),
        Op::NewArray(NewArray::Window { part, .. }) => {
            *part = part.map(|mut atom| {
                visit(&mut atom);
                atom
            });
        }
    }
}

pub(crate) fn regions_mut(op: &mut Op) -> Vec<&mut Region> {
    match op {
        Op::If { then, otherwise, .. } => vec![then, otherwise],
        Op::Loop(l) => {
            let l = &mut **l;
            match &mut l.header {
                Header::While(cond) => vec![cond, &mut l.body],
                Header::Range(_) | Header::Iter { .. } | Header::Forever | Header::Times(_) => {
                    vec![&mut l.body]
                }
            }
        }
        Op::Prim(..) | Op::Opaque(_) | Op::Call(_) | Op::Pull(_) | Op::NewTape(_) | Op::Push(..) => Vec::new(),
        Op::Closure(closure) => vec![&mut closure.region],
        Op::NewBuffer(..) | Op::Put(..) => Vec::new(),
        Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => Vec::new(),
        Op::Append(..) | Op::Take(_) | Op::Resize(..) => Vec::new(),
    }
}

// ---- dead code --------------------------------------------------------------------------------------------------

/// Removes statements, results and carried values that nothing needs. Reports whether it removed any.
fn remove_dead(function: &mut Function) -> bool {
    let mut live = live(function, &HashSet::new());
    let wanted = bounds::wanted(function, &live);
    if !wanted.is_empty() {
        // Among what the checks themselves read there may be others.
        live = self::live(function, &wanted);
        let mut read = HashSet::new();
        let windows = function.roots().into_keys().collect();
        find_read(&function.body, &live, &Checks { wanted: &wanted, windows: &windows }, &mut read);
        bounds::make_checks(function, &wanted, &read);
        live = self::live(function, &HashSet::new());
    }
    prune(&mut function.body, &live)
}

/// The accesses that are to become checks, and the values that are windows.
struct Checks<'a> {
    wanted: &'a HashSet<Value>,
    windows: &'a HashSet<Value>,
}

/// The values that live statements read; of the checks that are wanted only their indices, and the windows that they look
/// through.
fn find_read(region: &Region, live: &HashSet<Value>, checks: &Checks<'_>, read: &mut HashSet<Value>) {
    read.extend(region.yields.iter().filter_map(|atom| atom.value()));
    for stmt in region.stmts.iter().filter(|stmt| is_live(stmt, live)) {
        match &stmt.op {
            Op::Load(array, index) if stmt.results.iter().any(|result| checks.wanted.contains(result)) => {
                read.extend(index.iter().filter_map(|atom| atom.value()));
                read.extend(Some(*array).filter(|array| checks.windows.contains(array)));
            }
            // What is written into an array that nothing reads is not needed.
            Op::Store(_, index, value) | Op::Accumulate(_, index, value) => {
                read.extend(index.iter().chain([value]).filter_map(|atom| atom.value()));
            }
            op => read.extend(op.operands().into_iter().filter_map(Atom::value)),
        }
        stmt.op.regions().into_iter().for_each(|inner| find_read(inner, live, checks, read));
    }
}

/// The values that something needs, these to begin with.
fn live(function: &Function, wanted: &HashSet<Value>) -> HashSet<Value> {
    // What is written into a parameter is read by the caller.
    let mut live: HashSet<Value> = function.body.params.iter().copied().chain(wanted.iter().copied()).collect();
    let (roots, changing) = (function.roots(), function.changing());
    loop {
        let before = live.len();
        mark(&function.body, &mut live);
        // What is written through a window is written into its array.
        let needed = roots.iter().filter(|(window, root)| changing.contains(window) && live.contains(root));
        let needed: Vec<Value> = needed.map(|(window, _)| *window).collect();
        live.extend(needed);
        if live.len() == before {
            return live;
        }
    }
}

fn need(atom: Atom, live: &mut HashSet<Value>) {
    live.extend(atom.value());
}

fn mark(region: &Region, live: &mut HashSet<Value>) {
    for atom in &region.yields {
        need(*atom, live);
    }
    mark_stmts(&region.stmts, live);
}

fn mark_stmts(stmts: &[Stmt], live: &mut HashSet<Value>) {
    for stmt in stmts.iter().rev() {
        match &stmt.op {
            Op::If { cond, then, otherwise } => {
                for (k, result) in stmt.results.iter().enumerate() {
                    if live.contains(result) {
                        need(then.yields[k], live);
                        need(otherwise.yields[k], live);
                    }
                }
                mark_stmts(&then.stmts, live);
                mark_stmts(&otherwise.stmts, live);
                if is_live(stmt, live) {
                    need(*cond, live);
                }
            }
            Op::Loop(l) => mark_loop(stmt, l, live),
            Op::Closure(closure) => {
                if is_live(stmt, live) {
                    // What is written into its parameters is read by the caller.
                    live.extend(&closure.region.params);
                    mark(&closure.region, live);
                }
            }
            Op::Prim(..)
            | Op::Opaque(_)
            | Op::Call(_)
            | Op::Pull(_)
            | Op::NewTape(_)
            | Op::Push(..)
            | Op::NewBuffer(..)
            | Op::Put(..)
            | Op::Load(..)
            | Op::Store(..)
            | Op::Accumulate(..)
            | Op::NewArray(_)
            | Op::Append(..)
            | Op::Take(_)
            | Op::Resize(..)
            | Op::Clear(_) => {
                if is_live(stmt, live) {
                    stmt.op.operands().into_iter().for_each(|atom| need(atom, live));
                }
            }
        }
    }
}

fn mark_loop(stmt: &Stmt, l: &Loop, live: &mut HashSet<Value>) {
    for (k, param) in l.body.params.iter().enumerate() {
        let in_condition = matches!(&l.header, Header::While(cond) if live.contains(&cond.params[k]));
        if live.contains(&stmt.results[k]) || live.contains(param) || in_condition {
            live.extend([stmt.results[k], *param]);
            need(l.init[k], live);
            need(l.body.yields[k + 1], live);
        }
    }
    mark_stmts(&l.body.stmts, live);
    if is_live(stmt, live) {
        need(l.body.yields[0], live);
        l.header.operands().into_iter().for_each(|atom| need(atom, live));
        live.extend(l.records.iter().map(|records| records.tape));
        if let Header::While(cond) = &l.header {
            mark(cond, live);
        }
    }
}

/// Whether a statement has to stay: something reads a result of it, or it has an effect.
pub(crate) fn is_live(stmt: &Stmt, live: &HashSet<Value>) -> bool {
    let is_check = matches!(stmt.op, Op::Load(..)) && stmt.results.is_empty();
    is_check || stmt.results.iter().any(|result| live.contains(result)) || has_effect(&stmt.op, live)
}

fn has_effect(op: &Op, live: &HashSet<Value>) -> bool {
    match op {
        Op::Prim(..) | Op::NewTape(_) | Op::NewBuffer(..) | Op::NewArray(_) => false,
        // Without a result it only checks an index, which is done before: see `is_live`.
        Op::Load(..) => false,
        Op::Store(array, ..) | Op::Accumulate(array, ..) | Op::Clear(array) => live.contains(array),
        Op::Append(array, _) | Op::Take(array) | Op::Resize(array, _) => live.contains(array),
        Op::Opaque(opaque) => opaque.effect == Effect::Any,
        Op::Call(_) => true,
        Op::Pull(pull) => pull.slots.iter().filter_map(|slot| slot.array()).any(|array| live.contains(&array)),
        Op::Closure(_) => false,
        Op::Push(tape, _) | Op::Put(tape, ..) => live.contains(tape),
        Op::If { .. } | Op::Loop(_) => {
            op.regions().iter().any(|region| region.stmts.iter().any(|stmt| is_live(stmt, live)))
        }
    }
}

fn prune(region: &mut Region, live: &HashSet<Value>) -> bool {
    let before = region.stmts.len();
    region.stmts.retain(|stmt| is_live(stmt, live));
    let mut changed = region.stmts.len() != before;
    for stmt in &mut region.stmts {
        changed |= prune_results(stmt, live);
        for inner in regions_mut(&mut stmt.op) {
            changed |= prune(inner, live);
        }
    }
    changed
}

fn prune_results(stmt: &mut Stmt, live: &HashSet<Value>) -> bool {
    let dead: Vec<usize> = (0..stmt.results.len()).filter(|k| !live.contains(&stmt.results[*k])).rev().collect();
    match &mut stmt.op {
        Op::If { then, otherwise, .. } => {
            for k in &dead {
                stmt.results.remove(*k);
                then.yields.remove(*k);
                otherwise.yields.remove(*k);
            }
        }
        Op::Loop(l) => {
            for k in &dead {
                stmt.results.remove(*k);
                l.init.remove(*k);
                l.body.params.remove(*k);
                l.body.yields.remove(k + 1);
                if let Header::While(cond) = &mut l.header {
                    cond.params.remove(*k);
                }
            }
        }
        Op::Take(_) if !dead.is_empty() => stmt.results.clear(),
        Op::Append(..) | Op::Take(_) | Op::Resize(..) => return false,
        Op::Prim(..) | Op::Opaque(_) | Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => return false,
        Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => return false,
        Op::Call(_) | Op::Pull(_) | Op::Closure(_) => return false,
    }
    !dead.is_empty()
}
