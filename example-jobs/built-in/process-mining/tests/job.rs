//! The job as a host runs it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use fuelcell_sdk::testing::{TestHost, TestRun};
use fuelcell_sdk::{Completion, Kind};
use process_mining::Job;
use serde_json::{Value, json};

const SAMPLE: &[u8] = include_bytes!("../sample/order-to-cash.csv");

/// Three cases by hand: two of the same variant, one with rework.
const SMALL: &str = "case_id,activity,timestamp,resource
1,register,2024-01-01T08:00:00Z,ann
1,check,2024-01-01T09:00:00Z,bob
1,pay,2024-01-02T08:00:00Z,ann
2,register,2024-01-03T08:00:00Z,ann
2,check,2024-01-03T10:00:00Z,
2,pay,2024-01-04T08:00:00Z,ann
3,register,2024-01-05T08:00:00Z,ann
3,check,2024-01-05T08:30:00Z,bob
3,check,2024-01-05T08:45:00Z,bob
3,pay,2024-01-09T08:00:00Z,cy
";

fn run(bytes: impl AsRef<[u8]>, parameters: Value) -> TestRun {
    TestHost::new().input("dataset", "orders.csv", bytes).parameters(parameters).run::<Job>()
}

fn figures(run: &TestRun) -> Value {
    assert!(matches!(run.end, Ok(Completion::Done | Completion::NoItems)), "{:?}", run.end);
    serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap()
}

fn mined(bytes: impl AsRef<[u8]>) -> Value {
    figures(&run(bytes, json!({})))
}

/// Code and message of a run that must fail.
fn failure(bytes: impl AsRef<[u8]>, parameters: Value) -> (String, String) {
    let failure = run(bytes, parameters).end.unwrap_err();
    assert!(!failure.transient);
    (failure.code, failure.message)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn figures_of_a_log_that_fits_a_hand() {
    let figures = mined(SMALL);
    assert_eq!(figures["num_events"], 10);
    assert_eq!(figures["num_cases"], 3);
    assert_eq!(figures["num_variants"], 2);
    assert_eq!(figures["activity_counts"], json!({"check": 4, "pay": 3, "register": 3}));
    assert_eq!(figures["start_activities"], json!({"register": 3}));
    assert_eq!(figures["end_activities"], json!({"pay": 3}));
    assert_eq!(figures["num_dfg_edges"], 3);
    let first = &figures["dfg"][1];
    assert_eq!((&first["from"], &first["to"]), (&json!("register"), &json!("check")));
    assert_eq!(first["median_seconds"], 3600.0);
    assert_eq!(first["mean_seconds"], 4200.0);
    assert_eq!(figures["case_duration"]["median_seconds"], 86_400.0);
    assert_eq!(figures["case_duration"]["max_seconds"], 4.0 * 86_400.0);
    assert_eq!(figures["rework_cases_per_activity"], json!({"check": 1}));
    assert_eq!(figures["events_without_resource"], 1);
    assert_eq!(figures["handover_between_different_resources"], 4);
    assert_eq!(figures["first_timestamp"], "2024-01-01T08:00:00+00:00");
    // printf 'register\x1fcheck\x1fcheck\x1fpay\t1\nregister\x1fcheck\x1fpay\t2' | sha256sum
    let digest = "ebeff30206d0b318e2eeece9a07b4c3004d63e724abfdea30d9cad8f6601624e";
    assert_eq!(figures["variants_digest_sha256"], digest);
}

#[test]
fn every_output_says_what_it_is() {
    let run = run(SAMPLE, json!({}));
    let what = |name: &str| {
        let description = &run.artifacts[name].description;
        (description.kind, description.type_name.as_str(), description.primary)
    };
    assert_eq!(run.end, Ok(Completion::Done));
    assert_eq!(what("report.html"), (Kind::Report, "ProcessMiningReport", true));
    assert_eq!(what("process-map.svg"), (Kind::Visualization, "ProcessMap", false));
    assert_eq!(what("process-mining.json"), (Kind::Data, "ProcessMiningResult", false));
    assert_eq!(what("enriched-log.csv"), (Kind::Data, "EnrichedDataset", false));
    assert_eq!(what("model.json"), (Kind::Model, "AnalyticsModel", false));
    let enriched = run.text("enriched-log.csv").unwrap();
    let records = run.artifacts["enriched-log.csv"].description.record_count.unwrap();
    assert_eq!(enriched.lines().count() as u64, records + 1);
    assert_eq!(figures(&run)["num_events"], records);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let (first, second) = (run(SAMPLE, json!({})), run(gzip(SAMPLE), json!({})));
    for name in ["process-map.svg", "enriched-log.csv", "model.json"] {
        assert_eq!(first.bytes(name), second.bytes(name), "{name}");
    }
}

#[test]
fn accuracy_comes_from_cases_that_the_model_had_not_seen() {
    let run = run(SAMPLE, json!({}));
    let accuracy = run.artifacts["model.json"].description.accuracy.unwrap();
    let model: Value = serde_json::from_str(run.text("model.json").unwrap()).unwrap();
    let written = model["evaluation"]["accuracy"].as_f64().unwrap();
    assert!((written - accuracy).abs() < 1e-12);
    let baseline = model["evaluation"]["baseline_accuracy"].as_f64().unwrap();
    assert!(accuracy > baseline && accuracy < 1.0, "{accuracy} against {baseline}");
    let cases = |key: &str| model["evaluation"][key].as_u64().unwrap();
    assert!(cases("training_cases") + cases("test_cases") <= 320);
}

#[test]
fn too_few_cases_give_no_accuracy() {
    let run = run(SMALL, json!({}));
    assert_eq!(run.artifacts["model.json"].description.accuracy, None);
}

#[test]
fn what_was_planted_is_found_and_nothing_is_invented() {
    let figures = mined(SAMPLE);
    let cases = |kind: &str| -> Vec<String> {
        let groups = figures["anomalies"].as_array().unwrap().iter().filter(|group| group["kind"] == kind);
        let cases = groups.flat_map(|group| group["cases"].as_array().unwrap().clone());
        let mut cases: Vec<String> = cases.map(|case| case["case"].as_str().unwrap().to_string()).collect();
        cases.sort();
        cases
    };
    assert_eq!(cases("SkippedStep"), ["A0041", "A0133", "A0257"]);
    assert_eq!(cases("PingPong"), ["A0029", "A0188", "A0250"]);
    assert_eq!(cases("DelayedStep"), ["A0065", "A0217"]);
    let insights = figures["insights"].as_array().unwrap();
    let skipped = insights.iter().position(|insight| insight["kind"] == "SkippedStep").unwrap();
    assert_eq!(insights[skipped]["num_cases"], 3);
    assert!(skipped > 0, "three cases of 320 move less than other findings do");
}

#[test]
fn what_a_lost_row_may_have_held_is_not_called_skipped() {
    let sample = std::str::from_utf8(SAMPLE).unwrap();
    let broken = sample.replacen("A0010,Check credit", "A0010,", 1);
    assert_ne!(sample, broken);
    let figures = mined(broken);
    let skipped =
        figures["anomalies"].as_array().unwrap().iter().find(|group| group["kind"] == "SkippedStep").unwrap();
    assert_eq!(skipped["num_cases"], 3);
    assert!(skipped["definition"].as_str().unwrap().contains("not judged"));
}

#[test]
fn a_time_window_keeps_the_cases_that_it_contains() {
    let window =
        |start: &str, end: &str| run(SMALL, json!({"timeWindow": {"startDate": start, "endDate": end}}));
    let inside = figures(&window("2024-01-01", "2024-01-04"));
    assert_eq!((&inside["num_cases"], &inside["num_events"]), (&json!(2), &json!(6)));
    assert_eq!(inside["time_window"]["cases_left_out"], 1);
    // The last event of case 2 is on the fourth at eight.
    assert_eq!(figures(&window("2024-01-01", "2024-01-04T07:59:59Z"))["num_cases"], 1);
}

#[test]
fn an_empty_window_completes_with_a_warning() {
    let run = run(SMALL, json!({"timeWindow": {"startDate": "2030-01-01", "endDate": "2030-01-31"}}));
    let figures = figures(&run);
    assert_eq!((&figures["num_events"], &figures["case_duration"]), (&json!(0), &Value::Null));
    let report = run.report.as_ref().unwrap();
    assert_eq!((report.records_processed, report.records_total), (0, Some(10)));
    assert!(report.warnings.iter().any(|warning| warning.kind == "EmptyTimeWindow"), "{:?}", report.warnings);
    assert_eq!((&run.end, report.quality_score), (&Ok(Completion::NoItems), None));
    let html = run.text("report.html").unwrap();
    assert!(html.contains("2030-01-01 to 2030-01-31") && html.contains("nothing was analysed"));
}

#[test]
fn duplicates_go_only_when_asked_and_the_sum_is_right() {
    let log = format!("{SMALL}2,check,2024-01-03T10:00:00Z,\n,check,2024-01-03T10:00:00Z,\n9,check,soon,\n");
    for (check, valid, removed) in [(false, 11, 0), (true, 10, 1)] {
        let run = run(&log, json!({"qualityChecks": {"checkDuplicates": check}}));
        let report = run.report.as_ref().unwrap();
        let validation = report.validation.unwrap();
        assert_eq!((validation.total, validation.valid), (13, valid));
        assert_eq!((validation.duplicates_removed, validation.invalid), (removed, 2));
        assert_eq!(validation.total, validation.valid + validation.duplicates_removed + validation.invalid);
        assert_eq!(report.records_processed, valid);
        assert!(report.quality_score.unwrap() < 100.0);
        let text = serde_json::to_string(&report.warnings).unwrap();
        assert!(text.contains("first in row 14: \\\"soon\\\""), "{text}");
    }
}

#[test]
fn flags_have_effect() {
    let all = run(SAMPLE, json!({}));
    let html = all.text("report.html").unwrap();
    for id in [
        "insights",
        "quality",
        "map",
        "variants",
        "times",
        "timeline",
        "bottlenecks",
        "rework",
        "resources",
        "anomalies",
    ] {
        assert!(html.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    let none = run(
        SAMPLE,
        json!({"includeAnomalyDetection": false, "includeProcessVariants": false, "generateInsights": false,
               "performanceMetrics": ["rework"]}),
    );
    let html = none.text("report.html").unwrap();
    for id in ["insights", "variants", "times", "timeline", "bottlenecks", "resources", "anomalies"] {
        assert!(!html.contains(&format!("<section id=\"{id}\">")), "{id}");
    }
    assert!(html.contains("<section id=\"rework\">"));
    let figures = figures(&none);
    for key in ["anomalies", "insights", "top_variants"] {
        assert!(figures.get(key).is_none(), "{key}");
    }
    let names = |format: &str| -> Vec<String> {
        run(SAMPLE, json!({"outputFormat": format})).artifacts.keys().cloned().collect()
    };
    assert_eq!(names("summary_report"), ["process-map.svg", "process-mining.json", "report.html"]);
    assert_eq!(names("data"), ["enriched-log.csv", "model.json", "process-mining.json"]);
    let discovery = run(SAMPLE, json!({"analysisType": "discovery"}));
    assert!(!discovery.text("report.html").unwrap().contains("<section id=\"bottlenecks\">"));
}

#[test]
fn progress_never_falls_and_ends_at_the_end() {
    let run = run(SAMPLE.repeat(30), json!({}));
    let shares: Vec<f64> =
        run.progress.iter().map(|progress| progress.done as f64 / progress.total as f64).collect();
    assert!(shares.windows(2).all(|pair| pair[0] <= pair[1]), "{shares:?}");
    assert_eq!(shares.last(), Some(&1.0));
    let largest = shares.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max);
    assert!(shares.len() > 20 && largest <= 0.15, "{shares:?}");
}

#[test]
fn a_cancelled_run_leaves_the_figures_of_what_it_read() {
    let large = SAMPLE.repeat(30);
    let run = TestHost::new().input("dataset", "large.csv", &large).cancel_after_polls(3).run::<Job>();
    assert_eq!(run.end.unwrap_err().code, "Cancelled");
    let partial: Value = serde_json::from_slice(&run.checkpoint.unwrap()).unwrap();
    assert_eq!(partial["partial"], true);
    let events = partial["num_events"].as_u64().unwrap();
    assert!(events > 1000 && events < 2552 * 30, "{events}");
}

#[test]
fn a_checkpoint_that_does_not_fit_costs_nothing_else() {
    let run = TestHost::new().input("dataset", "orders.csv", SAMPLE).checkpoint_bytes(100).run::<Job>();
    assert_eq!(run.end, Ok(Completion::Done));
    assert!(run.logs.iter().any(|line| line.message.contains("no checkpoint was saved")));
}

#[test]
fn an_enriched_log_that_does_not_fit_is_left_out() {
    let run = TestHost::new().input("dataset", "orders.csv", SAMPLE).disk_bytes(420_000).run::<Job>();
    assert_eq!(run.end, Ok(Completion::Done));
    assert!(!run.artifacts.contains_key("enriched-log.csv"));
    assert!(run.artifacts.contains_key("report.html"));
    assert!(run.report.unwrap().warnings.iter().any(|warning| warning.kind == "OutputLimit"));
}

#[test]
fn names_from_the_data_stay_text() {
    let log = SMALL
        .replace("check", "\"<script>alert(1)</script>\"")
        .replace("ann", "=1+1")
        .replace("pay", "'\"><img src=x>");
    let run = run(log, json!({}));
    assert_eq!(run.end, Ok(Completion::Done));
    for name in ["report.html", "process-map.svg"] {
        let text = run.text(name).unwrap();
        assert!(!text.contains("<script") && !text.contains("<img"), "{name}");
        assert!(text.contains("&lt;script&gt;"), "{name}");
        // Nothing is loaded from anywhere: the only address is the name of the SVG namespace.
        assert!(!text.replace("http://www.w3.org/2000/svg", "").contains("//"), "{name}");
    }
    assert!(run.text("enriched-log.csv").unwrap().contains("\"'=1+1\""));
}

#[test]
fn tables_in_every_dress() {
    let plain = mined(SMALL);
    let utf16: Vec<u8> =
        [0xfeff_u16].into_iter().chain(SMALL.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let dressed: Vec<(&str, Vec<u8>)> = vec![
        ("CR LF and mark", format!("\u{feff}{}", SMALL.replace('\n', "\r\n")).into_bytes()),
        ("CR", SMALL.replace('\n', "\r").into_bytes()),
        ("semicolons", SMALL.replace(',', ";").into_bytes()),
        ("tabs", SMALL.replace(',', "\t").into_bytes()),
        ("bars", SMALL.replace(',', "|").into_bytes()),
        ("quotes", SMALL.replace("check", "\"check\"").into_bytes()),
        ("UTF-16", utf16),
        ("gzip", gzip(SMALL.as_bytes())),
        ("day first", SMALL.replace("2024-01-0", "2024-01-1").into_bytes()),
    ];
    for (what, bytes) in dressed {
        let found = mined(bytes);
        for key in ["num_events", "num_cases", "variants_digest_sha256", "case_duration", "num_resources"] {
            assert_eq!(found[key], plain[key], "{what}: {key}");
        }
    }
}

/// An archive with these files, stored as they are.
fn zip(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = Vec::new();
    for (name, content) in files {
        let mut sum = flate2::Crc::new();
        sum.update(content.as_bytes());
        let size = u32::try_from(content.len()).unwrap().to_le_bytes();
        archive.extend_from_slice(b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0");
        archive.extend_from_slice(&sum.sum().to_le_bytes());
        archive.extend_from_slice(&[size, size].concat());
        archive.extend_from_slice(&[u8::try_from(name.len()).unwrap(), 0, 0, 0]);
        archive.extend_from_slice(name.as_bytes());
        archive.extend_from_slice(content.as_bytes());
    }
    archive.extend_from_slice(b"PK\x01\x02");
    archive
}

#[test]
fn an_archive_with_one_log_is_that_log() {
    let alone = zip(&[("folder/", ""), ("folder/log.csv", SMALL)]);
    assert_eq!(mined(&alone)["num_events"], 10);
    let mut damaged = alone;
    let at = damaged
        .windows(4)
        .position(|four| four == b"bob,")
        .or(damaged.windows(3).position(|three| three == b"bob"));
    damaged[at.unwrap()] = b'B';
    assert_eq!(failure(&damaged, json!({})).0, "CorruptZip");
    let (code, message) = failure(zip(&[("a.csv", SMALL), ("b.csv", SMALL)]), json!({}));
    assert!(code == "UnsupportedFormat" && message.contains("several files"), "{message}");
    let (_, message) = failure(zip(&[("[Content_Types].xml", "<x/>")]), json!({}));
    assert!(message.contains("workbook"), "{message}");
}

#[test]
fn exports_of_tools_are_read_as_they_are() {
    let by = |log: &str| {
        let figures = mined(log);
        (
            figures["num_events"].clone(),
            figures["case_duration"]["max_seconds"].clone(),
            figures["top_variants"][0]["activities"].clone(),
        )
    };
    let hour = (json!(2), json!(3600.0), json!(["a", "b"]));
    for log in [
        "sep=;\ncase_id;activity;timestamp;cost\n1;a;2024-01-01T08:00:00Z;1,5\n1;b;2024-01-01T09:00:00Z;2,5\n",
        "Orders of the week\n\ncase_id;activity;timestamp\n1;a;2024-01-01T08:00:00Z\n1;b;2024-01-01T09:00:00Z\n",
        "case_id,activity,date,time\n1,b,2024-01-01,09:00\n1,a,2024-01-01,08:00\n",
        "case,activity,start_date,start_time,end_date,end_time\n1,b,01/13/2024,9:00 AM,01/13/2024,9:00 AM\n1,a,01/13/2024,7:00 AM,01/13/2024,8:00 AM\n",
        "number,incident_state,sys_updated_by,sys_updated_at,opened_at\nI1,a,u1,29/2/2016 01:00,?\nI1,b,?,29/2/2016 02:00,29/2/2016 01:00\n",
        "caseid,activity,timestamp\n1,a,1700000000\n1,b,1700003600\n",
        "caseid,activity,timestamp\n1,a,12/31/23 23:30\n1,b,1/1/24 0:30\n",
    ] {
        assert_eq!(by(log), hour, "{log}");
    }
    let sorted =
        "_CASE_KEY,ACTIVITY_EN,EVENTTIME,_SORTING\n1,b,2024-01-01 08:00:00,20\n1,a,2024-01-01 08:00:00,10\n";
    assert_eq!(by(sorted).2, json!(["a", "b"]), "a sort column decides between equal times");
    let fine = "case,activity,timestamp\n1,b,2024-01-01 08:00:00.0000002\n1,a,2024-01-01 08:00:00.0000001\n";
    assert_eq!(by(fine).2, json!(["a", "b"]), "and so do more digits than are kept");
}

#[test]
fn what_may_not_be_meant_is_said() {
    let said = |log: &str| {
        run(log, json!({}))
            .report
            .unwrap()
            .warnings
            .iter()
            .map(|warning| warning.message.clone())
            .collect::<String>()
    };
    let dates =
        (1..=4).map(|day| format!("{day},order,2024-03-0{day}T14:30:00Z\n{day},invoice,2024-03-0{day}\n"));
    let dates = format!("case,activity,timestamp\n{}", dates.collect::<String>());
    assert!(said(&dates).contains("before all else of their day. They are \"invoice\""), "{}", said(&dates));
    let serials = "case,activity,timestamp\n1,a,45292.5\n1,b,45293.75\n";
    assert!(!said(serials).contains("without hours"), "{}", said(serials));
    let seconds = "case,activity,timestamp\n1,a,1704067200\n1,b,1704153600\n";
    assert!(!said(seconds).contains("without hours"), "{}", said(seconds));
    let days = "case,activity,timestamp\n1,a,2024-01-01\n1,b,2024-01-03\n";
    assert!(said(days).contains("All times are dates without hours"), "{}", said(days));
    let alike = "case,activity,Activity,timestamp\n7,a,x,2024-01-01 08:00\n07,a,x,2024-01-01 09:00\n7.0,a,x,2024-01-01 09:00\n";
    assert!(
        said(alike).contains("\"activity\" was read as the activity, not \"Activity\""),
        "{}",
        said(alike)
    );
    assert!(said(alike).contains("Cases are named alike"));
    let open = "case,activity,start_time,end_time\n1,a,2024-01-01T08:00:00Z,\n";
    assert!(said(open).contains("work that has not ended"));
    let trailing = [gzip(SMALL.as_bytes()), b"more".to_vec()].concat();
    assert!(
        run(trailing, json!({}))
            .report
            .unwrap()
            .warnings
            .iter()
            .any(|warning| warning.message.contains("no gzip"))
    );
}

#[test]
fn columns_and_forms_can_be_named() {
    let log = "Vorgang;Schritt;Wann\n1;anlegen;03.02.2024 08:00\n1;prüfen;04.02.2024 09:30\n";
    let columns = json!({"columns": {"case": "Vorgang", "activity": "Schritt", "timestamp": "Wann"}});
    let figures_found = figures(&run(log, columns));
    assert_eq!(figures_found["case_duration"]["max_seconds"], 91_800.0);
    let slashes = "case,activity,timestamp\n1,a,03/02/2024 08:00\n1,b,04/02/2024 08:00\n";
    let named = figures(&run(slashes, json!({"timestampFormats": ["%m/%d/%Y %H:%M"]})));
    assert_eq!(named["first_timestamp"], "2024-03-02T08:00:00+00:00");
}

#[expect(clippy::too_many_lines, reason = "a table of cases")]
#[test]
fn bad_tables_say_what_is_wrong_and_what_is_allowed() {
    let tar = [&b"log.csv"[..], &[0; 250], b"ustar\x0000", &[0; 248]].concat();
    let cases: Vec<(&[u8], &str, &[&str])> = vec![
        (b"", "EmptyLog", &["0 bytes"]),
        (b"\n\n\r\n", "EmptyLog", &[]),
        (b"case,activity,timestamp\n", "EmptyLog", &["no events"]),
        (
            b"case,activity,amount\n1,a,5\n",
            "MissingColumn",
            &["timestamp", "\"amount\"", "columns.timestamp"],
        ),
        (
            b"1,a,2024-01-01\n",
            "MissingColumn",
            &["row 1", "No column for the case, the activity, the timestamp"],
        ),
        (
            b"case,activity,timestamp\n1,a,soon\n",
            "UnreadableTimestamps",
            &["row 2", "\"soon\"", "\"timestamp\"", "timestampFormats"],
        ),
        (
            b"case,activity,timestamp\n1,a,03/02/2024\n",
            "AmbiguousTimestamps",
            &["03/02/2024", "%d/%m/%Y", "%m/%d/%Y"],
        ),
        (
            b"case,activity,timestamp\n1,a,13/01/2024\n2,a,01/13/2024\n3,a,02/03/2024\n",
            "AmbiguousTimestamps",
            &["contradict each other"],
        ),
        (b"case,activity,timestamp\n1,,2024-01-01\n,a,2024-01-01\n", "NoReadableEvents", &["1 without case"]),
        (
            b"case,activity,timestamp\n1,\"a,2024-01-01\n2,b,2024-01-01\n",
            "CorruptCsv",
            &["Row 2", "never closed"],
        ),
        (b"PK\x03\x04....", "TruncatedZip", &[]),
        (b"PAR1....", "CorruptParquet", &["Parquet", "intact"]),
        (b"<!DOCTYPE html>\n<html></html>", "UnsupportedFormat", &["web page", "Raw"]),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
            "UnsupportedFormat",
            &["git lfs pull"],
        ),
        (b"{\"objectTypes\": [], \"events\": []}", "InvalidOcel", &["no \"objects\""]),
        (
            b"<log><object-types/><events><event id='1'/></events></log>",
            "InvalidOcel",
            &["<event> has no attribute \"type\""],
        ),
        (
            b"case,activity,timestamp\n1,a,1850-01-01\n1,b,1850-01-02\n",
            "ImplausibleTimestamps",
            &["1850-01-01", "columns.timestamp"],
        ),
        (b"7z\xbc\xaf\x27\x1c\0\x04", "UnsupportedFormat", &["is a 7z archive", ".zip"]),
        (&tar, "UnsupportedFormat", &["is a tar archive"]),
        (b"\x7fELF\x02\x01\x01\0\0\0", "UnsupportedFormat", &["binary", ".csv"]),
        (&[0x1f, 0x8b, 8, 0, 1, 2], "TruncatedGzip", &[]),
    ];
    for (bytes, code, words) in cases {
        let (found, message) = failure(bytes, json!({}));
        assert_eq!(found, code, "{message}");
        for word in words {
            assert!(message.contains(word), "{word}: {message}");
        }
    }
    let packed = gzip(SAMPLE);
    assert_eq!(failure(&packed[..packed.len() / 2], json!({})).0, "TruncatedGzip");
    let mut damaged = packed.clone();
    damaged[packed.len() / 2] ^= 0xff;
    assert_eq!(failure(&damaged, json!({})).0, "CorruptGzip");
}

#[test]
fn bad_parameters_are_named() {
    let cases = [
        (json!({"timeWindow": {"startDate": "soon"}}), "timeWindow.startDate"),
        (json!({"timeWindow": {"startDate": "2024-02-01", "endDate": "2024-01-01"}}), "timeWindow.endDate"),
        (json!({"columns": {"case": "order"}}), "columns.case"),
        (json!({"timestampFormats": ["%!"]}), "timestampFormats"),
    ];
    for (parameters, word) in cases {
        let (code, message) = failure(SMALL, parameters);
        assert_eq!(code, "InvalidParameter", "{message}");
        assert!(message.contains(word), "{message}");
    }
    assert_eq!(failure(SMALL, json!({"outputFormat": "papyrus"})).0, "InvalidParameters");
}

#[test]
fn broken_bytes_are_replaced_and_counted() {
    let mut log = SMALL.as_bytes().to_vec();
    log.extend_from_slice(b"3,Jos\xe9,2024-01-10T08:00:00Z,M\xfcller\n");
    let run = run(&log, json!({}));
    assert_eq!(figures(&run)["activity_counts"]["Jos\u{fffd}"], 1);
    let warnings = run.report.unwrap().warnings;
    assert!(
        warnings.iter().any(|warning| warning.message.contains("UTF-8") && warning.count == 1),
        "{warnings:?}"
    );
}

const XES: &str = r#"<?xml version="1.0" encoding="UTF-8" ?>
<log xes.version="1.0" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <global scope="event"><string key="concept:name" value="UNKNOWN"/></global>
  <string key="concept:name" value="the log"><string key="nested" value="x"/></string>
  <trace>
    <string key="concept:name" value="case &amp; 1"/>
    <boolean key="urgent" value="True"/>
    <event>
      <string key="concept:name" value="register"><string key="concept:name" value="nested and ignored"/></string>
      <date key="time:timestamp" value="2024-01-01T09:00:00.000+01:00"/>
      <string key="org:resource" value="ann"/>
      <string key="lifecycle:transition" value="complete"/>
      <list key="items"><values><string key="concept:name" value="item"/></values></list>
    </event>
    <event><string key="concept:name" value="pay"/><date key="time:timestamp" value="2024-01-01T09:00:00Z"/></event>
    <event><string key="concept:name" value="no time"/></event>
  </trace>
  <trace>
    <event><string key="concept:name" value="pay"/><date key="time:timestamp" value="2024-01-02T09:00:00Z"/></event>
  </trace>
</log>"#;

#[test]
fn xes_is_read_as_it_is_meant() {
    for bytes in [XES.as_bytes().to_vec(), gzip(XES.as_bytes())] {
        let run = run(bytes, json!({}));
        let figures = figures(&run);
        assert_eq!((&figures["num_events"], &figures["dropped_rows"]), (&json!(3), &json!(1)));
        assert_eq!(figures["activity_counts"], json!({"register": 1, "pay": 2}));
        assert_eq!(figures["longest_cases"][0], json!({"case": "case & 1", "duration_seconds": 3600.0}));
        assert_eq!(figures["lifecycle_counts"], json!({"complete": 1}));
        assert_eq!(figures["longest_cases"][1]["case"], "trace 2");
    }
}

#[test]
fn xes_in_another_encoding_or_with_other_types_is_read() {
    let log = "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><log><trace><int key=\"concept:name\" value=\"42\"/><event>\
               <string key=\"concept:name\" value=\"Prüfung\"/><int key=\"time:timestamp\" value=\"1704103200000\"/></event></trace></log>";
    let bytes: Vec<u8> = log.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect();
    let figures = mined(bytes);
    assert_eq!(figures["activity_counts"], json!({"Prüfung": 1}));
    assert_eq!(
        (&figures["longest_cases"][0]["case"], &figures["first_timestamp"]),
        (&json!("42"), &json!("2024-01-01T10:00:00+00:00"))
    );
}

#[test]
fn bad_xes_says_where() {
    let deep = format!("<log><trace><event>{}", "<list key='a'>".repeat(100));
    let huge = format!("<log><trace a='{}'/></log>", "x".repeat(9 << 20));
    let entities = "<!DOCTYPE log [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><log>&b;</log>".to_string();
    let cases = [
        ("<pnml></pnml>".to_string(), "<pnml> instead of <log>"),
        (XES.replace("UTF-8", "EBCDIC"), "ebcdic"),
        (XES[..XES.len() - 6].to_string(), "ends before </log>"),
        (XES[..XES.len() - 30].to_string(), "not closed"),
        (XES.replace("</event>", "</trace>"), "is closed by"),
        (XES.replacen("&amp;", "&bomb;", 1), "bomb"),
        (entities, "not allowed"),
        (deep, "nested deeper"),
        (huge, "longer than 8 MiB"),
    ];
    for (text, word) in cases {
        let (code, message) = failure(&text, json!({}));
        assert_eq!(code, "CorruptXes", "{message}");
        assert!(message.contains(word) && message.contains("byte"), "{message}");
    }
    assert_eq!(failure("<log></log>", json!({})).0, "EmptyLog");
}
