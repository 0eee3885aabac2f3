//! A protocol of others is known in its own folder only: everywhere else the code has neutral words.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use super::{tree::collect, violation::Violation};
use crate::workspace::Workspace;

/// A protocol, where it lives, and by which words one knows it (in lower case).
struct Facade {
    folder: &'static str,
    words: &'static [&'static str],
    /// The module of the folder, and the files that may name it in order to mount it.
    module: &'static str,
    mounted_in: &'static [&'static str],
}

const FACADES: &[Facade] = &[Facade {
    folder: "crates/api/src/datamachine",
    words: &["data machine", "data-machine", "wordpress", "wp-json", "wp_"],
    module: "datamachine",
    mounted_in: &[
        "crates/api/src/lib.rs",
        "crates/api/src/routes.rs",
        "crates/api/src/openapi/mod.rs",
        "crates/api/src/openapi/examples.rs",
        "crates/api/src/openapi/precise.rs",
        "crates/api/tests/openapi.rs",
    ],
}];

/// Where our code lies. Tests may name what they test, and the rules name what they look for.
const CODE: &[&str] = &["crates", "guest-sdk", "example-jobs", "tests/guests"];
const RULES: &str = "crates/xtask/src/check";

/// Names the places outside of a facade that know of it.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let mut files = Vec::new();
    for folder in CODE {
        collect(&workspace.root.join(folder), &mut files)?;
    }
    let mut violations = Vec::new();
    for file in files {
        let shown = workspace.shown(&file).to_string();
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read {shown}"))?;
        violations.extend(FACADES.iter().filter_map(|facade| facade.known_in(&shown, &text)));
    }
    Ok(violations)
}

impl Facade {
    fn known_in(&self, file: &str, text: &str) -> Option<Violation> {
        if [RULES, self.folder].iter().any(|folder| Path::new(file).starts_with(folder)) {
            return None;
        }
        let text = text.to_lowercase();
        let may_mount = self.mounted_in.contains(&file);
        let words = self.words.iter().chain((!may_mount).then_some(&self.module));
        let found: Vec<&str> = words.copied().filter(|word| text.contains(word)).collect();
        (!found.is_empty())
            .then(|| format!("{file} names {}, which only {} may know", found.join(", "), self.folder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_protocol_is_known_in_its_folder_only() {
        let facade = &FACADES[0];
        assert_eq!(facade.known_in("crates/api/src/datamachine/jobs.rs", "WordPress"), None);
        assert_eq!(facade.known_in("crates/api/src/lib.rs", "mod datamachine;"), None);
        assert_eq!(facade.known_in("crates/service/src/clear.rs", "forgets jobs"), None);
        for (file, text) in [
            ("crates/api/src/lib.rs", "a route /wp-json/x"),
            ("crates/service/src/clear.rs", "as WordPress does"),
            ("crates/service/src/clear.rs", "the Data Machine API"),
            ("crates/api/src/gate.rs", "datamachine::BASE"),
        ] {
            assert!(facade.known_in(file, text).unwrap().starts_with(file), "{file}: {text}");
        }
    }
}
