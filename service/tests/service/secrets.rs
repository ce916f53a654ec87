//! A real process, at its most talkative: what must not be in its log or its files, and how it stops.

use crate::harness::{eventually, fixture};
use crate::process::{files, Process};
use rustix::process::{kill_process, Pid, Signal};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

/// Values of the input, as text and as they are in memory.
const CANARY: f32 = 0.736_251_83;
/// What a file calls a colour.
const LABEL: u64 = 914_276_550;

#[tokio::test(flavor = "multi_thread")]
async fn logs_and_files_hold_no_secrets() {
    let settings = [
        ("PROVENN_LOG_LEVEL", "trace"),
        ("PROVENN_S3__SECRET_ACCESS_KEY", "canary-of-s3"),
    ];
    let mut process = Process::start(&settings).await;
    let model = process.put("models", fixture("models/linear_30.onnx")).await;
    let calibration = process
        .put("inputs", fixture("data/breast_cancer_calibration.npy"))
        .await;
    let input = process
        .put(
            "inputs",
            json!({ "shape": [30], "values": vec![CANARY; 30] })
                .to_string()
                .into_bytes(),
        )
        .await;
    let body = json!({ "calibration": calibration, "input": "committed" });
    let made = process.job(&format!("/v1/models/{model}/commit"), body).await;
    let nonce = "5ec2e7".to_owned() + &"00".repeat(29);
    let context = json!({ "audience": "canary-audience", "nonce": nonce });
    let model = made["result"]["model_id"].clone();
    let proof = json!({ "model": model, "input": input, "policy": "scores", "context": context });
    assert_eq!(process.job("/v1/proofs", proof).await["state"], "done");
    // A colouring under labels of its own, and one that is not proper.
    let graph = process.put_as("inputs", "?form=graph", b"0 1\n1 2\n".to_vec()).await;
    for (labels, state) in [
        ([LABEL, LABEL + 1, LABEL], "done"),
        ([LABEL, LABEL, LABEL + 1], "failed"),
    ] {
        let text: String = labels.iter().map(|label| format!("{label}\n")).collect();
        let colouring = process.put_as("inputs", "?form=colouring", text.into_bytes()).await;
        let asked = json!({ "graph": graph, "colouring": colouring, "colours": 3, "context": context });
        assert_eq!(process.job("/v1/colourings", asked).await["state"], state);
    }
    // Refusals are logged too.
    let mut stranger = process.key.clone();
    stranger.replace_range(stranger.len() - 4.., "beef");
    let refused = process
        .http
        .get(format!("{}/v1/jobs/x?after=canary-query", process.base))
        .bearer_auth(&stranger);
    assert_eq!(refused.send().await.unwrap().status().as_u16(), 401);
    process
        .put(
            "inputs",
            json!({ "shape": [1], "values": [CANARY] }).to_string().into_bytes(),
        )
        .await;

    kill_process(Pid::from_raw(process.child.id() as i32).unwrap(), Signal::TERM).unwrap();
    let child = &mut process.child;
    let status = eventually(async || child.try_wait().unwrap()).await;
    assert!(status.success(), "{status}");

    let log = fs::read_to_string(process.folder.path().join("log")).unwrap();
    assert!(
        log.lines()
            .all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()),
        "{log}"
    );
    assert!(log.contains("\"stopped\"") && log.contains("\"request\""), "{log}");
    let secret = process.key.rsplit('_').next().unwrap();
    let value = CANARY.to_string();
    for canary in [
        secret,
        &stranger[stranger.len() - 20..],
        &value,
        "canary",
        "5ec2e7",
        "9142765",
    ] {
        assert!(!log.contains(canary), "`{canary}` is in the log");
    }
    // The key is in the file of the first start and nowhere else; nothing is left in the folder for temporary files.
    let data = process.folder.path().join("data");
    for path in files(&data).into_iter().filter(|path| !path.ends_with("first.key")) {
        let bytes = fs::read(&path).unwrap();
        for form in [secret.as_bytes(), &provenn_service::bytes::unhex(secret).unwrap()] {
            assert!(
                !bytes.windows(form.len()).any(|part| part == form),
                "the key is in {}",
                path.display()
            );
        }
    }
    assert_eq!(files(&data.join("tmp")), Vec::<PathBuf>::new());
    use std::os::unix::fs::PermissionsExt;
    // Nobody else reads any of it.
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(process.folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let other = ["--reuid=65534", "--regid=65534", "--clear-groups", "--", "ls"];
        let listed = std::process::Command::new("setpriv")
            .args(other)
            .arg(&data)
            .output()
            .unwrap();
        assert!(!listed.status.success(), "{}", String::from_utf8_lossy(&listed.stdout));
    }
    let open: Vec<PathBuf> = files(&data)
        .into_iter()
        .filter(|path| mode(path) & 0o077 != 0)
        .collect();
    assert_eq!(open, Vec::<PathBuf>::new(), "others can read these");
    assert_eq!(
        fs::metadata(data.join("first.key")).unwrap().permissions().mode() & 0o777,
        0o600
    );
}
