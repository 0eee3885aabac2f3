//! What types do not say of their schemas: members that every answer has, forms of texts, examples of bodies. Without it a
//! client's author would have to guess.

use super::examples;
use crate::datamachine;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

const SCHEMAS: &str = "#/components/schemas/";

/// Members that an answer leaves out where it has nothing to say; all others are there, with `null` if need be.
const LEFT_OUT: [&str; 6] =
    ["accuracy", "completion", "completionReason", "error", "parameters", "recordCount"];

/// Members that hold a moment, beside those whose names begin with `date`.
const MOMENTS: [&str; 13] = [
    "cancelRequestedAt",
    "completionTime",
    "dueAt",
    "endTime",
    "estimatedCompletion",
    "estimatedStartTime",
    "lastUpdated",
    "nextRuns",
    "retryAt",
    "scheduledTime",
    "startTime",
    "time",
    "timestamp",
];

/// Members that end in `Id` and hold no GUID.
const NO_GUIDS: [&str; 2] = ["nodeId", "requestId"];

/// Makes a document precise.
pub(super) fn refine(document: &mut Value) {
    describe_batch_job(&mut document["components"]["schemas"]);
    let (asked, answered) = (reachable(document, "requestBody"), reachable(document, "responses"));
    for (name, schema) in document["components"]["schemas"].as_object_mut().into_iter().flatten() {
        // Problems are written down by hand, and precise.
        let is_problem = name == "Problem" || name == datamachine::errors::SCHEMA;
        refine_schema(schema, answered.contains(name) && !asked.contains(name) && !is_problem);
    }
    describe_batch_item(&mut document["components"]["schemas"]);
    // Whoever names neither is refused.
    for name in ["SubmitBody", "BatchJob"] {
        if let Some(submit) = document["components"]["schemas"].get_mut(name) {
            submit["anyOf"] = json!([{"required": ["resource"]}, {"required": ["module"]}]);
        }
    }
    for item in document["paths"].as_object_mut().into_iter().flatten().map(|(_, item)| item) {
        for (_, operation) in item.as_object_mut().into_iter().flatten() {
            add_example(operation);
        }
    }
}

/// A job of a batch is a submission with one member more: closed schemas cannot be put together.
fn describe_batch_job(schemas: &mut Value) {
    let own = schemas["BatchJob"].take();
    let mut job = schemas["SubmitBody"].clone();
    for member in own["allOf"][1]["properties"].as_object().into_iter().flatten() {
        job["properties"][member.0] = member.1.clone();
    }
    job["description"] = own["description"].clone();
    schemas["BatchJob"] = job;
    // One that is wrong is refused by itself, whatever it is, and the others are taken.
    schemas["BatchBody"]["properties"]["jobs"]["items"] =
        json!({"anyOf": [{"$ref": format!("{SCHEMAS}BatchJob")}, {}]});
}

/// What became of a job of a batch: the answer to its submission, if there is one, with members of its own beside it.
fn describe_batch_item(schemas: &mut Value) {
    let [flattened, own] = [0, 1].map(|part| schemas["BatchItem"]["allOf"][part].clone());
    if flattened.is_null() {
        return;
    }
    let mut item = own;
    for (name, member) in schemas["SubmitAnswer"]["properties"].as_object().into_iter().flatten() {
        item["properties"][name] = member.clone();
    }
    item["description"] = flattened["oneOf"][0]["description"].clone();
    schemas["BatchItem"] = item;
}

/// The schemas that this part of any operation leads to.
fn reachable(document: &Value, part: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let items = document["paths"].as_object().into_iter().flatten();
    let operations = items.flat_map(|(_, item)| item.as_object().into_iter().flatten());
    operations.for_each(|(_, operation)| follow(document, &operation[part], &mut found));
    found
}

fn follow(document: &Value, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.values().for_each(|member| follow(document, member, found)),
        Value::Array(items) => items.iter().for_each(|item| follow(document, item, found)),
        Value::String(text) => {
            if let Some(name) = text.strip_prefix(SCHEMAS)
                && found.insert(name.to_owned())
            {
                follow(document, &document["components"]["schemas"][name], found);
            }
        }
        _ => {}
    }
}

fn refine_schema(schema: &mut Value, is_answer: bool) {
    for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
        refine_schema(part, is_answer);
    }
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    properties.iter_mut().for_each(|(name, property)| refine_property(name, property));
    if is_answer {
        let always = properties.keys().filter(|name| !LEFT_OUT.contains(&name.as_str()));
        let mut required: BTreeSet<String> = always.cloned().collect();
        let known = schema["required"].as_array().into_iter().flatten();
        required.extend(known.filter_map(|name| Some(name.as_str()?.to_owned())));
        schema["required"] = required.into_iter().collect();
    }
}

fn refine_property(name: &str, property: &mut Value) {
    let Some(property) = property.as_object_mut() else { return };
    if name == "estimatedDurationSeconds" {
        property
            .insert("description".into(), "The shortest and the longest that is expected, in seconds".into());
        property.insert("minItems".into(), 2.into());
        property.insert("maxItems".into(), 2.into());
    }
    let format = match name {
        _ if MOMENTS.contains(&name) || name.starts_with("date") => "date-time",
        _ if name.ends_with("Id") && !NO_GUIDS.contains(&name) => "uuid",
        _ => return,
    };
    match property.get_mut("items").and_then(Value::as_object_mut) {
        Some(items) => set_format(items, format),
        None => set_format(property, format),
    }
}

/// Sets the format of a text, or of one that may be `null`.
fn set_format(schema: &mut Map<String, Value>, format: &str) {
    let is_text = match schema.get("type") {
        Some(Value::String(kind)) => kind == "string",
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    };
    if is_text && !schema.contains_key("format") {
        schema.insert("format".into(), format.into());
    }
}

fn add_example(operation: &mut Value) {
    let Some(content) = operation.pointer_mut("/requestBody/content/application~1json") else { return };
    let schema = content["schema"].get("$ref").or_else(|| content["schema"]["oneOf"][0].get("$ref"));
    let name = schema.and_then(Value::as_str).and_then(|target| target.strip_prefix(SCHEMAS));
    if let Some(example) = name.and_then(examples::of) {
        content["example"] = example;
    }
}
