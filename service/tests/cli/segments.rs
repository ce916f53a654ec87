//! Models in segments by several processes.

use super::{fixture, folder, path, provenn, CALIBRATION, MODEL, SAMPLE};
use provenn_prover::chain::Piece;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// A worker has the public files, the run, and the folder of its segment; whoever joins has public files.
#[test]
fn segments_are_proven_by_workers() {
    let all = folder().join("workers");
    fs::create_dir(&all).unwrap();
    let at = |name: &str| path(&all, name);
    let (model, rows, sample) = (fixture(MODEL), fixture(CALIBRATION), fixture(SAMPLE));
    let commit = |out: &str, input: &str| {
        let commit = [
            "commit",
            &model,
            "--calibration",
            &rows,
            "--segments",
            "2",
            "--input",
            input,
        ];
        provenn(&[&commit[..], &["--out", &at(out)]].concat()).ok();
    };
    commit("model", "committed");
    let card = at("model/chain.card");
    let asked = ["--input", &sample, "--policy", "label", "--audience", "alice"];
    let run = |out: &str| provenn(&[&["segment", "run", "--card", &card, "--out", &at(out)], &asked[..]].concat());
    run("run").ok();
    run("run").fails(2, "output-exists");
    run("again").ok();
    for secret in ["run", "run.opening.json"] {
        let mode = fs::metadata(at(secret)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{secret}");
    }
    let prove = |card: &str, run: &str, segment: &str, out: &str| {
        let to = ["--segment", segment, "--out", out];
        provenn(&[&["segment", "prove", "--card", card, "--run", run], &to[..]].concat())
    };
    for segment in ["1", "2"] {
        let worker = all.join(format!("worker-{segment}"));
        let own = worker.join(format!("segment-{segment}"));
        fs::create_dir_all(&own).unwrap();
        let copy = |from: String, to: &Path| fs::copy(from, to).map(drop).unwrap();
        for name in ["chain.card", "srs.vk"] {
            copy(at(&format!("model/{name}")), &worker.join(name));
        }
        let private = at(&format!("model/segment-{segment}/model.private"));
        copy(private, &own.join("model.private"));
        copy(at("run"), &worker.join("run"));
        let [card, run, piece] = ["chain.card", "run", "piece"].map(|name| path(&worker, name));
        let said = provenn(&[
            "--json",
            "segment",
            "prove",
            "--card",
            &card,
            "--run",
            &run,
            "--segment",
            segment,
            "--out",
            &piece,
        ]);
        assert_eq!(said.json()["segments"], 2);
        // Of the other segment there are no files.
        let other = if segment == "1" { "2" } else { "1" };
        prove(&card, &run, other, &at("none")).fails(1, "io");
    }
    let public = all.join("public");
    fs::create_dir(&public).unwrap();
    for name in ["chain.card", "srs.vk"] {
        fs::copy(at(&format!("model/{name}")), public.join(name)).unwrap();
    }
    let (public, receipt) = (path(&public, "chain.card"), at("receipt.bin"));
    let (one, two) = (at("worker-1/piece"), at("worker-2/piece"));
    let join = |card: &str, pieces: &[&str], out: &str| {
        provenn(&[&["segment", "join", "--card", card, "--out", out], pieces].concat())
    };
    join(&public, &[&two, &one], &receipt).ok();
    let verify = [
        "verify",
        "--card",
        &public,
        "--receipt",
        &receipt,
        "--policy",
        "label",
        "--audience",
        "alice",
        "--accept-dev",
        "--any-model",
    ];
    provenn(&verify).ok();

    // What does not fit, by file.
    prove(&card, &at("again"), "2", &at("other")).ok();
    prove(&card, &at("again"), "3", &at("none")).fails(2, "no-such-segment");
    commit("elsewhere", "committed");
    prove(&at("elsewhere/chain.card"), &at("run"), "1", &at("none")).fails(2, "run-file");
    let mut bytes = fs::read(at("run")).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(at("damaged"), &bytes).unwrap();
    prove(&card, &at("damaged"), "1", &at("none")).fails(2, "run-file");
    prove(&card, &one, "1", &at("none")).fails(2, "run-file");
    let other = at("other");
    for (pieces, words) in [
        (&[&*one][..], "there is no piece of segment 2".to_owned()),
        (&[&one, &other], format!("{other}: it is of another run")),
        (
            &[&one, &two, &one],
            format!("{one}: it is of segment 1, and so is another piece\n  the other one is {one}"),
        ),
        (
            &[&one, &at("run")],
            format!("{}: this is no piece of a receipt", at("run")),
        ),
    ] {
        let refused = join(&public, pieces, &at("none"));
        assert!(refused.err.contains(&words), "{}", refused.err);
        refused.fails(2, "pieces");
    }
    join(&at("elsewhere/chain.card"), &[&one, &two], &at("none")).fails(2, "pieces");
    // A proof that does not hold is named by its file too, wherever it stands.
    let mut bad = Piece::from_bytes(&fs::read(&two).unwrap()).unwrap();
    bad.part.segments[0].link.z[0][0] ^= 1;
    let forged = at("forged");
    fs::write(&forged, bad.to_bytes()).unwrap();
    for pieces in [[&one, &forged], [&forged, &one]] {
        let refused = join(&public, &pieces.map(String::as_str), &at("none"));
        let words = format!("{forged}: its proof of segment 2 does not hold: ");
        assert!(refused.err.contains(&words), "{}", refused.err);
        refused.fails(2, "pieces");
    }
    assert!(!Path::new(&at("none")).exists());

    // What they are, and nothing secret: neither a value nor a scalar.
    let shown = provenn(&["--json", "show", &at("run")]).json();
    assert_eq!(
        (&shown["segments"], &shown["secret"], &shown["audience"]),
        (&2.into(), &true.into(), &"alice".into())
    );
    assert_eq!((&shown["whole"], &shown["policy"]), (&true.into(), &"label".into()));
    assert_eq!(shown.as_object().unwrap().len(), 9, "{shown}");
    let shown = provenn(&["--json", "show", &two]).json();
    assert_eq!((&shown["segment"], &shown["segments"]), (&2.into(), &2.into()));
}

/// What is for models in segments is not for others, nor for batches.
#[test]
fn runs_are_of_models_in_segments() {
    let model = super::committed("public");
    let (card, sample, out) = (path(&model, "model.card"), fixture(SAMPLE), path(folder(), "no-run"));
    let run = ["segment", "run", "--card", &card, "--input", &sample, "--out", &out];
    let refused = provenn(&run);
    assert!(
        refused
            .err
            .contains("is a model card; expected a card of a model in segments"),
        "{}",
        refused.err
    );
    refused.fails(2, "wrong-file");
}

/// What `inspect` says is what `commit` makes: where it is cut, rows, and the receipt's size.
#[test]
fn a_forecast_is_what_is_made() {
    let all = folder().join("forecast");
    fs::create_dir(&all).unwrap();
    let at = |name: &str| path(&all, name);
    let (model, rows, sample) = (fixture(MODEL), fixture(CALIBRATION), fixture(SAMPLE));
    let asked = [&model, "--calibration", &rows, "--optimize", "receipt"];
    let inspect = |more: &[&str]| provenn(&[&["--json", "inspect"], &asked[..], more].concat());
    let commit =
        |more: &[&str], out: &str| provenn(&[&["--json", "commit"], &asked[..], more, &["--out", out]].concat());
    let forecast = inspect(&["--segments", "2"]).json();
    let made = commit(&["--segments", "2"], &at("model")).json();
    assert_eq!(forecast["cuts"], made["cuts"]);
    let segments = forecast["segments"].as_array().unwrap();
    assert_eq!(segments.len(), 2);
    assert_eq!(
        (&segments[0]["gives"], &segments[1]["gives"]),
        (&made["cuts"][0], &serde_json::Value::Null)
    );
    let shown = provenn(&["--json", "show", &at("model/chain.card")]).json();
    assert_eq!(shown["k"], forecast["k"]);
    let whole = &forecast["forecast"];
    let part = |name: &str| -> Vec<f64> {
        segments
            .iter()
            .map(|one| one["forecast"][name].as_f64().unwrap())
            .collect()
    };
    assert_eq!(
        part("receipt_bytes").iter().sum::<f64>(),
        whole["receipt_bytes"].as_f64().unwrap()
    );
    assert_eq!(
        part("memory_bytes").into_iter().fold(0.0, f64::max),
        whole["memory_bytes"].as_f64().unwrap()
    );
    let receipt = at("receipt.bin");
    let card = at("model/chain.card");
    provenn(&[
        "prove", "--card", &card, "--input", &sample, "--policy", "label", "--out", &receipt,
    ])
    .ok();
    // Public inputs are in the receipt and not in the forecast, at most 6 bytes each.
    let (bytes, predicted) = (
        fs::metadata(&receipt).unwrap().len() as f64,
        whole["receipt_bytes"].as_f64().unwrap(),
    );
    assert!(
        (bytes - predicted).abs() < 0.1 * predicted,
        "{bytes} bytes, predicted {predicted}"
    );

    // Cut at that tensor by its name it is the same, and nowhere else where the rest reads more.
    let cut = made["cuts"][0].as_str().unwrap().to_owned();
    assert_eq!(inspect(&["--cut-at", &cut]).json()["segments"], forecast["segments"]);
    let named = commit(&["--cut-at", &cut], &at("named")).json();
    assert_eq!((&named["cuts"], &named["segments"]), (&made["cuts"], &made["segments"]));
    for (name, words) in [
        ("no such tensor", "no tensor of the circuit has this name"),
        ("input", "it is an input of the model"),
        ("output", "it is an output of the model, or comes after one"),
    ] {
        let refused = commit(&["--cut-at", name], &at("none"));
        let said = format!("cannot be cut at \"{name}\": {words}");
        assert!(
            refused.err.contains(&said) && refused.err.contains(&format!("cut at some of \"{cut}\"")),
            "{}",
            refused.err
        );
        assert_eq!(refused.exit, 4);
        assert_eq!(inspect(&["--cut-at", name]).exit, 4);
    }
    let refused = commit(&["--cut-at", &cut, "--cut-at", &cut], &at("none"));
    assert!(refused.err.contains("it is named twice"), "{}", refused.err);
    assert_eq!(refused.exit, 4);
    assert_eq!(commit(&["--cut-at", &cut, "--segments", "2"], &at("none")).exit, 2);
    assert!(!Path::new(&at("none")).exists());
}

/// Files of cards are read as far as the format allows, and no further.
#[test]
fn a_large_card_is_read() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let card = folder.path().join("chain.card");
    let golden = fs::read(fixture("chains/digits_mlp.card")).unwrap();
    fs::write(&card, &golden).unwrap();
    let file = fs::File::options().write(true).open(&card).unwrap();
    for (bytes, exit, code) in [(128 << 20, 3, "trailing-bytes"), ((128 << 20) + 1, 5, "file-too-large")] {
        file.set_len(bytes).unwrap();
        provenn(&["show", card.to_str().unwrap()]).fails(exit, code);
    }
}

/// The card of a stage is no model to prove, and its folder has no `model.card`: that is what is said.
#[test]
fn a_stage_is_no_model() {
    let card = fixture("testkit/files/segment_alone.card");
    let prove = [
        "prove",
        "--card",
        &card,
        "--input",
        &fixture(SAMPLE),
        "--out",
        &path(folder(), "no-stage"),
    ];
    provenn(&prove).fails(3, "stage-card");
}
