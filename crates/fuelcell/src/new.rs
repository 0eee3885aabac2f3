//! `fuelcell new`: a job that runs, from a template of this binary. No network, no version control, nothing overwritten.

mod rust_sdk;

use crate::told::{Made, Output, line};
use anyhow::{Context, bail, ensure};
use clap::ValueEnum;
use fuelcell_cli::Failure;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, absolute};

/// A language with a template.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Language {
    /// A script that the engine of this program runs; nothing is compiled
    Python,
    /// A script that the engine of this program runs; types are removed when it is read
    #[value(name = "typescript")]
    TypeScript,
    /// A script that the engine of this program runs; nothing is compiled
    #[value(name = "javascript")]
    JavaScript,
    /// A crate that cargo builds for wasm32-wasip2
    Rust,
    /// A module of Go, with the SDK beside it, that go builds for wasip1
    Go,
    /// A program of WASI with one header, that zig, wasi-sdk or another compiler builds
    C,
}

const SAMPLE: (&str, &str) = ("sample.txt", include_str!("../templates/sample.txt"));
/// A golden case: what `fuelcell test` runs.
const CASE: [(&str, &str); 3] = [
    ("golden/long-words/in/dataset.txt", include_str!("../templates/sample.txt")),
    ("golden/long-words/case.json", "{\n  \"parameters\": {\"leastLength\": 4}\n}\n"),
    ("golden/long-words/expected/count.txt", "5 words\n"),
];

const PYTHON: &[(&str, &str)] = &[
    SAMPLE,
    ("main.py", include_str!("../templates/python/main.py")),
    ("test_main.py", include_str!("../templates/python/test_main.py")),
    ("fuelcell.json", include_str!("../templates/python/fuelcell.json")),
    ("README.md", include_str!("../templates/python/README.md")),
    (".github/workflows/test.yml", include_str!("../templates/python/ci.yml")),
];

const TYPESCRIPT: &[(&str, &str)] = &[
    SAMPLE,
    // The types of a job follow from its definition: the source has none of its own.
    ("main.ts", include_str!("../templates/javascript/main.js")),
    ("main.test.ts", include_str!("../templates/typescript/main.test.ts")),
    ("package.json", include_str!("../templates/javascript/package.json")),
    ("README.md", include_str!("../templates/typescript/README.md")),
    (".github/workflows/test.yml", include_str!("../templates/python/ci.yml")),
    (".gitignore", "/node_modules\n/out\n"),
];

const JAVASCRIPT: &[(&str, &str)] = &[
    SAMPLE,
    ("main.js", include_str!("../templates/javascript/main.js")),
    ("main.test.js", include_str!("../templates/javascript/main.test.js")),
    ("package.json", include_str!("../templates/javascript/package.json")),
    ("README.md", include_str!("../templates/javascript/README.md")),
    (".github/workflows/test.yml", include_str!("../templates/python/ci.yml")),
    (".gitignore", "/node_modules\n/out\n"),
];

const RUST: &[(&str, &str)] = &[
    SAMPLE,
    ("src/lib.rs", include_str!("../templates/rust/lib.rs")),
    ("Cargo.toml", include_str!("../templates/rust/cargo.toml")),
    ("README.md", include_str!("../templates/rust/README.md")),
    (".github/workflows/test.yml", include_str!("../templates/rust/ci.yml")),
    (".gitignore", "/target\n/out\n"),
];

const GO: &[(&str, &str)] = &[
    SAMPLE,
    ("main.go", include_str!("../templates/go/main.go")),
    ("main_test.go", include_str!("../templates/go/main_test.go")),
    ("go.mod", include_str!("../templates/go/go.mod")),
    ("README.md", include_str!("../templates/go/README.md")),
    (".github/workflows/test.yml", include_str!("../templates/go/ci.yml")),
    (".gitignore", "/*.wasm\n/out\n"),
];

const C: &[(&str, &str)] = &[
    SAMPLE,
    ("main.c", include_str!("../templates/c/main.c")),
    ("fuelcell.json", include_str!("../templates/c/fuelcell.json")),
    ("README.md", include_str!("../templates/c/README.md")),
    (".github/workflows/test.yml", include_str!("../templates/c/ci.yml")),
    (".gitignore", "/*.wasm\n/out\n"),
];

/// The SDKs that lie beside a job, as they are.
const GO_SDK: &[(&str, &str)] = &[
    ("fuelcell/go.mod", include_str!("../../../guest-sdk/go/go.mod")),
    ("fuelcell/run.go", include_str!("../../../guest-sdk/go/run.go")),
    ("fuelcell/context.go", include_str!("../../../guest-sdk/go/context.go")),
    ("fuelcell/device.go", include_str!("../../../guest-sdk/go/device.go")),
    ("fuelcell/manifest.go", include_str!("../../../guest-sdk/go/manifest.go")),
    ("fuelcell/testhost.go", include_str!("../../../guest-sdk/go/testhost.go")),
];
const JAVASCRIPT_SDK: &[(&str, &str)] = &[
    (".fuelcell/package.json", include_str!("../../../guest-sdk/js/package.json")),
    (".fuelcell/src/artifact.js", include_str!("../../../guest-sdk/js/src/artifact.js")),
    (".fuelcell/src/context.js", include_str!("../../../guest-sdk/js/src/context.js")),
    (".fuelcell/src/count.js", include_str!("../../../guest-sdk/js/src/count.js")),
    (".fuelcell/src/end.js", include_str!("../../../guest-sdk/js/src/end.js")),
    (".fuelcell/src/fetch.js", include_str!("../../../guest-sdk/js/src/fetch.js")),
    (".fuelcell/src/index.d.ts", include_str!("../../../guest-sdk/js/src/index.d.ts")),
    (".fuelcell/src/index.js", include_str!("../../../guest-sdk/js/src/index.js")),
    (".fuelcell/src/input.js", include_str!("../../../guest-sdk/js/src/input.js")),
    (".fuelcell/src/inspect.js", include_str!("../../../guest-sdk/js/src/inspect.js")),
    (".fuelcell/src/job.js", include_str!("../../../guest-sdk/js/src/job.js")),
    (".fuelcell/src/json.js", include_str!("../../../guest-sdk/js/src/json.js")),
    (".fuelcell/src/names.js", include_str!("../../../guest-sdk/js/src/names.js")),
    (".fuelcell/src/rows.js", include_str!("../../../guest-sdk/js/src/rows.js")),
    (".fuelcell/src/schema.js", include_str!("../../../guest-sdk/js/src/schema.js")),
    (".fuelcell/src/testing.d.ts", include_str!("../../../guest-sdk/js/src/testing.d.ts")),
    (".fuelcell/src/testing.js", include_str!("../../../guest-sdk/js/src/testing.js")),
];
const C_SDK: &[(&str, &str)] = &[("fuelcell.h", include_str!("../../../guest-sdk/c/fuelcell.h"))];

/// Makes the folder `name` in the one where the program was started.
pub(crate) fn make(name: &str, language: Language, sdk: Option<&Path>, output: Output) -> anyhow::Result<()> {
    check_name(name)?;
    let (files, beside, sdk) = match (language, sdk) {
        (Language::Python, _) => (PYTHON, Vec::new(), String::new()),
        (Language::TypeScript, _) => (TYPESCRIPT, owned(JAVASCRIPT_SDK), String::new()),
        (Language::JavaScript, _) => (JAVASCRIPT, owned(JAVASCRIPT_SDK), String::new()),
        (Language::Go, _) => (GO, owned(GO_SDK), String::new()),
        (Language::C, _) => (C, owned(C_SDK), String::new()),
        (Language::Rust, Some(sdk)) => (RUST, Vec::new(), sdk_path(sdk)?),
        (Language::Rust, None) => (RUST, rust_sdk::files()?, rust_sdk::folder()),
    };
    match fs::create_dir(name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            bail!("{name} is there already, and nothing in it is touched: choose another name")
        }
        made => made.with_context(|| format!("cannot make the folder {name}"))?,
    }
    for (path, text) in files.iter().chain(&CASE) {
        let text = text.replace("NAME", name).replace("CRATE", &name.replace('-', "_"));
        write(name, path, &text.replace("SDK_FOLDER", &sdk))?;
    }
    for (path, text) in &beside {
        write(name, path, text)?;
    }
    let told = match output {
        Output::Table => format!("{name}/README.md says how it is run\n"),
        Output::Json => {
            let lock = beside.iter().map(|(path, _)| &**path).filter(|path| *path == "Cargo.lock");
            let files = files.iter().chain(&CASE).map(|(path, _)| *path).chain(lock);
            let files = files.map(str::to_owned).collect();
            line(&Made { folder: name.to_owned(), files })?
        }
    };
    Ok(std::io::stdout().write_all(told.as_bytes())?)
}

fn owned(files: &[(&str, &str)]) -> Vec<(String, String)> {
    files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect()
}

fn write(name: &str, path: &str, text: &str) -> anyhow::Result<()> {
    let path = Path::new(name).join(path);
    let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text));
    written.with_context(|| format!("cannot write {}", path.display()))
}

/// A name that modules and crates can have.
fn check_name(name: &str) -> anyhow::Result<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(fits) && name.len() <= 64 {
        return Ok(());
    }
    Err(Failure::usage(format!("{name:?} cannot be the name of a job"))
        .with_remedy(
            "it begins with a lowercase letter, and has lowercase letters, digits and hyphens, 64 at most",
        )
        .into())
}

/// The folder of the SDK as TOML has it.
fn sdk_path(sdk: &Path) -> anyhow::Result<String> {
    ensure!(sdk.join("Cargo.toml").is_file(), "there is no crate in {}", sdk.display());
    let sdk = absolute(sdk).context("the folder of the SDK cannot be named")?;
    Ok(toml::Value::from(sdk.to_str().context("the folder of the SDK is not UTF-8")?).to_string())
}
