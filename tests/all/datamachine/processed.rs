//! Processed items, with the module `new-rows`: what a completed job of the pipeline has seen is not new to the next.

use super::Scene;
use fuelcell_tests::built;
use fuelcell_tests::project::text;
use serde_json::{Value, json};

struct Rows {
    scene: Scene,
    pipeline: String,
    dataset: String,
}

impl Rows {
    fn set() -> Self {
        let scene = Scene::set();
        let module = built::module("new-rows");
        scene.project.client.put_bytes(&scene.project.path("modules/new-rows/versions/1"), &module).ok();
        let pipeline = scene.pipeline("News", "DataEnrichment", "new-rows");
        let dataset = scene.project.dataset("table.csv", b"id,name\n1,ada\n2,bob\n3,eve\n");
        Self { scene, pipeline, dataset }
    }

    /// Runs the pipeline and returns its new rows.
    fn run(&self) -> Option<String> {
        let project = &self.scene.project;
        let body = json!({
            "jobName": "j", "jobType": "DataEnrichment",
            "resource": {"resourceType": "Pipeline", "resourceId": self.pipeline},
            "parameters": {"datasetId": self.dataset, "keyColumns": ["id"]},
        });
        let job = text(&project.submit(&body).ok(), "jobId");
        let status = project.wait_for(&job, "Completed");
        if status["completion"] == "NoItems" {
            assert_eq!(status["metrics"]["warningCount"], 1, "{status:#}");
            return None;
        }
        let link = text(&project.results(&job)["results"]["primaryOutput"], "downloadUrl");
        Some(project.client.get(&link).text())
    }

    fn path(&self) -> String {
        self.scene.project.path(&format!("pipelines/{}/processed", self.pipeline))
    }

    fn keys(&self) -> Vec<Value> {
        let listed = self.scene.project.client.get(&self.path()).ok();
        let items = listed["processedItems"].as_array().unwrap();
        let mut keys: Vec<_> = items.iter().map(|item| item["key"].clone()).collect();
        keys.sort_by_key(ToString::to_string);
        assert_eq!(listed["pagination"]["total"], keys.len());
        keys
    }

    fn latest_status(&self) -> Value {
        self.scene.rows("?per_page=1")[0]["status"].clone()
    }
}

#[test]
fn a_second_run_finds_nothing_new() {
    let rows = Rows::set();
    assert_eq!(rows.run().unwrap(), "id,name\n1,ada\n2,bob\n3,eve\n");
    assert_eq!(rows.latest_status(), "completed");
    assert_eq!(rows.run(), None);
    assert_eq!(rows.latest_status(), "completed_no_items");

    let path = format!("datasets/{}?name=table.csv", rows.dataset);
    rows.scene.project.client.put_bytes(&rows.scene.project.path(&path), b"id,name\n3,eve\n4,joe\n").ok();
    assert_eq!(rows.run().unwrap(), "id,name\n4,joe\n");
    assert_eq!(rows.keys(), ["1", "2", "3", "4"]);
}

#[test]
fn items_are_listed_in_pages_and_cleared() {
    let rows = Rows::set();
    let client = &rows.scene.project.client;
    assert!(rows.keys().is_empty());
    rows.run();
    let first = rows.scene.project.client.get(&format!("{}?pageSize=2", rows.path())).ok();
    let second = rows.scene.project.client.get(&format!("{}?pageSize=2&page=2", rows.path())).ok();
    assert_eq!(first["pagination"], json!({"page": 1, "pageSize": 2, "total": 3, "totalPages": 2}));
    let counts = [&first, &second].map(|page| page["processedItems"].as_array().unwrap().len());
    assert_eq!(counts, [2, 1]);
    let item = &first["processedItems"][0];
    assert!(item["jobId"].is_string() && item["dateProcessed"].is_string(), "{item}");

    assert_eq!(client.delete(&rows.path(), None).ok(), json!({"itemsCleared": 3}));
    assert_eq!(client.delete(&rows.path(), None).ok(), json!({"itemsCleared": 0}));
    assert!(rows.run().is_some(), "everything is new again");
    let unknown = rows.path().replace(&rows.pipeline, "00000000-0000-4000-8000-000000000000");
    assert_eq!(client.get(&unknown).problem(404).0, "NotFound");
    assert_eq!(client.delete(&unknown, None).problem(404).0, "NotFound");
}

#[test]
fn clearing_jobs_forgets_items_only_when_asked_to() {
    let rows = Rows::set();
    rows.run();
    let kept = rows.scene.clear(&json!({"type": "all"})).ok();
    assert_eq!((&kept["jobs_deleted"], &kept["processed_items_cleaned"]), (&json!(1), &json!(0)));
    assert_eq!(rows.run(), None, "what a deleted job has processed stays processed");
    let gone = rows.scene.clear(&json!({"type": "all", "cleanup_processed": true})).ok();
    assert_eq!((&gone["jobs_deleted"], &gone["processed_items_cleaned"]), (&json!(1), &json!(3)));
    assert!(rows.run().is_some());
}
