//! A job as an author writes it, run natively.

use std::io::{self, BufRead, Write};

use fuelcell_sdk::{
    Artifact, Cancellation, Completion, Context, Failure, Finding, GuestJob, Kind, Report, Result,
    testing::TestHost,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Parameters {
    /// Lines that are shorter count as errors.
    #[serde(default)]
    least_length: usize,
    #[serde(default)]
    nested: Nested,
}

#[derive(Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
struct Nested {
    deep_values: Vec<u8>,
}

/// Copies the lines that are long enough.
#[fuelcell_sdk::job(
    job_type = "DataEnrichment",
    title = "Long lines",
    description = "Keeps the lines that are long enough.",
    input(name = "dataset", parameter = "datasetId", formats = ["txt", "txt.gz"], required = true),
    input(name = "more", parameter = "moreId"),
    input(name = "lookups", parameter = "lookups", many = true),
    output(name = "lines.txt", kind = "data", type_name = "Lines"),
    memory_bytes = 1_048_576,
    timeout_seconds = 60,
    deterministic = true,
    http(hosts = ["api.example.com", "*.example.org:8443"], secrets = ["CRM_TOKEN"])
)]
fn run(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    let mut out = context.artifact(Artifact::new("lines.txt", Kind::Data).type_name("Lines").primary())?;
    let mut report = Report::default();
    for line in context.open("dataset")?.lines() {
        context.check_cancelled()?;
        let line = line?;
        report.records_processed += 1;
        if line.len() < parameters.least_length {
            report.errors += 1;
            continue;
        }
        writeln!(out, "{line}")?;
    }
    out.finish()?;
    if report.errors > 0 {
        report.processing_errors.push(Finding::new("TooShort", "The line is too short.", report.errors));
    }
    context.report(&report);
    context.info("end", format!("{} deep values", parameters.nested.deep_values.len()));
    Ok(Completion::Done)
}

#[test]
fn a_job_runs_natively() {
    let run = TestHost::new()
        .parameters(json!({"leastLength": 3, "datasetId": "d-1"}))
        .input("dataset", "words.txt", "one\nno\nthree\n")
        .run::<Job>();
    assert_eq!(run.end, Ok(Completion::Done));
    assert_eq!(run.text("lines.txt"), Some("one\nthree\n"));
    assert!(run.artifacts["lines.txt"].description.primary);
    let report = run.report.expect("the job reports");
    assert_eq!((report.records_processed, report.errors), (3, 1));
    assert_eq!(report.processing_errors, [Finding::new("TooShort", "The line is too short.", 1)]);
    assert_eq!(run.logs[0].message, "0 deep values");
    assert_eq!(run.polls, 3);
}

/// A job that makes more than it declares.
mod surprising {
    use super::*;

    #[derive(Deserialize, JsonSchema)]
    struct Nothing {}

    #[fuelcell_sdk::job(
        title = "Surprising",
        description = "Makes more than it declares.",
        output(name = "Übersicht.txt", kind = "data", type_name = "Overview")
    )]
    fn run(context: &mut Context, _: Nothing) -> Result<Completion, Failure> {
        // Names are compared in the form in which they are kept.
        for name in ["U\u{308}bersicht.txt", "surprise.txt"] {
            context.artifact(Artifact::new(name, Kind::Data))?.finish()?;
        }
        context.artifact(Artifact::new("failed-records.csv", Kind::Data).failed_records())?.finish()?;
        Ok(Completion::Done)
    }
}

/// A job whose output is one value of a type.
mod typed {
    use super::*;
    use serde::Serialize;

    #[derive(Deserialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    pub(super) struct Given {
        count: Option<u64>,
    }

    #[derive(Debug, PartialEq, Deserialize, Serialize)]
    pub(super) struct Summary {
        pub(super) count: u64,
        pub(super) shares: std::collections::BTreeMap<Option<u8>, f64>,
    }

    #[fuelcell_sdk::job(
        title = "Typed",
        description = "Makes a value of a type.",
        output(name = "all/late-orders.json", kind = "report", type_name = "Late", json = Vec<u64>),
        output(name = "summary.json", kind = "data", json = Summary),
    )]
    pub(super) fn run(context: &mut Context, given: Given) -> Result<Completion, Failure> {
        context.save_json(Outputs::ALL_LATE_ORDERS.title("Late orders").primary(), &vec![u64::MAX])?;
        let shares = given.count.into_iter().map(|count| (None, count as f64)).collect();
        context.save_json(Outputs::SUMMARY, &Summary { count: given.count.unwrap_or(7), shares })?;
        Ok(Completion::Done)
    }
}

#[test]
fn an_output_of_a_type_is_what_is_declared_of_it() {
    let run = TestHost::new().run::<typed::Job>();
    assert_eq!(run.end, Ok(Completion::Done));
    assert!(run.undeclared.is_empty());
    assert_eq!(
        run.json(typed::Outputs::SUMMARY),
        Some(typed::Summary { count: 7, shares: Default::default() })
    );
    assert_eq!(run.text("all/late-orders.json"), Some("[18446744073709551615]"));
    let late = &run.artifacts["all/late-orders.json"].description;
    let expected = Artifact::new("all/late-orders.json", Kind::Report)
        .type_name("Late")
        .title("Late orders")
        .media_type("application/json")
        .primary();
    assert_eq!(late, &expected);
    assert_eq!(run.artifacts["summary.json"].description.type_name, "Summary");
    let outputs = serde_json::to_value(typed::Job::manifest().outputs).unwrap();
    assert_eq!(outputs[1], json!({"name": "summary.json", "kind": "data", "type": "Summary"}));
}

#[test]
fn a_value_that_cannot_be_written_fails_the_job() {
    let run = TestHost::new().parameters(json!({"count": 1})).run::<typed::Job>();
    assert_eq!(run.end, Err(Failure::new("InvalidData", "key must be a string")));
    assert!(run.unfinished.contains("summary.json"));
    let run = TestHost::new().disk_bytes(30).run::<typed::Job>();
    assert_eq!(run.end, Err(Failure::new("HostLimit", "disk: 30 bytes")));
}

#[test]
fn outputs_that_a_manifest_does_not_declare_are_taken_and_named() {
    let run = TestHost::new().run::<surprising::Job>();
    assert_eq!((&run.end, run.artifacts.len()), (&Ok(Completion::Done), 3));
    assert_eq!(run.undeclared.into_iter().collect::<Vec<_>>(), ["surprise.txt"]);
    let run = TestHost::new().input("dataset", "words.txt", "one\n").run::<Job>();
    assert!(run.undeclared.is_empty());
    assert!(TestHost::new().run_with(surprising::Job::run).undeclared.is_empty(), "without a manifest");
}

#[test]
fn names_and_descriptions_of_outputs_are_refused_as_a_server_refuses_them() {
    let made = |artifacts: Vec<Artifact>| {
        let run = TestHost::new().run_with(|context| {
            for artifact in artifacts {
                context.artifact(artifact)?.finish()?;
            }
            Ok(Completion::Done)
        });
        run.end.map(|_| run.artifacts.into_keys().collect::<Vec<_>>()).map_err(|failure| failure.message)
    };
    let data = |name: &str| Artifact::new(name, Kind::Data);
    assert_eq!(
        made(vec![data("charts/U\u{308}.svg"), data("a+b.csv")]).unwrap(),
        ["a+b.csv", "charts/Ü.svg"]
    );
    for (artifacts, refusal) in [
        (vec![data("a:b.txt")], r#""a:b.txt" cannot be the name of an output: it has none of"#),
        (vec![data("../x")], r#""../x" cannot be the name of an output: no part of it begins with a dot"#),
        (
            vec![data("a"), data("a")],
            r#""a" cannot be the name of an output: there is an output of this name"#,
        ),
        (vec![data("a"), data("a/b")], r#""a" is an output, and so no folder"#),
        (
            vec![data("a").primary(), data("b").primary()],
            r#""b" is the second primary output; a job has one"#,
        ),
        (
            vec![data("a").title("t\n")],
            "the title of output \"a\" is at most 256 bytes without control characters",
        ),
        (vec![data("a").accuracy(2.0)], "the accuracy of output \"a\" is between 0 and 1"),
    ] {
        let told = made(artifacts).unwrap_err();
        assert!(told.contains(refusal), "{refusal}: {told}");
    }
}

#[test]
fn the_manifest_is_the_declaration() {
    let manifest = serde_json::to_value(Job::manifest()).unwrap();
    let schema = &manifest["parameters"];
    assert_eq!(schema["properties"]["leastLength"]["type"], "integer");
    assert_eq!(schema["properties"]["leastLength"]["description"], "Lines that are shorter count as errors.");
    let mut without_schema = manifest.clone();
    without_schema.as_object_mut().unwrap().remove("parameters");
    assert_eq!(
        without_schema,
        json!({
            "interface": "0.1",
            "jobType": "DataEnrichment",
            "title": "Long lines",
            "description": "Keeps the lines that are long enough.",
            "inputs": [
                {"name": "dataset", "parameter": "datasetId", "formats": ["txt", "txt.gz"], "required": true, "many": false},
                {"name": "more", "parameter": "moreId", "formats": [], "required": false, "many": false},
                {"name": "lookups", "parameter": "lookups", "formats": [], "required": false, "many": true},
            ],
            "outputs": [{"name": "lines.txt", "kind": "data", "type": "Lines"}],
            "limits": {"memoryBytes": 1048576, "timeoutSeconds": 60},
            "deterministic": true,
            "http": {"hosts": ["api.example.com", "*.example.org:8443"], "secrets": ["CRM_TOKEN"]},
        })
    );
}

#[test]
fn parameters_that_do_not_fit_name_the_path() {
    let host = TestHost::new().parameters(json!({"nested": {"deepValues": [1, 300]}}));
    let failure = host.clone().run::<Job>().end.unwrap_err();
    assert_eq!(failure.code, "InvalidParameters");
    assert!(failure.message.contains("/nested/deepValues/1: must be at most 255"), "{}", failure.message);
    // Where nothing looks at the schema before, the job does.
    let failure = host.run_with(Job::run).end.unwrap_err();
    assert_eq!(failure.code, "InvalidParameters");
    assert!(
        failure.message.starts_with("parameters at `nested.deepValues[1]`: invalid value: integer `300`")
    );
    assert!(!failure.transient);
}

#[test]
fn cancellation_ends_the_job_and_keeps_the_artifact_back() {
    let run = TestHost::new().input("dataset", "words.txt", "one\ntwo\n").cancel_after_polls(1).run::<Job>();
    assert_eq!(run.end.unwrap_err().code, "Cancelled");
    assert!(run.artifacts.is_empty());
    assert!(run.unfinished.contains("lines.txt"));
    let run = TestHost::new().input("dataset", "words.txt", "one\n").deadline_after_polls(0).run::<Job>();
    assert_eq!(run.end.unwrap_err().code, "DeadlineNear");
}

#[test]
fn a_full_disk_is_told_as_such_through_std_io() {
    let run = TestHost::new().input("dataset", "words.txt", "one\ntwo\n").disk_bytes(7).run::<Job>();
    assert_eq!(run.end, Err(Failure::new("HostLimit", "disk: 7 bytes")));
}

#[test]
fn a_missing_input_is_told_as_such() {
    let run = TestHost::new().run::<Job>();
    assert_eq!(run.end.unwrap_err().code, "DatasetRequired");
    let run = TestHost::new().run_with(Job::run);
    assert_eq!(run.end, Err(Failure::new("InvalidRequest", "there is no input `dataset`")));
    let run = TestHost::new().input("dataset", "a.txt", "a").input("data-set", "a.txt", "a").run::<Job>();
    let failure = run.end.unwrap_err();
    assert_eq!(
        (&failure.code[..], &failure.message[..]),
        ("UnknownInput", "the manifest has no input `data-set`; it has: dataset, more, lookups")
    );
}

#[test]
fn the_next_attempt_finds_what_the_last_one_left() {
    let first =
        TestHost::new().parameters(json!(5)).processed("a").cancel_after_polls(0).run_with(|context| {
            assert_eq!(context.cancellation(), Cancellation::User);
            assert!(context.load_checkpoint()?.is_none());
            context.save_checkpoint(b"half")?;
            context.mark("b")?;
            Err(Failure::new("Odd", "no").transient())
        });
    assert!(first.marks.is_empty(), "marks of a failed attempt do not count");
    let second = first.next_attempt().run_with(|context| {
        assert_eq!(context.cancellation(), Cancellation::None);
        assert_eq!(context.parameters::<u8>()?, 5);
        assert_eq!(context.load_checkpoint()?.as_deref(), Some(b"half".as_slice()));
        assert!(context.seen("a")?);
        assert!(!context.seen("b")?);
        context.mark("b")?;
        assert!(!context.seen("b")?, "a mark counts once the job has completed");
        Ok(Completion::NoItems)
    });
    assert_eq!(second.end, Ok(Completion::NoItems));
    assert!(
        second
            .next_attempt()
            .run_with(|context| {
                assert!(context.seen("b")?);
                Ok(Completion::Done)
            })
            .end
            .is_ok()
    );
}

#[test]
fn inputs_by_name_are_given_and_found_by_it() {
    let host = || TestHost::new().input("dataset", "words.txt", "one\n");
    let given = host().input("lookups/zones", "z.csv", "north").input("lookups/price list", "p.csv", "7");
    assert_eq!(given.clone().run::<Job>().end, Ok(Completion::Done));
    let run = given.run_with(|context| {
        let names: Vec<&str> = context.inputs_of("lookups").map(|(name, _)| name).collect();
        assert_eq!(names, ["zones", "price list"]);
        assert_eq!(context.inputs_of("look").count(), 0);
        assert_eq!(io::read_to_string(context.open("lookups/zones")?)?, "north");
        Ok(Completion::Done)
    });
    assert_eq!(run.end, Ok(Completion::Done));
    for (name, code) in
        [("lookups", "UnknownInput"), ("more/x", "UnknownInput"), ("lookups/..", "InvalidParameters")]
    {
        assert_eq!(host().input(name, "z.csv", "").run::<Job>().end.unwrap_err().code, code, "{name}");
    }
}

#[test]
fn inputs_can_be_listed_and_come_from_files() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let run = TestHost::new().input_file("dataset", file).unwrap().run_with(|context| {
        let input = context.input("dataset").expect("the input was given");
        assert_eq!((input.file_name.as_str(), input.size), ("Cargo.toml", std::fs::metadata(file)?.len()));
        assert!(context.input("other").is_none());
        assert_eq!(context.inputs().len(), 1);
        assert_eq!(io::read_to_string(context.open("dataset")?)?, std::fs::read_to_string(file)?);
        Ok(Completion::Done)
    });
    assert_eq!(run.end, Ok(Completion::Done));
    assert!(TestHost::new().input_file("dataset", "no/such/file").is_err());
}
