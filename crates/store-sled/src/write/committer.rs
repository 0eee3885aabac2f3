//! One thread makes everything durable. It takes the commands that wait, applies them one after another to an overlay,
//! hands the batch to sled in one transaction, waits for the one barrier, and only then answers.
//!
//! After a failed write, flush or barrier nobody knows what is on the medium. Then the store refuses everything until it
//! is opened anew.

use crate::tables::directory::free_bytes;
use crate::tables::format::SEQUENCE;
use crate::tables::keys::Table;
use crate::write::barrier::Barrier;
use crate::write::high_water::HighWater;
use crate::write::overlay::Overlay;
use crate::write::recent::Recent;
use crate::write::shared::Shared;
use fuelcell_store::StoreError;
use fuelcell_store::metrics::{BARRIERS, BATCHES, COMMITS};
use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// The most commands in one batch.
pub(crate) const MAX_COMMANDS: usize = 256;
/// A batch that writes more than this takes no further command, in bytes.
const MAX_BYTES: usize = 4 << 20;
/// How often, and how long each time, a batch waits for company until it has as much as the one before it. A commit wakes
/// every thread of sled's pool and all who wait for it, which costs more processor time than the work in it: a third less
/// for each job when fewer commits carry more.
const GATHERINGS: usize = 8;
const GATHERING: Duration = Duration::from_micros(200);
/// Commands that may wait for the committer before callers wait to be let in.
const WAITING: usize = 4 * MAX_COMMANDS;

/// When a caller may have its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Durability {
    /// After the barrier.
    Durable,
    /// As soon as others can see it; a crash may lose it.
    Relaxed,
}

/// What a command does to the space on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    /// It brings more to keep: refused while the disk is nearly full.
    Takes,
    /// It ends or removes what is there: let in as long as there is room to write it down, so that a full disk can be
    /// emptied and what runs can end.
    GivesBack,
}

/// A verb on its way through the committer.
trait Command: Send {
    fn durability(&self) -> Durability;

    fn space(&self) -> Space;

    /// Does the work and keeps the answer.
    fn execute(&mut self, overlay: &mut Overlay<'_>);

    /// Gives the kept answer, or this error instead.
    fn reply(self: Box<Self>, instead: Option<StoreError>);
}

struct Call<T, F> {
    durability: Durability,
    space: Space,
    work: Option<F>,
    answer: Option<Result<T, StoreError>>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Command for Call<T, F>
where
    T: Send,
    F: FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn space(&self) -> Space {
        self.space
    }

    fn execute(&mut self, overlay: &mut Overlay<'_>) {
        self.answer = self.work.take().map(|work| overlay.command(work));
    }

    fn reply(self: Box<Self>, instead: Option<StoreError>) {
        let answer = match instead {
            Some(error) => Err(error),
            None => self.answer.unwrap_or_else(|| Err(stopped())),
        };
        // A caller that has gone away does not want its answer.
        let _ = self.caller.send(answer);
    }
}

fn stopped() -> StoreError {
    StoreError::Storage("the store has stopped".into())
}

/// The way to the committer.
pub(crate) struct Commands(mpsc::Sender<Box<dyn Command>>);

impl Commands {
    /// Has the committer do `work`, and waits for the answer. Once sent, the work is done even if the caller goes away.
    pub(crate) async fn call<T: Send + 'static>(
        &self,
        durability: Durability,
        space: Space,
        work: impl FnOnce(&mut Overlay<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (caller, answer) = oneshot::channel();
        let call = Call { durability, space, work: Some(work), answer: None, caller };
        self.0.send(Box::new(call)).await.map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())?
    }
}

/// Everything that the thread needs.
pub(crate) struct Committer {
    pub(crate) shared: Arc<Shared>,
    pub(crate) barrier: Arc<dyn Barrier>,
    /// The file that sled writes its log to.
    pub(crate) file: File,
    pub(crate) high_water: HighWater,
    /// The number of the latest durable batch.
    pub(crate) sequence: u64,
    /// What is known of the database.
    pub(crate) recent: Recent,
    /// Where to look for free space, and how many bytes must be there for which commands.
    pub(crate) directory: PathBuf,
    pub(crate) free_bytes_to_write: u64,
    pub(crate) free_bytes_to_give_back: u64,
}

impl Committer {
    /// Starts the thread. It ends when the last [`Commands`] is dropped and everything sent has been answered.
    pub(crate) fn start(self) -> std::io::Result<(Commands, std::thread::JoinHandle<()>)> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let thread =
            std::thread::Builder::new().name("store-committer".into()).spawn(move || self.run(receiver))?;
        Ok((Commands(sender), thread))
    }

    fn run(mut self, mut waiting: mpsc::Receiver<Box<dyn Command>>) {
        let _on_panic = FailOnPanic(Arc::clone(&self.shared));
        let mut crowd = 0;
        while let Some(first) = waiting.blocking_recv() {
            for _ in 0..GATHERINGS {
                if waiting.len() + 1 < crowd {
                    std::thread::sleep(GATHERING);
                }
            }
            match self.room() {
                Ok(room) => crowd = self.batch(first, &mut waiting, room),
                Err(error) => first.reply(Some(error)),
            }
        }
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the store was not closed cleanly; what it acknowledged is durable");
        }
    }

    /// Also brings what may be lost in a crash to the medium.
    fn close(&mut self) -> Result<(), StoreError> {
        self.shared.check()?;
        self.shared.database.flush()?;
        self.barrier.sync(&self.file)?;
        Ok(self.high_water.sync()?)
    }

    /// Which commands may be written now.
    fn room(&self) -> Result<Room, StoreError> {
        self.shared.check()?;
        let free = free_bytes(&self.directory)?;
        Ok(match free {
            _ if free < self.free_bytes_to_give_back => Room::None,
            _ if free < self.free_bytes_to_write => Room::ToGiveBack,
            _ => Room::ForAll,
        })
    }

    /// Commits what waits, and says how many commands that were.
    fn batch(
        &mut self,
        first: Box<dyn Command>,
        waiting: &mut mpsc::Receiver<Box<dyn Command>>,
        room: Room,
    ) -> usize {
        let shared = Arc::clone(&self.shared);
        let recent = std::mem::take(&mut self.recent);
        let mut overlay = Overlay::knowing(&shared.database, &shared.image, recent);
        let mut commands = Vec::new();
        let mut next = Some(first);
        while let Some(mut command) = next {
            match room.admits(command.space()) {
                true => {
                    command.execute(&mut overlay);
                    commands.push(command);
                }
                false => command.reply(Some(StoreError::Full)),
            }
            let is_open = commands.len() < MAX_COMMANDS && overlay.bytes() < MAX_BYTES;
            next = if is_open { waiting.try_recv().ok() } else { None };
        }
        let count = commands.len();
        BATCHES.observe(count as f64);
        let (relaxed, durable): (Vec<_>, Vec<_>) =
            commands.into_iter().partition(|command| command.durability() == Durability::Relaxed);
        let timer = COMMITS.start_timer();
        let failure = self.commit(overlay, relaxed, !durable.is_empty()).err();
        timer.observe_duration();
        let reason = failure.map(|error| error.to_string());
        if let Some(reason) = &reason {
            self.shared.fail(reason);
        }
        for command in durable {
            command.reply(reason.clone().map(StoreError::Storage));
        }
        count
    }

    /// Applies the batch, answers those that need not wait, and makes the rest durable.
    fn commit(
        &mut self,
        mut overlay: Overlay<'_>,
        relaxed: Vec<Box<dyn Command>>,
        durable: bool,
    ) -> Result<(), StoreError> {
        let durable = durable && !overlay.is_empty();
        let sequence = self.sequence + u64::from(durable);
        if durable {
            overlay.put(Table::Meta, SEQUENCE, &sequence)?;
        }
        let (writes, changes, recent) = overlay.into_parts();
        self.recent = recent;
        self.shared.set_ahead_of_the_medium(true);
        let applied = self.shared.database.apply(&writes);
        for command in relaxed {
            command.reply(applied.as_ref().err().map(|error| StoreError::Storage(error.to_string())));
        }
        applied?;
        self.shared.journal.note(&writes);
        self.recent.follow(writes);
        if durable {
            let timer = BARRIERS.start_timer();
            self.shared.database.flush()?;
            self.barrier.sync(&self.file)?;
            timer.observe_duration();
            self.shared.set_ahead_of_the_medium(false);
            self.high_water.record(sequence)?;
            self.sequence = sequence;
        }
        let mut image = self.shared.image.write();
        changes.iter().for_each(|change| image.apply(change));
        Ok(())
    }
}

/// What the free space on the disk is enough for.
#[derive(Clone, Copy)]
enum Room {
    ForAll,
    ToGiveBack,
    None,
}

impl Room {
    fn admits(self, space: Space) -> bool {
        match self {
            Self::ForAll => true,
            Self::ToGiveBack => space == Space::GivesBack,
            Self::None => false,
        }
    }
}

/// A panic in the thread stops the store, too.
struct FailOnPanic(Arc<Shared>);

impl Drop for FailOnPanic {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("the committer panicked");
        }
    }
}
