//! The checks of the data that need no step.

use arrow_schema::Schema;
use fuelcell_parameters_kit::{is_plausible, spellings};
use fuelcell_table_kit::{Stop, excerpt};

use crate::ledger::Ledger;
use crate::parameters::Parameters;
use crate::profile::Profile;
use crate::roles::Roles;

/// Groups of spellings that are told, and names of a group.
const TOLD: usize = 5;

/// Makes those that are asked for, and counts implausible times.
pub(crate) fn made(
    parameters: &Parameters,
    before: &Profile,
    schema: &Schema,
    ledger: &mut Ledger,
) -> Result<u64, Stop> {
    let checks = parameters.quality_checks;
    if checks.validate_activities {
        let roles = Roles::find(schema, &parameters.columns)?;
        if let Some(activity) = roles.log().and(roles.activity) {
            similar_activities(before, activity, ledger);
        }
    }
    Ok(if checks.validate_timestamps { implausible_times(before, ledger) } else { 0 })
}

fn implausible_times(before: &Profile, ledger: &mut Ledger) -> u64 {
    let mut all = 0;
    for column in before.columns.iter().filter(|column| column.kind.is_time()) {
        let implausible = |time: &&f64| !is_plausible((**time * 1e6) as i64);
        let count = column.numbers().iter().filter(implausible).count() as u64;
        let message =
            format!("Times of column \"{}\" lie outside of the years 1970 to 2099", excerpt(&column.name));
        ledger.warn("ImplausibleTime", message, count);
        all += count;
    }
    all
}

fn similar_activities(before: &Profile, activity: usize, ledger: &mut Ledger) {
    let Some(column) = before.columns.get(activity) else { return };
    for group in spellings(column.counted()).iter().take(TOLD) {
        let names = group.iter().take(TOLD).map(|(name, rows)| format!("\"{}\" ({rows})", excerpt(name)));
        let message = format!("Activities differ only in spelling: {}", names.collect::<Vec<_>>().join(", "));
        ledger.warn("SimilarActivities", message, group.iter().map(|(_, rows)| rows).sum());
    }
}
