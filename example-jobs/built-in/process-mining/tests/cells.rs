//! Logs in files whose cells are no text: Parquet and workbooks.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::{Cursor, Write as _};

use fuelcell_sdk::testing::TestHost;
use fuelcell_table_kit::{FileFormat, Options, Seekable, Stop, Table, writer};
use process_mining::Job;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const LOG: &str = include_str!("../sample/order-to-cash.csv");

/// The figures, and how the file was read.
fn mined(file: &[u8]) -> (Value, String) {
    let run = TestHost::new().input("dataset", "log", file).parameters(json!({})).run::<Job>();
    run.end.as_ref().unwrap();
    let figures: Value = serde_json::from_str(run.text("process-mining.json").unwrap()).unwrap();
    (figures, run.logs[0].message.clone())
}

fn failure(file: &[u8], parameters: Value) -> (String, String) {
    let run = TestHost::new().input("dataset", "log", file).parameters(parameters).run::<Job>();
    let failure = run.end.unwrap_err();
    (failure.code, failure.message)
}

/// Of the text of a table.
fn parquet(text: &str) -> Vec<u8> {
    let text = text.as_bytes().to_vec();
    let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(Cursor::new(text.clone()))) };
    let table = Table::scan(&mut open, &Options::default(), &mut |_| true).unwrap();
    let mut out = writer(FileFormat::Parquet, Vec::new(), &table.schema()).unwrap();
    let mut rows = table.rows(&mut open).unwrap();
    while let Some(rows) = rows.next().unwrap() {
        out.write(&rows.typed).unwrap();
    }
    out.finish().unwrap()
}

/// A workbook of these sheets. Cells of the second style are days and hours, as a spreadsheet keeps them.
fn workbook(sheets: &[(&str, &str)]) -> Vec<u8> {
    let mut files = vec![
        (
            "[Content_Types].xml".to_owned(),
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".to_owned(),
        ),
        (
            "_rels/.rels".to_owned(),
            "<Relationships><Relationship Id=\"w\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
                .to_owned(),
        ),
        (
            "xl/styles.xml".to_owned(),
            "<styleSheet><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"22\"/></cellXfs></styleSheet>"
                .to_owned(),
        ),
    ];
    let (mut names, mut relations) = (String::new(), String::new());
    for (number, (name, rows)) in sheets.iter().enumerate() {
        names += &format!("<sheet name=\"{name}\" sheetId=\"{number}\" r:id=\"r{number}\"/>");
        relations += &format!(
            "<Relationship Id=\"r{number}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/{number}.xml\"/>"
        );
        files.push((
            format!("xl/worksheets/{number}.xml"),
            format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        ));
    }
    files.push(("xl/workbook.xml".into(), format!("<workbook xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets>{names}</sheets></workbook>")));
    files.push(("xl/_rels/workbook.xml.rels".into(), format!("<Relationships>{relations}</Relationships>")));
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// Rows of a sheet: texts, and numbers of the style of times.
fn sheet(rows: &[&[&str]]) -> String {
    let mut text = String::new();
    for (row, cells) in (1..).zip(rows) {
        text += &format!("<row r=\"{row}\">");
        for (column, cell) in ('A'..).zip(*cells) {
            text += &match cell.parse::<f64>() {
                Ok(number) => format!("<c r=\"{column}{row}\" s=\"1\"><v>{number}</v></c>"),
                Err(_) => format!("<c r=\"{column}{row}\" t=\"inlineStr\"><is><t>{cell}</t></is></c>"),
            };
        }
        text += "</row>";
    }
    text
}

#[test]
fn a_parquet_file_is_the_log_that_its_text_is() {
    let (figures, told) = mined(&parquet(LOG));
    assert!(told.starts_with("Parquet, "), "{told}");
    assert_eq!(figures, mined(LOG.as_bytes()).0);
}

#[test]
fn the_first_sheet_of_a_workbook_is_a_log() {
    let log = sheet(&[
        &["Orders of the week"],
        &["case id", "activity", "timestamp"],
        &["x1", "take", "45292.5"],
        &["x1", "say \"done\", go", "45292.75"],
    ]);
    let (figures, told) = mined(&workbook(&[("Log", &log), ("Notes", "")]));
    assert_eq!(told, "Excel, sheet \"Log\" (the first of 2), 2 events in 1 case");
    assert_eq!(figures["case_duration"]["max_seconds"], 21_600.0);
    assert_eq!(figures["top_variants"][0]["activities"], json!(["take", "say \"done\", go"]));
    assert_eq!(figures["first_timestamp"], "2024-01-01T12:00:00+00:00");
}

#[test]
fn hours_in_a_cell_of_their_own_are_those_of_the_date_beside_them() {
    let log = sheet(&[
        &["case id", "activity", "date", "time"],
        &["x1", "take", "45292", "0.5"],
        &["x1", "pay", "45293", "0.25"],
    ]);
    assert_eq!(mined(&workbook(&[("Log", &log)])).0["case_duration"]["max_seconds"], 64_800.0);
}

#[test]
fn cells_that_are_no_log_are_refused_with_what_the_file_is() {
    let notes = sheet(&[&["who", "what"], &["ann", "calls"]]);
    let notes = workbook(&[("Notes", &notes), ("Log", "")]);
    for (file, parameters, code, words) in [
        (notes, json!({}), "MissingColumn", "\"Notes\" (the first of 2)"),
        (workbook(&[("Log", "")]), json!({}), "EmptyLog", "holds no rows"),
        (b"PAR1 and nothing".to_vec(), json!({}), "CorruptParquet", "intact"),
        (parquet(LOG), json!({"classifier": "x"}), "InvalidParameter", "columns.activity"),
        (parquet(LOG), json!({"objectType": "x"}), "InvalidParameter", "object-centric"),
    ] {
        let (found, message) = failure(&file, parameters);
        assert!(found == code && message.contains(words), "{found}: {message}");
    }
}
