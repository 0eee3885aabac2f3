//! What is wrong in a JSON document, in words for whoever wrote it: each fault with its place and with what is allowed there.

use jsonschema::error::{TypeKind, ValidationError, ValidationErrorKind};
use jsonschema::{JsonType, PatternOptions, Validator};
use serde_json::Value;
use std::fmt::{self, Write};

/// Faults that are told in words; the others are counted.
pub const MAX_SHOWN: usize = 50;
/// Words that a fault names as allowed.
const MAX_WORDS: usize = 40;
/// Bytes of a value that a fault shows.
const MAX_VALUE: usize = 64;
/// How alike two names are at least, of which one may stand for the other.
const ALIKE: f64 = 0.75;

/// Something wrong in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterFault {
    /// Where: a JSON Pointer (RFC 6901) into the document; empty = all of it.
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

/// A schema of whoever checks, with the formats that may be written: its cost is its owner's affair.
pub struct Checker {
    validator: Validator,
    schema: Value,
}

impl Checker {
    /// The checker of a schema; `is_moment` says what a `date-time` is. An error says why the schema is not usable.
    pub fn new(schema: Value, is_moment: fn(&str) -> bool) -> Result<Self, String> {
        let validator = jsonschema::options()
            .offline()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .with_format("date-time", is_moment)
            .build(&schema)
            .map_err(|error| error.to_string())?;
        Ok(Self { validator, schema })
    }

    /// What is wrong in a document, and in how many places.
    pub fn faults(&self, document: &Value) -> (Vec<ParameterFault>, usize) {
        explained(self.validator.iter_errors(document), &self.schema)
    }
}

/// The faults of a document, and how many there are.
pub(crate) fn explained<'a>(
    errors: impl Iterator<Item = ValidationError<'a>>,
    schema: &Value,
) -> (Vec<ParameterFault>, usize) {
    let mut faults = Faults { schema, shown: Vec::new(), count: 0 };
    for error in errors {
        faults.explain(&error);
    }
    (faults.shown, faults.count)
}

/// The known name that is most like another, if one is.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Longer ones are no typos; comparing takes time in proportion to both.
    if name.len() > MAX_VALUE {
        return None;
    }
    let name = name.to_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&name, &known.to_lowercase());
    let rated = known.into_iter().map(|known| (likeness(known), known));
    let best = rated.max_by(|(one, _), (other, _)| one.total_cmp(other))?;
    (best.0 >= ALIKE).then_some(best.1)
}

/// What is said of a name that nobody knows.
pub fn unknown(name: &str, known: &[&str]) -> String {
    let mut told = match nearest(name, known.iter().copied()) {
        Some(nearest) => format!("is not known; did you mean {nearest:?}?"),
        None => "is not known;".to_owned(),
    };
    match known.is_empty() {
        true => told.push_str(" there is none"),
        false => told += &format!(" allowed: {}", words(known.iter())),
    }
    told
}

struct Faults<'s> {
    schema: &'s Value,
    shown: Vec<ParameterFault>,
    count: usize,
}

impl<'s> Faults<'s> {
    fn explain(&mut self, error: &ValidationError<'_>) {
        use ValidationErrorKind as Kind;
        let place = error.instance_path().as_str();
        match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                let known = self.known(error);
                for name in unexpected {
                    self.add(|| (format!("{place}/{}", escaped(name)), unknown(name, &known)));
                }
            }
            Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
                self.explain_branches(error, context);
            }
            _ => self.add(|| (place.to_owned(), message(error))),
        }
    }

    /// Of several ways to write something, the one that was meant: what is wrong in it. Where none was, all that is allowed.
    fn explain_branches(&mut self, error: &ValidationError<'_>, branches: &[Vec<ValidationError<'static>>]) {
        let place = error.instance_path().as_str();
        let here = |error: &ValidationError<'_>| {
            error.instance_path().as_str() == place
                && !matches!(error.kind(), ValidationErrorKind::Required { .. })
        };
        let is_name = |error: &ValidationError<'_>| {
            matches!(error.kind(), ValidationErrorKind::AdditionalProperties { .. })
        };
        let meant: Vec<_> = branches
            .iter()
            .filter(|errors| errors.iter().all(|error| !here(error) || is_name(error)))
            .collect();
        // Members such as `kind` say which way was meant.
        let tagged = meant.iter().filter(|errors| !errors.iter().any(|error| is_wrong_word(error)));
        if let Some(errors) = tagged.min_by_key(|errors| errors.len()) {
            return errors.iter().for_each(|error| self.explain(error));
        }
        match meant[..] {
            [] => self.add_allowed(error, branches.iter().flatten()),
            [errors] => errors.iter().for_each(|error| self.explain(error)),
            _ => self.explain_words(&meant),
        }
    }

    /// Each of these ways wants another word, in the same place or in several: all words that are allowed in the first.
    fn explain_words(&mut self, branches: &[&Vec<ValidationError<'static>>]) {
        let wrong: Vec<_> = branches.iter().copied().flatten().filter(|error| is_wrong_word(error)).collect();
        let Some(first) = wrong.first() else { return };
        let place = first.instance_path().as_str();
        let same = wrong.iter().copied().filter(|error| error.instance_path().as_str() == place);
        self.add_allowed(first, same);
    }

    fn add_allowed<'e>(
        &mut self,
        error: &ValidationError<'_>,
        refusals: impl Iterator<Item = &'e ValidationError<'static>>,
    ) {
        let mut allowed = Vec::new();
        gather(refusals, &mut allowed);
        allowed.dedup();
        let place = error.instance_path().as_str();
        self.add(|| (place.to_owned(), format!("must be one of {}{}", words(allowed.iter()), found(error))));
    }

    fn add(&mut self, fault: impl FnOnce() -> (String, String)) {
        self.count += 1;
        if self.shown.len() < MAX_SHOWN {
            let (pointer, message) = fault();
            self.shown.push(ParameterFault { pointer, message });
        }
    }

    /// The names that the schema knows where it refused another.
    fn known(&self, error: &ValidationError<'_>) -> Vec<&'s str> {
        let root = self.schema;
        let keyword = error.schema_path().as_str();
        let schema = keyword.rsplit_once('/').and_then(|(schema, _)| root.pointer(schema));
        let properties = schema.and_then(|schema| schema["properties"].as_object());
        properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect()
    }
}

/// Whether the value is another than the words that are allowed in its place.
fn is_wrong_word(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), ValidationErrorKind::Constant { .. } | ValidationErrorKind::Enum { .. })
}

/// What several ways to write something would have taken.
fn gather<'e>(refusals: impl Iterator<Item = &'e ValidationError<'static>>, allowed: &mut Vec<String>) {
    for error in refusals {
        match error.kind() {
            ValidationErrorKind::OneOfNotValid { context } | ValidationErrorKind::AnyOf { context } => {
                let below: &mut dyn Iterator<Item = _> = &mut context.iter().flatten();
                gather(below, allowed);
            }
            _ => match allowed_by(error) {
                Some(words) => allowed.extend(words),
                None => allowed.push(format!("what {}", message(error))),
            },
        }
    }
}

/// What a refusal of a whole value would have taken.
fn allowed_by(error: &ValidationError<'_>) -> Option<Vec<String>> {
    match error.kind() {
        ValidationErrorKind::Constant { expected_value } => Some(vec![expected_value.to_string()]),
        ValidationErrorKind::Enum { options } => {
            Some(options.as_array()?.iter().map(ToString::to_string).collect())
        }
        ValidationErrorKind::Type { kind } => Some(vec![types(kind)]),
        _ => None,
    }
}

fn types(kind: &TypeKind) -> String {
    let name = |kind: JsonType| match kind.as_str() {
        "null" => "null".to_owned(),
        vowel @ ("array" | "integer" | "object") => format!("an {vowel}"),
        other => format!("a {other}"),
    };
    match kind {
        TypeKind::Single(kind) => name(*kind),
        TypeKind::Multiple(kinds) => kinds.iter().map(name).collect::<Vec<_>>().join(" or "),
    }
}

fn message(error: &ValidationError<'_>) -> String {
    use ValidationErrorKind as Kind;
    match error.kind() {
        Kind::Type { kind } => format!("must be {}{}", types(kind), found(error)),
        Kind::Constant { .. } | Kind::Enum { .. } => {
            let allowed = allowed_by(error).unwrap_or_default();
            format!("must be one of {}{}", words(allowed.iter()), found(error))
        }
        Kind::Required { property } => format!("{} is missing", clipped(&property.to_string())),
        Kind::Format { format } if format == "uuid" => {
            format!("must be a GUID such as 6f9619ff-8b86-d011-b42d-00c04fc964ff{}", found(error))
        }
        Kind::Format { format } if format == "date-time" => {
            format!("must be a date or date-time such as 2024-01-31T09:00:00Z{}", found(error))
        }
        Kind::Minimum { limit } => format!("must be at least {limit}{}", found(error)),
        Kind::Maximum { limit } => format!("must be at most {limit}{}", found(error)),
        Kind::ExclusiveMinimum { limit } => format!("must be more than {limit}{}", found(error)),
        Kind::ExclusiveMaximum { limit } => format!("must be less than {limit}{}", found(error)),
        Kind::MinLength { limit } => format!("must have at least {limit} characters{}", found(error)),
        Kind::MaxLength { limit } => format!("must have at most {limit} characters"),
        Kind::MinItems { limit } => format!("must have at least {limit} items"),
        Kind::MaxItems { limit } => format!("must have at most {limit} items"),
        Kind::MinProperties { limit } => format!("must have at least {limit} members"),
        Kind::MaxProperties { limit } => format!("must have at most {limit} members"),
        Kind::UniqueItems => "must not have an item twice".to_owned(),
        Kind::MultipleOf { multiple_of } => format!("must be a multiple of {multiple_of}{}", found(error)),
        Kind::Pattern { pattern } => format!("must match {}{}", clipped(pattern), found(error)),
        _ => error.masked_with("the value").to_string(),
    }
}

/// The value that was found, as far as it is short.
fn found(error: &ValidationError<'_>) -> String {
    match error.instance().as_ref() {
        Value::Array(_) => "; it is an array".to_owned(),
        Value::Object(_) => "; it is an object".to_owned(),
        Value::String(text) if text.len() > MAX_VALUE => {
            format!("; it is {:?}…", &text[..text.floor_char_boundary(MAX_VALUE)])
        }
        other => format!("; it is {}", clipped(&other.to_string())),
    }
}

fn clipped(text: &str) -> String {
    match text.len() > MAX_VALUE {
        true => format!("{}…", &text[..text.floor_char_boundary(MAX_VALUE)]),
        false => text.to_owned(),
    }
}

/// A name as a JSON Pointer has it.
fn escaped(name: &str) -> String {
    clipped(name).replace('~', "~0").replace('/', "~1")
}

fn words(all: impl ExactSizeIterator<Item = impl AsRef<str>>) -> String {
    let more = all.len().saturating_sub(MAX_WORDS);
    let mut told = all.take(MAX_WORDS).map(|word| clipped(word.as_ref())).collect::<Vec<_>>().join(", ");
    if more > 0 {
        // Writing into a string cannot fail.
        let _ = write!(told, " and {more} more");
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn told(schema: Value, document: &Value) -> Vec<String> {
        let checker = Checker::new(schema, |text| text.starts_with('2')).unwrap();
        let (faults, count) = checker.faults(document);
        assert_eq!(count, faults.len());
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn all_faults_are_told_at_once_each_with_what_is_allowed() {
        let schema = json!({
            "$ref": "#/$defs/body",
            "$defs": {
                "kind": {"oneOf": [{"const": "full", "description": "a"}, {"const": "quick"}]},
                "window": {"type": "object", "properties": {"start": {"type": "string", "format": "date-time"}}, "additionalProperties": false},
                "body": {
                    "type": "object", "required": ["id"], "additionalProperties": false,
                    "properties": {
                        "id": {"type": "string", "format": "uuid"},
                        "kind": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/kind"}]},
                        "window": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/window"}]},
                        "count": {"type": ["integer", "null"], "minimum": 1},
                    },
                },
            },
        });
        let document =
            json!({"kind": "foo", "window": {"start": "yesterday", "ende": 1}, "cuont": 1, "count": 0});
        let mut found = told(schema.clone(), &document);
        found.sort();
        assert_eq!(
            found,
            [
                "\"id\" is missing",
                "/count: must be at least 1; it is 0",
                "/cuont: is not known; did you mean \"count\"? allowed: count, id, kind, window",
                "/kind: must be one of null, \"full\", \"quick\"; it is \"foo\"",
                "/window/ende: is not known; allowed: start",
                "/window/start: must be a date or date-time such as 2024-01-31T09:00:00Z; it is \"yesterday\"",
            ]
        );
        let wrong = told(schema, &json!({"id": "7", "window": 7}));
        assert!(wrong[0].starts_with("/id: must be a GUID such as"), "{wrong:?}");
        assert_eq!(wrong[1], "/window: must be one of null, an object; it is 7");
    }

    #[test]
    fn a_member_that_says_which_way_was_meant_is_told_with_all_its_words() {
        let way = |word: &str, member: &str| {
            json!({
                "type": "object", "required": ["do", member], "additionalProperties": false,
                "properties": {"do": {"const": word}, member: {"type": "integer", "maximum": 9}},
            })
        };
        let schema = json!({"items": {"oneOf": [way("sleep", "seconds"), way("report", "rows"), way("log", "lines")]}});
        for (step, wrong) in [
            (json!({"do": "dance"}), "/0/do: must be one of \"sleep\", \"report\", \"log\"; it is \"dance\""),
            (json!({"do": "report", "rows": 10}), "/0/rows: must be at most 9; it is 10"),
            (json!({"do": "log"}), "/0: \"lines\" is missing"),
            (json!({"seconds": 5}), "/0: \"do\" is missing"),
        ] {
            assert_eq!(told(schema.clone(), &json!([step])), [wrong]);
        }
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_much_is_counted() {
        let schema = json!({"additionalProperties": false, "properties": {"a": {"enum": ["b"]}}});
        let members = (0..500).map(|n| (format!("{n}{}", "x".repeat(1000)), json!(1)));
        let (faults, count) =
            Checker::new(schema.clone(), |_| true).unwrap().faults(&Value::Object(members.collect()));
        assert_eq!((faults.len(), count), (MAX_SHOWN, 500));
        assert!(faults.iter().all(|fault| fault.to_string().len() < 300), "{faults:?}");
        let long = told(schema, &json!({"a": "ü".repeat(1_000_000)}));
        assert!(long[0].len() < 200, "{long:?}");
    }

    #[test]
    fn the_nearest_name_is_found_where_one_is_near() {
        for (typo, known) in [
            ("timeoutSecond", "timeoutSeconds"),
            ("scheduleTime", "scheduledTime"),
            ("force", "forceTermination"),
            ("state", "status"),
            ("pagesize", "pageSize"),
        ] {
            let all = ["reason", "timeoutSeconds", "scheduledTime", "forceTermination", "status", "pageSize"];
            assert_eq!(nearest(typo, all), Some(known));
        }
        assert_eq!(nearest("zzz", ["status"]), None);
        assert_eq!(nearest(&"status".repeat(1000), ["status"]), None);
    }
}
