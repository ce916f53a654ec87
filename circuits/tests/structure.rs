//! Circuit and registration follow from the structure of a model and its ranges: weights move nothing in them, and none is
//! committed twice.

use provenn_circuits::layout::Layout;
use provenn_circuits::lower::{compile, rebuild, Ranges};
use provenn_circuits::onnx::{import, structure, Graph};
use provenn_circuits::qmodel::{QModel, Step, Tensor};
use provenn_circuits::register::RegisterCircuit;
use rayon::prelude::*;
use std::path::Path;

/// Everything that the keys depend on.
fn public(mut model: QModel, layout: &Layout) -> String {
    let registration = RegisterCircuit::new(&model, layout);
    for tensor in &mut model.tensors {
        if let Step::Affine(affine) = &mut tensor.step {
            if !affine.public_bias {
                affine.bias.fill(0);
            }
            let secret = affine.contractions.iter_mut().filter(|c| !c.public);
            secret.for_each(|c| c.weights.fill(0));
        }
    }
    format!("{model:?} {layout:?} {registration:?}")
}

/// How many weights the program commits.
fn committed(model: &QModel) -> usize {
    let of = |tensor: &Tensor| match &tensor.step {
        Step::Affine(affine) => {
            let secret = affine.contractions.iter().filter(|c| !c.public);
            let bias = if affine.public_bias { 0 } else { affine.bias.len() };
            secret.map(|c| c.weights.len()).sum::<usize>() + bias
        }
        _ => 0,
    };
    model.tensors.iter().map(of).sum()
}

/// How many weights a graph has.
fn weights(graph: &Graph) -> usize {
    let secret = graph.values.iter().filter(|v| !v.public);
    secret.filter_map(|v| v.constant.as_ref()).map(|t| t.data.len()).sum()
}

/// The number of weight cells that the structure determines; `None` for a model that is not supported.
fn check(path: &Path) -> Result<Option<usize>, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let Ok(graph) = import(&bytes) else { return Ok(None) };
    let samples = provenn_circuits::lower::default_samples(&graph, 4);
    let ranges = Ranges::calibrate(&graph, &samples).map_err(|e| e.to_string())?;
    let Ok((model, layout)) = compile(&graph, &ranges, true) else {
        return Ok(None);
    };
    let (inside, outside) = (committed(&model), weights(&graph));
    if inside > outside {
        return Err(format!("{inside} weights for {outside}: some are committed twice"));
    }
    let stripped = structure(&bytes)
        .and_then(|bytes| import(&bytes))
        .map_err(|e| e.to_string())?;
    let (bare, rebuilt) = rebuild(&stripped, &ranges, &layout.shape).map_err(|e| e.to_string())?;
    let known = RegisterCircuit::new(&model, &layout).known_cells().count();
    let (given, got) = (public(model, &layout), public(bare, &rebuilt));
    let same = given.chars().zip(got.chars()).take_while(|(a, b)| a == b).count();
    match given == got {
        true => Ok(Some(known)),
        false => Err(format!(
            "after {}: {} is not {}",
            &given[same.saturating_sub(200)..same],
            &given[same..][..40],
            &got[same..][..40]
        )),
    }
}

#[test]
fn every_circuit_follows_from_its_structure() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let files: Vec<_> = ["operators/cases", "models"]
        .iter()
        .flat_map(|folder| std::fs::read_dir(fixtures.join(folder)).expect("fixtures"))
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|e| e == "onnx"))
        .collect();
    let results: Vec<(String, Result<Option<usize>, String>)> = files
        .par_iter()
        .map(|path| {
            (
                path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
                check(path),
            )
        })
        .collect();
    let failed: Vec<_> = results.iter().filter(|(_, r)| r.is_err()).collect();
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), results.len());
    let known: Vec<usize> = results.iter().filter_map(|(_, r)| r.clone().ok().flatten()).collect();
    assert!(known.len() > 200);
    assert!(known.iter().filter(|cells| **cells > 0).count() >= 40);
}
