//! Curves through measurements: nonlinear least squares by the Levenberg-Marquardt method, on generated Jacobians.
//!
//! The problems are those by which statistical software is judged: the Statistical Reference Datasets of NIST, whose best
//! parameters are certified to eleven digits (<https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml>).

use diff_runtime::derivative;
use diff_runtime::solvers::levenberg_marquardt::LeastSquares;
use examples::report::{about, section, show, title};
use levenberg_marquardt::LevenbergMarquardt;
use nalgebra::DMatrix;

/// The residuals of the exponential model `b1 (1 - exp(-b2 x))`.
#[derivative]
fn misra1a(b: &[f64], #[constant] x: &[f64], #[constant] y: &[f64], out: &mut [f64]) {
    for i in 0..x.len() {
        out[i] = b[0] * (1.0 - (-b[1] * x[i]).exp()) - y[i];
    }
}

/// The residuals of the rational model `b1 (x^2 + b2 x) / (x^2 + b3 x + b4)`.
#[derivative]
fn mgh09(b: &[f64], #[constant] x: &[f64], #[constant] y: &[f64], out: &mut [f64]) {
    for i in 0..x.len() {
        let square = x[i] * x[i];
        out[i] = b[0] * (square + b[1] * x[i]) / (square + b[2] * x[i] + b[3]) - y[i];
    }
}

/// The residuals of the rational model `(b1 + b2 x + b3 x^2 + b4 x^3) / (1 + b5 x + b6 x^2 + b7 x^3)`.
#[derivative]
fn thurber(b: &[f64], #[constant] x: &[f64], #[constant] y: &[f64], out: &mut [f64]) {
    for i in 0..x.len() {
        let above = b[0] + x[i] * (b[1] + x[i] * (b[2] + x[i] * b[3]));
        let below = 1.0 + x[i] * (b[4] + x[i] * (b[5] + x[i] * b[6]));
        out[i] = above / below - y[i];
    }
}

/// `residuals(b, x, y, out)`.
type Residuals = fn(&[f64], &[f64], &[f64], &mut [f64]);
/// `jacobian_into(b, x, y, out, jacobian)`.
type JacobianInto = fn(&[f64], &[f64], &[f64], &mut [f64], &mut [f64]);

/// A data set with its model, and what is certified of the best fit.
struct Problem {
    name: &'static str,
    about: &'static str,
    residuals: Residuals,
    jacobian_into: JacobianInto,
    x: &'static [f64],
    y: &'static [f64],
    /// Where to begin: far away, and near.
    starts: [&'static [f64]; 2],
    /// The certified parameters and their standard deviations.
    certified: &'static [(f64, f64)],
    /// The certified residual sum of squares.
    certified_sum: f64,
}

const MISRA1A: Problem = Problem {
    name: "Misra1a: adsorption on a single layer (Misra 1978)",
    about: "14 measurements of dental research, pressure against volume. The model: b1 (1 - exp(-b2 x)).",
    residuals: misra1a,
    jacobian_into: misra1a::jacobian_into,
    x: &[77.6, 114.9, 141.1, 190.8, 239.9, 289.0, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760.0],
    y: &[10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.40, 75.47, 81.78],
    starts: [&[500.0, 0.0001], &[250.0, 0.0005]],
    certified: &[(2.389_421_291_8e2, 2.707_007_524_1), (5.501_564_318_1e-4, 7.266_868_843_6e-6)],
    certified_sum: 1.245_513_889_4e-1,
};

const MGH09: Problem = Problem {
    name: "MGH09: an enzyme reaction (Kowalik & Osborne 1968)",
    about: "11 measurements; level of difficulty: higher. The model: b1 (x^2 + b2 x) / (x^2 + b3 x + b4).",
    residuals: mgh09,
    jacobian_into: mgh09::jacobian_into,
    x: &[4.0, 2.0, 1.0, 0.5, 0.25, 0.167, 0.125, 0.1, 0.0833, 0.0714, 0.0625],
    y: &[0.1957, 0.1947, 0.1735, 0.16, 0.0844, 0.0627, 0.0456, 0.0342, 0.0323, 0.0235, 0.0246],
    starts: [&[25.0, 39.0, 41.5, 39.0], &[0.25, 0.39, 0.415, 0.39]],
    certified: &[
        (1.928_069_345_8e-1, 1.143_531_222_7e-2),
        (1.912_823_287_3e-1, 1.963_322_091_1e-1),
        (1.230_565_069_3e-1, 8.084_203_123_2e-2),
        (1.360_623_306_8e-1, 9.002_554_230_8e-2),
    ],
    certified_sum: 3.075_056_038_5e-4,
};

const THURBER: Problem = Problem {
    name: "Thurber: the mobility of electrons in semiconductors (Thurber 1979)",
    about: "37 measurements over the logarithm of the density; level of difficulty: higher. The model: a quotient of\n\
            two cubic polynomials with seven parameters.",
    residuals: thurber,
    jacobian_into: thurber::jacobian_into,
    x: &[
        -3.067, -2.981, -2.921, -2.912, -2.84, -2.797, -2.702, -2.699, -2.633, -2.481, -2.363, -2.322, -1.501, -1.46,
        -1.274, -1.212, -1.1, -1.046, -0.915, -0.714, -0.566, -0.545, -0.4, -0.309, -0.109, -0.103, 0.01, 0.119, 0.377,
        0.79, 0.963, 1.006, 1.115, 1.572, 1.841, 2.047, 2.2,
    ],
    y: &[
        80.574, 84.248, 87.264, 87.195, 89.076, 89.608, 89.868, 90.101, 92.405, 95.854, 100.696, 101.06, 401.672,
        390.724, 567.534, 635.316, 733.054, 759.087, 894.206, 990.785, 1090.109, 1080.914, 1122.643, 1178.351,
        1260.531, 1273.514, 1288.339, 1327.543, 1353.863, 1414.509, 1425.208, 1421.384, 1442.962, 1464.35, 1468.705,
        1447.894, 1457.628,
    ],
    starts: [&[1000.0, 1000.0, 400.0, 40.0, 0.7, 0.3, 0.03], &[1300.0, 1500.0, 500.0, 75.0, 1.0, 0.4, 0.05]],
    certified: &[
        (1.288_139_680_0e3, 4.664_796_334_4),
        (1.491_079_253_5e3, 3.957_115_608_6e1),
        (5.832_383_687_7e2, 2.869_869_610_2e1),
        (7.541_664_429_1e1, 5.567_537_027_0),
        (9.662_950_286_4e-1, 3.133_334_068_7e-2),
        (3.979_728_579_7e-1, 1.498_492_819_8e-2),
        (4.972_729_734_9e-2, 6.584_234_462_3e-3),
    ],
    certified_sum: 5.642_708_239_7e3,
};

/// What a fit found.
struct Fit {
    parameters: Vec<f64>,
    sum_of_squares: f64,
    evaluations: usize,
}

impl Problem {
    fn fit(&self, start: &[f64]) -> Fit {
        let problem = LeastSquares::new(
            start,
            self.x.len(),
            |b: &[f64], out: &mut [f64]| (self.residuals)(b, self.x, self.y, out),
            |b: &[f64], out: &mut [f64], jacobian: &mut [f64]| (self.jacobian_into)(b, self.x, self.y, out, jacobian),
        );
        let solver = LevenbergMarquardt::new().with_patience(1000).with_ftol(1e-15).with_xtol(1e-14).with_gtol(0.0);
        let (fitted, report) = solver.minimize(problem);
        assert!(report.termination.was_successful(), "{}: {:?}", self.name, report.termination);
        Fit {
            parameters: fitted.parameters().to_vec(),
            // The objective of the crate is half of the sum.
            sum_of_squares: 2.0 * report.objective_function,
            evaluations: report.number_of_evaluations,
        }
    }

    /// The standard deviations of fitted parameters: the roots of the diagonal of `s^2 (J^T J)^-1`, `s^2` the sum of
    /// squares per degree of freedom.
    fn standard_deviations(&self, fit: &Fit) -> Vec<f64> {
        let (rows, columns) = (self.x.len(), fit.parameters.len());
        let (mut out, mut by_rows) = (vec![0.0; rows], vec![0.0; rows * columns]);
        (self.jacobian_into)(&fit.parameters, self.x, self.y, &mut out, &mut by_rows);
        let (_, r) = DMatrix::from_row_slice(rows, columns, &by_rows).qr().unpack();
        // With J = Q R, the inverse of J^T J is R^-1 R^-T.
        let inverse = r.try_inverse().expect("independent parameters");
        let variance = fit.sum_of_squares / (rows - columns) as f64;
        inverse.row_iter().map(|row| (variance * row.norm_squared()).sqrt()).collect()
    }

    fn run(&self) {
        section(self.name, self.about);
        let [far, near] = self.starts.map(|start| self.fit(start));
        let deviations = self.standard_deviations(&near);
        println!("    {:<10}{:>20}{:>20}{:>12}{:>16}", "parameter", "fitted", "certified", "digits", "deviation");
        for (i, &(certified, certified_deviation)) in self.certified.iter().enumerate() {
            for fit in [&far, &near] {
                assert!(digits(fit.parameters[i], certified) >= DIGITS, "{}: {:?}", self.name, fit.parameters);
            }
            let (fitted, deviation) = (near.parameters[i], deviations[i]);
            println!(
                "    b{:<9}{fitted:>20.10e}{certified:>20.10e}{:>12.1}{deviation:>16.6e}",
                i + 1,
                digits(fitted, certified)
            );
            assert!(digits(deviation, certified_deviation) >= DIGITS_OF_DEVIATIONS, "b{}: {deviation:e}", i + 1);
        }
        println!();
        about("sum of squares", near.sum_of_squares, self.certified_sum, self.certified_sum * 1e-10);
        about("the same from the far start", far.sum_of_squares, self.certified_sum, self.certified_sum * 1e-10);
        show("evaluations from the near start", near.evaluations as f64);
        show("evaluations from the far start", far.evaluations as f64);
    }
}

/// The digits of the parameters that must be right: NIST asks good software for four, and for six where they can be had.
const DIGITS: f64 = 6.0;
/// The same of the standard deviations, which multiply the errors of the parameters.
const DIGITS_OF_DEVIATIONS: f64 = 5.0;

/// The number of right digits: `-log10 |a - b| / |b|`, at most the eleven that are certified.
fn digits(found: f64, certified: f64) -> f64 {
    (-((found - certified) / certified).abs().log10()).min(11.0)
}

fn main() {
    title("Nonlinear least squares, on generated Jacobians");
    for problem in [MISRA1A, MGH09, THURBER] {
        problem.run();
    }
    println!("\nEvery parameter agreed with the certified one.");
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_parameters_are_the_certified_ones() {
        super::main();
    }
}
