//! A process of the service, and clients of it.

use reqwest::{Client as Http, Method, RequestBuilder, Response};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The process, on a temporary folder.
pub struct Service {
    process: Child,
    binary: PathBuf,
    settings: Vec<(&'static str, String)>,
    address: SocketAddr,
    folder: TempDir,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _gone = self.process.kill();
        let _waited = self.process.wait();
    }
}

/// Somebody with a key, or an empty one.
#[derive(Clone)]
pub struct Client {
    http: Http,
    base: String,
    key: String,
}

/// A committed model and an input of it.
#[derive(Clone)]
pub struct Committed {
    pub model: String,
    pub input: String,
}

impl Service {
    /// Starts a binary with settings, and waits until it serves.
    pub async fn start(binary: &Path, more: &[(&'static str, String)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let data = folder.path().display().to_string();
        let mut settings = vec![("PROVENN_LISTEN", address.to_string()), ("PROVENN_DATA", data)];
        settings.extend_from_slice(more);
        let process = Command::new(binary)
            .arg("serve")
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let service = Self {
            process,
            binary: binary.into(),
            settings,
            address,
            folder,
        };
        let nobody = service.client("", Ipv4Addr::LOCALHOST);
        while nobody.request(Method::GET, "/readyz").send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        service
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The key that the first start wrote.
    pub fn first_key(&self) -> String {
        let key = std::fs::read_to_string(self.folder().join("first.key")).unwrap();
        key.trim().into()
    }

    /// A new key of a tenant, which is made with its first one.
    pub fn key(&self, tenant: &str, new: bool, scopes: &str) -> String {
        let made = Command::new(&self.binary)
            .args(["keys", "create", "--tenant", tenant, "--scopes", scopes])
            .args(new.then_some("--new-tenant"))
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        String::from_utf8(made.stdout).unwrap().trim().into()
    }

    /// A client whose connections come from an address of this machine.
    pub fn client(&self, key: &str, from: Ipv4Addr) -> Client {
        let _first = rustls::crypto::ring::default_provider().install_default();
        Client {
            http: Http::builder().local_address(IpAddr::V4(from)).build().unwrap(),
            base: format!("http://{}", self.address),
            key: key.into(),
        }
    }

    /// Resident bytes.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }

    /// Ends the process; its folder stays until what is returned is dropped.
    pub fn end(mut self) -> TempDir {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        std::mem::replace(&mut self.folder, tempfile::tempdir().unwrap())
    }
}

impl Client {
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match self.key.as_str() {
            "" => request,
            key => request.bearer_auth(key),
        }
    }

    pub fn send(&self, method: Method, path: &str, body: String) -> impl Future<Output = Response> + Send + 'static {
        let request = self.request(method, path).body(body);
        async { request.send().await.unwrap() }
    }

    pub async fn json(&self, path: &str) -> Value {
        let body = self.send(Method::GET, path, String::new()).await.bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// Uploads a file of the fixtures; its digest.
    async fn put(&self, what: &str, name: &str) -> String {
        let bytes = std::fs::read(fixtures().join(name)).unwrap();
        let sha256 = digest(&bytes);
        let request = self.request(Method::PUT, &format!("/v1/{what}/{sha256}"));
        assert!(request.body(bytes).send().await.unwrap().status().is_success());
        sha256
    }

    /// Commits to `linear_30`, the smallest model.
    pub async fn commit(&self) -> Committed {
        let source = self.put("models", "models/linear_30.onnx").await;
        let calibration = self.put("inputs", "data/breast_cancer_calibration.npy").await;
        let input = self.put("inputs", "inputs/linear_30.json").await;
        let body = json!({ "calibration": calibration }).to_string();
        let answer = self
            .send(Method::POST, &format!("/v1/models/{source}/commit"), body)
            .await;
        let job = self.ended(&place(&answer)).await;
        let model = job["result"]["model_id"].as_str().unwrap().into();
        Committed { model, input }
    }

    /// A job when it has ended.
    pub async fn ended(&self, place: &str) -> Value {
        loop {
            let job = self.json(place).await;
            if job["finished"].is_i64() {
                return job;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// A number from the metrics.
    pub async fn metric(&self, prefix: &str) -> u64 {
        let answer = self.send(Method::GET, "/metrics", String::new()).await;
        let text = String::from_utf8(answer.bytes().await.unwrap().to_vec()).unwrap();
        let lines = text.lines().filter(|line| line.starts_with(prefix));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }
}

impl Committed {
    /// What asks for a proof; each audience is another statement.
    pub fn asked(&self, policy: &str, audience: &str) -> String {
        let context = json!({ "audience": audience });
        json!({ "model": self.model, "input": self.input, "policy": policy, "context": context }).to_string()
    }
}

/// SHA-256 in hexadecimal.
pub fn digest(bytes: &[u8]) -> String {
    provenn_service::bytes::hex(&Sha256::digest(bytes))
}

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures")
}

/// Where an accepted job is seen.
pub fn place(answer: &Response) -> String {
    assert_eq!(answer.status().as_u16(), 202);
    answer.headers()["location"].to_str().unwrap().into()
}

/// Sends requests at a rate, at their times whether or not earlier ones were answered; their latencies from the time each was due, sorted, and what
/// became of them.
pub async fn rate<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    per_second: u32,
    seconds: u32,
    send: impl Fn(u32) -> F,
) -> (Vec<Duration>, Vec<T>) {
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
    let (mut latencies, mut answers) = (Vec::new(), Vec::new());
    for sent in sent {
        let (latency, answer) = sent.await.unwrap();
        latencies.push(latency);
        answers.push(answer);
    }
    latencies.sort();
    (latencies, answers)
}

/// Milliseconds that a share of sorted latencies does not exceed.
pub fn at(latencies: &[Duration], share: f64) -> f64 {
    latencies[((latencies.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0
}
