//! What help says: the page of all commands, and examples that do what they say.

use fuelcell_tests::{Project, Server, built, eventually, project::text};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;
use uuid::Uuid;

/// Examples that nobody runs: one fetches 98 MB from a package registry, the other needs an address that answers.
const WITHOUT_EXAMPLE: &[&str] = &["engine install", "delivery resend"];

/// Commands that go on until they are interrupted, and what they say once they do their work.
const ENDLESS: &[(&str, &str)] = &[("serve", "listening at"), ("dev", "waiting for a change")];

/// What `fuelcell … -h` prints.
fn help(command: &str) -> String {
    let output =
        Command::new(built::fuelcell()).args(command.split_whitespace()).arg("-h").env_clear().output();
    let output = output.expect("the binary can be started");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The commands that a help lists: they stand before its options, each on a line of its own.
fn listed(help: &str) -> Vec<String> {
    let (lists, _) = help.split_once("\nOptions:").expect("every command has options");
    let lines = lists.lines().filter_map(|line| line.strip_prefix("  "));
    let names = lines.filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// A command and all below it, each with its help.
fn gather(command: &str, into: &mut Vec<(String, String)>) {
    let text = help(command);
    let names = listed(&text);
    into.push((command.to_owned(), text));
    for name in names.iter().filter(|name| *name != "help") {
        gather(format!("{command} {name}").trim(), into);
    }
}

fn commands() -> Vec<(String, String)> {
    let mut commands = Vec::new();
    gather("", &mut commands);
    assert!(commands.len() > 80, "{}", commands.len());
    commands
}

#[test]
fn the_page_of_commands_is_what_help_says() {
    let mut page = "# Commands\n\nWhat `fuelcell … -h` says of each. `BLESS=1 cargo nextest run -p fuelcell-tests the_page_of_commands` writes this page anew.\n".to_owned();
    for (command, text) in commands() {
        let title = format!("fuelcell {command}");
        page += &format!("\n## {}\n\n```text\n{}\n```\n", title.trim(), text.trim_end());
    }
    let path = built::source("docs").join("commands.md");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let written = fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/commands.md is not what help says: BLESS=1 writes it anew");
}

/// Somebody's folder with what examples read, and a project with what they name.
struct Bench {
    server: Server,
    project: Project,
    folder: TempDir,
}

impl Bench {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let backups = folder.path().join("backups").display().to_string();
        let server = Server::start_set(&[("BACKUP__FOLDER", &backups)]);
        let project = Project::new(&server).with_probe();
        let bench = Self { server, project, folder };
        let log = built::source("example-jobs/built-in/process-mining/sample/order-to-cash.csv");
        fs::copy(log, bench.path().join("orders.csv")).unwrap();
        fs::copy(built::module_path("probe"), bench.path().join("word-count.wasm")).unwrap();
        let job = json!({"jobName": "a probe", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}});
        bench.write("body.json", &job.to_string());
        bench.write("jobs.jsonl", &format!("{job}\n{job}\n"));
        let pipeline = json!({"name": "Orders", "jobType": "ProcessMining"});
        bench.write("pipeline.json", &pipeline.to_string());
        bench.write("limits.json", &json!({"quotas": {"queuedJobs": 1000}}).to_string());
        bench.write("key.txt", "the key\n");
        let token = fs::read_to_string(bench.server.data().join("operator-token")).unwrap();
        bench.write("token", &token);
        symlink(bench.server.data(), bench.path().join("data")).unwrap();
        let engine = built::target().join("builtin-engines/javascript.wasm");
        symlink(engine, bench.path().join("engine.wasm")).unwrap();
        bench
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// What a variable of an example stands for: made for it, so that examples do not stand in each other's way.
    #[expect(clippy::too_many_lines, reason = "a table of what examples need")]
    fn made(&self, name: &str) -> String {
        let project = &self.project;
        let ended = |steps: serde_json::Value, state: &str| {
            let job = project.probe(steps);
            project.wait_for(&job, state);
            job
        };
        match name {
            "JOB" | "SPARE_JOB" => {
                ended(json!([{"do": "artifact", "name": "copy.txt", "text": "a copy"}]), "Completed")
            }
            "FAILED_JOB" => ended(json!([{"do": "fail", "code": "Nope", "message": "no luck"}]), "Failed"),
            "RUNNING_JOB" => ended(json!([{"do": "sleep", "milliseconds": 600_000}]), "Running"),
            "BULK" => {
                let job = ended(json!([]), "Completed");
                let body = json!({"action": "cancel", "jobIds": [job]});
                let seen = project.client.post(&project.path("execution/bulk/preview"), &body).ok();
                let body = json!({"set": seen["set"]});
                text(&project.client.post(&project.path("execution/bulk"), &body).json(), "bulkId")
            }
            "DATASET" | "SPARE_DATASET" => {
                project.dataset("orders.csv", &fs::read(self.path().join("orders.csv")).unwrap())
            }
            "UPLOAD" => {
                let body = json!({"name": "orders.csv", "size": 9});
                text(&project.client.post(&project.path("uploads"), &body).ok(), "uploadId")
            }
            "PIPELINE" | "SPARE_PIPELINE" => project.pipeline("ProcessMining"),
            "SCHEDULED_PIPELINE" => {
                let id = project.pipeline("ProcessMining");
                let body = json!({"name": "nightly", "jobType": "ProcessMining", "schedule": {"cron": "0 6 * * MON-FRI"}});
                project.client.put(&project.path(&format!("pipelines/{id}")), &body).ok();
                id
            }
            "MODULE" => "probe".into(),
            "SPARE_MODULE" => {
                project
                    .client
                    .put_bytes(&project.path("modules/spare/versions/1"), &built::module("probe"))
                    .ok();
                "spare".into()
            }
            "SECRET" => {
                project.client.put(&project.path("secrets/SPARE"), &json!({"value": "x"})).ok();
                "SPARE".into()
            }
            "VIEW" => {
                let view = project.path("saved/views/spare");
                if project.client.get(&view).status == 404 {
                    project.client.put(&view, &json!({"query": "status=Failed"})).ok();
                }
                "spare".into()
            }
            "PARAMETERS" => {
                let set = project.path("saved/parameters/spare");
                if project.client.get(&set).status == 404 {
                    project.client.put(&set, &json!({"module": "probe", "parameters": {"steps": []}})).ok();
                }
                "spare".into()
            }
            "WEBHOOK" => {
                let body = json!({"url": "https://hooks.example.com/fuelcell"});
                text(&project.client.post(&project.path("webhooks"), &body).ok(), "webhookId")
            }
            "SPARE_TOKEN" => {
                let body = json!({"subject": "ann", "role": "viewer", "tenantId": project.tenant, "projectId": project.project});
                text(&project.client.post("/api/admin/tokens", &body).ok(), "tokenId")
            }
            "SPARE_TENANT" => text(
                &self.server.operator().post("/api/admin/tenants", &json!({"name": "Acme"})).ok(),
                "tenantId",
            ),
            "SPARE_PROJECT" => {
                let path = format!("/api/admin/tenants/{}/projects", project.tenant);
                text(&self.server.operator().post(&path, &json!({"name": "Old invoices"})).ok(), "projectId")
            }
            "PROFILE" => {
                self.follow("fuelcell login spare --token-file token", &[]);
                "spare".into()
            }
            "DELIVERY" => self.delivery(),
            "BACKUP" => {
                let name = Uuid::new_v4().to_string();
                self.follow(&format!("fuelcell backup {name} --data data"), &[]);
                name
            }
            "DATA" => {
                let backup = self.made("BACKUP");
                let data = format!("data-{backup}");
                let add = format!("fuelcell engine add engine.wasm --name lua --version 5.4.0 --data {data}");
                self.follow(&format!("fuelcell restore {backup} --data {data}\n{add}"), &[]);
                data
            }
            "SPARE_PASSWORD" => {
                let body = json!({"userName": "ann", "role": "administrator", "tenantId": project.tenant, "projectId": project.project});
                text(&project.client.post("/api/admin/application-passwords", &body).ok(), "passwordId")
            }
            other => panic!("no example says what ${other} is"),
        }
    }

    /// What a webhook is to be told of an ended job.
    fn delivery(&self) -> String {
        self.made("WEBHOOK");
        let job = self.made("JOB");
        eventually("the webhook is to be told", Duration::from_secs(60), || {
            let told = self.project.client.get(&self.project.path(&format!("deliveries?jobId={job}"))).ok();
            told["deliveries"][0]["deliveryId"].as_str().map(str::to_owned)
        })
    }

    /// Runs commands as somebody types them.
    fn follow(&self, commands: &str, variables: &[(String, String)]) -> String {
        let output = self.shell(commands, variables).output().expect("there is a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Runs commands until they say that they do their work, and interrupts them.
    fn begin(&self, commands: &str, variables: &[(String, String)], ready: &str) {
        let (mut said, into) = std::io::pipe().unwrap();
        let mut shell = self.shell(commands, variables);
        shell.process_group(0).stdout(into.try_clone().unwrap()).stderr(into);
        let mut process = shell.spawn().expect("there is a shell");
        // Its end of the pipe is the only one.
        drop(shell);
        let lines = BufReader::new(&mut said).lines().map_while(Result::ok);
        let before: Vec<_> = lines.take_while(|line| !line.contains(ready)).collect();
        let begun = process.try_wait().unwrap().is_none();
        kill_process_group(Pid::from_child(&process), Signal::TERM).unwrap();
        process.wait().unwrap();
        assert!(begun, "{commands}\n{before:#?}");
        // Nothing of it goes on.
        std::io::copy(&mut said, &mut std::io::sink()).unwrap();
    }

    fn shell(&self, commands: &str, variables: &[(String, String)]) -> Command {
        let tools = built::fuelcell();
        let tools = tools.parent().expect("the binary lies in a folder").display();
        let mut shell = Command::new("sh");
        shell
            .args(["-e", "-u", "-c", commands])
            .current_dir(self.path())
            .env_clear()
            .env("PATH", format!("{tools}:{}", std::env::var("PATH").unwrap()))
            .env("HOME", self.path())
            .env("XDG_CACHE_HOME", fuelcell_tests::cache())
            .env("FUELCELL_SERVER", self.server.base())
            .env("FUELCELL_TOKEN", fs::read_to_string(self.path().join("token")).unwrap().trim())
            .env("FUELCELL_TENANT", &self.project.tenant)
            .env("FUELCELL_PROJECT", &self.project.project)
            // A server of an example compiles nothing that those of other tests have compiled.
            .env("FUELCELL_COMPILED", built::target().join("tests-compiled"))
            .env("FUELCELL_COMPILED_SECRET", built::target().join("tests-compiled-secret"))
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null());
        shell
    }
}

/// The variables of an example, but for those that every shell of a client has.
fn variables(example: &str) -> Vec<String> {
    let names = example.split('$').skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_uppercase() && c != '_').unwrap_or(rest.len());
        rest[..end].to_owned()
    });
    names.filter(|name| !name.starts_with("FUELCELL_")).collect()
}

#[test]
fn every_example_of_the_help_does_what_it_says() {
    let bench = Bench::new();
    let mut count = 0;
    for (command, text) in commands() {
        let examples: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("  $ ")).collect();
        let is_leaf = listed(&text).is_empty();
        let excused = WITHOUT_EXAMPLE.contains(&&command[..]);
        assert_eq!(examples.is_empty(), !is_leaf || excused, "examples of {command:?}");
        for example in examples {
            assert!(example.contains(&format!("fuelcell {command}")), "{example:?} stands with {command:?}");
            let made: Vec<_> =
                variables(example).into_iter().map(|name| (name.clone(), bench.made(&name))).collect();
            match ENDLESS.iter().find(|(endless, _)| *endless == command) {
                Some((_, ready)) => bench.begin(example, &made, ready),
                None => drop(bench.follow(example, &made)),
            }
            count += 1;
        }
    }
    assert!(count > 100, "{count}");
}

#[test]
fn the_guide_to_the_command_line_is_followed_word_for_word() {
    let bench = Bench::new();
    let guide = fs::read_to_string(built::source("docs/command-line.md")).unwrap();
    let blocks: Vec<_> = guide
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split_once("```"))
        .map(|block| block.0)
        .collect();
    assert!(blocks.len() >= 5, "{}", blocks.len());
    let printed = bench.follow(&blocks.concat(), &[]);
    assert!(printed.contains("Completed") && printed.contains("report.html"), "{printed}");
    assert!(bench.path().join("results/report.html").is_file());
}

#[test]
fn shells_and_manuals_know_all_commands() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = bench.follow(&format!("fuelcell completions {shell}"), &[]);
        assert!(script.contains("FUELCELL_COMPLETE"), "{shell} asks the program: {script}");
    }
    // As the script for bash asks for what the third word may become.
    let asked = "FUELCELL_COMPLETE=bash _CLAP_IFS=' ' _CLAP_COMPLETE_INDEX=2 fuelcell -- fuelcell module ro";
    assert_eq!(bench.follow(asked, &[]).trim(), "rollback");
    bench.follow("fuelcell man man1", &[]);
    for (command, _) in commands() {
        let page = format!("man1/{}.1", format!("fuelcell {command}").trim().replace(' ', "-"));
        assert!(bench.path().join(&page).is_file(), "{page}");
    }
}
