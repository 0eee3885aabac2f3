//! Circles among the files of a crate: two or more that refer to each other, directly or around a corner. Who wants to
//! understand one of them has to read them all.
//!
//! What counts is a path in the code, by `use` or where it stands. A file that only declares or exports again what lies
//! below it does not refer to it. Calls of methods have no path, and are not seen. Tests do not count.

pub(super) mod files;
mod source;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::Result;

use super::{graph::Member, violation::Violation};
use files::{Files, References};
pub(super) use source::is_test;

/// Reads the member's files and names its circles.
pub(super) fn check(member: &Member) -> Result<Vec<Violation>> {
    let mut references = References::new();
    for root in &member.roots {
        references.extend(Files::read(root)?.references());
    }
    Ok(check_references(&member.name, &references))
}

fn check_references(member: &str, references: &References) -> Vec<Violation> {
    circles(references).iter().map(|circle| shown(member, circle, references)).collect()
}

/// One circle for each group of files that refer to each other.
fn circles(references: &References) -> Vec<Vec<&str>> {
    let mut told = BTreeSet::new();
    let mut circles = Vec::new();
    for file in references.keys().map(String::as_str) {
        if told.contains(file) {
            continue;
        }
        let Some(circle) = way(references, file, file) else { continue };
        let same =
            |other: &&str| way(references, file, other).is_some() && way(references, other, file).is_some();
        told.extend(references.keys().map(String::as_str).filter(same));
        circles.push(circle);
    }
    circles
}

/// The shortest way from one file to another, both included; from a file to itself it is a circle.
fn way<'a>(references: &'a References, from: &'a str, to: &'a str) -> Option<Vec<&'a str>> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut open = VecDeque::from([from]);
    while let Some(file) = open.pop_front() {
        for next in references.get(file).into_iter().flat_map(BTreeMap::keys) {
            if came_from.contains_key(next.as_str()) {
                continue;
            }
            came_from.insert(next, file);
            if next == to {
                return Some(steps(&came_from, from, next));
            }
            open.push_back(next);
        }
    }
    None
}

fn steps<'a>(came_from: &BTreeMap<&'a str, &'a str>, from: &str, to: &'a str) -> Vec<&'a str> {
    let mut steps = vec![to];
    loop {
        let step = came_from[steps[steps.len() - 1]];
        steps.push(step);
        if step == from {
            steps.reverse();
            return steps;
        }
    }
}

fn shown(member: &str, circle: &[&str], references: &References) -> Violation {
    let steps = circle.windows(2).map(|step| format!(" → {} ({})", step[1], references[step[0]][step[1]]));
    format!("{member}: files refer to each other: {}{}", circle[0], steps.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{files::made_up::files, *};

    fn violations(texts: &[(&str, &str)]) -> Vec<Violation> {
        check_references("made-up", &files(texts).references())
    }

    #[test]
    fn two_files_that_refer_to_each_other_are_named_with_how() {
        let found = violations(&[
            ("", "mod cell; mod http; mod other;"),
            ("cell", "use crate::http::Http; pub struct Cell;"),
            ("http", "pub struct Http; fn new(cell: &super::cell::Cell) {}"),
            ("other", "use crate::cell::Cell; use crate::http::Http;"),
        ]);
        let expected = "made-up: files refer to each other: \
                        cell.rs → http.rs (crate::http::Http) → cell.rs (super::cell::Cell)";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_circle_around_a_corner_is_one() {
        let found = violations(&[
            ("", "mod a; mod b; mod c;"),
            ("a", "use crate::b::B; pub struct A;"),
            ("b", "use crate::c::C; pub struct B;"),
            ("c", "use crate::a::A; pub struct C;"),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].ends_with("a.rs → b.rs (crate::b::B) → c.rs (crate::c::C) → a.rs (crate::a::A)"));
    }

    #[test]
    fn a_child_and_a_parent_that_use_each_other_are_a_circle() {
        let texts = |parent| [("", "mod a;"), ("a", parent), ("a::b", "use super::A; pub struct B;")];
        let declares = "mod b; pub use b::B; pub struct A;";
        assert_eq!(violations(&texts(declares)), Vec::<String>::new());
        for uses in ["mod b; use b::B; pub struct A;", "mod b; pub use b::B; pub struct A; fn f(_: B) {}"] {
            assert_eq!(violations(&texts(uses)).len(), 1, "{uses}");
        }
    }

    #[test]
    fn tests_may_look_anywhere() {
        let found = violations(&[
            ("", "mod a; mod b;"),
            ("a", "use crate::b::B; pub struct A;"),
            ("b", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
        ]);
        assert_eq!(found, Vec::<String>::new());
    }
}
