//! Rules that rows must keep.

use std::collections::HashSet;

use arrow_array::{Array, ArrayRef, StringArray};
use arrow_schema::SchemaRef;
use fuelcell_report_kit::text::counted;
use fuelcell_sql_kit::Expression;
use fuelcell_table_kit::{Column, Kind, Micros, Stop, cell, convert, excerpt, parse_iso};
use regex::Regex;
use serde_json::Value;

use crate::bind::Place;
use crate::chunk::{Chunk, kind_at};
use crate::ledger::Ledger;
use crate::lookups;
use crate::seen::Seen;
use crate::stage::{Stage, Surroundings};
use crate::stages::expressions::is_true;
use crate::stages::text::regex;
use crate::steps::{Check, Range, Severity, Validate};

/// A rule that is ready to run.
struct Rule {
    column: Option<usize>,
    name: String,
    sort: Sort,
    severity: Severity,
    says: String,
    broken: u64,
}

enum Sort {
    NotNull,
    Unique(Seen),
    Range {
        min: Option<f64>,
        max: Option<f64>,
    },
    Set(HashSet<String>),
    Pattern(Regex),
    Expression(Expression),
    /// The newest value so far.
    Freshness {
        newest: Option<Micros>,
        as_of: Micros,
        days: f64,
    },
}

struct Checked {
    place: Place,
    schema: SchemaRef,
    rules: Vec<Rule>,
}

pub(super) fn validate<'a>(
    place: Place,
    step: &Validate,
    schema: &SchemaRef,
    around: &Surroundings<'a>,
) -> Result<Box<dyn Stage + 'a>, Stop> {
    let rules = step
        .rules
        .iter()
        .enumerate()
        .map(|(number, check)| {
            rule(&Place { name: format!("{}/rules/{number}", place.name) }, check, schema, around)
        })
        .collect::<Result<_, _>>()?;
    Ok(Box::new(Checked { place, schema: schema.clone(), rules }))
}

fn rule(place: &Place, check: &Check, schema: &SchemaRef, around: &Surroundings<'_>) -> Result<Rule, Stop> {
    let sorts = [
        check.not_null,
        check.unique,
        check.range.is_some(),
        check.set.is_some(),
        check.pattern.is_some(),
        check.foreign_key.is_some(),
        check.expression.is_some(),
        check.freshness.is_some(),
    ];
    if sorts.iter().filter(|there| **there).count() != 1 {
        return Err(place.wrong(
            "a rule is of one sort: notNull, unique, range, set, pattern, foreignKey, expression or freshness.",
        ));
    }
    let column = check.column.as_ref().map(|name| place.column(schema, name)).transpose()?;
    let (sort, says) = match column {
        None => match &check.expression {
            Some(text) => (
                Sort::Expression(Expression::new(text, schema, &place.name)?),
                format!("It breaks {}", excerpt(text)),
            ),
            None => return Err(place.wrong("column says whose values are checked.")),
        },
        Some(_) if check.expression.is_some() => {
            return Err(place.wrong("an expression names its columns itself."));
        }
        Some(index) => of_column(place, check, index, schema, around)?,
    };
    let name = check.column.clone().unwrap_or_default();
    Ok(Rule { column, name, sort, severity: check.severity, says, broken: 0 })
}

fn of_column(
    place: &Place,
    check: &Check,
    index: usize,
    schema: &SchemaRef,
    around: &Surroundings<'_>,
) -> Result<(Sort, String), Stop> {
    let kind = kind_at(schema, index);
    if check.not_null {
        return Ok((Sort::NotNull, "There is no value".into()));
    }
    if check.unique {
        return Ok((Sort::Unique(Seen::new()), "A row before has the same value".into()));
    }
    if let Some(range) = &check.range {
        return range_of(place, range, kind);
    }
    if let Some(set) = &check.set {
        return Ok((
            Sort::Set(set.iter().cloned().collect()),
            "The value is none of those that are allowed".into(),
        ));
    }
    if let Some(pattern) = &check.pattern {
        let pattern = regex(place, &format!("^(?:{pattern})$"))?;
        return Ok((Sort::Pattern(pattern), "The value does not match the pattern".into()));
    }
    if let Some(key) = &check.foreign_key {
        let known = lookups::find(place, around.lookups, &key.table)?;
        let mut values = HashSet::new();
        lookups::values(place, around.database, known, &key.column, |value| {
            values.insert(value);
        })?;
        return Ok((Sort::Set(values), format!("lookups/{} has no such value", key.table)));
    }
    let Some(fresh) = &check.freshness else { return Err(place.wrong("the rule is of no sort.")) };
    if !kind.is_time() {
        return Err(place.wrong(format!("freshness is for times; the column is of type {kind}.")));
    }
    let as_of =
        parse_iso(fresh.as_of.as_bytes()).ok_or_else(|| place.wrong("asOf is no time in ISO 8601."))?;
    Ok((Sort::Freshness { newest: None, as_of, days: fresh.days }, String::new()))
}

fn range_of(place: &Place, range: &Range, kind: Kind) -> Result<(Sort, String), Stop> {
    if !kind.is_number() && !kind.is_time() {
        return Err(place.wrong(format!("a range is for numbers and times; the column is of type {kind}.")));
    }
    let bound =
        |value: &Option<Value>| value.as_ref().map(|value| read_bound(place, value, kind)).transpose();
    let (min, max) = (bound(&range.min)?, bound(&range.max)?);
    let shown = |value: &Option<Value>| {
        value.as_ref().map_or("…".to_string(), |value| value.to_string().trim_matches('"').to_string())
    };
    let says = format!("The value does not lie within {} and {}", shown(&range.min), shown(&range.max));
    match (min, max) {
        (None, None) => Err(place.wrong("a range has min, max or both.")),
        _ => Ok((Sort::Range { min, max }, says)),
    }
}

fn read_bound(place: &Place, value: &Value, kind: Kind) -> Result<f64, Stop> {
    let text = value.as_str().map_or_else(|| value.to_string(), String::from);
    // A day bounds instants, too.
    let kind = if kind.is_time() { Kind::Timestamp { zoned: true } } else { Kind::Float };
    let (array, _) = convert(&StringArray::from(vec![text.as_str()]), &Column::new("bound", kind));
    measure(&array, 0).ok_or_else(|| place.wrong(format!("\"{}\" is no {kind}.", excerpt(&text))))
}

/// A number or time as one number.
fn measure(array: &ArrayRef, row: usize) -> Option<f64> {
    let text = cell(array, row)?;
    match Kind::of(array.data_type())? {
        kind if kind.is_time() => parse_iso(text.as_bytes()).map(|time| time as f64),
        _ => text.parse().ok(),
    }
}

impl Rule {
    /// Marks the rows that break it.
    fn look(&mut self, chunk: &Chunk, broken: &mut Vec<bool>) -> Result<(), Stop> {
        broken.clear();
        let array = self.column.map(|index| chunk.rows.column(index));
        let rows = chunk.lines.len();
        match (&mut self.sort, array) {
            (Sort::Expression(expression), _) => {
                return expression.evaluate(&chunk.rows, |_, value| broken.push(!is_true(&value)));
            }
            (Sort::NotNull, Some(array)) => broken.extend((0..rows).map(|row| array.is_null(row))),
            (Sort::Unique(seen), Some(array)) => {
                broken.extend((0..rows).map(|row| cell(array, row).is_some_and(|text| !seen.insert(&text))));
            }
            (Sort::Range { min, max }, Some(array)) => broken.extend((0..rows).map(|row| {
                let outside =
                    |value: f64| min.is_some_and(|min| value < min) || max.is_some_and(|max| value > max);
                measure(array, row).is_some_and(outside)
            })),
            (Sort::Set(set), Some(array)) => {
                broken.extend((0..rows).map(|row| cell(array, row).is_some_and(|text| !set.contains(&text))));
            }
            (Sort::Pattern(pattern), Some(array)) => {
                broken.extend(
                    (0..rows).map(|row| cell(array, row).is_some_and(|text| !pattern.is_match(&text))),
                );
            }
            (Sort::Freshness { newest, .. }, Some(array)) => {
                let times = (0..rows).filter_map(|row| parse_iso(cell(array, row)?.as_bytes()));
                *newest = times.max().max(*newest);
            }
            (_, None) => {}
        }
        Ok(())
    }
}

impl Stage for Checked {
    fn schema(&self) -> SchemaRef {
        SchemaRef::clone(&self.schema)
    }

    fn run(&mut self, chunk: Chunk, ledger: &mut Ledger) -> Result<Chunk, Stop> {
        let mut stays = vec![true; chunk.lines.len()];
        let mut broken = Vec::new();
        for rule in &mut self.rules {
            rule.look(&chunk, &mut broken)?;
            for (row, _) in broken.iter().enumerate().filter(|(_, broken)| **broken) {
                if !stays[row] {
                    continue;
                }
                rule.broken += 1;
                if rule.severity == Severity::Reject {
                    stays[row] = false;
                    let reason = ledger.reason(&rule.name, &self.place.name, &rule.says);
                    ledger.reject(chunk.lines[row], reason)?;
                }
            }
        }
        chunk.keep(&stays)
    }

    fn end(&mut self, ledger: &mut Ledger) {
        for rule in &self.rules {
            let of = if rule.name.is_empty() {
                String::new()
            } else {
                format!(", column \"{}\"", excerpt(&rule.name))
            };
            if rule.severity == Severity::Warn {
                ledger.warn("RuleBroken", format!("{}{of}: {}", self.place.name, rule.says), rule.broken);
            }
            if let Sort::Freshness { newest, as_of, days } = rule.sort {
                let age = newest.map(|newest| (as_of - newest) as f64 / 86_400e6);
                if age.is_none_or(|age| age > days) {
                    let age = age.map_or("there is no value".to_string(), |age| {
                        format!("the newest value is {age:.1} days old")
                    });
                    ledger.warn("NotFresh", format!("{}{of}: {age}; {days} are allowed", self.place.name), 1);
                }
            }
        }
        let broken: u64 = self.rules.iter().map(|rule| rule.broken).sum();
        ledger.note(&self.place.name, format!("rules were broken {}", counted(broken, "time")));
    }
}
