use diff_runtime::derivative;

#[derivative(wrt(r#type), partials)]
fn r#match(r#type: f64, r#fn: f64) -> f64 {
    let r#let = r#type * r#fn;
    let mut r#loop = r#let;
    for r#in in 0..2 {
        r#loop = r#loop * r#type + r#in as f64;
    }
    r#loop
}

fn main() {
    // type^3 fn + 1
    assert_eq!(r#match::derivative(2.0, 3.0), 36.0);
    assert_eq!(r#match::partial_type(2.0, 3.0), 36.0);
    assert_eq!(r#match::vjp(2.0, 3.0, 1.0), (25.0, 36.0));
    assert_eq!(r#match::jvp(2.0, 3.0, 1.0), (25.0, 36.0));
}
