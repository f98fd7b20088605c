//! The reference page of the accepted language against the macro itself, line by line.

use super::support::expand;

const PAGE: &str = include_str!("../../../diff-runtime/docs/language.md");
const PARAMETERS: &str = "x: &[f64], a: f64, b: f64, n: usize, flag: bool, option: Option<i32>, data: &[usize]";

/// The bodies in the tables of the page, and whether they are accepted.
fn lines() -> Vec<(bool, String)> {
    let mut accepted = true;
    let mut found = Vec::new();
    for line in PAGE.lines() {
        if line.starts_with("| accepted") || line.starts_with("| rejected") {
            accepted = line.starts_with("| accepted");
        } else if let Some(rest) = line.strip_prefix("| `") {
            let end = rest.find("` |").expect("the code of a line ends before the next column");
            found.push((accepted, rest[..end].replace("\\|", "|")));
        }
    }
    found
}

#[test]
fn reference_page_tells_what_is_accepted() {
    let lines = lines();
    assert!(PAGE.contains(&PARAMETERS.replace('\n', " ")), "the page states the parameters of this test");
    assert!(lines.iter().filter(|(accepted, _)| *accepted).count() > 40, "the tables are found");
    assert!(lines.iter().filter(|(accepted, _)| !*accepted).count() > 4, "the tables are found");
    let mut wrong = String::new();
    for (accepted, body) in lines {
        let expansion = expand("", &format!("fn f({PARAMETERS}) -> f64 {{ {body} }}"));
        if expansion.contains("compile_error") == accepted {
            wrong.push_str(&format!("{body}\n  {}\n", errors(&expansion)));
        }
    }
    assert!(wrong.is_empty(), "not as the page says:\n{wrong}");
}

/// The messages in an expansion.
fn errors(expansion: &str) -> String {
    expansion.lines().skip_while(|line| !line.contains("compile_error")).take(4).collect()
}
