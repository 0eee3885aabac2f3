//! The limits of `docs/limits.md`, each with as many as are taken, and with one more: here those that a request meets, and
//! where each is tried.

mod beyond;
mod register;

use fuelcell_tests::limits::limit;
use fuelcell_tests::project::text as member;
use fuelcell_tests::{Answer, Client, Project, Server, built};
use serde_json::{Map, Value, json};
use std::cell::Cell;
use uuid::Uuid;

/// A manifest that says nothing.
const SMALLEST: &str = r#"{"interface":"0.1"}"#;

/// A row of the document, and a request with so many of what it limits.
type Try<'w> = (&'static str, Box<dyn Fn(usize) -> Answer + 'w>);

fn a_try<'w>(what: &'static str, ask: impl Fn(usize) -> Answer + 'w) -> Try<'w> {
    (what, Box::new(ask))
}

/// A text that many limits are tried with.
fn text(length: usize) -> String {
    "x".repeat(length)
}

/// A manifest that says this.
fn with(said: &Value) -> String {
    extended(json!({"interface": "0.1"}), said).to_string()
}

/// An object with further members.
fn extended(mut object: Value, more: &Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// The least that is a module.
fn bare() -> Vec<u8> {
    wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start")))"#).unwrap()
}

/// A command that is a component, with so many further instances of a module that has these parts.
fn component(instances: usize, parts: &str) -> Vec<u8> {
    let text = format!(
        r#"(component
        (core module $Main (func (export "run") (result i32) (i32.const 0)))
        (core instance $main (instantiate $Main))
        (core module $Other {parts})
        {}
        (func $run (result (result)) (canon lift (core func $main "run")))
        (instance $cli (export "run" (func $run)))
        (export "wasi:cli/run@0.2.6" (instance $cli)))"#,
        "(core instance (instantiate $Other))".repeat(instances)
    );
    wat::parse_str(text).unwrap()
}

/// So many days of a usage report, from the beginning of a leap year.
fn days(count: usize) -> String {
    let mut day = count;
    for (month, length) in [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31].into_iter().enumerate() {
        if day <= length {
            return format!("from=2024-01-01&to=2024-{:02}-{day:02}", month + 1);
        }
        day -= length;
    }
    format!("from=2024-01-01&to=2025-01-{day:02}")
}

/// A job that waits for decades, with further members.
fn job(more: &Value) -> Value {
    let body = json!({
        "jobName": "j", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        "scheduling": {"scheduledTime": "2090-01-01T00:00:00Z"},
    });
    extended(body, more)
}

/// A server, and a project to try limits in.
struct World {
    server: Server,
    operator: Client,
    project: Project,
}

impl World {
    fn new() -> Self {
        let server = Server::start();
        let (operator, project) = (server.operator(), Project::new(&server).with_probe());
        Self { server, operator, project }
    }

    fn get(&self, rest: &str) -> Answer {
        self.project.client.get(&self.project.path(rest))
    }

    fn put(&self, rest: &str, body: &Value) -> Answer {
        self.project.client.put(&self.project.path(rest), body)
    }

    fn post(&self, rest: &str, body: &Value) -> Answer {
        self.project.client.post(&self.project.path(rest), body)
    }

    fn submit(&self, more: &Value) -> Answer {
        self.project.submit(&job(more))
    }

    /// The id of a job that waits.
    fn waiting(&self) -> String {
        member(&self.submit(&json!({})).ok(), "jobId")
    }

    /// The id of a job that was cancelled.
    fn cancelled(&self) -> String {
        let job = self.waiting();
        self.project.client.delete(&self.project.job_path(&job), None).ok();
        job
    }

    /// Puts a new pipeline of the probe's, with further members.
    fn pipeline(&self, more: &Value) -> Answer {
        let body = json!({
            "name": "p", "jobType": "Analysis", "module": {"name": "probe"}, "parameters": {"steps": []},
        });
        self.put(&format!("pipelines/{}", Uuid::new_v4()), &extended(body, more))
    }

    /// Uploads a new version of a module.
    fn module(&self, bytes: &[u8]) -> Answer {
        let path = self.project.path(&format!("modules/tried/versions/1.0.0-{}", Uuid::new_v4()));
        self.project.client.put_bytes(&path, bytes)
    }

    /// Uploads a module with a manifest.
    fn manifest(&self, manifest: &str) -> Answer {
        self.module(&built::with_manifest(bare(), manifest))
    }

    /// Tries a row with manifests.
    fn manifests<'w>(&'w self, what: &'static str, make: impl Fn(usize) -> String + 'w) -> Try<'w> {
        a_try(what, move |n| self.manifest(&make(n)))
    }

    /// Tries a row with schemas of parameters.
    fn schemas<'w>(&'w self, what: &'static str, make: impl Fn(usize) -> Value + 'w) -> Try<'w> {
        self.manifests(what, move |n| with(&json!({"parameters": make(n)})))
    }
}

/// What a submit says.
fn of_jobs(world: &World) -> Vec<Try<'_>> {
    let address = |length: usize| format!("{}@{}", "a".repeat(60), "b".repeat(length - 61));
    let labels = |count: usize| (0..count).map(|n| (n.to_string(), json!(""))).collect::<Map<_, _>>();
    let told = |addresses: Value| json!({"notifications": {"emailRecipients": addresses}});
    vec![
        a_try("names of tenants, projects, pipelines, jobs and subjects", |n| {
            world.submit(&json!({"jobName": text(n)}))
        }),
        a_try("`jobDescription`", |n| world.submit(&json!({"jobDescription": text(n)}))),
        a_try("`labels` of a job", move |n| world.submit(&json!({"labels": labels(n)}))),
        a_try("a label's key, or its value", |n| world.submit(&json!({"labels": {text(n): ""}}))),
        a_try("a label's key, or its value", |n| world.submit(&json!({"labels": {"a": text(n)}}))),
        a_try("`emailRecipients`", move |n| world.submit(&told(json!(vec!["a@b.example"; n])))),
        a_try("an address of `emailRecipients`", move |n| world.submit(&told(json!([address(n)])))),
        a_try("`timeoutMinutes`", |n| {
            world.submit(&json!({"scheduling": {"timeoutMinutes": n, "scheduledTime": "2090-01-01"}}))
        }),
        a_try("`Idempotency-Key`", |n| {
            let (body, key) = (job(&json!({})).to_string(), text(n));
            let (client, path) = (&world.project.client, world.project.path("execution/job"));
            client.send("POST", &path, &[("idempotency-key", &key)], body.as_bytes())
        }),
        a_try("a JSON body", |n| {
            let body = job(&json!({})).to_string();
            let padded = body.clone() + &" ".repeat(n - body.len());
            world.project.client.send("POST", &world.project.path("execution/job"), &[], padded.as_bytes())
        }),
    ]
}

/// What is done with jobs that are there.
fn of_changes(world: &World) -> Vec<Try<'_>> {
    vec![
        a_try("`retryReason`", |n| {
            world
                .post(&format!("execution/job/{}/retry", world.cancelled()), &json!({"retryReason": text(n)}))
        }),
        a_try("`reason` of a cancel", |n| {
            let path = world.project.job_path(&world.waiting());
            world.project.client.delete(&path, Some(&json!({"reason": text(n)})))
        }),
        a_try("`jobIds` of one change", |n| {
            let jobs: Vec<_> = (0..n).map(|_| Uuid::new_v4().to_string()).collect();
            world.post("execution/jobs/bulk", &json!({"action": "cancel", "jobIds": jobs}))
        }),
        // What has ended is answered at once.
        a_try("`wait` for a job", |n| world.get(&format!("execution/job/{}?wait={n}", world.cancelled()))),
    ]
}

/// What pipelines and schedules say.
fn of_pipelines(world: &World) -> Vec<Try<'_>> {
    vec![
        a_try("names of tenants, projects, pipelines, jobs and subjects", |n| {
            world.pipeline(&json!({"name": text(n)}))
        }),
        a_try("`parameters` of a pipeline, or of its schedule", |n| {
            // {"pad":"","steps":[]} without the padding.
            world.pipeline(&json!({"parameters": {"steps": [], "pad": text(n - 21)}}))
        }),
        a_try("`parameters` of a pipeline, or of its schedule", |n| {
            let parameters = json!({"steps": [], "pad": text(n - 21)});
            world.pipeline(&json!({"schedule": {"cron": "0 6 * * *", "parameters": parameters}}))
        }),
        a_try("`catchUpSeconds`", |n| {
            world.pipeline(&json!({"schedule": {"cron": "0 6 * * *", "catchUpSeconds": n}}))
        }),
        a_try("`cron` of a schedule", |n| {
            world.pipeline(&json!({"schedule": {"cron": format!("0 6 * *{}*", " ".repeat(n - 8))}}))
        }),
    ]
}

/// What is in a project beside jobs.
fn of_projects(world: &World) -> Vec<Try<'_>> {
    let (secrets, webhooks, views) = (Cell::new(0), Cell::new(0), Cell::new(0));
    let grant = |http: Value| world.put("modules/probe/capabilities", &json!({"http": http}));
    let webhook = |url: &str| world.post("webhooks", &json!({"url": url}));
    let domains = |domains: Value| world.put("mail-policy", &json!({"domains": domains}));
    // As many as there are, and then some more: what came of the last one.
    let up_to = |count: usize, have: &Cell<usize>, make: &dyn Fn(usize) -> Answer| {
        let answers: Vec<_> = (have.replace(count)..count).map(make).collect();
        let (last, before) = answers.split_last().expect("each try makes some");
        assert!(before.iter().all(|answer| answer.status < 300));
        Answer { body: last.body.clone(), headers: last.headers.clone(), ..*last }
    };
    vec![
        a_try("secrets of a project", move |n| {
            up_to(n, &secrets, &|n| world.put(&format!("secrets/NAME_{n}"), &json!({"value": "v"})))
        }),
        a_try("a secret's value", |n| world.put("secrets/NAME_0", &json!({"value": text(n)}))),
        a_try("headers that may carry a secret", |n| {
            let headers: Vec<_> = (0..n).map(|n| format!("X-Key-{n}")).collect();
            world.put("secrets/NAME_0", &json!({"value": "v", "headers": headers}))
        }),
        a_try("the name of such a header", |n| {
            world.put("secrets/NAME_0", &json!({"value": "v", "headers": [text(n)]}))
        }),
        a_try("hosts, or secrets, that a module is granted", move |n| {
            grant(json!({"hosts": (0..n).map(|n| format!("a{n}.example")).collect::<Vec<_>>()}))
        }),
        a_try("hosts, or secrets, that a module is granted", move |n| {
            grant(json!({"secrets": (0..n).map(|n| format!("NAME_{n}")).collect::<Vec<_>>()}))
        }),
        a_try("a webhook's `url`", move |n| {
            let host = "https://a.example/";
            webhook(&format!("{host}{}", text(n - host.len())))
        }),
        a_try("`overlapSeconds` of a webhook's secret", move |n| {
            let id = member(&world.get("webhooks").ok()["webhooks"][0], "webhookId");
            world.post(&format!("webhooks/{id}/secret"), &json!({"overlapSeconds": n}))
        }),
        a_try("a view's query, or a set of parameters", |n| {
            world.put("saved/views/long", &json!({"query": format!("text={}", text(n - 5))}))
        }),
        // One is there.
        a_try("views, and sets of parameters, of a project", move |n| {
            up_to(n - 1, &views, &|n| {
                world.put(&format!("saved/views/v{n}"), &json!({"query": "status=Failed"}))
            })
        }),
        // And one.
        a_try("webhooks of a project", move |n| up_to(n - 1, &webhooks, &|_| webhook("https://a.example/"))),
        a_try("`domains` of a project's rules for e-mail", move |n| {
            domains((0..n).map(|n| json!(format!("a{n}.example"))).collect())
        }),
        a_try("a domain of them", move |n| domains(json!([text(n)]))),
        a_try("`Content-Digest`", |n| {
            let path = world.project.path(&format!("datasets/{}?name=a.csv", Uuid::new_v4()));
            // Of another algorithm nobody asks what it says.
            let digest = format!("x=\"{}\"", text(n - 4));
            world.project.client.send("PUT", &path, &[("content-digest", &digest)], b"a")
        }),
    ]
}

/// What operators make.
fn of_operators(world: &World) -> Vec<Try<'_>> {
    let names = "names of tenants, projects, pipelines, jobs and subjects";
    let Project { tenant, project, .. } = &world.project;
    vec![
        a_try(names, |n| world.operator.post("/api/admin/tenants", &json!({"name": text(n)}))),
        a_try(names, move |n| {
            world.operator.post(&format!("/api/admin/tenants/{tenant}/projects"), &json!({"name": text(n)}))
        }),
        a_try(names, move |n| {
            let body =
                json!({"subject": text(n), "role": "viewer", "tenantId": tenant, "projectId": project});
            world.operator.post("/api/admin/tokens", &body)
        }),
        a_try("`hours` of `GET usage/hours`", |n| world.get(&format!("usage/hours?hours={n}"))),
        a_try("days of `GET usage`", |n| world.operator.get(&format!("/api/admin/usage?{}", days(n)))),
        a_try("days of `GET usage` by day and module, subject or label", |n| {
            world.operator.get(&format!("/api/admin/usage?{}&groupBy=day,module", days(n)))
        }),
    ]
}

/// Lists, and what is looked for in them.
fn of_lists(world: &World) -> Vec<Try<'_>> {
    let logs = format!("execution/job/{}/logs", world.waiting());
    let of_logs = move |query: String| world.get(&format!("{logs}?{query}"));
    vec![
        a_try("`pageSize` of jobs and of what teams keep", |n| {
            world.get(&format!("execution/jobs?pageSize={n}"))
        }),
        a_try("`pageSize` of jobs and of what teams keep", |n| world.get(&format!("pipelines?pageSize={n}"))),
        a_try("`limit` of a job's log", {
            let of_logs = of_logs.clone();
            move |n| of_logs(format!("limit={n}"))
        }),
        a_try("`limit` of all other lists", |n| world.operator.get(&format!("/api/admin/audit?limit={n}"))),
        a_try("`limit` of all other lists", |n| world.get(&format!("webhooks?limit={n}"))),
        a_try("`text` that is looked for", |n| world.get(&format!("execution/jobs?text={}", text(n)))),
        a_try("`text` that is looked for", {
            let of_logs = of_logs.clone();
            move |n| of_logs(format!("text={}", text(n)))
        }),
        a_try("`pattern` that is looked for in a log", move |n| of_logs(format!("pattern={}", text(n)))),
        a_try("a job type", |n| {
            world.manifest(&with(&json!({"jobType": text(n)})));
            world.get(&format!("execution/jobs?jobType={}", text(n)))
        }),
    ]
}

/// What modules are, and say of themselves.
fn of_modules(world: &World) -> Vec<Try<'_>> {
    vec![
        a_try("a module", |n| {
            let padding = vec![0; n - bare().len() - 8];
            world.module(&built::with_section(bare(), "x", &padding))
        }),
        a_try("core instances of a component", |n| world.module(&component(n - 1, ""))),
        a_try("linear memories of a component", |n| world.module(&component(n, "(memory 1)"))),
        a_try("tables of a component", |n| world.module(&component(1, &"(table 1 funcref)".repeat(n)))),
        world.manifests("a module's manifest", |n| format!("{}{}", " ".repeat(n - SMALLEST.len()), SMALLEST)),
        world.manifests("a title, name or other word of a manifest", |n| with(&json!({"title": text(n)}))),
        world.manifests("the description in a manifest", |n| with(&json!({"description": text(n)}))),
        world.manifests("inputs, or outputs, in a manifest", |n| {
            with(&json!({"outputs": vec![json!({"name": "a"}); n]}))
        }),
        world.manifests("inputs, or outputs, in a manifest", |n| {
            let inputs: Vec<_> =
                (0..n).map(|n| json!({"name": n.to_string(), "parameter": n.to_string()})).collect();
            with(&json!({"inputs": inputs}))
        }),
        // {"description":""} without the text.
        world.schemas("the schema of a module's parameters", |n| json!({"description": text(n - 18)})),
        world.schemas("nesting of that schema", |n| (1..n).fold(json!({}), |inner, _| json!({"not": inner}))),
        world.schemas(
            "objects of that schema, references written out",
            |n| json!({"allOf": vec![json!({}); n - 1]}),
        ),
        world.schemas(
            "different patterns of that schema",
            |n| json!({"allOf": (0..n).map(|n| json!({"pattern": format!("^x{n}$")})).collect::<Vec<_>>()}),
        ),
        // A class of one letter, written many times, is one state.
        world.schemas(
            "text of all these patterns",
            |n| json!({"pattern": format!("[{}]", "a".repeat(n - 2))}),
        ),
    ]
}

#[test]
fn as_many_as_the_document_says_are_taken_and_one_more_is_refused() {
    let world = World::new();
    let groups = [of_jobs, of_changes, of_pipelines, of_projects, of_operators, of_lists, of_modules];
    for (what, ask) in groups.into_iter().flat_map(|group| group(&world)) {
        let limit = limit(what);
        let taken = ask(limit.most);
        assert!((200..300).contains(&taken.status), "{limit:?}: {}", taken.text());
        let refused = ask(limit.most + 1);
        assert!(limit.is_refused_by(&refused), "{limit:?}: {} {}", refused.status, refused.text());
    }
}
