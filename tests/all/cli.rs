//! The command line.

use fuelcell_tests::{built, project::text};
use serde_json::{Value, json};
use std::process::{Command, Output};

fn fuelcell(arguments: &[&str]) -> Output {
    Command::new(built::fuelcell())
        .args(arguments)
        .env("XDG_CACHE_HOME", fuelcell_tests::cache())
        .output()
        .expect("the binary can be started")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn pack_writes_a_manifest_that_inspect_shows() {
    let module = built::module_path("process-mining").display().to_string();
    let output = fuelcell(&["module", "inspect", &module, "--output", "json"]);
    assert!(output.status.success(), "{}", said(&output));
    let shown: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(shown["hasManifest"], true);
    assert_eq!(shown["manifest"]["jobType"], "ProcessMining");
    assert_eq!(shown["manifest"]["inputs"][0]["parameter"], "datasetId");
    assert_eq!(text(&shown, "digest").len(), 64);
    // Some megabytes of functions, and what a compiler needs for them.
    let compile = &shown["compile"];
    assert!(
        compile["codeBytes"].as_u64().is_some_and(|code| code < shown["size"].as_u64().unwrap()),
        "{compile}"
    );
    assert!(compile["cpuSeconds"][0].as_f64() < compile["cpuSeconds"][1].as_f64(), "{compile}");
}

#[test]
fn run_needs_no_server_and_says_what_a_run_used() {
    let folder = tempfile::tempdir().unwrap();
    let input = folder.path().join("in.txt");
    std::fs::write(&input, "some bytes").unwrap();
    let out = folder.path().join("out");
    let module = built::module_path("probe");
    let steps = r#"steps=[{"do":"echoInput","input":"dataset","artifact":"copy.txt"}]"#;
    let output = fuelcell(&[
        "run",
        module.to_str().unwrap(),
        "--json",
        "--seed",
        "00000000000000ff",
        "--param",
        steps,
        "--in",
        input.to_str().unwrap(),
        "--out",
        out.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{}", said(&output));
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(told["usage"]["bytesRead"], 10);
    assert!(told["usage"]["fuel"].as_u64().unwrap() > 0);
    let receipt = &told["receipt"];
    assert_eq!(receipt["fuel"], told["usage"]["fuel"]);
    let seeded = json!({"seed": "00000000000000ff", "time": "2000-01-01T00:00:00Z"});
    assert_eq!(receipt["deterministic"], seeded);
    assert_eq!(receipt["inputs"][0]["digest"], receipt["outputs"][0]["digest"], "the copy is the input");
    assert_eq!(receipt["outputs"][0]["name"], "copy.txt");
    assert_eq!((text(receipt, "module").len(), text(receipt, "parameters").len()), (64, 64));
    assert!(text(receipt, "engine").starts_with("wasmtime-"));
    assert_eq!(std::fs::read_to_string(out.join("copy.txt")).unwrap(), "some bytes");
}

#[test]
fn a_failing_run_ends_with_1_and_a_message() {
    let module = built::module_path("probe");
    let output = fuelcell(&[
        "run",
        module.to_str().unwrap(),
        "--param",
        r#"steps=[{"do":"fail","code":"Nope","message":"no luck"}]"#,
    ]);
    assert_eq!(output.status.code(), Some(1));
    assert!(said(&output).contains("failed: GuestError: no luck (Nope)"), "{}", said(&output));
}

#[test]
fn a_run_that_meets_a_limit_says_what_sets_it_and_where_it_was() {
    let (folder, module) = (tempfile::tempdir().unwrap(), built::module_path("probe"));
    let run = |step: Value, limit: &[&str]| {
        let steps = format!("steps=[{step}]");
        let output = Command::new(built::fuelcell())
            .args(["run", module.to_str().unwrap(), "--param", &steps])
            .args(limit)
            .current_dir(folder.path())
            .env("XDG_CACHE_HOME", fuelcell_tests::cache())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{step}: {}", said(&output));
        assert!(!said(&output).contains("RUST_BACKTRACE"), "{}", said(&output));
        said(&output)
    };
    let spin = json!({"do": "spin", "forever": true});
    let file = |name: &str, bytes: u64| json!({"do": "artifact", "name": name, "bytes": bytes});
    let cases: [(Value, &[&str], &str, &str); 5] = [
        (
            json!({"do": "allocate", "bytes": 64 << 20}),
            &["--memory", "16MiB"],
            "failed: MemoryLimit: the module needed more memory than its limit of 16777216 bytes",
            "--memory sets the limit, as in --memory 1GiB",
        ),
        (spin.clone(), &["--fuel", "10000000"], "failed: FuelExhausted: ", "--fuel sets the limit"),
        (
            spin,
            &["--timeout", "1"],
            "failed: Timeout: the attempt ran longer than its limit of 1 s",
            "--timeout sets the limit, as in --timeout 10m",
        ),
        (
            file("a.txt", 2000),
            &["--disk", "1000"],
            "failed: DiskQuota: ",
            "--disk sets the limit, as in --disk 1GiB",
        ),
        (file("a:b.txt", 1), &[], "\"a:b.txt\" cannot be the name of an output: ", "it has none of"),
    ];
    for (step, limit, failed, told) in cases {
        let said = run(step, limit);
        assert!(said.contains(failed) && said.contains(told), "{failed}: {said}");
        // Where it was when it was stopped; what the guest itself was told, it may tell.
        let stopped = !failed.contains("DiskQuota") && !limit.is_empty();
        assert_eq!(said.contains("probe.wasm!probe::perform::step"), stopped, "{said}");
    }
}

#[test]
fn what_a_run_cannot_use_is_named() {
    let (folder, module) = (tempfile::tempdir().unwrap(), built::module_path("process-mining"));
    let file = folder.path().join("log.csv");
    std::fs::write(&file, "case_id,activity,timestamp\n1,a,2024-01-01\n").unwrap();
    let (module, file) = (module.to_str().unwrap(), file.to_str().unwrap());
    let taken = folder.path().to_str().unwrap();
    let cases: [(&[&str], &str); 9] = [
        (&[], "this module needs the input dataset: give it with --in dataset=FILE"),
        (&["--in", "logs=log.csv"], "there is no file logs=log.csv; an input is FILE or NAME=FILE"),
        (&["--in", "logs=log.csv"], "one of: dataset, model"),
        (&["--in", file, "--param", "rules"], "--param \"rules\" is not NAME=VALUE"),
        (&["--in", file, "--out", file], "--out names a folder"),
        (&["--in", file, "--param", "=1"], "has no name"),
        (&["--in", file, "--param", "a=1", "--param", "a=2"], "--param a is there twice"),
        (&["--in", file, "--out", taken], "there are files in"),
        (
            &["--in", file, "--param", "analysisType=7"],
            "the parameters do not fit the module: /analysisType: ",
        ),
    ];
    for (arguments, message) in cases {
        let output = fuelcell(&[&["run", module], arguments].concat());
        // What is wrong with parameters is usage.
        let code = if arguments.contains(&"--param") { 2 } else { 1 };
        assert_eq!(output.status.code(), Some(code), "{message}");
        assert!(said(&output).contains(message), "{message}: {}", said(&output));
    }
}

#[test]
fn inputs_by_name_are_files_on_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let manifest = json!({
        "interface": "0.1", "title": "Looks things up",
        "inputs": [{"name": "lookups", "parameter": "lookups", "many": true, "required": true}],
    });
    let (module, zones, out) = (path("lookups.wasm"), path("zones.csv"), path("out"));
    std::fs::write(&module, built::module_with_manifest("probe", &manifest.to_string())).unwrap();
    std::fs::write(&zones, "north").unwrap();
    let steps = r#"steps=[{"do":"echoInput","input":"lookups/zones","artifact":"copy.csv"}]"#;
    let run = |more: &[&str]| fuelcell(&[&["run", &module, "--param", steps, "--out", &out], more].concat());
    let given = format!("lookups/zones={zones}");
    for (arguments, message) in [
        (vec![], "--in lookups/NAME=FILE"),
        (vec!["--in", &zones], "is NAME=FILE, with NAME one of: lookups/NAME"),
        (vec!["--in", &format!("lookups/..={zones}")], "cannot be the name of an input"),
        (vec!["--in", &given, "--in", &given], "--in lookups/zones is there twice"),
    ] {
        assert!(said(&run(&arguments)).contains(message), "{message}: {}", said(&run(&arguments)));
    }
    let output = run(&["--in", &given]);
    assert!(output.status.success(), "{}", said(&output));
    assert_eq!(std::fs::read_to_string(folder.path().join("out/copy.csv")).unwrap(), "north");
}

#[test]
fn a_file_that_is_no_module_is_refused() {
    let output = fuelcell(&["module", "inspect", built::source("README.md").to_str().unwrap()]);
    assert!(!output.status.success());
    assert!(said(&output).contains("component"), "{}", said(&output));
}

#[test]
fn config_prints_what_holds_and_refuses_unknown_keys() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("fuelcell.toml");
    std::fs::write(&file, "slots = 3\n[service.caps]\nmemory_bytes = 1000000\n").unwrap();
    let shown = fuelcell(&["--config", file.to_str().unwrap(), "config", "--listen", "127.0.0.1:1234"]);
    let text = said(&shown);
    assert!(text.contains("slots = 3") && text.contains("memory_bytes = 1000000"), "{text}");
    assert!(text.contains("127.0.0.1:1234"), "flags win: {text}");
    assert!(text.contains("slots = 3\n# not set by default\n"), "{text}");
    assert!(text.contains("# job_memory_bytes is not set; what holds here: "), "{text}");
    std::fs::write(&file, "job_memory_bytes = \"2GiB\"\ndrain_seconds = \"1m\"\n").unwrap();
    let text = said(&fuelcell(&["--config", file.to_str().unwrap(), "config"]));
    assert!(text.contains("job_memory_bytes = 2147483648") && text.contains("drain_seconds = 60"), "{text}");
    std::fs::write(&file, "slotz = 3\n").unwrap();
    let refused = fuelcell(&["--config", file.to_str().unwrap(), "config"]);
    assert!(!refused.status.success());
    assert!(said(&refused).contains("slotz"), "{}", said(&refused));
}

#[test]
fn a_public_url_that_links_cannot_begin_with_is_refused() {
    for url in ["jobs.example.com", "ftp://x", "http:// bad", "https://ann:secret@x"] {
        let refused = fuelcell(&["config", "--public-url", url]);
        assert_eq!(refused.status.code(), Some(1), "{url}");
        assert!(said(&refused).contains("such as https://jobs.example.com"), "{url}: {}", said(&refused));
    }
    let shown = fuelcell(&["config", "--public-url", "https://jobs.example.com/fuelcell/"]);
    assert!(said(&shown).contains("public_url = \"https://jobs.example.com/fuelcell\""), "{}", said(&shown));
}

#[test]
fn a_repeated_run_says_what_is_not_the_same_in_all() {
    let (folder, module) = (tempfile::tempdir().unwrap(), built::module_path("probe"));
    let repeat = |out: &str, steps: &str, more: &[&str]| {
        let (out, steps) = (folder.path().join(out), format!("steps={steps}"));
        let module = module.to_str().unwrap();
        let run = ["run", module, "--repeat", "3", "--param", &steps, "--out", out.to_str().unwrap()];
        fuelcell(&[&run, more].concat())
    };
    let steps =
        r#"[{"do":"entropy","artifact":"random.txt"},{"do":"artifact","name":"made/same.txt","text":"x"}]"#;
    let same = repeat("same", steps, &["--deterministic"]);
    assert_eq!(same.status.code(), Some(0), "{}", said(&same));
    assert!(
        said(&same).starts_with("3 of 3 runs completed\noutputs are the same in all\n"),
        "{}",
        said(&same)
    );
    assert_eq!(std::fs::read_to_string(folder.path().join("same/made/same.txt")).unwrap(), "x");
    let other = repeat("other", steps, &["--json"]);
    assert_eq!(other.status.code(), Some(1), "{}", said(&other));
    let told: Value = serde_json::from_slice(&other.stdout).unwrap();
    assert_eq!((&told["completed"], told["differing"].as_array().map(Vec::len)), (&json!(3), Some(1)));
    assert_eq!(told["differing"][0]["name"], "random.txt", "{told}");
    let failed = repeat("failed", r#"[{"do":"fail","code":"Nope","message":"no luck"}]"#, &[]);
    assert_eq!(failed.status.code(), Some(1));
    assert!(
        said(&failed).contains("0 of 3 runs completed\n  run 1 failed: GuestError\n"),
        "{}",
        said(&failed)
    );
    let refused = repeat("same", "[]", &[]);
    assert!(said(&refused).contains("there are files in"), "{}", said(&refused));
}
