//! Builds regions: primitives go in, simplified and shared statements come out.
//!
//! Two kinds of primitives enter. [`Builder::exact`] takes those of the user's function: they are shared where the
//! same primitive has the same operands, and otherwise left alone, so that the primal keeps its bits. The named
//! constructors ([`Builder::add`], [`Builder::mul`], ..) take those of derivatives and apply algebra.
//!
//! The algebra never turns a NaN or an infinity into a number: no operand is dropped unless a literal neutral element
//! stands beside it, and `x - x`, `x / x` and `0 * x` stay.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use crate::call;
use crate::ir::{
    Atom, Callee, Code, Effect, Hint, Info, NewArray, Op, Opaque, Region, Scalar, Shape, Stmt, Ty, Value,
    literal_length,
};
use crate::rules::Prim;

type OpaqueKey = (Rc<str>, Vec<(Rc<str>, Atom)>);

/// The statements of an open region, and what is known to be computed in it.
#[derive(Default)]
struct Scope {
    stmts: Vec<Stmt>,
    prims: HashMap<(Prim, Vec<Atom>), Value>,
    opaques: HashMap<OpaqueKey, Value>,
    loads: HashMap<(Value, Vec<Atom>), Value>,
}

pub(crate) struct Builder {
    pub(crate) values: Vec<Info>,
    /// The context in which each value was made; reverse mode asks for it.
    pub(crate) contexts: Vec<usize>,
    /// The context of the values to come.
    pub(crate) context: usize,
    scopes: Vec<Scope>,
    defs: HashMap<Value, (Prim, Vec<Atom>)>,
    verbatim: HashMap<Value, Opaque>,
    /// Arrays that the function changes: what is loaded from them depends on when.
    pub(crate) changing: HashSet<Value>,
    loaded: HashMap<Value, (Value, Vec<Atom>)>,
    /// Loads and windows of the user's function.
    pub(crate) checked: HashSet<Value>,
    pub(crate) shapes: Rc<Vec<Shape>>,
    /// Arrays whose elements are all literals.
    literals: HashMap<Value, Vec<Atom>>,
    /// The type of a primitive whose operands are all literals.
    pub(crate) default_scalar: Scalar,
    /// The primitives to come are made by differentiation, not by the user.
    pub(crate) derives: bool,
}

impl Builder {
    pub(crate) fn new(default_scalar: Scalar) -> Self {
        Builder {
            values: Vec::new(),
            contexts: Vec::new(),
            context: 0,
            scopes: Vec::new(),
            defs: HashMap::new(),
            verbatim: HashMap::new(),
            changing: HashSet::new(),
            loaded: HashMap::new(),
            checked: HashSet::new(),
            shapes: Rc::default(),
            literals: HashMap::new(),
            default_scalar,
            derives: true,
        }
    }

    /// A builder for the user's function itself.
    pub(crate) fn of_user(default_scalar: Scalar) -> Self {
        Builder { derives: false, ..Builder::new(default_scalar) }
    }

    pub(crate) fn value(&mut self, ty: Ty, hint: Option<Hint>) -> Value {
        let value = Value(u32::try_from(self.values.len()).unwrap_or(u32::MAX));
        self.values.push(Info { ty, hint, derived: false });
        self.contexts.push(self.context);
        value
    }

    pub(crate) fn open(&mut self) {
        self.scopes.push(Scope::default());
    }

    /// Ends the innermost region and returns its statements.
    pub(crate) fn close(&mut self) -> Vec<Stmt> {
        self.scopes.pop().map(|scope| scope.stmts).unwrap_or_default()
    }

    /// Ends the innermost region, which yields the atoms.
    pub(crate) fn close_region(&mut self, params: Vec<Value>, yields: Vec<Atom>) -> Region {
        Region { params, stmts: self.close(), yields }
    }

    pub(crate) fn push(&mut self, results: Vec<Value>, op: Op) {
        if let Some(scope) = self.scopes.last_mut() {
            scope.stmts.push(Stmt { results, op });
        }
    }

    pub(crate) fn definition(&self, value: Value) -> Option<&(Prim, Vec<Atom>)> {
        self.defs.get(&value)
    }

    /// Whether no statement in scope asserts the same yet; from now on one does.
    pub(crate) fn is_new_assertion(&mut self, text: &Rc<str>) -> bool {
        let key = (text.clone(), Vec::new());
        if self.scopes.iter().any(|scope| scope.opaques.contains_key(&key)) {
            return false;
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.opaques.insert(key, Value(u32::MAX));
        }
        true
    }

    /// The verbatim code that a value is, if it is pure.
    pub(crate) fn verbatim(&self, value: Value) -> Option<&Opaque> {
        self.verbatim.get(&value)
    }

    /// Gives a value that differentiation made a name, unless it has one.
    pub(crate) fn name_derived(&mut self, atom: Atom, hint: Option<Hint>) {
        if let (Some(value), Some(hint)) = (atom.value(), hint)
            && self.values[value.0 as usize].derived
        {
            self.name(atom, &hint);
        }
    }

    /// Gives a value the name of a variable, unless it has one.
    pub(crate) fn name(&mut self, atom: Atom, hint: &Hint) {
        if let Some(value) = atom.value() {
            let known = &mut self.values[value.0 as usize].hint;
            if known.is_none() {
                *known = Some(hint.clone());
            }
        }
    }

    fn def(&self, atom: Atom) -> Option<(Prim, &[Atom])> {
        let (prim, args) = self.defs.get(&atom.value()?)?;
        Some((*prim, args))
    }

    pub(crate) fn ty(&self, atom: Atom) -> Ty {
        match atom {
            Atom::Value(value) => self.values[value.0 as usize].ty,
            Atom::Float(_) | Atom::Undefined => Ty::Float(self.default_scalar),
            Atom::Int(_) => Ty::Int,
            Atom::Bool(_) => Ty::Bool,
        }
    }

    /// The float type of an atom.
    pub(crate) fn scalar(&self, atom: Atom) -> Scalar {
        self.ty(atom).scalar().unwrap_or(self.default_scalar)
    }

    fn result_ty(&self, prim: Prim, args: &[Atom]) -> Ty {
        match prim {
            Prim::Lt | Prim::Le | Prim::Gt | Prim::Ge | Prim::Eq | Prim::Ne | Prim::IntEq => Ty::Bool,
            Prim::And | Prim::Or | Prim::Not => Ty::Bool,
            Prim::IntPred | Prim::IntSucc | Prim::IntAdd | Prim::IntSub | Prim::IntMul | Prim::IntSpan => Ty::Int,
            Prim::Cast(scalar) | Prim::IntToFloat(scalar) => Ty::Float(scalar),
            _ => {
                let typed = args.iter().filter(|atom| atom.value().is_some());
                typed
                    .map(|atom| self.ty(*atom))
                    .find(|ty| ty.scalar().is_some())
                    .unwrap_or(Ty::Float(self.default_scalar))
            }
        }
    }

    /// A primitive as it stands, shared if its value is known already.
    pub(crate) fn prim(&mut self, prim: Prim, args: &[Atom]) -> Atom {
        if let Some(value) = self.find(prim, args) {
            return Atom::Value(value);
        }
        let ty = self.result_ty(prim, args);
        let value = self.value(ty, None);
        self.values[value.0 as usize].derived = self.derives;
        self.define(value, prim, args);
        Atom::Value(value)
    }

    fn define(&mut self, value: Value, prim: Prim, args: &[Atom]) {
        self.push(vec![value], Op::Prim(prim, args.to_vec()));
        self.defs.insert(value, (prim, args.to_vec()));
        if let Some(scope) = self.scopes.last_mut() {
            scope.prims.insert((prim, args.to_vec()), value);
        }
    }

    /// A primitive of the user's function, with its name.
    pub(crate) fn exact(&mut self, prim: Prim, args: &[Atom], info: &Info) -> Atom {
        if let Some(value) = self.find(prim, args) {
            let known = &mut self.values[value.0 as usize].hint;
            if known.is_none() {
                known.clone_from(&info.hint);
            }
            return Atom::Value(value);
        }
        let value = self.value(info.ty, info.hint.clone());
        self.values[value.0 as usize].derived = info.derived;
        self.define(value, prim, args);
        Atom::Value(value)
    }

    fn find(&self, prim: Prim, args: &[Atom]) -> Option<Value> {
        let key = (prim, args.to_vec());
        if let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.prims.get(&key)) {
            return Some(*value);
        }
        if !matches!(prim, Prim::Add | Prim::Mul) {
            return None;
        }
        let swapped = (prim, vec![args[1], args[0]]);
        self.scopes.iter().rev().find_map(|scope| scope.prims.get(&swapped)).copied()
    }

    /// Verbatim code with one result, shared where it is pure.
    pub(crate) fn opaque(&mut self, opaque: Opaque, info: Info) -> Atom {
        let key = (opaque.text.clone(), opaque.args.clone());
        let shareable = opaque.effect == Effect::Pure && matches!(opaque.code, Code::Expr(..));
        if shareable && let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.opaques.get(&key)) {
            return Atom::Value(*value);
        }
        let value = self.value(info.ty, info.hint);
        if shareable {
            self.verbatim.insert(value, opaque.clone());
        }
        self.push(vec![value], Op::Opaque(opaque));
        if let (true, Some(scope)) = (shareable, self.scopes.last_mut()) {
            scope.opaques.insert(key, value);
        }
        Atom::Value(value)
    }

    /// Whether the partials of a function that is called may be infinite.
    pub(crate) fn singular_flag(&mut self, callee: &Callee) -> Atom {
        let Some(flag) = call::singular(&callee.name) else { return Atom::Bool(true) };
        let text: Rc<str> = crate::emit::text_of(&flag);
        let code = Code::Expr(Rc::new(flag), None);
        let opaque = Opaque { code, args: Vec::new(), effect: Effect::Pure, text };
        self.opaque(opaque, Info { ty: Ty::Bool, hint: None, derived: false })
    }

    // ---- arrays ------------------------------------------------------------------------------------------------

    /// Whether a type is that of an array in a struct.
    pub(crate) fn is_part(&self, ty: Ty) -> bool {
        matches!(ty, Ty::Array(shape) if self.shapes[shape as usize].is_part())
    }

    /// The float type of the elements of an array.
    pub(crate) fn element(&self, array: Value) -> Scalar {
        match self.values[array.0 as usize].ty {
            Ty::Array(shape) => self.shapes[shape as usize].scalar,
            _ => self.default_scalar,
        }
    }

    /// The type of slices of the elements of an array.
    pub(crate) fn slice_ty(&mut self, array: Value) -> Ty {
        let mut shapes = self.shapes.to_vec();
        let ty = Shape::slice_in(&mut shapes, self.element(array));
        self.shapes = Rc::new(shapes);
        ty
    }

    /// The length of an array that its type tells.
    pub(crate) fn fixed_length(&mut self, length: &Rc<syn::Expr>) -> Atom {
        match literal_length(length) {
            Some(n) => Atom::Int(n),
            None => self.opaque(Opaque::fixed_length(length), Info { ty: Ty::Int, hint: None, derived: false }),
        }
    }

    /// An element, shared where the array does not change.
    pub(crate) fn load(&mut self, array: Value, index: Vec<Atom>, info: Info) -> Atom {
        if let ([Atom::Int(k)], Some(elements)) = (&index[..], self.literals.get(&array))
            && let (false, Some(element)) =
                (self.changing.contains(&array), elements.get(usize::try_from(*k).unwrap_or(usize::MAX)))
        {
            return *element;
        }
        let key = (array, index);
        let constant = !self.changing.contains(&array);
        if constant && let Some(value) = self.scopes.iter().rev().find_map(|scope| scope.loads.get(&key)) {
            return Atom::Value(*value);
        }
        let value = self.value(info.ty, info.hint);
        self.push(vec![value], Op::Load(key.0, key.1.clone()));
        if constant {
            self.loaded.insert(value, key.clone());
            if let Some(scope) = self.scopes.last_mut() {
                scope.loads.insert(key, value);
            }
        }
        Atom::Value(value)
    }

    /// Says whether an array changes from now on.
    pub(crate) fn set_changing(&mut self, array: Value, changes: bool) {
        if !changes {
            self.changing.remove(&array);
        } else if self.changing.insert(array) {
            for scope in &mut self.scopes {
                scope.loads.retain(|(loaded, _), _| *loaded != array);
            }
        }
    }

    /// Where a value was loaded from, if it can be loaded again.
    pub(crate) fn origin(&self, value: Value) -> Option<&(Value, Vec<Atom>)> {
        self.loaded.get(&value)
    }

    pub(crate) fn new_array(&mut self, new: NewArray, ty: Ty, hint: Option<Hint>) -> Value {
        let value = self.value(ty, hint);
        if let NewArray::Elements(elements) = &new
            && elements.iter().all(|atom| matches!(atom, Atom::Float(_)))
        {
            self.literals.insert(value, elements.clone());
        }
        self.push(vec![value], Op::NewArray(new));
        value
    }

    // ---- algebra for derivatives -------------------------------------------------------------------------------

    /// `atom` as a literal times the rest; one and the atom itself where no literal stands out.
    pub(crate) fn split(&self, atom: Atom) -> (f64, Atom) {
        match self.def(atom) {
            Some((Prim::Mul, &[Atom::Float(c), rest] | &[rest, Atom::Float(c)])) => (c, rest),
            Some((Prim::Neg, &[rest])) => {
                let (c, rest) = self.split(rest);
                (-c, rest)
            }
            _ => (1.0, atom),
        }
    }

    /// `split`, which looks one product deeper: `(2 a) b` is `2 (a b)`.
    fn split_product(&mut self, atom: Atom) -> (f64, Atom) {
        let (c, rest) = self.split(atom);
        if let Some((Prim::Mul, &[a, b])) = self.def(rest) {
            let ((ca, ra), (cb, rb)) = (self.split(a), self.split(b));
            if (ca != 1.0 || cb != 1.0) && ra.value().is_some() && rb.value().is_some() {
                return (c * ca * cb, self.product(ra, rb));
            }
        }
        (c, rest)
    }

    /// `(x - y) + 2 x` is `3 x - y`: a term is added to the one that it is like, inside the sum of a derivative.
    fn add_to_like_term(&mut self, sum: Atom, term: Atom) -> Option<Atom> {
        if !sum.value().is_some_and(|value| self.values[value.0 as usize].derived) {
            return None;
        }
        let (prim, x, y) = match self.def(sum)? {
            (prim @ (Prim::Add | Prim::Sub), &[x, y]) => (prim, x, y),
            _ => return None,
        };
        let ((cx, rx), (cy, ry), (ct, rt)) = (self.split(x), self.split(y), self.split(term));
        let sign = if prim == Prim::Add { 1.0 } else { -1.0 };
        if rt.value().is_none() {
            None
        } else if rx == rt && cx + ct != 0.0 {
            let joined = self.add(x, term);
            Some(if prim == Prim::Add { self.add(joined, y) } else { self.sub(joined, y) })
        } else if ry == rt && sign * cy + ct != 0.0 {
            let joined = self.mul(Atom::Float(sign * cy + ct), rt);
            Some(self.add(x, joined))
        } else {
            None
        }
    }

    /// Two products of derivatives with a factor in common, and what is left of them: `a t + b t` is `(a + b) t`.
    fn common_factor(&mut self, a: Atom, b: Atom) -> Option<(Atom, Atom, Atom)> {
        let ((ca, ra), (cb, rb)) = (self.split(a), self.split(b));
        let (left, right) = (self.cofactors(ra), self.cofactors(rb));
        let (factor, of_left) = left
            .iter()
            .find(|(factor, _)| factor.value().is_some() && right.iter().any(|(other, _)| other == factor))?;
        let (_, of_right) = right.iter().find(|(other, _)| other == factor)?;
        let product = |builder: &mut Self, c: f64, factors: &[Atom]| {
            factors.iter().fold(Atom::Float(c), |product, factor| builder.mul(product, *factor))
        };
        Some((product(self, ca, of_left), product(self, cb, of_right), *factor))
    }

    /// The factors of a product, and of the products that are its factors, each with what is left of the product without
    /// it. Two levels: a factor that is a long product itself is one factor.
    fn cofactors(&self, atom: Atom) -> Vec<(Atom, Vec<Atom>)> {
        let factors = |atom: Atom| match self.def(atom) {
            Some((Prim::Mul, &[a, b])) => Some((a, b)),
            _ => None,
        };
        let Some((x, y)) = factors(atom) else { return Vec::new() };
        let mut found = vec![(x, vec![y]), (y, vec![x])];
        for (inner, other) in [(x, y), (y, x)] {
            if let Some((p, q)) = factors(inner) {
                found.push((p, vec![other, q]));
                found.push((q, vec![other, p]));
            }
        }
        found
    }

    /// Two products that differ only in their literals: `(2 a) b` and `a (3 b)`.
    fn like_products(&mut self, a: Atom, b: Atom) -> Option<(f64, f64, Atom)> {
        let is_product = |x: Atom| matches!(self.def(x), Some((Prim::Mul | Prim::Neg, _)));
        if !is_product(a) || !is_product(b) {
            return None;
        }
        let ((ca, ra), (cb, rb)) = (self.split_product(a), self.split_product(b));
        let same = ra == rb
            || matches!((self.def(ra), self.def(rb)),
            (Some((Prim::Mul, &[p, q])), Some((Prim::Mul, &[r, s]))) if p == s && q == r);
        (same && ra.value().is_some()).then_some((ca, cb, ra))
    }

    fn scaled(&mut self, c: f64, rest: Atom) -> Atom {
        if c == 1.0 {
            rest
        } else if c == -1.0 {
            self.prim(Prim::Neg, &[rest])
        } else {
            self.prim(Prim::Mul, &[Atom::Float(c), rest])
        }
    }

    pub(crate) fn mul(&mut self, a: Atom, b: Atom) -> Atom {
        if let (Atom::Float(x), Atom::Float(y)) = (a, b)
            && (x * y).is_finite()
        {
            return Atom::Float(x * y);
        }
        if let Atom::Float(x) = b {
            return self.mul(Atom::Float(x), a);
        }
        if let Atom::Float(x) = a {
            if x == 1.0 {
                return b;
            }
            if x == 0.0 {
                return self.prim(Prim::Mul, &[a, b]);
            }
            let (c, rest) = if x == 1.0 || x == -1.0 { self.split(b) } else { self.split_product(b) };
            if (c * x).is_finite() && c * x != 0.0 {
                return self.scaled(c * x, rest);
            }
            return self.prim(Prim::Mul, &[a, b]);
        }
        let ((ca, ra), (cb, rb)) = (self.split(a), self.split(b));
        let c = ca * cb;
        let both = ca != 1.0 && cb != 1.0;
        if (both || ca == -1.0 || cb == -1.0) && c.is_finite() && c != 0.0 {
            let product = self.product(ra, rb);
            return self.mul(Atom::Float(c), product);
        }
        self.product(a, b)
    }

    /// A product without literals, as a power where both factors are powers of one base.
    fn product(&mut self, a: Atom, b: Atom) -> Atom {
        for (factor, other) in [(a, b), (b, a)] {
            // `a * (1 / d)` where `a / d` is known.
            if let Some((Prim::Div, &[Atom::Float(1.0), d])) = self.def(other)
                && let Some(quotient) = self.find(Prim::Div, &[factor, d])
            {
                return Atom::Value(quotient);
            }
        }
        if self.find(Prim::Mul, &[a, b]).is_none() {
            let ((base_a, n), (base_b, m)) = (self.power_of(a), self.power_of(b));
            if base_a == base_b {
                return self.powi(base_a, n + m);
            }
        }
        self.prim(Prim::Mul, &[a, b])
    }

    fn power_of(&self, atom: Atom) -> (Atom, i64) {
        match self.def(atom) {
            Some((Prim::Powi, &[base, Atom::Int(n)])) if n > 0 => (base, n),
            Some((Prim::Mul, &[a, b])) if a == b => (a, 2),
            _ => (atom, 1),
        }
    }

    pub(crate) fn powi(&mut self, base: Atom, n: i64) -> Atom {
        match n {
            0 => Atom::Float(1.0),
            1 => base,
            _ => {
                let (inner, m) = self.power_of(base);
                let flat = m.saturating_mul(n);
                if n > 0 && m > 1 && flat <= 32 {
                    return self.powi(inner, flat);
                }
                if n == 2
                    && let Some(square) = self.find(Prim::Mul, &[base, base])
                {
                    return Atom::Value(square);
                }
                self.prim(Prim::Powi, &[base, Atom::Int(n)])
            }
        }
    }

    pub(crate) fn neg(&mut self, a: Atom) -> Atom {
        match (a, self.def(a)) {
            (Atom::Float(x), _) => Atom::Float(-x),
            (_, Some((Prim::Neg, &[x]))) => x,
            (_, Some((Prim::Sub, &[x, y]))) => self.sub(y, x),
            (_, Some((Prim::Mul, &[Atom::Float(c), x] | &[x, Atom::Float(c)]))) => {
                self.prim(Prim::Mul, &[Atom::Float(-c), x])
            }
            (Atom::Value(value), Some((Prim::Div, &[Atom::Float(c), x]))) if self.values[value.0 as usize].derived => {
                self.prim(Prim::Div, &[Atom::Float(-c), x])
            }
            _ => self.prim(Prim::Neg, &[a]),
        }
    }

    pub(crate) fn add(&mut self, a: Atom, b: Atom) -> Atom {
        if let (Atom::Float(x), Atom::Float(y)) = (a, b)
            && (x + y).is_finite()
        {
            return Atom::Float(x + y);
        }
        if a.is_float(0.0) {
            return b;
        }
        if b.is_float(0.0) {
            return a;
        }
        if let Atom::Float(x) = b
            && x < 0.0
        {
            return self.prim(Prim::Sub, &[a, Atom::Float(-x)]);
        }
        let ((ca, ra), (cb, rb)) = (self.split(a), self.split(b));
        if ra == rb && ca + cb != 0.0 && ra.value().is_some() {
            return self.mul(Atom::Float(ca + cb), ra);
        }
        if let Some(merged) = self.merge_selects(a, b) {
            return merged;
        }
        if let Some((ca, cb, core)) = self.like_products(a, b)
            && ca + cb != 0.0
        {
            return self.mul(Atom::Float(ca + cb), core);
        }
        if let Some(sum) = self.add_to_like_term(a, b) {
            return sum;
        }
        if let Some((pa, pb, factor)) = self.common_factor(a, b) {
            let sum = self.add(pa, pb);
            return self.mul(sum, factor);
        }
        if cb < 0.0 {
            let positive = self.neg(b);
            return self.sub(a, positive);
        }
        if ca < 0.0 {
            let positive = self.neg(a);
            return self.sub(b, positive);
        }
        self.prim(Prim::Add, &[a, b])
    }

    /// `select(c, a, 0) + select(c, 0, b)` is `select(c, a, b)`.
    fn merge_selects(&mut self, a: Atom, b: Atom) -> Option<Atom> {
        let (Some((Prim::Select, &[ca, ta, ea])), Some((Prim::Select, &[cb, tb, eb]))) = (self.def(a), self.def(b))
        else {
            return None;
        };
        let zero = |x: Atom| x.is_float(0.0);
        if ca != cb || !(zero(ta) || zero(tb)) || !(zero(ea) || zero(eb)) {
            return None;
        }
        let then = self.add(ta, tb);
        let otherwise = self.add(ea, eb);
        Some(self.select(ca, then, otherwise))
    }

    pub(crate) fn sub(&mut self, a: Atom, b: Atom) -> Atom {
        if let (Atom::Float(x), Atom::Float(y)) = (a, b)
            && (x - y).is_finite()
        {
            return Atom::Float(x - y);
        }
        if b.is_float(0.0) {
            return a;
        }
        if a.is_float(0.0) {
            return self.neg(b);
        }
        let ((ca, ra), (cb, rb)) = (self.split(a), self.split(b));
        if ra == rb && ca - cb != 0.0 && ra.value().is_some() {
            return self.mul(Atom::Float(ca - cb), ra);
        }
        if let Some((ca, cb, core)) = self.like_products(a, b)
            && ca - cb != 0.0
        {
            return self.mul(Atom::Float(ca - cb), core);
        }
        if let Some((pa, pb, factor)) = self.common_factor(a, b) {
            let difference = self.sub(pa, pb);
            return self.mul(difference, factor);
        }
        if cb < 0.0 {
            let positive = self.neg(b);
            return self.add(a, positive);
        }
        self.prim(Prim::Sub, &[a, b])
    }

    pub(crate) fn div(&mut self, a: Atom, b: Atom) -> Atom {
        if b.is_float(1.0) {
            return a;
        }
        if let (Atom::Float(x), Atom::Float(y)) = (a, b)
            && (x / y).is_finite()
        {
            return Atom::Float(x / y);
        }
        if let Some((Prim::Neg, &[x])) = self.def(a) {
            let quotient = self.div(x, b);
            return self.neg(quotient);
        }
        self.prim(Prim::Div, &[a, b])
    }

    /// `t * c`, but zero if `t` is zero; signs move outwards.
    pub(crate) fn strong_mul(&mut self, t: Atom, c: Atom) -> Atom {
        match (self.negated(t), self.negated(c)) {
            (Some(t), Some(c)) => self.strong_mul(t, c),
            (Some(t), None) => {
                let product = self.strong_mul(t, c);
                self.neg(product)
            }
            (None, Some(c)) => {
                let product = self.strong_mul(t, c);
                self.neg(product)
            }
            // Zero times itself is zero.
            (None, None) if t == c => self.mul(t, c),
            (None, None) => match self.def(c) {
                Some((Prim::Div, &[Atom::Float(1.0), d])) => self.strong_div(t, d),
                _ => self.prim(Prim::StrongMul, &[t, c]),
            },
        }
    }

    /// `t * c`, but if the flag is set, zero if `t` is zero; signs move outwards.
    pub(crate) fn strong_mul_if(&mut self, flag: Atom, t: Atom, c: Atom) -> Atom {
        match (self.negated(t), self.negated(c)) {
            (Some(t), Some(c)) => self.strong_mul_if(flag, t, c),
            (Some(t), None) => {
                let product = self.strong_mul_if(flag, t, c);
                self.neg(product)
            }
            (None, Some(c)) => {
                let product = self.strong_mul_if(flag, t, c);
                self.neg(product)
            }
            (None, None) => self.prim(Prim::StrongMulIf, &[flag, t, c]),
        }
    }

    /// `t / d`, but zero if `t` is zero; signs move outwards.
    pub(crate) fn strong_div(&mut self, t: Atom, d: Atom) -> Atom {
        match self.negated(t) {
            Some(t) => {
                let quotient = self.strong_div(t, d);
                self.neg(quotient)
            }
            None => self.prim(Prim::StrongDiv, &[t, d]),
        }
    }

    /// What a value is the negation of.
    fn negated(&self, atom: Atom) -> Option<Atom> {
        match self.def(atom) {
            Some((Prim::Neg, &[x])) => Some(x),
            _ => None,
        }
    }

    /// A sum of indices.
    pub(crate) fn int_add(&mut self, a: Atom, b: Atom) -> Atom {
        match (a, b) {
            (Atom::Int(0), other) | (other, Atom::Int(0)) => other,
            (Atom::Int(x), Atom::Int(y)) if x.checked_add(y).is_some() => Atom::Int(x + y),
            _ => self.prim(Prim::IntAdd, &[a, b]),
        }
    }

    /// A difference of indices that is not negative.
    pub(crate) fn int_sub(&mut self, a: Atom, b: Atom) -> Atom {
        match (a, b) {
            (_, Atom::Int(0)) => a,
            (Atom::Int(x), Atom::Int(y)) if x >= y => Atom::Int(x - y),
            _ => self.prim(Prim::IntSub, &[a, b]),
        }
    }

    /// A product of indices.
    pub(crate) fn int_mul(&mut self, a: Atom, b: Atom) -> Atom {
        match (a, b) {
            (Atom::Int(1), other) | (other, Atom::Int(1)) => other,
            (Atom::Int(x), Atom::Int(y)) if x.checked_mul(y).is_some() => Atom::Int(x * y),
            _ => self.prim(Prim::IntMul, &[a, b]),
        }
    }

    pub(crate) fn trunc(&mut self, a: Atom) -> Atom {
        self.prim(Prim::Trunc, &[a])
    }

    pub(crate) fn select(&mut self, cond: Atom, then: Atom, otherwise: Atom) -> Atom {
        match cond {
            Atom::Bool(true) => then,
            Atom::Bool(false) => otherwise,
            _ if then == otherwise => then,
            _ => self.prim(Prim::Select, &[cond, then, otherwise]),
        }
    }

    /// Whether the atom is certainly not zero, unless something in it is infinite or underflows.
    pub(crate) fn is_nonzero(&self, atom: Atom) -> bool {
        if let Atom::Float(x) = atom {
            return x != 0.0;
        }
        match self.def(atom) {
            Some((Prim::Cosh, _)) => true,
            Some((Prim::Sqrt | Prim::Neg, &[x])) => self.is_nonzero(x),
            Some((Prim::Div | Prim::StrongDiv, &[x, _])) => self.is_nonzero(x),
            Some((Prim::Mul | Prim::StrongMul, &[x, y])) => self.is_nonzero(x) && self.is_nonzero(y),
            Some((Prim::Powi, &[x, _])) => self.is_nonzero(x),
            Some((Prim::Hypot, &[x, y])) => self.is_nonzero(x) || self.is_nonzero(y),
            Some((Prim::Add, &[x, y])) => {
                let positive = |x: Atom| matches!(x, Atom::Float(c) if c > 0.0);
                (positive(x) && self.is_nonnegative(y)) || (self.is_nonnegative(x) && positive(y))
            }
            _ => false,
        }
    }

    fn is_nonnegative(&self, atom: Atom) -> bool {
        if let Atom::Float(x) = atom {
            return x >= 0.0;
        }
        match self.def(atom) {
            Some((Prim::Exp | Prim::Exp2 | Prim::Abs | Prim::Sqrt | Prim::Cosh | Prim::Hypot, _)) => true,
            Some((Prim::Powi, &[_, Atom::Int(n)])) => n % 2 == 0,
            Some((Prim::Mul, &[x, y])) => x == y || (self.is_nonnegative(x) && self.is_nonnegative(y)),
            Some((Prim::Add, &[x, y])) => self.is_nonnegative(x) && self.is_nonnegative(y),
            _ => false,
        }
    }
}
