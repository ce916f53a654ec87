//! Files that would exhaust the decoder or the importer are refused early.

use super::builder::{self, A};
use super::*;
use std::time::{Duration, Instant};

#[track_caller]
fn refused(bytes: &[u8]) -> ImportError {
    let start = Instant::now();
    let error = import(bytes).expect_err("refused");
    assert!(
        start.elapsed() < Duration::from_millis(100),
        "took {:?}",
        start.elapsed()
    );
    assert!(error.to_string().contains("Help: "), "{error}");
    error
}

/// A length-delimited field.
fn field(number: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut len = body.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend(body);
    out
}

#[test]
fn empty_file() {
    assert_eq!(refused(&[]).code(), "onnx-empty");
}

#[test]
fn nested_groups() {
    assert_eq!(refused(&vec![0x0b; 400_000]).code(), "onnx-malformed");
    assert_eq!(refused(&field(7, &vec![0x0b; 400_000])).code(), "onnx-malformed");
    assert_eq!(refused(&[0x0c]).code(), "onnx-malformed");
}

#[test]
fn empty_nodes() {
    let nodes: Vec<u8> = [0x0a, 0].repeat(4 << 20);
    let error = refused(&field(7, &nodes));
    assert_eq!(
        error,
        ImportError::TooLarge {
            what: "number of nodes",
            maximum: 20_000,
            got: 20_001
        }
    );
}

#[test]
fn many_small_fields() {
    for (body, what) in [
        ([0x2a, 0], "number of protobuf messages"), // initializers
        ([0x12, 0], "number of strings"),           // names
        ([0x1a, 0], "number of unknown fields"),
        ([0x18, 0], "number of unknown fields"),
    ] {
        let bytes = field(7, &body.repeat(2 << 20));
        assert!(
            matches!(refused(&bytes), ImportError::TooLarge { what: w, .. } if w == what),
            "{what}"
        );
    }
    let dims = field(7, &field(5, &[0x08, 0].repeat(2 << 20)));
    assert!(matches!(
        refused(&dims),
        ImportError::TooLarge {
            what: "number of dimensions of a tensor",
            ..
        }
    ));
    let packed = field(7, &field(5, &field(7, &vec![0; 33 << 20])));
    assert!(matches!(
        refused(&packed),
        ImportError::TooLarge {
            what: "size of integer lists in bytes",
            ..
        }
    ));
}

#[test]
fn deep_subgraphs() {
    let mut graph = Vec::new();
    for _ in 0..2_000 {
        graph = field(1, &field(5, &field(6, &graph)));
    }
    let error = refused(&field(7, &graph));
    assert!(
        matches!(
            error,
            ImportError::TooLarge {
                what: "message nesting",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn wire_garbage() {
    for bytes in [
        &[0x80][..],
        &[0xff; 12],
        &[0x3a, 5, 0],
        &[0x00, 0],
        &[0x3f, 1],
        &[0x09, 1],
        &[1 << 3, 0xff],
    ] {
        assert_eq!(refused(bytes).code(), "onnx-malformed", "{bytes:?}");
    }
    assert_eq!(refused(&[8, 8]).code(), "onnx-malformed");
}

#[test]
fn truncations() {
    let model = Model::new(17, &[1, 4])
        .floats("w", &[4, 3], &iota(12))
        .node("MatMul", &["x", "w"], &["h"], &[])
        .node("LeakyRelu", &["h"], &["y"], &[("alpha", A::F(0.5))]);
    let bytes = model.bytes();
    import(&bytes).expect("importable");
    for n in 0..bytes.len() {
        if let Err(error) = import(&bytes[..n]) {
            assert!(!error.code().is_empty());
        }
    }
    // Every single bit flip ends in a graph or an error.
    for i in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[i / 8] ^= 1 << (i % 8);
        let _ = import(&flipped);
    }
}

#[test]
fn absurd_shapes() {
    for (shape, code) in [
        (&[1, 1 << 40][..], "onnx-too-large"),
        (&[i64::MAX, i64::MAX], "onnx-too-large"),
        (&[1, 1 << 14, 1 << 14], "onnx-too-large"),
    ] {
        assert_eq!(refused(&builder::unary(13, shape, "Relu", &[]).bytes()).code(), code);
    }
    let w = Model::new(13, &[1])
        .floats("w", &[i64::MAX, i64::MAX, 4], &[])
        .node("Add", &["x", "w"], &["y"], &[]);
    assert_eq!(refused(&w.bytes()).code(), "onnx-malformed");
    let w = Model::new(13, &[1])
        .floats("w", &[0, 1 << 40, 1 << 40], &[])
        .node("Transpose", &["w"], &["y"], &[]);
    assert_eq!(refused(&w.bytes()).code(), "onnx-malformed");
    let window = [
        ("kernel_shape", A::Is(&[1 << 24; 3])),
        ("pads", A::Is(&[(1 << 24) - 1; 6])),
    ];
    assert_eq!(
        refused(&builder::unary(13, &[1, 1, 1, 1, 1], "MaxPool", &window).bytes()).code(),
        "onnx-too-large"
    );
    let w = Model::new(13, &[1])
        .floats("w", &[-1], &[])
        .node("Add", &["x", "w"], &["y"], &[]);
    assert_eq!(refused(&w.bytes()).code(), "onnx-malformed");
}

#[test]
fn absurd_folding() {
    let constant = |shape: &[i64]| {
        Model::new(13, &[1])
            .ints("s", shape)
            .node("ConstantOfShape", &["s"], &["c"], &[])
    };
    let add = |m: Model, name: &str| m.node("Add", &["x", name], &["y"], &[]).bytes();
    assert_eq!(
        refused(&add(constant(&[1 << 20, 1 << 20]), "c")).code(),
        "onnx-too-large"
    );
    let squares = constant(&[4000, 4000]).node("MatMul", &["c", "c"], &["d"], &[]);
    assert_eq!(refused(&add(squares, "d")).code(), "onnx-too-large");
    let empty = Model::new(13, &[1])
        .floats("w", &[0], &[])
        .node("ArgMax", &["w"], &["d"], &[]);
    assert_eq!(refused(&add(empty, "d")).code(), "onnx-shape");
    let range = Model::new(13, &[1])
        .node("Constant", &[], &["a"], &[("value_int", A::I(i64::MIN))])
        .node("Constant", &[], &["b"], &[("value_int", A::I(i64::MAX))])
        .node("Constant", &[], &["c"], &[("value_int", A::I(1))])
        .node("Range", &["a", "b", "c"], &["r"], &[]);
    assert_eq!(refused(&add(range, "r")).code(), "onnx-too-large");
}

/// Four taps along each of fourteen axes, all of which read one element.
#[test]
fn taps_of_many_axes() {
    let axes = [1i64; 16];
    let grid = [&axes[..15], &[14]].concat();
    let model = Model::new(20, &axes).floats("g", &grid, &[0.25; 14]).node(
        "GridSample",
        &["x", "g"],
        &["y"],
        &[("mode", A::S("cubic")), ("padding_mode", A::S("border"))],
    );
    let start = Instant::now();
    check(&model, &[3.0], &[1; 16], &[3.0]);
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// A region with thousands of samples along each axis.
#[test]
fn samples_of_a_region() {
    let mut examples = builder::ints(&[1], &[0]);
    examples.name = "i".into();
    let mut model = Model::new(16, &[1, 1, 2, 2])
        .floats("r", &[1, 4], &[0.5, 0.5, 1.5, 1.5])
        .node(
            "RoiAlign",
            &["x", "r", "i"],
            &["y"],
            &[("sampling_ratio", A::I(40_000))],
        );
    model.graph.initializer.push(examples);
    let start = Instant::now();
    check(&model, &[0.0, 1.0, 2.0, 3.0], &[1, 1, 1, 1], &[1.5]);
    assert!(start.elapsed() < Duration::from_secs(5));
}

/// Windows of a million elements that reach beyond the end.
#[test]
fn windows_beyond_the_end() {
    let n = (1i64 << 22) - 1;
    let attributes = [
        ("kernel_shape", A::Is(&[1 << 20][..])),
        ("strides", A::Is(&[2])),
        ("ceil_mode", A::I(1)),
        ("count_include_pad", A::I(1)),
    ];
    let model = builder::unary(19, &[1, 1, n], "AveragePool", &attributes);
    let start = Instant::now();
    assert!(model.import().is_ok());
    assert!(start.elapsed() < Duration::from_secs(5));
}
