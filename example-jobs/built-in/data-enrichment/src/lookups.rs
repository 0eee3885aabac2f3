//! The other inputs: tables by their names.

use arrow_array::RecordBatch;
use arrow_schema::{Schema, SchemaRef};
use fuelcell_sdk::Context;
use fuelcell_sql_kit::{Database, Form, quoted};
use fuelcell_table_kit::{Options, Seekable, Stop, Table, cell};

use crate::bind::Place;

/// What names of inputs begin with.
const PREFIX: &str = "lookups/";

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
    quoted(&format!("{PREFIX}{name}"))
}

/// Reads all lookups into a database: in their exact form under `lookups/NAME`, in their plain form under their names.
pub(crate) fn read(context: &Context, database: &Database, plain: bool) -> Result<Vec<Known>, Stop> {
    let inputs = context.inputs().iter().filter_map(|input| input.name.strip_prefix(PREFIX));
    let mut names: Vec<String> = inputs.map(String::from).collect();
    names.sort();
    names.into_iter().map(|name| read_one(context, database, name, plain)).collect()
}

fn read_one(context: &Context, database: &Database, name: String, plain: bool) -> Result<Known, Stop> {
    let input = format!("{PREFIX}{name}");
    let within = |stop: Stop| Stop { message: format!("lookups/{name}: {}", stop.message), ..stop };
    let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(context.open(&input)?)) };
    let table = Table::scan(&mut open, &Options::default(), &mut |_| true).map_err(within)?;
    let forms: &[(String, Form)] = match plain {
        true => &[(input.clone(), Form::Exact), (name.clone(), Form::Plain)],
        false => &[(input.clone(), Form::Exact)],
    };
    for (into, form) in forms {
        let mut rows = table.rows(&mut open).map_err(within)?;
        let mut loader = database.load(into, &table.schema(), *form)?;
        while let Some(some) = rows.next().map_err(within)? {
            loader.add(&some.typed)?;
        }
        loader.finish()?;
    }
    Ok(Known { schema: table.schema(), name })
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
