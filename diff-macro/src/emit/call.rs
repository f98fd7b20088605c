//! Calls of other differentiable functions, with the companions that they need, and the closures that callees return.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{quote, quote_spanned};

use super::{Emitter, End, Level, element_type};
use crate::call;
use crate::ir::{Atom, Call, Closure, Keep, Name, Pass, Pull, Returns, Rule, Shape, Slot, Stmt, Storage, Ty, Value};

impl<'a> Emitter<'a> {
    /// `let (y, (slope, _)): .. = <g>::__partials(x, n, (active(), constant()));`
    pub(super) fn call(&mut self, stmt: &Stmt, call: &Call) -> TokenStream {
        let returns = call.callee.returns;
        let types: Vec<TokenStream> = stmt.results.iter().map(|result| self.float_type(*result)).collect();
        let output = form_type(returns, &types);
        let span = call.callee.span();
        let (tokens, ty) = match &call.rule {
            Rule::Primal => (self.called(call, None, &[]), output),
            Rule::Partials(partials) => {
                let ty = partials.nested(&mut |_| output.clone());
                let requests = self.requests(&partials.asked, &call.callee.spans);
                (self.called(call, Some(&call::partials(partials.order)), &[requests]), ty)
            }
            Rule::Pushforward(tangents) => {
                let (own, orders) = (call.args.len(), call.orders());
                let is_asked = |k: usize| tangents.iter().skip(k).step_by(own).any(Option::is_some);
                let asked: Vec<bool> = (0..own).map(is_asked).collect();
                let requests = self.requests(&asked, &call.callee.spans);
                let of_orders: Vec<TokenStream> = tangents.chunks(own).map(|own| self.tangents(call, own)).collect();
                let tangents = if orders == 1 { quote!(#(#of_orders)*) } else { quote!((#(#of_orders),*)) };
                let ty = with_tangents(returns, output, orders);
                (self.called(call, Some(&call::pushforward(orders)), &[requests, tangents]), ty)
            }
            Rule::Pullback { tangents, asked, .. } if tangents.is_empty() => {
                let requests = self.requests_if(asked, &call.callee.spans);
                (self.called(call, Some(call::PULLBACK), &[requests]), quote!((#output, _)))
            }
            Rule::Pullback { tangents, asked, .. } => {
                let mut extra = self.kept_tangents(call, tangents);
                extra.push(self.requests_if(asked, &call.callee.spans));
                let output = with_tangents(returns, output, 1);
                (self.called(call, Some(call::PULLBACK_OF_PUSHFORWARD), &extra), quote!((#output, _)))
            }
        };
        // What is passed is read before the results are bound.
        let pattern = self.call_pattern(stmt, call);
        let ty = located(ty, span);
        if stmt.results.is_empty() {
            return quote!(#tokens;);
        }
        quote_spanned!(Span::mixed_site().located_at(span)=> let #pattern: #ty = #tokens;)
    }

    /// The pattern of the results of a call.
    fn call_pattern(&mut self, stmt: &Stmt, call: &Call) -> TokenStream {
        let returns = call.callee.returns;
        let names: Vec<TokenStream> = stmt.results.iter().map(|result| self.pattern(*result)).collect();
        let outputs = of_form(returns, &names);
        match &call.rule {
            Rule::Primal => outputs,
            Rule::Partials(partials) => partials.nested(&mut |k| of_form(returns, &names[k * returns.count()..])),
            Rule::Pushforward(_) => of_all(returns, &names, call.orders()),
            Rule::Pullback { .. } => {
                let outputs = of_all(returns, &names, call.orders());
                let pullback = &names[call.outputs()];
                quote!((#outputs, #pullback))
            }
        }
    }

    /// The tangents of the arguments, of which the pullback keeps what it needs.
    fn kept_tangents(&mut self, call: &Call, tangents: &[Option<Atom>]) -> Vec<TokenStream> {
        let runtime = self.runtime.clone();
        let own = call.args.len();
        let tangents = tangents.iter().enumerate().map(|(k, tangent)| match tangent {
            None => located(quote!(#runtime::private::Constant), call.callee.spans[k]),
            Some(atom) if !self.ty(*atom).is_array() => {
                let tangent = self.atom(*atom, Level::Any);
                quote!(::core::option::Option::Some(#tangent))
            }
            Some(_) => self.call_input(call, own + k),
        });
        tangents.collect()
    }

    /// What a callee is asked for, argument by argument.
    fn requests(&self, asked: &[bool], spans: &[Span]) -> TokenStream {
        let runtime = &self.runtime;
        let requests = asked.iter().zip(spans).map(|(asked, span)| match asked {
            true => located(quote!(#runtime::private::active()), *span),
            false => located(quote!(#runtime::private::constant()), *span),
        });
        quote!((#(#requests,)*))
    }

    /// The same, where a flag says whether an argument is asked for.
    fn requests_if(&mut self, asked: &[Option<Atom>], spans: &[Span]) -> TokenStream {
        let runtime = self.runtime.clone();
        let requests = asked.iter().zip(spans.iter().cycle()).map(|(asked, span)| match asked {
            None => located(quote!(#runtime::private::constant()), *span),
            Some(Atom::Bool(true)) => located(quote!(#runtime::private::active()), *span),
            Some(flag) => {
                let flag = self.atom(*flag, Level::Any);
                located(quote!(#runtime::private::active_if(#flag)), *span)
            }
        });
        let requests: Vec<TokenStream> = requests.collect();
        quote!((#(#requests,)*))
    }

    fn tangents(&mut self, call: &Call, tangents: &[Option<Atom>]) -> TokenStream {
        let runtime = self.runtime.clone();
        let tangents = tangents.iter().zip(&call.callee.passes).zip(&call.callee.spans).map(
            |((tangent, pass), span)| match tangent {
                None => located(quote!(#runtime::private::absent()), *span),
                Some(atom) => {
                    let tokens = self.atom(*atom, Level::Method);
                    let of_struct = self.is_struct(*atom);
                    match (pass, self.ty(*atom)) {
                        (Pass::Mutable, _) if of_struct => quote!(#runtime::private::Out(&mut #tokens)),
                        _ if of_struct => located(quote!(#runtime::private::lent(&#tokens)), *span),
                        (Pass::Mutable, _) => quote!(#runtime::private::Out(&mut #tokens[..])),
                        (_, Ty::Array(_)) => quote!(&#tokens[..]),
                        _ => {
                            let tangent = self.atom(*atom, Level::Any);
                            quote!(::core::option::Option::Some(#tangent))
                        }
                    }
                }
            },
        );
        let tangents: Vec<TokenStream> = tangents.collect();
        quote!((#(#tangents,)*))
    }

    /// The call itself, of the function or of a companion that takes more arguments.
    fn called(&mut self, call: &Call, companion: Option<&str>, extra: &[TokenStream]) -> TokenStream {
        let first = usize::from(matches!(call.callee.name, Name::Method(..)));
        let args: Vec<TokenStream> = (first..call.args.len()).map(|k| self.call_input(call, k)).collect();
        match (&call.callee.name, companion) {
            (Name::Path(path), None) => quote!(#path(#(#args),*)),
            (Name::Path(path), Some(companion)) => {
                let path = call::companion_of_path(path, companion);
                let at = Span::mixed_site().located_at(call.callee.span());
                quote_spanned!(at=> #path(#(#args,)* #(#extra),*))
            }
            (Name::Method(name, generics), companion) => {
                let receiver = self.atom(call.args[0], Level::Method);
                let name = companion.map_or(name.clone(), |companion| call::suffixed(name, companion));
                let generics = generics.as_ref();
                quote!(#receiver.#name #generics (#(#args,)* #(#extra),*))
            }
        }
    }

    /// An argument, or its tangent: an array by reference, or a copy where a pullback reads it after it has changed.
    fn call_input(&mut self, call: &Call, k: usize) -> TokenStream {
        let Some(atom) = call.inputs()[k] else { return quote!() };
        let pass = call.pass(k);
        // A reference is kept for as long by others, a copy is copied.
        // What stands first behind the name of a type is taken for the receiver, of which the callee makes a copy.
        let of_struct = self.is_struct(atom);
        let is_receiver = k == 0 && matches!(&call.callee.name, Name::Path(path) if call::is_associated(path));
        let keeps = match pass {
            Pass::Shared => !(of_struct && is_receiver),
            Pass::Value => !of_struct,
            Pass::Mutable => false,
        };
        let keeps = keeps && matches!(call.rule, Rule::Pullback { .. });
        if let (true, Some(keeper)) = (keeps, atom.value().and_then(|value| self.keepers.get(&value))) {
            return quote!(#keeper.clone());
        }
        let Some(shape) = self.shape_of(atom).cloned() else {
            return self.atom(atom, Level::Any);
        };
        let is_part = shape.is_part();
        let Shape { storage, dims, .. } = shape;
        let is_fixed = dims.iter().all(|dim| matches!(dim, crate::ir::Dim::Fixed(_)));
        let copied = matches!(&call.rule, Rule::Pullback { copied, .. } if copied[k]);
        let (is_copied, copied) = (copied, copied && pass == Pass::Shared);
        let name = self.atom(atom, Level::Method);
        if of_struct {
            return match (pass, &call.rule) {
                (Pass::Mutable, _) => quote!(&mut #name),
                // It was made for this call.
                (Pass::Shared, _) if is_copied && storage == Storage::Owned && !is_receiver => name,
                (Pass::Value, _) if storage == Storage::Owned => name,
                (Pass::Shared, _) if !is_copied || is_receiver => quote!(&#name),
                (Pass::Value, Rule::Primal) => name,
                (Pass::Shared | Pass::Value, _) => quote!(::core::clone::Clone::clone(&#name)),
            };
        }
        match (pass, storage) {
            // What is in a struct is named by its place.
            (Pass::Shared, Storage::Borrowed) if is_part && !copied => quote!(&#name),
            (Pass::Mutable, Storage::Owned) => quote!(&mut #name),
            (Pass::Mutable, _) => quote!(&mut *#name),
            (Pass::Shared, Storage::Owned) if copied && is_fixed => name,
            (Pass::Shared, _) if copied && is_fixed => quote!(*#name),
            (Pass::Shared, _) if copied => quote!(#name.to_vec()),
            (Pass::Shared, Storage::Owned) => quote!(&#name),
            (Pass::Shared, Storage::BorrowedMut) => quote!(&*#name),
            // The reverse sweep may read what is moved.
            (Pass::Value, Storage::Owned) if !is_fixed && matches!(call.rule, Rule::Pullback { .. }) => {
                quote!(#name.to_vec())
            }
            (Pass::Shared, Storage::Borrowed) | (Pass::Value, _) => name,
        }
    }

    fn is_struct(&self, atom: Atom) -> bool {
        self.shape_of(atom).is_some_and(Shape::is_struct)
    }

    fn shape_of(&self, atom: Atom) -> Option<&Shape> {
        match self.ty(atom) {
            Ty::Array(number) => self.shapes.get(number as usize),
            _ => None,
        }
    }

    /// `let (x_bar, _) = pull(seed, (absent(), &mut w_bar[..]));`
    pub(super) fn pull(&mut self, stmt: &Stmt, pull: &Pull) -> TokenStream {
        let runtime = self.runtime.clone();
        let seeds: Vec<TokenStream> = pull.seeds.iter().map(|seed| self.atom(*seed, Level::Any)).collect();
        let returns = pull.callee.returns;
        let seed = of_all(returns, &seeds, pull.slots.len() / pull.callee.passes.len().max(1) - 1);
        let mut given = Vec::new();
        for (slot, span) in pull.slots.iter().zip(pull.callee.spans.iter().cycle()) {
            given.push(match slot {
                Slot::Constant | Slot::Adjoint => located(quote!(#runtime::private::absent()), *span),
                Slot::Added(bar) if self.is_struct(Atom::Value(*bar)) => {
                    let bar = self.atom(Atom::Value(*bar), Level::Method);
                    located(quote!(#runtime::private::lent_mut(&mut #bar)), *span)
                }
                Slot::Exchanged(bar) if self.is_struct(Atom::Value(*bar)) => {
                    let bar = self.atom(Atom::Value(*bar), Level::Method);
                    quote!(#runtime::private::Out(&mut #bar))
                }
                Slot::Added(bar) => {
                    let bar = self.atom(Atom::Value(*bar), Level::Method);
                    quote!(&mut #bar[..])
                }
                Slot::Exchanged(bar) => {
                    let bar = self.atom(Atom::Value(*bar), Level::Method);
                    quote!(#runtime::private::Out(&mut #bar[..]))
                }
            });
        }
        let pullback = self.atom(pull.pullback, Level::Method);
        let pullback = if pull.optional { quote!((#pullback.unwrap())) } else { pullback };
        let mut results = stmt.results.iter();
        let mut patterns = Vec::new();
        for slot in &pull.slots {
            let result = if *slot == Slot::Adjoint { results.next() } else { None };
            patterns.push(result.map_or(quote!(_), |result| self.pattern(*result)));
        }
        if stmt.results.is_empty() {
            return quote!(#pullback(#seed, (#(#given,)*)););
        }
        quote!(let (#(#patterns,)*) = #pullback(#seed, (#(#given,)*));)
    }

    /// `let pull = move |seed: f64, w_bar: &mut [f64]| { .. };`
    pub(super) fn closure(&mut self, stmt: &Stmt, closure: &'a Closure) -> TokenStream {
        let region = &closure.region;
        for (part, ident) in &closure.parts {
            self.written.insert(*part, ident.clone());
            self.hold(*part);
        }
        let is_part = |param: &&Value| closure.parts.iter().any(|(part, _)| part == *param);
        let mut params = Vec::new();
        for param in region.params.iter().filter(|param| !is_part(param)) {
            let name = self.introduce(*param, "bar");
            let ty = self.parameter_type(*param);
            params.push(quote!(#name: #ty));
        }
        params.extend(closure.structs.iter().map(|param| param.pattern.clone()));
        let openings = closure.structs.iter().map(|param| &param.opening);
        let mut read = std::collections::HashSet::new();
        self.leaves_of_region(region, &mut read);
        // What is read of a struct are its parts.
        let is_read = |keep: &&Keep| read.contains(&keep.value) || !self.ty(Atom::Value(keep.value)).is_array();
        let kept: Vec<&Keep> = closure.kept.iter().filter(is_read).collect();
        let lent = kept.into_iter().filter_map(|keep| {
            let (read, name) = (keep.read.as_ref()?, self.read(keep.value));
            Some(quote!(let #name = #read;))
        });
        let lent: Vec<TokenStream> = lent.collect();
        let before = self.held.clone();
        let types = region.yields.iter().map(|atom| self.ty(*atom)).collect();
        let body = self.region(&region.stmts, &region.yields, &End::Value(types));
        self.held = before;
        let name = self.introduce(stmt.results[0], "pull");
        // Tapes are taken apart inside.
        quote!(let mut #name = move |#(#params),*| { #(#lent)* #(#openings)* #body };)
    }

    fn parameter_type(&self, param: Value) -> TokenStream {
        let Some(shape) = self.shape_of(Atom::Value(param)) else { return self.float_type(param) };
        let element = element_type(&self.runtime, shape);
        quote!(&mut [#element])
    }

    /// The pattern that binds a result: blank if nothing reads it.
    fn pattern(&mut self, result: Value) -> TokenStream {
        if !self.used.contains(&result) {
            return quote!(_);
        }
        let name = self.introduce(result, "value");
        let mutability = self.mutable.contains(&result).then(|| quote!(mut));
        quote!(#mutability #name)
    }

    pub(super) fn float_type(&self, value: Value) -> TokenStream {
        self.values[value.0 as usize].ty.scalar().unwrap_or(self.scalar).path(&self.runtime)
    }
}

/// Floats, or patterns for them, in the form in which a function returns them.
fn of_form(returns: Returns, floats: &[TokenStream]) -> TokenStream {
    let floats = &floats[..returns.count()];
    match returns {
        Returns::Nothing => quote!(()),
        Returns::Scalar => floats[0].clone(),
        Returns::Tuple(_) => quote!((#(#floats),*)),
        Returns::Array(_) => quote!([#(#floats),*]),
    }
}

/// The same with their tangents of so many orders behind them.
fn of_all(returns: Returns, floats: &[TokenStream], orders: usize) -> TokenStream {
    let forms = (0..=orders).map(|order| of_form(returns, &floats[order * returns.count()..]));
    if returns == Returns::Nothing || orders == 0 { of_form(returns, floats) } else { quote!((#(#forms),*)) }
}

/// The type of what a function returns, with its tangents of so many orders.
fn with_tangents(returns: Returns, output: TokenStream, orders: usize) -> TokenStream {
    let outputs = vec![&output; 1 + orders];
    if returns == Returns::Nothing { output } else { quote!((#(#outputs),*)) }
}

fn form_type(returns: Returns, types: &[TokenStream]) -> TokenStream {
    match returns {
        Returns::Nothing | Returns::Scalar | Returns::Tuple(_) => of_form(returns, types),
        Returns::Array(count) => {
            let ty = &types[0];
            quote!([#ty; #count])
        }
    }
}

/// Tokens that rustc's messages show at a place of the user's code.
fn located(tokens: TokenStream, span: Span) -> TokenStream {
    let locate = |mut tree: TokenTree| {
        tree.set_span(tree.span().located_at(span));
        match tree {
            TokenTree::Group(group) => {
                let mut inner = proc_macro2::Group::new(group.delimiter(), located(group.stream(), span));
                inner.set_span(group.span());
                TokenTree::Group(inner)
            }
            other => other,
        }
    };
    tokens.into_iter().map(locate).collect()
}
