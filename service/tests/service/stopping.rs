//! SIGTERM to an API node: what is under way ends well.

use crate::harness::{eventually, fixture};
use crate::process::Process;
use provenn_service::bytes::hex;
use rustix::process::{kill_process, Pid, Signal};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_under_way_is_kept_and_streams_end() {
    let mut node = Process::start(&[("PROVENN_ROLE", "api")]).await;
    // Nobody works: the job stays queued, and its stream open.
    let model = node.put("models", fixture("models/linear_30.onnx")).await;
    let calibration = node.put("inputs", fixture("data/breast_cancer_calibration.npy")).await;
    let body = json!({ "calibration": calibration }).to_string();
    let answer = node
        .send(reqwest::Method::POST, &format!("/v1/models/{model}/commit"), body)
        .await;
    let place = answer.headers()["location"].to_str().unwrap().to_owned();
    let mut events = node.send(reqwest::Method::GET, &format!("{place}/events"), "").await;
    assert!(events.chunk().await.unwrap().is_some());

    let bytes = fixture("inputs/linear_30.json");
    let (first, second) = bytes.split_at(10);
    let mut upload = TcpStream::connect(node.base.trim_start_matches("http://"))
        .await
        .unwrap();
    let head = format!(
        "PUT /v1/inputs/{} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\nContent-Length: {}\r\n\r\n",
        hex(&Sha256::digest(&bytes)),
        node.key,
        bytes.len()
    );
    upload.write_all(head.as_bytes()).await.unwrap();
    upload.write_all(first).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    kill_process(Pid::from_raw(node.child.id() as i32).unwrap(), Signal::TERM).unwrap();
    let told = Instant::now();
    while events.chunk().await.is_ok_and(|chunk| chunk.is_some()) {}
    assert!(
        told.elapsed() < Duration::from_secs(20),
        "the stream lasted as long as the grace"
    );
    // No new connections, and longer than a second.
    eventually(async || TcpStream::connect(node.base.trim_start_matches("http://")).await.err()).await;
    tokio::time::sleep(Duration::from_secs(3).saturating_sub(told.elapsed())).await;
    assert!(
        node.child.try_wait().unwrap().is_none(),
        "it did not wait for the upload"
    );
    upload.write_all(second).await.unwrap();
    let mut said = String::new();
    upload.read_to_string(&mut said).await.unwrap();
    assert!(said.starts_with("HTTP/1.1 201"), "{said}");
    eventually(async || node.child.try_wait().unwrap()).await;
}
