//! Companions of second and higher order: compositions of the two modes, simplified in between.
//!
//! ```text
//! // hvp:      f(x) -> f_dot(x, x_dot) -> x_bar(x, x_dot)          reverse over forward
//! // hessian:  f(x) -> gradient(x) -> its tangent in each input    forward over either; one triangle
//! // third:    f(x) -> hessian(x) -> its tangent in each input     the same once more
//! ```

use super::{Companion, Plan};
use crate::forward::Seed;
use crate::ir::{Function, Value};
use crate::take_apart::Apart;

mod at_once;
pub(in crate::companion) mod entries;
mod in_scalars;
mod in_shapes;
mod one_scalar;
mod patterns;
mod products;
mod row_by_row;

/// What a companion gives beside the Hessian.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    ValueAndGradient,
}

impl Beside {
    fn name(self, into: bool) -> String {
        let name = match self {
            Beside::Nothing => "hessian",
            Beside::ValueAndGradient => "value_gradient_and_hessian",
        };
        if into { format!("{name}_into") } else { name.to_owned() }
    }
}

impl Plan<'_> {
    /// The companions that the options ask for.
    pub(in crate::companion) fn of_higher_order(&self) -> Vec<Companion> {
        let mut companions = Vec::new();
        let with_buffers = self.has_arrays() || self.has_aggregates();
        if self.is_one_scalar() && (self.orders.hessian || self.orders.order >= Some(2)) {
            companions.push(self.second_derivative());
        }
        companions.extend(self.orders.order.map(|order| self.derivatives(order)));
        if self.orders.third {
            companions.push(self.third_derivatives());
        }
        let hessians = if self.orders.hessian { self.hessians() } else { Hessians::default() };
        if self.orders.hvp || hessians.of_products {
            companions.push(self.hvp());
            companions.extend(with_buffers.then(|| self.hvp_into()));
        }
        if self.orders.hvp || hessians.by_hvp {
            companions.push(self.gradient_and_hvp());
            companions.extend(with_buffers.then(|| self.gradient_and_hvp_into()));
        }
        companions.extend(hessians.companions);
        companions
    }

    fn hessians(&self) -> Hessians {
        let mut hessians = Hessians::default();
        let one_shape = !self.has_aggregates() && (self.active().len() == 1 || !self.has_arrays());
        let through_calls = self.calls_with_arrays() > 0;
        let scalars = self.in_scalars();
        for beside in [Beside::Nothing, Beside::ValueAndGradient] {
            match &scalars {
                Some(_) if through_calls && !self.is_one_scalar() && !self.has_aggregates() => {
                    (hessians.of_products, hessians.by_hvp) = (true, true);
                    hessians.companions.push(self.hessian_of_scalars_by_products(beside));
                }
                Some(scalars) if self.has_aggregates() && !through_calls => {
                    hessians.companions.push(self.hessian_of_structs(scalars, beside));
                }
                Some(scalars) if !through_calls || self.is_one_scalar() => {
                    hessians.companions.extend(one_shape.then(|| self.hessian(scalars, beside)));
                    let into = self.has_arrays().then(|| self.scalar_hessian_into(scalars, beside));
                    hessians.companions.extend(into);
                }
                Some(_) | None => {
                    hessians.companions.extend(one_shape.then(|| self.hessian_of_array(beside)).flatten());
                    let at_once = if through_calls { None } else { self.hessian_at_once(beside) };
                    hessians.of_products |= at_once.is_none();
                    hessians.companions.push(at_once.unwrap_or_else(|| self.hessian_into(beside)));
                }
            }
        }
        hessians
    }

    /// What is known of the derivatives without arguments.
    pub(in crate::companion) fn patterns(&self) -> Vec<Companion> {
        let mut patterns = Vec::new();
        // Through calls with arrays, nothing is known of entries.
        let through_calls = self.calls_with_arrays() > 0 && !self.is_one_scalar();
        if self.orders.hessian && !self.has_aggregates() && !through_calls {
            patterns.extend(self.in_scalars().map(|scalars| self.hessian_pattern(&scalars)));
        }
        if let Some(directions) = self.jacobian_directions() {
            patterns.push(self.jacobian_pattern(&directions));
        }
        patterns
    }
}

/// The companions that give Hessians.
#[derive(Default)]
struct Hessians {
    companions: Vec<Companion>,
    /// Some of them are made of products, which are companions then.
    of_products: bool,
    /// Some of them are made of the value, the gradient and a product.
    by_hvp: bool,
}

/// A function in scalars alone.
enum Scalars {
    /// The function itself, and its active parameters.
    Own(Function, Vec<Value>),
    Apart(Apart),
}

impl Scalars {
    fn parts(&self) -> (&Function, &[Value]) {
        match self {
            Scalars::Own(function, active) => (function, active),
            Scalars::Apart(apart) => (&apart.function, &apart.active),
        }
    }
}

/// The directions along each of `n` inputs.
pub(in crate::companion) fn units(n: usize) -> Vec<Vec<Seed>> {
    (0..n).map(|d| (0..n).map(|k| if k == d { Seed::One } else { Seed::Zero }).collect()).collect()
}
