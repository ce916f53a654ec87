//! Sizes for symbolic dimensions.

use super::{shown, wire, ImportError};
use onnx_protobuf::tensor_shape_proto::{dimension, Dimension};
use onnx_protobuf::{type_proto, GraphProto, Message as _, ModelProto, ValueInfoProto};
use std::collections::BTreeSet;

/// The file as if its inputs had been exported with these sizes of symbolic dimensions. What is done with the result is done with a
/// model of fixed shapes: its structure, too, has the sizes.
///
/// # Errors
/// [`ImportError::Dimension`] for a name that no input has, or a size of 0; as [`import`](super::import) for a file that is no model.
pub fn sized(bytes: &[u8], sizes: &[(String, usize)]) -> Result<Vec<u8>, ImportError> {
    let mut model = parsed(bytes)?;
    let mut symbols = BTreeSet::new();
    for info in model.graph.as_mut().into_iter().flat_map(|graph| &mut graph.input) {
        for dim in axes(info) {
            let Some(dimension::Value::DimParam(name)) = &dim.value else {
                continue;
            };
            symbols.insert(name.clone());
            if let Some((_, size)) = sizes.iter().find(|(own, _)| own == name) {
                dim.set_dim_value(i64::try_from(*size).unwrap_or(i64::MAX));
            }
        }
    }
    match sizes.iter().find(|(name, size)| *size == 0 || !symbols.contains(name)) {
        None => written(&model),
        Some((name, _)) => Err(ImportError::Dimension {
            name: name.clone(),
            symbols: symbols.iter().map(|name| format!("`{}`", shown(name))).collect(),
        }),
    }
}

/// The file as if it had been exported for so many items at once: they are the first axis of every input, where the file leaves it open.
///
/// # Errors
/// [`ImportError::Batch`] for an input whose first axis is another number; as [`import`](super::import) for a file that is no model.
pub fn batched(bytes: &[u8], items: usize) -> Result<Vec<u8>, ImportError> {
    let mut model = parsed(bytes)?;
    let size = i64::try_from(items).unwrap_or(i64::MAX);
    let Some(graph) = model.graph.as_mut() else {
        return written(&model);
    };
    let places: Vec<usize> = places(graph).collect();
    for at in places {
        let info = &mut graph.input[at];
        let name = shown(&info.name);
        let refused = |found: String| ImportError::Batch { name, items, found };
        match axes(info).next() {
            None => return Err(refused("no axis".into())),
            Some(dim) => match &dim.value {
                Some(dimension::Value::DimValue(value)) if *value == size => {}
                Some(dimension::Value::DimValue(value)) => return Err(refused(value.to_string())),
                _ => dim.set_dim_value(size),
            },
        }
    }
    written(&model)
}

/// The names of the inputs, without those that older files list among them and have a constant for.
///
/// # Errors
/// As [`import`](super::import) for a file that is no model.
pub fn inputs(bytes: &[u8]) -> Result<Vec<String>, ImportError> {
    let graph = parsed(bytes)?.graph.unwrap_or_default();
    Ok(places(&graph).map(|at| graph.input[at].name.clone()).collect())
}

/// Where the inputs are among those of the file.
pub(super) fn places(graph: &GraphProto) -> impl Iterator<Item = usize> + use<'_> {
    let constants = constants(graph);
    (0..graph.input.len()).filter(move |&at| !constants.contains(graph.input[at].name.as_str()))
}

/// Older files list constants among the inputs.
fn constants(graph: &GraphProto) -> BTreeSet<&str> {
    let names = graph.initializer.iter().map(|constant| constant.name.as_str());
    names.collect()
}

/// The model in a file, after what is bounded was looked at.
pub(super) fn parsed(bytes: &[u8]) -> Result<ModelProto, ImportError> {
    wire::scan(bytes)?;
    ModelProto::parse_from_bytes(bytes).map_err(|e| ImportError::malformed(format!("protobuf: {e}")))
}

pub(super) fn written(model: &ModelProto) -> Result<Vec<u8>, ImportError> {
    let bytes = model.write_to_bytes();
    bytes.map_err(|e| ImportError::malformed(format!("protobuf: {e}")))
}

/// The axes of an input.
fn axes(info: &mut ValueInfoProto) -> impl Iterator<Item = &mut Dimension> {
    let tensor = info.type_.as_mut().and_then(|kind| match &mut kind.value {
        Some(type_proto::Value::TensorType(tensor)) => Some(tensor),
        _ => None,
    });
    let shape = tensor.and_then(|tensor| tensor.shape.as_mut());
    shape.into_iter().flat_map(|shape| &mut shape.dim)
}
