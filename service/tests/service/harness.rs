//! A service in this process, and its clients.

use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::Router;
use provenn_service::bytes::hex;
use provenn_service::server::api::router;
use provenn_service::server::clock::Clock;
use provenn_service::server::config::Config;
use provenn_service::server::db::NewKey;
use provenn_service::server::ids::{KeyId, TenantId};
use provenn_service::server::keys::{Scope, Secret};
use provenn_service::server::run::background;
use provenn_service::server::state::App;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower::ServiceExt;

pub struct Service {
    pub app: App,
    pub router: Router,
    pub folder: TempDir,
    stop: watch::Sender<bool>,
    workers: Option<JoinHandle<()>>,
}

impl Drop for Service {
    fn drop(&mut self) {
        let _nobody = self.stop.send(true);
    }
}

/// An answer, read to its end.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    #[track_caller]
    pub fn json(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", String::from_utf8_lossy(&self.body));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A problem with this status and code.
    #[track_caller]
    pub fn problem(&self, status: u16, code: &str) -> Value {
        let problem = self.json(status);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        assert_eq!(
            (&problem["code"], &problem["status"]),
            (&json!(code), &json!(status)),
            "{problem}"
        );
        problem
    }
}

/// Who calls with which scopes.
pub struct Client<'a> {
    service: &'a Service,
    pub key: String,
}

impl Service {
    /// Ends the workers and waits for them; the folder stays.
    pub async fn halt(&mut self) {
        let _nobody = self.stop.send(true);
        if let Some(workers) = self.workers.take() {
            workers.await.unwrap();
        }
    }

    /// A service whose settings `change` made, with workers.
    pub async fn start(change: impl FnOnce(&mut Config)) -> Self {
        Self::with_clock(Clock::System, true, change).await
    }

    pub async fn with_clock(clock: Clock, workers: bool, change: impl FnOnce(&mut Config)) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut config = Config {
            data: folder.path().into(),
            prover: env!("CARGO_BIN_EXE_provenn").into(),
            srs: parameters().display().to_string(),
            ..Config::default()
        };
        config.timing.poll = 50;
        config.limits.prover_memory_bytes = 4 << 30;
        change(&mut config);
        let app = App::open(config, clock).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let workers = match workers {
            true => background(&app, true, &stopping),
            false => None,
        };
        Self {
            router: router(app.clone()),
            app,
            folder,
            stop,
            workers,
        }
    }

    pub async fn client(&self, name: &str, scopes: &[Scope]) -> Client<'_> {
        let (key, tenant) = (Secret::random().unwrap(), &tenant(name));
        let new = NewKey {
            secret: &key,
            tenant,
            label: "test",
            scopes,
            expires: None,
        };
        self.app.db.add_tenant(tenant, self.app.now()).await.unwrap();
        self.app.db.add_key(&new, self.app.now()).await.unwrap();
        Client {
            service: self,
            key: key.reveal(),
        }
    }

    /// A client of the tenant `alice` that may do everything.
    pub async fn alice(&self) -> Client<'_> {
        self.client("alice", &Scope::ALL).await
    }

    /// One request.
    pub async fn call(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = self
            .router
            .clone()
            .oneshot(request.body(body.into()).unwrap())
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: axum::body::to_bytes(body, usize::MAX).await.unwrap().to_vec(),
        }
    }
}

impl<'a> Client<'a> {
    /// The holder of a key that was made before.
    pub fn with_key(service: &'a Service, key: &str) -> Self {
        Self {
            service,
            key: key.into(),
        }
    }

    /// The id of the key.
    pub fn id(&self) -> KeyId {
        Secret::parse(&self.key).unwrap().id
    }

    pub fn bearer(&self) -> String {
        format!("Bearer {}", self.key)
    }

    pub async fn call(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        self.with(&[], method, path, body).await
    }

    pub async fn with(&self, more: &[(&str, &str)], method: &str, path: &str, body: impl Into<Body>) -> Answer {
        let bearer = self.bearer();
        let headers = [&[("authorization", bearer.as_str())], more].concat();
        self.service.call(method, path, &headers, body).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, "").await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, body.to_string()).await
    }

    /// Uploads bytes under their digest.
    pub async fn put(&self, what: &str, bytes: Vec<u8>) -> (String, Answer) {
        let sha256 = hex(&Sha256::digest(&bytes));
        let answer = self.call("PUT", &format!("/v1/{what}/{sha256}"), bytes).await;
        (sha256, answer)
    }

    /// Uploads a file of the fixtures; its digest.
    pub async fn put_fixture(&self, what: &str, name: &str) -> String {
        let (sha256, answer) = self.put(what, fixture(name)).await;
        assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
        sha256
    }

    /// Waits for a job's end; its last state.
    pub async fn finished(&self, place: &str) -> Value {
        let events = self.get(&format!("{place}/events")).await;
        assert!(events.status.is_success(), "{}", String::from_utf8_lossy(&events.body));
        self.get(place).await.json(200)
    }

    /// A committed model with an input: `linear_30`, the smallest.
    pub async fn model(&self, binding: &str) -> (String, String) {
        self.committed("linear_30", "breast_cancer", binding).await
    }

    /// The same of a model of the fixtures, with the name of its data.
    pub async fn committed(&self, name: &str, data: &str, binding: &str) -> (String, String) {
        let model = self.put_fixture("models", &format!("models/{name}.onnx")).await;
        let calibration = self
            .put_fixture("inputs", &format!("data/{data}_calibration.npy"))
            .await;
        let input = self.put_fixture("inputs", &format!("inputs/{name}.json")).await;
        let asked = json!({ "calibration": calibration, "input": binding });
        let answer = self.post(&format!("/v1/models/{model}/commit"), &asked).await;
        answer.json(202);
        let job = self.finished(answer.headers["location"].to_str().unwrap()).await;
        assert_eq!(job["state"], "done", "{job}");
        (job["result"]["model_id"].as_str().unwrap().into(), input)
    }

    /// Asks for a proof of the label for an audience.
    pub async fn prove(&self, (model, input): &(String, String), audience: &str) -> Answer {
        let asked = json!({ "model": model, "input": input, "policy": "label", "context": { "audience": audience } });
        self.post("/v1/proofs", &asked).await
    }
}

pub fn tenant(name: &str) -> TenantId {
    name.parse().unwrap()
}

pub fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(fixtures().join(name)).unwrap()
}

pub fn fixtures() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures"))
}

/// Development parameters that all tests share: making them is the slow part.
fn parameters() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("srs")
}

/// Polls until `ready` gives something.
pub async fn eventually<T>(mut ready: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..1200 {
        if let Some(value) = ready().await {
            return value;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it did not happen within a minute")
}
