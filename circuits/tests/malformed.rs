//! Every file of fixtures/malformed is refused with an expected code, fast, and with a message that is fit for a log.

use provenn_circuits::onnx::import;
use std::path::Path;
use std::time::{Duration, Instant};

/// (file, codes of which any one is right), from the README of the folder.
fn expectations(readme: &str) -> Vec<(String, Vec<String>)> {
    let section = |text: &str| {
        let (name, rest) = text.split_once('\n')?;
        let codes = rest.lines().find_map(|line| line.strip_prefix("expect: "))?;
        Some((
            name.trim().to_owned(),
            codes.split(" | ").map(|c| c.trim().to_owned()).collect(),
        ))
    };
    readme
        .split("\n## ")
        .skip(1)
        .map(|text| section(text).expect("name and codes"))
        .collect()
}

#[test]
fn every_malformed_file_is_refused() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/malformed");
    let readme = std::fs::read_to_string(folder.join("README.md")).expect("README.md");
    let expected = expectations(&readme);
    let mut listed: Vec<&str> = expected
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|n| !n.starts_with("large/"))
        .collect();
    let mut present: Vec<String> = std::fs::read_dir(&folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.ends_with(".onnx"))
        .collect();
    listed.sort_unstable();
    present.sort_unstable();
    assert_eq!(listed, present, "README.md lists exactly the files that exist");

    let mut wrong = vec![];
    for (name, codes) in expected.iter().filter(|(name, _)| !name.starts_with("large/")) {
        let bytes = std::fs::read(folder.join(name)).expect("file");
        let start = Instant::now();
        let result = import(&bytes);
        let took = start.elapsed();
        let Err(error) = result else {
            wrong.push(format!("{name}: accepted"));
            continue;
        };
        let message = error.to_string();
        if !codes.iter().any(|code| code == error.code()) {
            wrong.push(format!("{name}: {} instead of {codes:?}: {message}", error.code()));
        }
        if message.len() > 1_000 || message.chars().any(char::is_control) {
            wrong.push(format!(
                "{name}: a message of {} bytes: {:.200?}",
                message.len(),
                message
            ));
        }
        // Generous, for loaded machines; refusals take a millisecond.
        if took > Duration::from_secs(2) {
            wrong.push(format!("{name}: took {took:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Protobuf fields, for files that are too large to commit.
fn field(number: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut len = body.len();
    while len >= 0x80 {
        out.push(len as u8 | 0x80);
        len >>= 7;
    }
    out.push(len as u8);
    out.extend(body);
    out
}

#[test]
fn tensors_of_millions_of_dimensions_are_refused_before_decoding() {
    // ModelProto.graph (7) . initializer (5) . dims (1), packed.
    let tensor = field(1, &vec![1u8; 8_000_000]);
    let model = field(7, &field(5, &tensor));
    let start = Instant::now();
    assert_eq!(import(&model).expect_err("refused").code(), "onnx-too-large");
    assert!(start.elapsed() < Duration::from_secs(1));
    // One field for each dimension.
    let tensor = [8u8, 1].repeat(17);
    assert_eq!(
        import(&field(7, &field(5, &tensor))).expect_err("refused").code(),
        "onnx-too-large"
    );
}
