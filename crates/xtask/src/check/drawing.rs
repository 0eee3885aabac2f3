//! The drawing, ARCHITECTURE.md: what it names exists, and its arrows are those that are checked.

use std::{fs, path::Path};

use anyhow::{Context, Result};

use super::{
    arrows::{ARROWS, Reach},
    violation::Violation,
};
use crate::workspace::Workspace;

const DRAWING: &str = "ARCHITECTURE.md";

/// Names what the drawing shows and the workspace has not, and arrows that it does not show.
pub(super) fn check(workspace: &Workspace) -> Result<Vec<Violation>> {
    let text =
        fs::read_to_string(workspace.root.join(DRAWING)).with_context(|| format!("cannot read {DRAWING}"))?;
    let mut violations = check_text(
        &text,
        |path| fs::read_to_string(workspace.root.join(path)).ok(),
        |path| workspace.root.join(path).exists(),
    );
    violations.extend(missing_arrows(&text, ARROWS));
    Ok(violations)
}

/// What of the named files and functions does not exist, by what reads a file and what knows whether there is one.
fn check_text(
    text: &str,
    read: impl Fn(&str) -> Option<String>,
    exists: impl Fn(&str) -> bool,
) -> Vec<Violation> {
    let links = between(text, "](", ")").filter(|target| !target.contains("://") && !target.starts_with('#'));
    let links = links.map(|target| target.split('#').next().unwrap_or(target).to_owned());
    let missing = links.chain(paths_in_crates(text)).filter(|path| !exists(path));
    let mut violations: Vec<_> =
        missing.map(|path| format!("{DRAWING} names {path}, which does not exist")).collect();
    let steps: Vec<_> = text.lines().filter_map(step).collect();
    if steps.is_empty() {
        violations
            .push(format!("{DRAWING} does not name the files from a submit to a refused stale attempt"));
    }
    let lost = steps
        .into_iter()
        .filter(|(file, function)| !read(file).is_some_and(|code| code.contains(&format!("fn {function}("))));
    violations.extend(
        lost.map(|(file, function)| format!("{DRAWING} names {function} in {file}, which is not there")),
    );
    violations
}

/// What a text quotes as code.
pub(super) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    between(text, "`", "`")
}

/// The files of crates that a text quotes, from the workspace's root on.
pub(super) fn paths_in_crates(text: &str) -> impl Iterator<Item = String> {
    quoted(text).filter(|quoted| is_path_in_a_crate(quoted)).map(|path| format!("crates/{path}"))
}

/// A row of a table that begins with a file and a function of it: `| [name](file) | ``function`` | …`.
fn step(line: &str) -> Option<(&str, &str)> {
    let mut cells = line.strip_prefix("| [")?.split(" | ");
    let file = cells.next()?.split_once("](")?.1.strip_suffix(')')?;
    let function = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
    Some((file, function))
}

/// What stands between the marks, in code or out of it.
fn between<'a>(text: &'a str, begin: &'a str, end: &'a str) -> impl Iterator<Item = &'a str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (_, after) = rest.split_once(begin)?;
        let (found, after) = after.split_once(end)?;
        rest = after;
        Some(found)
    })
}

/// Such as `api/src/gate.rs`.
fn is_path_in_a_crate(quoted: &str) -> bool {
    let mut parts = quoted.split('/');
    let is_name = |part: &str| {
        !part.is_empty() && part.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')
    };
    parts.next().is_some_and(is_name)
        && matches!(parts.next(), Some("src" | "tests"))
        && Path::new(quoted).components().count() > 2
        && !quoted.contains(char::is_whitespace)
}

fn missing_arrows(text: &str, arrows: &[(&str, Reach)]) -> Vec<Violation> {
    let drawn: Vec<String> = arrows.iter().map(|(name, reach)| drawn(name, reach)).collect();
    let known: Vec<&str> = text.split([' ', '\n', '.']).filter(|word| word.contains('→')).collect();
    let missing = drawn.iter().filter(|arrow| !known.contains(&arrow.as_str()));
    missing.map(|arrow| format!("{DRAWING} does not show the arrow {arrow}")).collect()
}

/// An arrow as it is drawn: without the first name that all of our crates share.
fn drawn(name: &str, reach: &Reach) -> String {
    let short = |name: &str| name.strip_prefix("fuelcell-").unwrap_or(name).to_owned();
    let reached = match reach {
        Reach::Everything => "everything".to_owned(),
        Reach::Only([]) => "nothing".to_owned(),
        Reach::Only(names) => names.iter().map(|name| short(name)).collect::<Vec<_>>().join(","),
    };
    format!("{}→{reached}", short(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRAWN: &str = "\
        A [gate](crates/api/src/gate.rs), `api/src/gone`, `api` and `GET …/src/x` of [others](https://a.b/c).\n\
        | [submit](crates/api/src/submit.rs) | `submit` | queues |\n\
        | [state](crates/domain/src/state.rs) | `check_attempt` | refuses |\n";

    fn found(read: impl Fn(&str) -> Option<String>) -> Vec<Violation> {
        check_text(DRAWN, read, |path| path.ends_with(".rs"))
    }

    #[test]
    fn files_and_functions_that_are_named_exist() {
        let gone = "ARCHITECTURE.md names crates/api/src/gone, which does not exist";
        assert_eq!(found(|_| Some("pub fn submit(); fn check_attempt(&self)".to_owned())), [gone]);
        let lost = "ARCHITECTURE.md names check_attempt in crates/domain/src/state.rs, which is not there";
        assert_eq!(found(|_| Some("fn submit() { check_attempt() }".to_owned())), [gone, lost]);
        assert_eq!(found(|_| None).len(), 3);
    }

    #[test]
    fn the_way_of_a_job_is_not_left_out() {
        let violations = check_text("Nothing is named.", |_| None, |_| true);
        assert_eq!(violations.len(), 1, "{violations:?}");
    }

    #[test]
    fn arrows_are_drawn_as_they_are_checked() {
        let arrows = [
            ("fuelcell-store", Reach::Only(&["fuelcell-domain"])),
            ("fuelcell-domain", Reach::Only(&[])),
            ("fuelcell", Reach::Everything),
        ];
        let drawn = "Arrows: store→domain · domain→nothing · fuelcell→everything.";
        assert_eq!(missing_arrows(drawn, &arrows), Vec::<String>::new());
        let other = "Arrows: store→domain,sandbox · fuelcell→everything.";
        assert_eq!(
            missing_arrows(other, &arrows),
            [
                "ARCHITECTURE.md does not show the arrow store→domain",
                "ARCHITECTURE.md does not show the arrow domain→nothing",
            ]
        );
    }
}
