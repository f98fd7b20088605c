//! The pullback for callers: a closure that keeps what the reverse sweep needs, beside the value.

use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::visit::Visit;
use syn::{FnArg, GenericParam, Lifetime, parse_quote};

use super::super::{Plan, allocates, allowed_lints};
use super::Kind;
use crate::attr::Given;
use crate::call::PULLBACK;
use crate::ir::{Dim, Name, Op, Value};
use crate::names::{Names, generated};
use crate::reverse::{self, Lending, Parted};

impl Plan<'_> {
    pub(super) fn pullback_rule(&self, kinds: &[Kind]) -> TokenStream {
        if let Some(given) = self.rule {
            return self.given_pullback(given, kinds);
        }
        let active: Vec<Value> = kinds.iter().filter_map(|kind| kind.position()).map(|k| self.value_of(k)).collect();
        let parted = reverse::split(self.function, &active, self.lending(kinds), self.signature.scalar);
        let Some(mut parted) = parted else { return self.no_pullback(kinds) };
        let mut names = self.names();
        let keepers = self.keepers(kinds, &mut names);
        self.lend(kinds, &keepers, &mut parted);
        let asked = generated(&names.fresh("asked", false), Span::call_site());
        let (flag_pattern, flags) = self.flags(kinds, &mut names);
        let prologue = self.reads(kinds, &keepers);
        let lasts = |slot: Option<usize>| match slot {
            None => parted.receiver_lasts,
            Some(k) => parted.lasting.contains(&self.value_of(k)),
        };
        let (generics, mut params) = self.lending_signature(kinds, &keepers, &lasts);
        let wrap = |atoms: &[TokenStream]| self.pullback_value(kinds, atoms, &mut names.clone());
        let body = self.body(self.finished(parted.function), &flags, names.clone(), &wrap);
        let body = quote! {
            let #flag_pattern = #asked;
            #(#prologue)*
            #body
        };
        let requests = self.request_types(kinds);
        params.push(quote!(#asked: #requests));
        let output = self.output().unwrap_or(quote!(()));
        let closure_type = self.closure_type(kinds, &generics);
        self.pullback_fn(&generics, &params, &quote!((#output, #closure_type)), &body)
    }

    /// The pullback by the user's product: the function runs in the forward sweep, the product in the reverse sweep.
    fn given_pullback(&self, given: &Given, kinds: &[Kind]) -> TokenStream {
        let Given::Products { vjp: Some(vjp), .. } = given else { return self.no_pullback(kinds) };
        let runtime = &self.runtime;
        let mut names = self.names();
        let keepers = self.keepers(kinds, &mut names);
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let [asked, value, seed, bars, adjoints] = ["asked", "value", "seed", "bars", "adjoints"].map(&mut fresh);
        let (generics, mut params) = self.lending_signature(kinds, &keepers, &|_| true);
        let read: TokenStream = self.reads(kinds, &keepers).collect();
        let own = self.own_call();
        let product = self.given_product(vjp, std::slice::from_ref(&seed));
        let active = self.active();
        let given = quote!(#adjoints);
        let adjoint = kinds.iter().map(|kind| {
            let position = active.iter().position(|own| Some(*own) == kind.position());
            position.map(|position| self.given_adjoint(&given, position)).unwrap_or_default()
        });
        let adjoint: Vec<TokenStream> = adjoint.collect();
        let added = kinds.iter().enumerate().filter(|(_, kind)| matches!(kind, Kind::Lent(_))).map(|(slot, _)| {
            let (term, slot) = (&adjoint[slot], syn::Index::from(slot));
            quote!(if #asked.#slot { #runtime::private::add_all(#bars.#slot, &#term); })
        });
        let added: TokenStream = added.collect();
        let results = self.per_slot(kinds, &|slot, kind| match kind {
            Kind::Scalar(_) | Kind::Moved(_) => adjoint[slot].clone(),
            Kind::Constant | Kind::Kept(_) | Kind::Lent(_) | Kind::Out(_) => quote!(#runtime::private::Constant),
        });
        let (output, types) = (self.output().unwrap_or(quote!(())), self.bar_types(kinds));
        let closure = quote! {
            move |#seed: #output, #bars: #types| {
                #read
                let (_, #adjoints) = #product;
                #added
                #results
            }
        };
        let closure = if self.is_boxed() { quote!(#runtime::private::Box::new(#closure)) } else { closure };
        let requests = self.request_types(kinds);
        params.push(quote!(#asked: #requests));
        let body = quote! {
            let #value = { #read #own };
            (#value, #closure)
        };
        let closure_type = self.closure_type(kinds, &generics);
        self.pullback_fn(&generics, &params, &quote!((#output, #closure_type)), &body)
    }

    /// The variables that keep the arrays which the pullback may read, slot by slot.
    fn keepers(&self, kinds: &[Kind], names: &mut Names) -> Vec<Option<Ident>> {
        kinds.iter().map(|kind| kind.kept().map(|k| self.named(k, "kept", names))).collect()
    }

    /// Reads the arrays that are kept.
    fn reads<'s>(&'s self, kinds: &'s [Kind], keepers: &'s [Option<Ident>]) -> impl Iterator<Item = TokenStream> + 's {
        kinds.iter().zip(keepers).filter_map(|(kind, keeper)| {
            let (ident, keeper) = (&self.signature.parameters[kind.kept()?].ident, keeper.as_ref()?);
            let (runtime, array) = (&self.runtime, self.array_behind(kind.kept()?));
            Some(quote!(let #ident = #runtime::private::Kept::<#array>::kept(&#keeper);))
        })
    }

    fn pullback_fn(
        &self,
        generics: &syn::Generics,
        params: &[TokenStream],
        output: &TokenStream,
        body: &TokenStream,
    ) -> TokenStream {
        let (vis, ident, clause) = (&self.item.vis, self.rule_name(PULLBACK), &generics.where_clause);
        let cfg = if self.signature.is_method { self.attributes("cfg") } else { Vec::new() };
        let allowed = allowed_lints();
        let method = quote! {
            #[doc(hidden)]
            #(#cfg)*
            #[inline]
            #allowed
            #vis fn #ident #generics (#(#params),*) -> #output #clause {
                #body
            }
        };
        let runtime = &self.runtime;
        match allocates(&method) || self.is_boxed() {
            true => quote!(#runtime::private::with_alloc! { #method }),
            false => method,
        }
    }

    /// In place of a pullback that cannot be given: a caller is told so.
    fn no_pullback(&self, kinds: &[Kind]) -> TokenStream {
        let runtime = &self.runtime;
        let types: Vec<Ident> =
            (0..=kinds.len()).map(|k| generated(&format!("Argument{k}"), Span::call_site())).collect();
        let mut generics = syn::Generics::default();
        for (k, ty) in types.iter().enumerate() {
            let bound = (k == 0).then(|| quote!(: #runtime::private::PullbackOfLocalReferences));
            generics.params.push(parse_quote!(#ty #bound));
        }
        let receiver = self.item.sig.receiver();
        let params = receiver.iter().map(|receiver| quote!(#receiver));
        let params: Vec<TokenStream> =
            params.chain(types.iter().skip(receiver.iter().count()).map(|ty| quote!(_: #ty))).collect();
        let (output, bars) = (self.output().unwrap_or(quote!(())), self.bar_types(kinds));
        let adjoints = self.adjoint_types(kinds);
        let output = quote!((#output, fn(#output, #bars) -> #adjoints));
        self.pullback_fn(&generics, &params, &output, &quote!(loop {}))
    }

    /// What the types of the parameters say of what the pullback can keep.
    fn lending(&self, kinds: &[Kind]) -> Lending {
        let receiver = self.item.sig.receiver().is_some();
        let inputs = self.item.sig.inputs.iter().zip(kinds).enumerate();
        let references = inputs.filter_map(|(slot, (input, kind))| match (input, kind) {
            (FnArg::Typed(typed), Kind::Constant) if is_shared_reference(&typed.ty) => {
                Some(self.value_of(slot - usize::from(receiver)))
            }
            _ => None,
        });
        Lending {
            kept: kinds.iter().filter_map(|kind| kind.kept()).map(|k| self.value_of(k)).collect(),
            references: references.collect(),
            receiver: self
                .item
                .sig
                .receiver()
                .is_some_and(|receiver| matches!(&receiver.kind, syn::ReceiverKind::Reference(_, _, None))),
        }
    }

    /// Tells the closure which variables keep the arrays that it reads.
    fn lend(&self, kinds: &[Kind], keepers: &[Option<Ident>], parted: &mut Parted) {
        let params = &parted.function.body.params;
        let kept = kinds.iter().zip(keepers).filter_map(|(kind, keeper)| {
            let k = kind.kept()?;
            Some((params[k], keeper.clone()?, Rc::new(syn::parse2(self.array_behind(k)).ok()?)))
        });
        let kept = kept.collect();
        if let Some(Op::Closure(closure)) = parted.function.body.stmts.last_mut().map(|stmt| &mut stmt.op) {
            closure.kept = kept;
        }
    }

    /// A pattern for the requests, and the variables for those of arrays that are lent.
    fn flags(&self, kinds: &[Kind], names: &mut Names) -> (TokenStream, Vec<Ident>) {
        let flags: Vec<Option<Ident>> = kinds
            .iter()
            .map(|kind| match kind {
                Kind::Lent(k) => Some(self.named(*k, "asked", names)),
                Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Out(_) | Kind::Moved(_) => None,
            })
            .collect();
        let pattern =
            self.per_slot(kinds, &|slot, _| flags[slot].as_ref().map_or(quote!(_), |flag| flag.to_token_stream()));
        (pattern, flags.into_iter().flatten().collect())
    }

    /// The type of the closure, which keeps nothing but what it is lent.
    fn closure_type(&self, kinds: &[Kind], generics: &syn::Generics) -> TokenStream {
        let (runtime, closure) = (&self.runtime, self.pullback_type(kinds));
        if self.is_boxed() {
            return quote!(#runtime::private::Box<dyn #closure>);
        }
        let captured = generics.params.iter().filter_map(|param| match param {
            GenericParam::Type(param) => Some(&param.ident),
            GenericParam::Lifetime(_) => None,
            GenericParam::Const(param) => Some(&param.ident),
        });
        quote!(impl #closure + use<'k, #(#captured),*>)
    }

    /// The value, and the pullback in the form of its slots.
    fn pullback_value(&self, kinds: &[Kind], atoms: &[TokenStream], names: &mut Names) -> TokenStream {
        let runtime = &self.runtime;
        let n = self.output_count();
        let pull = &atoms[n];
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let seeds: Vec<TokenStream> = (0..n).map(|_| fresh("of_value").to_token_stream()).collect();
        let bars: Vec<Option<Ident>> =
            kinds.iter().map(|kind| matches!(kind, Kind::Lent(_) | Kind::Out(_)).then(|| fresh("adjoints"))).collect();
        let adjoints: Vec<Option<Ident>> = kinds
            .iter()
            .map(|kind| matches!(kind, Kind::Scalar(_) | Kind::Moved(_)).then(|| fresh("adjoint")))
            .collect();
        let seed = if n == 0 { quote!(()) } else { self.output_value(&seeds) };
        let given = self.per_slot(kinds, &|slot, kind| match (&bars[slot], kind) {
            (Some(bar), Kind::Out(_)) => quote!(#runtime::private::Out(#bar)),
            (Some(bar), _) => quote!(#bar),
            (None, _) => quote!(_),
        });
        let types = self.bar_types(kinds);
        let output = self.output().unwrap_or(quote!(()));
        let scalars: Vec<&Ident> = adjoints.iter().flatten().collect();
        let arrays = bars.iter().flatten();
        let result = self.per_slot(kinds, &|slot, _| match &adjoints[slot] {
            Some(adjoint) => quote!(#adjoint),
            None => quote!(#runtime::private::Constant),
        });
        let call = quote!(#pull(#(#seeds,)* #(#arrays),*));
        let call = match &scalars[..] {
            [] => quote!(#call;),
            [adjoint] => quote!(let #adjoint = #call;),
            scalars => quote!(let (#(#scalars),*) = #call;),
        };
        let value = if n == 0 { quote!(()) } else { self.output_value(&atoms[..n]) };
        let closure = quote!(move |#seed: #output, #given: #types| { #call #result });
        match self.is_boxed() {
            true => quote!((#value, #runtime::private::Box::new(#closure))),
            false => quote!((#value, #closure)),
        }
    }

    fn bar_types(&self, kinds: &[Kind]) -> TokenStream {
        let runtime = &self.runtime;
        self.per_slot(kinds, &|_, kind| match kind {
            Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Moved(_) => quote!(#runtime::private::Constant),
            Kind::Lent(k) => {
                let slice = self.slice_at(k);
                quote!(&mut #slice)
            }
            Kind::Out(k) => {
                let slice = self.slice_at(k);
                quote!(#runtime::private::Out<'_, #slice>)
            }
        })
    }

    fn pullback_type(&self, kinds: &[Kind]) -> TokenStream {
        let output = self.output().unwrap_or(quote!(()));
        let bars = self.bar_types(kinds);
        let adjoints = self.adjoint_types(kinds);
        quote!(::core::ops::FnOnce(#output, #bars) -> #adjoints + 'k)
    }

    fn adjoint_types(&self, kinds: &[Kind]) -> TokenStream {
        let runtime = &self.runtime;
        self.per_slot(kinds, &|_, kind| match kind {
            Kind::Scalar(k) | Kind::Moved(k) => self.owned_type(self.signature.parameters[k].ty),
            Kind::Constant | Kind::Kept(_) | Kind::Lent(_) | Kind::Out(_) => quote!(#runtime::private::Constant),
        })
    }

    /// The generics and the parameters, of which some live for `'k`: by position, or the receiver.
    fn lending_signature(
        &self,
        kinds: &[Kind],
        keepers: &[Option<Ident>],
        lasts: &dyn Fn(Option<usize>) -> bool,
    ) -> (syn::Generics, Vec<TokenStream>) {
        let runtime = &self.runtime;
        let mut generics = self.item.sig.generics.clone();
        generics.params.insert(0, parse_quote!('k));
        let inputs: Vec<FnArg> = self.inputs().into_iter().filter_map(|input| syn::parse2(input).ok()).collect();
        let receiver = usize::from(self.item.sig.receiver().is_some());
        let mut params = Vec::new();
        for (slot, (mut input, kind)) in inputs.into_iter().zip(kinds).enumerate() {
            if let (Some(k), Some(keeper)) = (kind.kept(), &keepers[slot]) {
                let array = self.array_behind(k);
                let keeping = generated(&format!("Kept{k}"), Span::call_site());
                // A function that is called may read an array of known length as a slice.
                let slice = self.slice_at(k);
                let kept = quote!(#runtime::private::Kept);
                let bounds = match array.to_string() == slice.to_string() {
                    true => quote!(#kept<#slice>),
                    false => quote!(#kept<#array> + #kept<#slice>),
                };
                generics.params.push(parse_quote!(#keeping: #bounds + 'k));
                params.push(quote!(#keeper: #keeping));
                continue;
            }
            let parameter = slot.checked_sub(receiver);
            if lasts(parameter) {
                let lifetime = Lifetime::new("'k", Span::call_site());
                match &mut input {
                    FnArg::Receiver(receiver) => {
                        if let syn::ReceiverKind::Reference(_, known, None) = &mut receiver.kind {
                            *known = Some(lifetime);
                        }
                    }
                    FnArg::Typed(typed) => {
                        if let syn::Type::Reference(reference) = &mut *typed.ty
                            && reference.mutability.is_none()
                        {
                            reference.lifetime = Some(lifetime);
                        }
                    }
                }
            }
            params.push(quote!(#input));
        }
        (generics, params)
    }

    /// The array that a parameter refers to: of known length, or a slice.
    fn array_behind(&self, k: usize) -> TokenStream {
        match self.shape_at(k) {
            Some(shape) if matches!(shape.dims.first(), Some(Dim::Fixed(_))) => self.array_type(shape, &shape.dims),
            _ => self.slice_at(k),
        }
    }

    /// Whether the pullback is boxed: that of a function which calls itself would contain itself, and a method cannot say
    /// what it keeps, as the parameters of its `impl` block are not visible.
    fn is_boxed(&self) -> bool {
        let anonymous = self.item.sig.inputs.iter().any(|input| match input {
            FnArg::Typed(typed) => names_impl(&typed.ty),
            FnArg::Receiver(_) => false,
        });
        self.signature.is_method || anonymous || (self.rule.is_none() && self.calls_itself())
    }

    /// Whether the function calls itself.
    fn calls_itself(&self) -> bool {
        let own = &self.item.sig.ident;
        self.function.body.calls().any(|call| match &call.callee.name {
            Name::Path(path) => path.path.segments.last().is_some_and(|last| last.ident == *own),
            Name::Method(name, _) => name == own,
        })
    }
}

/// Whether a type is written with `impl`.
fn names_impl(ty: &syn::Type) -> bool {
    struct Found(bool);
    impl<'a> Visit<'a> for Found {
        fn visit_type_impl_trait(&mut self, _: &'a syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut found = Found(false);
    found.visit_type(ty);
    found.0
}

fn is_shared_reference(ty: &syn::Type) -> bool {
    matches!(ty, syn::Type::Reference(reference) if reference.mutability.is_none())
}
