//! What both modes do with the statements of the source: they write them into the function that they build, and
//! linearize the primitives.

use std::collections::{HashMap, HashSet};

use crate::activity;
use crate::build::Builder;
use crate::ir::{
    Atom, Call, Code, Function, Header, Hint, Info, NewArray, Op, Opaque, Range, Region, Rule, Stmt, Ty, Value,
};
use crate::linearize::{Linear, linear, linearize};
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

    /// Writes a call with the partials that are asked for; gives the linear forms of the results that vary.
    fn copy_call(&mut self, results: &[Value], call: &Call) -> Vec<(Value, Linear)> {
        let args = self.atoms(&call.args);
        let asked: Vec<bool> =
            call.args.iter().map(|atom| atom.value().is_some_and(|value| self.is_varied(value))).collect();
        let mut fresh = self.fresh_all(results);
        if !asked.contains(&true) {
            self.parts().0.push(fresh, Op::Call(Call { args, rule: Rule::Primal, callee: call.callee.clone() }));
            return Vec::new();
        }
        let mut partials: Vec<Vec<Option<Atom>>> = vec![Vec::new(); results.len()];
        for (k, asked) in asked.iter().enumerate() {
            for (result, partials) in results.iter().zip(&mut partials) {
                let partial = asked.then(|| self.partial_of_call(*result, args[k]));
                fresh.extend(partial);
                partials.push(partial.map(Atom::Value));
            }
        }
        let b = self.parts().0;
        let flag = b.singular_flag(&call.callee);
        let rule = Rule::Partials(asked);
        b.push(fresh, Op::Call(Call { args, rule, callee: call.callee.clone() }));
        results.iter().zip(partials).map(|(result, partials)| (*result, linear(&partials, flag))).collect()
    }

    /// A value for the partial derivative of the result of a call in an argument.
    fn partial_of_call(&mut self, result: Value, arg: Atom) -> Value {
        let ty = self.info(result).ty;
        let b = self.parts().0;
        let of = arg.value().and_then(|value| b.values[value.0 as usize].hint.as_ref());
        let name = of.map_or("slope".to_owned(), |hint| format!("slope_{}", hint.name));
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
