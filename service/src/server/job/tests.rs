use super::*;
use serde_json::json;

#[test]
fn documents_read_back() {
    let documents = [
        (
            "commit",
            json!({ "model": "m", "calibration": "c", "held_out": null, "input": "committed" }),
        ),
        (
            "commit",
            json!({ "model": "m", "calibration": { "a": "c", "b": "d" }, "held_out": { "a": "e", "b": "f" }, "inputs": { "a": "public", "b": "committed" } }),
        ),
        (
            "commit",
            json!({ "model": "m", "calibration": "c", "held_out": null, "about": { "name": "n", "outputs": [{ "name": "y", "classes": ["a", "b"] }] }, "input": "public" }),
        ),
        (
            "commit",
            json!({ "model": "m", "calibration": "c", "held_out": null, "batch": 4, "input": "public" }),
        ),
        (
            "commit",
            json!({ "model": "m", "calibration": "c", "held_out": null, "segments": 3, "input": "public" }),
        ),
        ("opening", json!({ "model": "m", "input": "i" })),
        ("opening", json!({ "model": "m", "input": "i", "name": "a" })),
        (
            "proof",
            json!({ "model": "m", "input": "i", "policy": "threshold:0:0.50", "audience": "a", "nonce": "0a".repeat(32), "not_after": 7 }),
        ),
        (
            "proof",
            json!({ "model": "m", "inputs": { "a": "i", "b": "i" }, "policy": "label", "audience": "", "nonce": "0a".repeat(32), "not_after": 7 }),
        ),
        (
            "proof",
            json!({ "model": "m", "input": "i", "policy": "label", "audience": "agreement:d", "nonce": "0a".repeat(32), "not_after": 7,
                "under": { "agreement": "d", "file": "f", "signatures": ["s"] } }),
        ),
        (
            "proof",
            json!({ "model": "m", "input": "i", "policy": "accuracy", "labels": "l", "audience": "", "nonce": "0a".repeat(32), "not_after": 7 }),
        ),
        (
            "colouring",
            json!({ "graph": "g", "colouring": "c", "colours": 3, "audience": "", "nonce": "0a".repeat(32), "not_after": 7 }),
        ),
    ];
    let mut statements = vec![];
    for (kind, document) in documents {
        let read = JobRequest::stored(kind, &document).unwrap();
        assert_eq!((read.kind(), read.document().unwrap()), (kind, document.clone()));
        statements.push(read.statement().unwrap());
        for field in document.as_object().unwrap().keys().filter(|field| {
            !["held_out", "name", "about", "under", "batch", "segments", "labels"].contains(&field.as_str())
        }) {
            let mut cut = document.clone();
            cut.as_object_mut().unwrap().remove(field);
            assert!(JobRequest::stored(kind, &cut).is_err(), "{kind} without {field}");
        }
    }
    statements.dedup();
    assert_eq!(statements.len(), 12);
    assert!(JobRequest::stored("other", &json!({})).is_err());
    let bad = json!({ "model": "m", "input": "i", "policy": "none", "audience": "", "nonce": "00", "not_after": 0 });
    assert!(JobRequest::stored("proof", &bad).is_err());
}
