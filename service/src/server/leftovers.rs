//! What processes that died left on this machine, besides objects.

use super::config::Config;
use super::folders::{left, remove};
use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Files that nobody holds are taken for left when they are so old.
pub const AGE: Duration = Duration::from_secs(24 * 3600);

/// How many, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub count: u64,
    pub bytes: u64,
}

impl Count {
    pub fn add(&mut self, bytes: u64) {
        self.count = self.count.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

/// Removes temporary folders that nobody holds, probes of the disk, and parts of objects; with `dry_run` it only counts them.
pub fn collect(config: &Config, dry_run: bool) -> io::Result<Count> {
    let mut found = Count::default();
    for name in ["tmp", "models"] {
        let below = config.data.join(name);
        for folder in left(&below)? {
            let bytes = bytes(&folder)?;
            if dry_run || remove(&folder, &below)? {
                found.add(bytes);
            }
        }
    }
    let probe = |name: &str| name.starts_with(".tmp");
    files(&config.data.join("tmp"), false, &probe, dry_run, &mut found)?;
    if !config.store.starts_with("s3://") {
        files(&config.objects(), true, &is_part, dry_run, &mut found)?;
    }
    Ok(found)
}

/// The object store writes `NAME#NUMBER`, and renames it when it is whole.
fn is_part(name: &str) -> bool {
    let number = name.rsplit_once('#').map(|(_, number)| number);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(vec![]),
        entries => entries?.collect(),
    }
}

/// Old files whose names are as `wanted` says.
fn files(folder: &Path, deep: bool, wanted: &dyn Fn(&str) -> bool, dry_run: bool, found: &mut Count) -> io::Result<()> {
    for entry in entries(folder)? {
        // What vanishes meanwhile is not left.
        let Ok(about) = entry.metadata() else { continue };
        if about.is_dir() {
            if deep {
                files(&entry.path(), deep, wanted, dry_run, found)?;
            }
            continue;
        }
        let old = about.modified()?.elapsed().is_ok_and(|age| age > AGE);
        if old && wanted(&entry.file_name().to_string_lossy()) && (dry_run || fs::remove_file(entry.path()).is_ok()) {
            found.add(about.len());
        }
    }
    Ok(())
}

fn bytes(folder: &Path) -> io::Result<u64> {
    let mut all = 0u64;
    for entry in entries(folder)? {
        let Ok(about) = entry.metadata() else { continue };
        all = all.saturating_add(if about.is_dir() {
            bytes(&entry.path())?
        } else {
            about.len()
        });
    }
    Ok(all)
}
