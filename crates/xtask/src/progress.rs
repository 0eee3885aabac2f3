//! Progress of long work on standard error: a bar or spinner on a terminal, plain lines elsewhere.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use indicatif::{ProgressBar, ProgressStyle};

/// Prints one line for people to standard error.
pub(crate) fn note(line: &str) {
    // Nobody is left to tell when standard error is closed.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Work that is going on. Dropping it takes the bar off the screen.
pub(crate) enum Progress {
    /// On a terminal.
    Drawn(ProgressBar),
    /// In a log: a line when the stage changes or a quarter is done.
    Plain {
        /// What is going on.
        label: String,
        /// Units there are; 0 when unknown.
        total: u64,
        /// The last line that was printed.
        last: String,
    },
}

impl Progress {
    /// Work whose length is unknown.
    pub(crate) fn spinner(label: &str) -> Self {
        Self::start(label, 0, "{spinner} {prefix} [{elapsed}] {msg}")
    }

    /// Work of `total` units.
    pub(crate) fn bar(label: &str, total: u64) -> Self {
        Self::start(label, total, "{prefix} [{elapsed}] {bar:32} {percent:>3}% {msg}")
    }

    fn start(label: &str, total: u64, template: &str) -> Self {
        if !std::io::stderr().is_terminal() {
            note(&format!("{label} …"));
            return Self::Plain { label: label.to_owned(), total, last: String::new() };
        }
        let style = ProgressStyle::with_template(template).expect("the templates are constants of this file");
        let bar = ProgressBar::new(total).with_style(style).with_prefix(label.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        Self::Drawn(bar)
    }

    /// Tells how far the work is.
    pub(crate) fn set(&mut self, position: u64, stage: &str) {
        match self {
            Self::Drawn(bar) => {
                bar.set_position(position);
                bar.set_message(stage.to_owned());
            }
            Self::Plain { label, total, last } => {
                let line = plain_line(label, position, *total, stage);
                if line != *last {
                    note(&line);
                    *last = line;
                }
            }
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Self::Drawn(bar) = self {
            bar.finish_and_clear();
        }
    }
}

/// Quarters only: a log does not want a line per per cent.
fn plain_line(label: &str, position: u64, total: u64, stage: &str) -> String {
    let mut line = label.to_owned();
    if let Some(quarters) = (position * 4).checked_div(total) {
        line += &format!(" {}%", quarters * 25);
    }
    if !stage.is_empty() {
        line += &format!(": {stage}");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::plain_line;

    #[test]
    fn plain_lines_change_by_quarters_and_stages() {
        assert_eq!(plain_line("job", 49, 100, "Reading"), "job 25%: Reading");
        assert_eq!(plain_line("job", 50, 100, "Reading"), "job 50%: Reading");
        assert_eq!(plain_line("job", 0, 0, ""), "job");
    }
}
