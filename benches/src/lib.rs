//! What benches of the service share.
#![expect(clippy::unwrap_used, reason = "a bench may panic")]

pub mod lines;
#[path = "../../service/tests/crash/postgres.rs"]
pub mod postgres;
pub mod service;
