//! Emission: a function goes in, the tokens of its body come out, as one would have written them by hand.
//!
//! Three decisions are made here, none of which changes what is computed. A value that is used once is written where
//! it is used. A carried value of a loop, and a variable that a branch changes, is one mutable variable, updated where
//! its next value is computed, if its last value is not read after that. And a region that ends in a branch whose
//! results it yields ends with that branch: an early `return`, a `break`, or the value of a block.

mod call;

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::visit_mut::{self, VisitMut};

use crate::generic;
use crate::ir::{
    Atom, Code, Dim, Effect, Function, Header, Info, Loop, NewArray, Op, Opaque, Part, Region, Scalar, Shape, Stmt,
    Storage, Taken, Ty, Value, walk,
};
use crate::names::{self, Names};
use crate::rules::{self, Prim};

/// Binding strength of an expression, weakest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Any,
    Or,
    And,
    Compare,
    Sum,
    Product,
    Unary,
    Method,
}

/// What becomes of the atoms that a region yields.
#[derive(Clone)]
enum End<'a> {
    /// They are the value of the block.
    Value(Vec<Ty>),
    /// Each is assigned to a variable, whose value until then is the holder's; others are the value of the block.
    Assign(Vec<Target>),
    /// The first says whether the loop goes on; the others are assigned.
    Body(Vec<Target>),
    /// They are the result of the function.
    Return(&'a dyn Fn(&[TokenStream]) -> TokenStream, Vec<Ty>),
}

/// A variable to be assigned at the end of a region.
#[derive(Clone)]
enum Target {
    Variable {
        name: Ident,
        holder: Value,
    },
    /// Not assigned: part of the value of the block.
    Value(Ty),
}

/// What is written for the variables that stand for parts of parameters: the parts.
pub(crate) type Places = HashMap<String, TokenStream>;

/// The body of a generated function. `wrap` makes the result from the atoms that the function yields.
pub(crate) fn emit(
    function: &Function,
    params: &[Ident],
    places: &Places,
    runtime: &TokenStream,
    names: Names,
    wrap: &dyn Fn(&[TokenStream]) -> TokenStream,
) -> TokenStream {
    let (tokens, sound) = emit_once(function, params, places, runtime, names.clone(), wrap, true);
    if sound {
        return tokens;
    }
    // A value would be read from a variable that holds another one: then every value has a variable of its own.
    emit_once(function, params, places, runtime, names, wrap, false).0
}

/// Emits a function, with variables that are shared or not, and says whether every value is read where it is held.
pub(crate) fn emit_once<'a>(
    function: &'a Function,
    params: &[Ident],
    places: &'a Places,
    runtime: &TokenStream,
    names: Names,
    wrap: &dyn Fn(&[TokenStream]) -> TokenStream,
    shares: bool,
) -> (TokenStream, bool) {
    let mut emitter = Emitter {
        values: &function.values,
        definitions: HashMap::new(),
        inlined: HashSet::new(),
        written: params.iter().zip(&function.body.params).map(|(ident, value)| (*value, ident.clone())).collect(),
        shared: HashMap::new(),
        mutable: HashSet::new(),
        fixed: function.body.params.iter().copied().collect(),
        names,
        places,
        shapes: &function.shapes,
        changing: function.changing(),
        tails: tails(&function.body),
        windows: function.roots().into_keys().collect(),
        suffix: None,
        scalar: scalar_of(function),
        numbers: Vec::new(),
        runtime: runtime.clone(),
        shares,
        held: HashMap::new(),
        keepers: keepers(&function.body),
        used: HashSet::new(),
        traits: Traits::default(),
        sound: true,
    };
    for param in &function.body.params {
        emitter.hold(*param);
    }
    Inliner::new(&function.values).run(&function.body, &mut emitter);
    let types = function.body.yields.iter().map(|atom| emitter.ty(*atom)).collect();
    let tokens = emitter.region(&function.body.stmts, &function.body.yields, &End::Return(wrap, types));
    let imports = emitter.traits.imports();
    let numbers = emitter.numbers.iter().map(|(x, name)| {
        let number = Scalar::Generic.literal(*x);
        quote!(let #name = #number;)
    });
    (quote!(#imports #(#numbers)* #tokens), emitter.sound)
}

/// The float type of what is literal in a function: its generic one, if it has one.
fn scalar_of(function: &Function) -> Scalar {
    let generic = Ty::Float(Scalar::Generic);
    let is_generic = function.values.iter().any(|info| info.ty == generic)
        || function.shapes.iter().any(|shape| shape.scalar == Scalar::Generic);
    if is_generic { Scalar::Generic } else { Scalar::F64 }
}

/// The variables that keep what the pullback at the end of a function reads.
fn keepers(body: &Region) -> HashMap<Value, Ident> {
    match body.stmts.last().map(|stmt| &stmt.op) {
        Some(Op::Closure(closure)) => closure.kept.iter().map(|keep| (keep.value, keep.keeper.clone())).collect(),
        _ => HashMap::new(),
    }
}

/// The traits whose methods the body calls: a crate may have no prelude.
#[derive(Default)]
struct Traits {
    iterator: bool,
    into_iterator: bool,
}

impl Traits {
    fn imports(&self) -> TokenStream {
        match (self.iterator, self.into_iterator) {
            (false, _) => TokenStream::new(),
            (true, false) => quote!(
                use ::core::iter::Iterator as _;
            ),
            (true, true) => quote!(
                use ::core::iter::{IntoIterator as _, Iterator as _};
            ),
        }
    }
}

struct Emitter<'a> {
    values: &'a [Info],
    /// The statements of values that are written where they are used.
    definitions: HashMap<Value, &'a Op>,
    inlined: HashSet<Value>,
    /// The variable that holds each value.
    written: HashMap<Value, Ident>,
    /// Values that take over the variable of an earlier value.
    shared: HashMap<Value, Value>,
    /// Values whose variable is assigned again.
    mutable: HashSet<Value>,
    /// Parameters of the function: never assigned.
    fixed: HashSet<Value>,
    names: Names,
    places: &'a Places,
    shapes: &'a [Shape],
    /// The arrays that are written to.
    changing: HashSet<Value>,
    /// For an array that is split mutably, and where: the second part.
    tails: HashMap<(Value, Atom), Value>,
    /// The parts of arrays.
    windows: HashSet<Value>,
    /// The type that the next literal must show.
    suffix: Option<Scalar>,
    /// The float type where nothing else tells one: that of a literal.
    scalar: Scalar,
    /// The numbers of a generic type that have a variable.
    numbers: Vec<(f64, Ident)>,
    runtime: TokenStream,
    /// Values may take over the variables of others.
    shares: bool,
    /// Which value each variable holds where emission stands.
    held: HashMap<Ident, Value>,
    /// The variables that keep the arrays which are lent to a pullback.
    keepers: HashMap<Value, Ident>,
    /// The values that something reads.
    used: HashSet<Value>,
    traits: Traits,
    /// So far every value was read from a variable that holds it.
    sound: bool,
}

/// The second parts of arrays that are split mutably in two.
fn tails(region: &Region) -> HashMap<(Value, Atom), Value> {
    let tails = walk(&region.stmts).filter_map(|stmt| match &stmt.op {
        Op::NewArray(NewArray::Window { array, part: Part::Tail(middle), mutable: true }) => {
            Some(((*array, *middle), stmt.results[0]))
        }
        _ => None,
    });
    tails.collect()
}

// ---- which values are written where they are used ---------------------------------------------------------------

struct Inliner<'a> {
    values: &'a [Info],
    uses: HashMap<Value, usize>,
    /// The region in which each value is defined, and the depth of loops there.
    homes: HashMap<Value, usize>,
    /// Uses that lie in another loop than the definition, or that may not be moved to.
    barred: HashSet<Value>,
    /// Indices by which a vector is written to: Rust borrows the vector before it evaluates the index.
    indices: HashMap<Value, Value>,
    loops: usize,
    next_loop: usize,
}

impl<'a> Inliner<'a> {
    fn new(values: &'a [Info]) -> Self {
        Inliner {
            values,
            uses: HashMap::new(),
            homes: HashMap::new(),
            barred: HashSet::new(),
            indices: HashMap::new(),
            loops: 0,
            next_loop: 0,
        }
    }

    fn run(mut self, body: &'a Region, emitter: &mut Emitter<'a>) {
        self.count(body);
        self.choose(&body.stmts, &[], emitter);
        emitter.used = self.uses.into_keys().collect();
    }

    fn note(&mut self, atom: Atom, weight: usize) {
        if let Some(value) = atom.value() {
            *self.uses.entry(value).or_default() += weight;
            if self.homes.get(&value).is_some_and(|home| *home != self.loops) {
                self.barred.insert(value);
            }
        }
    }

    fn count(&mut self, region: &'a Region) {
        for stmt in &region.stmts {
            self.count_stmt(stmt);
        }
        for atom in &region.yields {
            self.note(*atom, 1);
        }
    }

    fn count_stmt(&mut self, stmt: &'a Stmt) {
        match &stmt.op {
            Op::Prim(Prim::StrongMul | Prim::StrongDiv, args) => {
                self.note(args[0], 2);
                self.note(args[1], 1);
            }
            Op::Prim(Prim::StrongMulIf, args) => {
                self.note(args[0], 1);
                self.note(args[1], 2);
                self.note(args[2], 1);
            }
            Op::Opaque(opaque) => self.count_opaque(opaque),
            Op::Loop(l) => {
                for atom in &l.init {
                    self.note(*atom, 1);
                }
                match &l.header {
                    Header::Iter { iter, .. } => self.count_opaque(iter),
                    other => other.operands().into_iter().for_each(|atom| self.note(atom, 1)),
                }
                let outer = self.loops;
                self.next_loop += 1;
                self.loops = self.next_loop;
                if let Header::While(cond) = &l.header {
                    self.count(cond);
                }
                self.count(&l.body);
                self.loops = outer;
            }
            // What it keeps is computed before it is made, and so is what is returned with it: that may read what it keeps.
            Op::Closure(closure) => {
                self.next_loop += 2;
                self.loops = self.next_loop - 1;
                self.count(&closure.region);
                self.loops = self.next_loop;
            }
            other => {
                // A capacity is only a second mention of the bounds of a loop: it must not keep them from their place.
                other
                    .operands()
                    .into_iter()
                    .for_each(|atom| self.note(atom, if matches!(other, Op::NewTape(_)) { 2 } else { 1 }));
                for region in other.regions() {
                    self.count(region);
                }
            }
        }
        for result in &stmt.results {
            self.homes.insert(*result, self.loops);
        }
    }

    fn count_opaque(&mut self, opaque: &Opaque) {
        for (name, atom) in &opaque.args {
            self.note(*atom, if name.starts_with(crate::lower::PLACEHOLDER) { 1 } else { 2 });
        }
    }

    /// Chooses in the statements of a region, and in those inside of them. What the region yields is read behind them all.
    fn choose(&mut self, stmts: &'a [Stmt], yields: &[Atom], emitter: &mut Emitter<'a>) {
        // From the end: whether a value may move depends on whether the values that read it do.
        for (position, stmt) in stmts.iter().enumerate().rev() {
            for region in stmt.op.regions() {
                self.choose(&region.stmts, &region.yields, emitter);
            }
            if let Op::Store(array, index, _) | Op::Accumulate(array, index, _) = &stmt.op
                && emitter.is_vector(*array)
            {
                self.indices.extend(index.iter().filter_map(|atom| Some((atom.value()?, *array))));
            }
            let [result] = stmt.results[..] else { continue };
            let vector = self.indices.get(&result).copied();
            if vector.is_some_and(|vector| stmt.op.operands().contains(&Atom::Value(vector))) {
                continue;
            }
            let movable = match &stmt.op {
                Op::Prim(..) => true,
                Op::Load(array, _) => {
                    !emitter.changing.contains(array)
                        || is_read_in_place(result, &stmts[position + 1..], yields, &emitter.inlined)
                }
                Op::Opaque(Opaque { code: Code::Expr(_, None), effect, args, .. }) => match effect {
                    // A part of an array that changes cannot be asked for anything once the array itself is read.
                    Effect::Pure => {
                        !args.iter().any(|(_, atom)| atom.value().is_some_and(|v| emitter.is_open_window(v)))
                    }
                    Effect::Reads => is_read_in_place(result, &stmts[position + 1..], yields, &emitter.inlined),
                    Effect::Any => false,
                },
                // A part that is only cleared needs no name.
                Op::NewArray(NewArray::Window { part: Part::Range(..), .. }) => {
                    matches!(stmts.get(position + 1), Some(Stmt { op: Op::Clear(array), .. }) if *array == result)
                }
                _ => false,
            };
            let named = self.values[result.0 as usize].hint.as_ref().is_some_and(|hint| hint.declared);
            let once = self.uses.get(&result) == Some(&1) && !self.barred.contains(&result);
            let trivial = is_trivial(&stmt.op);
            if movable && ((once && !named) || trivial) {
                emitter.inlined.insert(result);
                emitter.definitions.insert(result, &stmt.op);
                // What is written in an index belongs to it.
                let operands = stmt.op.operands().into_iter().filter_map(Atom::value);
                self.indices
                    .extend(vector.into_iter().flat_map(|vector| operands.clone().map(move |part| (part, vector))));
            }
        }
    }
}

/// A path to a constant is always written where it is used.
fn is_trivial(op: &Op) -> bool {
    matches!(op, Op::Opaque(Opaque { code: Code::Expr(expr, None), args, effect: Effect::Pure, .. })
        if args.is_empty() && matches!(&**expr, syn::Expr::Path(_) | syn::Expr::Lit(_)))
}

/// Whether the value is read before anything has an effect, in the statements that follow: by a statement that stays where
/// it is, or by a value that is itself read so.
fn is_read_in_place(value: Value, following: &[Stmt], yields: &[Atom], inlined: &HashSet<Value>) -> bool {
    let mut read = value;
    for stmt in following {
        if stmt.op.operands().contains(&Atom::Value(read)) {
            match stmt.results[..] {
                [result] if inlined.contains(&result) => read = result,
                _ => return true,
            }
        } else if !is_without_effect(&stmt.op) {
            return false;
        }
    }
    yields.contains(&Atom::Value(read))
}

fn is_without_effect(op: &Op) -> bool {
    match op {
        Op::Prim(..) | Op::Load(..) => true,
        Op::Opaque(opaque) => opaque.effect != Effect::Any,
        _ => false,
    }
}

// ---- which values share a variable ------------------------------------------------------------------------------

/// What a region reads of values from outside a statement, and where.
struct Reads {
    /// The last statement that reads a value; the length of the region for its yields.
    last: HashMap<Value, usize>,
}

impl<'a> Emitter<'a> {
    /// Whether an array is a vector that the function owns.
    fn is_vector(&self, array: Value) -> bool {
        let Ty::Array(shape) = self.values[array.0 as usize].ty else { return false };
        let shape = &self.shapes[shape as usize];
        shape.storage == Storage::Owned && matches!(shape.dims.first(), Some(Dim::Dynamic))
    }

    fn ty(&self, atom: Atom) -> Ty {
        match atom {
            Atom::Value(value) => self.values[value.0 as usize].ty,
            Atom::Float(_) => Ty::Float(self.scalar),
            Atom::Int(_) => Ty::Int,
            Atom::Bool(_) => Ty::Bool,
            Atom::Undefined => Ty::Unknown,
        }
    }

    fn is_open_window(&self, array: Value) -> bool {
        self.windows.contains(&array) && self.changing.contains(&array)
    }

    /// The variables that writing the atom reads.
    fn leaves(&self, atom: Atom, out: &mut HashSet<Value>) {
        let Some(value) = atom.value() else { return };
        match self.definitions.get(&value) {
            Some(op) => op.operands().into_iter().for_each(|operand| self.leaves(operand, out)),
            None => {
                out.insert(value);
            }
        }
    }

    fn leaves_of_region(&self, region: &Region, out: &mut HashSet<Value>) {
        for stmt in &region.stmts {
            self.leaves_of_stmt(stmt, out);
        }
        for atom in &region.yields {
            self.leaves(*atom, out);
        }
    }

    fn leaves_of_stmt(&self, stmt: &Stmt, out: &mut HashSet<Value>) {
        if stmt.results.iter().any(|result| self.inlined.contains(result)) {
            return;
        }
        for atom in stmt.op.operands() {
            self.leaves(atom, out);
        }
        for region in stmt.op.regions() {
            self.leaves_of_region(region, out);
        }
    }

    fn reads(&self, stmts: &[Stmt], yields: &[Atom]) -> Reads {
        let mut last = HashMap::new();
        for (position, stmt) in stmts.iter().enumerate() {
            let mut leaves = HashSet::new();
            self.leaves_of_stmt(stmt, &mut leaves);
            last.extend(leaves.into_iter().map(|leaf| (leaf, position)));
        }
        let mut leaves = HashSet::new();
        for atom in yields {
            self.leaves(*atom, &mut leaves);
        }
        last.extend(leaves.into_iter().map(|leaf| (leaf, stmts.len())));
        Reads { last }
    }

    /// Whether two values may be in one variable: they have its name, and its type.
    fn same_name(&self, a: Value, b: Value) -> bool {
        let name = |value: Value| self.values[value.0 as usize].hint.as_ref().map(|hint| hint.name.clone());
        let ty = |value: Value| self.values[value.0 as usize].ty;
        let clash = ty(a) != ty(b) && ty(a) != Ty::Unknown && ty(b) != Ty::Unknown;
        name(a).is_some() && name(a) == name(b) && !clash
    }

    /// Lets results of branches and loops take over the variable of the value that they replace.
    fn share(&mut self, stmts: &[Stmt], yields: &[Atom], own: &HashSet<Value>) {
        if !self.shares {
            return;
        }
        let reads = self.reads(stmts, yields);
        let mut own = own.clone();
        let mut taken = HashSet::new();
        for (position, stmt) in stmts.iter().enumerate() {
            let candidates: Vec<(Value, Value)> = match &stmt.op {
                Op::If { then, otherwise, .. } => self.branch_candidates(stmt, then, otherwise, &own),
                Op::Loop(l) => self.loop_candidates(stmt, l),
                _ => Vec::new(),
            };
            for (result, earlier) in candidates {
                let dead_after = reads.last.get(&earlier).is_some_and(|last| *last <= position);
                let free = own.contains(&earlier) && !self.fixed.contains(&earlier) && !self.inlined.contains(&earlier);
                if dead_after && free && !self.shared.contains_key(&result) && taken.insert(earlier) {
                    self.shared.insert(result, earlier);
                    self.mark_mutable(earlier);
                }
            }
            if !matches!(stmt.op, Op::Opaque(_)) {
                own.extend(&stmt.results);
            }
        }
    }

    /// Results that replace a variable of their name, which a branch yields or reads.
    fn branch_candidates(
        &self,
        stmt: &Stmt,
        then: &Region,
        otherwise: &Region,
        own: &HashSet<Value>,
    ) -> Vec<(Value, Value)> {
        let mut read = HashSet::new();
        self.leaves_of_stmt(stmt, &mut read);
        let mut read: Vec<Value> = read.into_iter().filter(|value| own.contains(value)).collect();
        read.sort_unstable();
        let mut candidates = Vec::new();
        for (k, result) in stmt.results.iter().enumerate() {
            let yielded = [otherwise.yields[k], then.yields[k]].into_iter().filter_map(Atom::value);
            let earlier = yielded.chain(read.iter().copied().rev());
            candidates.extend(earlier.filter(|value| self.same_name(*result, *value)).map(|value| (*result, value)));
        }
        candidates
    }

    /// Carried values whose initial value is a variable that nothing else reads.
    fn loop_candidates(&self, stmt: &Stmt, l: &Loop) -> Vec<(Value, Value)> {
        let mut inside = HashSet::new();
        for region in stmt.op.regions() {
            self.leaves_of_region(region, &mut inside);
        }
        for atom in l.header.operands() {
            self.leaves(atom, &mut inside);
        }
        l.init
            .iter()
            .enumerate()
            .filter_map(|(k, init)| Some((stmt.results[k], init.value()?)))
            .filter(|(_, init)| {
                !inside.contains(init) && l.init.iter().filter(|a| a.value() == Some(*init)).count() == 1
            })
            .filter(|(result, init)| self.same_name(*result, *init))
            .collect()
    }

    fn mark_mutable(&mut self, value: Value) {
        let mut value = value;
        loop {
            self.mutable.insert(value);
            match self.shared.get(&value) {
                Some(earlier) => value = *earlier,
                None => return,
            }
        }
    }

    /// The first value of the variable that the value is in.
    fn root(&self, value: Value) -> Value {
        let mut value = value;
        while let Some(earlier) = self.shared.get(&value) {
            value = *earlier;
        }
        value
    }

    /// Lets values that a region yields be computed straight into their targets. `others` are read at its end as well.
    fn place(&mut self, stmts: &[Stmt], yields: &[Atom], targets: &[Target], others: &[Atom]) {
        if !self.shares {
            return;
        }
        let all: Vec<Atom> = yields.iter().chain(others).copied().collect();
        let reads = self.reads(stmts, &all);
        for (atom, target) in yields.iter().zip(targets) {
            let (Some(value), Target::Variable { holder, .. }) = (atom.value(), target) else {
                continue;
            };
            let root = self.root(value);
            if value == *holder || root == *holder || self.shared.contains_key(&root) {
                continue;
            }
            let Some(position) = stmts.iter().position(|stmt| stmt.results.contains(&root)) else {
                continue;
            };
            if self.inlined.contains(&root) || yields.iter().filter(|a| a.value() == Some(value)).count() > 1 {
                continue;
            }
            let stmt = &stmts[position];
            let single = match &stmt.op {
                Op::Prim(..) => true,
                Op::If { .. } => stmt.results.iter().filter(|result| !self.shared.contains_key(result)).count() == 1,
                Op::Loop(l) => {
                    let slot = stmt.results.iter().position(|result| *result == root);
                    slot.is_some_and(|slot| l.init[slot].value() == Some(*holder))
                }
                _ => false,
            };
            // Every value that is in the variable so far must have been read for the last time.
            let in_variable = reads.last.iter().filter(|(read, _)| **read != value && self.root(**read) == *holder);
            let last = in_variable.map(|(_, last)| *last).max();
            let free = match &stmt.op {
                Op::Loop(_) => {
                    let mut inside = HashSet::new();
                    stmt.op.regions().into_iter().for_each(|region| self.leaves_of_region(region, &mut inside));
                    last.is_none_or(|last| last <= position) && !inside.contains(holder)
                }
                _ => last.is_none_or(|last| last <= position),
            };
            if single && free {
                self.shared.insert(root, *holder);
            }
        }
    }

    // ---- regions ------------------------------------------------------------------------------------------------

    fn region(&mut self, stmts: &'a [Stmt], yields: &[Atom], end: &End<'_>) -> TokenStream {
        let own: HashSet<Value> = match end {
            End::Body(targets) => targets
                .iter()
                .filter_map(|target| match target {
                    Target::Variable { holder, .. } => Some(*holder),
                    Target::Value(_) => None,
                })
                .collect(),
            End::Value(_) | End::Assign(_) | End::Return(..) => HashSet::new(),
        };
        self.share(stmts, yields, &own);
        if let Some(tokens) = self.tail_branch(stmts, yields, end) {
            return tokens;
        }
        match end {
            End::Assign(targets) => self.place(stmts, yields, targets, &[]),
            End::Body(targets) => self.place(stmts, &yields[1..], targets, &yields[..1]),
            End::Value(_) | End::Return(..) => {}
        }
        let mut tokens = TokenStream::new();
        for stmt in stmts {
            tokens.extend(self.stmt(stmt));
        }
        tokens.extend(self.end(yields, end));
        tokens
    }

    fn end(&mut self, yields: &[Atom], end: &End<'_>) -> TokenStream {
        match end {
            End::Return(wrap, types) => {
                let atoms: Vec<TokenStream> = yields.iter().zip(types).map(|(a, ty)| self.typed(*a, *ty)).collect();
                wrap(&atoms)
            }
            End::Value(types) => self.block_value(yields.iter().copied().zip(types.iter().copied()).collect()),
            End::Assign(targets) => {
                let mut values: Vec<(Atom, Ty)> = Vec::new();
                for (atom, target) in yields.iter().zip(targets) {
                    if let Target::Value(ty) = target {
                        values.push((*atom, *ty));
                    }
                }
                // A value that reads a variable which is about to change is computed first.
                let changes = |emitter: &Self, atom: Atom| {
                    targets.iter().any(|t| matches!(t, Target::Variable { name, .. } if emitter.mentions(atom, name)))
                };
                let mut tokens = TokenStream::new();
                let mut written = Vec::new();
                for (atom, ty) in values {
                    if changes(self, atom) {
                        let expr = self.typed(atom, ty);
                        let name = names::generated(&self.names.fresh("value", false), Span::call_site());
                        tokens.extend(quote!(let #name = #expr;));
                        written.push(quote!(#name));
                    } else {
                        written.push(self.typed(atom, ty));
                    }
                }
                tokens.extend(self.assignments(yields, targets));
                tokens.extend(match &written[..] {
                    [value] => value.clone(),
                    [] => TokenStream::new(),
                    values => quote!((#(#values),*)),
                });
                tokens
            }
            End::Body(targets) => {
                let mut tokens = TokenStream::new();
                let changes = targets
                    .iter()
                    .any(|t| matches!(t, Target::Variable { name, .. } if self.mentions(yields[0], name)));
                if changes {
                    // The flag reads a variable that is about to change: it is computed first.
                    let done = self.negated(yields[0]);
                    let name = names::generated(&self.names.fresh("done", false), Span::call_site());
                    tokens.extend(quote!(let #name = #done;));
                    tokens.extend(self.assignments(&yields[1..], targets));
                    tokens.extend(quote!(if #name { break; }));
                    return tokens;
                }
                tokens.extend(self.assignments(&yields[1..], targets));
                match yields[0] {
                    Atom::Bool(true) => {}
                    Atom::Bool(false) => tokens.extend(quote!(break;)),
                    go_on => {
                        let stop = self.negated(go_on);
                        tokens.extend(quote!(if #stop { break; }));
                    }
                }
                tokens
            }
        }
    }

    fn block_value(&mut self, values: Vec<(Atom, Ty)>) -> TokenStream {
        let atoms: Vec<TokenStream> = values.iter().map(|(atom, ty)| self.typed(*atom, *ty)).collect();
        match &atoms[..] {
            [] => TokenStream::new(),
            [atom] => atom.clone(),
            atoms => quote!((#(#atoms),*)),
        }
    }

    /// The assignments at the end of a region, in an order in which none overwrites what another reads.
    fn assignments(&mut self, yields: &[Atom], targets: &[Target]) -> TokenStream {
        let mut pending: Vec<(Ident, Atom)> = Vec::new();
        for (atom, target) in yields.iter().zip(targets) {
            let Target::Variable { name, .. } = target else {
                continue;
            };
            let in_place = atom.value().is_some_and(|value| {
                !self.inlined.contains(&value) && self.written.get(&value).is_some_and(|variable| variable == name)
            });
            if let (true, Some(value)) = (in_place, atom.value()) {
                self.read(value);
            }
            if !in_place && *atom != Atom::Undefined {
                pending.push((name.clone(), *atom));
            }
        }
        let mut tokens = TokenStream::new();
        while !pending.is_empty() {
            let free = (0..pending.len()).find(|k| {
                let name = &pending[*k].0;
                pending.iter().enumerate().all(|(j, (_, atom))| j == *k || !self.mentions(*atom, name))
            });
            let Some(k) = free else {
                let (names, atoms): (Vec<Ident>, Vec<Atom>) = pending.into_iter().unzip();
                let atoms: Vec<TokenStream> = atoms.into_iter().map(|atom| self.atom(atom, Level::Any)).collect();
                tokens.extend(quote!((#(#names),*) = (#(#atoms),*);));
                for name in &names {
                    self.held.remove(name);
                }
                return tokens;
            };
            let (name, atom) = pending.remove(k);
            tokens.extend(self.assign(&name, atom));
            self.held.remove(&name);
        }
        tokens
    }

    fn mentions(&self, atom: Atom, name: &Ident) -> bool {
        let mut leaves = HashSet::new();
        self.leaves(atom, &mut leaves);
        leaves.iter().any(|leaf| self.written.get(leaf) == Some(name))
    }

    /// `name = atom`, as a compound assignment where the atom is an operation on the variable.
    fn assign(&mut self, name: &Ident, atom: Atom) -> TokenStream {
        let definition = atom.value().and_then(|value| self.definitions.get(&value).copied());
        if let Some(Op::Prim(prim, args)) = definition {
            let derived = atom.value().is_some_and(|value| self.values[value.0 as usize].derived);
            return self.assign_prim(name, *prim, args, derived);
        }
        let value = self.atom(atom, Level::Any);
        quote!(#name = #value;)
    }

    fn assign_prim(&mut self, name: &Ident, prim: Prim, args: &[Atom], derived: bool) -> TokenStream {
        let is_target = |atom: &Atom| {
            let value = atom.value().filter(|value| !self.inlined.contains(value));
            value.is_some_and(|value| self.written.get(&value) == Some(name))
        };
        let targets = args.iter().map(is_target).collect();
        self.assign_to(&name.to_token_stream(), prim, args, targets, derived)
    }

    /// `array[index] = value`, as a compound assignment where the value is an operation on the element.
    fn store(&mut self, array: Value, index: &'a [Atom], value: Atom) -> TokenStream {
        let element = self.element(array, index);
        if let Some(Op::Prim(prim, args)) = value.value().and_then(|value| self.definitions.get(&value).copied()) {
            let is_target = |atom: &Atom| {
                let op = atom.value().and_then(|value| self.definitions.get(&value).copied());
                matches!(op, Some(Op::Load(other, at)) if *other == array && at[..] == *index)
            };
            let targets: Vec<bool> = args.iter().map(is_target).collect();
            if targets.contains(&true) {
                let derived = value.value().is_some_and(|value| self.values[value.0 as usize].derived);
                return self.assign_to(&element, *prim, args, targets, derived);
            }
        }
        let value = self.atom(value, Level::Any);
        quote!(#element = #value;)
    }

    /// The result of a primitive for a place, some of whose operands are what it holds.
    fn assign_to(
        &mut self,
        name: &TokenStream,
        prim: Prim,
        args: &[Atom],
        mut targets: Vec<bool>,
        derived: bool,
    ) -> TokenStream {
        // Sums and products commute, to the bit.
        let mut args = args.to_vec();
        if matches!(prim, Prim::Add | Prim::Mul) && targets[1] && !targets[0] {
            args.swap(0, 1);
            targets.swap(0, 1);
        }
        let on_itself = targets.first() == Some(&true);
        let args = &args[..];
        if on_itself && prim == Prim::IntSucc {
            return quote!(#name += 1;);
        }
        let operator = match prim {
            Prim::Add | Prim::IntAdd => quote!(+=),
            Prim::Sub | Prim::IntSub => quote!(-=),
            Prim::Mul => quote!(*=),
            Prim::Div => quote!(/=),
            _ => TokenStream::new(),
        };
        // A generic float has no compound assignments.
        let compound = self.scalar != Scalar::Generic || matches!(prim, Prim::IntAdd | Prim::IntSub);
        if on_itself && !operator.is_empty() && compound {
            let operand = self.atom(args[1], Level::Any);
            return quote!(#name #operator #operand;);
        }
        let value = self.prim(prim, args, derived, Level::Any);
        quote!(#name = #value;)
    }

    /// A region whose last statement is a branch, all of whose results the region yields, ends with the branch.
    fn tail_branch(&mut self, stmts: &'a [Stmt], yields: &[Atom], end: &End<'_>) -> Option<TokenStream> {
        let (last, prefix) = stmts.split_last()?;
        let Op::If { cond, then, otherwise } = &last.op else {
            return None;
        };
        if last.results.is_empty() {
            return None;
        }
        let is_result = |atom: &Atom| atom.value().is_some_and(|value| last.results.contains(&value));
        if !yields.iter().any(is_result) {
            return None;
        }
        // What does not come from the branch: in place before it, or assigned before it.
        let mut early: Vec<(usize, Atom, Target)> = Vec::new();
        if let End::Assign(targets) | End::Body(targets) = end {
            let skip = yields.len() - targets.len();
            let rest: Vec<Atom> =
                yields[skip..].iter().map(|atom| if is_result(atom) { Atom::Undefined } else { *atom }).collect();
            let flag = if skip == 1 && !is_result(&yields[0]) { &yields[..1] } else { &[] };
            self.place(stmts, &rest, targets, flag);
            let mut read = HashSet::new();
            self.leaves_of_stmt(last, &mut read);
            flag.iter().for_each(|atom| self.leaves(*atom, &mut read));
            for (k, (atom, target)) in rest.iter().zip(targets).enumerate() {
                match target {
                    Target::Variable { holder, .. } => {
                        let in_place =
                            atom.value().is_some_and(|v| !self.inlined.contains(&v) && self.root(v) == *holder);
                        if *atom == Atom::Undefined || in_place {
                            continue;
                        }
                        if read.iter().any(|leaf| self.root(*leaf) == *holder) {
                            return None;
                        }
                        early.push((skip + k, *atom, target.clone()));
                    }
                    Target::Value(_) if atom.value().is_some_and(|v| self.inlined.contains(&v)) => return None,
                    Target::Value(_) => {}
                }
            }
        } else if yields.iter().any(|a| !is_result(a) && a.value().is_some_and(|v| self.inlined.contains(&v))) {
            return None;
        }
        for result in &last.results {
            self.shared.remove(result);
        }
        let mut tokens = TokenStream::new();
        for stmt in prefix {
            tokens.extend(self.stmt(stmt));
        }
        let (atoms, targets): (Vec<Atom>, Vec<Target>) = early.iter().map(|(_, a, t)| (*a, t.clone())).unzip();
        tokens.extend(self.assignments(&atoms, &targets));
        let is_early = |k: usize| early.iter().any(|(slot, ..)| *slot == k);
        let through = |branch: &Region| -> Vec<Atom> {
            let position = |atom: &Atom| last.results.iter().position(|result| Some(*result) == atom.value());
            let yields = yields.iter().enumerate().map(|(k, atom)| if is_early(k) { Atom::Undefined } else { *atom });
            yields.map(|atom| position(&atom).map_or(atom, |k| branch.yields[k])).collect()
        };
        let then_yields = through(then);
        let else_yields = through(otherwise);
        tokens.extend(self.tail_arms(*cond, (&then.stmts, &then_yields), (&otherwise.stmts, &else_yields), end));
        Some(tokens)
    }

    fn tail_arms(
        &mut self,
        cond: Atom,
        then: (&'a [Stmt], &[Atom]),
        otherwise: (&'a [Stmt], &[Atom]),
        end: &End<'_>,
    ) -> TokenStream {
        let test = self.atom(cond, Level::Any);
        let stops = |yields: &[Atom]| matches!(end, End::Body(_)) && yields[0] == Atom::Bool(false);
        let is_return = matches!(end, End::Return(..));
        // A short branch that leaves the function, before a long rest, leaves it early.
        let lines = otherwise.0.iter().filter(|stmt| !stmt.results.iter().any(|r| self.inlined.contains(r))).count();
        if is_return && !ends_in_branch(then.0) && lines > 1 {
            self.share(then.0, then.1, &HashSet::new());
            let before = self.held.clone();
            let then_stmts: TokenStream = then.0.iter().map(|stmt| self.stmt(stmt)).collect();
            let then_value = self.end(then.1, end);
            self.held = before;
            let else_tokens = self.region(otherwise.0, otherwise.1, end);
            return quote!(if #test { #then_stmts return #then_value; } #else_tokens);
        }
        let before = self.held.clone();
        let then_tokens = self.region(then.0, then.1, end);
        self.held = before;
        let else_tokens = self.region(otherwise.0, otherwise.1, end);
        if stops(then.1) {
            return quote!(if #test { #then_tokens } #else_tokens);
        }
        if else_tokens.is_empty() {
            return quote!(if #test { #then_tokens });
        }
        if then_tokens.is_empty() {
            let test = self.negated(cond);
            return quote!(if #test { #else_tokens });
        }
        quote!(if #test { #then_tokens } else { #else_tokens })
    }

    // ---- statements ---------------------------------------------------------------------------------------------

    /// From here on the variable of the value holds it.
    fn hold(&mut self, value: Value) {
        if let Some(name) = self.written.get(&value) {
            self.held.insert(name.clone(), value);
        }
    }

    /// The variable of a value that is read; notes if it holds another one.
    fn read(&mut self, value: Value) -> Ident {
        let Some(name) = self.written.get(&value).cloned() else {
            unreachable!("a value is written before it is read")
        };
        self.sound &= self.held.get(&name) == Some(&value);
        name
    }

    /// The variable for a new value.
    fn declare(&mut self, value: Value, wish: &str) -> Ident {
        let root = self.root(value);
        if root != value
            && let Some(name) = self.written.get(&root).cloned()
        {
            self.written.insert(value, name.clone());
            return name;
        }
        let info = &self.values[value.0 as usize];
        let ident = match &info.hint {
            Some(hint) => {
                let name = self.names.fresh(&hint.name, hint.user);
                names::generated(&name, hint.span)
            }
            None => {
                let name = self.names.fresh(wish, false);
                names::generated(&name, Span::call_site())
            }
        };
        self.written.insert(value, ident.clone());
        ident
    }

    /// The variable for a new value that it holds at once.
    fn introduce(&mut self, value: Value, wish: &str) -> Ident {
        let name = self.declare(value, wish);
        self.hold(value);
        name
    }

    /// The `let` of a value, or the assignment to the variable that it takes over.
    fn bind(&mut self, value: Value, wish: &str, expr: TokenStream) -> TokenStream {
        self.bind_as(value, wish, None, expr)
    }

    /// The same, with the type where the expression does not show it.
    fn bind_as(&mut self, value: Value, wish: &str, ty: Option<TokenStream>, expr: TokenStream) -> TokenStream {
        let taken_over = self.root(value) != value;
        let name = self.introduce(value, wish);
        if taken_over {
            return quote!(#name = #expr;);
        }
        let mutability = self.mutable.contains(&value).then(|| quote!(mut));
        let ty = ty.map(|ty| quote!(: #ty));
        quote!(let #mutability #name #ty = #expr;)
    }

    fn stmt(&mut self, stmt: &'a Stmt) -> TokenStream {
        if stmt.results.iter().any(|result| self.inlined.contains(result)) {
            return TokenStream::new();
        }
        match &stmt.op {
            Op::Prim(prim, args) => {
                let result = stmt.results[0];
                if self.root(result) != result {
                    // The operands are read before the variable changes hands.
                    let name = self.written.get(&self.root(result)).cloned();
                    if let Some(name) = name {
                        let tokens = self.assign_prim(&name, *prim, args, self.values[result.0 as usize].derived);
                        self.written.insert(result, name);
                        self.hold(result);
                        return tokens;
                    }
                }
                let operand =
                    args.first().and_then(|a| a.value()).and_then(|v| self.values[v.0 as usize].hint.as_ref());
                let wish = names::of_prim(*prim, operand.map(|hint| &hint.name));
                let expr = self.prim(*prim, args, self.values[result.0 as usize].derived, Level::Any);
                self.bind(result, &wish, expr)
            }
            Op::Opaque(opaque) => self.opaque_stmt(stmt, opaque),
            Op::Call(call) => self.call(stmt, call),
            Op::Pull(pull) => self.pull(stmt, pull),
            Op::Closure(closure) => self.closure(stmt, closure),
            Op::If { cond, then, otherwise } => self.branch(stmt, *cond, then, otherwise),
            Op::Loop(l) => self.repeat(stmt, l),
            Op::Load(array, index) => {
                let element = self.element(*array, index);
                let wish = self.values[array.0 as usize]
                    .hint
                    .as_ref()
                    .map_or("element".to_owned(), |hint| format!("{}_element", hint.name));
                match stmt.results.first() {
                    Some(result) => self.bind(*result, &wish, element),
                    // Only the index is checked.
                    None => quote!(let _ = #element;),
                }
            }
            Op::Store(array, index, value) => self.store(*array, index, *value),
            Op::Accumulate(array, index, term) if index.is_empty() => {
                let (runtime, array) = (self.runtime.clone(), self.atom(Atom::Value(*array), Level::Method));
                let term = self.atom(*term, Level::Method);
                quote!(#runtime::Differentiable::accumulate(&mut #array, &#term);)
            }
            Op::Accumulate(array, index, term) => {
                let element = self.element(*array, index);
                // A generic float has no compound assignments.
                let generic = self.scalar == Scalar::Generic;
                let level = if generic { Level::Product } else { Level::Any };
                let (minus, term) = self.signed(*term, level);
                match (generic, minus) {
                    (true, true) => quote!(#element = #element - #term;),
                    (true, false) => quote!(#element = #element + #term;),
                    (false, true) => quote!(#element -= #term;),
                    (false, false) => quote!(#element += #term;),
                }
            }
            Op::NewArray(new) => {
                let result = stmt.results[0];
                if let Some(pair) = self.split(result, new) {
                    return pair;
                }
                let is_window = matches!(new, NewArray::Window { .. });
                if self.changing.contains(&result) && !is_window {
                    self.mutable.insert(result);
                }
                let array = self.new_array(new, result);
                self.bind(result, "array", array)
            }
            Op::Append(array, value) => {
                let array = self.atom(Atom::Value(*array), Level::Method);
                let value = self.atom(*value, Level::Any);
                quote!(#array.push(#value);)
            }
            Op::Take(array) => {
                let array = self.atom(Atom::Value(*array), Level::Method);
                match stmt.results.first() {
                    Some(result) => self.bind(*result, "last", quote!(#array.pop().unwrap())),
                    None => quote!(#array.pop();),
                }
            }
            Op::Resize(array, length) => self.resize(*array, *length),
            Op::Clear(array) => {
                let zero = self.zero_element(*array);
                let place = match self.definitions.get(array).copied() {
                    Some(Op::NewArray(NewArray::Window { array, part, .. })) => self.part(*array, *part),
                    _ => None,
                };
                let name = place.unwrap_or_else(|| self.atom(Atom::Value(*array), Level::Method));
                match self.values[array.0 as usize].ty {
                    Ty::Array(number)
                        if self.shapes[number as usize].fields.iter().any(|fields| !fields.is_empty()) =>
                    {
                        clear_parts(&name, &self.shapes[number as usize].fields, &self.scalar.literal(0.0))
                    }
                    _ => quote!(#name.fill(#zero);),
                }
            }
            Op::NewTape(range) => {
                let name = self.introduce(stmt.results[0], "tape");
                let runtime = &self.runtime;
                match range {
                    Some(range) => {
                        let range = self.range(range, false);
                        let runtime = &self.runtime;
                        quote!(let mut #name = #runtime::private::Vec::with_capacity((#range).size_hint().0);)
                    }
                    None => quote!(let mut #name = #runtime::private::Vec::new();),
                }
            }
            Op::NewBuffer(length, fields, fixed) => {
                let zeros: Vec<TokenStream> = fields.iter().map(|ty| zero_of(*ty)).collect();
                let zero = if let [zero] = &zeros[..] { zero.clone() } else { quote!((#(#zeros),*)) };
                let length = self.atom(*length, Level::Any);
                let name = self.introduce(stmt.results[0], "tape");
                let runtime = &self.runtime;
                if *fixed {
                    quote!(let mut #name = [#zero; #length];)
                } else {
                    quote!(let mut #name = #runtime::private::vec![#zero; #length];)
                }
            }
            Op::Put(tape, index, record) => {
                let name = self.atom(Atom::Value(*tape), Level::Method);
                let index = self.atom(*index, Level::Any);
                let fields: Vec<TokenStream> = record.iter().map(|atom| self.atom(*atom, Level::Any)).collect();
                match &fields[..] {
                    [field] => quote!(#name[#index] = #field;),
                    fields => quote!(#name[#index] = (#(#fields),*);),
                }
            }
            Op::Push(tape, record) => {
                let name = self.atom(Atom::Value(*tape), Level::Method);
                let fields: Vec<TokenStream> = record.iter().map(|atom| self.atom(*atom, Level::Any)).collect();
                match &fields[..] {
                    [field] => quote!(#name.push(#field);),
                    fields => quote!(#name.push((#(#fields),*));),
                }
            }
        }
    }

    /// `let (head, tail) = array.split_at_mut(middle)`: at the head, for both; nothing at the tail.
    fn split(&mut self, result: Value, new: &NewArray) -> Option<TokenStream> {
        let NewArray::Window { array, part, mutable: true } = new else { return None };
        if !self.changing.contains(&result) {
            return None;
        }
        match part {
            Part::Head(middle) => {
                let tail = *self.tails.get(&(*array, *middle))?;
                let array = self.atom(Atom::Value(*array), Level::Method);
                let middle = self.atom(*middle, Level::Any);
                let (head, tail) = (self.introduce(result, "head"), self.introduce(tail, "tail"));
                Some(quote!(let (#head, #tail) = #array.split_at_mut(#middle);))
            }
            Part::Tail(_) => self.written.contains_key(&result).then(TokenStream::new),
            Part::Range(..) | Part::Along(..) | Part::Row(_) => None,
        }
    }

    /// `array[start..end]`; none where a function of the runtime gives the part.
    fn part(&mut self, array: Value, part: Part) -> Option<TokenStream> {
        let array = self.atom(Atom::Value(array), Level::Method);
        Some(match part {
            Part::Range(start, end) => {
                let start = (start != Atom::Int(0)).then(|| self.atom(start, Level::Sum));
                let end = end.map(|end| self.atom(end, Level::Sum));
                quote!(#array[#start..#end])
            }
            Part::Head(middle) => {
                let middle = self.atom(middle, Level::Sum);
                quote!(#array[..#middle])
            }
            Part::Tail(middle) => {
                let middle = self.atom(middle, Level::Sum);
                quote!(#array[#middle..])
            }
            Part::Row(index) => {
                let index = self.atom(index, Level::Any);
                quote!(#array[#index])
            }
            Part::Along(..) => return None,
        })
    }

    /// `array[i][j]`.
    fn element(&mut self, array: Value, index: &[Atom]) -> TokenStream {
        let mut tokens = self.atom(Atom::Value(array), Level::Method);
        let (fields, of_struct) = match self.values[array.0 as usize].ty {
            Ty::Array(shape) => {
                let shape = &self.shapes[shape as usize];
                (shape.fields.clone(), shape.of_struct.clone())
            }
            _ => (Rc::default(), None),
        };
        if let Some(of_struct) = of_struct {
            let members = index.iter().flat_map(|atom| of_struct.members(*atom));
            return quote!(#tokens #(.#members)*);
        }
        for (k, atom) in index.iter().enumerate() {
            let index = self.atom(*atom, Level::Any);
            let fields = fields.get(k).into_iter().flatten();
            tokens.extend(quote!([#index] #(.#fields)*));
        }
        tokens
    }

    /// `array.resize(length, 0.0)`.
    fn resize(&mut self, array: Value, length: Atom) -> TokenStream {
        let Ty::Array(shape) = self.values[array.0 as usize].ty else { return TokenStream::new() };
        let shape = self.shapes[shape as usize].clone();
        let array = self.atom(Atom::Value(array), Level::Method);
        if length == Atom::Int(0) {
            return quote!(#array.clear(););
        }
        let element = Shape { dims: shape.dims[1..].to_vec(), ..shape };
        let zero = filled(&self.runtime, &element, float(0.0, Some(element.scalar), Level::Any), None);
        let length = self.atom(length, Level::Any);
        quote!(#array.resize(#length, #zero);)
    }

    /// A term, or what it is the negation of, if it is written as one; whether it is.
    fn signed(&mut self, term: Atom, level: Level) -> (bool, TokenStream) {
        match term.value().and_then(|value| self.definitions.get(&value).copied()) {
            Some(Op::Prim(Prim::Neg, args)) => (true, self.atom(args[0], level)),
            _ => (false, self.atom(term, level)),
        }
    }

    /// Zero in the inner dimensions of an array, which are fixed.
    fn zero_element(&self, array: Value) -> TokenStream {
        let Ty::Array(shape) = self.values[array.0 as usize].ty else { return self.scalar.literal(0.0) };
        let shape = &self.shapes[shape as usize];
        let inner = Shape { dims: shape.dims.iter().skip(1).cloned().collect(), ..shape.clone() };
        filled(&self.runtime, &inner, self.scalar.literal(0.0), None)
    }

    fn new_array(&mut self, new: &NewArray, result: Value) -> TokenStream {
        let runtime = self.runtime.clone();
        let Ty::Array(shape) = self.values[result.0 as usize].ty else { return TokenStream::new() };
        let shape = self.shapes[shape as usize].clone();
        match new {
            NewArray::Fill(value, lengths) => {
                let element = self.typed_literal(*value, Ty::Float(shape.scalar));
                let length = lengths.first().map(|length| self.atom(*length, Level::Any));
                filled(&runtime, &shape, element, length)
            }
            NewArray::Empty(capacity) => {
                let element = element_type(&runtime, &shape);
                let capacity = capacity.map(|atom| self.atom(atom, Level::Any));
                match capacity {
                    Some(capacity) => quote!(#runtime::private::Vec::<#element>::with_capacity(#capacity)),
                    None => quote!(#runtime::private::Vec::<#element>::new()),
                }
            }
            NewArray::Zeros(array) if shape.is_struct() => {
                let array = self.atom(Atom::Value(*array), Level::Method);
                quote!(#runtime::private::zero_of(&#array))
            }
            NewArray::Zeros(array) => {
                let zero = float(0.0, Some(shape.scalar), Level::Any);
                let array = self.atom(Atom::Value(*array), Level::Method);
                filled(&runtime, &shape, zero, Some(quote!(#array.len())))
            }
            NewArray::Elements(elements) if shape.is_struct() => {
                let elements: Vec<TokenStream> = elements.iter().map(|atom| self.atom(*atom, Level::Any)).collect();
                let of_struct = shape.of_struct.unwrap_or_default();
                let part = |path: &str| {
                    let place = of_struct.paths.iter().position(|known| known == path);
                    place.map(|place| elements[place].clone()).unwrap_or_default()
                };
                of_struct.tree.as_ref().map(|tree| tree.written(&part)).unwrap_or_default()
            }
            NewArray::Elements(elements) => {
                let elements: Vec<TokenStream> = elements.iter().map(|atom| self.atom(*atom, Level::Any)).collect();
                if shape.is_fixed() {
                    quote!([#(#elements),*])
                } else {
                    quote!(#runtime::private::vec![#(#elements),*])
                }
            }
            NewArray::Window { array, part, mutable } => {
                // A part through which nothing is changed is lent like any other: its array may not be mutable.
                let mutable = *mutable && self.changing.contains(&result);
                let mutability = mutable.then(|| quote!(mut));
                let Part::Along(start, length) = part else {
                    let place = self.part(*array, *part);
                    return quote!(&#mutability #place);
                };
                let is_owned = match self.values[array.0 as usize].ty {
                    Ty::Array(source) => self.shapes[source as usize].storage == Storage::Owned,
                    _ => false,
                };
                let array = self.atom(Atom::Value(*array), Level::Method);
                let array = if is_owned { quote!(&#mutability #array) } else { array };
                let [start, length] = [start, length].map(|atom| self.atom(*atom, Level::Any));
                let window = if mutable { quote!(window_mut) } else { quote!(window) };
                quote!(#runtime::private::#window(#array, #start, #length))
            }
            NewArray::Copy(array) => {
                let owned = match self.values[array.0 as usize].ty {
                    Ty::Array(source) => self.shapes[source as usize].storage == Storage::Owned,
                    _ => false,
                };
                let array = self.atom(Atom::Value(*array), Level::Method);
                if shape.fields.first().is_some_and(|fields| !fields.is_empty()) {
                    return quote!(#array.to_vec());
                }
                if shape.is_part() {
                    return quote!(::core::clone::Clone::clone(&#array));
                }
                match (shape.is_fixed(), owned) {
                    (true, true) => quote!(#array),
                    (true, false) => quote!(*#array),
                    (false, _) => quote!(#array.to_vec()),
                }
            }
        }
    }

    fn opaque_stmt(&mut self, stmt: &Stmt, opaque: &Opaque) -> TokenStream {
        match &opaque.code {
            Code::Expr(_, ty) => {
                let expr = self.opaque(opaque);
                match stmt.results.first() {
                    None => quote!(#expr;),
                    Some(result) => {
                        let name = self.introduce(*result, "value");
                        let ty = ty.as_ref().map(|ty| quote!(: #ty));
                        quote!(let #name #ty = #expr;)
                    }
                }
            }
            Code::Stmts(stmts, declared) => {
                let mut map = self.arguments(opaque);
                for (result, name) in stmt.results.iter().zip(declared) {
                    let ident = self.introduce(*result, name);
                    map.insert(name.to_string(), ident.to_token_stream());
                }
                let mut substitution = Substitution { map };
                let mut tokens = TokenStream::new();
                for stmt in stmts.iter() {
                    let mut stmt = stmt.clone();
                    substitution.visit_stmt_mut(&mut stmt);
                    stmt.to_tokens(&mut tokens);
                }
                tokens
            }
            Code::Assert(expr, scalar) => {
                let mut expr = (**expr).clone();
                Substitution { map: self.arguments(opaque) }.visit_expr_mut(&mut expr);
                let scalar = scalar.path(&self.runtime);
                quote!(let _: #scalar = #expr;)
            }
        }
    }

    fn branch(&mut self, stmt: &'a Stmt, cond: Atom, then: &'a Region, otherwise: &'a Region) -> TokenStream {
        let test = self.atom(cond, Level::Any);
        let mut targets = Vec::new();
        let mut values = Vec::new();
        for result in &stmt.results {
            let earlier = self.shared.get(result).copied();
            match earlier {
                Some(earlier) if self.written.contains_key(&self.root(earlier)) => {
                    let name = self.declare(*result, "value");
                    targets.push(Target::Variable { name, holder: self.root(earlier) });
                }
                _ => {
                    targets.push(Target::Value(self.values[result.0 as usize].ty));
                    values.push(*result);
                }
            }
        }
        let end = if values.len() == targets.len() {
            End::Value(values.iter().map(|value| self.values[value.0 as usize].ty).collect())
        } else {
            End::Assign(targets)
        };
        let before = self.held.clone();
        let then_tokens = self.region(&then.stmts, &then.yields, &end);
        self.held.clone_from(&before);
        let else_tokens = self.region(&otherwise.stmts, &otherwise.yields, &end);
        self.held = before;
        for result in stmt.results.iter().filter(|result| !values.contains(result)) {
            self.hold(*result);
        }
        let branch = match (then_tokens.is_empty(), else_tokens.is_empty()) {
            (_, true) => quote!(if #test { #then_tokens }),
            (true, false) => {
                let test = self.negated(cond);
                quote!(if #test { #else_tokens })
            }
            (false, false) if is_branch(&else_tokens) => quote!(if #test { #then_tokens } else #else_tokens),
            (false, false) => quote!(if #test { #then_tokens } else { #else_tokens }),
        };
        let all = self.values;
        let untyped = |value: &Value| {
            let is_float = all[value.0 as usize].ty.scalar().is_some();
            let k = stmt.results.iter().position(|result| result == value);
            is_float && k.is_some_and(|k| yields_literal(then, k) && yields_literal(otherwise, k))
        };
        match &values[..] {
            [] => branch,
            [value] => {
                let ty = untyped(value).then(|| self.float_type(*value));
                self.bind_as(*value, "value", ty, branch)
            }
            values => {
                let types = values.iter().any(untyped).then(|| {
                    let types =
                        values.iter().map(|value| if untyped(value) { self.float_type(*value) } else { quote!(_) });
                    quote!(: (#(#types),*))
                });
                let names: Vec<TokenStream> = values
                    .iter()
                    .map(|value| {
                        let name = self.introduce(*value, "value");
                        let mutability = self.mutable.contains(value).then(|| quote!(mut));
                        quote!(#mutability #name)
                    })
                    .collect();
                quote!(let (#(#names),*) #types = #branch;)
            }
        }
    }

    fn repeat(&mut self, stmt: &'a Stmt, l: &'a Loop) -> TokenStream {
        let mut tokens = TokenStream::new();
        let mut targets = Vec::new();
        for (k, result) in stmt.results.iter().enumerate() {
            let takes_over = self.shared.contains_key(result);
            let init = self.typed_literal(l.init[k], self.values[result.0 as usize].ty);
            let name = self.declare(*result, "carried");
            if !takes_over {
                tokens.extend(quote!(let mut #name = #init;));
            }
            let param = l.body.params[k];
            self.written.insert(param, name.clone());
            self.hold(param);
            targets.push(Target::Variable { name, holder: param });
        }
        let before = self.held.clone();
        let head = self.head(l);
        let binds: Vec<Ident> = l.header.binds().iter().filter_map(|bind| self.written.get(bind).cloned()).collect();
        let body = self.region(&l.body.stmts, &l.body.yields, &End::Body(targets));
        for bind in binds {
            self.names.release(&bind.to_string());
        }
        self.held = before;
        for result in &stmt.results {
            self.hold(*result);
        }
        tokens.extend(match head {
            Head::Plain(head) => quote!(#head { #body }),
            Head::Tested(stmts, stop) => quote!(loop { #stmts if #stop { break; } #body }),
        });
        tokens
    }

    fn head(&mut self, l: &'a Loop) -> Head {
        let index = |emitter: &mut Self, value: Value, body: &Region| {
            let mut leaves = HashSet::new();
            emitter.leaves_of_region(body, &mut leaves);
            if leaves.contains(&value) { emitter.introduce(value, "i").to_token_stream() } else { quote!(_) }
        };
        let records = l.records.as_ref().map(|records| {
            let binds: Vec<Ident> = records.binds.iter().map(|bind| self.introduce(*bind, "residual")).collect();
            let pattern = if let [bind] = &binds[..] { quote!(#bind) } else { quote!((#(#binds),*)) };
            let tape = self.atom(Atom::Value(records.tape), Level::Method);
            self.traits.iterator |= records.taken != Taken::OneByOne;
            self.traits.into_iterator |= records.taken == Taken::All;
            let iter = match records.taken {
                Taken::All => quote!(#tape.into_iter().rev()),
                Taken::Drained => quote!(#tape.drain(..).rev()),
                Taken::OneByOne => quote!(::core::iter::from_fn(|| #tape.pop())),
                Taken::Places => quote!(#tape.iter().rev()),
            };
            let pattern = if records.taken == Taken::Places { quote!(&#pattern) } else { pattern };
            (pattern, iter)
        });
        match (&l.header, records) {
            (Header::Range(range), records) => {
                let index = index(self, range.index, &l.body);
                match records {
                    None => {
                        let range = self.range(range, false);
                        Head::Plain(quote!(for #index in #range))
                    }
                    Some((pattern, iter)) => {
                        let range = self.range(range, true);
                        self.traits.iterator = true;
                        Head::Plain(quote!(for (#index, #pattern) in #range.zip(#iter)))
                    }
                }
            }
            (Header::Iter { pat, names, binds, iter }, _) => {
                let mut map = HashMap::new();
                for (name, bind) in names.iter().zip(binds) {
                    let ident = self.introduce(*bind, name);
                    map.insert(name.to_string(), ident.to_token_stream());
                }
                let mut pat = (**pat).clone();
                Substitution { map }.visit_pat_mut(&mut pat);
                let iter = self.opaque(iter);
                Head::Plain(quote!(for #pat in #iter))
            }
            (Header::Times(count), None) => {
                let count = self.atom(*count, Level::Sum);
                Head::Plain(quote!(for _ in 0..#count))
            }
            (Header::Times(count), Some((pattern, iter))) => {
                self.traits.iterator = true;
                let count = self.atom(*count, Level::Any);
                Head::Plain(quote!(for #pattern in #iter.take(#count)))
            }
            (Header::Forever, Some((pattern, iter))) => Head::Plain(quote!(for #pattern in #iter)),
            (Header::Forever, None) => Head::Plain(quote!(loop)),
            (Header::While(cond), _) => self.while_head(cond, &l.body.params),
        }
    }

    fn while_head(&mut self, cond: &'a Region, params: &[Value]) -> Head {
        // The condition reads the variables by parameters of its own.
        for (own, param) in cond.params.iter().zip(params) {
            if let Some(name) = self.written.get(param).cloned() {
                self.written.insert(*own, name);
                self.hold(*own);
            }
        }
        let head = self.test(cond);
        params.iter().for_each(|param| self.hold(*param));
        head
    }

    fn test(&mut self, cond: &'a Region) -> Head {
        let mut stmts = TokenStream::new();
        for stmt in &cond.stmts {
            stmts.extend(self.stmt(stmt));
        }
        if stmts.is_empty() {
            let test = self.atom(cond.yields[0], Level::Any);
            return Head::Plain(quote!(while #test));
        }
        Head::Tested(stmts, self.negated(cond.yields[0]))
    }

    /// The iterator of a range; in parentheses where a method is to be called on it.
    fn range(&mut self, range: &crate::ir::Range, receiver: bool) -> TokenStream {
        let start = self.atom(range.start, Level::Sum);
        let end = self.atom(range.end, Level::Sum);
        let plain = if range.inclusive { quote!(#start..=#end) } else { quote!(#start..#end) };
        let step = range.step.map(|step| {
            let step = self.atom(step, Level::Any);
            quote!(.step_by(#step))
        });
        let reversed = range.reversed.then(|| quote!(.rev()));
        if step.is_none() && reversed.is_none() && !receiver {
            return plain;
        }
        self.traits.iterator |= step.is_some() || reversed.is_some();
        quote!((#plain) #step #reversed)
    }

    // ---- expressions --------------------------------------------------------------------------------------------

    /// An atom where its type must be known from itself: a literal gets its suffix.
    fn typed_literal(&mut self, atom: Atom, ty: Ty) -> TokenStream {
        match (atom, ty) {
            (Atom::Float(x), Ty::Float(scalar)) => self.float(x, Some(scalar), Level::Any),
            (Atom::Undefined, Ty::Float(scalar)) => float(0.0, Some(scalar), Level::Any),
            (Atom::Int(n), Ty::Int) => {
                let literal = proc_macro2::Literal::usize_suffixed(usize::try_from(n).unwrap_or(0));
                quote!(#literal)
            }
            _ => self.typed(atom, ty),
        }
    }

    /// An atom of a known type.
    fn typed(&mut self, atom: Atom, ty: Ty) -> TokenStream {
        match (atom, ty) {
            (Atom::Undefined, Ty::Float(_)) => self.scalar.literal(0.0),
            (Atom::Undefined, Ty::Bool) => quote!(false),
            (Atom::Undefined, Ty::Int) => quote!(0),
            (Atom::Undefined, Ty::Unknown | Ty::Tape | Ty::Array(_)) => {
                quote!(::core::default::Default::default())
            }
            _ => self.atom(atom, Level::Any),
        }
    }

    fn atom(&mut self, atom: Atom, level: Level) -> TokenStream {
        match atom {
            Atom::Float(x) => {
                let suffix = self.suffix.take();
                self.float(x, suffix, level)
            }
            Atom::Int(n) => {
                let literal = proc_macro2::Literal::i64_unsuffixed(n.saturating_abs());
                let literal = if n < 0 { quote!(-#literal) } else { quote!(#literal) };
                wrap_if(n < 0 && level > Level::Unary, literal)
            }
            Atom::Bool(b) => quote!(#b),
            Atom::Undefined => quote!(::core::default::Default::default()),
            Atom::Value(value) => match self.definitions.get(&value).copied() {
                Some(Op::Prim(prim, args)) => {
                    let derived = self.values[value.0 as usize].derived;
                    self.prim(*prim, args, derived, level)
                }
                Some(Op::Load(array, index)) => self.element(*array, index),
                Some(Op::Opaque(opaque)) => {
                    let loose = !is_tight(&opaque.code);
                    let tokens = self.opaque(opaque);
                    wrap_if(loose && level > Level::Any, tokens)
                }
                _ => {
                    let name = self.read(value);
                    self.places.get(&name.to_string()).cloned().unwrap_or_else(|| name.to_token_stream())
                }
            },
        }
    }

    /// A literal. Of a generic type, those other than zero and one are variables of the function.
    fn float(&mut self, x: f64, scalar: Option<Scalar>, level: Level) -> TokenStream {
        if self.scalar != Scalar::Generic {
            return float(x, scalar, level);
        }
        let magnitude = x.abs();
        let tokens = if magnitude == 0.0 || magnitude == 1.0 {
            Scalar::Generic.literal(magnitude)
        } else {
            let known = self.numbers.iter().find(|(number, _)| *number == magnitude).map(|(_, name)| name.clone());
            let name = known.unwrap_or_else(|| {
                let name = self.names.fresh(&generic::name_of_number(magnitude), false);
                let name = names::generated(&name, Span::call_site());
                self.numbers.push((magnitude, name.clone()));
                name
            });
            name.to_token_stream()
        };
        if x.is_sign_negative() { wrap_if(level > Level::Unary, quote!(-#tokens)) } else { tokens }
    }

    /// The receiver of a method: where it is made of literals alone, the first of them needs its type.
    fn receiver(&mut self, atom: Atom, scalar: Scalar) -> TokenStream {
        self.suffix = self.is_made_of_literals(atom).then_some(scalar);
        self.atom(atom, Level::Method)
    }

    /// Whether nothing that is written for the atom shows its type.
    fn is_made_of_literals(&self, atom: Atom) -> bool {
        match atom {
            Atom::Float(_) => true,
            Atom::Int(_) | Atom::Bool(_) | Atom::Undefined => false,
            Atom::Value(value) => match self.definitions.get(&value) {
                Some(Op::Prim(Prim::Add | Prim::Sub | Prim::Mul | Prim::Div | Prim::Rem | Prim::Neg, args)) => {
                    args.iter().all(|arg| self.is_made_of_literals(*arg))
                }
                _ => false,
            },
        }
    }

    fn scalar_of(&self, args: &[Atom]) -> Scalar {
        args.iter().filter(|a| a.value().is_some()).find_map(|a| self.ty(*a).scalar()).unwrap_or(self.scalar)
    }

    fn binary(&mut self, args: &[Atom], operator: TokenStream, own: Level, right: Level, level: Level) -> TokenStream {
        let left_level = if own == Level::Compare { right } else { own };
        let (a, b) = (self.atom(args[0], left_level), self.atom(args[1], right));
        wrap_if(level > own, quote!(#a #operator #b))
    }

    /// A product of a derivative: its factors in a row, a literal first.
    fn product(&mut self, args: &[Atom], level: Level) -> TokenStream {
        let mut factors = Vec::new();
        self.factors(args, &mut factors);
        factors.sort_by_key(|atom| self.rank(*atom));
        let (divisors, factors): (Vec<Atom>, Vec<Atom>) =
            factors.into_iter().partition(|factor| self.divisor(*factor).is_some());
        let mut tokens = TokenStream::new();
        for (k, factor) in factors.iter().enumerate() {
            let factor = self.atom(*factor, if k == 0 { Level::Product } else { Level::Unary });
            tokens.extend(if k == 0 { factor } else { quote!(* #factor) });
        }
        if factors.is_empty() {
            tokens = self.scalar.literal(1.0);
        }
        let divisors: Vec<Atom> = divisors.into_iter().filter_map(|factor| self.divisor(factor)).collect();
        for divisor in divisors {
            let divisor = self.atom(divisor, Level::Unary);
            tokens.extend(quote!(/ #divisor));
        }
        wrap_if(level > Level::Product, tokens)
    }

    /// The order of factors: literals, variables, powers and sums of them, functions.
    fn rank(&self, factor: Atom) -> u8 {
        let Some(value) = factor.value() else { return 0 };
        match self.definitions.get(&value) {
            None => 1,
            Some(Op::Prim(Prim::Powi | Prim::Powf | Prim::Add | Prim::Sub | Prim::Neg, _)) => 2,
            Some(_) => 3,
        }
    }

    /// The divisor of a reciprocal that is written where it is used.
    fn divisor(&self, factor: Atom) -> Option<Atom> {
        match self.definitions.get(&factor.value()?)? {
            Op::Prim(Prim::Div, args) if args[0].is_float(1.0) => Some(args[1]),
            _ => None,
        }
    }

    /// The factors of a product and of the products that are written in it.
    fn factors(&self, args: &[Atom], out: &mut Vec<Atom>) {
        for arg in args {
            let inner = arg.value().and_then(|value| self.definitions.get(&value));
            match inner {
                Some(Op::Prim(Prim::Mul, inner)) => self.factors(inner, out),
                _ => out.push(*arg),
            }
        }
    }

    fn prim(&mut self, prim: Prim, args: &[Atom], derived: bool, level: Level) -> TokenStream {
        use Level::{And, Compare, Or, Product, Sum, Unary};
        match prim {
            Prim::Add => self.binary(args, quote!(+), Sum, Product, level),
            Prim::Sub => self.binary(args, quote!(-), Sum, Product, level),
            Prim::Mul if derived => self.product(args, level),
            Prim::Mul => self.binary(args, quote!(*), Product, Unary, level),
            Prim::Div => self.binary(args, quote!(/), Product, Unary, level),
            Prim::Rem => self.binary(args, quote!(%), Product, Unary, level),
            Prim::Lt => self.binary(args, quote!(<), Compare, Sum, level),
            Prim::Le => self.binary(args, quote!(<=), Compare, Sum, level),
            Prim::Gt => self.binary(args, quote!(>), Compare, Sum, level),
            Prim::Ge => self.binary(args, quote!(>=), Compare, Sum, level),
            Prim::Eq | Prim::IntEq => self.binary(args, quote!(==), Compare, Sum, level),
            Prim::Ne => self.binary(args, quote!(!=), Compare, Sum, level),
            Prim::And => self.binary(args, quote!(&&), And, Compare, level),
            Prim::Or => self.binary(args, quote!(||), Or, And, level),
            Prim::Not => {
                let operand = self.atom(args[0], Unary);
                wrap_if(level > Unary, quote!(!#operand))
            }
            Prim::Neg => {
                let operand = self.atom(args[0], Unary);
                wrap_if(level > Unary, quote!(-#operand))
            }
            Prim::Select => {
                let cond = self.atom(args[0], Level::Any);
                let (then, otherwise) = (self.atom(args[1], Level::Any), self.atom(args[2], Level::Any));
                wrap_if(level > Level::Any, quote!(if #cond { #then } else { #otherwise }))
            }
            Prim::StrongMul | Prim::StrongDiv => {
                let t = self.atom(args[0], Level::Sum);
                let factor = if prim == Prim::StrongMul { Prim::Mul } else { Prim::Div };
                let product = self.prim(factor, args, true, Level::Any);
                let zero = self.scalar.literal(0.0);
                wrap_if(level > Level::Any, quote!(if #t == #zero { #zero } else { #product }))
            }
            Prim::StrongMulIf => {
                let (flag, t) = (self.atom(args[0], Level::Compare), self.atom(args[1], Level::Sum));
                let product = self.prim(Prim::Mul, &args[1..], true, Level::Any);
                let zero = self.scalar.literal(0.0);
                wrap_if(level > Level::Any, quote!(if #flag && #t == #zero { #zero } else { #product }))
            }
            Prim::Cast(Scalar::Generic) | Prim::IntToFloat(Scalar::Generic) => {
                let operand = self.atom(args[0], Level::Any);
                let ty = Scalar::Generic.path(&self.runtime);
                quote!(#ty::from(#operand).unwrap())
            }
            Prim::Cast(scalar) | Prim::IntToFloat(scalar) => {
                let operand = self.atom(args[0], Unary);
                let ty = scalar.path(&self.runtime);
                wrap_if(level > Level::Any, quote!(#operand as #ty))
            }
            Prim::IntPred => {
                // An exponent of `powi`: an `i32`, also where the variable has no type yet.
                let operand = self.atom(args[0], Level::Any);
                quote!(::core::primitive::i32::saturating_sub(#operand, 1))
            }
            Prim::IntAdd => self.binary(args, quote!(+), Sum, Product, level),
            Prim::IntSub => self.binary(args, quote!(-), Sum, Product, level),
            Prim::IntMul => self.binary(args, quote!(*), Product, Unary, level),
            Prim::IntSpan => {
                let end = match args[0] {
                    Atom::Int(_) => self.typed_literal(args[0], Ty::Int),
                    end => self.atom(end, Level::Method),
                };
                let start = self.atom(args[1], Level::Any);
                quote!(#end.saturating_sub(#start))
            }
            Prim::IntSucc => self.binary(&[args[0], Atom::Int(1)], quote!(+), Sum, Product, level),
            method => self.method(method, args),
        }
    }

    fn method(&mut self, prim: Prim, args: &[Atom]) -> TokenStream {
        let Some(row) = rules::row(prim) else { unreachable!("what is no operator is a method of the table") };
        let scalar = self.scalar_of(args);
        let receiver = self.receiver(args[0], scalar);
        let method = Ident::new(row.method, Span::call_site());
        let rest: Vec<TokenStream> = args[1..].iter().map(|atom| self.atom(*atom, Level::Any)).collect();
        quote!(#receiver.#method(#(#rest),*))
    }

    /// The negation of a condition, as a comparison where that is the same for NaN too.
    fn negated(&mut self, cond: Atom) -> TokenStream {
        let definition = cond.value().and_then(|value| self.definitions.get(&value).copied());
        match (cond, definition) {
            (Atom::Bool(b), _) => {
                let b = !b;
                quote!(#b)
            }
            (_, Some(Op::Prim(Prim::Not, args))) => self.atom(args[0], Level::Any),
            (_, Some(Op::Prim(Prim::Eq, args))) => self.prim(Prim::Ne, args, true, Level::Any),
            (_, Some(Op::Prim(Prim::Ne, args))) => self.prim(Prim::Eq, args, true, Level::Any),
            _ => {
                let cond = self.atom(cond, Level::Unary);
                quote!(!#cond)
            }
        }
    }

    fn arguments(&mut self, opaque: &Opaque) -> HashMap<String, TokenStream> {
        opaque.args.iter().map(|(name, atom)| (name.to_string(), self.argument(*atom))).collect()
    }

    fn argument(&mut self, atom: Atom) -> TokenStream {
        let ty = self.ty(atom);
        match (atom, ty) {
            (Atom::Float(x), _) => self.float(x, Some(Scalar::F64), Level::Method),
            _ => self.atom(atom, Level::Method),
        }
    }

    fn opaque(&mut self, opaque: &Opaque) -> TokenStream {
        let Code::Expr(expr, _) = &opaque.code else {
            return TokenStream::new();
        };
        let mut expr = (**expr).clone();
        Substitution { map: self.arguments(opaque) }.visit_expr_mut(&mut expr);
        expr.to_token_stream()
    }
}

/// Clears an array in a struct: the fields follow each of its indices.
fn clear_parts(array: &TokenStream, fields: &[Vec<syn::Member>], zero: &TokenStream) -> TokenStream {
    let Some((members, rest)) = fields.split_first() else { return quote!() };
    let element = Ident::new("element", Span::mixed_site());
    let part = quote!(#element #(.#members)*);
    let inner = match (rest, &members[..]) {
        ([], []) => quote!(*#element = #zero;),
        ([], _) => quote!(#part = #zero;),
        _ => clear_parts(&part, rest, zero),
    };
    quote!(for #element in #array.iter_mut() { #inner })
}

/// The value that a field of a record has before it is recorded.
fn zero_of(ty: Ty) -> TokenStream {
    match ty {
        Ty::Float(scalar) => float(0.0, Some(scalar), Level::Any),
        Ty::Bool => quote!(false),
        Ty::Int => quote!(0),
        Ty::Array(_) | Ty::Tape | Ty::Unknown => quote!(::core::default::Default::default()),
    }
}

/// The type of the elements in the outermost dimension.
fn element_type(runtime: &TokenStream, shape: &Shape) -> TokenStream {
    let scalar = shape.scalar.path(runtime);
    shape.dims[1..].iter().rev().fold(scalar, |inner, dim| match dim {
        Dim::Fixed(n) => quote!([#inner; #n]),
        Dim::Dynamic => quote!(#runtime::private::Vec<#inner>),
    })
}

/// `[value; N]`, `vec![value; length]`, `vec![[value; M]; length]`.
fn filled(runtime: &TokenStream, shape: &Shape, value: TokenStream, length: Option<TokenStream>) -> TokenStream {
    shape.dims.iter().rev().fold(value, |inner, dim| match dim {
        Dim::Fixed(n) => quote!([#inner; #n]),
        Dim::Dynamic => {
            let length = length.clone().unwrap_or_else(|| quote!(0));
            quote!(#runtime::private::vec![#inner; #length])
        }
    })
}

enum Head {
    Plain(TokenStream),
    /// A `while` whose condition takes statements: these, and when to stop.
    Tested(TokenStream, TokenStream),
}

/// Whether the tokens are an `if` and nothing else: then it follows its `else` without braces.
fn is_branch(tokens: &TokenStream) -> bool {
    let starts = matches!(tokens.clone().into_iter().next(), Some(TokenTree::Ident(first)) if first == "if");
    starts && syn::parse2::<syn::ExprIf>(tokens.clone()).is_ok()
}

/// Whether a region yields a literal, or what one of its branches yields, which are literals all: no type can be seen.
fn yields_literal(region: &Region, k: usize) -> bool {
    match (region.yields.get(k), region.stmts.last()) {
        // What is never read is written as a literal too.
        (Some(Atom::Float(_) | Atom::Undefined), _) => true,
        (Some(Atom::Value(value)), Some(Stmt { results, op: Op::If { then, otherwise, .. }, .. })) => {
            let k = results.iter().position(|result| result == value);
            k.is_some_and(|k| yields_literal(then, k) && yields_literal(otherwise, k))
        }
        _ => false,
    }
}

fn ends_in_branch(stmts: &[Stmt]) -> bool {
    matches!(stmts.last(), Some(Stmt { op: Op::If { .. }, .. }))
}

fn wrap_if(wrap: bool, tokens: TokenStream) -> TokenStream {
    if wrap { quote!((#tokens)) } else { tokens }
}

/// Whether verbatim code binds as tightly as a method call.
fn is_tight(code: &Code) -> bool {
    match code {
        Code::Expr(expr, _) => matches!(
            &**expr,
            syn::Expr::Path(_)
                | syn::Expr::Lit(_)
                | syn::Expr::MethodCall(_)
                | syn::Expr::Call(_)
                | syn::Expr::Field(_)
                | syn::Expr::Paren(_)
                | syn::Expr::Index(_)
                | syn::Expr::Macro(_)
        ),
        Code::Stmts(..) | Code::Assert(..) => true,
    }
}

/// A float literal; the sign is an operator.
fn float(x: f64, scalar: Option<Scalar>, level: Level) -> TokenStream {
    let magnitude = x.abs();
    let literal = match scalar {
        Some(Scalar::Generic) => {
            return wrap_if(x.is_sign_negative() && level > Level::Unary, Scalar::Generic.literal(x));
        }
        Some(Scalar::F64) => proc_macro2::Literal::f64_suffixed(magnitude),
        #[allow(clippy::cast_possible_truncation, reason = "the literal is of type f32")]
        Some(Scalar::F32) => proc_macro2::Literal::f32_suffixed(magnitude as f32),
        None => proc_macro2::Literal::f64_unsuffixed(magnitude),
    };
    let literal = readable(&literal.to_string(), magnitude, scalar).unwrap_or(literal);
    if x.is_sign_negative() { wrap_if(level > Level::Unary, quote!(-#literal)) } else { quote!(#literal) }
}

/// `1e-12` rather than `0.000000000001`, `2.0_f64` rather than `2f64`.
fn readable(plain: &str, magnitude: f64, scalar: Option<Scalar>) -> Option<proc_macro2::Literal> {
    let digits = format!("{magnitude:?}");
    let text = match scalar {
        None | Some(Scalar::Generic) => digits,
        Some(Scalar::F64) => format!("{digits}_f64"),
        Some(Scalar::F32) => format!(
            "{}_f32",
            plain
                .strip_suffix("f32")
                .map_or(digits, |text| { if text.contains('.') { text.to_owned() } else { format!("{text}.0") } })
        ),
    };
    text.parse().ok()
}

/// Replaces identifiers of verbatim code by the tokens that they stand for.
struct Substitution {
    map: HashMap<String, TokenStream>,
}

impl Substitution {
    /// `outermost`: the tokens are the arguments of a macro, where `name = value` names one.
    fn tokens(&self, tokens: TokenStream, outermost: bool) -> TokenStream {
        let mut out: Vec<TokenTree> = Vec::new();
        let mut trees = tokens.into_iter().peekable();
        while let Some(tree) = trees.next() {
            match tree {
                TokenTree::Group(group) => {
                    let mut inner = proc_macro2::Group::new(group.delimiter(), self.tokens(group.stream(), false));
                    inner.set_span(group.span());
                    out.push(TokenTree::Group(inner));
                }
                TokenTree::Ident(ident) => {
                    let field = matches!(out.last(), Some(TokenTree::Punct(p)) if p.as_char() == '.');
                    let name = outermost
                        && matches!(trees.peek(), Some(TokenTree::Punct(p))
                        if p.as_char() == '=' && p.spacing() == proc_macro2::Spacing::Alone);
                    match self.map.get(&ident.to_string()) {
                        Some(tokens) if !field && !name => out.extend(tokens.clone()),
                        _ => out.push(TokenTree::Ident(ident)),
                    }
                }
                other => out.push(other),
            }
        }
        out.into_iter().collect()
    }
}

impl VisitMut for Substitution {
    fn visit_expr_mut(&mut self, expr: &mut syn::Expr) {
        if let syn::Expr::Path(path) = expr
            && let Some(tokens) = path.path.get_ident().and_then(|ident| self.map.get(&ident.to_string()))
        {
            *expr = syn::Expr::Verbatim(tokens.clone());
            return;
        }
        visit_mut::visit_expr_mut(self, expr);
    }

    fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
        let renamed = self.map.get(&pat.ident.to_string()).and_then(|tokens| syn::parse2(tokens.clone()).ok());
        if let Some(ident) = renamed {
            pat.ident = ident;
        }
        visit_mut::visit_pat_ident_mut(self, pat);
    }

    fn visit_macro_mut(&mut self, mac: &mut syn::Macro) {
        mac.tokens = self.tokens(std::mem::take(&mut mac.tokens), true);
    }
}

/// The key under which verbatim code is compared.
pub(crate) fn text_of(tokens: &impl ToTokens) -> Rc<str> {
    tokens.to_token_stream().to_string().into()
}
