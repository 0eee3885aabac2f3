//! Which of a module's versions is the highest.

use semver::Version;

/// How high a version stands: those that are no semantic versions below all others, pre-releases next, then releases, each in
/// the order of Semantic Versioning 2.0. `1` and `v1.2` count as `1.0.0` and `1.2.0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Precedence(Rank, Option<Version>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Other,
    PreRelease,
    Release,
}

impl Precedence {
    /// Of this version.
    pub fn of(version: &str) -> Self {
        let Some(version) = read(version) else { return Self(Rank::Other, None) };
        let rank = if version.pre.is_empty() { Rank::Release } else { Rank::PreRelease };
        Self(rank, Some(version))
    }
}

/// The semantic version that this text counts as: `1` and `v1.2` are `1.0.0` and `1.2.0`.
///
/// # Errors
/// What is allowed, when it is none.
pub fn semantic_version(text: &str) -> Result<String, String> {
    match read(text) {
        Some(version) => Ok(version.to_string()),
        None => Err("a version is MAJOR.MINOR.PATCH, with -PRERELEASE and +BUILD if need be, such as 1.4.0 or 2.0.0-rc.1 \
                     (semver.org)"
            .into()),
    }
}

fn read(text: &str) -> Option<Version> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let missing = match numbers.split('.').count() {
        1 => ".0.0",
        2 => ".0",
        _ => "",
    };
    Version::parse(&format!("{numbers}{missing}{rest}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_as_people_read_them() {
        let rising = [
            "latest",
            "0.9.0-rc.1",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-beta",
            "2.0.0-rc.2",
            "2.0.0-rc.10",
            "0.1.0",
            "1",
            "1.2",
            "1.9.0",
            "v1.10.0",
            "1.10.1",
            "2.0.0",
            "10.0.0",
        ];
        for pair in rising.windows(2) {
            assert!(Precedence::of(pair[0]) < Precedence::of(pair[1]), "{pair:?}");
        }
        assert_eq!(Precedence::of("1"), Precedence::of("1.0.0"));
        assert_eq!(semantic_version("v1.2-rc.1+b"), Ok("1.2.0-rc.1+b".into()));
        assert!(semantic_version("latest").unwrap_err().contains("MAJOR.MINOR.PATCH"));
        for other in ["", "1.2.3.4", "01.2.3", "2024-01", "99999999999999999999.0.0", "-1", "a.b.c"] {
            assert!(Precedence::of(other) < Precedence::of("0.0.1"), "{other}");
        }
    }
}
