//! An uploaded graph, in the form that every verifier reads.

use super::form::{self, Form};
use crate::color::graph;
use crate::server::api::http::body::digest;
use crate::server::api::http::headers::file;
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use crate::server::store::Kind;
use axum::extract::{Path, State};
use axum::response::IntoResponse;

/// An uploaded graph as a DIMACS text, whatever form it came in. Colourings and tensors are not given back.
#[utoipa::path(get, path = "/v1/inputs/{sha256}/graph", tag = "inputs", security(("key" = ["read"])),
    params(("sha256" = String, Path, pattern = "^[0-9a-f]{64}$", description = "SHA-256 of the upload")),
    responses(
        (status = 200, body = String, content_type = "text/plain"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_input_graph(
    State(app): State<App>,
    caller: Caller,
    Path(sha256): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    caller.needs(Scope::Read)?;
    let sha256 = digest(&sha256)?;
    let known = app.db.upload(&caller.tenant, "input", &sha256).await?;
    if !known.is_some_and(|known| Form::Graph.is_of(&known.summary)) {
        return Err(ApiError::NotFound { what: "graph" });
    }
    let _turn = app.readings.take(&Client::Tenant(caller.tenant.clone())).await?;
    let bytes = app.store.get(&caller.tenant, Kind::Input, &sha256).await?;
    let limits = app.config.limits.clone();
    let text = tokio::task::spawn_blocking(move || {
        let graph = form::graph(&bytes, &limits)?.graph;
        Ok::<_, ApiError>(graph::dimacs(&graph, "as it was uploaded"))
    });
    let text = text.await.map_err(|e| ApiError::Internal(e.to_string()))??;
    Ok((file("text/plain; charset=utf-8", sha256.as_str(), "col"), text))
}
