//! Rows on their way through the steps.

use std::sync::Arc;

use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use arrow_schema::{Field, Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use fuelcell_table_kit::{Kind, Stop};

/// Some rows, with their lines in the file. Rows that were made of several have line 0.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    pub(crate) lines: Vec<u64>,
    pub(crate) rows: RecordBatch,
}

impl Chunk {
    pub(crate) fn new(lines: Vec<u64>, schema: &SchemaRef, columns: Vec<ArrayRef>) -> Result<Self, Stop> {
        let rows = RecordBatch::try_new(Arc::clone(schema), columns).map_err(|error| {
            Stop::failed("Internal", format!("A step made columns that do not fit: {error}"))
        })?;
        Ok(Self { lines, rows })
    }

    /// The rows for which `stays` says so.
    pub(crate) fn keep(self, stays: &[bool]) -> Result<Self, Stop> {
        if stays.iter().all(|stays| *stays) {
            return Ok(self);
        }
        let rows = filter_record_batch(&self.rows, &BooleanArray::from(stays.to_vec()))
            .map_err(|error| Stop::failed("Internal", error.to_string()))?;
        let lines =
            self.lines.into_iter().zip(stays).filter(|(_, stays)| **stays).map(|(line, _)| line).collect();
        Ok(Self { lines, rows })
    }
}

pub(crate) fn field(name: &str, kind: Kind) -> Field {
    Field::new(name, kind.data_type(), true)
}

pub(crate) fn schema_of(fields: Vec<Field>) -> SchemaRef {
    Arc::new(Schema::new(fields))
}

pub(crate) fn kind_at(schema: &Schema, index: usize) -> Kind {
    Kind::of(schema.field(index).data_type()).unwrap_or(Kind::Text)
}

/// The schema with a column replaced where it is, or added behind.
pub(crate) fn with_column(schema: &Schema, name: &str, kind: Kind) -> (SchemaRef, usize) {
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    let place = fields.iter().position(|field| field.name() == name).unwrap_or(fields.len());
    if place == fields.len() {
        fields.push(field(name, kind));
    } else {
        fields[place] = field(name, kind);
    }
    (schema_of(fields), place)
}
