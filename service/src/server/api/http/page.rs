//! Answers that are lists: so many rows, and so many bytes, whatever the rows hold.

use crate::server::error::ApiError;
use provenn_verifier::text::SHOWN_NAME;
use serde::Serialize;
use serde_json::Value;

/// Bytes of a list in an answer; one row may be longer.
const BYTES: usize = 1 << 20;

/// The rows of an answer, and whether there are more.
pub struct Rows<T> {
    pub rows: Vec<T>,
    pub more: bool,
}

/// The first of `rows`: at most `most`, of which one more was asked for to see whether there are more.
///
/// # Errors
/// A row that is no document.
pub fn rows<T: Serialize>(rows: Vec<T>, most: usize) -> Result<Rows<T>, ApiError> {
    within(rows, most, BYTES)
}

fn within<T: Serialize>(mut rows: Vec<T>, most: usize, bytes: usize) -> Result<Rows<T>, ApiError> {
    let all = rows.len();
    rows.truncate(most);
    let (mut used, mut kept) = (0usize, 0);
    for row in &rows {
        used = used.saturating_add(serde_json::to_string(row)?.len());
        if used > bytes && kept > 0 {
            break;
        }
        kept += 1;
    }
    rows.truncate(kept);
    Ok(Rows { more: kept < all, rows })
}

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
    fn lists_are_bounded_in_rows_and_bytes() {
        let of = |rows: &[usize], most, bytes| {
            let rows: Vec<String> = rows.iter().map(|length| "x".repeat(length - 2)).collect();
            let page = within(rows, most, bytes).unwrap();
            (page.rows.len(), page.more)
        };
        assert_eq!(of(&[], 3, 100), (0, false));
        assert_eq!(of(&[10, 10, 10], 3, 100), (3, false));
        assert_eq!(of(&[10, 10, 10, 10], 3, 100), (3, true));
        assert_eq!(of(&[60, 40, 10], 3, 100), (2, true));
        assert_eq!(of(&[60, 41], 3, 100), (1, true));
        // What is too long is shown alone: the list goes on after it.
        assert_eq!(of(&[200, 10], 3, 100), (1, true));
    }

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
