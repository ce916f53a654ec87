//! Who calls.

use super::error::ApiError;
use super::keys::{Scope, Secret};
use super::state::App;
use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{header, HeaderMap};
use std::net::SocketAddr;

/// The holder of a valid key.
#[derive(Clone, Debug)]
pub struct Caller {
    pub tenant: String,
    /// Id of the key.
    pub key: String,
    scopes: Vec<Scope>,
}

impl Caller {
    /// # Errors
    /// [`ApiError::Forbidden`] if the key lacks the scope.
    pub fn needs(&self, scope: Scope) -> Result<(), ApiError> {
        match self.scopes.contains(&scope) {
            true => Ok(()),
            false => Err(ApiError::Forbidden { scope: scope.name() }),
        }
    }
}

fn key(headers: &HeaderMap) -> Option<Secret> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| Secret::parse(key.trim()))?
}

impl FromRequestParts<App> for Caller {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let key = key(&parts.headers).ok_or(ApiError::Unauthorized);
        let known = match key {
            Ok(key) => app
                .db
                .known(&key)
                .await?
                .map(|known| (key.id, known))
                .ok_or(ApiError::Unauthorized),
            Err(error) => Err(error),
        };
        match known {
            Ok((key, known)) => {
                app.rates.take(&known.tenant)?;
                Ok(Self {
                    tenant: known.tenant,
                    key,
                    scopes: known.scopes,
                })
            }
            // Guessing keys is limited by address.
            Err(error) => Anybody::from_request_parts(parts, app).await.and(Err(error)),
        }
    }
}

/// A caller that needs no key, limited by address.
#[derive(Clone, Copy, Debug)]
pub struct Anybody;

impl FromRequestParts<App> for Anybody {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, ApiError> {
        let address = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // A colon is in no tenant's name.
        let who = address.map_or_else(|| "address:unknown".into(), |a| format!("address:{}", a.ip()));
        app.rates.take(&who)?;
        Ok(Self)
    }
}
