//! Import of snarkjs `.ptau` files, format version 1.
//!
//! ```text
//! "ptau" | version u32 | sections u32 | sections times: id u32, size u64, content            (all little endian)
//! section 1: n8 u32 = 32 | base field prime, n8 bytes | power u32 | ceremony power u32
//! section 2: 2^(power+1) - 1 points [tau^i]G1       section 3: 2^power points [tau^i]G2      (Montgomery coordinates)
//! section 12, in files prepared for phase 2: [L_i(tau)]G1 of 1, 2, 4, .. 2^power rows, and in most of 2^(power+1)
//! ```
//! Contributions and the sections for Groth16 are passed over. Only the points asked for are read, so a large file costs no memory.

mod lagrange;

use std::fs::File;
use std::io::{self, Cursor, Read, Seek, SeekFrom};
use std::path::Path;

use halo2curves::bn256::{G1Affine, G2Affine};

use super::error::{SrsError, SrsGroup};
use super::points::{self, Point, Unread};
use super::{check_k, checks, Srs, SrsKind, G1_BYTES, G2_BYTES, MAX_K};

const MAGIC: [u8; 4] = *b"ptau";
const VERSION: u32 = 1;
/// Real files have 7 sections, or 11 when prepared for phase 2.
const MAX_SECTIONS: u32 = 32;
const HEADER: u32 = 1;
const TAU_G1: u32 = 2;
const TAU_G2: u32 = 3;
const HEADER_BYTES: u64 = 44;
/// The BN254 base field prime, little endian.
const PRIME: [u8; 32] = [
    0x47, 0xfd, 0x7c, 0xd8, 0x16, 0x8c, 0x20, 0x3c, 0x8d, 0xca, 0x71, 0x68, 0x91, 0x6a, 0x81, 0x97, 0x5d, 0x58, 0x81,
    0x81, 0xb6, 0x45, 0x50, 0xb8, 0x29, 0xa0, 0x31, 0xe1, 0x72, 0x4e, 0x64, 0x30,
];

/// Imports the first `2^k` powers of the file at `path`, checking every point used and the pairing relations among them.
///
/// `expected_digest` is BLAKE2b-256 of the whole file (`b2sum -l 256`). Without it nobody vouches for the secret, and the result is
/// [`SrsKind::Dev`]; with it, [`SrsKind::Ceremony`].
pub fn import_ptau(path: &Path, k: u32, expected_digest: Option<[u8; 32]>) -> Result<Srs, SrsError> {
    let digest = expected_digest.as_ref().map(|digest| digest.as_slice());
    import(&mut open(path)?, path, k, digest).map_err(|error| error.at(path))
}

/// [`import_ptau`] pinned by BLAKE2b-512 of the whole file (`b2sum`), the digest ceremonies publish.
pub fn import_ptau_published(path: &Path, k: u32, expected_digest: [u8; 64]) -> Result<Srs, SrsError> {
    import(&mut open(path)?, path, k, Some(&expected_digest)).map_err(|error| error.at(path))
}

/// [`import_ptau`] from memory.
pub fn import_ptau_bytes(bytes: &[u8], k: u32, expected_digest: Option<[u8; 32]>) -> Result<Srs, SrsError> {
    let digest = expected_digest.as_ref().map(|digest| digest.as_slice());
    import(&mut Cursor::new(bytes), Path::new("(ptau in memory)"), k, digest)
}

fn open(path: &Path) -> Result<File, SrsError> {
    File::open(path).map_err(SrsError::io("read", path))
}

pub(super) fn import<R: Read + Seek>(
    input: &mut R,
    path: &Path,
    k: u32,
    pinned: Option<&[u8]>,
) -> Result<Srs, SrsError> {
    check_k(k, MAX_K)?;
    if let Some(expected) = pinned {
        check_digest(input, path, expected)?;
    }
    let mut file = Ptau::open(input, path)?;
    check_k(k, file.power)?;
    let g1: Vec<G1Affine> = file.points(TAU_G1, 0, 1 << k)?;
    let g2: Vec<G2Affine> = file.points(TAU_G2, 0, 2)?;
    let g2 = <[G2Affine; 2]>::try_from(g2).unwrap_or_default();
    checks::imported(&g1, &g2)?;
    let lagrange = lagrange::read(&mut file, k, &g1)?;

    let kind = if pinned.is_some() {
        SrsKind::Ceremony
    } else {
        SrsKind::Dev
    };
    Ok(Srs::from_points(kind, k, g1, lagrange, g2[1]))
}

/// `expected` has 32 or 64 bytes, which also chooses the length of the digest.
fn check_digest<R: Read + Seek>(input: &mut R, path: &Path, expected: &[u8]) -> Result<(), SrsError> {
    let mut state = blake2b_simd::Params::new().hash_length(expected.len()).to_state();
    input
        .rewind()
        .and_then(|()| io::copy(input, &mut state))
        .map_err(SrsError::io("read", path))?;
    let got = state.finalize();
    if got.as_bytes() == expected {
        Ok(())
    } else {
        Err(SrsError::DigestMismatch {
            expected: expected.to_vec(),
            got: got.as_bytes().to_vec(),
        })
    }
}

/// A file whose header and section bounds have been checked.
struct Ptau<'a, R> {
    input: &'a mut R,
    path: &'a Path,
    power: u32,
    sections: Vec<Section>,
}

#[derive(Clone, Copy)]
struct Section {
    id: u32,
    start: u64,
    length: u64,
}

impl<'a, R: Read + Seek> Ptau<'a, R> {
    fn open(input: &'a mut R, path: &'a Path) -> Result<Self, SrsError> {
        let length = input.seek(SeekFrom::End(0)).map_err(SrsError::io("read", path))?;
        input.rewind().map_err(SrsError::io("read", path))?;
        let mut file = Ptau {
            input,
            path,
            power: 0,
            sections: Vec::new(),
        };
        file.read_sections(length)?;
        file.read_header()?;
        file.check_length(TAU_G1, ((2 << file.power) - 1) * G1_BYTES as u64)?;
        file.check_length(TAU_G2, (1 << file.power) * G2_BYTES as u64)?;
        Ok(file)
    }

    /// Walks the section table; `length` is that of the file, and the last section ends there.
    fn read_sections(&mut self, length: u64) -> Result<(), SrsError> {
        let truncated = |expected| SrsError::PtauTruncated { expected, got: length };
        let mut end = 12;
        if length < end {
            return Err(truncated(end));
        }
        let magic = self.array()?;
        if magic != MAGIC {
            return Err(SrsError::PtauMagic { got: magic });
        }
        expect("version", VERSION, self.word()?)?;
        let count = self.word()?;
        if count > MAX_SECTIONS {
            return Err(SrsError::PtauHeader {
                field: "sections, at most",
                expected: MAX_SECTIONS.into(),
                got: count.into(),
            });
        }
        for _ in 0..count {
            let start = end + 12;
            if length < start {
                return Err(truncated(start));
            }
            self.seek(end)?;
            let id = self.word()?;
            let size = u64::from_le_bytes(self.array()?);
            end = start.saturating_add(size);
            if length < end {
                return Err(truncated(end));
            }
            if self.section(id).is_ok() {
                return Err(SrsError::PtauSectionRepeated { section: id });
            }
            self.sections.push(Section {
                id,
                start,
                length: size,
            });
        }
        if length != end {
            return Err(SrsError::PtauHeader {
                field: "length of the file",
                expected: end,
                got: length,
            });
        }
        Ok(())
    }

    fn read_header(&mut self) -> Result<(), SrsError> {
        let header = self.section(HEADER)?;
        if header.length < 4 {
            return Err(SrsError::PtauSectionLength {
                section: HEADER,
                expected: HEADER_BYTES,
                got: header.length,
            });
        }
        self.seek(header.start)?;
        expect("bytes per coordinate", PRIME.len() as u32, self.word()?)?;
        self.check_length(HEADER, HEADER_BYTES)?;
        let prime = self.array()?;
        if prime != PRIME {
            return Err(SrsError::PtauPrime {
                expected: PRIME,
                got: prime,
            });
        }
        self.power = self.word()?;
        if !(1..=MAX_K).contains(&self.power) {
            return Err(SrsError::PtauHeader {
                field: "power of at least 1 and at most",
                expected: MAX_K.into(),
                got: self.power.into(),
            });
        }
        let ceremony = self.word()?;
        if ceremony < self.power {
            return Err(SrsError::PtauHeader {
                field: "ceremony power of at least",
                expected: self.power.into(),
                got: ceremony.into(),
            });
        }
        Ok(())
    }

    /// `count` points of a section after the first `skipped`: canonical coordinates, on the curve, not the identity.
    fn points<P: Point>(&mut self, section: u32, skipped: usize, count: usize) -> Result<Vec<P>, SrsError> {
        let start = self.section(section)?.start + (skipped * P::BYTES) as u64;
        self.seek(start)?;
        points::read(self.input, count).map_err(|unread| match unread {
            Unread::Io(source) => SrsError::io("read", self.path)(source),
            Unread::Invalid(index) if section == lagrange::SECTION => SrsError::PointInvalid {
                group: SrsGroup::Lagrange,
                index,
            },
            Unread::Invalid(index) => SrsError::PointInvalid { group: P::GROUP, index },
        })
    }

    fn section(&self, id: u32) -> Result<Section, SrsError> {
        let section = self.sections.iter().find(|section| section.id == id);
        section.copied().ok_or(SrsError::PtauSectionMissing { section: id })
    }

    fn check_length(&self, id: u32, expected: u64) -> Result<(), SrsError> {
        match self.section(id)?.length {
            got if got == expected => Ok(()),
            got => Err(SrsError::PtauSectionLength {
                section: id,
                expected,
                got,
            }),
        }
    }

    fn seek(&mut self, position: u64) -> Result<(), SrsError> {
        self.input
            .seek(SeekFrom::Start(position))
            .map(|_| ())
            .map_err(SrsError::io("read", self.path))
    }

    fn word(&mut self) -> Result<u32, SrsError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SrsError> {
        let mut bytes = [0; N];
        self.input
            .read_exact(&mut bytes)
            .map_err(SrsError::io("read", self.path))?;
        Ok(bytes)
    }
}

fn expect(field: &'static str, expected: u32, got: u32) -> Result<(), SrsError> {
    if got == expected {
        Ok(())
    } else {
        Err(SrsError::PtauHeader {
            field,
            expected: expected.into(),
            got: got.into(),
        })
    }
}
