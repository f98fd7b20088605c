//! Structs that are passed on as a whole in ways that cannot be followed.

use diff_runtime::{Differentiable, derivative};

#[derive(Clone, Differentiable)]
struct Part {
    x: f64,
}

#[derive(Clone, Differentiable)]
struct State {
    part: Part,
    mass: f64,
    weights: Vec<f64>,
}

#[derive(Differentiable)]
struct NoClone {
    x: f64,
}

impl NoClone {
    #[derivative(wrt(self))]
    fn square(&self) -> f64 {
        self.x * self.x
    }
}

#[derivative(wrt(p))]
fn no_clone(p: &NoClone) -> f64 {
    p.square()
}

#[derivative(wrt(part))]
fn square(part: &Part) -> f64 {
    part.x * part.x
}

#[derivative]
fn constant(#[constant] part: &Part, x: f64) -> f64 {
    part.x * x
}

#[derivative(wrt(state, part))]
fn both(state: &State, part: &Part) -> f64 {
    state.mass * part.x
}

#[derivative(wrt(state))]
fn weighted(state: &State) -> f64 {
    state.weights[0] * state.mass
}

#[derivative(wrt(state))]
fn to_constant(state: &State) -> f64 {
    constant(&state.part, state.mass)
}

#[derivative(wrt(state))]
fn one_in_the_other(state: &State) -> f64 {
    both(state, &state.part)
}

#[derivative(wrt(state))]
fn changes_an_array(mut state: State) -> f64 {
    state.weights[0] = state.mass;
    weighted(&state)
}

#[derivative(wrt(part))]
fn turn(part: &mut Part) {
    part.x *= 2.0;
}

#[derivative(wrt(state))]
fn changes_a_part(mut state: State) -> f64 {
    turn(&mut state.part);
    weighted(&state)
}

#[derivative(wrt(states))]
fn element(states: &[Part], n: usize) -> f64 {
    square(&states[n])
}

#[derivative]
fn made_with_an_array(x: f64) -> f64 {
    let state = State { part: Part { x }, mass: x * x, weights: vec![x; 3] };
    weighted(&state)
}

fn main() {}
