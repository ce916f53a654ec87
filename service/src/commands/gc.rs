//! `provenn gc`: removes what no row names and what dead processes left, while the service runs.

use super::serve::Settings;
use crate::error::CliError;
use crate::report::{grouped, Report};
use crate::server::clock::Clock;
use crate::server::config::Config;
use crate::server::db::Db;
use crate::server::error::ApiError;
use crate::server::gc::{belong_together, orphans};
use crate::server::leftovers::{collect, Count};
use crate::server::run::start;
use crate::server::store::Store;
use serde_json::json;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
    /// Only count what would be removed.
    #[arg(long)]
    dry_run: bool,
}

pub fn run(args: &Args) -> Result<Report, CliError> {
    let config = args.settings.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| CliError::new(1, "io", e.to_string(), ""))?;
    let objects = runtime.block_on(objects(&config, args.dry_run)).map_err(start)?;
    // After the database was found: that is a service's folder.
    let temporary = collect(&config, args.dry_run).map_err(|e| CliError::io(&config.data, &e))?;
    let document = |of: Count| json!({ "count": of.count, "bytes": of.bytes });
    let mut report = Report {
        json: json!({ "dry_run": args.dry_run, "objects": document(objects), "temporary": document(temporary) }),
        ..Report::default()
    };
    let done = if args.dry_run { "would be removed" } else { "removed" };
    for (name, of) in [("objects", objects), ("temporary", temporary)] {
        let [count, bytes] = [of.count, of.bytes].map(|n| grouped(usize::try_from(n).unwrap_or(usize::MAX)));
        report.row(name, format!("{count}, {bytes} bytes, {done}"));
    }
    Ok(report)
}

async fn objects(config: &Config, dry_run: bool) -> Result<Count, ApiError> {
    let db = Db::existing(&config.database_url()).await?;
    let store = Store::open(config)?;
    let found = async {
        belong_together(&db, &store).await?;
        orphans(&db, &store, Clock::System.now(), dry_run).await
    };
    let found = found.await;
    db.close().await;
    found
}
