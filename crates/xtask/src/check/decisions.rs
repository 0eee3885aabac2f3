//! The decisions, `docs/decisions`: each page is short and has its parts, what it names exists, and the index lists it.

use std::{collections::BTreeMap, fs};

use anyhow::{Context, Result};

use super::{
    drawing::{paths_in_crates, quoted},
    tree::collect,
    violation::Violation,
};
use crate::workspace::Workspace;

const FOLDER: &str = "docs/decisions";
const INDEX: &str = "README.md";
const PARTS: [&str; 3] = ["**Context.**", "**Decision.**", "**What would change our mind.**"];
const MAX_LINES: usize = 40;
/// What may stand before the name of what is defined.
const KEYWORDS: [&str; 7] = ["fn", "const", "mod", "struct", "enum", "trait", "type"];

/// Names what a decision lacks.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let mut files = Vec::new();
    collect(&workspace.root.join("crates"), &mut files)?;
    let mut code = String::new();
    for file in files {
        code.push_str(&fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?);
    }
    let mut pages = BTreeMap::new();
    let folder = workspace.root.join(FOLDER);
    for entry in fs::read_dir(&folder).with_context(|| format!("cannot list {FOLDER}"))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let text =
            fs::read_to_string(entry.path()).with_context(|| format!("cannot read {FOLDER}/{name}"))?;
        pages.insert(name, text);
    }
    Ok(check_pages(&pages, &code, |path| workspace.root.join(path).exists()))
}

/// Looks at the pages by their names, with the text of all code, and what knows whether there is a file.
fn check_pages(
    pages: &BTreeMap<String, String>,
    code: &str,
    exists: impl Fn(&str) -> bool,
) -> Vec<Violation> {
    let index = pages.get(INDEX).map_or("", String::as_str);
    let mut violations = Vec::new();
    for (name, text) in pages.iter().filter(|(name, _)| *name != INDEX) {
        let mut add = |what: String| violations.push(format!("{FOLDER}/{name} {what}"));
        if !text.starts_with("# ") {
            add("does not begin with its title".to_owned());
        }
        for part in PARTS.iter().filter(|part| !text.contains(**part)) {
            add(format!("has no part {part}"));
        }
        if text.lines().count() > MAX_LINES {
            add(format!("has more than {MAX_LINES} lines"));
        }
        if !index.contains(&format!("]({name})")) {
            add(format!("is not in {FOLDER}/{INDEX}"));
        }
        for path in paths_in_crates(text).filter(|path| !exists(path)) {
            add(format!("names {path}, which does not exist"));
        }
        for lost in quoted(text).filter_map(defined_name).filter(|name| !is_defined(name, code)) {
            add(format!("names {lost}, which the code does not define"));
        }
    }
    violations
}

/// The last part of a name of the code, such as `Token::is_last_operators` or `MAX_LOST_ATTEMPTS`.
fn defined_name(quoted: &str) -> Option<&str> {
    let is_name =
        |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_constant = quoted.contains('_') && !quoted.contains(|c: char| c.is_ascii_lowercase());
    let last = quoted.rsplit("::").next()?;
    (quoted.split("::").all(is_name) && (quoted != last || is_constant)).then_some(last)
}

fn is_defined(name: &str, code: &str) -> bool {
    KEYWORDS.iter().any(|keyword| {
        let definition = format!("{keyword} {name}");
        code.match_indices(&definition).any(|(at, _)| {
            let next = code[at + definition.len()..].chars().next();
            next.is_none_or(|c| !c.is_ascii_alphanumeric() && c != '_')
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "# Limits are constants\n\n**Context.** A loop.\n\n**Decision.** `MAX_LOST` and `Job::lose` in \
                        `domain/src/state.rs`, by `x-role` and `a::b c`.\n\n**What would change our mind.** Nothing.\n";
    const CODE: &str = "pub const MAX_LOST: u32 = 5;\nfn lose(&self) {}\nfn loser() {}";

    fn found(index: &str, page: &str, code: &str) -> Vec<Violation> {
        let pages = [(INDEX, index), ("limits.md", page)];
        let pages = pages.map(|(name, text)| (name.to_owned(), text.to_owned())).into();
        check_pages(&pages, code, |path| path == "crates/domain/src/state.rs")
    }

    #[test]
    fn a_page_with_its_parts_passes() {
        assert_eq!(found("- [Limits](limits.md)", GOOD, CODE), Vec::<String>::new());
    }

    #[test]
    fn what_a_page_lacks_is_named() {
        let page = "Limits.\n\n**Context.** A loop.\n\n**Decision.** `domain/src/gone.rs`.\n";
        assert_eq!(
            found("", page, CODE),
            [
                "docs/decisions/limits.md does not begin with its title",
                "docs/decisions/limits.md has no part **What would change our mind.**",
                "docs/decisions/limits.md is not in docs/decisions/README.md",
                "docs/decisions/limits.md names crates/domain/src/gone.rs, which does not exist",
            ]
        );
        let long = GOOD.replace('\n', "\n\n\n\n\n\n\n\n");
        assert_eq!(
            found("[Limits](limits.md)", &long, CODE),
            ["docs/decisions/limits.md has more than 40 lines"]
        );
    }

    #[test]
    fn names_that_the_code_does_not_define_are_named() {
        let lost = found("[Limits](limits.md)", GOOD, "const MAX_LOST_TWICE: u32 = 2; fn loser() {}");
        assert_eq!(
            lost,
            [
                "docs/decisions/limits.md names MAX_LOST, which the code does not define",
                "docs/decisions/limits.md names lose, which the code does not define",
            ]
        );
    }
}
