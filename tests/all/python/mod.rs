//! Jobs in Python: the SDK as an author tests with it, the page that explains it, and the engine in a cell.

mod author;
mod hostile;
mod notebook;
mod public;
mod science;
mod syntax;

use author::{cache, follow, pytest, start};
use fuelcell_tests::page::blocks;
use fuelcell_tests::receiver::one_answer;
use fuelcell_tests::script::{Ran, scripts, write};
use fuelcell_tests::{Project, Server, built, project::text as word};
use serde_json::{Value, json};
use std::fs;

fn run(main: &str, arguments: &[&str]) -> Ran {
    run_files(&[("main.py", main)], arguments)
}

fn run_files(files: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let folder = scripts(files);
    let arguments: Vec<&str> = arguments.iter().copied().chain(["--json"]).collect();
    let output = start(cache(), folder.path(), &arguments);
    Ran::new(folder, &output)
}

/// The texts in quotes of a list in a source file.
fn listed<'a>(source: &'a str, begin: &str, end: &str) -> Vec<&'a str> {
    let list = source.split_once(begin).and_then(|(_, rest)| rest.split_once(end)).unwrap().0;
    list.split('"').skip(1).step_by(2).collect()
}

#[test]
fn server_and_sdk_know_the_packages_of_the_engines() {
    let read = |path| fs::read_to_string(built::source(path)).unwrap();
    let sdk = read("guest-sdk/python/src/fuelcell/packages.py");
    let server = read("crates/domain/src/script.rs");
    for (of_sdk, of_server) in
        [("PYTHON", "PYTHON_PACKAGES: [&str; 10]"), ("SCIENTIFIC", "SCIENTIFIC_PACKAGES: [&str; 16]")]
    {
        let known = listed(&server, &format!("const {of_server} = ["), "];");
        assert!(!known.is_empty());
        assert_eq!(listed(&sdk, &format!("\n{of_sdk} = ("), "\n)"), known);
    }
    let bundled = read("guest-sdk/engines/python/requirements.txt");
    let bundled: Vec<_> = bundled.lines().filter_map(|line| Some(line.split_once("==")?.0)).collect();
    assert_eq!(listed(&sdk, "\nPYTHON = (", "\n)"), bundled);
}

#[test]
fn the_sdk_passes_its_own_tests() {
    pytest("guest-sdk/python");
}

#[test]
fn a_job_asks_its_host_for_everything() {
    let main = r#"
import csv, json, sys
from dataclasses import asdict
import helper
from fuelcell import *

@job(inputs=[Input("dataset"), Input("lookups", many=True)], hmac=["KEY"])
def everything(context: Context, names: list[str], limit: int = 3) -> Completion:
    print("a line"); print("a complaint", file=sys.stderr); print("no end", end="")
    rows = list(context.open("dataset").rows())
    report = Report(len(rows), 10, 1, [Finding("Odd", "An odd row.", 2)], quality_score=50, validation=DataValidation(2, 2))
    context.report(report)
    context.progress(1, 2, "Halfway")
    context.warn("stage", "a warning")
    context.save_checkpoint(b"kept")
    context.mark("key")
    refused = []
    for ask in (lambda: context.open("none"), lambda: context.artifact("a:b"), lambda: context.hmac("KEY", "x"),
                lambda: context.request("GET", "https://example.com/")):
        try:
            refused.append(repr(ask()))
        except HostError as error:
            refused.append(type(error).__name__)
    told = {"rows": rows, "names": names, "limit": limit, "kept": context.load_checkpoint().decode(),
            "lookups": [open(f"/in/lookups/{name}").read() for name in context.inputs_of("lookups")],
            "cancelled": context.cancellation().value, "seen": context.seen("key"), "helper": helper.NAME, "refused": refused}
    context.artifact("thrown.txt").write("x")
    with context.artifact("told.json", Kind.DATA, primary=True) as out:
        json.dump(told, out)
    with context.artifact("rows/out.csv", record_count=2) as out:
        csv.DictWriter(out, ["a", "b"], lineterminator="\n").writerows(rows)
    return Completion.skipped("enough")
"#;
    let inputs = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        write(&inputs.path().join(name), text);
        inputs.path().join(name).display().to_string()
    };
    let zones = format!("lookups/zones={}", file("zones", "north"));
    let ran = run_files(
        &[
            ("main.py", main),
            ("helper.py", "from pure import NAME\n"),
            ("vendor/pure/__init__.py", "NAME = 'vendored'\n"),
        ],
        &["--in", &file("in.csv", "a,b\n1,ä\n2,\"x,y\"\n"), "--in", &zones, "--param", r#"names=["n"]"#],
    );
    let told: Value = serde_json::from_str(&ran.text("told.json")).unwrap();
    assert_eq!(told["rows"], json!([{"a": "1", "b": "ä"}, {"a": "2", "b": "x,y"}]));
    assert_eq!((&told["names"], &told["limit"], &told["kept"]), (&json!(["n"]), &json!(3), &json!("kept")));
    assert_eq!((&told["lookups"], &told["helper"]), (&json!(["north"]), &json!("vendored")));
    assert_eq!((&told["cancelled"], &told["seen"]), (&json!("none"), &json!(false)));
    let refused = json!(["InvalidRequest", "InvalidRequest", "InvalidRequest", "HttpError"]);
    assert_eq!(told["refused"], refused);
    assert_eq!(ran.text("rows/out.csv"), "1,ä\n2,\"x,y\"\n");
    assert!(!ran.folder.path().join("out/thrown.txt").exists());
    assert_eq!(ran.told["recordsProcessed"], 2);
    for line in ["[stdout] a line", "[stderr] a complaint", "[stdout] no end", "[stage] a warning"] {
        assert!(ran.log.contains(line), "{line}: {}", ran.log);
    }
}

#[test]
fn whatever_a_script_raises_is_a_failure_with_its_place() {
    for (main, told) in [
        (
            "def f():\n    return 1 / 0\n\nf()",
            "ZeroDivisionError: division by zero\nTraceback (most recent call last):\n  File \"main.py\", line 4, in <module>\n    f()",
        ),
        ("import json\njson.loads('{')", "File \"main.py\", line 2, in <module>\n    json.loads('{')"),
        ("x = 1\ndef f(:", "SyntaxError: invalid syntax (main.py, line 2)"),
        ("raise SystemExit(3)", "the script left with the exit code 3 (\"Exit\")"),
        ("import sys; sys.exit('no luck')", "no luck (\"Exit\")"),
        ("raise KeyboardInterrupt", "(\"KeyboardInterrupt\")"),
        ("class Odd(BaseException): pass\nraise Odd", "(\"Odd\")"),
        ("def f(n): return f(n + 1)\nf(0)", "RecursionError: maximum recursion depth exceeded"),
        (
            "x = []\nwhile True: x.append(bytearray(10_000_000))",
            "MemoryLimit: the module needed more memory than its limit",
        ),
        (
            "from fuelcell import *\nraise Failure('MissingColumn', 'Line 3 has none.')",
            "GuestError: Line 3 has none. (\"MissingColumn\")",
        ),
        ("import pandas", "No module named 'pandas' (pandas has parts in C"),
        ("import networkx", "No module named 'networkx' (the engine python-science has it"),
        ("import ctypes", "No module named 'ctypes'"),
        ("import os; os.system('ls')", "OSError: [Errno 58] a cell runs no other programs"),
        ("import subprocess; subprocess.run(['ls'])", "a cell runs no other programs"),
        ("import os; os.fork()", "a cell runs no other programs"),
        ("import threading; threading.Thread(target=print).start()", "RuntimeError: a cell has one thread"),
        ("import concurrent.futures as c; c.ThreadPoolExecutor().submit(print)", "a cell has one thread"),
        (
            "import socket; socket.create_connection(('192.0.2.1', 80))",
            "PermissionError: [Errno 2] a cell has no sockets",
        ),
        ("open('/etc/passwd')", "FileNotFoundError"),
        ("open('/script/main.py', 'w')", "Error"),
        (
            "from fuelcell import *\n@job\ndef a(c): pass\n@job\ndef b(c): pass",
            "the script declares more than one job: a, b",
        ),
        (
            "from fuelcell import *\n@job\ndef a(context, x: int): pass",
            "parameters at `x`: a value, for it is required",
        ),
    ] {
        let ran = run(main, &[]);
        assert_eq!(ran.told["completed"], false, "{main}");
        assert!(ran.error().contains(told), "{main}\n{}", ran.error());
    }
}

#[test]
fn scripts_find_the_standard_library() {
    let main = r#"
import asyncio, datetime, decimal, gzip, hashlib, importlib, os, random, sqlite3, sys, tempfile, uuid, zipfile, zoneinfo
for name in ("configparser", "difflib", "email.mime.text", "encodings.cp1250", "html.parser", "http.cookies", "logging.config",
             "statistics", "tomllib", "unittest.mock", "urllib.request", "xml.sax", "xml.dom.minidom", "wsgiref.util", "IPython"):
    importlib.import_module(name)
async def later():
    await asyncio.sleep(0.001)
    return "later"
with tempfile.NamedTemporaryFile("w+") as file, sqlite3.connect(":memory:") as base:
    file.write("x"); file.seek(0)
    told = [asyncio.run(later()), base.execute("select 1 + 1").fetchone()[0], file.read(), dict(os.environ), sys.argv,
            str(datetime.datetime(2026, 7, 1, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin")).utcoffset()),
            hashlib.sha256(b"x").hexdigest()[:8], gzip.decompress(gzip.compress(b"zip")).decode()]
open("/out/told.txt", "w").write(repr(told))
open("/out/drawn.txt", "w").write(repr([random.random(), uuid.uuid4(), os.urandom(4), datetime.datetime.now(), set("abcdef")]))
"#;
    let ran = run(main, &["--param", "name=a b"]);
    let told = "['later', 2, 'x', {}, ['job', '--name=a b'], '2:00:00', '2d711642', 'zip']";
    assert_eq!(ran.text("told.txt"), told);
    let seeded = |seed: &str| run(main, &["--seed", seed]).text("drawn.txt");
    let (first, second) = ("0000000000000001", "0000000000000002");
    assert_eq!(seeded(first), seeded(first), "deterministic runs draw the same");
    assert_ne!(seeded(first), seeded(second));
    assert_ne!(ran.text("drawn.txt"), run(main, &[]).text("drawn.txt"), "nothing random is in the engine");
}

#[test]
fn the_page_on_python_is_followed_word_for_word() {
    let page = fs::read_to_string(built::source("docs/python.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut commands = Vec::new();
    for block in blocks(&page) {
        match (block.file(), block.language) {
            (Some((name, text)), _) => write(&folder.path().join(name), text),
            (None, "sh") => commands.push(block.text),
            (None, language) => panic!("a block of {language} is neither a file nor commands"),
        }
    }
    let [first, push, plain] = commands[..] else { panic!("the page has three blocks of commands") };
    let said = follow(first, folder.path());
    assert!(said.contains("2 passed") && said.ends_with("2 words\n"), "{said}");
    assert!(said.contains("python 3.14"), "the manifest is shown: {said}");
    let server = Server::start();
    let project = Project::new(&server);
    let signed_in = format!(
        "export FUELCELL_SERVER={} FUELCELL_TOKEN={} FUELCELL_TENANT={} FUELCELL_PROJECT={}\n",
        server.base(),
        project.token,
        project.tenant,
        project.project
    );
    assert!(follow(&(signed_in + push), folder.path()).contains("Completed"));
    assert!(follow("cd customers && python -m pytest -q", folder.path()).contains("1 passed"));
    assert!(follow(plain, folder.path()).ends_with("THE QUICK BROWN FOX\n"));
}

#[test]
fn a_packed_script_is_uploaded_and_its_jobs_ask_other_hosts() {
    let (host, heard) = one_answer("hello");
    let main = r#"
import json
from fuelcell import *

@job(http=Http(["HOST"], ["TOKEN"]), hmac=["KEY"])
def ask(context: Context, path: str) -> None:
    headers = {"Authorization": "Bearer {{secret:TOKEN}}"}
    answer = context.request("post", "HOST" + path, headers=headers, json_body={"x": 1}, timeout=30)
    try:
        refused = context.request("GET", "https://example.com/").status
    except HttpError as error:
        refused = error.reason
    told = [answer.status, answer.headers["x-kind"], answer.text(), refused, context.hmac("KEY", "text").hex()]
    with context.artifact("told.json", primary=True) as out:
        json.dump(told, out)
"#;
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("ask/main.py"), &main.replace("HOST", &host));
    follow("python -m fuelcell pack ask --out ask.zip", folder.path());
    let archive = fs::read(folder.path().join("ask.zip")).unwrap();
    let server = Server::start_set(&[("OUTBOUND__ALLOW_NETWORKS", "[\"127.0.0.0/8\"]")]);
    let project = Project::new(&server);
    project.client.put_bytes(&project.path("modules/ask/versions/1.0.0"), &archive).ok();
    for (name, value) in [("TOKEN", "not-told"), ("KEY", "a key")] {
        project.client.put(&project.path(&format!("secrets/{name}")), &json!({"value": value})).ok();
    }
    let granted = json!({"http": {"hosts": [host], "secrets": ["TOKEN"]}, "hmac": ["KEY"]});
    project.client.put(&project.path("modules/ask/capabilities"), &granted).ok();
    let submit = |path: Value| {
        let parameters = json!({"path": path});
        project.submit(&json!({"jobName": "asks", "jobType": "Analysis", "module": {"name": "ask"}, "parameters": parameters}))
    };
    let refused = submit(json!(1));
    assert_eq!((refused.status, refused.text().contains("path")), (400, true), "{}", refused.text());
    let job = word(&submit(json!("/a?b=1")).ok(), "jobId");
    let status = project.wait_for(&job, "Completed");
    assert_eq!(status["module"]["engine"]["name"], "python", "{status:#}");
    let url = word(&project.results(&job)["results"]["primaryOutput"], "downloadUrl");
    let told = project.client.get(&url).json();
    assert_eq!(
        told.as_array().unwrap()[..4],
        [json!(201), json!("test"), json!("hello"), json!("HTTP-request-denied")]
    );
    assert_eq!(told[4], "6cc450f782529af43ac5b1716d15d1806ddd0f88ca77401f591c7bb34437852f");
    let heard = heard.join().unwrap();
    assert!(heard.starts_with("POST /a?b=1 HTTP/1.1") && heard.contains("Bearer not-told"), "{heard}");
}
