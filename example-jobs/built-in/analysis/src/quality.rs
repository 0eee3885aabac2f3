//! What looks wrong in a table that could be read.

use fuelcell_parameters_kit::{QualityChecks, is_plausible, spellings};
use fuelcell_sdk::Finding;

use crate::error::excerpt;
use crate::frame::{Frame, NO_TIME, Values};
use crate::roles::Roles;

/// Groups of spellings that are told, and names of a group.
const TOLD: usize = 5;

/// Makes the checks that are asked for.
pub fn check(frame: &Frame, roles: &Roles, checks: QualityChecks) -> Vec<Finding> {
    let mut findings = Vec::new();
    if checks.validate_timestamps {
        findings.extend(implausible(frame));
    }
    let Roles::Log(log) = roles else { return findings };
    if let Some(start) = log.start.as_ref().filter(|_| checks.validate_timestamps) {
        findings.extend(backwards(frame, start, &log.timestamp));
    }
    if checks.validate_activities {
        findings.extend(similar(frame, &log.activity));
    }
    findings
}

fn implausible(frame: &Frame) -> Vec<Finding> {
    let columns = frame.columns().iter().filter_map(|column| match &column.values {
        Values::Times(times) => Some((&column.name, times)),
        _ => None,
    });
    let found = columns.map(|(name, times)| Finding {
        kind: "ImplausibleTime".into(),
        message: format!("Times of column \"{}\" lie outside of the years 1970 to 2099", excerpt(name)),
        count: times.iter().filter(|&&time| time != NO_TIME && !is_plausible(time)).count() as u64,
    });
    found.filter(|finding| finding.count > 0).collect()
}

fn backwards(frame: &Frame, start: &str, end: &str) -> Option<Finding> {
    let (Some(Values::Times(starts)), Some(Values::Times(ends))) = (frame.column(start), frame.column(end))
    else {
        return None;
    };
    let pairs = starts.iter().zip(ends);
    let wrong = pairs.filter(|&(&start, &end)| start != NO_TIME && end != NO_TIME && start > end);
    let count = wrong.count() as u64;
    let message = "Events start after they end".to_string();
    (count > 0).then_some(Finding { kind: "ImplausibleTime".into(), message, count })
}

fn similar(frame: &Frame, activity: &str) -> Vec<Finding> {
    let Some(Values::Categories(activities)) = frame.column(activity) else { return Vec::new() };
    let mut events = vec![0; activities.names.len()];
    for &code in &activities.codes {
        if let Some(events) = events.get_mut(code as usize) {
            *events += 1;
        }
    }
    let groups = spellings(activities.names.iter().map(String::as_str).zip(events));
    let told = groups.iter().take(TOLD).map(|group| {
        let names = group.iter().take(TOLD).map(|(name, events)| format!("\"{}\" ({events})", excerpt(name)));
        Finding {
            kind: "SimilarActivities".into(),
            message: format!("Activities differ only in spelling: {}", names.collect::<Vec<_>>().join(", ")),
            count: group.iter().map(|(_, events)| events).sum(),
        }
    });
    told.collect()
}
