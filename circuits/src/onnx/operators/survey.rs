//! What the file declares: live nodes, inputs.

use crate::onnx::error::ImportError;
use crate::onnx::tensor::type_name;
use onnx_protobuf::{type_proto, GraphProto, NodeProto, ValueInfoProto};
use std::collections::{HashMap, HashSet};

/// What the outputs depend on.
pub struct Live {
    /// For each node, whether an output depends on it.
    pub nodes: Vec<bool>,
    /// Every name they or the outputs use.
    pub names: HashSet<String>,
}

/// Walks back from the outputs. A node reads its inputs and what its subgraphs read.
pub fn live(list: &[NodeProto], outputs: &[String]) -> Result<Live, ImportError> {
    let mut producers: HashMap<&str, usize> = HashMap::new();
    for (i, node) in list.iter().enumerate() {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if producers.insert(name, i).is_some() {
                return Err(defined_twice(name));
            }
        }
    }
    let mut nodes = vec![false; list.len()];
    let mut names: HashSet<&str> = outputs.iter().map(String::as_str).collect();
    let mut todo: Vec<&str> = names.iter().copied().collect();
    while let Some(name) = todo.pop() {
        let Some(&i) = producers.get(name) else {
            continue;
        };
        let (Some(seen), Some(node)) = (nodes.get_mut(i), list.get(i)) else {
            continue;
        };
        if !std::mem::replace(seen, true) {
            let mut inputs = vec![];
            read_by(node, &mut inputs);
            todo.extend(inputs.into_iter().filter(|name| names.insert(name)));
        }
    }
    let names = names.into_iter().map(str::to_owned).collect();
    Ok(Live { nodes, names })
}

/// The names that a node and its subgraphs read.
fn read_by<'a>(node: &'a NodeProto, names: &mut Vec<&'a str>) {
    names.extend(node.input.iter().map(String::as_str).filter(|name| !name.is_empty()));
    for graph in node.attribute.iter().filter_map(|a| a.g.as_ref()) {
        graph.node.iter().for_each(|node| read_by(node, names));
        names.extend(graph.output.iter().map(|info| info.name.as_str()));
    }
}

/// Operators that give the labels of a classifier, and those that pass them on.
const LABELS: &[&str] = &["ArrayFeatureExtractor", "LabelEncoder", "LinearClassifier"];
const PASSING: &[&str] = &["Cast", "Flatten", "Identity", "Reshape", "Squeeze"];
/// Nodes that pass a label on, one after the other.
const LONGEST: usize = 16;

/// Removes the outputs that are labels of a classifier, where others are its scores: a receipt shows the index of the largest score by
/// the label policy. Labels are outputs of integers or strings that come from [`LABELS`].
pub fn drop_labels(proto: &mut GraphProto) {
    let kind = |info: &ValueInfoProto| match info.type_.as_ref().and_then(|t| t.value.as_ref()) {
        Some(type_proto::Value::TensorType(tensor)) => tensor.elem_type,
        _ => 0,
    };
    let nodes = std::mem::take(&mut proto.node);
    let outputs = nodes
        .iter()
        .enumerate()
        .flat_map(|(i, node)| node.output.iter().map(move |name| (name.as_str(), i)));
    let producers: HashMap<&str, usize> = outputs.collect();
    let from = |name: &str| producers.get(name).and_then(|&i| nodes.get(i));
    let label = |info: &ValueInfoProto| {
        let mut name = info.name.as_str();
        for _ in 0..LONGEST {
            match from(name) {
                Some(node) if LABELS.contains(&node.op_type.as_str()) => {
                    return node.output.first().is_some_and(|o| o == name)
                }
                Some(node) if PASSING.contains(&node.op_type.as_str()) => {
                    name = node.input.first().map_or("", String::as_str);
                }
                _ => return false,
            }
        }
        false
    };
    let labels: Vec<bool> = proto
        .output
        .iter()
        .map(|info| matches!(kind(info), 7 | 8) && label(info))
        .collect();
    if labels.contains(&false) {
        let mut kept = labels.iter().map(|label| !label);
        proto.output.retain(|_| kept.next().unwrap_or(true));
    }
    proto.node = nodes;
}

/// Shape of an input, and its element type.
pub fn declared(info: &ValueInfoProto) -> Result<(Vec<usize>, i32), ImportError> {
    let bad = |what: &str| ImportError::malformed(format!("input `{}`: {what}", info.name));
    let Some(type_proto::Value::TensorType(tensor)) = info.type_.as_ref().and_then(|t| t.value.as_ref()) else {
        return Err(bad("only tensors are supported"));
    };
    if !matches!(tensor.elem_type, 1..=7 | 9..=13 | 16) {
        let kind = type_name(tensor.elem_type);
        return Err(bad(&format!("elements of type {kind} are not supported")));
    }
    let dims = tensor.shape.as_ref().ok_or_else(|| bad("the shape is missing"))?;
    let shape: Result<Vec<usize>, ImportError> = dims
        .dim
        .iter()
        .enumerate()
        .map(
            |(axis, dim)| match usize::try_from(if dim.has_dim_value() { dim.dim_value() } else { 0 }) {
                Ok(d) if d > 0 => Ok(d),
                _ if axis == 0 => Ok(1),
                _ => Err(ImportError::SymbolicDimension {
                    input: info.name.clone(),
                    axis,
                    symbol: Some(dim.dim_param()).filter(|name| !name.is_empty()).map(str::to_owned),
                }),
            },
        )
        .collect();
    Ok((shape?, tensor.elem_type))
}

/// Names have one definition.
pub fn defined_twice(name: &str) -> ImportError {
    ImportError::malformed(format!("`{name}` is defined twice"))
}
