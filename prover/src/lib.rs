//! Committing models and proving receipts.
//!
//! [`commit::commit`] turns an ONNX file into a [`commit::Committed`] model: proving key, private weights with the
//! randomness of their commitments, and the public [`ModelCard`](provenn_verifier::ModelCard).
//! [`prove::prove`] issues receipts from it, [`audit::audit`] rebuilds what a card says.

pub mod about;
pub mod audit;
pub mod chain;
pub mod colouring;
pub mod commit;
pub mod compact;
pub mod error;
pub mod expected;
pub mod fidelity;
pub mod input;
pub mod link;
pub mod plonk;
pub mod prove;
mod recipe;
pub mod register;
pub mod rows;
pub mod srs;
pub mod store;

// Compiles the example.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

use provenn_circuits::argument::Machine;
use provenn_engine::Path;

pub use commit::{commit, CommitOptions, Committed};
pub use error::ProveError;
pub use prove::{prove, Input};

/// What proofs are made with here.
pub fn machine() -> Machine {
    let path = Path::of_machine().name();
    let machine = Machine::ALL.into_iter().find(|machine| machine.name() == path);
    machine.unwrap_or(Machine::Portable)
}
