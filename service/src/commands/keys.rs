//! `provenn keys`: who may use the service.

use super::serve::Settings;
use crate::error::CliError;
use crate::report::Report;
use crate::server::clock::Clock;
use crate::server::db::Db;
use crate::server::keys::{tenant, Scope, Secret};
use crate::server::run::start;
use crate::server::state::alone;
use serde_json::json;
use std::future::Future;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key and print it, once.
    Create {
        #[command(flatten)]
        settings: Settings,
        /// Whose key; the tenant is made if it is new.
        #[arg(long, value_parser = tenant)]
        tenant: String,
        /// What the key may do; everything by default.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = Scope::ALL)]
        scopes: Vec<Scope>,
        /// What the key is for.
        #[arg(long, default_value = "")]
        label: String,
    },
    /// End the validity of a key.
    Revoke {
        #[command(flatten)]
        settings: Settings,
        /// The part between the underscores, as `keys list` shows it.
        id: String,
    },
    /// List all keys, without their secrets.
    List {
        #[command(flatten)]
        settings: Settings,
    },
}

pub fn run(command: &Command) -> Result<Report, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| CliError::new(1, "io", e.to_string(), ""))?;
    runtime.block_on(async {
        match command {
            Command::Create {
                settings,
                tenant,
                scopes,
                label,
            } => create(&open(settings).await?, tenant, scopes, label).await,
            Command::Revoke { settings, id } => revoke(&open(settings).await?, id).await,
            Command::List { settings } => list(&open(settings).await?).await,
        }
    })
}

async fn open(settings: &Settings) -> Result<Db, CliError> {
    let config = settings.load()?;
    std::fs::create_dir_all(&config.data).map_err(|e| CliError::io(&config.data, &e))?;
    let _alone = alone(&config).map_err(start)?;
    stored(Db::open(&config.database_url())).await
}

async fn stored<T>(result: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, CliError> {
    result.await.map_err(|e| start(e.into()))
}

async fn create(db: &Db, tenant: &str, scopes: &[Scope], label: &str) -> Result<Report, CliError> {
    let key = Secret::random()?;
    stored(db.add_key(&key, tenant, label, scopes, Clock::System.now())).await?;
    let text = key.reveal();
    Ok(Report {
        json: json!({ "id": key.id, "tenant": tenant, "key": text }),
        text: format!("{text}\n"),
    })
}

async fn revoke(db: &Db, id: &str) -> Result<Report, CliError> {
    if !stored(db.revoke_key(id, Clock::System.now())).await? {
        return Err(CliError::usage(
            "no-such-key",
            format!("no valid key has the id `{id}`"),
            "`provenn keys list` shows the ids",
        ));
    }
    let mut report = Report::default();
    report.row("revoked", id);
    report.json = json!({ "revoked": id });
    Ok(report)
}

async fn list(db: &Db) -> Result<Report, CliError> {
    let keys = stored(db.keys()).await?;
    let mut report = Report::default();
    for key in &keys {
        let state = if key.revoked.is_some() { "revoked" } else { "valid" };
        report.row(
            &key.id,
            format!("{:<12} {:<8} {:<28} {}", key.tenant, state, key.scopes, key.label),
        );
    }
    let shown = |key: &crate::server::db::KeyRow| {
        json!({
            "id": key.id, "tenant": key.tenant, "label": key.label, "scopes": key.scopes, "created": key.created, "revoked": key.revoked,
        })
    };
    report.json = json!({ "keys": keys.iter().map(shown).collect::<Vec<_>>() });
    Ok(report)
}
