//! Moments as clients write them.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime};
use fuelcell_domain::Timestamp;

/// RFC 3339, or without a zone (which is UTC: Python's isoformat sends that), or a date alone; `to_end`: to the end of what
/// was written, be it a day, a second or a part of one.
pub(crate) fn parse_moment(text: &str, to_end: bool) -> Option<Timestamp> {
    if let Some(moment) = parse_time(text) {
        let rest = if to_end { resolution(text) - 1 } else { 0 };
        return Some(Timestamp(moment.0.saturating_add(rest)));
    }
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    match to_end {
        false => Some(date.and_time(NaiveTime::MIN).and_utc().into()),
        true => Some(Timestamp(Timestamp::from(date.succ_opt()?.and_time(NaiveTime::MIN).and_utc()).0 - 1)),
    }
}

fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.to_utc().into());
    }
    // A plus sign that was not percent-encoded arrives as a space.
    if let Ok(moment) = DateTime::parse_from_rfc3339(&text.replace(' ', "+")) {
        return Some(moment.to_utc().into());
    }
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M"]
        .into_iter()
        .find_map(|format| NaiveDateTime::parse_from_str(text, format).ok())
        .map(|moment| moment.and_utc().into())
}

/// Microseconds from a time to the next one that can be written with as many digits behind the second.
fn resolution(text: &str) -> i64 {
    let fraction = text.split_once('.').map_or("", |(_, fraction)| fraction);
    let digits = fraction.bytes().take(6).take_while(u8::is_ascii_digit).count();
    (digits..6).fold(1, |unit, _| unit * 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_as_clients_write_them() {
        let at = |text| parse_moment(text, false).map(|moment| moment.to_rfc3339());
        assert_eq!(at("2024-01-20T10:30:00Z").unwrap(), "2024-01-20T10:30:00Z");
        assert_eq!(at("2024-01-20T10:30:00+02:00").unwrap(), "2024-01-20T08:30:00Z");
        assert_eq!(at("2024-01-20T10:30:00 02:00").unwrap(), "2024-01-20T08:30:00Z");
        assert_eq!(at("2024-01-20T10:30:00.123456").unwrap(), "2024-01-20T10:30:00Z");
        assert_eq!(at("2024-01-20").unwrap(), "2024-01-20T00:00:00Z");
        assert_eq!(parse_moment("2024-01-20", true).unwrap().to_rfc3339(), "2024-01-20T23:59:59Z");
        assert_eq!(at("yesterday"), None);
    }

    #[test]
    fn an_end_holds_everything_that_is_shown_as_it() {
        let shown = |text| parse_moment(text, false).unwrap().0;
        let end = |text| parse_moment(text, true).unwrap().0;
        for (text, length) in [
            ("2024-01-20T10:30:00Z", 1_000_000),
            ("2024-01-20T10:30:00+02:00", 1_000_000),
            ("2024-01-20T10:30:00 02:00", 1_000_000),
            ("2024-01-20 10:30:00", 1_000_000),
            ("2024-01-20T10:30:00.5Z", 100_000),
            ("2024-01-20T10:30:00.123Z", 1_000),
            ("2024-01-20T10:30:00.123456", 1),
            ("2024-01-20T10:30:00.123456789Z", 1),
            ("1969-12-31T23:59:59Z", 1_000_000),
        ] {
            assert_eq!(end(text), shown(text) + length - 1, "{text}");
        }
    }
}
