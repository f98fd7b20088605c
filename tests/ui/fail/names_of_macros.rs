use diff_runtime::derivative;

macro_rules! with_body {
    ($name:ident, $body:expr) => {
        #[derivative]
        fn $name(x: f64) -> f64 {
            $body
        }
    };
}
with_body!(foreign_parameter, x * x);

#[derivative]
fn own_name(__value_1: f64) -> f64 {
    __value_1 * __value_1
}

fn main() {}
