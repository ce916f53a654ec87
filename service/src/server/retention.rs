//! How long things are kept, where the operator limits it.

use super::clock::Millis;
use super::db::RETENTION_BATCH as BATCH;
use super::error::ApiError;
use super::state::App;
use std::future::Future;

const DAY: Millis = 24 * 3600 * 1000;
/// Batches of each kind in one round: the rest waits for the next.
const BATCHES: usize = 50;

/// Removes what is older than it is to be kept.
pub async fn remove_old(app: &App) -> Result<(), ApiError> {
    let limits = &app.config.limits;
    let now = app.now();
    let before = |days| before(now, days);
    // Receipts first, whose jobs may go then.
    let removed = [
        (
            "inputs",
            optional(before(limits.keep_inputs_days), |at| inputs(app, at)).await,
        ),
        (
            "receipts",
            optional(before(limits.keep_receipts_days), |at| {
                batches(move || app.db.remove_receipts(at, now))
            })
            .await,
        ),
        (
            "jobs",
            optional(before(limits.keep_jobs_days), |at| {
                batches(move || app.db.remove_jobs(at))
            })
            .await,
        ),
    ];
    let mut done = Ok(());
    for (what, removed) in removed {
        match removed {
            Ok(0) => {}
            Ok(removed) => tracing::info!(what, removed, "removed what is older than it is kept"),
            Err(error) => done = done.and(Err(error)),
        }
    }
    done
}

/// Since when things are kept; none for ever.
fn before(now: Millis, days: u32) -> Option<Millis> {
    (days > 0).then(|| now.saturating_sub(Millis::from(days).saturating_mul(DAY)))
}

async fn optional<F: Future<Output = Result<i64, ApiError>>>(
    before: Option<Millis>,
    remove: impl FnOnce(Millis) -> F,
) -> Result<i64, ApiError> {
    match before {
        Some(before) => remove(before).await,
        None => Ok(0),
    }
}

/// Batches until nothing is left. Some of them are small: they are of one tenant.
async fn batches<F: Future<Output = Result<i64, ApiError>>>(remove: impl Fn() -> F) -> Result<i64, ApiError> {
    let mut all = 0;
    for _ in 0..BATCHES {
        match remove().await? {
            0 => break,
            removed => all += removed,
        }
    }
    Ok(all)
}

/// Those that a job under way needs stay until it ends.
async fn inputs(app: &App, before: Millis) -> Result<i64, ApiError> {
    let (mut all, mut last) = (0, None);
    for _ in 0..BATCHES {
        let old = app.db.old_inputs(before, last.as_ref()).await?;
        for old in &old {
            match app.db.delete_upload(&old.upload, app.now()).await {
                Ok(removed) => all += i64::from(removed),
                Err(ApiError::InUse { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let full = i64::try_from(old.len()).is_ok_and(|n| n >= BATCH);
        last = old.into_iter().next_back();
        if !full {
            break;
        }
    }
    Ok(all)
}
