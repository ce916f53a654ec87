//! The HTTP API. A router line is the OpenAPI entry too; one file per handler.

mod body;
mod errors;
mod headers;
mod health;
mod inputs_commit;
mod inputs_put;
mod jobs;
mod jobs_list;
pub mod keep;
mod keys_get;
mod ledger;
mod log;
mod log_cosignatures;
mod models_card;
mod models_commit;
mod models_get;
mod models_graph;
mod models_list;
mod models_put;
mod models_uncommit;
mod observe;
mod page;
mod policies;
mod proofs;
mod proofs_post;
mod proofs_receipt;
mod registry;
mod registry_post;
mod srs_get;
mod storage_get;
mod submit;
mod uploads_delete;
mod verify;
mod view;

pub use errors::no_route;
pub use models_commit::Binding;

use super::door::admit;
use super::state::App;
use axum::extract::DefaultBodyLimit;
use axum::routing::get;
use axum::{middleware, Json, Router};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::OpenApi as Document;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

#[derive(OpenApi)]
#[openapi(
    info(title = "Provenn", description = "Proofs of what committed neural networks compute."),
    tags(
        (name = "models", description = "Uploading and committing models"),
        (name = "inputs", description = "Uploading and committing inputs"),
        (name = "proofs", description = "Asking for receipts"),
        (name = "jobs", description = "Work of any kind"),
        (name = "registry", description = "Published models"),
        (name = "log", description = "Transparency log of cards and receipts"),
        (name = "ledger", description = "Bits that receipts let out"),
        (name = "verification", description = "What verifiers need"),
        (name = "operations", description = "For operators"),
    )
)]
struct Api;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(models_put::put_model))
        .routes(routes!(models_commit::commit_model))
        .routes(routes!(models_list::list_models))
        .routes(routes!(models_get::get_model))
        .routes(routes!(models_graph::get_graph))
        .routes(routes!(models_card::get_card))
        .routes(routes!(inputs_put::put_input))
        .routes(routes!(inputs_commit::commit_input))
        .routes(routes!(uploads_delete::delete_model))
        .routes(routes!(uploads_delete::delete_input))
        .routes(routes!(models_uncommit::delete_commitment))
        .routes(routes!(policies::list_policies))
        .routes(routes!(proofs_post::post_proof))
        .routes(routes!(proofs::get_proof, proofs::cancel_proof))
        .routes(routes!(proofs::proof_events))
        .routes(routes!(proofs_receipt::get_receipt))
        .routes(routes!(jobs_list::list_jobs))
        .routes(routes!(jobs::get_job, jobs::cancel_job))
        .routes(routes!(jobs::job_events))
        .routes(routes!(verify::verify_receipt))
        .routes(routes!(keys_get::get_key))
        .routes(routes!(srs_get::get_srs))
        .routes(routes!(registry::list_versions))
        .routes(routes!(registry::get_name, registry_post::post_version))
        .routes(routes!(registry::get_version))
        .routes(routes!(registry::get_version_card))
        .routes(routes!(registry_post::post_status))
        .routes(routes!(log::get_log))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::get_inclusion))
        .routes(routes!(log::get_consistency))
        .routes(routes!(log_cosignatures::post_cosignatures))
        .routes(routes!(ledger::get_ledger))
        .routes(routes!(ledger::put_model_budget))
        .routes(routes!(ledger::put_key_budget))
        .routes(routes!(storage_get::get_storage))
        .routes(routes!(health::healthz))
        .routes(routes!(health::readyz))
        .routes(routes!(health::metrics))
}

/// The OpenAPI document.
pub fn document() -> Document {
    let (_, mut document) = routes().split_for_parts();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    let components = document.components.get_or_insert_default();
    components.add_security_scheme("key", SecurityScheme::Http(bearer));
    document
}

/// The service as a router.
pub fn router(app: App) -> Router {
    let (router, _) = routes().split_for_parts();
    let document = document();
    router
        .route("/openapi.json", get(|| async { Json(document) }))
        .route("/tile/{*address}", get(log::get_tile))
        .merge(super::web::routes())
        .fallback(errors::no_route)
        .method_not_allowed_fallback(errors::no_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        .layer(middleware::from_fn(headers::headers))
        .layer(middleware::from_fn_with_state(app.clone(), observe::observe))
        .with_state(app)
}
