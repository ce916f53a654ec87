//! Operator by operator: graph values become forms, activations become stored tensors.

mod constants;
mod elementwise;
mod forms;
mod functions;
mod input;
mod loops;
mod masks;
mod matrix_products;
mod moves;
mod products;
mod reductions;
mod windows;

use super::form::{
    Affine, Applied, Bias, Contraction, FloatProgram, Form, Kind, Linear, MatrixProduct, Order, Part, Step, Tensor,
};
use super::quantize::integer_bits;
use super::size;
use crate::error::CircuitError;
use crate::graph::{self, Graph, Node, Op, ReduceKind};
use crate::layout::MAX_K;
use crate::octaves;
use crate::onnx::shown;
use crate::program::{Axis, Input, MaxPool, Output, View};
use std::collections::{BTreeMap, BTreeSet};

use constants::Constant;
use windows::spatial;

/// Why a node cannot be lowered.
type Refused = String;

/// Lowers a graph. If its one input is `taken` from another circuit, it lies on so many channels and positions, in its own order.
pub fn lower(graph: &Graph, ranges: &[f64], taken: Option<[usize; 2]>) -> Result<FloatProgram, CircuitError> {
    let mut lowering = Lowering {
        graph,
        ranges,
        taken,
        forms: vec![None; graph.values.len()],
        tensors: vec![],
        neighbours: vec![],
        reads: vec![0; graph.values.len()],
        unread: vec![],
        kept: vec![0; graph.values.len()],
        entries: 0,
        rows: 0,
        constants: BTreeMap::new(),
        covers: BTreeMap::new(),
        held: BTreeSet::new(),
        delayed: vec![],
    };
    let inputs = graph.nodes.iter().flat_map(|node| &node.inputs);
    // An output is read by whoever asks for it.
    let outputs = graph.outputs.iter().map(|output| &output.value);
    inputs.chain(outputs).for_each(|id| lowering.reads[*id] += 1);
    let inputs = graph.inputs.iter().map(|input| lowering.input(input)).collect();
    lowering.unread = lowering.reads.clone();
    let mut refused = vec![];
    for node in &graph.nodes {
        match lowering.node(node) {
            Ok(form) => {
                let form = match lowering.reads[node.output] > 1 {
                    true => lowering.settled(form),
                    false => form,
                };
                let form = match size::terms(&form) > size::MAX_TERMS {
                    true => lowering.copied(form),
                    false => form,
                };
                lowering.read(node);
                let entries = size::entries(&form);
                lowering.kept[node.output] = entries;
                lowering.entries += entries;
                let kept = entries <= size::MAX_FORM && lowering.entries <= size::MAX_FORMS;
                if !kept || !size::fits(lowering.rows) {
                    return Err(CircuitError::TooLarge { max_k: MAX_K });
                }
                lowering.close(node.output, &form);
                lowering.forms[node.output] = Some(form);
            }
            // A node whose input was refused is not reported again.
            Err(reason) if reason.is_empty() => {}
            Err(reason) => refused.push(format!(
                "node `{}` ({}): {reason}",
                shown(&node.name),
                shown(&node.onnx_op)
            )),
        }
    }
    if !refused.is_empty() {
        return Err(CircuitError::Unsupported(refused));
    }
    let outputs = (0..graph.outputs.len()).map(|index| lowering.output(index));
    let outputs = outputs.collect::<Result<_, _>>();
    let outputs = outputs.map_err(|e| CircuitError::Unsupported(vec![e]))?;
    let program = FloatProgram {
        tensors: lowering.tensors,
        inputs,
        outputs,
    };
    Ok(loops::joined(program, lowering.delayed))
}

struct Lowering<'a> {
    graph: &'a Graph,
    ranges: &'a [f64],
    /// Channels and positions of the input, where they are given.
    taken: Option<[usize; 2]>,
    forms: Vec<Option<Form>>,
    tensors: Vec<Tensor>,
    /// Tensors among whose rows a pool, product or quotient stands already.
    neighbours: Vec<usize>,
    /// How often each value of the graph is read, also as an output.
    reads: Vec<usize>,
    /// How often it is yet to be read; the form of one that is not is dropped.
    unread: Vec<usize>,
    /// Entries of the index maps of each form that is kept, and of all of them.
    kept: Vec<usize>,
    entries: usize,
    /// Rows that the stored tensors take at least.
    rows: usize,
    /// The tensors of constants that are read like activations.
    constants: BTreeMap<usize, Form>,
    /// Those of masks: see [`Self::covered`].
    covers: BTreeMap<usize, Form>,
    /// Tensors whose range something was computed from: they stay as wide as they are.
    held: BTreeSet<usize>,
    /// What loops read before it is computed.
    delayed: Vec<loops::Delayed>,
}

/// For each output the value whose elements are the scores that a proof is about: the output, or what it is the index of the largest of.
pub fn scores(graph: &Graph) -> Vec<graph::ValueId> {
    let scores = |output: &graph::Output| {
        let last = graph.nodes.iter().find(|node| node.output == output.value);
        let last = last.filter(|node| matches!(node.op, Op::ArgMax { .. }));
        last.and_then(|node| node.inputs.first())
            .copied()
            .unwrap_or(output.value)
    };
    graph.outputs.iter().map(scores).collect()
}

/// Lists of more entries than this describe nothing that a circuit has rows for.
const MAX_ENTRIES: usize = 1 << 22;

/// Refuses lists with an entry for each element of such an array before they are made.
fn limited(extents: &[usize]) -> Result<(), Refused> {
    let entries = extents.iter().try_fold(1usize, |n, extent| n.checked_mul(*extent));
    match entries.is_some_and(|n| n <= MAX_ENTRIES) {
        true => Ok(()),
        false => Err("it is too large for a circuit".into()),
    }
}

/// Grid of a value's shape: channels are the first axis after the batch, width the last, height all between.
fn grid(shape: &[usize]) -> [usize; 3] {
    let axes = match shape {
        [1, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    };
    match axes {
        [] => [1, 1, 1],
        [c] => [*c, 1, 1],
        [c, between @ .., w] => [*c, between.iter().product(), *w],
    }
}

impl Lowering<'_> {
    /// Counts the operands of a node as read.
    fn read(&mut self, node: &Node) {
        for &id in &node.inputs {
            self.unread[id] = self.unread[id].saturating_sub(1);
            if self.unread[id] == 0 {
                self.forms[id] = None;
                self.entries -= std::mem::take(&mut self.kept[id]);
            }
        }
    }

    fn output(&mut self, index: usize) -> Result<Output, Refused> {
        let graph::Output { name, value: id } = &self.graph.outputs[index];
        let id = *id;
        let form = self.forms[id].clone();
        let form = form.ok_or_else(|| match self.graph.outputs.len() {
            1 => "the output does not depend on the input".to_owned(),
            _ => format!("output `{}` does not depend on an input", shown(name)),
        })?;
        // Scores are published in the order of the value. One that lies otherwise moves to lanes where they follow one another.
        let on = match form.order {
            Order::Same => form.grid,
            Order::Index(_) => [form.grid.iter().product(), 1, 1],
        };
        let form = self.arranged(form, on, &Order::Same);
        let tensor = self.signed(form);
        let outputs: usize = self.tensors[tensor].grid.iter().product();
        let scores = self.graph.values[scores(self.graph)[index]].shape.iter().product();
        match outputs == scores {
            true => Ok(Output {
                name: name.clone(),
                tensor,
                shape: self.graph.unbatched(id).to_vec(),
            }),
            false => Err(format!("the circuit has {outputs} outputs for {scores} scores")),
        }
    }

    fn form(&self, node: &Node, index: usize) -> Result<Form, Refused> {
        let id = *node.inputs.get(index).ok_or("an input is missing")?;
        match &self.forms[id] {
            Some(form) => Ok(form.clone()),
            None if self.graph.values[id].constant.is_some() => Err("this input must not be constant".into()),
            None => Err(String::new()),
        }
    }

    fn shape(&self, node: &Node, index: usize) -> &[usize] {
        &self.graph.values[node.inputs[index]].shape
    }

    fn constant(&self, node: &Node, index: usize) -> Option<&graph::Tensor> {
        self.graph.values[*node.inputs.get(index)?].constant.as_ref()
    }

    /// Whether an operand is a weight that is read elsewhere too. Such a weight is stored, so that all read the same: as the
    /// weights of a contraction each reader would commit a copy of its own.
    fn is_shared(&self, node: &Node, index: usize) -> bool {
        let shared = |id: usize| !self.graph.values[id].public && self.reads[id] > 1;
        self.constant(node, index).is_some() && shared(node.inputs[index])
    }

    /// Whether an operand is a constant that the structure determines.
    fn is_public(&self, node: &Node, index: usize) -> bool {
        node.inputs.get(index).is_some_and(|&id| self.graph.values[id].public)
    }

    fn node(&mut self, node: &Node) -> Result<Form, Refused> {
        let out = self.graph.values[node.output].clone();
        let range = self.ranges[node.output];
        let mut form = match &node.op {
            Op::Conv { groups, .. } | Op::ConvTranspose { groups, .. } => self.conv(node, *groups, &out.shape)?,
            Op::MatMul => self.matmul(node)?,
            Op::Add => self.add(node, 1.0)?,
            Op::Sub => self.add(node, -1.0)?,
            Op::Mul => self.multiply(node)?,
            // Division by a constant was imported as a multiplication.
            Op::Div => self.divide(node)?,
            Op::Max => self.extremum(node, 1.0)?,
            Op::Min => self.extremum(node, -1.0)?,
            Op::Relu => {
                let form = self.form(node, 0)?;
                // Negative accumulators are bounded too, by twice the range.
                let range = range.max(form.range / 2.0);
                self.relu(Form {
                    range,
                    name: out.name.clone(),
                    ..form
                })
            }
            Op::LeakyRelu { alpha } => {
                let form = self.form(node, 0)?;
                self.two_sided(form, -f64::from(*alpha))
            }
            Op::PRelu => Form {
                range,
                ..self.prelu(node)?
            },
            Op::Abs => {
                let form = self.form(node, 0)?;
                self.two_sided(form, 1.0)
            }
            Op::Neg => self.form(node, 0)?.scale(-1.0),
            Op::Clip { min, max } => self.clip(node, *min, *max)?,
            Op::Function(function) => self.function(node, function)?,
            Op::MaxPool { .. } => {
                let form = self.framed(node, 0)?;
                let [h, w] = spatial(&node.op, &form, &out.shape)?;
                self.max_pool(form, &h, &w)
            }
            Op::AveragePool { count_include_pad, .. } => {
                let form = self.framed(node, 0)?;
                let axes = spatial(&node.op, &form, &out.shape)?;
                self.average_pool(form, axes, *count_include_pad)?
            }
            Op::Delay { rows } => self.delayed(node, *rows)?,
            Op::Reduce { kind, axes, .. } => self.reduce(node, *kind, axes)?,
            Op::ArgMax { axis, .. } => {
                if self.graph.outputs_of(node.output) != self.reads[node.output] {
                    return Err(format!(
                        "{} is supported as the last operator; prove it with the label policy",
                        node.onnx_op
                    ));
                }
                if self.shape(node, 0).get(*axis) != Some(&self.shape(node, 0).iter().product()) {
                    return Err(format!("{} is supported over all scores", node.onnx_op));
                }
                // The index has a shape of its own; what is published are the scores, in the order of theirs.
                self.framed(node, 0)?
            }
            // The elements and their order stay.
            Op::Reshape { .. } => self.form(node, 0)?,
            Op::Transpose { .. } => self.transpose(node)?,
            Op::Concat { axis } => self.concat(node, *axis)?,
            Op::Slice { .. } | Op::Gather { .. } | Op::Pad { .. } | Op::Expand { .. } => self.select(node)?,
        };
        let calibrated = matches!(
            node.op,
            Op::Conv { .. } | Op::ConvTranspose { .. } | Op::MatMul | Op::Add | Op::Sub | Op::Mul | Op::Div
        );
        if calibrated && self.mask(node).is_none() {
            form.range = range;
        }
        form.name = out.name;
        Ok(form)
    }
}
