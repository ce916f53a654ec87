//! Whether a receipt, or one that is to be made, is what was agreed.

use super::terms::{AgreedInput, Party};
use super::{AgreementError, SignedAgreement};
use crate::codec::{length, wide};
use crate::difference::{hex, Difference};
use crate::error::VerifyError;
use crate::party::{InputSignature, SignedInput};
use crate::srs::SrsKind;
use crate::statement::inference::{Disclosure, InputBinding};
use crate::statement::Statement;
use crate::text::{moment, quoted};
use crate::verify::Verdict;
use crate::words::Words;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// What a receipt states, as far as agreements speak of it. A prover asks before it proves: see [`SignedAgreement::permits`].
#[derive(Clone, Copy, Debug)]
pub struct Proposal<'a> {
    /// [`ModelCard::model_id`](crate::ModelCard::model_id).
    pub model_id: [u8; 32],
    /// The policy with its parameters, and the output that it speaks of.
    pub policy: &'a Disclosure,
    /// The inputs, in the order of the key.
    pub inputs: &'a [InputBinding],
    /// Where the parameters come from.
    pub srs: SrsKind,
    /// Last second of the receipt's validity.
    pub not_after: u64,
}

/// Who agreed to a receipt, and who supplied its inputs. Only [`SignedAgreement::check`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreed {
    digest: [u8; 32],
    parties: Vec<Party>,
    suppliers: Vec<Option<String>>,
}

impl Agreed {
    /// [`Agreement::digest`](super::Agreement::digest).
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The parties, all of whom signed.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// Of each input the role whose party signed it; none of a public one that nobody has to sign.
    pub fn suppliers(&self) -> &[Option<String>] {
        &self.suppliers
    }
}

fn differs(field: &'static str, expected: impl Into<Words>, found: impl Into<Words>) -> AgreementError {
    AgreementError::Differs(Difference {
        field,
        expected: expected.into(),
        found: found.into(),
    })
}

/// What an input is, for messages.
fn kind(public: bool) -> &'static str {
    match public {
        true => "a public input",
        false => "a commitment to one",
    }
}

impl SignedAgreement {
    /// Decides whether a receipt that holds is under this agreement, signed by all its parties, and keeps to it; and whether its inputs are those
    /// that their suppliers signed. Of `signatures` those that belong to other inputs are not looked at. Without `now` the ends of both are left open.
    ///
    /// # Errors
    /// The first thing that is not so, see [`AgreementError`].
    pub fn check(
        &self,
        verdict: &Verdict,
        signatures: &[InputSignature],
        now: Option<u64>,
    ) -> Result<Agreed, AgreementError> {
        let claim = verdict.claim();
        let body = match &claim.body {
            Statement::Inference(body) => body,
            Statement::Colouring(_) => return Err(AgreementError::NotCovered { what: "a colouring" }),
        };
        let [item] = body.items.as_slice() else {
            return Err(AgreementError::NotCovered {
                what: "several inferences in one receipt",
            });
        };
        let audience = self.agreement.audience();
        if claim.context.audience != audience {
            return Err(differs("agreement", quoted(&audience), quoted(&claim.context.audience)));
        }
        let proposal = Proposal {
            model_id: body.model_id,
            policy: &body.policy,
            inputs: &item.inputs,
            srs: match verdict {
                Verdict::Verified(_) => SrsKind::Ceremony,
                Verdict::Dev(_) => SrsKind::Dev,
            },
            not_after: claim.context.not_after,
        };
        Ok(Agreed {
            suppliers: self.suppliers(&proposal, signatures, now)?,
            digest: self.agreement.digest(),
            parties: self.agreement.parties.clone(),
        })
    }

    /// The same of a receipt that is to be made with [`Agreement::audience`](super::Agreement::audience) as its audience. Says nothing of a
    /// receipt that there is: that is [`check`](Self::check)'s.
    ///
    /// # Errors
    /// As of [`check`](Self::check).
    pub fn permits(
        &self,
        proposal: &Proposal<'_>,
        signatures: &[InputSignature],
        now: Option<u64>,
    ) -> Result<(), AgreementError> {
        self.suppliers(proposal, signatures, now).map(drop)
    }

    /// Of each input who signed it, if everything is as agreed.
    fn suppliers(
        &self,
        proposal: &Proposal<'_>,
        signatures: &[InputSignature],
        now: Option<u64>,
    ) -> Result<Vec<Option<String>>, AgreementError> {
        let terms = &self.agreement;
        self.check_signatures()?;
        if let Some(now) = now.filter(|now| *now > terms.not_after) {
            let not_after = terms.not_after;
            return Err(AgreementError::Expired { not_after, now });
        }
        if proposal.model_id != terms.model_id {
            return Err(differs("model", hex(&terms.model_id), hex(&proposal.model_id)));
        }
        if proposal.srs == SrsKind::Dev && !terms.accept_dev {
            return Err(differs("parameters", "those of a ceremony", "development parameters"));
        }
        if !terms.policies.contains(proposal.policy) {
            return Err(differs("policy", one_of(&terms.policies), proposal.policy.words()));
        }
        if proposal.not_after == 0 || proposal.not_after > terms.not_after {
            let found = match proposal.not_after {
                0 => "no end".into(),
                end => moment(end),
            };
            let expected = format!("an end of validity by {}", moment(terms.not_after));
            return Err(differs("expiry", expected, found));
        }
        if let Some(now) = now.filter(|now| *now > proposal.not_after) {
            let not_after = proposal.not_after;
            return Err(VerifyError::Expired { not_after, now }.into());
        }
        if proposal.inputs.len() != terms.inputs.len() {
            let counts = [terms.inputs.len(), proposal.inputs.len()].map(|count| format!("{count}"));
            let [expected, found] = counts;
            return Err(differs("inputs", expected, found));
        }
        let pairs = (0..).zip(terms.inputs.iter().zip(proposal.inputs));
        let suppliers = pairs.map(|(index, (input, binding))| {
            bound(input, binding)?;
            let Some(role) = &input.supplier else { return Ok(None) };
            self.supplied(index, input, role, binding, signatures)?;
            Ok(Some(role.clone()))
        });
        suppliers.collect()
    }

    /// Whether one of the signatures is of this input by the party of its role.
    fn supplied(
        &self,
        index: usize,
        input: &AgreedInput,
        role: &str,
        binding: &InputBinding,
        signatures: &[InputSignature],
    ) -> Result<(), AgreementError> {
        let unsigned = || AgreementError::InputUnsigned {
            input: input.name.clone(),
            role: role.into(),
        };
        let (_, party) = self.agreement.party(role).ok_or_else(unsigned)?;
        let expected = SignedInput {
            context: self.agreement.audience(),
            role: role.into(),
            index: length(index),
            name: input.name.clone(),
            binding: binding.clone(),
        };
        // What is wrong is told of one that is said to be of this input.
        let mut wrong = None;
        for signature in signatures {
            match signature.check(&expected, &party.key) {
                Ok(()) => return Ok(()),
                Err(error) if signature.input.index == expected.index => wrong = wrong.or(Some(error)),
                Err(_) => {}
            }
        }
        Err(wrong.unwrap_or_else(unsigned))
    }
}

/// Whether an input is bound as agreed.
fn bound(input: &AgreedInput, binding: &InputBinding) -> Result<(), AgreementError> {
    let name = quoted(&input.name);
    let public = matches!(binding, InputBinding::Public { .. });
    if public != input.public {
        let [expected, found] = [input.public, public].map(|public| format!("{name}, {}", kind(public)));
        return Err(differs("input", expected, found));
    }
    match binding {
        InputBinding::Public { values } if wide(values.len()) != input.values() => Err(differs(
            "input",
            format!("{name}, {} values", input.values()),
            format!("{}", values.len()),
        )),
        // How many commitments there are follows from the key, which the model id names.
        _ => Ok(()),
    }
}

/// Policies in words.
fn one_of(policies: &[Disclosure]) -> Words {
    let join = |words: Words, (index, policy): (usize, &Disclosure)| {
        let words = if index == 0 { words } else { words.text("; or ") };
        words.join(policy.words())
    };
    policies.iter().enumerate().fold(Words::default(), join)
}
