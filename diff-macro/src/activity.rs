//! Activity: which values carry a derivative. A function and its active parameters go in, the set of values that vary
//! with them comes out (a fixed point around loops).

use std::collections::{HashMap, HashSet};

use crate::ir::{Atom, Function, Header, NewArray, Op, Region, Stmt, Value, walk};
use crate::rules::Prim;

/// The values of the function that vary with the active parameters.
pub(crate) fn varied(function: &Function, active: &[Value]) -> HashSet<Value> {
    let mut varied: HashSet<Value> = active.iter().copied().collect();
    let fields = function.fields();
    loop {
        let before = varied.len();
        mark_region(&function.body, &fields, &mut varied);
        if varied.len() == before {
            return varied;
        }
    }
}

fn is_varied(atom: Atom, varied: &HashSet<Value>) -> bool {
    atom.value().is_some_and(|value| varied.contains(&value))
}

/// `fields` has the values as which the records of each tape are read back.
fn mark_region(region: &Region, fields: &HashMap<Value, Vec<Value>>, varied: &mut HashSet<Value>) {
    for stmt in &region.stmts {
        mark_stmt(stmt, fields, varied);
    }
}

fn mark_stmt(stmt: &Stmt, fields: &HashMap<Value, Vec<Value>>, varied: &mut HashSet<Value>) {
    match &stmt.op {
        Op::Prim(prim, args) => {
            if !is_locally_constant(*prim) && args.iter().any(|atom| is_varied(*atom, varied)) {
                varied.extend(&stmt.results);
            }
        }
        Op::If { then, otherwise, .. } => {
            mark_region(then, fields, varied);
            mark_region(otherwise, fields, varied);
            for (k, result) in stmt.results.iter().enumerate() {
                if is_varied(then.yields[k], varied) || is_varied(otherwise.yields[k], varied) {
                    varied.insert(*result);
                }
            }
        }
        Op::Loop(l) => {
            let carried = || l.body.params.iter().zip(&l.body.yields[1..]).zip(&l.init).zip(&stmt.results);
            for (((param, next), init), result) in carried() {
                if is_varied(*init, varied) || is_varied(*next, varied) {
                    varied.extend([*param, *result]);
                }
            }
            // The condition of a `while` is a bool: nothing that varies leaves it.
            if let Header::While(cond) = &l.header {
                for (param, outer) in cond.params.iter().zip(&l.body.params) {
                    if varied.contains(outer) {
                        varied.insert(*param);
                    }
                }
                mark_region(cond, fields, varied);
            }
            mark_region(&l.body, fields, varied);
        }
        Op::Load(array, _) | Op::Take(array) => {
            if varied.contains(array) {
                varied.extend(&stmt.results);
            }
        }
        Op::Store(array, _, value) | Op::Accumulate(array, _, value) | Op::Append(array, value) => {
            if is_varied(*value, varied) {
                varied.insert(*array);
            }
        }
        Op::NewArray(NewArray::Fill(value, _)) => {
            if is_varied(*value, varied) {
                varied.extend(&stmt.results);
            }
        }
        Op::NewArray(NewArray::Elements(elements)) => {
            if elements.iter().any(|atom| is_varied(*atom, varied)) {
                varied.extend(&stmt.results);
            }
        }
        Op::NewArray(NewArray::Copy(array)) => {
            if varied.contains(array) {
                varied.extend(&stmt.results);
            }
        }
        // What is stored through a window is stored in its array, and is seen through all of them.
        Op::NewArray(NewArray::Window { array, .. }) => {
            if varied.contains(array) || varied.contains(&stmt.results[0]) {
                varied.extend([*array, stmt.results[0]]);
            }
        }
        // A field of a record varies if what was pushed does.
        Op::Push(tape, record) | Op::Put(tape, _, record) => {
            let pushed = fields.get(tape).into_iter().flatten().zip(record);
            let varying: Vec<Value> = pushed.filter(|(_, atom)| is_varied(**atom, varied)).map(|(v, _)| *v).collect();
            varied.extend(varying);
        }
        Op::Call(call) => {
            if call.inputs().into_iter().flatten().any(|atom| is_varied(atom, varied)) {
                varied.extend(&stmt.results);
                varied.extend(stmt.op.written_arrays());
            }
        }
        Op::NewArray(NewArray::Zeros(_) | NewArray::Empty(_)) | Op::Clear(_) | Op::Resize(..) => {}
        Op::Opaque(_) | Op::NewTape(_) | Op::NewBuffer(..) => {}
        // Functions with pullbacks are not differentiated again.
        Op::Pull(_) | Op::Closure(_) => {}
    }
}

/// Whether the region changes an array that varies.
pub(crate) fn stores_varied(region: &Region, varied: &HashSet<Value>) -> bool {
    walk(&region.stmts).flat_map(|stmt| stmt.op.written_arrays()).any(|array| varied.contains(&array))
}

/// Whether the primitive has the derivative zero wherever it has one.
pub(crate) fn is_locally_constant(prim: Prim) -> bool {
    use Prim::{
        And, Ceil, DivEuclid, Eq, Floor, Ge, Gt, IntAdd, IntEq, IntMul, IntPred, IntSpan, IntSub, IntSucc, IntToFloat,
        Le, Lt, Ne, Not, Or,
    };
    matches!(
        prim,
        Lt | Le
            | Gt
            | Ge
            | Eq
            | Ne
            | IntEq
            | And
            | Or
            | Not
            | IntPred
            | IntSucc
            | IntAdd
            | IntSub
            | IntMul
            | IntSpan
            | IntToFloat(_)
            | Floor
            | Ceil
            | DivEuclid
            | Prim::Round
            | Prim::RoundTiesEven
            | Prim::Trunc
            | Prim::Signum
    )
}

/// The active values that the wanted ones depend on, inside a region: a backward slice along what varies.
pub(crate) fn slice(region: &Region, wanted: &mut HashSet<Value>, varied: &HashSet<Value>) {
    for stmt in region.stmts.iter().rev() {
        // What is stored in an array that varies may be read from it anywhere.
        if let Op::Store(array, _, value) | Op::Accumulate(array, _, value) | Op::Append(array, value) = &stmt.op {
            if varied.contains(array) {
                wanted.extend(value.value().filter(|value| varied.contains(value)));
            }
            continue;
        }
        // What is passed with an array that varies may be read from it anywhere.
        if let Op::Call(call) = &stmt.op
            && stmt.op.written_arrays().iter().any(|array| varied.contains(array))
        {
            let inputs = call.inputs().into_iter().flatten();
            wanted.extend(inputs.filter_map(Atom::value).filter(|value| varied.contains(value)));
            continue;
        }
        let stores = stmt.op.regions().into_iter().any(|inner| stores_varied(inner, varied));
        if !stores && !stmt.results.iter().any(|result| wanted.contains(result)) {
            continue;
        }
        match &stmt.op {
            Op::Prim(..) | Op::Call(_) => {
                let operands = stmt.op.operands().into_iter();
                wanted.extend(operands.filter_map(Atom::value).filter(|value| varied.contains(value)));
            }
            Op::If { then, otherwise, .. } => {
                for branch in [then, otherwise] {
                    for (k, result) in stmt.results.iter().enumerate() {
                        if wanted.contains(result) {
                            wanted.extend(branch.yields[k].value().filter(|value| varied.contains(value)));
                        }
                    }
                    slice(branch, wanted, varied);
                }
            }
            Op::Loop(l) => {
                for (k, param) in l.body.params.iter().enumerate() {
                    if wanted.contains(&stmt.results[k]) {
                        wanted.insert(*param);
                    }
                }
                loop_slice(l, wanted, varied);
                for (k, param) in l.body.params.iter().enumerate() {
                    if wanted.contains(param) {
                        wanted.extend(l.init[k].value().filter(|value| varied.contains(value)));
                    }
                }
            }
            Op::NewArray(NewArray::Fill(..) | NewArray::Elements(_)) => {
                let operands = stmt.op.operands().into_iter();
                wanted.extend(operands.filter_map(Atom::value).filter(|value| varied.contains(value)));
            }
            Op::Load(..) | Op::Store(..) | Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) => {}
            Op::Append(..) | Op::Take(_) | Op::Resize(..) => {}
            Op::Opaque(_) | Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => {}
            Op::Pull(_) | Op::Closure(_) => {}
        }
    }
}

/// Extends the wanted values by those that the wanted parameters of a loop's body depend on, around the back edge.
pub(crate) fn loop_slice(l: &crate::ir::Loop, wanted: &mut HashSet<Value>, varied: &HashSet<Value>) {
    loop {
        let before = wanted.len();
        for (k, param) in l.body.params.iter().enumerate() {
            if wanted.contains(param) {
                wanted.extend(l.body.yields[k + 1].value().filter(|value| varied.contains(value)));
            }
        }
        slice(&l.body, wanted, varied);
        if wanted.len() == before {
            return;
        }
    }
}
