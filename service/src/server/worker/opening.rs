//! Committing to an input.

use super::{Attempt, Stopped};
use crate::child::protocol::{Data, Work};
use crate::server::db::{Model, Publication, Stored};
use crate::server::error::ApiError;
use crate::server::ids::{ModelId, ObjectDigest};
use crate::server::job::Opening as Asked;
use crate::server::room::Quota;
use crate::server::store::Kind;
use serde_json::{json, Value};

/// A commitment to an input: its points, and the blob of its secret opening.
pub(super) type Opened = (Vec<String>, ObjectDigest);

impl Attempt<'_> {
    pub(super) async fn opening(&self, asked: &Asked) -> Result<Publication, Stopped> {
        let model = self.model(&asked.model).await?;
        let temporary = self.app.temporary()?;
        let path = temporary.path().join("input");
        self.app
            .store
            .fetch(&self.job.tenant, Kind::Input, &asked.input, &path)
            .await?;
        let data = Data {
            input: asked.name.clone(),
            path,
            opening: false,
        };
        let (opened, cpu_ms) = self.open(&model, &asked.input, &data).await?;
        Ok(Publication {
            stored: Stored::Opening,
            objects: vec![],
            result: json!({ "points": opened.0, "opening": opened.1 }),
            peak_bytes: None,
            cpu_ms,
        })
    }

    /// The commitment to an uploaded input under a model, made now if there is none; and CPU milliseconds.
    pub(super) async fn open(
        &self,
        model: &Model,
        sha256: &ObjectDigest,
        data: &Data,
    ) -> Result<(Opened, i64), Stopped> {
        let (db, tenant) = (&self.app.db, &self.job.tenant);
        let of = (&model.id, sha256, data.input.as_deref().unwrap_or_default());
        if let Some(known) = db.opening(tenant, of).await? {
            return Ok((known, 0));
        }
        let out = data.path.with_extension("made");
        let folder = self.app.models.folder(&self.app.store, model).await?;
        let made = self
            .child(Work::Open {
                folder: folder.path().into(),
                srs_id: model.parameters_id(),
                input: data.clone(),
                out: out.clone(),
            })
            .await?;
        let secret = tokio::fs::read(&out).await?;
        let name = ObjectDigest::of(&secret);
        let object = self
            .room(Kind::Private, &name, secret.len() as u64, Quota::Beyond)
            .await?;
        self.app.store.put(tenant, Kind::Private, secret).await?;
        let points = made.result.get("points").unwrap_or(&Value::Null);
        db.add_opening(tenant, of, points, &object, self.app.now()).await?;
        // Two jobs may have opened at once: the first one counts for both.
        let opened = db.opening(tenant, of).await?;
        let opened = opened.ok_or_else(|| Stopped::Died("the commitment to the input is gone".into()))?;
        Ok((opened, made.cpu_ms))
    }

    pub(super) async fn model(&self, id: &ModelId) -> Result<Model, Stopped> {
        let model = self.app.db.model(&self.job.tenant, id).await?;
        Ok(model.ok_or(ApiError::NotFound { what: "model" })?)
    }
}
