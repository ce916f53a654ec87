//! Requests that no handler takes.

use crate::server::problem::Problem;
use axum::http::{header, StatusCode};
use axum::response::{IntoResponse, Response};

pub async fn no_route() -> Response {
    answer(StatusCode::NOT_FOUND, "no-route", "there is nothing at this address")
}

pub async fn no_method() -> Response {
    answer(
        StatusCode::METHOD_NOT_ALLOWED,
        "no-method",
        "this address does not take this method",
    )
}

fn answer(status: StatusCode, code: &str, detail: &str) -> Response {
    let problem = Problem::new(status.as_u16(), code, detail, "compare the request with /openapi.json");
    let body = serde_json::to_string(&problem).unwrap_or_default();
    (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
}
