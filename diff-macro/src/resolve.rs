//! Name resolution: a body goes in; the same body comes out with a different name for every variable, and a table that
//! says what each variable was called.
//!
//! Shadowing is gone after this pass, so that later passes can tell variables apart by their names alone, and from
//! everything that is no variable: no constant, function or item that the body names has the name of a variable.
//! Variables that format strings capture are made explicit arguments, since a captured name could not be replaced.
//!
//! A lone identifier in a refutable pattern, as `one` in `match n { one => .., _ => .. }`, is a constant or a new variable:
//! only rustc knows. It keeps its name, and is no variable here, unless a variable of that name is in scope, which a
//! constant would forbid. So all such identifiers of one name share it: a pass that binds them restores it after the arm.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Item, Macro, Pat, Stmt, Token, UseTree};

use crate::diagnostics;
use crate::names::plain;

/// What is known of a variable from its declaration.
#[derive(Clone)]
pub(crate) struct Variable {
    /// The name in the source.
    pub(crate) name: Rc<str>,
    pub(crate) span: Span,
    /// Declared with `mut`: code that is not followed may change it.
    pub(crate) mutable: bool,
    /// Lowering made it for its own use.
    pub(crate) is_generated: bool,
    pub(crate) is_param: bool,
}

impl Variable {
    /// A variable that is not the user's.
    pub(crate) fn generated(name: &str) -> Self {
        let span = Span::call_site();
        Variable { name: name.into(), span, mutable: true, is_generated: true, is_param: false }
    }
}

#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) variables: HashMap<String, Variable>,
    /// What makes it uncertain which variable a name means.
    pub(crate) errors: Vec<syn::Error>,
}

/// Renames the variables of the body. `params` are its free variables.
pub(crate) fn resolve(params: &[Ident], body: &mut Block) -> Resolved {
    let mut reserved = HashSet::new();
    loop {
        let mut renamed = body.clone();
        let mut resolver = Resolver::new(reserved.clone());
        for ident in params {
            resolver.declare(ident, false, true);
        }
        resolver.visit_block_mut(&mut renamed);
        let Resolver { free, mut resolved, .. } = resolver;
        let clashes: Vec<(String, Ident)> =
            free.into_iter().filter(|(name, _)| resolved.variables.contains_key(name)).collect();
        // Once a name is reserved only a parameter has it still.
        if clashes.iter().all(|(name, _)| reserved.contains(name)) {
            let errors = clashes
                .into_iter()
                .map(|(_, ident)| syn::Error::new(ident.span(), diagnostics::not_the_parameter(&ident.to_string())));
            resolved.errors.extend(errors);
            let own = params.iter().filter(|ident| crate::lower::is_generated_name(&ident.to_string()));
            resolved.errors.extend(own.map(|ident| syn::Error::new(ident.span(), diagnostics::own_name(ident))));
            check_items(body, &mut resolved);
            *body = renamed;
            return resolved;
        }
        reserved.extend(clashes.into_iter().map(|(name, _)| name));
    }
}

/// Gives the variables that the code declares names that are not taken, and returns what they were called.
pub(crate) fn instantiate(code: &mut Expr, taken: HashSet<String>) -> HashMap<String, Variable> {
    let mut resolver = Resolver::new(taken);
    resolver.visit_expr_mut(code);
    resolver.resolved.variables
}

/// What the identifiers of a pattern may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Variables: a constant would be refutable.
    Irrefutable,
    /// In a `let` with `else`: in lower case, variables.
    LetElse,
    /// Variables or constants.
    Refutable,
}

struct Resolver {
    /// Source names and unique names, innermost scope last.
    scopes: Vec<Vec<(Ident, String)>>,
    resolved: Resolved,
    /// Names that no variable may have.
    reserved: HashSet<String>,
    /// Names that are used and are no variables where they stand.
    free: HashMap<String, Ident>,
}

impl Resolver {
    fn new(reserved: HashSet<String>) -> Self {
        Resolver { scopes: vec![Vec::new()], resolved: Resolved::default(), reserved, free: HashMap::new() }
    }

    /// Declares a variable in the innermost scope and returns its unique name.
    fn declare(&mut self, ident: &Ident, mutable: bool, is_param: bool) -> Ident {
        let source = plain(ident);
        let mut unique = ident.to_string();
        let mut number = 2;
        let is_taken = |name: &String| {
            let reserved = self.reserved.contains(name) || crate::lower::is_generated_name(name);
            self.resolved.variables.contains_key(name) || (!is_param && reserved)
        };
        while is_taken(&unique) {
            unique = format!("{source}__{number}");
            number += 1;
        }
        let variable = Variable { name: source.into(), span: ident.span(), mutable, is_generated: false, is_param };
        self.resolved.variables.insert(unique.clone(), variable);
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((ident.clone(), unique.clone()));
        }
        rename(ident, &unique)
    }

    fn lookup(&self, ident: &Ident) -> Option<Ident> {
        let mut known = self.scopes.iter().rev().flat_map(|scope| scope.iter().rev());
        let (_, unique) = known.find(|(known, _)| is_same(known, ident))?;
        Some(rename(ident, unique))
    }

    /// The variable that a name means, if it is one.
    fn variable(&mut self, ident: &Ident) -> Option<Ident> {
        let found = self.lookup(ident);
        if found.is_none() {
            self.free.entry(ident.to_string()).or_insert_with(|| ident.clone());
        }
        found
    }

    fn scoped(&mut self, run: impl FnOnce(&mut Self)) {
        self.scopes.push(Vec::new());
        run(self);
        self.scopes.pop();
    }

    /// Declares the variables of a pattern.
    fn pattern(&mut self, pat: &mut Pat, kind: Kind) {
        match pat {
            Pat::Ident(pat) if self.binds(pat, kind) => {
                pat.ident = self.declare(&pat.ident, pat.mutability.is_some(), false);
                if let Some((_, subpattern)) = &mut pat.subpat {
                    self.pattern(subpattern, kind);
                }
            }
            Pat::Type(typed) => {
                self.pattern(&mut typed.pat, kind);
            }
            Pat::Or(or) => {
                // Each case binds the same names: the first declares them, the others repeat them.
                let mut cases = or.cases.iter_mut();
                if let Some(first) = cases.next() {
                    self.pattern(first, kind);
                }
                for case in cases {
                    Repeat { resolver: self }.visit_pat_mut(case);
                }
            }
            Pat::Struct(pat) => {
                for field in &mut pat.fields {
                    // `S { x }` binds `x`; under another name it has to be spelt out.
                    field.colon_token.get_or_insert_with(Default::default);
                    self.pattern(&mut field.pat, kind);
                }
            }
            Pat::Tuple(pat) => pat.elems.iter_mut().for_each(|elem| self.pattern(elem, kind)),
            Pat::TupleStruct(pat) => pat.elems.iter_mut().for_each(|elem| self.pattern(elem, kind)),
            Pat::Slice(pat) => pat.elems.iter_mut().for_each(|elem| self.pattern(elem, kind)),
            Pat::Reference(pat) => self.pattern(&mut pat.pat, kind),
            Pat::Paren(pat) => self.pattern(&mut pat.pat, kind),
            Pat::Guard(pat) => {
                self.pattern(&mut pat.pat, kind);
                self.visit_expr_mut(&mut pat.guard);
            }
            _ => {}
        }
    }

    /// Whether a lone identifier in a pattern is a variable.
    fn binds(&mut self, pat: &syn::PatIdent, kind: Kind) -> bool {
        let marked = pat.subpat.is_some() || pat.mutability.is_some() || pat.by_ref.is_some();
        let lower = !plain(&pat.ident).chars().next().is_some_and(char::is_uppercase);
        if marked || kind == Kind::Irrefutable || (kind == Kind::LetElse && lower) {
            return true;
        }
        // A variable in scope tells that there is no constant of this name.
        self.variable(&pat.ident).is_some()
    }

    fn condition(&mut self, cond: &mut Expr) {
        match cond {
            Expr::Let(cond) => {
                self.visit_expr_mut(&mut cond.expr);
                self.pattern(&mut cond.pat, Kind::Refutable);
            }
            Expr::Binary(binary) => {
                self.condition(&mut binary.left);
                self.condition(&mut binary.right);
            }
            Expr::Paren(paren) => self.condition(&mut paren.expr),
            other => self.visit_expr_mut(other),
        }
    }
}

fn rename(ident: &Ident, name: &str) -> Ident {
    let mut renamed = syn::parse_str::<Ident>(name).unwrap_or_else(|_| ident.clone());
    renamed.set_span(ident.span());
    renamed
}

/// Whether two identifiers have the same name and, where macros made them, the same context.
fn is_same(a: &Ident, b: &Ident) -> bool {
    if plain(a) != plain(b) {
        return false;
    }
    // Contexts cannot be compared but in this form, of which nothing is read.
    let resolved = a.span().resolved_at(b.span());
    format!("{:?}", a.span()) == format!("{resolved:?}")
}

/// Gives the bindings of a further case of an or-pattern the names of the first.
struct Repeat<'a> {
    resolver: &'a mut Resolver,
}

impl VisitMut for Repeat<'_> {
    fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
        if let Some(ident) = self.resolver.lookup(&pat.ident) {
            pat.ident = ident;
        }
        visit_mut::visit_pat_ident_mut(self, pat);
    }
    fn visit_field_pat_mut(&mut self, field: &mut syn::FieldPat) {
        field.colon_token.get_or_insert_with(Default::default);
        self.visit_pat_mut(&mut field.pat);
    }
}

impl VisitMut for Resolver {
    fn visit_block_mut(&mut self, block: &mut Block) {
        self.scoped(|resolver| visit_mut::visit_block_mut(resolver, block));
    }

    fn visit_stmt_mut(&mut self, stmt: &mut Stmt) {
        match stmt {
            Stmt::Local(local) => {
                if let Some(init) = &mut local.init {
                    self.visit_expr_mut(&mut init.expr);
                    if let Some((_, diverge)) = &mut init.diverge {
                        self.visit_expr_mut(diverge);
                    }
                }
                let refutable = local.init.as_ref().is_some_and(|init| init.diverge.is_some());
                self.pattern(&mut local.pat, if refutable { Kind::LetElse } else { Kind::Irrefutable });
            }
            Stmt::Macro(stmt) => self.visit_macro_mut(&mut stmt.mac),
            // An item sees none of the variables.
            Stmt::Item(_) => {}
            Stmt::Expr(expr, _) => self.visit_expr_mut(expr),
        }
    }

    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        match expr {
            Expr::Path(path) if path.qself.is_none() => {
                if let Some(ident) = path.path.get_ident().and_then(|ident| self.variable(ident)) {
                    path.path = ident.into();
                }
            }
            Expr::If(branch) => {
                self.scoped(|resolver| {
                    resolver.condition(&mut branch.cond);
                    resolver.visit_block_mut(&mut branch.then_branch);
                });
                // Outside of the scope of what the condition binds.
                if let Some((_, otherwise)) = &mut branch.else_branch {
                    self.visit_expr_mut(otherwise);
                }
            }
            Expr::While(l) => self.scoped(|resolver| {
                resolver.condition(&mut l.cond);
                resolver.visit_block_mut(&mut l.body);
            }),
            Expr::ForLoop(l) => {
                self.visit_expr_mut(&mut l.expr);
                self.scoped(|resolver| {
                    resolver.pattern(&mut l.pat, Kind::Irrefutable);
                    resolver.visit_block_mut(&mut l.body);
                });
            }
            Expr::Closure(closure) => self.scoped(|resolver| {
                for input in &mut closure.inputs {
                    resolver.pattern(input, Kind::Irrefutable);
                }
                resolver.visit_expr_mut(&mut closure.body);
            }),
            Expr::Match(m) => {
                self.visit_expr_mut(&mut m.expr);
                for arm in &mut m.arms {
                    self.scoped(|resolver| {
                        resolver.pattern(&mut arm.pat, Kind::Refutable);
                        resolver.visit_expr_mut(&mut arm.body);
                    });
                }
            }
            Expr::Struct(literal) => {
                for field in &mut literal.fields {
                    field.colon_token.get_or_insert_with(Default::default);
                    self.visit_expr_mut(&mut field.expr);
                }
                if let Some(rest) = &mut literal.rest {
                    self.visit_expr_mut(rest);
                }
            }
            other => visit_mut::visit_expr_mut(self, other),
        }
    }

    fn visit_macro_mut(&mut self, mac: &mut Macro) {
        let parser = Punctuated::<Expr, Token![,]>::parse_terminated;
        let formats = is_format_macro(mac);
        if let Ok(mut args) = mac.parse_body_with(parser) {
            let mut captured = Vec::new();
            for arg in &mut args {
                match arg {
                    // `name = value` names an argument of a format string.
                    Expr::Assign(named) if formats => self.visit_expr_mut(&mut named.right),
                    Expr::Lit(lit) if formats => captured.extend(self.captures(lit)),
                    other => self.visit_expr_mut(other),
                }
            }
            let named: Vec<String> = args.iter().filter_map(argument_name).collect();
            captured.retain(|(source, _)| !named.contains(&source.to_string()));
            mac.tokens = with_captures(&args, &captured);
        } else {
            mac.tokens = self.tokens(std::mem::take(&mut mac.tokens));
        }
    }
}

impl Resolver {
    /// Renames the variables among tokens that only their macro understands.
    fn tokens(&mut self, tokens: TokenStream) -> TokenStream {
        let mut out: Vec<TokenTree> = Vec::new();
        for tree in tokens {
            let is_member = matches!(out.last(), Some(TokenTree::Punct(p)) if p.as_char() == '.')
                && !matches!(out.iter().rev().nth(1), Some(TokenTree::Punct(p)) if p.as_char() == '.');
            out.push(match tree {
                TokenTree::Ident(ident) if !is_member => TokenTree::Ident(self.variable(&ident).unwrap_or(ident)),
                TokenTree::Group(group) => {
                    let mut inner = Group::new(group.delimiter(), self.tokens(group.stream()));
                    inner.set_span(group.span());
                    TokenTree::Group(inner)
                }
                other => other,
            });
        }
        out.into_iter().collect()
    }
}

/// Reports items of the body that may hide a variable, or a primitive type, where the resolver does not see it.
fn check_items(body: &Block, resolved: &mut Resolved) {
    let mut items = Items { variables: &resolved.variables, depth: 0, errors: Vec::new() };
    items.visit_block(body);
    let errors = items.errors;
    resolved.errors.extend(errors);
}

struct Items<'a> {
    variables: &'a HashMap<String, Variable>,
    /// The depth of blocks: items of the function itself are at depth one.
    depth: usize,
    errors: Vec<syn::Error>,
}

impl Items<'_> {
    fn error(&mut self, at: &Ident, message: String) {
        self.errors.push(syn::Error::new(at.span(), message));
    }

    /// A name that an item defines. At the start of the function a `let` hides an item, as it does for the resolver.
    fn name(&mut self, ident: &Ident) {
        let name = plain(ident);
        let outermost = self.depth == 1;
        if self.variables.values().any(|known| *known.name == *name && (known.is_param || !outermost)) {
            self.error(ident, diagnostics::item_hides_variable(&name));
        }
        if crate::fence::is_primitive_name(&name) {
            self.error(ident, diagnostics::item_hides_type(&name));
        }
    }

    fn use_tree(&mut self, tree: &UseTree) {
        match tree {
            UseTree::Path(path) => self.use_tree(&path.tree),
            UseTree::Name(name) => self.name(&name.ident),
            UseTree::Rename(rename) => self.name(&rename.rename),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.use_tree(tree)),
            UseTree::Glob(_) => {}
        }
    }

    /// The rules of a macro: a variable that they name is not among the macro's arguments.
    fn rules(&mut self, tokens: TokenStream) {
        let mut before = None;
        for tree in tokens {
            match &tree {
                TokenTree::Ident(ident) if !matches!(before, Some('$' | '.')) => {
                    let name = plain(ident);
                    if self.variables.values().any(|known| *known.name == *name) {
                        self.error(ident, diagnostics::macro_names_variable(&name));
                    }
                }
                TokenTree::Group(group) => self.rules(group.stream()),
                _ => {}
            }
            before = if let TokenTree::Punct(punct) = &tree { Some(punct.as_char()) } else { None };
        }
    }
}

impl<'a> Visit<'a> for Items<'_> {
    fn visit_block(&mut self, block: &'a Block) {
        self.depth += 1;
        visit::visit_block(self, block);
        self.depth -= 1;
    }

    fn visit_item(&mut self, item: &'a Item) {
        match item {
            Item::Const(item) => self.name(&item.ident),
            Item::Enum(item) => self.name(&item.ident),
            Item::ExternCrate(item) => self.name(item.rename.as_ref().map_or(&item.ident, |(_, rename)| rename)),
            Item::Fn(item) => self.name(&item.sig.ident),
            Item::Macro(item) => self.rules(item.mac.tokens.clone()),
            Item::Mod(item) => self.name(&item.ident),
            Item::Static(item) => self.name(&item.ident),
            Item::Struct(item) => self.name(&item.ident),
            Item::Trait(item) => self.name(&item.ident),
            Item::TraitAlias(item) => self.name(&item.ident),
            Item::Type(item) => self.name(&item.ident),
            Item::Union(item) => self.name(&item.ident),
            Item::Use(item) => self.use_tree(&item.tree),
            _ => {}
        }
    }
}

fn argument_name(arg: &Expr) -> Option<String> {
    let Expr::Assign(named) = arg else {
        return None;
    };
    let Expr::Path(path) = &*named.left else {
        return None;
    };
    path.path.get_ident().map(ToString::to_string)
}

fn with_captures(args: &Punctuated<Expr, Token![,]>, captured: &[(Ident, Ident)]) -> TokenStream {
    let mut args: Vec<TokenStream> = args.iter().map(|arg| quote!(#arg)).collect();
    args.extend(captured.iter().map(|(source, unique)| quote!(#source = #unique)));
    quote!(#(#args),*)
}

impl Resolver {
    /// The variables that a format string captures: the names in the source, and the unique names.
    fn captures(&self, lit: &syn::ExprLit) -> Vec<(Ident, Ident)> {
        let syn::Lit::Str(text) = &lit.lit else {
            return Vec::new();
        };
        let mut found: Vec<(Ident, Ident)> = Vec::new();
        let value = text.value().replace("{{", "");
        for piece in value.split('{').skip(1) {
            for word in captured_words(piece.split('}').next().unwrap_or("")) {
                let Ok(mut ident) = syn::parse_str::<Ident>(word) else {
                    continue;
                };
                ident.set_span(text.span());
                let Some(unique) = self.lookup(&ident) else {
                    continue;
                };
                if !found.iter().any(|(known, _)| *known == ident) {
                    found.push((ident, unique));
                }
            }
        }
        found
    }
}

/// What `{name:width$.precision$}` captures: the name, and what stands before a `$`.
fn captured_words(argument: &str) -> Vec<&str> {
    let (name, spec) = argument.split_once(':').unwrap_or((argument, ""));
    let mut words = vec![name.trim()];
    let mut parts: Vec<&str> = spec.split('$').collect();
    parts.pop();
    words.extend(parts.iter().filter_map(|part| part.rsplit(|c: char| !c.is_alphanumeric() && c != '_').next()));
    words
}

/// The macros that take a format string, and so may capture variables in it.
pub(crate) fn is_format_macro(mac: &Macro) -> bool {
    const NAMES: &[&str] = &[
        "print",
        "println",
        "eprint",
        "eprintln",
        "format",
        "format_args",
        "write",
        "writeln",
        "panic",
        "todo",
        "unimplemented",
        "unreachable",
        "assert",
        "assert_eq",
        "assert_ne",
        "debug_assert",
        "debug_assert_eq",
        "debug_assert_ne",
        "error",
        "warn",
        "info",
        "debug",
        "trace",
        "log",
        "dbg",
    ];
    mac.path.segments.last().is_some_and(|segment| NAMES.contains(&segment.ident.to_string().as_str()))
}
