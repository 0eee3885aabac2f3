//! A job's way through its steps: streams of rows, with a table of all rows between them where a step needs one.

use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::Int64Type;
use arrow_array::{ArrayRef, Int64Array, RecordBatch};
use arrow_schema::{Field, SchemaRef};
use fuelcell_sdk::Context;
use fuelcell_sql_kit::{Database, Form};
use fuelcell_table_kit::{Kind, Stop, check_cancelled};

use crate::bind::Hints;
use crate::chunk::{Chunk, field, schema_of};
use crate::ledger::Ledger;
use crate::lookups::Known;
use crate::made::{LINE, Made, Whole};
use crate::plan::{Planned, Work};
use crate::restrict::Restricted;
use crate::stage::{Stage, Surroundings};
use crate::stages::bind;
use crate::whole::{form, make, needs_all};

/// Takes rows.
pub(crate) type Sink<'a> = dyn FnMut(Chunk) -> Result<(), Stop> + 'a;
/// Gives all rows of the file, in their order.
pub(crate) type Rows<'a> = dyn FnMut(&mut Sink<'_>, &mut Ledger) -> Result<(), Stop> + 'a;

/// What the steps run in.
pub(crate) struct Pipeline<'a> {
    pub(crate) plan: &'a [Planned],
    pub(crate) hints: &'a Hints,
    pub(crate) lookups: &'a [Known],
    pub(crate) context: &'a Context,
    pub(crate) database: Database,
    /// Rows of the file.
    pub(crate) rows: u64,
    /// Hears which share of all passes over rows is done.
    pub(crate) tell: &'a dyn Fn(f64),
}

/// Passes over all rows: the reading of the file, and one behind each step that needs to see all of them.
pub(crate) fn passes(plan: &[Planned]) -> usize {
    1 + plan.iter().filter(|planned| needs_all(&planned.work)).count()
}

/// Tables that a step may leave behind.
const LEFT: [&str; 10] = [
    "__kept",
    "__values",
    "__first",
    "__answer",
    "__spellings",
    "__sequences",
    "__variants",
    "__offsets",
    "__cases",
    "__left",
];

impl Pipeline<'_> {
    /// Runs all steps. `begin` gets the columns of the result before its first row.
    pub(crate) fn run(
        &mut self,
        schema: &SchemaRef,
        rows: &mut Rows<'_>,
        ledger: &mut Ledger,
        begin: &mut dyn FnMut(&SchemaRef) -> Result<(), Stop>,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        let mut made: Option<(Made, String)> = None;
        let mut schema = Arc::clone(schema);
        let (mut next, mut pass) = (0, 0);
        loop {
            let around = Surroundings {
                hints: self.hints,
                database: &self.database,
                lookups: self.lookups,
                context: self.context,
            };
            let mut stages: Vec<Box<dyn Stage + '_>> = Vec::new();
            let mut whole = None;
            while let Some(planned) = self.plan.get(next) {
                match ready(planned, &schema, &around)? {
                    Some(stage) => {
                        schema = stage.schema();
                        stages.push(stage);
                    }
                    None => {
                        whole = Some(planned);
                        break;
                    }
                }
                next += 1;
            }
            let Some(planned) = whole else {
                begin(&schema)?;
                self.flow((made.as_ref(), pass), rows, &mut stages, ledger, sink)?;
                return Ok(());
            };
            let table = match form(&planned.work) {
                // What users write names the rows so.
                Form::Plain => "dataset".to_string(),
                Form::Exact => format!("__rows_{next}"),
            };
            self.gather(
                &table,
                form(&planned.work),
                &schema,
                (made.as_ref(), pass),
                rows,
                &mut stages,
                ledger,
            )?;
            drop(stages);
            if let Some((_, before)) = made.take() {
                self.database.run(&format!("DROP TABLE IF EXISTS {}", fuelcell_sql_kit::quoted(&before)))?;
            }
            let left = LEFT.iter().map(|name| format!("DROP TABLE IF EXISTS {name};"));
            self.database.run(&left.collect::<String>())?;
            let mut all = Whole {
                database: &mut self.database,
                table: &table,
                schema: Arc::clone(&schema),
                lookups: self.lookups,
            };
            let found = make(planned, &mut all, ledger)?;
            schema = Arc::clone(&found.schema);
            made = Some((found, table));
            (next, pass) = (next + 1, pass + 1);
        }
    }

    /// Sends rows through stages.
    fn flow(
        &self,
        (made, number): (Option<&(Made, String)>, usize),
        rows: &mut Rows<'_>,
        stages: &mut [Box<dyn Stage + '_>],
        ledger: &mut Ledger,
        sink: &mut Sink<'_>,
    ) -> Result<(), Stop> {
        match made {
            None => {
                // The rows tell the ledger of those that they could not read: it is lent to them and to the stages in turn.
                let ledger_of_stages = std::cell::RefCell::new(std::mem::take(ledger));
                let mut through = |chunk: Chunk| {
                    let passed = self.pass(stages, chunk, &mut ledger_of_stages.borrow_mut())?;
                    sink(passed)
                };
                let read = rows(&mut through, ledger);
                merge(ledger, ledger_of_stages.into_inner());
                read?;
            }
            Some((made, _)) => {
                let mut fields: Vec<Field> = vec![field(LINE, Kind::Integer)];
                fields.extend(made.schema.fields().iter().map(|field| field.as_ref().clone()));
                let (passes, mut seen) = (passes(self.plan) as f64, 0);
                self.database.select(&made.sql, &schema_of(fields), |batch| {
                    check_cancelled(self.context)?;
                    seen += batch.num_rows() as u64;
                    // A step may make more rows than there were.
                    let share = (seen as f64 / self.rows.max(1) as f64).min(1.0);
                    (self.tell)((number as f64 + share) / passes);
                    let chunk = without_lines(&batch, &made.schema)?;
                    sink(self.pass(stages, chunk, ledger)?)
                })?;
            }
        }
        stages.iter_mut().for_each(|stage| stage.end(ledger));
        Ok(())
    }

    /// Rows through all stages. Who cancels waits for one stage at most, however many there are.
    fn pass(
        &self,
        stages: &mut [Box<dyn Stage + '_>],
        chunk: Chunk,
        ledger: &mut Ledger,
    ) -> Result<Chunk, Stop> {
        stages.iter_mut().try_fold(chunk, |chunk, stage| {
            check_cancelled(self.context)?;
            stage.run(chunk, ledger)
        })
    }

    /// Puts all rows into a table.
    #[expect(clippy::too_many_arguments, reason = "all of them are one stream's")]
    fn gather(
        &self,
        table: &str,
        form: Form,
        schema: &SchemaRef,
        made: (Option<&(Made, String)>, usize),
        rows: &mut Rows<'_>,
        stages: &mut [Box<dyn Stage + '_>],
        ledger: &mut Ledger,
    ) -> Result<(), Stop> {
        let mut fields: Vec<Field> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
        if form == Form::Exact {
            fields.insert(0, field(LINE, Kind::Integer));
        }
        let schema = schema_of(fields);
        let mut loader = self.database.load(table, &schema, form)?;
        self.flow(made, rows, stages, ledger, &mut |chunk| match form {
            Form::Plain => loader.add(&chunk.rows),
            Form::Exact => loader.add(&with_lines(&chunk, &schema)?),
        })?;
        loader.finish()
    }
}

/// Makes a piece of work ready for rows. None for one that needs to see all rows first.
fn ready<'a>(
    Planned { name, work }: &Planned,
    schema: &SchemaRef,
    around: &Surroundings<'a>,
) -> Result<Option<Box<dyn Stage + 'a>>, Stop> {
    match work {
        Work::Rows(rows) => Ok(Some(Box::new(Restricted::new(rows, name, schema)))),
        Work::Cases(_) => Ok(None),
        Work::Step(step) => bind(step, name, schema, around),
    }
}

/// What was told while rows were read, and what the stages told.
fn merge(ledger: &mut Ledger, stages: Ledger) {
    let reading = std::mem::replace(ledger, stages);
    ledger.take_over(reading);
}

fn with_lines(chunk: &Chunk, schema: &SchemaRef) -> Result<RecordBatch, Stop> {
    let lines: Int64Array = chunk.lines.iter().map(|line| i64::try_from(*line).unwrap_or(i64::MAX)).collect();
    let mut columns: Vec<ArrayRef> = vec![Arc::new(lines)];
    columns.extend(chunk.rows.columns().iter().cloned());
    RecordBatch::try_new(Arc::clone(schema), columns)
        .map_err(|error| Stop::failed("Internal", error.to_string()))
}

fn without_lines(batch: &RecordBatch, schema: &SchemaRef) -> Result<Chunk, Stop> {
    let lines = batch.column(0).as_primitive::<Int64Type>();
    let lines =
        lines.iter().map(|line| line.and_then(|line| u64::try_from(line).ok()).unwrap_or(0)).collect();
    Chunk::new(lines, schema, batch.columns()[1..].to_vec())
}
