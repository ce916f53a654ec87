//! The link of a start: a key for whoever reads what a process prints, once; none where others could come.

use crate::harness::{eventually, Service};
use crate::process::Process;
use provenn_service::server::clock::Clock;
use serde_json::json;
use std::fs;

#[tokio::test(flavor = "multi_thread")]
async fn the_code_of_a_link_gives_one_key() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let asked = |code: &str| json!({ "code": code }).to_string();
    let post = async |code: &str| service.call("POST", "/v1/start", &[], asked(code)).await;
    post("").await.problem(410, "link-over");
    let code = service.app.link.open().unwrap();
    post(&"0".repeat(64)).await.problem(410, "link-over");
    let answers = futures_util::future::join_all((0..8).map(|_| post(&code))).await;
    let made: Vec<_> = answers.iter().filter(|answer| answer.status.as_u16() == 201).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].headers["cache-control"], "no-store");
    let made = made[0].json(201);
    let bearer = format!("Bearer {}", made["key"].as_str().unwrap());
    let jobs = service
        .call("GET", "/v1/jobs", &[("authorization", bearer.as_str())], "")
        .await;
    jobs.json(200);
    // It ends by itself, and can be ended before.
    let keys = service.app.db.keys().await.unwrap();
    let own = keys.iter().find(|key| key.label == "link of a start").unwrap();
    assert_eq!(json!(own.expires), made["expires"]);
    assert!(service.app.db.revoke_key(&own.id, service.app.now()).await.unwrap());
    let jobs = service
        .call("GET", "/v1/jobs", &[("authorization", bearer.as_str())], "")
        .await;
    jobs.problem(401, "unauthorized");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_prints_it_beside_its_log() {
    let process = Process::start(&[]).await;
    let printed = process.folder.path().join("printed");
    let link = eventually(async || {
        let text = fs::read_to_string(&printed).unwrap();
        text.trim()
            .rsplit_once("#/start/")
            .map(|(head, code)| (head.to_owned(), code.to_owned()))
    })
    .await;
    assert!(link.0.ends_with(&format!(" {}/", process.base)), "{}", link.0);
    let log = fs::read_to_string(process.folder.path().join("log")).unwrap();
    assert!(!log.contains(&link.1) && !log.contains("#/start/"), "{log}");
    let asked = json!({ "code": link.1 }).to_string();
    let made = process
        .http
        .post(format!("{}/v1/start", process.base))
        .body(asked)
        .send()
        .await
        .unwrap();
    assert_eq!(made.status().as_u16(), 201);

    // With a proxy before it, everybody would seem to come from this machine.
    let behind = Process::start(&[("PROVENN_TRUSTED_PROXIES", "127.0.0.1")]).await;
    assert_eq!(fs::read_to_string(behind.folder.path().join("printed")).unwrap(), "");
}
