//! `provenn`: see the library.
#![forbid(unsafe_code)]

use clap::Parser;
use provenn_service::{child, cli, commands};
use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == child::ARGUMENT) {
        return child::main();
    }
    let cli = cli::Cli::parse();
    match commands::run(&cli) {
        Ok(report) => report.print(cli.json),
        Err(error) => {
            error.print(cli.json);
            ExitCode::from(error.exit())
        }
    }
}
