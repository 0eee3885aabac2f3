//! E-mail, taken by a mail server of this machine.

use super::{PATIENCE, SOON, deliveries, delivery_at, delivery_that, latest_code};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use fuelcell_tests::project::text;
use fuelcell_tests::{Project, Server, built, eventually};
use rcgen::generate_simple_self_signed;
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tempfile::TempDir;

/// The mail server. Dropped, it is gone.
pub(super) struct MailServer {
    process: Child,
    orders: ChildStdin,
    said: Arc<Mutex<Vec<Value>>>,
}

impl MailServer {
    /// One that is encrypted like this, with a certificate and its key in a folder.
    pub(super) fn start(security: &str, folder: Option<&Path>) -> Self {
        let mut command = Command::new(built::python());
        command.arg(built::source("tests/clients/mail_server.py")).args(["--security", security]);
        if let Some(folder) = folder {
            command.arg("--certificate").arg(folder.join("certificate.pem"));
            command.arg("--key").arg(folder.join("key.pem"));
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let said = Arc::<Mutex<Vec<Value>>>::default();
        let ears = said.clone();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                ears.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Self { process, orders, said }
    }

    fn said(&self) -> Vec<Value> {
        self.said.lock().unwrap().clone()
    }

    pub(super) fn port(&self) -> String {
        let said = eventually("the mail server listens", PATIENCE, || {
            self.said().iter().find_map(|said| said["port"].as_u64())
        });
        said.to_string()
    }

    /// Has it answer otherwise from now on.
    fn order(&mut self, mode: &str) {
        writeln!(self.orders, "{mode}").unwrap();
        eventually("it heard the order", PATIENCE, || {
            let said = self.said();
            let last = said.iter().rev().find(|said| said["mode"].is_string())?;
            (last["mode"] == mode).then_some(())
        });
    }

    pub(super) fn letters(&self) -> Vec<Value> {
        self.said().into_iter().filter(|said| said["to"].is_array()).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        self.process.kill().expect("our own child can be killed");
        self.process.wait().expect("a killed child can be waited for");
    }
}

pub(super) fn settings<'a>(
    port: &'a str,
    security: &'a str,
    more: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let own = [
        ("NOTIFICATIONS__SMTP__HOST", "localhost"),
        ("NOTIFICATIONS__SMTP__PORT", port),
        ("NOTIFICATIONS__SMTP__SECURITY", security),
        ("NOTIFICATIONS__SMTP__FROM", "Jobs <jobs@fuelcell.example>"),
    ];
    SOON.iter().chain(&own).chain(more).copied().collect()
}

pub(super) fn told(recipients: &[&str]) -> Value {
    json!({"notifications": {"onCompletion": true, "onFailure": true, "emailRecipients": recipients}})
}

pub(super) fn headers<'a>(letter: &'a Value, name: &str) -> Vec<&'a str> {
    let all = letter["headers"].as_array().unwrap();
    let named = all.iter().filter(|header| header[0].as_str().unwrap().eq_ignore_ascii_case(name));
    named.map(|header| header[1].as_str().unwrap()).collect()
}

#[test]
fn without_a_mail_server_a_submit_is_answered_and_its_delivery_says_so() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), told(&["a@example.com"]));
    let parked = delivery_at(&project, &job, "Parked");
    assert_eq!((latest_code(&parked), &parked["recipient"]), ("NotConfigured", &json!("a@example.com")));
    assert_eq!((&parked["channel"], &parked["nextTry"]), (&json!("email"), &Value::Null));
    let silent = project.probe(json!([]));
    project.wait_for(&silent, "Completed");
    assert!(deliveries(&project, &silent).is_empty());
}

#[test]
fn each_recipient_gets_a_letter_with_figures_error_and_links_that_open() {
    let mail = MailServer::start("none", None);
    let port = mail.port();
    let server = Server::start_set(&settings(&port, "none", &[]));
    let project = Project::new(&server).with_probe();
    let name = "<b>Über & out</b>";
    let mut more = told(&["a@example.com", "b@example.org"]);
    more["jobName"] = name.into();
    let job = project.probe_with(
        json!([{"do": "artifact", "name": "out.txt", "text": "what was made", "primary": true}]),
        more,
    );
    let letters = eventually("both letters come", PATIENCE, || {
        let letters = mail.letters();
        (letters.len() == 2).then_some(letters)
    });
    let mut recipients: Vec<_> = letters.iter().map(|letter| letter["to"].clone()).collect();
    recipients.sort_by_key(Value::to_string);
    assert_eq!(recipients, [json!(["a@example.com"]), json!(["b@example.org"])]);
    for letter in &letters {
        assert_eq!(letter["from"], "jobs@fuelcell.example");
        assert_eq!(headers(letter, "to"), [letter["to"][0].as_str().unwrap()], "nobody sees the others");
        assert_eq!(headers(letter, "subject"), [format!("[Fuelcell] Completed: {name}")]);
        assert_eq!(headers(letter, "auto-submitted"), ["auto-generated"]);
        assert!(headers(letter, "list-unsubscribe").is_empty());
        let (plain, html) = (text(letter, "text"), text(letter, "html"));
        assert!(plain.contains(name) && plain.contains(&job), "{plain}");
        assert!(html.contains("&lt;b&gt;Über &amp; out&lt;/b&gt;") && !html.contains("<b>"), "{html}");
        assert!(plain.contains("Fuel: ") && plain.contains("Records processed: 0"), "{plain}");
        let link = plain.lines().find_map(|line| line.trim().strip_prefix(server.base())).unwrap();
        assert_eq!(server.client(None).get(link).text(), "what was made");
        assert!(html.contains(&link.replace('&', "&amp;")));
    }
    let ids: Vec<_> = letters.iter().flat_map(|letter| headers(letter, "message-id")).collect();
    let mut known: Vec<_> = deliveries(&project, &job).iter().map(|one| text(one, "messageId")).collect();
    known.sort_by_key(|id| ids.iter().position(|message| message.contains(id)));
    assert_eq!(ids, known.iter().map(|id| format!("<{id}@fuelcell.example>")).collect::<Vec<_>>());

    let bad = project.probe_with(
        json!([{"do": "fail", "code": "Broken", "message": "<i>first\nBcc: c@example.com"}]),
        told(&["a@example.com"]),
    );
    delivery_at(&project, &bad, "Delivered");
    let letter = eventually("the third letter comes", PATIENCE, || mail.letters().get(2).cloned());
    assert_eq!(letter["to"], json!(["a@example.com"]));
    assert!(headers(&letter, "bcc").is_empty());
    assert!(text(&letter, "text").contains("Error: GuestError: "));
    assert!(!text(&letter, "html").contains("<i>"));
}

#[test]
fn a_mail_server_that_defers_hangs_and_comes_back_gets_the_letter_and_one_that_rejects_is_believed() {
    let mut mail = MailServer::start("none", None);
    let port = mail.port();
    let server = Server::start_set(&settings(&port, "none", &[]));
    let project = Project::new(&server).with_probe();
    mail.order("defer");
    let job = project.probe_with(json!([]), told(&["a@example.com"]));
    let tried = |code: &'static str| delivery_that(&project, &job, |one| latest_code(one) == code);
    let deferred = tried("Deferred");
    assert_eq!(deferred["latestTries"][0]["status"], 451);
    assert!(text(&deferred["latestTries"][0], "answer").contains("come back later"));
    assert_eq!(project.status(&job)["status"], "Completed", "the job has nothing to do with it");
    mail.order("hang");
    tried("Timeout");
    mail.order("accept");
    delivery_at(&project, &job, "Delivered");
    mail.order("reject");
    let rejected = project.probe_with(json!([]), told(&["a@example.com"]));
    let parked = delivery_at(&project, &rejected, "Parked");
    assert_eq!((latest_code(&parked), &parked["latestTries"][0]["status"]), ("Rejected", &json!(550)));
    drop(mail);
    let unheard = project.probe_with(json!([]), told(&["a@example.com"]));
    delivery_that(&project, &unheard, |one| latest_code(one) == "Unreachable");
}

/// RFC 7468.
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

#[test]
fn connections_are_encrypted_and_users_known_or_nothing_is_sent() {
    let folder = TempDir::new().unwrap();
    let made = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = folder.path().join("certificate.pem");
    fs::write(&certificate, pem("CERTIFICATE", made.cert.der())).unwrap();
    fs::write(folder.path().join("key.pem"), pem("PRIVATE KEY", &made.signing_key.serialize_der())).unwrap();
    let password = folder.path().join("password");
    fs::write(&password, "a password\n").unwrap();
    let password = password.to_str().unwrap();
    let user = [("NOTIFICATIONS__SMTP__USER", "fuelcell"), ("NOTIFICATIONS__SMTP__PASSWORD_FILE", password)];
    for security in ["starttls", "tls"] {
        let mail = MailServer::start(security, Some(folder.path()));
        let port = mail.port();
        let server = Server::start_trusting(&settings(&port, security, &user), &certificate);
        let project = Project::new(&server).with_probe();
        let job = project.probe_with(json!([]), told(&["a@example.com"]));
        delivery_at(&project, &job, "Delivered");
        let letters =
            eventually("the letter comes", PATIENCE, || Some(mail.letters()).filter(|all| !all.is_empty()));
        assert_eq!(letters[0]["encrypted"], true, "{security}");
    }
    // A certificate that nobody trusts, and a server that does not encrypt, get nothing.
    let mail = MailServer::start("starttls", Some(folder.path()));
    let port = mail.port();
    let server = Server::start_set(&settings(&port, "starttls", &user));
    let project = Project::new(&server).with_probe();
    let job = project.probe_with(json!([]), told(&["a@example.com"]));
    delivery_that(&project, &job, |one| latest_code(one) == "Tls");
    let plain = MailServer::start("none", None);
    let port = plain.port();
    let server = Server::start_set(&settings(&port, "starttls", &user));
    let other = Project::new(&server).with_probe();
    let unencrypted = other.probe_with(json!([]), told(&["a@example.com"]));
    delivery_that(&other, &unencrypted, |one| latest_code(one) == "Protocol");
    assert!(mail.letters().is_empty() && plain.letters().is_empty());
}

/// Waits for the next hour, if this one is nearly over.
fn begin_within_an_hour() {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let left = 3600 - now % 3600;
    if left < 60 {
        std::thread::sleep(Duration::from_secs(left));
    }
}

#[test]
fn projects_mail_whom_they_may_and_so_much_in_an_hour() {
    let mail = MailServer::start("none", None);
    let port = mail.port();
    let limits = [
        ("NOTIFICATIONS__SMTP__DOMAINS", "[\"example.com\", \"example.org\"]"),
        ("NOTIFICATIONS__SMTP__PER_HOUR", "3"),
    ];
    let server = Server::start_set(&settings(&port, "none", &limits));
    let project = Project::new(&server).with_probe();
    begin_within_an_hour();
    let path = project.path("mail-policy");
    assert_eq!(project.client.get(&path).ok(), json!({"domains": null, "emailsPerHour": null}));
    let job = project.probe_with(json!([]), told(&["a@stranger.example"]));
    assert_eq!(latest_code(&delivery_at(&project, &job, "Parked")), "RecipientNotAllowed");
    let rule = json!({"domains": ["Example.org"], "emailsPerHour": 100});
    let put = project.client.put(&path, &rule).ok();
    assert_eq!(put, json!({"domains": ["example.org"], "emailsPerHour": 100}));
    let job = project.probe_with(json!([]), told(&["a@example.com"]));
    assert_eq!(latest_code(&delivery_at(&project, &job, "Parked")), "RecipientNotAllowed");
    let job = project.probe_with(json!([]), told(&["a@example.org"]));
    delivery_at(&project, &job, "Delivered");
    // The fourth of this hour waits for the next one, whatever the project would like.
    let job = project.probe_with(json!([]), told(&["b@example.org"]));
    project.wait_for(&job, "Completed");
    let waits = delivery_that(&project, &job, |one| text(one, "nextTry").ends_with(":00:00Z"));
    assert_eq!((&waits["status"], &waits["tries"]), (&json!("Waiting"), &json!(0)));
    assert_eq!(mail.letters().len(), 1);
    let wrong = project.client.put(&path, &json!({"domains": ["a@example.org"]}));
    assert_eq!(wrong.problem(400).0, "InvalidMailPolicy");
}
