//! What handlers and workers share.

use super::clock::{Clock, Millis};
use super::config::Config;
use super::db::{Db, Place};
use super::disk::Disk;
use super::door::buffers::Buffers;
use super::door::counts::Counts;
use super::door::turns::Turns;
use super::door::Recent;
use super::error::ApiError;
use super::events::Hub;
use super::folders::Temporary;
use super::ids::{DatabaseId, ProcessId, TenantId};
use super::limits::RateLimits;
use super::link::Link;
use super::metrics::Metrics;
use super::outage::Outage;
use super::private;
use super::queue::Queue;
use super::skew::Skew;
use super::store::{marker, Store};
use super::sweeps::Sweeps;
use super::tlog::key::Signer;
use super::tlog::Tlog;
use super::worker::cache::{Models, Parameters};
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::{watch, Semaphore};

/// The service, cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// Attempts under way for each proof at a time.
pub const ATTEMPTS: usize = 2;

/// Lists at a time, and changes of the database: a client has at most half of them, so that its queue is its own. Lists keep processors busy.
const LISTS: usize = 2;
const CHANGES: usize = 4;
/// Requests for jobs at a time, and those of a client. They may wait for the object store, where nobody is to wait for others.
const SUBMISSIONS: usize = 64;
const OF_EACH: usize = 2;
/// After a list or a request for a job a client's next one rests so many times as long as it took.
const REST: u32 = 3;
/// Looks at all that the service depends on, at a time.
const LOOKS: usize = 4;

pub struct Parts {
    pub config: Config,
    /// This process.
    pub instance: ProcessId,
    pub clock: Clock,
    pub db: Db,
    pub identity: DatabaseId,
    pub store: Store,
    pub queue: Queue,
    pub hub: Hub,
    pub models: Models,
    pub parameters: Parameters,
    pub metrics: Metrics,
    /// When metrics last had what the database knows.
    pub looked: tokio::sync::Mutex<Option<Millis>>,
    pub tlog: Tlog,
    pub outage: Outage,
    /// How far the sweeper came among waiting jobs.
    pub swept: Mutex<Place>,
    pub sweeps: Sweeps,
    pub disk: Disk,
    pub skew: Skew,
    pub rates: RateLimits,
    /// The link that opens the page.
    pub link: Link,
    /// Keys that were valid lately.
    pub recent: Recent,
    /// Bodies of receipts that are to be verified.
    pub receipts: Buffers,
    /// Verifications of receipts, readings of models and of inputs.
    pub verifications: Turns,
    pub inspections: Turns,
    pub readings: Turns,
    /// Lists, and other answers that take the database long.
    pub lists: Turns,
    /// Requests for jobs, from when they arrived to when the job engine knows of the job. Whoever has such a turn may take others, not the other way round.
    pub submissions: Turns,
    /// Changes of the database that tenants ask for.
    pub changes: Turns,
    /// Looks at disk, database and store: strangers may ask for them too.
    pub looks: Turns,
    /// Told when the process is to stop: event streams end then.
    pub stop: watch::Sender<bool>,
    /// Event streams of each tenant.
    pub streams: Arc<Counts<TenantId>>,
    /// Prover processes of workers.
    pub provers: Semaphore,
    /// Attempts of this process: while one ends, the next begins.
    pub under_way: Arc<Semaphore>,
}

impl std::ops::Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl App {
    /// Opens everything that `config` names.
    ///
    /// # Errors
    /// Database or object store cannot be opened; the log has another key; the store is another database's.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, ApiError> {
        private::folder(&config.data)?;
        for folder in ["tmp", "models"] {
            std::fs::create_dir_all(config.data.join(folder))?;
        }
        let _alone = alone(&config)?;
        let db = Db::migrate(&config.database_url()).await?;
        let skew = Skew::new(config.timing.clock_skew);
        if let Err(error) = skew.look(&db, &clock).await {
            tracing::error!(cause = error.cause(), "this machine takes no part");
        }
        let signer = Signer::open(&config, &db.log_head().await?.key)?;
        if let Some(signer) = &signer {
            db.log_key(&signer.key.to_string()).await?;
        }
        let witnesses = config
            .log
            .known_witnesses()
            .map_err(|e| ApiError::Internal(e.to_string()))?;
        let store = Store::open(&config)?;
        let identity = marker::at_start(&db, &store, &DatabaseId::fresh()).await?;
        Ok(Self(Arc::new(Parts {
            instance: ProcessId::fresh(),
            identity,
            tlog: Tlog::new(signer, witnesses),
            metrics: Metrics::new(&store.missing),
            looked: tokio::sync::Mutex::default(),
            store,
            queue: Queue::open(&config).await?,
            hub: Hub::default(),
            models: Models::new(config.data.join("models"), config.limits.cache_bytes),
            parameters: Parameters::default(),
            skew,
            disk: Disk::new(config.data.join("tmp"), config.limits.free_bytes),
            swept: Mutex::default(),
            sweeps: Sweeps::default(),
            outage: Outage::new(clock.now()),
            rates: RateLimits::new(&config.limits),
            link: Link::default(),
            recent: Recent::default(),
            receipts: Buffers::new(config.limits.receipt_bytes),
            verifications: Turns::new(config.limits.verifications),
            inspections: Turns::new(config.limits.inspections),
            readings: Turns::new(config.limits.inspections),
            lists: Turns::new(LISTS).resting(REST),
            submissions: Turns::new(SUBMISSIONS).each(OF_EACH).resting(REST),
            changes: Turns::new(CHANGES),
            looks: Turns::new(LOOKS),
            stop: watch::Sender::new(false),
            streams: Counts::new(config.limits.streams),
            provers: Semaphore::new(config.workers),
            under_way: Arc::new(Semaphore::new(config.workers.saturating_mul(ATTEMPTS))),
            db,
            clock,
            config,
        })))
    }

    pub fn now(&self) -> i64 {
        self.clock.now()
    }

    /// A new temporary folder on this machine.
    pub fn temporary(&self) -> Result<Temporary, ApiError> {
        Ok(Temporary::new(&self.config.data.join("tmp"))?)
    }

    /// The binary that does the proving work.
    pub fn prover(&self) -> Result<PathBuf, ApiError> {
        match self.config.prover.as_str() {
            "" => Ok(std::env::current_exe()?),
            path => Ok(path.into()),
        }
    }
}

/// Held while migrations run: processes that start together on one folder wait for each other. (PostgreSQL locks by itself.)
///
/// # Errors
/// The data folder cannot be written.
pub fn alone(config: &Config) -> Result<File, ApiError> {
    let file = File::create(config.data.join("migrations.lock"))?;
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).map_err(std::io::Error::from)?;
    Ok(file)
}
