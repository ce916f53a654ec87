//! A client that does not give up, and the judgement over what it got.

use super::published;
use provenn_service::bytes::hex;
use provenn_verifier::{verify, AnyCard, Expectation, Graph, Receipt, SrsVerifyingKey};
use reqwest::{Client as Http, Method, Response};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::time::{Duration, Instant};

#[derive(Clone)]
pub struct Client {
    http: Http,
    base: String,
    pub key: String,
    pub model: String,
    pub input: String,
    /// What is proven: one bit.
    pub policy: &'static str,
    /// Uploads: a graph and its colouring.
    pub graph: String,
    pub colouring: String,
}

/// What is coloured.
pub const GRAPH: &str = "0 1\n1 2\n2 0\n2 3\n";
pub const COLOURING: &str = "0\n1\n2\n0\n";
/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(240);

impl Client {
    pub fn new(port: u16, key: &str) -> Self {
        let _first = rustls::crypto::ring::default_provider().install_default();
        let http = Http::builder().timeout(Duration::from_secs(10)).build().unwrap();
        Self {
            http,
            base: format!("http://127.0.0.1:{port}"),
            key: key.into(),
            model: String::new(),
            input: String::new(),
            policy: "yes-only:0:-4",
            graph: String::new(),
            colouring: String::new(),
        }
    }

    /// Sends a request until it is answered by other than a server error.
    pub async fn send(&self, method: Method, path: &str, idempotency: Option<&str>, body: Vec<u8>) -> Response {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            let mut request = self
                .http
                .request(method.clone(), format!("{}{path}", self.base))
                .bearer_auth(&self.key);
            if let Some(key) = idempotency {
                request = request.header("idempotency-key", key);
            }
            match request.body(body.clone()).send().await {
                Ok(answer) if !answer.status().is_server_error() => return answer,
                _ => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        panic!("no answer to {method} {path}")
    }

    /// The body of an answer; the request again if it broke off.
    pub async fn bytes(&self, path: &str) -> (u16, Vec<u8>) {
        loop {
            let answer = self.send(Method::GET, path, None, vec![]).await;
            let status = answer.status().as_u16();
            if let Ok(bytes) = answer.bytes().await {
                return (status, bytes.to_vec());
            }
        }
    }

    pub async fn json(&self, path: &str) -> Value {
        serde_json::from_slice(&self.bytes(path).await.1).unwrap()
    }

    /// Asks for a proof for an audience; the place of the job.
    pub async fn submit(&self, audience: &str) -> String {
        self.submit_for(audience, self.policy).await
    }

    /// Asks for a proof of what does not hold.
    #[cfg(feature = "failpoints")]
    pub async fn submit_untrue(&self, audience: &str) -> String {
        self.submit_for(audience, "yes-only:0:30").await
    }

    async fn submit_for(&self, audience: &str, policy: &str) -> String {
        let body =
            json!({ "model": self.model, "input": self.input, "policy": policy, "context": { "audience": audience } });
        self.post("/v1/proofs", audience, &body).await
    }

    /// Asks for the receipt of a colouring; the place of the job.
    pub async fn submit_colouring(&self, audience: &str) -> String {
        let body = json!({ "graph": self.graph, "colouring": self.colouring, "colours": 3, "context": { "audience": audience } });
        self.post("/v1/colourings", audience, &body).await
    }

    async fn post(&self, path: &str, audience: &str, body: &Value) -> String {
        let answer = self
            .send(Method::POST, path, Some(audience), body.to_string().into_bytes())
            .await;
        assert_eq!(answer.status().as_u16(), 202);
        answer.headers()["location"].to_str().unwrap().into()
    }

    /// Submits and waits for the end of the job while `meanwhile` goes on.
    #[cfg(feature = "failpoints")]
    pub async fn submit_while(&self, audience: &str, meanwhile: impl std::future::Future<Output = ()>) -> String {
        let submitted = async {
            let place = self.submit(audience).await;
            self.finished(&place).await;
            place
        };
        tokio::join!(meanwhile, submitted).1
    }

    #[cfg(feature = "failpoints")]
    async fn finished(&self, place: &str) {
        let begun = Instant::now();
        while begun.elapsed() < PATIENCE {
            if is_finished(&self.json(place).await["state"]) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("{place} does not end")
    }

    /// One request without patience: status, and the code of a problem.
    pub async fn once(&self, method: Method, path: &str, body: Value) -> (u16, String) {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key);
        let answer = request.body(body.to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        let problem = serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap_or_default();
        (status, problem["code"].as_str().unwrap_or_default().into())
    }

    /// Uploads bytes under their digest.
    pub async fn put(&self, what: &str, bytes: Vec<u8>) -> String {
        self.put_as(what, "", bytes).await
    }

    /// The same with a query.
    pub async fn put_as(&self, what: &str, query: &str, bytes: Vec<u8>) -> String {
        let sha256 = hex(&Sha256::digest(&bytes));
        let answer = self
            .send(Method::PUT, &format!("/v1/{what}/{sha256}{query}"), None, bytes)
            .await;
        assert!(answer.status().is_success(), "{what}: {}", answer.status());
        sha256
    }

    /// Jobs under way, from the metrics.
    pub async fn open_jobs(&self) -> usize {
        let (_, metrics) = self.bytes("/metrics").await;
        let text = String::from_utf8(metrics).unwrap();
        let lines = text.lines().filter(|line| line.starts_with("provenn_jobs{"));
        lines
            .map(|line| line.rsplit(' ').next().unwrap().parse::<usize>().unwrap())
            .sum()
    }

    /// Waits until no job is under way.
    pub async fn wait(&self) {
        let begun = Instant::now();
        // Metrics may be a second old.
        tokio::time::sleep(Duration::from_millis(1100)).await;
        while self.open_jobs().await > 0 {
            assert!(begun.elapsed() < PATIENCE, "jobs do not end");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Whether the receipt of a colouring is right.
    async fn verifies(&self, receipt: &[u8], expectation: &Expectation) -> bool {
        let claim = Receipt::from_bytes(receipt).unwrap().claim;
        let (_, srs) = self.bytes(&format!("/v1/srs/{}", hex(&claim.srs_id))).await;
        let (graph, srs) = (
            Graph::from_text(GRAPH).unwrap().graph,
            SrsVerifyingKey::from_bytes(&srs).unwrap(),
        );
        verify(receipt, &graph, &srs, expectation).is_ok()
    }

    /// Looks at every job with the verifier's own eyes.
    pub async fn judge(&self, places: &[String], prefix: &str) -> Counts {
        let card = AnyCard::from_bytes(&self.bytes(&format!("/v1/models/{}/card", self.model)).await.1).unwrap();
        let srs = self.json(&format!("/v1/models/{}", self.model)).await["srs_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let srs = SrsVerifyingKey::from_bytes(&self.bytes(&format!("/v1/srs/{srs}")).await.1).unwrap();
        let card = card.check(&srs).unwrap();
        let mut counts = Counts {
            jobs: places.len(),
            ..Counts::default()
        };
        let mut audiences = HashMap::<String, HashSet<Vec<u8>>>::new();
        for place in places {
            let job = self.json(place).await;
            counts.attempts += job["attempt"].as_i64().unwrap();
            if job["state"] != "done" {
                println!("lost: {job}");
                counts.lost += 1;
                continue;
            }
            counts.done += 1;
            let (_, receipt) = self.bytes(&format!("{place}/receipt")).await;
            let audience = job["request"]["audience"].as_str().unwrap().to_owned();
            let expectation = Expectation {
                audience: Some(audience.clone()),
                accept_dev: true,
                ..Expectation::default()
            };
            let verified = match job["kind"].as_str() {
                Some("colouring") => self.verifies(&receipt, &expectation).await,
                _ => verify(&receipt, &card, &srs, &expectation).is_ok(),
            };
            counts.wrong += usize::from(!audience.starts_with(prefix) || !verified);
            audiences.entry(audience).or_default().insert(receipt);
        }
        let receipts: HashSet<Vec<u8>> = audiences.values().flatten().cloned().collect();
        counts.unlogged = published::unlogged(self, &receipts).await;
        counts.miscounted = published::miscounted(self, receipts.len()).await;
        // Two receipts for one audience, or two jobs for one statement.
        counts.doubled = audiences.values().filter(|receipts| receipts.len() > 1).count();
        counts.doubled += places.len() - places.iter().collect::<HashSet<_>>().len();
        counts
    }
}

#[cfg(feature = "failpoints")]
fn is_finished(state: &Value) -> bool {
    ["done", "failed", "cancelled", "expired"]
        .iter()
        .any(|end| state == end)
}

/// What became of jobs.
#[derive(Debug, Default)]
pub struct Counts {
    jobs: usize,
    done: usize,
    lost: usize,
    wrong: usize,
    doubled: usize,
    /// Receipts by which the log, or the ledger, is wrong.
    unlogged: usize,
    miscounted: usize,
    attempts: i64,
}

impl Counts {
    /// All are done and right; log and ledger also know of others.
    pub fn assert_done(&self) {
        assert_eq!(
            (self.done, self.lost, self.wrong, self.doubled),
            (self.jobs, 0, 0, 0),
            "{self}"
        );
    }

    /// Each job was done at the first attempt.
    pub fn assert_once(&self) {
        assert_eq!(self.attempts, self.jobs as i64, "{self}");
    }

    pub fn assert_sound(&self) {
        assert_eq!(
            (
                self.done,
                self.lost,
                self.wrong,
                self.doubled,
                self.unlogged,
                self.miscounted
            ),
            (self.jobs, 0, 0, 0, 0, 0),
            "{self}"
        );
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} done in {} attempts, {} lost, {} wrong, {} published twice, {} not logged, {} miscounted",
            self.done, self.attempts, self.lost, self.wrong, self.doubled, self.unlogged, self.miscounted
        )
    }
}
