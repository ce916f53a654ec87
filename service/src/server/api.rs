//! The HTTP API. A router line is the OpenAPI entry too; handlers lie by resource.

mod agreements;
mod colourings;
mod health;
pub(super) mod http;
pub(super) mod inputs;
mod jobs;
pub mod keep;
mod keys;
mod ledger;
mod log;
mod models;
mod policies;
pub(super) mod proofs;
mod registry;
mod srs;
mod start;
mod storage;
mod submit;
mod uploads;
mod verify;
mod view;

pub use http::errors::no_route;
pub use http::headers::BYTES;
pub use models::commit::Binding;

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
        (name = "agreements", description = "What several parties agreed that receipts may state"),
        (name = "ledger", description = "Bits that receipts let out"),
        (name = "verification", description = "What verifiers need"),
        (name = "operations", description = "For operators"),
    )
)]
struct Api;

fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(models::put::put_model))
        .routes(routes!(models::commit::commit_model))
        .routes(routes!(models::list::list_models))
        .routes(routes!(models::get::get_model))
        .routes(routes!(models::graph::get_graph))
        .routes(routes!(models::card::get_card))
        .routes(routes!(inputs::put::put_input))
        .routes(routes!(inputs::graph::get_input_graph))
        .routes(routes!(inputs::commit::commit_input))
        .routes(routes!(uploads::delete_model))
        .routes(routes!(uploads::delete_input))
        .routes(routes!(models::uncommit::delete_commitment))
        .routes(routes!(policies::list_policies))
        .routes(routes!(proofs::post::post_proof))
        .routes(routes!(colourings::post_colouring))
        .routes(routes!(proofs::get_proof, proofs::cancel_proof))
        .routes(routes!(proofs::proof_events))
        .routes(routes!(proofs::receipt::get_receipt))
        .routes(routes!(proofs::bundle::get_bundle))
        .routes(routes!(proofs::labels::get_labels))
        .routes(routes!(jobs::list::list_jobs))
        .routes(routes!(jobs::get_job, jobs::cancel_job))
        .routes(routes!(jobs::job_events))
        .routes(routes!(verify::verify_receipt))
        .routes(routes!(keys::get_key))
        .routes(routes!(srs::get_srs))
        .routes(routes!(registry::list_versions))
        .routes(routes!(registry::get_name, registry::post::post_version))
        .routes(routes!(registry::get_version))
        .routes(routes!(registry::get_version_card))
        .routes(routes!(registry::post::post_status))
        .routes(routes!(log::get_log))
        .routes(routes!(log::checkpoint))
        .routes(routes!(log::get_inclusion))
        .routes(routes!(log::get_consistency))
        .routes(routes!(log::cosignatures::post_cosignatures))
        .routes(routes!(ledger::get_ledger))
        .routes(routes!(ledger::put_model_budget))
        .routes(routes!(ledger::put_key_budget))
        .routes(routes!(agreements::list_agreements))
        .routes(routes!(agreements::get_agreement))
        .routes(routes!(agreements::revoke_agreement))
        .routes(routes!(storage::get_storage))
        .routes(routes!(start::post_start))
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
        .fallback(http::errors::no_route)
        .method_not_allowed_fallback(http::errors::no_method)
        .layer(DefaultBodyLimit::disable())
        .layer(middleware::from_fn_with_state(app.clone(), admit))
        .layer(middleware::from_fn(http::headers::headers))
        .layer(middleware::from_fn_with_state(app.clone(), http::observe::observe))
        .with_state(app)
}
