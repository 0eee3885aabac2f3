//! The committed OpenAPI document is the one that the handlers describe.

// In a test an unwrap is an assertion.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Set to rewrite the committed document, as `cargo xtask openapi` does.
const REWRITE: &str = "FUELCELL_REWRITE_OPENAPI";

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().join("openapi.json")
}

fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

#[test]
fn the_committed_document_is_up_to_date() {
    let described = serde_json::to_string_pretty(&fuelcell_api::document()).unwrap() + "\n";
    if std::env::var_os(REWRITE).is_some() {
        std::fs::write(committed(), &described).unwrap();
    }
    let found = std::fs::read_to_string(committed()).unwrap();
    assert!(
        found == described,
        "openapi.json is not what the handlers describe; `cargo xtask openapi` rewrites it"
    );
}

#[test]
fn every_operation_says_what_it_does_who_may_and_how_it_refuses() {
    let document = fuelcell_api::document();
    assert_eq!(document["openapi"], "3.1.0");
    let roles = ["none", "viewer", "submitter", "module-author", "administrator", "operator"];
    let mut ids = BTreeSet::new();
    for (name, operation) in operations(&document) {
        assert!(
            operation["summary"].as_str().is_some_and(|summary| !summary.is_empty()),
            "{name} has no summary"
        );
        let role = operation["x-required-role"].as_str().unwrap_or_else(|| panic!("{name} names no role"));
        assert!(roles.contains(&role), "{name}: {role}");
        assert_eq!(operation["responses"].get("401").is_some(), role != "none", "{name}");
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{name} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} is the id of two operations");
        for (status, response) in operation["responses"].as_object().unwrap() {
            // Where callers show a password, the protocol has another shape for problems.
            let media_type = match operation["security"].pointer("/0/basic") {
                Some(_) if status.as_str() >= "400" => "application/json",
                _ => "application/problem+json",
            };
            let problem = response["content"][media_type]["schema"]["$ref"].is_string();
            assert_eq!(problem, status.as_str() >= "400", "{name} {status}");
        }
    }
    assert!(ids.len() >= 25, "{}", ids.len());
}

/// Headers and refusals that handlers read and send in places where nothing else describes them.
#[test]
fn uploads_and_contents_describe_their_headers_and_refusals() {
    let document = fuelcell_api::document();
    let operation = |id: &str| {
        let mut all = operations(&document);
        all.find(|(_, operation)| operation["operationId"] == id).unwrap_or_else(|| panic!("no {id}")).1
    };
    let has_headers = |id: &str, names: &[&str]| {
        let parameters = operation(id)["parameters"].as_array().unwrap();
        for name in names {
            assert!(
                parameters.iter().any(|found| found["in"] == "header" && found["name"] == *name),
                "{id} {name}"
            );
        }
    };
    for id in ["putDataset", "putModuleVersion"] {
        has_headers(id, &["Content-Digest"]);
        assert!(
            ["413", "415", "429", "507"].iter().all(|status| operation(id)["responses"][status].is_object()),
            "{id}"
        );
    }
    for id in ["getDatasetContent", "getModuleContent"] {
        has_headers(id, &["Range", "If-None-Match"]);
    }
    for (id, never) in [
        ("activateModuleVersion", "409"),
        ("activateModuleVersion", "422"),
        ("putPipeline", "422"),
        ("deletePipeline", "409"),
    ] {
        assert!(operation(id)["responses"].get(never).is_none(), "{id} {never}");
    }
}

/// Every reference leads somewhere.
#[test]
fn no_reference_is_dead() {
    fn check(document: &Value, value: &Value) {
        if let Some(target) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
        }
        match value {
            Value::Object(members) => members.values().for_each(|member| check(document, member)),
            Value::Array(items) => items.iter().for_each(|item| check(document, item)),
            _ => {}
        }
    }
    let document = fuelcell_api::document();
    check(&document, &document);
}

/// A client's author finds a body to begin with, and it is right.
#[test]
fn every_body_has_an_example_that_its_schema_takes() {
    let document = fuelcell_api::document();
    let mut bodies = 0;
    for (name, operation) in operations(&document) {
        let Some(content) = operation["requestBody"]["content"].get("application/json") else { continue };
        let example = content.get("example").unwrap_or_else(|| panic!("{name} has no example"));
        let mut schema = content["schema"].clone();
        schema["components"] = document["components"].clone();
        let checker = fuelcell_service::faults::Checker::new(schema, |_| true).unwrap();
        assert_eq!(checker.faults(example).0, [], "{name}");
        bodies += 1;
    }
    assert!(bodies >= 12, "{bodies}");
}

/// What nobody knows is refused: every object of a body says that it has no further members, but for those that are open by
/// what they are.
#[test]
fn bodies_are_closed() {
    fn check(document: &Value, name: &str, value: &Value) {
        let open = value.get("properties").is_some() && value["additionalProperties"] != false;
        assert!(
            !open || ["UpdatedParameters", "ReservedWords", "DataMachineClearBody"].contains(&name),
            "{name} is open: {value:#}"
        );
        match value {
            Value::Object(members) => members.iter().for_each(|(member, value)| match value.as_str() {
                Some(target) if member == "$ref" => {
                    let name = target.rsplit('/').next().unwrap();
                    check(document, name, document.pointer(target.trim_start_matches('#')).unwrap());
                }
                _ => check(document, name, value),
            }),
            Value::Array(items) => items.iter().for_each(|item| check(document, name, item)),
            _ => {}
        }
    }
    let document = fuelcell_api::document();
    for (name, operation) in operations(&document) {
        check(&document, &name, &operation["requestBody"]["content"]["application/json"]["schema"]);
    }
}

/// Answers say which members they always have, and what their ids and moments look like.
#[test]
fn answers_are_precise() {
    let document = fuelcell_api::document();
    let schema = |name: &str| &document["components"]["schemas"][name];
    let submitted = schema("SubmitAnswer");
    assert!(submitted["required"].as_array().unwrap().contains(&"queuePosition".into()), "{submitted}");
    let format = |name: &str, member: &str| schema(name)["properties"][member]["format"].clone();
    assert_eq!(format("SubmitAnswer", "jobId"), "uuid");
    assert_eq!(format("SubmitAnswer", "dateSubmitted"), "date-time");
    assert_eq!(format("SubmitAnswer", "estimatedStartTime"), "date-time");
    assert_eq!(schema("ScheduleAnswer")["properties"]["nextRuns"]["items"]["format"], "date-time");
    assert_eq!(format("PipelineAnswer", "datasetId"), "uuid");
    assert_eq!(document["servers"][0]["url"], "/");
    let pair = &submitted["properties"]["estimatedDurationSeconds"];
    assert_eq!((&pair["minItems"], &pair["maxItems"]), (&2.into(), &2.into()));
    assert!(pair["description"].as_str().unwrap().contains("shortest"), "{pair}");
}
