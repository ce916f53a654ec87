//! The structure of a model: its file without its weights.

use super::build::Made;
use super::error::ImportError;
use super::tensor::few_bits;
use super::{operators, opset, wire};
use onnx_protobuf::tensor_shape_proto::Dimension;
use onnx_protobuf::{
    type_proto, AttributeProto, GraphProto, Message as _, ModelProto, NodeProto, OperatorSetIdProto, TensorProto,
    TensorShapeProto, TypeProto, ValueInfoProto,
};
use std::collections::{BTreeSet, HashSet};

/// A copy of an ONNX file that says what its circuit is and nothing of its weights: auditors rebuild keys from it.
///
/// Weights are replaced by fixed numbers. A constant is a weight, whatever its type and size, unless
/// * it has no axes: then it is a number of the formula, as 3 in `x + 3`; or
/// * the circuit depends on its value: bounds, padding values, axes, shapes, indices, and what they are computed from.
///
/// Every message is made anew of what the import reads: shapes, and names and attributes of nodes and tensors in use. Notes,
/// metadata, unknown fields, producers, unused tensors and nodes that no output depends on have no place in it.
///
/// # Errors
/// As [`import`](super::import): only a file that can be imported says which of its constants are weights.
pub fn structure(bytes: &[u8]) -> Result<Vec<u8>, ImportError> {
    wire::scan(bytes)?;
    let malformed = |e| ImportError::malformed(format!("protobuf: {e}"));
    let mut model = ModelProto::parse_from_bytes(bytes).map_err(malformed)?;
    let opset = opset(&model)?;
    let Some(mut graph) = model.graph.take() else {
        return Err(ImportError::malformed("the model has no graph"));
    };
    operators::drop_labels(&mut graph);
    let lowered = operators::graph(graph.clone(), opset, &model.functions)?;
    let public = lowered.slots.iter().filter_map(|slot| match slot.origin {
        Made::Stored { public: true } => Some(slot.name.as_str()),
        _ => None,
    });
    let graph = rebuilt(&graph, (&lowered.nodes, &lowered.read), &public.collect());
    let used = |domain: &str| graph.node.iter().any(|node| node.domain == domain);
    let standard = OperatorSetIdProto {
        version: opset,
        ..OperatorSetIdProto::new()
    };
    let others = operators::DOMAINS.iter().filter(|domain| used(domain));
    let others = others.map(|domain| OperatorSetIdProto {
        domain: (*domain).into(),
        version: 1,
        ..OperatorSetIdProto::new()
    });
    let operators = std::iter::once(standard).chain(others);
    let bare = ModelProto {
        ir_version: model.ir_version,
        opset_import: operators.collect(),
        graph: Some(graph).into(),
        ..ModelProto::new()
    };
    bare.write_to_bytes().map_err(malformed)
}

fn rebuilt(
    graph: &GraphProto,
    (nodes, read): (&[NodeProto], &[BTreeSet<String>]),
    public: &HashSet<&str>,
) -> GraphProto {
    let names = nodes
        .iter()
        .flat_map(|node| &node.input)
        .chain(graph.output.iter().map(|info| &info.name));
    let names: HashSet<&String> = names.collect();
    let tensors = graph.initializer.iter();
    let (used, unused): (Vec<_>, Vec<_>) = tensors.partition(|t| names.contains(&t.name));
    let unused: HashSet<&str> = unused.iter().map(|t| t.name.as_str()).collect();
    let inputs = graph.input.iter().filter(|info| !unused.contains(info.name.as_str()));
    let named = |info: &ValueInfoProto| ValueInfoProto {
        name: info.name.clone(),
        ..ValueInfoProto::new()
    };
    let nodes = nodes.iter().zip(read);
    GraphProto {
        name: graph.name.clone(),
        node: nodes.map(|(node, read)| bare_node(node, read, public)).collect(),
        initializer: used
            .into_iter()
            .map(|tensor| bare_tensor(tensor, public.contains(tensor.name.as_str())))
            .collect(),
        input: inputs.map(bare_input).collect(),
        output: graph.output.iter().map(named).collect(),
        ..GraphProto::new()
    }
}

/// Name, element type and extents. Extents without a number are batches.
fn bare_input(info: &ValueInfoProto) -> ValueInfoProto {
    let mut bare = ValueInfoProto::new();
    bare.name.clone_from(&info.name);
    if let Some(type_proto::Value::TensorType(tensor)) = info.type_.as_ref().and_then(|t| t.value.as_ref()) {
        let dims = tensor.shape.iter().flat_map(|shape| &shape.dim).map(|dim| {
            let mut bare = Dimension::new();
            if dim.has_dim_value() {
                bare.set_dim_value(dim.dim_value());
            }
            bare
        });
        let shape = TensorShapeProto {
            dim: dims.collect(),
            ..TensorShapeProto::new()
        };
        let mut kind = TypeProto::new();
        kind.set_tensor_type(type_proto::Tensor {
            elem_type: tensor.elem_type,
            shape: tensor.shape.as_ref().map(|_| shape).into(),
            ..type_proto::Tensor::new()
        });
        bare.type_ = Some(kind).into();
    }
    bare
}

/// The strings that the import knows: modes of operators and activations, whose case does not count.
#[rustfmt::skip]
const STRINGS: &[&str] = &[
    "CRD", "DCR", "NOTSET", "SAME_LOWER", "SAME_UPPER", "VALID", "add", "align_corners", "asymmetric", "avg", "bicubic", "bilinear",
    "border", "ceil", "circular", "constant", "cubic", "edge", "floor", "half_pixel", "half_pixel_symmetric", "linear", "max", "mean",
    "min", "mul", "nearest", "none", "not_larger", "not_smaller", "output_half_pixel", "pytorch_half_pixel", "reflect", "reflection",
    "round_prefer_ceil", "round_prefer_floor", "stretch", "sum", "tf_crop_and_resize", "tf_half_pixel_for_nn", "wrap", "zeros",
    "trilinear", "L1", "L2", "MAX", "SOFTMAX", "LOGISTIC", "NONE", "tanh", "forward", "reverse", "bidirectional", "gated", "delta",
    "gated_delta", "silu", "swish", "relu", "leakyrelu", "sigmoid", "softsign", "softplus", "elu", "thresholdedrelu", "hardsigmoid",
    "scaledtanh", "affine", "clip",
];

/// Whether the import knows a string.
fn is_known(text: &[u8]) -> bool {
    STRINGS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(text))
}

/// `read`: names of the attributes that the import asked for.
fn bare_node(node: &NodeProto, read: &BTreeSet<String>, public: &HashSet<&str>) -> NodeProto {
    let public = node.output.first().is_some_and(|name| public.contains(name.as_str()));
    let read = node.attribute.iter().filter(|attribute| read.contains(&attribute.name));
    NodeProto {
        input: node.input.clone(),
        output: node.output.clone(),
        name: node.name.clone(),
        op_type: node.op_type.clone(),
        domain: match operators::DOMAINS.contains(&node.domain.as_str()) {
            true => node.domain.clone(),
            false => String::new(),
        },
        attribute: read.map(|attribute| bare_attribute(node, attribute, public)).collect(),
        ..NodeProto::new()
    }
}

/// An attribute, with other numbers in place of a constant that is a weight.
fn bare_attribute(node: &NodeProto, attribute: &AttributeProto, public: bool) -> AttributeProto {
    // What operators of classical machine learning learned stands in their attributes.
    let weight = node.op_type == "Constant" && !public || node.domain == operators::ML;
    let read = matches!(node.op_type.as_str(), "Constant" | "ConstantOfShape") && attribute.name == "value";
    let tensor = attribute.t.as_ref().filter(|_| read);
    let mut bare = AttributeProto {
        name: attribute.name.clone(),
        type_: attribute.type_,
        t: tensor.map(|tensor| nameless(bare_tensor(tensor, !weight))).into(),
        f: attribute.f,
        i: attribute.i,
        floats: attribute.floats.clone(),
        ints: attribute.ints.clone(),
        strings: attribute
            .strings
            .iter()
            .filter(|text| is_known(text))
            .cloned()
            .collect(),
        ..AttributeProto::new()
    };
    // An equation holds letters and signs only, or the import refuses it.
    let equation = node.op_type == "Einsum" && attribute.name == "equation";
    if equation || is_known(&attribute.s) {
        bare.s.clone_from(&attribute.s);
    }
    if weight {
        bare.floats = (0..attribute.floats.len()).map(|i| number(i) as f32).collect();
        bare.ints.fill(1);
    }
    bare
}

/// A tensor with its elements, or with others.
fn bare_tensor(tensor: &TensorProto, public: bool) -> TensorProto {
    let mut bare = TensorProto {
        name: tensor.name.clone(),
        dims: tensor.dims.clone(),
        data_type: tensor.data_type,
        ..TensorProto::new()
    };
    if !public {
        hide(&mut bare);
    } else if tensor.raw_data.is_empty() {
        match tensor.data_type {
            1 => bare.float_data.clone_from(&tensor.float_data),
            7 => bare.int64_data.clone_from(&tensor.int64_data),
            11 => bare.double_data.clone_from(&tensor.double_data),
            12 | 13 => bare.uint64_data.clone_from(&tensor.uint64_data),
            _ => bare.int32_data.clone_from(&tensor.int32_data),
        }
    } else {
        bare.raw_data.clone_from(&tensor.raw_data);
    }
    bare
}

/// Nothing reads the name of a tensor within an attribute.
fn nameless(tensor: TensorProto) -> TensorProto {
    TensorProto {
        name: String::new(),
        ..tensor
    }
}

/// Positive, not all equal, exact in every format.
fn number(index: usize) -> f64 {
    1.0 + (index % 7) as f64 / 8.0
}

/// Fills a tensor: floats by [`number`], integers and booleans by one.
fn hide(tensor: &mut TensorProto) {
    let count: i64 = tensor.dims.iter().product();
    let count = usize::try_from(count).unwrap_or(0);
    if let Some(bits) = few_bits(tensor.data_type) {
        // One, in as many places as a byte has.
        let one = match tensor.data_type {
            17 => 0x38,
            18 | 20 => 0x40,
            19 => 0x3c,
            23 => 0x22,
            21 | 22 => 0x11,
            _ => 0x55,
        };
        tensor.raw_data = vec![one; count.div_ceil(8 / bits)];
        return;
    }
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
    tensor.raw_data = (0..count).flat_map(data).collect();
}
