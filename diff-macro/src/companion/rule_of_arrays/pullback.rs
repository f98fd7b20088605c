//! The pullback for callers: a closure that keeps what the reverse sweep needs, beside the value.

use std::collections::HashMap;
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::visit::Visit;
use syn::{FnArg, GenericParam, Lifetime, parse_quote};

use super::super::modes::zero;
use super::super::{Plan, allocates, allowed_lints};
use super::Kind;
use crate::attr::Given;
use crate::call::{PULLBACK, PULLBACK_OF_PUSHFORWARD};
use crate::emit::Places;
use crate::ir::{Dim, Keep, Name, Op, Scalar, Storage, StructParam, Value};
use crate::names::{Names, generated};
use crate::reverse::{self, Lending, Parted};
use crate::signature::Signature;

/// The structs among the parameters, where they receive adjoints.
#[derive(Default)]
pub(super) struct Structs {
    /// The variables for the structs of adjoints, by parameters.
    bars: HashMap<usize, Ident>,
    /// The leaves that are differentiated in.
    leaves: Vec<usize>,
    /// The parameters with arrays among their leaves, whose adjoints the reverse sweep adds to in place.
    with_arrays: Vec<usize>,
}

/// The kind of the parameter at a position.
fn kind_at(kinds: &[Kind], k: usize) -> Kind {
    kinds.iter().copied().find(|kind| kind.position() == Some(k)).unwrap_or(Kind::Constant)
}

impl Plan<'_> {
    pub(super) fn pullback_rule(&self, kinds: &[Kind]) -> TokenStream {
        if let Some(given) = self.rule {
            return self.given_pullback(given, kinds);
        }
        let mut names = self.names();
        let this = generated(&names.fresh("this", false), Span::call_site());
        let renamed = self.without_self(&this);
        let signature = renamed.as_ref().unwrap_or(self.signature);
        let plan = Plan { signature, runtime: self.runtime.clone(), outlives: true, ..*self };
        plan.pullback_by_split(kinds, names, renamed.is_some())
    }

    /// The pullback that the reverse sweep of the function is. A receiver of which the closure reads parts is a variable of
    /// another name, and the closure has a copy of it.
    fn pullback_by_split(&self, kinds: &[Kind], mut names: Names, copies_self: bool) -> TokenStream {
        let all: Vec<usize> = (0..kinds.len()).collect();
        let (active, leaves) = self.actives(kinds, &all);
        let lending = self.lending(kinds, &|value| value);
        let parted = reverse::split(self.function, &active, lending, self.signature.scalar);
        let Some(mut parted) = parted else { return self.no_pullback(kinds) };
        let keepers = self.keepers(kinds, &mut names);
        let values = parted.function.body.params.clone();
        let own = &self.function.body.params;
        let value =
            |_, value: Value| own.iter().position(|param| *param == value).map_or(Some(value), |k| Some(values[k]));
        self.lend(kinds, &keepers, &value, &mut parted);
        let mut places = Places::new();
        let structs = self.lend_structs(kinds, &leaves, &mut parted, &mut names, &mut places);
        let asked = generated(&names.fresh("asked", false), Span::call_site());
        let flags = self.flags(kinds, &mut names);
        let flag_pattern = self.flag_pattern(kinds, &flags);
        let flags: Vec<Ident> = flags.into_iter().flatten().collect();
        let prologue = self.reads(kinds, &keepers);
        let lasts = |slot: Option<usize>| match slot {
            None => parted.receiver_lasts,
            Some(k) => parted.lasting.contains(&self.value_of(k)),
        };
        let (mut generics, mut params) = self.lending_signature(kinds, &keepers, &lasts);
        let wrap = |atoms: &[TokenStream]| {
            let (value, closure) = self.pullback_value(kinds, &|_| true, &structs, atoms, &mut names.clone());
            quote!((#value, #closure))
        };
        let body = self.body_with(self.finished(parted.function), &flags, places, names.clone(), &wrap);
        let copy = copies_self.then(|| {
            let (runtime, this) = (&self.runtime, &self.signature.parameters[0].ident);
            generics.make_where_clause().predicates.push(parse_quote!(Self: #runtime::private::Copied<'k>));
            quote!(let #this = #runtime::private::Copied::copied(self);)
        });
        let body = quote! {
            let #flag_pattern = #asked;
            #copy
            #(#prologue)*
            #body
        };
        let requests = self.request_types(kinds);
        params.push(quote!(#asked: #requests));
        let (output, closure_type) = (self.output_of(kinds), self.closure_type(kinds, &generics));
        self.pullback_fn(kinds, &generics, &params, &quote!((#output, #closure_type)), &body)
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
            Kind::Constant | Kind::Kept(_) | Kind::Lent(_) | Kind::Out(_) | Kind::Struct(_) | Kind::StructOut(_) => {
                quote!(#runtime::private::Constant)
            }
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
        self.pullback_fn(kinds, &generics, &params, &quote!((#output, #closure_type)), &body)
    }

    /// The variables that keep the arrays which the pullback may read, slot by slot.
    pub(super) fn keepers(&self, kinds: &[Kind], names: &mut Names) -> Vec<Option<Ident>> {
        kinds.iter().map(|kind| self.kept(*kind).map(|k| self.named(k, "kept", names))).collect()
    }

    /// Reads the arrays that are kept.
    pub(super) fn reads<'s>(
        &'s self,
        kinds: &'s [Kind],
        keepers: &'s [Option<Ident>],
    ) -> impl Iterator<Item = TokenStream> + 's {
        kinds.iter().zip(keepers).filter_map(|(kind, keeper)| {
            let k = self.kept(*kind)?;
            let (ident, read) = (&self.signature.parameters[k].ident, self.read_kept(k, keeper.as_ref()?));
            Some(quote!(let #ident = #read;))
        })
    }

    /// What a variable keeps.
    pub(super) fn read_kept(&self, k: usize, keeper: &Ident) -> TokenStream {
        let (kept, array) = self.kept_as(k);
        quote!(#kept::<#array>::kept(&#keeper))
    }

    /// The trait of what is kept, and as what it is read.
    fn kept_as(&self, k: usize) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        match &self.signature.parameters[k].aggregate {
            Some(aggregate) if !matches!(aggregate.ty, syn::Type::Slice(_)) => {
                (quote!(#runtime::private::Held), self.struct_type(k))
            }
            Some(_) => (quote!(#runtime::private::Kept), self.struct_type(k)),
            None => (quote!(#runtime::private::Kept), self.array_behind(k)),
        }
    }

    pub(super) fn pullback_fn(
        &self,
        kinds: &[Kind],
        generics: &syn::Generics,
        params: &[TokenStream],
        output: &TokenStream,
        body: &TokenStream,
    ) -> TokenStream {
        let generics = self.bounded(generics.clone(), body);
        let rule = if self.have_tangents(kinds) { PULLBACK_OF_PUSHFORWARD } else { PULLBACK };
        let (vis, ident, clause) = (&self.item.vis, self.rule_name(rule), &generics.where_clause);
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
    pub(super) fn no_pullback(&self, kinds: &[Kind]) -> TokenStream {
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
        let (output, bars) = (self.output_of(kinds), self.bar_types(kinds));
        let adjoints = self.adjoint_types(kinds);
        let output = quote!((#output, fn(#output, #bars) -> #adjoints));
        self.pullback_fn(kinds, &generics, &params, &output, &quote!(loop {}))
    }

    /// What the types of the parameters say of what the pullback can keep; `value` is what a parameter has become.
    pub(super) fn lending(&self, kinds: &[Kind], value: &dyn Fn(Value) -> Value) -> Lending {
        let receiver = usize::from(self.constant_receiver());
        let inputs = self.item.sig.inputs.iter().zip(kinds).enumerate();
        let references = inputs.filter_map(|(slot, (input, kind))| match (input, kind) {
            (FnArg::Typed(typed), Kind::Constant) if is_shared_reference(&typed.ty) => {
                Some(value(self.value_of(slot - receiver)))
            }
            _ => None,
        });
        let kept: Vec<usize> = kinds.iter().filter_map(|kind| self.kept(*kind)).collect();
        let leaves = self.lowered.leaves.iter().filter(|leaf| kept.contains(&leaf.param)).map(|leaf| leaf.value);
        let shared = |receiver: &syn::Receiver| matches!(&receiver.kind, syn::ReceiverKind::Reference(_, _, None));
        Lending {
            kept: kept.iter().map(|k| self.value_of(*k)).chain(leaves).map(value).collect(),
            references: references.collect(),
            receiver: self.constant_receiver() && self.item.sig.receiver().is_some_and(shared),
        }
    }

    /// Tells the closure which variables keep what it reads. `value` is what a parameter of the function, in a slot, has
    /// become; none of what is not there.
    pub(super) fn lend(
        &self,
        kinds: &[Kind],
        keepers: &[Option<Ident>],
        value: &dyn Fn(usize, Value) -> Option<Value>,
        parted: &mut Parted,
    ) {
        let mut kept = Vec::new();
        for (slot, (kind, keeper)) in kinds.iter().zip(keepers).enumerate() {
            let (Some(k), Some(keeper)) = (self.kept(*kind), keeper) else { continue };
            let read = syn::parse2(self.read_kept(k, keeper)).ok().map(Rc::new);
            let own = value(slot, self.value_of(k));
            kept.extend(own.map(|value| Keep { value, keeper: keeper.clone(), read }));
            // All of a struct is passed on as what keeps it.
            let whole = self.lowered.leaves.iter().find(|leaf| leaf.param == k && leaf.whole && leaf.steps.is_empty());
            let whole = whole.and_then(|leaf| value(slot, leaf.value));
            kept.extend(whole.map(|value| Keep { value, keeper: keeper.clone(), read: None }));
        }
        if let Some(Op::Closure(closure)) = parted.function.body.stmts.last_mut().map(|stmt| &mut stmt.op) {
            closure.kept = kept;
        }
    }

    /// The parameters of the closure that are structs of adjoints, and which of its parameters are parts of these.
    fn lend_structs(
        &self,
        kinds: &[Kind],
        leaves: &[usize],
        parted: &mut Parted,
        names: &mut Names,
        places: &mut Places,
    ) -> Structs {
        let is_array = |leaf: &&usize| self.leaf_ty(&self.lowered.leaves[**leaf]).is_array();
        let mut structs = Structs { bars: HashMap::new(), leaves: leaves.to_vec(), with_arrays: Vec::new() };
        for k in kinds.iter().filter_map(|kind| kind.of_struct()) {
            structs.bars.insert(k, self.named(k, "bar", names));
        }
        let Some(Op::Closure(closure)) = parted.function.body.stmts.last_mut().map(|stmt| &mut stmt.op) else {
            return structs;
        };
        let arrays: Vec<usize> = leaves.iter().filter(is_array).copied().collect();
        let first = closure.region.params.len() - arrays.len();
        for (leaf, param) in arrays.iter().zip(&closure.region.params[first..]) {
            let leaf = &self.lowered.leaves[*leaf];
            let bar = &structs.bars[&leaf.param];
            let ident = self.stand_in(Self::place(bar, leaf, true), names, places);
            closure.parts.push((*param, ident));
            if !structs.with_arrays.contains(&leaf.param) {
                structs.with_arrays.push(leaf.param);
                closure.structs.push(self.struct_in_closure(kind_at(kinds, leaf.param), leaf.param, bar));
            }
        }
        structs
    }

    /// A parameter of the closure, and what it begins with: a struct that is not asked for is one of its own.
    fn struct_in_closure(&self, kind: Kind, k: usize, bar: &Ident) -> StructParam {
        let ty = self.struct_type(k);
        if let Kind::StructOut(_) = kind {
            return StructParam { pattern: quote!(#bar: &mut #ty), opening: quote!() };
        }
        let zero = self.zero_of(&self.signature.parameters[k]);
        let opening = quote! {
            let mut zero;
            let #bar: &mut #ty = match #bar {
                ::core::option::Option::Some(given) => given,
                ::core::option::Option::None => { zero = #zero; &mut zero }
            };
        };
        StructParam { pattern: quote!(#bar: ::core::option::Option<&mut #ty>), opening }
    }

    /// The signature with another name for a receiver that varies, which is a shared reference.
    fn without_self(&self, name: &Ident) -> Option<Signature> {
        let first = self.signature.parameters.first().filter(|first| first.ident == "self" && first.active)?;
        first.aggregate.as_ref().filter(|aggregate| aggregate.storage == Storage::Borrowed)?;
        let mut signature = self.signature.clone();
        let first = signature.parameters.first_mut()?;
        first.ident = name.clone();
        // The copy is a value of its own.
        first.aggregate.as_mut()?.storage = Storage::Owned;
        Some(signature)
    }

    /// The type of the closure, which keeps nothing but what it is lent.
    pub(super) fn closure_type(&self, kinds: &[Kind], generics: &syn::Generics) -> TokenStream {
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

    /// The value, and the pullback in the form of its slots; of some of these, there are adjoints.
    pub(super) fn pullback_value(
        &self,
        kinds: &[Kind],
        has_adjoint: &dyn Fn(usize) -> bool,
        structs: &Structs,
        atoms: &[TokenStream],
        names: &mut Names,
    ) -> (TokenStream, TokenStream) {
        let runtime = &self.runtime;
        let (n, outs) = (self.floats_of(kinds), self.lowered.outs.len());
        let pull = &atoms[n + outs];
        let mut fresh = |wish: &str| generated(&names.fresh(wish, false), Span::call_site());
        let mut seeds: Vec<TokenStream> = (0..n).map(|_| fresh("of_value").to_token_stream()).collect();
        let of_slots: Vec<Option<&Kind>> =
            kinds.iter().enumerate().map(|(slot, kind)| has_adjoint(slot).then_some(kind)).collect();
        let bars: Vec<Option<Ident>> = of_slots
            .iter()
            .map(|kind| match kind {
                Some(Kind::Lent(_) | Kind::Out(_)) => Some(fresh("adjoints")),
                Some(Kind::Struct(k) | Kind::StructOut(k)) => structs.bars.get(k).cloned(),
                Some(Kind::Constant | Kind::Kept(_) | Kind::Scalar(_) | Kind::Moved(_)) | None => None,
            })
            .collect();
        let is_returned = |kind: &Option<&Kind>| matches!(kind, Some(Kind::Scalar(_) | Kind::Moved(_)));
        let adjoints: Vec<Option<Ident>> =
            of_slots.iter().map(|kind| is_returned(kind).then(|| fresh("adjoint"))).collect();
        let scalars = structs.leaves.iter().filter(|leaf| !self.leaf_ty(&self.lowered.leaves[**leaf]).is_array());
        let of_leaves: Vec<(usize, Ident)> = scalars.map(|leaf| (*leaf, fresh("adjoint"))).collect();
        let seed = self.value_of_floats(kinds, &seeds);
        let mut taken = TokenStream::new();
        for (k, part) in self.lowered.outs.iter().zip(self.out_parts(&structs.bars)) {
            if self.is_in_whole(&self.lowered.leaves[*k]) {
                let (ident, tokens) = self.taken_out(&part, names, true);
                taken.extend(tokens);
                seeds.push(quote!(#ident));
            } else {
                seeds.push(part);
            }
        }
        let given = self.per_slot(kinds, &|slot, kind| match (&bars[slot], kind) {
            (Some(bar), Kind::Out(_) | Kind::StructOut(_)) => quote!(#runtime::private::Out(#bar)),
            (Some(bar), Kind::Struct(_)) => quote!(mut #bar),
            (Some(bar), _) => quote!(#bar),
            (None, _) => quote!(_),
        });
        let (types, output) = (self.bar_types(kinds), self.output_of(kinds));
        let returned: Vec<&Ident> = adjoints.iter().flatten().chain(of_leaves.iter().map(|(_, ident)| ident)).collect();
        let arrays = kinds.iter().zip(&bars).filter(|(kind, _)| kind.of_struct().is_none());
        let arrays = arrays.filter_map(|(_, bar)| bar.as_ref().map(|bar| quote!(#bar)));
        let (before, lent, after) = self.struct_arguments(kinds, structs, &of_leaves);
        let result = self.per_slot(kinds, &|slot, kind| match (&adjoints[slot], kind) {
            (Some(adjoint), _) => quote!(#adjoint),
            // What is not asked for is not read.
            (None, Kind::Scalar(_)) => self.number(0.0),
            (None, Kind::Moved(k)) => match self.shape_at(k) {
                Some(shape) if shape.is_fixed() => zero(shape, &shape.dims),
                _ => quote!(#runtime::private::Vec::new()),
            },
            (None, _) => quote!(#runtime::private::Constant),
        });
        let call = quote!(#pull(#(#seeds,)* #(#arrays,)* #(#lent,)*));
        let call = match &returned[..] {
            [] => quote!(#call;),
            [adjoint] => quote!(let #adjoint = #call;),
            returned => quote!(let (#(#returned),*) = #call;),
        };
        let value = self.value_of_floats(kinds, atoms);
        let closure = quote!(move |#seed: #output, #given: #types| { #taken #before #call #after #result });
        match self.is_boxed() {
            true => (value, quote!(#runtime::private::Box::new(#closure))),
            false => (value, closure),
        }
    }

    /// What comes before the reverse sweep, the structs that it is given, and what comes after it: the adjoints of the
    /// scalars in structs.
    fn struct_arguments(
        &self,
        kinds: &[Kind],
        structs: &Structs,
        adjoints: &[(usize, Ident)],
    ) -> (TokenStream, Vec<TokenStream>, TokenStream) {
        let (mut before, mut lent, mut after) = (TokenStream::new(), Vec::new(), TokenStream::new());
        for k in &structs.with_arrays {
            let bar = &structs.bars[k];
            lent.push(match kind_at(kinds, *k) {
                Kind::StructOut(_) => quote!(&mut *#bar),
                // What is changed of a value has adjoints of its own: those that the caller has are added to.
                _ if self.storage_of_struct(*k) == Storage::Owned => {
                    let (own, runtime) = (self.result_name("own", &format!("_{k}")), &self.runtime);
                    before.extend(quote!(let mut #own = #bar.as_deref().map(#runtime::private::zero_of);));
                    after.extend(quote! {
                        if let (::core::option::Option::Some(sum), ::core::option::Option::Some(own)) = (#bar.as_deref_mut(), &#own) {
                            #runtime::Differentiable::accumulate(sum, own);
                        }
                    });
                    quote!(#own.as_mut())
                }
                _ => quote!(#bar.as_deref_mut()),
            });
        }
        for k in kinds.iter().filter_map(|kind| kind.of_struct()) {
            let bar = &structs.bars[&k];
            let own = adjoints.iter().filter(|(leaf, _)| self.lowered.leaves[*leaf].param == k);
            let mut own = own.map(|(leaf, ident)| (*leaf, quote!(#ident))).peekable();
            if own.peek().is_none() {
                continue;
            }
            after.extend(match kind_at(kinds, k) {
                Kind::StructOut(_) => {
                    let sets = own.map(|(leaf, adjoint)| self.set_adjoint(bar, leaf, &adjoint));
                    quote!(#(#sets)*)
                }
                _ => {
                    let part = |leaf: usize| Self::part(bar, &self.lowered.leaves[leaf]);
                    let sums = own.map(|(leaf, adjoint)| self.add_to(&part(leaf), &adjoint));
                    quote!(if let ::core::option::Option::Some(#bar) = #bar { #(#sums)* })
                }
            });
        }
        (before, lent, after)
    }

    pub(super) fn bar_types(&self, kinds: &[Kind]) -> TokenStream {
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
            Kind::Struct(k) => {
                let ty = self.struct_type(k);
                quote!(::core::option::Option<&mut #ty>)
            }
            Kind::StructOut(k) => {
                let ty = self.struct_type(k);
                quote!(#runtime::private::Out<'_, #ty>)
            }
        })
    }

    fn pullback_type(&self, kinds: &[Kind]) -> TokenStream {
        let (output, bars) = (self.output_of(kinds), self.bar_types(kinds));
        let adjoints = self.adjoint_types(kinds);
        quote!(::core::ops::FnOnce(#output, #bars) -> #adjoints + 'k)
    }

    fn adjoint_types(&self, kinds: &[Kind]) -> TokenStream {
        let runtime = &self.runtime;
        self.per_slot(kinds, &|_, kind| match kind {
            Kind::Scalar(k) | Kind::Moved(k) => self.owned_type(self.signature.parameters[k].ty),
            Kind::Constant | Kind::Kept(_) | Kind::Lent(_) | Kind::Out(_) | Kind::Struct(_) | Kind::StructOut(_) => {
                quote!(#runtime::private::Constant)
            }
        })
    }

    /// The generics and the parameters, of which some live for `'k`: by position, or the receiver.
    pub(super) fn lending_signature(
        &self,
        kinds: &[Kind],
        keepers: &[Option<Ident>],
        lasts: &dyn Fn(Option<usize>) -> bool,
    ) -> (syn::Generics, Vec<TokenStream>) {
        let mut generics = self.item.sig.generics.clone();
        let mut types: Vec<Ident> = generics.type_params().map(|param| param.ident.clone()).collect();
        let float = Ident::new(Scalar::Generic.name(), Span::call_site());
        if self.signature.scalar == Scalar::Generic && !types.contains(&float) {
            types.push(float);
        }
        if !types.is_empty() {
            // What the closure keeps may be of these types.
            let clause = generics.make_where_clause();
            clause.predicates.extend(types.iter().map(|ty| -> syn::WherePredicate { parse_quote!(#ty: 'k) }));
        }
        generics.params.insert(0, parse_quote!('k));
        let inputs: Vec<FnArg> = self.inputs().into_iter().filter_map(|input| syn::parse2(input).ok()).collect();
        let receiver = usize::from(self.constant_receiver());
        let mut params = Vec::new();
        for (slot, (mut input, kind)) in inputs.into_iter().zip(kinds).enumerate() {
            if let (Some(k), Some(keeper)) = (self.kept(*kind), &keepers[slot]) {
                let keeping = generated(&format!("Kept{k}"), Span::call_site());
                let bounds = self.bounds_of_kept(k);
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

    /// What keeps a parameter: a function that is called may read an array of known length as a slice.
    pub(super) fn bounds_of_kept(&self, k: usize) -> TokenStream {
        let (kept, array) = self.kept_as(k);
        let slice = self.slice_at(k);
        let is_struct = self.signature.parameters[k].aggregate.is_some();
        match is_struct || array.to_string() == slice.to_string() {
            true => quote!(#kept<#array>),
            false => quote!(#kept<#array> + #kept<#slice>),
        }
    }

    /// The array that a parameter refers to: of known length, or a slice.
    pub(super) fn array_behind(&self, k: usize) -> TokenStream {
        match self.shape_at(k) {
            Some(shape) if matches!(shape.dims.first(), Some(Dim::Fixed(_))) => self.array_type(shape, &shape.dims),
            _ => self.slice_at(k),
        }
    }

    /// Whether the pullback is boxed: that of a function which calls itself would contain itself, and a method cannot say
    /// what it keeps, as the parameters of its `impl` block are not visible.
    pub(super) fn is_boxed(&self) -> bool {
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
