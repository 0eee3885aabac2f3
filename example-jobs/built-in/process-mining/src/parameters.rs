//! What a submission may ask for.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::attributes::Wanted;
use crate::conformance::{MOST_RULES, Rule};
use crate::error::Stop;
use crate::log::Micros;
use crate::map::Shares;
use crate::read::{Columns, Options};
use chrono_tz::Tz;
use fuelcell_parameters_kit::zone;
pub use fuelcell_parameters_kit::{Calendar, Filter, OutputFormat, QualityChecks, TimeWindow};

/// What the inductive miner takes for infrequent unless it is told otherwise, as ProM and pm4py do.
const NOISE: f64 = 0.2;

/// The parameters of a process-mining job.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Parameters {
    /// The dataset that holds the event log.
    pub dataset_id: Option<String>,
    /// A dataset that holds the model.json of an earlier run; the cases of the log are compared with it.
    pub model_id: Option<String>,
    /// A dataset that holds a Petri net (PNML) or a process (BPMN 2.0); the cases of the log are replayed on it.
    pub reference_model_id: Option<String>,
    /// What is written for other programs: `petri_net` a model of the log as PNML, `bpmn` the same as BPMN 2.0, `xes` the log
    /// as XES. A model is mined for the first two, and judged.
    #[schemars(length(max = 3))]
    pub exports: Vec<Export>,
    /// What the inductive miner takes for infrequent: ways on from an activity that are rarer than this share of its most
    /// frequent one. 0 leaves nothing out.
    #[schemars(range(min = 0, max = 1))]
    pub noise_threshold: f64,
    /// How much is analysed: `comprehensive` is everything, `discovery` the map and the variants, `performance` the map
    /// and all times.
    pub analysis_type: AnalysisType,
    /// Only the cases of this time are analysed. Dates and times without offset are those of the time zone.
    pub time_window: Option<TimeWindow>,
    /// Which cases are those of the time window.
    pub time_window_mode: WindowMode,
    /// The zone of the IANA database whose days, weekdays and hours are meant and shown; when left out, that which the
    /// offsets of the timestamps tell, else `UTC`.
    pub time_zone: Option<String>,
    /// When people work: what of a case's time counts as working time, and which work is off-hours.
    pub calendar: Option<Calendar>,
    /// Only cases that meet all of these conditions are analysed, or events where a condition says so. Cases have `case`,
    /// `duration` (seconds), `events`, `first activity`, `last activity`, `activities` (`is`: has one of them, `isNot`: has none),
    /// `directly follows` and `eventually follows` (`A → B`), `variant` (`A → B → C`), `variant coverage` (share of the cases
    /// that more frequent variants cover: `below` 0.8 keeps those that cover 80 %), `rework` (`yes` or `no`), `start` and `end`;
    /// events `case`, `activity`, `timestamp`, `startTimestamp` and `resource`; both have the attributes of the log.
    #[schemars(length(max = 100))]
    pub filters: Vec<Filter>,
    /// Two groups of cases that are compared: their figures with intervals, and a map with the differences. Of one group
    /// alone, all other cases are the second one. What belongs to both is in neither.
    #[schemars(length(max = 2))]
    pub compare: Vec<CaseGroup>,
    /// Other columns of a table, and other attributes of traces and events of an XES file, that are read, kept in the enriched
    /// log, and by whose values the cases are compared. When left out, all but times are read (at most 32), and those compare
    /// cases that tell something of them. An empty list reads none.
    #[schemars(length(max = 32))]
    pub attributes: Option<Vec<String>>,
    /// Share of the activities that the map draws, most frequent first, from 0 to 1, and at most 60. When left out, all of them
    /// up to 60, else 40.
    #[schemars(range(min = 0, max = 1))]
    pub map_activities: Option<f64>,
    /// Share of the paths that the map draws, most frequent first, from 0 to 1, and at most 300; beside those, every activity
    /// keeps its most frequent way in and way out. When left out, as many as can be read well.
    #[schemars(range(min = 0, max = 1))]
    pub map_paths: Option<f64>,
    /// Whether to look for unusual cases.
    pub include_anomaly_detection: bool,
    /// Whether to list the variants.
    pub include_process_variants: bool,
    /// Whether to write the findings as ranked sentences.
    pub generate_insights: bool,
    /// Which outputs are made: `detailed_report` all of them, `summary_report` a short report and the figures, `data` the
    /// figures and the enriched log without a report.
    pub output_format: OutputFormat,
    /// Which measurements the report shows; all of them when left out.
    pub performance_metrics: Option<Vec<Metric>>,
    /// Which checks of the data are made.
    pub quality_checks: QualityChecks,
    /// Rules that every case must keep, at most 100.
    #[schemars(length(max = 100))]
    pub rules: Vec<Rule>,
    /// Activities that end a case: cases whose last activity is another one are unfinished, and are told apart. When left out,
    /// they are guessed.
    #[schemars(length(min = 1, max = 1000))]
    pub end_activities: Option<Vec<String>>,
    /// What report, map, insights, unusual cases, rules and models count where the log has life-cycle transitions.
    pub granularity: Granularity,
    /// The classifier of an XES log by which activities are named: one that the log declares, by its name. When left out,
    /// activities are named by `concept:name`.
    pub classifier: Option<String>,
    /// The type of an object-centric log (OCEL 2.0) whose objects are cases. When left out, it is the one of whose objects most
    /// events have exactly one; types with more than 50 events an object only where there is no other.
    pub object_type: Option<String>,
    /// Names of columns that are not found by themselves.
    pub columns: Columns,
    /// strftime forms of timestamps that are not ISO 8601, such as `%d/%m/%Y %H:%M:%S`. `%s` alone means seconds and `%Q`
    /// alone milliseconds since 1970.
    pub timestamp_formats: Vec<String>,
}

impl Default for Parameters {
    fn default() -> Self {
        Self {
            dataset_id: None,
            model_id: None,
            reference_model_id: None,
            exports: Vec::new(),
            noise_threshold: NOISE,
            analysis_type: AnalysisType::default(),
            time_window: None,
            time_window_mode: WindowMode::default(),
            time_zone: None,
            calendar: None,
            filters: Vec::new(),
            compare: Vec::new(),
            attributes: None,
            map_activities: None,
            map_paths: None,
            include_anomaly_detection: true,
            include_process_variants: true,
            generate_insights: true,
            output_format: OutputFormat::default(),
            performance_metrics: None,
            quality_checks: QualityChecks::default(),
            rules: Vec::new(),
            end_activities: None,
            granularity: Granularity::default(),
            classifier: None,
            object_type: None,
            columns: Columns::default(),
            timestamp_formats: Vec::new(),
        }
    }
}

/// A group of cases.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CaseGroup {
    /// What it is called; its conditions when left out.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub name: Option<String>,
    /// The conditions that its cases meet, all of them, as in `filters`; of whole cases only.
    #[schemars(length(min = 1, max = 100))]
    pub filters: Vec<Filter>,
}

/// How much is analysed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AnalysisType {
    /// Everything.
    #[default]
    Comprehensive,
    /// The map and the variants.
    Discovery,
    /// The map and all times.
    Performance,
}

/// What is written for other programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Export {
    /// A model of the log as a Petri net (PNML).
    PetriNet,
    /// A model of the log as a diagram (BPMN 2.0).
    Bpmn,
    /// The log (XES).
    Xes,
}

/// Which cases a time window keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WindowMode {
    /// Those that lie completely inside.
    #[default]
    Contained,
    /// Those that are under way at some time of it.
    Intersecting,
    /// Those that begin inside.
    Started,
}

impl WindowMode {
    /// Whether a case from `begin` to `end` is kept by a window from `first` to `last`.
    pub fn keeps(self, (first, last): (Micros, Micros), (begin, end): (Micros, Micros)) -> bool {
        match self {
            Self::Contained => first <= begin && end <= last,
            Self::Intersecting => begin <= last && first <= end,
            Self::Started => first <= begin && begin <= last,
        }
    }

    /// Which cases are kept, in words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Contained => "lie completely inside",
            Self::Intersecting => "are under way in it",
            Self::Started => "begin inside",
        }
    }
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    /// What was done: all events of one execution of an activity are one.
    #[default]
    Instances,
    /// Every event.
    Events,
}

/// A group of measurements in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// How long cases take.
    CycleTime,
    /// Where cases wait.
    WaitingTime,
    /// How long work takes; needs start times.
    ServiceTime,
    /// Who works how much and hands over to whom.
    ResourceUtilization,
    /// Events and open cases over time.
    Throughput,
    /// Work done again.
    Rework,
}

impl Parameters {
    /// The rules that were stated.
    ///
    /// # Errors
    /// `InvalidParameter` for more than [`MOST_RULES`].
    pub fn rules(&self) -> Result<&[Rule], Stop> {
        if self.rules.len() > MOST_RULES {
            let message =
                format!("rules holds {} rules; at most {MOST_RULES} are allowed.", self.rules.len());
            return Err(Stop::parameter(message));
        }
        Ok(&self.rules)
    }

    /// Whether this is written.
    pub fn exports(&self, export: Export) -> bool {
        self.exports.contains(&export)
    }

    /// Checks what the miner takes for infrequent.
    ///
    /// # Errors
    /// `InvalidParameter` for what is no share.
    pub fn noise(&self) -> Result<f64, Stop> {
        let noise = self.noise_threshold;
        if (0.0..=1.0).contains(&noise) {
            return Ok(noise);
        }
        Err(Stop::parameter(format!("noiseThreshold is {noise}; it must lie between 0 and 1.")))
    }

    /// Checks zone and calendar.
    ///
    /// # Errors
    /// `InvalidParameter` for those that are none.
    pub fn clocks(&self) -> Result<Option<Tz>, Stop> {
        let zone = self.time_zone.as_deref().map(|name| zone(Some(name), "timeZone")).transpose()?;
        if let Some(calendar) = &self.calendar {
            calendar.working_time(self.time_zone.as_deref(), (0, 1), "calendar")?;
        }
        Ok(zone)
    }

    /// How to read the log.
    pub fn options(&self) -> Options {
        Options {
            columns: self.columns.clone(),
            classifier: self.classifier.clone(),
            object_type: self.object_type.clone(),
            timestamp_formats: self.timestamp_formats.clone(),
            attributes: self.wanted_attributes(),
            size: None,
        }
    }

    /// How much of the log the map draws.
    ///
    /// # Errors
    /// `InvalidParameter` for shares that are none.
    pub fn map_shares(&self) -> Result<Shares, Stop> {
        for (name, share) in [("mapActivities", self.map_activities), ("mapPaths", self.map_paths)] {
            if let Some(share) = share.filter(|share| !(0.0..=1.0).contains(share)) {
                return Err(Stop::parameter(format!("{name} is {share}; it must lie between 0 and 1.")));
            }
        }
        Ok(Shares { activities: self.map_activities, paths: self.map_paths })
    }

    /// The attributes that are named, and those that conditions need.
    fn wanted_attributes(&self) -> Wanted {
        let groups = self.compare.iter().flat_map(|group| &group.filters);
        let conditions = self.filters.iter().chain(groups).map(|filter| filter.attribute.clone());
        let named = self.attributes.iter().flatten().cloned().chain(conditions).collect();
        Wanted { named, others: self.attributes.is_none() }
    }

    /// Whether the report shows this group of measurements.
    pub fn shows(&self, metric: Metric) -> bool {
        let wanted = self.performance_metrics.as_ref().is_none_or(|metrics| metrics.contains(&metric));
        wanted
            && self.analysis_type != AnalysisType::Discovery
            && self.output_format != OutputFormat::SummaryReport
    }

    /// Whether variants are listed.
    pub fn shows_variants(&self) -> bool {
        self.include_process_variants && self.analysis_type != AnalysisType::Performance
    }

    /// Whether unusual cases are looked for.
    pub fn shows_anomalies(&self) -> bool {
        self.include_anomaly_detection && self.analysis_type == AnalysisType::Comprehensive
    }

    /// Whether findings are written as sentences.
    pub fn shows_insights(&self) -> bool {
        self.generate_insights
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_contracts_example_is_understood() {
        let parameters: Parameters = serde_json::from_value(serde_json::json!({
            "datasetId": "880e8400-e29b-41d4-a716-446655440000",
            "analysisType": "comprehensive",
            "timeWindow": {"startDate": "2024-01-01", "endDate": "2024-01-31"},
            "includeAnomalyDetection": true,
            "outputFormat": "detailed_report",
            "performanceMetrics": ["cycle_time", "waiting_time", "resource_utilization"],
            "qualityChecks": {"validateTimestamps": true, "checkDuplicates": true, "validateActivities": true},
            "somethingElse": 1
        }))
        .unwrap();
        assert!(parameters.quality_checks.check_duplicates);
        assert!(parameters.shows(Metric::CycleTime) && !parameters.shows(Metric::Rework));
    }
}
