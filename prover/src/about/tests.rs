use super::*;
use provenn_verifier::OutputLayout;

fn layout(scores: u32, items: u32) -> InstanceLayout {
    let output = OutputLayout {
        len: scores,
        rows: scores,
        bits: 16,
        items,
        whole: None,
    };
    InstanceLayout {
        lanes: 1,
        inputs: vec![],
        outputs: vec![output],
    }
}

fn checked(text: &str) -> Result<(), String> {
    let about = About::from_json(text.as_bytes()).map_err(|e| e.to_string())?;
    about.check(&["x"], &["y"], &layout(2, 0))
}

#[test]
fn labels_of_a_batch_are_those_of_an_item() {
    let named = |classes: &str| {
        let text = format!(r#"{{"outputs": [{{"name": "y", "classes": {classes}}}]}}"#);
        About::from_json(text.as_bytes())
            .unwrap()
            .check(&["x"], &["y"], &layout(6, 3))
    };
    named(r#"["no", "yes"]"#).unwrap();
    let refused = named(r#"["a", "b", "c", "d", "e", "f"]"#).unwrap_err();
    assert!(refused.contains("2 labels, and 6 classes"), "{refused}");
}

#[test]
fn what_is_said_fits_the_model() {
    let whole = r#"{"name": "Digits", "version": "1", "licence": "MIT", "intended_use": "a", "contact": "b", "data": "c",
        "inputs": [{"name": "x", "unit": "mm"}], "outputs": [{"name": "y", "unit": "log odds", "classes": ["no", "yes"]}]}"#;
    checked(whole).unwrap();
    checked("{}").unwrap();
    let about = About::from_json(whole.as_bytes()).unwrap();
    assert_eq!(
        serde_json::from_str::<About>(&serde_json::to_string(&about).unwrap()).unwrap(),
        about
    );
    for (text, words) in [
        ("[]", "another form"),
        (r#"{"license": "MIT"}"#, "unknown field `license`"),
        (r#"{"name": "a", "name": "b"}"#, "duplicate field `name`"),
        (r#"{"name": 7}"#, "another form"),
        (r#"{"name": ""}"#, "name is empty"),
        (r#"{"name": "a\u202eb"}"#, "cannot be shown"),
        (r#"{"data": "a\nb"}"#, "data has characters"),
        (
            r#"{"inputs": [{"name": "z", "unit": "m"}]}"#,
            r#"no input "z"; it has "x""#,
        ),
        (
            r#"{"inputs": [{"name": "x", "unit": "m"}, {"name": "x", "unit": "m"}]}"#,
            "named twice",
        ),
        (r#"{"outputs": [{"name": "x"}]}"#, r#"no output "x""#),
        (
            r#"{"outputs": [{"name": "y", "classes": ["a"]}]}"#,
            "2 labels, and 1 classes",
        ),
        (r#"{"outputs": [{"name": "y", "classes": ["a", ""]}]}"#, "class 1"),
        (
            r#"{"outputs": [{"name": "y", "unit": "\u0007"}]}"#,
            "the unit of output",
        ),
    ] {
        let refused = checked(text).expect_err(text);
        assert!(refused.contains(words), "{text}: {refused}");
    }
    for (field, most) in [("contact", MAX_LINE), ("intended_use", MAX_TEXT)] {
        let text = |length| format!(r#"{{"{field}": "{}"}}"#, "é".repeat(length));
        checked(&text(most)).unwrap();
        assert!(checked(&text(most + 1)).unwrap_err().contains("at most"));
    }
}
