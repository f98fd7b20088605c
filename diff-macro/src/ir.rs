//! The intermediate representation: what lowering builds, every pass reads and writes, and emission prints.
//!
//! A [`Function`] is structured code in static single assignment form. Control flow stays structured: an `If` or a
//! `Loop` is one statement that owns its regions; a region ends by yielding values to the statement that owns it.
//! There are no jumps: an early `return`, a `break` or a `continue` is lowered to values (see `lower`).
//!
//! Invariants, checked by `check.rs` after each pass in tests:
//! - every value is defined once, before its uses, in the region of the use or in one that encloses it;
//! - the regions of an `If` have no parameters and yield as many atoms as the `If` has results;
//! - the body of a `Loop` has one parameter per carried value, and yields one flag (go on?) and the next carried values;
//! - only `Opaque`, `Push` and the operations that change an array have effects; they keep their order, and so does a
//!   `Load` among the changes of its array.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{Hash, Hasher};
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote};

use crate::generic;
use crate::lower::{Tree, members_of};
use crate::partials::Partials;
use crate::rules::Prim;

/// A value of the function, defined once.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Value(pub(crate) u32);

/// An operand: a value or a literal.
#[derive(Clone, Copy)]
pub(crate) enum Atom {
    Value(Value),
    Float(f64),
    Int(i64),
    Bool(bool),
    /// Stands for a value that is never read: the result of a branch that leaves the region early.
    Undefined,
}

impl Atom {
    pub(crate) fn value(self) -> Option<Value> {
        match self {
            Atom::Value(value) => Some(value),
            Atom::Float(_) | Atom::Int(_) | Atom::Bool(_) | Atom::Undefined => None,
        }
    }

    pub(crate) fn is_float(self, literal: f64) -> bool {
        matches!(self, Atom::Float(x) if x == literal)
    }

    /// A key that tells apart what the derivative of `PartialEq` for floats would not: `0.0` from `-0.0`.
    fn key(self) -> (u8, u64) {
        match self {
            Atom::Value(value) => (0, u64::from(value.0)),
            Atom::Float(x) => (1, x.to_bits()),
            Atom::Int(n) => (2, n.cast_unsigned()),
            Atom::Bool(b) => (3, u64::from(b)),
            Atom::Undefined => (4, 0),
        }
    }
}

impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for Atom {}
impl Hash for Atom {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}
impl From<Value> for Atom {
    fn from(value: Value) -> Self {
        Atom::Value(value)
    }
}

/// A float type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Scalar {
    F64,
    F32,
    /// A type parameter of the user's with the bound `num_traits::Float`.
    Generic,
}

impl Scalar {
    /// The name of the type; that of a type parameter is the one which the passes know it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Scalar::F64 => "f64",
            Scalar::F32 => "f32",
            Scalar::Generic => generic::NAME,
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "f64" => Some(Scalar::F64),
            "f32" => Some(Scalar::F32),
            generic::NAME => Some(Scalar::Generic),
            _ => None,
        }
    }

    /// The type in generated code: under a path that nothing of the user's can hide.
    pub(crate) fn path(self, runtime: &TokenStream) -> TokenStream {
        let name = Ident::new(self.name(), Span::call_site());
        match self {
            Scalar::F64 | Scalar::F32 => quote!(#runtime::private::#name),
            Scalar::Generic => quote!(#name),
        }
    }

    /// A literal whose type may be left to what it is combined with.
    pub(crate) fn literal(self, x: f64) -> TokenStream {
        let magnitude = match self {
            Scalar::F64 | Scalar::F32 => proc_macro2::Literal::f64_unsuffixed(x.abs()).into_token_stream(),
            Scalar::Generic => generic::literal(x.abs()),
        };
        if x.is_sign_negative() { quote!(-#magnitude) } else { magnitude }
    }
}

/// What the macro knows of a value's type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Ty {
    Float(Scalar),
    Bool,
    Int,
    /// An array, by its number among the shapes of the function.
    Array(u16),
    /// A record buffer of the reverse sweep.
    Tape,
    /// A type that only rustc knows.
    Unknown,
}

impl Ty {
    pub(crate) fn scalar(self) -> Option<Scalar> {
        match self {
            Ty::Float(scalar) => Some(scalar),
            Ty::Bool | Ty::Int | Ty::Array(_) | Ty::Tape | Ty::Unknown => None,
        }
    }

    pub(crate) fn is_array(self) -> bool {
        matches!(self, Ty::Array(_))
    }

    /// The same type of array, owned: that of adjoints and tangents that are made.
    pub(crate) fn owned(self) -> Self {
        match self {
            Ty::Array(shape) => Ty::Array(shape / 3 * 3 + 1),
            other => other,
        }
    }

    /// The same type of array, by reference: that of tangents and seeds that are given.
    pub(crate) fn borrowed(self) -> Self {
        match self {
            Ty::Array(shape) => Ty::Array(shape / 3 * 3 + 2),
            other => other,
        }
    }
}

/// How long an array is in one dimension.
#[derive(Clone)]
pub(crate) enum Dim {
    /// As long as the expression says, which rustc knows at compile time.
    Fixed(Rc<syn::Expr>),
    Dynamic,
}

/// How an array is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Storage {
    /// A reference to it: a slice, or a reference to an array or a `Vec`.
    Borrowed,
    /// The same, mutable.
    BorrowedMut,
    Owned,
}

/// The type of an array of floats; the outermost dimension comes first. Only that one may be dynamic.
#[derive(Clone)]
pub(crate) struct Shape {
    pub(crate) scalar: Scalar,
    pub(crate) dims: Vec<Dim>,
    pub(crate) storage: Storage,
    /// The fields that follow each index, where the elements are parts of structs.
    pub(crate) fields: Rc<Vec<Vec<syn::Member>>>,
    /// No array, but a struct that is passed to functions as a whole.
    pub(crate) of_struct: Option<Rc<Fields>>,
}

/// The parts of a struct that is passed to functions as a whole: literal indices select them.
#[derive(Default)]
pub(crate) struct Fields {
    /// The paths to the parts, as `.inner.x`.
    pub(crate) paths: Vec<String>,
    /// How the struct is made of its parts, if it is made.
    pub(crate) tree: Option<Tree>,
}

impl Fields {
    /// The members on the way to a part.
    pub(crate) fn members(&self, index: Atom) -> Vec<syn::Member> {
        let Atom::Int(k) = index else { return Vec::new() };
        let path = usize::try_from(k).ok().and_then(|k| self.paths.get(k));
        path.into_iter().flat_map(|path| members_of(path)).collect()
    }
}

impl Shape {
    pub(crate) fn new(scalar: Scalar, dims: Vec<Dim>, storage: Storage) -> Self {
        Shape { scalar, dims, storage, fields: Rc::default(), of_struct: None }
    }

    /// A struct that is passed on as a whole.
    pub(crate) fn of_struct(scalar: Scalar, storage: Storage, fields: Fields) -> Self {
        Shape { of_struct: Some(Rc::new(fields)), ..Shape::new(scalar, vec![Dim::Dynamic], storage) }
    }

    pub(crate) fn is_struct(&self) -> bool {
        self.of_struct.is_some()
    }

    /// A shape with its owned and its borrowed variants, as they stand in the table of a function.
    pub(crate) fn variants(self) -> [Shape; 3] {
        let owned = Shape { storage: Storage::Owned, ..self.clone() };
        let borrowed = Shape { storage: Storage::Borrowed, ..self.clone() };
        [self, owned, borrowed]
    }

    /// The type of slices of a float type, which the table gets if it has none. What stands in structs is no slice.
    pub(crate) fn slice_in(shapes: &mut Vec<Shape>, scalar: Scalar) -> Ty {
        let is_slice =
            |shape: &Shape| shape.scalar == scalar && matches!(shape.dims[..], [Dim::Dynamic]) && !shape.is_part();
        let known = shapes.chunks(3).position(|variants| is_slice(&variants[0]));
        let number = known.unwrap_or_else(|| {
            let slice = Shape::new(scalar, vec![Dim::Dynamic], Storage::Borrowed);
            shapes.extend(slice.variants());
            shapes.len() / 3 - 1
        });
        Ty::Array(u16::try_from(number * 3).unwrap_or(u16::MAX))
    }

    /// Whether it is an array in a struct, or a struct, which the macro cannot make anew.
    pub(crate) fn is_part(&self) -> bool {
        !self.fields.is_empty() || self.is_struct()
    }

    /// Whether the length is known at compile time in all dimensions.
    pub(crate) fn is_fixed(&self) -> bool {
        self.dims.iter().all(|dim| matches!(dim, Dim::Fixed(_)))
    }
}

/// The name that a value would like to have in the generated code.
#[derive(Clone)]
pub(crate) struct Hint {
    pub(crate) name: Rc<str>,
    pub(crate) span: Span,
    /// The user wrote this name: the variable may have it.
    pub(crate) user: bool,
    /// The user declared a variable of this value: it keeps its `let`.
    pub(crate) declared: bool,
}

impl Hint {
    /// A name for a variable that the macro makes.
    pub(crate) fn generated(name: impl Into<Rc<str>>, span: Span) -> Self {
        Hint { name: name.into(), span, user: false, declared: false }
    }
}

#[derive(Clone)]
pub(crate) struct Info {
    pub(crate) ty: Ty,
    pub(crate) hint: Option<Hint>,
    /// Made by differentiation: its arithmetic may be written in another order than it was made.
    pub(crate) derived: bool,
}

/// How far a piece of the user's code may be moved, repeated or left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Effect {
    /// A pure function of its arguments: may be shared, moved, repeated and left out.
    Pure,
    /// Reads a variable that changes: keeps its place, may be left out.
    Reads,
    /// May do anything: kept, in its place, once.
    Any,
}

/// Code of the user that is carried through verbatim.
#[derive(Clone)]
pub(crate) struct Opaque {
    pub(crate) code: Code,
    /// Which identifiers of the code stand for which atoms.
    pub(crate) args: Vec<(Rc<str>, Atom)>,
    pub(crate) effect: Effect,
    /// The text of the code, for comparison.
    pub(crate) text: Rc<str>,
}

/// The length of an array, where a literal tells it.
pub(crate) fn literal_length(length: &syn::Expr) -> Option<i64> {
    match length {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(length), .. }) => length.base10_parse().ok(),
        _ => None,
    }
}

impl Opaque {
    /// The length that the type of an array tells, which stands anywhere.
    pub(crate) fn fixed_length(length: &Rc<syn::Expr>) -> Self {
        let text = crate::emit::text_of(&**length);
        Opaque { code: Code::Expr(length.clone(), None), args: Vec::new(), effect: Effect::Pure, text }
    }

    /// `array.len()`, of an array whose length changes.
    pub(crate) fn length(array: Value) -> Self {
        let expr: syn::Expr = syn::parse_quote!(array.len());
        let args = vec![(Rc::from("array"), Atom::Value(array))];
        Opaque { code: Code::Expr(Rc::new(expr), None), args, effect: Effect::Reads, text: Rc::from("array.len()") }
    }
}

#[derive(Clone)]
pub(crate) enum Code {
    /// An expression; its result, if it has one, is the statement's only result.
    Expr(Rc<syn::Expr>, Option<Rc<syn::Type>>),
    /// Statements; the results are the variables that they declare, by their names in the code.
    Stmts(Rc<Vec<syn::Stmt>>, Vec<Rc<str>>),
    /// `let _: scalar = expr;`: the type is asserted, nothing is computed.
    Assert(Rc<syn::Expr>, Scalar),
}

#[derive(Clone)]
pub(crate) struct Region {
    pub(crate) params: Vec<Value>,
    pub(crate) stmts: Vec<Stmt>,
    pub(crate) yields: Vec<Atom>,
}

#[derive(Clone)]
pub(crate) struct Stmt {
    pub(crate) results: Vec<Value>,
    pub(crate) op: Op,
}

#[derive(Clone)]
pub(crate) enum Op {
    /// A primitive of the table: pure.
    Prim(Prim, Vec<Atom>),
    Opaque(Opaque),
    If {
        cond: Atom,
        then: Region,
        otherwise: Region,
    },
    Loop(Box<Loop>),
    Call(Call),
    /// The reverse sweep of a call.
    Pull(Pull),
    /// A function of the region's parameters, which keeps what it reads from outside.
    Closure(Closure),
    /// An element of an array.
    Load(Value, Vec<Atom>),
    /// `array[index] = value`.
    Store(Value, Vec<Atom>, Atom),
    /// `array[index] += term`, in an array of adjoints or tangents.
    Accumulate(Value, Vec<Atom>, Atom),
    NewArray(NewArray),
    /// A further element at the end of an array that grows.
    Append(Value, Atom),
    /// The last element of an array, which loses it.
    Take(Value),
    /// As many elements as the atom says: the last ones go, or zeros come.
    Resize(Value, Atom),
    /// Every element of the array becomes zero.
    Clear(Value),
    /// An empty tape; with the range whose length it will have, where that is known.
    NewTape(Option<Range>),
    Push(Value, Vec<Atom>),
    /// A tape that holds a known number of records from the start, of fields of these types; whether rustc knows the number
    /// too, so that the tape is an array.
    NewBuffer(Atom, Vec<Ty>, bool),
    /// A record in its place.
    Put(Value, Atom, Vec<Atom>),
}

/// A call of another differentiable function. Its results are the floats that the function returns, then what the rule
/// adds.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) callee: Rc<Callee>,
    /// The arguments in their order; of a method, the receiver first.
    pub(crate) args: Vec<Atom>,
    pub(crate) rule: Rule,
}

/// A function that is called.
pub(crate) struct Callee {
    pub(crate) name: Name,
    pub(crate) returns: Returns,
    /// Where each argument stands.
    pub(crate) spans: Vec<Span>,
    /// How each argument that is an array is passed.
    pub(crate) passes: Vec<Pass>,
}

/// How an argument is passed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Pass {
    /// As it is.
    Value,
    Shared,
    Mutable,
}

/// How a function is named where it is called.
pub(crate) enum Name {
    /// `g`, `m::g`, `Type::g`, `Self::g`.
    Path(syn::ExprPath),
    /// `receiver.g`, with its generic arguments.
    Method(proc_macro2::Ident, Option<syn::AngleBracketedGenericArguments>),
}

impl Call {
    fn operands(&self) -> Vec<Atom> {
        let inputs = self.inputs().into_iter().flatten();
        match &self.rule {
            Rule::Primal | Rule::Partials(_) | Rule::Pushforward(_) => inputs.collect(),
            Rule::Pullback { asked, .. } => inputs.chain(asked.iter().copied().flatten()).collect(),
        }
    }

    fn written_arrays(&self) -> Vec<Value> {
        let inputs = self.inputs().into_iter().enumerate();
        inputs.filter(|(k, _)| self.pass(*k) == Pass::Mutable).filter_map(|(_, atom)| atom?.value()).collect()
    }

    /// What the callee is given: the arguments, then their tangents, as far as they have any.
    pub(crate) fn inputs(&self) -> Vec<Option<Atom>> {
        let args = self.args.iter().copied().map(Some);
        args.chain(self.rule.tangents().iter().copied()).collect()
    }

    /// How an input is passed: the tangents of an array that is moved are lent.
    pub(crate) fn pass(&self, input: usize) -> Pass {
        match (self.callee.passes[input % self.args.len()], input < self.args.len()) {
            (Pass::Value, false) => Pass::Shared,
            (pass, _) => pass,
        }
    }

    /// How many floats the callee gives, the tangents among them.
    pub(crate) fn outputs(&self) -> usize {
        (1 + self.orders()) * self.callee.returns.count()
    }

    /// Of how many orders the arguments have tangents.
    pub(crate) fn orders(&self) -> usize {
        self.rule.tangents().len() / self.args.len().max(1)
    }
}

impl Slot {
    pub(crate) fn array(self) -> Option<Value> {
        match self {
            Slot::Added(array) | Slot::Exchanged(array) => Some(array),
            Slot::Constant | Slot::Adjoint => None,
        }
    }
}

impl Callee {
    /// Where the name of the function stands.
    pub(crate) fn span(&self) -> Span {
        match &self.name {
            Name::Path(path) => path.path.segments.last().map_or_else(Span::call_site, |last| last.ident.span()),
            Name::Method(name, _) => name.span(),
        }
    }
}

/// The form in which a function that is called returns its floats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Returns {
    Scalar,
    Tuple(usize),
    Array(usize),
    /// Nothing: the results are in arrays that are passed by mutable reference.
    Nothing,
}

impl Returns {
    pub(crate) fn count(self) -> usize {
        match self {
            Returns::Nothing => 0,
            Returns::Scalar => 1,
            Returns::Tuple(count) | Returns::Array(count) => count,
        }
    }
}

/// Which companion is called, and so which results are added.
#[derive(Clone)]
pub(crate) enum Rule {
    /// The function itself.
    Primal,
    /// The partial derivatives of what the function returns, up to an order.
    Partials(Partials),
    /// The tangents of what the function returns, from those of the arguments that have one; or the derivatives of several
    /// orders along a path, from those of the arguments, order after order.
    Pushforward(Vec<Option<Atom>>),
    /// The pullback of the function, or of its pushforward if there are tangents, for the inputs that are asked for: each
    /// has a flag that says whether it is after all. It reads the arrays of some later on, and is given copies of others.
    ///
    /// An argument has a tangent if and only if it is asked for.
    Pullback { tangents: Vec<Option<Atom>>, asked: Vec<Option<Atom>>, copied: Vec<bool> },
}

impl Rule {
    /// The tangents of the arguments, order after order; none if the function is called without.
    pub(crate) fn tangents(&self) -> &[Option<Atom>] {
        match self {
            Rule::Primal | Rule::Partials(_) => &[],
            Rule::Pushforward(tangents) | Rule::Pullback { tangents, .. } => tangents,
        }
    }

    /// The same rule with other atoms.
    pub(crate) fn map(&self, mut replace: impl FnMut(Atom) -> Atom) -> Self {
        let mut all = |atoms: &[Option<Atom>]| atoms.iter().map(|atom| atom.map(&mut replace)).collect();
        match self {
            Rule::Primal => Rule::Primal,
            Rule::Partials(partials) => Rule::Partials(partials.clone()),
            Rule::Pushforward(tangents) => Rule::Pushforward(all(tangents)),
            Rule::Pullback { tangents, asked, copied } => {
                Rule::Pullback { tangents: all(tangents), asked: all(asked), copied: copied.clone() }
            }
        }
    }

    /// The indices of the derivatives that the results are.
    pub(crate) fn indices(&self) -> Vec<Vec<usize>> {
        match self {
            Rule::Primal => vec![Vec::new()],
            Rule::Partials(partials) => partials.indices(),
            Rule::Pushforward(_) | Rule::Pullback { .. } => unreachable!("calls with arrays have no partials"),
        }
    }

    /// The derivatives of the results in the arguments that vary, of so many orders more.
    pub(crate) fn differentiated(&self, varies: &[bool], orders: usize) -> Partials {
        match self {
            Rule::Partials(Partials { asked, order }) => {
                let asked = asked.iter().zip(varies).map(|(asked, varies)| *asked || *varies).collect();
                Partials { asked, order: order + orders }
            }
            Rule::Primal | Rule::Pushforward(_) | Rule::Pullback { .. } => {
                Partials { asked: varies.to_vec(), order: orders }
            }
        }
    }
}

/// The application of a pullback. Its results are the adjoints of the scalars that are asked for; those of arrays are
/// added to, or exchanged, in place.
#[derive(Clone)]
pub(crate) struct Pull {
    pub(crate) pullback: Atom,
    /// The pullback came out of a branch, which may not have been taken.
    pub(crate) optional: bool,
    pub(crate) callee: Rc<Callee>,
    pub(crate) seeds: Vec<Atom>,
    pub(crate) slots: Vec<Slot>,
}

/// What a pullback is given, or gives, for an argument.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    /// Nothing: the argument is a constant.
    Constant,
    /// It gives the adjoint of a scalar, or of an array that was moved.
    Adjoint,
    /// It adds to the adjoint of an array.
    Added(Value),
    /// It exchanges the adjoint of what an array holds after the call for that of what it held before.
    Exchanged(Value),
}

/// A pullback that is returned to a caller.
#[derive(Clone)]
pub(crate) struct Closure {
    pub(crate) region: Region,
    /// The parameters that are lent for the time of the closure.
    pub(crate) kept: Vec<Keep>,
    /// Further parameters of the closure: structs of adjoints.
    pub(crate) structs: Vec<StructParam>,
    /// The parameters of the region that are parts of these, with the variables that stand for them.
    pub(crate) parts: Vec<(Value, proc_macro2::Ident)>,
}

/// A parameter that a closure reads, with the variable that keeps it.
#[derive(Clone)]
pub(crate) struct Keep {
    pub(crate) value: Value,
    pub(crate) keeper: proc_macro2::Ident,
    /// How it is read; none of what is read with another.
    pub(crate) read: Option<Rc<syn::Expr>>,
}

/// A parameter of a closure that is a struct, and the statements that the closure begins with.
#[derive(Clone)]
pub(crate) struct StructParam {
    pub(crate) pattern: proc_macro2::TokenStream,
    pub(crate) opening: proc_macro2::TokenStream,
}

/// What a new array holds.
#[derive(Clone)]
pub(crate) enum NewArray {
    /// The same in every element; the lengths, outermost first.
    Fill(Atom, Vec<Atom>),
    Elements(Vec<Atom>),
    /// Nothing yet; with room for so many elements.
    Empty(Option<Atom>),
    /// Zeros, in the shape of another array.
    Zeros(Value),
    /// What another array holds.
    Copy(Value),
    /// A part of another array, by reference.
    Window {
        array: Value,
        part: Part,
        mutable: bool,
    },
}

/// Which part of an array a window shows, in its outermost dimension.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    /// The elements from a start to an end, or to the last.
    Range(Atom, Option<Atom>),
    /// One row of an array of several dimensions.
    Row(Atom),
    /// From the first atom on, as many elements as the second says; nothing where that is none.
    Along(Atom, Atom),
    /// The elements before the place at which an array is split in two.
    Head(Atom),
    /// The elements from that place on.
    Tail(Atom),
}

impl Part {
    pub(crate) fn operands(self) -> Vec<Atom> {
        match self {
            Part::Range(start, end) => std::iter::once(start).chain(end).collect(),
            Part::Row(atom) | Part::Head(atom) | Part::Tail(atom) => vec![atom],
            Part::Along(start, length) => vec![start, length],
        }
    }

    /// The same part, its operands replaced.
    pub(crate) fn map(self, mut replace: impl FnMut(Atom) -> Atom) -> Self {
        match self {
            Part::Range(start, end) => Part::Range(replace(start), end.map(replace)),
            Part::Row(index) => Part::Row(replace(index)),
            Part::Along(start, length) => Part::Along(replace(start), replace(length)),
            Part::Head(middle) => Part::Head(replace(middle)),
            Part::Tail(middle) => Part::Tail(replace(middle)),
        }
    }
}

impl NewArray {
    fn operands(&self) -> Vec<Atom> {
        match self {
            NewArray::Fill(value, lengths) => std::iter::once(*value).chain(lengths.iter().copied()).collect(),
            NewArray::Elements(elements) => elements.clone(),
            NewArray::Empty(capacity) => capacity.iter().copied().collect(),
            NewArray::Zeros(array) | NewArray::Copy(array) => vec![Atom::Value(*array)],
            NewArray::Window { array, part, .. } => {
                let mut atoms = part.operands();
                atoms.push(Atom::Value(*array));
                atoms
            }
        }
    }
}

#[derive(Clone)]
pub(crate) struct Loop {
    pub(crate) header: Header,
    /// A reverse sweep: each iteration takes the last record off a tape.
    pub(crate) records: Option<Records>,
    pub(crate) init: Vec<Atom>,
    pub(crate) body: Region,
}

#[derive(Clone)]
pub(crate) struct Records {
    pub(crate) tape: Value,
    /// The fields of the record, for the body.
    pub(crate) binds: Vec<Value>,
    pub(crate) taken: Taken,
}

/// How a loop takes its records off the tape.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// The whole tape, for good.
    All,
    /// The whole tape, which is filled again later.
    Drained,
    /// All of the places, which keep their records.
    Places,
    /// One by one: the tape holds those of other runs of the loop as well.
    OneByOne,
}

#[derive(Clone)]
pub(crate) enum Header {
    /// `for index in start..end`, in steps, forwards or backwards.
    Range(Range),
    /// `for pattern in iterable`, anything that the macro does not look into; the values that the pattern binds.
    Iter { pat: Rc<syn::Pat>, names: Vec<Rc<str>>, binds: Vec<Value>, iter: Opaque },
    /// `while cond`: the region computes the condition from the carried values (its parameters).
    While(Region),
    /// `loop`: ends by its flag alone.
    Forever,
    /// As often as the atom says.
    Times(Atom),
}

#[derive(Clone)]
pub(crate) struct Range {
    pub(crate) index: Value,
    pub(crate) start: Atom,
    pub(crate) end: Atom,
    pub(crate) inclusive: bool,
    pub(crate) step: Option<Atom>,
    pub(crate) reversed: bool,
}

/// A function: its parameters are the parameters of its body.
#[derive(Clone)]
pub(crate) struct Function {
    pub(crate) values: Vec<Info>,
    pub(crate) shapes: Rc<Vec<Shape>>,
    pub(crate) body: Region,
    /// Loads and windows of the user's function: these may panic, also where nothing needs them.
    pub(crate) checked: HashSet<Value>,
    /// Arrays of tangents and adjoints, with the arrays that they belong to and are as long as.
    pub(crate) twins: HashMap<Value, Value>,
    /// Of the user's function: statements that compile only if its names mean what lowering took them for.
    pub(crate) guards: Vec<syn::Stmt>,
}

/// The arrays that statements change.
pub(crate) fn written_in(stmts: &[Stmt]) -> HashSet<Value> {
    walk(stmts).flat_map(|stmt| stmt.op.written_arrays()).collect()
}

/// The arrays that statements read.
pub(crate) fn loaded_in(stmts: &[Stmt]) -> HashSet<Value> {
    let read = walk(stmts).flat_map(|stmt| match &stmt.op {
        Op::Load(array, _) => vec![*array],
        Op::Call(call) => call.inputs().into_iter().flatten().filter_map(Atom::value).collect(),
        _ => Vec::new(),
    });
    read.collect()
}

/// Statements, and those of all regions in them: each before what is inside of it.
pub(crate) fn walk(stmts: &[Stmt]) -> Walk<'_> {
    Walk { open: vec![stmts.iter()] }
}

pub(crate) struct Walk<'a> {
    /// What is left of the regions around, the innermost last.
    open: Vec<std::slice::Iter<'a, Stmt>>,
}

impl<'a> Iterator for Walk<'a> {
    type Item = &'a Stmt;

    fn next(&mut self) -> Option<&'a Stmt> {
        loop {
            if let Some(stmt) = self.open.last_mut()?.next() {
                self.open.extend(stmt.op.regions().into_iter().rev().map(|inner| inner.stmts.iter()));
                return Some(stmt);
            }
            self.open.pop();
        }
    }
}

impl Region {
    /// The calls in the region.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Call> {
        walk(&self.stmts).filter_map(|stmt| if let Op::Call(call) = &stmt.op { Some(call) } else { None })
    }
}

impl Loop {
    /// Whether an iteration may end the loop.
    pub(crate) fn breaks(&self) -> bool {
        self.body.yields.first() != Some(&Atom::Bool(true))
    }

    /// The range of a loop that goes over all numbers of one, step by step, in either direction.
    pub(crate) fn plain_range(&self) -> Option<&Range> {
        match &self.header {
            Header::Range(range) => {
                Some(range).filter(|range| !self.breaks() && !range.inclusive && range.step.is_none())
            }
            Header::Iter { .. } | Header::While(_) | Header::Forever | Header::Times(_) => None,
        }
    }
}

impl Loop {
    /// The values that an iteration defines, its own and those of the regions in it.
    pub(crate) fn varying(&self) -> HashSet<Value> {
        let mut out = HashSet::new();
        self.define(&mut out);
        for stmt in walk(&self.body.stmts) {
            out.extend(&stmt.results);
            out.extend(stmt.op.regions().into_iter().flat_map(|region| &region.params));
            if let Op::Loop(inner) = &stmt.op {
                inner.define(&mut out);
            }
        }
        out
    }

    fn define(&self, out: &mut HashSet<Value>) {
        out.extend(self.header.binds());
        out.extend(self.records.iter().flat_map(|records| &records.binds));
        out.extend(&self.body.params);
    }
}

impl Range {
    pub(crate) fn operands(&self) -> Vec<Atom> {
        let mut atoms = vec![self.start, self.end];
        atoms.extend(self.step);
        atoms
    }
}

impl Function {
    /// Whether a value is a struct that is passed on as a whole.
    pub(crate) fn is_struct(&self, value: Value) -> bool {
        match self.values[value.0 as usize].ty {
            Ty::Array(number) => self.shapes[number as usize].is_struct(),
            Ty::Float(_) | Ty::Bool | Ty::Int | Ty::Tape | Ty::Unknown => false,
        }
    }

    /// The type of a tangent of an array, which is passed as its parameter is.
    pub(crate) fn tangent_ty(&self, ty: Ty) -> Ty {
        match ty {
            Ty::Array(number) => {
                let shape = &self.shapes[number as usize];
                if shape.is_fixed() && shape.storage == Storage::Owned { ty.owned() } else { ty.borrowed() }
            }
            other => other,
        }
    }

    /// The length of a one-dimensional array, where a literal tells it.
    pub(crate) fn length(&self, ty: Ty) -> Option<usize> {
        let Ty::Array(number) = ty else { return None };
        match &self.shapes[number as usize].dims[..] {
            [Dim::Fixed(length)] => usize::try_from(literal_length(length)?).ok(),
            _ => None,
        }
    }

    /// For each window, the array that it shows a part of in the end.
    pub(crate) fn roots(&self) -> HashMap<Value, Value> {
        let mut out = HashMap::new();
        for stmt in walk(&self.body.stmts) {
            if let Op::NewArray(NewArray::Window { array, .. }) = &stmt.op {
                let root = *out.get(array).unwrap_or(array);
                out.insert(stmt.results[0], root);
            }
        }
        out
    }

    /// For each tape, the values as which its records are read back.
    pub(crate) fn fields(&self) -> HashMap<Value, Vec<Value>> {
        let records = walk(&self.body.stmts).filter_map(|stmt| match &stmt.op {
            Op::Loop(l) => l.records.as_ref(),
            _ => None,
        });
        records.map(|records| (records.tape, records.binds.clone())).collect()
    }

    /// The arrays whose length changes.
    pub(crate) fn growing(&self) -> HashSet<Value> {
        let changed = walk(&self.body.stmts).filter_map(|stmt| match &stmt.op {
            Op::Append(array, _) | Op::Take(array) | Op::Resize(array, _) => Some(*array),
            _ => None,
        });
        changed.collect()
    }

    /// The arrays that the function changes, and the windows that show them.
    pub(crate) fn changing(&self) -> HashSet<Value> {
        let mut out = written_in(&self.body.stmts);
        let roots = self.roots();
        out.extend(out.clone().iter().filter_map(|array| roots.get(array)));
        let seen: Vec<Value> = roots.iter().filter(|(_, root)| out.contains(root)).map(|(window, _)| *window).collect();
        out.extend(seen);
        out
    }
}

impl Header {
    /// The values that the header defines for the body.
    pub(crate) fn binds(&self) -> &[Value] {
        match self {
            Header::Range(range) => std::slice::from_ref(&range.index),
            Header::Iter { binds, .. } => binds,
            Header::While(_) | Header::Forever | Header::Times(_) => &[],
        }
    }

    /// The atoms that the header reads once, before the loop.
    pub(crate) fn operands(&self) -> Vec<Atom> {
        match self {
            Header::Range(range) => range.operands(),
            Header::Iter { iter, .. } => iter.args.iter().map(|(_, atom)| *atom).collect(),
            Header::While(_) | Header::Forever => Vec::new(),
            Header::Times(count) => vec![*count],
        }
    }
}

impl Op {
    /// The regions that the operation owns.
    pub(crate) fn regions(&self) -> Vec<&Region> {
        match self {
            Op::If { then, otherwise, .. } => vec![then, otherwise],
            Op::Loop(l) => match &l.header {
                Header::While(cond) => vec![cond, &l.body],
                Header::Range(_) | Header::Iter { .. } | Header::Forever | Header::Times(_) => {
                    vec![&l.body]
                }
            },
            Op::Prim(..) | Op::Opaque(_) | Op::Load(..) | Op::Store(..) | Op::Accumulate(..) => Vec::new(),
            Op::Append(..) | Op::Take(_) | Op::Resize(..) => Vec::new(),
            Op::NewArray(_) | Op::Clear(_) | Op::NewTape(_) | Op::Push(..) => Vec::new(),
            Op::NewBuffer(..) | Op::Put(..) | Op::Call(_) | Op::Pull(_) => Vec::new(),
            Op::Closure(closure) => vec![&closure.region],
        }
    }

    /// The arrays that the operation changes.
    pub(crate) fn written_arrays(&self) -> Vec<Value> {
        match self {
            Op::Store(array, ..) | Op::Accumulate(array, ..) | Op::Clear(array) => vec![*array],
            Op::Append(array, _) | Op::Take(array) | Op::Resize(array, _) => vec![*array],
            Op::Call(call) => call.written_arrays(),
            Op::Pull(pull) => pull.slots.iter().filter_map(|slot| slot.array()).collect(),
            Op::Prim(..) | Op::Opaque(_) | Op::If { .. } | Op::Loop(_) | Op::Load(..) => Vec::new(),
            Op::NewArray(_) | Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => Vec::new(),
            Op::Closure(_) => Vec::new(),
        }
    }

    /// The index of the element that the operation reads or changes.
    pub(crate) fn index(&self) -> Option<&[Atom]> {
        match self {
            Op::Load(_, index) | Op::Store(_, index, _) | Op::Accumulate(_, index, _) => Some(index),
            Op::Append(..) | Op::Take(_) | Op::Resize(..) | Op::Clear(_) | Op::NewArray(_) => None,
            Op::Prim(..) | Op::Opaque(_) | Op::If { .. } | Op::Loop(_) | Op::Call(_) => None,
            Op::NewTape(_) | Op::Push(..) | Op::NewBuffer(..) | Op::Put(..) => None,
            Op::Pull(_) | Op::Closure(_) => None,
        }
    }

    /// The atoms that the operation itself reads, without those of its regions.
    pub(crate) fn operands(&self) -> Vec<Atom> {
        match self {
            Op::Prim(_, args) => args.clone(),
            Op::Call(call) => call.operands(),
            Op::Pull(pull) => {
                let arrays = pull.slots.iter().filter_map(|slot| slot.array()).map(Atom::Value);
                std::iter::once(pull.pullback).chain(pull.seeds.iter().copied()).chain(arrays).collect()
            }
            Op::Closure(_) => Vec::new(),
            Op::Opaque(opaque) => opaque.args.iter().map(|(_, atom)| *atom).collect(),
            Op::If { cond, .. } => vec![*cond],
            Op::Loop(l) => {
                let mut atoms = l.init.clone();
                atoms.extend(l.header.operands());
                atoms.extend(l.records.iter().map(|records| Atom::Value(records.tape)));
                atoms
            }
            Op::Load(array, index) => std::iter::once(Atom::Value(*array)).chain(index.iter().copied()).collect(),
            Op::Store(array, index, value) | Op::Accumulate(array, index, value) => {
                let mut atoms = vec![Atom::Value(*array)];
                atoms.extend(index);
                atoms.push(*value);
                atoms
            }
            Op::NewArray(new) => new.operands(),
            Op::Append(array, atom) | Op::Resize(array, atom) => vec![Atom::Value(*array), *atom],
            Op::Take(array) | Op::Clear(array) => vec![Atom::Value(*array)],
            Op::NewBuffer(length, ..) => vec![*length],
            Op::Put(tape, index, record) => {
                let mut atoms = vec![Atom::Value(*tape), *index];
                atoms.extend(record);
                atoms
            }
            Op::NewTape(range) => range.iter().flat_map(Range::operands).collect(),
            Op::Push(tape, record) => {
                let mut atoms = vec![Atom::Value(*tape)];
                atoms.extend(record);
                atoms
            }
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "%{}", self.0)
    }
}

impl fmt::Debug for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Atom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Atom::Value(value) => value.fmt(f),
            Atom::Float(x) => write!(f, "{x:?}"),
            Atom::Int(n) => n.fmt(f),
            Atom::Bool(b) => b.fmt(f),
            Atom::Undefined => f.write_str("undefined"),
        }
    }
}

fn list<T: fmt::Display>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Opaque {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.text)?;
        for (name, atom) in &self.args {
            write!(f, " {name}={atom}")?;
        }
        match self.effect {
            Effect::Pure => Ok(()),
            Effect::Reads => f.write_str(" reads"),
            Effect::Any => f.write_str(" effect"),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Name::Path(path) => f.write_str(&quote::ToTokens::to_token_stream(path).to_string().replace(' ', "")),
            Name::Method(name, _) => write!(f, ".{name}"),
        }
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rule = match &self.rule {
            Rule::Primal => "",
            Rule::Partials(Partials { order: 1, .. }) => " with partials",
            Rule::Partials(_) => " with partials of higher order",
            Rule::Pushforward(_) => " with tangents",
            Rule::Pullback { tangents, .. } if tangents.is_empty() => " with pullback",
            Rule::Pullback { .. } => " with tangents and their pullback",
        };
        write!(f, "call {}({}){rule}", self.callee.name, list(&self.args))
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let params: Vec<String> = self
            .body
            .params
            .iter()
            .map(|p| match &self.values[p.0 as usize].hint {
                Some(hint) => format!("{p} {}", hint.name),
                None => p.to_string(),
            })
            .collect();
        writeln!(f, "fn({}) {{", params.join(", "))?;
        write_region(f, &self.body, 1)?;
        f.write_str("}")
    }
}

fn write_region(f: &mut fmt::Formatter<'_>, region: &Region, depth: usize) -> fmt::Result {
    let pad = "  ".repeat(depth);
    for stmt in &region.stmts {
        write!(f, "{pad}")?;
        if !stmt.results.is_empty() {
            write!(f, "{} = ", list(&stmt.results))?;
        }
        match &stmt.op {
            Op::Prim(prim, args) => writeln!(f, "{prim:?} {}", list(args))?,
            Op::Opaque(opaque) => writeln!(f, "{opaque}")?,
            Op::Call(call) => writeln!(f, "{call}")?,
            Op::Pull(pull) => writeln!(f, "pull {}({})", pull.pullback, list(&stmt.op.operands()[1..]))?,
            Op::Closure(closure) => {
                writeln!(f, "closure ({}) {{", list(&closure.region.params))?;
                write_region(f, &closure.region, depth + 1)?;
                writeln!(f, "{pad}}}")?;
            }
            Op::If { cond, then, otherwise } => {
                writeln!(f, "if {cond} {{")?;
                write_region(f, then, depth + 1)?;
                writeln!(f, "{pad}}} else {{")?;
                write_region(f, otherwise, depth + 1)?;
                writeln!(f, "{pad}}}")?;
            }
            Op::Loop(l) => {
                match &l.header {
                    Header::Range(r) => {
                        let dots = if r.inclusive { "..=" } else { ".." };
                        write!(f, "for {} in {}{dots}{}", r.index, r.start, r.end)?;
                        if let Some(step) = r.step {
                            write!(f, " step {step}")?;
                        }
                        if r.reversed {
                            f.write_str(" reversed")?;
                        }
                    }
                    Header::Iter { binds, iter, .. } => write!(f, "for {} in {iter}", list(binds))?,
                    Header::While(cond) => {
                        writeln!(f, "while ({}) {{", list(&cond.params))?;
                        write_region(f, cond, depth + 2)?;
                        write!(f, "{pad}  }}")?;
                    }
                    Header::Forever => f.write_str("loop")?,
                    Header::Times(n) => write!(f, "{n} times")?,
                }
                if let Some(records) = &l.records {
                    write!(f, " popping ({}) from {}", list(&records.binds), records.tape)?;
                }
                writeln!(f, " ({}) = ({}) {{", list(&l.body.params), list(&l.init))?;
                write_region(f, &l.body, depth + 1)?;
                writeln!(f, "{pad}}}")?;
            }
            Op::Load(array, index) => writeln!(f, "{array}[{}]", list(index))?,
            Op::Store(array, index, value) => writeln!(f, "{array}[{}] := {value}", list(index))?,
            Op::Accumulate(array, index, term) => writeln!(f, "{array}[{}] += {term}", list(index))?,
            Op::NewArray(NewArray::Fill(value, lengths)) => writeln!(f, "[{value}; {}]", list(lengths))?,
            Op::NewArray(NewArray::Elements(elements)) => writeln!(f, "[{}]", list(elements))?,
            Op::NewArray(NewArray::Empty(_)) => writeln!(f, "[]")?,
            Op::Append(array, value) => writeln!(f, "append {array} {value}")?,
            Op::Take(array) => writeln!(f, "take {array}")?,
            Op::Resize(array, length) => writeln!(f, "resize {array} {length}")?,
            Op::NewArray(NewArray::Zeros(array)) => writeln!(f, "zeros like {array}")?,
            Op::NewArray(NewArray::Copy(array)) => writeln!(f, "copy of {array}")?,
            Op::NewArray(NewArray::Window { array, part, .. }) => {
                writeln!(f, "window {array} {}", list(&part.operands()))?
            }
            Op::Clear(array) => writeln!(f, "clear {array}")?,
            Op::NewBuffer(length, fields, fixed) => {
                let place = if *fixed { " in an array" } else { "" };
                writeln!(f, "{length} records of {} field(s){place}", fields.len())?
            }
            Op::Put(tape, index, record) => writeln!(f, "{tape}[{index}] := ({})", list(record))?,
            Op::NewTape(_) => writeln!(f, "new tape")?,
            Op::Push(tape, record) => writeln!(f, "push {tape} ({})", list(record))?,
        }
    }
    writeln!(f, "{pad}yield {}", list(&region.yields))
}
