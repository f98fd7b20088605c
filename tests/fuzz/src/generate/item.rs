//! What stands before the function: functions that it calls, and structs.

use super::{Array, CAP, Counter, Float, Generator, Kind, Length, Scope};
use crate::tree::{Node, Sort};

/// A function that can be called: its floats come first.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) floats: usize,
    /// It has a `usize` as its last parameter.
    pub(super) counts: bool,
    /// Its first parameter is an array, which it changes or does not.
    pub(super) array: Option<Access>,
}

/// What a function does with an array.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Access {
    Reads,
    Changes,
}

/// A struct of floats, and perhaps of an integer beside them.
#[derive(Clone)]
pub(super) struct Structure {
    pub(super) name: String,
    /// Names, or numbers.
    pub(super) fields: Vec<&'static str>,
    pub(super) integer: bool,
}

impl Structure {
    fn is_tuple(&self) -> bool {
        self.fields[0] == "0"
    }

    fn definition(&self) -> String {
        let integer = if self.integer { "n: usize" } else { "" };
        let Self { name, fields, .. } = self;
        let derives = "#[derive(Clone, Copy, Differentiable)]";
        if self.is_tuple() {
            let types = fields.iter().map(|_| "f64").collect::<Vec<_>>().join(", ");
            format!("{derives}\nstruct {name}({types});")
        } else {
            let fields: String = fields.iter().map(|field| format!("{field}: f64, ")).collect();
            format!("{derives}\nstruct {name} {{ {fields}{integer} }}")
        }
    }

    /// A literal, whose parts are the fields' values in order, and that of the integer.
    pub(super) fn literal(&self) -> String {
        let Self { name, fields, .. } = self;
        let integer = if self.integer { format!("n: (${}) % 5", fields.len()) } else { String::new() };
        if self.is_tuple() {
            let values = (0..fields.len()).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ");
            format!("{name}({values})")
        } else {
            let fields: String = fields.iter().enumerate().map(|(n, field)| format!("{field}: ${n}, ")).collect();
            format!("{name} {{ {fields}{integer} }}")
        }
    }

    /// A pattern that binds the fields to names, and the names.
    pub(super) fn pattern(&self, prefix: &str) -> (String, Vec<String>) {
        let names: Vec<String> = self.fields.iter().map(|field| format!("{prefix}_{field}")).collect();
        let Self { name, fields, .. } = self;
        if self.is_tuple() {
            return (format!("{name}({})", names.join(", ")), names);
        }
        let bound: String = fields.iter().zip(&names).map(|(field, name)| format!("{field}: {name}, ")).collect();
        (format!("{name} {{ {bound}.. }}"), names)
    }
}

impl Generator {
    /// Structs and functions, for the scope of all that follows.
    pub(super) fn items(&mut self) -> Vec<Node> {
        let mut items = Vec::new();
        if self.chance(0.3) {
            for n in 0..1 + self.below(2) {
                items.push(self.structure(n));
            }
        }
        if self.chance(0.4) {
            for n in 0..1 + self.below(3) {
                let item = if self.chance(0.15) { self.recursion(n) } else { self.function(n) };
                items.push(item);
            }
        }
        items
    }

    fn structure(&mut self, n: usize) -> Node {
        let fields: &[&str] = self.pick(&[&["a", "b"][..], &["x", "value", "x_dot"], &["0", "1"], &["re"]]);
        let integer = fields[0] != "0" && self.chance(0.3);
        let structure = Structure { name: format!("S{n}"), fields: fields.to_vec(), integer };
        let definition = structure.definition();
        self.scope.structures.push(structure);
        Node::leaf(Sort::Statement, "struct", definition)
    }

    fn function(&mut self, n: usize) -> Node {
        let inside = Scope {
            iterations: 1,
            functions: self.scope.functions.clone(),
            structures: self.scope.structures.clone(),
            ..Scope::default()
        };
        let outside = std::mem::replace(&mut self.scope, inside);
        let (name, floats, counts) = (format!("g{n}"), 1 + self.below(3), self.chance(0.3));
        let mut parameters = Vec::new();
        let array = self.pick(&[None, None, None, Some(Access::Reads), Some(Access::Reads), Some(Access::Changes)]);
        if let Some(access) = array {
            let mutable = access == Access::Changes;
            parameters.push(format!("w: &{}[f64]", if mutable { "mut " } else { "" }));
            let dimensions = vec![Length::Asked("w.len()".to_owned(), 2)];
            let array = Array { name: "w".to_owned(), dimensions, mutable, bound: CAP, kind: Kind::Slice };
            self.scope.arrays.push(array);
        }
        for n in 0..floats {
            let (name, mutable) = (["x", "s", "value"][n].to_owned(), self.chance(0.3));
            parameters.push(format!("{}{name}: f64", if mutable { "mut " } else { "" }));
            self.scope.floats.push(Float { place: name, mutable, accumulates: false, bound: CAP });
        }
        if counts {
            parameters.push("n: usize".to_owned());
            self.scope.counters.push(Counter { name: "n".to_owned(), below: None });
        }
        self.budget = self.below(6);
        let mut statements = Vec::new();
        while self.budget > 0 {
            statements.push(self.statement(1));
        }
        let value = self.float_below(3, CAP);
        self.scope = outside;
        self.scope.functions.push(Function { name: name.clone(), floats, counts, array });
        let text = format!("ATTRIBUTE\nfn {name}({}) -> f64 {{ $0 $1 }}", parameters.join(", "));
        Node::new(Sort::Statement, "function", text, vec![Node::block(statements), value])
    }

    /// A function that calls itself.
    fn recursion(&mut self, n: usize) -> Node {
        let name = format!("g{n}");
        let inside = Scope { iterations: 1, sealed: true, ..Scope::default() };
        let outside = std::mem::replace(&mut self.scope, inside);
        let float = |place: &str| Float { place: place.to_owned(), mutable: false, accumulates: false, bound: CAP };
        self.scope.floats = vec![float("x"), float("y")];
        let parts = vec![self.float_below(2, CAP), self.float_below(2, CAP), self.float_below(2, CAP)];
        self.scope = outside;
        self.scope.functions.push(Function { name: name.clone(), floats: 2, counts: true, array: None });
        let text = format!(
            "ATTRIBUTE\nfn {name}(x: f64, y: f64, n: usize) -> f64 {{ if n == 0 {{ return $0; }} \
             0.5 * {name}($1, 0.5 * y, (n - 1).min(3)) + 0.4 * ($2) }}"
        );
        Node::new(Sort::Statement, "recursion", text, parts)
    }

    /// A call of one of the functions, in an expression: it changes nothing.
    pub(super) fn call(&mut self, depth: usize) -> (Node, f64) {
        let changes = |function: &Function| function.array == Some(Access::Changes);
        let functions: Vec<Function> = self.scope.functions.iter().filter(|one| !changes(one)).cloned().collect();
        if functions.is_empty() {
            return self.atom();
        }
        let function = self.pick(&functions);
        let Some(array) = self.passed(&function) else { return self.atom() };
        (self.call_of(&function, depth, &array), CAP)
    }

    /// A call that changes an array.
    pub(super) fn call_that_changes(&mut self) -> Node {
        let changes = |function: &&Function| function.array == Some(Access::Changes);
        let functions: Vec<Function> = self.scope.functions.iter().filter(changes).cloned().collect();
        if functions.is_empty() {
            return self.assignment();
        }
        let function = self.pick(&functions);
        let Some(array) = self.passed(&function) else { return self.write() };
        let name = format!("called_{}", self.counter_name());
        // The other arguments are evaluated while the array is lent.
        let all = self.scope.arrays.clone();
        let root = array.trim_start_matches("&mut ").split('[').next().unwrap_or_default().to_owned();
        self.scope.arrays.retain(|other| other.name != root);
        let call = self.call_of(&function, 2, &array);
        self.scope.arrays = all;
        self.declare(name.clone(), false, false, CAP);
        Node::new(Sort::Statement, "call that changes an array", format!("let {name} = $0;"), vec![call])
    }

    /// The text of the array that is passed, empty for none; `None` if there is none that fits.
    fn passed(&mut self, function: &Function) -> Option<String> {
        let Some(access) = function.array else { return Some(String::new()) };
        let mutable = access == Access::Changes;
        let fits = |array: &&Array| {
            array.dimensions.len() == 1 && array.dimensions[0].least() >= 2 && (array.mutable || !mutable)
        };
        let arrays: Vec<Array> = self.scope.arrays.iter().filter(fits).cloned().collect();
        if arrays.is_empty() {
            return None;
        }
        let array = self.pick(&arrays);
        let part = if array.dimensions[0].least() >= 3 && self.chance(0.4) { "1.." } else { ".." };
        Some(format!("&{}{}[{part}]", if mutable { "mut " } else { "" }, array.name))
    }

    fn call_of(&mut self, function: &Function, depth: usize, array: &str) -> Node {
        let mut parts: Vec<Node> = (0..function.floats).map(|_| self.float_below(depth, CAP)).collect();
        if function.counts {
            parts.push(self.any_index());
        }
        let mut arguments: Vec<String> = (0..function.floats).map(|n| format!("${n}")).collect();
        if function.counts {
            arguments.push(format!("(${}) % 5", function.floats));
        }
        if !array.is_empty() {
            arguments.insert(0, array.to_owned());
        }
        let construct = if array.is_empty() { "call" } else { "call with an array" };
        Node::new(Sort::Float, construct, format!("{}({})", function.name, arguments.join(", ")), parts)
    }
}
