//! The reverse sweep: the statements backwards, each transposed. Adjoints of results go in, adjoints of operands come
//! out.
//!
//! ```text
//! // Linear:   y_dot = c * a_dot
//! // Adjoint:  a_bar += c * y_bar
//! ```

use std::collections::HashMap;

use crate::activity;
use crate::ir::{Atom, Dim, Header, Hint, Info, Loop, Op, Range, Region, Scalar, Stmt, Ty, Value};
use crate::linearize::Linear;
use crate::primal::Mode;

use super::{Kind, Reverse, Swept, barred, tail::Arm};

impl Reverse<'_> {
    pub(super) fn back(&mut self, stmts: &[Stmt], swept: &[Swept]) {
        for (stmt, swept) in stmts.iter().zip(swept).rev() {
            match swept {
                Swept::Prim { linear, args, result } => self.transpose(linear, args, *result),
                Swept::Call { linears, args } => {
                    linears.iter().for_each(|(result, linear)| self.transpose(linear, args, *result));
                }
                Swept::Pullback { pullback, optional } => self.back_call(stmt, *pullback, *optional),
                Swept::If { cond, arms } => self.back_if(stmt, *cond, arms),
                Swept::Loop { .. } => self.back_loop(stmt, swept),
                Swept::Load { array, index, result } => self.back_load(*array, index, *result),
                Swept::Store { array, index, value } => self.back_store(*array, index, *value),
                Swept::Accumulate { array, index, term } => self.back_accumulate(*array, index, *term),
                Swept::Elements { array, elements } => self.back_elements(*array, elements),
                Swept::Fill { array, value } => self.back_fill(*array, *value),
                Swept::Copy { array, of } => self.back_copy(*array, *of),
                Swept::Append { array, value } => self.back_append(*array, *value),
                Swept::Take { array, result } => self.back_take(*array, *result),
                Swept::Resize { array, before } => self.back_resize(*array, *before),
                Swept::Done { results } => results.iter().for_each(|result| {
                    self.adjoints.remove(result);
                }),
                Swept::Inactive => {}
            }
        }
    }

    /// The transpose of one linear statement.
    ///
    /// ```text
    /// // Linear:   y_dot = c * a_dot
    /// // Adjoint:  a_bar += c * y_bar
    /// ```
    fn transpose(&mut self, linear: &Linear, args: &[Atom], result: Value) {
        let Some(adjoint) = self.adjoints.remove(&result) else {
            return;
        };
        for (index, arg) in args.iter().enumerate() {
            let Some(value) = self.active(*arg) else {
                continue;
            };
            if !linear.depends_on(index) {
                continue;
            }
            let target = self.info(value).ty.scalar().unwrap_or(self.b.default_scalar);
            // The coefficients are read where the adjoint is: `read` needs the whole pass, so they are collected first.
            let term = self.term(linear, index, (adjoint, target));
            if let Some(term) = term {
                self.accumulate(value, term);
            }
        }
    }

    fn term(&mut self, linear: &Linear, index: usize, t: (Atom, Scalar)) -> Option<Atom> {
        let mut readings: HashMap<Atom, Atom> = HashMap::new();
        for atom in linear.coefficients(index) {
            let read = self.read(atom);
            readings.insert(atom, read);
        }
        linear.term(&mut self.b, index, t, &mut |_, atom| *readings.get(&atom).unwrap_or(&atom))
    }

    /// ```text
    /// // Input:    y = a[i]
    /// // Adjoint:  a_bar[i] += y_bar
    /// ```
    fn back_load(&mut self, array: Value, index: &[Atom], result: Value) {
        let Some(adjoint) = self.adjoints.remove(&result) else { return };
        let Some((bar, index)) = self.bar_element(array, index) else { return };
        self.add_to_element(array, bar, index, adjoint);
    }

    /// ```text
    /// // Input:    a[i] = v
    /// // Adjoint:  v_bar += a_bar[i]; a_bar[i] = 0
    /// ```
    fn back_store(&mut self, array: Value, index: &[Atom], value: Atom) {
        let Some((bar, index)) = self.bar_element(array, index) else { return };
        let stored = self.active(value).map(|value| (value, self.load_bar(bar, index.clone(), value)));
        self.b.push(Vec::new(), Op::Store(bar, index, Atom::Float(0.0)));
        if let Some((value, adjoint)) = stored {
            self.accumulate(value, adjoint);
        }
    }

    /// ```text
    /// // Input:    a[i] += t
    /// // Adjoint:  t_bar += a_bar[i]
    /// ```
    fn back_accumulate(&mut self, array: Value, index: &[Atom], term: Atom) {
        let Some(value) = self.active(term) else { return };
        let Some((bar, index)) = self.bar_element(array, index) else { return };
        let adjoint = self.load_bar(bar, index, value);
        self.accumulate(value, adjoint);
    }

    /// ```text
    /// // Input:    a = [x, y]
    /// // Adjoint:  x_bar += a_bar[0]; y_bar += a_bar[1]
    /// ```
    fn back_elements(&mut self, array: Value, elements: &[Atom]) {
        let Some(bar) = self.bars.get(&array).copied() else { return };
        for (k, element) in elements.iter().enumerate() {
            let Some(value) = self.active(*element) else { continue };
            let adjoint = self.load_bar(bar, vec![Atom::Int(i64::try_from(k).unwrap_or(0))], value);
            self.accumulate(value, adjoint);
        }
    }

    /// ```text
    /// // Input:    a = [x; n]
    /// // Adjoint:  for i in 0..n { x_bar += a_bar[i] }
    /// ```
    fn back_fill(&mut self, array: Value, value: Atom) {
        let (Some(bar), Some(value)) = (self.bars.get(&array).copied(), self.active(value)) else { return };
        let Ty::Array(shape) = self.info(array).ty else { return };
        let dims = self.primal.source.shapes[shape as usize].dims.clone();
        let outermost = self.lengths.get(&array).and_then(|lengths| lengths.first().copied());
        let lengths: Vec<Atom> = dims
            .iter()
            .filter_map(|dim| match dim {
                Dim::Fixed(length) => Some(self.b.fixed_length(length)),
                Dim::Dynamic => outermost.map(|length| self.read(length)),
            })
            .collect();
        let sum = self.sum_of_elements(bar, &lengths, &mut Vec::new(), value, None);
        self.accumulate(value, sum);
    }

    /// ```text
    /// // Input:    a = copy of b
    /// // Adjoint:  for i in 0..n { b_bar[i] += a_bar[i] }; of a struct, b_bar += a_bar
    /// ```
    fn back_copy(&mut self, array: Value, of: Value) {
        if let Some(bar) = self.bars.get(&array).copied() {
            self.add_to_bar(of, bar);
        }
    }

    /// What is added up already, if anything is, and the adjoints of all elements, which are to be added to that of a value.
    fn sum_of_elements(
        &mut self,
        bar: Value,
        lengths: &[Atom],
        index: &mut Vec<Atom>,
        value: Value,
        sum: Option<Atom>,
    ) -> Atom {
        let Some((length, inner)) = lengths.split_first() else {
            let element = self.load_bar(bar, index.clone(), value);
            return sum.map_or(element, |sum| self.b.add(sum, element));
        };
        let info = self.info(value);
        let [carried, result] = [(); 2].map(|()| self.b.value(info.ty, barred(&info)));
        let at = self.b.value(Ty::Int, Some(Hint::generated("i", proc_macro2::Span::call_site())));
        index.push(Atom::Value(at));
        self.b.open();
        let next = self.sum_of_elements(bar, inner, index, value, Some(Atom::Value(carried)));
        index.pop();
        let body = self.b.close_region(vec![carried], vec![Atom::Bool(true), next]);
        let range =
            Range { index: at, start: Atom::Int(0), end: *length, inclusive: false, step: None, reversed: false };
        let init = vec![sum.unwrap_or(Atom::Float(0.0))];
        self.b.push(vec![result], Op::Loop(Box::new(Loop { header: Header::Range(range), records: None, init, body })));
        Atom::Value(result)
    }

    /// The adjoint of an element, which is to be added to that of a value.
    fn load_bar(&mut self, bar: Value, index: Vec<Atom>, value: Value) -> Atom {
        let info = self.info(value);
        self.b.load(bar, index, Info { hint: barred(&info), derived: true, ..info })
    }

    fn back_if(&mut self, stmt: &Stmt, cond: Atom, arms: &[(usize, Vec<Swept>); 2]) {
        let Op::If { then, otherwise, .. } = &stmt.op else {
            return;
        };
        let seeds: Vec<Option<Atom>> = stmt.results.iter().map(|result| self.adjoints.remove(result)).collect();
        let stores = [then, otherwise].iter().any(|region| activity::stores_varied(region, &self.primal.varied));
        if !stores && seeds.iter().all(Option::is_none) {
            return;
        }
        let cond = self.read(cond);
        let [then, otherwise] = [(then, &arms[0]), (otherwise, &arms[1])]
            .map(|(region, (context, swept))| self.back_arm(region, *context, swept, &seeds));
        self.merge(cond, &[], [then, otherwise]);
    }

    fn back_arm(&mut self, region: &Region, context: usize, swept: &[Swept], seeds: &[Option<Atom>]) -> Arm {
        let outer = std::mem::take(&mut self.adjoints);
        self.b.open();
        self.in_sweep(context, |pass| {
            for (atom, seed) in region.yields.iter().zip(seeds) {
                if let (Some(value), Some(seed)) = (pass.active(*atom), seed) {
                    pass.accumulate(value, *seed);
                }
            }
            pass.make_bars(&region.stmts);
            pass.back(&region.stmts, swept);
        });
        let adjoints = std::mem::replace(&mut self.adjoints, outer);
        Arm { stmts: self.b.close(), primal: Vec::new(), adjoints }
    }

    /// Runs the reverse sweep of a context: values are made in the sweep and read in the context.
    pub(super) fn in_sweep(&mut self, context: usize, run: impl FnOnce(&mut Self)) {
        let sweep = self.context(Kind::Sweep);
        let outer = (self.current, self.b.context);
        (self.current, self.b.context) = (context, sweep);
        run(self);
        (self.current, self.b.context) = outer;
    }
}
