//! What a local macro makes of a variable of the function cannot be seen.

use diff_runtime::derivative;

#[derivative]
fn f(x: f64) -> f64 {
    macro_rules! get {
        () => {
            x
        };
    }
    let y = get!();
    y * y
}

fn main() {}
