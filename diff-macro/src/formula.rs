//! Formulas for the documentation: a function that is one expression goes in, its text in mathematical notation comes
//! out.

use std::cell::Cell;
use std::collections::HashMap;

use crate::ir::{Atom, Code, Function, Info, Op, Opaque, Value};
use crate::rules::{self, Prim};

/// The formula of the `index`-th yield, if the function is straight-line arithmetic and the formula stays short.
pub(crate) fn formula(function: &Function, index: usize) -> Option<String> {
    let mut definitions = HashMap::new();
    for stmt in &function.body.stmts {
        match (&stmt.op, &stmt.results[..]) {
            (Op::Prim(..) | Op::Opaque(Opaque { code: Code::Expr(..), .. }), [result]) => {
                definitions.insert(*result, &stmt.op);
            }
            _ => return None,
        }
    }
    let writer = Writer { definitions, values: &function.values, budget: Cell::new(MOST) };
    let text = writer.write(function.body.yields[index], Level::Sum, 24)?;
    (text.chars().count() <= 100).then_some(text)
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Sum,
    Product,
    Power,
}

/// How many operations a formula may have: a value that is used twice is written twice.
const MOST: usize = 40;

struct Writer<'a> {
    definitions: HashMap<Value, &'a Op>,
    values: &'a [Info],
    /// The operations that may still be written.
    budget: Cell<usize>,
}

impl Writer<'_> {
    fn write(&self, atom: Atom, level: Level, depth: usize) -> Option<String> {
        if depth == 0 {
            return None;
        }
        self.budget.set(self.budget.get().checked_sub(1)?);
        match atom {
            Atom::Float(x) => Some(wrap(number(x), x < 0.0 && level > Level::Sum)),
            Atom::Int(n) => Some(n.to_string()),
            Atom::Bool(_) | Atom::Undefined => None,
            Atom::Value(value) => match self.definitions.get(&value) {
                None => self.values[value.0 as usize].hint.as_ref().map(|hint| hint.name.to_string()),
                Some(Op::Prim(prim, args)) => self.prim(*prim, args, level, depth - 1),
                Some(Op::Opaque(opaque)) => {
                    let simple = opaque.text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | ':' | ' ' | '.'));
                    simple.then(|| opaque.text.replace(' ', ""))
                }
                Some(_) => None,
            },
        }
    }

    /// The factors of a product, each with its rank: numbers first, then variables and powers, then functions.
    fn factors(&self, args: &[Atom], depth: usize, out: &mut Vec<(u8, String)>) -> Option<()> {
        for arg in args {
            match arg.value().and_then(|value| self.definitions.get(&value)) {
                Some(Op::Prim(Prim::Mul, inner)) if depth > 0 => self.factors(inner, depth - 1, out)?,
                definition => {
                    let rank = match definition {
                        None if arg.value().is_none() => 0,
                        None | Some(Op::Opaque(_)) => 1,
                        Some(Op::Prim(Prim::Powi | Prim::Powf | Prim::Add | Prim::Sub, _)) => 2,
                        Some(_) => 3,
                    };
                    out.push((rank, self.write(*arg, Level::Product, depth)?));
                }
            }
        }
        Some(())
    }

    fn prim(&self, prim: Prim, args: &[Atom], level: Level, depth: usize) -> Option<String> {
        let at = |k: usize, level: Level| self.write(args[k], level, depth);
        Some(match prim {
            Prim::Add => wrap(format!("{} + {}", at(0, Level::Sum)?, at(1, Level::Sum)?), level > Level::Sum),
            Prim::Sub => wrap(format!("{} - {}", at(0, Level::Sum)?, at(1, Level::Product)?), level > Level::Sum),
            Prim::Neg => wrap(format!("-{}", at(0, Level::Product)?), level > Level::Sum),
            Prim::Mul => {
                let mut factors = Vec::new();
                self.factors(args, depth, &mut factors)?;
                factors.sort_by_key(|(rank, _)| *rank);
                let texts: Vec<String> = factors.into_iter().map(|(_, text)| text).collect();
                wrap(texts.join(" "), level > Level::Product)
            }
            Prim::Div => wrap(format!("{} / {}", at(0, Level::Product)?, at(1, Level::Power)?), level > Level::Product),
            Prim::Powi | Prim::Powf => {
                wrap(format!("{}^{}", at(0, Level::Power)?, at(1, Level::Power)?), level > Level::Product)
            }
            Prim::Recip => wrap(format!("1 / {}", at(0, Level::Power)?), level > Level::Sum),
            Prim::Select | Prim::StrongMul | Prim::StrongMulIf | Prim::StrongDiv => return None,
            Prim::Cast(_) | Prim::IntToFloat(_) => return at(0, level),
            other => {
                let name = rules::row(other).map(|row| row.method).filter(|name| !name.is_empty())?;
                let args: Option<Vec<String>> = (0..args.len()).map(|k| at(k, Level::Sum)).collect();
                format!("{name}({})", args?.join(", "))
            }
        })
    }
}

fn wrap(text: String, wrap: bool) -> String {
    if wrap { format!("({text})") } else { text }
}

/// `2` rather than `2.0`.
fn number(x: f64) -> String {
    let text = format!("{x:?}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}
