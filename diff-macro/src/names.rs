//! Names of generated variables: a wish goes in, a name that nothing else in the function has comes out.

use std::collections::HashSet;
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};

use crate::rules::{self, Prim};

/// The names that are taken.
#[derive(Clone, Default)]
pub(crate) struct Names {
    /// Identifiers of the user: only the user's own variables may have them.
    reserved: HashSet<String>,
    taken: HashSet<String>,
}

impl Names {
    /// Takes every identifier of the user's tokens, so that no generated name can meet one of them.
    pub(crate) fn reserve_tokens(&mut self, tokens: TokenStream) {
        let mut after_dot = false;
        for token in tokens {
            // Fields and methods have names of their own.
            let is_member =
                std::mem::replace(&mut after_dot, matches!(&token, TokenTree::Punct(p) if p.as_char() == '.'));
            match token {
                TokenTree::Ident(ident) if !is_member => {
                    self.reserved.insert(plain(&ident));
                }
                TokenTree::Group(group) => self.reserve_tokens(group.stream()),
                TokenTree::Literal(literal) => self.reserve_words(&literal.to_string()),
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    /// Format strings capture variables by name.
    fn reserve_words(&mut self, text: &str) {
        for word in text.split(|c: char| !c.is_alphanumeric() && c != '_') {
            self.reserved.insert(word.to_owned());
        }
    }

    /// Takes a name that is in use already: that of a parameter, or of an item that verbatim code names.
    pub(crate) fn take(&mut self, name: String) {
        self.taken.insert(name);
    }

    /// The wish itself if it is free, else the wish with the first free number. A variable of the user's may have the
    /// name that it had.
    pub(crate) fn fresh(&mut self, wish: &str, user: bool) -> String {
        let mut name = wish.to_owned();
        let mut number = 1;
        loop {
            let reserved = is_reserved_word(&name) || (self.reserved.contains(&name) && !(user && number == 1));
            if !reserved && self.taken.insert(name.clone()) {
                return name;
            }
            name = format!("{wish}_{number}");
            number += 1;
        }
    }

    pub(crate) fn release(&mut self, name: &str) {
        self.taken.remove(name);
    }
}

/// An identifier without the `r#` of a raw one.
pub(crate) fn plain(ident: &Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or(text.clone(), str::to_owned)
}

/// The identifier of a variable of the user's, raw if it has to be.
pub(crate) fn ident(name: &str) -> Ident {
    let name = name.strip_prefix("r#").unwrap_or(name);
    if is_reserved_word(name) && !matches!(name, "_" | "self" | "Self" | "super" | "crate") {
        Ident::new_raw(name, Span::call_site())
    } else {
        Ident::new(name, Span::call_site())
    }
}

fn is_reserved_word(name: &str) -> bool {
    name == "_" || syn::parse_str::<Ident>(name).is_err()
}

/// An identifier for a generated variable: it resolves where the macro is defined, and points at the user's code.
pub(crate) fn generated(name: &str, span: Span) -> Ident {
    Ident::new(name, Span::mixed_site().located_at(span))
}

/// What an unnamed intermediate result is called.
pub(crate) fn of_prim(prim: Prim, operand: Option<&Rc<str>>) -> String {
    let word = match prim {
        Prim::Neg => "negated",
        Prim::Add => "sum",
        Prim::Sub => "difference",
        Prim::Mul | Prim::StrongMul | Prim::StrongMulIf => "product",
        Prim::Div | Prim::StrongDiv => "quotient",
        Prim::Rem => "remainder",
        Prim::Powi | Prim::Powf => "power",
        Prim::Cast(_) | Prim::IntToFloat(_) => "cast",
        Prim::IntPred => "lower",
        Prim::IntSucc => "next",
        Prim::IntAdd | Prim::IntSub | Prim::IntMul => "index",
        Prim::IntSpan => "length",
        Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge | Prim::Eq | Prim::Ne | Prim::IntEq => "cond",
        Prim::And | Prim::Or | Prim::Not => "cond",
        Prim::Select => "selected",
        other => match rules::row(other) {
            Some(row) => row.method,
            None => "value",
        },
    };
    match operand {
        Some(operand) if is_unary_method(prim) => format!("{operand}_{word}"),
        _ => word.to_owned(),
    }
}

fn is_unary_method(prim: Prim) -> bool {
    rules::row(prim).is_some_and(|row| !row.method.is_empty() && row.arity == 1)
}
