//! From the lowered graph to the imported one: batch normalisation into convolutions, dead parts out, element types of inputs held,
//! functions of one value.

use super::build::{Bound, Made, Slot, Step};
use super::error::{ImportError, UnsupportedNode};
use super::fuse::fuse;
use super::shares::divide_last;
use super::tensor::{input_type, type_name, Const};
use crate::graph::{Function, Graph, Input, Node, Op, Output, Tensor, Value, ValueId};
use onnx_protobuf::NodeProto;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The result of lowering.
pub struct Lowered {
    pub name: String,
    pub operators: BTreeMap<String, usize>,
    /// The nodes that outputs depend on, those of functions, branches and loops in their place.
    pub nodes: Vec<NodeProto>,
    /// Names of the attributes that were asked for, of each of them.
    pub read: Vec<BTreeSet<String>>,
    pub slots: Vec<Slot>,
    pub steps: Vec<Step>,
    pub bounds: Vec<Bound>,
    pub input: Vec<ValueId>,
    /// Names and values.
    pub output: Vec<(String, ValueId)>,
}

/// Folds, removes and renumbers.
pub fn finish(mut lowered: Lowered) -> Result<Graph, ImportError> {
    fold_batch_normalization(&mut lowered);
    remove_dead(&mut lowered);
    unread(&lowered)?;
    hold_types(&mut lowered);
    fuse(&mut lowered);
    divide_last(&mut lowered);
    renumber(lowered)
}

/// Multiplications and additions for each channel that come from a `BatchNormalization` go into the weights and bias
/// of the convolution before them, if its weights are constant and nothing else uses its result.
fn fold_batch_normalization(g: &mut Lowered) {
    let mut uses = vec![0usize; g.slots.len()];
    let outputs = g.output.iter().map(|(_, id)| id);
    for &id in g.steps.iter().flat_map(|s| &s.inputs).chain(outputs) {
        if let Some(n) = uses.get_mut(id) {
            *n += 1;
        }
    }
    let mut producer: HashMap<ValueId, usize> = HashMap::new();
    // What was folded already: convolutions that share kernel, bias and normalisation share what comes of them.
    let mut folded: HashMap<(Vec<ValueId>, ValueId, bool), [Option<ValueId>; 2]> = HashMap::new();
    let mut kept: Vec<Step> = Vec::new();
    for step in std::mem::take(&mut g.steps) {
        let conv = match step.inputs.as_slice() {
            [x, c] if step.onnx_op == "BatchNormalization" && uses.get(*x) == Some(&1) => producer
                .get(x)
                .and_then(|&i| kept.get(i))
                .and_then(|conv| Some((*x, *c, absorbed(g, conv, &step, *c)?))),
            _ => None,
        };
        if let Some((x, c, (weights, bias))) = conv {
            let Some(i) = producer.remove(&x) else {
                continue;
            };
            let Some(conv) = kept.get_mut(i) else {
                continue;
            };
            let constants = conv.inputs.iter().skip(1).copied().collect();
            let made = folded.entry((constants, c, step.op == Op::Mul)).or_default();
            for (label, slot, at) in [("weights", weights, 1), ("bias", bias, 2)] {
                let Some((shape, data)) = slot else { continue };
                let before = conv.inputs.get(at).copied();
                let id = *made[at - 1].get_or_insert_with(|| {
                    g.slots.push(Slot {
                        name: format!("{}/folded {label}", conv.name),
                        shape,
                        constant: Some(Const::Floats(data)),
                        data_type: 1,
                        origin: Made::From(before.into_iter().chain([c]).collect()),
                    });
                    g.slots.len() - 1
                });
                match conv.inputs.get_mut(at) {
                    Some(input) => *input = id,
                    None => conv.inputs.push(id),
                }
            }
            conv.output = step.output;
            producer.insert(step.output, i);
        } else {
            producer.insert(step.output, kept.len());
            kept.push(step);
        }
    }
    g.steps = kept;
}

type NewConstant = Option<(Vec<usize>, Vec<f32>)>;

/// New weights and bias of `conv` followed by `step` with the constant `c` (one element for each channel).
fn absorbed(g: &Lowered, conv: &Step, step: &Step, c: ValueId) -> Option<(NewConstant, NewConstant)> {
    let floats = |id: ValueId| {
        let slot = g.slots.get(id)?;
        match &slot.constant {
            Some(Const::Floats(data)) => Some((slot.shape.clone(), data.as_slice())),
            _ => None,
        }
    };
    let Op::Conv { .. } = conv.op else {
        return None;
    };
    let (_, c) = floats(c)?;
    let (shape, weights) = floats(*conv.inputs.get(1)?)?;
    let bias = match conv.inputs.get(2) {
        Some(&id) => Some(floats(id)?.1),
        None => None,
    };
    match step.op {
        Op::Mul => {
            let block: usize = shape.iter().skip(1).product();
            let scaled = weights
                .chunks_exact(block.max(1))
                .zip(c)
                .flat_map(|(w, c)| w.iter().map(move |w| w * c));
            let bias = bias.map(|b| (vec![b.len()], b.iter().zip(c).map(|(b, c)| b * c).collect()));
            Some((Some((shape.clone(), scaled.collect())), bias))
        }
        Op::Add => {
            let sum = match bias {
                Some(b) => b.iter().zip(c).map(|(b, c)| b + c).collect(),
                None => c.to_vec(),
            };
            Some((None, Some((vec![c.len()], sum))))
        }
        _ => None,
    }
}

/// Which values are constants that the structure of the file determines. What a constant is computed from comes before it.
pub fn public(slots: &[Slot]) -> Vec<bool> {
    let mut public = Vec::with_capacity(slots.len());
    for slot in slots {
        let known = match &slot.origin {
            Made::Stored { public } => *public,
            Made::From(sources) => sources.iter().all(|&id| public.get(id) == Some(&true)),
        };
        public.push(known && slot.constant.is_some());
    }
    public
}

fn remove_dead(g: &mut Lowered) {
    let mut needed = vec![false; g.slots.len()];
    let mark = |ids: &[ValueId], needed: &mut Vec<bool>| {
        for &id in ids {
            if let Some(n) = needed.get_mut(id) {
                *n = true;
            }
        }
    };
    let outputs: Vec<ValueId> = g.output.iter().map(|(_, id)| *id).collect();
    mark(&outputs, &mut needed);
    // What a delay reads comes after it: as often as more is marked.
    let marked = |needed: &Vec<bool>| needed.iter().filter(|needed| **needed).count();
    let mut before = 0;
    while std::mem::replace(&mut before, marked(&needed)) < marked(&needed) {
        for step in g.steps.iter().rev() {
            if needed.get(step.output) == Some(&true) {
                mark(&step.inputs, &mut needed);
            }
        }
    }
    g.steps.retain(|step| needed.get(step.output) == Some(&true));
    // Steps may still be joined to others, whose values are these no more.
    g.bounds.retain(|bound| needed.get(bound.reader) == Some(&true));
}

/// Refuses inputs that nothing is computed from: a receipt would state of them what holds of any.
fn unread(g: &Lowered) -> Result<(), ImportError> {
    let outputs = g.output.iter().map(|(_, id)| id);
    let read: BTreeSet<ValueId> = g.steps.iter().flat_map(|s| &s.inputs).chain(outputs).copied().collect();
    let unread = g.input.iter().filter(|id| !read.contains(id));
    let refused: Vec<UnsupportedNode> = unread
        .map(|&id| UnsupportedNode {
            name: g.slots.get(id).map_or_else(String::new, |slot| slot.name.clone()),
            operator: "input".into(),
            reason: "no output depends on the values of this input; remove it from the graph".into(),
        })
        .collect();
    match refused.is_empty() {
        true => Ok(()),
        false => Err(ImportError::Unsupported(refused)),
    }
}

/// Reads inputs of truth values and 8-bit integers through a function that is defined on these only, so that a circuit has no proof
/// for others, whoever proves. Indices are held by what they choose from.
fn hold_types(g: &mut Lowered) {
    for input in g.input.clone() {
        if g.bounds.iter().any(|bound| bound.input == input) {
            continue;
        }
        let Some(slot) = g.slots.get(input) else { continue };
        let Some(range) = input_type(slot.data_type).few() else {
            continue;
        };
        let (name, held) = (slot.name.clone(), g.slots.len());
        g.slots.push(Slot {
            name: format!("{name}/{}", type_name(slot.data_type)),
            shape: slot.shape.clone(),
            constant: None,
            data_type: slot.data_type,
            origin: Made::From(vec![]),
        });
        let read = g.steps.iter_mut().flat_map(|step| &mut step.inputs);
        let read = read.chain(g.output.iter_mut().map(|(_, id)| id));
        read.filter(|id| **id == input).for_each(|id| *id = held);
        let step = Step {
            onnx_op: "input".into(),
            op: Op::Function(Function::Variable.integer(range)),
            inputs: vec![input],
            output: held,
            name,
        };
        g.steps.insert(0, step);
    }
}

/// Keeps inputs, outputs and what the nodes use; integers become floats.
fn renumber(g: Lowered) -> Result<Graph, ImportError> {
    let steps = g
        .steps
        .iter()
        .flat_map(|s| s.inputs.iter().chain(std::iter::once(&s.output)));
    let outputs = g.output.iter().map(|(_, id)| id);
    let mut used: Vec<ValueId> = g.input.iter().chain(steps).chain(outputs).copied().collect();
    used.sort_unstable();
    used.dedup();
    let ids: HashMap<ValueId, ValueId> = used.iter().enumerate().map(|(new, &old)| (old, new)).collect();
    let new = |old: &ValueId| {
        ids.get(old)
            .copied()
            .ok_or_else(|| ImportError::malformed("value out of range"))
    };
    let public = public(&g.slots);
    let inputs = g.input.iter().map(|id| {
        let slot = g.slots.get(*id);
        let bounds = g.bounds.iter().filter(|bound| bound.input == *id);
        let declared = slot.map(|slot| input_type(slot.data_type)).unwrap_or_default();
        Ok(Input {
            value: new(id)?,
            elements: bounds.fold(declared, |elements, bound| elements.within(&bound.numbers)),
            lifts: vec![],
        })
    });
    let inputs = inputs.collect::<Result<_, ImportError>>()?;
    let mut values = Vec::with_capacity(used.len());
    let slots = g.slots.into_iter().zip(public).enumerate();
    for (_, (slot, public)) in slots.filter(|(id, _)| ids.contains_key(id)) {
        let constant = slot.constant.map(|data| Tensor {
            shape: slot.shape.clone(),
            data: data.into_floats(),
        });
        if constant.as_ref().is_some_and(|t| t.data.iter().any(|x| !x.is_finite())) {
            return Err(ImportError::NonFinite { tensor: slot.name });
        }
        values.push(Value {
            name: slot.name,
            shape: slot.shape,
            constant,
            public,
        });
    }
    let mut nodes = Vec::with_capacity(g.steps.len());
    for step in g.steps {
        let inputs = step.inputs.iter().map(new).collect::<Result<_, _>>()?;
        let output = new(&step.output)?;
        nodes.push(Node {
            name: step.name,
            onnx_op: step.onnx_op,
            op: step.op,
            inputs,
            output,
        });
    }
    let outputs = g
        .output
        .into_iter()
        .map(|(name, id)| Ok(Output { name, value: new(&id)? }));
    let outputs = outputs.collect::<Result<_, ImportError>>()?;
    Ok(Graph {
        name: g.name,
        operators: g.operators,
        values,
        nodes,
        inputs,
        outputs,
    })
}
