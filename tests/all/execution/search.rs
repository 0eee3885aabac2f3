//! Jobs and lines of logs that are looked for by what no index knows.

use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};

fn names(listed: &Value) -> Vec<&str> {
    listed["jobs"].as_array().unwrap().iter().map(|job| job["jobName"].as_str().unwrap()).collect()
}

#[test]
fn jobs_are_found_by_text_label_module_pipeline_and_by_what_they_are_not() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let pipeline = project.pipeline("Analysis");
    let of_pipeline = json!({"resourceType": "Pipeline", "resourceId": pipeline});
    let submit = |more: Value| project.probe_with(json!([]), more);
    let first = submit(json!({"jobName": "Orders of MAY", "labels": {"team": "finance", "run": "1"}}));
    submit(json!({"jobName": "Orders of June", "labels": {"team": "sales"}}));
    submit(json!({"jobName": "Straße", "resource": of_pipeline}));
    let later = json!({"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"});
    let waits = submit(json!({"jobName": "Later", "scheduling": later}));
    let list = |query: &str| project.client.get(&project.path(&format!("execution/jobs?{query}"))).ok();
    assert_eq!(names(&list("text=orders%20of")), ["Orders of June", "Orders of MAY"]);
    assert_eq!(names(&list("text=STRA%C3%9FE")), ["Straße"]);
    assert_eq!(names(&list(&format!("text={}", first.to_uppercase()))), ["Orders of MAY"], "by its id");
    assert_eq!(names(&list("label=team")), ["Orders of June", "Orders of MAY"]);
    assert_eq!(names(&list("label=team%3Dfinance")), ["Orders of MAY"]);
    assert_eq!(names(&list("label=team%3Dfin")), [""; 0]);
    assert_eq!(names(&list("module=probe&text=later")), ["Later"]);
    assert_eq!(names(&list("module=other")), [""; 0]);
    assert_eq!(names(&list(&format!("pipelineId={pipeline}"))), ["Straße"]);
    assert_eq!(names(&list("notJobType=Analysis")), [""; 0]);
    assert_eq!(names(&list("notJobType=ProcessMining")).len(), 4);
    assert_eq!(names(&list("notSubmittedBy=nobody")).len(), 4);
    assert_eq!(names(&list("notStatus=Queued&notSubmittedBy=nobody")).len(), 3);
    assert_eq!(names(&list("status=Queued&text=l")), ["Later"]);
    project.client.delete(&project.job_path(&waits), None);
    assert_eq!(names(&list("notStatus=Cancelled&pageSize=100")).len(), 3);
    // Page by page each job comes once; the answer goes on from where it looked, found or not.
    let page = list("text=orders&pageSize=1");
    assert_eq!((names(&page), &page["page"]), (vec!["Orders of June"], &Value::Null));
    let cursor = text(&page, "nextCursor");
    let rest = list(&format!("text=orders&pageSize=1&cursor={cursor}"));
    assert_eq!(names(&rest), ["Orders of MAY"]);
    assert_eq!((&rest["hasNextPage"], &rest["nextCursor"]), (&json!(false), &Value::Null));
    assert_eq!(rest["summary"]["totalJobs"], 4, "the summary counts what the other filters leave");
    let refused =
        |query: &str| project.client.get(&project.path(&format!("execution/jobs?{query}"))).problem(400).1;
    assert!(refused("text=orders&page=2").contains("by cursor"));
    assert!(refused("status=Failed&notStatus=Queued").contains("not both"));
    assert!(refused(&format!("text={}", "x".repeat(201))).contains("200 bytes"));
    assert!(refused("notJobType=").contains("notJobType"));
    assert!(refused("pipelineId=x").contains("GUID"));
}

#[test]
fn a_search_through_jobs_with_large_parameters_ends_its_pages_and_goes_on() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let later = json!({"executeImmediately": false, "scheduledTime": "2999-01-01T00:00:00Z"});
    let steps = json!([{"do": "log", "level": "info", "message": "x".repeat(900 << 10)}]);
    let submit =
        |name: &str| project.probe_with(steps.clone(), json!({"jobName": name, "scheduling": later}));
    submit("the oldest");
    (0..19).for_each(|_| drop(submit("hay")));
    let list = |query: &str| project.client.get(&project.path(&format!("execution/jobs?{query}"))).ok();
    let page = list("text=oldest");
    assert_eq!((names(&page), &page["hasNextPage"]), (vec![], &json!(true)), "16 MiB were looked through");
    let rest = list(&format!("text=oldest&cursor={}", text(&page, "nextCursor")));
    assert_eq!((names(&rest), &rest["hasNextPage"]), (vec!["the oldest"], &json!(false)));
    // What is found is listed without its parameters: many of them are one page.
    assert_eq!(names(&list("text=hay&pageSize=12")).len(), 12);
}

#[test]
fn lines_are_found_by_text_and_stage_beyond_what_a_page_looks_through() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let steps = json!([
        {"do": "log", "level": "info", "message": "a Needle at the beginning"},
        {"do": "log", "level": "info", "message": "hay", "times": 6_000},
        {"do": "progress", "done": 1, "total": 2, "stage": "sewing"},
        {"do": "log", "level": "warn", "message": "a needle at the end"},
    ]);
    let job = project.probe(steps);
    project.wait_for(&job, "Completed");
    let get = |query: &str| project.client.get(&format!("{}/logs?{query}", project.job_path(&job)));
    let messages = |answer: &Value| -> Vec<String> {
        let lines = answer["logs"].as_array().unwrap();
        lines.iter().map(|line| line["message"].as_str().unwrap().to_owned()).collect()
    };
    let both = get("text=NEEDLE").ok();
    assert_eq!(messages(&both), ["a Needle at the beginning", "a needle at the end"]);
    assert_eq!(both["hasMore"], false);
    assert_eq!(messages(&get("text=needle&level=warn").ok()), ["a needle at the end"]);
    let first = get("text=needle&limit=1").ok();
    assert_eq!((messages(&first).len(), &first["hasMore"]), (1, &json!(true)));
    let cursor = text(&first, "nextCursor");
    let second = get(&format!("text=needle&limit=1&cursor={cursor}")).ok();
    assert_eq!(messages(&second), ["a needle at the end"]);
    let stage = text(&both["logs"][1], "stage");
    assert_eq!(messages(&get(&format!("stage={stage}&text=end")).ok()), ["a needle at the end"]);
    assert_eq!(messages(&get("stage=none").ok()), [""; 0]);
    assert_eq!(get("text=needle&format=raw").text().lines().count(), 2);
    assert_eq!(messages(&get("pattern=^a%20n.*end$").ok()), ["a needle at the end"]);
    assert_eq!(messages(&get("pattern=needle&text=beginning").ok()), ["a Needle at the beginning"]);
    assert_eq!(messages(&get("pattern=^needle").ok()), [""; 0]);
    let (code, detail) = get("pattern=(needle").problem(400);
    assert_eq!((&code[..], detail.contains("unclosed group")), ("InvalidQuery", true), "{detail}");
    get(&format!("text={}", "x".repeat(201))).problem(400);
    get(&format!("text=other&cursor={cursor}")).problem(400);
}
