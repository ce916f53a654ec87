//! Ids, a type for each kind: none passes for another, and none is an unchecked text.
//!
//! Text from outside becomes one by [`FromStr`], which knows the form; what reads the service's own rows and documents trusts them.

use super::error::ApiError;
use crate::bytes::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use std::str::FromStr;

/// Longest tenant name.
const MAX_TENANT: usize = 40;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $has_form:expr, $form:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// One that is known to have the form: it was made here, or written down by the service.
            pub fn known(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                let has_form: fn(&str) -> bool = $has_form;
                match has_form(text) {
                    true => Ok(Self(text.into())),
                    false => Err($form),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

/// One that is a digest of 32 bytes.
macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        id! {
            $(#[$doc])*
            $name,
            |text| text.len() == 64 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)),
            "a digest is 64 lower-case hexadecimal digits".into()
        }

        impl From<[u8; 32]> for $name {
            fn from(digest: [u8; 32]) -> Self {
                Self(hex(&digest))
            }
        }
    };
}

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
    /// The part of a key between its underscores: 12 hexadecimal digits, drawn with the key. It is no secret.
    KeyId,
    |text| text.len() == 12 && text.bytes().all(|b| b.is_ascii_hexdigit()),
    "12 hexadecimal digits are expected".into()
}

id! {
    /// A job. Text that sorts by when jobs were made: letters and digits, by [`new_id`](super::queue::new_id).
    JobId,
    |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()),
    "letters and digits are expected".into()
}

id! {
    /// What the job engine hands out in a job's place. A job has another one each time that it waits; of the same form.
    TaskId,
    |text| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric()),
    "letters and digits are expected".into()
}

digest! {
    /// The SHA-256 of an object's bytes: of an upload, a card or another file of a model, an opening, a receipt. It is the object's name.
    ObjectDigest
}

impl ObjectDigest {
    pub fn of(bytes: &[u8]) -> Self {
        Sha256::new_with_prefix(bytes).into()
    }
}

impl From<Sha256> for ObjectDigest {
    fn from(sum: Sha256) -> Self {
        Self(hex(&sum.finalize()))
    }
}

digest! {
    /// An input to the ledger: the SHA-256 of its integers under a model, so that files that say the same are one; of several inputs
    /// that of their names and digests.
    InputDigest
}

digest! {
    /// A committed model: the digest of its card, which receipts name.
    ModelId
}

digest! {
    /// A verifying key, as claims name it. Models of one circuit share it.
    KeyDigest
}

digest! {
    /// Parameters of the proof system, as cards name them.
    SrsId
}

/// The id of a thing that a request names. Nothing has an id of another form: there is no such thing.
///
/// # Errors
/// [`ApiError::NotFound`]
pub fn named<T: FromStr>(text: &str, what: &'static str) -> Result<T, ApiError> {
    if text.contains('\0') {
        return Err(ApiError::unstorable());
    }
    text.parse().map_err(|_| ApiError::NotFound { what })
}

/// The id that a filter asks for, none if it is empty.
///
/// # Errors
/// An id that nothing has.
pub fn wanted<T: FromStr>(text: &str) -> Result<Option<T>, T::Err> {
    Some(text).filter(|text| !text.is_empty()).map(str::parse).transpose()
}
