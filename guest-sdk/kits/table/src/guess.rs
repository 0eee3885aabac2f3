//! What a column is, by all of its values.

use fuelcell_records_kit::excerpt;
use fuelcell_records_kit::iso::parse_iso;
use fuelcell_records_kit::timestamp::{Timestamps, is_missing};

use crate::kind::{Column, Doubt, Kind, MOST_DIGITS, Numbers};
use crate::number::{Shape, shape};
use crate::times::{Forms, TimeVotes};

/// A kind that so many of a hundred values fit is what the column nearly is.
const NEARLY: u64 = 80;

/// What a value looks like; the order is that of [`Guess::seen`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Integer,
    Point,
    GroupOrPoint,
    Comma,
    GroupOrComma,
    Float,
    Boolean,
    Date,
    Local,
    Zoned,
    Formed,
    Other,
}

const LOOKS: usize = Look::Other as usize + 1;

/// What was seen of a column so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Guess {
    missing: u64,
    /// Words such as `NULL`.
    words: u64,
    seen: [u64; LOOKS],
    /// Line and value of the first of each look.
    first: [Option<(u64, String)>; LOOKS],
    /// The most digits behind the point, and before it.
    scale: u8,
    whole: u8,
    times: TimeVotes,
}

impl Guess {
    /// Rows that had no such column.
    pub(crate) fn skip(&mut self, rows: u64) {
        self.missing += rows;
    }

    #[inline]
    pub(crate) fn see(&mut self, value: &[u8], line: u64) {
        let value = value.trim_ascii();
        if value.is_empty() {
            self.missing += 1;
        } else if is_missing(value) {
            self.words += 1;
        } else {
            let look = self.look(value);
            self.seen[look as usize] += 1;
            if self.first[look as usize].is_none() {
                self.first[look as usize] = Some((line, excerpt(&String::from_utf8_lossy(value))));
            }
        }
    }

    #[inline]
    fn look(&mut self, value: &[u8]) -> Look {
        let (look, scale, whole) = match shape(value) {
            Shape::Integer => (Look::Integer, 0, value.len().min(19) as u8),
            Shape::Point { scale, whole } => (Look::Point, scale, whole),
            Shape::GroupOrPoint { whole } => (Look::GroupOrPoint, 3, whole),
            Shape::Comma { scale, whole } => (Look::Comma, scale, whole),
            Shape::GroupOrComma => (Look::GroupOrComma, 0, 6),
            Shape::Float => (Look::Float, 0, 0),
            Shape::Code => (Look::Other, 0, 0),
            Shape::None => (self.other(value), 0, 0),
        };
        if look != Look::GroupOrPoint {
            self.scale = self.scale.max(scale);
        }
        self.whole = self.whole.max(whole);
        look
    }

    /// What is no number.
    #[inline]
    fn other(&mut self, value: &[u8]) -> Look {
        if is_boolean(value).is_some() {
            Look::Boolean
        } else if parse_iso(value).is_some() {
            iso_look(value)
        } else if self.times.see(value) {
            Look::Formed
        } else {
            Look::Other
        }
    }

    fn count(&self, looks: &[Look]) -> u64 {
        looks.iter().map(|look| self.seen[*look as usize]).sum()
    }

    /// What the column is.
    pub(crate) fn column(&self, name: String) -> Column {
        let mut column = self.found(name);
        column.words = self.words - (column.missing - self.missing);
        column
    }

    fn found(&self, name: String) -> Column {
        let present: u64 = self.seen.iter().sum();
        let forms = self.times.forms();
        let mut column = Column::new(name, Kind::Text);
        column.missing = self.missing;
        if present == 0 {
            column.missing += self.words;
            return column;
        }
        column.scale = if self.count(&[Look::GroupOrPoint]) > 0 { self.scale.max(3) } else { self.scale };
        if self.count(&[Look::Comma]) > self.count(&[Look::Point]) {
            column.numbers = Numbers::Comma;
        }
        column.times = Timestamps::detected(&forms.forms);
        column.time_forms.clone_from(&forms.forms);
        let readings = self.readings(&forms);
        let best = readings.iter().max_by_key(|reading| reading.fits);
        let Some(best) = best.filter(|reading| reading.fits * 100 >= present * NEARLY) else {
            column.doubt = self.doubtful_times(&forms, present);
            return column;
        };
        if best.fits == present {
            column.kind = best.kind;
            column.numbers = best.numbers;
            column.missing += self.words;
            column.doubt = self.remaining_doubt(best);
            return column;
        }
        column.doubt = self.doubtful_times(&forms, present).or_else(|| self.misfits(best, present));
        column
    }

    /// All readings, the narrower ones last: of equal ones the last wins.
    fn readings(&self, forms: &Forms) -> Vec<Reading> {
        use Look::*;
        let reading = |kind, numbers, looks: &[Look]| Reading { kind, numbers, fits: self.count(looks) };
        let plain = |kind, looks: &[Look]| reading(kind, Numbers::Point, looks);
        let exact = |scale: u8| match self.whole + scale <= MOST_DIGITS {
            true => Kind::Decimal(scale),
            false => Kind::Float,
        };
        let formed = forms.readable;
        let zoned = self.count(&[Zoned]) > 0;
        let mut times = plain(Kind::Timestamp { zoned }, &[Date, Local, Zoned]);
        times.fits += formed;
        let mut days = plain(Kind::Date, &[Date]);
        if forms.forms.iter().all(|form| !form.contains("%H") && !form.contains("%I")) {
            days.fits += formed;
        }
        let point_scale = if self.count(&[GroupOrPoint]) > 0 { self.scale.max(3) } else { self.scale };
        let mut readings = vec![plain(Kind::Float, &[Integer, Point, GroupOrPoint, Float]), times, days];
        readings.push(plain(Kind::Boolean, &[Boolean]));
        if self.count(&[Comma]) > 0 {
            readings.push(reading(
                exact(self.scale),
                Numbers::Comma,
                &[Integer, Comma, GroupOrComma, GroupOrPoint],
            ));
        }
        let grouped: &[Look] = if self.count(&[Point]) > 0 { &[GroupOrComma] } else { &[] };
        readings.push(plain(exact(point_scale), &[&[Integer, Point, GroupOrPoint], grouped].concat()));
        readings.push(plain(Kind::Integer, &[Integer]));
        readings
    }

    fn example(&self, looks: impl Iterator<Item = usize>) -> Option<&(u64, String)> {
        looks.filter_map(|look| self.first[look].as_ref()).min_by_key(|(line, _)| *line)
    }

    /// Times that can be read in two ways, or whose year has two digits.
    fn doubtful_times(&self, forms: &Forms, present: u64) -> Option<Doubt> {
        if let Some((value, [day_first, month_first])) = &forms.ambiguous {
            return Some(Doubt {
                message: format!(
                    "\"{value}\" is either day/month or month/day, and no value settles it, or values contradict. Say which: \"{day_first}\" or \
                     \"{month_first}\""
                ),
                rows: self.count(&[Look::Formed]) - forms.readable,
            });
        }
        let groups = self.count(&[Look::GroupOrComma]);
        if groups > 0 {
            let example = self.first[Look::GroupOrComma as usize].as_ref().map_or("", |(_, value)| value);
            let message =
                format!("\"{example}\" is a thousand or has three decimal places, and no value settles it");
            return Some(Doubt { message, rows: groups });
        }
        let years = self.times.two_digit_years > 0 && self.count(&[Look::Other]) == present;
        years.then(|| Doubt {
            message: "Years of two digits say no century; parse these times with a form and a pivot"
                .to_string(),
            rows: present,
        })
    }

    /// What is known of a column that is of one kind, and yet might be another.
    fn remaining_doubt(&self, best: &Reading) -> Option<Doubt> {
        use Look::*;
        let zones = self.count(&[Zoned]);
        if best.kind == (Kind::Timestamp { zoned: true }) && zones < best.fits {
            let rows = best.fits - zones;
            let message = format!("{rows} of {} times say no offset; they are taken for UTC", best.fits);
            return Some(Doubt { message, rows });
        }
        let thousands = self.count(&[GroupOrPoint]);
        (best.numbers == Numbers::Point && thousands > 0 && thousands == self.count(&[Point, GroupOrPoint]))
            .then(|| Doubt {
                message: "Every point has three digits behind it; it is taken for a decimal point"
                    .to_string(),
                rows: thousands,
            })
    }

    /// What does not fit what most values are.
    fn misfits(&self, best: &Reading, present: u64) -> Option<Doubt> {
        let fits = |look: usize| best.fits_look(look);
        let (line, value) = self.example((0..LOOKS).filter(|look| !fits(*look)))?;
        let rows = present - best.fits;
        Some(Doubt {
            message: format!(
                "{} of {present} values are of type {}; {rows} are not, such as \"{value}\" in line {line}",
                best.fits, best.kind
            ),
            rows,
        })
    }
}

/// A kind, and how many values fit it.
struct Reading {
    kind: Kind,
    numbers: Numbers,
    fits: u64,
}

impl Reading {
    fn fits_look(&self, look: usize) -> bool {
        use Look::*;
        let looks: &[Look] = match self.kind {
            Kind::Integer => &[Integer],
            Kind::Decimal(_) if self.numbers == Numbers::Comma => {
                &[Integer, Comma, GroupOrComma, GroupOrPoint]
            }
            Kind::Decimal(_) => &[Integer, Point, GroupOrPoint],
            Kind::Float => &[Integer, Point, GroupOrPoint, Float],
            Kind::Boolean => &[Boolean],
            Kind::Date => &[Date, Formed],
            Kind::Timestamp { .. } => &[Date, Local, Zoned, Formed],
            Kind::Text | Kind::Duration => &[],
        };
        looks.iter().any(|fitting| *fitting as usize == look)
    }
}

/// What ISO 8601 it is.
fn iso_look(value: &[u8]) -> Look {
    match value.get(10..) {
        None | Some([]) => Look::Date,
        Some(clock) => {
            let zoned = clock.iter().any(|byte| matches!(byte, b'Z' | b'z' | b'+' | b'-' | b'U'));
            if zoned { Look::Zoned } else { Look::Local }
        }
    }
}

/// `true`, `false`, `yes` or `no` in any case.
pub(crate) fn is_boolean(value: &[u8]) -> Option<bool> {
    if value.len() > 5 {
        return None;
    }
    let is = |word: &[u8]| value.eq_ignore_ascii_case(word);
    match () {
        () if is(b"true") || is(b"yes") => Some(true),
        () if is(b"false") || is(b"no") => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[&str]) -> Column {
        let mut guess = Guess::default();
        for (line, value) in (2..).zip(values) {
            guess.see(value.as_bytes(), line);
        }
        guess.column("column".into())
    }

    fn kind(values: &[&str]) -> String {
        column(values).kind.to_string()
    }

    #[test]
    fn kinds_are_as_narrow_as_all_values_allow() {
        assert_eq!(kind(&["1", "-2", "", "NULL"]), "integer");
        assert_eq!(kind(&["1", "2.50", "3.125"]), "decimal(3)");
        assert_eq!(kind(&["1", "2.5e3"]), "float");
        assert_eq!(kind(&["1,50", "2", "1.234,00"]), "decimal(2)");
        assert_eq!(column(&["1,50", "2"]).numbers, Numbers::Comma);
        assert_eq!(kind(&["1,234", "0.5"]), "decimal(1)");
        assert_eq!(kind(&["007", "12"]), "text");
        assert_eq!(kind(&["yes", "No"]), "boolean");
        assert_eq!(kind(&["2024-01-31", "2024-02-01"]), "date");
        assert_eq!(kind(&["31.01.2024", "01.02.2024"]), "date");
        assert_eq!(kind(&["2024-01-31 24:00", "2024-01-31 23:59:60"]), "timestamp");
        assert_eq!(column(&["2024-01-31T09:15Z"]).kind, Kind::Timestamp { zoned: true });
        assert_eq!(kind(&[""; 3]), "text");
    }

    #[test]
    fn a_value_in_the_last_row_counts() {
        let mut values = vec!["1"; 10_000];
        values.push("x");
        let found = column(&values);
        assert_eq!(found.kind, Kind::Text);
        let message = "10000 of 10001 values are of type integer; 1 are not, such as \"x\" in line 10002";
        assert_eq!(found.doubt, Some(Doubt { message: message.into(), rows: 1 }));
    }

    #[test]
    fn nothing_ambiguous_is_decided() {
        for values in [["1,234", "5,678"], ["03/02/2024", "04/02/2024"], ["31/12/23", "01/01/24"]] {
            let found = column(&values);
            assert_eq!(found.kind, Kind::Text, "{values:?}");
        }
        assert!(column(&["03/02/2024", "04/02/2024"]).doubt.unwrap().message.contains("day/month"));
        assert!(column(&["31/12/23", "01/01/24"]).doubt.unwrap().message.contains("two digits"));
        assert!(column(&["2024-01-01T00:00Z", "2024-01-01 01:00"]).doubt.unwrap().message.contains("UTC"));
    }
}
