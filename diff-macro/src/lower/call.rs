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
use crate::ir::{Atom, Call, Callee, Name, Op, Returns, Rule, Scalar, Ty};

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
        let atoms: Vec<Atom> = args.iter().map(|arg| self.call_argument(arg, scalar)).collect();
        let varies = atoms.iter().any(|atom| self.is_varying(*atom));
        let results: Vec<_> = (0..returns.count()).map(|_| self.b.value(Ty::Float(scalar), None)).collect();
        if varies {
            self.varying.extend(&results);
        }
        let callee = Rc::new(Callee { name, returns, spans: args.iter().map(|arg| arg.span()).collect() });
        self.b.push(results.clone(), Op::Call(Call { callee, args: atoms, rule: Rule::Primal }));
        let mut values: Vec<Val> = results.into_iter().map(|result| Val::Atom(Atom::Value(result))).collect();
        match returns {
            Returns::Scalar => values.remove(0),
            Returns::Tuple(_) | Returns::Array(_) => Val::Tuple(values),
        }
    }

    /// The float type of a call: that of the first active argument whose type is known.
    fn common_of_active(&self, args: &[&Expr]) -> Scalar {
        let active = args.iter().filter(|arg| self.is_active(arg));
        let known = active.filter_map(|arg| self.type_of(arg).scalar()).next();
        known.unwrap_or(self.b.default_scalar)
    }

    fn call_argument(&mut self, arg: &Expr, scalar: Scalar) -> Atom {
        if !self.is_active(arg) {
            return self.scalar(arg);
        }
        let is_array = fence::variable(peeled(arg)).is_some_and(|name| self.array_named(&name).is_some());
        if is_array || matches!(arg, Expr::Reference(_)) {
            self.error(arg, diagnostics::ARRAY_IN_CALL);
            return Atom::Undefined;
        }
        let atom = self.float(arg, scalar);
        if self.b.ty(atom).scalar().is_some_and(|own| own != scalar) {
            self.error(arg, diagnostics::MIXED_CALL);
        }
        atom
    }
}

/// What an expression borrows, or the expression itself.
fn peeled(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) => peeled(&reference.expr),
        Expr::Paren(paren) => peeled(&paren.expr),
        other => other,
    }
}
