//! `uploads…`: datasets that come in parts.

use fuelcell_tests::project::{text, token};
use fuelcell_tests::proxy::{Fate, Proxy};
use fuelcell_tests::{Answer, Client, Project, Server, eventually};
use serde_json::{Value, json};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use uuid::Uuid;

const MIB: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// That of `0123456789`.
const DIGEST: &str = "84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882";

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|place| (place % 251) as u8).collect()
}

/// Begins an upload, and says its path.
fn begin(project: &Project, body: &Value) -> String {
    let begun = project.client.post(&project.path("uploads"), body);
    assert_eq!(begun.status, 201, "{}", begun.text());
    begun.header("location").to_owned()
}

fn add(client: &Client, upload: &str, offset: usize, bytes: &[u8]) -> Answer {
    client.send("PATCH", upload, &[("upload-offset", &offset.to_string())], bytes)
}

fn offset(project: &Project, upload: &str) -> usize {
    let told = project.client.get(upload).ok();
    usize::try_from(told["offset"].as_u64().expect("a number")).unwrap()
}

/// Says of a part that there are so many bytes, and sends the first of them.
fn half_sent(
    server: &Server,
    project: &Project,
    upload: &str,
    (offset, length): (usize, usize),
    first: &[u8],
) -> TcpStream {
    let mut stream = TcpStream::connect(server.base().trim_start_matches("http://")).unwrap();
    let head = format!(
        "PATCH {upload} HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {}\r\nupload-offset: {offset}\r\n\
         content-length: {length}\r\nconnection: close\r\n\r\n",
        project.token
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(first).unwrap();
    stream
}

#[test]
fn an_upload_goes_on_where_a_connection_broke_and_where_the_server_was_killed() {
    let mut server = Server::start();
    let project = Project::new(&server);
    let proxy = Proxy::start(&server);
    let whole = bytes(20 * MIB + 123);
    let plain = project.path(&format!("datasets/{}?name=log.csv", Uuid::new_v4()));
    let plain = project.client.put_bytes(&plain, &whole).ok();
    let id = Uuid::new_v4().to_string();
    let body = json!({
        "datasetId": id, "name": "log.csv", "mediaType": plain["mediaType"], "size": whole.len(), "digest": plain["digest"],
    });
    let upload = begin(&project, &body);
    let head = project.client.send("HEAD", &upload, &[], b"");
    assert_eq!(
        (head.header("upload-offset"), head.header("upload-length")),
        ("0", &whole.len().to_string()[..])
    );
    assert_eq!(project.client.get(&project.path("uploads")).ok()["uploads"][0]["datasetId"], id);

    // The connection breaks.
    let distant = Client::new(&proxy.url(), Some(&project.token));
    proxy.plan("PATCH", "/uploads/", [Fate::RequestCut(9 * MIB as u64)]);
    distant.try_send("PATCH", &upload, &[("upload-offset", "0")], &whole).expect_err("nothing was answered");
    eventually("what came is kept", PATIENCE, || (offset(&project, &upload) == 9 * MIB).then_some(()));
    eventually("the broken part has ended", PATIENCE, || {
        (add(&project.client, &upload, 9 * MIB, b"").status == 204).then_some(())
    });

    // The server is killed.
    let left = (9 * MIB, whole.len() - 9 * MIB);
    let stream = half_sent(&server, &project, &upload, left, &whole[9 * MIB..18 * MIB]);
    let come = eventually("more has come", PATIENCE, || {
        Some(offset(&project, &upload)).filter(|come| *come > 9 * MIB)
    });
    server.kill();
    drop(stream);
    server.restart();
    let project = project.after_restart(&server);
    assert!(offset(&project, &upload) >= come, "what was acknowledged is there");
    let come = offset(&project, &upload);

    let last = whole.len() - 5;
    assert_eq!(add(&project.client, &upload, come, &whole[come..last]).status, 204);
    let dataset = add(&project.client, &upload, last, &whole[last..]).ok();
    assert_eq!(dataset["datasetId"], id);
    for same in ["name", "mediaType", "size", "digest", "rowCount", "uploadedBy"] {
        assert_eq!(dataset[same], plain[same], "{same} is as after a plain upload");
    }
    assert_eq!(project.client.get(&project.path(&format!("datasets/{id}"))).ok(), dataset);
    let content = project.client.get(&project.path(&format!("datasets/{id}/content")));
    assert!(content.body == whole, "the bytes are those that were sent");
    assert_eq!(project.client.get(&upload).problem(404).0, "NotFound");
    assert_eq!(fs::read_dir(server.data().join("blobs/uploads")).unwrap().count(), 0);
    let entry = server.operator().get("/api/admin/audit?limit=1").ok()["entries"][0].clone();
    let target = project.path(&format!("datasets/{id}"));
    let seen = [&entry["action"], &entry["target"], &entry["outcome"]];
    let action = "PATCH /api/{tenant_id}/{project_id}/uploads/{upload_id}";
    assert_eq!(seen, [&json!(action), &json!(target), &json!("done")], "the last part tells of the dataset");
}

#[test]
fn what_does_not_fit_an_upload_is_refused_and_told() {
    let server = Server::start_set(&[("SERVICE__MAX_DATASET_BYTES", "1000")]);
    let project = Project::new(&server);
    let uploads = project.path("uploads");
    let refused = |more: Value, status| {
        let mut body = json!({"name": "a.csv", "size": 10});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        project.client.post(&uploads, &body).problem(status).0
    };
    assert_eq!(refused(json!({"size": 1001}), 413), "TooLarge");
    assert_eq!(refused(json!({"size": -1}), 400), "InvalidBody");
    assert_eq!(refused(json!({"name": " "}), 400), "InvalidName");
    assert_eq!(refused(json!({"digest": "abc"}), 400), "InvalidDigest");
    assert_eq!(refused(json!({"mediaType": "text/\u{1}"}), 400), "InvalidMediaType");
    assert_eq!(refused(json!({"datasetId": "7"}), 400), "InvalidBody");

    let upload = begin(&project, &json!({"name": "a.csv", "size": 10, "digest": DIGEST}));
    let add = |offset, bytes: &[u8]| add(&project.client, &upload, offset, bytes);
    assert_eq!(add(0, b"0123").header("upload-offset"), "4");
    let elsewhere = add(0, b"0123");
    assert_eq!(elsewhere.problem(409).0, "WrongOffset");
    assert_eq!(elsewhere.header("upload-offset"), "4", "where it goes on");
    assert_eq!(project.client.send("PATCH", &upload, &[], b"4").problem(400).0, "InvalidOffset");
    assert_eq!(add(4, b"4567890").problem(413).0, "TooLarge");
    assert_eq!(offset(&project, &upload), 4);
    let coded = [("upload-offset", "4"), ("content-encoding", "gzip")];
    assert_eq!(project.client.send("PATCH", &upload, &coded, b"4").problem(415).0, "UnsupportedEncoding");
    let digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
    let announced = [("upload-offset", "4"), ("content-digest", digest)];
    assert_eq!(project.client.send("PATCH", &upload, &announced, b"4").problem(400).0, "DigestMismatch");
    assert_eq!(offset(&project, &upload), 4, "a damaged part is none");

    // Of others it is not there, and who may only look may only look.
    let stranger = Project::new(&server);
    let theirs =
        upload.replace(&project.project, &stranger.project).replace(&project.tenant, &stranger.tenant);
    for path in [&upload, &theirs] {
        assert_eq!(stranger.client.get(path).problem(404).0, "NotFound");
        assert_eq!(self::add(&stranger.client, path, 4, b"456789").problem(404).0, "NotFound");
        assert_eq!(stranger.client.delete(path, None).problem(404).0, "NotFound");
    }
    let viewer = token(&server.operator(), "viewer", &project.tenant, Some(&project.project));
    let viewer = project.client.with_token(Some(&viewer));
    assert_eq!(viewer.get(&upload).ok()["offset"], 4);
    assert_eq!(self::add(&viewer, &upload, 4, b"456789").problem(403).0, "Forbidden");

    // Other bytes than were announced are no dataset.
    assert_eq!(add(4, b"987654").problem(400).0, "DigestMismatch");
    assert_eq!(project.client.get(&upload).problem(404).0, "NotFound");
    assert_eq!(project.client.get(&project.path("datasets")).ok()["datasets"], json!([]));
    let given_up = begin(&project, &json!({"name": "a.csv", "size": 10}));
    assert_eq!(project.client.delete(&given_up, None).status, 204);
    assert_eq!(project.client.delete(&given_up, None).problem(404).0, "NotFound");
}

#[test]
fn of_two_who_add_to_an_upload_one_is_told_that_the_other_does() {
    let server = Server::start();
    let project = Project::new(&server);
    let whole = bytes(8 * MIB + 2);
    let upload = begin(&project, &json!({"name": "a.csv", "size": whole.len()}));
    let mut stream = half_sent(&server, &project, &upload, (0, whole.len()), &whole[..8 * MIB]);
    eventually("the first one adds", PATIENCE, || (offset(&project, &upload) == 8 * MIB).then_some(()));
    assert_eq!(add(&project.client, &upload, 8 * MIB, b"xx").problem(409).0, "UploadBusy");
    stream.write_all(&whole[8 * MIB..]).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert_eq!(project.client.get(&upload).problem(404).0, "NotFound");
}

#[test]
fn what_is_announced_counts_at_once_and_only_once() {
    let server = Server::start();
    let project = Project::new(&server);
    let limits = format!("/api/admin/tenants/{}/projects/{}/limits", project.tenant, project.project);
    server.operator().put(&limits, &json!({"quotas": {"storedBytes": 100}})).ok();
    let stored = || server.operator().get(&limits).ok()["usage"]["storedBytes"].clone();
    let upload = begin(&project, &json!({"name": "a.csv", "size": 60}));
    assert_eq!(stored(), 60);
    let second = project.client.post(&project.path("uploads"), &json!({"name": "b.csv", "size": 41}));
    assert_eq!(second.problem(507).0, "StorageQuotaExceeded");
    let plain = project.path(&format!("datasets/{}?name=b.csv", Uuid::new_v4()));
    assert_eq!(project.client.put_bytes(&plain, &[0; 41]).problem(507).0, "StorageQuotaExceeded");
    project.client.put_bytes(&plain, &[0; 40]).ok();
    add(&project.client, &upload, 0, &[0; 60]).ok();
    assert_eq!(stored(), 100);
}

#[test]
fn an_upload_to_which_nothing_is_added_goes_with_its_bytes() {
    let server = Server::start_set(&[("SERVICE__UPLOAD_SECONDS", "1"), ("RETENTION__EVERY_SECONDS", "1")]);
    let project = Project::new(&server);
    let upload = begin(&project, &json!({"name": "a.csv", "size": 4}));
    assert_eq!(add(&project.client, &upload, 0, b"ab").status, 204);
    let code = eventually("it has expired", PATIENCE, || {
        let answer = add(&project.client, &upload, 2, b"");
        (answer.status != 204).then(|| text(&answer.json(), "code"))
    });
    assert!(["UploadExpired", "NotFound"].contains(&&code[..]), "{code}");
    eventually("it is swept", PATIENCE, || {
        let left = fs::read_dir(server.data().join("blobs/uploads")).unwrap().count();
        (left == 0 && project.client.get(&upload).status == 404).then_some(())
    });
    let limits = format!("/api/admin/tenants/{}/projects/{}/limits", project.tenant, project.project);
    assert_eq!(server.operator().get(&limits).ok()["usage"]["storedBytes"], 0);
}
