//! Between a store and its database: counts commits, and breaks everything off at one of them.

use fuelcell_store::conformance::CrashPoint;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

/// What a client sends to commit, as a message of the protocol.
const COMMIT: &[u8] = b"Q\0\0\0\x0bCOMMIT\0";

#[derive(Default)]
struct State {
    /// Commits before the one that breaks everything off, and how.
    crash: Option<(u64, CrashPoint)>,
    /// Nothing passes.
    broken: bool,
    pipes: Vec<(TcpStream, UnixStream)>,
}

/// A way to a database.
#[derive(Clone)]
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Proxy {
    /// A way to the server behind a socket.
    pub(crate) fn to(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let proxy = Self { address, state: Arc::default() };
        let own = proxy.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // Whoever is let in while everything breaks off is broken off, too.
                let _ = own.connect(client, &socket);
            }
        });
        proxy
    }

    /// Lets everything pass again.
    pub(crate) fn mend(&self) {
        let mut state = self.state();
        state.broken = false;
        state.crash = None;
    }

    pub(crate) fn crash_at(&self, commit: u64, point: CrashPoint) {
        self.state().crash = Some((commit, point));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self, client: TcpStream, socket: &Path) -> io::Result<()> {
        let server = UnixStream::connect(socket)?;
        {
            let mut state = self.state();
            if state.broken {
                return Ok(());
            }
            state.pipes.push((client.try_clone()?, server.try_clone()?));
        }
        let unanswered = Arc::new(Mutex::new(false));
        let (own, swallows) = (self.clone(), Arc::clone(&unanswered));
        let (mut from, mut to) = (server.try_clone()?, client.try_clone()?);
        thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(length @ 1..) = from.read(&mut bytes) {
                if *swallows.lock().unwrap_or_else(PoisonError::into_inner) {
                    // The commit is done. Nobody hears of it.
                    own.break_off();
                    return;
                }
                if to.write_all(&bytes[..length]).is_err() {
                    break;
                }
            }
            let _ = to.shutdown(Shutdown::Both);
        });
        let own = self.clone();
        thread::spawn(move || {
            let _ = own.forward(client, &server, &unanswered);
            let _ = server.shutdown(Shutdown::Both);
        });
        Ok(())
    }

    /// Passes a client's messages on.
    fn forward(
        &self,
        mut client: TcpStream,
        mut server: &UnixStream,
        unanswered: &Mutex<bool>,
    ) -> io::Result<()> {
        let first = message(&mut client, 0)?;
        server.write_all(&first)?;
        loop {
            let message = message(&mut client, 1)?;
            if message == COMMIT {
                match self.commits() {
                    None => {}
                    Some(CrashPoint::Lost) => {
                        self.break_off();
                        return Ok(());
                    }
                    Some(CrashPoint::Unanswered) => {
                        *unanswered.lock().unwrap_or_else(PoisonError::into_inner) = true;
                    }
                }
            }
            server.write_all(&message)?;
        }
    }

    /// Counts a commit. Says what becomes of it if it is the one.
    fn commits(&self) -> Option<CrashPoint> {
        let mut state = self.state();
        match &mut state.crash {
            None => None,
            Some((0, point)) => Some(*point),
            Some((before, _)) => {
                *before -= 1;
                None
            }
        }
    }

    fn break_off(&self) {
        let mut state = self.state();
        state.broken = true;
        for (client, server) in state.pipes.drain(..) {
            let _ = client.shutdown(Shutdown::Both);
            let _ = server.shutdown(Shutdown::Both);
        }
    }
}

/// The next message: so many bytes of its kind, its length, and the rest.
fn message(from: &mut impl Read, kind: usize) -> io::Result<Vec<u8>> {
    let mut message = vec![0; kind + 4];
    from.read_exact(&mut message)?;
    let length = u32::from_be_bytes(message[kind..].try_into().map_err(io::Error::other)?);
    message.resize(kind + length as usize, 0);
    from.read_exact(&mut message[kind + 4..])?;
    Ok(message)
}
