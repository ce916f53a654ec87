//! The request: tagged fields, each one byte of tag, a `u32` length and the bytes; integers little endian.

use crate::json::Object;
use provenn_verifier::{Answer, Expectation, InputBinding};

/// Files and expectations of one verification.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// Tag 1: the receipt.
    pub receipt: &'a [u8],
    /// Tag 2: the model card.
    pub card: &'a [u8],
    /// Tag 3: the SRS verifying key.
    pub srs: &'a [u8],
    /// Tag 5, 32 bytes: the SRS id the caller expects.
    pub srs_id: Option<[u8; 32]>,
    /// Tag 14: a graph, as DIMACS or list of edges, in place of the card: the receipt is to be about a colouring of it.
    pub graph: Option<&'a str>,
    /// Tag 16: a bundle, in place of receipt, card and SRS verifying key.
    pub bundle: Option<&'a [u8]>,
    /// Tag 17, `u32`: which receipt of the bundle is to be judged, the first by default.
    pub receipt_index: u32,
    /// Tag 18: the policy as text, with numbers in the units of the model's output, in place of tag 12.
    pub policy: Option<&'a str>,
    /// Tag 4 for the model id (32 bytes), tags 6 to 13, and 15 for the number of colours (`u32`): audience (UTF-8), nonce (32 bytes), current time (`u64` seconds), acceptance of development
    /// parameters (empty), a public input (its index as `u32`, then an `i64` list) or commitments to an input (its index, then 32 bytes each),
    /// policy (text, with integers of the quantized model) and its answer (text: scores separated by spaces, a label, labels likewise, `yes` or `no`).
    pub expectation: Expectation,
}

/// The request itself is malformed: a defect of the calling program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestError {
    /// Tag of the field.
    pub tag: u8,
}

impl RequestError {
    /// A report of the form that [`report`](crate::report) gives.
    pub fn report(&self) -> String {
        refused(
            "bad-request",
            &format!("field {} of the request is malformed", self.tag),
            "This is a defect of the page or program that calls the verifier; please report it.",
        )
    }
}

/// The report where nothing can be judged.
pub(crate) fn refused(code: &str, message: &str, help: &str) -> String {
    let error = Object::new()
        .text("code", code)
        .text("message", message)
        .text("help", help)
        .end();
    Object::new()
        .text("verdict", "refused")
        .raw("error", error)
        .raw("checks", "[]")
        .end()
}

impl<'a> Request<'a> {
    /// Decodes a request.
    ///
    /// # Errors
    /// [`RequestError`] for a cut, unknown or malformed field.
    pub fn from_bytes(mut bytes: &'a [u8]) -> Result<Self, RequestError> {
        let mut request = Self::default();
        let mut answer = None;
        while let Some((&tag, rest)) = bytes.split_first() {
            let malformed = RequestError { tag };
            let (length, rest) = rest.split_first_chunk().ok_or(malformed)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| malformed)?;
            let (field, rest) = rest.split_at_checked(length).ok_or(malformed)?;
            bytes = rest;
            let text = |field: &'a [u8]| std::str::from_utf8(field).map_err(|_| malformed);
            let digest = || field.try_into().map(Some).map_err(|_| malformed);
            let expected = &mut request.expectation;
            match tag {
                1 => request.receipt = field,
                2 => request.card = field,
                3 => request.srs = field,
                4 => expected.inference.model_id = digest()?,
                5 => request.srs_id = digest()?,
                6 => expected.audience = Some(text(field)?.to_owned()),
                7 => expected.nonce = digest()?,
                8 => expected.now = Some(u64::from_le_bytes(field.try_into().map_err(|_| malformed)?)),
                9 if field.is_empty() => expected.accept_dev = true,
                10 | 11 => {
                    let (index, field) = field.split_first_chunk().ok_or(malformed)?;
                    let binding = match tag {
                        10 => {
                            let values = chunks(field).ok_or(malformed)?.into_iter().map(i64::from_le_bytes);
                            let values = values.collect();
                            InputBinding::Public { values }
                        }
                        _ => InputBinding::Committed {
                            points: chunks(field).ok_or(malformed)?,
                        },
                    };
                    let asked = expected.inference.inputs.insert(u32::from_le_bytes(*index), binding);
                    // Two answers to one question are none.
                    asked.map_or(Ok(()), |_| Err(malformed))?;
                }
                12 => expected.inference.policy = Some(text(field)?.parse().map_err(|_| malformed)?),
                13 => answer = Some(text(field)?),
                14 => request.graph = Some(text(field)?),
                15 => {
                    let colours = field.try_into().map_err(|_| malformed)?;
                    expected.colouring.colours = Some(u32::from_le_bytes(colours));
                }
                16 => request.bundle = Some(field),
                17 => request.receipt_index = u32::from_le_bytes(field.try_into().map_err(|_| malformed)?),
                18 => request.policy = Some(text(field)?),
                _ => return Err(malformed),
            }
        }
        if let Some(text) = answer {
            let asked = &mut request.expectation.inference;
            // The policy says which form the answer has.
            let form = asked.policy.as_ref().map(|policy| policy.form());
            let answer = form.and_then(|form| Answer::parse(form, text));
            asked.answer = Some(answer.ok_or(RequestError { tag: 13 })?);
        }
        Ok(request)
    }
}

/// Items of `N` bytes each.
fn chunks<const N: usize>(bytes: &[u8]) -> Option<Vec<[u8; N]>> {
    let chunks = bytes.chunks_exact(N);
    match chunks.remainder().is_empty() {
        true => chunks.map(|chunk| chunk.try_into().ok()).collect(),
        false => None,
    }
}
