//! Statements: declarations, assignments, and code that is carried through.

use std::collections::HashSet;
use std::rc::Rc;

use quote::ToTokens;
use syn::{Expr, Local, Pat, Stmt};

use super::{Lowering, Val};
use crate::diagnostics;
use crate::emit::text_of;
use crate::fence;
use crate::ir::{Atom, Code, Effect, Op, Opaque, Scalar, Ty};
use crate::rules::Prim;

impl Lowering<'_> {
    /// Lowers statements and returns the value of the block that they make.
    pub(super) fn stmts(&mut self, stmts: &[Stmt]) -> Val {
        // Items are in scope in the whole block, whatever runs first.
        for item in stmts.iter().filter(|stmt| matches!(stmt, Stmt::Item(_))) {
            self.carry(item, &[]);
        }
        self.run(stmts)
    }

    /// `stmts` without the items, which are carried already.
    pub(super) fn run(&mut self, stmts: &[Stmt]) -> Val {
        for (position, stmt) in stmts.iter().enumerate() {
            let rest = &stmts[position + 1..];
            if let Some(branch) = one_sided(stmt) {
                return self.if_expr(branch, rest);
            }
            let value = self.stmt(stmt);
            match self.live() {
                Atom::Bool(true) => {}
                Atom::Bool(false) => return Val::Never,
                live => return self.when(live, rest, value),
            }
            if rest.is_empty() {
                return value;
            }
        }
        Val::Unit
    }

    fn stmt(&mut self, stmt: &Stmt) -> Val {
        match stmt {
            Stmt::Local(local) => {
                self.local(local, stmt);
                Val::Unit
            }
            Stmt::Item(_) => Val::Unit,
            Stmt::Macro(mac) => self.macro_stmt(&mac.mac, stmt),
            Stmt::Expr(Expr::Macro(mac), Some(_)) => self.macro_stmt(&mac.mac, stmt),
            Stmt::Expr(Expr::MethodCall(call), Some(_)) if !self.can_carry(stmt) && self.array_method(call) => {
                Val::Unit
            }
            Stmt::Expr(expr, semi) => {
                if semi.is_some() && self.can_carry(stmt) {
                    self.carry(stmt, &[]);
                    return Val::Unit;
                }
                if semi.is_none() && is_block_like(expr) && self.can_carry(stmt) && self.is_unit_block(expr) {
                    self.carry(stmt, &[]);
                    return Val::Unit;
                }
                let value = self.expr(expr);
                match (semi, value) {
                    (_, Val::Never) => Val::Never,
                    (Some(_), _) => Val::Unit,
                    (None, value) => value,
                }
            }
        }
    }

    /// A block-like statement without a value: a loop, or a branch that ends in statements.
    fn is_unit_block(&self, expr: &Expr) -> bool {
        let ends = |block: &syn::Block| match block.stmts.last() {
            Some(Stmt::Expr(inner, None)) => is_block_like(inner) && self.is_unit_block(inner),
            _ => true,
        };
        match expr {
            Expr::ForLoop(_) | Expr::While(_) => true,
            Expr::If(branch) => ends(&branch.then_branch),
            Expr::Block(block) => ends(&block.block),
            Expr::Match(_) | Expr::Loop(_) => false,
            _ => false,
        }
    }

    // ---- verbatim statements ------------------------------------------------------------------------------------

    /// Whether a statement can stay as it is: no active value enters, nothing jumps out, no followed variable changes.
    fn can_carry(&self, stmt: &Stmt) -> bool {
        let one = std::slice::from_ref(stmt);
        let active = fence::active_mentions_in_stmt(stmt).iter().any(|name| self.known.active.contains(name));
        let writes = fence::writes_in_stmts(one);
        let followed = writes.assigned.iter().any(|name| self.is_followed(name));
        !active && !fence::exits_of_stmts(one).any() && !followed
    }

    /// Carries a statement through. What it changes from now on is read where it stands.
    pub(super) fn carry(&mut self, stmt: &Stmt, declared: &[String]) {
        let writes = fence::writes_in_stmts(std::slice::from_ref(stmt));
        for name in &writes.lent {
            self.lend(name, stmt);
        }
        let names = fence::mentions_in_stmt(stmt);
        let args =
            self.arguments(&names).into_iter().filter(|(name, _)| !declared.contains(&name.to_string())).collect();
        let results = declared
            .iter()
            .map(|name| {
                let ty = self.known.types.get(name).copied().unwrap_or(Ty::Unknown);
                let value = self.b.value(ty, self.hint(name));
                self.env.insert(name.clone(), Atom::Value(value));
                value
            })
            .collect();
        let declared = declared.iter().map(|name| Rc::from(name.as_str())).collect();
        let code = Code::Stmts(Rc::new(vec![stmt.clone()]), declared);
        let opaque = Opaque { code, args, effect: Effect::Any, text: text_of(stmt) };
        self.b.push(results, Op::Opaque(opaque));
    }

    /// A variable that verbatim code may change cannot be followed any more.
    fn lend(&mut self, name: &str, at: &impl ToTokens) {
        if !self.env.contains_key(name) {
            return;
        }
        if self.known.active.contains(name) {
            let message = diagnostics::active_into_opaque(&self.source_name(name));
            self.error(at, message);
            return;
        }
        self.known.cells.insert(name.to_owned());
    }

    fn macro_stmt(&mut self, mac: &syn::Macro, stmt: &Stmt) -> Val {
        let mut names = HashSet::new();
        names.extend(fence::mentions_in_stmt(stmt));
        if !self.active_names(&names).is_empty() && !fence::is_observer(mac) {
            return self.macro_value(mac);
        }
        self.carry(stmt, &[]);
        Val::Unit
    }

    // ---- declarations -------------------------------------------------------------------------------------------

    fn local(&mut self, local: &Local, stmt: &Stmt) {
        let (pat, ascribed) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pat => (pat, None),
        };
        let Some(init) = &local.init else {
            self.uninitialised(pat, ascribed, stmt);
            return;
        };
        if let Some((_, diverge)) = &init.diverge {
            let structural = self.is_active(&init.expr) || fence::exits_of_expr(diverge).any();
            if structural {
                self.error(diverge, diagnostics::unsupported("`let` with `else`", "write it as an `if`"));
                return;
            }
        }
        match pat {
            Pat::Ident(ident) if ident.by_ref.is_none() && ident.subpat.is_none() => {
                self.let_variable(&ident.ident.to_string(), ident.mutability.is_some(), ascribed, &init.expr, stmt);
            }
            Pat::Wild(_) if self.can_carry(stmt) => self.carry(stmt, &[]),
            Pat::Wild(_) => {
                self.expr(&init.expr);
            }
            pat => self.let_pattern(pat, ascribed, &init.expr, stmt),
        }
    }

    /// `let (a, b) = (x, y)` is `let a = x; let b = y`: no name of the pattern occurs in the values.
    fn let_tuple(&mut self, pats: &syn::PatTuple, ascribed: Option<&syn::Type>, values: &syn::ExprTuple) {
        for (k, (pat, value)) in pats.elems.iter().zip(&values.elems).enumerate() {
            let ascribed = match ascribed {
                Some(syn::Type::Tuple(types)) => types.elems.get(k),
                _ => None,
            };
            let ty = ascribed.map(|ty| quote::quote!(: #ty));
            let stmt: Stmt = syn::parse_quote!(let #pat #ty = #value;);
            if let Stmt::Local(local) = &stmt {
                self.local(local, &stmt);
            }
        }
    }

    fn uninitialised(&mut self, pat: &Pat, ascribed: Option<&syn::Type>, stmt: &Stmt) {
        let Pat::Ident(ident) = pat else { return };
        let name = ident.ident.to_string();
        if self.is_cell(&name) {
            self.carry(stmt, &[name]);
            return;
        }
        if let Some(scalar) = ascribed.and_then(scalar_type) {
            self.known.types.insert(name.clone(), Ty::Float(scalar));
        }
        self.env.insert(name, Atom::Undefined);
    }

    fn let_variable(&mut self, name: &str, mutable: bool, ascribed: Option<&syn::Type>, init: &Expr, stmt: &Stmt) {
        if self.let_window(name, init) {
            return;
        }
        let is_array = self.known.active.contains(name) || self.is_active(init);
        if self.let_copy(name, init) || (is_array && self.let_array(name, ascribed, init)) {
            return;
        }
        let scalar = ascribed.and_then(scalar_type);
        let structural = self.is_active(init)
            || fence::exits_of_expr(init).any()
            || fence::writes_in_expr(init).assigned.iter().any(|name| self.is_followed(name));
        if structural {
            self.let_active(name, scalar, init);
            return;
        }
        let ty = self.type_of(init);
        let is_float = scalar.is_some() || ty.scalar().is_some() || fence::is_float_literal(init);
        let followed = is_float || self.known.floats.contains(name);
        if mutable && (!followed || self.is_cell(name)) {
            // Any other variable that changes is left to the user's code.
            self.known.cells.insert(name.to_owned());
            if ty != Ty::Unknown {
                self.known.types.insert(name.to_owned(), ty);
            }
            self.carry(stmt, &[name.to_owned()]);
            return;
        }
        if let (false, Some(ty)) = (is_float, ascribed) {
            let integer = self.type_of(&syn::parse_quote!(0 as #ty));
            let hint = self.hint(name);
            let atom = self.verbatim(init, integer, Some(Rc::new(ty.clone())), hint);
            self.env.insert(name.to_owned(), atom);
            return;
        }
        let mut atom = if followed {
            let known = scalar.or(ty.scalar()).unwrap_or(self.b.default_scalar);
            match ascribed.filter(|_| scalar.is_some() && !is_plain(init)) {
                // The annotation may be what tells rustc the types inside.
                Some(ty) => self.verbatim(init, Ty::Float(known), Some(Rc::new(ty.clone())), None),
                None => self.float(init, known),
            }
        } else {
            self.inactive(init)
        };
        if let (Some(hint), Some(value)) = (self.hint(name), atom.value()) {
            // A new variable for an old value is the old value, if it cannot change.
            if self.b.values[value.0 as usize].hint.is_none() {
                self.b.name(atom, &hint);
            } else if fence::variable(init).is_none() {
                let expr = self.placeholder(atom);
                let ty = self.b.ty(atom);
                atom = self.verbatim(&expr, ty, None, Some(hint));
            }
        }
        self.env.insert(name.to_owned(), atom);
    }

    fn let_active(&mut self, name: &str, scalar: Option<Scalar>, init: &Expr) {
        let value = self.expr(init);
        if matches!(value, Val::Never) {
            self.env.insert(name.to_owned(), Atom::Undefined);
            return;
        }
        let value = match (value, scalar) {
            (Val::Atom(atom), Some(scalar)) if matches!(self.b.ty(atom), Ty::Unknown) => {
                Val::Atom(self.assert_float(init, atom, scalar))
            }
            (value, _) => value,
        };
        match value {
            Val::Atom(atom) => self.set(name, atom, init),
            Val::Tuple(_) => {
                self.error(
                    init,
                    diagnostics::unsupported("a tuple in one variable", "destructure it: `let (a, b) = ..`"),
                );
                self.env.insert(name.to_owned(), Atom::Undefined);
            }
            Val::Unit | Val::Never => {
                self.env.insert(name.to_owned(), Atom::Undefined);
            }
        }
    }

    /// Gives a variable a new value.
    fn set(&mut self, name: &str, atom: Atom, source: &Expr) {
        let ty = self.b.ty(atom);
        if let (Some(hint), true) = (self.hint(name), fence::variable(source).is_none()) {
            self.b.name(atom, &hint);
        }
        if self.is_varying(atom) {
            self.known.active.insert(name.to_owned());
        }
        if atom.value().is_some() && ty != Ty::Unknown {
            self.known.types.insert(name.to_owned(), ty);
        }
        self.env.insert(name.to_owned(), atom);
    }

    fn let_pattern(&mut self, pat: &Pat, ascribed: Option<&syn::Type>, init: &Expr, stmt: &Stmt) {
        if self.let_split(pat, init) {
            return;
        }
        if let (Pat::Tuple(pats), Expr::Tuple(values)) = (pat, init) {
            let rest = pats.elems.iter().any(|pat| matches!(pat, Pat::Rest(_)));
            if !rest && pats.elems.len() == values.elems.len() {
                self.let_tuple(pats, ascribed, values);
                return;
            }
        }
        if self.can_carry(stmt) {
            let declared = bindings(pat);
            for (name, mutable) in &declared {
                if *mutable {
                    self.known.cells.insert(name.clone());
                }
            }
            let names: Vec<String> = declared.into_iter().map(|(name, _)| name).collect();
            self.carry(stmt, &names);
            return;
        }
        let value = self.expr(init);
        self.bind(pat, value, init);
    }

    /// Binds the names of a pattern to the parts of a value.
    fn bind(&mut self, pat: &Pat, value: Val, source: &Expr) {
        match (pat, value) {
            (Pat::Ident(ident), Val::Atom(atom)) if ident.subpat.is_none() => {
                self.set(&ident.ident.to_string(), atom, source);
            }
            (Pat::Wild(_), _) => {}
            (Pat::Paren(paren), value) => self.bind(&paren.pat, value, source),
            (Pat::Tuple(tuple), Val::Tuple(parts)) if tuple.elems.len() == parts.len() => {
                for (k, (pat, part)) in tuple.elems.iter().zip(parts).enumerate() {
                    let element = match source {
                        Expr::Tuple(tuple) => tuple.elems.get(k).unwrap_or(source),
                        other => other,
                    };
                    self.bind(pat, part, element);
                }
            }
            (_, Val::Never) => {
                for (name, _) in bindings(pat) {
                    self.env.insert(name, Atom::Undefined);
                }
            }
            (pat, _) => {
                self.error(pat, diagnostics::unsupported("this pattern", "bind one variable, or a tuple of variables"));
                for (name, _) in bindings(pat) {
                    self.env.insert(name, Atom::Undefined);
                }
            }
        }
    }

    // ---- assignments --------------------------------------------------------------------------------------------

    pub(super) fn assign(&mut self, assign: &syn::ExprAssign) -> Val {
        if let (Expr::Tuple(targets), false) = (&*assign.left, self.is_carried_assignment(assign)) {
            return self.assign_tuple(targets, &assign.right);
        }
        let Some(name) = fence::variable(&assign.left) else {
            return self.assign_part(&assign.left, &assign.right);
        };
        if self.is_cell(&name) || !self.env.contains_key(&name) {
            return self.assign_cell(&name, &assign.left, &assign.right);
        }
        if self.array_named(&name).is_some() {
            return self.assign_array(&name, &assign.right);
        }
        let value = self.expr(&assign.right);
        if matches!(value, Val::Never) {
            return Val::Never;
        }
        let atom = self.assigned_float(value, &name, &assign.right);
        self.set_again(&name, atom);
        Val::Unit
    }

    fn is_carried_assignment(&self, assign: &syn::ExprAssign) -> bool {
        let names = fence::writes_in_expr(&Expr::Assign(assign.clone())).assigned;
        !names.iter().any(|name| self.is_followed(name))
    }

    /// The value for a followed variable: a float, which the generated code asserts if the macro cannot see it.
    fn assigned_float(&mut self, value: Val, name: &str, source: &Expr) -> Atom {
        let atom = self.float_atom(value, source);
        let scalar = self.variable_ty(name).scalar();
        match (atom, self.b.ty(atom), scalar) {
            (Atom::Value(_), Ty::Unknown, Some(scalar)) => self.assert_float(source, atom, scalar),
            _ => atom,
        }
    }

    /// A further value of a variable: named like it, and active if any value of it is.
    fn set_again(&mut self, name: &str, atom: Atom) {
        if self.is_varying(atom) {
            self.known.active.insert(name.to_owned());
        }
        if let (Some(value), Some(hint)) = (atom.value(), self.again(name)) {
            let info = &self.b.values[value.0 as usize];
            if info.hint.is_none() {
                self.b.name(atom, &hint);
            }
            let ty = self.b.ty(atom);
            if ty != Ty::Unknown {
                self.known.types.insert(name.to_owned(), ty);
            }
        }
        self.env.insert(name.to_owned(), atom);
    }

    fn assign_tuple(&mut self, targets: &syn::ExprTuple, source: &Expr) -> Val {
        let value = self.expr(source);
        let Val::Tuple(parts) = value else {
            self.error(
                source,
                diagnostics::unsupported("this destructuring assignment", "assign to one variable after the other"),
            );
            return Val::Unit;
        };
        for (k, (target, part)) in targets.elems.iter().zip(parts).enumerate() {
            let element = match source {
                Expr::Tuple(tuple) => tuple.elems.get(k).unwrap_or(source),
                other => other,
            };
            match (target, fence::variable(target)) {
                (Expr::Infer(_), _) => {}
                (_, Some(name)) if self.is_followed(&name) => {
                    let atom = self.assigned_float(part, &name, element);
                    self.set_again(&name, atom);
                }
                _ => self.error(
                    target,
                    diagnostics::unsupported("this target of an assignment", "assign to float variables"),
                ),
            }
        }
        Val::Unit
    }

    fn assign_part(&mut self, target: &Expr, source: &Expr) -> Val {
        if self.is_array_target(target) {
            return self.assign_element(target, source);
        }
        let discrete = matches!(self.type_of(source), Ty::Bool | Ty::Int);
        if discrete && !self.is_active(target) {
            // An integer or a bool, made of active values or not, in the user's own data.
            let atom = self.scalar(source);
            let operand = self.placeholder(atom);
            let stmt: Stmt = syn::parse_quote!(#target = #operand;);
            self.carry_with(&stmt, &operand);
            return Val::Unit;
        }
        if let (Some(name), true) = (fence::root(target), self.is_active(source)) {
            if self.env.contains_key(&name) && matches!(target, Expr::Index(_)) && !self.known.active.contains(&name) {
                // An array that an active value enters: it is followed from the next round on.
                self.known.active.insert(name.clone());
                self.known.cells.remove(&name);
                return Val::Unit;
            }
        }
        self.error(target, diagnostics::unsupported("an assignment to a part of a value", "use scalar variables"));
        if let Some(name) = fence::root(target) {
            if self.is_active(source) {
                self.known.active.insert(name);
            }
        }
        Val::Unit
    }

    /// An assignment to a variable that is left to the user's code.
    fn assign_cell(&mut self, name: &str, target: &Expr, source: &Expr) -> Val {
        let ty = self.type_of(source);
        if !self.is_active(source) || matches!(ty, Ty::Bool | Ty::Int) {
            let value = self.expr(source);
            if matches!(value, Val::Never) {
                return Val::Never;
            }
            let atom = value.atom();
            let operand = self.placeholder(atom);
            let stmt: Stmt = syn::parse_quote!(#target = #operand;);
            self.carry_with(&stmt, &operand);
            return Val::Unit;
        }
        self.follow(name, target);
        Val::Unit
    }

    fn carry_with(&mut self, stmt: &Stmt, operand: &Expr) {
        let mut args = self.arguments(&fence::mentions_in_stmt(stmt));
        args.extend(self.placeholders(operand));
        let code = Code::Stmts(Rc::new(vec![stmt.clone()]), Vec::new());
        let opaque = Opaque { code, args, effect: Effect::Any, text: text_of(stmt) };
        self.b.push(Vec::new(), Op::Opaque(opaque));
    }

    /// A variable of unknown type that is given an active value must be a float: it is followed from the next round on.
    fn follow(&mut self, name: &str, target: &Expr) {
        let lent = !self.known.floats.insert(name.to_owned());
        if lent {
            let message = diagnostics::inactive_to_active(&self.source_name(name));
            self.error(target, message);
            return;
        }
        self.known.cells.remove(name);
        self.known.active.insert(name.to_owned());
    }

    pub(super) fn compound_assign(&mut self, binary: &syn::ExprBinary, prim: Prim) -> Val {
        if self.is_array_target(&binary.left) {
            self.update(&binary.left, prim, &binary.right);
            return Val::Unit;
        }
        let Some(name) = fence::variable(&binary.left) else {
            return self.assign_part(&binary.left, &binary.right);
        };
        let Some(current) = self.env.get(&name).copied() else {
            return Val::Unit;
        };
        if self.is_cell(&name) {
            if self.is_active(&binary.right) {
                self.follow(&name, &binary.left);
            } else {
                let (left, op) = (&binary.left, &binary.op);
                let atom = self.inactive(&binary.right);
                let operand = self.placeholder(atom);
                let stmt: Stmt = syn::parse_quote!(#left #op #operand;);
                self.carry_with(&stmt, &operand);
            }
            return Val::Unit;
        }
        let scalar = self.variable_ty(&name).scalar().unwrap_or(self.b.default_scalar);
        let operand = self.float(&binary.right, scalar);
        if operand == Atom::Undefined || current == Atom::Undefined {
            return Val::Unit;
        }
        let atom = self.exact(prim, &[current, operand]);
        self.set_again(&name, atom);
        Val::Unit
    }
}

/// A literal or a variable, which needs no annotation.
fn is_plain(expr: &Expr) -> bool {
    match expr {
        Expr::Lit(_) | Expr::Path(_) => true,
        Expr::Paren(e) => is_plain(&e.expr),
        Expr::Unary(e) => is_plain(&e.expr),
        _ => false,
    }
}

/// The branch that a statement is, if one side of it certainly leaves and the other does not.
fn one_sided(stmt: &Stmt) -> Option<&syn::ExprIf> {
    let Stmt::Expr(Expr::If(branch), _) = stmt else {
        return None;
    };
    let otherwise = branch.else_branch.as_ref().is_some_and(|(_, otherwise)| fence::expr_diverges(otherwise));
    (fence::diverges(&branch.then_branch) != otherwise).then_some(branch)
}

fn is_block_like(expr: &Expr) -> bool {
    matches!(expr, Expr::If(_) | Expr::Match(_) | Expr::Block(_) | Expr::ForLoop(_) | Expr::While(_) | Expr::Loop(_))
}

/// The float type that a type visibly is.
pub(crate) fn scalar_type(ty: &syn::Type) -> Option<Scalar> {
    match ty {
        syn::Type::Path(path) if path.qself.is_none() => Scalar::from_name(&path.path.get_ident()?.to_string()),
        syn::Type::Paren(paren) => scalar_type(&paren.elem),
        syn::Type::Group(group) => scalar_type(&group.elem),
        _ => None,
    }
}

/// The variables that a pattern binds, and whether they are mutable.
pub(super) fn bindings(pat: &Pat) -> Vec<(String, bool)> {
    struct Found(Vec<(String, bool)>);
    impl<'a> syn::visit::Visit<'a> for Found {
        fn visit_pat_ident(&mut self, pat: &'a syn::PatIdent) {
            let constant = pat.ident.to_string().chars().next().is_some_and(char::is_uppercase);
            if !constant {
                self.0.push((pat.ident.to_string(), pat.mutability.is_some()));
            }
            syn::visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut found = Found(Vec::new());
    syn::visit::Visit::visit_pat(&mut found, pat);
    found.0.dedup();
    found.0
}
