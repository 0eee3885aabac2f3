//! The sections about time and work: bottlenecks, rework, resources.

use super::Report;
use super::sections::{ROWS, meter, name, table};
use crate::figures::{Edge, SECOND, Source, Spread};
use crate::parameters::Metric;
use crate::text::{count, counted, duration, escape, percent, shorten};

/// Resources in the matrix of hand-overs.
const MATRIX: usize = 10;

impl Report<'_> {
    pub(super) fn bottlenecks(&self) -> String {
        let flow = &self.figures.flow;
        let all: f64 = flow.edges.iter().map(|edge| edge.time.sum as f64).sum();
        let row = |edge: &&Edge| {
            let share = edge.time.sum as f64 / all.max(1.0);
            vec![
                format!(
                    "{} → {}",
                    name(self.log.activity_name(edge.from)),
                    name(self.log.activity_name(edge.to))
                ),
                count(edge.time.count),
                duration(edge.time.median / SECOND),
                duration(edge.time.mean() / SECOND),
                duration(edge.time.sum as f64 / SECOND),
                meter(share),
            ]
        };
        let heads = ["Step", "#Times", "#Median", "#Mean", "#Total", "Share of all case time"];
        let mut by_total: Vec<&Edge> = flow.edges.iter().filter(|edge| edge.time.sum > 0).collect();
        by_total.sort_by_key(|edge| std::cmp::Reverse(edge.time.sum));
        by_total.truncate(ROWS);
        // A single slow occurrence is an unusual case, not a bottleneck.
        let enough = (self.log.cases() as f64 * 0.01).max(2.0) as u64;
        let mut by_median: Vec<&Edge> = flow.edges.iter().filter(|edge| edge.time.count >= enough).collect();
        by_median.sort_by(|a, b| b.time.median.total_cmp(&a.time.median));
        by_median.truncate(ROWS);
        let mut html = String::new();
        if self.parameters.shows(Metric::WaitingTime) {
            html.push_str(&format!(
                "<h3>By total time</h3>{}<h3>By median time</h3><p class=\"soft small\">Steps that occur at least {}.</p>{}",
                table(&heads, by_total.iter().map(row)),
                counted(enough, "time"),
                table(&heads, by_median.iter().map(row))
            ));
        }
        html + &self.work_and_waiting()
    }

    fn work_and_waiting(&self) -> String {
        let figures = self.figures;
        let (Some(found), Some(service), Some(waiting)) = (figures.work, &figures.service, &figures.waiting)
        else {
            return "<h3>Waiting and work</h3><p class=\"soft\">The log has one timestamp per event and neither start times nor start \
                    events, so waiting and work cannot be told apart: all times above hold both.</p>"
                .to_string();
        };
        let all: i128 = waiting.iter().flatten().map(|waiting| waiting.sum).sum();
        let mut rows: Vec<(usize, Spread)> =
            service.iter().enumerate().filter_map(|(a, s)| s.map(|s| (a, s))).collect();
        rows.sort_by_key(|(activity, _)| std::cmp::Reverse(waiting[*activity].map_or(0, |w| w.sum)));
        let none = || "none".to_string();
        let rows = rows.into_iter().take(2 * ROWS).map(|(activity, service)| {
            let waiting = waiting[activity];
            let share = waiting.map_or(0.0, |waiting| waiting.sum as f64 / all.max(1) as f64);
            vec![
                name(self.log.activity_name(activity as u32)),
                count(service.count),
                waiting.map_or_else(none, |w| duration(w.median / SECOND)),
                waiting.map_or_else(none, |w| duration(w.mean() / SECOND)),
                meter(share),
                duration(service.median / SECOND),
                duration(service.mean() / SECOND),
            ]
        });
        let heads = [
            "Activity",
            "#Times",
            "#Median waiting",
            "#Mean waiting",
            "Share of all waiting",
            "#Median work",
            "#Mean work",
        ];
        let definition = match found.source {
            Source::StartTimes => {
                "Work: from start to completion. Waiting: from the completion of the event before to the start; overlapping work \
                 does not wait."
                    .to_string()
            }
            Source::Lifecycle => format!(
                "Work: from a start event to the completion of the same activity in the same case, first begun first ended. \
                 Waiting: from the last event before the start that is not a start itself. {} of work found; {} without completion and \
                 {} without start hold no such time.",
                counted(found.items, "piece"),
                counted(found.only_started, "start"),
                counted(found.only_completed, "completion")
            ),
        };
        format!(
            "<h3>Waiting and work, by total waiting</h3><p class=\"soft small\">{definition}</p>{}",
            table(&heads, rows)
        )
    }

    pub(super) fn rework(&self) -> String {
        let (log, rework, cases) = (self.log, &self.figures.rework, self.log.cases() as f64);
        let mut activities: Vec<usize> =
            (0..rework.cases.len()).filter(|&activity| rework.cases[activity] > 0).collect();
        activities.sort_by_key(|&activity| (std::cmp::Reverse(rework.cases[activity]), activity));
        let lead = format!(
            "<p class=\"lead\">{} of {} ({}) repeat at least one activity.</p>",
            count(rework.any),
            counted(log.cases() as u64, "case"),
            percent(rework.any as f64 / cases)
        );
        if activities.is_empty() {
            return lead;
        }
        let loops = |activity: usize| {
            self.figures
                .flow
                .self_loops()
                .find(|edge| edge.from as usize == activity)
                .map_or(0, |edge| edge.time.count)
        };
        let rows = activities.iter().take(2 * ROWS).map(|&activity| {
            vec![
                name(log.activity_name(activity as u32)),
                count(rework.cases[activity]),
                percent(rework.cases[activity] as f64 / cases),
                count(rework.repetitions[activity]),
                count(loops(activity)),
            ]
        });
        lead + &table(
            &["Activity", "#Cases that repeat it", "#Share of cases", "#Repetitions", "#Directly repeated"],
            rows,
        )
    }

    pub(super) fn resources(&self) -> String {
        let Some(resources) = &self.figures.resources else {
            return "<p class=\"soft\">The log names no resources.</p>".to_string();
        };
        let log = self.log;
        let known = (log.events() as u64 - resources.unknown).max(1) as f64;
        let rows = resources.workload.iter().take(2 * ROWS).map(|&(resource, events)| {
            let share = events as f64 / known;
            vec![name(log.resource_name(resource)), count(events), meter(share)]
        });
        let pairs = resources.handovers.iter().filter(|((from, to), _)| from != to).take(ROWS);
        let pairs = pairs.map(|((from, to), events)| {
            vec![name(log.resource_name(*from)), name(log.resource_name(*to)), count(*events)]
        });
        format!(
            "<p class=\"lead\">{}; {} of {} hand-overs between two events go to somebody else. {} name nobody. Shares are of the \
             events with a known resource.</p>\
             <div class=\"grid\"><div><h3>Workload</h3>{}</div><div><h3>Most frequent hand-overs</h3>{}</div></div>{}{}",
            counted(resources.workload.len() as u64, "resource"),
            count(resources.handover_between()),
            count(resources.handover_total()),
            counted(resources.unknown, "event"),
            table(&["Resource", "#Events", "Share"], rows),
            table(&["From", "To", "#Times"], pairs),
            self.utilisation(),
            self.matrix(resources)
        )
    }

    fn utilisation(&self) -> String {
        let Some(utilisation) = &self.figures.utilisation else {
            return "<h3>Utilisation</h3><p class=\"soft\">The log does not tell when work was begun, so how long resources are at \
                    work is not known.</p>"
                .to_string();
        };
        let rows = utilisation.iter().take(ROWS).map(|utilisation| {
            let share = utilisation.share();
            vec![
                name(self.log.resource_name(utilisation.resource)),
                count(utilisation.items),
                duration(utilisation.busy as f64 / SECOND),
                duration(utilisation.observed as f64 / SECOND),
                share.map_or_else(String::new, meter),
                utilisation.at_once().map_or_else(String::new, |items| format!("{items:.1}")),
            ]
        });
        let heads =
            ["Resource", "#Pieces of work", "#At work", "#Observed", "Utilisation", "#Pieces at once"];
        format!(
            "<h3>Utilisation</h3><p class=\"soft small\">Time in which at least one piece of work is under way, as a share of the time \
             from the first start to the last completion of the resource, nights and weekends included. The {} that are longest at \
             work.</p>{}",
            counted(utilisation.len().min(ROWS) as u64, "resource"),
            table(&heads, rows)
        )
    }

    fn matrix(&self, resources: &crate::figures::Resources) -> String {
        let shown: Vec<u32> = resources.workload.iter().take(MATRIX).map(|&(resource, _)| resource).collect();
        let times = |from: u32, to: u32| {
            resources.handovers.iter().find(|(pair, _)| *pair == (from, to)).map_or(0, |&(_, times)| times)
        };
        let most = shown
            .iter()
            .flat_map(|&a| shown.iter().map(move |&b| (a, b)))
            .map(|(a, b)| times(a, b))
            .max()
            .unwrap_or(0);
        let short = |resource: u32| escape(&shorten(self.log.resource_name(resource), 18));
        let heads: String = shown.iter().map(|&to| format!("<th class=\"n\">{}</th>", short(to))).collect();
        let row = |&from: &u32| {
            let cell = |&to: &u32| {
                let times = times(from, to);
                let share = if most == 0 { 0.0 } else { (times as f64 / most as f64).sqrt() };
                format!("<td style=\"background:rgba(63,127,194,{:.2})\">{}</td>", share * 0.55, count(times))
            };
            format!("<tr><th>{}</th>{}</tr>", short(from), shown.iter().map(cell).collect::<String>())
        };
        let rows: String = shown.iter().map(row).collect();
        format!(
            "<h3>Hand-over matrix</h3><p class=\"soft small\">The {} with the most events; from the row to the column, one's own next event \
             included.</p><div class=\"scroll\"><table class=\"heat\"><thead><tr><th></th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>",
            counted(shown.len() as u64, "resource")
        )
    }
}
