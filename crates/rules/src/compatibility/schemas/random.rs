//! Comparisons against the validator: where nothing is said to break, the second schema takes each value that the first takes.

use super::super::Effect;
use super::changes;
use crate::schema::{Extent, Schema};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// Parameters, which each schema knows: that a new one takes a name from values that had it is not held against a schema.
const NAMES: [&str; 3] = ["a", "b", "xa"];

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(&NAMES[..])
}

/// Names of members, also of those that no schema knows.
fn member_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "xa", "z", "xz"])
}

fn leaf() -> impl Strategy<Value = Value> {
    let leaves = [
        json!(null),
        json!(true),
        json!(false),
        json!(-1),
        json!(0),
        json!(1),
        json!(2),
        json!(3),
        json!(1.0),
        json!(1.5),
        json!(""),
        json!("a"),
        json!("b"),
        json!("xa"),
        json!("67e55044-10b1-426f-9247-bb680e5fe0c8"),
    ];
    prop::sample::select(leaves.to_vec())
}

/// Values of a world so small that schemas meet them.
fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((member_name(), inner), 0..4).prop_map(object),
        ]
    })
}

fn object(members: Vec<(&'static str, Value)>) -> Value {
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map<_, _>>().into()
}

/// Keywords that need no schema.
fn plain_word() -> impl Strategy<Value = (&'static str, Value)> {
    let kind =
        || prop::sample::select(vec!["null", "boolean", "integer", "number", "string", "array", "object"]);
    let kinds = prop::collection::btree_set(kind(), 1..4).prop_map(|kinds| json!(kinds));
    let bound = prop::sample::select(vec![
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minLength",
        "maxLength",
        "minItems",
        "maxItems",
        "minProperties",
        "maxProperties",
    ]);
    let counts = prop::sample::select(vec!["minContains", "maxContains"]);
    prop_oneof![
        3 => kind().prop_map(|kind| ("type", json!(kind))),
        2 => kinds.prop_map(|kinds| ("type", kinds)),
        3 => prop::collection::vec(leaf(), 1..4).prop_map(|values| ("enum", json!(values))),
        1 => value().prop_map(|value| ("const", value)),
        3 => (bound, 0..4_u8).prop_map(|(bound, number)| (bound, json!(number))),
        1 => (counts, 0..3_u8).prop_map(|(bound, number)| (bound, json!(number))),
        1 => prop::sample::select(vec!["^a", "^x", "b"]).prop_map(|pattern| ("pattern", json!(pattern))),
        1 => prop::sample::select(vec!["uuid", "date", "uint32"]).prop_map(|format| ("format", json!(format))),
        1 => any::<bool>().prop_map(|unique| ("uniqueItems", json!(unique))),
        2 => prop::collection::btree_set(name(), 0..3).prop_map(|names| ("required", json!(names))),
        1 => Just(("description", json!("words"))),
    ]
}

/// Keywords that hold schemas.
fn word_around(inner: BoxedStrategy<Value>) -> impl Strategy<Value = (&'static str, Value)> {
    let list = prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from);
    let one = prop::sample::select(vec![
        "items",
        "additionalProperties",
        "contains",
        "not",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
        "if",
        "then",
        "else",
    ]);
    let several = prop::sample::select(vec!["anyOf", "oneOf", "allOf", "prefixItems"]);
    let members = prop::collection::vec((name(), inner.clone()), 1..4).prop_map(object).boxed();
    let patterns = prop::sample::select(vec!["^a", "^x"]);
    prop_oneof![
        3 => (one, inner.clone()),
        4 => (several, list),
        4 => members.clone().prop_map(|members| ("properties", members)),
        1 => (patterns, inner).prop_map(|(pattern, schema)| ("patternProperties", json!({pattern: schema}))),
        1 => members.prop_map(|members| ("dependentSchemas", members)),
    ]
}

fn schema() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        8 => prop::collection::vec(plain_word(), 0..3).prop_map(object),
        1 => any::<bool>().prop_map(Value::from),
        2 => Just(json!({"$ref": "#/$defs/X"})),
    ];
    leaf.boxed()
        .prop_recursive(3, 24, 4, |inner| {
            let inner = inner.boxed();
            let words = prop_oneof![
                2 => plain_word().boxed(),
                3 => word_around(inner).boxed(),
            ];
            prop::collection::vec(words, 1..4).prop_map(object)
        })
        .boxed()
}

/// A whole document, with what its references name.
fn document() -> impl Strategy<Value = Value> {
    (schema(), prop::collection::vec(plain_word(), 0..3)).prop_map(|(mut schema, named)| {
        if let Some(members) = schema.as_object_mut() {
            members.insert("$defs".into(), json!({"X": object(named)}));
        }
        schema
    })
}

/// The schema with all parameters in it, and in those within it; beside a reference they are those of what it leads to.
fn knowing_all(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let each = |inner: &Map<String, Value>| {
        inner.iter().map(|(name, schema)| (name.clone(), knowing_all(schema))).collect::<Map<_, _>>()
    };
    let mut made: Map<_, _> = members
        .iter()
        .map(|(name, value)| {
            let value = match (&**name, value) {
                ("enum" | "const" | "required" | "type", _) => value.clone(),
                ("properties" | "patternProperties" | "dependentSchemas" | "$defs", Value::Object(inner)) => {
                    each(inner).into()
                }
                (_, Value::Array(inner)) => inner.iter().map(knowing_all).collect(),
                (_, inner) => knowing_all(inner),
            };
            (name.clone(), value)
        })
        .collect();
    if made.contains_key("$ref") {
        made.remove("properties");
    } else if let Some(known) = made.entry("properties").or_insert_with(|| json!({})).as_object_mut() {
        for name in NAMES {
            known.entry(name).or_insert(Value::Bool(true));
        }
    }
    made.into()
}

/// The first schema with some of its words taken from the other, left out, or mixed in turn.
fn mixed(first: &Value, other: &Value, choices: &mut impl Iterator<Item = u8>) -> Value {
    match (first, other) {
        (Value::Object(one), Value::Object(two)) => {
            let mut made = Map::new();
            for (name, value) in one {
                let told = match (choices.next().unwrap_or(0), two.get(name)) {
                    (1, _) if name != "$defs" => continue,
                    (2 | 3, Some(replaced)) => replaced.clone(),
                    (4..=8, Some(beside)) => mixed(value, beside, choices),
                    _ => value.clone(),
                };
                made.insert(name.clone(), told);
            }
            for (name, value) in two.iter().filter(|(name, _)| !one.contains_key(*name)) {
                if choices.next().unwrap_or(0) == 1 {
                    made.insert(name.clone(), value.clone());
                }
            }
            made.into()
        }
        (Value::Array(one), Value::Array(two)) => {
            let mut made: Vec<_> = one.iter().zip(two).map(|(one, two)| mixed(one, two, choices)).collect();
            made.extend(one.iter().skip(two.len()).cloned());
            if choices.next() == Some(1) {
                made.extend(two.iter().skip(one.len()).cloned());
            }
            made.into()
        }
        _ if choices.next() == Some(1) => other.clone(),
        _ => first.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn where_nothing_breaks_the_second_takes_what_the_first_takes(
        first in document(),
        other in document(),
        choices in prop::collection::vec(0..12_u8, 40),
        values in prop::collection::vec(value(), 40),
    ) {
        let second = knowing_all(&mixed(&first, &other, &mut choices.into_iter()));
        let first = knowing_all(&first);
        // What is no schema at all is refused when a module is uploaded.
        let compiled = [&first, &second].map(Schema::compile);
        let [Ok(takes_first), Ok(takes_second)] = compiled else { return Ok(()) };
        let found = changes("parameters", &first, &second);
        if found.iter().any(|change| change.effect == Some(Effect::Breaking)) {
            return Ok(());
        }
        let takes = |schema: &Schema, value: &Value| schema.check(value, Extent::Whole).is_ok();
        for value in values.iter().filter(|value| takes(&takes_first, value)) {
            prop_assert!(takes(&takes_second, value), "{first} to {second} refuses {value}, and says {found:?}");
        }
    }
}
