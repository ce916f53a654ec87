//! Files of agreements, and whether one speaks of a card.

use crate::bytes::hex;
use crate::error::CliError;
use crate::files::Part;
use provenn_prover::commit::{Binding, Description};
use provenn_verifier::agreement::{AgreedInput, Agreement, AgreementError, SignedAgreement, MAX_AGREEMENT};
use provenn_verifier::party::InputSignature;
use provenn_verifier::text::quoted;
use std::path::{Path, PathBuf};

/// Largest signature of an input: one that is public has all its values there.
pub const MAX_SIGNATURE: u64 = 16 << 20;

fn decode<T>(part: &Part, decode: impl FnOnce(&[u8]) -> Result<T, AgreementError>) -> Result<T, CliError> {
    decode(&part.bytes).map_err(|error| match error {
        AgreementError::Format(error) => CliError::file(&part.place, &part.bytes, error),
        error => CliError::from(error).at(&part.place),
    })
}

/// An agreement with its signatures, which are not looked at.
pub fn read(path: &Path) -> Result<SignedAgreement, CliError> {
    read_in(&Part::read(path, MAX_AGREEMENT as u64)?)
}

/// The same of bytes.
pub fn read_in(part: &Part) -> Result<SignedAgreement, CliError> {
    decode(part, SignedAgreement::from_bytes)
}

/// A party's signature of an input, which is not looked at.
pub fn signature(path: &Path) -> Result<InputSignature, CliError> {
    signature_in(&Part::read(path, MAX_SIGNATURE)?)
}

/// The same of bytes.
pub fn signature_in(part: &Part) -> Result<InputSignature, CliError> {
    decode(part, InputSignature::from_bytes)
}

/// Those in several files.
pub fn signatures(paths: &[PathBuf]) -> Result<Vec<InputSignature>, CliError> {
    paths.iter().map(|path| signature(path)).collect()
}

/// The inputs of a card as an agreement has them, without suppliers.
pub fn inputs(description: &Description) -> Vec<AgreedInput> {
    let one = description.inputs.iter().map(|input| AgreedInput {
        name: input.name.clone(),
        shape: input.shape.iter().map(|extent| *extent as u32).collect(),
        public: input.binding == Binding::Public,
        supplier: None,
    });
    one.collect()
}

/// Checks that an agreement is about the model of a card, which has this id, with the inputs that its description names: the circuit's key has no names, so that whoever
/// signs, or proves, compares them here.
pub fn about(agreement: &Agreement, model_id: &[u8; 32], description: &Description) -> Result<(), CliError> {
    let differs = |field: &str, expected: String, found: String| {
        let message = format!("the agreement is not about this card: another {field}");
        let error = CliError::new(
            3,
            "agreement-card",
            message,
            "give the card of the model that was agreed on",
        );
        error.with(vec![format!("{field}: the agreement has {expected}, the card {found}")])
    };
    if agreement.model_id != *model_id {
        let [ours, card] = [agreement.model_id, *model_id].map(|id| hex(&id));
        return Err(differs("model", ours, card));
    }
    let (ours, cards) = (&agreement.inputs, inputs(description));
    if ours.len() != cards.len() {
        return Err(differs("inputs", ours.len().to_string(), cards.len().to_string()));
    }
    for (ours, card) in ours.iter().zip(&cards) {
        if (&ours.name, &ours.shape, ours.public) != (&card.name, &card.shape, card.public) {
            return Err(differs("input", schema(ours), schema(card)));
        }
    }
    Ok(())
}

/// Name, shape and binding of an input.
pub fn schema(input: &AgreedInput) -> String {
    let binding = if input.public {
        Binding::Public
    } else {
        Binding::Committed
    };
    format!("{} {:?}, {}", quoted(&input.name), input.shape, binding.name())
}
