//! The files of a model as a statement of OpenSSF Model Signing.

use crate::folder::Folder;
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::fs;

#[test]
fn the_statement_names_every_file_by_its_digest() {
    let folder = Folder::new("public");
    let export = "export in-toto --card model/model.card --file receipt.bin --out statement.json";
    let made = folder.json(export);
    let statement: Value = serde_json::from_slice(&folder.read("statement.json")).unwrap();
    assert_eq!(
        (&statement["_type"], &statement["predicateType"]),
        (
            &json!("https://in-toto.io/Statement/v1"),
            &json!("https://model_signing/signature/v1.0")
        )
    );
    // By the format: resources in the order of their names, and the subject is the digest of all their digests.
    let names = ["model.card", "receipt.bin", "srs.vk"];
    let paths = ["model/model.card", "receipt.bin", "model/srs.vk"];
    let digests = paths.map(|path| Sha256::digest(folder.read(path)));
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let resources: Vec<Value> = names
        .iter()
        .zip(&digests)
        .map(|(name, digest)| json!({ "name": name, "algorithm": "sha256", "digest": hex(digest) }))
        .collect();
    assert_eq!(statement["predicate"]["resources"], json!(resources));
    let root = hex(&Sha256::digest(digests.concat()));
    let subject = json!([{ "name": made["model_id"], "digest": { "sha256": root } }]);
    assert_eq!(statement["subject"], subject);
    let serialization =
        json!({ "method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": [] });
    assert_eq!(statement["predicate"]["serialization"], serialization);
    folder.fails(export, 2, "output-exists", "statement.json");
    fs::create_dir(folder.path().join("other")).unwrap();
    folder.write("other/srs.vk", b"");
    let twice = export.replace("--file receipt.bin", "--file other/srs.vk --force");
    folder.fails(&twice, 2, "file-names", "srs.vk");
    let wrong = export
        .replace("model/model.card", "receipt.bin")
        .replace("--out", "--srs model/srs.vk --force --out");
    folder.fails(&wrong, 3, "bad-magic", "receipt.bin");
}
