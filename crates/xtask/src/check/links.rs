//! Links of documents lead to files, and to headings, that are there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context, Result};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use super::violation::Violation;
use crate::workspace::Workspace;

/// Folders in which documents are not ours.
const FOREIGN: [&str; 2] = ["target", "node_modules"];

/// What a document offers and asks for.
#[derive(Default)]
struct Document {
    /// Anchors of its headings, as GitHub makes them.
    anchors: BTreeSet<String>,
    links: Vec<String>,
}

/// Names every link of a document that leads nowhere. Addresses of other hosts are not asked.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let mut paths = Vec::new();
    collect(&workspace.root, &mut paths)?;
    let mut documents = BTreeMap::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let shown = path.strip_prefix(&workspace.root)?.to_owned();
        documents.insert(shown, read(&text));
    }
    Ok(dead(&documents, |path| workspace.root.join(path).exists()))
}

fn collect(folder: &Path, documents: &mut Vec<PathBuf>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        if entry.file_type()?.is_dir() {
            if !name.starts_with('.') && !FOREIGN.contains(&name.as_ref()) {
                collect(&path, documents)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            documents.push(path);
        }
    }
    Ok(())
}

fn read(text: &str) -> Document {
    let mut document = Document::default();
    let mut heading: Option<String> = None;
    for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                document.links.push(dest_url.into_string());
            }
            Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
            Event::Text(part) | Event::Code(part) => {
                if let Some(heading) = &mut heading {
                    heading.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let anchor = anchor(&heading.take().unwrap_or_default());
                let repeated = (1..).map(|number| format!("{anchor}-{number}"));
                let free = std::iter::once(anchor.clone()).chain(repeated);
                document.anchors.extend(free.into_iter().find(|name| !document.anchors.contains(name)));
            }
            _ => {}
        }
    }
    document
}

/// The anchor that GitHub gives a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.trim().to_lowercase();
    let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn dead(documents: &BTreeMap<PathBuf, Document>, exists: impl Fn(&Path) -> bool) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (path, document) in documents {
        for link in document.links.iter().filter(|link| !is_elsewhere(link)) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match file {
                "" => path.clone(),
                file => beside(path, file),
            };
            let missing = match documents.get(&target) {
                Some(target) => !anchor.is_empty() && !target.anchors.contains(anchor),
                None => !exists(&target),
            };
            if missing {
                violations.push(format!("{}: the link to {link} leads nowhere", path.display()));
            }
        }
    }
    violations
}

fn is_elsewhere(link: &str) -> bool {
    link.contains("://") || link.starts_with("mailto:")
}

/// A path as a document means it, from its own folder.
fn beside(document: &Path, file: &str) -> PathBuf {
    let mut target = document.parent().unwrap_or(Path::new("")).to_owned();
    for part in Path::new(file).components() {
        match part {
            Component::ParentDir => drop(target.pop()),
            Component::Normal(name) => target.push(name),
            _ => {}
        }
    }
    target
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(texts: &[(&str, &str)]) -> Vec<String> {
        let documents = texts.iter().map(|(path, text)| (PathBuf::from(path), read(text))).collect();
        dead(&documents, |path| path == Path::new("src/lib.rs"))
    }

    #[test]
    fn a_link_to_a_file_that_is_not_there_is_named() {
        let text = "[code](../src/lib.rs) [gone](gone.md) [away](https://example.org/gone.md)";
        assert_eq!(found(&[("docs/a.md", text)]), ["docs/a.md: the link to gone.md leads nowhere"]);
    }

    #[test]
    fn a_link_to_a_heading_that_is_not_there_is_named() {
        let a = "# One `more` thing, and two\n[it](#one-more-thing-and-two) [there](b.md#same-1) [no](b.md#same-2)";
        let b = "## Same\n## Same\n[back](a.md#one)";
        assert_eq!(
            found(&[("a.md", a), ("b.md", b)]),
            ["a.md: the link to b.md#same-2 leads nowhere", "b.md: the link to a.md#one leads nowhere"]
        );
    }

    #[test]
    fn what_stands_in_code_is_no_link() {
        assert_eq!(found(&[("a.md", "`[x](gone.md)`\n\n```\n[y](gone.md)\n```\n")]), Vec::<String>::new());
    }
}
