//! `fuelcell top`: nodes, queue and running jobs, live in the terminal.

mod grid;
mod picture;
mod screen;
mod terminal;

use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::output::{self, Format};
use clap::Args;
use picture::{Picture, Reader};
use ratatui::termion;
use ratatui::termion::event::Key;
use ratatui::termion::input::TermRead;
use screen::{Trouble, Wanted};
use std::fs::File;
use std::io::{self, IsTerminal};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

/// How often the screen is drawn anew, so that it fits a terminal that changed its size.
const FRAME: Duration = Duration::from_millis(200);
/// An answer that takes longer than this is late.
const LATE: Duration = Duration::from_secs(3);
/// How far apart readings may be.
const INTERVALS: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(3600)];

/// The columns of CSV: running jobs.
const FIGURES: &[output::Column] = &[
    ("JOB", "jobId", output::Form::Text),
    ("NAME", "jobName", output::Form::Text),
    ("TENANT", "tenantId", output::Form::Text),
    ("PROJECT", "projectId", output::Form::Text),
    ("MODULE", "module", output::Form::Text),
    ("PRIORITY", "priority", output::Form::Text),
    ("ATTEMPT", "attempt", output::Form::Number),
    ("NODE", "node", output::Form::Text),
    ("DONE", "percentage", output::Form::Number),
    ("STAGE", "currentStage", output::Form::Text),
    ("ELAPSED", "elapsedSeconds", output::Form::Seconds),
    ("FUEL", "fuel", output::Form::Number),
    ("FUEL/S", "fuelPerSecond", output::Form::Number),
    ("MEMORY", "memoryBytes", output::Form::Bytes),
];

/// What `fuelcell top` shows.
#[derive(Args)]
pub struct Top {
    /// Time between two readings, such as 5s.
    #[arg(long, value_name = "TIME", value_parser = interval, default_value = "2s")]
    interval: Duration,
    /// Print one picture as plain text and end, as without a terminal and with --output.
    #[arg(long)]
    once: bool,
    /// Show the whole server, also where a project is named: for its operators.
    #[arg(long)]
    everywhere: bool,
}

fn interval(text: &str) -> Result<Duration, String> {
    let time = crate::values::duration(text)?;
    match time >= INTERVALS[0] && time <= INTERVALS[1] {
        true => Ok(time),
        false => Err("500ms to 1h".to_owned()),
    }
}

/// `fuelcell top`
pub(crate) fn run(connection: Connection, wanted: &Top) -> Outcome {
    let format = connection.format;
    let mut reader = Reader::new(connection, wanted.everywhere)?;
    // What stands in the way from the beginning is told as of every command.
    let first = reader.read()?;
    match keyboard(wanted, format) {
        Some(keyboard) => live(reader, first, keyboard, wanted.interval),
        None => once(&first, format),
    }
}

/// Where keys come from, which is not standard input. None where one picture is wanted, or where there is no screen.
fn keyboard(wanted: &Top, format: Format) -> Option<File> {
    let has_screen =
        io::stdout().is_terminal() && std::env::var_os("TERM").is_some_and(|name| name != "dumb");
    let is_live = !wanted.once && format == Format::Table && has_screen;
    is_live.then(termion::get_tty)?.ok()
}

fn once(picture: &Picture, format: Format) -> Outcome {
    match format {
        Format::Table => output::say(&screen::plain(picture)),
        Format::Csv => output::list(Format::Csv, FIGURES, &picture.running),
        format => {
            let document = serde_json::to_value(picture);
            output::one(format, &[], &document.map_err(|error| Failure::here("cannot write JSON", error))?)
        }
    }
}

/// What the screen waits for.
enum Event {
    Key(Key),
    Read(Box<Outcome<Picture>>),
    /// A signal asks for the end, or the terminal is gone.
    Ended,
}

fn live(reader: Reader, first: Picture, keyboard: File, interval: Duration) -> Outcome {
    let (sender, events) = channel();
    let ended = sender.clone();
    ctrlc::set_handler(move || drop(ended.send(Event::Ended)))
        .map_err(|error| Failure::here("signals cannot be heard", error))?;
    let server = Server::ask_on_a_thread(reader, sender.clone());
    read_keys(keyboard, sender);
    let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    terminal::with(|terminal| Watch::new(first, interval, colours).run(terminal, &server, &events))?
}

fn read_keys(keyboard: File, events: Sender<Event>) {
    thread::spawn(move || {
        for key in keyboard.keys().map_while(Result::ok) {
            if events.send(Event::Key(key)).is_err() {
                return;
            }
        }
        drop(events.send(Event::Ended));
    });
}

/// Reads whenever it is asked to, on a thread of its own: a server that hangs must not hold up the keys.
struct Server {
    asks: Sender<()>,
    thread: JoinHandle<()>,
}

impl Server {
    fn ask_on_a_thread(mut reader: Reader, events: Sender<Event>) -> Self {
        let (asks, asked) = channel();
        let thread = thread::spawn(move || {
            while asked.recv().is_ok() && events.send(Event::Read(Box::new(reader.read()))).is_ok() {}
        });
        Self { asks, thread }
    }

    fn ask(&self) -> Outcome {
        let gone = || Failure::new(Exit::Failed, "the server is not read any more");
        self.asks.send(()).map_err(|_| gone())
    }

    fn check(&self) -> Outcome {
        // Only a panic ends it while somebody listens.
        match self.thread.is_finished() {
            true => Err(Failure::new(Exit::Failed, "the server is not read any more")),
            false => Ok(()),
        }
    }
}

/// The screen in time.
struct Watch {
    picture: Picture,
    /// When it came, by the clock and by the time of day.
    came: (Instant, String),
    wanted: Wanted,
    interval: Duration,
    colours: bool,
    next: Next,
    /// What the last reading failed by.
    failed: Option<String>,
}

/// The next reading.
enum Next {
    DueAt(Instant),
    AskedAt(Instant),
}

impl Watch {
    fn new(picture: Picture, interval: Duration, colours: bool) -> Self {
        let now = Instant::now();
        let (came, next) = ((now, time_of_day()), Next::DueAt(now + interval));
        Self { picture, came, wanted: Wanted::default(), interval, colours, next, failed: None }
    }

    fn run(mut self, terminal: &mut terminal::Screen, server: &Server, events: &Receiver<Event>) -> Outcome {
        loop {
            self.ask(server)?;
            let trouble = self.trouble();
            terminal
                .draw(|frame| {
                    screen::draw(frame, &self.picture, &self.wanted, trouble.as_ref(), self.colours);
                })
                .map_err(|error| Failure::here("cannot write to the terminal", error))?;
            match events.recv_timeout(FRAME) {
                Ok(Event::Key(key)) if self.ends_by(key) => return Ok(()),
                Ok(Event::Key(_)) | Err(RecvTimeoutError::Timeout) => {}
                Ok(Event::Read(told)) => self.hear(*told),
                Ok(Event::Ended) | Err(RecvTimeoutError::Disconnected) => {
                    return Err(Failure::new(Exit::Interrupted, "interrupted"));
                }
            }
        }
    }

    /// Asks for the next picture when it is due.
    fn ask(&mut self, server: &Server) -> Outcome {
        server.check()?;
        let now = Instant::now();
        match self.next {
            Next::DueAt(due) if due <= now && !self.wanted.paused => {
                self.next = Next::AskedAt(now);
                server.ask()
            }
            _ => Ok(()),
        }
    }

    fn hear(&mut self, told: Outcome<Picture>) {
        let now = Instant::now();
        self.next = Next::DueAt(now + self.interval);
        match told {
            // What was asked for before the pause is not shown within it.
            Ok(_) if self.wanted.paused => {}
            Ok(picture) => (self.picture, self.came, self.failed) = (picture, (now, time_of_day()), None),
            Err(failure) => self.failed = Some(failure.parts().0.to_owned()),
        }
    }

    /// What keeps the picture from being new.
    fn trouble(&self) -> Option<Trouble> {
        let late = match self.next {
            Next::AskedAt(asked) if asked.elapsed() > LATE => {
                Some("the server has not answered yet".to_owned())
            }
            _ => None,
        };
        let message = self.failed.clone().or(late)?;
        let (came, since) = &self.came;
        Some(Trouble { message, since: since.clone(), lasts: came.elapsed() })
    }

    /// Whether it is the end.
    fn ends_by(&mut self, key: Key) -> bool {
        let wanted = &mut self.wanted;
        let last = self.picture.running.len().saturating_sub(1);
        match key {
            Key::Char('q') | Key::Esc | Key::Ctrl('c') => return true,
            Key::Char('s') => wanted.sort = wanted.sort.next(),
            Key::Char('r') => wanted.reversed = !wanted.reversed,
            Key::Char('p' | ' ') => wanted.paused = !wanted.paused,
            Key::Down => wanted.skipped = (wanted.skipped + 1).min(last),
            Key::Up => wanted.skipped = wanted.skipped.min(last).saturating_sub(1),
            _ => {}
        }
        false
    }
}

fn time_of_day() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
