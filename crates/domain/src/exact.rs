//! JSON in which a number is what was written: `1e2`, `-0` and integers of any length stay as they are.
//!
//! serde_json's own values hold numbers as machine numbers. Here each string and each number of a document becomes a string
//! with a mark in front, so that the same parser and the same tree serve, and becomes again what it was when it is written.

use crate::Digest;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use std::fmt;

/// The mark of what was a string.
const STRING: u8 = b's';
/// The mark of what was a number.
const NUMBER: u8 = b'n';
/// The mark of what looks like a number and is none, or stands in the place of a name: no string holds it.
const WRONG: u8 = b'\n';

/// The digest of what a JSON document means: white space, the order of members and the way in which strings are escaped
/// make no difference, each digit of a number does. What is no JSON is the digest of its bytes.
pub fn meaning(document: &[u8]) -> Digest {
    let marked = std::str::from_utf8(document).ok().map(marked);
    match marked.and_then(|text| serde_json::from_str::<Value>(&text).ok()) {
        Some(mut value) => {
            value.sort_all_objects();
            Digest::of(value.to_string().as_bytes())
        }
        None => Digest::of(document),
    }
}

/// Parameters of a job: a JSON object whose numbers stay as they were written.
#[derive(Clone, PartialEq, Eq)]
pub struct Parameters {
    /// Without white space between its tokens.
    text: String,
}

impl Parameters {
    /// Reads a JSON object.
    pub fn from_text(text: &str) -> Result<Self, serde_json::Error> {
        members(text).map(Self::of)
    }

    fn of(members: Map<String, Value>) -> Self {
        Self { text: unmarked(&Value::Object(members).to_string()) }
    }

    fn members(&self) -> Map<String, Value> {
        // It was read before.
        members(&self.text).unwrap_or_default()
    }

    /// As JSON.
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// As JSON.
    pub fn into_text(self) -> String {
        self.text
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.text == "{}"
    }

    /// With machine numbers, for checks. Numbers beyond the range of 64-bit floating point are an error.
    pub fn values(&self) -> Result<Map<String, Value>, serde_json::Error> {
        serde_json::from_str(&self.text)
    }

    /// These, and those of `defaults` whose names are not among them.
    pub fn over(self, defaults: &Self) -> Self {
        if defaults.is_empty() {
            return self;
        }
        let mut members = defaults.members();
        members.extend(self.members());
        Self::of(members)
    }

    /// Changed by a JSON Merge Patch (RFC 7396): members are replaced, objects merged, and `null` removes.
    pub fn patched(&self, patch: &Self) -> Self {
        let mut target = self.members();
        merge(&mut target, patch.members());
        Self::of(target)
    }

    /// Without these members.
    pub fn without(&self, names: &[&str]) -> Self {
        let mut members = self.members();
        members.retain(|name, _| !names.iter().any(|gone| name.as_bytes()[1..] == *gone.as_bytes()));
        Self::of(members)
    }
}

impl Default for Parameters {
    fn default() -> Self {
        Self::of(Map::new())
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Parameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Box::<RawValue>::deserialize(deserializer)?;
        match document.get().as_bytes().first() {
            Some(b'{') => Self::from_text(document.get()).map_err(D::Error::custom),
            _ => Err(D::Error::custom("invalid type: an object is expected")),
        }
    }
}

impl Serialize for Parameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.text).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

fn members(text: &str) -> Result<Map<String, Value>, serde_json::Error> {
    serde_json::from_str(&marked(text))
}

fn merge(target: &mut Map<String, Value>, patch: Map<String, Value>) {
    for (name, change) in patch {
        match change {
            Value::Null => {
                target.remove(&name);
            }
            Value::Object(inner) => {
                let member = target.entry(name).or_insert(Value::Null);
                if !member.is_object() {
                    *member = Value::Object(Map::new());
                }
                if let Value::Object(member) = member {
                    merge(member, inner);
                }
            }
            other => {
                target.insert(name, other);
            }
        }
    }
}

/// The document with its strings and numbers marked, and without white space between its tokens. What is no JSON does not
/// become JSON by that.
fn marked(text: &str) -> String {
    let mut marked = Vec::with_capacity(text.len() + text.len() / 4);
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let length = match first {
            b' ' | b'\t' | b'\n' | b'\r' => {
                rest = &rest[1..];
                continue;
            }
            b'"' => {
                let length = string_length(rest);
                marked.extend_from_slice(&[b'"', STRING]);
                marked.extend_from_slice(&rest[1..length]);
                length
            }
            b'-' | b'0'..=b'9' => {
                let length = rest.iter().take_while(|byte| is_of_number(**byte)).count();
                let number = &rest[..length];
                let is_name = rest[length..].trim_ascii_start().first() == Some(&b':');
                let mark = if is_number(number) && !is_name { NUMBER } else { WRONG };
                marked.extend_from_slice(&[b'"', mark]);
                marked.extend_from_slice(number);
                marked.push(b'"');
                length
            }
            _ => {
                // A token ends here: `tru e` must not become `true`.
                let end = rest.iter().position(|byte| !byte.is_ascii_alphabetic()).unwrap_or(rest.len());
                let length = end.max(1);
                marked.extend_from_slice(&rest[..length]);
                if end > 0 && rest.get(length).is_some_and(u8::is_ascii_whitespace) {
                    marked.push(b' ');
                }
                length
            }
        };
        rest = &rest[length..];
    }
    // It was cut at ASCII characters only.
    String::from_utf8(marked).unwrap_or_default()
}

/// The reverse, of what serde_json wrote.
fn unmarked(text: &str) -> String {
    let mut plain = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(first) = rest.first() {
        let length = if *first == b'"' { string_length(rest) } else { 1 };
        match rest.get(1).filter(|_| *first == b'"') {
            Some(&NUMBER) => plain.extend_from_slice(&rest[2..length - 1]),
            Some(_) => {
                plain.push(b'"');
                plain.extend_from_slice(&rest[2..length]);
            }
            None => plain.extend_from_slice(&rest[..length]),
        }
        rest = &rest[length..];
    }
    String::from_utf8(plain).unwrap_or_default()
}

/// The bytes of the string that begins here, with both quotes, or all that is left.
fn string_length(text: &[u8]) -> usize {
    let mut escaped = false;
    for (index, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    text.len()
}

fn is_of_number(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')
}

/// The grammar of RFC 8259, section 6.
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let (mantissa, exponent) = match text.iter().position(|byte| matches!(byte, b'e' | b'E')) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.iter().position(|byte| *byte == b'.') {
        Some(at) => (&mantissa[..at], Some(&mantissa[at + 1..])),
        None => (mantissa, None),
    };
    let digits = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let exponent = exponent.map(|text| text.strip_prefix(b"+").or(text.strip_prefix(b"-")).unwrap_or(text));
    digits(whole)
        && (whole.len() == 1 || whole[0] != b'0')
        && fraction.is_none_or(digits)
        && exponent.is_none_or(digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parameters(text: &str) -> Parameters {
        Parameters::from_text(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        for number in [
            "18446744073709551616",
            "123456789012345678901234567890",
            "-0",
            "1e2",
            "1E+2",
            "1.10",
            "-0.0",
            "1e400",
            "0.1000000000000000055511151231257827",
        ] {
            let text = format!("{{\"a\":{number},\"b\":[{number},{{\"c\":{number}}}]}}");
            assert_eq!(parameters(&text).as_text(), text);
            assert_eq!(parameters(&text).patched(&parameters(r#"{"d":1}"#)).as_text(), {
                let head = text.strip_suffix('}').unwrap();
                format!("{head},\"d\":1}}")
            });
            assert_eq!(serde_json::to_string(&parameters(&text)).unwrap(), text);
        }
    }

    #[test]
    fn strings_are_what_they_were() {
        for string in [r#""""#, r#""n1""#, r#""s""#, r#""a\"b\\""#, r#""\\\"[{1 2""#, r#""ü\n""#] {
            let text = format!("{{\"n1\":{string},\"s\":[{string}]}}");
            assert_eq!(parameters(&text).as_text(), text);
        }
        assert_eq!(parameters(r#" { "\u0061" : "\u00fc" } "#).as_text(), r#"{"a":"ü"}"#);
    }

    #[test]
    fn what_is_no_json_object_is_refused() {
        for text in [
            "",
            "[]",
            "1",
            "{",
            "{\"a\":01}",
            "{\"a\":1.}",
            "{\"a\":.5}",
            "{\"a\":+1}",
            "{\"a\":--1}",
            "{\"a\":1e}",
            "{\"a\":1-2}",
            "{\"a\":tru e}",
            "{\"a\":1 2}",
            "{\"a\":\"\\ud800\"}",
            "{1:2}",
            "{\"a\":nul}",
            "{} {}",
            "{\"a\":\"x}",
            "{\"a\":n1}",
            "{'a':1}",
            "{\"a\":0x1}",
            "{\"a\":1a}",
        ] {
            assert!(Parameters::from_text(text).is_err(), "{text}");
            assert!(serde_json::from_str::<Map<String, Value>>(text).is_err(), "{text}");
        }
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
        assert!(Parameters::from_text(&deep).is_err(), "as deep as the parser goes");
        assert!(serde_json::from_str::<Parameters>(&deep).is_err());
        assert!(serde_json::from_str::<Parameters>("[]").unwrap_err().to_string().contains("object"));
    }

    #[test]
    fn the_same_meaning_has_the_same_digest() {
        let of = |text: &str| meaning(text.as_bytes());
        let plain = of(r#"{"a":[1,{"b":"é","c":null}],"d":true}"#);
        assert_eq!(plain, of(" {\"d\" :true,\n\"a\": [ 1 , {\"c\":null, \"b\":\"\\u00e9\"} ] }\t"));
        for other in [
            r#"{"a":[1.0,{"b":"é","c":null}],"d":true}"#,
            r#"{"a":["1",{"b":"é","c":null}],"d":true}"#,
            r#"{"a":[{"b":"é","c":null},1],"d":true}"#,
            r#"{"a":[1,{"b":"é"}],"d":true}"#,
        ] {
            assert_ne!(plain, of(other), "{other}");
        }
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"n1"}"#));
        assert_ne!(of(r#"{"a":18446744073709551616}"#), of(r#"{"a":18446744073709551617}"#));
        assert_ne!(of("{} x"), of("{}"), "what is no JSON is told by its bytes");
    }

    /// The examples of the RFC's appendix A whose documents are objects.
    #[test]
    fn the_examples_of_rfc_7396_hold() {
        let cases = [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
            (json!({"a": "b"}), json!({"a": null}), json!({})),
            (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (json!({"a": "c"}), json!({"a": ["b"]}), json!({"a": ["b"]})),
            (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
            (json!({"a": [{"b": "c"}]}), json!({"a": [1]}), json!({"a": [1]})),
            (json!({"e": null}), json!({"a": 1}), json!({"e": null, "a": 1})),
            (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
        ];
        for (target, patch, expected) in cases {
            let patched = parameters(&target.to_string()).patched(&parameters(&patch.to_string()));
            assert_eq!(Value::Object(patched.values().unwrap()), expected, "{target}");
        }
    }

    #[test]
    fn members_over_defaults_and_without_some() {
        let defaults = parameters(r#"{"a":1e2,"b":{"c":1}}"#);
        let own = parameters(r#"{"b":{"d":-0},"e":2}"#);
        assert_eq!(own.clone().over(&defaults).as_text(), r#"{"a":1e2,"b":{"d":-0},"e":2}"#);
        assert_eq!(own.without(&["b", "x"]).as_text(), r#"{"e":2}"#);
        assert!(Parameters::default().is_empty() && !own.is_empty());
    }
}
