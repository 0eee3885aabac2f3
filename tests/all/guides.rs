//! The guides in docs/guides, followed from an empty folder: every command, and what the page says that it prints.

use fuelcell_tests::{Project, Server, Shell, built};
use std::fs;
use std::os::unix::fs::symlink;

/// Those that tests here follow.
const GUIDES: [&str; 4] = ["limits", "retries", "ship-and-roll-back", "test-and-profile"];

fn follow(guide: &str, shell: impl FnOnce(Shell) -> Shell) {
    assert!(GUIDES.contains(&guide), "{guide}");
    let home = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(built::source("docs/guides").join(guide).with_extension("md")).unwrap();
    let mut shell = shell(Shell::new(home.path()));
    shell.follow_page(&page);
    shell.write_transcript(&format!("guide-{guide}"));
}

/// Follows a guide that needs a project of a server.
fn follow_signed_in(guide: &str) {
    let server = Server::start();
    let project = Project::new(&server);
    follow(guide, |shell| shell.of(&server, &project));
}

#[test]
fn the_guide_to_tests_and_profiles_is_followed_from_an_empty_folder() {
    follow("test-and-profile", |shell| shell);
}

#[test]
fn the_guide_to_shipping_is_followed_from_an_operators_token() {
    let server = Server::start();
    let home = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(built::source("docs/guides/ship-and-roll-back.md")).unwrap();
    symlink(server.data(), home.path().join("data")).unwrap();
    let mut shell = Shell::new(home.path()).with("FUELCELL_SERVER", server.base());
    shell.follow_page(&page);
    shell.write_transcript("guide-ship-and-roll-back");
}

#[test]
fn the_guide_to_limits_hits_them_and_mends_what_hit_them() {
    follow_signed_in("limits");
}

#[test]
fn the_guide_to_retries_is_followed_to_partial_results() {
    follow_signed_in("retries");
}

/// Every guide has its test here, and is in the list of documents.
#[test]
fn no_guide_is_without_a_test() {
    let list = fs::read_to_string(built::source("docs/README.md")).unwrap();
    let entries = fs::read_dir(built::source("docs/guides")).unwrap().map(|entry| entry.unwrap().path());
    let mut guides: Vec<_> =
        entries.map(|guide| guide.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    guides.sort();
    assert_eq!(guides, GUIDES);
    for name in guides {
        assert!(list.contains(&format!("(guides/{name}.md)")), "docs/README.md does not name {name}");
    }
}
