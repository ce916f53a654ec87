//! Proofs of a model in segments, which workers share.

use super::cluster::Cluster;
use super::postgres::Postgres;
use super::{full, random_kills};
use std::collections::HashSet;

/// Run, segments and receipt are begun again by themselves, and the receipt is published once.
#[tokio::test(flavor = "multi_thread")]
async fn random_kills_of_a_model_in_segments() {
    let mut cluster = Cluster::of_segments(None, 1).await;
    random_kills(&mut cluster, "sqlite, in segments").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn random_kills_of_a_model_in_segments_on_postgresql() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::of_segments(Some(&database), 2).await;
    random_kills(&mut cluster, "postgresql, in segments").await;
}

/// The segments of one proof are proven by whoever has time.
#[tokio::test(flavor = "multi_thread")]
async fn two_workers_share_the_segments() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::of_segments(Some(&database), 2).await;
    cluster.stop_workers().await;
    let jobs = if full() { 50 } else { 10 };
    let mut places = Vec::new();
    for n in 0..jobs {
        places.push(cluster.client.submit(&format!("segments-{n}")).await);
    }
    cluster.start_workers().await;
    cluster.client.wait().await;
    let counts = cluster.client.judge(&places, "segments-").await;
    let done = [0, 1].map(|worker| cluster.ended(worker, "segment", "done"));
    let proof = |segment: &String| segment.split('.').next().map(str::to_owned);
    let theirs: HashSet<_> = done[0].iter().map(proof).collect();
    let shared: HashSet<_> = done[1]
        .iter()
        .map(proof)
        .filter(|proof| theirs.contains(proof))
        .collect();
    let (one, two) = (done[0].len(), done[1].len());
    println!(
        "postgresql, two workers: {one} and {two} segments, {} of {jobs} proofs by both; {counts}",
        shared.len()
    );
    counts.assert_sound();
    assert_eq!(one + two, 2 * jobs, "each segment once");
    assert!(one.min(two) * 4 >= jobs && !shared.is_empty(), "{one} {two}");
}
