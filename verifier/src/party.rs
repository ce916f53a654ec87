//! Parties sign what they agree on, and the inputs that they supply, with Ed25519 keys of their own. No circuit knows of it: a commitment in a
//! claim is bound by its proof, and the signature binds a party to that commitment.
//!
//! The signed bytes are a file's own up to key and signature, and the key. They begin with magic and version, so that no signature of a log, a
//! publisher or another program under the same key is one of these.

use crate::agreement::AgreementError;
use crate::claim::MAX_AUDIENCE;
use crate::codec::{at_most, size, Put, Reader};
use crate::difference::{hex, Difference};
use crate::error::VerifyError;
use crate::kind::FileKind;
use crate::statement::inference::{inputs_apart, InputBinding, MAX_INPUTS};
use crate::text::{is_printable, quoted};
use crate::tlog::NoteKey;
use crate::words::Words;
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// The type of a party's key in its text, which keeps it apart from those of logs, witnesses and publishers.
pub const PARTY: u8 = 0xfe;
/// The public key of a party, written `NAME+ID+KEY` as those of logs are.
pub type PartyKey = NoteKey<PARTY>;
/// Longest name of a role, an input or a key in bytes.
pub const MAX_NAME: usize = 255;

/// What a party signs about an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedInput {
    /// The audience of the receipts that it is for, at most 255 bytes: under an agreement [`Agreement::audience`](crate::agreement::Agreement::audience).
    pub context: String,
    /// As whom the party signs.
    pub role: String,
    /// Which input of the model it is, by its index in the key.
    pub index: u32,
    /// And by its name.
    pub name: String,
    /// The commitments to the input, or its values if receipts show it.
    pub binding: InputBinding,
}

/// A party's signature of an input: good for every receipt with this context, as often as it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputSignature {
    /// What is signed.
    pub input: SignedInput,
    /// The public key that it is said to be under.
    pub key: [u8; 32],
    /// Ed25519 signature of [`SignedInput::message`].
    pub signature: [u8; 64],
}

/// Refuses a name that is empty, long, or not shown as it is.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), AgreementError> {
    let reason = match (name.is_empty(), name.len() > MAX_NAME, is_printable(name)) {
        (true, ..) => "is empty",
        (_, true, _) => "has more than 255 bytes",
        (.., false) => "has characters that cannot be shown",
        _ => return Ok(()),
    };
    Err(AgreementError::Terms {
        reason: format!("{what} {} {reason}", quoted(name)),
    })
}

/// A text of at most `maximum` bytes.
pub(crate) fn read_text(reader: &mut Reader<'_>, maximum: usize) -> Result<String, VerifyError> {
    let text = core::str::from_utf8(reader.bytes(maximum)?);
    Ok(text.map_err(|_| VerifyError::BadUtf8)?.to_owned())
}

impl SignedInput {
    /// What the owner of `key` signs.
    pub fn message(&self, key: &[u8; 32]) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Input);
        out.put_bytes(self.context.as_bytes());
        out.put_bytes(self.role.as_bytes());
        out.put_u32(self.index);
        out.put_bytes(self.name.as_bytes());
        self.binding.put(&mut out);
        out.put(key);
        out
    }

    fn validate(&self) -> Result<(), AgreementError> {
        at_most(MAX_AUDIENCE, self.context.len())?;
        check_name("the role", &self.role)?;
        check_name("the input", &self.name)?;
        at_most(MAX_INPUTS, size(self.index).saturating_add(1))?;
        Ok(self.binding.validate()?)
    }

    /// In what this differs from what it should be.
    fn difference(&self, expected: &Self) -> Option<Difference> {
        let apart = |field, expected: Words, found: Words| Difference { field, expected, found };
        let which = |input: &Self| format!("{}, number {}", quoted(&input.name), input.index).into();
        if self.context != expected.context {
            return Some(apart(
                "context",
                quoted(&expected.context).into(),
                quoted(&self.context).into(),
            ));
        }
        if self.role != expected.role {
            return Some(apart("role", quoted(&expected.role).into(), quoted(&self.role).into()));
        }
        if (self.index, &self.name) != (expected.index, &expected.name) {
            return Some(apart("input", which(expected), which(self)));
        }
        let (asked, found) = inputs_apart(&expected.binding, &self.binding);
        (self.binding != expected.binding).then(|| apart("commitment", asked, found))
    }
}

impl InputSignature {
    /// Checks that the owner of `key` signed exactly this of an input.
    ///
    /// # Errors
    /// [`AgreementError::Differs`] in context, role, input, commitment or key, [`AgreementError::InputSignature`].
    pub fn check(&self, expected: &SignedInput, key: &PartyKey) -> Result<(), AgreementError> {
        if let Some(difference) = self.input.difference(expected) {
            return Err(AgreementError::Differs(difference));
        }
        if self.key != key.key_bytes() {
            return Err(AgreementError::Differs(Difference {
                field: "key",
                expected: hex(&key.key_bytes()).into(),
                found: hex(&self.key).into(),
            }));
        }
        let valid = key.check(self.input.message(&self.key), &self.signature);
        valid.map_err(|_| AgreementError::InputSignature {
            input: self.input.name.clone(),
            role: self.input.role.clone(),
        })
    }

    /// Canonical bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.input.message(&self.key);
        out.put(&self.signature);
        out
    }

    /// Decodes canonical bytes; the signature is judged by [`check`](Self::check).
    ///
    /// # Errors
    /// What is not of the format.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AgreementError> {
        let mut reader = Reader::new(bytes);
        reader.head(FileKind::Input)?;
        let signature = Self {
            input: SignedInput {
                context: read_text(&mut reader, MAX_AUDIENCE)?,
                role: read_text(&mut reader, MAX_NAME)?,
                index: reader.u32()?,
                name: read_text(&mut reader, MAX_NAME)?,
                binding: InputBinding::read(&mut reader)?,
            },
            key: reader.array()?,
            signature: reader.array()?,
        };
        reader.finish()?;
        signature.input.validate()?;
        Ok(signature)
    }
}
