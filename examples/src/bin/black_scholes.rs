//! The price of a portfolio of options and all its Greeks, of first and second order, composed of the differentiable functions of another crate.
//!
//! Every number is compared with its closed form.

use diff_runtime::derivative;
use pieces::finance::call_price;
use pieces::special::{normal_cdf, normal_density};

/// A call bought and a call with a higher strike price sold: a bull spread.
#[derivative(hessian)]
fn bull_spread(spot: f64, rate: f64, volatility: f64, time: f64, #[constant] strikes: [f64; 2]) -> f64 {
    call_price(spot, strikes[0], rate, volatility, time) - call_price(spot, strikes[1], rate, volatility, time)
}

/// Delta, rho, vega and theta of a call, in closed form.
fn greeks(spot: f64, strike: f64, rate: f64, volatility: f64, time: f64) -> [f64; 4] {
    let root = time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * time) / (volatility * root);
    let d2 = d1 - volatility * root;
    let discounted = strike * (-rate * time).exp();
    [
        normal_cdf(d1),
        time * discounted * normal_cdf(d2),
        spot * normal_density(d1) * root,
        spot * normal_density(d1) * volatility / (2.0 * root) + rate * discounted * normal_cdf(d2),
    ]
}

/// Gamma, vanna, vomma and charm of a call: the second derivatives in the price of the share, in that and the volatility, in
/// the volatility, and in the price of the share and the time, in closed form.
fn second_greeks(spot: f64, strike: f64, rate: f64, volatility: f64, time: f64) -> [f64; 4] {
    let deviation = volatility * time.sqrt();
    let d1 = ((spot / strike).ln() + (rate + 0.5 * volatility * volatility) * time) / deviation;
    let d2 = d1 - deviation;
    let density = normal_density(d1);
    [
        density / (spot * deviation),
        -density * d2 / volatility,
        spot * density * time.sqrt() * d1 * d2 / volatility,
        density * (2.0 * rate * time - d2 * deviation) / (2.0 * time * deviation),
    ]
}

fn main() {
    let (spot, rate, volatility, time) = (100.0, 0.05, 0.2, 0.75);
    let strikes = [95.0, 110.0];

    let [delta, by_strike, rho, vega, theta] = call_price::gradient(spot, strikes[0], rate, volatility, time);
    let expected = greeks(spot, strikes[0], rate, volatility, time);
    println!("call at {}: price {:.6}", strikes[0], call_price(spot, strikes[0], rate, volatility, time));
    compare("delta", delta, expected[0]);
    compare("rho", rho, expected[1]);
    compare("vega", vega, expected[2]);
    compare("theta", theta, expected[3]);
    // The price is homogeneous in spot and strike: S delta + K dC/dK = C.
    let price = call_price(spot, strikes[0], rate, volatility, time);
    compare("homogeneity", spot * delta + strikes[0] * by_strike, price);
    // A partial derivative alone is that of the gradient.
    compare("vega alone", call_price::partial_volatility(spot, strikes[0], rate, volatility, time), vega);

    // The same of second order: of spot, strike, rate, volatility and time.
    let hessian = call_price::hessian(spot, strikes[0], rate, volatility, time);
    let expected = second_greeks(spot, strikes[0], rate, volatility, time);
    let found = [hessian[0][0], hessian[0][3], hessian[3][3], hessian[0][4]];
    for (name, (found, expected)) in ["gamma", "vanna", "vomma", "charm"].iter().zip(found.into_iter().zip(expected)) {
        compare(name, found, expected);
    }
    // From the homogeneity: S d2C/dS2 + K d2C/dSdK = 0.
    compare("homogeneity", spot * hessian[0][0] + strikes[0] * hessian[0][1], 0.0);

    let (value, gradient) = bull_spread::value_and_gradient(spot, rate, volatility, time, strikes);
    println!("bull spread: price {value:.6}");
    let [bought, sold] = strikes.map(|strike| greeks(spot, strike, rate, volatility, time));
    for (k, name) in ["delta", "rho", "vega", "theta"].iter().enumerate() {
        compare(name, gradient[k], bought[k] - sold[k]);
    }
    // Of spot, rate, volatility and time.
    let hessian = bull_spread::hessian(spot, rate, volatility, time, strikes);
    let [bought, sold] = strikes.map(|strike| second_greeks(spot, strike, rate, volatility, time));
    let found = [hessian[0][0], hessian[0][2], hessian[2][2], hessian[0][3]];
    for (k, name) in ["gamma", "vanna", "vomma", "charm"].iter().enumerate() {
        compare(name, found[k], bought[k] - sold[k]);
    }
}

/// Prints a number; a few dozen roundings are allowed.
fn compare(name: &str, found: f64, expected: f64) {
    println!("  {name:12} {found:>14.9}");
    assert!(
        (found - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        "{name}: {found} where {expected} is expected"
    );
}

#[cfg(test)]
mod tests {
    #[test]
    fn all_greeks_are_as_in_closed_form() {
        super::main();
    }
}
