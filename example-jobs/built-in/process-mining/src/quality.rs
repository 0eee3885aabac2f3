//! How good the data is: what was left out, what looks wrong, and a score.

use rustc_hash::FxHashSet;

use fuelcell_parameters_kit::{QualityChecks, is_plausible, spellings};
use fuelcell_sdk::{DataValidation, Finding};

use crate::error::excerpt;
use crate::log::EventLog;
use crate::names;
use crate::read::Facts;
use fuelcell_report_kit::text::{count, counted};

/// What the checks found.
#[derive(Debug, Clone)]
pub struct Quality {
    /// Rows by what became of them.
    pub validation: DataValidation,
    /// Events that are exact copies of another one, removed or not.
    pub duplicates: u64,
    /// 0 to 100, see [`Quality::parts`].
    pub score: f64,
    /// The parts of the score: name, weight, share of rows that are fine (0 to 1).
    pub parts: [(&'static str, f64, f64); 4],
    /// What people should know, each with the rows it concerns.
    pub findings: Vec<Finding>,
}

impl Quality {
    /// Makes the checks that are asked for. Duplicates are removed from the log when the checks say so, and only then.
    pub fn check(log: &mut EventLog, facts: &Facts, checks: QualityChecks) -> Self {
        let mut findings = reading_findings(facts);
        let copies = log.duplicates();
        let duplicates = copies.iter().filter(|&&copy| copy).count() as u64;
        if checks.check_duplicates && duplicates > 0 {
            log.retain(|_, event| !copies[event]);
        }
        findings.extend(duplicate_finding(duplicates, checks.check_duplicates));
        let mut implausible = 0;
        if checks.validate_timestamps {
            let found = timestamp_findings(log);
            implausible = found.iter().map(|finding| finding.count).sum();
            findings.extend(found);
        }
        findings.extend(dates_alone(log, facts));
        if checks.validate_activities {
            findings.extend(similar_activities(log));
        }
        findings.extend(similar_cases(log));
        let invalid = facts.dropped.total();
        let removed = if checks.check_duplicates { duplicates } else { 0 };
        let validation = DataValidation {
            total: facts.rows,
            valid: facts.rows - invalid - removed,
            duplicates_removed: removed,
            invalid,
        };
        let fine = |wrong: u64| 1.0 - (wrong.min(facts.rows) as f64 / facts.rows.max(1) as f64);
        let parts = [
            ("Completeness", 0.4, fine(facts.dropped.missing())),
            ("Validity", 0.3, fine(facts.dropped.unreadable_timestamp + implausible)),
            ("Uniqueness", 0.2, fine(duplicates)),
            ("Order", 0.1, fine(log.out_of_order)),
        ];
        let score = parts.iter().map(|(_, weight, share)| weight * share).sum::<f64>() * 100.0;
        // Rounded down, so that 100 means that nothing is wrong.
        Self { validation, duplicates, score: (score * 10.0 + 1e-6).floor() / 10.0, parts, findings }
    }
}

fn finding(message: String, count: u64) -> Option<Finding> {
    (count > 0).then(|| Finding::new("DataQuality", message, count))
}

fn reading_findings(facts: &Facts) -> Vec<Finding> {
    let dropped = facts.dropped;
    let unreadable = unreadable_message(facts);
    let forms = facts
        .detected_formats
        .iter()
        .map(|form| form.trim_end_matches("%.f"))
        .collect::<Vec<_>>()
        .join("\", \"");
    let by_form = format!(
        "Timestamps that are not ISO 8601 were read as \"{forms}\", of which the first rows leave no doubt{}",
        if forms.contains("%y") { "; years of two digits are those from 1969 to 2068" } else { "" }
    );
    let findings = [
        finding(left_out("a case", facts.first_without[0]), dropped.no_case),
        finding(left_out("an activity", facts.first_without[1]), dropped.no_activity),
        finding(left_out("a timestamp", facts.first_without[2]), dropped.no_timestamp),
        finding(unreadable, dropped.unreadable_timestamp),
        finding(by_form, facts.read_by_form),
        finding("Rows have more or fewer fields than the header".into(), facts.ragged),
        finding("Rows hold bytes that are not UTF-8; U+FFFD stands in for them".into(), facts.invalid_utf8),
        finding(
            "Start times could not be read; their events are kept without one".into(),
            facts.unreadable_starts,
        ),
        finding(
            "Rows have a start and no end: they are work that has not ended, and stand at their start".into(),
            facts.open_rows,
        ),
        finding(
            "The gzip file ends with bytes that are no gzip; they were not read".into(),
            u64::from(facts.trailing_bytes),
        ),
        finding("Rows above the one that names the columns were passed over".into(), facts.rows_above),
        finding(
            "Timestamps have more than six digits of a second: the further ones decide the order, durations do not have them"
                .into(),
            facts.beyond_micros,
        ),
        finding("Traces have no concept:name; they are named by their position".into(), facts.unnamed_traces),
    ];
    let alike = facts.namesakes.iter().map(|message| Finding::new("DataQuality", message.clone(), 1));
    findings.into_iter().flatten().chain(alike).collect()
}

fn left_out(what: &str, first: Option<u64>) -> String {
    let first = first.map_or(String::new(), |row| format!(", first row {row}"));
    format!("Rows without {what} were left out{first}")
}

fn unreadable_message(facts: &Facts) -> String {
    let examples: Vec<String> =
        facts.unreadable_examples.iter().map(|e| format!("row {}: \"{}\"", e.row, e.value)).collect();
    let examples =
        if examples.is_empty() { String::new() } else { format!(", first in {}", examples.join(", ")) };
    let help = match &facts.ambiguous {
        None => String::new(),
        Some((value, forms)) => format!(
            "; \"{}\" may mean two days, so give timestampFormats [\"{}\"] or [\"{}\"]",
            excerpt(value),
            forms[0].trim_end_matches("%.f"),
            forms[1].trim_end_matches("%.f")
        ),
    };
    format!("Rows whose timestamp cannot be read were left out{examples}{help}")
}

fn duplicate_finding(duplicates: u64, removed: bool) -> Option<Finding> {
    let what = if removed { "were removed" } else { "were kept; qualityChecks.checkDuplicates removes them" };
    finding(format!("Events that are exact copies of another one {what}"), duplicates)
}

fn timestamp_findings(log: &EventLog) -> Vec<Finding> {
    let outside = log.times.iter().filter(|time| !is_plausible(**time)).count() as u64;
    let starts = log.starts.iter().flatten().zip(&log.times);
    let backwards = starts.filter(|&(&start, &time)| start > time).count() as u64;
    let findings = [
        finding("Timestamps lie outside of the years 1970 to 2099".into(), outside),
        finding("Events start after they end".into(), backwards),
    ];
    findings.into_iter().flatten().collect()
}

/// Midnight puts an activity of which only the date is known before everything else of its day.
fn dates_alone(log: &EventLog, facts: &Facts) -> Option<Finding> {
    const DAY: i64 = 86_400_000_000;
    const NAMED: usize = 5;
    const FEWEST: u64 = 3;
    if facts.midnights.dates == 0 {
        return None;
    }
    if facts.midnights.times == 0 {
        let message = "All times are dates without hours: durations are whole days, and events of a day are in the order of the file";
        return finding(message.into(), log.events() as u64);
    }
    let mut events = vec![(0_u64, 0_u64); log.names.activities.len()];
    for (&activity, &time) in log.activities.iter().zip(&log.times) {
        let (all, midnights) = &mut events[activity as usize];
        *all += 1;
        *midnights += u64::from(time.rem_euclid(DAY) == 0);
    }
    let dates = |&(_, &(all, midnights)): &(usize, &(u64, u64))| all >= FEWEST && all == midnights;
    let alone: Vec<(usize, u64)> =
        events.iter().enumerate().filter(dates).map(|(activity, (all, _))| (activity, *all)).collect();
    let names: Vec<String> = alone
        .iter()
        .take(NAMED)
        .map(|(activity, _)| format!("\"{}\"", excerpt(log.activity_name(*activity as u32))))
        .collect();
    let message = format!(
        "Activities have dates without hours: midnight puts them before all else of their day. They are {}",
        names.join(", ")
    );
    finding(message, alone.iter().map(|(_, events)| events).sum())
}

/// Cases whose names are equal but for blanks, zeros in front and decimals of zero are told apart, which may not be meant.
fn similar_cases(log: &EventLog) -> Option<Finding> {
    const MOST: usize = 1_000_000;
    let plain = |name: &str| {
        let name = name.trim().trim_start_matches('0');
        names::hash(name.strip_suffix(".0").unwrap_or(name).as_bytes())
    };
    let cases = log.cases().min(MOST);
    let different: FxHashSet<u64> = (0..cases).map(|case| plain(log.case_name(case))).collect();
    let message =
        "Cases are named alike but for blanks, zeros in front or \".0\", and are different ones here";
    finding(message.into(), (cases - different.len()) as u64)
}

/// Activities whose names are equal but for case, spaces and punctuation.
fn similar_activities(log: &EventLog) -> Vec<Finding> {
    const NAMED: usize = 5;
    let mut events = vec![0_u64; log.names.activities.len()];
    log.activities.iter().for_each(|&activity| events[activity as usize] += 1);
    let names = (0..events.len()).map(|activity| (log.activity_name(activity as u32), events[activity]));
    let groups = spellings(names);
    let message = |group: &Vec<(&str, u64)>| {
        let words: Vec<String> = group
            .iter()
            .take(NAMED)
            .map(|(name, events)| format!("\"{}\" ({})", excerpt(name), count(*events)))
            .collect();
        let concerned = group.iter().map(|(_, events)| events).sum();
        Finding::new(
            "DataQuality",
            format!("Activities differ only in spelling: {}", words.join(", ")),
            concerned,
        )
    };
    groups.iter().take(NAMED).map(message).collect()
}

/// A finding as a line for people.
pub fn line(finding: &Finding) -> String {
    format!("{} ({})", finding.message, counted(finding.count, "row"))
}
