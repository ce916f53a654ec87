//! What the owner of a model does: commits to it, proves what it computes, keeps it.

use crate::progress::Heard;
use _verify::{raised, sources, Arrays};
use provenn_circuits::argument::Objective;
use provenn_circuits::program::quantize_inputs;
use provenn_prover::about::About;
use provenn_prover::commit::{
    self as committing, compile, srs_verifying_key, CommitOptions, CommittedInputs, Description,
};
use provenn_prover::prove::{bind_inputs, prove};
use provenn_prover::rows::Use;
use provenn_prover::srs::SrsKind;
use provenn_prover::store;
use provenn_service::bytes::hex32;
use provenn_service::commands::{commit as command, context, engine, inspect};
use provenn_service::data::opening;
use provenn_service::data::sample;
use provenn_service::error::CliError;
use provenn_service::files::{self, Dimension, Part};
use provenn_service::output::OutputFolder;
use provenn_service::policy::Asked;
use provenn_service::srs::{self, Parameters};
use provenn_service::stage::Stage;
use provenn_verifier::Disclosure;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use std::path::{Path, PathBuf};

/// A committed model with the owner's part of it.
#[pyclass(frozen)]
pub struct Committed {
    model: committing::Committed,
    description: Description,
    parameters: Parameters,
    /// What its owner should know.
    #[pyo3(get)]
    warnings: Vec<String>,
}

#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "keywords in Python")]
pub fn commit(
    py: Python<'_>,
    model: PyBackedBytes,
    dims: Vec<String>,
    batch: usize,
    calibration: Arrays,
    held_out: Arrays,
    committed_inputs: Option<Vec<String>>,
    outputs: String,
    optimize: String,
    about: Option<PyBackedBytes>,
    parameters: Option<PathBuf>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Committed> {
    let heard = Heard::new(progress);
    let done = py.detach(|| -> Result<Committed, CliError> {
        engine()?;
        heard.stage(Stage::Compile);
        let dims: Result<Vec<Dimension>, _> = dims.iter().map(|dim| dim.parse()).collect();
        let dims = dims.map_err(|e| CliError::usage("usage", e, "give dims as {\"batch\": 4}"))?;
        let part = Part {
            place: "the model".into(),
            bytes: model.to_vec(),
        };
        let (bytes, graph) = command::imported(files::model_in(part, &dims)?, batch)?;
        let objective: Result<Objective, String> = optimize.parse();
        let options = CommitOptions {
            calibration: command::rows(&sources(calibration), &graph, Use::Calibration)?
                .map(|rows| rows.batched(&graph, batch)),
            held_out: command::rows(&sources(held_out), &graph, Use::HeldOut)?.map(|rows| rows.batched(&graph, batch)),
            committed_inputs: match committed_inputs {
                None => CommittedInputs::All,
                Some(names) if names.is_empty() => CommittedInputs::None,
                Some(names) => CommittedInputs::Named(names),
            },
            outputs: outputs
                .parse()
                .map_err(|e| CliError::usage("usage", format!("outputs is {e}"), "choose one"))?,
            objective: objective.map_err(|e| CliError::usage("usage", format!("optimize is {e}"), "choose one"))?,
            about: about.as_deref().map(About::from_json).transpose()?,
            items: batch,
        };
        let compiled = compile(&bytes, &options)?;
        heard.stage(Stage::Parameters);
        let parameters = Parameters {
            srs: srs::open(parameters.as_deref(), compiled.layout.shape.k)?,
            path: parameters.map_or_else(srs::home, Ok)?,
        };
        heard.stage(Stage::Commit);
        let model = committing::commit(&compiled, &options, &parameters.srs)?;
        let description = store::description(&model.card)?;
        Ok(Committed {
            warnings: inspect::warnings(&compiled, &description.fidelity),
            model,
            description,
            parameters,
        })
    });
    let made = done.map_err(|e| raised(py, e))?;
    heard.end()?;
    Ok(made)
}

/// What `save`, or `provenn commit`, wrote.
#[pyfunction]
pub fn load(py: Python<'_>, folder: PathBuf, parameters: Option<PathBuf>) -> PyResult<Committed> {
    let read = || -> Result<Committed, CliError> {
        engine()?;
        let model = store::load(&folder)?;
        let stored = folder.join(srs::FILE);
        let source = parameters.or(stored.is_file().then_some(stored));
        Ok(Committed {
            description: store::description(&model.card)?,
            parameters: srs::existing(source.as_deref(), model.layout.shape.k)?,
            model,
            warnings: Vec::new(),
        })
    };
    py.detach(read).map_err(|e| raised(py, e))
}

/// A receipt, what it says, and the secret opening of its committed inputs.
type Proven = (Vec<u8>, String, Option<String>);

#[pymethods]
impl Committed {
    /// Card and verifier's part of the SRS.
    fn public(&self, py: Python<'_>) -> PyResult<(Vec<u8>, Vec<u8>)> {
        let key = srs_verifying_key(&self.parameters.srs).map_err(|e| raised(py, e.into()))?;
        Ok((self.model.card.to_bytes(), key.to_bytes()))
    }

    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn prove(
        &self,
        py: Python<'_>,
        inputs: Arrays,
        policy: String,
        output: Option<String>,
        audience: String,
        nonce: Option<String>,
        not_after: u64,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Proven> {
        let heard = Heard::new(progress);
        let work = || -> Result<Proven, CliError> {
            let nonce = nonce.as_deref().map(hex32).transpose();
            let nonce = nonce.map_err(|e| CliError::usage("usage", format!("nonce: {e}"), "give 32 bytes"))?;
            let context = context::Args::new(audience, nonce, not_after).context()?;
            let asked: Result<Asked, _> = policy.parse();
            let asked = asked.map_err(|e| {
                let help = format!("one of {}", Disclosure::grammar());
                CliError::usage("usage", format!("policy: {e}"), help)
            })?;
            let policy = asked
                .labelled(None)?
                .about(output.as_deref(), &self.description)?
                .of(&self.description)?;
            let values = sample::all(&sources(inputs), &self.description)?;
            let values = quantize_inputs(&self.model.model, &values)?;
            let srs = &self.parameters.srs;
            let blame = |error| self.parameters.blame(error);
            let inputs = bind_inputs(&self.model, srs, values).map_err(blame)?;
            let told = &|stage| heard.stage(stage);
            let receipt = prove(&self.model, srs, &inputs, policy, context, told).map_err(blame)?;
            let opening =
                opening::of_inputs(inputs.iter().enumerate(), &self.description).map(|secret| secret.to_string());
            let claim = _verify::said(&receipt, Some(&self.description))?;
            Ok((receipt, claim.to_string(), opening))
        };
        let proven = py.detach(work).map_err(|e| raised(py, e))?;
        heard.end()?;
        Ok(proven)
    }

    /// Makes a folder as `provenn commit` does.
    fn save(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        let srs = &self.parameters.srs;
        let write = |folder: &Path| -> Result<(), CliError> {
            store::save(&self.model, srs, folder)?;
            if srs.kind == SrsKind::Ceremony {
                srs.save(&folder.join(srs::FILE))?;
            }
            Ok(())
        };
        py.detach(|| OutputFolder::new(&folder)?.fill(write))
            .map_err(|e| raised(py, e))
    }
}
