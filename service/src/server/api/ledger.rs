//! What receipts let out, and how much they may.

use super::http::body;
use super::http::page::{answer, rows};
use crate::server::api::http::id::{named, wanted};
use crate::server::auth::Caller;
use crate::server::db::{Account, Budget, InputFile, InputPart, LedgerScope, Subject};
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::ids::{KeyId, ModelId, TenantId};
use crate::server::keys::Scope;
use crate::server::ledger::micro;
use crate::server::problem::Problem;
use crate::server::state::App;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Accounts in one answer: a megabyte has no more of them.
const MOST: usize = 5_000;
/// One more, to see whether there are more.
const ASKED: i64 = MOST as i64 + 1;
/// Largest budget.
const MAX_BITS: f64 = 1e9;

/// Which accounts to show.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    /// Model id.
    model: String,
    /// Digest of an input's integers, as the ledger shows it.
    input: String,
    /// Id of a key.
    requester: String,
}

/// The ledger of a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct LedgerView {
    /// Bits of published receipts in the accounts shown; receipts that several keys asked for count once.
    bits: f64,
    /// Bits of receipts under way in the accounts shown.
    reserved_bits: f64,
    accounts: Vec<Account>,
    /// Which uploaded files the inputs are.
    files: Vec<InputFile>,
    /// Which inputs have an account together: its bits count in full for each of them.
    parts: Vec<InputPart>,
    budgets: Vec<Budget>,
    /// Whether any of these lists was cut: ask for one model, input or requester then.
    more: bool,
}

/// Bits that receipts of a model may reveal. What is left out is not limited.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ModelBudget {
    /// All together.
    #[schema(minimum = 0, maximum = 1e9)]
    total_bits: Option<f64>,
    /// Those about one input, each.
    #[schema(minimum = 0, maximum = 1e9)]
    input_bits: Option<f64>,
    /// Those that one key asks for, each.
    #[schema(minimum = 0, maximum = 1e9)]
    requester_bits: Option<f64>,
}

/// Bits that receipts may reveal to a key, over all models. Not limited if left out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct KeyBudget {
    #[schema(minimum = 0, maximum = 1e9)]
    bits: Option<f64>,
}

/// Bits by model, input, requester and policy.
#[utoipa::path(get, path = "/v1/ledger", tag = "ledger", security(("key" = ["read"])), params(Filter), responses(
    (status = 200, body = LedgerView),
    (status = "4XX", body = Problem, content_type = "application/problem+json"),
    (status = "5XX", body = Problem, content_type = "application/problem+json"),
))]
pub async fn get_ledger(
    State(app): State<App>,
    caller: Caller,
    Extension(client): Extension<Client>,
    filter: Result<Query<Filter>, QueryRejection>,
) -> Result<Response, ApiError> {
    caller.needs(Scope::Read)?;
    let Query(filter) = filter.map_err(|e| body::query(&e))?;
    let list = ledger(app.clone(), caller.tenant, filter);
    answer(&app, &client, list).await
}

async fn ledger(app: App, tenant: TenantId, filter: Filter) -> Result<LedgerView, ApiError> {
    let (db, tenant, requester) = (&app.db, &tenant, wanted::<KeyId>(&filter.requester));
    let (accounts, files, parts) = match (wanted(&filter.model), wanted(&filter.input)) {
        (Ok(model), Ok(input)) => {
            let (model, input) = (model.as_ref(), input.as_ref());
            let accounts = match &requester {
                Ok(key) => db.accounts(tenant, model, input, key.as_ref(), ASKED).await?,
                Err(_) => vec![],
            };
            let files = db.input_files(tenant, model, input, ASKED).await?;
            (accounts, files, db.input_parts(tenant, model, input, ASKED).await?)
        }
        _ => (vec![], vec![], vec![]),
    };
    let (accounts, files, parts) = (rows(accounts, MOST)?, rows(files, MOST)?, rows(parts, MOST)?);
    let budgets = rows(db.budgets(tenant).await?, MOST)?;
    let more = accounts.more || files.more || parts.more || budgets.more;
    let accounts = accounts.rows;
    Ok(LedgerView {
        bits: sum(&accounts, |account| account.first_bits),
        reserved_bits: sum(&accounts, |account| account.first_reserved_bits),
        accounts,
        files: files.rows,
        parts: parts.rows,
        budgets: budgets.rows,
        more,
    })
}

/// A sum that is 0 for no accounts: `Iterator::sum` begins with -0.
fn sum(accounts: &[Account], part: fn(&Account) -> f64) -> f64 {
    accounts.iter().map(part).fold(0.0, |sum, bits| sum + bits)
}

/// Sets the budgets of a model, or of an uploaded graph by its digest. They hold for receipts that are asked for from then on.
#[utoipa::path(put, path = "/v1/ledger/models/{id}", tag = "ledger", security(("key" = ["govern"])),
    params(("id" = String, Path, description = "Model id, or the digest of a graph")), request_body = ModelBudget,
    responses(
        (status = 200, body = Vec<Budget>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn put_model_budget(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Vec<Budget>>, ApiError> {
    caller.needs(Scope::Govern)?;
    let (asked, _) = body::json::<ModelBudget>(body).await?;
    let id: ModelId = named(&id, "model")?;
    let known = app.db.model(&caller.tenant, &id).await?.is_some() || app.db.has_graph(&caller.tenant, &id).await?;
    if !known {
        return Err(ApiError::NotFound { what: "model" });
    }
    let budgets = [
        (LedgerScope::Model, limit(asked.total_bits)?),
        (LedgerScope::Input, limit(asked.input_bits)?),
        (LedgerScope::Requester, limit(asked.requester_bits)?),
    ];
    app.db
        .set_budgets(&caller.tenant, Subject::Model(&id), &budgets)
        .await?;
    Ok(Json(app.db.budgets(&caller.tenant).await?))
}

/// Sets the budget of a key.
#[utoipa::path(put, path = "/v1/ledger/requesters/{id}", tag = "ledger", security(("key" = ["govern"])),
    params(("id" = String, Path, description = "Id of a key: the part between its underscores")), request_body = KeyBudget,
    responses(
        (status = 200, body = Vec<Budget>),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = "5XX", body = Problem, content_type = "application/problem+json"),
    ))]
pub async fn put_key_budget(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    body: Body,
) -> Result<Json<Vec<Budget>>, ApiError> {
    caller.needs(Scope::Govern)?;
    let (asked, _) = body::json::<KeyBudget>(body).await?;
    let id = named::<KeyId>(&id, "key")?;
    if !app.db.has_key(&caller.tenant, &id).await? {
        return Err(ApiError::NotFound { what: "key" });
    }
    let budgets = [(LedgerScope::Key, limit(asked.bits)?)];
    app.db.set_budgets(&caller.tenant, Subject::Key(&id), &budgets).await?;
    Ok(Json(app.db.budgets(&caller.tenant).await?))
}

fn limit(bits: Option<f64>) -> Result<Option<i64>, ApiError> {
    match bits {
        Some(bits) if !(0.0..=MAX_BITS).contains(&bits) => {
            Err(ApiError::bad(format!("0 to {MAX_BITS} bits are accepted")))
        }
        bits => Ok(bits.map(micro)),
    }
}
