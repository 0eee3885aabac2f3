//! What is done, in its order: what the shared parameters ask for, then the steps.

use arrow_schema::Schema;
use fuelcell_parameters_kit::Filter;
use fuelcell_table_kit::{Micros, Stop};

use crate::parameters::Parameters;
use crate::restrict::{self, Cases, Rows};
use crate::roles::Roles;
use crate::steps::{Deduplicate, EventLog, Keep, Step};

/// A piece of work, and what messages call it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Planned {
    /// Such as `steps/2`, or the parameter that asks for it.
    pub(crate) name: String,
    pub(crate) work: Work,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Work {
    /// Only these rows go on.
    Rows(Rows),
    /// Only rows of these cases go on.
    Cases(Cases),
    /// A step, of the parameters or of the quality checks.
    Step(Box<Step>),
}

/// Makes the plan for a table of these columns.
///
/// # Errors
/// `InvalidParameter` when the shared parameters do not fit the columns.
pub(crate) fn plan(parameters: &Parameters, schema: &Schema) -> Result<Vec<Planned>, Stop> {
    let mut plan = Vec::new();
    if parameters.quality_checks.check_duplicates {
        let copies = Step::Deduplicate(Deduplicate { keys: None, keep: Keep::First, by: None });
        plan.push(Planned { name: "qualityChecks".into(), work: Work::Step(Box::new(copies)) });
    }
    let window = parameters.time_window.as_ref().map(|window| window.bounds("timeWindow")).transpose()?;
    if window.is_some() || !parameters.filters.is_empty() {
        plan.extend(restrictions(
            &parameters.filters,
            window,
            &Roles::find(schema, &parameters.columns)?,
            schema,
        )?);
    }
    let steps = parameters.steps.iter().enumerate().map(|(number, step)| Planned {
        name: format!("steps/{number}"),
        work: Work::Step(Box::new(with_defaults(step, parameters))),
    });
    Ok(plan.into_iter().chain(steps).collect())
}

fn restrictions(
    filters: &[Filter],
    window: Option<(Micros, Micros)>,
    roles: &Roles,
    schema: &Schema,
) -> Result<Vec<Planned>, Stop> {
    let (rows, cases) = restrict::bind(filters, window, roles, schema)?;
    let name = if filters.is_empty() { "timeWindow" } else { "filters" };
    let planned = |work: Work| Planned { name: name.into(), work };
    Ok(rows.map(Work::Rows).into_iter().chain(cases.map(Work::Cases)).map(planned).collect())
}

/// A step with what the shared parameters say where it says nothing.
fn with_defaults(step: &Step, parameters: &Parameters) -> Step {
    let Step::EventLog(step) = step else { return step.clone() };
    let Parameters { columns, time_zone, calendar, .. } = parameters;
    let or = |own: &Option<String>, shared: &Option<String>| own.clone().or_else(|| shared.clone());
    Step::EventLog(Box::new(EventLog {
        case: or(&step.case, &columns.case),
        activity: or(&step.activity, &columns.activity),
        timestamp: or(&step.timestamp, &columns.timestamp),
        add: step.add.clone(),
        time_zone: or(&step.time_zone, time_zone),
        calendar: step.calendar.clone().or_else(|| calendar.clone()),
    }))
}
