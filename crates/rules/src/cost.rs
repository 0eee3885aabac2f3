//! What a schema costs, all its references written out: how large it is, and how often its parts are looked at when a document
//! is checked. The checker looks at some parts several times: it asks whether an alternative holds, and again why not.

use crate::patterns::Patterns;
use fuelcell_domain::limits::SCHEMA;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::ops::AddAssign;

/// Keywords whose schemas are asked whether they hold, and then again for what is wrong.
const ASKED_TWICE: [&str; 10] =
    ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "contains", "propertyNames", "dependentSchemas"];

/// Keywords for which what is wrong in each schema is gathered, although only one of them must hold.
const ALTERNATIVES: [&str; 2] = ["anyOf", "oneOf"];

/// What a division by a fraction costs, in looks at a schema: it is exact, with numbers of two thousand bits.
const EXACT_DIVISION: u64 = 250;

/// Bytes of a text that are compared as fast as a number.
const COMPARED_AT_ONCE: usize = 64;

/// One part of a schema, with all that is below it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cost {
    /// Its objects.
    pub(crate) objects: u64,
    /// Whether it says something of what no other part has looked at, so that the others are asked for each member.
    pub(crate) unevaluated: bool,
    /// What is wrong in alternatives is gathered before anything is told: so many parts.
    pub(crate) alternatives: u64,
    /// Asking only whether a document holds.
    valid: Looks,
    /// Asking what is wrong with it.
    pub(crate) faults: Looks,
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Looks {
    /// Parts of the schema, for each value.
    pub(crate) parts: u64,
    /// States of patterns, for each byte of text.
    pub(crate) states: u64,
}

impl AddAssign for Looks {
    fn add_assign(&mut self, other: Self) {
        self.parts = self.parts.saturating_add(other.parts);
        self.states = self.states.saturating_add(other.states);
    }
}

impl Cost {
    fn of_own(parts: u64, states: u64) -> Self {
        let looks = Looks { parts, states };
        Self { valid: looks, faults: looks, ..Self::default() }
    }

    fn add(&mut self, below: Self) {
        self.objects = self.objects.saturating_add(below.objects);
        self.unevaluated |= below.unevaluated;
        self.alternatives = self.alternatives.saturating_add(below.alternatives);
        self.valid += below.valid;
        self.faults += below.faults;
    }

    fn add_below(&mut self, keyword: &str, below: Self) {
        self.add(below);
        if ASKED_TWICE.contains(&keyword) {
            self.faults += below.valid;
        }
        if ALTERNATIVES.contains(&keyword) {
            self.alternatives = self.alternatives.saturating_add(below.faults.parts);
        }
    }

    /// All that stands beside the keyword is asked once more.
    fn add_unevaluated(&mut self) {
        self.unevaluated = true;
        self.valid += self.faults;
        self.faults += self.faults;
    }
}

/// The cost of `schema`, if it is within bounds, and the bytes that its patterns take.
pub(crate) fn of(schema: &Value) -> Result<(Cost, usize), String> {
    if schema.to_string().len() > SCHEMA.bytes {
        return Err(format!("it is larger than {} bytes", SCHEMA.bytes));
    }
    let mut expansion =
        Expansion { root: schema, known: HashMap::new(), path: Vec::new(), patterns: Patterns::default() };
    let cost = expansion.cost(schema)?;
    match cost.faults.states > SCHEMA.states {
        true => Err(format!(
            "its patterns have {} states, each counted as often as it is used; at most {} are taken (a counted repetition \
             such as `{{1,500}}` has a state for each time)",
            cost.faults.states, SCHEMA.states
        )),
        false => Ok((cost, expansion.patterns.program_bytes())),
    }
}

/// A schema with all its references written out.
struct Expansion<'a> {
    root: &'a Value,
    /// What has been counted.
    known: HashMap<*const Value, Cost>,
    /// What is being counted, outermost first.
    path: Vec<*const Value>,
    patterns: Patterns,
}

impl<'a> Expansion<'a> {
    fn cost(&mut self, value: &'a Value) -> Result<Cost, String> {
        let place: *const Value = value;
        if let Some(cost) = self.known.get(&place) {
            return Ok(*cost);
        }
        if self.path.contains(&place) {
            return Err("a `$ref` leads back to itself; recursive schemas are not taken".into());
        }
        if self.path.len() >= SCHEMA.depth {
            return Err(format!("it is nested more than {} deep", SCHEMA.depth));
        }
        self.path.push(place);
        let cost = match value {
            Value::Object(members) => self.cost_of_object(value, members)?,
            Value::Array(items) => self.cost_of_array(items)?,
            _ => Cost::default(),
        };
        if cost.objects > SCHEMA.objects {
            return Err(format!(
                "with its references written out it has more than {} objects",
                SCHEMA.objects
            ));
        }
        self.path.pop();
        self.known.insert(place, cost);
        Ok(cost)
    }

    fn cost_of_object(&mut self, value: &'a Value, members: &'a Map<String, Value>) -> Result<Cost, String> {
        let mut cost = Cost { objects: 1, ..Cost::of_own(1, 0) };
        for (keyword, member) in members {
            cost.add(self.own_cost(keyword, member)?);
            cost.add_below(keyword, self.cost(member)?);
        }
        if let Some(target) = self.reference(value)? {
            cost.add_below("allOf", self.cost(target)?);
        }
        if members.contains_key("unevaluatedProperties") || members.contains_key("unevaluatedItems") {
            cost.add_unevaluated();
        }
        Ok(cost)
    }

    /// What a keyword costs by itself.
    fn own_cost(&mut self, keyword: &str, member: &Value) -> Result<Cost, String> {
        let states = match (keyword, member) {
            ("pattern", Value::String(pattern)) => self.patterns.states(pattern)?,
            ("patternProperties", Value::Object(properties)) => {
                let mut states = 0;
                for pattern in properties.keys() {
                    states += self.patterns.states(pattern)?;
                }
                // What stands beside it asks too whether a pattern takes care of a member.
                states.saturating_mul(2)
            }
            _ => 0,
        };
        let parts = match (keyword, member) {
            ("multipleOf", Value::Number(number)) if !number.is_u64() => EXACT_DIVISION,
            ("const", constant) => compared(constant),
            _ => 0,
        };
        Ok(Cost::of_own(parts, states))
    }

    /// Lists are of schemas, or of values and names with which documents are compared one by one.
    fn cost_of_array(&mut self, items: &'a [Value]) -> Result<Cost, String> {
        let mut cost = Cost::default();
        for item in items {
            cost.add(match item {
                Value::Object(_) | Value::Array(_) => self.cost(item)?,
                scalar => Cost::of_own(compared(scalar), 0),
            });
            if cost.objects > SCHEMA.objects {
                break;
            }
        }
        Ok(cost)
    }

    /// Where a `$ref` leads. Only pointers into the same document are taken, and nothing that changes what they mean.
    fn reference(&self, value: &'a Value) -> Result<Option<&'a Value>, String> {
        for word in ["$dynamicRef", "$recursiveRef", "$anchor", "$dynamicAnchor", "$recursiveAnchor"] {
            if value.get(word).is_some_and(|found| !found.is_object()) {
                return Err(format!("it uses `{word}`, which is not taken"));
            }
        }
        if !std::ptr::eq(value, self.root) && value.get("$id").is_some_and(Value::is_string) {
            return Err("it holds an `$id` below its root, which is not taken".into());
        }
        let Some(target) = value.get("$ref").and_then(Value::as_str) else { return Ok(None) };
        let shown: String = target.chars().take(64).collect();
        let pointer =
            target.strip_prefix('#').filter(|pointer| pointer.is_empty() || pointer.starts_with('/'));
        let pointer = pointer.ok_or_else(|| {
            format!("`$ref` {shown:?} leads out of it; only references such as \"#/$defs/name\" are taken")
        })?;
        match self.root.pointer(pointer) {
            Some(target) => Ok(Some(target)),
            None => Err(format!("`$ref` {shown:?} leads nowhere")),
        }
    }
}

fn compared(value: &Value) -> u64 {
    let more = value.as_str().map_or(0, |text| text.len() / COMPARED_AT_ONCE);
    1 + more as u64
}

/// How much of a document there is to look at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Size {
    /// Values, members and items of all depths.
    pub(crate) values: u64,
    /// Bytes of texts and names.
    pub(crate) text: u64,
    /// Members of the object, or items of the array, that has the most.
    pub(crate) widest: u64,
}

impl Size {
    pub(crate) fn of(document: &Value) -> Self {
        let mut size = Self::default();
        size.add(document);
        size
    }

    fn add(&mut self, value: &Value) {
        self.values += 1;
        match value {
            Value::String(text) => self.text += text.len() as u64,
            Value::Array(items) => {
                self.widest = self.widest.max(items.len() as u64);
                items.iter().for_each(|item| self.add(item));
            }
            Value::Object(members) => {
                self.widest = self.widest.max(members.len() as u64);
                for (name, member) in members {
                    self.text += name.len() as u64;
                    self.add(member);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}
