//! Functions whose derivative is given by functions of the user's: the signature and the rule go in, a function that calls
//! the user's by its own rule comes out. From there on the rule composes like that of any other callee.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use syn::{FnArg, ItemFn, parse_quote};

use crate::attr::{Given, Options, Rule};
use crate::build::Builder;
use crate::cleanup::for_each_operand;
use crate::diagnostics::{self, Diagnostics};
use crate::ir::{
    Atom, Call, Callee, Code, Effect, Function, Hint, Info, Name, Op, Opaque, Pass, Returns, Rule as CallRule, Scalar,
    Storage, Ty, Value,
};
use crate::names::plain;
use crate::signature::{Form, Parameter, Signature};

/// Reports what rules out that the rule is that of the function.
pub(crate) fn check(options: &Options, signature: &Signature, rule: &Rule, diagnostics: &mut Diagnostics) {
    if options.suffix {
        diagnostics.report_at(rule.span, diagnostics::RULE_SUFFIX);
    }
    if signature.output.form != Form::Scalar {
        diagnostics.report_at(rule.span, diagnostics::RULE_OUTPUT);
    }
    let active = || signature.parameters.iter().filter(|parameter| parameter.active);
    for parameter in active().filter(|parameter| parameter.ty.is_array()) {
        let name = plain(&parameter.ident);
        match (&rule.given, storage(signature, parameter)) {
            (Given::Partials(_), _) => diagnostics.report(&parameter.ident, diagnostics::rule_parameter(&name)),
            (_, Some(Storage::BorrowedMut)) => diagnostics.report(&parameter.ident, diagnostics::rule_output(&name)),
            (Given::Products { jvp: Some(_), vjp: Some(_), .. }, _) => {}
            (Given::Products { .. }, _) => diagnostics.report_at(rule.span, diagnostics::RULE_OF_ARRAYS),
        }
    }
    let is_other = |scalar| signature.output.scalars.first() != Some(&scalar);
    for parameter in active().filter(|parameter| parameter.ty.scalar().is_some_and(is_other)) {
        diagnostics.report(&parameter.ident, diagnostics::RULE_MIXED);
    }
    for parameter in signature.parameters.iter().filter(|parameter| parameter.ident == "_") {
        diagnostics.report(&parameter.ident, diagnostics::RULE_BLANK);
    }
    if let Given::Partials(partials) = &rule.given {
        let names: Vec<String> = active().map(|parameter| plain(&parameter.ident)).collect();
        if partials.len() != names.len() {
            diagnostics.report_at(rule.span, diagnostics::rule_partials(partials.len(), &names));
        }
    }
}

fn storage(signature: &Signature, parameter: &Parameter) -> Option<Storage> {
    match parameter.ty {
        Ty::Array(number) => signature.shapes.get(number as usize).map(|shape| shape.storage),
        Ty::Float(_) | Ty::Bool | Ty::Int | Ty::Tape | Ty::Unknown => None,
    }
}

/// The function that calls the user's function with its own parameters.
pub(crate) fn function(item: &ItemFn, signature: &Signature) -> Function {
    calls(item, signature, vec![name(item, signature)])
}

/// The function that yields the partial derivatives that the user's functions give.
pub(crate) fn partials<'a>(
    item: &ItemFn,
    signature: &Signature,
    paths: impl Iterator<Item = &'a syn::Path>,
) -> Function {
    calls(item, signature, paths.map(|path| Name::Path(parse_quote!(#path))).collect())
}

/// The function that calls others with its own parameters, and yields what they give.
fn calls(item: &ItemFn, signature: &Signature, names: Vec<Name>) -> Function {
    let mut b = Builder::of_user(signature.scalar);
    b.shapes = Rc::new(signature.shapes.clone());
    b.open();
    let params: Vec<Value> = signature
        .parameters
        .iter()
        .map(|parameter| {
            let ident = &parameter.ident;
            let hint = Hint { name: plain(ident).into(), span: ident.span(), user: true, declared: true };
            b.value(parameter.ty, Some(hint))
        })
        .collect();
    let receiver = item.sig.receiver().map(|_| b.opaque(verbatim_self(), unknown()));
    let spans = receiver.iter().map(|_| item.sig.ident.span()).collect::<Vec<_>>().into_iter();
    let spans: Vec<_> = spans.chain(signature.parameters.iter().map(|parameter| parameter.ident.span())).collect();
    let args: Vec<Atom> = receiver.into_iter().chain(params.iter().map(|param| Atom::Value(*param))).collect();
    let scalar = signature.output.scalars.first().copied().unwrap_or(Scalar::F64);
    let pass = |parameter: &Parameter| match storage(signature, parameter) {
        Some(Storage::Borrowed) => Pass::Shared,
        Some(Storage::BorrowedMut) => Pass::Mutable,
        Some(Storage::Owned) | None => Pass::Value,
    };
    let of_receiver = args.len() - params.len();
    let passes = std::iter::repeat_n(Pass::Value, of_receiver).chain(signature.parameters.iter().map(pass));
    let passes: Vec<Pass> = passes.collect();
    let mut results = Vec::new();
    for name in names {
        let passes = passes.clone();
        let callee = Rc::new(Callee { name, returns: Returns::Scalar, spans: spans.clone(), passes });
        let result = b.value(Ty::Float(scalar), None);
        b.push(vec![result], Op::Call(Call { callee, args: args.clone(), rule: CallRule::Primal }));
        results.push(Atom::Value(result));
    }
    let body = b.close_region(params, results);
    Function {
        values: std::mem::take(&mut b.values),
        shapes: b.shapes.clone(),
        body,
        checked: HashSet::new(),
        twins: HashMap::new(),
        guards: Vec::new(),
    }
}

/// A function that yields first what another one of the same parameters yields, of which the statements stand before its
/// own.
pub(crate) fn with_value(mut function: Function, value: &Function) -> Function {
    let mut renamed: HashMap<Value, Value> =
        value.body.params.iter().copied().zip(function.body.params.iter().copied()).collect();
    for (k, info) in (0..).map(Value).zip(&value.values) {
        renamed.entry(k).or_insert_with(|| {
            function.values.push(info.clone());
            Value(u32::try_from(function.values.len() - 1).unwrap_or(u32::MAX))
        });
    }
    let rename = |atom: &mut Atom| {
        if let Atom::Value(value) = atom {
            *value = renamed[value];
        }
    };
    let mut body = value.body.clone();
    for stmt in &mut body.stmts {
        stmt.results.iter_mut().for_each(|result| *result = renamed[result]);
        for_each_operand(&mut stmt.op, &mut |atom| rename(atom));
    }
    body.yields.iter_mut().for_each(rename);
    function.body.stmts.splice(0..0, body.stmts);
    function.body.yields.splice(0..0, body.yields);
    function
}

/// How the function is named where its companions stand.
fn name(item: &ItemFn, signature: &Signature) -> Name {
    let ident = &item.sig.ident;
    let has_receiver = matches!(item.sig.inputs.first(), Some(FnArg::Receiver(_)));
    match (has_receiver, signature.is_method) {
        (true, _) => Name::Method(ident.clone(), None),
        (false, true) => Name::Path(parse_quote!(Self::#ident)),
        (false, false) => Name::Path(parse_quote!(#ident)),
    }
}

fn verbatim_self() -> Opaque {
    let code = Code::Expr(Rc::new(parse_quote!(self)), None);
    Opaque { code, args: Vec::new(), effect: Effect::Pure, text: "self".into() }
}

fn unknown() -> Info {
    Info { ty: Ty::Unknown, hint: None, derived: false }
}
