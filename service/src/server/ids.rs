//! Ids, each kind with a type of its own: none passes for another, and no unchecked text for any.
//!
//! Text from outside becomes an id by [`FromStr`], which knows the form. Rows and documents of the service itself are believed.
//!
//! ```compile_fail
//! # use provenn_service::server::ids::{KeyId, TenantId};
//! fn revoke(key: &KeyId) {}
//! revoke(&TenantId::known("alice"));
//! ```

#[macro_use]
mod form;

use super::queue::new_id;
use crate::bytes::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Longest tenant name.
const MAX_TENANT: usize = 40;

id! {
    /// A tenant's name. The operator chooses it; it is part of the names of objects and folders.
    TenantId,
    |text| {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        !text.is_empty() && text.len() <= MAX_TENANT && text.bytes().all(plain)
    },
    format!("1 to {MAX_TENANT} lower-case letters, digits and dashes are expected")
}

id! {
    /// The part of a key between its underscores, drawn with the key. It is no secret.
    KeyId,
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit()),
    "12 hexadecimal digits are expected".into()
}

made! {
    /// A job.
    JobId
}

made! {
    /// What the job engine hands out in a job's place: a new one each time that the job waits.
    TaskId
}

made! {
    /// Room that is reserved for an object.
    ReservationId
}

made! {
    /// A process of the service, from its start on.
    ProcessId
}

made! {
    /// The database, since the first start of a service on it. The object store keeps a copy.
    DatabaseId
}

digest! {
    /// The SHA-256 of an object's bytes, under which it lies: of an upload, a card or another file of a model, an opening, a receipt.
    ObjectDigest
}

digest! {
    /// A committed model: the digest of its card, which receipts name.
    ModelId
}

digest! {
    /// An input to the ledger: the SHA-256 of its integers under a model, or of a colouring's; of several inputs that of their names and digests.
    InputDigest
}

digest! {
    /// A verifying key, as claims name it. Models of one circuit share it.
    KeyDigest
}

digest! {
    /// The terms of an agreement, as receipts name them.
    AgreementDigest
}

digest! {
    /// Parameters of the proof system, as cards name them.
    SrsId
}

impl ObjectDigest {
    pub fn of(bytes: &[u8]) -> Self {
        Sha256::new_with_prefix(bytes).into()
    }
}

impl InputDigest {
    /// That of an input's integers.
    pub fn of(values: &[i64]) -> Self {
        let mut digest = Sha256::new();
        values.iter().for_each(|value| digest.update(value.to_le_bytes()));
        <[u8; 32]>::from(digest.finalize()).into()
    }
}

impl From<Sha256> for ObjectDigest {
    fn from(sum: Sha256) -> Self {
        Self(hex(&sum.finalize()))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
