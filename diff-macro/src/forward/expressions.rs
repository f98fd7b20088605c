//! Expressions: values that are only a part of a larger one. Where tangents are pushed in several directions, the partials
//! of a whole expression in its variables are computed once, and each direction multiplies by these, if that takes fewer
//! operations than to push a tangent through each part.
//!
//! ```text
//! // Input:    z = a * x - b * x * y, with x_dot and y_dot in each direction
//! // Parts:    z_dot = a * x_dot - b * (y * x_dot + x * y_dot)          in each direction
//! // Partials: p = a - b * y; q = b * x; z_dot = p * x_dot - q * y_dot   the last in each direction
//! ```

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::ir::{Atom, Function, Op, Region, Stmt, Value, walk};
use crate::linearize::Linear;
use crate::primal::Mode;
use crate::rules::Prim;

use super::{Forward, Tangent, dotted};

/// A primitive whose tangent has not been pushed yet.
pub(super) struct Part {
    value: Value,
    prim: Prim,
    args: Vec<Atom>,
    linear: Linear,
}

/// What is known of a tangent, or of a partial, before it is computed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A product with it is no operation.
    Literal,
    Any,
}

/// The values that one primitive of the same region uses, once, and nothing else does; both smooth everywhere.
pub(super) fn parts(function: &Function) -> HashSet<Value> {
    let mut uses = HashMap::new();
    count(&function.body, &mut uses);
    let mut out = HashSet::new();
    find(&function.body, &uses, &mut out);
    out
}

fn count(region: &Region, uses: &mut HashMap<Value, usize>) {
    let operands = walk(&region.stmts).flat_map(|stmt| stmt.op.operands());
    let regions = walk(&region.stmts).flat_map(|stmt| stmt.op.regions());
    let yields = regions.chain([region]).flat_map(|region| &region.yields).copied();
    for value in operands.chain(yields).filter_map(Atom::value) {
        *uses.entry(value).or_default() += 1;
    }
}

fn find(region: &Region, uses: &HashMap<Value, usize>, out: &mut HashSet<Value>) {
    let is_smooth = |stmt: &Stmt| matches!(&stmt.op, Op::Prim(prim, args) if is_smooth(*prim, args));
    let smooth: HashSet<Value> =
        region.stmts.iter().filter(|stmt| is_smooth(stmt)).flat_map(|stmt| &stmt.results).copied().collect();
    let read = region.stmts.iter().filter(|stmt| is_smooth(stmt)).flat_map(|stmt| stmt.op.operands());
    let is_part = |value: &Value| smooth.contains(value) && uses.get(value) == Some(&1);
    out.extend(read.filter_map(Atom::value).filter(is_part));
    let inner = region.stmts.iter().flat_map(|stmt| stmt.op.regions());
    inner.for_each(|inner| find(inner, uses, out));
}

/// Whether the primitive has finite partials wherever it is finite itself, and no kinks.
fn is_smooth(prim: Prim, args: &[Atom]) -> bool {
    match prim {
        Prim::Add | Prim::Sub | Prim::Mul | Prim::Neg | Prim::Sin | Prim::Cos | Prim::Exp => true,
        Prim::Powi => matches!(args.get(1), Some(Atom::Int(2..))),
        _ => false,
    }
}

impl Forward<'_> {
    /// Keeps a part until the expression that it belongs to is complete.
    pub(super) fn keep_part(&mut self, value: Value, prim: Prim, args: &[Atom], linear: Linear) {
        self.pending.insert(value, Part { value, prim, args: args.to_vec(), linear });
    }

    /// The tangents of an expression: by its partials, or part by part.
    pub(super) fn push_expression(&mut self, value: Value, prim: Prim, args: &[Atom], linear: Linear) {
        let mut parts = Vec::new();
        self.complete(args, &mut parts);
        parts.push(Part { value, prim, args: args.to_vec(), linear });
        if self.is_cheaper_by_partials(&parts) {
            self.notes.push(format!("the partials of the expression {value} serve all directions"));
            self.push_by_partials(value, &parts);
        } else {
            parts.iter().for_each(|part| self.push_tangent(part.value, &part.linear, &part.args));
        }
    }

    /// The parts that operands are made of, each after its own.
    fn complete(&mut self, args: &[Atom], parts: &mut Vec<Part>) {
        for value in args.iter().filter_map(|arg| arg.value()) {
            if let Some(part) = self.pending.remove(&value) {
                self.complete(&part.args, parts);
                parts.push(part);
            }
        }
    }

    fn push_by_partials(&mut self, result: Value, parts: &[Part]) {
        let scalar = self.b.scalar(self.atom(Atom::Value(result)));
        let mut partials: BTreeMap<Value, Atom> = BTreeMap::from([(result, Atom::Float(1.0))]);
        for part in parts.iter().rev() {
            let Some(outer) = partials.remove(&part.value) else { continue };
            for (index, arg) in part.args.iter().enumerate() {
                let Some(value) = arg.value().filter(|value| self.is_varied(*value)) else { continue };
                let Some(term) = part.linear.term(&mut self.b, index, (outer, scalar), &mut |_, atom| atom) else {
                    continue;
                };
                let sum = match partials.get(&value) {
                    Some(known) => self.b.add(*known, term),
                    None => term,
                };
                partials.insert(value, sum);
            }
        }
        let name = dotted(&self.info(result));
        let tangent: Tangent = (0..self.directions).map(|d| self.along(&partials, d)).collect();
        for atom in tangent.iter().flatten() {
            self.b.name_derived(*atom, name.clone());
        }
        self.set_tangent(result, tangent);
    }

    /// The sum of the products of partials and tangents in one direction.
    fn along(&mut self, partials: &BTreeMap<Value, Atom>, direction: usize) -> Option<Atom> {
        let mut sum: Option<Atom> = None;
        for (value, partial) in partials {
            let Some(tangent) = self.tangent(Atom::Value(*value), direction) else { continue };
            let term = self.b.mul(*partial, tangent);
            sum = Some(sum.map_or(term, |sum| self.b.add(sum, term)));
        }
        sum
    }

    /// Counts the operations of both ways.
    fn is_cheaper_by_partials(&self, parts: &[Part]) -> bool {
        if parts.len() < 2 {
            return false;
        }
        let (cost, partials) = self.partials_of(parts);
        let mut by_partials = cost;
        let mut by_parts = 0;
        for d in 0..self.directions {
            by_parts += self.cost_of_parts(parts, d);
            let terms = partials.iter().filter_map(|(value, partial)| Some((*partial, self.kind(*value, d)?)));
            let costs: Vec<usize> = terms.map(|pair| usize::from(pair == (Kind::Any, Kind::Any))).collect();
            by_partials += costs.iter().sum::<usize>() + costs.len().saturating_sub(1);
        }
        by_partials < by_parts
    }

    fn kind(&self, value: Value, direction: usize) -> Option<Kind> {
        let tangent = self.tangent(Atom::Value(value), direction)?;
        Some(if matches!(tangent, Atom::Float(_)) { Kind::Literal } else { Kind::Any })
    }

    /// What it costs to compute the partials in the variables, and what these are.
    fn partials_of(&self, parts: &[Part]) -> (usize, BTreeMap<Value, Kind>) {
        let mut cost = 0;
        let Some(root) = parts.last() else { return (cost, BTreeMap::new()) };
        let mut partials = BTreeMap::from([(root.value, Kind::Literal)]);
        for part in parts.iter().rev() {
            let Some(outer) = partials.remove(&part.value) else { continue };
            for value in part.args.iter().filter_map(|arg| arg.value()).filter(|value| self.is_varied(*value)) {
                let kind = match part.prim {
                    Prim::Add | Prim::Sub | Prim::Neg => outer,
                    _ => {
                        cost += usize::from(outer == Kind::Any);
                        if part.args.iter().any(|arg| matches!(arg, Atom::Float(_))) { outer } else { Kind::Any }
                    }
                };
                if partials.insert(value, kind).is_some() {
                    cost += 1;
                    partials.insert(value, Kind::Any);
                }
            }
        }
        (cost, partials)
    }

    /// What it costs to push a tangent through each part in one direction.
    fn cost_of_parts(&self, parts: &[Part], direction: usize) -> usize {
        let mut kinds: HashMap<Value, Kind> = HashMap::new();
        let mut cost = 0;
        for part in parts {
            let kind = |arg: &Atom| {
                let value = arg.value()?;
                kinds.get(&value).copied().or_else(|| self.kind(value, direction))
            };
            let terms: Vec<Kind> = part.args.iter().filter_map(kind).collect();
            let is_product = !matches!(part.prim, Prim::Add | Prim::Sub | Prim::Neg);
            cost += terms.len().saturating_sub(1);
            cost += terms.iter().filter(|kind| is_product && **kind == Kind::Any).count();
            if let Some(first) = terms.first() {
                kinds.insert(part.value, if is_product || terms.len() > 1 { Kind::Any } else { *first });
            }
        }
        cost
    }
}
