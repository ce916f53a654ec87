//! Files of the kinds that bug reports are about, through every command: proved right, or refused by name. See
//! `fixtures/cases/README.md`.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use clap::Parser;
use provenn_service::cli::Cli;
use provenn_service::commands;
use provenn_service::error::CliError;
use provenn_service::report::Report;
use provenn_verifier::{Answer, ModelCard, Receipt};
use serde_json::{json, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures/cases");

#[test]
fn cases_hold() {
    let mut names: Vec<String> = fs::read_dir(CASES)
        .unwrap()
        .filter_map(|entry| Some(entry.unwrap().file_name().to_str()?.strip_suffix(".onnx")?.to_owned()))
        .collect();
    names.sort_unstable();
    assert!(names.len() > 100);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let held = std::panic::catch_unwind(|| Case::read(name, folder.path()).holds());
                    if let Err(why) = held.unwrap_or_else(|_| Err("a panic".into())) {
                        wrong.lock().unwrap().push(format!("{name}: {why}"));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap();
    wrong.sort_unstable();
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        names.len(),
        wrong.join("\n")
    );
}

struct Case {
    model: String,
    facts: Value,
    folder: PathBuf,
    srs: String,
}

type Held = Result<(), String>;

impl Case {
    fn read(name: &str, all: &Path) -> Self {
        let folder = all.join(name);
        fs::create_dir(&folder).unwrap();
        Self {
            model: format!("{CASES}/{name}.onnx"),
            facts: serde_json::from_slice(&fs::read(format!("{CASES}/{name}.json")).unwrap()).unwrap(),
            folder,
            srs: text(&all.join("srs")),
        }
    }

    fn holds(&self) -> Held {
        match self.facts["type"].as_str().unwrap_or("value") {
            "value" => self.value(),
            "inputs" => self.inputs(),
            "calibrations" => self.calibrations(),
            "structure" => self.structure(),
            other => Err(format!("type `{other}`")),
        }
    }

    fn path(&self, name: &str) -> String {
        text(&self.folder.join(name))
    }

    /// Rows as a .npy file.
    fn rows(&self, name: &str, rows: &Value) -> String {
        let shape = integers(&rows["shape"]);
        let values = match rows["fill"].as_f64() {
            Some(fill) => vec![fill; shape.iter().product()],
            None => numbers(&rows["values"]),
        };
        let shape: String = shape.iter().map(|d| format!("{d},")).collect();
        let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}\n");
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.bytes());
        bytes.extend(values.iter().flat_map(|&x| (x as f32).to_le_bytes()));
        fs::write(self.path(name), bytes).unwrap();
        self.path(name)
    }

    fn calibration(&self) -> String {
        match &self.facts["calibration"] {
            Value::Null => {
                let input = &self.facts["input"];
                let shape = [vec![1], integers(&input["shape"])].concat();
                self.rows("rows.npy", &json!({ "shape": shape, "values": input["values"] }))
            }
            rows => self.rows("rows.npy", rows),
        }
    }

    fn commit(&self, rows: &str, held_out: Option<&str>, out: &str) -> Result<Report, CliError> {
        let out = self.path(out);
        let mut arguments = vec!["commit", &self.model, "--calibration", rows];
        arguments.extend(["--srs", &self.srs, "--out", &out]);
        arguments.extend(held_out.iter().flat_map(|rows| ["--held-out", rows]));
        run(&arguments)
    }

    fn prove(&self, shape: &Value, values: &Value) -> Result<Report, CliError> {
        let input = self.path("input.json");
        fs::write(&input, json!({ "shape": shape, "values": values }).to_string()).unwrap();
        let policy = self.facts["policy"].as_str().unwrap_or("scores");
        run(&[
            "prove",
            "--card",
            &self.path("out/model.card"),
            "--input",
            &input,
            "--policy",
            policy,
            "--srs",
            &self.srs,
            "--out",
            &self.path("receipt.bin"),
        ])
    }

    fn verify(&self) -> Result<Report, CliError> {
        let (card, receipt) = (self.path("out/model.card"), self.path("receipt.bin"));
        run(&[
            "verify",
            "--card",
            &card,
            "--receipt",
            &receipt,
            "--accept-dev",
            "--any-model",
        ])
    }

    fn value(&self) -> Held {
        let rows = self.calibration();
        let inspected = match run(&["inspect", &self.model, "--calibration", &rows]) {
            Ok(report) => report,
            Err(error) => return self.refused("inspect", &error),
        };
        let committed = match self.commit(&rows, None, "out") {
            Ok(report) => report,
            Err(error) => return self.refused("commit", &error),
        };
        let input = &self.facts["input"];
        if let Err(error) = self.prove(&input["shape"], &input["values"]) {
            return self.refused("prove", &error);
        }
        if let Err(error) = self.verify() {
            return self.refused("verify", &error);
        }
        if self.facts["must"] == "refuse" {
            return Err("not refused".into());
        }
        let wrong = match self.output(&inspected) {
            Ok(()) => return Ok(()),
            Err(wrong) => wrong,
        };
        let warned = names(&self.facts).any(|name| name == "resolution")
            && warnings(&inspected).contains("resolution")
            && warnings(&committed).contains("resolution");
        if warned {
            Ok(())
        } else {
            Err(wrong)
        }
    }

    /// What the receipt shows is what the graph gives.
    fn output(&self, inspected: &Report) -> Held {
        let expected = numbers(&self.facts["output"]["values"]);
        let claim = Receipt::from_bytes(&fs::read(self.path("receipt.bin")).unwrap())
            .unwrap()
            .claim;
        let card = ModelCard::from_bytes(&fs::read(self.path("out/model.card")).unwrap()).unwrap();
        let description: Value = serde_json::from_str(&card.description).unwrap();
        let unit = 2f64.powi(-(description["outputs"][0]["frac"].as_i64().unwrap() as i32));
        let body = claim.body.inference().unwrap();
        let got: Vec<f64> = match &body.items[0].answer {
            Answer::Scores(scores) => scores.iter().map(|&z| z as f64 * unit).collect(),
            Answer::Label(label) => vec![f64::from(*label)],
            other => return Err(other.to_string()),
        };
        let (absolute, relative) = (self.facts["tolerance"].as_f64().unwrap(), &self.facts["relative"]);
        let near = |(x, y): (&f64, &f64)| (x - y).abs() <= absolute.max(relative.as_f64().unwrap_or(0.0) * y.abs());
        if got.len() != expected.len() || !got.iter().zip(&expected).all(near) {
            return Err(format!("{got:?} instead of {expected:?}"));
        }
        let (shape, full) = (
            integers(&inspected.json["outputs"][0]["shape"]),
            integers(&self.facts["output"]["shape"]),
        );
        let scores = self.facts["policy"] == "scores";
        if scores && shape != full && full.strip_prefix(&[1]) != Some(&shape) {
            return Err(format!("output shape {shape:?} instead of {full:?}"));
        }
        Ok(())
    }

    /// Refused by the right command, with the right reason.
    fn refused(&self, by: &str, error: &CliError) -> Held {
        let (code, message, help) = error.parts();
        let shown = format!(
            "refused by {by}, exit {}, {code}: {}; {help}",
            error.exit(),
            error.whole()
        );
        let anywhere = self.facts["at"] == "any step";
        let place = anywhere && matches!(error.exit(), 2..=5) || by == "inspect" && matches!(error.exit(), 4 | 5);
        let said = format!("{message} {} {help}", error.details().join(" "));
        let reason = self.facts["names"].is_null() || names(&self.facts).any(|name| said.contains(name));
        if self.facts["must"] != "value" && place && reason {
            Ok(())
        } else {
            Err(shown)
        }
    }

    fn inputs(&self) -> Held {
        let plain = |e: CliError| e.parts().1.to_owned();
        self.commit(&self.calibration(), None, "out").map_err(plain)?;
        let shape = &self.facts["input_shape"];
        for input in list(&self.facts["good"]) {
            self.prove(shape, input).and_then(|_| self.verify()).map_err(plain)?;
        }
        let accepted = list(&self.facts["bad"])
            .iter()
            .filter(|input| match self.prove(shape, input) {
                Ok(_) => true,
                Err(error) => error.exit() != 2 && error.exit() != 5,
            });
        let accepted: Vec<String> = accepted.map(Value::to_string).collect();
        if accepted.is_empty() {
            Ok(())
        } else {
            Err(format!("accepted: {}", accepted.join(" ")))
        }
    }

    fn calibrations(&self) -> Held {
        let good = self.rows("good.npy", &self.facts["good"]);
        self.commit(&good, None, "good").map_err(|e| e.parts().1.to_owned())?;
        for (i, rows) in list(&self.facts["bad"]).iter().enumerate() {
            let bad = self.rows(&format!("{i}.npy"), rows);
            if let Ok(report) = self.commit(&bad, None, &format!("bad{i}")) {
                if !warnings(&report).contains("calibration") {
                    return Err(format!("accepted as calibration: {}", rows["shape"]));
                }
            }
            let held_out = self.facts["held_out"] == true;
            if held_out && self.commit(&good, Some(&bad), &format!("held{i}")).is_ok() {
                return Err(format!("accepted as held-out rows: {}", rows["shape"]));
            }
        }
        Ok(())
    }

    fn structure(&self) -> Held {
        let out = self.path("structure.onnx");
        run(&["structure", &self.model, "--out", &out]).map_err(|e| e.parts().1.to_owned())?;
        let (bytes, word) = (fs::read(out).unwrap(), self.facts["must_not_contain"].as_str().unwrap());
        match bytes.windows(word.len()).position(|part| part == word.as_bytes()) {
            None => Ok(()),
            Some(at) => {
                let end = (at + 60).min(bytes.len());
                Err(format!("holds {:?}", String::from_utf8_lossy(&bytes[at..end])))
            }
        }
    }
}

fn run(arguments: &[&str]) -> Result<Report, CliError> {
    let arguments = std::iter::once(&"provenn").chain(arguments);
    commands::run(&Cli::try_parse_from(arguments).unwrap())
}

/// The lines of a report that warn.
fn warnings(report: &Report) -> String {
    report.text.lines().filter(|line| line.starts_with("warning")).collect()
}

fn names(facts: &Value) -> impl Iterator<Item = &str> {
    facts["names"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).iter().map(|x| x.as_f64().unwrap()).collect()
}

fn integers(value: &Value) -> Vec<usize> {
    list(value).iter().map(|x| x.as_u64().unwrap() as usize).collect()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
