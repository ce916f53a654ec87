//! Hostile uploads to a real process: each a refusal with its code, at once, in little memory, and nothing is kept.
//!
//! A reader that takes a model apart may have 256 MiB of address space here; it would die of more, and its code would be another.
//! Times are printed. PROVENN_TIMED=1 (`just malformed`, on a machine that does nothing else) asserts them too.

use crate::harness::{eventually, fixture, fixtures};
use crate::process::Process;
use provenn_service::bytes::hex;
use reqwest::{Body, Method};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Most memory of the service, and of each process that reads a model.
const MEMORY: u64 = 256 << 20;
/// Longest answer where times count.
const AT_ONCE: Duration = Duration::from_secs(1);
/// After that it hangs.
const HANGS: Duration = Duration::from_secs(60);

struct Refusals {
    process: Process,
    count: usize,
    slowest: (Duration, String),
}

impl Refusals {
    async fn start() -> Self {
        let settings = [("PROVENN_LIMITS__PROVER_MEMORY_BYTES", "268435456")];
        Self {
            process: Process::start(&settings).await,
            count: 0,
            slowest: (Duration::ZERO, String::new()),
        }
    }

    /// Sends a body; status and code of the answer.
    async fn send(&mut self, name: &str, method: Method, path: &str, body: impl Into<Body>) -> (u16, String) {
        let (started, sent) = (Instant::now(), self.process.send(method, path, body));
        let answer = tokio::time::timeout(HANGS, sent).await;
        let answer = answer.unwrap_or_else(|_| panic!("{name}: no answer"));
        let status = answer.status().as_u16();
        let problem = serde_json::from_slice::<Value>(&answer.bytes().await.unwrap()).unwrap_or_default();
        let took = started.elapsed();
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        println!("{name}: {status} {code}, {took:?}");
        if took > self.slowest.0 {
            self.slowest = (took, name.into());
        }
        self.count += 1;
        (status, code)
    }

    /// Uploads bytes under their digest, and expects a refusal.
    async fn upload(&mut self, name: &str, what: &str, bytes: Vec<u8>) -> String {
        let sha256 = hex(&Sha256::digest(&bytes));
        let path = format!("/v1/{what}/{sha256}");
        let (status, code) = self.send(name, Method::PUT, &path, bytes).await;
        assert!(
            (400..500).contains(&status) && !code.is_empty(),
            "{name}: {status} {code}"
        );
        let shown = self
            .process
            .send(Method::GET, &format!("/v1/models/{sha256}"), "")
            .await;
        assert_eq!(shown.status().as_u16(), 404, "{name}");
        code
    }

    /// What has to be true after all that.
    async fn end(self) {
        let (peak, slowest) = (self.process.peak(), &self.slowest);
        println!(
            "{} refusals; the service took {} MiB at most, the slowest answer {:?} ({})",
            self.count,
            peak >> 20,
            slowest.0,
            slowest.1
        );
        assert!(peak < MEMORY, "{peak} bytes");
        if std::env::var_os("PROVENN_TIMED").is_some() {
            assert!(slowest.0 < AT_ONCE, "{slowest:?}");
        }
        // The worker probes the disk there every half second.
        eventually(async || self.process.files("tmp").is_empty().then_some(())).await;
        let objects = self.process.files("objects");
        assert!(
            objects.iter().all(|path| path
                .components()
                .any(|part| part.as_os_str().to_string_lossy().starts_with('_'))),
            "{objects:?}"
        );
        let ready = self.process.send(Method::GET, "/readyz", "").await;
        assert_eq!(ready.status().as_u16(), 200);
        // A good model still is one.
        self.process.put("models", fixture("models/linear_30.onnx")).await;
    }
}

/// Codes that the notes beside the fixtures expect.
fn expected(notes: &str, name: &str) -> Vec<String> {
    let section = notes
        .split("\n## ")
        .find(|section| section.lines().next() == Some(name));
    let line = section.and_then(|section| section.lines().find_map(|line| line.strip_prefix("expect: ")));
    let line = line.unwrap_or_else(|| panic!("{name} has no notes"));
    line.split('|').map(|code| code.trim().to_owned()).collect()
}

fn models(folder: &Path, below: &str) -> Vec<(String, Vec<u8>)> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let models = paths.filter(|path| path.extension().is_some_and(|extension| extension == "onnx"));
    let named = |path: std::path::PathBuf| {
        let name = format!("{below}{}", path.file_name().unwrap().to_str().unwrap());
        (name, fs::read(path).unwrap())
    };
    models.map(named).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_model_is_refused_with_its_code() {
    let mut refusals = Refusals::start().await;
    let folder = fixtures().join("malformed");
    let notes = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut cases = models(&folder, "");
    assert!(cases.len() >= 60, "{} fixtures", cases.len());
    // The bombs are made on the spot.
    let large = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let made = Command::new("python3")
        .arg(folder.join("make_malformed.py"))
        .arg("--large")
        .arg(large.path())
        .status();
    match made {
        Ok(status) if status.success() => cases.extend(models(&large.path().join("large"), "large/")),
        other if std::env::var_os("CI").is_none() => eprintln!("left out: the large ones need python3 ({other:?})"),
        other => panic!("{other:?}"),
    }
    for (name, bytes) in cases {
        let code = refusals.upload(&name, "models", bytes).await;
        let expected = expected(&notes, &name);
        assert!(expected.contains(&code), "{name}: {code}, expected {expected:?}");
    }
    refusals.end().await;
}

/// A `.npy` file of this header and data.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_malformed_input_is_refused() {
    let mut refusals = Refusals::start().await;
    let shape = |shape: &str| {
        npy(
            &format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}\n"),
            &[0; 16],
        )
    };
    let good = fixture("data/breast_cancer_calibration.npy");
    let cases = [
        ("nothing", vec![]),
        ("text", b"not an input".to_vec()),
        ("no fields", b"{}".to_vec()),
        ("too few values", br#"{"shape":[2],"values":[1]}"#.to_vec()),
        (
            "extents that wrap",
            br#"{"shape":[4294967296,4294967296],"values":[]}"#.to_vec(),
        ),
        ("extents beyond 64 bits", br#"{"shape":[1e300],"values":[1]}"#.to_vec()),
        ("a negative extent", br#"{"shape":[-1],"values":[1]}"#.to_vec()),
        ("values beyond floats", br#"{"shape":[1],"values":[1e999]}"#.to_vec()),
        ("a value that is a list", br#"{"shape":[1],"values":[[1]]}"#.to_vec()),
        (
            "a shape of a million ones",
            format!(r#"{{"shape":[{}1],"values":[1]}}"#, "1,".repeat(1_000_000)).into_bytes(),
        ),
        (
            "a tower of lists",
            [b"[".repeat(8 << 20), b"]".repeat((8 << 20) - 1)].concat(),
        ),
        ("a tower of objects", br#"{"a":"#.repeat(2 << 20)),
        ("npy: magic alone", b"\x93NUMPY".to_vec()),
        (
            "npy: an endless header",
            [b"\x93NUMPY\x02\x00".as_slice(), &u32::MAX.to_le_bytes(), &[b' '; 1000]].concat(),
        ),
        ("npy: extents that wrap", shape("(4294967296, 4294967296)")),
        ("npy: 2^60 rows", shape("(1152921504606846976,)")),
        (
            "npy: more extents than sense",
            shape(&format!("({})", "1,".repeat(20_000))),
        ),
        ("npy: a negative extent", shape("(-4,)")),
        (
            "npy: no shape",
            npy("{'descr': '<f4', 'fortran_order': False, }\n", &[0; 16]),
        ),
        (
            "npy: objects",
            npy("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }\n", &[0; 16]),
        ),
        ("npy: half of it", good[..good.len() / 2].to_vec()),
        ("npy: one byte less", good[..good.len() - 1].to_vec()),
        ("npy: one byte more", [good.as_slice(), &[0]].concat()),
    ];
    for (name, bytes) in cases {
        refusals.upload(name, "inputs", bytes).await;
    }
    refusals.end().await;
}

/// What is well-formed and as large as it may be costs little more than its bytes, several at once too.
#[tokio::test(flavor = "multi_thread")]
async fn large_inputs_take_little_memory() {
    let process = Process::start(&[]).await;
    let most = 16 << 20;
    let header = |rows: usize| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, 1), }}\n");
    let rows = (most - npy(&header(most), &[]).len()) / 4;
    let json = |last: usize| {
        format!(
            r#"{{"values":[{}{last}],"shape":[{}]}}"#,
            "0,".repeat(most / 2 - 50),
            most / 2 - 49
        )
    };
    let uploads = (0..8usize).map(|n| match n % 2 {
        0 => npy(&header(rows), &vec![n as u8; 4 * rows]),
        _ => json(n).into_bytes(),
    });
    let uploads: Vec<Vec<u8>> = uploads.collect();
    futures_util::future::join_all(uploads.into_iter().map(|bytes| process.put("inputs", bytes))).await;
    println!("the service took {} MiB at most", process.peak() >> 20);
    assert!(process.peak() < MEMORY, "{} bytes", process.peak());
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_without_end_and_paths_that_climb_are_refused() {
    let mut refusals = Refusals::start().await;
    let digest = "00".repeat(32);
    // Each is longer than may be uploaded, and nothing says so beforehand.
    let endless = |mebibytes: usize| {
        let chunks = (0..mebibytes).map(|_| Ok::<_, std::io::Error>(vec![0u8; 1 << 20]));
        Body::wrap_stream(futures_util::stream::iter(chunks))
    };
    for (what, mebibytes) in [("models", 257), ("inputs", 17)] {
        let path = format!("/v1/{what}/{digest}");
        let answer = refusals.send(what, Method::PUT, &path, endless(mebibytes)).await;
        assert_eq!(answer, (413, "upload-too-large".into()));
    }
    for path in ["/v1/proofs", "/v1/registry/default/x"] {
        let answer = refusals.send(path, Method::POST, path, endless(4)).await;
        assert_eq!(answer, (413, "upload-too-large".into()));
    }
    for bad in [
        "..%2F..%2F..%2Fetc%2Fpasswd",
        "%2Fetc%2Fpasswd",
        "short",
        &"A0".repeat(32),
        &"..%2F".repeat(32),
    ] {
        for what in ["models", "inputs"] {
            let path = format!("/v1/{what}/{bad}");
            let (status, code) = refusals.send(&path, Method::PUT, &path, "x").await;
            assert_eq!((status, code.as_str()), (400, "bad-request"), "{path}");
        }
    }
    refusals.end().await;
}

/// Everything that the verifier's test kit judges, also what is no receipt at all.
#[tokio::test(flavor = "multi_thread")]
async fn no_receipt_is_too_bad_to_be_judged() {
    let mut refusals = Refusals::start().await;
    for entry in fs::read_dir(fixtures().join("testkit/files")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let (status, code) = refusals
            .send(&name, Method::POST, "/v1/verify", fs::read(&path).unwrap())
            .await;
        assert!(
            (400..500).contains(&status) && !code.is_empty(),
            "{name}: {status} {code}"
        );
    }
    refusals.end().await;
}
