//! Statements: declarations, assignments, and code that is carried through.

use std::collections::HashSet;
use std::rc::Rc;

use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, Local, Pat, Stmt};

use super::places::is_destructuring;
use super::{Lowering, VALUE, Val, shape_of};
use crate::diagnostics;
use crate::emit::text_of;
use crate::fence;
use crate::ir::{Atom, Code, Effect, Op, Opaque, Returns, Scalar, Ty};
use crate::names;
use crate::rules::Prim;
use crate::signature::Form;

impl Lowering<'_> {
    /// Lowers statements and returns the value of the block that they make.
    pub(super) fn stmts(&mut self, stmts: &[Stmt]) -> Val {
        for item in stmts.iter().filter(|stmt| matches!(stmt, Stmt::Item(_))) {
            // The block is not a block in the generated code: the item would be seen outside of it.
            self.error_at(item_span(item), diagnostics::ITEM_IN_BLOCK);
        }
        self.run(stmts)
    }

    /// Carries the items of the function, which are in scope in all of it, whatever runs first.
    pub(super) fn carry_items(&mut self, stmts: &[Stmt]) {
        let mut glob = false;
        for stmt in stmts {
            match stmt {
                // A macro is in scope from here on.
                Stmt::Item(syn::Item::Macro(_)) => {}
                Stmt::Item(item) => {
                    glob |= matches!(item, syn::Item::Use(item) if fence::has_glob(&item.tree));
                    self.carry(stmt, &[]);
                }
                Stmt::Local(_) | Stmt::Macro(_) | Stmt::Expr(..) => {}
            }
        }
        if glob {
            let params: Vec<String> = self.source.params.iter().map(|param| param.name.clone()).collect();
            self.check_variables(&params);
        }
    }

    /// Lets rustc check that the names are not those of constants, which it alone can see.
    pub(super) fn check_variables(&mut self, names: &[String]) {
        let variables = names.iter().filter_map(|name| self.variable(name));
        let idents: Vec<syn::Ident> = variables
            .filter_map(|variable| {
                let mut ident = syn::parse_str::<syn::Ident>(&variable.name).ok()?;
                ident.set_span(variable.span);
                Some(ident)
            })
            .collect();
        if !idents.is_empty() {
            self.carry(&syn::parse_quote!(let _ = |#(#idents: ()),*| ();), &[]);
        }
    }

    /// `stmts` without the items, which are carried already.
    pub(super) fn run(&mut self, stmts: &[Stmt]) -> Val {
        for (position, stmt) in stmts.iter().enumerate() {
            let rest = &stmts[position + 1..];
            if let Some(branch) = one_sided(stmt) {
                return self.if_expr(branch, rest);
            }
            if let Some(mut parts) = self.left_before(stmt) {
                parts.extend_from_slice(rest);
                return self.run(&parts);
            }
            if let Some(mut parts) = self.element_or_else(stmt) {
                parts.extend_from_slice(rest);
                return self.run(&parts);
            }
            if let Some(local) = self.is_structural_let_else(stmt) {
                return self.let_else(local, rest);
            }
            if let Some(mut parts) = self.evaluated_first(stmt) {
                parts.extend_from_slice(rest);
                return self.run(&parts);
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

    /// A statement that lowering has made.
    pub(super) fn statement(&mut self, stmt: &Stmt) {
        self.stmt(stmt);
    }

    fn stmt(&mut self, stmt: &Stmt) -> Val {
        let here = match stmt {
            _ if self.is_written(stmt) => self.here,
            // The value of the function is returned by a `return` that lowering writes.
            Stmt::Expr(Expr::Return(syn::ExprReturn { expr: Some(value), .. }), _) => value.span(),
            other => other.span(),
        };
        let around = std::mem::replace(&mut self.here, here);
        let value = self.lower_stmt(stmt);
        self.here = around;
        value
    }

    fn lower_stmt(&mut self, stmt: &Stmt) -> Val {
        match stmt {
            Stmt::Local(local) => {
                self.local(local, stmt);
                Val::Unit
            }
            Stmt::Item(syn::Item::Macro(_)) => {
                self.carry(stmt, &[]);
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
                let nothing = semi.is_some() || self.source.form == Form::Unit;
                let returns = if nothing && self.writes_array(expr) { Returns::Nothing } else { Returns::Scalar };
                let value = self.expr_of_form(expr, returns);
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

    /// A statement whose value may leave it early, as `y = if a { break } else { b }`, is two: the value comes first, and
    /// the rest happens only if control is still here.
    fn evaluated_first(&mut self, stmt: &Stmt) -> Option<Vec<Stmt>> {
        let Stmt::Expr(expr, _) = stmt else { return None };
        let mut whole = expr.clone();
        let value = match &mut whole {
            Expr::Assign(e) => &mut *e.right,
            Expr::Binary(e) if fence::is_compound(&e.op).is_some() || fence::is_bit_assign(&e.op) => &mut *e.right,
            Expr::Return(e) => e.expr.as_deref_mut()?,
            Expr::Break(e) => e.expr.as_deref_mut()?,
            _ => return None,
        };
        if !fence::exits_of_expr(value).any() {
            return None;
        }
        self.next_value += 1;
        let ident = syn::Ident::new(&format!("{VALUE}{}", self.next_value), proc_macro2::Span::call_site());
        let value = std::mem::replace(value, syn::parse_quote!(#ident));
        Some(vec![syn::parse_quote!(let #ident = #value;), Stmt::Expr(whole, Some(syn::token::Semi::default()))])
    }

    /// `let pattern = loop { .. break (a, b) .. }`: the loop comes first, and the pattern takes what it was left with.
    fn left_before(&mut self, stmt: &Stmt) -> Option<Vec<Stmt>> {
        let Stmt::Local(local) = stmt else { return None };
        let init = local.init.as_ref()?;
        let may_be = matches!(&*init.expr, Expr::Loop(_) | Expr::Block(_) | Expr::If(_) | Expr::Match(_));
        if !may_be || self.can_carry(stmt) {
            return None;
        }
        let (mut stmts, value) = self.left_in_parts(&init.expr)?;
        let mut local = local.clone();
        local.init = Some(syn::LocalInit { expr: Box::new(value), ..init.clone() });
        stmts.push(Stmt::Local(local));
        Some(stmts)
    }

    /// Reports an attribute that may change what lowered code means.
    pub(super) fn check_attributes(&mut self, attrs: &[syn::Attribute]) {
        if let Some(attr) = fence::strange_attribute(attrs) {
            let name = attr.path().to_token_stream().to_string().replace(' ', "");
            self.error(attr, diagnostics::strange_attribute(&name));
        }
    }

    // ---- verbatim statements ------------------------------------------------------------------------------------

    /// Whether a statement can stay as it is: no active value enters, nothing jumps out, no followed variable changes.
    fn can_carry(&self, stmt: &Stmt) -> bool {
        let one = std::slice::from_ref(stmt);
        let active = fence::active_mentions_in_stmt(stmt).iter().any(|name| self.known.active.contains(name));
        let writes = fence::writes_in_stmts(one);
        let followed = self.changes_followed(&writes);
        !active && !fence::exits_of_stmts(one).any() && !followed
    }

    /// Carries a statement through. What it changes from now on is read where it stands.
    pub(super) fn carry(&mut self, stmt: &Stmt, declared: &[String]) {
        self.lend_all(&fence::writes_in_stmts(std::slice::from_ref(stmt)), stmt);
        let mut followed = stmt.clone();
        syn::visit_mut::VisitMut::visit_stmt_mut(&mut super::Dereferenced { pass: self }, &mut followed);
        let stmt = &followed;
        let stmt = &self.in_place_stmt(stmt);
        let names = fence::mentions_in_stmt(stmt);
        self.note_references(declared, &names);
        let mut args: Vec<(Rc<str>, Atom)> =
            self.arguments(&names).into_iter().filter(|(name, _)| !declared.contains(&name.to_string())).collect();
        args.extend(self.placeholders_among(&names));
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

    /// What verbatim code lends out, or may change without a word, cannot be followed any more.
    pub(super) fn lend_all(&mut self, writes: &fence::Writes, at: &impl ToTokens) {
        let is_array_behind = |param: &super::Param| param.ty.is_array() && param.stability == fence::Stability::Open;
        let mut names: Vec<&String> = writes.lent.iter().collect();
        names.extend(writes.touched.iter().filter(|name| {
            self.is_mutable(name) || self.source.params.iter().any(|p| p.name == **name && is_array_behind(p))
        }));
        // What assigns was to be taken apart: code that is carried nevertheless changes the variable where it stands.
        names.extend(writes.plain().filter(|name| self.is_followed(name)));
        names.sort();
        names.dedup();
        for name in names {
            self.lend(name, at);
        }
    }

    /// A variable that verbatim code may change cannot be followed any more.
    fn lend(&mut self, name: &str, at: &impl ToTokens) {
        if !self.env.contains_key(name) {
            return;
        }
        if self.known.active.contains(name) {
            let message = diagnostics::active_into_opaque(&self.source_name(name));
            match fence::mention(at.to_token_stream(), name) {
                Some(span) => self.error_at(span, message),
                None => self.error(at, message),
            }
            return;
        }
        self.known.cells.insert(name.to_owned());
    }

    pub(super) fn macro_stmt(&mut self, mac: &syn::Macro, stmt: &Stmt) -> Val {
        if fence::exits_of_macro(mac).any() {
            return self.macro_value(mac);
        }
        let mut names = HashSet::new();
        names.extend(fence::mentions_in_stmt(stmt));
        if self.active_names(&names).is_empty() {
            self.carry(stmt, &[]);
        } else if fence::is_observer(mac) {
            let writes = fence::writes_in_stmts(std::slice::from_ref(stmt));
            let changed = writes.lent.iter().chain(writes.touched.iter().filter(|name| self.is_mutable(name)));
            let changed = changed.filter(|name| !self.known.active.contains(*name));
            if let Some(span) = changed.filter_map(|name| fence::mention(mac.tokens.clone(), name)).next() {
                self.error_at(span, diagnostics::CHANGE_IN_MACRO);
            } else {
                self.check_calls(mac);
            }
            self.carry(stmt, &[]);
        } else {
            return self.macro_value(mac);
        }
        if fence::is_panic(mac) {
            self.gone = true;
            return Val::Never;
        }
        Val::Unit
    }

    /// Calls in a macro that only looks at its arguments must not put a value that varies where it could be read again.
    fn check_calls(&mut self, mac: &syn::Macro) {
        let args = fence::macro_arguments(mac).unwrap_or_default();
        let calls = args.iter().flat_map(fence::unknown_calls);
        let spans: Vec<_> = calls.filter(|call| self.may_keep(call)).map(|call| call.span).collect();
        for span in spans {
            self.error_at(span, diagnostics::CALL_IN_MACRO);
        }
    }

    /// Whether a call may put an active argument into something else that it is given.
    fn may_keep(&self, call: &fence::Call) -> bool {
        let is_plain = |arg: &Expr| match fence::root(arg) {
            Some(name) => self.stability(&name) == fence::Stability::Constant || !self.env.contains_key(&name),
            None => fence::effect_of(arg, &|name| self.stability(name)) == Effect::Pure,
        };
        let active = call.args.iter().any(|arg| !matches!(arg, Expr::Closure(_)) && self.is_active(arg));
        active
            && (call.is_method || call.args.iter().any(|arg| !self.is_active(arg) && !is_plain(strip_reference(arg))))
    }

    // ---- declarations -------------------------------------------------------------------------------------------

    fn local(&mut self, local: &Local, stmt: &Stmt) {
        self.check_attributes(&local.attrs);
        let (pat, ascribed) = match &local.pat {
            Pat::Type(typed) => (&*typed.pat, Some(&*typed.ty)),
            pat => (pat, None),
        };
        let Some(init) = &local.init else {
            self.uninitialised(pat, ascribed, stmt);
            return;
        };
        if let Some(place) = self.unwrapped_place(&init.expr) {
            let ty = ascribed.map(|ty| quote::quote!(: #ty));
            self.run(&[syn::parse_quote!(let #pat #ty = #place;)]);
            return;
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
        self.check_operands(&Expr::Tuple(values.clone()));
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
        if let Pat::Tuple(pats) = pat {
            for (k, pat) in pats.elems.iter().enumerate() {
                let ty = if let Some(syn::Type::Tuple(types)) = ascribed { types.elems.get(k) } else { None };
                let annotation = ty.map(|ty| quote::quote!(: #ty));
                self.uninitialised(pat, ty, &syn::parse_quote!(let #pat #annotation;));
            }
            return;
        }
        let Pat::Ident(ident) = pat else {
            if !matches!(pat, Pat::Wild(_)) {
                self.error(pat, diagnostics::unsupported("this pattern", "declare one variable after the other"));
            }
            return;
        };
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
        let discrete = ascribed.map(fence::primitive_ty).filter(|ty| matches!(ty, Ty::Int | Ty::Bool));
        if let (Some(ty), false, true) = (discrete, mutable, self.counts(init)) {
            let hint = self.hint(name);
            let atom = self.verbatim(init, ty, ascribed.map(|ty| Rc::new(ty.clone())), hint);
            self.env.insert(name.to_owned(), atom);
            return;
        }
        if self.let_aggregate(name, init) {
            return;
        }
        self.note_by_value(name, ascribed, init);
        self.note_integers(name, ascribed, init);
        if self.is_array_like(ascribed, init) {
            self.array_like.insert(name.to_owned());
        }
        if self.let_window(name, init) {
            return;
        }
        if self.let_place(name, init) || self.let_closure(name, init) {
            return;
        }
        let is_array = self.known.active.contains(name) || self.is_active(init);
        if self.let_copy(name, init) || (is_array && self.let_made(name, ascribed, init)) {
            return;
        }
        if self.let_returned(name, mutable, ascribed, init) {
            return;
        }
        let scalar = ascribed.and_then(scalar_type);
        let structural = self.is_active(init)
            || fence::exits_of_expr(init).any()
            || self.changes_followed(&fence::writes_in_expr(init));
        if structural {
            let expected = std::mem::replace(&mut self.expected, ascribed.cloned());
            self.let_active(name, mutable, scalar, init);
            self.expected = expected;
            self.note_reference(name, self.depth_of(init));
            return;
        }
        if is_shared_reference(ascribed, init) {
            self.shared.insert(name.to_owned());
        }
        self.note_references([&name.to_owned()], &fence::mentions_in_expr(init));
        let ty = self.type_of(init);
        if self.let_literal(name, mutable || ascribed.is_some(), scalar.or(ty.scalar()), init) {
            return;
        }
        let is_float = scalar.is_some() || ty.scalar().is_some() || fence::is_float_literal(init);
        let followed =
            is_float || self.known.floats.contains(name) || (mutable && ascribed.is_none() && self.is_own(name));
        if mutable && (!followed || self.is_cell(name)) {
            // Any other variable that changes is left to the user's code.
            self.known.cells.insert(name.to_owned());
            let ty = scalar.map_or(ty, Ty::Float);
            if ty != Ty::Unknown {
                self.known.types.insert(name.to_owned(), ty);
            }
            self.carry(stmt, &[name.to_owned()]);
            return;
        }
        if let (false, Some(ty)) = (is_float, ascribed) {
            let known = fence::primitive_ty(ty);
            let hint = self.hint(name);
            // A copy tells the type of the variable, also where nothing reads the copy.
            let is_copy = known == Ty::Int && fence::variable(init).is_some();
            let least = if is_copy { Effect::Any } else { Effect::Pure };
            let atom = self.verbatim_at_least(least, init, known, Some(Rc::new(ty.clone())), hint);
            if let (Atom::Int(n), Some(value)) = (self.inactive_literal(init), atom.value()) {
                self.integers.insert(value, n);
            }
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

    /// Whether a variable is visibly an array of floats.
    fn is_array_like(&self, ascribed: Option<&syn::Type>, init: &Expr) -> bool {
        let is_element = |element: &Expr| !matches!(self.type_of(element), Ty::Int | Ty::Bool);
        match (ascribed, init) {
            (Some(ty), _) => shape_of(ty).is_some(),
            (None, Expr::Array(array)) => array.elems.first().is_some_and(is_element),
            (None, Expr::Repeat(repeat)) => is_element(&repeat.expr),
            (None, Expr::Macro(mac)) => mac.mac.path.is_ident("vec"),
            (None, Expr::MethodCall(call)) => call.method == "to_vec",
            (None, _) => false,
        }
    }

    /// A mutable reference to an element: the variable stands for the element.
    fn let_place(&mut self, name: &str, init: &Expr) -> bool {
        let known = fence::variable(init).and_then(|from| self.places.get(&from).cloned());
        let place = match init {
            _ if known.is_some() => known,
            Expr::Reference(reference) if reference.mutability.is_some() => {
                if !self.is_single_element(&reference.expr) {
                    return false;
                }
                self.element_place(&reference.expr)
            }
            _ => return false,
        };
        if let Some(place) = place {
            self.places.insert(name.to_owned(), place);
            // A read of the variable is a read of the element.
            self.known.active.insert(name.to_owned());
        }
        true
    }

    /// A closure in a variable stands where it is called. If nothing active enters it, verbatim code may call it too.
    fn let_closure(&mut self, name: &str, init: &Expr) -> bool {
        if let Expr::Path(path) = init
            && fence::primitive_type(&path.path).is_some()
            && fence::is_pure_function(init)
        {
            // A function of the primitive type: its calls are those of the path.
            self.closures.insert(name.to_owned(), init.clone());
            return false;
        }
        let Expr::Closure(closure) = init else { return false };
        let mut init = init.clone();
        if closure.capture.is_some() {
            init = self.captured_by_value(closure);
        }
        self.closures.insert(name.to_owned(), init.clone());
        let active = self.is_active(&init);
        if active {
            self.known.active.insert(name.to_owned());
        }
        active
    }

    /// How many references deep an expression is over what lowering knows it as.
    pub(super) fn depth_of(&self, expr: &Expr) -> usize {
        match expr {
            Expr::Paren(paren) => self.depth_of(&paren.expr),
            Expr::Reference(reference) => 1 + self.depth_of(&reference.expr),
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => {
                self.depth_of(&unary.expr).saturating_sub(1)
            }
            other => fence::variable(other).and_then(|name| self.references.get(&name).copied()).unwrap_or(0),
        }
    }

    fn note_reference(&mut self, name: &str, depth: usize) {
        if depth == 0 {
            self.references.remove(name);
        } else {
            self.references.insert(name.to_owned(), depth);
        }
    }

    fn let_active(&mut self, name: &str, mutable: bool, scalar: Option<Scalar>, init: &Expr) {
        let value = self.expr(init);
        if matches!(value, Val::Never) {
            self.env.insert(name.to_owned(), Atom::Undefined);
            return;
        }
        if let (Val::Atom(atom), Some(scalar)) = (&value, scalar) {
            self.check_literals(*atom, scalar, init);
        }
        let value = match (value, scalar) {
            (Val::Atom(atom), Some(scalar)) if matches!(self.b.ty(atom), Ty::Unknown) => {
                Val::Atom(self.assert_float(init, atom, scalar))
            }
            (value, _) => value,
        };
        match value {
            Val::Atom(atom) => self.set(name, atom, init),
            Val::Tuple(parts) if is_plain_tuple(&parts) => self.let_tuple_value(name, &parts, init),
            Val::Tuple(_) | Val::Option { .. } if !mutable => self.set_whole(name, value),
            Val::Tuple(_) | Val::Option { .. } => {
                self.error(
                    init,
                    diagnostics::unsupported("a tuple in a mutable variable", "destructure it: `let (mut a, b) = ..`"),
                );
                self.env.insert(name.to_owned(), Atom::Undefined);
            }
            Val::Unit | Val::Never => {
                self.env.insert(name.to_owned(), Atom::Undefined);
            }
        }
    }

    /// `let name = literal` where the type of the literal is not that of the other floats, or only rustc knows it: the
    /// variable stays one.
    fn let_literal(&mut self, name: &str, typed: bool, scalar: Option<Scalar>, init: &Expr) -> bool {
        if self.is_cell(name) {
            return false;
        }
        let learnt = self.known.types.get(name).copied().and_then(Ty::scalar);
        let scalar = scalar.or(learnt).filter(|scalar| *scalar != self.b.default_scalar);
        let (literal, from) = match fence::variable(init) {
            Some(from) => (self.env.get(&from).copied(), Some(from)),
            None => (Some(self.inactive_literal(init)), None),
        };
        if let (Some(from), Some(scalar)) = (&from, scalar) {
            // A variable that this one is a copy of has the same type.
            self.learn_type(from, scalar);
        }
        let typed = match (literal, scalar) {
            (Some(Atom::Float(x)), Some(scalar)) => typed_literal(x, scalar),
            (Some(Atom::Float(x)), None) if from.is_none() && (self.mixed || self.in_macros.contains(name)) => {
                // rustc reports if it is of the other type.
                invisible_group(&typed_literal(x, self.b.default_scalar))
            }
            (Some(Atom::Int(n)), None) if from.is_none() && !typed => {
                let atom = self.integer_variable(name, n, true);
                self.env.insert(name.to_owned(), atom);
                return true;
            }
            _ => return false,
        };
        let hint = self.hint(name);
        let ty = Ty::Float(scalar.unwrap_or(self.b.default_scalar));
        let text: Rc<str> = format!("{name} = {}", text_of(&typed)).into();
        let opaque = Opaque { code: Code::Expr(Rc::new(typed), None), args: Vec::new(), effect: Effect::Pure, text };
        let atom = self.b.opaque(opaque, crate::ir::Info { ty, hint, derived: false });
        self.assumed.extend(atom.value().filter(|_| scalar.is_none()));
        self.env.insert(name.to_owned(), atom);
        true
    }

    /// A variable turns out to have another float type than was assumed of it: the next round knows it.
    fn learn_type(&mut self, name: &str, scalar: Scalar) {
        let assumed = match self.env.get(name) {
            Some(Atom::Float(_)) => true,
            Some(Atom::Value(value)) => self.assumed.contains(value),
            _ => false,
        };
        if assumed && scalar != self.b.default_scalar {
            self.known.types.insert(name.to_owned(), Ty::Float(scalar));
        }
    }

    /// Learns the types of variables from what they are combined with.
    pub(super) fn learn_types(&mut self, expr: &Expr) {
        if !self.mixed {
            return;
        }
        for (a, b) in fence::operands_of_binaries(expr) {
            for (variable, other) in [(&a, &b), (&b, &a)] {
                if let (Some(name), Some(scalar)) = (fence::variable(variable), self.type_of(other).scalar()) {
                    self.learn_type(&name, scalar);
                }
            }
        }
    }

    /// An integer that a variable holds: its type is found from all uses of the variable.
    fn integer_variable(&mut self, name: &str, n: i64, declared: bool) -> Atom {
        let literal = proc_macro2::Literal::i64_unsuffixed(n.saturating_abs());
        let expr = if n < 0 { syn::parse_quote!(-#literal) } else { syn::parse_quote!(#literal) };
        let text: Rc<str> = format!("{name} = {n}").into();
        let code = Code::Expr(Rc::new(invisible_group(&expr)), None);
        let opaque = Opaque { code, args: Vec::new(), effect: Effect::Pure, text };
        let hint = self.hint(name).map(|hint| crate::ir::Hint { declared, ..hint });
        let atom = self.b.opaque(opaque, crate::ir::Info { ty: Ty::Int, hint, derived: false });
        self.integers.extend(atom.value().map(|value| (value, n)));
        atom
    }

    /// A variable for a value of several parts, which does not change.
    fn set_whole(&mut self, name: &str, value: Val) {
        if !self.varies(&value) {
            // Nothing in it varies: verbatim code can have it whole.
            let whole = self.materialized(&value);
            let atom = self.verbatim(&whole, Ty::Unknown, None, self.hint(name));
            self.env.insert(name.to_owned(), atom);
            return;
        }
        self.known.active.insert(name.to_owned());
        self.aggregates.insert(name.to_owned(), value);
    }

    /// The code that makes a value of several parts.
    pub(super) fn materialized(&mut self, value: &Val) -> Expr {
        match value {
            Val::Atom(atom) => self.placeholder(*atom),
            Val::Tuple(parts) => {
                let parts: Vec<Expr> = parts.iter().map(|part| self.materialized(part)).collect();
                syn::parse_quote!((#(#parts,)*))
            }
            Val::Option { some, value } => {
                let (some, value) = (self.placeholder(*some), self.materialized(value));
                syn::parse_quote!(if #some { ::core::option::Option::Some(#value) } else { ::core::option::Option::None })
            }
            Val::Unit | Val::Never => syn::parse_quote!(()),
        }
    }

    /// Whether any part of a value varies.
    pub(super) fn varies(&self, value: &Val) -> bool {
        match value {
            Val::Atom(atom) => self.is_varying(*atom),
            Val::Tuple(parts) => parts.iter().any(|part| self.varies(part)),
            Val::Option { value, .. } => self.varies(value),
            Val::Unit | Val::Never => false,
        }
    }

    /// Gives a variable a new value.
    pub(super) fn set(&mut self, name: &str, atom: Atom, source: &Expr) {
        if self.is_varying(atom) && self.known.cells.remove(name) {
            // It was left to the user's code before it was known to vary: it is followed from the next round on.
            self.known.active.insert(name.to_owned());
        }
        if self.is_cell(name) && self.is_variable(name) {
            let ident = names::ident(name);
            let operand = self.placeholder(atom);
            let stmt: Stmt = syn::parse_quote!(let mut #ident = #operand;);
            self.declare_with(name, &stmt, &operand);
            return;
        }
        let atom = if let Atom::Int(n) = atom { self.integer_variable(name, n, true) } else { atom };
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
        if self.let_unzipped(pat, ascribed, init)
            || self.let_split(pat, init)
            || self.let_slice(pat, init)
            || self.let_parts(pat, init)
        {
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
            let declared = self.declared(pat);
            for (name, mutable) in &declared {
                if *mutable {
                    self.known.cells.insert(name.clone());
                }
            }
            let names: Vec<String> = declared.into_iter().map(|(name, _)| name).collect();
            self.carry(stmt, &names);
            if matches!(stmt, Stmt::Local(local) if local.init.as_ref().is_some_and(|init| init.diverge.is_some())) {
                self.check_variables(&names);
            }
            return;
        }
        let returns = match pat {
            Pat::Tuple(pats) => Returns::Tuple(pats.elems.len()),
            Pat::Slice(pats) => Returns::Array(pats.elems.len()),
            _ => Returns::Scalar,
        };
        let value = self.expr_of_form(init, returns);
        self.bind(pat, value, init, self.depth_of(init));
    }

    /// `let [a, b] = *array`, and of a reference to one: its elements one by one.
    fn let_slice(&mut self, pat: &Pat, init: &Expr) -> bool {
        let by_reference = !matches!(init, Expr::Unary(_)) && !matches!(pat, Pat::Reference(_));
        let mut pat = pat;
        while let Pat::Reference(syn::PatReference { pat: inner, .. }) | Pat::Paren(syn::PatParen { pat: inner, .. }) =
            pat
        {
            pat = inner;
        }
        let Pat::Slice(slice) = pat else { return false };
        if let Expr::Array(values) = init {
            let rest = slice.elems.iter().any(|pat| matches!(pat, Pat::Rest(_)));
            if rest || slice.elems.len() != values.elems.len() || !self.is_active(init) {
                return false;
            }
            let (attrs, paren_token) = (Vec::new(), syn::token::Paren::default());
            let pats = syn::PatTuple { attrs: attrs.clone(), paren_token, elems: slice.elems.clone() };
            let values = syn::ExprTuple { attrs, paren_token, elems: values.elems.clone() };
            self.let_tuple(&pats, None, &values);
            return true;
        }
        let Some(array) = self.array_of(init) else { return false };
        let fixed = self.shape(array).is_some_and(|shape| shape.is_fixed());
        if !fixed || fence::variable_through_deref(init).is_none() {
            return false;
        }
        let behind_reference = match init {
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => &*unary.expr,
            other => other,
        };
        let (count, base) = (slice.elems.len(), super::array::strip(behind_reference));
        let mut behind = false;
        for (k, pat) in slice.elems.iter().enumerate() {
            if matches!(pat, Pat::Rest(_)) {
                behind = true;
                continue;
            }
            if let Pat::Ident(rest) = pat
                && matches!(rest.subpat.as_ref().map(|(_, pat)| &**pat), Some(Pat::Rest(_)))
            {
                behind = true;
                if !by_reference {
                    let instead = "copy the part behind a reference to it, with `to_vec`";
                    self.error(pat, diagnostics::unsupported("this pattern", instead));
                    continue;
                }
                let (name, start, end) = (&rest.ident, syn::Index::from(k), syn::Index::from(count - k - 1));
                self.run(&[syn::parse_quote!(let #name = &#base[#start..#base.len() - #end];)]);
                continue;
            }
            let from_end = syn::Index::from(count - k);
            let index = syn::Index::from(k);
            let element: Expr = match (behind, by_reference) {
                (false, false) => syn::parse_quote!(#base[#index]),
                (false, true) => syn::parse_quote!(&#base[#index]),
                (true, false) => syn::parse_quote!(#base[#base.len() - #from_end]),
                (true, true) => syn::parse_quote!(&#base[#base.len() - #from_end]),
            };
            self.run(&[syn::parse_quote!(let #pat = #element;)]);
        }
        true
    }

    /// The variables of the function that a pattern declares, and whether they are mutable.
    pub(super) fn declared(&self, pat: &Pat) -> Vec<(String, bool)> {
        bindings(pat).into_iter().filter(|(name, _)| self.is_variable(name)).collect()
    }

    /// Binds the names of a pattern to the parts of a value, which the pattern sees through `depth` references.
    pub(super) fn bind(&mut self, pat: &Pat, value: Val, source: &Expr, depth: usize) {
        match (pat, value) {
            (Pat::Ident(ident), Val::Atom(atom)) if ident.subpat.is_none() => {
                let name = ident.ident.to_string();
                self.set(&name, atom, source);
                self.note_reference(&name, depth);
            }
            (Pat::Ident(ident), value @ (Val::Tuple(_) | Val::Option { .. }))
                if ident.subpat.is_none() && ident.mutability.is_none() =>
            {
                let name = ident.ident.to_string();
                self.set_whole(&name, value);
                self.note_reference(&name, depth);
            }
            (Pat::Wild(_), _) => {}
            (Pat::Paren(paren), value) => self.bind(&paren.pat, value, source, depth),
            (Pat::Type(typed), value) => self.bind(&typed.pat, value, source, depth),
            (Pat::Reference(reference), value) if depth > 0 || self.varies(&value) || self.is_float(&value) => {
                self.bind(&reference.pat, value, source, depth.saturating_sub(1));
            }
            (Pat::Tuple(tuple), Val::Tuple(parts)) if tuple.elems.len() == parts.len() => {
                for (k, (pat, part)) in tuple.elems.iter().zip(parts).enumerate() {
                    let (element, depth) = match source {
                        Expr::Tuple(tuple) => match tuple.elems.get(k) {
                            Some(element) => (element, depth + self.depth_of(element)),
                            None => (source, depth),
                        },
                        other => (other, depth),
                    };
                    self.bind(pat, part, element, depth);
                }
            }
            (Pat::Slice(slice), Val::Tuple(parts)) if slice.elems.len() == parts.len() => {
                slice.elems.iter().zip(parts).for_each(|(pat, part)| self.bind(pat, part, source, depth));
            }
            (_, Val::Never) => {
                for (name, _) in self.declared(pat) {
                    self.env.insert(name, Atom::Undefined);
                }
            }
            (pat, Val::Atom(atom)) if atom != Atom::Undefined && !self.is_varying(atom) => {
                self.bind_verbatim(pat, atom, depth);
            }
            (_, Val::Atom(Atom::Undefined)) if !self.errors.is_empty() => {}
            (pat, _) => {
                self.error(pat, diagnostics::unsupported("this pattern", "bind one variable, or a tuple of variables"));
                for (name, _) in self.declared(pat) {
                    self.env.insert(name, Atom::Undefined);
                }
            }
        }
    }

    fn is_float(&self, value: &Val) -> bool {
        matches!(value, Val::Atom(atom) if self.b.ty(*atom).scalar().is_some())
    }

    /// A pattern of the user's over an inactive value.
    pub(super) fn bind_verbatim(&mut self, pat: &Pat, atom: Atom, depth: usize) {
        let mut operand = self.placeholder(atom);
        for _ in 0..depth {
            operand = syn::parse_quote!(&#operand);
        }
        let stmt: Stmt = syn::parse_quote!(let #pat = #operand;);
        self.declare_pattern(pat, &stmt, &operand);
    }

    /// A verbatim declaration of the variables of a pattern, with a lowered operand.
    pub(super) fn declare_pattern(&mut self, pat: &Pat, stmt: &Stmt, operand: &Expr) {
        let declared = self.declared(pat);
        let mut args = self.arguments(&fence::mentions_in_stmt(stmt));
        args.retain(|(name, _)| !declared.iter().any(|(own, _)| **own == **name));
        args.extend(self.placeholders(operand));
        let mut results = Vec::new();
        for (name, mutable) in &declared {
            if *mutable {
                self.known.cells.insert(name.clone());
            }
            let ty = self.known.types.get(name).copied().unwrap_or(Ty::Unknown);
            let value = self.b.value(ty, self.hint(name));
            self.env.insert(name.clone(), Atom::Value(value));
            results.push(value);
        }
        let names = declared.iter().map(|(name, _)| Rc::from(name.as_str())).collect();
        let code = Code::Stmts(Rc::new(vec![stmt.clone()]), names);
        let opaque = Opaque { code, args, effect: Effect::Any, text: text_of(stmt) };
        self.b.push(results, Op::Opaque(opaque));
    }

    // ---- assignments --------------------------------------------------------------------------------------------

    pub(super) fn assign(&mut self, assign: &syn::ExprAssign) -> Val {
        if let Some(target) = self.target_behind(&assign.left) {
            return self.assign(&syn::ExprAssign { left: Box::new(target), ..assign.clone() });
        }
        if is_destructuring(&assign.left) {
            return self.assign_parts(&assign.left, &assign.right);
        }
        if let Some(value) = self.assign_place(&assign.left, &assign.right) {
            return value;
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

    /// The value for a followed variable: a float, which the generated code asserts if the macro cannot see it.
    pub(super) fn assigned_float(&mut self, value: Val, name: &str, source: &Expr) -> Atom {
        let atom = self.float_atom(value, source);
        let scalar = self.variable_ty(name).scalar();
        if let (Atom::Float(x), Some(scalar)) = (atom, scalar.filter(|scalar| *scalar != self.b.default_scalar)) {
            let literal = typed_literal(x, scalar);
            return self.verbatim(&literal, Ty::Float(scalar), None, None);
        }
        if let Some(scalar) = scalar {
            self.check_literals(atom, scalar, source);
        }
        match (atom, self.b.ty(atom), scalar) {
            (Atom::Value(_), Ty::Unknown, Some(scalar)) => self.assert_float(source, atom, scalar),
            _ => atom,
        }
    }

    /// Literals have the type of most floats, unless their form tells another: they must not be taken for it.
    fn check_literals(&mut self, atom: Atom, scalar: Scalar, source: &Expr) {
        let differs = matches!(self.b.ty(atom), Ty::Float(own) if own != scalar);
        if differs && atom.value().is_some() {
            self.error(source, diagnostics::float_type(scalar.name()));
        }
    }

    /// A further value of a variable: named like it, and active if any value of it is.
    pub(super) fn set_again(&mut self, name: &str, atom: Atom) {
        let atom = if let Atom::Int(n) = atom { self.integer_variable(name, n, false) } else { atom };
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
        if self.follow_struct(target, source) {
            return Val::Unit;
        }
        if (self.is_active(source) || self.is_active(target)) && self.follow_target(target) {
            return Val::Unit;
        }
        self.error(target, diagnostics::unsupported("an assignment to a part of a value", "use scalar variables"));
        if self.is_active(source) {
            self.known.active.extend(fence::root(target));
        }
        Val::Unit
    }

    /// An array that an active value enters by this element is followed from the next round on. False if there is none.
    pub(super) fn follow_target(&mut self, target: &Expr) -> bool {
        let indexed = fence::root(target).filter(|_| matches!(target, Expr::Index(_)));
        if let Some(name) = indexed.filter(|name| self.env.contains_key(name) && !self.known.active.contains(name)) {
            self.known.cells.remove(&name);
            self.known.active.insert(name);
            return true;
        }
        let lenders = fence::variable_through_deref(target).and_then(|name| self.lenders.get(&name).cloned());
        lenders.is_some_and(|arrays| self.follow_arrays(&arrays))
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

    /// A verbatim declaration of a variable, with a lowered value.
    fn declare_with(&mut self, name: &str, stmt: &Stmt, operand: &Expr) {
        let ty = self.known.types.get(name).copied().unwrap_or(Ty::Unknown);
        let value = self.b.value(ty, self.hint(name));
        self.env.insert(name.to_owned(), Atom::Value(value));
        let code = Code::Stmts(Rc::new(vec![stmt.clone()]), vec![Rc::from(name)]);
        let opaque = Opaque { code, args: self.placeholders(operand), effect: Effect::Any, text: text_of(stmt) };
        self.b.push(vec![value], Op::Opaque(opaque));
    }

    pub(super) fn carry_with(&mut self, stmt: &Stmt, _: &Expr) {
        self.lend_all(&fence::writes_in_stmts(std::slice::from_ref(stmt)), stmt);
        let stmt = &self.in_place_stmt(stmt);
        let names = fence::mentions_in_stmt(stmt);
        let mut args = self.arguments(&names);
        args.extend(self.placeholders_among(&names));
        let code = Code::Stmts(Rc::new(vec![stmt.clone()]), Vec::new());
        let opaque = Opaque { code, args, effect: Effect::Any, text: text_of(stmt) };
        self.b.push(Vec::new(), Op::Opaque(opaque));
    }

    /// A variable of unknown type that is given an active value must be a float: it is followed from the next round on.
    pub(super) fn follow(&mut self, name: &str, target: &Expr) {
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
        if let Some(target) = self.target_behind(&binary.left) {
            return self.compound_assign(&syn::ExprBinary { left: Box::new(target), ..binary.clone() }, prim);
        }
        if let Some(value) = self.update_place(binary, prim) {
            return value;
        }
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
        // The right side, which may assign to the variable, is evaluated first.
        let current = self.env.get(&name).copied().unwrap_or(current);
        if operand == Atom::Undefined || current == Atom::Undefined {
            return Val::Unit;
        }
        let atom = self.exact(prim, &[current, operand]);
        self.set_again(&name, atom);
        Val::Unit
    }
}

/// Whether a tuple holds floats, and tuples of them, alone.
fn is_plain_tuple(parts: &[Val]) -> bool {
    parts.iter().all(|part| match part {
        Val::Atom(_) => true,
        Val::Tuple(parts) => is_plain_tuple(parts),
        Val::Option { .. } | Val::Unit | Val::Never => false,
    })
}

/// The token that an error on an item is shown at.
fn item_span(stmt: &Stmt) -> proc_macro2::Span {
    stmt.to_token_stream().into_iter().next().map_or_else(proc_macro2::Span::call_site, |token| token.span())
}

/// Whether a variable holds a shared reference, as its type or its value shows.
fn is_shared_reference(ascribed: Option<&syn::Type>, init: &Expr) -> bool {
    let by_type = ascribed.is_some_and(|ty| fence::stability_of_type(ty) == fence::Stability::Shared);
    by_type || (ascribed.is_none() && matches!(init, Expr::Reference(reference) if reference.mutability.is_none()))
}

fn strip_reference(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) if reference.mutability.is_none() => strip_reference(&reference.expr),
        other => other,
    }
}

/// A float literal of a type.
fn typed_literal(x: f64, scalar: Scalar) -> Expr {
    if scalar == Scalar::Generic {
        let literal = scalar.literal(x);
        return syn::parse_quote!(#literal);
    }
    let text = format!("{:?}_{}", x.abs(), scalar.name());
    let literal = syn::LitFloat::new(&text, proc_macro2::Span::call_site());
    if x.is_sign_negative() { syn::parse_quote!(-#literal) } else { syn::parse_quote!(#literal) }
}

/// The expression in a group that is not printed: not so plain that emission would write it wherever it is used.
fn invisible_group(expr: &Expr) -> Expr {
    Expr::Group(syn::ExprGroup {
        attrs: Vec::new(),
        group_token: syn::token::Group::default(),
        expr: Box::new(expr.clone()),
    })
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
            self.0.push((pat.ident.to_string(), pat.mutability.is_some()));
            syn::visit::visit_pat_ident(self, pat);
        }
        fn visit_expr(&mut self, _: &'a Expr) {}
    }
    let mut found = Found(Vec::new());
    syn::visit::Visit::visit_pat(&mut found, pat);
    found.0.dedup();
    found.0
}
