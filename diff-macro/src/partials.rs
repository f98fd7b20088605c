//! The partial derivatives of a function up to an order: which there are, in which order they stand, and how they are
//! nested where a callee gives them to its caller.
//!
//! A derivative is known by its indices: the positions of the parameters that it is taken in, in ascending order, since
//! of those that are equal by symmetry one is enough. Below each derivative stand those of the next order.
//!
//! ```text
//! first order    (y, (y_0, y_1))
//! second order   (y, ((y_0, (y_00, y_01)), (y_1, (y_11,))))
//! ```

use proc_macro2::TokenStream;
use quote::quote;

/// The partial derivatives that a caller asks for.
#[derive(Clone)]
pub(crate) struct Partials {
    /// In which arguments.
    pub(crate) asked: Vec<bool>,
    /// Up to which order.
    pub(crate) order: usize,
}

impl Partials {
    /// The indices of the derivatives, from the value on, each before those below it.
    pub(crate) fn indices(&self) -> Vec<Vec<usize>> {
        let mut all = Vec::new();
        walk(self.asked.len(), self.order, &mut Vec::new(), &mut |indices| {
            let asked = indices.last().is_none_or(|last| self.asked[*last]);
            if asked {
                all.push(indices.to_vec());
            }
            asked
        });
        all
    }

    /// Tokens for each derivative, from its position, as the caller writes them.
    pub(crate) fn nested(&self, tokens: &mut dyn FnMut(usize) -> TokenStream) -> TokenStream {
        let mut position = 0..;
        let mut of_asked = |indices: &[usize]| {
            let asked = indices.last().is_none_or(|last| self.asked[*last]);
            if asked { position.next().map(&mut *tokens) } else { None }
        };
        nested(self.asked.len(), self.order, &mut of_asked, &quote!(_))
    }
}

/// The indices of the derivative of a derivative in one more input.
pub(crate) fn with(indices: &[usize], input: usize) -> Vec<usize> {
    let mut all = indices.to_vec();
    all.push(input);
    all.sort_unstable();
    all
}

/// Visits a derivative, and those below it where the visit says so.
fn walk(inputs: usize, order: usize, indices: &mut Vec<usize>, visit: &mut dyn FnMut(&[usize]) -> bool) {
    if !visit(indices) || indices.len() == order {
        return;
    }
    for input in indices.last().copied().unwrap_or(0)..inputs {
        indices.push(input);
        walk(inputs, order, indices, visit);
        indices.pop();
    }
}

/// Tokens for each derivative, nested; `absent` for those that have none, and what is below them.
pub(crate) fn nested(
    inputs: usize,
    order: usize,
    tokens: &mut dyn FnMut(&[usize]) -> Option<TokenStream>,
    absent: &TokenStream,
) -> TokenStream {
    nested_below(inputs, order, &mut Vec::new(), tokens, absent)
}

fn nested_below(
    inputs: usize,
    order: usize,
    indices: &mut Vec<usize>,
    tokens: &mut dyn FnMut(&[usize]) -> Option<TokenStream>,
    absent: &TokenStream,
) -> TokenStream {
    let Some(own) = tokens(indices) else { return absent.clone() };
    if indices.len() == order {
        return own;
    }
    let mut below = Vec::new();
    for input in indices.last().copied().unwrap_or(0)..inputs {
        indices.push(input);
        below.push(nested_below(inputs, order, indices, tokens, absent));
        indices.pop();
    }
    quote!((#own, (#(#below,)*)))
}
