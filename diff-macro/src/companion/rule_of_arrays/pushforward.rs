//! The pushforward for callers: the value with its tangent, from the tangents of the arguments.

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;

use super::super::modes::zero;
use super::super::{Companion, Plan, allowed_lints};
use super::Kind;
use crate::attr::Given;
use crate::call::PUSHFORWARD;
use crate::forward::{self, Seed};
use crate::ir::{Dim, Storage, Value};
use crate::names::{Names, generated};
use crate::signature::Form;

impl Plan<'_> {
    pub(super) fn pushforward_rule(&self, kinds: &[Kind]) -> TokenStream {
        let runtime = &self.runtime;
        let mut names = self.names();
        let [asked, tangents] =
            ["asked", "tangents"].map(|name| generated(&names.fresh(name, false), Span::call_site()));
        let dots: Vec<Option<Ident>> =
            kinds.iter().map(|kind| Some(self.named(kind.position()?, "dot", &mut names))).collect();
        let pattern = self.per_slot(kinds, &|slot, kind| match (&dots[slot], kind) {
            (Some(dot), Kind::Out(_)) => quote!(#runtime::private::Out(#dot)),
            (Some(dot), _) => quote!(#dot),
            (None, _) => quote!(_),
        });
        let types = self.per_slot(kinds, &|_, kind| match kind {
            Kind::Constant | Kind::Kept(_) => quote!(#runtime::private::Constant),
            Kind::Scalar(k) => self.owned_type(self.signature.parameters[k].ty),
            Kind::Lent(k) | Kind::Moved(k) => {
                let slice = self.slice_at(k);
                quote!(&#slice)
            }
            Kind::Out(k) => {
                let slice = self.slice_at(k);
                quote!(#runtime::private::Out<'_, #slice>)
            }
        });
        let is_wanted = |kind: Kind| matches!(kind, Kind::Scalar(_) | Kind::Lent(_) | Kind::Moved(_));
        let wanted: Vec<usize> = (0..kinds.len()).filter(|slot| is_wanted(kinds[*slot])).collect();
        let body =
            |slots: &[usize], all: bool| self.pushforward_body(kinds, slots, &dots, all.then_some(&asked), &names);
        let arm = |own: Option<usize>| {
            self.per_slot(kinds, &|slot, kind| match kind {
                kind if is_wanted(kind) && Some(slot) == own => quote!(true),
                kind if is_wanted(kind) => quote!(false),
                _ => quote!(_),
            })
        };
        let mut arms = TokenStream::new();
        if kinds.iter().any(|kind| matches!(kind, Kind::Out(_))) && !wanted.is_empty() {
            let (pattern, body) = (arm(None), body(&[], false));
            arms.extend(quote!(#pattern => { #body }));
        }
        if (2..=4).contains(&wanted.len()) {
            for slot in &wanted {
                let (pattern, body) = (arm(Some(*slot)), body(&[*slot], false));
                arms.extend(quote!(#pattern => { #body }));
            }
        }
        let rest = match self.rule {
            Some(given) => self.given_pushforward(given, kinds, &wanted, &dots, &asked),
            None => body(&wanted, wanted.len() > 1),
        };
        let choice =
            if self.rule.is_some() || arms.is_empty() { rest } else { quote!(match #asked { #arms _ => { #rest } }) };
        let output = self.output().map(|output| quote!((#output, #output)));
        let companion = Companion {
            name: PUSHFORWARD.to_owned(),
            docs: Vec::new(),
            extra: vec![(asked.clone(), self.request_types(kinds)), (tangents.clone(), types)],
            output,
            body: quote!(let #pattern = #tangents; #choice),
        };
        self.method(&self.rule_name(PUSHFORWARD), &companion, &allowed_lints())
    }

    /// have tangents of zeros.
    fn pushforward_body(
        &self,
        kinds: &[Kind],
        wanted: &[usize],
        dots: &[Option<Ident>],
        asked: Option<&Ident>,
        names: &Names,
    ) -> TokenStream {
        let slots: Vec<usize> =
            (0..kinds.len()).filter(|slot| wanted.contains(slot) || matches!(kinds[*slot], Kind::Out(_))).collect();
        let positions: Vec<usize> = slots.iter().filter_map(|slot| kinds[*slot].position()).collect();
        let active: Vec<Value> = positions.iter().map(|k| self.value_of(*k)).collect();
        let outs = self.out_params(kinds);
        let seeds = [vec![Seed::Param; active.len()]];
        let pushforward = forward::jvp(self.function, &active, &outs, &seeds, self.signature.scalar);
        let idents: Vec<Ident> = slots.iter().filter_map(|slot| dots[*slot].clone()).collect();
        let prologue = wanted.iter().filter_map(|slot| match kinds[*slot] {
            Kind::Lent(k) | Kind::Moved(k) => Some(self.lent_tangent(k, *slot, dots[*slot].as_ref()?, asked)),
            Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Out(_) => None,
        });
        let prologue: TokenStream = prologue.collect();
        let n = self.output_count();
        let wrap = |atoms: &[TokenStream]| match self.signature.output.form {
            Form::Unit => quote!(),
            _ => {
                let (value, tangent) = (self.output_value(&atoms[..n]), self.output_value(&atoms[n..]));
                quote!((#value, #tangent))
            }
        };
        let body = self.body(self.finished(pushforward.function), &idents, names.clone(), &wrap);
        quote!(#prologue #body)
    }

    fn out_params(&self, kinds: &[Kind]) -> Vec<Value> {
        let outs = kinds.iter().filter(|kind| matches!(kind, Kind::Out(_))).filter_map(|kind| kind.position());
        outs.map(|k| self.value_of(k)).collect()
    }

    /// The tangents of an array, zeros if they are not asked for.
    fn lent_tangent(&self, k: usize, slot: usize, dot: &Ident, asked: Option<&Ident>) -> TokenStream {
        let runtime = &self.runtime;
        let primal = &self.signature.parameters[k].ident;
        let Some(shape) = self.shape_at(k) else { return quote!() };
        let inner = zero(&shape.dims[1..]);
        let slot = syn::Index::from(slot);
        let fixed = matches!(shape.dims.first(), Some(Dim::Fixed(_)));
        let given = if fixed { quote!(::core::convert::TryFrom::try_from(#dot).unwrap()) } else { quote!(#dot) };
        let owned = self.owned_type(self.signature.parameters[k].ty);
        // The tangent of an array that is moved is moved, if its type shows how long it is.
        let moved = (shape.storage == Storage::Owned).then(|| quote!(let #dot: #owned = *#dot;));
        match (asked, fixed) {
            (None, false) => quote!(),
            (None, true) => quote!(let #dot: &#owned = #given; #moved),
            (Some(asked), true) => {
                let all = zero(&shape.dims);
                quote! {
                    let zeros = #all;
                    let #dot: &#owned = if #asked.#slot { #given } else { &zeros };
                    #moved
                }
            }
            (Some(asked), false) => quote! {
                let zeros = #runtime::private::vec![#inner; if #asked.#slot { 0 } else { #primal.len() }];
                let #dot = if #asked.#slot { #dot } else { &zeros[..] };
            },
        }
    }

    /// The pushforward by the user's product.
    fn given_pushforward(
        &self,
        given: &Given,
        kinds: &[Kind],
        wanted: &[usize],
        dots: &[Option<Ident>],
        asked: &Ident,
    ) -> TokenStream {
        let Given::Products { jvp: Some(jvp), .. } = given else { return quote!(loop {}) };
        let tangents = wanted.iter().filter_map(|slot| match kinds[*slot] {
            Kind::Lent(k) | Kind::Moved(k) => Some(self.lent_tangent(k, *slot, dots[*slot].as_ref()?, Some(asked))),
            Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Out(_) => None,
        });
        let tangents: TokenStream = tangents.collect();
        let idents: Vec<Ident> = wanted.iter().filter_map(|slot| dots[*slot].clone()).collect();
        let product = self.given_product(jvp, &idents);
        quote!(#tangents #product)
    }
}
