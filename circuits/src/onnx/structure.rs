//! The structure of a model: its file without its weights.

use super::build::Made;
use super::error::ImportError;
use super::{lower, opset, wire};
use onnx_protobuf::{AttributeProto, Message as _, ModelProto, NodeProto, TensorProto};
use std::collections::HashSet;

/// A copy of an ONNX file that says what its circuit is and nothing of its weights: auditors rebuild keys from it.
///
/// Weights are replaced by fixed numbers. A constant is a weight, whatever its type and size, unless
/// * it has no axes: then it is a number of the formula, as 3 in `x + 3`; or
/// * the circuit depends on its value: bounds, padding values, axes, shapes, indices, and what they are computed from.
///
/// Names, shapes and attributes stay. Notes, metadata, and nodes that no output depends on are removed.
///
/// # Errors
/// As [`import`](super::import): only a file that can be imported says which of its constants are weights.
pub fn structure(bytes: &[u8]) -> Result<Vec<u8>, ImportError> {
    wire::scan(bytes)?;
    let malformed = |e| ImportError::malformed(format!("protobuf: {e}"));
    let mut model = ModelProto::parse_from_bytes(bytes).map_err(malformed)?;
    let opset = opset(&model)?;
    let Some(graph) = model.graph.as_mut() else {
        return Err(ImportError::malformed("the model has no graph"));
    };
    let lowered = lower::graph(graph.clone(), opset)?;
    let public = lowered.slots.iter().filter_map(|slot| match slot.origin {
        Made::Stored { public: true } => Some(slot.name.as_str()),
        _ => None,
    });
    let public: HashSet<&str> = public.collect();
    let live = lower::live(graph)?.nodes;
    let mut live = live.into_iter();
    graph.node.retain(|_| live.next() == Some(true));
    let weights = graph.initializer.iter_mut();
    weights
        .filter(|tensor| !public.contains(tensor.name.as_str()))
        .for_each(hide);
    for node in &mut graph.node {
        let public = node.output.first().is_some_and(|name| public.contains(name.as_str()));
        bare(node, public);
    }
    graph.doc_string.clear();
    graph.metadata_props.clear();
    graph
        .initializer
        .iter_mut()
        .for_each(|tensor| tensor.doc_string.clear());
    model.metadata_props.clear();
    model.doc_string.clear();
    // The import reads neither.
    model.functions.clear();
    model.training_info.clear();
    model.write_to_bytes().map_err(malformed)
}

/// Removes notes, data that the import does not read, and the value of a constant unless it is public.
fn bare(node: &mut NodeProto, public: bool) {
    node.doc_string.clear();
    node.metadata_props.clear();
    for attribute in &mut node.attribute {
        let read = matches!(node.op_type.as_str(), "Constant" | "ConstantOfShape") && attribute.name == "value";
        *attribute = AttributeProto {
            name: std::mem::take(&mut attribute.name),
            type_: attribute.type_,
            t: if read { attribute.t.take().into() } else { None.into() },
            f: attribute.f,
            i: attribute.i,
            s: std::mem::take(&mut attribute.s),
            floats: std::mem::take(&mut attribute.floats),
            ints: std::mem::take(&mut attribute.ints),
            ..AttributeProto::new()
        };
        attribute.t.as_mut().into_iter().for_each(|t| t.doc_string.clear());
        if node.op_type == "Constant" && !public {
            attribute.t.as_mut().into_iter().for_each(hide);
            attribute.floats = (0..attribute.floats.len()).map(|i| number(i) as f32).collect();
            attribute.ints.fill(1);
        }
    }
}

/// Positive, not all equal, exact in every format.
fn number(index: usize) -> f64 {
    1.0 + (index % 7) as f64 / 8.0
}

/// Replaces the elements of a tensor that was imported: floats by [`number`], integers and booleans by one.
fn hide(tensor: &mut TensorProto) {
    let count: i64 = tensor.dims.iter().product();
    let eighths = |i: usize| (i % 7) as u16;
    let data = |i: usize| -> Vec<u8> {
        match tensor.data_type {
            1 => (number(i) as f32).to_le_bytes().into(),
            2 | 3 | 9 => vec![1],
            4 | 5 => 1u16.to_le_bytes().into(),
            6 | 12 => 1u32.to_le_bytes().into(),
            7 | 13 => 1u64.to_le_bytes().into(),
            10 => (0x3c00 + 128 * eighths(i)).to_le_bytes().into(),
            16 => (0x3f80 + 16 * eighths(i)).to_le_bytes().into(),
            _ => number(i).to_le_bytes().into(),
        }
    };
    tensor.raw_data = (0..usize::try_from(count).unwrap_or(0)).flat_map(data).collect();
    tensor.float_data.clear();
    tensor.double_data.clear();
    tensor.int32_data.clear();
    tensor.int64_data.clear();
    tensor.uint64_data.clear();
    tensor.string_data.clear();
}
