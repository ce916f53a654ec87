//! A model that judges another one: the right label becomes an input of its own, and what comes out is whether the model gives it.

use super::dims::{parsed, written};
use super::error::{ImportError, UnsupportedNode};
use super::{attr, operators, opset};
use onnx_protobuf::tensor_shape_proto::Dimension;
use onnx_protobuf::{
    attribute_proto::AttributeType, tensor_shape_proto, type_proto, AttributeProto, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, TensorProto, TensorShapeProto, TypeProto, ValueInfoProto,
};

/// The input that has the right label of each item, counted from 0.
pub const TRUTH: &str = "truth";
/// The input that has the group of each item, counted from 0.
pub const GROUP: &str = "group";
/// The output: 1 for what holds of an item, else 0.
pub const VERDICT: &str = "verdict";

/// Most groups of items.
const MAX_GROUPS: usize = 64;
/// Element types, as ONNX numbers them.
const FLOAT: i32 = 1;
const INT64: i32 = 7;

/// The ONNX file of a classifier with the input [`TRUTH`] besides its own, and [`VERDICT`] in place of its outputs: two scores, of which the first is 1 where
/// the largest score (the first of equal ones) is not at the right label, and the second where it is. With `groups` there is the input [`GROUP`] too, and two such
/// scores for each group: only those of the item's group can be 1, and a group that there is not has no proof.
///
/// The scores are those of the output of that name, or else of the only one of floats.
///
/// # Errors
/// No model; no or several outputs to choose from; names that are taken.
pub fn judge(bytes: &[u8], output: Option<&str>, groups: Option<usize>) -> Result<Vec<u8>, ImportError> {
    let mut model = parsed(bytes)?;
    default_domain(&mut model)?;
    let Some(graph) = model.graph.as_mut() else {
        return Err(ImportError::malformed("the model has no graph"));
    };
    operators::drop_labels(graph);
    let scores = scores(graph, output)?;
    for name in [TRUTH, GROUP, VERDICT] {
        if named(graph, name) {
            return refused(name, "the model has a value of this name already; rename it");
        }
    }
    let mut nodes = Nodes { graph };
    let said = nodes.of("ArgMax", &[&scores], "said", &[("axis", -1), ("keepdims", 0)]);
    nodes.input(TRUTH);
    let right = nodes.of("Equal", &[&said, TRUTH], "right", &[]);
    let right = nodes.of("Cast", &[&right], "right/number", &[("to", FLOAT.into())]);
    let column = nodes.integers("column", &[0, 1]);
    let right = nodes.of("Reshape", &[&right, &column], "right/column", &[]);
    let one = nodes.floats("one", &[], &[1.0]);
    let wrong = nodes.of("Sub", &[&one, &right], "wrong", &[]);
    match groups {
        None => nodes.last("Concat", &[&wrong, &right], &[("axis", 1)]),
        Some(groups) if !(1..=MAX_GROUPS).contains(&groups) => {
            return refused(
                GROUP,
                &format!("{groups} groups, 1 to {MAX_GROUPS} are counted; choose fewer"),
            );
        }
        Some(groups) => {
            nodes.input(GROUP);
            let rows: Vec<f32> = (0..groups * groups)
                .map(|at| f32::from(u8::from(at / groups == at % groups)))
                .collect();
            let rows = nodes.floats("groups", &[groups, groups], &rows);
            // A choice among rows, so that a group beyond them has no proof.
            let member = nodes.of("Gather", &[&rows, GROUP], "member", &[("axis", 0)]);
            let cell = nodes.integers("cell", &[0, groups as i64, 1]);
            let [wrong, right] = [(&wrong, "wrong"), (&right, "right")].map(|(value, name)| {
                let of = nodes.of("Mul", &[&member, value], &format!("{name}/group"), &[]);
                nodes.of("Reshape", &[&of, &cell], &format!("{name}/cell"), &[])
            });
            let both = nodes.of("Concat", &[&wrong, &right], "both", &[("axis", 2)]);
            nodes.last("Flatten", &[&both], &[("axis", 1)]);
        }
    }
    let width = 2 * groups.unwrap_or(1) as i64;
    graph.output = vec![info(VERDICT, FLOAT, &[None, Some(width)])];
    written(&model)
}

/// Makes the standard operators known to a model that has none yet, for the nodes that it gets.
pub(super) fn default_domain(model: &mut ModelProto) -> Result<(), ImportError> {
    let version = opset(model)?;
    let mut sets = model.opset_import.iter();
    if !sets.any(|set| attr::is_default_domain(&set.domain)) {
        model.opset_import.push(OperatorSetIdProto {
            version,
            ..OperatorSetIdProto::new()
        });
    }
    Ok(())
}

fn refused<T>(name: &str, reason: &str) -> Result<T, ImportError> {
    Err(ImportError::Unsupported(vec![UnsupportedNode {
        name: name.into(),
        operator: "judge".into(),
        reason: reason.into(),
    }]))
}

/// The name of the output whose largest element is the label.
fn scores(graph: &GraphProto, wanted: Option<&str>) -> Result<String, ImportError> {
    let kind = |info: &ValueInfoProto| match info.type_.as_ref().and_then(|t| t.value.as_ref()) {
        Some(type_proto::Value::TensorType(tensor)) => tensor.elem_type,
        _ => 0,
    };
    let floats: Vec<&ValueInfoProto> = graph
        .output
        .iter()
        .filter(|info| matches!(kind(info), 1 | 10 | 11 | 16))
        .collect();
    let chosen = match wanted {
        Some(name) => floats.iter().find(|info| info.name == name),
        None if floats.len() == 1 => floats.first(),
        None => None,
    };
    match chosen {
        Some(info) => Ok(info.name.clone()),
        None => {
            let names: Vec<_> = floats
                .iter()
                .map(|info| format!("`{}`", super::shown(&info.name)))
                .collect();
            let of = match names.is_empty() {
                true => "the model has no output of floats".to_owned(),
                false => format!("the outputs of floats are {}", names.join(", ")),
            };
            refused("output", &format!("{of}; name the one that has a score for each label"))
        }
    }
}

/// Whether a value of the graph has a name.
pub(super) fn named(graph: &GraphProto, name: &str) -> bool {
    let made = graph.node.iter().flat_map(|node| &node.output);
    let given = graph.input.iter().map(|info| &info.name);
    let stored = graph.initializer.iter().map(|tensor| &tensor.name);
    made.chain(given).chain(stored).any(|own| own == name)
}

/// What a graph gets at its end. Names of inner values begin with that of the output.
struct Nodes<'g> {
    graph: &'g mut GraphProto,
}

impl Nodes<'_> {
    fn of(&mut self, op: &str, inputs: &[&str], name: &str, attributes: &[(&str, i64)]) -> String {
        let name = format!("{VERDICT}/{name}");
        self.push(op, inputs, &name, attributes);
        name
    }

    fn last(&mut self, op: &str, inputs: &[&str], attributes: &[(&str, i64)]) {
        self.push(op, inputs, VERDICT, attributes);
    }

    fn push(&mut self, op: &str, inputs: &[&str], output: &str, attributes: &[(&str, i64)]) {
        let attributes = attributes.iter().map(|&(name, value)| AttributeProto {
            name: name.into(),
            type_: AttributeType::INT.into(),
            i: value,
            ..AttributeProto::new()
        });
        self.graph.node.push(NodeProto {
            op_type: op.into(),
            name: output.into(),
            input: inputs.iter().map(|&name| name.to_owned()).collect(),
            output: vec![output.into()],
            attribute: attributes.collect(),
            ..NodeProto::new()
        });
    }

    /// An input of integers, one for each item.
    fn input(&mut self, name: &str) {
        self.graph.input.push(info(name, INT64, &[None]));
    }

    fn integers(&mut self, name: &str, data: &[i64]) -> String {
        let name = format!("{VERDICT}/{name}");
        self.graph.initializer.push(TensorProto {
            name: name.clone(),
            dims: vec![data.len() as i64],
            data_type: INT64,
            int64_data: data.to_vec(),
            ..TensorProto::new()
        });
        name
    }

    fn floats(&mut self, name: &str, dims: &[usize], data: &[f32]) -> String {
        let name = format!("{VERDICT}/{name}");
        self.graph.initializer.push(TensorProto {
            name: name.clone(),
            dims: dims.iter().map(|&d| d as i64).collect(),
            data_type: FLOAT,
            float_data: data.to_vec(),
            ..TensorProto::new()
        });
        name
    }
}

/// What is said of an input or output; a size that is not given is the number of items.
fn info(name: &str, data_type: i32, sizes: &[Option<i64>]) -> ValueInfoProto {
    let dimension = |size: &Option<i64>| Dimension {
        value: Some(match size {
            Some(size) => tensor_shape_proto::dimension::Value::DimValue(*size),
            None => tensor_shape_proto::dimension::Value::DimParam("items".into()),
        }),
        ..Dimension::new()
    };
    let shape = TensorShapeProto {
        dim: sizes.iter().map(dimension).collect(),
        ..TensorShapeProto::new()
    };
    let tensor = type_proto::Tensor {
        elem_type: data_type,
        shape: Some(shape).into(),
        ..type_proto::Tensor::new()
    };
    let kind = TypeProto {
        value: Some(type_proto::Value::TensorType(tensor)),
        ..TypeProto::new()
    };
    ValueInfoProto {
        name: name.into(),
        type_: Some(kind).into(),
        ..ValueInfoProto::new()
    }
}
