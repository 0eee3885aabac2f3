//! What the values of a column say about how its times are written.

use std::collections::BTreeMap;

use fuelcell_records_kit::timestamp::{Candidate, candidate};

/// Patterns that are remembered; a column with more of them holds no times.
const PATTERNS: usize = 48;
/// Longer texts are no times.
const LONGEST: usize = 40;

/// Votes by pattern, such as `99/99/9999 99:99`. What one value proves about day and month holds for its pattern.
#[derive(Debug, Clone, Default)]
pub(crate) struct TimeVotes {
    patterns: BTreeMap<Vec<u8>, Option<Votes>>,
    gave_up: bool,
    scratch: Vec<u8>,
    /// Dates whose year has two digits.
    pub(crate) two_digit_years: u64,
}

#[derive(Debug, Clone)]
struct Votes {
    candidate: Candidate,
    count: u64,
    day_first: u64,
    month_first: u64,
    example: String,
}

/// How the times of a column can be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Forms {
    /// strftime forms beyond doubt.
    pub(crate) forms: Vec<String>,
    /// Values that these read.
    pub(crate) readable: u64,
    /// A value that may mean two days, with the two forms.
    pub(crate) ambiguous: Option<(String, [&'static str; 2])>,
}

impl TimeVotes {
    /// Looks at a value that is not ISO 8601. Says whether it may be a time.
    pub(crate) fn see(&mut self, value: &[u8]) -> bool {
        if self.gave_up || !(6..=LONGEST).contains(&value.len()) || !value.iter().any(u8::is_ascii_digit) {
            return false;
        }
        pattern(value, &mut self.scratch);
        if let Some(known) = self.patterns.get_mut(self.scratch.as_slice()) {
            return known.as_mut().is_some_and(|votes| votes.add(value));
        }
        if self.patterns.len() >= PATTERNS {
            self.gave_up = !self.patterns.values().any(Option::is_some);
            return false;
        }
        let text = std::str::from_utf8(value).ok();
        let found = text.and_then(candidate);
        let mut votes = found.map(|candidate| Votes {
            candidate,
            count: 0,
            day_first: 0,
            month_first: 0,
            example: text.unwrap_or_default().to_string(),
        });
        self.two_digit_years += u64::from(votes.is_none() && has_two_digit_year(&self.scratch));
        let seen = votes.as_mut().is_some_and(|votes| votes.add(value));
        self.patterns.insert(self.scratch.clone(), votes);
        seen
    }

    /// What the votes amount to.
    pub(crate) fn forms(&self) -> Forms {
        let mut found = Forms::default();
        for votes in self.patterns.values().flatten() {
            let form = match votes.candidate {
                Candidate::Certain(form) => form,
                Candidate::Pair([day_first, _]) if votes.day_first > 0 && votes.month_first == 0 => day_first,
                Candidate::Pair([_, month_first]) if votes.month_first > 0 && votes.day_first == 0 => {
                    month_first
                }
                Candidate::Pair(pair) => {
                    found.ambiguous.get_or_insert_with(|| (votes.example.clone(), pair));
                    continue;
                }
            };
            found.forms.push(form.to_string());
            found.readable += votes.count;
        }
        found.forms.sort();
        found.forms.dedup();
        found
    }
}

impl Votes {
    fn add(&mut self, value: &[u8]) -> bool {
        self.count += 1;
        if matches!(self.candidate, Candidate::Pair(_)) {
            let mut numbers = value.split(|byte| !byte.is_ascii_digit()).filter(|digits| !digits.is_empty());
            let mut next = || {
                numbers.next().map_or(0, |digits| {
                    digits
                        .iter()
                        .fold(0, |n: u32, d| n.saturating_mul(10).saturating_add(u32::from(d - b'0')))
                })
            };
            let (first, second) = (next(), next());
            self.day_first += u64::from(first > 12);
            self.month_first += u64::from(second > 12);
        }
        true
    }
}

/// Digits become `9`, letters `a`, runs of letters one `a`, a zone's sign `+`; all else stays.
fn pattern(value: &[u8], into: &mut Vec<u8>) {
    into.clear();
    for &byte in value {
        let class = match byte {
            b'0'..=b'9' => b'9',
            b'a'..=b'z' | b'A'..=b'Z' => b'a',
            byte => byte,
        };
        if class != b'a' || into.last() != Some(&b'a') {
            into.push(class);
        }
    }
}

/// `99/99/99`, with any of the usual marks, alone or before a clock.
fn has_two_digit_year(pattern: &[u8]) -> bool {
    let date = pattern.split(|byte| *byte == b' ').next().unwrap_or_default();
    matches!(date, [b'9', b'9', a, b'9', b'9', b, b'9', b'9'] if a == b && b"./-".contains(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forms(values: &[&str]) -> Forms {
        let mut votes = TimeVotes::default();
        for value in values {
            votes.see(value.as_bytes());
        }
        votes.forms()
    }

    #[test]
    fn one_value_far_down_proves_a_pattern() {
        let mut values = vec!["03/02/2024 09:15"; 5000];
        assert_eq!(forms(&values).ambiguous.unwrap().1[0], "%d/%m/%Y %H:%M");
        values.push("24/02/2024 09:15");
        let found = forms(&values);
        assert_eq!(
            (found.forms, found.readable, found.ambiguous),
            (vec!["%d/%m/%Y %H:%M".to_string()], 5001, None)
        );
    }

    #[test]
    fn patterns_stand_for_themselves() {
        let found = forms(&["24/03/2024 09:15", "03/24/2024 09:15 AM", "24.03.2024 09:15:00"]);
        assert_eq!(found.forms, ["%d.%m.%Y %H:%M:%S%.f", "%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M %p"]);
        assert_eq!((found.readable, found.ambiguous), (3, None));
        assert_eq!(forms(&["24/03/2024", "03/24/2024"]).forms, [""; 0]);
    }

    #[test]
    fn names_are_no_times() {
        let names: Vec<String> = (0..200).map(|n| format!("order {n} of {}", "x".repeat(n % 20))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(forms(&names), Forms::default());
        let mut votes = TimeVotes::default();
        votes.see(b"31/12/23");
        assert_eq!(votes.two_digit_years, 1);
    }
}
