//! A seed enters, a random program leaves: of the accepted language, well typed, borrow-checked, in bounds, and away
//! from singular points by construction.
//!
//! - Every number stays small: each variable has a bound, and what is assigned to it is brought below it.
//! - Every index is below the length of its array, every loop ends after a few iterations.
//! - An array of which a part is borrowed is not written, or not mentioned, while that is so.
//! - Kinks and jumps lie between the points, and not on them: nothing compares numbers that agree but by accident.

mod aggregate;
mod expression;
mod item;
mod iteration;
mod statement;

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use aggregate::Instance;
use item::{Function, Structure};

use crate::tree::{Node, Program, Sort};

/// The largest magnitude of a variable that is no accumulator.
const CAP: f64 = 4.0;

/// The largest magnitude of an accumulator, after all iterations of all loops around.
const ACCUMULATED: f64 = 400.0;

/// Names that generated code is fond of, and ordinary ones.
const NAMES: &[&str] = &[
    "a", "b", "s", "t", "u", "v", "w", "value", "x_dot", "x_bar", "tape", "total", "r#type", "seed", "adjoint", "sum",
    "record", "gradient", "tangent", "y_bar", "primal",
];

/// A variable of type `f64`, or a place such as `*v`.
#[derive(Clone)]
struct Float {
    place: String,
    mutable: bool,
    /// It is only ever added to.
    accumulates: bool,
    bound: f64,
}

/// The length of an array along one of its dimensions.
#[derive(Clone, PartialEq)]
enum Length {
    Known(usize),
    /// Of a slice: its text, and the least that it is at any point.
    Asked(String, usize),
}

impl Length {
    fn least(&self) -> usize {
        match self {
            Self::Known(n) | Self::Asked(_, n) => *n,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Known(n) => n.to_string(),
            Self::Asked(text, _) => text.clone(),
        }
    }
}

#[derive(Clone)]
struct Array {
    name: String,
    dimensions: Vec<Length>,
    mutable: bool,
    bound: f64,
    /// How it is held: what may be done with it as a whole.
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Array,
    Vec,
    Slice,
}

/// An integer variable, below a length where that is known.
#[derive(Clone)]
struct Counter {
    name: String,
    below: Option<Length>,
}

/// What is in scope.
#[derive(Clone, Default)]
struct Scope {
    floats: Vec<Float>,
    arrays: Vec<Array>,
    counters: Vec<Counter>,
    flags: Vec<String>,
    index_arrays: Vec<String>,
    closures: Vec<String>,
    functions: Vec<Function>,
    structures: Vec<Structure>,
    instances: Vec<Instance>,
    /// Of floats.
    options: Vec<String>,
    /// The labels of the loops around, from the outermost.
    loops: Vec<String>,
    /// How often the body of the loops around runs at most.
    iterations: usize,
    /// Inside of a closure, which jumps cannot leave.
    sealed: bool,
}

impl Scope {
    /// An array cannot be mentioned while a part of it is borrowed mutably, nor can its length.
    fn lend_out(&mut self, name: &str) {
        self.arrays.retain(|array| array.name != name);
        let asked = format!("{name}.");
        self.counters
            .retain(|counter| !matches!(&counter.below, Some(Length::Asked(text, _)) if text.starts_with(&asked)));
    }
}

pub(crate) struct Generator {
    random: Pcg64Mcg,
    scope: Scope,
    names: usize,
    /// The statements that ask for lengths, at the start of the function.
    lengths: Vec<Node>,
    /// Statements that may still be made.
    budget: usize,
}

/// The program of a seed.
pub(crate) fn program(seed: u64) -> Program {
    let scope = Scope { iterations: 1, ..Scope::default() };
    Generator { random: Pcg64Mcg::seed_from_u64(seed), scope, names: 0, lengths: Vec::new(), budget: 0 }.program()
}

impl Generator {
    fn chance(&mut self, probability: f64) -> bool {
        self.random.random_bool(probability)
    }

    fn below(&mut self, n: usize) -> usize {
        self.random.random_range(0..n)
    }

    fn pick<T: Clone>(&mut self, choices: &[T]) -> T {
        choices.choose(&mut self.random).expect("something to choose from").clone()
    }

    /// A name that no other variable has; at times one that generated code might use.
    fn name(&mut self) -> String {
        self.names += 1;
        let name = self.pick(NAMES);
        let taken = self.scope.floats.iter().any(|float| float.place == name)
            || self.scope.arrays.iter().any(|array| array.name == name)
            || self.scope.flags.iter().any(|flag| flag == name);
        if taken || self.chance(0.4) {
            format!("{}{}", name.trim_start_matches("r#"), self.names)
        } else {
            name.to_owned()
        }
    }

    /// The arrays of one dimension that have so many elements at the least.
    fn flat_arrays(&self, least: usize) -> Vec<Array> {
        let fits = |array: &&Array| array.dimensions.len() == 1 && array.dimensions[0].least() >= least;
        self.scope.arrays.iter().filter(fits).cloned().collect()
    }

    fn counter_name(&mut self) -> String {
        self.names += 1;
        format!("i{}", self.names)
    }

    fn program(mut self) -> Program {
        let second = self.chance(0.15);
        let items = if second { Vec::new() } else { self.items() };
        let (mut parameters, mut samples) = (Vec::new(), Vec::new());
        for n in 0..1 + self.below(3) {
            let (parameter, sample) = self.active_parameter(n);
            parameters.push(parameter);
            samples.push(sample);
        }
        for n in 0..self.below(3) {
            let (parameter, sample) = self.constant_parameter(n);
            let at = self.below(parameters.len() + 1);
            parameters.insert(at, parameter);
            samples.insert(at, sample);
        }
        self.budget = 4 + self.below(24);
        let mut statements = std::mem::take(&mut self.lengths);
        while self.budget > 0 {
            statements.push(self.statement(0));
        }
        let value = self.result();
        Program {
            items,
            attribute: if second { "#[derivative(hvp)]" } else { "#[derivative]" },
            parameters: parameters.join(", "),
            samples: samples.join(", "),
            body: Node::block(statements),
            value,
        }
    }

    /// A sum of what is there, so that little of the program is dead.
    fn result(&mut self) -> Node {
        let mut sum = self.float(2).0;
        for float in self.scope.floats.clone() {
            if self.chance(0.6) {
                let term = Node::leaf(Sort::Float, "variable", float.place);
                sum = Node::new(Sort::Float, "+", "$0 + $1", vec![sum, term]);
            }
        }
        for array in self.scope.arrays.clone() {
            if array.dimensions.len() == 1 && self.chance(0.6) {
                let index = self.index(&array.dimensions[0]);
                let term = Node::new(Sort::Float, "element", format!("{}[$0]", array.name), vec![index]);
                sum = Node::new(Sort::Float, "+", "$0 + $1", vec![sum, term]);
            }
        }
        sum
    }

    fn active_parameter(&mut self, n: usize) -> (String, String) {
        let name = ["x", "y", "z"][n].to_owned();
        let mutable = self.chance(0.3);
        let prefix = if mutable { "mut " } else { "" };
        let slice = |name: &str| Length::Asked(format!("{name}.len()"), 2);
        let (ty, sample, dimensions, kind, mutable, prefix) = match self.below(9) {
            0..=2 => {
                self.scope.floats.push(Float { place: name.clone(), mutable, accumulates: false, bound: 1.5 });
                return (format!("{prefix}{name}: f64"), "-1.5..1.5".to_owned());
            }
            3 => ("[f64; 3]", "[-1.5..1.5; 3]", vec![Length::Known(3)], Kind::Array, mutable, prefix),
            4 => ("&[f64; 4]", "[-1.5..1.5; 4]", vec![Length::Known(4)], Kind::Array, false, ""),
            5 => ("&[f64]", "[-1.5..1.5; [2, 5, 3]]", vec![slice(&name)], Kind::Slice, false, ""),
            6 => ("&mut [f64]", "[-1.5..1.5; [3, 2]]", vec![slice(&name)], Kind::Slice, true, ""),
            7 => {
                // rustc does not let the length of a `Vec` be asked for in an index of it that is written to.
                let dimensions = vec![Length::Asked(format!("{name}_len"), 2)];
                self.lengths.push(Node::leaf(Sort::Statement, "len", format!("let {name}_len = {name}.len();")));
                ("Vec<f64>", "[-1.5..1.5; [2, 4]]", dimensions, Kind::Vec, mutable, prefix)
            }
            _ => {
                let dimensions = vec![Length::Known(3), Length::Known(2)];
                ("&[[f64; 2]; 3]", "[[-1.5..1.5; 2]; 3]", dimensions, Kind::Array, false, "")
            }
        };
        // What a parameter refers to is not copied like an array.
        let kind = if ty.starts_with('&') { Kind::Slice } else { kind };
        self.scope.arrays.push(Array { name: name.clone(), dimensions, mutable, bound: CAP, kind });
        (format!("{prefix}{name}: {ty}"), sample.to_owned())
    }

    fn constant_parameter(&mut self, n: usize) -> (String, String) {
        let name = ["p", "q"][n].to_owned();
        match self.below(4) {
            0 => {
                self.scope.floats.push(Float { place: name.clone(), mutable: false, accumulates: false, bound: 2.0 });
                (format!("#[constant] {name}: f64"), "-2.0..2.0".to_owned())
            }
            1 => {
                let dimensions = vec![Length::Asked(format!("{name}.len()"), 2)];
                self.scope.arrays.push(Array {
                    name: name.clone(),
                    dimensions,
                    mutable: false,
                    bound: 2.0,
                    kind: Kind::Slice,
                });
                (format!("#[constant] {name}: &[f64]"), "[-2.0..2.0; [4, 2]]".to_owned())
            }
            2 => {
                self.scope.counters.push(Counter { name: name.clone(), below: None });
                (format!("{name}: usize"), "[0, 3, 1, 7]".to_owned())
            }
            _ => {
                self.scope.index_arrays.push(name.clone());
                (format!("{name}: &[usize]"), "[&[0, 2, 1][..], &[3][..], &[1, 1][..]]".to_owned())
            }
        }
    }
}

/// Whether the text of a program mentions a name.
fn mentions(node: &Node, name: &str) -> bool {
    let text = node.to_string();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '#';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back().is_some_and(is_part);
        let after = text[at + name.len()..].chars().next().is_some_and(is_part);
        !before && !after
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_one_program_that_parses() {
        for seed in 0..500 {
            let text = program(seed).to_string();
            assert_eq!(text, program(seed).to_string());
            syn::parse_file(&text).unwrap_or_else(|error| panic!("{error} in\n{text}"));
        }
    }
}
