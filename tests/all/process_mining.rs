//! The built-in ProcessMining job on good and on bad input.

use flate2::Compression;
use flate2::write::GzEncoder;
use fuelcell_tests::{Project, Server, built, eventually};
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

pub(crate) const CSV: &str = "case_id,activity,timestamp,resource\n\
    1,register,2024-01-02T08:00:00Z,ann\n\
    1,check,2024-01-02T09:00:00Z,bob\n\
    1,pay,2024-01-03T09:30:00Z,ann\n\
    2,register,2024-01-05T08:00:00Z,ann\n\
    2,pay,2024-01-05T12:00:00Z,ann\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Mines a file and returns the job's id.
pub(crate) fn mine(project: &Project, name: &str, bytes: &[u8], parameters: Value) -> String {
    let mut parameters = parameters;
    parameters["datasetId"] = json!(project.dataset(name, bytes));
    let pipeline = project.pipeline("ProcessMining");
    let body = json!({
        "jobName": name, "jobType": "ProcessMining", "parameters": parameters,
        "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
    });
    project.submit(&body).ok()["jobId"].as_str().unwrap().to_owned()
}

/// An output of an ended job, by its file name.
pub(crate) fn output(project: &Project, job: &str, name: &str) -> Vec<u8> {
    let results = project.results(job)["results"].clone();
    let mut outputs = results["additionalOutputs"].as_array().unwrap().clone();
    outputs.push(results["primaryOutput"].clone());
    let found = outputs.iter().find(|output| output["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {results:#}"));
    let answer = project.client.with_token(None).get(found["downloadUrl"].as_str().unwrap());
    assert_eq!(answer.status, 200);
    answer.body
}

#[test]
fn a_log_becomes_figures_a_report_and_a_map() {
    let server = Server::start();
    let project = Project::new(&server);
    for (name, bytes) in [("log.csv", CSV.as_bytes().to_vec()), ("log.csv.gz", gzip(CSV.as_bytes()))] {
        let job = mine(&project, name, &bytes, json!({}));
        project.wait_for(&job, "Completed");
        let figures: Value = serde_json::from_slice(&output(&project, &job, "process-mining.json")).unwrap();
        assert_eq!(
            (&figures["num_events"], &figures["num_cases"], &figures["num_variants"]),
            (&json!(5), &json!(2), &json!(2))
        );
        assert_eq!(figures["start_activities"], json!({"register": 2}));
        assert_eq!(figures["end_activities"], json!({"pay": 2}));
        assert_eq!(figures["case_duration"]["max_seconds"], 91_800.0);
        let report = String::from_utf8(output(&project, &job, "report.html")).unwrap();
        assert!(report.to_lowercase().starts_with("<!doctype html>") && report.contains("register"));
        assert!(String::from_utf8(output(&project, &job, "process-map.svg")).unwrap().contains("<svg"));
        let results = project.results(&job);
        assert_eq!(results["results"]["primaryOutput"]["type"], "ProcessMiningReport");
        assert_eq!(results["summary"]["recordsProcessed"], 5);
        let found = &results["qualityMetrics"]["dataValidation"];
        let figure = |name: &str| found[name].as_u64().unwrap();
        assert_eq!(
            figure("totalRecords"),
            figure("validRecords") + figure("duplicatesRemoved") + figure("invalidRecords")
        );
    }
}

#[test]
fn a_log_is_compared_with_the_model_of_an_earlier_job() {
    let server = Server::start();
    let project = Project::new(&server);
    let first = mine(&project, "log.csv", CSV.as_bytes(), json!({}));
    project.wait_for(&first, "Completed");
    let model = project.dataset("model.json", &output(&project, &first, "model.json"));
    let later = CSV.replace("2,register", "2,ask").replace("2,pay", "2,check");
    let job = mine(&project, "later.csv", later.as_bytes(), json!({"modelId": model}));
    project.wait_for(&job, "Completed");
    let figures: Value = serde_json::from_slice(&output(&project, &job, "process-mining.json")).unwrap();
    let found = &figures["model_conformance"];
    assert_eq!((&found["num_cases_judged"], &found["case_fitness"]), (&json!(2), &json!(0.5)));
    assert_eq!(
        found["deviations_per_kind"],
        json!({"UnknownActivity": 1, "Start": 0, "Succession": 0, "End": 1})
    );

    let foreign = project.dataset("model.json", b"{\"cells\": []}");
    let job = mine(&project, "later.csv", later.as_bytes(), json!({"modelId": foreign}));
    let status = project.wait_for(&job, "Failed");
    assert!(status.to_string().contains("InvalidModel"), "{status:#}");
}

#[test]
fn the_dataset_of_a_pipeline_is_its_log_and_no_model() {
    let server = Server::start();
    let project = Project::new(&server);
    let (dataset, pipeline) = (project.dataset("log.csv", CSV.as_bytes()), project.pipeline("ProcessMining"));
    let body = json!({"name": "orders", "jobType": "ProcessMining", "datasetId": dataset});
    project.client.put(&project.path(&format!("pipelines/{pipeline}")), &body).ok();
    let body = json!({
        "jobName": "orders", "jobType": "ProcessMining",
        "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
    });
    let job = project.submit(&body).ok()["jobId"].as_str().unwrap().to_owned();
    project.wait_for(&job, "Completed");
    let figures: Value = serde_json::from_slice(&output(&project, &job, "process-mining.json")).unwrap();
    assert_eq!((&figures["num_events"], figures.get("model_conformance")), (&json!(5), None));
}

#[test]
fn the_time_window_keeps_the_cases_that_lie_in_it() {
    let server = Server::start();
    let project = Project::new(&server);
    let window = |start: &str, end: &str| json!({"timeWindow": {"startDate": start, "endDate": end}});
    let job = mine(&project, "log.csv", CSV.as_bytes(), window("2024-01-01", "2024-01-03"));
    project.wait_for(&job, "Completed");
    assert_eq!(project.results(&job)["summary"]["recordsProcessed"], 3, "the end's whole day counts");
    let empty = mine(&project, "log.csv", CSV.as_bytes(), window("1999-01-01", "1999-12-31"));
    let status = project.wait_for(&empty, "Completed");
    assert_eq!((&status["completion"], &status["metrics"]["warningCount"]), (&json!("NoItems"), &json!(1)));
    let listed = project.client.get(&project.path("execution/jobs?pageSize=1")).ok()["jobs"][0].clone();
    assert_eq!((&listed["completion"], &listed["warningCount"]), (&json!("NoItems"), &json!(1)));
    let results = project.results(&empty);
    assert_eq!(results["summary"]["recordsProcessed"], 0);
    assert!(results["summary"]["dataQualityScore"].is_null(), "{results:#}");
    assert_eq!(results["qualityMetrics"]["warnings"][0]["type"], "EmptyTimeWindow");
}

#[test]
fn bad_logs_fail_with_what_was_wrong_and_the_server_goes_on() {
    let server = Server::start();
    let project = Project::new(&server);
    let truncated = gzip(CSV.repeat(100).as_bytes());
    let truncated = &truncated[..truncated.len() / 2];
    let xes = "<?xml version=\"1.0\"?><log><trace><string key=\"concept:name\" value=\"1\"/><event></log>";
    let cases: [(&str, &[u8], &str, &str); 6] = [
        ("broken.xes", xes.as_bytes(), "CorruptXes", "event"),
        ("short.csv.gz", truncated, "TruncatedGzip", "gzip"),
        ("plain.csv", b"case_id,activity,colour\n1,a,red\n", "MissingColumn", "colour"),
        ("header.csv", b"case_id,activity,timestamp\n", "EmptyLog", "no events"),
        ("empty.csv", b"", "EmptyLog", "empty"),
        ("dates.csv", b"case_id,activity,timestamp\n1,a,someday\n", "", "timestamp"),
    ];
    for (name, bytes, code, mentioned) in cases {
        let job = mine(&project, name, bytes, json!({}));
        let error = project.wait_for(&job, "Failed")["error"].clone();
        assert_eq!(error["code"], "GuestError", "{name}: {error}");
        let said = format!("{} {}", error["message"], error["details"]);
        assert!(said.contains(code) && said.contains(mentioned), "{name}: {said}");
    }
    let good = mine(&project, "log.csv", CSV.as_bytes(), json!({}));
    project.wait_for(&good, "Completed");
}

#[test]
fn a_job_without_its_dataset_is_refused_at_submit() {
    let server = Server::start();
    let project = Project::new(&server);
    let pipeline = project.pipeline("ProcessMining");
    let body = json!({"jobName": "j", "jobType": "ProcessMining", "resource": {"resourceType": "Pipeline", "resourceId": pipeline}});
    let (code, detail) = project.submit(&body).problem(400);
    assert_eq!(code, "DatasetRequired");
    assert!(detail.contains("parameters.datasetId"), "{detail}");
}

#[test]
fn the_sample_that_ships_with_the_job_can_be_mined() {
    let server = Server::start();
    let project = Project::new(&server);
    let log = std::fs::read(built::source("example-jobs/built-in/process-mining/sample/order-to-cash.csv"))
        .unwrap();
    let job = mine(
        &project,
        "order-to-cash.csv",
        &log,
        json!({"includeAnomalyDetection": true, "generateInsights": true}),
    );
    let status = project.wait_for(&job, "Completed");
    assert_eq!(status["progress"]["percentage"], 100);
}

/// A log of so many cases of five events, in no particular order of time.
fn large_log(cases: u32) -> Vec<u8> {
    let mut log = b"case_id,activity,timestamp,resource\n".to_vec();
    for case in 0..cases {
        for (hour, activity) in ["register", "check", "decide", "pay", "close"].iter().enumerate() {
            let (day, minute) = (1 + case % 28, case % 60);
            writeln!(
                log,
                "c{case},{activity},2024-02-{day:02}T{:02}:{minute:02}:00Z,r{}",
                8 + hour,
                case % 40
            )
            .unwrap();
        }
    }
    log
}

#[test]
fn progress_rises_to_100_and_a_cancel_in_the_middle_keeps_the_checkpoint() {
    // Progress is kept so often that a fast machine shows steps between 0 and 100 too.
    let server = Server::start_set(&[("PULSE_MILLISECONDS", "20")]);
    let project = Project::new(&server);
    let log = large_log(400_000);
    let job = mine(&project, "large.csv", &log, json!({}));
    let mut seen = Vec::new();
    let last = eventually("the job ends", Duration::from_secs(120), || {
        let status = project.status(&job);
        seen.push(status["progress"]["percentage"].as_u64().unwrap());
        (status["status"] != "Queued" && status["status"] != "Running").then_some(status)
    });
    assert_eq!(
        (&last["status"], &last["progress"]["percentage"]),
        (&json!("Completed"), &json!(100)),
        "{last:#}"
    );
    assert!(seen.is_sorted(), "progress never falls: {seen:?}");
    assert!(
        seen.iter().any(|percentage| (1..100).contains(percentage)),
        "progress is seen to move: {seen:?}"
    );

    let cancelled = mine(&project, "large.csv", &log, json!({}));
    eventually("the job is in the middle", Duration::from_secs(120), || {
        let percentage = project.status(&cancelled)["progress"]["percentage"].as_u64().unwrap();
        (percentage > 5).then_some(())
    });
    project.client.delete(&project.job_path(&cancelled), Some(&json!({"preservePartialResults": true}))).ok();
    project.wait_for(&cancelled, "Cancelled");
    let results = project.results(&cancelled);
    assert_eq!(results["partial"], true);
    let outputs = results["results"]["additionalOutputs"].as_array().unwrap();
    assert!(outputs.iter().any(|output| output["type"] == "Checkpoint"), "{results:#}");
}
