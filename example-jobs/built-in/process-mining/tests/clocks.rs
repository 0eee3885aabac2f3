//! Time zones and calendars.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

const LOG: &str = "case_id,activity,timestamp\n\
    1,a,2024-01-01T00:30:00+01:00\n1,b,2024-01-02T10:00:00+01:00\n2,a,2024-07-01T00:30:00+02:00\n2,b,2024-07-01T10:00:00+02:00\n";

fn run(log: &str, parameters: Value) -> TestRun {
    TestHost::new().input("dataset", "log.csv", log).parameters(parameters).run::<Job>()
}

fn figures(run: &TestRun) -> Value {
    serde_json::from_str(run.text("process-mining.json").unwrap_or_else(|| panic!("{:?}", run.end))).unwrap()
}

/// Weekday and hour of the first row of the enriched log.
fn first(run: &TestRun) -> String {
    let row = run.text("enriched-log.csv").unwrap().lines().nth(1).unwrap().to_string();
    row.rsplitn(3, ',').take(2).collect::<Vec<_>>().join(" ")
}

#[test]
fn days_and_hours_are_those_of_the_zone() {
    let detected = run(LOG, json!({}));
    assert_eq!(
        (figures(&detected)["time_zone"].as_str(), first(&detected)),
        (Some("Europe/Berlin"), "0 Monday".into())
    );
    assert!(detected.text("report.html").unwrap().contains("1 Jan 2024 to 1 Jul 2024 (Europe/Berlin)"));
    assert!(detected.text("report.html").unwrap().contains("Time (Europe/Berlin)"));
    let named = run(LOG, json!({"timeZone": "UTC"}));
    assert_eq!((figures(&named)["time_zone"].as_str(), first(&named)), (Some("UTC"), "23 Sunday".into()));
    assert_eq!(
        figures(&named)["first_timestamp"],
        "2023-12-31T23:30:00+00:00",
        "figures have UTC in any case"
    );
}

#[test]
fn names_of_zones_tell_it_as_offsets_do() {
    let log =
        "case_id,activity,timestamp\n1,a,Wed Jan 31 00:05:00 CET 2024\n1,b,Wed Jul 31 12:05:00 CEST 2024\n";
    let run = run(log, json!({}));
    assert_eq!(
        (figures(&run)["time_zone"].as_str(), first(&run)),
        (Some("Europe/Berlin"), "0 Wednesday".into())
    );
}

#[test]
fn a_window_is_one_of_the_zone() {
    let window = json!({"startDate": "2024-01-01", "endDate": "2024-01-02"});
    assert_eq!(figures(&run(LOG, json!({"timeWindow": window})))["num_cases"], 1);
    assert_eq!(figures(&run(LOG, json!({"timeWindow": window, "timeZone": "UTC"})))["num_cases"], 0);
    let exact = json!({"startDate": "2023-12-31T23:30:00Z", "endDate": "2024-01-02T09:00:00Z"});
    assert_eq!(figures(&run(LOG, json!({"timeWindow": exact})))["num_cases"], 1);
}

#[test]
fn a_calendar_says_what_is_working_time() {
    let day = json!([{"from": "08:00", "to": "16:00"}]);
    let calendar = json!({"workingHours": {"monday": day, "tuesday": day}, "holidays": ["2024-01-01"]});
    let run = run(LOG, json!({"calendar": calendar}));
    let figures = figures(&run);
    // Two hours each: the first Monday is a holiday.
    assert_eq!(figures["case_working_time"]["max_seconds"], 7200.0);
    let anomalies = figures["anomalies"].as_array().unwrap();
    let off = anomalies.iter().find(|group| group["kind"] == "OffHours").unwrap();
    assert_eq!(off["num_cases"], 2);
    assert!(run.text("report.html").unwrap().contains("median working time"));
    for (wrong, word) in
        [(json!({"calendar": {}}), "calendar.workingHours"), (json!({"timeZone": "CEST"}), "timeZone is")]
    {
        let failure = self::run(LOG, wrong).end.unwrap_err();
        assert!(failure.code == "InvalidParameter" && failure.message.contains(word), "{failure:?}");
    }
}
