//! `provenn serve`: HTTP API, workers, storage. One binary in one of three roles.
//!
//! Order of reading: [`config`], [`ids`], [`db`] and [`store`] (what is kept where), [`api`] (one file per handler), [`queue`] (who
//! works on what), [`worker`] (one job from lease to publication), [`sweeper`] (what time does to jobs), [`tlog`] (the
//! transparency log), [`ledger`] (bits that receipts let out).

pub mod agreed;
pub mod api;
pub mod auth;
pub mod bindings;
pub mod clock;
pub mod config;
pub mod db;
pub mod disk;
pub mod door;
pub mod error;
pub mod events;
pub mod folders;
pub mod gc;
pub mod ids;
pub mod inputs;
pub mod job;
pub mod keys;
pub mod labels;
pub mod ledger;
pub mod leftovers;
pub mod limits;
pub mod link;
pub mod listen;
pub mod log;
pub mod metrics;
pub mod outage;
pub mod private;
pub mod problem;
pub mod queue;
pub mod removal;
pub mod retention;
pub mod room;
pub mod run;
pub mod skew;
pub mod state;
pub mod store;
pub mod sweeper;
pub mod sweeps;
pub mod tlog;
pub mod web;
pub mod worker;
