//! Gas by function.

use super::common::chain::Spent;
use super::common::Case;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

/// Runs a script of this crate; returns what it prints.
pub fn script(name: &str, input: &str) -> Result<String, String> {
    let path = format!("{}/{name}", env!("CARGO_MANIFEST_DIR"));
    let failed = |error: std::io::Error| format!("node {path}: {error}");
    let mut child = Command::new("node")
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(failed)?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).map_err(failed)?;
    }
    let output = child.wait_with_output().map_err(failed)?;
    match output.status.success() {
        true => String::from_utf8(output.stdout).map_err(|error| error.to_string()),
        false => Err(format!("node {path} failed")),
    }
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn bytes(hex: &str) -> Result<Vec<u8>, String> {
    let digits = hex.trim().as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits
        .map(byte)
        .collect::<Option<_>>()
        .ok_or_else(|| "no hexadecimal digits".to_owned())
}

/// Where the gas of a call goes, the most first: functions without what they call, precompiles by their number, and what the transaction costs itself.
pub fn sections(case: &Case, data: &[u8], gas: u64) -> Result<Vec<(String, u64)>, String> {
    let mut functions = BTreeMap::new();
    for line in script("sections.mjs", "")?.lines() {
        let (pc, name) = line.split_once(' ').ok_or("a row without a function")?;
        functions.insert(pc.parse::<usize>().map_err(|error| error.to_string())?, name.to_owned());
    }
    let mut sections: BTreeMap<String, u64> = BTreeMap::new();
    for (at, spent) in case.chain.spent(case.verifier, data) {
        let section = match at {
            Spent::Code(pc) => functions
                .range(..=pc)
                .next_back()
                .map_or("compiler", |(_, name)| name)
                .to_owned(),
            Spent::Precompile(number) => format!("precompile {number}"),
        };
        *sections.entry(section).or_default() += spent;
    }
    let rest = gas - sections.values().sum::<u64>();
    sections.insert("transaction and calldata".to_owned(), rest);
    let mut sections: Vec<_> = sections.into_iter().collect();
    sections.sort_by_key(|(_, gas)| std::cmp::Reverse(*gas));
    Ok(sections)
}
