//! What the caller asks of a receipt, beyond its being valid.

use crate::claim::Context;
use crate::error::{ContextField, VerifyError};
use crate::statement::colouring::ColouringExpectation;
use crate::statement::inference::{Disclosure, InferenceExpectation};
use crate::statement::StatementKind;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// Checks a receipt's claim must pass. `None` means "not checked": what a caller relies on belongs here, or must be
/// read from [`Verified::claim`](crate::Verified::claim) afterwards.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The kinds of statements that are accepted.
    pub statements: Option<Vec<StatementKind>>,
    /// What is asked of an inference.
    pub inference: InferenceExpectation,
    /// What is asked of a colouring.
    pub colouring: ColouringExpectation,
    /// Who asks.
    pub audience: Option<String>,
    /// The challenge given to the prover against replay.
    pub nonce: Option<[u8; 32]>,
    /// Current time in unix seconds, against which expiry is checked.
    pub now: Option<u64>,
    /// Whether to accept a development SRS (the verdict is then [`Verdict::Dev`](crate::Verdict::Dev)).
    pub accept_dev: bool,
}

impl Expectation {
    /// An inference with what it takes for a receipt to be an answer to you: of the model that you know by its id (anybody can
    /// make receipts for a model of their own), under the agreed policy, made for you, in answer to the 32 random bytes
    /// that you gave out for this receipt alone. Whoever gives out no nonce asks for validity [`at`](Self::at) a time
    /// instead, and keeps track of the receipts seen.
    pub fn new(
        model_id: [u8; 32],
        policy: impl Into<Disclosure>,
        audience: impl Into<String>,
        nonce: [u8; 32],
    ) -> Self {
        Self {
            statements: Some(vec![StatementKind::Inference]),
            inference: InferenceExpectation {
                model_id: Some(model_id),
                policy: Some(policy.into()),
                ..InferenceExpectation::default()
            },
            audience: Some(audience.into()),
            nonce: Some(nonce),
            ..Self::default()
        }
    }

    /// The same, and not expired at this time in unix seconds.
    #[must_use]
    pub fn at(self, now: u64) -> Self {
        Self { now: Some(now), ..self }
    }

    /// The same under a development SRS too: for tests, and for those who trust the machine that made it.
    #[must_use]
    pub fn accepting_dev(self) -> Self {
        Self {
            accept_dev: true,
            ..self
        }
    }

    pub(crate) fn accepts(&self, kind: StatementKind) -> Result<(), VerifyError> {
        match &self.statements {
            Some(kinds) if !kinds.contains(&kind) => Err(VerifyError::StatementMismatch { found: kind }),
            _ => Ok(()),
        }
    }

    pub(crate) fn check_context(&self, context: &Context) -> Result<(), VerifyError> {
        for (field, differs) in [
            (ContextField::Audience, differs(&self.audience, &context.audience)),
            (ContextField::Nonce, differs(&self.nonce, &context.nonce)),
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

/// Whether something is expected and it is not there.
fn differs<T: PartialEq>(expected: &Option<T>, found: &T) -> bool {
    expected.as_ref().is_some_and(|expected| expected != found)
}
