//! What publication promises beside the receipt: a place in the log, bits in the ledger.

use super::client::Client;
use provenn_service::bytes::hex;
use provenn_verifier::tlog::{Entry, EntryKind, InclusionProof, LogKey};
use reqwest::Method;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::time::Duration;

/// Receipts that the log does not prove, and entries that are of no receipt. Published receipts are given.
pub async fn unlogged(client: &Client, receipts: &HashSet<Vec<u8>>) -> usize {
    // The last checkpoint may still be under way.
    let mut log = client.json("/v1/log").await;
    for _ in 0..100 {
        if log["pending"] == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        log = client.json("/v1/log").await;
    }
    let key: LogKey = log["key"].as_str().unwrap().parse().unwrap();
    let mut indexes = HashSet::new();
    for receipt in receipts {
        let path = format!("/v1/log/proofs/{}", hex(&Sha256::digest(receipt)));
        let text = String::from_utf8(client.bytes(&path).await.1).unwrap();
        let entry = Entry::of(EntryKind::Receipt, receipt);
        match InclusionProof::from_text(&text).and_then(|proof| proof.verify(&entry, &key)) {
            Ok(logged) => indexes.insert(logged.index()),
            Err(error) => {
                println!("not logged: {error} {text}");
                false
            }
        };
    }
    // One entry is the card's.
    let entries = log["size"].as_u64().unwrap() as usize - 1;
    entries.abs_diff(receipts.len()) + (receipts.len() - indexes.len())
}

/// Receipts by which the ledger is wrong: those it counts as published, reserved bits of jobs that have ended, and budgets
/// of exactly the bits that are spent under which it would still let one more out.
pub async fn miscounted(client: &Client, receipts: usize) -> usize {
    let ledger = client.json("/v1/ledger").await;
    let accounts = ledger["accounts"].as_array().unwrap();
    let counted: u64 = accounts
        .iter()
        .map(|account| account["receipts"].as_u64().unwrap())
        .sum();
    // Each receipt lets one bit out, and so does each refusal.
    let jobs = client.json("/v1/jobs").await;
    let refused = jobs["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|job| job["state"] == "failed")
        .count();
    let bits = ledger["bits"].as_f64().unwrap();
    let wrong = (counted as usize).abs_diff(receipts)
        + usize::from(bits != (receipts + refused) as f64)
        + usize::from(ledger["reserved_bits"] != 0.0);
    wrong + leaks(client, &ledger["bits"]).await
}

/// Budgets of exactly the bits that are spent, one of each scope in turn, that do not refuse another receipt. Colourings are not the model's.
async fn leaks(client: &Client, all: &Value) -> usize {
    let of_model = client.json(&format!("/v1/ledger?model={}", client.model)).await["bits"].clone();
    let model = format!("/v1/ledger/models/{}", client.model);
    let key = format!("/v1/ledger/requesters/{}", client.key.split('_').nth(1).unwrap());
    let scopes = [
        (&model, "total_bits", &of_model),
        (&model, "input_bits", &of_model),
        (&model, "requester_bits", &of_model),
        (&key, "bits", all),
    ];
    let set = async |path: &str, budget: Value| {
        let budget = budget.to_string().into_bytes();
        let answer = client.send(Method::PUT, path, None, budget).await;
        assert_eq!(answer.status().as_u16(), 200);
    };
    let mut leaks = 0;
    for (path, scope, spent) in scopes {
        set(path, json!({ scope: spent })).await;
        let body = json!({ "model": client.model, "input": client.input, "policy": client.policy, "context": { "audience": scope } });
        let asked = client
            .send(Method::POST, "/v1/proofs", None, body.to_string().into_bytes())
            .await;
        let (status, answer) = (asked.status().as_u16(), asked.text().await.unwrap());
        if status != 422 || !answer.contains("budget-exceeded") {
            println!("a budget of {spent} bits as {scope} does not hold: {status} {answer}");
            leaks += 1;
        }
        set(path, json!({})).await;
    }
    leaks
}
