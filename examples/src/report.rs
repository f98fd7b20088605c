//! Numbers enter, aligned lines of text leave; every expected number is asserted.

/// The columns of a label.
const LABEL: usize = 44;
/// The columns of a number or vector.
const VALUE: usize = 22;

/// Prints the title of a part.
pub fn title(text: &str) {
    println!("\n{text}\n{}", "=".repeat(text.chars().count()));
}

/// Prints the heading of a section, and what it is about.
pub fn section(heading: &str, explanation: &str) {
    println!("\n{heading}\n{}", "-".repeat(heading.chars().count()));
    say(explanation);
    println!();
}

/// Prints an explanation.
pub fn say(text: &str) {
    for line in text.lines() {
        println!("  {line}");
    }
}

/// Prints a number with its label.
pub fn show(label: &str, value: f64) {
    println!("    {label:<LABEL$}{:>VALUE$}", number(value, 10));
}

/// Prints a vector with its label.
pub fn show_vector(label: &str, vector: &[f64]) {
    let components: Vec<String> = vector.iter().map(|&x| number(x, 6)).collect();
    println!("    {label:<LABEL$}{:>VALUE$}", format!("[{}]", components.join(", ")));
}

/// Prints a number that is exactly as expected.
///
/// # Panics
///
/// If it is not.
pub fn exactly(label: &str, value: f64, expected: f64) {
    show(label, value);
    assert_eq!(value, expected, "{label}");
}

/// Prints a vector that is exactly as expected.
///
/// # Panics
///
/// If it is not.
pub fn exactly_vector(label: &str, vector: &[f64], expected: &[f64]) {
    show_vector(label, vector);
    assert_eq!(vector, expected, "{label}");
}

/// Prints a number that is as expected to within a tolerance.
///
/// # Panics
///
/// If it is not.
pub fn about(label: &str, value: f64, expected: f64, tolerance: f64) {
    show(label, value);
    let error = (value - expected).abs();
    assert!(error <= tolerance, "{label}: {value} differs from {expected} by {error:e}, more than {tolerance:e}");
}

/// A number with at most so many decimals, without trailing zeros.
fn number(value: f64, decimals: usize) -> String {
    if value != 0.0 && value.abs() < 1e-6 {
        return format!("{value:.1e}");
    }
    let text = format!("{value:.decimals$}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        assert_eq!(number(6.0, 10), "6");
        assert_eq!(number(6.000_100_000_012, 10), "6.0001");
        assert_eq!(number(-0.5, 10), "-0.5");
        assert_eq!(number(-0.0, 10), "0");
        assert_eq!(number(2.5e-9, 10), "2.5e-9");
        assert_eq!(number(100.0, 10), "100");
        assert_eq!(number(2.0_f64.sqrt(), 6), "1.414214");
    }
}
