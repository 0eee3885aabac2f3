use super::*;
use crate::patterns::Patterns;
use serde_json::{Map, json};
use std::time::{Duration, Instant};

/// Far more than any of this takes in an unoptimised build.
const SOON: Duration = Duration::from_secs(20);

fn refusal(schema: &Value) -> String {
    Schema::compile(schema).err().expect("this schema must be refused")
}

fn pointers(schema: &Value, document: &Value, extent: Extent) -> Vec<String> {
    match Schema::compile(schema).unwrap().check(document, extent) {
        Ok(()) => Vec::new(),
        Err(Refusal::Faults(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
        Err(Refusal::TooMuch(reason)) => panic!("{reason}"),
    }
}

#[test]
fn schemas_that_lead_outside_are_refused() {
    for target in
        ["http://127.0.0.1:1/schema.json", "file:///etc/passwd", "other.json", "#name", "#/$defs/nowhere"]
    {
        let nested = json!({"properties": {"a": {"items": {"$ref": target}}}});
        assert!(refusal(&nested).contains("$ref"), "{target}");
    }
    refusal(&json!({"$schema": "http://127.0.0.1:1/meta.json"}));
    assert!(refusal(&json!({"properties": {"a": {"$dynamicRef": "#x"}}})).contains("$dynamicRef"));
    assert!(refusal(&json!({"properties": {"a": {"$id": "http://127.0.0.1:1/"}}})).contains("$id"));
}

#[test]
fn schemas_that_would_cost_too_much_are_refused_at_once() {
    let started = Instant::now();
    assert!(refusal(&json!({"$ref": "#"})).contains("recursive"));
    let two = json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"});
    assert!(refusal(&two).contains("recursive"));
    // Each definition uses the one before twice: 2^40 objects when written out.
    let mut definitions = Map::from_iter([("d0".to_owned(), json!({"type": "string"}))]);
    for n in 1..40 {
        let before = json!({"$ref": format!("#/$defs/d{}", n - 1)});
        definitions.insert(format!("d{n}"), json!({"allOf": [before.clone(), before]}));
    }
    assert!(refusal(&json!({"$defs": definitions, "$ref": "#/$defs/d39"})).contains("objects"));
    let deep = (0..100).fold(json!({}), |inner, _| json!({"not": inner}));
    assert!(refusal(&deep).contains("deep"));
    assert!(refusal(&json!({"description": "x".repeat(300_000)})).contains("larger"));
    assert!(refusal(&json!({"pattern": "(a{1000}){1000}"})).contains("program"));
    assert!(started.elapsed() < SOON);
}

#[test]
fn many_small_patterns_are_refused_with_the_figure() {
    let started = Instant::now();
    let properties: Map<String, Value> =
        (0..1_500).map(|n| (format!("p{n}"), json!({"pattern": format!(r"^x[a-z]{n}$")}))).collect();
    assert!(refusal(&json!({"properties": properties})).contains("200 different patterns"));
    // One pattern, used more often than its states allow.
    let items: Vec<Value> = (0..1_500).map(|_| json!({"pattern": "^[a-z]{1,20}$"})).collect();
    assert!(refusal(&json!({"allOf": items})).contains("at most 10000 are taken"));
    assert!(started.elapsed() < SOON);
}

#[test]
fn patterns_do_not_backtrack() {
    let schema = json!({"properties": {"a": {"pattern": "^(a+)+$"}}});
    let document = json!({"a": format!("{}!", "a".repeat(50_000))});
    let started = Instant::now();
    assert_eq!(pointers(&schema, &document, Extent::Whole), ["/a"]);
    assert!(started.elapsed() < SOON);
    refusal(&json!({"pattern": "(?=a)b"}));
}

#[test]
fn text_times_states_is_bounded() {
    let repeated = json!({"properties": {"a": {"pattern": "^(x|y|[a-z]){1,1400}$"}}});
    let schema = Schema::compile(&repeated).unwrap();
    let started = Instant::now();
    let document = |bytes: usize| json!({"a": "z".repeat(bytes)});
    assert!(matches!(schema.check(&document(5_000), Extent::Whole), Err(Refusal::Faults(_))));
    let Err(Refusal::TooMuch(reason)) = schema.check(&document(40_000), Extent::Whole) else {
        panic!("this takes seconds")
    };
    assert!(reason.contains("40001 bytes of text") && reason.contains("100000000"), "{reason}");
    assert!(started.elapsed() < SOON);
    // A schema that cannot be used with ten kilobytes of text is of no use.
    assert!(refusal(&json!({"pattern": "^(x|y|[a-z]){1,3000}$"})).contains("10000 are taken"));
}

#[test]
fn what_is_not_a_pattern_is_counted_as_well() {
    let started = Instant::now();
    let too_much = |schema: &Value, document: &Value| {
        let checked = Schema::compile(schema).unwrap().check(document, Extent::Whole);
        assert!(matches!(checked, Err(Refusal::TooMuch(_))), "{schema:.60}: {checked:?}");
    };
    let numbers: Vec<u32> = (0..30_000).collect();
    too_much(&json!({"items": {"enum": numbers}}), &json!(numbers));
    too_much(&json!({"items": {"multipleOf": 1e-300}}), &json!(vec![1.5e300; 200_000]));
    let all: Vec<Value> = (0..3_000).map(|n| json!({"items": {"minimum": n}})).collect();
    too_much(&json!({"allOf": all}), &json!(vec![1; 20_000]));
    // Each level asks all that is below it twice.
    let unevaluated = (0..30).fold(
        json!({"type": "object"}),
        |inner, _| json!({"anyOf": [inner], "unevaluatedProperties": false}),
    );
    too_much(&unevaluated, &json!({"a": 1}));
    assert!(started.elapsed() < SOON);
}

#[test]
fn what_is_wrong_in_alternatives_is_not_gathered_without_end() {
    let started = Instant::now();
    let branches: Vec<Value> = (0..100).map(|_| json!({"items": {"type": "string"}})).collect();
    let document = json!(vec![1; 10_000]);
    assert_eq!(pointers(&json!({"anyOf": branches}), &document, Extent::Whole), [""]);
    assert_eq!(pointers(&json!({"allOf": branches}), &document, Extent::Whole), ["/0"]);
    assert_eq!(pointers(&json!({"allOf": branches}), &json!(["a"]), Extent::Whole), [""; 0]);
    assert!(started.elapsed() < SOON);
}

#[test]
fn usual_schemas_are_far_below_the_bounds() {
    let schema = json!({
        "type": "object", "additionalProperties": false,
        "properties": {
            "email": {"type": "string", "pattern": r"^[^@\s]+@[^@\s]+\.[a-z]{2,24}$"},
            "day": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
            "country": {"enum": (0..250).map(|n| format!("C{n}")).collect::<Vec<_>>()},
            "filters": {"type": "array", "items": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/filter"}]}},
        },
        "$defs": {"filter": {"type": "object", "properties": {
            "name": {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"}, "share": {"multipleOf": 0.01},
        }}},
    });
    let filters: Vec<Value> = (0..500).map(|n| json!({"name": format!("n{n}"), "share": 0.25})).collect();
    let document = json!({"email": "a@b.org", "day": "2026-11-28", "country": "C7", "filters": filters});
    assert_eq!(pointers(&schema, &document, Extent::Whole), [""; 0]);
}

#[test]
fn faults_name_their_places() {
    let schema = json!({
        "type": "object", "required": ["a", "b"], "additionalProperties": false,
        "properties": {"a": {"type": "array", "items": {"type": "integer"}}, "b": {"required": ["c"]}},
    });
    let document = json!({"a": [1, "x"], "b": {}, "~/": 1});
    assert_eq!(pointers(&schema, &document, Extent::Whole), ["/a/1", "/b", "/~0~1"]);
    assert_eq!(pointers(&schema, &json!({"a": []}), Extent::Whole), [""]);
    assert_eq!(pointers(&schema, &json!({"a": []}), Extent::Part), [""; 0], "b may come later");
    assert_eq!(
        pointers(&schema, &json!({"b": {}, "d": 1}), Extent::Part),
        ["/b", "/d"],
        "but not within b, nor d"
    );
}

#[test]
fn words_that_are_names_of_parameters_are_no_keywords() {
    let schema = json!({"properties": {"$ref": {"type": "string"}, "$id": {"type": "string"}}});
    assert_eq!(pointers(&schema, &json!({"$ref": 1}), Extent::Whole), ["/$ref"]);
}

/// Each fault of an alternative holds a copy of the value: thousands of them with a large one would take gigabytes.
#[test]
fn faults_of_many_alternatives_are_not_gathered_over_a_large_value() {
    let required: Vec<Value> = (0..7_000).map(|n| json!({"required": [format!("r{n}")]})).collect();
    let forbidden: Vec<Value> = (0..3_000).map(|_| json!({"not": {}})).collect();
    for schema in [json!({"oneOf": required}), json!({"anyOf": forbidden}), json!({"anyOf": required})] {
        let schema = Schema::compile(&schema).unwrap();
        let before = peak_memory();
        let large = json!({"a": "x".repeat(900_000)});
        let Err(Refusal::Faults(faults)) = schema.check(&large, Extent::Whole) else { panic!("it fits") };
        assert!(faults[0].message.contains("too many"), "{faults:?}");
        assert_eq!(schema.check(&large, Extent::Part), Ok(()));
        let grown = peak_memory() - before;
        assert!(grown < 64 << 20, "{} MiB", grown >> 20);
        // A small one is told what is wrong.
        let Err(Refusal::Faults(faults)) = schema.check(&json!({"a": "x"}), Extent::Whole) else {
            panic!("it fits")
        };
        assert!(!faults[0].message.contains("too many"), "{faults:?}");
    }
}

/// Whether a check was begun, and not refused for what it could cost.
fn is_begun(schema: &Schema, document: &Value) -> bool {
    !matches!(schema.check(document, Extent::Whole), Err(Refusal::TooMuch(_)))
}

#[test]
fn patterns_have_as_many_states_as_is_stated() {
    let pattern = |times: u64| format!("^a{{{times}}}$");
    let states = |times: u64| Patterns::default().states(&pattern(times)).unwrap();
    let most = SCHEMA.states - states(1) + 1;
    assert_eq!((states(most), states(most + 1)), (SCHEMA.states, SCHEMA.states + 1));
    assert!(Schema::compile(&json!({"pattern": pattern(most)})).is_ok());
    let refused = refusal(&json!({"pattern": pattern(most + 1)}));
    assert!(refused.contains(&format!("at most {} are taken", SCHEMA.states)), "{refused}");
}

#[test]
fn a_check_takes_as_many_steps_as_is_stated() {
    // Each constant is a part of the schema, and what is left of the steps when whole bytes were looked at.
    let with = |constants: u64| {
        let schema = json!({"pattern": "^a{4000}$", "enum": (0..constants).collect::<Vec<_>>()});
        Schema::compile(&schema).unwrap()
    };
    let least = with(1);
    let (empty, byte) = (least.steps(&json!("")), least.steps(&json!("b")));
    let bytes = (SCHEMA.steps - empty) / (byte - empty);
    let left = (SCHEMA.steps - empty) % (byte - empty);
    let document = json!("b".repeat(usize::try_from(bytes).unwrap()));
    let (most, more) = (with(1 + left / STEPS_OF_A_LOOK), with(2 + left / STEPS_OF_A_LOOK));
    assert!(most.steps(&document) <= SCHEMA.steps && more.steps(&document) > SCHEMA.steps);
    assert!(is_begun(&most, &document) && !is_begun(&more, &document));
}

#[test]
fn faults_are_gathered_as_far_as_is_stated() {
    let schema = Schema::compile(&json!({"items": {"type": "string"}})).unwrap();
    let parts = schema.cost.faults.parts;
    // The list is a value itself.
    let told = |values: u64| {
        let list: Vec<u64> = (1..values).collect();
        let Err(Refusal::Faults(faults)) = schema.check(&json!(list), Extent::Whole) else {
            panic!("numbers are no texts")
        };
        faults.len()
    };
    assert_eq!(SCHEMA.gathered % parts, 0, "a whole number of values");
    assert_eq!(told(SCHEMA.gathered / parts), MAX_FAULTS);
    assert_eq!(told(SCHEMA.gathered / parts + 1), 1);
}

#[test]
fn values_are_copied_as_far_as_is_stated() {
    let alternatives: Vec<Value> = (0..4_096).map(|_| json!({"type": "number"})).collect();
    let schema = Schema::compile(&json!({"anyOf": alternatives})).unwrap();
    assert_eq!(SCHEMA.copied_bytes % schema.cost.alternatives, 0, "a whole number of bytes");
    let bytes = SCHEMA.copied_bytes / schema.cost.alternatives - VALUE_BYTES;
    let is_told = |bytes: u64| {
        let text = json!("x".repeat(usize::try_from(bytes).unwrap()));
        let Err(Refusal::Faults(faults)) = schema.check(&text, Extent::Whole) else {
            panic!("a text is no number")
        };
        !faults[0].message.contains("too many")
    };
    assert!(is_told(bytes) && !is_told(bytes + 1));
}

/// The most memory that this process had, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
}
