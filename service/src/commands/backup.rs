//! `provenn backup`: a copy of what a service on SQLite and a folder holds, while it runs.
//!
//! The database comes first and objects later: what a row names was stored before the row. The log's checkpoint comes
//! before the tiles that it covers.

use super::serve::Settings;
use crate::error::CliError;
use crate::output::kept;
use crate::report::Report;
use crate::server::config::Config;
use crate::server::db::Db;
use crate::server::run;
use crate::server::tlog::stop::Stop;
use crate::server::tlog::{key, COPY};
use serde_json::json;
use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Folder to make. It holds secrets, and is what the service takes as its data folder after a restore.
    out: PathBuf,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    kept(&args.out)?;
    let config = args.settings.load()?;
    if !config.database_url().starts_with("sqlite:") || config.store.starts_with("s3://") {
        return Err(CliError::usage(
            "backup",
            "only SQLite and a folder of objects are copied",
            "for PostgreSQL and S3 use their own tools, as docs/runbook.md shows",
        ));
    }
    let io = |error: io::Error| CliError::io(&args.out, &error);
    fs::DirBuilder::new().mode(0o700).create(&args.out).map_err(io)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(io)?;
    runtime.block_on(database(&config, &args.out.join("service.db")))?;
    let copied = files(&config, &args.out).map_err(io)?;
    let mut report = Report {
        json: json!({ "out": args.out.display().to_string(), "files": copied.files, "bytes": copied.bytes }),
        ..Report::default()
    };
    report.row("backup", args.out.display());
    report.row(
        "files",
        format!("{}, {} bytes, and the database", copied.files, copied.bytes),
    );
    Ok(report)
}

async fn database(config: &Config, to: &Path) -> Result<(), CliError> {
    let db = Db::open(&config.database_url())
        .await
        .map_err(|e| run::start(e.into()))?;
    db.copy(to).await.map_err(|e| run::start(e.into()))?;
    db.close().await;
    // A log that goes on from the copy could contradict what is signed after this moment.
    let copy = Db::open(&format!("sqlite://{}?mode=rw", to.display()))
        .await
        .map_err(|e| run::start(e.into()))?;
    copy.log_stop(Stop::Restored).await.map_err(run::start)?;
    copy.close().await;
    Ok(())
}

#[derive(Default)]
struct Copied {
    files: usize,
    bytes: u64,
}

fn files(config: &Config, out: &Path) -> io::Result<Copied> {
    let mut copied = Copied::default();
    let objects = config.objects();
    copied.file(&config.log_key(), &out.join(key::FILE))?;
    let checkpoint = out.join("objects").join(COPY);
    fs::create_dir_all(checkpoint.parent().unwrap_or(out))?;
    copied.file(&objects.join(COPY), &checkpoint)?;
    copied.folder(&objects, &out.join("objects"))?;
    let srs = config.srs();
    if srs.is_dir() {
        copied.folder(&srs, &out.join("srs"))?;
    }
    Ok(copied)
}

impl Copied {
    /// Copies a file that has no copy yet, if it is there.
    fn file(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        if to.exists() {
            return Ok(());
        }
        match fs::copy(from, to) {
            // What is written again under another name, such as a tile of the log, vanishes meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            copied => {
                self.bytes += copied?;
                self.files += 1;
                Ok(())
            }
        }
    }

    fn folder(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            let to = to.join(entry.file_name());
            match entry.file_type()?.is_dir() {
                true => self.folder(&entry.path(), &to)?,
                false => self.file(&entry.path(), &to)?,
            }
        }
        Ok(())
    }
}
