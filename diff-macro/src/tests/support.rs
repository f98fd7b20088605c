//! Expands text to text.

use proc_macro2::{TokenStream, TokenTree};

/// The expansion of an attributed function, formatted.
pub(super) fn expand(options: &str, item: &str) -> String {
    let tokens = crate::expand::derivative(options.parse().unwrap(), item.parse().unwrap());
    let tokens = without_wrappers(tokens);
    let text = tokens.to_string();
    match syn::parse2::<syn::File>(tokens) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("the expansion does not parse: {error}\n{text}"),
    }
}

/// Companions that need an allocator stand in a macro call: here they stand for themselves.
fn without_wrappers(tokens: TokenStream) -> TokenStream {
    let mut out: Vec<TokenTree> = Vec::new();
    let mut trees = tokens.into_iter().peekable();
    while let Some(tree) = trees.next() {
        match tree {
            TokenTree::Ident(ident) if ident == "with_alloc" => {
                while out.last().is_some_and(is_of_path) {
                    out.pop();
                }
                trees.next();
                if let Some(TokenTree::Group(group)) = trees.next() {
                    out.extend(without_wrappers(group.stream()));
                }
            }
            TokenTree::Group(group) => {
                let inner = proc_macro2::Group::new(group.delimiter(), without_wrappers(group.stream()));
                out.push(TokenTree::Group(inner));
            }
            other => out.push(other),
        }
    }
    out.into_iter().collect()
}

fn is_of_path(tree: &TokenTree) -> bool {
    match tree {
        TokenTree::Punct(punct) => punct.as_char() == ':',
        TokenTree::Ident(ident) => ident == "diff_runtime" || ident == "private",
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    }
}

/// `EXPAND=file OPTIONS=options cargo test -p diff-macro print_one -- --nocapture` shows the expansion of each function in
/// a file, or of each, whether it is accepted, with `ERRORS=1`.
#[test]
fn print_one() {
    let Ok(path) = std::env::var("EXPAND") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    let options = std::env::var("OPTIONS").unwrap_or_default();
    let file: syn::File = syn::parse_str(&text).unwrap();
    for item in file.items {
        let syn::Item::Fn(function) = &item else { continue };
        let text = quote::quote!(#function).to_string();
        let expansion = expand(&options, &text);
        if std::env::var_os("ERRORS").is_none() {
            println!("{expansion}");
            continue;
        }
        let messages: Vec<&str> =
            expansion.split("compile_error").skip(1).filter_map(|rest| rest.split(';').next()).collect();
        println!("{} {}", if messages.is_empty() { "ok   " } else { "ERROR" }, function.sig.ident);
        messages.iter().for_each(|message| println!("    {message}"));
    }
}
