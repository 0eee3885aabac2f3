//! Text to microseconds since 1970, without guessing.
//!
//! ISO 8601 is always understood. Any other form must be given (`timestampFormats`) or be beyond doubt in the first
//! rows of the file: `13/02/2024` can only be day first, `03/02/2024` says nothing and is never read on a hunch.

use chrono::format::{Item, Parsed, StrftimeItems};

use crate::error::{Stop, excerpt};
use crate::log::Micros;

const SECOND: Micros = 1_000_000;
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

fn parse_fraction(text: &[u8]) -> Option<(Micros, &[u8])> {
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if length == 0 {
        return None;
    }
    let mut micros = 0;
    for place in 0..6 {
        let digit = if place < length { Micros::from(text[place] - b'0') } else { 0 };
        micros = micros * 10 + digit;
    }
    Some((micros, &text[length..]))
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

/// Whether a cell says that there is no value.
pub fn is_missing(text: &[u8]) -> bool {
    matches!(
        text,
        b"" | b"-" | b"NULL" | b"null" | b"Null" | b"NaN" | b"nan" | b"NaT" | b"N/A" | b"n/a" | b"NA" | b"None" | b"<NA>"
    )
}

#[derive(Debug, Clone)]
enum Form {
    Strftime(Vec<Item<'static>>),
    UnixSeconds,
    UnixMilliseconds,
}

/// Reads the timestamps of one file.
#[derive(Debug, Clone, Default)]
pub struct Timestamps {
    forms: Vec<Form>,
}

impl Timestamps {
    /// A reader for these strftime forms, tried in order and before ISO 8601. `%s` alone means seconds and `%Q` alone
    /// milliseconds since 1970.
    ///
    /// # Errors
    /// `InvalidParameter` for a form that chrono does not know.
    pub fn new(formats: &[String]) -> Result<Self, Stop> {
        formats.iter().map(|format| compile(format)).collect::<Result<_, _>>().map(|forms| Self { forms })
    }

    /// Microseconds since 1970, or nothing when no form fits.
    #[inline]
    pub fn parse(&self, text: &[u8]) -> Option<Micros> {
        if self.forms.is_empty() { parse_iso(text) } else { self.parse_forms(text) }
    }

    fn parse_forms(&self, text: &[u8]) -> Option<Micros> {
        let form = |text: &str| self.forms.iter().find_map(|form| form.parse(text));
        std::str::from_utf8(text).ok().and_then(form).or_else(|| parse_iso(text))
    }
}

fn compile(format: &str) -> Result<Form, Stop> {
    match format {
        "%s" => return Ok(Form::UnixSeconds),
        "%Q" => return Ok(Form::UnixMilliseconds),
        _ => {}
    }
    StrftimeItems::new(format).parse_to_owned().map(Form::Strftime).map_err(|_| {
        Stop::parameter(format!(
            "timestampFormats holds \"{}\", which is no strftime format. An example is \"%d/%m/%Y %H:%M:%S\"; \"%s\" \
             means seconds and \"%Q\" milliseconds since 1970.",
            excerpt(format)
        ))
    })
}

impl Form {
    fn parse(&self, text: &str) -> Option<Micros> {
        match self {
            Self::UnixSeconds => unix(text, SECOND),
            Self::UnixMilliseconds => unix(text, 1000),
            Self::Strftime(items) => {
                let mut parsed = Parsed::new();
                chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
                instant(&parsed)
            }
        }
    }
}

/// A number of `unit`s since 1970, within the years 1 to 9999; a fraction is kept to the microsecond.
fn unix(text: &str, unit: Micros) -> Option<Micros> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (fraction, rest) = parse_fraction(fraction.as_bytes())?;
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let time = whole.parse::<Micros>().ok()?.checked_mul(unit)?.checked_add(sign * (fraction * unit / SECOND))?;
    let known = -62_135_596_800 * SECOND..253_402_300_800 * SECOND;
    (rest.is_empty() && known.contains(&time)).then_some(time)
}

fn instant(parsed: &Parsed) -> Option<Micros> {
    if parsed.offset().is_some() {
        return parsed.to_datetime().ok().map(|time| time.timestamp_micros());
    }
    if let Ok(time) = parsed.to_naive_datetime_with_offset(0) {
        return Some(time.and_utc().timestamp_micros());
    }
    let date = parsed.to_naive_date().ok()?;
    // A form with hours must find hours; only a form without any clock means midnight.
    (parsed.hour_mod_12().is_none()).then(|| date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros())
}

/// What the first rows tell about forms other than ISO 8601.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Detected {
    /// Forms beyond doubt.
    pub(super) formats: Vec<String>,
    /// A value that may mean two days, with the two forms.
    pub(super) ambiguous: Option<(String, [String; 2])>,
    /// How many of the values can be read, ISO 8601 included.
    pub(super) readable: usize,
    /// How many values there are, missing ones left out.
    pub(super) present: usize,
}

/// Forms whose order of day and month is in the words or the dots: nobody writes the month first with dots.
const CERTAIN: [&str; 12] = [
    "%d.%m.%Y %H:%M:%S%.f",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%d-%b-%Y %H:%M:%S%.f",
    "%d-%b-%Y %H:%M",
    "%d-%b-%Y",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %H:%M:%S",
    "%a, %d %b %Y %H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
];

/// Pairs that differ in nothing but the order of day and month.
const DOUBTFUL: [[&str; 2]; 8] = [
    ["%d/%m/%Y %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S%.f"],
    ["%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p"],
    ["%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"],
    ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"],
    ["%d/%m/%Y", "%m/%d/%Y"],
    ["%d-%m-%Y %H:%M:%S%.f", "%m-%d-%Y %H:%M:%S%.f"],
    ["%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M"],
    ["%d-%m-%Y", "%m-%d-%Y"],
];

/// Looks at sample values.
pub(super) fn detect<'a>(values: impl Iterator<Item = &'a [u8]> + Clone) -> Detected {
    let present = values.map(<[u8]>::trim_ascii).filter(|value| !is_missing(value));
    let other = || present.clone().filter(|v| parse_iso(v).is_none()).filter_map(|v| std::str::from_utf8(v).ok());
    let reads = |format: &str, value: &str| compile(format).is_ok_and(|form| form.parse(value).is_some());
    let mut detected = Detected { present: present.clone().count(), ..Detected::default() };
    if other().next().is_some() {
        let used = CERTAIN.iter().filter(|format| other().any(|value| reads(format, value)));
        detected.formats.extend(used.map(ToString::to_string));
        for pair in DOUBTFUL {
            let count = |n: usize| other().filter(|v| reads(pair[n], v) && !reads(pair[1 - n], v)).count();
            let either = other().find(|v| pair.iter().any(|format| reads(format, v)));
            match (count(0), count(1), either) {
                (1.., 0, _) => detected.formats.push(pair[0].to_string()),
                (0, 1.., _) => detected.formats.push(pair[1].to_string()),
                (_, _, Some(value)) if detected.ambiguous.is_none() => {
                    detected.ambiguous = Some((value.to_string(), pair.map(String::from)));
                }
                _ => {}
            }
        }
    }
    let timestamps = Timestamps::new(&detected.formats).unwrap_or_default();
    detected.readable = present.filter(|value| timestamps.parse(value).is_some()).count();
    detected
}

/// An instant as ISO 8601 in UTC, with a fraction only where there is one: `2024-01-31T09:15:30+00:00`.
pub fn format(time: Micros) -> String {
    match chrono::DateTime::from_timestamp_micros(time) {
        Some(time) if time.timestamp_subsec_micros() == 0 => time.format("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        Some(time) => time.format("%Y-%m-%dT%H:%M:%S%.6f+00:00").to_string(),
        None => String::new(),
    }
}

/// Appends an instant as [`format`] writes it, ten times as fast and with `Z`; with milliseconds or microseconds only
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
        for text in ["2024-02-29T23:59:59.123456Z", "1969-12-31T23:59:59.000001-05:30", "0001-01-01T00:00:00Z"] {
            let expected = chrono::DateTime::parse_from_rfc3339(text).unwrap().timestamp_micros();
            assert_eq!(iso(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn iso_has_many_faces() {
        let nine = iso("2024-01-31T09:15:00Z");
        assert!(nine.is_some());
        for text in ["2024-01-31 09:15", "2024/01/31 09:15:00", "2024-01-31T10:15+01", "2024-01-31 10:15:00 +0100"] {
            assert_eq!(iso(text), nine, "{text}");
        }
        assert_eq!(iso("2024-01-31T09:15:00.1234567Z"), nine.map(|time| time + 123_456));
    }

    #[test]
    fn what_does_not_exist_is_not_read() {
        for text in ["2024-02-30T09:00:00Z", "2024-13-01", "2023-02-29", "0000-00-00 00:00:00", "25:61", "tomorrow"] {
            assert_eq!(iso(text), None, "{text}");
        }
        for text in ["2024-01-31T24:00:00", "2024-01-31T09:15:", "2024-01-31T09:15:00+25:00", "2024-01-31x", "2024-1-1"] {
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

    fn detect_in(values: &[&str]) -> Detected {
        detect(values.iter().map(|value| value.as_bytes()))
    }

    #[test]
    fn a_day_beyond_twelve_settles_the_order() {
        let day_first = detect_in(&["03/02/2024 09:15", "24/02/2024 09:15", "NULL"]);
        assert_eq!(day_first.formats, ["%d/%m/%Y %H:%M"]);
        assert_eq!((day_first.ambiguous, day_first.readable, day_first.present), (None, 2, 2));
        assert_eq!(detect_in(&["03/02/2024", "02/24/2024"]).formats, ["%m/%d/%Y"]);
    }

    #[test]
    fn without_proof_nothing_is_read() {
        let detected = detect_in(&["03/02/2024 09:15", "2024-02-01"]);
        assert_eq!(detected.formats, [""; 0]);
        assert_eq!(detected.ambiguous.unwrap().1[1], "%m/%d/%Y %H:%M");
        assert_eq!(detected.readable, 1);
    }

    #[test]
    fn given_forms_go_first_and_iso_stays() {
        let formats = ["%d/%m/%Y %H:%M:%S".to_string(), "%s".to_string()];
        let timestamps = Timestamps::new(&formats).unwrap();
        assert_eq!(timestamps.parse(b"05/04/2024 10:00:01"), iso("2024-04-05T10:00:01"));
        assert_eq!(timestamps.parse(b"2024-04-05"), iso("2024-04-05"));
        assert_eq!(timestamps.parse(b"1712275200.5"), iso("2024-04-05T00:00:00.5"));
        assert!(Timestamps::new(&["%!".to_string()]).is_err());
    }
}
