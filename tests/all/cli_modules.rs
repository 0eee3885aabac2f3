//! What the command line says of modules: sizes by section, and what a version changes for those who use an earlier one.

use crate::cli_client::{Home, said, write};
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Rows by where they are.
fn row<'a>(rows: &'a Value, what: &str) -> &'a Value {
    rows.as_array().unwrap().iter().find(|row| row["what"] == what).unwrap_or(&Value::Null)
}

/// What `fuelcell diff` says, and how it ends.
fn diff(home: &Home, first: &str, second: &str) -> (i32, Value) {
    let output = home.command(&["diff", first, second, "--output", "json"]).output().unwrap();
    let rows = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
    (output.status.code().unwrap(), rows)
}

#[test]
fn a_module_is_told_by_sections() {
    let home = Home::new();
    let module = built::module_path("probe").display().to_string();
    let told = home.json(&["module", "inspect", &module]);
    let sections = told["sections"].as_array().unwrap();
    let sum: u64 = sections.iter().map(|section| section["bytes"].as_u64().unwrap()).sum();
    assert_eq!(json!(sum), told["size"]);
    assert_eq!(sections[0]["name"], "code");
    let text = home.say(&["module", "inspect", &module]);
    assert!(text.contains("SECTION") && text.contains("IMPORT") && text.contains("fuelcell:job/"), "{text}");
    home.say(&["new", "script", "--lang", "python"]);
    let text = home.say(&["module", "inspect", "script"]);
    assert!(text.contains("leastLength") && text.contains("main.py"), "{text}");
    home.say(&["module", "inspect", "script", "--output", "csv"]);
}

#[test]
fn a_version_is_compared_with_an_earlier_one() {
    let home = Home::new();
    for name in ["first", "second"] {
        home.say(&["new", name, "--lang", "python"]);
    }
    let file = home.path().join("first/fuelcell.json");
    let manifest: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let second = |manifest: &Value| drop(write(&home, "second/fuelcell.json", &manifest.to_string()));
    fs::write(&file, manifest.to_string()).unwrap();

    // Names differ in the sources alone: nothing changes for callers.
    let (code, rows) = diff(&home, "first", "first");
    assert_eq!((code, rows.as_array().unwrap().len()), (0, 1), "{rows:#}");
    second(&manifest);
    write(&home, "second/more.py", "MORE = 1\n");
    let (code, rows) = diff(&home, "first", "second");
    assert_eq!(code, 0, "{rows:#}");
    assert_eq!(
        *row(&rows, "files/more.py"),
        json!({"what": "files/more.py", "first": null, "second": 9, "effect": null})
    );

    // What is taken besides, and what has to be granted.
    let mut other = manifest;
    other["parameters"]["properties"]["most"] = json!({"type": "integer"});
    other["http"] = json!({"hosts": ["api.example.com"]});
    second(&other);
    let (code, rows) = diff(&home, "first", "second");
    assert_eq!(code, 0, "{rows:#}");
    assert_eq!(row(&rows, "manifest/parameters/properties/most")["effect"], "compatible");
    assert_eq!(row(&rows, "capabilities/http/hosts")["effect"], "grant");
    assert_eq!(
        row(&rows, "upload")["second"],
        "accepted; it waits for a grant of http (hosts api.example.com)"
    );

    // What was taken is not any more.
    other["parameters"]["required"] = json!(["most"]);
    other["parameters"]["properties"]["leastLength"]["maximum"] = json!(5);
    second(&other);
    let (code, rows) = diff(&home, "first", "second");
    assert_eq!(code, 1, "{rows:#}");
    assert_eq!(row(&rows, "manifest/parameters/required")["effect"], "breaking");
    assert_eq!(row(&rows, "manifest/parameters/properties/leastLength/maximum")["effect"], "breaking");
    let (code, told) = home.fail(&["diff", "first", "second"]);
    assert!(code == 1 && told.contains("break what is built on the first module"), "{told}");
    let (code, told) = home.fail(&["diff", "first", "first/main.py"]);
    assert!(code == 2 && told.contains("is a module, and first/main.py is none"), "{told}");
    let (code, told) = home.fail(&["diff", "first/main.py", "second/main.py"]);
    assert!(code == 2 && told.contains("no module, no folder, and no id of a job"), "{told}");
    // A folder of outputs has files alone.
    for folder in ["outputs", "others"] {
        fs::create_dir(home.path().join(folder)).unwrap();
        write(&home, &format!("{folder}/a.txt"), "a");
    }
    assert_eq!(home.say(&["diff", "outputs", "others", "--output", "csv"]), "what,first,second\n");
    assert!(Command::new("mkfifo").arg(home.path().join("others/pipe")).status().unwrap().success());
    let (code, told) = home.fail(&["diff", "outputs", "others"]);
    assert!(code == 2 && told.contains("others/pipe is no file and no folder"), "{told}");
}

#[test]
fn what_an_upload_would_be_answered_is_said_in_the_words_of_a_server() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = Home::new();
    let module = built::module("probe");
    let first = write(&home, "first.wasm", "").display().to_string();
    fs::write(&first, &module).unwrap();
    let broken = b"\0asm\x01\0\0\0and so on".to_vec();
    let unusable = built::with_manifest(
        module,
        r#"{"interface": "0.1", "title": "One", "parameters": {"type": "nonsense"}}"#,
    );
    for (number, bytes) in [broken, unusable].iter().enumerate() {
        let second = home.path().join("second.wasm");
        fs::write(&second, bytes).unwrap();
        let (code, rows) = diff(&home, &first, &second.display().to_string());
        assert_eq!(code, 1, "{rows:#}");
        let answer =
            project.client.put_bytes(&project.path(&format!("modules/one/versions/{number}")), bytes);
        let (code, detail) = answer.problem(422);
        assert_eq!(row(&rows, "upload")["second"], format!("refused: {code}: {detail}"));
        assert_eq!(row(&rows, "upload")["effect"], "refused");
        let (code, rows) = diff(&home, &second.display().to_string(), &first);
        assert_eq!(
            (code, &row(&rows, "upload")["effect"]),
            (1, &json!("refused")),
            "nothing is known of the first"
        );
    }
}

/// What commands print, and the schema that is published of it.
#[expect(clippy::too_many_lines, reason = "a table of commands")]
#[test]
fn what_is_printed_is_as_its_schema_says() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let home = Home::of(&server, &project);
    let job = project.probe(json!([{"do": "artifact", "name": "a.txt", "text": "a"}]));
    let other = project.probe(json!([{"do": "artifact", "name": "a.txt", "text": "b"}]));
    for job in [&job, &other] {
        project.wait_for(job, "Completed");
    }
    let dataset = project.dataset("orders.csv", b"a,b\n1,2\n");
    let module = built::module_path("probe").display().to_string();
    let pipeline = project.pipeline("ProcessMining");
    let data = server.data().display().to_string();
    write(&home, "token", &project.token);
    home.say(&["new", "script", "--lang", "python"]);
    fs::create_dir_all(home.path().join("golden/one")).unwrap();
    let commands: &[(&str, &[&str])] = &[
        ("new", &["new", "word-count", "--lang", "rust"]),
        ("login", &["login", "one", "--server", server.base(), "--token-file", "token"]),
        ("whoami", &["whoami"]),
        ("profiles list", &["profiles", "list"]),
        ("doctor", &["doctor"]),
        ("explain", &["explain", "FuelExhausted"]),
        ("module inspect", &["module", "inspect", &module]),
        ("module inspect", &["module", "inspect", "script"]),
        ("run", &["run", &module, "--param", "steps=[]"]),
        ("run", &["run", &module, "--param", "steps=7", "--out", "never"]),
        (
            "run",
            &[
                "run",
                &module,
                "--param",
                r#"steps=[{"do":"fail","code":"Nope","message":"no"}]"#,
                "--out",
                "failed",
            ],
        ),
        ("run", &["run", "--from-job", &job, "--out", "again"]),
        ("run", &["run", &module, "--param", "steps=[]", "--repeat", "2", "--out", "twice"]),
        ("profile", &["profile", &module, "--param", "steps=[]", "--out", "profiled"]),
        ("test", &["test", &module, "--cases", "golden"]),
        ("test", &["test", &module, "--cases", "golden", "--hostile"]),
        ("diff", &["diff", &module, &module]),
        ("diff", &["diff", &job, &other]),
        ("job compare", &["job", "compare", &job, &other]),
        ("job download", &["job", "download", &job, "--out", "results"]),
        ("dataset get", &["dataset", "get", &dataset, "--out", "orders.csv"]),
        ("module get", &["module", "get", "probe@1", "--out", "module.wasm"]),
        ("pipeline processed", &["pipeline", "processed", &pipeline, "--forget", "--dry-run"]),
        ("job events", &["job", "events", "--for", "1s"]),
        ("engine list", &["engine", "list", "--data", &data]),
    ];
    let listed = home.say(&["schema"]);
    for name in listed.lines() {
        assert!(commands.iter().any(|(command, _)| *command == name), "{name} is not tried");
    }
    for (name, arguments) in commands {
        let output = match *name {
            // It has no other form.
            "engine list" => home.command(arguments).output().unwrap(),
            name => {
                let arguments = [*arguments, &["--output", "json"]].concat();
                while_jobs_run(&project, name == "job events", || home.command(&arguments).output().unwrap())
            }
        };
        // What cannot begin is told as an error alone.
        if output.stdout.is_empty() {
            assert_eq!(arguments.last(), Some(&"never"), "{arguments:?}: {}", said(&output));
            continue;
        }
        let documents = serde_json::Deserializer::from_slice(&output.stdout).into_iter::<Value>();
        let printed: Vec<_> =
            documents.map(|one| one.unwrap_or_else(|_| panic!("{}", said(&output)))).collect();
        assert!(printed.len() == 1 || *name == "job events", "{arguments:?}: {printed:#?}");
        let schema: Value = serde_json::from_str(
            &home.say(&[&["schema"][..], &name.split(' ').collect::<Vec<_>>()].concat()),
        )
        .unwrap();
        let validator = jsonschema::validator_for(&strict(schema)).unwrap();
        for printed in printed {
            let faults: Vec<_> = validator.iter_errors(&printed).map(|fault| fault.to_string()).collect();
            assert!(faults.is_empty(), "{arguments:?}: {faults:#?}\n{printed:#}");
        }
    }
    let (code, told) = home.fail(&["schema", "job", "list"]);
    assert!(code == 2 && told.contains("openapi.json"), "{told}");
    let schema: Value = serde_json::from_str(&home.say(&["schema", "diff"])).unwrap();
    let required = schema["$defs"]["Difference"]["required"].as_array().unwrap();
    assert!(required.contains(&json!("effect")), "it is always there: {required:?}");
}

/// Does something, with jobs beside it that come and go where that is wanted.
fn while_jobs_run<T>(project: &Project, wanted: bool, work: impl FnOnce() -> T) -> T {
    let is_done = AtomicBool::new(!wanted);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::Relaxed) {
                let job = project.probe(json!([{"do": "fail", "code": "Nope", "message": "no"}]));
                project.wait_for(&job, "Failed");
            }
        });
        let done = work();
        is_done.store(true, Ordering::Relaxed);
        done
    })
}

/// The same schema, where members that it does not name are faults: what is printed is all there.
fn strict(schema: Value) -> Value {
    match schema {
        Value::Object(members) => {
            let mut members: serde_json::Map<_, _> =
                members.into_iter().map(|(name, inner)| (name, strict(inner))).collect();
            if members.get("properties").is_some_and(Value::is_object) {
                members.insert("additionalProperties".to_owned(), json!(false));
            }
            members.into()
        }
        Value::Array(entries) => entries.into_iter().map(strict).collect(),
        other => other,
    }
}

/// What compiling costs is told by whoever uploads a module, and stands with the version; of a script there is nothing to tell.
#[test]
fn module_push_and_module_show_tell_what_compiling_takes() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = Home::of(&server, &project);
    let module = built::module_path("probe").display().to_string();
    let pushed = home.command(&["module", "push", &module, "probe@1.0.0"]).output().unwrap();
    let compile = home.json(&["module", "show", "probe@1.0.0"])["compile"].clone();
    let [low, high] = [0, 1].map(|at| compile["cpuSeconds"][at].as_f64().unwrap());
    assert!(0.0 < low && low <= high, "{compile}");
    let told = String::from_utf8(pushed.stderr).unwrap();
    let line = format!("compiling it takes each server about {low:.1} to {high:.1} s of a processor, once\n");
    assert_eq!(told.lines().last().map(|last| format!("{last}\n")), Some(line), "{told}");
    let code_bytes = compile["codeBytes"].as_u64().unwrap();
    let machine_code = compile["machineCodeBytes"].as_u64().unwrap();
    let size = fs::metadata(&module).unwrap().len();
    assert!(0 < code_bytes && code_bytes < size && code_bytes < machine_code, "{compile} of {size} bytes");

    let shown = home.say(&["module", "show", "probe@1.0.0"]);
    let row = |name: &str| {
        let line =
            shown.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("{name} in {shown}"));
        line.split_once(':').unwrap().1.trim().to_owned()
    };
    let numbers: Vec<f64> =
        row("compiling takes, CPU s").split(' ').map(|number| number.parse().unwrap()).collect();
    assert_eq!(numbers, [low, high]);
    let machine_code_shown = row("machine code");
    let (amount, unit) = machine_code_shown.split_once(' ').unwrap();
    let unit = if unit == "MiB" { 1_048_576.0 } else { 1_024.0 };
    let ratio = amount.parse::<f64>().unwrap() * unit / machine_code as f64;
    assert!((0.9..1.1).contains(&ratio), "{machine_code_shown} of {machine_code}");

    home.say(&["new", "script", "--lang", "python"]);
    let pushed = home.command(&["module", "push", "script", "script@1.0.0"]).output().unwrap();
    let told = said(&pushed);
    assert!(pushed.status.success() && !told.contains("compiling"), "{told}");
    let shown = home.say(&["module", "show", "script@1.0.0"]);
    assert!(!shown.contains("compiling") && !shown.contains("machine code"), "{shown}");
    assert_eq!(home.json(&["module", "show", "script@1.0.0"])["compile"], Value::Null);
}
