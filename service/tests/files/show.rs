//! `provenn show` on every file, and what a publisher says of a model.

use crate::bundles::logged;
use crate::folder::{Folder, ABOUT, COMMIT, FIXTURES};
use provenn_prover::chain::{PIECE_MAGIC, RUN_MAGIC};
use provenn_prover::store::PRIVATE_MAGIC;
use provenn_verifier::tlog::EntryKind;
use provenn_verifier::{FileKind, FORMAT_VERSION};
use serde_json::{json, Value};
use std::fs;

#[test]
fn every_file_says_what_it_is() {
    let folder = Folder::new("public");
    let card = folder.json("show model/model.card");
    assert_eq!(
        (&card["file"], &card["format_version"], &card["card"]["about"]),
        (
            &json!("a model card"),
            &json!(2),
            &serde_json::from_str::<Value>(ABOUT).unwrap()
        )
    );
    let text = folder.text("show model/model.card");
    for words in [
        "Tumours",
        "MIT",
        "mail@clinic.example",
        "\"malign\", \"benign\"",
        "log odds",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let receipt = folder.json("show receipt.bin --card model/model.card");
    assert_eq!(
        (&receipt["model_id"], &receipt["audience"]),
        (&card["model_id"], &json!("alice"))
    );
    let label = usize::try_from(receipt["output"].as_u64().unwrap()).unwrap();
    let class = ["malign", "benign"][label];
    assert_eq!(receipt["class"], class);
    let shown = format!("label {label} (\"{class}\")");
    for line in ["show receipt.bin", "explain receipt.bin"] {
        assert!(
            folder.text(&format!("{line} --card model/model.card")).contains(&shown),
            "{line}"
        );
        assert!(!folder.text(line).contains(class), "{line}");
    }
    // The public input in its own units is the sample, as far as the scales reach.
    let sample: Value =
        serde_json::from_slice(&fs::read(format!("{FIXTURES}/inputs/breast_cancer_mlp.json")).unwrap()).unwrap();
    let step = 2f64.powi(-i32::try_from(card["card"]["inputs"][0]["frac"].as_i64().unwrap()).unwrap());
    let shown = receipt["inputs"][0]["values"].as_array().unwrap();
    for (shown, given) in shown.iter().zip(sample["values"].as_array().unwrap()) {
        let shown: f64 = shown.as_str().unwrap().parse().unwrap();
        assert!((shown - given.as_f64().unwrap()).abs() <= step, "{shown} {given}");
    }
    assert_eq!(shown.len(), 30);
    // Keys stand in a card behind six bytes and their length.
    let bytes = folder.read("model/model.card");
    let length = u32::from_le_bytes(bytes[6..10].try_into().unwrap()) as usize;
    folder.write("circuit.key", &bytes[10..10 + length]);
    assert_eq!(folder.json("show circuit.key")["key_digest"], card["key_digest"]);
    folder.write("entry", &[&b"PRVE\x02\0\x01"[..], &[7; 32]].concat());
    assert_eq!(folder.json("show entry")["sha256"], "07".repeat(32));
    let srs = folder.json("show model/srs.vk");
    assert_eq!((&srs["srs_id"], &srs["dev"]), (&card["srs_id"], &json!(true)));
    let k = card["k"].as_u64().unwrap();
    assert_eq!(
        folder.json(&format!("show home/dev-k{k}.srs"))["srs_id"],
        card["srs_id"]
    );
    let private = folder.json("show model/model.private");
    assert_eq!((&private["k"], &private["secret"]), (&json!(k), &json!(true)));
    for (name, exit, code) in [("about.json", 2, "opening"), ("none", 1, "io")] {
        folder.fails(&format!("show {name}"), exit, code, name);
    }
    folder.write("cut", &folder.read("receipt.bin")[..100]);
    folder.fails("show cut", 3, "truncated", "cut");
}

/// Every kind is known: of one that is cut behind its first bytes that is said, and not that nobody knows it.
#[test]
fn every_kind_of_file_is_known() {
    let folder = Folder::empty();
    for kind in FileKind::ALL {
        folder.write("file", &[&kind.magic()[..], &FORMAT_VERSION.to_le_bytes()].concat());
        let said = folder.run("show file");
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        let cut = if kind == FileKind::Bundle {
            "bundle-damaged"
        } else {
            "truncated"
        };
        assert!(said.starts_with(&format!("error[{cut}]")), "{kind}: {said}");
    }
    // Those of the program alone.
    let others: [&[u8]; 6] = [
        b"PROVNSRS",
        &PRIVATE_MAGIC[..],
        &RUN_MAGIC,
        &PIECE_MAGIC,
        b"c2sp.org/tlog-proof@v1",
        b"PRIVATE+KEY+a",
    ];
    for magic in others {
        folder.write("file", magic);
        let said = folder.run("show file");
        let said = String::from_utf8_lossy(&said.stderr).into_owned();
        assert!(
            said.starts_with("error[") && !said.starts_with("error[wrong-file]"),
            "{magic:?}: {said}"
        );
    }
}

#[test]
fn keys_and_proofs_of_a_log_are_shown() {
    let folder = Folder::empty();
    let commands = [
        ("a publisher", "publisher key --name clinic.example --out key"),
        ("a party", "party key --name clinic.example --out key"),
        ("a witness", "log witness --name clinic.example --out key"),
    ];
    for (whose, command) in commands {
        let _ = fs::remove_file(folder.path().join("key"));
        let made = folder.text(command);
        let shown = folder.json("show key");
        assert_eq!((&shown["whose"], &shown["secret"]), (&json!(whose), &json!(true)));
        assert!(made.contains(shown["key"].as_str().unwrap()), "{made}");
        let secret = String::from_utf8(folder.read("key")).unwrap();
        // PRIVATE, KEY, name, hash; the rest may have more of these signs.
        let secret = secret.trim_end().splitn(5, '+').nth(4).unwrap();
        assert!(!format!("{shown}{}", folder.text("show key")).contains(secret));
    }
    folder.write("key", b"PRIVATE+KEY+clinic.example+00000000+AAAA\n");
    folder.fails("show key", 2, "log-key", "no private key");
    let (key, proof) = logged(&folder, EntryKind::Receipt, b"a receipt");
    folder.write("proof", proof.as_bytes());
    let shown = folder.json("show proof");
    assert_eq!(
        (&shown["log"], &shown["index"], &shown["signed_by"]),
        (&json!("log.example"), &json!(0), &json!(["log.example"]))
    );
    let told = folder.json("show log.key");
    assert_eq!((&told["whose"], &told["key"]), (&json!("a log"), &json!(key)));
    folder.write("cut", &proof.as_bytes()[..30]);
    assert_eq!(folder.run("show cut").status.code(), Some(3));
}

#[test]
fn secrets_are_not_shown() {
    let folder = Folder::new("committed");
    let opening: Value = serde_json::from_slice(&folder.read("receipt.opening.json")).unwrap();
    let shown = folder.json("show receipt.opening.json --card model/model.card");
    assert_eq!(
        (&shown["inputs"][0]["name"], &shown["inputs"][0]["values"]),
        (&json!("input"), &json!(30))
    );
    assert_eq!(shown["inputs"][0]["commitments"], opening["points"]);
    let told = format!("{shown}{}", folder.text("show receipt.opening.json"));
    for tail in opening["tails"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|column| column.as_array().unwrap())
    {
        assert!(!told.contains(tail.as_str().unwrap()));
    }
    let receipt = folder.json("show receipt.bin");
    assert_eq!(receipt["inputs"][0]["points"], opening["points"]);
}

#[test]
fn what_is_said_fits_the_model_and_is_bound() {
    let folder = Folder::new("public");
    for (about, words) in [
        (r#"{"license": "MIT"}"#, "unknown field `license`"),
        (
            r#"{"outputs": [{"name": "output", "classes": ["one"]}]}"#,
            "2 labels, and 1 classes",
        ),
        (
            r#"{"outputs": [{"name": "scores"}]}"#,
            "no output \"scores\"; it has \"output\"",
        ),
        (r#"{"name": "a\u202eb"}"#, "cannot be shown"),
    ] {
        folder.write("wrong.json", about.as_bytes());
        folder.fails(&format!("{COMMIT} --about wrong.json --out other"), 2, "about", words);
        assert!(!folder.path().join("other").exists());
    }
    // Another class is another card: its model id is another one.
    let card = folder.read("model/model.card");
    let at = card.windows(6).position(|bytes| bytes == b"malign").unwrap();
    let mut changed = card.clone();
    changed[at..at + 6].copy_from_slice(b"benign");
    folder.write("changed.card", &changed);
    folder.fails(
        "show receipt.bin --card changed.card",
        3,
        "model-mismatch",
        "the receipt is about",
    );
    // And so is one whose publisher says what does not fit.
    changed[at - 1] = b'\\';
    folder.write("changed.card", &changed);
    folder.fails("show changed.card", 3, "card-description", "changed.card");
}
