//! The SRS file: our header, then the points in the library's raw unchecked form.
//!
//! ```text
//! magic "PROVNSRS" | version u32 | kind u32 (0 dev, 1 ceremony) | k u32 | zero u32 | digest 32 | payload
//! payload = 2^k G1 [tau^i] | 2^k G1 [L_i(tau)] | G2 | [tau]G2       (Montgomery, little endian)
//! digest  = BLAKE2b-256 of header without digest, and payload
//! ```
//! The digest finds accidents. Every point is checked to be on its curve as it is read, which also bounds the memory that a sparse file takes;
//! what the points have to do with each other is not, so the file is to be trusted like the program itself.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use blake2b_simd::State;
use halo2_proofs::poly::commitment::Params;
use halo2curves::bn256::{G1Affine, G2Affine};

use super::error::{SrsError, SrsGroup};
use super::points::{self, Point, Unread};
use super::{check_k, checks, seed, Srs, SrsKind, G1_BYTES, G2_BYTES, MAX_K};

const MAGIC: [u8; 8] = *b"PROVNSRS";
const VERSION: u32 = 1;
const PREFIX_BYTES: usize = 24;
const DIGEST_BYTES: usize = 32;

type Prefix = [u8; PREFIX_BYTES];

pub(super) fn write(path: &Path, srs: &Srs) -> Result<(), SrsError> {
    let payload = payload(srs);
    let prefix = prefix(srs.kind, srs.k());
    let digest = finish(hasher(&prefix).update(&payload));

    let (mut file, written) = seed::create_beside(path)?;
    let result = [&prefix[..], &digest, &payload]
        .iter()
        .try_for_each(|part| file.write_all(part))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&written, path));
    if result.is_err() {
        // The error that matters is the first one.
        let _ = fs::remove_file(&written);
    }
    result.map_err(SrsError::io("write", path))
}

/// Reads and checks a file: exact length, each point, digest, generators, and one `tau` in both groups.
pub(super) fn read(path: &Path) -> Result<Srs, SrsError> {
    let file = File::open(path).map_err(SrsError::io("read", path))?;
    let length = file.metadata().map_err(SrsError::io("read", path))?.len();
    read_from(file, length, path)
}

/// `path` is for messages.
pub(super) fn read_from(source: impl Read, length: u64, path: &Path) -> Result<Srs, SrsError> {
    let minimum = (PREFIX_BYTES + DIGEST_BYTES) as u64;
    if length < minimum {
        return Err(SrsError::CacheFormat {
            path: path.to_owned(),
            field: "length of at least",
            expected: minimum,
            got: length,
        });
    }

    let mut input = Input {
        source,
        path,
        state: State::new(),
    };
    let prefix: Prefix = input.array()?;
    let expected: [u8; DIGEST_BYTES] = input.array()?;
    let (kind, k) = parse_prefix(path, &prefix)?;
    let expected_length = minimum + payload_bytes(k);
    if length != expected_length {
        return Err(SrsError::CacheFormat {
            path: path.to_owned(),
            field: "length",
            expected: expected_length,
            got: length,
        });
    }

    input.state = hasher(&prefix);
    let n = 1usize << k;
    let g1: Vec<G1Affine> = input.points(n, SrsGroup::G1)?;
    let lagrange: Vec<G1Affine> = input.points(n, SrsGroup::Lagrange)?;
    let g2: Vec<G2Affine> = input.points(2, SrsGroup::G2)?;
    let got = finish(&mut input.state);
    if got != expected {
        return Err(SrsError::CacheCorrupted {
            path: path.to_owned(),
            expected,
            got,
        });
    }

    let [g2, tau_g2] = <[G2Affine; 2]>::try_from(g2).unwrap_or_default();
    checks::generators(&g1, &g2).map_err(|error| error.at(path))?;
    checks::same_tau(&g1, &tau_g2).map_err(|error| error.at(path))?;
    Ok(Srs::from_points(kind, k, g1, Some(lagrange), tau_g2))
}

fn payload_bytes(k: u32) -> u64 {
    (2 << k) * G1_BYTES as u64 + 2 * G2_BYTES as u64
}

/// The library writes `k` and then exactly our payload.
fn payload(srs: &Srs) -> Vec<u8> {
    let size = payload_bytes(srs.k()) as usize;
    let mut bytes = super::Window {
        skip: 4,
        take: size,
        bytes: Vec::with_capacity(size),
    };
    #[expect(clippy::expect_used, reason = "`Window` never fails")]
    srs.params.write(&mut bytes).expect("writing to memory");
    bytes.bytes
}

fn prefix(kind: SrsKind, k: u32) -> Prefix {
    let kind = match kind {
        SrsKind::Dev => 0,
        SrsKind::Ceremony => 1u32,
    };
    let mut prefix = [0; PREFIX_BYTES];
    prefix[..8].copy_from_slice(&MAGIC);
    for (slot, word) in prefix[8..].chunks_exact_mut(4).zip([VERSION, kind, k, 0]) {
        slot.copy_from_slice(&word.to_le_bytes());
    }
    prefix
}

fn parse_prefix(path: &Path, prefix: &Prefix) -> Result<(SrsKind, u32), SrsError> {
    let word = |at: usize| {
        prefix
            .iter()
            .skip(at)
            .take(4)
            .rev()
            .fold(0, |word, byte| (word << 8) | u32::from(*byte))
    };
    let wrong = |field, expected: u64, got: u64| {
        Err(SrsError::CacheFormat {
            path: path.to_owned(),
            field,
            expected,
            got,
        })
    };
    if !prefix.starts_with(&MAGIC) {
        let got = u64::from(word(0)) | u64::from(word(4)) << 32;
        return wrong("magic", u64::from_le_bytes(MAGIC), got);
    }
    if word(8) != VERSION {
        return wrong("version", u64::from(VERSION), u64::from(word(8)));
    }
    let kind = match word(12) {
        0 => SrsKind::Dev,
        1 => SrsKind::Ceremony,
        other => return wrong("kind of at most", 1, u64::from(other)),
    };
    if check_k(word(16), MAX_K).is_err() {
        return wrong("k of at least 1 and at most", u64::from(MAX_K), u64::from(word(16)));
    }
    if word(20) != 0 {
        return wrong("reserved word", 0, u64::from(word(20)));
    }
    Ok((kind, word(16)))
}

fn hasher(prefix: &Prefix) -> State {
    let mut state = blake2b_simd::Params::new()
        .hash_length(DIGEST_BYTES)
        .personal(b"provenn-srs-file")
        .to_state();
    state.update(prefix);
    state
}

fn finish(state: &mut State) -> [u8; DIGEST_BYTES] {
    let mut digest = [0; DIGEST_BYTES];
    digest.copy_from_slice(state.finalize().as_bytes());
    digest
}

/// Digests what it reads.
struct Input<'a, R> {
    source: R,
    path: &'a Path,
    state: State,
}

impl<R: Read> Read for Input<'_, R> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(bytes)?;
        self.state.update(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }
}

impl<R: Read> Input<'_, R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], SrsError> {
        let mut bytes = [0; N];
        self.read_exact(&mut bytes).map_err(SrsError::io("read", self.path))?;
        Ok(bytes)
    }

    fn points<P: Point>(&mut self, count: usize, group: SrsGroup) -> Result<Vec<P>, SrsError> {
        points::read(self, count).map_err(|unread| match unread {
            Unread::Io(source) => SrsError::io("read", self.path)(source),
            Unread::Invalid(index) => SrsError::CachePoint {
                path: self.path.to_owned(),
                group,
                index,
            },
        })
    }
}
