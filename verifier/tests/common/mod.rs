//! Shared by the tests: conversion of library keys and a toy circuit with receipts.
#![allow(dead_code, reason = "each test binary uses another part")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

pub mod edit;
pub mod issue;
pub mod reference;
pub mod toy;
