//! What service and child say to each other.

use super::confine::Reach;
use crate::data::source::Source;
use crate::error::CliError;
use crate::estimate::Limits;
use crate::policy::Asked;
use crate::server::api::Binding;
use crate::server::inputs::PerInput;
use crate::server::job::Nonce;
use crate::stage::Stage;
use provenn_prover::about::About;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;

/// What the child is started with.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Start {
    pub work: Work,
    /// Largest address space.
    pub memory_bytes: u64,
    /// Most CPU time.
    pub cpu_seconds: u64,
    /// Added to the niceness.
    pub nice: i32,
}

/// A file of one input.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Data {
    /// Its name, of a model with several inputs.
    pub input: Option<String>,
    pub path: PathBuf,
    /// Whether it is the secret opening of an input that is committed to, and no sample.
    pub opening: bool,
}

impl Data {
    pub fn source(&self) -> Source {
        Source::Path {
            input: self.input.clone(),
            path: self.path.clone(),
        }
    }

    fn files(all: &[Self]) -> impl Iterator<Item = &PathBuf> {
        all.iter().map(|data| &data.path)
    }
}

/// The kinds of work. Folders of models hold the files of [`provenn_prover::store`] and `model.srs`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Work {
    /// Import an ONNX file and say what it is.
    Inspect { model: PathBuf, compile: bool },
    /// Commit to a model; writes its files to `out`.
    Commit {
        model: PathBuf,
        calibration: Vec<Data>,
        held_out: Vec<Data>,
        /// Of a batch; 0 if it is none.
        items: u32,
        /// How many, of a model in segments.
        segments: Option<u32>,
        /// The tensors where it is cut, in place of how many.
        cut_at: Vec<String>,
        bindings: PerInput<Binding>,
        about: Option<Box<About>>,
        /// Folder of development parameters, or a file of imported ones.
        srs: PathBuf,
        out: PathBuf,
        /// What a proof of the model may cost by forecast.
        limits: Limits,
        /// Bytes that segments may take: no more of them is made than fit.
        most_bytes: u64,
    },
    /// Commit to an input; writes the opening to `out`.
    Open {
        folder: PathBuf,
        srs_id: String,
        input: Data,
        out: PathBuf,
    },
    /// Prove; writes the receipt to `out`, or of a model in segments the run, which is secret.
    Prove {
        folder: PathBuf,
        srs_id: String,
        inputs: Vec<Data>,
        policy: Asked,
        audience: String,
        nonce: Nonce,
        not_after: u64,
        out: PathBuf,
    },
    /// Prove a segment of a run; writes the piece of the receipt to `out`.
    Segment {
        folder: PathBuf,
        srs_id: String,
        run: PathBuf,
        segment: u32,
        out: PathBuf,
    },
    /// Prove that a colouring is known; writes the receipt to `out`.
    Colour {
        graph: PathBuf,
        colouring: PathBuf,
        colours: u32,
        /// As for commitments.
        srs: PathBuf,
        audience: String,
        nonce: Nonce,
        not_after: u64,
        out: PathBuf,
    },
}

impl Work {
    /// The files and folders that the work touches.
    pub fn reach(&self) -> Reach {
        let beside = |file: &PathBuf| file.parent().unwrap_or(file).to_owned();
        // Development parameters are made on first use.
        let write = |out: &PathBuf, srs: &PathBuf| match srs.is_dir() {
            true => vec![beside(out), srs.clone()],
            false => vec![beside(out)],
        };
        match self {
            Self::Inspect { model, .. } => Reach {
                read: vec![model.clone()],
                write: vec![],
            },
            Self::Commit {
                model,
                calibration,
                held_out,
                srs,
                out,
                ..
            } => Reach {
                read: [model, srs]
                    .into_iter()
                    .chain(Data::files(calibration))
                    .chain(Data::files(held_out))
                    .cloned()
                    .collect(),
                write: write(out, srs),
            },
            Self::Open { folder, input, out, .. } => Reach {
                read: vec![folder.clone(), input.path.clone()],
                write: vec![beside(out)],
            },
            Self::Prove {
                folder, inputs, out, ..
            } => Reach {
                read: [folder].into_iter().chain(Data::files(inputs)).cloned().collect(),
                write: vec![beside(out)],
            },
            Self::Segment { folder, run, out, .. } => Reach {
                read: vec![folder.clone(), run.clone()],
                write: vec![beside(out)],
            },
            Self::Colour {
                graph,
                colouring,
                srs,
                out,
                ..
            } => Reach {
                read: [graph, colouring, srs].into_iter().cloned().collect(),
                write: write(out, srs),
            },
        }
    }
}

/// What the child says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "kebab-case")]
pub enum Line {
    /// The process shut itself in; false where the system cannot do all of it.
    Confined { confined: bool },
    /// A stage begins.
    Stage { stage: Stage },
    /// The work is done.
    Done {
        result: Value,
        /// Largest resident memory, where the system tells.
        peak_bytes: Option<i64>,
        cpu_ms: i64,
    },
    /// The work cannot be done; trying again would give the same.
    Failed {
        code: String,
        message: String,
        help: String,
    },
}

impl Line {
    pub fn done(result: Value) -> Self {
        let used = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Self::Done {
            result,
            peak_bytes: peak_bytes(),
            cpu_ms: used.tv_sec * 1000 + used.tv_nsec / 1_000_000,
        }
    }

    pub fn failed(error: &CliError) -> Self {
        let (code, _, help) = error.parts();
        Self::Failed {
            code: code.into(),
            message: error.whole(),
            help: help.into(),
        }
    }
}

fn peak_bytes() -> Option<i64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: i64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024)
}
