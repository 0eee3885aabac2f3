//! `/api/{tenantId}/{projectId}/modules…`

use super::capabilities::CapabilitiesDto;
use super::compile::CompileAnswer;
use super::upload::upload;
use crate::auth::Caller;
use crate::downloads;
use crate::engine::EngineDto;
use crate::extract::{Ids, Query};
use crate::openapi::words::JobTypeWord;
use crate::paging::{Reader, SeekParams};
use crate::problem::Problem;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use fuelcell_domain::version::semantic_version;
use fuelcell_domain::{JobType, Manifest, ModuleVersion, ProjectRef, Syntax, VersionName};
use fuelcell_service::modules::UploadedModule;
use fuelcell_service::syntax::source_warning;
use fuelcell_service::versions::Modules;
use fuelcell_service::{Service, ServiceError};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

/// One module version.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionAnswer {
    name: String,
    version: String,
    digest: String,
    size: u64,
    has_manifest: bool,
    #[schema(value_type = Object)]
    manifest: Manifest,
    /// What its author may not have meant.
    warnings: Vec<String>,
    /// The engine that runs it now, when it is a script; `null` = it runs by itself, or its engine is not here
    engine: Option<EngineDto>,
    /// Whether its engine read all its sources, when this answers the upload of a script
    syntax: Option<SyntaxState>,
    /// Why it did not, so that the first run tells what is wrong with them
    syntax_reason: Option<String>,
    /// What compiling it takes; `null` = it is a script, of which nothing is compiled, or it was uploaded before this was kept
    compile: Option<CompileAnswer>,
    /// All that it can ever ask the host for.
    imports: Vec<String>,
    /// What it wants to reach beyond its cell.
    capabilities: CapabilitiesDto,
    /// What of that its project has not granted to the module; until it has, the version runs no jobs and cannot be activated.
    /// `null` = it may run.
    waiting_for: Option<CapabilitiesDto>,
    uploaded_by: String,
    date_created: String,
}

/// Whether the sources of a script were read when it was uploaded.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum SyntaxState {
    /// All were read; what is wrong with those of packages is among the warnings.
    Checked,
    /// Some were not.
    Unchecked,
}

/// A module with its versions, the one added last at the end.
#[derive(Serialize, ToSchema)]
pub(crate) struct ModuleAnswer {
    name: String,
    /// The version of jobs that name the module only: the one that was activated last, else the highest; one that waits for
    /// approval only when all do
    current: Option<String>,
    versions: Vec<VersionSummary>,
}

/// A version in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct VersionSummary {
    version: String,
    digest: String,
    size: u64,
    /// The engine that runs it now, when it is a script
    engine: Option<EngineDto>,
    title: String,
    #[schema(value_type = Option<JobTypeWord>)]
    job_type: Option<JobType>,
    /// The job types that it serves now.
    #[schema(value_type = Vec<JobTypeWord>)]
    active_for: Vec<JobType>,
    uploaded_by: String,
    date_created: String,
}

/// A page counts versions: a module whose versions go beyond it goes on at the beginning of the next one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModuleList {
    modules: Vec<ModuleAnswer>,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// A module with a page of its versions.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ModulePage {
    #[serde(flatten)]
    module: ModuleAnswer,
    /// `cursor` of the next page; `null` = there is none
    next_cursor: Option<String>,
}

/// Stores the body as a module version. The same bytes again answer the same record, others conflict.
#[utoipa::path(
    put,
    operation_id = "put_module_version",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}",
    extensions(("x-required-role" = json!("module-author"))),
    tag = "Modules",
    params(("Content-Digest" = Option<String>, Header, description = "SHA-256 of the bytes as RFC 9530 writes it: `sha-256=:BASE64:`; other bytes are refused")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 201, description = "The version is stored, durably", body = VersionAnswer), (status = 409, description = "The version exists with other bytes"), (status = 413, description = "The module is too large"), (status = 415, description = "The module came with a Content-Encoding"), (status = 422, description = "This is no module that can run here; of a script whose sources its engine cannot read, `errors` names file, line and column"), (status = 429, description = "Too many uploads at once, or the module was not compiled in time"), (status = 503, description = "The compiler was killed; nothing is said of the module"), (status = 507, description = "The storage quota is used up")),
)]
pub(crate) async fn put(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<VersionAnswer>), Problem> {
    let (name, version) = (ids.text("name").to_owned(), ids.text("version").to_owned());
    let uploaded =
        service.put_module(&caller, ids.project()?, name, version, upload(&headers, body)?).await?;
    let UploadedModule { module, syntax } = uploaded;
    let answer = answer(&service, ids.project()?, module).await?;
    Ok((StatusCode::CREATED, Json(answer.with_syntax(syntax))))
}

/// Modules by name.
#[utoipa::path(
    get,
    operation_id = "list_modules",
    path = "/api/{tenant_id}/{project_id}/modules",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Modules",
    params(SeekParams),
    responses((status = 200, description = "A page of modules", body = ModuleList)),
)]
pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<ModuleList>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let modules = service.modules(&caller, ids.project()?, None, reader.seek()?).await?;
    let next_cursor = reader.next(&modules.versions);
    Ok(Json(ModuleList { modules: by_name(&service, modules), next_cursor }))
}

/// One module.
#[utoipa::path(
    get,
    operation_id = "get_module",
    path = "/api/{tenant_id}/{project_id}/modules/{name}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Modules",
    params(SeekParams),
    responses((status = 200, description = "The module with a page of its versions", body = ModulePage)),
)]
pub(crate) async fn get_module(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    query: Query,
) -> Result<Json<ModulePage>, Problem> {
    let reader = Reader { service: &service, caller: &caller, query: &query };
    let modules = service.modules(&caller, ids.project()?, Some(ids.text("name")), reader.seek()?).await?;
    let next_cursor = reader.next(&modules.versions);
    let module = by_name(&service, modules).pop().ok_or(ServiceError::NotFound("module"))?;
    Ok(Json(ModulePage { module, next_cursor }))
}

/// One module version.
#[utoipa::path(
    get,
    operation_id = "get_module_version",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Modules",
    responses((status = 200, description = "The module version", body = VersionAnswer)),
)]
pub(crate) async fn get(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<Json<VersionAnswer>, Problem> {
    let module = service.module(&caller, ids.project()?, ids.text("name"), ids.text("version")).await?;
    Ok(Json(answer(&service, ids.project()?, module).await?))
}

/// A version's bytes, whole or in ranges.
#[utoipa::path(
    get,
    operation_id = "get_module_content",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}/content",
    extensions(("x-required-role" = json!("viewer"))),
    tag = "Modules",
    params(("Range" = Option<String>, Header, description = "One range of bytes"), ("If-None-Match" = Option<String>, Header, description = "What the client has already")),
    responses((status = 200, description = "The whole file", body = Vec<u8>, content_type = "application/wasm"), (status = 206, description = "The range asked for", body = Vec<u8>, content_type = "application/wasm"), (status = 304, description = "It is as `If-None-Match` has it"), (status = 416, description = "The range lies outside of the file")),
)]
pub(crate) async fn content(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let found =
        service.module_content(&caller, ids.project()?, ids.text("name"), ids.text("version")).await?;
    let (module, bytes) = found;
    let ending = if module.manifest.engine.is_some() { "zip" } else { "wasm" };
    let file = format!("{}-{}.{ending}", module.name, module.version);
    Ok(downloads::serve_attachment(&file, module.digest, bytes, &headers))
}

/// Removes a version that nothing uses.
#[utoipa::path(
    delete,
    operation_id = "delete_module_version",
    path = "/api/{tenant_id}/{project_id}/modules/{name}/versions/{version}",
    extensions(("x-required-role" = json!("administrator"))),
    tag = "Modules",
    responses((status = 204, description = "It is removed"), (status = 409, description = "It is in use; `detail` names its users")),
)]
pub(crate) async fn delete(
    State(service): State<Arc<Service>>,
    Caller(caller): Caller,
    ids: Ids,
) -> Result<StatusCode, Problem> {
    let (name, version) = (ids.text("name"), ids.text("version"));
    service.delete_module_version(&caller, ids.project()?, name, version).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The versions come by name already.
fn by_name(service: &Service, modules: Modules) -> Vec<ModuleAnswer> {
    let Modules { versions, active, mut current } = modules;
    let mut answers = Vec::<ModuleAnswer>::new();
    for (_, module) in versions.rows {
        let (name, summary) = (module.name.clone(), summary(service, module, &active));
        match answers.last_mut().filter(|answer| answer.name == name) {
            Some(answer) => answer.versions.push(summary),
            None => {
                let current = current.remove(&name);
                answers.push(ModuleAnswer { name, current, versions: vec![summary] });
            }
        }
    }
    answers
}

fn summary(service: &Service, module: ModuleVersion, active: &[(JobType, VersionName)]) -> VersionSummary {
    let serves =
        |(_, own): &&(JobType, VersionName)| own.name == module.name && own.version == module.version;
    VersionSummary {
        engine: service.engine_now(&module).as_ref().map(EngineDto::from),
        active_for: active.iter().filter(serves).map(|(job_type, _)| *job_type).collect(),
        version: module.version,
        digest: module.digest.to_string(),
        size: module.size,
        title: module.manifest.title.clone(),
        job_type: module.manifest.job_type,
        uploaded_by: module.uploaded_by,
        date_created: module.created_at.to_rfc3339(),
    }
}

/// Of a module that nobody packed.
const NO_MANIFEST: &str = "the module carries no manifest, so that a default one holds: parameters are not checked, one dataset \
    can be handed in, and it runs jobs of any type; `fuelcell module pack` writes one";

fn warnings(service: &Service, module: &ModuleVersion) -> Vec<String> {
    let mut warnings = Vec::new();
    if let (Some(engine), None) = (&module.manifest.engine, service.engine_now(module)) {
        warnings.push(format!("its engine {engine} is not here any more, so that it runs no jobs"));
    }
    if !module.has_manifest {
        warnings.push(NO_MANIFEST.to_owned());
    }
    match semantic_version(&module.version) {
        Ok(meant) if meant == module.version => {}
        Ok(meant) => warnings.push(format!(
            "the version is no semantic version as it is written; it counts as {meant} when versions are compared"
        )),
        // From before versions were checked.
        Err(allowed) => warnings.push(format!("the version counts as lower than all others: {allowed}")),
    }
    warnings
}

impl VersionAnswer {
    /// The same with what came of reading the sources.
    fn with_syntax(mut self, syntax: Option<Syntax>) -> Self {
        let Some(Syntax { unchecked, faults }) = syntax else { return self };
        self.warnings.extend(faults.iter().map(source_warning));
        let state = if unchecked.is_some() { SyntaxState::Unchecked } else { SyntaxState::Checked };
        Self { syntax: Some(state), syntax_reason: unchecked, ..self }
    }
}

async fn answer(
    service: &Service,
    project: ProjectRef,
    module: ModuleVersion,
) -> Result<VersionAnswer, Problem> {
    Ok(VersionAnswer {
        waiting_for: service.waits_for(project, &module).await?.map(CapabilitiesDto::from),
        capabilities: module.wanted().into(),
        warnings: warnings(service, &module),
        engine: service.engine_now(&module).as_ref().map(EngineDto::from),
        syntax: None,
        syntax_reason: None,
        compile: CompileAnswer::of(service, &module),
        name: module.name,
        version: module.version,
        digest: module.digest.to_string(),
        size: module.size,
        has_manifest: module.has_manifest,
        manifest: Arc::unwrap_or_clone(module.manifest),
        imports: module.imports,
        uploaded_by: module.uploaded_by,
        date_created: module.created_at.to_rfc3339(),
    })
}

#[cfg(test)]
mod tests {
    use crate::in_process::{Answer, ENDLESS, KILLED, Server};
    use axum::http::StatusCode;
    use serde_json::Value;

    fn upload(name: &str, end: &str) -> String {
        let line = format!("PUT /api/{{tenant}}/{{project}}/modules/{name}/versions/1 HTTP/1.1");
        format!("{line}\nAuthorization: Bearer {{token}}\n\n\0asm{end}")
    }

    fn code(answer: &Answer) -> (StatusCode, String) {
        let problem: Value = serde_json::from_slice(&answer.body).unwrap();
        (answer.status, problem["code"].as_str().unwrap_or_default().to_owned())
    }

    /// The modules of the project beside the one that it begins with.
    fn published(server: &Server) -> bool {
        let request = "GET /api/{tenant}/{project}/modules/other HTTP/1.1\nAuthorization: Bearer {token}\n\n";
        server.answer(request.as_bytes()).unwrap().status.is_success()
    }

    #[test]
    fn a_compiler_that_was_killed_says_nothing_of_the_module() {
        let server = Server::start();
        let answer = server.answer(upload("other", KILLED).as_bytes()).unwrap();
        assert_eq!(code(&answer), (StatusCode::SERVICE_UNAVAILABLE, "CompilerUnavailable".into()));
        assert!(String::from_utf8_lossy(&answer.body).contains("could not compile the module"));
        assert!(!published(&server));
    }

    #[test]
    fn a_tenants_line_is_bounded_and_nobody_waits_in_it_for_ever() {
        let server = Server::start();
        let uploads: Vec<_> = (0..9).map(|_| upload("other", ENDLESS)).collect();
        let mut codes: Vec<_> = server.answers(&uploads).iter().map(code).collect();
        codes.sort();
        let (busy, full) = ("CompilerBusy".to_owned(), "TooManyUploads".to_owned());
        let expected = std::iter::repeat_n(busy, 8).chain([full]);
        assert!(codes.into_iter().eq(expected.map(|code| (StatusCode::TOO_MANY_REQUESTS, code))));
        assert!(!published(&server));
        let answer = server.answer(upload("other", "").as_bytes()).unwrap();
        assert!(answer.status.is_success(), "{}", String::from_utf8_lossy(&answer.body));
        assert!(published(&server));
    }
}
