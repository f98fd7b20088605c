//! A call in a macro that only looks at its arguments may keep a value, to be read again.

use diff_runtime::derivative;
use std::cell::Cell;

thread_local! {
    static LAST: Cell<f64> = Cell::new(0.0);
}

#[derivative]
fn global(x: f64) -> f64 {
    assert!({
        LAST.with(|last| last.set(x));
        true
    });
    LAST.with(Cell::get) * x
}

#[derivative]
fn method(x: f64) -> f64 {
    let cell = Cell::new(1.0);
    assert!(cell.replace(x) > 0.0);
    cell.get() * x
}

fn keep(cell: &Cell<f64>, x: f64) -> bool {
    cell.set(x);
    true
}

#[derivative]
fn function(x: f64) -> f64 {
    let cell = Cell::new(1.0);
    assert!(keep(&cell, x));
    cell.get() * x
}

fn main() {}
