//! What a request passes before any handler: who calls is found once, and counted once, by tenant or by address.

pub mod address;
pub mod buffers;
pub mod counts;
pub mod turns;

use super::auth::Caller;
use super::error::ApiError;
use super::ids::{KeyId, TenantId};
use super::keys::Secret;
use super::state::App;
use address::Address;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{header, HeaderMap};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Who takes a turn.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Client {
    Tenant(TenantId),
    /// Somebody without a key.
    Address(String),
}

/// How long a key that was valid is looked up without counting against its address, and its use is not noted again.
const REMEMBERED: Duration = Duration::from_secs(60);

/// Ids of keys that were valid lately. They are looked up again each time: this says only whose bucket a request is taken from.
#[derive(Debug, Default)]
pub struct Recent(Mutex<HashMap<KeyId, Instant>>);

impl Recent {
    fn has(&self, id: &KeyId) -> bool {
        let keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.get(id).is_some_and(|seen| seen.elapsed() < REMEMBERED)
    }

    fn add(&self, id: &KeyId) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.insert(id.clone(), Instant::now());
    }

    /// Forgets keys that were not used lately.
    pub fn prune(&self) {
        let mut keys = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|_, seen| seen.elapsed() < REMEMBERED);
    }
}

/// Counts a request, and finds the holder of its key. Nothing of the service is reached by a request that was not counted:
/// guessed keys cost their address, before the database is asked.
pub async fn admit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let address = Address::of(
        peer.map(|peer| peer.0.ip()),
        request.headers(),
        &app.config.trusted_proxies,
    );
    let key = key(request.headers());
    match identify(&app, address.bucket(), key).await {
        Ok((client, caller)) => {
            let extensions = request.extensions_mut();
            extensions.insert(client);
            if let Some(caller) = caller {
                extensions.insert(caller);
            }
            next.run(request).await
        }
        Err(error) => error.into_response(),
    }
}

async fn identify(app: &App, address: String, key: Option<Secret>) -> Result<(Client, Option<Caller>), ApiError> {
    let Some(key) = key else {
        app.rates.address(&address)?;
        return Ok((Client::Address(address), None));
    };
    let recent = app.recent.has(&key.id);
    if !recent {
        app.rates.address(&address)?;
    }
    let now = app.now();
    match app.db.known(&key, now).await? {
        Some(known) => {
            if recent {
                app.rates.tenant(&known.tenant)?;
            } else {
                app.recent.add(&key.id);
                app.db.used_key(&key.id, now).await?;
            }
            Ok((Client::Tenant(known.tenant.clone()), Some(Caller::new(key.id, known))))
        }
        None => {
            if recent {
                app.rates.address(&address)?;
            }
            Ok((Client::Address(address), None))
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
