//! Derivatives of every order along one path: a primitive or a call and the derivatives of its operands go in, the
//! derivatives of its result come out.
//!
//! With `y' = p a'`, the partial `p` from the table, Leibniz' rule gives each order from those below it. A partial is
//! itself a primitive of values whose derivatives are known by the same rule; so there is no formula here that the table
//! does not have, and each order adds a number of terms that grows linearly.
//!
//! ```text
//! // Linear:   y' = p a'
//! // Order k:  y^(k) = sum over j < k of binomial(k - 1, j) p^(j) a^(k - j)
//! // Quotient: q = n / d:  q^(m) = (n^(m) - sum over 0 < j <= m of binomial(m, j) d^(j) q^(m - j)) / d
//! ```

use std::collections::HashMap;
use std::rc::Rc;

use crate::build::Builder;
use crate::ir::{Atom, Value};
use crate::linearize::{Linear, Singular, divide, linearize};
use crate::rules::{Partial, Prim};

/// The derivatives of a value, from the first order on; none where one is zero.
pub(crate) type Derivatives = Vec<Option<Atom>>;

/// The linear forms of what calls give, with the arguments.
pub(crate) type Calls = HashMap<Value, (Rc<Linear>, Vec<Atom>)>;

/// The derivatives of the result of a primitive or of a call up to an order. `known` has those of the values that vary.
pub(crate) fn derivatives(
    b: &mut Builder,
    y: Atom,
    order: usize,
    known: &HashMap<Value, Derivatives>,
    calls: &Calls,
) -> Derivatives {
    let mut path = Path { b, known, calls, found: HashMap::new(), quotients: HashMap::new(), linears: HashMap::new() };
    (1..=order).map(|k| path.derivative(y, k)).collect()
}

/// `num a'` for each pair, summed, over a common divisor.
type Quotient = (Vec<(Atom, Atom)>, Atom);

struct Path<'a> {
    b: &'a mut Builder,
    known: &'a HashMap<Value, Derivatives>,
    calls: &'a Calls,
    /// Derivatives of the values that partials are made of, by their order.
    found: HashMap<(Value, usize), Option<Atom>>,
    quotients: HashMap<(Quotient, usize), Option<Atom>>,
    linears: HashMap<Value, Option<Rc<Linear>>>,
}

impl Path<'_> {
    /// The derivative of order `k` of a value.
    fn derivative(&mut self, atom: Atom, k: usize) -> Option<Atom> {
        if k == 0 {
            return Some(atom);
        }
        let value = atom.value()?;
        if let Some(derivatives) = self.known.get(&value) {
            return derivatives[k - 1];
        }
        if let Some(found) = self.found.get(&(value, k)) {
            return *found;
        }
        let derivative = self.of_linear(value, k);
        self.found.insert((value, k), derivative);
        derivative
    }

    /// The derivative of order `k` of a value that is known by its linear form.
    fn of_linear(&mut self, y: Value, k: usize) -> Option<Atom> {
        let (linear, args) = self.linear(y)?;
        let order = k - 1;
        let mut sum = Sum::default();
        let mut quotients: Vec<Quotient> = Vec::new();
        for (index, arg) in args.iter().enumerate().filter(|(_, arg)| arg.value().is_some()) {
            match linear.partial(index) {
                Partial::Scale { num, den: Some(den) } => match quotients.iter_mut().find(|(_, known)| known == den) {
                    Some((numerators, _)) => numerators.push((*num, *arg)),
                    None => quotients.push((vec![(*num, *arg)], *den)),
                },
                partial => self.add_applied(&mut sum, &linear, partial, (y, *arg), order),
            }
        }
        for quotient in quotients {
            if let Some(term) = self.quotient(quotient, linear.singular(), order) {
                sum.add(self.b, 1.0, &[term]);
            }
        }
        sum.finish(self.b)
    }

    /// The linear form of what a primitive or a call gives, and the operands; none if it does not vary.
    fn linear(&mut self, y: Value) -> Option<(Rc<Linear>, Vec<Atom>)> {
        if let Some(call) = self.calls.get(&y) {
            return Some(call.clone());
        }
        let (prim, args) = self.b.definition(y)?.clone();
        if let Some(linear) = self.linears.get(&y) {
            return linear.clone().map(|linear| (linear, args));
        }
        let active: Vec<bool> = args.iter().map(|arg| self.varies(*arg)).collect();
        let varies = active.contains(&true);
        let linear = varies.then(|| Rc::new(linearize(self.b, prim, &args, Atom::Value(y), &active)));
        self.linears.insert(y, linear.clone());
        linear.map(|linear| (linear, args))
    }

    fn varies(&mut self, atom: Atom) -> bool {
        let Some(value) = atom.value() else { return false };
        match self.known.get(&value) {
            Some(derivatives) => derivatives.iter().any(Option::is_some),
            None => self.linear(value).is_some(),
        }
    }

    /// Adds the derivative of order `m` of a partial times the first derivative of its operand.
    fn add_applied(&mut self, sum: &mut Sum, linear: &Linear, partial: &Partial, (y, arg): (Value, Atom), m: usize) {
        match partial {
            Partial::Zero => {}
            Partial::Cast => {
                let term = self.derivative(arg, m + 1).map(|term| self.cast(term, y));
                sum.terms.extend(term.map(|term| (1.0, vec![term])));
            }
            Partial::Scale { num, den: None } => self.add_products(sum, (*num, arg), linear.singular(), m),
            Partial::Scale { num, den: Some(den) } => {
                let term = self.quotient((vec![(*num, arg)], *den), linear.singular(), m);
                sum.terms.extend(term.map(|term| (1.0, vec![term])));
            }
            Partial::StrongScale { num, den } => {
                let term = self.strong((*num, *den), arg, linear.singular(), m);
                sum.terms.extend(term.map(|term| (1.0, vec![term])));
            }
            Partial::Select(cond, then, otherwise) => {
                let [then, otherwise] = [then, otherwise].map(|partial| {
                    let mut part = Sum::default();
                    self.add_applied(&mut part, linear, partial, (y, arg), m);
                    part.finish(self.b)
                });
                if then.is_some() || otherwise.is_some() {
                    let zero = Atom::Float(0.0);
                    let term = self.b.select(*cond, then.unwrap_or(zero), otherwise.unwrap_or(zero));
                    sum.terms.push((1.0, vec![term]));
                }
            }
        }
    }

    fn cast(&mut self, term: Atom, y: Value) -> Atom {
        match term {
            Atom::Float(_) => term,
            _ => {
                let target = self.b.scalar(Atom::Value(y));
                self.b.prim(Prim::Cast(target), &[term])
            }
        }
    }

    /// Adds the derivative of order `m` of `p a'`: the sum of `binomial(m, j) p^(j) a^(m + 1 - j)`.
    fn add_products(&mut self, sum: &mut Sum, (p, a): (Atom, Atom), singular: Singular, m: usize) {
        for j in 0..=m {
            let Some(t) = self.derivative(a, m + 1 - j) else { continue };
            let Some(p) = self.derivative(p, j) else { continue };
            let careful = p.value().is_some() && !self.b.is_nonzero(t);
            let product = match singular {
                Singular::Yes if careful => self.b.strong_mul(t, p),
                Singular::If(flag) if careful => self.b.strong_mul_if(flag, t, p),
                Singular::Yes | Singular::If(_) | Singular::No => {
                    sum.add(self.b, binomial(m, j), &[p, t]);
                    continue;
                }
            };
            sum.add(self.b, binomial(m, j), &[product]);
        }
    }

    /// The derivative of order `m` of a quotient.
    fn quotient(&mut self, quotient: Quotient, singular: Singular, m: usize) -> Option<Atom> {
        let key = (quotient, m);
        if let Some(known) = self.quotients.get(&key) {
            return *known;
        }
        let (quotient, _) = &key;
        let (numerators, den) = quotient;
        let mut sum = Sum::default();
        for numerator in numerators {
            self.add_products(&mut sum, *numerator, singular, m);
        }
        for j in 1..=m {
            let Some(divisor) = self.derivative(*den, j) else { continue };
            let Some(lower) = self.quotient(quotient.clone(), singular, m - j) else { continue };
            sum.add(self.b, -binomial(m, j), &[divisor, lower]);
        }
        let result = sum.finish(self.b).map(|numerator| {
            let careful = singular == Singular::Yes && !self.b.is_nonzero(numerator);
            divide(self.b, numerator, *den, careful)
        });
        self.quotients.insert(key, result);
        result
    }

    /// The derivative of order `m` of `num a' / den`, zero where a factor of `num` is zero.
    fn strong(&mut self, (num, den): (Atom, Option<Atom>), a: Atom, singular: Singular, m: usize) -> Option<Atom> {
        let mut sum = Sum::default();
        for j in 0..=m {
            let Some(p) = self.derivative(num, j) else { continue };
            let t = match den {
                Some(den) => self.quotient((vec![(Atom::Float(1.0), a)], den), Singular::Yes, m - j),
                None => self.derivative(a, m + 1 - j),
            };
            let Some(t) = t else { continue };
            let product = match singular {
                Singular::If(flag) => self.b.strong_mul_if(flag, p, t),
                Singular::Yes | Singular::No => self.b.strong_mul(p, t),
            };
            sum.add(self.b, binomial(m, j), &[product]);
        }
        sum.finish(self.b)
    }
}

/// A sum of products with literal coefficients, in which like products are one.
#[derive(Default)]
struct Sum {
    terms: Vec<(f64, Vec<Atom>)>,
}

impl Sum {
    fn add(&mut self, b: &Builder, coefficient: f64, factors: &[Atom]) {
        let mut coefficient = coefficient;
        let mut rest = Vec::new();
        for factor in factors {
            match b.split(*factor) {
                (c, Atom::Float(literal)) => coefficient *= c * literal,
                (c, core) => {
                    coefficient *= c;
                    rest.push(core);
                }
            }
        }
        rest.sort_by_key(|factor| factor.value());
        match self.terms.iter_mut().find(|(_, known)| *known == rest) {
            Some((known, _)) => *known += coefficient,
            None => self.terms.push((coefficient, rest)),
        }
    }

    fn finish(self, b: &mut Builder) -> Option<Atom> {
        let mut sum: Option<Atom> = None;
        for (coefficient, factors) in self.terms.into_iter().filter(|(coefficient, _)| *coefficient != 0.0) {
            let product = factors.into_iter().reduce(|product, factor| b.mul(product, factor));
            let term = match product {
                Some(product) => b.mul(Atom::Float(coefficient), product),
                None => Atom::Float(coefficient),
            };
            sum = Some(sum.map_or(term, |sum| b.add(sum, term)));
        }
        sum
    }
}

fn binomial(n: usize, k: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "orders are small")]
    (0..k).fold(1.0, |product, j| product * (n - j) as f64 / (j + 1) as f64)
}
