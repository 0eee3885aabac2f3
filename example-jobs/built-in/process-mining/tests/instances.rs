//! Activity instances: which events are one execution of an activity, and what is counted of them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

fn run(log: &str, parameters: Value) -> TestRun {
    TestHost::new().input("dataset", "log", log).parameters(parameters).run::<Job>()
}

fn figures(run: &TestRun) -> Value {
    assert_eq!(run.end, Ok(Completion::Done));
    serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap()
}

fn mined(log: &str) -> Value {
    figures(&run(log, json!({})))
}

/// A table with one row a transition: case, activity, transition, hour and minute, instance.
fn table(rows: &[&str]) -> String {
    let mut table = "case_id,activity,lifecycle:transition,timestamp,concept:instance\n".to_string();
    for row in rows {
        let mut fields = row.split(' ');
        let mut next = || fields.next().unwrap_or_default();
        let (case, activity, transition, clock, instance) = (next(), next(), next(), next(), next());
        table += &format!("{case},{activity},{transition},2024-05-06T{clock}:00Z,{instance}\n");
    }
    table
}

fn service(figures: &Value, activity: &str) -> (u64, f64) {
    let times = &figures["instances"]["service_time_per_activity"][activity];
    (times["count"].as_u64().unwrap_or(0), times["mean_seconds"].as_f64().unwrap_or(-1.0))
}

#[test]
fn a_start_and_an_end_are_one_execution() {
    let log = table(&["1 a start 08:00", "1 a complete 08:30", "1 b start 09:00", "1 b complete 10:00"]);
    let run = run(&log, json!({}));
    let figures = figures(&run);
    assert_eq!((&figures["num_events"], &figures["cases_with_rework"]), (&json!(4), &json!(1)));
    let instances = &figures["instances"];
    assert_eq!(instances["num_instances"], 2);
    assert_eq!(instances["activity_counts"], json!({"a": 1, "b": 1}));
    assert_eq!((&instances["cases_with_rework"], &instances["self_loop_edges"]), (&json!(0), &json!(0)));
    assert_eq!((service(&figures, "a"), service(&figures, "b")), ((1, 1800.0), (1, 3600.0)));
    let report = run.text("report.html").unwrap();
    assert!(report.contains("0 of 1 case (0 %) repeat at least one activity"), "rework of executions");
    assert!(report.contains("4 events are the life-cycle transitions of 2 activity instances"));
    let rows: Vec<&str> = run.text("enriched-log.csv").unwrap().lines().collect();
    assert!(rows.iter().all(|row| !row.contains(",true,")), "no execution is repeated: {rows:?}");
}

#[test]
fn filters_and_groups_mean_executions_as_the_report_does() {
    let log = table(&[
        "1 a start 08:00",
        "1 a complete 08:30",
        "1 b start 09:00",
        "1 b complete 10:00",
        "2 a start 08:00",
        "2 a complete 08:30",
        "2 a start 08:40",
        "2 a complete 09:00",
        "2 b start 09:10",
        "2 b complete 10:00",
    ]);
    let kept = |attribute: &str, value: &str, more: Value| {
        let mut parameters = json!({"filters": [{"attribute": attribute, "values": [value]}]});
        parameters.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        figures(&run(&log, parameters))["num_cases"].clone()
    };
    assert_eq!(kept("rework", "yes", json!({})), 1);
    assert_eq!(kept("variant", "a → b", json!({})), 1);
    assert_eq!(kept("directly follows", "a → a", json!({})), 1);
    assert_eq!(kept("rework", "yes", json!({"granularity": "events"})), 2);
    // Each condition is on what the ones before it have left.
    let two =
        json!([{"attribute": "activities", "values": ["b"]}, {"attribute": "rework", "values": ["no"]}]);
    assert_eq!(figures(&run(&log, json!({"filters": two})))["num_cases"], 1);
    let groups = json!({"compare": [{"filters": [{"attribute": "rework", "values": ["yes"]}]}]});
    let compared = &figures(&run(&log, groups))["comparison"]["groups"];
    let cases: Vec<&Value> = compared.as_array().unwrap().iter().map(|group| &group["cases"]).collect();
    assert_eq!(cases, [1, 1]);
}

#[test]
fn events_are_counted_where_that_is_asked_for() {
    let log = table(&["1 a start 08:00", "1 a complete 08:30"]);
    let run = run(&log, json!({"granularity": "events"}));
    assert_eq!(figures(&run)["granularity"], "events");
    assert!(run.text("report.html").unwrap().contains("1 of 1 case (100 %) repeat at least one activity"));
}

#[test]
fn names_of_instances_say_what_belongs_together() {
    let log = table(&[
        "1 lab start 08:00 x",
        "1 lab start 10:00 y",
        "1 lab complete 11:00 y",
        "1 lab complete 14:00 x",
    ]);
    let times = &mined(&log)["instances"]["service_time_per_activity"]["lab"];
    assert_eq!((&times["count"], &times["mean_seconds"]), (&json!(2), &json!(12600.0)));
    let spread = mined(&log.replace(",x", ",").replace(",y", ","));
    assert_eq!(service(&spread, "lab"), (2, 12600.0));
    let unequal = |log: &str| -> Vec<String> {
        let run = run(log, json!({}));
        let rows = run.text("enriched-log.csv").unwrap().lines().skip(1).map(str::to_string);
        rows.map(|row| row.split(',').nth(9).unwrap().to_string()).filter(|work| !work.is_empty()).collect()
    };
    assert_eq!(unequal(&log), ["3600", "21600"]);
    assert_eq!(unequal(&log.replace(",x", ",").replace(",y", ",")), ["10800", "14400"]);
    // Names of events pair nothing, and do no harm.
    let events = table(&["1 lab start 08:00 1", "1 lab complete 09:00 2"]);
    assert_eq!(service(&mined(&events), "lab"), (1, 3600.0));
}

#[test]
fn suspended_time_is_no_work() {
    let log = table(&[
        "1 call schedule 08:00",
        "1 call start 09:00",
        "1 call suspend 10:00",
        "1 call resume 14:00",
        "1 call complete 15:00",
    ]);
    let figures = mined(&log);
    assert_eq!(service(&figures, "call"), (1, 7200.0));
    assert_eq!(figures["instances"]["suspended_time_per_activity"]["call"]["mean_seconds"], 14400.0);
    assert_eq!(figures["instances"]["waiting_time_per_activity"]["call"]["mean_seconds"], 3600.0);
    assert_eq!(figures["case_duration"]["mean_seconds"], 25200.0);
    assert_eq!(figures["case_lead_time"]["mean_seconds"], 21600.0, "from the begin to the end");
}

#[test]
fn work_that_has_not_ended_is_seen() {
    let log = table(&["1 a complete 08:00", "1 b start 09:00", "2 b schedule 09:00", "2 a withdraw 10:00"]);
    let instances = &mined(&log)["instances"];
    assert_eq!((&instances["begun_and_not_ended"], &instances["num_instances"]), (&json!(1), &json!(3)));
    assert_eq!((&instances["not_begun"], &instances["cases_not_begun"]), (&json!(2), &json!(1)));
    let table = "proc_inst_id_,act_name_,start_time_,end_time_\np1,check,2024-05-06T08:00:00Z,2024-05-06T09:00:00Z\n\
                 p1,pay,2024-05-06T10:00:00Z,\np2,check,2024-05-06T11:00:00Z,\n";
    let figures = mined(table);
    assert_eq!(
        (&figures["num_events"], &figures["num_cases"], &figures["dropped_rows"]),
        (&json!(3), &json!(2), &json!(0))
    );
    assert_eq!((&figures["work"]["items"], &figures["work"]["only_started"]), (&json!(1), &json!(2)));
    // In the middle of cases, what is missing is the end.
    let missing = "case_id,activity,start_time,end_time\n1,a,2024-05-06T08:00:00Z,\n1,b,2024-05-06T09:00:00Z,2024-05-06T10:00:00Z\n";
    let figures = mined(missing);
    assert_eq!((&figures["num_events"], &figures["dropped_rows"]), (&json!(1), &json!(1)));
}

#[test]
fn a_log_of_begins_has_no_service_times() {
    let figures = mined(&table(&["1 a start 08:00", "1 b start 09:00"]));
    assert_eq!((&figures["num_events"], &figures["instances"]["source"]), (&json!(2), &json!("events")));
    assert_eq!(figures["instances"]["service_time_per_activity"], json!({}));
}

#[test]
fn an_end_before_its_begin_at_the_same_time_is_one_execution() {
    let figures =
        mined(&table(&["1 a complete 08:00", "1 a start 08:00", "1 b start 09:00", "1 b complete 09:30"]));
    assert_eq!((&figures["instances"]["num_instances"], service(&figures, "a")), (&json!(2), (1, 0.0)));
}

#[test]
fn a_life_cycle_is_known_by_its_words() {
    let log = "patient,handling,registration_type,time,employee,handling_id\n\
               1,Admission,start,2024-03-01 08:00:00,r1,1\n1,Admission,complete,2024-03-01 08:30:00,r1,1\n\
               1,Scan,start,2024-03-01 09:00:00,r1,2\n1,Scan,complete,2024-03-01 10:00:00,r1,2\n";
    let figures = mined(log);
    assert_eq!((&figures["num_events"], &figures["instances"]["num_instances"]), (&json!(4), &json!(2)));
    assert_eq!(service(&figures, "Scan"), (1, 3600.0));
    let named = log.replace("registration_type", "x").replace("start", "anfang").replace("complete", "ende");
    let figures = mined(&named);
    assert_eq!(figures["instances"]["source"], "events", "other words say nothing");
}

#[test]
fn an_interval_log_lasts_from_its_first_begin_to_its_last_end() {
    let log = "case_id,activity,start_time,end_time\n\
               1,a,2024-01-01T08:00:00Z,2024-01-01T09:00:00Z\n1,b,2024-01-01T07:00:00Z,2024-01-01T11:00:00Z\n";
    let run = run(log, json!({}));
    let figures = figures(&run);
    assert_eq!(figures["case_duration"]["max_seconds"], 7200.0);
    assert_eq!(figures["case_lead_time"]["max_seconds"], 14400.0);
    let dfg = |key: &str| figures["instances"][key][0]["from"].clone();
    assert_eq!((dfg("dfg"), dfg("dfg_by_begin")), (json!("a"), json!("b")));
    let report = run.text("report.html").unwrap();
    assert!(report.contains("From the first begin to the last end of a case.") && report.contains("4 h"));
    assert!(run.text("enriched-log.csv").unwrap().contains(",14400,"));
}
