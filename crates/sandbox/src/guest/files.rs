//! `wasi:filesystem`, answered from the trees of a cell.
//!
//! The interface's types are those of `wasmtime-wasi`; its descriptors are ours. A handle is a number into the cell's
//! table, whatever the type of the resource says, so [`open`] and [`listing`] read the same number as what lies there.

use crate::cell::Cell;
use crate::files::node::{Directory, File, Meta, Node};
use crate::files::streams::{FileError, MAX_PIECE, Reading, Writing};
use crate::files::tree::{OpenHow, Tree};
use crate::files::{ErrorCode, Result};
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::component::Resource;
use wasmtime_wasi::p2::bindings::clocks::wall_clock::Datetime;
use wasmtime_wasi::p2::bindings::filesystem::{preopens, types};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, FsError, FsResult};

/// What a descriptor is.
struct Open {
    node: Node,
    /// Whether the tree that it lies in can be changed.
    writable_tree: bool,
    flags: types::DescriptorFlags,
}

/// A directory that is being listed.
struct Listing {
    directory: Arc<Directory>,
    last: Option<String>,
}

type Descriptor = Resource<types::Descriptor>;
type ListingHandle = Resource<types::DirectoryEntryStream>;

fn open(descriptor: &Descriptor) -> Resource<Open> {
    Resource::new_borrow(descriptor.rep())
}

fn listing(stream: &ListingHandle) -> Resource<Listing> {
    Resource::new_borrow(stream.rep())
}

impl Open {
    fn tree(&self) -> Result<Tree> {
        match &self.node {
            Node::Directory(root) => Ok(Tree { root: root.clone(), writable: self.writable_tree }),
            Node::File(_) | Node::Link(_) => Err(ErrorCode::NotDirectory),
        }
    }

    fn file(&self) -> Result<&Arc<File>> {
        match &self.node {
            Node::File(file) => Ok(file),
            Node::Directory(_) | Node::Link(_) => Err(ErrorCode::BadDescriptor),
        }
    }

    /// The file, if it may be read.
    fn readable_file(&self) -> Result<&Arc<File>> {
        let file = self.file()?;
        match self.flags.contains(types::DescriptorFlags::READ) {
            true => Ok(file),
            false => Err(ErrorCode::BadDescriptor),
        }
    }

    /// The file, if it may be written.
    fn writable_file(&self) -> Result<&Arc<File>> {
        let file = self.file()?;
        if !self.writable_tree {
            return Err(ErrorCode::NotPermitted);
        }
        match self.flags.contains(types::DescriptorFlags::WRITE) {
            true => Ok(file),
            false => Err(ErrorCode::BadDescriptor),
        }
    }

    fn check_writable_tree(&self) -> Result<()> {
        match self.writable_tree {
            true => Ok(()),
            false => Err(ErrorCode::NotPermitted),
        }
    }
}

impl Cell {
    fn open(&self, descriptor: &Descriptor) -> wasmtime::Result<&Open> {
        Ok(self.table.get(&open(descriptor))?)
    }

    fn tree(&self, descriptor: &Descriptor) -> FsResult<Tree> {
        Ok(self.open(descriptor).map_err(FsError::trap)?.tree()?)
    }

    fn opened(&self, descriptor: &Descriptor) -> FsResult<&Open> {
        self.open(descriptor).map_err(FsError::trap)
    }

    fn push(&mut self, new: Open) -> wasmtime::Result<Descriptor> {
        let handle = self.table.push(new)?;
        Ok(Resource::new_own(handle.rep()))
    }
}

impl preopens::Host for Cell {
    fn get_directories(&mut self) -> wasmtime::Result<Vec<(Descriptor, String)>> {
        let preopens = self.files()?.to_vec();
        let mut directories = Vec::with_capacity(preopens.len());
        for preopen in preopens {
            let flags = directory_flags(preopen.tree.writable);
            let node = Node::Directory(preopen.tree.root);
            let handle = self.push(Open { node, writable_tree: preopen.tree.writable, flags })?;
            directories.push((handle, preopen.path));
        }
        Ok(directories)
    }
}

impl types::Host for Cell {
    fn convert_error_code(&mut self, error: FsError) -> wasmtime::Result<ErrorCode> {
        error.downcast()
    }

    fn filesystem_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        Ok(self.table.get(&error)?.downcast_ref::<FileError>().map(|error| error.0))
    }
}

impl types::HostDescriptor for Cell {
    async fn advise(&mut self, descriptor: Descriptor, _: u64, _: u64, _: types::Advice) -> FsResult<()> {
        self.opened(&descriptor)?.file()?;
        Ok(())
    }

    async fn sync_data(&mut self, descriptor: Descriptor) -> FsResult<()> {
        self.opened(&descriptor)?;
        Ok(())
    }

    async fn sync(&mut self, descriptor: Descriptor) -> FsResult<()> {
        self.opened(&descriptor)?;
        Ok(())
    }

    async fn get_flags(&mut self, descriptor: Descriptor) -> FsResult<types::DescriptorFlags> {
        Ok(self.opened(&descriptor)?.flags)
    }

    async fn get_type(&mut self, descriptor: Descriptor) -> FsResult<types::DescriptorType> {
        Ok(kind(&self.opened(&descriptor)?.node))
    }

    async fn set_size(&mut self, descriptor: Descriptor, size: u64) -> FsResult<()> {
        let open = self.opened(&descriptor)?;
        open.check_writable_tree()?;
        // As `ftruncate` has it.
        let file = open.writable_file().map_err(|_| ErrorCode::Invalid)?;
        Ok(file.set_size(size)?)
    }

    async fn set_times(
        &mut self,
        descriptor: Descriptor,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        let open = self.opened(&descriptor)?;
        open.check_writable_tree()?;
        Ok(set_times(open.node.meta(), self.now(), accessed, modified)?)
    }

    async fn set_times_at(
        &mut self,
        descriptor: Descriptor,
        flags: types::PathFlags,
        path: String,
        accessed: types::NewTimestamp,
        modified: types::NewTimestamp,
    ) -> FsResult<()> {
        self.opened(&descriptor)?.check_writable_tree()?;
        let node = self.tree(&descriptor)?.node(&path, follows(flags))?;
        Ok(set_times(node.meta(), self.now(), accessed, modified)?)
    }

    async fn read(&mut self, descriptor: Descriptor, length: u64, offset: u64) -> FsResult<(Vec<u8>, bool)> {
        let max = usize::try_from(length).unwrap_or(usize::MAX).min(MAX_PIECE);
        let file = self.opened(&descriptor)?.readable_file()?.clone();
        if let Some(session) = file.session() {
            poll_fn(|context| session.poll_ready(context)).await;
            let bytes = session.read(max).unwrap_or_default();
            return Ok((bytes, false));
        }
        let bytes = file.read(offset, max)?;
        let end = bytes.is_empty();
        Ok((bytes, end))
    }

    async fn write(&mut self, descriptor: Descriptor, bytes: Vec<u8>, offset: u64) -> FsResult<u64> {
        let file = self.opened(&descriptor)?.writable_file()?;
        let room = file.session().map_or(bytes.len(), |session| session.room().min(bytes.len()));
        file.write(offset, &bytes[..room])?;
        Ok(room as u64)
    }

    async fn read_directory(&mut self, descriptor: Descriptor) -> FsResult<ListingHandle> {
        let directory = self.tree(&descriptor)?.root;
        let handle = self.table.push(Listing { directory, last: None })?;
        Ok(Resource::new_own(handle.rep()))
    }

    async fn create_directory_at(&mut self, descriptor: Descriptor, path: String) -> FsResult<()> {
        Ok(self.tree(&descriptor)?.create_directory(&path)?)
    }

    async fn stat(&mut self, descriptor: Descriptor) -> FsResult<types::DescriptorStat> {
        Ok(stat(&self.opened(&descriptor)?.node))
    }

    async fn stat_at(
        &mut self,
        descriptor: Descriptor,
        flags: types::PathFlags,
        path: String,
    ) -> FsResult<types::DescriptorStat> {
        Ok(stat(&self.tree(&descriptor)?.node(&path, follows(flags))?))
    }

    async fn link_at(
        &mut self,
        descriptor: Descriptor,
        flags: types::PathFlags,
        path: String,
        new_descriptor: Descriptor,
        new_path: String,
    ) -> FsResult<()> {
        if follows(flags) {
            return Err(ErrorCode::Invalid.into());
        }
        let (tree, target) = (self.tree(&descriptor)?, self.tree(&new_descriptor)?);
        Ok(tree.link(&path, &target, &new_path)?)
    }

    async fn open_at(
        &mut self,
        descriptor: Descriptor,
        path_flags: types::PathFlags,
        path: String,
        open_flags: types::OpenFlags,
        flags: types::DescriptorFlags,
    ) -> FsResult<Descriptor> {
        let unsupported = types::DescriptorFlags::FILE_INTEGRITY_SYNC
            | types::DescriptorFlags::DATA_INTEGRITY_SYNC
            | types::DescriptorFlags::REQUESTED_WRITE_SYNC;
        if flags.intersects(unsupported) {
            return Err(ErrorCode::Unsupported.into());
        }
        let tree = self.tree(&descriptor)?;
        let node = tree.open(&path, how(path_flags, open_flags, flags))?;
        let flags = match &node {
            Node::Directory(_) => directory_flags(tree.writable),
            Node::File(_) | Node::Link(_) => file_flags(flags),
        };
        let session = match &node {
            Node::File(file) => file.opened().map(|session| Node::File(Arc::new(session))),
            Node::Directory(_) | Node::Link(_) => None,
        };
        let writable_tree = tree.writable || session.is_some();
        let node = session.unwrap_or(node);
        self.push(Open { node, writable_tree, flags }).map_err(FsError::trap)
    }

    fn drop(&mut self, descriptor: Descriptor) -> wasmtime::Result<()> {
        self.table.delete(Resource::<Open>::new_own(descriptor.rep()))?;
        Ok(())
    }

    async fn readlink_at(&mut self, descriptor: Descriptor, path: String) -> FsResult<String> {
        Ok(self.tree(&descriptor)?.read_link(&path)?)
    }

    async fn remove_directory_at(&mut self, descriptor: Descriptor, path: String) -> FsResult<()> {
        Ok(self.tree(&descriptor)?.remove_directory(&path)?)
    }

    async fn rename_at(
        &mut self,
        descriptor: Descriptor,
        path: String,
        new_descriptor: Descriptor,
        new_path: String,
    ) -> FsResult<()> {
        let (tree, target) = (self.tree(&descriptor)?, self.tree(&new_descriptor)?);
        Ok(tree.rename(&path, &target, &new_path)?)
    }

    async fn symlink_at(&mut self, descriptor: Descriptor, text: String, path: String) -> FsResult<()> {
        Ok(self.tree(&descriptor)?.symlink(text, &path)?)
    }

    async fn unlink_file_at(&mut self, descriptor: Descriptor, path: String) -> FsResult<()> {
        Ok(self.tree(&descriptor)?.remove_file(&path)?)
    }

    fn read_via_stream(
        &mut self,
        descriptor: Descriptor,
        position: u64,
    ) -> FsResult<Resource<DynInputStream>> {
        let open = self.opened(&descriptor)?;
        open.file().map_err(|_| ErrorCode::IsDirectory)?;
        let file = open.readable_file()?.clone();
        let stream: DynInputStream = Box::new(Reading { file, position });
        Ok(self.table.push(stream)?)
    }

    fn write_via_stream(
        &mut self,
        descriptor: Descriptor,
        position: u64,
    ) -> FsResult<Resource<DynOutputStream>> {
        let file = self.opened(&descriptor)?.writable_file()?.clone();
        let stream: DynOutputStream = Box::new(Writing { file, position: Some(position) });
        Ok(self.table.push(stream)?)
    }

    fn append_via_stream(&mut self, descriptor: Descriptor) -> FsResult<Resource<DynOutputStream>> {
        let file = self.opened(&descriptor)?.writable_file()?.clone();
        let stream: DynOutputStream = Box::new(Writing { file, position: None });
        Ok(self.table.push(stream)?)
    }

    async fn is_same_object(&mut self, one: Descriptor, other: Descriptor) -> wasmtime::Result<bool> {
        Ok(self.open(&one)?.node.is_same(&self.open(&other)?.node))
    }

    async fn metadata_hash(&mut self, descriptor: Descriptor) -> FsResult<types::MetadataHashValue> {
        Ok(metadata_hash(&self.opened(&descriptor)?.node))
    }

    async fn metadata_hash_at(
        &mut self,
        descriptor: Descriptor,
        flags: types::PathFlags,
        path: String,
    ) -> FsResult<types::MetadataHashValue> {
        Ok(metadata_hash(&self.tree(&descriptor)?.node(&path, follows(flags))?))
    }
}

impl types::HostDirectoryEntryStream for Cell {
    async fn read_directory_entry(
        &mut self,
        stream: ListingHandle,
    ) -> FsResult<Option<types::DirectoryEntry>> {
        let state = self.table.get_mut(&listing(&stream))?;
        let Some((name, node)) = state.directory.next(state.last.as_deref()) else { return Ok(None) };
        state.last = Some(name.clone());
        Ok(Some(types::DirectoryEntry { type_: kind(&node), name }))
    }

    fn drop(&mut self, stream: ListingHandle) -> wasmtime::Result<()> {
        self.table.delete(Resource::<Listing>::new_own(stream.rep()))?;
        Ok(())
    }
}

fn how(path: types::PathFlags, open: types::OpenFlags, flags: types::DescriptorFlags) -> OpenHow {
    OpenHow {
        create: open.contains(types::OpenFlags::CREATE),
        exclusive: open.contains(types::OpenFlags::EXCLUSIVE),
        truncate: open.contains(types::OpenFlags::TRUNCATE),
        directory: open.contains(types::OpenFlags::DIRECTORY),
        write: flags.contains(types::DescriptorFlags::WRITE),
        follow: follows(path),
    }
}

fn follows(flags: types::PathFlags) -> bool {
    flags.contains(types::PathFlags::SYMLINK_FOLLOW)
}

fn directory_flags(writable: bool) -> types::DescriptorFlags {
    match writable {
        true => types::DescriptorFlags::READ | types::DescriptorFlags::MUTATE_DIRECTORY,
        false => types::DescriptorFlags::READ,
    }
}

/// What is not opened for writing is opened for reading.
fn file_flags(asked: types::DescriptorFlags) -> types::DescriptorFlags {
    let flags = asked & (types::DescriptorFlags::READ | types::DescriptorFlags::WRITE);
    match flags == types::DescriptorFlags::empty() {
        true => types::DescriptorFlags::READ,
        false => flags,
    }
}

fn kind(node: &Node) -> types::DescriptorType {
    match node {
        Node::Directory(_) => types::DescriptorType::Directory,
        Node::File(_) => types::DescriptorType::RegularFile,
        Node::Link(_) => types::DescriptorType::SymbolicLink,
    }
}

fn stat(node: &Node) -> types::DescriptorStat {
    let times = node.meta().times();
    types::DescriptorStat {
        type_: kind(node),
        // A tree's root has no name, and is there all the same.
        link_count: node.meta().links().max(1),
        size: node.size(),
        data_access_timestamp: Some(datetime(times.accessed)),
        data_modification_timestamp: Some(datetime(times.modified)),
        status_change_timestamp: Some(datetime(times.changed)),
    }
}

/// The identity of a node: its number, which says nothing of the host.
fn metadata_hash(node: &Node) -> types::MetadataHashValue {
    types::MetadataHashValue { lower: node.meta().id, upper: 0 }
}

fn datetime(time: Duration) -> Datetime {
    Datetime { seconds: time.as_secs(), nanoseconds: time.subsec_nanos() }
}

fn set_times(
    meta: &Meta,
    now: Duration,
    accessed: types::NewTimestamp,
    modified: types::NewTimestamp,
) -> Result<()> {
    meta.set_times(new_time(accessed, now)?, new_time(modified, now)?, now);
    Ok(())
}

fn new_time(time: types::NewTimestamp, now: Duration) -> Result<Option<Duration>> {
    match time {
        types::NewTimestamp::NoChange => Ok(None),
        types::NewTimestamp::Now => Ok(Some(now)),
        types::NewTimestamp::Timestamp(time) => {
            let seconds = Duration::from_secs(time.seconds);
            let sum = seconds.checked_add(Duration::from_nanos(time.nanoseconds.into()));
            sum.map(Some).ok_or(ErrorCode::Overflow)
        }
    }
}
