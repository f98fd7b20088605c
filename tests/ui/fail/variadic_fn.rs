use diff_runtime::derivative;

#[derivative]
extern "C" fn f(x: f64, _args: ...) -> f64 {
    x * x
}

fn main() {}
