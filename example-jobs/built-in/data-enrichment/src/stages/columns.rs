//! Which columns there are, and in which order.

use arrow_schema::{Field, SchemaRef};
use fuelcell_table_kit::Stop;

use crate::bind::Place;
use crate::chunk::{Chunk, schema_of};
use crate::ledger::Ledger;
use crate::stage::Stage;
use crate::steps::{Columns, Rename};

/// Columns of the rows before, in some order.
struct Take {
    schema: SchemaRef,
    from: Vec<usize>,
}

impl Stage for Take {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, _: &mut Ledger) -> Result<Chunk, Stop> {
        let columns = self.from.iter().map(|&index| chunk.rows.column(index).clone()).collect();
        Chunk::new(chunk.lines, &self.schema, columns)
    }
}

fn take(schema: &SchemaRef, from: Vec<usize>) -> Box<dyn Stage> {
    let fields = from.iter().map(|&index| schema.field(index).clone()).collect();
    Box::new(Take { schema: schema_of(fields), from })
}

pub(super) fn select(place: &Place, step: &Columns, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let from = place.columns(schema, &step.columns)?;
    let twice = from.iter().enumerate().any(|(at, index)| from[..at].contains(index));
    match twice {
        true => Err(place.wrong("a column is named twice.")),
        false => Ok(take(schema, from)),
    }
}

pub(super) fn drop(place: &Place, step: &Columns, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let gone = place.columns(schema, &step.columns)?;
    let from: Vec<usize> = (0..schema.fields().len()).filter(|index| !gone.contains(index)).collect();
    match from.is_empty() {
        true => Err(place.wrong("no column would be left.")),
        false => Ok(take(schema, from)),
    }
}

pub(super) fn reorder(place: &Place, step: &Columns, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let mut from = place.columns(schema, &step.columns)?;
    let rest: Vec<usize> = (0..schema.fields().len()).filter(|index| !from.contains(index)).collect();
    from.extend(rest);
    match from.len() == schema.fields().len() {
        true => Ok(take(schema, from)),
        false => Err(place.wrong("a column is named twice.")),
    }
}

pub(super) fn rename(place: &Place, step: &Rename, schema: &SchemaRef) -> Result<Box<dyn Stage>, Stop> {
    let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    for (old, new) in &step.columns {
        let index = place.column(schema, old)?;
        if new.is_empty() || new.starts_with("_$") {
            return Err(place.wrong("a new name is not empty and does not begin with \"_$\"."));
        }
        fields[index] = fields[index].clone().with_name(new);
    }
    let mut names: Vec<String> = fields.iter().map(|field| field.name().to_lowercase()).collect();
    names.sort();
    if let Some(pair) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(place.wrong(format!("two columns would be called \"{}\".", pair[0])));
    }
    let from = (0..fields.len()).collect();
    Ok(Box::new(Take { schema: schema_of(fields), from }))
}
