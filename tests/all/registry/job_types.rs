//! What can be submitted, and examples that run.

use fuelcell_tests::{Project, Server, project::text};
use serde_json::{Value, json};

fn job_types(project: &Project) -> Vec<Value> {
    let list = project.client.get(&project.path("job-types")).ok();
    list["jobTypes"].as_array().unwrap().clone()
}

#[test]
fn each_type_says_what_runs_it_and_every_example_runs() {
    let server = Server::start();
    let project = Project::new(&server);
    let types = job_types(&project);
    let words: Vec<_> = types.iter().map(|known| text(known, "jobType")).collect();
    assert_eq!(words, ["ProcessMining", "DataEnrichment", "Notebook", "Analysis"]);
    let mining = &types[0];
    assert_eq!(
        (&mining["module"]["builtIn"], &mining["inputs"][0]["parameter"]),
        (&json!(true), &json!("datasetId"))
    );
    assert!(mining["parameters"]["properties"].is_object() && mining["outputs"].is_array(), "{mining:#}");
    assert_eq!(mining["example"], Value::Null, "there is no dataset");
    assert_eq!((&types[3]["module"], &types[3]["title"]), (&Value::Null, &Value::Null));

    let log = b"case_id,activity,timestamp\n1,a,2024-01-01T00:00:00Z\n1,b,2024-01-02T00:00:00Z\n";
    project.dataset("log.csv", log);
    project.pipeline("ProcessMining");
    let project = project.with_probe();
    let active = json!({"jobType": "Analysis"});
    project.client.post(&project.path("modules/probe/versions/1/activate"), &active).ok();
    let types = job_types(&project);
    assert_eq!(
        (&types[3]["module"]["name"], &types[3]["module"]["builtIn"]),
        (&json!("probe"), &json!(false))
    );
    let examples: Vec<_> =
        types.iter().map(|known| &known["example"]).filter(|example| !example.is_null()).collect();
    assert!(examples.len() >= 2, "{types:#?}");
    for example in examples {
        let job = text(&project.submit(example).ok(), "jobId");
        project.wait_for(&job, "Completed");
    }
}
