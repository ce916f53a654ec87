//! All tests of the crate that do not stand beside its sources.

mod agreement;
mod audit;
mod batch;
mod chain;
mod colouring;
#[path = "../../circuits/tests/common/mod.rs"]
mod common;
mod dense;
mod end_to_end;
mod fidelity;
mod fixtures;
mod folding;
mod golden;
mod inputs;
mod policies;
mod public_constants;
mod recipes;
#[allow(clippy::unwrap_used, reason = "tests")]
#[path = "../../verifier/tests/common/reference.rs"]
mod reference;
mod registration;
mod sklearn;
mod slices;
mod stages;
mod whole;
mod widths;
