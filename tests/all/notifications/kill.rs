//! `kill -9` between the end of a job and its notification.

use super::{PATIENCE, SOON};
use fuelcell_tests::project::text;
use fuelcell_tests::receiver::Receiver;
use fuelcell_tests::{Project, Server, eventually};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Kills; `SOAK_NOTICE_KILLS=50` makes it a soak.
const KILLS: u64 = 4;

#[test]
fn each_end_is_told_at_least_once_under_one_id_whatever_is_killed_and_nothing_else_is() {
    let kills = std::env::var("SOAK_NOTICE_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut server = Server::start_set(&SOON);
    let mut project = Project::new(&server).with_probe();
    let receiver = Receiver::start();
    project.client.post(&project.path("webhooks"), &json!({"url": receiver.url("/")})).ok();
    let (mut jobs, mut waiting) = (Vec::new(), BTreeSet::new());
    let mut moment = 91_u64;
    for _ in 0..kills {
        let later = json!({"scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}});
        waiting.insert(project.probe_with(json!([]), later));
        let round: Vec<_> = (0..4).map(|_| project.probe(json!([]))).collect();
        // The first has ended, the others end, or are being told of.
        project.wait_for(&round[0], "Completed");
        jobs.extend(round);
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis((moment >> 33) % 60));
        server.kill();
        server.restart();
        project = project.after_restart(&server);
    }
    for job in &jobs {
        project.wait_for(job, "Completed");
    }
    let told: BTreeMap<String, BTreeSet<String>> = eventually("every end is told", PATIENCE, || {
        let told = told(&receiver);
        jobs.iter().all(|job| told.contains_key(job)).then_some(told)
    });
    assert!(waiting.iter().all(|job| !told.contains_key(job)), "these have not ended");
    assert_eq!(told.len(), jobs.len(), "nothing else is told");
    assert!(told.values().all(|ids| ids.len() == 1), "each under one id: {told:?}");
    let ids: BTreeSet<_> = told.values().flatten().collect();
    assert_eq!(ids.len(), jobs.len(), "and no two under the same");
    assert!(server.terminate());
}

/// The ids under which each job was told of.
fn told(receiver: &Receiver) -> BTreeMap<String, BTreeSet<String>> {
    let mut told = BTreeMap::<_, BTreeSet<_>>::new();
    for message in receiver.received() {
        let body: Value = serde_json::from_str(&message.body).unwrap();
        told.entry(text(&body["data"], "jobId")).or_default().insert(message.headers["webhook-id"].clone());
    }
    told
}
