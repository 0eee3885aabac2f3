//! What a user writes of one row.

use arrow_array::RecordBatch;
use arrow_schema::Schema;
use fuelcell_table_kit::{Kind, Stop};
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use crate::database::set_up;
use crate::guard::{check, refused};
use crate::values::{Cell, Form, columns, create, declared, given, kinds, quoted};

/// An expression of SQLite over the columns of a row: `amount * quantity`, `status = 'open' AND amount > 100`,
/// `julianday(paid) - julianday(billed)`. It has no subqueries, aggregates or windows. Values are in [`Form::Plain`].
pub struct Expression {
    connection: Connection,
    sql: String,
    what: String,
    columns: Vec<(usize, Kind)>,
}

impl Expression {
    /// Checks an expression over these columns; `what` names it in messages, such as `steps/2/filter`.
    ///
    /// # Errors
    /// `InvalidParameter`, with what SQLite says of it.
    pub fn new(text: &str, schema: &Schema, what: &str) -> Result<Self, Stop> {
        let failed = |error: rusqlite::Error| refused(what, text, &error);
        let mut connection = Connection::open_in_memory().map_err(failed)?;
        set_up(&connection).map_err(failed)?;
        let kinds = kinds(schema);
        connection.execute_batch(&create("row", schema, Form::Plain)).map_err(failed)?;
        // A condition takes no aggregates and windows.
        let reads = check(&mut connection, &format!("SELECT 1 FROM row WHERE (\n{text}\n)"), what)?;
        if reads.selects > 1 {
            return Err(Stop::parameter(format!(
                "{what} holds a subquery. An expression looks at one row; use a sql step."
            )));
        }
        let used: Vec<usize> = schema
            .fields()
            .iter()
            .enumerate()
            .filter(|(_, field)| reads.columns.iter().any(|name| name == field.name()))
            .map(|(index, _)| index)
            .collect();
        let bound: Vec<String> = used
            .iter()
            .enumerate()
            .map(|(number, &index)| format!("?{} AS {}", number + 1, quoted(schema.field(index).name())))
            .collect();
        let row = if bound.is_empty() { "1".to_string() } else { bound.join(", ") };
        let sql = format!("SELECT (\n{text}\n) FROM (SELECT {row})");
        connection.prepare(&sql).map_err(failed)?;
        let columns = used.iter().map(|&index| (index, kinds[index])).collect();
        Ok(Self { connection, sql, what: what.to_string(), columns })
    }

    /// The columns that it looks at.
    pub fn columns(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().map(|(index, _)| *index)
    }

    /// The kind of its values, by what it makes of a row in which nothing is missing: whole numbers, numbers, or text.
    ///
    /// # Errors
    /// As for [`Self::evaluate`].
    pub fn kind(&self) -> Result<Kind, Stop> {
        let failed = |error: rusqlite::Error| refused(&self.what, &self.sql, &error);
        let sample = |kind: &Kind| match declared(*kind, Form::Plain) {
            "INTEGER" => Value::Integer(1),
            "REAL" => Value::Real(1.5),
            _ if *kind == Kind::Date => Value::Text("2024-01-31".into()),
            _ if kind.is_time() => Value::Text("2024-01-31 09:15:30".into()),
            _ => Value::Text("a".into()),
        };
        let sample: Vec<Value> = self.columns.iter().map(|(_, kind)| sample(kind)).collect();
        let mut statement = self.connection.prepare(&self.sql).map_err(failed)?;
        let mut rows = statement.query(params_from_iter(sample)).map_err(failed)?;
        let found = rows.next().map_err(failed)?;
        Ok(match found.and_then(|row| row.get_ref(0).ok()) {
            Some(ValueRef::Integer(_)) => Kind::Integer,
            Some(ValueRef::Real(_)) => Kind::Float,
            _ => Kind::Text,
        })
    }

    /// Hands over the value of every row of a batch, in their order.
    ///
    /// # Errors
    /// `InvalidParameter` when a row makes it fail, such as by text that is no JSON; it names the row's number in the batch
    /// through `row`.
    pub fn evaluate(&self, batch: &RecordBatch, mut each: impl FnMut(usize, Cell)) -> Result<(), Stop> {
        let failed = |error: rusqlite::Error| refused(&self.what, &self.sql, &error);
        let mut statement = self.connection.prepare(&self.sql).map_err(failed)?;
        let columns = columns(batch)?;
        for row in 0..batch.num_rows() {
            for (number, &(index, _)) in self.columns.iter().enumerate() {
                let value = given(columns[index], Form::Plain, row)?;
                statement.raw_bind_parameter(number + 1, value).map_err(failed)?;
            }
            let mut rows = statement.raw_query();
            let value = match rows.next().map_err(failed)? {
                Some(found) => Cell::of(found.get_ref(0).unwrap_or(ValueRef::Null)),
                None => Cell::Null,
            };
            each(row, value);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use std::sync::Arc;

    fn batch() -> RecordBatch {
        let amounts: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), None, Some(5)]));
        let names: ArrayRef = Arc::new(StringArray::from(vec!["a b", "c", "d"]));
        RecordBatch::try_from_iter([("amount", amounts), ("the name", names)]).unwrap()
    }

    fn values(text: &str) -> Result<Vec<Cell>, Stop> {
        let batch = batch();
        let expression = Expression::new(text, &batch.schema(), "steps/0/derive")?;
        let mut found = Vec::new();
        expression.evaluate(&batch, |_, cell| found.push(cell))?;
        Ok(found)
    }

    #[test]
    fn every_row_has_its_value() {
        assert_eq!(values("amount * 2").unwrap(), [Cell::Integer(4), Cell::Null, Cell::Integer(10)]);
        let names = values("upper(\"the name\") || coalesce(amount, '?')").unwrap();
        assert_eq!(names, ["A B2", "C?", "D5"].map(|text| Cell::Text(text.into())));
        assert_eq!(
            values("\"the name\" REGEXP '^[cd]$'").unwrap()[1..],
            [Cell::Integer(1), Cell::Integer(1)]
        );
        assert_eq!(values("1 + 1").unwrap()[0], Cell::Integer(2));
    }

    #[test]
    fn what_is_no_expression_of_a_row_is_refused() {
        for (text, word) in [
            ("absent + 1", "no such column"),
            ("sum(amount)", "misuse of aggregate"),
            ("row_number() OVER ()", "misuse of window"),
            ("(SELECT 1)", "subquery"),
            ("amount +", "syntax error"),
            ("1) FROM row; DROP TABLE row; SELECT (1", "syntax error"),
            ("amount); DELETE FROM row WHERE (1", "one statement"),
            ("\"the name\" REGEXP '('", ""),
        ] {
            let error = values(text).unwrap_err();
            assert_eq!(error.code, "InvalidParameter", "{text}");
            assert!(error.message.contains(word), "{text}: {error}");
        }
    }
}
