//! What receipts let out, in bits.
//!
//! The rule is [`Policy::microbits`](provenn_verifier::Policy::microbits), the same that a card states: the logarithm of how many answers a policy has, "no receipt" among
//! them. It is charged whatever the answer turned out to be, also one that repeats an answer: the sum is an upper bound on what
//! somebody learns who sees them all. It is charged to the model, to the input (by the digest of its integers, so that two files that say the
//! same count as one) and to each key that asked for it.
//!
//! | the job | counts |
//! |---|---|
//! | is queued or under way | reserved |
//! | gave a receipt | yes |
//! | was refused for its input, or what was asked does not hold | yes: that is an answer |
//! | was cancelled or expired after a worker began | yes: how far it came may show the answer |
//! | was cancelled or expired before | no |
//! | failed by a fault of the service | no |
//!
//! Timing, withheld receipts and keys of the tenant that read a receipt without having asked for it are not counted.

use super::door::Client;
use super::error::ApiError;
use super::state::App;
use super::store::Kind;
use crate::bytes::hex;
use crate::data::sample;
use provenn_prover::commit::Description;
use sha2::{Digest, Sha256};

/// The ledger counts in millionths of a bit.
const MICRO: f64 = 1e6;

/// What a receipt will be charged with.
#[derive(Clone, Debug)]
pub struct Charge {
    pub model: String,
    /// Digest of the input's integers.
    pub input: String,
    /// Id of the key that asked.
    pub requester: String,
    pub policy: String,
    pub microbits: i64,
}

/// Millionths of a bit, rounded up.
pub fn micro(bits: f64) -> i64 {
    (bits * MICRO).ceil() as i64
}

/// The inverse of [`micro`], for people.
pub fn shown(microbits: i64) -> f64 {
    microbits as f64 / MICRO
}

/// Digest of an uploaded input's integers under a model.
///
/// # Errors
/// An input that does not fit the model.
pub async fn input_digest(
    app: &App,
    tenant: &str,
    model: &str,
    input: &str,
    description: &Description,
) -> Result<String, ApiError> {
    if let Some(known) = app.db.input_digest(tenant, model, input).await? {
        return Ok(known);
    }
    // Who comes with the same input meanwhile finds it read.
    let _turn = app.readings.take(&Client(tenant.into())).await?;
    if let Some(known) = app.db.input_digest(tenant, model, input).await? {
        return Ok(known);
    }
    let temporary = app.temporary()?;
    let path = temporary.path().join("input");
    app.store.fetch(tenant, Kind::Input, input, &path).await?;
    let description = description.clone();
    let digest = tokio::task::spawn_blocking(move || {
        let values = sample::quantize(&sample::only(&path, &description)?, &description, 0);
        let mut digest = Sha256::new();
        values.iter().for_each(|value| digest.update(value.to_le_bytes()));
        Ok::<_, crate::error::CliError>(hex(&digest.finalize()))
    });
    let digest = digest.await.map_err(|e| ApiError::Internal(e.to_string()))??;
    app.db.set_input_digest(tenant, model, input, &digest).await?;
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_rounded_up() {
        assert_eq!((micro(1.0), micro(10f64.log2()), micro(0.0)), (1_000_000, 3_321_929, 0));
        assert_eq!(shown(3_321_929), 3.321_929);
    }
}
