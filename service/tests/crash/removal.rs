//! Removal and `provenn gc` on an S3-compatible store.

use super::cluster::{Cluster, Role};
use super::objects::Objects;
use object_store::path::Path as Name;
use provenn_service::bytes::hex;
use provenn_service::server::clock::Clock;
use provenn_service::server::config::Config;
use provenn_service::server::db::Db;
use provenn_service::server::gc::{belong_together, orphans};
use provenn_service::server::store::Store;
use reqwest::Method;
use serde_json::json;
use sha2::{Digest, Sha256};

const KINDS: [&str; 4] = ["model", "input", "private", "receipt"];

async fn all(store: &Objects) -> Vec<Name> {
    let mut names = Vec::new();
    for kind in KINDS {
        names.extend(store.names(kind).await);
    }
    names
}

/// What no row names is collected when it is old, and what a row names is not, however old it is.
pub async fn collected(cluster: &Cluster, store: &Objects) {
    let settings = cluster.settings(Role::Api).into_iter();
    let config = Config::load(None, settings.map(|(name, value)| (name.to_owned(), value))).unwrap();
    let db = Db::existing(&config.database_url()).await.unwrap();
    let objects = Store::open(&config).unwrap();
    belong_together(&db, &objects).await.unwrap();
    let named = all(store).await;
    let digest = hex(&Sha256::digest(b"orphan"));
    let left = KINDS.map(|kind| Name::from(format!("a/prefix/alice/{kind}/{digest}")));
    for name in &left {
        store.write(name, b"orphan".to_vec()).await;
    }
    let now = Clock::System.now();
    let later = now + 2 * 24 * 3600 * 1000;
    for (now, dry_run, found, there) in [
        (now, false, 0, 4),
        (later, true, 4, 4),
        (later, false, 4, 0),
        (later, false, 0, 0),
    ] {
        let count = orphans(&db, &objects, now, dry_run).await.unwrap();
        assert_eq!((count.count, count.bytes), (found, 6 * found));
        assert_eq!(all(store).await.len(), named.len() + there);
    }
    assert_eq!(all(store).await, named);
    db.close().await;
}

/// Deleted uploads and commitments leave the store at once.
pub async fn deleted(cluster: &Cluster, store: &Objects) {
    let client = &cluster.client;
    let delete = async |place: String| client.once(Method::DELETE, &place, json!(null)).await.0;
    let source = client.json(&format!("/v1/models/{}", client.model)).await["source_sha256"].clone();
    let source = format!("/v1/models/{}", source.as_str().unwrap());
    assert_eq!(delete(source.clone()).await, 409, "it is committed");
    let inputs = store.names("input").await.len();
    assert_eq!(delete(format!("/v1/inputs/{}", client.input)).await, 204);
    assert_eq!(store.names("input").await.len(), inputs - 1);
    assert!(!store.names("private").await.is_empty());
    assert_eq!(delete(format!("/v1/models/{}/commit", client.model)).await, 204);
    assert!(store.names("private").await.is_empty());
    assert_eq!(delete(source).await, 204);
    assert!(store.names("model").await.is_empty());
    assert!(!store.names("receipt").await.is_empty(), "receipts stay");
}
