//! The configuration as text: TOML with every setting, what it means, and its default where another value holds.
//!
//! The meaning comes from the doc comments of the settings themselves, by way of their JSON schema. What is written is read
//! as the same configuration: settings that nobody set are comments, with what holds in their place.

use super::effective::Effective;
use super::settings::Config;
use anyhow::Context;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;
use toml::{Table, Value};

/// Columns of a comment.
const WIDTH: usize = 100;

/// The configuration, commented.
pub(crate) fn text(config: &Config, effective: &Effective) -> anyhow::Result<String> {
    let table =
        |config: &Config| Table::try_from(config).context("the configuration cannot be written as TOML");
    let mut page = Page { text: String::new(), effective };
    page.settings("", &schema(), &table(config)?, &table(&Config::default())?);
    Ok(page.text)
}

/// The settings as a JSON schema, with their doc comments.
pub(super) fn schema() -> Json {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<Config>().to_value()
}

struct Page<'a> {
    text: String,
    effective: &'a Effective,
}

impl Page<'_> {
    /// A table's settings, and after them the tables within.
    fn settings(&mut self, path: &str, schema: &Json, values: &Table, defaults: &Table) {
        let none = serde_json::Map::new();
        let properties = schema["properties"].as_object().unwrap_or(&none);
        let (tables, settings): (Vec<_>, Vec<_>) =
            properties.iter().partition(|(_, schema)| is_table(schema));
        for (name, schema) in settings {
            self.setting(path, name, schema, values.get(name), defaults.get(name));
        }
        for (name, schema) in tables {
            let empty = Table::new();
            let inner = |of: &'_ Table| {
                of.get(name).and_then(Value::as_table).cloned().unwrap_or_else(|| empty.clone())
            };
            let path = joined(path, name);
            self.comment(schema);
            self.line(&format!("[{path}]"));
            match schema.get("properties") {
                Some(_) => self.settings(&path, schema, &inner(values), &inner(defaults)),
                None => self.entries(&path, &inner(values)),
            }
        }
    }

    fn setting(
        &mut self,
        path: &str,
        name: &str,
        schema: &Json,
        value: Option<&Value>,
        default: Option<&Value>,
    ) {
        self.comment(schema);
        match value {
            Some(value) => self.line(&format!("{name} = {value}")),
            None => self.line(&format!("# {name} is not set{}", self.effective.shown(&joined(path, name)))),
        }
        match (value, default) {
            (Some(value), Some(default)) if value != default => self.line(&format!("# default: {default}")),
            (Some(_), None) => self.line("# not set by default"),
            _ => {}
        }
        self.line("");
    }

    /// What stands under names that an operator chooses.
    fn entries(&mut self, path: &str, values: &Table) {
        let (tables, settings): (Vec<_>, Vec<_>) = values.iter().partition(|(_, value)| value.is_table());
        for (name, value) in settings {
            self.line(&format!("{} = {value}", key(name)));
        }
        self.line("");
        for (name, value) in tables {
            self.line(&format!("[{path}.{}]", key(name)));
            self.line(&value.as_table().map(ToString::to_string).unwrap_or_default());
        }
    }

    fn comment(&mut self, schema: &Json) {
        let description = schema["description"].as_str().unwrap_or_default();
        for line in wrapped(description) {
            self.line(&format!("# {line}"));
        }
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }
}

pub(super) fn is_table(schema: &Json) -> bool {
    schema["type"] == "object"
}

pub(super) fn joined(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A name as a key of TOML.
fn key(name: &str) -> String {
    let bare =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if bare { name.to_owned() } else { Value::from(name).to_string() }
}

/// Lines of at most [`WIDTH`] columns, unless a word is longer.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
