//! Tables in a file of the cell.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use arrow_array::RecordBatch;
use arrow_schema::{Field, Schema, SchemaRef};
use fuelcell_table_kit::{Input, Kind, Stop, Table, excerpt};
use regex::{Regex, RegexBuilder};
use rusqlite::functions::FunctionFlags;
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error};

use crate::guard::{check, refused};
use crate::values::{Cell, Filler, Form, ROW, columns, create, given, kinds, quoted};

/// Rows of a batch.
const ROWS: usize = 8192;
/// Bytes of text at which a batch is handed over, whatever its rows.
const BYTES: usize = 8 << 20;
/// Bytes of one value or row, at most: SQLite would take a thousand million of them.
const LONGEST_VALUE: i32 = 64 << 20;
/// Memory of SQLite's page cache, and of each sort that runs. What is more lies in its file. Sorting and grouping take no longer
/// with less, and small memory limits have room for it.
const CACHE_KIB: i64 = 16 * 1024;

/// Tables, and statements over them.
pub struct Database {
    connection: Connection,
}

/// A text as SQL writes it.
pub fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// An error that is no fault of a user's text.
fn failed(error: Error) -> Stop {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => Stop::failed(
            "DiskFull",
            "The rows do not fit on the disk of the job. Raise limits.diskBytes, or select fewer columns before this step.",
        ),
        Some(rusqlite::ErrorCode::OutOfMemory) => Stop::failed(
            "OutOfMemory",
            "The rows do not fit in the memory of the job. Raise limits.memoryBytes.",
        ),
        Some(rusqlite::ErrorCode::TooBig) => Stop::failed(
            "ValueTooLong",
            format!(
                "A value or a row has more than {} MiB, the most that can be sorted, grouped, compared or asked in SQL.",
                LONGEST_VALUE >> 20
            ),
        ),
        Some(rusqlite::ErrorCode::SystemIoFailure | rusqlite::ErrorCode::CannotOpen) => {
            Stop { code: "Storage", message: format!("SQLite: {error}"), transient: true }
        }
        _ => Stop::failed("Internal", format!("SQLite: {error}")),
    }
}

/// What every connection has: a bound on single values, and a function beside SQLite's own, `regexp(pattern, text)`, which is
/// the operator `text REGEXP pattern`.
pub(crate) fn set_up(connection: &Connection) -> Result<(), Error> {
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST_VALUE)?;
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let patterns = Mutex::new(Patterns::default());
    connection.create_scalar_function("regexp", 2, flags, move |context| {
        let pattern = context.get_raw(0).as_str()?;
        // A panic leaves patterns that are whole.
        let mut patterns = patterns.lock().unwrap_or_else(PoisonError::into_inner);
        let pattern = patterns.get(pattern)?;
        Ok(match context.get_raw(1) {
            ValueRef::Text(text) => Some(pattern.is_match(std::str::from_utf8(text)?)),
            value => Cell::of(value).text().map(|text| pattern.is_match(&text)),
        })
    })
}

/// Patterns that were compiled, the last used one first. SQLite would keep one for as long as a statement runs only: an
/// expression runs anew for each row.
#[derive(Default)]
struct Patterns(VecDeque<Regex>);

impl Patterns {
    /// So many are kept: each may take a megabyte.
    const KEPT: usize = 8;

    fn get(&mut self, pattern: &str) -> Result<&Regex, Error> {
        let found = match self.0.iter().position(|kept| kept.as_str() == pattern) {
            Some(0) => None,
            Some(at) => self.0.remove(at),
            None => {
                let made = RegexBuilder::new(pattern).size_limit(1 << 20).build();
                Some(made.map_err(|error| Error::UserFunctionError(Box::new(error)))?)
            }
        };
        if let Some(found) = found {
            self.0.push_front(found);
            self.0.truncate(Self::KEPT);
        }
        Ok(&self.0[0])
    }
}

impl Database {
    /// An empty one.
    ///
    /// # Errors
    /// When there is no room for it.
    pub fn new() -> Result<Self, Stop> {
        // No name: a file of its own that is gone when it is closed. It is made only when the cache is full.
        let connection = Connection::open("").map_err(failed)?;
        set_up(&connection).map_err(failed)?;
        connection
            .execute_batch(&format!(
                "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -{CACHE_KIB}; PRAGMA temp_store = FILE;"
            ))
            .map_err(failed)?;
        Ok(Self { connection })
    }

    #[cfg(test)]
    pub(crate) fn connection(&mut self) -> &mut Connection {
        &mut self.connection
    }

    /// Makes a table with the columns of a schema, and fills it.
    ///
    /// # Errors
    /// When the name is taken, or there is no room.
    pub fn load(&self, name: &str, schema: &Schema, form: Form) -> Result<Loader<'_>, Stop> {
        self.check_columns(schema)?;
        self.run(&create(name, schema, form))?;
        self.run("BEGIN")?;
        // A row's number is SQLite's to give.
        let number = if form == Form::Exact { "NULL, " } else { "" };
        let places = format!("{number}{}", vec!["?"; schema.fields().len()].join(", "));
        let statement = self
            .connection
            .prepare(&format!("INSERT INTO {} VALUES ({places})", quoted(name)))
            .map_err(failed)?;
        Ok(Loader { database: self, statement, form })
    }

    /// Whether a table can have these columns.
    fn check_columns(&self, schema: &Schema) -> Result<(), Stop> {
        // One is the number of the row.
        let most = usize::try_from(self.connection.limit(Limit::SQLITE_LIMIT_COLUMN).map_err(failed)?)
            .unwrap_or(0)
            - 1;
        let columns = schema.fields().len();
        if columns > most {
            return Err(Stop::failed(
                "TooManyColumns",
                format!(
                    "The rows have {columns} columns, and those that a step sorts, groups, compares or asks in SQL have at most \
                     {most}. Select fewer columns before it."
                ),
            ));
        }
        let mut taken = HashSet::from([ROW.to_string()]);
        match schema.fields().iter().find(|field| !taken.insert(field.name().to_ascii_lowercase())) {
            None => Ok(()),
            Some(field) => Err(Stop::failed(
                "ColumnName",
                format!(
                    "A column is called \"{}\", and so is another one: SQL does not tell capitals from small letters, and keeps \
                     \"{ROW}\" to itself. Rename one of them before.",
                    excerpt(field.name())
                ),
            )),
        }
    }

    /// Makes a table and fills it with the rows of a file. `tick` answers whether to go on; when it says no, so does this.
    ///
    /// # Errors
    /// When the file cannot be read, or there is no room.
    pub fn load_file(
        &self,
        name: &str,
        (table, input): (&Table, &mut Input<'_>),
        form: Form,
        tick: &mut dyn FnMut() -> bool,
    ) -> Result<bool, Stop> {
        let mut loader = self.load(name, &table.schema(), form)?;
        let mut rows = table.rows(input)?;
        while let Some(some) = rows.next()? {
            loader.add(&some.typed)?;
            if !tick() {
                return Ok(false);
            }
        }
        loader.finish()?;
        Ok(true)
    }

    /// Gives statements a function of the job's own: of a whole number, and null of everything else.
    ///
    /// # Errors
    /// When there is no room.
    pub fn define(
        &self,
        name: &str,
        function: impl Fn(i64) -> Option<i64> + Send + 'static,
    ) -> Result<(), Stop> {
        let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
        self.connection
            .create_scalar_function(name, 1, flags, move |context| match context.get_raw(0) {
                ValueRef::Integer(number) => Ok(function(number)),
                _ => Ok(None),
            })
            .map_err(failed)
    }

    /// Runs statements of the job's own.
    ///
    /// # Errors
    /// When there is no room.
    pub fn run(&self, sql: &str) -> Result<(), Stop> {
        self.connection.execute_batch(sql).map_err(failed)
    }

    /// Hands over what a statement of the job's own selects, in batches of this schema, from tables in [`Form::Exact`].
    ///
    /// # Errors
    /// Those of `each`, and when there is no room.
    pub fn select(
        &self,
        sql: &str,
        schema: &SchemaRef,
        mut each: impl FnMut(RecordBatch) -> Result<(), Stop>,
    ) -> Result<(), Stop> {
        let mut fillers: Vec<Filler> = kinds(schema).into_iter().map(Filler::new).collect();
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let mut rows = statement.query([]).map_err(failed)?;
        let (mut count, mut bytes) = (0, 0);
        loop {
            let row = rows.next().map_err(failed)?;
            if let Some(row) = row {
                for (index, filler) in fillers.iter_mut().enumerate() {
                    let value = row.get_ref(index).map_err(failed)?;
                    bytes += text_bytes(value);
                    filler.add(value);
                }
                count += 1;
            }
            if count == ROWS || bytes >= BYTES || (row.is_none() && count > 0) {
                let arrays = fillers.iter_mut().map(Filler::finish).collect();
                (count, bytes) = (0, 0);
                let batch = RecordBatch::try_new(Arc::clone(schema), arrays).map_err(|error| {
                    Stop::failed("Internal", format!("The rows do not fit the table: {error}"))
                })?;
                each(batch)?;
            }
            if row.is_none() {
                return Ok(());
            }
        }
    }

    /// Single numbers of the job's own statements.
    ///
    /// # Errors
    /// When there is no room.
    pub fn cells(&self, sql: &str) -> Result<Vec<Vec<Cell>>, Stop> {
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let width = statement.column_count();
        let mut rows = statement.query([]).map_err(failed)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(failed)? {
            let cells = (0..width).map(|index| row.get_ref(index).map(Cell::of));
            found.push(cells.collect::<Result<_, _>>().map_err(failed)?);
        }
        Ok(found)
    }

    /// Puts what a user's statement selects into a new table, and says its columns: whole numbers, numbers, or text, by what
    /// the values are. The tables that it reads should be in [`Form::Plain`].
    ///
    /// # Errors
    /// `InvalidParameter`, with what SQLite says of it, or when it does more than read.
    pub fn ask(&mut self, sql: &str, into: &str, what: &str) -> Result<SchemaRef, Stop> {
        check(&mut self.connection, sql, what)?;
        let names = {
            let statement = self.connection.prepare(sql).map_err(|error| refused(what, sql, &error))?;
            unique(statement.column_names().map(ToString::to_string))
        };
        let (into, columns) =
            (quoted(into), names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(", "));
        let sql = sql.trim().trim_end_matches(';');
        self.connection
            .execute_batch(&format!("CREATE TABLE {into} ({columns}); INSERT INTO {into} {sql}\n"))
            .map_err(|error| match error.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull | rusqlite::ErrorCode::OutOfMemory) => failed(error),
                _ => refused(what, sql, &error),
            })?;
        let looks: Vec<String> = names
            .iter()
            .map(|name| {
                let name = quoted(name);
                format!("max(typeof({name}) IN ('text', 'blob')), max(typeof({name}) = 'real'), max(typeof({name}) = 'integer')")
            })
            .collect();
        let found = self.cells(&format!("SELECT {} FROM {into}", looks.join(", ")))?;
        let found = found.first().map_or(&[][..], Vec::as_slice);
        let fields = names.iter().enumerate().map(|(index, name)| {
            let is = |look: usize| found.get(3 * index + look) == Some(&Cell::Integer(1));
            let kind = match (is(0), is(1), is(2)) {
                (false, true, _) => Kind::Float,
                (false, false, true) => Kind::Integer,
                _ => Kind::Text,
            };
            Field::new(name, kind.data_type(), true)
        });
        Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
    }
}

fn text_bytes(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes.len(),
        _ => 0,
    }
}

/// Names that stand once.
fn unique(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        let name = if name.is_empty() { "column".to_string() } else { name };
        let taken = |candidate: &str| unique.iter().any(|known| known.eq_ignore_ascii_case(candidate));
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let free = std::iter::once(name.clone()).chain(numbered).find(|candidate| !taken(candidate));
        unique.extend(free);
    }
    unique
}

/// Fills a table.
pub struct Loader<'a> {
    database: &'a Database,
    statement: rusqlite::Statement<'a>,
    form: Form,
}

impl Loader<'_> {
    /// Adds rows.
    ///
    /// # Errors
    /// When there is no room.
    pub fn add(&mut self, batch: &RecordBatch) -> Result<(), Stop> {
        let columns = columns(batch)?;
        for row in 0..batch.num_rows() {
            for (index, values) in columns.iter().enumerate() {
                let value = given(*values, self.form, row)?;
                self.statement.raw_bind_parameter(index + 1, value).map_err(failed)?;
            }
            self.statement.raw_execute().map_err(failed)?;
        }
        Ok(())
    }

    /// Ends the filling.
    ///
    /// # Errors
    /// When there is no room.
    pub fn finish(self) -> Result<(), Stop> {
        self.database.run("COMMIT")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fuelcell_table_kit::{Options, Seekable};
    use std::io::Cursor;

    fn load(database: &Database, name: &str, file: &'static str, form: Form) -> SchemaRef {
        let mut open = || -> Result<Box<dyn Seekable>, Stop> { Ok(Box::new(Cursor::new(file))) };
        let table = Table::scan(&mut open, &Options::default(), &mut |_| true).unwrap();
        assert!(database.load_file(name, (&table, &mut open), form, &mut || true).unwrap());
        table.schema()
    }

    const ORDERS: &str = "id,amount,day,at,open\n1,10.25,2024-01-31,2024-01-31T10:00:00Z,yes\n2,2.50,2024-02-01,2024-02-01T10:00:00.250Z,no\n3,,,,\n";

    #[test]
    fn batches_of_long_rows_have_few_of_them() {
        let database = Database::new().unwrap();
        let schema: SchemaRef = Arc::new(Schema::new(vec![Field::new("text", Kind::Text.data_type(), true)]));
        let sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20) \
                   SELECT printf('%.*c', 1048576, 'x') FROM n";
        let mut sizes = Vec::new();
        let each = |batch: RecordBatch| {
            sizes.push(batch.num_rows());
            Ok(())
        };
        database.select(sql, &schema, each).unwrap();
        assert_eq!(sizes, [8, 8, 4]);
    }

    #[test]
    fn exact_values_come_back_as_they_went_in() {
        let database = Database::new().unwrap();
        let schema = load(&database, "orders", ORDERS, Form::Exact);
        let mut found = Vec::new();
        let each = |batch: RecordBatch| {
            for row in 0..batch.num_rows() {
                let cells = batch
                    .columns()
                    .iter()
                    .map(|array| fuelcell_table_kit::cell(array, row).unwrap_or_default());
                found.push(cells.collect::<Vec<_>>().join(","));
            }
            Ok(())
        };
        database
            .select("SELECT id, amount, day, at, open FROM orders ORDER BY amount DESC", &schema, each)
            .unwrap();
        let expected = [
            "1,10.25,2024-01-31,2024-01-31T10:00:00Z,true",
            "2,2.50,2024-02-01,2024-02-01T10:00:00.250Z,false",
            "3,,,,",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn what_users_ask_is_answered() {
        let mut database = Database::new().unwrap();
        load(&database, "orders", ORDERS, Form::Plain);
        let sql = "SELECT substr(day, 1, 7) AS month, sum(amount) AS total, count(*) AS n FROM orders WHERE day IS NOT NULL GROUP BY month; ";
        let schema = database.ask(sql, "answer", "sql").unwrap();
        let kinds: Vec<_> =
            schema.fields().iter().map(|field| Kind::of(field.data_type()).unwrap().to_string()).collect();
        assert_eq!(kinds, ["text", "float", "integer"]);
        let rows = database.cells("SELECT * FROM answer").unwrap();
        assert_eq!(rows[0], [Cell::Text("2024-01".into()), Cell::Real(10.25), Cell::Integer(1)]);
        assert_eq!(
            database.cells("SELECT at FROM orders").unwrap()[1][0],
            Cell::Text("2024-02-01 10:00:00.250".into())
        );
    }

    #[test]
    fn many_patterns_in_turn_are_each_their_own() {
        let mut database = Database::new().unwrap();
        let sql = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 199) \
                   SELECT i, i REGEXP ('^' || (i % 20) || '$') AS hit FROM n";
        let schema = database.ask(sql, "answer", "sql").unwrap();
        assert_eq!(schema.fields().len(), 2);
        for row in database.cells("SELECT * FROM answer").unwrap() {
            let [Cell::Integer(number), Cell::Integer(hit)] = row[..] else { panic!("{row:?}") };
            assert_eq!(hit == 1, number < 20, "{number}");
        }
    }

    #[test]
    fn whatever_does_more_than_read_is_refused() {
        let mut database = Database::new().unwrap();
        load(&database, "orders", ORDERS, Form::Plain);
        for sql in [
            "DROP TABLE orders",
            "DELETE FROM orders",
            "SELECT 1; DROP TABLE orders",
            "ATTACH DATABASE '/tmp/x' AS x",
            "PRAGMA journal_mode = WAL",
            "SELECT load_extension('x')",
            "CREATE TABLE x (a)",
            "VACUUM INTO '/tmp/x'",
            "SELECT * FROM pragma_database_list",
            "SELECT * FROM sqlite_schema",
            "",
            "-- nothing",
            "SELECT 1) ; DROP TABLE orders; --",
        ] {
            let refused = database.ask(sql, "answer", "sql").unwrap_err();
            assert_eq!(refused.code, "InvalidParameter", "{sql}: {refused}");
        }
        assert_eq!(database.cells("SELECT count(*) FROM orders").unwrap(), [[Cell::Integer(3)]]);
        let wrong = database.ask("SELECT absent FROM orders", "answer", "sql").unwrap_err();
        assert!(wrong.message.contains("no such column: absent"), "{wrong}");
    }
}
