//! The pullback of the pushforward, for callers of second order: reverse over forward mode.
//!
//! ```text
//! // Function:     y = g(w)
//! // Pushforward:  y, y_dot = g_dot(w, w_dot)
//! // Pullback:     w_bar, w_dot_bar += pull(y_bar, y_dot_bar)
//! ```
//!
//! A tangent is asked for with its parameter. As in the pushforward, there is code for each parameter alone, where there
//! are few, and for all of them; which one runs is known where the call is inlined. The closures are of different types:
//! one of several options holds the one that there is.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::parse_quote;

use super::super::Plan;
use super::super::modes::zero;
use super::Kind;
use super::pullback::Structs;
use crate::attr::Given;
use crate::cleanup::cleanup;
use crate::forward::{self, Seed};
use crate::ir::{Dim, Function, Value};
use crate::names::{Names, generated};
use crate::reciprocals::reciprocals;
use crate::reverse::{self, Parted};

/// The slots of the rule: those of the parameters, then those of their tangents.
struct Slots<'k> {
    /// The kinds of the parameters.
    own: &'k [Kind],
    all: Vec<Kind>,
    /// The variables for tangents, slot by slot.
    dots: Vec<Option<Ident>>,
    /// Those that keep arrays, of all slots.
    keepers: Vec<Option<Ident>>,
    /// Those that tell whether adjoints are asked for, of all slots.
    flags: Vec<Option<Ident>>,
    asked: Ident,
}

/// The pushforward in some parameters, and its pullback.
struct Arm {
    parted: Parted,
    /// The parameters of the pushforward: those of the function, and for each slot that of the tangent.
    params: Vec<Value>,
    dots: Vec<Option<Value>>,
}

impl Plan<'_> {
    pub(super) fn second_pullback_rule(&self, own: &[Kind]) -> TokenStream {
        let all: Vec<Kind> = own.iter().copied().chain(own.iter().map(|kind| kind.of_tangent())).collect();
        if let Some(given) = self.rule {
            return self.given_second_pullback(given, own, &all);
        }
        let is_out = |slot: &usize| matches!(own[*slot], Kind::Out(_));
        let outs: Vec<usize> = (0..own.len()).filter(is_out).collect();
        let wanted: Vec<usize> =
            (0..own.len()).filter(|slot| own[*slot].position().is_some() && !is_out(slot)).collect();
        let mut choices = Self::choices(own, &wanted);
        choices.push(wanted.clone());
        let arms: Option<Vec<Arm>> = choices.iter().map(|choice| self.second_arm(own, &all, choice, &outs)).collect();
        let Some(arms) = arms else { return self.no_pullback(&all) };
        let mut names = self.names();
        let slots = self.slots_of_second(own, all, &mut names);
        let lasts = |slot: Option<usize>| match slot {
            None => arms.iter().any(|arm| arm.parted.receiver_lasts),
            Some(k) => arms.iter().any(|arm| arm.parted.lasting.contains(&arm.params[k])),
        };
        let (mut generics, mut params) = self.lending_signature(&slots.all, &slots.keepers, &lasts);
        self.take_tangents(&slots, &mut generics, &mut params);
        let count = arms.len();
        let bodies: Vec<TokenStream> = choices
            .iter()
            .zip(arms)
            .enumerate()
            .map(|(place, (choice, arm))| {
                let is_rest = place + 1 == count;
                let body = self.second_body(&slots, choice, (is_rest && wanted.len() > 1, place, count), arm, &names);
                let pattern = if is_rest { quote!(_) } else { self.choice_pattern(&slots.all, &wanted, choice) };
                quote!(#pattern => { #body })
            })
            .collect();
        let asked = &slots.asked;
        let flags = self.flag_pattern(&slots.all, &slots.flags);
        let reads = self.reads(own, &slots.keepers);
        let given = quote!({ let #flags = #asked; #(#reads)* match #asked { #(#bodies)* } });
        let body = if count == 1 || self.is_boxed() { given } else { self.first_of(count, &given, &mut names) };
        let requests = self.request_types(&slots.all);
        params.push(quote!(#asked: #requests));
        let (output, closure_type) = (self.output_of(&slots.all), self.closure_type(&slots.all, &generics));
        self.pullback_fn(&slots.all, &generics, &params, &quote!((#output, #closure_type)), &body)
    }

    fn slots_of_second<'k>(&self, own: &'k [Kind], all: Vec<Kind>, names: &mut Names) -> Slots<'k> {
        let dots = own.iter().map(|kind| Some(self.named(kind.position()?, "dot", names))).collect();
        let keepers = self.keepers(&all, names);
        let flags = self.flags(&all, names);
        let asked = generated(&names.fresh("asked", false), Span::call_site());
        Slots { own, all, dots, keepers, flags, asked }
    }

    /// The parameters for tangents: of any type where the function has a constant.
    fn take_tangents(&self, slots: &Slots<'_>, generics: &mut syn::Generics, params: &mut Vec<TokenStream>) {
        let (runtime, own) = (&self.runtime, slots.own.len());
        for (slot, kind) in slots.all[own..].iter().enumerate() {
            let ty = generated(&format!("Tangent{slot}"), Span::call_site());
            let (name, bound) = match kind {
                Kind::Lent(k) | Kind::Moved(k) | Kind::Kept(k) => {
                    let bounds = self.bounds_of_kept(*k);
                    (slots.keepers[own + slot].as_ref(), quote!(: #bounds + 'k))
                }
                Kind::Scalar(k) => {
                    let scalar = self.owned_type(self.signature.parameters[*k].ty);
                    (slots.dots[slot].as_ref(), quote!(: #runtime::private::Tangent<#scalar>))
                }
                Kind::Out(k) => {
                    let (dot, slice) = (&slots.dots[slot], self.slice_at(*k));
                    params.push(quote!(#dot: &mut #slice));
                    continue;
                }
                Kind::Constant | Kind::Struct(_) | Kind::StructOut(_) => (None, quote!()),
            };
            generics.params.push(parse_quote!(#ty #bound));
            params.push(name.map_or(quote!(_: #ty), |name| quote!(#name: #ty)));
        }
    }

    /// Forward mode along some parameters, and its two sweeps apart.
    fn second_arm(&self, own: &[Kind], all: &[Kind], choice: &[usize], outs: &[usize]) -> Option<Arm> {
        let slots: Vec<usize> = (0..own.len()).filter(|slot| choice.contains(slot) || outs.contains(slot)).collect();
        let positions: Vec<usize> = slots.iter().filter_map(|slot| own[*slot].position()).collect();
        let active: Vec<Value> = positions.iter().map(|k| self.value_of(*k)).collect();
        let seeds = [vec![Seed::Param; active.len()]];
        let scalar = self.signature.scalar;
        let pushforward = forward::jvp(self.function, &active, &self.out_params(own), &seeds, scalar);
        let mut function = pushforward.function;
        let mut dots = vec![None; own.len()];
        for (slot, dot) in slots.iter().zip(&pushforward.seeds) {
            dots[*slot] = Some(*dot);
            self.pass_tangent(&mut function, own[*slot], *dot);
        }
        cleanup(&mut function);
        let params = function.body.params.clone();
        let active: Vec<Value> = positions.iter().map(|k| params[*k]).chain(pushforward.seeds).collect();
        let own_params = &self.function.body.params;
        let place = |value: Value| own_params.iter().position(|param| *param == value);
        let mut lending = self.lending(&all[..own.len()], &|value| place(value).map_or(value, |k| params[k]));
        let is_lent = |(_, kind): &(usize, &Kind)| matches!(kind, Kind::Lent(_));
        let lent = all[own.len()..].iter().enumerate().filter(is_lent);
        lending.kept.extend(lent.filter_map(|(slot, _)| dots[slot]));
        let mut parted = reverse::split(&function, &active, lending, scalar)?;
        reciprocals(&mut parted.function);
        Some(Arm { parted, params, dots })
    }

    /// The tangents of an array are lent, those of one that is changed are changed.
    fn pass_tangent(&self, function: &mut Function, kind: Kind, dot: Value) {
        let ty = match kind {
            Kind::Out(k) => self.signature.parameters[k].ty,
            Kind::Lent(k) | Kind::Moved(k) => self.signature.parameters[k].ty.borrowed(),
            Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Struct(_) | Kind::StructOut(_) => return,
        };
        function.values[dot.0 as usize].ty = ty;
    }

    /// The value, the tangent and the pullback along a choice, which is one of so many. Where the caller may not ask for
    /// all of it, the rest has tangents of zeros.
    fn second_body(
        &self,
        slots: &Slots<'_>,
        choice: &[usize],
        (may_lack, place, count): (bool, usize, usize),
        arm: Arm,
        names: &Names,
    ) -> TokenStream {
        let own = slots.own.len();
        let Arm { mut parted, dots, .. } = arm;
        let given: Vec<usize> = (0..own).filter(|slot| dots[*slot].is_some()).collect();
        let mut idents: Vec<Ident> = given.iter().filter_map(|slot| slots.dots[*slot].clone()).collect();
        let of_tangents = given.iter().map(|slot| own + slot);
        idents.extend(given.iter().copied().chain(of_tangents).filter_map(|slot| slots.flags[slot].clone()));
        let prologue: TokenStream = choice.iter().map(|slot| self.read_tangent(slots, *slot, may_lack)).collect();
        let new = parted.function.body.params.clone();
        // The parameters stand in the order of those of the pushforward.
        let first = self.function.body.params.len();
        let own_place = |value: Value| self.function.body.params.iter().position(|param| *param == value);
        let value = |slot: usize, value: Value| match slot.checked_sub(own) {
            None => own_place(value).map(|k| new[k]),
            Some(slot) => given.iter().position(|known| *known == slot).map(|place| new[first + place]),
        };
        self.lend(&slots.all, &slots.keepers, &value, &mut parted);
        let has_adjoint = |slot: usize| given.contains(&(slot % own));
        let wrap = |atoms: &[TokenStream]| {
            let (value, closure) =
                self.pullback_value(&slots.all, &has_adjoint, &Structs::default(), atoms, &mut names.clone());
            match count == 1 || self.is_boxed() {
                true => quote!((#value, #closure)),
                false => {
                    let options = (0..count).map(|k| match k == place {
                        true => quote!(::core::option::Option::Some(#closure)),
                        false => quote!(::core::option::Option::None),
                    });
                    quote!((#value, (#(#options),*)))
                }
            }
        };
        let body = self.body(self.finished(parted.function), &idents, names.clone(), &wrap);
        quote!(#prologue #body)
    }

    /// Names the tangent of a parameter, zeros if the caller has none.
    fn read_tangent(&self, slots: &Slots<'_>, slot: usize, may_lack: bool) -> TokenStream {
        let (keep, name) = (self.keep_tangent(slots, slot, may_lack), self.name_tangent(slots, slot));
        quote!(#keep #name)
    }

    fn name_tangent(&self, slots: &Slots<'_>, slot: usize) -> TokenStream {
        let (dot, keeper) = (&slots.dots[slot], &slots.keepers[slots.own.len() + slot]);
        match (slots.own[slot], keeper) {
            (Kind::Lent(k) | Kind::Moved(k), Some(keeper)) => {
                let read = self.read_kept(k, keeper);
                quote!(let #dot = #read;)
            }
            (Kind::Lent(_) | Kind::Moved(_), None) => quote!(),
            (Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Out(_), _) => quote!(),
            (Kind::Struct(_) | Kind::StructOut(_), _) => quote!(),
        }
    }

    /// What keeps the tangent of an array; the tangent of a scalar.
    fn keep_tangent(&self, slots: &Slots<'_>, slot: usize, may_lack: bool) -> TokenStream {
        let (runtime, asked, index) = (&self.runtime, &slots.asked, syn::Index::from(slot));
        let (dot, keeper) = (&slots.dots[slot], &slots.keepers[slots.own.len() + slot]);
        let (Kind::Lent(k) | Kind::Moved(k)) = slots.own[slot] else {
            let Kind::Scalar(k) = slots.own[slot] else { return quote!() };
            let scalar = self.owned_type(self.signature.parameters[k].ty);
            let zero = self.number(0.0);
            return quote!(let #dot: #scalar = #runtime::private::Tangent::<#scalar>::tangent(#dot).unwrap_or(#zero););
        };
        let primal = &slots.keepers[slot];
        let slice = self.slice_at(k);
        let length = match primal {
            Some(keeper) => quote!(#runtime::private::Kept::<#slice>::kept(&#keeper).len()),
            None => {
                let primal = &self.signature.parameters[k].ident;
                quote!(#primal.len())
            }
        };
        let zeros = may_lack.then(|| self.shape_at(k)).flatten().map(|shape| match shape.dims.first() {
            Some(Dim::Dynamic) => {
                let inner = zero(shape, &shape.dims[1..]);
                quote!(#runtime::private::vec![#inner; #length])
            }
            Some(Dim::Fixed(_)) | None => zero(shape, &shape.dims),
        });
        let or_zeros = zeros.map(|zeros| {
            quote! {
                let #keeper = match #asked.#index {
                    true => #runtime::private::OrZeros::Given(#keeper),
                    false => #runtime::private::OrZeros::Zeros(#zeros),
                };
            }
        });
        quote!(#or_zeros)
    }

    /// The value and the one closure that there is.
    fn first_of(&self, count: usize, given: &TokenStream, names: &mut Names) -> TokenStream {
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let pulls: Vec<Ident> = (0..count).map(|_| fresh("pull")).collect();
        let [value, seed, bars, pull] = ["value", "seed", "bars", "pull"].map(fresh);
        let arms = (0..count).map(|k| {
            let pattern =
                (0..count).map(|j| if j == k { quote!(::core::option::Option::Some(mut #pull)) } else { quote!(_) });
            quote!((#(#pattern),*) => #pull(#seed, #bars))
        });
        quote! {
            let (#value, (#(#pulls),*)) = #given;
            (#value, move |#seed, #bars| match (#(#pulls),*) {
                #(#arms,)*
                _ => ::core::unreachable!(),
            })
        }
    }

    /// The same by the user's products.
    ///
    /// ```text
    /// // Forward:  y, y_dot = jvp(x, x_dot)
    /// // Reverse:  x_bar += vjp(x, y_bar) + y_dot_bar * hvp(x, x_dot); x_dot_bar += vjp(x, y_dot_bar)
    /// ```
    fn given_second_pullback(&self, given: &Given, own: &[Kind], all: &[Kind]) -> TokenStream {
        let Given::Products { jvp: Some(jvp), vjp: Some(vjp), hvp: Some(hvp) } = given else {
            return self.no_pullback(all);
        };
        let runtime = &self.runtime;
        let mut names = self.names();
        let slots = self.slots_of_second(own, all.to_vec(), &mut names);
        let wanted: Vec<usize> = (0..own.len()).filter(|slot| own[*slot].position().is_some()).collect();
        let dots: Vec<Ident> = wanted.iter().filter_map(|slot| slots.dots[*slot].clone()).collect();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [seed, seed_dot, bars, value] = ["seed", "seed_dot", "bars", "value"].map(&mut fresh);
        let [first, second, of_tangent] = ["first", "second", "of_tangent"].map(&mut fresh);
        let (mut generics, mut params) = self.lending_signature(all, &slots.keepers, &|_| true);
        self.take_tangents(&slots, &mut generics, &mut params);
        let read: TokenStream = self.reads(own, &slots.keepers).collect();
        let keep: TokenStream = wanted.iter().map(|slot| self.keep_tangent(&slots, *slot, wanted.len() > 1)).collect();
        let read_dots: TokenStream = wanted.iter().map(|slot| self.given_tangent(&slots, *slot)).collect();
        let forward = self.given_product(jvp, &dots);
        let [by_value, by_tangent] = [&seed, &seed_dot].map(|seed| self.given_product(vjp, std::slice::from_ref(seed)));
        let product = self.given_product(hvp, &dots);
        let asked = &slots.asked;
        let active = self.active();
        let part = |of: &Ident, kind: Kind| {
            let position = active.iter().position(|own| Some(*own) == kind.position());
            position.map(|position| self.given_adjoint(&quote!(#of), position)).unwrap_or_default()
        };
        let (mut added, mut results) = (TokenStream::new(), Vec::new());
        for (slot, kind) in all.iter().enumerate() {
            let is_tangent = slot >= own.len();
            let own_kind = own[slot % own.len()];
            let index = syn::Index::from(slot);
            let [of_value, of_product, of_dot] = [&first, &second, &of_tangent].map(|of| part(of, own_kind));
            match (kind, is_tangent) {
                (Kind::Lent(_), true) => {
                    added.extend(quote!(if #asked.#index { #runtime::private::add_all(#bars.#index, &#of_dot); }))
                }
                (Kind::Lent(_), false) => added.extend(quote! {
                    if #asked.#index {
                        #runtime::private::add_all(#bars.#index, &#of_value);
                        #runtime::private::add_scaled(#bars.#index, #seed_dot, &#of_product);
                    }
                }),
                (Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Out(_) | Kind::Moved(_), _) => {}
                (Kind::Struct(_) | Kind::StructOut(_), _) => {}
            }
            results.push(match (kind, is_tangent) {
                (Kind::Scalar(_), true) => of_dot,
                (Kind::Scalar(_), false) => quote!(#of_value + #seed_dot * #of_product),
                (Kind::Moved(_), _) => quote!({
                    let mut sum = #of_value;
                    #runtime::private::add_scaled(&mut sum, #seed_dot, &#of_product);
                    sum
                }),
                (Kind::Constant | Kind::Kept(_) | Kind::Lent(_) | Kind::Out(_), _)
                | (Kind::Struct(_) | Kind::StructOut(_), _) => quote!(#runtime::private::Constant),
            });
        }
        let (output, types) = (self.output_of(all), self.bar_types(all));
        let closure = quote! {
            move |(#seed, #seed_dot): #output, #bars: #types| {
                #read #read_dots
                let (_, #first) = #by_value;
                let (_, #of_tangent) = #by_tangent;
                let #second = #product;
                #added
                (#(#results,)*)
            }
        };
        let closure = if self.is_boxed() { quote!(#runtime::private::Box::new(#closure)) } else { closure };
        let requests = self.request_types(all);
        params.push(quote!(#asked: #requests));
        let body = quote! {
            #keep
            let #value = { #read #read_dots #forward };
            (#value, #closure)
        };
        let closure_type = self.closure_type(all, &generics);
        self.pullback_fn(all, &generics, &params, &quote!((#output, #closure_type)), &body)
    }

    /// The tangent of a parameter as the user's functions take it.
    fn given_tangent(&self, slots: &Slots<'_>, slot: usize) -> TokenStream {
        let read = self.name_tangent(slots, slot);
        let dot = &slots.dots[slot];
        match slots.own[slot] {
            Kind::Moved(k) if self.shape_at(k).is_some_and(|shape| shape.is_fixed()) => quote!(#read let #dot = *#dot;),
            Kind::Scalar(_) => quote!(),
            Kind::Constant | Kind::Kept(_) | Kind::Lent(_) | Kind::Out(_) | Kind::Moved(_) => read,
            Kind::Struct(_) | Kind::StructOut(_) => read,
        }
    }

    /// The derivatives of the first two orders along a path by the user's products.
    ///
    /// ```text
    /// y_1 = jvp(x, x_1); y_2 = jvp(x, x_2) + <hvp(x, x_1), x_1>
    /// ```
    pub(super) fn given_second_along_path(
        &self,
        given: &Given,
        kinds: &[Kind],
        wanted: &[usize],
        dots: &[Vec<Option<Ident>>],
    ) -> TokenStream {
        let (Given::Products { jvp: Some(jvp), hvp: Some(hvp), .. }, [first, second]) = (given, dots) else {
            return quote!(loop {});
        };
        let runtime = &self.runtime;
        let mut names = self.names();
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [value, by_one, by_two, products] = ["value", "first", "second", "products"].map(&mut fresh);
        let of = |dots: &[Option<Ident>]| wanted.iter().filter_map(|slot| dots[*slot].clone()).collect::<Vec<Ident>>();
        let (along, bent) = (of(first), of(second));
        let [by_first, by_second] = [&along, &bent].map(|dots| self.given_product(jvp, dots));
        let product = self.given_product(hvp, &along);
        let active = self.active();
        let terms = wanted.iter().filter_map(|slot| {
            let position = active.iter().position(|own| Some(*own) == kinds[*slot].position())?;
            let (part, dot) = (self.given_adjoint(&quote!(#products), position), first[*slot].as_ref()?);
            Some(match kinds[*slot] {
                Kind::Scalar(_) => quote!(#part * #dot),
                _ => quote!(#runtime::private::inner_product(&#part[..], &#dot[..])),
            })
        });
        quote! {
            let (#value, #by_one) = #by_first;
            let (_, #by_two) = #by_second;
            let #products = #product;
            (#value, #by_one, #by_two #(+ #terms)*)
        }
    }
}
