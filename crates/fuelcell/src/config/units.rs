//! Sizes and times as people write them: `2GiB`, `30s`, `10m`.
//!
//! The name of a setting ends in its unit, and a plain number counts that unit. A text there is read as a size or a time
//! and becomes such a number, wherever it comes from, so that every setting takes both and none has to know.

use bytesize::ByteSize;
use figment::value::{Dict, Map, Num, Value};
use figment::{Error, Metadata, Profile, Provider};
use std::time::Duration;

/// The longest time that a setting may have: nothing here is planned for longer, and no sum of such times overflows.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// What the plain numbers of a setting count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Bytes,
    Milliseconds,
    Seconds,
    Days,
}

impl Unit {
    /// The unit that the name of a setting ends in.
    pub(crate) fn of(setting: &str) -> Option<Self> {
        Some(match setting.rsplit('_').next()? {
            "bytes" => Self::Bytes,
            "milliseconds" => Self::Milliseconds,
            "seconds" => Self::Seconds,
            "days" => Self::Days,
            _ => return None,
        })
    }

    /// The number that a text stands for.
    pub(crate) fn number(self, text: &str) -> Result<u64, String> {
        let text = text.trim();
        if let Ok(number) = text.parse() {
            return self.bounded(number);
        }
        match self.length() {
            None => text.parse::<ByteSize>().map(|size| size.as_u64()).map_err(|_| self.refusal(text)),
            Some(length) => {
                let time = humantime::parse_duration(text).map_err(|_| self.refusal(text))?;
                let (nanos, length) = (time.as_nanos(), length.as_nanos());
                let whole = nanos.is_multiple_of(length).then_some(nanos / length);
                let number = whole.and_then(|number| u64::try_from(number).ok());
                let number = number.ok_or_else(|| self.refusal(text))?;
                self.bounded(number).map_err(|reason| format!("{} is too long: {reason}", shown(text)))
            }
        }
    }

    /// The number, if no time is longer than what is sensible.
    pub(crate) fn bounded(self, number: u64) -> Result<u64, String> {
        let most = match self.length() {
            None => u64::MAX,
            Some(length) => u64::try_from(LONGEST.as_nanos() / length.as_nanos()).unwrap_or(u64::MAX),
        };
        match number <= most {
            true => Ok(number),
            false => Err(format!("{number} is more than {most}, which is a hundred years")),
        }
    }

    /// How long one is; none = it is no time.
    fn length(self) -> Option<Duration> {
        match self {
            Self::Bytes => None,
            Self::Milliseconds => Some(Duration::from_millis(1)),
            Self::Seconds => Some(Duration::from_secs(1)),
            Self::Days => Some(Duration::from_secs(24 * 3600)),
        }
    }

    /// Whether it is one of time.
    pub(crate) fn is_time(self) -> bool {
        self.length().is_some()
    }

    /// What a setting of this unit takes.
    pub(crate) fn allowed(self) -> &'static str {
        match self {
            Self::Bytes => "a number of bytes, or a size such as 512MiB or 2GiB",
            Self::Milliseconds => "a number of milliseconds, or a time such as 250ms or 2s",
            Self::Seconds => "a whole number of seconds, or a time such as 30s, 10m or 2h",
            Self::Days => "a whole number of days, or a time such as 90days or 12weeks",
        }
    }

    fn refusal(self, text: &str) -> String {
        format!("{} is not {}", shown(text), self.allowed())
    }
}

fn shown(text: &str) -> String {
    format!("{:?}", text.chars().take(64).collect::<String>())
}

/// A source of settings in which sizes and times may be texts.
pub(crate) struct Human<P>(pub(crate) P);

impl<P: Provider> Provider for Human<P> {
    fn metadata(&self) -> Metadata {
        self.0.metadata()
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let mut data = self.0.data()?;
        for settings in data.values_mut() {
            read_all(settings, "").map_err(Error::from)?;
        }
        Ok(data)
    }

    fn profile(&self) -> Option<Profile> {
        self.0.profile()
    }
}

fn read_all(settings: &mut Dict, path: &str) -> Result<(), String> {
    for (name, value) in settings {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match (Unit::of(name), value) {
            (_, Value::Dict(_, inner)) => read_all(inner, &path)?,
            (Some(unit), value) => {
                read(unit, value).map_err(|reason| format!("{path}: {reason}"))?;
            }
            (None, _) => {}
        }
    }
    Ok(())
}

/// What is neither a text nor a whole number is left to the setting's type.
fn read(unit: Unit, value: &mut Value) -> Result<(), String> {
    let number = match value {
        Value::String(_, text) => unit.number(text)?,
        Value::Num(_, number) => match whole(*number) {
            Some(number) => unit.bounded(number)?,
            None => return Ok(()),
        },
        _ => return Ok(()),
    };
    *value = Value::Num(value.tag(), Num::U64(number));
    Ok(())
}

fn whole(number: Num) -> Option<u64> {
    let signed = || number.to_i128().and_then(|number| u128::try_from(number).ok());
    number.to_u128().or_else(signed)?.try_into().ok()
}

/// A number of bytes on the command line.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    Unit::Bytes.number(text)
}

/// A number of seconds on the command line.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    Unit::Seconds.number(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_setting_ends_in_its_unit() {
        assert_eq!(Unit::of("max_dataset_bytes"), Some(Unit::Bytes));
        assert_eq!(Unit::of("pulse_milliseconds"), Some(Unit::Milliseconds));
        assert_eq!(Unit::of("max_age_days"), Some(Unit::Days));
        assert_eq!((Unit::of("slots"), Unit::of("secondss")), (None, None));
    }

    #[test]
    fn numbers_stay_and_texts_become_numbers() {
        for (text, bytes) in [("7", 7), ("2GiB", 2 << 30), ("2 GB", 2_000_000_000), ("1.5 KiB", 1536)] {
            assert_eq!(Unit::Bytes.number(text), Ok(bytes), "{text}");
        }
        for (text, seconds) in [("0", 0), ("30s", 30), ("10m", 600), ("1h 30m", 5400), ("2000ms", 2)] {
            assert_eq!(Unit::Seconds.number(text), Ok(seconds), "{text}");
        }
        assert_eq!((Unit::Days.number("12weeks"), Unit::Milliseconds.number("2s")), (Ok(84), Ok(2000)));
    }

    #[test]
    fn what_is_no_such_number_is_refused_with_what_is_allowed() {
        for text in ["", "-1", "2Gig", "1e400", "GiB", "30s", "99999999999999999999"] {
            let refusal = Unit::Bytes.number(text).unwrap_err();
            assert!(refusal.contains("such as 512MiB"), "{text}: {refusal}");
        }
        for text in ["", "-1s", "500ms", "2GiB", "ten", "1.5.5s"] {
            let refusal = Unit::Seconds.number(text).unwrap_err();
            assert!(refusal.contains("such as 30s"), "{text}: {refusal}");
        }
        let refusal = Unit::Seconds.number("200years").unwrap_err();
        assert!(refusal.contains("\"200years\"") && refusal.contains("a hundred years"), "{refusal}");
        assert!(Unit::Days.bounded(u64::MAX).unwrap_err().contains("a hundred years"));
        assert!(Unit::Bytes.number(&"x".repeat(100_000)).unwrap_err().len() < 200);
    }
}
