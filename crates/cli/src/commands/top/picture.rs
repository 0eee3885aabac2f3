//! What there is to see, read over the API: of the whole server for its operators, of a project for everybody else.

use crate::connection::Connection;
use crate::failure::{Exit, Failure, Outcome};
use crate::operations::{
    GET_JOB, GET_SESSION, LIST_JOBS, LIST_PROJECTS, LIST_QUEUE, Operation, SERVER_STATUS, SYSTEM_STATUS,
};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

/// A server that does not answer is told soon.
const PATIENCE: Duration = Duration::from_secs(10);
/// Running jobs whose figures are asked for.
const RUNNING: usize = 50;
/// Waiting jobs whose reasons are asked for.
const WAITING: usize = 20;
/// Projects that are asked which jobs run there.
const PROJECTS: usize = 200;

/// What there was at one moment. Members of rows are `null` where nobody knows, or where the token may not know.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Picture {
    pub(super) server: String,
    /// The project that is shown; none = the whole server.
    pub(super) project_id: Option<String>,
    pub(super) timestamp: String,
    pub(super) nodes: Vec<Value>,
    /// Jobs that may start, by priority, the most urgent first.
    pub(super) queue: Vec<Value>,
    pub(super) scheduled_jobs: Option<u64>,
    pub(super) tenants: Vec<Value>,
    pub(super) waiting: Vec<Value>,
    pub(super) waiting_jobs: u64,
    pub(super) running: Vec<Value>,
    pub(super) running_jobs: u64,
}

/// Asks a server again and again.
pub(super) struct Reader {
    connection: Connection,
    whole_server: bool,
    /// Tenants and projects that the token may see, by name.
    session: Value,
    /// What running attempts had burnt when they were looked at last.
    burnt: HashMap<String, (Instant, u64)>,
}

/// The ids of a project and its tenant.
#[derive(Clone, Copy)]
struct ProjectIds<'a> {
    tenant: &'a str,
    project: &'a str,
}

impl Reader {
    /// A reader of what the token may see: of the whole server for its operators, unless they name a project.
    pub(super) fn new(connection: Connection, everywhere: bool) -> Outcome<Self> {
        let session = connection.send(GET_SESSION, &[])?;
        let is_operator = session["role"] == "operator" && session["tenantId"].is_null();
        if everywhere && !is_operator {
            return Err(Failure::new(Exit::NotAllowed, "the whole server is for its operators to see")
                .with_remedy("without --everywhere it is the project in which the token has a role"));
        }
        let named = connection.named();
        let is_named = named.tenant.is_some() || named.project.is_some();
        let whole_server = everywhere || (is_operator && !is_named);
        Ok(Self { connection, whole_server, session, burnt: HashMap::new() })
    }

    /// What there is now.
    pub(super) fn read(&mut self) -> Outcome<Picture> {
        let before = std::mem::take(&mut self.burnt);
        match self.whole_server {
            true => self.server(&before),
            false => self.project(&before),
        }
    }

    fn server(&mut self, before: &HashMap<String, (Instant, u64)>) -> Outcome<Picture> {
        let mut told = self.ask(SERVER_STATUS, &[], &[])?;
        let tenants = taken(&mut told["tenants"]);
        let queue = taken(&mut told["queue"]);
        let mut waiting = Vec::new();
        for waits in taken(&mut told["waiting"]).into_iter().take(WAITING) {
            waiting.extend(self.waiting_job(waits)?);
        }
        Ok(Picture {
            server: self.connection.http.server.clone(),
            project_id: None,
            timestamp: text(&told["timestamp"]).to_owned(),
            nodes: taken(&mut told["nodes"]).iter().map(node).collect(),
            waiting_jobs: queue.iter().filter_map(|lane| lane["jobs"].as_u64()).sum(),
            queue,
            scheduled_jobs: told["scheduledJobs"].as_u64(),
            waiting,
            running: self.running_everywhere(&tenants, before)?,
            running_jobs: tenants.iter().filter_map(|tenant| tenant["runningJobs"].as_u64()).sum(),
            tenants,
        })
    }

    /// A job at the head of a tenant's queue; none when it has started meanwhile.
    fn waiting_job(&self, waits: Value) -> Outcome<Option<Value>> {
        let ids = ProjectIds { tenant: text(&waits["tenantId"]), project: text(&waits["projectId"]) };
        let job = self.job(ids, text(&waits["jobId"]))?.filter(|job| job["status"] == "Queued");
        Ok(job.map(|job| {
            json!({
                "jobId": waits["jobId"], "jobName": job["jobName"], "tenantId": waits["tenantId"],
                "projectId": waits["projectId"], "priority": waits["priority"], "jobType": job["jobType"],
                "waitedSeconds": waits["waitedSeconds"], "waitReason": job["waitReason"]["code"],
            })
        }))
    }

    /// Running jobs of all projects of those tenants that have some.
    fn running_everywhere(
        &mut self,
        tenants: &[Value],
        before: &HashMap<String, (Instant, u64)>,
    ) -> Outcome<Vec<Value>> {
        let (mut rows, mut asked) = (Vec::new(), 0);
        for tenant in tenants.iter().filter(|tenant| tenant["runningJobs"].as_u64() > Some(0)) {
            let tenant = text(&tenant["tenantId"]);
            let mut told = self.ask(LIST_PROJECTS, &[("tenantId", tenant)], &[("limit", "100")])?;
            for project in taken(&mut told["projects"]) {
                asked += 1;
                if rows.len() >= RUNNING || asked > PROJECTS {
                    return Ok(rows);
                }
                let ids = ProjectIds { tenant, project: text(&project["projectId"]) };
                let (jobs, _) = self.running_of(ids, before, RUNNING - rows.len())?;
                rows.extend(jobs);
            }
        }
        Ok(rows)
    }

    fn project(&mut self, before: &HashMap<String, (Instant, u64)>) -> Outcome<Picture> {
        let scope = self.connection.scope(true)?;
        let (tenant, project) = (scope.tenant.unwrap_or_default(), scope.project.unwrap_or_default());
        let ids = ProjectIds { tenant: &tenant, project: &project };
        let fill = [("tenantId", &*tenant), ("projectId", &*project)];
        let mut told = self.ask(SYSTEM_STATUS, &fill[..1], &[])?;
        let mut queue = self.ask(LIST_QUEUE, &fill, &[("pageSize", "20")])?;
        let now = moment(&told["timestamp"]);
        let (running, running_jobs) = self.running_of(ids, before, RUNNING)?;
        Ok(Picture {
            server: self.connection.http.server.clone(),
            project_id: Some(project.clone()),
            timestamp: text(&told["timestamp"]).to_owned(),
            nodes: taken(&mut told["executionNodes"]).iter().map(known_node).collect(),
            queue: lanes(&told["queueStatistics"]),
            scheduled_jobs: told["queueStatistics"]["scheduledJobs"].as_u64(),
            tenants: vec![figures(&tenant, self.name_of(&tenant), &told)],
            waiting_jobs: queue["totalQueuedJobs"].as_u64().unwrap_or(0),
            waiting: taken(&mut queue["jobs"]).iter().map(|job| queued(ids, job, now)).collect(),
            running,
            running_jobs,
        })
    }

    /// Running jobs of a project, `most` at most, and how many there are.
    fn running_of(
        &mut self,
        ids: ProjectIds<'_>,
        before: &HashMap<String, (Instant, u64)>,
        most: usize,
    ) -> Outcome<(Vec<Value>, u64)> {
        let fill = [("tenantId", ids.tenant), ("projectId", ids.project)];
        let page = most.clamp(1, RUNNING).to_string();
        let told = self.ask(LIST_JOBS, &fill, &[("status", "Running"), ("pageSize", &page)]);
        // It was deleted meanwhile.
        let Some(mut told) = unless_gone(told)? else { return Ok((Vec::new(), 0)) };
        let mut rows = Vec::new();
        for listed in taken(&mut told["jobs"]) {
            if let Some(job) = self.job(ids, text(&listed["jobId"]))?.filter(|job| job["status"] == "Running")
            {
                rows.push(self.running_job(ids, &job, before));
            }
        }
        let all = told["summary"]["runningJobs"].as_u64().unwrap_or(0);
        Ok((rows, all))
    }

    fn running_job(
        &mut self,
        ids: ProjectIds<'_>,
        job: &Value,
        before: &HashMap<String, (Instant, u64)>,
    ) -> Value {
        let now = Instant::now();
        let fuel = job["execution"]["fuel"].as_u64();
        let attempt = format!("{}/{}", text(&job["jobId"]), job["attempt"]);
        let rate = fuel.zip(before.get(&attempt)).and_then(|(fuel, (then, earlier))| {
            let seconds = now.duration_since(*then).as_secs_f64();
            let more = fuel.checked_sub(*earlier).filter(|_| seconds > 0.0)?;
            Some((more as f64 / seconds).round())
        });
        if let Some(fuel) = fuel {
            self.burnt.insert(attempt, (now, fuel));
        }
        let module = &job["module"];
        json!({
            "jobId": job["jobId"], "jobName": job["jobName"], "tenantId": ids.tenant, "projectId": ids.project,
            "module": format!("{}@{}", text(&module["name"]), text(&module["version"])),
            "priority": job["priority"], "attempt": job["attempt"], "node": job["execution"]["executionNode"],
            "percentage": job["progress"]["percentage"], "currentStage": job["progress"]["currentStage"],
            "elapsedSeconds": job["progress"]["elapsedSeconds"], "fuel": fuel, "fuelPerSecond": rate,
            "memoryBytes": job["execution"]["memoryBytes"],
        })
    }

    /// A job; none when it is gone.
    fn job(&self, ids: ProjectIds<'_>, job: &str) -> Outcome<Option<Value>> {
        let fill = [("tenantId", ids.tenant), ("projectId", ids.project), ("jobId", job)];
        unless_gone(self.ask(GET_JOB, &fill, &[]))
    }

    /// What a tenant is called, where the server said so at the beginning.
    fn name_of(&self, tenant: &str) -> &Value {
        let mut projects = self.session["projects"].as_array().into_iter().flatten();
        projects
            .find(|project| project["tenantId"] == tenant)
            .map_or(&Value::Null, |project| &project["tenantName"])
    }

    fn ask(&self, operation: Operation, fill: &[(&str, &str)], query: &[(&str, &str)]) -> Outcome<Value> {
        let mut call = self.connection.call(operation, fill)?.within(PATIENCE);
        for (name, value) in query {
            call = call.query(name, Some(value));
        }
        self.connection.http.send(&call)
    }
}

/// What was not found has gone since it was named.
fn unless_gone(told: Outcome<Value>) -> Outcome<Option<Value>> {
    match told {
        Err(failure) if failure.exit == Exit::Usage => Ok(None),
        told => told.map(Some),
    }
}

fn taken(list: &mut Value) -> Vec<Value> {
    match list.take() {
        Value::Array(entries) => entries,
        _ => Vec::new(),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn moment(value: &Value) -> Option<SystemTime> {
    humantime::parse_rfc3339_weak(value.as_str()?).ok()
}

/// A node as operators see it.
fn node(told: &Value) -> Value {
    json!({
        "nodeId": told["nodeId"], "active": told["active"], "activeJobs": told["activeJobs"],
        "jobCapacity": told["jobCapacity"], "cpuPercent": told["cpuPercent"],
        "jobMemoryReservedBytes": told["jobMemoryReservedBytes"], "jobMemoryBytes": told["jobMemoryBytes"],
        "diskFreeBytes": told["diskFreeBytes"],
    })
}

/// A node as everybody sees it; operators see how busy it is.
fn known_node(told: &Value) -> Value {
    json!({
        "nodeId": told["nodeId"], "active": told["status"] == "Active", "activeJobs": told["activeJobs"],
        "jobCapacity": told["jobCapacity"], "cpuPercent": told["cpuUsage"], "jobMemoryReservedBytes": null,
        "jobMemoryBytes": null, "diskFreeBytes": null,
    })
}

/// The tenant's queue. The API counts critical jobs among those of high priority, too.
fn lanes(told: &Value) -> Vec<Value> {
    let count = |name: &str| told[name].as_u64();
    let critical = count("criticalPriorityJobs");
    let high =
        count("highPriorityJobs").zip(critical).and_then(|(both, critical)| both.checked_sub(critical));
    [
        ("Critical", critical),
        ("High", high),
        ("Normal", count("normalPriorityJobs")),
        ("Low", count("lowPriorityJobs")),
    ]
    .map(|(priority, jobs)| json!({"priority": priority, "jobs": jobs, "oldestSeconds": null}))
    .into()
}

/// The figures of the project's tenant.
fn figures(tenant: &str, name: &Value, told: &Value) -> Value {
    let queue = &told["queueStatistics"];
    json!({
        "tenantId": tenant, "name": name, "runningJobs": queue["runningJobs"],
        "queuedJobs": queue["totalQueuedJobs"], "scheduledJobs": queue["scheduledJobs"],
        "completedToday": told["performanceMetrics"]["jobsCompletedToday"], "failedToday": null,
    })
}

/// A waiting job of the project. It has waited since it may start; one whose time has not come has not.
fn queued(ids: ProjectIds<'_>, job: &Value, now: Option<SystemTime>) -> Value {
    let since = moment(&job["dateCreated"]).max(moment(&job["scheduledTime"]));
    let waited = now.zip(since).and_then(|(now, since)| now.duration_since(since).ok());
    json!({
        "jobId": job["jobId"], "jobName": job["jobName"], "tenantId": ids.tenant, "projectId": ids.project,
        "priority": job["priority"], "jobType": job["jobType"],
        "waitedSeconds": waited.map(|time| time.as_secs_f64()), "waitReason": job["waitReason"]["code"],
    })
}
