//! Who calls: what the door found.

use super::db::Known;
use super::error::ApiError;
use super::ids::{KeyId, TenantId};
use super::keys::Scope;
use super::state::App;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// The holder of a valid key.
#[derive(Clone, Debug)]
pub struct Caller {
    pub tenant: TenantId,
    pub key: KeyId,
    scopes: Vec<Scope>,
}

impl Caller {
    /// The holder of the key `key`.
    pub fn new(key: KeyId, known: Known) -> Self {
        Self {
            tenant: known.tenant,
            key,
            scopes: known.scopes,
        }
    }

    /// # Errors
    /// [`ApiError::Forbidden`] if the key lacks the scope.
    pub fn needs(&self, scope: Scope) -> Result<(), ApiError> {
        match self.scopes.contains(&scope) {
            true => Ok(()),
            false => Err(ApiError::Forbidden { scope: scope.name() }),
        }
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _app: &App) -> Result<Self, ApiError> {
        parts.extensions.get::<Self>().cloned().ok_or(ApiError::Unauthorized)
    }
}
