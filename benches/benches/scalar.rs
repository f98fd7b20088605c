//! The time of each loop by itself. For ratios see the bench `ratios`, which interleaves the two sides.

use benches::{Buffer, CASES, Case, Loop};
use divan::Bencher;
use divan::counter::ItemsCount;

fn main() {
    divan::main();
}

fn names() -> impl Iterator<Item = &'static str> {
    CASES.iter().map(|case| case.name)
}

fn find(name: &str) -> Case {
    CASES.into_iter().find(|case| case.name == name).unwrap()
}

fn run(bencher: Bencher<'_, '_>, case: Case, side: Loop) {
    let x = Buffer::spread(case.interval);
    let mut y = Buffer::zeros();
    bencher.counter(ItemsCount::new(x.0.len())).bench_local(|| {
        side(divan::black_box(&x.0), &mut y.0);
        divan::black_box(&y.0);
    });
}

#[divan::bench(args = names())]
fn generated(bencher: Bencher<'_, '_>, name: &str) {
    let case = find(name);
    run(bencher, case, case.generated);
}

#[divan::bench(args = names())]
fn by_hand(bencher: Bencher<'_, '_>, name: &str) {
    let case = find(name);
    run(bencher, case, case.by_hand);
}
