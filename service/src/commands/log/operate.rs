//! What the operator says of a log that was restored.

use crate::commands::serve::Settings;
use crate::error::CliError;
use crate::files;
use crate::report::Report;
use crate::server::clock::Clock;
use crate::server::config::{Config, Role};
use crate::server::db::Db;
use crate::server::error::ApiError;
use crate::server::private;
use crate::server::run::start;
use crate::server::state::{alone, App};
use crate::server::store::Store;
use crate::server::tlog::stop::Stop;
use crate::server::tlog::{renew, resume};
use provenn_verifier::tlog::MAX_NOTE;
use serde_json::json;
use std::future::Future;
use std::path::Path;

pub fn stop(settings: &Settings) -> Result<Report, CliError> {
    let config = settings.load()?;
    wait(async {
        let db = open(&config).await?;
        db.log_stop(Stop::Restored).await.map_err(start)?;
        let mut report = Report::default();
        report.line("The log signs nothing until `provenn log resume` or `provenn log renew`.");
        report.json = json!({ "stopped": Stop::Restored.name() });
        Ok(report)
    })
}

pub fn resume(settings: &Settings, checkpoint: &Path) -> Result<Report, CliError> {
    let mut config = settings.load()?;
    let note = super::text(files::read(checkpoint, MAX_NOTE as u64)?).map_err(|e| e.at(checkpoint))?;
    // Who signs has a key, whatever else this machine's processes do.
    config.role = Role::Api;
    wait(async {
        // No command but `serve` changes the schema.
        open(&config).await?.close().await;
        let app = App::open(config, Clock::System).await.map_err(start)?;
        let signer = app.tlog.signer.as_ref();
        let signer = signer.ok_or_else(|| start(ApiError::Internal("this process has no log key".into())))?;
        let resumed = resume::resume(&app, signer, note).await.map_err(|e| refused(&e))?;
        let mut report = Report::default();
        report.line(format!(
            "RESUMED: the log has {} entries, of which {} are signed",
            resumed.entries, resumed.signed
        ));
        if resumed.restored > 0 {
            report.row(
                "read back",
                format!("{} entries that the database had lost", resumed.restored),
            );
        }
        report.json = json!({ "entries": resumed.entries, "signed": resumed.signed, "restored": resumed.restored });
        Ok(report)
    })
}

pub fn renew(settings: &Settings, origin: &str) -> Result<Report, CliError> {
    let config = settings.load()?;
    wait(async {
        let db = open(&config).await?;
        let store = Store::open(&config).map_err(start)?;
        let (key, old) = renew::renew(&config, &db, &store, origin, Clock::System.now())
            .await
            .map_err(|e| refused(&e))?;
        let mut report = Report::default();
        report.line("RENEWED: a new log, over the entries of the database. Start the service again.");
        report.row("new key", &key);
        report.row("old key", &old.key);
        report.line("Tell all who rely on the old key of both, and of the old key's last checkpoint:");
        old.checkpoint.lines().for_each(|line| report.line(line));
        report.json = json!({ "key": key.to_string(), "old_key": old.key, "old_checkpoint": old.checkpoint });
        Ok(report)
    })
}

async fn open(config: &Config) -> Result<Db, CliError> {
    private::files();
    private::folder(&config.data).map_err(start)?;
    let _alone = alone(config).map_err(start)?;
    Db::open(&config.database_url()).await.map_err(|e| start(e.into()))
}

fn refused(error: &ApiError) -> CliError {
    CliError::new(
        1,
        "log-stopped",
        error.cause(),
        "the log signs nothing meanwhile; docs/runbook.md says how a restored service goes on",
    )
}

fn wait<T>(work: impl Future<Output = Result<T, CliError>>) -> Result<T, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime = runtime.map_err(|e| CliError::new(1, "io", e.to_string(), ""))?;
    runtime.block_on(work)
}
