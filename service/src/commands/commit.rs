//! `provenn commit`: from an ONNX file to a committed model.

mod segments;
mod stage;

use super::show;
use crate::bytes::{digest, hex, Digest};
use crate::data::expected;
use crate::data::labels::MOST_ITEMS;
use crate::data::{sample, source::Source};
use crate::error::CliError;
use crate::files::{self, Dimension};
use crate::output::OutputFolder;
use crate::progress::Progress;
use crate::report::{grouped, Report};
use crate::srs;
use provenn_circuits::argument::{Cost, Objective};
use provenn_circuits::compile::{Cuts, Outputs};
use provenn_circuits::graph::Graph;
use provenn_circuits::layout::{MAX_K, MIN_K};
use provenn_circuits::onnx;
use provenn_prover::about::About;
use provenn_prover::commit::{commit, compile, CommitOptions, CommittedInputs, Compiled};
use provenn_prover::expected::{Expected, Gap};
use provenn_prover::machine;
use provenn_prover::rows::{Rows, Use};
use provenn_prover::srs::{Srs, SrsKind};
use provenn_prover::{store, ProveError};
use provenn_verifier::card::MAX_DESCRIPTION;
use serde_json::json;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// ONNX file.
    model: PathBuf,
    /// Size of a symbolic dimension of the inputs, as often as there are some.
    #[arg(long, value_name = "NAME=SIZE")]
    dim: Vec<Dimension>,
    /// Run the model on so many items at once, the first axis of its inputs, and let receipts count their labels: policies `labels`, `accuracy`,
    /// `confusion`, `by-group`, `gap`, `accuracy-gap`, `count` and `at-least`. Data files may have a row for each item.
    #[arg(long, value_name = "ITEMS", value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST_ITEMS)))]
    batch: Option<u32>,
    /// Cut the model into so many segments, each in a circuit of its own, for models that are larger than one proof: keys and proofs are made one
    /// after the other, and a proof takes the memory of the largest.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=64), conflicts_with_all = ["batch", "expect"])]
    segments: Option<u32>,
    /// Cut it at this tensor instead, by its name in the file; may be given several times.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["batch", "expect", "segments"])]
    cut_at: Vec<String>,
    /// Commit it as a stage of a chain: it takes what another one gives, whose `stage.card` this is, as its only input. `provenn chain` puts stages
    /// together.
    #[arg(long, value_name = "STAGE.CARD", conflicts_with_all = ["batch", "segments", "cut_at", "input", "committed", "rows"])]
    after: Option<PathBuf>,
    /// Commit it as a stage that gives its only output to another one, which is committed with --after the card of this one.
    #[arg(long, conflicts_with_all = ["batch", "segments", "cut_at"])]
    gives: bool,
    /// log2 of the rows of its circuit, which are those of all stages after it: as many as the largest needs. By default the best for this one.
    #[arg(long = "k", value_name = "K", requires = "gives", conflicts_with_all = ["batch", "segments", "cut_at", "outputs"], value_parser = clap::value_parser!(u32).range(i64::from(MIN_K)..=i64::from(MAX_K)))]
    rows: Option<u32>,
    /// Rows that it leaves to the outputs of the last stage of its chain, one for each.
    #[arg(long, value_name = "ROWS", requires = "gives", conflicts_with_all = ["batch", "segments", "cut_at", "outputs"], default_value_t = 64, value_parser = clap::value_parser!(u32).range(0..1 << MAX_K))]
    room: u32,
    /// Rows that scales are chosen from (.npy, .csv); of a model with several inputs NAME=FILE for each, or one .npz with an array for each.
    #[arg(long, value_name = "FILE", required = true)]
    calibration: Vec<Source>,
    /// Rows that the fidelity on the card is measured on; the calibration rows by default.
    #[arg(long, value_name = "FILE")]
    held_out: Vec<Source>,
    /// Recorded samples with their outputs: the commitment is refused if the model as it would be proven gives others. An .npz file with an array for each
    /// input and output by its name, or a folder with input_0.pb, .. and output_0.pb, ..
    #[arg(long, value_name = "NPZ|DIR", conflicts_with = "batch")]
    expect: Vec<PathBuf>,
    /// How far outputs may be from those of --expect, as a share of the output's largest element; of labels, the share of samples with another one.
    #[arg(long, value_name = "SHARE", default_value_t = 0.01, requires = "expect", conflicts_with_all = ["batch", "segments"], value_parser = share)]
    expect_error: f64,
    /// Whether receipts show their inputs or commitments to them.
    #[arg(long, value_enum, default_value_t)]
    input: Binding,
    /// Of several inputs one that receipts commit to; they show those that are not named.
    #[arg(long, value_name = "NAME", conflicts_with = "input")]
    committed: Vec<String>,
    /// How receipts speak of outputs: scores, by any policy, at the cost of a row for each value; whole, all values or none, at little cost, with the policy `scores`
    /// only; auto, whole of outputs of more than 65536 values.
    #[arg(long, value_name = "HOW", default_value_t, conflicts_with_all = ["batch", "segments", "cut_at", "after", "gives"])]
    outputs: Outputs,
    /// What the circuit is chosen for: prove, receipt, verify, gas or balanced; `provenn inspect` shows what each gives.
    #[arg(long, value_name = "OBJECTIVE", default_value_t)]
    optimize: Objective,
    /// What the card says of the model, for people: name, licence, intended use, classes, units (JSON, docs/format.md).
    #[arg(long, value_name = "JSON")]
    about: Option<PathBuf>,
    /// Folder of development parameters, or a file made by `provenn srs import`.
    #[arg(long, value_name = "PATH", conflicts_with = "ptau")]
    srs: Option<PathBuf>,
    /// Ceremony file; needs --digest unless the ceremony is known by name.
    #[arg(long, value_name = "FILE")]
    ptau: Option<PathBuf>,
    /// BLAKE2b digest (32 or 64 bytes, hexadecimal) of the ceremony file, from a source you trust.
    #[arg(long, value_name = "HEX", requires = "ptau", conflicts_with = "srs", value_parser = digest)]
    digest: Option<Digest>,
    /// Folder to make.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// How inputs are bound.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
pub enum Binding {
    /// The receipt shows the input.
    #[default]
    Public,
    /// The receipt shows a hiding commitment.
    Committed,
}

/// The inputs that receipts commit to: all of them, or those that are named.
pub fn committed(all: Binding, names: &[String]) -> CommittedInputs {
    match (all, names) {
        (Binding::Committed, _) => CommittedInputs::All,
        (Binding::Public, []) => CommittedInputs::None,
        (Binding::Public, names) => CommittedInputs::Named(names.to_vec()),
    }
}

/// A model, on so many items at once unless that is 0, and what it computes.
pub fn imported(sized: Vec<u8>, items: usize) -> Result<(Vec<u8>, Graph), CliError> {
    let bytes = match items {
        0 => sized,
        items => onnx::batched(&sized, items).map_err(ProveError::from)?,
    };
    let graph = onnx::import(&bytes).map_err(ProveError::from)?;
    Ok((bytes, graph))
}

/// Rows from files, for the inputs of a model; none if no file is named.
pub fn rows(sources: &[Source], graph: &Graph, data: Use) -> Result<Option<Rows>, CliError> {
    match sources {
        [] => Ok(None),
        sources => {
            let names = graph.inputs.iter().filter_map(|input| graph.values.get(input.value));
            let names: Vec<&str> = names.map(|value| value.name.as_str()).collect();
            sample::rows(sources, &names, data).map(Some)
        }
    }
}

/// What a publisher wrote down.
pub fn about(path: &Path) -> Result<About, CliError> {
    let bytes = files::read(path, MAX_DESCRIPTION as u64)?;
    About::from_json(&bytes).map_err(|error| CliError::from(error).at(path))
}

/// Where the model is to be cut, if it is.
pub fn cuts(segments: Option<u32>, at: &[String]) -> Option<Cuts> {
    match (segments, at) {
        (Some(count), _) => Some(Cuts::Into(count as usize)),
        (None, []) => None,
        (None, names) => Some(Cuts::At(names.to_vec())),
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "a number from 0 to 1".into())
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let out = OutputFolder::new(&args.out)?;
    let items = args.batch.unwrap_or(0) as usize;
    let (bytes, graph) = imported(files::model(&args.model, &args.dim)?, items)?;
    let options = CommitOptions {
        calibration: rows(&args.calibration, &graph, Use::Calibration)?.map(|rows| rows.batched(&graph, items)),
        held_out: rows(&args.held_out, &graph, Use::HeldOut)?.map(|rows| rows.batched(&graph, items)),
        items,
        committed_inputs: committed(args.input, &args.committed),
        outputs: args.outputs,
        objective: args.optimize,
        about: args.about.as_deref().map(about).transpose()?,
    };
    if let Some(cuts) = cuts(args.segments, &args.cut_at) {
        return segments::run(args, &out, &bytes, &options, cuts);
    }
    if let Some(place) = stage::place(args)? {
        return stage::run(args, &out, &bytes, &options, &place);
    }
    let progress = Progress::new("compiling");
    let compiled = compile(&bytes, &options)?;
    let gaps = expected(args, &compiled)?;
    progress.set("reading the SRS");
    let parameters = parameters(args, compiled.layout.shape.k)?;
    progress.set("committing");
    progress.forecast(Cost::of(&compiled.layout.shape).commit_cpu_seconds(machine()));
    let committed = commit(&compiled, &options, &parameters)?;
    out.fill(|folder| {
        store::save(&committed, &parameters, folder)?;
        if parameters.kind == SrsKind::Ceremony {
            parameters.save(&folder.join(srs::FILE))?;
        }
        Ok(())
    })?;
    drop(progress);
    let (model_id, dev) = (hex(&committed.card.model_id()), parameters.kind == SrsKind::Dev);
    let description = store::description(&committed.card)?;
    let warnings = super::inspect::warnings(&compiled, &description.fidelity);
    let sizes = [store::CARD, store::SRS, store::PRIVATE].map(|name| (name, files::size(&args.out.join(name))));
    let mut report = Report::default();
    report.row("model id", &model_id);
    report.row(
        "circuit",
        format!(
            "2^{} rows, {} weight commitments",
            description.shape.k,
            committed.card.commitments.len()
        ),
    );
    report.row("fidelity", description.fidelity.words());
    told(&mut report, &gaps);
    show::card::about(&mut report, &description);
    for (name, bytes) in sizes {
        let audience = if name == store::CARD || name == store::SRS {
            "publish"
        } else {
            "keep private"
        };
        report.row(name, format!("{} bytes, {audience}", grouped(bytes)));
    }
    for warning in &warnings {
        report.row("warning", warning);
    }
    if dev {
        report.row("warning", srs::UNSAFE);
    }
    report.json = json!({
        "model_id": model_id,
        "srs_id": hex(&committed.card.srs_id),
        "dev_srs": dev,
        "warnings": warnings,
        "expected": gaps,
        "out": args.out.display().to_string(),
        "bytes": sizes.iter().copied().collect::<std::collections::BTreeMap<_, _>>(),
        "card": description,
    });
    Ok(report)
}

/// How far the outputs of recorded samples are from them, in words.
fn told(report: &mut Report, gaps: &[Gap]) {
    for gap in gaps {
        let Gap {
            output,
            samples,
            error,
            share,
        } = gap;
        let words = format!(
            "`{output}` of {samples} samples is off by up to {error:.3e}, {:.2} %",
            100.0 * share
        );
        report.row("expected", words);
    }
}

/// How far the outputs of recorded samples are from them.
fn expected(args: &Args, compiled: &Compiled) -> Result<Vec<Gap>, CliError> {
    let mut all = Expected::default();
    for path in &args.expect {
        let Expected { rows, outputs } = expected::read(path, &compiled.graph)?;
        all.rows.extend(rows);
        all.outputs.extend(outputs);
    }
    match all.rows.is_empty() {
        true => Ok(vec![]),
        false => Ok(all.check(compiled, args.expect_error)?),
    }
}

fn parameters(args: &Args, k: u32) -> Result<Srs, CliError> {
    match &args.ptau {
        Some(ptau) => srs::import(ptau, k, args.digest.as_ref()).map(|(srs, _)| srs),
        None => srs::open(args.srs.as_deref(), k),
    }
}
