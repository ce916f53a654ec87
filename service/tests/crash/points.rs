//! Processes that end, freeze or panic at labelled points.

use super::cluster::{Cluster, Role};
use super::postgres::Postgres;
use std::time::Duration;

const POINTS: [(&str, Role); 21] = [
    ("before-submit", Role::Api),
    ("after-submit", Role::Api),
    ("after-push", Role::Api),
    ("after-claim", Role::Worker(0)),
    ("before-spawn", Role::Worker(0)),
    ("child-start", Role::Worker(0)),
    ("child-witness", Role::Worker(0)),
    ("child-proof", Role::Worker(0)),
    ("child-link", Role::Worker(0)),
    ("child-verify", Role::Worker(0)),
    ("child-before-write", Role::Worker(0)),
    ("child-after-write", Role::Worker(0)),
    ("before-verify", Role::Worker(0)),
    ("after-verify", Role::Worker(0)),
    ("after-store-receipt", Role::Worker(0)),
    ("before-publish", Role::Worker(0)),
    ("after-publish", Role::Worker(0)),
    ("before-ack", Role::Worker(0)),
    ("log-before-tiles", Role::Api),
    ("log-after-tiles", Role::Api),
    ("log-before-checkpoint", Role::Api),
];

/// Those of a worker at a model in segments: run, pieces, the receipt from them.
const OF_SEGMENTS: [&str; 17] = [
    "after-claim",
    "child-witness",
    "after-store-run",
    "before-split",
    "in-split",
    "after-split",
    "before-spawn-segment",
    "child-proof",
    "child-before-write",
    "after-store-piece",
    "before-part",
    "in-part",
    "after-part",
    "before-join",
    "after-verify",
    "in-publish",
    "after-publish",
];

#[tokio::test(flavor = "multi_thread")]
async fn labelled_points() {
    at_points(false, &POINTS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn labelled_points_of_segments() {
    at_points(true, &OF_SEGMENTS.map(|point| (point, Role::Worker(0)))).await;
}

async fn at_points(segments: bool, points: &[(&str, Role)]) {
    let server = Postgres::start();
    let postgres = server.as_ref().map(|server| ("postgresql", Some(server)));
    for (name, database) in [("sqlite", None)].into_iter().chain(postgres) {
        let mut cluster = match segments {
            true => Cluster::of_segments(database, 1).await,
            false => Cluster::start(database, 1).await,
        };
        let mut places = Vec::new();
        for &(point, role) in points {
            let reached = cluster.arm(role, point).await;
            places.push(
                cluster
                    .client
                    .clone()
                    .submit_while(&format!("point-{point}"), cluster.revive(role, &reached))
                    .await,
            );
            assert!(reached.exists(), "{point} was not reached");
            cluster.disarm(role).await;
            assert_eq!(cluster.client.open_jobs().await, 0, "{point}");
        }
        let counts = cluster.client.judge(&places, "point-").await;
        println!("{name}, {} labelled points: {counts}", points.len());
        counts.assert_sound();
    }
}

/// Points within each transaction that a worker makes, and what brings it there.
const WITHIN: [(&str, Ask); 5] = [
    ("in-claim", Ask::Label),
    ("in-reached", Ask::Label),
    ("in-publish", Ask::Label),
    ("in-fail", Ask::Untrue),
    ("in-give-back", Ask::LabelAndADeadProver),
];

#[derive(Clone, Copy, PartialEq)]
enum Ask {
    Label,
    /// A yes that does not hold: the job fails.
    Untrue,
    LabelAndADeadProver,
}

/// A panic ends the attempt, with the job's code where it was the last one, and not the worker.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_panics() {
    let Some(database) = Postgres::start() else { return };
    for (attempts, state, code) in [("2", "done", None), ("1", "failed", Some("attempts-exhausted"))] {
        let limit = vec![("PROVENN_LIMITS__ATTEMPTS", attempts.to_owned())];
        let url = database.empty(&format!("panics{attempts}"));
        let mut cluster = Cluster::on(url, 1, limit).await;
        let reached = cluster.arm_to_panic(Role::Worker(0), "before-verify").await;
        let worker = cluster.id(Role::Worker(0));
        let place = cluster.client.submit("panics").await;
        cluster.client.wait().await;
        assert!(reached.exists());
        let job = cluster.client.json(&place).await;
        assert_eq!(
            (job["state"].as_str(), job["error"]["code"].as_str()),
            (Some(state), code),
            "{job}"
        );
        let after = cluster.client.submit("after").await;
        cluster.client.wait().await;
        assert_eq!(cluster.client.json(&after).await["state"], "done");
        assert_eq!(cluster.id(Role::Worker(0)), worker, "it is another process");
    }
}

/// The locks of a frozen worker stop nobody for long: others finish its job and all the others, and what it does when it is let go
/// on has no effect.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_within_its_transactions() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::start(Some(&database), 2).await;
    within(&mut cluster, &WITHIN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_frozen_within_its_transactions_about_segments() {
    let Some(database) = Postgres::start() else { return };
    let mut cluster = Cluster::of_segments(Some(&database), 2).await;
    within(&mut cluster, &[("in-split", Ask::Label), ("in-part", Ask::Label)]).await;
}

async fn within(cluster: &mut Cluster, points: &[(&str, Ask)]) {
    let mut places = Vec::new();
    for &(point, ask) in points {
        cluster.stop_workers().await;
        let reached = cluster.arm_to_freeze(Role::Worker(0), point).await;
        let audience = format!("within-{point}");
        let failing = match ask {
            Ask::Untrue => Some(cluster.client.submit_untrue(&audience).await),
            _ => None,
        };
        if failing.is_none() {
            places.push(cluster.client.submit(&audience).await);
        }
        while !reached.exists() {
            if ask == Ask::LabelAndADeadProver {
                cluster.kill_child();
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        // The other worker, and a job of somebody who knows nothing of it.
        cluster.kill(Role::Worker(1)).await;
        places.push(cluster.client.submit(&format!("within-{point}-other")).await);
        let begun = std::time::Instant::now();
        cluster.client.wait().await;
        println!(
            "frozen at {point}: all jobs ended after {:.1} s",
            begun.elapsed().as_secs_f64()
        );
        assert!(begun.elapsed() < Duration::from_secs(60), "{point}");
        if let Some(place) = failing {
            assert_eq!(cluster.client.json(&place).await["state"], "failed");
        }
        cluster.thaw(0);
        tokio::time::sleep(Duration::from_millis(500)).await;
        cluster.disarm(Role::Worker(0)).await;
    }
    let counts = cluster.client.judge(&places, "within-").await;
    println!("postgresql, frozen within {} transactions: {counts}", points.len());
    counts.assert_sound();
}
