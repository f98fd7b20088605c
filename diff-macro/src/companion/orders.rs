//! Which companions of second and higher order a function has: the options and the signature go in, what can be given
//! comes out, and the rest is reported.

use proc_macro2::Span;

use crate::activity;
use crate::attr::{Given, Options, Rule};
use crate::diagnostics::{self, Diagnostics};
use crate::ir::{Atom, Call, Function, Scalar, Shape, Storage, Ty, Value};
use crate::lower::Lowered;
use crate::names::plain;
use crate::signature::{Form, Parameter, Signature};

/// The highest order in several parameters, in which the number of derivatives grows with its power.
pub(super) const HIGHEST_IN_SEVERAL: usize = 3;

/// The companions of higher order.
#[derive(Clone, Copy, Default)]
pub(crate) struct Orders {
    pub(crate) hessian: bool,
    pub(crate) hvp: bool,
    /// The derivatives up to this order.
    pub(crate) order: Option<usize>,
    /// The third partial derivatives in several scalars.
    pub(crate) third: bool,
    /// The order that option `order` asks for, which callers get where the function itself has no companion of it.
    asked: usize,
}

impl Orders {
    pub(crate) fn any(self) -> bool {
        self.hessian || self.hvp || self.asked > 0
    }

    /// The same for a function whose derivative is given; reports what the rule does not tell.
    pub(crate) fn of_rule(mut self, rule: &Rule, diagnostics: &mut Diagnostics) -> Self {
        match &rule.given {
            // The functions for the partial derivatives are differentiated themselves.
            Given::Partials(_) => {}
            Given::Products { hvp: Some(_), .. } => {
                if self.asked > 2 {
                    diagnostics.report_at(rule.span, diagnostics::THIRD_ORDER_OF_RULE);
                }
                self.asked = self.asked.max(2);
            }
            Given::Products { hvp: None, .. } => {
                if self.of_callers() > 1 {
                    diagnostics.report_at(rule.span, diagnostics::SECOND_ORDER_OF_RULE);
                }
            }
        }
        self
    }

    /// Up to which order callers are given partial derivatives.
    pub(crate) fn of_callers(self) -> usize {
        let second = if self.hessian || self.hvp { 2 } else { 1 };
        self.asked.max(second)
    }
}

/// Reports the options that ask for what the function does not have, and leaves them out.
pub(crate) fn orders(
    item: &syn::ItemFn,
    options: &Options,
    signature: &Signature,
    diagnostics: &mut Diagnostics,
) -> Orders {
    let active: Vec<&Parameter> = signature.parameters.iter().filter(|parameter| parameter.active).collect();
    let mut second = |name: &str, option: Option<Span>| {
        let Some(span) = option else { return false };
        let reason = second_order(name, signature, &active)
            .or_else(|| (name == "hessian").then(|| in_arrays(item, signature, &active)).flatten());
        if let Some(reason) = &reason {
            diagnostics.report_at(span, reason);
        }
        reason.is_none()
    };
    let (hessian, hvp) = (second("hessian", options.hessian), second("hvp", options.hvp));
    let mut orders = Orders { hessian, hvp, ..Orders::default() };
    if let Some((span, order)) = options.order {
        let returned = signature.output.form != Form::Unit;
        let is_followed_array =
            |parameter: &Parameter| (parameter.active || parameter.output) && parameter.ty.is_array();
        let scalars = active.iter().all(|parameter| parameter.ty.scalar() == Some(signature.scalar));
        let fits = match &active[..] {
            [parameter] if parameter.ty.scalar().is_some() && returned => {
                orders.order = Some(order);
                true
            }
            // For callers, along one path of theirs.
            _ if signature.parameters.iter().any(is_followed_array) => true,
            [_, _, ..] => {
                orders.third = order == 3 && signature.output.form == Form::Scalar;
                scalars && returned && order <= HIGHEST_IN_SEVERAL
            }
            _ => false,
        };
        if fits {
            orders.asked = order;
        } else {
            (orders.order, orders.third) = (None, false);
            diagnostics.report_at(span, diagnostics::ORDER_OF_SEVERAL);
        }
    }
    orders
}

/// Reports what is not given through the calls of a function, once they are known.
pub(crate) fn check_calls(
    item: &syn::ItemFn,
    signature: &Signature,
    lowered: &Lowered,
    orders: Orders,
    diagnostics: &mut Diagnostics,
) {
    let function = &lowered.function;
    let active = |k: &usize| signature.parameters[*k].active;
    let params = (0..signature.parameters.len()).filter(active).map(|k| function.body.params[k]);
    let leaves = lowered.leaves.iter().filter(|leaf| active(&leaf.param)).map(|leaf| leaf.value);
    let active: Vec<Value> = params.chain(leaves).collect();
    let calls = calls_with_arrays(function, &active);
    if calls.is_empty() {
        return;
    }
    if orders.any() {
        let varied = activity::varied(function, &active);
        let of_struct =
            |atom: &Atom| atom.value().is_some_and(|value| varied.contains(&value) && function.is_struct(value));
        for call in calls.iter().filter(|call| call.args.iter().any(of_struct)) {
            diagnostics.report_at(call.callee.span(), diagnostics::SECOND_ORDER_OF_STRUCT);
        }
    }
    // In several parameters, it is products that a callee gives.
    if orders.asked > 2 && active.len() > 1 {
        for call in &calls {
            diagnostics.report_at(call.callee.span(), diagnostics::THIRD_ORDER_OF_CALL);
        }
    }
    if let (true, Some(call), Some(reason)) = (orders.hessian, calls.first(), moved(item, signature)) {
        diagnostics.report_at(call.callee.span(), reason);
    }
}

/// The calls that are given arrays which vary with some parameters.
pub(super) fn calls_with_arrays<'f>(function: &'f Function, active: &[Value]) -> Vec<&'f Call> {
    if function.body.calls().next().is_none() {
        return Vec::new();
    }
    let varied = activity::varied(function, active);
    let takes_array = |call: &&Call| {
        let mut values = call.args.iter().filter_map(|atom| atom.value());
        values.any(|value| varied.contains(&value) && function.values[value.0 as usize].ty.is_array())
    };
    function.body.calls().filter(takes_array).collect()
}

/// Why a function has no companions of second order.
fn second_order(option: &str, signature: &Signature, active: &[&Parameter]) -> Option<String> {
    if signature.output.form != Form::Scalar {
        return Some(diagnostics::second_order_of_several(option));
    }
    let scalar = |parameter: &&Parameter| match parameter.ty {
        Ty::Array(number) => Some(signature.shapes[number as usize].scalar),
        ty => ty.scalar(),
    };
    // A product has a part per parameter, each of its own type; a matrix has one type.
    let is_other =
        |parameter: &&Parameter| parameter.aggregate.is_none() && scalar(parameter) != Some(signature.scalar);
    let mixed = option == "hessian" && active.iter().any(is_other);
    mixed.then(|| diagnostics::SECOND_ORDER_OF_MIXED.to_owned())
}

/// Why a function of arrays or structs has no Hessian: it may have to run once per row.
fn in_arrays(item: &syn::ItemFn, signature: &Signature, active: &[&Parameter]) -> Option<String> {
    if !active.iter().any(|parameter| parameter.ty.is_array() || parameter.aggregate.is_some()) {
        return None;
    }
    moved(item, signature)
}

/// Why a function cannot be run more than once with what it is given.
fn moved(item: &syn::ItemFn, signature: &Signature) -> Option<String> {
    let shape = |ty: Ty| -> Option<&Shape> {
        match ty {
            Ty::Array(number) => signature.shapes.get(number as usize),
            _ => None,
        }
    };
    let typed = item.sig.inputs.iter().filter_map(|input| match input {
        syn::FnArg::Typed(typed) => Some(&*typed.ty),
        syn::FnArg::Receiver(_) => None,
    });
    let copied = |parameter: &Parameter, ty: &syn::Type| match ty {
        syn::Type::Reference(reference) => reference.mutability.is_none(),
        syn::Type::Tuple(tuple) if parameter.aggregate.is_some() => tuple.elems.iter().all(is_float),
        _ => match parameter.ty {
            Ty::Float(_) | Ty::Int | Ty::Bool => true,
            Ty::Array(_) => shape(parameter.ty).is_some_and(|s| s.is_fixed() && s.storage == Storage::Owned),
            Ty::Tape | Ty::Unknown => false,
        },
    };
    let named = signature.parameters.iter().filter(|parameter| parameter.ident != "self");
    let moved = named.zip(typed).find(|(parameter, ty)| !copied(parameter, ty));
    let is_shared = |receiver: &&syn::Receiver| matches!(receiver.kind, syn::ReceiverKind::Reference(_, _, None));
    let by_value = item.sig.receiver().filter(|receiver| !is_shared(receiver));
    match (moved, by_value) {
        (Some((parameter, _)), _) => Some(diagnostics::second_order_moves(&plain(&parameter.ident))),
        (None, Some(_)) => Some(diagnostics::second_order_moves("self")),
        (None, None) => None,
    }
}

fn is_float(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Path(path) if path.path.get_ident().is_some_and(|ident| Scalar::from_name(&ident.to_string()).is_some()))
}
