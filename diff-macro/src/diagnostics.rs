//! Every message of the macro, with its hint, and the accumulator that reports them all at once.
//!
//! A message says what, where, and what to write instead: lower case, no full stop, on the smallest offending token.

use proc_macro2::{Delimiter, Span, TokenStream, TokenTree};
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

/// For an attribute on something else than a function.
pub(crate) fn not_a_function(what: &str) -> String {
    let instead = match what {
        "an `impl` block" | "a trait" => "put it on each method in the block that is to be differentiated",
        "a constant" | "a static" => "write a `fn` that calls it, and put the attribute on that",
        _ => "put it on a `fn`",
    };
    format!("`#[derivative]` goes on a function, and this is {what}\nhelp: {instead}")
}

pub(crate) const NO_BODY: &str = "this function has no body that could be differentiated\n\
    help: put the attribute where the body is, on the implementation of the method";

pub(crate) fn unknown_syntax(error: &syn::Error) -> String {
    format!("this function has syntax that is not supported: {error}")
}

pub(crate) const TWICE: &str = "`#[derivative]` is given twice\nhelp: write all options in one attribute";

pub(crate) const ASYNC: &str = "an `async fn` has no derivative: its value is a future\n\
    help: put the arithmetic into a plain `fn` with `#[derivative]` and call that from the async function";

pub(crate) const UNSAFE_FN: &str = "an `unsafe fn` cannot be differentiated: its companions would be safe\n\
    help: wrap it in a safe `fn` with `#[derivative]`";

pub(crate) const VARIADIC: &str = "a variadic function cannot be differentiated\n\
    help: write a function with a fixed number of parameters";

/// For a function without active parameters: `any` parameters at all, `constant` ones that would be active, ones that are
/// results.
pub(crate) fn no_active(any: bool, constant: bool, result: bool) -> &'static str {
    match (any, constant) {
        _ if result => {
            "no parameter to differentiate with respect to: what the function writes into is its result\n\
             help: make what varies a parameter of its own, or name the result in `wrt` if it is read as well"
        }
        (false, _) => {
            "no parameter to differentiate with respect to: the function has none\n\
             help: make what varies a parameter, of type `f64` for example"
        }
        (true, true) => {
            "no parameter to differentiate with respect to: every float parameter is marked `#[constant]`\n\
             help: leave the mark out where the derivative is wanted"
        }
        (true, false) => {
            "no parameter to differentiate with respect to: none has a float type that the macro can see\n\
             help: use a type such as `f64`, `[f32; 3]`, `&[f64]` or `T: Float`; an alias such as `Real` cannot be looked through"
        }
    }
}

pub(crate) const UNIT_RETURN: &str = "the function returns nothing that could be differentiated\n\
    help: return a float, or write it into a parameter such as `out: &mut [f64]`";

pub(crate) fn return_type(found: &str) -> String {
    format!(
        "the derivative of a function that returns `{found}` is not supported\n\
         help: return a float, or an array or a tuple of floats"
    )
}

pub(crate) fn parameter_type(name: &str, found: &str) -> String {
    format!(
        "cannot differentiate with respect to `{name}`: its type `{found}` is not visibly made of floats\n\
         help: name only parameters of types such as `f64`, `[f32; 3]` and `&[f64]` in `wrt`"
    )
}

pub(crate) fn unknown_wrt(name: &str, params: &[String]) -> String {
    if name == "self" {
        return "`self` is named in `wrt`, and the function has no receiver\n\
                help: name its parameters"
            .to_owned();
    }
    if let Some(close) = params.iter().find(|param| distance(param, name) <= name.len() / 3) {
        return format!("the function has no parameter `{name}`\nhelp: did you mean `{close}`?");
    }
    format!("the function has no parameter `{name}`\nhelp: the parameters are {}", quoted(params))
}

pub(crate) fn constant_wrt(name: &str) -> String {
    format!("`{name}` is marked `#[constant]` and named in `wrt`\nhelp: remove one of the two")
}

pub(crate) fn duplicate(what: &str) -> String {
    format!("`{what}` is given twice\nhelp: remove one of the two")
}

/// For a name in `only`: the companions that the function has.
pub(crate) fn unknown_companion(name: &str, companions: &[String]) -> String {
    match companions.iter().find(|companion| distance(companion, name) <= 2) {
        Some(close) => format!("the function has no companion `{name}`\nhelp: did you mean `{close}`?"),
        None => format!("the function has no companion `{name}`\nhelp: it has {}", quoted(companions)),
    }
}

/// For a companion that calls one that `only` leaves out.
pub(crate) fn needs_companion(name: &str, needed: &str) -> String {
    format!("the companion `{name}` is made of `{needed}`\nhelp: name `{needed}` in `only` as well")
}

const OPTIONS: &[&str] =
    &["wrt", "partials", "hessian", "hvp", "order", "only", "associated", "suffix", "rule", "crate"];

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
    format!("the option `{name}` has another form\nhelp: write `{form}`")
}

pub(crate) fn order_range(highest: usize) -> String {
    format!("the order of the derivatives is a number from 1 to {highest}\nhelp: write `order = 3` for the first three")
}

/// For `hessian` and `hvp` on a function that does not return one float.
pub(crate) fn second_order_of_several(option: &str) -> String {
    format!(
        "`{option}` needs a function that returns one float\n\
         help: write a function that returns one of the results; or `order = 2`, if it is for the callers of this one"
    )
}

pub(crate) const SECOND_ORDER_OF_MIXED: &str = "`hessian` needs active parameters of the float type that the function returns\n\
    help: use one float type, exclude the others with `#[constant]`, or use `hvp`";

/// For `hessian` where the function may have to run once per input.
pub(crate) fn second_order_moves(name: &str) -> String {
    format!(
        "`hessian` may run the function once per input, and `{name}` cannot be passed more than once\n\
         help: take it by reference, as `&[f64]` for example, or use `hvp`"
    )
}

pub(crate) const ORDER_OF_SEVERAL: &str = "`order` needs exactly one active parameter, a float, and a result that is returned; \
    `order = 2` and `order = 3` are possible in several floats, and any order, for callers, in arrays\n\
    help: name the parameter with `wrt(x)`, or use `hessian` or `hvp` for second derivatives";

pub(crate) const NOT_AN_OPTION: &str = "an option starts with its name\n\
    help: for example `wrt(x, y)`, `partials` or `crate = path::to::diff_runtime`";

pub(crate) const WRT_NAMES: &str = "`wrt` takes the names of parameters\nhelp: write `wrt(x, y)`";

pub(crate) const EMPTY_WRT: &str = "`wrt` names no parameter\n\
    help: name at least one, or leave `wrt` out to differentiate with respect to every float";

pub(crate) const SELF_WITHOUT_ASSOCIATED: &str = "`Self` names a type that a free function does not have\n\
    help: for an associated function without a receiver write `#[derivative(associated)]`";

pub(crate) const CONSTANT_FORM: &str = "`#[constant]` takes no arguments\nhelp: write `#[constant]`";

pub(crate) const PARAMETER_CFG: &str = "a parameter that may be left out is not supported: the macro cannot see whether it is there\n\
    help: put the `cfg` on the whole function, and write one function for each case";

pub(crate) const INTERNAL: &str = "internal error: the derivative of this function could not be made\n\
    help: if the function compiles without the attribute, this is a defect of the macro, please report it";

pub(crate) fn rule_partials(given: usize, names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    format!(
        "the rule has {given} partial derivative(s), and {} parameter(s) can vary: {}\n\
         help: give one per parameter, in their order; mark constants with `#[constant]`, or name the others in `wrt(..)`",
        names.len(),
        names.join(", ")
    )
}

pub(crate) const RULE_OUTPUT: &str = "a rule is for a function that returns one float\n\
    help: write one function per result";

pub(crate) fn rule_parameter(name: &str) -> String {
    format!(
        "partial derivatives are those in float scalars, and `{name}` is an array that can vary\n\
         help: write `rule(jvp = .., vjp = ..)`, or mark the parameter with `#[constant]`"
    )
}

pub(crate) const SECOND_ORDER_OF_STRUCT: &str = "derivatives of second and higher order are not given through a call with a struct\n\
    help: pass the fields that vary, as floats and arrays";

pub(crate) const THIRD_ORDER_OF_CALL: &str = "derivatives of third order in several parameters are not given through a call with an array\n\
    help: write the arithmetic of the function out here, or ask for second derivatives alone";

pub(crate) const SECOND_ORDER_OF_RULE: &str = "this rule gives first derivatives alone\n\
    help: add `hvp = ..` to it, a function with the signature of the companion `hvp`; or write `rule(partials(..))` with \
    functions that have the attribute themselves";

pub(crate) const THIRD_ORDER_OF_RULE: &str = "a rule of products gives first and second derivatives alone\n\
    help: write `rule(partials(..))` with functions that have the attribute themselves, and the option `order`";

pub(crate) fn rule_output(name: &str) -> String {
    format!(
        "a rule is for a function that returns its result, and `{name}` may be written into\n\
         help: take a shared reference, or mark the parameter with `#[constant]`"
    )
}

pub(crate) const RULE_OF_ARRAYS: &str = "a rule for arrays gives both products\n\
    help: write `rule(jvp = .., vjp = ..)`, functions with the signatures of these companions";

pub(crate) const RULE_MIXED: &str = "a rule is for a function whose floats are of one type\n\
    help: mark this parameter with `#[constant]`, or convert in a function that calls this one";

pub(crate) const RULE_SUFFIX: &str = "`rule` and `suffix` cannot be combined: the rule is kept in the type of the function's name\n\
    help: rename what has the name of the function";

pub(crate) const RULE_BLANK: &str = "a function with a rule needs a name for each parameter: they are passed on";

// ---- structs that are points and gradients ----------------------------------------------------------------------

pub(crate) const DERIVE_ENUM: &str = "`Differentiable` cannot be derived for an enum: its variants have no common gradient\n\
    help: derive it for a struct, and keep the enum in a field marked `#[constant]`";

pub(crate) const DERIVE_UNION: &str = "`Differentiable` cannot be derived for a union\nhelp: use a struct";

/// For a struct without components: whether it has fields at all.
pub(crate) fn derive_empty(fields: bool) -> &'static str {
    if fields {
        "`Differentiable` cannot be derived: no field of this struct is made of floats\n\
         help: a field is a constant if it is marked `#[constant]` or has a type such as `usize`, `bool` and `String`"
    } else {
        "`Differentiable` cannot be derived: this struct has no fields\nhelp: give it a field of type `f64`"
    }
}

pub(crate) fn derive_reference(found: &str) -> String {
    format!(
        "a field of type `{found}` can be no part of a gradient, which owns what it is made of\n\
         help: own it, as `[f64; 3]` and `Vec<f64>` do, or mark the field `#[constant]`"
    )
}

pub(crate) const DIFFERENTIABLE_FORM: &str = "`#[differentiable]` takes the path of the runtime crate\n\
    help: write `#[differentiable(crate = path::to::diff_runtime)]`";

// ---- the body ---------------------------------------------------------------------------------------------------

pub(crate) fn unknown_function(name: &str) -> String {
    // A function that is no path, an element of an array say, has no name.
    let is_path = name.chars().all(|c| c.is_alphanumeric() || "_:<>#".contains(c));
    let callee = if is_path { format!("the function `{name}`") } else { "what is called here".to_owned() };
    format!(
        "{callee} has no known derivative, and an argument of this call varies with the parameters\n\
         help: move its arithmetic into a function with the attribute `#[derivative]`, and call that by its name"
    )
}

pub(crate) const ARRAY_IN_CALL: &str = "what this reference shows varies with the parameters, but only arrays of floats are followed into functions\n\
     help: pass a float by value, an array or a part of one by `&a`, `&mut a`, `&a[i..j]`";

pub(crate) const ARRAY_OF_CALL: &str = "the array that this call returns varies with the parameters, and its length is not visible here\n\
     help: write the type of the variable: `let a: [f64; 3] = ..`";

pub(crate) const VEC_OF_CALL: &str = "what this call returns varies with the parameters, and only an array of up to 64 floats is followed\n\
     help: let the function write into a `&mut` parameter: `g(x, &mut out)`";

pub(crate) const ARRAY_TWICE_IN_CALL: &str = "two arguments of this call are parts of one array that varies with the parameters, and one of them may be changed\n\
     help: pass a copy: `let b = a.to_vec();`";

pub(crate) const STRUCT_CHANGES: &str = "a struct that this function changes is passed on as a whole, which is not followed\n\
     help: return the changed struct in place of changing it, or let the other function take its fields";

pub(crate) const STRUCT_OF_FUNCTION: &str = "only a struct that is a parameter, or a part of one, is passed on as a whole where it varies\n\
     help: pass the fields one by one";

pub(crate) const STRUCT_TWICE_IN_CALL: &str = "two arguments of this call are parts of one struct that varies with the parameters, and one is a part of the other\n\
     help: pass the struct alone, and let the function take its part";

pub(crate) const MIXED_CALL: &str = "a call that is differentiated takes floats of one type\n\
     help: convert before the call, in a variable: `let x = x as f64;`";

/// For a method that `num_traits::Float` does not have.
pub(crate) fn method_of_generic(name: &str) -> String {
    let instead = match name {
        "rem_euclid" => "write it with `floor`: `x - y * (x / y).floor()` where `y` is positive",
        "div_euclid" => "write it with `floor`: `(x / y).floor()` where `y` is positive",
        _ => "write it with the methods of `num_traits::Float`, such as `round`",
    };
    format!("`{name}` is a method of `f64`, and not one of the generic float type\nhelp: {instead}")
}

/// For `x.to_f64()` of a generic float, and for `T::from(x)` of another one.
pub(crate) fn conversion_of_generic(method: &str) -> String {
    format!(
        "`{method}` between a generic float and another type of float is not followed where it varies\n\
         help: compute in the generic type, and convert constants into it: `T::from(2.5).unwrap()`"
    )
}

/// For a second type parameter that is a float.
pub(crate) fn two_generic_floats(first: &str, other: &str) -> String {
    format!(
        "a function can be differentiated in one generic float type, and this one has `{first}` and `{other}`\n\
         help: make them one, or bound `{other}` by the traits that are used of it, without `Float`"
    )
}

/// For a result of type `f64` of a generic float.
pub(crate) fn returned_beside_generic(found: &str) -> String {
    format!(
        "the result is of type `{found}`, and what varies is of a generic float type\n\
         help: return the generic type, and convert where the function is called"
    )
}

/// For a parameter of type `f64` in a function that is differentiated in a generic float.
pub(crate) fn beside_generic(name: &str, found: &str) -> String {
    format!(
        "`{name}` of type `{found}` would vary beside a generic float type, into which it is converted\n\
         help: mark it with `#[constant]`, or make it of the generic type"
    )
}

pub(crate) fn unknown_method(name: &str) -> String {
    match crate::rules::TABLE.iter().find(|row| !row.method.is_empty() && distance(row.method, name) <= 1) {
        Some(row) => format!(
            "the method `{name}` has no known derivative\n\
             help: did you mean `{}`?",
            row.method
        ),
        None => format!(
            "the method `{name}` has no known derivative, and its receiver or an argument varies with the parameters\n\
             help: write it with the methods of `f64`"
        ),
    }
}

pub(crate) fn wrong_arity(name: &str, expected: usize, found: usize) -> String {
    let operands = if expected == 1 { "operand" } else { "operands" };
    format!(
        "`{name}` of `f64` takes {expected} {operands}, here it has {found}\n\
         help: a method of another type has no known derivative, write its arithmetic out"
    )
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
         help: declare it with its type, `let {name}: f64`, and lend it to nothing with `&mut`"
    )
}

pub(crate) const STRUCT_REFERENCE: &str = "a reference to a struct that varies with the parameters cannot be made to refer to another one\n\
    help: copy the struct, or assign through the reference: `*p = ..`";

pub(crate) const WHOLE_STRUCT: &str = "a struct or a tuple that varies with the parameters is used as a whole here\n\
    help: use its fields, or give those that are needed names with `let`";

pub(crate) const STRUCT_ARRAY_COPY: &str = "this copies an array out of a struct that changes the array as well\n\
    help: change the array under one name, or copy it with `to_vec` first";

pub(crate) const STRUCT_LOST: &str = "this part of a struct that varies with the parameters cannot be followed\n\
    help: make the struct with its fields, or keep the part in a variable of its own";

pub(crate) const STRUCT_INTEGER: &str = "a field of a local struct that is no float cannot be changed where other fields vary\n\
    help: keep it in a variable of its own";

pub(crate) const RETURNED_STRUCT: &str = "it cannot be seen which floats this returns\n\
    help: return a struct with its fields, `Point { x, y }`, or a variable that was made so";

pub(crate) const RETURNED_ARRAY: &str = "a struct that is returned cannot have an array among its fields\n\
    help: return its elements as fields, or write into a parameter such as `out: &mut [f64]`";

pub(crate) const ITEM_IN_BLOCK: &str = "an item in an inner block of a differentiated function is not supported\n\
     help: move it to the start of the function, or out of it";

pub(crate) const CHANGE_IN_MACRO: &str = "a variable that may change in a macro that is given a value that varies cannot be followed\n\
     help: compute what the macro is given in a `let` before it";

pub(crate) const CALL_IN_MACRO: &str = "what this call does with a value that varies with the parameters cannot be seen\n\
    help: compare the value itself, or leave the call out";

pub(crate) fn strange_attribute(name: &str) -> String {
    let instead = match name {
        "cfg" | "cfg_attr" => "use `if cfg!(..)`, or put the attribute on the function",
        _ => "leave it out, or put it on the function",
    };
    let reason = match name {
        "cfg" | "cfg_attr" => "the macro cannot see whether the code is there",
        _ => "the macro cannot see what it does",
    };
    format!("the attribute `{name}` in a differentiated function is not supported: {reason}\nhelp: {instead}")
}

pub(crate) const JUMP_IN_OPERAND: &str = "a jump out of an operand is not supported: the operands after it would still be evaluated\n\
     help: give the operand a name with `let` first";

pub(crate) fn float_type(scalar: &str) -> String {
    format!(
        "the float type of this value cannot be seen, where a `{scalar}` is meant\n\
         help: give its literals the suffix `_{scalar}`"
    )
}

pub(crate) const JUMP_IN_CONDITION: &str = "a jump out of a condition is not supported\n\
    help: give the condition a name with `let` first";

pub(crate) const JUMP_IN_MACRO: &str = "a jump in the arguments of a macro is not supported\n\
    help: jump before the macro is called";

pub(crate) fn cast_to_unknown(ty: &str) -> String {
    format!(
        "a cast to `{ty}` is not supported where a value varies with the parameters: it may be a float\n\
         help: cast to `f64` or `f32`, or to the integer type by its own name"
    )
}

pub(crate) fn not_the_parameter(name: &str) -> String {
    format!(
        "this `{name}` is not the parameter of that name, since a macro made one of them\n\
         help: give the parameter another name"
    )
}

pub(crate) fn own_name(ident: &proc_macro2::Ident) -> String {
    format!("the macro uses the name `{ident}` itself\nhelp: give the parameter another name")
}

pub(crate) fn item_hides_variable(name: &str) -> String {
    format!(
        "this item has the name of the variable `{name}`, and hides it in a way that the macro cannot follow\n\
         help: rename one of the two"
    )
}

pub(crate) fn item_hides_type(name: &str) -> String {
    format!(
        "this item hides the primitive type `{name}`, whose arithmetic is differentiated\n\
         help: give it another name"
    )
}

pub(crate) fn macro_names_variable(name: &str) -> String {
    format!(
        "a macro in the body that names the variable `{name}` of the function cannot be followed\n\
         help: pass it as an argument of the macro, or use another name in it"
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

/// A type as one writes it.
pub(crate) fn type_text(ty: &syn::Type) -> String {
    let mut text = String::new();
    write_tokens(ty.to_token_stream(), &mut text);
    text.trim_end().to_owned()
}

fn write_tokens(tokens: TokenStream, text: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::None => ("", ""),
                };
                text.push_str(open);
                write_tokens(group.stream(), text);
                text.push_str(close);
            }
            TokenTree::Punct(punct) => match punct.as_char() {
                c @ (',' | ';') => text.extend([c, ' ']),
                c @ ('+' | '=') => text.extend([' ', c, ' ']),
                '-' => text.push_str(" -"),
                '>' if text.ends_with(" -") => text.push_str("> "),
                c => text.push(c),
            },
            word @ (TokenTree::Ident(_) | TokenTree::Literal(_)) => {
                let after_lifetime = text.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next();
                if after_lifetime.is_some_and(|last| !last.is_empty()) {
                    text.push(' ');
                }
                text.push_str(&word.to_string());
            }
        }
    }
}

/// For a call of a closure that the macro does not see.
pub(crate) fn unknown_closure(name: &str) -> String {
    format!(
        "`{name}` is called with an active value, and its body is not visible here\n\
         help: define it with `let {name} = |..| ..` in this function, or write a `#[derivative]` function"
    )
}

pub(crate) const CLOSURE_IN_CALL: &str = "a closure that captures what varies with the parameters cannot be passed on: its derivative \
    would not be passed with it\n\
    help: write the function that calls it as a closure here, `let rule = |a, b| .. f(a) ..;`, and call that";

pub(crate) const CHAIN: &str = "these iterators cannot be put side by side, or in this order, as loops\n\
    help: collect one of them first, `let items: Vec<f64> = ...collect();`, and iterate over `items`";

/// For the source, or the adaptor, because of which the items of a chain cannot be followed.
pub(crate) fn chain_source(consumer: &str) -> String {
    format!(
        "the items that `{consumer}` is given vary with the parameters, and they cannot be followed through this\n\
         help: iterate over an array, a slice, a `Vec` or a range by the adaptors that are supported, or write the loop"
    )
}

/// For a method of an option that an active value is in.
pub(crate) fn option_method(name: &str) -> String {
    format!(
        "the method `{name}` of an `Option` is not supported where a value varies with the parameters\n\
         help: write it as `match` or `if let`"
    )
}

pub(crate) const KEPT_RESULT: &str = "a `Result` that holds a value which varies with the parameters cannot be kept\n\
    help: leave the function with its error, by `?`, or give an `Option` instead";

pub(crate) const TRY_IN_CLOSURE: &str = "this `?` leaves a closure with a `Result`, which cannot be followed\n\
    help: write `?` behind the call of the closure as well, and its type before its body, `|x| -> Result<f64, Error> { .. }`";

pub(crate) const PART_IN_OPTION: &str = "a part of an array in an `Option` is not supported where a value varies with the parameters\n\
    help: take it out with `if let Some(part) = ..`, `let .. else`, `?` or `unwrap`";

pub(crate) const BRANCHES: &str = "one branch gives a tuple or an option that is visible here, and the other one that is not\n\
    help: destructure the other before the branch";
