//! Files of the service are its user's only: weights, openings, uploads, keys and databases lie among them.

use super::error::ApiError;
use rustix::fs::Mode;
use std::fs::{self, DirBuilder, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;

/// Permissions that others must not have.
const OTHERS: u32 = 0o077;

/// From now on, files and folders that this process and its children make are for their owner only.
pub fn files() {
    rustix::process::umask(Mode::from_raw_mode(OTHERS));
}

/// Makes a folder that only its owner can enter. An empty one is closed.
///
/// # Errors
/// A folder with something in it that others can enter.
pub fn folder(path: &Path) -> Result<(), ApiError> {
    let mode = || Ok::<_, std::io::Error>(fs::metadata(path)?.permissions().mode());
    match mode() {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Ok(DirBuilder::new().recursive(true).mode(0o700).create(path)?);
        }
        Ok(mode) if mode & OTHERS == 0 => return Ok(()),
        Ok(_) => {}
        Err(error) => return Err(error.into()),
    }
    if fs::read_dir(path)?.next().is_none() {
        return Ok(fs::set_permissions(path, Permissions::from_mode(0o700))?);
    }
    // Another process of ours may have closed the empty folder meanwhile: it does so before it writes.
    let mode = mode()?;
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let shown = path.display();
    Err(ApiError::Unavailable(format!(
        "other users of this machine can enter {shown} (mode {:o}), which holds weights, inputs and keys. Close it with `chmod -R go-rwx {shown}`",
        mode & 0o777
    )))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;

    #[test]
    fn open_folders_are_closed_or_refused() {
        let place = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let new = place.path().join("deep/new");
        folder(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
        fs::set_permissions(&new, Permissions::from_mode(0o755)).unwrap();
        folder(&new).unwrap();
        assert_eq!(mode(&new), 0o700);
        fs::write(new.join("model.private"), "x").unwrap();
        folder(&new).unwrap();
        fs::set_permissions(&new, Permissions::from_mode(0o750)).unwrap();
        let ApiError::Unavailable(cause) = folder(&new).unwrap_err() else {
            panic!()
        };
        assert!(
            cause.contains("mode 750") && cause.contains("chmod -R go-rwx"),
            "{cause}"
        );
    }

    /// Processes that start together find the folder that one of them closes, and fills at once.
    #[test]
    fn a_folder_that_is_closed_meanwhile_is_closed() {
        for _ in 0..200 {
            let place = tempfile::tempdir().unwrap();
            fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
            std::thread::scope(|scope| {
                let starts: Vec<_> = (0..4)
                    .map(|n| {
                        let path = place.path();
                        scope.spawn(move || {
                            folder(path).unwrap();
                            fs::write(path.join(format!("{n}.key")), "x").unwrap();
                        })
                    })
                    .collect();
                starts.into_iter().for_each(|start| start.join().unwrap());
            });
        }
    }
}
