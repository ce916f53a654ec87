//! What several parties agreed that receipts may state: of which model, under which policies, about inputs that whom supplies, until when.
//!
//! An [`Agreement`] is its [`Terms`] and their digest. A receipt is under it if the audience of its claim names that digest, see
//! [`Agreement::audience`]: the claim is bound by the proof, so the receipt is bound to the terms. All parties sign the digest
//! ([`SignedAgreement`]), and whoever supplies an input signs its commitments ([`InputSignature`](crate::party::InputSignature)).
//! [`SignedAgreement::check`] decides all of it, on a [`Verdict`](crate::Verdict): there is none without a proof that holds.
//!
//! An agreement says whose keys signed, and not whose keys these are: anybody can make one with keys of their own.

mod check;
mod error;
mod terms;

pub use check::{Agreed, Proposal};
pub use error::AgreementError;
pub use terms::{named_in, AgreedInput, Party, Terms, MAX_AXES, MAX_PARTIES, MAX_POLICIES};

use crate::codec::{at_most, digest32, Put, Reader};
use crate::difference::hex;
use crate::kind::FileKind;
use crate::party::PartyKey;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Deref;

/// Most bytes of an agreement.
pub const MAX_AGREEMENT: usize = 1 << 20;

/// Terms that are in order. They are read through `Deref`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    terms: Terms,
    digest: [u8; 32],
}

/// An agreement with the signatures of its parties, as far as they are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedAgreement {
    agreement: Agreement,
    /// Of each party in order.
    signatures: Vec<Option<[u8; 64]>>,
}

impl Deref for Agreement {
    type Target = Terms;

    fn deref(&self) -> &Terms {
        &self.terms
    }
}

impl Agreement {
    /// The terms in their order.
    ///
    /// # Errors
    /// [`AgreementError::Terms`], [`AgreementError::NotCovered`], and bounds of the format.
    pub fn new(mut terms: Terms) -> Result<Self, AgreementError> {
        terms.sort();
        terms.validate()?;
        let bytes = terms.to_bytes();
        at_most(MAX_AGREEMENT, bytes.len())?;
        Ok(Self {
            digest: digest32(b"Provenn-Agree---", &bytes),
            terms,
        })
    }

    /// Blake2b-256 of the canonical bytes of the terms, without signatures.
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The audience of receipts under it: `agreement:` and the digest in lower-case hexadecimal.
    pub fn audience(&self) -> String {
        format!("{}{}", terms::PREFIX, hex(&self.digest))
    }

    /// What a party signs.
    pub fn message(&self, party: &Party) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Agreement);
        out.put(&self.digest);
        out.put_bytes(party.role.as_bytes());
        out.put(&party.key.key_bytes());
        out
    }
}

impl From<Agreement> for SignedAgreement {
    /// Without signatures.
    fn from(agreement: Agreement) -> Self {
        Self {
            signatures: vec![None; agreement.parties.len()],
            agreement,
        }
    }
}

impl SignedAgreement {
    /// The agreement itself, whoever signed it.
    pub fn agreement(&self) -> &Agreement {
        &self.agreement
    }

    /// The party that a key is of.
    ///
    /// # Errors
    /// [`AgreementError::Stranger`].
    pub fn party_of(&self, key: &PartyKey) -> Result<&Party, AgreementError> {
        let mut parties = self.agreement.parties.iter();
        let found = parties.find(|party| party.key.key_bytes() == key.key_bytes());
        found.ok_or_else(|| AgreementError::Stranger {
            name: key.name().into(),
        })
    }

    /// Adds the signature of a party to its [`message`](Agreement::message).
    ///
    /// # Errors
    /// [`AgreementError::Terms`] of a role that is none, [`AgreementError::Signature`].
    pub fn add(&mut self, role: &str, signature: [u8; 64]) -> Result<(), AgreementError> {
        let (place, party) = self.agreement.party(role).ok_or_else(|| AgreementError::Terms {
            reason: format!("it has no role {}", crate::text::quoted(role)),
        })?;
        self.check_one(party, &signature)?;
        if let Some(slot) = self.signatures.get_mut(place) {
            *slot = Some(signature);
        }
        Ok(())
    }

    fn check_one(&self, party: &Party, signature: &[u8; 64]) -> Result<(), AgreementError> {
        let valid = party.key.check(self.agreement.message(party), signature);
        valid.map_err(|_| AgreementError::Signature {
            role: party.role.clone(),
        })
    }

    /// The parties in order, and whether there is a signature of each, which may not hold.
    pub fn signed(&self) -> impl Iterator<Item = (&Party, bool)> {
        let signatures = self.signatures.iter().map(Option::is_some);
        self.agreement.parties.iter().zip(signatures)
    }

    /// Checks that all parties signed.
    ///
    /// # Errors
    /// [`AgreementError::Signature`] of the first that does not hold, [`AgreementError::Unsigned`].
    pub fn check_signatures(&self) -> Result<(), AgreementError> {
        for (party, signature) in self.agreement.parties.iter().zip(&self.signatures) {
            signature
                .iter()
                .try_for_each(|signature| self.check_one(party, signature))?;
        }
        let missing = self.signed().filter(|(_, signed)| !signed);
        let roles: Vec<String> = missing.map(|(party, _)| party.role.clone()).collect();
        match roles.is_empty() {
            true => Ok(()),
            false => Err(AgreementError::Unsigned { roles }),
        }
    }

    /// Canonical bytes: those of the terms, then for each party a byte 0, or a byte 1 and its signature.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = self.agreement.terms.to_bytes();
        for signature in &self.signatures {
            out.put(&[u8::from(signature.is_some())]);
            out.put(signature.as_ref().map(<[u8; 64]>::as_slice).unwrap_or_default());
        }
        out
    }

    /// Decodes canonical bytes; signatures are judged by [`check_signatures`](Self::check_signatures) and [`check`](Self::check).
    ///
    /// # Errors
    /// What is not of the format, or not in its order.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AgreementError> {
        at_most(MAX_AGREEMENT, bytes.len())?;
        let mut reader = Reader::new(bytes);
        let agreement = Agreement::new(Terms::read(&mut reader)?)?;
        let mut signatures = Vec::with_capacity(agreement.parties.len());
        for _ in &agreement.parties {
            signatures.push(match reader.flag()? {
                true => Some(reader.array()?),
                false => None,
            });
        }
        reader.finish()?;
        let signed = Self { agreement, signatures };
        match signed.to_bytes() == bytes {
            true => Ok(signed),
            false => Err(AgreementError::Terms {
                reason: "parties or policies are not in their order".into(),
            }),
        }
    }
}
