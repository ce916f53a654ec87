//! The policies that can be asked for.

use axum::Json;
use provenn_verifier::{policy::About, Policy};
use serde::Serialize;
use utoipa::ToSchema;

/// A policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct PolicyView {
    name: &'static str,
    /// What it lets out.
    title: &'static str,
    /// The policy that a card names where it offers this one.
    listed: &'static str,
    /// Its parameters, in the order in which they follow the name, each after a colon.
    parameters: Vec<ParameterView>,
    /// The form of its answers: `scores`, `label`, `labels`, `bit`, `yes`, `count`, `counts` or `gap`.
    form: &'static str,
}

/// A parameter of a policy.
#[derive(Debug, Serialize, ToSchema)]
pub struct ParameterView {
    name: &'static str,
    title: &'static str,
    /// `output` (an index, the first is 0), `outputs` (a set of them, with a colon between any two), `count` (how many outputs), `value` (a number
    /// in the units of the model's output); about batches `items` (how many), `label` (one, or a set), `labels`, `groups` and `marks` (one for each
    /// item, of marks a label and a group in turn, for which `POST /v1/proofs` takes an upload).
    unit: &'static str,
    /// Whether it stands for all that are left, with a colon between any two.
    list: bool,
}

/// All policies, and how they are written.
#[utoipa::path(get, path = "/v1/policies", tag = "proofs", responses((status = 200, body = Vec<PolicyView>)))]
pub async fn list_policies() -> Json<Vec<PolicyView>> {
    let view = |about: &&'static About| {
        let parameters = about.parameters.iter().map(|parameter| ParameterView {
            name: parameter.name,
            title: parameter.title,
            unit: parameter.unit.name(),
            list: parameter.unit.is_list(),
        });
        PolicyView {
            name: about.name,
            title: about.title,
            listed: about.listed(),
            parameters: parameters.collect(),
            form: about.form.name(),
        }
    };
    Json(Policy::KINDS.iter().map(view).collect())
}
