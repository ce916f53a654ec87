//! The ledger over many jobs: sums, refusals and budgets that come together.

use crate::harness::Service;
use crate::ledger::{ask, id, idle};
use provenn_service::server::worker::execute;
use serde_json::{json, Value};

/// Sums are kept beside the rows that they sum.
#[tokio::test(flavor = "multi_thread")]
async fn running_sums_are_the_sums() {
    let (service, _kept, model) = idle().await;
    let (alice, guest) = (service.alice().await, service.alice().await);
    for (n, client) in [&alice, &guest, &alice, &guest, &alice].into_iter().enumerate() {
        let audience = format!("{}", n / 2);
        ask(client, &model, &audience).await.json(202);
    }
    let first = id(&ask(&alice, &model, "0").await);
    execute(&service.app, &first, "worker").await.unwrap();
    let last = id(&ask(&alice, &model, "2").await);
    alice.call("DELETE", &format!("/v1/proofs/{last}"), "").await;
    let pool = sqlx::SqlitePool::connect(&service.app.config.database_url())
        .await
        .unwrap();
    let sum = async |query: &'static str| sqlx::query_scalar::<_, i64>(query).fetch_one(&pool).await.unwrap();
    let rows = sum("SELECT SUM(microbits) FROM ledger WHERE state <> 'released'").await;
    assert_eq!(rows, 4_000_000);
    for scope in ["key", "requester"] {
        assert_eq!(
            sum(match scope {
                "key" => "SELECT SUM(microbits) FROM spent WHERE scope = 'key'",
                _ => "SELECT SUM(microbits) FROM spent WHERE scope = 'requester'",
            })
            .await,
            rows
        );
    }
    let once = sum("SELECT SUM(microbits) FROM ledger WHERE state <> 'released' AND again = 0").await;
    assert_eq!(
        sum("SELECT SUM(microbits) FROM spent WHERE scope = 'model'").await,
        once
    );
    assert_eq!(
        sum("SELECT SUM(microbits) FROM spent WHERE scope = 'input'").await,
        once
    );
    assert_eq!(sum("SELECT SUM(settled) + SUM(reserved) FROM accounts").await, rows);
    assert_eq!(
        sum("SELECT SUM(settled_first) + SUM(reserved_first) FROM accounts").await,
        once
    );
    // The sums that a migration makes of rows are the same.
    let text = include_str!("../../migrations/0031_sums.sql");
    let inserts: Vec<&str> = text.split(';').filter(|part| part.contains("INSERT INTO")).collect();
    assert_eq!(inserts.len(), 5);
    let before = sum("SELECT COUNT(*) FROM spent WHERE microbits > 0").await;
    sqlx::raw_sql("DELETE FROM spent; DELETE FROM accounts")
        .execute(&pool)
        .await
        .unwrap();
    for insert in inserts {
        sqlx::query(insert).execute(&pool).await.unwrap();
    }
    assert_eq!(sum("SELECT COUNT(*) FROM spent").await, before);
    assert_eq!(sum("SELECT SUM(microbits) FROM spent WHERE scope = 'key'").await, rows);
    assert_eq!(sum("SELECT SUM(settled) + SUM(reserved) FROM accounts").await, rows);
}

/// A refusal tells nothing that depends on weights or input: it is the same for other weights and other inputs, in the job and its events.
#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_the_same_whatever_the_numbers() {
    let service = Service::start(|_| {}).await;
    let alice = service.alice().await;
    let (model, input) = alice.model("public").await;
    let far = |value: &str| format!(r#"{{"shape":[30],"values":[{value}{}]}}"#, ",0".repeat(29)).into_bytes();
    let (near, _) = alice.put("inputs", far("1e4")).await;
    let (further, _) = alice.put("inputs", far("-3e7")).await;
    let calibration = alice.put_fixture("inputs", "data/breast_cancer_calibration.npy").await;
    // The same model with its weights moved.
    let mut moved = crate::harness::fixture("models/linear_30.onnx");
    let weights = moved.len() / 2;
    let at = (weights..moved.len() - 4)
        .find(|&at| moved[at + 3] & 0x7e == 0x3e)
        .unwrap();
    moved[at] ^= 0x55;
    moved[at + 1] ^= 0x15;
    let (moved, answer) = alice.put("models", moved).await;
    answer.json(201);
    let answer = alice
        .post(
            &format!("/v1/models/{moved}/commit"),
            &json!({ "calibration": calibration }),
        )
        .await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    let other = job["result"]["model_id"].as_str().unwrap().to_owned();
    assert_ne!(other, model);
    let mut errors = std::collections::BTreeSet::new();
    for (model, input, policy) in [
        (&model, &near, "label"),
        (&model, &further, "scores"),
        (&model, &input, "yes-only:0:15.5"),
        (&model, &near, "threshold:0:0.25"),
        (&other, &near, "label"),
        (&other, &further, "label"),
        (&other, &input, "yes-only:0:15.25"),
    ] {
        let answer = alice
            .post(
                "/v1/proofs",
                &json!({ "model": model, "input": input, "policy": policy }),
            )
            .await;
        let place = answer.headers["location"].to_str().unwrap().to_owned();
        let job = alice.finished(&place).await;
        assert_eq!(job["state"], "failed", "{job}");
        errors.insert(job["error"].to_string());
        let events = String::from_utf8(alice.get(&format!("{place}/events")).await.body).unwrap();
        let told = events.lines().find(|line| line.contains("\"error\"")).unwrap();
        let told: Value = serde_json::from_str(told.trim_start_matches("data:").trim()).unwrap();
        errors.insert(told["error"].to_string());
    }
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors
        .iter()
        .all(|error| !error.replace("422", "").contains(|c: char| c.is_ascii_digit())));
}

/// Budgets that come in one request are set together: nobody sees some of them.
#[tokio::test(flavor = "multi_thread")]
async fn budgets_of_two_requests_do_not_mix() {
    let (service, _kept, model) = idle().await;
    let alice = service.alice().await;
    let place = format!("/v1/ledger/models/{}", model.0);
    let set = async |bits: u8| {
        let all = json!({ "total_bits": bits, "input_bits": bits, "requester_bits": bits });
        alice.call("PUT", &place, all.to_string()).await.json(200);
    };
    set(0).await;
    let written = std::cell::Cell::new(false);
    let write = async {
        for n in 0..40 {
            set(n % 2).await;
        }
        written.set(true);
    };
    let read = async {
        // Not so many that a slow machine comes to the limit on requests.
        for _ in 0..100 {
            if written.get() {
                break;
            }
            let budgets = alice.get("/v1/ledger").await.json(200)["budgets"].clone();
            let bits: Vec<&Value> = budgets
                .as_array()
                .unwrap()
                .iter()
                .map(|budget| &budget["bits"])
                .collect();
            assert_eq!(bits.len(), 3, "{budgets}");
            assert!(bits.iter().all(|one| *one == bits[0]), "{budgets}");
        }
    };
    tokio::join!(write, read);
    alice.call("PUT", &place, "{}").await.json(200);
    assert_eq!(alice.get("/v1/ledger").await.json(200)["budgets"], json!([]));
}
