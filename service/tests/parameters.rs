//! `provenn srs`: what files of parameters say of themselves, and errors that are about them and not about a card.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use tempfile::TempDir;

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
/// BLAKE2b-256 of the ceremony files, as their README says.
const DIGEST: &str = "f383820327d5a60bb7353b82576f22e3c649fa6d282d7022d5c4046f27ef865b";
const MANY: &str = "e9be742b2ee515fc83c2a44aea068f85d5286f5956ae67b5f15233cb4de81172";
/// Bytes before the points of an SRS file, and of one point.
const HEAD: usize = 56;
const POINT: usize = 64;

fn folder() -> TempDir {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// Runs a line of words in a folder, with development parameters in its `home`.
fn provenn(folder: &Path, line: &str) -> Output {
    let words = line.split_whitespace().map(|word| word.replace("FIXTURES", FIXTURES));
    Command::new(env!("CARGO_BIN_EXE_provenn"))
        .args(words)
        .current_dir(folder)
        .env("PROVENN_HOME", "home")
        .output()
        .unwrap()
}

#[track_caller]
fn json(folder: &Path, line: &str) -> Value {
    let output = provenn(folder, &format!("--json {line}"));
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The message, which has the code and names the file.
#[track_caller]
fn fails(folder: &Path, line: &str, exit: i32, code: &str, file: &str) {
    let output = provenn(folder, line);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(exit), "{line}: {said}");
    assert!(
        said.starts_with(&format!("error[{code}]: ")) && said.contains("\nhelp: "),
        "{line}: {said}"
    );
    let message = said.lines().next().unwrap();
    assert!(
        message.contains(file) && !message.contains("model.card"),
        "{line}: {said}"
    );
}

/// A committed model in `model`, its parameters in `home`; and log2 of their rows.
fn committed(folder: &Path) -> u64 {
    json(
        folder,
        "commit FIXTURES/models/linear_30.onnx --calibration FIXTURES/data/breast_cancer_calibration.npy --out model",
    );
    json(folder, "srs show model/srs.vk")["k"].as_u64().unwrap()
}

const PROVE: &str = "prove --card model/model.card --input FIXTURES/inputs/linear_30.json --out receipt.bin --force";

#[test]
fn show_prints_the_id_that_cards_name() {
    let folder = folder();
    let folder = folder.path();
    let k = committed(folder);
    let key = json(folder, "srs show model/srs.vk");
    let whole = json(folder, &format!("srs show home/dev-k{k}.srs"));
    for field in ["srs_id", "kind", "dev", "k", "whose_word"] {
        assert_eq!(key[field], whole[field], "{field}");
    }
    assert_eq!((&whole["kind"], &whole["dev"]), (&"development".into(), &true.into()));
    let id = whole["srs_id"].as_str().unwrap();
    json(folder, PROVE);
    let verify = "verify --card model/model.card --receipt receipt.bin --accept-dev --any-model --srs-id";
    assert_eq!(json(folder, &format!("{verify} {id}"))["valid"], true);
    // More powers of the same secret: cards name the id of their own size.
    let made = json(folder, &format!("srs new --k {} --dir home", k + 1));
    let larger = format!("srs show home/dev-k{}.srs", k + 1);
    assert_eq!(json(folder, &larger)["srs_id"], made["srs_id"]);
    assert_ne!(made["srs_id"], id);
    let sized = json(folder, &format!("{larger} --k {k}"));
    assert_eq!((&sized["srs_id"], &sized["id"]), (&whole["srs_id"], &whole["id"]));
    let text = provenn(folder, &format!("{larger} --k {k}")).stdout;
    let text = String::from_utf8(text).unwrap();
    for part in [
        id,
        "development",
        &format!("as cards of 2^{k} rows name it"),
        "whose word",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn ceremonies_say_whose_word_they_are() {
    let folder = folder();
    let folder = folder.path();
    let import = format!("srs import --ptau FIXTURES/ceremony/power4.ptau --digest {DIGEST}");
    let made = json(folder, &format!("{import} --k 4 --out c.srs"));
    let shown = json(folder, "srs show c.srs");
    for field in ["srs_id", "id", "k", "dev"] {
        assert_eq!(made[field], shown[field], "{field}");
    }
    assert_eq!((&shown["kind"], &shown["dev"]), (&"ceremony".into(), &false.into()));
    assert!(
        shown["whose_word"].as_str().unwrap().contains("whoever imported it"),
        "{shown}"
    );
    // The same of a ceremony with twelve contributions and a beacon.
    let many = format!("srs import --ptau FIXTURES/ceremony/power4_many.ptau --digest {MANY} --k 4 --out many.srs");
    let made = json(folder, &many);
    let many = json(folder, "srs show many.srs");
    assert_eq!((&many["srs_id"], &many["dev"]), (&made["srs_id"], &false.into()));
    assert_ne!(many["srs_id"], shown["srs_id"]);
    let small = json(folder, &format!("{import} --k 3 --out small.srs"));
    assert_eq!(json(folder, "srs show c.srs --k 3")["srs_id"], small["srs_id"]);

    // One that nobody knows by name needs its digest.
    let unknown = "srs import --ptau FIXTURES/ceremony/power4.ptau --k 4 --out x.srs";
    fails(folder, unknown, 2, "unknown-ceremony", "power4.ptau");
    let other = "srs import --ptau FIXTURES/models/linear_30.onnx --k 4 --out x.srs";
    fails(folder, other, 2, "wrong-file", "linear_30.onnx");
    assert!(!folder.join("x.srs").exists());

    fails(folder, "srs show c.srs --k 5", 5, "srs-k-out-of-range", "c.srs");
    fails(folder, "srs show c.srs --k 0", 5, "srs-k-out-of-range", "c.srs");
    fails(
        folder,
        "srs show FIXTURES/ceremony/power4.ptau",
        2,
        "wrong-file",
        "a ceremony file (.ptau)",
    );
    fails(
        folder,
        "srs show FIXTURES/models/linear_30.onnx",
        2,
        "wrong-file",
        "linear_30.onnx",
    );
    fails(folder, "srs show .", 1, "io", ".");
    fails(folder, "srs show none.srs", 1, "io", "none.srs");
    let other = import.replace(DIGEST, &"0".repeat(64));
    fails(
        folder,
        &format!("{other} --k 4 --out x.srs"),
        1,
        "srs-digest-mismatch",
        "power4.ptau",
    );
    fails(
        folder,
        &format!("{import} --k 5 --out x.srs"),
        5,
        "srs-k-out-of-range",
        "power4.ptau",
    );
}

/// A file of a public ceremony is known by name: nobody pins anything, and what is verified under it needs no leave.
#[test]
fn a_public_ceremony_is_known_by_its_name() {
    let folder = folder();
    let folder = folder.path();
    const FILE: &str = "powersOfTau28_hez_final_08.ptau";
    let ptau = format!("FIXTURES/ceremony/{FILE}");
    let made = json(folder, &format!("srs import --ptau {ptau} --k 8 --out c.srs"));
    let name = format!("perpetual powers of tau, Hermez rounds: {FILE}");
    assert_eq!((&made["ceremony"], &made["dev"]), (&name.into(), &false.into()));
    json(
        folder,
        "color make planted --vertices 400 --edges 900 --k 3 --out G.col --colours-out C.sol",
    );
    json(
        folder,
        "color prove --graph G.col --colours C.sol --k 3 --srs c.srs --out R",
    );
    json(folder, "color key --k 3 --vertices 400 --srs c.srs --out srs.vk");
    let verdict = json(folder, "color verify --graph G.col --receipt R --k 3 --srs srs.vk");
    assert_eq!(
        (&verdict["valid"], &verdict["dev"]),
        (&true.into(), &false.into()),
        "{verdict}"
    );
    // Fewer powers are of the same ceremony, and more there are not; and no other digest is its.
    let small = json(folder, &format!("srs import --ptau {ptau} --k 4 --out small.srs"));
    assert_eq!(small["srs_id"], json(folder, "srs show c.srs --k 4")["srs_id"]);
    let larger = format!("srs import --ptau {ptau} --k 9 --out x.srs");
    fails(folder, &larger, 5, "srs-k-out-of-range", FILE);
    let mut bytes = fs::read(ptau.replace("FIXTURES", FIXTURES)).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(folder.join(FILE), bytes).unwrap();
    let other = format!("srs import --ptau {FILE} --k 8 --out x.srs");
    fails(folder, &other, 2, "unknown-ceremony", FILE);
}

/// Exchanges two points of an SRS file and gives it the digest of what it then holds.
fn exchange(path: &Path, a: usize, b: usize) {
    let mut bytes = fs::read(path).unwrap();
    for at in 0..POINT {
        bytes.swap(HEAD + a * POINT + at, HEAD + b * POINT + at);
    }
    let mut digest = blake2b_simd::Params::new()
        .hash_length(32)
        .personal(b"provenn-srs-file")
        .to_state();
    digest.update(&bytes[..24]).update(&bytes[HEAD..]);
    bytes[24..HEAD].copy_from_slice(digest.finalize().as_bytes());
    fs::write(path, bytes).unwrap();
}

#[test]
fn damaged_parameters_are_named_and_no_card_is_blamed() {
    let folder = folder();
    let folder = folder.path();
    let k = committed(folder);
    let name = format!("home/dev-k{k}.srs");
    let path = folder.join(&name);
    let right = fs::read(&path).unwrap();
    let audit = "audit --card model/model.card --model FIXTURES/models/linear_30.onnx";

    let mut flipped = right.clone();
    flipped[HEAD + 5 * POINT] ^= 1;
    fs::write(&path, &flipped).unwrap();
    for command in [PROVE, audit] {
        fails(folder, command, 1, "srs-cache-point", &name);
    }
    // Points that are some, under a digest that fits: Lagrange points of the first rows, and of the last, which the card names.
    let n = 1 << k;
    for (a, b) in [(n, n + 1), (2 * n - 2, 2 * n - 1)] {
        fs::write(&path, &right).unwrap();
        exchange(&path, a, b);
        for command in [PROVE, audit] {
            fails(folder, command, 1, "srs-lagrange-inconsistent", &name);
        }
    }
    fs::write(&path, &right).unwrap();
    json(folder, PROVE);
    // Right ones of another secret.
    json(folder, &format!("srs new --k {k} --dir elsewhere"));
    for command in [PROVE, audit] {
        let other = format!("elsewhere/dev-k{k}.srs");
        fails(folder, &format!("{command} --srs elsewhere"), 1, "srs-mismatch", &other);
        fails(folder, &format!("{command} --srs {other}"), 1, "srs-mismatch", &other);
    }
    // The key beside the card, exchanged.
    json(
        folder,
        "commit FIXTURES/models/linear_30.onnx --calibration FIXTURES/data/breast_cancer_calibration.npy --srs elsewhere --out other",
    );
    fs::copy(folder.join("other/srs.vk"), folder.join("model/srs.vk")).unwrap();
    let output = provenn(folder, PROVE);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("error[file-damaged]: model/srs.vk: it is not the SRS key that model/model.card names"),
        "{said}"
    );
}
