//! Objects: uploads, files of models, receipts. Content-addressed, one namespace per tenant, digest checked on every read.

mod list;
pub mod marker;
mod named;

use super::config::Config;
use super::error::ApiError;
use super::ids::{ObjectDigest, TenantId};
use axum::body::Bytes;
use futures_util::TryStreamExt;
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::prefix::PrefixStore;
use object_store::{GetResult, ObjectStore, ObjectStoreExt};
use prometheus_client::metrics::counter::Counter;
use sha2::{Digest, Sha256};
use std::path::Path;
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Model,
    Input,
    /// Weights, keys and openings of the owner.
    Private,
    Receipt,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Model, Self::Input, Self::Private, Self::Receipt];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Input => "input",
            Self::Private => "private",
            Self::Receipt => "receipt",
        }
    }
}

/// An object store.
#[derive(Clone, Debug)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// Objects that were asked for and are not there.
    pub missing: Counter,
}

/// Bytes per read from a file.
const CHUNK: usize = 1 << 18;

impl Store {
    /// Opens the configured store.
    ///
    /// # Errors
    /// A folder that cannot be made, or settings that make no store.
    pub fn open(config: &Config) -> Result<Self, ApiError> {
        let Some(place) = config.store.strip_prefix("s3://") else {
            let folder = config.objects();
            std::fs::create_dir_all(&folder)?;
            return Ok(Self::of(LocalFileSystem::new_with_prefix(folder)?.with_fsync(true)));
        };
        // The client leaves the choice of cryptography to the program; a second choice is the same one.
        let _first = rustls::crypto::ring::default_provider().install_default();
        let (bucket, prefix) = place.split_once('/').unwrap_or((place, ""));
        let mut builder = AmazonS3Builder::from_env().with_bucket_name(bucket);
        let s3 = &config.s3;
        if !s3.endpoint.is_empty() {
            builder = builder.with_endpoint(&s3.endpoint);
        }
        if !s3.region.is_empty() {
            builder = builder.with_region(&s3.region);
        }
        if !s3.access_key_id.is_empty() {
            builder = builder
                .with_access_key_id(&s3.access_key_id)
                .with_secret_access_key(&s3.secret_access_key);
        }
        let store = builder.with_allow_http(s3.allow_http).build()?;
        Ok(match prefix.trim_matches('/') {
            "" => Self::of(store),
            prefix => Self::of(PrefixStore::new(store, prefix)),
        })
    }

    fn of(store: impl ObjectStore) -> Self {
        Self {
            objects: Arc::new(store),
            missing: Counter::default(),
        }
    }

    /// An object that a row of the database names.
    async fn named(&self, name: &Name) -> Result<GetResult, ApiError> {
        match self.objects.get(name).await {
            Err(object_store::Error::NotFound { .. }) => {
                self.missing.inc();
                Err(ApiError::Missing(format!("the object store lacks {name}")))
            }
            found => Ok(found?),
        }
    }

    /// The bytes of an object, if it is there.
    pub async fn size(&self, tenant: &TenantId, kind: Kind, sha256: &ObjectDigest) -> Result<Option<u64>, ApiError> {
        match self.objects.head(&name(tenant, kind, sha256)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores a file under its digest.
    pub async fn put_file(
        &self,
        tenant: &TenantId,
        kind: Kind,
        sha256: &ObjectDigest,
        path: &Path,
    ) -> Result<(), ApiError> {
        let mut file = File::open(path).await?;
        let mut writer = BufWriter::new(self.objects.clone(), name(tenant, kind, sha256));
        let copied = copy(&mut file, &mut writer).await;
        if copied.is_err() {
            // Parts that were sent would stay.
            let _as_good_as_possible = writer.abort().await;
        }
        Ok(copied?)
    }

    /// Removes an object, if it is there.
    pub async fn remove(&self, tenant: &TenantId, kind: Kind, sha256: &ObjectDigest) -> Result<(), ApiError> {
        match self.objects.delete(&name(tenant, kind, sha256)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Stores bytes; returns their digest.
    pub async fn put(&self, tenant: &TenantId, kind: Kind, bytes: Vec<u8>) -> Result<ObjectDigest, ApiError> {
        let bytes = Bytes::from(bytes);
        let sha256 = digest(bytes.clone()).await?;
        self.objects.put(&name(tenant, kind, &sha256), bytes.into()).await?;
        Ok(sha256)
    }

    /// Reads a small object.
    pub async fn get(&self, tenant: &TenantId, kind: Kind, sha256: &ObjectDigest) -> Result<Vec<u8>, ApiError> {
        let bytes = self.named(&name(tenant, kind, sha256)).await?.bytes().await?;
        check(sha256, &digest(bytes.clone()).await?)?;
        Ok(bytes.to_vec())
    }

    /// Reads an object into a new file.
    pub async fn fetch(
        &self,
        tenant: &TenantId,
        kind: Kind,
        sha256: &ObjectDigest,
        path: &Path,
    ) -> Result<(), ApiError> {
        let mut bytes = self.named(&name(tenant, kind, sha256)).await?.into_stream();
        let mut file = File::create(path).await?;
        let mut digest = Sha256::new();
        while let Some(chunk) = bytes.try_next().await? {
            digest.update(&chunk);
            file.write_all(&chunk).await?;
        }
        file.flush().await?;
        check(sha256, &digest.into())
    }
}

async fn copy(file: &mut File, writer: &mut BufWriter) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk).await? {
            0 => return writer.shutdown().await,
            n => writer.write_all(chunk.get(..n).unwrap_or_default()).await?,
        }
    }
}

/// The digest of bytes, which are hashed beside the requests of others if they are many.
async fn digest(bytes: Bytes) -> Result<ObjectDigest, ApiError> {
    if bytes.len() <= CHUNK {
        return Ok(ObjectDigest::of(&bytes));
    }
    let digest = tokio::task::spawn_blocking(move || ObjectDigest::of(&bytes));
    digest.await.map_err(|e| ApiError::Internal(e.to_string()))
}

fn name(tenant: &TenantId, kind: Kind, sha256: &ObjectDigest) -> Name {
    Name::from_iter([tenant.as_str(), kind.name(), sha256.as_str()])
}

fn check(expected: &ObjectDigest, got: &ObjectDigest) -> Result<(), ApiError> {
    match expected == got {
        true => Ok(()),
        false => Err(ApiError::Damaged(format!("object {expected} has the digest {got}"))),
    }
}
