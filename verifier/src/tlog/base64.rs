//! Standard Base 64 (RFC 4648, section 4) with padding, in canonical form only: one text per byte string.

use alloc::string::String;
use alloc::vec::Vec;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The text of `bytes`.
pub fn encode(bytes: &[u8]) -> String {
    let symbol = |bits: u32| {
        let index = usize::try_from(bits & 63).unwrap_or_default();
        char::from(ALPHABET.get(index).copied().unwrap_or_default())
    };
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut group = [0u8; 4];
        group.iter_mut().skip(1).zip(chunk).for_each(|(to, from)| *to = *from);
        let bits = u32::from_be_bytes(group);
        text.push(symbol(bits >> 18));
        text.push(symbol(bits >> 12));
        text.push(if chunk.len() > 1 { symbol(bits >> 6) } else { '=' });
        text.push(if chunk.len() > 2 { symbol(bits) } else { '=' });
    }
    text
}

/// The bytes of `text`, if it is what [`encode`] gives for them.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    for chunk in text.as_bytes().chunks(4) {
        let mut bits = 0u32;
        for symbol in chunk {
            bits <<= 6;
            if *symbol != b'=' {
                bits |= u32::try_from(ALPHABET.iter().position(|known| known == symbol)?).ok()?;
            }
        }
        let length = 3usize.checked_sub(chunk.iter().filter(|symbol| **symbol == b'=').count())?;
        bytes.extend(bits.to_be_bytes().iter().skip(1).take(length));
    }
    // Refuses misplaced padding, stray bits and missing symbols.
    (encode(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vectors_of_rfc_4648() {
        let vectors = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn only_canonical_texts_decode() {
        for bad in [
            "Zg", "Zg=", "Zg===", "Zh==", "Z===", "====", "=Zg=", "Zg==Zg==", "Zm9v\n", "Zm-v", "Zm9vY",
        ] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
