//! Each block of the documentation is run by some test or by continuous integration, or its language says that it is no command.

use super::blocks::{blocks, documentation, markdown, read, Block};
use super::{chapters, Under, WALKS};
use clap::error::ErrorKind;
use clap::CommandFactory;

/// Commands that continuous integration runs in words of its own: the line, the file that runs it, the words there.
const RUN_ELSEWHERE: [(&str, &str, &str); 7] = [
    (
        "cargo run --release -p provenn-service -- demo",
        ".ci/run",
        "target/release/provenn demo",
    ),
    (
        "cargo test --workspace --release",
        ".ci/run",
        "cargo test --workspace --release",
    ),
    (
        "rustup target add wasm32-unknown-unknown",
        ".ci/run",
        "rustup target add wasm32-unknown-unknown",
    ),
    (
        "node verifier/wasm/build.mjs",
        ".ci/run",
        "node verifier/wasm/build.mjs",
    ),
    ("cd verifier/evm", ".ci/run", "--prefix verifier/evm"),
    ("npm ci", ".ci/run", "npm ci --prefix verifier/evm"),
    ("node build.mjs", ".ci/run", "node verifier/evm/build.mjs --check"),
];

/// First words of commands: a block without a language has no line that begins with one.
const COMMANDS: [&str; 12] = [
    "provenn", "cargo", "curl", "$", "just", "node", "npm", "pip", "python3", "rustup", "docker", "git",
];

fn run_by_a_walk(block: &Block) -> bool {
    let file = block.place.split(':').next().unwrap();
    let named = |part: &super::Part| matches!(part, Under(name, heading) if *name == file && *heading == block.heading);
    chapters().iter().any(|chapter| chapter == file) || WALKS.iter().any(|walk| walk.iter().any(named))
}

fn run_by_integration(block: &Block) -> bool {
    block.text.lines().all(|line| {
        let line = line.split("  #").next().unwrap().trim();
        let known = RUN_ELSEWHERE.iter().find(|(printed, ..)| *printed == line);
        known.is_some_and(|(_, file, words)| read(file).contains(words))
    })
}

/// What cannot be run here is of the grammar of the command line at least.
fn is_of_the_grammar(block: &Block) {
    let text = block.text.replace("\\\n", " ");
    for line in text.lines().filter(|line| line.starts_with("provenn ")) {
        let line = line.split(" #").next().unwrap();
        let words = line.split_whitespace().map(|word| word.trim_matches('"'));
        if let Err(error) = provenn_service::cli::Cli::command().try_get_matches_from(words) {
            // Values may stand for others.
            assert_eq!(error.kind(), ErrorKind::ValueValidation, "{}: {error}", block.place);
        }
    }
}

/// Rust blocks are compiled as examples of the crate that includes their file: the verifier has those of the book, others their README.
fn is_compiled(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap();
    let of = file.strip_suffix("/README.md").filter(|_| file != "README.md");
    let of = if file.starts_with("docs/") {
        Some("verifier")
    } else {
        of
    };
    of.is_some_and(|of| read(&format!("{of}/src/lib.rs")).contains(&format!("/{name}\")]")))
}

fn stands_in_a_contract(block: &Block) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let contracts =
        ["IVerifier", "IErc7992", "IErc8004"].map(|name| read(&format!("verifier/evm/contracts/{name}.sol")));
    // From the beginning of a word.
    let block = format!(" {}", words(&block.text));
    contracts.iter().any(|contract| words(contract).contains(&block))
}

/// Whether a block has a reason to be as it is; otherwise what is wrong.
fn judge(block: &Block) -> Result<(), &'static str> {
    let file = block.place.split(':').next().unwrap();
    let held = match block.language() {
        "sh" if block.is("elsewhere") => {
            is_of_the_grammar(block);
            true
        }
        // The package's own tests run its README.
        "sh" | "python" if file == "service/python/README.md" => {
            read("service/python/tests/test_readme.py").contains("in enumerate(blocks())")
        }
        "sh" => run_by_a_walk(block) || run_by_integration(block),
        "rust" => is_compiled(file),
        // The package's own tests run its README, and that it has no other block.
        "js" if file == "verifier/wasm/npm/README.md" => {
            let tests = read("verifier/wasm/test/npm.test.mjs");
            tests.contains("the program of the README verifies a receipt") && tests.contains("split(\"```\").length, 3")
        }
        "solidity" => stands_in_a_contract(block),
        "text" => true,
        "" => {
            let command = |line: &str| COMMANDS.iter().any(|word| line.split_whitespace().next() == Some(word));
            return match block.text.lines().any(command) {
                true => Err("a command without a language: `sh` is run, `text` is output"),
                false => Ok(()),
            };
        }
        _ => return Err("a language that nothing runs"),
    };
    held.then_some(()).ok_or("no test runs it")
}

#[test]
fn every_block_is_run_or_is_no_command() {
    let all: Vec<Block> = documentation().iter().flat_map(|file| blocks(file)).collect();
    assert!(all.len() > 60, "{}", all.len());
    let wrong: Vec<String> = all
        .iter()
        .filter_map(|block| {
            judge(block)
                .err()
                .map(|why| format!("{} ({}): {why}", block.place, block.info))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Which word of `provenn ..` there is not.
fn unknown(span: &str) -> Option<&str> {
    let mut command = provenn_service::cli::Cli::command();
    command.build();
    let mut command = &command;
    for word in span.split_whitespace().skip(1) {
        let word = word.trim_end_matches([',', '.', ';', ':']);
        if let Some(option) = word.strip_prefix("--") {
            let name = option.split('=').next().unwrap();
            if !command.get_arguments().any(|known| known.get_long() == Some(name)) {
                return Some(word);
            }
        } else if command.has_subcommands() && !word.is_empty() {
            // Alternatives: `prove|verify`.
            let mut names = word.split('|').map(|name| command.find_subcommand(name));
            command = match names.next()? {
                Some(found) if names.all(|other| other.is_some()) => found,
                _ => return Some(word),
            };
        }
    }
    None
}

/// The README and the book name no command and no option that there is not.
#[test]
fn commands_in_the_text_exist() {
    let mut count = 0;
    for file in documentation() {
        let text = read(&file);
        let prose: String = text.split("```").step_by(2).collect();
        for span in prose
            .split('`')
            .skip(1)
            .step_by(2)
            .filter(|span| span.starts_with("provenn "))
        {
            let span = span.replace("\\|", "|");
            assert_eq!(unknown(&span), None, "{file}: `{span}`");
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
    assert_eq!(unknown("provenn verify --nothing"), Some("--nothing"));
    assert_eq!(unknown("provenn nothing"), Some("nothing"));
}

#[test]
fn every_chapter_is_in_the_book() {
    let summary = read("docs/SUMMARY.md");
    for folder in ["docs", "docs/how-to"] {
        for file in markdown(folder) {
            let name = file.trim_start_matches("docs/");
            assert!(
                name == "SUMMARY.md" || summary.contains(&format!("]({name})")),
                "{file}"
            );
        }
    }
}

#[test]
fn blocks_without_a_reason_are_found() {
    let block = |info: &str, text: &str| Block {
        place: "docs/security.md:1".into(),
        heading: String::new(),
        info: info.into(),
        text: text.into(),
    };
    for (info, text) in [
        ("sh", "provenn demo\n"),
        ("", "provenn demo\n"),
        ("yaml", "a: b\n"),
        ("python", "1\n"),
        ("solidity", "f();\n"),
    ] {
        assert!(judge(&block(info, text)).is_err(), "{info}: {text}");
    }
    for (info, text) in [
        ("text", "provenn\n"),
        ("", "a = b\n"),
        ("sh elsewhere", "provenn demo # x\n"),
        ("sh", "npm ci\n"),
    ] {
        assert_eq!(judge(&block(info, text)), Ok(()), "{info}: {text}");
    }
    assert!(std::panic::catch_unwind(|| judge(&block("sh elsewhere", "provenn demo --nothing\n"))).is_err());
}
