//! Loops, and blocks in which a part of an array is borrowed.

use super::{Array, CAP, Counter, Float, Generator, Kind, Length, Scope, mentions};
use crate::tree::{Node, Sort};

impl Generator {
    /// The label of a new loop.
    pub(super) fn label(&mut self) -> String {
        self.names += 1;
        format!("'l{}", self.names)
    }

    pub(super) fn iteration(&mut self, depth: usize) -> Node {
        let (label, counter) = (self.label(), self.counter_name());
        let flat: Vec<Array> = self.flat_arrays(0);
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

    pub(super) fn in_loop(
        &mut self,
        depth: usize,
        label: &str,
        trips: usize,
        prepare: impl FnOnce(&mut Scope),
    ) -> Node {
        self.block(depth, |scope| {
            scope.loops.push(label.to_owned());
            scope.iterations *= trips;
            prepare(scope);
        })
    }

    pub(super) fn loop_over_range(&mut self, depth: usize, label: &str, counter: &str) -> Node {
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
    pub(super) fn loop_over_array(&mut self, depth: usize, label: &str, counter: &str, arrays: &[Array]) -> Node {
        let (array, other) = (self.pick(arrays), self.pick(arrays));
        let (name, element, second) = (array.name.clone(), self.name(), self.counter_name());
        let (element, second) = (element.trim_start_matches("r#").to_owned() + "_e", format!("e{second}"));
        let place = |place: String, mutable, bound| Float { place, mutable, accumulates: false, bound };
        let read = place(element.clone(), false, array.bound);
        if array.mutable && self.chance(0.3) {
            let written = place(format!("*{element}"), true, CAP);
            let body = self.in_loop(depth, label, 5, |scope| {
                scope.lend_out(&name);
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
    pub(super) fn window(&mut self, depth: usize) -> Node {
        let arrays: Vec<Array> = self.flat_arrays(2);
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
                scope.lend_out(&name);
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
}
