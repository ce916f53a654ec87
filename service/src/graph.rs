//! The graph of a model as a document: what its owner sees drawn. No weight is in it.

use provenn_circuits::graph::{Graph, Node, Op, ReduceKind};
use serde_json::{json, Map, Value};
use std::collections::BTreeSet;

/// `{values, inputs, outputs, layers}`. A value is `{name, shape}`; the others name values by position. A layer is
/// `{name, operator, computes, attributes, inputs, output, parameters}`, in topological order; constants are not among its
/// `inputs`, nor what a loop computes later, `computes` is the operation it became on import, `parameters` counts their elements, those that several layers share at the first of them.
pub fn describe(graph: &Graph) -> Value {
    let mut counted = BTreeSet::new();
    let layers: Vec<Value> = graph
        .nodes
        .iter()
        .map(|node| layer(graph, node, &mut counted))
        .collect();
    let values = graph
        .values
        .iter()
        .map(|value| json!({ "name": value.name, "shape": value.shape }));
    json!({
        "values": values.collect::<Vec<_>>(),
        "inputs": graph.inputs.iter().map(|input| input.value).collect::<Vec<_>>(),
        "outputs": graph.outputs.iter().map(|output| output.value).collect::<Vec<_>>(),
        "layers": layers,
    })
}

/// Multiplications of convolutions and matrix products.
pub fn macs(graph: &Graph) -> u64 {
    let elements = |shape: &[usize]| shape.iter().fold(1u64, |all, &n| all.saturating_mul(n as u64));
    let shape = |id: Option<&usize>| {
        id.and_then(|&id| graph.values.get(id))
            .map_or(&[][..], |v| v.shape.as_slice())
    };
    let of = |node: &Node| {
        let (first, second) = (shape(node.inputs.first()), shape(node.inputs.get(1)));
        let per = |places: &[usize], each: u64| elements(places).saturating_mul(each);
        match node.op {
            // Each place of the output sums over a filter, each place of the input spreads over one.
            Op::Conv { .. } => per(shape(Some(&node.output)), elements(second.get(1..).unwrap_or_default())),
            Op::ConvTranspose { .. } => per(first, elements(second.get(1..).unwrap_or_default())),
            Op::MatMul => per(shape(Some(&node.output)), first.last().map_or(1, |&n| n as u64)),
            _ => 0,
        }
    };
    graph.nodes.iter().map(of).fold(0, u64::saturating_add)
}

fn layer(graph: &Graph, node: &Node, counted: &mut BTreeSet<usize>) -> Value {
    let constant = |id: usize| graph.values.get(id).and_then(|value| value.constant.as_ref());
    let inputs: Vec<usize> = node
        .inputs
        .iter()
        .copied()
        .filter(|&id| constant(id).is_none() && !matches!(node.op, Op::Delay { .. }))
        .collect();
    let new = node.inputs.iter().filter(|&&id| counted.insert(id));
    let parameters: usize = new.filter_map(|&id| constant(id)).map(|tensor| tensor.data.len()).sum();
    json!({
        "name": node.name,
        "operator": node.onnx_op,
        "computes": operation(&node.op),
        "attributes": attributes(&node.op),
        "inputs": inputs,
        "output": node.output,
        "parameters": parameters,
    })
}

/// An operation's name.
fn operation(op: &Op) -> String {
    let shown = format!("{op:?}");
    shown
        .split(|c: char| !c.is_ascii_alphanumeric())
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Attributes that differ from the operator's usual ones.
fn attributes(op: &Op) -> Map<String, Value> {
    let mut list = Map::new();
    let mut put = |name: &str, value: Value, usual: bool| {
        if !usual {
            list.insert(name.into(), value);
        }
    };
    if let Some(window) = op.window() {
        put("kernel", json!(window.kernel), false);
        put("stride", json!(window.strides), window.strides.iter().all(|&s| s == 1));
        put("padding", json!(window.pads), window.pads.iter().all(|&p| p == (0, 0)));
        put(
            "dilation",
            json!(window.dilations),
            window.dilations.iter().all(|&d| d == 1),
        );
    }
    match op {
        Op::Conv { groups, .. } | Op::ConvTranspose { groups, .. } => put("groups", json!(groups), *groups == 1),
        Op::LeakyRelu { alpha } => put("alpha", json!(alpha), false),
        Op::Function(function) => put("formula", json!(function.to_string()), false),
        Op::Clip { min, max } => {
            put("min", json!(min), min.is_none());
            put("max", json!(max), max.is_none());
        }
        Op::Reduce { kind, axes, .. } => {
            let kind = match kind {
                ReduceKind::Sum => "sum",
                ReduceKind::Mean => "mean",
                ReduceKind::Max => "max",
                ReduceKind::Min => "min",
            };
            put("of", json!(kind), false);
            put("axes", json!(axes), false);
        }
        Op::ArgMax { axis, .. } | Op::Concat { axis } | Op::Gather { axis, .. } => put("axis", json!(axis), false),
        Op::Transpose { perm } => put("order", json!(perm), false),
        Op::Pad { pads, .. } => put("padding", json!(pads), false),
        Op::MaxPool { .. }
        | Op::AveragePool { .. }
        | Op::MatMul
        | Op::Add
        | Op::Sub
        | Op::Mul
        | Op::Div
        | Op::Min
        | Op::Max
        | Op::Relu
        | Op::PRelu
        | Op::Abs
        | Op::Neg
        | Op::Reshape { .. }
        | Op::Slice { .. }
        | Op::Delay { .. }
        | Op::Expand { .. } => {}
    }
    list
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use provenn_circuits::onnx::import;

    #[test]
    fn layers_of_a_trained_network() {
        let graph = import(include_bytes!("../../fixtures/models/digits_cnn.onnx")).unwrap();
        let shown = describe(&graph);
        let layers = shown["layers"].as_array().unwrap();
        assert_eq!(layers.len(), graph.nodes.len());
        assert_eq!(layers[0]["operator"], "Conv");
        assert_eq!(layers[0]["attributes"]["kernel"], json!([3, 3]));
        let counted: u64 = layers.iter().map(|layer| layer["parameters"].as_u64().unwrap()).sum();
        let all: usize = graph
            .values
            .iter()
            .filter_map(|v| v.constant.as_ref())
            .map(|t| t.data.len())
            .sum();
        assert_eq!(counted, all as u64);
        // Every input is one of the graph's or the output of an earlier layer.
        let mut known: Vec<&Value> = shown["inputs"].as_array().unwrap().iter().collect();
        for layer in layers {
            assert!(
                layer["inputs"].as_array().unwrap().iter().all(|id| known.contains(&id)),
                "{layer}"
            );
            known.push(&layer["output"]);
        }
        // Nothing of the weights: the document is as long as the names and numbers of the architecture.
        assert!(shown.to_string().len() < 200 * graph.values.len(), "{shown}");
    }
}
