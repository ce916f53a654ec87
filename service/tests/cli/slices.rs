//! Models that take an input in parts.

use super::{fixture, folder, path, provenn, CALIBRATION, MODEL};
use provenn_service::data::{npy, npz};
use std::fs;
use std::path::PathBuf;

fn place(name: &str) -> PathBuf {
    let place = folder().join(name);
    fs::create_dir_all(&place).unwrap();
    place
}

#[test]
fn rows_are_cut_as_the_input_is() {
    let place = place("slices");
    let [out, rows] = ["sliced.onnx", "rows.npz"].map(|name| path(&place, name));
    let slice = |out: &str, rows: &str, more: &[&str]| {
        let (model, data) = (fixture(MODEL), fixture(CALIBRATION));
        let all = [
            "slice",
            &model,
            "--part",
            "a:10",
            "--part",
            "b:20",
            "--rows",
            &data,
            "--rows-out",
            rows,
            "--out",
            out,
        ];
        provenn(&[&all, more].concat())
    };
    let said = slice(&out, &rows, &["--json"]).json();
    assert_eq!((&said["rows"], &said["input"]), (&64.into(), &"input".into()));
    let (shape, whole) = npy::array(&fs::read(fixture(CALIBRATION)).unwrap()).unwrap();
    assert_eq!(shape, [64, 30]);
    let parts = npz::arrays(&fs::read(&rows).unwrap()).unwrap();
    for (name, columns) in [("a", 0..10), ("b", 10..30)] {
        let expected: Vec<f64> = whole.chunks(30).flat_map(|row| row[columns.clone()].to_vec()).collect();
        assert_eq!(npy::array(&parts[name]).unwrap(), (vec![64, columns.len()], expected));
    }
    // The same bytes each time, here and with the axis counted from the front.
    let [again, rows_again] = ["again.onnx", "again.npz"].map(|name| path(&place, name));
    slice(&again, &rows_again, &["--axis", "1", "--input", "input"]).ok();
    assert_eq!(fs::read(&out).unwrap(), fs::read(&again).unwrap());
    assert_eq!(fs::read(&rows).unwrap(), fs::read(&rows_again).unwrap());
    // They are what a commitment takes, and what is there is kept.
    provenn(&["inspect", &out, "--calibration", &rows]).ok();
    slice(&out, &path(&place, "other.npz"), &[]).fails(2, "output-exists");
    slice(&path(&place, "other.onnx"), &rows, &[]).fails(2, "output-exists");
    slice("-", "-", &[]).fails(2, "standard-output");
}

/// Axes between others, and tables that have a line for each row.
#[test]
fn rows_are_cut_along_any_axis() {
    let place = place("slices-axes");
    let (model, data) = (
        fixture("models/digits_cnn.onnx"),
        fixture("data/digits_calibration.npy"),
    );
    let (shape, whole) = npy::array(&fs::read(&data).unwrap()).unwrap();
    assert_eq!(shape[1..], [1, 8, 8]);
    let table = path(&place, "rows.csv");
    let line = |row: &[f64]| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    fs::write(&table, whole.chunks(64).map(line).collect::<Vec<_>>().join("\n")).unwrap();
    for (axis, stride) in [("2", 8), ("-1", 1)] {
        for (kind, data) in [("npy", &data), ("csv", &table)] {
            let name = |ending: &str| path(&place, &format!("{axis}-{kind}.{ending}"));
            let (out, rows) = (name("onnx"), name("npz"));
            let parts = ["--part", "first:3", "--part", "last:5"];
            let all = [
                "slice",
                &model,
                "--axis",
                axis,
                "--rows",
                data,
                "--rows-out",
                &rows,
                "--out",
                &out,
            ];
            provenn(&[&all[..], &parts].concat()).ok();
            let arrays = npz::arrays(&fs::read(&rows).unwrap()).unwrap();
            for (name, of) in [("first", 0..3), ("last", 3..8)] {
                let is_own = |at: &usize| of.contains(&(at / stride % 8));
                let expected: Vec<f64> = (0..whole.len()).filter(is_own).map(|at| whole[at]).collect();
                let (own, values) = npy::array(&arrays[name]).unwrap();
                assert_eq!(own.iter().product::<usize>(), expected.len());
                assert_eq!(values, expected, "{axis} {kind} {name}");
            }
        }
    }
}

#[test]
fn what_is_no_slice_is_refused() {
    let place = place("slices-refused");
    let out = path(&place, "out.onnx");
    let model = fixture(MODEL);
    let slice = |model: &str, more: &str| {
        let more: Vec<&str> = more.split(' ').collect();
        provenn(&[&["slice", model, "--out", &out], more.as_slice()].concat())
    };
    for (more, said) in [
        (
            "--part a:10 --part b:10",
            "the parts have 20 places together, and axis 1 has 30",
        ),
        ("--part a:30", "two parts"),
        ("--axis 0 --part a:10 --part b:20", "counts the items of a batch"),
        ("--axis 2 --part a:10 --part b:20", "it has 2 axes"),
        (
            "--input x --part a:10 --part b:20",
            "the model has no such input, but `input`",
        ),
        ("--part input:10 --part b:20", "cannot be the name of a part"),
    ] {
        let refused = slice(&model, more);
        assert!(refused.err.contains(said), "{}", refused.err);
        refused.fails(4, "onnx-slice");
    }
    for more in ["", "--part a", "--part a:x", "--part a:10 --part b:20 --rows r.npy"] {
        slice(&model, more).fails_by_usage();
    }
    let several = fixture("models/conflict_check.onnx");
    slice(&several, "--part a:4 --part b:4").fails(2, "input-names");
    slice(&several, "--input own --part a:4 --part b:4").ok();
    fs::remove_file(&out).unwrap();
    // Rows of another shape, and what is no rows; nothing was written.
    let (images, no_rows) = (
        fixture("data/digits_calibration.npy"),
        fixture("inputs/breast_cancer_mlp.json"),
    );
    let rows_out = path(&place, "rows.npz");
    let with = |rows: &str| {
        slice(
            &model,
            &format!("--part a:10 --part b:20 --rows {rows} --rows-out {rows_out}"),
        )
    };
    with(&images).fails(2, "sample");
    with(&no_rows).fails(2, "npy");
    assert_eq!(fs::read_dir(&place).unwrap().count(), 0);
}
