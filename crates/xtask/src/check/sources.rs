//! What the texts of the workspace must have: a crate says first what it is for, and scripts are xtask's business.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};

use super::{graph::Member, violation::Violation};
use crate::workspace::Workspace;

/// Folders that hold nothing of ours.
const NOT_OURS: &[&str] = &[".git", "node_modules", "target"];

/// Whether a folder holds nothing of ours.
pub(super) fn is_foreign(folder: &Path, target: &Path) -> bool {
    folder == target || folder.file_name().is_some_and(|own| NOT_OURS.iter().any(|name| own == *name))
}

/// Names the roots of the member that do not begin with a `//!` comment.
pub(super) fn check_docs(member: &Member) -> Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for root in &member.roots {
        let shown = root.display();
        let text = fs::read_to_string(root).with_context(|| format!("cannot read {shown}"))?;
        if !text.starts_with("//! ") {
            violations.push(format!("{shown} does not begin with `//! ` and what {} is for", member.name));
        }
    }
    Ok(violations)
}

/// Names every shell script in the workspace.
pub(super) fn check_no_scripts(workspace: &Workspace) -> Result<Vec<Violation>> {
    let scripts = shell_scripts(&workspace.root, &workspace.target)?;
    Ok(scripts
        .iter()
        .map(|path| format!("{}: shell scripts belong into xtask", workspace.shown(path)))
        .collect())
}

fn shell_scripts(root: &Path, target: &Path) -> Result<Vec<PathBuf>> {
    let mut scripts = Vec::new();
    let mut open = vec![root.to_owned()];
    while let Some(folder) = open.pop() {
        let entries = fs::read_dir(&folder).with_context(|| format!("cannot list {}", folder.display()))?;
        for entry in entries {
            let entry = entry?;
            let path = entry.path();
            // Links are not followed: what they lead to is found where it lies, or is not ours.
            if entry.file_type()?.is_dir() {
                if !is_foreign(&path, target) {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "sh") {
                scripts.push(path);
            }
        }
    }
    scripts.sort();
    Ok(scripts)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::graph::Member, check_docs, shell_scripts};

    #[test]
    fn scripts_are_found_outside_of_foreign_folders() {
        let root = tempfile::tempdir().unwrap();
        for file in ["a/b/deploy.sh", "a/readme.md", "target/x.sh", "build/y.sh", "web/node_modules/z.sh"] {
            let path = root.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let found = shell_scripts(root.path(), &root.path().join("build")).unwrap();
        assert_eq!(found, [root.path().join("a/b/deploy.sh")]);
    }

    #[test]
    fn a_root_without_words_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (good, bad) = (folder.path().join("good.rs"), folder.path().join("bad.rs"));
        fs::write(&good, "//! What it is for.\n").unwrap();
        fs::write(&bad, "// Not documentation.\n").unwrap();
        let member =
            Member { name: "made-up".to_owned(), roots: vec![good, bad.clone()], ..Member::default() };
        let violations = check_docs(&member).unwrap();
        assert_eq!(violations.len(), 1);
        assert!(violations[0].starts_with(&bad.display().to_string()), "{violations:?}");
    }
}
