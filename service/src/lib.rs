//! `provenn`: commit to a neural network, prove what it computes, verify receipts; on the command line or as a service.
//!
//! [`cli`] and [`commands`] are the command line, [`server`] is the service, [`child`] is the process that the service
//! starts for each piece of proving work.
#![forbid(unsafe_code)]

pub mod bytes;
pub mod child;
pub mod cli;
pub mod codes;
pub mod color;
pub mod commands;
pub mod data;
pub mod error;
pub mod estimate;
pub mod fail;
pub mod files;
pub mod graph;
pub mod model;
mod moment;
mod names;
pub mod output;
pub mod policy;
pub mod progress;
pub mod report;
pub mod server;
pub mod srs;
pub mod stage;
pub mod statement;
