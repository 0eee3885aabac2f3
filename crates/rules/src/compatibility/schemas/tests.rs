//! Each rule by what it tells of two schemas.

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
        (json!({"const": "a"}), json!({"enum": ["a", "b"]})),
        (json!({"const": null}), json!({"enum": [null, 1]})),
        (json!({"const": null}), json!({})),
        (json!({"minimum": 9007199254740993_u64}), json!({"minimum": 9007199254740992_u64})),
        (json!({"minContains": 2, "contains": {}}), json!({"contains": {}})),
        (json!({"contains": {}}), json!({"contains": {}, "minContains": 0})),
        (json!({"prefixItems": [{"type": "null"}]}), json!({})),
        (
            json!({"oneOf": [{"const": "a", "description": "A."}]}),
            json!({"oneOf": [{"const": "a"}, {"const": "b"}]}),
        ),
        (json!({"oneOf": [{"type": "string"}]}), json!({"oneOf": [{"type": "string"}, {"type": "null"}]})),
        (json!({"oneOf": [tagged("a")]}), json!({"oneOf": [tagged("b"), tagged("a")]})),
        (json!({"minimum": 2}), json!({"minimum": 1})),
        (json!({"minimum": 2}), json!({})),
        (json!({"maxLength": 2}), json!({"maxLength": 3})),
        (json!({"maxLength": 2}), json!({})),
        (json!({"pattern": "a"}), json!({})),
        (json!({"additionalProperties": false}), json!({})),
        (json!({"items": {"type": "integer"}}), json!({"items": {"type": "number"}})),
        (json!({"anyOf": [{"type": "string"}]}), json!({"anyOf": [{"type": "null"}, {"type": "string"}]})),
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
    for everything in [Value::Null, json!(true), json!({})] {
        assert_eq!(breaks(one.clone(), everything), Some(true), "its parameter is gone");
    }
}

#[test]
fn references_are_followed_and_end() {
    let of = |kinds: Value| json!({"$defs": {"Kind": {"enum": kinds}}, "properties": {"kind": {"$ref": "#/$defs/Kind"}}});
    assert_eq!(breaks(of(json!(["a"])), of(json!(["a", "b"]))), Some(false));
    assert_eq!(breaks(of(json!(["a", "b"])), of(json!(["a"]))), Some(true));
    let all = |kinds: Value| json!({"$defs": {"Kind": {"enum": kinds}}, "allOf": [{"$ref": "#/$defs/Kind"}]});
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
            defs.insert(format!("level{level}"), json!({"anyOf": [below, {"items": below}, {"not": below}]}));
        }
        json!({"$defs": defs, "$ref": "#/$defs/level39"})
    };
    let (first, second) = (alternatives("integer"), alternatives("string"));
    assert!(breaks(first, second).is_some(), "it comes to an end");
}

fn tagged(kind: &str) -> Value {
    json!({"type": "object", "required": ["kind"], "properties": {"kind": {"const": kind}}})
}

#[test]
fn words_that_change_nothing_break_nothing() {
    let pairs = [
        (json!({"type": "integer", "format": "uint32"}), json!({"type": "integer", "format": "uint64"})),
        (json!({"type": "array"}), json!({"type": "array", "minItems": 0, "uniqueItems": false})),
        (json!({}), json!({"minLength": 0, "minProperties": 0, "minContains": 1})),
        (json!({"const": "a"}), json!({"enum": ["a"]})),
        (json!({}), json!({"$schema": "https://json-schema.org/draft/2020-12/schema"})),
    ];
    for (first, second) in pairs {
        assert_eq!(breaks(first.clone(), second.clone()), Some(false), "{first} to {second}");
        assert_eq!(breaks(second.clone(), first.clone()), Some(false), "{second} to {first}");
    }
    let format = |format: &str| json!({"type": "string", "format": format});
    assert_eq!(breaks(format("uuid"), format("date-time")), Some(true));
}

/// Each would refuse something that the first takes.
#[test]
fn words_that_others_lean_on_break() {
    let pairs = [
        (
            json!({"patternProperties": {"^x": {}}, "additionalProperties": false}),
            json!({"additionalProperties": false}),
        ),
        (
            json!({"properties": {"a": {}}, "additionalProperties": false}),
            json!({"additionalProperties": false}),
        ),
        (
            json!({"additionalProperties": {"type": "integer"}}),
            json!({"additionalProperties": {"type": "integer"}, "properties": {"a": {"type": "string"}}}),
        ),
        (
            json!({"patternProperties": {"^a": {"type": "integer"}}}),
            json!({"patternProperties": {"^a": {"type": "integer"}}, "properties": {"a": {"type": "string"}}}),
        ),
        (json!({"prefixItems": [{}], "items": {"type": "null"}}), json!({"items": {"type": "null"}})),
        (json!({"contains": {"type": "null"}, "minContains": 0}), json!({"contains": {"type": "null"}})),
        (
            json!({"contains": {"type": "null"}, "maxContains": 1}),
            json!({"contains": {"type": ["null", "string"]}, "maxContains": 1}),
        ),
        (
            json!({"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": false}),
            json!({"unevaluatedProperties": false}),
        ),
        (json!({"contains": {}, "unevaluatedItems": false}), json!({"unevaluatedItems": false})),
        (json!({"oneOf": [{"type": "number"}]}), json!({"oneOf": [{"type": "number"}, {"type": "integer"}]})),
        (json!({"oneOf": [{"const": 1}]}), json!({"oneOf": [{"const": 1}, {"const": 1.0}]})),
        (json!({}), json!({"$schema": "http://json-schema.org/draft-07/schema#"})),
        (json!({"minimum": 1}), json!({"minimum": 1, "exclusiveMinimum": true})),
        (json!({}), json!({"const": null})),
        (json!({"type": "array"}), json!({"type": "array", "contains": true})),
    ];
    for (first, second) in pairs {
        assert_eq!(breaks(first.clone(), second.clone()), Some(true), "{first} to {second}");
    }
}

#[test]
fn words_beside_a_reference_count() {
    let of = |beside: Value| {
        let mut schema = json!({"$ref": "#/$defs/N"});
        schema.as_object_mut().unwrap().extend(beside.as_object().unwrap().clone());
        json!({"$defs": {"N": {"type": "integer"}}, "properties": {"n": schema}})
    };
    assert_eq!(breaks(of(json!({})), of(json!({"maximum": 5}))), Some(true));
    assert_eq!(breaks(of(json!({"maximum": 5})), of(json!({}))), Some(false));
    assert_eq!(breaks(of(json!({"maximum": 5})), of(json!({"maximum": 6}))), Some(false));
    assert_eq!(breaks(of(json!({"maximum": 5})), of(json!({"maximum": 4}))), Some(true));
    let inline = json!({"properties": {"n": {"type": "integer"}}});
    assert_eq!(breaks(inline.clone(), of(json!({"maximum": 5}))), Some(true));
    assert_eq!(breaks(of(json!({"description": "A number."})), inline), None);
}

#[test]
fn a_schema_may_become_one_of_several() {
    let of = |kind: Value| json!({"$defs": {"Kind": {"type": "object", "properties": {"a": {}}}}, "properties": {"kind": kind}});
    let kind = json!({"$ref": "#/$defs/Kind"});
    let optional = json!({"anyOf": [kind, {"type": "null"}], "description": "It may be left out."});
    assert_eq!(breaks(of(kind.clone()), of(optional.clone())), Some(false));
    assert_eq!(breaks(of(optional), of(kind.clone())), Some(true));
    let other = json!({"anyOf": [{"type": "string"}, {"type": "null"}]});
    assert_eq!(breaks(of(kind.clone()), of(other)), Some(true));
    let bounded = json!({"anyOf": [kind, {"type": "null"}], "maxProperties": 1});
    assert_eq!(breaks(of(kind), of(bounded)), Some(true));
}

#[test]
fn a_list_of_values_may_become_alternatives_and_back() {
    let list = json!({"type": "string", "enum": ["a", "b"]});
    let described = |values: &[&str]| {
        let one = |value: &&str| json!({"type": "string", "const": value, "description": "One."});
        json!({"oneOf": values.iter().map(one).collect::<Vec<_>>()})
    };
    assert_eq!(breaks(list.clone(), described(&["a", "b"])), Some(false));
    assert_eq!(breaks(described(&["a", "b"]), list.clone()), Some(false));
    assert_eq!(breaks(list.clone(), described(&["c", "b", "a"])), Some(false));
    assert_eq!(breaks(list.clone(), described(&["a"])), Some(true));
    assert_eq!(breaks(described(&["a", "b", "c"]), list.clone()), Some(true));
    // As generators write it where some have a description.
    let mixed = json!({"oneOf": [{"type": "string", "enum": ["a"]}, {"type": "string", "const": "b"}]});
    assert_eq!(breaks(list.clone(), mixed), Some(false));
    let optional = json!({"anyOf": [list, {"const": null}]});
    assert_eq!(breaks(list.clone(), optional), Some(false));
    let refers = json!({"$defs": {"A": {"const": "a"}}, "oneOf": [{"$ref": "#/$defs/A"}, {"const": "b"}]});
    assert_eq!(breaks(list.clone(), refers), Some(false));
    for takes_less in [
        json!({"oneOf": [{"const": "a"}, {"enum": ["a", "b"]}]}),
        json!({"oneOf": [{"const": "a", "type": "null"}, {"const": "b"}]}),
        json!({"type": "null", "oneOf": [{"const": "a"}, {"const": "b"}]}),
        json!({"oneOf": [{"const": "a", "minLength": 3}, {"const": "b"}]}),
    ] {
        assert_eq!(breaks(list.clone(), takes_less.clone()), Some(true), "{takes_less}");
    }
    let numbers = json!({"oneOf": [{"const": 1}, {"const": 1.0}]});
    assert_eq!(breaks(json!({"const": 1}), numbers), Some(true), "both take it");
    let whole = json!({"type": "integer", "enum": [1.0]});
    assert_eq!(breaks(whole, json!({"anyOf": [{"const": "a"}]})), Some(true), "it is whole");
}
