//! What is counted and logged of each request: never its headers, query or body.

use crate::server::metrics::Request as Counted;
use crate::server::state::App;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = request.method().to_string();
    let matched = request.extensions().get::<MatchedPath>();
    let route = matched.map_or_else(|| "(none)".into(), |path| path.as_str().to_owned());
    let response = next.run(request).await;
    let (status, seconds) = (response.status().as_u16(), started.elapsed().as_secs_f64());
    tracing::debug!(method, route, status, seconds, "request");
    app.metrics
        .requests
        .get_or_create(&Counted { method, route, status })
        .inc();
    app.metrics.latency.observe(seconds);
    response
}
