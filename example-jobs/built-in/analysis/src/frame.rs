//! A table in memory: typed columns of equal length.

/// Microseconds since 1970, UTC.
pub type Micros = i64;

/// Stands for a missing time.
pub const NO_TIME: Micros = Micros::MIN;

/// Stands for a missing category.
pub const NO_CODE: u32 = u32::MAX;

/// Columns of equal length.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Frame {
    rows: usize,
    columns: Vec<Column>,
}

/// A named column.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// Its name in the file, or what it was derived as.
    pub name: String,
    /// What it holds.
    pub values: Values,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Numbers; a missing one is NaN.
    Numbers(Vec<f64>),
    /// One of a list of names for each row; a missing one is [`NO_CODE`].
    Categories(Categories),
    /// Moments; a missing one is [`NO_TIME`].
    Times(Vec<Micros>),
}

/// Names by number.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Categories {
    /// For each row the place of its name.
    pub codes: Vec<u32>,
    /// The names, each once.
    pub names: Vec<String>,
}

impl Categories {
    /// Numbers the texts in the order in which they first appear.
    pub fn of<'a>(texts: impl IntoIterator<Item = Option<&'a str>>) -> Self {
        let mut builder = Dictionary::default();
        let codes = texts.into_iter().map(|text| text.map_or(NO_CODE, |text| builder.code(text))).collect();
        Self { codes, names: builder.names }
    }

    /// How many of the names stand in some row.
    pub fn used(&self) -> usize {
        let mut used = vec![false; self.names.len()];
        for &code in self.codes.iter().filter(|&&code| code != NO_CODE) {
            used[code as usize] = true;
        }
        used.into_iter().filter(|&used| used).count()
    }

    /// The name in a row.
    pub fn name(&self, row: usize) -> Option<&str> {
        self.names.get(*self.codes.get(row)? as usize).map(String::as_str)
    }
}

/// Gives each text a number.
#[derive(Debug, Default)]
pub struct Dictionary {
    places: std::collections::HashMap<String, u32>,
    names: Vec<String>,
}

impl Dictionary {
    /// The number of a text.
    pub fn code(&mut self, text: &str) -> u32 {
        if let Some(&code) = self.places.get(text) {
            return code;
        }
        let code = self.names.len() as u32;
        self.places.insert(text.to_string(), code);
        self.names.push(text.to_string());
        code
    }

    /// How many different texts there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The texts in the order of their numbers.
    pub fn into_names(self) -> Vec<String> {
        self.names
    }
}

impl Values {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Categories(categories) => categories.codes.len(),
            Self::Times(times) => times.len(),
        }
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a row has a value.
    pub fn is_present(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => !numbers[row].is_nan(),
            Self::Categories(categories) => categories.codes[row] != NO_CODE,
            Self::Times(times) => times[row] != NO_TIME,
        }
    }

    /// The values of these rows, in this order.
    pub fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|&row| numbers[row]).collect()),
            Self::Times(times) => Self::Times(rows.iter().map(|&row| times[row]).collect()),
            Self::Categories(Categories { codes, names }) => Self::Categories(Categories {
                codes: rows.iter().map(|&row| codes[row]).collect(),
                names: names.clone(),
            }),
        }
    }
}

impl Frame {
    /// A table without columns.
    pub fn new(rows: usize) -> Self {
        Self { rows, columns: Vec::new() }
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// All columns, in the order of the file, then those that were derived.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Adds a column, or replaces the one of this name.
    ///
    /// # Panics
    /// When the column has another number of rows than the table: a mistake of this crate.
    pub fn put(&mut self, name: impl Into<String>, values: Values) {
        let name = name.into();
        assert_eq!(values.len(), self.rows, "the column {name} has as many rows as its table");
        match self.columns.iter_mut().find(|column| column.name == name) {
            Some(column) => column.values = values,
            None => self.columns.push(Column { name, values }),
        }
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&Values> {
        self.columns.iter().find(|column| column.name == name).map(|column| &column.values)
    }

    /// A table of these rows, in this order.
    pub fn take(&self, rows: &[usize]) -> Self {
        let columns = self.columns.iter();
        let columns =
            columns.map(|column| Column { name: column.name.clone(), values: column.values.take(rows) });
        Self { rows: rows.len(), columns: columns.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_with_all_their_columns() {
        let mut frame = Frame::new(3);
        frame.put("n", Values::Numbers(vec![1.0, f64::NAN, 3.0]));
        frame.put("c", Values::Categories(Categories::of([Some("a"), None, Some("b")])));
        frame.put("t", Values::Times(vec![5, 6, NO_TIME]));
        let taken = frame.take(&[2, 0]);
        assert_eq!(taken.rows(), 2);
        assert_eq!(taken.column("n"), Some(&Values::Numbers(vec![3.0, 1.0])));
        let Some(Values::Categories(names)) = taken.column("c") else { unreachable!() };
        assert_eq!((names.name(0), names.name(1)), (Some("b"), Some("a")));
        assert!(!taken.column("t").unwrap().is_present(0) && !frame.column("n").unwrap().is_present(1));
    }
}
