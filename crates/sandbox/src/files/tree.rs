//! What can be done in a tree: the operations of `wasi:filesystem`, without WASI's tables.

use super::node::{Device, Directory, File, Link, Node};
use super::path::{Resolved, resolve};
use super::volume::Volume;
use super::{ErrorCode, Result};
use fuelcell_domain::ReadAt;
use std::sync::Arc;

/// How something is to be opened.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenHow {
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
    pub(crate) directory: bool,
    pub(crate) write: bool,
    pub(crate) follow: bool,
}

impl OpenHow {
    fn changes(self) -> bool {
        self.create || self.truncate || self.write
    }
}

/// A directory with everything below it, writable or not.
#[derive(Clone)]
pub(crate) struct Tree {
    pub(crate) root: Arc<Directory>,
    pub(crate) writable: bool,
}

/// A tree with the path at which guests see it.
#[derive(Clone)]
pub(crate) struct Preopen {
    /// Such as `/in`.
    pub(crate) path: String,
    /// What is there.
    pub(crate) tree: Tree,
}

/// A file of a tree, for the host.
pub(crate) struct TreeFile(Arc<File>);

impl TreeFile {
    /// Its size in bytes.
    pub(crate) fn size(&self) -> u64 {
        self.0.size()
    }

    /// At most `max` bytes from `offset`; none at the end.
    pub(crate) fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        self.0.read(offset, max)
    }
}

/// What the host finds under a name.
pub(crate) enum Found {
    File(TreeFile),
    /// A directory or a symbolic link.
    Other,
}

impl Tree {
    /// An empty tree.
    pub(crate) fn new(volume: &Arc<Volume>) -> Self {
        Self { root: Arc::new(Directory::new(volume)), writable: true }
    }

    /// An empty tree whose files will be published, so that they can have the names of outputs only.
    pub(crate) fn published(volume: &Arc<Volume>) -> Self {
        Self { root: Arc::new(Directory::published(volume)), writable: true }
    }

    /// The same tree, which nobody can change through this handle.
    pub(crate) fn read_only(&self) -> Self {
        Self { root: self.root.clone(), writable: false }
    }

    /// Puts a file that lies elsewhere at `path`, whose directory is there.
    pub(crate) fn add_input(&self, path: &str, source: Arc<dyn ReadAt>) -> Result<()> {
        let (directory, name) = self.free_place(path)?;
        directory.insert(&name, Node::File(Arc::new(File::input(self.volume(), source))))
    }

    /// Puts a device into the top of the tree.
    pub(crate) fn add_device(&self, name: &str, device: Arc<dyn Device>) {
        self.root.insert_device(name, device);
    }

    /// Puts a file of these bytes at `path`, whose directory is there.
    pub(crate) fn add_file(&self, path: &str, bytes: &[u8]) -> Result<()> {
        let how = OpenHow { create: true, exclusive: true, write: true, ..OpenHow::default() };
        match self.open(path, how)? {
            Node::File(file) => file.write(0, bytes),
            Node::Directory(_) | Node::Link(_) => Err(ErrorCode::Exist),
        }
    }

    /// What is under `path`; links are not followed.
    pub(crate) fn find(&self, path: &str) -> Option<Found> {
        Some(match resolve(&self.root, path, false).ok()?.find().ok()?? {
            Node::File(file) => Found::File(TreeFile(file)),
            Node::Directory(_) | Node::Link(_) => Found::Other,
        })
    }

    /// The files to publish, with their paths.
    pub(crate) fn outputs(&self) -> Vec<(String, TreeFile)> {
        let file = |(path, node)| match node {
            Node::File(file) => Some((path, TreeFile(file))),
            Node::Directory(_) | Node::Link(_) => None,
        };
        self.root.public().into_iter().filter_map(file).collect()
    }

    /// The paths of links beside the files to publish.
    pub(crate) fn links(&self) -> Vec<String> {
        let links = self.root.public().into_iter().filter(|(_, node)| matches!(node, Node::Link(_)));
        links.map(|(path, _)| path).collect()
    }

    fn volume(&self) -> &Arc<Volume> {
        &self.root.volume
    }

    fn check_writable(&self) -> Result<()> {
        match self.writable {
            true => Ok(()),
            false => Err(ErrorCode::NotPermitted),
        }
    }

    pub(crate) fn open(&self, path: &str, how: OpenHow) -> Result<Node> {
        if how.directory && (how.create || how.exclusive || how.truncate) {
            return Err(ErrorCode::Invalid);
        }
        let resolved = resolve(&self.root, path, how.follow && !(how.create && how.exclusive));
        let is_device =
            |resolved: &Resolved| matches!(resolved.find(), Ok(Some(Node::File(file))) if file.is_device());
        if how.changes() && !resolved.as_ref().is_ok_and(is_device) {
            self.check_writable()?;
        }
        let resolved = resolved?;
        match resolved.find()? {
            Some(_) if how.create && how.exclusive => Err(ErrorCode::Exist),
            Some(Node::Link(_)) => Err(ErrorCode::Loop),
            Some(Node::Directory(_)) if how.changes() => Err(ErrorCode::IsDirectory),
            Some(Node::File(_)) if how.directory => Err(ErrorCode::NotDirectory),
            Some(Node::File(file)) => {
                if how.truncate {
                    file.set_size(0)?;
                }
                Ok(Node::File(file))
            }
            Some(directory) => Ok(directory),
            None if how.create => self.create(&resolved),
            None => Err(ErrorCode::NoEntry),
        }
    }

    fn create(&self, resolved: &Resolved) -> Result<Node> {
        if resolved.slash {
            return Err(ErrorCode::IsDirectory);
        }
        let node = Node::File(Arc::new(File::new(self.volume())));
        resolved.directory.insert(resolved.name()?, node.clone())?;
        Ok(node)
    }

    /// What is at `path`.
    pub(crate) fn node(&self, path: &str, follow: bool) -> Result<Node> {
        resolve(&self.root, path, follow)?.node()
    }

    pub(crate) fn create_directory(&self, path: &str) -> Result<()> {
        self.check_writable()?;
        let resolved = resolve(&self.root, path, false)?;
        if resolved.find().is_ok_and(|found| found.is_none()) {
            return resolved
                .directory
                .insert(resolved.name()?, Node::Directory(Arc::new(Directory::new(self.volume()))));
        }
        Err(ErrorCode::Exist)
    }

    pub(crate) fn link(&self, path: &str, target: &Self, new_path: &str) -> Result<()> {
        self.check_writable()?;
        target.check_writable()?;
        let node = self.node(path, false)?;
        if matches!(node, Node::Directory(_)) {
            return Err(ErrorCode::NotPermitted);
        }
        let (directory, name) = target.free_place(new_path)?;
        directory.insert(&name, node)
    }

    pub(crate) fn symlink(&self, text: String, path: &str) -> Result<()> {
        self.check_writable()?;
        if text.is_empty() {
            return Err(ErrorCode::NoEntry);
        }
        if text.starts_with('/') {
            return Err(ErrorCode::NotPermitted);
        }
        if text.contains('\0') {
            return Err(ErrorCode::Invalid);
        }
        let (directory, name) = self.free_place(path)?;
        directory.insert(&name, Node::Link(Arc::new(Link::new(self.volume(), text)?)))
    }

    /// Where a new name that is no directory can be made.
    fn free_place(&self, path: &str) -> Result<(Arc<Directory>, String)> {
        let resolved = resolve(&self.root, path, false)?;
        match resolved.find()? {
            Some(_) => Err(ErrorCode::Exist),
            None if resolved.slash => Err(ErrorCode::NoEntry),
            None => Ok((resolved.directory.clone(), resolved.name()?.to_owned())),
        }
    }

    pub(crate) fn read_link(&self, path: &str) -> Result<String> {
        match self.node(path, false)? {
            Node::Link(link) => Ok(link.target.clone()),
            Node::File(_) | Node::Directory(_) => Err(ErrorCode::Invalid),
        }
    }

    pub(crate) fn remove_file(&self, path: &str) -> Result<()> {
        self.check_writable()?;
        let resolved = resolve(&self.root, path, false)?;
        match resolved.node()? {
            Node::Directory(_) => Err(ErrorCode::IsDirectory),
            Node::File(_) | Node::Link(_) => self.drop_name(&resolved),
        }
    }

    pub(crate) fn remove_directory(&self, path: &str) -> Result<()> {
        self.check_writable()?;
        let resolved = resolve(&self.root, path, false)?;
        match resolved.node()? {
            Node::Directory(directory) if directory.is_empty() => self.drop_name(&resolved),
            Node::Directory(_) => Err(ErrorCode::NotEmpty),
            Node::File(_) | Node::Link(_) => Err(ErrorCode::NotDirectory),
        }
    }

    fn drop_name(&self, resolved: &Resolved) -> Result<()> {
        resolved.directory.remove(resolved.name()?).map(drop).ok_or(ErrorCode::NoEntry)
    }

    pub(crate) fn rename(&self, path: &str, target: &Self, new_path: &str) -> Result<()> {
        self.check_writable()?;
        target.check_writable()?;
        let (from, to) = (resolve(&self.root, path, false)?, resolve(&target.root, new_path, false)?);
        let (node, replaced) = (from.node()?, to.find()?);
        match (&node, &replaced) {
            (_, Some(other)) if node.is_same(other) => return Ok(()),
            (Node::Directory(moved), _) if to.directory.is_within(moved) => return Err(ErrorCode::Invalid),
            (Node::Directory(_), Some(Node::Directory(other))) if !other.is_empty() => {
                return Err(ErrorCode::NotEmpty);
            }
            (Node::Directory(_), Some(Node::File(_) | Node::Link(_))) => return Err(ErrorCode::NotDirectory),
            (Node::File(_) | Node::Link(_), Some(Node::Directory(_))) => return Err(ErrorCode::IsDirectory),
            (Node::File(_) | Node::Link(_), _) if to.slash => return Err(ErrorCode::NotDirectory),
            _ => {}
        }
        from.directory.rename(from.name()?, &to.directory, to.name()?)
    }
}
