//! Slopes, partial derivatives, directions, the chain rule, extrema, descent: one function per idea.

use diff_runtime::descent::Descent;
use diff_runtime::finite_difference::{Scheme, derivative_with_step, secant_slope};
use diff_runtime::{derivative, directional_derivative, directional_derivative_along_unit, steepest_ascent};
use examples::report::{about, exactly, exactly_vector, say, section, show, show_vector, title};

/// Prints all examples.
pub(crate) fn run() {
    title("Part 1: derivatives, by example");
    slope_at_a_point();
    slope_of_a_sum();
    partial_derivatives();
    directions();
    steepest();
    chain_rule();
    chain_of_three();
    extremum();
    descent();
    descent_in_the_plane();
}

#[derivative]
fn square(x: f64) -> f64 {
    x.powi(2)
}

fn slope_at_a_point() {
    section(
        "1. The slope at a point: f(x) = x^2 at x = 3",
        "A secant through (3, f(3)) and a second point has an average slope. Move the second point closer, and\n\
         it tends to the derivative. A finite difference stops on the way; #[derivative] gives the limit itself.",
    );
    exactly("secant from 3 to 5", secant_slope(square, 3.0, 5.0), 8.0);
    exactly("secant from 3 to 4", secant_slope(square, 3.0, 4.0), 7.0);
    about("secant from 3 to 3.1", secant_slope(square, 3.0, 3.1), 6.1, 1e-12);
    let difference = derivative_with_step(Scheme::Forward, square, 3.0, 0.0001);
    about("finite difference, h = 0.0001", difference, 6.0001, 1e-9);
    exactly("square::derivative(3)", square::derivative(3.0), 6.0);
}

#[derivative]
fn square_plus_three(x: f64) -> f64 {
    x.powi(2) + 3.0
}

fn slope_of_a_sum() {
    section(
        "2. A constant moves the curve and not its slope: f(x) = x^2 + 3",
        "The derivative of a sum is the sum of the derivatives, and that of 3 is 0: 2 x again.",
    );
    for x in [-1.0, 0.0, 3.0] {
        let (value, slope) = square_plus_three::value_and_derivative(x);
        println!("    at x = {x:>2}: the value is {value:>2}, the slope {slope:>2}");
        assert_eq!((value, slope), (x * x + 3.0, 2.0 * x));
    }
}

#[derivative(partials)]
fn product_of_powers(x: f64, z: f64) -> f64 {
    2.0 * z.powi(3) * x.powi(2)
}

fn partial_derivatives() {
    section(
        "3. Partial derivatives: f(x, z) = 2 z^3 x^2 at (3, 2)",
        "Hold all variables but one, and differentiate in that one: df/dx = 4 z^3 x, df/dz = 6 z^2 x^2.\n\
         The gradient is the vector of all of them.",
    );
    exactly("f(3, 2)", product_of_powers(3.0, 2.0), 144.0);
    exactly("f::partial_x(3, 2)", product_of_powers::partial_x(3.0, 2.0), 96.0);
    exactly("f::partial_z(3, 2)", product_of_powers::partial_z(3.0, 2.0), 216.0);
    exactly_vector("f::gradient(3, 2)", &product_of_powers::gradient(3.0, 2.0), &[96.0, 216.0]);
}

#[derivative]
fn of_three(x: f64, y: f64, z: f64) -> f64 {
    x.powi(2) * y + y * z
}

fn directions() {
    section(
        "4. The slope in a direction: f(x, y, z) = x^2 y + y z at (1, 2, 3) along v = (2, 3, -1)",
        "The directional derivative is 2 df/dx + 3 df/dy - 1 df/dz: the inner product of gradient and v. It is\n\
         per step of v; per unit of distance it is divided by the length of v. The companion jvp computes it in\n\
         one pass, without the gradient.",
    );
    let direction = [2.0, 3.0, -1.0];
    let gradient = of_three::gradient(1.0, 2.0, 3.0);
    exactly_vector("f::gradient(1, 2, 3)", &gradient, &[4.0, 4.0, 2.0]);
    exactly("along v: 2 * 4 + 3 * 4 - 1 * 2", directional_derivative(&gradient, &direction), 18.0);
    let (_, tangent) = of_three::jvp(1.0, 2.0, 3.0, 2.0, 3.0, -1.0);
    exactly("f::jvp(1, 2, 3, 2, 3, -1)", tangent, 18.0);
    let along_unit = directional_derivative_along_unit(&gradient, &direction).expect("v is not zero");
    about("along v / |v|: 18 / sqrt(14)", along_unit, 18.0 / 14.0_f64.sqrt(), 1e-14);
}

#[derivative]
fn saddle(x: f64, y: f64) -> f64 {
    2.0 * x.powi(2) - y.powi(2)
}

fn steepest() {
    section(
        "5. The steepest way up: f(x, y) = 2 x^2 - y^2 at (1, 2)",
        "No direction climbs faster than the gradient, (4 x, -2 y), and the rate is its length. The opposite\n\
         direction descends fastest; across the gradient, the function does not change.",
    );
    let gradient = saddle::gradient(1.0, 2.0);
    exactly_vector("f::gradient(1, 2)", &gradient, &[4.0, -4.0]);
    let (direction, rate) = steepest_ascent(&gradient).expect("the gradient is not zero");
    show_vector("steepest direction", &direction);
    about("rate along it: sqrt(32)", rate, 32.0_f64.sqrt(), 1e-14);
    for degrees in [-90.0, -45.0, 0.0, 45.0, 90.0, 135.0] {
        let (sin, cos) = f64::to_radians(degrees).sin_cos();
        let (_, along) = saddle::jvp(1.0, 2.0, cos, sin);
        show(&format!("rate at {degrees:>3} degrees"), (along * 1e12).round() / 1e12);
        assert!(along <= rate * (1.0 + 1e-15));
    }
}

#[derivative]
fn cube_of_square(x: f64) -> f64 {
    x.powi(2).powi(3)
}

fn chain_rule() {
    section("6. The chain rule: f(x) = (x^2)^3", "With u = x^2, f = u^3: df/dx = df/du du/dx = 3 u^2 * 2 x = 6 x^5.");
    for x in [1.0, 2.0, -2.0] {
        exactly(&format!("f::derivative({x})"), cube_of_square::derivative(x), 6.0 * f64::powi(x, 5));
    }
}

#[derivative]
fn sine_of_square(x: f64) -> f64 {
    (4.0 * x).powi(2).sin()
}

fn chain_of_three() {
    section(
        "7. A longer chain: f(x) = sin((4 x)^2)",
        "Three functions in each other: cos((4 x)^2) * 2 (4 x) * 4 = 32 x cos(16 x^2).",
    );
    for x in [0.0_f64, 0.5, 1.0] {
        let expected = 32.0 * x * (16.0 * x.powi(2)).cos();
        about(&format!("f::derivative({x})"), sine_of_square::derivative(x), expected, 1e-12);
    }
}

#[derivative]
fn hill(x: f64, y: f64) -> f64 {
    5.0 - (x - 1.0).powi(2) - 2.0 * (y + 2.0).powi(2)
}

fn extremum() {
    section(
        "8. The gradient is zero at an extremum: f(x, y) = 5 - (x - 1)^2 - 2 (y + 2)^2",
        "On the top of the hill, (1, -2), no direction climbs. The converse does not hold: 2 x^2 - y^2 has a\n\
         zero gradient at (0, 0), and a saddle there.",
    );
    exactly_vector("f::gradient(0, 0)", &hill::gradient(0.0, 0.0), &[2.0, -8.0]);
    let top = hill::gradient(1.0, -2.0);
    exactly_vector("f::gradient(1, -2)", &top, &[0.0, 0.0]);
    assert_eq!(steepest_ascent(&top), None);
    exactly_vector("gradient of the saddle at (0, 0)", &saddle::gradient(0.0, 0.0), &[0.0, 0.0]);
}

#[derivative]
fn parabola(x: f64) -> f64 {
    (x - 3.0).powi(2)
}

fn descent() {
    section(
        "9. Gradient descent: f(x) = (x - 3)^2 from x = 8",
        "Step against the slope, again and again: x <- x - 0.1 f'(x). Each step leaves 0.8 of the distance.",
    );
    println!("    {:>4}{:>14}{:>14}{:>14}", "step", "x", "f(x)", "f'(x)");
    let mut x = 8.0;
    for step in 0..=50 {
        let (value, slope) = parabola::value_and_derivative(x);
        if step < 3 || step % 10 == 0 {
            println!("    {step:>4}{x:>14.8}{value:>14.8}{slope:>14.8}");
        }
        let expected = 3.0 + 5.0 * f64::powi(0.8, step);
        assert!((x - expected).abs() < 1e-12, "step {step}: {x}, not {expected}");
        x -= 0.1 * slope;
    }
}

#[derivative]
fn bowl(x: f64, y: f64) -> f64 {
    (x - 1.0).powi(2) + 3.0 * (y + 2.0).powi(2) + x * y
}

fn descent_in_the_plane() {
    section(
        "10. The same in two variables: f(x, y) = (x - 1)^2 + 3 (y + 2)^2 + x y from (0, 0)",
        "The descent of diff_runtime takes the companion value_and_gradient as it is, finds its own step sizes,\n\
         and stops where the gradient is zero to within a tolerance: at (24/11, -26/11).",
    );
    let found = Descent::new()
        .gradient_tolerance(1e-9)
        .minimize(bowl::value_and_gradient, [0.0, 0.0])
        .expect("the bowl has a lowest point");
    assert!(found.reason.is_convergence());
    about("x", found.point[0], 24.0 / 11.0, 1e-9);
    about("y", found.point[1], -26.0 / 11.0, 1e-9);
    about("f(x, y)", found.value, -37.0 / 11.0, 1e-9);
    say(&format!("after {} iterations.", found.iterations));
}
