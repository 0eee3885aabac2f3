//! From a path to a place in a tree. Nothing leads above the directory that the path begins at. Names are the same in every
//! form of Unicode.

use super::node::{Directory, Node};
use super::{ErrorCode, Result};
use fuelcell_domain::output_name::{MAX_FILE_NAME, composed};
use std::collections::VecDeque;
use std::sync::Arc;

/// Longest path in bytes, as on Linux.
const MAX_PATH: usize = 4096;

/// Symbolic links that one path may lead through, as on Linux.
const MAX_LINKS: u32 = 40;

/// Where a path leads.
pub(super) struct Resolved {
    /// The directory that holds, or would hold, the last name.
    pub(super) directory: Arc<Directory>,
    /// The last name; none when the path ends with `.` or `..`, and so is the directory itself.
    pub(super) name: Option<String>,
    /// Whether the path ends with a slash, and so means a directory.
    pub(super) slash: bool,
}

impl Resolved {
    /// What is there. A file where the path means a directory is an error.
    pub(super) fn find(&self) -> Result<Option<Node>> {
        let Some(name) = &self.name else { return Ok(Some(Node::Directory(self.directory.clone()))) };
        match self.directory.get(name) {
            Some(Node::File(_) | Node::Link(_)) if self.slash => Err(ErrorCode::NotDirectory),
            found => Ok(found),
        }
    }

    /// What must be there.
    pub(super) fn node(&self) -> Result<Node> {
        self.find()?.ok_or(ErrorCode::NoEntry)
    }

    /// The last name, for what cannot be done to a directory through itself.
    pub(super) fn name(&self) -> Result<&str> {
        self.name.as_deref().ok_or(ErrorCode::Invalid)
    }
}

/// Follows `path` from `base`; whether the last name is followed when it is a link, `follow` says.
pub(super) fn resolve(base: &Arc<Directory>, path: &str, follow: bool) -> Result<Resolved> {
    check(path)?;
    let mut links = 0;
    let mut stack = vec![base.clone()];
    let mut slash = ends_like_directory(path);
    let mut waiting: VecDeque<String> = split(path).collect();
    while let Some(name) = waiting.pop_front() {
        if name == ".." {
            stack.pop();
            // Above the directory that was handed out there is nothing.
            if stack.is_empty() {
                return Err(ErrorCode::NotPermitted);
            }
            continue;
        }
        let directory = stack.last().ok_or(ErrorCode::NotPermitted)?;
        let is_last = waiting.is_empty();
        match directory.get(&name) {
            Some(Node::Link(link)) if !is_last || follow || slash => {
                links += 1;
                if links > MAX_LINKS {
                    return Err(ErrorCode::Loop);
                }
                check(&link.target)?;
                slash |= is_last && ends_like_directory(&link.target);
                split(&link.target).rev().for_each(|name| waiting.push_front(name));
            }
            Some(Node::Directory(below)) if !is_last => stack.push(below),
            _ if is_last => {
                return Ok(Resolved { directory: directory.clone(), name: Some(name), slash });
            }
            Some(_) => return Err(ErrorCode::NotDirectory),
            None => return Err(ErrorCode::NoEntry),
        }
    }
    let directory = stack.pop().ok_or(ErrorCode::NotPermitted)?;
    Ok(Resolved { directory, name: None, slash })
}

fn check(path: &str) -> Result<()> {
    if path.is_empty() {
        return Err(ErrorCode::NoEntry);
    }
    if path.contains('\0') {
        return Err(ErrorCode::Invalid);
    }
    if path.starts_with('/') {
        return Err(ErrorCode::NotPermitted);
    }
    if path.len() > MAX_PATH || path.split('/').any(|name| composed(name).len() > MAX_FILE_NAME) {
        return Err(ErrorCode::NameTooLong);
    }
    Ok(())
}

/// The names of a path. `a/..` needs `a` to be a directory, so `..` stays; `.` says nothing.
fn split(path: &str) -> impl DoubleEndedIterator<Item = String> {
    path.split('/').filter(|name| !matches!(*name, "" | ".")).map(|name| composed(name).into_owned())
}

fn ends_like_directory(path: &str) -> bool {
    path.ends_with('/') || path.ends_with("/.") || path.ends_with("/..")
}
