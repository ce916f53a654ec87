//! What receipts let out, in bits.
//!
//! The rule is [`Policy::microbits`](provenn_verifier::Policy::microbits), the same that a card states: the logarithm of how many answers a policy has, "no receipt" among
//! them. It is charged whatever the answer turned out to be, also one that repeats an answer: the sum is an upper bound on what
//! somebody learns who sees them all. It is charged to the model, to each of its inputs (by the digest of its integers, so that two files that say the
//! same count as one) and to each key that asked for it.
//!
//! All items of a batch are one input, which another item makes another one.
//!
//! A receipt of a colouring, which says that there is one, lets out one bit; the graph counts as the model, the colouring as the input.
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

use super::api::inputs::form::OpeningSummary;
use super::door::Client;
use super::error::ApiError;
use super::ids::{InputDigest, KeyId, ModelId, ObjectDigest, TenantId};
use super::inputs::PerInput;
use super::job;
use super::state::App;
use super::store::Kind;
use crate::data::{sample, source::Source};
use provenn_prover::commit::Description;

/// The ledger counts in millionths of a bit.
const MICRO: f64 = 1e6;

/// What a receipt of a colouring lets out: there is one, or there is none.
pub const COLOURING: i64 = MICRO as i64;

/// What a receipt will be charged with.
#[derive(Clone, Debug)]
pub struct Charge {
    /// The model, or the digest of the graph that a colouring is of.
    pub model: ModelId,
    pub about: About,
    /// The key that asked.
    pub requester: KeyId,
    pub policy: String,
    pub microbits: i64,
}

/// What a receipt is about, to the ledger.
#[derive(Clone, Debug)]
pub struct About {
    /// Digest of the input's integers, or of a colouring's; of several inputs that of their names and digests.
    pub input: InputDigest,
    /// Of several inputs the digests, once each: the bits count for each of them.
    pub joint: Vec<InputDigest>,
}

impl About {
    /// The inputs that the bits count for.
    pub fn inputs(&self) -> &[InputDigest] {
        match self.joint.as_slice() {
            [] => std::slice::from_ref(&self.input),
            joint => joint,
        }
    }
}

/// Millionths of a bit, rounded up.
pub fn micro(bits: f64) -> i64 {
    (bits * MICRO).ceil() as i64
}

/// The inverse of [`micro`], for people.
pub fn shown(microbits: i64) -> f64 {
    microbits as f64 / MICRO
}

/// What a receipt about uploaded inputs is about. Those that were uploaded as openings are given as these, in the order of the inputs.
///
/// # Errors
/// An input that does not fit the model.
pub async fn about(
    app: &App,
    tenant: &TenantId,
    model: &ModelId,
    inputs: &PerInput<ObjectDigest>,
    openings: &[Option<OpeningSummary>],
    description: &Description,
) -> Result<About, ApiError> {
    let mut digests = Vec::new();
    for ((name, sha256), opened) in inputs.iter().zip(openings) {
        let digest = match opened {
            Some(opened) => {
                let of = (model, sha256, name.unwrap_or_default());
                app.db.set_input_digest(tenant, of, &opened.input).await?;
                opened.input.clone()
            }
            None => input_digest(app, tenant, (model, sha256, name), description).await?,
        };
        digests.push((name, digest));
    }
    if let [(None, input)] = digests.as_slice() {
        return Ok(About {
            input: input.clone(),
            joint: vec![],
        });
    }
    let parts = digests
        .iter()
        .flat_map(|(name, digest)| [name.unwrap_or_default(), digest.as_str()]);
    let input = InputDigest::known(job::digest(&parts.collect::<Vec<_>>()));
    let mut joint: Vec<InputDigest> = digests.into_iter().map(|(_, digest)| digest).collect();
    joint.sort();
    joint.dedup();
    Ok(About { input, joint })
}

/// Digest of an uploaded input's integers under a model, as the input of a name where it has several.
async fn input_digest(
    app: &App,
    tenant: &TenantId,
    (model, input, name): (&ModelId, &ObjectDigest, Option<&str>),
    description: &Description,
) -> Result<InputDigest, ApiError> {
    let of = (model, input, name.unwrap_or_default());
    if let Some(known) = app.db.input_digest(tenant, of).await? {
        return Ok(known);
    }
    // Who comes with the same input meanwhile finds it read.
    let _turn = app.readings.take(&Client::Tenant(tenant.clone())).await?;
    if let Some(known) = app.db.input_digest(tenant, of).await? {
        return Ok(known);
    }
    let temporary = app.temporary()?;
    let path = temporary.path().join("input");
    app.store.fetch(tenant, Kind::Input, input, &path).await?;
    let description = description.clone();
    let source = Source::Path {
        input: name.map(str::to_owned),
        path,
    };
    let digest = tokio::task::spawn_blocking(move || {
        let (index, elements) = sample::single(source, &description)?;
        let values = sample::quantize(&elements, &description, index);
        Ok::<_, crate::error::CliError>(InputDigest::of(&values))
    });
    let digest = digest.await.map_err(|e| ApiError::Internal(e.to_string()))??;
    app.db.set_input_digest(tenant, of, &digest).await?;
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
