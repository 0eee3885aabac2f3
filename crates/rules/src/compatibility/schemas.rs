//! Whether a JSON Schema takes all that another one takes. What cannot be told is taken for a break: a word too many is
//! better than a job that is refused.

use super::change::{Change, Effect};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::ptr;

/// Pairs of schemas that are looked at, at most: alternatives in alternatives have as many as their author likes.
const BUDGET: usize = 20_000;

/// Schemas in schemas.
const DEPTH: usize = 64;

/// What says nothing of which values fit.
const ANNOTATIONS: [&str; 11] = [
    "title",
    "description",
    "default",
    "examples",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$schema",
    "$id",
    "$comment",
    "$defs",
];

/// Bounds from below, and from above.
const LEAST: [&str; 6] =
    ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties", "minContains"];
const MOST: [&str; 6] =
    ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties", "maxContains"];

/// Lists whose order says nothing.
const LISTS_OF_NAMES: [&str; 2] = ["required", "enum"];

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
        let [first_root, second_root] = self.roots;
        let (one, other) = (resolved(first, first_root), resolved(second, second_root));
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
        self.under_way.push([one, other]);
        match (one.as_object(), other.as_object()) {
            (Some(one), Some(other)) => self.members(what, one, other, depth + 1),
            // `null`, `true` and what is absent take everything, and `false` takes nothing.
            _ => {
                let takes_all = matches!(other, Value::Null | Value::Bool(true));
                self.tell(what.to_owned(), first, second, !takes_all && *one != Value::Bool(false));
            }
        }
        self.under_way.pop();
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
            let (one, other) =
                (first.get(name).unwrap_or(&Value::Null), second.get(name).unwrap_or(&Value::Null));
            let inner = format!("{what}/{name}");
            match &**name {
                "properties" => self.properties(&inner, one, other, second, depth),
                "items" | "additionalProperties" | "contains" | "propertyNames" => {
                    self.schemas(&inner, one, other, depth);
                }
                "anyOf" | "oneOf" if one.is_array() && other.is_array() => {
                    self.alternatives(inner, one, other, depth);
                }
                "allOf" | "prefixItems" if is_as_long(one, other) => {
                    for (number, (one, other)) in entries(one).zip(entries(other)).enumerate() {
                        self.schemas(&format!("{inner}/{number}"), one, other, depth);
                    }
                }
                "$ref" => {}
                _ if self.is_same(one, other) => {}
                annotation if ANNOTATIONS.contains(&annotation) => {
                    if annotation != "$defs" {
                        self.tell(inner, one, other, false);
                    }
                }
                list if LISTS_OF_NAMES.contains(&list) => self.names(inner, one, other, list == "required"),
                "type" => self.tell(inner, one, other, !types(one).is_subset(&types(other))),
                bound if LEAST.contains(&bound) => self.tell(inner, one, other, is_tighter(one, other, 1.0)),
                bound if MOST.contains(&bound) => self.tell(inner, one, other, is_tighter(one, other, -1.0)),
                _ => self.tell(inner, one, other, !other.is_null()),
            }
        }
    }

    /// Each parameter by itself.
    fn properties(
        &mut self,
        what: &str,
        first: &'a Value,
        second: &'a Value,
        whole: &'a Map<String, Value>,
        depth: usize,
    ) {
        let empty = Map::new();
        let known = [first, second].map(|of| of.as_object());
        let of = |which: usize, name: &str| known[which].and_then(|known| known.get(name));
        let names: BTreeSet<String> =
            known.iter().flat_map(|known| known.unwrap_or(&empty).keys().cloned()).collect();
        for name in names {
            let inner = format!("{what}/{name}");
            match (of(0, &name), of(1, &name)) {
                (Some(one), Some(other)) => self.schemas(&inner, one, other, depth),
                (Some(one), None) => self.tell(inner, one, &Value::Null, true),
                // One that must be there is told with `required`.
                (None, other) => {
                    let required = whole.get("required").and_then(Value::as_array);
                    let is_required = required.is_some_and(|names| names.contains(&json!(name)));
                    self.tell(inner, &Value::Null, other.unwrap_or(&Value::Null), is_required);
                }
            }
        }
    }

    /// Names that must be there may go, and values that are allowed may come.
    fn names(&mut self, what: String, first: &Value, second: &Value, required: bool) {
        let of = |value: &Value| value.as_array().cloned();
        let breaks = match (of(first), of(second), required) {
            (first, Some(second), true) => {
                second.iter().any(|name| !first.iter().flatten().any(|other| other == name))
            }
            (Some(first), Some(second), false) => first.iter().any(|value| !second.contains(value)),
            (None, Some(_), false) => true,
            (_, None, _) => false,
        };
        self.tell(what, first, second, breaks);
    }

    /// Each of the first's is to be taken by one of the second's.
    fn alternatives(&mut self, what: String, first: &'a Value, second: &'a Value, depth: usize) {
        let mut pairs = entries(first).zip(entries(second));
        if is_as_long(first, second) && pairs.all(|(one, other)| self.tried("", one, other, depth).is_empty())
        {
            return;
        }
        let taken =
            entries(first).all(|one| entries(second).any(|other| self.takes(&what, one, other, depth)));
        self.tell(what, first, second, !taken);
    }

    fn takes(&mut self, what: &str, one: &'a Value, other: &'a Value, depth: usize) -> bool {
        !self.tried(what, one, other, depth).iter().any(|change| change.effect == Some(Effect::Breaking))
    }

    /// What would be told of two schemas.
    fn tried(&mut self, what: &str, one: &'a Value, other: &'a Value, depth: usize) -> Vec<Change> {
        let kept = std::mem::take(&mut self.found);
        self.schemas(what, one, other, depth);
        std::mem::replace(&mut self.found, kept)
    }
}

/// What a reference within its own document stands for, as far as it leads.
fn resolved<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..DEPTH {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { break };
        let Some(found) = reference.strip_prefix('#').and_then(|pointer| root.pointer(pointer)) else {
            break;
        };
        schema = found;
    }
    schema
}

fn entries(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
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

/// The types that a schema takes. What is a number takes whole ones, too.
fn types(value: &Value) -> BTreeSet<&str> {
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

/// Whether a bound is closer than another one was; up is closer of one from below, and down of one from above.
fn is_tighter(was: &Value, is: &Value, up: f64) -> bool {
    match (was.as_f64(), is.as_f64()) {
        (Some(was), Some(is)) => up * is > up * was,
        (_, is) => is.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a change breaks something; none = nothing is told at all.
    fn breaks(first: Value, second: Value) -> Option<bool> {
        let found = changes("parameters", &first, &second);
        (!found.is_empty()).then(|| found.iter().any(|change| change.effect == Some(Effect::Breaking)))
    }

    #[test]
    fn what_takes_less_breaks_and_what_takes_more_does_not() {
        let pairs = [
            (json!({"type": "integer"}), json!({"type": "number"})),
            (json!({"type": "string"}), json!({"type": ["string", "null"]})),
            (json!({"type": "string"}), json!({})),
            (json!({"enum": ["a"]}), json!({"enum": ["a", "b"]})),
            (json!({"enum": ["a"]}), json!({})),
            (json!({"minimum": 2}), json!({"minimum": 1})),
            (json!({"minimum": 2}), json!({})),
            (json!({"maxLength": 2}), json!({"maxLength": 3})),
            (json!({"maxLength": 2}), json!({})),
            (json!({"pattern": "a"}), json!({})),
            (json!({"additionalProperties": false}), json!({})),
            (json!({"items": {"type": "integer"}}), json!({"items": {"type": "number"}})),
            (
                json!({"anyOf": [{"type": "string"}]}),
                json!({"anyOf": [{"type": "null"}, {"type": "string"}]}),
            ),
            (json!({"required": ["a"], "properties": {"a": {}}}), json!({"properties": {"a": {}}})),
        ];
        for (narrow, wide) in pairs {
            assert_eq!(breaks(narrow.clone(), wide.clone()), Some(false), "{narrow} to {wide}");
            assert_eq!(breaks(wide.clone(), narrow.clone()), Some(true), "{wide} to {narrow}");
            assert_eq!(breaks(narrow.clone(), narrow), None);
        }
    }

    #[test]
    fn parameters_come_and_go() {
        let one = json!({"properties": {"a": {"type": "integer"}}});
        let optional = json!({"properties": {"a": {"type": "integer"}, "b": {}}});
        let required = json!({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["b"]});
        assert_eq!(breaks(one.clone(), optional.clone()), Some(false));
        assert_eq!(breaks(one.clone(), required), Some(true));
        assert_eq!(breaks(optional, one.clone()), Some(true));
        let described =
            json!({"properties": {"a": {"type": "integer", "description": "A number.", "default": 1}}});
        assert_eq!(breaks(one.clone(), described), Some(false));
        assert_eq!(breaks(Value::Null, one.clone()), Some(true));
        assert_eq!(breaks(one, Value::Null), Some(false));
    }

    #[test]
    fn references_are_followed_and_end() {
        let of = |kinds: Value| json!({"$defs": {"Kind": {"enum": kinds}}, "properties": {"kind": {"$ref": "#/$defs/Kind"}}});
        assert_eq!(breaks(of(json!(["a"])), of(json!(["a", "b"]))), Some(false));
        assert_eq!(breaks(of(json!(["a", "b"])), of(json!(["a"]))), Some(true));
        let all =
            |kinds: Value| json!({"$defs": {"Kind": {"enum": kinds}}, "allOf": [{"$ref": "#/$defs/Kind"}]});
        assert_eq!(breaks(all(json!(["a"])), all(json!(["a", "b"]))), Some(false));
        let no = |kinds: Value| json!({"$defs": {"Kind": {"enum": kinds}}, "not": {"$ref": "#/$defs/Kind"}});
        assert_eq!(breaks(no(json!(["a"])), no(json!(["a", "b"]))), Some(true));
        let inline = json!({"properties": {"kind": {"enum": ["a"]}}});
        assert_eq!(breaks(of(json!(["a"])), inline), None, "the same in other words");
        let tree = |most: u64| json!({"$defs": {"Tree": {"maxItems": most, "items": {"$ref": "#/$defs/Tree"}}}, "$ref": "#/$defs/Tree"});
        assert_eq!(breaks(tree(3), tree(3)), None);
        assert_eq!(breaks(tree(3), tree(2)), Some(true));
        let itself = json!({"$ref": "#"});
        assert_eq!(breaks(itself, json!({"type": "integer"})), Some(true));
        // 3 to the power of 40 pairs.
        let alternatives = |kind: &str| {
            let mut defs = Map::from_iter([("level0".to_owned(), json!({"type": kind}))]);
            for level in 1..40 {
                let below = json!({"$ref": format!("#/$defs/level{}", level - 1)});
                defs.insert(
                    format!("level{level}"),
                    json!({"anyOf": [below, {"items": below}, {"not": below}]}),
                );
            }
            json!({"$defs": defs, "$ref": "#/$defs/level39"})
        };
        let (first, second) = (alternatives("integer"), alternatives("string"));
        assert!(breaks(first, second).is_some(), "it comes to an end");
    }
}
