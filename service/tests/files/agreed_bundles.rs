//! A bundle with the agreement that its receipts are under.

use crate::agreements::{Parties, UNDER};
use provenn_verifier::Bundle;
use serde_json::json;
use std::fs;

/// With agreement and signatures in the bundle a verdict needs nothing beside it.
#[test]
fn a_bundle_holds_the_agreement() {
    let parties = Parties::new();
    let Parties {
        folder,
        patient,
        clinic,
    } = &parties;
    folder.json(&format!("{UNDER} --policy label --out first.bin"));
    let bundle = "bundle --card model/model.card --agreement deal";
    let whole = format!("{bundle} --receipt first.bin --party-input own.signed");
    let made = folder.json(&format!("{whole} --out whole"));
    assert_eq!(made["agreement"], json!(true));
    assert_eq!(folder.json("show whole")["agreement"], json!(true));
    fs::create_dir(folder.path().join("away")).unwrap();
    folder.write("away/b", &folder.read("whole"));
    // The bundle alone: everything is checked, and the parties are as stated until their keys are named.
    let verdict = folder.json("verify away/b --accept-dev --any-model");
    let digest = folder.json("show deal")["digest"].clone();
    assert_eq!(
        (&verdict["agreement"]["digest"], &verdict["agreement"]["suppliers"]),
        (&digest, &json!(["patient"]))
    );
    assert!(verdict["not_proven"]
        .to_string()
        .contains("Whose keys those of the parties are"));
    let named = folder.json(&format!(
        "verify away/b --accept-dev --party {patient} --party {clinic}"
    ));
    assert!(!named["not_proven"]
        .to_string()
        .contains("Whose keys those of the parties are"));
    let said = folder.text(&format!("verify away/b --accept-dev --party {patient}"));
    assert!(
        said.contains("\"clinic\" agreed") && said.contains("[as stated; you did not name this key]"),
        "{said}"
    );
    let stranger = folder.json("party key --name s.example --out s.key")["key"].clone();
    let line = format!("verify away/b --accept-dev --party {}", stranger.as_str().unwrap());
    folder.fails(&line, 3, "agreement-stranger", "s.example");
    // A bundle is made of what belongs together.
    folder.fails(
        &format!("{bundle} --receipt first.bin --out c"),
        3,
        "input-unsigned",
        "\"patient\"",
    );
    folder.fails(
        &whole
            .replace("first.bin", "receipt.bin")
            .replace("--party-input", "--out c --party-input"),
        3,
        "agreement-differs",
        "found \"alice\"",
    );
    folder.fails(
        &format!("{bundle} --receipt first.bin --party-input deal --out c"),
        3,
        "bad-magic",
        "expected a party's signature of an input",
    );
    assert!(!folder.path().join("c").exists());
    // Whoever puts another agreement, or none, around a receipt changes what is said of it.
    parties.agree("later", "--not-after 4000000001");
    let mut parts = Bundle::from_bytes(&folder.read("whole")).unwrap();
    parts.agreement = Some(folder.read("later"));
    folder.write("other", &parts.to_bytes());
    folder.fails(
        "verify other --accept-dev --any-model",
        3,
        "agreement-differs",
        "its agreement",
    );
    parts.agreement = Some(folder.read("deal.half"));
    folder.write("other", &parts.to_bytes());
    folder.fails(
        "verify other --accept-dev --any-model",
        3,
        "agreement-unsigned",
        "\"patient\"",
    );
    parts.agreement = Some(folder.read("deal"));
    parts.input_signatures.clear();
    folder.write("other", &parts.to_bytes());
    folder.fails(
        "verify other --accept-dev --any-model",
        3,
        "input-unsigned",
        "input \"input\"",
    );
    parts.agreement = None;
    folder.write("other", &parts.to_bytes());
    let open = folder.json("verify other --accept-dev --any-model");
    assert_eq!(
        (&open["agreement"], &open["receipts"][0]["agreement_missing"]),
        (&json!(null), &digest)
    );
    folder.fails(
        &format!("verify other --accept-dev --party {patient}"),
        2,
        "no-agreement",
        "--agreement FILE",
    );
}
