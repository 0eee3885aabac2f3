//! Awkward files (`messy/`): each is read right or refused in words that help, by both jobs on tables, and
//! every count reconciles. The figures were compared by hand with those that the script counted which wrote the files.

use fuelcell_sdk::testing::{TestHost, TestRun};
use serde_json::{Value, json};

/// A file, what DataEnrichment and what Analysis make of it.
struct Row(&'static str, &'static str, &'static str);

const TABLE: &[Row] = &[
    Row(
        "bad_utf8.csv",
        "120 = 120 + 0 + 0; LOG; GuessedEncoding 15",
        "120 = 120 + 0 + 0; 30 × case; GuessedEncoding 15",
    ),
    Row("blank_lines_only.csv", BLANK, BLANK),
    Row("bom_crlf.csv", "200 = 200 + 0 + 0; LOG; ", "200 = 200 + 0 + 0; 50 × case; "),
    Row("clean.csv", "200 = 200 + 0 + 0; LOG; ", "200 = 200 + 0 + 0; 50 × case; "),
    Row("cr_only.csv", "200 = 200 + 0 + 0; LOG; ", "200 = 200 + 0 + 0; 50 × case; "),
    Row(
        "duplicate_column_names.csv",
        "20 = 20 + 0 + 0; id:integer id_2:integer activity:text timestamp:timestamp; RenamedColumn 1",
        "20 = 20 + 0 + 0; 20 × row; RenamedColumn 1",
    ),
    Row("duplicates.csv", "230 = 200 + 30 + 0; LOG; ", "230 = 200 + 30 + 0; 50 × case; "),
    Row("empty.csv", EMPTY, EMPTY),
    Row(
        "formula_injection.csv",
        "2 = 2 + 0 + 0; case_id:text activity:text timestamp:timestamp resource:text amount:integer; ",
        "2 = 2 + 0 + 0; 1 × case; ",
    ),
    Row(
        "future_and_ancient.csv",
        "4 = 4 + 0 + 0; case_id:text activity:text timestamp:timestamp resource:text amount:integer; ImplausibleTime 2",
        "4 = 4 + 0 + 0; 2 × case; ImplausibleTime 2",
    ),
    Row(
        "header_only.csv",
        "0 = 0 + 0 + 0; case_id:text activity:text timestamp:text resource:text amount:text; ",
        "0 = 0 + 0 + 0; 0 × row; ",
    ),
    Row(
        "header_only_no_newline.csv",
        "0 = 0 + 0 + 0; case_id:text activity:text timestamp:text resource:text amount:text; ",
        "0 = 0 + 0 + 0; 0 × row; ",
    ),
    Row("huge_field.csv", "2 = 2 + 0 + 0; LOG; ", "2 = 2 + 0 + 0; 2 × case; "),
    Row(
        "inferable_timestamps.csv",
        "400 = 400 + 0 + 0; case_id:text activity:text timestamp:timestamp(38 missing) resource:text amount:decimal(2); ",
        "400 = 362 + 0 + 38; 100 × case; IncompleteEvent 38",
    ),
    Row(
        "many_columns.csv",
        "3 = 3 + 0 + 0; c0:integer c1:integer c2:integer c3:integer c4:integer … 3000 columns; ",
        "3 = 3 + 0 + 0; 3 × row; ",
    ),
    Row(
        "mixed_timestamps.csv",
        "300 = 300 + 0 + 0; case_id:text activity:text timestamp:text(26 missing) resource:text amount:decimal(2); DoubtfulColumn 44, MissingWord 23",
        "UnreadableTimestamps: The column \"timestamp\" should say when something happened, and is text. 207 of 251 values are of type timestamp; 44 are not, such as \"1710072000\" in line 22. Write times as ISO 8601, or name another column in columns.timestamp.",
    ),
    Row(
        "no_header.csv",
        "200 = 200 + 0 + 0; column_1:text column_2:text column_3:timestamp column_4:text column_5:decimal(2); NoHeader 1",
        "200 = 200 + 0 + 0; 200 × row; NoHeader 1",
    ),
    Row("nul_bytes.csv", NUL, NUL),
    Row("one_column.csv", "50 = 50 + 0 + 0; value:integer; ", "50 = 50 + 0 + 0; 50 × row; "),
    Row(
        "quoted_newlines.csv",
        "60 = 60 + 0 + 0; case_id:text activity:text timestamp:timestamp comment:text(48 missing); ",
        "60 = 60 + 0 + 0; 20 × case; ",
    ),
    Row("ragged.csv", "100 = 82 + 0 + 18; LOG; ", "100 = 82 + 0 + 18; 25 × case; MalformedRow 18"),
    Row(
        "reverse_time_order.csv",
        "8 = 8 + 0 + 0; case_id:text activity:text timestamp:timestamp resource:text amount:integer; ",
        "8 = 8 + 0 + 0; 1 × case; ",
    ),
    Row("semicolon_decimal_comma.csv", "200 = 200 + 0 + 0; LOG; ", "200 = 200 + 0 + 0; 50 × case; "),
    Row("tab.tsv", "200 = 200 + 0 + 0; LOG; ", "200 = 200 + 0 + 0; 50 × case; "),
    Row(
        "unicode_names.csv",
        "90 = 90 + 0 + 0; case_id:text activity:text timestamp:timestamp resource:text amount:integer; ",
        "90 = 90 + 0 + 0; 30 × case; ",
    ),
    Row("unterminated_quote.csv", QUOTE, QUOTE),
    Row("utf16le_bom.csv", "200 = 200 + 0 + 0; LOG; ", "200 = 200 + 0 + 0; 50 × case; "),
];

/// The columns of most files.
const LOG: &str = "case_id:text activity:text timestamp:timestamp resource:text amount:decimal(2)";

const EMPTY: &str =
    "EmptyFile: The file is empty (0 bytes). A table needs at least a row with the names of its columns.";
const BLANK: &str =
    "EmptyFile: The file holds no rows. A table needs at least a row with the names of its columns.";
const NUL: &str = "UnsupportedFormat: The file is binary: there is a zero byte in line 3 (UTF-16 text needs its byte-order mark). Allowed are CSV and its relatives, JSON lines, a JSON array of objects, Parquet and Excel workbooks (.xlsx), the first three also as gzip, zstd or zip.";
const QUOTE: &str = "CorruptCsv: The row that begins in line 12 opens a quote (\") that is never closed. Close it, or double quotes inside a quoted field.";

fn file(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/messy");
    match name {
        // 2 MB of one letter.
        "huge_field.csv" => [
            &b"case_id,activity,timestamp,resource,amount\nC1,"[..],
            &vec![b'x'; 2_000_000],
            b",2024-01-01T00:00:00Z,ann,1.0\nC001,Check,2024-03-06T13:15:00Z,ann,12.00\n",
        ]
        .concat(),
        name => std::fs::read(format!("{folder}/{name}")).expect("the file is there"),
    }
}

fn json_of(run: &TestRun, name: &str) -> Value {
    serde_json::from_str(run.text(name).expect("the output is there")).expect("it is JSON")
}

/// `total = valid + duplicates removed + invalid`, and the warnings: what a client sees of either job.
fn counts(run: &TestRun) -> (String, String) {
    let report = run.report.as_ref().expect("there is a report");
    let found = report.validation.expect("rows are accounted for");
    assert_eq!(found.total, found.valid + found.duplicates_removed + found.invalid);
    let warnings: Vec<String> =
        report.warnings.iter().map(|warning| format!("{} {}", warning.kind, warning.count)).collect();
    let counts =
        format!("{} = {} + {} + {}", found.total, found.valid, found.duplicates_removed, found.invalid);
    (counts, warnings.join(", "))
}

fn refusal(run: &TestRun) -> Option<String> {
    let failure = run.end.as_ref().err()?;
    assert!(!failure.transient, "trying again does not help: {}", failure.message);
    Some(format!("{}: {}", failure.code, failure.message))
}

/// Counts; columns with their types, and with how many values are missing; warnings.
fn enriched(name: &str, bytes: &[u8], steps: &Value) -> String {
    let checks = json!({"checkDuplicates": true, "validateTimestamps": true});
    let host = TestHost::new().parameters(json!({"qualityChecks": checks, "steps": steps}));
    let run = host.input("dataset", name, bytes).run::<data_enrichment::Job>();
    if let Some(refusal) = refusal(&run) {
        return refusal;
    }
    let (counts, warnings) = counts(&run);
    let validation = run.report.as_ref().and_then(|report| report.validation).expect("it was there");
    let profile = json_of(&run, "profile.json");
    for (name, count) in [
        ("totalRecords", validation.total),
        ("validRecords", validation.valid),
        ("duplicatesRemoved", validation.duplicates_removed),
        ("invalidRecords", validation.invalid),
        ("enrichedRecords", validation.valid),
    ] {
        assert_eq!(profile[name], count, "{name}");
    }
    let records = |name: &str| {
        let text = run.text(name).unwrap_or_default();
        let mut csv = csv::Reader::from_reader(text.as_bytes());
        csv.records().collect::<Result<Vec<_>, _>>().expect("it is CSV").len()
    };
    assert_eq!(records("enriched.csv") as u64, validation.valid);
    assert_eq!(records("rejected.csv") as u64, validation.invalid);
    let errors: u64 =
        run.report.iter().flat_map(|report| &report.processing_errors).map(|error| error.count).sum();
    assert_eq!(errors, validation.invalid, "each rejected row has its reason");
    let columns = profile["after"]["columns"].as_array().expect("it is a list");
    let column = |column: &Value| {
        assert_eq!(column["rows"], validation.valid);
        let missing = match column["missing"].as_u64() {
            Some(0) => String::new(),
            missing => format!("({} missing)", missing.expect("it is a number")),
        };
        format!(
            "{}:{}{missing}",
            column["name"].as_str().expect("a name"),
            column["type"].as_str().expect("a type")
        )
    };
    let mut shown: Vec<String> = columns.iter().take(5).map(column).collect();
    if columns.len() > 5 {
        shown.push(format!("… {} columns", columns.len()));
    }
    format!("{counts}; {}; {warnings}", shown.join(" ").replace(LOG, "LOG"))
}

/// Counts; what was analysed; warnings.
fn analysed(name: &str, bytes: &[u8]) -> String {
    let host = TestHost::new().parameters(json!({"qualityChecks": {"checkDuplicates": true}}));
    let run = host.input("dataset", name, bytes).run::<analysis::Job>();
    if let Some(refusal) = refusal(&run) {
        return refusal;
    }
    let (counts, warnings) = counts(&run);
    let document = json_of(&run, "analysis.json");
    let rows = format!("{} × {}", document["rows"], document["row"].as_str().expect("it is a word"));
    format!("{counts}; {rows}; {warnings}")
}

#[test]
fn every_file_is_read_right_or_refused() {
    for Row(name, by_enrichment, by_analysis) in TABLE {
        let bytes = file(name);
        assert_eq!(enriched(name, &bytes, &json!([])), *by_enrichment, "{name}");
        assert_eq!(analysed(name, &bytes), *by_analysis, "{name}");
    }
}

/// All eight ways in which mixed_timestamps.csv writes times are read when they are named; the 25 that are no times are
/// rejected, the 49 that are missing stay so.
#[test]
fn mixed_times_are_read_when_they_are_named() {
    let name = "mixed_timestamps.csv";
    let forms = ["%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p", "%d.%m.%Y %H:%M:%S"];
    let steps = json!([{"parseTimes": {"column": "timestamp", "formats": forms, "unit": "seconds", "onError": "reject"}}]);
    let found = "300 = 275 + 0 + 25; case_id:text activity:text timestamp:timestamp(49 missing) resource:text amount:decimal(2); DoubtfulColumn 44, MissingWord 23";
    assert_eq!(enriched(name, &file(name), &steps), found);
}
