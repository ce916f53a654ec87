//! For load balancers and Prometheus.

use crate::server::clock::Millis;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::metrics::{InState, Stopped};
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::store::marker;
use crate::server::tlog::stop::{self, Stop};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::Extension;
use std::future::Future;
use std::time::Duration;

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The machine's clock agrees with the database's, database and object store answer within two seconds each and belong together, the disk has room,
/// sweeps over jobs go well, and the log goes on.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub async fn readyz(State(app): State<App>, Extension(client): Extension<Client>) -> Result<&'static str, ApiError> {
    let _turn = app.looks.take(&client).await?;
    soon("the disk", app.disk.check()).await?;
    soon("the database", app.skew.look(&app.db, &app.clock)).await?;
    soon("the object store", marker::check(&app.store, &app.identity)).await?;
    app.sweeps.check()?;
    let (waits, stopped) = soon("the database", log(&app)).await?;
    if let Some(stop) = stopped.filter(|_| app.tlog.signer.is_some()) {
        return Err(ApiError::LogStopped(stop));
    }
    if app.tlog.signer.is_some() && waits > STOPPED {
        return Err(ApiError::Unavailable(format!(
            "the log is not published: an entry waits for {} s",
            waits / 1000
        )));
    }
    Ok("ready\n")
}

/// Storage that does not answer for so long is not there.
const PATIENCE: Duration = Duration::from_secs(2);
/// The log has stopped if an entry waits for its checkpoint longer than this.
const STOPPED: Millis = 60_000;

async fn soon<T>(what: &str, answer: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
    let late = || ApiError::Unavailable(format!("{what} did not answer within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, answer).await.map_err(|_| late())?
}

/// Since when the oldest entry that no checkpoint covers waits, and why the log signs nothing.
async fn log(app: &App) -> Result<(Millis, Option<Stop>), ApiError> {
    let (pending, since) = app.db.log_pending().await?;
    let age = since.map_or(0, |since| app.now().saturating_sub(since).max(0));
    app.metrics.log_pending.set(pending);
    app.metrics.log_age.set(age / 1000);
    let stopped = stop::current(app).await?;
    for why in Stop::ALL {
        let gauge = app.metrics.log_stopped.get_or_create(&Stopped { why: why.name() });
        gauge.set((stopped == Some(why)).into());
    }
    Ok((age, stopped))
}

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the database says is looked at again after this time: however many ask, it answers once.
const LOOKED: Millis = 1000;

/// Metrics in the text format of Prometheus. No label names a tenant.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, body = String, content_type = "application/openmetrics-text"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub async fn metrics(
    State(app): State<App>,
    Extension(client): Extension<Client>,
) -> Result<impl IntoResponse, ApiError> {
    let _turn = app.looks.take(&client).await?;
    // Who waits for the look that is under way has it too.
    let mut looked = app.looked.lock().await;
    let now = app.now();
    // A clock that was set back is looked at again.
    if looked.is_none_or(|when| !(when..when.saturating_add(LOOKED)).contains(&now)) {
        soon("the database", look(&app)).await?;
        *looked = Some(now);
    }
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], app.metrics.text()))
}

/// Sets the metrics that the database knows.
async fn look(app: &App) -> Result<(), ApiError> {
    // What is wrong with the log is no reason to say nothing of the rest.
    if let Err(error) = log(app).await {
        tracing::warn!(cause = error.cause(), "the state of the log is not known");
    }
    let (jobs, segments) = (app.db.census().await?, app.db.segments().await?);
    let now = app.now();
    let (since, delayed, ends) = app.db.queue(now).await?;
    for (family, states) in [(&app.metrics.jobs, jobs), (&app.metrics.segments, segments)] {
        family.clear();
        for (state, n) in states {
            family.get_or_create(&InState { state }).set(n);
        }
    }
    let seconds = |from: i64, to: i64| to.saturating_sub(from) / 1000;
    app.metrics
        .queue_age
        .set(since.map_or(0, |since| seconds(since, now).max(0)));
    app.metrics.delayed.set(delayed);
    app.metrics.lease_left.set(ends.map_or(0, |ends| seconds(now, ends)));
    Ok(())
}
