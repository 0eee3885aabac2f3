//! `fuelcell job watch`: a job to its end, over the stream of events.

use super::logs::{Level, line};
use super::shared::JOB;
use crate::complete;
use crate::connection::Connection;
use crate::documents::{ToldEvent, document};
use crate::events::{self, Event};
use crate::failure::{Exit, Failure, Outcome};
use crate::interrupt::on_interrupt;
use crate::operations::{GET_JOB, JOB_EVENTS, PROJECT_EVENTS};
use crate::output::{self, Column, Form, Format, done, harmless, note, say};
use crate::values::duration;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;
use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

/// What is done once a job is submitted.
#[derive(Args, Default)]
pub(crate) struct Then {
    /// Wait until the job ends, as `fuelcell job watch` does.
    #[arg(long, short)]
    pub(super) watch: bool,
    /// Longest time to wait, such as 10m; absent = as long as it takes.
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "watch")]
    pub(super) wait_at_most: Option<Duration>,
}

/// A job to follow.
#[derive(Args)]
pub struct Watch {
    /// The job's id.
    #[arg(add = complete::jobs())]
    job: String,
    /// Longest time to wait, such as 10m; absent = as long as it takes.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    timeout: Option<Duration>,
    /// Show no log lines.
    #[arg(long)]
    no_logs: bool,
}

/// Events of a project.
#[derive(Args)]
pub struct Events {
    /// How long to show them, such as 1h; absent = until it is interrupted.
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    time: Option<Duration>,
}

const EVENT: &[Column] = &[
    ("TIME", "timestamp", Form::Time),
    ("EVENT", "event", Form::Text),
    ("JOB", "jobId", Form::Text),
    ("ATTEMPT", "attempt", Form::Number),
];

pub(super) fn run(connection: &Connection, watch: &Watch) -> Outcome {
    follow(connection, &watch.job, watch.timeout, !watch.no_logs)
}

/// Says which job it is, or waits for its end.
pub(super) fn submitted(connection: &Connection, told: &Value, then: &Then) -> Outcome {
    let job = told["jobId"].as_str().unwrap_or_default();
    match then.watch {
        true => {
            note(&format!("job {job}"));
            to_its_end(connection, job, then.wait_at_most)
        }
        false => done(connection.format, job, told),
    }
}

/// Follows a job and ends as it does.
fn to_its_end(connection: &Connection, job: &str, timeout: Option<Duration>) -> Outcome {
    follow(connection, job, timeout, true)
}

fn follow(connection: &Connection, job: &str, timeout: Option<Duration>, logs: bool) -> Outcome {
    let call = connection.call(JOB_EVENTS, &[("jobId", job)])?;
    on_interrupt(format!("not watched any more; the job goes on: fuelcell job watch {job}"));
    let deadline = timeout.map(|time| Instant::now() + time);
    let mut screen = Screen::new(logs);
    let followed = events::follow(&connection.http, &call, deadline, &mut |event| {
        screen.show(event);
        Ok(matches!(&event.name[..], "completed" | "failed" | "cancelled"))
    });
    screen.clear();
    followed?;
    let ended = connection.send(GET_JOB, &[("jobId", job)])?;
    output::one(connection.format, JOB, &ended)?;
    match ended["status"].as_str() {
        Some("Completed") => Ok(()),
        Some("Failed") => Err(failed(&ended, job)),
        status => Err(Failure::new(Exit::Failed, format!("job {job}: {}", status.unwrap_or("unknown")))),
    }
}

fn failed(job: &Value, id: &str) -> Failure {
    let code = job["error"]["code"].as_str().unwrap_or("unknown");
    let message = harmless(job["error"]["message"].as_str().unwrap_or_default());
    Failure::new(Exit::Failed, format!("job {id} failed: {code}: {message}"))
        .with_remedy(format!("fuelcell explain {code}; fuelcell job logs {id}"))
}

/// What people see of a job on standard error: lines, and a bar below them where it is a terminal.
struct Screen {
    bar: Option<ProgressBar>,
    logs: bool,
}

impl Screen {
    fn new(logs: bool) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {wide_msg}");
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr()).with_style(style)
        });
        Self { bar, logs }
    }

    fn show(&mut self, event: &Event) {
        let data = &event.data;
        match &event.name[..] {
            "progress" => self.progress(data),
            "log" if !self.logs => {}
            "log" => {
                for entry in data["lines"].as_array().into_iter().flatten() {
                    self.line(&line(entry, Level::Trace));
                }
            }
            "started" => self.line(&format!("started, attempt {}", data["attempt"])),
            "reset" => self.line("some events are not kept any more"),
            // The server's own words.
            name => self.line(&harmless(name)),
        }
    }

    fn progress(&self, data: &Value) {
        let percent = data["percentage"].as_u64().unwrap_or(0);
        let stage = harmless(data["currentStage"].as_str().unwrap_or_default());
        match &self.bar {
            Some(bar) => {
                bar.set_position(percent);
                bar.set_message(stage);
            }
            None => note(&format!("{percent:>3} % {stage}")),
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| note(text)),
            None => note(text),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// Writes the events of a project as they come.
pub(super) fn project(connection: &Connection, events: &Events) -> Outcome {
    let call = connection.call(PROJECT_EVENTS, &[])?;
    let deadline = events.time.map(|time| Instant::now() + time);
    let format = connection.format;
    let mut first = true;
    let followed = events::follow(&connection.http, &call, deadline, &mut |event| {
        let Event { id, name, data } = event.clone();
        let told = document(&ToldEvent { event: name, id, data });
        match format {
            Format::Table | Format::Csv => {
                let text = match format {
                    Format::Table => output::table(EVENT, std::slice::from_ref(&told)),
                    _ => output::csv_text(EVENT, std::slice::from_ref(&told))?,
                };
                // The names of the columns are written once.
                let text = if first { &text } else { text.split_once('\n').map_or("", |(_, rest)| rest) };
                first = false;
                say(text)?;
            }
            Format::Json | Format::Jsonl => say(&format!("{told}\n"))?,
        }
        Ok(false)
    });
    match followed {
        Err(failure) if failure.exit == Exit::Deadline => Ok(()),
        followed => followed,
    }
}
