//! Everything that can go wrong with an SRS.

use std::io;
use std::path::{Path, PathBuf};

/// What a point belongs to, for messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SrsGroup {
    G1,
    G2,
    /// The Lagrange points, which are in G1 too.
    Lagrange,
}

/// Errors of making, storing, reading and importing an SRS. [`SrsError::code`] is stable; [`SrsError::help`] says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SrsError {
    #[error("{} is corrupted: digest {} expected, got {}", path.display(), hex(expected), hex(got))]
    CacheCorrupted {
        path: PathBuf,
        expected: [u8; 32],
        got: [u8; 32],
    },
    #[error("{} is corrupted: its {group:?} point {index} is not a canonical curve point other than the identity", path.display())]
    CachePoint {
        path: PathBuf,
        group: SrsGroup,
        index: usize,
    },
    #[error("{} is not an SRS file of this version: {field} {expected} expected, got {got}", path.display())]
    CacheFormat {
        path: PathBuf,
        field: &'static str,
        expected: u64,
        got: u64,
    },
    #[error("{} does not belong to this directory's secret: [tau]G2 differs from that of dev.seed", path.display())]
    CacheForeign { path: PathBuf },
    #[error("there are no development parameters of 2^{k} rows in {}", dir.display())]
    DevMissing { dir: PathBuf, k: u32 },
    #[error("pinned digest {} expected, got {}", hex(expected), hex(got))]
    DigestMismatch { expected: Vec<u8>, got: Vec<u8> },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: Box<SrsError> },
    #[error("the first {group:?} point is not the generator")]
    GeneratorMismatch { group: SrsGroup },
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("k of {minimum} to {maximum} expected, got {got}")]
    KOutOfRange { minimum: u32, maximum: u32, got: u32 },
    #[error("{group:?} point {index} is not a canonical curve point other than the identity")]
    PointInvalid { group: SrsGroup, index: usize },
    #[error("G2 point {index} is on the curve but outside the subgroup of order r")]
    PointOutsideSubgroup { index: usize },
    #[error("the G1 points are not successive powers of one secret")]
    PowersInconsistent,
    #[error("ptau header: {field} {expected} expected, got {got}")]
    PtauHeader {
        field: &'static str,
        expected: u64,
        got: u64,
    },
    #[error("ptau section {section}: its Lagrange points of 2^{k} rows are not those of the powers in section 2")]
    PtauLagrange { section: u32, k: u32 },
    #[error("bytes {} are not the start of a ptau file", hex(got))]
    PtauMagic { got: [u8; 4] },
    #[error(
        "the ptau file is for another curve: base field prime {} expected (little endian), got {}",
        hex(expected),
        hex(got)
    )]
    PtauPrime { expected: [u8; 32], got: [u8; 32] },
    #[error("ptau section {section}: {expected} bytes expected, got {got}")]
    PtauSectionLength { section: u32, expected: u64, got: u64 },
    #[error("ptau section {section} is missing")]
    PtauSectionMissing { section: u32 },
    #[error("ptau section {section} appears twice")]
    PtauSectionRepeated { section: u32 },
    #[error("the ptau file holds {got} bytes; its sections need {expected}")]
    PtauTruncated { expected: u64, got: u64 },
    #[error("the operating system gave no randomness: {0}")]
    Randomness(getrandom::Error),
    #[error("the secret is zero or a root of unity: nobody contributed to this file")]
    SecretDegenerate,
    #[error("the Lagrange points are not those of the powers")]
    LagrangeInconsistent,
    #[error("{} can be read by other users (mode {mode:o}): they can forge receipts", path.display())]
    SeedOpen { path: PathBuf, mode: u32 },
    #[error("{}: a seed of {expected} bytes expected, got {got}", path.display())]
    SeedLength { path: PathBuf, expected: u64, got: u64 },
    #[error("[tau]G1 and [tau]G2 have different secrets")]
    TauMismatch,
}

impl SrsError {
    /// Stable identifier, the same in the command line, the API and the docs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::CacheCorrupted { .. } => "srs-cache-corrupted",
            Self::CacheFormat { .. } => "srs-cache-format",
            Self::CacheForeign { .. } => "srs-cache-foreign",
            Self::CachePoint { .. } => "srs-cache-point",
            Self::DigestMismatch { .. } => "srs-digest-mismatch",
            Self::File { source, .. } => source.code(),
            Self::GeneratorMismatch { .. } => "srs-generator-mismatch",
            Self::Io { .. } => "srs-io",
            Self::KOutOfRange { .. } => "srs-k-out-of-range",
            Self::PointInvalid { .. } => "srs-point-invalid",
            Self::PointOutsideSubgroup { .. } => "srs-point-outside-subgroup",
            Self::PowersInconsistent => "srs-powers-inconsistent",
            Self::PtauHeader { .. } => "srs-ptau-header",
            Self::PtauLagrange { .. } => "srs-ptau-lagrange",
            Self::PtauMagic { .. } => "srs-ptau-magic",
            Self::PtauPrime { .. } => "srs-ptau-prime",
            Self::PtauSectionLength { .. } => "srs-ptau-section-length",
            Self::PtauSectionMissing { .. } => "srs-ptau-section-missing",
            Self::PtauSectionRepeated { .. } => "srs-ptau-section-repeated",
            Self::PtauTruncated { .. } => "srs-ptau-truncated",
            Self::Randomness(_) => "srs-randomness",
            Self::SecretDegenerate => "srs-secret-degenerate",
            Self::DevMissing { .. } => "srs-dev-missing",
            Self::LagrangeInconsistent => "srs-lagrange-inconsistent",
            Self::SeedLength { .. } => "srs-seed-length",
            Self::SeedOpen { .. } => "srs-seed-open",
            Self::TauMismatch => "srs-tau-mismatch",
        }
    }

    /// One sentence of advice.
    pub fn help(&self) -> &'static str {
        match self {
            Self::CacheCorrupted { .. }
            | Self::CacheFormat { .. }
            | Self::CacheForeign { .. }
            | Self::CachePoint { .. } => {
                "If it is a dev-k*.srs of a cache, delete it and run again; otherwise get it again from where it came, and delete nothing."
            }
            Self::File { source, .. } => source.help(),
            Self::DigestMismatch { .. } => "Fetch the file again from its publisher and compare the digest you pinned.",
            Self::Io { .. } => {
                "Check that the path exists, that it is readable and writable, and that the disk has room."
            }
            Self::KOutOfRange { .. } => "Choose a k in the range, or an SRS with more powers.",
            Self::PtauHeader { .. } | Self::PtauMagic { .. } => "Use a snarkjs .ptau file, format version 1.",
            Self::PtauPrime { .. } => "Use a ceremony over BN254 (also called bn128 or alt_bn128).",
            Self::PtauSectionLength { .. }
            | Self::PtauSectionMissing { .. }
            | Self::PtauSectionRepeated { .. }
            | Self::PtauTruncated { .. } => "Fetch the .ptau file again; this copy is incomplete or altered.",
            Self::Randomness(_) => "Run where the operating system's random source is available.",
            Self::SecretDegenerate => "Use the file after at least one contribution, from a ceremony you trust.",
            Self::DevMissing { .. } => "Name with --srs the parameters that the card was committed under: the owner's dev-k*.srs or its folder, or what `provenn srs import` wrote. Nothing is made here: new parameters would be others.",
            Self::SeedOpen { .. } => "Make new parameters in a folder of your own; `chmod 600` suffices only if nobody has read it.",
            Self::SeedLength { .. } => "Delete dev.seed and every dev-k*.srs beside it, and run again.",
            Self::GeneratorMismatch { .. }
            | Self::PointInvalid { .. }
            | Self::PointOutsideSubgroup { .. }
            | Self::LagrangeInconsistent
            | Self::PowersInconsistent
            | Self::PtauLagrange { .. }
            | Self::TauMismatch => "Do not use this SRS; fetch it again from a publisher you trust and pin its digest.",
        }
    }

    /// The same about a file, unless it names one.
    pub(super) fn at(self, path: &Path) -> Self {
        match self {
            Self::CacheCorrupted { .. }
            | Self::CacheFormat { .. }
            | Self::CacheForeign { .. }
            | Self::CachePoint { .. }
            | Self::DevMissing { .. }
            | Self::File { .. }
            | Self::Io { .. }
            | Self::SeedLength { .. }
            | Self::SeedOpen { .. } => self,
            error => Self::File {
                path: path.to_owned(),
                source: Box::new(error),
            },
        }
    }

    pub(super) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
