//! Fenced blocks of the documentation, and what their languages say of them.

use std::fs;
use std::path::{Path, PathBuf};

pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A fenced block.
#[derive(Clone, Debug)]
pub struct Block {
    /// The file, from the root of the repository, and the line of the fence.
    pub place: String,
    /// The heading above it, without its signs.
    pub heading: String,
    /// What follows the fence: a language, and words about the block.
    pub info: String,
    pub text: String,
}

impl Block {
    pub fn language(&self) -> &str {
        self.info.split([' ', ',']).next().unwrap_or_default()
    }

    pub fn is(&self, word: &str) -> bool {
        self.info.split([' ', ',']).skip(1).any(|found| found == word)
    }
}

pub fn read(file: &str) -> String {
    fs::read_to_string(Path::new(ROOT).join(file)).unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// All fenced blocks of a file.
pub fn blocks(file: &str) -> Vec<Block> {
    let (mut all, mut heading) = (Vec::new(), String::new());
    let mut open: Option<Block> = None;
    for (number, line) in read(file).lines().enumerate() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => {
                open = Some(Block {
                    place: format!("{file}:{}", number + 1),
                    heading: heading.clone(),
                    info: info.trim().to_owned(),
                    text: String::new(),
                });
            }
            (Some(_), Some("")) => all.extend(open.take()),
            (Some(block), _) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) if line.starts_with('#') => heading = line.trim_start_matches('#').trim().to_owned(),
            (None, None) => assert!(
                !line.trim_start().starts_with("```") && !line.starts_with("~~~"),
                "{file}:{}: fences begin their lines",
                number + 1
            ),
        }
    }
    assert!(open.is_none(), "{file}: a block has no end");
    all
}

/// The documentation: README, book, and the READMEs of packages, in the order of their names.
pub fn documentation() -> Vec<String> {
    let mut files = vec!["README.md".to_owned()];
    for folder in ["docs", "docs/how-to"] {
        files.extend(markdown(folder));
    }
    for package in [
        "verifier",
        "verifier/bn254",
        "verifier/wasm",
        "verifier/wasm/npm",
        "verifier/evm",
        "prover",
        "prover/engine",
        "circuits",
        "service",
        "service/python",
    ] {
        files.extend(markdown(package));
    }
    files.sort();
    files
}

/// The Markdown files of a folder, from the root of the repository.
pub fn markdown(folder: &str) -> Vec<String> {
    let paths = fs::read_dir(Path::new(ROOT).join(folder)).unwrap();
    let mut names: Vec<String> = paths
        .map(|entry| entry.unwrap().path())
        .filter(|path: &PathBuf| path.extension().is_some_and(|ending| ending == "md"))
        .map(|path| format!("{folder}/{}", path.file_name().unwrap().to_str().unwrap()))
        .collect();
    names.sort();
    names
}
