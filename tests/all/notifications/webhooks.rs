//! Webhooks, received by a host of this machine and checked by the reference library of Standard Webhooks.

use super::{PATIENCE, SOON, deliveries, delivery_at, delivery_that, latest_code};
use fuelcell_tests::project::{text, token};
use fuelcell_tests::receiver::{Answering, Received, Receiver};
use fuelcell_tests::{Project, Server, built, eventually};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

fn webhook(project: &Project, receiver: &Receiver) -> Value {
    let body = json!({"url": receiver.url("/jobs?from=fuelcell")});
    let answer = project.client.post(&project.path("webhooks"), &body);
    assert_eq!(answer.status, 201);
    answer.ok()
}

fn hook_path(project: &Project, hook: &Value) -> String {
    project.path(&format!("webhooks/{}", text(hook, "webhookId")))
}

/// What came, once there are so many.
fn received(receiver: &Receiver, count: usize) -> Vec<Received> {
    eventually(&format!("{count} messages come"), PATIENCE, || {
        let all = receiver.received();
        (all.len() >= count).then_some(all)
    })
}

/// Runs one of the checks of the documents over messages; says the types of those that it takes, `null` of others.
fn checked(block: &str, secret: &str, messages: &[Received]) -> Vec<Value> {
    let messages: Vec<Value> = messages
        .iter()
        .map(|message| json!({"secret": secret, "headers": message.headers, "body": message.body}))
        .collect();
    let program = format!(
        "{block}\n\
         import json, sys\n\
         for message in json.load(sys.stdin):\n\
         \x20   try:\n\
         \x20       print(json.dumps(check(message['secret'], message['headers'], message['body'])['type']))\n\
         \x20   except Exception:\n\
         \x20       print('null')\n"
    );
    let mut python = Command::new(built::python())
        .args(["-c", &program])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(json!(messages).to_string().as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The checks that the documents show: with the library, and without.
fn checks() -> Vec<String> {
    let page = fs::read_to_string(built::source("docs/notifications.md")).unwrap();
    let blocks = page.split("```python\n").skip(1);
    let blocks: Vec<_> = blocks.map(|block| block.split("```").next().unwrap().to_owned()).collect();
    assert_eq!(blocks.len(), 2);
    blocks
}

/// It has said that it took the message, so that it is not sent again.
#[test]
fn a_receiver_whose_body_does_not_come_was_told() {
    let server = Server::start_set(&SOON);
    let project = Project::new(&server).with_probe();
    let receiver = Receiver::start();
    receiver.answer(Answering::Stalling);
    webhook(&project, &receiver);
    delivery_at(&project, &project.probe(json!([])), "Delivered");
    assert_eq!(receiver.received().len(), 1);
}

#[test]
fn each_end_is_told_with_a_signature_that_the_reference_library_takes() {
    let server = Server::start_set(&SOON);
    let project = Project::new(&server).with_probe();
    let receiver = Receiver::start();
    let hook = webhook(&project, &receiver);
    let secret = text(&hook, "secret");
    assert!(!project.client.get(&hook_path(&project, &hook)).text().contains("whsec_"), "it is shown once");
    let good = project.probe(json!([]));
    delivery_at(&project, &good, "Delivered");
    let bad = project.probe(json!([{"do": "fail", "code": "Broken", "message": "no"}]));
    delivery_at(&project, &bad, "Delivered");
    let later =
        project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}}));
    project.client.send("DELETE", &project.job_path(&later), &[], b"").ok();
    let told = delivery_at(&project, &later, "Delivered");
    assert_eq!((&told["event"], &told["channel"]), (&json!("job.cancelled"), &json!("webhook")));
    assert_eq!(told["latestTries"][0]["status"], 204);

    let messages = received(&receiver, 3);
    assert_eq!(messages.len(), 3);
    let expected = [json!("job.completed"), json!("job.failed"), json!("job.cancelled")];
    let other = format!("whsec_{}", "A".repeat(44));
    let mut changed = messages.clone();
    changed.iter_mut().for_each(|message| message.body = message.body.replace("job.", "jab."));
    for check in checks() {
        assert_eq!(checked(&check, &secret, &messages), expected, "{check}");
        assert_eq!(checked(&check, &other, &messages), [Value::Null, Value::Null, Value::Null]);
        assert_eq!(checked(&check, &secret, &changed), [Value::Null, Value::Null, Value::Null]);
    }
    for (message, job) in messages.iter().zip([&good, &bad, &later]) {
        assert_eq!(message.path, "/jobs?from=fuelcell");
        assert_eq!(message.headers["content-type"], "application/json");
        let body: Value = serde_json::from_str(&message.body).unwrap();
        let (data, status) = (&body["data"], project.status(job));
        assert_eq!((data["jobId"].as_str(), &data["status"]), (Some(job.as_str()), &status["status"]));
        assert_eq!(message.headers["webhook-id"], text(&deliveries(&project, job)[0], "messageId"));
        assert!(text(data, "resultsUrl").ends_with(&format!("{}/results", project.job_path(job))));
    }
    let body: Value = serde_json::from_str(&messages[1].body).unwrap();
    assert_eq!(body["data"]["error"]["code"], "GuestError");
}

#[test]
fn a_receiver_that_fails_hangs_and_comes_back_gets_the_message_under_one_id() {
    let server = Server::start_set(&SOON);
    let project = Project::new(&server).with_probe();
    let receiver = Receiver::start();
    webhook(&project, &receiver);
    receiver.answer(Answering::With(500, "", "out of order"));
    let job = project.probe(json!([]));
    let tried = |code: &'static str| delivery_that(&project, &job, |one| latest_code(one) == code);
    let failed = tried("Status");
    let tries = &failed["latestTries"];
    assert_eq!((&tries[0]["status"], &tries[0]["answer"]), (&json!(500), &json!("out of order")));
    assert!(failed["nextTry"].is_string());
    let refused = project
        .client
        .post(&project.path(&format!("deliveries/{}/resend", text(&failed, "deliveryId"))), &json!({}));
    assert_eq!(refused.problem(409).0, "DeliveryNotSettled");
    receiver.answer(Answering::Closing);
    tried("Protocol");
    receiver.answer(Answering::Hanging);
    tried("Timeout");
    receiver.answer(Answering::With(302, "location: http://127.0.0.1:9/\r\n", ""));
    tried("Status");
    receiver.answer(Answering::With(200, "", "thanks"));
    let done = delivery_at(&project, &job, "Delivered");
    assert_eq!((latest_code(&done), &done["nextTry"]), ("Delivered", &Value::Null));
    let ids = |all: &[Received]| -> Vec<String> {
        all.iter().map(|one| one.headers["webhook-id"].clone()).collect()
    };
    let all = receiver.received();
    assert!(all.len() >= 5);
    assert_eq!(ids(&all), vec![text(&done, "messageId"); all.len()]);

    // Sent again by hand, it is the same message.
    let path = project.path(&format!("deliveries/{}", text(&done, "deliveryId")));
    project.client.post(&format!("{path}/resend"), &json!({})).ok();
    let again = received(&receiver, all.len() + 1);
    assert_eq!(ids(&again[all.len()..]), [text(&done, "messageId")]);
    assert_eq!(again[all.len()].body, all[0].body);
    let viewer =
        server.client(Some(&token(&server.operator(), "viewer", &project.tenant, Some(&project.project))));
    assert_eq!(viewer.get(&path).status, 403);
}

#[test]
fn a_secret_is_rotated_while_both_sign() {
    let server = Server::start_set(&SOON);
    let project = Project::new(&server).with_probe();
    let receiver = Receiver::start();
    let hook = webhook(&project, &receiver);
    let path = hook_path(&project, &hook);
    let rotated = project.client.post(&format!("{path}/secret"), &json!({"overlapSeconds": 3600})).ok();
    assert!(rotated["previousSecretUntil"].is_string());
    let (old, new) = (text(&hook, "secret"), text(&rotated, "secret"));
    assert_ne!(old, new);
    delivery_at(&project, &project.probe(json!([])), "Delivered");
    let last = project.client.post(&format!("{path}/secret"), &json!({"overlapSeconds": 0})).ok();
    delivery_at(&project, &project.probe(json!([])), "Delivered");
    let messages = receiver.received();
    let taken = |secret: &str| checked(&checks()[0], secret, &messages);
    let (yes, no) = (json!("job.completed"), Value::Null);
    assert_eq!(taken(&old), [yes.clone(), no.clone()]);
    assert_eq!(taken(&new), [yes.clone(), no.clone()]);
    assert_eq!(taken(&text(&last, "secret")), [no, yes]);
}

#[test]
fn hosts_that_are_not_public_are_refused_and_gone_ones_are_left_alone() {
    // Nothing is allowed beyond the world.
    let mut server = Server::start_set(&SOON[1..]);
    let mut project = Project::new(&server).with_probe();
    let receiver = Receiver::start();
    let hook = webhook(&project, &receiver);
    let job = project.probe(json!([]));
    let refused = delivery_at(&project, &job, "Parked");
    assert_eq!(latest_code(&refused), "Denied");
    assert!(receiver.received().is_empty());

    assert!(server.terminate());
    server.restart_set(&SOON);
    project = project.after_restart(&server);
    receiver.answer(Answering::With(410, "", "gone"));
    let job = project.probe(json!([]));
    assert_eq!(latest_code(&delivery_at(&project, &job, "Parked")), "Gone");
    let path = hook_path(&project, &hook);
    let off = eventually("the webhook is off", PATIENCE, || {
        let hook = project.client.get(&path).ok();
        (hook["enabled"] == false).then_some(hook)
    });
    assert!(text(&off, "stopped").contains("410"));
    // What ends meanwhile is not told, also not later.
    let silent = project.probe(json!([]));
    project.wait_for(&silent, "Completed");
    receiver.answer(Answering::With(200, "", ""));
    let on = project.client.send("PATCH", &path, &[], b"{\"enabled\": true}").ok();
    assert_eq!((&on["enabled"], &on["stopped"]), (&json!(true), &Value::Null));
    let heard = project.probe(json!([]));
    delivery_at(&project, &heard, "Delivered");
    assert!(deliveries(&project, &silent).is_empty());

    project.client.send("DELETE", &path, &[], b"");
    assert_eq!(project.client.get(&path).status, 404);
    project
        .client
        .post(
            &project
                .path(&format!("deliveries/{}/resend", text(&deliveries(&project, &heard)[0], "deliveryId"))),
            &json!({}),
        )
        .ok();
    assert_eq!(latest_code(&delivery_at(&project, &heard, "Parked")), "WebhookDeleted");
}

#[test]
fn what_is_wrong_with_a_webhook_is_said() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path("webhooks");
    for (body, code) in [
        (json!({"url": "ftp://example.com"}), "InvalidWebhook"),
        (json!({"url": "https://user:word@example.com/"}), "InvalidWebhook"),
        (json!({"url": "https://example.com/", "events": []}), "InvalidWebhook"),
        (json!({"url": "https://example.com/", "events": ["job.started"]}), "InvalidBody"),
        (json!({"url": "https://example.com/", "secret": "whsec_AAAA"}), "InvalidBody"),
        (json!({}), "InvalidBody"),
    ] {
        let refused = project.client.post(&path, &body);
        assert_eq!(refused.problem(400).0, code, "{body}");
    }
    for number in 0..16 {
        let body =
            json!({"url": format!("https://example.com/{number}"), "events": ["job.failed", "job.failed"]});
        assert_eq!(project.client.post(&path, &body).ok()["events"], json!(["job.failed"]));
    }
    let many = project.client.post(&path, &json!({"url": "https://example.com/"}));
    assert_eq!(many.problem(409).0, "TooManyWebhooks");
    let (mut urls, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = project.client.get(&format!("{path}?limit=7{cursor}")).ok();
        urls.extend(page["webhooks"].as_array().unwrap().iter().map(|hook| text(hook, "url")));
        match page["nextCursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let expected: Vec<_> = (0..16).map(|number| format!("https://example.com/{number}")).collect();
    assert_eq!(urls, expected);
    let absent = project.client.post(&format!("{path}/{}/secret", uuid::Uuid::new_v4()), &json!({}));
    assert_eq!(absent.status, 404);
    let wrong = project.client.get(&project.path("deliveries?status=Lost"));
    assert_eq!(wrong.problem(400).0, "InvalidQuery");
}
