//! Generics, lifetimes, const generics, where clauses, `impl Trait` and attributes are those of the function.

use diff_runtime::derivative;

#[derivative]
#[inline]
#[must_use]
pub fn scaled<'a, T, const N: usize>(x: f64, weights: &'a [T; N], index: usize) -> f64
where
    T: Copy + Into<f64> + 'a,
{
    let weight: f64 = weights[index % N].into();
    weight * x * x
}

#[derivative]
fn with_closure(x: f64, scale: impl Fn(u32) -> f64) -> f64 {
    x * scale(3)
}

struct Model<T> {
    weight: T,
}

impl<T: Copy + Into<f64>> Model<T> {
    #[derivative]
    pub fn energy(&self, x: f64) -> f64 {
        let weight: f64 = self.weight.into();
        weight * x * x
    }

    #[derivative]
    fn consumed(self, x: f64) -> f64 {
        let weight: f64 = self.weight.into();
        weight * x
    }

    #[derivative]
    fn changed(&mut self, x: f64, next: T) -> f64 {
        self.weight = next;
        let weight: f64 = self.weight.into();
        weight * x
    }
}

#[derivative]
extern "C" fn exported(x: f64) -> f64 {
    x * x
}

#[derivative]
const fn constant(x: f64) -> f64 {
    x * x
}

const NINE: f64 = constant(3.0);

fn inside() -> f64 {
    #[derivative]
    fn local(x: f64) -> f64 {
        x * x
    }
    local::derivative(3.0)
}

fn main() {
    assert_eq!(scaled::derivative(3.0, &[1.0_f32, 2.0], 1), 12.0);
    assert_eq!(with_closure::derivative(3.0, |n| f64::from(n)), 3.0);
    let mut model = Model { weight: 2_u8 };
    assert_eq!(model.energy_derivative(3.0), 12.0);
    assert_eq!(model.changed_value_and_derivative(3.0, 5), (15.0, 5.0));
    assert_eq!(model.weight, 5);
    assert_eq!(model.consumed_derivative(3.0), 5.0);
    assert_eq!(exported::derivative(3.0), 6.0);
    assert_eq!(constant::derivative(3.0), 6.0);
    assert_eq!(NINE, 9.0);
    assert_eq!(inside(), 6.0);
}
