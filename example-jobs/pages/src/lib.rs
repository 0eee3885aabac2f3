//! Reference pages of jobs: tables of what a manifest says of parameters, inputs and outputs.
//!
//! `tests/pages.rs` makes the pages in `docs/jobs` of the built-in jobs, and runs every example in them. This crate knows
//! manifests as JSON. It must not know any single job.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Where the shared words are described, and which types these are.
pub struct Shared<'a> {
    /// The page, as others link to it.
    pub page: &'a str,
    /// Names of types.
    pub types: &'a [String],
}

/// What a schema says, as tables: one for the parameters, one for each type that they are made of. Types that are shared are
/// links to their page.
pub fn parameters(schema: &Value, shared: &Shared<'_>) -> String {
    let mut page = Writer { schema, shared, text: String::new(), todo: Vec::new(), done: Vec::new() };
    page.members(schema);
    page.types();
    page.text
}

/// Names of the types that a schema is made of.
pub fn types(schema: &Value) -> Vec<String> {
    schema
        .get("$defs")
        .and_then(Value::as_object)
        .map(|all| all.keys().cloned().collect())
        .unwrap_or_default()
}

/// Inputs and outputs of a manifest.
pub fn files(manifest: &Value) -> String {
    let mut text =
        String::from("## Inputs\n\n| input | parameter | needed | files |\n| --- | --- | --- | --- |\n");
    let list = |member: &str| manifest[member].as_array().cloned().unwrap_or_default();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_string();
    for input in list("inputs") {
        let formats: Vec<String> = input["formats"].as_array().into_iter().flatten().map(word).collect();
        let formats = if formats.is_empty() { "any".to_string() } else { formats.join(", ") };
        let many = if input["many"] == true { "/NAME" } else { "" };
        let needed = if input["required"] == true { "yes" } else { "no" };
        line(
            &mut text,
            &[
                &format!("`{}{many}`", word(&input["name"])),
                &format!("`{}`", word(&input["parameter"])),
                needed,
                &formats,
            ],
        );
    }
    text.push_str("\n## Outputs\n\n| file | type | kind |\n| --- | --- | --- |\n");
    for output in list("outputs") {
        let [name, r#type, kind] = ["name", "type", "kind"].map(|member| word(&output[member]));
        line(&mut text, &[&format!("`{name}`"), &format!("`{type}`"), &kind]);
    }
    text
}

/// Every example in the descriptions of a schema: what stands between backticks and is a JSON object.
pub fn examples(schema: &Value) -> Vec<Value> {
    let own = schema.get("description").and_then(Value::as_str).unwrap_or_default();
    let quoted = own.split('`').skip(1).step_by(2);
    let mut found: Vec<Value> = quoted
        .filter(|text| text.starts_with("{\""))
        .filter_map(|text| serde_json::from_str(text).ok())
        .collect();
    match schema {
        Value::Object(members) => found.extend(members.values().flat_map(examples)),
        Value::Array(values) => found.extend(values.iter().flat_map(examples)),
        _ => {}
    }
    found
}

fn line(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|").replace('\n', " ")).collect();
    writeln!(text, "| {} |", cells.join(" | ")).unwrap_or_default();
}

struct Writer<'a> {
    schema: &'a Value,
    shared: &'a Shared<'a>,
    text: String,
    todo: Vec<String>,
    done: Vec<String>,
}

impl Writer<'_> {
    /// A table of an object's members.
    fn members(&mut self, object: &Value) {
        let Some(members) = object.get("properties").and_then(Value::as_object) else { return };
        let required: Vec<&str> =
            object["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        self.text.push_str("| name | type | default | meaning |\n| --- | --- | --- | --- |\n");
        for (name, member) in members {
            let default =
                if required.contains(&name.as_str()) { "needed".to_string() } else { default(member) };
            let r#type = self.r#type(member);
            line(&mut self.text, &[&format!("`{name}`"), &r#type, &default, description(member)]);
        }
    }

    /// The types that were named, and those that they name.
    fn types(&mut self) {
        while !self.todo.is_empty() {
            let name = self.todo.remove(0);
            let schema = self.schema["$defs"][&name].clone();
            write!(self.text, "\n### {name}\n\n{}\n\n", description(&schema)).unwrap_or_default();
            match choices(&schema) {
                Some(choices) => self.choices(&choices),
                None => self.members(&schema),
            }
        }
    }

    /// Values of which one is taken, or members of which one is there.
    fn choices(&mut self, choices: &[Value]) {
        for choice in choices {
            let about = description(choice).replace('\n', " ");
            let members = choice.get("properties").and_then(Value::as_object);
            let tagged = members.and_then(|members| {
                Some((members, members.iter().find(|(_, member)| member.get("const").is_some())?))
            });
            if let Some((members, (tag, value))) = tagged {
                let others: Vec<String> =
                    members.keys().filter(|name| *name != tag).map(|name| format!("`{name}`")).collect();
                writeln!(
                    self.text,
                    "- {tag} `{}` with {}: {about}",
                    plain(&value["const"]),
                    others.join(" and ")
                )
                .unwrap_or_default();
                continue;
            }
            match (choice.get("const"), members.and_then(|members| members.iter().next())) {
                (Some(value), _) => writeln!(self.text, "- `{}`: {about}", plain(value)),
                (_, Some((verb, parameters))) => {
                    let r#type = self.r#type(parameters);
                    writeln!(self.text, "- `{verb}` ({type}): {about}")
                }
                _ => {
                    let r#type = self.r#type(choice);
                    writeln!(self.text, "- {type}{}{about}", if about.is_empty() { "" } else { ": " })
                }
            }
            .unwrap_or_default();
        }
    }

    /// A type in words, with links.
    fn r#type(&mut self, schema: &Value) -> String {
        if let Some(name) =
            schema.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next())
        {
            return self.link(name);
        }
        let some = ["anyOf", "oneOf"].iter().find_map(|word| schema.get(*word)).and_then(Value::as_array);
        if let Some(some) = some {
            let each: Vec<String> =
                some.iter().filter(|one| one["type"] != "null").map(|one| self.r#type(one)).collect();
            return each.join(" or ");
        }
        if let Some(value) = schema.get("const") {
            return format!("`{}`", plain(value));
        }
        let named = match &schema["type"] {
            Value::Array(names) => names.iter().filter_map(Value::as_str).find(|name| *name != "null"),
            name => name.as_str(),
        };
        match named {
            Some("array") => {
                let most =
                    schema.get("maxItems").map_or_else(String::new, |most| format!(", at most {most}"));
                format!("list of {}{most}", self.r#type(&schema["items"]))
            }
            Some("object") => match schema.get("additionalProperties").filter(|values| values.is_object()) {
                Some(values) => format!("object: name → {}", self.r#type(values)),
                None => "object".into(),
            },
            Some("string") => match schema.get("enum").and_then(Value::as_array) {
                Some(values) => {
                    values.iter().map(|value| format!("`{}`", plain(value))).collect::<Vec<_>>().join(" or ")
                }
                None => "text".into(),
            },
            Some("boolean") => "`true` or `false`".into(),
            Some(number) => number.to_string() + &range(schema),
            None => "any value".into(),
        }
    }

    fn link(&mut self, name: &str) -> String {
        let anchor = name.to_lowercase();
        if self.shared.types.iter().any(|shared| shared == name) {
            return format!("[{name}]({}#{anchor})", self.shared.page);
        }
        if !self.done.iter().any(|done| done == name) {
            self.done.push(name.to_string());
            self.todo.push(name.to_string());
        }
        format!("[{name}](#{anchor})")
    }
}

/// The choices of a type that is one of several.
fn choices(schema: &Value) -> Option<Vec<Value>> {
    let some =
        ["oneOf", "anyOf"].iter().find_map(|word| schema.get(*word)).and_then(Value::as_array).cloned();
    some.or_else(|| {
        let values = schema.get("enum")?.as_array()?;
        Some(
            values
                .iter()
                .map(|value| Value::Object(Map::from_iter([("const".into(), value.clone())])))
                .collect(),
        )
    })
}

fn description(schema: &Value) -> &str {
    schema.get("description").and_then(Value::as_str).unwrap_or_default()
}

fn default(schema: &Value) -> String {
    match schema.get("default") {
        None | Some(Value::Null) => String::new(),
        Some(Value::Object(members))
            if members
                .values()
                .all(|value| value.is_null() || value == "" || *value == Value::Array(Vec::new())) =>
        {
            String::new()
        }
        Some(Value::Array(values)) if values.is_empty() => "none".into(),
        Some(value) => format!("`{}`", plain(value)),
    }
}

fn range(schema: &Value) -> String {
    let bound = |word: &str| schema.get(word).map(ToString::to_string);
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(", {least} to {most}"),
        (Some(least), None) => format!(", at least {least}"),
        (None, Some(most)) => format!(", at most {most}"),
        (None, None) => String::new(),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}
