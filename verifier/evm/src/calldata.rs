//! The arguments of the contract for a receipt.

use crate::key_data::word;
use crate::messages::Messages;
use crate::words::number;
use crate::{keccak256, ExportError};
use provenn_bn254::G1Affine;
use provenn_verifier::{ColouringClass, Graph, Receipt, VerifyingKey};

/// The functions of the contract.
const VERIFY: &[u8] = b"verify(address,bytes,uint256[])";
const VERIFY_COLOURING: &[u8] = b"verifyColouring(address,bytes,uint256[],bytes)";

/// A receipt with what the contract takes beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calldata {
    /// The receipt's bytes.
    pub receipt: Vec<u8>,
    /// The y coordinates of its points, which the receipt has compressed: those of the proof in order, of the announcement, of the claim's commitments.
    pub ys: Vec<[u8; 32]>,
    /// Of a colouring the canonical bytes of the graph.
    pub graph: Option<Vec<u8>>,
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
        // Of a colouring nothing is committed.
        let items = decoded.claim.body.inference().map(|body| &body.items);
        let inputs = items
            .into_iter()
            .flatten()
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
            graph: None,
        })
    }

    /// Of a receipt for a colouring of this graph in so many colours.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`ExportError::Receipt`] if there is no circuit for such a graph.
    pub fn colouring(receipt: &[u8], colours: u32, graph: &Graph) -> Result<Self, ExportError> {
        let class = ColouringClass::of(colours, graph.vertices()).map_err(ExportError::Receipt)?;
        let key = class.key().map_err(|_| ExportError::Inconsistent)?;
        Ok(Self {
            graph: Some(graph.to_bytes()),
            ..Self::new(receipt, &key)?
        })
    }

    /// The call, for key data at this address.
    pub fn encode(&self, key: [u8; 20]) -> Vec<u8> {
        let (signature, parts) = match &self.graph {
            None => (VERIFY, 3),
            Some(_) => (VERIFY_COLOURING, 4),
        };
        let [a, b, c, d, ..] = keccak256(signature);
        let mut out = vec![a, b, c, d];
        out.extend([0; 12]);
        out.extend(key);
        let receipt = bytes(&self.receipt);
        let ys = [&number(self.ys.len() as u64), self.ys.as_flattened()].concat();
        let graph = self.graph.as_deref().map(bytes);
        let tails: Vec<_> = [receipt, ys].into_iter().chain(graph).collect();
        let mut offset = 32 * parts;
        for tail in &tails {
            out.extend(number(offset as u64));
            offset += tail.len();
        }
        out.extend(tails.concat());
        out
    }
}

/// Bytes as an argument: their number, and themselves in whole words.
fn bytes(part: &[u8]) -> Vec<u8> {
    let mut out = number(part.len() as u64).to_vec();
    out.extend(part);
    out.resize(32 + part.len().next_multiple_of(32), 0);
    out
}
