//! Runs scripts of the documentation, and compares what they print with what is printed there.

use super::blocks::{Block, ROOT};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Stands between the outputs of two blocks.
const MARK: &str = "=== block ";

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
    let ignored = std::fs::read_to_string(Path::new(ROOT).join(".gitignore")).unwrap();
    git(&["init", "--quiet"]);
    std::fs::write(folder.join(".git/info/exclude"), format!("{ignored}\n/fixtures\n")).unwrap();
    git(&["status", "--porcelain", "--untracked-files=all"])
}

/// An address that nothing listens on.
pub fn free_address() -> String {
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

/// Runs a script in a folder of its own with the fixtures beside it, and returns what it printed, errors too.
pub fn walk(script: &str, address: &str, files: &[&str]) -> String {
    let temporary = env!("CARGO_TARGET_TMPDIR");
    let folder = tempfile::tempdir_in(temporary).unwrap();
    let home = tempfile::tempdir_in(temporary).unwrap();
    let fixtures = Path::new(ROOT).join("fixtures").canonicalize().unwrap();
    std::os::unix::fs::symlink(fixtures, folder.path().join("fixtures")).unwrap();
    let binary = PathBuf::from(env!("CARGO_BIN_EXE_provenn"));
    let path = std::env::var("PATH").unwrap();
    let output = Command::new("bash")
        .args(["-euo", "pipefail", "-c", &format!("exec 2>&1\n{script}")])
        .current_dir(folder.path())
        .env("PATH", format!("{}:{path}", binary.parent().unwrap().display()))
        .env("PROVENN_LISTEN", address)
        .env("PROVENN_HOME", home.path())
        .output()
        .unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{script}\n{out}");
    for file in files {
        assert!(folder.path().join(file).exists(), "{file}");
    }
    assert_eq!(unignored(folder.path()), "", "what is left is in .gitignore");
    out.into_owned()
}

/// Runs all `sh` blocks of a chapter as one script. A `text` block after one of them is what that one prints.
pub fn chapter(blocks: &[Block]) {
    let address = free_address();
    // Services end with their chapter.
    let mut script = String::from("trap 'kill $(jobs -p) 2> /dev/null || true' EXIT\n");
    let (mut expected, mut count) = (Vec::new(), 0);
    for block in blocks {
        match block.language() {
            "sh" if block.is("elsewhere") => {}
            "sh" => {
                count += 1;
                script.push_str(&format!("echo '{MARK}{count}'\n{}", block.text));
            }
            "text" => expected.push((count, block)),
            _ => {}
        }
    }
    let out = walk(&script.replace("127.0.0.1:8080", &address), &address, &[]);
    let outputs: Vec<&str> = out.split(MARK).collect();
    for (number, block) in expected {
        let (_, printed) = outputs.get(number).and_then(|out| out.split_once('\n')).unwrap();
        if let Some(line) = missing(&block.text, printed) {
            panic!("{}: `{line}` is not printed there:\n{printed}", block.place);
        }
    }
}

/// The first line that is not printed, in this order; `..` stands for anything.
pub fn missing<'a>(expected: &'a str, printed: &str) -> Option<&'a str> {
    let mut lines = printed.lines();
    expected.lines().find(|line| !lines.any(|found| fits(line, found)))
}

fn fits(pattern: &str, line: &str) -> bool {
    let mut parts = pattern.trim_end().split("..");
    let Some(mut rest) = parts.next().and_then(|first| line.trim_end().strip_prefix(first)) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        let Some((_, after)) = rest.split_once(part) else {
            return false;
        };
        rest = after;
    }
    rest.ends_with(last)
}

#[test]
fn outputs_are_compared_by_lines() {
    let printed = "one\ntwo 2 words\nthree\n";
    for good in ["one\nthree\n", "two .. words\n", "t.. words", "..", "..e\n..ee"] {
        assert_eq!(missing(good, printed), None, "{good}");
    }
    assert_eq!(missing("three\none\n", printed), Some("one"));
    for bad in ["two", "two .. wor", "one.", "four", "..x.."] {
        assert_eq!(missing(bad, printed), Some(bad));
    }
}
