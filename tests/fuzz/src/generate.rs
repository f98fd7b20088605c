//! A seed enters, a random program leaves: of the accepted language, well typed, borrow-checked, in bounds, and away
//! from singular points by construction.
//!
//! - Every number stays small: each variable has a bound, and what is assigned to it is brought below it.
//! - Every index is below the length of its array, every loop ends after a few iterations.
//! - An array of which a part is borrowed is not written, or not mentioned, while that is so.
//! - Kinks and jumps lie between the points, and not on them: nothing compares numbers that agree but by accident.

use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

use crate::tree::{Node, Program, Sort};
use crate::vocabulary::{BINARY, BOUNDING, UNARY};

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
    /// The labels of the loops around, from the outermost.
    loops: Vec<String>,
    /// How often the body of the loops around runs at most.
    iterations: usize,
    /// Inside of a closure, which jumps cannot leave.
    sealed: bool,
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

    fn counter_name(&mut self) -> String {
        self.names += 1;
        format!("i{}", self.names)
    }

    // ---- the function -------------------------------------------------------------------------------------------

    fn program(mut self) -> Program {
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
            items: Vec::new(),
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

    // ---- expressions --------------------------------------------------------------------------------------------

    /// An expression of type `f64`, and a bound of its magnitude.
    fn float(&mut self, depth: usize) -> (Node, f64) {
        if depth == 0 || self.chance(0.15) {
            return self.atom();
        }
        match self.below(24) {
            0..=6 => {
                let (construct, text, bound) = self.pick(UNARY);
                let (x, x_bound) = self.float(depth - 1);
                (Node::new(Sort::Float, construct, text, vec![x]), bound([x_bound]))
            }
            7..=13 => {
                let (construct, text, bound) = self.pick(BINARY);
                let ((x, x_bound), (y, y_bound)) = (self.float(depth - 1), self.float(depth - 1));
                let bound = bound([x_bound, y_bound]);
                self.bounded(Node::new(Sort::Float, construct, text, vec![x, y]), bound, 50.0)
            }
            14 => {
                let condition = self.condition(depth - 1);
                let ((x, x_bound), (y, y_bound)) = (self.float(depth - 1), self.float(depth - 1));
                let text = "(if $0 { $1 } else { $2 })";
                (Node::new(Sort::Float, "if as a value", text, vec![condition, x, y]), x_bound.max(y_bound))
            }
            15 if self.budget > 1 => {
                let outside = self.scope.clone();
                let statements = (0..1 + self.below(2)).map(|_| self.local(0)).collect();
                let (value, bound) = self.float(depth - 1);
                self.scope = outside;
                (Node::new(Sort::Float, "block as a value", "({ $0 $1 })", vec![Node::block(statements), value]), bound)
            }
            16 => {
                let index = self.any_index();
                (Node::new(Sort::Float, "cast of an integer", "0.1 * (($0) % 16) as f64", vec![index]), 1.6)
            }
            17..=19 => self.chain(depth - 1),
            20 => self.match_on_an_integer(depth - 1),
            21 if !self.scope.closures.is_empty() => {
                let closure = self.pick(&self.scope.closures.clone());
                let argument = self.float_below(depth - 1, CAP);
                (Node::new(Sort::Float, "call of a closure", format!("{closure}($0)"), vec![argument]), CAP)
            }
            _ => self.atom(),
        }
    }

    /// A reduction of an iterator chain over an array or a range.
    fn chain(&mut self, depth: usize) -> (Node, f64) {
        let flat: Vec<Array> = self.scope.arrays.iter().filter(|array| array.dimensions.len() == 1).cloned().collect();
        let (first, second, counter) = (self.counter_name(), self.counter_name(), self.counter_name());
        let (first, second) = (format!("u{first}"), format!("v{second}"));
        let outside = self.scope.clone();
        // Nothing jumps out of a closure.
        self.scope.loops.clear();
        self.scope.sealed = true;
        let float = |place: &str, bound| Float { place: place.to_owned(), mutable: false, accumulates: false, bound };
        let (construct, source) = if flat.is_empty() || self.chance(0.2) {
            let n = 1 + self.below(4);
            self.scope.counters.push(Counter { name: counter.clone(), below: Some(Length::Known(n)) });
            ("chain over a range", format!("(0..{n}).map(|{counter}| $0)"))
        } else {
            let (array, other) = (self.pick(&flat), self.pick(&flat));
            let name = &array.name;
            self.scope.floats.push(float(&first, array.bound));
            match self.below(9) {
                0 => {
                    let n = array.dimensions[0].clone();
                    self.scope.counters.push(Counter { name: counter.clone(), below: Some(n) });
                    ("enumerate", format!("{name}.iter().enumerate().map(|({counter}, &{first})| $0)"))
                }
                1 => {
                    self.scope.floats.push(float(&second, other.bound));
                    ("zip", format!("{name}.iter().zip(&{}[..]).map(|(&{first}, &{second})| $0)", other.name))
                }
                2 => ("rev", format!("{name}.iter().rev().map(|&{first}| $0)")),
                3 => ("skip, take", format!("{name}.iter().skip(1).take(2).map(|&{first}| $0)")),
                4 => {
                    self.scope.floats.pop();
                    let parts = ["[0]", "[1]"].map(|part| float(&format!("{first}{part}"), array.bound));
                    self.scope.floats.extend(parts);
                    ("windows", format!("{name}.windows(2).map(|{first}| $0)"))
                }
                5 => {
                    let kept = self.literal().0;
                    let text = format!("{name}.iter().copied().filter(|{first}| *{first} < {kept}).map(|{first}| $0)");
                    ("filter", text)
                }
                6 => ("copied", format!("{name}.iter().copied().map(|{first}| $0)")),
                7 => ("step_by", format!("{name}.iter().step_by(2).map(|{first}| {{ let {first} = *{first}; $0 }})")),
                _ => ("map", format!("{name}.iter().map(|&{first}| $0)")),
            }
        };
        let (value, bound) = self.float(depth);
        let (value, bound) = self.bounded(value, bound, CAP);
        self.scope = outside;
        let (text, bound) = match self.below(6) {
            0 => (format!("{source}.fold(0.0_f64, |a, b| 0.5 * a + b)"), 2.0 * bound),
            1 => (format!("{source}.fold(-5.0_f64, f64::max)"), bound + 5.0),
            2 => (format!("{source}.map(|p| p.cos()).product::<f64>()"), 1.0),
            _ => (format!("{source}.sum::<f64>()"), 5.0 * bound),
        };
        self.bounded(Node::new(Sort::Float, construct, text, vec![value]), bound, 50.0)
    }

    fn match_on_an_integer(&mut self, depth: usize) -> (Node, f64) {
        let index = self.any_index();
        let condition = self.condition(1);
        let arms: Vec<(Node, f64)> = (0..3).map(|_| self.float(depth)).collect();
        let bound = arms.iter().fold(0.0, |largest, (_, bound)| bound.max(largest));
        let text = self.pick(&[
            "(match ($0) % 4 { 0 => $2, 1 | 2 if $1 => $3, _ => $4 })",
            "(match ($0) % 4 { 1..=2 => $2, 3 => $3, _ if $1 => $4, _ => 0.25 })",
        ]);
        let parts = [index, condition].into_iter().chain(arms.into_iter().map(|(arm, _)| arm)).collect();
        (Node::new(Sort::Float, "match", text, parts), bound.max(0.25))
    }

    /// A closure that is called later: it captures what does not change.
    fn closure(&mut self) -> Node {
        let (name, argument) = (self.counter_name(), self.counter_name());
        let outside = self.scope.clone();
        self.scope.loops.clear();
        self.scope.sealed = true;
        self.scope.floats.retain(|float| !float.mutable);
        self.scope.arrays.retain(|array| !array.mutable);
        self.scope.floats.push(Float {
            place: format!("arg_{argument}"),
            mutable: false,
            accumulates: false,
            bound: CAP,
        });
        let value = self.float_below(2, CAP);
        self.scope = outside;
        self.scope.closures.push(format!("f_{name}"));
        let text = format!("let f_{name} = |arg_{argument}: f64| $0;");
        Node::new(Sort::Statement, "closure", text, vec![value])
    }

    /// A variable, an element or a literal.
    fn atom(&mut self) -> (Node, f64) {
        match self.below(8) {
            0 => self.literal(),
            1..=3 if !self.scope.arrays.is_empty() => {
                let array = self.pick(&self.scope.arrays.clone());
                let bound = array.bound;
                (self.element(&array), bound)
            }
            _ => match self.scope.floats.clone() {
                floats if floats.is_empty() => self.literal(),
                floats => {
                    let float = self.pick(&floats);
                    (Node::leaf(Sort::Float, "variable", float.place), float.bound)
                }
            },
        }
    }

    fn literal(&mut self) -> (Node, f64) {
        let value = f64::from(self.random.random_range(-12..=12)) / 10.0 + 0.05;
        (Node::leaf(Sort::Float, "literal", format!("{value:.2}_f64")), value.abs())
    }

    fn element(&mut self, array: &Array) -> Node {
        let indices: Vec<Node> = array.dimensions.iter().map(|length| self.index(length)).collect();
        let places = if indices.len() == 1 { "[$0]" } else { "[$0][$1]" };
        let construct = if indices.len() == 1 { "element" } else { "element of a row" };
        Node::new(Sort::Float, construct, format!("{}{places}", array.name), indices)
    }

    /// Brought below a cap, if it may be larger.
    fn bounded(&mut self, node: Node, bound: f64, cap: f64) -> (Node, f64) {
        if bound <= cap {
            return (node, bound);
        }
        let (construct, text, bound) = self.pick(BOUNDING);
        (Node::new(Sort::Float, construct, text, vec![node]), bound)
    }

    fn float_below(&mut self, depth: usize, cap: f64) -> Node {
        let (node, bound) = self.float(depth);
        self.bounded(node, bound, cap).0
    }

    /// An index below a length.
    fn index(&mut self, length: &Length) -> Node {
        let fitting: Vec<Counter> =
            self.scope.counters.iter().filter(|counter| counter.below.as_ref() == Some(length)).cloned().collect();
        match self.below(6) {
            0..=2 if !fitting.is_empty() => Node::leaf(Sort::Index, "loop index", self.pick(&fitting).name),
            3 => {
                let inner = self.any_index();
                let text = format!("({} - 1 - ($0) % {})", length.text(), length.text());
                Node::new(Sort::Index, "computed index", text, vec![inner])
            }
            4 => {
                let inner = self.any_index();
                Node::new(Sort::Index, "computed index", format!("($0) % {}", length.text()), vec![inner])
            }
            _ => Node::leaf(Sort::Index, "literal index", self.below(length.least()).to_string()),
        }
    }

    /// Any small integer.
    fn any_index(&mut self) -> Node {
        let counters = self.scope.counters.clone();
        match self.below(10) {
            0..=4 if !counters.is_empty() => Node::leaf(Sort::Index, "loop index", self.pick(&counters).name),
            5 => {
                let inner = self.any_index();
                Node::new(Sort::Index, "computed index", format!("$0 + {}", 1 + self.below(3)), vec![inner])
            }
            6 => {
                let inner = self.any_index();
                Node::new(Sort::Index, "computed index", "(2 * ($0) + 1)", vec![inner])
            }
            7 => {
                let value = self.float_below(1, CAP);
                Node::new(Sort::Index, "index from a float", "((($0).abs() * 2.0) as usize)", vec![value])
            }
            8 if !self.scope.index_arrays.is_empty() => {
                let (name, inner) = (self.pick(&self.scope.index_arrays.clone()), self.any_index());
                Node::new(Sort::Index, "index from an array", format!("{name}[($0) % {name}.len()]"), vec![inner])
            }
            _ => Node::leaf(Sort::Index, "literal index", self.below(5).to_string()),
        }
    }

    fn condition(&mut self, depth: usize) -> Node {
        let flags = self.scope.flags.clone();
        match self.below(10) {
            0 if depth > 0 => {
                let parts = vec![self.condition(depth - 1), self.condition(depth - 1)];
                let text = self.pick(&["($0) && ($1)", "($0) || ($1)"]);
                Node::new(Sort::Condition, "and, or", text, parts)
            }
            1 if depth > 0 => Node::new(Sort::Condition, "not", "!($0)", vec![self.condition(depth - 1)]),
            2 | 3 => {
                let text = self.pick(&["($0) % 2 == 0", "($0) < 2", "($0) % 3 != 1", "($0) > 1"]);
                Node::new(Sort::Condition, "condition on an integer", text, vec![self.any_index()])
            }
            4 | 5 if !flags.is_empty() => Node::leaf(Sort::Condition, "flag", self.pick(&flags)),
            _ => {
                let operator = self.pick(&["<", ">", "<=", ">="]);
                let x = self.float(depth.min(2)).0;
                let y = if self.chance(0.6) { self.literal().0 } else { self.float(1).0 };
                Node::new(Sort::Condition, "comparison", format!("($0) {operator} ($1)"), vec![x, y])
            }
        }
    }

    // ---- statements ---------------------------------------------------------------------------------------------

    fn block(&mut self, depth: usize, prepare: impl FnOnce(&mut Scope)) -> Node {
        let outside = self.scope.clone();
        prepare(&mut self.scope);
        let statements = (0..1 + self.below(4)).map(|_| self.statement(depth + 1)).collect();
        self.scope = outside;
        Node::block(statements)
    }

    fn statement(&mut self, depth: usize) -> Node {
        self.budget = self.budget.saturating_sub(1);
        let nested = depth < 3 && self.budget > 0;
        match self.below(25) {
            0..=4 => self.local(depth),
            5..=8 => self.assignment(),
            9 | 10 => self.local_array(),
            11..=13 => self.write(),
            14 | 15 if nested => self.branch(depth),
            16..=19 if nested => self.iteration(depth),
            20 => self.jump(),
            21 if nested => self.window(depth),
            22 => self.whole_array(),
            23 => self.small_change(),
            24 => self.closure(),
            _ => self.assignment(),
        }
    }

    fn declare(&mut self, place: String, mutable: bool, accumulates: bool, bound: f64) {
        self.scope.floats.retain(|float| float.place != place);
        self.scope.floats.push(Float { place, mutable, accumulates, bound });
    }

    /// A declaration.
    fn local(&mut self, depth: usize) -> Node {
        let mutable = self.chance(0.6);
        let keyword = if mutable { "let mut" } else { "let" };
        match self.below(12) {
            0 => {
                let (x, y) = (self.float_below(2, CAP), self.float_below(2, CAP));
                let (first, second) = (self.name(), self.name());
                let text = format!("let ({first}, mut {second}_2) = ($0, $1);");
                self.declare(first, false, false, CAP);
                self.declare(format!("{}_2", second.trim_start_matches("r#")), true, false, CAP);
                let text = text.replace("mut r#", "mut ");
                Node::new(Sort::Statement, "let with a tuple", text, vec![x, y])
            }
            1 => {
                let x = self.float(2).0;
                let (sine, cosine) = (self.counter_name(), self.counter_name());
                let text = format!("let (s{sine}, c{cosine}) = ($0).sin_cos();");
                self.declare(format!("s{sine}"), false, false, 1.0);
                self.declare(format!("c{cosine}"), false, false, 1.0);
                Node::new(Sort::Statement, "sin_cos", text, vec![x])
            }
            2 => {
                let condition = self.condition(2);
                let (x, y, name) = (self.float_below(2, CAP), self.float_below(2, CAP), self.name());
                let text = format!("let {name}; if $0 {{ {name} = $1; }} else {{ {name} = $2; }}");
                self.declare(name, false, false, CAP);
                Node::new(Sort::Statement, "let without a value", text, vec![condition, x, y])
            }
            3 => {
                let (condition, name) = (self.condition(2), self.name());
                self.scope.floats.retain(|float| float.place != name);
                self.scope.flags.push(name.clone());
                Node::new(Sort::Statement, "let of a flag", format!("let {name} = $0;"), vec![condition])
            }
            4 => {
                let (index, name) = (self.any_index(), self.counter_name());
                self.scope.counters.push(Counter { name: name.clone(), below: None });
                Node::new(Sort::Statement, "let of an integer", format!("let {name}: usize = ($0) % 6;"), vec![index])
            }
            5 => {
                let name = self.name();
                self.declare(name.clone(), true, true, ACCUMULATED);
                Node::leaf(Sort::Statement, "let of an accumulator", format!("let mut {name} = 0.0_f64;"))
            }
            6 if !self.scope.floats.is_empty() => {
                // Shadowed by a value that is made of it.
                let float = self.pick(&self.scope.floats.clone());
                let (value, bound) = self.float(2);
                let (value, bound) = self.bounded(value, bound, CAP);
                if float.place.contains(['*', '[']) {
                    return Node::new(Sort::Statement, "expression statement", "let _ = $0;", vec![value]);
                }
                let text = format!("{keyword} {} = 0.5 * {} + $0;", float.place, float.place);
                self.declare(float.place, mutable, false, if float.bound > CAP { ACCUMULATED } else { bound + CAP });
                Node::new(Sort::Statement, "shadowing", text, vec![value])
            }
            7 if depth < 2 => {
                let (condition, early, late, name) =
                    (self.condition(2), self.float_below(2, CAP), self.float_below(2, CAP), self.name());
                self.names += 1;
                let label = format!("'b{}", self.names);
                let text = format!("let {name} = {label}: {{ if $0 {{ break {label} $1; }} $2 }};");
                self.declare(name, false, false, CAP);
                Node::new(Sort::Statement, "labelled block", text, vec![condition, early, late])
            }
            _ => {
                let name = self.name();
                let (value, bound) = self.float(3);
                let (value, bound) = self.bounded(value, bound, CAP);
                let ty = if self.chance(0.2) { ": f64" } else { "" };
                // What is assigned later may be larger than the first value.
                self.declare(name.clone(), mutable, false, if mutable { CAP } else { bound });
                Node::new(Sort::Statement, "let", format!("{keyword} {name}{ty} = $0;"), vec![value])
            }
        }
    }

    fn assignment(&mut self) -> Node {
        let mutable: Vec<Float> = self.scope.floats.iter().filter(|float| float.mutable).cloned().collect();
        if mutable.is_empty() {
            return self.local(3);
        }
        let float = self.pick(&mutable);
        let place = &float.place;
        if float.accumulates {
            let most = ACCUMULATED / 40.0 / self.scope.iterations.max(1) as f64;
            let (value, bound) = self.float(3);
            let (value, _) = self.bounded(value, bound, most.max(1.7));
            let operator = self.pick(&["+=", "-="]);
            return Node::new(Sort::Statement, "accumulation", format!("{place} {operator} $0;"), vec![value]);
        }
        match self.below(6) {
            0 => {
                let value = self.float(2).0;
                Node::new(Sort::Statement, "*=", format!("{place} *= ($0).cos();"), vec![value])
            }
            1 => {
                let value = self.float(2).0;
                Node::new(Sort::Statement, "/=", format!("{place} /= 1.0 + ($0).powi(2);"), vec![value])
            }
            2 => {
                let value = self.float_below(2, CAP);
                let text = format!("{place} = 0.5 * {place} + 0.5 * ($0);");
                Node::new(Sort::Statement, "recurrence", text, vec![value])
            }
            3 if self.scope.iterations == 1 => {
                let value = self.float_below(2, 1.0);
                Node::new(Sort::Statement, "+=", format!("{place} += 0.1 * ($0);"), vec![value])
            }
            _ => {
                let value = self.float_below(3, CAP);
                Node::new(Sort::Statement, "assignment", format!("{place} = $0;"), vec![value])
            }
        }
    }

    fn local_array(&mut self) -> Node {
        let (name, n) = (self.name(), 2 + self.below(3));
        let known: Vec<Array> = self.scope.arrays.iter().filter(|array| array.dimensions.len() == 1).cloned().collect();
        let (construct, text, parts, dimensions, kind) = match self.below(7) {
            0 => {
                let parts: Vec<Node> = (0..n).map(|_| self.float_below(2, CAP)).collect();
                let list = (0..n).map(|part| format!("${part}")).collect::<Vec<_>>().join(", ");
                ("array of a list", format!("[{list}]"), parts, vec![Length::Known(n)], Kind::Array)
            }
            1 => {
                let value = self.float_below(2, CAP);
                ("array of one value", format!("[$0; {n}]"), vec![value], vec![Length::Known(n)], Kind::Array)
            }
            2 => {
                let value = self.float_below(2, CAP);
                ("vec! of one value", format!("vec![$0; {n}]"), vec![value], vec![Length::Known(n)], Kind::Vec)
            }
            3 => {
                let parts: Vec<Node> = (0..2).map(|_| self.float_below(2, CAP)).collect();
                ("vec! of a list", "vec![$0, $1]".to_owned(), parts, vec![Length::Known(2)], Kind::Vec)
            }
            4 => {
                let parts: Vec<Node> = (0..4).map(|_| self.float_below(1, CAP)).collect();
                let dimensions = vec![Length::Known(2), Length::Known(2)];
                ("nested array", "[[$0, $1], [$2, $3]]".to_owned(), parts, dimensions, Kind::Array)
            }
            5 if !known.is_empty() && self.chance(0.5) => {
                let (source, element) = (self.pick(&known), format!("e{}", self.counter_name()));
                let outside = self.scope.clone();
                self.scope.loops.clear();
                self.scope.sealed = true;
                let place = element.clone();
                self.scope.floats.push(Float { place, mutable: false, accumulates: false, bound: source.bound });
                let value = self.float_below(2, CAP);
                self.scope = outside;
                let text = format!("{}.iter().map(|&{element}| $0).collect::<Vec<_>>()", source.name);
                ("collect", text, vec![value], source.dimensions, Kind::Vec)
            }
            5 if !known.is_empty() => {
                let source = self.pick(&known);
                let dimensions = source.dimensions.clone();
                ("to_vec", format!("{}.to_vec()", source.name), vec![], dimensions, Kind::Vec)
            }
            _ => {
                let text = format!("[[0.0_f64; 2]; {n}]");
                ("nested array", text, vec![], vec![Length::Known(n), Length::Known(2)], Kind::Array)
            }
        };
        self.scope.arrays.retain(|array| array.name != name);
        self.scope.floats.retain(|float| float.place != name);
        self.scope.arrays.push(Array { name: name.clone(), dimensions, mutable: true, bound: CAP, kind });
        Node::new(Sort::Statement, construct, format!("let mut {name} = {text};"), parts)
    }

    fn mutable_arrays(&self) -> Vec<Array> {
        self.scope.arrays.iter().filter(|array| array.mutable).cloned().collect()
    }

    /// A write to an element.
    fn write(&mut self) -> Node {
        let arrays = self.mutable_arrays();
        if arrays.is_empty() {
            return self.local_array();
        }
        let array = self.pick(&arrays);
        // Nor does it let an element of a `Vec` be read in such an index.
        let all = self.scope.arrays.clone();
        self.scope.arrays.retain(|other| array.kind != Kind::Vec || other.name != array.name);
        let mut parts = vec![self.element(&array)];
        self.scope.arrays = all;
        let (construct, text) = match self.below(5) {
            0 => {
                parts.push(self.float(2).0);
                ("*= to an element", "$0 *= ($1).sin();")
            }
            1 if self.scope.iterations < 12 => {
                parts.push(self.float_below(2, 1.0));
                ("+= to an element", "$0 += 0.2 * ($1);")
            }
            2 => {
                parts.push(self.element(&array));
                parts.push(self.float_below(2, CAP));
                ("stencil in place", "$0 = 0.5 * $1 + 0.4 * ($2);")
            }
            _ => {
                parts.push(self.float_below(3, CAP));
                ("write to an element", "$0 = $1;")
            }
        };
        Node::new(Sort::Statement, construct, text, parts)
    }

    /// `fill`, `swap`, `copy_from_slice`, copies of a row.
    fn whole_array(&mut self) -> Node {
        let arrays: Vec<Array> =
            self.mutable_arrays().into_iter().filter(|array| array.dimensions.len() == 1).collect();
        if arrays.is_empty() {
            return self.write();
        }
        let array = self.pick(&arrays);
        let name = &array.name;
        let alike: Vec<Array> = self
            .scope
            .arrays
            .iter()
            .filter(|other| other.dimensions == array.dimensions && other.name != array.name)
            .cloned()
            .collect();
        match self.below(3) {
            0 => {
                let all = self.scope.arrays.clone();
                self.scope.arrays.retain(|other| other.name != array.name);
                let value = self.float_below(2, CAP);
                self.scope.arrays = all;
                Node::new(Sort::Statement, "fill", format!("{name}.fill($0);"), vec![value])
            }
            1 if !alike.is_empty() => {
                let other = self.pick(&alike);
                Node::leaf(Sort::Statement, "copy_from_slice", format!("{name}.copy_from_slice(&{}[..]);", other.name))
            }
            _ => {
                let all = self.scope.arrays.clone();
                self.scope.arrays.retain(|other| other.name != array.name);
                let parts = vec![self.index(&array.dimensions[0]), self.index(&array.dimensions[0])];
                self.scope.arrays = all;
                Node::new(Sort::Statement, "swap", format!("{name}.swap($0, $1);"), parts)
            }
        }
    }

    fn branch(&mut self, depth: usize) -> Node {
        let condition = self.condition(2);
        let first = self.block(depth, |_| {});
        match self.below(4) {
            0 => Node::new(Sort::Statement, "if", "if $0 { $1 }", vec![condition, first]),
            1 => {
                let parts =
                    vec![condition, first, self.condition(1), self.block(depth, |_| {}), self.block(depth, |_| {})];
                Node::new(Sort::Statement, "else if", "if $0 { $1 } else if $2 { $3 } else { $4 }", parts)
            }
            _ => {
                let parts = vec![condition, first, self.block(depth, |_| {})];
                Node::new(Sort::Statement, "if, else", "if $0 { $1 } else { $2 }", parts)
            }
        }
    }

    /// A jump out of a loop, or a return, under a condition.
    fn jump(&mut self) -> Node {
        let condition = self.condition(2);
        let loops = self.scope.loops.clone();
        if loops.is_empty() || self.chance(0.15) {
            if self.scope.sealed {
                return self.assignment();
            }
            let value = self.float_below(2, CAP);
            return Node::new(Sort::Statement, "return", "if $0 { return $1; }", vec![condition, value]);
        }
        let label = self.pick(&loops);
        let (keyword, construct) = self.pick(&[("break", "break"), ("continue", "continue")]);
        let text = if label == *loops.last().expect("a loop") && self.chance(0.7) {
            format!("if $0 {{ {keyword}; }}")
        } else {
            format!("if $0 {{ {keyword} {label}; }}")
        };
        let construct = if text.contains('\'') { "labelled jump" } else { construct };
        Node::new(Sort::Statement, construct, text, vec![condition])
    }

    /// The label of a new loop.
    fn label(&mut self) -> String {
        self.names += 1;
        format!("'l{}", self.names)
    }

    fn iteration(&mut self, depth: usize) -> Node {
        let (label, counter) = (self.label(), self.counter_name());
        let flat: Vec<Array> = self.scope.arrays.iter().filter(|array| array.dimensions.len() == 1).cloned().collect();
        match self.below(11) {
            0 => {
                let condition = self.condition(2);
                let most = 2 + self.below(4);
                let body = self.in_loop(depth, &label, most, |scope| {
                    scope.counters.push(Counter { name: counter.clone(), below: None });
                });
                let text = format!(
                    "let mut {counter} = 0_usize; {label}: while ($0) && {counter} < {most} {{ {counter} += 1; $1 }}"
                );
                Node::new(Sort::Statement, "while", text, vec![condition, body])
            }
            1 => {
                let most = 2 + self.below(4);
                let body = self.in_loop(depth, &label, most, |scope| {
                    scope.counters.push(Counter { name: counter.clone(), below: None });
                });
                let text = format!(
                    "let mut {counter} = 0_usize; {label}: loop {{ {counter} += 1; if {counter} > {most} {{ break; }} $0 }}"
                );
                Node::new(Sort::Statement, "loop", text, vec![body])
            }
            2 => {
                let most = 2 + self.below(3);
                let body = self.in_loop(depth, &label, most, |scope| {
                    scope.counters.push(Counter { name: counter.clone(), below: None });
                    // What leaves the loop has a value.
                    scope.loops.clear();
                });
                let (condition, name) = (self.condition(2), self.name());
                let (early, late) = (self.float_below(2, CAP), self.float_below(1, CAP));
                let text = format!(
                    "let mut {counter} = 0_usize; let {name} = {label}: loop {{ $0 {counter} += 1; \
                     if $1 {{ break $2; }} if {counter} > {most} {{ break {label} $3; }} }};"
                );
                self.declare(name, false, false, CAP);
                Node::new(Sort::Statement, "loop with a value", text, vec![body, condition, early, late])
            }
            3..=6 if !flat.is_empty() => self.loop_over_array(depth, &label, &counter, &flat),
            _ => self.loop_over_range(depth, &label, &counter),
        }
    }

    fn in_loop(&mut self, depth: usize, label: &str, trips: usize, prepare: impl FnOnce(&mut Scope)) -> Node {
        self.block(depth, |scope| {
            scope.loops.push(label.to_owned());
            scope.iterations *= trips;
            prepare(scope);
        })
    }

    fn loop_over_range(&mut self, depth: usize, label: &str, counter: &str) -> Node {
        let lengths: Vec<Length> = self.scope.arrays.iter().flat_map(|array| array.dimensions.clone()).collect();
        let length =
            if lengths.is_empty() || self.chance(0.3) { Length::Known(1 + self.below(5)) } else { self.pick(&lengths) };
        let end = length.text();
        let (construct, range) = self.pick(&[
            ("for over a range", format!("0..{end}")),
            ("for over a range", format!("0..{end}")),
            ("for over a range", format!("1..{end}")),
            ("for over a range", format!("0..{end} - 1")),
            ("for over an inclusive range", format!("0..={end} - 1")),
            ("for over a reversed range", format!("(0..{end}).rev()")),
            ("for over a reversed range", format!("(1..{end}).rev()")),
            ("for over a stepped range", format!("(0..{end}).step_by(2)")),
        ]);
        let body = self.in_loop(depth, label, 5, |scope| {
            scope.counters.push(Counter { name: counter.to_owned(), below: Some(length) });
        });
        Node::new(Sort::Statement, construct, format!("{label}: for {counter} in {range} {{ $0 }}"), vec![body])
    }

    /// A loop over the elements of an array, which is not written in it, or not mentioned.
    fn loop_over_array(&mut self, depth: usize, label: &str, counter: &str, arrays: &[Array]) -> Node {
        let (array, other) = (self.pick(arrays), self.pick(arrays));
        let (name, element, second) = (array.name.clone(), self.name(), self.counter_name());
        let (element, second) = (element.trim_start_matches("r#").to_owned() + "_e", format!("e{second}"));
        let place = |place: String, mutable, bound| Float { place, mutable, accumulates: false, bound };
        let read = place(element.clone(), false, array.bound);
        if array.mutable && self.chance(0.3) {
            let written = place(format!("*{element}"), true, CAP);
            let body = self.in_loop(depth, label, 5, |scope| {
                scope.arrays.retain(|array| array.name != name);
                scope.counters.retain(|counter| {
                    !matches!(&counter.below, Some(Length::Asked(text, _)) if text.starts_with(&format!("{name}.")))
                });
                scope.floats.push(written);
            });
            let text = format!("{label}: for {element} in {name}.iter_mut() {{ $0 }}");
            if mentions(&body, &name) {
                return self.assignment();
            }
            return Node::new(Sort::Statement, "for over iter_mut", text, vec![body]);
        }
        let length = array.dimensions[0].clone();
        let (construct, header, floats, counters) = match self.below(6) {
            0 => ("for over iter", format!("&{element} in {name}.iter()"), vec![read], vec![]),
            1 => {
                let dereferenced = place(format!("*{element}"), false, array.bound);
                ("for over a reference", format!("{element} in &{name}[..]"), vec![dereferenced], vec![])
            }
            2 => {
                let header = format!("({counter}, &{element}) in {name}.iter().enumerate()");
                ("for over enumerate", header, vec![read], vec![counter.to_owned()])
            }
            3 => {
                let header = format!("(&{element}, &{second}) in {name}.iter().zip({}.iter())", other.name);
                ("for over zip", header, vec![read, place(second, false, other.bound)], vec![])
            }
            4 => {
                let floats = vec![
                    place(format!("{element}[0]"), false, array.bound),
                    place(format!("{element}[1]"), false, array.bound),
                ];
                let parts = self.pick(&["windows", "chunks_exact"]);
                let construct = if parts == "windows" { "for over windows" } else { "for over chunks_exact" };
                (construct, format!("{element} in {name}.{parts}(2)"), floats, vec![])
            }
            _ => ("for over iter", format!("{element} in {name}.iter().copied()"), vec![read], vec![]),
        };
        let body = self.in_loop(depth, label, 5, |scope| {
            let borrowed = [&name, &other.name];
            scope
                .arrays
                .iter_mut()
                .filter(|array| borrowed.contains(&&array.name))
                .for_each(|array| array.mutable = false);
            scope.floats.extend(floats);
            scope.counters.extend(counters.into_iter().map(|name| Counter { name, below: Some(length.clone()) }));
        });
        Node::new(Sort::Statement, construct, format!("{label}: for {header} {{ $0 }}"), vec![body])
    }

    /// A part of an array, in a block in which the array is not written, or not mentioned.
    fn window(&mut self, depth: usize) -> Node {
        let arrays: Vec<Array> = self
            .scope
            .arrays
            .iter()
            .filter(|array| array.dimensions.len() == 1 && array.dimensions[0].least() >= 2)
            .cloned()
            .collect();
        if arrays.is_empty() {
            return self.write();
        }
        let array = self.pick(&arrays);
        let name = array.name.clone();
        self.names += 1;
        let window = format!("part{}", self.names);
        let asked = |least| Length::Asked(format!("{window}.len()"), least);
        let mutable = array.mutable && self.chance(0.5);
        let keyword = if mutable { "&mut " } else { "&" };
        let least = array.dimensions[0].least();
        let (construct, range, length) = self.pick(&[
            ("window", format!("1..{}", array.dimensions[0].text()), asked(least - 1)),
            ("window", "..2".to_owned(), Length::Known(2)),
            ("window", "1..".to_owned(), asked(least - 1)),
            ("window", "..".to_owned(), asked(least)),
        ]);
        let text = format!("{{ let {window} = {keyword}{name}[{range}]; $0 }}");
        // `&mut a[1..a.len()]` reads the length while the array is borrowed: rustc accepts it for slices alone.
        let text = if mutable { text.replace(&format!("1..{name}.len()]"), "1..]") } else { text };
        let part = Array { name: window, dimensions: vec![length], mutable, bound: array.bound, kind: Kind::Slice };
        let body = self.block(depth, |scope| {
            if mutable {
                scope.arrays.retain(|array| array.name != name);
                scope.counters.retain(|counter| {
                    !matches!(&counter.below, Some(Length::Asked(text, _)) if text.starts_with(&format!("{name}.")))
                });
            } else {
                scope.arrays.iter_mut().filter(|array| array.name == name).for_each(|array| array.mutable = false);
            }
            scope.arrays.push(part);
        });
        if mutable && mentions(&body, &name) {
            return self.write();
        }
        Node::new(Sort::Statement, if mutable { "mutable window" } else { construct }, text, vec![body])
    }

    /// What changes variables in ways of its own, or none.
    fn small_change(&mut self) -> Node {
        let mutable: Vec<Float> = self
            .scope
            .floats
            .iter()
            .filter(|float| float.mutable && !float.accumulates && !float.place.starts_with('*'))
            .cloned()
            .collect();
        match self.below(5) {
            0 | 1 if mutable.len() > 1 => {
                let (first, second) = (self.pick(&mutable).place, self.pick(&mutable).place);
                let text = format!("({first}, {second}) = ({second}, {first});");
                if first == second || [&first, &second].iter().any(|name| name.ends_with(']')) {
                    return self.assignment();
                }
                Node::leaf(Sort::Statement, "destructuring assignment", text)
            }
            2 => {
                let condition = self.condition(1);
                Node::new(Sort::Statement, "assert!", "assert!(($0) || true);", vec![condition])
            }
            3 => {
                let value = self.float(1).0;
                Node::new(Sort::Statement, "expression statement", "let _ = $0;", vec![value])
            }
            _ => self.assignment(),
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
