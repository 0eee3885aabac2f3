//! Object-centric logs.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use process_mining::Job;
use serde_json::{Value, json};

const LOG: &str = include_str!("../sample/orders.ocel.json");
const XML: &str = include_str!("../sample/orders.ocel.xml");

fn run(log: impl AsRef<[u8]>, parameters: Value) -> TestRun {
    TestHost::new().input("dataset", "orders", log).parameters(parameters).run::<Job>()
}

fn figures(run: &TestRun) -> Value {
    assert!(matches!(run.end, Ok(Completion::Done)), "{:?}", run.end);
    serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap()
}

fn refused(log: impl AsRef<[u8]>, parameters: Value) -> (String, String) {
    let failure = run(log, parameters).end.unwrap_err();
    assert!(!failure.transient);
    (failure.code, failure.message)
}

/// The figures are those of pm4py 2.7.23 and pandas on the same file.
#[test]
fn types_and_times_between_objects_are_told() {
    let figures = figures(&run(LOG, json!({})));
    let objects = &figures["object_centric"];
    assert_eq!((&objects["num_events"], &objects["num_objects"]), (&json!(71), &json!(37)));
    assert_eq!(objects["events_without_object"], 1);
    let of_type = |name: &str| {
        let types = objects["types"].as_array().unwrap();
        let found = types.iter().find(|one| one["type"] == name).unwrap();
        let keys = ["objects", "events", "events_with_several", "events_of_objects"];
        let steps: u64 =
            found["dfg"].as_array().unwrap().iter().map(|edge| edge["frequency"].as_u64().unwrap()).sum();
        let counts = keys.map(|key| found[key].as_u64().unwrap());
        (counts, steps, found["lifetime"]["median_seconds"].as_f64().unwrap())
    };
    assert_eq!(of_type("customer"), ([3, 24, 0, 24], 21, 346_652.0));
    assert_eq!(of_type("item"), ([16, 54, 21, 80], 64, 358_604.0));
    assert_eq!(of_type("order"), ([8, 40, 0, 40], 32, 246_306.5));
    assert_eq!(of_type("package"), ([10, 30, 0, 30], 20, 273_925.0));
    let between = |from: &str, to: &str| {
        let pairs = objects["between_objects"].as_array().unwrap();
        let found = pairs.iter().find(|one| one["from"] == from && one["to"] == to).unwrap();
        let median = |key: &str| found[key]["median_seconds"].as_f64().unwrap();
        (found["pairs"].as_u64().unwrap(), median("to_begin"), median("to_end"))
    };
    assert_eq!(between("item", "package"), (16, 79_780.5, 358_604.0));
    assert_eq!(between("customer", "order"), (8, 39_777.0, 297_531.5));
    assert_eq!(between("item", "order"), (16, 0.0, 217_058.0));
    let placed = objects["activities"].as_array().unwrap();
    let placed = placed.iter().find(|one| one["activity"] == "place order" && one["type"] == "item").unwrap();
    assert_eq!((&placed["events"], &placed["fewest_objects"]), (&json!(8), &json!(1)));
}

#[test]
fn everything_else_is_told_of_the_objects_of_a_type() {
    let orders = figures(&run(LOG, json!({})));
    assert_eq!((&orders["num_cases"], &orders["num_events"]), (&json!(8), &json!(40)));
    let flattened = &orders["object_centric"]["flattened"];
    assert_eq!((&flattened["by"], &flattened["chosen_by"]), (&json!("order"), &json!("rule")));
    assert_eq!(flattened["events_left_out"], 31);
    assert_eq!((&flattened["copies"], &flattened["diverging_repetitions"]), (&json!(0), &json!(8)));
    let items = run(LOG, json!({"objectType": "item"}));
    let report = items.text("report.html").unwrap();
    assert!(report.contains("21 events are of several of them (convergence)"), "{report}");
    let items = figures(&items);
    assert_eq!((&items["num_cases"], &items["num_events"]), (&json!(16), &json!(80)));
    let flattened = &items["object_centric"]["flattened"];
    assert_eq!((&flattened["chosen_by"], &flattened["copies"]), (&json!("request"), &json!(26)));
    assert_eq!(
        (&flattened["events_told_several_times"], &flattened["events_left_out"]),
        (&json!(21), &json!(17))
    );
    let steps: u64 =
        items["dfg"].as_array().unwrap().iter().map(|edge| edge["frequency"].as_u64().unwrap()).sum();
    assert_eq!(steps, 64);
    let (code, message) = refused(LOG, json!({"objectType": "invoice"}));
    assert_eq!(code, "InvalidParameter");
    assert!(message.contains("\"customer\", \"item\", \"order\", \"package\""), "{message}");
    let (_, message) = refused("case,activity,time\n1,a,2024-01-01\n", json!({"objectType": "item"}));
    assert!(message.contains("objectType is for object-centric logs"), "{message}");
}

#[test]
fn attributes_of_objects_and_events_are_those_of_cases_and_events() {
    let filters = json!([{"attribute": "price", "comparison": "above", "values": [300]}]);
    let kept = figures(&run(LOG, json!({"filters": filters})));
    assert_eq!(kept["num_cases"], 2);
    let all = figures(&run(LOG, json!({})));
    let names: Vec<_> = all["attributes"]["kept"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (&one["name"], &one["level"]))
        .collect();
    assert_eq!(names, [(&json!("price"), &json!("case")), (&json!("channel"), &json!("event"))]);
    // The value that was set last is that of the object.
    let changed = run(LOG, json!({})).text("enriched-log.csv").unwrap().to_string();
    assert!(changed.contains("143.21") && !changed.contains("148.21"), "{changed}");
}

#[test]
fn both_forms_tell_the_same() {
    let (json, xml) = (run(LOG, json!({})), run(XML, json!({})));
    let without_form = |run: &TestRun| run.text("enriched-log.csv").unwrap().to_string();
    assert_eq!(without_form(&json), without_form(&xml));
    let (json, xml) = (figures(&json), figures(&xml));
    assert_eq!(json["object_centric"], xml["object_centric"]);
    assert_eq!(json["dfg"], xml["dfg"]);
}

#[test]
fn what_is_wrong_is_said() {
    let message = |log: &str| {
        let (code, message) = refused(log, json!({}));
        assert_eq!(code, "InvalidOcel", "{message}");
        message
    };
    let event = |id: &str, object: &str| {
        format!(
            r#"{{"id": "{id}", "type": "a", "time": "2024-01-01T00:00:00Z", "relationships": [{{"objectId": "{object}"}}]}}"#
        )
    };
    let log = |objects: &str, events: &str| format!(r#"{{"objects": [{objects}], "events": [{events}]}}"#);
    let order = r#"{"id": "o1", "type": "order"}"#;
    let dangling = message(&log(order, &event("e1", "o9")));
    assert!(dangling.contains("the object \"o9\" is referred to and not defined"), "{dangling}");
    let twice = message(&log(&format!("{order},{order}"), &event("e1", "o1")));
    assert!(twice.contains("the object \"o1\" is defined twice at line 1 column"), "{twice}");
    let twice = message(&log(order, &format!("{},{}", event("e1", "o1"), event("e1", "o1"))));
    assert!(twice.contains("the event \"e1\" is there twice"), "{twice}");
    let nested = format!(
        r#"{{"id": "o1", "type": "order", "attributes": [{{"name": "a", "value": {}"#,
        "[".repeat(100_000)
    );
    assert!(message(&log(&nested, "")).contains("recursion limit"), "{nested:.80}");
    assert!(message(&log(r#"{"id": "o1"}"#, "")).contains("missing field `type`"));
    assert!(message(r#"{"events": []}"#).contains("it has no \"objects\""));
    assert!(
        message(r#"{"objects": [], "events": [], "objects": []}"#).contains("\"objects\" is there twice")
    );
    assert!(message(&LOG[..LOG.len() / 2]).contains("EOF while parsing"));
    assert!(message(XML.rsplit_once("</events>").unwrap().0).contains("the file ends before </events>"));
    let deep = XML.replacen("<objects>", &"<objects>".repeat(100), 1);
    assert!(message(&deep).contains("nested deeper than 16"));
    assert!(message(&XML.replacen("id=\"item 1\"", "", 1)).contains("<object> has no attribute \"id\""));
    let declared = XML.replacen("<log>", "<!DOCTYPE log [<!ENTITY a \"b\">]><log>", 1);
    assert!(message(&declared).contains("document type declaration"));
}

#[test]
fn other_forms_are_named() {
    let told = |log: &[u8], words: &str| {
        let (code, message) = refused(log, json!({}));
        assert!(code == "UnsupportedFormat" && message.contains(words), "{code}: {message}");
    };
    told(
        b"SQLite format 3\0\x10\0",
        "is a SQLite database. Object-centric logs (OCEL 2.0) are read as JSON or XML",
    );
    told(br#"{"ocel:global-log": {}, "ocel:events": {}, "ocel:objects": {}}"#, "version 1.0");
    told(b"{\"case\": 1, \"activity\": \"a\"}\n{\"case\": 1}\n", "is JSON. An object-centric log");
    let (code, message) = refused(r#"{"objects": [{"id": "o", "type": "t"}], "events": []}"#, json!({}));
    assert_eq!(code, "EmptyLog", "{message}");
}

#[test]
fn a_time_that_cannot_be_read_is_counted() {
    let log = LOG.replacen("\"time\": \"2024-01-02", "\"time\": \"2024-13-02", 1);
    let run = run(&log, json!({}));
    let quality = run.report.as_ref().unwrap();
    assert!(
        quality.warnings.iter().any(|finding| finding.message.contains("2024-13-02")),
        "{:?}",
        quality.warnings
    );
    assert_eq!(figures(&run)["object_centric"]["num_events"], 70);
}

/// A log of one event of very many objects, and one of an order and the first of them; all objects have an id and a type.
fn crowded(crowd: &[(String, &str)]) -> String {
    let object = |(id, kind): &(String, &str)| json!({"id": id, "type": kind});
    let mut objects: Vec<Value> = crowd.iter().map(object).collect();
    objects.push(json!({"id": "o", "type": "order"}));
    let event = |id: &str, time: &str, ids: &[&str]| {
        let related: Value = ids.iter().map(|id| json!({"objectId": id, "qualifier": ""})).collect();
        json!({"id": id, "type": "pack", "time": time, "relationships": related})
    };
    let ids: Vec<&str> = crowd.iter().map(|(id, _)| id.as_str()).collect();
    let types = ["item", "order", "package"].map(|name| json!({"name": name, "attributes": []}));
    json!({
        "objectTypes": types,
        "eventTypes": [{"name": "pack", "attributes": []}],
        "objects": objects,
        "events": [
            event("e1", "2024-01-01T00:00:00Z", &ids),
            event("e2", "2024-01-02T00:00:00Z", &["o", ids[0]]),
        ],
    })
    .to_string()
}

/// Pairs of one type are not looked at: one event with very many objects would take hours, and leave no pairs of others.
#[test]
fn an_event_with_very_many_objects_is_read_in_time() {
    let crowd: Vec<(String, &str)> = (0..20_000).map(|number| (format!("i{number}"), "item")).collect();
    let told = figures(&run(crowded(&crowd), json!({"objectType": "item"})));
    let objects = &told["object_centric"];
    assert_eq!(objects["pairs_cut_short"], false);
    let pairs = objects["between_objects"].as_array().unwrap();
    let named = |one: &Value| (one["from"].clone(), one["to"].clone(), one["pairs"].clone());
    let found: Vec<_> = pairs.iter().map(named).collect();
    assert_eq!(found, [(json!("item"), json!("order"), json!(1))]);
    assert_eq!(objects["types"][0]["objects"], 20_000);
}

#[test]
fn pairs_beyond_those_that_are_measured_are_told_of() {
    let kind = |number: usize| if number.is_multiple_of(2) { "item" } else { "package" };
    let crowd: Vec<(String, &str)> = (0..2_900).map(|number| (format!("i{number}"), kind(number))).collect();
    let run = run(crowded(&crowd), json!({"objectType": "item"}));
    assert!(run.text("report.html").unwrap().contains("There were more pairs than are measured."));
    let told = figures(&run);
    let objects = &told["object_centric"];
    assert_eq!(objects["pairs_cut_short"], true);
    assert_eq!(objects["between_objects"][0]["pairs"], 2_000_000);
}

/// Of more types than are listed, it is said how many there are; an activity is listed with all of its types or not at all.
#[test]
fn lists_of_types_and_activities_that_are_cut_are_counted() {
    let objects: Vec<Value> =
        (0..1_100).map(|number| json!({"id": format!("o{number}"), "type": format!("t{number}")})).collect();
    let event = |number: usize| {
        let related =
            [number, 1_099].map(|number| json!({"objectId": format!("o{number}"), "qualifier": ""}));
        let (id, kind) = (format!("e{number}"), format!("a{number}"));
        json!({"id": id, "type": kind, "time": "2024-01-01T00:00:00Z", "relationships": related})
    };
    let events: Vec<Value> = (0..1_099).map(event).collect();
    let log = json!({"objectTypes": [], "eventTypes": [], "objects": objects, "events": events});
    let told = figures(&run(log.to_string(), json!({})));
    let objects = &told["object_centric"];
    let length = |key: &str| objects[key].as_array().unwrap().len();
    assert_eq!((length("types"), &objects["num_types"]), (1_000, &json!(1_100)));
    assert_eq!((length("activities"), &objects["num_activities"]), (2_000, &json!(1_099)));
}
