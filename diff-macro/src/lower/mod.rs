//! Lowering: a resolved syntax tree goes in, a function of the intermediate representation comes out.
//!
//! Whatever no active value enters stays as it is: opaque code, carried through verbatim. The rest is taken apart into
//! primitives. Which variables are active is found by lowering again until nothing changes: a variable becomes active
//! when an active value is assigned to it.
//!
//! There are no jumps after lowering. Each loop, labelled block and the function itself is a frame with a flag `live`:
//! `break`, `continue` and `return` clear the flags of the frames that they leave, and what follows a statement that
//! may have cleared the flag runs in a branch on it. Where a branch certainly leaves, what follows goes into the other
//! branch, so that most of these flags are literals and vanish.

pub(crate) use self::aggregate::{Leaf, Tree, members_of};
pub(crate) use self::array::shape_of;
pub(crate) use self::stmt::scalar_type as stmt_scalar_type;

mod aggregate;
mod array;
mod breaks;
mod call;
mod chain;
mod closure;
mod consume;
mod control;
mod elements;
mod expr;
mod fallible;
mod growth;
mod guard;
mod instance;
mod optional;
mod pattern;
mod places;
mod stmt;
mod whole;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use proc_macro2::{Span, TokenStream};
use syn::Expr;

use self::instance::Instances;
use crate::build::Builder;
use crate::diagnostics::{self, Diagnostics};
use crate::emit::text_of;
use crate::fence::{self, Stability};
use crate::ir::{Atom, Code, Effect, Function, Hint, Info, NewArray, Opaque, Scalar, Storage, Ty, Value};
use crate::resolve::Resolved;
use crate::signature::Form;

/// Names of lowered operands inside verbatim code start with this.
pub(crate) const PLACEHOLDER: &str = "__operand_";

/// Names of values that are computed before the statement that they stand in start with this.
const VALUE: &str = "__value_";

/// The root of the leaves of what the function returns: no variable can have this name.
const RESULT: &str = "return";

/// Whether lowering may give the name to something: no variable of the user's has it.
pub(crate) fn is_generated_name(name: &str) -> bool {
    let number = name.strip_prefix(PLACEHOLDER).or_else(|| name.strip_prefix(VALUE));
    number.is_some_and(|number| number.bytes().all(|digit| digit.is_ascii_digit()))
}

/// A parameter of the function to lower.
#[derive(Clone)]
pub(crate) struct Param {
    /// The unique name.
    pub(crate) name: String,
    pub(crate) ty: Ty,
    pub(crate) active: bool,
    pub(crate) mutable: bool,
    pub(crate) stability: Stability,
    /// The type is visibly a slice, an array or a `Vec`.
    pub(crate) indexed: bool,
    /// It is an array whose elements are visibly integers.
    pub(crate) counts: bool,
    /// It is active, and a struct or a tuple.
    pub(crate) aggregate: bool,
    /// How a struct or a tuple is passed.
    pub(crate) storage: Storage,
    /// What the function leaves in it is a result.
    pub(crate) output: bool,
}

/// The function to lower.
pub(crate) struct Source<'a> {
    pub(crate) params: &'a [Param],
    pub(crate) body: &'a syn::Block,
    pub(crate) resolved: &'a Resolved,
    /// The function is generic in its float type.
    pub(crate) is_generic: bool,
    /// The float types of what the function returns.
    pub(crate) outputs: &'a [Scalar],
    pub(crate) form: Form,
    /// The type of an array that the function returns as a whole.
    pub(crate) whole: Option<Ty>,
    /// What it returns is in an `Option` or a `Result`.
    pub(crate) wrapped: bool,
    /// What may change behind `self`.
    pub(crate) receiver: Stability,
    /// The shapes of the parameters that are arrays.
    pub(crate) shapes: &'a [crate::ir::Shape],
    /// The path of the runtime crate.
    pub(crate) runtime: &'a TokenStream,
}

/// What lowering an expression gives.
#[derive(Clone)]
pub(super) enum Val {
    Atom(Atom),
    Tuple(Vec<Val>),
    /// An `Option`: whether there is a value, and the value if there is.
    Option {
        some: Atom,
        value: Box<Val>,
    },
    Unit,
    /// Control does not get past the expression.
    Never,
}

impl Val {
    /// The scalar, or an undefined one.
    pub(super) fn atom(self) -> Atom {
        match self {
            Val::Atom(atom) => atom,
            Val::Tuple(_) | Val::Option { .. } | Val::Unit | Val::Never => Atom::Undefined,
        }
    }
}

/// What can be jumped out of.
struct Frame {
    id: usize,
    label: Option<String>,
    is_loop: bool,
}

/// What one round of lowering learns for the next.
#[derive(Default, Clone, PartialEq)]
struct Knowledge {
    /// Variables that hold active values.
    active: HashSet<String>,
    /// Variables that verbatim code changes.
    cells: HashSet<String>,
    /// Float variables whose type the declaration does not show.
    floats: HashSet<String>,
    types: HashMap<String, Ty>,
    /// Variables that hold arrays whose length changes.
    grown: HashSet<String>,
    /// Variables that hold structs or tuples which are taken apart.
    aggregates: BTreeSet<String>,
    /// The leaves of these, by their keys.
    leaves: BTreeMap<String, aggregate::Known>,
    /// The parts of these that are passed to functions as a whole, by their keys.
    wholes: BTreeMap<String, aggregate::Known>,
    /// Those of these that a function which they are passed to may change.
    changed_wholes: BTreeSet<String>,
    /// For names of parts of structs, the keys of these parts.
    alias_keys: BTreeMap<String, String>,
    /// Leaves that the function changes.
    modified: BTreeSet<String>,
}

/// The lowered function. Its parameters are those of the source, then the leaves of the structs among them.
pub(crate) struct Lowered {
    pub(crate) function: Function,
    pub(crate) leaves: Vec<Leaf>,
    /// The struct or the tuple that it returns, if it does: made of leaves, which the function yields in this order.
    pub(crate) result: Option<(Tree, Vec<String>)>,
    /// Of the leaves, those whose final values the function yields after what it returns.
    pub(crate) outs: Vec<usize>,
}

impl Lowered {
    /// A function without structs.
    pub(crate) fn plain(function: Function) -> Self {
        Lowered { function, leaves: Vec::new(), result: None, outs: Vec::new() }
    }
}

/// Lowers the function. Errors are reported once, after the last round.
pub(crate) fn lower(source: &Source<'_>, diagnostics: &mut Diagnostics) -> Lowered {
    for error in &source.resolved.errors {
        diagnostics.push(error.clone());
    }
    let mut known = Knowledge {
        active: source.params.iter().filter(|p| p.active).map(|p| p.name.clone()).collect(),
        cells: source
            .params
            .iter()
            .filter(|p| p.mutable && p.ty.scalar().is_none() && !p.ty.is_array() && !p.aggregate)
            .map(|p| p.name.clone())
            .collect(),
        aggregates: source.params.iter().filter(|p| p.aggregate).map(|p| p.name.clone()).collect(),
        ..Knowledge::default()
    };
    let mut instances = Instances::of(source.body);
    loop {
        let mut lowering = Lowering::new(source, known.clone(), instances);
        let lowered = lowering.function();
        instances = std::mem::take(&mut lowering.instances);
        instances.next_round();
        for (key, leaf) in lowering.wished.take() {
            lowering.demand(&key, leaf);
        }
        if lowering.known == known {
            for error in lowering.errors {
                diagnostics.push(error);
            }
            return lowered;
        }
        known = known.after(lowering.known);
    }
}

impl Knowledge {
    /// What is known after a round. Where that has found further leaves, what it took for constants may not be: then only
    /// what it found out about structs holds.
    fn after(self, round: Knowledge) -> Knowledge {
        if round.leaves == self.leaves && round.wholes == self.wholes {
            return round;
        }
        let mut types = self.types;
        types.extend(round.types.into_iter().filter(|(name, _)| name.contains(['.', '['])));
        let Knowledge { aggregates, leaves, wholes, changed_wholes, alias_keys, modified, .. } = round;
        let (mut active, mut cells) = (self.active, self.cells);
        active.extend(round.active.into_iter().filter(|name| aggregates.contains(name)));
        cells.retain(|name| !aggregates.contains(name));
        Knowledge { active, cells, types, aggregates, leaves, wholes, changed_wholes, alias_keys, modified, ..self }
    }
}

struct Lowering<'a> {
    source: &'a Source<'a>,
    b: Builder,
    /// The current value of each variable.
    env: HashMap<String, Atom>,
    /// Variables that stand for elements of arrays: those that `iter_mut` binds.
    places: HashMap<String, (Value, Vec<Atom>)>,
    /// For variables that stand for elements of arrays that lowering does not follow yet, these arrays.
    lenders: HashMap<String, Vec<String>>,
    /// Elements that are stored in a new array once it has a name.
    pending: Vec<(Vec<Atom>, Atom)>,
    /// Variables that are visibly arrays of floats where they are declared.
    array_like: HashSet<String>,
    /// The arrays that windows show.
    windows: HashMap<Value, Value>,
    /// Variables that are other names of parts of structs.
    aliases: HashMap<String, aggregate::Place>,
    /// Leaves that were asked for in passing.
    wished: RefCell<Vec<(String, aggregate::Known)>>,
    /// Leaves of parameters whose types are not known, by their values.
    leaf_values: HashMap<Value, String>,
    /// How the structs and tuples are made that variables hold.
    trees: HashMap<String, Tree>,
    /// Variables that the body takes apart, and those that it indexes or iterates over.
    taken_apart: HashSet<String>,
    indexed: HashSet<String>,
    /// The values that vary with the active parameters.
    varying: HashSet<Value>,
    known: Knowledge,
    /// Variables with which the body does more than to read through them.
    touched: HashSet<String>,
    /// Names in macros of which nothing is known: they may define and change what has the name.
    in_macros: HashSet<String>,
    /// Variables that hold shared references.
    shared: HashSet<String>,
    /// Variables that may refer to what verbatim code changes.
    refer: HashSet<String>,
    /// Values that are integer literals, whose types rustc finds.
    integers: HashMap<Value, i64>,
    /// Values whose float type is assumed.
    assumed: HashSet<Value>,
    /// The function has floats of both types.
    mixed: bool,
    frames: Vec<Frame>,
    next_frame: usize,
    next_placeholder: usize,
    next_value: usize,
    /// What lowering has declared itself.
    instances: Instances,
    /// Variables that hold tuples, and other values of several parts.
    aggregates: HashMap<String, Val>,
    /// Variables that are references to what lowering knows them as, and how many times over.
    references: HashMap<String, usize>,
    /// Closures in variables: they stand where they are called.
    closures: HashMap<String, Expr>,
    /// The type that the value of a `let` has, while it is lowered.
    expected: Option<syn::Type>,
    /// Another branch gives a tuple that varies: all of them are taken apart.
    splits_tuples: bool,
    /// Control has left for good where lowering stands: by a panic, or out of the companion with an error.
    gone: bool,
    /// The statement that is being lowered: where errors point that have no expression of their own.
    here: proc_macro2::Span,
    errors: Vec<syn::Error>,
    /// What rustc has to confirm.
    guards: Vec<syn::Stmt>,
    /// Variables that hold floats themselves, and not references to them.
    by_value: HashSet<String>,
    /// Arrays whose elements are integers.
    of_integers: HashSet<String>,
    /// The body imports functions of `std::mem`.
    imports_mem: bool,
    /// How the failure of a closure that is being written out leaves the function.
    leaving: Option<fallible::Leave>,
    /// The `?` that is lowered next stands for a `return` of its value.
    returns_tried: bool,
}

impl<'a> Lowering<'a> {
    fn new(source: &'a Source<'a>, known: Knowledge, instances: Instances) -> Self {
        let default = source
            .params
            .iter()
            .filter(|p| p.active)
            .find_map(|p| p.ty.scalar())
            .unwrap_or(source.outputs.first().copied().unwrap_or(Scalar::F64));
        let default = if source.is_generic { Scalar::Generic } else { default };
        Lowering {
            source,
            b: Builder::of_user(default),
            env: HashMap::new(),
            places: HashMap::new(),
            lenders: HashMap::new(),
            pending: Vec::new(),
            windows: HashMap::new(),
            aliases: HashMap::new(),
            wished: RefCell::default(),
            leaf_values: HashMap::new(),
            trees: HashMap::new(),
            taken_apart: fence::taken_apart(source.body),
            indexed: fence::indexed(source.body),
            array_like: HashSet::new(),
            varying: HashSet::new(),
            known,
            touched: fence::touched(source.body),
            in_macros: fence::macro_names(source.body),
            shared: HashSet::new(),
            refer: HashSet::new(),
            integers: HashMap::new(),
            assumed: HashSet::new(),
            mixed: is_mixed(source, default),
            frames: Vec::new(),
            next_frame: 0,
            next_placeholder: 0,
            next_value: 0,
            instances,
            aggregates: HashMap::new(),
            references: HashMap::new(),
            closures: HashMap::new(),
            expected: None,
            splits_tuples: false,
            gone: false,
            here: source.body.brace_token.span.join(),
            errors: Vec::new(),
            guards: Vec::new(),
            by_value: HashSet::new(),
            of_integers: source.params.iter().filter(|p| p.counts).map(|p| p.name.clone()).collect(),
            imports_mem: fence::imports_mem(source.body),
            leaving: None,
            returns_tried: false,
        }
    }

    fn function(&mut self) -> Lowered {
        self.b.open();
        self.b.shapes = Rc::new(self.source.shapes.to_vec());
        let mut params: Vec<Value> = Vec::new();
        for param in self.source.params {
            let hint = self.hint(&param.name);
            let value = self.b.value(param.ty, hint);
            if param.active && !param.aggregate {
                self.varying.insert(value);
            }
            self.env.insert(param.name.clone(), Atom::Value(value));
            params.push(value);
        }
        let mut leaves = self.leaves_of_parameters();
        leaves.extend(self.wholes_of_parameters());
        params.extend(leaves.iter().map(|leaf| leaf.value));
        self.enter(None, false);
        let mut body = self.source.body.clone();
        let mut results = Vec::new();
        if self.source.form != Form::Unit {
            // The value of the body is returned like any other: then every way out of the function is a `return`.
            return_value(&mut body);
            results.extend(self.result_keys());
        } else if self.source.wrapped {
            return_value(&mut body);
        }
        for key in &results {
            self.env.insert(key.clone(), Atom::Undefined);
        }
        self.carry_items(&body.stmts);
        self.copy_grown_parameters();
        self.run(&body.stmts);
        if let (Some(ty), Some(Atom::Undefined)) = (self.source.whole, self.env.get(&return_key(0))) {
            // The body stands for one that is in error, or is in error itself.
            let empty = self.b.new_array(NewArray::Fill(Atom::Float(0.0), vec![Atom::Int(0)]), ty, None);
            self.env.insert(return_key(0), Atom::Value(empty));
        }
        self.write_back();
        let outs = self.out_keys();
        let last = |key: &String| self.env.get(key).copied().unwrap_or(Atom::Undefined);
        let yields = results.iter().chain(&outs).map(last).collect();
        let body = self.b.close_region(params, yields);
        let function = Function {
            values: std::mem::take(&mut self.b.values),
            shapes: self.b.shapes.clone(),
            checked: crate::bounds::accesses(&body),
            body,
            twins: HashMap::new(),
            guards: std::mem::take(&mut self.guards),
        };
        let tree = self.trees.remove(RESULT).unwrap_or(Tree::Unknown);
        let result = (self.source.form == Form::Aggregate).then_some((tree, results));
        let outs = outs.iter().filter_map(|key| leaves.iter().position(|leaf| leaf.key(self.source) == *key)).collect();
        Lowered { function, leaves, result, outs }
    }

    // ---- errors and names ---------------------------------------------------------------------------------------

    fn error(&mut self, at: impl quote::ToTokens, message: impl Into<String>) {
        self.errors.push(syn::Error::new_spanned(at, message.into()));
    }

    fn error_at(&mut self, span: Span, message: impl Into<String>) {
        self.errors.push(syn::Error::new(span, message.into()));
    }

    fn hint(&self, name: &str) -> Option<Hint> {
        let variable = self.variable(name)?;
        let user = !variable.is_generated;
        Some(Hint { name: variable.name.clone(), span: variable.span, user, declared: user })
    }

    /// The name of a variable for a further value of it, which need not have a `let` of its own.
    fn again(&self, name: &str) -> Option<Hint> {
        self.hint(name).map(|hint| Hint { declared: false, ..hint })
    }

    fn source_name(&self, name: &str) -> String {
        self.variable(name).map_or(name.to_owned(), |variable| variable.name.to_string())
    }

    // ---- frames -------------------------------------------------------------------------------------------------

    fn enter(&mut self, label: Option<String>, is_loop: bool) -> usize {
        let id = self.next_frame;
        self.next_frame += 1;
        self.frames.push(Frame { id, label, is_loop });
        self.env.insert(live_key(id), Atom::Bool(true));
        if is_loop {
            self.env.insert(go_key(id), Atom::Bool(true));
        }
        id
    }

    fn leave(&mut self, id: usize) {
        self.frames.pop();
        self.env.remove(&live_key(id));
        self.env.remove(&go_key(id));
    }

    /// Whether control is still in the innermost frame.
    fn live(&self) -> Atom {
        match self.frames.last() {
            Some(frame) => self.env.get(&live_key(frame.id)).copied().unwrap_or(Atom::Bool(true)),
            None => Atom::Bool(true),
        }
    }

    /// Clears the flags of the frames from `depth` inwards; the frame at `depth` itself goes on if `again`.
    fn jump(&mut self, depth: usize, again: bool) {
        for k in depth..self.frames.len() {
            let (id, is_loop) = (self.frames[k].id, self.frames[k].is_loop);
            self.env.insert(live_key(id), Atom::Bool(false));
            if is_loop && !(again && k == depth) {
                self.env.insert(go_key(id), Atom::Bool(false));
            }
        }
    }

    /// The frame that a jump goes to.
    fn target(&self, label: Option<&syn::Lifetime>) -> Option<usize> {
        match label {
            Some(label) => {
                let name = label.ident.to_string();
                self.frames.iter().rposition(|frame| frame.label.as_deref() == Some(&name))
            }
            None => self.frames.iter().rposition(|frame| frame.is_loop),
        }
    }

    /// Whether the atom varies with the active parameters.
    fn is_varying(&self, atom: Atom) -> bool {
        // A field whose type is not known yet may be a float.
        atom.value().is_some_and(|value| self.varying.contains(&value) || self.leaf_values.contains_key(&value))
    }

    // ---- activity -----------------------------------------------------------------------------------------------

    fn is_active(&self, expr: &Expr) -> bool {
        fence::active_mentions_in_expr(expr).iter().any(|name| self.known.active.contains(name))
    }

    fn is_cell(&self, name: &str) -> bool {
        self.known.cells.contains(name) || (self.in_macros.contains(name) && !self.is_variable(name))
    }

    /// Whether the name is that of a variable of the function.
    fn is_variable(&self, name: &str) -> bool {
        self.variable(name).is_some()
    }

    fn is_mutable(&self, name: &str) -> bool {
        self.variable(name).is_some_and(|variable| variable.mutable)
            || self.source.params.iter().any(|param| param.name == name && param.mutable)
    }

    /// Notes that variables are declared from code that names what verbatim code changes.
    fn note_references<'n>(&mut self, declared: impl IntoIterator<Item = &'n String>, mentions: &HashSet<String>) {
        if mentions.iter().any(|name| self.is_cell(name) || self.refer.contains(name)) {
            self.refer.extend(declared.into_iter().cloned());
        }
    }

    /// Whether the code changes a variable that is followed, in a way that can be followed.
    fn changes_followed(&self, writes: &fence::Writes) -> bool {
        writes.plain().any(|name| self.is_followed(name))
    }

    /// What may change behind a variable.
    fn stability(&self, name: &str) -> Stability {
        if self.is_cell(name) || self.known.grown.contains(name) {
            return Stability::Cell;
        }
        let declared = match self.source.params.iter().find(|param| param.name == name) {
            Some(param) => param.stability,
            None if name == "self" => self.source.receiver,
            None => Stability::Open,
        };
        let is_plain = matches!(self.variable_ty(name), Ty::Float(_) | Ty::Int | Ty::Bool | Ty::Array(_));
        match declared {
            // What verbatim code changes behind a mutable reference to an array makes it a cell.
            Stability::Open if is_plain => Stability::Constant,
            // It must be read before that changes, also where rustc would forbid to read it later.
            _ if self.refer.contains(name) => Stability::Open,
            Stability::Open if self.shared.contains(name) || !self.touched.contains(name) => Stability::Shared,
            declared => declared,
        }
    }

    /// Whether values can be assigned to the variable as to a scalar that the macro follows.
    fn is_followed(&self, name: &str) -> bool {
        self.env.contains_key(name) && !self.is_cell(name)
    }

    fn variable_ty(&self, name: &str) -> Ty {
        // `fence::type_of` asks for the elements of an array by the name with brackets.
        if let Some(array) = name.strip_suffix("[]") {
            return self.element_ty(array);
        }
        if self.places.contains_key(name) {
            return Ty::Float(self.b.default_scalar);
        }
        match self.env.get(self.known.alias_keys.get(name).unwrap_or(&name.to_owned())) {
            Some(Atom::Float(_)) => Ty::Float(self.b.default_scalar),
            Some(Atom::Undefined) | None => self.known.types.get(name).copied().unwrap_or(Ty::Unknown),
            Some(atom) => self.b.ty(*atom),
        }
    }

    fn type_of(&self, expr: &Expr) -> Ty {
        fence::type_of(expr, &|name| self.variable_ty(name))
    }

    // ---- verbatim code ------------------------------------------------------------------------------------------

    /// A literal of the function's float type, as the user would write it.
    fn number(&self, x: f64) -> Expr {
        let literal = self.b.default_scalar.literal(x);
        syn::parse_quote!(#literal)
    }

    /// The variables that verbatim code mentions, with their values.
    fn arguments(&mut self, names: &HashSet<String>) -> Vec<(Rc<str>, Atom)> {
        let mut args: Vec<(Rc<str>, Atom)> = names
            .iter()
            .filter_map(|name| Some((Rc::from(name.as_str()), *self.env.get(name)?)))
            .filter(|(_, atom)| *atom != Atom::Undefined)
            .collect();
        for name in names {
            if let Some(whole) = self.aggregates.get(name).cloned() {
                let whole = self.materialized(&whole);
                args.push((Rc::from(name.as_str()), self.verbatim(&whole, Ty::Unknown, None, None)));
            }
        }
        args.sort_by(|a, b| a.0.cmp(&b.0));
        for (name, atom) in &mut args {
            for _ in 0..self.references.get(&**name).copied().unwrap_or(0) {
                // Verbatim code sees the reference that the variable is.
                let operand = self.placeholder(*atom);
                let reference: Expr = syn::parse_quote!(&#operand);
                *atom = self.verbatim(&reference, Ty::Unknown, None, None);
            }
        }
        args
    }

    /// Verbatim code as a value.
    fn verbatim(&mut self, expr: &Expr, ty: Ty, ascription: Option<Rc<syn::Type>>, hint: Option<Hint>) -> Atom {
        self.verbatim_at_least(Effect::Pure, expr, ty, ascription, hint)
    }

    /// Verbatim code as a value, with an effect beyond those that its form shows.
    fn verbatim_at_least(
        &mut self,
        least: Effect,
        expr: &Expr,
        ty: Ty,
        ascription: Option<Rc<syn::Type>>,
        hint: Option<Hint>,
    ) -> Atom {
        self.lend_all(&fence::writes_in_expr(expr), expr);
        self.learn_types(expr);
        let mut followed = expr.clone();
        syn::visit_mut::VisitMut::visit_expr_mut(&mut Dereferenced { pass: self }, &mut followed);
        let expr = &followed;
        let expr = &self.in_place_expr(expr);
        let mut args = self.arguments(&fence::mentions_in_expr(expr));
        args.extend(self.placeholders(expr));
        let effect = fence::effect_of(expr, &|name| self.stability(name)).max(least);
        let mut text = text_of(expr);
        if args.is_empty() && fence::has_untyped_literal(expr) {
            // The same literals may have other types elsewhere: what is made of them is not shared.
            self.next_placeholder += 1;
            text = format!("{text} #{}", self.next_placeholder).into();
        }
        if let Some(ty) = &ascription {
            text = format!("{text} : {}", text_of(&**ty)).into();
        }
        let opaque = Opaque { code: Code::Expr(Rc::new(expr.clone()), ascription), args, effect, text };
        self.b.opaque(opaque, Info { ty, hint, derived: false })
    }

    fn placeholders(&self, expr: &Expr) -> Vec<(Rc<str>, Atom)> {
        self.placeholders_among(&fence::mentions_in_expr(expr))
    }

    /// The lowered operands among the names that verbatim code mentions.
    fn placeholders_among(&self, names: &HashSet<String>) -> Vec<(Rc<str>, Atom)> {
        let mut found: Vec<(Rc<str>, Atom)> = Vec::new();
        for name in names {
            if let Some(number) = name.strip_prefix(PLACEHOLDER).and_then(|n| n.parse::<u32>().ok()) {
                found.push((name.as_str().into(), Atom::Value(Value(number))));
            }
        }
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    /// An identifier that stands for an atom inside verbatim code.
    fn placeholder(&mut self, atom: Atom) -> Expr {
        match atom {
            Atom::Value(value) => {
                let ident = proc_macro2::Ident::new(&format!("{PLACEHOLDER}{}", value.0), Span::call_site());
                syn::parse_quote!(#ident)
            }
            Atom::Float(x) => {
                self.next_placeholder += 1;
                let literal = self.b.default_scalar.literal(x);
                if x.is_sign_negative() { syn::parse_quote!((#literal)) } else { syn::parse_quote!(#literal) }
            }
            Atom::Int(n) => {
                let literal = proc_macro2::Literal::u64_unsuffixed(n.unsigned_abs());
                if n < 0 { syn::parse_quote!((-#literal)) } else { syn::parse_quote!(#literal) }
            }
            Atom::Bool(b) => syn::parse_quote!(#b),
            Atom::Undefined => syn::parse_quote!(0.0),
        }
    }

    /// The float that a value of an expression is.
    fn float_atom(&mut self, value: Val, at: &impl quote::ToTokens) -> Atom {
        match value {
            Val::Atom(atom) => atom,
            Val::Never => Atom::Undefined,
            Val::Tuple(_) | Val::Option { .. } | Val::Unit => {
                self.error(at, diagnostics::unsupported("a value that is not a float scalar", "use a float here"));
                Atom::Undefined
            }
        }
    }

    /// A value of unknown type where a float is needed: the generated code asserts that it is one.
    fn assert_float(&mut self, expr: &Expr, atom: Atom, scalar: Scalar) -> Atom {
        if self.float_leaf(atom, scalar) {
            return atom;
        }
        if atom.value().is_some_and(|value| self.varying.contains(&value)) {
            // The assertion would hide that the value varies.
            self.error(expr, diagnostics::float_type(scalar.name()));
        }
        let runtime = self.source.runtime;
        let float = scalar.path(runtime);
        let changes = |name: &String| self.env.contains_key(name) || self.is_cell(name);
        if let (Expr::Path(_), None) = (expr, fence::variable(expr).filter(changes)) {
            // A constant: asserted once, and used by its name.
            let text: Rc<str> = format!("assert {}", text_of(expr)).into();
            if self.b.is_new_assertion(&text) {
                let opaque = Opaque {
                    code: Code::Assert(Rc::new(expr.clone()), scalar),
                    args: Vec::new(),
                    effect: Effect::Any,
                    text,
                };
                self.b.push(Vec::new(), crate::ir::Op::Opaque(opaque));
            }
            if let Some(value) = atom.value() {
                self.b.values[value.0 as usize].ty = Ty::Float(scalar);
            }
            return atom;
        }
        let operand = self.placeholder(atom);
        let guarded: Expr = syn::parse_quote!(#runtime::private::float::<#float>(#operand));
        let args = self.placeholders(&guarded);
        let text: Rc<str> = format!("float {}", text_of(expr)).into();
        let opaque = Opaque { code: Code::Expr(Rc::new(guarded), None), args, effect: Effect::Pure, text };
        let hint = fence::variable(expr).and_then(|name| self.hint(&name)).map(|hint| Hint {
            user: false,
            declared: false,
            ..hint
        });
        self.b.opaque(opaque, Info { ty: Ty::Float(scalar), hint, derived: false })
    }
}

/// Makes the value of a block an explicit `return`.
fn return_value(block: &mut syn::Block) {
    if let Some(syn::Stmt::Expr(expr, None)) = block.stmts.last_mut() {
        return_expr(expr);
    }
}

pub(super) fn return_expr(expr: &mut Expr) {
    match expr {
        Expr::If(branch) if branch.else_branch.is_some() => {
            return_value(&mut branch.then_branch);
            if let Some((_, otherwise)) = &mut branch.else_branch {
                return_expr(otherwise);
            }
        }
        Expr::Block(block) if block.label.is_none() => return_value(&mut block.block),
        Expr::Match(m) => m.arms.iter_mut().for_each(|arm| return_expr(&mut arm.body)),
        Expr::Return(_) | Expr::While(_) | Expr::ForLoop(_) => {}
        Expr::Macro(mac) if fence::is_panic(&mac.mac) => {}
        // Only a `return` leaves a loop without `break`: it has no value.
        Expr::Loop(l) if !fence::has_break(l) => {}
        value => *value = syn::parse_quote!(return #value),
    }
}

/// Whether the function has floats of another type than most of it.
fn is_mixed(source: &Source<'_>, default: Scalar) -> bool {
    let other = match default {
        Scalar::F64 => Scalar::F32,
        Scalar::F32 => Scalar::F64,
        // No literal is of its type.
        Scalar::Generic => return false,
    };
    let is_other = |ty: Ty| ty == Ty::Float(other);
    source.params.iter().any(|param| is_other(param.ty))
        || source.outputs.contains(&other)
        || fence::names_type(source.body, other.name())
}

/// The `k`-th float that the function returns.
fn return_key(k: usize) -> String {
    format!("return {k}")
}

fn live_key(frame: usize) -> String {
    format!("live {frame}")
}

fn go_key(frame: usize) -> String {
    format!("go {frame}")
}

/// Takes away the `*` before a variable that is a reference for the user, and the float behind it for lowering.
pub(super) struct Dereferenced<'d, 'a> {
    pass: &'d Lowering<'a>,
}

impl syn::visit_mut::VisitMut for Dereferenced<'_, '_> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        if let Expr::Unary(unary) = expr
            && matches!(unary.op, syn::UnOp::Deref(_))
            && let Some(name) = fence::variable(&unary.expr)
            && self.pass.env.contains_key(&name)
            && !self.pass.references.contains_key(&name)
            && self.pass.variable_ty(&name).scalar().is_some()
        {
            *expr = (*unary.expr).clone();
            return;
        }
        syn::visit_mut::visit_expr_mut(self, expr);
    }
    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        let parser = syn::punctuated::Punctuated::<Expr, syn::Token![,]>::parse_terminated;
        if fence::macro_arguments(mac).is_none() || mac.path.segments.last().is_some_and(|last| last.ident == "vec") {
            return;
        }
        if let Ok(mut args) = mac.parse_body_with(parser) {
            args.iter_mut().for_each(|arg| self.visit_expr_mut(arg));
            mac.tokens = quote::quote!(#args);
        }
    }
}
