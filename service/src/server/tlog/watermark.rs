//! The newest checkpoint that this machine signed, in a file beside the log's key.
//!
//! Database and objects may come back from one backup and agree with each other: this file is not in it, so that it tells what was
//! signed since.

use crate::files;
use crate::server::config::Config;
use crate::server::error::ApiError;
use std::path::PathBuf;

/// What the file's name has in addition to the key's.
pub const SUFFIX: &str = ".signed";
const MAX_FILE: u64 = 1 << 16;

pub fn path(config: &Config) -> PathBuf {
    let mut path = config.log_key().into_os_string();
    path.push(SUFFIX);
    path.into()
}

pub fn read(config: &Config) -> Result<Option<String>, ApiError> {
    let path = path(config);
    if !path.try_exists()? {
        return Ok(None);
    }
    let unusable = |cause: String| ApiError::Internal(format!("{}: {cause}", path.display()));
    let note = files::read(&path, MAX_FILE).map_err(|e| unusable(e.parts().1.into()))?;
    String::from_utf8(note).map(Some).map_err(|e| unusable(e.to_string()))
}

pub fn write(config: &Config, note: &str) -> Result<(), ApiError> {
    let path = path(config);
    files::write(&path, note.as_bytes(), true).map_err(|e| {
        ApiError::Internal(format!(
            "{}; the log's last checkpoint is kept beside its key, in a folder that can be written",
            e.parts().1
        ))
    })
}
