//! The structured reference string: KZG parameters `[tau^i]G1`, `[L_i(tau)]G1`, `[1]G2`, `[tau]G2` over BN254.
//!
//! Whoever knows `tau` can prove anything. [`SrsKind::Ceremony`] parameters come from a many-party ceremony, imported from a
//! `.ptau` file **under a digest the caller pins**; [`SrsKind::Dev`] parameters are made here and are worth as much as the machine
//! that made them. Scheme: Kate, Zaverucha, Goldberg, "Constant-Size Commitments to Polynomials" (ASIACRYPT 2010), section 3.

mod cache;
mod checks;
mod dev;
mod error;
mod points;
mod ptau;
mod seed;
#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;

use std::fmt;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use crate::plonk::msm::Kept;
use halo2_proofs::poly::commitment::{Params, ParamsProver};
use halo2_proofs::poly::kzg::commitment::ParamsKZG;
use halo2_proofs::SerdeFormat;
use halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine};
use halo2curves::ff::PrimeField;
use halo2curves::group::GroupEncoding;
use halo2curves::serde::SerdeObject;
use provenn_engine as engine;

pub use error::{SrsError, SrsGroup};
pub use ptau::{import_ptau, import_ptau_bytes, import_ptau_published};

/// Smallest supported `k`.
pub const MIN_K: u32 = 1;
/// Largest supported `k`: the two-adicity of the BN254 scalar field.
pub const MAX_K: u32 = Fr::S;
/// Lagrange points kept at hand by [`Srs::tail`]; more than the unusable rows of any circuit here.
const KEPT_TAIL: usize = 32;
/// Bytes of one uncompressed G1 point: two 32-byte Montgomery coordinates.
const G1_BYTES: usize = 64;
/// Bytes of one uncompressed G2 point.
const G2_BYTES: usize = 128;

/// Who has to be trusted for `tau`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SrsKind {
    /// Made locally, or imported without a pin: unsafe for anybody who does not trust the machine that made it.
    Dev,
    /// Imported under a pinned digest.
    Ceremony,
}

/// KZG parameters for circuits of exactly `2^k` rows, `MIN_K <= k <= MAX_K`.
#[derive(Clone)]
pub struct Srs {
    pub kind: SrsKind,
    pub params: ParamsKZG<Bn256>,
    tail: Vec<G1Affine>,
    bases: Arc<Kept>,
}

impl Srs {
    /// Makes parameters from a fresh operating-system secret, which is overwritten afterwards (best effort).
    pub fn dev(k: u32) -> Result<Srs, SrsError> {
        check_k(k, MAX_K)?;
        let mut seed = seed::fresh()?;
        let srs = dev::from_tau(k, seed::tau(&seed));
        seed::wipe(&mut seed);
        Ok(srs)
    }

    /// Reproducible parameters, for tests and fixtures only: whoever reads `seed` can forge.
    ///
    /// # Panics
    /// When `k` is outside `MIN_K..=MAX_K`.
    pub fn dev_from_seed(k: u32, seed: [u8; 32]) -> Srs {
        assert!((MIN_K..=MAX_K).contains(&k), "k = {k} is outside {MIN_K}..={MAX_K}");
        dev::from_tau(k, seed::tau(&seed))
    }

    /// Reads `dir/dev-k{k}.srs`, or makes and stores it.
    ///
    /// Every `k` of one directory shares one `tau`, derived from `dir/dev.seed` (32 bytes, mode 0600, made on first use), so that
    /// commitments made at different sizes stay comparable. The seed **is** the trapdoor: it never leaves the machine.
    pub fn load_or_make_dev(dir: &Path, k: u32) -> Result<Srs, SrsError> {
        check_k(k, MAX_K)?;
        let mut seed = seed::load_or_make(dir)?;
        let tau = seed::tau(&seed);
        seed::wipe(&mut seed);

        let path = dir.join(format!("dev-k{k}.srs"));
        match cache::read(&path) {
            Ok(srs) => dev::check_cached(srs, &path, k, tau),
            Err(error) if error.is_not_found() => {
                let srs = dev::from_tau(k, tau);
                cache::write(&path, &srs)?;
                Ok(srs)
            }
            Err(error) => Err(error),
        }
    }

    /// Reads parameters of `dir` for what was committed under them: those that [`load_or_make_dev`](Self::load_or_make_dev) made there, or a
    /// `dev-k{k}.srs` without the secret. Makes no secret: a new one would give other parameters.
    ///
    /// # Errors
    /// [`SrsError::DevMissing`] if there are none.
    pub fn load_dev(dir: &Path, k: u32) -> Result<Srs, SrsError> {
        check_k(k, MAX_K)?;
        if seed::is_there(dir) {
            return Self::load_or_make_dev(dir, k);
        }
        let path = dir.join(format!("dev-k{k}.srs"));
        match cache::read(&path) {
            Ok(srs) => dev::check_size(srs, &path, k),
            Err(error) if error.is_not_found() => Err(SrsError::DevMissing { dir: dir.into(), k }),
            Err(error) => Err(error),
        }
    }

    /// Checks that the points are what parameters consist of, whoever made them: successive powers of one secret in both groups, and the
    /// Lagrange basis of those powers, each in one random combination.
    ///
    /// # Errors
    /// [`SrsError::PowersInconsistent`], [`SrsError::LagrangeInconsistent`].
    pub fn check(&self) -> Result<(), SrsError> {
        checks::whole(self.g1_points(), &self.lagrange_points(), &self.params.s_g2(), self.k())
    }

    /// Stores the parameters at `path`: written beside it, then renamed over it.
    pub fn save(&self, path: &Path) -> Result<(), SrsError> {
        cache::write(path, self)
    }

    /// Reads parameters stored by [`Srs::save`]. They are [`SrsKind::Ceremony`] only if the file says so **and** `expected_id` is
    /// given and equals [`Srs::id`]. The stored digest finds accidents, not an attacker with write access to the file.
    pub fn load(path: &Path, expected_id: Option<[u8; 32]>) -> Result<Srs, SrsError> {
        let mut srs = cache::read(path)?;
        match expected_id {
            Some(expected) if expected != srs.id() => {
                let mismatch = SrsError::DigestMismatch {
                    expected: expected.to_vec(),
                    got: srs.id().to_vec(),
                };
                return Err(mismatch.at(path));
            }
            Some(_) => {}
            None => srs.kind = SrsKind::Dev,
        }
        Ok(srs)
    }

    /// Reads the caller's own file, of the kind that it says: that was decided, under a pinned digest, when the file was imported.
    pub fn load_own(path: &Path) -> Result<Srs, SrsError> {
        cache::read(path)
    }

    /// Base-two logarithm of the number of rows.
    pub fn k(&self) -> u32 {
        self.params.k()
    }

    /// Digest of the generators and `[tau]G2`. It does not depend on `k` or on the kind: the same `tau` is the same SRS.
    pub fn id(&self) -> [u8; 32] {
        let mut state = blake2b_simd::Params::new()
            .hash_length(32)
            .personal(b"provenn-srs-id\0\0")
            .to_state();
        state.update(G1Affine::generator().to_bytes().as_ref());
        state.update(self.params.g2().to_bytes().as_ref());
        state.update(self.params.s_g2().to_bytes().as_ref());
        let mut id = [0; 32];
        id.copy_from_slice(state.finalize().as_bytes());
        id
    }

    /// `[tau^i]G1` for `i` in `0..2^k`.
    pub fn g1_points(&self) -> &[G1Affine] {
        self.params.get_g()
    }

    /// `[L_i(tau)]G1` for every row `i` in `0..2^k`; a copy, since the library keeps its own private.
    pub fn lagrange_points(&self) -> Vec<G1Affine> {
        lagrange_tail(&self.params, 1 << self.k())
    }

    /// `[L_i(tau)]G1` for the last `t` rows, in row order (all rows when `t > 2^k`). Cheap for `t <= 32`.
    pub fn tail(&self, t: usize) -> Vec<G1Affine> {
        let rows = 1usize << self.k();
        let t = t.min(rows);
        match self.tail.len().checked_sub(t) {
            Some(skipped) => self.tail.iter().skip(skipped).copied().collect(),
            None => lagrange_tail(&self.params, t),
        }
    }

    /// The same `tau` for `2^k` rows. Costs a group FFT: for dev parameters [`Srs::load_or_make_dev`] is far cheaper.
    ///
    /// # Panics
    /// When `k` is zero or above [`Srs::k`].
    pub fn downsize(&self, k: u32) -> Srs {
        assert!(
            (MIN_K..=self.k()).contains(&k),
            "k = {k} is outside {MIN_K}..={}",
            self.k()
        );
        if k == self.k() {
            return self.clone();
        }
        let g1 = self.g1_points().iter().take(1 << k).copied().collect();
        Self::from_points(self.kind, k, g1, None, self.params.s_g2())
    }

    /// What commitments are made with, those of its copies too.
    pub(crate) fn bases(&self) -> &Kept {
        &self.bases
    }

    /// Assembles the library's parameters. `g1` and `lagrange` hold `2^k` points; without `lagrange` they are computed. Where powers meet,
    /// which no honest ones do, the library computes them.
    fn from_points(kind: SrsKind, k: u32, g1: Vec<G1Affine>, lagrange: Option<Vec<G1Affine>>, tau_g2: G2Affine) -> Srs {
        let kept = KEPT_TAIL.min(1 << k);
        let lagrange = lagrange.or_else(|| engine::lagrange(engine::Path::of_machine(), &g1));
        let last = |points: &Vec<G1Affine>| points.last_chunk::<KEPT_TAIL>().map(|points| points.to_vec());
        let tail = lagrange.as_ref().and_then(last);
        let params = any().from_parts(k, g1, lagrange, G2Affine::generator(), tau_g2);
        let tail = tail.unwrap_or_else(|| lagrange_tail(&params, kept));
        Srs {
            kind,
            params,
            tail,
            bases: Arc::default(),
        }
    }
}

/// Leaves the points out: there may be millions.
impl fmt::Debug for Srs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let id = error::hex(&self.id());
        f.debug_struct("Srs")
            .field("kind", &self.kind)
            .field("k", &self.k())
            .field("id", &id)
            .finish_non_exhaustive()
    }
}

fn check_k(k: u32, maximum: u32) -> Result<(), SrsError> {
    if (MIN_K..=maximum).contains(&k) {
        Ok(())
    } else {
        Err(SrsError::KOutOfRange {
            minimum: MIN_K,
            maximum,
            got: k,
        })
    }
}

/// Some instance of the library's parameters: `from_parts` is a method, which uses none of its values. One of a single row, all zeros, is read
/// faster than one is made.
fn any() -> ParamsKZG<Bn256> {
    let bytes = [0; 4 + 2 * G1_BYTES + 2 * G2_BYTES];
    #[expect(clippy::expect_used, reason = "memory is read, and nothing is checked")]
    ParamsKZG::read_custom(&mut &bytes[..], SerdeFormat::RawBytesUnchecked).expect("reading from memory")
}

/// The last `t` Lagrange points. The field is private, so they are picked out of the library's own serialization:
/// `k (4 bytes) | g | g_lagrange | g2 | s_g2`.
fn lagrange_tail(params: &ParamsKZG<Bn256>, t: usize) -> Vec<G1Affine> {
    let rows = 1usize << params.k();
    let mut window = Window {
        skip: 4 + (2 * rows - t) * G1_BYTES,
        bytes: Vec::new(),
        take: t * G1_BYTES,
    };
    window.bytes.reserve_exact(window.take);
    #[expect(clippy::expect_used, reason = "`Window` never fails")]
    params
        .write_custom(&mut window, SerdeFormat::RawBytesUnchecked)
        .expect("writing to memory");
    window
        .bytes
        .chunks_exact(G1_BYTES)
        .map(G1Affine::from_raw_bytes_unchecked)
        .collect()
}

/// A writer that keeps `take` bytes after the first `skip` and drops the rest.
struct Window {
    skip: usize,
    take: usize,
    bytes: Vec<u8>,
}

impl Write for Window {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let skipped = self.skip.min(buf.len());
        self.skip -= skipped;
        let kept = (buf.len() - skipped).min(self.take);
        self.take -= kept;
        self.bytes.extend_from_slice(&buf[skipped..skipped + kept]);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
