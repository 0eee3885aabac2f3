//! Starts children, some of them ahead of the jobs that they will run.
//!
//! All are started by one thread that lives as long as anybody may need a child, because the kernel kills the children of a
//! thread that ends. Each runs one attempt and no other: what is saved is the time to start a program and to make an
//! engine, and nothing of one job is there when the next begins.

use super::serve::ChildWire;
use super::wire::{Home, ToChild};
use crate::compile::compiler::THIS_PROGRAM;
use crate::fences::ENVIRONMENT;
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender, SyncSender};
use std::thread;
use std::time::Duration;

/// Children that wait for jobs unless a program says otherwise. Each holds some megabytes.
const AHEAD: usize = 2;

/// How long children wait when no job comes.
const IDLE: Duration = Duration::from_secs(60);

/// The program that runs a cell in a process of its own: one that calls [`cell_worker`](super::cell_worker).
#[derive(Clone, Debug)]
pub struct CellProgram {
    /// The program to start.
    pub program: PathBuf,
    /// What it is told, such as the name of a command.
    pub arguments: Vec<String>,
    /// Processes that are started ahead once the first was asked for; 0 = none. They end when no job came for a minute.
    pub ahead: usize,
}

impl CellProgram {
    /// This very program, told `command`, with two processes ahead.
    pub fn this_program(command: &str) -> Self {
        let program = THIS_PROGRAM.into();
        Self { program, arguments: vec![command.to_owned()], ahead: AHEAD }
    }
}

/// A child that waits for its assignment.
pub(super) struct Waiting {
    pub(super) child: Kept,
    /// What it writes when it dies.
    pub(super) complaint: File,
    pub(super) stream: UnixStream,
}

/// Whoever wants a child.
type Order = SyncSender<io::Result<Waiting>>;

/// Has children started.
pub(super) struct Starter {
    program: CellProgram,
    home: Home,
    /// To the thread, once there is one.
    orders: Mutex<Option<Sender<Order>>>,
}

impl Starter {
    pub(super) fn new(program: CellProgram, home: Home) -> Self {
        Self { program, home, orders: Mutex::new(None) }
    }

    /// A child that nobody else has. It lives at most as long as this starter.
    pub(super) fn take(&self) -> io::Result<Waiting> {
        let (order, taken) = mpsc::sync_channel(1);
        self.orders()?.send(order).map_err(|_| gone())?;
        taken.recv().map_err(|_| gone())?
    }

    fn orders(&self) -> io::Result<Sender<Order>> {
        let mut orders = self.orders.lock();
        if let Some(orders) = orders.as_ref() {
            return Ok(orders.clone());
        }
        let (sender, received) = mpsc::channel();
        let shop = Shop { program: self.program.clone(), home: self.home.clone(), ahead: VecDeque::new() };
        thread::Builder::new().name("cell-starter".into()).spawn(move || shop.serve(&received))?;
        Ok(orders.insert(sender).clone())
    }
}

fn gone() -> io::Error {
    io::Error::other("the thread that starts processes is gone")
}

/// What the thread has.
struct Shop {
    program: CellProgram,
    home: Home,
    ahead: VecDeque<Waiting>,
}

impl Shop {
    /// Until the starter is gone. Orders go before what is done ahead of them.
    fn serve(mut self, orders: &Receiver<Order>) {
        let mut wanted = 0;
        loop {
            let pause = if self.ahead.len() < wanted { Duration::ZERO } else { IDLE };
            match orders.recv_timeout(pause) {
                Ok(order) => {
                    let child = self.living().map_or_else(|| self.start(), Ok);
                    // The child of somebody who went away ends here.
                    drop(order.send(child));
                    wanted = self.program.ahead;
                }
                Err(RecvTimeoutError::Timeout) if self.ahead.len() < wanted => match self.start() {
                    Ok(child) => self.ahead.push_back(child),
                    // The next order will show why.
                    Err(_) => wanted = 0,
                },
                Err(RecvTimeoutError::Timeout) => {
                    wanted = 0;
                    self.ahead.clear();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The child that waits longest and was not ended by others.
    fn living(&mut self) -> Option<Waiting> {
        std::iter::from_fn(|| self.ahead.pop_front())
            .find_map(|mut waiting| waiting.child.lives().then_some(waiting))
    }

    fn start(&self) -> io::Result<Waiting> {
        let (ours, theirs) = UnixStream::pair()?;
        let complaint = tempfile::tempfile()?;
        let mut command = Command::new(&self.program.program);
        command
            .args(&self.program.arguments)
            .env_clear()
            .env(ENVIRONMENT.0, ENVIRONMENT.1)
            .current_dir("/")
            // What a terminal sends to the server's group is for the server, which drains.
            .process_group(0)
            .stdin(OwnedFd::from(theirs))
            .stdout(Stdio::null())
            .stderr(complaint.try_clone()?);
        let child = Kept(command.spawn()?);
        // The child's end of the socket, which `command` keeps, must close with the child.
        drop(command);
        ChildWire::new(ours.try_clone()?).tell(&ToChild::Settle(Box::new(self.home.clone())), &[])?;
        Ok(Waiting { child, complaint, stream: ours })
    }
}

/// A child that does not outlive its keeper, and leaves no zombie.
pub(super) struct Kept(Child);

impl Kept {
    fn lives(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }

    /// Kills the child unless it is dead; how it ended.
    pub(super) fn end(&mut self) -> String {
        // One that ended by itself stays as it ended.
        let ended = self.0.try_wait().and_then(|ended| match ended {
            Some(status) => Ok(status),
            None => self.0.kill().and_then(|()| self.0.wait()),
        });
        ended.map_or_else(|error| error.to_string(), |status| status.to_string())
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.end();
    }
}
