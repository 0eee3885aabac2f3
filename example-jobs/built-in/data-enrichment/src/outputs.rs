//! The files beside the enriched one: rejected rows, profile, data dictionary.

use std::collections::HashMap;
use std::io::Write as _;

use arrow_schema::Schema;
use fuelcell_sdk::{Artifact, Context, Kind};
use fuelcell_table_kit::{CsvWriter, Kind as Type, Stop, TableWriter as _};
use serde_json::{Value, json};

use crate::chunk::kind_at;
use crate::dataset::{BEFORE, Dataset};
use crate::ledger::Ledger;

/// Writes an artifact of one text.
pub(crate) fn write(context: &Context, artifact: Artifact, content: &str) -> Result<(), Stop> {
    let mut out = context.artifact(artifact)?;
    out.write_all(content.as_bytes()).map_err(fuelcell_sdk::HostError::from)?;
    Ok(out.finish()?)
}

/// Writes the rejected rows as they were, with line and reason, in the order of the file. Nothing is written without any.
pub(crate) fn rejected(context: &Context, dataset: &Dataset<'_>, ledger: &Ledger) -> Result<(), Stop> {
    if ledger.rejects.is_empty() {
        return Ok(());
    }
    let mut reasons: HashMap<u64, u32> = HashMap::new();
    for reject in &ledger.rejects {
        reasons.entry(reject.line).or_insert(reject.reason);
    }
    let artifact = Artifact::new("rejected.csv", Kind::Data)
        .type_name("RejectedRows")
        .title("Rejected rows")
        .media_type("text/csv; charset=utf-8")
        .record_count(ledger.rejects.len() as u64)
        .failed_records();
    let mut csv = CsvWriter::without_header(context.artifact(artifact)?);
    let names: Vec<&str> =
        BEFORE.into_iter().chain(dataset.columns().iter().map(|column| column.name.as_str())).collect();
    csv.record(names.iter().copied())?;
    let width = dataset.columns().len();
    let wanted = |line| reasons.contains_key(&line);
    dataset.originals(ledger.rejects.len(), wanted, |line, fields, fits| {
        let Some(reason) = reasons.get(&line).and_then(|reason| ledger.reasons.get(*reason as usize)) else {
            return Ok(());
        };
        let raw = if fits { String::new() } else { fields.join(" | ") };
        let line = line.to_string();
        let before = [line.as_str(), &reason.column, &reason.rule, &reason.text, &raw];
        let empty = "";
        let fields = (0..width)
            .map(|index| if fits { fields.get(index).map_or(empty, String::as_str) } else { empty });
        csv.record(before.into_iter().chain(fields))
    })?;
    Ok(Box::new(csv).finish()?.finish()?)
}

/// The columns as a Table Schema (specs.frictionlessdata.io/table-schema).
pub(crate) fn dictionary(schema: &Schema, profile: &Value) -> Value {
    let fields = (0..schema.fields().len()).map(|index| {
        let name = schema.field(index).name();
        let (r#type, format) = match kind_at(schema, index) {
            Type::Text => ("string", None),
            Type::Integer => ("integer", None),
            Type::Decimal(_) | Type::Float => ("number", None),
            Type::Boolean => ("boolean", None),
            Type::Date => ("date", None),
            Type::Timestamp { .. } => ("datetime", Some("default")),
            Type::Duration => ("integer", None),
        };
        let column = profile.as_array().and_then(|columns| columns.get(index));
        let is_required =
            column.is_some_and(|column| column["missing"] == json!(0) && column["rows"] != json!(0));
        json!({
            "name": name,
            "type": r#type,
            "format": format,
            "constraints": {"required": is_required},
        })
    });
    json!({
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": fields.collect::<Vec<_>>(),
        "missingValues": [""],
    })
}
