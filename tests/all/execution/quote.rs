//! What a job would take: `dryRun=quote`.

use fuelcell_tests::{Project, Server, eventually};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::Duration;

/// The module is large, and the first test to need it has it compiled.
const WITH_COMPILING: Duration = Duration::from_secs(600);
/// Runs that quotes are compared with in a soak, which asserts times too and wants a machine of its own.
const RUNS: &str = "SOAK_QUOTE_RUNS";
/// Runs that there are before the first quote is compared.
const LEARNT: usize = 8;

fn quoted(project: &Project, body: &Value) -> Value {
    project.client.post(&project.path("execution/job?dryRun=quote"), body).ok()
}

fn jobs(project: &Project) -> Value {
    project.client.get(&project.path("execution/jobs")).ok()["summary"]["totalJobs"].clone()
}

/// A table of orders with so many rows.
fn orders(rows: usize) -> String {
    let mut text = "id,customer,amount,placed\n".to_owned();
    for row in 0..rows {
        let (customer, cents, day) = (row * 7919 % 997, row * 104_729 % 100_000, row % 28 + 1);
        writeln!(text, "{row},customer-{customer},{}.{:02},2024-02-{day:02}", cents / 100, cents % 100)
            .unwrap();
    }
    text
}

fn enrichment(project: &Project, pipeline: &str, rows: usize) -> Value {
    let dataset = project.dataset("orders.csv", orders(rows).as_bytes());
    json!({
        "jobName": format!("{rows} orders"), "jobType": "DataEnrichment",
        "resource": {"resourceType": "Pipeline", "resourceId": pipeline},
        "parameters": {"datasetId": dataset, "steps": [{"cast": {"column": "amount", "type": "decimal"}}, {"deduplicate": {}}]},
    })
}

/// Fuel, seconds and bytes of memory of a run.
fn run(project: &Project, body: &Value) -> [f64; 3] {
    let job = project.submit(body).ok()["jobId"].as_str().unwrap().to_owned();
    let status = eventually("the job is completed", WITH_COMPILING, || {
        let status = project.status(&job);
        assert_ne!(status["status"], "Failed", "{status:#}");
        (status["status"] == "Completed").then_some(status)
    });
    let usage = &status["receipts"][0];
    let number = |name: &str| usage[name].as_f64().unwrap_or_else(|| panic!("no {name} in {usage:#}"));
    [number("fuel"), number("wallSeconds"), number("peakMemoryBytes")]
}

#[expect(clippy::too_many_lines, reason = "one series of runs, and what is said of it")]
#[test]
fn quotes_hold_for_runs_that_they_have_not_seen() {
    let server = Server::start();
    let project = Project::new(&server);
    let pipeline = project.pipeline("DataEnrichment");
    let soak = std::env::var(RUNS).ok().map(|runs| runs.parse::<usize>().unwrap());
    // In a soak from 33 kB to 20 MB: of runs that take milliseconds, the time is whatever else the machine does.
    let (runs, fewest, most) = soak.map_or((16, 20.0_f64, 3_000.0), |runs| (runs + LEARNT, 1e3, 6e5));
    let mut errors = [Vec::new(), Vec::new(), Vec::new()];
    let mut widths = errors.clone();
    let mut within = [0; 3];
    for n in 0..runs {
        // In no order, each factor between the fewest and the most rows as often as any other.
        let part = (n * 7 % runs) as f64 / runs as f64;
        let rows = fewest * (most / fewest).powf(part);
        let body = enrichment(&project, &pipeline, rows as usize);
        let before = jobs(&project);
        let quote = quoted(&project, &body);
        assert_eq!(jobs(&project), before, "nothing is stored");
        let taken = run(&project, &body);
        if soak.is_some() {
            let [fuel, seconds, bytes] = taken;
            #[allow(clippy::print_stderr)]
            {
                eprintln!(
                    "{}",
                    json!({"size": quote["inputBytes"], "fuel": fuel, "time": seconds * 1e6, "memory": bytes})
                );
            }
        }
        match n {
            0 => assert_eq!(
                (&quote["basis"], &quote["fuel"], &quote["durationSeconds"]),
                (&Value::Null, &Value::Null, &Value::Null)
            ),
            _ => assert_eq!(quote["basis"]["runs"], n.min(50)),
        }
        if n < LEARNT {
            continue;
        }
        for (figure, taken) in taken.into_iter().enumerate() {
            let forecast = &quote[["fuel", "durationSeconds", "memoryBytes"][figure]];
            let of = |name: &str| forecast[name].as_f64().unwrap();
            errors[figure].push((of("expected") / taken - 1.0).abs());
            widths[figure].push(of("high") / of("low"));
            within[figure] += usize::from((of("low")..=of("high")).contains(&taken));
        }
    }
    let unseen = runs - LEARNT;
    let [fuel, time, memory] = [0, 1, 2].map(|figure| {
        errors[figure].sort_by(f64::total_cmp);
        widths[figure].sort_by(f64::total_cmp);
        (within[figure], widths[figure][unseen / 2], errors[figure][unseen / 2])
    });
    #[allow(clippy::print_stderr)]
    {
        eprintln!(
            "{unseen} unseen runs: within the range, median width, median error: fuel {fuel:?}, time {time:?}, memory {memory:?}"
        );
    }
    let holds = |(within, width, _): (usize, f64, f64)| within * 10 >= unseen * 9 && width <= 2.0;
    assert!(holds(memory), "memory: {memory:?}");
    if soak.is_some() {
        assert!(holds(fuel) && holds(time), "fuel: {fuel:?}, time: {time:?}");
    }
    // Beside other tests a run takes as long as the machine lets it, and with few runs a range says less.
    assert!(fuel.0 * 10 >= unseen * 8 && fuel.1 <= 2.0, "fuel: {fuel:?}");
}

#[test]
fn a_quote_refuses_what_a_submit_refuses_and_stores_nothing() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let quote = |body: &Value| project.client.post(&project.path("execution/job?dryRun=quote"), body);
    let body = |more: Value| {
        let mut body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    };
    for wrong in [
        json!({"jobName": ""}),
        json!({"module": {"name": "nobody"}}),
        json!({"parameters": {"steps": 7}}),
        json!({"parameters": {"steps": [], "datasetId": "6f9619ff-8b86-d011-b42d-00c04fc964ff"}}),
        json!({"labels": {"a".repeat(257): "b"}}),
        json!({"limits": {"fuel": 0}}),
        json!({"scheduling": {"timeoutMinutes": 0}}),
        json!({"unknown": 1}),
    ] {
        let (quoted, submitted) = (quote(&body(wrong.clone())), project.submit(&body(wrong.clone())));
        assert!(submitted.status >= 400, "{wrong}");
        assert_eq!(quoted.problem(submitted.status), submitted.problem(submitted.status), "{wrong}");
    }
    let unknown = project.client.post(&project.path("execution/job?dryRun=yes"), &body(json!({})));
    assert!(unknown.problem(400).1.contains("quote"), "{}", unknown.text());
    let viewer =
        fuelcell_tests::project::token(&server.operator(), "viewer", &project.tenant, Some(&project.project));
    let path = project.path("execution/job?dryRun=quote");
    assert_eq!(server.client(Some(&viewer)).post(&path, &body(json!({}))).status, 403);

    let limits = format!("/api/admin/tenants/{}/projects/{}/limits", project.tenant, project.project);
    let set = json!({"caps": {"fuel": 1000}, "quotas": {"queuedJobs": 1}});
    server.operator().put(&limits, &set).ok();
    let quoted = quote(&body(json!({"limits": {"fuel": 5000}}))).ok();
    assert_eq!(quoted["limits"]["fuel"], 1000, "caps hold as for a job");
    assert_eq!((&quoted["dryRun"], &quoted["basis"]), (&json!("quote"), &Value::Null));
    assert_eq!(quoted["queuePosition"], 1);
    let before = audit(&server);
    let (first, second) = (quote(&body(json!({}))).ok(), quote(&body(json!({}))).ok());
    assert_eq!(first["limits"], second["limits"]);
    assert_eq!((jobs(&project), audit(&server)), (json!(0), before), "no job, and no entry for one");
    let later = json!({"scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}});
    let quoted = quote(&body(later.clone())).ok();
    assert!(quoted["queuePosition"].is_null());
    for start in ["earliestStartTime", "expectedStartTime", "latestStartTime"] {
        assert_eq!(quoted[start], "2090-01-01T00:00:00Z");
    }
    project.submit(&body(later)).ok();
    assert_eq!(quote(&body(json!({}))).problem(429).0, "QueueQuotaExceeded");
    assert_eq!(project.submit(&body(json!({}))).problem(429).0, "QueueQuotaExceeded");
}

#[test]
fn a_quote_under_a_key_answers_as_a_submit_does() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let ask = |query: &str, name: &str| {
        let body = json!({"jobName": name, "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}});
        let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
        let path = project.path(&format!("execution/job{query}"));
        project.client.send("POST", &path, &headers, body.to_string().as_bytes())
    };
    ask("?dryRun=quote", "j").ok();
    let job = ask("", "j").ok()["jobId"].as_str().unwrap().to_owned();
    project.wait_for(&job, "Completed");
    assert_eq!(ask("?dryRun=quote", "j").ok()["dryRun"], "quote", "the key made a job that is there");
    for (name, code) in [("other", (409, "IdempotencyKeyReused")), ("j", (410, "JobDeleted"))] {
        if code.0 == 410 {
            let deleted = project.client.delete(&format!("{}/data", project.job_path(&job)), None);
            assert_eq!(deleted.status, 204);
        }
        for query in ["", "?dryRun=quote"] {
            assert_eq!(ask(query, name).problem(code.0).0, code.1, "{query}");
        }
    }
}

#[test]
fn a_quote_rests_on_no_run_that_went_on_from_a_checkpoint() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []}});
    let job = project.probe(json!([{"do": "failOnce"}]));
    assert_eq!(project.wait_for(&job, "Completed")["attempt"], 2);
    assert_eq!(quoted(&project, &body)["basis"], Value::Null, "the last attempt measured the rest only");
    run(&project, &body);
    assert_eq!(quoted(&project, &body)["basis"]["runs"], 1);
}

/// Entries of the audit log so far.
fn audit(server: &Server) -> usize {
    server.operator().get("/api/admin/audit?limit=1000").ok()["entries"].as_array().unwrap().len()
}
