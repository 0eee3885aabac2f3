//! The other inputs: tables by their names.

use std::collections::HashSet;

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use fuelcell_sdk::{Cancellation, Context};
use fuelcell_sql_kit::{Database, Form, quoted};
use fuelcell_table_kit::{Options, Seekable, Stop, Table, cell, check_cancelled, excerpt};

use crate::bind::Place;

/// The input that stands for all of them.
const LOOKUPS: &str = "lookups";

/// A lookup that was read.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    /// Its name in the parameter `lookups`.
    pub(crate) name: String,
    pub(crate) schema: SchemaRef,
}

impl Known {
    /// Its table in the database.
    pub(crate) fn table(&self) -> String {
        table(&self.name)
    }
}

fn table(name: &str) -> String {
    quoted(&format!("{LOOKUPS}/{name}"))
}

/// Reads all lookups into a database: in their exact form under `lookups/NAME`, in their plain form under their names.
pub(crate) fn read(context: &Context, database: &Database, plain: bool) -> Result<Vec<Known>, Stop> {
    let mut names: Vec<String> = context.inputs_of(LOOKUPS).map(|(name, _)| name.to_string()).collect();
    names.sort();
    check_names(&names)?;
    names.into_iter().map(|name| read_one(context, database, name, plain)).collect()
}

/// Names of tables in SQL: capitals do not tell them apart, and some are taken.
fn check_names(names: &[String]) -> Result<(), Stop> {
    let mut taken = HashSet::from(["dataset".to_string()]);
    let is_ours = |name: &str| name.starts_with("__") || name.to_ascii_lowercase().starts_with("sqlite_");
    match names.iter().find(|name| is_ours(name) || !taken.insert(name.to_ascii_lowercase())) {
        None => Ok(()),
        Some(name) => Err(Stop::parameter(format!(
            "lookups: \"{}\" cannot be the name of a lookup. A name is not \"dataset\", begins neither with \"__\" nor with \
             \"sqlite_\", and differs from the others in more than capitals.",
            excerpt(name)
        ))),
    }
}

fn read_one(context: &Context, database: &Database, name: String, plain: bool) -> Result<Known, Stop> {
    let input = format!("{LOOKUPS}/{name}");
    let within = |stop: Stop| Stop { message: format!("lookups/{name}: {}", stop.message), ..stop };
    let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(context.open(&input)?)) };
    let table = Table::scan(&mut open, &Options::default(), &mut |_| goes_on(context)).map_err(within)?;
    check_cancelled(context)?;
    let forms: &[(String, Form)] = match plain {
        true => &[(input.clone(), Form::Exact), (name.clone(), Form::Plain)],
        false => &[(input.clone(), Form::Exact)],
    };
    for (into, form) in forms {
        let loaded = database.load_file(into, (&table, &mut open), *form, &mut || goes_on(context));
        if !loaded.map_err(within)? {
            check_cancelled(context)?;
        }
    }
    Ok(Known { schema: table.schema(), name })
}

fn goes_on(context: &Context) -> bool {
    context.cancellation() == Cancellation::None
}

/// The lookup of a name.
pub(crate) fn find<'a>(place: &Place, lookups: &'a [Known], name: &str) -> Result<&'a Known, Stop> {
    let found = lookups.iter().find(|known| known.name == name);
    found.ok_or_else(|| {
        let there: Vec<&str> = lookups.iter().map(|known| known.name.as_str()).collect();
        let there = if there.is_empty() { "none".to_string() } else { there.join(", ") };
        place.wrong(format!("there is no lookup \"{name}\"; the parameter lookups names: {there}."))
    })
}

/// Hands over the different values of a column, as text.
pub(crate) fn values(
    place: &Place,
    database: &Database,
    known: &Known,
    column: &str,
    mut each: impl FnMut(String),
) -> Result<(), Stop> {
    let index = place.column(&known.schema, column)?;
    let schema: SchemaRef = Schema::new(vec![known.schema.field(index).clone()]).into();
    let sql = format!("SELECT DISTINCT {} FROM {}", quoted(column), known.table());
    database.select(&sql, &schema, |batch: RecordBatch| {
        (0..batch.num_rows()).filter_map(|row| cell(batch.column(0), row)).for_each(&mut each);
        Ok(())
    })
}
