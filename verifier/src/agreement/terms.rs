//! What parties agree on, and its canonical bytes.

use super::AgreementError;
use crate::claim::MAX_VALUES;
use crate::codec::{at_most, size, wide, Put, Reader};
use crate::error::VerifyError;
use crate::kind::FileKind;
use crate::party::{check_name, read_text, PartyKey, MAX_NAME};
use crate::statement::inference::{Disclosure, MAX_INPUTS};
use crate::text::quoted;
use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Most parties.
pub const MAX_PARTIES: usize = 64;
/// Most policies.
pub const MAX_POLICIES: usize = 64;
/// Most axes of an input.
pub const MAX_AXES: usize = 8;

/// The terms. Parties and policies have one order, which [`Agreement::new`](super::Agreement::new) gives them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// [`ModelCard::model_id`](crate::ModelCard::model_id).
    pub model_id: [u8; 32],
    /// What receipts may let out: any one of these, with exactly these parameters, labels of a batch among them.
    pub policies: Vec<Disclosure>,
    /// All inputs of the model, in the order of its key.
    pub inputs: Vec<AgreedInput>,
    /// Who has to sign. No role and no key is there twice.
    pub parties: Vec<Party>,
    /// Last second of the agreement, and the latest end of a receipt under it (unix time). Never 0.
    pub not_after: u64,
    /// Whether receipts under a development SRS count.
    pub accept_dev: bool,
}

/// An input as agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgreedInput {
    /// Name in the ONNX graph. The key does not hold it: whoever signs compares it with the card.
    pub name: String,
    /// Extents, none of them 0.
    pub shape: Vec<u32>,
    /// Whether receipts show it; otherwise they commit to it.
    pub public: bool,
    /// The role of the party that has to sign it. A committed input has one: nobody sees where it is from.
    pub supplier: Option<String>,
}

/// A party.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// What it is in this agreement.
    pub role: String,
    /// Its public key, which has the name that it goes by elsewhere.
    pub key: PartyKey,
}

fn broken(reason: impl Into<String>) -> AgreementError {
    AgreementError::Terms { reason: reason.into() }
}

impl AgreedInput {
    /// Number of values.
    pub fn values(&self) -> u64 {
        let extents = self.shape.iter().map(|extent| u64::from(*extent));
        extents.fold(1, u64::saturating_mul)
    }

    fn put(&self, out: &mut Vec<u8>) {
        out.put_bytes(self.name.as_bytes());
        out.put_list(&self.shape, |out, extent| out.put_u32(*extent));
        out.put(&[u8::from(self.public)]);
        out.put_bytes(self.supplier.as_deref().unwrap_or_default().as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        Ok(Self {
            name: read_text(reader, MAX_NAME)?,
            shape: reader.list(MAX_AXES, 4, Reader::u32)?,
            public: reader.flag()?,
            // No role is empty.
            supplier: Some(read_text(reader, MAX_NAME)?).filter(|role| !role.is_empty()),
        })
    }

    fn validate(&self, roles: &BTreeSet<&str>) -> Result<(), AgreementError> {
        check_name("the input", &self.name)?;
        at_most(MAX_AXES, self.shape.len())?;
        let name = quoted(&self.name);
        if self.values() == 0 || self.values() > wide(MAX_VALUES) {
            return Err(broken(format!("the shape of input {name} has no values, or too many")));
        }
        match self.supplier.as_deref() {
            None if self.public => Ok(()),
            None => Err(broken(format!("nobody supplies input {name}, which is committed"))),
            Some(role) if roles.contains(role) => Ok(()),
            Some(role) => Err(broken(format!(
                "input {name} is supplied by {}, which is no party",
                quoted(role)
            ))),
        }
    }
}

impl Party {
    fn put(&self, out: &mut Vec<u8>) {
        out.put_bytes(self.role.as_bytes());
        out.put_bytes(self.key.name().as_bytes());
        out.put(&self.key.key_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        let role = read_text(reader, MAX_NAME)?;
        let name = read_text(reader, MAX_NAME)?;
        let key = PartyKey::new(&name, reader.array()?)?;
        Ok(Self { role, key })
    }

    fn validate(&self) -> Result<(), AgreementError> {
        check_name("the role", &self.role)?;
        check_name("the name of the key", self.key.name())?;
        let role = quoted(&self.role);
        // Names that differ in a space are taken for one another.
        if self.role.contains(char::is_whitespace) {
            return Err(broken(format!("the role {role} has a space")));
        }
        match self.key.is_sound() {
            true => Ok(()),
            false => Err(broken(format!(
                "the key of {role} is no canonical Ed25519 key, or of small order"
            ))),
        }
    }
}

impl Terms {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Agreement);
        out.put(&self.model_id);
        out.put_list(&self.policies, |out, policy| policy.put(out));
        out.put_list(&self.inputs, |out, input| input.put(out));
        out.put_list(&self.parties, |out, party| party.put(out));
        out.put(&self.not_after.to_le_bytes());
        out.put(&[u8::from(self.accept_dev)]);
        out
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, VerifyError> {
        reader.head(FileKind::Agreement)?;
        Ok(Self {
            model_id: reader.array()?,
            // Tag and target; two lengths, a count and a flag; two lengths and a key.
            policies: reader.list(MAX_POLICIES, 5, Disclosure::read)?,
            inputs: reader.list(MAX_INPUTS, 13, AgreedInput::read)?,
            parties: reader.list(MAX_PARTIES, 40, Party::read)?,
            not_after: reader.u64()?,
            accept_dev: reader.flag()?,
        })
    }

    /// Gives parties and policies their order.
    pub(super) fn sort(&mut self) {
        self.parties.sort_by(|a, b| a.role.cmp(&b.role));
        self.policies.sort_by_cached_key(bytes);
    }

    pub(super) fn validate(&self) -> Result<(), AgreementError> {
        at_most(MAX_POLICIES, self.policies.len())?;
        at_most(MAX_INPUTS, self.inputs.len())?;
        at_most(MAX_PARTIES, self.parties.len())?;
        for (what, empty) in [
            ("policy", self.policies.is_empty()),
            ("input", self.inputs.is_empty()),
            ("party", self.parties.is_empty()),
        ] {
            if empty {
                return Err(broken(format!("there is no {what} in it")));
            }
        }
        if self.not_after == 0 {
            return Err(broken("it has no end"));
        }
        let mut seen = BTreeSet::new();
        for policy in &self.policies {
            policy.validate()?;
            if !seen.insert(bytes(policy)) {
                return Err(broken(format!("the policy {policy} is there twice")));
            }
        }
        let (mut roles, mut keys, mut names) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for party in &self.parties {
            party.validate()?;
            let role = quoted(&party.role);
            if !roles.insert(party.role.as_str()) {
                return Err(broken(format!("the role {role} is there twice")));
            }
            if !keys.insert(party.key.key_bytes()) {
                return Err(broken(format!("the key of {role} is that of another party too")));
            }
        }
        for input in &self.inputs {
            input.validate(&roles)?;
            if !names.insert(input.name.as_str()) {
                return Err(broken(format!("the input {} is there twice", quoted(&input.name))));
            }
        }
        Ok(())
    }

    /// The party of this role, and its place.
    pub fn party(&self, role: &str) -> Option<(usize, &Party)> {
        self.parties.iter().enumerate().find(|(_, party)| party.role == role)
    }

    /// The input of an index in the key.
    pub fn input(&self, index: u32) -> Option<&AgreedInput> {
        self.inputs.get(size(index))
    }
}

fn bytes(policy: &Disclosure) -> Vec<u8> {
    let mut out = Vec::new();
    policy.put(&mut out);
    out
}

/// The text of a digest in an audience.
pub(super) const PREFIX: &str = "agreement:";

/// What an audience says after `agreement:`, which is the digest of an agreement if it is one at all; none of a receipt under no agreement.
pub fn named_in(audience: &str) -> Option<&str> {
    audience.strip_prefix(PREFIX)
}
