//! What each setting takes, in words: from its type and its name.

use super::ranges::{self, MAX_NODE, range};
use super::reference::{is_table, joined, schema};
use super::units::Unit;
use serde_json::Value as Json;
use std::ops::RangeInclusive;

/// A setting, or a table whose names an operator chooses.
pub(super) struct Row {
    /// Its name after those of its tables, with dots.
    pub(super) path: String,
    /// What it takes.
    pub(super) takes: String,
    /// What a number may be.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test tries what is beyond it"))]
    pub(super) range: Option<RangeInclusive<u64>>,
    /// What it means.
    #[cfg_attr(not(test), expect(dead_code, reason = "the page is made by a test"))]
    pub(super) meaning: String,
}

/// All settings, in the order of the reference.
pub(super) fn rows() -> Vec<Row> {
    let mut rows = Vec::new();
    gather("", &schema(), &mut rows);
    rows
}

/// The setting of this name, or the one that holds it.
pub(super) fn row(path: &str) -> Option<Row> {
    let own = |row: &Row| path == row.path || path.starts_with(&format!("{}.", row.path));
    rows().into_iter().find(own)
}

fn gather(path: &str, schema: &Json, rows: &mut Vec<Row>) {
    let properties = schema["properties"].as_object().into_iter().flatten();
    let (tables, settings): (Vec<_>, Vec<_>) = properties.partition(|(_, schema)| is_table(schema));
    for (name, schema) in settings.into_iter().chain(tables) {
        let path = joined(path, name);
        match schema.get("properties") {
            Some(_) => gather(&path, schema, rows),
            None => rows.push(Row {
                takes: words(&path, schema),
                range: is(schema, "integer").then(|| range(&path, schema)),
                meaning: meaning(schema),
                path,
            }),
        }
    }
}

fn meaning(schema: &Json) -> String {
    schema["description"].as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Types of which a schema knows only that they are texts have their words here.
fn words(path: &str, schema: &Json) -> String {
    let by_name = match path {
        "node" => return format!("1 to {MAX_NODE} ASCII characters without white space"),
        "notifications.smtp.from" => {
            "an address such as jobs@example.com, or a name with one in angle brackets"
        }
        "notifications.smtp.domains" | "oidc.email_domains" => "a list of domains, such as [\"example.com\"]",
        "notifications.smtp.host" | "traces.service_name" => "a text that is not empty",
        "oidc.issuer" => {
            "a URL as the provider writes it, such as https://login.example.com: https, or http on this machine"
        }
        "oidc.client_id" | "oidc.label" | "oidc.name_claim" => "a text that is not empty, on one line",
        "oidc.scopes" => "a list of scopes, such as [\"openid\", \"email\"]",
        "oidc.rules" => {
            "a list of rules, such as [{ claim = \"groups\", value = \"operators\", role = \"operator\" }]; other roles take \
             a tenant, or a tenant and project"
        }
        "notifications.retries" => {
            let numbers = ranges::words(&range(path, &schema["items"]));
            return format!("a list of at least one number of seconds, each{numbers}");
        }
        "listen" | "metrics.listen" => "an address with a port, such as 127.0.0.1:7300 or [::1]:7300",
        "api.trusted_proxies" | "outbound.allow_networks" | "oidc.allow_networks" => {
            "a list of networks, such as [\"10.0.0.0/8\"]"
        }
        "api.cors_origins" => "a list of origins, such as [\"https://app.example.com\"], or [\"*\"]",
        "data"
        | "backup.folder"
        | "compiled"
        | "compiled_secret"
        | "store_password_file"
        | "api.tls.certificate"
        | "api.tls.key"
        | "notifications.smtp.password_file"
        | "oidc.client_secret_file"
        | "traces.headers_file" => "a path",
        "store" => "an address such as postgres://fuelcell@db.internal/fuelcell",
        "blobs" => {
            "an address such as s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder"
        }
        "traces.endpoint" => "a URL, such as http://127.0.0.1:4318",
        "traces.sample" => "a number from 0 to 1",
        "service.public_url" => {
            "a URL, such as https://jobs.example.com; empty = the address that it listens on"
        }
        "log" => "a level, or directives such as info,fuelcell_scheduler=debug",
        "retention.projects" => {
            "a table for each project id, with the settings of [retention] that are its own"
        }
        "concurrency.projects" => "a whole number from 1 for each project id",
        "concurrency.pipelines" => "a whole number from 1 for each pipeline id",
        "concurrency.modules" => "a whole number from 1 for each module's name",
        _ => return by_type(path, schema),
    };
    by_name.to_owned()
}

fn by_type(path: &str, schema: &Json) -> String {
    let bounds = ranges::words(&range(path, schema));
    if let Some(unit) = Unit::of(path.rsplit('.').next().unwrap_or(path)) {
        let comma = if bounds.is_empty() { "" } else { "," };
        return format!("{}{comma}{bounds}", unit.allowed());
    }
    let choices = choices(schema);
    if !choices.is_empty() {
        return format!("one of {}", choices.join(", "));
    }
    if is(schema, "integer") {
        return format!("a whole number{bounds}");
    }
    match () {
        () if is(schema, "boolean") => "true or false",
        () if is(schema, "array") => "a list of texts",
        () => "a text",
    }
    .to_owned()
}

/// Whether a value may be of this type.
fn is(schema: &Json, name: &str) -> bool {
    let types = &schema["type"];
    types == name || types.as_array().is_some_and(|types| types.iter().any(|one| one == name))
}

/// The words of an enumeration.
fn choices(schema: &Json) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten();
    let described = schema["oneOf"].as_array().into_iter().flatten();
    let described = described.flat_map(|one| {
        let words = one["enum"].as_array().into_iter().flatten();
        one.get("const").into_iter().chain(words)
    });
    listed.chain(described).filter_map(Json::as_str).collect()
}
