//! Operators of com.microsoft: what is refused, and that structures keep them. Values are in `fixtures/operators/fused.py`.

use super::builder::A;
use super::*;

const FUSED: &str = "com.microsoft";

fn refusal(model: &Model) -> String {
    model.import().expect_err("refused").to_string()
}

/// Queries, keys and values of one head from an input `[1, 2, 2]`.
fn attention(inputs: &[&str], attributes: &[(&str, A<'_>)]) -> Model {
    let heads = ("num_heads", A::I(1));
    let attributes: Vec<(&str, A<'_>)> = std::iter::once(heads)
        .chain(attributes.iter().map(|(name, a)| match a {
            A::I(i) => (*name, A::I(*i)),
            A::F(f) => (*name, A::F(*f)),
            _ => unreachable!(),
        }))
        .collect();
    Model::new(17, &[1, 2, 2])
        .floats("w", &[2, 6], &iota(12))
        .ints("none", &[0])
        .ints("long", &[2, 1, 0])
        .node("Attention", inputs, &["y"], &attributes)
        .of(FUSED)
}

#[test]
fn what_has_no_exact_form_is_refused() {
    let error = refusal(&attention(&["x", "w", "", "none"], &[]));
    assert!(error.contains("hides all elements of a row"), "{error}");
    let error = refusal(&attention(&["x", "w", "", "long"], &[]));
    assert!(error.contains("a mask of shape [3]"), "{error}");
    let error = refusal(&attention(&["x", "w"], &[("mask_filter_value", A::F(-5.0))]));
    assert!(error.contains("mask_filter_value above -10,000"), "{error}");
    let error = refusal(&attention(&["x", "w"], &[("do_rotary", A::I(1))]));
    assert!(error.contains("rotary positions within it"), "{error}");
    let skip = Model::new(17, &[1, 2, 2])
        .floats("g", &[2], &[1.0, 2.0])
        .node("SkipSimplifiedLayerNormalization", &["x", "x", "g", "g"], &["y"], &[])
        .of(FUSED);
    assert!(refusal(&skip).contains("versions of onnxruntime add or leave out"));
    let unknown = Model::new(17, &[1]).node("NoSuch", &["x"], &["y"], &[]).of(FUSED);
    assert!(
        refusal(&unknown).contains("com.microsoft:NoSuch"),
        "{}",
        refusal(&unknown)
    );
}

/// The circuit follows from the structure: domains, directions and activations are kept.
#[test]
fn structures_keep_what_names_a_circuit() {
    let conv = [("activation", A::S("LeakyRelu")), ("activation_params", A::Fs(&[0.25]))];
    let conv = Model::new(17, &[1, 1, 3, 3])
        .floats("k", &[1, 1, 2, 2], &iota(4))
        .node("FusedConv", &["x", "k"], &["y"], &conv)
        .of(FUSED);
    let names: &[&str] = &["Relu"];
    let recurrence = [
        ("hidden_size", A::I(2)),
        ("direction", A::S("reverse")),
        ("activations", A::Ss(names)),
    ];
    let recurrence = Model::new(17, &[3, 1, 2])
        .floats("w", &[1, 2, 2], &iota(4))
        .floats("r", &[1, 2, 2], &iota(4))
        .node("RNN", &["x", "w", "r"], &["y"], &recurrence);
    for model in [conv, recurrence] {
        let bare = import(&structure(&model.bytes()).expect("a structure")).expect("importable");
        assert_eq!(bare.nodes, model.import().expect("importable").nodes);
    }
}

#[test]
fn orders() {
    let top = |k: i64| {
        Model::new(17, &[1, 3])
            .ints("k", &[k])
            .node("TopK", &["x", "k"], &["y", "i"], &[])
    };
    check(&top(2), &[1.0, 3.0, 2.0], &[1, 2], &[3.0, 2.0]);
    check(&top(3), &[1.0, 1.0, -2.0], &[1, 3], &[1.0, 1.0, -2.0]);
    assert!(refusal(&top(4)).contains("the first 4 of 3 elements"));
    let large = Model::new(17, &[1, 4_000_000])
        .ints("k", &[1])
        .node("TopK", &["x", "k"], &["y", "i"], &[]);
    assert!(
        refusal(&large).contains("number of elements in folded constants"),
        "{}",
        refusal(&large)
    );
    let mut indices = top(2);
    indices.graph.output[0].name = "i".into();
    let refused = refusal(&indices);
    assert!(refused.contains("indices in the order of their elements"), "{refused}");
    // More elements than are put in order have none.
    let mut many = Model::new(17, &[1, 65])
        .ints("k", &[1])
        .node("TopK", &["x", "k"], &["y", "i"], &[]);
    many.graph.output[0].name = "i".into();
    let refused = refusal(&many);
    assert!(refused.contains("output `i` is not available"), "{refused}");
}

/// Of equal elements the lower index comes first, whichever end is asked for.
#[test]
fn indices_in_order() {
    let indices = |shape: &[i64], k: i64, largest: i64, axis: i64| {
        Model::new(17, shape)
            .ints("k", &[k])
            .node(
                "TopK",
                &["x", "k"],
                &["v", "i"],
                &[("axis", A::I(axis)), ("largest", A::I(largest))],
            )
            .node("Cast", &["i"], &["f"], &[("to", A::I(1))])
            .node("Add", &["v", "f"], &["y"], &[])
    };
    let row = [1.0, 3.0, 3.0, -2.0, 1.0];
    check(
        &indices(&[1, 5], 4, 1, 1),
        &row,
        &[1, 4],
        &[3.0 + 1.0, 3.0 + 2.0, 1.0, 1.0 + 4.0],
    );
    check(
        &indices(&[1, 5], 3, 0, -1),
        &row,
        &[1, 3],
        &[-2.0 + 3.0, 1.0, 1.0 + 4.0],
    );
    let columns = [5.0, 1.0, 4.0, 7.0, 6.0, 7.0];
    check(
        &indices(&[3, 2], 2, 1, 0),
        &columns,
        &[2, 2],
        &[6.0 + 2.0, 7.0 + 1.0, 5.0, 7.0 + 2.0],
    );
    check(&indices(&[2, 1], 1, 1, 1), &[3.0, 4.0], &[2, 1], &[3.0, 4.0]);
}
