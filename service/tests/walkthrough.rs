//! The walk-throughs of the README and of the docs, run as they are printed there.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The commands of a section of the README.
fn commands(title: &str) -> String {
    commands_in("README.md", title)
}

fn commands_in(file: &str, title: &str) -> String {
    let text = std::fs::read_to_string(format!("{}/../{file}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (_, section) = text.split_once(&format!("\n## {title}\n")).unwrap();
    let (_, block) = section.split_once("\n```sh\n").unwrap();
    let (block, _) = block.split_once("\n```\n").unwrap();
    block.to_owned()
}

/// Everything that a script left, and the repository does not ignore: secrets that the next `git add` would take.
fn unignored(folder: &Path) -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git")
            .args(arguments)
            .current_dir(folder)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env_remove("GIT_DIR")
            .env_remove("GIT_INDEX_FILE")
            .env_remove("GIT_WORK_TREE")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let ignored = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../.gitignore")).unwrap();
    git(&["init", "--quiet"]);
    std::fs::write(folder.join(".git/info/exclude"), format!("{ignored}\n/fixtures\n")).unwrap();
    git(&["status", "--porcelain", "--untracked-files=all"])
}

/// Runs a script in a folder of its own with the fixtures beside it, and returns what it printed.
fn walk(script: &str, address: &str, files: &[&str]) -> String {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    let fixtures = root.join("fixtures").canonicalize().unwrap();
    std::os::unix::fs::symlink(fixtures, folder.path().join("fixtures")).unwrap();
    let binary = Path::new(env!("CARGO_BIN_EXE_provenn"));
    let path = format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("PROVENN_LISTEN", address)
        .env("PROVENN_HOME", home.path())
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    for file in files {
        assert!(folder.path().join(file).exists(), "{file}");
    }
    assert_eq!(unignored(folder.path()), "", "what is left is in .gitignore");
    out.into_owned()
}

#[test]
fn the_commands_walk_through() {
    let out = walk(
        &format!("{}\n{}", commands("Walk-through"), commands("One file for an auditor")),
        "",
        &["digits/srs.vk", "receipt.bin", "structure.onnx", "receipt.bundle"],
    );
    for printed in [
        "VALID under development parameters",
        "Rebuilt from the model's file",
        "\"clinic.example\" signed this model",
    ] {
        assert!(out.contains(printed), "{printed}: {out}");
    }
}

#[test]
fn the_commands_with_several_inputs_and_outputs() {
    let script = commands("Several inputs and outputs");
    let out = walk(&script, "", &["conflict/srs.vk", "receipt.bin"]);
    for printed in [
        "of output        \"agreement\", number 1 of 2",
        "input \"listed\"",
        "input \"own\"",
    ] {
        assert!(out.contains(printed), "{printed}: {out}");
    }
}

#[test]
fn the_commands_with_several_parties() {
    let script = commands_in("docs/agreements.md", "One bit about two private inputs");
    let out = walk(&script, "", &["parties/deal", "parties/own.signed", "receipt.bin"]);
    for printed in [
        "is output 1 at least 0, of output \"conflict\"",
        "SIGNED by all parties",
        "VALID under development parameters",
        "\"borrower\" agreed, key shop.example+",
        "input \"listed\" signed by \"lender\"",
    ] {
        assert!(out.contains(printed), "{printed}: {out}");
    }
}

#[test]
fn the_commands_with_batches() {
    let out = walk(&commands("Batches"), "", &["digits-360/srs.vk", "receipt.bin"]);
    for printed in ["of 360 (0.9", "accuracy against 360 labels of digest "] {
        assert!(out.contains(printed), "{printed}: {out}");
    }
}

#[test]
fn the_service_walks_through() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let printed = commands("The service");
    assert!(printed.contains("127.0.0.1:8080"));
    let script = printed.replace("127.0.0.1:8080", &address);
    // As the runbook has it.
    let script = format!("trap 'kill $(jobs -p)' EXIT\n{script}\nprovenn backup backup\n");
    let out = walk(&script, &address, &["model.card", "srs.vk", "receipt.bin", "backup"]);
    for printed in [
        "\"valid\":true",
        "VALID under development parameters",
        "LOGGED: the receipt is entry 1 of 2",
    ] {
        assert!(out.contains(printed), "{printed}: {out}");
    }
}
