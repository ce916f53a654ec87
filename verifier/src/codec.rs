//! Canonical bytes: little endian, lengths as `u32`, no optional forms. Every reader ends with [`Reader::finish`].

use crate::curve;
use crate::error::VerifyError;
use crate::kind::{FileKind, FORMAT_VERSION};
use alloc::vec::Vec;
use provenn_bn254::{Fr, G1Affine};

/// A `usize` as `u64`, for error texts.
pub(crate) fn wide(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// A `u32` as `usize`; this crate supports 32- and 64-bit targets only.
pub(crate) fn size(value: u32) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// A length as `u32`. Lengths are bounded far below `2^32` by validation before encoding.
pub(crate) fn length(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Refuses `got > maximum`.
pub(crate) fn at_most(maximum: usize, got: usize) -> Result<(), VerifyError> {
    if got > maximum {
        return Err(VerifyError::TooLarge {
            maximum: wide(maximum),
            got: wide(got),
        });
    }
    Ok(())
}

/// Reads untrusted bytes from front to back.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// Requires the end of input.
    pub(crate) fn finish(self) -> Result<(), VerifyError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(VerifyError::TrailingBytes {
                got: wide(self.rest.len()),
            })
        }
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], VerifyError> {
        let (head, rest) = self
            .rest
            .split_at_checked(count)
            .ok_or_else(|| VerifyError::Truncated {
                missing: wide(count.saturating_sub(self.rest.len())),
            })?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], VerifyError> {
        let (head, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| VerifyError::Truncated {
                missing: wide(N.saturating_sub(self.rest.len())),
            })?;
        self.rest = rest;
        Ok(*head)
    }

    /// What [`Put::put_head`] writes.
    pub(crate) fn head(&mut self, expected: FileKind) -> Result<(), VerifyError> {
        let got = self.array::<4>()?;
        match got == expected.magic() {
            true => self.version(),
            false => Err(VerifyError::BadMagic {
                expected,
                found: FileKind::of(&got),
            }),
        }
    }

    /// The version of the format.
    pub(crate) fn version(&mut self) -> Result<(), VerifyError> {
        let got = u16::from_le_bytes(self.array()?);
        let expected = FORMAT_VERSION;
        if got != expected {
            return Err(VerifyError::BadVersion { expected, got });
        }
        Ok(())
    }

    pub(crate) fn u8(&mut self) -> Result<u8, VerifyError> {
        let [byte] = self.array::<1>()?;
        Ok(byte)
    }

    pub(crate) fn flag(&mut self) -> Result<bool, VerifyError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            got => Err(VerifyError::BadTag { got }),
        }
    }

    pub(crate) fn u32(&mut self) -> Result<u32, VerifyError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn i32(&mut self) -> Result<i32, VerifyError> {
        Ok(i32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> Result<u64, VerifyError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn i64(&mut self) -> Result<i64, VerifyError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    pub(crate) fn scalar(&mut self) -> Result<Fr, VerifyError> {
        scalar(&self.array()?)
    }

    /// A point that must not be the identity.
    pub(crate) fn point(&mut self) -> Result<G1Affine, VerifyError> {
        curve::g1_nonzero(&self.array()?)
    }

    /// A length-prefixed byte string of at most `maximum` bytes.
    pub(crate) fn bytes(&mut self, maximum: usize) -> Result<&'a [u8], VerifyError> {
        let count = size(self.u32()?);
        at_most(maximum, count)?;
        self.take(count)
    }

    /// A list of integers: count, common width in bytes, then two's complement. Only the shortest width is canonical.
    pub(crate) fn integers(&mut self, maximum: usize) -> Result<Vec<i64>, VerifyError> {
        let count = size(self.u32()?);
        at_most(maximum, count)?;
        let width = self.u8()?;
        let bytes = usize::from(width);
        if !(1..=8).contains(&bytes) {
            return Err(VerifyError::BadTag { got: width });
        }
        let values: Vec<i64> = self
            .take(count.saturating_mul(bytes))?
            .chunks_exact(bytes)
            .map(|chunk| {
                let negative = chunk.last().is_some_and(|byte| *byte >= 0x80);
                let mut extended = [if negative { 0xff } else { 0 }; 8];
                extended.iter_mut().zip(chunk).for_each(|(to, from)| *to = *from);
                i64::from_le_bytes(extended)
            })
            .collect();
        match common_width(&values) == bytes {
            true => Ok(values),
            false => Err(VerifyError::BadTag { got: width }),
        }
    }

    /// A length-prefixed list. Nothing is allocated for items whose bytes are not there: each item takes at
    /// least `item_bytes` of the remaining input.
    pub(crate) fn list<T>(
        &mut self,
        maximum: usize,
        item_bytes: usize,
        mut item: impl FnMut(&mut Self) -> Result<T, VerifyError>,
    ) -> Result<Vec<T>, VerifyError> {
        let count = size(self.u32()?);
        at_most(maximum, count)?;
        let needed = count.saturating_mul(item_bytes);
        if needed > self.rest.len() {
            return Err(VerifyError::Truncated {
                missing: wide(needed.saturating_sub(self.rest.len())),
            });
        }
        (0..count).map(|_| item(self)).collect()
    }
}

/// Bytes of the shortest two's complement form.
fn integer_bytes(value: i64) -> usize {
    let magnitude = if value < 0 { !value } else { value };
    let bits = 65u32.saturating_sub(magnitude.leading_zeros());
    size(bits.div_ceil(8))
}

/// The common width of a list of integers: that of the widest, at least 1.
fn common_width(values: &[i64]) -> usize {
    values.iter().copied().map(integer_bytes).max().unwrap_or(1)
}

/// Decodes a scalar below the field order.
pub(crate) fn scalar(bytes: &[u8; 32]) -> Result<Fr, VerifyError> {
    Fr::from_bytes(bytes).ok_or(VerifyError::NonCanonicalScalar)
}

/// Appends canonical bytes.
pub(crate) trait Put {
    fn put(&mut self, bytes: &[u8]);

    /// The first bytes of a file, and the version of the format.
    fn put_head(&mut self, kind: FileKind) {
        self.put(&kind.magic());
        self.put(&FORMAT_VERSION.to_le_bytes());
    }

    fn put_u32(&mut self, value: u32) {
        self.put(&value.to_le_bytes());
    }

    fn put_length(&mut self, value: usize) {
        self.put_u32(length(value));
    }

    fn put_scalar(&mut self, value: &Fr) {
        self.put(&value.to_bytes());
    }

    fn put_point(&mut self, value: &G1Affine) {
        self.put(&value.to_bytes());
    }

    fn put_bytes(&mut self, bytes: &[u8]) {
        self.put_length(bytes.len());
        self.put(bytes);
    }

    /// See [`Reader::integers`].
    fn put_integers(&mut self, values: &[i64]) {
        let width = common_width(values);
        self.put_length(values.len());
        self.put(&[u8::try_from(width).unwrap_or(8)]);
        for value in values {
            self.put(value.to_le_bytes().get(..width).unwrap_or_default());
        }
    }

    fn put_list<T>(&mut self, items: &[T], mut item: impl FnMut(&mut Self, &T))
    where
        Self: Sized,
    {
        self.put_length(items.len());
        for value in items {
            item(self, value);
        }
    }
}

impl Put for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Blake2b-256 with a personalization.
pub(crate) fn digest32(personal: &[u8; 16], bytes: &[u8]) -> [u8; 32] {
    let mut digest = Digest32::new(personal);
    digest.update(bytes);
    digest.finish()
}

/// The same of bytes that come one after the other.
pub(crate) struct Digest32(blake2b_simd::State);

impl Digest32 {
    pub(crate) fn new(personal: &[u8; 16]) -> Self {
        Self(
            blake2b_simd::Params::new()
                .hash_length(32)
                .personal(personal)
                .to_state(),
        )
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    pub(crate) fn finish(&self) -> [u8; 32] {
        let mut digest = [0u8; 32];
        for (to, from) in digest.iter_mut().zip(self.0.finalize().as_bytes()) {
            *to = *from;
        }
        digest
    }
}
