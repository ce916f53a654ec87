//! Files of a committed model: `model.card` and `srs.vk` (public), and `model.private` (the owner's).

use crate::commit::{proving_key, srs_verifying_key, Committed, Description};
use crate::error::{Defect, ProveError};
use crate::plonk::Key;
use crate::srs::Srs;
use halo2curves::bn256::Fr;
use halo2curves::ff::PrimeField;
use provenn_circuits::layout::{Layout, Shape};
use provenn_circuits::program::Program;
use provenn_verifier::{ModelCard, SrsVerifyingKey, FORMAT_VERSION};
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use std::fs;
use std::path::Path;
use std::sync::Arc;

/// File names in a model's directory.
pub const CARD: &str = "model.card";
/// Verifier's part of the SRS.
pub const SRS: &str = "srs.vk";
/// Weights and openings.
pub const PRIVATE: &str = "model.private";

/// The first bytes of a private file; the version of the format follows, little endian.
pub const PRIVATE_MAGIC: [u8; 8] = *b"PROVNPRV";

#[derive(Serialize, Deserialize)]
struct Private {
    model: Program,
    shape: Shape,
    tails: Vec<Vec<[u8; 32]>>,
}

fn private(path: &Path) -> Result<Private, ProveError> {
    let bytes = read(path)?;
    let body = bytes.strip_prefix(&PRIVATE_MAGIC).and_then(<[u8]>::split_first_chunk);
    match body {
        Some((version, body)) if *version == FORMAT_VERSION.to_le_bytes() => {
            postcard::from_bytes(body).map_err(|e| damaged(path, e.to_string()))
        }
        Some((version, _)) => Err(damaged(
            path,
            format!(
                "it has format version {}, expected {FORMAT_VERSION}",
                u16::from_le_bytes(*version)
            ),
        )),
        None => Err(damaged(path, "it is no private file of a committed model".into())),
    }
}

impl Private {
    fn tails(&self, path: &Path) -> Result<Vec<Vec<Fr>>, ProveError> {
        let scalar = |bytes: &[u8; 32]| {
            Option::<Fr>::from(Fr::from_repr(*bytes)).ok_or_else(|| damaged(path, "a scalar is not canonical".into()))
        };
        self.tails.iter().map(|t| t.iter().map(scalar).collect()).collect()
    }
}

/// Writes all files of a committed model.
///
/// # Errors
/// [`ProveError::Io`].
pub fn save(committed: &Committed, srs: &Srs, directory: &Path) -> Result<(), ProveError> {
    let part = Part {
        model: &committed.model,
        layout: &committed.layout,
        tails: &committed.tails,
    };
    save_public(&directory.join(CARD), &committed.card.to_bytes(), srs, directory)?;
    part.save(directory)
}

/// Writes a card, and the verifier's part of the SRS beside it.
pub(crate) fn save_public(path: &Path, card: &[u8], srs: &Srs, directory: &Path) -> Result<(), ProveError> {
    make(directory)?;
    write(path, card, false)?;
    write(&directory.join(SRS), &srs_verifying_key(srs)?.to_bytes(), false)
}

fn make(directory: &Path) -> Result<(), ProveError> {
    fs::create_dir_all(directory).map_err(|source| ProveError::Io {
        path: directory.into(),
        source,
    })
}

/// What only the owner has of a model, or of a segment of one.
pub(crate) struct Part<'a> {
    pub model: &'a Program,
    pub layout: &'a Layout,
    pub tails: &'a [Vec<Fr>],
}

impl Part<'_> {
    pub(crate) fn save(&self, directory: &Path) -> Result<(), ProveError> {
        make(directory)?;
        let private = Private {
            model: self.model.clone(),
            shape: self.layout.shape.clone(),
            tails: self.tails.iter().map(|t| t.iter().map(Fr::to_repr).collect()).collect(),
        };
        let head = [&PRIVATE_MAGIC[..], &FORMAT_VERSION.to_le_bytes()].concat();
        let private = postcard::to_extend(&private, head).map_err(|e| Defect::Encoding {
            what: "the private file",
            reason: e.to_string(),
        })?;
        write(&directory.join(PRIVATE), &private, true)
    }
}

/// The private file in a folder. Secret.
#[derive(Debug)]
pub(crate) struct Opened {
    pub model: Arc<Program>,
    shape: Shape,
    tails: Vec<Vec<Fr>>,
}

impl Opened {
    pub(crate) fn read(directory: &Path) -> Result<Self, ProveError> {
        let path = directory.join(PRIVATE);
        let private = private(&path)?;
        Ok(Self {
            tails: private.tails(&path)?,
            model: Arc::new(private.model),
            shape: private.shape,
        })
    }

    /// All that [`Part::save`] wrote in the folder, with its key. `known` is a shape that has what the card says: items, ends, whole outputs, and whether
    /// the layout is dense. `name` is that of the circuit in the transcript, which the card has too.
    pub(crate) fn load(self, directory: &Path, known: Shape, name: Fr) -> Result<Loaded, ProveError> {
        let shape = Shape {
            items: known.items,
            ends: known.ends,
            dense: known.dense,
            whole: known.whole,
            ..self.shape
        };
        let layout = Layout::build(&self.model, shape);
        let layout = Arc::new(layout.map_err(|e| damaged(&directory.join(PRIVATE), e.to_string()))?);
        Ok(Loaded {
            proving_key: proving_key(&self.model, &layout)?.named(name),
            model: self.model,
            layout,
            tails: self.tails,
        })
    }
}

/// All that the owner has of a model, or of a segment of one.
pub(crate) struct Loaded {
    pub model: Arc<Program>,
    pub layout: Arc<Layout>,
    pub tails: Vec<Vec<Fr>>,
    pub proving_key: Key,
}

/// Reads a committed model.
///
/// # Errors
/// [`ProveError::Io`] and [`ProveError::File`].
pub fn load(directory: &Path) -> Result<Committed, ProveError> {
    load_beside(directory, |_| ()).map(|(committed, ())| committed)
}

/// [`load`] with what its proofs need beside it, which is read at the same time; it is told `log2` of the rows.
///
/// # Errors
/// As [`load`].
pub fn load_beside<T: Send>(
    directory: &Path,
    beside: impl FnOnce(u32) -> T + Send,
) -> Result<(Committed, T), ProveError> {
    let card_path = directory.join(CARD);
    let srs_path = directory.join(SRS);
    let srs = SrsVerifyingKey::from_bytes(&read(&srs_path)?).map_err(|e| damaged(&srs_path, e.to_string()))?;
    let card = ModelCard::from_bytes(&read(&card_path)?).map_err(|e| damaged(&card_path, e.to_string()))?;
    if card.srs_id != srs.id() {
        return Err(damaged(
            &srs_path,
            format!("it is not the SRS key that {} names", card_path.display()),
        ));
    }
    let layout = card.key.purpose.layout();
    let outputs = layout.iter().flat_map(|layout| layout.outputs.iter().enumerate());
    let whole = outputs.filter(|(_, output)| output.whole.is_some());
    let known = Shape {
        items: layout.map_or(0, |layout| layout.items() as usize),
        // All others draw a challenge after the second phase too.
        dense: card.key.challenge_phases.iter().all(|phase| *phase == 0),
        whole: whole.map(|(index, _)| index).collect(),
        ..Shape::default()
    };
    let k = card.key.k;
    let name = card.key.transcript_repr.into();
    let (loaded, (card, beside)) = rayon::join(
        || Opened::read(directory)?.load(directory, known, name),
        || rayon::join(|| card.check(&srs), || beside(k)),
    );
    let (loaded, card) = (loaded?, card.map_err(|e| damaged(&card_path, e.to_string()))?);
    let committed = Committed {
        card,
        model: loaded.model,
        layout: loaded.layout,
        tails: loaded.tails,
        proving_key: loaded.proving_key,
    };
    Ok((committed, beside))
}

/// The openings in the private file of a committed model: the tails of its weight columns. Secret.
///
/// # Errors
/// [`ProveError::Io`] and [`ProveError::File`].
pub fn openings(path: &Path) -> Result<Vec<Vec<Fr>>, ProveError> {
    private(path)?.tails(path)
}

/// What may be told of the private file of a committed model: the card has all of it too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PrivateFacts {
    /// log2 of the rows of the circuit.
    pub k: u32,
    /// Weight commitments that it opens.
    pub commitments: usize,
}

/// What may be told of a private file.
///
/// # Errors
/// [`ProveError::Io`] and [`ProveError::File`].
pub fn private_facts(path: &Path) -> Result<PrivateFacts, ProveError> {
    let private = private(path)?;
    Ok(PrivateFacts {
        k: private.shape.k,
        commitments: private.tails.len(),
    })
}

/// The people's part of a card.
///
/// # Errors
/// [`ProveError::Description`] if it is not one of this version.
pub fn description(card: &ModelCard) -> Result<Description, ProveError> {
    let bad = |reason| ProveError::Description { reason };
    let description: Description = serde_json::from_str(&card.description).map_err(|e| bad(json_reason(&e)))?;
    description.check_about(card.key.purpose.layout()).map_err(bad)?;
    // Refused is what others refuse, who read cards with the verifier alone.
    card.schema().map_err(|error| bad(error.reason().to_owned()))?;
    Ok(description)
}

/// What is wrong with a JSON text, in words for people: the library's speak of types of this program.
pub fn json_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let said = text.rsplit_once(" at line ").map_or(text.as_str(), |(said, _)| said);
    let telling = ["missing field", "unknown field", "duplicate field", "unknown variant"];
    let reason = match error.classify() {
        Category::Eof => "it ends early",
        Category::Data if telling.iter().any(|start| said.starts_with(start)) => said,
        Category::Data => "a value of another form was expected",
        Category::Syntax | Category::Io => "this is not JSON",
    };
    match error.line() {
        0 => reason.to_owned(),
        line => format!("{reason} (line {line}, column {})", error.column()),
    }
}

/// Reads a file.
///
/// # Errors
/// [`ProveError::Io`] with the path.
pub fn read(path: &Path) -> Result<Vec<u8>, ProveError> {
    fs::read(path).map_err(|source| ProveError::Io {
        path: path.into(),
        source,
    })
}

/// Writes a file completely or not at all.
fn write(path: &Path, bytes: &[u8], private: bool) -> Result<(), ProveError> {
    let io = |source| ProveError::Io {
        path: path.into(),
        source,
    };
    let partial = path.with_extension("partial");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    if private {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _only_unix = private;
    let mut file = options.open(&partial).map_err(io)?;
    let written = std::io::Write::write_all(&mut file, bytes).and_then(|()| fs::rename(&partial, path));
    written.map_err(io)
}

pub(crate) fn damaged(path: &Path, reason: String) -> ProveError {
    ProveError::File {
        path: path.into(),
        reason,
    }
}
