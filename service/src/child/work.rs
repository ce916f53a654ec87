//! The work itself: the same calls as the command line's.

use super::owned::{self, Owned};
use super::protocol::{Data, Work};
use crate::bytes::hex;
use crate::commands::commit::{cuts, imported};
use crate::data::opening;
use crate::data::{sample, source::Source};
use crate::error::CliError;
use crate::estimate::{Cost, Limits};
use crate::files::{self, MAX_DATA, MAX_MODEL};
use crate::names::names;
use crate::server::api::Binding;
use crate::server::inputs::PerInput;
use crate::stage::Stage;
use crate::{color, fail, srs};
use provenn_circuits::compile::Cuts;
use provenn_circuits::graph::Graph;
use provenn_circuits::onnx;
use provenn_prover::chain;
use provenn_prover::colouring::{self, Coloured};
use provenn_prover::commit::{commit, compile, srs_verifying_key, CommitOptions, CommittedInputs};
use provenn_prover::prove;
use provenn_prover::rows::{Rows, Use};
use provenn_prover::{store, Input, ProveError};
use provenn_verifier::Context;
use serde_json::{json, Value};
use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

pub fn run(work: &Work, stage: &dyn Fn(Stage)) -> Result<Value, CliError> {
    match work {
        Work::Inspect { model, compile } => inspect(model, *compile),
        Work::Commit { .. } => make(work, stage),
        Work::Open {
            folder,
            srs_id,
            input,
            out,
        } => {
            stage(Stage::Witness);
            let (owned, srs) = Owned::load(folder, srs_id)?;
            let (index, elements) = sample::single(input.source(), &owned.description()?)?;
            let values = owned.quantized(index, &elements)?;
            let opening = owned.commit(&srs, index, &values)?;
            files::write(out, opening::to_json(&values, &opening).to_string().as_bytes(), true)?;
            Ok(json!({ "points": opening.points.iter().map(|p| hex(p)).collect::<Vec<_>>() }))
        }
        Work::Prove { .. } => receipt(work, stage),
        Work::Segment {
            folder,
            srs_id,
            run,
            segment,
            out,
        } => {
            passed(prove::Stage::Proof, stage);
            made(&owned::segment(folder, srs_id, run, *segment)?, out)
        }
        Work::Colour { .. } => colour(work, stage),
    }
}

/// Of a result: the bytes with which the files of segments exceeded what there was room for.
pub const BEYOND: &str = "beyond";

/// Of what an uploaded model is: its drawing, a JSON document as a text.
pub const GRAPH: &str = "graph";

/// The code of a model that fits into no circuit, and what its summary says then.
const TOO_LARGE: &str = "model-too-large";
pub const SEGMENTS_ONLY: &str = "segments_only";

/// What an ONNX file is, and what it would cost with the default calibration.
fn inspect(model: &Path, with_cost: bool) -> Result<Value, CliError> {
    let bytes = files::read(model, MAX_MODEL)?;
    let graph = onnx::import(&bytes).map_err(provenn_prover::ProveError::from)?;
    let mut summary = summary(&graph);
    // As a text, which the service keeps without reading it: there it would be as large as all else that it has in memory.
    let mut drawing = crate::graph::describe(&graph);
    names(&mut drawing);
    summary[GRAPH] = drawing.to_string().into();
    if with_cost {
        match compile(&bytes, &CommitOptions::default()) {
            Ok(compiled) => summary["forecast"] = Cost::of(&compiled.layout.shape).json(),
            // In segments it may fit.
            Err(error) if error.code() == TOO_LARGE => summary[SEGMENTS_ONLY] = true.into(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(summary)
}

fn summary(graph: &Graph) -> Value {
    let shapes = |ids: &mut dyn Iterator<Item = usize>| -> Vec<&[usize]> {
        let values = ids.filter_map(|id| graph.values.get(id));
        values.map(|value| value.shape.as_slice()).collect()
    };
    json!({
        "name": graph.name,
        "nodes": graph.nodes.len(),
        "operators": graph.operators,
        "parameters": crate::commands::inspect::parameters(graph),
        "macs": crate::graph::macs(graph),
        "input_shapes": shapes(&mut graph.inputs.iter().map(|input| input.value)),
        "output_shapes": shapes(&mut graph.outputs.iter().map(|output| output.value)),
    })
}

fn make(work: &Work, stage: &dyn Fn(Stage)) -> Result<Value, CliError> {
    let Work::Commit {
        model,
        calibration,
        held_out,
        items,
        segments,
        cut_at,
        bindings,
        about,
        srs,
        out,
        limits,
        most_bytes,
    } = work
    else {
        return Err(CliError::usage("child", "not a commitment", ""));
    };
    stage(Stage::Compile);
    let items = *items as usize;
    let (bytes, graph) = imported(files::read(model, MAX_MODEL)?, items)?;
    let options = CommitOptions {
        calibration: rows(calibration, &graph, Use::Calibration)?.map(|rows| rows.batched(&graph, items)),
        held_out: rows(held_out, &graph, Use::HeldOut)?.map(|rows| rows.batched(&graph, items)),
        items,
        committed_inputs: committed_inputs(bindings),
        about: about.as_deref().cloned(),
        ..CommitOptions::default()
    };
    if let Some(cuts) = cuts(*segments, cut_at) {
        return make_segments(&bytes, &options, cuts, (srs, out), (*limits, *most_bytes), stage);
    }
    let compiled = compile(&bytes, &options)?;
    let cost = Cost::of(&compiled.layout.shape);
    cost.admit(*limits)?;
    stage(Stage::Parameters);
    let parameters = srs::open(Some(srs), compiled.layout.shape.k)?;
    stage(Stage::Commit);
    let committed = commit(&compiled, &options, &parameters)?;
    store::save(&committed, &parameters, out)?;
    parameters.save(&out.join(srs::FILE))?;
    Ok(json!({
        "model_id": hex(&committed.card.model_id()),
        "key_digest": hex(&committed.card.key.digest()),
        "srs_id": hex(&srs_verifying_key(&parameters)?.id()),
        "parameters_id": hex(&parameters.id()),
        "description": store::description(&committed.card)?,
        "forecast": cost.json(),
        "summary": summary(&compiled.graph),
    }))
}

/// The same in segments, of which the files are written one after the other: as long as they fit.
fn make_segments(
    bytes: &[u8],
    options: &CommitOptions,
    cuts: Cuts,
    (srs, out): (&Path, &Path),
    (limits, most_bytes): (Limits, u64),
    stage: &dyn Fn(Stage),
) -> Result<Value, CliError> {
    let compiled = chain::compile(bytes, options, cuts)?;
    let cost = Cost::of_segments(&compiled);
    cost.admit(limits)?;
    stage(Stage::Parameters);
    let parameters = srs::open(Some(srs), compiled.k())?;
    stage(Stage::Commit);
    let mut written = 0;
    let mut keep = |index: usize, segment: chain::Segment| {
        chain::keep(&segment, out, index)?;
        let folder = out.join(chain::folder_name(index));
        written += files::size(&folder.join(store::PRIVATE)) as u64;
        match written <= most_bytes {
            true => Ok(()),
            false => Err(ProveError::Io {
                path: folder,
                source: ErrorKind::QuotaExceeded.into(),
            }),
        }
    };
    let card = chain::commit(&compiled, options, &parameters, &mut keep);
    if written > most_bytes {
        return Ok(json!({ BEYOND: written }));
    }
    let card = card?;
    chain::save(&card, &parameters, out)?;
    parameters.save(&out.join(srs::FILE))?;
    Ok(json!({
        "model_id": hex(&card.model_id()),
        "key_digest": hex(&card.key_digest()),
        "srs_id": hex(&srs_verifying_key(&parameters)?.id()),
        "parameters_id": hex(&parameters.id()),
        "description": chain::description(&card)?,
        "forecast": cost.json(),
        "summary": summary(&compiled.graph),
    }))
}

fn receipt(work: &Work, stage: &dyn Fn(Stage)) -> Result<Value, CliError> {
    let Work::Prove {
        folder,
        srs_id,
        inputs,
        policy,
        audience,
        nonce,
        not_after,
        out,
    } = work
    else {
        return Err(CliError::usage("child", "not a proof", ""));
    };
    let (owned, srs) = Owned::load(folder, srs_id)?;
    let description = owned.description()?;
    let policy = policy.of(&description)?;
    let context = Context {
        audience: audience.clone(),
        nonce: nonce.0,
        not_after: *not_after,
    };
    let (openings, samples): (Vec<&Data>, Vec<&Data>) = inputs.iter().partition(|data| data.opening);
    let sources: Vec<Source> = samples.into_iter().map(Data::source).collect();
    let mut inputs = BTreeMap::new();
    for data in openings {
        let index = data.input.as_deref().map_or(Ok(0), |name| description.input(name))?;
        let mut all = opening::all(&files::read(&data.path, MAX_DATA)?)?;
        let (Some((_, values, opening)), true) = (all.pop(), all.is_empty()) else {
            return Err(opening::foreign());
        };
        if !owned.opens(&srs, index, &values, &opening)? {
            return Err(opening::foreign());
        }
        inputs.insert(index, Input::Committed(values, opening));
    }
    for (index, elements) in sample::some(&sources, &description)? {
        inputs.insert(index, Input::Public(owned.quantized(index, &elements)?));
    }
    if inputs.len() != description.inputs.len() {
        return Err(sample::each_once(&description));
    }
    let inputs: Vec<Input> = inputs.into_values().collect();
    let bytes = owned.prove(&srs, &inputs, policy, context, &|reached| passed(reached, stage))?;
    made(&bytes, out)
}

fn colour(work: &Work, stage: &dyn Fn(Stage)) -> Result<Value, CliError> {
    let Work::Colour {
        graph,
        colouring: file,
        colours,
        srs,
        audience,
        nonce,
        not_after,
        out,
    } = work
    else {
        return Err(CliError::usage("child", "not a colouring", ""));
    };
    let graph = color::graph::read(graph)?.graph;
    let secret = color::solution::read(file, graph.vertices())?;
    let coloured = Coloured::new(&graph, &secret, *colours)?;
    let parameters = srs::open(Some(srs), coloured.class().rows())?;
    let context = Context {
        audience: audience.clone(),
        nonce: nonce.0,
        not_after: *not_after,
    };
    let bytes = colouring::prove(&coloured, &parameters, context, &|reached| passed(reached, stage))?;
    made(&bytes, out)
}

/// Says that a stage of a proof is reached.
fn passed(reached: prove::Stage, stage: &dyn Fn(Stage)) {
    stage(reached.into());
    fail::point(match reached {
        prove::Stage::Witness => "child-witness",
        prove::Stage::Proof => "child-proof",
        prove::Stage::Link => "child-link",
        prove::Stage::Verify => "child-verify",
    });
}

fn made(receipt: &[u8], out: &Path) -> Result<Value, CliError> {
    fail::point("child-before-write");
    files::write(out, receipt, true)?;
    fail::point("child-after-write");
    Ok(json!({ "bytes": receipt.len() }))
}

fn rows(data: &[Data], graph: &Graph, of: Use) -> Result<Option<Rows>, CliError> {
    let sources: Vec<Source> = data.iter().map(Data::source).collect();
    crate::commands::commit::rows(&sources, graph, of)
}

fn committed_inputs(bindings: &PerInput<Binding>) -> CommittedInputs {
    match bindings {
        PerInput::Only(binding) => (*binding == Binding::Committed).into(),
        PerInput::Each(all) => {
            let committed = all.iter().filter(|(_, binding)| **binding == Binding::Committed);
            CommittedInputs::Named(committed.map(|(name, _)| name.clone()).collect())
        }
    }
}
