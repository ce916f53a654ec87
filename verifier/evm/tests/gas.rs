//! What the contract costs: size and gas are those that are written down.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::chain::artifact;
use common::{Case, GOLDEN};

/// Largest code of a contract (EIP-170).
const MAX_CODE: usize = 24_576;

/// `gas.txt` beside the manifest: gas of the golden receipts, calldata included. After a change write it again with `PROVENN_NEW_GAS=1`.
#[test]
fn gas_is_as_written_down() {
    let rows = GOLDEN.map(|golden| {
        let case = Case::golden(golden);
        let outcome = case.call(&case.calldata(&case.receipt));
        assert!(outcome.returned.is_ok());
        format!("{} {}\n", case.name, outcome.gas)
    });
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/gas.txt");
    if std::env::var_os("PROVENN_NEW_GAS").is_some() {
        std::fs::write(path, rows.concat()).unwrap();
    }
    assert_eq!(rows.concat(), std::fs::read_to_string(path).unwrap());
}

#[test]
fn contracts_fit_an_account() {
    for name in ["Verifier", "Consumer"] {
        let size = artifact(name, "deployed").len();
        assert!((1..=MAX_CODE).contains(&size), "{name}: {size}");
    }
}
