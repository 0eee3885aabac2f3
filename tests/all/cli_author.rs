//! What an author gets: a new job that runs here and on a server, following its README.

use fuelcell_tests::page::blocks;
use fuelcell_tests::{Project, Server, Shell, built, eventually};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Runs commands as an author types them in `folder`.
fn follow(commands: &str, folder: &Path, variables: &[(&str, &str)]) -> String {
    let output = try_follow(commands, folder, variables);
    assert!(output.status.success(), "{commands}\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn try_follow(commands: &str, folder: &Path, variables: &[(&str, &str)]) -> Output {
    let tools = built::fuelcell();
    let tools = tools.parent().expect("the binary lies in a folder").display();
    Command::new("sh")
        .args(["-e", "-c", commands])
        .current_dir(folder)
        .env("PATH", format!("{tools}:{}", std::env::var("PATH").unwrap()))
        .env("XDG_CONFIG_HOME", folder)
        .env("XDG_CACHE_HOME", fuelcell_tests::cache())
        // Variables that cargo sets for this test are not those of an author's shell.
        .env_remove("CARGO_TARGET_DIR")
        .env_remove("RUSTFLAGS")
        // What a person here compiles C with is not what is tested.
        .env_remove("WASI_CC")
        .env_remove("WASI_SDK_PATH")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("there is a shell")
}

/// The commands of a template's README, from the first to the last that is wanted.
fn commands(folder: &Path, wanted: impl Fn(&str) -> bool) -> String {
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let lines: Vec<_> =
        readme.lines().filter_map(|line| line.strip_prefix("    ")).filter(|line| wanted(line)).collect();
    assert!(!lines.is_empty(), "{readme}");
    lines.join("\n")
}

/// Makes a new job, and does what its README says, as far as it is wanted. A transcript is written.
fn from_nothing(shell: &mut Shell, home: &Path, language: &str, wanted: impl Fn(&str) -> bool) -> String {
    shell.follow(&format!("fuelcell new word-count --lang {language}\ncd word-count"));
    let printed = shell.follow(&commands(&home.join("word-count"), wanted));
    shell.write_transcript(language);
    printed
}

#[test]
fn a_new_job_in_python_runs_here_and_on_a_server() {
    let server = Server::start();
    let project = Project::new(&server);
    let home = tempfile::tempdir().unwrap();
    let mut shell = Shell::new(home.path()).of(&server, &project);
    let printed = from_nothing(&mut shell, home.path(), "python", |_| true);
    let folder = home.path().join("word-count");
    assert!(fs::read_to_string(folder.join("README.md")).unwrap().contains("(the SDK, `guest-sdk/python`)"));
    assert!(printed.contains("Completed"), "{printed}");
    assert_eq!(fs::read_to_string(folder.join("out/count.txt")).unwrap(), "9 words\n");
    assert_eq!(follow("grep -x '9 words' out/count.txt", &folder, &[]), "9 words\n", "as its CI asks");

    // Nothing that is there is touched.
    fs::write(folder.join("main.py"), "mine").unwrap();
    let again = try_follow("fuelcell new word-count --lang python", home.path(), &[]);
    assert!(String::from_utf8_lossy(&again.stderr).contains("is there already"), "{again:?}");
    assert_eq!(fs::read_to_string(folder.join("main.py")).unwrap(), "mine");
    for (arguments, told) in [
        ("../outside --lang python", "cannot be the name of a job"),
        ("count --lang rust --sdk nowhere", "there is no crate in nowhere"),
    ] {
        let refused = try_follow(&format!("fuelcell new {arguments}"), home.path(), &[]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains(told), "{arguments}: {said}");
    }
    assert!(!home.path().join("count").exists());
}

/// A new script in JavaScript or TypeScript, as its README has it, but for Node.
fn follow_script_from_nothing(language: &str, ending: &str) {
    let server = Server::start();
    let project = Project::new(&server);
    let home = tempfile::tempdir().unwrap();
    let mut shell = Shell::new(home.path()).of(&server, &project);
    let printed = from_nothing(&mut shell, home.path(), language, |line| !line.starts_with("npm"));
    let folder = home.path().join("word-count");
    assert!(printed.contains("1 of 1 cases as expected") && printed.contains("Completed"), "{printed}");
    assert_eq!(fs::read_to_string(folder.join("out/count.txt")).unwrap(), "9 words\n");
    // What an editor and Node need is no part of the module.
    let packed =
        follow("fuelcell build . --out ../packed.zip && python3 -m zipfile -l ../packed.zip", &folder, &[]);
    assert!(packed.contains(&format!("main.{ending}")) && !packed.contains(".fuelcell"), "{packed}");
    fs::write(folder.join(format!("main.{ending}")), "let broken = ;\n").unwrap();
    let broken = try_follow("fuelcell build .", &folder, &[]);
    let said = String::from_utf8(broken.stderr).unwrap();
    assert!(!broken.status.success() && said.contains(&format!("main.{ending}:1:")), "{said}");
}

#[test]
fn a_new_job_in_typescript_runs_here_and_on_a_server() {
    follow_script_from_nothing("typescript", "ts");
}

#[test]
fn a_new_job_in_javascript_runs_here_and_on_a_server_and_is_tested_by_node() {
    follow_script_from_nothing("javascript", "js");
    let home = tempfile::tempdir().unwrap();
    follow("fuelcell new word-count --lang javascript", home.path(), &[]);
    let folder = home.path().join("word-count");
    let tested = follow(&commands(&folder, |line| line.starts_with("npm")), &folder, &[]);
    assert!(tested.contains("# pass 2") && tested.contains("# fail 0"), "{tested}");
}

#[test]
fn a_new_job_in_rust_is_tested_built_and_run_here_and_on_a_server() {
    let server = Server::start();
    let project = Project::new(&server);
    // Always the same folder, so that what cargo makes of it takes the place of what it made before.
    let home = built::target().join("new-in-rust");
    fs::create_dir_all(&home).unwrap();
    let mine = File::create(home.join("lock")).unwrap();
    mine.lock().unwrap();
    let folder = home.join("word-count");
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    let mut shell = Shell::new(&home).of(&server, &project);
    shell.follow("fuelcell new word-count --lang rust");
    // What lies beside a job is the SDK in the versions that it was tested with.
    let locked: toml::Table = fs::read_to_string(folder.join("Cargo.lock")).unwrap().parse().unwrap();
    let known = fs::read_to_string(built::source("Cargo.lock")).unwrap();
    let checksums =
        locked["package"].as_array().unwrap().iter().filter_map(|package| package.get("checksum"));
    let checksums: Vec<_> = checksums.map(|checksum| checksum.as_str().unwrap()).collect();
    assert!(checksums.len() > 50 && checksums.iter().all(|checksum| known.contains(checksum)));
    // A warm target directory: the template is tested here, not how long a compiler takes.
    let target = built::target().join("guide");
    fs::create_dir_all(&target).unwrap();
    symlink(&target, folder.join("target")).unwrap();
    shell.follow("cd word-count");
    let printed = shell.follow(&commands(&folder, |line| !line.starts_with("rustup")));
    shell.write_transcript("rust");
    assert!(printed.contains("1 of 1 cases as expected") && printed.contains("Completed"), "{printed}");
    assert_eq!(fs::read_to_string(folder.join("out/count.txt")).unwrap(), "9 words\n");
    // Another SDK, for those who work on it.
    let sdk = built::source("guest-sdk/rust").display().to_string();
    shell.follow(&format!("cd ..; rm -rf other; fuelcell new other --lang rust --sdk {sdk}"));
    let manifest = fs::read_to_string(home.join("other/Cargo.toml")).unwrap();
    assert!(manifest.contains(&sdk) && !home.join("other/.fuelcell").exists(), "{manifest}");
}

/// A new job of a language that is compiled, from nothing to a server, as its README has it.
fn follow_from_nothing(language: &str) {
    let server = Server::start();
    let project = Project::new(&server);
    let home = tempfile::tempdir().unwrap();
    let mut shell = Shell::new(home.path()).of(&server, &project).with_compilers();
    let printed = from_nothing(&mut shell, home.path(), language, |_| true);
    let folder = home.path().join("word-count");
    let compilers = built::compilers();
    let variables: Vec<(&str, &str)> = compilers.iter().map(|(name, value)| (*name, &**value)).collect();
    assert!(printed.contains("1 of 1 cases as expected") && printed.contains("Completed"), "{printed}");
    assert_eq!(fs::read_to_string(folder.join("out/count.txt")).unwrap(), "9 words\n");

    // What is wrong with a parameter or with the source is told with its place.
    let wrong = try_follow(
        "fuelcell run word-count.wasm --in sample.txt --param leastLength=-1 --out other",
        &folder,
        &[],
    );
    let said = String::from_utf8(wrong.stderr).unwrap();
    assert!(!wrong.status.success() && said.contains("/leastLength"), "{said}");
    let main = folder.join(format!("main.{language}"));
    fs::write(&main, "broken\n").unwrap();
    let broken = try_follow("fuelcell build", &folder, &variables);
    let said = String::from_utf8(broken.stderr).unwrap();
    assert!(!broken.status.success() && said.contains(&format!("main.{language}:1:")), "{said}");
}

#[test]
fn a_new_job_in_go_is_tested_built_and_run_here_and_on_a_server() {
    follow_from_nothing("go");
}

#[test]
fn a_new_job_in_c_is_built_and_run_here_and_on_a_server() {
    follow_from_nothing("c");
}

#[test]
fn the_page_of_programs_works_word_for_word() {
    let page = fs::read_to_string(built::source("docs/programs.md")).unwrap();
    let home = tempfile::tempdir().unwrap();
    let compilers = built::compilers();
    let variables: Vec<(&str, &str)> = compilers.iter().map(|(name, value)| (*name, &**value)).collect();
    let mut printed = Vec::new();
    for block in blocks(&page) {
        match block.language {
            "sh" => printed.push(follow(block.text, home.path(), &variables)),
            _ => {
                let path = block.text.lines().next().and_then(|line| line.strip_prefix("// "));
                let path = home.path().join(path.expect("a file has its path in its first line"));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, block.text).unwrap();
            }
        }
    }
    let [go, c, plain] = &printed[..] else { panic!("the page has three blocks of commands: {printed:?}") };
    assert!(go.ends_with("\n5 words\n") && c.ends_with("\n5 words\n"), "{go}{c}");
    let told: serde_json::Value = serde_json::from_str(plain).unwrap();
    assert!(told["completed"] == true && told["recordsProcessed"] == 1, "{told:#}");
    assert_eq!(fs::read_to_string(home.path().join("results/table.csv")).unwrap(), "a,b\n1,2\n");
}

/// A program in Go with this text in `main`, built and run; what it said of its end.
fn ended_in_go(body: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let compilers = built::compilers();
    let variables: Vec<(&str, &str)> = compilers.iter().map(|(name, value)| (*name, &**value)).collect();
    follow("fuelcell new job --lang go", home.path(), &[]);
    let folder = home.path().join("job");
    let main = fs::read_to_string(folder.join("main.go")).unwrap();
    let begin = "\tdefer reader.Close()\n";
    assert!(main.contains(begin));
    fs::write(folder.join("main.go"), main.replace(begin, &format!("{begin}{body}\n"))).unwrap();
    follow("fuelcell build", &folder, &variables);
    let ran =
        try_follow("fuelcell run job.wasm --in sample.txt --out out --memory 400000000", &folder, &variables);
    String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr)
}

#[test]
fn a_large_heap_in_go_is_whole_and_a_panic_of_a_goroutine_tells_its_place() {
    let told = ended_in_go(
        r#"	held := [][]byte{}
	for number := range 200 {
		piece := make([]byte, 1<<20)
		for at := range piece {
			piece[at] = byte(number)
		}
		held = append(held, piece)
	}
	for number, piece := range held {
		for _, found := range piece {
			if found != byte(number) {
				return fuelcell.Fail("Broken", "piece %d", number)
			}
		}
	}
	done := make(chan bool)
	go func() {
		defer close(done)
		panic(fmt.Sprint("all ", len(held), " are whole"))
	}()
	<-done"#,
    );
    assert!(told.contains("all 200 are whole at job/main.go:"), "{told}");
}

#[test]
fn the_sdk_for_go_is_formatted_and_tested() {
    let home = tempfile::tempdir().unwrap();
    let sdk = built::source("guest-sdk/go").display().to_string();
    let compilers = built::compilers();
    let mut variables: Vec<(&str, &str)> = compilers.iter().map(|(name, value)| (*name, &**value)).collect();
    variables.push(("SDK", &sdk));
    follow("cd \"$SDK\" && go vet ./... && go test ./...", home.path(), &variables);
    let folders = ["guest-sdk/go", "tests/guests/conformance/go", "crates/fuelcell/templates/go"];
    let folders = folders.map(|folder| built::source(folder).display().to_string()).join(" ");
    let unformatted = follow(&format!("$(go env GOROOT)/bin/gofmt -l {folders}"), home.path(), &variables);
    assert_eq!(unformatted, "");
}

#[test]
fn golden_cases_tell_what_is_not_as_expected() {
    let home = tempfile::tempdir().unwrap();
    follow("fuelcell new word-count --lang python", home.path(), &[]);
    let folder = home.path().join("word-count");
    assert!(follow("fuelcell test .", &folder, &[]).ends_with("1 of 1 cases as expected\n"));
    let main = fs::read_to_string(folder.join("main.py")).unwrap();

    // Another text, and a budget that does not do.
    fs::write(folder.join("main.py"), main.replace(" words\\n", " long words\\n")).unwrap();
    fs::write(
        folder.join("golden/long-words/case.json"),
        r#"{"parameters": {"leastLength": 4}, "fuelAtMost": 10}"#,
    )
    .unwrap();
    let output = try_follow("fuelcell test . --junit report.xml", &folder, &[]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(
        told.contains(r#"count.txt: line 1: "5 words" was expected, and it is "5 long words""#),
        "{told}"
    );
    assert!(told.contains("10 at most were expected"), "{told}");
    let report = fs::read_to_string(folder.join("report.xml")).unwrap();
    assert!(
        report.contains(r#"tests="1" failures="1""#) && report.contains("&quot;5 long words&quot;"),
        "{report}"
    );

    // What it gives now becomes what is expected, budget aside.
    follow("fuelcell test . --update", &folder, &[]);
    assert_eq!(
        fs::read_to_string(folder.join("golden/long-words/expected/count.txt")).unwrap(),
        "5 long words\n"
    );
    fs::write(
        folder.join("golden/long-words/case.json"),
        r#"{"parameters": {"leastLength": 4}, "error": "GuestError"}"#,
    )
    .unwrap();
    let told = try_follow("fuelcell test . --output json", &folder, &[]).stdout;
    let told: serde_json::Value = serde_json::from_slice(&told).unwrap();
    assert_eq!(told[0]["differences"][0], "GuestError was expected, and it is completed: ");

    // What breaks is a failure with its code; a test of nothing is none.
    fs::write(
        folder.join("main.py"),
        main.replace("    context.report(report)\n    with", "    raise ValueError('broken')\n    with"),
    )
    .unwrap();
    fs::remove_file(folder.join("golden/long-words/expected/count.txt")).unwrap();
    follow("fuelcell test .", &folder, &[]);
    assert!(!try_follow("fuelcell test . --only nothing", &folder, &[]).status.success());
    fs::write(folder.join("golden/long-words/case.json"), r#"{"parameterz": {}}"#).unwrap();
    let said = try_follow("fuelcell test .", &folder, &[]).stderr;
    assert!(String::from_utf8(said).unwrap().contains("parameterz"));
}

/// Asks the hosts of the documentation's example, and sums an input.
const ASKS: &str = r#"
import { defineJob, Failure, HttpError } from "fuelcell";

export default defineJob({
  title: "Asks",
  inputs: [{ name: "dataset", parameter: "datasetId" }],
  http: { hosts: ["*.example.com"], secrets: ["TOKEN"] },
  hmac: ["TOKEN"],
  async run(context) {
    let sum = 0;
    for (const line of context.open("dataset").lines()) {
      context.checkCancelled();
      sum += Number(line);
    }
    if (sum === 0) throw new Failure("NoNumber", "There is no number.");
    const told = [];
    const ask = async (method, url, headers = {}) => {
      try {
        const answer = await fetch(url, { method, headers });
        told.push(`${answer.status} ${(await answer.text()).length} ${answer.headers.get("retry-after")}`);
      } catch (error) {
        if (!(error instanceof HttpError)) throw error;
        told.push(error.reason);
      }
    };
    await ask("GET", "https://rates.example.com/latest?base=EUR", { authorization: "Bearer {{secret:TOKEN}}" });
    for (let time = 0; time < 3; time += 1) await ask("POST", "https://hooks.example.com/done");
    await ask("GET", "https://files.example.com/logo.png");
    await ask("GET", "https://down.example.com/");
    await ask("GET", "https://rates.example.com/latest");
    await ask("GET", "https://elsewhere.example.org/");
    await context.save("told.json", { sum, told, mac: context.hmac("TOKEN", "text").length });
  },
});
"#;

#[test]
fn requests_are_answered_out_of_a_file_in_every_run_alike() {
    let home = tempfile::tempdir().unwrap();
    let job = home.path().join("asks");
    let case = job.join("golden/one");
    fs::create_dir_all(case.join("in")).unwrap();
    fs::write(job.join("main.js"), ASKS).unwrap();
    fs::write(case.join("in/dataset.txt"), format!("{:0>200}\n{:0>200}\n", 1, 2)).unwrap();
    let page = fs::read_to_string(built::source("docs/command-line.md")).unwrap();
    let answers = blocks(&page).find(|block| block.language == "json").unwrap();
    fs::write(case.join("http.json"), answers.text).unwrap();
    fs::write(case.join("logo.png"), "picture").unwrap();

    let run = "fuelcell run asks --in asks/golden/one/in/dataset.txt --force";
    let told = |options: &str| {
        let printed = follow(&format!("{run} --json {options}"), home.path(), &[]);
        let told = fs::read_to_string(home.path().join("out/told.json")).unwrap();
        [&printed, &told].map(|text| serde_json::from_str::<serde_json::Value>(text).unwrap())
    };
    let expected = serde_json::json!({
        "sum": 3,
        "told": [
            "200 12 null", "503 5 1", "204 0 null", "204 0 null", "200 7 null", "connection-timeout",
            "HTTP-request-denied", "HTTP-request-denied",
        ],
        "mac": 32,
    });
    for options in ["", "--isolation process", "--deterministic", "--deterministic --isolation process"] {
        let [printed, told] = told(&format!("--http asks/golden/one/http.json {options}"));
        assert_eq!(told, expected, "{options}");
        let contacts = printed["receipt"]["contacts"].as_array().unwrap();
        let hooks = contacts.iter().find(|contact| contact["host"] == "hooks.example.com").unwrap();
        assert_eq!(hooks["requests"], 3, "{contacts:?}");
    }
    // Without answers there are neither requests nor secrets.
    let output = try_follow(run, home.path(), &[]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("--http names a file"), "{output:?}");

    fs::write(home.path().join("wrong.json"), r#"{"answers": [{"url": "rates.example.com"}]}"#).unwrap();
    let output = try_follow(&format!("{run} --http wrong.json"), home.path(), &[]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("answer 1 in wrong.json") && said.contains("is no URL"), "{said}");

    // A case has its answers beside it, and a hostile one has none that come.
    follow("fuelcell test asks --update && fuelcell test asks", home.path(), &[]);
    let output = try_follow("fuelcell test asks --hostile --output json", home.path(), &[]);
    let told: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let failed: Vec<_> = told.iter().filter(|one| one["passed"] == false).collect();
    assert_eq!((output.status.code(), failed.len()), (Some(0), 0), "{failed:#?}");
    let ended = |case: &str| {
        let one = told.iter().find(|one| one["case"] == format!("one, {case}")).unwrap();
        one["ended"].as_str().unwrap().to_owned()
    };
    assert!(ended("dataset random bytes").starts_with("InvalidData: dataset.txt is not utf-8"), "{told:#?}");
    assert_eq!(ended("dataset empty"), "NoNumber: There is no number.");
    assert_eq!(ended("dataset repeated to 16 MiB"), "completed");
    assert_eq!(ended("no host can be reached"), "completed");
    assert!(ended("half of its fuel").starts_with("FuelExhausted: "), "{told:#?}");
    assert_eq!(ended("as it is"), "completed");
    assert!(ended("one byte of disk").starts_with("DiskQuota: "), "{told:#?}");
    assert!(ended("told to stop").starts_with("Cancelled: "), "{told:#?}");

    // What nobody caught is told.
    let careless = ASKS.replace("throw new Failure(\"NoNumber\", ", "throw new Error(");
    fs::write(job.join("main.js"), careless).unwrap();
    let output = try_follow("fuelcell test asks --hostile", home.path(), &[]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{told}");
    assert!(told.contains("an error that nobody caught"), "{told}");
}

#[test]
fn what_stands_in_the_way_of_a_build_is_named() {
    let home = tempfile::tempdir().unwrap();
    let crate_of = |name: &str, manifest: &str| {
        fs::create_dir_all(home.path().join(name).join("src")).unwrap();
        fs::write(home.path().join(name).join("Cargo.toml"), manifest).unwrap();
        fs::write(home.path().join(name).join("src/lib.rs"), "pub fn nothing() {}\n").unwrap();
    };
    crate_of("none", "[package]\nname = \"none\"\nedition = \"2024\"\n");
    crate_of("many", "[workspace]\n");
    fs::create_dir(home.path().join("go")).unwrap();
    fs::write(home.path().join("go/go.mod"), "module example.com/go\n").unwrap();
    fs::create_dir(home.path().join("c")).unwrap();
    fs::write(home.path().join("c/main.c"), "int main(void) { return 0; }\n").unwrap();
    fs::create_dir(home.path().join("empty")).unwrap();
    let tools = built::fuelcell().parent().unwrap().display().to_string();
    for (command, told) in [
        ("fuelcell build nowhere", "there is no folder nowhere"),
        ("fuelcell build empty", "there is no fuelcell.json"),
        ("fuelcell build many", "is of no crate: name the folder of one"),
        ("PATH=$TOOLS fuelcell build none", "there is no rustc: Rust comes by https://rustup.rs"),
        ("fuelcell build none", "the crate makes no module: it needs crate-type"),
        ("PATH=$TOOLS fuelcell build go", "there is no go: Go 1.24 or newer comes by https://go.dev/dl"),
        ("PATH=$TOOLS fuelcell build c", "there is no compiler of C for WASI: zig does"),
        ("WASI_CC='nothing -x' fuelcell build c", "cannot start nothing"),
    ] {
        let refused = try_follow(command, home.path(), &[("TOOLS", &tools)]);
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && said.contains(told), "{command}: {said}");
    }
}

/// `fuelcell dev`, and what it says.
struct Dev {
    process: Child,
    said: Arc<Mutex<String>>,
}

impl Dev {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let mut command = Command::new(built::fuelcell());
        command.arg("dev").args(arguments).current_dir(folder).env("XDG_CONFIG_HOME", folder);
        command.env("XDG_CACHE_HOME", fuelcell_tests::cache());
        let mut process =
            command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let said = Arc::new(Mutex::new(String::new()));
        let into = said.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *into.lock().unwrap() += &(line + "\n");
            }
        });
        Self { process, said }
    }

    /// What it said until it waits for a change again; that is forgotten.
    fn turn(&self) -> String {
        eventually("it waits for a change", Duration::from_secs(120), || {
            let mut said = self.said.lock().unwrap();
            said.contains("waiting for a change").then(|| std::mem::take(&mut *said))
        })
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = (self.process.kill(), self.process.wait());
    }
}

#[test]
fn a_change_is_built_and_run_and_what_cannot_be_built_is_not() {
    let home = tempfile::tempdir().unwrap();
    follow("fuelcell new word-count --lang python", home.path(), &[]);
    let folder = home.path().join("word-count");
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    let (main, manifest) = (folder.join("main.py"), folder.join("fuelcell.json"));
    let (main, manifest) = (fs::read_to_string(main).unwrap(), fs::read_to_string(manifest).unwrap());
    let dev = Dev::start(&folder, &["--", "--in", "dataset=sample.txt"]);
    let first = dev.turn();
    assert!(first.starts_with("completed\nfuel ") && first.contains("/count.txt\n"), "{first}");
    write("main.py", &main.replace(" words\\n", " long words\\n"));
    let second = dev.turn();
    assert!(second.contains("/count.txt  (changed)\n") && second.contains(" %)"), "{second}");
    write("fuelcell.json", "{");
    let broken = dev.turn();
    assert!(broken.starts_with("not built: ") && !broken.contains("completed"), "{broken}");
    write("fuelcell.json", &manifest);
    assert!(dev.turn().contains("/count.txt  (same)\n"));
    write("sample.txt", "a text of six short words\n");
    assert!(dev.turn().contains("/count.txt  (changed)\n"), "inputs are watched, too");

    // What goes on for ever ends when there is something newer; the end of the command is the end of all.
    write("main.py", &main.replace("    context.report(report)\n", "    while True: pass\n"));
    thread::sleep(Duration::from_secs(2));
    write("main.py", &main);
    let last = dev.turn();
    assert!(last.starts_with("completed\n"), "{last}");
    let mut dev = dev;
    kill_process(Pid::from_child(&dev.process), Signal::TERM).unwrap();
    assert_eq!(dev.process.wait().unwrap().code(), Some(130));

    let refused = try_follow("fuelcell dev . -- --out here", &folder, &[]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("--out is not for `fuelcell dev`"),
        "{refused:?}"
    );
    let tests = Dev::start(&folder, &["--test"]);
    assert!(tests.turn().contains("1 of 1 cases as expected"));
}
