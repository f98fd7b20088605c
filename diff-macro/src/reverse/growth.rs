//! Arrays that grow and shrink: the array of their adjoints has the final length when the reverse sweep begins, and
//! shrinks and grows as they did, in the opposite order.

use super::{Reverse, Swept};
use std::rc::Rc;

use crate::ir::{Atom, Code, Dim, Effect, Info, NewArray, Op, Opaque, Region, Stmt, Ty, Value};
use crate::primal::Mode;

impl Reverse<'_> {
    /// Whether a region changes the length of an array that it does not make itself.
    pub(super) fn grows(&self, region: &Region) -> bool {
        fn find(region: &Region, made: &mut Vec<Value>) -> bool {
            region.stmts.iter().any(|stmt| {
                if matches!(stmt.op, Op::NewArray(_)) {
                    made.extend(&stmt.results);
                }
                let own = match &stmt.op {
                    Op::Append(array, _) | Op::Take(array) | Op::Resize(array, _) => !made.contains(array),
                    Op::Prim(..) | Op::Opaque(_) | Op::If { .. } | Op::Loop(_) | Op::Load(..) | Op::Store(..) => false,
                    Op::Accumulate(..) | Op::NewArray(_) | Op::Clear(_) | Op::Call(_) => false,
                    Op::Pull(_) | Op::Closure(_) => false,
                    Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => false,
                };
                own || stmt.op.regions().into_iter().any(|inner| find(inner, made))
            })
        }
        !self.growing.is_empty() && find(region, &mut Vec::new())
    }

    /// The seed of an array that is returned must be as long as that, where only the forward sweep tells how long it is.
    pub(super) fn check_seeds(&mut self, yields: &[Atom]) {
        for array in yields.iter().filter_map(|atom| atom.value()) {
            let Some(seed) = self.returned.get(&array).copied() else { continue };
            let Ty::Array(number) = self.info(array).ty else { continue };
            if !matches!(self.b.shapes[number as usize].dims.first(), Some(Dim::Dynamic)) {
                continue;
            }
            let check: syn::Stmt = syn::parse_quote!(::core::assert_eq!(seed.len(), value.len(), "the seed must be as long as the result"););
            let primal = self.atom(Atom::Value(array));
            let args = vec![(Rc::from("seed"), Atom::Value(seed)), (Rc::from("value"), primal)];
            let code = Code::Stmts(Rc::new(vec![check]), Vec::new());
            let opaque =
                Opaque { code, args, effect: Effect::Any, text: Rc::from("assert_eq!(seed.len(), value.len())") };
            self.b.push(Vec::new(), Op::Opaque(opaque));
        }
    }

    /// Notes how long the arrays that a region makes have become, at its end.
    pub(super) fn measure(&mut self, stmts: &[Stmt]) {
        for stmt in stmts.iter().filter(|stmt| matches!(stmt.op, Op::NewArray(_))) {
            let array = stmt.results[0];
            if self.growing.contains(&array) && self.is_varied(array) && !is_window(&stmt.op) {
                self.measure_one(array);
            }
        }
    }

    pub(super) fn measure_one(&mut self, array: Value) {
        let primal = self.array(array);
        let info = Info { ty: Ty::Int, hint: None, derived: false };
        let length = self.b.opaque(Opaque::length(primal), info);
        self.lengths.insert(array, vec![length]);
    }

    pub(super) fn sweep_growth(&mut self, stmt: &Stmt) -> Swept {
        let before = match &stmt.op {
            Op::Resize(array, _) if self.is_varied(*array) => {
                let info = Info { ty: Ty::Int, hint: None, derived: false };
                let primal = self.array(*array);
                self.b.opaque(Opaque::length(primal), info)
            }
            _ => Atom::Undefined,
        };
        self.copy_growth(stmt);
        match &stmt.op {
            Op::Append(array, value) if self.is_varied(*array) => Swept::Append { array: *array, value: *value },
            Op::Take(array) if self.is_varied(*array) => {
                Swept::Take { array: *array, result: stmt.results.first().copied() }
            }
            Op::Resize(array, _) if self.is_varied(*array) => Swept::Resize { array: *array, before },
            _ => Swept::Inactive,
        }
    }

    /// ```text
    /// // Input:    a.push(v)
    /// // Adjoint:  v_bar += a_bar.pop()
    /// ```
    pub(super) fn back_append(&mut self, array: Value, value: Atom) {
        let Some(bar) = self.bars.get(&array).copied() else { return };
        let Some(value) = self.active(value) else {
            self.b.push(Vec::new(), Op::Take(bar));
            return;
        };
        let info = self.info(value);
        let adjoint = self.b.value(info.ty, super::barred(&info));
        self.b.values[adjoint.0 as usize].derived = true;
        self.b.push(vec![adjoint], Op::Take(bar));
        self.accumulate(value, Atom::Value(adjoint));
    }

    /// ```text
    /// // Input:    v = a.pop()
    /// // Adjoint:  a_bar.push(v_bar)
    /// ```
    pub(super) fn back_take(&mut self, array: Value, result: Option<Value>) {
        let adjoint = result.and_then(|result| self.adjoints.remove(&result));
        let Some(bar) = self.bars.get(&array).copied() else { return };
        self.b.push(Vec::new(), Op::Append(bar, adjoint.unwrap_or(Atom::Float(0.0))));
    }

    /// ```text
    /// // Input:    n = a.len(); a.resize(m, 0)
    /// // Adjoint:  a_bar.resize(n, 0)
    /// ```
    pub(super) fn back_resize(&mut self, array: Value, before: Atom) {
        let Some(bar) = self.bars.get(&array).copied() else { return };
        let before = self.read(before);
        self.b.push(Vec::new(), Op::Resize(bar, before));
    }
}

fn is_window(op: &Op) -> bool {
    matches!(op, Op::NewArray(NewArray::Window { .. }))
}
