//! Differentiable pieces: special functions with rules of their own, and finance made of them. The application
//! `black_scholes` composes them and knows nothing of how they are differentiated.

pub mod finance;
pub mod special;
