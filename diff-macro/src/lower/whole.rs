//! Structs that are passed to functions as a whole: what a callee takes of them is not visible here.
//!
//! Such a struct is one more leaf of the parameter that it is, or is a part of. It is treated like an array: the
//! callee is given its tangent, and adds to its adjoint in place.
//!
//! ```text
//! // Input:    p.x * energy(&p.inner)
//! // Lowered:  fn(p, p.x, p.inner) { e = call energy(p.inner); p.x * e }
//! ```

use syn::{Expr, Member};

use super::Lowering;
use super::aggregate::{Known, Leaf, Place, Step, Tree, is_part, part_of, root_of, strip_references};
use super::expr::is_method_of_float;
use crate::diagnostics;
use crate::fence;
use crate::ir::{Atom, Fields, Hint, NewArray, Pass, Shape, Storage, Ty, Value};

/// The key of a struct that is passed on, beside those of its leaves.
fn whole_key(key: &str) -> String {
    format!("{key}{{}}")
}

/// The name of a struct that is made for a call.
fn whole_hint() -> Option<Hint> {
    Some(Hint::generated("whole", proc_macro2::Span::call_site()))
}

fn index(k: usize) -> Atom {
    Atom::Int(i64::try_from(k).unwrap_or(i64::MAX))
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
                let fields = Fields { paths: self.scalars_below(key), tree: None };
                let ty = self.array_ty(Shape::of_struct(self.b.default_scalar, storage, fields));
                let hint = self.leaf_hint(&format!("{key}.whole"));
                let value = self.b.value(ty, hint);
                self.varying.insert(value);
                self.env.insert(whole_key(key), Atom::Value(value));
                let modified =
                    self.known.modified.iter().any(|changed| is_part(changed, key)) || self.is_changed_whole(key);
                leaves.push(Leaf { param, steps: known.steps.clone(), value, modified, whole: true });
            }
        }
        leaves
    }

    /// The paths to the floats that are known below a key.
    fn scalars_below(&self, key: &str) -> Vec<String> {
        let is_scalar = |path: &String| {
            let key = format!("{key}{path}");
            self.known.leaves[&key].depth == 0 && !self.known.cells.contains(&key)
        };
        self.paths_below(key).into_iter().filter(is_scalar).collect()
    }

    /// Whether what has the key is in a struct that a function may change which it is passed to.
    pub(super) fn is_changed_whole(&self, key: &str) -> bool {
        self.known.changed_wholes.iter().any(|whole| is_part(key, whole))
    }

    /// Whether a part of what has the key may be changed by a function, or what it is a part of.
    fn is_touched_whole(&self, key: &str) -> bool {
        self.known.changed_wholes.iter().any(|whole| is_part(key, whole) || is_part(whole, key))
    }

    /// The scalar leaves that calls may change.
    pub(super) fn leaves_changed_by_calls(&self) -> Vec<String> {
        let is_scalar = |atom: &Atom| atom.value().is_none_or(|value| self.shape(value).is_none());
        let leaves = self.env.iter().filter(|(_, atom)| is_scalar(atom)).map(|(key, _)| key);
        leaves.filter(|key| key.contains('.') && self.is_changed_whole(key)).cloned().collect()
    }

    /// An argument that is a struct which varies, or a part of one that is a struct itself as far as can be seen.
    /// The receiver of a method is lent in the way that the caller tells.
    pub(super) fn struct_argument(&mut self, arg: &Expr, receiver: Option<Pass>) -> Option<(Atom, Pass)> {
        if !self.is_active(arg) {
            return None;
        }
        let pass = receiver.unwrap_or_else(|| self.pass_of_struct(arg));
        let made = strip_references(arg);
        if matches!(made, Expr::Struct(_) | Expr::Tuple(_) | Expr::Call(_)) && self.makes_aggregate(made) {
            let value = self.evaluate(made, &[])?;
            return Some((self.made(value.tree, &value.leaves, arg), pass));
        }
        if !self.is_struct(arg) {
            return None;
        }
        let place = self.resolve_place(arg)?;
        Some((self.whole_struct(&place, pass, arg), pass))
    }

    /// A struct that is made of its parts.
    fn made(&mut self, tree: Tree, leaves: &[(String, Atom)], at: &Expr) -> Atom {
        let paths: Vec<String> = tree.paths().into_iter().map(str::to_owned).collect();
        let part = |path: &String| leaves.iter().find(|(known, _)| known == path).map(|(_, atom)| *atom);
        let parts: Option<Vec<Atom>> = paths.iter().map(part).collect();
        let is_array = |atom: &Atom| atom.value().is_some_and(|value| self.shape(value).is_some());
        let Some(parts) = parts.filter(|parts| tree.is_complete() && !parts.iter().any(is_array)) else {
            self.error(at, diagnostics::STRUCT_OF_FUNCTION);
            return Atom::Undefined;
        };
        if parts.contains(&Atom::Undefined) {
            return Atom::Undefined;
        }
        let varies = parts.iter().any(|atom| self.is_varying(*atom));
        let scalar = parts.iter().find_map(|atom| self.b.ty(*atom).scalar()).unwrap_or(self.b.default_scalar);
        let fields = Fields { paths, tree: Some(tree) };
        let ty = self.array_ty(Shape::of_struct(scalar, Storage::Owned, fields));
        let made = self.b.new_array(NewArray::Elements(parts), ty, whole_hint());
        if varies {
            self.varying.insert(made);
        }
        Atom::Value(made)
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
        if is_method_of_float(name) || fence::is_query(name) || self.aggregate_root(receiver).is_none() {
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

    /// Whether an argument is a struct by mutable reference, as a variable.
    pub(super) fn is_mutable_struct(&self, arg: &Expr) -> bool {
        self.is_struct(arg) && self.pass_of_struct(arg) == Pass::Mutable
    }

    fn pass_of_struct(&self, arg: &Expr) -> Pass {
        match arg {
            Expr::Paren(paren) => self.pass_of_struct(&paren.expr),
            Expr::Group(group) => self.pass_of_struct(&group.expr),
            Expr::Reference(reference) if reference.mutability.is_some() => Pass::Mutable,
            Expr::Reference(_) => Pass::Shared,
            other => match fence::variable(other) {
                Some(name) => match self.source.params.iter().find(|param| param.name == name).map(|p| p.storage) {
                    Some(Storage::BorrowedMut) => Pass::Mutable,
                    Some(Storage::Borrowed) => Pass::Shared,
                    // Another name of a part is a reference to it.
                    None if self.aliases.contains_key(&name) => Pass::Shared,
                    Some(Storage::Owned) | None => Pass::Value,
                },
                None => Pass::Value,
            },
        }
    }

    /// The struct at a place, with what its leaves hold.
    fn whole_struct(&mut self, place: &Place, pass: Pass, at: &Expr) -> Atom {
        if place.steps.iter().any(|step| matches!(step, Step::Index(_))) {
            self.error(at, diagnostics::STRUCT_OF_FUNCTION);
            return Atom::Undefined;
        }
        let (key, ..) = place.leaf();
        if pass == Pass::Mutable {
            self.known.changed_wholes.insert(key);
        }
        match self.source.params.iter().any(|param| param.name == place.root && param.aggregate) {
            true => self.whole_of_parameter(place, at),
            false => self.whole_of_variable(place, pass, at),
        }
    }

    /// A parameter, or a part of one: what of it has changed is written to it.
    fn whole_of_parameter(&mut self, place: &Place, at: &Expr) -> Atom {
        let (key, known, _) = place.leaf();
        self.known.wholes.entry(key.clone()).or_insert(known);
        let is_array = |leaf: &Known| leaf.depth > 0;
        let arrays = self.known.leaves.iter().filter(|(leaf, known)| is_part(leaf, &key) && is_array(known));
        let changes_array =
            arrays.into_iter().any(|(leaf, _)| self.known.modified.contains(leaf) || self.is_changed_whole(leaf));
        // What one of two structs shows of the other may change without being seen.
        let overlaps = |other: &String| *other != key && (is_part(other, &key) || is_part(&key, other));
        let mut others = self.known.wholes.keys().filter(|other| overlaps(other));
        let changes =
            |of: &String| self.known.modified.iter().any(|changed| is_part(changed, of) || is_part(of, changed));
        let changes_part = others.any(|other| [other, &key].iter().any(|of| changes(of) || self.is_touched_whole(of)));
        if changes_array || changes_part {
            self.error(at, diagnostics::STRUCT_CHANGES);
            return Atom::Undefined;
        }
        let Some(whole) = self.env.get(&whole_key(&key)).and_then(|atom| atom.value()) else {
            // The next round has it.
            self.error(at, diagnostics::STRUCT_LOST);
            return Atom::Undefined;
        };
        for (k, path) in self.paths_of(whole).into_iter().enumerate() {
            let leaf = format!("{key}{path}");
            let Some(atom) = self.env.get(&leaf).copied().filter(|_| self.known.modified.contains(&leaf)) else {
                continue;
            };
            self.store_to(whole, vec![index(k)], atom);
        }
        Atom::Value(whole)
    }

    /// A variable that holds a struct: made anew.
    fn whole_of_variable(&mut self, place: &Place, pass: Pass, at: &Expr) -> Atom {
        let (key, ..) = place.leaf();
        let members = place.steps.iter().filter_map(|step| match step {
            Step::Field(member) => Some(member.clone()),
            Step::Index(_) => None,
        });
        let members: Vec<Member> = members.collect();
        let tree = self.trees.get(&place.root).map_or(Tree::Unknown, |tree| tree.part(&members));
        let leaf = |path: &str| Some((path.to_owned(), *self.env.get(&format!("{key}{path}"))?));
        let leaves: Vec<(String, Atom)> = tree.paths().into_iter().filter_map(leaf).collect();
        if let (Tree::Base { param, fields, .. }, true) = (&tree, pass != Pass::Mutable) {
            return self.copy_of_parameter(*param, &fields.clone(), &key, at);
        }
        self.made(tree, &leaves, at)
    }

    /// A copy of a parameter, or of a part of one, in which leaves of a variable have other values.
    fn copy_of_parameter(&mut self, param: usize, fields: &[Member], key: &str, at: &Expr) -> Atom {
        let root = self.source.params[param].name.clone();
        let base = Place { root, steps: fields.iter().cloned().map(Step::Field).collect() };
        let (base_key, ..) = base.leaf();
        if self.known.modified.iter().any(|changed| is_part(changed, &base_key)) || self.is_changed_whole(&base_key) {
            self.error(at, diagnostics::STRUCT_OF_FUNCTION);
            return Atom::Undefined;
        }
        let whole = self.whole_of_parameter(&base, at);
        let is_changed = |path: &String| self.known.modified.contains(&format!("{key}{path}"));
        let changed: Vec<String> = self.paths_below(key).into_iter().filter(is_changed).collect();
        if changed.iter().any(|path| self.known.leaves[&format!("{key}{path}")].depth > 0) {
            self.error(at, diagnostics::STRUCT_OF_FUNCTION);
            return Atom::Undefined;
        }
        let (Some(array), false) = (whole.value(), changed.is_empty()) else { return whole };
        let fields = Fields { paths: changed, tree: None };
        let ty = self.array_ty(Shape::of_struct(self.b.element(array), Storage::Owned, fields));
        let copy = self.b.new_array(NewArray::Copy(array), ty, whole_hint());
        self.varying.insert(copy);
        for (k, path) in self.paths_of(copy).into_iter().enumerate() {
            if let Some(atom) = self.env.get(&format!("{key}{path}")).copied() {
                self.store_to(copy, vec![index(k)], atom);
            }
        }
        Atom::Value(copy)
    }

    /// Whether a value is a struct that is passed on.
    fn is_whole(&self, value: Value) -> bool {
        self.shape(value).is_some_and(|shape| shape.is_struct())
    }

    fn paths_of(&self, array: Value) -> Vec<String> {
        self.shape(array).and_then(|shape| shape.of_struct).map_or(Vec::new(), |fields| fields.paths.clone())
    }

    /// What a callee may have changed of structs is read again.
    pub(super) fn read_changed(&mut self, args: &[&Expr], atoms: &[Atom], passes: &[Pass]) {
        for ((arg, atom), _) in args.iter().zip(atoms).zip(passes).filter(|(_, pass)| **pass == Pass::Mutable) {
            let Some(array) = atom.value().filter(|value| self.is_whole(*value)) else { continue };
            let Some(place) = self.resolve_place(arg) else { continue };
            let (key, ..) = place.leaf();
            for (k, path) in self.paths_of(array).into_iter().enumerate() {
                self.read_part_again(array, k, &format!("{key}{path}"), arg);
            }
        }
    }

    fn read_part_again(&mut self, array: Value, k: usize, key: &str, at: &Expr) {
        let Some(before) = self.env.get(key).copied() else { return };
        let ty = match self.known.types.get(key) {
            Some(Ty::Float(scalar)) => Ty::Float(*scalar),
            _ => self.b.ty(before),
        };
        let atom = match ty {
            Ty::Float(_) => self.load_from(array, vec![index(k)], self.leaf_hint(key)),
            Ty::Int | Ty::Bool => {
                let path = self.paths_of(array)[k].clone();
                let whole = self.placeholder(Atom::Value(array));
                self.verbatim_in_place(&part_of(&whole, &path), ty)
            }
            Ty::Unknown if self.leaf_values.values().any(|known| known == key) => {
                let place = Place { root: root_of(key).to_owned(), steps: Vec::new() };
                let place = place.below(&key[place.root.len()..]);
                let part = self.place_expr(&place);
                let atom = self.verbatim_in_place(&part, Ty::Unknown);
                self.leaf_values.extend(atom.value().map(|value| (value, key.to_owned())));
                atom
            }
            Ty::Unknown | Ty::Array(_) | Ty::Tape => {
                self.error(at, diagnostics::STRUCT_OF_FUNCTION);
                Atom::Undefined
            }
        };
        self.env.insert(key.to_owned(), atom);
    }

    /// Of two arguments that are parts of one struct, none is a part of the other.
    pub(super) fn check_structs(&mut self, atoms: &[Atom], args: &[&Expr]) {
        let key_of = |atom: &Atom| {
            let (key, _) = self.env.iter().find(|(_, known)| *known == atom && atom.value().is_some())?;
            Some(key.trim_end_matches("{}").to_owned())
        };
        let is_struct = |atom: &Atom| atom.value().is_some_and(|value| self.is_whole(value));
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
