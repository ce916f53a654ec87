//! One job from lease to publication. Of a model in segments a proof is taken twice, to run the model and to join what its segments made, and
//! each segment once: any worker takes any of them.

mod again;
pub mod cache;
mod colouring;
mod commit;
mod opening;
pub mod process;
mod proof;
pub mod refusal;
pub mod retry;
mod segments;

use super::db::{Job, Lease, Object, Outcome, Piece, Publication, Split};
use super::error::ApiError;
use super::ids::{JobId, ObjectDigest, TaskId};
use super::job::JobRequest;
use super::metrics::{Ended, Renewed};
use super::problem::Problem;
use super::room::{address, Quota, Room};
use super::state::App;
use super::store::Kind;
use crate::child::protocol::{Start, Work};
use crate::error::CliError;
use crate::fail;
use crate::stage::Stage;
pub(in crate::server) use again::again_or_fail;
use futures_util::FutureExt;
use retry::Cause;
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Proofs come after answers to clients. With any more weight answers wait for proofs after each burst of theirs, tens of milliseconds.
const NICE: i32 = 19;

/// Pause before how an attempt ended is written down once more.
const PAUSE: Duration = Duration::from_secs(1);

/// Why an attempt ended without a result.
#[derive(Debug)]
pub enum Stopped {
    /// The job cannot succeed.
    Failed(Box<Problem>),
    /// The process refused the work, with its own words: not for tenants, except about a file in the request itself.
    Refused(Box<Problem>),
    /// The attempt died; another may succeed.
    Died(String),
    /// The machine is at fault, not the job.
    Faulty(Cause, String),
    /// The job is no longer this worker's.
    Lost,
}

impl From<ApiError> for Stopped {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::NoSpace(cause) => Self::Faulty(Cause::NoSpace, cause),
            ApiError::Unavailable(cause) => Self::Faulty(Cause::Unavailable, cause),
            // It may be uploaded again, or the store be the right one tomorrow.
            ApiError::Missing(cause) => Self::Faulty(Cause::ObjectMissing, cause),
            ApiError::Internal(cause) => Self::Died(cause),
            // Reading it again would give the same.
            ApiError::Damaged(cause) => {
                tracing::error!(cause, "a stored object is damaged");
                Self::Failed(Box::new(ApiError::Damaged(cause).problem()))
            }
            refusal => Self::Failed(Box::new(refusal.problem())),
        }
    }
}

/// What the libraries refuse about model and input, in this process too, is not for tenants.
impl From<CliError> for Stopped {
    fn from(error: CliError) -> Self {
        let (code, message, help) = error.parts();
        match process::cause(code) {
            Some(cause) => Self::of(cause, format!("{code}: {message}")),
            None => Self::Refused(Box::new(Problem::new(422, code, message, help))),
        }
    }
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        Self::of(Cause::of_io(&error), error.to_string())
    }
}

impl Stopped {
    pub fn of(cause: Cause, what: String) -> Self {
        match cause.of_machine() {
            true => Self::Faulty(cause, what),
            false => Self::Died(what),
        }
    }
}

/// What an attempt gave.
enum Yield {
    /// What is published.
    Result(Publication),
    /// A run, whose segments are jobs next.
    Run(Split),
    Piece(Piece),
}

/// How an attempt ended, and the proof that is to be joined next.
struct Ending {
    how: &'static str,
    join: Option<(Lease, Box<Job>)>,
}

impl Ending {
    fn of(outcome: Outcome, how: &'static str) -> Self {
        let how = if outcome == Outcome::Lost { "lost" } else { how };
        Self { how, join: None }
    }
}

/// What the parts of an attempt share.
struct Attempt<'a> {
    app: &'a App,
    /// Who works.
    owner: &'a str,
    lease: &'a Lease,
    job: &'a Job,
    /// Dropped when the proof is nearly made.
    proving: Mutex<Option<oneshot::Sender<()>>>,
    /// Reservations for what it makes, to its end.
    rooms: Mutex<Vec<Room>>,
}

/// Works on the job whose turn it is, and returns when its proof is nearly made: while that is checked and published, the next job
/// is claimed and prepared. Its prover waits for this one to end.
///
/// # Errors
/// Those of [`execute`], if the attempt ended before.
pub async fn prove(app: &App, task: &TaskId, owner: &str) -> Result<(), ApiError> {
    let internal = |e: String| ApiError::Internal(e);
    let permit = app.under_way.clone().acquire_owned().await;
    let permit = permit.map_err(|e| internal(e.to_string()))?;
    let (proving, proven) = oneshot::channel();
    let (app, task, owner) = (app.clone(), task.clone(), owner.to_owned());
    let mut ended = tokio::spawn(async move {
        let now = app.now();
        let until = now + app.config.timing.lease;
        let ended = match app.db.claim_next(&task, &owner, until, now).await? {
            Some((lease, job)) => attempt(&app, &owner, &lease, &job, Some(proving)).await,
            None => Ok(()),
        };
        drop(permit);
        ended
    });
    tokio::select! {
        biased;
        ended = &mut ended => ended.map_err(|e| internal(e.to_string()))?,
        _ = proven => Ok(()),
    }
}

/// Works on a job if it is queued, to its end.
///
/// # Errors
/// The database cannot be reached; the job stays as it is until its lease ends.
pub async fn execute(app: &App, id: &JobId, owner: &str) -> Result<(), ApiError> {
    let now = app.now();
    match app.db.claim(id, owner, now + app.config.timing.lease, now).await? {
        Some((lease, job)) => attempt(app, owner, &lease, &job, None).await,
        None => Ok(()),
    }
}

async fn attempt(
    app: &App,
    owner: &str,
    lease: &Lease,
    job: &Job,
    proving: Option<oneshot::Sender<()>>,
) -> Result<(), ApiError> {
    let id = &job.id;
    fail::point("after-claim");
    app.hub.tell(id, Some(job.seq));
    tracing::info!(job = id.as_str(), kind = job.kind, attempt = job.attempt, "started");
    let attempt = Attempt {
        app,
        owner,
        lease,
        job,
        proving: Mutex::new(proving),
        rooms: Mutex::default(),
    };
    let ended = tokio::select! {
        // A panic ends the attempt, not what writes down how it ended.
        ended = AssertUnwindSafe(attempt.run()).catch_unwind() => ended.unwrap_or_else(|_| Err(Stopped::Died("the worker panicked".into()))),
        () = attempt.keep() => Err(Stopped::Lost),
    };
    let Ending { how, join } = attempt.settled(ended).await.inspect_err(
        |error| tracing::warn!(job = id.as_str(), %error, "how the attempt ended could not be written down"),
    )?;
    fail::point("before-ack");
    app.hub.tell(id, None);
    tracing::info!(job = id.as_str(), kind = job.kind, attempt = job.attempt, how, "ended");
    let kind = job.kind.clone();
    app.metrics.attempts.get_or_create(&Ended { kind, how }).inc();
    match join {
        // Boxed: it is this function again, once.
        Some((lease, proof)) => Box::pin(self::attempt(app, owner, &lease, &proof, None)).await,
        None => Ok(()),
    }
}

impl Attempt<'_> {
    async fn run(&self) -> Result<Yield, Stopped> {
        match JobRequest::stored(&self.job.kind, &self.job.request)? {
            JobRequest::Commit(asked) => self.commit(&asked).await.map(Yield::Result),
            JobRequest::Opening(asked) => self.opening(&asked).await.map(Yield::Result),
            JobRequest::Proof(asked) if self.job.parts > 0 => self.join(&asked).await.map(Yield::Result),
            JobRequest::Proof(asked) => self.proof(&asked).await,
            JobRequest::Colouring(asked) => self.colouring(&asked).await.map(Yield::Result),
            JobRequest::Segment(asked) => self.segment(&asked).await.map(Yield::Piece),
        }
    }

    /// Renews the lease until it is lost.
    async fn keep(&self) {
        let every = Duration::from_millis(self.app.config.timing.renew);
        // A segment is over when its proof is.
        let mut news = self.app.hub.listen(self.job.whole.as_ref().unwrap_or(&self.job.id));
        let mut until = self.app.now() + self.app.config.timing.lease;
        loop {
            let timely = tokio::time::timeout(every, news.changed()).await;
            let now = self.app.now();
            let kept = match timely {
                // Its own stages, or a cancellation.
                Ok(_) => self.app.db.held(self.lease).await,
                Err(_) => {
                    let renewed = self.app.db.renew(self.lease, now + self.app.config.timing.lease).await;
                    let how = match &renewed {
                        Ok(Outcome::Applied) => "kept",
                        Ok(Outcome::Lost) => "lost",
                        Err(_) => "failed",
                    };
                    self.app.metrics.renewals.get_or_create(&Renewed { how }).inc();
                    renewed
                }
            };
            match kept {
                Ok(Outcome::Lost) => return,
                Ok(Outcome::Applied) if timely.is_err() => until = now + self.app.config.timing.lease,
                Ok(Outcome::Applied) => {}
                Err(error) => tracing::warn!(job = self.job.id.as_str(), %error, "renewing the lease"),
            }
            // Somebody else may work on it.
            if now > until {
                return;
            }
        }
    }

    /// Writes down how an attempt ended. A database that is away for less than a lease costs no result.
    async fn settled(&self, ended: Result<Yield, Stopped>) -> Result<Ending, ApiError> {
        let last = self.app.now() + self.app.config.timing.lease;
        loop {
            match self.settle(&ended).await {
                Err(ApiError::Unavailable(cause) | ApiError::NoSpace(cause)) if self.app.now() < last => {
                    tracing::warn!(job = self.job.id.as_str(), cause, "writing down how the attempt ended");
                    tokio::time::sleep(PAUSE).await;
                }
                settled => return settled,
            }
        }
    }

    async fn settle(&self, ended: &Result<Yield, Stopped>) -> Result<Ending, ApiError> {
        let (app, now) = (self.app, self.app.now());
        let (outcome, how) = match ended {
            Ok(Yield::Run(made)) => return self.split(made).await,
            Ok(Yield::Piece(made)) => return self.part_done(made).await,
            Ok(Yield::Result(made)) => {
                fail::point("before-publish");
                app.metrics.prover_cpu.observe(made.cpu_ms as f64 / 1000.0);
                match app.db.publish(self.lease, made, &app.clock).await {
                    Ok(outcome) => {
                        fail::point("after-publish");
                        if outcome == Outcome::Applied {
                            self.counted(&made.objects);
                        }
                        app.tlog.wake();
                        (outcome, "done")
                    }
                    // The model was revoked while it was proven.
                    Err(refused @ ApiError::Refused { .. }) => {
                        (app.db.fail(self.lease, &refused.problem(), now).await?, "failed")
                    }
                    Err(error) => return Err(error),
                }
            }
            Err(Stopped::Failed(problem)) => (app.db.fail(self.lease, problem, now).await?, "failed"),
            Err(Stopped::Refused(said)) => {
                let problem = refusal::problem(&said.code);
                (app.db.fail(self.lease, &problem, now).await?, "failed")
            }
            Err(Stopped::Died(cause)) => {
                tracing::warn!(job = self.job.id.as_str(), cause, "attempt died");
                self.again(Cause::Died).await?
            }
            Err(Stopped::Faulty(cause, what)) => {
                let why = cause.name();
                tracing::error!(
                    job = self.job.id.as_str(),
                    why,
                    what,
                    "a fault of this machine ended an attempt"
                );
                self.again(*cause).await?
            }
            Err(Stopped::Lost) => (Outcome::Lost, "lost"),
        };
        if outcome == Outcome::Applied && (self.job.parts > 0 || self.job.whole.is_some()) {
            self.forget_parts().await;
        }
        Ok(Ending::of(outcome, how))
    }

    async fn again(&self, cause: Cause) -> Result<(Outcome, &'static str), ApiError> {
        again_or_fail(self.app, self.lease, self.job.tries(), cause).await
    }

    /// Records a stage.
    async fn reached(&self, stage: Stage) -> Result<(), Stopped> {
        let reached = self
            .app
            .db
            .reached(self.lease, stage.state(), stage.name(), self.app.now());
        match reached.await? {
            Outcome::Applied => {
                self.app.hub.tell(&self.job.id, None);
                Ok(())
            }
            Outcome::Lost => Err(Stopped::Lost),
        }
    }

    /// Reserves room for an object before it is stored.
    async fn room(&self, kind: Kind, sha256: &ObjectDigest, bytes: u64, quota: Quota) -> Result<Object, Stopped> {
        let room = Room::for_object(self.app, address(&self.job.tenant, kind, sha256), bytes, quota).await?;
        let object = room.object(bytes);
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        rooms.push(room);
        Ok(object)
    }

    /// What was published took its reservations over.
    fn counted(&self, objects: &[Object]) {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |room: &Room| objects.iter().any(|object| room.is_of(object));
        let (counted, left): (Vec<Room>, Vec<Room>) = std::mem::take(&mut *rooms).into_iter().partition(of);
        *rooms = left;
        counted.into_iter().for_each(Room::settled);
    }

    /// The next job may begin.
    fn proven(&self) {
        if let Ok(mut proving) = self.proving.lock() {
            *proving = None;
        }
    }

    /// Runs a child and records the stages it reports.
    async fn child(&self, work: Work) -> Result<process::Made, Stopped> {
        let (say, mut hear) = mpsc::unbounded_channel::<Stage>();
        let record = async {
            while let Some(mut stage) = hear.recv().await {
                // If the database is slower than the prover, the latest stage counts.
                while let Ok(later) = hear.try_recv() {
                    stage = later;
                }
                if stage.is_nearly_done() {
                    self.proven();
                }
                self.reached(stage).await?;
            }
            Ok::<(), Stopped>(())
        };
        let limits = &self.app.config.limits;
        let start = Start {
            work,
            memory_bytes: limits.prover_memory_bytes,
            // A process of many threads uses CPU time faster than wall time, which is what is limited.
            cpu_seconds: limits.prover_seconds.saturating_mul(64),
            nice: NICE,
        };
        let _alone = self
            .app
            .provers
            .acquire()
            .await
            .map_err(|e| Stopped::Died(e.to_string()))?;
        let run = process::run(self.app, &start, Duration::from_secs(limits.prover_seconds), Some(say));
        // A lost lease ends the child at once: dropping it kills it.
        let (made, ()) = tokio::try_join!(run, record)?;
        Ok(made)
    }
}
