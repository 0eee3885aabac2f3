//! The conformance suite of SDKs: the same jobs (`tests/guests/conformance`) in every language, at both isolation levels,
//! give the same answers.

use fuelcell_tests::project::text;
use fuelcell_tests::receiver::one_answer;
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

/// A host that may be asked and that nobody finds.
const NOWHERE: &str = "fuelcell.invalid";

/// How a language makes the modules, and what it says of an error that nobody caught.
struct Language {
    /// The module; its manifest asks for requests to this host and for secrets. What takes a while to compile has a manifest that
    /// is always the same and asks for another host: what counts is what is granted.
    module: fn(&str) -> Vec<u8>,
    /// One without these, which can run deterministically.
    pure: fn() -> Vec<u8>,
    /// Parts of what is told of the error: among them its place.
    thrown: &'static [&'static str],
}

const JAVASCRIPT: Language = Language {
    module: |host| Script::TYPESCRIPT.packed(Some(host)),
    pure: || Script::TYPESCRIPT.packed(None),
    thrown: &["TypeError", "at thrown (main.ts:61:"],
};

const PYTHON: Language = Language {
    module: |host| Script::PYTHON.packed(Some(host)),
    pure: || Script::PYTHON.packed(None),
    thrown: &["TypeError", "File \"main.py\", line 62, in thrown"],
};

/// A component that imports requests cannot be deterministic, whatever its manifest says: it is built without them, too.
const RUST: Language = Language {
    module: rust,
    pure: || built::module("conformance-pure"),
    thrown: &["the value has what is missing at tests/guests/conformance/src/lib.rs:"],
};

/// A program in Go, whose panics are failures with their place.
const GO: Language = Language {
    module: |_| built::module("conformance-go"),
    pure: || without_requests("conformance-go"),
    thrown: &["Panic", "interface {} is nil, not map[string]interface {} at conformance/main.go:151"],
};

/// A program in C, whose asserts are traps.
const C: Language = Language {
    module: |_| built::module("conformance-c"),
    pure: || without_requests("conformance-c"),
    thrown: &["Assertion failed: missing != NULL (main.c: thrown: 124)"],
};

/// The jobs in a language whose sources are the module.
struct Script {
    folder: &'static str,
    entry: &'static str,
    /// What its definition says of requests and secrets.
    asks: &'static str,
}

impl Script {
    const TYPESCRIPT: Self = Self {
        folder: "javascript",
        entry: "main.ts",
        asks: "  http: { hosts: [\"api.example.com\", \"fuelcell.invalid\"], secrets: [\"TOKEN\"] },\n  hmac: [\"KEY\"],\n",
    };
    const PYTHON: Self = Self {
        folder: "python",
        entry: "main.py",
        asks: "    http=Http([\"api.example.com\", \"fuelcell.invalid\"], [\"TOKEN\"]),\n    hmac=[\"KEY\"],\n",
    };

    /// The archive, as its author makes it: for requests to this host, or for none.
    fn packed(&self, host: Option<&str>) -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        let path = built::source("tests/guests/conformance").join(self.folder).join(self.entry);
        let source = fs::read_to_string(path).unwrap();
        assert!(source.contains(self.asks), "{} asks for requests and secrets", self.entry);
        let asks = host.map(|host| self.asks.replace("api.example.com", host)).unwrap_or_default();
        let script = folder.path().join("script");
        fs::create_dir(&script).unwrap();
        fs::write(script.join(self.entry), source.replace(self.asks, &asks)).unwrap();
        let archive = folder.path().join("script.zip");
        let mut pack = self.packer();
        let packed = pack.arg("pack").arg(&script).arg("--out").arg(&archive).output().unwrap();
        assert!(packed.status.success(), "{}", String::from_utf8_lossy(&packed.stderr));
        fs::read(archive).unwrap()
    }

    fn packer(&self) -> Command {
        let mut pack = match self.folder {
            "python" => Command::new(built::python()),
            _ => Command::new(built::fuelcell()),
        };
        match self.folder {
            "python" => {
                pack.env("PYTHONPATH", built::source("guest-sdk/python/src")).args(["-m", "fuelcell"])
            }
            _ => pack.env("XDG_CACHE_HOME", fuelcell_tests::cache()).arg("module"),
        };
        pack
    }
}

/// A packed module's own manifest.
fn manifest(module: &Path) -> Value {
    let inspect = Command::new(built::fuelcell())
        .args(["module", "inspect", "--output", "json"])
        .arg(module)
        .output()
        .unwrap();
    serde_json::from_slice::<Value>(&inspect.stdout).unwrap()["manifest"].take()
}

/// A program whose manifest asks for no requests.
fn without_requests(name: &str) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let mut manifest = manifest(&built::module_path(name));
    manifest["http"] = Value::Null;
    let (described, packed) = (folder.path().join("fuelcell.json"), folder.path().join("packed.wasm"));
    fs::write(&described, manifest.to_string()).unwrap();
    let mut pack = Command::new(built::fuelcell());
    pack.env("XDG_CACHE_HOME", fuelcell_tests::cache())
        .args(["module", "pack"])
        .arg(built::module_path(name));
    let pack = pack.arg("--manifest").arg(described).arg("--out").arg(&packed).output().unwrap();
    assert!(pack.status.success(), "{}", String::from_utf8_lossy(&pack.stderr));
    fs::read(packed).unwrap()
}

/// The module in Rust, whose manifest asks for the host as an author's file would.
fn rust(host: &str) -> Vec<u8> {
    let mut manifest = manifest(&built::module_path("conformance"));
    manifest["http"] = json!({"hosts": [host, NOWHERE], "secrets": ["TOKEN"]});
    built::module_with_manifest("conformance", &manifest.to_string())
}

/// A server with the module of a language.
struct Suite {
    project: Project,
    language: &'static Language,
    host: String,
    heard: thread::JoinHandle<String>,
    _server: Server,
}

impl Suite {
    fn set(language: &'static Language, isolation: &str) -> Self {
        let (host, heard) = one_answer("héllo");
        let module = (language.module)(&host);
        let networks = ("OUTBOUND__ALLOW_NETWORKS", "[\"127.0.0.0/8\"]");
        let server = Server::start_set(&[networks, ("ISOLATION", isolation)]);
        let project = Project::new(&server);
        project.client.put_bytes(&project.path("modules/conformance/versions/1.0.0"), &module).ok();
        for (name, value) in [("TOKEN", "not-told"), ("KEY", "a key")] {
            project.client.put(&project.path(&format!("secrets/{name}")), &json!({"value": value})).ok();
        }
        let granted = json!({"http": {"hosts": [host, NOWHERE], "secrets": ["TOKEN"]}, "hmac": ["KEY"]});
        project.client.put(&project.path("modules/conformance/capabilities"), &granted).ok();
        Self { project, language, host, heard, _server: server }
    }

    fn body(case: &str, more: &Value) -> Value {
        let mut parameters = json!({"case": case});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"jobName": case, "jobType": "Analysis", "module": {"name": "conformance"}, "parameters": parameters})
    }

    fn start(&self, case: &str, more: &Value) -> String {
        text(&self.project.submit(&Self::body(case, more)).ok(), "jobId")
    }

    /// The output that clients show first, of a job that completes.
    fn answer(&self, job: &str) -> Value {
        self.project.wait_for(job, "Completed");
        let url = text(&self.project.results(job)["results"]["primaryOutput"], "downloadUrl");
        self.project.client.get(&url).json()
    }

    /// Another output, as text.
    fn output(&self, job: &str, name: &str) -> String {
        let results = self.project.results(job);
        let outputs = results["results"]["additionalOutputs"].as_array().unwrap();
        let found = outputs.iter().find(|output| output["name"] == name);
        let found = found.unwrap_or_else(|| panic!("there is no {name}: {results:#}"));
        self.project.client.get(&text(found, "downloadUrl")).text()
    }

    /// The error of a job that fails.
    fn failed(&self, job: &str) -> Value {
        self.project.wait_for(job, "Failed")["error"].clone()
    }

    fn run(self) {
        // It waits for some seconds between its attempts.
        let checkpoint = self.start("checkpoint", &json!({}));
        self.values();
        self.rows();
        self.ends();
        self.limits();
        self.files();
        self.processed();
        self.cancelled();
        self.drawn();
        assert_eq!(self.answer(&checkpoint), json!({"kept": "half"}));
        assert_eq!(self.project.status(&checkpoint)["attempt"], 2);
        self.secret();
    }

    fn secret(self) {
        let told = json!({"url": self.host});
        let expected = json!({
            "status": 201, "kind": "test", "text": "héllo", "refused": ["HTTP-request-denied", "DNS-error"],
            "mac": "6cc450f782529af43ac5b1716d15d1806ddd0f88ca77401f591c7bb34437852f",
        });
        assert_eq!(self.answer(&self.start("secret", &told)), expected);
        let heard = self.heard.join().unwrap();
        assert!(heard.starts_with("POST /a?b=1 HTTP/1.1") && heard.contains("Bearer not-told"), "{heard}");
    }

    fn values(&self) {
        let value = json!({"text": "zwölf ✓ 日本", "large": u64::MAX, "small": i64::MIN, "list": [1, 2.5, null, true, {}]});
        let echo = self.answer(&self.start("echo", &json!({"value": value})));
        assert_eq!(echo, json!({"value": value, "times": 2}));
        for wrong in [json!({"times": 0}), json!({"times": "2"}), json!({"case": "none"})] {
            let refused = self.project.submit(&Self::body("echo", &wrong));
            let place = wrong.as_object().unwrap().keys().next().unwrap().clone();
            assert_eq!(refused.status, 400, "{}", refused.text());
            assert!(refused.text().contains(&place), "{}", refused.text());
        }
    }

    fn rows(&self) {
        let dataset =
            self.project.dataset("orders.csv", "name,amount\nzwölf,12\nten,10\nnone,x\n日本,11\n".as_bytes());
        let job = self.start("rows", &json!({"datasetId": dataset}));
        assert_eq!(self.answer(&job), json!({"total": 4, "kept": 2}));
        assert_eq!(self.output(&job, "rows.csv"), "zwölf;12\n日本;11\n");
        let status = self.project.status(&job);
        assert_eq!(status["metrics"]["recordsProcessed"], 4, "{status:#}");
        assert_eq!(status["metrics"]["warningCount"], 1, "{status:#}");
    }

    fn ends(&self) {
        let failure = self.failed(&self.start("failure", &json!({})));
        assert_eq!(failure["message"], "Line 3 has no column “case”.", "{failure:#}");
        assert!(failure.to_string().contains("MissingColumn"), "{failure:#}");
        let thrown = self.failed(&self.start("thrown", &json!({"value": null})));
        for part in self.language.thrown {
            let told = format!("{} {}", thrown["message"].as_str().unwrap_or_default(), thrown["details"]);
            assert!(told.contains(part), "{part}: {thrown:#}");
        }
    }

    /// Each limit ends a job that passes it, by its own code, and while its case runs.
    fn limits(&self) {
        let cases = [
            ("memory", json!({"memoryBytes": 128 << 20}), "MemoryLimit"),
            ("spin", json!({"fuel": 1_000_000_000}), "FuelExhausted"),
            ("spin", json!({"timeoutSeconds": 1}), "Timeout"),
            ("disk", json!({"diskBytes": 1_000_000}), "DiskQuota"),
        ];
        let jobs = cases.map(|(case, limits, code)| {
            let mut body = Self::body(case, &json!({}));
            body["limits"] = limits;
            (text(&self.project.submit(&body).ok(), "jobId"), code)
        });
        for (job, code) in jobs {
            let error = self.failed(&job);
            assert_eq!(error["code"], code, "{error:#}");
            let log = self.project.client.get(&format!("{}/logs", self.project.job_path(&job))).ok();
            assert_eq!(log["logs"][0]["message"], "begins", "{code}: {log:#}");
        }
    }

    fn files(&self) {
        let job = self.start("names", &json!({}));
        assert_eq!(self.answer(&job), json!({"written": true}));
        assert_eq!(self.output(&job, "Übersicht/zwölf ✓ 日本.txt"), "kept");
        let mut lines = String::new();
        for number in 0..200_000 {
            writeln!(lines, "line {number} ö").unwrap();
        }
        let dataset = self.project.dataset("lines.txt", lines.as_bytes());
        let job = self.start("stream", &json!({"datasetId": dataset}));
        let characters = lines.chars().filter(|character| *character != '\n').count();
        assert_eq!(self.answer(&job), json!({"lines": 200_000, "characters": characters}));
        assert_eq!(self.output(&job, "lines.txt"), lines.replace('\n', "!\n"));
    }

    fn processed(&self) {
        let pipeline = self.project.pipeline("Analysis");
        let run = |rows: &str| {
            let dataset = self.project.dataset("rows.csv", rows.as_bytes());
            let mut body = Self::body("processed", &json!({"datasetId": dataset}));
            body["resource"] = json!({"resourceType": "Pipeline", "resourceId": pipeline});
            text(&self.project.submit(&body).ok(), "jobId")
        };
        assert_eq!(self.answer(&run("name,amount\na,1\nb,2\n")), json!({"fresh": ["a", "b"]}));
        assert_eq!(self.answer(&run("name,amount\nb,2\nc,3\n")), json!({"fresh": ["c"]}));
        let none = run("name,amount\na,1\n");
        assert_eq!(self.project.wait_for(&none, "Completed")["completion"], "NoItems");
    }

    fn cancelled(&self) {
        let job = self.start("cancel", &json!({}));
        self.project.wait_for_stage(&job, "Waiting");
        self.project.client.delete(&self.project.job_path(&job), None).ok();
        self.project.wait_for(&job, "Cancelled");
    }

    fn drawn(&self) {
        let module = (self.language.pure)();
        self.project.client.put_bytes(&self.project.path("modules/pure/versions/1.0.0"), &module).ok();
        let run = |deterministic: bool| {
            let body = json!({
                "jobName": "drawn", "jobType": "Analysis", "module": {"name": "pure"}, "parameters": {"case": "drawn"},
                "deterministic": deterministic,
            });
            let job = text(&self.project.submit(&body).ok(), "jobId");
            self.project.wait_for(&job, "Completed");
            let url = text(&self.project.results(&job)["results"]["primaryOutput"], "downloadUrl");
            self.project.client.get(&url).text()
        };
        assert_eq!(run(true), run(true), "a deterministic job draws the same");
        assert_ne!(run(false), run(false));
    }
}

#[test]
fn javascript_passes_in_the_servers_process() {
    Suite::set(&JAVASCRIPT, "in-process").run();
}

#[test]
fn javascript_passes_in_processes_of_its_own() {
    Suite::set(&JAVASCRIPT, "process").run();
}

#[test]
fn python_passes_in_the_servers_process() {
    Suite::set(&PYTHON, "in-process").run();
}

#[test]
fn python_passes_in_processes_of_its_own() {
    Suite::set(&PYTHON, "process").run();
}

#[test]
fn rust_passes_in_the_servers_process() {
    Suite::set(&RUST, "in-process").run();
}

#[test]
fn rust_passes_in_processes_of_its_own() {
    Suite::set(&RUST, "process").run();
}

#[test]
fn go_passes_in_the_servers_process() {
    Suite::set(&GO, "in-process").run();
}

#[test]
fn go_passes_in_processes_of_its_own() {
    Suite::set(&GO, "process").run();
}

#[test]
fn c_passes_in_the_servers_process() {
    Suite::set(&C, "in-process").run();
}

#[test]
fn c_passes_in_processes_of_its_own() {
    Suite::set(&C, "process").run();
}
