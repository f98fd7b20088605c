//! Expands text to text.

/// The expansion of an attributed function, formatted.
pub(super) fn expand(options: &str, item: &str) -> String {
    let tokens = crate::expand::derivative(options.parse().unwrap(), item.parse().unwrap());
    let text = tokens.to_string();
    match syn::parse2::<syn::File>(tokens) {
        Ok(file) => prettyplease::unparse(&file),
        Err(error) => panic!("the expansion does not parse: {error}\n{text}"),
    }
}

/// `EXPAND=file OPTIONS=options cargo test -p diff-macro print_one -- --nocapture` shows the expansion of a function.
#[test]
fn print_one() {
    let Ok(path) = std::env::var("EXPAND") else { return };
    let text = std::fs::read_to_string(path).unwrap();
    println!("{}", expand(&std::env::var("OPTIONS").unwrap_or_default(), &text));
}
