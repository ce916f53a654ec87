//! `provenn serve`: the service.

use crate::error::CliError;
use crate::report::Report;
use crate::server::config::{Config, LogFormat, Role};
use crate::server::run;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    pub settings: Settings,
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Which parts of the service this process runs.
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// Proofs at a time in this process.
    #[arg(long)]
    workers: Option<usize>,
    /// How log lines look.
    #[arg(long, value_enum)]
    log_format: Option<LogFormat>,
    /// Print the settings in effect, without secrets, and stop.
    #[arg(long)]
    print_config: bool,
}

/// What says where the service's data is.
#[derive(Debug, clap::Args)]
pub struct Settings {
    /// Configuration file (TOML). Environment variables override it: PROVENN_LISTEN, PROVENN_LIMITS__TENANT_JOBS, ..
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Folder for everything that stays on this machine.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Database; SQLite in the data folder by default.
    #[arg(long, value_name = "URL")]
    database: Option<String>,
}

impl Settings {
    pub fn load(&self) -> Result<Config, CliError> {
        let environment = std::env::vars_os().filter_map(|(k, v)| Some((k.into_string().ok()?, v.into_string().ok()?)));
        let mut config = Config::load(self.config.as_deref(), environment)?;
        if let Some(data) = &self.data {
            config.data.clone_from(data);
        }
        if let Some(database) = &self.database {
            config.database.clone_from(database);
        }
        config.check()
    }
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let mut config = args.settings.load()?;
    if let Some(listen) = &args.listen {
        config.listen.clone_from(listen);
    }
    config.role = args.role.unwrap_or(config.role);
    config.workers = args.workers.unwrap_or(config.workers);
    config.log_format = args.log_format.unwrap_or(config.log_format);
    let config = config.check()?;
    if args.print_config {
        let text = config.printable();
        return Ok(Report {
            json: json!({ "config": text }),
            text,
            ..Report::default()
        });
    }
    run::run(config)?;
    Ok(Report::default())
}
