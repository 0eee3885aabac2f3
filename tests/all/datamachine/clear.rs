//! `DELETE /jobs`.

use super::{JOBS, Scene, error};
use fuelcell_tests::project::text;
use serde_json::{Value, json};

#[test]
fn ended_jobs_go_with_all_that_is_theirs_and_others_stay() {
    let scene = Scene::set();
    let project = &scene.project;
    let done =
        scene.completed(None, json!([{"do": "artifact", "name": "a.txt", "text": "a", "primary": true}]));
    let link = text(&project.results(&done)["results"]["primaryOutput"], "downloadUrl");
    scene.failed(None, "x");
    scene.cancel(&scene.pending());
    let (running, pending) = (scene.running(), scene.pending());
    let stranger = Scene::set();
    stranger.failed(None, "x");

    let answer = scene.clear(&json!({"type": "failed"})).ok();
    let expected = json!({
        "success": true, "message": "Jobs cleared successfully.", "jobs_deleted": 1, "processed_items_cleaned": 0,
    });
    assert_eq!(answer, expected);
    assert_eq!(scene.get("?status=failed").ok()["total"], 0);
    assert_eq!(scene.get("").ok()["total"], 4);
    assert_eq!(error(&scene.get("/2"), 404).0, "job_not_found");

    let answer = scene.clear(&json!({"type": "all"})).ok();
    assert_eq!(answer["jobs_deleted"], 2, "the completed and the cancelled one");
    let left: Vec<_> = scene.rows("?order=ASC").iter().map(|row| row["status"].clone()).collect();
    assert_eq!(left, ["processing", "pending"]);
    assert_eq!(project.status(&running)["status"], "Running");
    assert_eq!(project.status(&pending)["status"], "Queued");
    assert_eq!(project.client.get(&project.job_path(&done)).problem(404).0, "NotFound");
    assert_eq!(scene.server.client(None).get(&link).problem(404).0, "NotFound");
    assert_eq!(stranger.get("").ok()["total"], 1, "jobs of others stay");
    assert_eq!(scene.clear(&json!({"type": "all"})).ok()["jobs_deleted"], 0);
    scene.cancel(&running);
    assert_eq!(scene.clear(&json!({"type": "all"})).ok()["jobs_deleted"], 1);

    let next = scene.pending();
    assert_eq!(project.status(&next)["jobNumber"], 6, "numbers are not given out again");
    let audit = scene.server.operator().get("/api/admin/audit?subject=ann").ok();
    let entries = audit["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 4, "{audit}");
    assert!(
        entries.iter().all(|entry| {
            entry["target"].as_str().unwrap().starts_with(JOBS)
                && entry["projectId"] == project.project.as_str()
        }),
        "{audit}"
    );
    let last = format!("{JOBS}?type=all&cleanup_processed=false");
    assert_eq!(entries[0]["target"], last.as_str(), "the log says what was cleared");
}

#[test]
fn parameters_come_as_json_as_a_form_or_in_the_query() {
    let scene = Scene::set();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let clear = |query: &str, headers: &[(&str, &str)], body: &str| {
        scene.failed(None, "x");
        let answer = scene.send("DELETE", &format!("{JOBS}{query}"), headers, body.as_bytes());
        assert_eq!(answer.ok()["jobs_deleted"], 1, "{query} {body}");
    };
    clear("", &[], r#"{"type": "failed"}"#);
    clear("", &form, "type=failed&cleanup_processed=1");
    clear("?type=all&cleanup_processed=true", &[], "");
    clear(
        "?type=nonsense",
        &[("content-type", "application/json")],
        r#"{"type": "all", "cleanup_processed": null}"#,
    );
}

#[test]
fn wrong_parameters_clear_nothing() {
    let scene = Scene::set();
    scene.failed(None, "x");
    let invalid_type = json!({
        "code": "invalid_type",
        "message": "Invalid type parameter. Must be 'all' or 'failed'.",
        "data": {"status": 400},
    });
    for body in ["", "{}", "null", "[]", "7", r#"{"type": "done"}"#, r#"{"type": 1}"#, r#"{"type": ["all"]}"#]
    {
        let answer = scene.send("DELETE", JOBS, &[("content-type", "application/json")], body.as_bytes());
        error(&answer, 400);
        assert_eq!(answer.json(), invalid_type, "{body}");
    }
    for body in ["{", "type=all", &"[".repeat(100_000)] {
        let answer = scene.send("DELETE", JOBS, &[("content-type", "application/json")], body.as_bytes());
        assert_eq!(error(&answer, 400).0, "rest_invalid_json", "{}", &body[..body.len().min(20)]);
    }
    for wrong in [json!("maybe"), json!(2), json!({})] {
        let (code, data) = error(&scene.clear(&json!({"type": "all", "cleanup_processed": wrong})), 400);
        assert_eq!(code, "rest_invalid_param");
        assert!(data["params"]["cleanup_processed"].is_string(), "{data}");
    }
    assert_eq!(scene.get("").ok()["total"], 1);
}

#[test]
fn jobs_can_be_submitted_while_many_are_cleared() {
    let scene = Scene::set();
    let cancelled = 150;
    for _ in 0..cancelled {
        let job = scene.pending();
        assert_eq!(scene.project.client.delete(&scene.project.job_path(&job), None).status, 200);
    }
    let (cleared, submitted) = std::thread::scope(|scope| {
        let clear = scope.spawn(|| scene.clear(&json!({"type": "all"})).ok());
        let submitted: Vec<_> = (0..40).map(|_| scene.pending()).collect();
        (clear.join().unwrap(), submitted)
    });
    assert_eq!(cleared["jobs_deleted"], cancelled);
    assert_eq!(scene.get("").ok()["total"], submitted.len());
    for job in submitted {
        assert_eq!(scene.project.status(&job)["status"], Value::from("Queued"));
    }
}
