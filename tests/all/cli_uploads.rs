//! `fuelcell dataset put` of large files, over a line that breaks.

use crate::cli_client::Home;
use fuelcell_tests::proxy::{Fate, Proxy};
use fuelcell_tests::{Project, Server, eventually};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

const MIB: u64 = 1 << 20;
/// Bytes of the file: more than two parts.
const SIZE: usize = 36 * 1024 * 1024 + 7;
/// Bytes that come before the line breaks.
const COME: u64 = 9 * MIB;

/// Somebody with a large file, on a bad line to a server.
struct Scene {
    server: Server,
    project: Project,
    proxy: Proxy,
    home: Home,
    bytes: Vec<u8>,
}

impl Scene {
    fn set() -> Self {
        let server = Server::start();
        let project = Project::new(&server);
        let proxy = Proxy::start(&server);
        let mut home = Home::of(&server, &project);
        home.set("FUELCELL_SERVER", &proxy.url());
        let bytes: Vec<u8> = (0..SIZE).map(|place| (place % 251) as u8).collect();
        fs::write(home.path().join("log.csv"), &bytes).unwrap();
        Self { server, project, proxy, home, bytes }
    }

    /// Begins the upload of the file, and returns when the line has broken and the command pauses. It breaks again as
    /// long as it is not mended.
    fn broken(&self) -> (Child, BufReader<std::process::ChildStderr>) {
        let again = std::iter::repeat_n(Fate::RequestCut(0), 20);
        self.proxy.plan("PATCH", "/uploads/", std::iter::once(Fate::RequestCut(COME)).chain(again));
        let mut put = self.home.command(&["dataset", "put", "log.csv"]);
        let mut put = put.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(put.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("trying again") {
            line.clear();
            assert!(said.read_line(&mut line).unwrap() > 0, "the command ended");
        }
        (put, said)
    }

    /// The bytes that the command has sent, by what it said of its parts.
    fn sent(&self) -> u64 {
        let parts = self.proxy.passed("PATCH", "/uploads/");
        parts.iter().map(|part| part.headers["content-length"].parse::<u64>().unwrap()).sum()
    }

    /// Uploads what is left; the dataset's id, and what was said on standard error.
    fn put(&self, arguments: &[&str]) -> (String, String) {
        let all = [&["dataset", "put", "log.csv"], arguments].concat();
        let output = self.home.command(&all).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{said}");
        (String::from_utf8(output.stdout).unwrap().trim().to_owned(), said)
    }

    fn is_whole(&self, dataset: &str) {
        let content = self.project.path(&format!("datasets/{dataset}/content"));
        assert!(self.server.operator().get(&content).body == self.bytes, "the bytes are those of the file");
        assert_eq!(self.remembered(), 0);
    }

    /// Uploads that the next command would go on with.
    fn remembered(&self) -> usize {
        fs::read_dir(self.home.path().join(".config/fuelcell/uploads")).map_or(0, Iterator::count)
    }

    /// Those that the server knows.
    fn uploads(&self) -> Vec<Value> {
        let told = self.server.operator().get(&self.project.path("uploads")).ok();
        told["uploads"].as_array().unwrap().clone()
    }
}

#[test]
fn an_upload_whose_command_was_killed_goes_on_with_the_same_command() {
    let scene = Scene::set();
    let (mut put, _) = scene.broken();
    put.kill().unwrap();
    put.wait().unwrap();
    scene.proxy.mend();
    eventually("the server keeps what came", Duration::from_secs(60), || {
        (scene.uploads()[0]["offset"] == COME).then_some(())
    });
    let before = scene.sent();
    let listed = scene.home.say(&["dataset", "uploads"]);
    assert!(listed.contains("log.csv") && listed.contains("9.0 MiB"), "{listed}");
    let (dataset, said) = scene.put(&[]);
    assert!(
        said.contains("9.0 MiB of 36.0 MiB have come already: the upload of log.csv goes on there"),
        "{said}"
    );
    assert_eq!(scene.sent() - before, SIZE as u64 - COME, "what has come is not sent again");
    scene.is_whole(&dataset);
    assert_eq!(scene.uploads().len(), 0);
}

#[test]
fn an_interrupted_upload_says_how_it_goes_on_and_a_changed_file_begins_anew() {
    let mut scene = Scene::set();
    let (mut put, said) = scene.broken();
    kill_process(Pid::from_child(&put), Signal::INT).unwrap();
    assert_eq!(put.wait().unwrap().code(), Some(130));
    let said: Vec<_> = said.lines().map_while(Result::ok).collect();
    assert!(said.iter().any(|line| line.contains("the same command goes on from there")), "{said:#?}");
    assert_eq!((scene.remembered(), scene.uploads().len()), (1, 1));
    scene.proxy.mend();
    scene.bytes[0] = b'x';
    fs::write(scene.home.path().join("log.csv"), &scene.bytes).unwrap();
    let before = scene.sent();
    let (dataset, said) = scene.put(&[]);
    assert!(said.contains("log.csv has changed since its upload began: it begins anew"), "{said}");
    assert_eq!(scene.sent() - before, SIZE as u64);
    scene.is_whole(&dataset);
    assert_eq!(scene.uploads().len(), 0, "the earlier one was given up");

    // And so it is when somebody says so.
    let (mut put, _) = scene.broken();
    put.kill().unwrap();
    put.wait().unwrap();
    scene.proxy.mend();
    let before = scene.sent();
    let (dataset, _) = scene.put(&["--no-resume"]);
    assert_eq!(scene.sent() - before, SIZE as u64);
    scene.is_whole(&dataset);
    assert_eq!(scene.uploads().len(), 0);
}

#[test]
fn a_command_goes_on_by_itself_when_the_server_was_killed_and_when_an_answer_was_lost() {
    let mut scene = Scene::set();
    let (put, said) = scene.broken();
    scene.server.kill();
    scene.server.restart();
    scene.proxy.lead_to(&scene.server);
    scene.proxy.mend();
    let said: Vec<_> = said.lines().map_while(Result::ok).collect();
    let output = put.wait_with_output().unwrap();
    assert!(output.status.success(), "{said:#?}");
    scene.is_whole(String::from_utf8(output.stdout).unwrap().trim());

    // The last part came, and its answer did not: the dataset is there.
    scene.bytes.truncate(10 * 1024 * 1024);
    fs::write(scene.home.path().join("log.csv"), &scene.bytes).unwrap();
    scene.proxy.plan("PATCH", "/uploads/", [Fate::AnswerLost]);
    let before = scene.sent();
    let (dataset, said) = scene.put(&[]);
    assert!(said.contains("trying again"), "{said}");
    assert_eq!(scene.sent() - before, 10 * MIB, "it was sent once");
    scene.is_whole(&dataset);
}

#[test]
fn an_upload_whose_begin_was_not_answered_is_found_again_and_none_stays_behind() {
    let mut scene = Scene::set();
    let begun = |scene: &Scene| scene.proxy.passed("POST", "/uploads").len();
    scene.bytes.truncate(10 * 1024 * 1024);
    fs::write(scene.home.path().join("log.csv"), &scene.bytes).unwrap();
    scene.proxy.plan("POST", "/uploads", [Fate::AnswerLost]);
    let (dataset, _) = scene.put(&[]);
    scene.is_whole(&dataset);
    assert_eq!((begun(&scene), scene.uploads().len()), (1, 0));

    // The line stays broken: the same command finds it, also as the input of a job.
    scene.proxy.plan("POST", "/uploads", [Fate::AnswerLost]);
    scene.proxy.plan("GET", "/uploads", [Fate::AnswerLost]);
    let failed = scene.home.command(&["dataset", "put", "log.csv"]).output().unwrap();
    assert_eq!(failed.status.code(), Some(6), "{}", String::from_utf8_lossy(&failed.stderr));
    assert_eq!((scene.remembered(), scene.uploads().len()), (1, 1));
    let named = ["--type", "Analysis", "--name", "from a large file", "--module", "nobody"];
    let submit = [&["job", "submit", "--upload", "datasetId=log.csv"][..], &named].concat();
    let submitted = scene.home.command(&submit).output().unwrap();
    let said = String::from_utf8(submitted.stderr).unwrap();
    assert!(said.contains("0 B of 10.0 MiB have come already"), "{said}");
    let dataset = said.split("dataset ").nth(1).and_then(|rest| rest.split(':').next()).unwrap();
    scene.is_whole(dataset);
    assert_eq!((begun(&scene), scene.uploads().len()), (2, 0));
}
