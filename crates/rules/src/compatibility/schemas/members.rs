//! Members of schemas, and what references lead to.

use super::keywords::is_annotation;
use serde_json::{Map, Value};

/// References that are followed, one leading to the next.
pub(super) const LEADS: usize = 64;

/// What a reference within its own document stands for, as far as it leads, and as long as it stands alone.
pub(super) fn target<'a>(schema: &'a Value, root: &'a Value) -> &'a Value {
    let mut schema = schema;
    for _ in 0..LEADS {
        let Some(members) = schema.as_object() else { break };
        let alone = members.keys().all(|name| name == "$ref" || is_annotation(name) || name == "$defs");
        let Some(found) = pointed(member(members, "$ref"), root).filter(|_| alone) else { break };
        schema = found;
    }
    schema
}

pub(super) fn pointed<'a>(reference: &Value, root: &'a Value) -> Option<&'a Value> {
    root.pointer(reference.as_str()?.strip_prefix('#')?)
}

/// A member, and `null` where there is none.
pub(super) fn member<'a>(of: &'a Map<String, Value>, name: &str) -> &'a Value {
    of.get(name).unwrap_or(&Value::Null)
}

pub(super) fn entries(of: &Value) -> impl Iterator<Item = &Value> {
    of.as_array().into_iter().flatten()
}
