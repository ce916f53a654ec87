use super::*;

fn model(root: &Path, name: &str, bytes: usize, ago: u64) -> PathBuf {
    let path = root.join("tenant").join(name);
    fs::create_dir_all(&path).unwrap();
    fs::write(path.join("file"), vec![0; bytes]).unwrap();
    age(&path, ago);
    path
}

fn age(path: &Path, seconds: u64) {
    let then = SystemTime::now() - Duration::from_secs(seconds);
    File::open(path).unwrap().set_modified(then).unwrap();
}

#[test]
fn the_longest_unused_goes_first_and_what_is_held_stays() {
    let root = tempfile::tempdir().unwrap();
    let [old, older, oldest] =
        [("a", 100), ("b", 200), ("c", 300)].map(|(name, ago)| model(root.path(), name, 10, ago));
    assert_eq!(shrink(root.path(), 30).unwrap(), 0);
    let held = hold(&oldest).unwrap().unwrap();
    age(&oldest, 300);
    assert_eq!(shrink(root.path(), 10).unwrap(), 1);
    assert_eq!([&old, &older, &oldest].map(|path| path.exists()), [true, false, true]);
    drop(held);
    assert_eq!(shrink(root.path(), 10).unwrap(), 1);
    assert_eq!([&old, &oldest].map(|path| path.exists()), [true, false]);
    // Use counts, not age.
    let other = model(root.path(), "d", 10, 50);
    hold(&old).unwrap().unwrap();
    assert_eq!(shrink(root.path(), 10).unwrap(), 1);
    assert_eq!([&old, &other].map(|path| path.exists()), [true, false]);
    assert!(hold(&other).unwrap().is_none());
    assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1, "nothing is left over");
}

/// Of a model in segments, which has a folder for each.
#[test]
fn files_in_folders_below_count() {
    let root = tempfile::tempdir().unwrap();
    let [new, old] = [("a", 10), ("b", 20)].map(|(name, ago)| {
        let path = model(root.path(), name, 10, ago);
        fs::create_dir(path.join("segment-1")).unwrap();
        fs::write(path.join("segment-1/file"), [0; 10]).unwrap();
        age(&path, ago);
        path
    });
    assert_eq!(shrink(root.path(), 40).unwrap(), 0);
    assert_eq!(shrink(root.path(), 39).unwrap(), 1);
    assert_eq!([&new, &old].map(|path| path.exists()), [true, false]);
}

#[test]
fn temporary_folders_of_the_dead_are_removed() {
    let root = tempfile::tempdir().unwrap();
    let [left, young] = [".left", ".young"].map(|name| root.path().join(name));
    fs::create_dir(&left).unwrap();
    fs::write(left.join("secret"), "x").unwrap();
    fs::create_dir(&young).unwrap();
    let alive = Temporary::new(root.path()).unwrap();
    let named = root.path().join("named");
    Temporary::new(root.path()).unwrap().rename(&named).unwrap();
    age(&named, 100);
    age(&left, 100);
    age(alive.path(), 100);
    assert_eq!(remove_left(root.path()).unwrap(), 1);
    assert_eq!(
        [&left, &young, &named, alive.path()].map(|path| path.exists()),
        [false, true, true, true]
    );
}
