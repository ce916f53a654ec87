//! The graph of a model.

use crate::names::names;
use crate::server::api::http::id::named;
use crate::server::api::http::page::answer;
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::Extension;

/// `{values, inputs, outputs, layers}`: operators, shapes, edges and numbers of parameters; never a weight. Values are
/// `{name, shape}`, referred to by position; layers are in topological order.
#[utoipa::path(get, path = "/v1/models/{id}/graph", tag = "models", security(("key" = ["read"])),
    params(("id" = String, Path, description = "Model id, or SHA-256 of an uploaded file")),
    responses(
        (status = 200, body = Object),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn get_graph(
    State(app): State<App>,
    caller: Caller,
    Extension(client): Extension<Client>,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Read)?;
    let source = match app.db.model(&caller.tenant, &named(&id, "model")?).await? {
        Some(model) => model.source,
        None => named(&id, "model")?,
    };
    let all = app.clone();
    let graph = async move {
        match all.db.graph(&caller.tenant, &source).await? {
            Some(mut graph) => {
                // Those of older uploads were kept as they are.
                names(&mut graph);
                Ok(graph)
            }
            None if all.db.upload(&caller.tenant, "model", &source).await?.is_some() => Err(ApiError::NoGraph),
            None => Err(ApiError::NotFound { what: "model" }),
        }
    };
    answer(&app, &client, graph).await
}
