//! When work was begun: from start times, or from start and complete events.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

const LIFECYCLE: &str = "\
case_id,activity,timestamp,lifecycle:transition,resource
1,check,2024-01-01T08:00:00Z,schedule,ann
1,check,2024-01-01T09:00:00Z,START,ann
1,check,2024-01-01T09:30:00Z,COMPLETE,ann
1,pay,2024-01-01T09:45:00Z,start,bob
1,check,2024-01-01T10:00:00Z,start,ann
1,pay,2024-01-01T10:15:00Z,complete,bob
1,check,2024-01-01T10:20:00Z,complete,ann
2,pay,2024-01-02T08:00:00Z,complete,bob
2,check,2024-01-02T09:00:00Z,start,ann
";

const STARTS: &str = "\
case_id,activity,start_timestamp,timestamp,resource
1,check,2024-01-01T09:00:00Z,2024-01-01T09:30:00Z,ann
1,pay,2024-01-01T09:45:00Z,2024-01-01T10:15:00Z,bob
1,file,2024-01-01T10:00:00Z,2024-01-01T10:20:00Z,ann
2,check,,2024-01-02T08:00:00Z,ann
";

fn run(log: &str) -> TestRun {
    TestHost::new().input("dataset", "log.csv", log).parameters(json!({})).run::<Job>()
}

fn figures(run: &TestRun) -> Value {
    assert_eq!(run.end, Ok(Completion::Done));
    serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap()
}

fn spread(count: u64, mean: f64) -> Value {
    json!({"count": count, "mean_seconds": mean})
}

fn times(figures: &Value, key: &str, activity: &str) -> Value {
    let times = &figures[key][activity];
    json!({"count": times["count"], "mean_seconds": times["mean_seconds"]})
}

#[test]
fn start_and_complete_events_make_a_piece_of_work() {
    let run = run(LIFECYCLE);
    let figures = figures(&run);
    assert_eq!(
        figures["work"],
        json!({"source": "start and complete events", "items": 3, "only_started": 1, "only_completed": 1})
    );
    assert_eq!(times(&figures, "service_time_per_activity", "check"), spread(2, 1500.0));
    assert_eq!(times(&figures, "service_time_per_activity", "pay"), spread(1, 1800.0));
    // The first check waits from its schedule, the second from the end of the first: paying goes on beside it.
    // The third one has not ended, but it waited all the same.
    assert_eq!(times(&figures, "waiting_time_per_activity", "check"), spread(3, 3000.0));
    assert_eq!(times(&figures, "waiting_time_per_activity", "pay"), spread(1, 900.0));
    let report = run.text("report.html").unwrap();
    assert!(
        report.contains("3 pieces of work found; 1 start without completion and 1 completion without start")
    );
}

#[test]
fn utilisation_counts_parallel_work_once() {
    let figures = figures(&run(LIFECYCLE));
    let ann = json!({
        "resource": "ann",
        "items": 2,
        "busy_seconds": 3000.0,
        "work_seconds": 3000.0,
        "observed_seconds": 4800.0,
        "utilization": 0.625,
        "mean_items_at_once": 1.0,
    });
    assert_eq!(figures["resource_utilization"][0], ann);
    assert_eq!(figures["resource_utilization"][1]["utilization"], 1.0);
}

#[test]
fn start_times_say_the_same() {
    let figures = figures(&run(STARTS));
    assert_eq!(
        figures["work"],
        json!({"source": "start times", "items": 3, "only_started": 0, "only_completed": 1})
    );
    assert_eq!(times(&figures, "service_time_per_activity", "file"), spread(1, 1200.0));
    // Begun before the event ahead of it was over: it did not wait.
    assert_eq!(times(&figures, "waiting_time_per_activity", "file"), spread(1, 0.0));
    assert_eq!(figures["resource_utilization"][0]["busy_seconds"], 3000.0);
}

/// Waiting and work of every row of the enriched log.
fn enriched(log: &str) -> Vec<String> {
    let run = run(log);
    let mut rows =
        run.text("enriched-log.csv").unwrap().lines().map(|row| row.split(',').collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let column = |name: &str| header.iter().position(|&column| column == name).unwrap();
    let (waiting, work) = (column("waiting_seconds"), column("work_seconds"));
    rows.map(|row| format!("{}|{}", row[waiting], row[work])).collect()
}

#[test]
fn the_enriched_log_has_waiting_and_work_of_every_piece() {
    // A first event waits for nothing that is known; filing began before paying had ended.
    assert_eq!(enriched(STARTS), ["|1800", "900|1800", "0|1200", "|"]);
    // What completes a piece of work has its figures: checks that waited for 3600 s and 1800 s, and paying for 900 s.
    assert_eq!(enriched(LIFECYCLE), ["|", "|", "3600|1800", "|", "|", "900|1800", "1800|1200", "|", "3600|"]);
    assert_eq!(enriched("case_id,activity,timestamp\n1,check,2024-01-01T09:00:00Z\n"), ["|"]);
}

#[test]
fn without_either_nothing_is_invented() {
    let log = "case_id,activity,timestamp,resource\n1,check,2024-01-01T09:00:00Z,ann\n";
    let run = run(log);
    let figures = figures(&run);
    for key in ["work", "service_time_per_activity", "waiting_time_per_activity", "resource_utilization"] {
        assert!(figures.get(key).is_none(), "{key}");
    }
    let report = run.text("report.html").unwrap();
    assert!(report.contains("waiting and work cannot be told apart"));
    assert!(report.contains("how long resources are at work is not known"));
}

#[test]
fn the_activity_that_keeps_work_waiting_is_named() {
    let mut log = "case_id,activity,start_timestamp,timestamp\n".to_string();
    for case in 1..=9 {
        log += &format!("{case},order,2024-01-0{case}T08:00:00Z,2024-01-0{case}T08:10:00Z\n");
        log += &format!("{case},check,2024-01-0{case}T08:11:00Z,2024-01-0{case}T08:20:00Z\n");
        log += &format!("{case},ship,2024-01-0{case}T18:20:00Z,2024-01-0{case}T18:30:00Z\n");
    }
    let figures = figures(&run(&log));
    let found = figures["insights"].as_array().unwrap();
    let insight = found.iter().find(|insight| insight["kind"] == "WaitingBottleneck").unwrap();
    let text = insight["text"].as_str().unwrap();
    assert!(text.starts_with("Work on \"ship\" waits longest: it holds 99.8 % of all waiting"), "{text}");
    assert_eq!(insight["num_cases"], 9);
}

#[test]
fn times_of_paths_are_parted_into_waiting_and_work() {
    let run = run(STARTS);
    let map = run.text("process-map.svg").unwrap();
    // Ended at 9:30, begun at 9:45, ended at 10:15.
    assert!(map.contains(">1× · 15 min + 30 min<"), "{map}");
    assert!(
        map.contains("check → pay: 1, median 45 min, mean 45 min; median waiting 15 min, median work 30 min"),
        "{map}"
    );
    // What was begun before the end of the step ahead did not wait.
    assert!(map.contains(">1× · 0 s + 20 min<"), "{map}");
    assert!(map.contains("median 3 h waiting, 5 min work"), "{map}");
}
