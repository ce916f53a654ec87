//! Whether the disk of the data folder takes what a worker or an upload writes.

use super::error::ApiError;
use rustix::fs::statvfs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tempfile::NamedTempFile;
use tokio::sync::Mutex;

/// How long a look counts: anybody may ask as often as they like.
const FRESH: Duration = Duration::from_millis(500);
/// Bytes that the probe writes.
const PROBE: usize = 1 << 14;

/// The disk that a folder is on.
#[derive(Debug)]
pub struct Disk {
    folder: PathBuf,
    /// Fewest bytes that have to be free.
    free: u64,
    /// When it was looked at last, and whether it was well.
    last: Mutex<Option<(Instant, bool)>>,
}

impl Disk {
    pub fn new(folder: PathBuf, free: u64) -> Self {
        Self {
            folder,
            free,
            last: Mutex::new(None),
        }
    }

    /// # Errors
    /// [`ApiError::NoSpace`] if it is full, or has less free than is asked for; [`ApiError::Unavailable`] if it cannot be written.
    pub async fn check(&self) -> Result<(), ApiError> {
        let mut last = self.last.lock().await;
        if last.is_some_and(|(at, well)| well && at.elapsed() < FRESH) {
            return Ok(());
        }
        let (folder, free) = (self.folder.clone(), self.free);
        let probed = tokio::task::spawn_blocking(move || probe(&folder, free)).await;
        let probed = probed.map_err(|e| ApiError::Internal(e.to_string()))?;
        *last = Some((Instant::now(), probed.is_ok()));
        probed
    }
}

fn probe(folder: &Path, free: u64) -> Result<(), ApiError> {
    let disk = statvfs(folder).map_err(std::io::Error::from)?;
    let available = disk.f_bavail.saturating_mul(disk.f_frsize);
    if available < free {
        return Err(ApiError::NoSpace(format!(
            "the disk of {} has {available} bytes free, limits.free_bytes asks for {free}: make room",
            folder.display()
        )));
    }
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&[0; PROBE])?;
    file.as_file().sync_data()?;
    Ok(())
}
