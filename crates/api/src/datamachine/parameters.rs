//! Reading parameters of the query; what is wrong with them is gathered and told at once.

use super::errors::invalid_parameters;
use crate::extract::Query;
use crate::problem::Problem;
use fuelcell_service::parameters::ParameterFault;
use std::ops::RangeInclusive;

/// The query with what was wrong in it so far. An empty parameter counts as absent.
pub(super) struct Parameters<'a> {
    query: &'a Query,
    faults: Vec<ParameterFault>,
}

impl<'a> Parameters<'a> {
    pub(super) fn of(query: &'a Query) -> Self {
        Self { query, faults: Vec::new() }
    }

    /// A whole number in a range.
    pub(super) fn integer(&mut self, name: &str, range: RangeInclusive<u32>) -> Option<u32> {
        let text = self.query.text(name)?;
        let Ok(number) = text.trim().parse::<i128>() else {
            return self.wrong(name, format!("{name} is not of type integer."));
        };
        let found = u32::try_from(number).ok().filter(|number| range.contains(number));
        found.or_else(|| {
            let (low, high) = range.into_inner();
            self.wrong(name, format!("{name} must be between {low} (inclusive) and {high} (inclusive)"))
        })
    }

    /// Something that has a word.
    pub(super) fn word<T>(
        &mut self,
        name: &str,
        allowed: &[&str],
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.query.text(name)?;
        read(text).or_else(|| self.wrong(name, format!("{name} is not one of {}.", allowed.join(", "))))
    }

    fn wrong<T>(&mut self, name: &str, message: String) -> Option<T> {
        self.faults.push(ParameterFault { pointer: name.to_owned(), message });
        None
    }

    /// Refuses when anything was wrong.
    pub(super) fn check(self) -> Result<(), Problem> {
        match self.faults.is_empty() {
            true => Ok(()),
            false => Err(invalid_parameters(self.faults)),
        }
    }
}
