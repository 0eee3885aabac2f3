//! When the steps of an order happen.

use chrono::{NaiveDateTime, TimeDelta};
use rand::RngExt;
use rand_distr::{Distribution, Gamma};
use rand_pcg::Pcg64;

use super::{
    activity::{Activity, Actor},
    calendar::Shift,
    options::LogOptions,
    order::{Oddity, Order, Segment, Warehouse},
    route,
    staff::Worker,
};

/// An event: one row.
pub(super) struct Event {
    pub(super) activity: Activity,
    pub(super) start: NaiveDateTime,
    pub(super) end: NaiveDateTime,
    pub(super) resource: String,
}

/// Draws the events of an order. Steps that end after the period are not in the log: the order is still open.
pub(super) fn events(rng: &mut Pcg64, order: &Order, options: &LogOptions) -> Vec<Event> {
    let steps = route::draw(rng, order);
    let stuck_at = (order.oddity == Oddity::Stuck).then(|| rng.random_range(1..steps.len()));
    let mut events: Vec<Event> = Vec::with_capacity(steps.len());
    let mut now = order.created;
    for (index, activity) in steps.into_iter().enumerate() {
        let worker = Worker::draw(rng, order, activity);
        let mut wait = draw_wait(rng, order, activity, now >= options.second_half());
        if stuck_at == Some(index) {
            wait += rng.random_range(400.0..900.0);
        }
        let start = start_of(rng, order, activity, &worker, now, wait);
        let work = draw_around(rng, 2.0, activity.mean_work_minutes() * worker.pace());
        // Whole seconds, and never none: even a program needs one.
        now = start + TimeDelta::seconds(((work * 60.0) as i64).max(1));
        if now >= options.end_of_period() {
            break;
        }
        events.push(Event { activity, start, end: now, resource: worker.name(order, activity) });
    }
    events
}

/// Hours until the step is begun.
fn draw_wait(rng: &mut Pcg64, order: &Order, activity: Activity, second_half: bool) -> f64 {
    let slow_picking = activity == Activity::PickItems && order.warehouse == Warehouse::South && second_half;
    let late_payer = activity == Activity::ReceivePayment && order.segment == Segment::Wholesale;
    let factor = if slow_picking {
        4.0
    } else if late_payer {
        2.2
    } else {
        1.0
    };
    // Reminders follow a rule, the rest follows whoever is free.
    let shape = if activity == Activity::SendReminder { 8.0 } else { 1.6 };
    draw_around(rng, shape, activity.mean_wait_hours() * factor)
}

fn start_of(
    rng: &mut Pcg64,
    order: &Order,
    activity: Activity,
    worker: &Worker,
    now: NaiveDateTime,
    wait_hours: f64,
) -> NaiveDateTime {
    let shift = Shift::of(order.region, activity.department());
    let wait = TimeDelta::seconds((wait_hours * 3600.0) as i64);
    match (worker, activity.actor()) {
        (Worker::Bot, _) => {
            let minute = TimeDelta::seconds(rng.random_range(0..10_800));
            shift.next_night(now, 1) + minute
        }
        (Worker::Nobody, _) | (_, Actor::System | Actor::Outside) => now + wait,
        (Worker::Person(_), Actor::Person) => shift.after(now, wait),
    }
}

/// A positive number with this mean; a smaller shape scatters more.
fn draw_around(rng: &mut Pcg64, shape: f64, mean: f64) -> f64 {
    if mean == 0.0 {
        return 0.0;
    }
    Gamma::new(shape, mean / shape).expect("shape and mean are positive constants").sample(rng)
}
