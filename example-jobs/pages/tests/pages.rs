//! `docs/jobs`: the pages are those of the code, and every example in them runs. `BLESS=1` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use fuelcell_parameters_kit::{Calendar, Columns, Filter, OutputFormat, QualityChecks, TimeWindow};
use fuelcell_sdk::testing::TestHost;
use fuelcell_sdk::{Completion, GuestJob};
use job_pages::{Shared, examples, files, parameters, types};
use schemars::JsonSchema;
use serde_json::{Value, json};

/// The words that all jobs share, as one object.
#[derive(JsonSchema)]
#[serde(rename_all = "camelCase")]
#[expect(dead_code, reason = "only its schema is looked at")]
struct Words {
    /// A stretch of time. Of a table the rows of this time are worked on, of an event log the cases that lie completely inside.
    time_window: Option<TimeWindow>,
    /// Conditions, all of which must be met. What they leave out is valid, and counted.
    #[schemars(length(max = 100))]
    #[serde(default)]
    filters: Vec<Filter>,
    /// Which columns are the case, the activity, the times of an event log. Those of well-known names, such as `case_id`,
    /// `concept:name`, `timestamp` or `org:resource`, need not be named.
    #[serde(default)]
    columns: Columns,
    /// The zone of the IANA database whose midnights begin days, weeks and months; `UTC` when left out.
    time_zone: Option<String>,
    /// When people work: what of a duration counts as working time.
    calendar: Option<Calendar>,
    /// Which checks of the data are made. What they find is a warning, and part of the quality score.
    #[serde(default)]
    quality_checks: QualityChecks,
    /// Which outputs are made.
    #[serde(default)]
    output_format: OutputFormat,
}

const SHARED: &str = "shared.md";
const LOG: &str = include_str!("../../built-in/process-mining/sample/order-to-cash.csv");
const OBJECTS: &str = include_str!("../../built-in/process-mining/sample/orders.ocel.json");
const ORDERS: &str =
    "id,city,amount,paid\n1, Ulm,10.50,2024-01-31\n2,ulm,abc,2024-02-01\n3,Köln,7.25,\n3,Köln,7.25,\n";

fn words() -> Value {
    serde_json::to_value(schemars::schema_for!(Words)).unwrap()
}

fn manifest<J: GuestJob>() -> Value {
    serde_json::to_value(J::manifest()).unwrap()
}

/// An example: what it shows, the file that it works on, and its parameters.
struct Example {
    shows: &'static str,
    file: &'static str,
    content: &'static str,
    parameters: Value,
    /// An output whose first lines the page shows.
    output: Option<&'static str>,
}

fn enrichment() -> Vec<Example> {
    vec![
        Example {
            shows: "Rows are cleaned, checked and told apart; one that cannot be cast is rejected.",
            file: "orders.csv",
            content: ORDERS,
            parameters: json!({
                "qualityChecks": {"checkDuplicates": true},
                "steps": [
                    {"trim": {}},
                    {"normalise": {"columns": ["city"], "case": "title"}},
                    {"cast": {"column": "amount", "type": "decimal", "onError": "reject"}},
                    {"derive": {"column": "gross", "expression": "amount * 1.19", "type": "decimal"}},
                ],
            }),
            output: Some("enriched.csv"),
        },
        Example {
            shows: "Cases of one quarter, with working time beside wall time.",
            file: "order-to-cash.csv",
            content: LOG,
            parameters: json!({
                "timeWindow": {"startDate": "2023-10-01", "endDate": "2023-12-31"},
                "timeZone": "Europe/Berlin",
                "calendar": office(),
                "steps": [{"eventLog": {"add": ["caseDuration", "caseWorkingTime", "offHours"]}}],
            }),
            output: None,
        },
    ]
}

fn analysis() -> Vec<Example> {
    vec![
        Example {
            shows: "How many cases take more than 40 hours of working time, and a question in SQL.",
            file: "order-to-cash.csv",
            content: LOG,
            parameters: json!({
                "timeZone": "Europe/Berlin",
                "calendar": office(),
                "kpis": [
                    {"name": "late", "measure": "slaBreach", "column": "working duration", "limit": 144_000},
                    {"measure": "median", "column": "duration"},
                ],
                "sql": "SELECT activity, count(*) AS events FROM dataset GROUP BY activity ORDER BY events DESC LIMIT 3",
            }),
            output: Some("sql-1.csv"),
        },
        Example {
            shows: "Only long cases, without one activity.",
            file: "order-to-cash.csv",
            content: LOG,
            parameters: json!({"filters": [
                {"attribute": "duration", "comparison": "above", "values": [86_400]},
                {"attribute": "activity", "comparison": "isNot", "values": ["Send invoice"], "level": "event"},
            ]}),
            output: None,
        },
    ]
}

fn mining() -> Vec<Example> {
    vec![
        Example {
            shows: "Cases that take more than a day, without what one activity adds, held against a rule.",
            file: "order-to-cash.csv",
            content: LOG,
            parameters: json!({
                "filters": [
                    {"attribute": "duration", "comparison": "above", "values": [86_400]},
                    {"attribute": "activity", "comparison": "isNot", "values": ["Send invoice"], "level": "event"},
                ],
                "rules": [{"kind": "precedence", "first": "Check credit", "then": "Approve order"}],
                "performanceMetrics": ["cycle_time", "waiting_time"],
            }),
            output: None,
        },
        Example {
            shows: "Two groups of cases: those that were changed, and all others.",
            file: "order-to-cash.csv",
            content: LOG,
            parameters: json!({
                "compare": [{"name": "Changed", "filters": [{"attribute": "activities", "values": ["Change order"]}]}],
            }),
            output: None,
        },
        Example {
            shows: "An object-centric log (OCEL 2.0) whose packages are the cases.",
            file: "orders.ocel.json",
            content: OBJECTS,
            parameters: json!({"objectType": "package"}),
            output: None,
        },
    ]
}

fn office() -> Value {
    let day = json!([{"from": "08:00", "to": "17:00"}]);
    json!({
        "workingHours": {"monday": day, "tuesday": day, "wednesday": day, "thursday": day, "friday": day},
        "holidays": ["2023-12-25", "2023-12-26"],
    })
}

/// JSON as people write it: its outer members each on a line.
fn laid_out(value: &Value, depth: usize) -> String {
    let inner = |lines: Vec<String>, [open, close]: [char; 2]| {
        let indent = "  ".repeat(depth + 1);
        format!("{open}\n{indent}{}\n{}{close}", lines.join(&format!(",\n{indent}")), "  ".repeat(depth))
    };
    if value.to_string().len() + 2 * depth < 100 {
        return spaced(value);
    }
    match value {
        Value::Object(members) => {
            let lines =
                members.iter().map(|(name, member)| format!("\"{name}\": {}", laid_out(member, depth + 1)));
            inner(lines.collect(), ['{', '}'])
        }
        Value::Array(values) => {
            inner(values.iter().map(|value| laid_out(value, depth + 1)).collect(), ['[', ']'])
        }
        _ => value.to_string(),
    }
}

/// JSON on one line.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let each = members.iter().map(|(name, member)| format!("\"{name}\": {}", spaced(member)));
            format!("{{{}}}", each.collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => format!("[{}]", values.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        _ => value.to_string(),
    }
}

/// Runs an example, and shows it with what came of it.
fn shown<J: GuestJob>(example: &Example) -> String {
    let host = TestHost::new().parameters(example.parameters.clone());
    let run = host.input("dataset", example.file, example.content).run::<J>();
    assert_eq!(run.end, Ok(Completion::Done), "{}", example.shows);
    let parameters = laid_out(&example.parameters, 0);
    let mut text = format!("{}\n\n```json\n{parameters}\n```\n", example.shows);
    if let Some(name) = example.output {
        let lines: Vec<&str> = run.text(name).unwrap().lines().take(6).collect();
        write!(text, "\n`{name}` of `{}`:\n\n```csv\n{}\n```\n", example.file, lines.join("\n")).unwrap();
    }
    text
}

fn page<J: GuestJob>(readme: &str, shown_examples: &[String]) -> String {
    let manifest = manifest::<J>();
    let shared = Shared { page: SHARED, types: &types(&words()) };
    let [title, about] = ["title", "description"].map(|member| manifest[member].as_str().unwrap());
    format!(
        "# {title}\n\n{about} This page is made of the manifest of the job; [its README]({readme}) has definitions and figures. \
         Words that all jobs share are on [a page of their own]({SHARED}).\n\n## Examples\n\n{}\n{}\n## Parameters\n\n{}",
        shown_examples.join("\n"),
        files(&manifest),
        parameters(&manifest["parameters"], &shared)
    )
}

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/jobs").join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let have = fs::read_to_string(&path).unwrap_or_default();
    let other = have.lines().zip(text.lines()).find(|(have, made)| have != made);
    assert!(
        have == text,
        "{name} is not that of the code: {other:?}; `BLESS=1 cargo test -p job-pages` writes it anew"
    );
}

fn all<J: GuestJob>(examples: &[Example]) -> Vec<String> {
    examples.iter().map(shown::<J>).collect()
}

#[test]
fn process_mining() {
    let readme = "../../example-jobs/built-in/process-mining/README.md";
    check("process-mining.md", &page::<process_mining::Job>(readme, &all::<process_mining::Job>(&mining())));
}

#[test]
fn data_enrichment() {
    let readme = "../../example-jobs/built-in/data-enrichment/README.md";
    check(
        "data-enrichment.md",
        &page::<data_enrichment::Job>(readme, &all::<data_enrichment::Job>(&enrichment())),
    );
}

#[test]
fn analysis_page() {
    let readme = "../../example-jobs/built-in/analysis/README.md";
    check("analysis.md", &page::<analysis::Job>(readme, &all::<analysis::Job>(&analysis())));
}

/// Who takes which of the shared words.
fn takers() -> String {
    let jobs =
        [manifest::<process_mining::Job>(), manifest::<data_enrichment::Job>(), manifest::<analysis::Job>()];
    let words = words();
    let mut text =
        String::from("| word | ProcessMining | DataEnrichment | Analysis |\n| --- | --- | --- | --- |\n");
    for word in words["properties"].as_object().unwrap().keys() {
        let takes =
            |job: &Value| if job["parameters"]["properties"].get(word).is_some() { "yes" } else { "no" };
        let [mining, enrichment, analysis] = [0, 1, 2].map(|at| takes(&jobs[at]));
        writeln!(text, "| `{word}` | {mining} | {enrichment} | {analysis} |").unwrap();
    }
    text
}

#[test]
fn shared_words() {
    let shared = Shared { page: "", types: &[] };
    let text = format!(
        "# Words that all jobs share\n\nA parameter of this name means the same in every built-in job.\n\n{}\n\
         A level of a filter says what the attribute belongs to. The filters of ProcessMining are on \
         attributes of cases and events, and on what follows from events of cases ([its page](process-mining.md) lists them). In DataEnrichment a condition on a case looks at the first value that the \
         case has in the column; in Analysis the cases are a table, with `duration`, `events`, `first activity`, \
         `last activity`, `variant`, `rework`, `start`, `end`, and every column of the log.\n\n\
         A `timeZone` that is left out is `UTC`; in ProcessMining it is detected from the offsets of the log first, and the \
         time window means its days.\n\n## Parameters\n\n{}",
        takers(),
        parameters(&words(), &shared)
    );
    check(SHARED, &text);
}

#[test]
fn each_verb_has_an_example_that_is_a_step() {
    let manifest = manifest::<data_enrichment::Job>();
    let steps = &manifest["parameters"]["$defs"]["Step"];
    let verbs = steps["oneOf"].as_array().unwrap();
    for verb in verbs {
        let name = verb["properties"].as_object().unwrap().keys().next().unwrap();
        let found = examples(verb);
        assert!(found.iter().any(|example| example.get(name).is_some()), "{name} has no example");
        for example in found {
            let step: Result<data_enrichment::steps::Step, _> = serde_json::from_value(example.clone());
            assert!(step.is_ok(), "{example}: {step:?}");
        }
    }
}
