//! Structs and tuples in companions: what stands for their leaves, and how gradients, tangents and results are made of
//! leaves.
//!
//! ```text
//! // Leaves:    p.x, p.w            in the function, as further parameters
//! // Tangents:  p_dot.x, p_dot.w    parts of the parameter `p_dot`
//! // Adjoints:  let mut p_bar = p.zero_like(); .. p_bar.w[i] += ..; p_bar.x = ..;
//! ```

use std::collections::HashMap;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::Member;

use super::Plan;
use crate::emit::Places;
use crate::ir::{Scalar, Storage, Ty, Value};
use crate::lower::{Leaf, Tree, members_of};
use crate::names::{Names, generated, plain};
use crate::signature::{Aggregate, Form, Parameter};

/// Something that is differentiated in: an active parameter, or a leaf of one.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// The position of the parameter.
    pub(super) param: usize,
    /// The position of the leaf, of a struct or a tuple.
    pub(super) leaf: Option<usize>,
    pub(super) value: Value,
}

/// How a struct that is returned is written: what comes before it, and the expression.
pub(super) struct Made {
    pub(super) before: TokenStream,
    pub(super) value: TokenStream,
}

impl Plan<'_> {
    /// What is differentiated in, parameter by parameter.
    pub(super) fn slots(&self) -> Vec<Slot> {
        self.active().into_iter().flat_map(|param| self.slots_of(param)).collect()
    }

    /// The slots of one active parameter.
    pub(super) fn slots_of(&self, param: usize) -> Vec<Slot> {
        let params = &self.function.body.params;
        if self.signature.parameters[param].aggregate.is_none() {
            return vec![Slot { param, leaf: None, value: params[param] }];
        }
        let leaves = self.lowered.leaves.iter().enumerate().filter(|(_, leaf)| leaf.param == param);
        leaves
            .filter(|(_, leaf)| self.leaf_ty(leaf) != Ty::Unknown)
            .map(|(k, leaf)| Slot { param, leaf: Some(k), value: leaf.value })
            .collect()
    }

    pub(super) fn leaf_ty(&self, leaf: &Leaf) -> Ty {
        self.function.values[leaf.value.0 as usize].ty
    }

    pub(super) fn slot_ty(&self, slot: Slot) -> Ty {
        self.function.values[slot.value.0 as usize].ty
    }

    /// What the slot is called in documentation: `x`, `p.x`.
    pub(super) fn slot_name(&self, slot: Slot) -> String {
        let parameter = plain(&self.signature.parameters[slot.param].ident);
        let fields = slot.leaf.into_iter().flat_map(|k| self.lowered.leaves[k].steps.iter().flatten());
        fields.fold(parameter, |name, member| match member {
            Member::Named(ident) => format!("{name}.{}", plain(ident)),
            Member::Unnamed(index) => format!("{name}.{}", index.index),
        })
    }

    pub(super) fn has_aggregates(&self) -> bool {
        self.active().into_iter().any(|k| self.signature.parameters[k].aggregate.is_some())
    }

    /// The part of a variable that a leaf is; of an array of structs, the array.
    pub(super) fn part(base: &Ident, leaf: &Leaf) -> TokenStream {
        let fields = leaf.steps.iter().map_while(Option::as_ref);
        quote!(#base #(.#fields)*)
    }

    /// The same, where the variable may hold a reference: of all of a struct, what it refers to.
    pub(super) fn place(base: &Ident, leaf: &Leaf, by_reference: bool) -> TokenStream {
        match by_reference && leaf.steps.is_empty() && leaf.whole {
            true => quote!((*#base)),
            false => Self::part(base, leaf),
        }
    }

    // ---- the leaves of parameters -------------------------------------------------------------------------------

    /// The variables that stand for the leaves, what is written for them, and what declares those that are read once:
    /// of a struct that is changed, or moved away, before the last read of its leaf.
    pub(super) fn leaf_places(&self, names: &mut Names) -> (Vec<Ident>, Places, TokenStream) {
        let (mut idents, mut places, mut prologue) = (Vec::new(), Places::new(), TokenStream::new());
        for leaf in &self.lowered.leaves {
            let parameter = &self.signature.parameters[leaf.param];
            let hint = self.function.values[leaf.value.0 as usize].hint.as_ref();
            let wish = hint.map_or("leaf".to_owned(), |hint| hint.name.to_string());
            let ident = generated(&names.fresh(&wish, false), Span::call_site());
            let storage = parameter.aggregate.as_ref().map_or(Storage::Owned, |aggregate| aggregate.storage);
            let part = Self::place(&parameter.ident, leaf, storage != Storage::Owned);
            let moves = match storage {
                Storage::Owned => self.is_base(leaf.param) || self.is_in_changed_whole(leaf),
                Storage::BorrowedMut => leaf.modified || self.outlives || self.is_base(leaf.param),
                Storage::Borrowed => false,
            };
            if moves && self.leaf_ty(leaf).scalar().is_some() {
                prologue.extend(quote!(let #ident = #part;));
            } else {
                places.insert(ident.to_string(), part);
            }
            idents.push(ident);
        }
        (idents, places, prologue)
    }

    /// Whether the function returns the struct that a parameter is, with changes.
    fn is_base(&self, param: usize) -> bool {
        self.lowered.result.as_ref().is_some_and(|(tree, _)| tree.bases().iter().any(|(base, ..)| *base == param))
    }

    /// Assertions that the leaves that are taken for floats are floats.
    pub(super) fn guards(&self) -> TokenStream {
        let mut tokens = TokenStream::new();
        for leaf in &self.lowered.leaves {
            if let Some(scalar) = self.leaf_ty(leaf).scalar() {
                let (part, ty) = (Self::part(&self.signature.parameters[leaf.param].ident, leaf), self.ty(scalar));
                tokens.extend(quote!(let _: #ty = #part;));
            }
        }
        tokens
    }

    // ---- types --------------------------------------------------------------------------------------------------

    /// The type of a gradient in a parameter.
    pub(super) fn gradient_type_of(&self, parameter: &Parameter) -> TokenStream {
        match &parameter.aggregate {
            Some(aggregate) => match element(aggregate) {
                Some(element) => {
                    let runtime = &self.runtime;
                    quote!(#runtime::private::Vec<#element>)
                }
                None => {
                    let ty = &aggregate.ty;
                    quote!(#ty)
                }
            },
            None => self.owned_type(parameter.ty),
        }
    }

    pub(super) fn buffer_type_of(&self, parameter: &Parameter) -> TokenStream {
        match &parameter.aggregate {
            Some(aggregate) => match element(aggregate) {
                Some(element) => quote!(&mut [#element]),
                None => {
                    let ty = &aggregate.ty;
                    quote!(&mut #ty)
                }
            },
            None => self.buffer_type(parameter.ty),
        }
    }

    pub(super) fn tangent_type_of(&self, parameter: &Parameter) -> TokenStream {
        match &parameter.aggregate {
            Some(aggregate) => {
                let ty = &aggregate.ty;
                match (element(aggregate), aggregate.storage) {
                    (Some(element), _) => quote!(&[#element]),
                    (None, Storage::Owned) => quote!(#ty),
                    (None, Storage::Borrowed | Storage::BorrowedMut) => quote!(&#ty),
                }
            }
            None => self.tangent_type(parameter.ty),
        }
    }

    /// Whether the tangent of a struct is a reference.
    pub(super) fn tangent_is_reference(parameter: &Parameter) -> bool {
        let is_reference = |of: &Aggregate| of.storage != Storage::Owned || element(of).is_some();
        parameter.output || parameter.aggregate.as_ref().is_some_and(is_reference)
    }

    // ---- gradients ----------------------------------------------------------------------------------------------

    /// A reference to a parameter that is a struct or an array.
    pub(super) fn reference(&self, parameter: &Parameter) -> TokenStream {
        let ident = &parameter.ident;
        if let Some(shape) = self.shape(parameter.ty) {
            return match shape.storage {
                _ if !shape.is_fixed() => quote!(&#ident[..]),
                Storage::Owned => quote!(&#ident),
                Storage::Borrowed => quote!(#ident),
                Storage::BorrowedMut => quote!(&*#ident),
            };
        }
        match &parameter.aggregate {
            Some(aggregate) if element(aggregate).is_some() => quote!(&#ident[..]),
            Some(Aggregate { storage: Storage::Borrowed, .. }) => quote!(#ident),
            Some(Aggregate { storage: Storage::BorrowedMut, .. }) => quote!(&*#ident),
            Some(Aggregate { storage: Storage::Owned, .. }) | None => quote!(&#ident),
        }
    }

    /// Zero in the shape of a parameter.
    pub(super) fn zero_of(&self, parameter: &Parameter) -> TokenStream {
        let (runtime, value) = (&self.runtime, self.reference(parameter));
        let is_dynamic = self.shape(parameter.ty).is_some_and(|shape| !shape.is_fixed());
        match parameter.aggregate.as_ref().and_then(element) {
            Some(_) => quote!(#runtime::private::zeros_like(#value)),
            None if is_dynamic => quote!(#runtime::private::zeros_like(#value)),
            None => quote!(#runtime::Differentiable::zero_like(#value)),
        }
    }

    /// Checks that another value of a parameter's type has its shape.
    pub(super) fn shape_check(&self, parameter: &Parameter, other: &TokenStream, what: &str) -> TokenStream {
        let (runtime, value) = (&self.runtime, self.reference(parameter));
        let message = format!("the {what} of `{0}` must have the shape of `{0}`", plain(&parameter.ident));
        quote!(::core::assert!(#runtime::private::same_shape(#value, #other), #message);)
    }

    /// The structs that receive adjoints, with what declares them: one per active parameter that is a struct and no
    /// result.
    pub(super) fn bars(&self, names: &mut Names) -> (HashMap<usize, Ident>, TokenStream) {
        self.bars_for("bar", names)
    }

    /// Structs for what has the shape of a gradient, under names that end in a word.
    pub(super) fn bars_for(&self, word: &str, names: &mut Names) -> (HashMap<usize, Ident>, TokenStream) {
        let (mut idents, mut prologue) = (HashMap::new(), TokenStream::new());
        for k in self.active() {
            let parameter = &self.signature.parameters[k];
            if parameter.aggregate.is_none() || parameter.output {
                continue;
            }
            let ident = self.named_after(parameter, word, names);
            let zero = self.zero_of(parameter);
            prologue.extend(quote!(let mut #ident = #zero;));
            idents.insert(k, ident);
        }
        (idents, prologue)
    }

    pub(super) fn bar_name(&self, parameter: &Parameter, names: &mut Names) -> Ident {
        self.named_after(parameter, "bar", names)
    }

    /// A name that is made of that of a parameter and a word.
    pub(super) fn named_after(&self, parameter: &Parameter, word: &str, names: &mut Names) -> Ident {
        let wish = format!("{}_{word}", plain(&parameter.ident));
        let span = if parameter.ident == "self" { Span::call_site() } else { parameter.ident.span() };
        generated(&names.fresh(&wish, false), span)
    }

    /// The arrays of adjoints that stand in structs: what the pullback takes for them, in the order of the slots.
    pub(super) fn array_bars(
        &self,
        bars: &HashMap<usize, Ident>,
        names: &mut Names,
        places: &mut Places,
    ) -> Vec<Ident> {
        let mut idents = Vec::new();
        for slot in self.slots() {
            let (Some(k), Some(bar)) = (slot.leaf, bars.get(&slot.param)) else { continue };
            if self.slot_ty(slot).is_array() {
                idents.push(self.stand_in(Self::part(bar, &self.lowered.leaves[k]), names, places));
            }
        }
        idents
    }

    /// A variable that stands for a part of another.
    pub(super) fn stand_in(&self, part: TokenStream, names: &mut Names, places: &mut Places) -> Ident {
        let ident = generated(&names.fresh("part", false), Span::call_site());
        places.insert(ident.to_string(), part);
        ident
    }

    /// From the adjoints of the slots, what is to be done before the gradient is given, and the components of it, one per
    /// active parameter that is no result.
    pub(super) fn gathered(
        &self,
        bars: &HashMap<usize, Ident>,
        adjoints: &[TokenStream],
    ) -> (TokenStream, Vec<TokenStream>) {
        let (mut before, mut components) = (TokenStream::new(), Vec::new());
        let mut adjoints = adjoints.iter();
        for k in self.active() {
            let is_output = self.signature.parameters[k].output;
            for slot in self.slots_of(k) {
                if is_output && self.slot_ty(slot).is_array() {
                    // Its adjoint is the caller's.
                    continue;
                }
                let Some(adjoint) = adjoints.next() else { continue };
                match (slot.leaf, bars.get(&k)) {
                    (Some(leaf), Some(bar)) if !self.slot_ty(slot).is_array() => {
                        before.extend(self.set_adjoint(bar, leaf, adjoint));
                    }
                    (Some(_), _) => {}
                    (None, _) if is_output => {}
                    (None, _) => components.push(adjoint.clone()),
                }
            }
            components.extend(bars.get(&k).map(|bar| quote!(#bar)));
        }
        (before, components)
    }

    /// The adjoint of a leaf goes to its place in a struct of adjoints: what a callee has added there, to which the struct
    /// was passed on as a whole, stays.
    pub(super) fn set_adjoint(&self, bar: &Ident, leaf: usize, adjoint: &TokenStream) -> TokenStream {
        let leaf = &self.lowered.leaves[leaf];
        let part = Self::part(bar, leaf);
        match self.is_in_whole(leaf) {
            true => self.add_to(&part, adjoint),
            false => quote!(#part = #adjoint;),
        }
    }

    /// `part += value;`, which a generic float need not have.
    pub(super) fn add_to(&self, part: &TokenStream, value: &TokenStream) -> TokenStream {
        match self.signature.scalar {
            Scalar::Generic => quote!(#part = #part + (#value);),
            Scalar::F64 | Scalar::F32 => quote!(#part += #value;),
        }
    }

    /// The structs that are passed on as a whole, and that a leaf is in.
    fn wholes_around<'s>(&'s self, leaf: &'s Leaf) -> impl Iterator<Item = &'s Leaf> {
        let wholes = self.lowered.leaves.iter().filter(|whole| whole.whole && whole.param == leaf.param);
        wholes.filter(|whole| leaf.steps.starts_with(&whole.steps))
    }

    /// Whether a leaf is in a struct that changes before it is passed on as a whole, or when it is.
    fn is_in_changed_whole(&self, leaf: &Leaf) -> bool {
        self.wholes_around(leaf).any(|whole| whole.modified)
    }

    /// Whether the tangent of a leaf is taken out of its struct: a scalar of a struct that changes and is passed on.
    pub(super) fn is_taken_out(&self, leaf: &Leaf) -> bool {
        !leaf.whole && self.is_in_changed_whole(leaf) && self.leaf_ty(leaf).scalar().is_some()
    }

    /// The parts of the buffers of parameters that are results, where these are structs that are passed on as a whole: their
    /// adjoints and tangents stand in the buffers meanwhile. Variables that hold what the parts begin with.
    pub(super) fn taken_out(&self, part: &TokenStream, names: &mut Names, clears: bool) -> (Ident, TokenStream) {
        let ident = generated(&names.fresh("part", false), Span::call_site());
        let cleared = clears.then(|| {
            let zero = self.number(0.0);
            quote!(#part = #zero;)
        });
        (ident.clone(), quote!(let #ident = #part; #cleared))
    }

    /// Whether a leaf is in a struct that is passed on as a whole.
    pub(super) fn is_in_whole(&self, leaf: &Leaf) -> bool {
        self.wholes_around(leaf).next().is_some()
    }

    /// The part of a row of a Jacobian that belongs to a struct, which has an entry per leaf.
    pub(super) fn row_of_struct(&self, param: usize, entries: &mut dyn Iterator<Item = TokenStream>) -> TokenStream {
        let parameter = &self.signature.parameters[param];
        let zero = self.zero_of(parameter);
        let bar = self.bar_name(parameter, &mut self.names());
        let sets = self.slots_of(param).into_iter().filter_map(|slot| {
            let part = Self::part(&bar, &self.lowered.leaves[slot.leaf?]);
            let entry = entries.next()?;
            Some(quote!(#part = #entry;))
        });
        quote!({ let mut #bar = #zero; #(#sets)* #bar })
    }

    // ---- results ------------------------------------------------------------------------------------------------

    /// The value of a struct that is returned, from its leaves.
    pub(super) fn made(&self, atoms: &[TokenStream]) -> Made {
        let Some((tree, keys)) = &self.lowered.result else { return Made { before: quote!(), value: quote!() } };
        let leaves: HashMap<&str, &TokenStream> = keys.iter().map(|key| path(key)).zip(atoms).collect();
        let mut made = Made { before: quote!(), value: quote!() };
        made.value = self.write_tree(tree, &leaves, &mut made.before);
        made
    }

    fn write_tree(&self, tree: &Tree, leaves: &HashMap<&str, &TokenStream>, before: &mut TokenStream) -> TokenStream {
        match tree {
            Tree::Leaf(path) => leaves.get(path.as_str()).map_or(quote!(), |atom| quote!(#atom)),
            Tree::Struct(name, fields) => {
                let fields = fields.iter().map(|(member, tree)| {
                    let value = self.write_tree(tree, leaves, before);
                    quote!(#member: #value)
                });
                quote!(#name { #(#fields),* })
            }
            Tree::Call(func, parts) => {
                let parts = parts.iter().map(|tree| self.write_tree(tree, leaves, before));
                quote!(#func(#(#parts),*))
            }
            Tree::Tuple(parts) => {
                let parts = parts.iter().map(|tree| self.write_tree(tree, leaves, before));
                quote!((#(#parts,)*))
            }
            Tree::Base { param, fields, path } => {
                let parameter = &self.signature.parameters[*param];
                let base = self.copied(parameter, &parameter.ident, fields);
                let value = self.result_name("value", path);
                before.extend(quote!(let mut #value = #base;));
                before.extend(self.set_parts(&value, path, leaves));
                quote!(#value)
            }
            Tree::Unknown => quote!(::core::unreachable!()),
        }
    }

    /// A part of a parameter, or of what has its type: moved, or copied where there is only a reference.
    fn copied(&self, parameter: &Parameter, ident: &Ident, fields: &[Member]) -> TokenStream {
        let part = quote!(#ident #(.#fields)*);
        match parameter.aggregate.as_ref().map_or(Storage::Owned, |aggregate| aggregate.storage) {
            Storage::Owned => part,
            Storage::Borrowed | Storage::BorrowedMut if fields.is_empty() => quote!(::core::clone::Clone::clone(#part)),
            Storage::Borrowed | Storage::BorrowedMut => quote!(::core::clone::Clone::clone(&#part)),
        }
    }

    /// Assignments of the leaves below a path.
    fn set_parts(&self, target: &Ident, below: &str, leaves: &HashMap<&str, &TokenStream>) -> TokenStream {
        let mut below: Vec<(&str, &TokenStream)> =
            leaves.iter().filter_map(|(path, atom)| Some((path.strip_prefix(below)?, *atom))).collect();
        below.sort_by_key(|(path, _)| *path);
        let sets = below.into_iter().map(|(path, atom)| {
            let fields: Vec<Member> = members_of(path).collect();
            quote!(#target #(.#fields)* = #atom;)
        });
        quote!(#(#sets)*)
    }

    /// A variable for a part of the result.
    pub(super) fn result_name(&self, wish: &str, path: &str) -> Ident {
        let mut names = self.names();
        let name = names.fresh(&format!("{wish}{}", path.replace('.', "_")), false);
        generated(&name, Span::call_site())
    }

    /// The value and the tangent of a struct that is returned, from those of its leaves.
    pub(super) fn made_with_tangent(
        &self,
        atoms: &[TokenStream],
        tangents: &[TokenStream],
        dots: &HashMap<usize, Ident>,
    ) -> (TokenStream, TokenStream, TokenStream) {
        let Some((tree, keys)) = &self.lowered.result else { return (quote!(), quote!(), quote!()) };
        let types: Vec<Ty> = self.result_types();
        let of = |atoms: &[TokenStream]| -> Vec<(String, TokenStream)> {
            keys.iter().map(|key| path(key).to_owned()).zip(atoms.iter().cloned()).collect()
        };
        let all: Vec<(String, TokenStream)> = of(tangents);
        let floats: HashMap<&str, &TokenStream> = all
            .iter()
            .zip(&types)
            .filter(|(_, ty)| ty.scalar().is_some())
            .map(|((path, atom), _)| (path.as_str(), atom))
            .collect();
        let Made { mut before, value } = self.made(atoms);
        if tree.is_complete() && floats.len() == all.len() {
            let tangent = self.write_tree(tree, &floats, &mut before);
            return (before, value, tangent);
        }
        let (runtime, whole, dot) = (&self.runtime, self.result_name("result", ""), self.result_name("result_dot", ""));
        before.extend(quote!(let #whole = #value;));
        before.extend(quote!(let mut #dot = #runtime::Differentiable::zero_like(&#whole);));
        self.pass_on(tree, &dot, dots, &mut before);
        before.extend(self.set_parts(&dot, "", &floats));
        (before, quote!(#whole), quote!(#dot))
    }

    /// What a function passes on of a parameter has its tangent.
    fn pass_on(&self, tree: &Tree, dot: &Ident, dots: &HashMap<usize, Ident>, before: &mut TokenStream) {
        for (param, fields, path) in tree.bases() {
            let (Some(tangent), target) = (dots.get(&param), members_of(path)) else { continue };
            let runtime = &self.runtime;
            let aggregate = self.signature.parameters[param].aggregate.as_ref();
            let by_reference = fields.is_empty() && aggregate.is_some_and(|a| a.storage != Storage::Owned);
            let given = if by_reference { quote!(#tangent) } else { quote!(&#tangent #(.#fields)*) };
            before.extend(quote!(#runtime::Differentiable::copy_components(&mut #dot #(.#target)*, #given);));
        }
    }

    /// What a function passes on of a parameter takes the seed as its adjoint, before the leaves are set.
    /// `into`: the variables hold references to the structs that receive the adjoints.
    pub(super) fn seeds_passed_on(&self, seed: &Ident, bars: &HashMap<usize, Ident>, into: bool) -> TokenStream {
        let mut out = TokenStream::new();
        let Some((tree, _)) = &self.lowered.result else { return out };
        for (param, fields, path) in tree.bases() {
            let (Some(bar), source) = (bars.get(&param), members_of(path)) else { continue };
            let runtime = &self.runtime;
            let target = if into && fields.is_empty() { quote!(&mut *#bar) } else { quote!(&mut #bar #(.#fields)*) };
            out.extend(quote!(#runtime::Differentiable::accumulate(#target, &#seed #(.#source)*);));
            // The seeds of leaves come with their adjoints, which are added.
            for leaf in self.lowered.leaves.iter().filter(|leaf| leaf.param == param && self.is_in_whole(leaf)) {
                if self.leaf_ty(leaf).scalar().is_some() {
                    let part = Self::part(bar, leaf);
                    let zero = self.number(0.0);
                    out.extend(quote!(#part = #zero;));
                }
            }
        }
        out
    }

    /// The types of the leaves that the function returns.
    fn result_types(&self) -> Vec<Ty> {
        let yields = &self.function.body.yields;
        yields
            .iter()
            .map(|atom| match atom.value() {
                Some(value) => self.function.values[value.0 as usize].ty,
                None => Ty::Float(self.signature.scalar),
            })
            .collect()
    }

    /// The parts of the seed of a struct, for the leaves of the result.
    pub(super) fn seed_parts(&self, seed: &Ident) -> Vec<TokenStream> {
        let Some((_, keys)) = &self.lowered.result else { return Vec::new() };
        keys.iter()
            .map(|key| {
                let fields = members_of(path(key));
                quote!(#seed #(.#fields)*)
            })
            .collect()
    }

    /// The parts of the buffers of parameters that are results, for the leaves whose final values the function yields.
    pub(super) fn out_parts(&self, buffers: &HashMap<usize, Ident>) -> Vec<TokenStream> {
        let part = |k: &usize| {
            let leaf = &self.lowered.leaves[*k];
            buffers.get(&leaf.param).map_or(quote!(), |buffer| Self::part(buffer, leaf))
        };
        self.lowered.outs.iter().map(part).collect()
    }

    /// Whether what the function returns is a struct, or a tuple that is taken apart.
    pub(super) fn returns_aggregate(&self) -> bool {
        self.signature.output.form == Form::Aggregate
    }
}

/// The type of the elements of a slice or a `Vec` of structs.
fn element(aggregate: &Aggregate) -> Option<TokenStream> {
    match &aggregate.ty {
        syn::Type::Slice(slice) => {
            let element = &slice.elem;
            Some(quote!(#element))
        }
        syn::Type::Path(path) => {
            let last = path.path.segments.last().filter(|segment| segment.ident == "Vec")?;
            match &last.arguments {
                syn::PathArguments::AngleBracketed(args) => {
                    let element = args.args.first()?;
                    Some(quote!(#element))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

/// The path in the key of a leaf of the result.
fn path(key: &str) -> &str {
    key.find('.').map_or("", |start| &key[start..])
}
