//! Proofs of models in segments: the run, the proof of a segment, and the receipt that is joined from them.

use super::commit::digest;
use super::process::Made;
use super::proof::wrong_receipt;
use super::{Attempt, Ending, Stopped};
use crate::child::protocol::Work;
use crate::fail;
use crate::files::size as file_size;
use crate::server::clock::Millis;
use crate::server::db::{Model, Next, Object, Outcome, Piece, Publication, Split};
use crate::server::error::ApiError;
use crate::server::job::{Proof, Segment};
use crate::server::removal;
use crate::server::room::Quota;
use crate::server::store::Kind;
use crate::stage::Stage;
use provenn_prover::{chain, ProveError};
use provenn_verifier::CheckedAny;
use serde_json::Value;
use std::path::Path;

impl Attempt<'_> {
    /// The model was run: the run is stored for the workers that prove its segments, as secret as openings are.
    pub(super) async fn ran(&self, model: &Model, run: &Path, made: Made) -> Result<Split, Stopped> {
        let run = self.kept(run).await?;
        fail::point("after-store-run");
        Ok(Split {
            model: model.id.clone(),
            run,
            segments: model.segments(),
            peak_bytes: made.peak_bytes,
            cpu_ms: made.cpu_ms,
        })
    }

    /// Proves a segment of a run.
    pub(super) async fn segment(&self, asked: &Segment) -> Result<Piece, Stopped> {
        let app = self.app;
        let model = self.model(&asked.model).await?;
        app.db.usable(&model.tenant, &model.id).await?;
        let temporary = app.temporary()?;
        let at = |name: &str| temporary.path().join(name);
        app.store
            .fetch(&self.job.tenant, Kind::Private, &asked.run, &at("run"))
            .await?;
        fail::point("before-spawn-segment");
        let folder = app.models.folder(&app.store, &model).await?;
        let made = self
            .child(Work::Segment {
                folder: folder.path().into(),
                srs_id: model.parameters_id(),
                run: at("run"),
                segment: asked.segment,
                out: at("piece"),
            })
            .await?;
        drop(folder);
        let object = self.kept(&at("piece")).await?;
        fail::point("after-store-piece");
        Ok(Piece {
            whole: asked.proof.clone(),
            object,
            peak_bytes: made.peak_bytes,
            cpu_ms: made.cpu_ms,
        })
    }

    /// Joins what the segments made to the receipt. It takes nothing secret.
    pub(super) async fn join(&self, asked: &Proof) -> Result<Publication, Stopped> {
        let (app, tenant) = (self.app, &self.job.tenant);
        let model = self.model(&asked.model).await?;
        app.db.usable(&model.tenant, &model.id).await?;
        let mut pieces = Vec::new();
        for sha256 in app.db.pieces(&self.job.id).await? {
            pieces.push(app.store.get(tenant, Kind::Private, &sha256).await?);
        }
        fail::point("before-join");
        let public = app.models.public(&app.store, &model).await?;
        let of = public.clone();
        let joined = tokio::task::spawn_blocking(move || {
            let CheckedAny::Chain(card) = &of.card else {
                return Err(ProveError::SrsMismatch);
            };
            let parts = pieces.iter().map(|bytes| chain::Piece::from_bytes(bytes));
            chain::join(card, &of.srs, parts.collect::<Result<_, _>>()?)
        });
        let joined = joined.await.map_err(|e| Stopped::Died(e.to_string()))?;
        let receipt = joined.map_err(|error| wrong_receipt(error.code()))?;
        let made = Made {
            result: Value::Null,
            peak_bytes: self.job.peak_bytes,
            cpu_ms: self.job.cpu_ms.unwrap_or_default(),
        };
        let policy = asked.policy.labelled(None).map_err(ApiError::from)?;
        // Begun by who proved the last segment, it is at that stage.
        if self.job.stage != Stage::Check.name() {
            self.to_be_checked().await?;
        }
        self.inferred(&model, (asked, &policy), receipt, &public, &made).await
    }

    /// Writes down that the model was run, and tells the job engine of the segments.
    pub(super) async fn split(&self, made: &Split) -> Result<Ending, ApiError> {
        fail::point("before-split");
        let app = self.app;
        let Some(tasks) = app.db.split(self.lease, made, app.now()).await? else {
            return Ok(Ending::of(Outcome::Lost, "run"));
        };
        fail::point("after-split");
        self.counted(std::slice::from_ref(&made.run));
        for task in tasks {
            // The jobs are safe: if this fails, the sweeper tells the engine later.
            if let Err(error) = app.queue.push(&task, 0).await {
                tracing::warn!(job = self.job.id.as_str(), %error, "the job engine did not take a task");
            }
        }
        Ok(Ending::of(Outcome::Applied, "run"))
    }

    /// Writes down that a segment is proven. Whoever proves the last one joins them all.
    pub(super) async fn part_done(&self, made: &Piece) -> Result<Ending, ApiError> {
        fail::point("before-part");
        let (app, now) = (self.app, self.app.now());
        let until: Millis = now + app.config.timing.lease;
        app.metrics.prover_cpu.observe(made.cpu_ms as f64 / 1000.0);
        let next = app.db.part_done(self.lease, made, self.owner, until, now).await?;
        if matches!(next, Next::Lost) {
            return Ok(Ending::of(Outcome::Lost, "done"));
        }
        fail::point("after-part");
        self.counted(std::slice::from_ref(&made.object));
        app.hub.tell(&made.whole, None);
        let join = match next {
            Next::Join(lease, proof) => Some((lease, proof)),
            _ => None,
        };
        Ok(Ending { how: "done", join })
    }

    /// What parts of a proof made goes with it. What fails now is done by the sweeper.
    pub(super) async fn forget_parts(&self) {
        removal::after_request(self.app, &self.job.tenant).await;
    }

    /// Stores what is the owner's alone.
    async fn kept(&self, path: &Path) -> Result<Object, Stopped> {
        let (sha256, bytes) = (digest(path).await?, file_size(path));
        let object = self.room(Kind::Private, &sha256, bytes as u64, Quota::Beyond).await?;
        let store = &self.app.store;
        store.put_file(&self.job.tenant, Kind::Private, &sha256, path).await?;
        Ok(object)
    }
}
