//! Text to microseconds since 1970, without guessing.
//!
//! ISO 8601 is always understood. Any other form must be given (`timestampFormats`) or be beyond doubt in the first
//! rows of the file: `13/02/2024` can only be day first, `03/02/2024` says nothing and is never read on a hunch.

use chrono::format::{Item, Parsed, StrftimeItems};

use crate::Micros;
use crate::error::{Stop, excerpt};
use crate::iso::{SECOND, parse_fraction, parse_iso};

/// Whether a cell says that there is no value.
pub fn is_missing(text: &[u8]) -> bool {
    matches!(
        text,
        b"" | b"-"
            | b"NULL"
            | b"null"
            | b"Null"
            | b"NaN"
            | b"nan"
            | b"NaT"
            | b"N/A"
            | b"n/a"
            | b"NA"
            | b"None"
            | b"<NA>"
    )
}

#[derive(Debug, Clone)]
enum Form {
    Strftime {
        items: Vec<Item<'static>>,
        /// Whether a comma stands before the fraction of a second.
        comma: bool,
    },
    /// A count since 1970, with so many in a second.
    Unix(Micros),
    /// Days since 1899-12-30, as spreadsheets count them.
    Serial,
}

/// Forms that are no strftime, by their names.
const COUNTS: [(&str, Form); 5] = [
    ("%s", Form::Unix(1)),
    ("%Q", Form::Unix(1_000)),
    ("unix-microseconds", Form::Unix(1_000_000)),
    ("unix-nanoseconds", Form::Unix(1_000_000_000)),
    ("excel-serial", Form::Serial),
];

/// Reads the timestamps of one file.
#[derive(Debug, Clone)]
pub struct Timestamps {
    forms: Vec<Form>,
    /// Whether ISO 8601 is tried before the forms: it is, unless a request names them.
    iso_first: bool,
    /// Whether rare forms of ISO 8601 are read, too.
    rare: bool,
}

impl Timestamps {
    /// A reader for these strftime forms, tried in order and before ISO 8601. `%s` alone means seconds and `%Q` alone
    /// milliseconds since 1970; `unix-microseconds`, `unix-nanoseconds` and `excel-serial` are forms, too. `%f` means the
    /// digits of a fraction of a second, `%y` a year from 1969 to 2068.
    ///
    /// # Errors
    /// `InvalidParameter` for a form that chrono does not know.
    pub fn new(formats: &[String]) -> Result<Self, Stop> {
        let forms: Vec<Vec<Form>> = formats.iter().map(|format| compile(format)).collect::<Result<_, _>>()?;
        let forms: Vec<Form> = forms.into_iter().flatten().collect();
        Ok(Self { iso_first: forms.is_empty(), forms, rare: false })
    }

    /// A reader for ISO 8601 alone.
    pub fn iso() -> Self {
        Self { forms: Vec::new(), iso_first: true, rare: false }
    }

    /// A reader for ISO 8601 and then for forms that were detected.
    pub fn detected(formats: &[String]) -> Self {
        let forms = formats.iter().filter_map(|format| compile(format).ok()).flatten().collect();
        Self { forms, iso_first: true, rare: false }
    }

    /// Reads rare forms of ISO 8601, too ([`parse_rare`]): of a column that is known to hold times.
    #[must_use]
    pub fn of_times(self) -> Self {
        Self { rare: true, ..self }
    }

    /// Microseconds since 1970, or nothing when no form fits.
    #[inline]
    pub fn parse(&self, text: &[u8]) -> Option<Micros> {
        if self.iso_first {
            parse_iso(text).or_else(|| self.parse_others(text))
        } else {
            self.parse_forms(text).or_else(|| parse_iso(text)).or_else(|| self.parse_zoned(text))
        }
    }

    /// Whether the value needs one of the detected forms.
    #[inline]
    pub fn needs_form(&self, text: &[u8]) -> bool {
        self.iso_first && !self.forms.is_empty() && parse_iso(text).is_none()
    }

    #[inline(never)]
    fn parse_others(&self, text: &[u8]) -> Option<Micros> {
        if text.len() < 5 {
            return None;
        }
        self.parse_forms(text).or_else(|| self.parse_zoned(text)).or_else(|| {
            let rare =
                self.rare && !self.forms.iter().any(|form| matches!(form, Form::Unix(_) | Form::Serial));
            if rare { parse_rare(text) } else { None }
        })
    }

    /// A time that names its zone: `CET`, or `[Europe/Berlin]` behind an offset.
    fn parse_zoned(&self, text: &[u8]) -> Option<Micros> {
        let (rest, offset) = without_zone(std::str::from_utf8(text).ok()?)?;
        let time = parse_iso(rest.as_bytes()).or_else(|| self.parse_forms(rest.as_bytes()))?;
        Some(time - offset)
    }

    fn parse_forms(&self, text: &[u8]) -> Option<Micros> {
        if self.forms.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        self.forms.iter().find_map(|form| form.parse(text))
    }
}

/// Names of zones that mean one offset everywhere, in hours. Others, such as `IST`, mean several.
const ZONES: [(&str, i64); 26] = [
    ("UTC", 0),
    ("GMT", 0),
    ("UT", 0),
    ("Z", 0),
    ("WET", 0),
    ("WEST", 1),
    ("CET", 1),
    ("MEZ", 1),
    ("CEST", 2),
    ("MESZ", 2),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("JST", 9),
    ("AEST", 10),
    ("AEDT", 11),
    // RFC 822, section 5.
    ("EST", -5),
    ("EDT", -4),
    ("CST", -6),
    ("CDT", -5),
    ("MST", -7),
    ("MDT", -6),
    ("PST", -8),
    ("PDT", -7),
    ("AKST", -9),
    ("AKDT", -8),
];

/// The text without the name of its zone, and how far clocks there are ahead.
fn without_zone(text: &str) -> Option<(String, Micros)> {
    if let Some((before, name)) = text.strip_suffix(']').and_then(|text| text.split_once('[')) {
        // The offset before it says the same.
        let known = before.ends_with('Z') || before.get(10..).is_some_and(|rest| rest.contains(['+', '-']));
        let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/_+-".contains(&byte));
        return (known && plain).then(|| (before.to_string(), 0));
    }
    let (name, hours) = zone_of(text)?;
    Some((text.replacen(name, "", 1).trim().to_string(), hours * 3600 * SECOND))
}

/// The zone that a word of the text names, and its hours.
fn zone_of(text: &str) -> Option<(&str, i64)> {
    let hours = |word: &str| ZONES.iter().find(|(name, _)| *name == word).map(|(_, hours)| *hours);
    text.split(' ').filter(|word| word.len() > 1).find_map(|word| Some((word, hours(word)?)))
}

/// How many minutes clocks are ahead in the zone that a time names, such as `10:00 CET`.
pub fn named_offset(text: &str) -> Option<i16> {
    zone_of(text).and_then(|(_, hours)| i16::try_from(hours * 60).ok())
}

/// The forms that a format stands for: what a fraction of a second is like is not said by `%f`.
fn compile(format: &str) -> Result<Vec<Form>, Stop> {
    if let Some((_, form)) = COUNTS.iter().find(|(name, _)| *name == format) {
        return Ok(vec![form.clone()]);
    }
    let digits = ["%3f", "%6f", "%9f"];
    let (formats, comma) = match format.find("%f").map(|at| &format[..at]) {
        Some(before) if before.ends_with('.') => (vec![format.replacen(".%f", "%.f", 1)], false),
        Some(before) if before.ends_with(',') => (vec![format.replacen(",%f", "%.f", 1)], true),
        Some(_) => (digits.map(|digits| format.replacen("%f", digits, 1)).to_vec(), false),
        None => (vec![format.to_string()], false),
    };
    let strftime = |format: String| {
        StrftimeItems::new(&format).parse_to_owned().map(|items| Form::Strftime { items, comma }).map_err(|_| {
            Stop::parameter(format!(
                "timestampFormats holds \"{}\", which is no strftime format. An example is \"%d/%m/%Y %H:%M:%S\"; \"%s\" \
                 means seconds and \"%Q\" milliseconds since 1970.",
                excerpt(&format)
            ))
        })
    };
    formats.into_iter().map(strftime).collect()
}

impl Form {
    fn parse(&self, text: &str) -> Option<Micros> {
        match self {
            Self::Unix(unit) => unix(text, *unit),
            Self::Serial => serial(text),
            Self::Strftime { items, comma: false } => strftime(text, items),
            Self::Strftime { items, comma: true } => {
                let (before, fraction) = text.rsplit_once(',')?;
                strftime(&format!("{before}.{fraction}"), items)
            }
        }
    }
}

fn strftime(text: &str, items: &[Item<'static>]) -> Option<Micros> {
    let mut parsed = Parsed::new();
    chrono::format::parse(&mut parsed, text, items.iter()).ok()?;
    // POSIX: 69 to 99 are years of the 20th century, 00 to 68 of the 21st.
    if let (None, Some(year)) = (parsed.year(), parsed.year_mod_100()) {
        parsed.set_year_div_100(if year < 69 { 20 } else { 19 }).ok()?;
    }
    match parsed.year() {
        // `%Y` takes two digits for a year of the first century, which nobody means.
        Some(..1000) => None,
        _ => instant(&parsed),
    }
}

/// Days since 1899-12-30, to the millisecond: a spreadsheet keeps no more of a time. Only years from 1982 to 2119 are
/// read.
fn serial(text: &str) -> Option<Micros> {
    if !text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let days: f64 = text.parse().ok()?;
    let milliseconds = ((days - 25_569.0) * 86_400_000.0).round();
    SERIALS.contains(&days).then_some(milliseconds as Micros * 1000)
}

/// Days since 1899-12-30 that are taken for times.
const SERIALS: std::ops::Range<f64> = 30_000.0..80_000.0;

/// A number of which so many are in a second, since 1970, within the years 1 to 9999; a fraction is kept to the microsecond.
fn unix(text: &str, unit: Micros) -> Option<Micros> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (fraction, rest) = parse_fraction(fraction.as_bytes())?;
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let whole = whole.parse::<Micros>().ok()?;
    let time = match unit {
        ..=SECOND => whole.checked_mul(SECOND / unit)?.checked_add(sign * (fraction / unit))?,
        _ => whole.div_euclid(unit / SECOND),
    };
    let known = -62_135_596_800 * SECOND..253_402_300_800 * SECOND;
    (rest.is_empty() && known.contains(&time)).then_some(time)
}

/// The form of a count since 1970, or of a spreadsheet's days, that a number has by its size: years from 1990 to 2099 are
/// told apart by it.
pub fn count_form(text: &[u8]) -> Option<&'static str> {
    let text = std::str::from_utf8(text).ok()?;
    let number = text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let value: f64 = if number { text.parse().ok()? } else { return None };
    let years = 631_152_000.0..4_102_444_800.0;
    let mut units =
        [("%s", 1.0), ("%Q", 1e3), ("unix-microseconds", 1e6), ("unix-nanoseconds", 1e9)].into_iter();
    let count = units.find(|(_, unit)| years.contains(&(value / unit))).map(|(name, _)| name);
    count.or_else(|| SERIALS.contains(&value).then_some("excel-serial"))
}

/// Rare forms of ISO 8601, and hours, days and months of one digit: `20240131T091500Z`, `2024-W05-3`, `2024-031T09:15`,
/// `2024-1-31 9:05`. They are no text of a time in any other column.
pub fn parse_rare(text: &[u8]) -> Option<Micros> {
    let text = std::str::from_utf8(text).ok()?;
    let at = text.find(['T', ' ']).unwrap_or(text.len());
    let (date, clock) = (&text[..at], text.get(at + 1..).unwrap_or_default());
    let day = rare_date(date)?;
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros();
    if clock.is_empty() {
        return (at == text.len()).then_some(midnight);
    }
    // The clock is read as one of ISO 8601, on a day of its own.
    let ahead = parse_iso(b"2000-01-01")?;
    let text = format!("2000-01-01T{}", full_clock(clock)?);
    Some(midnight + parse_iso(text.as_bytes())? - ahead)
}

fn rare_date(text: &str) -> Option<chrono::NaiveDate> {
    use chrono::{NaiveDate, Weekday};
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let year = |part: &str| (part.len() == 4 && digits(part)).then(|| part.parse::<i32>().ok()).flatten();
    let number = |part: &str| digits(part).then(|| part.parse::<u32>().ok()).flatten();
    let separator = if text.contains('/') { '/' } else { '-' };
    let parts: Vec<&str> = text.split(separator).collect();
    let week = |week: &str, day: &str| {
        let day = Weekday::try_from(u8::try_from(number(day)?.checked_sub(1)?).ok()?).ok()?;
        Some((number(week.strip_prefix('W')?)?, day))
    };
    match parts.as_slice() {
        [basic] if basic.len() == 8 && digits(basic) => {
            NaiveDate::from_ymd_opt(year(&basic[..4])?, number(&basic[4..6])?, number(&basic[6..])?)
        }
        [basic] if basic.len() == 8 && basic.is_ascii() && &basic[4..5] == "W" => {
            let (week, day) = week(&basic[4..7], &basic[7..])?;
            NaiveDate::from_isoywd_opt(year(&basic[..4])?, week, day)
        }
        [first, ordinal] if ordinal.len() == 3 => NaiveDate::from_yo_opt(year(first)?, number(ordinal)?),
        [first, name, day] if name.starts_with('W') => {
            let (week, day) = week(name, day)?;
            NaiveDate::from_isoywd_opt(year(first)?, week, day)
        }
        [first, month, day] if month.len() <= 2 && day.len() <= 2 => {
            NaiveDate::from_ymd_opt(year(first)?, number(month)?, number(day)?)
        }
        _ => None,
    }
}

/// A clock with two digits and a colon each, as ISO 8601 has it.
fn full_clock(text: &str) -> Option<String> {
    let end = text
        .find(|char: char| !char.is_ascii_digit() && !matches!(char, ':' | '.' | ','))
        .unwrap_or(text.len());
    let (clock, zone) = text.split_at(end);
    let (whole, fraction) = match clock.find(['.', ',']) {
        Some(at) => clock.split_at(at),
        None => (clock, ""),
    };
    let parts: Vec<String> = if whole.contains(':') {
        whole.split(':').map(|part| format!("{part:0>2}")).collect()
    } else if whole.len() == 4 || whole.len() == 6 {
        (0..whole.len()).step_by(2).map(|at| whole[at..at + 2].to_string()).collect()
    } else {
        return None;
    };
    Some(format!("{}{fraction}{zone}", parts.join(":")))
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
    (parsed.hour_mod_12().is_none())
        .then(|| date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_micros())
}

/// What the first rows tell about forms other than ISO 8601.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Detected {
    /// Forms beyond doubt.
    pub formats: Vec<String>,
    /// A value that may mean two days, with the two forms.
    pub ambiguous: Option<(String, [String; 2])>,
    /// How many of the values can be read, ISO 8601 included.
    pub readable: usize,
    /// How many values there are, missing ones left out.
    pub present: usize,
}

/// Forms whose order of day and month is in the words or the dots: nobody writes the month first with dots.
const CERTAIN: [&str; 32] = [
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
    "%d.%m.%y %H:%M:%S%.f",
    "%d.%m.%y %H:%M",
    "%d.%m.%y",
    "%d-%b-%Y %I:%M:%S%.f %p",
    "%d-%b-%Y %I:%M %p",
    "%d-%b-%y %H:%M:%S%.f",
    "%d-%b-%y %H:%M",
    "%d-%b-%y %I:%M:%S%.f %p",
    "%d-%b-%y %I.%M.%S%.f %p",
    "%d-%b-%y %I:%M %p",
    "%d-%b-%y",
    "%d %b %Y %I:%M:%S %p",
    "%d %b %Y %I:%M %p",
    "%d %b %Y",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y %H:%M",
    "%b %d, %Y",
    "%a, %d %b %Y %H:%M:%S",
    "%d-%b-%y %H.%M.%S%.f",
    "%Y-%m-%d %I:%M:%S %p",
];

/// Pairs that differ in nothing but the order of day and month.
const DOUBTFUL: [[&str; 2]; 18] = [
    ["%d/%m/%Y %H:%M:%S%.f", "%m/%d/%Y %H:%M:%S%.f"],
    ["%d/%m/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M:%S %p"],
    ["%d/%m/%Y %I:%M %p", "%m/%d/%Y %I:%M %p"],
    ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"],
    ["%d/%m/%Y", "%m/%d/%Y"],
    ["%d-%m-%Y %H:%M:%S%.f", "%m-%d-%Y %H:%M:%S%.f"],
    ["%d-%m-%Y %H:%M", "%m-%d-%Y %H:%M"],
    ["%d-%m-%Y", "%m-%d-%Y"],
    ["%d/%m/%y %H:%M:%S%.f", "%m/%d/%y %H:%M:%S%.f"],
    ["%d/%m/%y %I:%M:%S %p", "%m/%d/%y %I:%M:%S %p"],
    ["%d/%m/%y %I:%M %p", "%m/%d/%y %I:%M %p"],
    ["%d/%m/%y %H:%M", "%m/%d/%y %H:%M"],
    ["%d/%m/%y", "%m/%d/%y"],
    ["%d-%m-%Y %I:%M:%S %p", "%m-%d-%Y %I:%M:%S %p"],
    ["%d-%m-%Y %I:%M %p", "%m-%d-%Y %I:%M %p"],
    ["%d/%m/%Y %I:%M:%S%.f %p", "%m/%d/%Y %I:%M:%S%.f %p"],
    ["%d/%m/%Y %H.%M.%S", "%m/%d/%Y %H.%M.%S"],
    ["%d/%m/%Y, %H:%M:%S", "%m/%d/%Y, %H:%M:%S"],
];

/// The forms that read a value: of a value that is beyond doubt one, else two that differ in nothing but the order of day and
/// month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// The form is beyond doubt.
    Certain(&'static str),
    /// Day first, or month first.
    Pair([&'static str; 2]),
}

/// How a value that is not ISO 8601 may be read. Years of two digits are left to who knows that the column holds times.
pub fn candidate(value: &str) -> Option<Candidate> {
    let reads =
        |format: &&str| !format.contains("%y") && reader(format).parse_forms(value.as_bytes()).is_some();
    let certain = CERTAIN.iter().find(|format| reads(format)).map(|format| Candidate::Certain(format));
    let pair = || DOUBTFUL.iter().find(|pair| pair.iter().any(reads));
    certain.or_else(|| pair().map(|pair| Candidate::Pair(*pair)))
}

fn reader(format: &str) -> Timestamps {
    Timestamps::detected(&[format.to_string()])
}

/// Looks at sample values.
pub fn detect<'a>(values: impl Iterator<Item = &'a [u8]> + Clone) -> Detected {
    let present = values.map(<[u8]>::trim_ascii).filter(|value| !is_missing(value));
    let other = || present.clone().filter(|v| parse_iso(v).is_none());
    let mut detected = Detected { present: present.clone().count(), ..Detected::default() };
    if other().next().is_some() {
        let reads = |reader: &Timestamps, value: &[u8]| {
            reader.parse_forms(value).is_some() || reader.parse_zoned(value).is_some()
        };
        let used = CERTAIN.iter().filter(|format| {
            let reader = reader(format);
            other().any(|value| reads(&reader, value))
        });
        detected.formats.extend(used.map(ToString::to_string));
        for pair in DOUBTFUL {
            let readers = pair.map(reader);
            let (mut counts, mut either) = ([0, 0], None);
            for value in other() {
                let read = [reads(&readers[0], value), reads(&readers[1], value)];
                if read[0] || read[1] {
                    either.get_or_insert(value);
                }
                counts[0] += usize::from(read[0] && !read[1]);
                counts[1] += usize::from(read[1] && !read[0]);
            }
            match (counts[0], counts[1], either) {
                (1.., 0, _) => detected.formats.push(pair[0].to_string()),
                (0, 1.., _) => detected.formats.push(pair[1].to_string()),
                (.., Some(value)) if detected.ambiguous.is_none() => {
                    let value = String::from_utf8_lossy(value).into_owned();
                    detected.ambiguous = Some((value, pair.map(String::from)));
                }
                _ => {}
            }
        }
        detected.formats.extend(counts_of(other()).map(String::from));
    }
    let timestamps = Timestamps::detected(&detected.formats);
    detected.readable = present.filter(|value| timestamps.parse(value).is_some()).count();
    detected
}

/// The form of numbers that are all counts of one sort.
fn counts_of<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Option<&'static str> {
    let first = count_form(values.next()?)?;
    values.all(|value| count_form(value) == Some(first)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn iso(text: &str) -> Option<Micros> {
        parse_iso(text.as_bytes())
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

    fn read(format: &str, value: &str) -> Option<Micros> {
        Timestamps::new(&[format.to_string()]).unwrap().parse(value.as_bytes())
    }

    #[test]
    fn fractions_and_short_years_mean_what_people_mean() {
        let quarter = iso("2024-04-05T10:00:01.25");
        for (format, value) in [
            ("%Y.%m.%d %H:%M:%S.%f", "2024.04.05 10:00:01.25"),
            ("%Y.%m.%d %H:%M:%S,%f", "2024.04.05 10:00:01,250"),
            ("%Y.%m.%d %H:%M:%S%f", "2024.04.05 10:00:01250"),
            ("%Y.%m.%d %H:%M:%S:%f", "2024.04.05 10:00:01:250000"),
        ] {
            assert_eq!(read(format, value), quarter, "{format}");
        }
        assert_eq!(read("%d/%m/%y", "01/02/68"), iso("2068-02-01"));
        assert_eq!(read("%d/%m/%y", "01/02/69"), iso("1969-02-01"));
    }

    #[test]
    fn forms_are_detected_in_their_kind() {
        for (values, format, last) in [
            (["12/31/23 9:15", "1/1/24 15:15"], "%m/%d/%y %H:%M", "2024-01-01T15:15:00"),
            (["31.12.99 09:15", "01.01.00 15:15"], "%d.%m.%y %H:%M", "2000-01-01T15:15:00"),
            (
                ["31-Jan-2024 12:05:00 AM", "31-Jan-2024 12:05:00 PM"],
                "%d-%b-%Y %I:%M:%S%.f %p",
                "2024-01-31T12:05:00",
            ),
            (
                ["29-FEB-24 01.00.00.000000 PM", "29-FEB-24 02.00.00.5 PM"],
                "%d-%b-%y %I.%M.%S%.f %p",
                "2024-02-29T14:00:00.5",
            ),
            (["1700000000000", "1700003600000"], "%Q", "2023-11-14T23:13:20"),
            (["1700000000", "1700003600.5"], "%s", "2023-11-14T23:13:20.5"),
            (["1700000000000000000", "1700003600000000000"], "unix-nanoseconds", "2023-11-14T23:13:20"),
            (["45292.5", "45293.75"], "excel-serial", "2024-01-02T18:00:00"),
            (
                ["Wed Jan 31 00:05:00 CET 2024", "Wed Jan 31 12:05:00 CET 2024"],
                "%a %b %d %H:%M:%S %Y",
                "2024-01-31T11:05:00",
            ),
        ] {
            let detected = detect_in(&values);
            assert!(detected.formats.iter().any(|found| found == format), "{values:?}: {detected:?}");
            assert_eq!((detected.readable, &detected.ambiguous), (2, &None), "{values:?}");
            let timestamps = Timestamps::detected(&detected.formats);
            assert_eq!(timestamps.parse(values[1].as_bytes()), iso(last), "{values:?}");
        }
        for none in [["1.7E+12", "1.8E+12"], ["1700000000", "1700003600000"], ["5", "6"]] {
            assert_eq!(detect_in(&none).readable, 0, "{none:?}");
        }
    }

    #[test]
    fn zones_and_rare_forms_are_read_where_times_are_known_to_stand() {
        let times = Timestamps::iso().of_times();
        let read = |text: &str| times.parse(text.as_bytes());
        let nine = iso("2024-01-31T09:15:00Z");
        for text in [
            "2024-01-31 10:15:00 CET",
            "2024-01-31T10:15:00+01:00[Europe/Berlin]",
            "2024-01-31 04:15 EST",
            "20240131T091500Z",
            "20240131T101500+0100",
            "2024-W05-3T09:15:00",
            "2024W053T091500",
            "2024-031T09:15",
            "2024-1-31 9:15",
            "2024/1/31 9:15:0",
        ] {
            assert_eq!(read(text), nine, "{text}");
        }
        for text in [
            "2024-01-31 10:15:00 IST",
            "2024-W54-1",
            "2023-366",
            "2024-1-32 9:15",
            "20240231T091500",
            "1234567",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Timestamps::iso().parse(b"2024-031"), None, "only of times");
    }
}
