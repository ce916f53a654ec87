//! Cards as types, verdicts in the units of the model, and the expectation that most callers need, on golden files.
#![allow(clippy::unwrap_used, reason = "tests")]

use provenn_verifier::policy::PolicyError;
use provenn_verifier::text::HexError;
use provenn_verifier::*;
use std::error::Error;

const NONCE: [u8; 32] = [0xa5; 32];
const AUDIENCE: &str = "bank.example";
/// Before the end of golden receipts.
const NOW: u64 = 2_000_000_000;

struct Golden {
    receipt: Vec<u8>,
    card: CheckedCard,
    srs: SrsVerifyingKey,
    schema: Schema,
}

fn golden(name: &str, srs: &str) -> Golden {
    let read = |file: &str| {
        let path = format!("{}/../fixtures/testkit/v2/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    };
    let srs = SrsVerifyingKey::from_bytes(&read(&format!("{srs}.srs"))).unwrap();
    let card = ModelCard::from_bytes(&read(&format!("{name}.card"))).unwrap();
    let card = card.check(&srs).unwrap();
    Golden {
        receipt: read(&format!("{name}.receipt")),
        schema: card.schema().unwrap(),
        card,
        srs,
    }
}

impl Golden {
    fn expect(&self, policy: &str) -> Expectation {
        Expectation::new(
            self.card.model_id(),
            self.schema.policy(policy).unwrap(),
            AUDIENCE,
            NONCE,
        )
    }

    fn verify(&self, expectation: &Expectation) -> Result<Verdict, VerifyError> {
        verify(&self.receipt, &self.card, &self.srs, expectation)
    }

    fn values(&self, policy: &str) -> Values {
        let verdict = self.verify(&self.expect(policy).at(NOW)).unwrap();
        self.schema.values(&verdict).unwrap()
    }
}

#[test]
fn a_card_is_read_as_types() {
    let schema = golden("conflict_check", "conflict_check").schema;
    let input = |name: &str, public| InputSchema {
        name: name.into(),
        shape: vec![8],
        quantization: Quantization {
            frac: 13,
            lifts: vec![],
        },
        public,
        unit: None,
    };
    assert_eq!(schema.inputs, [input("own", false), input("listed", true)]);
    assert_eq!(schema.outputs[1].name, "agreement");
    assert_eq!(schema.outputs[1].shape, [3]);
    assert_eq!(schema.fracs(), [11, 12]);
}

#[test]
fn verdicts_are_in_the_units_of_the_model() {
    let linear = golden("linear_30", "linear_30").values("scores");
    assert_eq!(linear.answer, Value::Scores(vec![-337.0 / 1024.0]));
    assert_eq!(linear.words, "-0.329");
    assert_eq!(linear.inputs[0].as_ref().unwrap().len(), 30);
    let mlp = golden("digits_mlp", "digits_cnn").values("scores");
    let Value::Scores(scores) = mlp.answer else {
        panic!("{mlp:?}");
    };
    assert_eq!(scores[..3], [-8.81640625, -5.599609375, -6.20703125]);
    assert_eq!(mlp.inputs, [None]);
    let conflict = golden("conflict_check", "conflict_check").values("1/label");
    assert_eq!(conflict.answer, Value::Label { label: 1, class: None });
    assert_eq!(conflict.target, Target::Output(1));
    let [None, Some(listed)] = &conflict.inputs[..] else {
        panic!("{conflict:?}");
    };
    // Integers of the claim over 2^13.
    assert!(listed.iter().all(|value| (value * 8192.0).fract() == 0.0));
    assert!(listed.iter().any(|value| value.fract() != 0.0));
}

#[test]
fn values_of_another_model_are_refused() {
    let (linear, mlp) = (golden("linear_30", "linear_30"), golden("digits_mlp", "digits_cnn"));
    let verdict = linear.verify(&linear.expect("scores")).unwrap();
    assert_eq!(mlp.schema.values(&verdict), Err(VerifyError::ModelMismatch));
}

#[test]
fn the_usual_four_are_each_asked() {
    let good = golden("digits_cnn", "digits_cnn");
    let usual = good.expect("label");
    assert!(matches!(good.verify(&usual), Ok(Verdict::Verified(_))));
    let refused = |change: fn(&mut Expectation)| {
        let mut other = usual.clone();
        change(&mut other);
        good.verify(&other).unwrap_err().code()
    };
    assert_eq!(
        refused(|asked| asked.inference.model_id = Some([1; 32])),
        "model-mismatch"
    );
    assert_eq!(
        refused(|asked| asked.inference.policy = Some(policy::Scores.into())),
        "policy-mismatch"
    );
    assert_eq!(
        refused(|asked| asked.audience = Some("other".into())),
        "context-mismatch"
    );
    assert_eq!(refused(|asked| asked.nonce = Some([0; 32])), "context-mismatch");
    assert_eq!(good.verify(&usual.clone().at(u64::MAX)).unwrap_err().code(), "expired");
    assert!(!usual.accept_dev && usual.clone().accepting_dev().accept_dev);
    let other = Expectation::new([1; 32], policy::Label, AUDIENCE, NONCE);
    let claim = Receipt::from_bytes(&good.receipt).unwrap().claim;
    let lines = differences(&claim, &good.card, &good.srs, &other);
    assert_eq!(lines.iter().map(|line| line.field).collect::<Vec<_>>(), ["model card"]);
}

#[test]
fn a_batch_has_an_expectation_for_each() {
    let (cnn, mlp) = (golden("digits_cnn", "digits_cnn"), golden("digits_mlp", "digits_cnn"));
    let (label, scores) = (cnn.expect("label"), mlp.expect("scores"));
    let pair = |first, second| {
        [
            Judged::new(&cnn.receipt, &cnn.card, first),
            Judged::new(&mlp.receipt, &mlp.card, second),
        ]
    };
    assert_eq!(verify_batch(&pair(&label, &scores), &cnn.srs).unwrap().len(), 2);
    let other = Expectation {
        nonce: Some([1; 32]),
        ..scores.clone()
    };
    let field = ContextField::Nonce;
    assert_eq!(
        verify_batch(&pair(&label, &other), &cnn.srs),
        Err((1, VerifyError::ContextMismatch { field }))
    );
    assert_eq!(
        verify_batch(&pair(&scores, &scores), &cnn.srs),
        Err((0, VerifyError::ModelMismatch))
    );
}

#[test]
fn policies_are_in_the_units_of_the_output() {
    let schema = golden("digits_mlp", "digits_cnn").schema;
    let integers = |text: &str| schema.policy(text).map(|policy| policy.to_string());
    assert_eq!(integers("threshold:3:0.501").unwrap(), "threshold:3:257");
    assert_eq!(integers("threshold:3:-0.501").unwrap(), "threshold:3:-256");
    assert_eq!(integers("top:3").unwrap(), "top:3");
    for text in [
        "threshold:10:0",
        "threshold:0:1e9",
        "threshold:0:nan",
        "threshold:0:inf",
        "1/label",
        "all/scores",
        "label:1",
    ] {
        assert!(integers(text).is_err(), "{text}");
    }
}

#[test]
fn numbers_and_integers_agree() {
    let of = |frac, lifts: &[u8]| Quantization {
        frac,
        lifts: lifts.to_vec(),
    };
    let lifted = of(1, &[0, 3]);
    assert_eq!(lifted.reals(&[6, 2, 2]), [3.0, 0.125, 1.0]);
    assert_eq!([lifted.nearest(0, 3.0), lifted.nearest(1, 0.125)], [6, 2]);
    for (number, nearest, at_least) in [
        (0.25, 1, 1),
        (-0.25, -1, 0),
        (0.24, 0, 1),
        (-0.24, 0, 0),
        (3.0, 6, 6),
        (-3.3, -7, -6),
    ] {
        assert_eq!(
            (lifted.nearest(0, number), lifted.at_least(0, number)),
            (nearest, at_least),
            "{number}"
        );
    }
    let largest = (1i64 << 40) - 1;
    for frac in [-900, -40, 0, 13, 644, 900] {
        for integer in [0, 1, -1, 12_345, largest, -largest] {
            let (scale, number) = (of(frac, &[]), of(frac, &[]).real(0, integer));
            assert_eq!(
                (scale.nearest(0, number), scale.at_least(0, number)),
                (integer, integer),
                "{integer} {frac}"
            );
            assert_eq!(number, integer as f64 * 2f64.powi(-frac));
        }
    }
    assert_eq!(
        [of(0, &[]).nearest(0, 1e30), of(0, &[]).nearest(0, -1e30)],
        [i64::MAX, -i64::MAX]
    );
    assert_eq!(
        [of(0, &[]).at_least(0, 1e30), of(0, &[]).at_least(0, -1e30)],
        [i64::MAX, i64::MIN]
    );
}

/// The digits' card with another description: `of` and `to` are replaced once.
fn described(of: &str, to: &str) -> Result<Schema, SchemaError> {
    let mut card = (*golden("digits_mlp", "digits_cnn").card).clone();
    assert!(card.description.contains(of), "{of}");
    card.description = card.description.replacen(of, to, 1);
    card.schema()
}

#[test]
fn units_and_classes_are_the_publishers() {
    let about = |text: &str| described("{", &format!(r#"{{"about":{text},"#));
    let classes: Vec<String> = ('a'..='j').map(|class| class.to_string()).collect();
    let whole = format!(
        r#"{{"name":"Digits","inputs":[{{"name":"input","unit":"ink"}}],"outputs":[{{"name":"output","unit":"log odds","classes":{classes:?}}}]}}"#
    );
    let schema = about(&whole).unwrap();
    assert_eq!(schema.inputs[0].unit.as_deref(), Some("ink"));
    assert_eq!(schema.outputs[0].unit.as_deref(), Some("log odds"));
    assert_eq!(schema.class(Target::Output(0), 9), Some("j"));
    for (target, label) in [(Target::Output(0), 10), (Target::Output(1), 0), (Target::All, 0)] {
        assert_eq!(schema.class(target, label), None);
    }
    let label = schema.answer(Target::Output(0), &Answer::Label(1)).unwrap();
    let class = Some("b".to_owned());
    assert_eq!(label, Value::Label { label: 1, class });
    assert!(about("null").is_ok() && about("{}").is_ok());
    for (text, words) in [
        ("[]", "`about`"),
        (r#"{"outputs":{}}"#, "`outputs`"),
        (r#"{"outputs":[{"name":"input"}]}"#, r#"nothing named "input""#),
        (r#"{"outputs":[{"name":"output"},{"name":"output"}]}"#, "named twice"),
        (
            r#"{"outputs":[{"name":"output","classes":["a"]}]}"#,
            "10 labels, and 1 classes",
        ),
        (r#"{"outputs":[{"name":"output","classes":[1]}]}"#, "`classes`"),
        (r#"{"inputs":[{"name":"input"}]}"#, "`unit`"),
        (r#"{"inputs":[{"name":"input","unit":"a\u202eb"}]}"#, "cannot be shown"),
        (r#"{"inputs":[{"name":"input","unit":""}]}"#, "empty"),
    ] {
        let error = about(text).expect_err(text);
        assert!(error.reason().contains(words), "{text}: {error}");
        assert_eq!(error.code(), "card-description");
    }
}

#[test]
fn a_description_fits_the_circuit() {
    for (of, to, words) in [
        ("{", "", "not JSON"),
        ("{", "[{", "not JSON"),
        ("{", r#"{"name":"x","#, "duplicate field `name`"),
        (r#""name""#, r#""title""#, "`name`"),
        (r#""inputs":["#, r#""inputs":["x","#, "`inputs`"),
        (r#""frac":14"#, r#""frac":"14""#, "`frac`"),
        (r#""frac":14"#, r#""frac":1.5"#, "`frac`"),
        (r#""frac":14"#, r#""frac":645"#, "`frac`"),
        (r#""frac":14"#, r#""frac":-901"#, "`frac`"),
        (r#""frac":14"#, r#""frac":14,"lifts":[256]"#, "`lifts`"),
        (r#""binding":"committed""#, r#""binding":"public""#, "other inputs"),
        (r#""binding":"committed""#, r#""binding":"secret""#, "`binding`"),
        (r#""shape":[64]"#, r#""shape":[-64]"#, "`shape`"),
        (r#""shape":[10]"#, r#""shape":[11]"#, "other outputs"),
        (
            r#""shape":[10]"#,
            r#""shape":[10,4294967295,4294967295,4294967295]"#,
            "other outputs",
        ),
    ] {
        let error = described(of, to).expect_err(to);
        assert!(error.reason().contains(words), "{to}: {error}");
    }
}

#[test]
fn no_description_panics() {
    let card = (*golden("conflict_check", "conflict_check").card).clone();
    let text = card.description.clone();
    let read = |description: &str| {
        let description = description.to_owned();
        ModelCard {
            description,
            ..card.clone()
        }
        .schema()
    };
    for (at, c) in text.char_indices() {
        assert!(read(&text[..at]).is_err(), "cut to {at}");
        if at % 7 == 0 {
            for other in ["\"", "\\", "[", "}", "-", "9", "\u{0}", "\u{10ffff}"] {
                let _any = read(&format!("{}{other}{}", &text[..at], &text[at + c.len_utf8()..]));
            }
        }
    }
}

#[test]
fn all_errors_are_errors_of_the_language() {
    fn is_error<E: Error + Send + Sync + 'static>() {}
    is_error::<VerifyError>();
    is_error::<SchemaError>();
    is_error::<PolicyError>();
    is_error::<HexError>();
    is_error::<GraphError>();
    is_error::<statement::colouring::GraphTextError>();
    #[cfg(feature = "log")]
    is_error::<tlog::LogError>();
    #[cfg(feature = "log")]
    is_error::<agreement::AgreementError>();
}
