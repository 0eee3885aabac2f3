//! Requests as parameters name them, and what came of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One request.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Request {
    /// Whether by `http` or `https`.
    #[serde(default = "https")]
    pub scheme: String,
    /// The host, with a port where it is not the scheme's own.
    pub host: String,
    /// Path and query.
    #[serde(default = "root")]
    pub path: String,
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// The headers.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body.
    #[serde(default)]
    pub body: String,
}

fn https() -> String {
    "https".into()
}

fn root() -> String {
    "/".into()
}

fn get() -> String {
    "GET".into()
}

/// What came of a request: a response, or why there is none.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The status.
    pub status: Option<u16>,
    /// The headers that are text.
    pub headers: BTreeMap<String, String>,
    /// The body as text.
    pub body: String,
    /// Why there is no response.
    pub error: Option<String>,
}
