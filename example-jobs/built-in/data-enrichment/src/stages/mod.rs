//! Steps that look at one row after another. They need no more memory for a larger file.

mod check;
mod columns;
mod expressions;
mod hide;
mod text;
mod typed;

pub(crate) use hide::check_secrets;
pub(crate) use typed::number;

use arrow_schema::SchemaRef;
use fuelcell_table_kit::Stop;

use crate::bind::Place;
use crate::stage::{Stage, Surroundings};
use crate::steps::Step;

/// Makes a step ready for rows of a schema. None for a step that needs to see all rows first.
pub(crate) fn bind<'a>(
    step: &Step,
    name: &str,
    schema: &SchemaRef,
    around: &Surroundings<'a>,
) -> Result<Option<Box<dyn Stage + 'a>>, Stop> {
    let place = |verb: &str| Place::of(name, verb);
    Ok(Some(match step {
        Step::Select(step) => columns::select(&place("select"), step, schema)?,
        Step::Drop(step) => columns::drop(&place("drop"), step, schema)?,
        Step::Rename(step) => columns::rename(&place("rename"), step, schema)?,
        Step::Reorder(step) => columns::reorder(&place("reorder"), step, schema)?,
        Step::Cast(step) => typed::cast(place("cast"), step, schema, around.hints)?,
        Step::ParseTimes(step) => typed::parse_times(place("parseTimes"), step, schema, around.hints)?,
        Step::Bin(step) => typed::bin(&place("bin"), step, schema)?,
        Step::Trim(step) => text::trim(&place("trim"), step, schema)?,
        Step::Normalise(step) => text::normalise(&place("normalise"), step, schema)?,
        Step::Map(step) => text::map(&place("map"), step, schema)?,
        Step::Split(step) => text::split(&place("split"), step, schema)?,
        Step::Join(step) => text::join(&place("join"), step, schema)?,
        Step::Extract(step) => text::extract(place("extract"), step, schema)?,
        Step::Derive(step) => expressions::derive(place("derive"), step, schema)?,
        Step::Filter(step) => expressions::filter(place("filter"), step, schema)?,
        Step::Anonymise(step) => hide::anonymise(&place("anonymise"), step, schema, around)?,
        Step::Validate(step) => check::validate(place("validate"), step, schema, around)?,
        Step::Fill(step) if step.with == crate::steps::FillWith::Value => {
            typed::fill(&place("fill"), step, schema)?
        }
        _ => return Ok(None),
    }))
}
