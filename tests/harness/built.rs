//! Where `cargo xtask` leaves what it built.

use flate2::read::GzDecoder;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

/// The target directory, from the place of this test binary: `target/PROFILE/deps/all-…`.
pub fn target() -> PathBuf {
    profile().parent().expect("a profile's directory lies in the target directory").to_owned()
}

fn profile() -> PathBuf {
    let exe = std::env::current_exe().expect("a running test has a file");
    exe.ancestors().nth(2).expect("test binaries lie in target/PROFILE/deps").to_owned()
}

/// The `fuelcell` binary.
pub fn fuelcell() -> PathBuf {
    present(profile().join("fuelcell"))
}

/// A packed module.
pub fn module(name: &str) -> Vec<u8> {
    let path = module_path(name);
    fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()))
}

/// A module that an earlier build of the SDK made, as it was packed then.
pub fn kept(name: &str) -> Vec<u8> {
    let path = source("tests/guests/kept").join(name);
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut bytes = Vec::new();
    GzDecoder::new(file)
        .read_to_end(&mut bytes)
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes
}

/// A module as the compiler made it, with this manifest.
pub fn module_with_manifest(name: &str, manifest: &str) -> Vec<u8> {
    let path = present(target().join("wasm32-wasip2/guest").join(format!("{name}.wasm")));
    let bytes = fs::read(&path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    with_manifest(bytes, manifest)
}

/// A module that carries no manifest, with this text as its manifest.
pub fn with_manifest(bytes: Vec<u8>, manifest: &str) -> Vec<u8> {
    with_section(bytes, "fuelcell:manifest", manifest.as_bytes())
}

/// A module with a custom section behind it, which takes seven bytes beside its name and its contents.
pub fn with_section(mut bytes: Vec<u8>, name: &str, contents: &[u8]) -> Vec<u8> {
    // 0, its length, the length of its name, its name, its contents.
    let length = 1 + name.len() + contents.len();
    bytes.push(0);
    // LEB128 in the longest form of a u32.
    bytes.extend((0..5).map(|n| (length >> (7 * n)) as u8 & 0x7f | if n < 4 { 0x80 } else { 0 }));
    bytes.push(name.len() as u8);
    bytes.extend(name.bytes());
    bytes.extend_from_slice(contents);
    bytes
}

/// Where a packed module lies.
pub fn module_path(name: &str) -> PathBuf {
    present(target().join("modules").join(format!("{name}.wasm")))
}

/// A Python that has the packages which the client tests need.
pub fn python() -> PathBuf {
    present(target().join("tools/venv/bin/python"))
}

/// Variables with which authors' commands find the compilers of Go and C that `cargo xtask` got. Nothing is fetched, and what
/// is compiled stays for the next time.
pub fn compilers() -> [(&'static str, String); 5] {
    let programs =
        present(target().join("tools/venv/bin/go")).parent().expect("a file has a folder").to_owned();
    let tools = fuelcell().parent().expect("a file has a folder").display().to_string();
    let path = std::env::var("PATH").unwrap_or_default();
    [
        ("PATH", format!("{}:{tools}:{path}", programs.display())),
        ("GOCACHE", target().join("go-cache").display().to_string()),
        ("GOPROXY", "off".into()),
        ("GOTOOLCHAIN", "local".into()),
        ("GOFLAGS", "-mod=mod".into()),
    ]
}

/// Prometheus' tool: the one that `cargo xtask` got, or that of the search path.
pub fn promtool() -> PathBuf {
    let own = target().join("tools/promtool");
    if own.exists() { own } else { PathBuf::from("promtool") }
}

/// A file of the repository.
pub fn source(path: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests/ lies in the repository");
    present(root.join(path))
}

fn present(path: PathBuf) -> PathBuf {
    assert!(
        path.exists(),
        "{} is missing; `cargo xtask test` makes everything that the tests need",
        path.display()
    );
    path
}
