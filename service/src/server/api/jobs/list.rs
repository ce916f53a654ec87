//! A tenant's jobs.

use crate::server::api::http::body;
use crate::server::api::http::id::wanted;
use crate::server::api::http::page::{answer, rows, Rows};
use crate::server::api::view::JobView;
use crate::server::auth::Caller;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::JobId;
use crate::server::keys::Scope;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::Extension;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Jobs in one answer.
const MOST: u8 = 100;

/// Which part of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Page {
    /// Only jobs older than this one: the last of the page before.
    #[param(pattern = "^[0-9A-Za-z]*$")]
    before: Option<String>,
    /// 1 to 100; 100 by default.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u8>,
}

/// Jobs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    pub jobs: Vec<JobView>,
    /// Whether older ones follow. An answer may have fewer than were asked for, and more follow.
    pub more: bool,
}

/// The jobs of the caller's tenant, newest first.
#[utoipa::path(get, path = "/v1/jobs", tag = "jobs", security(("key" = ["read"])), params(Page),
    responses(
        (status = 200, body = JobList),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn list_jobs(
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
    let before = wanted::<JobId>(&page.before.unwrap_or_default());
    let before = before.map_err(|_| ApiError::bad("`before` is the id of a job"))?;
    let all = app.clone();
    let list = async move {
        let jobs = all
            .db
            .jobs(&caller.tenant, before.as_ref(), i64::from(limit) + 1)
            .await?;
        let now = all.now();
        let jobs = jobs.into_iter().map(|job| JobView::new(job, now)).collect();
        let Rows { rows: jobs, more } = rows(jobs, limit.into())?;
        Ok(JobList { jobs, more })
    };
    answer(&app, &client, list).await
}
