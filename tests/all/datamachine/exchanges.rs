//! Every exchange of the protocol, whole, as a snapshot below `snapshots`: a field that changes, comes or goes shows there.
//! `INSTA_UPDATE=always` writes them anew.

use super::{JOBS, Scene};
use fuelcell_tests::exchange::{exchange, members};
use serde_json::json;
use std::collections::BTreeSet;

/// The fields that the protocol documents, by snapshot.
const PROTOCOL: [(&str, &str); 4] = [
    (
        "list",
        "orderby order per_page offset pipeline_id flow_id status success data total job_id started_at \
         completed_at error_message created_at pipeline_name flow_name base_status status_reason",
    ),
    (
        "job",
        "success data job_id flow_id pipeline_id status started_at completed_at error_message created_at \
         base_status status_reason",
    ),
    ("clear", "type cleanup_processed success message jobs_deleted processed_items_cleaned"),
    ("wrong-parameters", "code message data status params"),
];

#[test]
fn the_snapshots_show_every_field_of_the_protocol() {
    for (snapshot, fields) in PROTOCOL {
        let shown = members("datamachine", snapshot);
        let missing: BTreeSet<_> =
            fields.split_whitespace().filter(|field| !shown.contains(*field)).collect();
        assert!(missing.is_empty(), "{snapshot} does not show {missing:?}");
    }
}

#[test]
fn jobs_are_listed_shown_and_cleared_in_full() {
    let scene = Scene::set();
    let pipeline = scene.pipeline("Sales", "Analysis", "probe");
    scene.completed(Some(&pipeline), json!([]));
    scene.failed(Some(&pipeline), "Handler configuration missing");
    let query = json!({
        "orderby": "job_id", "order": "ASC", "per_page": "10", "offset": "0", "pipeline_id": "1", "flow_id": "1",
        "status": "failed",
    });
    let pairs =
        query.as_object().unwrap().iter().map(|(name, value)| format!("{name}={}", value.as_str().unwrap()));
    let pairs = pairs.collect::<Vec<_>>().join("&");
    insta::assert_json_snapshot!("list", exchange(query, &scene.get(&format!("?{pairs}"))));
    insta::assert_json_snapshot!("job", exchange(json!({}), &scene.get("/1")));

    let request = json!({"type": "all", "cleanup_processed": true});
    let answer = scene.clear(&request);
    insta::assert_json_snapshot!("clear", exchange(request, &answer));
}

#[test]
fn what_is_wrong_is_told_in_full() {
    let scene = Scene::set();
    let query = json!({"per_page": "0"});
    let answer = scene.send("GET", &format!("{JOBS}?per_page=0"), &[], b"");
    insta::assert_json_snapshot!("wrong-parameters", exchange(query, &answer));
}
