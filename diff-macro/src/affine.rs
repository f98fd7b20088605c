//! Indices of arrays: an index goes in; how far it is from the index of a loop comes out, if that is the same in every
//! iteration.
//!
//! ```text
//! // Input:    row * d + j, in a loop over j
//! // Output:   row * d
//! ```

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::ir::{Atom, Code, Effect, Op, Opaque, Region, Value, walk};
use crate::rules::Prim;

/// How far an index is from that of the loop: a sum.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Distance {
    pub(crate) literal: i64,
    pub(crate) atoms: Vec<Atom>,
    /// What is subtracted.
    pub(crate) minus: Vec<Atom>,
    /// Verbatim sums and products of integers.
    pub(crate) code: Vec<Term>,
}

/// A summand that is the user's code.
#[derive(Clone)]
pub(crate) struct Term(pub(crate) Opaque);

impl PartialEq for Term {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text && self.0.args == other.0.args
    }
}

/// What defines the values of a function that are made of others without an effect.
#[derive(Default)]
pub(crate) struct Definitions {
    ops: HashMap<Value, Op>,
}

impl Definitions {
    pub(crate) fn of(region: &Region) -> Self {
        let mut definitions = Definitions::default();
        definitions.add(region);
        definitions
    }

    fn add(&mut self, region: &Region) {
        for stmt in walk(&region.stmts) {
            if let ([result], true) = (&stmt.results[..], is_pure(&stmt.op)) {
                self.ops.insert(*result, stmt.op.clone());
            }
        }
    }

    /// Whether an index is the value, or a sum or product of integers of which the value is one.
    pub(crate) fn is_made_of(&self, index: Atom, value: Value) -> bool {
        self.distance(index, value, &HashSet::new()).is_some()
            || match self.get(index) {
                Some(Op::Prim(Prim::IntAdd, args)) => args.iter().any(|arg| self.is_made_of(*arg, value)),
                Some(Op::Opaque(Opaque { code: Code::Expr(expr, None), args, .. })) => {
                    let names = mentioned(expr).unwrap_or_default();
                    args.iter().any(|(name, atom)| *atom == Atom::Value(value) && names.contains(&**name))
                }
                _ => false,
            }
    }

    pub(crate) fn get(&self, atom: Atom) -> Option<&Op> {
        self.ops.get(&atom.value()?)
    }

    /// The distance of an index from `i`, where it is made of what is not in `varying`.
    pub(crate) fn distance(&self, index: Atom, i: Value, varying: &HashSet<Value>) -> Option<Distance> {
        if index == Atom::Value(i) {
            return Some(Distance::default());
        }
        match self.get(index)? {
            Op::Prim(Prim::IntAdd, args) => {
                let [a, b] = args[..] else { return None };
                let (near, other) = match self.distance(a, i, varying) {
                    Some(near) => (near, b),
                    None => (self.distance(b, i, varying)?, a),
                };
                near.plus(other, varying)
            }
            Op::Prim(Prim::IntSub, args) => {
                let [a, b] = args[..] else { return None };
                let mut near = self.distance(a, i, varying)?;
                match b {
                    Atom::Int(n) => near.literal = near.literal.checked_sub(n)?,
                    Atom::Value(value) if !varying.contains(&value) => near.minus.push(b),
                    _ => return None,
                }
                Some(near)
            }
            Op::Opaque(opaque) => of_code(opaque, i, varying),
            _ => None,
        }
    }
}

fn is_pure(op: &Op) -> bool {
    match op {
        Op::Prim(..) => true,
        Op::Opaque(opaque) => opaque.effect == Effect::Pure && matches!(opaque.code, Code::Expr(..)),
        _ => false,
    }
}

impl Distance {
    /// The distance from zero of what is at this distance from `start`, if it is certainly none below zero.
    pub(crate) fn from(mut self, start: Atom) -> Option<Self> {
        match start {
            Atom::Int(n) => self.literal = self.literal.checked_add(n)?,
            Atom::Value(_) => match self.minus.iter().position(|atom| *atom == start) {
                Some(k) => {
                    self.minus.remove(k);
                }
                None => self.atoms.push(start),
            },
            Atom::Float(_) | Atom::Bool(_) | Atom::Undefined => return None,
        }
        (self.minus.is_empty() && self.literal >= 0).then_some(self)
    }

    fn plus(mut self, atom: Atom, varying: &HashSet<Value>) -> Option<Self> {
        match atom {
            Atom::Int(n) => self.literal = self.literal.checked_add(n)?,
            Atom::Value(value) if !varying.contains(&value) => self.atoms.push(atom),
            _ => return None,
        }
        Some(self)
    }

    /// The distance as a literal, if it is one.
    pub(crate) fn as_literal(&self) -> Option<i64> {
        (self.atoms.is_empty() && self.minus.is_empty() && self.code.is_empty()).then_some(self.literal)
    }
}

fn of_code(opaque: &Opaque, i: Value, varying: &HashSet<Value>) -> Option<Distance> {
    let Code::Expr(expr, None) = &opaque.code else { return None };
    let is_index = |name: &str| opaque.args.iter().any(|(arg, atom)| **arg == *name && *atom == Atom::Value(i));
    let mut rest = Vec::new();
    let mut found = 0;
    let mut distance = Distance::default();
    for (summand, positive) in summands(expr)? {
        match summand {
            syn::Expr::Path(path) if path.path.get_ident().is_some_and(|name| is_index(&name.to_string())) => {
                found += 1;
                if !positive {
                    return None;
                }
            }
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(literal), .. }) => {
                let literal: i64 = literal.base10_parse().ok()?;
                distance.literal += if positive { literal } else { -literal };
            }
            other if positive => rest.push(other.clone()),
            _ => return None,
        }
    }
    if found != 1 {
        return None;
    }
    for expr in rest {
        let mentions = mentioned(&expr)?;
        let args: Vec<_> = opaque.args.iter().filter(|(name, _)| mentions.contains(&**name)).cloned().collect();
        if args.iter().any(|(_, atom)| atom.value().is_some_and(|value| value == i || varying.contains(&value))) {
            return None;
        }
        let text: Rc<str> = quote::quote!(#expr).to_string().into();
        distance.code.push(Term(Opaque { code: Code::Expr(Rc::new(expr), None), args, effect: Effect::Pure, text }));
    }
    Some(distance)
}

/// The summands of a sum, with their signs; none where it is made of anything but integers and their sums.
fn summands(expr: &syn::Expr) -> Option<Vec<(&syn::Expr, bool)>> {
    match expr {
        syn::Expr::Paren(inner) => summands(&inner.expr),
        syn::Expr::Binary(binary) => match binary.op {
            syn::BinOp::Add(_) => {
                let mut all = summands(&binary.left)?;
                all.extend(summands(&binary.right)?);
                Some(all)
            }
            syn::BinOp::Sub(_) if matches!(&*binary.right, syn::Expr::Lit(_)) => {
                let mut all = summands(&binary.left)?;
                all.push((&binary.right, false));
                Some(all)
            }
            _ => Some(vec![(expr, true)]),
        },
        _ => Some(vec![(expr, true)]),
    }
}

/// The names in sums and products of names and literals, which overflow only where the index would be out of bounds of
/// any array; nothing for all other code.
pub(crate) fn mentioned(expr: &syn::Expr) -> Option<HashSet<String>> {
    match expr {
        syn::Expr::Paren(inner) => mentioned(&inner.expr),
        syn::Expr::Lit(_) => Some(HashSet::new()),
        syn::Expr::Path(path) => Some(path.path.get_ident().map(ToString::to_string).into_iter().collect()),
        syn::Expr::Binary(binary) if matches!(binary.op, syn::BinOp::Add(_) | syn::BinOp::Mul(_)) => {
            let mut names = mentioned(&binary.left)?;
            names.extend(mentioned(&binary.right)?);
            Some(names)
        }
        _ => None,
    }
}
