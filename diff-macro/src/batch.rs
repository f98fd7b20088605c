//! Batching: a function that is linear in its seeds goes in, one that carries a whole batch of seeds at once comes out.
//!
//! A Jacobian is a product with the unit vectors: of tangents, which gives its columns, or of adjoints, which gives its
//! rows. Here all of them go through together, and the primal runs once. Each linear value stands for as many numbers
//! as there are unit vectors; each run of linear statements becomes a loop over them.
//!
//! ```text
//! // Input:    y = x[i] * k;  y_dot = x_dot[i] * k;  out[i] = y;  out_dot[i] = y_dot
//! // Output:   y = x[i] * k;  out[i] = y
//! //           for d in 0..n { y_dot = (if d == i { 1 } else { 0 }) * k;  jacobian[i * n + d] = y_dot }
//! ```
//!
//! - A linear scalar that is read in another run than that which computes it is kept in an array, one number per unit
//!   vector; so are those that loops carry and branches yield.
//! - A linear array has its unit vectors side by side: element `i` of unit vector `d` stands at `i * n + d`. The
//!   Jacobian itself is the linear array of what is asked for, row-major.
//! - Only seeds that are given as unit vectors are never stored.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::activity;
use crate::cleanup::{for_each_operand, regions_mut};
use crate::ir::{
    Atom, Dim, Function, Header, Hint, Info, Loop, NewArray, Op, Opaque, Part, Range, Region, Scalar, Shape, Stmt,
    Storage, Ty, Value, literal_length,
};
use crate::rules::Prim;

/// What a linear parameter or result of the function is to the Jacobian; offsets are in scalars.
#[derive(Clone, Copy)]
pub(crate) enum Role {
    /// A unit vector: this many seeds stand before it.
    Unit(Atom),
    /// Elements of the Jacobian: this many numbers of the same unit vector stand before them.
    Entry(Atom),
    /// Both: the seed of a parameter that is changed in place.
    Both { unit: Atom, entry: Atom },
}

/// A linear parameter of a function.
pub(crate) struct Linear {
    pub(crate) value: Value,
    pub(crate) role: Role,
    /// The parameter that it is the tangent or adjoint of, if it is of one.
    pub(crate) primal: Option<Value>,
}

/// Which way a Jacobian is filled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// A unit vector per input: it fills a column.
    Columns,
    /// A unit vector per output: it fills a row.
    Rows,
}

/// The parts of a Jacobian in a function that fills it.
#[derive(Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) way: Way,
    /// The buffer, row-major.
    pub(crate) jacobian: Value,
    /// The number of columns, and of unit vectors.
    pub(crate) columns: Atom,
    pub(crate) units: Atom,
    /// It is symmetric: only what stands on the diagonal and behind it is asked for.
    pub(crate) symmetric: bool,
}

/// Carries all unit vectors through a function. `params` says what its linear parameters are, `results` the same of
/// those of its yields that are linear, which it yields no more. None if something is not linear in the seeds.
pub(crate) fn batch(
    function: Function,
    frame: Frame,
    params: &[Linear],
    results: &[Option<Atom>],
    scalar: Scalar,
) -> Option<Function> {
    let seeds: Vec<Value> = params.iter().map(|param| param.value).collect();
    let linear = activity::varied(&function, &seeds);
    let Function { values, shapes, body, checked, twins, guards } = function;
    let mut pass = Batch {
        values,
        shapes: (*shapes).clone(),
        linear,
        frame,
        scalar,
        arrays: HashMap::new(),
        primals: HashMap::new(),
        units: HashMap::new(),
        kept: HashMap::new(),
        groups: HashMap::new(),
        runs: HashSet::new(),
        rows: HashMap::new(),
        index: None,
        out: Vec::new(),
        pending: Vec::new(),
        failed: false,
    };
    let mut before = Vec::new();
    for param in params {
        pass.primals.extend(param.primal.map(|primal| (param.value, primal)));
        pass.parameter(param.value, param.role, &mut before);
    }
    let Region { params, stmts, yields } = body;
    let (mut stmts, yields) = pass.top(before, stmts, yields, results);
    pass.keep(&mut stmts);
    let mut storage = pass.storage();
    storage.extend(stmts);
    let is_linear_param = |value: &Value| seeds.contains(value);
    let params = params.into_iter().filter(|value| !is_linear_param(value)).collect();
    let body = Region { params, stmts: storage, yields };
    (!pass.failed).then(|| Function { values: pass.values, shapes: Rc::new(pass.shapes), body, checked, twins, guards })
}

/// Where the elements of a linear array stand.
#[derive(Clone)]
struct Layout {
    place: Place,
    /// Scalars before its first one: a sum.
    offset: Vec<Atom>,
    /// The lengths in the inner dimensions.
    inner: Vec<Dim>,
}

#[derive(Clone, Copy)]
enum Place {
    /// A unit vector: nowhere.
    Unit,
    /// In the Jacobian.
    Jacobian,
    /// In an array of its own, the unit vectors side by side.
    Own(Value),
}

struct Batch {
    values: Vec<Info>,
    shapes: Vec<Shape>,
    /// The values that are linear in the seeds.
    linear: HashSet<Value>,
    frame: Frame,
    scalar: Scalar,
    arrays: HashMap<Value, Layout>,
    /// The parameters that linear parameters belong to.
    primals: HashMap<Value, Value>,
    /// Scalars that are seeds, with the unit vector that they are one in.
    units: HashMap<Value, Atom>,
    /// Linear scalars that are kept, with the arrays that keep them.
    kept: HashMap<Value, Value>,
    /// The run of statements in which each linear scalar is computed.
    groups: HashMap<Value, Value>,
    /// The indices of the runs.
    runs: HashSet<Value>,
    /// The rows of the Jacobian that a run reaches.
    rows: HashMap<Value, HashSet<Atom>>,
    /// The unit vector of the run that is open.
    index: Option<Value>,
    out: Vec<Stmt>,
    pending: Vec<Stmt>,
    failed: bool,
}

impl Batch {
    fn value(&mut self, ty: Ty, name: Option<&str>) -> Value {
        let value = Value(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        let hint = name.map(|name| Hint::generated(name, proc_macro2::Span::call_site()));
        self.values.push(Info { ty, hint, derived: true });
        value
    }

    fn is_linear(&self, atom: Atom) -> bool {
        atom.value().is_some_and(|value| self.linear.contains(&value))
    }

    fn ty(&self, value: Value) -> Ty {
        self.values[value.0 as usize].ty
    }

    fn shape(&self, value: Value) -> Option<Shape> {
        match self.ty(value) {
            Ty::Array(number) => self.shapes.get(number as usize).cloned(),
            Ty::Float(_) | Ty::Bool | Ty::Int | Ty::Tape | Ty::Unknown => None,
        }
    }

    /// A type of arrays of one dimension of any length.
    fn vector_ty(&mut self, scalar: Scalar) -> Ty {
        self.flat_ty(scalar, Dim::Dynamic)
    }

    /// The same, of a length that is known.
    fn array_ty(&mut self, scalar: Scalar, length: i64) -> Ty {
        let length = proc_macro2::Literal::i64_unsuffixed(length);
        self.flat_ty(scalar, Dim::Fixed(Rc::new(syn::parse_quote!(#length))))
    }

    fn flat_ty(&mut self, scalar: Scalar, dim: Dim) -> Ty {
        let number = u16::try_from(self.shapes.len()).unwrap_or(u16::MAX - 2);
        let shape = Shape::new(scalar, vec![dim], Storage::Owned);
        self.shapes.extend(shape.variants());
        Ty::Array(number)
    }

    // ---- integers ---------------------------------------------------------------------------------------------------

    fn prim(&mut self, prim: Prim, args: Vec<Atom>, ty: Ty, into: &mut Vec<Stmt>) -> Atom {
        let result = self.value(ty, None);
        into.push(Stmt { results: vec![result], op: Op::Prim(prim, args) });
        Atom::Value(result)
    }

    fn add(&mut self, a: Atom, b: Atom, into: &mut Vec<Stmt>) -> Atom {
        match (a, b) {
            (Atom::Int(0), other) | (other, Atom::Int(0)) => other,
            (Atom::Int(a), Atom::Int(b)) => Atom::Int(a + b),
            _ => self.prim(Prim::IntAdd, vec![a, b], Ty::Int, into),
        }
    }

    fn mul(&mut self, a: Atom, b: Atom, into: &mut Vec<Stmt>) -> Atom {
        match (a, b) {
            (Atom::Int(0), _) | (_, Atom::Int(0)) => Atom::Int(0),
            (Atom::Int(1), other) | (other, Atom::Int(1)) => other,
            (Atom::Int(a), Atom::Int(b)) => Atom::Int(a * b),
            _ => self.prim(Prim::IntMul, vec![a, b], Ty::Int, into),
        }
    }

    /// How many scalars an element of the outermost of the dimensions has.
    fn width(&mut self, inner: &[Dim], into: &mut Vec<Stmt>) -> Atom {
        let mut width = Atom::Int(1);
        for dim in inner {
            let length = self.length_of(dim, into);
            width = self.mul(width, length, into);
        }
        width
    }

    fn length_of(&mut self, dim: &Dim, into: &mut Vec<Stmt>) -> Atom {
        let Dim::Fixed(expr) = dim else {
            self.failed = true;
            return Atom::Int(0);
        };
        if let Some(n) = literal_length(expr) {
            return Atom::Int(n);
        }
        let result = self.value(Ty::Int, None);
        into.push(Stmt { results: vec![result], op: Op::Opaque(Opaque::fixed_length(expr)) });
        Atom::Value(result)
    }

    fn length(&mut self, array: Value, into: &mut Vec<Stmt>) -> Atom {
        let result = self.value(Ty::Int, None);
        into.push(Stmt { results: vec![result], op: Op::Opaque(Opaque::length(array)) });
        Atom::Value(result)
    }

    /// The scalars before an element, in its unit vector.
    fn flat(&mut self, layout: &Layout, index: &[Atom], into: &mut Vec<Stmt>) -> Atom {
        let mut flat = Atom::Int(0);
        for (k, at) in index.iter().enumerate() {
            let width = self.width(&layout.inner[k.min(layout.inner.len())..], into);
            let term = self.mul(*at, width, into);
            flat = self.add(flat, term, into);
        }
        for offset in &layout.offset {
            flat = self.add(*offset, flat, into);
        }
        flat
    }

    // ---- where linear values stand ----------------------------------------------------------------------------------

    fn parameter(&mut self, value: Value, role: Role, before: &mut Vec<Stmt>) {
        let Some(shape) = self.shape(value) else {
            match role {
                Role::Unit(unit) => {
                    self.units.insert(value, unit);
                }
                Role::Entry(_) | Role::Both { .. } => self.failed = true,
            }
            return;
        };
        let inner = shape.dims[1..].to_vec();
        let (place, offset) = match role {
            Role::Unit(unit) => (Place::Unit, unit),
            Role::Entry(entry) => (Place::Jacobian, entry),
            Role::Both { unit, entry } => {
                self.unit_matrix((unit, entry), value, &shape, before);
                (Place::Jacobian, entry)
            }
        };
        self.arrays.insert(value, Layout { place, offset: vec![offset], inner });
    }

    /// The tangents of what is changed in place begin as the unit matrix.
    fn unit_matrix(&mut self, (unit, entry): (Atom, Atom), array: Value, shape: &Shape, before: &mut Vec<Stmt>) {
        let length = self.primal_length(array, &shape.dims[0], before);
        let width = self.width(&shape.dims[1..], before);
        let scalars = self.mul(length, width, before);
        let index = self.value(Ty::Int, Some("k"));
        let mut stmts = Vec::new();
        let row = self.add(entry, Atom::Value(index), &mut stmts);
        let start = self.mul(row, self.frame.columns, &mut stmts);
        let column = self.add(unit, Atom::Value(index), &mut stmts);
        let at = self.add(start, column, &mut stmts);
        stmts.push(Stmt { results: Vec::new(), op: Op::Store(self.frame.jacobian, vec![at], Atom::Float(1.0)) });
        before.push(counted(index, scalars, stmts));
    }

    /// The array that keeps a linear scalar.
    fn keeper(&mut self, value: Value) -> Value {
        if let Some(keeper) = self.kept.get(&value) {
            return *keeper;
        }
        let info = self.values[value.0 as usize].clone();
        let scalar = info.ty.scalar().unwrap_or(self.scalar);
        let ty = match self.frame.units {
            Atom::Int(units) => self.array_ty(scalar, units),
            _ => self.vector_ty(scalar),
        };
        let keeper = self.value(ty, info.hint.as_ref().map(|hint| &*hint.name));
        self.kept.insert(value, keeper);
        keeper
    }

    /// The arrays that keep linear scalars, made before everything else.
    fn storage(&mut self) -> Vec<Stmt> {
        let mut keepers: Vec<Value> = self.kept.values().copied().collect();
        keepers.sort_unstable();
        keepers.dedup();
        let lengths = self.frame.units.value().map(Atom::Value).into_iter().collect();
        let zeros = NewArray::Fill(Atom::Float(0.0), lengths);
        keepers.into_iter().map(|keeper| Stmt { results: vec![keeper], op: Op::NewArray(zeros.clone()) }).collect()
    }

    // ---- regions ----------------------------------------------------------------------------------------------------

    fn top(
        &mut self,
        before: Vec<Stmt>,
        stmts: Vec<Stmt>,
        yields: Vec<Atom>,
        results: &[Option<Atom>],
    ) -> (Vec<Stmt>, Vec<Atom>) {
        self.out = before;
        for stmt in stmts {
            self.stmt(stmt);
        }
        let (mut primal, mut linear) = (Vec::new(), Vec::new());
        for (atom, result) in yields.into_iter().zip(results) {
            match result {
                None => primal.push(atom),
                Some(entry) => self.yielded(atom, *entry, &mut linear),
            }
        }
        self.flush();
        primal.extend(linear);
        (std::mem::take(&mut self.out), primal)
    }

    /// Writes what the function yields of a linear scalar into the Jacobian. A linear array that is its own is yielded.
    fn yielded(&mut self, atom: Atom, entry: Atom, yields: &mut Vec<Atom>) {
        if let Some(array) = atom.value().filter(|value| self.ty(*value).is_array()) {
            match self.arrays.get(&array).map(|layout| layout.place) {
                // It stands there already.
                Some(Place::Jacobian) => {}
                Some(Place::Own(own)) => yields.push(Atom::Value(own)),
                Some(Place::Unit) | None => {
                    // What is returned is a parameter, or does not vary.
                    let copy =
                        if self.linear.contains(&array) { NewArray::Copy(array) } else { NewArray::Zeros(array) };
                    let ty = self.ty(array).owned();
                    let result = self.value(ty, None);
                    self.linear.insert(result);
                    self.new_array(result, &copy);
                    yields.extend(self.own(result).map(|(own, _)| Atom::Value(own)));
                }
            }
            return;
        }
        if atom.is_float(0.0) {
            return;
        }
        let layout = Layout { place: Place::Jacobian, offset: vec![entry], inner: Vec::new() };
        self.access(&layout, &[], |at, jacobian| Stmt { results: Vec::new(), op: Op::Store(jacobian, vec![at], atom) });
    }

    fn region(&mut self, stmts: Vec<Stmt>, end: impl FnOnce(&mut Self)) -> Vec<Stmt> {
        let outer = (std::mem::take(&mut self.out), std::mem::take(&mut self.pending), self.index.take());
        for stmt in stmts {
            self.stmt(stmt);
        }
        end(self);
        self.flush();
        let inner = std::mem::take(&mut self.out);
        (self.out, self.pending, self.index) = outer;
        inner
    }

    /// The unit vector that the statements of the open run are for.
    fn unit(&mut self) -> Value {
        match self.index {
            Some(index) => index,
            None => {
                let index = self.value(Ty::Int, Some("d"));
                self.index = Some(index);
                index
            }
        }
    }

    /// Ends the open run: a loop over the unit vectors.
    fn flush(&mut self) {
        let Some(index) = self.index.take() else { return };
        let stmts = std::mem::take(&mut self.pending);
        for stmt in &stmts {
            for result in &stmt.results {
                self.groups.insert(*result, index);
            }
        }
        self.runs.insert(index);
        self.out.push(counted(index, self.frame.units, stmts));
    }

    fn stmt(&mut self, stmt: Stmt) {
        match &stmt.op {
            Op::If { .. } | Op::Loop(_) if self.concerns(&stmt) => {
                self.flush();
                match stmt.op {
                    Op::If { cond, then, otherwise } => self.branch(&stmt.results, cond, then, otherwise),
                    Op::Loop(l) => self.repeat(&stmt.results, *l),
                    _ => {}
                }
            }
            Op::NewArray(new) if self.linear.contains(&stmt.results[0]) => {
                let new = new.clone();
                self.new_array(stmt.results[0], &new);
            }
            Op::Load(array, index) if self.linear.contains(array) => {
                let (array, index) = (*array, index.clone());
                if let Some(result) = stmt.results.first() {
                    self.load(*result, array, &index);
                }
            }
            Op::Store(array, index, value) if self.linear.contains(array) => {
                let (array, index, value) = (*array, index.clone(), *value);
                self.write(array, &index, |base, at| Op::Store(base, at, value));
            }
            Op::Accumulate(array, index, value) if self.linear.contains(array) => {
                let (array, index, value) = (*array, index.clone(), *value);
                self.write(array, &index, |base, at| Op::Accumulate(base, at, value));
            }
            Op::Append(array, value) if self.linear.contains(array) => self.append(*array, *value),
            Op::Take(array) if self.linear.contains(array) => {
                let array = *array;
                self.take(stmt.results.first().copied(), array);
            }
            Op::Resize(array, length) if self.linear.contains(array) => self.resize(*array, *length),
            Op::Clear(array) if self.linear.contains(array) => self.clear(*array),
            Op::Prim(..) if stmt.results.iter().any(|result| self.linear.contains(result)) => {
                self.unit();
                self.pending.push(stmt);
            }
            _ => {
                // Of the primal: it runs before the linear statements that wait.
                self.failed |= stmt.op.operands().iter().any(|atom| self.is_linear(*atom));
                self.out.push(stmt);
            }
        }
    }

    /// Whether there is something linear in a branch or a loop.
    fn concerns(&self, stmt: &Stmt) -> bool {
        let own = stmt.op.operands().iter().any(|atom| self.is_linear(*atom))
            || stmt.results.iter().any(|result| self.linear.contains(result));
        own || stmt.op.regions().into_iter().any(|region| region.stmts.iter().any(|stmt| self.concerns(stmt)))
    }

    // ---- elements ---------------------------------------------------------------------------------------------------

    /// A statement of the open run that reaches an element of a stored array.
    fn access(&mut self, layout: &Layout, index: &[Atom], make: impl FnOnce(Atom, Value) -> Stmt) {
        let unit = Atom::Value(self.unit());
        let mut out = std::mem::take(&mut self.out);
        let mut pending = std::mem::take(&mut self.pending);
        let flat = self.flat(layout, index, &mut out);
        let (base, at) = match (layout.place, self.frame.way) {
            (Place::Own(own), _) => {
                let start = self.mul(flat, self.frame.units, &mut out);
                (own, self.add(start, unit, &mut pending))
            }
            (Place::Jacobian, Way::Columns) => {
                let run = self.unit();
                self.rows.entry(run).or_default().insert(flat);
                let start = self.mul(flat, self.frame.columns, &mut out);
                (self.frame.jacobian, self.add(start, unit, &mut pending))
            }
            (Place::Jacobian, Way::Rows) => {
                let start = self.mul(unit, self.frame.columns, &mut pending);
                (self.frame.jacobian, self.add(start, flat, &mut pending))
            }
            (Place::Unit, _) => {
                self.failed = true;
                (self.frame.jacobian, flat)
            }
        };
        pending.push(make(at, base));
        (self.out, self.pending) = (out, pending);
    }

    fn load(&mut self, result: Value, array: Value, index: &[Atom]) {
        let Some(layout) = self.arrays.get(&array).cloned() else {
            self.failed = true;
            return;
        };
        if !matches!(layout.place, Place::Unit) {
            self.access(&layout, index, |at, base| Stmt { results: vec![result], op: Op::Load(base, vec![at]) });
            return;
        }
        let unit = self.unit();
        let mut out = std::mem::take(&mut self.out);
        let flat = self.flat(&layout, index, &mut out);
        self.out = out;
        let mut pending = std::mem::take(&mut self.pending);
        self.one_at(result, unit, flat, &mut pending);
        self.pending = pending;
    }

    /// One in a unit vector, zero in the others.
    fn one_at(&mut self, result: Value, unit: Value, one: Atom, into: &mut Vec<Stmt>) {
        let is_one = self.prim(Prim::IntEq, vec![Atom::Value(unit), one], Ty::Bool, into);
        let op = Op::Prim(Prim::Select, vec![is_one, Atom::Float(1.0), Atom::Float(0.0)]);
        into.push(Stmt { results: vec![result], op });
    }

    fn write(&mut self, array: Value, index: &[Atom], make: impl FnOnce(Value, Vec<Atom>) -> Op) {
        let Some(layout) = self.arrays.get(&array).cloned() else {
            self.failed = true;
            return;
        };
        self.access(&layout, index, |at, base| Stmt { results: Vec::new(), op: make(base, vec![at]) });
    }

    // ---- arrays -----------------------------------------------------------------------------------------------------

    fn new_array(&mut self, result: Value, new: &NewArray) {
        if let NewArray::Window { array, part, .. } = new {
            self.window(result, *array, *part);
            return;
        }
        let Some(shape) = self.shape(result) else { return };
        let inner = shape.dims[1..].to_vec();
        let mut out = std::mem::take(&mut self.out);
        let length = match new {
            NewArray::Fill(_, lengths) => match lengths.first() {
                Some(length) => *length,
                None => self.length_of(&shape.dims[0], &mut out),
            },
            NewArray::Elements(elements) => Atom::Int(i64::try_from(elements.len()).unwrap_or(0)),
            NewArray::Zeros(of) | NewArray::Copy(of) => self.primal_length(*of, &shape.dims[0], &mut out),
            NewArray::Empty(_) | NewArray::Window { .. } => Atom::Int(0),
        };
        let width = self.width(&inner, &mut out);
        let scalars = self.mul(length, width, &mut out);
        let total = self.mul(scalars, self.frame.units, &mut out);
        let ty = self.vector_ty(shape.scalar);
        let own = self.value(ty, self.values[result.0 as usize].hint.clone().as_ref().map(|hint| &*hint.name));
        out.push(Stmt { results: vec![own], op: Op::NewArray(NewArray::Fill(Atom::Float(0.0), vec![total])) });
        self.out = out;
        let layout = Layout { place: Place::Own(own), offset: Vec::new(), inner };
        self.arrays.insert(result, layout);
        match new {
            NewArray::Elements(elements) => {
                for (k, element) in (0_i64..).zip(elements) {
                    let element = *element;
                    self.write(result, &[Atom::Int(k)], |base, at| Op::Store(base, at, element));
                }
            }
            NewArray::Fill(value, _) if value.is_float(0.0) => {}
            NewArray::Fill(value, _) => {
                let value = *value;
                self.for_each_scalar(&[result], scalars, |pass, keys, at| {
                    pass.write(keys[0], &[at], |base, at| Op::Store(base, at, value));
                });
            }
            NewArray::Copy(of) => self.copy(*of, result, scalars),
            NewArray::Zeros(_) | NewArray::Empty(_) | NewArray::Window { .. } => {}
        }
    }

    /// The length of an array, which is one of the primal or linear.
    fn primal_length(&mut self, array: Value, dim: &Dim, out: &mut Vec<Stmt>) -> Atom {
        if let Dim::Fixed(_) = dim {
            return self.length_of(dim, out);
        }
        if !self.linear.contains(&array) {
            return self.length(array, out);
        }
        if let Some(primal) = self.primals.get(&array).copied() {
            return self.length(primal, out);
        }
        self.failed = true;
        Atom::Int(0)
    }

    /// What another linear array holds, scalar by scalar.
    fn copy(&mut self, from: Value, to: Value, scalars: Atom) {
        self.for_each_scalar(&[from, to], scalars, |pass, keys, at| {
            let element = pass.value(Ty::Float(pass.scalar), None);
            pass.linear.insert(element);
            pass.load(element, keys[0], &[at]);
            pass.write(keys[1], &[at], |base, at| Op::Store(base, at, Atom::Value(element)));
        });
    }

    /// A loop over the scalars of arrays that have the same number of them, for which the body gets names as flat arrays.
    fn for_each_scalar(&mut self, arrays: &[Value], scalars: Atom, body: impl FnOnce(&mut Self, &[Value], Atom)) {
        self.flush();
        let index = self.value(Ty::Int, Some("k"));
        let layouts: Option<Vec<Layout>> = arrays.iter().map(|array| self.arrays.get(array).cloned()).collect();
        let Some(layouts) = layouts else {
            self.failed = true;
            return;
        };
        let name = |pass: &mut Self, layout: Layout| {
            let key = pass.value(Ty::Unknown, None);
            pass.arrays.insert(key, Layout { inner: Vec::new(), ..layout });
            key
        };
        let keys: Vec<Value> = layouts.into_iter().map(|layout| name(self, layout)).collect();
        let body = self.region(Vec::new(), |pass| body(pass, &keys, Atom::Value(index)));
        self.out.push(counted(index, scalars, body));
    }

    fn window(&mut self, result: Value, array: Value, part: Part) {
        let Some(layout) = self.arrays.get(&array).cloned() else {
            self.failed = true;
            return;
        };
        let mut out = std::mem::take(&mut self.out);
        let (start, inner) = match part {
            Part::Range(start, _) | Part::Along(start, _) | Part::Tail(start) => (start, layout.inner.clone()),
            Part::Head(_) => (Atom::Int(0), layout.inner.clone()),
            Part::Row(row) => (row, layout.inner[1..].to_vec()),
        };
        let width = self.width(&layout.inner, &mut out);
        let start = self.mul(start, width, &mut out);
        self.out = out;
        let mut offset = layout.offset.clone();
        offset.push(start);
        self.arrays.insert(result, Layout { offset, inner, ..layout });
    }

    fn own(&mut self, array: Value) -> Option<(Value, Vec<Dim>)> {
        match self.arrays.get(&array) {
            Some(Layout { place: Place::Own(own), offset, inner }) if offset.is_empty() => Some((*own, inner.clone())),
            _ => {
                self.failed = true;
                None
            }
        }
    }

    /// One more element, for each unit vector: zeros first, which are then set.
    fn append(&mut self, array: Value, value: Atom) {
        let Some((own, _)) = self.own(array) else { return };
        let mut out = std::mem::take(&mut self.out);
        let end = self.length(own, &mut out);
        let length = self.add(end, self.frame.units, &mut out);
        out.push(Stmt { results: Vec::new(), op: Op::Resize(own, length) });
        self.out = out;
        let unit = Atom::Value(self.unit());
        let mut pending = std::mem::take(&mut self.pending);
        let at = self.add(end, unit, &mut pending);
        pending.push(Stmt { results: Vec::new(), op: Op::Store(own, vec![at], value) });
        self.pending = pending;
    }

    fn take(&mut self, result: Option<Value>, array: Value) {
        let Some((own, _)) = self.own(array) else { return };
        let mut out = std::mem::take(&mut self.out);
        let end = self.length(own, &mut out);
        let end = self.prim(Prim::IntSub, vec![end, self.frame.units], Ty::Int, &mut out);
        self.out = out;
        if let Some(result) = result {
            let unit = Atom::Value(self.unit());
            let mut pending = std::mem::take(&mut self.pending);
            let at = self.add(end, unit, &mut pending);
            pending.push(Stmt { results: vec![result], op: Op::Load(own, vec![at]) });
            self.pending = pending;
        }
        self.flush();
        self.out.push(Stmt { results: Vec::new(), op: Op::Resize(own, end) });
    }

    fn resize(&mut self, array: Value, length: Atom) {
        let Some((own, inner)) = self.own(array) else { return };
        self.flush();
        let mut out = std::mem::take(&mut self.out);
        let width = self.width(&inner, &mut out);
        let scalars = self.mul(length, width, &mut out);
        let total = self.mul(scalars, self.frame.units, &mut out);
        out.push(Stmt { results: Vec::new(), op: Op::Resize(own, total) });
        self.out = out;
    }

    fn clear(&mut self, array: Value) {
        match self.arrays.get(&array).map(|layout| layout.place) {
            // The whole Jacobian holds zeros when the function begins, which is where its outputs are cleared.
            Some(Place::Jacobian) => self.failed |= !self.groups.is_empty() || self.index.is_some(),
            Some(Place::Own(own)) => {
                self.flush();
                self.out.push(Stmt { results: Vec::new(), op: Op::Clear(own) });
            }
            Some(Place::Unit) | None => self.failed = true,
        }
    }

    // ---- control flow -----------------------------------------------------------------------------------------------

    /// Keeps atoms in the arrays of values, all at once.
    fn keep_as(&mut self, pairs: &[(Atom, Value)]) {
        for (atom, value) in pairs.iter().filter(|(atom, _)| *atom != Atom::Undefined) {
            let unit = Atom::Value(self.unit());
            let keeper = self.keeper(*value);
            self.pending.push(Stmt { results: Vec::new(), op: Op::Store(keeper, vec![unit], *atom) });
        }
    }

    fn branch(&mut self, results: &[Value], cond: Atom, then: Region, otherwise: Region) {
        let is_linear: Vec<bool> = results.iter().map(|result| self.linear.contains(result)).collect();
        let [then, otherwise] = [then, otherwise].map(|arm| {
            let linear = zip_where(&arm.yields, results, &is_linear, true);
            let yields = zip_where(&arm.yields, results, &is_linear, false).into_iter().map(|(atom, _)| atom).collect();
            let stmts = self.region(arm.stmts, |pass| pass.keep_as(&linear));
            Region { params: Vec::new(), stmts, yields }
        });
        let results = results.iter().zip(&is_linear).filter(|(_, linear)| !**linear).map(|(result, _)| *result);
        self.out.push(Stmt { results: results.collect(), op: Op::If { cond, then, otherwise } });
    }

    fn repeat(&mut self, results: &[Value], mut l: Loop) {
        let is_linear: Vec<bool> = l.body.params.iter().map(|param| self.linear.contains(param)).collect();
        // The parameter and the result share the array of the carried value.
        for ((param, result), _) in l.body.params.iter().zip(results).zip(&is_linear).filter(|(_, linear)| **linear) {
            let keeper = self.keeper(*param);
            self.kept.insert(*result, keeper);
        }
        let init = zip_where(&l.init, &l.body.params, &is_linear, true);
        self.keep_as(&init);
        self.flush();
        let linear = zip_where(&l.body.yields[1..], &l.body.params, &is_linear, true);
        let go = l.body.yields[0];
        let rest = zip_where(&l.body.yields[1..], &l.body.params, &is_linear, false);
        let stmts = self.region(std::mem::take(&mut l.body.stmts), |pass| pass.keep_as(&linear));
        l.init = zip_where(&l.init, &l.body.params, &is_linear, false).into_iter().map(|(atom, _)| atom).collect();
        let yields = std::iter::once(go).chain(rest.iter().map(|(atom, _)| *atom)).collect();
        let params = rest.iter().map(|(_, param)| *param).collect();
        if let Header::While(cond) = &mut l.header {
            let kept = cond.params.iter().zip(&is_linear).filter(|(_, linear)| !**linear).map(|(param, _)| *param);
            cond.params = kept.collect();
        }
        l.body = Region { params, stmts, yields };
        let results = results.iter().zip(&is_linear).filter(|(_, linear)| !**linear).map(|(result, _)| *result);
        self.out.push(Stmt { results: results.collect(), op: Op::Loop(Box::new(l)) });
    }

    // ---- what crosses from one run to another -----------------------------------------------------------------------

    /// Completes the runs: a value that another run computes is loaded, one that another run needs is kept.
    fn keep(&mut self, stmts: &mut Vec<Stmt>) {
        let mut needed = HashSet::new();
        self.find_needed(stmts, &mut needed);
        let mut needed: Vec<Value> = needed.into_iter().collect();
        needed.sort_unstable();
        for value in needed {
            self.keeper(value);
        }
        self.complete(stmts);
    }

    /// Linear scalars that a run reads and does not compute, seeds aside.
    fn find_needed(&self, stmts: &[Stmt], needed: &mut HashSet<Value>) {
        for stmt in stmts {
            let run = self.run_of(stmt);
            for region in stmt.op.regions() {
                match run {
                    Some(run) => {
                        let foreign = region.stmts.iter().flat_map(|inner| self.foreign(&inner.op, run));
                        needed.extend(foreign.filter(|value| !self.units.contains_key(value)));
                    }
                    None => self.find_needed(&region.stmts, needed),
                }
            }
        }
    }

    /// The linear scalars that an operation reads and that another run computes.
    fn foreign(&self, op: &Op, run: Value) -> Vec<Value> {
        let operands = op.operands().into_iter().filter_map(Atom::value);
        let scalars = operands.filter(|value| self.linear.contains(value) && self.ty(*value).scalar().is_some());
        scalars.filter(|value| self.groups.get(value) != Some(&run)).collect()
    }

    /// The index of a run, if the statement is one.
    fn run_of(&self, stmt: &Stmt) -> Option<Value> {
        match &stmt.op {
            Op::Loop(l) => l.header.binds().first().copied().filter(|index| self.runs.contains(index)),
            _ => None,
        }
    }

    fn complete(&mut self, stmts: &mut Vec<Stmt>) {
        let mut completed = Vec::new();
        for mut stmt in std::mem::take(stmts) {
            let run = self.run_of(&stmt);
            for region in regions_mut(&mut stmt.op) {
                match run {
                    Some(run) => region.stmts = self.completed(std::mem::take(&mut region.stmts), run),
                    None => self.complete(&mut region.stmts),
                }
            }
            if let (Some(run), Op::Loop(l)) = (run, &mut stmt.op) {
                if let Some(unit) = only_unit(&l.body.stmts, run) {
                    completed.extend(in_unit(std::mem::take(&mut l.body.stmts), run, unit));
                    continue;
                }
                self.begin_at_diagonal(run, l);
            }
            completed.push(stmt);
        }
        *stmts = completed;
    }

    /// Of a symmetric matrix, a run that only adds to one row begins at the diagonal.
    ///
    /// ```text
    /// // Input:    for d in 0..n { hessian[i * n + d] += .. }
    /// // Output:   for d in i..n { hessian[i * n + d] += .. }
    /// ```
    fn begin_at_diagonal(&self, run: Value, l: &mut Loop) {
        let written = |stmt: &Stmt| stmt.op.written_arrays().iter().all(|array| *array == self.frame.jacobian);
        let rows = self.rows.get(&run).map(|rows| rows.iter().copied().collect::<Vec<_>>());
        if let (true, Some([row]), Header::Range(range)) = (self.frame.symmetric, rows.as_deref(), &mut l.header)
            && l.body.stmts.iter().all(written)
        {
            range.start = *row;
        }
    }

    fn completed(&mut self, stmts: Vec<Stmt>, run: Value) -> Vec<Stmt> {
        let mut out = Vec::new();
        let mut names: HashMap<Value, Atom> = HashMap::new();
        for mut stmt in stmts {
            for value in self.foreign(&stmt.op, run) {
                if let std::collections::hash_map::Entry::Vacant(entry) = names.entry(value) {
                    let info = self.values[value.0 as usize].clone();
                    let loaded = self.value(info.ty, info.hint.as_ref().map(|hint| &*hint.name));
                    match (self.units.get(&value).copied(), self.kept.get(&value)) {
                        (Some(unit), _) => self.one_at(loaded, run, unit, &mut out),
                        (None, Some(keeper)) => {
                            out.push(Stmt { results: vec![loaded], op: Op::Load(*keeper, vec![Atom::Value(run)]) });
                        }
                        (None, None) => self.failed = true,
                    }
                    entry.insert(Atom::Value(loaded));
                }
            }
            for_each_operand(&mut stmt.op, &mut |atom| {
                *atom = atom.value().and_then(|value| names.get(&value)).copied().unwrap_or(*atom);
            });
            let kept: Vec<(Value, Value)> =
                stmt.results.iter().filter_map(|result| Some((*result, *self.kept.get(result)?))).collect();
            out.push(stmt);
            for (result, keeper) in kept {
                let op = Op::Store(keeper, vec![Atom::Value(run)], Atom::Value(result));
                out.push(Stmt { results: Vec::new(), op });
            }
        }
        out
    }
}

/// The only unit vector in which a run changes anything, if there is one: all that it adds to what is there is a multiple of
/// a seed.
///
/// ```text
/// // Input:    for d in 0..n { z_dot[d] += row[j] * (if d == j { 1 } else { 0 }) }
/// // Output:   z_dot[j] += row[j]
/// ```
fn only_unit(stmts: &[Stmt], run: Value) -> Option<Atom> {
    let (mut tests, mut multiples, mut sums) = (HashMap::new(), HashMap::new(), HashMap::new());
    let mut loads: HashMap<Value, (Value, &[Atom])> = HashMap::new();
    let mut units = HashSet::new();
    for stmt in stmts {
        let of = |atom: &Atom| atom.value().and_then(|value| multiples.get(&value)).copied();
        match (&stmt.op, &stmt.results[..]) {
            (Op::Prim(Prim::IntEq, args), [result]) if args[0] == Atom::Value(run) => {
                tests.insert(*result, args[1]);
            }
            (Op::Prim(Prim::Select, args), [result]) => {
                let test = args[0].value().and_then(|test| tests.get(&test));
                let is_seed = args[1].is_float(1.0) && args[2].is_float(0.0);
                multiples.extend(test.filter(|_| is_seed).map(|unit| (*result, *unit)));
            }
            (Op::Prim(Prim::Mul | Prim::StrongMul, args), [result]) => {
                let unit = of(&args[0]).or(of(&args[1]));
                multiples.extend(unit.map(|unit| (*result, unit)));
            }
            (Op::Prim(Prim::Neg | Prim::Div | Prim::StrongDiv, args), [result]) => {
                let unit = of(&args[0]);
                multiples.extend(unit.map(|unit| (*result, unit)));
            }
            (Op::Prim(prim @ (Prim::Add | Prim::Sub), args), [result]) => {
                let loaded = |atom: &Atom| atom.value().and_then(|value| loads.get(&value)).copied();
                match (of(&args[0]), of(&args[1])) {
                    (Some(a), Some(b)) if a == b => {
                        multiples.insert(*result, a);
                    }
                    (None, Some(unit)) => sums.extend(loaded(&args[0]).map(|place| (*result, (place, unit)))),
                    (Some(unit), None) if *prim == Prim::Add => {
                        sums.extend(loaded(&args[1]).map(|place| (*result, (place, unit))));
                    }
                    _ => {}
                }
            }
            (Op::Prim(..), _) => {}
            (Op::Load(array, index), [result]) => {
                loads.insert(*result, (*array, index));
            }
            (Op::Store(array, index, sum), _) => {
                let (place, unit) = *sums.get(&sum.value()?)?;
                units.insert(unit);
                if place != (*array, &index[..]) {
                    return None;
                }
            }
            (Op::Accumulate(_, _, term), _) => {
                units.insert(of(term)?);
            }
            _ => return None,
        }
    }
    let mut units = units.into_iter();
    units.next().filter(|_| units.next().is_none())
}

/// The statements of a run for one unit vector.
fn in_unit(stmts: Vec<Stmt>, run: Value, unit: Atom) -> Vec<Stmt> {
    let mut names: HashMap<Value, Atom> = HashMap::from([(run, unit)]);
    let mut out = Vec::new();
    for mut stmt in stmts {
        for_each_operand(&mut stmt.op, &mut |atom| {
            *atom = atom.value().and_then(|value| names.get(&value)).copied().unwrap_or(*atom);
        });
        let known = match &stmt.op {
            Op::Prim(Prim::IntEq, args) if args[0] == unit && args[1] == unit => Some(Atom::Bool(true)),
            Op::Prim(Prim::Select, args) if args[0] == Atom::Bool(true) => Some(args[1]),
            Op::Prim(Prim::Mul, args) if args[0].is_float(1.0) => Some(args[1]),
            Op::Prim(Prim::Mul | Prim::Div, args) if args[1].is_float(1.0) => Some(args[0]),
            _ => None,
        };
        match (known, &stmt.results[..]) {
            (Some(known), [result]) => {
                names.insert(*result, known);
            }
            _ => out.push(stmt),
        }
    }
    out
}

/// `for index in 0..end { stmts }`.
fn counted(index: Value, end: Atom, stmts: Vec<Stmt>) -> Stmt {
    let range = Range { index, start: Atom::Int(0), end, inclusive: false, step: None, reversed: false };
    let body = Region { params: Vec::new(), stmts, yields: vec![Atom::Bool(true)] };
    let l = Loop { header: Header::Range(range), records: None, init: Vec::new(), body };
    Stmt { results: Vec::new(), op: Op::Loop(Box::new(l)) }
}

/// The atoms that belong to linear values, or to the others.
fn zip_where(atoms: &[Atom], values: &[Value], is_linear: &[bool], wanted: bool) -> Vec<(Atom, Value)> {
    let pairs = atoms.iter().zip(values).zip(is_linear);
    pairs.filter(|(_, linear)| **linear == wanted).map(|((atom, value), _)| (*atom, *value)).collect()
}
