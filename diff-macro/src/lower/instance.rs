//! Code that lowering writes: variables of its own, and copies of the user's closures with variables of their own.
//!
//! Every copy has other names, so that a closure can stand at each of its calls. The same copy has the same names in
//! every round of lowering, since what a round learns of a variable is told by its name.

use std::collections::{HashMap, HashSet};

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::Expr;

use super::Lowering;
use crate::resolve::{self, Variable};

/// The variables that lowering has introduced, through all rounds.
#[derive(Default)]
pub(super) struct Instances {
    /// Copies, by the code that was copied and how often it had been met in the round.
    copies: HashMap<(String, usize), Expr>,
    numbers: HashMap<(String, usize), usize>,
    variables: HashMap<String, Variable>,
    /// How many variables there are of each word.
    words: HashMap<String, usize>,
    /// Every identifier of the function: no new variable may have it.
    taken: HashSet<String>,
    /// How often a piece of code was met in this round.
    met: HashMap<String, usize>,
}

impl Instances {
    pub(super) fn of(body: &syn::Block) -> Self {
        let mut instances = Instances::default();
        take_names(body.to_token_stream(), &mut instances.taken);
        instances
    }

    pub(super) fn next_round(&mut self) {
        self.met.clear();
    }

    pub(super) fn variable(&self, name: &str) -> Option<&Variable> {
        self.variables.get(name)
    }

    fn meet(&mut self, text: &str) -> (String, usize) {
        let met = self.met.entry(text.to_owned()).or_insert(0);
        *met += 1;
        (text.to_owned(), *met)
    }

    /// A number for a use of the code, the same in every round.
    pub(super) fn number(&mut self, text: &str) -> usize {
        let key = self.meet(text);
        let next = self.numbers.len();
        *self.numbers.entry(key).or_insert(next)
    }
}

fn take_names(tokens: TokenStream, out: &mut HashSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                out.insert(ident.to_string());
            }
            TokenTree::Group(group) => take_names(group.stream(), out),
            TokenTree::Literal(_) | TokenTree::Punct(_) => {}
        }
    }
}

/// The first identifier that is no keyword before a variable.
fn first_name(tokens: TokenStream) -> Option<String> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) => {
            let name = ident.to_string();
            let is_keyword = matches!(name.as_str(), "let" | "mut" | "for" | "if" | "in" | "while" | "loop");
            (!is_keyword).then_some(name)
        }
        TokenTree::Group(group) => first_name(group.stream()),
        TokenTree::Literal(_) | TokenTree::Punct(_) => None,
    })
}

impl Lowering<'_> {
    /// A variable of the function, of the user's or not.
    pub(super) fn variable(&self, name: &str) -> Option<&Variable> {
        self.source.resolved.variables.get(name).or_else(|| self.instances.variable(name))
    }

    /// A variable of lowering's own, with the number of what it is for.
    pub(super) fn fresh(&mut self, word: &str, number: usize) -> Ident {
        let mut name = format!("{word}__{number}");
        while self.instances.taken.contains(&name) || self.source.resolved.variables.contains_key(&name) {
            name.push('_');
        }
        if self.instances.variable(&name).is_none() {
            // Variables of one name could be taken for one variable.
            let words = self.instances.words.entry(word.to_owned()).or_insert(0);
            *words += 1;
            let shown = if *words == 1 { word.to_owned() } else { format!("{word}_{words}") };
            self.instances.variables.insert(name.clone(), Variable::generated(&shown));
        }
        // Errors in what lowering writes point to the statement that it is written for.
        let mut ident = crate::names::ident(&name);
        ident.set_span(Span::call_site().located_at(self.here));
        ident
    }

    /// Whether lowering made the statement: what it names first is a variable of lowering's own.
    pub(super) fn is_written(&self, stmt: &syn::Stmt) -> bool {
        first_name(stmt.to_token_stream()).is_some_and(|name| self.is_own(&name))
    }

    /// Whether lowering made the variable for its own use.
    pub(super) fn is_own(&self, name: &str) -> bool {
        self.instances.variable(name).is_some_and(|variable| variable.is_generated)
    }

    /// A copy of code whose variables have names of their own.
    pub(super) fn instance(&mut self, code: &Expr) -> Expr {
        let key = self.instances.meet(&code.to_token_stream().to_string());
        if let Some(copy) = self.instances.copies.get(&key) {
            return copy.clone();
        }
        let mut taken: HashSet<String> = self.source.resolved.variables.keys().cloned().collect();
        taken.extend(self.instances.variables.keys().cloned());
        taken.extend(self.instances.taken.iter().cloned());
        let mut copy = code.clone();
        for (name, variable) in resolve::instantiate(&mut copy, taken) {
            // The name that the user wrote is that of the variable that was copied.
            let original = self.variable(&variable.name).map_or(variable.name.clone(), |known| known.name.clone());
            self.instances.variables.insert(name, Variable { name: original, ..variable });
        }
        self.instances.copies.insert(key, copy.clone());
        copy
    }
}
