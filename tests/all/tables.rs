//! The built-in jobs on tables, over HTTP.

use fuelcell_tests::{Project, Server, eventually};
use serde_json::{Value, json};
use std::time::Duration;

/// These modules are large, and the first test to need one has it compiled.
const WITH_COMPILING: Duration = Duration::from_secs(600);

const ORDERS: &str = "id,amount,customer\n1,10.50,a\n2,abc,b\n3,7.25,a\n3,7.25,a\n4,x,y,z\n";

fn submission(project: &Project, job_type: &str, parameters: Value) -> Value {
    let resource = json!({"resourceType": "Pipeline", "resourceId": project.pipeline(job_type)});
    json!({"jobName": "j", "jobType": job_type, "resource": resource, "parameters": parameters})
}

fn submit(project: &Project, job_type: &str, parameters: Value) -> String {
    project.submit(&submission(project, job_type, parameters)).ok()["jobId"].as_str().unwrap().to_owned()
}

fn completed(project: &Project, job: &str) -> Value {
    eventually("the job is completed", WITH_COMPILING, || {
        let status = project.status(job);
        assert_ne!(status["status"], "Failed", "{status:#}");
        (status["status"] == "Completed").then_some(status)
    });
    project.results(job)
}

fn output(project: &Project, results: &Value, name: &str) -> String {
    let mut outputs = results["results"]["additionalOutputs"].as_array().unwrap().clone();
    outputs.push(results["results"]["primaryOutput"].clone());
    let found = outputs.iter().find(|output| output["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no {name} in {results:#}"));
    let answer = project.client.with_token(None).get(found["downloadUrl"].as_str().unwrap());
    String::from_utf8(answer.body).unwrap()
}

#[test]
fn a_table_is_enriched_and_only_its_rejected_rows_are_tried_again() {
    let server = Server::start();
    let project = Project::new(&server);
    let dataset = project.dataset("orders.csv", ORDERS.as_bytes());
    let customers = project.dataset("customers.csv", b"key,segment\na,large\nb,small\n");
    let steps = json!([
        {"cast": {"column": "amount", "type": "decimal"}},
        {"deduplicate": {}},
        {"lookup": {"table": "customers", "on": {"customer": "key"}, "take": ["segment"]}},
    ]);
    let parameters = json!({"datasetId": dataset, "lookups": {"customers": customers}, "steps": steps});
    let job = submit(&project, "DataEnrichment", parameters);
    let results = completed(&project, &job);
    let enriched = output(&project, &results, "enriched.csv");
    assert_eq!(enriched, "id,amount,customer,segment\n1,10.50,a,large\n3,7.25,a,large\n");
    let mut softer = steps;
    softer[0]["cast"]["onError"] = json!("null");
    let again = "0197a6f1-0000-7000-8000-000000000001";
    let path = project.path(&format!("datasets/{again}?fromJob={job}&artifact=rejected.csv"));
    project.client.put_bytes(&path, b"").ok();
    let parameters = json!({"datasetId": again, "lookups": {"customers": customers}, "steps": softer});
    let results = completed(&project, &submit(&project, "DataEnrichment", parameters));
    assert_eq!(output(&project, &results, "enriched.csv"), "id,amount,customer,segment\n2,,b,small\n");
}

/// A short form of `cargo xtask soak --only tables`.
#[test]
fn a_table_that_is_larger_than_the_memory_of_its_job_is_sorted_without_duplicates() {
    const ROWS: u64 = 46_000;
    const DUPLICATES: u64 = 1_000;
    const MEMORY: u64 = 200 << 20;
    let server = Server::start();
    let project = Project::new(&server);
    // 7919 is a prime, so that each number but those of the duplicates comes once.
    let row = |number: u64| {
        let id = number * 7919 % (ROWS - DUPLICATES);
        format!("{id},{}\n", format!("row {id} ").repeat(480))
    };
    let table: String = std::iter::once("id,note\n".to_owned()).chain((0..ROWS).map(row)).collect();
    assert!(table.len() as u64 > MEMORY, "{} bytes", table.len());
    let dataset = project.dataset("table.csv", table.as_bytes());
    let steps = json!([{"deduplicate": {"keys": ["id"]}}, {"sort": {"by": [{"column": "id"}]}}]);
    let mut body = submission(&project, "DataEnrichment", json!({"datasetId": dataset, "steps": steps}));
    body["limits"] = json!({"memoryBytes": MEMORY});
    let job = project.submit(&body).ok()["jobId"].as_str().unwrap().to_owned();
    let results = completed(&project, &job);
    let sorted = output(&project, &results, "enriched.csv");
    let ids: Vec<u64> =
        sorted.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect();
    assert!(ids.into_iter().eq(0..ROWS - DUPLICATES));
    let profile: Value = serde_json::from_str(&output(&project, &results, "profile.json")).unwrap();
    assert_eq!([&profile["totalRecords"], &profile["duplicatesRemoved"]], [ROWS, DUPLICATES]);
}

#[test]
fn wrong_steps_are_refused_at_submit_or_in_words_that_help() {
    let server = Server::start();
    let project = Project::new(&server);
    let dataset = project.dataset("orders.csv", ORDERS.as_bytes());
    let body =
        |steps: Value| submission(&project, "DataEnrichment", json!({"datasetId": dataset, "steps": steps}));
    let refused = project.submit(&body(json!([{"cast": {"column": "amount", "type": "colour"}}])));
    assert_eq!(refused.problem(400).0, "InvalidParameters");
    let job = project.submit(&body(json!([{"drop": {"columns": ["Amount"]}}]))).ok();
    let job = job["jobId"].as_str().unwrap().to_owned();
    let status = eventually("the job has failed", WITH_COMPILING, || {
        let status = project.status(&job);
        (status["status"] == "Failed").then_some(status)
    });
    let message = status["error"]["message"].as_str().unwrap();
    assert!(message.contains("steps/0/drop") && message.contains("Is \"amount\" meant?"), "{message}");
}

#[test]
fn a_table_is_analysed_and_asked_in_sql() {
    let server = Server::start();
    let project = Project::new(&server);
    let rows: String =
        (0..400).map(|row| format!("{row},{},{}\n", ["a", "b"][row % 2], row % 2 * 50 + row % 7)).collect();
    let dataset = project.dataset("table.csv", format!("id,group,cost\n{rows}").as_bytes());
    let parameters = json!({
        "datasetId": dataset,
        "sql": "SELECT \"group\", count(*) AS n, sum(cost) AS total FROM dataset GROUP BY 1 ORDER BY 1",
    });
    let job = submit(&project, "Analysis", parameters);
    let results = completed(&project, &job);
    let figures: Value = serde_json::from_str(&output(&project, &results, "analysis.json")).unwrap();
    let sum = |group: usize| {
        (0..400).filter(|row| row % 2 == group).map(|row| row % 2 * 50 + row % 7).sum::<usize>()
    };
    let shown = figures.to_string();
    assert!(shown.contains(&sum(0).to_string()) && shown.contains(&sum(1).to_string()), "{shown:.2000}");
}

/// The first 32 digits of the HMAC of "ann" with a secret are the pseudonym of "ann" in all jobs of a project, and in no other.
#[test]
fn pseudonyms_are_those_of_a_project() {
    let server = Server::start();
    let steps = json!([{"anonymise": {"column": "who", "method": "hash", "secret": "PEOPLE"}}]);
    let with_secret = |key: &str| {
        let project = Project::new(&server);
        project.client.put(&project.path("secrets/PEOPLE"), &json!({"value": key})).ok();
        project
    };
    let parameters = |project: &Project| {
        let dataset = project.dataset("people.csv", b"who,n\nann,1\nbob,2\nann,3\n");
        json!({"datasetId": dataset, "steps": steps})
    };
    let pseudonyms = |project: &Project| {
        let capabilities = project.path("modules/data-enrichment/capabilities");
        project.client.put(&capabilities, &json!({"hmac": ["PEOPLE"]})).ok();
        let results = completed(project, &submit(project, "DataEnrichment", parameters(project)));
        output(project, &results, "enriched.csv")
    };
    let one = with_secret("Jefe");
    let failed = |body: Value| {
        let job = one.submit(&body).ok()["jobId"].as_str().unwrap().to_owned();
        eventually("the job has failed", WITH_COMPILING, || {
            let status = one.status(&job);
            (status["status"] == "Failed").then(|| status["error"].clone())
        })
    };
    let body = submission(&one, "DataEnrichment", parameters(&one));
    let error = failed(body.clone());
    assert!(
        error["message"].as_str().unwrap().contains("the secret \"PEOPLE\""),
        "without the grant: {error:#}"
    );
    let enriched = pseudonyms(&one);
    // `printf %s ann | openssl dgst -sha256 -hmac Jefe`, and of bob.
    let expected = "who,n\na559bed2d5b256281efc2e3c8f7890ed,1\na533821c1f94927364966e03c15c31c4,2\na559bed2d5b256281efc2e3c8f7890ed,3\n";
    assert_eq!(enriched, expected);
    assert_eq!(pseudonyms(&one), enriched, "in the next job, too");
    assert_ne!(pseudonyms(&with_secret("another key")), enriched);
    let mut deterministic = body;
    deterministic["deterministic"] = json!(true);
    let error = failed(deterministic);
    assert!(error["message"].as_str().unwrap().contains("deterministic"), "{error:#}");
}

#[test]
fn different_values_are_counted_exactly_in_a_cell() {
    // Hash tables of a cell have 32 bits: of so many values some would meet there.
    const ROWS: usize = 300_000;
    let server = Server::start();
    let project = Project::new(&server);
    let rows: String = (0..ROWS).map(|row| format!("k{row}\n")).collect();
    let dataset = project.dataset("keys.csv", format!("key\n{rows}").as_bytes());
    let results = completed(&project, &submit(&project, "DataEnrichment", json!({"datasetId": dataset})));
    let profile: Value = serde_json::from_str(&output(&project, &results, "profile.json")).unwrap();
    assert_eq!(profile["before"]["columns"][0]["distinct"], json!({"count": ROWS, "exact": true}));
}

#[test]
fn a_cancelled_enrichment_keeps_the_rows_so_far() {
    const ROWS: usize = 200_000;
    let server = Server::start();
    let project = Project::new(&server);
    let rows: Vec<String> = (0..ROWS).map(|row| format!("{row},name {row}")).collect();
    let dataset = project.dataset("long.csv", format!("id,name\n{}\n", rows.join("\n")).as_bytes());
    // Each row is kept; only the time that it takes is wanted.
    let kept = json!({"filter": {"expression": "name REGEXP '^(n.*)+e [0-9]+$'"}});
    let parameters = json!({"datasetId": dataset, "steps": vec![kept; 40]});
    let job = submit(&project, "DataEnrichment", parameters);
    eventually("the job is in the middle", WITH_COMPILING, || {
        let progress = &project.status(&job)["progress"];
        let started = progress["currentStage"] == "Running the steps";
        (started && progress["percentage"].as_u64().unwrap() > 40).then_some(())
    });
    project.client.delete(&project.job_path(&job), Some(&json!({"preservePartialResults": true}))).ok();
    project.wait_for(&job, "Cancelled");
    let results = project.results(&job);
    assert_eq!((&results["success"], &results["partial"]), (&json!(false), &json!(true)));
    let enriched = output(&project, &results, "enriched.csv");
    let (header, lines) = enriched.split_once('\n').unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(header, "id,name");
    assert!(!lines.is_empty() && lines.len() < ROWS, "{} rows", lines.len());
    assert_eq!(lines, rows[..lines.len()]);
    let outputs = results["results"]["additionalOutputs"].as_array().unwrap();
    let checkpoint = outputs.iter().find(|output| output["type"] == "Checkpoint").unwrap();
    let checkpoint = project.client.with_token(None).get(checkpoint["downloadUrl"].as_str().unwrap());
    let checkpoint: Value = serde_json::from_slice(&checkpoint.body).unwrap();
    assert_eq!(checkpoint["rowsWritten"], lines.len());
}
