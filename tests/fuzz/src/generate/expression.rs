//! Expressions, each with a bound of its magnitude.

use rand::RngExt;

use super::{Array, CAP, Counter, Float, Generator, Length, Scope};
use crate::tree::{Node, Sort};
use crate::vocabulary::{BINARY, BOUNDING, UNARY};

impl Generator {
    /// An expression of type `f64`, and a bound of its magnitude.
    pub(super) fn float(&mut self, depth: usize) -> (Node, f64) {
        if depth == 0 || self.chance(0.15) {
            return self.atom();
        }
        match self.below(28) {
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
            22 | 23 if !self.scope.functions.is_empty() => self.call(depth - 1),
            24 | 25 if !self.scope.options.is_empty() => self.of_an_option(depth - 1),
            _ => self.atom(),
        }
    }

    /// A reduction of an iterator chain over an array or a range.
    pub(super) fn chain(&mut self, depth: usize) -> (Node, f64) {
        let flat: Vec<Array> = self.flat_arrays(0);
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
            match self.below(13) {
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
                9 => ("take_while", format!("{name}.iter().take_while(|{first}| **{first} < 0.9).map(|&{first}| $0)")),
                10 => ("chain", format!("{name}.iter().chain({}.iter()).map(|&{first}| $0)", other.name)),
                11 => {
                    // What the inner closure takes with it is moved: numbers are copied, arrays are not.
                    let floats = vec![float(&first, array.bound), float(&second, other.bound)];
                    self.scope = Scope { floats, iterations: self.scope.iterations, sealed: true, ..Scope::default() };
                    let inner = format!("{}.iter().map(move |&{second}| $0)", other.name);
                    ("flat_map", format!("{name}.iter().flat_map(|&{first}| {inner})"))
                }
                12 => {
                    let scan =
                        format!("scan(0.3_f64, |state, &{first}| {{ *state = 0.5 * *state + {first}; Some(*state) }})");
                    ("scan", format!("{name}.iter().{scan}.map(|{first}| $0)"))
                }
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

    pub(super) fn match_on_an_integer(&mut self, depth: usize) -> (Node, f64) {
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
    pub(super) fn closure(&mut self) -> Node {
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
    pub(super) fn atom(&mut self) -> (Node, f64) {
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

    pub(super) fn literal(&mut self) -> (Node, f64) {
        let value = f64::from(self.random.random_range(-12..=12)) / 10.0 + 0.05;
        (Node::leaf(Sort::Float, "literal", format!("{value:.2}_f64")), value.abs())
    }

    pub(super) fn element(&mut self, array: &Array) -> Node {
        let indices: Vec<Node> = array.dimensions.iter().map(|length| self.index(length)).collect();
        let places = if indices.len() == 1 { "[$0]" } else { "[$0][$1]" };
        let construct = if indices.len() == 1 { "element" } else { "element of a row" };
        Node::new(Sort::Float, construct, format!("{}{places}", array.name), indices)
    }

    /// Brought below a cap, if it may be larger.
    pub(super) fn bounded(&mut self, node: Node, bound: f64, cap: f64) -> (Node, f64) {
        if bound <= cap {
            return (node, bound);
        }
        let (construct, text, bound) = self.pick(BOUNDING);
        (Node::new(Sort::Float, construct, text, vec![node]), bound)
    }

    pub(super) fn float_below(&mut self, depth: usize, cap: f64) -> Node {
        let (node, bound) = self.float(depth);
        self.bounded(node, bound, cap).0
    }

    /// An index below a length.
    pub(super) fn index(&mut self, length: &Length) -> Node {
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
    pub(super) fn any_index(&mut self) -> Node {
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

    pub(super) fn condition(&mut self, depth: usize) -> Node {
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
            6 if depth > 0 && self.scope.arrays.iter().any(|array| array.dimensions.len() == 1) => {
                let flat: Vec<Array> = self.flat_arrays(0);
                let (array, bound) = (self.pick(&flat), format!("b{}", self.counter_name()));
                let method = self.pick(&["any", "all"]);
                let text = format!("{}.iter().{method}(|&{bound}| {bound} < $0)", array.name);
                Node::new(Sort::Condition, method, text, vec![self.literal().0])
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
}
