//! What is counted and logged of each request: never its headers, query or body.

use crate::server::metrics::Request as Counted;
use crate::server::state::App;
use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::Response;
use std::time::Instant;

/// Labels stay in memory for good, so they come from closed sets: a client can write any word for a method.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::DELETE => "DELETE",
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        Method::PATCH => "PATCH",
        Method::POST => "POST",
        Method::PUT => "PUT",
        _ => "(other)",
    }
}

pub async fn observe(State(app): State<App>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let method = method(request.method());
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
