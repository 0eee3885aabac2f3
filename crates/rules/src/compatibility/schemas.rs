//! Whether a JSON Schema takes all that another one takes. What cannot be told is taken for a break: a word too many is
//! better than a job that is refused.

mod keywords;
mod listed;
mod members;
#[cfg(test)]
mod random;
#[cfg(test)]
mod tests;

use super::change::{Change, Effect};
use keywords::{
    APPLICATORS, are_apart, dialect, is_annotation, is_bound, is_tighter, is_validated, takes_values, types,
};
use listed::{listed, shape};
use members::{LEADS, entries, member, pointed, target};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::ptr;

/// Pairs of schemas that are looked at, at most: alternatives in alternatives have as many as their author likes.
const BUDGET: usize = 20_000;

/// Schemas in schemas.
const DEPTH: usize = LEADS;

/// What is not the same of two schemas, each beneath `what`.
pub(super) fn changes(what: &str, first: &Value, second: &Value) -> Vec<Change> {
    let mut comparison =
        Comparison { roots: [first, second], found: Vec::new(), under_way: Vec::new(), left: BUDGET };
    comparison.schemas(what, first, second, 0);
    comparison.found
}

struct Comparison<'a> {
    roots: [&'a Value; 2],
    found: Vec<Change>,
    /// What is being compared: a schema that names itself is what it is as far as the rest of it is.
    under_way: Vec<[&'a Value; 2]>,
    left: usize,
}

impl<'a> Comparison<'a> {
    fn tell(&mut self, what: String, first: &Value, second: &Value, breaks: bool) {
        let effect = if breaks { Effect::Breaking } else { Effect::Compatible };
        self.found.push(Change::new(what, first.clone(), second.clone(), effect));
    }

    /// The same words mean the same, unless they name something that is not.
    fn is_same(&self, one: &Value, other: &Value) -> bool {
        let [first, second] = self.roots;
        one == other && (first.get("$defs") == second.get("$defs") || !names_another(one))
    }

    fn schemas(&mut self, what: &str, first: &'a Value, second: &'a Value, depth: usize) {
        let (one, other) = self.resolved(first, second);
        if self.is_same(one, other) {
            return;
        }
        if self.under_way.iter().any(|pair| ptr::eq(pair[0], one) && ptr::eq(pair[1], other)) {
            return;
        }
        if depth == DEPTH || self.left == 0 {
            return self.tell(what.to_owned(), first, second, true);
        }
        self.left -= 1;
        if let Some(breaks) = self.by_values(one, other) {
            return self.tell(what.to_owned(), first, second, breaks);
        }
        self.under_way.push([one, other]);
        match (one.as_object(), other.as_object()) {
            (Some(_), Some(alternative)) if self.is_one_of(one, alternative, depth + 1) => {
                self.tell(format!("{what}/anyOf"), &Value::Null, &alternative["anyOf"], false);
            }
            (Some(one), Some(other)) => self.members(what, one, other, depth + 1),
            // Whoever took nothing of it loses nothing.
            _ if *one == Value::Bool(false) => self.tell(what.to_owned(), first, second, false),
            // `null`, `true` and what is absent take everything, but know no parameter.
            _ if matches!(other, Value::Null | Value::Bool(true)) => {
                for (name, known) in one["properties"].as_object().into_iter().flatten() {
                    self.tell(format!("{what}/properties/{name}"), known, &Value::Null, true);
                }
                self.tell(what.to_owned(), first, second, false);
            }
            _ => self.tell(what.to_owned(), first, second, true),
        }
        self.under_way.pop();
    }

    /// Whether the second takes less, where one says as a list and the other as alternatives which values it takes.
    fn by_values(&self, one: &Value, other: &Value) -> Option<bool> {
        let shapes = [shape(one)?, shape(other)?];
        if shapes[0] == shapes[1] {
            return None;
        }
        let (taken, takes) = (listed(one, self.roots[0])?, listed(other, self.roots[1])?);
        Some(!taken.iter().all(|value| takes.contains(value)))
    }

    /// What two schemas stand for. A reference counts together with the words beside it: what has such words stays as it is.
    fn resolved(&self, first: &'a Value, second: &'a Value) -> (&'a Value, &'a Value) {
        let [first_root, second_root] = self.roots;
        let (one, other) = (target(first, first_root), target(second, second_root));
        match (one.get("$ref"), other.get("$ref")) {
            (Some(_), _) | (_, Some(_)) => (first, second),
            _ => (one, other),
        }
    }

    /// Whether a schema becomes one of several, as where `null` is taken besides.
    fn is_one_of(&mut self, one: &'a Value, other: &'a Map<String, Value>, depth: usize) -> bool {
        let alone = one.get("anyOf").is_none()
            && other.keys().all(|name| name == "anyOf" || is_annotation(name) || name == "$defs");
        alone
            && other
                .get("anyOf")
                .is_some_and(|alternatives| entries(alternatives).any(|other| self.takes(one, other, depth)))
    }

    fn members(
        &mut self,
        what: &str,
        first: &'a Map<String, Value>,
        second: &'a Map<String, Value>,
        depth: usize,
    ) {
        let names: BTreeSet<&String> = first.keys().chain(second.keys()).collect();
        for name in names {
            let (one, other) = (member(first, name), member(second, name));
            let inner = format!("{what}/{name}");
            match &**name {
                "$defs" => {}
                "enum" | "const" if first.get(name) == second.get(name) => {}
                "enum" | "const" => self.tell(inner, one, other, !takes_values(name, first, second)),
                "$ref" => self.references(inner, one, other, depth),
                "properties" => self.properties(&inner, one, other, [first, second], depth),
                // What these take hangs on what others looked at.
                "contains" if first.contains_key(name) && !second.contains_key("maxContains") => {
                    self.schemas(&inner, one, other, depth);
                }
                "items" | "additionalProperties" | "propertyNames" => self.schemas(&inner, one, other, depth),
                "anyOf" | "oneOf" if one.is_array() && other.is_array() => {
                    self.alternatives(inner, one, other, name == "oneOf", depth);
                }
                "allOf" | "prefixItems" if is_as_long(one, other) => {
                    for (number, (one, other)) in entries(one).zip(entries(other)).enumerate() {
                        self.schemas(&format!("{inner}/{number}"), one, other, depth);
                    }
                }
                _ if self.is_same(one, other) => {}
                "$schema" => self.tell(inner, one, other, dialect(one) != dialect(other)),
                annotation if is_annotation(annotation) => self.tell(inner, one, other, false),
                "format" => self.tell(inner, one, other, is_validated(other)),
                "required" => self.tell(inner, one, other, !has_all(one, other)),
                "type" => self.tell(inner, one, other, !types(one).is_subset(&types(other))),
                bound if is_bound(bound) => self.tell(inner, one, other, is_tighter(bound, one, other)),
                "uniqueItems" if *other == Value::Bool(false) => self.tell(inner, one, other, false),
                // What it took falls to the other word then.
                "prefixItems" => {
                    self.tell(inner, one, other, !other.is_null() || second.contains_key("items"));
                }
                "patternProperties" => {
                    self.tell(
                        inner,
                        one,
                        other,
                        !other.is_null() || second.contains_key("additionalProperties"),
                    );
                }
                _ => self.tell(inner, one, other, !other.is_null()),
            }
        }
        self.unevaluated(what, first, second);
    }

    /// A reference with words beside it, and what it leads to.
    fn references(&mut self, what: String, first: &'a Value, second: &'a Value, depth: usize) {
        let [one, other] = [(first, self.roots[0]), (second, self.roots[1])]
            .map(|(reference, root)| pointed(reference, root));
        match (one, other) {
            (Some(one), Some(other)) => self.schemas(&what, one, other, depth),
            _ if first == second => {}
            _ => self.tell(what, first, second, !second.is_null()),
        }
    }

    /// What is left over for `unevaluated…` cannot be told where anything that looks at members or items differs.
    fn unevaluated(&mut self, what: &str, first: &'a Map<String, Value>, second: &'a Map<String, Value>) {
        if !["unevaluatedItems", "unevaluatedProperties"].iter().any(|name| second.contains_key(*name)) {
            return;
        }
        for name in APPLICATORS {
            let (one, other) = (member(first, name), member(second, name));
            if !self.is_same(one, other) {
                self.tell(format!("{what}/{name}"), one, other, true);
            }
        }
    }

    /// Each parameter by itself.
    fn properties(
        &mut self,
        what: &str,
        first: &'a Value,
        second: &'a Value,
        wholes: [&'a Map<String, Value>; 2],
        depth: usize,
    ) {
        let of = |known: &'a Value, name: &str| known.as_object().and_then(|known| known.get(name));
        let names = [first, second].into_iter().filter_map(Value::as_object).flat_map(Map::keys);
        for name in names.collect::<BTreeSet<_>>() {
            let inner = format!("{what}/{name}");
            match (of(first, name), of(second, name)) {
                (Some(one), Some(other)) => self.schemas(&inner, one, other, depth),
                (Some(one), None) => self.tell(inner, one, &Value::Null, true),
                (None, other) => {
                    let breaks =
                        has_all(member(wholes[1], "required"), &json!([name])) || was_of_others(wholes[0]);
                    self.tell(inner, &Value::Null, other.unwrap_or(&Value::Null), breaks);
                }
            }
        }
    }

    /// Each of the first's is to be taken by one of the second's, and of `oneOf` by no other one.
    fn alternatives(
        &mut self,
        what: String,
        first: &'a Value,
        second: &'a Value,
        one_alone: bool,
        depth: usize,
    ) {
        let mut pairs = entries(first).zip(entries(second));
        if is_as_long(first, second) && pairs.all(|(one, other)| self.tried(one, other, depth).is_empty()) {
            return;
        }
        let count = entries(second).count();
        let effort = entries(first).count().max(count).saturating_mul(count);
        let is_told = effort <= self.left;
        self.left = self.left.saturating_sub(effort);
        let taken = is_told
            && (!one_alone
                || are_apart(&entries(second).map(|one| target(one, self.roots[1])).collect::<Vec<_>>()))
            && entries(first).all(|one| entries(second).any(|other| self.takes(one, other, depth)));
        self.tell(what, first, second, !taken);
    }

    fn takes(&mut self, one: &'a Value, other: &'a Value, depth: usize) -> bool {
        !self.tried(one, other, depth).iter().any(|change| change.effect == Some(Effect::Breaking))
    }

    /// What would be told of two schemas.
    fn tried(&mut self, one: &'a Value, other: &'a Value, depth: usize) -> Vec<Change> {
        let kept = std::mem::take(&mut self.found);
        self.schemas("", one, other, depth);
        std::mem::replace(&mut self.found, kept)
    }
}

/// Whether a list has each of another one.
fn has_all(list: &Value, wanted: &Value) -> bool {
    entries(wanted).all(|name| entries(list).any(|other| other == name))
}

/// Whether members that the schema does not name are fenced, so that a new name takes something from them.
fn was_of_others(first: &Map<String, Value>) -> bool {
    let fences = ["additionalProperties", "unevaluatedProperties"];
    first.contains_key("patternProperties") || fences.iter().any(|name| member(first, name).is_object())
}

fn is_as_long(one: &Value, other: &Value) -> bool {
    one.is_array() && other.is_array() && entries(one).count() == entries(other).count()
}

fn names_another(schema: &Value) -> bool {
    match schema {
        Value::Object(members) => members.contains_key("$ref") || members.values().any(names_another),
        Value::Array(inner) => inner.iter().any(names_another),
        _ => false,
    }
}
