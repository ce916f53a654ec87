//! The commands of README and book, run as they are printed there; and that each block is run, or is no command.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a failed test may panic")]

#[path = "walkthrough/blocks.rs"]
mod blocks;
#[path = "walkthrough/coverage.rs"]
mod coverage;
#[path = "walkthrough/shell.rs"]
mod shell;

use blocks::{blocks, markdown, Block};
use shell::{chapter, free_address, walk};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Chapters whose `sh` blocks are one script each, and whose `text` blocks are what it prints.
fn chapters() -> Vec<String> {
    let mut files = markdown("docs/how-to");
    files.extend(["docs/policies.md", "docs/tutorial.md"].map(String::from));
    files
}

/// A part of a script.
#[derive(Clone, Copy)]
enum Part {
    /// The commands under a heading of a file.
    Under(&'static str, &'static str),
    /// What the reader of the next commands has.
    Given(&'static str),
}
use Part::{Given, Under};

const WALK_THROUGH: &[Part] = &[
    Under("README.md", "Walk-through"),
    Under("README.md", "One file for an auditor"),
    Under("README.md", "Check a receipt on chain"),
];
const SEVERAL: &[Part] = &[Under("README.md", "Several inputs and outputs")];
const BATCHES: &[Part] = &[Under("README.md", "Batches")];
const PARTIES: &[Part] = &[Under("docs/agreements.md", "One bit about two private inputs")];
const COLOURINGS: &[Part] = &[Under("docs/colouring.md", "Colourings")];
const SERVICE: &[Part] = &[
    Given("known=$(provenn log witness --name witness.example/known --out log.key-known | head -n 1)"),
    Given("export PROVENN_LOG__WITNESSES=${known##* }"),
    Under("README.md", "The service"),
    Given(
        "LOG_KEY=$(curl -sf $service/v1/log | field key)
        witness() { provenn log witness --name $1 --out log.key-$1 | head -n 1; }
        cosign() { provenn log cosign receipt.tlog-proof --url $service --key $LOG_KEY --witness-key log.key-$1 --state log.key-$1.last; }
        W1=$(witness one) W2=$(witness two) W3=$(witness three)
        W1=${W1##* } W2=${W2##* } W3=${W3##* }
        cosign one && cosign three",
    ),
    Under("docs/publishing.md", "Transparency log"),
    Given("mv log.key-known witness.key"),
    Under("docs/runbook.md", "Witnesses"),
];
const OPERATION: &[Part] = &[
    Given("until_ready() { until curl -sf http://127.0.0.1:8080/readyz; do sleep 0.2; done; }"),
    Under("docs/runbook.md", "Running the service"),
    Under("docs/runbook.md", "Keys"),
    Under("docs/runbook.md", "Storage"),
    Under("docs/runbook.md", "Backup and restore"),
];

const WALKS: [&[Part]; 7] = [WALK_THROUGH, SEVERAL, BATCHES, PARTIES, COLOURINGS, SERVICE, OPERATION];

/// The commands under a heading, but for those that need what tests do not have.
fn commands(file: &str, heading: &str) -> Vec<Block> {
    let mut found = blocks(file);
    found.retain(|block| block.heading == heading && block.language() == "sh" && !block.is("elsewhere"));
    assert!(!found.is_empty(), "{file} has no commands under `{heading}`");
    found
}

fn script(parts: &[Part]) -> String {
    let text = |part: &Part| match *part {
        Under(file, heading) => commands(file, heading).into_iter().map(|block| block.text).collect(),
        Given(text) => format!("{text}\n"),
    };
    parts.iter().map(text).collect()
}

#[track_caller]
fn prints(out: &str, expected: &[&str]) {
    for printed in expected {
        assert!(out.contains(printed), "{printed}: {out}");
    }
}

#[test]
fn the_commands_walk_through() {
    let left = [
        "digits/srs.vk",
        "receipt.bin",
        "structure.onnx",
        "receipt.bundle",
        "digits/evm.json",
    ];
    let out = walk(&script(WALK_THROUGH), "", &left);
    let expected = [
        "VALID under development parameters",
        "Rebuilt from the model's file",
        "\"clinic.example\" signed this model",
    ];
    prints(&out, &expected);
}

#[test]
fn the_commands_with_several_inputs_and_outputs() {
    let out = walk(&script(SEVERAL), "", &["conflict/srs.vk", "receipt.bin"]);
    prints(
        &out,
        &[
            "of output        \"agreement\", number 1 of 2",
            "input \"listed\"",
            "input \"own\"",
        ],
    );
}

#[test]
fn the_commands_with_several_parties() {
    let out = walk(
        &script(PARTIES),
        "",
        &["parties/deal", "parties/own.signed", "receipt.bin"],
    );
    let expected = [
        "is output 1 at least 0, of output \"conflict\"",
        "SIGNED by all parties",
        "VALID under development parameters",
        "\"borrower\" agreed, key shop.example+",
        "input \"listed\" signed by \"lender\"",
    ];
    prints(&out, &expected);
}

#[test]
fn the_commands_with_batches() {
    let out = walk(&script(BATCHES), "", &["digits-360/srs.vk", "receipt.bin"]);
    prints(&out, &["of 360 (0.9", "accuracy against 360 labels of digest "]);
}

#[test]
fn the_commands_with_colourings() {
    let out = walk(&script(COLOURINGS), "", &[]);
    prints(
        &out,
        &["knows a proper colouring in 3 colours of a graph of 20000 vertices"],
    );
}

/// A script about a service, at an address of its own, which ends with the script.
fn at_a_service(parts: &[Part], files: &[&str]) -> String {
    let (address, printed) = (free_address(), script(parts));
    assert!(printed.contains("127.0.0.1:8080"));
    let script = printed.replace("127.0.0.1:8080", &address);
    let script = script.replace("https://prover.example", &format!("http://{address}"));
    walk(&format!("trap 'kill $(jobs -p)' EXIT\n{script}"), &address, files)
}

#[test]
fn the_service_walks_through() {
    let out = at_a_service(SERVICE, &["model.card", "srs.vk", "receipt.bin", "witness.key"]);
    let expected = [
        "\"valid\":true",
        "VALID under development parameters",
        "LOGGED: the receipt is entry 1 of 2",
    ];
    prints(&out, &expected);
}

#[test]
fn the_runbook_runs() {
    let out = at_a_service(OPERATION, &["backup"]);
    prints(&out, &["lab pipeline", "revoked"]);
}

/// Two at a time: each makes proofs.
#[test]
fn the_chapters_run() {
    let files = chapters();
    assert!(files.len() > 8);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    chapter(&blocks(file));
                }
            });
        }
    });
}
