//! ISO 8601 to microseconds since 1970 and back, fast: this runs once or twice for every event.

use crate::log::Micros;

pub(super) const SECOND: Micros = 1_000_000;
const DAY: Micros = 86_400 * SECOND;

/// Reads ISO 8601: `2024-01-31`, `2024-01-31 09:15`, `2024-01-31T09:15:30.250+01:00` and the like, `/` as well as `-`
/// in the date. Without an offset the time is UTC. Digits beyond microseconds are cut off.
pub fn parse_iso(text: &[u8]) -> Option<Micros> {
    let (year, rest) = number::<4>(text)?;
    let (&separator, rest) = rest.split_first()?;
    if separator != b'-' && separator != b'/' {
        return None;
    }
    let (month, rest) = number::<2>(rest)?;
    let (day, rest) = number::<2>(rest.strip_prefix(&[separator])?)?;
    let midnight = days(year, month, day)? * DAY;
    match rest.split_first() {
        None => Some(midnight),
        Some((b'T' | b't' | b' ', rest)) => Some(midnight + parse_clock(rest)?),
        Some(_) => None,
    }
}

/// `09:15[:30[.25]]` with an optional offset, as microseconds after midnight UTC.
fn parse_clock(text: &[u8]) -> Option<Micros> {
    let (hour, rest) = number::<2>(text)?;
    let (minute, mut rest) = number::<2>(rest.strip_prefix(b":")?)?;
    if hour > 23 || minute > 59 {
        return None;
    }
    let mut time = (hour * 3600 + minute * 60) * SECOND;
    if let Some(after) = rest.strip_prefix(b":") {
        let (second, after) = number::<2>(after)?;
        if second > 59 {
            return None;
        }
        time += second * SECOND;
        rest = after;
        if let Some((b'.' | b',', digits)) = after.split_first() {
            let (fraction, after) = parse_fraction(digits)?;
            time += fraction;
            rest = after;
        }
    }
    Some(time - parse_offset(rest)?)
}

pub(super) fn parse_fraction(text: &[u8]) -> Option<(Micros, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let (digits, rest) = text.split_at(length);
    let padded = digits.iter().chain([b'0'; 6].iter()).take(6);
    Some((padded.fold(0, |micros, digit| micros * 10 + Micros::from(digit - b'0')), rest))
}

/// Nothing, `Z`, `UTC`, `+01`, `+0100` or `+01:00`, perhaps after a space.
fn parse_offset(text: &[u8]) -> Option<Micros> {
    let text = text.strip_prefix(b" ").unwrap_or(text);
    let (sign, rest) = match text {
        [] | [b'Z' | b'z'] | b"UTC" => return Some(0),
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, rest) = number::<2>(rest)?;
    let minutes = match rest {
        [] => 0,
        _ => match number::<2>(rest.strip_prefix(b":").unwrap_or(rest))? {
            (minutes, []) => minutes,
            _ => return None,
        },
    };
    (hours <= 18 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60) * SECOND)
}

fn number<const DIGITS: usize>(text: &[u8]) -> Option<(i64, &[u8])> {
    let (digits, rest) = text.split_at_checked(DIGITS)?;
    let mut value = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value * 10 + i64::from(digit - b'0');
    }
    Some((value, rest))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `days_from_civil`). None for a day that does not exist; the year 0 is no year of a log either.
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    const LENGTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = LENGTHS.get(usize::try_from(month - 1).ok()?)? + i64::from(leap && month == 2);
    if year == 0 || day < 1 || day > length {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year - era * 400;
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// An instant as ISO 8601 in UTC, with a fraction only where there is one: `2024-01-31T09:15:30+00:00`.
pub fn format(time: Micros) -> String {
    match chrono::DateTime::from_timestamp_micros(time) {
        Some(time) if time.timestamp_subsec_micros() == 0 => {
            time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string()
        }
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
        None => String::new(),
    }
}

/// Appends an instant as [`format()`] writes it, ten times as fast and with `Z`; with milliseconds or microseconds only
/// where there are any. Nothing for years outside of 1 to 9999.
pub fn write_time(out: &mut Vec<u8>, time: Micros) {
    let (day, within) = (time.div_euclid(DAY), time.rem_euclid(DAY));
    let (year, month, date) = civil(day);
    if !(1..=9999).contains(&year) {
        return;
    }
    let (seconds, fraction) = (within / SECOND, within % SECOND);
    digits::<4>(out, year);
    out.push(b'-');
    digits::<2>(out, month);
    out.push(b'-');
    digits::<2>(out, date);
    out.push(b'T');
    digits::<2>(out, seconds / 3600);
    out.push(b':');
    digits::<2>(out, seconds / 60 % 60);
    out.push(b':');
    digits::<2>(out, seconds % 60);
    if fraction != 0 {
        out.push(b'.');
        if fraction % 1000 == 0 { digits::<3>(out, fraction / 1000) } else { digits::<6>(out, fraction) }
    }
    out.push(b'Z');
}

fn digits<const DIGITS: usize>(out: &mut Vec<u8>, mut value: i64) {
    let mut text = [b'0'; DIGITS];
    for digit in text.iter_mut().rev() {
        *digit += (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&text);
}

/// Year, month and day of a day since 1970-01-01 (`civil_from_days`, same source as [`days`]).
fn civil(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<Micros> {
        parse_iso(text.as_bytes())
    }

    #[test]
    fn iso_agrees_with_chrono() {
        for text in
            ["2024-02-29T23:59:59.123456Z", "1969-12-31T23:59:59.000001-05:30", "0001-01-01T00:00:00Z"]
        {
            let expected = chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
            assert_eq!(iso(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn iso_has_many_faces() {
        let nine = iso("2024-01-31T09:15:00Z");
        assert!(nine.is_some());
        for text in
            ["2024-01-31 09:15", "2024/01/31 09:15:00", "2024-01-31T10:15+01", "2024-01-31 10:15:00 +0100"]
        {
            assert_eq!(iso(text), nine, "{text}");
        }
        assert_eq!(iso("2024-01-31T09:15:00.1234567Z"), nine.map(|time| time + 123_456));
    }

    #[test]
    fn what_does_not_exist_is_not_read() {
        for text in
            ["2024-02-30T09:00:00Z", "2024-13-01", "2023-02-29", "0000-00-00 00:00:00", "25:61", "tomorrow"]
        {
            assert_eq!(iso(text), None, "{text}");
        }
        for text in [
            "2024-01-31T24:00:00",
            "2024-01-31T09:15:",
            "2024-01-31T09:15:00+25:00",
            "2024-01-31x",
            "2024-1-1",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["2024-02-29T23:59:59.123456Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.250Z"] {
            let mut written = Vec::new();
            write_time(&mut written, iso(text).unwrap());
            assert_eq!(String::from_utf8(written).unwrap(), text);
        }
    }
}
