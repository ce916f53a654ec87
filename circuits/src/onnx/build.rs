//! The graph under construction: values, constants, folding.

mod bounds;
mod loops;
mod published;
pub mod remedy;
mod veil;

use super::error::ImportError;
use super::fold;
use super::tensor::{integers, Const};
use super::wire::limit;
use crate::graph::{elements, infer, Op, ValueId};
pub use bounds::Bound;
use published::Published;
use std::collections::{HashMap, HashSet};
pub use veil::{Veil, HIDES};

/// Largest runtime tensor, and all of them together, in elements.
const MAX_ELEMENTS: u64 = 1 << 22;
const MAX_TOTAL_ELEMENTS: u64 = 1 << 25;
/// Elements that folding may make, beyond four times those in the file.
const MAX_FOLDED_ELEMENTS: u64 = 1 << 24;
/// Multiplications that folding may do.
const MAX_FOLDED_WORK: u64 = 1 << 31;

/// Why a node is not lowered.
#[derive(Debug)]
pub enum Fault {
    /// Recorded; the import goes on to find the others.
    Unsupported(String),
    /// Ends the import.
    Import(ImportError),
}

impl From<ImportError> for Fault {
    fn from(error: ImportError) -> Self {
        Self::Import(error)
    }
}

/// A node is not lowered for a reason; what to do instead.
pub fn unsupported<T>(reason: impl Into<String>, remedy: &str) -> Result<T, Fault> {
    Err(Fault::Unsupported(format!("{}; {remedy}", reason.into())))
}

/// A value under construction.
pub struct Slot {
    pub name: String,
    pub shape: Vec<usize>,
    pub constant: Option<Const>,
    /// The element type, as ONNX numbers them.
    pub data_type: i32,
    /// Where a constant is from.
    pub origin: Made,
}

impl Slot {
    /// Whether the elements are integers (or booleans).
    pub fn integer(&self) -> bool {
        integers(self.data_type).is_some()
    }
}

/// Where a constant is from: what decides whether it is a weight.
pub enum Made {
    /// The file; a weight unless `public`.
    Stored { public: bool },
    /// Computed here; a weight if one of these values is. Constants of shapes and attributes are from none.
    From(Vec<ValueId>),
}

/// A node under construction; as [`crate::graph::Node`].
pub struct Step {
    pub name: String,
    pub onnx_op: String,
    pub op: Op,
    pub inputs: Vec<ValueId>,
    pub output: ValueId,
}

/// What a truth value says, where it depends on the input: that one value is below another, or equal to it.
#[derive(Clone, Copy)]
pub struct Comparison {
    pub less: ValueId,
    pub than: ValueId,
    pub or_equal: bool,
}

/// Where a new node comes from.
pub struct Origin {
    /// The ONNX node.
    pub node: String,
    pub onnx_op: String,
    /// Its first output.
    pub output: String,
}

#[derive(Default)]
pub struct Builder {
    pub slots: Vec<Slot>,
    pub steps: Vec<Step>,
    published: Vec<Published>,
    /// Computed constants that were published, with their sources.
    shown: HashSet<ValueId>,
    /// Folded constants by what they were folded from.
    memo: HashMap<String, ValueId>,
    /// Values that no node computes.
    comparisons: HashMap<ValueId, Comparison>,
    veils: HashMap<ValueId, Veil>,
    /// Integers that were read as truth values, by what they are as such.
    pub truths: HashMap<ValueId, ValueId>,
    /// Indices of largest scores that nodes read, by the values that stand for them as outputs.
    pub places: HashMap<ValueId, ValueId>,
    /// Those of the last of equal ones.
    pub last: HashSet<ValueId>,
    /// Indices of elements in order.
    pub lists: HashSet<ValueId>,
    /// Which numbers inputs may be, beside what their type says.
    pub bounds: Vec<Bound>,
    total: u64,
    stored: u64,
    folded: u64,
    work: u64,
}

impl Builder {
    pub fn slot(&self, id: ValueId) -> Result<&Slot, ImportError> {
        self.slots
            .get(id)
            .ok_or_else(|| ImportError::malformed("value out of range"))
    }

    pub fn shape(&self, id: ValueId) -> Result<&[usize], ImportError> {
        Ok(&self.slot(id)?.shape)
    }

    /// A value without producer: an input.
    pub fn input(&mut self, name: &str, shape: Vec<usize>, data_type: i32) -> Result<ValueId, ImportError> {
        self.count(name, &shape)?;
        Ok(self.push(Slot {
            name: name.into(),
            shape,
            constant: None,
            data_type,
            origin: Made::From(Vec::new()),
        }))
    }

    /// The step that computes a value. Steps are in the order of their outputs.
    pub fn producer(&self, id: ValueId) -> Option<&Step> {
        let at = self.steps.binary_search_by_key(&id, |step| step.output).ok()?;
        self.steps.get(at)
    }

    /// A truth value that only stands for what it says.
    pub fn comparison(&mut self, name: &str, shape: Vec<usize>, comparison: Comparison) -> ValueId {
        let id = self.push(Slot {
            name: name.into(),
            shape,
            constant: None,
            data_type: 9,
            origin: Made::From(Vec::new()),
        });
        self.comparisons.insert(id, comparison);
        id
    }

    /// What a truth value says, if no node computes it.
    pub fn compared(&self, id: ValueId) -> Option<Comparison> {
        self.comparisons.get(&id).copied()
    }

    /// The number that all elements of a constant are, if the structure determines it.
    pub fn number(&self, id: ValueId) -> Option<f32> {
        let slot = self.slots.get(id)?;
        let mut todo = vec![id];
        while let Some(id) = todo.pop() {
            match &self.slots.get(id)?.origin {
                Made::Stored { public: false } => return None,
                Made::Stored { public: true } => {}
                Made::From(sources) => todo.extend(sources),
            }
        }
        let data = slot.constant.clone()?.into_floats();
        let first = *data.first()?;
        data.iter().all(|x| *x == first).then_some(first)
    }

    /// A constant of the file. One without axes is a number of the formula and public; others are weights until
    /// something reads them by [`publish`](Self::publish).
    pub fn stored(&mut self, name: &str, shape: Vec<usize>, data_type: i32, data: Const) -> ValueId {
        self.stored = self.stored.saturating_add(elements(&shape).unwrap_or(0) as u64);
        let public = shape.is_empty();
        self.known(name, shape, data_type, data, Made::Stored { public })
    }

    /// A constant made here from the given values.
    pub fn constant(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        data_type: i32,
        data: Const,
        from: Vec<ValueId>,
    ) -> ValueId {
        self.known(name, shape, data_type, data, Made::From(from))
    }

    /// As [`constant`](Self::constant), once for all that compute the same: `by` says what is computed, attributes included.
    pub fn derived(
        &mut self,
        by: &str,
        name: &str,
        shape: Vec<usize>,
        data_type: i32,
        data: Const,
        from: Vec<ValueId>,
    ) -> ValueId {
        let key = format!("{by} {shape:?} {from:?}");
        if let Some(&id) = self.memo.get(&key) {
            return id;
        }
        let id = self.constant(name, shape, data_type, data, from);
        self.memo.insert(key, id);
        id
    }

    fn known(&mut self, name: &str, shape: Vec<usize>, data_type: i32, data: Const, origin: Made) -> ValueId {
        self.push(Slot {
            name: name.into(),
            shape,
            constant: Some(data),
            data_type,
            origin,
        })
    }

    /// A float scalar, one for each value.
    pub fn scalar(&mut self, value: f32) -> ValueId {
        let key = format!("scalar {:08x}", value.to_bits());
        if let Some(&id) = self.memo.get(&key) {
            return id;
        }
        let data = Const::Floats(vec![value]);
        let id = self.constant(&format!("constant {value}"), Vec::new(), 1, data, Vec::new());
        self.memo.insert(key, id);
        id
    }

    /// Accounts for a folded constant before it is made.
    pub fn reserve(&mut self, shape: &[usize], work: u64) -> Result<(), ImportError> {
        let n = elements(shape).map_or(u64::MAX, |n| n as u64);
        self.folded = self.folded.saturating_add(n);
        let maximum = MAX_FOLDED_ELEMENTS.saturating_add(self.stored.saturating_mul(4));
        limit("number of elements in folded constants", maximum, self.folded)?;
        self.work = self.work.saturating_add(n.saturating_mul(work));
        limit("number of operations to fold constants", MAX_FOLDED_WORK, self.work)
    }

    /// Applies `op`; the result is named after the ONNX output, with `/label` for intermediate results.
    pub fn emit(&mut self, from: &Origin, label: &str, op: Op, inputs: &[ValueId]) -> Result<ValueId, Fault> {
        let slots: Vec<&Slot> = inputs.iter().map(|&id| self.slot(id)).collect::<Result<_, _>>()?;
        let shapes: Vec<&[usize]> = slots.iter().map(|s| s.shape.as_slice()).collect();
        let shape = infer(&op, &shapes).map_err(|reason| ImportError::Shape {
            node: from.node.clone(),
            reason,
        })?;
        let suffix = |name: &str| {
            if label.is_empty() {
                name.to_owned()
            } else {
                format!("{name}/{label}")
            }
        };
        let name = suffix(&from.output);
        if let Some(compared) = inputs.iter().find(|id| self.comparisons.contains_key(id)) {
            let name = self.slot(*compared)?.name.clone();
            return unsupported(
                format!(
                "`{name}` is a comparison of values, which only Where, logical operators and casts to floats may read"
            ),
                remedy::DIFFERENCE,
            );
        }
        if inputs.iter().any(|&id| self.veil(id).is_some()) {
            return self.behind(from, label, &op, inputs, shape);
        }
        let floats = slots.iter().find(|s| !s.integer()).or(slots.first());
        let data_type = match op {
            Op::ArgMax { .. } => 7,
            _ => floats.map_or(1, |s| s.data_type),
        };
        if !slots.is_empty() && slots.iter().all(|s| s.constant.is_some()) {
            return self.fold(name, &op, inputs, (shape, data_type), from);
        }
        if elements(&shape) == Some(0) && !slots.is_empty() {
            // There is nothing to compute.
            let nothing = match integers(data_type) {
                Some(_) => Const::Ints(vec![]),
                None => Const::Floats(vec![]),
            };
            return Ok(self.constant(&name, shape, data_type, nothing, Vec::new()));
        }
        self.computed(from, (name, suffix(&from.node)), (shape, data_type), (op, inputs))
    }

    /// A value that a step of these names computes: its own and that of the step.
    fn computed(
        &mut self,
        from: &Origin,
        (value, node): (String, String),
        (shape, data_type): (Vec<usize>, i32),
        (op, inputs): (Op, &[ValueId]),
    ) -> Result<ValueId, Fault> {
        self.count(&value, &shape)?;
        let output = self.push(Slot {
            name: value,
            shape,
            constant: None,
            data_type,
            origin: Made::From(Vec::new()),
        });
        self.steps.push(Step {
            name: node,
            onnx_op: from.onnx_op.clone(),
            op,
            inputs: inputs.to_vec(),
            output,
        });
        Ok(output)
    }

    fn fold(
        &mut self,
        name: String,
        op: &Op,
        inputs: &[ValueId],
        (shape, data_type): (Vec<usize>, i32),
        from: &Origin,
    ) -> Result<ValueId, Fault> {
        let key = format!("{inputs:?} {op:?}");
        if let Some(&id) = self.memo.get(&key) {
            return Ok(id);
        }
        self.reserve(&shape, self.work_of(op, inputs)?)?;
        let operands: Vec<(&[usize], &Const)> = inputs
            .iter()
            .filter_map(|&id| self.slots.get(id))
            .filter_map(|s| Some((s.shape.as_slice(), s.constant.as_ref()?)))
            .collect();
        let data = fold::apply(op, &operands, &shape, data_type).map_err(|reason| ImportError::Shape {
            node: from.node.clone(),
            reason,
        })?;
        let Some(data) = data else {
            return unsupported(
                "constant integers are not supported here",
                "cast them to float32 before it",
            );
        };
        let id = self.constant(&name, shape, data_type, data, inputs.to_vec());
        self.memo.insert(key, id);
        Ok(id)
    }

    /// Multiplications for one element of the result, about.
    fn work_of(&self, op: &Op, inputs: &[ValueId]) -> Result<u64, ImportError> {
        let shape = |i: usize| inputs.get(i).map_or(Ok(&[][..]), |&id| self.shape(id));
        let n = match op {
            Op::Conv { .. } | Op::ConvTranspose { .. } => elements(shape(1)?).unwrap_or(usize::MAX),
            Op::MaxPool { kernel, .. } | Op::AveragePool { kernel, .. } => elements(kernel).unwrap_or(usize::MAX),
            Op::MatMul => shape(0)?.last().copied().unwrap_or(1),
            Op::Reduce { axes, .. } => axes.iter().filter_map(|&a| shape(0).ok()?.get(a)).product(),
            Op::ArgMax { axis, .. } => shape(0)?.get(*axis).copied().unwrap_or(1),
            _ => 1,
        };
        Ok(n.max(1) as u64)
    }

    /// Accounts for a runtime value.
    fn count(&mut self, name: &str, shape: &[usize]) -> Result<(), ImportError> {
        let n = elements(shape).map_or(u64::MAX, |n| n as u64);
        if n == 0 {
            return Err(ImportError::Shape {
                node: name.into(),
                reason: format!("the shape {shape:?} is empty"),
            });
        }
        limit("number of elements in one tensor", MAX_ELEMENTS, n)?;
        self.total = self.total.saturating_add(n);
        limit("number of elements in all tensors", MAX_TOTAL_ELEMENTS, self.total)
    }

    fn push(&mut self, slot: Slot) -> ValueId {
        self.slots.push(slot);
        self.slots.len() - 1
    }
}
