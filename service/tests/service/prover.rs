//! Prover processes that misbehave: scripts in the prover's place.

use crate::harness::{eventually, fixture, Service};
use crate::process::Process;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A service on the folder of another one, with a committed model, whose prover is replaced by a shell script, which finds the receipt's path in `$out` and the
/// work order in `$order`.
async fn with_script(script: &str) -> (Service, Service, (String, String)) {
    let mut real = Service::start(|_| {}).await;
    let model = real.alice().await.model("public").await;
    real.halt().await;
    let path = real.folder.path().join("prover.sh");
    let head = "#!/bin/sh\nread -r order\nout=$(printf %s \"$order\" | sed 's/.*\"out\":\"\\([^\"]*\\)\".*/\\1/')\n";
    std::fs::write(&path, format!("{head}{script}\n")).unwrap();
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
    let service = Service::start(|config| {
        config.data = real.folder.path().into();
        config.prover = path.display().to_string();
        config.limits.attempts = 2;
        config.limits.prover_seconds = 2;
        config.timing.renew = 200;
    })
    .await;
    (real, service, model)
}

fn done(text: &str) -> String {
    format!("echo '{text}'")
}

const DONE: &str = r#"{"say":"done","result":{},"peak_bytes":1,"cpu_ms":1}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_receipt_is_never_published() {
    // A genuine receipt of another statement, one that is damaged, and none.
    let genuine = {
        let service = Service::start(|_| {}).await;
        let alice = service.alice().await;
        let model = alice.model("public").await;
        let answer = alice.prove(&model, "elsewhere").await;
        let place = answer.headers["location"].to_str().unwrap().to_owned();
        alice.finished(&place).await;
        alice.get(&format!("{place}/receipt")).await.body
    };
    let mut damaged = genuine.clone();
    let end = damaged.len() - 40;
    damaged[end] ^= 1;
    for bytes in [genuine, damaged, vec![]] {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let file = folder.path().join("receipt");
        std::fs::write(&file, bytes).unwrap();
        let script = format!("cp {} \"$out\"; {}", file.display(), done(DONE));
        let (_folder, service, model) = with_script(&script).await;
        let alice = service.alice().await;
        let answer = alice.prove(&model, "here").await;
        let place = answer.headers["location"].to_str().unwrap().to_owned();
        let job = alice.finished(&place).await;
        assert_eq!(
            (&job["state"], &job["error"]["code"]),
            (&json!("failed"), &json!("wrong-receipt")),
            "{job}"
        );
        alice.get(&format!("{place}/receipt")).await.problem(409, "not-done");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prover_that_dies_is_tried_again_and_given_up() {
    let (_folder, service, model) = with_script("echo 'thread panicked at secret.rs:1' >&2; kill -9 $$").await;
    let alice = service.alice().await;
    let answer = alice.prove(&model, "").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (&job["error"]["code"], &job["attempt"]),
        (&json!("attempts-exhausted"), &json!(2)),
        "{job}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prover_that_takes_too_long_is_ended() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let pid = folder.path().join("pid");
    let (_folder, service, model) = with_script(&format!("echo $$ > {}; exec sleep 1000", pid.display())).await;
    let alice = service.alice().await;
    let answer = alice.prove(&model, "").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["error"]["code"], "time-limit", "{job}");
    gone(&pid).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_the_process() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let pid = folder.path().join("pid");
    let script = format!(
        r#"echo '{{"say":"stage","stage":"proof"}}'; echo $$ > {}; exec sleep 1000"#,
        pid.display()
    );
    let (_folder, service, model) = with_script(&script).await;
    let alice = service.alice().await;
    let answer = alice.prove(&model, "").await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    eventually(async || (alice.get(&place).await.json(200)["state"] == "proving").then_some(())).await;
    eventually(async || pid.exists().then_some(())).await;
    assert_eq!(alice.call("DELETE", &place, "").await.status.as_u16(), 204);
    assert_eq!(alice.call("DELETE", &place, "").await.status.as_u16(), 204);
    assert_eq!(alice.finished(&place).await["state"], "cancelled");
    gone(&pid).await;
    alice.get(&format!("{place}/receipt")).await.problem(409, "not-done");
}

/// Waits until the process whose id a file holds is gone.
async fn gone(pid: &Path) {
    let pid = std::fs::read_to_string(pid).unwrap().trim().to_owned();
    eventually(async || (!Path::new("/proc").join(&pid).exists()).then_some(())).await;
}

/// The next job is claimed while the one before is nearly done, but its prover waits for that one to end.
#[tokio::test(flavor = "multi_thread")]
async fn one_prover_runs_at_a_time() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let script = format!(
        r#"mkdir {busy} || echo >> {overlaps}
echo >> {starts}
echo '{{"say":"stage","stage":"verify"}}'
sleep 0.5
rmdir {busy}
echo '{{"say":"failed","code":"out-of-range","message":"output 1 has score 458","help":"none"}}'"#,
        busy = file("busy"),
        overlaps = file("overlaps"),
        starts = file("starts"),
    );
    let (_folder, service, model) = with_script(&script).await;
    let alice = service.alice().await;
    let mut places = vec![];
    for audience in ["a", "b", "c"] {
        let answer = alice.prove(&model, audience).await;
        places.push(answer.headers["location"].to_str().unwrap().to_owned());
    }
    for place in places {
        assert_eq!(alice.finished(&place).await["error"]["code"], "not-provable");
    }
    assert_eq!(std::fs::read_to_string(file("starts")).unwrap().lines().count(), 3);
    assert!(!Path::new(&file("overlaps")).exists(), "two provers at once");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_is_limited() {
    let mut service = Service::start(|_| {}).await;
    let model = service.alice().await.model("public").await;
    service.halt().await;
    let folder = service.folder.path().to_owned();
    let small = Service::start(|config| {
        config.data = folder.clone();
        // More than is forecast, less than the address space that the process has when it starts.
        config.limits.prover_memory_bytes = 40 << 20;
        config.limits.attempts = 1;
    })
    .await;
    let alice = small.alice().await;
    let answer = alice.prove(&model, "").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "failed", "{job}");
    let code = job["error"]["code"].as_str().unwrap();
    assert!(matches!(code, "memory-limit" | "attempts-exhausted"), "{job}");
}

/// A job that always meets a fault of the machine ends with a code of its own, and costs nothing: there was no answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_lasts_ends_the_job_without_a_charge() {
    let mut real = Service::start(|_| {}).await;
    let model = real.alice().await.model("public").await;
    real.halt().await;
    let path = real.folder.path().join("prover");
    let service = Service::start(|config| {
        config.data = real.folder.path().into();
        config.prover = path.display().to_string();
        config.limits.faults = 3;
        (config.timing.backoff, config.timing.backoff_max) = (1, 1);
    })
    .await;
    let alice = service.alice().await;
    let answer = alice.prove(&model, "").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(
        (&job["state"], &job["error"]["code"], &job["attempt"]),
        (&json!("failed"), &json!("faults-exhausted"), &json!(3)),
        "{job}"
    );
    let ledger = alice.get("/v1/ledger").await.json(200);
    assert_eq!(
        (&ledger["bits"], &ledger["reserved_bits"]),
        (&json!(0.0), &json!(0.0)),
        "{ledger}"
    );
    // The same may be asked for again.
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_provenn"), &path).unwrap();
    let answer = alice.prove(&model, "").await;
    let job = alice.finished(answer.headers["location"].to_str().unwrap()).await;
    assert_eq!(job["state"], "done", "{job}");
}

/// Faults of the machine are no attempts: a job outlives them.
#[tokio::test(flavor = "multi_thread")]
async fn a_prover_that_cannot_be_started_costs_no_attempts() {
    let mut real = Service::start(|_| {}).await;
    let model = real.alice().await.model("public").await;
    real.halt().await;
    let path = real.folder.path().join("prover");
    let service = Service::start(|config| {
        config.data = real.folder.path().into();
        config.prover = path.display().to_string();
        config.limits.attempts = 1;
        (config.timing.backoff, config.timing.backoff_max) = (1, 1);
    })
    .await;
    let alice = service.alice().await;
    let answer = alice.prove(&model, "").await;
    let place = answer.headers["location"].to_str().unwrap().to_owned();
    eventually(async || {
        let job = alice.get(&place).await.json(200);
        assert_ne!(job["state"], "failed", "{job}");
        let tried = job["attempt"].as_i64().unwrap() >= 2;
        (tried && job["retry"] == "not-started").then_some(())
    })
    .await;
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_provenn"), &path).unwrap();
    let job = alice.finished(&place).await;
    assert_eq!((&job["state"], &job["retry"]), (&json!("done"), &json!(null)), "{job}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prover_gets_the_engine_and_no_other_setting() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (script, seen) = (folder.path().join("prover.sh"), folder.path().join("seen"));
    let text = format!(
        "#!/bin/sh\nenv > {}\nexec {} \"$@\"\n",
        seen.display(),
        env!("CARGO_BIN_EXE_provenn")
    );
    std::fs::write(&script, text).unwrap();
    std::fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();
    let process = Process::start(&[
        ("PROVENN_PROVER", script.to_str().unwrap()),
        ("PROVENN_ENGINE", "portable"),
    ])
    .await;
    process.put("models", fixture("models/linear_30.onnx")).await;
    let seen = std::fs::read_to_string(seen).unwrap();
    let settings: Vec<&str> = seen.lines().filter(|line| line.starts_with("PROVENN_")).collect();
    assert_eq!(settings, ["PROVENN_ENGINE=portable"], "{seen}");
}
