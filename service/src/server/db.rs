//! The database: one SQL text for SQLite and PostgreSQL. All statements are in the modules below.

mod blobs;
mod jobs;
mod keys;
mod lease;
mod ledger;
mod lists;
mod models;
mod receipts;
mod registry;
mod submit;
mod tlog;

pub use blobs::Upload;
pub use jobs::{Event, Job, State};
pub use keys::{KeyRow, Known, NewKey};
pub use lease::{Lapsed, Lease, Outcome, Publication, Stored};
pub use ledger::{Account, Budget, InputFile, Scope as LedgerScope};
pub use models::Model;
pub use registry::{Status, Version};
pub use submit::{Submission, Submitted};

use crate::server::config::without_password;
use sqlx::any::{install_default_drivers, AnyPoolOptions};
use sqlx::{Any, AnyPool, Executor, Transaction};
use std::path::Path;
use std::time::Duration;

/// Connections to the database.
#[derive(Clone, Debug)]
pub struct Db {
    /// SQLite has one writer: one connection keeps writers in line instead of retrying.
    write: AnyPool,
    read: AnyPool,
    sqlite: bool,
}

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

impl Db {
    /// Connects and brings the schema up to date.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is newer than this program.
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        let pool = |connections: u32| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(10))
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        if sqlite {
                            connection
                                .execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON;")
                                .await?;
                        }
                        Ok(())
                    })
                })
        };
        tracing::info!(database = without_password(url), "connecting");
        let write = pool(if sqlite { 1 } else { 16 }).connect(url).await?;
        MIGRATIONS.run(&write).await?;
        let read = if sqlite {
            pool(4).connect(url).await?
        } else {
            write.clone()
        };
        Ok(Self { write, read, sqlite })
    }

    /// A transaction that writes. SQLite takes its lock at once, so that it cannot fail to get it later.
    async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        self.write
            .begin_with(if self.sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" })
            .await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.read).await.map(drop)
    }

    /// Copies an SQLite database as it is at one moment into a new file, while others use it.
    pub async fn copy(&self, to: &Path) -> Result<(), sqlx::Error> {
        let to = to.display().to_string();
        sqlx::query("VACUUM INTO $1")
            .bind(to)
            .execute(&self.read)
            .await
            .map(drop)
    }

    pub async fn close(&self) {
        self.write.close().await;
        self.read.close().await;
    }
}
