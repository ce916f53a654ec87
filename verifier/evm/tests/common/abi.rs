//! Calls and errors of contracts in their encoding.

use provenn_evm::keccak256;
use revm::primitives::Address;

/// An argument.
#[derive(Clone, Debug)]
pub enum Value {
    Word([u8; 32]),
    /// `bytes` and `string`.
    Bytes(Vec<u8>),
    Words(Vec<[u8; 32]>),
    /// A struct with members of any length.
    Struct(Vec<Value>),
}

impl From<[u8; 32]> for Value {
    fn from(word: [u8; 32]) -> Self {
        Self::Word(word)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Word(word(number))
    }
}

impl From<Address> for Value {
    fn from(address: Address) -> Self {
        Self::Word(address.into_word().into())
    }
}

pub fn word(number: u64) -> [u8; 32] {
    let mut word = [0; 32];
    word[24..].copy_from_slice(&number.to_be_bytes());
    word
}

pub fn encode(values: &[Value]) -> Vec<u8> {
    let (mut head, mut tail) = (vec![], vec![]);
    for value in values {
        let bytes = match value {
            Value::Word(word) => {
                head.extend(word);
                continue;
            }
            Value::Bytes(bytes) => {
                let mut padded = word(bytes.len() as u64).to_vec();
                padded.extend(bytes);
                padded.resize(32 + bytes.len().next_multiple_of(32), 0);
                padded
            }
            Value::Words(words) => [&word(words.len() as u64), words.as_flattened()].concat(),
            Value::Struct(members) => encode(members),
        };
        head.extend(word((32 * values.len() + tail.len()) as u64));
        tail.extend(bytes);
    }
    [head, tail].concat()
}

pub fn selector(signature: &str) -> [u8; 4] {
    let [a, b, c, d, ..] = keccak256(signature.as_bytes());
    [a, b, c, d]
}

pub fn call(signature: &str, values: &[Value]) -> Vec<u8> {
    [&selector(signature)[..], &encode(values)].concat()
}

/// A short text in the first bytes of a word.
pub fn text(text: &str) -> [u8; 32] {
    let mut word = [0; 32];
    word[..text.len()].copy_from_slice(text.as_bytes());
    word
}
