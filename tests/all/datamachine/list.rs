//! `GET /jobs` and `GET /jobs/{id}`.

use super::{Scene, error};
use fuelcell_tests::limits::limit;
use serde_json::{Value, json};
use std::cmp::Ordering;

/// The members of a row, in the order in which they are written.
const MEMBERS: [&str; 12] = [
    "job_id",
    "flow_id",
    "pipeline_id",
    "status",
    "started_at",
    "completed_at",
    "error_message",
    "created_at",
    "pipeline_name",
    "flow_name",
    "base_status",
    "status_reason",
];

/// One job that stands in every way; the held one is the fifth.
fn variety(scene: &Scene) {
    let sales = scene.pipeline("Sales", "Analysis", "probe");
    let stock = scene.pipeline("Stock", "Analysis", "probe");
    scene.completed(Some(&sales), json!([]));
    scene.failed(Some(&stock), "Handler configuration missing");
    scene.completed(Some(&stock), json!([{"do": "noItems"}]));
    scene.completed(Some(&sales), json!([{"do": "skip", "reason": "weekend"}]));
    let held = scene.running();
    scene.cancel(&scene.running());
    scene.pending();
    scene.failed(Some(&sales), "A token has expired");
    scene.completed(Some(&stock), json!([{"do": "skip", "reason": "holiday"}]));
    assert_eq!(scene.project.status(&held)["jobNumber"], 5);
}

#[test]
fn rows_have_every_field_and_every_status() {
    let scene = Scene::set();
    variety(&scene);
    let answer = scene.get("?order=ASC").ok();
    assert_eq!(answer["success"], true);
    assert_eq!(
        (&answer["total"], &answer["per_page"], &answer["offset"]),
        (&json!(9), &json!(50), &json!(0))
    );
    let rows = answer["data"].as_array().unwrap();
    let statuses: Vec<_> = rows.iter().map(|row| row["status"].as_str().unwrap()).collect();
    let expected = [
        "completed",
        "failed",
        "completed_no_items",
        "agent_skipped - weekend",
        "processing",
        "cancelled",
        "pending",
        "failed",
        "agent_skipped - holiday",
    ];
    assert_eq!(statuses, expected);
    for (number, row) in (1..).zip(rows) {
        let mut members: Vec<_> = row.as_object().unwrap().keys().collect();
        members.sort();
        let mut known = MEMBERS;
        known.sort_unstable();
        assert_eq!(members, known);
        assert_eq!(row["job_id"], number);
        assert_eq!(row["flow_id"], row["pipeline_id"]);
        assert_eq!(row["flow_name"], row["pipeline_name"]);
        assert!(is_moment(&row["created_at"]), "{row}");
        assert_eq!(is_moment(&row["started_at"]), row["status"] != "pending", "{row}");
        let ended = !["pending", "processing"].contains(&row["status"].as_str().unwrap());
        assert_eq!(is_moment(&row["completed_at"]), ended, "{row}");
        assert_eq!(row["completed_at"].is_null(), !ended, "{row}");
        assert_eq!(row["error_message"].is_string(), row["base_status"] == "failed", "{row}");
        assert_eq!(scene.get(&format!("/{number}")).ok(), json!({"success": true, "data": row}));
    }
    assert_eq!(rows[6]["started_at"], Value::Null, "a job that waits has not started");
    assert_eq!((&rows[0]["pipeline_id"], &rows[0]["pipeline_name"]), (&json!(1), &json!("Sales")));
    assert_eq!((&rows[1]["pipeline_id"], &rows[1]["flow_name"]), (&json!(2), &json!("Stock")));
    assert_eq!((&rows[4]["pipeline_id"], &rows[4]["pipeline_name"]), (&json!(0), &Value::Null));
    assert_eq!(rows[1]["error_message"], "Handler configuration missing");
    let skipped = (&rows[3]["base_status"], &rows[3]["status_reason"]);
    assert_eq!(skipped, (&json!("agent_skipped"), &json!("weekend")));
    assert_eq!(rows[0]["status_reason"], Value::Null);
}

/// `YYYY-MM-DD HH:MM:SS`
fn is_moment(value: &Value) -> bool {
    let shape = |text: &str| {
        text.chars().map(|letter| if letter.is_ascii_digit() { '0' } else { letter }).collect::<String>()
    };
    value.as_str().is_some_and(|text| shape(text) == "0000-00-00 00:00:00")
}

#[test]
fn every_field_orders_both_ways_and_pages_meet() {
    let scene = Scene::set();
    variety(&scene);
    let all = scene.rows("");
    for field in &MEMBERS[..7] {
        for direction in ["ASC", "DESC", "asc"] {
            let query = format!("?orderby={field}&order={direction}");
            let rows = scene.rows(&query);
            assert_eq!(rows.len(), all.len());
            let descending = direction == "DESC";
            for pair in rows.windows(2) {
                let [a, b] = [&pair[0][field], &pair[1][field]];
                assert_ne!(compare(a, b, descending), Ordering::Greater, "{query}: {a} before {b}");
            }
            let mut pages = Vec::new();
            for offset in (0..12).step_by(4) {
                pages.extend(scene.rows(&format!("{query}&per_page=4&offset={offset}")));
            }
            assert_eq!(pages, rows, "{query}");
        }
    }
    assert_eq!(all, scene.rows("?orderby=job_id&order=DESC"), "the default");
}

/// Absent values come last, whichever the direction.
fn compare(a: &Value, b: &Value, descending: bool) -> Ordering {
    let ordering = match (a, b) {
        (Value::Null, _) | (_, Value::Null) => return a.is_null().cmp(&b.is_null()),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        _ => a.as_u64().cmp(&b.as_u64()),
    };
    if descending { ordering.reverse() } else { ordering }
}

#[test]
fn filters_narrow_and_totals_follow() {
    let scene = Scene::set();
    variety(&scene);
    let numbers = |query: &str| {
        let answer = scene.get(query).ok();
        let rows: Vec<_> =
            answer["data"].as_array().unwrap().iter().map(|row| row["job_id"].as_u64().unwrap()).collect();
        assert_eq!(answer["total"], rows.len(), "{query}");
        rows
    };
    for (query, expected) in [
        ("?status=completed", &[1][..]),
        ("?status=failed", &[8, 2]),
        ("?status=completed_no_items", &[3]),
        ("?status=agent_skipped", &[9, 4]),
        ("?status=agent_skipped%20-%20weekend", &[9, 4]),
        ("?status=processing", &[5]),
        ("?status=cancelled", &[6]),
        ("?status=pending", &[7]),
        ("?pipeline_id=1", &[8, 4, 1]),
        ("?flow_id=2", &[9, 3, 2]),
        ("?pipeline_id=0", &[7, 6, 5]),
        ("?pipeline_id=3", &[]),
        ("?flow_id=1&pipeline_id=1&status=failed", &[8]),
        ("?flow_id=1&pipeline_id=2", &[]),
        ("?status=&flow_id=&_locale=user", &[9, 8, 7, 6, 5, 4, 3, 2, 1]),
        ("?status=processing&context=view&_fields=data&_envelope=1&rest_route=/jobs", &[5]),
    ] {
        assert_eq!(numbers(query), expected, "{query}");
    }
    let page = scene.get("?status=failed&per_page=1&offset=1").ok();
    assert_eq!((&page["data"][0]["job_id"], &page["total"]), (&json!(2), &json!(2)));
    assert_eq!((&page["per_page"], &page["offset"]), (&json!(1), &json!(1)));
}

#[test]
fn a_page_has_fifty_jobs_unless_said_otherwise() {
    let scene = Scene::set();
    (0..55).for_each(|_| drop(scene.pending()));
    assert_eq!(scene.rows("").len(), 50);
    assert_eq!(scene.rows("?per_page=100").len(), 55);
    assert_eq!(scene.rows("?offset=50").len(), 5);
    assert_eq!(scene.rows("?offset=55"), [] as [Value; 0]);
    assert_eq!(scene.get("?offset=4294967295").ok()["total"], 55);
}

#[test]
fn wrong_parameters_are_named() {
    let scene = Scene::set();
    let most = limit("`per_page` of the Data Machine jobs API").most;
    scene.get(&format!("?per_page={most}")).ok();
    let more = format!("?per_page={}", most + 1);
    for (query, name, says) in [
        ("?per_page=0", "per_page", "between 1 (inclusive) and 100 (inclusive)"),
        (&more[..], "per_page", "between 1 (inclusive) and 100 (inclusive)"),
        ("?per_page=-1", "per_page", "between 1"),
        ("?per_page=18446744073709551616", "per_page", "between 1"),
        ("?per_page=ten", "per_page", "not of type integer"),
        ("?per_page=1.5", "per_page", "not of type integer"),
        ("?offset=-1", "offset", "between 0"),
        ("?pipeline_id=abc", "pipeline_id", "not of type integer"),
        ("?flow_id=-7", "flow_id", "between 0"),
        ("?orderby=name", "orderby", "not one of job_id, flow_id"),
        ("?order=sideways", "order", "not one of ASC, DESC"),
        ("?status=done", "status", "not one of"),
    ] {
        let (code, data) = error(&scene.get(query), 400);
        assert_eq!(code, "rest_invalid_param", "{query}");
        let told = data["params"][name].as_str().unwrap_or_else(|| panic!("{query}: {data}"));
        assert!(told.starts_with(name) && told.contains(says), "{query}: {told}");
    }
    let (_, data) = error(&scene.get("?order=x&per_page=x&offset=x"), 400);
    assert_eq!(data["params"].as_object().unwrap().len(), 3, "all at once: {data}");
    let message = scene.get("?order=x&per_page=x").json()["message"].clone();
    assert_eq!(message, "Invalid parameter(s): order, per_page");
    assert_eq!(error(&scene.get("?offset=1&offset=2"), 400).0, "rest_invalid_param");
    assert_eq!(error(&scene.get("?status=%FF"), 400).0, "rest_invalid_param");
}

#[test]
fn jobs_that_are_not_there_are_not_found() {
    let scene = Scene::set();
    let other = Scene::set();
    other.pending();
    for id in ["1", "0", "4294967296", "-1", "abc", "1%20"] {
        assert_eq!(error(&scene.get(&format!("/{id}")), 404).0, "job_not_found", "{id}");
    }
}
