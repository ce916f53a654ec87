//! The conditions under which the job engine may be used, on both databases: one task per fetch, a new name per start, a
//! heartbeat of five seconds of which four may be missed.

use super::postgres::Postgres;
use provenn_service::server::config::{Config, Timing};
use provenn_service::server::ids::TaskId;
use provenn_service::server::queue::{Queue, MISSED};
use sqlx::{PgPool, SqlitePool};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio::sync::{watch, Semaphore};
use tokio::task::JoinHandle;

/// The shortest heartbeat that the configuration takes.
const HEARTBEAT: Duration = Duration::from_secs(1);

struct Engine {
    config: Config,
    folder: TempDir,
}

type Log = Arc<Mutex<Vec<(String, TaskId)>>>;

/// One process that works.
struct Worker {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Engine {
    fn new(database: Option<&Postgres>) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut config = Config {
            data: folder.path().into(),
            database: database.map(Postgres::url).unwrap_or_default(),
            ..Config::default()
        };
        config.timing.heartbeat = HEARTBEAT.as_millis() as u64;
        config.timing.poll = 50;
        Self { config, folder }
    }

    async fn push(&self, jobs: usize) {
        let queue = Queue::open(&self.config).await.unwrap();
        for _ in 0..jobs {
            queue.push(&TaskId::fresh(), 0).await.unwrap();
        }
    }

    /// A worker that notes each task it is handed and takes until `gate` opens for it.
    async fn work(&self, name: &str, log: &Log, gate: &Arc<Semaphore>) -> Worker {
        let queue = Queue::open(&self.config).await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let task = tokio::spawn(hand_out(queue, stopping, name.into(), log.clone(), gate.clone()));
        Worker { stop, task }
    }

    /// Names of all workers there ever were.
    async fn names(&self) -> Vec<String> {
        let names = match self.config.database.as_str() {
            "" => {
                let file = format!("sqlite://{}", self.folder.path().join("queue.db").display());
                let pool = SqlitePool::connect(&file).await.unwrap();
                sqlx::query_scalar("SELECT id FROM Workers").fetch_all(&pool).await
            }
            url => {
                let pool = PgPool::connect(url).await.unwrap();
                sqlx::query_scalar("SELECT id FROM apalis.workers")
                    .fetch_all(&pool)
                    .await
            }
        };
        names.unwrap()
    }
}

async fn hand_out(queue: Queue, stop: watch::Receiver<bool>, name: String, log: Log, gate: Arc<Semaphore>) {
    let handler = move |job: TaskId| {
        let (name, log, gate) = (name.clone(), log.clone(), gate.clone());
        async move {
            log.lock().unwrap().push((name, job));
            gate.acquire().await.unwrap().forget();
            Ok(())
        }
    };
    queue.work(1, stop, || async { true }, handler).await;
}

impl Worker {
    async fn end(self) {
        self.stop.send(true).unwrap();
        self.task.await.unwrap();
    }

    /// Ends it as `kill -9` does: nothing is given back, no heart beats any more.
    async fn kill(self) {
        self.task.abort();
        let _aborted = self.task.await;
    }
}

/// Waits until so many tasks were handed out.
async fn handed(log: &Log, tasks: usize) {
    let begun = Instant::now();
    while log.lock().unwrap().len() < tasks {
        assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", log.lock().unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn closed() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

fn open() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(1000))
}

/// With more than one task per fetch, tasks wait behind a busy worker while another one is idle.
pub async fn one_task_per_fetch(database: Option<&Postgres>) {
    let (engine, log, gate) = (Engine::new(database), Log::default(), closed());
    engine.push(12).await;
    let busy = engine.work("busy", &log, &gate).await;
    handed(&log, 1).await;
    let idle = engine.work("idle", &log, &open()).await;
    handed(&log, 12).await;
    let seen = log.lock().unwrap().clone();
    assert_eq!(seen.iter().filter(|(name, _)| name == "busy").count(), 1, "{seen:?}");
    gate.add_permits(1);
    busy.end().await;
    idle.end().await;
    let mut jobs: Vec<TaskId> = log.lock().unwrap().iter().map(|(_, job)| job.clone()).collect();
    jobs.sort();
    jobs.dedup();
    assert_eq!(jobs.len(), 12, "each once");
}

/// With a name of its own that it had before, a worker that starts again within a heartbeat would be refused, or take itself
/// for the one that died.
pub async fn a_new_name_per_start(database: Option<&Postgres>) {
    let (engine, log) = (Engine::new(database), Log::default());
    for start in 1..=3 {
        engine.push(1).await;
        let worker = engine.work("worker", &log, &open()).await;
        handed(&log, start).await;
        match start {
            1 => worker.end().await,
            _ => worker.kill().await,
        }
    }
    let mut names = engine.names().await;
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 3, "{names:?}");
}

/// What a dead worker holds goes to others after four heartbeats and not before; what a living one holds stays its own.
pub async fn four_heartbeats_may_be_missed(database: Option<&Postgres>) {
    let default = Timing::default().heartbeat;
    assert_eq!((Duration::from_millis(default), MISSED), (Duration::from_secs(5), 4));
    let (engine, log, gate) = (Engine::new(database), Log::default(), closed());
    let patience = HEARTBEAT * MISSED as u32;
    engine.push(1).await;
    let alive = engine.work("alive", &log, &gate).await;
    handed(&log, 1).await;
    let other = engine.work("other", &log, &open()).await;
    tokio::time::sleep(2 * patience).await;
    assert_eq!(log.lock().unwrap().len(), 1, "a living worker lost its task");
    let killed = Instant::now();
    alive.kill().await;
    handed(&log, 2).await;
    // The engine counts in whole seconds, and the last heartbeat was up to one ago.
    let after = killed.elapsed();
    println!("a dead worker's task was handed out after {after:?}");
    assert!(after >= patience - 2 * HEARTBEAT, "{after:?}");
    let seen = log.lock().unwrap().clone();
    let both = ["alive", "other"].map(|name| (name.to_owned(), seen[0].1.clone()));
    assert_eq!(seen, both);
    other.end().await;
}
