//! `provenn keys`: who may use the service.

use super::serve::Settings;
use crate::error::CliError;
use crate::report::Report;
use crate::server::clock::{Clock, Millis};
use crate::server::db::{Db, KeyRow, NewKey};
use crate::server::ids::{KeyId, TenantId};
use crate::server::keys::{scopes, Scope, Secret};
use crate::server::private;
use crate::server::run::start;
use crate::server::state::alone;
use serde_json::json;
use std::future::Future;

const HOUR: Millis = 3_600_000;
const DAY: Millis = 24 * HOUR;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make a key and print it, once.
    Create {
        #[command(flatten)]
        settings: Settings,
        /// Whose key.
        #[arg(long)]
        tenant: TenantId,
        /// Make the tenant, which does not exist yet.
        #[arg(long)]
        new_tenant: bool,
        /// What the key may do; everything by default.
        #[arg(long, value_enum, value_delimiter = ',', default_values_t = Scope::ALL)]
        scopes: Vec<Scope>,
        /// What the key is for.
        #[arg(long, default_value = "")]
        label: String,
        /// Days until the key ends; none by default.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: Option<u32>,
    },
    /// Make a key that takes the place of another one: of the same tenant, with the same scopes and label.
    Rotate {
        #[command(flatten)]
        settings: Settings,
        /// The old key, by the part between the underscores.
        id: String,
        /// Hours for which the old key stays valid.
        #[arg(long, default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=8760))]
        overlap: u32,
        /// Days until the new key ends; none by default.
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36500))]
        days: Option<u32>,
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
                new_tenant,
                scopes,
                label,
                days,
            } => {
                let db = open(settings).await?;
                known(&db, tenant, *new_tenant).await?;
                create(&db, tenant, scopes, label, *days).await
            }
            Command::Rotate {
                settings,
                id,
                overlap,
                days,
            } => rotate(&open(settings).await?, id, *overlap, *days).await,
            Command::Revoke { settings, id } => revoke(&open(settings).await?, id).await,
            Command::List { settings } => list(&open(settings).await?).await,
        }
    })
}

async fn open(settings: &Settings) -> Result<Db, CliError> {
    let config = settings.load()?;
    private::files();
    private::folder(&config.data).map_err(start)?;
    let _alone = alone(&config).map_err(start)?;
    stored(Db::open(&config.database_url())).await
}

async fn stored<T>(result: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, CliError> {
    result.await.map_err(|e| start(e.into()))
}

/// A mistyped name is no new tenant.
async fn known(db: &Db, tenant: &TenantId, new: bool) -> Result<(), CliError> {
    let tenants = stored(db.tenants()).await?;
    match (tenants.iter().any(|name| name == tenant), new) {
        (true, false) => Ok(()),
        (false, true) => stored(db.add_tenant(tenant, Clock::System.now())).await,
        (true, true) => Err(CliError::usage(
            "tenant-exists",
            format!("there is a tenant `{tenant}` already"),
            "leave --new-tenant out to make another key of it",
        )),
        (false, false) => Err(CliError::usage(
            "no-such-tenant",
            match tenants.as_slice() {
                [] => format!("there is no tenant `{tenant}`, and no other yet"),
                tenants => format!(
                    "there is no tenant `{tenant}`, but {}",
                    tenants.iter().map(TenantId::as_str).collect::<Vec<_>>().join(", ")
                ),
            },
            "check the name, or add --new-tenant to make it",
        )),
    }
}

async fn create(
    db: &Db,
    tenant: &TenantId,
    scopes: &[Scope],
    label: &str,
    days: Option<u32>,
) -> Result<Report, CliError> {
    let (key, now) = (Secret::random()?, Clock::System.now());
    let new = NewKey {
        secret: &key,
        tenant,
        label,
        scopes,
        expires: days.map(|days| now.saturating_add(i64::from(days).saturating_mul(DAY))),
    };
    stored(db.add_key(&new, now)).await?;
    let text = key.reveal();
    Ok(Report {
        json: json!({ "id": key.id, "tenant": tenant, "key": text, "expires": new.expires }),
        text: format!("{text}\n"),
        ..Report::default()
    })
}

async fn rotate(db: &Db, text: &str, overlap: u32, days: Option<u32>) -> Result<Report, CliError> {
    let keys = stored(db.keys()).await?;
    let (id, now) = (of_key(text)?, Clock::System.now());
    let old = keys.iter().find(|key| key.id == id && state(key, now) == "valid");
    let old = old.ok_or_else(|| no_such_key(text))?;
    let report = create(db, &old.tenant, &scopes(&old.scopes), &old.label, days).await?;
    let end = now.saturating_add(i64::from(overlap).saturating_mul(HOUR));
    // A key that was revoked meanwhile has ended already.
    let _ended = stored(db.end_key(&id, end, now)).await?;
    Ok(report)
}

fn of_key(text: &str) -> Result<KeyId, CliError> {
    text.parse().map_err(|_| no_such_key(text))
}

fn no_such_key(text: &str) -> CliError {
    CliError::usage(
        "no-such-key",
        format!("no valid key has the id `{text}`"),
        "`provenn keys list` shows the ids",
    )
}

fn state(key: &KeyRow, now: Millis) -> &'static str {
    match key {
        KeyRow { revoked: Some(_), .. } => "revoked",
        KeyRow { expires: Some(end), .. } if *end <= now => "expired",
        _ => "valid",
    }
}

/// How long ago, or in how long, in the largest unit that fits.
fn apart(from: Millis, to: Millis) -> String {
    let span = to.saturating_sub(from).max(0);
    match span {
        DAY.. => format!("{} d", span / DAY),
        HOUR.. => format!("{} h", span / HOUR),
        _ => format!("{} min", span / 60_000),
    }
}

async fn revoke(db: &Db, text: &str) -> Result<Report, CliError> {
    let id = of_key(text)?;
    if !stored(db.revoke_key(&id, Clock::System.now())).await? {
        return Err(no_such_key(text));
    }
    let mut report = Report::default();
    report.row("revoked", text);
    report.json = json!({ "revoked": id });
    Ok(report)
}

async fn list(db: &Db) -> Result<Report, CliError> {
    let keys = stored(db.keys()).await?;
    let mut report = Report::default();
    let now = Clock::System.now();
    for key in &keys {
        let used = key
            .used
            .map_or_else(|| "never used".into(), |used| format!("used {} ago", apart(used, now)));
        let end = match key.expires {
            Some(end) if end > now => format!(", ends in {}", apart(now, end)),
            _ => String::new(),
        };
        let (state, scopes) = (state(key, now), &key.scopes);
        report.row(
            key.id.as_str(),
            format!(
                "{:<12} {state:<8} {scopes:<42} {}  ({used}{end})",
                key.tenant, key.label
            ),
        );
    }
    let shown = |key: &KeyRow| {
        json!({
            "id": key.id, "tenant": key.tenant, "label": key.label, "scopes": key.scopes, "created": key.created, "revoked": key.revoked,
            "expires": key.expires, "used": key.used,
        })
    };
    report.json = json!({ "keys": keys.iter().map(shown).collect::<Vec<_>>() });
    Ok(report)
}
