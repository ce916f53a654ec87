//! `provenn completions`: scripts for shells.

use crate::cli::Cli;
use crate::report::Report;
use clap::CommandFactory;
use clap_complete::{generate, Shell};
use serde_json::json;

#[derive(Debug, clap::Args)]
pub struct Args {
    shell: Shell,
}

pub fn run(args: &Args) -> Report {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "provenn", &mut script);
    let text = String::from_utf8_lossy(&script).into_owned();
    Report {
        json: json!({ "script": text }),
        text,
        ..Report::default()
    }
}
