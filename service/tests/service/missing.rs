//! Objects that the store has lost, and stores that are not the database's.

use crate::harness::{eventually, Service};
use crate::process::files;
use provenn_service::server::clock::Clock;
use provenn_service::server::error::ApiError;
use provenn_service::server::ids::DatabaseId;
use provenn_service::server::state::App;
use serde_json::json;
use sqlx::SqlitePool;
use std::fs;
use std::path::PathBuf;

/// The file of an object.
fn object(service: &Service, kind: &str, sha256: &str) -> PathBuf {
    service.folder.path().join("objects/alice").join(kind).join(sha256)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_object_fails_no_job_and_comes_back_with_an_upload() {
    let service = Service::start(|config| {
        config.timing.backoff = 50;
        config.timing.backoff_max = 200;
    })
    .await;
    let alice = service.alice().await;
    let model = alice.model("public").await;
    let place = alice.prove(&model, "bob").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    assert_eq!(alice.finished(&place).await["state"], "done");

    // A job that needs the input waits for it, whatever its number of attempts.
    fs::remove_file(object(&service, "input", &model.1)).unwrap();
    let waits = alice.prove(&model, "carol").await.headers["location"]
        .to_str()
        .unwrap()
        .to_owned();
    eventually(async || {
        let job = alice.get(&waits).await.json(200);
        assert_ne!(job["state"], "failed", "{job}");
        (job["retry"] == "object-missing" && job["attempt"].as_i64() > Some(service.app.config.limits.attempts))
            .then_some(())
    })
    .await;
    let metrics = String::from_utf8(service.call("GET", "/metrics", &[], "").await.body).unwrap();
    let missing = metrics
        .lines()
        .find_map(|line| line.strip_prefix("provenn_objects_missing_total "));
    assert!(missing.is_some_and(|n| n.parse::<u64>().unwrap() > 0), "{metrics}");
    alice.put_fixture("inputs", "inputs/linear_30.json").await;
    assert_eq!(alice.finished(&waits).await["state"], "done");

    // A receipt is the service's to keep: its loss is not the client's mistake.
    let receipts = files(&service.folder.path().join("objects/alice/receipt"));
    receipts.iter().for_each(|path| fs::remove_file(path).unwrap());
    alice
        .get(&format!("{place}/receipt"))
        .await
        .problem(503, "object-missing");
    // Nor is an input that nobody read yet.
    let other = br#"{"shape":[30],"values":[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]}"#;
    let (input, answer) = alice.put("inputs", other.to_vec()).await;
    answer.json(201);
    fs::remove_file(object(&service, "input", &input)).unwrap();
    let unread = (model.0.clone(), input);
    alice.prove(&unread, "bob").await.problem(503, "object-missing");
    alice.put("inputs", other.to_vec()).await.1.json(200);
    alice.prove(&unread, "bob").await.json(202);
    // And a model that is uploaded again can be committed to again.
    let source = files(&service.folder.path().join("objects/alice/model"));
    fs::remove_file(&source[0]).unwrap();
    alice.put_fixture("models", "models/linear_30.onnx").await;
    assert!(source[0].exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_store_of_another_database_is_refused() {
    let service = Service::with_clock(Clock::System, false, |_| {}).await;
    let other = Service::with_clock(Clock::System, false, |_| {}).await;
    let alice = service.alice().await;
    alice.put_fixture("inputs", "inputs/linear_30.json").await;
    let open = async |store: PathBuf| {
        let mut config = service.app.config.clone();
        config.store = store.display().to_string();
        match App::open(config, Clock::System).await {
            Ok(_) => String::new(),
            Err(ApiError::WrongStore(cause)) => cause,
            Err(error) => panic!("{error:?}"),
        }
    };
    let (id, others) = (&service.app.identity, &other.app.identity);
    let objects = service.folder.path().join("objects");
    let empty = service.folder.path().join("empty");
    assert_eq!(open(objects.clone()).await, "");
    let cause = open(empty.clone()).await;
    assert!(
        cause.contains(id.as_str()) && cause.contains("no _service/database"),
        "{cause}"
    );
    let cause = open(other.folder.path().join("objects")).await;
    assert!(
        cause.contains(id.as_str()) && cause.contains(others.as_str()),
        "{cause}"
    );

    // While it runs: a disk that is not mounted any more.
    let ready = async || service.call("GET", "/readyz", &[], "").await;
    assert_eq!(ready().await.body, b"ready\n");
    let marker = objects.join("_service/database");
    let text = fs::read_to_string(&marker).unwrap();
    assert_eq!(text.trim_end(), id.as_str());
    fs::remove_file(&marker).unwrap();
    ready().await.problem(503, "wrong-store");
    fs::write(&marker, &text).unwrap();
    assert_eq!(ready().await.body, b"ready\n");

    // A database of a version that marked no store: its newest upload tells.
    let pool = SqlitePool::connect(&service.app.config.database_url()).await.unwrap();
    let older = async || {
        sqlx::query("UPDATE identity SET marked = 0")
            .execute(&pool)
            .await
            .unwrap();
    };
    older().await;
    let cause = open(empty).await;
    assert!(
        cause.contains("newest upload") && cause.contains(id.as_str()),
        "{cause}"
    );
    fs::remove_file(&marker).unwrap();
    assert_eq!(open(objects).await, "");
    assert_eq!(fs::read_to_string(&marker).unwrap(), text);
    assert_eq!(
        json!(service.app.db.identity(&DatabaseId::fresh()).await.unwrap().id),
        json!(id)
    );
}
