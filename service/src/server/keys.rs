//! Bearer keys: `pvn_ID_SECRET`. Only a hash of the secret is stored; it has 256 random bits, so a fast hash is enough.

use super::ids::KeyId;
use crate::bytes::{hex, unhex};
use crate::error::CliError;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const PREFIX: &str = "pvn";

/// What a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Scope {
    /// See models, inputs, jobs and receipts.
    Read,
    /// Upload models and inputs.
    Upload,
    /// Commit to models.
    Commit,
    /// Commit to inputs, prove, cancel.
    Prove,
    /// Publish cards under a name.
    Publish,
    /// Deprecate and revoke what is published, set budgets.
    Govern,
}

impl Scope {
    pub const ALL: [Self; 6] = [
        Self::Read,
        Self::Upload,
        Self::Commit,
        Self::Prove,
        Self::Publish,
        Self::Govern,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Upload => "upload",
            Self::Commit => "commit",
            Self::Prove => "prove",
            Self::Publish => "publish",
            Self::Govern => "govern",
        }
    }
}

/// Scopes as they are stored.
pub fn scopes_text(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>().join(",")
}

/// The inverse of [`scopes_text`].
pub fn scopes(text: &str) -> Vec<Scope> {
    let named = |name: &str| Scope::ALL.into_iter().find(|scope| scope.name() == name);
    text.split(',').filter_map(named).collect()
}

/// A key as its holder sees it, once.
#[derive(Clone)]
pub struct Secret {
    pub id: KeyId,
    secret: [u8; 32],
}

impl Secret {
    pub fn random() -> Result<Self, CliError> {
        let (mut id, mut secret) = ([0; 6], [0; 32]);
        for part in [&mut id[..], &mut secret] {
            getrandom::getrandom(part).map_err(|e| CliError::new(1, "randomness", e.to_string(), ""))?;
        }
        let id = KeyId::known(hex(&id));
        Ok(Self { id, secret })
    }

    /// Reads the text of a key.
    pub fn parse(text: &str) -> Option<Self> {
        let (id, secret) = text.strip_prefix(PREFIX)?.strip_prefix('_')?.split_once('_')?;
        let secret = unhex(secret).ok()?.try_into().ok()?;
        let id = id.parse().ok()?;
        Some(Self { id, secret })
    }

    /// The text of the key.
    pub fn reveal(&self) -> String {
        format!("{PREFIX}_{}_{}", self.id, hex(&self.secret))
    }

    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.secret))
    }

    /// Compares with a stored hash in constant time.
    pub fn matches(&self, hash: &str) -> bool {
        self.hash().as_bytes().ct_eq(hash.as_bytes()).into()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
