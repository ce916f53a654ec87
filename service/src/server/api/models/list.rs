//! A tenant's models.

use crate::names::names;
use crate::server::api::http::body;
use crate::server::api::http::id::wanted;
use crate::server::api::http::page::{answer, rows, Rows};
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::ObjectDigest;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::Extension;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;

/// Models in one answer.
const MOST: u8 = 200;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Only models that were uploaded before this one: the last of the page before, by its SHA-256.
    #[param(pattern = "^[0-9a-f]{64}$")]
    before: Option<String>,
    /// 1 to 200; 200 by default.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u8>,
}

/// Uploaded models, newest first, each with its newest 20 commitments. `more` says whether older ones follow; long names are cut.
#[utoipa::path(get, path = "/v1/models", tag = "models", security(("key" = ["read"])), params(Page),
    responses(
        (status = 200, body = Object),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn list_models(
    State(app): State<App>,
    caller: Caller,
    Extension(client): Extension<Client>,
    page: Result<Query<Page>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Read)?;
    let Query(page) = page.map_err(|e| body::query(&e))?;
    let limit = page.limit.unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::bad(format!("the limit is {limit}, 1 to {MOST} is accepted")));
    }
    let before = wanted(&page.before.unwrap_or_default()).map_err(|form: String| ApiError::bad(form))?;
    let all = app.clone();
    let list = async move {
        let mut models = all
            .db
            .uploaded_models(&caller.tenant, before.as_ref(), i64::from(limit) + 1)
            .await?;
        models.iter_mut().for_each(names);
        let Rows { rows: mut models, more } = rows(models, limit.into())?;
        for model in &mut models {
            let source = ObjectDigest::known(model["sha256"].as_str().unwrap_or_default());
            model["commits"] = all.db.commits(&caller.tenant, &source).await?.into();
        }
        Ok(json!({ "tenant": caller.tenant, "models": models, "more": more }))
    };
    answer(&app, &client, list).await
}
