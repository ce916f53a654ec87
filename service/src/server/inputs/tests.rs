use super::*;

fn of(text: &str, names: &[&str]) -> Result<PerInput<String>, String> {
    let given: PerInput<String> = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    given.of("inputs", &names).map_err(|e| e.to_string())
}

#[test]
fn one_statement_has_one_form() {
    let only = Ok(PerInput::Only("x".to_owned()));
    assert_eq!(of(r#""x""#, &["a"]), only);
    assert_eq!(of(r#"{"a": "x"}"#, &["a"]), only);
    let each = of(r#"{"b": "y", "a": "x"}"#, &["b", "a"]).unwrap();
    assert_eq!(of(r#"{"a": "x", "b": "y"}"#, &["b", "a"]), Ok(each.clone()));
    assert_eq!(serde_json::to_string(&each).unwrap(), r#"{"a":"x","b":"y"}"#);
}

#[test]
fn what_does_not_fit_is_named() {
    for (text, names, said) in [
        (r#""x""#, &["a", "b"][..], "`a`, `b`; give an object"),
        (r#"{"a": "x"}"#, &["a", "b"], "`b` is missing"),
        (
            r#"{"a": "x", "b": "y", "c": "z"}"#,
            &["a", "b"],
            "no input `c`, its inputs are `a`, `b`",
        ),
        (r#"{"b": "x"}"#, &["a"], "no input `b`"),
        ("{}", &["a"], "`a` is missing"),
        (r#"{"a": "x", "a": "y"}"#, &["a"], "duplicate field `a`"),
        ("[]", &["a"], "an object of them by the names"),
    ] {
        let error = of(text, names).unwrap_err();
        assert!(error.contains(said), "{text}: {error}");
    }
}
