//! Operators of `ai.onnx.ml`.

use super::builder::{info, unary, A};
use super::structure::weights;
use super::*;

const ML: &str = "ai.onnx.ml";

fn refusal(model: &Model) -> String {
    model.import().expect_err("refused").to_string()
}

fn classifier(transform: &str, coefficients: &[f32]) -> Model {
    let attributes = [
        ("coefficients", A::Fs(coefficients)),
        ("intercepts", A::Fs(&[0.5, -0.5])),
        ("post_transform", A::S(transform)),
    ];
    let mut model = Model::new(21, &[0, 2])
        .node("LinearClassifier", &["x"], &["label", "y"], &attributes)
        .of(ML);
    let mut label = info("label", &[0]);
    let kind = label.type_.as_mut().expect("typed").mut_tensor_type();
    kind.elem_type = 7;
    model.graph.output.insert(0, label);
    model
}

#[test]
fn linear_models() {
    let regressor = unary(
        21,
        &[1, 2],
        "LinearRegressor",
        &[("coefficients", A::Fs(&[2.0, -1.0])), ("intercepts", A::Fs(&[0.25]))],
    )
    .of(ML);
    check(&regressor, &[3.0, 4.0], &[1, 1], &[2.25]);
    assert_eq!(weights(&regressor), ["y/coefficients/turned", "y/intercepts"]);
    // The label is dropped, as the receipt shows it by the label policy.
    check(
        &classifier("NONE", &[1.0, 2.0, 3.0, 4.0]),
        &[1.0, -1.0],
        &[1, 2],
        &[-0.5, -1.5],
    );
    assert!(refusal(&classifier("PROBIT", &[1.0, 2.0, 3.0, 4.0])).contains("raw_scores"));
    assert!(refusal(&classifier("NONE", &[1.0, 2.0])).contains("one row of coefficients"));
    let mut only = classifier("NONE", &[1.0, 2.0, 3.0, 4.0]);
    only.graph.output.truncate(1);
    assert!(refusal(&only).contains("`label` is not available"));
}

#[test]
fn scaled_features() {
    let scaled = |offset: &[f32], scale: &[f32]| {
        unary(
            21,
            &[1, 2],
            "Scaler",
            &[("offset", A::Fs(offset)), ("scale", A::Fs(scale))],
        )
        .of(ML)
    };
    check(&scaled(&[1.0, 2.0], &[10.0, 0.5]), &[3.0, 4.0], &[1, 2], &[20.0, 1.0]);
    check(&scaled(&[1.0], &[2.0]), &[3.0, 4.0], &[1, 2], &[4.0, 6.0]);
    assert!(refusal(&scaled(&[1.0, 2.0, 3.0], &[1.0])).contains("3 numbers"));
}

/// An input that is wider than `inputdimensions` says would be cut.
#[test]
fn feature_vectors_of_the_widths_that_they_declare() {
    let model = |widths: &[i64]| {
        let model = Model::new(21, &[1, 2]).floats("c", &[1, 1], &[5.0]);
        model
            .node(
                "FeatureVectorizer",
                &["x", "c"],
                &["y"],
                &[("inputdimensions", A::Is(widths))],
            )
            .of(ML)
    };
    check(&model(&[2, 1]), &[1.0, 2.0], &[1, 3], &[1.0, 2.0, 5.0]);
    for widths in [&[1, 1][..], &[2], &[3, 1]] {
        assert!(refusal(&model(widths)).contains("inputdimensions"));
    }
}
