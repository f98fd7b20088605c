//! Reverse mode: a function goes in, the function that pulls adjoints back comes out.
//!
//! ```text
//! // Input:    fn(x) { y = sin x; yield y }
//! // Output:   fn(x, y_bar) { y = sin x; c = cos x; x_bar = c * y_bar; yield y, x_bar }
//! ```
//!
//! The forward sweep computes the primal and the coefficients of its linear form; the reverse sweep transposes the
//! linear form, statement by statement, backwards. What the reverse sweep reads of the forward sweep are the
//! residuals. A residual of straight-line code is simply in scope. One that was made in a branch becomes a result of
//! the branch; one that was made in a loop becomes a field of the record that each iteration pushes on the tape of
//! that loop; and one that is cheaper to compute again than to store is computed again (`Reverse::read`).
//!
//! A branch in tail position needs no residuals: the adjoints of its results are the seeds, which are known, so that
//! both sweeps of it run inside the branch (`Reverse::tail`).

mod at_once;
mod bars;
mod call;
mod growth;
mod residuals;
mod snapshots;
mod sweep;
mod tail;
mod taped;
mod transpose;

use std::collections::{BTreeMap, HashMap, HashSet};

use self::call::Split;
pub(crate) use self::call::{Lending, Parted, split};
use self::residuals::Residuals;
pub(crate) use self::residuals::is_cheap;
use self::snapshots::{Kept, Pending};
use crate::build::Builder;
use crate::ir::{Atom, Function, Hint, Info, NewArray, Op, Part, Range, Region, Scalar, Stmt, Ty, Value, written_in};
use crate::linearize::Linear;
use crate::primal::{Mode, Primal};
use crate::scratch::Arrays;

pub(crate) use self::taped::header_text;

/// What reverse mode gives: the function, and the parameters that were added for the seeds.
pub(crate) struct Pullback {
    pub(crate) function: Function,
    pub(crate) seeds: Vec<Value>,
    /// The parameters that were added for the seeds of parameters that are outputs.
    pub(crate) out_seeds: Vec<Value>,
    /// The parameters that were added for the adjoints of arrays, as far as they stand by themselves: they must hold zeros.
    pub(crate) zeros: Vec<Value>,
    /// What was decided for each loop, for the dump.
    pub(crate) notes: Vec<String>,
}

impl Pullback {
    /// Lets the function itself clear the buffers, so that later passes see which of it is needed.
    pub(crate) fn clear_buffers(&mut self) {
        let clear = |array: &Value| Stmt { results: Vec::new(), op: Op::Clear(*array) };
        self.function.body.stmts.splice(0..0, self.zeros.iter().map(clear));
    }
}

/// What the generated function takes and gives.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// The adjoints of the yields are parameters; else they are one.
    pub(crate) seeded: bool,
    /// The adjoints of arrays are accumulated into buffers that are parameters, which hold zeros; else they are made.
    pub(crate) into: bool,
}

/// Differentiates backwards. Without `seeded`, the adjoint of each yield is one, else a parameter named `seed`. The
/// function yields what the input yields, then the adjoints of the active parameters.
///
/// The adjoints of `outs`, parameters that the function writes its results into, are parameters too.
pub(crate) fn vjp(
    function: &Function,
    active: &[Value],
    outs: &[Value],
    options: Options,
    default: Scalar,
) -> Pullback {
    differentiate(function, active, outs, options, None, default)
}

/// The same where the adjoint of one of the yields is one, and that of the others zero.
pub(crate) fn vjp_of(function: &Function, active: &[Value], yielded: usize, into: bool, default: Scalar) -> Pullback {
    differentiate(function, active, &[], Options { seeded: false, into }, Some(yielded), default)
}

/// `only` is the yield whose adjoint is not zero.
fn differentiate(
    function: &Function,
    active: &[Value],
    outs: &[Value],
    options: Options,
    only: Option<usize>,
    default: Scalar,
) -> Pullback {
    let Options { seeded, into } = options;
    let mut pass = Reverse::new(function, active, default);
    pass.b.open();
    let mut params = pass.fresh_all(&function.body.params);
    let seeds: Vec<Value> = if seeded {
        let hint = |k: usize| {
            let name = if k == 0 { "seed".to_owned() } else { format!("seed_{k}") };
            Hint::generated(name, proc_macro2::Span::call_site())
        };
        let types: Vec<Ty> = function.body.yields.iter().map(|atom| pass.source_ty(*atom)).collect();
        types.into_iter().enumerate().map(|(k, ty)| pass.b.value(ty.owned(), Some(hint(k)))).collect()
    } else {
        Vec::new()
    };
    let seed_atoms: Vec<Atom> = if seeded {
        seeds.iter().map(|seed| Atom::Value(*seed)).collect()
    } else {
        let one = |k: usize| only.is_none_or(|only| only == k);
        (0..function.body.yields.len()).map(|k| Atom::Float(if one(k) { 1.0 } else { 0.0 })).collect()
    };
    params.extend(&seeds);
    for (atom, seed) in function.body.yields.iter().zip(&seeds) {
        // The seed of an array that is returned becomes the array of its adjoints.
        if let Some(array) = atom.value().filter(|value| function.values[value.0 as usize].ty.is_array()) {
            pass.set_bar(array, *seed);
            pass.returned.insert(array, *seed);
        }
    }
    let mut out_seeds = Vec::new();
    for out in outs {
        let info = pass.info(*out);
        let bar = pass.b.value(info.ty.borrowed(), barred(&info));
        pass.set_bar(*out, bar);
        out_seeds.push(bar);
    }
    params.extend(&out_seeds);
    let (mut buffers, mut zeros) = (Vec::new(), Vec::new());
    for param in active {
        let info = pass.info(*param);
        if !info.ty.is_array() || outs.contains(param) {
            continue;
        }
        if !into && pass.returned.contains_key(param) {
            continue;
        }
        // An array in a struct has its adjoint in a struct that is there already.
        let bar = if into || pass.b.is_part(info.ty) {
            let bar = pass.b.value(info.ty.borrowed(), barred(&info));
            buffers.push(bar);
            if !pass.b.is_part(info.ty) && !pass.returned.contains_key(param) {
                zeros.push(bar);
            }
            bar
        } else {
            let primal = pass.array(*param);
            pass.b.new_array(NewArray::Zeros(primal), info.ty.owned(), barred(&info))
        };
        pass.set_bar(*param, bar);
    }
    params.extend(&buffers);
    let given: Vec<Value> = active.iter().chain(outs).copied().collect();
    pass.zero_bars(&given);
    let mut yields = pass.tail(&function.body, &seed_atoms);
    for (out, bar) in outs.iter().zip(&out_seeds) {
        // What the output held on entry is a constant, unless it is active: then its adjoint is what is left.
        if !active.contains(out) {
            pass.b.push(Vec::new(), Op::Clear(*bar));
        }
    }
    let returned = active.iter().filter(|param| !outs.contains(param));
    yields.extend(returned.map(|param| pass.adjoint_of(*param)));
    let body = pass.b.close_region(params, yields);
    let notes = std::mem::take(&mut pass.notes);
    let mut twins = pass.inherited_twins();
    twins.extend(pass.bars.iter().map(|(array, bar)| (*bar, pass.array(*array))));
    let function = pass.finish(body, twins);
    Pullback { function, seeds, out_seeds, zeros, notes }
}

/// Where a value of the forward sweep was made, and so how the reverse sweep can read it.
struct Context {
    kind: Kind,
    parent: usize,
    /// What the reverse sweep of this context has at hand of the forward sweep.
    available: HashMap<Value, Atom>,
}

enum Kind {
    /// Both sweeps share one region: everything is in scope. Inside a loop that is reversed at once, a tape is used
    /// again in every iteration.
    Fused { in_loop: bool },
    /// A branch: residuals are further results of the `If` that the marker names.
    Branch { marker: Value, then: bool, yielded: HashMap<Value, Value> },
    /// The body of a loop: residuals are fields of the record.
    Body { tape: Value, record: Vec<(Atom, Value)> },
    /// The reverse sweep itself.
    Sweep,
}

impl Context {
    fn fused() -> Self {
        Context { kind: Kind::Fused { in_loop: false }, parent: 0, available: HashMap::new() }
    }
}

/// What comes after a statement whose both sweeps share a region, and what the adjoints of the region's yields are.
#[derive(Clone, Copy)]
struct Horizon<'r> {
    region: &'r Region,
    from: usize,
    seeds: &'r [Atom],
}

/// A further result of an `If`: the result, and what each branch yields for it.
type Export = (Value, Atom, Atom);

/// A statement of the source in the forward sweep, with what its reverse needs.
enum Swept {
    Prim {
        linear: Linear,
        args: Vec<Atom>,
        result: Value,
    },
    Call {
        linears: Vec<(Value, Linear)>,
        args: Vec<Atom>,
    },
    /// A call that was given arrays.
    Pullback {
        pullback: Atom,
        optional: bool,
    },
    If {
        cond: Atom,
        arms: [(usize, Vec<Swept>); 2],
    },
    Loop {
        context: usize,
        trips: Option<Atom>,
        index: Option<Value>,
        body: Vec<Swept>,
    },
    Load {
        array: Value,
        index: Vec<Atom>,
        result: Value,
    },
    Store {
        array: Value,
        index: Vec<Atom>,
        value: Atom,
    },
    Accumulate {
        array: Value,
        index: Vec<Atom>,
        term: Atom,
    },
    Elements {
        array: Value,
        elements: Vec<Atom>,
    },
    Fill {
        array: Value,
        value: Atom,
    },
    /// A copy of another array, or of another struct.
    Copy {
        array: Value,
        of: Value,
    },
    Append {
        array: Value,
        value: Atom,
    },
    Take {
        array: Value,
        result: Option<Value>,
    },
    /// With the length that the array had before.
    Resize {
        array: Value,
        before: Atom,
    },
    /// Both sweeps are done; the adjoints of the results are spent.
    Done {
        results: Vec<Value>,
    },
    Inactive,
}

struct Reverse<'a> {
    b: Builder,
    primal: Primal<'a>,
    /// The adjoints of the values of the source, as far as they are known.
    adjoints: BTreeMap<Value, Atom>,
    contexts: Vec<Context>,
    current: usize,
    /// The tapes that still have to be made, with the range whose length they have.
    tapes: Vec<(Value, Option<Range>)>,
    /// The tapes that are buffers of known length: the length, and the index of each record.
    places: HashMap<Value, (Atom, Atom)>,
    /// Those whose length rustc knows, and which are short: they stand on the stack.
    fixed: HashSet<Value>,
    exports: HashMap<Value, Vec<Export>>,
    /// What was decided for each loop.
    notes: Vec<String>,
    /// The arrays of adjoints.
    bars: HashMap<Value, Value>,
    /// The arrays that the function returns, with the seeds that become the arrays of their adjoints.
    returned: HashMap<Value, Value>,
    /// For each window, the array that it shows and the part, in atoms of the forward sweep.
    windows: HashMap<Value, (Value, Part)>,
    /// For each window, the array that it shows in the end.
    roots: HashMap<Value, Value>,
    /// The lengths of the arrays that were made, as far as they are dynamic; none yet of those that may still grow.
    lengths: HashMap<Value, Vec<Atom>>,
    /// The arrays that were made like another: what they have become, which is as long.
    alike: HashMap<Value, Value>,
    /// The structs that were copied, with what they are copies of.
    copies: HashMap<Value, Value>,
    /// The arrays whose length changes.
    growing: HashSet<Value>,
    /// Those that the current statement or a later one changes.
    unsettled: HashSet<Value>,
    /// Those that the loops around the current region change.
    unsettled_outside: HashSet<Value>,
    arrays: Arrays,
    /// Inside a loop that is reversed at once, the arrays that belong to an iteration: it makes them, or overwrites them
    /// before it reads them.
    owned: Option<HashSet<Value>>,
    /// The buffers that still have to be made.
    pending: Vec<Pending>,
    /// For each loop with a tape, the arrays of which its iterations keep copies.
    kept: HashMap<usize, Vec<Kept>>,
    /// The copies that the current iteration of the reverse sweep reads.
    shown: HashMap<(usize, Value), Value>,
    /// For parameters whose adjoints the caller may not ask for: the flag that says whether it does.
    gates: HashMap<Value, Atom>,
    /// What is different where the reverse sweep is a closure that outlives the function.
    split: Option<Split<'a>>,
}

/// The name of an adjoint.
fn barred(info: &Info) -> Option<Hint> {
    info.hint.as_ref().map(|hint| Hint::generated(format!("{}_bar", hint.name), hint.span))
}

impl<'a> Mode<'a> for Reverse<'a> {
    fn primal(&self) -> &Primal<'a> {
        &self.primal
    }

    fn parts(&mut self) -> (&mut Builder, &mut Primal<'a>) {
        (&mut self.b, &mut self.primal)
    }
}

impl<'a> Reverse<'a> {
    fn new(function: &'a Function, active: &[Value], default: Scalar) -> Self {
        let mut pass = Reverse {
            b: Builder::new(default),
            primal: Primal::new(function, active),
            adjoints: BTreeMap::new(),
            contexts: vec![Context::fused()],
            current: 0,
            tapes: Vec::new(),
            places: HashMap::new(),
            exports: HashMap::new(),
            notes: Vec::new(),
            bars: HashMap::new(),
            lengths: HashMap::new(),
            alike: HashMap::new(),
            copies: HashMap::new(),
            windows: HashMap::new(),
            roots: function.roots(),
            unsettled: function.changing(),
            unsettled_outside: HashSet::new(),
            fixed: HashSet::new(),
            returned: HashMap::new(),
            growing: function.growing(),
            arrays: Arrays::of(function),
            owned: None,
            pending: Vec::new(),
            kept: HashMap::new(),
            shown: HashMap::new(),
            gates: HashMap::new(),
            split: None,
        };
        pass.b.shapes = function.shapes.clone();
        pass
    }
}

impl Reverse<'_> {
    /// What a parameter's adjoint is in the end: the array of its adjoints, the sum of what was added, or zero.
    fn adjoint_of(&mut self, param: Value) -> Atom {
        match self.bars.get(&param) {
            Some(bar) => Atom::Value(*bar),
            None => self.adjoints.remove(&param).unwrap_or(Atom::Float(0.0)),
        }
    }

    /// The finished function, with what its reverse sweep reads of its forward sweep.
    fn finish(mut self, body: Region, twins: HashMap<Value, Value>) -> Function {
        let checked = std::mem::take(&mut self.b.checked);
        let mut function =
            Function { values: self.b.values, shapes: self.b.shapes, body, checked, twins, guards: Vec::new() };
        let types = function.values.iter().map(|info| info.ty).collect();
        let residuals =
            Residuals { contexts: self.contexts, exports: self.exports, places: self.places, fixed: self.fixed, types };
        residuals.complete(&mut function.body);
        function
    }

    fn source_ty(&self, atom: Atom) -> Ty {
        match atom {
            Atom::Value(value) => self.info(value).ty,
            _ => Ty::Float(self.b.default_scalar),
        }
    }

    fn active(&self, atom: Atom) -> Option<Value> {
        atom.value().filter(|value| self.primal.varied.contains(value))
    }

    fn context(&mut self, kind: Kind) -> usize {
        self.contexts.push(Context { kind, parent: self.current, available: HashMap::new() });
        self.contexts.len() - 1
    }

    /// Runs with another context as the one in which values are made and read.
    fn within<T>(&mut self, context: usize, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = (self.current, self.b.context);
        (self.current, self.b.context) = (context, context);
        let result = run(self);
        (self.current, self.b.context) = outer;
        result
    }

    fn accumulate(&mut self, value: Value, term: Atom) {
        let sum = match self.adjoints.get(&value) {
            Some(known) => self.b.add(*known, term),
            None => term,
        };
        self.adjoints.insert(value, sum);
    }

    /// The arrays that statements change, at once or through windows.
    fn written_roots(&self, stmts: &[Stmt]) -> HashSet<Value> {
        written_in(stmts).into_iter().map(|array| self.root(array)).collect()
    }

    fn root(&self, array: Value) -> Value {
        *self.roots.get(&array).unwrap_or(&array)
    }
}
