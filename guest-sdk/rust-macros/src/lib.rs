//! The attribute that makes a function a Fuelcell job. Use it as `fuelcell_sdk::job`.
//!
//! This crate knows the shape of the declaration and turns it into code that names items of `fuelcell-sdk`. It knows
//! nothing of hosts or WebAssembly beyond one `cfg`.

mod declaration;
mod expand;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a function a job: exports it when the crate is built for WebAssembly, and makes a struct `Job` that tests and
/// native benchmarks run. See the documentation of the crate `fuelcell_sdk`.
///
/// | key | meaning |
/// | --- | --- |
/// | `title` | a title for people; required |
/// | `description` | a few sentences for people; required |
/// | `job_type` | what jobs of this sort are called: `"ProcessMining"`, `"DataEnrichment"`, `"Notebook"`, `"Analysis"`, or a name of the module's own, such as `"FraudCheck"`; jobs of any type when not set, but for types that other modules declare |
/// | `input(name, parameter, formats = […], required)` | a file that the job reads; without `formats` any file; `required` is false unless set; may be repeated |
/// | `output(name, kind, type_name)` | a file that the job may write; kind is `"report"`, `"data"`, `"model"` or `"visualization"`; may be repeated |
/// | `output(name, kind, json = T)` | one that holds one value of the type `T` as JSON: the struct `Outputs` has a constant for it, `SUMMARY` for `summary.json`, which `Context::save_json` takes with a `&T` alone; `type_name` is the type's unless given |
/// | `memory_bytes`, `timeout_seconds`, `fuel`, `disk_bytes` | limits to use when nobody sets others |
/// | `deterministic` | `true` when equal parameters and inputs give equal outputs; false unless set |
/// | `http(hosts = […], secrets = […])` | hosts that the job, which imports `wasi:http`, asks its project for, such as `"api.example.com"` or `"*.example.org:8443"`, and names of the project's secrets that its headers carry |
#[proc_macro_attribute]
pub fn job(declaration: TokenStream, function: TokenStream) -> TokenStream {
    let expanded = expand::expand(declaration.into(), function.clone().into());
    match expanded {
        Ok(code) => code.into(),
        Err(error) => with_function(error, function),
    }
}

/// The function stays, so that what it uses is not reported as unused beside the error that matters.
fn with_function(error: syn::Error, function: TokenStream) -> TokenStream {
    let mut code: TokenStream = error.into_compile_error().into();
    code.extend(function);
    code
}
