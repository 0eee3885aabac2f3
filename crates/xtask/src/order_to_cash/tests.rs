//! What the demo, the benchmarks and the documented examples rely on.

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use super::{activity::Activity, *};

/// A row's case, activity, start and completion.
type Row = (String, String, NaiveDateTime, NaiveDateTime);

fn demo_bytes(seed: u64, events: u64) -> Vec<u8> {
    let mut out = Vec::new();
    write(&LogOptions { seed, events, ..LogOptions::demo() }, &mut out, |_| ()).unwrap();
    out
}

fn rows(csv: &[u8]) -> Vec<Row> {
    let text = std::str::from_utf8(csv).unwrap();
    let time = |text: &str| text.strip_suffix('Z').unwrap().parse::<NaiveDateTime>().unwrap();
    let parse = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        assert_eq!(fields.len(), HEADER.split(',').count(), "{line}");
        (fields[0].to_owned(), fields[1].to_owned(), time(fields[2]), time(fields[3]))
    };
    text.lines().skip(1).map(parse).collect()
}

/// First start and last completion of every closed order.
fn closed_orders(rows: &[Row]) -> HashMap<&str, (NaiveDateTime, NaiveDateTime)> {
    let mut orders = HashMap::new();
    let mut first = HashMap::new();
    for (case, activity, start, end) in rows {
        first.entry(case.as_str()).or_insert(*start);
        if activity == Activity::CloseOrder.name() {
            orders.insert(case.as_str(), (first[case.as_str()], *end));
        }
    }
    orders
}

fn closed_within(rows: &[Row], from: &str, to: &str) -> usize {
    let (from, to): (NaiveDate, NaiveDate) = (from.parse().unwrap(), to.parse().unwrap());
    let within = |(start, end): &&(NaiveDateTime, NaiveDateTime)| start.date() >= from && end.date() <= to;
    closed_orders(rows).values().filter(within).count()
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let digest = hex::encode(Sha256::digest(demo_bytes(7, 2_000)));
    // A new digest is a new demo log: change it only when that is meant.
    assert_eq!(digest, "499c35bd0ef05d7d01f32c6948376ed3e70f9b32a8d16b6ccf0a0c6a784940d5");
    assert_ne!(demo_bytes(7, 2_000), demo_bytes(8, 2_000));
}

#[test]
fn the_size_is_about_what_was_asked_for() {
    for events in [2_000_u64, 30_000] {
        let mut out = Vec::new();
        let size = write(&LogOptions { events, ..LogOptions::demo() }, &mut out, |_| ()).unwrap();
        assert!(size.events.abs_diff(events) < events / 10, "{size:?} instead of {events}");
        let rows = rows(&out);
        assert_eq!(rows.len() as u64, size.events);
        let mut cases: Vec<_> = rows.iter().map(|row| &row.0).collect();
        cases.dedup();
        assert_eq!(cases.len() as u64, size.cases);
    }
}

#[test]
fn every_event_is_in_the_period_and_cases_go_forward() {
    let options = LogOptions::demo();
    let rows = rows(&demo_bytes(options.seed, options.events));
    let (first, last) = (NaiveDateTime::from(options.start), options.end_of_period());
    for (case, activity, start, end) in &rows {
        assert!(*start >= first && *end < last && start < end, "{case} {activity} {start} {end}");
    }
    for pair in rows.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
        assert!(pair[0].3 <= pair[1].2, "{pair:?}");
    }
}

#[test]
fn the_windows_of_the_documented_examples_hold_complete_cases() {
    let options = LogOptions::demo();
    let rows = rows(&demo_bytes(options.seed, options.events));
    let windows =
        [("2024-01-01", "2024-01-31", 100), ("2024-01-01", "2024-01-07", 5), ("2024-01-13", "2024-01-19", 5)];
    for (from, to, enough) in windows {
        let closed = closed_within(&rows, from, to);
        assert!(closed >= enough, "only {closed} complete cases from {from} to {to}");
    }
}

#[test]
fn what_is_planted_can_be_found() {
    let csv = demo_bytes(LogOptions::demo().seed, 30_000);
    let rows = rows(&csv);
    let closed = closed_orders(&rows).len();
    let mut cases: Vec<_> = rows.iter().map(|row| row.0.as_str()).collect();
    cases.dedup();
    assert!(closed < cases.len(), "no order is open at the end");

    let text = std::str::from_utf8(&csv).unwrap();
    assert!(text.contains(staff::BOT));
    let back_and_forth = rows.windows(4).any(|four| {
        let names: Vec<_> = four.iter().map(|row| row.1.as_str()).collect();
        names == ["Change Order", "Approve Order", "Change Order", "Approve Order"]
    });
    assert!(back_and_forth);
}

#[test]
fn an_empty_period_is_refused() {
    let options = LogOptions::demo();
    let backwards = LogOptions { start: options.end, end: options.start, ..options };
    assert!(write(&backwards, &mut Vec::new(), |_| ()).is_err());
}
