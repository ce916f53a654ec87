//! Folders on this machine that several processes share: who uses one holds it, and only what nobody holds is removed. The
//! system lets go of what a process held that died.

use rustix::fs::{flock, FlockOperation};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use tempfile::TempDir;

/// What is younger may not be held yet by who made it.
const YOUNG: Duration = Duration::from_secs(60);

/// A folder that stays as it is while this value lives.
#[derive(Debug)]
pub struct Held {
    path: PathBuf,
    _lock: File,
}

impl Held {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Holds a folder and notes that it was used; none if there is none.
pub fn hold(path: &Path) -> io::Result<Option<Held>> {
    loop {
        let lock = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            opened => opened?,
        };
        flock(&lock, FlockOperation::LockShared)?;
        // It may have been removed between the two lines above.
        if is(path, &lock)? {
            lock.set_modified(SystemTime::now())?;
            let path = path.to_owned();
            return Ok(Some(Held { path, _lock: lock }));
        }
    }
}

fn is(path: &Path, folder: &File) -> io::Result<bool> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        there => {
            let (there, open) = (there?, folder.metadata()?);
            Ok((there.ino(), there.dev()) == (open.ino(), open.dev()))
        }
    }
}

/// A temporary folder.
#[derive(Debug)]
pub struct Temporary {
    folder: TempDir,
    _lock: File,
}

impl Temporary {
    pub fn new(below: &Path) -> io::Result<Self> {
        let folder = tempfile::tempdir_in(below)?;
        let lock = File::open(folder.path())?;
        flock(&lock, FlockOperation::LockShared)?;
        Ok(Self { folder, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Gives it another name, under which it stays.
    pub fn rename(self, path: &Path) -> io::Result<()> {
        fs::rename(self.folder.path(), path)?;
        let _moved = self.folder.keep();
        Ok(())
    }
}

/// Temporary folders of processes that died: those whose names begin with a dot and that nobody holds.
pub fn left(below: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for folder in children(below)? {
        let name = folder.path.file_name().unwrap_or_default();
        let age = folder.used.elapsed().unwrap_or_default();
        if name.as_encoded_bytes().starts_with(b".") && age > YOUNG && nobodys(&folder.path)?.is_some() {
            found.push(folder.path);
        }
    }
    Ok(found)
}

/// Removes them.
pub fn remove_left(below: &Path) -> io::Result<usize> {
    let mut removed = 0;
    for folder in left(below)? {
        removed += usize::from(remove(&folder, below)?);
    }
    Ok(removed)
}

/// Removes the folders that were used longest ago, of those two levels below `root`, until what is left takes at most
/// `maximum` bytes.
pub fn shrink(root: &Path, maximum: u64) -> io::Result<usize> {
    let mut folders = Vec::new();
    for group in children(root)? {
        folders.append(&mut children(&group.path)?);
    }
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.used));
    let (mut kept, mut removed) = (0u64, 0);
    for folder in folders {
        let bytes = size(&folder.path)?;
        if kept.saturating_add(bytes) > maximum && remove(&folder.path, root)? {
            removed += 1;
        } else {
            kept = kept.saturating_add(bytes);
        }
    }
    Ok(removed)
}

/// Names of the folders two levels below `root`.
pub fn names(root: &Path) -> io::Result<Vec<(String, String)>> {
    let name = |folder: &Child| folder.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut names = Vec::new();
    for group in children(root)? {
        let below = children(&group.path)?;
        names.extend(below.iter().filter_map(|folder| Some((name(&group)?, name(folder)?))));
    }
    Ok(names)
}

struct Child {
    path: PathBuf,
    used: SystemTime,
}

/// Folders in a folder; what vanishes meanwhile is none.
fn children(folder: &Path) -> io::Result<Vec<Child>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(vec![]),
        entries => entries?,
    };
    let folders = entries.flatten().filter_map(|entry| {
        let about = entry.metadata().ok().filter(fs::Metadata::is_dir)?;
        let (path, used) = (entry.path(), about.modified().ok()?);
        Some(Child { path, used })
    });
    Ok(folders.collect())
}

fn size(folder: &Path) -> io::Result<u64> {
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        files => files?,
    };
    let mut bytes = 0;
    for file in files.flatten() {
        bytes += match file.metadata() {
            Ok(about) if about.is_dir() => size(&file.path())?,
            Ok(about) => about.len(),
            Err(_) => 0,
        };
    }
    Ok(bytes)
}

/// The lock of a folder that nobody holds.
fn nobodys(path: &Path) -> io::Result<Option<File>> {
    let lock = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    let free = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok() && is(path, &lock)?;
    Ok(free.then_some(lock))
}

/// Removes a folder that nobody holds; false if somebody does. It moves away first, within `below`, so that nobody finds half
/// of it.
pub fn remove(path: &Path, below: &Path) -> io::Result<bool> {
    let Some(_lock) = nobodys(path)? else { return Ok(false) };
    let away = tempfile::Builder::new().prefix(".gone").tempdir_in(below)?;
    fs::rename(path, away.path().join("folder"))?;
    Ok(true)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests;
