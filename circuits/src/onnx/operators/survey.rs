//! What the file declares: live nodes, inputs.

use crate::onnx::error::ImportError;
use crate::onnx::tensor::type_name;
use onnx_protobuf::{type_proto, GraphProto, ValueInfoProto};
use std::collections::{HashMap, HashSet};

/// What the outputs depend on.
pub struct Live<'a> {
    /// For each node, whether an output depends on it.
    pub nodes: Vec<bool>,
    /// Every name they or the graph outputs use.
    pub names: HashSet<&'a str>,
}

/// Walks back from the outputs.
pub fn live(proto: &GraphProto) -> Result<Live<'_>, ImportError> {
    let mut producers: HashMap<&str, usize> = HashMap::new();
    for (i, node) in proto.node.iter().enumerate() {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            if producers.insert(name, i).is_some() {
                return Err(defined_twice(name));
            }
        }
    }
    let mut nodes = vec![false; proto.node.len()];
    let mut names: HashSet<&str> = proto.output.iter().map(|o| o.name.as_str()).collect();
    let mut todo: Vec<&str> = names.iter().copied().collect();
    while let Some(name) = todo.pop() {
        let Some(&i) = producers.get(name) else {
            continue;
        };
        let (Some(seen), Some(node)) = (nodes.get_mut(i), proto.node.get(i)) else {
            continue;
        };
        if !std::mem::replace(seen, true) {
            let inputs = node.input.iter().filter(|name| !name.is_empty());
            todo.extend(inputs.map(String::as_str).filter(|name| names.insert(name)));
        }
    }
    Ok(Live { nodes, names })
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
