//! Where KZG parameters come from.

pub mod ceremonies;

use crate::bytes::Digest;
use crate::error::CliError;
use crate::files;
use ceremonies::Ceremony;
use provenn_prover::srs::{import_ptau, import_ptau_published, Srs};
use provenn_prover::ProveError;
use std::path::{Path, PathBuf};

/// Name of imported parameters in a model's folder.
pub const FILE: &str = "model.srs";

/// What every command says when it makes or uses development parameters.
pub const UNSAFE: &str =
    "development SRS: whoever controls the machine that made it can forge receipts; unsafe for anybody who does not trust it";

/// The cache of development parameters: `$PROVENN_HOME`, else `provenn` in the user's cache folder.
pub fn home() -> Result<PathBuf, CliError> {
    let set = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty()).map(PathBuf::from);
    set("PROVENN_HOME")
        .or_else(|| set("XDG_CACHE_HOME").map(|d| d.join("provenn")))
        .or_else(|| set("HOME").map(|d| d.join(".cache/provenn")))
        .ok_or_else(|| {
            CliError::usage(
                "no-home",
                "neither PROVENN_HOME nor HOME is set",
                "name the SRS folder with --srs",
            )
        })
}

/// Parameters of 2^k rows. A file is one that `srs import` wrote, a folder is a cache of development parameters.
pub fn open(path: Option<&Path>, k: u32) -> Result<Srs, CliError> {
    match path.map(files::seekable).transpose()? {
        Some(path) if path.is_file() => stored(path, k),
        Some(path) => Ok(Srs::load_or_make_dev(path, k)?),
        None => Ok(Srs::load_or_make_dev(&home()?, k)?),
    }
}

/// Parameters that something was committed under; makes none. The publisher's own file beside a card is that publisher's word.
pub fn existing(path: Option<&Path>, k: u32) -> Result<Parameters, CliError> {
    let folder = match path.map(files::seekable).transpose()? {
        Some(path) if path.is_file() => {
            return Ok(Parameters {
                srs: stored(path, k)?,
                path: path.into(),
            })
        }
        Some(path) => path.into(),
        None => home()?,
    };
    Ok(Parameters {
        srs: Srs::load_dev(&folder, k)?,
        path: folder.join(format!("dev-k{k}.srs")),
    })
}

/// Parameters, and the file that they are from.
pub struct Parameters {
    pub srs: Srs,
    pub path: PathBuf,
}

impl Parameters {
    /// Checks all points.
    pub fn check(&self) -> Result<(), CliError> {
        self.srs.check().map_err(|error| CliError::from(error).at(&self.path))
    }

    /// An error of work with these parameters: about their file if they are the reason, which is only looked at now.
    pub fn blame(&self, error: ProveError) -> CliError {
        match error {
            ProveError::SrsMismatch => self.check().err().unwrap_or(CliError::from(error).at(&self.path)),
            ProveError::Refused(_) => self.check().err().unwrap_or(error.into()),
            error => error.into(),
        }
    }
}

/// Imports from a ceremony file under the digest that the caller pins, or that of a ceremony which is known by name; and that one, if it is.
pub fn import(ptau: &Path, k: u32, digest: Option<&Digest>) -> Result<(Srs, Option<Ceremony>), CliError> {
    files::seekable(ptau)?;
    let published = match digest {
        Some(Digest::Blake2b256(digest)) => return Ok((import_ptau(ptau, k, Some(*digest))?, None)),
        Some(Digest::Blake2b512(digest)) => *digest,
        None => ceremonies::of(ptau)?.digest,
    };
    let srs = import_ptau_published(ptau, k, published)?;
    Ok((srs, ceremonies::with_digest(&published)))
}

/// The user's own imported file.
fn stored(path: &Path, k: u32) -> Result<Srs, CliError> {
    let srs = Srs::load_own(path)?;
    match srs.k() {
        have if have >= k => Ok(srs.downsize(k)),
        have => Err(CliError::new(
            5,
            "srs-too-small",
            format!("the SRS has 2^{have} powers, the model needs 2^{k}"),
            "import more powers with `provenn srs import --k`",
        )
        .at(path)),
    }
}
