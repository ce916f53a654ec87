//! Taking away the bytes of objects that no row names any more.

use super::db::Address;
use super::error::ApiError;
use super::ids::TenantId;
use super::state::App;

/// Removes objects of a tenant, or of all. What fails now is done by a later round.
pub async fn remove_unnamed(app: &App, tenant: Option<&TenantId>) -> Result<usize, ApiError> {
    let mut all = 0;
    loop {
        let mut removed = 0;
        for of in app.db.unnamed(tenant).await? {
            let Address { tenant, kind, sha256 } = &of;
            if app
                .db
                .remove_object(&of, app.store.remove(tenant, *kind, sha256))
                .await?
            {
                removed += 1;
            }
        }
        // Those that somebody is about to name again stay.
        if removed == 0 {
            return Ok(all);
        }
        all += removed;
    }
}

/// The same after a request that removed rows: those are gone, whatever happens to the bytes now.
pub async fn after_request(app: &App, tenant: &TenantId) {
    let (app, tenant) = (app.clone(), tenant.clone());
    // To its end, also if the client goes away meanwhile.
    let removed = tokio::spawn(async move { remove_unnamed(&app, Some(&tenant)).await });
    match removed.await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::warn!(cause = error.cause(), "objects are removed later"),
        Err(error) => tracing::warn!(%error, "objects are removed later"),
    }
}

/// Removes working files of models that are committed no more.
pub async fn forget_models(app: &App) -> Result<(), ApiError> {
    for (tenant, id) in app.models.known()? {
        if app.db.model(&tenant, &id).await?.is_none() {
            app.models.forget(&tenant, &id)?;
        }
    }
    Ok(())
}
