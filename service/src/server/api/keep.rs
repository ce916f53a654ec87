//! Keeping what was uploaded and checked.

use crate::fail;
use crate::server::db::Agreement;
use crate::server::door::Client;
use crate::server::error::ApiError;
use crate::server::folders::Temporary;
use crate::server::ids::{ObjectDigest, TenantId};
use crate::server::room::Room;
use crate::server::state::App;
use crate::server::store::Kind;
use serde_json::Value;
use std::path::Path;

/// An upload that was checked.
pub struct Checked {
    pub tenant: TenantId,
    pub kind: Kind,
    pub sha256: ObjectDigest,
    pub bytes: u64,
    /// Room for the bytes, and for those of what is kept beside.
    pub room: Room,
    /// Where it lies under which name.
    pub folder: Temporary,
    pub name: &'static str,
    pub summary: Value,
    pub beside: Option<Beside>,
}

/// What is kept in rows of its own.
pub enum Beside {
    /// The drawing of a model, as JSON.
    Graph(String),
    /// What an agreement is about.
    Agreement(Box<Agreement>),
}

impl Beside {
    /// Bytes that count against the tenant's quota. Agreements have one of their own.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Graph(graph) => graph.len() as u64,
            Self::Agreement(_) => 0,
        }
    }
}

/// Stores again what was uploaded before, if the store has lost it.
///
/// # Errors
/// Storage.
pub async fn repair(
    app: &App,
    tenant: &TenantId,
    kind: Kind,
    sha256: &ObjectDigest,
    (path, bytes): (&Path, u64),
) -> Result<(), ApiError> {
    if app.store.size(tenant, kind, sha256).await? == Some(bytes) {
        return Ok(());
    }
    app.store.put_file(tenant, kind, sha256, path).await?;
    tracing::warn!(
        tenant = tenant.as_str(),
        kind = kind.name(),
        sha256 = sha256.as_str(),
        "an object that the store had lost was uploaded again"
    );
    Ok(())
}

/// Stores the bytes, and then the row that names them, also if the client goes away meanwhile.
///
/// # Errors
/// The tenant's quota. A refused upload leaves nothing.
pub async fn keep(app: &App, upload: Checked) -> Result<(), ApiError> {
    let app = app.clone();
    let kept = tokio::spawn(async move { store(&app, upload).await });
    kept.await.map_err(|e| ApiError::Internal(e.to_string()))?
}

async fn store(app: &App, upload: Checked) -> Result<(), ApiError> {
    let path = upload.folder.path().join(upload.name);
    app.store
        .put_file(&upload.tenant, upload.kind, &upload.sha256, &path)
        .await?;
    fail::point("after-upload-stored");
    let beside = upload.beside.as_ref().map_or(0, Beside::bytes);
    let object = upload.room.object(upload.bytes.saturating_add(beside));
    let _turn = app.changes.take(&Client::Tenant(upload.tenant.clone())).await?;
    if app.db.add_upload(&upload, &object, app.now()).await? {
        upload.room.settled();
    }
    Ok(())
}
