//! Structs and tuples: taken apart into their leaves.
//!
//! A variable that holds a struct or a tuple which an active value enters is no value of the representation: its leaves
//! are. A leaf is a place in it that the function reads or writes as a float: `p.x`, `p.inner.y`, `p.weights[i]`,
//! `ps[i].x`. Each has a key, the place without its indices (`ps[].x`), and is a variable of its own under that key: so
//! branches, loops and jumps treat it as they treat any other. Where a place has indices, its leaf is an array.
//!
//! ```text
//! // Input:    let mut s = State { x: a, v: p.v };  s.x += s.v;
//! // Lowered:  s.x = a;  s.v = p.v;  s.x = s.x + s.v
//! ```
//!
//! Which leaves there are is found as it is found which variables are active: what a round asks for, the next one has.
//! What is read of a parameter is a further parameter of the function (`Leaf`); what the function never mentions does
//! not take part, and has the derivative zero. The types of fields are not visible: a leaf is a float where it is
//! computed with, which the generated code asserts, and a constant where it is only asked, counted with or compared.

use std::collections::BTreeSet;
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};
use syn::{Expr, Member, Pat, Stmt};

use super::{Lowering, Val};
use crate::diagnostics;
use crate::emit::text_of;
use crate::fence;
use crate::ir::{Atom, Code, Dim, Effect, Hint, Op, Opaque, Scalar, Shape, Storage, Ty, Value};
use crate::names;
use crate::rules::Prim;

/// A leaf of a parameter: a further parameter of the lowered function.
pub(crate) struct Leaf {
    /// The parameter that it is a part of, by its position.
    pub(crate) param: usize,
    /// The fields on the way to it; none where there is an index.
    pub(crate) steps: Vec<Option<Member>>,
    pub(crate) value: Value,
    /// The function changes it.
    pub(crate) modified: bool,
    /// It is a struct, which is passed on to a function as a whole.
    pub(crate) whole: bool,
}

impl Leaf {
    /// The key under which lowering knows the leaf.
    pub(super) fn key(&self, source: &super::Source<'_>) -> String {
        let steps = self.steps.iter().map(|step| step.as_ref().map_or("[]".to_owned(), path_of));
        source.params[self.param].name.clone() + &steps.collect::<String>()
    }
}

/// What the function returns, if that is a struct or a tuple: how it is made of its leaves.
#[derive(Clone)]
pub(crate) enum Tree {
    /// A leaf, by its path from the root, as `.inner.x`.
    Leaf(String),
    /// `Path { field: .. }`
    Struct(Rc<syn::Path>, Vec<(Member, Tree)>),
    /// `Path(..)`
    Call(Rc<Expr>, Vec<Tree>),
    Tuple(Vec<Tree>),
    /// A part of a parameter, with other values in the leaves below the path.
    Base {
        param: usize,
        fields: Vec<Member>,
        path: String,
    },
    /// Of something that the generated code cannot make anew.
    Unknown,
}

/// A leaf as it is known from one round to the next.
#[derive(Clone, PartialEq)]
pub(super) struct Known {
    pub(super) steps: Vec<Option<Member>>,
    /// The number of indices on the way to it.
    pub(super) depth: usize,
}

/// One step from a place to a part of it.
#[derive(Clone)]
pub(super) enum Step {
    Field(Member),
    Index(Atom),
}

/// A part of a struct or a tuple: where it starts, and the steps to it.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) root: String,
    pub(super) steps: Vec<Step>,
}

/// A struct or a tuple: its leaves by their paths, and how it is made of them.
pub(super) struct Value_ {
    pub(super) leaves: Vec<(String, Atom)>,
    pub(super) tree: Tree,
}

/// `.x`, `.0`
fn path_of(member: &Member) -> String {
    match member {
        Member::Named(ident) => format!(".{}", crate::names::plain(ident)),
        Member::Unnamed(index) => format!(".{}", index.index),
    }
}

fn index_member(k: usize) -> Member {
    Member::Unnamed(syn::Index { index: u32::try_from(k).unwrap_or(u32::MAX), span: Span::call_site() })
}

impl Place {
    fn field(&self, member: &Member) -> Place {
        let mut place = self.clone();
        place.steps.push(Step::Field(member.clone()));
        place
    }

    /// The place at a path below this one.
    pub(super) fn below(&self, path: &str) -> Place {
        let mut place = self.clone();
        place.steps.extend(members_of(path).map(Step::Field));
        place
    }

    /// The key of the leaf, with what it is made of, and the indices.
    pub(super) fn leaf(&self) -> (String, Known, Vec<Atom>) {
        let mut steps: Vec<Option<Member>> = Vec::new();
        let mut indices = Vec::new();
        for step in &self.steps {
            match step {
                Step::Field(member) => steps.push(Some(member.clone())),
                Step::Index(atom) => {
                    steps.push(None);
                    indices.push(*atom);
                }
            }
        }
        while let Some(None) = steps.last() {
            steps.pop();
        }
        let mut key = self.root.clone();
        for step in &steps {
            key.push_str(&step.as_ref().map_or("[]".to_owned(), path_of));
        }
        (key, Known { steps, depth: indices.len() }, indices)
    }
}

/// A field by its name or its number.
fn member_named(name: &str) -> Member {
    match name.parse::<usize>() {
        Ok(k) => index_member(k),
        Err(_) => {
            let ident = syn::parse_str::<Ident>(name).unwrap_or_else(|_| Ident::new_raw(name, Span::call_site()));
            Member::Named(ident)
        }
    }
}

/// The key of a place, without looking through the names of its root.
fn key_of(expr: &Expr) -> Option<String> {
    match expr {
        Expr::Field(field) => Some(key_of(&field.base)? + &path_of(&field.member)),
        Expr::Index(index) => Some(key_of(&index.expr)? + "[]"),
        Expr::Paren(paren) => key_of(&paren.expr),
        Expr::Group(group) => key_of(&group.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => key_of(&unary.expr),
        other => fence::variable(other),
    }
}

/// The members on the way along a path, `.inner.x`, or behind the variable of a key.
pub(crate) fn members_of(path: &str) -> impl Iterator<Item = Member> {
    path.split('.').skip(1).map(member_named)
}

/// `base.inner.x`
pub(super) fn part_of(base: &Expr, path: &str) -> Expr {
    members_of(path).fold(base.clone(), |part, member| syn::parse_quote!(#part.#member))
}

/// The variable of which a key names a part.
pub(super) fn root_of(key: &str) -> &str {
    key.split(['.', '[']).next().unwrap_or(key)
}

/// Whether a key is the other one, or a part of it.
pub(super) fn is_part(key: &str, of: &str) -> bool {
    key.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

// ---- places -----------------------------------------------------------------------------------------------------

impl Lowering<'_> {
    /// Whether the variable holds a struct or a tuple that is taken apart.
    pub(super) fn is_aggregate(&self, name: &str) -> bool {
        self.known.aggregates.contains(name) || self.aliases.contains_key(name)
    }

    /// The variable that a place starts from, if it is a part of a struct or a tuple, or all of it.
    pub(super) fn aggregate_root(&self, expr: &Expr) -> Option<String> {
        match expr {
            Expr::Path(_) => fence::variable(expr).filter(|name| self.is_aggregate(name)),
            Expr::Field(field) => self.aggregate_root(&field.base),
            Expr::Index(index) if !matches!(&*index.index, Expr::Range(_)) => self.aggregate_root(&index.expr),
            Expr::Paren(paren) => self.aggregate_root(&paren.expr),
            Expr::Group(group) => self.aggregate_root(&group.expr),
            Expr::Reference(reference) => self.aggregate_root(&reference.expr),
            Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => self.aggregate_root(&unary.expr),
            Expr::MethodCall(call) if call.method == "clone" && call.args.is_empty() => {
                self.aggregate_root(&call.receiver)
            }
            _ => None,
        }
    }

    /// The place that an expression is, its indices evaluated.
    pub(super) fn resolve_place(&mut self, expr: &Expr) -> Option<Place> {
        self.aggregate_root(expr)?;
        match expr {
            Expr::Field(field) => Some(self.resolve_place(&field.base)?.field(&field.member)),
            Expr::Index(index) => {
                let mut place = self.resolve_place(&index.expr)?;
                let atom = self.integer(&index.index);
                place.steps.push(Step::Index(atom));
                Some(place)
            }
            Expr::Paren(paren) => self.resolve_place(&paren.expr),
            Expr::Group(group) => self.resolve_place(&group.expr),
            Expr::Reference(reference) => self.resolve_place(&reference.expr),
            Expr::Unary(unary) => self.resolve_place(&unary.expr),
            Expr::MethodCall(call) => self.resolve_place(&call.receiver),
            other => {
                let root = fence::variable(other)?;
                Some(self.aliases.get(&root).cloned().unwrap_or(Place { root, steps: Vec::new() }))
            }
        }
    }

    /// The key of a place, the names of its root looked through; as far as that is known, without evaluating anything.
    pub(super) fn resolved_key(&self, expr: &Expr) -> Option<String> {
        let key = key_of(expr)?;
        let end = key.find(['.', '[']).unwrap_or(key.len());
        let (root, rest) = key.split_at(end);
        match self.known.alias_keys.get(root) {
            Some(alias) => Some(format!("{alias}{rest}")),
            None => Some(key),
        }
    }

    /// The next round has this leaf.
    pub(super) fn demand(&mut self, key: &str, leaf: Known) {
        let known = self.known.leaves.entry(key.to_owned()).or_insert_with(|| leaf.clone());
        known.depth = known.depth.max(leaf.depth);
    }

    /// The paths of the leaves that are known below a key.
    pub(super) fn paths_below(&self, key: &str) -> Vec<String> {
        let below = |known: &String| {
            let rest = known.strip_prefix(key)?;
            (rest.starts_with('.') && !rest.contains("[]")).then(|| rest.to_owned())
        };
        self.known.leaves.keys().filter_map(below).collect()
    }

    /// What a leaf holds.
    pub(super) fn read_part(&mut self, expr: &Expr) -> Val {
        match self.resolve_place(expr) {
            Some(place) if place.steps.is_empty() => {
                let tree = self.trees.get(&place.root);
                if let Some(whole) = tree.and_then(|tree| self.tuple_of(&place.root, tree)) {
                    return whole;
                }
                self.error(expr, diagnostics::WHOLE_STRUCT);
                Val::Atom(Atom::Undefined)
            }
            Some(place) => Val::Atom(self.read_leaf(&place, expr)),
            None => Val::Atom(Atom::Undefined),
        }
    }

    /// The value of a variable that holds a tuple of leaves.
    fn tuple_of(&self, root: &str, tree: &Tree) -> Option<Val> {
        match tree {
            Tree::Tuple(parts) => {
                let part = |tree: &Tree| match tree {
                    Tree::Leaf(path) => self.env.get(&format!("{root}{path}")).map(|atom| Val::Atom(*atom)),
                    other => self.tuple_of(root, other),
                };
                Some(Val::Tuple(parts.iter().map(part).collect::<Option<Vec<Val>>>()?))
            }
            Tree::Leaf(_) | Tree::Struct(..) | Tree::Call(..) | Tree::Base { .. } | Tree::Unknown => None,
        }
    }

    fn read_leaf(&mut self, place: &Place, at: &dyn ToTokens) -> Atom {
        let (key, leaf, indices) = place.leaf();
        if self.known.cells.contains(&key) {
            // Left to the user's code, and read where it stands.
            let expr = self.place_expr(place);
            return self.verbatim_in_place(&expr, Ty::Int);
        }
        self.demand(&key, leaf);
        match self.env.get(&key).copied() {
            Some(Atom::Value(value)) if self.b.values[value.0 as usize].ty.is_array() => {
                if indices.len() < self.known.leaves[&key].depth {
                    self.error(at, diagnostics::unsupported("a part of an array", "index single elements"));
                    return Atom::Undefined;
                }
                self.load_from(value, indices, None)
            }
            Some(atom) if indices.is_empty() => atom,
            _ => {
                // In the last round every leaf is there.
                self.error(at, diagnostics::STRUCT_LOST);
                Atom::Undefined
            }
        }
    }

    /// The place as an expression of the user's code.
    pub(super) fn place_expr(&mut self, place: &Place) -> Expr {
        let root = names::ident(&place.root);
        let mut expr: Expr = syn::parse_quote!(#root);
        if place.root == "self" {
            expr = syn::parse_quote!(self);
        }
        for step in &place.steps {
            expr = match step {
                Step::Field(member) => syn::parse_quote!(#expr.#member),
                Step::Index(atom) => {
                    let index = self.placeholder(*atom);
                    syn::parse_quote!(#expr[#index])
                }
            };
        }
        expr
    }

    pub(super) fn verbatim_in_place(&mut self, expr: &Expr, ty: Ty) -> Atom {
        let mut args = self.arguments(&fence::mentions_in_expr(expr));
        args.extend(self.placeholders(expr));
        let opaque =
            Opaque { code: Code::Expr(Rc::new(expr.clone()), None), args, effect: Effect::Reads, text: text_of(expr) };
        self.b.opaque(opaque, crate::ir::Info { ty, hint: None, derived: false })
    }

    /// The array that a place without indices is.
    pub(super) fn array_place(&self, expr: &Expr) -> Option<Value> {
        self.aggregate_root(expr)?;
        let key = self.resolved_key(strip_references(expr))?;
        let is_parameter = self.source.params.iter().any(|param| param.name == key);
        if key.contains("[]") || (!key.contains('.') && !is_parameter) {
            return None;
        }
        let value =
            self.env.get(&key).and_then(|atom| atom.value()).filter(|v| self.b.values[v.0 as usize].ty.is_array());
        if value.is_none() && key_of(strip_references(expr)).is_some_and(|name| self.indexed.contains(&name)) {
            let steps = members_of(&key).map(Some).collect();
            self.wished.borrow_mut().push((key, Known { steps, depth: 1 }));
        }
        value
    }

    // ---- parameters ---------------------------------------------------------------------------------------------

    /// Makes the leaves of the active parameters, as far as they are known.
    pub(super) fn leaves_of_parameters(&mut self) -> Vec<Leaf> {
        let known: Vec<(String, Known)> =
            self.known.leaves.iter().map(|(key, leaf)| (key.clone(), leaf.clone())).collect();
        let mut leaves = Vec::new();
        for (param, source) in self.source.params.iter().enumerate().filter(|(_, source)| source.aggregate) {
            for (key, leaf) in known.iter().filter(|(key, _)| is_part(key, &source.name)) {
                if self.known.cells.contains(key) || (*key == source.name && leaf.depth == 0) {
                    continue;
                }
                let ty = self.leaf_ty(key, leaf, source.storage);
                let hint = self.leaf_hint(key);
                let value = self.b.value(ty, hint);
                if ty.is_array() || ty.scalar().is_some() {
                    self.varying.insert(value);
                }
                if ty == Ty::Unknown {
                    self.leaf_values.insert(value, key.clone());
                }
                self.env.insert(key.clone(), Atom::Value(value));
                let modified = self.known.modified.contains(key) || self.is_changed_whole(key);
                leaves.push(Leaf { param, steps: leaf.steps.clone(), value, modified, whole: false });
            }
        }
        leaves
    }

    fn leaf_ty(&mut self, key: &str, leaf: &Known, storage: Storage) -> Ty {
        let float = match self.known.types.get(key) {
            Some(Ty::Float(scalar)) => Some(*scalar),
            _ => None,
        };
        if leaf.depth == 0 {
            return float.map_or(Ty::Unknown, Ty::Float);
        }
        // The fields that follow each index.
        let mut after: Vec<Vec<Member>> = Vec::new();
        for step in &leaf.steps {
            match (step, after.last_mut()) {
                (None, _) => after.push(Vec::new()),
                (Some(member), Some(fields)) => fields.push(member.clone()),
                (Some(_), None) => {}
            }
        }
        after.resize(leaf.depth, Vec::new());
        let scalar = float.unwrap_or(self.b.default_scalar);
        let dims = vec![Dim::Dynamic; leaf.depth];
        // What is owned in a field is written through its struct.
        let storage = if storage == Storage::Borrowed { Storage::Borrowed } else { Storage::BorrowedMut };
        self.array_ty(Shape { fields: Rc::new(after), ..Shape::new(scalar, dims, storage) })
    }

    /// The name of a leaf: that of its place, with underscores.
    pub(super) fn leaf_hint(&self, key: &str) -> Option<Hint> {
        let end = key.find(['.', '['])?;
        let (root, rest) = key.split_at(end);
        let rest: Vec<&str> = rest.split(['.', '[', ']']).filter(|word| !word.is_empty()).collect();
        let variable = self.source.resolved.variables.get(root);
        let first = variable.map_or(root.to_owned(), |variable| variable.name.to_string());
        let span = variable.map_or_else(Span::call_site, |variable| variable.span);
        let mut words = if root == "self" { Vec::new() } else { vec![first.as_str()] };
        words.extend(rest);
        let mut name = words.join("_");
        if !name.starts_with(|c: char| c.is_alphabetic() || c == '_') {
            name.insert(0, '_');
        }
        Some(Hint::generated(name, span))
    }

    /// A leaf whose type is not known is a float, where it is computed with. False if the atom is none.
    pub(super) fn float_leaf(&mut self, atom: Atom, scalar: Scalar) -> bool {
        let Some(key) = atom.value().and_then(|value| self.leaf_values.get(&value).cloned()) else { return false };
        self.known.types.insert(key, Ty::Float(scalar));
        true
    }

    /// At the end of the function, what it has changed of the parameters that it has by `&mut` is written to them.
    pub(super) fn write_back(&mut self) {
        for source in
            self.source.params.iter().filter(|source| source.aggregate && source.storage == Storage::BorrowedMut)
        {
            let keys: Vec<String> =
                self.known.modified.iter().filter(|key| is_part(key, &source.name)).cloned().collect();
            for key in keys {
                let Some(atom) = self.env.get(&key).copied().filter(|atom| !self.b.ty(*atom).is_array()) else {
                    continue;
                };
                if self.known.cells.contains(&key) || atom == Atom::Undefined {
                    continue;
                }
                let place = Place { root: source.name.clone(), steps: Vec::new() }.below(&key[source.name.len()..]);
                let target = self.place_expr(&place);
                let operand = self.placeholder(atom);
                let stmt: Stmt = syn::parse_quote!(#target = #operand;);
                self.put_verbatim(&stmt, &operand);
            }
        }
    }

    fn put_verbatim(&mut self, stmt: &Stmt, operand: &Expr) {
        let mut args = self.arguments(&fence::mentions_in_stmt(stmt));
        for (name, atom) in self.placeholders(operand) {
            if !args.iter().any(|(known, _)| *known == name) {
                args.push((name, atom));
            }
        }
        let code = Code::Stmts(Rc::new(vec![stmt.clone()]), Vec::new());
        self.b.push(Vec::new(), Op::Opaque(Opaque { code, args, effect: Effect::Any, text: text_of(stmt) }));
    }

    /// The final values of the scalar leaves of parameters that are results, by their keys.
    pub(super) fn out_keys(&self) -> Vec<String> {
        let outs = self.source.params.iter().filter(|source| source.aggregate && source.output);
        let scalar = |key: &&String| self.known.leaves[*key].depth == 0 && !self.known.cells.contains(*key);
        outs.flat_map(|source| {
            self.known.leaves.keys().filter(|key| is_part(key, &source.name)).filter(scalar).cloned()
        })
        .filter(|key| matches!(self.known.types.get(key), Some(Ty::Float(_))))
        .collect()
    }

    // ---- structs and tuples as values ---------------------------------------------------------------------------

    /// Whether an expression makes a struct or a tuple of active values: a literal, or a constructor.
    pub(super) fn makes_aggregate(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Struct(_) => true,
            Expr::Tuple(tuple) => !tuple.elems.is_empty(),
            Expr::Call(call) => is_constructor(&call.func),
            Expr::Paren(paren) => self.makes_aggregate(&paren.expr),
            Expr::Group(group) => self.makes_aggregate(&group.expr),
            Expr::If(branch) => {
                let last = |block: &syn::Block| matches!(block.stmts.last(), Some(Stmt::Expr(e, None)) if self.makes_aggregate(e));
                last(&branch.then_branch) || branch.else_branch.as_ref().is_some_and(|(_, e)| self.makes_aggregate(e))
            }
            Expr::Block(block) => {
                matches!(block.block.stmts.last(), Some(Stmt::Expr(e, None)) if self.makes_aggregate(e))
            }
            _ => false,
        }
    }

    /// The leaves of a struct or a tuple; those of a place at the paths that are wanted.
    pub(super) fn evaluate(&mut self, expr: &Expr, wanted: &[String]) -> Option<Value_> {
        if self.aggregate_root(expr).is_some() {
            let place = self.resolve_place(expr)?;
            return Some(self.copy_of(&place, wanted, expr));
        }
        match expr {
            Expr::Paren(paren) => self.evaluate(&paren.expr, wanted),
            Expr::Group(group) => self.evaluate(&group.expr, wanted),
            Expr::Struct(literal) => Some(self.evaluate_struct(literal, wanted)),
            Expr::Tuple(tuple) => {
                let elems: Vec<&Expr> = tuple.elems.iter().collect();
                self.check_operands(expr);
                let (leaves, trees) = self.evaluate_parts(&elems, wanted);
                Some(Value_ { leaves, tree: Tree::Tuple(trees) })
            }
            Expr::Call(call) if is_constructor(&call.func) => {
                let func = &call.func;
                self.check_operands(expr);
                let holes = call.args.iter().map(|_| quote!(_));
                // Only a constructor is a pattern: a function of that name would not be linear.
                self.put_verbatim(&syn::parse_quote!(let _ = |#func(#(#holes),*)| ();), &syn::parse_quote!(()));
                let args: Vec<&Expr> = call.args.iter().collect();
                let (leaves, trees) = self.evaluate_parts(&args, wanted);
                Some(Value_ { leaves, tree: Tree::Call(Rc::new((**func).clone()), trees) })
            }
            Expr::If(_) | Expr::Block(_) | Expr::Match(_) | Expr::Loop(_) => None,
            other if !self.is_active(other) => Some(self.opaque_parts(other, wanted)),
            other => match self.expr(other) {
                Val::Tuple(parts) => Some(parts_of(&parts)),
                _ => None,
            },
        }
    }

    fn evaluate_parts(&mut self, parts: &[&Expr], wanted: &[String]) -> (Vec<(String, Atom)>, Vec<Tree>) {
        let mut leaves = Vec::new();
        let mut trees = Vec::new();
        for (k, part) in parts.iter().enumerate() {
            let tree = self.evaluate_part(&index_member(k), part, wanted, &mut leaves);
            trees.push(tree);
        }
        (leaves, trees)
    }

    /// One field: a leaf, or a struct or a tuple itself.
    fn evaluate_part(
        &mut self,
        member: &Member,
        expr: &Expr,
        wanted: &[String],
        leaves: &mut Vec<(String, Atom)>,
    ) -> Tree {
        let path = path_of(member);
        let inner: Vec<String> = wanted
            .iter()
            .filter_map(|wanted| wanted.strip_prefix(&path).filter(|rest| rest.starts_with('.')))
            .map(str::to_owned)
            .collect();
        let whole = fence::variable(strip_references(expr)).is_some_and(|name| self.is_aggregate(&name))
            && self
                .aggregate_root(expr)
                .is_some_and(|root| self.aliases.get(&root).is_none_or(|alias| alias.steps.is_empty()));
        let nested = self.makes_aggregate(expr) || whole || (!inner.is_empty() && self.aggregate_root(expr).is_some());
        if nested && let Some(value) = self.evaluate(expr, &inner) {
            leaves.extend(value.leaves.into_iter().map(|(rest, atom)| (format!("{path}{rest}"), atom)));
            return value.tree.below(&path);
        }
        let value = match self.new_array_part(expr) {
            Some(array) => Atom::Value(array),
            None => self.expr(expr).atom(),
        };
        leaves.push((path.clone(), value));
        Tree::Leaf(path)
    }

    fn evaluate_struct(&mut self, literal: &syn::ExprStruct, wanted: &[String]) -> Value_ {
        let mut leaves = Vec::new();
        let mut fields = Vec::new();
        for field in &literal.fields {
            let tree = self.evaluate_part(&field.member, &field.expr, wanted, &mut leaves);
            fields.push((field.member.clone(), tree));
        }
        let Some(rest) = &literal.rest else {
            return Value_ { leaves, tree: Tree::Struct(Rc::new(literal.path.clone()), fields) };
        };
        let given: Vec<String> = fields.iter().map(|(member, _)| path_of(member)).collect();
        let others: Vec<String> =
            wanted.iter().filter(|wanted| !given.iter().any(|given| is_part(wanted, given))).cloned().collect();
        let Some(base) = self.evaluate(rest, &others) else {
            self.error(
                rest,
                diagnostics::unsupported("this base of a struct", "give the base a name with `let` first"),
            );
            return Value_ { leaves, tree: Tree::Unknown };
        };
        let kept = base.leaves.into_iter().filter(|(path, _)| !given.iter().any(|given| is_part(path, given)));
        leaves.extend(kept);
        let tree = match base.tree {
            Tree::Struct(path, known) => {
                let mut known = known;
                for (member, tree) in fields {
                    match known.iter_mut().find(|(other, _)| *other == member) {
                        Some((_, slot)) => *slot = tree,
                        None => known.push((member, tree)),
                    }
                }
                Tree::Struct(path, known)
            }
            other => other,
        };
        Value_ { leaves, tree }
    }

    /// A copy of a place.
    fn copy_of(&mut self, place: &Place, wanted: &[String], at: &Expr) -> Value_ {
        let (key, ..) = place.leaf();
        let mut leaves = Vec::new();
        let mut paths: BTreeSet<String> = wanted.iter().cloned().collect();
        let is_parameter = self.source.params.iter().any(|param| param.name == place.root);
        // All leaves of a variable are known: it was made of them. Of a parameter, those that take part.
        paths.extend(self.paths_below(&key).into_iter().filter(|path| {
            let key = format!("{key}{path}");
            let is_float = matches!(self.known.types.get(&key), Some(Ty::Float(_)));
            let is_array = self.known.leaves.get(&key).is_some_and(|leaf| leaf.depth > 0);
            !is_parameter || ((is_float || self.known.modified.contains(&key)) && !is_array)
        }));
        for path in paths {
            let atom = self.read_leaf(&place.below(&path), at);
            self.check_copy(atom, &format!("{key}{path}"), at);
            leaves.push((path, atom));
        }
        let position = self.source.params.iter().position(|param| param.name == place.root);
        let fields: Option<Vec<Member>> = place
            .steps
            .iter()
            .map(|step| match step {
                Step::Field(member) => Some(member.clone()),
                Step::Index(_) => None,
            })
            .collect();
        let tree = match (position, fields) {
            (Some(param), Some(fields)) => Tree::Base { param, fields, path: String::new() },
            (None, Some(fields)) => self.trees.get(&place.root).map_or(Tree::Unknown, |tree| tree.part(&fields)),
            _ => Tree::Unknown,
        };
        Value_ { leaves, tree }
    }

    /// An array in a struct that is copied has another name from then on: neither may change.
    fn check_copy(&mut self, atom: Atom, key: &str, at: &Expr) {
        let is_array = atom.value().is_some_and(|value| self.b.values[value.0 as usize].ty.is_array());
        if is_array && self.known.modified.contains(key) {
            self.error(at, diagnostics::STRUCT_ARRAY_COPY);
        }
    }

    /// What no active value enters: read field by field.
    fn opaque_parts(&mut self, expr: &Expr, wanted: &[String]) -> Value_ {
        let atom = self.inactive(expr);
        let base = self.placeholder(atom);
        let mut leaves = Vec::new();
        for path in wanted {
            let field = part_of(&base, path);
            leaves.push((path.clone(), self.verbatim_in_place(&field, Ty::Unknown)));
        }
        Value_ { leaves, tree: Tree::Unknown }
    }

    /// A new array as a field of a struct.
    fn new_array_part(&mut self, expr: &Expr) -> Option<Value> {
        let is_new = match expr {
            Expr::Array(_) | Expr::Repeat(_) => true,
            Expr::Macro(mac) => mac.mac.path.is_ident("vec"),
            other => self.makes_array(other),
        };
        if !is_new {
            let key = self.aggregate_root(expr).and_then(|_| self.resolved_key(strip_references(expr)));
            let known = key.is_none_or(|key| self.known.leaves.get(&key).is_some_and(|leaf| leaf.depth > 0));
            return self.array_of(expr).filter(|_| known);
        }
        self.next_value += 1;
        let name = format!("{}{}", super::VALUE, self.next_value);
        if !self.let_made(&name, None, expr) {
            return None;
        }
        self.env.remove(&name).and_then(Atom::value)
    }

    // ---- declarations and assignments ---------------------------------------------------------------------------

    /// `let name = init` of a struct or a tuple, or of a reference to one. False if it is none.
    pub(super) fn let_aggregate(&mut self, name: &str, init: &Expr) -> bool {
        let active = self.is_active(init) || self.known.active.contains(name);
        if !active || is_float_constructor(init) {
            return false;
        }
        if self.aggregate_root(init).is_some() {
            return self.let_part(name, init);
        }
        let apart = self.taken_apart.contains(name) || self.known.aggregates.contains(name);
        let constant = apart && !self.is_active(init);
        if !(self.makes_aggregate(init) || constant || self.gives_place(init)) {
            return false;
        }
        self.known.aggregates.insert(name.to_owned());
        if let Some(block) = assigned_in_tails(name, init) {
            self.declare_leaves(name);
            self.expr(&block);
            return true;
        }
        let place = Place { root: name.to_owned(), steps: Vec::new() };
        self.give(&place, init)
    }

    /// Whether a branch or a block ends in a struct that is taken apart.
    fn gives_place(&self, expr: &Expr) -> bool {
        let ends = |block: &syn::Block| {
            matches!(block.stmts.last(), Some(Stmt::Expr(e, None))
            if self.whole_place(e) || self.gives_place(e))
        };
        match expr {
            Expr::If(branch) => {
                ends(&branch.then_branch) || branch.else_branch.as_ref().is_some_and(|(_, e)| self.gives_place(e))
            }
            Expr::Block(block) => ends(&block.block),
            _ => false,
        }
    }

    /// Whether an expression is a variable that is taken apart, as a whole.
    pub(super) fn whole_place(&self, expr: &Expr) -> bool {
        self.aggregate_root(expr).is_some() && fence::variable(strip_references(expr)).is_some()
    }

    /// The leaves of a variable that has no value yet.
    fn declare_leaves(&mut self, name: &str) {
        for path in self.paths_below(name) {
            self.env.insert(format!("{name}{path}"), Atom::Undefined);
        }
    }

    /// `let name = place`: a reference, a copy of a struct, or a leaf.
    fn let_part(&mut self, name: &str, init: &Expr) -> bool {
        let is_reference = matches!(init, Expr::Reference(_)) || self.is_reference(init);
        let apart = self.taken_apart.contains(name) || self.known.aggregates.contains(name);
        if !apart && !is_reference {
            if self.whole_place(init) {
                self.known.aggregates.insert(name.to_owned());
            } else {
                return false;
            }
        }
        if is_reference {
            if let Some(place) = self.resolve_place(init) {
                let (key, ..) = place.leaf();
                self.known.alias_keys.insert(name.to_owned(), key);
                self.known.active.insert(name.to_owned());
                self.known.cells.remove(name);
                self.aliases.insert(name.to_owned(), place);
            }
            return true;
        }
        self.known.aggregates.insert(name.to_owned());
        let place = Place { root: name.to_owned(), steps: Vec::new() };
        self.give(&place, init)
    }

    /// Whether a place is a variable that holds a reference.
    fn is_reference(&self, expr: &Expr) -> bool {
        let Some(name) = fence::variable(expr) else { return false };
        let by_reference = |param: &super::Param| param.name == name && param.storage != Storage::Owned;
        self.aliases.contains_key(&name) || self.source.params.iter().any(by_reference)
    }

    /// Gives a place the value of an expression. False if that is no struct and no tuple.
    fn give(&mut self, target: &Place, expr: &Expr) -> bool {
        let (key, ..) = target.leaf();
        let wanted = self.paths_below(&key);
        let Some(value) = self.evaluate(expr, &wanted) else {
            self.error(expr, diagnostics::unsupported("this value of a struct or a tuple", "write it with its fields"));
            return true;
        };
        self.give_parts(target, value, expr);
        true
    }

    fn give_parts(&mut self, target: &Place, value: Value_, at: &Expr) {
        for (path, atom) in value.leaves {
            self.write_leaf(&target.below(&path), atom, at, true);
        }
        if target.steps.is_empty() {
            self.plant(&target.root, value.tree);
        }
    }

    /// How a variable is made: a literal shows all of its fields, so that it will do for any value of the variable.
    fn plant(&mut self, root: &str, tree: Tree) {
        let tree = match self.trees.remove(root) {
            Some(known) => known.or(tree),
            None => tree,
        };
        self.trees.insert(root.to_owned(), tree);
    }

    /// A leaf has a new value.
    fn write_leaf(&mut self, place: &Place, atom: Atom, at: &dyn ToTokens, fresh: bool) {
        let (key, mut leaf, indices) = place.leaf();
        let is_array = atom.value().is_some_and(|value| self.b.values[value.0 as usize].ty.is_array());
        if is_array {
            leaf.depth = leaf.depth.max(1);
        }
        self.demand(&key, leaf);
        if self.is_varying(atom) {
            self.known.active.insert(place.root.clone());
        }
        if !fresh || !place.is_declared_here(self) {
            self.known.modified.insert(key.clone());
        }
        match self.env.get(&key).copied() {
            Some(Atom::Value(array)) if self.b.values[array.0 as usize].ty.is_array() && !indices.is_empty() => {
                self.store_to(array, indices, atom);
            }
            _ if indices.is_empty() => {
                let atom = if let Atom::Int(_) = atom { self.literal_leaf(&key, atom) } else { atom };
                let atom = self.as_known(&key, atom);
                if let Some(hint) = self.leaf_hint(&key) {
                    self.b.name(atom, &hint);
                }
                let ty = self.b.ty(atom);
                let is_parameter = self.source.params.iter().any(|param| param.name == place.root);
                if ty.scalar().is_some() && (is_parameter || atom.value().is_some()) {
                    self.known.types.insert(key.clone(), ty);
                }
                self.env.insert(key, atom);
            }
            _ => {
                if self.known.leaves[&key].depth > indices.len() {
                    self.error(at, diagnostics::unsupported("a part of an array", "index single elements"));
                }
            }
        }
    }

    /// A value of unknown type for a leaf that is a float elsewhere: the generated code asserts that it is one.
    fn as_known(&mut self, key: &str, atom: Atom) -> Atom {
        match (atom, self.b.ty(atom), self.known.types.get(key)) {
            (Atom::Value(_), Ty::Unknown, Some(Ty::Float(scalar))) => {
                let (scalar, operand) = (*scalar, self.placeholder(atom));
                self.assert_float(&syn::parse_quote!((#operand)), atom, scalar)
            }
            _ => atom,
        }
    }

    /// An integer literal in a field, whose type rustc finds from the field.
    fn literal_leaf(&mut self, key: &str, atom: Atom) -> Atom {
        let operand = self.placeholder(atom);
        let text: Rc<str> = format!("{key} = {}", text_of(&operand)).into();
        let opaque = Opaque { code: Code::Expr(Rc::new(operand), None), args: Vec::new(), effect: Effect::Pure, text };
        self.b.opaque(opaque, crate::ir::Info { ty: Ty::Int, hint: None, derived: false })
    }

    /// An assignment to a part of a struct or a tuple, or to all of it. None if the target is none.
    pub(super) fn assign_place(&mut self, target: &Expr, source: &Expr) -> Option<Val> {
        self.aggregate_root(target)?;
        if self.is_reference(target) {
            self.error(target, diagnostics::STRUCT_REFERENCE);
            return Some(Val::Unit);
        }
        let key = self.resolved_key(target)?;
        let whole = !self.paths_below(&key).is_empty() && !self.known.leaves.contains_key(&key);
        if self.makes_aggregate(source) || whole || self.whole_target(target) {
            if let Some(block) = assigned_to(target, source) {
                self.expr(&block);
                return Some(Val::Unit);
            }
            let place = self.resolve_place(target)?;
            self.give(&place, source);
            return Some(Val::Unit);
        }
        if self.is_discrete(source, &key) {
            let operand = self.integer(source);
            return Some(self.change_in_place(target, &key, operand, &quote!(=)));
        }
        let scalar = self.known.types.get(&key).copied().and_then(Ty::scalar).unwrap_or(self.b.default_scalar);
        let atom = self.float(source, scalar);
        let place = self.resolve_place(target)?;
        if atom != Atom::Undefined {
            self.write_leaf(&place, atom, target, false);
        }
        Some(Val::Unit)
    }

    fn whole_target(&self, target: &Expr) -> bool {
        fence::variable_through_deref(target)
            .is_some_and(|name| self.aliases.get(&name).is_none_or(|a| a.steps.is_empty()))
    }

    /// Whether a value is an integer or a bool: a field of that type is left to the user's code.
    fn is_discrete(&self, source: &Expr, key: &str) -> bool {
        self.known.cells.contains(key) || matches!(self.type_of(source), Ty::Int | Ty::Bool)
    }

    /// `target op= value`
    pub(super) fn update_place(&mut self, binary: &syn::ExprBinary, prim: Prim) -> Option<Val> {
        let target = &*binary.left;
        self.aggregate_root(target)?;
        let key = self.resolved_key(target)?;
        if self.is_discrete(&binary.right, &key) {
            let operand = self.integer(&binary.right);
            let op = &binary.op;
            return Some(self.change_in_place(target, &key, operand, &quote!(#op)));
        }
        let scalar = self.known.types.get(&key).copied().and_then(Ty::scalar).unwrap_or(self.b.default_scalar);
        let operand = self.float(&binary.right, scalar);
        let place = self.resolve_place(target)?;
        let (key, leaf, indices) = place.leaf();
        self.demand(&key, leaf);
        if let (Some(array), true) = (self.env.get(&key).and_then(|atom| atom.value()), !indices.is_empty()) {
            self.known.modified.insert(key);
            self.update_element(array, indices, prim, operand);
            return Some(Val::Unit);
        }
        let current = self.read_leaf(&place, target);
        self.float_leaf(current, scalar);
        if operand == Atom::Undefined || current == Atom::Undefined {
            self.known.modified.insert(key);
            return Some(Val::Unit);
        }
        let atom = self.exact(prim, &[current, operand]);
        self.write_leaf(&place, atom, target, false);
        Some(Val::Unit)
    }

    /// Changes a field that is no float where it stands.
    fn change_in_place(&mut self, target: &Expr, key: &str, operand: Atom, op: &TokenStream) -> Val {
        let root = root_of(key);
        if !self.source.params.iter().any(|param| param.name == root) {
            self.error(target, diagnostics::STRUCT_INTEGER);
            return Val::Unit;
        }
        self.known.cells.insert(key.to_owned());
        let Some(place) = self.resolve_place(target) else { return Val::Unit };
        let target = self.place_expr(&place);
        let operand = self.placeholder(operand);
        let stmt: Stmt = syn::parse_quote!(#target #op #operand;);
        let whole: Expr = syn::parse_quote!((#target, #operand));
        self.put_verbatim(&stmt, &whole);
        Val::Unit
    }

    /// The keys of the leaves that an assignment may change.
    pub(super) fn assigned_leaves(&self, target: &Expr) -> Vec<String> {
        let Some(key) = self.resolved_key(target) else { return Vec::new() };
        let is_scalar =
            |name: &&String| self.env[*name].value().is_none_or(|value| !self.b.values[value.0 as usize].ty.is_array());
        let mut names: Vec<String> =
            self.env.keys().filter(|name| is_part(name, &key)).filter(is_scalar).cloned().collect();
        names.retain(|name| name.contains(['.', '[']));
        names.sort();
        names
    }

    // ---- patterns -----------------------------------------------------------------------------------------------

    /// `let Pattern { .. } = value`, where that is a struct or a tuple. False if it is none.
    pub(super) fn let_parts(&mut self, pat: &Pat, init: &Expr) -> bool {
        if self.aggregate_root(init).is_some() {
            let Some(place) = self.resolve_place(init) else { return false };
            self.bind_parts(pat, &place, init);
            return true;
        }
        let apart = matches!(pat, Pat::Struct(_) | Pat::TupleStruct(_)) && self.makes_aggregate(init);
        if !self.is_active(init) || !(apart || self.gives_place(init)) {
            return false;
        }
        self.next_value += 1;
        let name = format!("{}{}", super::VALUE, self.next_value);
        if !self.let_aggregate(&name, init) {
            return false;
        }
        let place = Place { root: name, steps: Vec::new() };
        self.bind_parts(pat, &place, init);
        true
    }

    fn bind_parts(&mut self, pat: &Pat, place: &Place, at: &Expr) {
        match pat {
            Pat::Paren(paren) => self.bind_parts(&paren.pat, place, at),
            Pat::Type(typed) => self.bind_parts(&typed.pat, place, at),
            Pat::Reference(reference) => self.bind_parts(&reference.pat, place, at),
            Pat::Wild(_) | Pat::Rest(_) => {}
            Pat::Ident(ident) if ident.subpat.is_none() => self.bind_part(ident, place, at),
            Pat::Struct(pat) => {
                for field in &pat.fields {
                    self.bind_parts(&field.pat, &place.field(&field.member), at);
                }
            }
            Pat::Tuple(syn::PatTuple { elems, .. }) | Pat::TupleStruct(syn::PatTupleStruct { elems, .. })
                if !elems.iter().rev().skip(1).any(|pat| matches!(pat, Pat::Rest(_))) =>
            {
                for (k, pat) in elems.iter().enumerate() {
                    self.bind_parts(pat, &place.field(&index_member(k)), at);
                }
            }
            pat => {
                self.error(pat, diagnostics::unsupported("this pattern", "bind the fields one by one"));
                for (name, _) in self.declared(pat) {
                    self.env.insert(name, Atom::Undefined);
                }
            }
        }
    }

    /// A variable for a part: a float, or another name of the part if it is an array or a struct itself.
    fn bind_part(&mut self, pat: &syn::PatIdent, place: &Place, at: &Expr) {
        let name = pat.ident.to_string();
        let (key, ..) = place.leaf();
        let is_part_itself = self.taken_apart.contains(&name) || self.indexed.contains(&name);
        if !is_part_itself && pat.by_ref.is_none() {
            let atom = self.read_leaf(place, at);
            self.set(&name, atom, at);
            return;
        }
        if self.known.modified.iter().any(|changed| is_part(changed, &key)) && pat.by_ref.is_none() {
            self.error(pat, diagnostics::STRUCT_ARRAY_COPY);
        }
        self.known.alias_keys.insert(name.clone(), key);
        self.known.active.insert(name.clone());
        self.known.cells.remove(&name);
        self.aliases.insert(name, place.clone());
    }

    /// Whether the elements of an array are structs, as the pattern for them shows.
    pub(super) fn binds_struct(&self, pat: &Pat, array: &Expr) -> bool {
        let apart = match pat {
            Pat::Ident(ident) => self.taken_apart.contains(&ident.ident.to_string()),
            Pat::Struct(_) | Pat::Tuple(_) | Pat::TupleStruct(_) => true,
            _ => false,
        };
        apart && self.aggregate_root(array).is_some()
    }

    /// A variable that stands for an element of an array of structs, in a loop over them.
    pub(super) fn bind_struct(&mut self, pat: &Pat, base: &Expr, index: Value) {
        let Some(mut place) = self.resolve_place(base) else { return };
        place.steps.push(Step::Index(Atom::Value(index)));
        match pat {
            Pat::Ident(ident) => {
                let name = ident.ident.to_string();
                let mut key = place.leaf().0;
                key.push_str("[]");
                self.known.alias_keys.insert(name.clone(), key);
                self.known.active.insert(name.clone());
                self.known.cells.remove(&name);
                self.aliases.insert(name, place);
            }
            other => self.bind_parts(other, &place, base),
        }
    }

    /// `let name = value` of a tuple that was computed.
    pub(super) fn let_tuple_value(&mut self, name: &str, parts: &[Val], at: &Expr) {
        self.known.aggregates.insert(name.to_owned());
        self.known.active.insert(name.to_owned());
        let place = Place { root: name.to_owned(), steps: Vec::new() };
        self.give_parts(&place, parts_of(parts), at);
    }

    /// A part of a destructuring assignment.
    pub(super) fn assign_part_of(&mut self, target: &Expr, part: Val, source: &Expr) {
        let Some(place) = self.resolve_place(target) else { return };
        if let Val::Tuple(parts) = &part {
            return self.give_parts(&place, parts_of(parts), source);
        }
        let atom = self.float_atom(part, source);
        let atom = match (atom, self.b.ty(atom)) {
            (Atom::Value(_), Ty::Unknown) => self.assert_float(source, atom, self.b.default_scalar),
            _ => atom,
        };
        if atom != Atom::Undefined {
            self.write_leaf(&place, atom, target, false);
        }
    }

    /// A struct that an active value enters by a field is taken apart from the next round on.
    pub(super) fn follow_struct(&mut self, target: &Expr, source: &Expr) -> bool {
        let Some(root) = fence::root(target).filter(|root| self.is_variable(root) && self.taken_apart.contains(root))
        else {
            return false;
        };
        let is_parameter = self.source.params.iter().any(|param| param.name == root);
        if !self.is_active(source) || is_parameter || self.known.aggregates.contains(&root) {
            return false;
        }
        self.known.cells.remove(&root);
        self.known.active.insert(root.clone());
        self.known.aggregates.insert(root)
    }

    /// Where two values meet in one variable, what is known of the type of one holds for the other.
    pub(super) fn join_leaves(&mut self, a: Atom, b: Atom) {
        let scalar = [a, b].iter().filter(|atom| atom.value().is_some()).find_map(|atom| self.b.ty(*atom).scalar());
        let scalar = scalar.unwrap_or(self.b.default_scalar);
        if a != b && ![a, b].iter().any(|atom| matches!(self.b.ty(*atom), Ty::Int | Ty::Bool)) {
            self.float_leaf(a, scalar);
            self.float_leaf(b, scalar);
        }
    }

    // ---- results ------------------------------------------------------------------------------------------------

    /// The keys of the leaves of what the function returns.
    pub(super) fn result_keys(&self) -> Vec<String> {
        if self.source.form != crate::signature::Form::Aggregate {
            return (0..self.source.outputs.len()).map(super::return_key).collect();
        }
        self.known.leaves.keys().filter(|key| is_part(key, super::RESULT)).cloned().collect()
    }

    /// `return value`, of a struct or a tuple.
    pub(super) fn return_aggregate(&mut self, value: &Expr) {
        if let (Some(name), false) = (fence::variable(value), self.aggregate_root(value).is_some()) {
            // A variable that is returned as a whole is taken apart.
            if self.is_active(value) || self.known.aggregates.contains(&name) {
                self.known.aggregates.insert(name);
                if self.errors.is_empty() {
                    self.error(value, diagnostics::RETURNED_STRUCT);
                }
                return;
            }
        }
        let wanted = self.paths_below(super::RESULT);
        let evaluated = if self.makes_aggregate(value) || self.aggregate_root(value).is_some() {
            self.evaluate(value, &wanted)
        } else {
            match self.expr(value) {
                Val::Tuple(parts) => Some(parts_of(&parts)),
                _ => None,
            }
        };
        let Some(evaluated) = evaluated else {
            self.error(value, diagnostics::RETURNED_STRUCT);
            return;
        };
        for (path, atom) in evaluated.leaves {
            // What is passed on untouched is a float: its derivative is not zero.
            self.float_leaf(atom, self.b.default_scalar);
            let is_array = atom.value().is_some_and(|value| self.b.values[value.0 as usize].ty.is_array());
            if is_array {
                self.error(value, diagnostics::RETURNED_ARRAY);
                continue;
            }
            let key = format!("{}{path}", super::RESULT);
            let atom = if let Atom::Int(_) = atom { self.literal_leaf(&key, atom) } else { atom };
            let steps = members_of(&path).map(Some).collect();
            self.demand(&key, Known { steps, depth: 0 });
            if self.is_varying(atom) {
                self.known.active.insert(key.clone());
            }
            self.env.insert(key, atom);
        }
        let conflict = matches!((self.trees.get(super::RESULT), &evaluated.tree), (Some(a), b) if a.conflicts(b));
        if conflict || matches!(evaluated.tree, Tree::Unknown) {
            self.error(value, diagnostics::RETURNED_STRUCT);
        }
        self.plant(super::RESULT, evaluated.tree);
    }

    // ---- verbatim code ------------------------------------------------------------------------------------------

    /// Verbatim code in which the leaves are what they hold here.
    pub(super) fn in_place_expr(&mut self, expr: &Expr) -> Expr {
        let mut expr = expr.clone();
        if self.has_aggregates() {
            InPlace { pass: self }.visit_expr_mut(&mut expr);
        }
        expr
    }

    pub(super) fn in_place_stmt(&mut self, stmt: &Stmt) -> Stmt {
        let mut stmt = stmt.clone();
        if self.has_aggregates() {
            InPlace { pass: self }.visit_stmt_mut(&mut stmt);
        }
        stmt
    }

    fn has_aggregates(&self) -> bool {
        !self.known.aggregates.is_empty() || !self.aliases.is_empty()
    }

    /// Whether an expression is made of integers and the like alone: what active it mentions are fields, and they are
    /// used as integers.
    pub(super) fn counts(&self, expr: &Expr) -> bool {
        struct Other<'a, 'b>(&'a Lowering<'b>, bool);
        impl<'a> syn::visit::Visit<'a> for Other<'_, '_> {
            fn visit_expr(&mut self, expr: &'a Expr) {
                if matches!(expr, Expr::Field(_) | Expr::Index(_)) && self.0.aggregate_root(expr).is_some() {
                    // Their indices are integers themselves.
                    return;
                }
                if let Some(name) = fence::variable(expr) {
                    let is_leaf = self.0.env.get(&name).and_then(|atom| atom.value());
                    let is_leaf = is_leaf.is_some_and(|value| self.0.leaf_values.contains_key(&value));
                    self.1 |= self.0.known.active.contains(&name) && !is_leaf;
                    return;
                }
                if matches!(expr, Expr::Closure(_) | Expr::Macro(_) | Expr::Assign(_) | Expr::Call(_)) {
                    self.1 |= self.0.is_active(expr);
                    return;
                }
                syn::visit::visit_expr(self, expr);
            }
        }
        if !self.has_aggregates() || !self.is_active(expr) || fence::variable(expr).is_some() {
            return false;
        }
        let mut other = Other(self, false);
        syn::visit::Visit::visit_expr(&mut other, expr);
        !other.1 && !fence::exits_of_expr(expr).any() && !self.has_float_leaf(expr)
    }

    /// Whether a leaf in the expression is known to be a float.
    fn has_float_leaf(&self, expr: &Expr) -> bool {
        struct Found<'a, 'b>(&'a Lowering<'b>, bool);
        impl<'a> syn::visit::Visit<'a> for Found<'_, '_> {
            fn visit_expr(&mut self, expr: &'a Expr) {
                if let (Expr::Field(_), Some(_)) = (expr, self.0.aggregate_root(expr)) {
                    let key = self.0.resolved_key(expr).unwrap_or_default();
                    self.1 |= matches!(self.0.known.types.get(&key), Some(Ty::Float(_)));
                }
                syn::visit::visit_expr(self, expr);
            }
        }
        let mut found = Found(self, false);
        syn::visit::Visit::visit_expr(&mut found, expr);
        found.1
    }

    /// An integer made of fields: the generated code asserts that they are no floats where that is not certain.
    pub(super) fn counted(&mut self, expr: &Expr, ty: Ty, guarded: bool) -> Atom {
        let mut expr = expr.clone();
        if guarded {
            let runtime = self.source.runtime;
            expr = syn::parse_quote!(#runtime::private::integer(#expr));
        }
        self.verbatim(&expr, ty, None, None)
    }
}

impl Place {
    /// Whether a declaration gives the place its first value.
    fn is_declared_here(&self, pass: &Lowering<'_>) -> bool {
        let (key, ..) = self.leaf();
        !pass.env.contains_key(&key) && !pass.source.params.iter().any(|param| param.name == self.root)
    }
}

impl Tree {
    /// The same below a path.
    fn below(self, path: &str) -> Tree {
        let down = |tree: Tree| tree.below(path);
        match self {
            Tree::Leaf(rest) => Tree::Leaf(format!("{path}{rest}")),
            Tree::Struct(name, fields) => {
                Tree::Struct(name, fields.into_iter().map(|(member, tree)| (member, down(tree))).collect())
            }
            Tree::Call(func, parts) => Tree::Call(func, parts.into_iter().map(down).collect()),
            Tree::Tuple(parts) => Tree::Tuple(parts.into_iter().map(down).collect()),
            Tree::Base { param, fields, path: rest } => Tree::Base { param, fields, path: format!("{path}{rest}") },
            Tree::Unknown => Tree::Unknown,
        }
    }

    /// A part of it, as a tree of its own.
    pub(super) fn part(&self, fields: &[Member]) -> Tree {
        let mut tree = self.clone();
        let mut prefix = String::new();
        for field in fields {
            prefix.push_str(&path_of(field));
            tree = match tree {
                Tree::Struct(_, parts) => {
                    parts.into_iter().find(|(member, _)| member == field).map_or(Tree::Unknown, |(_, tree)| tree)
                }
                Tree::Call(_, parts) | Tree::Tuple(parts) => match field {
                    Member::Unnamed(index) => parts.into_iter().nth(index.index as usize).unwrap_or(Tree::Unknown),
                    Member::Named(_) => Tree::Unknown,
                },
                Tree::Base { param, mut fields, path } => {
                    fields.push(field.clone());
                    Tree::Base { param, fields, path: format!("{path}{}", path_of(field)) }
                }
                Tree::Leaf(_) | Tree::Unknown => Tree::Unknown,
            };
        }
        tree.above(&prefix)
    }

    /// The paths without what leads to the part.
    fn above(self, prefix: &str) -> Tree {
        let up = |tree: Tree| tree.above(prefix);
        let strip = |path: String| path.strip_prefix(prefix).map_or(path.clone(), str::to_owned);
        match self {
            Tree::Leaf(path) => Tree::Leaf(strip(path)),
            Tree::Struct(name, fields) => {
                Tree::Struct(name, fields.into_iter().map(|(member, tree)| (member, up(tree))).collect())
            }
            Tree::Call(func, parts) => Tree::Call(func, parts.into_iter().map(up).collect()),
            Tree::Tuple(parts) => Tree::Tuple(parts.into_iter().map(up).collect()),
            Tree::Base { param, fields, path } => Tree::Base { param, fields, path: strip(path) },
            Tree::Unknown => Tree::Unknown,
        }
    }

    /// The expression for it, where every field is known.
    pub(crate) fn written(&self, leaf: &dyn Fn(&str) -> TokenStream) -> TokenStream {
        let parts = |trees: &[Tree]| -> Vec<TokenStream> { trees.iter().map(|tree| tree.written(leaf)).collect() };
        match self {
            Tree::Leaf(path) => leaf(path),
            Tree::Struct(name, fields) => {
                let fields = fields.iter().map(|(member, tree)| {
                    let value = tree.written(leaf);
                    quote!(#member: #value)
                });
                quote!(#name { #(#fields),* })
            }
            Tree::Call(func, trees) => {
                let parts = parts(trees);
                quote!(#func(#(#parts),*))
            }
            Tree::Tuple(trees) => {
                let parts = parts(trees);
                quote!((#(#parts,)*))
            }
            Tree::Base { .. } | Tree::Unknown => quote!(::core::unreachable!()),
        }
    }

    /// The paths of its leaves.
    pub(crate) fn paths(&self) -> Vec<&str> {
        match self {
            Tree::Leaf(path) => vec![path],
            Tree::Struct(_, fields) => fields.iter().flat_map(|(_, tree)| tree.paths()).collect(),
            Tree::Call(_, parts) | Tree::Tuple(parts) => parts.iter().flat_map(Tree::paths).collect(),
            Tree::Base { .. } | Tree::Unknown => Vec::new(),
        }
    }

    /// The parts of parameters in it: the parameter, the fields, and the path at which the part stands.
    pub(crate) fn bases(&self) -> Vec<(usize, &[Member], &str)> {
        match self {
            Tree::Base { param, fields, path } => vec![(*param, fields, path)],
            Tree::Struct(_, fields) => fields.iter().flat_map(|(_, tree)| tree.bases()).collect(),
            Tree::Call(_, parts) | Tree::Tuple(parts) => parts.iter().flat_map(Tree::bases).collect(),
            Tree::Leaf(_) | Tree::Unknown => Vec::new(),
        }
    }

    /// Whether every field is known.
    pub(crate) fn is_complete(&self) -> bool {
        match self {
            Tree::Leaf(_) => true,
            Tree::Struct(_, fields) => fields.iter().all(|(_, tree)| tree.is_complete()),
            Tree::Call(_, parts) | Tree::Tuple(parts) => parts.iter().all(Tree::is_complete),
            Tree::Base { .. } | Tree::Unknown => false,
        }
    }

    /// Of two ways to make the values of a variable, one that can make both.
    fn or(self, other: Tree) -> Tree {
        match (self.is_complete(), other.is_complete()) {
            (true, _) => self,
            (_, true) => other,
            _ if self.conflicts(&other) => Tree::Unknown,
            _ => self,
        }
    }

    /// Whether what neither shows may be different.
    fn conflicts(&self, other: &Tree) -> bool {
        if self.is_complete() || other.is_complete() {
            return false;
        }
        match (self, other) {
            (Tree::Base { param: a, fields: x, .. }, Tree::Base { param: b, fields: y, .. }) => a != b || x != y,
            (Tree::Tuple(a), Tree::Tuple(b)) | (Tree::Call(_, a), Tree::Call(_, b)) if a.len() == b.len() => {
                a.iter().zip(b).any(|(a, b)| a.conflicts(b))
            }
            (Tree::Struct(_, a), Tree::Struct(_, b)) if a.len() == b.len() => {
                a.iter().zip(b).any(|((x, a), (y, b))| x != y || a.conflicts(b))
            }
            _ => true,
        }
    }
}

/// The leaves of a tuple of values.
fn parts_of(parts: &[Val]) -> Value_ {
    let mut leaves = Vec::new();
    let mut trees = Vec::new();
    for (k, part) in parts.iter().enumerate() {
        let path = format!(".{k}");
        match part {
            Val::Tuple(inner) => {
                let value = parts_of(inner);
                leaves.extend(value.leaves.into_iter().map(|(rest, atom)| (format!("{path}{rest}"), atom)));
                trees.push(value.tree.below(&path));
            }
            other => {
                leaves.push((path.clone(), other.clone().atom()));
                trees.push(Tree::Leaf(path));
            }
        }
    }
    Value_ { leaves, tree: Tree::Tuple(trees) }
}

/// Whether what is called is written like a constructor: `Point`, `shapes::Point`, `Self`.
fn is_constructor(func: &Expr) -> bool {
    match func {
        Expr::Path(path) => path.path.segments.last().is_some_and(|segment| {
            let name = segment.ident.to_string();
            name.starts_with(char::is_uppercase) && !matches!(name.as_str(), "Some" | "Ok" | "Err")
        }),
        _ => false,
    }
}

fn is_float_constructor(expr: &Expr) -> bool {
    matches!(expr, Expr::Lit(_))
}

pub(super) fn strip_references(expr: &Expr) -> &Expr {
    match expr {
        Expr::Reference(reference) => strip_references(&reference.expr),
        Expr::Paren(paren) => strip_references(&paren.expr),
        Expr::Unary(unary) if matches!(unary.op, syn::UnOp::Deref(_)) => strip_references(&unary.expr),
        Expr::MethodCall(call) if call.args.is_empty() && (call.method == "clone" || call.method == "as_slice") => {
            strip_references(&call.receiver)
        }
        other => other,
    }
}

/// A branch or a block whose values are assigned to a variable where they stand.
fn assigned_in_tails(name: &str, init: &Expr) -> Option<Expr> {
    let ident = names::ident(name);
    assigned_to(&syn::parse_quote!(#ident), init)
}

fn assigned_to(target: &Expr, source: &Expr) -> Option<Expr> {
    fn tail(target: &Expr, block: &mut syn::Block) {
        if let Some(Stmt::Expr(expr, semi @ None)) = block.stmts.last_mut() {
            match assigned_to(target, expr) {
                Some(assigned) => *expr = assigned,
                None if fence::expr_diverges(expr) => {}
                None => {
                    *expr = syn::parse_quote!(#target = #expr);
                    *semi = Some(syn::token::Semi::default());
                }
            }
        }
    }
    match source {
        Expr::Paren(paren) => assigned_to(target, &paren.expr),
        Expr::If(branch) if branch.else_branch.is_some() => {
            let mut branch = branch.clone();
            tail(target, &mut branch.then_branch);
            if let Some((_, otherwise)) = &mut branch.else_branch {
                **otherwise = assigned_to(target, otherwise)?;
            }
            Some(Expr::If(branch))
        }
        Expr::Block(block) if block.label.is_none() => {
            let mut block = block.clone();
            tail(target, &mut block.block);
            Some(Expr::Block(block))
        }
        _ => None,
    }
}

/// Replaces the leaves in verbatim code by what they hold.
struct InPlace<'a, 'b> {
    pass: &'a mut Lowering<'b>,
}

impl InPlace<'_, '_> {
    fn replacement(&mut self, expr: &Expr) -> Option<Expr> {
        if !matches!(expr, Expr::Field(_) | Expr::Index(_)) {
            return None;
        }
        self.pass.aggregate_root(expr)?;
        let key = self.pass.resolved_key(expr)?;
        let depth = self.pass.known.leaves.get(key.trim_end_matches("[]")).map_or(0, |leaf| leaf.depth);
        if depth > 0
            && !key.contains("[]")
            && let Some(array) = self.pass.array_place(expr)
        {
            return Some(self.pass.placeholder(Atom::Value(array)));
        }
        if key.matches("[]").count() < depth {
            // A row of an array: the array in it is looked for.
            return None;
        }
        let place = self.pass.resolve_place(expr)?;
        let atom = self.pass.read_leaf(&place, expr);
        Some(self.pass.placeholder(atom))
    }
}

impl VisitMut for InPlace<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Some(replacement) = self.replacement(expr) {
            *expr = replacement;
            return;
        }
        if let Expr::MethodCall(call) = expr
            && (call.method == "len" || call.method == "is_empty")
            && fence::variable(&call.receiver)
                .is_some_and(|name| self.pass.source.params.iter().any(|p| p.name == name))
        {
            // What changes in an array of structs is not its length.
            return;
        }
        if let Some(name) = fence::variable(expr).filter(|name| self.pass.is_aggregate(name)) {
            let is_parameter = self.pass.source.params.iter().any(|param| param.name == name);
            let changed = self.pass.known.modified.iter().any(|key| is_part(key, &name));
            if !is_parameter || changed {
                self.pass.error(&*expr, diagnostics::WHOLE_STRUCT);
            }
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        if fence::macro_arguments(mac).is_none() {
            return;
        }
        if let Ok(mut args) = mac.parse_body_with(parser) {
            for arg in &mut args {
                match arg {
                    Expr::Assign(named) => self.visit_expr_mut(&mut named.right),
                    other => self.visit_expr_mut(other),
                }
            }
            mac.tokens = args.to_token_stream();
        }
    }

    fn visit_item_mut(&mut self, _: &mut syn::Item) {}
}
