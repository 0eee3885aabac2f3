use super::*;
use chrono::{DateTime, NaiveDateTime, TimeDelta, Timelike};
use chrono_tz::Tz;
use std::collections::BTreeSet;

fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc().into()
}

fn runs(cron: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let runs = Calendar::parse(cron, zone).unwrap().next_runs(at(after), count);
    runs.into_iter().map(|run| run.to_rfc3339()).collect()
}

fn schedule(cron: &str, next_at: &str) -> Schedule {
    Schedule {
        cron: cron.into(),
        time_zone: "UTC".into(),
        overlap: Overlap::Skip,
        catch_up_seconds: 3600,
        enabled: true,
        parameters: "{}".into(),
        priority: Priority::Normal,
        set_by: "anna".into(),
        set_with: Digest::of(b"token"),
        set_at: Timestamp(0),
        next_at: Some(at(next_at)),
        last_run: None,
        last_skipped: None,
    }
}

#[test]
fn runs_are_due_by_the_wall_clock_of_the_zone() {
    // Friday, then Monday; Berlin is UTC+1 in winter.
    assert_eq!(
        runs("0 6 * * MON-FRI", "Europe/Berlin", "2026-11-20T04:59:59Z", 3),
        ["2026-11-20T05:00:00Z", "2026-11-23T05:00:00Z", "2026-11-24T05:00:00Z"]
    );
    // At the very moment it is over, and parts of a second do not matter.
    assert_eq!(runs("0 6 * * *", "UTC", "2026-11-20T06:00:00Z", 1), ["2026-11-21T06:00:00Z"]);
    assert_eq!(runs("0 6 * * *", "UTC", "2026-11-20T05:59:59.999Z", 1), ["2026-11-20T06:00:00Z"]);
    assert_eq!(runs("@monthly", "Asia/Kolkata", "2026-11-20T00:00:00Z", 1), ["2026-11-30T18:30:00Z"]);
    assert_eq!(
        runs("*/20 * * * * *", "UTC", "2026-11-20T00:00:01Z", 2),
        ["2026-11-20T00:00:20Z", "2026-11-20T00:00:40Z"]
    );
    assert_eq!(runs("0 0 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1), ["2028-02-29T00:00:00Z"]);
}

#[test]
fn where_the_clock_is_put_forward_a_run_in_the_gap_is_due_right_after_it() {
    // Berlin, 2026-03-29: 02:00 becomes 03:00 at 01:00 UTC.
    assert_eq!(
        runs("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
        ["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"]
    );
    assert_eq!(
        runs("30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", 3),
        ["2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z", "2026-03-29T02:30:00Z"],
        "every hour of the real time"
    );
}

#[test]
fn where_the_clock_is_put_back_a_run_is_due_once() {
    // Berlin, 2026-10-25: 03:00 becomes 02:00 at 01:00 UTC, so that 02:30 is at 00:30 and at 01:30 UTC.
    assert_eq!(
        runs("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
    );
    assert_eq!(
        runs("30 * * * *", "Europe/Berlin", "2026-10-25T00:00:00Z", 3),
        ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"],
        "every hour of the real time"
    );
}

#[test]
fn times_of_the_day_are_each_due_once_where_the_clock_is_changed() {
    let spring = |cron: &str| runs(cron, "Europe/Berlin", "2026-03-28T23:30:00Z", 4);
    let (gap, day) = ("2026-03-29T01:00:00Z", "2026-03-30T00:");
    assert_eq!(spring("15 2,3 * * *")[..3], [gap, "2026-03-29T01:15:00Z", &format!("{day}15:00Z")]);
    assert_eq!(spring("15 1-3 * * *")[..3], ["2026-03-29T00:15:00Z", gap, "2026-03-29T01:15:00Z"]);
    assert_eq!(spring("*/30 2 * * *")[..3], [gap, &format!("{day}00:00Z"), &format!("{day}30:00Z")]);
    assert_eq!(spring("0 */2 * * *")[..2], [gap, "2026-03-29T02:00:00Z"]);
    let autumn = |cron: &str| runs(cron, "Europe/Berlin", "2026-10-24T22:30:00Z", 4);
    let (first, day) = ("2026-10-25T00:15:00Z", "2026-10-26T0");
    assert_eq!(autumn("15 2,3 * * *")[..3], [first, "2026-10-25T02:15:00Z", &format!("{day}1:15:00Z")]);
    assert_eq!(
        autumn("15 1-3 * * *"),
        ["2026-10-24T23:15:00Z", first, "2026-10-25T02:15:00Z", &format!("{day}0:15:00Z")]
    );
    assert_eq!(
        autumn("*/30 2 * * *")[..3],
        ["2026-10-25T00:00:00Z", "2026-10-25T00:30:00Z", &format!("{day}1:00:00Z")]
    );
    // Of those that are due together right after the gap, one is made, and that is said.
    let together = |cron: &str| {
        let schedule = Schedule { time_zone: "Europe/Berlin".into(), ..schedule(cron, gap) };
        schedule.due(at(gap)).unwrap().unwrap().fell_together
    };
    assert!(together("*/30 2 * * *") && together("0 2,3 * * *"));
    assert!(!together("15 2,3 * * *") && !together("0 3 * * *") && !together("*/30 * * * *"));
}

/// Moments at which the zone's offset changes.
fn changes(zone: Tz, from: i64, to: i64) -> Vec<i64> {
    use chrono::{Offset, TimeZone};
    let offset = |at: i64| {
        zone.offset_from_utc_datetime(&DateTime::from_timestamp(at, 0).unwrap().naive_utc())
            .fix()
            .local_minus_utc()
    };
    let mut changes = Vec::new();
    for start in (from..to).step_by(12 * 3600) {
        let (mut before, mut after) = (start, start + 12 * 3600);
        if offset(before) == offset(after) {
            continue;
        }
        while after - before > 1 {
            let middle = i64::midpoint(before, after);
            if offset(middle) == offset(before) { before = middle } else { after = middle }
        }
        changes.push(after);
    }
    changes
}

/// Whether a cron expression names a time on the wall.
type Matches = fn(NaiveDateTime) -> bool;

/// Around each change of several zones (half-hour shifts, changes at midnight, a winter time that is the shifted one, a
/// leap over the date line), told by looking at each minute of the wall clock.
#[test]
fn what_is_due_around_each_change_of_the_clock_is_what_a_look_at_each_minute_finds() {
    let zones = [
        "Europe/Berlin",
        "Europe/Dublin",
        "Australia/Lord_Howe",
        "America/Havana",
        "Africa/Casablanca",
        "Asia/Beirut",
        "Pacific/Apia",
        "America/St_Johns",
    ];
    let (from, to) = (at("2009-01-01T00:00:00Z").0 / 1_000_000, at("2013-01-01T00:00:00Z").0 / 1_000_000);
    let crons: [(&str, Matches, bool); 5] = [
        ("15 2,3 * * *", |t| t.minute() == 15 && [2, 3].contains(&t.hour()), false),
        ("*/30 0-2 * * *", |t| t.minute() % 30 == 0 && t.hour() <= 2, false),
        ("10 12 * * *", |t| t.minute() == 10 && t.hour() == 12, false),
        ("*/30 * * * *", |t| t.minute() % 30 == 0, true),
        ("45 0-23 * * *", |t| t.minute() == 45, true),
    ];
    let mut seen = 0;
    for zone in zones {
        let tz: Tz = zone.parse().unwrap();
        for change in changes(tz, from, to) {
            seen += 1;
            let (start, end) = (change - 30 * 3600, change + 30 * 3600);
            let shown = |at: i64| DateTime::from_timestamp(at, 0).unwrap().with_timezone(&tz).naive_local();
            for (cron, matches, real_time) in crons {
                let mut expected = BTreeSet::new();
                let mut latest = shown(start);
                for minute in (start + 60..=end).step_by(60) {
                    let now = shown(minute);
                    let (mut time, step) = (latest + TimeDelta::minutes(1), TimeDelta::minutes(1));
                    if real_time {
                        time = now;
                    }
                    // All that the wall clock has passed since the latest time that it showed.
                    while time <= now {
                        if matches(time) {
                            expected.insert(Timestamp(minute * 1_000_000));
                        }
                        time += step;
                    }
                    latest = latest.max(now);
                }
                let calendar = Calendar::parse(cron, zone).unwrap();
                let mut found = BTreeSet::new();
                let mut cursor = Timestamp(start * 1_000_000);
                while let Some(next) = calendar.next_after(cursor).filter(|next| next.0 <= end * 1_000_000) {
                    assert_eq!(calendar.last_until(next), Some(next), "{cron} {zone}");
                    let before = calendar.last_until(Timestamp(next.0 - 1)).unwrap();
                    assert!(before <= cursor, "{cron} {zone}: {before} between {cursor} and {next}");
                    found.insert(next);
                    cursor = next;
                }
                assert_eq!(found, expected, "{cron} {zone} around {}", Timestamp(change * 1_000_000));
            }
        }
    }
    assert!(seen > 40, "{seen} changes");
}

#[test]
fn the_cursor_meets_every_moment_of_a_year_once_in_both_directions() {
    for zone in ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"] {
        for cron in ["30 2 * * *", "15 */6 * * *", "0 1-3 * * SUN"] {
            let calendar = Calendar::parse(cron, zone).unwrap();
            let mut cursor = at("2026-01-01T00:00:00Z");
            while cursor < at("2027-01-01T00:00:00Z") {
                let next = calendar.next_after(cursor).unwrap();
                assert!(next > cursor, "{cron} {zone} {cursor}");
                assert_eq!(calendar.last_until(next), Some(next), "{cron} {zone}");
                let before = calendar.last_until(Timestamp(next.0 - 1));
                assert!(before.unwrap() <= cursor, "{cron} {zone}: something between {cursor} and {next}");
                cursor = next;
            }
        }
    }
}

#[test]
fn what_is_no_schedule_is_refused_and_nothing_panics() {
    let refused = [
        "",
        "* * *",
        "61 * * * *",
        "* * * * * * * *",
        "a b c d e",
        "*/0 * * * *",
        "5-1/0 * * * *",
        "0 0 32 1 *",
    ];
    for cron in refused {
        assert!(matches!(Calendar::parse(cron, "UTC"), Err(ScheduleError::Cron(_))), "{cron}");
    }
    assert!(matches!(Calendar::parse(&"*".repeat(1000), "UTC"), Err(ScheduleError::Cron(_))));
    for zone in ["", "Berlin", "europe/../berlin", "UTC+25", "Europe/Berlin\0"] {
        assert!(matches!(Calendar::parse("* * * * *", zone), Err(ScheduleError::TimeZone)), "{zone:?}");
    }
    assert_eq!(Calendar::parse("0 0 30 2 *", "UTC").unwrap().next_after(at("2026-01-01T00:00:00Z")), None);
    // Texts of the characters that expressions are made of, from a generator with a fixed seed.
    let letters: Vec<char> = "0123456789*/,-?LW#@ \u{e9}MONJAN".chars().collect();
    let mut state = 1_u64;
    let mut below = |end: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    };
    for _ in 0..20_000 {
        let length = 1 + below(24);
        let text: String = (0..length).map(|_| letters[below(letters.len())]).collect();
        if let Ok(calendar) = Calendar::parse(&text, "Europe/Berlin") {
            calendar.next_runs(at("2026-03-29T00:59:59Z"), 2);
            calendar.last_until(at("2026-10-25T01:00:00Z"));
        }
    }
}

#[test]
fn of_several_runs_that_are_due_the_latest_counts() {
    let hourly = schedule("0 * * * *", "2026-01-01T06:00:00Z");
    let due = |now: &str| hourly.due(at(now)).unwrap();
    assert_eq!(due("2026-01-01T05:59:59Z"), None);
    let next = Some(at("2026-01-01T07:00:00Z"));
    assert_eq!(
        due("2026-01-01T06:00:00Z"),
        Some(Due { at: at("2026-01-01T06:00:00Z"), missed_from: None, fell_together: false, next })
    );
    assert_eq!(
        due("2026-01-01T09:30:00Z"),
        Some(Due {
            at: at("2026-01-01T09:00:00Z"),
            missed_from: Some(at("2026-01-01T06:00:00Z")),
            fell_together: false,
            next: Some(at("2026-01-01T10:00:00Z")),
        })
    );
    assert_eq!(Schedule { enabled: false, ..hourly }.due(at("2026-01-01T09:30:00Z")), Ok(None));
}

#[test]
fn a_late_run_is_made_within_the_time_to_catch_up() {
    let hourly = schedule("0 * * * *", "2026-01-01T06:00:00Z");
    let seconds = Duration::from_secs;
    assert!(hourly.catches_up(seconds(3600)) && !hourly.catches_up(seconds(3601)));
    let punctual = Schedule { catch_up_seconds: 0, ..hourly };
    assert!(punctual.catches_up(seconds(60)), "a busy server is not one that is away");
    assert!(!punctual.catches_up(seconds(61)));
}

#[test]
fn a_schedule_set_anew_keeps_its_runs_and_a_run_that_is_due_just_now() {
    let run = ScheduledRun { due_at: Timestamp(1), job: JobId::random() };
    let before = Schedule { last_run: Some(run.clone()), ..schedule("0 6 * * *", "2026-01-01T06:00:00Z") };
    let mut same = Schedule { overlap: Overlap::Allow, ..schedule("0 6 * * *", "2026-01-02T06:00:00Z") };
    same.replaces(&before);
    assert_eq!((same.next_at, same.last_run), (before.next_at, Some(run)));
    let mut other = schedule("0 7 * * *", "2026-01-02T07:00:00Z");
    other.replaces(&before);
    assert_eq!(other.next_at, Some(at("2026-01-02T07:00:00Z")));
}
