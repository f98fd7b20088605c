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

fn main() {}
