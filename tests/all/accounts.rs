//! What attempts used: known of every end, and summed.

use fuelcell_tests::{Project, Server, built, eventually, project::text};
use serde_json::{Value, json};
use std::process::Command;
use std::time::Duration;

fn spin() -> Value {
    json!([{"do": "spin", "forever": true}])
}

/// Waits until the running attempt is known to have burnt something.
fn wait_until_it_burns(project: &Project, job: &str) {
    eventually("the attempt burns", Duration::from_secs(60), || {
        project.status(job)["execution"]["cpuPercent"].as_f64().filter(|percent| *percent > 0.0)
    });
}

/// Fuel of every receipt of a job, and whether it is a lower bound.
fn fuel(project: &Project, job: &str) -> Vec<(u64, bool)> {
    let status = project.status(job);
    let receipts = status["receipts"].as_array().unwrap();
    let figure =
        |receipt: &Value| (receipt["fuel"].as_u64().unwrap(), receipt["fuelIsLowerBound"].as_bool().unwrap());
    receipts.iter().map(figure).collect()
}

#[test]
fn every_end_has_its_fuel_and_says_where_it_may_have_been_more() {
    for isolation in ["in-process", "process"] {
        let server = Server::start_with(&["--isolation", isolation]);
        let project = Project::new(&server).with_probe();
        let allocate = json!([{"do": "allocate", "bytes": 64 << 20}]);
        let ends = [
            (json!([]), json!({}), "Completed", false),
            (spin(), json!({"fuel": 1_000_000}), "Failed", false),
            (json!([{"do": "exit", "code": 3}]), json!({}), "Failed", false),
            (spin(), json!({"timeoutSeconds": 1}), "Failed", true),
            (allocate, json!({"memoryBytes": 16 << 20}), "Failed", true),
            (json!([{"do": "recurse"}]), json!({}), "Failed", true),
        ];
        for (steps, limits, state, at_least) in ends {
            let job = project.probe_with(steps.clone(), json!({"limits": limits}));
            project.wait_for(&job, state);
            let [(fuel, is_lower_bound)] = fuel(&project, &job)[..] else { panic!("one attempt") };
            assert_eq!((fuel > 0, is_lower_bound), (true, at_least), "{isolation} {steps} {limits}: {fuel}");
        }
        let cancelled = project.probe(spin());
        wait_until_it_burns(&project, &cancelled);
        project.client.delete(&project.job_path(&cancelled), Some(&json!({"forceTermination": true}))).ok();
        project.wait_for(&cancelled, "Cancelled");
        let [(fuel, true)] = fuel(&project, &cancelled)[..] else { panic!("a lower bound") };
        // It gave way every 4 Mi units.
        assert!(fuel >= 4 << 20, "{isolation}: {fuel}");
    }
}

/// All receipts of all jobs of the project.
fn receipts(project: &Project) -> Vec<Value> {
    let list = project.client.get(&project.path("execution/jobs?pageSize=100")).ok();
    let ids = list["jobs"].as_array().unwrap().iter().map(|job| text(job, "jobId"));
    ids.flat_map(|id| project.status(&id)["receipts"].as_array().unwrap().clone()).collect()
}

fn usage(project: &Project, query: &str) -> Value {
    project.client.get(&project.path(&format!("usage{query}"))).ok()
}

/// The sums are those of the receipts, to the last unit.
fn equals(sums: &Value, receipts: &[Value]) {
    let sum = |name: &str| receipts.iter().map(|receipt| receipt[name].as_u64().unwrap_or(0)).sum::<u64>();
    for name in ["fuel", "bytesRead", "bytesWritten"] {
        assert_eq!(sums[name].as_u64(), Some(sum(name)), "{name}: {sums:#}");
    }
    let count = |is: &dyn Fn(&Value) -> bool| receipts.iter().filter(|receipt| is(receipt)).count() as u64;
    assert_eq!(sums["attempts"], receipts.len());
    assert_eq!(sums["lostAttempts"], count(&|receipt| receipt["lost"] == true));
    assert_eq!(sums["fuelLowerBounds"], count(&|receipt| receipt["fuelIsLowerBound"] == true));
    let real = |is: &dyn Fn(&Value) -> f64| receipts.iter().map(is).sum::<f64>();
    let seconds = |receipt: &Value, name: &str| receipt[name].as_f64().unwrap();
    let near = |name: &str, expected: f64| {
        let sum = sums[name].as_f64().unwrap();
        assert!((sum - expected).abs() <= expected * 1e-9 + 1e-6, "{name}: {sum} and not {expected}");
    };
    near("cpuSeconds", real(&|receipt| seconds(receipt, "cpuSeconds")));
    near("wallSeconds", real(&|receipt| seconds(receipt, "wallSeconds")));
    near(
        "memoryByteSeconds",
        real(&|receipt| seconds(receipt, "wallSeconds") * seconds(receipt, "peakMemoryBytes")),
    );
}

#[expect(clippy::too_many_lines, reason = "one life, told in its order")]
#[test]
fn sums_are_those_of_the_receipts_also_of_lost_attempts_and_outlive_their_jobs() {
    let mut server = Server::start();
    let project = Project::new(&server).with_probe();
    let labelled = |team: &str| json!({"labels": {"team": team, "cost": "1"}});
    let write = json!([{"do": "artifact", "name": "a.txt", "text": "some text", "primary": true}]);
    let done = project.probe_with(write, labelled("blue"));
    project.wait_for(&done, "Completed");
    let failed =
        project.probe_with(spin(), json!({"labels": {"team": "red"}, "limits": {"fuel": 1_000_000}}));
    project.wait_for(&failed, "Failed");
    let scheduled =
        project.probe_with(json!([]), json!({"scheduling": {"scheduledTime": "2999-01-01T00:00:00Z"}}));
    project.client.delete(&project.job_path(&scheduled), None).ok();
    // What is known of it is on the disk once something else is.
    let lost = project.probe(spin());
    wait_until_it_burns(&project, &lost);
    let other = project.probe(json!([]));
    project.wait_for(&other, "Completed");
    server.kill();
    server.restart();
    let project = project.after_restart(&server);
    eventually("it runs again", Duration::from_secs(60), || {
        (project.status(&lost)["attempt"] == 2 && project.status(&lost)["status"] == "Running").then_some(())
    });
    let account = project.status(&lost)["receipts"][0].clone();
    assert_eq!(
        (&account["lost"], &account["engine"], &account["isolation"]),
        (&json!(true), &Value::Null, &Value::Null)
    );
    let [(burnt, true)] = fuel(&project, &lost)[..] else { panic!("a lower bound: {account:#}") };
    assert!(burnt > 0, "{account:#}");
    project.client.delete(&project.job_path(&lost), Some(&json!({"forceTermination": true}))).ok();
    project.wait_for(&lost, "Cancelled");

    let all = receipts(&project);
    let report = usage(&project, "?groupBy=module");
    equals(&report["total"], &all);
    equals(&report["groups"][0], &all);
    assert_eq!(report["total"]["jobs"], json!({"completed": 2, "failed": 1, "cancelled": 2}));
    assert_eq!(
        (&report["groups"][0]["module"], &report["groups"][0]["other"]),
        (&json!("probe"), &json!(false))
    );
    let by_label = usage(&project, "?groupBy=label");
    let labels = |report: &Value| {
        let groups = report["groups"].as_array().unwrap();
        let mut labels: Vec<_> =
            groups.iter().map(|group| (text(group, "label"), group["attempts"].as_u64().unwrap())).collect();
        labels.sort();
        labels
    };
    let [blue, cost, red] = ["team=blue", "cost=1", "team=red"].map(str::to_owned);
    assert_eq!(labels(&by_label), [(cost, 1), (blue, 1), (red, 1)]);
    assert_eq!(by_label["total"], report["total"]);
    let by_day = usage(&project, "?groupBy=day,subject");
    assert_eq!(
        by_day["groups"]
            .as_array()
            .unwrap()
            .iter()
            .map(|group| group["attempts"].as_u64().unwrap())
            .sum::<u64>(),
        all.len() as u64
    );

    // Of a deleted job the sums stay.
    let deleted = project.client.delete(&format!("{}/data", project.job_path(&failed)), None);
    assert!((200..300).contains(&deleted.status), "{}", deleted.status);
    assert_eq!(usage(&project, "")["total"], report["total"]);
    let operator = server.operator();
    let everywhere = operator.get("/api/admin/usage?groupBy=tenant,project").ok();
    assert_eq!(everywhere["total"], report["total"]);
    assert_eq!(everywhere["groups"][0]["projectId"], project.project);
    let of_tenant = operator.get(&format!("/api/admin/usage?tenantId={}", project.tenant)).ok();
    assert_eq!(of_tenant["total"], report["total"]);

    let token = server.data().join("operator-token");
    let printed = Command::new(built::fuelcell())
        .args(["usage", "--group-by", "module", "--server", server.base(), "--token-file"])
        .arg(&token)
        .output()
        .unwrap();
    let printed = String::from_utf8(printed.stdout).unwrap();
    let total = report["total"]["fuel"].as_u64().unwrap();
    assert!(printed.contains(&format!("≥ {total} ")) && printed.contains("probe"), "{printed}");

    // The offline look agrees.
    assert!(server.terminate());
    let checked =
        Command::new(built::fuelcell()).args(["check", "--data"]).arg(server.data()).output().unwrap();
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn what_is_no_period_or_group_is_refused_with_what_is() {
    let server = Server::start();
    let project = Project::new(&server);
    let wrong = [
        ("groupBy=modul", "allowed: day, module, subject, label"),
        ("groupBy=tenant", "allowed: day, module, subject, label"),
        ("groupBy=module,label", "one of module, subject, label"),
        ("groupBy=day,day", "day twice"),
        ("from=yesterday", "a UTC date such as"),
        ("from=2026-02-30", "a UTC date such as"),
        ("from=2026-02-02&to=2026-02-01", "must not be after"),
        ("from=2020-01-01&to=2026-02-01", "at most 366"),
        ("from=2026-01-01&to=2026-02-01&groupBy=day,label", "at most 31"),
    ];
    for (query, expected) in wrong {
        let (code, detail) = project.client.get(&project.path(&format!("usage?{query}"))).problem(400);
        assert!(code == "InvalidQuery" && detail.contains(expected), "{query}: {code} {detail}");
    }
    let nothing = usage(&project, "?from=2025-01-01&to=2026-01-01&groupBy=day");
    assert_eq!((&nothing["total"]["attempts"], &nothing["groups"]), (&json!(0), &json!([])));
}
