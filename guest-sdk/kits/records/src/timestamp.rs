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
    Strftime(Vec<Item<'static>>),
    UnixSeconds,
    UnixMilliseconds,
}

/// Reads the timestamps of one file.
#[derive(Debug, Clone)]
pub struct Timestamps {
    forms: Vec<Form>,
    /// Whether ISO 8601 is tried before the forms: it is, unless a request names them.
    iso_first: bool,
}

impl Timestamps {
    /// A reader for these strftime forms, tried in order and before ISO 8601. `%s` alone means seconds and `%Q` alone
    /// milliseconds since 1970.
    ///
    /// # Errors
    /// `InvalidParameter` for a form that chrono does not know.
    pub fn new(formats: &[String]) -> Result<Self, Stop> {
        let forms: Vec<Form> = formats.iter().map(|format| compile(format)).collect::<Result<_, _>>()?;
        Ok(Self { iso_first: forms.is_empty(), forms })
    }

    /// A reader for ISO 8601 alone.
    pub fn iso() -> Self {
        Self { forms: Vec::new(), iso_first: true }
    }

    /// A reader for ISO 8601 and then for forms that were detected.
    pub fn detected(formats: &[String]) -> Self {
        let forms = formats.iter().filter_map(|format| compile(format).ok()).collect();
        Self { forms, iso_first: true }
    }

    /// Microseconds since 1970, or nothing when no form fits.
    #[inline]
    pub fn parse(&self, text: &[u8]) -> Option<Micros> {
        if self.iso_first {
            parse_iso(text).or_else(|| self.parse_forms(text))
        } else {
            self.parse_forms(text).or_else(|| parse_iso(text))
        }
    }

    /// Whether the value needs one of the detected forms.
    #[inline]
    pub fn needs_form(&self, text: &[u8]) -> bool {
        self.iso_first && !self.forms.is_empty() && parse_iso(text).is_none()
    }

    fn parse_forms(&self, text: &[u8]) -> Option<Micros> {
        if self.forms.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        self.forms.iter().find_map(|form| form.parse(text))
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
                // `%Y` takes two digits for a year of the first century, which nobody means.
                match parsed.year() {
                    Some(..1000) => None,
                    _ => instant(&parsed),
                }
            }
        }
    }
}

/// A number of `unit`s since 1970, within the years 1 to 9999; a fraction is kept to the microsecond.
fn unix(text: &str, unit: Micros) -> Option<Micros> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (fraction, rest) = parse_fraction(fraction.as_bytes())?;
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    let time =
        whole.parse::<Micros>().ok()?.checked_mul(unit)?.checked_add(sign * (fraction * unit / SECOND))?;
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

/// The forms that read a value: of a value that is beyond doubt one, else two that differ in nothing but the order of day and
/// month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Candidate {
    /// The form is beyond doubt.
    Certain(&'static str),
    /// Day first, or month first.
    Pair([&'static str; 2]),
}

/// How a value that is not ISO 8601 may be read.
pub fn candidate(value: &str) -> Option<Candidate> {
    let reads = |format: &&str| compile(format).is_ok_and(|form| form.parse(value).is_some());
    let certain = CERTAIN.iter().find(|format| reads(format)).map(|format| Candidate::Certain(format));
    let pair = || DOUBTFUL.iter().find(|pair| pair.iter().any(reads));
    certain.or_else(|| pair().map(|pair| Candidate::Pair(*pair)))
}

/// Looks at sample values.
pub fn detect<'a>(values: impl Iterator<Item = &'a [u8]> + Clone) -> Detected {
    let present = values.map(<[u8]>::trim_ascii).filter(|value| !is_missing(value));
    let other =
        || present.clone().filter(|v| parse_iso(v).is_none()).filter_map(|v| std::str::from_utf8(v).ok());
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
    let timestamps = Timestamps::detected(&detected.formats);
    detected.readable = present.filter(|value| timestamps.parse(value).is_some()).count();
    detected
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
}
