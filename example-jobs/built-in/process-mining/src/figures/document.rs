//! `process-mining.json`.

use serde_json::{Map, Value, json};

use super::{
    Durations, Figures, Flow, SECOND, Source, Spread, Utilisation, Variants, Work, longest, mean_interarrival,
};
use crate::log::EventLog;
use crate::names::Id;
use crate::quality::Quality;
use crate::read::{Facts, format_time};

/// Edges, activities and resources beyond this are counted but not listed: such a log has no process to show.
const LISTED: usize = 20_000;
const TOP_VARIANTS: usize = 25;
const TOP_RESOURCES: usize = 20;
const LONGEST_CASES: usize = 10;

/// The figures as JSON. Times are UTC, durations seconds; the README defines every key. `with_variants` says whether to
/// list the variants.
#[expect(clippy::too_many_lines, reason = "the members of one document")]
pub fn document(
    log: &EventLog,
    figures: &Figures,
    facts: &Facts,
    quality: &Quality,
    with_variants: bool,
) -> Value {
    let flow = &figures.flow;
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| drop(document.insert(key.to_string(), value));
    put("raw_rows", json!(facts.rows));
    put("dropped_rows", json!(facts.dropped.total()));
    put("num_events", json!(log.events()));
    put("num_cases", json!(log.cases()));
    put("num_activities", json!(flow.activity_count()));
    put("first_timestamp", json!(figures.first.map(format_time)));
    put("last_timestamp", json!(figures.last.map(format_time)));
    put("events_out_of_time_order_in_file", json!(log.out_of_order));
    put("activity_counts", counts(log, &flow.activities));
    put("start_activities", counts(log, &flow.starts));
    put("end_activities", counts(log, &flow.ends));
    if let Some(transitions) = log.lifecycle_counts() {
        put("lifecycle_counts", ranked(transitions.into_iter()));
    }
    put("num_dfg_edges", json!(flow.edges.len()));
    put("dfg", flow.edges.iter().take(LISTED).map(|edge| edge_document(log, edge)).collect());
    put("num_variants", json!(figures.variants.list.len()));
    put("variants_covering_80_percent_of_cases", json!(figures.variants.covering(0.8)));
    put("variants_with_one_case", json!(figures.variants.singles()));
    put("variants_digest_sha256", json!(figures.variants_digest));
    if with_variants {
        put("top_variants", top_variants(log, figures));
    }
    put("case_duration", duration_figures(&figures.between_timestamps));
    put("case_lead_time", duration_figures(&figures.durations));
    if let Some(working) = &figures.working {
        put("case_working_time", duration_figures(working));
    }
    put("time_zone", json!(log.clock.name()));
    put("events_per_case", events_per_case(log));
    let fence = figures.between_timestamps.upper_fence();
    let above = figures.between_timestamps.above(fence);
    let outliers = json!({"upper_fence_seconds": fence, "count_above": above});
    put("case_duration_iqr_outliers", if log.cases() == 0 { Value::Null } else { outliers });
    put("longest_cases", longest_cases(log));
    put("mean_seconds_between_case_starts", json!(mean_interarrival(log)));
    put("rework_cases_per_activity", counts(log, &figures.rework.cases));
    put("cases_with_rework", json!(figures.rework.any));
    put("self_loop_edges", json!(flow.self_loops().count()));
    put("time_since_previous_event_per_activity", spreads(log, &figures.since_previous));
    if let Some(work) = figures.work {
        put(
            "work",
            json!({
                "source": match figures.source {
                    Source::StartTimes => "start times",
                    Source::Lifecycle => "start and complete events",
                    Source::Events => "events",
                },
                "items": work.whole,
                "only_started": work.only_started,
                "only_completed": work.only_completed,
            }),
        );
    }
    if let Some(service) = &figures.service {
        put("service_time_per_activity", spreads(log, service));
    }
    if let Some(waiting) = &figures.waiting {
        put("waiting_time_per_activity", spreads(log, waiting));
    }
    if let Some(resources) = &figures.resources {
        let named = resources.workload.iter().take(TOP_RESOURCES);
        put("events_without_resource", json!(resources.unknown));
        put("num_resources", json!(resources.workload.len()));
        put("top_resources", ranked(named.map(|&(id, count)| (log.resource_name(id), count))));
        put("handover_pairs", json!(resources.handovers.len()));
        put("handover_total", json!(resources.handover_total()));
        put("handover_between_different_resources", json!(resources.handover_between()));
    }
    if let Some(utilisation) = figures.utilisation.as_ref().filter(|list| !list.is_empty()) {
        put(
            "resource_utilization",
            utilisation.iter().take(LISTED).map(|u| utilisation_document(log, u)).collect(),
        );
    }
    put("events_at_equal_times", json!(log.equal_times));
    put("exact_duplicate_events", json!(quality.duplicates));
    put("data_quality_score", json!(quality.score));
    put("data_validation", json!(quality.validation));
    Value::Object(document)
}

/// The figures of executions: of the rows of `log`, which are pieces of work, with `figures`.
#[expect(clippy::too_many_lines, reason = "the members of one document")]
pub fn instances(log: &EventLog, figures: &Figures, with_variants: bool) -> Value {
    let (flow, found) = (&figures.flow, figures.work.unwrap_or_default());
    let mut document = Map::new();
    let mut put = |key: &str, value: Value| drop(document.insert(key.to_string(), value));
    put(
        "source",
        json!(match figures.source {
            Source::StartTimes => "start times",
            Source::Lifecycle => "life-cycle transitions",
            Source::Events => "events",
        }),
    );
    put("num_instances", json!(log.events()));
    if figures.source != Source::Events {
        put("begun_and_ended", json!(found.whole));
        put("begun_and_not_ended", json!(found.only_started));
        put("ended_without_begin", json!(found.only_completed));
        put("aborted", json!(found.aborted));
        put("suspended", json!(found.suspended));
        put("not_begun", json!(found.not_begun));
        put("cases_not_begun", json!(found.cases_not_begun));
    }
    put("activity_counts", counts(log, &flow.activities));
    put("start_activities", counts(log, &flow.starts));
    put("end_activities", counts(log, &flow.ends));
    put("num_dfg_edges", json!(flow.edges.len()));
    put("dfg", flow.edges.iter().take(LISTED).map(|edge| edge_document(log, edge)).collect());
    put("num_variants", json!(figures.variants.list.len()));
    put("variants_digest_sha256", json!(figures.variants_digest));
    if with_variants {
        put("top_variants", top_variants(log, figures));
    }
    if figures.source != Source::Events {
        let begins = Work::by_begin(log);
        let flow = Flow::of(&begins);
        put("num_dfg_edges_by_begin", json!(flow.edges.len()));
        let edges = flow.edges.iter().take(LISTED);
        put("dfg_by_begin", edges.map(|edge| edge_document(&begins, edge)).collect());
        let variants = Variants::of(&begins);
        put("num_variants_by_begin", json!(variants.list.len()));
        put("variants_by_begin_digest_sha256", json!(variants.digest(&begins)));
    }
    put("instances_per_case", events_per_case(log));
    put("rework_cases_per_activity", counts(log, &figures.rework.cases));
    put("repetitions_per_activity", counts(log, &figures.rework.repetitions));
    put("cases_with_rework", json!(figures.rework.any));
    put("self_loop_edges", json!(flow.self_loops().count()));
    let loops = flow.self_loops().map(|edge| (log.activity_name(edge.from), edge.time.count));
    put("self_loops_per_activity", ranked(loops));
    let times = [
        ("service_time_per_activity", &figures.service),
        ("waiting_time_per_activity", &figures.waiting),
        ("suspended_time_per_activity", &figures.suspended),
    ];
    for (key, times) in times {
        put(key, times.as_ref().map_or_else(|| json!({}), |times| spreads(log, times)));
    }
    if let Some(resources) = &figures.resources {
        let named = resources.workload.iter().take(TOP_RESOURCES);
        put("instances_without_resource", json!(resources.unknown));
        put("top_resources", ranked(named.map(|&(id, count)| (log.resource_name(id), count))));
        put("handover_total", json!(resources.handover_total()));
        put("handover_between_different_resources", json!(resources.handover_between()));
    }
    Value::Object(document)
}

/// Names with their counts, highest first, then by name. Zero counts are left out.
fn ranked<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Value {
    let mut counts: Vec<(&str, u64)> = counts.filter(|&(_, count)| count > 0).collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    counts.into_iter().take(LISTED).map(|(name, count)| (name.to_string(), json!(count))).collect()
}

/// Counts by the names of activities.
pub(crate) fn counts(log: &EventLog, counts: &[u64]) -> Value {
    ranked(counts.iter().enumerate().map(|(activity, &count)| (log.activity_name(activity as Id), count)))
}

pub(crate) fn edge_document(log: &EventLog, edge: &super::Edge) -> Value {
    json!({
        "from": log.activity_name(edge.from),
        "to": log.activity_name(edge.to),
        "frequency": edge.time.count,
        "mean_seconds": edge.time.mean() / SECOND,
        "median_seconds": edge.time.median / SECOND,
        "min_seconds": edge.time.min as f64 / SECOND,
        "max_seconds": edge.time.max as f64 / SECOND,
        "sum_seconds": edge.time.sum as f64 / SECOND,
    })
}

fn utilisation_document(log: &EventLog, utilisation: &Utilisation) -> Value {
    json!({
        "resource": log.resource_name(utilisation.resource),
        "items": utilisation.items,
        "busy_seconds": utilisation.busy as f64 / SECOND,
        "work_seconds": utilisation.work as f64 / SECOND,
        "observed_seconds": utilisation.observed as f64 / SECOND,
        "utilization": utilisation.share(),
        "mean_items_at_once": utilisation.at_once(),
    })
}

fn top_variants(log: &EventLog, figures: &Figures) -> Value {
    let variant = |variant: &super::Variant| {
        let names: Vec<&str> =
            log.trace(variant.case).iter().map(|&activity| log.activity_name(activity)).collect();
        json!({"activities": names, "count": variant.count})
    };
    figures.variants.list.iter().take(TOP_VARIANTS).map(variant).collect()
}

/// How durations are spread; null without any.
pub(crate) fn duration_figures(durations: &Durations) -> Value {
    if durations.ascending.is_empty() {
        return Value::Null;
    }
    json!({
        "mean_seconds": durations.mean(),
        "std_seconds": durations.deviation(),
        "min_seconds": durations.quantile(0.0),
        "p25_seconds": durations.quantile(0.25),
        "median_seconds": durations.quantile(0.5),
        "p75_seconds": durations.quantile(0.75),
        "p90_seconds": durations.quantile(0.9),
        "p95_seconds": durations.quantile(0.95),
        "p99_seconds": durations.quantile(0.99),
        "max_seconds": durations.quantile(1.0),
    })
}

fn events_per_case(log: &EventLog) -> Value {
    let mut lengths: Vec<i64> = log.ranges().map(|range| range.len() as i64).collect();
    match Spread::of(&mut lengths) {
        None => Value::Null,
        Some(spread) => {
            json!({"mean": spread.mean(), "median": spread.median, "min": spread.min, "max": spread.max})
        }
    }
}

fn longest_cases(log: &EventLog) -> Value {
    let case = |case: usize| json!({"case": log.case_name(case), "duration_seconds": log.duration(case) as f64 / SECOND});
    longest(log, LONGEST_CASES, EventLog::duration).into_iter().map(case).collect()
}

fn spreads(log: &EventLog, spreads: &[Option<Spread>]) -> Value {
    let entry = |(activity, spread): (usize, &Option<Spread>)| {
        let spread = spread.as_ref()?;
        let value = json!({
            "count": spread.count,
            "mean_seconds": spread.mean() / SECOND,
            "median_seconds": spread.median / SECOND,
        });
        Some((log.activity_name(activity as Id).to_string(), value))
    };
    let mut entries: Vec<(String, Value)> = spreads.iter().enumerate().filter_map(entry).collect();
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries.into_iter().take(LISTED).collect()
}
