//! The request: tagged fields, each one byte of tag, a `u32` length and the bytes; integers little endian.

use crate::json::Object;
use provenn_verifier::{Expectation, Policy, PolicyExpectation, PolicyKind};

/// Files and expectations of one verification.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// Tag 1: the receipt.
    pub receipt: &'a [u8],
    /// Tag 2: the model card.
    pub card: &'a [u8],
    /// Tag 3: the SRS verifying key.
    pub srs: &'a [u8],
    /// Tag 4, 32 bytes: the model id the caller expects.
    pub model_id: Option<[u8; 32]>,
    /// Tag 5, 32 bytes: the SRS id the caller expects.
    pub srs_id: Option<[u8; 32]>,
    /// Tags 6 to 13: audience (UTF-8), nonce (32 bytes), current time (`u64` seconds), acceptance of development
    /// parameters (empty), public input (`i64` list), input commitments (32 bytes each), policy (a tag of
    /// 1 scores, 2 label, 3 threshold, 4 yes-only; the latter two with output `u32` and threshold `i64`), and its
    /// output (`i64` list of scores, or one: the label, or 1 for yes and 0 for no).
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
        let message = format!("field {} of the request is malformed", self.tag);
        let error = Object::new()
            .text("code", "bad-request")
            .text("message", &message)
            .text(
                "help",
                "This is a defect of the page or program that calls the verifier; please report it.",
            )
            .end();
        Object::new()
            .text("verdict", "refused")
            .raw("error", error)
            .raw("checks", "[]")
            .end()
    }
}

impl<'a> Request<'a> {
    /// Decodes a request.
    ///
    /// # Errors
    /// [`RequestError`] for a cut, unknown or malformed field.
    pub fn from_bytes(mut bytes: &'a [u8]) -> Result<Self, RequestError> {
        let mut request = Self::default();
        let (mut kind, mut output) = (None, None);
        while let Some((&tag, rest)) = bytes.split_first() {
            let malformed = RequestError { tag };
            let (length, rest) = rest.split_first_chunk().ok_or(malformed)?;
            let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| malformed)?;
            let (field, rest) = rest.split_at_checked(length).ok_or(malformed)?;
            bytes = rest;
            let digest = || field.try_into().map(Some).map_err(|_| malformed);
            let expected = &mut request.expectation;
            match tag {
                1 => request.receipt = field,
                2 => request.card = field,
                3 => request.srs = field,
                4 => request.model_id = digest()?,
                5 => request.srs_id = digest()?,
                6 => expected.audience = Some(std::str::from_utf8(field).map_err(|_| malformed)?.to_owned()),
                7 => expected.nonce = digest()?,
                8 => expected.now = Some(u64::from_le_bytes(field.try_into().map_err(|_| malformed)?)),
                9 if field.is_empty() => expected.accept_dev = true,
                10 => expected.public_input = Some(integers(field).ok_or(malformed)?),
                11 => expected.committed_input = Some(chunks(field).ok_or(malformed)?),
                12 => kind = Some(policy_kind(field).ok_or(malformed)?),
                13 => output = Some(integers(field).ok_or(malformed)?),
                _ => return Err(malformed),
            }
        }
        request.expectation.policy = match (kind, output) {
            (Some(kind), None) => Some(PolicyExpectation::Kind(kind)),
            (Some(kind), Some(output)) => {
                let policy = exact(kind, output).ok_or(RequestError { tag: 13 })?;
                Some(PolicyExpectation::Exact(policy))
            }
            (None, None) => None,
            (None, Some(_)) => return Err(RequestError { tag: 13 }),
        };
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

fn integers(bytes: &[u8]) -> Option<Vec<i64>> {
    Some(chunks(bytes)?.into_iter().map(i64::from_le_bytes).collect())
}

fn policy_kind(bytes: &[u8]) -> Option<PolicyKind> {
    let (tag, rest) = bytes.split_first()?;
    let parameters = || {
        let (output, threshold) = rest.split_first_chunk()?;
        let threshold = i64::from_le_bytes(threshold.try_into().ok()?);
        Some((u32::from_le_bytes(*output), threshold))
    };
    match (tag, rest) {
        (1, []) => Some(PolicyKind::Scores),
        (2, []) => Some(PolicyKind::Label),
        (3, _) => parameters().map(|(output, threshold)| PolicyKind::ThresholdBit { output, threshold }),
        (4, _) => parameters().map(|(output, threshold)| PolicyKind::YesOnly { output, threshold }),
        _ => None,
    }
}

fn exact(kind: PolicyKind, values: Vec<i64>) -> Option<Policy> {
    match (kind, values.as_slice()) {
        (PolicyKind::Scores, _) => Some(Policy::Scores { scores: values }),
        (PolicyKind::Label, [label]) => u32::try_from(*label).ok().map(|label| Policy::Label { label }),
        (PolicyKind::ThresholdBit { output, threshold }, [bit @ (0 | 1)]) => Some(Policy::ThresholdBit {
            output,
            threshold,
            bit: *bit == 1,
        }),
        (PolicyKind::YesOnly { output, threshold }, [1]) => Some(Policy::YesOnly { output, threshold }),
        _ => None,
    }
}
