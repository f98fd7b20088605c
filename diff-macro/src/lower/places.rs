//! Places that are written to all at once: destructuring assignments, `std::mem::swap` and its kin.
//!
//! ```text
//! (a, v[i]) = (b, c)            the values first, then `a = b`, `v[i] = c`
//! mem::swap(&mut a, &mut b)     let held = a; a = b; b = held;
//! mem::replace(&mut a, b)       { let new = b; let held = a; a = new; held }
//! ```

use syn::{Expr, Pat, Stmt, parse_quote};

use super::array::strip;
use super::{Lowering, Val};
use crate::diagnostics;
use crate::fence;
use crate::ir::{Atom, Returns, Shape, Storage};

impl Lowering<'_> {
    // ---- destructuring assignments --------------------------------------------------------------------------------

    /// `(a, b) = source`: the source is evaluated before anything is assigned.
    pub(super) fn assign_parts(&mut self, targets: &Expr, source: &Expr) -> Val {
        match self.values_for(targets, source) {
            Some(value) => self.assign_value(targets, value, source),
            None => {
                let mut assignments = Vec::new();
                let pat = self.pattern_for(targets, &mut assignments);
                self.run(&[parse_quote!(let #pat = #source;)]);
                self.run(&assignments);
            }
        }
        Val::Unit
    }

    /// The values for the targets; none if the source is to be taken apart by a pattern.
    fn values_for(&mut self, pattern: &Expr, source: &Expr) -> Option<Val> {
        match (parts_of(pattern), parts_of(source)) {
            (Some(targets), Some(sources)) if targets.len() == sources.len() => {
                self.check_operands(source);
                let values = targets
                    .iter()
                    .zip(&sources)
                    .map(|(target, source)| self.values_for(target, source).unwrap_or_else(|| self.expr(source)));
                Some(Val::Tuple(values.collect()))
            }
            (None, _) => Some(self.expr(source)),
            (Some(targets), None) if self.is_active(source) && self.array_of(source).is_none() => {
                let count = targets.len();
                let is_array = matches!(fence::strip_parens(pattern), Expr::Array(_));
                let returns = if is_array { Returns::Array(count) } else { Returns::Tuple(count) };
                Some(self.expr_of_form(source, returns))
            }
            (Some(_), _) => None,
        }
    }

    /// The pattern that takes values apart as the targets do, and the assignments of what it binds.
    fn pattern_for(&mut self, targets: &Expr, assignments: &mut Vec<Stmt>) -> Pat {
        match targets {
            Expr::Infer(_) => parse_quote!(_),
            Expr::Paren(paren) => self.pattern_for(&paren.expr, assignments),
            Expr::Tuple(tuple) => {
                let parts: Vec<Pat> = tuple.elems.iter().map(|elem| self.pattern_for(elem, assignments)).collect();
                parse_quote!((#(#parts,)*))
            }
            Expr::Array(array) => {
                let parts: Vec<Pat> = array.elems.iter().map(|elem| self.pattern_for(elem, assignments)).collect();
                parse_quote!([#(#parts),*])
            }
            target => {
                let number = self.instances.number(&format!("part {}", quote::quote!(#target)));
                let part = self.fresh("part", number);
                assignments.push(parse_quote!(#target = #part;));
                parse_quote!(#part)
            }
        }
    }

    fn assign_value(&mut self, target: &Expr, value: Val, source: &Expr) {
        match (target, value) {
            (Expr::Infer(_), _) => {}
            (Expr::Paren(paren), value) => self.assign_value(&paren.expr, value, source),
            (Expr::Tuple(_) | Expr::Array(_), Val::Tuple(values)) => {
                let (targets, sources) = (parts_of(target).unwrap_or_default(), parts_of(source));
                for (k, (target, value)) in targets.into_iter().zip(values).enumerate() {
                    let source = sources.as_ref().and_then(|sources| sources.get(k).copied()).unwrap_or(source);
                    self.assign_value(target, value, source);
                }
            }
            (Expr::Tuple(_) | Expr::Array(_), Val::Never) => {}
            (Expr::Tuple(_) | Expr::Array(_), _) => self.error(
                source,
                diagnostics::unsupported("this destructuring assignment", "assign to one variable after the other"),
            ),
            (target, value) => self.assign_one(target, value, source),
        }
    }

    /// Assigns a value to a place that is no pattern.
    fn assign_one(&mut self, target: &Expr, value: Val, source: &Expr) {
        if self.aggregate_root(target).is_some() {
            self.assign_part_of(target, value, source);
            return;
        }
        let name = fence::variable(target);
        if let Some(name) = name.as_ref().filter(|name| self.is_followed(name) && self.array_named(name).is_none()) {
            let atom = self.assigned_float(value, name, source);
            self.set_again(name, atom);
            return;
        }
        let atom = value.atom();
        if atom == Atom::Undefined {
            return;
        }
        if self.is_array_target(target) {
            let scalar = self.scalar_of_element(target);
            let atom = self.as_float(source, atom, scalar);
            self.store(target, atom);
        } else if !self.is_varying(atom) {
            let operand = self.placeholder(atom);
            self.carry_with(&parse_quote!(#target = #operand;), &operand);
        } else if let Some(name) = name.filter(|name| self.array_named(name).is_none()) {
            self.follow(&name, target);
        } else if !(self.follow_target(target) || self.follow_struct(target, source)) {
            self.error(
                target,
                diagnostics::unsupported(
                    "this target of an assignment",
                    "assign to variables and to elements of arrays",
                ),
            );
        }
    }

    // ---- `std::mem` -----------------------------------------------------------------------------------------------

    /// A function of `std::mem` that changes places which lowering follows; none if the call is no such function.
    pub(super) fn mem_call(&mut self, call: &syn::ExprCall) -> Option<Val> {
        let function = fence::mem_function(call)?;
        let args: Vec<&Expr> = call.args.iter().collect();
        let is_bare = matches!(&*call.func, Expr::Path(path) if path.path.segments.len() == 1);
        if is_bare && args.iter().any(|arg| self.array_of(arg).is_some()) && !self.imports_mem {
            // A function of that name may be a differentiable one of the user's, which takes arrays.
            return None;
        }
        let places = &args[..if function == "swap" { 2 } else { 1 }];
        let mut targets = Vec::new();
        for place in places {
            if let Expr::Reference(reference) = fence::strip_parens(place) {
                targets.push(self.settled_place(&reference.expr));
            } else {
                // A variable that refers to an element, or to an array.
                let name = fence::variable(place)
                    .filter(|name| self.places.contains_key(name) || self.array_named(name).is_some())?;
                let ident = crate::names::ident(&name);
                targets.push(parse_quote!(*#ident));
            }
        }
        if let Expr::Path(path) = &*call.func {
            self.guard_mem(path, &function);
        }
        let number = self.instances.number(&format!("held {}", quote::quote!(#call)));
        let held = self.fresh("held", number);
        match (function.as_str(), &targets[..], &args[..]) {
            ("swap", [a, b], _) => {
                if self.array_of(a).is_some() && self.array_of(b).is_some() {
                    self.swap_wholes(a, b);
                    return Some(Val::Unit);
                }
                self.run(&[parse_quote!(let #held = #a;), parse_quote!(#a = #b;), parse_quote!(#b = #held;)]);
                Some(Val::Unit)
            }
            ("replace" | "take", [a], [_, ..]) => {
                if self.array_of(a).is_some() {
                    let instead = "copy it with `to_vec` or `clone`, and assign to its elements";
                    self.error(call, diagnostics::unsupported("taking a whole array out of a variable", instead));
                    return Some(Val::Atom(Atom::Undefined));
                }
                if fence::variable(a).is_some_and(|name| self.is_aggregate(&name)) {
                    let instead = "copy it with `let`, and assign to its fields";
                    self.error(call, diagnostics::unsupported("taking a whole struct out of a variable", instead));
                    return Some(Val::Atom(Atom::Undefined));
                }
                let value = args.get(1).map_or_else(|| self.number(0.0), |value| (*value).clone());
                let new = self.fresh("new", number);
                self.run(&[parse_quote!(let #new = #value;), parse_quote!(let #held = #a;), parse_quote!(#a = #new;)]);
                Some(self.expr(&parse_quote!(#held)))
            }
            _ => None,
        }
    }

    /// Exchanges two arrays: their elements, and their lengths where these can differ.
    fn swap_wholes(&mut self, a: &Expr, b: &Expr) {
        let (Some(x), Some(y)) = (self.array_of(a), self.array_of(b)) else { return };
        let (Some(of_x), Some(of_y)) = (self.shape(x), self.shape(y)) else { return };
        let refers = |expr: &Expr, shape: &Shape| matches!(expr, Expr::Path(_)) && shape.storage != Storage::Owned;
        if refers(a, &of_x) || refers(b, &of_y) {
            let instead = "exchange what they refer to, with `swap_with_slice`";
            self.error(a, diagnostics::unsupported("exchanging references to arrays", instead));
            return;
        }
        let grown = |name: String| self.known.grown.contains(&name);
        if fence::variable(a).is_some_and(grown) || fence::variable(b).is_some_and(grown) {
            let number = self.instances.number(&format!("whole {}", quote::quote!(#a #b)));
            let held = self.fresh("held", number);
            self.run(&[
                parse_quote!(let #held = #a.clone();),
                parse_quote!(#a.clear();),
                parse_quote!(#a.extend_from_slice(&#b);),
                parse_quote!(#b.clear();),
                parse_quote!(#b.extend_from_slice(&#held);),
            ]);
            return;
        }
        self.swap_arrays((x, strip(a)), (y, strip(b)));
    }

    /// A place whose indices are evaluated: it is named more than once.
    fn settled_place(&mut self, place: &Expr) -> Expr {
        match place {
            Expr::Paren(paren) => self.settled_place(&paren.expr),
            Expr::Index(index) => {
                let mut index = index.clone();
                *index.expr = self.settled_place(&index.expr);
                if !matches!(*index.index, Expr::Lit(_) | Expr::Path(_)) {
                    let number = self.instances.number(&format!("index {}", quote::quote!(#place)));
                    let (name, value) = (self.fresh("index", number), &index.index);
                    self.run(&[parse_quote!(let #name = #value;)]);
                    *index.index = parse_quote!(#name);
                }
                Expr::Index(index)
            }
            Expr::Field(field) => {
                let mut field = field.clone();
                *field.base = self.settled_place(&field.base);
                Expr::Field(field)
            }
            other => other.clone(),
        }
    }
}

/// Whether the left side of an assignment is a pattern of places.
pub(super) fn is_destructuring(target: &Expr) -> bool {
    match target {
        Expr::Paren(paren) => is_destructuring(&paren.expr),
        other => parts_of(other).is_some(),
    }
}

/// The parts of a tuple, or of an array that is written down.
fn parts_of(expr: &Expr) -> Option<Vec<&Expr>> {
    match expr {
        Expr::Paren(paren) => parts_of(&paren.expr),
        Expr::Tuple(tuple) => Some(tuple.elems.iter().collect()),
        Expr::Array(array) => Some(array.elems.iter().collect()),
        _ => None,
    }
}
