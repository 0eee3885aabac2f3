//! Builds the dashboard's pages: `crates/dashboard/web` becomes `target/dashboard`, which the binary embeds.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::{process::run, progress::note, tools, workspace::Workspace};

/// Bytes of script, compressed with gzip, before the list of jobs shows.
const MAX_SCRIPT: u64 = 170_000;
/// The same of styles.
const MAX_STYLE: u64 = 12_000;
/// Bytes of all files, as they are embedded.
const MAX_EMBEDDED: u64 = 1_500_000;

/// What the pages are made of, from their folder.
const SOURCES: [&str; 7] =
    ["package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "index.html", "src", "public"];

struct Pages {
    web: PathBuf,
    api: PathBuf,
    built: PathBuf,
}

impl Pages {
    fn of(workspace: &Workspace) -> Self {
        Self {
            web: workspace.root.join("crates/dashboard/web"),
            api: workspace.root.join("openapi.json"),
            built: workspace.target.join("dashboard"),
        }
    }

    /// Written when everything is built.
    fn stamp(&self) -> PathBuf {
        self.built.join("built-from")
    }

    /// All that the build reads, one after the other.
    fn sources(&self) -> Result<Vec<u8>> {
        let mut files = vec![self.api.clone()];
        SOURCES.iter().try_for_each(|source| list(&self.web.join(source), &mut files))?;
        files.sort();
        let mut all = Vec::new();
        for file in files.iter().filter(|file| !file.ends_with("src/api/schema.d.ts")) {
            let shown = file.strip_prefix(&self.web).unwrap_or(file).display().to_string();
            let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
            all.extend(format!("\n{shown} {}\n", bytes.len()).into_bytes());
            all.extend(bytes);
        }
        Ok(all)
    }

    fn npm(&self, arguments: &[&str]) -> Result<()> {
        run(Command::new("npm").args(arguments).current_dir(&self.web))
    }
}

/// Builds the pages, unless they are built from just this, and checks how much they weigh.
///
/// # Errors
/// When the build fails, or the pages are heavier than they may be.
pub(crate) fn build(workspace: &Workspace) -> Result<()> {
    let pages = Pages::of(workspace);
    let sources = pages.sources()?;
    if fs::read(pages.stamp()).is_ok_and(|built_from| built_from == sources) {
        return Ok(());
    }
    note("Building the dashboard.");
    tools::ensure_node_of_pages()?;
    install(&pages)?;
    pages.npm(&["run", "--silent", "types"])?;
    pages.npm(&["run", "--silent", "check"])?;
    let out = pages.built.to_str().context("the target directory's name is UTF-8")?;
    pages.npm(&["run", "--silent", "build", "--", "--outDir", out, "--emptyOutDir", "--logLevel", "warn"])?;
    let (script, style, embedded) = weigh(&pages)?;
    note(&format!(
        "The dashboard: {script} bytes of script and {style} of style, compressed, before its list shows; {embedded} embedded"
    ));
    fs::write(pages.stamp(), sources).context("cannot note what the dashboard was built from")
}

/// The same where it can be built; else what is to be shown goes on without it.
///
/// # Errors
/// When the build fails.
pub(crate) fn build_if_possible(workspace: &Workspace) -> Result<()> {
    if tools::can_build_pages() {
        return build(workspace);
    }
    note(
        "The dashboard is left out: building it takes Node.js 20.19 (or a later 20), or 22.12 or newer, with npm.",
    );
    Ok(())
}

/// Installs the packages of the lock file, unless they are there.
pub(crate) fn ensure_packages(workspace: &Workspace) -> Result<()> {
    install(&Pages::of(workspace))
}

fn install(pages: &Pages) -> Result<()> {
    let lock = fs::read(pages.web.join("package-lock.json")).context("cannot read package-lock.json")?;
    let installed = pages.web.join("node_modules/.installed");
    if fs::read(&installed).is_ok_and(|from| from == lock) {
        return Ok(());
    }
    pages.npm(&["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"])?;
    fs::write(installed, lock).context("cannot note what was installed")
}

/// Checks that a dashboard which is built weighs no more than it may.
///
/// # Errors
/// When it does, or cannot be read.
pub(crate) fn check_weight(workspace: &Workspace) -> Result<()> {
    let pages = Pages::of(workspace);
    if pages.stamp().exists() { weigh(&pages).map(drop) } else { Ok(()) }
}

/// Bytes of script and of style before the list shows, compressed, and of all files.
fn weigh(pages: &Pages) -> Result<(u64, u64, u64)> {
    let first =
        fs::read_to_string(pages.built.join("first.json")).context("the build names its first files")?;
    let first: Vec<String> = serde_json::from_str(&first)?;
    let size = |name: &String| fs::metadata(pages.built.join(format!("{name}.gz"))).map(|data| data.len());
    let sum = |extension: &str| -> io::Result<u64> {
        first.iter().filter(|name| name.ends_with(extension)).map(size).sum()
    };
    let mut all = Vec::new();
    list(&pages.built, &mut all)?;
    let embedded = all.iter().filter(|file| !file.starts_with(pages.stamp()));
    let embedded = embedded.map(|file| fs::metadata(file).map(|data| data.len())).sum::<io::Result<u64>>()?;
    let weights = (sum(".js")?, sum(".css")?, embedded);
    for (weight, most, what) in [
        (weights.0, MAX_SCRIPT, "script before its list shows, compressed"),
        (weights.1, MAX_STYLE, "style before its list shows, compressed"),
        (weights.2, MAX_EMBEDDED, "all files"),
    ] {
        if weight > most {
            bail!("the dashboard has {weight} bytes of {what}; at most {most} are allowed");
        }
    }
    Ok(weights)
}

/// All files of a folder, at any depth, or the file itself.
fn list(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot list {}", path.display()))? {
        list(&entry?.path(), files)?;
    }
    Ok(())
}
