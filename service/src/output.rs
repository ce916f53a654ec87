//! Where a command writes. The place is looked at before the work begins, and written whole after it: what was there before is kept unless
//! the user says otherwise, and what cannot be made again is kept in any case.

use crate::error::CliError;
use crate::files;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Stands for standard input or output.
pub const STANDARD: &str = "-";

/// The place of one file.
#[derive(Debug)]
pub struct Output {
    named: PathBuf,
    kind: Kind,
    private: bool,
}

#[derive(Debug)]
enum Kind {
    Standard,
    /// A file that is made, or with `replace` takes the place of another one.
    File {
        path: PathBuf,
        replace: bool,
    },
    /// Something that is written to, such as a FIFO or a terminal.
    Stream,
}

impl Output {
    /// The place `path`, which must be none of `inputs`. A file that is there is only replaced with `force`; a link is followed.
    ///
    /// # Errors
    /// A file that exists, a folder, an input.
    pub fn new(path: &Path, force: bool, inputs: &[&Path]) -> Result<Self, CliError> {
        let kind = match fs::metadata(path) {
            _ if path.as_os_str() == STANDARD => Kind::Standard,
            Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_ok() => {
                return Err(occupied(
                    path,
                    "is a link to nothing",
                    "remove the link, or name another file",
                ));
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // Found now and not when everything is done.
                let folder = files::folder(path);
                fs::metadata(folder).map_err(|e| CliError::io(folder, &e))?;
                Kind::File {
                    path: path.into(),
                    replace: force,
                }
            }
            Err(error) => return Err(CliError::io(path, &error)),
            Ok(there) if there.is_dir() => {
                return Err(occupied(path, "is a folder", "name a file"));
            }
            Ok(there) if !there.is_file() => Kind::Stream,
            Ok(there) => {
                if inputs.iter().any(|input| same(input, &there)) {
                    return Err(occupied(
                        path,
                        "is an input of this command",
                        "name another file to write",
                    ));
                }
                if !force {
                    return Err(occupied(
                        path,
                        "exists already",
                        "name another file, or add --force to replace it",
                    ));
                }
                Kind::File {
                    path: fs::canonicalize(path).map_err(|e| CliError::io(path, &e))?,
                    replace: true,
                }
            }
        };
        Ok(Self {
            named: path.into(),
            kind,
            private: false,
        })
    }

    /// The same for a file that only its owner may read.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn private(path: &Path, force: bool, inputs: &[&Path]) -> Result<Self, CliError> {
        Ok(Self {
            private: true,
            ..Self::new(path, force, inputs)?
        })
    }

    /// The place of a second file of the same command, for its owner only.
    ///
    /// # Errors
    /// As [`new`](Self::new); `standard-output` if both go there.
    pub fn second(&self, path: &Path, force: bool, inputs: &[&Path]) -> Result<Self, CliError> {
        match self.is_standard() && files::is_standard(path) {
            true => Err(CliError::usage(
                "standard-output",
                "`-` is given for two files, and standard output is one",
                "give one of them a name",
            )),
            false => Self::private(path, force, inputs),
        }
    }

    /// Whether the file goes to standard output, which then holds nothing else.
    pub fn is_standard(&self) -> bool {
        matches!(self.kind, Kind::Standard)
    }

    /// The place as messages name it.
    fn shown(&self) -> &Path {
        match self.kind {
            Kind::Standard => Path::new("standard output"),
            Kind::File { .. } | Kind::Stream => &self.named,
        }
    }

    /// The path of the file, for what is written by others than this.
    ///
    /// # Errors
    /// It is no file.
    pub fn file(&self) -> Result<&Path, CliError> {
        match &self.kind {
            Kind::File { path, .. } => Ok(path),
            Kind::Standard | Kind::Stream => Err(occupied(self.shown(), "is no file", "name a file")),
        }
    }

    /// Writes the file: completely, or not at all.
    ///
    /// # Errors
    /// The disk is full, the reader is gone, and the like.
    pub fn write(&self, bytes: &[u8]) -> Result<(), CliError> {
        self.stage(bytes)?.keep()
    }

    /// Does all of [`write`](Self::write) that may fail for want of room; nothing is seen of it before it is [kept](Staged::keep).
    ///
    /// # Errors
    /// The disk is full, and the like.
    pub fn stage<'a>(&'a self, bytes: &'a [u8]) -> Result<Staged<'a>, CliError> {
        let file = match &self.kind {
            Kind::File { path, .. } => Some(files::aside(path, bytes, self.private)?),
            Kind::Standard | Kind::Stream => None,
        };
        Ok(Staged {
            output: self,
            bytes,
            file,
        })
    }
}

/// What waits to be written; dropped, it leaves everything as it was.
#[derive(Debug)]
pub struct Staged<'a> {
    output: &'a Output,
    bytes: &'a [u8],
    /// Beside the file's place.
    file: Option<NamedTempFile>,
}

impl Staged<'_> {
    /// Writes it.
    ///
    /// # Errors
    /// The reader is gone; somebody made a file of this name meanwhile.
    pub fn keep(self) -> Result<(), CliError> {
        let Output { named, kind, .. } = self.output;
        let io = |e: io::Error| CliError::io(self.output.shown(), &e);
        match (kind, self.file) {
            (Kind::File { path, replace }, Some(file)) => {
                let kept = match replace {
                    true => file.persist(path),
                    false => file.persist_noclobber(path),
                };
                kept.map(drop).map_err(|e| io(e.error))
            }
            (Kind::Stream, _) => {
                let mut stream = OpenOptions::new().write(true).open(named).map_err(io)?;
                stream.write_all(self.bytes).and_then(|()| stream.flush()).map_err(io)
            }
            _ => {
                let mut out = io::stdout().lock();
                out.write_all(self.bytes).and_then(|()| out.flush()).map_err(io)
            }
        }
    }
}

/// A place that is kept under its name, such as a folder: standard output has none.
///
/// # Errors
/// `standard-output` for `-`.
pub fn kept(path: &Path) -> Result<&Path, CliError> {
    match files::is_standard(path) {
        true => Err(CliError::usage(
            "standard-output",
            "`-` is given for a folder, or for a file that is kept, which standard output cannot be",
            "give it a name; `./-` is one",
        )),
        false => Ok(path),
    }
}

/// A folder that a command makes as a whole.
#[derive(Debug)]
pub struct OutputFolder(PathBuf);

impl OutputFolder {
    /// A folder that is not there yet, or is empty.
    ///
    /// # Errors
    /// Anything else is there; `-`.
    pub fn new(path: &Path) -> Result<Self, CliError> {
        match fs::read_dir(kept(path)?) {
            Err(error) if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err() => {
                return Ok(Self(path.into()));
            }
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(occupied(path, "is no folder", "name a folder that does not exist yet"));
            }
            Err(error) => return Err(CliError::io(path, &error)),
            Ok(mut entries) => {
                if entries.next().is_some() {
                    let help = "name a folder that does not exist yet; a commitment cannot be made again, so remove an old one by hand, if at all";
                    return Err(occupied(path, "is not empty", help));
                }
            }
        }
        // A link's target, or the working folder by its name.
        Ok(Self(fs::canonicalize(path).map_err(|e| CliError::io(path, &e))?))
    }

    /// Lets `fill` write into a folder beside it, which then takes its place.
    ///
    /// # Errors
    /// Those of `fill`; nothing is left then.
    pub fn fill(&self, fill: impl FnOnce(&Path) -> Result<(), CliError>) -> Result<(), CliError> {
        let io = |e: io::Error| CliError::io(&self.0, &e);
        let parent = files::folder(&self.0);
        fs::create_dir_all(parent).map_err(io)?;
        let aside = tempfile::Builder::new()
            .prefix(".provenn-")
            .tempdir_in(parent)
            .map_err(io)?;
        fill(aside.path())?;
        for entry in fs::read_dir(aside.path()).map_err(io)? {
            let path = entry.map_err(io)?.path();
            File::open(path).and_then(|file| file.sync_all()).map_err(io)?;
        }
        // An empty folder is replaced by a rename, one that was filled meanwhile is not.
        fs::rename(aside.path(), &self.0).map_err(io)?;
        let _moved = aside.keep();
        Ok(())
    }
}

fn occupied(path: &Path, what: &str, help: &str) -> CliError {
    CliError::usage("output-exists", format!("{} {what}", path.display()), help)
}

/// Whether a path leads to a file.
fn same(path: &Path, file: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).is_ok_and(|other| (other.dev(), other.ino()) == (file.dev(), file.ino()))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
