//! Questions in SQL about the inputs, by SQLite, which may only read them.

use fuelcell_sql_kit::{Database, Form, quoted};
use fuelcell_table_kit::{CsvWriter, Input, Options, Table, TableWriter as _, cell};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::error::Stop;

/// Questions in SQL.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Questions {
    /// One.
    One(#[schemars(length(max = 20_000))] String),
    /// Several.
    Several(#[schemars(length(max = 50), inner(length(max = 20_000)))] Vec<String>),
}

impl Questions {
    /// Each, with the parameter that it stands in.
    pub fn each(&self) -> Vec<(String, &str)> {
        match self {
            Self::One(sql) => vec![("sql".to_string(), sql.as_str())],
            Self::Several(list) => (0..)
                .zip(list)
                .map(|(index, sql): (usize, _)| (format!("sql[{index}]"), sql.as_str()))
                .collect(),
        }
    }
}

/// What a question was answered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The question.
    pub sql: String,
    /// The file that holds all rows.
    pub file: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// How many rows there are.
    pub rows: u64,
    /// The first rows; None where nothing is.
    pub first: Vec<Vec<Option<String>>>,
}

/// Rows of an answer that stand in the report and in the figures.
const SHOWN: usize = 200;

/// Loads a file as a table; `known` is what was found when it was looked through before. `tick` answers whether to go on; when
/// it says no, the answer is false.
///
/// # Errors
/// When the file is no table, or there is no room for it.
pub fn load(
    database: &Database,
    name: &str,
    (input, known): (&mut Input<'_>, Option<&Table>),
    options: &Options,
    tick: &mut dyn FnMut() -> bool,
) -> Result<bool, Stop> {
    let scanned = match known {
        Some(_) => None,
        None => Some(Table::scan(input, options, &mut |_| tick())?),
    };
    match known.or(scanned.as_ref()) {
        Some(table) if !table.facts.stopped => database.load_file(name, (table, input), Form::Plain, tick),
        _ => Ok(false),
    }
}

/// Answers a question. `number` makes the names of the table and of the file; the rows go to `out` as CSV.
///
/// # Errors
/// `InvalidParameter` for what is no question or does more than read, with what SQLite says of it.
pub fn answer(
    database: &mut Database,
    (place, sql): (&str, &str),
    number: usize,
    out: &mut Vec<u8>,
) -> Result<Answer, Stop> {
    let table = format!("answer {number}");
    let schema = database.ask(sql, &table, place)?;
    let columns = schema.fields().iter().map(|field| field.name().clone()).collect();
    let mut answer = Answer {
        sql: sql.to_string(),
        file: format!("sql-{number}.csv"),
        columns,
        rows: 0,
        first: Vec::new(),
    };
    let mut csv = CsvWriter::new(out, &schema)?;
    database.select(&format!("SELECT * FROM {}", quoted(&table)), &schema, |batch| {
        answer.rows += batch.num_rows() as u64;
        let shown = (0..batch.num_rows()).take(SHOWN.saturating_sub(answer.first.len()));
        answer.first.extend(shown.map(|row| batch.columns().iter().map(|array| cell(array, row)).collect()));
        csv.write(&batch)
    })?;
    Box::new(csv).finish()?;
    // What is answered need not be kept, and is nothing that the next question may read.
    database.run(&format!("DROP TABLE {}", quoted(&table)))?;
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    #[test]
    fn a_question_is_answered_and_anything_else_is_refused() {
        let mut database = Database::new().unwrap();
        let file = b"region,amount\nN,1.5\nS,2\nN,3\n".to_vec();
        let mut open = || Ok(Box::new(Cursor::new(file.clone())) as Box<dyn fuelcell_table_kit::Seekable>);
        assert!(load(&database, "dataset", (&mut open, None), &Options::default(), &mut || true).unwrap());
        let mut ask = |sql| {
            let mut csv = Vec::new();
            answer(&mut database, ("sql", sql), 1, &mut csv)
                .map(|answer| (answer, String::from_utf8(csv).unwrap()))
        };
        let sql = "SELECT region, sum(amount) AS total FROM dataset GROUP BY region ORDER BY region";
        let (found, csv) = ask(sql).unwrap();
        assert_eq!((found.rows, found.columns), (2, vec!["region".to_string(), "total".to_string()]));
        assert_eq!(found.first[0], [Some("N".to_string()), Some("4.5".to_string())]);
        assert_eq!(csv.lines().next(), Some("region,total"));
        for sql in [
            "DROP TABLE dataset",
            "SELECT 1; SELECT 2",
            "ATTACH 'x' AS y",
            "PRAGMA cache_size = 1",
            "SELECT nothing",
        ] {
            let refused = ask(sql).unwrap_err();
            assert_eq!(refused.code, "InvalidParameter", "{sql}: {}", refused.message);
        }
        assert_eq!(ask(sql).unwrap().0.rows, 2);
    }
}
