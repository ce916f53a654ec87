//! A real process of the service, met over a socket.

use crate::harness::eventually;
use provenn_service::bytes::hex;
use reqwest::{Body, Client, Method, Response};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

pub struct Process {
    pub child: Child,
    pub folder: tempfile::TempDir,
    pub http: Client,
    pub base: String,
    pub key: String,
}

impl Process {
    /// Starts a service with settings from the environment.
    pub async fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let child = Command::new(env!("CARGO_BIN_EXE_provenn"))
            .args(["serve", "--log-format", "json", "--data"])
            .arg(folder.path().join("data"))
            .env("PROVENN_LISTEN", format!("127.0.0.1:{port}"))
            .env("PROVENN_SRS", Path::new(env!("CARGO_TARGET_TMPDIR")).join("srs"))
            .envs(settings.iter().copied())
            .stdout(fs::File::create(folder.path().join("printed")).unwrap())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let _first = rustls::crypto::ring::default_provider().install_default();
        let (http, base) = (Client::new(), format!("http://127.0.0.1:{port}"));
        eventually(async || http.get(format!("{base}/readyz")).send().await.ok()).await;
        let key = fs::read_to_string(folder.path().join("data/first.key")).unwrap();
        Self {
            child,
            folder,
            http,
            base,
            key: key.trim().into(),
        }
    }

    pub async fn send(&self, method: Method, path: &str, body: impl Into<Body>) -> Response {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .bearer_auth(&self.key);
        request.body(body).send().await.unwrap()
    }

    pub async fn put(&self, what: &str, bytes: Vec<u8>) -> String {
        self.put_as(what, "", bytes).await
    }

    /// The same with a query.
    pub async fn put_as(&self, what: &str, query: &str, bytes: Vec<u8>) -> String {
        let sha256 = hex(&Sha256::digest(&bytes));
        // On a busy machine turns are long, and a client is told to come again.
        for _ in 0..20 {
            let answer = self
                .send(Method::PUT, &format!("/v1/{what}/{sha256}{query}"), bytes.clone())
                .await;
            if answer.headers().contains_key("retry-after") {
                tokio::time::sleep(Duration::from_secs(1)).await;
                continue;
            }
            assert!(answer.status().is_success(), "{}", answer.status());
            return sha256;
        }
        panic!("no turn in 20 tries");
    }

    /// Submits a job and waits for its end.
    pub async fn job(&self, path: &str, body: Value) -> Value {
        let answer = self.send(Method::POST, path, body.to_string()).await;
        let place = answer.headers()["location"].to_str().unwrap().to_owned();
        let events = self.send(Method::GET, &format!("{place}/events"), "").await;
        events.bytes().await.unwrap();
        let body = self.send(Method::GET, &place, "").await.bytes().await.unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// Most resident memory so far, in bytes.
    pub fn peak(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        let kilobytes: u64 = line.trim().strip_suffix("kB").unwrap().trim().parse().unwrap();
        kilobytes << 10
    }

    /// Files below a folder of its data.
    pub fn files(&self, folder: &str) -> Vec<PathBuf> {
        files(&self.folder.path().join("data").join(folder))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _waited = self.child.wait();
    }
}

/// All files below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let below = entries.flat_map(|entry| match entry.path() {
        path if path.is_dir() => files(&path),
        path => vec![path],
    });
    below.collect()
}
