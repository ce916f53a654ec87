//! The structure of a model: its file without its weights.

use super::error::ImportError;
use super::wire;
use onnx_protobuf::{AttributeProto, Message as _, ModelProto, TensorProto};

/// A copy of an ONNX file in which every floating-point constant of more than one element holds fixed numbers
/// instead, all metadata and notes removed. Shapes, names, attributes, integers and scalars stay: they are public in
/// the circuit. Its circuit is that of the model, so auditors can rebuild keys from it.
///
/// # Errors
/// Files that are not ONNX or exceed the limits of the import.
pub fn structure(bytes: &[u8]) -> Result<Vec<u8>, ImportError> {
    wire::scan(bytes)?;
    let malformed = |e| ImportError::malformed(format!("protobuf: {e}"));
    let mut model = ModelProto::parse_from_bytes(bytes).map_err(malformed)?;
    model.metadata_props.clear();
    model.doc_string.clear();
    if let Some(graph) = model.graph.as_mut() {
        graph.doc_string.clear();
        graph.metadata_props.clear();
        graph.initializer.iter_mut().for_each(strip);
        for node in &mut graph.node {
            node.doc_string.clear();
            node.metadata_props.clear();
            node.attribute.iter_mut().for_each(strip_attribute);
        }
    }
    model.write_to_bytes().map_err(malformed)
}

fn strip_attribute(attribute: &mut AttributeProto) {
    attribute.t.as_mut().into_iter().for_each(strip);
    // Lists of floats are weights where a `Constant` node holds them.
    if attribute.name == "value_floats" && attribute.floats.len() > 1 {
        let count = attribute.floats.len();
        attribute.floats = (0..count).map(|i| value(i) as f32).collect();
    }
}

/// Positive, not all equal, exact in every format.
fn value(index: usize) -> f64 {
    1.0 + (index % 7) as f64 / 8.0
}

fn strip(tensor: &mut TensorProto) {
    let count = tensor
        .dims
        .iter()
        .try_fold(1usize, |n, &d| n.checked_mul(usize::try_from(d).ok()?))
        .unwrap_or(0);
    let width = match tensor.data_type {
        1 => 4,
        10 | 16 => 2,
        11 => 8,
        _ => return,
    };
    // What holds another number of elements than its shape says stays as it is, for the import to refuse.
    let held = tensor.raw_data.len() / width + tensor.float_data.len() + tensor.double_data.len();
    if count <= 1 || count != held + if width == 2 { tensor.int32_data.len() } else { 0 } {
        return;
    }
    tensor.doc_string.clear();
    tensor.float_data.clear();
    tensor.double_data.clear();
    tensor.int32_data.clear();
    let eighths = |i: usize| (i % 7) as u16;
    tensor.raw_data = match tensor.data_type {
        1 => (0..count).flat_map(|i| (value(i) as f32).to_le_bytes()).collect(),
        10 => (0..count)
            .flat_map(|i| (0x3c00 + 128 * eighths(i)).to_le_bytes())
            .collect(),
        16 => (0..count)
            .flat_map(|i| (0x3f80 + 16 * eighths(i)).to_le_bytes())
            .collect(),
        _ => (0..count).flat_map(|i| value(i).to_le_bytes()).collect(),
    };
}
