//! `provenn color`: from a graph to a verdict, and what is refused with which words.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use serde_json::{json, Value};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("color-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Exit code, standard output, standard error.
    fn run(&self, line: &str) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
            .arg("color")
            .args(line.split(' '))
            .current_dir(&self.0)
            .env("PROVENN_HOME", self.0.join("home"))
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }

    /// Another command than `color`.
    #[track_caller]
    fn other(&self, line: &str) -> Value {
        let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
        let line = line.replace("FIXTURES", fixtures);
        let output = Command::new(env!("CARGO_BIN_EXE_provenn"))
            .args(line.split(' '))
            .arg("--json")
            .current_dir(&self.0)
            .env("PROVENN_HOME", self.0.join("home"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    #[track_caller]
    fn json(&self, line: &str) -> Value {
        let (exit, out, err) = self.run(&format!("{line} --json"));
        assert_eq!((exit, err.as_str()), (0, ""), "{line}");
        serde_json::from_str(&out).unwrap()
    }

    #[track_caller]
    fn fails(&self, line: &str, exit: i32, words: &[&str]) {
        let (got, _, err) = self.run(line);
        assert_eq!(got, exit, "{line}: {err}");
        for word in words {
            assert!(err.contains(word), "{line}: no `{word}` in {err}");
        }
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn from_a_graph_to_a_verdict() {
    let folder = Folder::new("way");
    folder.json("make queens 5 --out queen5_5.col");
    folder.json("find --graph queen5_5.col --k 5 --out colours.sol");
    let proven = folder.json("prove --graph queen5_5.col --colours colours.sol --k 5 --audience bob --out receipt");
    assert_eq!((&proven["vertices"], &proven["edges"]), (&25.into(), &160.into()));
    assert!(proven["bytes"].as_u64().unwrap() < 6000);
    let asked = "verify --graph queen5_5.col --receipt receipt --accept-dev --k 5 --audience bob";
    let verdict = folder.json(&format!("{asked} --svg graph.svg"));
    assert_eq!(
        (&verdict["valid"], &verdict["dev"], &verdict["colours"]),
        (&true.into(), &true.into(), &5.into())
    );
    let drawing = fs::read_to_string(folder.0.join("graph.svg")).unwrap();
    assert!(drawing.contains("verified under development parameters: a proper colouring in 5 colours is known"));
    // With the small file alone, in another place.
    let key = folder.json("key --k 5 --vertices 25 --out srs.vk");
    assert_eq!(key["k"], 5);
    fs::remove_dir_all(folder.0.join("home")).unwrap();
    folder.json(asked);
    folder.json("verify --graph queen5_5.col --receipt receipt --accept-dev --srs srs.vk");
}

#[test]
fn refusals_name_what_is_wrong() {
    let folder = Folder::new("refusals");
    folder.write("triangle.col", "p edge 4 3\ne 1 2\ne 2 3\ne 3 1\n");
    folder.write("colours.sol", "0\n1\n2\n0\n");
    folder.json("prove --graph triangle.col --colours colours.sol --k 3 --out receipt");
    let verify = "verify --graph triangle.col --receipt receipt";
    folder.fails(verify, 3, &["error[dev-srs]", "--accept-dev"]);
    folder.fails(
        &format!("{verify} --accept-dev --k 4"),
        3,
        &["error[colours-mismatch]", "colours: expected 4, found 3"],
    );
    folder.fails(
        &format!("{verify} --accept-dev --audience eve"),
        3,
        &["error[context-mismatch]"],
    );
    folder.write("other.col", "p edge 4 3\ne 1 2\ne 2 3\ne 3 4\n");
    folder.fails(
        "verify --graph other.col --receipt receipt --accept-dev",
        3,
        &["error[graph-mismatch]", "graph: expected", "help: Give the graph"],
    );
    let mut receipt = fs::read(folder.0.join("receipt")).unwrap();
    let last = receipt.len() - 300;
    receipt[last] ^= 1;
    fs::write(folder.0.join("forged"), receipt).unwrap();
    folder.fails(
        "verify --graph triangle.col --receipt forged --accept-dev",
        3,
        &["error["],
    );
    // Files, by line.
    folder.write("loop.col", "p edge 4 2\ne 1 2\ne 3 3\n");
    folder.fails(
        "find --graph loop.col --k 3 --out x",
        2,
        &["error[graph-file]", "loop.col: line 3: vertex 3"],
    );
    folder.write("bad.sol", "0\n1\nred\n0\n");
    folder.fails(
        "prove --graph triangle.col --colours bad.sol --k 3 --out x",
        2,
        &["error[colours-file]", "bad.sol: line 3: `red`"],
    );
    folder.write("same.sol", "0\n1\n1\n0\n");
    folder.fails(
        "prove --graph triangle.col --colours same.sol --k 3 --out x",
        2,
        &["error[colouring-improper]", "vertices 2 and 3 are neighbours"],
    );
    folder.fails(
        "prove --graph triangle.col --colours colours.sol --k 2 --out x",
        2,
        &["error[colouring-range]"],
    );
    folder.fails(
        "find --graph triangle.col --k 2 --out x",
        1,
        &["error[no-colouring]", "nothing proves it"],
    );
    folder.fails("find --graph triangle.col --k 17 --out x", 2, &["from 2 to 16"]);
    folder.fails("key --k 16 --vertices 4000000000 --out x", 5, &["error[too-large]"]);
    folder.write("large.col", "p edge 600 0\n");
    folder.json("find --graph large.col --k 2 --out large.sol");
    folder.json("prove --graph large.col --colours large.sol --k 2 --out large");
    let drawn = "verify --graph large.col --receipt large --accept-dev --svg x.svg";
    folder.fails(drawn, 2, &["error[graph-too-large-to-draw]"]);
}

/// Eight of the thousand graphs of docs/colouring.md: the network's verdicts are the truth, and one receipt proves all of them.
#[test]
fn the_network_that_checks_is_right() {
    let folder = Folder::new("checker");
    folder.other(
        "commit FIXTURES/models/colouring_check.onnx --batch 8 --committed colours --out model \
         --calibration graph=FIXTURES/data/colouring_check_calibration_graph.npy \
         --calibration colours=FIXTURES/data/colouring_check_calibration_colours.npy",
    );
    let about = "--card model/model.card --policy confusion --labels FIXTURES/data/colouring_check_test_labels.npy";
    folder.other(&format!(
        "prove {about} --input graph=FIXTURES/data/colouring_check_test_graph.npy \
         --input colours=FIXTURES/data/colouring_check_test_colours.npy --out receipt"
    ));
    let verdict = folder.other(&format!("verify {about} --receipt receipt --accept-dev --any-model"));
    // Rows are the truth, NO before YES.
    assert_eq!(
        (&verdict["valid"], &verdict["output"]),
        (&json!(true), &json!([1, 0, 0, 7]))
    );
}
