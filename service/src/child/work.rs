//! The work itself: the same calls as the command line's.

use super::protocol::{Data, Work};
use crate::bytes::{hex, hex32};
use crate::commands::commit::imported;
use crate::data::opening;
use crate::data::{sample, source::Source};
use crate::error::CliError;
use crate::estimate::Cost;
use crate::files::{self, MAX_DATA, MAX_MODEL};
use crate::server::api::Binding;
use crate::server::inputs::PerInput;
use crate::stage::Stage;
use crate::{color, fail, srs};
use provenn_circuits::graph::Graph;
use provenn_circuits::onnx;
use provenn_circuits::program::quantize_input;
use provenn_prover::colouring::{self, Coloured};
use provenn_prover::commit::{commit, compile, srs_verifying_key, CommitOptions, Committed, CommittedInputs};
use provenn_prover::input::{commit_input, opens};
use provenn_prover::prove;
use provenn_prover::rows::{Rows, Use};
use provenn_prover::srs::Srs;
use provenn_prover::{store, Input};
use provenn_verifier::Context;
use serde_json::{json, Value};
use std::collections::BTreeMap;
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
            let (committed, srs) = load(folder, srs_id)?;
            let description = store::description(&committed.card)?;
            let (index, elements) = sample::single(input.source(), &description)?;
            let values = quantize_input(&committed.model, index, &elements)?;
            let opening = commit_input(&committed, &srs, index, &values)?;
            files::write(out, opening::to_json(&values, &opening).to_string().as_bytes(), true)?;
            Ok(json!({ "points": opening.points.iter().map(|p| hex(p)).collect::<Vec<_>>() }))
        }
        Work::Prove { .. } => receipt(work, stage),
        Work::Colour { .. } => colour(work, stage),
    }
}

/// What an ONNX file is, and what it would cost with the default calibration.
fn inspect(model: &Path, with_cost: bool) -> Result<Value, CliError> {
    let bytes = files::read(model, MAX_MODEL)?;
    let graph = onnx::import(&bytes).map_err(provenn_prover::ProveError::from)?;
    let mut summary = summary(&graph);
    summary["graph"] = crate::graph::describe(&graph);
    if with_cost {
        let compiled = compile(&bytes, &CommitOptions::default())?;
        summary["forecast"] = Cost::of(&compiled.layout.shape).json();
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
        bindings,
        about,
        srs,
        out,
        limits,
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
        about: about.clone(),
        ..CommitOptions::default()
    };
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
    let (committed, srs) = load(folder, srs_id)?;
    let description = store::description(&committed.card)?;
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
        if !opens(&committed.card, &srs, index, &values, &opening)? {
            return Err(opening::foreign());
        }
        inputs.insert(index, Input::Committed(values, opening));
    }
    for (index, elements) in sample::some(&sources, &description)? {
        let values = quantize_input(&committed.model, index, &elements)?;
        inputs.insert(index, Input::Public(values));
    }
    if inputs.len() != description.inputs.len() {
        return Err(sample::each_once(&description));
    }
    let inputs: Vec<Input> = inputs.into_values().collect();
    let bytes = prove::prove(&committed, &srs, &inputs, policy, context, &|reached| {
        passed(reached, stage)
    })?;
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

fn load(folder: &Path, srs_id: &str) -> Result<(Committed, Srs), CliError> {
    let committed = store::load(folder)?;
    let id = hex32(srs_id).map_err(|e| CliError::usage("srs-id", e, ""))?;
    let srs = Srs::load(&folder.join(srs::FILE), Some(id))?;
    Ok((committed, srs))
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
