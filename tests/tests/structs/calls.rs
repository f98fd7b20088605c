//! Structs that are passed to other functions as a whole.

use diff_runtime::{Differentiable, derivative};

use crate::case;
use crate::parameters::{A, B, Decay, Vec3, decay};

#[derive(Clone, Debug, PartialEq, Differentiable)]
struct Body {
    position: Vec3,
    velocity: Vec3,
    mass: f64,
    charges: Vec<f64>,
    steps: usize,
}

fn body() -> Body {
    Body { position: A, velocity: B, mass: 2.5, charges: vec![0.4, -0.3, 0.9], steps: 3 }
}

#[derivative(wrt(v))]
fn square(v: &Vec3) -> f64 {
    v.x * v.x + v.y * v.y + v.z.powi(2)
}

#[derivative(wrt(v))]
fn square_of_value(v: Vec3) -> f64 {
    v.x * v.x + v.y * v.y + v.z.powi(2)
}

#[derivative(wrt(body))]
fn charge(body: &Body, scale: f64) -> f64 {
    let mut sum = scale;
    for q in &body.charges {
        sum = sum * q.cos() + q * scale * body.mass;
    }
    sum * body.steps as f64
}

#[derivative(wrt(body))]
fn kinetic(body: &Body) -> f64 {
    0.5 * body.mass * square(&body.velocity)
}
case!(part_is_passed, kinetic, &body());

#[derivative(wrt(body))]
fn kinetic_by_value(body: &Body) -> f64 {
    0.5 * body.mass * square_of_value(body.velocity.clone()) + square(&body.position).sin()
}
case!(copy_of_a_part_is_passed, kinetic_by_value, &body());

#[derivative(wrt(body))]
fn total(body: &Body) -> f64 {
    kinetic(body) + charge(body, body.mass * 0.3) * body.velocity.x
}
case!(whole_is_passed, total, &body());

#[derivative(wrt(body))]
fn deeper(body: &Body) -> f64 {
    total(body).sin() + 0.1 * total(&body) * body.mass
}
case!(whole_is_passed_deeper, deeper, &body());

#[derivative(wrt(body))]
fn in_loop(body: &Body) -> f64 {
    let mut x = 0.3;
    for k in 0..body.steps {
        if k % 2 == 0 {
            x = charge(body, x * 0.5).sin();
        } else {
            x += 0.01 * kinetic(body);
        }
    }
    x
}
case!(whole_is_passed_in_a_loop, in_loop, &body());

#[derivative(wrt(body))]
fn recursive(body: &Body, depth: usize, x: f64) -> f64 {
    if depth == 0 { charge(body, x) } else { recursive(body, depth - 1, x * body.mass * 0.3).sin() + x }
}

#[derivative(wrt(body))]
fn recursion(body: &Body) -> f64 {
    recursive(body, 4, body.velocity.y)
}
case!(whole_is_passed_recursively, recursion, &body());

impl Body {
    #[derivative(wrt(self))]
    fn momentum(&self, factor: f64) -> f64 {
        self.mass * self.velocity.x * factor
    }

    #[derivative(wrt(self))]
    fn both(&self, factor: f64) -> f64 {
        self.momentum(factor) + self.velocity.dot(&self.position) * self.mass + charge(self, factor)
    }

    #[derivative(wrt(self))]
    fn by_paths(&self) -> f64 {
        Self::momentum(self, 2.0) * Body::both(&self, self.mass) + Vec3::dot(&self.velocity, &self.velocity)
    }
}

impl Vec3 {
    #[derivative(wrt(self, other))]
    fn dot(&self, other: &Vec3) -> f64 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }
}

case!(methods_of_self, body(), |p| p.both(0.7), |p, d| p.both_jvp(0.7, &d), |p, s| p.both_vjp(0.7, s));
case!(methods_by_paths, body(), |p| p.by_paths(), |p, d| p.by_paths_jvp(&d), |p, s| p.by_paths_vjp(s));

#[derivative(wrt(body, p))]
fn methods_of_others(body: &Body, p: &Decay) -> f64 {
    body.momentum(p.start) * body.both(p.rate) + body.position.dot(&body.velocity)
}
case!(
    methods_of_parameters,
    (body(), decay()),
    |(b, p)| methods_of_others(&b, &p),
    |(b, p), (c, d)| methods_of_others::jvp(&b, &p, &c, &d),
    |(b, p), s| methods_of_others::vjp(&b, &p, s)
);

#[derivative]
fn made_for_a_call(x: f64, y: f64) -> f64 {
    let v = Vec3 { x: x * y, y: y.sin(), z: 2.0 };
    let scale = square(&v) + square_of_value(v) + square(&Vec3 { x, y, z: x });
    scale * v.x
}
case!(
    structs_of_the_function_are_passed,
    (0.4, 1.3),
    |(x, y)| made_for_a_call(x, y),
    |(x, y), (c, d)| made_for_a_call::jvp(x, y, c, d),
    |(x, y), s| {
        let (value, [a, b]) = made_for_a_call::vjp(x, y, s);
        (value, (a, b))
    }
);

#[derivative]
fn pair(p: (f64, f64)) -> f64 {
    p.0 * p.1.exp()
}

#[derivative]
fn made_in_a_loop(x: f64, y: f64) -> f64 {
    let mut v = Vec3 { x, y, z: 0.5 };
    let mut sum = 0.0;
    for k in 0..4 {
        v.x = square(&v).sin();
        v.z += pair((v.x, y)) * 0.1;
        if k > 1 {
            sum += v.dot(&Vec3 { x: sum, y: 1.0, z: x });
        }
    }
    sum + v.z
}
case!(
    structs_of_the_function_are_passed_in_a_loop,
    (0.4, 1.3),
    |(x, y)| made_in_a_loop(x, y),
    |(x, y), (c, d)| made_in_a_loop::jvp(x, y, c, d),
    |(x, y), s| {
        let (value, [a, b]) = made_in_a_loop::vjp(x, y, s);
        (value, (a, b))
    }
);

#[derivative(wrt(body))]
fn changed_copy(body: &Body) -> f64 {
    let mut other = body.clone();
    other.mass *= body.velocity.x;
    other.position.x = kinetic(&other);
    kinetic(&other) * charge(&other, 0.3) + square(&other.position)
}
case!(changed_copies_are_passed, changed_copy, &body());

#[derivative(wrt(body))]
fn changed_parameter(mut body: Body) -> f64 {
    let before = kinetic(&body);
    body.mass = body.mass * body.mass + before;
    body.velocity.x *= 0.5;
    kinetic(&body) + charge(&body, before) * body.mass
}
case!(changed_parameters_are_passed, changed_parameter, body());

#[derivative(wrt(body))]
fn advance(body: &mut Body, dt: f64) {
    body.position.x += dt * body.velocity.x * body.mass;
    body.velocity.x -= dt * body.position.x.sin();
    for q in 0..body.charges.len() {
        body.charges[q] *= body.position.x;
    }
}

#[derivative(wrt(v))]
fn turn(v: &mut Vec3, angle: f64) {
    let x = v.x * angle.cos() - v.y * angle.sin();
    v.y = v.x * angle.sin() + v.y * angle.cos();
    v.x = x;
}

#[derivative(wrt(body))]
fn advanced(mut body: Body) -> f64 {
    let start = body.mass;
    for _ in 0..3 {
        advance(&mut body, 0.1);
        body.mass *= 1.1;
    }
    charge(&body, start) + body.mass * body.velocity.y + kinetic(&body)
}
case!(structs_are_changed_by_functions, advanced, body());

#[derivative(wrt(body))]
fn with_a_changed_part(mut body: Body) -> f64 {
    let start = body.velocity.x;
    for k in 0..3 {
        turn(&mut body.velocity, 0.2 * body.mass);
        if k != 1 {
            body.velocity.y *= body.position.x;
        }
    }
    square(&body.velocity) * start + body.velocity.x.sin() + square(&body.position)
}
case!(parts_are_changed_by_functions, with_a_changed_part, body());

#[derivative]
fn turned(x: f64, y: f64) -> f64 {
    let mut v = Vec3 { x, y, z: 1.0 };
    turn(&mut v, x * y);
    v.z *= v.x;
    turn(&mut v, 0.3);
    v.x * v.y.sin() + v.z
}
case!(
    structs_of_the_function_are_changed_by_functions,
    (0.4, 1.3),
    |(x, y)| turned(x, y),
    |(x, y), (c, d)| turned::jvp(x, y, c, d),
    |(x, y), s| {
        let (value, [a, b]) = turned::vjp(x, y, s);
        (value, (a, b))
    }
);

#[derivative(wrt(body))]
fn twice(body: &mut Body, dt: f64) {
    advance(body, dt);
    body.mass += body.position.x;
    advance(body, dt * body.mass);
}

/// The mass of what `twice` leaves.
fn twice_of(body: &Body) -> Body {
    let mut body = body.clone();
    twice(&mut body, 0.2);
    body
}
case!(
    parameters_are_changed_by_functions,
    body(),
    |b| twice_of(&b),
    |mut b, mut d| {
        twice::jvp(&mut b, 0.2, &mut d);
        (b, d)
    },
    |mut b, mut s| {
        twice::vjp(&mut b, 0.2, &mut s);
        (b, s)
    }
);

impl Body {
    #[derivative(wrt(self))]
    fn kick(&mut self, by: f64) {
        self.velocity.x += by * self.mass;
        self.mass *= 1.1;
    }

    #[derivative(wrt(self))]
    fn kicked(&mut self, by: f64) {
        let momentum = self.momentum(by);
        self.kick(momentum);
        self.velocity.z *= self.mass;
        self.kick(by);
    }
}
case!(
    methods_change_their_receivers,
    body(),
    |mut b| {
        b.kicked(0.2);
        b
    },
    |mut b, mut d| {
        b.kicked_jvp(0.2, &mut d);
        (b, d)
    },
    |mut b, mut s| {
        b.kicked_vjp(0.2, &mut s);
        (b, s)
    }
);

#[derivative(wrt(body))]
fn reads_arrays_too(body: &Body) -> f64 {
    let mut sum = charge(body, body.charges[1]);
    for q in &body.charges {
        sum += q * charge(body, *q) * body.mass;
    }
    sum
}
case!(arrays_are_read_beside_calls, reads_arrays_too, &body());

#[derivative(wrt(body))]
fn of_all(body: &Body) -> f64 {
    let made = made_in_a_loop(body.mass, body.velocity.x) + made_for_a_call(body.position.z, 0.3);
    let mut other = body.clone();
    other.mass = made.sin();
    changed_copy(body) * advanced(body.clone()).cos() + in_loop(&other) + reads_arrays_too(&other)
        - changed_parameter(body.clone()) * turned(body.mass, 0.1)
}
case!(functions_with_calls_are_called, of_all, &body());

#[derivative(wrt(body))]
fn of_all_again(body: &Body) -> f64 {
    let mut x: f64 = 1.0;
    for _ in 0..2 {
        x = (1e-3 * of_all(body)).sin() * x + 0.1 * with_a_changed_part(body.clone());
    }
    x
}
case!(functions_with_calls_are_called_again, of_all_again, &body());

#[derivative(wrt(a, b))]
fn by_path_of_parameters(a: &Vec3, b: &Vec3) -> f64 {
    Vec3::dot(a, b) * square(a)
}

#[derivative(wrt(body))]
fn by_path_through_calls(body: &Body) -> f64 {
    by_path_of_parameters(&body.position, &body.velocity) + by_path_of_parameters(&body.position, &body.position)
}
case!(methods_by_paths_of_parameters, by_path_through_calls, &body());
