//! `cargo xtask demo`: from a clone to a process map, a cleaned table, an analysis and a notebook, the way a client would go.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{self, Write as _},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    client::{Client, text},
    dashboard, event_log, guests,
    order_to_cash::LogOptions,
    progress::{Progress, note},
    server::{Interrupt, Server, free_address},
    workspace::{Build, Workspace},
};

const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 7300);
/// How often a running job is looked at.
pub(crate) const POLL: Duration = Duration::from_millis(200);

/// Always the same ids, those of the API reference: its examples run against the demo as they stand.
const TENANT: &str = "550e8400-e29b-41d4-a716-446655440000";
const PROJECT: &str = "660e8400-e29b-41d4-a716-446655440000";
const PIPELINE: &str = "770e8400-e29b-41d4-a716-446655440000";
const TABLES: &str = "770e8400-e29b-41d4-a716-446655440001";
const CAUSES: &str = "770e8400-e29b-41d4-a716-446655440002";
const REGIONS: &str = "770e8400-e29b-41d4-a716-446655440003";
const DATASET: &str = "880e8400-e29b-41d4-a716-446655440000";
const NOTEBOOK: &str = "880e8400-e29b-41d4-a716-446655440001";

/// Whose application password the demo makes, for clients of the protocol that knows nothing else.
const APPLICATION_USER: &str = "demo";

const FILE_NAME: &str = "order-to-cash.csv";
/// A notebook on it, as people keep notebooks in repositories.
const NOTEBOOK_TEXT: &str = include_str!("../demo/regions.py");

/// Options of the demo.
#[derive(Args)]
pub(crate) struct DemoArguments {
    /// Leave when the job has ended, instead of keeping the server up until Ctrl-C
    #[arg(long)]
    exit: bool,
    /// Data directory of the server; kept between runs [default: target/demo-data, made anew each time]
    #[arg(long)]
    data: Option<PathBuf>,
    /// Address to listen on; port 0 takes a free one [default: 127.0.0.1:7300, or a free port when that is taken]
    #[arg(long)]
    listen: Option<SocketAddr>,
}

/// What scripts need to go on where the demo ends.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Handover<'a> {
    base_url: &'a str,
    tenant_id: &'a str,
    project_id: &'a str,
    token: &'a str,
    pipeline_id: &'a str,
    dataset_id: &'a str,
    job_id: &'a str,
    application_user: &'a str,
    application_password: &'a str,
}

/// Sets everything up, runs one job, shows what came out, and keeps the server up.
pub(crate) fn demo(workspace: &Workspace, arguments: DemoArguments) -> Result<()> {
    dashboard::build_if_possible(workspace)?;
    guests::build(workspace, Build::Dev)?;
    let log = workspace.target.join("demo").join(FILE_NAME);
    event_log::write_file(&LogOptions::demo(), &log)?;

    let (data, _lock) = data_directory(workspace, arguments.data)?;
    let address = free_address(arguments.listen, DEFAULT_ADDRESS)?;
    let interrupt = Interrupt::listen()?;
    let binary = workspace.binary(Build::Dev, "fuelcell");
    let server = Server::start(&binary, &data, address, &interrupt)?;
    let base_url = server.base_url();
    note(&format!("The server runs at {base_url}; its log is {}", workspace.shown(&server.log())));

    let operator = server.operator()?;
    let token = register(&operator)?;
    let application_password = application_password(&operator)?;
    let client = operator.with_token(&token);
    let uploaded = Instant::now();
    upload(&client, &log)?;
    let job = submit(&client, &mining())?;
    follow(&client, "Order-to-cash analysis", &job, &interrupt)?;
    let mut shown = summary("The order-to-cash analysis", &results(&client, &job)?, uploaded.elapsed());
    for (submission, look) in [enrichment(), analysis(), notebook()] {
        let begun = Instant::now();
        let other = submit(&client, &submission)?;
        let name = text(&submission, "jobName")?;
        follow(&client, name, &other, &interrupt)?;
        shown += &summary(&format!("\"{name}\""), &results(&client, &other)?, begun.elapsed());
        shown += &format!("\n  Look at {look}.");
    }
    let again =
        format!("{} serve --data {} --listen {address}", workspace.shown(&binary), workspace.shown(&data));

    let handover = Handover {
        base_url: &base_url,
        tenant_id: TENANT,
        project_id: PROJECT,
        token: &token,
        pipeline_id: PIPELINE,
        dataset_id: DATASET,
        job_id: &job,
        application_user: APPLICATION_USER,
        application_password: &application_password,
    };
    if !arguments.exit {
        note("The server stays up until Ctrl-C.");
    }
    writeln!(
        io::stdout(),
        "{shown}\n\nThe dashboard: {base_url}/ (sign in with the token {token})\nThe same server again: {again}\n{}",
        handover_line(&handover)?
    )?;
    if !arguments.exit {
        interrupt.wait_forever();
        note("Stopping the server.");
    }
    Ok(())
}

/// The directory, and a lock that keeps a second demo from taking it away.
fn data_directory(workspace: &Workspace, wanted: Option<PathBuf>) -> Result<(PathBuf, Option<File>)> {
    if let Some(data) = wanted {
        return Ok((data, None));
    }
    let lock = File::create(workspace.target.join("demo/lock"))?;
    if lock.try_lock().is_err() {
        bail!(
            "another demo is running on target/demo-data: stop it, or choose another directory with --data DIR"
        );
    }
    let data = workspace.target.join("demo-data");
    clear(&data).with_context(|| format!("cannot clear {}", data.display()))?;
    Ok((data, Some(lock)))
}

/// What stays when a data directory is emptied.
const KEPT: [&str; 2] = ["compiled", "secret"];

/// Empties a data directory, except for the compiled modules and the secret that authenticates them: they are found by the
/// digest of what they were compiled from, and compiling is the longest part of a first start.
fn clear(data: &Path) -> io::Result<()> {
    if !data.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        if KEPT.iter().any(|kept| entry.file_name() == *kept) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// Makes tenant, project and token as an operator would. Returns the token.
fn register(operator: &Client) -> Result<String> {
    create_once(operator, "/api/admin/tenants", &json!({"name": "Demo", "id": TENANT}))?;
    let projects = format!("/api/admin/tenants/{TENANT}/projects");
    create_once(operator, &projects, &json!({"name": "Order to Cash", "id": PROJECT}))?;
    let wanted =
        json!({"subject": "demo", "role": "administrator", "tenantId": TENANT, "projectId": PROJECT});
    let token = operator.post("/api/admin/tokens", &wanted)?;
    Ok(text(&token, "token")?.to_owned())
}

/// Makes an application password for the project, in the groups that people see.
fn application_password(operator: &Client) -> Result<String> {
    let wanted = json!({"userName": APPLICATION_USER, "tenantId": TENANT, "projectId": PROJECT});
    let made = operator.post("/api/admin/application-passwords", &wanted)?;
    Ok(text(&made, "password")?.to_owned())
}

/// A conflict means that an earlier demo on the same data directory has made it.
fn create_once(operator: &Client, path: &str, body: &Value) -> Result<()> {
    let answer = operator.try_post(path, body)?;
    if answer.status != 409 {
        answer.accepted().with_context(|| format!("POST {path}"))?;
    }
    Ok(())
}

fn upload(client: &Client, log: &Path) -> Result<()> {
    let _progress = Progress::spinner("Uploading the event log");
    let datasets = format!("{}/datasets", project_path());
    client.put_file(&format!("{datasets}/{DATASET}?name={FILE_NAME}"), log)?;
    let notebook = log.with_file_name("regions.py");
    fs::write(&notebook, NOTEBOOK_TEXT)?;
    client.put_file(&format!("{datasets}/{NOTEBOOK}?name=regions.py"), &notebook)?;
    let pipelines = [
        (PIPELINE, "Order to Cash", "ProcessMining", json!({})),
        (TABLES, "Order to Cash, cleaned", "DataEnrichment", json!({})),
        (CAUSES, "Order to Cash, causes", "Analysis", json!({})),
        (REGIONS, "Order to Cash, by region", "Notebook", json!({"notebookId": NOTEBOOK})),
    ];
    for (id, name, job_type, parameters) in pipelines {
        let pipeline =
            json!({"name": name, "jobType": job_type, "datasetId": DATASET, "parameters": parameters});
        client.put(&format!("{}/pipelines/{id}", project_path()), &pipeline)?;
    }
    Ok(())
}

/// The job that the pipeline is for.
fn mining() -> Value {
    json!({
        "jobName": "Order-to-cash analysis",
        "jobDescription": "How orders become money, October 2023 to March 2024",
        "jobType": "ProcessMining",
        "priority": "High",
        "resource": {"resourceType": "Pipeline", "resourceId": PIPELINE},
        "parameters": {
            "datasetId": DATASET,
            "analysisType": "comprehensive",
            "includeAnomalyDetection": true,
            "includeProcessVariants": true,
            "generateInsights": true,
            "outputFormat": "detailed_report",
        },
        "scheduling": {"executeImmediately": true, "timeoutMinutes": 30},
    })
}

/// A job on the same file as a table, and what is worth a look in its report.
fn enrichment() -> (Value, &'static str) {
    let submission = json!({
        "jobName": "Order-to-cash events, cleaned",
        "jobType": "DataEnrichment",
        "resource": {"resourceType": "Pipeline", "resourceId": TABLES},
        "parameters": {
            "datasetId": DATASET,
            "steps": [
                {"trim": {}},
                {"deduplicate": {}},
                {"eventLog": {"case": "case_id", "activity": "activity", "timestamp": "timestamp", "add": ["caseDuration", "timeSincePrevious", "variant", "rework"]}},
            ],
        },
    });
    (submission, "\"Steps\" and at the new columns in \"Columns of the result\"")
}

/// A job that looks for causes in it, and what is worth a look in its report.
fn analysis() -> (Value, &'static str) {
    let submission = json!({
        "jobName": "Why orders take long",
        "jobType": "Analysis",
        "resource": {"resourceType": "Pipeline", "resourceId": CAUSES},
        "parameters": {"datasetId": DATASET},
    });
    (submission, "what goes with long cases, and by how much")
}

/// A notebook that the pipeline names, and what is worth a look in it. The engine for it is compiled first, once.
fn notebook() -> (Value, &'static str) {
    let submission = json!({
        "jobName": "How long orders take, by region",
        "jobType": "Notebook",
        "resource": {"resourceType": "Pipeline", "resourceId": REGIONS},
        "parameters": {"values": {"level": "region"}},
    });
    (submission, "the cells with what they showed, and at the file that one of them wrote")
}

/// Submits a job and returns its id.
fn submit(client: &Client, submission: &Value) -> Result<String> {
    let job = client.post(&format!("{}/execution/job", project_path()), submission)?;
    Ok(text(&job, "jobId")?.to_owned())
}

fn results(client: &Client, job: &str) -> Result<Value> {
    client.get(&format!("{}/execution/job/{job}/results?format=detailed", project_path()))
}

/// Draws the job's progress until it has ended.
///
/// # Errors
/// When it does not complete.
fn follow(client: &Client, name: &str, job: &str, interrupt: &Interrupt) -> Result<()> {
    let mut progress = Progress::bar(name, 100);
    loop {
        let status = client.get(&format!("{}/execution/job/{job}", project_path()))?;
        let percentage = status["progress"]["percentage"].as_f64().unwrap_or(0.0);
        let stage = status["progress"]["currentStage"].as_str().unwrap_or_default();
        progress.set(percentage as u64, stage);
        match text(&status, "status")? {
            "Queued" | "Running" => interrupt.wait(POLL)?,
            "Completed" => return Ok(()),
            ended => bail!("the job ended as {ended}: {}", failure(&status["error"])),
        }
    }
}

/// The error of a failed job as one line.
pub(crate) fn failure(error: &Value) -> String {
    let word = |key: &str| error[key].as_str().unwrap_or_default().to_owned();
    format!("{}: {}", word("code"), word("message"))
}

/// What a person wants to know, with links that open.
fn summary(name: &str, results: &Value, elapsed: Duration) -> String {
    let figures = &results["summary"];
    let mut shown = format!(
        "\n{name} completed: {} records, data quality {}, {} in {:.1} s",
        figures["recordsProcessed"],
        figures["dataQualityScore"],
        outputs_counted(figures["outputsGenerated"].as_u64()),
        elapsed.as_secs_f64()
    );
    let outputs = &results["results"];
    let additional = outputs["additionalOutputs"].as_array().into_iter().flatten();
    for output in std::iter::once(&outputs["primaryOutput"]).chain(additional) {
        let word = |key: &str| output[key].as_str().unwrap_or("unknown");
        // Writing to a String cannot fail.
        let _ = write!(
            shown,
            "\n  {} ({}, {})\n    {}",
            word("title"),
            word("format"),
            word("size"),
            word("downloadUrl")
        );
    }
    shown
}

fn outputs_counted(count: Option<u64>) -> String {
    match count {
        Some(1) => "1 output".to_owned(),
        Some(count) => format!("{count} outputs"),
        None => "an unknown number of outputs".to_owned(),
    }
}

/// The line that scripts look for.
fn handover_line(handover: &Handover) -> Result<String> {
    Ok(format!("FUELCELL_DEMO {}", serde_json::to_string(handover)?))
}

fn project_path() -> String {
    format!("/api/{TENANT}/{PROJECT}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_is_one_word_and_json() {
        let handover = Handover {
            base_url: "http://127.0.0.1:7300",
            tenant_id: TENANT,
            project_id: PROJECT,
            token: "se\"cret",
            pipeline_id: PIPELINE,
            dataset_id: DATASET,
            job_id: "cc0e8400-e29b-41d4-a716-446655440000",
            application_user: "demo",
            application_password: "abcd efgh",
        };
        let line = handover_line(&handover).unwrap();
        assert_eq!(line.lines().count(), 1);
        let json: Value = serde_json::from_str(line.strip_prefix("FUELCELL_DEMO ").unwrap()).unwrap();
        let expected = json!({
            "baseUrl": "http://127.0.0.1:7300",
            "tenantId": TENANT,
            "projectId": PROJECT,
            "token": "se\"cret",
            "pipelineId": PIPELINE,
            "datasetId": DATASET,
            "jobId": "cc0e8400-e29b-41d4-a716-446655440000",
            "applicationUser": "demo",
            "applicationPassword": "abcd efgh",
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn clearing_keeps_what_was_compiled() {
        let data = tempfile::tempdir().unwrap();
        for file in ["compiled/module", "secret", "store/db", "operator-token"] {
            let path = data.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        clear(data.path()).unwrap();
        let mut left: Vec<_> =
            fs::read_dir(data.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, KEPT);
        assert!(data.path().join("compiled/module").exists());
        clear(&data.path().join("missing")).unwrap();
    }

    #[test]
    fn the_summary_lists_every_link() {
        let results = json!({
            "summary": {"recordsProcessed": 28722, "dataQualityScore": 99.5, "outputsGenerated": 2},
            "results": {
                "primaryOutput": {"title": "Report", "format": "html", "size": "2.1 MB", "downloadUrl": "http://h/a"},
                "additionalOutputs": [
                    {"title": "Map", "format": "svg", "size": "30 KB", "downloadUrl": "http://h/b"},
                ],
            },
        });
        let shown = summary("The job", &results, Duration::from_millis(2_500));
        let expected = "\nThe job completed: 28722 records, data quality 99.5, 2 outputs in 2.5 s\
                        \n  Report (html, 2.1 MB)\n    http://h/a\
                        \n  Map (svg, 30 KB)\n    http://h/b";
        assert_eq!(shown, expected);
    }
}
