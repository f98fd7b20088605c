//! Random programs as trees of texts with holes: small enough that printing, counting and shrinking are one walk each.
//!
//! A node's text mentions its parts as `$0`, `$1`, ..; a block is its statements. What may stand in for a node is
//! decided by its sort alone: so a reduced program is still a program, though it may use a variable that is no longer
//! declared. The compiler finds those.

use std::collections::BTreeSet;
use std::fmt;

/// What a node is, as far as the grammar is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// An expression of type `f64`.
    Float,
    /// An expression of type `usize`.
    Index,
    /// An expression of type `bool`.
    Condition,
    /// A statement.
    Statement,
    /// Statements in a row.
    Block,
}

/// A part of a program.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) sort: Sort,
    /// The construct of the language that it exercises, for the count of what a run has covered.
    pub(crate) construct: &'static str,
    text: String,
    pub(crate) parts: Vec<Node>,
}

impl Node {
    pub(crate) fn new(sort: Sort, construct: &'static str, text: impl Into<String>, parts: Vec<Self>) -> Self {
        Self { sort, construct, text: text.into(), parts }
    }

    pub(crate) fn leaf(sort: Sort, construct: &'static str, text: impl Into<String>) -> Self {
        Self::new(sort, construct, text, Vec::new())
    }

    pub(crate) fn block(statements: Vec<Self>) -> Self {
        Self::new(Sort::Block, "block", "", statements)
    }

    /// How many nodes there are: what shrinking makes smaller.
    pub(crate) fn size(&self) -> usize {
        1 + self.parts.iter().map(Self::size).sum::<usize>()
    }

    pub(crate) fn constructs(&self, found: &mut BTreeSet<&'static str>) {
        found.insert(self.construct);
        self.parts.iter().for_each(|part| part.constructs(found));
    }

    /// All trees that differ in one place, where something smaller stands.
    pub(crate) fn reductions(&self) -> Vec<Self> {
        let mut all = self.replacements();
        for (n, part) in self.parts.iter().enumerate() {
            all.extend(part.reductions().into_iter().map(|smaller| {
                let mut whole = self.clone();
                whole.parts[n] = smaller;
                whole
            }));
        }
        all
    }

    /// What may stand in the place of the node itself.
    fn replacements(&self) -> Vec<Self> {
        let smallest = match self.sort {
            Sort::Float => Some("0.5_f64"),
            Sort::Index => Some("0"),
            Sort::Condition => Some("true"),
            Sort::Statement | Sort::Block => None,
        };
        let mut all: Vec<Self> = smallest
            .filter(|text| !self.parts.is_empty() || (self.text != *text && self.sort != Sort::Float))
            .map(|text| Self::leaf(self.sort, "literal", text))
            .into_iter()
            .collect();
        all.extend(self.parts.iter().filter(|part| part.sort == self.sort && self.sort != Sort::Block).cloned());
        if self.sort == Sort::Block {
            all.extend(self.shorter_blocks());
        }
        all
    }

    /// Without one statement; and with the statements of a block in the place of the statement that holds it.
    fn shorter_blocks(&self) -> Vec<Self> {
        let mut all = Vec::new();
        if self.parts.len() > 3 {
            let half = self.parts.len() / 2;
            all.push(Self::block(self.parts[..half].to_vec()));
            all.push(Self::block(self.parts[half..].to_vec()));
        }
        for (n, statement) in self.parts.iter().enumerate() {
            let mut shorter = self.clone();
            shorter.parts.remove(n);
            all.push(shorter);
            for inner in statement.parts.iter().filter(|part| part.sort == Sort::Block) {
                let mut spliced = self.clone();
                spliced.parts.splice(n..=n, inner.parts.iter().cloned());
                all.push(spliced);
            }
        }
        all
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sort == Sort::Block {
            return self.parts.iter().try_for_each(|statement| writeln!(f, "{statement}"));
        }
        let mut pieces = self.text.split('$');
        write!(f, "{}", pieces.next().unwrap_or_default())?;
        for piece in pieces {
            let (digit, rest) = piece.split_at(1);
            let part: usize = digit.parse().expect("a digit after `$`");
            write!(f, "{}{rest}", self.parts[part])?;
        }
        Ok(())
    }
}

/// A function of the corpus, with where it is sampled.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Items before the function: other functions, structs.
    pub(crate) items: Vec<Node>,
    /// Of the function, and of those that it calls: where a text says `ATTRIBUTE`.
    pub(crate) attribute: &'static str,
    /// The text between the parentheses.
    pub(crate) parameters: String,
    /// The rest of `sample!(f, ..)`.
    pub(crate) samples: String,
    pub(crate) body: Node,
    /// What the function returns.
    pub(crate) value: Node,
}

impl Program {
    pub(crate) fn size(&self) -> usize {
        self.body.size() + self.value.size() + self.items.iter().map(Node::size).sum::<usize>()
    }

    pub(crate) fn constructs(&self) -> BTreeSet<&'static str> {
        let mut found = BTreeSet::new();
        self.body.constructs(&mut found);
        self.value.constructs(&mut found);
        self.items.iter().for_each(|item| item.constructs(&mut found));
        found
    }

    /// All programs that are smaller in one place, the smallest first.
    pub(crate) fn reductions(&self) -> Vec<Self> {
        let mut all: Vec<Self> = self.body.reductions().into_iter().map(|body| Self { body, ..self.clone() }).collect();
        all.extend(self.value.reductions().into_iter().map(|value| Self { value, ..self.clone() }));
        for (n, item) in self.items.iter().enumerate() {
            let mut without = self.clone();
            without.items.remove(n);
            all.push(without);
            all.extend(item.reductions().into_iter().map(|smaller| {
                let mut whole = self.clone();
                whole.items[n] = smaller;
                whole
            }));
        }
        all.sort_by_key(Self::size);
        all
    }
}

impl fmt::Display for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let differentiable =
            if self.items.iter().any(|item| item.construct == "struct") { "Differentiable, " } else { "" };
        writeln!(f, "use diff_runtime::{{{differentiable}derivative}};\n")?;
        for item in &self.items {
            writeln!(f, "{}\n", item.to_string().replace("ATTRIBUTE", self.attribute))?;
        }
        let attribute = self.attribute;
        writeln!(f, "{attribute}\npub fn f({}) -> f64 {{\n{}{}\n}}", self.parameters, self.body, self.value)?;
        writeln!(f, "sample!(f, {});", self.samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(text: &str, parts: Vec<Node>) -> Node {
        Node::new(Sort::Float, "test", text, parts)
    }

    #[test]
    fn parts_stand_in_their_holes() {
        let node = float("($0).max($1)", vec![float("x", vec![]), float("y", vec![])]);
        assert_eq!(node.to_string(), "(x).max(y)");
    }

    #[test]
    fn reductions_are_smaller_or_simpler_and_of_the_same_sort() {
        let sum = float("$0 + $1", vec![float("x", vec![]), float("y", vec![])]);
        let texts: Vec<String> = sum.reductions().iter().map(Node::to_string).collect();
        assert_eq!(texts, ["0.5_f64", "x", "y"]);
        let statements = ["a();", "b();"].map(|text| Node::leaf(Sort::Statement, "test", text)).to_vec();
        let branch = Node::new(Sort::Statement, "test", "if true { $0 }", vec![Node::block(statements)]);
        let reductions = Node::block(vec![branch]).reductions();
        let texts: Vec<String> = reductions.iter().map(|node| node.to_string().replace('\n', " ")).collect();
        assert_eq!(texts, ["", "a(); b(); ", "if true { b();  } ", "if true { a();  } "]);
    }
}
