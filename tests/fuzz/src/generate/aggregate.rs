//! Structs, tuples and options as local variables.

use super::item::Structure;
use super::{CAP, Counter, Float, Generator};
use crate::tree::{Node, Sort};

/// A local struct.
#[derive(Clone)]
pub(super) struct Instance {
    name: String,
    structure: Structure,
    mutable: bool,
}

impl Generator {
    /// A struct or a tuple is made, copied, changed or taken apart.
    pub(super) fn aggregate(&mut self) -> Node {
        let instances = self.scope.instances.clone();
        match self.below(6) {
            0 => self.tuple(),
            1 | 2 if !instances.is_empty() => self.copied(&instances),
            3 if !instances.is_empty() => self.updated(&instances),
            4 if !instances.is_empty() => self.taken_apart(&instances),
            _ if !self.scope.structures.is_empty() => self.literal_of_a_struct(),
            _ => self.tuple(),
        }
    }

    fn tuple(&mut self) -> Node {
        let name = format!("pair_{}", self.counter_name());
        let parts = vec![self.float_below(2, CAP), self.float_below(2, CAP)];
        let mutable = self.chance(0.6);
        for n in 0..2 {
            self.declare(format!("{name}.{n}"), mutable, false, CAP);
        }
        let keyword = if mutable { "let mut" } else { "let" };
        Node::new(Sort::Statement, "tuple", format!("{keyword} {name} = ($0, $1);"), parts)
    }

    /// The fields of a struct as variables.
    fn instance(&mut self, structure: Structure, mutable: bool) -> Instance {
        let name = format!("object_{}", self.counter_name());
        for field in &structure.fields {
            self.declare(format!("{name}.{field}"), mutable, false, CAP);
        }
        if structure.integer {
            self.scope.counters.push(Counter { name: format!("{name}.n"), below: None });
        }
        let instance = Instance { name, structure, mutable };
        self.scope.instances.push(instance.clone());
        instance
    }

    fn parts_of(&mut self, structure: &Structure) -> Vec<Node> {
        let mut parts: Vec<Node> = structure.fields.iter().map(|_| self.float_below(2, CAP)).collect();
        if structure.integer {
            parts.push(self.any_index());
        }
        parts
    }

    fn literal_of_a_struct(&mut self) -> Node {
        let structure = self.pick(&self.scope.structures.clone());
        let parts = self.parts_of(&structure);
        let (literal, mutable) = (structure.literal(), self.chance(0.7));
        let instance = self.instance(structure, mutable);
        let keyword = if mutable { "let mut" } else { "let" };
        let text = format!("{keyword} {} = {literal};", instance.name);
        Node::new(Sort::Statement, "literal of a struct", text, parts)
    }

    /// `let mut t = s;`, or `t = s;` under a condition.
    fn copied(&mut self, instances: &[Instance]) -> Node {
        let source = self.pick(instances);
        let targets: Vec<Instance> = instances
            .iter()
            .filter(|other| other.mutable && other.structure.name == source.structure.name && other.name != source.name)
            .cloned()
            .collect();
        if targets.is_empty() || self.chance(0.3) {
            let copy = self.instance(source.structure, true);
            let text = format!("let mut {} = {};", copy.name, source.name);
            return Node::leaf(Sort::Statement, "copy of a struct", text);
        }
        let (target, condition) = (self.pick(&targets), self.condition(1));
        let text = format!("if $0 {{ {} = {}; }}", target.name, source.name);
        Node::new(Sort::Statement, "assignment of a struct", text, vec![condition])
    }

    /// Another literal, with one field of its own.
    fn updated(&mut self, instances: &[Instance]) -> Node {
        let base = self.pick(instances);
        if base.structure.fields[0] == "0" {
            return self.literal_of_a_struct();
        }
        let (field, value) = (self.pick(&base.structure.fields), self.float_below(2, CAP));
        let source = base.name.clone();
        let literal = format!("{} {{ {field}: $0, ..{source} }}", base.structure.name);
        let text = if base.mutable && self.chance(0.5) {
            format!("{source} = {literal};")
        } else {
            format!("let mut {} = {literal};", self.instance(base.structure, true).name)
        };
        Node::new(Sort::Statement, "update of a struct", text, vec![value])
    }

    fn taken_apart(&mut self, instances: &[Instance]) -> Node {
        let (instance, prefix) = (self.pick(instances), format!("part_{}", self.counter_name()));
        let (pattern, names) = instance.structure.pattern(&prefix);
        for name in names {
            self.declare(name, false, false, CAP);
        }
        Node::leaf(Sort::Statement, "struct taken apart", format!("let {pattern} = {};", instance.name))
    }

    /// An `Option` of a float.
    pub(super) fn option(&mut self) -> Node {
        let name = format!("option_{}", self.counter_name());
        let (condition, value) = (self.condition(2), self.float_below(2, CAP));
        self.scope.options.push(name.clone());
        let text = self.pick(&[
            "if $0 { Some($1) } else { None }",
            "if $0 { None } else { Some($1) }",
            "match $0 { true => Some($1), false => None }",
        ]);
        Node::new(Sort::Statement, "option", format!("let {name} = {text};"), vec![condition, value])
    }

    /// What an option says, as a number.
    pub(super) fn of_an_option(&mut self, depth: usize) -> (Node, f64) {
        let (name, bound) = (self.pick(&self.scope.options.clone()), format!("v{}", self.counter_name()));
        let other = self.float_below(depth, CAP);
        if self.chance(0.3) {
            return (Node::new(Sort::Float, "unwrap_or", format!("{name}.unwrap_or($0)"), vec![other]), CAP);
        }
        let outside = self.scope.clone();
        let float = Float { place: bound.clone(), mutable: false, accumulates: false, bound: CAP };
        self.scope.floats.push(float);
        let some = self.float_below(depth, CAP);
        let (construct, text, parts) = match self.below(3) {
            0 => {
                self.scope.loops.clear();
                ("map_or", format!("{name}.map_or($0, |{bound}| $1)"), vec![other, some])
            }
            1 => {
                let (guard, third) = (self.condition(1), self.float_below(depth, CAP));
                let text = format!("(match {name} {{ Some({bound}) if $2 => $1, Some({bound}) => $3, None => $0 }})");
                ("match on an option", text, vec![other, some, guard, third])
            }
            _ => {
                let text = format!("(if let Some({bound}) = {name} {{ $1 }} else {{ $0 }})");
                ("if let as a value", text, vec![other, some])
            }
        };
        self.scope = outside;
        (Node::new(Sort::Float, construct, text, parts), CAP)
    }

    /// A branch on an option.
    pub(super) fn branch_on_an_option(&mut self, depth: usize) -> Node {
        let (name, bound) = (self.pick(&self.scope.options.clone()), format!("v{}", self.counter_name()));
        let float = Float { place: bound.clone(), mutable: false, accumulates: false, bound: CAP };
        if !self.scope.sealed && self.scope.loops.is_empty() && depth == 0 && self.chance(0.3) {
            let value = self.float_below(2, CAP);
            self.scope.floats.push(float);
            let text = format!("let Some({bound}) = {name} else {{ return $0; }};");
            return Node::new(Sort::Statement, "let else", text, vec![value]);
        }
        let parts = vec![self.block(depth, |scope| scope.floats.push(float)), self.block(depth, |_| {})];
        let text = format!("if let Some({bound}) = {name} {{ $0 }} else {{ $1 }}");
        Node::new(Sort::Statement, "if let", text, parts)
    }
}
