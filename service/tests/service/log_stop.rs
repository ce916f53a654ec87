//! A log whose database came out of a backup: it signs nothing until the operator says how it goes on.

use crate::harness::{eventually, Service};
use provenn_verifier::tlog::{Checkpoint, LogKey};
use serde_json::{json, Value};
use std::path::Path;
use std::process::Command;

/// `provenn --json` with these arguments, its exit code and report.
fn provenn(arguments: &[&str]) -> (Option<i32>, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    let report = serde_json::from_slice(&output.stdout);
    let report = report.unwrap_or_else(|_| panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr)));
    (output.status.code(), report)
}

async fn published(service: &Service, size: i64) -> String {
    let head = async || service.app.db.log_head().await.unwrap();
    eventually(async || Some(head().await).filter(|head| head.size == size && !head.checkpoint.is_empty()))
        .await
        .checkpoint
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_service_signs_nothing_until_it_is_told_how() {
    let service = Service::start(|_| {}).await;
    let at = |name: &str| service.folder.path().join(name);
    let client = service.alice().await;
    let model = client.model("public").await;
    let key = client.key.clone();
    let before = published(&service, 1).await;
    let log_key: LogKey = service.app.db.log_head().await.unwrap().key.parse().unwrap();
    for name in ["backup", "other"] {
        let (exit, _) = provenn(&["backup", "--data", &text(service.folder.path()), &text(&at(name))]);
        assert_eq!(exit, Some(0));
    }
    // The service goes on; what it signs now is not in the backup.
    let place = client.prove(&model, "bob").await;
    client.finished(place.headers["location"].to_str().unwrap()).await;
    let after = published(&service, 2).await;
    for (name, note) in [("before", &before), ("after", &after)] {
        std::fs::write(at(name), note).unwrap();
    }

    let restored = Service::start(|config| config.data = at("backup")).await;
    restored
        .call("GET", "/readyz", &[], "")
        .await
        .problem(503, "log-stopped");
    let metrics = restored.call("GET", "/metrics", &[], "").await.body;
    let metrics = String::from_utf8(metrics).unwrap();
    assert!(metrics.contains("provenn_log_stopped{why=\"restored\"} 1"), "{metrics}");
    // Receipts are made, and wait for their place under a checkpoint.
    let client = crate::harness::Client::with_key(&restored, &key);
    let place = client.prove(&model, "carol").await;
    let job = client.finished(place.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
    let log = async |service: &Service| service.call("GET", "/v1/log", &[], "").await.json(200);
    let shown = log(&restored).await;
    assert_eq!(
        (&shown["size"], &shown["pending"], &shown["stopped"]),
        (&json!(1), &json!(1), &json!(true))
    );
    // It has another second entry than the one that was signed: it cannot go on under this key.
    let (data, after) = (text(&at("backup")), text(&at("after")));
    let resume = |data: &str, checkpoint: &str| provenn(&["log", "resume", "--data", data, "--checkpoint", checkpoint]);
    let (exit, report) = resume(&data, &after);
    assert_eq!(
        (exit, &report["error"]["code"]),
        (Some(1), &json!("log-stopped")),
        "{report}"
    );
    assert_eq!(restored.app.db.log_head().await.unwrap().checkpoint, before);
    drop(restored);

    let renew = |origin: &str| provenn(&["log", "renew", "--data", &data, "--origin", origin]);
    assert_eq!(renew(log_key.name()).0, Some(1), "a name is for one log");
    let (exit, report) = renew("log.test/two");
    assert_eq!(exit, Some(0), "{report}");
    let new: LogKey = report["key"].as_str().unwrap().parse().unwrap();
    let renewed = Service::start(|config| config.data = at("backup")).await;
    let note = published(&renewed, 2).await;
    assert_eq!(Checkpoint::from_note(&note, &new).unwrap().origin, "log.test/two");
    let shown = log(&renewed).await;
    assert_eq!(shown["earlier"][0]["key"], log_key.to_string());
    assert_eq!(shown["earlier"][0]["checkpoint"], before);
    assert_eq!(
        (&shown["key"], &shown["stopped"]),
        (&json!(new.to_string()), &json!(false))
    );
    assert_eq!(renewed.call("GET", "/readyz", &[], "").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_service_goes_on_after_the_newest_checkpoint() {
    let service = Service::start(|_| {}).await;
    let at = |name: &str| service.folder.path().join(name);
    let client = service.alice().await;
    let model = client.model("public").await;
    let key = client.key.clone();
    std::fs::write(at("newest"), published(&service, 1).await).unwrap();
    let (exit, _) = provenn(&["backup", "--data", &text(service.folder.path()), &text(&at("backup"))]);
    assert_eq!(exit, Some(0));
    let (data, newest) = (text(&at("backup")), text(&at("newest")));

    let restored = Service::start(|config| config.data = at("backup")).await;
    let client = crate::harness::Client::with_key(&restored, &key);
    let place = client.prove(&model, "bob").await;
    client.finished(place.headers["location"].to_str().unwrap()).await;
    // A note of another log says nothing about this one.
    let other = provenn_service::server::tlog::key::Signer::make("other", &at("other.key")).unwrap();
    let strange = Checkpoint {
        origin: "other".into(),
        size: 1,
        root: [0; 32],
    };
    std::fs::write(at("strange"), other.sign(&strange)).unwrap();
    let resume = |file: &str| provenn(&["log", "resume", "--data", &data, "--checkpoint", file]);
    assert_eq!(resume(&text(&at("strange"))).0, Some(1));
    assert_eq!(restored.call("GET", "/readyz", &[], "").await.status, 503);
    // While the service runs.
    let (exit, report) = resume(&newest);
    assert_eq!((exit, &report["signed"]), (Some(0), &json!(1)), "{report}");
    published(&restored, 2).await;
    assert_eq!(restored.call("GET", "/readyz", &[], "").await.status, 200);
    // By hand, where another tool restored the database.
    assert_eq!(provenn(&["log", "stop", "--data", &data]).0, Some(0));
    restored
        .call("GET", "/readyz", &[], "")
        .await
        .problem(503, "log-stopped");
    // Whoever does not know what was signed last signs nothing either.
    assert_eq!(resume(&newest).0, Some(0));
    std::fs::remove_file(at("backup").join("log.key.signed")).unwrap();
    restored
        .call("GET", "/readyz", &[], "")
        .await
        .problem(503, "log-stopped");
}
