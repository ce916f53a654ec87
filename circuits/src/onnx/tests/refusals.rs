//! What is refused, with which error.

use super::builder::{floats, unary, A};
use super::*;

#[track_caller]
fn code(model: &Model) -> &'static str {
    let error = model.import().expect_err("refused");
    assert!(error.to_string().contains(". Help: "), "{error}");
    error.code()
}

#[test]
fn all_unsupported_nodes_are_listed() {
    let m = Model::new(13, &[1, 4])
        .node("Bernoulli", &["x"], &["a"], &[])
        .node("Relu", &["a"], &["b"], &[])
        .node("NonZero", &["b"], &["c"], &[])
        .node("Clip", &["x", "", "x"], &["d"], &[])
        .node("Add", &["c", "d"], &["e"], &[])
        .node("Unique", &["e"], &["y"], &[]);
    let Err(ImportError::Unsupported(nodes)) = m.import() else {
        panic!("supported")
    };
    let listed: Vec<_> = nodes.iter().map(|n| (n.name.as_str(), n.operator.as_str())).collect();
    assert_eq!(
        listed,
        [("a", "Bernoulli"), ("c", "NonZero"), ("d", "Clip"), ("y", "Unique")]
    );
    assert_eq!(code(&m), "onnx-unsupported");
}

#[test]
fn custom_domains() {
    let mut m = unary(13, &[1], "Relu", &[]);
    m.graph.node[0].domain = "com.example".into();
    let Err(ImportError::Unsupported(nodes)) = m.import() else {
        panic!("supported")
    };
    assert_eq!(nodes[0].operator, "com.example:Relu");
}

#[test]
fn external_data() {
    for location in ["../../etc/passwd", "/etc/passwd", "weights.bin"] {
        let mut t = floats(&[1], &[]);
        t.name = "w".into();
        t.data_location = onnx_protobuf::tensor_proto::DataLocation::EXTERNAL.into();
        let mut entry = onnx_protobuf::StringStringEntryProto::new();
        entry.key = "location".into();
        entry.value = location.into();
        t.external_data.push(entry);
        let attribute = Model::new(13, &[1]).node("Constant", &[], &["c"], &[("value", A::T(t.clone()))]);
        assert_eq!(
            code(&attribute.node("Add", &["x", "c"], &["y"], &[])),
            "onnx-external-data"
        );
        let mut m = Model::new(13, &[1]).node("Add", &["x", "w"], &["y"], &[]);
        m.graph.initializer.push(t);
        assert_eq!(code(&m), "onnx-external-data");
    }
}

#[test]
fn symbolic_dimensions() {
    assert_eq!(
        unary(13, &[0, 2], "Relu", &[]).import().expect("importable").values[0].shape,
        [1, 2]
    );
    let error = unary(13, &[0, 2, 0], "Relu", &[]).import().expect_err("refused");
    assert_eq!(
        error,
        ImportError::SymbolicDimension {
            input: "x".into(),
            axis: 2,
            symbol: Some("N".into()),
        }
    );
}

#[test]
fn broken_graphs() {
    let relu = unary(13, &[1], "Relu", &[]);
    let mut undefined = relu.clone();
    undefined.graph.node[0].input = vec!["nothing".into()];
    let mut cyclic = relu.clone();
    cyclic.graph.node[0].input = vec!["y".into()];
    let twice = relu.clone().node("Abs", &["x"], &["y"], &[]);
    let mut no_operand = relu.clone();
    no_operand.graph.node[0].input.clear();
    let mut no_output = relu.clone();
    no_output.graph.output.clear();
    let mut no_input = Model::new(13, &[1])
        .floats("x", &[1], &[1.0])
        .node("Relu", &["x"], &["y"], &[]);
    no_input.graph.input.clear();
    let wrong_type = unary(13, &[1], "LeakyRelu", &[("alpha", A::I(1))]);
    for m in [undefined, cyclic, twice, no_operand, no_output, no_input, wrong_type] {
        assert_eq!(code(&m), "onnx-malformed");
    }
}

#[test]
fn opsets() {
    for version in [0, 6, 29, i64::MAX] {
        assert_eq!(code(&unary(version, &[1], "Relu", &[])), "onnx-opset");
    }
}

#[test]
fn misfits() {
    let add = Model::new(13, &[2])
        .floats("w", &[3], &iota(3))
        .node("Add", &["x", "w"], &["y"], &[]);
    let matmul = Model::new(13, &[1, 2])
        .floats("w", &[3, 1], &iota(3))
        .node("MatMul", &["x", "w"], &["y"], &[]);
    let conv = Model::new(13, &[1, 2, 4])
        .floats("w", &[1, 1, 2], &iota(2))
        .node("Conv", &["x", "w"], &["y"], &[]);
    let large = Model::new(13, &[1, 1, 1])
        .floats("w", &[1, 1, 2], &iota(2))
        .node("Conv", &["x", "w"], &["y"], &[]);
    for m in [add, matmul, conv, large] {
        assert_eq!(code(&m), "onnx-shape");
    }
}

#[test]
fn non_finite_constants() {
    for x in [f32::NAN, f32::INFINITY] {
        let m = Model::new(13, &[1])
            .floats("w", &[1], &[x])
            .node("Add", &["x", "w"], &["y"], &[]);
        assert_eq!(code(&m), "onnx-non-finite");
    }
}

#[test]
fn unavailable_outputs() {
    let m = Model::new(12, &[1, 1, 2]).node("MaxPool", &["x"], &["h", "i"], &[("kernel_shape", A::Is(&[2]))]);
    assert_eq!(ops(&m.clone().node("Relu", &["h"], &["y"], &[])).len(), 2);
    assert_eq!(code(&m.node("Add", &["h", "i"], &["y"], &[])), "onnx-unsupported");
}

#[test]
fn supported_operators_are_sorted_and_known() {
    let all = supported_operators();
    assert!(all.is_sorted_by_key(|operator| (operator.domain, operator.name)));
    for Supported { domain, name, .. } in all {
        // Without operands each fails in its own way, but none as an unknown operator.
        let mut model = Model::new(13, &[1]).node(name, &[], &["y"], &[]);
        model.graph.node[0].domain = domain.into();
        let error = model.import().expect_err("refused");
        assert!(
            !error.to_string().contains("operator is not supported"),
            "{name}: {error}"
        );
    }
}

/// Whatever operands an operator has: a refusal says what to do.
#[test]
fn every_refusal_names_a_remedy() {
    let mut seen = 0;
    for Supported { domain, name, .. } in supported_operators() {
        for (count, opset) in (1..=6).flat_map(|count| [(count, 9), (count, 21)]) {
            for shape in [&[1, 2, 4, 4][..], &[1, 2, 4], &[1, 4], &[1]] {
                let mut model = Model::new(opset, shape).node(name, &vec!["x"; count], &["y", "z"], &[]);
                model.graph.node[0].domain = domain.into();
                let Err(error) = model.import() else { continue };
                assert!(error.to_string().contains("Help: "), "{name}: {error}");
                if let ImportError::Unsupported(nodes) = error {
                    seen += 1;
                    nodes
                        .iter()
                        .for_each(|node| assert!(node.reason.contains("; "), "{name}: {}", node.reason));
                }
            }
        }
    }
    assert!(seen > 500, "{seen} refusals");
}
