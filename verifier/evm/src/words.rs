//! The words that the contract returns for a claim, computed from the claim.

use crate::{keccak256, ExportError};
use provenn_verifier::{Answer, Claim, InputBinding, Policy};

/// What the contract says of a valid receipt, beside the hash of the key data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// The model id of the card.
    pub model_id: [u8; 32],
    /// Hash of the policy with its parameters and target.
    pub policy: [u8; 32],
    /// The answer: a label or bit as it is, otherwise the hash of its bytes.
    pub answer: [u8; 32],
    /// Hash of the bindings of the inputs.
    pub inputs: [u8; 32],
    /// Hash of the audience.
    pub audience: [u8; 32],
    /// The challenge that the receipt answers.
    pub nonce: [u8; 32],
    /// Last second of validity.
    pub not_after: u64,
}

/// A number in the last bytes of a word.
pub(crate) fn number(value: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word.iter_mut()
        .skip(24)
        .zip(value.to_be_bytes())
        .for_each(|(to, from)| *to = from);
    word
}

impl Words {
    /// The words of a claim.
    ///
    /// # Errors
    /// [`ExportError::Statement`] if it is not about one inference.
    pub fn of(claim: &Claim) -> Result<Self, ExportError> {
        let body = claim.body.inference().ok_or(ExportError::Statement)?;
        let item = body.item().map_err(|_| ExportError::Statement)?;
        // Parts of the claim's bytes: version, system, SRS id, key digest, context, kind, model id, quantization; policy, number of items,
        // bindings of the inputs after their number, answer.
        let bytes = claim.to_bytes();
        let before = 2 + 16 + 64 + 4 + claim.context.audience.len() + 32 + 8 + 1 + 64;
        let policy = 4 + match &body.policy.policy {
            Policy::Scores(_) | Policy::Label(_) => 1,
            Policy::Threshold(_) | Policy::YesOnly(_) => 1 + 4 + 8,
            Policy::Margin(_) | Policy::Round(_) => 1 + 8,
            Policy::Top(_) => 1 + 4,
            Policy::LabelIn(set) => 1 + 4 + 4 * set.outputs.len(),
            Policy::Labels(_)
            | Policy::Accuracy(_)
            | Policy::Confusion(_)
            | Policy::Count(_)
            | Policy::AtLeast(_)
            | Policy::ByGroup(_)
            | Policy::Gap(_)
            | Policy::AccuracyGap(_) => return Err(ExportError::Batch),
        };
        let rest = bytes.get(before + policy + 4..).ok_or(ExportError::Inconsistent)?;
        let mut bindings = 4;
        for input in &item.inputs {
            bindings += match input {
                InputBinding::Committed { points } => 5 + 32 * points.len(),
                InputBinding::Public { values } => {
                    let width = rest.get(bindings + 5).ok_or(ExportError::Inconsistent)?;
                    6 + usize::from(*width) * values.len()
                }
            };
        }
        let (inputs, answer) = rest.split_at_checked(bindings).ok_or(ExportError::Inconsistent)?;
        Ok(Self {
            model_id: body.model_id,
            policy: keccak256(bytes.get(before..before + policy).ok_or(ExportError::Inconsistent)?),
            answer: match &item.answer {
                Answer::Label(label) => number((*label).into()),
                Answer::Bit(bit) => number((*bit).into()),
                Answer::Yes => number(1),
                Answer::Scores(_) | Answer::Outputs(_) | Answer::Labels(_) => keccak256(answer),
                Answer::Count(_) | Answer::Counts(_) | Answer::Gap(_) => return Err(ExportError::Batch),
            },
            inputs: keccak256(inputs),
            audience: keccak256(claim.context.audience.as_bytes()),
            nonce: claim.context.nonce,
            not_after: claim.context.not_after,
        })
    }

    /// What the contract returns under key data with this hash.
    pub fn returned(&self, key: [u8; 32]) -> Vec<u8> {
        let inference = number(1);
        let words = [
            key,
            inference,
            self.model_id,
            self.policy,
            self.answer,
            self.inputs,
            self.audience,
            self.nonce,
            number(self.not_after),
        ];
        words.concat()
    }
}

/// The same of a colouring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColouringWords {
    /// Number of colours.
    pub colours: u32,
    /// Vertices of the graph.
    pub vertices: u32,
    /// Its edges.
    pub edges: u32,
    /// Its digest.
    pub graph: [u8; 32],
    /// Hash of the audience.
    pub audience: [u8; 32],
    /// The challenge that the receipt answers.
    pub nonce: [u8; 32],
    /// Last second of validity.
    pub not_after: u64,
}

impl ColouringWords {
    /// The words of a claim.
    ///
    /// # Errors
    /// [`ExportError::Statement`] if it is not about a colouring.
    pub fn of(claim: &Claim) -> Result<Self, ExportError> {
        let body = claim.body.colouring().ok_or(ExportError::Statement)?;
        Ok(Self {
            colours: body.colours,
            vertices: body.vertices,
            edges: body.edges,
            graph: body.graph,
            audience: keccak256(claim.context.audience.as_bytes()),
            nonce: claim.context.nonce,
            not_after: claim.context.not_after,
        })
    }

    /// What the contract returns under key data with this hash.
    pub fn returned(&self, key: [u8; 32]) -> Vec<u8> {
        let [kind, colours, vertices, edges] = [2, self.colours, self.vertices, self.edges].map(|n| number(n.into()));
        let graph = self.graph;
        let end = number(self.not_after);
        [
            key,
            kind,
            colours,
            vertices,
            edges,
            graph,
            self.audience,
            self.nonce,
            end,
        ]
        .concat()
    }
}
