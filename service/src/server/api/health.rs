//! For load balancers and Prometheus.

use crate::server::error::ApiError;
use crate::server::metrics::InState;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

/// The process runs.
#[utoipa::path(get, path = "/healthz", tag = "operations", responses((status = 200, body = String, content_type = "text/plain")))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Database and object store answer.
#[utoipa::path(get, path = "/readyz", tag = "operations", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub async fn readyz(State(app): State<App>) -> Result<&'static str, ApiError> {
    app.db.ping().await?;
    app.store.ping().await?;
    Ok("ready\n")
}

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Metrics in the text format of Prometheus. No label names a tenant.
#[utoipa::path(get, path = "/metrics", tag = "operations", responses(
    (status = 200, body = String, content_type = "application/openmetrics-text"),
    (status = 503, body = Problem, content_type = "application/problem+json"),
))]
pub async fn metrics(State(app): State<App>) -> Result<impl IntoResponse, ApiError> {
    app.metrics.jobs.clear();
    for (state, jobs) in app.db.census().await? {
        app.metrics.jobs.get_or_create(&InState { state }).set(jobs);
    }
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], app.metrics.text()))
}
