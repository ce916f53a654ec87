//! Why an agreement, or a receipt under one, is refused.

use crate::difference::Difference;
use crate::error::VerifyError;
use crate::text::{moment, quoted};
use alloc::string::String;
use alloc::vec::Vec;

/// What is wrong. Each variant has one stable [`code`](AgreementError::code) and one [`help`](AgreementError::help) line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AgreementError {
    /// Something is not as agreed.
    #[error("not as agreed: {0}")]
    Differs(Difference),
    /// The agreement has ended.
    #[error("the agreement ended at {}, now {}", moment(*.not_after), moment(*.now))]
    Expired {
        /// Its last second.
        not_after: u64,
        /// The caller's time.
        now: u64,
    },
    /// The bytes are not of the format.
    #[error(transparent)]
    Format(#[from] VerifyError),
    /// The signature of an input does not hold.
    #[error("the signature of {} on input {} is invalid", quoted(role), quoted(input))]
    InputSignature {
        /// Name of the input.
        input: String,
        /// The role that is said to have signed it.
        role: String,
    },
    /// There is no signature of an input.
    #[error("input {} is not signed by {}", quoted(input), quoted(role))]
    InputUnsigned {
        /// Name of the input.
        input: String,
        /// The role that supplies it.
        role: String,
    },
    /// Agreements do not speak of this.
    #[error("no agreement covers {what}")]
    NotCovered {
        /// Of what.
        what: &'static str,
    },
    /// The signature of the agreement by a party does not hold.
    #[error("the signature of {} on the agreement is invalid", quoted(role))]
    Signature {
        /// The party's role.
        role: String,
    },
    /// A key is of no party.
    #[error("the key of {} is of no party of the agreement", quoted(name))]
    Stranger {
        /// Name in the key.
        name: String,
    },
    /// The terms contradict themselves, or cannot be shown to those who sign them.
    #[error("the agreement is no agreement: {reason}")]
    Terms {
        /// Which rule is broken.
        reason: String,
    },
    /// Some parties have not signed.
    #[error("the agreement is not signed by {}", listed(roles))]
    Unsigned {
        /// Their roles.
        roles: Vec<String>,
    },
}

fn listed(roles: &[String]) -> String {
    let roles: Vec<String> = roles.iter().map(|role| quoted(role)).collect();
    roles.join(", ")
}

impl AgreementError {
    /// Stable identifier, the same in the command line and the documentation.
    pub fn code(&self) -> &'static str {
        self.texts().0
    }

    /// What the reader of the error can do.
    pub fn help(&self) -> &'static str {
        self.texts().1
    }

    #[rustfmt::skip]
    fn texts(&self) -> (&'static str, &'static str) {
        match self {
            Self::Differs(_) => ("agreement-differs", "Ask for what was agreed, or for the file that belongs to this agreement and receipt."),
            Self::Expired { .. } => ("agreement-expired", "Agree again: an agreement is not prolonged."),
            Self::Format(error) => (error.code(), error.help()),
            Self::InputSignature { .. } => ("input-signature", "The file is damaged or forged; get it again from the party."),
            Self::InputUnsigned { .. } => ("input-unsigned", "Ask the party for its signature of this very input (provenn party sign)."),
            Self::NotCovered { .. } => ("agreement-covers", "Verify it without an agreement; agreements are about single receipts of one model."),
            Self::Signature { .. } => ("agreement-signature", "The file is damaged or forged; get the agreement again from its parties."),
            Self::Stranger { .. } => ("agreement-stranger", "Use the key that the agreement names for your role, or name a party's key."),
            Self::Terms { .. } => ("agreement-terms", "Draft the agreement again; what is signed has one form, which everybody can read."),
            Self::Unsigned { .. } => ("agreement-unsigned", "Get the file that all parties signed (provenn agreement sign)."),
        }
    }
}
