//! Lists stay small, whatever is in what they list.

use crate::harness::{fixture, Service};
use serde_json::{json, Value};
use std::collections::BTreeSet;

/// A varint and what follows it.
fn varint(bytes: &[u8]) -> (usize, &[u8]) {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
    let value = bytes[..end]
        .iter()
        .rev()
        .fold(0, |value, byte| value << 7 | usize::from(byte & 0x7f));
    (value, &bytes[end..])
}

/// A field of length-delimited bytes.
pub fn field(number: usize, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![(number << 3 | 2) as u8];
    let mut length = bytes.len();
    while length >= 0x80 {
        out.push((length & 0x7f | 0x80) as u8);
        length >>= 7;
    }
    out.push(length as u8);
    [&out, bytes].concat()
}

/// A message with each field of `number` replaced.
fn replaced(message: &[u8], number: usize, with: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let (mut rest, mut out) = (message, vec![]);
    while !rest.is_empty() {
        let (key, after) = varint(rest);
        match key & 7 {
            2 => {
                let (length, after) = varint(after);
                let (body, after) = after.split_at(length);
                match key >> 3 == number {
                    true => out.extend(field(number, &with(body))),
                    false => out.extend(&rest[..rest.len() - after.len()]),
                }
                rest = after;
            }
            0 => {
                let (_, after) = varint(after);
                out.extend(&rest[..rest.len() - after.len()]);
                rest = after;
            }
            kind => panic!("wire type {kind}"),
        }
    }
    out
}

/// `linear_30` with a graph of another name.
fn named(name: &str) -> Vec<u8> {
    let (model, graph, graph_name) = (fixture("models/linear_30.onnx"), 7, 2);
    replaced(&model, graph, |graph| {
        replaced(graph, graph_name, |_| name.as_bytes().to_vec())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn long_names_in_files_make_no_long_answers() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let mut uploaded = BTreeSet::new();
    for n in 0..8 {
        let (sha256, answer) = alice.put("models", named(&format!("{n}{}", "x".repeat(500_000)))).await;
        let name = answer.json(201)["name"].as_str().unwrap().to_owned();
        assert_eq!(
            (name.chars().count(), name.ends_with("x\u{2026}")),
            (80, true),
            "{name}"
        );
        uploaded.insert(sha256);
    }
    let answer = alice.get("/v1/models").await;
    assert!(answer.body.len() < 20_000, "{} bytes", answer.body.len());
    let all = answer.json(200);
    assert_eq!(
        (all["models"].as_array().unwrap().len(), &all["more"]),
        (8, &json!(false))
    );
    // Pages of three make the same list.
    let ids = |page: &Value| -> Vec<String> {
        let models = page["models"].as_array().unwrap();
        models
            .iter()
            .map(|model| model["sha256"].as_str().unwrap().into())
            .collect()
    };
    let (mut paged, mut before) = (vec![], String::new());
    loop {
        let page = alice.get(&format!("/v1/models?limit=3{before}")).await.json(200);
        paged.extend(ids(&page));
        if page["more"] == false {
            break;
        }
        before = format!("&before={}", paged.last().unwrap());
    }
    assert_eq!(paged, ids(&all));
    assert_eq!(paged.into_iter().collect::<BTreeSet<_>>(), uploaded);
    alice.get("/v1/models?limit=0").await.problem(400, "bad-request");
    alice.get("/v1/models?before=x").await.problem(400, "bad-request");
}
