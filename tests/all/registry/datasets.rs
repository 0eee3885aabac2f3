//! `datasets…`

use fuelcell_tests::project::token;
use fuelcell_tests::{Project, Server, eventually};
use serde_json::json;
use std::io::Read;
use std::sync::mpsc;
use std::time::Duration;
use uuid::Uuid;

#[test]
fn a_dataset_has_name_size_and_digest_and_is_replaced_for_later_jobs() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let id = Uuid::new_v4().to_string();
    let path = project.path(&format!("datasets/{id}"));
    let first = project.client.put_bytes(&format!("{path}?name=folder/one.csv"), b"one").ok();
    assert_eq!(
        (&first["name"], &first["size"], &first["rowCount"]),
        (&json!("one.csv"), &json!(3), &json!(null))
    );
    assert_eq!(first["digest"], "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed");
    let echo =
        json!({"datasetId": id, "steps": [{"do": "echoInput", "input": "dataset", "artifact": "copy.csv"}]});
    let waiting = json!({"parameters": echo, "scheduling": {"scheduledTime": "2999-01-01"}});
    let pinned = project.probe_with(json!([]), waiting);
    project.client.put_bytes(&format!("{path}?name=two.csv"), b"two!").ok();
    assert_eq!(project.client.get(&path).ok()["size"], 4);
    let later = project.probe_with(json!([]), json!({"parameters": echo}));
    let status = project.wait_for(&later, "Completed");
    assert_eq!(status["receipt"]["bytesRead"], 4);
    assert_eq!(project.status(&pinned)["status"], "Queued");
}

#[test]
fn an_output_becomes_a_dataset_without_leaving_the_server() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([
        {"do": "artifact", "name": "tables/orders.csv", "text": "a,b\n1,2\n", "mediaType": "text/csv", "recordCount": 1},
    ]));
    project.wait_for(&job, "Completed");
    let id = Uuid::new_v4();
    let path = |query: &str| project.path(&format!("datasets/{id}?{query}"));
    let made = |query: &str| project.client.put_bytes(&path(query), b"");
    let dataset = made(&format!("fromJob={job}&artifact=tables/orders.csv")).ok();
    assert_eq!(
        (&dataset["name"], &dataset["size"], &dataset["mediaType"], &dataset["rowCount"]),
        (&json!("orders.csv"), &json!(8), &json!("text/csv"), &json!(1))
    );
    let content = project.path(&format!("datasets/{id}/content"));
    assert_eq!(project.client.get(&content).text(), "a,b\n1,2\n");
    let renamed = made(&format!("fromJob={job}&artifact=tables/orders.csv&name=mine.csv")).ok();
    assert_eq!((&renamed["name"], &renamed["digest"]), (&json!("mine.csv"), &dataset["digest"]));
    let audit = server.operator().get("/api/admin/audit?limit=1").ok();
    let entry = &audit["entries"][0];
    assert_eq!(
        (&entry["action"], &entry["outcome"]),
        (&json!("PUT /api/{tenant_id}/{project_id}/datasets/{dataset_id}"), &json!("done")),
        "{audit:#}"
    );

    // What is missing, wrong or too much is told.
    let output = format!("fromJob={job}&artifact=tables/orders.csv");
    for (query, status, code) in [
        (format!("fromJob={job}"), 400, "InvalidQuery"),
        ("artifact=tables/orders.csv".to_owned(), 400, "InvalidQuery"),
        ("fromJob=&artifact=&name=x".to_owned(), 400, "InvalidQuery"),
        ("fromJob=7&artifact=x".to_owned(), 400, "InvalidQuery"),
        (format!("fromJob={}&artifact=x", Uuid::new_v4()), 404, "NotFound"),
        (format!("fromJob={job}&artifact=other.csv"), 404, "NotFound"),
        (format!("{output}&name=%20"), 400, "InvalidName"),
    ] {
        assert_eq!(made(&query).problem(status).0, code, "{query}");
    }
    assert_eq!(project.client.put_bytes(&path(&output), b"body").problem(400).0, "InvalidBody");
    let other = [("Content-Digest", "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:")];
    assert_eq!(project.client.send("PUT", &path(&output), &other, b"").problem(400).0, "DigestMismatch");
    let running = project.probe(json!([{"do": "sleep", "milliseconds": 600_000}]));
    assert_eq!(made(&format!("fromJob={running}&artifact=x")).problem(409).0, "JobNotEnded");
    let stranger = Project::new(&server);
    let foreign = stranger.client.put_bytes(&stranger.path(&format!("datasets/{id}?{output}")), b"");
    assert_eq!(foreign.problem(404).0, "NotFound", "a job of another tenant is not there");
    let viewer = token(&server.operator(), "viewer", &project.tenant, Some(&project.project));
    assert_eq!(project.client.with_token(Some(&viewer)).put_bytes(&path(&output), b"").status, 403);

    // It counts as an upload does, and is there when the job is not.
    let limits = format!("/api/admin/tenants/{}/projects/{}/limits", project.tenant, project.project);
    let stored = server.operator().get(&limits).ok()["usage"]["storedBytes"].as_u64().unwrap();
    server.operator().put(&limits, &json!({"quotas": {"storedBytes": stored + 7}})).ok();
    let another = project.path(&format!("datasets/{}?{output}", Uuid::new_v4()));
    assert_eq!(project.client.put_bytes(&another, b"").problem(507).0, "StorageQuotaExceeded");
    let deleted = project.client.delete(&format!("{}/data", project.job_path(&job)), None);
    assert_eq!(deleted.status, 204);
    assert_eq!(project.client.get(&content).text(), "a,b\n1,2\n");
}

#[test]
fn a_dataset_needs_a_name_and_a_guid() {
    let server = Server::start();
    let project = Project::new(&server);
    let id = Uuid::new_v4();
    assert_eq!(
        project.client.put_bytes(&project.path(&format!("datasets/{id}")), b"x").problem(400).0,
        "InvalidName"
    );
    assert_eq!(
        project.client.put_bytes(&project.path("datasets/7?name=x"), b"x").problem(400).0,
        "InvalidId"
    );
    assert_eq!(project.client.get(&project.path(&format!("datasets/{id}"))).problem(404).0, "NotFound");
}

#[test]
fn datasets_are_listed_in_pages_oldest_first() {
    let server = Server::start();
    let project = Project::new(&server);
    let ids: Vec<_> = (0..5).map(|n| project.dataset(&format!("{n}.csv"), b"x")).collect();
    let list = |query: &str| project.client.get(&project.path(&format!("datasets{query}")));
    let shown = |query: &str| -> Vec<String> {
        let datasets = list(query).ok()["datasets"].clone();
        datasets.as_array().unwrap().iter().map(|one| one["datasetId"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(shown(""), ids);
    assert_eq!(shown("?page=2&pageSize=2"), ids[2..4]);
    assert_eq!(shown("?page=9&pageSize=2"), Vec::<String>::new());
    let pagination = list("?page=2&pageSize=2").ok()["pagination"].clone();
    assert_eq!(pagination, json!({"page": 2, "pageSize": 2, "total": 5, "totalPages": 3}));
    for wrong in ["pageSize=0", "pageSize=101", "page=0", "page=-1", "page=18446744073709551616"] {
        assert_eq!(list(&format!("?{wrong}")).problem(400).0, "InvalidQuery", "{wrong}");
    }
    assert_eq!(shown("?page=2147483647"), Vec::<String>::new());
}

#[test]
fn a_dataset_is_downloaded_whole_or_in_ranges_and_is_never_shown() {
    let server = Server::start();
    let project = Project::new(&server);
    let id = project.dataset("%22%3Cb%3E%C3%BC.html", b"<script>1</script>");
    let path = project.path(&format!("datasets/{id}/content"));
    let whole = project.client.get(&path);
    assert_eq!((whole.status, whole.text().as_str()), (200, "<script>1</script>"));
    let disposition = whole.header("content-disposition");
    assert_eq!(disposition, "attachment; filename=\"__b__.html\"; filename*=UTF-8''%22%3Cb%3E%C3%BC.html");
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    assert!(whole.header("content-security-policy").starts_with("sandbox;"));
    let part = project.client.send("GET", &path, &[("range", "bytes=8-8")], &[]);
    assert_eq!((part.status, part.text().as_str()), (206, "1"));
    let known = project.client.send("GET", &path, &[("if-none-match", whole.header("etag"))], &[]);
    assert_eq!(known.status, 304);
    let head = project.client.send("HEAD", &path, &[], &[]);
    assert_eq!((head.status, head.header("content-length"), head.body.len()), (200, "18", 0));
    assert_eq!(server.client(None).get(&path).problem(401).0, "Unauthenticated", "this is no signed link");
}

#[test]
fn a_dataset_in_use_stays_and_the_refusal_names_its_users() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let id = project.dataset("in.csv", b"rows");
    let path = project.path(&format!("datasets/{id}"));
    let delete = || project.client.delete(&path, None);
    let waits =
        json!({"parameters": {"datasetId": id, "steps": []}, "scheduling": {"scheduledTime": "2999-01-01"}});
    let job = project.probe_with(json!([]), waits);
    let pipeline = Uuid::new_v4().to_string();
    let pipeline_path = project.path(&format!("pipelines/{pipeline}"));
    project
        .client
        .put(&pipeline_path, &json!({"name": "Default", "jobType": "Analysis", "datasetId": id}))
        .ok();
    let (code, detail) = delete().problem(409);
    assert_eq!(code, "InUse");
    assert!(detail.contains(&job) && detail.contains(&pipeline), "{detail}");
    assert_eq!(project.client.delete(&pipeline_path, None).status, 204);
    assert!(!delete().problem(409).1.contains("pipeline"));
    project.client.delete(&project.job_path(&job), None).ok();
    assert_eq!(delete().status, 204);
    assert_eq!(project.client.get(&path).problem(404).0, "NotFound");
    assert_eq!(project.client.get(&format!("{path}/content")).problem(404).0, "NotFound");
    assert_eq!(delete().problem(404).0, "NotFound");
}

#[test]
fn a_job_that_counts_the_records_of_a_dataset_tells_its_row_count() {
    let server = Server::start();
    let project = Project::new(&server);
    let log = b"case,activity,timestamp\n1,a,2024-01-01T00:00:00Z\n1,b,2024-01-02T00:00:00Z\n2,a,2024-01-03T00:00:00Z\n";
    let id = project.dataset("log.csv", log);
    let path = project.path(&format!("datasets/{id}"));
    assert_eq!(project.client.get(&path).ok()["rowCount"], json!(null));
    let resource = json!({"resourceType": "Pipeline", "resourceId": project.pipeline("ProcessMining")});
    let body = json!({
        "jobName": "mine", "jobType": "ProcessMining", "resource": resource, "parameters": {"datasetId": id},
    });
    let job = project.submit(&body).ok()["jobId"].as_str().unwrap().to_owned();
    project.wait_for(&job, "Completed");
    assert_eq!(project.client.get(&path).ok()["rowCount"], 3);
}

#[test]
fn an_announced_digest_is_checked() {
    let server = Server::start();
    let project = Project::new(&server);
    let path = project.path(&format!("datasets/{}?name=a.txt", Uuid::new_v4()));
    let put = |digest: &str| project.client.send("PUT", &path, &[("content-digest", digest)], b"abc");
    let right = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";
    assert_eq!(put(right).ok()["size"], 3);
    let wrong = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
    let (code, detail) = put(wrong).problem(400);
    assert_eq!(code, "DigestMismatch");
    assert!(detail.contains("7816bf8f01cf"), "what arrived is named: {detail}");
    assert_eq!(put("sha-256=nonsense").problem(400).0, "InvalidContentDigest");
    put("unixsum=:AA==:").ok();
    let module = project.path("modules/m/versions/1");
    let refused = project.client.send("PUT", &module, &[("content-digest", wrong)], b"abc");
    assert_eq!(refused.problem(400).0, "DigestMismatch");
}

#[test]
fn an_upload_over_the_cap_is_413_with_and_without_a_length() {
    let server = Server::start_set(&[
        ("SERVICE__MAX_DATASET_BYTES", "100000"),
        ("SERVICE__MAX_MODULE_BYTES", "50000"),
    ]);
    let project = Project::new(&server);
    let id = Uuid::new_v4();
    let dataset = project.path(&format!("datasets/{id}?name=a"));
    let module = project.path("modules/m/versions/1");
    for (path, cap) in [(&dataset, 100_000), (&module, 50_000)] {
        assert_eq!(project.client.put_bytes(path, &vec![b'x'; cap + 1]).problem(413).0, "TooLarge", "{path}");
        let chunked = project.client.put_stream(path, &[], std::io::repeat(b'x').take(cap as u64 + 1));
        assert_eq!(chunked.problem(413).0, "TooLarge", "{path}");
    }
    assert_eq!(project.client.get(&project.path(&format!("datasets/{id}"))).status, 404);
    let full = project.client.put_stream(&dataset, &[], std::io::repeat(b'x').take(100_000)).ok();
    assert_eq!(full["size"], 100_000);
}

#[test]
fn a_coded_upload_is_415() {
    let server = Server::start();
    let project = Project::new(&server);
    let paths =
        [project.path(&format!("datasets/{}?name=a", Uuid::new_v4())), project.path("modules/m/versions/1")];
    for path in &paths {
        for coding in ["gzip", "br", "gzip, identity"] {
            let answer = project.client.send("PUT", path, &[("content-encoding", coding)], b"x");
            assert_eq!(answer.problem(415).0, "UnsupportedEncoding", "{coding}");
        }
    }
    project.client.send("PUT", &paths[0], &[("content-encoding", "identity")], b"x").ok();
}

/// Uploads so many bytes and checks that the server's memory grew by less than a small part of them.
fn upload_in_constant_memory(bytes: u64) {
    const MOST_GROWTH: u64 = 32 << 20;
    let server = Server::start();
    let project = Project::new(&server);
    project.dataset("warm-up", &[0; 1 << 20]);
    let before = server.peak_memory();
    let path = project.path(&format!("datasets/{}?name=large", Uuid::new_v4()));
    let stored = project.client.put_stream(&path, &[], std::io::repeat(b'x').take(bytes)).ok();
    assert_eq!(stored["size"], bytes);
    // The kernel counts pages in batches, so that a peak may seem to fall by some.
    let growth = server.peak_memory().saturating_sub(before);
    assert!(growth < MOST_GROWTH, "{bytes} bytes made the server grow by {growth}");
}

#[test]
fn a_large_upload_takes_constant_memory() {
    upload_in_constant_memory(256 << 20);
}

#[test]
#[ignore = "writes more than 1 GiB; run it with `cargo nextest run -p fuelcell-tests --run-ignored all`"]
fn an_upload_of_a_gibibyte_takes_constant_memory() {
    upload_in_constant_memory((1 << 30) + 1);
}

/// A body that sends one byte and then nothing until it is told to end.
struct Slow {
    sent: bool,
    end: mpsc::Receiver<()>,
}

impl Read for Slow {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if !self.sent {
            self.sent = true;
            buffer[0] = b'x';
            return Ok(1);
        }
        // Both a word and a dropped sender mean the end.
        let _ = self.end.recv();
        Ok(0)
    }
}

#[test]
fn a_tenants_parallel_uploads_are_bounded_and_others_go_on() {
    let server = Server::start_set(&[("SERVICE__MAX_PARALLEL_UPLOADS", "2")]);
    let project = Project::new(&server);
    let other = Project::new(&server);
    let upload =
        || project.client.put_bytes(&project.path(&format!("datasets/{}?name=a", Uuid::new_v4())), b"x");
    let slow = || {
        let (tell, end) = mpsc::channel();
        let client = project.client.clone();
        let path = project.path(&format!("datasets/{}?name=slow", Uuid::new_v4()));
        (tell, std::thread::spawn(move || client.put_stream(&path, &[], Slow { sent: false, end })))
    };
    // An upload that only asks may have a place when a slow one comes, which is refused then: so they begin again.
    let (held, refused) = eventually("both places are taken", Duration::from_secs(120), || {
        let held = [slow(), slow()];
        std::thread::sleep(Duration::from_millis(200));
        match (0..20).map(|_| upload()).find(|answer| answer.status == 429) {
            Some(refused) => Some((held, refused)),
            None => {
                for (tell, sending) in held {
                    drop(tell);
                    let _ = sending.join();
                }
                None
            }
        }
    });
    assert_eq!(refused.problem(429).0, "TooManyUploads");
    assert!(refused.header("retry-after").parse::<u64>().unwrap() >= 1);
    other.dataset("a", b"x");
    for (tell, sending) in held {
        drop(tell);
        sending.join().unwrap().ok();
    }
    upload().ok();
}
