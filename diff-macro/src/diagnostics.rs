//! Every message of the macro, with its hint, and the accumulator that reports them all at once.
//!
//! A message says what, where, and what to write instead: lower case, no full stop, on the smallest offending token.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The errors found so far.
#[derive(Default)]
pub(crate) struct Diagnostics {
    errors: Vec<syn::Error>,
    seen: Vec<String>,
}

impl Diagnostics {
    pub(crate) fn report(&mut self, at: impl ToTokens, message: impl Into<String>) {
        self.push(syn::Error::new_spanned(at, message.into()));
    }

    pub(crate) fn report_at(&mut self, span: Span, message: impl Into<String>) {
        self.push(syn::Error::new(span, message.into()));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        // The same token may be met twice on the way: one report is enough.
        let key = format!("{:?} {error}", error.span());
        if !self.seen.contains(&key) {
            self.seen.push(key);
            self.errors.push(error);
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.errors.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// The errors as `compile_error!` invocations.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.errors.into_iter().map(|error| error.into_compile_error()).collect()
    }
}

// ---- the signature and the attribute ----------------------------------------------------------------------------

pub(crate) const NOT_A_FUNCTION: &str = "`#[derivative]` goes on a function with a body\n\
    help: put it on a `fn`, or on a method in an `impl` block";

pub(crate) const ASYNC: &str = "an `async fn` has no derivative: its value is a future\n\
    help: put the arithmetic into a plain `fn` with `#[derivative]` and call that from the async function";

pub(crate) const UNSAFE_FN: &str = "an `unsafe fn` cannot be differentiated: its companions would be safe\n\
    help: wrap it in a safe `fn` with `#[derivative]`";

pub(crate) const VARIADIC: &str = "a variadic function cannot be differentiated";

pub(crate) const NO_ACTIVE: &str = "no parameter to differentiate with respect to: none has a float type that the macro can see\n\
    help: use `f64` or `f32` as the type of a parameter; an alias such as `Real` cannot be looked through";

pub(crate) const UNIT_RETURN: &str = "the function returns nothing that could be differentiated\n\
    help: return a float";

pub(crate) fn return_type(found: &str) -> String {
    format!(
        "the derivative of a function that returns `{found}` is not supported\n\
         help: return `f64` or `f32`"
    )
}

pub(crate) fn parameter_type(name: &str, found: &str) -> String {
    format!(
        "cannot differentiate with respect to `{name}`: its type `{found}` is not a float scalar\n\
         help: name only parameters of type `f64` or `f32` in `wrt`"
    )
}

pub(crate) fn unknown_wrt(name: &str, params: &[String]) -> String {
    if params.is_empty() {
        return format!("the function has no parameter `{name}`");
    }
    format!("the function has no parameter `{name}`\nhelp: the parameters are {}", quoted(params))
}

pub(crate) fn constant_wrt(name: &str) -> String {
    format!("`{name}` is marked `#[constant]` and named in `wrt`\nhelp: remove one of the two")
}

pub(crate) fn duplicate(what: &str) -> String {
    format!("`{what}` is given twice")
}

const OPTIONS: &[&str] = &["wrt", "partials", "associated", "suffix", "crate"];

pub(crate) fn unknown_option(name: &str) -> String {
    let close = OPTIONS.iter().find(|option| distance(option, name) <= 2);
    match close {
        Some(option) => format!("unknown option `{name}`\nhelp: did you mean `{option}`?"),
        None => {
            let all: Vec<String> = OPTIONS.iter().map(ToString::to_string).collect();
            format!("unknown option `{name}`\nhelp: the options are {}", quoted(&all))
        }
    }
}

pub(crate) fn option_form(name: &str, form: &str) -> String {
    format!("`{name}` is written `{form}`")
}

pub(crate) const SELF_WITHOUT_ASSOCIATED: &str = "`Self` names a type that a free function does not have\n\
    help: for an associated function without a receiver write `#[derivative(associated)]`";

pub(crate) const PARAMETER_PATTERN: &str = "a pattern as a parameter is not supported\n\
    help: take the whole value under a name, and destructure it with a `let`";

pub(crate) const NESTED_ATTRIBUTE: &str = "`#[constant]` takes no arguments";

// ---- the body ---------------------------------------------------------------------------------------------------

pub(crate) fn unknown_function(name: &str) -> String {
    format!(
        "the function `{name}` has no known derivative, and an argument of this call varies with the parameters\n\
         help: write its arithmetic out here; calls of other `#[derivative]` functions are not supported yet"
    )
}

pub(crate) fn unknown_method(name: &str) -> String {
    match crate::rules::TABLE.iter().find(|row| !row.method.is_empty() && distance(row.method, name) <= 1) {
        Some(row) => format!(
            "the method `{name}` has no known derivative\n\
             help: there is a method `{}`",
            row.method
        ),
        None => format!(
            "the method `{name}` has no known derivative, and its receiver or an argument varies with the parameters\n\
             help: write it with the methods of `f64`"
        ),
    }
}

pub(crate) fn wrong_arity(name: &str, expected: usize, found: usize) -> String {
    format!("`{name}` takes {expected} operand{}, here it has {found}", if expected == 1 { "" } else { "s" })
}

pub(crate) fn active_macro(name: &str) -> String {
    format!(
        "the macro `{name}!` is given a value that varies with the parameters, and what it makes of it cannot be seen\n\
         help: write the arithmetic out; only assertions and printing may look at such a value"
    )
}

pub(crate) fn unsupported(what: &str, instead: &str) -> String {
    format!("{what} is not supported where a value varies with the parameters\nhelp: {instead}")
}

pub(crate) fn active_into_opaque(name: &str) -> String {
    format!(
        "`{name}` varies with the parameters, and it is changed where the macro cannot follow\n\
         help: change it by an assignment"
    )
}

pub(crate) fn inactive_to_active(name: &str) -> String {
    format!(
        "`{name}` is not a float variable that the macro can follow, but it is given a value that varies with the parameters\n\
         help: declare it with its type, `let {name}: f64`"
    )
}

/// Names in backticks, separated by commas.
fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The edit distance of two words, for suggestions.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(row[j + 1] + 1);
        }
    }
    row[b.len()]
}
