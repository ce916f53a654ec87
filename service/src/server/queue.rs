//! When somebody works: the job engine (apalis) hands out tasks, one for each queued job, to workers of any process. A task is a
//! turn: which job is begun with it, the database decides ([`Db::claim_next`](super::db::Db::claim_next)).
//!
//! The engine may lose a task, hand it out twice, or be emptied: a worker then finds that no job is queued, and the sweeper
//! notices a queued job without a task. Conditions under which it may be used, found by running it: one task per fetch (with
//! more, tasks wait behind a busy worker and run twice), a worker name that is new at each start, a heartbeat of a few seconds.

use super::clock::Millis;
use super::config::{Config, Timing};
use super::db::POSTGRESQL;
use super::error::ApiError;
use super::ids;
use apalis::prelude::*;
use apalis_postgres::PostgresStorage;
use apalis_sqlite::SqliteStorage;
use futures_util::stream::{self, Stream, StreamExt as _};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Executor, PgPool, SqlitePool};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{watch, Notify};
use ulid::{Generator, Ulid};

const QUEUE: &str = "provenn";
/// Heartbeats that a worker may miss before the engine gives its tasks to others.
pub const MISSED: usize = 4;

/// Pause between looks at whether the machine is fit.
const LOOK: Duration = Duration::from_millis(500);

/// The job engine's tables.
#[derive(Clone, Debug)]
enum Tables {
    /// A file of its own: tasks are no truth, and its writes do not wait for those of the service.
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The queue of all processes on one database.
#[derive(Clone, Debug)]
pub struct Queue {
    tables: Tables,
    timing: Timing,
    pushed: Arc<Notify>,
}

/// A new task id, also used for jobs. Those that a process makes are in order, also within a millisecond.
pub fn new_id() -> String {
    let mut ids = IDS.lock().unwrap_or_else(PoisonError::into_inner);
    ids.generate().unwrap_or_else(|_| Ulid::generate()).to_string()
}

static IDS: Mutex<Generator> = Mutex::new(Generator::new());

fn engine(error: impl std::fmt::Display) -> ApiError {
    ApiError::Unavailable(format!("job engine: {error}"))
}

impl Queue {
    pub async fn open(config: &Config) -> Result<Self, ApiError> {
        let url = config.database_url();
        let tables = if url.starts_with("sqlite:") {
            let options = SqliteConnectOptions::new()
                .filename(config.data.join("queue.db"))
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                // A task lost with the power is found by the sweeper.
                .synchronous(SqliteSynchronous::Normal)
                .busy_timeout(Duration::from_secs(10));
            let pool = SqlitePoolOptions::new()
                .max_connections(2)
                .connect_with(options)
                .await?;
            SqliteStorage::<()>::migrations().run(&pool).await.map_err(engine)?;
            Tables::Sqlite(pool)
        } else {
            let pool = PgPoolOptions::new()
                .max_connections(4)
                .acquire_timeout(Duration::from_secs(10))
                .after_connect(|connection, _| Box::pin(async move { connection.execute(POSTGRESQL).await.map(drop) }))
                .connect(&url)
                .await?;
            PostgresStorage::<()>::setup(&pool).await.map_err(engine)?;
            Tables::Postgres(pool)
        };
        Ok(Self {
            tables,
            timing: config.timing.clone(),
            pushed: Arc::default(),
        })
    }

    fn heartbeat(&self) -> Duration {
        Duration::from_millis(self.timing.heartbeat)
    }

    fn sqlite(&self, pool: &SqlitePool) -> SqliteStorage<String> {
        let config = apalis_sqlite::Config::default();
        let config = config
            .queue(QUEUE)
            .batch_size(1)
            .missed_heartbeats(MISSED)
            .heartbeat_interval(self.heartbeat());
        SqliteStorage::new(pool).with_config(config)
    }

    fn postgres(&self, pool: &PgPool) -> PostgresStorage<String> {
        let config = apalis_postgres::Config::default();
        let config = config
            .queue(QUEUE)
            .batch_size(1)
            .missed_heartbeats(MISSED)
            .heartbeat_interval(self.heartbeat());
        PostgresStorage::new(pool).with_config(config)
    }

    /// Adds a task, which is not handed out before a time.
    pub async fn push(&self, task: &ids::TaskId, not_before: Millis) -> Result<(), ApiError> {
        let mut task = TaskBuilder::new(task.as_str().to_owned()).task_id(TaskId::from_string(task.as_str()));
        if not_before > 0 {
            // The engine counts in whole seconds. A task that comes too early is lost, one that comes late only waits.
            task = task.run_at_timestamp(u64::try_from(not_before).unwrap_or_default().div_ceil(1000));
        }
        let task = task.build();
        match &self.tables {
            Tables::Sqlite(pool) => self.sqlite(pool).push_task(task).await.map_err(engine)?,
            Tables::Postgres(pool) => self.postgres(pool).push_task(task).await.map_err(engine)?,
        }
        self.pushed.notify_one();
        Ok(())
    }

    /// Whether the engine still has a task and will hand it out.
    pub async fn knows(&self, task: &ids::TaskId) -> Result<bool, ApiError> {
        let id = TaskId::from_string(task.as_str());
        let status = match &self.tables {
            Tables::Sqlite(pool) => self
                .sqlite(pool)
                .fetch_by_id(&id)
                .await
                .map_err(engine)?
                .map(|t| t.status()),
            Tables::Postgres(pool) => self
                .postgres(pool)
                .fetch_by_id(&id)
                .await
                .map_err(engine)?
                .map(|t| t.status()),
        };
        Ok(matches!(
            status,
            Some(Status::Pending | Status::Queued | Status::Running)
        ))
    }

    /// Removes tasks that are over.
    pub async fn prune(&self) -> Result<(), ApiError> {
        match &self.tables {
            Tables::Sqlite(pool) => {
                sqlx::query("DELETE FROM Jobs WHERE status IN ('Done', 'Failed', 'Killed') AND done_at < strftime('%s', 'now') - 600")
                    .execute(pool)
                    .await?;
            }
            Tables::Postgres(pool) => {
                sqlx::query("DELETE FROM apalis.jobs WHERE status IN ('Done', 'Failed', 'Killed') AND done_at < now() - INTERVAL '600 seconds'")
                    .execute(pool)
                    .await?;
            }
        }
        Ok(())
    }

    /// Hands tasks to `handler`, `at_once` at a time, until `stop` turns true and while `fit` says so. The engine's workers end at the first error of the
    /// database; new ones under new names replace them.
    pub async fn work<R, T, H, F>(&self, at_once: usize, stop: watch::Receiver<bool>, fit: R, handler: H)
    where
        R: Fn() -> T + Clone + Send + Sync + 'static,
        T: Future<Output = bool> + Send + 'static,
        H: Fn(ids::TaskId) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<(), ApiError>> + Send + 'static,
    {
        while !*stop.borrow() {
            tokio::select! {
                () = becomes(&fit, true) => {}
                _ = stopped(stop.clone()) => return,
            }
            let name = format!("worker-{}", new_id());
            let (stop, fit, handler) = (stop.clone(), fit.clone(), handler.clone());
            let ends = async move {
                tokio::select! {
                    () = becomes(fit, false) => Ok(()),
                    ended = stopped(stop) => ended,
                }
            };
            macro_rules! run {
                ($storage:expr) => {
                    WorkerBuilder::new(name.as_str())
                        .backend($storage.poll_with_stream(self.ticks()))
                        .concurrency(at_once)
                        .build(move |task: String| handler(ids::TaskId::known(task)))
                        .run_until(ends)
                        .await
                };
            }
            let ended = match &self.tables {
                Tables::Sqlite(pool) => run!(self.sqlite(pool)),
                Tables::Postgres(pool) => run!(self.postgres(pool)),
            };
            if let Err(error) = ended {
                tracing::warn!(%error, worker = name, "the job engine's worker ended");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }

    /// When to look for tasks: after a push of this process, and regularly.
    fn ticks(&self) -> Pin<Box<dyn Stream<Item = ()> + Send>> {
        let every = Duration::from_millis(self.timing.poll);
        let mut ticks = Box::pin(stream::unfold(self.pushed.clone(), move |pushed| async move {
            let _whichever = tokio::time::timeout(every, pushed.notified()).await;
            Some(((), pushed))
        }));
        Box::pin(stream::poll_fn(move |cx| {
            let tick = ticks.poll_next_unpin(cx);
            if tick.is_ready() {
                // The engine does not ask again by itself where a tick meets the end of an empty fetch, and nothing would wake it
                // before its next heartbeat.
                cx.waker().wake_by_ref();
            }
            tick
        }))
    }
}

/// Waits until `fit` says `yes`.
async fn becomes<R, T>(fit: R, yes: bool)
where
    R: Fn() -> T,
    T: Future<Output = bool>,
{
    while fit().await != yes {
        tokio::time::sleep(LOOK).await;
    }
}

async fn stopped(mut stop: watch::Receiver<bool>) -> Result<(), std::io::Error> {
    // The sender lives as long as the process.
    let _gone = stop.wait_for(|stop| *stop).await;
    Ok(())
}
