//! All tests of the crate that do not stand beside its sources.

mod agreement;
mod any;
#[cfg(feature = "log")]
mod bundle;
mod chain;
mod common;
mod corpus;
mod decision;
mod docs;
mod hammer;
mod hardening;
mod hiding;
mod known_answers;
mod limits;
mod link;
#[cfg(feature = "log")]
mod parties;
mod registration;
mod schema;
mod tamper;
mod testkit;
#[cfg(feature = "log")]
mod tlog;
