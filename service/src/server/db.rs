//! The database: one SQL text for SQLite and PostgreSQL. All statements are in the modules below.

mod agreements;
mod blobs;
mod cosignatures;
mod identity;
mod jobs;
mod keys;
mod lease;
mod ledger;
mod lists;
mod models;
mod needs;
mod orphans;
mod parts;
mod receipts;
mod registry;
mod removal;
mod retention;
mod storage;
mod submit;
mod tlog;
mod turns;
mod uncounted;

pub use agreements::Agreement;
pub use blobs::Upload;
pub use cosignatures::Cosignature;
pub use identity::Identity;
pub use jobs::{Event, Job, State};
pub use keys::{KeyRow, Known, NewKey};
pub use lease::{Again, Lapsed, Lease, Outcome, Place, Publication, Stored, Waiting, WAITING};
pub use ledger::{Account, Budget, InputFile, InputPart, Scope as LedgerScope, Subject};
pub use models::{Model, PARAMETERS};
pub use parts::{Next, Piece, Split};
pub use receipts::NewReceipt;
pub use registry::{Status, Version};
pub use retention::BATCH as RETENTION_BATCH;
pub use storage::{Address, Object, Reservation, Usage};
pub use submit::{Most, Submission, Submitted};

use crate::server::clock::Millis;
use crate::server::config::shown_url;
use crate::server::ids::KeyId;
use keys::shared::Shared;
use sqlx::any::{install_default_drivers, AnyPoolOptions};
use sqlx::{Any, AnyConnection, AnyPool, Connection, Executor, Row, Transaction};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Connections to the database.
#[derive(Clone, Debug)]
pub struct Db {
    /// SQLite has one writer: one connection keeps writers in line instead of retrying.
    write: AnyPool,
    read: AnyPool,
    /// Who calls is asked on connections of its own: whoever fills the others keeps nobody out.
    door: AnyPool,
    /// Questions at the door about a key, each with the hash of its secret: one at a time, so that who asks with one key without end delays itself.
    asked: Arc<Shared<KeyId, Option<(Known, String)>>>,
    /// The sweeper's, who asks the same few questions for ever.
    sweep: AnyPool,
    sqlite: bool,
}

/// Connections that read. Lists take less than half of them at a time. Each of SQLite has a thread, a cache and prepared statements in this process.
const READERS: u32 = 10;
const READERS_OF_SQLITE: u32 = 6;

/// Connections of PostgreSQL that change something, and may wait for each other's locks: nobody who only reads waits for those.
const WRITERS: u32 = 12;

/// Connections that answered so lately are not asked again whether they do, which takes as long as a question.
const ANSWERED: Duration = Duration::from_secs(1);

/// Connections that ask who calls.
const DOOR: u32 = 4;
const DOOR_OF_SQLITE: u32 = 2;

/// What each connection to SQLite is set to. A megabyte of cache each, where the default is two: the system has the file in its own.
const SQLITE: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; \
     PRAGMA wal_autocheckpoint = 16384; PRAGMA cache_size = -1024;";

/// What each session of PostgreSQL is set to: a process that is frozen, or cut off, within a transaction loses its locks after ten
/// seconds, and nobody waits for a lock longer than five.
pub const POSTGRESQL: &str = "SET lock_timeout = '5s'; SET idle_in_transaction_session_timeout = '10s'; \
    SET statement_timeout = '60s'; SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; \
    SET tcp_keepalives_count = 3; SET tcp_user_timeout = '20s';";

/// What the sweeper's sessions are set to besides. Its statements find a few rows by partial indexes, whatever the times in them are: planning them
/// anew takes longer than they do.
const PLANNED_ONCE: &str = "SET plan_cache_mode = 'force_generic_plan';";

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("./migrations");

impl Db {
    /// Connects and brings the schema up to date: what `serve` does, and nothing else.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is newer than this program.
    pub async fn migrate(url: &str) -> Result<Self, sqlx::Error> {
        let db = Self::connect(url).await?;
        match db.sqlite {
            true => MIGRATIONS.run(&db.write).await?,
            // A migration of a large table may take its time.
            false => MIGRATIONS.run(&mut AnyConnection::connect(url).await?).await?,
        }
        Ok(db)
    }

    /// Connects to a database as it is. One without tables gets them: there is nothing in it to change.
    ///
    /// # Errors
    /// The database cannot be reached, or its schema is not that of this program.
    pub async fn open(url: &str) -> Result<Self, sqlx::Error> {
        let db = Self::connect(url).await?;
        match db.schema().await? {
            Some(there) => db.of_schema(there),
            None => {
                db.close().await;
                Self::migrate(url).await
            }
        }
    }

    /// The same, but one without tables is refused, and none is made.
    ///
    /// # Errors
    /// Those of [`Self::open`]; there is no database, or none of a service.
    pub async fn existing(url: &str) -> Result<Self, sqlx::Error> {
        let missing = |what: &str| {
            let shown = shown_url(url);
            sqlx::Error::Configuration(
                format!("{shown}: {what}; name the service's --data, --database or --config").into(),
            )
        };
        let file = url
            .strip_prefix("sqlite://")
            .map(|rest| rest.split('?').next().unwrap_or(rest));
        if file.is_some_and(|file| !Path::new(file).exists()) {
            return Err(missing("there is no such database"));
        }
        let db = Self::connect(url).await?;
        match db.schema().await? {
            Some(there) => db.of_schema(there),
            None => Err(missing("the database has no tables of a service")),
        }
    }

    /// Refuses a schema that is not this program's.
    fn of_schema(self, there: i64) -> Result<Self, sqlx::Error> {
        let known = MIGRATIONS
            .iter()
            .map(|migration| migration.version)
            .max()
            .unwrap_or_default();
        if there == known {
            return Ok(self);
        }
        let fix = match there < known {
            true => {
                "`provenn serve` of this version brings it up to date at its start; until then use the older program"
            }
            false => "use the newer program",
        };
        Err(sqlx::Error::Configuration(
            format!("the database has schema {there}, this program schema {known}: {fix}").into(),
        ))
    }

    /// The newest migration that the database has seen; none before the first.
    async fn schema(&self) -> Result<Option<i64>, sqlx::Error> {
        let tables = match self.sqlite {
            true => "SELECT COUNT(*) AS n FROM sqlite_master WHERE name = '_sqlx_migrations'",
            false => "SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = current_schema() AND table_name = '_sqlx_migrations'",
        };
        if sqlx::query(tables)
            .fetch_one(&self.read)
            .await?
            .try_get::<i64, _>("n")?
            == 0
        {
            return Ok(None);
        }
        let newest = sqlx::query("SELECT MAX(version) AS newest FROM _sqlx_migrations");
        newest.fetch_one(&self.read).await?.try_get("newest")
    }

    async fn connect(url: &str) -> Result<Self, sqlx::Error> {
        install_default_drivers();
        let sqlite = url.starts_with("sqlite:");
        let pool = |connections: u32, more: &'static str| {
            AnyPoolOptions::new()
                .max_connections(connections)
                .acquire_timeout(Duration::from_secs(10))
                .test_before_acquire(false)
                .before_acquire(|connection, since| {
                    Box::pin(async move {
                        // It answered when it was given back.
                        if since.idle_for > ANSWERED {
                            connection.ping().await?;
                        }
                        Ok(true)
                    })
                })
                .after_connect(move |connection, _| {
                    Box::pin(async move {
                        connection.execute(if sqlite { SQLITE } else { POSTGRESQL }).await?;
                        match more {
                            "" => Ok(()),
                            more => connection.execute(more).await.map(drop),
                        }
                    })
                })
        };
        tracing::info!(database = shown_url(url), "connecting");
        let (writers, readers, askers) = match sqlite {
            true => (1, READERS_OF_SQLITE, DOOR_OF_SQLITE),
            false => (WRITERS, READERS, DOOR),
        };
        let write = pool(writers, "").connect(url).await?;
        let read = pool(readers, "").connect(url).await?;
        let sweep = match sqlite {
            true => read.clone(),
            false => pool(1, PLANNED_ONCE).connect_lazy(url)?,
        };
        let door = pool(askers, "").connect_lazy(url)?;
        Ok(Self {
            write,
            read,
            door,
            asked: Arc::default(),
            sweep,
            sqlite,
        })
    }

    /// The end of a query whose rows are to be changed: those that somebody holds are left out. SQLite locks no rows.
    fn skip_locked(&self) -> &'static str {
        if self.sqlite {
            ""
        } else {
            "FOR UPDATE SKIP LOCKED"
        }
    }

    /// A transaction that writes. SQLite takes its lock at once, so that it cannot fail to get it later.
    ///
    /// It begins in a task of its own, whoever goes away meanwhile: a connection that is left between a `BEGIN` and its answer would be
    /// given to others within a transaction that nobody ends, and what they change would be lost.
    async fn begin(&self) -> Result<Transaction<'static, Any>, sqlx::Error> {
        let (write, how) = (
            self.write.clone(),
            if self.sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" },
        );
        tokio::spawn(async move { write.begin_with(how).await })
            .await
            .unwrap_or(Err(sqlx::Error::WorkerCrashed))
    }

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query("SELECT 1").execute(&self.read).await.map(drop)
    }

    /// The time of the database's machine; none with SQLite, which is on this one.
    pub async fn clock(&self) -> Result<Option<Millis>, sqlx::Error> {
        if self.sqlite {
            return self.ping().await.map(|()| None);
        }
        let row = sqlx::query("SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now");
        row.fetch_one(&self.read).await?.try_get("now").map(Some)
    }

    /// Moves what was written from SQLite's log into its file, while others write. A writer does it only if nobody else did before the
    /// log has 16,384 pages: all other writers would wait for it.
    ///
    /// # Errors
    /// The file cannot be written.
    pub async fn checkpoint(&self) -> Result<(), sqlx::Error> {
        if self.sqlite {
            sqlx::query("PRAGMA wal_checkpoint(PASSIVE)")
                .execute(&self.read)
                .await?;
        }
        Ok(())
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
        for pool in [&self.write, &self.read, &self.door, &self.sweep] {
            pool.close().await;
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use crate::server::ids::TenantId;
    use crate::server::keys::{Scope, Secret};

    /// What is written lies in the log until a checkpoint, whoever writes.
    #[tokio::test]
    async fn a_checkpoint_moves_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("service.db");
        let db = Db::migrate(&format!("sqlite://{}?mode=rwc", file.display()))
            .await
            .unwrap();
        let length = || std::fs::metadata(&file).unwrap().len();
        let before = length();
        db.checkpoint().await.unwrap();
        assert!(before < 10_000 && length() > 100_000, "{before} {}", length());
    }

    /// Whoever holds all readers keeps nobody out.
    #[tokio::test]
    async fn keys_are_known_while_all_readers_are_busy() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", folder.path().join("service.db").display());
        let db = Db::migrate(&url).await.unwrap();
        let (secret, alice) = (Secret::random().unwrap(), TenantId::known("alice"));
        let key = NewKey {
            secret: &secret,
            tenant: &alice,
            label: "",
            scopes: &[Scope::Read],
            expires: None,
        };
        db.add_tenant(&alice, 1).await.unwrap();
        db.add_key(&key, 1).await.unwrap();
        let mut busy = Vec::new();
        for _ in 0..READERS_OF_SQLITE {
            busy.push(db.read.acquire().await.unwrap());
        }
        assert!(db.read.try_acquire().is_none());
        let known = tokio::time::timeout(Duration::from_secs(5), db.known(&secret, 2)).await;
        assert_eq!(known.unwrap().unwrap().unwrap().tenant, alice);
    }
}
