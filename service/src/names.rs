//! Names from files of strangers, cut to what is shown of them.

use provenn_verifier::text::SHOWN_NAME;
use serde_json::Value;

/// A name from a file, at most as long as names are shown.
pub fn name(name: &str) -> String {
    match name.char_indices().nth(SHOWN_NAME) {
        None => name.into(),
        Some(_) => name.chars().take(SHOWN_NAME - 1).chain(['\u{2026}']).collect(),
    }
}

/// The same for the names in a document: all texts under `name`.
pub fn names(document: &mut Value) {
    match document {
        Value::Object(fields) => fields.iter_mut().for_each(|(field, value)| match value {
            Value::String(text) if field == "name" => *text = name(text),
            other => names(other),
        }),
        Value::Array(items) => items.iter_mut().for_each(names),
        _ => {}
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_are_cut_wherever_they_are() {
        let long = "\u{e9}".repeat(81);
        let mut document = json!({ "name": "n".repeat(80), "layers": [{ "name": long, "operator": "Conv" }] });
        names(&mut document);
        assert_eq!(document["name"], "n".repeat(80));
        let cut = document["layers"][0]["name"].as_str().unwrap();
        assert_eq!((cut.chars().count(), cut.ends_with('\u{2026}')), (80, true));
    }
}
