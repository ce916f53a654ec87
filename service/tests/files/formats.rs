//! Inputs and rows in the files that people have: the receipt is about the same numbers in each of them.

use crate::folder::{Folder, FIXTURES};
use png::{ColorType, Encoder};
use serde_json::{json, Value};

fn sample(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(format!("{FIXTURES}/inputs/{name}.json")).unwrap()).unwrap()
}

fn values(sample: &Value) -> Vec<f64> {
    let values = sample["values"].as_array().unwrap().iter();
    values.map(|value| value.as_f64().unwrap()).collect()
}

fn line(values: &[f64]) -> String {
    let words: Vec<String> = values.iter().map(f64::to_string).collect();
    words.join(",")
}

/// The scores that a receipt about this input shows.
fn scores(folder: &Folder, input: &str) -> Value {
    let said = folder.json(&format!(
        "prove --card model/model.card --input {input} --policy scores --out receipt.bin --force"
    ));
    said["output"].clone()
}

#[test]
fn one_input_in_every_form() {
    let folder = Folder::empty();
    let digit = sample("digits_cnn");
    let pixels = values(&digit);
    // Rows without a shape: the model's own is taken.
    let rows: Vec<String> = (1..9)
        .map(|n| line(&pixels.iter().map(|x| x * f64::from(n) / 8.0).collect::<Vec<_>>()))
        .collect();
    folder.write("rows.csv", rows.join("\n").as_bytes());
    folder.json("commit FIXTURES/models/digits_cnn.onnx --calibration rows.csv --out model");
    let expected = scores(&folder, "FIXTURES/inputs/digits_cnn.json");

    folder.write("flat.csv", line(&pixels).as_bytes());
    let nested: Vec<&[f64]> = pixels.chunks(8).collect();
    folder.write("ezkl.json", json!({ "input_data": [pixels] }).to_string().as_bytes());
    folder.write("mlflow.json", json!({ "inputs": [[nested]] }).to_string().as_bytes());
    folder.write(
        "named.json",
        json!({ "inputs": { "image": [[nested]], "input": [[nested]] } })
            .to_string()
            .as_bytes(),
    );
    // Sixteenths: 240 of 255 are 15 / 16.
    let bytes: Vec<u8> = pixels.iter().map(|x| (x * 240.0) as u8).collect();
    let mut png = vec![];
    let mut encoder = Encoder::new(&mut png, 8, 8);
    encoder.set_color(ColorType::Grayscale);
    encoder.write_header().unwrap().write_image_data(&bytes).unwrap();
    folder.write("digit@8.png", &png);
    for input in [
        "flat.csv",
        "ezkl.json",
        "mlflow.json",
        "named.json",
        "digit@8.png@0..1.0625",
    ] {
        assert_eq!(scores(&folder, input), expected, "{input}");
    }

    let fails = |input: &str, code: &str, words: &str| {
        let line = format!("prove --card model/model.card --input {input} --out refused.bin");
        folder.fails(&line, 2, code, words);
    };
    fails("digit@8.png", "png", "picture.png@0..1");
    fails("digit@8.png@0,1,2..3,4,5", "png", "1 channels");
    fails("rows.csv", "sample", "[8, 64]");
    folder.write("short.csv", b"1,2,3");
    fails("short.csv", "sample", "3 values");
    folder.write("words.csv", b"a,b\n1,x");
    fails("words.csv", "csv", "line 2 has `x`");
    folder.write(
        "two.json",
        json!({ "input_data": [[1.0], [2.0]] }).to_string().as_bytes(),
    );
    fails("two.json", "input-names", "");
    folder.fails(
        "commit FIXTURES/models/digits_cnn.onnx --calibration words.csv --out other",
        2,
        "csv",
        "words.csv",
    );
}

#[test]
fn several_inputs_in_the_files_of_other_tools() {
    let folder = Folder::empty();
    folder.json(
        "commit FIXTURES/models/conflict_check.onnx --calibration own=FIXTURES/data/conflict_check_own.npy \
         --calibration listed=FIXTURES/data/conflict_check_listed.npy --out model",
    );
    let both = sample("conflict_check");
    let shown = |input: &str| {
        let said = folder.json(&format!(
            "prove --card model/model.card --input {input} --policy scores --output all --out receipt.bin --force"
        ));
        said["output"].clone()
    };
    let expected = shown("FIXTURES/inputs/conflict_check.json");
    let (own, listed) = (values(&both["own"]), values(&both["listed"]));
    folder.write(
        "ezkl.json",
        json!({ "input_data": [own, listed], "input_shapes": [[8], [4, 8]] })
            .to_string()
            .as_bytes(),
    );
    assert_eq!(shown("ezkl.json"), expected);
    folder.write("own.csv", line(&own).as_bytes());
    folder.write("listed.csv", line(&listed).as_bytes());
    assert_eq!(shown("own=own.csv --input listed=listed.csv"), expected);
}

/// Each row has the receipt that it has alone; rows that cannot be proven cost the others nothing.
#[test]
fn a_receipt_for_each_row() {
    let folder = Folder::empty();
    folder.json(
        "commit FIXTURES/models/linear_30.onnx --calibration FIXTURES/data/breast_cancer_calibration.npy --input committed --out model",
    );
    let input = values(&sample("linear_30"));
    let far: Vec<f64> = input.iter().map(|x| x * 1e6).collect();
    let rows = |rows: &[&[f64]]| rows.iter().map(|row| line(row)).collect::<Vec<_>>().join("\n");
    folder.write("rows.csv", rows(&[&input, &[0.5; 30]]).as_bytes());
    let said =
        folder.json("prove --card model/model.card --rows rows.csv --policy scores --audience alice --out receipts");
    let receipts = said["receipts"].as_array().unwrap();
    assert_eq!(receipts.len(), 2);
    assert_eq!(receipts[0]["output"], scores(&folder, "FIXTURES/inputs/linear_30.json"));
    for row in 0..2 {
        let name = format!("receipts/receipt-0000{row}");
        folder.json(&format!(
            "verify --card model/model.card --receipt {name}.bin --audience alice --accept-dev --any-model"
        ));
        let opening = std::fs::metadata(folder.path().join(format!("{name}.opening.json"))).unwrap();
        assert_eq!(std::os::unix::fs::MetadataExt::mode(&opening) & 0o077, 0);
    }
    folder.fails(
        "prove --card model/model.card --rows rows.csv --out receipts",
        1,
        "io",
        "receipts",
    );

    folder.write("far.csv", rows(&[&far, &input, &far]).as_bytes());
    folder.fails(
        "prove --card model/model.card --rows far.csv --out some",
        1,
        "rows-unproven",
        "2 of 3 rows have no receipt\n  row 0: ",
    );
    let made = std::fs::read_dir(folder.path().join("some")).unwrap().count();
    assert_eq!(made, 2, "a receipt and its opening");
    folder.write("short.csv", b"1,2\n3,4");
    folder.fails(
        "prove --card model/model.card --rows short.csv --out none",
        2,
        "sample",
        "2 values",
    );
    assert!(!folder.path().join("none").exists());
}
