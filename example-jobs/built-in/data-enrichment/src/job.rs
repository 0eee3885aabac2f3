//! The job: looks at the dataset, runs the steps, writes the outputs.

use std::cell::RefCell;

use arrow_schema::SchemaRef;
use fuelcell_sdk::{
    Artifact, ArtifactWriter, Completion, Context, DataValidation, Failure, Kind, Report, Result,
};
use fuelcell_sql_kit::{Database, Form};
use fuelcell_table_kit::{Facts, Stop, Table, TableWriter, check_cancelled, excerpt, is_stop, writer};
use serde_json::{Value, json};

use crate::checks;
use crate::chunk::Chunk;
use crate::dataset::Dataset;
use crate::enriched::{Enriched, columns_before};
use crate::ledger::Ledger;
use crate::lookups;
use crate::outputs::{self, write};
use crate::parameters::{OutputFormat, Parameters};
use crate::pipeline::{Pipeline, passes};
use crate::plan::{Planned, plan};
use crate::profile::Profile;
use crate::quality::Quality;
use crate::report;
use crate::risk::{Groups, Risk};
use crate::stages::check_secrets;
use crate::steps;
use crate::whole::form;

/// Progress counts thousandths of the whole run.
const WHOLE: u64 = 1000;
const SCANNED: u64 = 350;
const READ: u64 = 850;

#[fuelcell_sdk::job(
    job_type = "DataEnrichment",
    title = "Data enrichment",
    description = "Cleans, checks and enriches a table by steps, and profiles it before and after.",
    input(name = "dataset", parameter = "datasetId", formats = ["csv", "csv.gz", "csv.zst", "tsv", "txt", "jsonl", "ndjson", "json", "parquet", "xlsx", "zip"], required = true),
    input(name = "lookups", parameter = "lookups", many = true, required = false),
    output(name = "report.html", kind = "report", type_name = "DataProfileReport"),
    output(name = "enriched.csv", kind = "data", type_name = "EnrichedDataset"),
    output(name = "enriched.jsonl", kind = "data", type_name = "EnrichedDataset"),
    output(name = "enriched.parquet", kind = "data", type_name = "EnrichedDataset"),
    output(name = "profile.json", kind = "data", type_name = "DataProfile"),
    output(name = "rejected.csv", kind = "data", type_name = "RejectedRows"),
    output(name = "dictionary.json", kind = "data", type_name = "DataDictionary"),
    disk_bytes = 4_294_967_296,
    hmac = ["*"]
)]
fn enrich(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    Ok(run(context, &parameters)?)
}

fn run(context: &Context, parameters: &Parameters) -> Result<Completion, Stop> {
    check_secrets(context, &parameters.steps)?;
    let raw = if parameters.begins_with_steps() { steps::raw_columns(&parameters.steps) } else { Vec::new() };
    let dataset = Dataset::scan(context, &parameters.reading, &raw, |share| {
        context.progress((SCANNED as f64 * share) as u64, WHOLE, "Finding types");
    })?;
    check_cancelled(context)?;
    let facts = &dataset.table.facts;
    tell_facts(context, facts);
    let plan = plan(parameters, &dataset.schema())?;
    let Worked { before, after, risk, mut ledger } = work(context, parameters, &plan, &dataset)?;
    let implausible = checks::made(parameters, &before, &dataset.schema(), &mut ledger)?;
    warn_of_reading(&dataset.table, dataset.columns(), &mut ledger);
    let invalid = ledger.counts.values().sum::<u64>() - ledger.derived;
    let validation = DataValidation {
        total: facts.rows,
        valid: facts.rows - ledger.duplicates - invalid,
        duplicates_removed: ledger.duplicates,
        invalid,
    };
    let quality = Quality::of(validation, &before, dataset.columns(), implausible);
    let findings = ledger.findings();
    let all = Enriched {
        file: context.input("dataset").map_or("table", |input| input.file_name.as_str()),
        facts,
        plan: &plan,
        steps: &parameters.steps,
        before: &before,
        columns_before: columns_before(&before, &parameters.steps),
        after: &after,
        columns_after: after.documents(),
        ledger: &ledger,
        quality: &quality,
        risk: risk.as_ref(),
        findings: &findings,
        is_retry: dataset.is_retry(),
    };
    context.progress(READ, WHOLE, "Writing the results");
    outputs::rejected(context, &dataset, &ledger)?;
    write_documents(context, parameters, &all)?;
    tell(context, &all);
    Ok(if facts.rows == 0 { Completion::NoItems } else { Completion::Done })
}

/// What the steps left.
struct Worked {
    before: Profile,
    after: Profile,
    risk: Option<Risk>,
    ledger: Ledger,
}

/// Runs the steps, and writes the enriched file.
fn work(
    context: &Context,
    parameters: &Parameters,
    plan: &[Planned],
    dataset: &Dataset<'_>,
) -> Result<Worked, Stop> {
    let database = Database::new()?;
    let asks = plan.iter().any(|planned| form(&planned.work) == Form::Plain);
    let lookups = lookups::read(context, &database, asks)?;
    let schema = dataset.schema();
    let mut before = Profile::new(&schema);
    let result = RefCell::new(None);
    let mut ledger = Ledger::default();
    let passes = passes(plan) as f64;
    let tell = |share: f64| {
        let done = SCANNED + ((READ - SCANNED) as f64 * share) as u64;
        context.progress(done, WHOLE, "Running the steps");
    };
    let mut pipeline = Pipeline {
        plan,
        hints: &dataset.hints,
        lookups: &lookups,
        context,
        database,
        rows: dataset.table.facts.rows,
        tell: &tell,
    };
    let ended = pipeline.run(
        &schema,
        &mut |sink, ledger| {
            dataset.each(ledger, |chunk, bytes| {
                check_cancelled(context)?;
                before.see(&chunk);
                tell(dataset.share(before.rows, bytes) / passes);
                tell_rows(context, dataset, before.rows);
                sink(chunk)
            })
        },
        &mut ledger,
        &mut |schema| {
            *result.borrow_mut() = Some(Output::begin(context, parameters, schema)?);
            Ok(())
        },
        &mut |chunk| {
            check_cancelled(context)?;
            result.borrow_mut().as_mut().map_or(Ok(()), |output: &mut Output| output.take(&chunk))
        },
    );
    let output = result.into_inner();
    if let Err(stop) = ended {
        return Err(stopped(context, stop, (&before, &ledger), output));
    }
    let (after, risk) = match output {
        Some(output) => output.finish()?,
        None => (Profile::new(&schema), None),
    };
    Ok(Worked { before, after, risk, ledger })
}

/// When somebody stops the job: what was made so far becomes outputs and a checkpoint that says how far it goes. An attempt
/// that fails leaves nothing half done.
fn stopped(
    context: &Context,
    stop: Stop,
    (before, ledger): (&Profile, &Ledger),
    output: Option<Output>,
) -> Stop {
    if !is_stop(&stop) {
        return stop;
    }
    let written = output.map(Output::finish).transpose();
    // What cannot be kept is no reason to end otherwise than asked.
    let rows_written = written.ok().flatten().map(|(after, _)| after.rows);
    let partial = json!({
        "partial": true,
        "rowsRead": before.rows,
        "rowsWritten": rows_written,
        "invalidRecords": ledger.counts.values().sum::<u64>() - ledger.derived,
        "duplicatesRemoved": ledger.duplicates,
    });
    if let Err(error) = context.save_checkpoint(partial.to_string().as_bytes()) {
        context.warn("Saving a checkpoint", format!("no checkpoint was saved: {error}"));
    }
    let said = rows_written.map_or_else(
        || format!("{} rows had been read.", before.rows),
        |written| format!("{} rows had been read; the enriched file holds the first {written}.", before.rows),
    );
    Stop { message: format!("{} {said}", stop.message), ..stop }
}

fn tell_rows(context: &Context, dataset: &Dataset<'_>, rows: u64) {
    let total = dataset.table.facts.rows;
    context.report(&Report { records_processed: rows, records_total: Some(total), ..Report::default() });
}

/// The figures that clients see.
fn tell(context: &Context, all: &Enriched<'_>) {
    let validation = all.quality.validation;
    context.report(&Report {
        records_processed: validation.total,
        records_total: Some(validation.total),
        errors: validation.invalid,
        warnings: all.findings.to_vec(),
        processing_errors: all.ledger.errors(),
        quality_score: (validation.total > 0).then_some(all.quality.score),
        validation: Some(validation),
    });
    context.progress(WHOLE, WHOLE, "Done");
}

fn tell_facts(context: &Context, facts: &Facts) {
    let packed = facts.compression.map_or(String::new(), |compression| format!(", {compression}"));
    context.info("Finding types", format!("{}{packed}: {} rows", facts.format, facts.rows));
}

/// The rows of the result: their profile, and their file if one is wanted.
struct Output {
    profile: Profile,
    groups: Option<Groups>,
    table: Option<Box<dyn TableWriter<ArtifactWriter>>>,
}

impl Output {
    fn begin(context: &Context, parameters: &Parameters, schema: &SchemaRef) -> Result<Self, Stop> {
        let (profile, groups) = (Profile::new(schema), Groups::new(&parameters.steps, schema));
        if parameters.output_format == OutputFormat::SummaryReport {
            return Ok(Self { profile, groups, table: None });
        }
        let format = parameters.file_format;
        let artifact = Artifact::new(format!("enriched.{}", format.ending()), Kind::Data)
            .type_name("EnrichedDataset")
            .title("Enriched dataset")
            .media_type(format.media_type());
        let is_primary = parameters.output_format == OutputFormat::Data;
        let artifact = if is_primary { artifact.primary() } else { artifact };
        let table = writer(format, context.artifact(artifact)?, schema)?;
        Ok(Self { profile, groups, table: Some(table) })
    }

    fn take(&mut self, chunk: &Chunk) -> Result<(), Stop> {
        self.profile.see(chunk);
        if let Some(groups) = &mut self.groups {
            groups.see(chunk);
        }
        self.table.as_mut().map_or(Ok(()), |table| table.write(&chunk.rows))
    }

    fn finish(self) -> Result<(Profile, Option<Risk>), Stop> {
        if let Some(table) = self.table {
            table.finish()?.finish()?;
        }
        Ok((self.profile, self.groups.and_then(Groups::risk)))
    }
}

/// What was odd when the file was read, of the columns that steps work on.
fn warn_of_reading(table: &Table, columns: &[fuelcell_table_kit::Column], ledger: &mut Ledger) {
    for finding in table.findings() {
        ledger.warn(&finding.kind, finding.message, finding.count);
    }
    for column in columns.iter().filter(|column| !column.time_forms.is_empty() && column.kind.is_time()) {
        let (name, forms) = (excerpt(&column.name), column.time_forms.join("\", \""));
        let text = format!("Times of column \"{name}\" were read as \"{forms}\" beside ISO 8601");
        ledger.note("reading", text);
    }
}

fn document(all: &Enriched<'_>) -> Value {
    let validation = all.quality.validation;
    json!({
        "file": {
            "name": all.file,
            "format": all.facts.format,
            "compression": all.facts.compression,
            "encoding": all.facts.encoding,
            "delimiter": all.facts.delimiter,
            "header": all.facts.header,
            "headerLine": all.facts.header_line,
            "titleRows": all.facts.title_rows,
            "sheet": all.facts.sheet,
        },
        "isRetry": all.is_retry,
        "totalRecords": validation.total,
        "validRecords": validation.valid,
        "duplicatesRemoved": validation.duplicates_removed,
        "invalidRecords": validation.invalid,
        "filteredRecords": all.ledger.filtered,
        "enrichedRecords": all.after.rows,
        "qualityScore": (validation.total > 0).then_some(all.quality.score),
        "qualityParts": all.quality.parts.iter().map(|(name, weight, share)| json!({"name": name, "weight": weight, "share": share})).collect::<Value>(),
        "warnings": all.findings.iter().map(|finding| json!({"type": finding.kind, "message": finding.message, "count": finding.count})).collect::<Value>(),
        "rejected": all.ledger.errors().iter().map(|finding| json!({"message": finding.message, "count": finding.count})).collect::<Value>(),
        "notes": all.ledger.notes.iter().map(|(step, text)| json!({"step": step, "text": text})).collect::<Value>(),
        "steps": serde_json::to_value(all.steps).unwrap_or_default(),
        "reidentification": all.risk,
        "before": {"rows": all.before.rows, "columns": all.columns_before, "correlations": all.before.correlations()},
        "after": {"rows": all.after.rows, "columns": all.columns_after, "correlations": all.after.correlations()},
    })
}

fn write_documents(context: &Context, parameters: &Parameters, all: &Enriched<'_>) -> Result<(), Stop> {
    let document = document(all);
    let json = |name: &str, type_name: &str, title: &str| {
        Artifact::new(name, Kind::Data).type_name(type_name).title(title).media_type("application/json")
    };
    write(context, json("profile.json", "DataProfile", "Profile"), &document.to_string())?;
    if parameters.output_format != OutputFormat::SummaryReport {
        let fields =
            all.after.columns.iter().map(|column| crate::chunk::field(&column.name, column.kind)).collect();
        let dictionary = outputs::dictionary(&crate::chunk::schema_of(fields), &document["after"]["columns"]);
        write(
            context,
            json("dictionary.json", "DataDictionary", "Data dictionary"),
            &dictionary.to_string(),
        )?;
    }
    if parameters.output_format != OutputFormat::Data {
        let html = Artifact::new("report.html", Kind::Report)
            .type_name("DataProfileReport")
            .title("Data profile")
            .media_type("text/html; charset=utf-8")
            .primary();
        let mut out = context.artifact(html)?;
        report::page(all).write(&mut out).map_err(fuelcell_sdk::HostError::from)?;
        out.finish()?;
    }
    Ok(())
}
