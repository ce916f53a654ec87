//! Two parties who agree on a model of a service with the command line, on a machine of their own, and what is uploaded of it.

use crate::harness::{fixture, Answer, Client};
use provenn_service::bytes::hex;
use provenn_service::server::clock::Clock;
use serde_json::{json, Map, Value};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::process::Command;

pub const NAMES: [&str; 2] = ["own", "listed"];
pub const SUPPLIES: [(&str, &str); 2] = [("borrower", "own"), ("lender", "listed")];
pub const POLICY: &str = "0/threshold:1:0";

/// Both parties' machine.
pub struct Parties {
    pub folder: tempfile::TempDir,
    /// Folder of the parameters that the card names.
    pub srs: PathBuf,
}

impl Parties {
    pub fn at(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.at(name)).unwrap()
    }

    /// `provenn` with these arguments, those after an `@` files here.
    pub fn run(&self, arguments: &[&str]) -> Value {
        let arguments = arguments.iter().map(|argument| match argument.split_once('@') {
            Some((before, name)) => format!("{before}{}", self.at(name)),
            None => (*argument).to_owned(),
        });
        let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
            .arg("--json")
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_str(&said).unwrap()
    }

    /// Keys, an agreement half and wholly signed until an end, openings and their signatures.
    pub fn agree(card: &[u8], srs: PathBuf, not_after: &str) -> Self {
        let parties = Self {
            folder: tempfile::tempdir().unwrap(),
            srs,
        };
        std::fs::write(parties.at("card"), card).unwrap();
        let samples: Value = serde_json::from_slice(&fixture("inputs/conflict_check.json")).unwrap();
        let run = |arguments: &[&str]| parties.run(arguments);
        let srs = parties.srs.display().to_string();
        let mut draft: Vec<String> = [
            "agreement",
            "draft",
            "--card",
            "@card",
            "--policy",
            "threshold:1:0",
            "--output",
        ]
        .map(String::from)
        .into();
        draft.extend(["conflict", "--not-after", not_after, "--accept-dev", "--out", "@draft"].map(String::from));
        for (role, input) in SUPPLIES {
            let file = format!("@{role}.key");
            let made = run(&["party", "key", "--name", &format!("{role}.example"), "--out", &file]);
            draft.extend(["--party".into(), format!("{role}={}", made["key"].as_str().unwrap())]);
            draft.extend(["--supplies".into(), format!("{role}={input}")]);
        }
        run(&draft.iter().map(String::as_str).collect::<Vec<_>>());
        let mut last = "@draft".to_owned();
        for ((role, _), next) in SUPPLIES.into_iter().zip(["@half", "@deal"]) {
            let key = format!("@{role}.key");
            run(&[
                "agreement",
                "sign",
                "--agreement",
                &last,
                "--card",
                "@card",
                "--key",
                &key,
                "--out",
                next,
            ]);
            last = next.into();
        }
        for (role, input) in SUPPLIES {
            let file = format!("{input}.json");
            std::fs::write(parties.at(&file), samples[input].to_string()).unwrap();
            let (given, opening) = (format!("{input}=@{file}"), format!("@{input}.opening"));
            run(&[
                "party", "commit", "--card", "@card", "--srs", &srs, "--input", &given, "--out", &opening,
            ]);
            let (key, signed) = (format!("@{role}.key"), format!("@{input}.signed"));
            run(&[
                "party",
                "sign",
                "--agreement",
                "@deal",
                "--card",
                "@card",
                "--srs",
                &srs,
                "--opening",
                &opening,
                "--key",
                &key,
                "--out",
                &signed,
            ]);
        }
        parties
    }
}

/// A model of two inputs, both committed, and its card.
pub async fn model(client: &Client<'_>) -> (String, Vec<u8>) {
    let source = client.put_fixture("models", "models/conflict_check.onnx").await;
    let mut calibration = Map::new();
    for name in NAMES {
        let rows = fixture(&format!("data/conflict_check_{name}.npy"));
        calibration.insert(name.into(), client.put("inputs", rows).await.0.into());
    }
    let inputs = json!({ "own": "committed", "listed": "committed" });
    let asked = json!({ "calibration": calibration, "inputs": inputs });
    let answer = client.post(&format!("/v1/models/{source}/commit"), &asked).await;
    let job = client.finished(answer.headers["location"].to_str().unwrap()).await;
    let id = job["result"]["model_id"].as_str().unwrap().to_owned();
    let card = client.get(&format!("/v1/models/{id}/card")).await.body;
    (id, card)
}

pub async fn upload(client: &Client<'_>, form: &str, bytes: Vec<u8>) -> (String, Answer) {
    let sha256 = hex(&Sha256::digest(&bytes));
    let answer = client
        .call("PUT", &format!("/v1/inputs/{sha256}?form={form}"), bytes)
        .await;
    (sha256, answer)
}

/// What is uploaded for a proof: the agreement's digest, inputs by name, and signatures.
pub struct Uploaded {
    pub agreement: String,
    pub inputs: Value,
    pub signatures: Vec<String>,
}

pub async fn uploaded(client: &Client<'_>, parties: &Parties) -> Uploaded {
    let (_, answer) = upload(client, "agreement", parties.bytes("deal")).await;
    let said = answer.json(201);
    let (mut inputs, mut signatures) = (Map::new(), vec![]);
    for name in NAMES {
        let (sha256, answer) = upload(client, "opening", parties.bytes(&format!("{name}.opening"))).await;
        assert_eq!(answer.json(201)["name"], name);
        inputs.insert(name.into(), sha256.into());
        let (sha256, answer) = upload(client, "signature", parties.bytes(&format!("{name}.signed"))).await;
        assert_eq!(answer.json(201)["input"], name);
        signatures.push(sha256);
    }
    Uploaded {
        agreement: said["agreement"].as_str().unwrap().into(),
        inputs: inputs.into(),
        signatures,
    }
}

pub fn asked(model: &str, of: &Uploaded) -> Value {
    json!({ "model": model, "inputs": of.inputs, "policy": POLICY, "agreement": of.agreement, "signatures": of.signatures })
}

/// Unix seconds in so many days.
pub fn days(days: i64) -> i64 {
    Clock::System.now() / 1000 + days * 86_400
}

pub fn tomorrow() -> String {
    days(1).to_string()
}
