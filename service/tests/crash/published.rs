//! What publication promises beside the receipt: a place in the log, bits in the ledger.

use super::client::Client;
use provenn_service::bytes::hex;
use provenn_verifier::tlog::{Entry, EntryKind, InclusionProof, LogKey};
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

/// Receipts by which the ledger is wrong: those it counts as published, and reserved bits of jobs that have ended.
pub async fn miscounted(client: &Client, receipts: usize) -> usize {
    let ledger = client.json("/v1/ledger").await;
    let accounts = ledger["accounts"].as_array().unwrap();
    let counted: u64 = accounts
        .iter()
        .map(|account| account["receipts"].as_u64().unwrap())
        .sum();
    (counted as usize).abs_diff(receipts) + usize::from(ledger["reserved_bits"] != 0.0)
}
