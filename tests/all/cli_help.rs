//! What help says: the page of all commands, and examples that do what they say.

use fuelcell_tests::{Project, Server, built, project::text};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

/// Commands that ask no server, go on until they are interrupted, or delete what cannot be brought back by name: they have no example of one line.
const WITHOUT_EXAMPLE: &[&str] = &[
    "logout",
    "profiles use",
    "tenant delete",
    "project delete",
    "delivery show",
    "delivery resend",
    "serve",
    "config",
    "dev",
    "run",
    "check",
    "backup",
    "restore",
    "export",
    "compact",
    "module pack",
    "module inspect",
    "token reset",
    "engine add",
    "engine install",
    "engine list",
    "engine remove",
];

/// What `fuelcell … -h` prints.
fn help(command: &str) -> String {
    let output =
        Command::new(built::fuelcell()).args(command.split_whitespace()).arg("-h").env_clear().output();
    let output = output.expect("the binary can be started");
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A command and all below it, each with its help.
fn gather(command: &str, into: &mut Vec<(String, String)>) {
    let text = help(command);
    let below = text.split_once("\nCommands:\n").map_or("", |(_, rest)| rest);
    let names = below.lines().take_while(|line| !line.is_empty());
    let names: Vec<_> = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
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
        bench
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        fs::write(self.path().join(name), text).unwrap();
    }

    /// What a variable of an example stands for: made for it, so that examples do not stand in each other's way.
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
            "DATASET" | "SPARE_DATASET" => {
                project.dataset("orders.csv", &fs::read(self.path().join("orders.csv")).unwrap())
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
            "WEBHOOK" => {
                let body = json!({"url": "https://hooks.example.com/fuelcell"});
                text(&project.client.post(&project.path("webhooks"), &body).ok(), "webhookId")
            }
            "SPARE_TOKEN" => {
                let body = json!({"subject": "ann", "role": "viewer", "tenantId": project.tenant, "projectId": project.project});
                text(&project.client.post("/api/admin/tokens", &body).ok(), "tokenId")
            }
            "SPARE_PASSWORD" => {
                let body = json!({"userName": "ann", "role": "administrator", "tenantId": project.tenant, "projectId": project.project});
                text(&project.client.post("/api/admin/application-passwords", &body).ok(), "passwordId")
            }
            other => panic!("no example says what ${other} is"),
        }
    }

    /// Runs commands as somebody types them.
    fn follow(&self, commands: &str, variables: &[(String, String)]) -> String {
        let tools = built::fuelcell();
        let tools = tools.parent().expect("the binary lies in a folder").display();
        let output = Command::new("sh")
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
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .output()
            .expect("there is a shell");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{commands}\n{said}");
        String::from_utf8_lossy(&output.stdout).into_owned()
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
        let is_leaf = !text.contains("\nCommands:\n");
        let excused = WITHOUT_EXAMPLE.contains(&&command[..]);
        assert_eq!(examples.is_empty(), !is_leaf || excused, "examples of {command:?}");
        for example in examples {
            assert!(example.contains(&format!("fuelcell {command}")), "{example:?} stands with {command:?}");
            let made: Vec<_> =
                variables(example).into_iter().map(|name| (name.clone(), bench.made(&name))).collect();
            bench.follow(example, &made);
            count += 1;
        }
    }
    assert!(count > 80, "{count}");
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
        assert!(script.contains("submit") && script.contains("rollback"), "{shell}");
    }
    bench.follow("fuelcell man man1", &[]);
    for (command, _) in commands() {
        let page = format!("man1/{}.1", format!("fuelcell {command}").trim().replace(' ', "-"));
        assert!(bench.path().join(&page).is_file(), "{page}");
    }
}
