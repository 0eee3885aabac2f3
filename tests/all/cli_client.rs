//! The client's side of the command line, as people and scripts use it: the real binary against a real server.

use fuelcell_tests::{Project, Server, built, project::text};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use tempfile::TempDir;

/// Somebody's home on a machine with the program, and no settings but their own.
pub(crate) struct Home {
    folder: TempDir,
    variables: Vec<(&'static str, String)>,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self { folder: TempDir::new().unwrap(), variables: Vec::new() }
    }

    /// With the variables by which a script names server, project and token.
    pub(crate) fn of(server: &Server, project: &Project) -> Self {
        let mut home = Self::new();
        home.variables = vec![
            ("FUELCELL_SERVER", server.base().to_owned()),
            ("FUELCELL_TENANT", project.tenant.clone()),
            ("FUELCELL_PROJECT", project.project.clone()),
            ("FUELCELL_TOKEN", project.token.clone()),
        ];
        home
    }

    /// Has a variable say something else.
    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.variables.push((name, value.to_owned()));
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.started(&built::fuelcell());
        command.args(arguments);
        command
    }

    /// A program, with this person's settings and no others.
    pub(crate) fn started(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path()).env_clear();
        command.env("HOME", self.path()).env("PATH", std::env::var_os("PATH").unwrap());
        command.env("XDG_CACHE_HOME", fuelcell_tests::cache());
        command.envs(self.variables.iter().map(|(name, value)| (name, value))).stdin(Stdio::null());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().expect("the binary can be started")
    }

    /// What a command that succeeds writes to standard output.
    pub(crate) fn say(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// The same, as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let text = self.say(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?}: {error} in {text}"))
    }

    /// The code and the words of a command that does not succeed; it writes nothing else.
    pub(crate) fn fail(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.run(arguments);
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_profile_is_made_once_and_holds_for_every_command() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = Home::new();
    fs::write(home.path().join("token"), &project.token).unwrap();
    let (code, told) = home.fail(&["job", "list"]);
    assert_eq!(code, 4, "{told}");
    assert!(told.contains("fuelcell login --server http://127.0.0.1:7300"), "{told}");

    // An address in the place of a name: no token goes to another server.
    let (code, told) = home.fail(&["login", server.base(), "--token-file", "token"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains(&format!("fuelcell login --server {}", server.base())), "{told}");

    // The project is found by the token.
    let told = home.json(&["login", "--server", server.base(), "--token-file", "token"]);
    assert_eq!(
        (text(&told, "projectId"), text(&told, "profile")),
        (project.project.clone(), "default".into())
    );
    let file = home.path().join(".config/fuelcell/profiles.toml");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(home.json(&["whoami"])["role"], "administrator");
    assert_eq!(home.json(&["job", "list"]), json!([]));

    // Another profile, whose token comes by standard input, and the way back.
    let other = Project::new(&server);
    let output = home
        .command(&["login", "other", "--server", server.base()])
        .stdin(Stdio::from(fs::File::open(write(&home, "other-token", &other.token)).unwrap()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(home.json(&["whoami"])["projectId"], other.project);
    assert_eq!(home.json(&["whoami", "--profile", "default"])["projectId"], project.project);
    home.say(&["profiles", "use", "default"]);
    assert_eq!(home.json(&["whoami"])["projectId"], project.project);
    let listed = home.say(&["profiles", "list"]);
    assert!(!listed.contains(&project.token) && !listed.contains(&other.token), "{listed}");
    let (code, told) = home.fail(&["whoami", "--profile", "others"]);
    assert_eq!((code, told.contains("did you mean other?")), (2, true), "{told}");

    // A token is shown to its own server alone.
    let (code, told) = home.fail(&["whoami", "--server", "http://127.0.0.1:1"]);
    assert_eq!(code, 4, "{told}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let (code, told) = home.fail(&["whoami"]);
    assert_eq!((code, told.contains("chmod 600")), (2, true), "{told}");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    home.say(&["logout", "other"]);
    assert!(!fs::read_to_string(&file).unwrap().contains(&other.token));
}

#[test]
fn a_flag_goes_before_a_variable() {
    let server = Server::start();
    let (mine, others) = (Project::new(&server), Project::new(&server));
    let mut home = Home::new();
    home.variables = vec![("FUELCELL_SERVER", server.base().to_owned())];
    write(&home, "others", &others.token);
    let file = ("FUELCELL_TOKEN_FILE", "others".to_owned());
    home.variables.push(file.clone());
    assert_eq!(home.json(&["whoami"])["projectId"], others.project);
    home.variables.push(("FUELCELL_TOKEN", mine.token.clone()));
    assert_eq!(home.json(&["whoami"])["projectId"], mine.project, "the token itself before a file's name");
    assert_eq!(home.json(&["whoami", "--token-file", "others"])["projectId"], others.project);

    // What is told this once is told in every format.
    let token = home.say(&["token", "create", "--subject", "ci", "--role", "viewer", "--output", "csv"]);
    home.variables.push(("FUELCELL_TOKEN", token.trim().to_owned()));
    assert_eq!(home.json(&["whoami"])["subject"], "ci");
}

pub(crate) fn write(home: &Home, name: &str, text: &str) -> std::path::PathBuf {
    let path = home.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn variables_of_clients_are_no_settings_of_the_server() {
    let mut home = Home::new();
    home.variables = ["SERVER", "TOKEN", "TOKEN_FILE", "TENANT", "PROJECT", "PROFILE"]
        .map(|name| (format!("FUELCELL_{name}").leak() as &'static str, "x".to_owned()))
        .to_vec();
    assert!(home.say(&["config"]).contains("slots"));
}

#[test]
fn a_job_goes_from_a_file_to_its_outputs_by_the_command_line_alone() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = Home::of(&server, &project);
    let module = built::module_path("probe");
    let module = module.to_str().unwrap();
    assert_eq!(home.say(&["module", "push", module, "probe@1.0.0"]), "probe@1.0.0\n");
    write(&home, "orders.csv", "id,amount\n1,2\n");

    let steps = r#"steps=[{"do":"log","level":"warn","message":"look \u001b[2J here"},{"do":"progress","done":1,"total":2,"stage":"half"},{"do":"artifact","name":"made/copy.txt","text":"made"}]"#;
    let output = home.run(&[
        "job",
        "submit",
        "--module",
        "probe@1.0.0",
        "--type",
        "Analysis",
        "--name",
        "by hand",
        "--param",
        steps,
        "--label",
        "month=05",
        "--memory",
        "64MiB",
        "--timeout",
        "90s",
        "--watch",
        "--output",
        "json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let ended: Value =
        serde_json::from_slice(&output.stdout).expect("standard output is JSON and nothing else");
    assert_eq!(
        (ended["status"].as_str(), ended["labels"]["month"].as_str()),
        (Some("Completed"), Some("05"))
    );
    assert_eq!(
        (&ended["limits"]["memoryBytes"], &ended["limits"]["timeoutSeconds"]),
        (&json!(64 << 20), &json!(90))
    );
    let followed = String::from_utf8(output.stderr).unwrap();
    assert!(followed.contains("started, attempt 1") && followed.contains("completed"), "{followed}");
    assert!(followed.contains("warn: look") && !followed.contains('\u{1b}'), "{followed}");

    let job = text(&ended, "jobId");
    assert!(home.say(&["job", "list"]).contains(&job));
    assert!(home.say(&["job", "logs", &job]).contains("warn: look"));
    assert_eq!(home.say(&["job", "logs", &job, "--level", "error"]), "");
    let lines = home.say(&["job", "logs", &job, "--follow", "--output", "jsonl"]);
    assert!(
        lines.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()) && !lines.is_empty(),
        "{lines}"
    );
    assert!(home.say(&["job", "results", &job]).contains("made/copy.txt"));
    home.say(&["job", "download", &job, "made/copy.txt", "--out", "results"]);
    assert_eq!(fs::read_to_string(home.path().join("results/made/copy.txt")).unwrap(), "made");
    let (code, told) = home.fail(&["job", "download", &job, "--out", "results"]);
    assert_eq!((code, told.contains("is there already")), (2, true), "{told}");
    home.say(&["job", "download", &job, "--zip", "all.zip"]);
    let (code, told) = home.fail(&["job", "download", &job, "copy.txt"]);
    assert_eq!((code, told.contains("made/copy.txt")), (2, true), "{told}");
}

#[test]
fn usage_is_that_of_the_project_that_is_meant() {
    let server = Server::start();
    let (project, other) = (Project::new(&server).with_probe(), Project::new(&server).with_probe());
    let mut home = Home::new();
    let viewer =
        fuelcell_tests::project::token(&server.operator(), "viewer", &project.tenant, Some(&project.project));
    let operator = fs::read_to_string(server.data().join("operator-token")).unwrap().trim().to_owned();
    home.variables = vec![("FUELCELL_SERVER", server.base().to_owned()), ("FUELCELL_TOKEN", viewer)];
    for project in [&project, &other] {
        project.wait_for(&project.probe(json!([])), "Completed");
    }
    assert_eq!(home.json(&["usage"])["total"]["jobs"]["completed"], 1, "a viewer sees its own project");
    home.variables.push(("FUELCELL_TOKEN", operator));
    assert_eq!(home.json(&["usage"])["total"]["jobs"]["completed"], 2);
    let one = home.json(&["usage", "--project", &project.project]);
    assert_eq!(one["total"]["jobs"]["completed"], 1, "without its tenant");
    let csv = home.say(&["usage", "--output", "csv"]);
    let raw = one["total"]["cpuSeconds"].to_string();
    assert!(csv.lines().any(|line| line.contains(&format!(",{raw},"))), "{raw} as it is: {csv}");
}

#[test]
fn a_batch_ends_as_its_jobs_do() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let mut home = Home::of(&server, &project);
    let far = json!({"executeImmediately": false, "scheduledTime": "2100-01-01T00:00:00Z"});
    let job = json!({
        "jobName": "far", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}, "scheduling": far,
    });
    write(&home, "jobs.jsonl", &format!("{job}\n{job}\n"));
    let wrong = json!({"jobName": "wrong", "jobType": "Analysis", "module": {"name": "nobody"}});
    write(&home, "wrong.jsonl", &wrong.to_string());
    write(&home, "limits.json", &json!({"quotas": {"queuedJobs": 1}}).to_string());
    let operator = fs::read_to_string(server.data().join("operator-token")).unwrap();
    home.variables.push(("FUELCELL_TOKEN", operator.trim().to_owned()));
    home.say(&["project", "limits", &project.project, "--set", "limits.json"]);
    let (code, told) = home.fail(&["job", "submit", "--batch", "jobs.jsonl"]);
    assert_eq!((code, told.contains("of 2 were refused")), (5, true), "the quota: {told}");
    let (code, told) = home.fail(&["job", "submit", "--batch", "wrong.jsonl"]);
    assert_eq!((code, told.contains("1 of 1 were refused")), (2, true), "{told}");
    for other in [["--priority", "high"], ["--timeout", "1m"], ["--label", "a=b"]] {
        let (code, told) = home.fail(&[&["job", "submit", "--batch", "jobs.jsonl"], &other[..]].concat());
        assert_eq!((code, told.contains(other[0])), (2, true), "it is not ignored: {told}");
    }
}

#[test]
fn datasets_go_up_and_come_down_as_they_are() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = Home::of(&server, &project);
    let bytes: String = (0..200_000).map(|n| format!("{n}\n")).collect();
    write(&home, "numbers.csv", &bytes);
    let id = home.say(&["dataset", "put", "numbers.csv"]);
    let id = id.trim();
    let known = home.json(&["dataset", "show", id]);
    assert_eq!((&known["name"], &known["size"]), (&json!("numbers.csv"), &json!(bytes.len())));
    let table = home.say(&["dataset", "list"]);
    assert!(table.starts_with("DATASET") && table.contains("numbers.csv"), "{table}");
    let csv = home.say(&["dataset", "list", "--output", "csv"]);
    assert!(csv.starts_with("datasetId,name,size,") && csv.contains(&format!(",{},", bytes.len())), "{csv}");

    // What an interrupted download left is not fetched again, and what is not of this dataset is noticed.
    write(&home, "copy.csv.part", &bytes[..500_000]);
    home.say(&["dataset", "get", id, "--out", "copy.csv"]);
    assert_eq!(fs::read_to_string(home.path().join("copy.csv")).unwrap(), bytes);
    write(&home, "wrong.csv.part", "not of this dataset");
    let (code, told) = home.fail(&["dataset", "get", id, "--out", "wrong.csv"]);
    assert_eq!((code, told.contains("fetches it anew")), (1, true), "{told}");
    home.say(&["dataset", "get", id, "--out", "wrong.csv"]);
    assert_eq!(fs::read_to_string(home.path().join("wrong.csv")).unwrap(), bytes);
    assert_eq!(home.say(&["dataset", "get", id, "--out", "-"]), bytes);
    home.say(&["dataset", "delete", id]);
    let (code, told) = home.fail(&["dataset", "show", id]);
    assert_eq!((code, told.contains("404 NotFound")), (2, true), "{told}");
}

#[test]
fn a_watched_job_ends_the_command_as_it_ends_itself() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let failed = project.probe(json!([{"do": "fail", "code": "Nope", "message": "no luck"}]));
    let (code, told) = home.fail(&["job", "watch", &failed]);
    assert_eq!(code, 1, "{told}");
    assert!(
        told.contains("failed: GuestError: no luck") && told.contains("fuelcell explain GuestError"),
        "{told}"
    );

    let waits = project.probe(json!([{"do": "sleep", "milliseconds": 600_000}]));
    let (code, told) = home.fail(&["job", "watch", &waits, "--timeout", "1s"]);
    assert_eq!((code, told.contains("it goes on")), (7, true), "{told}");

    // Somebody else cancels it while it is watched.
    let watching =
        home.command(&["job", "watch", &waits]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let watching = watching.unwrap();
    project.wait_for(&waits, "Running");
    home.say(&["job", "cancel", &waits, "--reason", "enough", "--force"]);
    let output = watching.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("Cancelled"), "{}", said(&output));
    let again = home.json(&["job", "retry", &failed, "--param", "steps=[]"]);
    home.say(&["job", "watch", &text(&again, "jobId")]);
}

/// A way to the server that breaks off once, as soon as a stream has told that the job started. Returns its address.
fn breaking_off_once(server: &Server) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let upstream = server.base().strip_prefix("http://").unwrap().to_owned();
    thread::spawn(move || {
        let mut is_whole = true;
        for client in listener.incoming() {
            let (mut client, mut server) = (client.unwrap(), TcpStream::connect(&upstream).unwrap());
            let (mut asks, mut hears) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || std::io::copy(&mut asks, &mut hears));
            let (mut told, mut buffer) = (Vec::new(), [0; 1024]);
            while let Ok(count @ 1..) = server.read(&mut buffer) {
                told.extend_from_slice(&buffer[..count]);
                let _ = client.write_all(&buffer[..count]);
                if is_whole && String::from_utf8_lossy(&told).contains("event: started") {
                    is_whole = false;
                    break;
                }
            }
            let _ = (client.shutdown(Shutdown::Both), server.shutdown(Shutdown::Both));
        }
    });
    format!("http://{address}")
}

#[test]
fn watching_goes_on_where_it_was_when_the_connection_broke_off() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let mut home = Home::of(&server, &project);
    home.variables.retain(|(name, _)| *name != "FUELCELL_SERVER");
    home.variables.push(("FUELCELL_SERVER", breaking_off_once(&server)));
    let line = |text: &str| json!({"do": "log", "message": text});
    let job =
        project.probe(json!([line("the first"), {"do": "sleep", "milliseconds": 2500}, line("the last")]));
    let output = home.run(&["job", "watch", &job]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let followed = String::from_utf8(output.stderr).unwrap();
    for once in ["queued", "started, attempt 1", "the first", "the last", "completed"] {
        assert_eq!(followed.lines().filter(|line| *line == once).count(), 1, "{once}: {followed}");
    }
}

#[test]
fn an_interruption_leaves_the_job_as_it_is() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let job = project.probe(json!([{"do": "sleep", "milliseconds": 600_000}]));
    let mut watching = home.command(&["job", "watch", &job]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.starts_with("started")));
    kill_process(Pid::from_child(&watching), Signal::INT).unwrap();
    assert_eq!(watching.wait().unwrap().code(), Some(130));
    assert!(lines.any(|line| line.ends_with(&format!("the job goes on: fuelcell job watch {job}"))));
    assert_eq!(project.status(&job)["status"], "Running");
}

#[test]
fn each_way_to_fail_has_its_code() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let mut home = Home::of(&server, &project);
    let (code, told) = home.fail(&["job", "lst"]);
    assert_eq!((code, told.contains("'list'")), (2, true), "{told}");
    let (code, told) = home.fail(&["job", "submit", "--module", "probe", "--type", "Analyses"]);
    assert_eq!((code, told.contains("400 InvalidJobType") && told.contains("Analysis")), (2, true), "{told}");
    let (code, told) =
        home.fail(&["job", "submit", "--module", "probe", "--type", "Analysis", "--param", "steps=7"]);
    assert_eq!(
        (code, told.contains("400 InvalidParameters") && told.contains("/steps: ")),
        (2, true),
        "{told}"
    );
    let used = project.dataset("a.csv", b"a\n1\n");
    let body = json!({"name": "a pipeline", "jobType": "ProcessMining", "datasetId": used});
    write(&home, "pipeline.json", &body.to_string());
    home.say(&["pipeline", "apply", "--file", "pipeline.json"]);
    let (code, told) = home.fail(&["dataset", "delete", &used]);
    assert_eq!((code, told.contains("409 InUse")), (5, true), "{told}");

    let viewer =
        fuelcell_tests::project::token(&server.operator(), "viewer", &project.tenant, Some(&project.project));
    home.variables.retain(|(name, _)| *name != "FUELCELL_TOKEN");
    home.variables.push(("FUELCELL_TOKEN", viewer));
    let (code, told) = home.fail(&["secret", "list"]);
    assert_eq!((code, told.contains("403 Forbidden")), (3, true), "{told}");
    home.variables.pop();
    home.variables.push(("FUELCELL_TOKEN", "made-up".to_owned()));
    let (code, told) = home.fail(&["job", "list"]);
    assert_eq!((code, told.contains("fuelcell login")), (4, true), "{told}");
    let (code, told) = home.fail(&["job", "list", "--server", "http://127.0.0.1:1"]);
    assert_eq!((code, told.contains("nothing listens there")), (6, true), "{told}");
    let (code, told) = home.fail(&["job", "list", "--server", "127.0.0.1:1"]);
    assert_eq!((code, told.contains("begins with http:// or https://")), (2, true), "{told}");
}

#[test]
fn the_doctor_names_what_stands_in_the_way() {
    let server = Server::start();
    let project = Project::new(&server);
    let mut home = Home::of(&server, &project);
    let of = |findings: &Value, code: &str| {
        let found = findings.as_array().unwrap().iter().find(|finding| finding["code"] == code);
        found.map(|finding| text(finding, "state"))
    };
    let findings = home.json(&["doctor"]);
    for code in ["server", "token", "clock", "disk", "node"] {
        assert_eq!(of(&findings, code).as_deref(), Some("ok"), "{code}: {findings:#}");
    }
    assert_eq!(of(&findings, "profiles").as_deref(), Some("missing"));

    // No tools, a token that nobody knows.
    home.variables.retain(|(name, _)| *name != "FUELCELL_TOKEN");
    home.variables
        .extend([("FUELCELL_TOKEN", "made-up".to_owned()), ("PATH", home.path().display().to_string())]);
    let output = home.run(&["doctor", "--output", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let findings: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(of(&findings, "token").as_deref(), Some("wrong"));
    for tool in ["rust", "wasm-target", "python", "node", "go", "c-compiler"] {
        assert_eq!(of(&findings, tool).as_deref(), Some("missing"), "{tool}: {findings:#}");
    }
    // What is sent with a question has no token in it.
    let output = home.run(&["doctor", "--bundle", "bundle.json"]);
    assert!(said(&output).contains("bundle.json has what to send"), "{}", said(&output));
    let bundle = fs::read_to_string(home.path().join("bundle.json")).unwrap();
    let told: Value = serde_json::from_str(&bundle).unwrap();
    assert_eq!(told["findings"].as_array().unwrap().len(), findings.as_array().unwrap().len());
    assert!(!bundle.contains("made-up") && told["system"].as_str().unwrap().contains("Linux"), "{bundle}");
    assert!(findings.to_string().contains("rustup target add wasm32-wasip2"), "{findings:#}");
    let (code, told) = home.fail(&["doctor", "--server", "http://127.0.0.1:1"]);
    assert_eq!((code, told.contains("server, token")), (1, true), "{told}");
}

#[test]
fn a_link_over_https_is_followed_from_a_server_that_was_named_without() {
    let server = Server::start_set(&[("SERVICE__PUBLIC_URL", "https://127.0.0.1:1")]);
    let project = Project::new(&server).with_probe();
    let mut home = Home::of(&server, &project);
    let roots = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let roots = write(&home, "roots.pem", &roots.cert.pem());
    home.variables.push(("SSL_CERT_FILE", roots.display().to_string()));
    let job = project.probe(json!([{"do": "artifact", "name": "copy.txt", "text": "a copy"}]));
    project.wait_for(&job, "Completed");
    let (code, told) = home.fail(&["job", "download", &job]);
    assert_eq!(code, 6, "{told}");
    assert!(told.contains("cannot reach https://127.0.0.1:1/") && told.contains("public_url"), "{told}");
    assert!(told.contains("nothing listens there") && !told.contains('?'), "{told}");
}

/// What answers every request with these words, and is no Fuelcell. Returns its address.
fn another_program(answer: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let mut client = BufReader::new(client.unwrap());
            let mut line = String::new();
            while client.read_line(&mut line).is_ok_and(|count| count > 2) {
                line.clear();
            }
            let _ = client.get_mut().write_all(answer.as_bytes());
        }
    });
    format!("http://{address}")
}

#[test]
fn what_is_no_server_of_fuelcell_is_told() {
    let home = Home::new();
    write(&home, "token", "a-token");
    let page = another_program(
        "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>",
    );
    let (code, told) = home.fail(&["login", "--server", &page, "--token-file", "token"]);
    assert_eq!((code, told.contains("is this the address of a Fuelcell server?")), (6, true), "{told}");
    assert!(!home.path().join(".config/fuelcell/profiles.toml").exists());
}

#[test]
fn a_token_is_not_taken_elsewhere() {
    let home = Home::new();
    write(&home, "token", "a-token");
    let moved = another_program(
        "HTTP/1.1 302 Found\r\nlocation: https://elsewhere.example/?key=secret\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    );
    for command in [&["whoami"][..], &["api", "GET", "/api/session"], &["system", "health"]] {
        let (code, told) = home.fail(&[command, &["--server", &moved, "--token-file", "token"]].concat());
        assert_eq!(
            (code, told.contains("on to https://elsewhere.example/, and it does")),
            (6, true),
            "{told}"
        );
        assert!(told.contains("--server") && !told.contains("secret"), "{told}");
    }
}

#[test]
fn what_is_done_in_part_is_told_as_that() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let (failed, completed) =
        (project.probe(json!([{"do": "fail", "code": "Nope", "message": ""}])), project.probe(json!([])));
    project.wait_for(&failed, "Failed");
    project.wait_for(&completed, "Completed");
    let bulk = |action: &str, jobs: &[&str]| {
        let output = home.run(&[&["job", "bulk", action], jobs, &["--output", "json"]].concat());
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (code, told) = bulk("retry", &[&failed, &completed]);
    assert_eq!((code, told.as_array().map(Vec::len)), (Some(8), Some(2)), "{told}");
    assert_eq!(bulk("retry", &[&completed]).0, Some(5));
    assert_eq!(home.json(&["job", "download", &failed]), json!({"files": []}));
    assert_eq!(home.say(&["job", "download", &failed]), "");
    assert_eq!(bulk("delete", &[&completed, &failed]).0, Some(0));
}

#[test]
fn two_jobs_and_two_folders_are_compared() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let job = |text: &str| {
        let job = project.probe(json!([{"do": "artifact", "name": "made/copy.txt", "text": text}]));
        project.wait_for(&job, "Completed");
        job
    };
    let (one, same, other) = (job("a"), job("a"), job("b"));
    let rows = home.json(&["diff", &one, &same]);
    let is_figure = |row: &Value| text(row, "what").starts_with("figures/");
    assert!(rows.as_array().unwrap().iter().all(is_figure), "{rows:#}");
    let output = home.run(&["diff", &one, &other, "--output", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = rows.as_array().unwrap().iter().map(|row| text(row, "what")).collect();
    for name in ["parameters/steps", "outputs/made/copy.txt"] {
        assert!(names.iter().any(|told| told == name), "{name}: {names:?}");
    }
    home.say(&["job", "download", &one, "--out", "one"]);
    home.say(&["job", "download", &other, "--out", "other", "made/copy.txt"]);
    let (code, told) = home.fail(&["diff", "one", "other"]);
    assert_eq!((code, told.contains("did not come to the same")), (1, true), "{told}");
    assert_eq!(home.json(&["diff", "one", "one"]), json!([]));
    assert_eq!(home.fail(&["diff", "one", &other]).0, 2);
    let waits = project.probe(json!([{"do": "sleep", "milliseconds": 600_000}]));
    let (code, told) = home.fail(&["diff", &one, &waits]);
    assert_eq!(code, 5, "it has not ended: {told}");
}
