//! Files as they come: each is read right, or refused in words that help, and every row is accounted for.

use std::io::Write as _;

use data_enrichment::Job;
use fuelcell_sdk::Completion;
use fuelcell_sdk::testing::{TestHost, TestRun};
use serde_json::{Value, json};

fn run(file: &[u8], parameters: Value) -> TestRun {
    TestHost::new().parameters(parameters).input("dataset", "table", file).run::<Job>()
}

/// Total, valid, duplicates removed, invalid; then the columns with their types.
fn read(file: &[u8]) -> (u64, u64, u64, u64, String) {
    let run = run(file, json!({"qualityChecks": {"checkDuplicates": true}}));
    assert!(run.end.is_ok(), "{:?}", run.end);
    let found = run.report.as_ref().and_then(|report| report.validation).expect("rows are accounted for");
    assert_eq!(found.total, found.valid + found.duplicates_removed + found.invalid);
    let profile: Value = serde_json::from_str(run.text("profile.json").expect("it is there and as expected"))
        .expect("it is there and as expected");
    let columns = profile["after"]["columns"].as_array().expect("it is there and as expected");
    let word = |column: &Value| {
        format!(
            "{}:{}",
            column["name"].as_str().expect("it is there and as expected"),
            column["type"].as_str().expect("it is there and as expected")
        )
    };
    let enriched = run.text("enriched.csv").expect("it is there and as expected").lines().count() as u64;
    assert!(enriched > found.valid, "there is a line for the header and one for each valid row at least");
    let columns: Vec<String> = columns.iter().map(word).collect();
    (found.total, found.valid, found.duplicates_removed, found.invalid, columns.join(" "))
}

const PLAIN: &str = "case_id,amount,at\nC1,10.50,2024-03-01T09:15:00Z\nC2,7.25,2024-03-02T09:15:00Z\n";
const COLUMNS: &str = "case_id:text amount:decimal(2) at:timestamp";

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).expect("it is there and as expected");
    gzip.finish().expect("it is there and as expected")
}

fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).expect("it is there and as expected");
        zip.write_all(content).expect("it is there and as expected");
    }
    zip.finish().expect("it is there and as expected").into_inner()
}

#[test]
fn one_table_in_every_wrapping() {
    let semicolons = "case_id;amount;at\nC1;10,50;2024-03-01T09:15:00Z\nC2;7,25;2024-03-02T09:15:00Z\n";
    let json_lines = "{\"case_id\": \"C1\", \"amount\": 10.50, \"at\": \"2024-03-01T09:15:00Z\"}\n{\"case_id\": \"C2\", \"amount\": 7.25, \"at\": \"2024-03-02T09:15:00Z\"}\n";
    let array = format!("[{}]", json_lines.trim().replace("}\n{", "},\n{"));
    let files: [(&str, Vec<u8>); 14] = [
        ("plain", PLAIN.into()),
        ("byte-order mark and CRLF", format!("\u{feff}{}", PLAIN.replace('\n', "\r\n")).into()),
        ("CR alone", PLAIN.replace('\n', "\r").into()),
        ("UTF-16", utf16(PLAIN)),
        ("semicolons and decimal commas", semicolons.into()),
        ("tabs", PLAIN.replace(',', "\t").into()),
        ("sep= line", format!("sep=,\n{PLAIN}").into()),
        ("title rows", format!("Orders of March,,\n,,\n{PLAIN}").into()),
        ("no line end", PLAIN.trim_end().into()),
        ("gzip", gzip(PLAIN.as_bytes())),
        ("padded gzip", [gzip(PLAIN.as_bytes()), vec![0; 100]].concat()),
        ("zip", zip(&[("table.csv", PLAIN.as_bytes()), ("__MACOSX/._table.csv", b"x")])),
        ("JSON lines", json_lines.into()),
        ("JSON", array.into()),
    ];
    for (name, file) in files {
        assert_eq!(read(&file), (2, 2, 0, 0, COLUMNS.to_string()), "{name}");
    }
}

#[test]
fn what_is_written_is_read_again() {
    for format in ["csv", "jsonLines", "parquet"] {
        let written = run(PLAIN.as_bytes(), json!({"fileFormat": format}));
        assert!(written.undeclared.is_empty(), "{format}: {:?}", written.undeclared);
        let (_, file) = written.artifacts.iter().find(|(name, _)| name.starts_with("enriched")).unwrap();
        assert_eq!(read(&file.bytes), (2, 2, 0, 0, COLUMNS.to_string()), "{format}");
    }
}

#[test]
fn odd_rows_are_rejected_counted_and_told() {
    let ragged = "a,b\n1,2\n3\n4,5,6\n7,8\n";
    assert_eq!(read(ragged.as_bytes()), (4, 2, 0, 2, "a:integer b:integer".into()));
    let rejected = run(ragged.as_bytes(), json!({})).text("rejected.csv").unwrap().to_string();
    let lines: Vec<&str> = rejected.lines().collect();
    assert!(lines[1].starts_with("3,,reading,\"The row has 1 fields, the header 2"), "{rejected}");
    assert!(lines[2].starts_with("4,,reading,") && lines[2].contains("4 | 5 | 6"), "{rejected}");
    let padded = run(ragged.as_bytes(), json!({"reading": {"raggedRows": "pad"}}));
    assert_eq!(
        padded.report.unwrap().validation.unwrap().invalid,
        1,
        "a row that is too long stays rejected"
    );
    assert_eq!(read(b"a,b\n1,2\n1,2\n1,3\n"), (3, 2, 1, 0, "a:integer b:integer".into()));
    assert_eq!(read(b"1,x\n2,y\n"), (2, 2, 0, 0, "column_1:integer column_2:text".into()), "no header");
    assert_eq!(read(b"id,id,\n1,2,3\n"), (1, 1, 0, 0, "id:integer id_2:integer column_3:integer".into()));
    assert_eq!(read(b"v\n1\n2\n"), (2, 2, 0, 0, "v:integer".into()), "one column");
    assert_eq!(
        read("name,note\n\u{e9}t\u{e9},\"line one\nline two\"\n".as_bytes()).0,
        1,
        "a line end in a field"
    );
}

#[test]
fn bytes_that_are_no_text_are_replaced_and_counted() {
    let warnings = |file: &[u8]| run(file, json!({})).report.unwrap().warnings;
    let replaced = warnings(b"a\nol\xe9\n\xc3\xa9t\xc3\xa9\n");
    assert_eq!((replaced[0].kind.as_str(), replaced[0].count), ("InvalidUtf8", 1));
    let guessed = warnings(b"a\nol\xe9\nplain\n");
    assert_eq!((guessed[0].kind.as_str(), guessed[0].count), ("GuessedEncoding", 1));
}

#[test]
fn nothing_is_an_answer_and_nonsense_is_refused() {
    let empty = run(b"a,b\n", json!({}));
    assert_eq!(empty.end, Ok(Completion::NoItems));
    assert_eq!(empty.text("enriched.csv"), Some("a,b\n"));
    assert_eq!(empty.report.unwrap().quality_score, None);
    let refused: [(&[u8], &str, &str); 8] = [
        (b"", "EmptyFile", "0 bytes"),
        (b"\n\n\n", "EmptyFile", "no rows"),
        (b"a,b\n1,\"x\n2,y\n", "CorruptCsv", "line 2"),
        (b"a\nx\0y\n", "UnsupportedFormat", "binary"),
        (b"PAR1 and nothing", "CorruptParquet", "Parquet"),
        (b"{\"a\": 1}\n{\"a\": \n", "CorruptJson", "Row 2"),
        (b"\xd0\xcf\x11\xe0", "UnsupportedFormat", ".xlsx"),
        (&gzip(PLAIN.as_bytes())[..40], "TruncatedGzip", "Upload the whole file"),
    ];
    for (file, code, words) in refused {
        let failure = run(file, json!({})).end.unwrap_err();
        assert_eq!(failure.code, code, "{}", failure.message);
        assert!(failure.message.contains(words), "{}", failure.message);
        assert!(!failure.transient);
    }
    let several = zip(&[("a.csv", b"x"), ("b.csv", b"y")]);
    let failure = run(&several, json!({})).end.unwrap_err();
    assert!(
        failure.message.contains("2 files") && failure.message.contains("\"a.csv\""),
        "{}",
        failure.message
    );
}

#[test]
fn times_are_never_wrong_in_silence() {
    let mut file = String::from("id,at\n");
    for row in 0..300 {
        file += &format!("{row},03/{:02}/2024 09:15\n", row % 12 + 1);
    }
    let doubtful = run(file.as_bytes(), json!({}));
    let warning = &doubtful.report.unwrap().warnings[0];
    assert_eq!((warning.kind.as_str(), warning.count), ("DoubtfulColumn", 300));
    file += "300,25/12/2024 09:15\n";
    assert_eq!(
        read(file.as_bytes()).4,
        "id:integer at:timestamp",
        "the last row proves that the day stands first"
    );
    let late = run(file.as_bytes(), json!({}));
    assert!(late.text("enriched.csv").unwrap().contains("\n1,2024-02-03T09:15:00\n"));
}

#[test]
fn formulas_do_no_harm_and_names_cannot_break_out() {
    let run = run(b"<b>name</b>,v\n=HYPERLINK(1),-5\n<script>alert(1)</script>,+1\n", json!({}));
    let csv = run.text("enriched.csv").unwrap();
    assert!(csv.contains("'=HYPERLINK(1),-5"), "{csv}");
    let report = run.text("report.html").unwrap();
    assert!(!report.contains("<script>") && !report.contains("<b>name"), "text stays text");
    assert!(report.contains("&lt;script&gt;"));
}

#[test]
fn figures_are_those_of_other_tools() {
    // Python's statistics module of the same values, and linear interpolation between ranks.
    let values = [12.5, 3.25, 8.0, 100.0, 7.5, 9.25, 11.0, 6.0];
    let file: String = values.iter().enumerate().map(|(row, value)| format!("{row},{value}\n")).collect();
    let run = run(format!("row,value\n{file}").as_bytes(), json!({}));
    let profile: Value = serde_json::from_str(run.text("profile.json").unwrap()).unwrap();
    let column = &profile["after"]["columns"][1];
    let near = |value: &Value, expected: f64| {
        let value = value.as_f64().unwrap();
        assert!((value - expected).abs() <= 1e-9 * expected.abs(), "{value} is not {expected}");
    };
    near(&column["mean"], 19.6875);
    near(&column["standardDeviation"], 32.577_037_815_877_965);
    near(&column["quantiles"]["p25"], 7.125);
    near(&column["quantiles"]["p50"], 8.625);
    near(&column["quantiles"]["p95"], 69.375);
    assert_eq!(column["outliers"]["count"], json!(1));
    assert_eq!(column["distinct"], json!({"count": 8, "exact": true}));
    near(&profile["after"]["correlations"][0]["r"], -0.085_484_646_226_789_33);
}

#[test]
fn a_run_that_is_stopped_says_so() {
    let rows: String = (0..30_000).map(|row| format!("{row},x\n")).collect();
    let host = TestHost::new().parameters(json!({})).input("dataset", "table.csv", format!("a,b\n{rows}"));
    let run = host.cancel_after_polls(1).run::<Job>();
    assert_eq!(run.end.unwrap_err().code, "Cancelled");
}

#[test]
fn a_run_that_is_stopped_keeps_the_rows_that_were_done() {
    let rows: String = (0..100_000).map(|row| format!("{row},x\n")).collect();
    let file = format!("a,b\n{rows}");
    let stopped = |steps: Value, polls| {
        let parameters = json!({"steps": steps});
        let host = TestHost::new().parameters(parameters).input("dataset", "table.csv", file.as_bytes());
        host.cancel_after_polls(polls).run::<Job>()
    };
    let run = stopped(json!([{"validate": {"rules": [{"column": "a", "range": {"min": 10}}]}}]), 20);
    let failure = run.end.clone().unwrap_err();
    assert_eq!(failure.code, "Cancelled");
    let partial: Value = serde_json::from_slice(run.checkpoint.as_ref().unwrap()).unwrap();
    let (read, written) = (partial["rowsRead"].as_u64().unwrap(), partial["rowsWritten"].as_u64().unwrap());
    assert!(read > 0 && read < 100_000 && written > 0, "{partial}");
    assert!(failure.message.contains(&format!("the first {written}")), "{}", failure.message);
    let lines: Vec<String> = run.text("enriched.csv").unwrap().lines().map(String::from).collect();
    assert_eq!(lines.len() as u64, written + 1);
    assert_eq!((lines[1].as_str(), partial["invalidRecords"].as_u64()), ("10,x", Some(10)));
    // Where all rows are needed first, none are done before.
    let run = stopped(json!([{"sort": {"by": [{"column": "a"}]}}]), 16);
    assert_eq!(run.end.as_ref().unwrap_err().code, "Cancelled");
    let partial: Value = serde_json::from_slice(run.checkpoint.as_ref().unwrap()).unwrap();
    assert_eq!((&partial["rowsWritten"], run.text("enriched.csv")), (&Value::Null, None));
}
