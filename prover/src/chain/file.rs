//! Files that carry a proof from one process to another: what they are, a digest, which shows damage and nothing more, and the body.

use provenn_verifier::FORMAT_VERSION;

pub(super) fn sealed(magic: [u8; 8], body: &[u8]) -> Vec<u8> {
    [&magic[..], &FORMAT_VERSION.to_le_bytes(), &digest(body), body].concat()
}

/// The body, or what is wrong with the file.
pub(super) fn opened(magic: [u8; 8], bytes: &[u8]) -> Result<&[u8], String> {
    let rest = bytes.strip_prefix(&magic).ok_or("it is a file of another kind")?;
    let (version, rest) = rest.split_first_chunk().ok_or(SHORT)?;
    if *version != FORMAT_VERSION.to_le_bytes() {
        let version = u16::from_le_bytes(*version);
        return Err(format!("it has format version {version}, expected {FORMAT_VERSION}"));
    }
    let (named, body) = rest.split_first_chunk().ok_or(SHORT)?;
    match *named == digest(body) {
        true => Ok(body),
        false => Err("it is damaged: its digest is another one".into()),
    }
}

const SHORT: &str = "it ends early";

fn digest(bytes: &[u8]) -> [u8; 32] {
    let mut parameters = blake2b_simd::Params::new();
    let hash = parameters.hash_length(32).personal(b"Provenn-File----").hash(bytes);
    let mut digest = [0u8; 32];
    digest.copy_from_slice(hash.as_bytes());
    digest
}
