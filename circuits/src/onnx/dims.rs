//! Sizes for symbolic dimensions.

use super::{shown, wire, ImportError};
use onnx_protobuf::tensor_shape_proto::dimension;
use onnx_protobuf::{type_proto, Message as _, ModelProto};
use std::collections::BTreeSet;

/// The file as if its inputs had been exported with these sizes of symbolic dimensions. What is done with the result is done with a
/// model of fixed shapes: its structure, too, has the sizes.
///
/// # Errors
/// [`ImportError::Dimension`] for a name that no input has, or a size of 0; as [`import`](super::import) for a file that is no model.
pub fn sized(bytes: &[u8], sizes: &[(String, usize)]) -> Result<Vec<u8>, ImportError> {
    wire::scan(bytes)?;
    let malformed = |e| ImportError::malformed(format!("protobuf: {e}"));
    let mut model = ModelProto::parse_from_bytes(bytes).map_err(malformed)?;
    let mut symbols = BTreeSet::new();
    let graph = model.graph.as_mut().into_iter();
    let types = graph
        .flat_map(|graph| &mut graph.input)
        .filter_map(|info| info.type_.as_mut());
    for kind in types {
        let Some(type_proto::Value::TensorType(tensor)) = &mut kind.value else {
            continue;
        };
        for dim in tensor.shape.as_mut().into_iter().flat_map(|shape| &mut shape.dim) {
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
        None => model.write_to_bytes().map_err(malformed),
        Some((name, _)) => Err(ImportError::Dimension {
            name: name.clone(),
            symbols: symbols.iter().map(|name| format!("`{}`", shown(name))).collect(),
        }),
    }
}
