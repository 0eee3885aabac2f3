//! Every address × every kind of caller that may not, and the one that may. The addresses come from `docs/roles.md`, which is
//! made from the table that the server goes by; what is not in the table is not served, so that none can be forgotten.

use fuelcell_tests::project::{text, token};
use fuelcell_tests::{Answer, Client, Project, Server, built, eventually};
use serde_json::json;
use std::fs;
use std::time::Duration;

const ROLES: [&str; 5] = ["viewer", "submitter", "module-author", "administrator", "operator"];

/// A row of the table.
struct Row {
    method: String,
    path: String,
    needs: String,
}

impl Row {
    fn all() -> Vec<Self> {
        let document = fs::read_to_string(built::source("docs/roles.md")).unwrap();
        let mut rows: Vec<_> = document.lines().filter_map(Self::read).collect();
        // What is deleted is asked for before; what is in something else goes before it; the audit log has seen all others.
        let depth = |row: &Self| if row.method == "DELETE" { usize::MAX - row.path.len() } else { 0 };
        rows.sort_by_key(|row| (row.path.ends_with("/audit"), row.method == "DELETE", depth(row)));
        assert!(rows.len() > 30, "the table is not where it was");
        rows
    }

    fn read(line: &str) -> Option<Self> {
        let mut cells = line
            .strip_prefix("| ")?
            .trim_end_matches(" |")
            .split(" | ")
            .map(|cell| cell.trim_matches('`').to_owned());
        let row = Self { method: cells.next()?, path: cells.next()?, needs: cells.next()? };
        row.path.starts_with('/').then_some(row)
    }

    fn needs_role(&self) -> bool {
        ROLES.contains(&&self.needs[..])
    }

    fn names(&self, id: &str) -> bool {
        self.path.contains(&format!("{{{id}}}"))
    }

    /// Whether its answer does not end. Whom it lets in is told here that no event has such an id.
    fn is_endless(&self) -> bool {
        self.path.ends_with("/execution/events")
    }

    /// The same address, another method.
    fn with_method(&self, method: &str) -> Self {
        Self { method: method.into(), path: self.path.clone(), needs: self.needs.clone() }
    }

    fn call(&self, client: &Client, things: &Things) -> Answer {
        let path = things
            .names
            .iter()
            .fold(self.path.clone(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value));
        let headers = [("content-type", "application/json"), ("last-event-id", "none")];
        let headers = if self.is_endless() { &headers[..] } else { &headers[..1] };
        client.send(&self.method, &path, headers, b"{}")
    }
}

/// What stands in for the names in an address.
struct Things {
    names: Vec<(&'static str, String)>,
}

impl Things {
    /// One of each in a project.
    fn of(server: &Server, project: &Project) -> Self {
        let job = project.probe(json!([]));
        project.wait_for(&job, "Completed");
        let body = json!({"subject": "s", "role": "viewer", "tenantId": project.tenant, "projectId": project.project});
        let made = server.operator().post("/api/admin/tokens", &body).ok();
        let body = json!({"userName": "s", "tenantId": project.tenant, "projectId": project.project});
        let password = server.operator().post("/api/admin/application-passwords", &body).ok();
        project.client.put(&project.path("secrets/probe"), &json!({"value": "a value"})).ok();
        project.client.put(&project.path("saved/views/probe"), &json!({"query": "status=Failed"})).ok();
        let grant = json!({"http": {"hosts": ["api.example.com"], "secrets": []}});
        project.client.put(&project.path("modules/probe/capabilities"), &grant).ok();
        let hook = json!({"url": "https://hooks.example.com/", "enabled": false});
        let hook = project.client.post(&project.path("webhooks"), &hook).ok();
        let told = json!({"notifications": {"onCompletion": true, "emailRecipients": ["a@example.com"]}});
        project.wait_for(&project.probe_with(json!([]), told), "Completed");
        // Without a mail server it is parked at once.
        let parked = project.path("deliveries?status=Parked");
        let delivery = eventually("a delivery is parked", Duration::from_secs(60), || {
            Some(text(project.client.get(&parked).ok()["deliveries"].get(0)?, "deliveryId"))
        });
        let upload = project.client.post(&project.path("uploads"), &json!({"name": "a.csv", "size": 9})).ok();
        let seen = json!({"action": "cancel", "jobIds": [job]});
        let seen = project.client.post(&project.path("execution/bulk/preview"), &seen).ok();
        let bulk = project.client.post(&project.path("execution/bulk"), &json!({"set": seen["set"]})).json();
        let names = vec![
            ("tenantId", project.tenant.clone()),
            ("projectId", project.project.clone()),
            ("jobId", job),
            ("bulkId", text(&bulk, "bulkId")),
            ("datasetId", project.dataset("secret.csv", b"secret")),
            ("uploadId", text(&upload, "uploadId")),
            ("pipelineId", project.pipeline("Analysis")),
            ("tokenId", text(&made, "tokenId")),
            ("passwordId", text(&password, "passwordId")),
            ("name", "probe".into()),
            ("kind", "views".into()),
            ("version", "1".into()),
            ("jobType", "Analysis".into()),
            ("webhookId", text(&hook, "webhookId")),
            ("deliveryId", delivery),
        ];
        Self { names }
    }

    /// The same things, looked for in another project.
    fn looked_for_in(&self, other: &Project) -> Self {
        let mut names = self.names.clone();
        (names[0].1, names[1].1) = (other.tenant.clone(), other.project.clone());
        Self { names }
    }

    /// Whether an answer shows any of the ids.
    fn shown_in(&self, answer: &Answer) -> bool {
        self.names.iter().any(|(_, value)| value.len() == 36 && answer.text().contains(value))
    }
}

/// A project with one of each thing, a sister project of the same tenant, and a stranger.
struct Scene {
    server: Server,
    project: Project,
    sister: Client,
    stranger: Project,
    things: Things,
    rows: Vec<Row>,
}

impl Scene {
    fn set() -> Self {
        let server = Server::start_set(&[("API__AUTH_FAILURES_PER_MINUTE", "100000")]);
        let project = Project::new(&server).with_probe();
        let stranger = Project::new(&server);
        let things = Things::of(&server, &project);
        let operator = server.operator();
        let sister = operator
            .post(&format!("/api/admin/tenants/{}/projects", project.tenant), &json!({"name": "sister"}))
            .ok();
        let sister = token(&operator, "administrator", &project.tenant, Some(&text(&sister, "projectId")));
        let sister = server.client(Some(&sister));
        let rows = Row::all().into_iter().filter(Row::needs_role).collect();
        Self { server, project, sister, stranger, things, rows }
    }

    /// A holder of the role: in the project where the address names one, in the tenant otherwise.
    fn holder(&self, role: &str, row: &Row) -> Client {
        let project = row.names("projectId").then_some(&self.project.project[..]);
        match role {
            "operator" => self.server.operator(),
            role => {
                self.server.client(Some(&token(&self.server.operator(), role, &self.project.tenant, project)))
            }
        }
    }

    /// What somebody sees who has every role, but elsewhere.
    fn check_outsider(&self, row: &Row, who: &str, client: &Client, same_tenant: bool) {
        let answer = row.call(client, &self.things);
        let (method, path) = (&row.method, &row.path);
        let in_tenant = same_tenant && !row.names("projectId") && row.needs == "viewer";
        match () {
            () if path == "/api/session" => {
                assert!(answer.status < 300, "{who}: {method} {path}: a session of their own");
                let shows = answer.text().contains(&self.things.names[1].1);
                assert!(!shows, "{who}: {method} {path}: {}", answer.text());
            }
            () if in_tenant => {
                assert_eq!(answer.status, 200, "{who}: {method} {path}: figures of their own tenant");
            }
            () if row.names("tenantId") => {
                assert_eq!(answer.problem(404).0, "NotFound", "{who}: {method} {path}");
            }
            () if row.needs == "operator" => {
                assert_eq!(answer.problem(403).0, "Forbidden", "{who}: {method} {path}");
            }
            () if row.names("tokenId") || row.names("passwordId") => {
                assert_eq!(answer.problem(404).0, "NotFound", "{who}: {method} {path}");
            }
            () if row.path.ends_with("/audit") => {
                // What they typed is in their log; that somebody else did something is not.
                let entries = answer.ok()["entries"].as_array().unwrap().clone();
                assert!(entries.len() > 10, "{who}: their own attempts are there");
                assert!(
                    entries.iter().all(|entry| entry["projectId"] != self.things.names[1].1),
                    "{who}: {entries:#?}"
                );
            }
            () if row.method == "GET" => {
                assert_eq!(answer.status, 200, "{who}: {path}: what is their own");
                assert!(!answer.text().contains(&self.things.names[1].1), "{who}: {path}: {}", answer.text());
            }
            () => assert_eq!(
                answer.status, 400,
                "{who}: {method} {path}: an empty body, before anything was looked up"
            ),
        }
    }
}

#[test]
fn every_address_refuses_all_who_may_not_and_takes_the_one_who_may() {
    let scene = Scene::set();
    let Scene { server, things, rows, .. } = &scene;
    let revoked = {
        let operator = server.operator();
        let body = json!({"subject": "s", "role": "operator"});
        let made = operator.post("/api/admin/tokens", &body).ok();
        assert_eq!(
            operator.delete(&format!("/api/admin/tokens/{}", text(&made, "tokenId")), None).status,
            204
        );
        text(&made, "token")
    };
    let tenant = token(&server.operator(), "administrator", &scene.stranger.tenant, None);
    let tenant = server.client(Some(&tenant));
    for row in rows {
        let Row { method, path, needs } = row;
        for wrong in [None, Some("fc_nonsense"), Some(""), Some(&revoked[..])] {
            let answer = row.call(&server.client(wrong), things);
            assert_eq!(answer.problem(401).0, "Unauthenticated", "{wrong:?}: {method} {path}");
            assert!(!things.shown_in(&answer), "{wrong:?}: {method} {path}: {}", answer.text());
        }
        if method == "GET" {
            assert_eq!(row.with_method("HEAD").call(&server.client(None), things).status, 401, "HEAD {path}");
        }
        let takes = |method: &str| rows.iter().any(|other| other.path == *path && other.method == method);
        let unknown = if takes("PATCH") { "PUT" } else { "PATCH" };
        assert_eq!(
            row.with_method(unknown).call(&server.operator(), things).problem(405).0,
            "MethodNotAllowed",
            "{path}"
        );
        scene.check_outsider(row, "another tenant", &tenant, false);
        scene.check_outsider(row, "a project of another tenant", &scene.stranger.client, false);
        scene.check_outsider(row, "another project of the tenant", &scene.sister, true);
        let rank = ROLES.iter().position(|role| role == needs).unwrap();
        for weaker in &ROLES[..rank] {
            let (code, detail) = row.call(&scene.holder(weaker, row), things).problem(403);
            assert_eq!(code, "Forbidden", "{weaker}: {method} {path}");
            assert!(detail.contains(&needs[..]), "{weaker}: {method} {path}: {detail}");
        }
    }
    // Nobody above has changed anything: all is there to be read, and only then it is changed.
    let (reads, writes): (Vec<_>, Vec<_>) = rows.iter().partition(|row| row.method == "GET");
    for row in reads {
        let answer = row.call(&scene.holder(&row.needs, row), things);
        let expected = if row.is_endless() { 400 } else { 200 };
        assert_eq!(answer.status, expected, "{}: {} {}: {}", row.needs, row.method, row.path, answer.text());
    }
    for row in writes {
        let answer = row.call(&scene.holder(&row.needs, row), things);
        let refused = [401, 403, 405].contains(&answer.status) || answer.status >= 500;
        assert!(!refused, "{}: {} {}: {} {}", row.needs, row.method, row.path, answer.status, answer.text());
    }
}

#[test]
fn ids_of_others_are_not_found_in_a_project_of_ones_own() {
    let scene = Scene::set();
    let crossed = scene.things.looked_for_in(&scene.stranger);
    let foreign = ["jobId", "datasetId", "pipelineId", "name"];
    let named =
        |row: &&Row| row.names("projectId") && foreign.iter().any(|id| row.names(id)) && row.method != "PUT";
    let mut tried = 0;
    for row in scene.rows.iter().filter(named) {
        let answer = row.call(&scene.stranger.client, &crossed);
        let expected = if row.path.ends_with("/activate") { 400 } else { 404 };
        assert_eq!(answer.status, expected, "{} {}: {}", row.method, row.path, answer.text());
        tried += 1;
    }
    assert!(tried > 10, "only {tried} addresses name a thing");
    let submit = json!({"jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}});
    assert_eq!(scene.stranger.submit(&submit).problem(404).0, "NotFound", "a module of others");
}

#[test]
fn a_link_does_not_open_what_belongs_to_others() {
    let scene = Scene::set();
    let job =
        scene.project.probe(json!([{"do": "artifact", "name": "a.txt", "text": "secret", "primary": true}]));
    scene.project.wait_for(&job, "Completed");
    let url =
        scene.project.results(&job)["results"]["primaryOutput"]["downloadUrl"].as_str().unwrap().to_owned();
    let anybody = scene.server.client(None);
    assert_eq!(anybody.get(&url).text(), "secret");
    for changed in [
        url.replace(&scene.project.tenant, &scene.stranger.tenant),
        url.replace(&scene.project.project, &scene.stranger.project),
        url.replace(&job, &scene.things.names[2].1),
    ] {
        assert_ne!(changed, url);
        assert_eq!(anybody.get(&changed).problem(403).0, "BadSignature");
    }
}
