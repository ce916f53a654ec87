//! What the service holds on one machine, over loopback: latencies of submission and status at fixed rates, memory of event
//! streams, throughput of small proofs against the same proofs without the service.
//!
//! `load PROVENN [SECONDS]` starts that binary on a temporary folder. The queue is never empty, so a proof always runs. Requests are sent at
//! their times whether or not earlier ones were answered, and a latency counts from the time a request was due.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use provenn_benches::service::{at, fixtures, place, rate, Client, Service};
use reqwest::Method;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const SUBMITS: u32 = 200;
const STATUSES: u32 = 500;
const STREAMS: usize = 1000;
/// Jobs that find an idle service, and the longest pause before one, which moves them against the engine's heartbeat.
const IDLE: u32 = 100;
const PAUSE: u32 = 400;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let binary = PathBuf::from(arguments.next().expect("usage: load PROVENN [SECONDS]"));
    let seconds = arguments.next().map_or(20, |text| text.parse().unwrap());
    // More than the submissions of any run; an address has the streams beside them.
    let settings = [
        ("PROVENN_LIMITS__TENANT_JOBS", "1000000".into()),
        ("PROVENN_LIMITS__ADDRESS_CONNECTIONS", "20000".into()),
    ];
    let service = Service::start(&binary, &settings).await;
    let client = service.client(&service.first_key(), Ipv4Addr::LOCALHOST);
    let committed = client.commit().await;

    let submit = |n: u32| client.send(Method::POST, "/v1/proofs", committed.asked("label", &n.to_string()));
    let mut waits = Vec::new();
    for n in 0..IDLE {
        tokio::time::sleep(Duration::from_millis((n * 37 % PAUSE).into())).await;
        let job = client.ended(&place(&submit(u32::MAX - n).await)).await;
        let wait = job["started"].as_i64().unwrap() - job["created"].as_i64().unwrap();
        waits.push(Duration::from_millis(wait.unsigned_abs()));
    }
    waits.sort();
    report("queued to started on an idle service", None, &waits, "100 ms");

    let (latencies, answers) = rate(SUBMITS, seconds, submit).await;
    report("submit", Some(SUBMITS), &latencies, "50 ms");
    let places: Vec<String> = answers.iter().map(place).collect();

    let status = |n: u32| client.send(Method::GET, &places[n as usize % places.len()], String::new());
    let (latencies, answers) = rate(STATUSES, seconds, status).await;
    assert!(answers.iter().all(|answer| answer.status().is_success()));
    report("status", Some(STATUSES), &latencies, "20 ms");

    let before = service.memory();
    let mut streams = Vec::new();
    for place in places.iter().rev().take(STREAMS) {
        let mut stream = client
            .send(Method::GET, &format!("{place}/events"), String::new())
            .await;
        assert!(stream.chunk().await.unwrap().is_some());
        streams.push(stream);
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let added = service.memory().saturating_sub(before);
    println!(
        "{STREAMS} event streams: {:.1} MiB more (limit 100 MiB)",
        added as f64 / 1048576.0
    );
    drop(streams);

    let (begun, first) = (Instant::now(), done(&client).await);
    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    let served = (done(&client).await - first) as f64 / begun.elapsed().as_secs_f64();
    let open = client.metric("provenn_jobs{").await;
    assert!(open > 0, "the queue ran dry: the throughput is not one of proving");
    let folder = service.end();
    let alone = alone(&binary, folder.path(), seconds);
    println!(
        "small proofs: {served:.2} per second by the service, {alone:.2} alone: {:.0} % (at least 80 %)",
        100.0 * served / alone
    );
}

async fn done(client: &Client) -> u64 {
    client
        .metric("provenn_attempts_total{kind=\"proof\",how=\"done\"}")
        .await
}

fn report(name: &str, per_second: Option<u32>, latencies: &[Duration], limit: &str) {
    let (half, most, last) = (at(latencies, 0.5), at(latencies, 0.99), at(latencies, 1.0));
    let pace = per_second.map_or("one after the other".to_owned(), |rate| format!("{rate}/s"));
    println!(
        "{name}: {}, {pace}, p50 {half:.1} ms, p99 {most:.1} ms (limit {limit}), largest {last:.1} ms",
        latencies.len()
    );
}

/// Proofs per second of `provenn prove`, one after the other, on the files of the committed model.
fn alone(binary: &Path, folder: &Path, seconds: u32) -> f64 {
    let tenant = folder.join("models/default");
    let model = std::fs::read_dir(tenant).unwrap().next().unwrap().unwrap().path();
    let input = fixtures().join("inputs/linear_30.json");
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < Duration::from_secs(seconds.into()) {
        let status = Command::new(binary)
            .args(["prove", "--policy", "label", "--audience", &count.to_string(), "--card"])
            .arg(model.join("model.card"))
            .arg("--input")
            .arg(&input)
            .arg("--out")
            .arg(folder.join("receipt"))
            .stdout(Stdio::null())
            .status();
        assert!(status.unwrap().success());
        count += 1;
    }
    f64::from(count) / begun.elapsed().as_secs_f64()
}
