//! What both modes do with the statements of the source: they write them into the function that they build, and
//! linearize the primitives.

use std::collections::{HashMap, HashSet};

use crate::activity;
use crate::build::Builder;
use crate::ir::{
    Atom, Call, Code, Function, Header, Hint, Info, NewArray, Op, Opaque, Range, Region, Rule, Stmt, Ty, Value,
};
use crate::linearize::{Linear, linear, linearize};
use crate::partials;
use crate::rules::Prim;

/// The source, and what has become of it so far.
pub(crate) struct Primal<'a> {
    pub(crate) source: &'a Function,
    /// The atoms that the values of the source have become.
    pub(crate) map: HashMap<Value, Atom>,
    /// The values of the source that vary with the active parameters.
    pub(crate) varied: HashSet<Value>,
    /// The arrays of the source that change.
    pub(crate) changing: HashSet<Value>,
}

impl<'a> Primal<'a> {
    pub(crate) fn new(source: &'a Function, active: &[Value]) -> Self {
        Primal { source, map: HashMap::new(), varied: activity::varied(source, active), changing: source.changing() }
    }
}

/// The linear form of a result of a call.
pub(crate) struct CallLinear {
    /// The result in the source, if it is one.
    pub(crate) source: Option<Value>,
    pub(crate) result: Value,
    pub(crate) linear: Linear,
}

/// A pass that goes through the source statement by statement.
pub(crate) trait Mode<'a>: Sized {
    fn primal(&self) -> &Primal<'a>;

    /// The function that the pass builds, and the source.
    fn parts(&mut self) -> (&mut Builder, &mut Primal<'a>);

    fn info(&self, value: Value) -> Info {
        self.primal().source.values[value.0 as usize].clone()
    }

    fn is_varied(&self, value: Value) -> bool {
        self.primal().varied.contains(&value)
    }

    /// A new value for one of the source.
    fn fresh(&mut self, value: Value) -> Value {
        let info = self.info(value);
        let (b, primal) = self.parts();
        let new = b.value(info.ty, info.hint);
        if primal.changing.contains(&value) {
            b.changing.insert(new);
        }
        primal.map.insert(value, Atom::Value(new));
        new
    }

    fn fresh_all(&mut self, values: &[Value]) -> Vec<Value> {
        values.iter().map(|value| self.fresh(*value)).collect()
    }

    /// The atom that an atom of the source has become.
    fn atom(&self, atom: Atom) -> Atom {
        match atom {
            Atom::Value(value) => *self.primal().map.get(&value).unwrap_or(&atom),
            Atom::Float(_) | Atom::Int(_) | Atom::Bool(_) | Atom::Undefined => atom,
        }
    }

    fn atoms(&self, atoms: &[Atom]) -> Vec<Atom> {
        atoms.iter().map(|atom| self.atom(*atom)).collect()
    }

    fn array(&self, array: Value) -> Value {
        self.atom(Atom::Value(array)).value().unwrap_or(array)
    }

    /// Writes a primitive; gives what it has become and, if it varies, its linear form.
    fn copy_prim(&mut self, result: Value, prim: Prim, args: &[Atom]) -> (Atom, Option<Linear>) {
        let atoms = self.atoms(args);
        let info = self.info(result);
        let (b, primal) = self.parts();
        let y = b.exact(prim, &atoms, &info);
        primal.map.insert(result, y);
        if !primal.varied.contains(&result) {
            return (y, None);
        }
        let active: Vec<bool> =
            args.iter().map(|atom| atom.value().is_some_and(|value| primal.varied.contains(&value))).collect();
        (y, Some(linearize(b, prim, &atoms, y, &active)))
    }

    /// Writes verbatim code.
    fn copy_opaque(&mut self, stmt: &Stmt, opaque: &Opaque) {
        let renamed = self.opaque(opaque);
        if let (Code::Expr(..), [result]) = (&renamed.code, &stmt.results[..]) {
            let info = self.info(*result);
            let (b, primal) = self.parts();
            let atom = b.opaque(renamed, info);
            primal.map.insert(*result, atom);
        } else {
            let results = self.fresh_all(&stmt.results);
            self.parts().0.push(results, Op::Opaque(renamed));
        }
    }

    /// Writes a call with partials of so many orders more; gives the linear forms of its results of all orders but the last.
    ///
    /// ```text
    /// // Input:    y = g(a)
    /// // Linear:   y, s = g with partials (a); y_dot = s * a_dot
    /// // Input:    y, s = g with partials (a)
    /// // Linear:   y, s, t = g with partials of higher order (a); y_dot = s * a_dot; s_dot = t * a_dot
    /// ```
    fn copy_call(&mut self, results: &[Value], call: &Call, orders: usize) -> Vec<CallLinear> {
        let (args, callee) = (self.atoms(&call.args), call.callee.clone());
        let varies: Vec<bool> =
            call.args.iter().map(|atom| atom.value().is_some_and(|value| self.is_varied(value))).collect();
        if !varies.contains(&true) {
            let rule = call.rule.map(|atom| self.atom(atom));
            let fresh = self.fresh_all(results);
            self.parts().0.push(fresh, Op::Call(Call { args, rule, callee }));
            return Vec::new();
        }
        let partials = call.rule.differentiated(&varies, orders);
        let (given, indices, count) = (call.rule.indices(), partials.indices(), callee.returns.count());
        let (mut fresh, mut sources) = (Vec::new(), Vec::new());
        for indices in &indices {
            let known = given.iter().position(|known| known == indices);
            for output in 0..count {
                let source = known.map(|known| results[known * count + output]);
                sources.push(source);
                fresh.push(match source {
                    Some(source) => self.fresh(source),
                    None => self.partial_of_call(results[output], indices, &args),
                });
            }
        }
        let b = self.parts().0;
        let singular = b.singular_flag(&callee);
        let places: HashMap<&[usize], usize> = indices.iter().enumerate().map(|(k, all)| (&all[..], k)).collect();
        let mut linears = Vec::new();
        for (k, below) in indices.iter().enumerate().filter(|(_, below)| below.len() < partials.order) {
            for output in 0..count {
                let of_argument = |argument: usize| {
                    let place = varies[argument].then(|| places.get(&partials::with(below, argument)[..])).flatten();
                    place.map(|place| Atom::Value(fresh[place * count + output]))
                };
                let coefficients: Vec<Option<Atom>> = (0..args.len()).map(of_argument).collect();
                let (place, linear) = (k * count + output, linear(&coefficients, singular));
                linears.push(CallLinear { source: sources[place], result: fresh[place], linear });
            }
        }
        b.push(fresh, Op::Call(Call { args, rule: Rule::Partials(partials), callee }));
        linears
    }

    /// A value for a partial derivative of a result of a call.
    fn partial_of_call(&mut self, result: Value, indices: &[usize], args: &[Atom]) -> Value {
        let ty = self.info(result).ty;
        let b = self.parts().0;
        let mut name = "slope".to_owned();
        for arg in indices.iter().filter_map(|k| args[*k].value()) {
            if let Some(hint) = &b.values[arg.0 as usize].hint {
                name = format!("{name}_{}", hint.name);
            }
        }
        b.value(ty, Some(Hint::generated(name, proc_macro2::Span::call_site())))
    }

    /// Writes a load; gives its indices.
    fn copy_load(&mut self, result: Value, array: Value, index: &[Atom]) -> Vec<Atom> {
        let (array, index, info) = (self.array(array), self.atoms(index), self.info(result));
        let (b, primal) = self.parts();
        let loaded = b.load(array, index.clone(), info);
        if primal.source.checked.contains(&result) {
            b.checked.extend(loaded.value());
        }
        primal.map.insert(result, loaded);
        index
    }

    /// Writes a load whose result nothing needs: a check of the index.
    fn copy_check(&mut self, array: Value, index: &[Atom]) {
        let op = Op::Load(self.array(array), self.atoms(index));
        self.parts().0.push(Vec::new(), op);
    }

    /// Writes a store; gives its indices.
    fn copy_store(&mut self, array: Value, index: &[Atom], value: Atom) -> Vec<Atom> {
        let (source, array) = (array, self.array(array));
        let (index, value) = (self.atoms(index), self.atom(value));
        self.check_place(source, &index);
        self.parts().0.push(Vec::new(), Op::Store(array, index.clone(), value));
        index
    }

    /// What is written into an array of the function's own may not be needed: the element is there all the same.
    fn check_place(&mut self, source: Value, index: &[Atom]) {
        let array = self.array(source);
        let (b, primal) = self.parts();
        if primal.source.body.params.contains(&source) || primal.source.twins.contains_key(&source) {
            return;
        }
        let place = b.value(Ty::Float(b.element(array)), None);
        b.checked.insert(place);
        b.push(vec![place], Op::Load(array, index.to_vec()));
    }

    /// Writes an addition in place; gives its indices.
    fn copy_accumulate(&mut self, array: Value, index: &[Atom], term: Atom) -> Vec<Atom> {
        let (source, array) = (array, self.array(array));
        let (index, term) = (self.atoms(index), self.atom(term));
        self.check_place(source, &index);
        self.parts().0.push(Vec::new(), Op::Accumulate(array, index.clone(), term));
        index
    }

    /// Writes what makes an array longer or shorter.
    fn copy_growth(&mut self, stmt: &Stmt) {
        let op = match &stmt.op {
            Op::Append(array, value) => Op::Append(self.array(*array), self.atom(*value)),
            Op::Take(array) => Op::Take(self.array(*array)),
            Op::Resize(array, length) => Op::Resize(self.array(*array), self.atom(*length)),
            other => unreachable!("no change of a length: {:?}", other.operands()),
        };
        let results = self.fresh_all(&stmt.results);
        self.parts().0.push(results, op);
    }

    /// Writes a new array; gives what it has become and what is in it.
    fn copy_new_array(&mut self, result: Value, new: &NewArray) -> (Value, NewArray) {
        let renamed = match new {
            NewArray::Fill(value, lengths) => NewArray::Fill(self.atom(*value), self.atoms(lengths)),
            NewArray::Elements(elements) => NewArray::Elements(self.atoms(elements)),
            NewArray::Empty(capacity) => NewArray::Empty(capacity.map(|atom| self.atom(atom))),
            NewArray::Zeros(array) => NewArray::Zeros(self.array(*array)),
            NewArray::Copy(array) => NewArray::Copy(self.array(*array)),
            NewArray::Window { array, part, mutable } => NewArray::Window {
                array: self.array(*array),
                part: part.map(|atom| self.atom(atom)),
                mutable: *mutable,
            },
        };
        let fresh = self.fresh(result);
        let (b, primal) = self.parts();
        if primal.source.checked.contains(&result) {
            b.checked.insert(fresh);
        }
        self.parts().0.push(vec![fresh], Op::NewArray(renamed.clone()));
        (fresh, renamed)
    }

    /// The arrays that are as long as others in the source.
    fn inherited_twins(&self) -> HashMap<Value, Value> {
        let source = self.primal().source;
        source.twins.iter().map(|(array, twin)| (self.array(*array), self.array(*twin))).collect()
    }

    /// The header of a loop; `condition` writes the region of a `while`.
    fn copy_header(&mut self, header: &Header, condition: impl FnOnce(&mut Self, &Region) -> Region) -> Header {
        match header {
            Header::Range(range) => {
                let (start, end) = (self.atom(range.start), self.atom(range.end));
                let step = range.step.map(|step| self.atom(step));
                let index = self.fresh(range.index);
                Header::Range(Range { index, start, end, step, ..range.clone() })
            }
            Header::Iter { pat, names, binds, iter } => {
                let iter = self.opaque(iter);
                let binds = self.fresh_all(binds);
                Header::Iter { pat: pat.clone(), names: names.clone(), binds, iter }
            }
            Header::While(cond) => Header::While(condition(self, cond)),
            Header::Forever => Header::Forever,
            Header::Times(count) => Header::Times(self.atom(*count)),
        }
    }

    /// Verbatim code with the atoms that its arguments have become.
    fn opaque(&self, opaque: &Opaque) -> Opaque {
        let args = opaque.args.iter().map(|(name, atom)| (name.clone(), self.atom(*atom))).collect();
        Opaque { args, ..opaque.clone() }
    }
}
