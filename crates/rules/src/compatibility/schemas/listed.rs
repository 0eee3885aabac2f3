//! Schemas that take values which can be listed: `enum` and `const`, and alternatives of such, as generators write them when
//! each value has a description.

use super::keywords::{is_annotation, types};
use super::members::{entries, target};
use serde_json::{Map, Value};

/// How a schema says which values it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// By `enum` or `const`.
    List,
    /// By `oneOf` or `anyOf`.
    Alternatives,
}

/// The shape of a schema that has one, and little beside.
pub(super) fn shape(schema: &Value) -> Option<Shape> {
    let schema = schema.as_object()?;
    let says = |names: [&'static str; 2]| {
        let mut said = names.into_iter().filter(|name| schema.contains_key(*name));
        let name = said.next()?;
        let is_alone =
            |word: &String| word == name || word == "type" || word == "$defs" || is_annotation(word);
        (said.next().is_none() && schema.keys().all(is_alone)).then_some(name)
    };
    if says(["enum", "const"]).is_some() {
        return Some(Shape::List);
    }
    says(["oneOf", "anyOf"]).map(|_| Shape::Alternatives)
}

/// All values that a schema takes; none = it does not say so in one of these shapes.
pub(super) fn listed<'a>(schema: &'a Value, root: &'a Value) -> Option<Vec<&'a Value>> {
    let members = schema.as_object()?;
    let values = match shape(schema)? {
        Shape::List => of_list(members)?,
        Shape::Alternatives => of_alternatives(members, root)?,
    };
    let Some(kind) = members.get("type") else { return Some(values) };
    let mut taken = Vec::new();
    for value in values {
        if is_of(value, kind)? {
            taken.push(value);
        }
    }
    Some(taken)
}

fn of_list(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    match (schema.get("enum"), schema.get("const")) {
        (Some(Value::Array(values)), None) => Some(values.iter().collect()),
        (None, Some(value)) => Some(vec![value]),
        _ => None,
    }
}

/// What one alternative takes, and of `oneOf` no other one.
fn of_alternatives<'a>(schema: &'a Map<String, Value>, root: &'a Value) -> Option<Vec<&'a Value>> {
    let one_alone = schema.contains_key("oneOf");
    let alternatives = schema.get("oneOf").or_else(|| schema.get("anyOf"))?;
    let mut values = Vec::new();
    for alternative in entries(alternatives) {
        let alternative = target(alternative, root);
        // Alternatives in alternatives are not looked through.
        if shape(alternative)? != Shape::List {
            return None;
        }
        // A value may stand in a list twice.
        let mut own: Vec<&Value> = Vec::new();
        for value in listed(alternative, root)? {
            if !own.contains(&value) {
                own.push(value);
            }
        }
        values.extend(own);
    }
    // `1` and `1.0` are one value, also within lists.
    let is_plain = |value: &&Value| value.is_string() || value.is_boolean() || value.is_null();
    if one_alone && !values.iter().all(is_plain) {
        return None;
    }
    let times = |value: &Value| values.iter().filter(|other| **other == value).count();
    Some(values.iter().copied().filter(|value| !one_alone || times(value) == 1).collect())
}

/// Whether a value is of a type; none = `1.0` may be a whole number.
fn is_of(value: &Value, kind: &Value) -> Option<bool> {
    let kinds = types(kind);
    let name = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() && kinds.contains("number") => "number",
        Value::Number(number) if number.is_f64() && kinds.contains("integer") => return None,
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    Some(kinds.contains(name))
}
