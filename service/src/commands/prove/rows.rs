//! `provenn prove --rows`: a receipt for each of many inputs.

use super::{policy, Args, Owned};
use crate::data::opening;
use crate::data::sample;
use crate::data::source::Source;
use crate::error::CliError;
use crate::files;
use crate::output::{kept, Output};
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::srs::Parameters;
use crate::statement::Said;
use provenn_circuits::program::quantize_input;
use provenn_circuits::CircuitError;
use provenn_prover::commit::{Committed, Description};
use provenn_prover::input::commit_input;
use provenn_prover::prove::prove;
use provenn_prover::{Input, ProveError};
use provenn_verifier::{Context, Disclosure, Receipt};
use serde_json::{json, Value};
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

/// Rows without a receipt that a message names.
const NAMED: usize = 16;

/// What all rows have in common.
struct Owner<'a> {
    out: &'a PathBuf,
    committed: Committed,
    description: Description,
    policy: Disclosure,
    context: Context,
    parameters: Parameters,
}

/// # Errors
/// `rows-unproven` if some rows have no receipt, because a value leaves its range or the statement is false; those of the others are there.
pub fn run(args: &Args, sources: &[Source]) -> Result<Report, CliError> {
    kept(&args.out)?;
    let context = args.context.context()?;
    let progress = Progress::new("reading the model");
    let Owned {
        committed,
        description,
        parameters,
    } = Owned::read(args)?;
    let rows = sample::many(sources, &description)?;
    let owner = Owner {
        out: &args.out,
        policy: policy(args, &description)?,
        parameters: parameters?,
        committed,
        description,
        context,
    };
    fs::create_dir(&args.out).map_err(|e| CliError::io(&args.out, &e))?;
    let started = Instant::now();
    let (mut made, mut refused) = (vec![], vec![]);
    for (row, values) in rows.iter().enumerate() {
        match owner.receipt(row, values, &progress) {
            Ok(said) => made.push(said),
            Err(Refusal::Row(error)) => refused.push(format!("row {row}: {}", error.whole())),
            Err(Refusal::All(error)) => return Err(error.at(&args.out)),
        }
    }
    drop(progress);
    if !refused.is_empty() {
        let message = format!("{} of {} rows have no receipt", refused.len(), rows.len());
        refused.truncate(NAMED);
        let help = "the receipts of the other rows are there; a row has none if a value leaves the range of the calibration, or its statement is false";
        return Err(CliError::new(1, "rows-unproven", message, help).with(refused));
    }
    let mut report = Report::default();
    let seconds = started.elapsed().as_secs_f64();
    report.row(
        "receipts",
        format!("{}, {} of them", args.out.display(), grouped(made.len())),
    );
    report.row("proven in", format!("{seconds:.2} s, each then verified"));
    report.json = json!({ "folder": args.out.display().to_string(), "seconds": seconds, "receipts": made });
    Ok(report)
}

/// Why a row has no receipt.
enum Refusal {
    /// It cannot be proven; others may be.
    Row(CliError),
    /// Nothing can.
    All(CliError),
}

impl<E: Into<CliError>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::All(error.into())
    }
}

impl Owner<'_> {
    /// Writes the receipt of a row, and the opening of what it commits to.
    fn receipt(&self, row: usize, values: &[Vec<f32>], progress: &Progress) -> Result<Value, Refusal> {
        let inputs = self.inputs(values)?;
        let receipt = prove(
            &self.committed,
            &self.parameters.srs,
            &inputs,
            self.policy.clone(),
            self.context.clone(),
            &|stage| progress.stage(stage),
        );
        let receipt = receipt.map_err(|error| self.refusal(error))?;
        let name = format!("receipt-{row:05}");
        let new = inputs
            .iter()
            .enumerate()
            .filter(|(_, input)| matches!(input, Input::Committed(..)));
        let opening = opening::of_inputs(new, &self.description);
        let path = self.out.join(format!("{name}.bin"));
        Output::new(&path, false, &[])?.write(&receipt)?;
        if let Some(opening) = &opening {
            let path = self.out.join(format!("{name}.opening.json"));
            Output::private(&path, false, &[])?.write(opening.to_string().as_bytes())?;
        }
        let claim = Receipt::from_bytes(&receipt)?.claim;
        let said = Said::new(&claim, Some(&self.description))?;
        Ok(
            json!({ "row": row, "receipt": path.display().to_string(), "bytes": files::size(&path), "output": said.output_json() }),
        )
    }

    /// The inputs of a row, committed to where receipts do not show them.
    fn inputs(&self, values: &[Vec<f32>]) -> Result<Vec<Input>, Refusal> {
        let shapes = self.committed.layout.shape.inputs.iter();
        let inputs = values.iter().zip(shapes).enumerate().map(|(index, (values, shape))| {
            let values = quantize_input(&self.committed.model, index, values)?;
            Ok(match shape.public {
                true => Input::Public(values),
                false => {
                    let opening = commit_input(&self.committed, &self.parameters.srs, index, &values)?;
                    Input::Committed(values, opening)
                }
            })
        });
        inputs
            .collect::<Result<_, ProveError>>()
            .map_err(|error| self.refusal(error))
    }

    /// A row's own fault, or one of all.
    fn refusal(&self, error: ProveError) -> Refusal {
        match error {
            ProveError::Circuit(
                CircuitError::OutOfRange { .. } | CircuitError::InputType { .. } | CircuitError::NotFinite { .. },
            )
            | ProveError::Untrue { .. } => Refusal::Row(error.into()),
            error => Refusal::All(self.parameters.blame(error)),
        }
    }
}
