//! The sections about time and work: bottlenecks, rework, resources.

use fuelcell_report_kit::chart::{Axis, Chart, HeatMap};
use fuelcell_report_kit::text::{count, counted, duration, percent};
use fuelcell_report_kit::{Column, Markup, Table, beside, html, lead, meter, note};

use super::Report;
use super::sections::{ROWS, name};
use crate::figures::{Edge, Found, Resources, SECOND, Source, Spread};
use crate::parameters::Metric;

/// Resources in the matrix of hand-overs.
const MATRIX: usize = 10;

impl Report<'_> {
    pub(super) fn bottlenecks(&self) -> Markup {
        html! {
            @if self.parameters.shows(Metric::WaitingTime) { (self.slow_steps()) }
            (self.work_and_waiting())
        }
    }

    fn slow_steps(&self) -> Markup {
        let flow = &self.figures.flow;
        let mut by_total: Vec<&Edge> = flow.edges.iter().filter(|edge| edge.time.sum > 0).collect();
        by_total.sort_by_key(|edge| std::cmp::Reverse(edge.time.sum));
        // A single slow occurrence is an unusual case, not a bottleneck.
        let enough = (self.log.cases() as f64 * 0.01).max(2.0) as u64;
        let mut by_median: Vec<&Edge> = flow.edges.iter().filter(|edge| edge.time.count >= enough).collect();
        by_median.sort_by(|a, b| b.time.median.total_cmp(&a.time.median));
        html! {
            h3 { "By total time" }
            (self.steps(&by_total))
            h3 { "By median time" }
            (note(format!("Steps that occur at least {}.", counted(enough, "time"))))
            (self.steps(&by_median))
        }
    }

    fn steps(&self, edges: &[&Edge]) -> Table {
        let all: f64 = self.figures.flow.edges.iter().map(|edge| edge.time.sum as f64).sum();
        let mut table = Table::new([
            Column::name("Step"),
            Column::number("Times"),
            Column::number("Median"),
            Column::number("Mean"),
            Column::number("Total"),
            Column::text("Share of all case time"),
        ]);
        for edge in edges.iter().take(ROWS) {
            let activity = |activity| name(self.log.activity_name(activity));
            table.row(&[
                &format!("{} → {}", activity(edge.from), activity(edge.to)),
                &count(edge.time.count),
                &duration(edge.time.median / SECOND),
                &duration(edge.time.mean() / SECOND),
                &duration(edge.time.sum as f64 / SECOND),
                &meter(edge.time.sum as f64 / all.max(1.0)),
            ]);
        }
        table
    }

    fn work_and_waiting(&self) -> Markup {
        let figures = self.figures;
        let (Some(found), Some(service), Some(waiting)) = (figures.work, &figures.service, &figures.waiting)
        else {
            return html! {
                h3 { "Waiting and work" }
                p.soft {
                    "The log has one timestamp per event and neither start times nor start events, so waiting and work cannot be \
                     told apart: all times above hold both."
                }
            };
        };
        html! {
            h3 { "Waiting and work, by total waiting" }
            (note(definition(found, figures.source)))
            (self.by_waiting(service, waiting))
        }
    }

    fn by_waiting(&self, service: &[Option<Spread>], waiting: &[Option<Spread>]) -> Table {
        let mut table = Table::new([
            Column::name("Activity"),
            Column::number("Times"),
            Column::number("Median waiting"),
            Column::number("Mean waiting"),
            Column::text("Share of all waiting"),
            Column::number("Median work"),
            Column::number("Mean work"),
        ]);
        let all: i128 = waiting.iter().flatten().map(|waiting| waiting.sum).sum();
        let mut rows: Vec<(usize, Spread)> =
            service.iter().enumerate().filter_map(|(a, s)| s.map(|s| (a, s))).collect();
        rows.sort_by_key(|(activity, _)| std::cmp::Reverse(waiting[*activity].map_or(0, |w| w.sum)));
        for (activity, service) in rows.into_iter().take(2 * ROWS) {
            let waiting = waiting[activity];
            let none = || "none".to_string();
            table.row(&[
                &name(self.log.activity_name(activity as u32)),
                &count(service.count),
                &waiting.map_or_else(none, |w| duration(w.median / SECOND)),
                &waiting.map_or_else(none, |w| duration(w.mean() / SECOND)),
                &meter(waiting.map_or(0.0, |waiting| waiting.sum as f64 / all.max(1) as f64)),
                &duration(service.median / SECOND),
                &duration(service.mean() / SECOND),
            ]);
        }
        table
    }

    pub(super) fn rework(&self) -> Markup {
        let (log, rework, cases) = (self.log, &self.figures.rework, self.log.cases() as f64);
        let mut activities: Vec<usize> =
            (0..rework.cases.len()).filter(|&activity| rework.cases[activity] > 0).collect();
        activities.sort_by_key(|&activity| (std::cmp::Reverse(rework.cases[activity]), activity));
        let loops = |activity: usize| {
            let mut loops = self.figures.flow.self_loops();
            loops.find(|edge| edge.from as usize == activity).map_or(0, |edge| edge.time.count)
        };
        let mut table = Table::new([
            Column::name("Activity"),
            Column::number("Cases that repeat it"),
            Column::number("Share of cases"),
            Column::number("Repetitions"),
            Column::number("Directly repeated"),
        ]);
        for &activity in activities.iter().take(2 * ROWS) {
            table.row(&[
                &name(log.activity_name(activity as u32)),
                &count(rework.cases[activity]),
                &percent(rework.cases[activity] as f64 / cases),
                &count(rework.repetitions[activity]),
                &count(loops(activity)),
            ]);
        }
        html! {
            (lead(format!(
                "{} of {} ({}) repeat at least one activity.",
                count(rework.any),
                counted(log.cases() as u64, "case"),
                percent(rework.any as f64 / cases)
            )))
            @if !table.is_empty() { (table) }
        }
    }

    pub(super) fn resources(&self) -> Markup {
        let Some(resources) = &self.figures.resources else {
            return html! { p.soft { "The log names no resources." } };
        };
        html! {
            (lead(format!(
                "{}; {} of {} hand-overs between two {rows} go to somebody else. {} name nobody. Shares are of the {rows} with a \
                 known resource.",
                counted(resources.workload.len() as u64, "resource"),
                count(resources.handover_between()),
                count(resources.handover_total()),
                counted(resources.unknown, self.log.row()),
                rows = format_args!("{}s", self.log.row()),
            )))
            (beside(&[&self.workload(resources), &self.handovers(resources)]))
            (self.utilisation())
            (self.matrix(resources))
        }
    }

    fn workload(&self, resources: &Resources) -> Table {
        let known = (self.log.events() as u64 - resources.unknown).max(1) as f64;
        let columns = [Column::name("Resource"), Column::number(self.log.heading()), Column::text("Share")];
        let mut table = Table::new(columns).caption("Workload");
        for &(resource, events) in resources.workload.iter().take(2 * ROWS) {
            let share = meter(events as f64 / known);
            table.row(&[&name(self.log.resource_name(resource)), &count(events), &share]);
        }
        table
    }

    fn handovers(&self, resources: &Resources) -> Table {
        let columns = [Column::name("From"), Column::text("To"), Column::number("Times")];
        let mut table = Table::new(columns).caption("Most frequent hand-overs");
        let pairs = resources.handovers.iter().filter(|((from, to), _)| from != to);
        for &((from, to), events) in pairs.take(ROWS) {
            let resource = |resource| name(self.log.resource_name(resource));
            table.row(&[&resource(from), &resource(to), &count(events)]);
        }
        table
    }

    fn utilisation(&self) -> Markup {
        let Some(utilisation) = &self.figures.utilisation else {
            return html! {
                h3 { "Utilisation" }
                p.soft {
                    "The log does not tell when work was begun, so how long resources are at work is not known."
                }
            };
        };
        let mut table = Table::new([
            Column::name("Resource"),
            Column::number("Pieces of work"),
            Column::number("At work"),
            Column::number("Observed"),
            Column::text("Utilisation"),
            Column::number("Pieces at once"),
        ]);
        for utilisation in utilisation.iter().take(ROWS) {
            table.row(&[
                &name(self.log.resource_name(utilisation.resource)),
                &count(utilisation.items),
                &duration(utilisation.busy as f64 / SECOND),
                &duration(utilisation.observed as f64 / SECOND),
                &html! { @if let Some(share) = utilisation.share() { (meter(share)) } },
                &utilisation.at_once().map_or_else(String::new, |items| format!("{items:.1}")),
            ]);
        }
        html! {
            h3 { "Utilisation" }
            (note(format!(
                "Time in which at least one piece of work is under way, as a share of the time from the first start to the last \
                 completion of the resource, nights and weekends included. The {} that are longest at work.",
                counted(table.len() as u64, "resource")
            )))
            (table)
        }
    }

    fn matrix(&self, resources: &Resources) -> Markup {
        let shown: Vec<u32> = resources.workload.iter().take(MATRIX).map(|&(resource, _)| resource).collect();
        let times = |from: u32, to: u32| {
            resources.handovers.iter().find(|(pair, _)| *pair == (from, to)).map_or(0, |&(_, times)| times)
        };
        let names = shown.iter().map(|&resource| self.log.resource_name(resource));
        let map = HeatMap::new("Hand-over matrix", "From", "To", Axis::count("Times"), names.clone());
        let rows = shown.iter().zip(names);
        let map = rows.fold(map.by_root().wide(), |map, (&from, name)| {
            map.row(name, shown.iter().map(|&to| times(from, to) as f64))
        });
        html! {
            (map)
            (note(format!(
                "The {} with the most {row}s; from the row to the column, one's own next {row} included.",
                counted(shown.len() as u64, "resource"),
                row = self.log.row()
            )))
        }
    }
}

/// What counts as work and what as waiting.
fn definition(found: Found, source: Source) -> String {
    let open = match found.only_started {
        0 => String::new(),
        1 => " One piece was begun and has not ended.".to_string(),
        many => format!(" {} were begun and have not ended.", counted(many, "piece")),
    };
    match source {
        Source::Lifecycle => format!(
            "Work: from the begin to the end of an activity instance, without the time in which it was suspended. Events of one \
             instance are told by concept:instance, or else first begun first ended. Waiting: from the last end in the case, or \
             from when the instance was offered if that was later, to its begin. {} of work found; {} without completion and {} \
             without start hold no such time.{open}",
            counted(found.whole, "piece"),
            counted(found.only_started, "start"),
            counted(found.only_completed, "completion")
        ),
        Source::StartTimes | Source::Events => format!(
            "Work: from start to completion. Waiting: from the completion of the event before to the start; overlapping work \
             does not wait.{open}"
        ),
    }
}
