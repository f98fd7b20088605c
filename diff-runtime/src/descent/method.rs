//! A point and a gradient enter, the quantity to step against leaves: steepest descent, momentum, adaptive methods.
//!
//! Every method defines a vector `p`, and the next point is `x - a p` with the step size `a`; a line search runs along
//! the direction `-p`.

use crate::descent::error::DescentError;
use crate::real::Real;
use crate::tangent::Differentiable;

/// How the gradient becomes the vector `p` in `x <- x - a p`.
///
/// All products and quotients of vectors are component by component; memories start at zero; `t` counts from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Method {
    /// `p = g` (Cauchy 1847).
    #[default]
    Steepest,
    /// The heavy ball: `v <- momentum v + g`, `p = v` (Polyak 1964, "Some methods of speeding up the convergence of
    /// iteration methods").
    Momentum {
        /// In `[0, 1)`; usually 0.9.
        momentum: f64,
    },
    /// Nesterov's accelerated gradient: `v <- momentum v + g`, `p = g + momentum v` (Nesterov 1983; in this form
    /// Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning").
    Nesterov {
        /// In `[0, 1)`; usually 0.9.
        momentum: f64,
    },
    /// `s <- decay s + (1 - decay) g^2`, `p = g / (sqrt(s) + epsilon)` (Tieleman & Hinton 2012, lecture 6.5 of "Neural
    /// Networks for Machine Learning").
    RmsProp {
        /// The decay of the mean square, in `[0, 1)`; usually 0.9 or 0.99.
        decay: f64,
        /// A small number that keeps the quotient finite; usually 1e-8.
        epsilon: f64,
    },
    /// `m <- beta1 m + (1 - beta1) g`, `s <- beta2 s + (1 - beta2) g^2`,
    /// `p = (m / (1 - beta1^t)) / (sqrt(s / (1 - beta2^t)) + epsilon) + weight_decay x`.
    ///
    /// Adam without weight decay (Kingma & Ba 2015, "Adam: a method for stochastic optimization"), AdamW with it
    /// (Loshchilov & Hutter 2019, "Decoupled weight decay regularization").
    Adam {
        /// The decay of the mean gradient, in `[0, 1)`; usually 0.9.
        beta1: f64,
        /// The decay of the mean square, in `[0, 1)`; usually 0.999.
        beta2: f64,
        /// A small number that keeps the quotient finite; usually 1e-8.
        epsilon: f64,
        /// The decoupled weight decay, at least 0; 0 for Adam, usually 0.01 for AdamW.
        weight_decay: f64,
    },
}

impl Method {
    pub(crate) fn validate(self) -> Result<(), DescentError> {
        let fraction = |setting, value: f64| {
            let requirement = "at least 0 and below 1";
            require((0.0..1.0).contains(&value), setting, requirement)
        };
        let not_negative = |setting, value: f64| {
            let requirement = "finite and at least 0";
            require(value >= 0.0 && value.is_finite(), setting, requirement)
        };
        match self {
            Self::Steepest => Ok(()),
            Self::Momentum { momentum } | Self::Nesterov { momentum } => fraction("momentum", momentum),
            Self::RmsProp { decay, epsilon } => {
                fraction("decay", decay)?;
                not_negative("epsilon", epsilon)
            }
            Self::Adam { beta1, beta2, epsilon, weight_decay } => {
                fraction("beta1", beta1)?;
                fraction("beta2", beta2)?;
                not_negative("epsilon", epsilon)?;
                not_negative("weight_decay", weight_decay)
            }
        }
    }
}

pub(crate) fn require(holds: bool, setting: &'static str, requirement: &'static str) -> Result<(), DescentError> {
    if holds { Ok(()) } else { Err(DescentError::InvalidSetting { setting, requirement }) }
}

/// A [`Method`] with its memory.
#[derive(Clone, Debug)]
pub(crate) enum Rule<P: Differentiable> {
    Steepest,
    Momentum {
        momentum: P::Scalar,
        velocity: P,
    },
    Nesterov {
        momentum: P::Scalar,
        velocity: P,
    },
    RmsProp {
        decay: P::Scalar,
        epsilon: P::Scalar,
        mean_square: P,
    },
    Adam {
        betas: [P::Scalar; 2],
        /// `beta1^t` and `beta2^t`.
        beta_powers: [P::Scalar; 2],
        epsilon: P::Scalar,
        weight_decay: P::Scalar,
        mean: P,
        mean_square: P,
    },
}

impl<P: Differentiable> Rule<P> {
    pub(crate) fn new(method: Method, point: &P) -> Self {
        let scalar = P::Scalar::from_f64;
        let memory = || point.zero_like();
        match method {
            Method::Steepest => Self::Steepest,
            Method::Momentum { momentum } => Self::Momentum { momentum: scalar(momentum), velocity: memory() },
            Method::Nesterov { momentum } => Self::Nesterov { momentum: scalar(momentum), velocity: memory() },
            Method::RmsProp { decay, epsilon } => {
                Self::RmsProp { decay: scalar(decay), epsilon: scalar(epsilon), mean_square: memory() }
            }
            Method::Adam { beta1, beta2, epsilon, weight_decay } => Self::Adam {
                betas: [scalar(beta1), scalar(beta2)],
                beta_powers: [P::Scalar::ONE; 2],
                epsilon: scalar(epsilon),
                weight_decay: scalar(weight_decay),
                mean: memory(),
                mean_square: memory(),
            },
        }
    }

    /// Updates the memory with the gradient and sets every component of `target` to `combine(x, p)`, in one pass.
    #[inline]
    pub(crate) fn apply(
        &mut self,
        point: &P,
        gradient: &P,
        target: &mut P,
        combine: impl Fn(P::Scalar, P::Scalar) -> P::Scalar,
    ) {
        let sources = [point, gradient];
        let one = P::Scalar::ONE;
        match self {
            Self::Steepest => {
                P::zip_components([target], sources, &mut |[out], [x, g]| *out = combine(x, g));
            }
            Self::Momentum { momentum, velocity } => {
                let momentum = *momentum;
                P::zip_components([target, velocity], sources, &mut |[out, v], [x, g]| {
                    *v = momentum * *v + g;
                    *out = combine(x, *v);
                });
            }
            Self::Nesterov { momentum, velocity } => {
                let momentum = *momentum;
                P::zip_components([target, velocity], sources, &mut |[out, v], [x, g]| {
                    *v = momentum * *v + g;
                    *out = combine(x, g + momentum * *v);
                });
            }
            Self::RmsProp { decay, epsilon, mean_square } => {
                let (decay, epsilon) = (*decay, *epsilon);
                P::zip_components([target, mean_square], sources, &mut |[out, s], [x, g]| {
                    *s = decay * *s + (one - decay) * (g * g);
                    *out = combine(x, g / (s.sqrt() + epsilon));
                });
            }
            Self::Adam { betas, beta_powers, epsilon, weight_decay, mean, mean_square } => {
                let (&mut [beta1, beta2], epsilon, weight_decay) = (betas, *epsilon, *weight_decay);
                beta_powers[0] *= beta1;
                beta_powers[1] *= beta2;
                let corrections = [one - beta_powers[0], one - beta_powers[1]];
                P::zip_components([target, mean, mean_square], sources, &mut |[out, m, s], [x, g]| {
                    *m = beta1 * *m + (one - beta1) * g;
                    *s = beta2 * *s + (one - beta2) * (g * g);
                    let scaled = (*m / corrections[0]) / ((*s / corrections[1]).sqrt() + epsilon);
                    *out = combine(x, scaled + weight_decay * x);
                });
            }
        }
    }
}
