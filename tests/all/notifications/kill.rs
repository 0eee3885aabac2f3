//! `kill -9` between the end of a job and its notification.

use super::mail::{MailServer, headers, settings, told as told_to};
use super::{PATIENCE, SOON};
use fuelcell_tests::project::text;
use fuelcell_tests::receiver::Receiver;
use fuelcell_tests::{Project, Server, eventually};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Kills; `SOAK_NOTICE_KILLS=50` makes it a soak.
const KILLS: u64 = 4;

fn kills() -> u64 {
    std::env::var("SOAK_NOTICE_KILLS").map_or(KILLS, |kills| kills.parse().unwrap())
}

/// Jobs that ended or were to end when their server was killed, and jobs that did not.
struct Rounds {
    server: Server,
    ended: Vec<String>,
    waiting: BTreeSet<String>,
}

/// Kills the server again and again while it tells of jobs. `more` is what else their submissions say.
fn rounds(mut server: Server, mut project: Project, more: &Value) -> Rounds {
    let (mut ended, mut waiting) = (Vec::new(), BTreeSet::new());
    let mut later = more.clone();
    later["scheduling"] = json!({"scheduledTime": "2090-01-01T00:00:00Z"});
    let mut moment = 91_u64;
    for _ in 0..kills() {
        waiting.insert(project.probe_with(json!([]), later.clone()));
        let round: Vec<_> = (0..4).map(|_| project.probe_with(json!([]), more.clone())).collect();
        // The first has ended, the others end, or are being told of.
        project.wait_for(&round[0], "Completed");
        ended.extend(round);
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis((moment >> 33) % 60));
        server.kill();
        server.restart();
        project = project.after_restart(&server);
    }
    for job in &ended {
        project.wait_for(job, "Completed");
    }
    Rounds { server, ended, waiting }
}

impl Rounds {
    /// Waits until all is told, and checks it: `told` says the ids under which each job was told of, by recipient.
    fn check(mut self, recipients: usize, told: impl Fn() -> BTreeMap<(String, String), BTreeSet<String>>) {
        let told = eventually("every end is told", PATIENCE, || {
            let told = told();
            let count = |job: &String| told.keys().filter(|(of, _)| of == job).count();
            self.ended.iter().all(|job| count(job) == recipients).then_some(told)
        });
        let of_waiting = told.keys().filter(|(job, _)| self.waiting.contains(job)).count();
        assert_eq!(of_waiting, 0, "these have not ended");
        assert_eq!(told.len(), self.ended.len() * recipients, "nothing else is told");
        assert!(told.values().all(|ids| ids.len() == 1), "each under one id: {told:?}");
        let ids: BTreeSet<_> = told.values().flatten().collect();
        assert_eq!(ids.len(), told.len(), "and no two under the same");
        assert!(self.server.terminate());
    }
}

#[test]
fn each_end_is_told_at_least_once_under_one_id_whatever_is_killed_and_nothing_else_is() {
    let server = Server::start_set(&SOON);
    let project = Project::new(&server).with_probe();
    let receiver = Receiver::start();
    project.client.post(&project.path("webhooks"), &json!({"url": receiver.url("/")})).ok();
    rounds(server, project, &json!({})).check(1, || {
        let mut told = BTreeMap::<_, BTreeSet<_>>::new();
        for message in receiver.received() {
            let body: Value = serde_json::from_str(&message.body).unwrap();
            let of = (text(&body["data"], "jobId"), String::new());
            told.entry(of).or_default().insert(message.headers["webhook-id"].clone());
        }
        told
    });
}

#[test]
fn each_letter_comes_at_least_once_under_one_id_whatever_is_killed_and_no_other_does() {
    let mail = MailServer::start("none", None);
    let port = mail.port();
    let server = Server::start_set(&settings(&port, "none", &[("NOTIFICATIONS__SMTP__PER_HOUR", "10000")]));
    let project = Project::new(&server).with_probe();
    let recipients = ["a@example.com", "b@example.org"];
    rounds(server, project, &told_to(&recipients)).check(recipients.len(), || {
        let mut told = BTreeMap::<_, BTreeSet<_>>::new();
        for letter in mail.letters() {
            let plain = text(&letter, "text");
            let job = plain.lines().find_map(|line| line.strip_prefix("Job: ")).unwrap();
            let job = job.split(' ').next().unwrap().to_owned();
            let id = headers(&letter, "message-id")[0].to_owned();
            told.entry((job, letter["to"][0].to_string())).or_default().insert(id);
        }
        told
    });
}
