//! Embeds the built-in job modules, components and script archives, that `cargo xtask guests` put into
//! `target/builtin-modules`, and the engines in `target/builtin-engines`. Without them the binary builds all the same; it
//! then says at start that it has no modules.
//!
//! Also embeds the sources of the SDK for Rust, which new jobs have beside them.

use sha2::{Digest, Sha256};
use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let target = target_directory(&out);
    embed(&target.join("builtin-modules"), &out.join("built_in.rs"), |_| String::new());
    // A server has to know them at its start, and most never read their many bytes.
    embed(&target.join("builtin-engines"), &out.join("engines.rs"), |file| {
        let bytes = fs::read(file).expect("the file was there a moment ago");
        format!(", {:?}", <[u8; 32]>::from(Sha256::digest(bytes)))
    });
    embed_sdk(&out.join("rust_sdk.rs"));
}

/// The crates of the SDK for Rust: itself, and what its host for tests checks with.
const SDK: [&str; 4] = ["guest-sdk/rust", "guest-sdk/rust-macros", "crates/domain", "crates/rules"];

/// Writes a list of the crates' files: the path below `guest-sdk` or `crates`, with the text.
fn embed_sdk(into: &Path) {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("../..");
    let mut list = String::from("&[\n");
    for folder in SDK.map(|folder| root.join(folder)) {
        let top = folder.parent().expect("a crate lies in a folder");
        let mut files = Vec::new();
        for part in ["Cargo.toml", "README.md", "src", "wit"] {
            gather(&folder.join(part), &mut files);
        }
        for file in files {
            let path = file.strip_prefix(top).expect("it lies in there").to_str().expect("paths are UTF-8");
            writeln!(list, "    ({path:?}, include_str!({file:?})),")
                .expect("writing to a String cannot fail");
        }
    }
    list.push(']');
    fs::write(into, list).expect("OUT_DIR can be written");
}

/// The files of a folder and of those in it, or the file that it is; none when there is nothing.
fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(path) else {
        if path.is_file() {
            println!("cargo::rerun-if-changed={}", path.display());
            files.push(path.to_owned());
        }
        return;
    };
    println!("cargo::rerun-if-changed={}", path.display());
    let mut inner: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    inner.sort();
    inner.iter().for_each(|path| gather(path, files));
}

/// `out` is target/PROFILE/build/PACKAGE/out, or with `--target` target/TRIPLE/PROFILE/build/PACKAGE/out.
fn target_directory(out: &Path) -> &Path {
    let folder = out.ancestors().nth(4).expect("OUT_DIR lies four levels below the target directory");
    let of_triple = env::var_os("TARGET").is_some_and(|triple| folder.ends_with(triple));
    if of_triple { folder.parent().expect("it lies in the target directory") } else { folder }
}

/// Writes a list of the modules in `folder`: their names with their bytes, and what else there is to say of each.
fn embed(folder: &Path, into: &Path, more: impl Fn(&Path) -> String) {
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut list = String::from("&[\n");
    for module in modules(folder) {
        let name =
            module.file_stem().and_then(|stem| stem.to_str()).expect("module names are UTF-8").to_owned();
        println!("cargo::rerun-if-changed={}", module.display());
        writeln!(list, "    ({name:?}, include_bytes!({module:?}).as_slice(){}),", more(&module))
            .expect("writing to a String cannot fail");
    }
    list.push(']');
    fs::write(into, list).expect("OUT_DIR can be written");
}

fn modules(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut modules: Vec<_> =
        paths.filter(|path| path.extension().is_some_and(|kind| kind == "wasm" || kind == "zip")).collect();
    modules.sort();
    modules
}
