//! Dev secrets: 32 bytes from the operating system, stretched to `tau`.

use std::fs::{self, File, OpenOptions};
use std::hint::black_box;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use halo2curves::bn256::Fr;
use halo2curves::ff::FromUniformBytes;

use super::error::{hex, SrsError};

const SEED_BYTES: usize = 32;
type Seed = [u8; SEED_BYTES];

pub(super) fn fresh() -> Result<Seed, SrsError> {
    let mut seed = [0; SEED_BYTES];
    getrandom::getrandom(&mut seed).map_err(SrsError::Randomness)?;
    Ok(seed)
}

/// `tau`, uniform up to a bias of 2^-258.
pub(super) fn tau(seed: &Seed) -> Fr {
    let hash = blake2b_simd::Params::new()
        .hash_length(64)
        .personal(b"provenn-dev-tau\0")
        .hash(seed);
    Fr::from_uniform_bytes(hash.as_array())
}

/// Overwrites a secret. Best effort: copies in registers and in spilled stack slots stay out of reach of safe code.
pub(super) fn wipe<T: Clone + Default>(secret: &mut [T]) {
    secret.fill(T::default());
    black_box(secret);
}

/// Reads `dir/dev.seed`, or makes it. Of several processes that start together one wins and all read its seed.
pub(super) fn load_or_make(dir: &Path) -> Result<Seed, SrsError> {
    fs::create_dir_all(dir).map_err(SrsError::io("create", dir))?;
    let path = dir.join("dev.seed");
    match read(&path) {
        Err(error) if error.is_not_found() => {
            make(&path)?;
            read(&path)
        }
        result => result,
    }
}

/// Whether a folder has a secret.
pub(super) fn is_there(dir: &Path) -> bool {
    dir.join("dev.seed").exists()
}

fn read(path: &Path) -> Result<Seed, SrsError> {
    let there = fs::metadata(path).map_err(SrsError::io("read", path))?;
    let got = there.len();
    let wrong_length = |got| SrsError::SeedLength {
        path: path.to_owned(),
        expected: SEED_BYTES as u64,
        got,
    };
    if got != SEED_BYTES as u64 {
        return Err(wrong_length(got));
    }
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&there.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(SrsError::SeedOpen {
                path: path.to_owned(),
                mode,
            });
        }
    }
    let bytes = fs::read(path).map_err(SrsError::io("read", path))?;
    Seed::try_from(bytes.as_slice()).map_err(|_| wrong_length(bytes.len() as u64))
}

fn make(path: &Path) -> Result<(), SrsError> {
    let mut seed = fresh()?;
    let (mut file, written) = create_beside(path)?;
    let result = file
        .write_all(&seed)
        .and_then(|()| file.sync_all())
        .map_err(SrsError::io("write", &written));
    wipe(&mut seed);
    // A hard link, unlike a rename, never replaces a seed that another process has just put there.
    let result = result.and_then(|()| match fs::hard_link(&written, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(SrsError::io("create", path)(error)),
        _ => Ok(()),
    });
    let removed = fs::remove_file(&written).map_err(SrsError::io("remove", &written));
    result.and(removed)
}

/// A new file, readable by its owner only, in the directory of `path`, under a name nobody else uses.
pub(super) fn create_beside(path: &Path) -> Result<(File, PathBuf), SrsError> {
    let mut nonce = [0; 8];
    getrandom::getrandom(&mut nonce).map_err(SrsError::Randomness)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", hex(&nonce)));
    let written = path.with_file_name(name);

    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&written).map_err(SrsError::io("create", &written))?;
    Ok((file, written))
}
