//! Evaluates the primitives of the table numerically, for tests.

use std::collections::HashMap;

use crate::ir::{Atom, Op, Stmt, Value};
use crate::rules::Prim;

/// The value of an operand; a bool is zero or one.
pub(super) fn read(atom: Atom, values: &HashMap<Value, f64>) -> f64 {
    match atom {
        Atom::Value(value) => values[&value],
        Atom::Float(x) => x,
        #[allow(clippy::cast_precision_loss, reason = "small exponents")]
        Atom::Int(n) => n as f64,
        Atom::Bool(b) => f64::from(u8::from(b)),
        Atom::Undefined => panic!("an undefined atom is read"),
    }
}

/// Runs straight-line primitives.
pub(super) fn run(stmts: &[Stmt], values: &mut HashMap<Value, f64>) {
    for stmt in stmts {
        let Op::Prim(prim, args) = &stmt.op else { panic!("only primitives are expected here") };
        let args: Vec<f64> = args.iter().map(|atom| read(*atom, values)).collect();
        values.insert(stmt.results[0], evaluate(*prim, &args));
    }
}

fn truth(condition: bool) -> f64 {
    f64::from(u8::from(condition))
}

/// The primitive itself, by the method of `f64` that it stands for.
pub(super) fn evaluate(prim: Prim, x: &[f64]) -> f64 {
    match prim {
        Prim::Neg => -x[0],
        Prim::Add => x[0] + x[1],
        Prim::Sub => x[0] - x[1],
        Prim::Mul => x[0] * x[1],
        Prim::Div => x[0] / x[1],
        Prim::Rem => x[0] % x[1],
        #[allow(clippy::cast_possible_truncation, reason = "exponents are small integers")]
        Prim::Powi => x[0].powi(x[1] as i32),
        Prim::Powf => x[0].powf(x[1]),
        Prim::Sqrt => x[0].sqrt(),
        Prim::Cbrt => x[0].cbrt(),
        Prim::Recip => x[0].recip(),
        Prim::MulAdd => x[0].mul_add(x[1], x[2]),
        Prim::Hypot => x[0].hypot(x[1]),
        Prim::Exp => x[0].exp(),
        Prim::Exp2 => x[0].exp2(),
        Prim::ExpM1 => x[0].exp_m1(),
        Prim::Ln => x[0].ln(),
        Prim::Log => x[0].log(x[1]),
        Prim::Log2 => x[0].log2(),
        Prim::Log10 => x[0].log10(),
        Prim::Ln1p => x[0].ln_1p(),
        Prim::Sin => x[0].sin(),
        Prim::Cos => x[0].cos(),
        Prim::Tan => x[0].tan(),
        Prim::Asin => x[0].asin(),
        Prim::Acos => x[0].acos(),
        Prim::Atan => x[0].atan(),
        Prim::Atan2 => x[0].atan2(x[1]),
        Prim::Sinh => x[0].sinh(),
        Prim::Cosh => x[0].cosh(),
        Prim::Tanh => x[0].tanh(),
        Prim::Asinh => x[0].asinh(),
        Prim::Acosh => x[0].acosh(),
        Prim::Atanh => x[0].atanh(),
        Prim::Abs => x[0].abs(),
        Prim::Signum => x[0].signum(),
        Prim::Copysign => x[0].copysign(x[1]),
        Prim::Min => x[0].min(x[1]),
        Prim::Max => x[0].max(x[1]),
        Prim::Clamp => x[0].clamp(x[1], x[2]),
        Prim::Floor => x[0].floor(),
        Prim::Ceil => x[0].ceil(),
        Prim::Round => x[0].round(),
        Prim::RoundTiesEven => x[0].round_ties_even(),
        Prim::Trunc => x[0].trunc(),
        Prim::Fract => x[0].fract(),
        Prim::RemEuclid => x[0].rem_euclid(x[1]),
        Prim::DivEuclid => x[0].div_euclid(x[1]),
        Prim::ToRadians => x[0].to_radians(),
        Prim::ToDegrees => x[0].to_degrees(),
        Prim::Cast(_) | Prim::IntToFloat(_) => x[0],
        Prim::IntPred => x[0] - 1.0,
        Prim::IntSucc => x[0] + 1.0,
        Prim::IntAdd => x[0] + x[1],
        Prim::IntSub => x[0] - x[1],
        Prim::IntMul => x[0] * x[1],
        Prim::IntSpan => (x[0] - x[1]).max(0.0),
        Prim::Lt => truth(x[0] < x[1]),
        Prim::Le => truth(x[0] <= x[1]),
        Prim::Gt => truth(x[0] > x[1]),
        Prim::Ge => truth(x[0] >= x[1]),
        Prim::Eq | Prim::IntEq => truth(x[0] == x[1]),
        Prim::Ne => truth(x[0] != x[1]),
        Prim::And => truth(x[0] != 0.0 && x[1] != 0.0),
        Prim::Or => truth(x[0] != 0.0 || x[1] != 0.0),
        Prim::Not => truth(x[0] == 0.0),
        Prim::Select => {
            if x[0] == 0.0 {
                x[2]
            } else {
                x[1]
            }
        }
        Prim::StrongMul => {
            if x[0] == 0.0 {
                0.0
            } else {
                x[0] * x[1]
            }
        }
        Prim::StrongMulIf => {
            if x[0] != 0.0 && x[1] == 0.0 {
                0.0
            } else {
                x[1] * x[2]
            }
        }
        Prim::StrongDiv => {
            if x[0] == 0.0 {
                0.0
            } else {
                x[0] / x[1]
            }
        }
    }
}
