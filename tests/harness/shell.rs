//! A shell in which a test does what a page says, command by command, and keeps a transcript: what each printed and took.

use crate::page::blocks;
use crate::{Project, Server, built, cache};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What stands in a page for what differs from one run to the next: within a line, and for whole lines.
const ANYTHING: &str = "…";
/// Runs the first argument where the command before it was left: in its folder, with its variables.
const ONE_COMMAND: &str = r#"set -a -e -u; . "$STATE/variables"; cd "$(cat "$STATE/folder")"; eval "$1"; export -p > "$STATE/variables"; pwd > "$STATE/folder""#;

/// Somebody's shell.
pub struct Shell {
    home: PathBuf,
    state: TempDir,
    variables: Vec<(String, String)>,
    transcript: String,
    took: Duration,
}

impl Shell {
    /// In this folder, with the program on the path, and no settings of the tests or of who runs them.
    pub fn new(home: &Path) -> Self {
        let state = tempfile::tempdir().expect("a temporary directory can be made");
        fs::write(state.path().join("variables"), "").expect("it can be written");
        fs::write(state.path().join("folder"), home.display().to_string()).expect("it can be written");
        let tools = built::fuelcell();
        let tools = tools.parent().expect("the binary lies in a folder").display();
        let path = format!("{tools}:{}", std::env::var("PATH").unwrap_or_default());
        let shell = Self {
            home: home.to_owned(),
            state,
            variables: Vec::new(),
            transcript: String::new(),
            took: Duration::ZERO,
        };
        shell
            .with("PATH", path)
            .with("XDG_CONFIG_HOME", home.display())
            .with("XDG_CACHE_HOME", cache().display())
    }

    /// With a variable.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// With those of somebody who works in a project.
    pub fn of(self, server: &Server, project: &Project) -> Self {
        self.with("FUELCELL_SERVER", server.base())
            .with("FUELCELL_TOKEN", &project.token)
            .with("FUELCELL_TENANT", &project.tenant)
            .with("FUELCELL_PROJECT", &project.project)
    }

    /// With the compilers of Go and C.
    pub fn with_compilers(self) -> Self {
        built::compilers().into_iter().fold(self, |shell, (name, value)| shell.with(name, value))
    }

    /// Does what the lines say, and returns what they printed. Each command must end well.
    pub fn follow(&mut self, lines: &str) -> String {
        commands(lines).iter().map(|command| self.run(command)).collect()
    }

    fn run(&mut self, command: &str) -> String {
        let begin = Instant::now();
        let output = self.start(&["-c", &format!("exec 2>&1; {ONE_COMMAND}"), "sh", command]);
        let took = begin.elapsed();
        self.took += took;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let seconds = took.as_secs_f64();
        let _ = write!(self.transcript, "$ {command}\n{printed}[{seconds:.2} s]\n\n");
        assert!(output.status.success(), "{}", self.transcript);
        printed
    }

    fn start(&self, arguments: &[&str]) -> Output {
        let mut shell = Command::new("sh");
        shell.args(arguments).current_dir(&self.home).stdin(Stdio::null());
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("FUELCELL_")) {
            shell.env_remove(name);
        }
        // Variables that cargo sets for this test, and compilers of who runs it, are not those of an author's shell.
        for name in ["CARGO_TARGET_DIR", "RUSTFLAGS", "WASI_CC", "WASI_SDK_PATH"] {
            shell.env_remove(name);
        }
        let variables = self.variables.iter().map(|(name, value)| (name, value));
        shell.envs(variables).env("STATE", self.state.path()).output().expect("there is a shell")
    }

    /// Follows a page: writes the files that it shows, does what it says, and compares what that prints with what the page
    /// says of it, in a block of text behind the commands.
    pub fn follow_page(&mut self, page: &str) {
        let mut printed = None;
        for block in blocks(page) {
            match (block.file(), block.language) {
                (Some((name, text)), _) => crate::script::write(&self.home.join(name), text),
                (None, "sh") => printed = Some((block.text, self.follow(block.text))),
                (None, "text") => {
                    let (commands, printed) = printed.take().expect("what is printed follows commands");
                    let (wanted, found): (Vec<_>, Vec<_>) = (lines(block.text), lines(&printed));
                    assert!(
                        are_like(&wanted, &found),
                        "{commands}\nthe page says:\n{}\nit printed:\n{printed}",
                        block.text
                    );
                }
                // How a server is started, which the test has done.
                (None, "console") => {}
                (None, language) => panic!("a block of {language} is neither a file nor commands"),
            }
        }
    }

    /// Writes down what was done and how long each command took, below the target directory.
    pub fn write_transcript(&self, name: &str) {
        let folder = built::target().join("transcripts");
        fs::create_dir_all(&folder).expect("the target directory can be written");
        let total = format!("total {:.1} s\n", self.took.as_secs_f64());
        eprint!("{name}: {total}");
        fs::write(folder.join(format!("{name}.txt")), format!("{}{total}", self.transcript))
            .expect("the target directory can be written");
    }
}

/// The commands of lines: a command goes on until a shell can read it.
fn commands(lines: &str) -> Vec<String> {
    let mut commands = Vec::new();
    let mut command = String::new();
    for line in lines.lines().filter(|line| !line.trim().is_empty()) {
        command += line;
        let is_whole = !line.ends_with('\\')
            && Command::new("sh")
                .args(["-n", "-c", &command])
                .stderr(Stdio::null())
                .status()
                .expect("there is a shell")
                .success();
        match is_whole {
            true => commands.push(std::mem::take(&mut command)),
            false => command.push('\n'),
        }
    }
    assert!(command.is_empty(), "this is no whole command: {command}");
    commands
}

fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

/// Whether lines are as a page says.
fn are_like(wanted: &[&str], found: &[&str]) -> bool {
    match wanted.split_first() {
        None => found.is_empty(),
        Some((&ANYTHING, rest)) => (0..=found.len()).any(|skipped| are_like(rest, &found[skipped..])),
        Some((first, rest)) => {
            found.split_first().is_some_and(|(line, others)| is_like(first, line) && are_like(rest, others))
        }
    }
}

fn is_like(wanted: &str, found: &str) -> bool {
    match wanted.split_once(ANYTHING) {
        None => wanted == found,
        Some((begin, rest)) => found.strip_prefix(begin).is_some_and(|found| {
            found.char_indices().map(|(at, _)| at).chain([found.len()]).any(|at| is_like(rest, &found[at..]))
        }),
    }
}
