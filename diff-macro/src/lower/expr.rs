//! Expressions.

use std::collections::HashSet;

use quote::ToTokens;
use syn::{BinOp, Expr, Lit, UnOp};

use super::{Lowering, Val};
use crate::activity;
use crate::diagnostics;
use crate::fence;
use crate::ir::{Atom, Scalar, Ty};
use crate::rules::{self, Prim};

impl Lowering<'_> {
    /// Lowers an expression of any kind.
    pub(super) fn expr(&mut self, expr: &Expr) -> Val {
        if !self.is_structural(expr) {
            return Val::Atom(self.inactive(expr));
        }
        match expr {
            Expr::Paren(e) => self.expr(&e.expr),
            Expr::Group(e) => self.expr(&e.expr),
            Expr::Path(_) => self.path(expr),
            Expr::Unary(e) => self.unary(e),
            Expr::Binary(e) => self.binary(e),
            Expr::MethodCall(e) => self.method_call(e),
            Expr::Call(e) => self.call(e),
            Expr::Cast(e) => Val::Atom(self.cast(e)),
            Expr::Reference(e) if e.mutability.is_none() => self.expr(&e.expr),
            Expr::Index(_) => self.load(expr),
            Expr::Tuple(e) if e.elems.is_empty() => Val::Unit,
            Expr::Tuple(e) => Val::Tuple(e.elems.iter().map(|elem| self.expr(elem)).collect()),
            Expr::Field(e) => self.field(e),
            Expr::If(e) => self.if_expr(e, &[]),
            Expr::Block(e) => self.block_expr(e),
            Expr::Loop(_) | Expr::While(_) | Expr::ForLoop(_) => self.loop_expr(expr),
            Expr::Return(_) | Expr::Break(_) | Expr::Continue(_) => self.jump_expr(expr),
            Expr::Assign(e) => self.assign(e),
            Expr::Macro(e) => self.macro_value(&e.mac),
            other => self.unsupported(other),
        }
    }

    /// Whether the expression has to be taken apart: an active value enters it, it jumps, or it assigns.
    fn is_structural(&self, expr: &Expr) -> bool {
        if self.is_active(expr) || fence::exits_of_expr(expr).any() {
            return true;
        }
        fence::writes_in_expr(expr).assigned.iter().any(|name| self.is_followed(name))
    }

    fn unsupported(&mut self, expr: &Expr) -> Val {
        let (what, instead) = match expr {
            Expr::Match(_) => ("a `match`", "write it as `if` and `else`"),
            Expr::Closure(_) => ("a closure", "write its body where it is called"),
            Expr::Array(_) | Expr::Repeat(_) => ("an array here", "give it a name with `let` first"),
            Expr::Struct(_) => ("a struct", "use scalar variables"),
            Expr::Range(_) => ("a range of floats", "iterate over integers"),
            Expr::Try(_) => ("the operator `?`", "return a float"),
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
        if self.is_element(expr) {
            return self.load(expr).atom();
        }
        match expr {
            Expr::Paren(e) => return self.inactive(&e.expr),
            Expr::Group(e) => return self.inactive(&e.expr),
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

    fn peek_literal(&self, expr: &Expr) -> Atom {
        match expr {
            Expr::Lit(lit) => self.literal(&lit.lit).unwrap_or(Atom::Undefined),
            _ => Atom::Undefined,
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
        if fence::effect_of(&cast.expr, &|name| self.is_cell(name)) != crate::ir::Effect::Pure {
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

    fn path(&mut self, expr: &Expr) -> Val {
        if let Some(atom) = fence::variable(expr).and_then(|name| self.read_place(&name)) {
            return Val::Atom(atom);
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
        if let Some(value) = result.value() {
            if !activity::is_locally_constant(prim) && args.iter().any(|atom| self.is_varying(*atom)) {
                self.varying.insert(value);
            }
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
        let scalar = self.common(&[&binary.left, &binary.right]);
        let left = self.float(&binary.left, scalar);
        let right = self.float(&binary.right, scalar);
        Val::Atom(self.exact(prim, &[left, right]))
    }

    /// A condition: a bool, which never varies, made of what may.
    pub(super) fn condition(&mut self, expr: &Expr) -> Atom {
        if !self.is_structural(expr) {
            return self.inactive(expr);
        }
        match expr {
            Expr::Paren(e) => self.condition(&e.expr),
            Expr::Group(e) => self.condition(&e.expr),
            Expr::Unary(e) if matches!(e.op, UnOp::Not(_)) => {
                let operand = self.condition(&e.expr);
                self.exact(Prim::Not, &[operand])
            }
            Expr::Binary(e) => self.comparison(e, expr),
            Expr::MethodCall(e) => self.method_call(e).atom(),
            Expr::If(_) | Expr::Block(_) | Expr::Path(_) | Expr::Macro(_) | Expr::Call(_) => self.expr(expr).atom(),
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
        let scalar = self.common(&[&binary.left, &binary.right]);
        let left = self.compared(&binary.left, scalar);
        let right = self.compared(&binary.right, scalar);
        self.exact(prim, &[left, right])
    }

    /// A side of a comparison: a float, or a bool or an integer made of floats.
    fn compared(&mut self, expr: &Expr, scalar: Scalar) -> Atom {
        let atom = self.scalar(expr);
        match (atom, self.b.ty(atom)) {
            (Atom::Value(_), Ty::Unknown) if self.type_of(expr) == Ty::Unknown && !self.is_active(expr) => {
                self.assert_float(expr, atom, scalar)
            }
            _ => atom,
        }
    }

    /// `a && b`: `b` is evaluated only if `a` holds, which matters if it does more than compare.
    fn short_circuit(&mut self, binary: &syn::ExprBinary, prim: Prim) -> Atom {
        let left = self.condition(&binary.left);
        self.b.open();
        let env = self.env.clone();
        let right = self.condition(&binary.right);
        let stmts = self.b.close();
        let pure = stmts.iter().all(|stmt| match &stmt.op {
            crate::ir::Op::Prim(..) => true,
            crate::ir::Op::Opaque(opaque) => opaque.effect == crate::ir::Effect::Pure && !opaque.text.contains('['),
            _ => false,
        });
        self.env = env;
        if pure {
            // Nothing but comparisons and arithmetic: evaluated where it is written, by the same operator.
            let right = self.condition(&binary.right);
            return self.exact(prim, &[left, right]);
        }
        let region = crate::ir::Region { params: Vec::new(), stmts, yields: vec![right] };
        let decided =
            crate::ir::Region { params: Vec::new(), stmts: Vec::new(), yields: vec![Atom::Bool(prim == Prim::Or)] };
        let (then, otherwise) = if prim == Prim::And { (region, decided) } else { (decided, region) };
        let result = self.b.value(Ty::Bool, None);
        self.b.push(vec![result], crate::ir::Op::If { cond: left, then, otherwise });
        Atom::Value(result)
    }

    // ---- calls --------------------------------------------------------------------------------------------------

    fn method_call(&mut self, call: &syn::ExprMethodCall) -> Val {
        // A method of an integer, which may be made of floats by a cast.
        if matches!(self.type_of(&call.receiver), Ty::Int | Ty::Bool) {
            let whole = Expr::MethodCall(call.clone());
            return Val::Atom(self.query(&whole));
        }
        let name = call.method.to_string();
        let args: Vec<&Expr> = std::iter::once(&*call.receiver).chain(&call.args).collect();
        self.primitive_call(&name, &args, call.method.span(), &Expr::MethodCall(call.clone()))
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
            atoms.push(if is_exponent { self.scalar(arg) } else { self.float(arg, scalar) });
        }
        Val::Atom(self.exact(prim, &atoms))
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
        let is_bool = matches!(&verbatim, Expr::MethodCall(call) if call.method.to_string().starts_with("is_"));
        let ty = if is_bool { Ty::Bool } else { self.type_of(expr) };
        // The result of `to_bits` and the like does not vary, whatever its type.
        let ty = if ty.scalar().is_some() { Ty::Unknown } else { ty };
        self.verbatim(&verbatim, ty, None, None)
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
        self.placeholder(atom)
    }

    fn call(&mut self, call: &syn::ExprCall) -> Val {
        let whole = Expr::Call(call.clone());
        let Expr::Path(func) = &*call.func else {
            self.error(&call.func, diagnostics::unknown_function(&call.func.to_token_stream().to_string()));
            return Val::Atom(Atom::Undefined);
        };
        let last = func.path.segments.last().map(|segment| segment.ident.clone());
        let ty = fence::primitive_type(&func.path).and_then(|ty| Scalar::from_name(&ty));
        if let (Some(scalar), Some(last)) = (ty, last) {
            let args: Vec<&Expr> = call.args.iter().collect();
            if last == "from" && args.len() == 1 {
                let operand = self.float(args[0], scalar);
                return Val::Atom(self.cast_to(operand, scalar));
            }
            return self.primitive_call(&last.to_string(), &args, last.span(), &whole);
        }
        let name = func.path.to_token_stream().to_string().replace(' ', "");
        self.error(&func.path, diagnostics::unknown_function(&name));
        Val::Atom(Atom::Undefined)
    }

    fn cast_to(&mut self, operand: Atom, scalar: Scalar) -> Atom {
        match (operand, self.b.ty(operand)) {
            (Atom::Value(_), Ty::Float(own)) if own != scalar => self.exact(Prim::Cast(scalar), &[operand]),
            _ => operand,
        }
    }

    /// `x as f32` is linear; `x as usize` does not vary.
    fn cast(&mut self, cast: &syn::ExprCast) -> Atom {
        let whole = Expr::Cast(cast.clone());
        let operand = self.scalar(&cast.expr);
        match self.type_of(&whole) {
            Ty::Float(scalar) => self.cast_to(operand, scalar),
            ty => {
                let mut verbatim = cast.clone();
                *verbatim.expr = self.placeholder(operand);
                self.verbatim(&Expr::Cast(verbatim), ty, None, None)
            }
        }
    }

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
