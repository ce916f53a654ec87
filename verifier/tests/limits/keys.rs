//! Bounds of a circuit's key.

use super::{code, input, layout};
use provenn_bn254::Fr;
use provenn_verifier::*;

fn key() -> KeyParts {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/testkit/files/linear_30.card");
    let card = ModelCard::from_bytes(&std::fs::read(path).unwrap()).unwrap();
    (*card.key).clone()
}

/// Each edit at a bound, and what is said of it.
#[test]
fn keys() {
    type Edit = fn(&mut KeyParts);
    fn shape(key: &mut KeyParts) -> &mut InstanceLayout {
        match &mut key.purpose {
            Purpose::Inference(layout) => layout,
            other => panic!("{other:?}"),
        }
    }
    fn one(key: &mut KeyParts) -> &mut InputLayout {
        &mut shape(key).inputs[0]
    }
    fn output(key: &mut KeyParts) -> &mut OutputLayout {
        &mut shape(key).outputs[0]
    }
    /// Public inputs of one value each, one after the other.
    fn inputs(key: &mut KeyParts, count: u32) {
        shape(key).inputs = (0..count).map(|row| input(1, 1, row)).collect();
        key.linked.inputs = vec![vec![]; count as usize];
        key.k = 20;
    }
    fn outputs(key: &mut KeyParts, count: usize) {
        shape(key).outputs = vec![
            OutputLayout {
                len: 1,
                rows: 1,
                bits: 8,
                items: 0,
                whole: None,
            };
            count
        ];
        key.k = 20;
    }
    let cases: &[(&str, Edit, &str)] = &[
        ("as it is", |_| {}, "ok"),
        ("most rows", |key| key.k = 28, "ok"),
        ("more rows", |key| key.k = 29, "too-large"),
        ("least degree", |key| key.degree = 3, "ok"),
        ("less degree", |key| key.degree = 2, "key-invalid"),
        ("most degree", |key| key.degree = 17, "ok"),
        ("more degree", |key| key.degree = 18, "key-invalid"),
        ("least blinding", |key| key.blinding_factors = 4, "ok"),
        ("less blinding", |key| key.blinding_factors = 3, "key-invalid"),
        ("no blinding", |key| key.blinding_factors = 0, "key-invalid"),
        ("most blinding", |key| (key.k, key.blinding_factors) = (20, 256), "ok"),
        (
            "more blinding",
            |key| (key.k, key.blinding_factors) = (20, 257),
            "key-invalid",
        ),
        (
            "tail below half the rows",
            |key| (key.k, key.blinding_factors) = (9, 254),
            "ok",
        ),
        (
            "tail of half the rows",
            |key| (key.k, key.blinding_factors) = (9, 255),
            "key-invalid",
        ),
        (
            "largest rotation",
            |key| key.advice_queries.push((0, (1 << (key.k - 1)) - 1)),
            "ok",
        ),
        (
            "half the rows",
            |key| key.advice_queries.push((0, 1 << (key.k - 1))),
            "key-invalid",
        ),
        (
            "half the rows back",
            |key| key.fixed_queries.push((0, -(1 << (key.k - 1)))),
            "key-invalid",
        ),
        (
            "largest public rotation",
            |key| {
                key.k = 20;
                key.instance_queries.push((0, -1024));
            },
            "ok",
        ),
        (
            "larger public rotation",
            |key| {
                key.k = 20;
                key.instance_queries.push((0, -1025));
            },
            "too-large",
        ),
        (
            "most rotations",
            |key| {
                (key.k, key.blinding_factors) = (20, 64);
                key.advice_queries.retain(|query| query.1 == 0);
                key.gates.clear();
                key.advice_queries.extend((100..163).map(|rotation| (0, rotation)));
            },
            "ok",
        ),
        (
            "more rotations",
            |key| {
                key.k = 20;
                key.advice_queries.extend((100..164).map(|rotation| (0, rotation)));
            },
            "too-large",
        ),
        (
            "most policy rows",
            |key| output(key).rows = (1 << key.k) - key.tail_rows(),
            "ok",
        ),
        (
            "more policy rows",
            |key| output(key).rows = (1 << key.k) - key.tail_rows() + 1,
            "key-invalid",
        ),
        (
            "more policy rows of two outputs",
            |key| {
                let rows = (1 << key.k) - key.tail_rows();
                let more = OutputLayout {
                    len: 1,
                    rows,
                    bits: 8,
                    items: 0,
                    whole: None,
                };
                shape(key).outputs.push(more);
            },
            "key-invalid",
        ),
        (
            "most input rows",
            |key| {
                one(key).channels = shape(key).lanes;
                one(key).positions = (1 << key.k) - key.tail_rows();
            },
            "ok",
        ),
        (
            "more input rows",
            |key| {
                one(key).channels = shape(key).lanes;
                one(key).positions = (1 << key.k) - key.tail_rows() + 1;
            },
            "key-invalid",
        ),
        (
            "rows after the last",
            |key| {
                let lanes = shape(key).lanes;
                let rows = one(key).rows(lanes) as u32;
                one(key).row = (1 << key.k) - key.tail_rows() - rows + 1;
            },
            "key-invalid",
        ),
        (
            "most public cells",
            |key| {
                key.k = 28;
                one(key).positions = 4;
                let lanes = shape(key).lanes;
                output(key).rows = (1 << 18) - lanes * one(key).channels.div_ceil(lanes);
            },
            "ok",
        ),
        (
            "more public cells",
            |key| {
                key.k = 28;
                output(key).rows = 1 << 18;
            },
            "too-large",
        ),
        ("no lanes", |key| shape(key).lanes = 0, "key-invalid"),
        ("no channels", |key| one(key).channels = 0, "key-invalid"),
        ("no positions", |key| one(key).positions = 0, "key-invalid"),
        ("no scores", |key| output(key).len = 0, "key-invalid"),
        ("most inputs", |key| inputs(key, 256), "ok"),
        ("more inputs", |key| inputs(key, 257), "too-large"),
        ("no inputs", |key| inputs(key, 0), "key-invalid"),
        (
            "two inputs on one row",
            |key| {
                inputs(key, 2);
                shape(key).inputs[1].row = 0;
            },
            "key-invalid",
        ),
        ("most outputs", |key| outputs(key, 256), "ok"),
        ("more outputs", |key| outputs(key, 257), "too-large"),
        ("no outputs", |key| outputs(key, 0), "key-invalid"),
        (
            "an order of one axis",
            |key| {
                let len = one(key).values() as u32;
                one(key).order = InputOrder(vec![[len, 1]]);
            },
            "key-invalid",
        ),
        (
            "an order of two axes",
            |key| {
                let len = one(key).values() as u32;
                one(key).order = InputOrder(vec![[2, 1], [len / 2, 2]]);
            },
            "ok",
        ),
        (
            "the same in three",
            |key| {
                let len = one(key).values() as u32;
                one(key).order = InputOrder(vec![[2, 1], [1, 1], [len / 2, 2]]);
            },
            "key-invalid",
        ),
        (
            "column after the last",
            |key| key.advice_queries.push((key.advice_phases.len() as u32, 0)),
            "key-invalid",
        ),
        ("most bits", |key| (one(key).bits, output(key).bits) = (40, 40), "ok"),
        ("more bits", |key| output(key).bits = 41, "key-invalid"),
        ("more input bits", |key| one(key).bits = 41, "key-invalid"),
        ("least bits", |key| (one(key).bits, output(key).bits) = (1, 1), "ok"),
        (
            "a sum of one value",
            |key| key.gates[0] = vec![Expr::Constant(Fr::ONE), Expr::Sum, Expr::Constant(Fr::ONE)],
            "key-invalid",
        ),
        (
            "a negative of nothing",
            |key| key.gates[0] = vec![Expr::Negated, Expr::Constant(Fr::ONE)],
            "key-invalid",
        ),
        (
            "deepest program",
            |key| {
                key.gates[0] = vec![Expr::Constant(Fr::ONE); 4096];
                key.gates[0].extend(vec![Expr::Sum; 4095]);
            },
            "ok",
        ),
        (
            "deeper program",
            |key| {
                key.gates[0] = vec![Expr::Constant(Fr::ONE); 4097];
                key.gates[0].extend(vec![Expr::Sum; 4096]);
            },
            "key-invalid",
        ),
    ];
    for (name, edit, expected) in cases {
        let mut parts = key();
        edit(&mut parts);
        let made = VerifyingKey::new(parts);
        assert_eq!(
            made.as_ref().map_or_else(VerifyError::code, |_| "ok"),
            *expected,
            "{name}"
        );
        if let Ok(made) = made {
            assert_eq!(VerifyingKey::from_bytes(&made.to_bytes()), Ok(made), "{name}");
        }
    }
}

/// The bound on instructions is on all gates together, and holds while they are read.
#[test]
fn instructions_of_all_gates() {
    let with = |gates: &[usize]| {
        let gate = |ops: &usize| {
            let mut gate = vec![Expr::Constant(Fr::ONE)];
            gate.resize(*ops, Expr::Negated);
            gate
        };
        let parts = KeyParts {
            gates: gates.iter().map(gate).collect(),
            ..key()
        };
        VerifyingKey::new(parts)
    };
    let half = 1 << 19;
    let full = with(&[half, half]).unwrap();
    let bytes = full.to_bytes();
    assert_eq!(
        VerifyingKey::from_bytes(&bytes).map(|key| key.digest()),
        Ok(full.digest())
    );
    assert_eq!(code(with(&[half, half + 1])), "too-large");
}

#[test]
fn sizes_of_a_key() {
    let key = key();
    assert_eq!(key.rows(), 1 << key.k);
    assert_eq!(key.usable_rows(), (1 << key.k) - u64::from(key.blinding_factors) - 1);
    assert_eq!(key.quotient_pieces(), key.degree - 1);
    let layout = layout();
    assert_eq!(
        (layout.inputs[0].values(), layout.public_rows(), layout.columns()),
        (2, 2, 5)
    );
    assert_eq!(layout.cells(), 4 + 2);
    let mut two = layout.clone();
    two.inputs.push(input(3, 2, 5));
    two.outputs.push(OutputLayout {
        len: 2,
        rows: 3,
        bits: 8,
        items: 0,
        whole: None,
    });
    assert_eq!((two.policy_rows(), two.public_rows(), two.columns()), (4, 5 + 6, 5));
    assert_eq!(two.cells(), 4 * 4 + 11);
    // A committed input has no public cells, wherever it stands.
    two.inputs[1].public = false;
    assert_eq!((two.public_rows(), two.cells()), (2, 4 * 4 + 2));
    two.inputs[0].public = false;
    assert_eq!((two.columns(), two.cells()), (4, 16));
}
