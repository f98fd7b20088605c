//! Every row of the table of partials against finite differences, and the closure of the table.

use std::collections::HashMap;

use super::arithmetic;
use crate::build::Builder;
use crate::ir::{Atom, Op, Scalar, Stmt, Ty, Value};
use crate::linearize::linearize;
use crate::rules::{Prim, Row, TABLE};

/// The statements and terms of one row with unit seeds, and the values of its operands.
fn differentiate(row: &Row, variable_exponent: bool) -> (Vec<Stmt>, Vec<Value>, Vec<Option<Atom>>) {
    let mut b = Builder::new(Scalar::F64);
    b.open();
    let operands: Vec<Value> = row.domain.iter().map(|_| b.value(Ty::Float(Scalar::F64), None)).collect();
    let mut atoms: Vec<Atom> = operands.iter().map(|value| Atom::Value(*value)).collect();
    if row.prim == Prim::Powi && !variable_exponent {
        atoms[1] = Atom::Int(3);
    }
    let y = b.prim(row.prim, &atoms);
    let linear = linearize(&mut b, row.prim, &atoms, y, &vec![true; atoms.len()]);
    let one = (Atom::Float(1.0), Scalar::F64);
    let terms = (0..atoms.len()).map(|k| linear.term(&mut b, k, one, &mut |_, atom| atom)).collect();
    (b.close(), operands, terms)
}

/// The points of an interval at which a row is tested.
fn samples((low, high): (f64, f64)) -> Vec<f64> {
    [0.07, 0.31, 0.5, 0.77, 0.93].iter().map(|t| low + t * (high - low)).collect()
}

/// A five-point central difference in operand `k`: its error is of order `h^4`.
fn difference(prim: Prim, x: &[f64], k: usize) -> f64 {
    let h = 1e-3;
    let at = |step: f64| {
        let mut moved = x.to_vec();
        moved[k] += step * h;
        arithmetic::evaluate(prim, &moved)
    };
    (at(-2.0) - 8.0 * at(-1.0) + 8.0 * at(1.0) - at(2.0)) / (12.0 * h)
}

fn is_discrete(prim: Prim, operand: usize) -> bool {
    use Prim::{And, Eq, Ge, Gt, IntEq, Le, Lt, Ne, Not, Or};
    matches!(prim, Lt | Le | Gt | Ge | Eq | Ne | IntEq | And | Or | Not)
        || matches!(
            (prim, operand),
            (Prim::Powi, 1)
                | (Prim::Select | Prim::StrongMulIf, 0)
                | (Prim::IntPred | Prim::IntSucc | Prim::IntAdd | Prim::IntSub | Prim::IntMul | Prim::IntSpan, _)
        )
}

fn compare(row: &Row, variable_exponent: bool) -> usize {
    let (stmts, operands, terms) = differentiate(row, variable_exponent);
    let mut compared = 0;
    let columns: Vec<Vec<f64>> = row.domain.iter().map(|interval| samples(*interval)).collect();
    for sample in 0..5 {
        // Operands are paired with a shift, so that they do not all grow together.
        let x: Vec<f64> = columns.iter().enumerate().map(|(k, column)| column[(sample + 2 * k) % 5]).collect();
        let mut values: HashMap<Value, f64> = operands.iter().copied().zip(x.iter().copied()).collect();
        arithmetic::run(&stmts, &mut values);
        for (k, term) in terms.iter().enumerate().filter(|(k, _)| !is_discrete(row.prim, *k)) {
            let partial = term.map_or(0.0, |atom| arithmetic::read(atom, &values));
            let expected = difference(row.prim, &x, k);
            // Fourth-order differences with h = 1e-3 leave about 1e-10 of the fifth derivative.
            let error = (partial - expected).abs() / (1.0 + expected.abs());
            assert!(error < 1e-7, "{:?} in operand {k} at {x:?}: {partial} but differences give {expected}", row.prim);
            compared += 1;
        }
    }
    compared
}

#[test]
fn partials_agree_with_differences() {
    let mut compared = 0;
    for row in TABLE {
        compared += compare(row, false);
        if row.prim == Prim::Powi {
            compared += compare(row, true);
        }
    }
    assert!(compared > 300, "only {compared} partials were compared");
}

#[test]
fn partials_use_primitives_of_the_table() {
    for row in TABLE {
        for variable_exponent in [false, true] {
            let (stmts, ..) = differentiate(row, variable_exponent);
            for stmt in stmts {
                let Op::Prim(prim, _) = stmt.op else { panic!("a partial is made of primitives") };
                let known = TABLE.iter().any(|row| row.prim == prim) || matches!(prim, Prim::IntToFloat(_));
                assert!(known, "the partials of {:?} use {prim:?}, which has no row", row.prim);
            }
        }
    }
}

#[test]
fn rows_are_unique() {
    for (k, row) in TABLE.iter().enumerate() {
        assert!(TABLE[..k].iter().all(|other| other.prim != row.prim), "two rows for {:?}", row.prim);
        assert_eq!(row.arity, row.domain.len());
    }
}
