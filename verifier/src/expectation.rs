//! What the caller asks of a receipt, beyond its being valid.

use crate::claim::{Claim, InputBinding, Policy, PolicyKind};
use crate::error::{ContextField, PolicyField, VerifyError};
use alloc::string::String;
use alloc::vec::Vec;

/// Checks a receipt's claim must pass. `None` means "not checked": what a caller relies on belongs here, or must be
/// read from [`Verified::claim`](crate::Verified::claim) afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The agreed policy.
    pub policy: Option<PolicyExpectation>,
    /// The input, where it is public.
    pub public_input: Option<Vec<i64>>,
    /// The input commitments (compressed points), where it is committed.
    pub committed_input: Option<Vec<[u8; 32]>>,
    /// Who asks.
    pub audience: Option<String>,
    /// The challenge given to the prover against replay.
    pub nonce: Option<[u8; 32]>,
    /// Current time in unix seconds, against which expiry is checked.
    pub now: Option<u64>,
    /// Whether to accept a development SRS (the verdict is then [`Verdict::Dev`](crate::Verdict::Dev)).
    pub accept_dev: bool,
}

/// What the caller expects of the policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyExpectation {
    /// This policy with these parameters, whatever the output.
    Kind(PolicyKind),
    /// This policy with these parameters and this output.
    Exact(Policy),
}

impl Expectation {
    /// Compares a claim with what is asked.
    pub(crate) fn check(&self, claim: &Claim) -> Result<(), VerifyError> {
        match &self.policy {
            Some(PolicyExpectation::Kind(kind)) => same_kind(*kind, claim.policy.kind())?,
            Some(PolicyExpectation::Exact(policy)) => {
                same_kind(policy.kind(), claim.policy.kind())?;
                if claim.policy != *policy {
                    return Err(VerifyError::OutputMismatch);
                }
            }
            None => {}
        }
        let (public, committed) = match &claim.input {
            InputBinding::Public { values } => (Some(values), None),
            InputBinding::Committed { points } => (None, Some(points)),
        };
        if differs(&self.public_input, public) || differs(&self.committed_input, committed) {
            return Err(VerifyError::InputMismatch);
        }
        let context = &claim.context;
        for (field, differs) in [
            (ContextField::Audience, differs(&self.audience, Some(&context.audience))),
            (ContextField::Nonce, differs(&self.nonce, Some(&context.nonce))),
        ] {
            if differs {
                return Err(VerifyError::ContextMismatch { field });
            }
        }
        match self.now {
            Some(now) if context.not_after != 0 && now > context.not_after => Err(VerifyError::Expired {
                not_after: context.not_after,
                now,
            }),
            _ => Ok(()),
        }
    }
}

/// Refuses another policy, naming the part that differs.
fn same_kind(expected: PolicyKind, found: PolicyKind) -> Result<(), VerifyError> {
    let field = match (expected, found) {
        _ if expected == found => return Ok(()),
        (PolicyKind::ThresholdBit { output, .. }, PolicyKind::ThresholdBit { output: other, .. })
        | (PolicyKind::YesOnly { output, .. }, PolicyKind::YesOnly { output: other, .. }) => match output == other {
            true => PolicyField::Threshold,
            false => PolicyField::Output,
        },
        _ => PolicyField::Policy,
    };
    Err(VerifyError::PolicyMismatch { field })
}

/// Whether something is expected and it is not there.
fn differs<T: PartialEq>(expected: &Option<T>, found: Option<&T>) -> bool {
    expected.is_some() && expected.as_ref() != found
}
