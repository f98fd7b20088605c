//! Name resolution: a body goes in; the same body comes out with a different name for every variable, and a table that
//! says what each variable was called.
//!
//! Shadowing is gone after this pass, so that later passes can tell variables apart by their names alone. Variables
//! that format strings capture are made explicit arguments, since a captured name could not be replaced.

use std::collections::HashMap;
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, Macro, Pat, Stmt, Token};

use crate::names::plain;

/// What is known of a variable from its declaration.
#[derive(Clone)]
pub(crate) struct Variable {
    /// The name in the source.
    pub(crate) name: Rc<str>,
    pub(crate) span: Span,
}

#[derive(Default)]
pub(crate) struct Resolved {
    pub(crate) variables: HashMap<String, Variable>,
}

/// Renames the variables of the body. `params` are its free variables.
pub(crate) fn resolve(params: &[Ident], body: &mut Block) -> Resolved {
    let mut resolver = Resolver { scopes: vec![HashMap::new()], resolved: Resolved::default() };
    for ident in params {
        resolver.declare(ident);
    }
    resolver.visit_block_mut(body);
    resolver.resolved
}

struct Resolver {
    /// Source names to unique names, innermost scope last.
    scopes: Vec<HashMap<String, String>>,
    resolved: Resolved,
}

impl Resolver {
    /// Declares a variable in the innermost scope and returns its unique name.
    fn declare(&mut self, ident: &Ident) -> Ident {
        let source = plain(ident);
        let mut unique = ident.to_string();
        let mut number = 2;
        while self.resolved.variables.contains_key(&unique) {
            unique = format!("{source}__{number}");
            number += 1;
        }
        let variable = Variable { name: source.into(), span: ident.span() };
        self.resolved.variables.insert(unique.clone(), variable);
        if let Some(scope) = self.scopes.last_mut() {
            scope.insert(ident.to_string(), unique.clone());
        }
        rename(ident, &unique)
    }

    fn lookup(&self, ident: &Ident) -> Option<Ident> {
        let name = ident.to_string();
        let unique = self.scopes.iter().rev().find_map(|scope| scope.get(&name))?;
        Some(rename(ident, unique))
    }

    fn scoped(&mut self, run: impl FnOnce(&mut Self)) {
        self.scopes.push(HashMap::new());
        run(self);
        self.scopes.pop();
    }

    /// Declares the variables of a pattern.
    fn pattern(&mut self, pat: &mut Pat) {
        match pat {
            Pat::Ident(pat) if is_binding(pat) => {
                pat.ident = self.declare(&pat.ident);
                if let Some((_, subpattern)) = &mut pat.subpat {
                    self.pattern(subpattern);
                }
            }
            Pat::Type(typed) => {
                self.pattern(&mut typed.pat);
            }
            Pat::Or(or) => {
                // Each case binds the same names: the first declares them, the others repeat them.
                let mut cases = or.cases.iter_mut();
                if let Some(first) = cases.next() {
                    self.pattern(first);
                }
                for case in cases {
                    Repeat { resolver: self }.visit_pat_mut(case);
                }
            }
            Pat::Struct(pat) => {
                for field in &mut pat.fields {
                    // `S { x }` binds `x`; under another name it has to be spelt out.
                    field.colon_token.get_or_insert_with(Default::default);
                    self.pattern(&mut field.pat);
                }
            }
            Pat::Tuple(pat) => pat.elems.iter_mut().for_each(|elem| self.pattern(elem)),
            Pat::TupleStruct(pat) => pat.elems.iter_mut().for_each(|elem| self.pattern(elem)),
            Pat::Slice(pat) => pat.elems.iter_mut().for_each(|elem| self.pattern(elem)),
            Pat::Reference(pat) => self.pattern(&mut pat.pat),
            Pat::Paren(pat) => self.pattern(&mut pat.pat),
            Pat::Guard(pat) => {
                self.pattern(&mut pat.pat);
                self.visit_expr_mut(&mut pat.guard);
            }
            _ => {}
        }
    }

    fn condition(&mut self, cond: &mut Expr) {
        match cond {
            Expr::Let(cond) => {
                self.visit_expr_mut(&mut cond.expr);
                self.pattern(&mut cond.pat);
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

/// A lower-case identifier in a pattern binds; an upper-case one is a constant or a unit variant.
fn is_binding(pat: &syn::PatIdent) -> bool {
    let constant = plain(&pat.ident).chars().next().is_some_and(char::is_uppercase);
    !constant || pat.subpat.is_some() || pat.mutability.is_some() || pat.by_ref.is_some()
}

/// Gives the bindings of a further case of an or-pattern the names of the first.
struct Repeat<'a> {
    resolver: &'a mut Resolver,
}

impl VisitMut for Repeat<'_> {
    fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
        if let (true, Some(ident)) = (is_binding(pat), self.resolver.lookup(&pat.ident)) {
            pat.ident = ident;
        }
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
                self.pattern(&mut local.pat);
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
                if let Some(ident) = path.path.get_ident().and_then(|ident| self.lookup(ident)) {
                    path.path = ident.into();
                }
            }
            Expr::If(branch) => self.scoped(|resolver| {
                resolver.condition(&mut branch.cond);
                resolver.visit_block_mut(&mut branch.then_branch);
                if let Some((_, otherwise)) = &mut branch.else_branch {
                    resolver.visit_expr_mut(otherwise);
                }
            }),
            Expr::While(l) => self.scoped(|resolver| {
                resolver.condition(&mut l.cond);
                resolver.visit_block_mut(&mut l.body);
            }),
            Expr::ForLoop(l) => {
                self.visit_expr_mut(&mut l.expr);
                self.scoped(|resolver| {
                    resolver.pattern(&mut l.pat);
                    resolver.visit_block_mut(&mut l.body);
                });
            }
            Expr::Closure(closure) => self.scoped(|resolver| {
                for input in &mut closure.inputs {
                    resolver.pattern(input);
                }
                resolver.visit_expr_mut(&mut closure.body);
            }),
            Expr::Match(m) => {
                self.visit_expr_mut(&mut m.expr);
                for arm in &mut m.arms {
                    self.scoped(|resolver| {
                        resolver.pattern(&mut arm.pat);
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
                    Expr::Assign(named) => self.visit_expr_mut(&mut named.right),
                    Expr::Lit(lit) if formats => captured.extend(self.captures(lit)),
                    other => self.visit_expr_mut(other),
                }
            }
            let named: Vec<String> = args.iter().filter_map(argument_name).collect();
            captured.retain(|(source, _)| !named.contains(&source.to_string()));
            mac.tokens = with_captures(&args, &captured);
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
