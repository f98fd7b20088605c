//! The validator: a function goes in, the first broken invariant of the representation comes out. Tests run it after
//! every pass.

use std::collections::HashSet;

use crate::ir::{Atom, Function, Header, Op, Region, Rule, Slot, Stmt, Value};

/// Checks the invariants that `ir.rs` states.
pub(crate) fn check(function: &Function) -> Result<(), String> {
    let mut checker = Checker { defined: HashSet::new(), scopes: vec![HashSet::new()] };
    checker.region(&function.body)
}

struct Checker {
    defined: HashSet<Value>,
    scopes: Vec<HashSet<Value>>,
}

impl Checker {
    fn define(&mut self, value: Value) -> Result<(), String> {
        if !self.defined.insert(value) {
            return Err(format!("{value} is defined twice"));
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(value);
        }
        Ok(())
    }

    fn read(&self, atom: Atom) -> Result<(), String> {
        match atom.value() {
            Some(value) if !self.scopes.iter().any(|scope| scope.contains(&value)) => {
                Err(format!("{value} is read where it is not in scope"))
            }
            _ => Ok(()),
        }
    }

    fn region(&mut self, region: &Region) -> Result<(), String> {
        self.scopes.push(HashSet::new());
        for param in &region.params {
            self.define(*param)?;
        }
        self.stmts(&region.stmts)?;
        for atom in &region.yields {
            self.read(*atom)?;
        }
        self.scopes.pop();
        Ok(())
    }

    fn stmts(&mut self, stmts: &[Stmt]) -> Result<(), String> {
        for stmt in stmts {
            for atom in stmt.op.operands() {
                self.read(atom)?;
            }
            self.shape(stmt)?;
            self.scopes.push(HashSet::new());
            if let Op::Loop(l) = &stmt.op {
                for bind in l.header.binds().iter().chain(l.records.iter().flat_map(|records| &records.binds)) {
                    self.define(*bind)?;
                }
            }
            for region in stmt.op.regions() {
                self.region(region)?;
            }
            self.scopes.pop();
            for result in &stmt.results {
                self.define(*result)?;
            }
        }
        Ok(())
    }

    fn shape(&self, stmt: &Stmt) -> Result<(), String> {
        let results = stmt.results.len();
        let expected = |what: &str, found: usize, wanted: usize| {
            if found == wanted { Ok(()) } else { Err(format!("{what}: {found} where {wanted} are expected")) }
        };
        match &stmt.op {
            Op::Load(..) => expected("results of a load", results.min(1), results),
            Op::Prim(..) | Op::NewTape(_) | Op::NewBuffer(..) | Op::NewArray(_) => {
                expected("results of a primitive", results, 1)
            }
            Op::Store(..) | Op::Accumulate(..) | Op::Clear(_) => expected("results of a change", results, 0),
            Op::Append(..) | Op::Resize(..) => expected("results of a change", results, 0),
            Op::Take(_) => expected("results of a change", results.min(1), results),
            Op::Opaque(_) => Ok(()),
            Op::Call(call) => {
                let outputs = call.callee.returns.count();
                let wanted = match &call.rule {
                    Rule::Primal => outputs,
                    Rule::Partials(partials) => outputs * partials.indices().len(),
                    Rule::Pushforward(_) => call.outputs(),
                    Rule::Pullback { .. } => call.outputs() + 1,
                };
                expected("results of a call", results, wanted)
            }
            Op::Pull(pull) => {
                let adjoints = pull.slots.iter().filter(|slot| **slot == Slot::Adjoint).count();
                expected("results of a pullback", results, adjoints)
            }
            Op::Closure(_) => expected("results of a closure", results, 1),
            Op::Push(..) | Op::Put(..) => expected("results of a push", results, 0),
            Op::If { then, otherwise, .. } => {
                expected("parameters of a branch", then.params.len() + otherwise.params.len(), 0)?;
                expected("yields of a branch", then.yields.len(), results)?;
                expected("yields of a branch", otherwise.yields.len(), results)
            }
            Op::Loop(l) => {
                expected("initial values of a loop", l.init.len(), results)?;
                expected("parameters of a loop", l.body.params.len(), results)?;
                expected("yields of a loop", l.body.yields.len(), results + 1)?;
                match &l.header {
                    Header::While(cond) => {
                        expected("parameters of a condition", cond.params.len(), results)?;
                        expected("yields of a condition", cond.yields.len(), 1)
                    }
                    Header::Range(_) | Header::Iter { .. } | Header::Forever | Header::Times(_) => Ok(()),
                }
            }
        }
    }
}
