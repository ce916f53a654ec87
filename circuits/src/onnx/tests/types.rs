//! Element types: what they hold, how they wrap and round.

use super::super::tensor::{decode, rounded, wrapped, Const};
use super::builder::{info, A};
use super::*;
use crate::graph::InputType;
use onnx_protobuf::{type_proto, TensorProto};

/// A graph whose input has the given element type.
fn typed(data_type: i32, model: Model) -> Model {
    let mut model = model;
    let mut input = info("x", &[1, 2]);
    if let Some(type_proto::Value::TensorType(t)) = input.type_.as_mut().and_then(|t| t.value.as_mut()) {
        t.elem_type = data_type;
    }
    model.graph.input = vec![input];
    model
}

#[track_caller]
fn reason(model: &Model) -> String {
    model.import().expect_err("refused").to_string()
}

#[test]
fn integers_wrap_at_the_size_of_their_type() {
    assert_eq!(wrapped(-2, 2), Some(254));
    assert_eq!(wrapped(200, 3), Some(-56));
    assert_eq!(wrapped(1 << 31, 6), Some(-(1 << 31)));
    assert_eq!(wrapped(-1, 13), None);
    assert_eq!(wrapped(2, 9), None);
}

#[test]
fn floats_round_to_the_nearest_even() {
    assert_eq!(rounded(256.5, 16), 256.0);
    assert_eq!(rounded(257.0, 16), 256.0);
    assert_eq!(rounded(259.0, 16), 260.0);
    assert_eq!(rounded(2049.0, 10), 2048.0);
    assert_eq!(rounded(2051.0, 10), 2052.0);
    assert_eq!(rounded(65519.0, 10), 65504.0);
    assert_eq!(rounded(-65520.0, 10), f32::NEG_INFINITY);
    assert_eq!(rounded(2f32.powi(-25), 10), 0.0);
    assert_eq!(rounded(3.0 * 2f32.powi(-25), 10), 2.0 * 2f32.powi(-24));
}

#[test]
fn arithmetic_on_integers_is_refused_at_run_time_and_moves_are_not() {
    for op in ["Add", "Sub", "Mul"] {
        let model = typed(2, Model::new(14, &[1, 2]).node(op, &["x", "x"], &["y"], &[]));
        let reason = reason(&model);
        assert!(reason.contains(op) && reason.contains("uint8"), "{reason}");
    }
    let moved = Model::new(14, &[1, 2]).node("Max", &["x", "x"], &["y"], &[]);
    assert!(typed(2, moved).import().is_ok());
}

/// Sums and means of bytes wrap around or are cut, whatever the operator is called.
#[test]
fn operators_that_mix_integers_are_refused_at_run_time_and_picks_are_not() {
    let scatter = |op: &str, dims: &[i64], indices: &[i64], reduction: &str| {
        let attributes = [("reduction", A::S(reduction))];
        let mut model = Model::new(18, &[1, 2]).node(op, &["x", "i", "x"], &["y"], &attributes);
        let mut t = super::builder::ints(dims, indices);
        t.name = "i".into();
        model.graph.initializer.push(t);
        typed(2, model)
    };
    let resize = |mode: &str| {
        let model = Model::new(18, &[1, 2]).floats("scales", &[2], &[1.0, 2.0]);
        typed(
            2,
            model.node("Resize", &["x", "", "scales"], &["y"], &[("mode", A::S(mode))]),
        )
    };
    let grid = {
        let model = Model::new(20, &[1, 2])
            .ints("shape", &[1, 1, 1, 2])
            .floats("grid", &[1, 1, 1, 2], &[0.0, 0.0])
            .node("Reshape", &["x", "shape"], &["image"], &[])
            .node("GridSample", &["image", "grid"], &["y"], &[]);
        typed(2, model)
    };
    for model in [
        scatter("ScatterElements", &[1, 2], &[0, 0], "add"),
        scatter("ScatterND", &[1, 2, 2], &[0, 0, 0, 1], "mul"),
        resize("linear"),
        grid,
    ] {
        let reason = reason(&model);
        assert!(
            reason.contains("uint8") && reason.contains("cast to float32"),
            "{reason}"
        );
    }
    for model in [
        scatter("ScatterElements", &[1, 2], &[0, 0], "none"),
        scatter("ScatterElements", &[1, 2], &[0, 0], "max"),
        resize("nearest"),
    ] {
        assert!(model.import().is_ok());
    }
}

#[test]
fn casts_pass_where_the_target_holds_the_source() {
    let cast = |source: i32, target: i64| {
        typed(
            source,
            Model::new(14, &[1, 2]).node("Cast", &["x"], &["y"], &[("to", A::I(target))]),
        )
        .import()
    };
    for (source, target) in [
        (1, 11),
        (11, 1),
        (10, 1),
        (16, 1),
        (2, 1),
        (2, 10),
        (2, 6),
        (9, 7),
        (6, 7),
        (7, 6),
        (2, 9),
    ] {
        assert!(cast(source, target).is_ok(), "{source} to {target}");
    }
    for (source, target) in [(1, 10), (1, 16), (10, 16), (1, 7), (3, 2), (2, 3), (6, 10)] {
        let error = cast(source, target).expect_err("refused").to_string();
        assert!(error.contains("Cast"), "{source} to {target}: {error}");
    }
}

/// An input of 64 bits that is cast to 32 takes what both have; what is computed of it could wrap around.
#[test]
fn an_input_that_is_narrowed_takes_narrow_numbers() {
    let model = |summed: bool| {
        let model = Model::new(14, &[1, 2]).node("Add", &["x", "x"], &["sum"], &[]);
        let from = if summed { "sum" } else { "x" };
        typed(7, model.node("Cast", &[from], &["y"], &[("to", A::I(6))]))
    };
    let narrow = InputType::Integers {
        least: i32::MIN.into(),
        largest: i32::MAX.into(),
    };
    assert_eq!(model(false).import().expect("imports").inputs[0].elements, narrow);
    assert!(model(true).import().is_err());
}

/// The structure would show all of the weights that a bound is computed from.
#[test]
fn a_bound_computed_from_weights_is_refused() {
    let model = |bound: &str| {
        Model::new(13, &[1, 2])
            .floats("w", &[2, 2], &[5.0, 6.0, 7.0, 8.0])
            .node("MatMul", &["x", "w"], &["m"], &[])
            .node("ReduceMax", &["w"], &["largest"], &[("keepdims", A::I(0))])
            .node("Clip", &["m", "", bound], &["y"], &[])
    };
    let reason = reason(&model("largest"));
    assert!(reason.contains("the upper bound") && reason.contains("`w`"), "{reason}");
    assert!(model("").import().is_ok());
    // Nothing else reads this list, so that it is no weight.
    let own = Model::new(13, &[1, 2])
        .floats("w", &[2], &[5.0, 6.0])
        .node("ReduceMax", &["w"], &["largest"], &[("keepdims", A::I(0))])
        .node("Clip", &["x", "", "largest"], &["y"], &[]);
    assert!(own.import().is_ok());
}

/// The same where the product reads them through a computed constant that the bound reads too.
#[test]
fn a_bound_computed_from_derived_weights_is_refused() {
    for derive in ["Transpose", "Neg"] {
        let model = Model::new(13, &[1, 2])
            .floats("w", &[2, 2], &[5.0, 6.0, 7.0, 8.0])
            .node(derive, &["w"], &["derived"], &[])
            .node("MatMul", &["x", "derived"], &["m"], &[])
            .node("ReduceMax", &["derived"], &["largest"], &[("keepdims", A::I(0))])
            .node("Clip", &["m", "", "largest"], &["y"], &[]);
        let reason = reason(&model);
        assert!(reason.contains("the upper bound") && reason.contains("`w`"), "{reason}");
    }
}

/// Indices are exact beyond the integers of floats, and unsigned numbers have no negatives.
#[test]
fn indices_of_constant_integers_are_exact() {
    let index = |op: &str, data: &[i64], data_type: i64| {
        let model = Model::new(13, &[1, 1])
            .ints("i", data)
            .node("Cast", &["i"], &["n"], &[("to", A::I(data_type))])
            .node(op, &["n"], &["at"], &[])
            .node("Cast", &["at"], &["f"], &[("to", A::I(1))])
            .node("Add", &["x", "f"], &["y"], &[]);
        output(&model, &[0.0]).data
    };
    assert_eq!(index("ArgMin", &[0, 1], 2), [0.0]);
    assert_eq!(index("ArgMin", &[3, -128, 5], 3), [1.0]);
    assert_eq!(index("ArgMin", &[0, i64::MIN], 7), [1.0]);
    assert_eq!(index("ArgMax", &[1 << 24, (1 << 24) + 1], 7), [1.0]);
}

/// A value keeps its type until it is cast.
#[test]
fn a_cast_ends_the_arithmetic_of_integers() {
    let model = Model::new(14, &[1, 2])
        .node("Cast", &["x"], &["f"], &[("to", A::I(1))])
        .node("Add", &["f", "f"], &["y"], &[]);
    assert!(typed(2, model).import().is_ok());
    let narrow = Model::new(14, &[1, 2])
        .node("Cast", &["x"], &["i"], &[("to", A::I(6))])
        .node("Add", &["i", "i"], &["y"], &[]);
    assert!(reason(&typed(2, narrow)).contains("int32"));
}

/// Everything that is wrong with the nodes of a file comes at once, misfits of shapes too.
#[test]
fn misfits_are_listed_with_the_others() {
    let model = Model::new(13, &[1, 2])
        .floats("w", &[3, 2], &[0.0; 6])
        .node("MatMul", &["x", "w"], &["a"], &[])
        .node("Det", &["x"], &["b"], &[])
        .node("Unique", &["b"], &["c"], &[])
        .node("Add", &["a", "c"], &["y"], &[]);
    let Err(ImportError::Unsupported(nodes)) = model.import() else {
        panic!("supported")
    };
    let listed: Vec<_> = nodes.iter().map(|n| n.operator.as_str()).collect();
    assert_eq!(listed, ["MatMul", "Det", "Unique"]);
}

/// Elements of a tensor of these bytes.
fn few(data_type: i32, count: i64, raw: &[u8]) -> Option<Const> {
    let tensor = TensorProto {
        data_type,
        dims: vec![count],
        raw_data: raw.to_vec(),
        ..TensorProto::new()
    };
    decode(&tensor).ok().map(|(_, data)| data)
}

#[test]
fn integers_of_few_bits_fill_bytes_from_below() {
    assert_eq!(few(22, 3, &[0x81, 0x07]), Some(Const::Ints(vec![1, -8, 7])));
    assert_eq!(few(21, 2, &[0xf0]), Some(Const::Ints(vec![0, 15])));
    assert_eq!(few(26, 4, &[0b10_01_11_00]), Some(Const::Ints(vec![0, -1, 1, -2])));
    assert_eq!(few(25, 1, &[0b11]), Some(Const::Ints(vec![3])));
    assert_eq!(few(22, 3, &[0x81]), None);
    assert_eq!(few(22, 3, &[0x81, 0x07, 0]), None);
    let tensor = TensorProto {
        data_type: 22,
        dims: vec![2],
        int32_data: vec![0x9f],
        ..TensorProto::new()
    };
    assert_eq!(decode(&tensor).map(|t| t.1), Ok(Const::Ints(vec![-1, -7])));
}

/// The largest, the smallest, one, and what is no number.
#[test]
fn floats_of_few_bits() {
    let floats = |data_type, raw: &[u8]| match few(data_type, raw.len() as i64, raw) {
        Some(Const::Floats(data)) => data,
        other => panic!("{other:?}"),
    };
    assert_eq!(floats(17, &[0x7e, 0x01, 0x38, 0xb8]), [448.0, 2f32.powi(-9), 1.0, -1.0]);
    assert_eq!(floats(18, &[0x7f, 0x01, 0x40]), [240.0, 2f32.powi(-10), 1.0]);
    assert_eq!(
        floats(19, &[0x7b, 0x01, 0x3c, 0xfc]),
        [57344.0, 2f32.powi(-16), 1.0, f32::NEG_INFINITY]
    );
    assert_eq!(floats(20, &[0x7f, 0x01, 0x40]), [57344.0, 2f32.powi(-17), 1.0]);
    for (data_type, none) in [(17, 0xff), (18, 0x80), (19, 0x7e), (20, 0x80)] {
        assert!(floats(data_type, &[none])[0].is_nan());
    }
    assert_eq!(few(23, 3, &[0x17, 0x0a]), Some(Const::Floats(vec![6.0, 0.5, -1.0])));
}

/// What stands for hidden weights is a number that the type has.
#[test]
fn weights_of_few_bits_are_hidden() {
    for data_type in [17, 18, 19, 20, 21, 22, 23, 25, 26] {
        let mut model = Model::new(21, &[1, 3])
            .floats("s", &[1], &[0.5])
            .node("DequantizeLinear", &["q", "s"], &["w"], &[])
            .node("Add", &["x", "w"], &["y"], &[]);
        let bytes = if matches!(data_type, 17..=20) { 3 } else { 2 };
        model.graph.initializer.push(TensorProto {
            name: "q".into(),
            data_type,
            dims: vec![3],
            raw_data: vec![0x12; if data_type > 23 { 1 } else { bytes }],
            ..TensorProto::new()
        });
        let bare = import(&structure(&model.bytes()).expect("a structure")).expect("importable");
        let ones = bare.values.iter().filter_map(|value| value.constant.as_ref());
        assert!(ones.flat_map(|t| &t.data).all(|v| *v > 0.0), "{data_type}: {bare:?}");
        assert_eq!(bare.nodes, model.import().expect("importable").nodes);
    }
}
