//! `kill -9`

use fuelcell_tests::{Project, Server, built, eventually, project::text};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;
use uuid::Uuid;

#[test]
fn a_job_that_ran_when_the_server_was_killed_runs_again_and_completes() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"},
        {"do": "sleep", "milliseconds": 3000},
        {"do": "artifact", "name": "out.txt", "text": "done", "primary": true},
    ]));
    project.wait_for_stage(&job, "working");
    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    let status = project.wait_for(&job, "Completed");
    assert_eq!(status["attempt"], 2, "{status:#}");
    assert_eq!(project.results(&job)["results"]["primaryOutput"]["name"], "out.txt");
}

#[test]
fn a_checkpoint_is_there_for_the_next_attempt_after_a_kill() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    // The first attempt saves a checkpoint and fails in a passing way; only an attempt that finds it goes on.
    let job = project.probe(json!([{"do": "failOnce"}]));
    eventually("the first attempt failed and backs off", Duration::from_secs(120), || {
        (project.status(&job)["waitReason"]["code"] == "Backoff").then_some(())
    });
    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.wait_for(&job, "Completed")["attempt"], 2);
}

/// Kills of the test below; `SOAK_KILLS=300` makes it a soak.
const KILLS: u64 = 20;

/// What clients were told had been done.
#[derive(Clone, Default)]
pub(crate) struct Acknowledged {
    pub(crate) jobs: BTreeSet<String>,
    pub(crate) cancelled: BTreeSet<String>,
    pub(crate) datasets: BTreeMap<String, Vec<u8>>,
}

impl Acknowledged {
    fn take_in(&mut self, more: Self) {
        self.jobs.extend(more.jobs);
        self.cancelled.extend(more.cancelled);
        self.datasets.extend(more.datasets);
    }

    fn has_each_kind(&self) -> bool {
        !self.jobs.is_empty() && !self.cancelled.is_empty() && !self.datasets.is_empty()
    }

    /// Looks for the datasets, byte by byte.
    pub(crate) fn check_datasets(&self, project: &Project) {
        for (id, bytes) in &self.datasets {
            let content = project.client.get(&project.path(&format!("datasets/{id}/content")));
            assert_eq!((content.status, &content.body), (200, bytes), "dataset {id}");
        }
    }
}

#[test]
fn what_was_acknowledged_is_there_after_kills_at_random_moments() {
    let kills = std::env::var("SOAK_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut server = Server::start();
    let mut project = Project::new(&server).with_probe();
    let mut acknowledged = Acknowledged::default();
    let mut moment = 37_u64;
    for round in 0..kills {
        // A scrambled but repeatable moment, up to 300 ms after the clients got somewhere.
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let until = Duration::from_millis((moment >> 33) % 300);
        let told = Mutex::default();
        std::thread::scope(|scope| {
            for client in 0..4 {
                let (project, told) = (&project, &told);
                scope.spawn(move || work_until_refused(project, told, 4 * round + client));
            }
            eventually("each kind of call is acknowledged", Duration::from_secs(120), || {
                told.lock().unwrap().has_each_kind().then_some(())
            });
            std::thread::sleep(until);
            server.kill();
        });
        server.restart();
        project = project.after_restart(&server);
        let told = told.into_inner().unwrap();
        told.check_datasets(&project);
        acknowledged.take_in(told);
    }
    let Acknowledged { jobs, cancelled, .. } = &acknowledged;
    for job in jobs {
        project.wait_for(job, if cancelled.contains(job) { "Cancelled" } else { "Completed" });
    }
    let listed = project.client.get(&project.path("execution/jobs?pageSize=1")).ok();
    let (total, newest) = (listed["summary"]["totalJobs"].as_u64(), listed["jobs"][0]["jobNumber"].as_u64());
    assert_eq!(total, newest, "job numbers have no gaps");
    assert!(server.terminate());
    let checked =
        Command::new(built::fuelcell()).args(["check", "--data"]).arg(server.data()).output().unwrap();
    assert!(checked.status.success(), "no half states: {}", String::from_utf8_lossy(&checked.stdout));
}

/// Submits, cancels and uploads until the server is gone, and notes what was acknowledged.
pub(crate) fn work_until_refused(project: &Project, told: &Mutex<Acknowledged>, seed: u64) {
    for turn in 0.. {
        let went_on = match turn % 4 {
            0 => upload(project, told, seed << 32 | turn),
            1 => submit_and_cancel(project, told),
            _ => submit(project, &json!({})).map(|job| told.lock().unwrap().jobs.insert(job)).is_some(),
        };
        if !went_on {
            break;
        }
    }
}

fn upload(project: &Project, told: &Mutex<Acknowledged>, number: u64) -> bool {
    let id = Uuid::from_u64_pair(0x4000, number).to_string();
    let bytes = format!("number {number}").into_bytes();
    let path = project.path(&format!("datasets/{id}?name=n.txt"));
    let answer = project.client.try_send("PUT", &path, &[], &bytes);
    answer.is_ok_and(|answer| {
        answer.ok();
        told.lock().unwrap().datasets.insert(id, bytes);
        true
    })
}

/// Submits a job that does nothing; `None` when the server is gone.
fn submit(project: &Project, more: &Value) -> Option<String> {
    let mut body = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}});
    body.as_object_mut()?.extend(more.as_object()?.clone());
    let path = project.path("execution/job");
    let answer = project.client.try_send("POST", &path, &[], body.to_string().as_bytes()).ok()?;
    Some(text(&answer.ok(), "jobId"))
}

/// The job waits for a day to come, so that it is the cancel that ends it. Whether an unanswered cancel was recorded
/// nobody can tell: that job is left out.
fn submit_and_cancel(project: &Project, told: &Mutex<Acknowledged>) -> bool {
    let later = json!({"scheduling": {"scheduledTime": "2999-01-01T00:00:00Z"}});
    let Some(job) = submit(project, &later) else { return false };
    let Ok(answer) = project.client.try_send("DELETE", &project.job_path(&job), &[], &[]) else {
        return false;
    };
    answer.ok();
    let mut told = told.lock().unwrap();
    told.jobs.insert(job.clone());
    told.cancelled.insert(job);
    true
}

#[test]
fn a_stop_in_good_order_gives_running_jobs_back() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let quick = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "quick"}, {"do": "sleep", "milliseconds": 1500},
    ]));
    project.wait_for_stage(&quick, "quick");
    assert!(server.terminate(), "SIGTERM ends the server with 0");
    server.restart();
    let project = project.after_restart(&server);
    assert_eq!(project.wait_for(&quick, "Completed")["attempt"], 1, "it was let to its end");
}

#[test]
fn a_second_server_on_the_same_data_is_refused() {
    let server = Server::start();
    let output = Command::new(built::fuelcell())
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(server.data())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("another process") || said.contains("already"), "{said}");
    eventually("the first goes on", Duration::from_secs(120), || {
        (server.client(None).get("/healthz").status == 200).then_some(())
    });
}
