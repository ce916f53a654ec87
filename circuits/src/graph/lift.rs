//! Elements of an input with scales of their own: the features of a table, one in thousands beside one in thousandths.
//!
//! A lifted element is stored times a power of two. What reads it is divided by that power in its constants, so that the
//! graph computes the same and the circuit has no gate more.

use super::float::structural;
use super::{Graph, InputType, Node, Op, Sample, Tensor, ValueId};
use crate::octaves::floor;
use std::collections::BTreeMap;

/// Elements are lifted if the largest magnitude of one is this many octaves below that of the largest: those of images of 8 bits never are.
const SPREAD: i32 = 9;
/// So many octaves stay free above each, for values that calibration has not seen.
const SPARE: i32 = 3;
/// No element is lifted by more octaves.
pub const MOST_LIFT: u8 = 64;

impl Graph {
    /// The graph with the inputs lifted as far as the samples ask for it and the graph allows it.
    pub fn lifted_for(self, samples: &[Sample]) -> Self {
        let inputs = 0..self.inputs.len();
        inputs.fold(self, |graph, index| {
            let lifts = match graph.inputs[index].elements {
                InputType::Integers { .. } => vec![],
                InputType::Reals | InputType::Float16 => wanted(index, samples),
            };
            match lifts.is_empty() {
                true => graph,
                false => graph.lifted(index, &lifts).unwrap_or(graph),
            }
        })
    }

    /// The graph with the elements of an input, row-major, lifted by octaves. `None` if these are no lifts of so many elements, one of
    /// them by nothing and another by more, if the elements are integers, or if something reads them that has no constants to divide.
    pub fn lifted(&self, index: usize, lifts: &[u8]) -> Option<Self> {
        let input = self.inputs.get(index)?;
        let fits = lifts.len() == *self.input_lens().get(index)? && lifts.iter().all(|&lift| lift <= MOST_LIFT);
        if !fits || lifts.iter().all(|&lift| lift > 0) || lifts.iter().all(|&lift| lift == 0) {
            return None;
        }
        if let InputType::Integers { .. } = input.elements {
            return None;
        }
        let lifted = lifts.iter().map(|&lift| lift.into()).collect();
        let mut lifting = Lifting {
            lifted: BTreeMap::from([(input.value, lifted)]),
            graph: self.clone(),
        };
        self.nodes.iter().try_for_each(|node| lifting.node(node))?;
        let Lifting { mut graph, lifted } = lifting;
        if graph.outputs.iter().any(|output| lifted.contains_key(&output.value)) {
            return None;
        }
        graph.inputs.get_mut(index)?.lifts = lifts.to_vec();
        Some(graph)
    }
}

/// The octaves by which the elements of an input are lifted, by their largest magnitudes.
fn wanted(index: usize, samples: &[Sample]) -> Vec<u8> {
    let rows = samples.iter().filter_map(|sample| sample.get(index));
    let mut largest = vec![];
    for row in rows {
        largest.resize(row.len(), 0f32);
        largest.iter_mut().zip(row).for_each(|(m, x)| *m = m.max(x.abs()));
    }
    let all = largest.iter().fold(0f32, |m, x| m.max(*x));
    // Of an element that is always zero nothing is known.
    let below = |m: &f32| {
        if *m > 0.0 {
            floor(all.into()) - floor((*m).into())
        } else {
            0
        }
    };
    if largest.iter().all(|m| below(m) < SPREAD) {
        return vec![];
    }
    let lift = |m: &f32| (below(m) - SPARE).clamp(0, MOST_LIFT.into()) as u8;
    largest.iter().map(lift).collect()
}

struct Lifting {
    graph: Graph,
    /// The octaves by which the elements of values are lifted.
    lifted: BTreeMap<ValueId, Vec<i64>>,
}

impl Lifting {
    fn node(&mut self, node: &Node) -> Option<()> {
        let is_lifted = |id: &&ValueId| self.lifted.contains_key(id);
        let operand = match node.inputs.iter().filter(is_lifted).count() {
            0 => return Some(()),
            _ => node.inputs.iter().position(|id| self.lifted.contains_key(id))?,
        };
        let lifts = self.lifted.get(node.inputs.get(operand)?)?.clone();
        match &node.op {
            Op::Reshape { .. }
            | Op::Transpose { .. }
            | Op::Slice { .. }
            | Op::Gather { .. }
            | Op::Concat { .. }
            | Op::Pad { value: 0.0, .. } => self.moved(node),
            Op::Relu | Op::LeakyRelu { .. } | Op::Abs | Op::Neg => self.keep(node, lifts),
            Op::Mul | Op::Add | Op::Sub => {
                let &other = node.inputs.get(1 - operand)?;
                let len = |id: ValueId| self.graph.values.get(id).map(|v| v.shape.iter().product::<usize>());
                let own = len(other)? == lifts.len();
                // An operand that is broadcast would have as many values as it has readers.
                if len(node.output)? != lifts.len() {
                    return None;
                }
                match (&node.op, own) {
                    (Op::Mul, true) => self.scale(other, |i| -lifts[i]),
                    (Op::Mul, false) => {
                        self.constant(other)?;
                        self.keep(node, lifts)
                    }
                    (_, true) => self.scale(other, |i| lifts[i]).and_then(|()| self.keep(node, lifts)),
                    _ => None,
                }
            }
            Op::MatMul if operand == 0 => {
                let &weights = node.inputs.get(1)?;
                let [inner, outer] = match self.constant(weights)?.shape[..] {
                    [inner, outer] => [inner, outer],
                    [inner] => [inner, 1],
                    _ => return None,
                };
                let each = repeated(&lifts, inner)?.to_vec();
                self.scale(weights, |i| -each[i / outer])
            }
            Op::Conv { groups, .. } if operand == 0 => {
                let &weights = node.inputs.get(1)?;
                let [out, in_group, kernel @ ..] = &self.constant(weights)?.shape[..] else {
                    return None;
                };
                let (taps, in_group) = (kernel.iter().product::<usize>(), *in_group);
                let (groups, of_group) = (*groups, out / groups);
                let channels = channels(&lifts, groups * in_group)?;
                self.scale(weights, |i| {
                    let (o, c) = (i / (in_group * taps), i / taps % in_group);
                    -channels[o / of_group * in_group + c]
                })
            }
            _ => None,
        }
    }

    /// The result is lifted as its operand is, element by element.
    fn keep(&mut self, node: &Node, lifts: Vec<i64>) -> Option<()> {
        self.lifted.insert(node.output, lifts);
        Some(())
    }

    /// The result has the elements of its operands.
    fn moved(&mut self, node: &Node) -> Option<()> {
        let of = |id: &ValueId| {
            let shape = self.graph.values.get(*id)?.shape.as_slice();
            let none = || vec![0; shape.iter().product()];
            Some((shape, self.lifted.get(id).cloned().unwrap_or_else(none)))
        };
        let operands: Vec<(&[usize], Vec<i64>)> = node.inputs.iter().map(of).collect::<Option<_>>()?;
        let operands: Vec<(&[usize], &[i64])> = operands.iter().map(|(shape, lifts)| (*shape, &lifts[..])).collect();
        let lifts = structural(&node.op, &operands, &self.graph.values.get(node.output)?.shape)?;
        self.keep(node, lifts)
    }

    /// A constant; one that is read elsewhere too would become two.
    fn constant(&self, id: ValueId) -> Option<&Tensor> {
        let readers = self.graph.nodes.iter().flat_map(|node| &node.inputs);
        let single = readers.filter(|reader| **reader == id).count() == 1 && self.graph.outputs_of(id) == 0;
        self.graph.values.get(id)?.constant.as_ref().filter(|_| single)
    }

    /// Multiplies the elements of a constant by powers of two, which are given by the element, without rounding.
    fn scale(&mut self, id: ValueId, octaves: impl Fn(usize) -> i64) -> Option<()> {
        let mut constant = self.constant(id)?.clone();
        for (index, x) in constant.data.iter_mut().enumerate() {
            let exact = f64::from(*x) * 2f64.powi(octaves(index) as i32);
            if f64::from(exact as f32) != exact {
                return None;
            }
            *x = exact as f32;
        }
        self.graph.values.get_mut(id)?.constant = Some(constant);
        Some(())
    }
}

/// The first `period` lifts, if all others repeat them.
fn repeated(lifts: &[i64], period: usize) -> Option<&[i64]> {
    let first = lifts.get(..period)?;
    lifts.chunks(period.max(1)).all(|chunk| chunk == first).then_some(first)
}

/// The lift of each channel, if its elements have one.
fn channels(lifts: &[i64], channels: usize) -> Option<Vec<i64>> {
    let positions = lifts.len().checked_div(channels)?;
    let one = |chunk: &[i64]| chunk.iter().all(|lift| *lift == chunk[0]).then(|| chunk[0]);
    let each: Vec<i64> = lifts.chunks(positions.max(1)).map(one).collect::<Option<_>>()?;
    (each.len() == channels).then_some(each)
}
