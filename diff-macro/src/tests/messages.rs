//! Every message of `diagnostics.rs` is shown by a case in `tests/ui/fail`.

use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::Visit;

/// Messages that no case shows, with the reason.
const WITHOUT_A_CASE: &[(&str, &str)] = &[
    ("internal error:", "a defect, of which none is known"),
    ("is not a float variable that the macro can follow", "what is lent is reported where it is lent: a second guard"),
    ("this function has syntax that is not supported:", "what rustc accepts and syn does not is nothing stable"),
];

/// A piece of text that is shorter tells nothing about where it comes from.
const TELLING: usize = 15;

/// The first lines of the messages: string literals, also in the arguments of `format!`.
#[derive(Default)]
struct Messages(Vec<String>);

impl<'a> Visit<'a> for Messages {
    fn visit_lit_str(&mut self, text: &'a syn::LitStr) {
        self.0.extend(text.value().lines().next().map(str::to_owned));
    }

    /// Documentation is an attribute.
    fn visit_attribute(&mut self, _: &'a syn::Attribute) {}

    fn visit_macro(&mut self, mac: &'a syn::Macro) {
        self.visit_tokens(mac.tokens.clone());
    }
}

impl Messages {
    fn visit_tokens(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => self.visit_tokens(group.stream()),
                TokenTree::Literal(literal) => {
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.visit_lit_str(&text);
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }
}

/// The longest piece of a format string that is written as it stands.
fn longest_piece(format: &str) -> &str {
    let pieces = format.split('{').map(|piece| piece.rsplit('}').next().unwrap_or_default());
    pieces.max_by_key(|piece| piece.len()).unwrap_or_default().trim()
}

/// What rustc prints for all cases.
fn shown() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/ui/fail");
    let files = fs::read_dir(folder).expect("the cases are there").map(|entry| entry.expect("an entry").path());
    let outputs = files.filter(|path| path.extension().is_some_and(|extension| extension == "stderr"));
    outputs.map(|path| fs::read_to_string(path).expect("a readable file")).collect()
}

#[test]
fn every_message_has_a_case() {
    let file = syn::parse_file(include_str!("../diagnostics.rs")).expect("Rust");
    let mut messages = Messages::default();
    messages.visit_file(&file);
    let shown = shown();
    let telling: Vec<&str> = messages.0.iter().map(|message| longest_piece(message)).collect();
    let telling = telling.into_iter().filter(|piece| piece.len() >= TELLING);
    let excused =
        |piece: &str| WITHOUT_A_CASE.iter().any(|(start, _)| piece.trim_start_matches(['`', ' ']).starts_with(start));
    let (without, with): (Vec<&str>, Vec<&str>) = telling.partition(|piece| !shown.contains(piece) && !excused(piece));
    assert!(with.len() > 60, "the messages are found: {}", with.len());
    assert!(without.is_empty(), "messages that no case in `tests/ui/fail` shows: {without:#?}");
}
