//! The verifier for browsers: one request in, one report out, both plain bytes.
//!
//! A [`Request`] carries the files and what the caller relies on; [`report`] gives the verdict as JSON with every
//! check named; [`policies`] lists what can be asked. On `wasm32` the module exports `reserve`, `verify`, `policies`, `output` and `output_length` (see `abi.rs`), and
//! imports nothing: it can neither reach the network nor read a clock. `web/provenn.js` is the other side.
#![deny(missing_docs)]

#[cfg(target_arch = "wasm32")]
mod abi;
mod checks;
mod json;
mod report;
mod request;
mod statement;
mod values;

pub use checks::{Check, State};
pub use report::report;
pub use request::{Request, RequestError};
pub use statement::policies;
