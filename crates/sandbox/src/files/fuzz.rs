//! Paths of guests, as no program would make them.

use super::tree::OpenHow;
use super::{Result, Scratch, Tree, Volume};
use crate::files::disk::Disk;
use crate::run::no_job::NoJob;
use fuelcell_domain::Meter;
use fuelcell_fuzz::fuzz;
use std::sync::Arc;

/// Bytes that a tree may hold.
const LIMIT: u64 = 1000;

#[test]
fn no_path_leads_out_and_no_quota_is_passed() {
    fuzz("paths", |bytes| {
        let meter = Arc::<Meter>::default();
        let disk = Disk::new(LIMIT, meter.clone());
        let scratch = Scratch::Directory(std::env::temp_dir());
        let volume = Arc::new(Volume::new(scratch, disk.clone(), meter, Arc::new(NoJob::default()), true));
        let tree = Tree::published(&volume);
        tree.create_directory("a").unwrap();
        let inner = Tree::new(&volume);
        let mut refused = None;
        for line in String::from_utf8_lossy(bytes).lines().take(100) {
            let done = act(&tree, &inner, line);
            refused = refused.or(done.err());
            assert!(disk.take(LIMIT + 1).is_err());
        }
        assert!(tree.find("..").is_none() && tree.find("/a").is_none() && tree.find("a/../..").is_none());
        drop((tree, inner));
        assert!(disk.take(LIMIT).is_ok(), "what nobody has any more still counts");
        refused.map_or(Ok(()), |code| Err(format!("{code:?}")))
    });
}

/// A line is a letter, and paths with bars between them.
fn act(tree: &Tree, other: &Tree, line: &str) -> Result<()> {
    let mut parts = line.get(1..).unwrap_or_default().split('|');
    let (one, two) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    match line.chars().next() {
        Some('d') => tree.create_directory(one),
        Some('f') => tree.add_file(one, two.as_bytes()),
        Some('l') => tree.symlink(two.to_owned(), one),
        Some('h') => tree.link(one, tree, two),
        Some('x') => tree.rename(one, other, two),
        Some('m') => tree.rename(one, tree, two),
        Some('r') => tree.remove_file(one),
        Some('D') => tree.remove_directory(one),
        Some('t') => tree.read_link(one).map(drop),
        Some('n') => tree.node(one, true).map(drop),
        _ => tree.open(one, OpenHow::default()).map(drop),
    }
}
