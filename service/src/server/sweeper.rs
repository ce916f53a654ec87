//! What time does to jobs: leases end, statements expire, the job engine forgets.

use super::db::{Address, Lapsed, Place, WAITING};
use super::error::ApiError;
use super::folders::remove_left;
use super::ids::TaskId;
use super::removal::{forget_models, remove_unnamed};
use super::retention::remove_old;
use super::room::LEASE;
use super::state::App;
use super::worker::again_or_fail;
use super::worker::retry::Cause;
use std::sync::PoisonError;
use std::time::Duration;

/// A queued job is looked after when the engine has had it for so long.
const PATIENCE: i64 = 5_000;
/// Sweeps between removals of what is old.
const PRUNE_EVERY: u32 = 100;
/// How long Idempotency-Keys are remembered: a week.
const MEMORY: i64 = 7 * 24 * 3600 * 1000;

/// Sweeps until the process ends. Any number of processes may.
pub async fn run(app: App) {
    app.sweeps.begin();
    for round in 0u32.. {
        tokio::time::sleep(Duration::from_millis(app.config.timing.sweep)).await;
        let swept = sweep(&app).await;
        app.sweeps.ended(&swept);
        if let Err(error) = swept.and(count(&app).await) {
            tracing::warn!(cause = error.cause(), "sweep");
        }
        if round % PRUNE_EVERY == 0 {
            app.rates.prune();
            app.recent.prune();
            tidy(&app).await;
            if let Err(error) = prune(&app).await {
                tracing::warn!(cause = error.cause(), "removing what is old");
            }
        }
    }
}

/// Removes what is old. What fails does not keep the rest from being done; the first failure is returned.
pub async fn prune(app: &App) -> Result<(), ApiError> {
    let done = [
        app.queue.prune().await,
        app.db.forget_requests(app.now() - MEMORY).await,
        remove_old(app).await,
        remove_unnamed(app, None).await.map(drop),
        forget_models(app).await,
    ];
    done.into_iter().collect()
}

/// Removes temporary folders of processes of this machine that died.
async fn tidy(app: &App) {
    for name in ["tmp", "models"] {
        let folder = app.config.data.join(name);
        match tokio::task::spawn_blocking(move || remove_left(&folder)).await {
            Ok(Ok(0)) => {}
            Ok(Ok(removed)) => tracing::info!(removed, "removed temporary folders that were left"),
            Ok(Err(error)) => tracing::warn!(%error, "removing temporary folders"),
            Err(error) => tracing::warn!(%error, "removing temporary folders"),
        }
    }
}

/// One sweep. What fails does not keep the rest from being done; the first failure is returned. With a wrong clock nothing is done.
pub async fn sweep(app: &App) -> Result<(), ApiError> {
    app.skew.look(&app.db, &app.clock).await?;
    let expired = async {
        let expired = app.db.expire(app.now()).await?;
        if expired > 0 {
            tracing::info!(expired, "jobs expired");
        }
        Ok(())
    };
    let checkpoint = async { Ok(app.db.checkpoint().await?) };
    let done = [
        expired.await,
        leases(app).await,
        tasks(app).await,
        rooms(app).await,
        checkpoint.await,
    ];
    done.into_iter().collect()
}

/// Jobs whose workers are gone begin again.
async fn leases(app: &App) -> Result<(), ApiError> {
    let mut done = Ok(());
    let now = app.now();
    let lapsed = app.db.lapsed(now).await?;
    let cause = match app.outage.excuses(now, &app.config.timing) {
        true => Cause::Unavailable,
        false => Cause::LeaseEnded,
    };
    for Lapsed { lease, tries } in lapsed {
        let attempt = tries.attempt;
        match again_or_fail(app, &lease, tries, cause).await {
            Ok((_, how)) => tracing::warn!(
                job = lease.job.as_str(),
                attempt,
                how,
                cause = cause.name(),
                "a lease ended"
            ),
            Err(error) => done = done.and(Err(error)),
        }
    }
    done
}

/// Reservations of this process go on, those of processes that died end.
async fn rooms(app: &App) -> Result<(), ApiError> {
    let now = app.now();
    let ended = app
        .db
        .keep_reservations(&app.instance, now, now.saturating_add(LEASE))
        .await?;
    if ended > 0 {
        tracing::info!(ended, "reservations of processes that are gone ended");
    }
    Ok(())
}

/// Counts the bytes of models and openings of an older version: a batch at a time.
pub async fn count(app: &App) -> Result<(), ApiError> {
    for row in app.db.uncounted().await? {
        let mut sizes = Vec::new();
        for Address { tenant, kind, sha256 } in row.objects() {
            let size = app.store.size(&tenant, kind, &sha256).await?.unwrap_or_default();
            sizes.push(i64::try_from(size).unwrap_or(i64::MAX));
        }
        app.db.count(&row, &sizes).await?;
    }
    Ok(())
}

/// Queued jobs that the job engine forgot are told to it again. Each sweep goes on where the last one ended: those that the engine knows
/// do not hide those behind them.
async fn tasks(app: &App) -> Result<(), ApiError> {
    let after = app.swept.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let waiting = app.db.waiting(&after, app.now() - PATIENCE).await?;
    for job in &waiting {
        if app.queue.knows(&job.task).await? {
            continue;
        }
        let task = TaskId::fresh();
        if app.db.retask(&job.id, &job.task, &task, app.now()).await? {
            app.queue.push(&task, job.not_before).await?;
            tracing::info!(job = job.id.as_str(), "told the job engine again");
        }
    }
    let next = match waiting.last() {
        Some(last) if waiting.len() == WAITING => last.place.clone(),
        _ => Place::default(),
    };
    *app.swept.lock().unwrap_or_else(PoisonError::into_inner) = next;
    Ok(())
}
