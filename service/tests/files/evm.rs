//! What the verifier contract takes of a card and a receipt.

use crate::folder::Folder;
use serde_json::Value;

fn bytes(value: &Value) -> usize {
    let text = value.as_str().unwrap();
    let digits = text.strip_prefix("0x").unwrap();
    assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{text}");
    digits.len() / 2
}

#[test]
fn key_data_and_arguments_are_exported() {
    let folder = Folder::new("public");
    let export = "export evm --card model/model.card --out evm.json";
    folder.fails(export, 3, "dev-srs", "srs.vk");
    let made = folder.json(&format!("{export} --accept-dev"));
    let read = || serde_json::from_slice::<Value>(&folder.read("evm.json")).unwrap();
    let key_only = read();
    assert_eq!(key_only["key_hash"], made["key_hash"]);
    // Ten bytes of code before what is deployed.
    let data = made["key_bytes"].as_u64().unwrap() as usize;
    assert_eq!(bytes(&key_only["key_creation_code"]), data + 10);
    assert!(key_only["receipt"].is_null());
    folder.fails(&format!("{export} --accept-dev"), 2, "output-exists", "evm.json");
    let address = "0x00000000000000000000000000000000000000a1";
    folder.json(&format!(
        "{export} --accept-dev --receipt receipt.bin --key-address {address} --force"
    ));
    let whole = read();
    assert_eq!(whole["key_hash"], key_only["key_hash"]);
    assert_eq!(bytes(&whole["receipt"]), folder.read("receipt.bin").len());
    for word in ["policy", "answer", "inputs", "audience", "nonce"] {
        assert_eq!(bytes(&whole["statement"][word]), 32, "{word}");
    }
    let ys = whole["ys"].as_array().unwrap();
    assert!(ys.iter().all(|y| bytes(y) == 32) && !ys.is_empty());
    let calldata = whole["calldata"].as_str().unwrap();
    assert!(calldata.contains(&address[2..]) && bytes(&whole["calldata"]) > bytes(&whole["receipt"]));
    // A receipt that does not verify has no arguments.
    let mut damaged = folder.read("receipt.bin");
    *damaged.last_mut().unwrap() ^= 1;
    folder.write("damaged.bin", &damaged);
    let output = folder.run(&format!("{export} --accept-dev --receipt damaged.bin --force"));
    assert!(!output.status.success());
    assert_eq!(read(), whole);
}

#[test]
fn colourings_are_exported() {
    let folder = Folder::new("public");
    folder.json("color key --k 3 --vertices 10 --out srs.vk --force");
    let kit = "FIXTURES/testkit/v2/petersen";
    let export = format!("export evm --graph {kit}.col --srs {kit}.srs --out colours.json");
    let made = folder.json(&format!("{export} --k 3"));
    let read = || serde_json::from_slice::<Value>(&folder.read("colours.json")).unwrap();
    assert_eq!(read()["key_hash"], made["key_hash"]);
    assert!(read()["receipt"].is_null() && read()["model_id"].is_null());
    let address = "0x00000000000000000000000000000000000000a1";
    let receipt = format!("--receipt {kit}.receipt --key-address {address} --force");
    folder.json(&format!("{export} --k 3 {receipt}"));
    let whole = read();
    assert_eq!(whole["key_hash"], made["key_hash"]);
    assert_eq!(whole["statement"]["colours"], 3);
    assert_eq!(whole["statement"]["vertices"], 10);
    assert_eq!(whole["statement"]["edges"], 15);
    assert_eq!(whole["statement"]["graph"], whole["graph"]);
    assert_eq!(bytes(&whole["graph_bytes"]), 8 + 8 * 15);
    let calldata = whole["calldata"].as_str().unwrap();
    let graph = whole["graph_bytes"].as_str().unwrap();
    assert!(calldata.contains(&address[2..]) && calldata.contains(&graph[2..]));
    // Neither of other numbers of colours, nor without a number, nor beside a card.
    folder.fails(
        &format!("{export} --k 4 {receipt}"),
        3,
        "colours-mismatch",
        "petersen.receipt",
    );
    assert!(!folder.run(&export).status.success());
    assert!(!folder
        .run(&format!("{export} --k 3 --card model/model.card"))
        .status
        .success());
    assert_eq!(read(), whole);
}

/// The contract would read the policy of a batch as that of one inference.
#[test]
fn batches_are_not_exported() {
    let folder = Folder::new("public");
    folder.json("commit FIXTURES/models/digits_mlp.onnx --batch 4 --calibration FIXTURES/data/digits_flat_calibration.npy --out batch");
    folder.fails(
        "export evm --card batch/model.card --accept-dev --out evm.json",
        5,
        "not-for-evm",
        "of a batch",
    );
}
