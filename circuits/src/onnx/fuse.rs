//! Functions of one value out of several steps.
//!
//! Steps whose only operand that is not a public number is one value are a function of it, whatever they are: `x * sigmoid(x)`,
//! the five steps of an exported GELU, `1 / sqrt(v + eps)`. As one function they cost one lookup. Its table is public, so
//! numbers that are weights stay outside.

use super::build::{Slot, Step};
use super::finish::{public, Lowered};
use super::tensor::Const;
use crate::graph::{elements, Binary, Function, Op, Unary, ValueId};
use std::collections::{BTreeMap, BTreeSet};

/// Most steps of a function, and the largest size of its expression.
const MAX_STEPS: usize = 64;
const MAX_SIZE: usize = 256;

/// Replaces each largest set of steps that is a function of one value, and is read at its end only, where that is worth it.
pub fn fuse(g: &mut Lowered) {
    let graph = Steps::new(g);
    let mut fused = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for last in (0..g.steps.len()).rev() {
        if taken.contains(&last) {
            continue;
        }
        let Some(set) = graph.grown(last).filter(|set| graph.is_worth(set)) else {
            continue;
        };
        let Some(function) = graph.function(&set, last) else {
            continue;
        };
        let steps = set.steps.iter().filter_map(|&index| g.steps.get(index));
        let operators: Vec<&str> = steps.map(|step| step.onnx_op.as_str()).collect();
        fused.insert(last, (set.root, function, operators.join(", ")));
        taken.extend(set.steps);
    }
    for (last, (root, function, operators)) in fused {
        let Some(step) = g.steps.get_mut(last) else { continue };
        taken.remove(&last);
        (step.op, step.inputs, step.onnx_op) = (Op::Function(function), vec![root], operators);
    }
    let mut index = 0..;
    g.steps
        .retain(|_| !index.next().is_some_and(|index| taken.contains(&index)));
}

/// Steps that are a function of one value.
struct Set {
    steps: BTreeSet<usize>,
    root: ValueId,
}

struct Steps<'a> {
    steps: &'a [Step],
    slots: &'a [Slot],
    /// Public numbers among the values.
    numbers: Vec<Option<f64>>,
    /// Which step makes each value.
    producer: Vec<Option<usize>>,
    /// Which steps read it; an output of the graph is read by none too.
    readers: Vec<BTreeSet<usize>>,
}

impl<'a> Steps<'a> {
    fn new(g: &'a Lowered) -> Self {
        let (steps, slots) = (&g.steps, &g.slots);
        let number = |(slot, public): (&Slot, bool)| match &slot.constant {
            Some(data) if public && elements(&slot.shape) == Some(1) => match data {
                Const::Floats(data) => data.first().map(|&x| f64::from(x)).filter(|x| x.is_finite()),
                Const::Ints(data) => data.first().map(|&x| x as f64),
            },
            _ => None,
        };
        let mut producer = vec![None; slots.len()];
        let mut readers = vec![BTreeSet::new(); slots.len()];
        for (index, step) in steps.iter().enumerate() {
            if let Some(made) = producer.get_mut(step.output) {
                *made = Some(index);
            }
            for input in &step.inputs {
                readers.get_mut(*input).into_iter().for_each(|readers| {
                    readers.insert(index);
                });
            }
        }
        for (_, output) in &g.output {
            readers.get_mut(*output).into_iter().for_each(|readers| {
                readers.insert(usize::MAX);
            });
        }
        Self {
            numbers: slots.iter().zip(public(slots)).map(number).collect(),
            steps,
            slots,
            producer,
            readers,
        }
    }

    fn number(&self, id: ValueId) -> Option<f64> {
        self.numbers.get(id).copied().flatten()
    }

    /// The operands of a step that are no numbers, if the step is a function of each element of them.
    fn operands(&self, index: usize) -> Option<Vec<ValueId>> {
        let step = self.steps.get(index)?;
        self.applied(step, |_| Some(Function::Variable))?;
        let operands: Vec<ValueId> = step
            .inputs
            .iter()
            .copied()
            .filter(|&id| self.number(id).is_none())
            .collect();
        let shape = |id: ValueId| self.slots.get(id).map(|slot| slot.shape.as_slice());
        let fits = |id: &ValueId| {
            let variable = self.slots.get(*id).is_some_and(|slot| slot.constant.is_none());
            variable && shape(*id) == shape(step.output)
        };
        (!operands.is_empty() && operands.iter().all(fits)).then_some(operands)
    }

    /// The largest set that ends in a step. Of the values that it reads, the last must become part of it or be the only one:
    /// no other is a function of a later one.
    fn grown(&self, last: usize) -> Option<Set> {
        let mut steps = BTreeSet::from([last]);
        let mut reads: BTreeSet<ValueId> = self.operands(last)?.into_iter().collect();
        let mut best = None;
        loop {
            let position = |id: &ValueId| self.producer.get(*id).copied().flatten();
            let next = *reads.iter().max_by_key(|id| position(id))?;
            if reads.len() == 1 {
                let set = Set {
                    steps: steps.clone(),
                    root: next,
                };
                if self.size(&set, last).is_none_or(|size| size > MAX_SIZE) {
                    return best;
                }
                best = Some(set);
            }
            let inside = self.readers.get(next).is_some_and(|readers| readers.is_subset(&steps));
            let Some(producer) = position(&next).filter(|_| inside && steps.len() < MAX_STEPS) else {
                return best;
            };
            // What bounds the only operand lets its table be as fine as the bounds allow.
            if reads.len() == 1
                && self
                    .steps
                    .get(producer)
                    .is_some_and(|step| matches!(step.op, Op::Clip { .. }))
            {
                return best;
            }
            let Some(operands) = self.operands(producer) else {
                return best;
            };
            reads.remove(&next);
            reads.extend(operands);
            steps.insert(producer);
        }
    }

    /// Whether the set costs more as single steps: they have a function, a division by what is not constant, or a product of
    /// pieces of lines. Sums and single products are exact as they are.
    fn is_worth(&self, set: &Set) -> bool {
        let has = |what: &dyn Fn(&Step) -> bool| set.steps.iter().filter_map(|&i| self.steps.get(i)).any(what);
        let variable =
            |step: &Step, operand: usize| step.inputs.get(operand).is_some_and(|&id| self.number(id).is_none());
        let function = has(&|step| matches!(step.op, Op::Function(_)));
        let quotient = has(&|step| step.op == Op::Div && variable(step, 1));
        let product = has(&|step| step.op == Op::Mul && variable(step, 0) && variable(step, 1));
        let pieces = has(&|step| {
            matches!(
                step.op,
                Op::Abs | Op::Clip { .. } | Op::LeakyRelu { .. } | Op::Max | Op::Min | Op::PRelu | Op::Relu
            )
        });
        quotient || function && set.steps.len() > 1 || product && pieces
    }

    /// What a step computes of its operands; none if that is no function of each element.
    fn applied(&self, step: &Step, operand: impl Fn(ValueId) -> Option<Function>) -> Option<Function> {
        let at = |index: usize| {
            let id = *step.inputs.get(index)?;
            self.number(id).map(Function::Number).or_else(|| operand(id))
        };
        let two = |operation: Binary| Some(at(0)?.with(operation, at(1)?));
        let sloped = |slope: Function| {
            let below = at(0)?.with(Binary::Min, 0.0).with(Binary::Mul, slope);
            Some(at(0)?.with(Binary::Max, 0.0).with(Binary::Add, below))
        };
        match &step.op {
            Op::Add => two(Binary::Add),
            Op::Sub => two(Binary::Sub),
            Op::Mul => two(Binary::Mul),
            Op::Div => two(Binary::Div),
            Op::Min => two(Binary::Min),
            Op::Max => two(Binary::Max),
            Op::Neg => Some(at(0)?.then(Unary::Neg)),
            Op::Abs => Some(at(0)?.then(Unary::Abs)),
            Op::Relu => Some(at(0)?.with(Binary::Max, 0.0)),
            Op::LeakyRelu { alpha } => sloped(f64::from(*alpha).into()),
            Op::PRelu => sloped(Function::Number(self.number(*step.inputs.get(1)?)?)),
            Op::Clip { min, max } => {
                let bounded = |x: Function, bound: Option<f32>, operation: Binary| match bound {
                    Some(bound) => x.with(operation, f64::from(bound)),
                    None => x,
                };
                let low = bounded(at(0)?, *min, Binary::Max);
                Some(bounded(low, *max, Binary::Min))
            }
            Op::Function(function) => Some(function.after(&at(0)?)),
            _ => None,
        }
    }

    /// The size of the expression of the last step's value.
    fn size(&self, set: &Set, last: usize) -> Option<usize> {
        let mut sizes: BTreeMap<ValueId, usize> = BTreeMap::from([(set.root, 1)]);
        for &index in &set.steps {
            let step = self.steps.get(index)?;
            let own = self.applied(step, |_| Some(Function::Variable))?;
            let read = step.inputs.iter().filter_map(|id| sizes.get(id)).max()?;
            sizes.insert(
                step.output,
                own.size().saturating_add(own.variables().saturating_mul(*read)),
            );
        }
        sizes.get(&self.steps.get(last)?.output).copied()
    }

    /// The function.
    fn function(&self, set: &Set, last: usize) -> Option<Function> {
        let mut made: BTreeMap<ValueId, Function> = BTreeMap::from([(set.root, Function::Variable)]);
        for &index in &set.steps {
            let step = self.steps.get(index)?;
            let function = self.applied(step, |id| made.get(&id).cloned())?;
            made.insert(step.output, function);
        }
        made.remove(&self.steps.get(last)?.output)
    }
}
