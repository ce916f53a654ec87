//! Provenn receipts: claims, their canonical bytes, and the decision whether a proof supports them.
//!
//! [`ModelCard::check`] verifies once that the weights committed on a card are in range, and gives a [`CheckedCard`]; [`AnyCard::check`] takes the
//! cards of models in segments too.
//! [`verify`] takes a receipt (untrusted bytes), a checked card and an [`SrsVerifyingKey`] (both chosen by the
//! caller) and an [`Expectation`], and either returns a [`Verdict`] or one [`VerifyError`]. [`Schema::values`] gives what it
//! says in the units of the model. All are pure
//! functions: no I/O, no clock, no threads, no randomness, no panic on any input.
//!
//! Order of reading: [`claim`] and [`statement`] (what is said), [`receipt`] (how it travels), [`card`], [`registration`], [`key`] and [`srs`]
//! (what it is judged against), `verify` (the checks in order), then the argument itself: `proof` and `transcript` (messages
//! and challenges), `plonk` (the quotient identity), `shplonk` (the opening), [`link`] (committed columns).
//! What is proven, what is not, and the assumptions: module `security`. Known failures of proof systems: `vulnerabilities`.
//!
//! The crate needs `alloc` but not `std`. With the feature `log`: `tlog`, proofs that a card or a receipt stands in a transparency log, and
//! `publisher`, signatures of model ids, `state`, whether a model is in use or revoked; `agreement`, what several parties agreed that receipts may state, and `party`, their signatures of inputs. [`bundle`] is one file with all of these.
#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]
#![deny(missing_docs)]
#![deny(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::panic_in_result_fn,
    clippy::string_slice,
    clippy::todo,
    clippy::unimplemented,
    clippy::unreachable,
    clippy::unwrap_used
)]

extern crate alloc;

#[cfg(doc)]
#[doc = include_str!("../docs/security.md")]
pub mod security {}
#[cfg(doc)]
#[doc = include_str!("../docs/vulnerabilities.md")]
pub mod vulnerabilities {}
// Compiles the examples.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
#[cfg(doctest)]
#[doc = include_str!("../docs/embed.md")]
struct Embed;
#[cfg(all(doctest, feature = "log"))]
#[doc = include_str!("../docs/agreements.md")]
struct Agreements;

#[cfg(feature = "log")]
pub mod agreement;
pub mod any;
pub mod bundle;
pub mod card;
pub mod chain;
pub mod claim;
mod codec;
mod curve;
pub mod difference;
mod domain;
pub mod error;
pub mod expectation;
pub mod key;
pub mod kind;
pub mod link;
mod msm;
#[cfg(feature = "log")]
pub mod party;
mod permutation;
mod plonk;
mod proof;
#[cfg(feature = "log")]
pub mod publisher;
pub mod receipt;
pub mod registration;
pub mod schema;
mod shplonk;
pub mod srs;
#[cfg(feature = "log")]
pub mod state;
pub mod statement;
pub mod text;
#[cfg(feature = "log")]
pub mod tlog;
mod transcript;
mod verify;
pub mod words;

pub use any::{AnyCard, AnyReceipt, CheckedAny};
pub use bundle::{Bundle, BundledReceipt};
pub use card::ModelCard;
pub use chain::{segment_scalar, ChainCard, ChainReceipt, CheckedChain, SegmentProof};
pub use claim::{Claim, Context};
pub use difference::{differences, Difference};
pub use error::{ContextField, VerifyError};
pub use expectation::Expectation;
pub use key::{
    ColumnKind, Expr, Folded, InputLayout, InputOrder, InstanceLayout, KeyParts, LaneRun, Linked, OutputLayout,
    PermutationColumn, Purpose, Registered, RowSet, SegmentLayout, VerifyingKey, WholeOutput,
};
pub use kind::{FileKind, FORMAT_VERSION};
pub use link::{linked_columns, LinkProof, LinkStatement, LinkTranscript, LinkedColumn};
pub use receipt::Receipt;
pub use registration::{registration_scalar, Bits, CheckedCard, Grid, Registering, Registration};
pub use schema::{InputSchema, OutputSchema, Quantization, Schema, SchemaError, Value, Values};
pub use srs::{SrsKind, SrsParts, SrsVerifyingKey};
pub use statement::colouring::{
    Colouring, ColouringClass, ColouringExpectation, EdgeSums, Graph, GraphError, Neighbours,
};
pub use statement::inference::{
    policy, Answer, Counts, Disclosure, Inference, InferenceExpectation, InputBinding, Item, Policy, Target, Total,
};
pub use statement::{Reference, Statement, StatementKind, Subject};
pub use verify::{refused_segment, verify, verify_batch, DevVerified, Judged, Verdict, Verified};
