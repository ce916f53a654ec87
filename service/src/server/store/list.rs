//! All objects of tenants, and when they were stored.

use super::{name, Kind, Store};
use crate::server::clock::Millis;
use crate::server::db::Address;
use crate::server::error::ApiError;
use futures_util::{Stream, TryStreamExt};
use object_store::path::Path as Name;
use object_store::{ObjectStore, ObjectStoreExt};

/// An object that is there.
#[derive(Clone, Debug)]
pub struct Listed {
    pub address: Address,
    pub bytes: u64,
    pub stored: Millis,
}

impl Store {
    /// Objects of tenants. What is named otherwise, such as the log's tiles, is not among them.
    pub fn objects(&self) -> impl Stream<Item = Result<Listed, ApiError>> + '_ {
        let listed = self.objects.list(None).map_err(ApiError::from);
        listed.try_filter_map(|object| async move {
            Ok(address(&object.location).map(|address| Listed {
                address,
                bytes: object.size,
                stored: object.last_modified.timestamp_millis(),
            }))
        })
    }

    /// Removes an object that was stored before a time; false if it was stored again since, or is not there.
    pub async fn remove_before(&self, of: &Address, before: Millis) -> Result<bool, ApiError> {
        let about = self.objects.head(&name(&of.tenant, of.kind, &of.sha256)).await;
        match about {
            Ok(about) if about.last_modified.timestamp_millis() < before => {}
            Ok(_) | Err(object_store::Error::NotFound { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        self.remove(&of.tenant, of.kind, &of.sha256).await?;
        Ok(true)
    }
}

fn address(name: &Name) -> Option<Address> {
    let parts: Vec<_> = name.parts().collect();
    let [owner, kind, sha256] = parts.as_slice() else {
        return None;
    };
    Some(Address {
        tenant: owner.as_ref().parse().ok()?,
        kind: Kind::parse(kind.as_ref())?,
        sha256: sha256.as_ref().parse().ok()?,
    })
}
