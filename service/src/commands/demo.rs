//! `provenn demo`: the whole life of a receipt on a trained digit classifier, and three forgeries.

use crate::data::npy;
use crate::error::CliError;
use crate::progress::Progress;
use crate::report::{grouped, out, Report};
use crate::srs::UNSAFE;
use provenn_circuits::program::{execute, quantize_input};
use provenn_prover::commit::{commit, compile, srs_verifying_key, CommitOptions, Committed};
use provenn_prover::fidelity::argmax;
use provenn_prover::prove::prove;
use provenn_prover::srs::Srs;
use provenn_prover::{store, Input};
use provenn_verifier::{
    policy, verify, Answer, Context, Expectation, ModelCard, Receipt, SrsVerifyingKey, VerifyError,
};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

pub const MODEL: &[u8] = include_bytes!("../../../fixtures/models/digits_cnn.onnx");
pub const CALIBRATION: &[u8] = include_bytes!("../../../fixtures/data/digits_calibration.npy");
pub const HELD_OUT: &[u8] = include_bytes!("../../../fixtures/data/digits_test.npy");
const LABELS: &[u8] = include_bytes!("../../../fixtures/data/digits_test_labels.npy");
/// The held-out row that is proven.
const ROW: usize = 11;
const AUDIENCE: &str = "demo";

pub fn run(json: bool) -> Result<Report, CliError> {
    let say = |text: String| {
        if !json {
            let _written = out(&text);
        }
    };
    let folder = tempfile::tempdir().map_err(|e| CliError::io(&std::env::temp_dir(), &e))?;
    let held_out = npy::parse(HELD_OUT)?.rows.concat();
    // One label per row: each row has no further axis, so it is one value.
    let labels: Vec<usize> = npy::parse(LABELS)?
        .rows
        .concat()
        .into_iter()
        .flatten()
        .map(|v| v as usize)
        .collect();
    let (Some(digit), Some(&label)) = (held_out.get(ROW), labels.get(ROW)) else {
        return Err(broken("the embedded data has too few rows"));
    };

    let (commit_seconds, (committed, srs)) = timed(|| commitment(folder.path(), held_out.clone()))?;
    let fidelity = store::description(&committed.card)?.fidelity;
    let right = correct(&committed, &held_out, &labels)?;
    let card = committed.card.to_bytes();
    say(format!(
        "1. The owner commits to a digit classifier (8x8 images, {} parameters, circuit of 2^{} rows) in {commit_seconds:.2} s.\n   \
         Card of {} bytes to publish; the weights stay private. On {} held-out images the quantized model is right {right} times;\n   \
         {} labels differ from the float model's.\n",
        grouped(store::description(&committed.card)?.parameters), committed.layout.shape.k, grouped(card.len()), fidelity.rows, fidelity.label_flips,
    ));

    say(format!(
        "2. It proves its answer for this image, which it never saw before (a {label}):\n{}",
        drawing(digit)
    ));
    let progress = Progress::new("proving");
    let inputs = [Input::Public(quantize_input(&committed.model, 0, digit)?)];
    let nonce = *b"a challenge picked by the reader";
    let context = Context {
        audience: AUDIENCE.into(),
        nonce,
        not_after: 0,
    };
    let stage = |stage| progress.stage(stage);
    let (prove_seconds, receipt) =
        timed(|| Ok(prove(&committed, &srs, &inputs, policy::Label.into(), context, &stage)?))?;
    drop(progress);
    say(format!("   A receipt of {} bytes in {prove_seconds:.2} s. It shows the image and the label, and nothing about the weights.\n", grouped(receipt.len())));

    // From here on: a verifier, who has the published files and the receipt only.
    let key = SrsVerifyingKey::from_bytes(&srs_verifying_key(&srs)?.to_bytes())?;
    let card = ModelCard::from_bytes(&card)?.check(&key)?;
    let expectation = Expectation::new(card.model_id(), policy::Label, AUDIENCE, nonce).accepting_dev();
    let (verify_seconds, verdict) = timed(|| Ok(verify(&receipt, &card, &key, &expectation)?))?;
    let inference = || broken("the receipt states no inference");
    let body = verdict.claim().body.inference().ok_or_else(inference)?;
    let Answer::Label(proven) = body.item()?.answer else {
        return Err(broken("the receipt has another policy"));
    };
    say(format!(
        "3. A verifier with the card and the receipt accepts in {:.1} ms: the committed model says {proven}.\n",
        verify_seconds * 1000.0
    ));

    let refusals = forgeries(&receipt, proven)?
        .into_iter()
        .map(|(what, forged)| match verify(&forged, &card, &key, &expectation) {
            Ok(_) => Err(broken(&format!("a forged receipt was accepted: {what}"))),
            Err(error) => Ok((what, error)),
        })
        .collect::<Result<Vec<(&str, VerifyError)>, CliError>>()?;
    say("4. Forgeries are refused:\n".into());
    for (what, error) in &refusals {
        say(format!("   {what:<38} error[{}]: {error}\n", error.code()));
    }
    if proven as usize != label {
        return Err(broken("the model is wrong about the demo's image"));
    }
    Ok(Report {
        text: format!("\nNote: {UNSAFE}.\nEverything was in a temporary folder, removed now.\n"),
        json: json!({
            "commit_seconds": commit_seconds,
            "prove_seconds": prove_seconds,
            "verify_seconds": verify_seconds,
            "k": committed.layout.shape.k,
            "receipt_bytes": receipt.len(),
            "card_bytes": card.to_bytes().len(),
            "held_out_rows": fidelity.rows,
            "held_out_correct": right,
            "label_flips": fidelity.label_flips,
            "label": proven,
            "refused": refusals.iter().map(|(what, e)| json!({ "forgery": what, "code": e.code() })).collect::<Vec<_>>(),
        }),
        ..Report::default()
    })
}

/// Commits, stores and reads back, as an owner would.
fn commitment(folder: &Path, held_out: Vec<Vec<f32>>) -> Result<(Committed, Srs), CliError> {
    let _progress = Progress::new("committing");
    let options = CommitOptions {
        calibration: Some(npy::parse(CALIBRATION)?),
        held_out: Some(held_out.into()),
        ..CommitOptions::default()
    };
    let compiled = compile(MODEL, &options)?;
    let srs = Srs::load_or_make_dev(&folder.join("srs"), compiled.layout.shape.k)?;
    let model = folder.join("model");
    store::save(&commit(&compiled, &options, &srs)?, &srs, &model)?;
    Ok((store::load(&model)?, srs))
}

fn timed<T>(work: impl FnOnce() -> Result<T, CliError>) -> Result<(f64, T), CliError> {
    let started = Instant::now();
    let result = work()?;
    Ok((started.elapsed().as_secs_f64(), result))
}

/// Rows the integer program labels correctly.
fn correct(committed: &Committed, rows: &[Vec<f32>], labels: &[usize]) -> Result<usize, CliError> {
    let mut right = 0;
    for (row, &label) in rows.iter().zip(labels) {
        let trace = execute(&committed.model, &[quantize_input(&committed.model, 0, row)?])?;
        let outputs = trace.outputs(&committed.model);
        right += usize::from(outputs.first().is_some_and(|scores| argmax(scores) == label));
    }
    Ok(right)
}

fn forgeries(receipt: &[u8], label: u32) -> Result<Vec<(&'static str, Vec<u8>)>, CliError> {
    let change = |edit: &dyn Fn(&mut Receipt)| {
        let mut forged = Receipt::from_bytes(receipt)?;
        edit(&mut forged);
        Ok::<_, CliError>(forged.to_bytes())
    };
    let flipped = change(&|r| {
        if let Some(byte) = r.proof.last_mut() {
            *byte ^= 1;
        }
    })?;
    Ok(vec![
        (
            "another label in the claim",
            change(&|r| {
                let items = r
                    .claim
                    .body
                    .inference_mut()
                    .into_iter()
                    .flat_map(|body| &mut body.items);
                items.for_each(|item| item.answer = Answer::Label((label + 1) % 10));
            })?,
        ),
        ("one bit of the proof flipped", flipped),
        (
            "shown to another audience",
            change(&|r| r.claim.context.audience = "somebody else".into())?,
        ),
        ("one byte appended", [receipt, &[0]].concat()),
    ])
}

/// An image of 8x8 values in [0, 1].
fn drawing(pixels: &[f32]) -> String {
    let shade = |v: &f32| match (v * 4.0).round() as i32 {
        0 => "  ",
        1 => "..",
        2 => "++",
        3 => "##",
        _ => "@@",
    };
    pixels
        .chunks(8)
        .map(|row| format!("      |{}|\n", row.iter().map(shade).collect::<String>()))
        .collect()
}

/// The demo did not hold.
fn broken(message: &str) -> CliError {
    CliError::new(1, "demo", message, "this is a defect; please report it")
}
