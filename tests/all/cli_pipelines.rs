//! `fuelcell pipeline …`: schedules that stop and start, what is forgotten, what goes.

use crate::cli_client::{Home, said, write};
use fuelcell_tests::{Project, Server};
use serde_json::{Value, json};

/// A pipeline of the probe that runs once in a century, with the person who made it.
fn yearly(server: &Server, project: &Project) -> (Home, String) {
    let home = Home::of(server, project);
    let body = json!({
        "name": "Nightly", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        "schedule": {"cron": "0 0 1 1 *", "timeZone": "Europe/Berlin", "parameters": {"steps": []}},
    });
    write(&home, "pipeline.json", &body.to_string());
    let id = home.say(&["pipeline", "apply", "--file", "pipeline.json"]).trim().to_owned();
    (home, id)
}

#[test]
fn pipeline_pause_stops_a_schedule_and_pipeline_resume_starts_it_as_it_was() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let (home, id) = yearly(&server, &project);
    let before = home.json(&["pipeline", "show", &id]);
    assert_eq!(
        (&before["schedule"]["enabled"], before["schedule"]["nextRuns"].is_array()),
        (&json!(true), true)
    );
    assert_eq!(home.say(&["pipeline", "pause", "Nightly"]), "its schedule is stopped\n");
    assert_eq!(home.json(&["pipeline", "show", &id])["schedule"]["enabled"], false);
    assert_eq!(home.say(&["pipeline", "resume", "Nightly"]), "its schedule runs\n");
    let after = home.json(&["pipeline", "show", &id]);
    for member in ["cron", "timeZone", "parameters", "overlap", "enabled", "nextRuns"] {
        assert_eq!(after["schedule"][member], before["schedule"][member], "{member}");
    }
    for member in ["name", "jobType", "module", "parameters", "limits"] {
        assert_eq!(after[member], before[member], "{member}");
    }
    let bare = project.pipeline("Analysis");
    let (code, told) = home.fail(&["pipeline", "resume", &bare]);
    assert!(code == 2 && told.contains("has no schedule") && told.contains("--cron"), "{told}");
}

#[test]
fn pipeline_processed_lists_items_and_forgets_them_when_told_to() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let (home, id) = yearly(&server, &project);
    let marks = r#"steps=[{"do":"mark","key":"row 1"},{"do":"mark","key":"row 2"}]"#;
    home.say(&["pipeline", "run", &id, "--param", marks, "--watch"]);
    let keys = || {
        let items = home.json(&["pipeline", "processed", "Nightly"]);
        items.as_array().unwrap().iter().map(|item| item["key"].clone()).collect::<Vec<Value>>()
    };
    let mut listed: Vec<_> = keys().iter().map(ToString::to_string).collect();
    listed.sort();
    assert_eq!(listed, [r#""row 1""#, r#""row 2""#]);
    let table = home.say(&["pipeline", "processed", &id]);
    assert!(table.starts_with("KEY") && table.contains("row 1") && table.contains("JOB"), "{table}");
    let forget = &["pipeline", "processed", &id, "--forget"][..];
    let output = home.command(&[forget, &["--dry-run"]].concat()).output().unwrap();
    assert!(
        said(&output).starts_with("2 items\n") && said(&output).contains("nothing was deleted"),
        "{}",
        said(&output)
    );
    assert_eq!(home.json(&[forget, &["--dry-run"]].concat()), json!({"itemsToClear": 2}));
    assert_eq!(keys().len(), 2, "it was a dry run");
    assert_eq!(home.say(forget), "forgot 2 items\n");
    assert_eq!(keys(), Vec::<Value>::new());
    assert_eq!(home.json(forget)["itemsCleared"], 0);
}

#[test]
fn pipeline_delete_says_what_goes_and_leaves_the_jobs() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let (home, id) = yearly(&server, &project);
    let run = ["pipeline", "run", "Nightly", "--param", r#"steps=[{"do":"mark","key":"row 1"}]"#, "--watch"];
    let job = home.json(&run)["jobId"].as_str().unwrap().to_owned();
    let output = home.command(&["pipeline", "delete", "Nightly", "--dry-run"]).output().unwrap();
    let told = said(&output);
    assert!(
        told.contains("nothing was deleted") && told.contains("with 1 items") && told.contains("Nightly"),
        "{told}"
    );
    assert_eq!(home.json(&["pipeline", "show", &id])["pipelineId"], id);
    assert_eq!(home.say(&["pipeline", "delete", "Nightly"]), format!("deleted pipeline {id}\n"));
    let (code, told) = home.fail(&["pipeline", "show", &id]);
    assert!(code == 2 && told.contains("404 NotFound"), "{told}");
    let (code, told) = home.fail(&["pipeline", "delete", "Nightly"]);
    assert!(code == 2 && told.contains("there is no pipeline \"Nightly\""), "{told}");
    assert_eq!(home.json(&["job", "show", &job])["resource"]["resourceName"], "Nightly");
}
