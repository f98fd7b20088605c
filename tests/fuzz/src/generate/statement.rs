//! Statements but loops: declarations, assignments, branches and jumps.

use super::{ACCUMULATED, Array, CAP, Counter, Float, Generator, Kind, Length, Scope};
use crate::tree::{Node, Sort};

impl Generator {
    pub(super) fn block(&mut self, depth: usize, prepare: impl FnOnce(&mut Scope)) -> Node {
        let outside = self.scope.clone();
        prepare(&mut self.scope);
        let statements = (0..1 + self.below(4)).map(|_| self.statement(depth + 1)).collect();
        self.scope = outside;
        Node::block(statements)
    }

    pub(super) fn statement(&mut self, depth: usize) -> Node {
        self.budget = self.budget.saturating_sub(1);
        let nested = depth < 3 && self.budget > 0;
        match self.below(32) {
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
            25 | 26 => self.aggregate(),
            27 => self.option(),
            28 if nested && !self.scope.options.is_empty() => self.branch_on_an_option(depth),
            29 => self.growth(depth),
            30 if !self.scope.functions.is_empty() => self.call_that_changes(),
            31 => self.split(depth),
            _ => self.assignment(),
        }
    }

    pub(super) fn declare(&mut self, place: String, mutable: bool, accumulates: bool, bound: f64) {
        self.scope.floats.retain(|float| float.place != place);
        self.scope.floats.push(Float { place, mutable, accumulates, bound });
    }

    /// A declaration.
    pub(super) fn local(&mut self, depth: usize) -> Node {
        let mutable = self.chance(0.6);
        let keyword = if mutable { "let mut" } else { "let" };
        match self.below(14) {
            12 => {
                let (first, second) = (format!("p{}", self.counter_name()), format!("q{}", self.counter_name()));
                let mut parts = vec![self.condition(2)];
                parts.extend((0..4).map(|_| self.float_below(1, CAP)));
                let text = format!("let ({first}, {second}) = if $0 {{ ($1, $2) }} else {{ ($3, $4) }};");
                self.declare(first, false, false, CAP);
                self.declare(second, false, false, CAP);
                Node::new(Sort::Statement, "if with a tuple", text, parts)
            }
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
                if float.place.contains(['*', '[', '.']) {
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

    pub(super) fn assignment(&mut self) -> Node {
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

    pub(super) fn local_array(&mut self) -> Node {
        let (name, n) = (self.name(), 2 + self.below(3));
        let known: Vec<Array> = self.flat_arrays(0);
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

    /// Two parts of an array, in a block in which the array is not mentioned.
    fn split(&mut self, depth: usize) -> Node {
        let arrays: Vec<Array> = self.flat_arrays(2);
        if depth >= 3 || arrays.is_empty() {
            return self.write();
        }
        let array = self.pick(&arrays);
        let (low, high) = (format!("low_{}", self.counter_name()), format!("high_{}", self.counter_name()));
        let (mutable, least) = (array.mutable && self.chance(0.6), array.dimensions[0].least() - 1);
        let part = |name: &str, length| Array {
            name: name.to_owned(),
            dimensions: vec![length],
            mutable,
            bound: CAP,
            kind: Kind::Slice,
        };
        let parts = [part(&low, Length::Known(1)), part(&high, Length::Asked(format!("{high}.len()"), least))];
        let name = array.name.clone();
        let body = self.block(depth, |scope| {
            scope.lend_out(&name);
            scope.arrays.extend(parts);
        });
        if super::mentions(&body, &name) {
            return self.write();
        }
        let method = if mutable { "split_at_mut" } else { "split_at" };
        let text = format!("{{ let ({low}, {high}) = {name}.{method}(1); $0 }}");
        Node::new(Sort::Statement, method, text, vec![body])
    }

    /// An array that grows in a loop.
    fn growth(&mut self, depth: usize) -> Node {
        let (name, n, counter) = (format!("grown_{}", self.counter_name()), 2 + self.below(3), self.counter_name());
        let outside = self.scope.clone();
        // Whatever leaves the loop, or goes on with it, leaves the array shorter.
        self.scope.loops.clear();
        self.scope.iterations *= n;
        self.scope.counters.push(Counter { name: counter.clone(), below: Some(Length::Known(n)) });
        let statements = (0..self.below(2)).map(|_| self.statement(depth + 1)).collect();
        let value = self.float_below(2, CAP);
        self.scope = outside;
        let made = self.pick(&["Vec::new()".to_owned(), format!("Vec::with_capacity({n})")]);
        let dimensions = vec![Length::Known(n)];
        self.scope.arrays.push(Array { name: name.clone(), dimensions, mutable: true, bound: CAP, kind: Kind::Vec });
        let text = format!("let mut {name}: Vec<f64> = {made}; for {counter} in 0..{n} {{ $0 {name}.push($1); }}");
        Node::new(Sort::Statement, "push", text, vec![Node::block(statements), value])
    }

    pub(super) fn mutable_arrays(&self) -> Vec<Array> {
        self.scope.arrays.iter().filter(|array| array.mutable).cloned().collect()
    }

    /// A write to an element.
    pub(super) fn write(&mut self) -> Node {
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
    pub(super) fn whole_array(&mut self) -> Node {
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

    pub(super) fn branch(&mut self, depth: usize) -> Node {
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
    pub(super) fn jump(&mut self) -> Node {
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

    /// What changes variables in ways of its own, or none.
    pub(super) fn small_change(&mut self) -> Node {
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
