//! Parameters against the JSON Schema of the module's manifest.
//!
//! A schema comes from whoever wrote the module, so it is bounded before it is used: it never leads outside of itself, does
//! not call itself, and does not grow beyond a bound when all its references are written out. So checking takes time in
//! proportion to the parameters. Patterns run on an engine without backtracking.

use crate::faults::explained;
use crate::{Service, ServiceError};
use fuelcell_domain::{Digest, ModuleVersion};
use jsonschema::error::{ValidationError, ValidationErrorKind};
use jsonschema::{PatternOptions, Validator};
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// Largest schema, as bytes of JSON.
const MAX_SCHEMA: usize = 256 * 1024;
/// Deepest nesting of a schema, references written out.
const MAX_DEPTH: usize = 64;
/// Most objects of a schema, references written out.
const MAX_OBJECTS: u64 = 10_000;
/// Bytes that one compiled pattern may take.
const MAX_PATTERN: usize = 1024 * 1024;
/// Places that a refusal tells of, and the bytes of a message on a schema.
const MAX_FAULTS: usize = 20;
const MAX_MESSAGE: usize = 300;
/// Compiled schemas that are kept.
const MAX_KEPT: usize = 64;
/// Objects of a schema times bytes of parameters that are checked where they are: handing less to another thread takes
/// longer than checking it.
const SMALL: u64 = 100_000;

/// Something wrong in parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterFault {
    /// Where: a JSON Pointer (RFC 6901) into the parameters; empty = all of them.
    pub pointer: String,
    /// What.
    pub message: String,
}

impl fmt::Display for ParameterFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

/// How much of the parameters is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of them.
    Whole,
    /// Some: what is missing comes later.
    Part,
}

/// Compiled schemas by the digest of their module.
#[derive(Default)]
pub(crate) struct Schemas(Mutex<HashMap<Digest, Arc<Schema>>>);

/// A schema, ready to be used.
struct Schema {
    validator: Validator,
    source: Value,
    /// Its objects, references written out.
    objects: u64,
}

impl Schemas {
    fn of(&self, module: &ModuleVersion) -> Result<Arc<Schema>, ServiceError> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(schema) = kept.get(&module.digest) {
            return Ok(schema.clone());
        }
        let schema = Arc::new(compile(&module.manifest.parameters)?);
        if kept.len() >= MAX_KEPT {
            kept.clear();
        }
        kept.insert(module.digest, schema.clone());
        Ok(schema)
    }
}

impl Schema {
    fn is_small_work(&self, document: &Value) -> bool {
        let bytes = u64::try_from(document.to_string().len()).unwrap_or(u64::MAX);
        self.objects.saturating_mul(bytes) <= SMALL
    }
}

impl Service {
    /// Refuses parameters that the module's schema does not allow.
    pub(crate) async fn check_parameters(
        &self,
        module: &ModuleVersion,
        parameters: &Map<String, Value>,
        extent: Extent,
    ) -> Result<(), ServiceError> {
        if module.manifest.parameters.is_null() {
            return Ok(());
        }
        let schema = self.schemas.of(module)?;
        let document = Value::Object(described(module, parameters.clone()));
        let faults = match schema.is_small_work(&document) {
            true => faults(&schema, &document, extent),
            false => {
                let checking = tokio::task::spawn_blocking(move || faults(&schema, &document, extent));
                checking.await.map_err(|panic| {
                    tracing::error!(%panic, "checking parameters ended badly");
                    ServiceError::unprocessable("ManifestInvalid", "the parameters could not be checked")
                })?
            }
        };
        match faults.is_empty() {
            true => Ok(()),
            false => Err(ServiceError::InvalidParameters { module: module.name.clone(), faults }),
        }
    }
}

/// The parameters without those that only name datasets, where the schema does not speak of them.
fn described(module: &ModuleVersion, mut parameters: Map<String, Value>) -> Map<String, Value> {
    let properties = &module.manifest.parameters["properties"];
    for input in &module.manifest.inputs {
        if properties.get(&input.parameter).is_none() {
            parameters.remove(&input.parameter);
        }
    }
    parameters
}

fn faults(schema: &Schema, document: &Value, extent: Extent) -> Vec<ParameterFault> {
    let errors = schema.validator.iter_errors(document);
    let lasting = errors.filter(|error| extent == Extent::Whole || !may_be_completed(error));
    explained(lasting.take(MAX_FAULTS), &schema.source).0
}

/// Whether the fault can be gone when further parameters are added beside these.
fn may_be_completed(error: &ValidationError<'_>) -> bool {
    let lasting = matches!(
        error.kind(),
        ValidationErrorKind::AdditionalProperties { .. } | ValidationErrorKind::PropertyNames { .. }
    );
    error.instance_path().as_str().is_empty() && !lasting
}

fn fault(error: &ValidationError<'_>) -> ParameterFault {
    let mut message = error.to_string();
    if message.len() > MAX_MESSAGE {
        message.truncate(message.floor_char_boundary(MAX_MESSAGE));
        message.push('…');
    }
    ParameterFault { pointer: error.instance_path().to_string(), message }
}

/// Refuses a schema that cannot be used, or that would cost too much to use.
pub(crate) fn check_schema(schema: &Value) -> Result<(), ServiceError> {
    match schema {
        Value::Null => Ok(()),
        schema => compile(schema).map(drop),
    }
}

/// What a usable schema finds wrong in a document.
#[cfg(test)]
pub(crate) fn checked(schema: &Value, document: &Value) -> Vec<ParameterFault> {
    let schema = compile(schema).unwrap_or_else(|error| panic!("it was checked: {error}"));
    faults(&schema, document, Extent::Whole)
}

fn compile(schema: &Value) -> Result<Schema, ServiceError> {
    let objects = check_bounds(schema).map_err(|reason| invalid(&reason))?;
    let patterns = PatternOptions::regex().size_limit(MAX_PATTERN).dfa_size_limit(MAX_PATTERN);
    let options = jsonschema::options().offline().with_pattern_options(patterns);
    let validator = options.build(schema).map_err(|error| invalid(&fault(&error).to_string()))?;
    Ok(Schema { validator, source: schema.clone(), objects })
}

fn invalid(reason: &str) -> ServiceError {
    ServiceError::unprocessable(
        "ManifestInvalid",
        format!("the manifest's parameter schema is not usable: {reason}"),
    )
}

/// The objects of a schema, references written out.
fn check_bounds(schema: &Value) -> Result<u64, String> {
    if schema.to_string().len() > MAX_SCHEMA {
        return Err(format!("it is larger than {MAX_SCHEMA} bytes"));
    }
    Expansion { root: schema, known: HashMap::new(), path: Vec::new() }.objects(schema)
}

/// A schema with all its references written out.
struct Expansion<'a> {
    root: &'a Value,
    /// What has been counted.
    known: HashMap<*const Value, u64>,
    /// What is being counted, outermost first.
    path: Vec<*const Value>,
}

impl<'a> Expansion<'a> {
    /// The number of objects.
    fn objects(&mut self, value: &'a Value) -> Result<u64, String> {
        let members: Vec<&Value> = match value {
            Value::Object(members) => members.values().collect(),
            Value::Array(items) => items.iter().collect(),
            _ => return Ok(0),
        };
        let place: *const Value = value;
        if let Some(count) = self.known.get(&place) {
            return Ok(*count);
        }
        if self.path.contains(&place) {
            return Err("a `$ref` leads back to itself; recursive schemas are not taken".into());
        }
        if self.path.len() >= MAX_DEPTH {
            return Err(format!("it is nested more than {MAX_DEPTH} deep"));
        }
        self.path.push(place);
        let mut count = u64::from(value.is_object());
        for member in members.into_iter().chain(self.reference(value)?) {
            count += self.objects(member)?;
            if count > MAX_OBJECTS {
                return Err(format!(
                    "with its references written out it has more than {MAX_OBJECTS} objects"
                ));
            }
        }
        self.path.pop();
        self.known.insert(place, count);
        Ok(count)
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::{Duration, Instant};

    fn refusal(schema: &Value) -> String {
        check_schema(schema).expect_err("this schema must be refused").to_string()
    }

    fn pointers(schema: &Value, document: &Value, extent: Extent) -> Vec<String> {
        faults(&compile(schema).unwrap(), document, extent).into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn schemas_that_lead_outside_are_refused() {
        for target in
            ["http://127.0.0.1:1/schema.json", "file:///etc/passwd", "other.json", "#name", "#/$defs/nowhere"]
        {
            let nested = json!({"properties": {"a": {"items": {"$ref": target}}}});
            assert!(refusal(&nested).contains("$ref"), "{target}");
        }
        assert!(refusal(&json!({"$schema": "http://127.0.0.1:1/meta.json"})).contains("not usable"));
        assert!(refusal(&json!({"properties": {"a": {"$dynamicRef": "#x"}}})).contains("$dynamicRef"));
        assert!(refusal(&json!({"properties": {"a": {"$id": "http://127.0.0.1:1/"}}})).contains("$id"));
    }

    #[test]
    fn schemas_that_would_cost_too_much_are_refused_at_once() {
        let started = Instant::now();
        assert!(refusal(&json!({"$ref": "#"})).contains("recursive"));
        let two =
            json!({"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"});
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
        assert!(refusal(&json!({"pattern": "(a{1000}){1000}"})).contains("not usable"));
        assert!(started.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn patterns_do_not_backtrack() {
        let schema = json!({"properties": {"a": {"pattern": "^(a+)+$"}}});
        let document = json!({"a": format!("{}!", "a".repeat(50_000))});
        let started = Instant::now();
        assert_eq!(pointers(&schema, &document, Extent::Whole), ["/a"]);
        assert!(started.elapsed() < Duration::from_secs(5));
        assert!(
            refusal(&json!({"pattern": "(?=a)b"})).contains("not usable"),
            "look-around needs backtracking"
        );
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
}
