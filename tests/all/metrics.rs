//! Figures for Prometheus, read by the parser of its own client library.

use fuelcell_tests::{Project, Server, built, eventually};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where a server says that it serves figures.
fn address(server: &Server) -> String {
    let log = server.log();
    let line = log.lines().find(|line| line.contains("figures are served at")).expect("it serves figures");
    line.split("http://").nth(1).unwrap().split('/').next().unwrap().to_owned()
}

pub(crate) fn figures(server: &Server) -> String {
    let url = format!("http://{}", address(server));
    let answer = fuelcell_tests::Client::new(&url, None).get("/metrics");
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    answer.text()
}

/// Has the parser read them, and the files that operators get asked for every name; says those without labels.
fn parsed(figures: &str) -> Value {
    let mut parser = Command::new(built::python())
        .arg(built::source("tests/clients/metrics.py"))
        .arg(built::source("deploy/prometheus/alerts.yml"))
        .arg(built::source("deploy/grafana/fuelcell.json"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    parser.stdin.take().unwrap().write_all(figures.as_bytes()).unwrap();
    let output = parser.wait_with_output().unwrap();
    assert!(output.status.success(), "{}\n{figures}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The value of a series, as it is written.
pub(crate) fn value(figures: &str, series: &str) -> f64 {
    let line = figures.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{series} is not among\n{figures}")).parse().unwrap()
}

#[test]
fn figures_count_what_was_done_and_alerts_and_dashboard_find_theirs() {
    let backups = tempfile::tempdir().unwrap();
    let folder = backups.path().join("backup").display().to_string();
    let server =
        Server::start_set(&[("METRICS__LISTEN", "127.0.0.1:0"), ("SLOTS", "2"), ("BACKUP__FOLDER", &folder)]);
    let project = Project::new(&server).with_probe();
    project.wait_for(&project.probe(json!([{"do": "work", "rounds": 1000}])), "Completed");
    project.wait_for(&project.probe(json!([{"do": "fail", "code": "Broken", "message": "no"}])), "Failed");
    let later = json!({"priority": "High", "scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"}});
    project.probe_with(json!([]), later);
    assert_eq!(project.client.get("/nowhere/at/all").status, 404);

    let text = figures(&server);
    let plain = parsed(&text);
    assert_eq!(plain["fuelcell_cells_limit"], 2.0);
    assert_eq!(plain["fuelcell_draining"], 0.0);
    assert!(plain["process_resident_memory_bytes"].as_f64().unwrap() > 1e6);
    assert!(plain["fuelcell_disk_free_bytes"].as_f64().unwrap() > 1e6);
    let ended =
        |end: &str| value(&text, &format!("fuelcell_attempts_total{{end=\"{end}\",module=\"probe\"}}"));
    assert_eq!((ended("Completed"), ended("GuestError")), (1.0, 1.0));
    let of_whom = format!("{{module=\"probe\",tenant=\"{}\"}}", project.tenant);
    let used = project.client.get(&project.path("usage")).ok();
    let fuel = used["total"]["fuel"].as_f64();
    assert_eq!(Some(value(&text, &format!("fuelcell_fuel_units_total{of_whom}"))), fuel, "{used:#}");
    assert_eq!(value(&text, "fuelcell_queue_jobs{priority=\"any\",state=\"scheduled\"}"), 1.0);
    assert_eq!(value(&text, "fuelcell_queue_jobs{priority=\"High\",state=\"ready\"}"), 0.0);
    let stray = "http_server_request_duration_seconds_count{http_request_method=\"GET\",http_response_status_code=\"404\",\
                 http_route=\"_OTHER\"}";
    assert_eq!(value(&text, stray), 1.0, "addresses that are none share a series");
    assert!(!text.contains(&project.project), "no ids of addresses are labels");
    assert_eq!(plain["fuelcell_claimed_jobs_total"], 2.0);
    let claims = |result: &str| value(&text, &format!("fuelcell_claims_total{{result=\"{result}\"}}"));
    assert!((1.0..=2.0).contains(&claims("some")) && claims("error") == 0.0);
    approved(&text);
}

/// Prometheus' own tool has nothing to say against names, units and texts.
fn approved(figures: &str) {
    let mut checking = Command::new(built::promtool())
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    checking.stdin.take().unwrap().write_all(figures.as_bytes()).unwrap();
    let checked = checking.wait_with_output().unwrap();
    let said = [checked.stdout, checked.stderr].concat();
    assert!(checked.status.success() && said.is_empty(), "{}", String::from_utf8_lossy(&said));
}

#[test]
fn prometheus_takes_the_alert_rules() {
    let rules = built::source("deploy/prometheus/alerts.yml");
    let checked = Command::new(built::promtool()).args(["check", "rules"]).arg(&rules).output().unwrap();
    let said = String::from_utf8_lossy(&checked.stdout);
    assert!(checked.status.success(), "{said}{}", String::from_utf8_lossy(&checked.stderr));
    let count = fs::read_to_string(rules).unwrap().matches("- alert: ").count();
    assert!(said.contains(&format!("SUCCESS: {count} rules found")), "{said}");
}

/// The bounds of a histogram's buckets, each once, as they are written.
fn bounds(figures: &str, name: &str) -> Vec<String> {
    let buckets = figures.lines().filter(|line| line.starts_with(&format!("{name}_bucket{{")));
    let mut bounds: Vec<_> = buckets
        .map(|line| line.split("le=\"").nth(1).unwrap().split('"').next().unwrap().to_owned())
        .collect();
    bounds.sort_by(|one, other| f64::total_cmp(&one.parse().unwrap(), &other.parse().unwrap()));
    bounds.dedup();
    bounds
}

#[test]
fn figures_tell_why_jobs_wait_what_is_stored_and_times_from_a_millisecond_to_a_day() {
    let server = Server::start_set(&[
        ("METRICS__LISTEN", "127.0.0.1:0"),
        ("SLOTS", "2"),
        ("CONCURRENCY__PER_PROJECT", "1"),
    ]);
    let project = Project::new(&server).with_probe();
    let reasons =
        |text: &str, reason: &str| value(text, &format!("fuelcell_queue_head_jobs{{reason=\"{reason}\"}}"));
    let oldest = |text: &str, reason: &str| {
        value(text, &format!("fuelcell_queue_head_oldest_age_seconds{{reason=\"{reason}\"}}"))
    };
    let before = figures(&server);
    assert!(before.lines().filter(|line| line.starts_with("fuelcell_queue_head_jobs{")).count() == 7);
    assert_eq!(reasons(&before, "ConcurrencyLimit"), 0.0);
    let (blobs, bytes) = (value(&before, "fuelcell_blobs"), value(&before, "fuelcell_blobs_size_bytes"));
    let running = project.probe(json!([
        {"do": "progress", "done": 1, "total": 2, "stage": "working"}, {"do": "waitForCancel"},
    ]));
    project.wait_for_stage(&running, "working");
    let waiting: Vec<_> = (0..3).map(|_| project.probe(json!([]))).collect();
    project.dataset("a.txt", &[b'x'; 12_345]);
    let stored = eventually("the new bytes are counted", Duration::from_secs(60), || {
        let text = figures(&server);
        (value(&text, "fuelcell_blobs") > blobs).then_some(text)
    });
    assert_eq!(value(&stored, "fuelcell_blobs"), blobs + 1.0);
    assert_eq!(value(&stored, "fuelcell_blobs_size_bytes"), bytes + 12_345.0);
    assert_eq!(reasons(&stored, "ConcurrencyLimit"), 3.0, "one runs, three wait for it");
    assert!(oldest(&stored, "ConcurrencyLimit") > 0.0);
    assert_eq!(oldest(&stored, "Memory"), 0.0, "nobody waits for it");
    // As clients are told.
    assert_eq!(project.status(&waiting[0])["waitReason"]["code"], "ConcurrencyLimit");
    project.client.delete(&project.job_path(&running), None).ok();
    for job in &waiting {
        project.wait_for(job, "Completed");
    }
    let text = figures(&server);
    assert_eq!(reasons(&text, "ConcurrencyLimit"), 0.0);
    for histogram in [
        "fuelcell_job_wait_duration_seconds",
        "fuelcell_attempt_duration_seconds",
        "http_server_request_duration_seconds",
    ] {
        let bounds = bounds(&text, histogram);
        let ends = (bounds[0].as_str(), bounds[bounds.len() - 2].as_str(), bounds[bounds.len() - 1].as_str());
        assert_eq!(ends, ("0.001", "86400", "+Inf"), "{histogram}");
    }
}

#[test]
fn figures_are_on_their_own_listener_and_nothing_else_is() {
    let server = Server::start_set(&[("METRICS__LISTEN", "127.0.0.1:0")]);
    assert_eq!(server.client(None).get("/metrics").status, 404, "not on the public one");
    let other = fuelcell_tests::Client::new(&format!("http://{}", address(&server)), None);
    for path in ["/", "/healthz", "/api/admin/tenants", "/openapi.json"] {
        assert_eq!(other.get(path).status, 404, "{path}");
    }
}
