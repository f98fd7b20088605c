//! Structs that are passed to functions as a whole: what a callee takes of them is not visible here.
//!
//! Such a struct is one more leaf of the parameter that it is, or is a part of. It is treated like an array: the
//! callee is given its tangent, and adds to its adjoint in place.
//!
//! ```text
//! // Input:    p.x * energy(&p.inner)
//! // Lowered:  fn(p, p.x, p.inner) { e = call energy(p.inner); p.x * e }
//! ```

use syn::Expr;

use super::Lowering;
use super::aggregate::{Known, Leaf, Place, Step, is_part, strip_references};
use crate::diagnostics;
use crate::fence;
use crate::ir::{Atom, Pass, Shape, Storage, Ty};
use crate::rules;

/// The key of a struct that is passed on, beside those of its leaves.
fn whole_key(key: &str) -> String {
    format!("{key}{{}}")
}

impl Lowering<'_> {
    /// The leaves of parameters that are structs.
    pub(super) fn wholes_of_parameters(&mut self) -> Vec<Leaf> {
        let known: Vec<(String, Known)> =
            self.known.wholes.iter().map(|(key, known)| (key.clone(), known.clone())).collect();
        let mut leaves = Vec::new();
        for (param, source) in self.source.params.iter().enumerate().filter(|(_, source)| source.aggregate) {
            for (key, known) in known.iter().filter(|(key, _)| is_part(key, &source.name)) {
                let storage = match source.storage {
                    Storage::Borrowed => Storage::Borrowed,
                    Storage::BorrowedMut | Storage::Owned => Storage::BorrowedMut,
                };
                let ty = self.array_ty(Shape::of_struct(self.b.default_scalar, storage));
                let hint = self.leaf_hint(&format!("{key}.whole"));
                let value = self.b.value(ty, hint);
                self.varying.insert(value);
                self.env.insert(whole_key(key), Atom::Value(value));
                leaves.push(Leaf { param, steps: known.steps.clone(), value, modified: false, whole: true });
            }
        }
        leaves
    }

    /// An argument that is a struct which varies, or a part of one that is a struct itself as far as can be seen.
    pub(super) fn struct_argument(&mut self, arg: &Expr) -> Option<(Atom, Pass)> {
        if !self.is_struct(arg) {
            return None;
        }
        let pass = self.pass_of_struct(arg);
        if pass == Pass::Mutable {
            self.error(arg, diagnostics::STRUCT_CHANGES);
            return Some((Atom::Undefined, pass));
        }
        let place = self.resolve_place(arg)?;
        Some((self.whole_struct(&place, arg), pass))
    }

    /// Whether an expression is a struct, or a reference to one: all of a variable that is taken apart; what is lent or
    /// copied of it and is no float; a part whose parts are read elsewhere.
    pub(super) fn is_struct(&self, expr: &Expr) -> bool {
        if self.aggregate_root(expr).is_none() || self.array_of(expr).is_some() {
            return false;
        }
        let Some(key) = self.resolved_key(strip_references(expr)) else {
            return false;
        };
        if key.contains("[]") || matches!(self.known.types.get(&key), Some(Ty::Float(_))) {
            return false;
        }
        let lent = matches!(expr, Expr::Reference(_));
        let copied = matches!(expr, Expr::MethodCall(_));
        let whole = !key.contains('.') || fence::variable(expr).is_some();
        whole || lent || copied || self.known.wholes.contains_key(&key) || !self.paths_below(&key).is_empty()
    }

    /// Whether the receiver is a part of a struct of which nothing tells that it is a float, and the method none of floats:
    /// then the part is a struct itself.
    pub(super) fn is_method_of_part(&mut self, receiver: &Expr, name: &str) -> bool {
        let of_float = rules::method(name).is_some() || matches!(name, "sin_cos" | "clone" | "to_owned");
        if of_float || fence::is_query(name) || self.aggregate_root(receiver).is_none() {
            return false;
        }
        let Some(key) = self.resolved_key(strip_references(receiver)) else { return false };
        let is_known = self.known.leaves.contains_key(&key) || key.contains("[]") || self.array_of(receiver).is_some();
        if is_known {
            return false;
        }
        if let Some(place) = self.resolve_place(receiver) {
            self.known.wholes.entry(key).or_insert(place.leaf().1);
        }
        true
    }

    fn pass_of_struct(&self, arg: &Expr) -> Pass {
        match arg {
            Expr::Paren(paren) => self.pass_of_struct(&paren.expr),
            Expr::Group(group) => self.pass_of_struct(&group.expr),
            Expr::Reference(reference) if reference.mutability.is_some() => Pass::Mutable,
            Expr::Reference(_) => Pass::Shared,
            other => match fence::variable(other) {
                Some(name) => match self.source.params.iter().find(|param| param.name == name).map(|p| p.storage) {
                    Some(Storage::Owned) => Pass::Value,
                    Some(Storage::BorrowedMut) => Pass::Mutable,
                    // Another name of a part is a reference to it.
                    Some(Storage::Borrowed) | None => Pass::Shared,
                },
                None => Pass::Value,
            },
        }
    }

    /// The value that a struct is.
    fn whole_struct(&mut self, place: &Place, at: &Expr) -> Atom {
        let (key, known, _) = place.leaf();
        let is_parameter = self.source.params.iter().any(|param| param.name == place.root && param.aggregate);
        let has_index = place.steps.iter().any(|step| matches!(step, Step::Index(_)));
        if !is_parameter || has_index {
            self.error(at, diagnostics::STRUCT_OF_FUNCTION);
            return Atom::Undefined;
        }
        if self.known.modified.iter().any(|changed| is_part(changed, &key)) {
            self.error(at, diagnostics::STRUCT_CHANGES);
            return Atom::Undefined;
        }
        self.known.wholes.entry(key.clone()).or_insert(known);
        match self.env.get(&whole_key(&key)) {
            Some(atom) => *atom,
            // The next round has it.
            None => {
                self.error(at, diagnostics::STRUCT_LOST);
                Atom::Undefined
            }
        }
    }

    /// Of two arguments that are parts of one struct, none is a part of the other.
    pub(super) fn check_structs(&mut self, atoms: &[Atom], args: &[&Expr]) {
        let key_of = |atom: &Atom| {
            let (key, _) = self.env.iter().find(|(_, known)| *known == atom && atom.value().is_some())?;
            Some(key.trim_end_matches("{}").to_owned())
        };
        let is_struct =
            |atom: &Atom| atom.value().and_then(|value| self.shape(value)).is_some_and(|shape| shape.is_struct);
        let keys: Vec<Option<(String, bool)>> = atoms
            .iter()
            .map(|atom| {
                atom.value()
                    .filter(|value| self.shape(*value).is_some())
                    .and(key_of(atom))
                    .map(|key| (key, is_struct(atom)))
            })
            .collect();
        for (k, key) in keys.iter().enumerate() {
            let Some((key, of_struct)) = key else { continue };
            let clashes = keys[..k].iter().flatten().any(|(other, other_struct)| {
                (*of_struct || *other_struct) && key != other && (is_part(key, other) || is_part(other, key))
            });
            if clashes {
                self.error(args[k], diagnostics::STRUCT_TWICE_IN_CALL);
            }
        }
    }
}
