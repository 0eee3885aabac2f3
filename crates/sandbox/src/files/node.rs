//! What a tree is made of: directories, files and symbolic links. Nodes live as long as a name or a handle refers to them.

use super::content::{CHUNK, Chunk};
use super::volume::Volume;
use super::{ErrorCode, Result};
use fuelcell_domain::ReadAt;
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

/// Names below one another. Paths of programs have a dozen.
pub(crate) const MAX_DEPTH: usize = 64;

/// What every node has.
pub(crate) struct Meta {
    /// Unique in the cell, and the same in every deterministic run.
    pub(crate) id: u64,
    links: AtomicU64,
    times: Mutex<Times>,
}

/// When a node was last read and changed, since 1970.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    pub(crate) accessed: Duration,
    pub(crate) modified: Duration,
    pub(crate) changed: Duration,
}

impl Meta {
    pub(crate) fn new(volume: &Volume) -> Self {
        let now = volume.now();
        let times = Times { accessed: now, modified: now, changed: now };
        Self { id: volume.next_id(), links: AtomicU64::new(0), times: Mutex::new(times) }
    }

    pub(crate) fn links(&self) -> u64 {
        self.links.load(Ordering::Relaxed)
    }

    pub(crate) fn times(&self) -> Times {
        *self.times.lock()
    }

    pub(crate) fn set_times(&self, accessed: Option<Duration>, modified: Option<Duration>, now: Duration) {
        let mut times = self.times.lock();
        times.accessed = accessed.unwrap_or(times.accessed);
        times.modified = modified.unwrap_or(times.modified);
        times.changed = now;
    }

    fn touch(&self, volume: &Volume) {
        let now = volume.now();
        self.set_times(None, Some(now), now);
    }
}

/// Something that a name stands for.
#[derive(Clone)]
pub(crate) enum Node {
    Directory(Arc<Directory>),
    File(Arc<File>),
    Link(Arc<Link>),
}

impl Node {
    pub(crate) fn meta(&self) -> &Meta {
        match self {
            Self::Directory(directory) => &directory.meta,
            Self::File(file) => &file.meta,
            Self::Link(link) => &link.meta,
        }
    }

    /// Bytes of a file, or of the text of a link.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Directory(_) => 0,
            Self::File(file) => file.size(),
            Self::Link(link) => link.target.len() as u64,
        }
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.meta().id == other.meta().id
    }

    /// Files and links at or below `path`, but for what a program keeps to itself.
    fn gather(&self, path: String, found: &mut Vec<(String, Self)>) {
        match self {
            Self::Directory(directory) => {
                let below = directory.public().into_iter();
                found.extend(below.map(|(name, node)| (format!("{path}/{name}"), node)));
            }
            Self::File(_) | Self::Link(_) => found.push((path, self.clone())),
        }
    }

    fn height(&self) -> usize {
        match self {
            Self::Directory(directory) => {
                directory.state.lock().entries.values().map(Self::height).max().map_or(1, |below| below + 1)
            }
            _ => 1,
        }
    }
}

/// A symbolic link.
pub(crate) struct Link {
    pub(crate) meta: Meta,
    pub(crate) target: String,
    volume: Arc<Volume>,
}

impl Link {
    pub(crate) fn new(volume: &Arc<Volume>, target: String) -> Result<Self> {
        volume.take(target.len() as u64)?;
        Ok(Self { meta: Meta::new(volume), target, volume: volume.clone() })
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.volume.give_back(self.target.len() as u64);
    }
}

struct Entries {
    entries: BTreeMap<String, Node>,
    /// Where it lies, and under which name.
    parent: Weak<Directory>,
    name: String,
    removed: bool,
}

/// A directory.
pub(crate) struct Directory {
    pub(crate) meta: Meta,
    pub(crate) volume: Arc<Volume>,
    /// Whether it is the top of a tree whose files will be published.
    publishes: bool,
    state: Mutex<Entries>,
}

impl Directory {
    /// An empty directory that nothing refers to.
    pub(crate) fn new(volume: &Arc<Volume>) -> Self {
        let (entries, parent, name) = Default::default();
        let state = Mutex::new(Entries { entries, parent, name, removed: false });
        Self { meta: Meta::new(volume), volume: volume.clone(), publishes: false, state }
    }

    /// The top of a tree whose files will be published.
    pub(crate) fn published(volume: &Arc<Volume>) -> Self {
        Self { publishes: true, ..Self::new(volume) }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Node> {
        self.state.lock().entries.get(name).cloned()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.state.lock().entries.is_empty()
    }

    /// The first entry after `name`, or the first one.
    pub(crate) fn next(&self, name: Option<&str>) -> Option<(String, Node)> {
        use std::ops::Bound::{Excluded, Unbounded};
        let state = self.state.lock();
        let start = name.map_or(Unbounded, Excluded);
        state
            .entries
            .range::<str, _>((start, Unbounded))
            .next()
            .map(|(name, node)| (name.clone(), node.clone()))
    }

    /// Gives `node` a name that is free.
    pub(crate) fn insert(self: &Arc<Self>, name: &str, node: Node) -> Result<()> {
        if self.depth() + node.height() > MAX_DEPTH {
            return Err(self.volume.refuse_depth());
        }
        if self.state.lock().removed {
            return Err(ErrorCode::NoEntry);
        }
        self.volume.admit_outputs(&self.outputs_of(name, &node), 0)?;
        self.volume.take_entry()?;
        self.attach(name, node);
        Ok(())
    }

    /// Gives a device a name that is free. It is the host's, and counts for nothing.
    pub(crate) fn insert_device(self: &Arc<Self>, name: &str, device: Arc<dyn Device>) {
        self.attach(name, Node::File(Arc::new(File::device(&self.volume, device))));
    }

    /// Takes a name away.
    pub(crate) fn remove(&self, name: &str) -> Option<Node> {
        self.volume.remove_outputs(self.count_outputs(name));
        let node = self.state.lock().entries.remove(name)?;
        node.meta().links.fetch_sub(1, Ordering::Relaxed);
        if let Node::Directory(directory) = &node {
            let mut state = directory.state.lock();
            (state.removed, state.parent) = (true, Weak::new());
        }
        self.volume.give_back_entry();
        self.meta.touch(&self.volume);
        Some(node)
    }

    /// Moves `name` to `new_name` in `target`, where it takes the place of what was there.
    pub(crate) fn rename(&self, name: &str, target: &Arc<Self>, new_name: &str) -> Result<()> {
        let node = self.get(name).ok_or(ErrorCode::NoEntry)?;
        if target.depth() + node.height() > MAX_DEPTH {
            return Err(self.volume.refuse_depth());
        }
        if target.state.lock().removed {
            return Err(ErrorCode::NoEntry);
        }
        let freed = self.count_outputs(name) + target.count_outputs(new_name);
        self.volume.admit_outputs(&target.outputs_of(new_name, &node), freed)?;
        target.remove(new_name);
        self.remove(name);
        // One entry went, so there is room for one.
        self.volume.take_entry()?;
        target.attach(new_name, node);
        Ok(())
    }

    /// Whether this is `other`, or lies below it.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let mut next = self.state.lock().parent.upgrade();
        if self.meta.id == other.meta.id {
            return true;
        }
        while let Some(directory) = next {
            if directory.meta.id == other.meta.id {
                return true;
            }
            next = directory.state.lock().parent.upgrade();
        }
        false
    }

    fn attach(self: &Arc<Self>, name: &str, node: Node) {
        node.meta().links.fetch_add(1, Ordering::Relaxed);
        if let Node::Directory(directory) = &node {
            let mut state = directory.state.lock();
            (state.removed, state.parent, state.name) = (false, Arc::downgrade(self), name.to_owned());
        }
        self.state.lock().entries.insert(name.to_owned(), node);
        self.volume.add_outputs(self.count_outputs(name));
        self.meta.touch(&self.volume);
    }

    /// What lies below, with paths, but for what a program keeps to itself: names that begin with a dot.
    pub(crate) fn public(&self) -> Vec<(String, Node)> {
        let mut found = Vec::new();
        let entries: Vec<_> = self
            .state
            .lock()
            .entries
            .iter()
            .filter(|(name, _)| !is_private(name))
            .map(|(name, node)| (name.clone(), node.clone()))
            .collect();
        for (name, node) in entries {
            node.gather(name, &mut found);
        }
        found
    }

    /// The paths under which files would be published if `node` lay here as `name`.
    fn outputs_of(&self, name: &str, node: &Node) -> Vec<String> {
        let Some(path) = self.public_path(name) else { return Vec::new() };
        let mut found = Vec::new();
        node.gather(path, &mut found);
        found.into_iter().filter(|(_, node)| matches!(node, Node::File(_))).map(|(path, _)| path).collect()
    }

    /// How many files will be published of what lies here as `name`.
    fn count_outputs(&self, name: &str) -> u32 {
        let node = self.get(name);
        node.map_or(0, |node| u32::try_from(self.outputs_of(name, &node).len()).unwrap_or(u32::MAX))
    }

    /// The path of `name` below the top of a published tree; none elsewhere, and where a program keeps its own.
    fn public_path(&self, name: &str) -> Option<String> {
        let mut path = name.to_owned();
        let above = |directory: &Self| {
            let state = directory.state.lock();
            (state.parent.upgrade(), state.name.clone(), directory.publishes)
        };
        let mut place = above(self);
        while let (Some(parent), name, _) = place {
            path = format!("{name}/{path}");
            place = above(&parent);
        }
        (place.2 && !path.split('/').any(is_private)).then_some(path)
    }

    fn depth(&self) -> usize {
        let mut depth = 0;
        let mut next = self.state.lock().parent.upgrade();
        while let Some(directory) = next {
            depth += 1;
            next = directory.state.lock().parent.upgrade();
        }
        depth
    }
}

/// A file by which a program speaks with its host: whoever opens it speaks by himself.
pub(crate) trait Device: Send + Sync {
    fn open(&self) -> Arc<dyn Session>;
}

/// One opened device. What is written and read has no place and takes no room on the disk.
pub(crate) trait Session: Send + Sync {
    /// Takes all of `bytes`, or says what is wrong with them.
    fn write(&self, bytes: &[u8]) -> Result<()>;

    /// Bytes that one call may write: what is written does something, and whoever writes gives way between two calls.
    fn room(&self) -> usize;

    /// Whether something can be read, or there is nothing to wait for.
    fn poll_ready(&self, context: &mut Context<'_>) -> Poll<()>;

    /// At most `max` bytes; no bytes when every answer has been read; `None` while the next answer is being made.
    fn read(&self, max: usize) -> Option<Vec<u8>>;
}

/// Where a file's bytes are.
enum Body {
    /// An input of the job.
    Input(Arc<dyn ReadAt>),
    /// With the host.
    Device(Arc<dyn Device>),
    /// With the host, for one who opened it.
    Session(Arc<dyn Session>),
    /// Chunks on the disk; an absent one is zeros.
    Scratch(Mutex<Extent>),
}

#[derive(Default)]
struct Extent {
    size: u64,
    chunks: Vec<Option<Chunk>>,
}

/// A regular file. Its size counts against the job's disk, holes included.
pub(crate) struct File {
    pub(crate) meta: Meta,
    volume: Arc<Volume>,
    body: Body,
}

impl File {
    /// An empty file.
    pub(crate) fn new(volume: &Arc<Volume>) -> Self {
        Self { meta: Meta::new(volume), volume: volume.clone(), body: Body::Scratch(Mutex::default()) }
    }

    /// An input, which stays where it is.
    pub(crate) fn input(volume: &Arc<Volume>, source: Arc<dyn ReadAt>) -> Self {
        Self { meta: Meta::new(volume), volume: volume.clone(), body: Body::Input(source) }
    }

    fn device(volume: &Arc<Volume>, device: Arc<dyn Device>) -> Self {
        Self { meta: Meta::new(volume), volume: volume.clone(), body: Body::Device(device) }
    }

    /// What whoever opens the file has; none where the file itself will do.
    pub(crate) fn opened(&self) -> Option<Self> {
        let Body::Device(device) = &self.body else { return None };
        let body = Body::Session(device.open());
        Some(Self { meta: Meta::new(&self.volume), volume: self.volume.clone(), body })
    }

    /// Whether it is a device: whoever may not change its directory writes it all the same.
    pub(crate) fn is_device(&self) -> bool {
        matches!(self.body, Body::Device(_) | Body::Session(_))
    }

    /// The device that this is, opened.
    pub(crate) fn session(&self) -> Option<&Arc<dyn Session>> {
        match &self.body {
            Body::Session(session) => Some(session),
            Body::Input(_) | Body::Device(_) | Body::Scratch(_) => None,
        }
    }

    pub(crate) fn size(&self) -> u64 {
        match &self.body {
            Body::Input(source) => source.size(),
            Body::Device(_) | Body::Session(_) => 0,
            Body::Scratch(extent) => extent.lock().size,
        }
    }

    /// At most `max` bytes from `offset`; none at the end.
    pub(crate) fn read(&self, offset: u64, max: usize) -> Result<Vec<u8>> {
        let left = self.size().saturating_sub(offset);
        let mut buffer = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(max)];
        match &self.body {
            Body::Input(source) => {
                let count = source.read_at(offset, &mut buffer).map_err(|error| {
                    tracing::warn!(error.message = %error, "an input of a job cannot be read");
                    ErrorCode::Io
                })?;
                buffer.truncate(count);
                self.volume.count_read(count as u64);
            }
            Body::Device(_) | Body::Session(_) => {}
            Body::Scratch(extent) => self.read_chunks(&extent.lock(), offset, &mut buffer)?,
        }
        Ok(buffer)
    }

    fn read_chunks(&self, extent: &Extent, offset: u64, buffer: &mut [u8]) -> Result<()> {
        for (index, within, range) in pieces(offset, buffer.len()) {
            let piece = &mut buffer[range];
            match extent.chunks.get(index).copied().flatten() {
                Some(chunk) => self.volume.content.read(chunk, within, piece).map_err(super::broken)?,
                None => piece.fill(0),
            }
        }
        Ok(())
    }

    /// Writes all of `bytes` at `offset`, or nothing.
    pub(crate) fn write(&self, offset: u64, bytes: &[u8]) -> Result<()> {
        if let Some(session) = self.session() {
            return session.write(bytes);
        }
        let mut extent = self.scratch()?.lock();
        self.write_chunks(&mut extent, offset, bytes)
    }

    /// Writes all of `bytes` at the end, or nothing.
    pub(crate) fn append(&self, bytes: &[u8]) -> Result<()> {
        if let Some(session) = self.session() {
            return session.write(bytes);
        }
        let mut extent = self.scratch()?.lock();
        let end = extent.size;
        self.write_chunks(&mut extent, end, bytes)
    }

    fn write_chunks(&self, extent: &mut Extent, offset: u64, bytes: &[u8]) -> Result<()> {
        if bytes.is_empty() {
            return Ok(());
        }
        let end = offset.checked_add(bytes.len() as u64).ok_or(ErrorCode::FileTooLarge)?;
        self.grow(extent, end)?;
        for (index, within, range) in pieces(offset, bytes.len()) {
            let chunk = self.chunk(extent, index)?;
            self.volume.content.write(chunk, within, &bytes[range]).map_err(super::broken)?;
        }
        self.volume.count_write(bytes.len() as u64);
        self.meta.touch(&self.volume);
        Ok(())
    }

    /// Cuts the file, or makes it longer by zeros that take no room on the disk but count.
    pub(crate) fn set_size(&self, size: u64) -> Result<()> {
        // Shells cut what they write to.
        if self.is_device() {
            return Ok(());
        }
        let mut extent = self.scratch()?.lock();
        match size < extent.size {
            true => self.shrink(&mut extent, size)?,
            false => self.grow(&mut extent, size)?,
        }
        self.meta.touch(&self.volume);
        Ok(())
    }

    fn grow(&self, extent: &mut Extent, size: u64) -> Result<()> {
        self.volume.take(size.saturating_sub(extent.size))?;
        extent.size = extent.size.max(size);
        Ok(())
    }

    fn shrink(&self, extent: &mut Extent, size: u64) -> Result<()> {
        let kept = usize::try_from(size.div_ceil(CHUNK)).unwrap_or(usize::MAX);
        if kept < extent.chunks.len() {
            extent.chunks.drain(kept..).flatten().for_each(|chunk| self.volume.content.release(chunk));
        }
        let last = extent.chunks.get(kept.wrapping_sub(1)).copied().flatten();
        if let Some(last) = last.filter(|_| !size.is_multiple_of(CHUNK)) {
            self.volume.content.clear_behind(last, size % CHUNK).map_err(super::broken)?;
        }
        self.volume.give_back(extent.size - size);
        extent.size = size;
        Ok(())
    }

    fn chunk(&self, extent: &mut Extent, index: usize) -> Result<Chunk> {
        if extent.chunks.len() <= index {
            extent.chunks.resize(index + 1, None);
        }
        match extent.chunks[index] {
            Some(chunk) => Ok(chunk),
            None => {
                let chunk = self.volume.content.allocate().map_err(super::broken)?;
                extent.chunks[index] = Some(chunk);
                Ok(chunk)
            }
        }
    }

    fn scratch(&self) -> Result<&Mutex<Extent>> {
        match &self.body {
            Body::Scratch(extent) => Ok(extent),
            Body::Input(_) | Body::Device(_) | Body::Session(_) => Err(ErrorCode::NotPermitted),
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Body::Scratch(extent) = &self.body {
            let extent = std::mem::take(&mut *extent.lock());
            extent.chunks.into_iter().flatten().for_each(|chunk| self.volume.content.release(chunk));
            self.volume.give_back(extent.size);
        }
    }
}

/// The chunks that `length` bytes at `offset` touch: index, offset within it, and which of the bytes.
fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (usize, u64, std::ops::Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let left = length - done;
        if left == 0 {
            return None;
        }
        let position = offset + done as u64;
        let within = position % CHUNK;
        let count = usize::try_from(CHUNK - within).unwrap_or(usize::MAX).min(left);
        let range = done..done + count;
        done += count;
        Some((usize::try_from(position / CHUNK).unwrap_or(usize::MAX), within, range))
    })
}

/// Whether a program keeps what has this name to itself.
fn is_private(name: &str) -> bool {
    name.starts_with('.')
}
