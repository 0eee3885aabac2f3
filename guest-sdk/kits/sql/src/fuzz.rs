//! Expressions and questions, as nobody means them.

use std::cell::RefCell;
use std::sync::Arc;

use arrow_array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use fuelcell_fuzz::{Verdict, fuzz};

use crate::guard::check;
use crate::{Database, Expression, Form};

/// A message without what it quotes, which is new for each input.
fn unquoted(message: &str) -> String {
    message.split('"').step_by(2).collect()
}

fn batch() -> RecordBatch {
    let amounts: ArrayRef = Arc::new(Int64Array::from(vec![Some(2), None]));
    let names: ArrayRef = Arc::new(StringArray::from(vec!["a b", "c"]));
    RecordBatch::try_from_iter([("amount", amounts), ("name", names)])
        .expect("the columns have two rows each")
}

#[test]
fn every_expression_has_a_value_for_each_row_or_is_refused() {
    let batch = batch();
    fuzz("expression", |bytes| -> Verdict {
        let text = std::str::from_utf8(bytes).map_err(|_| "no text".to_string())?;
        let expression = Expression::new(text, &batch.schema(), "fuzz");
        let expression = expression.map_err(|stop| unquoted(&stop.message))?;
        let mut values = 0;
        expression.evaluate(&batch, |_, _| values += 1).map_err(|stop| unquoted(&stop.message))?;
        assert_eq!(values, 2);
        Ok(())
    });
}

#[test]
fn every_question_only_reads_or_is_refused() {
    let database = Database::new().expect("there is memory");
    let mut loader = database.load("orders", &batch().schema(), Form::Plain).expect("there is memory");
    loader.add(&batch()).expect("there is memory");
    loader.finish().expect("there is memory");
    let tables =
        |database: &Database| database.cells("SELECT name FROM sqlite_schema").expect("it can be read");
    let before = tables(&database);
    let database = RefCell::new(database);
    fuzz("question", |bytes| -> Verdict {
        let mut database = database.borrow_mut();
        let text = std::str::from_utf8(bytes).map_err(|_| "no text".to_string())?;
        // It is not run: a question that never ends is ended by the job's limits.
        let checked = check(database.connection(), text, "fuzz");
        assert_eq!(tables(&database), before);
        checked.map(drop).map_err(|stop| unquoted(&stop.message))
    });
}
