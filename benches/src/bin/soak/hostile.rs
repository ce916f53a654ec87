//! Small ONNX files that cost their reader much: long chains of one operator.

/// Nodes of a chain: below the service's limit.
const NODES: u32 = 8_000;

/// The `n`th such file.
pub fn chain(n: u64) -> Vec<u8> {
    let mut graph = Vec::new();
    for node in 0..NODES {
        let mut body = Vec::new();
        text(&mut body, 1, &name(node));
        text(&mut body, 2, &name(node + 1));
        text(&mut body, 4, "Relu");
        message(&mut graph, 1, &body);
    }
    text(&mut graph, 2, &format!("chain {n}"));
    message(&mut graph, 11, &value(&name(0)));
    message(&mut graph, 12, &value(&name(NODES)));
    let (mut model, mut opset) = (Vec::new(), Vec::new());
    number(&mut model, 1, 8);
    number(&mut opset, 2, 17);
    message(&mut model, 7, &graph);
    message(&mut model, 8, &opset);
    model
}

fn name(n: u32) -> String {
    format!("x{n}")
}

/// A value of 64 floats.
fn value(name: &str) -> Vec<u8> {
    let (mut shape, mut tensor, mut kind, mut value) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for size in [1, 64] {
        let mut dimension = Vec::new();
        number(&mut dimension, 1, size);
        message(&mut shape, 1, &dimension);
    }
    number(&mut tensor, 1, 1);
    message(&mut tensor, 2, &shape);
    message(&mut kind, 1, &tensor);
    text(&mut value, 1, name);
    message(&mut value, 2, &kind);
    value
}

fn varint(to: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        to.push(n as u8 | 0x80);
        n >>= 7;
    }
    to.push(n as u8);
}

fn number(to: &mut Vec<u8>, field: u64, n: u64) {
    varint(to, field << 3);
    varint(to, n);
}

fn message(to: &mut Vec<u8>, field: u64, body: &[u8]) {
    varint(to, field << 3 | 2);
    varint(to, body.len() as u64);
    to.extend_from_slice(body);
}

fn text(to: &mut Vec<u8>, field: u64, text: &str) {
    message(to, field, text.as_bytes());
}
