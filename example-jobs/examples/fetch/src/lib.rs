//! A job that sends the HTTP requests of its parameters, one after the other, and keeps what came back in
//! `responses.json`: an example of a module that needs a capability.
//!
//! A header may name a secret of the project, as in `Bearer {{secret:CRM_TOKEN}}`: the host puts the value in, and the
//! job never sees it. Which hosts and secrets there are is the project's decision. README.md says more.
//!
//! The crate knows the SDK and the `wasi:http` interface.

#[cfg(target_family = "wasm")]
mod http;
mod message;

pub use message::{Request, Response};

use fuelcell_sdk::{Artifact, Completion, Context, Failure, Kind, Result};
use schemars::JsonSchema;
use serde::Deserialize;
use std::io::Write;

/// What to send.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    /// The requests in order.
    pub requests: Vec<Request>,
}

/// Sends the requests. One that fails does not end the job: the others are sent all the same.
#[fuelcell_sdk::job(
    job_type = "DataEnrichment",
    title = "Fetch",
    description = "Sends the HTTP requests of its parameters and keeps the responses.",
    output(name = "responses.json", kind = "data", type_name = "Responses")
)]
pub fn run(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    let responses: Vec<Response> = parameters.requests.iter().map(send).collect();
    let text =
        serde_json::to_string(&responses).map_err(|error| Failure::new("Unwritable", error.to_string()))?;
    let artifact = Artifact::new("responses.json", Kind::Data)
        .type_name("Responses")
        .media_type("application/json")
        .primary();
    let mut out = context.artifact(artifact)?;
    out.write_all(text.as_bytes())?;
    out.finish()?;
    Ok(Completion::Done)
}

#[cfg(target_family = "wasm")]
fn send(request: &Request) -> Response {
    http::send(request).unwrap_or_else(|error| Response { error: Some(error), ..Response::default() })
}

/// Natively there is no host that would send anything.
#[cfg(not(target_family = "wasm"))]
fn send(_: &Request) -> Response {
    Response { error: Some("requests are sent by a host only".into()), ..Response::default() }
}
