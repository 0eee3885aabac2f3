//! The demo's event log: a made-up company's order-to-cash process.
//!
//! Everything in it is generated, so it may be shipped, and the same [`LogOptions`] give the same bytes. It is made to
//! look like a real extract: orders follow the week and the season, people work in the hours of their region, steps wait
//! and take time, some are done again, and at the end of the period some orders are still open. What an analysis should
//! find in it is planted on purpose:
//!
//! - the warehouse South picks four times slower in the second half of the period,
//! - wholesale customers pay late and need reminders,
//! - 0.6 % of the orders on account skip the credit check,
//! - 0.2 % of the orders are stuck at one step for weeks, 0.3 % go back and forth between change and approval,
//! - a bot writes invoices, at night.

mod activity;
mod calendar;
mod options;
mod order;
mod route;
mod staff;
mod timing;

use std::io::Write;

use anyhow::{Result, ensure};
use chrono::{Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Weekday};
use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, Normal, Poisson};
use rand_pcg::Pcg64;

pub(crate) use options::LogOptions;
use order::Order;
use timing::Event;

/// Column names. The first four are what most tools look for: case, activity, start and completion.
const HEADER: &str = "case_id,activity,start_timestamp,timestamp,resource,department,region,segment,channel,payment,\
                      warehouse,order_value";

/// Events of an average order, measured over a million generated ones.
const EVENTS_PER_ORDER: f64 = 12.15;

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogSize {
    /// Rows without the header.
    pub(crate) events: u64,
    /// Orders.
    pub(crate) cases: u64,
}

/// Writes the log as CSV, order by order, and tells `on_day` the share of the period that is done, from 0 to 1.
///
/// # Errors
/// When the period is empty or `out` cannot be written.
pub(crate) fn write(
    options: &LogOptions,
    out: &mut impl Write,
    mut on_day: impl FnMut(f64),
) -> Result<LogSize> {
    ensure!(options.start <= options.end, "the period ends before it starts");
    let mut rng = Pcg64::seed_from_u64(options.seed);
    let demand: f64 = options.days().map(demand).sum();
    let orders_per_demand = options.events as f64 / EVENTS_PER_ORDER / demand;
    let total_days = options.days().count() as f64;
    let mut size = LogSize { events: 0, cases: 0 };

    writeln!(out, "{HEADER}")?;
    for (index, day) in options.days().enumerate() {
        for created in arrivals(&mut rng, day, orders_per_demand)? {
            let order = Order::draw(&mut rng, size.cases + 1, created);
            let events = timing::events(&mut rng, &order, options);
            size.cases += u64::from(!events.is_empty());
            size.events += events.len() as u64;
            for event in events {
                write_row(out, &order, &event)?;
            }
        }
        on_day((index + 1) as f64 / total_days);
    }
    out.flush()?;
    Ok(size)
}

/// How busy a day is, relative to an ordinary working day.
fn demand(day: NaiveDate) -> f64 {
    let week = match day.weekday() {
        Weekday::Mon => 1.25,
        Weekday::Sat => 0.35,
        Weekday::Sun => 0.25,
        _ => 1.0,
    };
    // Before Christmas everybody orders, between the years hardly anybody does.
    let season = match (day.month(), day.day()) {
        (11, 20..) | (12, ..=18) => 1.5,
        (12, 24..) | (1, 1) => 0.35,
        (1, _) => 0.9,
        _ => 1.0,
    };
    week * season
}

/// When the orders of a day come in, in order.
fn arrivals(rng: &mut Pcg64, day: NaiveDate, orders_per_demand: f64) -> Result<Vec<NaiveDateTime>> {
    let count = Poisson::new(orders_per_demand * demand(day))?.sample(rng) as u64;
    let hour_of_day = Normal::new(13.0, 4.5)?;
    let midnight = NaiveDateTime::from(day);
    let mut times: Vec<_> = (0..count)
        .map(|_| {
            let hour: f64 = hour_of_day.sample(rng);
            let second = (hour.rem_euclid(24.0) * 3600.0) as i64 + rng.random_range(0..60);
            midnight + TimeDelta::seconds(second.min(86_399))
        })
        .collect();
    times.sort_unstable();
    Ok(times)
}

fn write_row(out: &mut impl Write, order: &Order, event: &Event) -> std::io::Result<()> {
    write!(out, "SO-{:07},{},", order.number, event.activity.name())?;
    write_time(out, event.start)?;
    write_time(out, event.end)?;
    writeln!(
        out,
        "{},{},{},{},{},{},{},{:.2}",
        event.resource,
        event.activity.department().name(),
        order.region.name(),
        order.segment.name(),
        order.channel.name(),
        order.payment.name(),
        order.warehouse.name(),
        order.value
    )
}

/// ISO 8601 in UTC, with the comma after it.
fn write_time(out: &mut impl Write, time: NaiveDateTime) -> std::io::Result<()> {
    let (year, month, day) = (time.year(), time.month(), time.day());
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z,")
}

#[cfg(test)]
mod tests;
