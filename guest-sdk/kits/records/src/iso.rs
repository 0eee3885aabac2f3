//! ISO 8601 to microseconds since 1970 and back, fast: this runs once or twice for every event.

use crate::Micros;

/// A second.
pub const SECOND: Micros = 1_000_000;
const DAY: Micros = 86_400 * SECOND;

/// Reads ISO 8601: `2024-01-31`, `2024-01-31 09:15`, `2024-01-31T09:15:30.250+01:00` and the like, `/` as well as `-`
/// in the date. Without an offset the time is UTC. Digits beyond microseconds are cut off.
pub fn parse_iso(text: &[u8]) -> Option<Micros> {
    match text.split_first_chunk() {
        Some((common, rest)) => parse_common(common, rest).or_else(|| parse_any(text)),
        None => parse_any(text),
    }
}

/// `2024-01-31T09:15:30`, with what follows it: nearly every timestamp is like that. All digits are checked at once,
/// because branches cost more than digits.
#[inline]
fn parse_common(text: &[u8; 19], rest: &[u8]) -> Option<Micros> {
    let mut highest = 0;
    let mut digit = |at: usize| {
        let digit = u32::from(text[at].wrapping_sub(b'0'));
        highest = highest.max(digit);
        digit
    };
    let year = digit(0) * 1000 + digit(1) * 100 + digit(2) * 10 + digit(3);
    let mut two = |at: usize| digit(at) * 10 + digit(at + 1);
    let (month, day, hour, minute, second) = (two(5), two(8), two(11), two(14), two(17));
    let separators = [text[4], text[7], text[13], text[16]] == *b"--::" && matches!(text[10], b'T' | b' ');
    if highest > 9 || !separators || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let midnight = days(year, month, day)? * DAY;
    let time = midnight + Micros::from(hour * 3600 + minute * 60 + second) * SECOND;
    match rest {
        b"Z" => Some(time),
        &[b'.', a, b, c, sign @ (b'+' | b'-'), d, e, b':', f, g] => {
            match common_rest([a, b, c, d, e, f, g]) {
                Some((fraction, offset)) if sign == b'+' => Some(time + fraction - offset),
                Some((fraction, offset)) => Some(time + fraction + offset),
                None => None,
            }
        }
        _ => Some(time + parse_fraction_and_offset(rest)?),
    }
}

/// Fraction and offset by their digits, as in `.250+01:00`.
#[inline]
fn common_rest(digits: [u8; 7]) -> Option<(Micros, Micros)> {
    let digits = digits.map(|byte| u32::from(byte.wrapping_sub(b'0')));
    let [a, b, c, d, e, f, g] = digits;
    let (millis, hours, minutes) = (a * 100 + b * 10 + c, d * 10 + e, f * 10 + g);
    let digits = digits.iter().all(|&digit| digit <= 9);
    (digits && is_offset(hours, minutes))
        .then(|| (Micros::from(millis) * 1000, Micros::from(hours * 3600 + minutes * 60) * SECOND))
}

/// Whether there are such offsets: at most 18 hours.
fn is_offset(hours: u32, minutes: u32) -> bool {
    hours <= 18 && minutes <= 59
}

fn parse_any(text: &[u8]) -> Option<Micros> {
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

/// `09:15[:30[.25]]` with an optional offset, as microseconds after midnight UTC. `24:00` is the end of the day.
fn parse_clock(text: &[u8]) -> Option<Micros> {
    let (hour, rest) = number::<2>(text)?;
    let (minute, rest) = number::<2>(rest.strip_prefix(b":")?)?;
    if hour > 24 || minute > 59 {
        return None;
    }
    let mut time = Micros::from(hour * 3600 + minute * 60) * SECOND;
    if let Some(after) = rest.strip_prefix(b":") {
        let (second, after) = number::<2>(after)?;
        // The 60th second is a leap second; it is the first of the next minute here.
        if second > 60 || (hour == 24 && (minute > 0 || second > 0)) {
            return None;
        }
        time += Micros::from(second) * SECOND;
        return Some(time + parse_fraction_and_offset(after)?);
    }
    (hour < 24 || minute == 0).then_some(time - parse_offset(rest)?)
}

/// What follows the seconds, as microseconds to add.
fn parse_fraction_and_offset(text: &[u8]) -> Option<Micros> {
    let Some((b'.' | b',', digits)) = text.split_first() else { return Some(-parse_offset(text)?) };
    let (fraction, rest) = parse_fraction(digits)?;
    Some(fraction - parse_offset(rest)?)
}

/// The digits of a fraction of a second as microseconds, and what follows them.
pub fn parse_fraction(text: &[u8]) -> Option<(Micros, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let (digits, rest) = text.split_at(length);
    let padded = digits.iter().chain([b'0'; 6].iter()).take(6);
    Some((padded.fold(0, |micros, digit| micros * 10 + Micros::from(digit - b'0')), rest))
}

/// The digits of a second beyond microseconds, as nanoseconds (0 to 999): two times that are equal to the microsecond may
/// differ in them.
#[inline]
pub fn beyond_micros(text: &[u8]) -> u32 {
    // Where nearly all timestamps have their fraction, or none, one look is enough.
    match (text.get(19), text.get(26)) {
        (_, None) if text.len() < 23 => 0,
        (Some(b'.' | b','), Some(byte)) if !byte.is_ascii_digit() => 0,
        _ => nanos(text),
    }
}

#[inline(never)]
fn nanos(text: &[u8]) -> u32 {
    let Some(point) = text.iter().rposition(|byte| matches!(byte, b'.' | b',')) else { return 0 };
    let digits = text[point + 1..].iter().take_while(|byte| byte.is_ascii_digit());
    if digits.clone().count() < 7 {
        return 0;
    }
    let beyond = digits.chain([b'0'; 3].iter()).skip(6).take(3);
    beyond.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'))
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
    is_offset(hours, minutes).then_some(sign * Micros::from(hours * 3600 + minutes * 60) * SECOND)
}

fn number<const DIGITS: usize>(text: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = text.split_at_checked(DIGITS)?;
    // One look at all of them is faster than one at each.
    let (mut value, mut all) = (0, true);
    for &digit in digits {
        let digit = u32::from(digit.wrapping_sub(b'0'));
        all &= digit < 10;
        value = value * 10 + digit;
    }
    all.then_some((value, rest))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant, "chrono-compatible low-level date
/// algorithms", `days_from_civil`). None for a day that does not exist; the year 0 is no year of a log either.
fn days(year: u32, month: u32, day: u32) -> Option<i64> {
    const LENGTHS: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let length = LENGTHS.get(month.wrapping_sub(1) as usize)? + u32::from(leap && month == 2);
    if year == 0 || day < 1 || day > length {
        return None;
    }
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * (if month > 2 { month - 3 } else { month + 9 }) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(i64::from(era * 146_097 + day_of_era) - 719_468)
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

/// An instant as text, made without an allocation.
#[derive(Debug, Clone, Copy)]
pub struct TimeText {
    text: [u8; 27],
    length: usize,
}

impl TimeText {
    /// The text; empty for years outside of 1 to 9999.
    pub fn as_bytes(&self) -> &[u8] {
        &self.text[..self.length]
    }
}

/// An instant as [`format()`] writes it, ten times as fast and with `Z`; with milliseconds or microseconds only where
/// there are any.
pub fn time_text(time: Micros) -> TimeText {
    TimeTexts::default().text(time)
}

/// Makes texts of instants one after the other: the date of one is that of the next where both are of the same day.
#[derive(Debug, Default, Clone)]
pub struct TimeTexts {
    /// A day, and its date with room for a clock.
    last: Option<(i64, TimeText)>,
}

impl TimeTexts {
    /// An instant as [`time_text`] writes it.
    pub fn text(&mut self, time: Micros) -> TimeText {
        let (day, within) = (time.div_euclid(DAY), time.rem_euclid(DAY));
        let date = match self.last {
            Some((last, date)) if last == day => date,
            _ => date_text(day),
        };
        self.last = Some((day, date));
        if date.length == 0 { date } else { with_clock(date.text, within) }
    }
}

/// A day with room for a clock; empty for years outside of 1 to 9999.
#[inline(never)]
fn date_text(day: i64) -> TimeText {
    let mut text = *b"0000-00-00T00:00:00.000000Z";
    let Some((year, month, date)) = civil(day) else { return TimeText { text, length: 0 } };
    put(&mut text[0..4], year);
    put(&mut text[5..7], month);
    put(&mut text[8..10], date);
    TimeText { text, length: text.len() }
}

/// A date with the clock of so many microseconds after midnight.
#[inline]
fn with_clock(mut text: [u8; 27], within: Micros) -> TimeText {
    // Both fit: a day has 86,400 seconds.
    let (seconds, fraction) = ((within / SECOND) as u32, (within % SECOND) as u32);
    put(&mut text[11..13], seconds / 3600);
    put(&mut text[14..16], seconds / 60 % 60);
    put(&mut text[17..19], seconds % 60);
    let end = match fraction {
        0 => 19,
        millis if millis % 1000 == 0 => {
            put(&mut text[20..23], millis / 1000);
            23
        }
        micros => {
            put(&mut text[20..26], micros);
            26
        }
    };
    text[end] = b'Z';
    TimeText { text, length: end + 1 }
}

/// Writes a number over the digits of `place`, all of them.
#[inline]
fn put(place: &mut [u8], mut value: u32) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

/// Year, month and day of a day since 1970-01-01 (`civil_from_days`, same source as [`days`]), when the year is one of 1
/// to 9999. In 32 bits: dividing wider numbers is slow in a cell.
fn civil(day: i64) -> Option<(u32, u32, u32)> {
    let day = u32::try_from(day + 719_468).ok()?;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year_of_era + era * 400 + u32::from(month <= 2);
    (1..=9999).contains(&year).then_some((year, month, day_of_year - (153 * shifted + 2) / 5 + 1))
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
        let common = [("10:15:00.250+01:00", 250_000), ("07:45:00.007-01:30", 7_000)];
        for (text, micros) in common {
            let text = format!("2024-01-31T{text}");
            assert_eq!(iso(&text), nine.map(|time| time + micros), "{text}");
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
            "2024-01-31T24:00:01",
            "2024-01-31T09:15:",
            "2024-01-31T09:15:00+25:00",
            "2024-01-31T09:15:00.250+19:00",
            "2024-01-31T09:15:00.250+01:60",
            "2024-01-31T09:15:00.2x0+01:00",
            "2024-01-31T09:15:00.250+0x:00",
            "2024-01-31x",
            "2024-1-1",
        ] {
            assert_eq!(iso(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        for text in ["2024-02-29T23:59:59.123456Z", "0001-01-01T00:00:00Z", "1969-12-31T23:59:59.250Z"] {
            assert_eq!(time_text(iso(text).unwrap()).as_bytes(), text.as_bytes());
        }
        for time in [Micros::MIN, Micros::MAX, -62_135_596_800 * SECOND - 1, 253_402_300_800 * SECOND] {
            assert_eq!(time_text(time).as_bytes(), b"");
        }
        assert_eq!(time_text(253_402_300_800 * SECOND - 1).as_bytes(), b"9999-12-31T23:59:59.999999Z");
    }

    #[test]
    fn texts_in_a_row_are_those_of_each() {
        let mut texts = TimeTexts::default();
        let none = Micros::MAX;
        for time in [0, 1, DAY - 1, DAY, 7 * DAY + 250_000, none, none - 1, 7 * DAY, -1, -DAY, SECOND] {
            assert_eq!(texts.text(time).as_bytes(), time_text(time).as_bytes(), "{time}");
        }
    }
}
