//! Calls of other differentiable functions with active arguments. Which arguments are active is known here; which
//! parameters can be differentiated is known to the callee alone, whose companions say so in their types.

use std::rc::Rc;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprPath};

use super::{Lowering, Val};
use crate::call;
use crate::diagnostics;
use crate::fence;
use crate::ir::{Atom, Call, Callee, Dim, Name, Op, Pass, Returns, Rule, Scalar, Storage, Ty, Value, literal_length};

impl Lowering<'_> {
    /// Lowers an expression; if it is a call, one of a function that returns floats in this form.
    pub(super) fn expr_of_form(&mut self, expr: &Expr, returns: Returns) -> Val {
        match expr {
            Expr::Call(call) if self.is_active(expr) => self.call(call, returns),
            Expr::MethodCall(call) if self.is_active(expr) => self.method_call(call, returns),
            other => self.expr(other),
        }
    }

    /// A call of a function by its path.
    pub(super) fn call_path(&mut self, path: &ExprPath, args: &[&Expr], returns: Returns) -> Val {
        let last = path.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        let of_trait = path.qself.as_ref().is_some_and(|qself| qself.as_token.is_some());
        if of_trait || call::starts_upper(&last) {
            let name = path.to_token_stream().to_string().replace(' ', "");
            self.error(path, diagnostics::unknown_function(&name));
            return Val::Atom(Atom::Undefined);
        }
        self.call_named(Name::Path(path.clone()), args, returns)
    }

    /// A call with the arguments in their order, the receiver first.
    pub(super) fn call_named(&mut self, name: Name, args: &[&Expr], returns: Returns) -> Val {
        let scalar = self.common_of_active(args);
        // A method that gives nothing changes its receiver.
        let receiver = if returns == Returns::Nothing { Pass::Mutable } else { Pass::Shared };
        let receiver = matches!(name, Name::Method(..)).then_some(receiver);
        let arguments = args.iter().enumerate();
        let arguments = arguments.map(|(k, arg)| self.call_argument(arg, scalar, receiver.filter(|_| k == 0)));
        let (atoms, passes): (Vec<Atom>, Vec<Pass>) = arguments.unzip();
        let arrays = atoms.iter().filter_map(|atom| atom.value()).filter(|value| self.shape(*value).is_some());
        let takes_arrays = arrays.collect::<Vec<_>>().iter().any(|array| self.is_varying(Atom::Value(*array)));
        args.iter().filter(|arg| !self.is_active(arg)).collect::<Vec<_>>().into_iter().for_each(|arg| {
            self.follow_argument(arg, takes_arrays);
        });
        if atoms.iter().zip(args).any(|(atom, arg)| *atom == Atom::Undefined && self.is_active(arg)) {
            return Val::Atom(Atom::Undefined);
        }
        self.check_overlaps(&atoms, &passes, args);
        self.check_structs(&atoms, args);
        let varies = atoms.iter().copied().find(|atom| self.is_varying(*atom));
        let results: Vec<_> = (0..returns.count()).map(|_| self.b.value(Ty::Float(scalar), None)).collect();
        if let Some(varying) = varies {
            self.varying.extend(&results);
            for (atom, pass) in atoms.iter().zip(&passes) {
                if let (Pass::Mutable, Some(array)) = (pass, atom.value()) {
                    self.changes(array, varying);
                }
            }
        }
        let spans = args.iter().map(|arg| arg.span()).collect();
        let callee = Rc::new(Callee { name, returns, spans, passes: passes.clone() });
        self.b.push(results.clone(), Op::Call(Call { callee, args: atoms.clone(), rule: Rule::Primal }));
        self.read_changed(args, &atoms, &passes);
        let mut values: Vec<Val> = results.into_iter().map(|result| Val::Atom(Atom::Value(result))).collect();
        match returns {
            Returns::Scalar => values.remove(0),
            Returns::Tuple(_) | Returns::Array(_) => Val::Tuple(values),
            Returns::Nothing => Val::Unit,
        }
    }

    /// An array that a call returns: the floats that it is made of, and an array of these. False if the expression is no
    /// call, or returns no array as far as can be seen.
    ///
    /// ```text
    /// let a: [f64; 2] = g(x);      let [a_0, a_1] = g(x); let a: [f64; 2] = [a_0, a_1];
    /// ```
    pub(super) fn let_returned(
        &mut self,
        name: &str,
        mutable: bool,
        ascribed: Option<&syn::Type>,
        init: &Expr,
    ) -> bool {
        let is_call = match init {
            Expr::Call(call) => fence::variable(&call.func).is_none_or(|name| !self.closures.contains_key(&name)),
            Expr::MethodCall(_) => true,
            _ => false,
        };
        if !is_call || !self.is_active(init) {
            return false;
        }
        let Some(ty) = ascribed else {
            if self.indexed.contains(name) && matches!(init, Expr::Call(_)) {
                self.error(init, diagnostics::ARRAY_OF_CALL);
            }
            return false;
        };
        let Some(shape) = super::shape_of(ty) else { return false };
        let length = match &shape.dims[..] {
            [Dim::Fixed(length)] => literal_length(length),
            _ => None,
        };
        let Some(length) = length.filter(|length| (1..=64).contains(length) && shape.storage == Storage::Owned) else {
            self.error(init, diagnostics::VEC_OF_CALL);
            return true;
        };
        let parts: Vec<syn::Ident> = (0..length)
            .map(|k| {
                let number = self.instances.number(&format!("element {k} {name}"));
                self.fresh("element", number)
            })
            .collect();
        let variable = syn::Ident::new(name, proc_macro2::Span::call_site());
        let mutability = mutable.then(|| quote::quote!(mut));
        self.run(&[
            syn::parse_quote!(let [#(#parts),*] = #init;),
            syn::parse_quote!(let #mutability #variable: #ty = [#(#parts),*];),
        ]);
        true
    }

    /// The float type of a call: that of the first active argument whose type is known.
    fn common_of_active(&self, args: &[&Expr]) -> Scalar {
        let active = args.iter().filter(|arg| self.is_active(arg));
        let known = active.filter_map(|arg| match self.array_of(arg) {
            Some(array) => Some(self.b.element(array)),
            None => self.type_of(arg).scalar(),
        });
        known.into_iter().next().unwrap_or(self.b.default_scalar)
    }

    fn call_argument(&mut self, arg: &Expr, scalar: Scalar, receiver: Option<Pass>) -> (Atom, Pass) {
        if let Some(array) = self.array_argument(arg) {
            if self.b.element(array.0) != scalar && self.is_varying(Atom::Value(array.0)) {
                self.error(arg, diagnostics::MIXED_CALL);
            }
            return (Atom::Value(array.0), array.1);
        }
        if let Some(argument) = self.struct_argument(arg, receiver) {
            return argument;
        }
        if !self.is_active(arg) {
            return (self.scalar(arg), Pass::Value);
        }
        // A comparison or a cast to an integer has no derivative, whatever it is of.
        if matches!(self.type_of(arg), Ty::Int | Ty::Bool) {
            return (self.scalar(arg), Pass::Value);
        }
        if self.is_closure(arg) {
            self.error(arg, diagnostics::CLOSURE_IN_CALL);
            return (Atom::Undefined, Pass::Value);
        }
        if matches!(arg, Expr::Reference(_)) {
            self.error(arg, diagnostics::ARRAY_IN_CALL);
            return (Atom::Undefined, Pass::Value);
        }
        let atom = self.float(arg, scalar);
        if self.b.ty(atom).scalar().is_some_and(|own| own != scalar) {
            self.error(arg, diagnostics::MIXED_CALL);
        }
        (atom, Pass::Value)
    }

    /// Whether an argument is a closure of this function, or a reference to one.
    fn is_closure(&self, arg: &Expr) -> bool {
        match arg {
            Expr::Paren(paren) => self.is_closure(&paren.expr),
            Expr::Reference(reference) => self.is_closure(&reference.expr),
            Expr::Closure(_) => true,
            other => fence::variable(other).is_some_and(|name| self.closures.contains_key(&name)),
        }
    }

    /// An argument that is an array, or a part of one, which lowering follows.
    fn array_argument(&mut self, arg: &Expr) -> Option<(Value, Pass)> {
        let by_reference = |reference: &syn::ExprReference| match reference.mutability {
            Some(_) => Pass::Mutable,
            None => Pass::Shared,
        };
        match arg {
            Expr::Paren(paren) => self.array_argument(&paren.expr),
            Expr::Reference(reference) if matches!(&*reference.expr, Expr::Index(_)) => {
                let name = self.fresh_name();
                self.let_window(&name, arg).then_some(())?;
                let window = self.array_named(&name)?;
                self.env.remove(&name);
                Some((window, by_reference(reference)))
            }
            Expr::Reference(reference) if self.makes_array(&reference.expr) => {
                Some((self.new_array_argument(&reference.expr)?, by_reference(reference)))
            }
            Expr::Reference(reference) => Some((self.array_of(&reference.expr)?, by_reference(reference))),
            Expr::Path(_) => {
                let array = self.array_of(arg)?;
                let Ty::Array(number) = self.b.values[array.0 as usize].ty else { return None };
                let pass = match self.b.shapes[number as usize].storage {
                    Storage::Owned => Pass::Value,
                    Storage::Borrowed => Pass::Shared,
                    Storage::BorrowedMut => Pass::Mutable,
                };
                Some((array, pass))
            }
            Expr::MethodCall(call) if call.args.is_empty() && call.method != "clone" => match self.array_of(arg) {
                Some(array) => Some((array, Pass::Shared)),
                None => Some((self.new_array_argument(arg)?, Pass::Value)),
            },
            _ => Some((self.new_array_argument(arg)?, Pass::Value)),
        }
    }

    /// An array that is made where it is passed: `[x, y]`, `vec![x; n]`, `a.clone()`.
    fn new_array_argument(&mut self, made: &Expr) -> Option<Value> {
        if !self.makes_array(made) {
            return None;
        }
        let number = self.instances.number(&format!("part {}", made.to_token_stream()));
        let part = self.fresh("part", number);
        self.run(&[syn::parse_quote!(let #part = #made;)]);
        self.array_named(&part.to_string())
    }

    /// Whether the expression is a call with an argument that is an array by mutable reference: then it may return
    /// nothing.
    pub(super) fn writes_array(&self, expr: &Expr) -> bool {
        let args: Vec<&Expr> = match expr {
            Expr::Call(call) => call.args.iter().collect(),
            Expr::MethodCall(call) if self.is_struct(&call.receiver) => return true,
            Expr::MethodCall(call) => call.args.iter().collect(),
            _ => return false,
        };
        args.iter().any(|arg| match arg {
            Expr::Reference(reference) => reference.mutability.is_some(),
            arg if self.is_mutable_struct(arg) => true,
            arg => self.array_of(arg).is_some_and(|array| match self.b.values[array.0 as usize].ty {
                Ty::Array(number) => self.b.shapes[number as usize].storage == Storage::BorrowedMut,
                _ => false,
            }),
        })
    }

    /// An array that a callee may write active values into is followed from the next round on, and so is one that stands
    /// beside arrays that vary: what the callee keeps of it may be a copy.
    fn follow_argument(&mut self, arg: &Expr, takes_arrays: bool) {
        let Expr::Reference(reference) = arg else { return };
        let root = fence::root(&reference.expr).filter(|root| self.array_like.contains(root));
        if let (Some(root), true) = (root, takes_arrays || reference.mutability.is_some()) {
            self.follow_arrays(&[root]);
        }
    }

    /// Of two arguments that are parts of one array, none may be changed.
    fn check_overlaps(&mut self, atoms: &[Atom], passes: &[Pass], args: &[&Expr]) {
        let mut seen: Vec<(Value, Pass)> = Vec::new();
        for ((atom, pass), arg) in atoms.iter().zip(passes).zip(args) {
            let Some(mut array) = atom.value().filter(|value| self.b.values[value.0 as usize].ty.is_array()) else {
                continue;
            };
            if !self.is_varying(*atom) {
                continue;
            }
            while let Some(base) = self.windows.get(&array) {
                array = *base;
            }
            let clashes = |(known, how): &(Value, Pass)| *known == array && [*how, *pass].contains(&Pass::Mutable);
            if seen.iter().any(clashes) {
                self.error(arg, diagnostics::ARRAY_TWICE_IN_CALL);
            }
            seen.push((array, *pass));
        }
    }
}
