//! The job as a host runs it, on logs and tables that are made here.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use analysis::Job;
use analysis::statistics::Dice;
use fuelcell_sdk::testing::{TestHost, TestRun};
use fuelcell_sdk::{Completion, Failure};
use serde_json::{Value, json};

const HOUR: i64 = 3600;
/// 2024-01-01, a Monday.
const MONDAY: i64 = 1_704_067_200;

fn moment(seconds: i64) -> String {
    chrono::DateTime::from_timestamp(seconds, 0).unwrap().format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// Orders of 200 days: taken, picked, sent, paid. Warehouse C picks 30 hours slower from day 80 on; wholesale pays 100 hours
/// later. The name of the customer says nothing.
fn orders(number: usize) -> String {
    let mut dice = Dice::new(99);
    let mut text = "case_id,activity,timestamp,resource,warehouse,segment,customer\n".to_string();
    for order in 0..number {
        let start = MONDAY + (order as i64 * 200 * 24 * HOUR) / number as i64;
        let warehouse = ["A", "B", "C"][dice.below(3)];
        let segment = if dice.share() < 0.25 { "wholesale" } else { "retail" };
        let customer = ["ann", "bob", "cy", "dee", "eve"][dice.below(5)];
        let mut time = start;
        for (activity, mean) in [("take", 0.0), ("pick", 10.0), ("send", 5.0), ("pay", 50.0)] {
            let slow = activity == "pick" && warehouse == "C" && start >= MONDAY + 80 * 24 * HOUR;
            let late = activity == "pay" && segment == "wholesale";
            let extra = if slow { 30.0 } else { 0.0 } + if late { 100.0 } else { 0.0 };
            time += ((mean * (0.5 + dice.share()) + extra) * HOUR as f64) as i64;
            let resource = ["x", "y", "z"][dice.below(3)];
            writeln!(
                text,
                "o{order},{activity},{},{resource},{warehouse},{segment},{customer}",
                moment(time)
            )
            .unwrap();
        }
    }
    text
}

fn run(name: &str, text: impl AsRef<[u8]>, parameters: Value) -> TestRun {
    TestHost::new().input("dataset", name, text).parameters(parameters).run::<Job>()
}

fn analysed(text: &str, parameters: Value) -> Value {
    let run = run("orders.csv", text, parameters);
    assert_eq!(run.end, Ok(Completion::Done));
    serde_json::from_str(run.text("analysis.json").unwrap()).unwrap()
}

fn refused(text: &str, parameters: Value) -> Failure {
    run("orders.csv", text, parameters).end.unwrap_err()
}

/// Conditions of findings that go with more, in the order of the document.
fn with_more(causes: &Value) -> Vec<String> {
    let findings = causes["findings"].as_array().unwrap().iter();
    let more = findings.filter(|finding| finding["difference"].as_f64().unwrap() > 0.0);
    more.map(|finding| {
        let condition = &finding["conditions"][0];
        format!("{}={}", condition["attribute"].as_str().unwrap(), condition["value"].as_str().unwrap())
    })
    .collect()
}

#[test]
fn planted_causes_of_a_log_are_found_ranked_and_placed_and_none_invented() {
    let found = analysed(&orders(3000), json!({}));
    assert_eq!(with_more(&found["causes"]), ["segment=wholesale", "warehouse=C"]);
    let places = found["where_in_the_process"].as_array().unwrap();
    assert_eq!((&places[0][0]["activity"], &places[1][0]["activity"]), (&json!("pay"), &json!("pick")));
    let insights: Vec<&str> = found["insights"]
        .as_array()
        .unwrap()
        .iter()
        .map(|insight| insight["text"].as_str().unwrap())
        .collect();
    assert_eq!(insights.len(), 2, "{insights:#?}");
    assert!(insights[0].contains("segment is wholesale") && insights[0].contains("\"pay\""), "{insights:#?}");
    assert!(insights[1].contains("warehouse is C") && insights[1].contains("since"), "{insights:#?}");
    let text = found.to_string();
    assert!(!text.contains("\"explained\":true"));
    let pick = found["steps"].as_array().unwrap().iter().find(|step| step["activity"] == "pick").unwrap();
    assert_eq!(with_more(&pick["causes"]), ["warehouse=C"]);
    let day = pick["causes"]["findings"][0]["since"]["time"].as_i64().unwrap() / 1_000_000 - MONDAY;
    assert!((day / (24 * HOUR) - 80).abs() <= 2, "day {}", day / (24 * HOUR));
}

#[test]
fn all_outputs_are_written_and_add_up() {
    let run = run("orders.csv", orders(600), json!({}));
    assert_eq!(run.end, Ok(Completion::Done));
    let names: Vec<&str> = run.artifacts.keys().map(String::as_str).collect();
    let expected = [
        "analysis.json",
        "causes.csv",
        "causes.svg",
        "comparison.csv",
        "kpis.csv",
        "model.json",
        "report.html",
        "steps.csv",
        "steps.svg",
        "tree.svg",
        "trend.svg",
        "trends.csv",
    ];
    assert_eq!(names, expected);
    assert!(run.artifacts["report.html"].description.primary);
    let report = run.text("report.html").unwrap();
    for section in ["What drives it", "Where the time goes", "What moved", "Over time", "The data"] {
        assert!(report.contains(section), "{section}");
    }
    let found: Value = serde_json::from_str(run.text("analysis.json").unwrap()).unwrap();
    let comparison = &found["comparison"];
    for by in comparison["by"].as_array().unwrap() {
        let sum = by["mix"].as_f64().unwrap() + by["rate"].as_f64().unwrap();
        assert!((sum - comparison["change"].as_f64().unwrap()).abs() < 1e-6);
    }
    let cases = &found["kpis"][0];
    assert_eq!(cases["all"]["value"], 600.0);
    let by_period: f64 =
        cases["periods"].as_array().unwrap().iter().map(|p| p["value"].as_f64().unwrap()).sum();
    assert_eq!(by_period, 600.0);
    let validation = run.report.unwrap().validation.unwrap();
    assert_eq!((validation.total, validation.valid), (2400, 2400));
    let rows = run.artifacts["kpis.csv"].description.record_count.unwrap();
    assert_eq!(
        run.artifacts["kpis.csv"].bytes.iter().filter(|&&byte| byte == b'\n').count() as u64,
        rows + 1
    );
}

#[test]
fn open_cases_are_judged_by_a_model_that_a_later_run_takes() {
    let all = orders(1500);
    let open: String = all
        .lines()
        .filter(|line| !(line.starts_with("o149") && line.contains(",pay,")))
        .map(|line| format!("{line}\n"))
        .collect();
    let first = run("orders.csv", &open, json!({}));
    let model = first.text("model.json").unwrap();
    let accuracy = first.artifacts["model.json"].description.accuracy.unwrap();
    let found: Value = serde_json::from_str(first.text("analysis.json").unwrap()).unwrap();
    let errors = &found["prediction_errors"];
    assert_eq!(errors["accuracy"].as_f64().unwrap(), accuracy);
    assert!(accuracy > errors["baseline_accuracy"].as_f64().unwrap(), "{errors}");
    assert!(
        errors["mean_absolute_error"].as_f64().unwrap() < errors["baseline_error"].as_f64().unwrap(),
        "{errors}"
    );
    assert_eq!(found["open_cases"].as_array().unwrap().len(), 11);
    let second =
        TestHost::new().input("dataset", "o.csv", &open).input("model", "model.json", model).run::<Job>();
    assert_eq!(second.end, Ok(Completion::Done));
    assert_eq!(second.text("open-cases.csv"), first.text("open-cases.csv"));
    assert!(second.text("model.json").is_none());
    let wrong = TestHost::new().input("dataset", "o.csv", &open).input("model", "m.json", "{}").run::<Job>();
    assert_eq!(wrong.end.unwrap_err().code, "InvalidModel");
}

#[test]
fn the_same_data_give_the_same_bytes() {
    let orders = orders(400);
    let parameters = json!({"whatIf": [{"removeStep": {"activity": "send"}}]});
    let (first, second) = (run("o.csv", &orders, parameters.clone()), run("o.csv", &orders, parameters));
    assert_eq!(first.artifacts, second.artifacts);
}

#[test]
fn a_table_without_cases_is_explained_by_its_rows() {
    let mut dice = Dice::new(5);
    let mut text = "region;product;day;cost;failed\n".to_string();
    for row in 0..2000 {
        let region = ["N", "S", "E", "W"][dice.below(4)];
        let product = ["p", "q"][dice.below(2)];
        let cost = 10.0 + 5.0 * dice.share() + if region == "N" { 8.0 } else { 0.0 };
        let failed = dice.share() < if product == "q" { 0.3 } else { 0.05 };
        let day = moment(MONDAY + row * HOUR).split('T').next().unwrap().to_string();
        writeln!(text, "{region};{product};{day};{cost:.2};{}", if failed { "yes" } else { "no" }).unwrap();
    }
    let costs = analysed(&text, json!({"target": {"column": "cost"}, "ignore": ["failed"]}));
    assert_eq!(with_more(&costs["causes"]), ["region=N"]);
    let failing =
        json!({"target": {"where": [{"attribute": "failed", "values": ["true"]}]}, "ignore": ["cost"]});
    let failed = analysed(&text, failing);
    assert_eq!(with_more(&failed["causes"]), ["product=q"]);
    assert_eq!(failed["causes"]["findings"][0]["effect"]["kind"], "odds_ratio");
    let nothing = analysed(&text, json!({}));
    assert!(nothing["causes"].is_null() && nothing["left_out"][0].as_str().unwrap().contains("target"));
}

#[test]
fn windows_filters_and_long_cases() {
    let orders = orders(1000);
    let window = json!({"timeWindow": {"startDate": "2024-02-01", "endDate": "2024-03-31"}});
    let found = analysed(&orders, window);
    let rows = found["rows"].as_u64().unwrap();
    assert_eq!(rows + found["rowsLeftOutByFilters"].as_u64().unwrap(), 1000);
    assert!(rows > 100 && rows < 400);
    let retail = json!({"filters": [{"attribute": "segment", "values": ["retail"]}], "target": {"aboveQuantile": 0.75}});
    let found = analysed(&orders, retail);
    assert_eq!(with_more(&found["causes"]), ["warehouse=C"]);
    assert!((found["causes"]["mean"].as_f64().unwrap() - 0.25).abs() < 0.01);
    let events = json!({"filters": [{"attribute": "activity", "comparison": "isNot", "values": ["pay"], "level": "event"}]});
    let found = analysed(&orders, events);
    assert!(found["steps"].as_array().unwrap().iter().all(|step| step["activity"] != "pay"));
}

#[test]
fn working_time_stands_beside_wall_time() {
    let log = "case,activity,timestamp\n1,a,2024-01-05T15:00:00Z\n1,b,2024-01-08T09:30:00Z\n2,a,2024-01-06T10:00:00Z\n2,b,2024-01-07T10:00:00Z\n";
    let day = json!([{"from": "08:00", "to": "17:00"}]);
    let calendar = json!({"workingHours": {"monday": day, "friday": day}, "timeZone": "Europe/Berlin"});
    let breach = json!({"measure": "slaBreach", "column": "working duration", "limit": 3600});
    let sum = json!({"measure": "sum", "column": "working duration"});
    let parameters = json!({"analyses": ["kpis"], "calendar": calendar, "kpis": [sum, breach]});
    let found = analysed(log, parameters.clone());
    // Friday 16:00 to Monday 10:30, and a weekend.
    assert_eq!(found["kpis"][0]["all"]["value"], 12_600.0);
    assert_eq!(found["kpis"][1]["all"]["value"], 0.5);
    let mut free = parameters.clone();
    free["calendar"]["workingHours"] = json!({});
    assert!(refused(log, free).message.contains("calendar.workingHours names no hours"));
    let mut without = parameters;
    without["calendar"] = Value::Null;
    assert!(refused(log, without).message.contains("working duration"));
}

#[test]
fn roles_are_attributes_and_levels_are_those_of_the_table() {
    let orders = orders(300).replace("case_id,activity", "case_id,concept:name");
    let events = json!({"filters": [{"attribute": "activity", "comparison": "isNot", "values": ["pay"], "level": "event"}]});
    let found = analysed(&orders, events);
    assert!(found["steps"].as_array().unwrap().iter().all(|step| step["activity"] != "pay"));
    let case = json!({"filters": [{"attribute": "a", "values": ["x"], "level": "case"}]});
    let message = refused("a,b\nx,1\ny,2\n", case).message;
    assert!(message.contains("filters[0].level is for event logs"), "{message}");
}

#[test]
fn questions_in_sql_are_answered_and_may_only_read() {
    let orders = orders(300);
    let sql = "SELECT warehouse, count(*) AS events FROM dataset GROUP BY warehouse ORDER BY warehouse";
    let asked = run(
        "o.csv",
        &orders,
        json!({"analyses": ["sql"], "sql": [sql, "SELECT min(timestamp) FROM dataset"]}),
    );
    assert_eq!(asked.end, Ok(Completion::Done));
    let answer = asked.text("sql-1.csv").unwrap();
    let counted =
        |warehouse: &str| orders.lines().filter(|line| line.split(',').nth(4) == Some(warehouse)).count();
    let expected: String = ["A", "B", "C"].map(|name| format!("{name},{}\n", counted(name))).concat();
    assert_eq!(answer, format!("warehouse,events\n{expected}"));
    assert_eq!(asked.artifacts["sql-2.csv"].description.record_count, Some(1));
    assert!(asked.text("report.html").unwrap().contains("events by warehouse"));
    let joined = "SELECT town, count(*) FROM dataset JOIN places USING (warehouse) GROUP BY town";
    let asked = TestHost::new()
        .input("dataset", "o.csv", &orders)
        .input("lookups/places", "p.csv", "warehouse,town\nA,Ulm\nB,Ulm\n")
        .parameters(json!({"analyses": ["sql"], "sql": joined}))
        .run::<Job>();
    assert_eq!(
        asked.text("sql-1.csv").unwrap().lines().last(),
        Some(&*format!("Ulm,{}", counted("A") + counted("B")))
    );
    let refusal = refused(&orders, json!({"sql": "DELETE FROM dataset"}));
    assert_eq!(refusal.code, "InvalidParameter");
    assert!(refusal.message.contains("sql"), "{}", refusal.message);
}

#[test]
fn nothing_found_is_said() {
    let mut dice = Dice::new(8);
    let mut text = "colour,shape,cost\n".to_string();
    for _ in 0..500 {
        let (colour, shape) = (["red", "blue"][dice.below(2)], ["round", "square", "long"][dice.below(3)]);
        writeln!(text, "{colour},{shape},{:.3}", dice.share() * 100.0).unwrap();
    }
    let run = run("t.csv", text, json!({"target": {"column": "cost"}}));
    assert_eq!(run.end, Ok(Completion::Done));
    let found: Value = serde_json::from_str(run.text("analysis.json").unwrap()).unwrap();
    assert_eq!(found["causes"]["findings"], json!([]));
    assert!(run.text("report.html").unwrap().contains("Nothing was found"));
}

#[test]
fn what_does_not_fit_is_refused_with_what_is_allowed() {
    let orders = orders(60);
    let message = |parameters| refused(&orders, parameters).message;
    assert!(message(json!({"target": {"column": "cost"}})).contains("target.column is \"cost\""));
    assert!(message(json!({"target": {"above": 1, "aboveQuantile": 0.5}})).contains("one of above"));
    assert!(message(json!({"timeZone": "Mars"})).contains("timeZone is \"Mars\""));
    assert!(
        message(json!({"filters": [{"attribute": "x", "values": [1]}]})).contains("filters[0].attribute")
    );
    assert!(message(json!({"columns": {"case": "nr"}})).contains("columns.case"));
    assert!(message(json!({"kpis": [{"measure": "mean"}]})).contains("kpis[0].column is missing"));
    assert!(message(json!({"whatIf": [{"removeStep": {"activity": "fly"}}]})).contains("whatIf[0]"));
    assert_eq!(refused("", json!({})).code, "EmptyFile");
    assert_eq!(refused("<?xml version=\"1.0\"?>\n<log>\n</log>\n", json!({})).code, "UnsupportedFormat");
}

#[test]
fn a_few_rows_and_an_empty_window_are_an_answer_too() {
    let few = analysed(&orders(5), json!({}));
    assert!(few["left_out"][0].as_str().unwrap().contains("Only 5 rows"));
    let empty = run("o.csv", orders(50), json!({"timeWindow": {"endDate": "1999-12-31"}}));
    assert_eq!(empty.end, Ok(Completion::NoItems));
    let header = run("o.csv", "case_id,activity,timestamp\n", json!({}));
    assert_eq!(header.end, Ok(Completion::NoItems));
}

#[test]
fn names_from_the_data_stay_text() {
    let text = orders(300).replace("wholesale", "<script>x</script>").replace(",pay,", ",=pay(),");
    let run = run("o.csv", text, json!({}));
    assert_eq!(run.end, Ok(Completion::Done));
    assert!(!run.text("report.html").unwrap().contains("<script"));
    for name in ["tree.svg", "causes.svg", "steps.svg"] {
        assert!(!run.text(name).unwrap().contains("<script"), "{name}");
    }
    assert!(run.text("steps.csv").unwrap().contains("'=pay()"));
}

#[test]
fn a_cancelled_run_ends_as_cancelled() {
    let run = TestHost::new().input("dataset", "o.csv", orders(2000)).cancel_after_polls(3).run::<Job>();
    assert_eq!(run.end.unwrap_err().code, "Cancelled");
}
