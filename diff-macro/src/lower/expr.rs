//! Expressions.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{BinOp, Expr, Lit, Stmt, UnOp};

use super::{Lowering, Val};
use crate::activity;
use crate::diagnostics;
use crate::fence;
use crate::generic;
use crate::ir::{Atom, Effect, Name, Opaque, Returns, Scalar, Ty};
use crate::rules::{self, Prim};

impl Lowering<'_> {
    /// Lowers an expression of any kind.
    pub(super) fn expr(&mut self, expr: &Expr) -> Val {
        if let Some(option) = self.plain_option(expr) {
            return option;
        }
        if !self.is_structural(expr) {
            return Val::Atom(self.inactive(expr));
        }
        self.check_attributes(fence::attributes(expr));
        self.check_operands(expr);
        if let Some((stmts, value)) = self.left_in_parts(expr) {
            self.run(&stmts);
            return self.expr(&value);
        }
        match expr {
            Expr::Paren(e) => self.expr(&e.expr),
            Expr::Group(e) => self.expr(&e.expr),
            Expr::Path(_) if self.aggregate_root(expr).is_some() => self.read_part(expr),
            Expr::Path(_) => self.path(expr),
            Expr::Field(_) | Expr::Index(_) if self.aggregate_root(expr).is_some() => self.read_part(expr),
            _ if self.is_integer_arithmetic(expr) => Val::Atom(self.integer_arithmetic(expr)),
            Expr::Unary(e) => self.unary(e),
            Expr::Binary(e) => self.binary(e),
            Expr::MethodCall(e) => self.method_call(e, Returns::Scalar),
            Expr::Call(e) => self.call(e, Returns::Scalar),
            Expr::Cast(e) => Val::Atom(self.cast(e)),
            Expr::Reference(e) if e.mutability.is_none() && self.is_window(&e.expr) => self.window_value(expr),
            Expr::Reference(e) if e.mutability.is_none() => self.expr(&e.expr),
            Expr::Index(e) if self.makes_array(&e.expr) => {
                let number = self.instances.number(&format!("part {}", e.to_token_stream()));
                let (part, made, index) = (self.fresh("part", number), &e.expr, &e.index);
                self.run(&[syn::parse_quote!(let #part = #made;)]);
                self.expr(&syn::parse_quote!(#part[#index]))
            }
            Expr::Index(_) => self.load(expr),
            Expr::Tuple(e) if e.elems.is_empty() => Val::Unit,
            Expr::Tuple(e) => Val::Tuple(e.elems.iter().map(|elem| self.expr(elem)).collect()),
            Expr::Field(e) => self.field(e),
            Expr::Try(e) => self.try_expr(e),
            Expr::If(e) => self.with_like_tuples(expr, |pass| pass.if_expr(e, &[])),
            Expr::Match(e) => self.with_like_tuples(expr, |pass| pass.match_expr(e)),
            Expr::Block(e) => self.block_expr(e),
            Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_) => self.loop_expr(expr),
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => self.jump_expr(expr),
            Expr::Assign(e) => self.assign(e),
            Expr::Macro(e) if fence::is_panic(&e.mac) => {
                self.macro_stmt(&e.mac, &syn::parse_quote!(#expr;));
                Val::Never
            }
            Expr::Macro(e) => self.macro_value(&e.mac),
            other => self.unsupported(other),
        }
    }

    /// Whether the expression has to be taken apart: an active value enters it, it jumps, or it assigns.
    fn is_structural(&self, expr: &Expr) -> bool {
        if self.is_active(expr) || fence::exits_of_expr(expr).any() || super::optional::ends_in_option(expr) {
            return true;
        }
        (self.splits_tuples && !tuples(expr).is_empty()) || self.changes_followed(&fence::writes_in_expr(expr))
    }

    /// Lowers branches: if one of them gives a tuple that varies, the tuples of the others are taken apart as well.
    fn with_like_tuples(&mut self, branches: &Expr, lower: impl FnOnce(&mut Self) -> Val) -> Val {
        let splits = self.splits_tuples || tuples(branches).into_iter().any(|tuple| self.is_active(tuple));
        let before = std::mem::replace(&mut self.splits_tuples, splits);
        let value = lower(self);
        self.splits_tuples = before;
        value
    }

    /// Operands after one that jumps out would be evaluated all the same.
    pub(super) fn check_operands(&mut self, expr: &Expr) {
        let operands: Vec<&Expr> = match expr {
            Expr::Binary(e) if matches!(e.op, BinOp::And(_) | BinOp::Or(_)) => vec![&e.left, &e.right],
            Expr::Binary(e) if fence::is_compound(&e.op).is_none() => vec![&e.left, &e.right],
            Expr::MethodCall(e) => std::iter::once(&*e.receiver).chain(&e.args).collect(),
            Expr::Call(e) => e.args.iter().collect(),
            Expr::Tuple(e) => e.elems.iter().collect(),
            Expr::Array(e) => e.elems.iter().collect(),
            Expr::Index(e) => vec![&e.expr, &e.index],
            _ => return,
        };
        for (k, operand) in operands.iter().enumerate() {
            let harmless = operands[k + 1..].iter().all(|later| self.is_harmless(later));
            if let (false, Some(span)) = (harmless, fence::exits_of_expr(operand).first) {
                self.error_at(span, diagnostics::JUMP_IN_OPERAND);
            }
        }
    }

    /// Whether evaluating the expression where it is not meant to be does no harm: it is arithmetic of floats.
    fn is_harmless(&self, expr: &Expr) -> bool {
        let is_float = || self.is_active(expr) || self.type_of(expr).scalar().is_some();
        match expr {
            Expr::Lit(_) | Expr::Path(_) => true,
            Expr::Paren(e) => self.is_harmless(&e.expr),
            Expr::Cast(e) => self.is_harmless(&e.expr),
            Expr::Unary(e) => is_float() && self.is_harmless(&e.expr),
            Expr::Binary(e) => {
                let assigns = fence::is_compound(&e.op).is_some() || fence::is_bit_assign(&e.op);
                is_float() && !assigns && self.is_harmless(&e.left) && self.is_harmless(&e.right)
            }
            Expr::MethodCall(e) => {
                let known = rules::method(&e.method.to_string()).is_some();
                known && is_float() && self.is_harmless(&e.receiver) && e.args.iter().all(|arg| self.is_harmless(arg))
            }
            _ => false,
        }
    }

    fn unsupported(&mut self, expr: &Expr) -> Val {
        let (what, instead) = match expr {
            Expr::Closure(_) => ("a closure", "write its body where it is called"),
            Expr::Array(_) | Expr::Repeat(_) => ("an array here", "give it a name with `let` first"),
            Expr::Struct(_) => ("a struct", "use scalar variables"),
            Expr::Range(_) => ("a range of floats", "iterate over integers"),
            Expr::Reference(_) => ("a mutable reference", "assign to the variable"),
            Expr::Unsafe(_) => ("an `unsafe` block", "move it into a function that takes no active value"),
            Expr::Async(_) | Expr::Await(_) => ("asynchronous code", "await before the call"),
            Expr::Let(_) => ("a `let` in a condition", "write it as a statement"),
            _ => ("this expression", "write it with arithmetic, methods of `f64` and control flow"),
        };
        self.error(expr, diagnostics::unsupported(what, instead));
        Val::Atom(Atom::Undefined)
    }

    /// An expression that no active value enters.
    pub(super) fn inactive(&mut self, expr: &Expr) -> Atom {
        self.check_attributes(fence::attributes(expr));
        if self.is_element(expr) {
            return self.load(expr).atom();
        }
        if let Some(x) = generic::number(expr) {
            return Atom::Float(x);
        }
        match expr {
            Expr::Paren(e) => return self.inactive(&e.expr),
            Expr::Group(e) => return self.inactive(&e.expr),
            Expr::Block(e) if e.label.is_none() => {
                if let [Stmt::Expr(value, None)] = &e.block.stmts[..] {
                    return self.inactive(value);
                }
            }
            Expr::Lit(lit) => {
                if let Some(atom) = self.literal(&lit.lit) {
                    return atom;
                }
            }
            Expr::Path(_) => {
                if let Some(atom) = fence::variable(expr).and_then(|name| self.env.get(&name).copied()) {
                    return self.snapshot(expr, atom);
                }
            }
            Expr::Unary(e) if matches!(e.op, UnOp::Neg(_)) => match self.peek_literal(&e.expr) {
                Atom::Float(x) => return Atom::Float(-x),
                Atom::Int(n) => return Atom::Int(-n),
                _ => {}
            },
            Expr::Cast(e) if matches!(self.type_of(expr), Ty::Float(_)) => {
                if let Some(atom) = self.inactive_cast(e) {
                    return atom;
                }
            }
            _ => {}
        }
        let ty = self.type_of(expr);
        self.verbatim(expr, ty, None, None)
    }

    /// A variable that verbatim code changes is read where it stands.
    fn snapshot(&mut self, expr: &Expr, atom: Atom) -> Atom {
        match fence::variable(expr) {
            Some(name) if self.is_cell(&name) => {
                let ty = self.b.ty(atom);
                self.verbatim(expr, ty, None, None)
            }
            _ => atom,
        }
    }

    /// The literal that an expression is, with its sign.
    pub(super) fn inactive_literal(&self, expr: &Expr) -> Atom {
        match expr {
            Expr::Paren(e) => self.inactive_literal(&e.expr),
            Expr::Group(e) => self.inactive_literal(&e.expr),
            Expr::Unary(e) if matches!(e.op, UnOp::Neg(_)) => match self.peek_literal(&e.expr) {
                Atom::Float(x) => Atom::Float(-x),
                Atom::Int(n) => Atom::Int(-n),
                _ => Atom::Undefined,
            },
            other => self.peek_literal(other),
        }
    }

    fn peek_literal(&self, expr: &Expr) -> Atom {
        match expr {
            Expr::Lit(lit) => self.literal(&lit.lit).unwrap_or(Atom::Undefined),
            other => generic::number(other).map_or(Atom::Undefined, Atom::Float),
        }
    }

    /// A literal as an atom, if the atom is written back with the same bits.
    fn literal(&self, lit: &Lit) -> Option<Atom> {
        match lit {
            Lit::Float(float) => self.float_literal(float.base10_digits(), float.suffix()),
            Lit::Int(int) if !int.suffix().is_empty() => match Scalar::from_name(int.suffix()) {
                Some(_) => self.float_literal(int.base10_digits(), int.suffix()),
                None => None,
            },
            Lit::Int(int) => int.base10_parse::<i64>().ok().map(Atom::Int),
            Lit::Bool(b) => Some(Atom::Bool(b.value)),
            _ => None,
        }
    }

    fn float_literal(&self, digits: &str, suffix: &str) -> Option<Atom> {
        let x: f64 = digits.parse().ok()?;
        let scalar = Scalar::from_name(suffix).unwrap_or(self.b.default_scalar);
        if self.b.default_scalar == Scalar::Generic {
            // No literal is of a generic type.
            return None;
        }
        #[allow(clippy::cast_possible_truncation, reason = "the rounding is what is compared")]
        let exact = scalar == Scalar::F64 || digits.parse::<f32>().ok()?.to_bits() == (x as f32).to_bits();
        // A suffix that contradicts the other floats of the function is kept as it is written.
        (x.is_finite() && exact && (suffix.is_empty() || scalar == self.b.default_scalar)).then_some(Atom::Float(x))
    }

    /// `n as f64` of a variable or an expression without floats.
    fn inactive_cast(&mut self, cast: &syn::ExprCast) -> Option<Atom> {
        let Ty::Float(scalar) = self.type_of(&Expr::Cast(cast.clone())) else {
            return None;
        };
        if fence::effect_of(&cast.expr, &|name| self.stability(name)) != crate::ir::Effect::Pure {
            return None;
        }
        if matches!(self.type_of(&cast.expr), Ty::Bool) || matches!(&*cast.expr, Expr::Lit(_)) {
            return None;
        }
        let operand = self.inactive(&cast.expr);
        match (self.b.ty(operand), operand) {
            (_, Atom::Float(_) | Atom::Int(_) | Atom::Bool(_) | Atom::Undefined) => None,
            (Ty::Float(own), operand) if own == scalar => Some(operand),
            (Ty::Float(_), operand) => Some(self.b.prim(Prim::Cast(scalar), &[operand])),
            (_, operand) => Some(self.b.prim(Prim::IntToFloat(scalar), &[operand])),
        }
    }

    /// Whether the expression is a part of an array that lowering follows, of which a reference is a window.
    fn is_window(&self, expr: &Expr) -> bool {
        matches!(expr, Expr::Index(_)) && self.place(expr).is_some() && !self.is_single_element(expr)
    }

    /// A window that has no variable yet.
    fn window_value(&mut self, reference: &Expr) -> Val {
        let number = self.instances.number(&reference.to_token_stream().to_string());
        let name = self.fresh("part", number);
        self.run(&[syn::parse_quote!(let #name = #reference;)]);
        Val::Atom(self.env.get(&name.to_string()).copied().unwrap_or(Atom::Undefined))
    }

    fn path(&mut self, expr: &Expr) -> Val {
        if let Some(atom) = fence::variable(expr).and_then(|name| self.read_place(&name)) {
            return Val::Atom(atom);
        }
        if let Some(whole) = fence::variable(expr).and_then(|name| self.aggregates.get(&name).cloned()) {
            return whole;
        }
        match fence::variable(expr).and_then(|name| self.env.get(&name).copied()) {
            Some(atom) => Val::Atom(atom),
            None => Val::Atom(Atom::Undefined),
        }
    }

    /// The scalar that an expression gives.
    pub(super) fn scalar(&mut self, expr: &Expr) -> Atom {
        let value = self.expr(expr);
        self.float_atom(value, expr)
    }

    /// The scalar that an expression gives, where only a float will do.
    pub(super) fn float(&mut self, expr: &Expr, scalar: Scalar) -> Atom {
        let atom = self.scalar(expr);
        self.as_float(expr, atom, scalar)
    }

    /// A value where only a float will do.
    pub(super) fn as_float(&mut self, expr: &Expr, atom: Atom, scalar: Scalar) -> Atom {
        match (atom, self.b.ty(atom)) {
            (Atom::Value(_), Ty::Float(_)) | (Atom::Float(_) | Atom::Undefined, _) => atom,
            // rustc says best that this is no float.
            (Atom::Int(_) | Atom::Bool(_), _) => atom,
            (Atom::Value(_), _) => self.assert_float(expr, atom, scalar),
        }
    }

    /// The float type of an operation: that of an operand whose type is known.
    fn common(&self, exprs: &[&Expr]) -> Scalar {
        let known = exprs.iter().find_map(|expr| self.type_of(expr).scalar());
        known.unwrap_or(self.b.default_scalar)
    }

    fn unary(&mut self, unary: &syn::ExprUnary) -> Val {
        match unary.op {
            UnOp::Neg(_) => {
                let scalar = self.common(&[&unary.expr]);
                let operand = self.float(&unary.expr, scalar);
                Val::Atom(self.exact(Prim::Neg, &[operand]))
            }
            UnOp::Not(_) => {
                let operand = self.condition(&unary.expr);
                Val::Atom(self.exact(Prim::Not, &[operand]))
            }
            UnOp::Deref(_) => self.expr(&unary.expr),
            _ => self.unsupported(&Expr::Unary(unary.clone())),
        }
    }

    pub(super) fn exact(&mut self, prim: Prim, args: &[Atom]) -> Atom {
        if args.contains(&Atom::Undefined) {
            // An operand is in error already.
            return Atom::Undefined;
        }
        let result = self.b.prim(prim, args);
        self.mark(result, prim, args);
        result
    }

    /// The result of a primitive varies if an operand does.
    fn mark(&mut self, result: Atom, prim: Prim, args: &[Atom]) {
        if !activity::is_locally_constant(prim) && args.iter().any(|atom| self.is_varying(*atom)) {
            self.varying.extend(result.value());
        }
    }

    fn binary(&mut self, binary: &syn::ExprBinary) -> Val {
        if let Some(prim) = fence::is_compound(&binary.op) {
            return self.compound_assign(binary, prim);
        }
        let prim = match binary.op {
            BinOp::Add(_) => Prim::Add,
            BinOp::Sub(_) => Prim::Sub,
            BinOp::Mul(_) => Prim::Mul,
            BinOp::Div(_) => Prim::Div,
            BinOp::Rem(_) => Prim::Rem,
            _ => return Val::Atom(self.condition(&Expr::Binary(binary.clone()))),
        };
        self.learn_types(&Expr::Binary(binary.clone()));
        let scalar = self.common(&[&binary.left, &binary.right]);
        let left = self.float(&binary.left, scalar);
        let right = self.float(&binary.right, scalar);
        Val::Atom(self.exact(prim, &[left, right]))
    }

    /// A condition: a bool, which never varies, made of what may.
    pub(super) fn condition(&mut self, expr: &Expr) -> Atom {
        if self.counts(expr) {
            return self.counted(expr, Ty::Bool, false);
        }
        if !self.is_structural(expr) {
            return self.inactive(expr);
        }
        self.check_attributes(fence::attributes(expr));
        self.check_operands(expr);
        match expr {
            Expr::Paren(e) => self.condition(&e.expr),
            Expr::Group(e) => self.condition(&e.expr),
            Expr::Unary(e) if matches!(e.op, UnOp::Not(_)) => {
                let operand = self.condition(&e.expr);
                self.exact(Prim::Not, &[operand])
            }
            Expr::Binary(e) => self.comparison(e, expr),
            Expr::MethodCall(e) => self.method_call(e, Returns::Scalar).atom(),
            Expr::If(_) | Expr::Block(_) | Expr::Path(_) | Expr::Macro(_) | Expr::Call(_) => self.expr(expr).atom(),
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => self.expr(expr).atom(),
            other => self.unsupported(other).atom(),
        }
    }

    fn comparison(&mut self, binary: &syn::ExprBinary, expr: &Expr) -> Atom {
        let prim = match binary.op {
            BinOp::Lt(_) => Prim::Lt,
            BinOp::Le(_) => Prim::Le,
            BinOp::Gt(_) => Prim::Gt,
            BinOp::Ge(_) => Prim::Ge,
            BinOp::Eq(_) => Prim::Eq,
            BinOp::Ne(_) => Prim::Ne,
            BinOp::And(_) => return self.short_circuit(binary, Prim::And),
            BinOp::Or(_) => return self.short_circuit(binary, Prim::Or),
            _ => return self.unsupported(expr).atom(),
        };
        if [&binary.left, &binary.right].iter().all(|side| !self.is_active(side) || self.counts(side)) {
            return self.counted(expr, Ty::Bool, false);
        }
        let scalar = self.common(&[&binary.left, &binary.right]);
        let (left, right) = (self.scalar(&binary.left), self.scalar(&binary.right));
        let answers = fence::is_answer(&binary.left) || fence::is_answer(&binary.right);
        let left = self.compared(&binary.left, left, scalar, answers);
        let right = self.compared(&binary.right, right, scalar, answers);
        self.exact(prim, &[left, right])
    }

    /// A side of a comparison: a float, a bool or an integer made of floats, or the answer to a query.
    fn compared(&mut self, expr: &Expr, atom: Atom, scalar: Scalar, answers: bool) -> Atom {
        let unknown = self.b.ty(atom) == Ty::Unknown && self.type_of(expr) == Ty::Unknown;
        if unknown && atom.value().is_some() && !answers && !self.is_active(expr) {
            return self.assert_float(expr, atom, scalar);
        }
        atom
    }

    /// Arithmetic of integers that are made of floats by casts: verbatim, with these in their places.
    fn integer_arithmetic(&mut self, expr: &Expr) -> Atom {
        let mut verbatim = expr.clone();
        match &mut verbatim {
            Expr::Binary(e) => {
                *e.left = self.operand_in_place(&e.left);
                *e.right = self.operand_in_place(&e.right);
            }
            Expr::Unary(e) => *e.expr = self.operand_in_place(&e.expr),
            _ => {}
        }
        self.verbatim(&verbatim, Ty::Int, None, None)
    }

    fn is_integer_arithmetic(&self, expr: &Expr) -> bool {
        let is_operation = match expr {
            Expr::Binary(e) => fence::is_compound(&e.op).is_none() && !fence::is_bit_assign(&e.op),
            Expr::Unary(e) => !matches!(e.op, UnOp::Deref(_)),
            _ => false,
        };
        is_operation && self.type_of(expr) == Ty::Int
    }

    /// `a && b`: `b` is evaluated only if `a` holds, which matters if it does more than compare.
    fn short_circuit(&mut self, binary: &syn::ExprBinary, prim: Prim) -> Atom {
        let left = self.condition(&binary.left);
        let right = self.arm(|pass| Val::Atom(pass.condition(&binary.right)));
        let pure = right.stmts.iter().all(|stmt| match &stmt.op {
            crate::ir::Op::Prim(..) => true,
            crate::ir::Op::Opaque(opaque) => opaque.effect == Effect::Pure && never_panics(opaque),
            _ => false,
        });
        if pure && right.env == self.env {
            // Nothing but comparisons and arithmetic: evaluated where it is written, by the same operator.
            let right = self.condition(&binary.right);
            return self.exact(prim, &[left, right]);
        }
        let decided = self.arm(|_| Val::Atom(Atom::Bool(prim == Prim::Or)));
        let (then, otherwise) = if prim == Prim::And { (right, decided) } else { (decided, right) };
        self.merge(left, then, otherwise).atom()
    }

    // ---- calls --------------------------------------------------------------------------------------------------

    /// A method call whose result has a certain form.
    pub(super) fn method_call(&mut self, call: &syn::ExprMethodCall, returns: Returns) -> Val {
        if let Some(element) = self.popped(call).or_else(|| self.element_option(call)) {
            return element;
        }
        if let Some(place) = self.unwrapped_place(&Expr::MethodCall(call.clone())) {
            return self.expr(&place);
        }
        if let Some(value) = self.conversion_of_generic(call) {
            return value;
        }
        if let Some(value) = self.consumer(call) {
            return value;
        }
        if let Some(value) = self.option_method(call) {
            return value;
        }
        let of_result =
            ["unwrap", "expect", "unwrap_or", "unwrap_or_else", "unwrap_or_default", "ok", "is_ok", "is_err"];
        if of_result.iter().any(|name| call.method == name) && self.keeps_result(&call.receiver) {
            self.error(&call.method, diagnostics::KEPT_RESULT);
            return Val::Atom(Atom::Undefined);
        }
        // A method of an integer, which may be made of floats by a cast.
        if matches!(self.type_of(&call.receiver), Ty::Int | Ty::Bool) {
            let whole = Expr::MethodCall(call.clone());
            return Val::Atom(self.query(&whole));
        }
        if fence::is_answer(&call.receiver) && !call.args.iter().any(|arg| self.is_active(arg)) {
            // What is made of the answer to a query does not vary either.
            return Val::Atom(self.query(&Expr::MethodCall(call.clone())));
        }
        let name = call.method.to_string();
        let args: Vec<&Expr> = std::iter::once(&*call.receiver).chain(&call.args).collect();
        if self.is_method_of_user(&call.receiver, &name) || self.is_method_of_part(&call.receiver, &name) {
            let name = Name::Method(call.method.clone(), call.turbofish.clone());
            return self.call_named(name, &args, returns);
        }
        if self.report_chain(call) {
            return Val::Atom(Atom::Undefined);
        }
        if rules::method(&name).is_some() || name == "sin_cos" {
            let scalar = self.common(&args);
            self.guard_method(call, scalar);
        }
        self.primitive_call(&name, &args, call.method.span(), &Expr::MethodCall(call.clone()))
    }

    /// Conversions between a generic float and other numbers. `x.to_usize().unwrap()` does not vary, as a cast to an
    /// integer; of other floats that vary they are not followed.
    fn conversion_of_generic(&mut self, call: &syn::ExprMethodCall) -> Option<Val> {
        let is_generic = |pass: &Self, x: &Expr| pass.is_active(x) && pass.b.default_scalar == Scalar::Generic;
        if let Some((_, method)) = generic::to_float(call).filter(|(x, _)| is_generic(self, x)) {
            self.error(method, diagnostics::conversion_of_generic(&method.to_string()));
            return Some(Val::Atom(Atom::Undefined));
        }
        if let Some((operand, function)) = generic::from_number(call).filter(|(x, _)| is_generic(self, x)) {
            if self.counts(operand) {
                let operand = self.counted(operand, Ty::Unknown, true);
                return Some(Val::Atom(self.integer_converted(call, operand)));
            }
            if self.type_of(operand) == Ty::Float(Scalar::Generic) {
                return Some(self.expr(operand));
            }
            if !matches!(self.type_of(operand), Ty::Int | Ty::Bool) {
                self.error(function, diagnostics::conversion_of_generic(&function.to_string()));
                return Some(Val::Atom(Atom::Undefined));
            }
            let operand = self.scalar(operand);
            return Some(Val::Atom(self.integer_converted(call, operand)));
        }
        let operand = generic::to_integer(call).filter(|x| is_generic(self, x))?;
        let mut verbatim = call.clone();
        if let Expr::MethodCall(inner) = &mut *verbatim.receiver {
            let operand = self.float(operand, Scalar::Generic);
            *inner.receiver = self.placeholder(operand);
        }
        Some(Val::Atom(self.verbatim(&Expr::MethodCall(verbatim), Ty::Int, None, None)))
    }

    /// `T::from(n).unwrap()` of an integer that is made of what varies.
    fn integer_converted(&mut self, call: &syn::ExprMethodCall, operand: Atom) -> Atom {
        let mut verbatim = call.clone();
        if let Expr::Call(from) = &mut *verbatim.receiver {
            from.args = std::iter::once(self.placeholder(operand)).collect();
        }
        self.verbatim(&Expr::MethodCall(verbatim), Ty::Float(Scalar::Generic), None, None)
    }

    /// Whether a method can only be one of a type of the user's: it is called on `self`, or on a value that no active
    /// value enters and under a name that floats do not have.
    fn is_method_of_user(&self, receiver: &Expr, name: &str) -> bool {
        if self.is_struct(receiver) {
            return !(fence::is_query(name) || matches!(name, "clone" | "to_owned"));
        }
        let on_self = fence::variable(receiver).is_some_and(|name| name == "self");
        let unknown = self.type_of(receiver) == Ty::Unknown && self.array_of(receiver).is_none();
        !self.is_active(receiver) && unknown && (on_self || !(is_method_of_float(name) || fence::is_query(name)))
    }

    /// A method of `f64`, called as a method or as `f64::method`.
    fn primitive_call(&mut self, name: &str, args: &[&Expr], span: proc_macro2::Span, whole: &Expr) -> Val {
        if fence::is_query(name) {
            return Val::Atom(self.query(whole));
        }
        if matches!(name, "clone" | "to_owned") && args.len() == 1 {
            return self.expr(args[0]);
        }
        let scalar = self.common(args);
        if name == "sin_cos" && args.len() == 1 {
            let x = self.float(args[0], scalar);
            let pair = [Prim::Sin, Prim::Cos].map(|prim| Val::Atom(self.exact(prim, &[x])));
            return Val::Tuple(pair.to_vec());
        }
        if scalar == Scalar::Generic && generic::is_missing(name) {
            self.error_at(span, diagnostics::method_of_generic(name));
            return Val::Atom(Atom::Undefined);
        }
        let Some((prim, arity)) = rules::method(name) else {
            self.error_at(span, diagnostics::unknown_method(name));
            return Val::Atom(Atom::Undefined);
        };
        if arity != args.len() {
            self.error_at(span, diagnostics::wrong_arity(name, arity, args.len()));
            return Val::Atom(Atom::Undefined);
        }
        let mut atoms = Vec::new();
        for (k, arg) in args.iter().enumerate() {
            let is_exponent = prim == Prim::Powi && k == 1;
            atoms.push(if is_exponent { self.exponent(arg) } else { self.float(arg, scalar) });
        }
        Val::Atom(self.exact(prim, &atoms))
    }

    /// The exponent of `powi`: a literal also where a variable holds it.
    fn exponent(&mut self, expr: &Expr) -> Atom {
        let atom = self.scalar(expr);
        match atom.value().and_then(|value| self.integers.get(&value)) {
            Some(n) => Atom::Int(*n),
            None => atom,
        }
    }

    /// A method that only looks at its receiver: verbatim, with the active operands in their places.
    fn query(&mut self, expr: &Expr) -> Atom {
        let mut verbatim = expr.clone();
        match &mut verbatim {
            Expr::MethodCall(call) => {
                *call.receiver = self.operand_in_place(&call.receiver);
                for arg in &mut call.args {
                    *arg = self.operand_in_place(arg);
                }
            }
            Expr::Call(call) => {
                for arg in &mut call.args {
                    *arg = self.operand_in_place(arg);
                }
            }
            _ => {}
        }
        let name = match &verbatim {
            Expr::MethodCall(call) => call.method.to_string(),
            _ => String::new(),
        };
        // Methods of traits: one of the user's that has the name must not give a float.
        let ascription: Option<syn::Type> = match name.as_str() {
            "eq" | "ne" | "lt" | "le" | "gt" | "ge" => Some(syn::parse_quote!(::core::primitive::bool)),
            "partial_cmp" => Some(syn::parse_quote!(::core::option::Option<::core::cmp::Ordering>)),
            "total_cmp" => Some(syn::parse_quote!(::core::cmp::Ordering)),
            _ => None,
        };
        let is_bool = name.starts_with("is_") || matches!(name.as_str(), "eq" | "ne" | "lt" | "le" | "gt" | "ge");
        let ty = if is_bool { Ty::Bool } else { self.type_of(expr) };
        // The result of a query does not vary, whatever its type.
        let ty = if ty.scalar().is_some() { Ty::Unknown } else { ty };
        self.verbatim(&verbatim, ty, ascription.map(std::rc::Rc::new), None)
    }

    fn operand_in_place(&mut self, expr: &Expr) -> Expr {
        if !self.is_active(expr) {
            return expr.clone();
        }
        if let Expr::Reference(reference) = expr {
            let mut reference = reference.clone();
            *reference.expr = self.operand_in_place(&reference.expr);
            return Expr::Reference(reference);
        }
        let atom = self.scalar(expr);
        let mut operand = self.placeholder(atom);
        for _ in 0..self.depth_of(expr) {
            operand = syn::parse_quote!(&#operand);
        }
        operand
    }

    /// A call whose result has a certain form.
    pub(super) fn call(&mut self, call: &syn::ExprCall, returns: Returns) -> Val {
        let whole = Expr::Call(call.clone());
        if let Some(value) = self.constructor(call) {
            return value;
        }
        if let Some(closure) = fence::variable(&call.func).filter(|name| self.closures.contains_key(name)) {
            let closure = self.closures[&closure].clone();
            let args = call.args.iter().cloned().collect();
            return match self.applied(&closure, args) {
                Some(body) => self.expr(&body),
                None => Val::Atom(Atom::Undefined),
            };
        }
        if let Expr::Paren(paren) = &*call.func
            && let Expr::Closure(_) = &*paren.expr
        {
            let args = call.args.iter().cloned().collect();
            return match self.applied(&paren.expr, args) {
                Some(body) => self.expr(&body),
                None => Val::Atom(Atom::Undefined),
            };
        }
        if let Some(value) = self.mem_call(call) {
            return value;
        }
        let Expr::Path(func) = &*call.func else {
            self.error(&call.func, diagnostics::unknown_function(&call.func.to_token_stream().to_string()));
            return Val::Atom(Atom::Undefined);
        };
        let last = func.path.segments.last().map(|segment| segment.ident.clone());
        let primitive = fence::primitive_type(&func.path);
        if let (Some(name), Some("from")) = (&primitive, last.as_ref().map(ToString::to_string).as_deref())
            && fence::is_integer_name(name)
            && call.args.len() == 1
        {
            return Val::Atom(self.converted_to_integer(call, name));
        }
        let ty = primitive.and_then(|ty| Scalar::from_name(&ty));
        if let (Some(scalar), Some(last)) = (ty, last) {
            self.guard_path(func, scalar);
            let args: Vec<&Expr> = call.args.iter().collect();
            if last == "from" && args.len() == 1 && scalar != Scalar::Generic {
                return Val::Atom(self.converted(args[0], &whole, scalar));
            }
            return self.primitive_call(&last.to_string(), &args, last.span(), &whole);
        }
        if let (Some(method), Scalar::Generic) = (generic::method_of_trait(func), self.b.default_scalar) {
            self.guard_trait(func, method);
            let args: Vec<&Expr> = call.args.iter().collect();
            return self.primitive_call(&method.to_string(), &args, method.span(), &whole);
        }
        if let Some(name) = fence::variable(&call.func).filter(|name| self.is_variable(name)) {
            self.error(&func.path, diagnostics::unknown_closure(&self.source_name(&name)));
            return Val::Atom(Atom::Undefined);
        }
        let is_result = |name: &str| fence::names_variant(&func.path, name);
        if is_result("Ok") || is_result("Err") {
            self.error(&func.path, diagnostics::KEPT_RESULT);
            return Val::Atom(Atom::Undefined);
        }
        let args: Vec<&Expr> = call.args.iter().collect();
        self.call_path(func, &args, returns)
    }

    /// `u8::from(condition)`: it does not vary, and is an integer whatever the path leads to.
    fn converted_to_integer(&mut self, call: &syn::ExprCall, name: &str) -> Atom {
        let mut verbatim = call.clone();
        let operand = self.condition(&call.args[0]);
        verbatim.args = std::iter::once(self.placeholder(operand)).collect();
        let ty = syn::Ident::new(name, proc_macro2::Span::call_site());
        let ascription = syn::parse_quote!(::core::primitive::#ty);
        self.verbatim(&Expr::Call(verbatim), Ty::Int, Some(std::rc::Rc::new(ascription)), None)
    }

    /// `f64::from(operand)`: of a float linear, of anything else it does not vary.
    fn converted(&mut self, operand: &Expr, whole: &Expr, scalar: Scalar) -> Atom {
        if self.counts(operand) {
            let operand = self.counted(operand, Ty::Unknown, true);
            let mut verbatim = whole.clone();
            if let Expr::Call(call) = &mut verbatim {
                call.args = std::iter::once(self.placeholder(operand)).collect();
            }
            return self.verbatim(&verbatim, Ty::Float(scalar), None, None);
        }
        let atom = self.scalar(operand);
        match (atom, self.b.ty(atom)) {
            (Atom::Value(_), Ty::Bool | Ty::Int) => {
                let mut verbatim = whole.clone();
                if let Expr::Call(call) = &mut verbatim {
                    call.args = std::iter::once(self.placeholder(atom)).collect();
                }
                self.verbatim(&verbatim, Ty::Float(scalar), None, None)
            }
            (Atom::Value(_), Ty::Unknown) => {
                let atom = self.assert_float(operand, atom, scalar);
                self.cast_to(atom, scalar)
            }
            _ => self.cast_to(atom, scalar),
        }
    }

    fn cast_to(&mut self, operand: Atom, scalar: Scalar) -> Atom {
        match (operand, self.b.ty(operand)) {
            (Atom::Value(_), Ty::Float(own)) if own != scalar => self.exact(Prim::Cast(scalar), &[operand]),
            (Atom::Value(_), Ty::Int) => self.exact(Prim::IntToFloat(scalar), &[operand]),
            _ => operand,
        }
    }

    /// `x as f32` is linear; `x as usize` does not vary.
    fn cast(&mut self, cast: &syn::ExprCast) -> Atom {
        let whole = Expr::Cast(cast.clone());
        if self.counts(&cast.expr) {
            let operand = self.counted(&cast.expr, Ty::Unknown, true);
            let mut verbatim = cast.clone();
            *verbatim.expr = self.placeholder(operand);
            let ty = self.type_of(&whole);
            return self.verbatim(&Expr::Cast(verbatim), ty, None, None);
        }
        let operand = self.scalar(&cast.expr);
        match self.type_of(&whole) {
            Ty::Float(scalar) => self.cast_to(operand, scalar),
            ty => {
                if self.is_varying(operand) && ty != Ty::Int {
                    self.error(&cast.ty, diagnostics::cast_to_unknown(&diagnostics::type_text(&cast.ty)));
                }
                let mut verbatim = cast.clone();
                *verbatim.expr = self.placeholder(operand);
                self.verbatim(&Expr::Cast(verbatim), ty, None, None)
            }
        }
    }

    /// A field of a value that is no variable: of a tuple that a call gives, say.
    fn field(&mut self, field: &syn::ExprField) -> Val {
        let base = self.expr(&field.base);
        match (base, &field.member) {
            (Val::Tuple(elems), syn::Member::Unnamed(index)) => match elems.get(index.index as usize) {
                Some(elem) => elem.clone(),
                None => Val::Atom(Atom::Undefined),
            },
            _ => {
                self.error(&field.member, diagnostics::unsupported("a field", "use scalar variables"));
                Val::Atom(Atom::Undefined)
            }
        }
    }

    pub(super) fn macro_value(&mut self, mac: &syn::Macro) -> Val {
        if let Some(span) = fence::exits_of_macro(mac).first {
            self.error_at(span, diagnostics::JUMP_IN_MACRO);
            return Val::Atom(Atom::Undefined);
        }
        let name = mac.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default();
        self.error(&mac.path, diagnostics::active_macro(&name));
        Val::Atom(Atom::Undefined)
    }

    /// The names of active variables among those given, as the user wrote them.
    pub(super) fn active_names(&self, names: &HashSet<String>) -> Vec<String> {
        let mut active: Vec<String> =
            names.iter().filter(|name| self.known.active.contains(*name)).map(|name| self.source_name(name)).collect();
        active.sort();
        active
    }
}

/// Whether evaluating verbatim code, which is pure, certainly does not panic.
fn never_panics(opaque: &Opaque) -> bool {
    match &opaque.code {
        crate::ir::Code::Expr(expr, _) => fence::cannot_panic(expr) || is_guard(opaque),
        crate::ir::Code::Stmts(..) | crate::ir::Code::Assert(..) => false,
    }
}

/// Whether verbatim code is the check of `assert_float`.
fn is_guard(opaque: &Opaque) -> bool {
    opaque.text.starts_with("float ")
}

/// The tuples that an expression gives: itself, or those at the ends of its branches.
fn tuples(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::Tuple(tuple) if !tuple.elems.is_empty() => vec![expr],
        Expr::Paren(paren) => tuples(&paren.expr),
        Expr::Group(group) => tuples(&group.expr),
        Expr::Block(block) => tuples_of_block(&block.block),
        Expr::If(branch) => {
            let mut all = tuples_of_block(&branch.then_branch);
            all.extend(branch.else_branch.iter().flat_map(|(_, otherwise)| tuples(otherwise)));
            all
        }
        Expr::Match(m) => m.arms.iter().flat_map(|arm| tuples(&arm.body)).collect(),
        _ => Vec::new(),
    }
}

fn tuples_of_block(block: &syn::Block) -> Vec<&Expr> {
    match block.stmts.last() {
        Some(Stmt::Expr(value, None)) => tuples(value),
        _ => Vec::new(),
    }
}

/// Whether floats have a method of the name that gives a float, or a pair of them.
pub(super) fn is_method_of_float(name: &str) -> bool {
    rules::method(name).is_some() || matches!(name, "sin_cos" | "clone" | "to_owned")
}
