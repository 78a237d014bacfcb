//! Imports between the folders of the crate, and within `core`, go one way.

use std::fs;
use std::path::{Path, PathBuf};

/// Each folder imports from itself and from those before it.
const FOLDERS: &[&str] = &["bigint", "core", "numbers", "groups", "schemes", "ops", "carriers"];
/// Each file of `core` imports from those before it.
const CORE: &[&str] = &[
    "error",
    "hex",
    "wiped",
    "date",
    "json",
    "canonical",
    "cost",
    "schema",
    "advice",
    "args",
    "lists",
    "clock",
    "context",
    "op",
    "registry",
    "catalogue",
    "help",
    "envelope",
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The names that follow `prefix` in the code of the file, comments left out.
fn imported(path: &Path, prefix: &str) -> Vec<String> {
    let text = fs::read_to_string(path).unwrap();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let name = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    code.flat_map(|line| line.split(prefix).skip(1).map(name).collect::<Vec<_>>()).collect()
}

fn rank(order: &[&str], name: &str, place: &Path) -> usize {
    order.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name}, in {}", place.display()))
}

#[test]
fn folders_import_only_what_stands_below_them() {
    let mut seen = 0;
    for (own, folder) in FOLDERS.iter().enumerate() {
        for file in files(&root().join(folder)) {
            for name in imported(&file, "crate::").iter().filter(|name| *name != "respond") {
                assert!(rank(FOLDERS, name, &file) <= own, "{} imports crate::{name}", file.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 500, "{seen}");
    let listed = fs::read_dir(root()).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    for folder in listed.filter(|path| !path.ends_with("bin")) {
        rank(FOLDERS, folder.file_name().unwrap().to_str().unwrap(), &folder);
    }
}

#[test]
fn files_of_core_import_only_what_stands_before_them() {
    for file in files(&root().join("core")).iter().filter(|file| !file.ends_with("mod.rs")) {
        let own = rank(CORE, file.file_stem().unwrap().to_str().unwrap(), file);
        for name in imported(file, "crate::core::") {
            assert!(rank(CORE, &name, file) < own, "{} imports crate::core::{name}", file.display());
        }
    }
}

#[test]
fn every_folder_says_what_belongs_in_it() {
    for file in files(&root()).iter().filter(|file| file.ends_with("mod.rs")) {
        let text = fs::read_to_string(file).unwrap();
        let head: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
        let says = |words: &str| head.join(" ").contains(words);
        assert!(says("Belongs here:") && says("Does not belong here:"), "{}", file.display());
        assert!((4..=14).contains(&head.len()), "{}: {} lines", file.display(), head.len());
    }
}
