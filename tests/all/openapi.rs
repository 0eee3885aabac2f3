//! `/openapi.json` and `/docs`, and requests that are generated from the document.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use fuelcell_tests::{Project, Server, built};
use serde_json::{Value, json};
use std::process::Command;

/// Set to generate more than the few examples of a test, as `cargo xtask soak` does.
const EXAMPLES: &str = "SOAK_API_EXAMPLES";

#[test]
fn the_document_is_served_to_everybody() {
    let server = Server::start();
    let served = server.client(None).get("/openapi.json");
    assert_eq!(served.header("content-type"), "application/json");
    let committed: Value =
        serde_json::from_slice(&std::fs::read(built::source("openapi.json")).unwrap()).unwrap();
    assert_eq!(served.ok(), committed);
}

#[test]
fn the_page_loads_nothing_from_elsewhere() {
    let server = Server::start();
    let page = server.client(None).get("/docs");
    assert_eq!((page.status, page.header("content-type")), (200, "text/html; charset=utf-8"));
    assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    for trace in ["http://", "https://", "src=", "@import", "url("] {
        assert!(!page.text().contains(trace), "{trace}");
    }
}

#[test]
fn generated_requests_find_no_fault() {
    let server = Server::start();
    let project = Project::new(&server).with_probe();
    let job = project.probe(json!([{"do": "artifact", "name": "a.txt", "text": "a"}]));
    project.wait_for(&job, "Completed");
    let token = std::fs::read_to_string(server.data().join("operator-token")).unwrap();
    let body = json!({"userName": "ann", "tenantId": project.tenant, "projectId": project.project});
    let password = server.operator().post("/api/admin/application-passwords", &body).ok();
    let login = format!("ann:{}", password["password"].as_str().unwrap());
    // Rules between members (a range of dates, parameters of a module) are no part of a schema: such requests are refused.
    // The stream of a project does not end. Uploads that begin reserve their size until the quota is reached, which is status
    // 507; a size that the server takes of nobody is 413. Where an upload goes on is a number in a header: the tool holds the
    // text of it against the schema of a number, so that it takes a right request with one more header for a wrong one.
    let settings = format!(
        "headers = {{ Authorization = \"Bearer {}\" }}\n\
         [checks.positive_data_acceptance]\n\
         expected-statuses = [\"2xx\", \"304\", \"400\", \"403\", \"404\", \"409\", \"416\", \"422\", \"429\"]\n\
         [parameters]\n\
         \"path.tenantId\" = \"{}\"\n\"path.projectId\" = \"{}\"\n\"path.jobId\" = \"{job}\"\n\
         [[operations]]\ninclude-path-regex = \"/execution/events$\"\nenabled = false\n\
         [[operations]]\ninclude-path-regex = \"/uploads$\"\ninclude-method = \"POST\"\n\
         [operations.checks.not_a_server_error]\nexpected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"507\"]\n\
         [operations.checks.positive_data_acceptance]\n\
         expected-statuses = [\"2xx\", \"400\", \"403\", \"404\", \"409\", \"413\", \"422\", \"429\", \"507\"]\n\
         [operations.checks.negative_data_rejection]\n\
         expected-statuses = [\"400\", \"401\", \"403\", \"404\", \"405\", \"406\", \"409\", \"413\", \"415\", \"422\", \"429\"]\n\
         [[operations]]\ninclude-path-regex = \"/uploads/{{uploadId}}$\"\ninclude-method = \"PATCH\"\n\
         [operations.checks.negative_data_rejection]\n\
         expected-statuses = [\"204\", \"400\", \"401\", \"403\", \"404\", \"405\", \"406\", \"409\", \"415\", \"422\", \"429\"]\n\
         [[operations]]\ninclude-path-regex = \"^/wp-json/\"\nheaders = {{ Authorization = \"Basic {}\" }}\n",
        token.trim(),
        project.tenant,
        project.project,
        BASE64_STANDARD.encode(login),
    );
    let file = server.scratch("schemathesis.toml");
    std::fs::write(&file, settings).unwrap();
    let examples = std::env::var(EXAMPLES).unwrap_or_else(|_| "5".into());
    let output = Command::new(built::python().with_file_name("schemathesis"))
        .arg("--config-file")
        .arg(&file)
        .args(["run", &format!("{}/openapi.json", server.base()), "--checks", "all", "--no-color"])
        .args(["--max-examples", &examples, "--seed", "1", "--warnings", "off"])
        .current_dir(server.scratch(""))
        .output()
        .expect("schemathesis can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("Tested: "), "{told}");
    // A soak shows how much it did.
    told.lines().filter(|line| line.contains(" generated")).for_each(|line| println!("{}", line.trim()));
}
