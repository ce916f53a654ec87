//! Where inputs and rows come from.

use super::image::Pixels;
use super::npz;
use crate::error::CliError;
use crate::files::{Part, MAX_DATA};
use provenn_prover::commit::Description;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Data, and the input that it is for.
#[derive(Clone, Debug)]
pub enum Source {
    /// `NAME=FILE`, or `FILE` where there is only one input, or where the file names its inputs. A picture is `FILE@BLACK..WHITE`.
    File(String),
    /// A file of the input that is named, or of the only one.
    Path { input: Option<String>, path: PathBuf },
    /// The bytes of such a file, of callers that have no file.
    Memory { input: Option<String>, bytes: Vec<u8> },
}

impl FromStr for Source {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self::File(text.to_owned()))
    }
}

impl Source {
    /// What it says before anything is read. A name before `=` is one of `names`, and numbers after `@` are a range: a file may have both
    /// characters in its own.
    fn split<'a>(&'a self, names: &[&str]) -> Said<'a> {
        let (name, file) = match self {
            Self::File(text) => match text.split_once('=') {
                Some((name, file)) if names.contains(&name) => (Some(name), file),
                _ => (None, text.as_str()),
            },
            Self::Path { input, path } => return Said::file(input.as_deref(), path),
            Self::Memory { input, .. } => return Said::file(input.as_deref(), Path::new("the array")),
        };
        let ranged = file
            .rsplit_once('@')
            .and_then(|(file, range)| Some((file, range.parse().ok()?)));
        match ranged {
            Some((file, pixels)) => Said {
                pixels: Some(pixels),
                ..Said::file(name, Path::new(file))
            },
            None => Said::file(name, Path::new(file)),
        }
    }

    /// The data by the names of inputs, as far as it has some: the arrays of an archive, or the file itself.
    pub(super) fn data(&self, names: &[&str]) -> Result<Vec<Data>, CliError> {
        let Said { name, path, pixels } = self.split(names);
        let part = match self {
            Self::File(_) | Self::Path { .. } => Part::read(path, MAX_DATA)?,
            Self::Memory { bytes, .. } => Part {
                place: path.into(),
                bytes: bytes.clone(),
            },
        };
        if name.is_some() || !part.bytes.starts_with(npz::MAGIC) {
            let name = name.map(str::to_owned);
            return Ok(vec![Data { name, part, pixels }]);
        }
        let arrays = npz::arrays(&part.bytes).map_err(|e| e.at(&part.place))?;
        // The only array is for the only input, whatever it is called.
        let is_named = arrays.len() > 1 || names.len() > 1;
        let data = arrays.into_iter().map(|(name, bytes)| Data {
            part: Part {
                place: part.place.join(&name),
                bytes,
            },
            name: is_named.then_some(name),
            pixels: None,
        });
        Ok(data.collect())
    }

    /// The file, whatever it is for.
    pub fn path(&self, description: &Description) -> PathBuf {
        self.split(&names(description)).path.to_owned()
    }
}

/// What a source says of itself.
struct Said<'a> {
    name: Option<&'a str>,
    path: &'a Path,
    pixels: Option<Pixels>,
}

impl<'a> Said<'a> {
    fn file(name: Option<&'a str>, path: &'a Path) -> Self {
        let pixels = None;
        Self { name, path, pixels }
    }
}

/// Data that was read.
pub(super) struct Data {
    /// The input that it is for, if it says so.
    pub name: Option<String>,
    pub part: Part,
    /// What the pixels of a picture stand for.
    pub pixels: Option<Pixels>,
}

/// The names of the inputs of a model.
pub(super) fn names(description: &Description) -> Vec<&str> {
    description.inputs.iter().map(|input| input.name.as_str()).collect()
}
