//! Values as people write them on the command line.

use crate::failure::{Failure, Outcome};
use serde_json::{Map, Value};
use std::time::Duration;

/// Bytes: a number, or a size such as 512MiB.
pub(crate) fn bytes(text: &str) -> Result<u64, String> {
    let size: bytesize::ByteSize =
        text.parse().map_err(|_| "a number of bytes, or a size such as 512MiB or 2GiB".to_owned())?;
    Ok(size.0)
}

/// The longest time that is taken: no clock overflows by it.
const LONGEST: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// A time: seconds, or a time such as 90s or 10m.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let time = text.parse().map(Duration::from_secs).or_else(|_| humantime::parse_duration(text));
    match time {
        Ok(time) if time <= LONGEST => Ok(time),
        Ok(_) => Err("that is more than a hundred years".to_owned()),
        Err(_) => Err("seconds, or a time such as 90s or 10m".to_owned()),
    }
}

/// `NAME=VALUE` pairs as members of an object. A value is JSON where it parses as JSON; otherwise it is text.
pub(crate) fn members(pairs: &[String], flag: &str, into: &mut Map<String, Value>) -> Outcome {
    for pair in pairs {
        let (name, text) = split(pair, flag)?;
        let value = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
        into.insert(name.to_owned(), value);
    }
    Ok(())
}

/// A `NAME=VALUE` pair.
pub(crate) fn split<'a>(pair: &'a str, flag: &str) -> Outcome<(&'a str, &'a str)> {
    match pair.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name, value)),
        _ => Err(Failure::usage(format!("{flag} {pair:?} is not NAME=VALUE"))),
    }
}

/// `NAME@VERSION`, or `NAME` alone.
pub(crate) fn versioned(text: &str) -> (&str, Option<&str>) {
    text.split_once('@').map_or((text, None), |(name, version)| (name, Some(version)))
}

/// `NAME@VERSION`
pub(crate) fn with_version(text: &str) -> Outcome<(&str, &str)> {
    match versioned(text) {
        (name, Some(version)) if !name.is_empty() && !version.is_empty() => Ok((name, version)),
        _ => Err(Failure::usage(format!("{text:?} names no version of a module"))
            .with_remedy("a version is NAME@VERSION, as in word-count@1.2.0")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_those_of_people() {
        assert_eq!(bytes("512MiB"), Ok(512 << 20));
        assert_eq!(bytes("1000"), Ok(1000));
        assert!(bytes("much").is_err());
        assert_eq!(duration("90"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        assert!(duration("soon").is_err());
        assert_eq!(duration("100years"), Ok(Duration::from_secs(3_155_760_000)));
        for long in ["18446744073709551615", "200years"] {
            assert_eq!(duration(long), Err("that is more than a hundred years".to_owned()));
        }
    }
}
