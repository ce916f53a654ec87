//! `provenn`: commit to a neural network, prove what it computes, verify receipts.
#![forbid(unsafe_code)]

mod bytes;
mod cli;
mod commands;
mod error;
mod estimate;
mod files;
mod npy;
mod policy;
mod progress;
mod report;
mod sample;
mod srs;

use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    match commands::run(&cli) {
        Ok(report) => report.print(cli.json),
        Err(error) => {
            error.print(cli.json);
            ExitCode::from(error.exit())
        }
    }
}
