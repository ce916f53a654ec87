//! A circuit follows from the structure of a model and its ranges: weights move nothing in it.

use provenn_circuits::layout::Layout;
use provenn_circuits::lower::{compile, rebuild, Ranges};
use provenn_circuits::onnx::{import, structure};
use provenn_circuits::qmodel::{QModel, Step};
use rayon::prelude::*;
use std::path::Path;

/// Everything that a key depends on.
fn public(mut model: QModel, layout: &Layout) -> String {
    for tensor in &mut model.tensors {
        if let Step::Affine(affine) = &mut tensor.step {
            affine.bias.fill(0);
            affine.contractions.iter_mut().for_each(|c| c.weights.fill(0));
        }
    }
    format!("{model:?} {layout:?}")
}

fn check(path: &Path) -> Result<bool, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let Ok(graph) = import(&bytes) else { return Ok(false) };
    let samples = provenn_circuits::lower::default_samples(&graph, 4);
    let ranges = Ranges::calibrate(&graph, &samples).map_err(|e| e.to_string())?;
    let Ok((model, layout)) = compile(&graph, &ranges, true) else {
        return Ok(false);
    };
    let stripped = structure(&bytes)
        .and_then(|bytes| import(&bytes))
        .map_err(|e| e.to_string())?;
    let (bare, rebuilt) = rebuild(&stripped, &ranges, &layout.shape).map_err(|e| e.to_string())?;
    let (given, got) = (public(model, &layout), public(bare, &rebuilt));
    let same = given.chars().zip(got.chars()).take_while(|(a, b)| a == b).count();
    match given == got {
        true => Ok(true),
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
    let results: Vec<(String, Result<bool, String>)> = files
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
    assert!(results.iter().filter(|(_, r)| *r == Ok(true)).count() > 200);
}
