//! `fuelcell top` against a real server: one picture for scripts, and the screen in a pseudo terminal.

use fuelcell_tests::{Project, Server, built, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;
use tempfile::TempDir;

/// How long the screen may take to show something.
const SOON: Duration = Duration::from_secs(60);

fn command(program: &Path, home: &Path, server: &str, token: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env_clear().env("HOME", home).env("PATH", std::env::var_os("PATH").unwrap());
    command.env("FUELCELL_SERVER", server).env("FUELCELL_TOKEN", token);
    command
}

fn top(server: &Server, token: &str, arguments: &[&str]) -> Output {
    let home = TempDir::new().unwrap();
    let mut command = command(&built::fuelcell(), home.path(), server.base(), token);
    command.arg("top").args(arguments).stdin(Stdio::null()).output().expect("the binary can be started")
}

fn picture(server: &Server, token: &str) -> Value {
    let output = top(server, token, &["--once", "--output", "json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("standard output is JSON and nothing else")
}

fn operator(server: &Server) -> String {
    fs::read_to_string(server.data().join("operator-token")).unwrap().trim().to_owned()
}

/// A job that burns fuel and goes on for as long as anybody looks, and one that waits for its slot.
fn busy(server: &Server) -> (Project, String, String) {
    let project = Project::new(server).with_probe();
    let burns = project.probe_with(
        json!([{"do": "progress", "done": 1, "total": 4, "stage": "burning"}, {"do": "work", "rounds": 100_000_000}, {"do": "sleep", "milliseconds": 600_000}]),
        json!({"priority": "High"}),
    );
    project.wait_for_stage(&burns, "burning");
    let waits = project.probe(json!([]));
    (project, burns, waits)
}

#[test]
fn one_picture_shows_what_runs_and_what_waits() {
    let server = Server::start_with(&["--slots", "1"]);
    let (project, burns, waits) = busy(&server);
    let output = top(&server, &operator(&server), &["--once"]);
    let plain = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !plain.contains('\u{1b}') && !plain.contains('\u{7}'), "{plain}");
    for shown in [&burns, &waits, "the whole server", "probe@1", "NoFreeSlot", "25 %", "burning", "normal 1"]
    {
        assert!(plain.contains(shown), "{shown}: {plain}");
    }

    let whole = picture(&server, &operator(&server));
    let (running, waiting) = (&whole["running"], &whole["waiting"]);
    assert_eq!(
        (&whole["projectId"], &whole["runningJobs"], &whole["waitingJobs"]),
        (&Value::Null, &json!(1), &json!(1))
    );
    assert_eq!((&running[0]["jobId"], &waiting[0]["jobId"]), (&json!(burns), &json!(waits)));
    assert_eq!((&running[0]["fuelPerSecond"], &whole["nodes"][0]["activeJobs"]), (&Value::Null, &json!(1)));
    let tenants = whole["tenants"].as_array().unwrap();
    assert!(
        tenants.iter().any(|one| one["tenantId"] == project.tenant && one["runningJobs"] == 1),
        "{whole:#}"
    );
    // The engine says what a guest has burnt when a slice of it is.
    let fuel = eventually("fuel is known", SOON, || {
        picture(&server, &project.token)["running"][0]["fuel"].as_u64().filter(|fuel| *fuel > 0)
    });
    assert!(project.status(&burns)["execution"]["fuel"].as_u64() >= Some(fuel));

    // A role in one project sees that project.
    let mine = picture(&server, &project.token);
    assert_eq!((&mine["projectId"], &mine["running"][0]["jobId"]), (&json!(project.project), &json!(burns)));
    assert_eq!(
        (&mine["waiting"][0]["waitReason"], &mine["nodes"][0]["activeJobs"]),
        (&json!("NoFreeSlot"), &Value::Null)
    );
    let other = Project::new(&server);
    let others = picture(&server, &other.token);
    assert_eq!((&others["running"], &others["waiting"]), (&json!([]), &json!([])), "{others:#}");
    let csv = String::from_utf8(top(&server, &project.token, &["--output", "csv"]).stdout).unwrap();
    assert!(csv.starts_with("jobId,jobName,") && csv.lines().count() >= 2, "{csv}");

    // What it cannot show is told as of every command.
    let cases = [
        (&project.token[..], &["--everywhere"][..], 3, "--everywhere"),
        ("made-up", &[], 4, "fuelcell login"),
        (&project.token, &["--interval", "1ms"], 2, "500ms to 1h"),
        (&project.token, &["--server", "http://127.0.0.1:1"], 6, "nothing listens there"),
    ];
    for (token, arguments, code, told) in cases {
        let output = top(&server, token, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), said.contains(told), output.stdout.is_empty()),
            (Some(code), true, true),
            "{said}"
        );
    }
}

/// A way to the server that can be closed, and opened again.
#[derive(Clone, Default)]
struct Way {
    closed: Arc<Mutex<bool>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Way {
    /// A way to the server, and its address.
    fn to(server: &Server) -> (Self, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let upstream = server.base().strip_prefix("http://").unwrap().to_owned();
        let way = Self::default();
        let this = way.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if !*this.closed.lock().unwrap() {
                    let server = TcpStream::connect(&upstream).unwrap();
                    this.open
                        .lock()
                        .unwrap()
                        .extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                    for (mut from, mut to) in
                        [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                    {
                        thread::spawn(move || std::io::copy(&mut from, &mut to));
                    }
                }
            }
        });
        (way, format!("http://{address}"))
    }

    fn close(&self) {
        *self.closed.lock().unwrap() = true;
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn open(&self) {
        *self.closed.lock().unwrap() = false;
    }
}

/// The screen in a pseudo terminal of 160 by 30.
struct Terminal {
    process: Child,
    keys: ChildStdin,
    shown: Arc<Mutex<String>>,
    home: TempDir,
}

impl Terminal {
    fn start(server: &str, token: &str, variables: &[(&str, &str)]) -> Self {
        let home = TempDir::new().unwrap();
        let script = "stty rows 30 cols 160; stty -g > before; sh -c 'echo $$ > pid; exec \"$TOP\" top --interval 500ms'; \
                      code=$?; stty -g > after; echo ended with $code";
        let mut command = command(Path::new("script"), home.path(), server, token);
        command.args(["--quiet", "--flush", "--command", script, "typescript"]).env("TOP", built::fuelcell());
        command.env("TERM", "xterm-256color").env("SHELL", "/bin/sh").envs(variables.iter().copied());
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("util-linux is there");
        let (keys, mut output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let shown = Arc::new(Mutex::new(String::new()));
        let into = shown.clone();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut piece) {
                into.lock().unwrap().push_str(&String::from_utf8_lossy(&piece[..count]));
            }
        });
        Self { process, keys, shown, home }
    }

    /// Waits until this is shown, and forgets what was shown before.
    fn wait_for(&self, words: &str) {
        eventually(&format!("the terminal shows {words:?}"), SOON, || {
            let mut shown = self.shown.lock().unwrap();
            let place = shown.find(words)?;
            shown.drain(..place);
            Some(())
        });
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn pid(&self) -> Pid {
        let pid = fs::read_to_string(self.home.path().join("pid")).unwrap();
        Pid::from_raw(pid.trim().parse().unwrap()).unwrap()
    }

    /// Waits for its end; the terminal is as it was before, and so is what it shows.
    fn expect_restored(mut self, code: i32) {
        self.wait_for("\u{1b}[?25h");
        self.wait_for("\u{1b}[?1049l");
        self.wait_for(&format!("ended with {code}"));
        self.process.wait().unwrap();
        let kept = |name: &str| fs::read_to_string(self.home.path().join(name)).unwrap();
        assert_eq!(kept("before"), kept("after"));
    }
}

#[test]
fn the_screen_goes_on_without_a_server_and_gives_the_terminal_back() {
    let server = Server::start_with(&["--slots", "1"]);
    let (project, burns, _) = busy(&server);
    let (way, address) = Way::to(&server);
    let mut terminal = Terminal::start(&address, &project.token, &[]);
    terminal.wait_for("\u{1b}[?1049h");
    terminal.wait_for(&burns[..13]);
    way.close();
    terminal.wait_for("the connection broke off");
    way.open();
    terminal.wait_for("fuelcell top");
    terminal.press("p");
    terminal.wait_for("PAUSED");
    terminal.press("q");
    let all = fs::read_to_string(terminal.home.path().join("typescript")).unwrap();
    assert!(all.contains("\u{1b}[38;5;"), "colours: {all}");
    terminal.expect_restored(0);
}

#[test]
fn a_signal_gives_the_terminal_back_too() {
    let server = Server::start();
    let project = Project::new(&server);
    let terminal = Terminal::start(server.base(), &project.token, &[("NO_COLOR", "1")]);
    terminal.wait_for("RUNNING");
    kill_process(terminal.pid(), Signal::TERM).unwrap();
    let all = fs::read_to_string(terminal.home.path().join("typescript")).unwrap();
    assert!(!all.contains("\u{1b}[38;5;"), "no colours: {all}");
    terminal.expect_restored(130);
}
