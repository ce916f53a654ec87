//! Reading files of bounded size, and writing private ones.

use crate::data::npy;
use crate::error::CliError;
use crate::output::STANDARD;
use provenn_circuits::onnx;
use provenn_prover::chain::{PIECE_MAGIC, RUN_MAGIC};
use provenn_prover::store::PRIVATE_MAGIC;
use provenn_prover::ProveError;
use provenn_verifier::tlog::InclusionProof;
use provenn_verifier::{card, FileKind, VerifyError};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Display, Path, PathBuf};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use tempfile::NamedTempFile;

/// Largest ONNX file.
pub const MAX_MODEL: u64 = 512 << 20;
/// Largest data file.
pub const MAX_DATA: u64 = 256 << 20;
/// Largest card, of a model in one circuit or in segments.
pub const MAX_CARD: u64 = card::MAX_CARD as u64;
/// Largest receipt or SRS verifying key.
pub const MAX_RECEIPT: u64 = 64 << 20;

/// What `-` is called where it is read.
pub const STANDARD_INPUT: &str = "standard input";
/// Nothing is left of standard input when it was read.
static WAS_READ: AtomicBool = AtomicBool::new(false);

/// A file that is read, as messages name it.
pub fn named(path: &Path) -> Display<'_> {
    match is_standard(path) {
        true => Path::new(STANDARD_INPUT).display(),
        false => path.display(),
    }
}

/// Whether this is standard input.
pub fn is_standard(path: &Path) -> bool {
    path.as_os_str() == STANDARD
}

/// A file that is read in parts, more than once, or written again: standard input cannot be.
///
/// # Errors
/// `standard-input` for `-`.
pub fn seekable(path: &Path) -> Result<&Path, CliError> {
    match is_standard(path) {
        true => Err(CliError::usage(
            "standard-input",
            "`-` is given for a file that is read in parts or written again, which standard input cannot be",
            "write it to a file first, and name that",
        )),
        false => Ok(path),
    }
}

/// Reads a file, or standard input for `-`, of at most `maximum` bytes, endless devices included.
pub fn read(path: &Path, maximum: u64) -> Result<Vec<u8>, CliError> {
    let mut bytes = Vec::new();
    let read = match is_standard(path) {
        true if WAS_READ.swap(true, Ordering::Relaxed) => {
            return Err(CliError::usage(
                "standard-input",
                "`-` is given for two files, and standard input is one",
                "give one of them by its name",
            ))
        }
        true => std::io::stdin().lock().take(maximum + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(maximum + 1).read_to_end(&mut bytes)),
    };
    read.map_err(|e| CliError::io(path, &e))?;
    if bytes.len() as u64 > maximum {
        let message = format!("{}: more than {maximum} bytes", named(path));
        return Err(CliError::new(
            5,
            "file-too-large",
            message,
            "check that the right file was given",
        ));
    }
    Ok(bytes)
}

/// A file of the verifier's format.
pub fn decode<T>(
    path: &Path,
    maximum: u64,
    decode: impl FnOnce(&[u8]) -> Result<T, VerifyError>,
) -> Result<T, CliError> {
    let bytes = read(path, maximum)?;
    decode(&bytes).map_err(|error| CliError::file(path, &bytes, error))
}

/// The bytes of a file.
#[derive(Debug)]
pub struct Part {
    /// Where they are from, for messages.
    pub place: PathBuf,
    pub bytes: Vec<u8>,
}

impl Part {
    pub fn read(path: &Path, maximum: u64) -> Result<Self, CliError> {
        Ok(Self {
            place: path.into(),
            bytes: read(path, maximum)?,
        })
    }

    pub fn decode<T>(&self, decode: impl FnOnce(&[u8]) -> Result<T, VerifyError>) -> Result<T, CliError> {
        decode(&self.bytes).map_err(|error| CliError::file(&self.place, &self.bytes, error))
    }

    /// A proof of the log.
    pub fn log_proof(&self) -> Result<InclusionProof, CliError> {
        let text = std::str::from_utf8(&self.bytes).map_err(|_| VerifyError::BadUtf8);
        let proof = text.and_then(|text| Ok(InclusionProof::from_text(text)?));
        proof.map_err(|error| CliError::from(error).at(&self.place))
    }
}

/// A size for a symbolic dimension: `NAME=SIZE`.
#[derive(Clone, Debug)]
pub struct Dimension(String, usize);

impl FromStr for Dimension {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let size = |(name, size): (&str, &str)| Some(Self(name.to_owned(), size.parse().ok()?));
        text.rsplit_once('=')
            .and_then(size)
            .ok_or("NAME=SIZE is expected, as in batch=4")
    }
}

/// An ONNX file, as far as it is no other that is known here, with sizes for its symbolic dimensions.
pub fn model(path: &Path, sizes: &[Dimension]) -> Result<Vec<u8>, CliError> {
    model_in(Part::read(path, MAX_MODEL)?, sizes)
}

/// The same of bytes.
pub fn model_in(Part { place, bytes }: Part, sizes: &[Dimension]) -> Result<Vec<u8>, CliError> {
    if let Some(found) = known(&bytes) {
        return Err(CliError::kind(2, "wrong-file", &place, found, "an ONNX file"));
    }
    if sizes.is_empty() {
        return Ok(bytes);
    }
    let sizes: Vec<(String, usize)> = sizes
        .iter()
        .map(|Dimension(name, size)| (name.clone(), *size))
        .collect();
    Ok(onnx::sized(&bytes, &sizes).map_err(ProveError::from)?)
}

/// What the first bytes of a file show.
pub fn what(bytes: &[u8]) -> &'static str {
    let text = bytes.trim_ascii_start();
    match known(bytes) {
        Some(known) => known,
        None if bytes.is_empty() => "empty",
        None if text.starts_with(b"{") || text.starts_with(b"[") => "JSON",
        None => "a file of no known kind",
    }
}

fn known(bytes: &[u8]) -> Option<&'static str> {
    let ours = FileKind::of(bytes).map(|kind| match kind {
        FileKind::Agreement => "an agreement",
        FileKind::Bundle => "a bundle",
        FileKind::Card => "a model card",
        FileKind::ChainCard => "a card of a model in segments",
        FileKind::ChainReceipt => "a receipt of a model in segments",
        FileKind::Input => "a party's signature of an input",
        FileKind::Receipt => "a receipt",
        FileKind::Srs => "an SRS verifying key",
        FileKind::Key => "a circuit key",
        FileKind::Signature => "a publisher's signature",
        FileKind::State => "a publisher's word on the state of a model",
        _ => "a log entry",
    });
    let others: [(&[u8], &str); 8] = [
        (npy::MAGIC, "a .npy file"),
        (b"PROVNSRS", "an SRS file of the prover"),
        (&PRIVATE_MAGIC, "the private file of a committed model"),
        (&RUN_MAGIC, "a run of a model in segments"),
        (&PIECE_MAGIC, "a piece of a receipt"),
        (b"ptau", "a ceremony file (.ptau)"),
        (b"PK\x03\x04", "a zip archive"),
        (b"SQLite format 3", "a database"),
    ];
    let found = others.iter().find(|(magic, _)| bytes.starts_with(magic));
    ours.or(found.map(|(_, name)| *name))
}

/// The folder that a path is in.
pub fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

/// Writes a file completely or not at all. A private one is readable by its owner only, from its first byte on.
pub fn write(path: &Path, bytes: &[u8], private: bool) -> Result<(), CliError> {
    let file = aside(path, bytes, private)?;
    file.persist(path).map_err(|e| CliError::io(path, &e.error)).map(drop)
}

/// The file that is to be at `path`, beside it under a name that nobody else uses; removed unless it is kept.
pub fn aside(path: &Path, bytes: &[u8], private: bool) -> Result<NamedTempFile, CliError> {
    let io = |e: std::io::Error| CliError::io(path, &e);
    let mut file = NamedTempFile::new_in(folder(path)).map_err(io)?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(io)?;
    #[cfg(unix)]
    if !private {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(file.path(), fs::Permissions::from_mode(0o644)).map_err(io)?;
    }
    #[cfg(not(unix))]
    let _only_unix = private;
    Ok(file)
}

/// Size of a file, 0 if there is none.
pub fn size(path: &Path) -> usize {
    fs::metadata(path).map_or(0, |m| usize::try_from(m.len()).unwrap_or(usize::MAX))
}
