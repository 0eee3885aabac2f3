//! Large files, `docs/large-files.md`: each source of more than [`MAX_LINES`] lines stands there with the reason why
//! it is one file. Tests at the end of a file of Rust do not count. Functions are bounded by clippy (`clippy.toml`).

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result};

use super::{sources::is_foreign, violation::Violation};
use crate::workspace::Workspace;

const PAGE: &str = "docs/large-files.md";
const MAX_LINES: usize = 400;
/// What generators write into the first lines.
const GENERATED: [&str; 2] = ["auto-generated", "Generated from"];
const EXTENSIONS: [&str; 9] = ["rs", "ts", "tsx", "mjs", "py", "go", "c", "h", "css"];

/// Names large files without a reason, and reasons without a large file.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let page =
        fs::read_to_string(workspace.root.join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let mut sizes = BTreeMap::new();
    measure(workspace, &workspace.root, &mut sizes)?;
    Ok(check_page(&page, &sizes))
}

/// Looks at the page, with the lines of every source by its path.
fn check_page(page: &str, sizes: &BTreeMap<String, usize>) -> Vec<Violation> {
    let rows: Vec<_> = page.lines().filter_map(row).collect();
    let named: BTreeSet<&str> = rows.iter().map(|(path, _)| *path).collect();
    let large: BTreeMap<&str, usize> = sizes
        .iter()
        .map(|(path, lines)| (path.as_str(), *lines))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .collect();
    let missing = large.iter().filter(|(path, _)| !named.contains(**path)).map(|(path, lines)| {
        format!(
            "{path} has {lines} lines, more than {MAX_LINES}: split it, or say in {PAGE} why it is one file"
        )
    });
    let needless = named.iter().filter(|path| !large.contains_key(**path));
    let needless =
        needless.map(|path| format!("{PAGE} names {path}, which has no more than {MAX_LINES} lines"));
    let empty = rows.iter().filter(|(_, why)| why.is_empty());
    let empty = empty.map(|(path, _)| format!("{PAGE} gives no reason for {path}"));
    missing.chain(needless).chain(empty).collect()
}

/// The path and the reason in a row of a table.
fn row(line: &str) -> Option<(&str, &str)> {
    let (path, why) = line.strip_prefix("| `")?.split_once("` |")?;
    Some((path, why.trim_end_matches('|').trim()))
}

fn measure(workspace: &Workspace, folder: &Path, sizes: &mut BTreeMap<String, usize>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if !is_foreign(&path, &workspace.target) {
                measure(workspace, &path, sizes)?;
            }
        } else if path.extension().is_some_and(|extension| EXTENSIONS.iter().any(|known| extension == *known))
        {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            sizes.insert(workspace.shown(&path).to_string(), lines(&text));
        }
    }
    Ok(())
}

/// How many lines a source has before its tests; none when it is generated.
fn lines(text: &str) -> usize {
    if text.lines().take(4).any(|line| GENERATED.iter().any(|mark| line.contains(mark))) {
        return 0;
    }
    let tests = text.find("\n#[cfg(test)]\nmod tests {");
    text[..tests.unwrap_or(text.len())].lines().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(page: &str, sizes: &[(&str, usize)]) -> Vec<Violation> {
        check_page(page, &sizes.iter().map(|(path, lines)| ((*path).to_owned(), *lines)).collect())
    }

    #[test]
    fn a_large_file_needs_a_reason_and_a_reason_a_large_file() {
        let sizes = [("a.rs", MAX_LINES), ("b.rs", MAX_LINES + 1), ("c.py", MAX_LINES + 1)];
        assert_eq!(
            found("| `a.rs` | One table. |\n| `b.rs` | One table. |\n", &sizes),
            [
                format!("c.py has 401 lines, more than 400: split it, or say in {PAGE} why it is one file"),
                format!("{PAGE} names a.rs, which has no more than 400 lines"),
            ]
        );
        assert_eq!(
            found("| `b.rs` | |\n| `c.py` | One table. |\n", &sizes),
            [format!("{PAGE} gives no reason for b.rs")]
        );
    }

    #[test]
    fn tests_at_the_end_do_not_count() {
        assert_eq!(lines("//! A.\nfn a() {}\n\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\n"), 2);
        assert_eq!(lines("#[cfg(test)]\nuse a::b;\nfn a() {}\n"), 3);
        assert_eq!(lines("# Generated from openapi.json.\nA = 1\n"), 0);
    }
}
