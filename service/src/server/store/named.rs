//! Objects under names, for what is public and written again with the same bytes.

use super::Store;
use crate::server::error::ApiError;
use futures_util::TryStreamExt;
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt};

impl Store {
    /// Writes an object as a whole.
    pub async fn write(&self, name: &str, bytes: Vec<u8>) -> Result<(), ApiError> {
        self.objects.put(&Name::from(name), bytes.into()).await?;
        Ok(())
    }

    /// Reads an object, if there is one.
    pub async fn read(&self, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
        match self.objects.get(&Name::from(name)).await {
            Ok(object) => Ok(Some(object.bytes().await?.to_vec())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes an object, if it is there.
    pub async fn remove_named(&self, name: &str) -> Result<(), ApiError> {
        match self.objects.delete(&Name::from(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes all objects whose names begin with a folder's.
    pub async fn remove_below(&self, folder: &str) -> Result<(), ApiError> {
        let names: Vec<Name> = self
            .objects
            .list(Some(&Name::from(folder)))
            .map_ok(|object| object.location)
            .try_collect()
            .await?;
        for name in names {
            match self.objects.delete(&name).await {
                Ok(()) | Err(object_store::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}
