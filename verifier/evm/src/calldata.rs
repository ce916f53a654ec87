//! The arguments of the contract for a receipt.

use crate::key_data::word;
use crate::messages::Messages;
use crate::words::number;
use crate::{keccak256, ExportError};
use provenn_bn254::G1Affine;
use provenn_verifier::{Receipt, VerifyingKey};

/// The function of the contract.
const SIGNATURE: &[u8] = b"verify(address,bytes,uint256[])";

/// A receipt with what the contract takes beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calldata {
    /// The receipt's bytes.
    pub receipt: Vec<u8>,
    /// The y coordinates of its points, which the receipt has compressed: those of the proof in order, of the announcement, of the claim's commitments.
    pub ys: Vec<[u8; 32]>,
}

impl Calldata {
    /// Of a receipt for a model with this key.
    ///
    /// # Errors
    /// [`ExportError::Receipt`] if it does not decode, or has points that are none.
    pub fn new(receipt: &[u8], key: &VerifyingKey) -> Result<Self, ExportError> {
        let decoded = Receipt::from_bytes(receipt).map_err(ExportError::Receipt)?;
        let messages = Messages::of(key);
        let proof = decoded.proof.chunks(32);
        let early = messages.points.saturating_sub(2);
        let points = proof.clone().take(early).chain(proof.skip(early + messages.scalars));
        let body = decoded.claim.body.inference().ok_or(ExportError::Statement)?;
        let inputs = body
            .items
            .iter()
            .flat_map(|item| &item.inputs)
            .flat_map(|input| input.points());
        let points = points.map(<[u8; 32]>::try_from);
        let mut ys = Vec::new();
        for point in points.chain([Ok(decoded.link.r)]).chain(inputs.map(|point| Ok(*point))) {
            let point = point.ok().and_then(|bytes| G1Affine::from_bytes(&bytes));
            let (_, y) = point.ok_or(ExportError::Point)?.coordinates();
            ys.push(word(y.to_bytes()));
        }
        Ok(Self {
            receipt: receipt.to_vec(),
            ys,
        })
    }

    /// The call, for key data at this address.
    pub fn encode(&self, key: [u8; 20]) -> Vec<u8> {
        let number = |value: usize| number(value as u64);
        let padded = self.receipt.len().next_multiple_of(32);
        let [a, b, c, d, ..] = keccak256(SIGNATURE);
        let mut out = vec![a, b, c, d];
        out.extend([0; 12]);
        out.extend(key);
        out.extend(number(0x60));
        out.extend(number(0x80 + padded));
        out.extend(number(self.receipt.len()));
        out.extend(&self.receipt);
        out.resize(4 + 0x80 + padded, 0);
        out.extend(number(self.ys.len()));
        self.ys.iter().for_each(|y| out.extend(y));
        out
    }
}
