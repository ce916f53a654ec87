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

pub use provenn_engine::NoSuchPath;

pub use commit::{commit, CommitOptions, Committed};
pub use error::ProveError;
pub use prove::{prove, Input};

/// The environment variable that names what proofs are made with, in place of the fastest that the machine has.
pub const ENGINE: &str = provenn_engine::VARIABLE;

/// What proofs are made with here.
pub fn machine() -> Machine {
    of(Path::of_machine())
}

/// The same, if [`ENGINE`] is not set or can be done: for programs to ask before they begin, because proofs are made with the fastest otherwise.
///
/// # Errors
/// The environment names what this machine has not, or what nobody has.
pub fn asked_for() -> Result<Machine, NoSuchPath> {
    Path::chosen().map(of)
}

/// All that proofs can be made with here, the slowest first.
pub fn machines() -> Vec<Machine> {
    Path::all().into_iter().map(of).collect()
}

fn of(path: Path) -> Machine {
    let machine = Machine::ALL.into_iter().find(|machine| machine.name() == path.name());
    machine.unwrap_or(Machine::Portable)
}
