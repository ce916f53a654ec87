//! A model that takes an input in parts: each part becomes an input of its own, and they are put together before anything else happens.

use super::dims::{parsed, places, written};
use super::error::{shown, ImportError};
use super::judge::{default_domain, named};
use onnx_protobuf::tensor_shape_proto::{dimension, Dimension};
use onnx_protobuf::{attribute_proto::AttributeType, type_proto, AttributeProto, NodeProto, ValueInfoProto};
use std::collections::BTreeSet;

/// A part of an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Its name as an input.
    pub name: String,
    /// How many places it has along the axis.
    pub len: usize,
}

/// The ONNX file of a model with the parts as inputs where `input` was, in their order, which are put together along the axis. The axis is counted from 0,
/// or from the last as -1. Everything else is what it was.
///
/// # Errors
/// No model; [`ImportError::Slice`] for an input or an axis that there is not, an axis whose size the file leaves open (the first one counts the items of a
/// batch), parts that do not make up the axis, and names that are taken.
pub fn slice(bytes: &[u8], input: &str, axis: i64, parts: &[Slice]) -> Result<Vec<u8>, ImportError> {
    let mut model = parsed(bytes)?;
    default_domain(&mut model)?;
    let Some(graph) = model.graph.as_mut() else {
        return Err(ImportError::malformed("the model has no graph"));
    };
    let fault = |reason: String, help: &str| {
        Err(ImportError::Slice {
            input: input.into(),
            reason,
            help: help.into(),
        })
    };
    let Some(at) = places(graph).find(|&at| graph.input[at].name == input) else {
        let names: Vec<_> = places(graph)
            .map(|at| format!("`{}`", shown(&graph.input[at].name)))
            .collect();
        return fault(
            format!("the model has no such input, but {}", names.join(", ")),
            "name one of these",
        );
    };
    let whole = graph.input[at].clone();
    let sizes = sizes(&whole);
    let rank = i64::try_from(sizes.len()).unwrap_or(i64::MAX);
    let counted = if axis < 0 { axis.saturating_add(rank) } else { axis };
    let place = usize::try_from(counted).ok();
    let Some((place, size)) = place.and_then(|place| Some((place, sizes.get(place)?))) else {
        return fault(
            format!("it has {rank} axes, and none of them is axis {axis}"),
            "count axes from 0, or from the last one as -1",
        );
    };
    let size = match size {
        Size::Fixed(size) => *size,
        Size::Symbol(_) | Size::Unknown if place == 0 => {
            return fault(
                "its first axis has no size of its own: it counts the items of a batch".into(),
                "choose another axis; a party that supplies some of the items is one of several inputs of a model for so many items",
            );
        }
        Size::Symbol(symbol) => {
            return fault(
                format!("axis {place} has no size but the symbol `{}`", shown(symbol)),
                &format!("give its size, as in --dim {}=224", shown(symbol)),
            );
        }
        Size::Unknown => {
            return fault(
                format!("axis {place} has no size in the file"),
                "export the model with fixed shapes",
            );
        }
    };
    let given = parts.iter().try_fold(0usize, |sum, part| sum.checked_add(part.len));
    if parts.len() < 2 || parts.iter().any(|part| part.len == 0) {
        return fault(
            "there are no two parts with something in each".into(),
            "name two parts or more",
        );
    }
    if given != Some(size) {
        let given = given.map_or_else(|| "more".to_owned(), |given| given.to_string());
        return fault(
            format!("the parts have {given} places together, and axis {place} has {size}"),
            "give parts whose sizes add up to that of the axis",
        );
    }
    let mut names = BTreeSet::new();
    for Slice { name, .. } in parts {
        if name.is_empty() || !names.insert(name) || named(graph, name) {
            return fault(
                format!(
                    "`{}` cannot be the name of a part: parts have names that nothing else in the model has",
                    shown(name)
                ),
                "choose another name",
            );
        }
    }
    graph
        .input
        .splice(at..=at, parts.iter().map(|part| of_part(&whole, place, part)));
    // In front of everything: nodes stand in an order in which they can be run.
    graph.node.insert(0, joined(input, place, parts));
    written(&model)
}

/// The size of an axis in the file.
enum Size {
    Fixed(usize),
    Symbol(String),
    Unknown,
}

fn sizes(info: &ValueInfoProto) -> Vec<Size> {
    let size = |dim: &Dimension| match &dim.value {
        Some(dimension::Value::DimValue(size)) => usize::try_from(*size).map_or(Size::Unknown, Size::Fixed),
        Some(dimension::Value::DimParam(name)) => Size::Symbol(name.clone()),
        _ => Size::Unknown,
    };
    let kind = info.type_.as_ref().and_then(|kind| kind.value.as_ref());
    let shape = match kind {
        Some(type_proto::Value::TensorType(tensor)) => tensor.shape.as_ref(),
        _ => None,
    };
    shape.map_or_else(Vec::new, |shape| shape.dim.iter().map(size).collect())
}

/// The input that a part is: as the whole, but for its name and the size of the axis.
fn of_part(whole: &ValueInfoProto, axis: usize, part: &Slice) -> ValueInfoProto {
    let mut info = whole.clone();
    info.name.clone_from(&part.name);
    if let Some(type_proto::Value::TensorType(tensor)) = info.type_.as_mut().and_then(|kind| kind.value.as_mut()) {
        if let Some(dim) = tensor.shape.as_mut().and_then(|shape| shape.dim.get_mut(axis)) {
            dim.set_dim_value(part.len as i64);
        }
    }
    info
}

fn joined(input: &str, axis: usize, parts: &[Slice]) -> NodeProto {
    NodeProto {
        op_type: "Concat".into(),
        name: input.into(),
        input: parts.iter().map(|part| part.name.clone()).collect(),
        output: vec![input.into()],
        attribute: vec![AttributeProto {
            name: "axis".into(),
            type_: AttributeType::INT.into(),
            i: axis as i64,
            ..AttributeProto::new()
        }],
        ..NodeProto::new()
    }
}
