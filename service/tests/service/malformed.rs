//! Hostile uploads.

use crate::harness::{fixtures, Service};
use std::time::Instant;

/// Codes that the notes beside the fixtures expect.
fn expected(notes: &str, name: &str) -> Vec<String> {
    let section = notes.split("\n## ").find(|section| section.starts_with(name));
    let line = section.and_then(|section| section.lines().find_map(|line| line.strip_prefix("expect: ")));
    line.unwrap().split('|').map(|code| code.trim().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_model_is_refused_with_its_code() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let folder = fixtures().join("malformed");
    let notes = std::fs::read_to_string(folder.join("README.md")).unwrap();
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "onnx") {
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let started = Instant::now();
        let (sha256, answer) = alice.put("models", std::fs::read(&path).unwrap()).await;
        assert_eq!(answer.status.as_u16(), 422, "{name}");
        let code = serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap()["code"].clone();
        let expected = expected(&notes, &name);
        assert!(
            expected.iter().any(|e| code == e.as_str()),
            "{name}: {code}, expected {expected:?}"
        );
        println!("{name}: {code}, {:?}", started.elapsed());
        alice
            .get(&format!("/v1/models/{sha256}"))
            .await
            .problem(404, "not-found");
        count += 1;
    }
    assert!(count >= 60, "{count} fixtures");
    assert_eq!(service.call("GET", "/readyz", &[], "").await.status.as_u16(), 200);
    // A good model still is one.
    alice.put_fixture("models", "models/linear_30.onnx").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_checked_before_they_are_kept() {
    let service = Service::start(|config| {
        config.limits.model_bytes = 2000;
        config.limits.input_bytes = 1000;
    })
    .await;
    let alice = service.alice().await;
    let digest = "00".repeat(32);
    alice
        .call("PUT", &format!("/v1/models/{digest}"), "x")
        .await
        .problem(409, "digest-mismatch");
    for bad in ["short", &"A0".repeat(32), &"../".repeat(22)[..64]] {
        let answer = alice
            .call("PUT", &format!("/v1/models/{}", bad.replace('/', "%2F")), "x")
            .await;
        answer.problem(400, "bad-request");
    }
    let (_, answer) = alice.put("models", vec![0; 2001]).await;
    answer.problem(413, "upload-too-large");
    let (_, answer) = alice.put("inputs", vec![0; 1001]).await;
    answer.problem(413, "upload-too-large");
    for bad in [
        &b"{}"[..],
        b"",
        b"\x93NUMPY",
        br#"{"shape":[2],"values":[1]}"#,
        br#"{"shape":[4294967296,4294967296],"values":[]}"#,
    ] {
        let (_, answer) = alice.put("inputs", bad.to_vec()).await;
        assert_eq!(answer.status.as_u16(), 422, "{}", String::from_utf8_lossy(&answer.body));
    }
}
