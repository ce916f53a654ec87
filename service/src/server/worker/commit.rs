//! Committing to a model.

use super::cache::{card_of, files_of};
use super::{Attempt, Stopped};
use crate::child::protocol::{Data, Work};
use crate::child::work::BEYOND;
use crate::error::CliError;
use crate::fail;
use crate::files::{self, size as file_size, MAX_CARD};
use crate::server::db::{Model, Publication, Stored, PARAMETERS};
use crate::server::error::ApiError;
use crate::server::ids::{KeyDigest, ModelId, ObjectDigest, SrsId};
use crate::server::inputs::PerInput;
use crate::server::job::Commit;
use crate::server::private;
use crate::server::problem::Problem;
use crate::server::room::Quota;
use crate::server::store::Kind;
use provenn_prover::store;
use provenn_verifier::{AnyCard, SrsVerifyingKey};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

impl Attempt<'_> {
    pub(super) async fn commit(&self, asked: &Commit) -> Result<Publication, Stopped> {
        let (app, tenant) = (self.app, &self.job.tenant);
        let temporary = app.temporary()?;
        let at = |name: &str| temporary.path().join(name);
        let source = asked.model.clone();
        app.store.fetch(tenant, Kind::Model, &source, &at("model.onnx")).await?;
        self.parameters_folder()?;
        // What it has room for when it begins: what others store meanwhile is found when its files are counted.
        let (used, limit) = (app.db.usage(tenant).await?.all(), app.config.limits.tenant_bytes);
        let made = self
            .child(Work::Commit {
                model: at("model.onnx"),
                calibration: self.data(&asked.calibration, &at("calibration")).await?,
                held_out: match &asked.held_out {
                    Some(rows) => self.data(rows, &at("held_out")).await?,
                    None => vec![],
                },
                items: asked.batch.unwrap_or(0),
                segments: asked.segments,
                cut_at: asked.cut_at.clone(),
                bindings: asked.bindings.clone(),
                about: asked.about.clone().map(Box::new),
                srs: app.config.srs(),
                out: at("out"),
                limits: app.config.limits.of_a_proof(),
                most_bytes: u64::try_from(limit.saturating_sub(used)).unwrap_or(0),
            })
            .await?;
        if let Some(asked) = made.result.get(BEYOND).and_then(Value::as_i64) {
            return Err(ApiError::Storage { used, limit, asked }.into());
        }
        let text = |field: &str| {
            made.result
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let mut objects = Vec::new();
        let mut files = BTreeMap::from([(PARAMETERS.to_owned(), text(PARAMETERS))]);
        for name in files_of(asked.parts()) {
            let path = at("out").join(&name);
            let (sha256, bytes) = (digest(&path).await?, file_size(&path));
            let room = self.room(Kind::Private, &sha256, bytes as u64, Quota::Within);
            objects.push(room.await?);
            app.store.put_file(tenant, Kind::Private, &sha256, &path).await?;
            files.insert(name, sha256.to_string());
        }
        let id = ModelId::known(text("model_id"));
        self.verified(at("out").join(card_of(asked.parts())), id.clone())
            .await?;
        fail::point("after-store-model");
        let model = Model {
            tenant: tenant.clone(),
            id,
            source,
            key_digest: KeyDigest::known(text("key_digest")),
            srs_id: SrsId::known(text("srs_id")),
            description: made.result.get("description").cloned().unwrap_or_default(),
            forecast: made.result.get("forecast").cloned().unwrap_or_default(),
            files,
            created: app.now(),
        };
        Ok(Publication {
            result: json!({ "model_id": model.id, "forecast": model.forecast }),
            stored: Stored::Model(Box::new(model)),
            objects,
            peak_bytes: made.peak_bytes,
            cpu_ms: made.cpu_ms,
        })
    }

    /// The process that makes development parameters can write where they are kept, but make no folder beside it.
    pub(super) fn parameters_folder(&self) -> Result<(), Stopped> {
        let place = self.app.config.srs();
        if !place.exists() {
            private::folder(&place)?;
        }
        Ok(())
    }

    /// Checks the card as anybody would: it goes into the log.
    async fn verified(&self, card: PathBuf, id: ModelId) -> Result<(), Stopped> {
        let check = tokio::task::spawn_blocking(move || -> Result<bool, CliError> {
            let srs = files::folder(&card).join(store::SRS);
            let card = AnyCard::from_bytes(&files::read(&card, MAX_CARD)?)?;
            let srs = SrsVerifyingKey::from_bytes(&files::read(&srs, MAX_CARD)?)?;
            Ok(ModelId::from(card.check(&srs)?.model_id()) == id)
        });
        let cause = match check.await.map_err(|e| Stopped::Died(e.to_string()))? {
            Ok(true) => return Ok(()),
            Ok(false) => "it has another id".into(),
            Err(error) => error.parts().1.to_owned(),
        };
        tracing::error!(
            job = self.job.id.as_str(),
            cause,
            "the prover made a wrong card; it is not published"
        );
        let detail = "the prover made a card that does not verify";
        Err(Stopped::Failed(Box::new(Problem::new(
            500,
            "wrong-card",
            detail,
            "please report this",
        ))))
    }

    /// Fetches the uploads that a request names, each to a path of its own that begins with `path`.
    pub(super) async fn data(&self, uploads: &PerInput<ObjectDigest>, path: &Path) -> Result<Vec<Data>, Stopped> {
        let mut all = Vec::new();
        for (n, (name, sha256)) in uploads.iter().enumerate() {
            let path = path.with_extension(n.to_string());
            self.app
                .store
                .fetch(&self.job.tenant, Kind::Input, sha256, &path)
                .await?;
            all.push(Data {
                input: name.map(str::to_owned),
                path,
                opening: false,
            });
        }
        Ok(all)
    }
}

pub(super) async fn digest(path: &Path) -> Result<ObjectDigest, Stopped> {
    let path = path.to_owned();
    let sum = tokio::task::spawn_blocking(move || -> std::io::Result<ObjectDigest> {
        let mut digest = Sha256::new();
        std::io::copy(&mut std::fs::File::open(path)?, &mut Hashing(&mut digest))?;
        Ok(digest.into())
    });
    Ok(sum.await.map_err(|e| Stopped::Died(e.to_string()))??)
}

/// A digest as a writer.
struct Hashing<'a>(&'a mut Sha256);

impl std::io::Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
