//! The linear form of a primitive: a primitive and the atoms of its operands go in, the terms of its differential come
//! out, each a partial to be applied to a tangent (forward mode) or to an adjoint (reverse mode).
//!
//! ```text
//! // Input:    y = a * b
//! // Linear:   y_dot = b * a_dot + a * b_dot
//! // Adjoint:  a_bar += b * y_bar; b_bar += a * y_bar
//! ```

use crate::build::Builder;
use crate::ir::{Atom, Scalar};
use crate::rules::{self, Partial, Prim};

/// The differential of one primitive.
pub(crate) struct Linear {
    partials: Vec<Partial>,
    singular: Singular,
}

/// Whether a partial may be infinite: then a zero factor contributes zero (the strong zero).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Singular {
    No,
    Yes,
    /// If the flag is set.
    If(Atom),
}

/// The differential of `y = prim(args)`.
///
/// `active` says which operands carry a derivative: a function is singular in these alone, so that a division by a
/// constant is linear and needs no care.
pub(crate) fn linearize(b: &mut Builder, prim: Prim, args: &[Atom], y: Atom, active: &[bool]) -> Linear {
    let partials = rules::partials(b, prim, args, y);
    let singular = match prim {
        Prim::StrongMulIf => Singular::If(args[0]),
        _ if rules::is_singular(b, prim, args, active) => Singular::Yes,
        _ => Singular::No,
    };
    Linear { partials, singular }
}

/// The differential of a value whose partials are values: that of a call. Operands without a partial are constants;
/// `singular` is a flag that tells whether partials may be infinite.
pub(crate) fn linear(partials: &[Option<Atom>], singular: Atom) -> Linear {
    let partial = |partial: &Option<Atom>| match partial {
        Some(num) => Partial::Scale { num: *num, den: None },
        None => Partial::Zero,
    };
    let singular = if singular == Atom::Bool(true) { Singular::Yes } else { Singular::If(singular) };
    Linear { partials: partials.iter().map(partial).collect(), singular }
}

impl Linear {
    /// The term of operand `index` at the tangent or adjoint `t`; none if it is zero whatever `t` is. `read` gives the
    /// atom by which a coefficient is known where the term is to stand; `target` is the float type of the term.
    pub(crate) fn term(
        &self,
        b: &mut Builder,
        index: usize,
        (t, target): (Atom, Scalar),
        read: &mut dyn FnMut(&mut Builder, Atom) -> Atom,
    ) -> Option<Atom> {
        match (&self.partials[index], t) {
            (Partial::Cast, Atom::Float(_)) => Some(t),
            (Partial::Cast, _) => Some(b.prim(Prim::Cast(target), &[t])),
            (partial, _) => apply(b, partial, t, self.singular, read),
        }
    }

    /// The differential in one direction: the sum of the terms of the operands that have a tangent. Quotients with the
    /// same divisor are one quotient: `(a_dot - q * b_dot) / b` for `q = a / b`.
    pub(crate) fn differential(&self, b: &mut Builder, tangents: &[(usize, Atom)], target: Scalar) -> Option<Atom> {
        let mut sum: Option<Atom> = None;
        let mut quotients: Vec<(Atom, Atom)> = Vec::new();
        for (index, t) in tangents {
            if let Partial::Scale { num, den: Some(den) } = self.partials[*index] {
                let careful = self.singular == Singular::Yes && !b.is_nonzero(*t);
                let numerator = scaled(b, num, None, *t, careful);
                match quotients.iter_mut().find(|(known, _)| *known == den) {
                    Some((_, numerators)) => *numerators = b.add(*numerators, numerator),
                    None => quotients.push((den, numerator)),
                }
            } else if let Some(term) = self.term(b, *index, (*t, target), &mut |_, atom| atom) {
                sum = Some(sum.map_or(term, |sum| b.add(sum, term)));
            }
        }
        for (den, numerator) in quotients {
            let careful = self.singular == Singular::Yes && !b.is_nonzero(numerator);
            let quotient = divide(b, numerator, den, careful);
            sum = Some(sum.map_or(quotient, |sum| b.add(sum, quotient)));
        }
        sum
    }

    /// The partial in operand `index`.
    pub(crate) fn partial(&self, index: usize) -> &Partial {
        &self.partials[index]
    }

    pub(crate) fn singular(&self) -> Singular {
        self.singular
    }

    /// The atoms that the term of operand `index` reads.
    pub(crate) fn coefficients(&self, index: usize) -> Vec<Atom> {
        let mut atoms = Vec::new();
        self.partials[index].coefficients(&mut atoms);
        if let Singular::If(flag) = self.singular {
            atoms.push(flag);
        }
        atoms
    }

    /// Whether the primitive varies with the operand at all.
    pub(crate) fn depends_on(&self, index: usize) -> bool {
        !matches!(self.partials[index], Partial::Zero)
    }
}

fn apply(
    b: &mut Builder,
    partial: &Partial,
    t: Atom,
    singular: Singular,
    read: &mut dyn FnMut(&mut Builder, Atom) -> Atom,
) -> Option<Atom> {
    match partial {
        Partial::Zero => None,
        Partial::Cast => Some(t),
        Partial::Scale { num, .. } if num.is_float(0.0) => None,
        Partial::Scale { num, den } => {
            let num = read(b, *num);
            let den = den.map(|den| read(b, den));
            // A literal factor that is not zero needs no care.
            let careful = !b.is_nonzero(t);
            match singular {
                Singular::If(flag) if careful => {
                    let flag = read(b, flag);
                    Some(b.strong_mul_if(flag, t, num))
                }
                _ => Some(scaled(b, num, den, t, careful && singular == Singular::Yes)),
            }
        }
        Partial::StrongScale { num, den } => {
            let num = read(b, *num);
            let quotient = match den {
                Some(den) => {
                    let den = read(b, *den);
                    divide(b, t, den, singular == Singular::Yes && !b.is_nonzero(t))
                }
                None => t,
            };
            Some(match singular {
                Singular::If(flag) => {
                    let flag = read(b, flag);
                    b.strong_mul_if(flag, num, quotient)
                }
                Singular::Yes | Singular::No => b.strong_mul(num, quotient),
            })
        }
        Partial::Select(cond, then, otherwise) => {
            let cond = read(b, *cond);
            let then = apply(b, then, t, singular, read);
            let otherwise = apply(b, otherwise, t, singular, read);
            if then.is_none() && otherwise.is_none() {
                return None;
            }
            let zero = Atom::Float(0.0);
            Some(b.select(cond, then.unwrap_or(zero), otherwise.unwrap_or(zero)))
        }
    }
}

/// `num * t / den`, in the order that shares the most and overflows the least.
fn scaled(b: &mut Builder, num: Atom, den: Option<Atom>, t: Atom, careful: bool) -> Atom {
    match (num, den) {
        (num, None) if careful && !matches!(num, Atom::Float(_)) => b.strong_mul(t, num),
        (num, None) => b.mul(num, t),
        (num, Some(den)) if t.is_float(1.0) => b.div(num, den),
        (num @ Atom::Float(_), Some(den)) => {
            let numerator = b.mul(num, t);
            divide(b, numerator, den, careful)
        }
        (num, Some(den)) => {
            let quotient = divide(b, t, den, careful);
            if careful { b.strong_mul(quotient, num) } else { b.mul(num, quotient) }
        }
    }
}

/// `t / den`, zero for a zero `t` where care is asked for.
pub(crate) fn divide(b: &mut Builder, t: Atom, den: Atom, careful: bool) -> Atom {
    if careful && !b.is_nonzero(den) { b.strong_div(t, den) } else { b.div(t, den) }
}
