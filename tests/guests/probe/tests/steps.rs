//! Every step that can be taken natively. `exit`, `recurse` and endless spinning end the process: they are for hosts.

use std::time::{Duration, Instant};

use fuelcell_sdk::{
    Completion, Failure, GuestJob, Kind, Level, Role, Usage,
    testing::{TestHost, TestRun},
};
use serde_json::{Value, json};

fn host(steps: Value) -> TestHost {
    TestHost::new().parameters(json!({ "steps": steps }))
}

fn run(steps: Value) -> TestRun {
    host(steps).run::<probe::Job>()
}

fn failure_code(run: TestRun) -> String {
    run.end.expect_err("the steps end with a failure").code
}

#[test]
fn no_steps_do_nothing() {
    for parameters in [json!({}), json!({"steps": []}), json!({"datasetId": "d-1", "other": 1})] {
        let run = TestHost::new().parameters(parameters).run::<probe::Job>();
        assert_eq!(run.end, Ok(Completion::Done));
        assert!(run.artifacts.is_empty() && run.logs.is_empty() && run.progress.is_empty());
    }
}

#[test]
fn progress_logs_and_report() {
    let run = run(json!([
        {"do": "progress", "done": 1, "total": 3, "stage": "Reading"},
        {"do": "log", "message": "hello"},
        {"do": "log", "level": "warn", "stage": "Reading", "message": "again", "times": 2},
        {"do": "report", "recordsProcessed": 7, "qualityScore": 99.5,
         "warnings": [{"type": "DataQuality", "message": "odd", "count": 2}]},
    ]));
    assert_eq!(run.end, Ok(Completion::Done));
    assert_eq!(
        (run.progress[0].done, run.progress[0].total, run.progress[0].stage.as_str()),
        (1, 3, "Reading")
    );
    let lines: Vec<_> = run.logs.iter().map(|line| (line.level, line.message.as_str())).collect();
    assert_eq!(lines, [(Level::Info, "hello"), (Level::Warn, "again"), (Level::Warn, "again")]);
    let report = run.report.expect("the report step sets one");
    assert_eq!((report.records_processed, report.quality_score), (7, Some(99.5)));
    assert_eq!((report.warnings[0].kind.as_str(), report.warnings[0].count), ("DataQuality", 2));
}

#[test]
fn artifacts_of_text_and_of_size() {
    let run = run(json!([
        {"do": "artifact", "name": "out.txt", "text": "hello", "kind": "report", "primary": true},
        {"do": "artifact", "name": "big.bin", "bytes": 10_000, "recordCount": 4},
        {"do": "artifact", "name": "rejects.csv", "text": "line,reason\n", "failedRecords": true},
        {"do": "artifact", "name": "half.txt", "text": "gone", "unfinished": true},
    ]));
    assert_eq!(run.end, Ok(Completion::Done));
    assert_eq!(run.text("out.txt"), Some("hello"));
    let text = &run.artifacts["out.txt"].description;
    assert_eq!((text.kind, text.primary, text.media_type.as_str()), (Kind::Report, true, "text/plain"));
    let big = &run.artifacts["big.bin"];
    assert_eq!((big.bytes.len(), big.bytes[9_999]), (10_000, ((9_999 % 4096) % 251) as u8));
    assert_eq!((big.description.kind, big.description.record_count), (Kind::Data, Some(4)));
    assert_eq!(run.artifacts["rejects.csv"].description.role, Role::FailedRecords);
    assert!(run.unfinished.contains("half.txt"));
}

#[test]
fn a_taken_name_fails() {
    let twice = json!({"do": "artifact", "name": "a", "text": ""});
    assert_eq!(failure_code(run(json!([twice, twice]))), "InvalidRequest");
}

#[test]
fn inputs_are_copied() {
    let content = vec![3; 150_000];
    let steps = json!([
        {"do": "echoInput", "artifact": "copy"},
        {"do": "echoInput", "input": "dataset", "artifact": "second copy"},
    ]);
    let run = host(steps).input("dataset", "data.bin", &content).run::<probe::Job>();
    assert_eq!(run.bytes("copy"), Some(content.as_slice()));
    assert_eq!(run.bytes("second copy"), Some(content.as_slice()));
    assert_eq!(failure_code(self::run(json!([{"do": "echoInput", "artifact": "copy"}]))), "InvalidRequest");
}

#[test]
fn checkpoints() {
    let first = run(json!([{"do": "expectCheckpoint"}, {"do": "checkpoint", "text": "half"}]));
    assert_eq!(first.checkpoint.as_deref(), Some(b"half".as_slice()));
    let expect = json!([{"do": "expectCheckpoint", "text": "half"}]);
    assert_eq!(host(expect.clone()).checkpoint("half").run::<probe::Job>().end, Ok(Completion::Done));
    let other = host(expect).checkpoint("other").run::<probe::Job>();
    assert_eq!(
        other.end,
        Err(Failure::new("UnexpectedCheckpoint", r#"expected Some("half"), found Some("other")"#))
    );
}

#[test]
fn processed_items() {
    let steps = json!([{"do": "failIfSeen", "key": "a"}, {"do": "mark", "key": "a"}]);
    let first = host(steps).run::<probe::Job>();
    assert_eq!(first.end, Ok(Completion::Done));
    assert_eq!(failure_code(first.next_attempt().run::<probe::Job>()), "Seen");
}

#[test]
fn waiting_for_cancellation() {
    let steps = json!([{"do": "waitForCancel"}, {"do": "fail"}]);
    let cancelled = host(steps.clone()).cancel_after_polls(2).run::<probe::Job>();
    assert_eq!((cancelled.end, cancelled.polls), (Ok(Completion::Done), 3));
    assert_eq!(cancelled.checkpoint.as_deref(), Some(b"stopped: user".as_slice()));
    let late = host(steps).deadline_after_polls(0).run::<probe::Job>();
    assert_eq!(late.checkpoint.as_deref(), Some(b"stopped: deadline".as_slice()));
}

#[test]
fn steps_that_take_time_take_it() {
    let steps = [
        json!({"do": "sleep", "milliseconds": 30}),
        json!({"do": "spin", "milliseconds": 30}),
        json!({"do": "ignoreCancel", "milliseconds": 30}),
    ];
    for step in steps {
        let start = Instant::now();
        let run = host(json!([step])).cancel_after_polls(0).run::<probe::Job>();
        assert_eq!(run.end, Ok(Completion::Done));
        assert!(start.elapsed() >= Duration::from_millis(30), "{step}");
    }
}

#[test]
fn work_and_memory_are_used_up_quietly() {
    let run = run(json!([{"do": "work", "rounds": 1000}, {"do": "allocate", "bytes": 3_000_000}]));
    assert_eq!(run.end, Ok(Completion::Done));
}

#[test]
fn entropy_is_written() {
    let run = run(json!([{"do": "entropy", "artifact": "entropy.txt"}]));
    let lines: Vec<_> = run.text("entropy.txt").expect("the artifact is text").lines().collect();
    assert!(lines[0].starts_with("clock ") && lines[1].starts_with("random "));
}

#[test]
fn ends() {
    assert_eq!(run(json!([{"do": "noItems"}, {"do": "fail"}])).end, Ok(Completion::NoItems));
    assert_eq!(
        run(json!([{"do": "skip", "reason": "weekend"}])).end,
        Ok(Completion::Skipped("weekend".into()))
    );
    let failed = run(json!([{"do": "fail", "code": "Odd", "message": "no", "transient": true}]));
    assert_eq!(failed.end, Err(Failure::new("Odd", "no").transient()));
    assert_eq!(failure_code(run(json!([{"do": "fail"}]))), "ProbeFailed");
}

#[test]
fn fail_once_passes_the_second_time() {
    let first = run(json!([{"do": "failOnce"}]));
    assert!(first.end.as_ref().is_err_and(|failure| failure.transient));
    assert_eq!(first.next_attempt().run::<probe::Job>().end, Ok(Completion::Done));
}

#[test]
#[should_panic(expected = "on purpose")]
fn panics() {
    run(json!([{"do": "panic", "message": "on purpose"}]));
}

#[test]
fn wrong_steps_are_refused_before_anything_is_done() {
    let wrong = [
        json!({"do": "dance"}),
        json!({"milliseconds": 5}),
        json!({"do": "sleep"}),
        json!({"do": "sleep", "milliseconds": 1, "seconds": 5}),
        json!({"do": "fail", "mesage": "misspelt"}),
        json!({"do": "sleep", "milliseconds": -1}),
        json!({"do": "artifact", "name": "neither text nor bytes"}),
    ];
    for step in wrong {
        let run = run(json!([{"do": "log", "message": "first"}, step]));
        assert!(run.logs.is_empty());
        let failure = run.end.unwrap_err();
        assert_eq!(failure.code, "InvalidParameters", "{step}");
        assert!(failure.message.contains("/steps/1"), "{}", failure.message);
    }
}

/// The README lists every step, and no other.
#[test]
fn the_readme_lists_the_steps() {
    let manifest = serde_json::to_value(probe::Job::manifest()).unwrap();
    let variants = manifest["parameters"]["$defs"]["Step"]["oneOf"].as_array().unwrap().clone();
    let mut steps: Vec<_> =
        variants.iter().map(|step| step["properties"]["do"]["const"].as_str().unwrap().to_owned()).collect();
    let readme = include_str!("../README.md");
    let mut listed: Vec<_> = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'))
        .map(|(name, _)| name.to_owned())
        .collect();
    steps.sort();
    listed.sort();
    assert_eq!(steps, listed);
}

#[test]
fn what_is_spilt_is_read_back() {
    let run = run(json!([{"do": "spill", "bytes": 100_000}]));
    assert_eq!(run.end, Ok(Completion::Done));
    let again = self::run(json!([{"do": "spill", "bytes": 1}]));
    std::fs::remove_file(fuelcell_sdk::temp_dir().join(format!("probe-{}.spill", std::process::id())))
        .unwrap();
    assert_eq!(failure_code(again), "SpillFound");
}

#[test]
fn usage_is_what_the_host_says() {
    let told = Usage { fuel: 5, memory_bytes: 7, elapsed: None };
    let steps = json!([{"do": "usage", "rounds": 1, "artifact": "used.txt"}]);
    let run = host(steps.clone()).usage(told).run::<probe::Job>();
    assert_eq!(run.text("used.txt"), Some("5 7 none\n5 7 none\n"));
    let timed = host(steps).run::<probe::Job>();
    assert!(timed.text("used.txt").unwrap().starts_with("0 0 "), "nobody counts natively");
}

#[test]
fn macs_are_the_hosts() {
    let steps = json!([{"do": "hmac", "secret": "PROBE_KEY", "texts": ["what do ya want for nothing?"], "times": 2, "artifact": "macs.txt"}]);
    let run = host(steps.clone()).secret("PROBE_KEY", "Jefe").run::<probe::Job>();
    let mac = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843\n";
    assert_eq!(run.text("macs.txt"), Some(mac.repeat(2).as_str()));
    assert_eq!(failure_code(self::run(steps)), "InvalidRequest");
}
