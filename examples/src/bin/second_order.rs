//! A classifier of flowers, fitted by the second-order methods of argmin on generated gradients and Hessians: quasi-Newton,
//! a trust region, and Newton's method take tens of steps where descent takes hundreds.

use argmin::core::{Executor, State as _};
use argmin::solver::linesearch::MoreThuenteLineSearch;
use argmin::solver::newton::Newton;
use argmin::solver::quasinewton::LBFGS;
use argmin::solver::trustregion::{Steihaug, TrustRegion};
use diff_runtime::check::{check_hessian, check_points, random_points};
use diff_runtime::descent::Descent;
use diff_runtime::solvers::argmin::Problem;
use diff_runtime::{Differentiable as _, derivative};
use examples::iris::{FEATURES, Flowers, NAMES, PUBLISHED, PUBLISHED_DEVIANCE, ROUNDING, WEIGHTS};
use examples::report::{about, section, title};
use examples::scale::Scale;
use nalgebra::DVector;

/// The mean logistic loss: `-ln(p)`, with `p` the probability `1 / (1 + exp(-z))` that the model gives to the true species,
/// written so that no `exp` overflows.
#[derivative(hessian)]
fn loss(weights: &[f64], #[constant] rows: &[[f64; FEATURES]], #[constant] is_virginica: &[bool]) -> f64 {
    let mut sum = 0.0;
    for i in 0..rows.len() {
        let mut score = weights[FEATURES];
        for j in 0..FEATURES {
            score += weights[j] * rows[i][j];
        }
        let z = if is_virginica[i] { score } else { -score };
        sum += (-z).max(0.0) + (-z.abs()).exp().ln_1p();
    }
    sum / rows.len() as f64
}

/// The norm of the gradient at which a fit is finished.
const TOLERANCE: f64 = 1e-9;

fn main() {
    title("Second-order methods, on generated gradients and Hessians");
    section(
        "Which iris is it? (Anderson 1935, Fisher 1936)",
        "Four measurements of 50 versicolor and 50 virginica; logistic regression. The two species overlap little, so\n\
         that the loss is flat in some directions and steep in others.",
    );
    let (flowers, scale) = Flowers::load();
    let model = Model { flowers: &flowers, scale: &scale };
    model.check_hessian();
    println!("    {:<26}{:>12}{:>18}{:>20}", "method", "iterations", "deviance", "norm of gradient");
    model.by_descent();
    model.by_lbfgs();
    model.by_trust_region();
    let weights = model.by_newton();
    model.compare(&weights);
    println!("\nEvery method found the published weights.");
}

struct Model<'a> {
    flowers: &'a Flowers,
    scale: &'a Scale<FEATURES>,
}

impl Model<'_> {
    fn value(&self, weights: &[f64]) -> f64 {
        loss(weights, &self.flowers.rows, &self.flowers.is_virginica)
    }

    fn gradient_into(&self, weights: &[f64], gradient: &mut [f64]) {
        loss::gradient_into(weights, &self.flowers.rows, &self.flowers.is_virginica, gradient);
    }

    fn hessian_into(&self, weights: &[f64], hessian: &mut [f64]) {
        loss::hessian_into(weights, &self.flowers.rows, &self.flowers.is_virginica, hessian);
    }

    /// The generated Hessian agrees with finite differences of the generated gradient.
    fn check_hessian(&self) {
        let gradient = |weights: &[f64]| loss::gradient(weights, &self.flowers.rows, &self.flowers.is_virginica);
        let hessian = |weights: &[f64]| {
            let mut entries = vec![0.0; WEIGHTS * WEIGHTS];
            self.hessian_into(weights, &mut entries);
            entries
        };
        let corner = vec![2.0; WEIGHTS];
        let points = random_points(&corner.iter().map(|x| -x).collect(), &corner, 1).take(10);
        check_points(points, |weights: &Vec<f64>| check_hessian(gradient, hessian, weights)).assert();
    }

    fn by_descent(&self) {
        let objective = |weights: &[f64], gradient: &mut [f64]| {
            loss::value_and_gradient_into(weights, &self.flowers.rows, &self.flowers.is_virginica, gradient)
        };
        let descent = Descent::new().gradient_tolerance(TOLERANCE).max_iterations(200_000);
        let found = descent.minimize(objective, vec![0.0; WEIGHTS]).expect("the loss is finite");
        self.show("steepest descent", found.iterations, &found.point);
    }

    fn by_lbfgs(&self) {
        let problem = Problem::new(|w: &[f64]| self.value(w), |w: &[f64], g: &mut [f64]| self.gradient_into(w, g));
        let line_search = MoreThuenteLineSearch::new();
        let solver = LBFGS::new(line_search, 7).with_tolerance_grad(TOLERANCE).expect("the tolerance is positive");
        let result = Executor::new(problem, solver)
            .configure(|state| state.param(vec![0.0; WEIGHTS]).max_iters(200))
            .run()
            .expect("the loss is finite");
        let state = result.state();
        self.show("L-BFGS", state.get_iter() as usize, state.get_best_param().expect("it has run"));
    }

    fn by_trust_region(&self) {
        let problem = Problem::new(|w: &[f64]| self.value(w), |w: &[f64], g: &mut [f64]| self.gradient_into(w, g))
            .with_hessian(|w: &[f64], h: &mut [f64]| self.hessian_into(w, h));
        let solver = TrustRegion::<_, f64>::new(Steihaug::new().with_max_iters(20));
        let result = Executor::new(problem, solver)
            .configure(|state| state.param(vec![0.0; WEIGHTS]).max_iters(25))
            .run()
            .expect("the loss is finite");
        let state = result.state();
        self.show("trust region", state.get_iter() as usize, state.get_best_param().expect("it has run"));
    }

    /// Newton's method solves with the Hessian, which argmin does by the matrices of nalgebra.
    fn by_newton(&self) -> Vec<f64> {
        let problem = Problem::new(|w: &[f64]| self.value(w), |w: &[f64], g: &mut [f64]| self.gradient_into(w, g))
            .with_hessian(|w: &[f64], h: &mut [f64]| self.hessian_into(w, h));
        let result = Executor::new(problem, Newton::<f64>::new())
            .configure(|state| state.param(DVector::zeros(WEIGHTS)).max_iters(12))
            .run()
            .expect("the Hessian is positive definite");
        let state = result.state();
        let weights = state.get_param().expect("it has run").as_slice();
        self.show("Newton", state.get_iter() as usize, weights);
        weights.to_vec()
    }

    /// Prints where a method has come, which must be the minimum.
    fn show(&self, method: &str, iterations: usize, weights: &[f64]) {
        let mut gradient = [0.0; WEIGHTS];
        self.gradient_into(weights, &mut gradient);
        let deviance = 2.0 * self.flowers.rows.len() as f64 * self.value(weights);
        println!("    {method:<26}{iterations:>12}{deviance:>18.9}{:>20.1e}", gradient.norm());
        assert!(gradient.norm() <= TOLERANCE, "{method}: {:e}", gradient.norm());
        assert!((deviance - PUBLISHED_DEVIANCE).abs() <= ROUNDING, "{method}: {deviance}");
    }

    fn compare(&self, weights: &[f64]) {
        section("The check: the published fit", "The weights per centimetre, as R's glm finds them.");
        let weights: &[f64; WEIGHTS] = weights.try_into().expect("one weight per feature, and the intercept");
        for ((name, weight), published) in NAMES.iter().zip(self.scale.undo(weights)).zip(PUBLISHED) {
            about(name, weight, published, 1.01 * ROUNDING);
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_method_finds_the_published_weights() {
        super::main();
    }
}
