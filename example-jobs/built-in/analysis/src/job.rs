//! The job: reads the dataset, analyses it, writes the outputs.

use std::io::{Read as _, Write as _};

use fuelcell_report_kit::Quality;
use fuelcell_report_kit::text::counted;
use fuelcell_sdk::{
    Artifact, Cancellation, Completion, Context, DataValidation, Failure, Finding, Kind, Report, Result,
};
use fuelcell_sql_kit::Database;
use fuelcell_table_kit::{CsvWriter, Options, Progress, Seekable, Stop, TableWriter as _};
use serde_json::{Value, json};

use crate::analyse::{Results, analyse};
use crate::parameters::{Analysis, OutputFormat, Parameters};
use crate::predict::Predictor;
use crate::read::{Read, read};
use crate::report;
use crate::sentences::{self, Sentence};
use crate::sql::{self, Answer};
use crate::subject::Subject;
use crate::tables::{Table, tables};

/// Progress counts thousandths of the whole run.
const WHOLE: u64 = 1000;
const SCANNED: u64 = 250;
const READ: u64 = 500;
const COMPUTED: u64 = 900;

#[fuelcell_sdk::job(
    job_type = "Analysis",
    title = "Analysis",
    description = "Says what drives the figures of a table or an event log: causes, where the time goes, comparisons, \
                   trends, and what would be.",
    input(
        name = "dataset",
        parameter = "datasetId",
        formats = ["csv", "csv.gz", "tsv", "txt", "jsonl", "ndjson", "json", "parquet", "xlsx", "zip", "zst", "gz"],
        required = true
    ),
    input(name = "lookups", parameter = "lookups", required = false, many = true),
    input(name = "model", parameter = "modelId", formats = ["json"], required = false),
    output(name = "report.html", kind = "report", type_name = "AnalysisReport"),
    output(name = "analysis.json", kind = "data", type_name = "AnalysisResult"),
    output(name = "causes.csv", kind = "data", type_name = "AnalysisTable"),
    output(name = "kpis.csv", kind = "data", type_name = "AnalysisTable"),
    output(name = "steps.csv", kind = "data", type_name = "AnalysisTable"),
    output(name = "comparison.csv", kind = "data", type_name = "AnalysisTable"),
    output(name = "trends.csv", kind = "data", type_name = "AnalysisTable"),
    output(name = "open-cases.csv", kind = "data", type_name = "AnalysisTable"),
    output(name = "model.json", kind = "model", type_name = "AnalyticsModel"),
    output(name = "causes.svg", kind = "visualization", type_name = "AnalysisChart"),
    output(name = "tree.svg", kind = "visualization", type_name = "AnalysisChart"),
    output(name = "steps.svg", kind = "visualization", type_name = "AnalysisChart"),
    output(name = "trend.svg", kind = "visualization", type_name = "AnalysisChart"),
    deterministic = true
)]
fn explain(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    parameters.check()?;
    let model = read_model(context)?;
    let learns = model.is_none();
    let Some(file) = read_file(context, &parameters)? else { return Err(stopped(context)) };
    let facts = Told::of(&file);
    let subject = Subject::of(file.frame, &file.roles, &parameters)?;
    let told = Told { outside: subject.outside, left_out: subject.table.left_out as u64, ..facts };
    publish(context, &told, &subject);
    let mut step = 0;
    let results = analyse(&subject, &parameters, model, &mut |stage| {
        step += 1;
        context.progress(READ + (COMPUTED - READ) * step / 8, WHOLE, stage);
        context.cancellation() == Cancellation::None
    })?;
    let (answers, files) = ask(context, &parameters, &file.table)?;
    let results = Results { answers, ..results };
    let sentences = sentences::ranked(&results, subject.noun());
    let outputs = Outputs {
        context,
        parameters: &parameters,
        subject: &subject,
        results: &results,
        sentences: &sentences,
        told: &told,
        files: &files,
        learns,
    };
    let document = outputs.document();
    save_checkpoint(context, &document);
    context.check_cancelled()?;
    context.progress(COMPUTED, WHOLE, "Writing the results");
    outputs.write(&document)?;
    context.progress(WHOLE, WHOLE, "Done");
    Ok(if subject.table.frame.rows() == 0 { Completion::NoItems } else { Completion::Done })
}

fn read_file(context: &Context, parameters: &Parameters) -> Result<Option<Read>, Failure> {
    let size = context.input("dataset").map_or(1, |input| input.size.max(1));
    let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(context.open("dataset")?)) };
    let mut tick = |second: bool, progress: Progress| {
        let share = match progress.of_rows {
            Some(rows) if progress.bytes == 0 => progress.rows as f64 / rows.max(1) as f64,
            _ => progress.bytes as f64 / size as f64,
        };
        let (from, to, stage) =
            if second { (SCANNED, READ, "Reading") } else { (0, SCANNED, "Finding columns and types") };
        context.progress(from + ((to - from) as f64 * share.clamp(0.0, 1.0)) as u64, WHOLE, stage);
        context.cancellation() == Cancellation::None
    };
    let file =
        read(&mut open, &parameters.reading, &parameters.columns, parameters.quality_checks, &mut tick)?;
    if let Some(file) = &file {
        let rows = counted(file.frame.rows() as u64, "row");
        context.info(
            "Reading",
            format!("{}, {rows}, {} columns", file.facts.format, file.frame.columns().len()),
        );
    }
    Ok(file)
}

/// The model of an earlier run, if one was given. It is read first: whoever gave the wrong file is told at once.
fn read_model(context: &Context) -> Result<Option<Predictor>, Failure> {
    const LARGEST: u64 = 32 << 20;
    let Some(size) = context.input("model").map(|input| input.size) else { return Ok(None) };
    let invalid = |reason: String| {
        Failure::new(
            "InvalidModel",
            format!("The model cannot be used: {reason}. Give the model.json of an earlier analysis."),
        )
    };
    if size > LARGEST {
        return Err(invalid(format!("it has {size} bytes, and models have at most {LARGEST}")));
    }
    let mut bytes = Vec::new();
    context.open("model")?.read_to_end(&mut bytes)?;
    Predictor::parse(&bytes).map(Some).map_err(invalid)
}

/// Answers what is asked in SQL.
fn ask(
    context: &Context,
    parameters: &Parameters,
    dataset: &fuelcell_table_kit::Table,
) -> Result<(Vec<Answer>, Vec<Vec<u8>>), Failure> {
    let Some(questions) = parameters.sql.as_ref().filter(|_| parameters.wants(Analysis::Sql)) else {
        return Ok((Vec::new(), Vec::new()));
    };
    let mut database = Database::new()?;
    let lookups = context.inputs_of("lookups").map(|(name, _)| (name.to_string(), format!("lookups/{name}")));
    let tables = std::iter::once(("dataset".to_string(), "dataset".to_string())).chain(lookups);
    for (table, input) in tables.collect::<Vec<_>>() {
        let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(context.open(&input)?)) };
        let mut tick = || context.cancellation() == Cancellation::None;
        let (known, options) = match table.as_str() {
            "dataset" => (Some(dataset), &parameters.reading),
            _ => (None, &Options::default()),
        };
        if !sql::load(&database, &table, (&mut open, known), options, &mut tick)? {
            return Err(stopped(context));
        }
    }
    let (mut answers, mut files) = (Vec::new(), Vec::new());
    for (number, (place, question)) in (1..).zip(questions.each()) {
        context.check_cancelled()?;
        let mut file = Vec::new();
        answers.push(sql::answer(&mut database, (&place, question), number, &mut file)?);
        files.push(file);
    }
    Ok((answers, files))
}

fn stopped(context: &Context) -> Failure {
    context
        .check_cancelled()
        .err()
        .unwrap_or_else(|| Failure::new("Cancelled", "Stopped while the table was read."))
}

/// A checkpoint that cannot be saved costs a partial result, not the run.
fn save_checkpoint(context: &Context, content: &str) {
    if let Err(error) = context.save_checkpoint(content.as_bytes()) {
        context.warn("Saving a checkpoint", format!("no checkpoint was saved: {error}"));
    }
}

/// What became of the rows of the file.
#[derive(Debug, Clone)]
struct Told {
    total: u64,
    invalid: u64,
    duplicates: u64,
    /// Events without a case, an activity or a time.
    left_out: u64,
    outside: usize,
    findings: Vec<Finding>,
    about: Vec<String>,
}

impl Told {
    fn of(file: &Read) -> Self {
        let facts = &file.facts;
        let mut about = vec![format!("{}, {}", facts.format, counted(facts.rows, "row"))];
        about.extend(facts.compression.map(|compression| format!("compressed with {compression}")));
        about.extend(facts.encoding.map(|encoding| format!("encoded as {encoding}")));
        Self {
            total: facts.rows,
            invalid: file.invalid,
            duplicates: file.duplicates,
            left_out: 0,
            outside: 0,
            findings: file.faults.clone(),
            about,
        }
    }

    fn validation(&self) -> DataValidation {
        let invalid = self.invalid + self.left_out;
        DataValidation {
            total: self.total,
            valid: self.total - invalid - self.duplicates,
            duplicates_removed: self.duplicates,
            invalid,
        }
    }

    /// 100 × the share of the rows that could be taken, rounded down to one decimal. None without rows.
    fn score(&self) -> Option<f64> {
        let valid = self.validation().valid + self.duplicates;
        (self.total > 0).then(|| (1000.0 * valid as f64 / self.total as f64).floor() / 10.0)
    }

    fn warnings(&self, noun: &str) -> Vec<Finding> {
        let mut warnings = self.findings.clone();
        if self.left_out > 0 {
            let message = "Events without a case, an activity or a readable time were left out";
            warnings.push(Finding::new("IncompleteEvent", message, self.left_out));
        }
        if self.outside > 0 {
            let message =
                format!("The time window and the filters left {} out", counted(self.outside as u64, noun));
            warnings.push(Finding::new("Filtered", message, self.outside as u64));
        }
        warnings
    }
}

fn publish(context: &Context, told: &Told, subject: &Subject) {
    context.report(&Report {
        records_processed: told.validation().valid,
        records_total: Some(told.total),
        warnings: told.warnings(subject.noun()),
        quality_score: told.score(),
        validation: Some(told.validation()),
        ..Report::default()
    });
}

/// Everything that the outputs are made of.
struct Outputs<'a> {
    context: &'a Context,
    parameters: &'a Parameters,
    subject: &'a Subject,
    results: &'a Results,
    sentences: &'a [Sentence],
    told: &'a Told,
    /// Answers in SQL as CSV, in the order of `results.answers`.
    files: &'a [Vec<u8>],
    /// Whether the model was learned in this run.
    learns: bool,
}

impl Outputs<'_> {
    fn document(&self) -> String {
        let mut document = serde_json::to_value(self.results).unwrap_or(Value::Null);
        document["insights"] = json!(self.sentences);
        document["rows"] = json!(self.subject.table.frame.rows());
        document["row"] = json!(self.subject.noun());
        document["rowsLeftOutByFilters"] = json!(self.told.outside);
        document["validation"] = json!(self.told.validation());
        document.to_string()
    }

    fn write(&self, document: &str) -> Result<(), Failure> {
        let format = self.parameters.output_format;
        let data = Artifact::new("analysis.json", Kind::Data)
            .type_name("AnalysisResult")
            .title("What was found")
            .media_type("application/json");
        let data = if format == OutputFormat::Data { data.primary() } else { data };
        self.write_text(data, document)?;
        if format != OutputFormat::Data {
            self.write_report()?;
        }
        if let Some(predictor) =
            self.results.predictor.as_ref().filter(|_| self.learns && format != OutputFormat::SummaryReport)
        {
            let artifact = Artifact::new("model.json", Kind::Model)
                .type_name("AnalyticsModel")
                .title("Remaining time and lateness of open cases")
                .media_type("application/json")
                .accuracy(predictor.evaluation.accuracy);
            self.write_text(artifact, &serde_json::to_string(predictor).unwrap_or_default())?;
        }
        if format == OutputFormat::DetailedReport {
            for file in report::files(self.results) {
                let artifact = Artifact::new(file.name, Kind::Visualization)
                    .type_name("AnalysisChart")
                    .title(file.title);
                self.write_text(artifact.media_type("image/svg+xml"), &file.svg)?;
            }
        }
        if format != OutputFormat::SummaryReport {
            tables(self.results).iter().try_for_each(|table| self.write_table(table))?;
            for (answer, file) in self.results.answers.iter().zip(self.files) {
                let artifact = Artifact::new(&answer.file, Kind::Data)
                    .type_name("AnalysisTable")
                    .title("An answer in SQL");
                let artifact = artifact.media_type("text/csv; charset=utf-8").record_count(answer.rows);
                self.write_bytes(artifact, file)?;
            }
        }
        Ok(())
    }

    fn write_text(&self, artifact: Artifact, content: &str) -> Result<(), Failure> {
        self.write_bytes(artifact, content.as_bytes())
    }

    fn write_bytes(&self, artifact: Artifact, content: &[u8]) -> Result<(), Failure> {
        let mut out = self.context.artifact(artifact)?;
        out.write_all(content)?;
        Ok(out.finish()?)
    }

    fn write_table(&self, table: &Table) -> Result<(), Failure> {
        let artifact = Artifact::new(table.name, Kind::Data)
            .type_name("AnalysisTable")
            .title(table.title)
            .media_type("text/csv; charset=utf-8")
            .record_count(table.rows.len() as u64);
        let mut csv = CsvWriter::without_header(self.context.artifact(artifact)?);
        csv.record(table.header.iter().copied())?;
        for row in &table.rows {
            csv.record(row.iter().map(String::as_str))?;
        }
        Ok(Box::new(csv).finish()?.finish()?)
    }

    fn write_report(&self) -> Result<(), Failure> {
        let validation = self.told.validation();
        let quality = Quality {
            score: self.told.score(),
            total: validation.total,
            valid: validation.valid,
            duplicates_removed: validation.duplicates_removed,
            invalid: validation.invalid,
            about: self.told.about.clone(),
            parts: Vec::new(),
            findings: self
                .told
                .warnings(self.subject.noun())
                .into_iter()
                .map(|finding| finding.message)
                .collect(),
        };
        let report = report::Report {
            file: self.context.input("dataset").map_or("table", |input| input.file_name.as_str()),
            noun: self.subject.noun(),
            rows: self.subject.table.frame.rows(),
            quality,
            results: self.results,
            sentences: self.sentences,
        };
        let artifact = Artifact::new("report.html", Kind::Report)
            .type_name("AnalysisReport")
            .title("Analysis report")
            .media_type("text/html; charset=utf-8")
            .primary();
        let mut out = self.context.artifact(artifact)?;
        report.page().write(&mut out)?;
        Ok(out.finish()?)
    }
}
