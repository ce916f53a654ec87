//! One file with everything that a verdict needs: receipts, the card that they are about, the SRS key, who vouches for the card, and what was agreed.
//!
//! A bundle says nothing by itself: its parts are judged as if they came in files of their own, against what the caller expects. Its
//! digest finds accidents; whoever forges a part makes another digest.

use crate::codec::{at_most, digest32, Put, Reader};
use crate::error::VerifyError;
use crate::kind::FileKind;
use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

/// Most bytes of a bundle.
pub const MAX_BUNDLE: usize = 128 << 20;
/// Most receipts.
pub const MAX_RECEIPTS: usize = 256;
/// Most bytes of a card or a receipt in it.
const MAX_PART: usize = 66 << 20;
/// Most bytes of an SRS key or a signature.
const MAX_SMALL: usize = 1 << 16;
/// Most bytes of an agreement: that of its format.
const MAX_AGREEMENT: usize = 1 << 20;
/// Most signatures of inputs, and most bytes of one.
const MAX_SIGNATURES: usize = 4096;
const MAX_SIGNATURE: usize = 16 << 20;
/// Most bytes of a proof of the log.
const MAX_LOG_PROOF: usize = (1 << 17) + (1 << 16);
const DIGEST: usize = 32;

/// The parts of a bundle, as the bytes of their files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// [`ModelCard`](crate::ModelCard)
    pub card: Vec<u8>,
    /// [`SrsVerifyingKey`](crate::SrsVerifyingKey)
    pub srs: Vec<u8>,
    /// That the card stands in a transparency log (C2SP `tlog-proof`, which holds the signed checkpoint).
    pub card_log_proof: Option<String>,
    /// A publisher's signature of the model id.
    pub signature: Option<Vec<u8>>,
    /// The receipts, at least one.
    pub receipts: Vec<BundledReceipt>,
    /// A publisher's word on the state of the model.
    pub state: Option<Vec<u8>>,
    /// The agreement that the receipts are under.
    pub agreement: Option<Vec<u8>>,
    /// Signatures of inputs by parties of the agreement.
    pub input_signatures: Vec<Vec<u8>>,
}

/// A receipt in a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BundledReceipt {
    /// [`Receipt`](crate::Receipt)
    pub receipt: Vec<u8>,
    /// That it stands in a transparency log.
    pub log_proof: Option<String>,
}

impl Bundle {
    /// Canonical bytes. Of a bundle within its limits they decode to the same bundle.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.put_head(FileKind::Bundle);
        out.put_bytes(&self.card);
        out.put_bytes(&self.srs);
        put_text(&mut out, self.card_log_proof.as_ref());
        out.put_bytes(self.signature.as_deref().unwrap_or_default());
        out.put_list(&self.receipts, |out, one| {
            out.put_bytes(&one.receipt);
            put_text(out, one.log_proof.as_ref());
        });
        // Bundles from before these parts have nothing here.
        if self.state.is_some() || self.agreement.is_some() || !self.input_signatures.is_empty() {
            out.put_bytes(self.state.as_deref().unwrap_or_default());
            out.put_bytes(self.agreement.as_deref().unwrap_or_default());
            out.put_list(&self.input_signatures, |out, one| out.put_bytes(one));
        }
        let digest = digest(&out);
        out.put(&digest);
        out
    }

    /// Decodes canonical bytes. The parts are taken as they are: each has its own decoder.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, VerifyError> {
        at_most(MAX_BUNDLE, bytes.len())?;
        Reader::new(bytes).head(FileKind::Bundle)?;
        let body = match bytes.split_last_chunk::<DIGEST>() {
            Some((body, found)) if *found == digest(body) => body,
            _ => return Err(VerifyError::BundleDamaged),
        };
        let mut reader = Reader::new(body);
        reader.head(FileKind::Bundle)?;
        let mut bundle = Self {
            card: reader.bytes(MAX_PART)?.to_vec(),
            srs: reader.bytes(MAX_SMALL)?.to_vec(),
            card_log_proof: text(&mut reader)?,
            signature: some(reader.bytes(MAX_SMALL)?).map(<[u8]>::to_vec),
            receipts: reader.list(MAX_RECEIPTS, 8, |reader| {
                Ok(BundledReceipt {
                    receipt: reader.bytes(MAX_PART)?.to_vec(),
                    log_proof: text(reader)?,
                })
            })?,
            ..Self::default()
        };
        if !reader.is_empty() {
            bundle.state = some(reader.bytes(MAX_SMALL)?).map(<[u8]>::to_vec);
            bundle.agreement = some(reader.bytes(MAX_AGREEMENT)?).map(<[u8]>::to_vec);
            bundle.input_signatures =
                reader.list(MAX_SIGNATURES, 4, |reader| Ok(reader.bytes(MAX_SIGNATURE)?.to_vec()))?;
            // Of two encodings of nothing the shorter one is that of the format.
            if bundle.state.is_none() && bundle.agreement.is_none() && bundle.input_signatures.is_empty() {
                return Err(VerifyError::TrailingBytes { got: 12 });
            }
        }
        reader.finish()?;
        match bundle.receipts.is_empty() {
            true => Err(VerifyError::BundleEmpty),
            false => Ok(bundle),
        }
    }
}

fn digest(body: &[u8]) -> [u8; DIGEST] {
    digest32(b"Provenn-Bundle--", body)
}

/// What is not there has no bytes: no part that is there is empty.
fn some(bytes: &[u8]) -> Option<&[u8]> {
    (!bytes.is_empty()).then_some(bytes)
}

fn put_text(out: &mut Vec<u8>, text: Option<&String>) {
    out.put_bytes(text.map(|text| text.as_bytes()).unwrap_or_default());
}

fn text(reader: &mut Reader<'_>) -> Result<Option<String>, VerifyError> {
    let text = core::str::from_utf8(reader.bytes(MAX_LOG_PROOF)?).map_err(|_| VerifyError::BadUtf8)?;
    Ok((!text.is_empty()).then(|| text.to_owned()))
}
