//! What every step needs to find its way: its name in messages, its columns, what reading found out about them.

use std::collections::HashMap;

use arrow_schema::Schema;
use fuelcell_table_kit::{Column, Kind, Stop, excerpt, listed};

use crate::chunk::kind_at;

/// Where a step stands.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// Such as `steps/2/cast`.
    pub(crate) name: String,
}

impl Place {
    /// A step by what its plan calls it, such as `steps/2`.
    pub(crate) fn of(name: &str, verb: &str) -> Self {
        Self { name: format!("{name}/{verb}") }
    }

    pub(crate) fn wrong(&self, what: impl std::fmt::Display) -> Stop {
        Stop::parameter(format!("{}: {what}", self.name))
    }

    /// Where a column is.
    pub(crate) fn column(&self, schema: &Schema, name: &str) -> Result<usize, Stop> {
        let found = schema.fields().iter().position(|field| field.name() == name);
        found.ok_or_else(|| self.wrong(unknown(schema, name)))
    }

    pub(crate) fn columns(&self, schema: &Schema, names: &[String]) -> Result<Vec<usize>, Stop> {
        names.iter().map(|name| self.column(schema, name)).collect()
    }

    /// A column of numbers.
    pub(crate) fn number(&self, schema: &Schema, name: &str) -> Result<usize, Stop> {
        let index = self.column(schema, name)?;
        match kind_at(schema, index) {
            kind if kind.is_number() => Ok(index),
            kind => Err(self
                .wrong(format!("column \"{}\" is of type {kind}, no number; cast it first.", excerpt(name)))),
        }
    }

    /// A column of text.
    pub(crate) fn text(&self, schema: &Schema, name: &str) -> Result<usize, Stop> {
        let index = self.column(schema, name)?;
        match kind_at(schema, index) {
            Kind::Text => Ok(index),
            kind => Err(self
                .wrong(format!("column \"{}\" is of type {kind}, no text; cast it first.", excerpt(name)))),
        }
    }

    /// A name for a new column.
    pub(crate) fn free(&self, schema: &Schema, name: &str) -> Result<(), Stop> {
        if name.is_empty() || name.starts_with("_$") {
            return Err(self.wrong("a new column needs a name that does not begin with \"_$\"."));
        }
        match schema.fields().iter().any(|field| field.name().eq_ignore_ascii_case(name)) {
            true => Err(self.wrong(format!("there is a column \"{}\" already.", excerpt(name)))),
            false => Ok(()),
        }
    }
}

fn unknown(schema: &Schema, name: &str) -> String {
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let near = names.iter().find(|known| known.eq_ignore_ascii_case(name) || known.trim() == name.trim());
    let near = near.map_or(String::new(), |near| format!(" Is \"{}\" meant?", excerpt(near)));
    format!("there is no column \"{}\" here.{near} Columns: {}.", excerpt(name), listed(names.into_iter()))
}

/// What reading found out about columns, by their names.
pub(crate) type Hints = HashMap<String, Column>;
