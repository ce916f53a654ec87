//! What the contract costs: size and gas are those that are written down.

use crate::common;
use crate::common::chain::artifact;
use crate::common::graphs::{myciel3, queen5_5};
use crate::common::Case;
use sha2::{Digest, Sha256};

/// Largest code of a contract (EIP-170).
const MAX_CODE: usize = 24_576;

/// `gas.txt` beside the manifest: gas of the golden receipts, and of two colourings that are made the same each time, calldata included. After a change write it again with `PROVENN_NEW_GAS=1`.
#[test]
fn gas_is_as_written_down() {
    let cases = common::golden().into_iter().chain([myciel3(), queen5_5()]);
    let rows = cases.map(|case: Case| {
        let outcome = case.call(&case.calldata(&case.receipt));
        assert!(outcome.returned.is_ok());
        format!("{} {}\n", case.name, outcome.gas)
    });
    let rows: String = rows.collect();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/gas.txt");
    if std::env::var_os("PROVENN_NEW_GAS").is_some() {
        std::fs::write(path, &rows).unwrap();
    }
    assert_eq!(rows, std::fs::read_to_string(path).unwrap());
}

/// A model of dense layers has a layout of its own, which the bar of 700,000 gas for this one rests on.
#[test]
fn dense_models_cost_what_they_may() {
    let case = common::cheapest("digits_mlp", false);
    let outcome = case.call(&case.calldata(&case.receipt));
    assert!(outcome.returned.is_ok());
    assert!(outcome.gas < 620_000, "{}", outcome.gas);
}

/// Digest and size of the contract, and the gas of the golden receipts, as people read them.
#[test]
fn the_chapter_says_what_is_deployed() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let chapter = std::fs::read_to_string(format!("{root}/docs/evm.md")).unwrap();
    let grouped = |number: usize| match number {
        0..1_000_000 => format!("{},{:03}", number / 1000, number % 1000),
        _ => format!(
            "{},{:03},{:03}",
            number / 1_000_000,
            number / 1000 % 1000,
            number % 1000
        ),
    };
    let code = artifact("Verifier", "deployed");
    let digest: String = Sha256::digest(&code).iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(chapter.lines().any(|line| line == digest), "{digest}");
    assert!(chapter.contains(&format!("has {} bytes.", grouped(code.len()))));
    for row in include_str!("../gas.txt").lines() {
        let (name, gas) = row.split_once(' ').unwrap();
        let gas = gas.parse().unwrap();
        // A row says what else there is to a receipt.
        let written =
            |line: &str| line.starts_with(&format!("| {name}, ")) && line.ends_with(&format!(" | {} |", grouped(gas)));
        assert!(chapter.lines().any(written), "{row}");
    }
}

#[test]
fn contracts_fit_an_account() {
    for name in ["Verifier", "Consumer", "Erc7992Verifier", "Erc8004Validator"] {
        let size = artifact(name, "deployed").len();
        assert!((1..=MAX_CODE).contains(&size), "{name}: {size}");
    }
}
