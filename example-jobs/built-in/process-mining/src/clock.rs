//! What clocks show where the process is: days, weekdays and hours are those of a time zone.

use chrono_tz::Tz;
use fuelcell_parameters_kit::offsets;
use fuelcell_records_kit::Micros;
use fuelcell_records_kit::timestamp::named_offset;

const SECOND: Micros = 1_000_000;

/// Zones that two offsets in a log may be those of, where the log says no more. All that was seen must fit.
const USUAL: [Tz; 12] = [
    Tz::Europe__Berlin,
    Tz::Europe__London,
    Tz::Europe__Helsinki,
    Tz::America__New_York,
    Tz::America__Chicago,
    Tz::America__Denver,
    Tz::America__Los_Angeles,
    Tz::America__Halifax,
    Tz::America__Santiago,
    Tz::Australia__Sydney,
    Tz::Australia__Adelaide,
    Tz::Pacific__Auckland,
];

/// The clocks of a time zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    name: String,
    /// Since which second (of UTC, since 1970), how many seconds clocks are ahead; the first stands for all time before.
    offsets: Vec<(i64, i64)>,
}

impl Default for Clock {
    fn default() -> Self {
        Self { name: "UTC".to_string(), offsets: vec![(i64::MIN, 0)] }
    }
}

impl Clock {
    /// That of a zone, between two moments.
    pub fn of(zone: Tz, (first, last): (Micros, Micros)) -> Self {
        Self { name: zone.name().to_string(), offsets: offsets(zone, first, last) }
    }

    /// That which the offsets behind a log's timestamps tell: of one offset its own, of several that of a usual zone which
    /// has every one of them at its time. None where there are none, or no such zone.
    pub fn detected(seen: &[(Micros, i16)], bounds: (Micros, Micros)) -> Option<Self> {
        let &(_, first) = seen.first()?;
        if seen.iter().all(|&(_, minutes)| minutes == first) {
            return (first != 0).then(|| Self::fixed(first));
        }
        let fits =
            |clock: &Self| seen.iter().all(|&(time, minutes)| clock.offset(time) == i64::from(minutes) * 60);
        USUAL.iter().map(|&zone| Self::of(zone, bounds)).find(fits)
    }

    fn fixed(minutes: i16) -> Self {
        let (sign, size) = (if minutes < 0 { '-' } else { '+' }, minutes.unsigned_abs());
        let name = format!("UTC{sign}{:02}:{:02}", size / 60, size % 60);
        Self { name, offsets: vec![(i64::MIN, i64::from(minutes) * 60)] }
    }

    /// Its name, such as `Europe/Berlin`, `UTC+01:00` or `UTC`.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn offset(&self, time: Micros) -> i64 {
        if let [(_, offset)] = self.offsets.as_slice() {
            return *offset;
        }
        let second = time.div_euclid(SECOND);
        let after = self.offsets.partition_point(|&(since, _)| since <= second);
        self.offsets.get(after.saturating_sub(1)).map_or(0, |&(_, offset)| offset)
    }

    /// What the clocks show at a moment, as if they were those of UTC.
    pub fn local(&self, time: Micros) -> Micros {
        time.saturating_add(self.offset(time) * SECOND)
    }

    /// The moment at which the clocks show this.
    pub fn moment(&self, local: Micros) -> Micros {
        let near = local.saturating_sub(self.offset(local) * SECOND);
        local.saturating_sub(self.offset(near) * SECOND)
    }
}

/// The offset that a timestamp ends with or names, in minutes; 0 for `Z`.
pub(crate) fn offset_of(text: &[u8]) -> Option<i16> {
    // A name in brackets says the same as the offset before it.
    let end = text.iter().position(|byte| *byte == b'[').unwrap_or(text.len());
    written_offset(&text[..end]).or_else(|| named_offset(std::str::from_utf8(text).ok()?))
}

fn written_offset(text: &[u8]) -> Option<i16> {
    if text.last().is_some_and(|last| matches!(last, b'Z' | b'z')) {
        return Some(0);
    }
    let at = 10 + text.get(10..)?.iter().rposition(|byte| matches!(byte, b'+' | b'-'))?;
    let digits: Vec<i16> = text[at + 1..]
        .iter()
        .filter(|byte| byte.is_ascii_digit())
        .map(|digit| i16::from(digit - b'0'))
        .collect();
    let plain = text[at + 1..].iter().all(|byte| byte.is_ascii_digit() || *byte == b':');
    let minutes = match digits.as_slice() {
        [a, b] => (a * 10 + b) * 60,
        [a, b, c, d] => (a * 10 + b) * 60 + c * 10 + d,
        _ => return None,
    };
    plain.then_some(if text[at] == b'-' { -minutes } else { minutes })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::parse_iso;

    fn time(text: &str) -> Micros {
        parse_iso(text.as_bytes()).unwrap()
    }

    fn detected(texts: &[&str]) -> Option<String> {
        let seen: Vec<(Micros, i16)> =
            texts.iter().map(|text| (time(text), offset_of(text.as_bytes()).unwrap())).collect();
        Clock::detected(&seen, (time("2020-01-01"), time("2025-01-01"))).map(|clock| clock.name().to_string())
    }

    #[test]
    fn offsets_tell_the_zone() {
        let (winter, summer) = ("2024-01-31T10:00:00.000+01:00", "2024-07-31T10:00:00+0200");
        assert_eq!(detected(&[winter, summer]).as_deref(), Some("Europe/Berlin"));
        assert_eq!(
            detected(&["2024-01-31T10:00:00-05", "2024-07-31T10:00:00-04:00"]).as_deref(),
            Some("America/New_York")
        );
        assert_eq!(detected(&[winter, winter]).as_deref(), Some("UTC+01:00"));
        assert_eq!(detected(&["2024-01-31T10:00:00Z"]), None);
        assert_eq!(detected(&[winter, "2024-02-01T10:00:00+09:00"]), None, "no zone has both");
        assert_eq!(offset_of(b"2024-01-31T10:00:00+01:00[Europe/Berlin]"), Some(60));
        assert_eq!(offset_of(b"Wed Jan 31 00:05:00 CEST 2024"), Some(120));
        for none in ["2024-01-31T10:00:00", "2024-01-31", "31-12-2024", "2024-01-31 10:00 IST"] {
            assert_eq!(offset_of(none.as_bytes()), None, "{none}");
        }
    }

    #[test]
    fn clocks_are_set_forward_and_back() {
        let clock = Clock::of(Tz::Europe__Berlin, (time("2024-01-01"), time("2024-12-31")));
        for (utc, local) in [
            ("2024-03-31T00:59:59", "2024-03-31T01:59:59"),
            ("2024-03-31T01:00:00", "2024-03-31T03:00:00"),
            ("2024-12-24T23:30:00", "2024-12-25T00:30:00"),
        ] {
            assert_eq!(clock.local(time(utc)), time(local), "{utc}");
            assert_eq!(clock.moment(time(local)), time(utc), "{local}");
        }
    }
}
