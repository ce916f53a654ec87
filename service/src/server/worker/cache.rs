//! Committed models on this machine: their files for children, their public parts for verification.

use super::Stopped;
use crate::error::CliError;
use crate::model;
use crate::server::db::Model;
use crate::server::error::ApiError;
use crate::server::folders::{hold, names, remove, shrink, Held, Temporary};
use crate::server::ids::{ModelId, TenantId};
use crate::server::store::{Kind, Store};
use crate::srs;
use provenn_prover::commit::{srs_verifying_key, Description};
use provenn_prover::{chain, store};
use provenn_verifier::{AnyCard, CheckedAny, SrsVerifyingKey};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The card of a committed model: in one circuit, or in segments.
pub fn card_of(segments: Option<u32>) -> &'static str {
    segments.map_or(store::CARD, |_| chain::CARD)
}

/// Its files in the object store, by their paths in its folder.
pub fn files_of(segments: Option<u32>) -> Vec<String> {
    let public = [card_of(segments), store::SRS, srs::FILE].map(str::to_owned);
    let owners = match segments {
        None => vec![store::PRIVATE.to_owned()],
        Some(count) => (0..count as usize)
            .map(|index| format!("{}/{}", chain::folder_name(index), store::PRIVATE))
            .collect(),
    };
    public.into_iter().chain(owners).collect()
}

/// Models kept in memory.
const KEPT: usize = 256;

/// What verification needs of a model.
#[derive(Debug)]
pub struct Public {
    pub card: CheckedAny,
    pub srs: SrsVerifyingKey,
    pub description: Description,
}

impl Public {
    fn read(card: &[u8], srs: &[u8]) -> Result<Self, CliError> {
        let card = AnyCard::from_bytes(card)?;
        let description = model::description(&card)?;
        let srs = SrsVerifyingKey::from_bytes(srs)?;
        let card = card.check(&srs)?;
        Ok(Self { card, srs, description })
    }
}

/// Verifier's parts of the service's own parameters, by log2 of the number of rows.
#[derive(Debug, Default)]
pub struct Parameters(Mutex<HashMap<u32, Arc<SrsVerifyingKey>>>);

impl Parameters {
    /// That of `rows`, read from the folder of development parameters or the imported file.
    ///
    /// # Errors
    /// There are none so large.
    pub async fn verifying(&self, srs: &Path, rows: u32) -> Result<Arc<SrsVerifyingKey>, Stopped> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&rows) {
            return Ok(known.clone());
        }
        let path = srs.to_owned();
        let read = tokio::task::spawn_blocking(move || {
            let parameters = srs::existing(Some(&path), rows)?;
            Ok::<_, CliError>(Arc::new(srs_verifying_key(&parameters.srs)?))
        });
        let key = read.await.map_err(|e| Stopped::Died(e.to_string()))??;
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(known.entry(rows).or_insert(key).clone())
    }
}

/// Models by tenant and id.
#[derive(Debug)]
pub struct Models {
    folder: PathBuf,
    /// Bytes that files for children may take.
    maximum: u64,
    public: Mutex<HashMap<(TenantId, ModelId), Arc<Public>>>,
}

impl Models {
    pub fn new(folder: PathBuf, maximum: u64) -> Self {
        Self {
            folder,
            maximum,
            public: Mutex::default(),
        }
    }

    /// The folder with the model's files, fetched from the object store if it is new here. It stays while the result lives;
    /// models that were not used for longest make room for new ones.
    pub async fn folder(&self, store: &Store, model: &Model) -> Result<Held, ApiError> {
        let folder = self.folder.join(model.tenant.as_str()).join(model.id.as_str());
        loop {
            if let Some(held) = hold(&folder)? {
                return Ok(held);
            }
            self.fetch(store, model, &folder).await?;
            // Held before room is made, so that it is not what goes.
            let held = hold(&folder)?;
            let (root, maximum) = (self.folder.clone(), self.maximum);
            let shrunk = tokio::task::spawn_blocking(move || shrink(&root, maximum)).await;
            match shrunk.map_err(|e| ApiError::Internal(e.to_string()))? {
                Ok(0) => {}
                Ok(removed) => tracing::info!(removed, "removed files of models that were not used lately"),
                Err(error) => tracing::warn!(%error, "removing files of models"),
            }
            if let Some(held) = held {
                return Ok(held);
            }
        }
    }

    async fn fetch(&self, store: &Store, model: &Model, folder: &Path) -> Result<(), ApiError> {
        tokio::fs::create_dir_all(self.folder.join(model.tenant.as_str())).await?;
        let partial = Temporary::new(&self.folder)?;
        for (name, sha256) in model.objects() {
            let path = partial.path().join(name);
            if let Some(segment) = path.parent() {
                tokio::fs::create_dir_all(segment).await?;
            }
            store.fetch(&model.tenant, Kind::Private, &sha256, &path).await?;
        }
        adopt(partial, folder)
    }

    /// Tenants and ids of the models whose files are here.
    pub fn known(&self) -> Result<Vec<(TenantId, ModelId)>, ApiError> {
        let names = names(&self.folder)?;
        // Those with a dot, which no tenant has, are temporary.
        Ok(names
            .into_iter()
            .filter_map(|(tenant, id)| Some((tenant.parse().ok()?, id.parse().ok()?)))
            .collect())
    }

    /// Removes what is kept here of a model. Files that are in use stay.
    pub fn forget(&self, tenant: &TenantId, id: &ModelId) -> Result<(), ApiError> {
        let key = (tenant.clone(), id.clone());
        self.public.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
        remove(&self.folder.join(tenant.as_str()).join(id.as_str()), &self.folder)?;
        Ok(())
    }

    /// The bytes of a model's card.
    pub async fn card(&self, store: &Store, model: &Model) -> Result<Vec<u8>, ApiError> {
        store.get(&model.tenant, Kind::Private, &model.card_sha256()).await
    }

    /// The public parts of a model.
    pub async fn public(&self, store: &Store, model: &Model) -> Result<Arc<Public>, ApiError> {
        let key = (model.tenant.clone(), model.id.clone());
        if let Some(known) = self.public.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(known.clone());
        }
        let card = self.card(store, model).await?;
        let srs = store
            .get(&model.tenant, Kind::Private, &model.file(store::SRS)?)
            .await?;
        // A card of many segments takes a while to check.
        let read = tokio::task::spawn_blocking(move || Public::read(&card, &srs));
        let read = read.await.map_err(|e| ApiError::Internal(e.to_string()))?;
        let public = read.map_err(|e| ApiError::Internal(format!("model {}: {}", model.id, e.parts().1)))?;
        let public = Arc::new(public);
        let mut kept = self.public.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, public.clone());
        Ok(public)
    }
}

/// Moves a complete temporary folder to its place; if somebody was faster, theirs is as good.
fn adopt(partial: Temporary, folder: &Path) -> Result<(), ApiError> {
    match partial.rename(folder) {
        Ok(()) => Ok(()),
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) => Err(error.into()),
    }
}
