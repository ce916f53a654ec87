use super::*;
use std::os::unix::fs::{symlink, PermissionsExt};

fn refused<T: std::fmt::Debug>(result: Result<T, CliError>, words: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.parts().0, "output-exists");
    assert!(error.parts().1.contains(words), "{}", error.parts().1);
}

#[test]
fn what_is_there_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("old"), "old").unwrap();
    fs::create_dir(at("folder")).unwrap();
    symlink(at("old"), at("link")).unwrap();
    symlink(at("nothing"), at("dangling")).unwrap();
    fs::hard_link(at("old"), at("other name")).unwrap();
    refused(Output::new(&at("old"), false, &[]), "exists already");
    refused(Output::new(&at("link"), false, &[]), "exists already");
    refused(Output::new(&at("folder"), true, &[]), "is a folder");
    refused(Output::new(&at("dangling"), true, &[]), "link to nothing");
    for input in ["old", "link", "other name"] {
        refused(Output::new(&at("old"), true, &[&at(input)]), "is an input");
    }
    Output::new(&at("link"), true, &[]).unwrap().write(b"new").unwrap();
    assert_eq!(fs::read(at("old")).unwrap(), b"new");
    assert!(at("link").is_symlink());
    let secret = Output::private(&at("secret"), false, &[]).unwrap();
    secret.write(b"secret").unwrap();
    assert_eq!(fs::metadata(at("secret")).unwrap().permissions().mode() & 0o777, 0o600);
    // What is not kept changes nothing, and what came meanwhile is not replaced.
    drop(Output::new(&at("old"), true, &[]).unwrap().stage(b"never").unwrap());
    assert_eq!(fs::read(at("old")).unwrap(), b"new");
    let late = Output::new(&at("late"), false, &[]).unwrap();
    let staged = late.stage(b"ours").unwrap();
    fs::write(at("late"), "theirs").unwrap();
    staged.keep().unwrap_err();
    assert_eq!(fs::read(at("late")).unwrap(), b"theirs");
    assert_eq!(Output::new(&at("none/file"), false, &[]).unwrap_err().parts().0, "io");
    // A device is written to.
    Output::new(Path::new("/dev/null"), false, &[])
        .unwrap()
        .write(b"x")
        .unwrap();
    assert!(!fs::metadata("/dev/null").unwrap().is_file());
}

#[test]
fn folders_are_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("empty")).unwrap();
    fs::create_dir(at("full")).unwrap();
    fs::write(at("full").join("model.private"), "old").unwrap();
    fs::write(at("file"), "old").unwrap();
    refused(OutputFolder::new(&at("full")), "is not empty");
    refused(OutputFolder::new(&at("file")), "is no folder");
    fs::create_dir(at("target")).unwrap();
    symlink(at("target"), at("by link")).unwrap();
    for name in ["empty", "new", "deep/new", "by link"] {
        let place = OutputFolder::new(&at(name)).unwrap();
        place.fill(|path| files::write(&path.join("a"), b"a", true)).unwrap();
        assert_eq!(fs::read(at(name).join("a")).unwrap(), b"a");
    }
    // A failure, such as a full disk, leaves nothing.
    let place = OutputFolder::new(&at("failed")).unwrap();
    let failing = |path: &Path| {
        files::write(&path.join("a"), b"a", true)?;
        Err(CliError::new(1, "test", "full", ""))
    };
    assert!(place.fill(failing).is_err());
    assert!(!at("failed").exists());
    let left = fs::read_dir(folder.path()).unwrap().flatten();
    assert_eq!(
        left.filter(|entry| entry.file_name().to_string_lossy().starts_with('.'))
            .count(),
        0
    );
}
