//! A full disk: a file system of a few megabytes, where the tests may mount one.

use crate::harness::{eventually, Service};
use serde_json::json;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

struct Mounted(TempDir);

impl Mounted {
    /// None where that is not allowed, and the test says that it was left out.
    fn new(megabytes: usize) -> Option<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=700"), "tmpfs"])
            .arg(folder.path())
            .output();
        if mount.is_ok_and(|mount| mount.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("left out: no file system can be mounted");
        None
    }

    /// Fills it but for so many bytes; removing the file makes room again.
    fn fill(&self, but: u64) -> PathBuf {
        let path = self.0.path().join("filler");
        let mut file = File::create(&path).unwrap();
        while file.write_all(&[0; 1 << 14]).is_ok() {}
        file.set_len(fs::metadata(&path).unwrap().len() - but).unwrap();
        path
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        let _unmounted = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// What another service made, on a data folder of its own.
fn on(config: &mut provenn_service::server::config::Config, from: &Path, data: &Path) {
    config.data = data.into();
    config.database = format!("sqlite://{}", from.join("service.db").display());
    config.store = from.join("objects").display().to_string();
    config.log.key = from.join("log.key").display().to_string();
    config.limits.free_bytes = 0;
}

#[tokio::test(flavor = "multi_thread")]
async fn readiness_follows_the_disk() {
    let Some(disk) = Mounted::new(64) else { return };
    let service = Service::start(|config| {
        config.data = disk.0.path().into();
        config.limits.free_bytes = 8 << 20;
    })
    .await;
    let ready = async || service.call("GET", "/readyz", &[], "").await;
    assert_eq!(ready().await.body, b"ready\n");
    for but in [4 << 20, 0] {
        let filler = disk.fill(but);
        eventually(async || (ready().await.status.as_u16() == 503).then_some(())).await;
        ready().await.problem(503, "no-space");
        fs::remove_file(filler).unwrap();
        assert_eq!(ready().await.body, b"ready\n");
    }
    // With the amount that is asked for, but nothing that can be written.
    let service = Service::with_clock(Default::default(), false, |config| {
        config.data = disk.0.path().join("inner");
        config.limits.free_bytes = 0;
    })
    .await;
    let filler = disk.fill(0);
    service.call("GET", "/readyz", &[], "").await.problem(503, "no-space");
    fs::remove_file(filler).unwrap();
    assert_eq!(service.call("GET", "/readyz", &[], "").await.body, b"ready\n");
}

/// A job that meets a full disk waits for room, however often it is tried meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_costs_no_attempts() {
    let Some(disk) = Mounted::new(64) else { return };
    let mut made = Service::start(|_| {}).await;
    let alice = made.alice().await;
    let model = alice.committed("pipeline", "pipeline", "public").await;
    made.halt().await;
    let service = Service::start(|config| {
        on(config, made.folder.path(), disk.0.path());
        config.limits.attempts = 1;
        (config.timing.backoff, config.timing.backoff_max) = (1, 1);
    })
    .await;
    let alice = service.alice().await;
    // Room for the probe and the queue, but not for the model's files.
    let filler = disk.fill(256 << 10);
    let answer = alice.prove(&model, "").await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    eventually(async || {
        let job = alice.get(&place).await.json(200);
        assert_ne!(job["state"], "failed", "{job}");
        let tried = job["attempt"].as_i64().unwrap() >= 2;
        (tried && job["retry"] == "no-space").then_some(())
    })
    .await;
    fs::remove_file(filler).unwrap();
    assert_eq!(alice.finished(&place).await["state"], json!("done"));
}

/// A worker without room begins nothing: the next one with room does.
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_on_a_full_disk_takes_no_jobs() {
    let Some(disk) = Mounted::new(64) else { return };
    let mut made = Service::start(|_| {}).await;
    let model = made.alice().await.model("public").await;
    made.halt().await;
    let service = Service::start(|config| {
        on(config, made.folder.path(), disk.0.path());
        config.limits.free_bytes = 60 << 20;
    })
    .await;
    let filler = disk.fill(8 << 20);
    let alice = service.alice().await;
    eventually(async || service.app.disk.check().await.err()).await;
    // Until the worker has looked too.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let answer = alice.prove(&model, "").await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    let job = alice.get(&place).await.json(200);
    assert_eq!((&job["state"], &job["attempt"]), (&json!("queued"), &json!(0)), "{job}");
    fs::remove_file(filler).unwrap();
    assert_eq!(alice.finished(&place).await["state"], json!("done"));
}
