//! The folder that is being made.

use crate::vector::Vector;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Files and vectors so far. Equal contents are stored once, under the first name.
pub struct Kit {
    root: PathBuf,
    stored: BTreeMap<Vec<u8>, String>,
    count: usize,
}

impl Kit {
    pub fn new(root: PathBuf) -> Self {
        for folder in ["vectors", "files"] {
            let folder = root.join(folder);
            if folder.exists() {
                fs::remove_dir_all(&folder).unwrap();
            }
            fs::create_dir_all(&folder).unwrap();
        }
        Self {
            root,
            stored: BTreeMap::new(),
            count: 0,
        }
    }

    /// Stores a file and returns its path in the kit.
    pub fn file(&mut self, path: &str, bytes: &[u8]) -> String {
        let root = &self.root;
        let store = || {
            let target = root.join(path);
            assert!(!target.exists() || path.starts_with("v1/"), "{path} is there already");
            fs::write(target, bytes).unwrap();
            path.to_owned()
        };
        self.stored.entry(bytes.to_vec()).or_insert_with(store).clone()
    }

    /// Stores a vector after checking that this crate's verdict is the expected one.
    pub fn vector(&mut self, name: &str, vector: &Vector) {
        self.vector_in("vectors", name, vector);
    }

    pub fn vector_in(&mut self, folder: &str, name: &str, vector: &Vector) {
        let judged = vector.judged(&self.root);
        assert_eq!(judged.expect, vector.expect, "{name}: {}", vector.comment);
        let path = self.root.join(folder).join(format!("{name}.txt"));
        assert!(folder == "v1" || !path.exists(), "two vectors are named {name}");
        let text = judged.to_string();
        assert_eq!(Vector::parse(&text), Ok(judged), "{name} reads back");
        fs::write(path, text).unwrap();
        self.count += 1;
    }

    /// Contents forgotten: golden files are never shared with those of the ordinary vectors.
    pub fn forget_files(&mut self) {
        self.stored.clear();
    }

    pub fn finish(self) {
        let mut paths = vec![];
        for folder in ["vectors", "v1"] {
            let Ok(entries) = fs::read_dir(self.root.join(folder)) else {
                continue;
            };
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            paths.extend(
                names
                    .filter(|name| name.ends_with(".txt"))
                    .map(|name| format!("{folder}/{name}\n")),
            );
        }
        paths.sort();
        fs::write(self.root.join("index.txt"), paths.concat()).unwrap();
        println!("{} vectors made, {} listed", self.count, paths.len());
    }
}
