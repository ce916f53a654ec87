//! The walk-through of the README, run as it is printed there.
#![expect(clippy::unwrap_used, reason = "a failed test may panic")]

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

/// The commands of the section on the service.
fn commands() -> String {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    let (_, section) = readme.split_once("\n## The service\n").unwrap();
    let (_, block) = section.split_once("\n```sh\n").unwrap();
    let (block, _) = block.split_once("\n```\n").unwrap();
    block.to_owned()
}

#[test]
fn the_readme_walks_through() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
    std::os::unix::fs::symlink(
        root.join("fixtures").canonicalize().unwrap(),
        folder.path().join("fixtures"),
    )
    .unwrap();
    let address = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .to_string();
    let printed = commands();
    assert!(printed.contains("127.0.0.1:8080"));
    let script = printed.replace("127.0.0.1:8080", &address);
    let binary = Path::new(env!("CARGO_BIN_EXE_provenn"));
    let path = format!(
        "{}:{}",
        binary.parent().unwrap().display(),
        std::env::var("PATH").unwrap()
    );
    let output = Command::new("bash")
        .args([
            "-euo",
            "pipefail",
            "-c",
            &format!("trap 'kill $(jobs -p)' EXIT\n{script}"),
        ])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("PROVENN_LISTEN", &address)
        .env("PROVENN_SRS", Path::new(env!("CARGO_TARGET_TMPDIR")).join("srs"))
        .output()
        .unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.contains("\"valid\":true"), "{out}");
    assert!(out.contains("LOGGED: the receipt is entry 1 of 2"), "{out}");
    assert!(folder.path().join("model.card").exists());
}
