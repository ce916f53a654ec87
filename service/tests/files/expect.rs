//! The sample gate: recorded outputs are those that would be proven, or nothing is committed.

use crate::folder::{Folder, FIXTURES};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::ZipWriter;

const ROWS: usize = 64;
const COMMIT: &str = "commit FIXTURES/models/linear_30.onnx --calibration FIXTURES/data/breast_cancer_calibration.npy";

/// A `.npy` file of 32-bit floats.
fn npy(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let extents: Vec<String> = shape.iter().map(|extent| format!("{extent},")).collect();
    let mut header = format!(
        "{{'descr': '<f4', 'fortran_order': False, 'shape': ({}), }}",
        extents.concat()
    );
    header.push_str(&" ".repeat(63 - (10 + header.len()) % 64));
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\0".to_vec();
    bytes.extend(u16::try_from(header.len()).unwrap().to_le_bytes());
    bytes.extend(header.as_bytes());
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

fn npz(arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(vec![]));
    for (name, array) in arrays {
        archive
            .start_file(format!("{name}.npy"), SimpleFileOptions::default())
            .unwrap();
        archive.write_all(array).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A file of one tensor, as ONNX has them.
fn tensor(shape: &[usize], values: &[f32]) -> Vec<u8> {
    let mut bytes = vec![];
    for extent in shape {
        bytes.extend([0x08, u8::try_from(*extent).unwrap()]);
    }
    // The element type: 32-bit floats.
    bytes.extend([0x10, 1, 0x4a]);
    let mut length = values.len() * 4;
    while length > 127 {
        bytes.push(length as u8 | 128);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
    bytes
}

/// The first elements of a fixture of 32-bit floats.
fn fixture(name: &str, count: usize) -> Vec<f32> {
    let bytes = std::fs::read(Path::new(FIXTURES).join("data").join(name)).unwrap();
    let data = &bytes[bytes.iter().position(|b| *b == b'\n').unwrap() + 1..];
    let values = data.chunks_exact(4).map(|v| f32::from_le_bytes(v.try_into().unwrap()));
    values.take(count).collect()
}

/// What a commitment says.
#[track_caller]
fn committed(folder: &Folder, more: &str) -> Value {
    folder.json(&format!("{COMMIT} {more}"))
}

#[track_caller]
fn refused(folder: &Folder, more: &str, exit: i32, code: &str, words: &[&str]) {
    words
        .iter()
        .for_each(|words| folder.fails(&format!("{COMMIT} {more}"), exit, code, words));
}

#[test]
fn recorded_outputs_are_compared_before_anything_is_committed() {
    let folder = Folder::empty();
    let inputs = fixture("breast_cancer_test.npy", 30 * ROWS);
    let outputs = fixture("linear_30_test_outputs.npy", ROWS);
    let given = |outputs: &[f32]| {
        npz(&[
            ("input", npy(&[ROWS, 30], &inputs)),
            ("output", npy(&[ROWS, 1], outputs)),
        ])
    };
    folder.write("right.npz", &given(&outputs));
    let said = committed(&folder, "--expect right.npz --out right");
    let gap = &said["expected"][0];
    assert_eq!(
        (&gap["output"], &gap["samples"]),
        (&"output".into(), &64.into()),
        "{said}"
    );
    assert!(gap["share"].as_f64().unwrap() < 0.002, "{gap}");

    let mut wrong = outputs.clone();
    wrong[7] += 0.2 * outputs.iter().fold(0f32, |most, v| most.max(v.abs()));
    folder.write("wrong.npz", &given(&wrong));
    refused(
        &folder,
        "--expect right.npz --expect wrong.npz --out wrong",
        4,
        "expected",
        &["`output`", "of sample 71", "means something else"],
    );
    assert!(!folder.path().join("wrong").exists());
    committed(&folder, "--expect wrong.npz --expect-error 0.5 --out accepted");
    // The imported model is right and its integers are not that exact.
    refused(
        &folder,
        "--expect right.npz --expect-error 0.0000003 --out exact",
        4,
        "expected",
        &["the integers are too coarse"],
    );
}

#[test]
fn folders_of_tensors_are_read_in_order() {
    let folder = Folder::empty();
    let inputs = fixture("breast_cancer_test.npy", 60);
    let outputs = fixture("linear_30_test_outputs.npy", 2);
    for set in 0..2 {
        let name = format!("sets/test_data_set_{set}");
        std::fs::create_dir_all(folder.path().join(&name)).unwrap();
        folder.write(
            &format!("{name}/input_0.pb"),
            &tensor(&[1, 30], &inputs[30 * set..][..30]),
        );
        folder.write(&format!("{name}/output_0.pb"), &tensor(&[1, 1], &outputs[set..][..1]));
    }
    committed(&folder, "--expect sets --out both");
    committed(&folder, "--expect sets/test_data_set_1 --out one");
    folder.write("sets/test_data_set_1/output_0.pb", &tensor(&[1, 1], &[1e3]));
    refused(&folder, "--expect sets --out wrong", 4, "expected", &["of sample 1 "]);
    folder.write("sets/test_data_set_1/output_0.pb", b"\xff\xff");
    refused(&folder, "--expect sets --out wrong", 2, "expect", &["output_0.pb"]);
}

#[test]
fn what_is_no_record_of_the_model_is_refused_by_name() {
    let folder = Folder::empty();
    let (row, score) = (npy(&[30], &[0.0; 30]), npy(&[1], &[0.0]));
    let mut cut = npz(&[("input", row.clone()), ("output", score.clone())]);
    cut.truncate(cut.len() - 30);
    for (bytes, code, word) in [
        (npz(&[("input", row.clone())]), "expect", "`output`"),
        (
            npz(&[("input", row.clone()), ("output", score.clone()), ("y", score.clone())]),
            "expect",
            "`y`",
        ),
        (
            npz(&[("input", npy(&[29], &[0.0; 29])), ("output", score.clone())]),
            "expect",
            "[29]",
        ),
        (
            npz(&[("input", npy(&[2, 30], &[0.0; 60])), ("output", score)]),
            "expect",
            "counts samples",
        ),
        (cut, "npz", "usable"),
        (row, "npz", "usable"),
    ] {
        folder.write("expect.npz", &bytes);
        refused(
            &folder,
            "--expect expect.npz --out model",
            2,
            code,
            &[word, "expect.npz"],
        );
    }
    let said = folder.run(&format!("{COMMIT} --expect-error 2 --expect expect.npz --out model"));
    assert!(String::from_utf8_lossy(&said.stderr).contains("a number from 0 to 1"));
    refused(&folder, "--expect nothing.npz --out model", 1, "io", &["nothing.npz"]);
}

/// The inputs of a model with several, by name in one file.
#[test]
fn an_archive_holds_every_input() {
    let folder = Folder::empty();
    let data = |name: &str| std::fs::read(Path::new(FIXTURES).join("data").join(name)).unwrap();
    let rows = [
        ("own", data("conflict_check_own.npy")),
        ("listed", data("conflict_check_listed.npy")),
    ];
    folder.write("rows.npz", &npz(&rows));
    folder.write("own.npz", &npz(&rows[..1]));
    let commit = "commit FIXTURES/models/conflict_check.onnx";
    folder.json(&format!("{commit} --calibration rows.npz --out model"));
    folder.fails(
        &format!("{commit} --calibration own.npz --out other"),
        2,
        "input-names",
        "listed",
    );
    let prove = "prove --card model/model.card --output conflict --policy label --out receipt.bin --input";
    folder.fails(&format!("{prove} rows.npz"), 2, "sample", "rows.npz");
    let sample: Value =
        serde_json::from_slice(&std::fs::read(Path::new(FIXTURES).join("inputs/conflict_check.json")).unwrap())
            .unwrap();
    let one = |name: &str| {
        let numbers = |field: &str| {
            sample[name][field]
                .as_array()
                .unwrap()
                .iter()
                .map(|v| v.as_f64().unwrap())
        };
        let shape: Vec<usize> = numbers("shape").map(|v| v as usize).collect();
        npy(&shape, &numbers("values").map(|v| v as f32).collect::<Vec<_>>())
    };
    folder.write("sample.npz", &npz(&[("listed", one("listed")), ("own", one("own"))]));
    folder.json(&format!("{prove} sample.npz"));
}
