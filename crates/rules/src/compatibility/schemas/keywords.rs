//! What single keywords of JSON Schema mean for a comparison.

use serde_json::{Map, Number, Value};
use std::collections::BTreeSet;

/// What says nothing of which values fit.
const ANNOTATIONS: [&str; 9] =
    ["title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly", "$id", "$comment"];

/// What looks at members or items, and leaves the others to `unevaluatedProperties` and `unevaluatedItems`.
pub(super) const APPLICATORS: [&str; 15] = [
    "$ref",
    "additionalProperties",
    "allOf",
    "anyOf",
    "contains",
    "dependentSchemas",
    "else",
    "if",
    "items",
    "not",
    "oneOf",
    "patternProperties",
    "prefixItems",
    "properties",
    "then",
];

/// Bounds from below, and from above.
const LEAST: [&str; 6] =
    ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"];
const MOST: [&str; 6] =
    ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"];

/// Formats that validators know. Others, such as `uint32`, are words for people and generators.
const FORMATS: [&str; 19] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// What holds where `$schema` is absent.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// Which rules a schema goes by.
pub(super) fn dialect(schema: &Value) -> &str {
    schema.as_str().unwrap_or(DIALECT).trim_end_matches('#')
}

pub(super) fn is_annotation(name: &str) -> bool {
    ANNOTATIONS.contains(&name)
}

pub(super) fn is_validated(format: &Value) -> bool {
    format.as_str().is_some_and(|format| FORMATS.contains(&format))
}

/// The values that `enum` or `const` allows; none = it is not there.
fn values<'a>(name: &str, schema: &'a Map<String, Value>) -> Option<Vec<&'a Value>> {
    match (name, schema.get(name)?) {
        ("enum", Value::Array(values)) => Some(values.iter().collect()),
        (_, value) => Some(vec![value]),
    }
}

/// All values that a schema can take; none = it names no such list.
fn finite(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    ["enum", "const"].into_iter().find_map(|name| values(name, schema))
}

/// Whether the `enum` or `const` of the second takes all that the first can take.
pub(super) fn takes_values(name: &str, first: &Map<String, Value>, second: &Map<String, Value>) -> bool {
    let Some(taken) = values(name, second) else { return true };
    finite(first).is_some_and(|values| values.iter().all(|value| taken.contains(value)))
}

/// The types that a schema takes. What is a number takes whole ones, too.
pub(super) fn types(value: &Value) -> BTreeSet<&str> {
    let mut types: BTreeSet<_> = match value {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => BTreeSet::from([&**one]),
        _ => BTreeSet::from(["array", "boolean", "integer", "null", "number", "object", "string"]),
    };
    if types.contains("number") {
        types.insert("integer");
    }
    types
}

/// Whether no value can be of two of these schemas: types, lists of values, or a member that each must have tell them apart.
pub(super) fn are_apart(schemas: &[&Value]) -> bool {
    let pairs = schemas
        .iter()
        .enumerate()
        .flat_map(|(at, one)| schemas[at + 1..].iter().map(move |other| (one, other)));
    pairs.into_iter().all(|(one, other)| match (one.as_object(), other.as_object()) {
        (Some(one), Some(other)) => are_distinct(one, other) || have_distinct_tags(one, other),
        _ => false,
    })
}

fn are_distinct(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let kinds = |of| types(Map::get(of, "type").unwrap_or(&Value::Null));
    let by_values = match (finite(one), finite(other)) {
        // `1` and `1.0` are one value, here as within lists.
        (Some(one), Some(other)) => {
            let is_plain = |value: &&Value| value.is_string() || value.is_boolean() || value.is_null();
            one.iter().chain(&other).copied().all(|value| is_plain(&value))
                && !one.iter().any(|value| other.contains(value))
        }
        _ => false,
    };
    by_values || kinds(one).is_disjoint(&kinds(other))
}

/// Whether both are objects that must have a member which is never the same.
fn have_distinct_tags(one: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let names = one.get("required").and_then(Value::as_array).into_iter().flatten();
    names.into_iter().any(|name| match (tag(one, name), tag(other, name)) {
        (Some(one), Some(other)) => are_distinct(one, other),
        _ => false,
    })
}

/// The schema of a member that objects must have.
fn tag<'a>(of: &'a Map<String, Value>, name: &Value) -> Option<&'a Map<String, Value>> {
    let is_object = of.get("type")? == "object";
    let is_required = of.get("required")?.as_array()?.contains(name);
    of.get("properties")?.get(name.as_str()?)?.as_object().filter(|_| is_object && is_required)
}

pub(super) fn is_bound(name: &str) -> bool {
    LEAST.contains(&name) || MOST.contains(&name)
}

/// Whether a bound is closer than another one was; up is closer of one from below, and down of one from above.
pub(super) fn is_tighter(name: &str, was: &Value, is: &Value) -> bool {
    let absent = match name {
        "minLength" | "minItems" | "minProperties" => Some(Number::from(0)),
        "minContains" => Some(Number::from(1)),
        _ => None,
    };
    let bound = |value: &Value| match value {
        Value::Null => Ok(absent.clone()),
        Value::Number(bound) => Ok(Some(bound.clone())),
        _ => Err(()),
    };
    match (bound(was), bound(is)) {
        (_, Ok(None)) => false,
        (Ok(Some(was)), Ok(Some(is))) if LEAST.contains(&name) => is_less(&was, &is),
        (Ok(Some(was)), Ok(Some(is))) => is_less(&is, &was),
        // What is no number is of another dialect.
        _ => true,
    }
}

fn is_less(one: &Number, other: &Number) -> bool {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one < other,
        _ => one.as_f64() < other.as_f64(),
    }
}
