//! The OpenAPI document, from the annotations of the handlers, and a page that shows it.
//!
//! A handler says what is its own. What holds for every operation is added here: parameters of the path under the
//! protocol's names, the shape of problems, who needs a token.

mod examples;
mod precise;
pub(crate) mod words;

use crate::datamachine;
use crate::routes::{Access, BASIC, NONE, REQUIRED_ROLE, Routes};
use crate::text::camel;
use axum::Router;
use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::routing::get;
use bytes::Bytes;
use fuelcell_domain::SavedKind;
use fuelcell_service::error::role_name;
use serde_json::{Value, json};

/// Problems that any operation may answer with, with a token or without.
const PROBLEMS: [(&str, &str); 4] = [
    ("400", "The request is wrong; `detail` says what, where, and what is allowed"),
    ("404", "There is nothing of that name, or it belongs to somebody else"),
    ("500", "The server made a mistake"),
    ("503", "The server's storage is full, and nothing was changed, or it is not available"),
];
/// Problems of operations that need a token.
const REFUSALS: [(&str, &str); 3] = [
    ("401", "A valid bearer token, or user name and application password, is needed"),
    ("403", "The caller's role is too weak"),
    (
        "429",
        "Too many wrong tokens or passwords came from this address, or too much is under way; later it will do",
    ),
];
/// Problems of operations that take JSON.
const BODY_REFUSALS: [(&str, &str); 2] =
    [("413", "The body is too large"), ("415", "The body has a `Content-Encoding`; send it as it is")];

/// The page; it loads nothing but the document.
const PAGE: &str = include_str!("page.html");
const PAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                           frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

/// Serves the document at `/openapi.json` and the page at `/docs`.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>(document: &Value) -> Router<S> {
    let text = Bytes::from(document.to_string());
    let json = [(header::CONTENT_TYPE, "application/json")];
    let page = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, PAGE_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    Router::new()
        .route("/openapi.json", get(async move || (json, text.clone()).into_response()))
        .route("/docs", get(async move || (page, PAGE).into_response()))
}

/// Where descriptions are gathered, with the words that all of them use.
pub(crate) fn empty() -> utoipa::openapi::OpenApi {
    <words::Words as utoipa::OpenApi>::openapi()
}

/// The document, finished.
pub(crate) fn finished(generated: &utoipa::openapi::OpenApi, routes: &Routes) -> Value {
    // Serialising a value that was built in memory from strings and maps cannot fail.
    let mut document = serde_json::to_value(generated).unwrap_or_default();
    document["info"] = json!({
        "title": "Fuelcell",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "Runs WebAssembly jobs with measured rations. `x-required-role` names the weakest role that may \
                        call an operation: viewer < submitter < module-author < administrator < operator; `none` needs \
                        no token.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    });
    // Where the document came from.
    document["servers"] = json!([{"url": "/"}]);
    document["security"] = json!([{"bearer": []}]);
    document["components"]["securitySchemes"] = json!({
        "bearer": {"type": "http", "scheme": "bearer"},
        "basic": {"type": "http", "scheme": "basic", "description": "User name and application password"},
    });
    document["components"]["schemas"]["Problem"] = problem_schema();
    document["components"]["schemas"][datamachine::errors::SCHEMA] = datamachine::errors::schema();
    let paths = std::mem::take(&mut document["paths"]);
    document["paths"] = match paths {
        Value::Object(paths) => {
            paths.into_iter().map(|(path, item)| finished_path(&path, item, routes)).collect()
        }
        other => other,
    };
    precise::refine(&mut document);
    document
}

fn finished_path(path: &str, mut item: Value, routes: &Routes) -> (String, Value) {
    let in_braces = path.split(['{', '}']).skip(1).step_by(2);
    let names: Vec<&str> = in_braces.map(|name| name.trim_start_matches('*')).collect();
    for (method, operation) in item.as_object_mut().into_iter().flatten() {
        let access = access(routes, method, path);
        operation[REQUIRED_ROLE] = required_role(access).into();
        finish_operation(operation, &names, &Refusals::at(access, path));
    }
    // The document knows no parameter that spans slashes; the router does.
    let shown = names.iter().fold(path.replace("{*", "{"), |path, name| {
        path.replace(&format!("{{{name}}}"), &format!("{{{}}}", camel(name)))
    });
    (shown, item)
}

/// From the table that the server goes by. An operation that is not in it cannot be called.
fn access(routes: &Routes, method: &str, path: &str) -> Option<Access> {
    let method = Method::from_bytes(method.to_ascii_uppercase().as_bytes()).ok()?;
    routes.operation(&method, path).ok().map(|operation| operation.access)
}

fn required_role(access: Option<Access>) -> Option<&'static str> {
    match access? {
        Access::Anyone | Access::SignedLink | Access::SignIn => Some(NONE),
        Access::Role(role) | Access::Password(role) => Some(role_name(role)),
    }
}

/// How an operation refuses.
struct Refusals {
    /// Whether callers show a password instead of a token.
    password: bool,
    schema: &'static str,
    media_type: &'static str,
}

impl Refusals {
    fn at(access: Option<Access>, path: &str) -> Self {
        let password = matches!(access, Some(Access::Password(_)));
        match path.starts_with(datamachine::BASE) {
            true => Self { password, schema: datamachine::errors::SCHEMA, media_type: "application/json" },
            false => Self { password, schema: "Problem", media_type: "application/problem+json" },
        }
    }
}

fn finish_operation(operation: &mut Value, path_names: &[&str], how: &Refusals) {
    operation["operationId"] = camel(operation["operationId"].as_str().unwrap_or_default()).into();
    let own = operation["parameters"].take();
    let in_path = path_names.iter().map(|name| path_parameter(name));
    let parameters: Vec<Value> = in_path.chain(own.as_array().into_iter().flatten().cloned()).collect();
    operation["parameters"] = parameters.into();
    let open = operation[REQUIRED_ROLE] == NONE;
    if open {
        operation["security"] = json!([]);
    }
    if how.password {
        operation["security"] = json!([{BASIC: []}]);
    }
    if let Some(content) = operation.pointer_mut("/requestBody/content")
        && drop_binary_schemas(content)
    {
        // An empty file is a file.
        operation["requestBody"]["required"] = false.into();
    }
    let refusals = if open { &[][..] } else { &REFUSALS[..] };
    let takes_json = operation.pointer("/requestBody/content/application~1json").is_some();
    let of_body = if takes_json { &BODY_REFUSALS[..] } else { &[][..] };
    for (status, description) in PROBLEMS.iter().chain(refusals).chain(of_body) {
        if operation["responses"].get(status).is_none() {
            operation["responses"][status] = json!({"description": description});
        }
    }
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if let Some(content) = response.get_mut("content") {
            drop_binary_schemas(content);
        }
        if status.as_str() >= "400" {
            let schema = json!({"$ref": format!("#/components/schemas/{}", how.schema)});
            response["content"] = json!({how.media_type: {"schema": schema}});
        }
    }
}

/// Bytes have no schema (OpenAPI 3.1). Says whether there were any.
fn drop_binary_schemas(content: &mut Value) -> bool {
    let mut found = false;
    for (media_type, described) in content.as_object_mut().into_iter().flatten() {
        if ["application/octet-stream", "application/wasm", "application/zip", "*/*"]
            .contains(&media_type.as_str())
        {
            *described = json!({});
            found = true;
        }
    }
    found
}

fn path_parameter(name: &str) -> Value {
    let schema = match name {
        "kind" => json!({"type": "string", "enum": SavedKind::ALL.map(SavedKind::as_str)}),
        id if id.ends_with("_id") => json!({"type": "string", "format": "uuid"}),
        _ => json!({"type": "string", "minLength": 1}),
    };
    json!({"name": camel(name), "in": "path", "required": true, "schema": schema})
}

/// RFC 9457, with what old clients print and what new ones rely on.
fn problem_schema() -> Value {
    let fault = json!({
        "type": "object",
        "required": ["pointer", "message"],
        "properties": {
            "pointer": {"type": "string", "description": "JSON Pointer into the body (of `InvalidParameters`: into the parameters), the name of a query parameter, or of `ScriptSyntax` the path of a file in the archive, with / before it"},
            "message": {"type": "string"},
            "line": {"type": ["integer", "null"], "description": "Of `ScriptSyntax`: the line in the file, from 1"},
            "column": {"type": ["integer", "null"], "description": "Of `ScriptSyntax`: the column, from 1"},
        },
    });
    json!({
        "type": "object",
        "description": "What was wrong",
        "required": ["type", "title", "status", "detail", "error", "code", "requestId"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string", "description": "A sentence for people"},
            "error": {"type": "string", "description": "The same sentence, for old clients"},
            "code": {"type": "string", "description": "A stable word"},
            "requestId": {"type": ["string", "null"]},
            "errors": {"type": "array", "items": fault, "description": "All that is wrong, place by place, as far as it has room"},
            "errorCount": {"type": "integer", "description": "Places where something is wrong, those included that `errors` has no room for"},
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_path_are_written_as_in_the_protocol() {
        assert_eq!(camel("tenant_id"), "tenantId");
        assert_eq!(camel("name"), "name");
        let (path, item) =
            finished_path("/a/{job_id}/b/{name}", json!({"get": {"responses": {}}}), &crate::known_routes());
        assert_eq!(path, "/a/{jobId}/b/{name}");
        assert_eq!(item["get"]["parameters"][0]["schema"]["format"], "uuid");
        assert_eq!(item["get"]["parameters"][1]["name"], "name");
    }
}
