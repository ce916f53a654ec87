//! What the service holds on one machine, over loopback: latencies of submission and status at fixed rates, memory of event
//! streams, throughput of small proofs against the same proofs without the service.
//!
//! `load PROVENN [SECONDS]` starts that binary on a temporary folder. The queue is never empty, so a proof always runs. Requests are sent at
//! their times whether or not earlier ones were answered, and a latency counts from the time a request was due.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

use reqwest::{Client, Method, Response};
use serde_json::{json, Value};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SUBMITS: u32 = 200;
const STATUSES: u32 = 500;
const STREAMS: usize = 1000;
/// Jobs that find an idle service, and the longest pause before one, which moves them against the engine's heartbeat.
const IDLE: u32 = 100;
const PAUSE: u32 = 400;

struct Service {
    process: Child,
    folder: tempfile::TempDir,
    http: Client,
    base: String,
    key: String,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _waited = self.process.wait();
    }
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let binary = PathBuf::from(arguments.next().expect("usage: load PROVENN [SECONDS]"));
    let seconds = arguments.next().map_or(20, |text| text.parse().unwrap());
    let service = Service::start(&binary).await;
    let (model, input) = service.commit().await;

    let submit = |n: u32| {
        let body =
            json!({ "model": model, "input": input, "policy": "label", "context": { "audience": format!("{n}") } });
        service.send(Method::POST, "/v1/proofs", body.to_string())
    };
    let mut waits = Vec::new();
    for n in 0..IDLE {
        tokio::time::sleep(Duration::from_millis((n * 37 % PAUSE).into())).await;
        let place = submit(u32::MAX - n).await.headers()["location"]
            .to_str()
            .unwrap()
            .to_owned();
        waits.push(service.started(&place).await);
    }
    waits.sort();
    report("queued to started on an idle service", None, &waits, "100 ms");

    let (latencies, answers) = rate(SUBMITS, seconds, submit).await;
    report("submit", Some(SUBMITS), &latencies, "50 ms");
    let mut places = Vec::new();
    for answer in answers {
        assert_eq!(answer.status().as_u16(), 202);
        places.push(answer.headers()["location"].to_str().unwrap().to_owned());
    }

    let status = |n: u32| service.send(Method::GET, &places[n as usize % places.len()], String::new());
    let (latencies, answers) = rate(STATUSES, seconds, status).await;
    assert!(answers.iter().all(|answer| answer.status().is_success()));
    report("status", Some(STATUSES), &latencies, "20 ms");

    let before = service.memory();
    let waiting: Vec<&String> = places.iter().rev().take(STREAMS).collect();
    let mut streams = Vec::new();
    for place in &waiting {
        let mut stream = service
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

    let (begun, first) = (Instant::now(), service.done().await);
    tokio::time::sleep(Duration::from_secs(seconds.into())).await;
    let served = (service.done().await - first) as f64 / begun.elapsed().as_secs_f64();
    let (folder, open) = (service.folder.path().to_owned(), service.open().await);
    assert!(open > 0, "the queue ran dry: the throughput is not one of proving");
    drop_workers(service).await;
    let alone = alone(&binary, &folder, seconds);
    println!(
        "small proofs: {served:.2} per second by the service, {alone:.2} alone: {:.0} % (at least 80 %)",
        100.0 * served / alone
    );
}

/// Sends requests at a rate; their latencies and answers.
async fn rate<F: std::future::Future<Output = Response> + Send + 'static>(
    per_second: u32,
    seconds: u32,
    send: impl Fn(u32) -> F,
) -> (Vec<Duration>, Vec<Response>) {
    let begun = Instant::now();
    let mut sent = Vec::new();
    for n in 0..per_second * seconds {
        let due = begun + Duration::from_secs(1) * n / per_second;
        tokio::time::sleep_until(due.into()).await;
        let request = send(n);
        sent.push(tokio::spawn(async move {
            let answer = request.await;
            (due.elapsed(), answer)
        }));
    }
    let mut latencies = Vec::new();
    let mut answers = Vec::new();
    for sent in sent {
        let (latency, answer) = sent.await.unwrap();
        latencies.push(latency);
        answers.push(answer);
    }
    latencies.sort();
    (latencies, answers)
}

fn report(name: &str, per_second: Option<u32>, latencies: &[Duration], limit: &str) {
    let at = |share: f64| latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
    let (half, most, last) = (at(0.5), at(0.99), at(1.0));
    let pace = per_second.map_or("one after the other".to_owned(), |rate| format!("{rate}/s"));
    println!(
        "{name}: {}, {pace}, p50 {half:.1} ms, p99 {most:.1} ms (limit {limit}), largest {last:.1} ms",
        latencies.len()
    );
}

impl Service {
    async fn start(binary: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let process = Command::new(binary)
            .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
            .arg(folder.path())
            .env("PROVENN_LIMITS__TENANT_JOBS", "1000000")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _first = rustls::crypto::ring::default_provider().install_default();
        let mut service = Self {
            process,
            http: Client::new(),
            base: format!("http://127.0.0.1:{port}"),
            key: String::new(),
            folder,
        };
        while service
            .http
            .get(format!("{}/readyz", service.base))
            .send()
            .await
            .is_err()
        {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        service.key = std::fs::read_to_string(service.folder.path().join("first.key"))
            .unwrap()
            .trim()
            .into();
        service
    }

    fn send(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> impl std::future::Future<Output = Response> + Send + 'static {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key)
            .body(body);
        async { request.send().await.unwrap() }
    }

    async fn json(&self, path: &str) -> Value {
        let body = self.send(Method::GET, path, String::new()).await.bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// The model id of `linear_30`, and its input.
    async fn commit(&self) -> (String, String) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
        let put = async |what: &str, name: &str| {
            let file = fixtures.join(name);
            let sum = Command::new("sha256sum").arg(&file).output().unwrap();
            let sha256 = String::from_utf8(sum.stdout).unwrap()[..64].to_owned();
            let request = self
                .http
                .put(format!("{}/v1/{what}/{sha256}", self.base))
                .bearer_auth(&self.key);
            assert!(request
                .body(std::fs::read(file).unwrap())
                .send()
                .await
                .unwrap()
                .status()
                .is_success());
            sha256
        };
        let model = put("models", "models/linear_30.onnx").await;
        let calibration = put("inputs", "data/breast_cancer_calibration.npy").await;
        let input = put("inputs", "inputs/linear_30.json").await;
        let body = json!({ "calibration": calibration }).to_string();
        let answer = self
            .send(Method::POST, &format!("/v1/models/{model}/commit"), body)
            .await;
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        loop {
            if let Some(id) = self.json(&place).await["result"]["model_id"].as_str() {
                return (id.into(), input);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// How long a job waited before it was started; returns when it has ended.
    async fn started(&self, place: &str) -> Duration {
        loop {
            let job = self.json(place).await;
            if job["finished"].is_i64() {
                let wait = job["started"].as_i64().unwrap() - job["created"].as_i64().unwrap();
                return Duration::from_millis(wait.unsigned_abs());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A number from the metrics.
    async fn metric(&self, prefix: &str) -> u64 {
        let body = self
            .send(Method::GET, "/metrics", String::new())
            .await
            .bytes()
            .await
            .unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(prefix));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    async fn done(&self) -> u64 {
        self.metric("provenn_attempts_total{kind=\"proof\",how=\"done\"}").await
    }

    async fn open(&self) -> u64 {
        self.metric("provenn_jobs{").await
    }

    /// Resident bytes.
    fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

/// Ends the service but keeps its folder, which the prover alone reads.
async fn drop_workers(mut service: Service) {
    service.process.kill().unwrap();
    service.process.wait().unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::mem::forget(std::mem::replace(&mut service.folder, folder));
}

/// Proofs per second of `provenn prove`, one after the other, on the files of the committed model.
fn alone(binary: &Path, folder: &Path, seconds: u32) -> f64 {
    let tenant = folder.join("models/default");
    let model = std::fs::read_dir(tenant).unwrap().next().unwrap().unwrap().path();
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/inputs/linear_30.json");
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
    let rate = f64::from(count) / begun.elapsed().as_secs_f64();
    std::fs::remove_dir_all(folder).unwrap();
    rate
}
