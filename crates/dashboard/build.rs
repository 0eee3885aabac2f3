//! Embeds what `cargo xtask dashboard` built of `web/` into `target/dashboard`: each file as it is, and compressed twice.
//! Without it the list is empty, and the server shows a page that says how to build it.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let target = target_directory(&out);
    let folder = target.join("dashboard");
    // What is missing counts as changed each time, and everything would be linked anew.
    fs::create_dir_all(&folder).expect("the target directory can be written");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut list = String::from("&[\n");
    for file in files(&folder).into_iter().chain(files(&folder.join("assets"))) {
        println!("cargo::rerun-if-changed={}", file.display());
        let name = file.file_name().and_then(|name| name.to_str()).expect("names of built files are UTF-8");
        let (gzip, brotli) = (beside(&file, "gz"), beside(&file, "br"));
        writeln!(
            list,
            "    File {{ name: {name:?}, plain: include_bytes!({file:?}), gzip: include_bytes!({gzip:?}), brotli: include_bytes!({brotli:?}) }},"
        )
        .expect("writing to a String cannot fail");
    }
    list.push(']');
    fs::write(out.join("files.rs"), list).expect("OUT_DIR can be written");
}

/// `out` is target/PROFILE/build/PACKAGE/out, or with `--target` target/TRIPLE/PROFILE/build/PACKAGE/out.
fn target_directory(out: &Path) -> &Path {
    let folder = out.ancestors().nth(4).expect("OUT_DIR lies four levels below the target directory");
    let of_triple = env::var_os("TARGET").is_some_and(|triple| folder.ends_with(triple));
    if of_triple { folder.parent().expect("it lies in the target directory") } else { folder }
}

/// Files that have been compressed, which is done last.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> =
        paths.filter(|path| beside(path, "gz").exists() && beside(path, "br").exists()).collect();
    files.sort();
    files
}

fn beside(file: &Path, extension: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(extension);
    name.into()
}
