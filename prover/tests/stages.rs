//! Stages that were committed apart by owners of their own: the chain of them, what does not fit together, and audits.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "stages/refused.rs"]
mod refused;
#[path = "stages/run_on.rs"]
mod run_on;

use crate::fixtures::rows as data;
use provenn_circuits::argument::{given_cells, input_cells, Objective};
use provenn_circuits::graph::Sample;
use provenn_circuits::program::{execute, quantize_inputs};
use provenn_prover::chain::{
    self, audit_stages, commit_stage, compile_stage, of_stages, save_stage, stage_description, Place, Segment, Stored,
};
use provenn_prover::commit::{srs_verifying_key, CommitOptions};
use provenn_prover::srs::Srs;
use provenn_prover::{audit, store, ProveError};
use provenn_verifier::{
    policy, verify, Answer, AnyCard, ChainCard, CheckedChain, Context, Expectation, ModelCard, VerifyError,
};
use std::sync::Arc;

/// Rows that stages leave to the outputs of the last one.
const ROOM: usize = 64;
/// Rows of the circuits.
const K: u32 = 11;

/// A stage, as its owner holds it.
pub struct Owner {
    pub card: ModelCard,
    pub segment: Arc<Segment>,
}

pub fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/../fixtures/models/{name}.onnx", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

pub fn srs(k: u32) -> Srs {
    Srs::dev_from_seed(k, [7; 32])
}

pub fn options(rows: &str) -> CommitOptions {
    CommitOptions {
        calibration: Some(data(rows).into()),
        ..CommitOptions::default()
    }
}

/// First of its chain, for others to take from.
pub fn first() -> Place {
    Place {
        after: None,
        gives: Some(ROOM),
        k: Some(K),
    }
}

pub fn after(before: &Owner, gives: bool) -> Place {
    Place {
        after: Some(before.card.clone()),
        gives: gives.then_some(ROOM),
        k: None,
    }
}

pub fn commit(name: &str, rows: &str, place: &Place) -> Result<Owner, ProveError> {
    commit_with(name, &options(rows), place)
}

pub fn commit_with(name: &str, options: &CommitOptions, place: &Place) -> Result<Owner, ProveError> {
    let compiled = compile_stage(&file(name), options, place)?;
    let (card, segment) = commit_stage(&compiled, options, place, &srs(compiled.layout.shape.k))?;
    let card = ModelCard::read_segment(&card.to_bytes()).unwrap();
    Ok(Owner {
        card,
        segment: Arc::new(segment),
    })
}

/// Pre-processing, classifier and decision, each of an owner who knows of the others the card of the one before.
pub fn pipeline() -> [Owner; 3] {
    pipeline_for(Objective::default())
}

/// The same, the classifier for another objective.
fn pipeline_for(objective: Objective) -> [Owner; 3] {
    let scan = commit("pipeline_preprocessing", "pipeline_calibration", &first()).unwrap();
    let wanted = CommitOptions {
        objective,
        ..options("digits_calibration")
    };
    let digits = commit_with("digits_cnn", &wanted, &after(&scan, true)).unwrap();
    let parity = commit("pipeline_decision", "digits_cnn_test_outputs", &after(&digits, false)).unwrap();
    [scan, digits, parity]
}

fn lanes(owners: &[Owner; 3]) -> [usize; 3] {
    owners.each_ref().map(|owner| owner.segment.layout.shape.lanes)
}

pub fn cards(owners: &[Owner]) -> Vec<ModelCard> {
    owners.iter().map(|owner| owner.card.clone()).collect()
}

pub fn joined(owners: &[Owner]) -> CheckedChain {
    let card = of_stages(cards(owners), None).unwrap();
    // As everybody reads it.
    let card = ChainCard::from_bytes(&card.to_bytes()).unwrap();
    card.check(&srs_verifying_key(&srs(K)).unwrap()).unwrap()
}

fn accept() -> Expectation {
    Expectation {
        accept_dev: true,
        ..Expectation::default()
    }
}

/// A held-out digit as a scan: the answer is that of the stages one after the other, to the bit, and of the three models in float.
#[test]
fn three_owners_make_one_receipt() {
    let all = [Objective::Balanced, Objective::Prove].map(pipeline_for);
    // What lies on one lane of either side may be of circuits of several lanes.
    let all_lanes = all.each_ref().map(lanes);
    assert!(
        all_lanes.iter().any(|[scan, digits, _]| scan != digits),
        "{all_lanes:?}"
    );
    for owners in all {
        is_proven(&owners);
    }
}

fn is_proven(owners: &[Owner; 3]) {
    let (card, srs) = (joined(owners), srs(K));
    let key = srs_verifying_key(&srs).unwrap();
    let recipes: Vec<[u8; 32]> = card.segments.iter().map(|card| card.quantization).collect();
    assert!(recipes[0] != recipes[1] && recipes[1] != recipes[2]);
    let segments: Vec<Arc<Segment>> = owners.iter().map(|owner| owner.segment.clone()).collect();
    let rows: Vec<Sample> = data("pipeline_calibration").into_iter().map(|row| vec![row]).collect();
    for row in &rows[..2] {
        let values = quantize_inputs(&segments[0].model, row).unwrap();
        let mut expected = values.clone();
        for segment in &segments {
            expected = execute(&segment.model, &expected).unwrap().outputs(&segment.model);
        }
        let inputs = chain::bind_inputs(&card, &segments, &srs, values).unwrap();
        let prove =
            |policy| chain::prove(&card, &segments, &srs, &inputs, policy, Context::default(), &|_| {}).unwrap();
        let receipt = prove(policy::Scores.into());
        let verdict = verify(&receipt, &card, &key, &accept()).unwrap();
        let body = verdict.claim().body.inference().unwrap();
        assert_eq!(body.items[0].answer, Answer::Scores(expected.remove(0)));
        assert_eq!(body.quantization, card.quantization());
        // Another chain of the same stages' models is another model.
        assert_eq!(
            verify(&receipt, &joined(&pipeline()), &key, &accept()),
            Err(VerifyError::ModelMismatch)
        );
        let label = verify(&prove(policy::Label.into()), &card, &key, &accept());
        assert!(label.is_ok(), "{label:?}");
        assert!(card.schema().unwrap().values(&label.unwrap()).is_ok());
    }
}

/// Whatever the lanes of both: one layout of what is given and taken, and each circuit is what its key says.
#[test]
fn neighbours_agree_on_cells() {
    let owners = pipeline_for(Objective::Prove);
    let lanes = lanes(&owners);
    let mut values = quantize_inputs(&owners[0].segment.model, &[data("pipeline_calibration").remove(0)]).unwrap();
    for pair in owners.windows(2) {
        let [giver, taker] = [0, 1].map(|index| &pair[index].segment);
        let trace = execute(&giver.model, &values).unwrap();
        let given = given_cells(&giver.model, &giver.layout, &trace);
        values = trace.outputs(&giver.model);
        assert_eq!(
            given,
            input_cells(&taker.model, &taker.layout, 0, &values[0]),
            "lanes {lanes:?}"
        );
        let [giver, taker] = [&giver.model, &taker.model];
        assert_eq!(giver.output(0).frac, taker.tensors[0].frac);
        assert!(giver.output(0).signed && taker.tensors[0].signed);
    }
}

/// Each stage from its own file, with and without weights, and the chain; files and openings of others are found.
#[test]
fn stages_and_their_chain_are_audited() {
    let owners = pipeline();
    let (card, srs) = (joined(&owners), srs(K));
    let names = ["pipeline_preprocessing", "digits_cnn", "pipeline_decision"];
    let files = names.map(file);
    let tails: Vec<_> = owners.iter().map(|owner| owner.segment.tails.clone()).collect();
    for ((owner, file), tails) in owners.iter().zip(&files).zip(&tails) {
        assert_eq!(audit::size(&owner.card).unwrap(), K);
        for tails in [None, Some(tails.as_slice())] {
            let checks = audit::audit(file, &owner.card, &srs, tails).unwrap();
            assert!(checks.iter().all(|check| check.holds), "{checks:?}");
        }
    }
    assert_eq!(chain::size(&card).unwrap(), K);
    let models: Vec<&[u8]> = files.iter().map(Vec::as_slice).collect();
    for tails in [None, Some(tails.as_slice())] {
        let checks = audit_stages(&models, &card, &srs, tails).unwrap();
        assert!(checks.iter().all(|check| check.holds), "{checks:?}");
        assert_eq!(checks.len(), if tails.is_some() { 9 } else { 6 });
    }
    let failed = |checks: Result<Vec<audit::Check>, ProveError>| -> Vec<&str> {
        let checks = checks.unwrap().into_iter();
        checks.filter(|check| !check.holds).map(|check| check.name).collect()
    };
    let mut swapped = tails.clone();
    swapped[1][0].clone_from(&tails[1][1]);
    assert_eq!(
        failed(audit_stages(&models, &card, &srs, Some(&swapped))),
        ["commitments"]
    );
    // Words on the card of the chain that those of the stages do not have.
    let mut other: ChainCard = (*card).clone();
    other.description = other.description.replace("preprocessing > ", "preprocessing >> ");
    assert_ne!(other.description, card.description);
    assert_eq!(failed(audit_stages(&models, &other, &srs, None)), ["chain"]);
    // Another number of files, another order, and one file for all.
    for models in [&models[..2], &[], &models[1..]] {
        assert!(matches!(
            audit_stages(models, &card, &srs, None),
            Err(ProveError::Stage { .. })
        ));
    }
    assert!(matches!(
        chain::audit(models[0], &card, &srs, None),
        Err(ProveError::Stage { .. })
    ));
    let reversed: Vec<&[u8]> = models.iter().rev().copied().collect();
    assert!(audit_stages(&reversed, &card, &srs, None).is_err());
}

/// The folder of a stage is that of a segment: linked into that of the chain, it is proven from.
#[test]
fn the_folders_of_stages_are_those_of_segments() {
    let owners = pipeline();
    let (card, srs) = (joined(&owners), srs(K));
    let folder = std::env::temp_dir().join(format!("provenn-stages-{}", std::process::id()));
    for (index, owner) in owners.iter().enumerate() {
        let own = folder.join(chain::folder_name(index));
        save_stage(&owner.card, &owner.segment, &srs, &own).unwrap();
        let saved = std::fs::read(own.join(chain::STAGE)).unwrap();
        assert_eq!(saved, owner.card.to_bytes());
        assert_eq!(AnyCard::from_bytes(&saved), Err(VerifyError::StageCard));
        assert!(store::load(&own).is_err());
    }
    chain::save(&card, &srs, &folder).unwrap();
    let stored = Stored::load(&folder).unwrap().keeping();
    let values = quantize_inputs(&owners[0].segment.model, &[data("pipeline_calibration").remove(0)]).unwrap();
    let inputs = chain::bind_inputs(&stored.card, &stored, &srs, values).unwrap();
    let policy = policy::Label.into();
    let receipt = chain::prove(
        &stored.card,
        &stored,
        &srs,
        &inputs,
        policy,
        Context::default(),
        &|_| {},
    )
    .unwrap();
    assert!(verify(&receipt, &card, &srs_verifying_key(&srs).unwrap(), &accept()).is_ok());
    std::fs::remove_dir_all(&folder).unwrap();
}
