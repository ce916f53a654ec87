//! Ceremonies that are known by name: their files are recognised by digests that were published.

use crate::bytes::{hex, unhex};
use crate::error::CliError;
use crate::files;
use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::path::Path;

/// What the ceremony of the table is called.
const NAME: &str = "perpetual powers of tau, Hermez rounds";
/// Power, file name, BLAKE2b-512 of the file; where they are from stands in it.
const TABLE: &str = include_str!("ceremonies.tsv");
/// Bytes hashed at a time: ceremony files have up to many gigabytes.
const CHUNK: usize = 1 << 20;

/// A published file of a ceremony.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ceremony {
    /// Name of the file where it was published.
    pub file: &'static str,
    /// It holds powers for circuits of `2^power` rows.
    pub power: u32,
    /// BLAKE2b-512 of the file.
    pub digest: [u8; 64],
}

impl fmt::Display for Ceremony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{NAME}: {}", self.file)
    }
}

/// All that are known.
pub fn all() -> impl Iterator<Item = Ceremony> {
    let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Ceremony {
            power: fields.next()?.parse().ok()?,
            file: fields.next()?,
            digest: unhex(fields.next()?).ok()?.try_into().ok()?,
        })
    })
}

/// The one with this digest.
pub fn with_digest(digest: &[u8; 64]) -> Option<Ceremony> {
    all().find(|ceremony| ceremony.digest == *digest)
}

/// The one whose file this is.
///
/// # Errors
/// `unknown-ceremony` for a file with a digest that is not in the table, `wrong-file` for one that is of no ceremony.
pub fn of(path: &Path) -> Result<Ceremony, CliError> {
    let digest = digest(path)?;
    let least = all().map(|ceremony| ceremony.power).min().unwrap_or_default();
    let most = all().map(|ceremony| ceremony.power).max().unwrap_or_default();
    with_digest(&digest).ok_or_else(|| {
        CliError::usage(
            "unknown-ceremony",
            format!(
                "{} is no file of a ceremony that is known by name; its BLAKE2b digest is {}",
                path.display(),
                hex(&digest)
            ),
            format!(
                "known are the files of `{NAME}` for 2^{least} to 2^{most}; for another ceremony pin the digest that it published with --digest"
            ),
        )
    })
}

/// BLAKE2b-512 of a ceremony file.
fn digest(path: &Path) -> Result<[u8; 64], CliError> {
    let io = |e: std::io::Error| CliError::io(path, &e);
    let mut file = File::open(path).map_err(io)?;
    let mut start = Vec::new();
    file.by_ref().take(16).read_to_end(&mut start).map_err(io)?;
    if !start.starts_with(b"ptau") {
        return Err(CliError::kind(
            2,
            "wrong-file",
            path,
            files::what(&start),
            "a ceremony file (.ptau)",
        ));
    }
    file.rewind().map_err(io)?;
    let (mut state, mut chunk) = (blake2b_simd::State::new(), vec![0; CHUNK]);
    loop {
        match file.read(&mut chunk).map_err(io)? {
            0 => return Ok(*state.finalize().as_array()),
            read => state.update(chunk.get(..read).unwrap_or_default()),
        };
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
