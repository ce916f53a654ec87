//! Hexadecimal, and numbers on the command line.

use std::str::FromStr;

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Bytes of a hexadecimal text.
pub fn unhex(text: &str) -> Result<Vec<u8>, String> {
    if !text.len().is_multiple_of(2) || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err("an even number of hexadecimal digits is expected".into());
    }
    let pair = |pair: &[u8]| {
        let text = std::str::from_utf8(pair).unwrap_or_default();
        u8::from_str_radix(text, 16).map_err(|e| e.to_string())
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

/// Exactly 32 bytes, as a clap value parser.
pub fn hex32(text: &str) -> Result<[u8; 32], String> {
    let bytes = unhex(text)?;
    let got = bytes.len();
    bytes
        .try_into()
        .map_err(|_| format!("64 hexadecimal digits (32 bytes) are expected, got {got} bytes"))
}

/// A whole number, as a clap value parser.
pub fn whole<T: FromStr + Bounded>(text: &str) -> Result<T, String> {
    text.parse()
        .map_err(|_| format!("a whole number of 0 to {} is expected", T::MOST))
}

/// Largest values, for messages.
pub trait Bounded {
    const MOST: u64;
}

impl Bounded for u32 {
    const MOST: u64 = Self::MAX as u64;
}

impl Bounded for u64 {
    const MOST: u64 = Self::MAX;
}

/// A digest of 32 or 64 bytes, as a clap value parser.
#[derive(Clone, Debug)]
pub enum Digest {
    Blake2b256([u8; 32]),
    Blake2b512([u8; 64]),
}

pub fn digest(text: &str) -> Result<Digest, String> {
    let bytes = unhex(text)?;
    if let Ok(short) = <[u8; 32]>::try_from(bytes.as_slice()) {
        return Ok(Digest::Blake2b256(short));
    }
    <[u8; 64]>::try_from(bytes.as_slice())
        .map(Digest::Blake2b512)
        .map_err(|_| {
            format!(
                "32 bytes (`b2sum -l 256`) or 64 bytes (`b2sum`) are expected, got {}",
                bytes.len()
            )
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trip_and_refusals() {
        assert_eq!(unhex(&hex(&[0, 1, 255])), Ok(vec![0, 1, 255]));
        for bad in ["0", "0g", "+1", "é0"] {
            assert!(unhex(bad).is_err(), "{bad}");
        }
        assert!(hex32("00").is_err());
        assert!(digest(&"00".repeat(48)).is_err());
    }
}
