//! Which constants are weights, and that a structure says nothing of them.

use super::super::structure;
use super::builder::{floats, ints, A};
use super::*;
use onnx_protobuf::TensorProto;
use std::collections::BTreeMap;

/// For each constant of the graph, whether it is public; and its data in the structure.
pub fn constants(model: &Model) -> BTreeMap<String, (bool, Vec<f32>)> {
    let (graph, bare) = (model.import().expect("importable"), stripped(model));
    assert_eq!(graph.nodes, bare.nodes);
    assert_eq!(graph.values.len(), bare.values.len());
    let mut constants = BTreeMap::new();
    for (with, without) in graph.values.into_iter().zip(bare.values) {
        assert_eq!(
            (&with.name, &with.shape, with.public),
            (&without.name, &without.shape, without.public)
        );
        let (Some(with_data), Some(data)) = (with.constant, without.constant) else {
            assert!(!with.public);
            continue;
        };
        assert_eq!(with_data == data, with.public, "{}: {data:?}", with.name);
        constants.insert(with.name, (with.public, data.data));
    }
    constants
}

fn stripped(model: &Model) -> super::super::Graph {
    import(&structure(&model.bytes()).expect("a structure")).expect("importable")
}

pub fn weights(model: &Model) -> Vec<String> {
    let secret = constants(model).into_iter().filter(|(_, (public, _))| !public);
    secret.map(|(name, _)| name).collect()
}

fn double(dims: &[i64], data: &[f64]) -> TensorProto {
    let mut t = TensorProto::new();
    (t.dims, t.data_type, t.double_data) = (dims.to_vec(), 11, data.to_vec());
    t
}

#[test]
fn a_weight_of_one_element_is_a_weight() {
    let model = Model::new(13, &[1, 2])
        .floats("w", &[2, 1], &[5.0, 6.0])
        .floats("b", &[1], &[7.0])
        .floats("m", &[1, 1], &[8.0])
        .floats("c", &[1, 1], &[9.0])
        .floats("slope", &[1], &[0.25])
        .node("Gemm", &["x", "w", "b"], &["g"], &[])
        .node("MatMul", &["g", "m"], &["h"], &[])
        .node("Add", &["h", "c"], &["i"], &[])
        .node("PRelu", &["i", "slope"], &["y"], &[]);
    assert_eq!(weights(&model), ["b", "c", "m", "slope", "w"]);
    let scaled = Model::new(13, &[1, 1, 2])
        .floats("scale", &[1], &[5.0])
        .floats("bias", &[1], &[6.0])
        .floats("mean", &[1], &[7.0])
        .floats("var", &[1], &[8.0])
        .node(
            "BatchNormalization",
            &["x", "scale", "bias", "mean", "var"],
            &["y"],
            &[],
        );
    assert_eq!(weights(&scaled), ["y/factor", "y/shift"]);
}

#[test]
fn a_number_without_axes_is_part_of_the_formula() {
    let three = TensorProto {
        dims: vec![],
        ..floats(&[], &[3.0])
    };
    let model = Model::new(13, &[1, 2])
        .node("Constant", &[], &["three"], &[("value", A::T(three))])
        .node("Constant", &[], &["sixth"], &[("value_float", A::F(1.0 / 6.0))])
        .floats("offset", &[], &[7.0])
        .node("Add", &["x", "three"], &["a"], &[])
        .node("Add", &["a", "offset"], &["b"], &[])
        .node("Mul", &["b", "sixth"], &["y"], &[]);
    assert_eq!(weights(&model), [""; 0]);
    assert_eq!(constants(&model).len(), 3);
}

/// Bounds and padding values are read by the importer, so that nodes have them; what they are computed from stays too.
#[test]
fn what_the_circuit_depends_on_stays() {
    let model = Model::new(13, &[1, 2])
        .floats("low", &[1], &[-5.0])
        .floats("half", &[1], &[3.0])
        .floats("zero", &[1], &[0.5])
        .ints("pads", &[0, 1, 0, 1])
        .ints("shape", &[2, 2])
        .node("Add", &["half", "half"], &["high"], &[])
        .node("Clip", &["x", "low", "high"], &["c"], &[])
        .node("Pad", &["c", "pads", "zero"], &["p"], &[])
        .node("Reshape", &["p", "shape"], &["r"], &[])
        .node("Add", &["r", "half"], &["y"], &[]);
    assert_eq!(constants(&model), BTreeMap::from([("half".into(), (true, vec![3.0]))]));
    let bare = stripped(&model);
    let clip = Op::Clip {
        min: Some(-5.0),
        max: Some(6.0),
    };
    assert!(bare.nodes.iter().any(|n| n.op == clip));
    assert!(bare.nodes.iter().any(|n| matches!(n.op, Op::Pad { value: 0.5, .. })));
}

/// An index list is public, and so is what the outputs are computed from if it is the same list. That is said, by name.
#[test]
fn a_list_of_indices_that_is_data_too_is_refused() {
    let model = |indices: &str| {
        let model = Model::new(13, &[1, 3])
            .ints("list", &[2, 0, 1])
            .ints("again", &[2, 0, 1]);
        let model = model.node("Cast", &["list"], &["w"], &[("to", A::I(1))]);
        let model = model.node("Gather", &["x", indices], &["g"], &[("axis", A::I(1))]);
        model.node("Mul", &["g", "w"], &["y"], &[])
    };
    assert_eq!(weights(&model("again")), ["w"]);
    let Err(ImportError::Unsupported(nodes)) = model("list").import() else {
        panic!("published")
    };
    let [node] = nodes.as_slice() else { panic!("{nodes:?}") };
    assert_eq!((node.name.as_str(), node.operator.as_str()), ("g", "Gather"));
    assert!(node.reason.contains("the list `list`, which"), "{}", node.reason);
}

#[test]
fn constants_of_shapes_are_public_and_those_of_weights_are_not() {
    let two = A::T(floats(&[1], &[2.0]));
    let model = Model::new(13, &[1, 3])
        .floats("w", &[3], &[5.0, 6.0, 7.0])
        .node("Shape", &["x"], &["s"], &[])
        .node("ConstantOfShape", &["s"], &["twos"], &[("value", two)])
        .node("Mul", &["w", "twos"], &["v"], &[])
        .node("Mul", &["x", "twos"], &["a"], &[])
        .node("Add", &["a", "v"], &["y"], &[]);
    let constants = constants(&model);
    assert_eq!(constants["twos"], (true, vec![2.0; 3]));
    assert!(!constants["v"].0);
}

/// Integers are weights where they are data, whatever their type.
#[test]
fn weights_of_every_type_are_hidden() {
    let raw = |data_type: i32, raw: &[u8]| TensorProto {
        data_type,
        dims: vec![2],
        raw_data: raw.to_vec(),
        ..TensorProto::new()
    };
    let types = [
        double(&[2], &[9.0, -4.0]),
        ints(&[2], &[-9, 70_000]),
        raw(2, &[200, 3]),
        raw(3, &[200, 3]),
        raw(4, &[0, 4, 5, 6]),
        raw(5, &[0, 4, 5, 6]),
        raw(6, &[9; 8]),
        raw(9, &[0, 1]),
        raw(10, &[0, 0x44, 0, 0xc4]),
        raw(12, &[9; 8]),
        raw(13, &[9, 0, 0, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0]),
        raw(16, &[0, 0x44, 0, 0xc4]),
    ];
    for tensor in types {
        let kind = tensor.data_type;
        let mut model = Model::new(13, &[2])
            .node("Constant", &[], &["v"], &[("value", A::T(tensor.clone()))])
            .node("Cast", &["v"], &["w"], &[("to", A::I(1))])
            .node("Cast", &["u"], &["t"], &[("to", A::I(1))])
            .node("Mul", &["x", "w"], &["a"], &[])
            .node("Add", &["a", "t"], &["y"], &[]);
        let stored = TensorProto {
            name: "u".into(),
            ..tensor
        };
        model.graph.initializer.push(stored);
        let constants = constants(&model);
        assert_eq!(constants.len(), 2, "type {kind}");
        for (name, (public, data)) in constants {
            assert!(!public, "type {kind}, {name}");
            let first = data.first().copied();
            assert_eq!(first, Some(1.0), "type {kind}, {name}");
        }
    }
}

/// Lists in attributes are weights too; what no output depends on, and what the import does not read, goes.
#[test]
fn nothing_else_is_left_in_the_file() {
    let secret = || A::T(floats(&[2], &[77.25, 99.5]));
    let mut model = Model::new(13, &[2])
        .floats("unused", &[1], &[77.25])
        .node("Constant", &[], &["dead"], &[("value", secret())])
        .node("Constant", &[], &["also_dead"], &[("value_float", A::F(77.25))])
        .node("Constant", &[], &["w"], &[("value", secret())])
        .node("Add", &["x", "w"], &["z"], &[("note", secret())])
        // An attribute that is known, but of another operator.
        .node(
            "Relu",
            &["z"],
            &["y"],
            &[("value", secret()), ("ends", A::Is(&[1_667_785_075]))],
        );
    model.graph.doc_string = "secret".into();
    let bytes = structure(&model.bytes()).expect("a structure");
    for number in [77.25f32, 99.5] {
        let number = number.to_le_bytes();
        assert!(model.bytes().windows(4).any(|w| w == number));
        assert!(!bytes.windows(4).any(|w| w == number));
    }
    assert!(!bytes.windows(6).any(|w| w == b"secret"));
    assert!(!bytes.windows(4).any(|w| w == b"ends"));
    let refused = structure(&Model::new(13, &[2]).node("NonZero", &["x"], &["y"], &[]).bytes());
    assert_eq!(refused.expect_err("not importable").code(), "onnx-unsupported");
}

#[test]
fn names_within_attributes_do_not_leave() {
    let mut tensor = floats(&[1, 2], &[1.0, 2.0]);
    tensor.name = "note".into();
    let model = Model::new(13, &[1, 2])
        .node("Constant", &[], &["c"], &[("value", A::T(tensor))])
        .node("Add", &["x", "c"], &["y"], &[]);
    let bare = structure(&model.bytes()).expect("a structure");
    assert!(!bare.windows(4).any(|part| part == b"note"));
}
