//! The report: one HTML file that needs no network and no script.

mod attributes;
mod charts;
mod comparison;
mod conformance;
mod models;
mod objects;
mod performance;
mod sections;

use std::io::{self, Write};

use fuelcell_report_kit::text::{counted, shorten};
use fuelcell_report_kit::{Markup, Page};

use crate::anomalies::Group;
use crate::attributes::Attributes;
use crate::comparison::Compared;
use crate::completion::Completed;
use crate::conformance::Checked;
use crate::dimensions::Dimensions;
use crate::effects::Effects;
use crate::figures::Figures;
use crate::filters::Removed;
use crate::insights::Insight;
use crate::log::EventLog;
use crate::map::{Drawing, Map};
use crate::models::{Discovered, Replayed};
use crate::object_maps::TypeMap;
use crate::objects::Objects;
use crate::parameters::{Metric, OutputFormat, Parameters};
use crate::quality::Quality;
use crate::read::Facts;
use crate::reference::Fitness;

/// Everything that the report tells about.
#[derive(Debug, Clone, Copy)]
pub struct Report<'a> {
    /// Name of the file that was analysed.
    pub file: &'a str,
    /// Events of the log, whatever is shown.
    pub events: u64,
    /// The log whose rows are shown: events, or activity instances.
    pub log: &'a EventLog,
    /// Its figures.
    pub figures: &'a Figures,
    /// Which cases are completed.
    pub completion: &'a Completed,
    /// What else the log tells of cases and events.
    pub attributes: &'a Attributes,
    /// Groups of cases.
    pub dimensions: &'a Dimensions,
    /// What differs between them.
    pub effects: &'a Effects,
    /// What reading found out.
    pub facts: &'a Facts,
    /// What the checks found.
    pub quality: &'a Quality,
    /// What the map shows.
    pub map: &'a Map,
    /// The map as SVG.
    pub drawing: &'a Drawing,
    /// The objects of an object-centric log.
    pub objects: Option<&'a Objects>,
    /// Maps of their types.
    pub type_maps: &'a [TypeMap],
    /// Two groups of cases with their map, if somebody asked.
    pub compared: Option<(&'a Compared, &'a Drawing)>,
    /// Unusual cases; empty when there are none or nobody asked.
    pub anomalies: &'a [Group],
    /// Rules that were checked; empty when none were stated.
    pub checked: &'a [Checked],
    /// How the cases fit a model, if one was given.
    pub fitness: Option<&'a Fitness>,
    /// The model that was mined, and how the log fits it.
    pub discovered: Option<(&'a Discovered, &'a Replayed)>,
    /// How the cases fit the model that was given.
    pub replayed: Option<&'a Replayed>,
    /// Sentences; empty when there are none or nobody asked.
    pub insights: &'a [Insight],
    /// What was asked for.
    pub parameters: &'a Parameters,
    /// Cases outside of the time window, which were left out.
    pub outside: u64,
    /// What each filter left out.
    pub removed: &'a [Removed],
}

const DEFINITIONS: &str = "Definitions: events of a case are in time order, events of the same time in the order of the file. \
                           A path is two consecutive events (or activity instances, in order of their ends) of a case; its time is that from \
                           the end of the first to the end of the second. A cycle time is from the first begin to the last end of a completed case. \
                           Quantiles are interpolated linearly.";

impl Report<'_> {
    /// Writes the page.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut page = Page::new(shorten(self.file, 100), self.subtitle());
        page.window_title(format!("Process report: {}", self.file)).style(include_str!("style.css"));
        let validation = self.quality.validation;
        if validation.invalid > 0 {
            page.note(format!(
                "{} of {} were left out; Data quality says why.",
                counted(validation.invalid, "row"),
                counted(validation.total, "row")
            ));
        }
        if let Some(objects) = self.objects {
            page.note(format!(
                "An object-centric log: cases are the objects of type \"{}\"; Objects says what that leaves out.",
                shorten(objects.type_name(objects.flattened), 100)
            ));
        }
        if let Some(level) = self.level() {
            page.note(level);
        }
        if self.completion.unfinished() > 0 {
            page.note(self.told_apart());
        }
        if let Some(window) = &self.parameters.time_window {
            page.note(format!(
                "Time window {}: only cases that {} are analysed; {} left out.",
                window.describe(),
                self.parameters.time_window_mode.describe(),
                counted(self.outside, "case")
            ));
        }
        if !self.removed.is_empty() {
            let condition = |one: &Removed| {
                let (events, cases) = (one.left_out.events, one.left_out.cases);
                format!(
                    "{} ({} and {} left out)",
                    shorten(&one.condition, 200),
                    counted(events, "event"),
                    counted(cases, "case")
                )
            };
            let conditions: Vec<String> = self.removed.iter().map(condition).collect();
            page.note(format!("Only where {}.", conditions.join(" and ")));
        }
        page.tiles(self.tiles());
        for part in self.parts() {
            page.section(part.id, part.title, (part.markup)(self));
        }
        page.footer(format!("{DEFINITIONS} Days and hours are those of {}.", self.log.clock.name()))
            .write(out)
    }

    fn judges(&self) -> bool {
        let models = self.fitness.is_some() || self.discovered.is_some() || self.replayed.is_some();
        models || !self.checked.is_empty()
    }

    fn parts(&self) -> Vec<Part> {
        let part = |id, title, markup| Part { id, title, markup };
        let filled = self.log.events() > 0;
        let shows = |metric| filled && self.parameters.shows(metric);
        let parts = [
            (!self.insights.is_empty(), part("insights", "Insights", |report| report.insights())),
            (true, part("quality", "Data quality", |report| report.quality())),
            (self.objects.is_some(), part("objects", "Objects", |report| report.of_objects())),
            (filled, part("map", "Process map", |report| report.map())),
            (
                filled && self.compared.is_some(),
                part("comparison", "Two groups of cases", |report| report.comparison()),
            ),
            (
                filled && self.parameters.shows_variants(),
                part("variants", "Variants", |report| report.variants()),
            ),
            (shows(Metric::CycleTime), part("times", "Cycle times", |report| report.times())),
            (
                filled
                    && !self.attributes.is_empty()
                    && self.parameters.output_format != OutputFormat::SummaryReport,
                part("attributes", "By attribute", |report| report.by_attribute()),
            ),
            (
                filled && self.completion.unfinished() > 0,
                part("unfinished", "Unfinished cases", |report| report.unfinished()),
            ),
            (shows(Metric::Throughput), part("timeline", "Over time", |report| report.timeline())),
            (
                shows(Metric::WaitingTime) || shows(Metric::ServiceTime),
                part("bottlenecks", "Bottlenecks", |report| report.bottlenecks()),
            ),
            (shows(Metric::Rework), part("rework", "Rework", |report| report.rework())),
            (shows(Metric::ResourceUtilization), part("resources", "Resources", |report| report.resources())),
            (filled && self.judges(), part("conformance", "Conformance", |report| report.conformance())),
            (
                filled && self.parameters.shows_anomalies(),
                part("anomalies", "Unusual cases", |report| report.anomalies()),
            ),
        ];
        parts.into_iter().filter(|(shown, _)| *shown).map(|(_, part)| part).collect()
    }
}

struct Part {
    id: &'static str,
    title: &'static str,
    markup: fn(&Report<'_>) -> Markup,
}
