//! Constants, folding, dead nodes, element types.

use super::builder::{floats, ints, A};
use super::*;
use onnx_protobuf::TensorProto;

#[test]
fn exported_shape_arithmetic_disappears() {
    // x.view(x.shape[0], -1), as exporters write it
    let m = Model::new(13, &[0, 2, 3])
        .node("Shape", &["x"], &["s"], &[])
        .node("Constant", &[], &["zero"], &[("value", A::T(ints(&[], &[0])))])
        .node("Gather", &["s", "zero"], &["n"], &[("axis", A::I(0))])
        .ints("first", &[0])
        .ints("rest", &[-1])
        .node("Unsqueeze", &["n", "first"], &["n1"], &[])
        .node("Concat", &["n1", "rest"], &["shape"], &[("axis", A::I(0))])
        .node("Reshape", &["x", "shape"], &["y"], &[]);
    assert_eq!(ops(&m), [Op::Reshape { shape: vec![1, 6] }]);
    assert_eq!(m.import().expect("importable").values.len(), 2);
}

#[test]
fn broadcast_shapes_disappear() {
    let m = Model::new(13, &[1, 2])
        .ints("want", &[2, -1])
        .node(
            "ConstantOfShape",
            &["two"],
            &["ones"],
            &[("value", A::T(ints(&[1], &[1])))],
        )
        .ints("two", &[2])
        .ints("minus", &[-1])
        .node("Equal", &["want", "minus"], &["open"], &[])
        .node("Where", &["open", "ones", "want"], &["shape"], &[])
        .node("Expand", &["x", "shape"], &["y"], &[]);
    check(&m, &[1.0, 2.0], &[2, 2], &[1.0, 2.0, 1.0, 2.0]);
}

#[test]
fn integers_stay_exact() {
    let big = (1 << 53) + 1;
    let m = Model::new(13, &[2])
        .ints("a", &[big])
        .ints("b", &[big - 1])
        .node("Sub", &["a", "b"], &["d"], &[])
        .node("Gather", &["x", "d"], &["y"], &[]);
    check(&m, &[5.0, 7.0], &[1], &[7.0]);
    let overflow = Model::new(13, &[2])
        .ints("a", &[i64::MAX])
        .node("Mul", &["a", "a"], &["d"], &[]);
    let overflow = overflow.node("Gather", &["x", "d"], &["y"], &[]);
    assert_eq!(overflow.import().expect_err("refused").code(), "onnx-shape");
}

#[test]
fn dead_nodes_and_values_are_removed() {
    let m = Model::new(13, &[1])
        .floats("unused", &[1], &[f32::NAN])
        .node("Softmax", &["x"], &["gone"], &[])
        .node("Identity", &["x"], &["h"], &[])
        .node("Relu", &["h"], &["y"], &[]);
    let graph = m.import().expect("importable");
    assert_eq!((graph.nodes.len(), graph.values.len()), (1, 2));
    assert_eq!(graph.values[graph.outputs[0].value].name, "y");
}

#[test]
fn floats_are_folded() {
    let m = Model::new(13, &[1])
        .floats("v", &[1], &[16.0])
        .node("Sqrt", &["v"], &["s"], &[])
        .node("Reciprocal", &["s"], &["r"], &[])
        .node("Mul", &["r", "s"], &["one"], &[])
        .node("Add", &["x", "one"], &["y"], &[]);
    check(&m, &[2.0], &[1], &[3.0]);
    assert_eq!(ops(&m), [Op::Add]);
}

#[test]
fn inputs_with_initializers_are_constants() {
    let mut m = Model::new(13, &[2])
        .floats("w", &[2], &[1.0, 2.0])
        .node("Add", &["x", "w"], &["y"], &[]);
    m.graph.input.push(builder::info("w", &[2]));
    assert_eq!(m.import().expect("importable").inputs.len(), 1);
    check(&m, &[0.0, 0.0], &[2], &[1.0, 2.0]);
}

#[test]
fn every_input_is_given() {
    let mut m = Model::new(13, &[2]).node("Add", &["x", "z"], &["y"], &[]);
    m.graph.input.push(builder::info("z", &[2]));
    let graph = m.import().expect("importable");
    let run = |inputs: &[&[f32]]| {
        let inputs: Vec<Vec<f32>> = inputs.iter().map(|input| input.to_vec()).collect();
        let values = float::run(&graph, &inputs).map_err(|error| error.code())?;
        Ok(values[graph.outputs[0].value].clone().expect("known").data)
    };
    assert_eq!(run(&[&[1.0, 2.0], &[3.0, 5.0]]), Ok(vec![4.0, 7.0]));
    assert_eq!(run(&[&[1.0], &[3.0, 5.0]]), Err("float-input-length"));
    assert_eq!(run(&[&[1.0, 2.0], &[3.0]]), Err("float-input-length"));
    assert_eq!(run(&[&[1.0, 2.0]]), Err("float-input-count"));
}

#[test]
fn several_inputs_and_outputs() {
    // An output that another one is computed from, an input that is an output, one value under two names, and one that is a constant.
    let mut m = Model::new(13, &[2])
        .floats("w", &[2], &[1.0, 2.0])
        .node("Add", &["x", "z"], &["y"], &[])
        .node("Relu", &["y"], &["after"], &[])
        .node("Identity", &["after"], &["again"], &[]);
    m.graph.input.push(builder::info("z", &[2]));
    for name in ["after", "again", "x", "w"] {
        m.graph.output.push(builder::info(name, &[]));
    }
    let graph = m.import().expect("importable");
    let names: Vec<&str> = graph.outputs.iter().map(|output| output.name.as_str()).collect();
    assert_eq!(names, ["y", "after", "again", "x", "w"]);
    let values: Vec<usize> = graph.outputs.iter().map(|output| output.value).collect();
    assert_eq!((values[1], values[3]), (values[2], graph.inputs[0].value));
    let run = float::run(&graph, &[vec![1.0, -2.0], vec![1.0, 1.0]]).expect("runs");
    let got: Vec<Vec<f32>> = values.iter().map(|&id| run[id].clone().expect("known").data).collect();
    assert_eq!(got, [[2.0, -1.0], [2.0, 0.0], [2.0, 0.0], [1.0, -2.0], [1.0, 2.0]]);
}

#[test]
fn inputs_that_nothing_reads_are_refused_by_name() {
    let mut m = Model::new(13, &[2])
        .node("Relu", &["x"], &["y"], &[])
        .node("Shape", &["spare"], &["size"], &[])
        .node("Abs", &["other"], &["dead"], &[]);
    m.graph.input.push(builder::info("spare", &[2]));
    m.graph.input.push(builder::info("other", &[2]));
    let refused = m.import().expect_err("refused").to_string();
    assert!(refused.contains("`spare`") && refused.contains("`other`"), "{refused}");
    m.graph.output.push(builder::info("other", &[]));
    m.graph.output.push(builder::info("spare", &[]));
    assert_eq!(m.import().expect("importable").outputs.len(), 3);
    m.graph.output.push(builder::info("y", &[]));
    assert_eq!(m.import().expect_err("refused").code(), "onnx-malformed");
}

#[test]
fn element_types() {
    let raw = |data_type: i32, raw: &[u8]| {
        let mut t = TensorProto {
            name: "w".into(),
            data_type,
            raw_data: raw.to_vec(),
            ..Default::default()
        };
        t.dims = vec![1];
        t
    };
    let half_list = TensorProto {
        name: "w".into(),
        data_type: 10,
        int32_data: vec![0x3e00],
        dims: vec![1],
        ..Default::default()
    };
    for (t, expected) in [
        (raw(1, &1.5f32.to_le_bytes()), 1.5),
        (raw(10, &0x3e00u16.to_le_bytes()), 1.5),
        (raw(10, &0x8001u16.to_le_bytes()), -(2f32.powi(-24))),
        (raw(11, &1.5f64.to_le_bytes()), 1.5),
        (raw(16, &0x3fc0u16.to_le_bytes()), 1.5),
        (raw(2, &[200]), 200.0),
        (raw(3, &[200]), -56.0),
        (raw(6, &(-7i32).to_le_bytes()), -7.0),
        (raw(7, &(-7i64).to_le_bytes()), -7.0),
        (raw(9, &[1]), 1.0),
        (half_list, 1.5),
    ] {
        let mut m = Model::new(13, &[1]).node("Add", &["x", "w"], &["y"], &[]);
        m.graph.initializer.push(t);
        check(&m, &[0.0], &[1], &[expected]);
    }
    for t in [
        raw(8, &[1]),
        raw(1, &[0; 5]),
        raw(1, &[0; 8]),
        raw(13, &[0xff; 8]),
        raw(99, &[0]),
    ] {
        let mut m = Model::new(13, &[1]).node("Add", &["x", "w"], &["y"], &[]);
        m.graph.initializer.push(t);
        assert_eq!(m.import().expect_err("refused").code(), "onnx-malformed");
    }
    let mut twice = Model::new(13, &[1]).node("Constant", &[], &["c"], &[("value", A::T(floats(&[2], &[1.0])))]);
    twice = twice.node("Add", &["x", "c"], &["y"], &[]);
    assert_eq!(twice.import().expect_err("refused").code(), "onnx-malformed");
}
