//! All tests of the contract, and of what it reads.
#![allow(clippy::unwrap_used, reason = "tests")]

mod adapters;
mod calldata;
mod colourings;
mod common;
mod gas;
mod mutated;
mod random_keys;
#[path = "../../../prover/tests/agreement/setup.rs"]
mod setup;
mod verdicts;
