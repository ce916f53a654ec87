//! `provenn`: see the library.
#![forbid(unsafe_code)]

use clap::error::ErrorKind;
use clap::Parser;
use provenn_service::error::CliError;
use provenn_service::{child, cli, commands, progress};
use std::process::ExitCode;

// That of musl is slow, and slower with several threads.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

// That of glibc keeps for each thread what was freed: beside the floods of `soak` a service stood at 199 MiB, and at 122 with this one.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|first| first == child::ARGUMENT) {
        return child::main();
    }
    let cli = match cli::Cli::try_parse() {
        Ok(cli) => cli,
        Err(refused) => return usage(&refused),
    };
    progress::say(cli.quiet, cli.verbose);
    match commands::run(&cli) {
        Ok(_) if cli.quiet => ExitCode::SUCCESS,
        Ok(report) => report.print(cli.json),
        Err(error) => {
            error.print(cli.json);
            ExitCode::from(error.exit())
        }
    }
}

/// What is wrong with the command line: as every other error, if that is asked for.
fn usage(refused: &clap::Error) -> ExitCode {
    let is_error = !matches!(refused.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let asked = std::env::args_os()
        .take_while(|word| word != "--")
        .any(|word| word == "--json");
    if !(is_error && asked) {
        refused.exit();
    }
    let text = refused.to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let message = lines
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .to_owned();
    let rest: Vec<&str> = lines.take_while(|line| !line.starts_with("Usage:")).collect();
    let error = CliError::usage(
        "usage",
        [&[message.as_str()], &rest[..]].concat().join(" "),
        "see `provenn help`",
    );
    error.print(true);
    ExitCode::from(error.exit())
}
