//! The job: reads the dataset, computes, writes the outputs.

use std::io::{Read as _, Write as _};
use std::rc::Rc;

use chrono_tz::Tz;
use fuelcell_sdk::{Artifact, Cancellation, Completion, Context, Failure, Finding, Kind, Report, Result};
use serde_json::{Value, json};

use crate::anomalies::{self, Anomaly, Group};
use crate::clock::{Clock, offset_of};
use crate::comparison::{Asked, Compared, Sides};
use crate::completion::{Completed, unknown_ends};
use crate::conformance::{self, Checked, Rule};
use crate::dimensions::{self, Dimensions};
use crate::effects::{self, Effects};
use crate::error::{Stop, excerpt};
use crate::figures::{Figures, Source, document, instances};
use crate::filters::{Filters, LeftOut, Removed};
use crate::insights::{self, Insight};
use crate::judged::Judged;
use crate::log::{EventLog, Level, Micros};
use crate::map::{self, Drawing, Map};
use crate::models::{self, Net};
use crate::object_maps::{self, TypeMap};
use crate::parameters::{AnalysisType, Export, Granularity, OutputFormat, Parameters};
use crate::quality::{self, Quality};
use crate::read::{self, Facts, Options};
use crate::reference::{self, Fitness, Reference};
use crate::{enriched, model, report};
use fuelcell_report_kit::text::counted;

/// Progress counts thousandths of the whole run; reading is most of it.
const WHOLE: u64 = 1000;
const READ: u64 = 650;
const COMPUTED: u64 = 750;
const DRAWN: u64 = 800;

/// While a large log is read, what is known so far is saved every so many ticks.
const TICKS_PER_CHECKPOINT: u64 = 32;

/// Unusual cases of one sort that the figures list.
const LISTED_ANOMALIES: usize = 1000;

#[fuelcell_sdk::job(
    job_type = "ProcessMining",
    title = "Process mining",
    description = "Discovers the process behind an event log: map, variants, times, bottlenecks, rework, resources and \
                   unusual cases.",
    input(name = "dataset", parameter = "datasetId", formats = ["xes", "xes.gz", "csv", "csv.gz", "json", "json.gz", "jsonocel", "xml", "xml.gz", "xmlocel", "xlsx", "parquet", "zip"], required = true),
    input(name = "model", parameter = "modelId", formats = ["json"], required = false),
    input(name = "reference-model", parameter = "referenceModelId", formats = ["pnml", "bpmn", "xml"], required = false),
    output(name = "report.html", kind = "report", type_name = "ProcessMiningReport"),
    output(name = "process-map.svg", kind = "visualization", type_name = "ProcessMap"),
    output(name = "comparison-map.svg", kind = "visualization", type_name = "ComparisonMap"),
    output(name = "process-mining.json", kind = "data", type_name = "ProcessMiningResult"),
    output(name = "enriched-log.csv", kind = "data", type_name = "EnrichedDataset"),
    output(name = "model.json", kind = "model", type_name = "AnalyticsModel"),
    output(name = "process-model.pnml", kind = "model", type_name = "PetriNet"),
    output(name = "process-model.bpmn", kind = "model", type_name = "BpmnDiagram"),
    output(name = "event-log.xes", kind = "data", type_name = "XesLog"),
    deterministic = true
)]
#[expect(clippy::too_many_lines, reason = "the job in its order")]
fn mine(context: &mut Context, parameters: Parameters) -> Result<Completion, Failure> {
    let window = parameters.time_window.as_ref().map(|window| window.bounds("timeWindow")).transpose()?;
    let zone = parameters.clocks()?;
    let filters = Filters::of(&parameters.filters, &parameters.columns)?;
    let groups = Asked::of(&parameters.compare, &parameters.columns)?;
    let rules = parameters.rules()?;
    let noise = parameters.noise()?;
    let map_shares = parameters.map_shares()?;
    let reference = read_model(context)?;
    let net = read_net(context)?;
    let (mut log, facts) = read_log(context, &parameters)?;
    let quality = Quality::check(&mut log, &facts, parameters.quality_checks);
    if facts.stopped {
        return Err(stopped(context, &log, &facts, &quality));
    }
    for finding in &quality.findings {
        context.warn("Checking the data", quality::line(finding));
    }
    set_clocks(&mut log, &facts, &parameters, zone)?;
    let removed = filters.apply(&mut log, parameters.granularity)?;
    let left_out = LeftOut::sum(&removed);
    let outside = window.map_or(0, |bounds| {
        let window = local_window(&parameters, &log.clock, bounds);
        log.keep_spans(|span| parameters.time_window_mode.keeps(window, span))
    });
    let sides = groups.map(|groups| groups.sides(&log, parameters.granularity)).transpose()?;
    let mut warnings = quality.findings.clone();
    warnings.extend(sides.as_ref().and_then(|sides| empty_group(&log, sides)));
    warnings.extend(nothing_left(&log, &parameters, left_out));
    publish_report(context, &log, &facts, &quality, &warnings);

    let mut event_figures = Figures::of(&log, |part, parts| {
        context.progress(READ + (COMPUTED - READ) * part / parts, WHOLE, "Computing figures");
    });
    if context.cancellation() != Cancellation::None {
        return Err(stopped(context, &log, &facts, &quality));
    }
    let instance_log = event_figures.instances.take();
    let instance_figures = instance_log.as_ref().map(|log| event_figures.of_instances(log));
    let events = (&log, &event_figures);
    let instances = instance_log.as_ref().zip(instance_figures.as_ref()).unwrap_or(events);
    let (shown, figures) = if parameters.granularity == Granularity::Events { events } else { instances };
    let completion = Completed::of(shown, figures, parameters.end_activities.as_deref());
    warnings.extend(unknown_end_activities(shown, &parameters));
    let anomalies =
        if parameters.shows_anomalies() { anomalies::find(shown, figures, &facts) } else { Vec::new() };
    let checked = conformance::check(shown, figures, &facts, rules);
    warnings.extend(reference.as_ref().and_then(|model| other_level(model, shown, figures)));
    let fitness = reference.map(|model| reference::judge(shown, figures, &facts, &model));
    let judged = Judged::of(shown, figures, &facts, &parameters, noise, net);
    warnings.extend(judged.too_many(figures, &parameters));
    warnings.extend(unknown_names(shown, figures, rules));
    let dimensions = Dimensions::of(&log, parameters.attributes.as_deref());
    warnings.extend(unknown_attributes(&dimensions));
    let effects = effects::find(shown, figures, &completion, &dimensions.list);
    let insights = if parameters.shows_insights() {
        insights::write(shown, figures, &completion, &anomalies, &checked, &effects)
    } else {
        Vec::new()
    };
    let map = Map::of(shown, figures, map_shares, judged.reference.as_ref());
    let compared = sides.map(|sides| Compared::of(shown, figures, &completion, &map, sides));
    let type_maps = facts.objects.as_deref().map(TypeMap::all).unwrap_or_default();
    let mined = Mined {
        context,
        parameters: &parameters,
        events,
        instances,
        log: shown,
        facts: &facts,
        quality: &quality,
        figures,
        completion: &completion,
        dimensions: &dimensions,
        effects: &effects,
        anomalies: &anomalies,
        checked: &checked,
        fitness: fitness.as_ref(),
        judged: &judged,
        insights: &insights,
        outside,
        map: &map,
        compared: compared.as_ref(),
        type_maps: &type_maps,
        removed: &removed,
    };
    warnings.extend(mined.write_outputs()?);
    publish_report(context, &log, &facts, &quality, &warnings);
    context.progress(WHOLE, WHOLE, "Done");
    Ok(if log.events() == 0 { Completion::NoItems } else { Completion::Done })
}

fn read_log(context: &Context, parameters: &Parameters) -> Result<(EventLog, Facts), Failure> {
    let input = context.open("dataset")?;
    let size = input.size().max(1);
    let options = Options { size: Some(size), ..parameters.options() };
    let mut ticks = 0;
    let (log, facts) = read::read(input, &options, &mut |bytes, events| {
        ticks += 1;
        context.progress(READ * bytes.min(size) / size, WHOLE, "Reading the log");
        context.report(&Report { records_processed: events as u64, ..Report::default() });
        if u64::is_multiple_of(ticks, TICKS_PER_CHECKPOINT) {
            let so_far =
                json!({"partial": true, "stage": "reading", "num_events": events, "bytes_read": bytes});
            save_checkpoint(context, &so_far.to_string());
        }
        context.cancellation() == Cancellation::None
    })?;
    context.info(
        "Reading the log",
        format!(
            "{}, {} in {}",
            facts.format,
            counted(log.events() as u64, "event"),
            counted(log.cases() as u64, "case")
        ),
    );
    Ok((log, facts))
}

/// The model that the log is compared with, if one was given. It is read first: whoever gave the wrong file is told at
/// once.
fn read_model(context: &Context) -> Result<Option<Reference>, Failure> {
    let Some(size) = context.input("model").map(|input| input.size) else { return Ok(None) };
    if size > reference::LONGEST_FILE {
        return Err(reference::too_long(size).into());
    }
    let mut bytes = Vec::new();
    context.open("model")?.read_to_end(&mut bytes)?;
    Ok(Some(Reference::parse(&bytes)?))
}

/// The model that cases are replayed on, if one was given.
fn read_net(context: &Context) -> Result<Option<Net>, Failure> {
    let Some(size) = context.input("reference-model").map(|input| input.size) else { return Ok(None) };
    if size > models::LONGEST_FILE {
        return Err(models::too_long(size).into());
    }
    let mut bytes = Vec::new();
    context.open("reference-model")?.read_to_end(&mut bytes)?;
    Ok(Some(models::parse(&bytes)?))
}

/// A checkpoint that cannot be saved costs a partial result, not the run.
fn save_checkpoint(context: &Context, content: &str) {
    if let Err(error) = context.save_checkpoint(content.as_bytes()) {
        context.warn("Saving a checkpoint", format!("no checkpoint was saved: {error}"));
    }
}

/// Saves the figures of what was read until the run was stopped, and says how it ends.
fn stopped(context: &Context, log: &EventLog, facts: &Facts, quality: &Quality) -> Failure {
    let figures = Figures::of(log, |_, _| {});
    let mut result = document(log, &figures, facts, quality, true);
    result["partial"] = Value::Bool(true);
    save_checkpoint(context, &result.to_string());
    let unstopped = || Failure::new("Cancelled", "Stopped while the log was read.");
    context.check_cancelled().err().unwrap_or_else(unstopped)
}

fn nothing_left(log: &EventLog, parameters: &Parameters, left_out: LeftOut) -> Option<Finding> {
    if log.events() == 0 && left_out.events > 0 && parameters.time_window.is_none() {
        return Some(Finding::new(
            "NothingMeetsFilters",
            "No case meets the filters; nothing was analysed",
            1,
        ));
    }
    let window = parameters.time_window.as_ref().filter(|_| log.events() == 0)?;
    let message = format!(
        "No cases of the time window {} {}; nothing was analysed",
        window.describe(),
        parameters.time_window_mode.describe()
    );
    Some(Finding::new("EmptyTimeWindow", message, 1))
}

/// A model of events says little about activity instances, and the other way round.
fn other_level(model: &Reference, log: &EventLog, figures: &Figures) -> Option<Finding> {
    let message = format!(
        "The model was made from {} and is compared with {}; the parameter granularity says what is counted",
        level_name(model.level),
        level_name(log.level)
    );
    let differ = model.level != log.level && figures.source == Source::Lifecycle;
    differ.then(|| Finding::new("OtherGranularity", message, 1))
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::Events => "events",
        Level::Instances => "activity instances",
    }
}

/// Sets what clocks show where the process is, and when people work there.
fn set_clocks(
    log: &mut EventLog,
    facts: &Facts,
    parameters: &Parameters,
    zone: Option<Tz>,
) -> Result<(), Stop> {
    let bounds = log.bounds();
    let clock = match zone {
        Some(zone) => Some(Clock::of(zone, bounds)),
        None => Clock::detected(&facts.offsets, bounds),
    };
    log.clock = Rc::new(clock.unwrap_or_default());
    if let Some(calendar) = &parameters.calendar {
        // The zone that offsets tell has a name, unless it is an offset.
        let detected = Some(log.clock.name()).filter(|name| !name.starts_with("UTC"));
        let name = parameters.time_zone.as_deref().or(detected);
        log.working = Some(Rc::new(calendar.working_time(name, bounds, "calendar")?));
    }
    Ok(())
}

/// The window, whose dates and times without offset are those of the clocks.
fn local_window(parameters: &Parameters, clock: &Clock, (first, last): (Micros, Micros)) -> (Micros, Micros) {
    let Some(window) = &parameters.time_window else { return (first, last) };
    let local = |text: &Option<String>, time: Micros| match text {
        Some(text) if offset_of(text.trim().as_bytes()).is_none() => clock.moment(time),
        _ => time,
    };
    (local(&window.start_date, first), local(&window.end_date, last))
}

/// A rule about an activity that never happens is more likely misspelt than meant.
fn unknown_names(log: &EventLog, figures: &Figures, rules: &[Rule]) -> Option<Finding> {
    let unknown = conformance::unknown_names(log, figures, rules);
    let first = unknown.first().filter(|_| log.events() > 0)?;
    let message = format!("Rules name activities that no event has, such as \"{}\"", excerpt(first));
    Some(Finding::new("UnknownActivity", message, unknown.len() as u64))
}

/// An end activity that never happens ends no case.
fn unknown_end_activities(log: &EventLog, parameters: &Parameters) -> Option<Finding> {
    let unknown = unknown_ends(log, parameters.end_activities.as_deref().unwrap_or_default());
    let first = unknown.first().filter(|_| log.events() > 0)?;
    let message = format!("endActivities names activities that no event has, such as \"{}\"", excerpt(first));
    Some(Finding::new("UnknownActivity", message, unknown.len() as u64))
}

/// A name that no attribute has is more likely misspelt than meant.
fn unknown_attributes(dimensions: &Dimensions) -> Option<Finding> {
    let first = dimensions.unknown.first()?;
    let message = format!("attributes names what the log does not have, such as \"{}\"", excerpt(first));
    Some(Finding::new("UnknownAttribute", message, dimensions.unknown.len() as u64))
}

/// A group without cases is more likely misspelt than meant.
fn empty_group(log: &EventLog, sides: &Sides) -> Option<Finding> {
    let empty = (0..2).find(|&side| sides.cases[side] == 0 && log.events() > 0)?;
    let message = format!("No case is in the group \"{}\" of the comparison", excerpt(&sides.names[empty]));
    Some(Finding::new("EmptyGroup", message, 1))
}

fn publish_report(context: &Context, log: &EventLog, facts: &Facts, quality: &Quality, warnings: &[Finding]) {
    context.report(&Report {
        records_processed: log.events() as u64,
        records_total: Some(facts.rows),
        warnings: warnings.to_vec(),
        // Of no events there is nothing to score.
        quality_score: (log.events() > 0).then_some(quality.score),
        validation: Some(quality.validation),
        ..Report::default()
    });
}

/// Everything that the outputs are made of.
struct Mined<'a> {
    context: &'a Context,
    parameters: &'a Parameters,
    /// The log as it was read, with its figures.
    events: (&'a EventLog, &'a Figures),
    /// Its activity instances.
    instances: (&'a EventLog, &'a Figures),
    /// Of the two, the one that is shown.
    log: &'a EventLog,
    figures: &'a Figures,
    completion: &'a Completed,
    dimensions: &'a Dimensions,
    effects: &'a Effects,
    facts: &'a Facts,
    quality: &'a Quality,
    anomalies: &'a [Group],
    checked: &'a [Checked],
    fitness: Option<&'a Fitness>,
    judged: &'a Judged,
    insights: &'a [Insight],
    outside: u64,
    map: &'a Map,
    compared: Option<&'a Compared>,
    type_maps: &'a [TypeMap],
    removed: &'a [Removed],
}

impl Mined<'_> {
    /// Writes all outputs that were asked for. Answers with what could not be written and is no reason to fail.
    fn write_outputs(&self) -> Result<Option<Finding>, Failure> {
        let format = self.parameters.output_format;
        let result = self.document();
        save_checkpoint(self.context, &result);
        self.progress(COMPUTED, "Writing the results");
        self.write_data(&result, format == OutputFormat::Data)?;
        if format != OutputFormat::Data {
            self.write_report()?;
        }
        self.progress(DRAWN, "Writing the results");
        self.context.check_cancelled()?;
        self.write_models()?;
        if self.parameters.exports(Export::Xes) {
            self.write_xes()?;
        }
        if format == OutputFormat::SummaryReport {
            return Ok(None);
        }
        if self.parameters.analysis_type == AnalysisType::Comprehensive && self.log.events() > 0 {
            self.write_model()?;
        }
        self.write_enriched()
    }

    fn progress(&self, done: u64, stage: &str) {
        self.context.progress(done, WHOLE, stage);
    }

    fn document(&self) -> String {
        let shows_variants = self.parameters.shows_variants();
        let (log, figures) = self.events;
        let mut document = document(log, figures, self.facts, self.quality, shows_variants);
        let (log, figures) = self.instances;
        document["instances"] = instances(log, figures, shows_variants);
        document["completion"] = self.completion.document(self.log, shows_variants);
        let attributes = &self.events.0.attributes;
        if !attributes.is_empty() || !attributes.left_out.is_empty() {
            let logs = (self.events.0, self.log);
            document["attributes"] =
                dimensions::document(logs, self.figures, self.completion, self.dimensions);
            document["attributes"]["effects"] = self.effects.document(self.log);
        }
        if let Some(compared) = self.compared {
            document["comparison"] = compared.document(self.log, self.map);
        }
        if let Some(objects) = &self.facts.objects {
            document["object_centric"] = object_maps::document(objects, self.type_maps);
        }
        document["granularity"] = json!(self.parameters.granularity);
        if self.parameters.shows_anomalies() {
            document["anomalies"] = self.anomalies.iter().map(|group| self.anomaly_document(group)).collect();
        }
        if !self.checked.is_empty() {
            document["conformance"] = self.checked.iter().map(|rule| self.rule_document(rule)).collect();
        }
        if let Some(fitness) = self.fitness {
            document["model_conformance"] = fitness.document(self.log);
        }
        self.judged.add_to(&mut document, self.log, self.parameters.noise_threshold);
        if self.parameters.shows_insights() {
            document["insights"] = self.insights.iter().map(insight_document).collect();
        }
        if let Some(window) = &self.parameters.time_window {
            document["time_window"] = json!({
                "start_date": window.start_date,
                "end_date": window.end_date,
                "mode": self.parameters.time_window_mode,
                "cases_kept": self.log.cases(),
                "cases_left_out": self.outside,
            });
        }
        if !self.parameters.filters.is_empty() {
            let left_out = LeftOut::sum(self.removed);
            let condition = |one: &Removed| {
                json!({
                    "condition": one.condition,
                    "events_left_out": one.left_out.events,
                    "cases_left_out": one.left_out.cases,
                })
            };
            document["filters"] = json!({
                "events_left_out": left_out.events,
                "cases_left_out": left_out.cases,
                "conditions": self.removed.iter().map(condition).collect::<Value>(),
            });
        }
        document.to_string()
    }

    fn anomaly_document(&self, group: &Group) -> Value {
        let case =
            |anomaly: &Anomaly| json!({"case": self.log.case_name(anomaly.case), "reason": anomaly.reason});
        json!({
            "kind": group.kind,
            "title": group.title,
            "definition": group.definition,
            "num_cases": group.cases.len(),
            "cases": group.cases.iter().take(LISTED_ANOMALIES).map(case).collect::<Value>(),
        })
    }

    fn rule_document(&self, checked: &Checked) -> Value {
        let listed = checked.cases.iter().take(LISTED_ANOMALIES);
        json!({
            "rule": checked.rule,
            "description": checked.rule.describe(),
            "num_cases_concerned": checked.concerned,
            "num_cases_broken": checked.cases.len(),
            "fitness": checked.fitness(),
            "cases": listed.map(|&case| self.log.case_name(case)).collect::<Value>(),
        })
    }

    fn write_data(&self, result: &str, primary: bool) -> Result<(), Failure> {
        let artifact = Artifact::new("process-mining.json", Kind::Data)
            .type_name("ProcessMiningResult")
            .title("Process mining figures")
            .media_type("application/json");
        self.write(if primary { artifact.primary() } else { artifact }, result)
    }

    fn write(&self, artifact: Artifact, content: &str) -> Result<(), Failure> {
        let mut out = self.context.artifact(artifact)?;
        out.write_all(content.as_bytes())?;
        Ok(out.finish()?)
    }

    fn write_report(&self) -> Result<(), Failure> {
        let file = self.context.input("dataset").map_or("event log", |input| input.file_name.as_str());
        let drawing = map::draw(self.map, &format!("Process map of {file}"));
        self.write_map(["process-map.svg", "ProcessMap", "Process map"], &drawing)?;
        let title = format!("Two groups of the cases of {file}");
        let contrast = self.compared.map(|compared| map::draw_contrast(self.map, compared, &title));
        if let Some(contrast) = &contrast {
            self.write_map(["comparison-map.svg", "ComparisonMap", "Map of two groups"], contrast)?;
        }
        let html = Artifact::new("report.html", Kind::Report)
            .type_name("ProcessMiningReport")
            .title("Process mining report")
            .media_type("text/html; charset=utf-8")
            .primary();
        let mut out = self.context.artifact(html)?;
        let report = report::Report {
            file,
            events: self.events.0.events() as u64,
            log: self.log,
            figures: self.figures,
            completion: self.completion,
            attributes: &self.events.0.attributes,
            dimensions: self.dimensions,
            effects: self.effects,
            facts: self.facts,
            quality: self.quality,
            map: self.map,
            drawing: &drawing,
            compared: self.compared.zip(contrast.as_ref()),
            objects: self.facts.objects.as_deref(),
            type_maps: self.type_maps,
            anomalies: self.anomalies,
            checked: self.checked,
            fitness: self.fitness,
            discovered: self.judged.discovered.as_ref().zip(self.judged.own.as_ref()),
            replayed: self.judged.reference.as_ref(),
            insights: self.insights,
            parameters: self.parameters,
            outside: self.outside,
            removed: self.removed,
        };
        report.write(&mut out)?;
        Ok(out.finish()?)
    }

    fn write_map(&self, [name, type_name, title]: [&str; 3], drawing: &Drawing) -> Result<(), Failure> {
        let svg = Artifact::new(name, Kind::Visualization)
            .type_name(type_name)
            .title(title)
            .media_type("image/svg+xml");
        let mut out = self.context.artifact(svg)?;
        fuelcell_report_kit::write(&drawing.svg.0, &mut out)?;
        Ok(out.finish()?)
    }

    fn write_model(&self) -> Result<(), Failure> {
        let evaluation = model::evaluate(self.log, &self.figures.variants);
        let artifact = Artifact::new("model.json", Kind::Model)
            .type_name("AnalyticsModel")
            .title("Next-activity model")
            .media_type("application/json");
        let artifact = match &evaluation {
            Some(evaluation) => artifact.accuracy(evaluation.accuracy),
            None => artifact,
        };
        self.write(artifact, &model::document(self.log, self.figures, evaluation.as_ref()).to_string())
    }

    fn write_models(&self) -> Result<(), Failure> {
        let Some(discovered) = &self.judged.discovered else { return Ok(()) };
        let file = self.context.input("dataset").map_or("event log", |input| input.file_name.as_str());
        let artifact = |name, type_name, title| {
            Artifact::new(name, Kind::Model).type_name(type_name).title(title).media_type("application/xml")
        };
        if self.parameters.exports(Export::PetriNet) {
            let net = artifact("process-model.pnml", "PetriNet", "Process model (Petri net)");
            self.write(net, &discovered.pnml(file))?;
        }
        if self.parameters.exports(Export::Bpmn) {
            let diagram = artifact("process-model.bpmn", "BpmnDiagram", "Process model (BPMN)");
            self.write(diagram, &discovered.bpmn(self.log, file))?;
        }
        Ok(())
    }

    /// The log as it was read, events and all.
    fn write_xes(&self) -> Result<(), Failure> {
        let artifact = Artifact::new("event-log.xes", Kind::Data)
            .type_name("XesLog")
            .title("Event log (XES)")
            .media_type("application/xml")
            .record_count(self.events.0.events() as u64);
        let mut out = self.context.artifact(artifact)?;
        let go_on = |_| self.context.cancellation() == Cancellation::None;
        let written = models::write_xes(self.events.0, &mut out, go_on);
        self.context.check_cancelled()?;
        written?;
        Ok(out.finish()?)
    }

    /// The enriched log is as large as the log. Where it does not fit the disk that this job may use, everything else is
    /// still worth having.
    fn write_enriched(&self) -> Result<Option<Finding>, Failure> {
        let log = self.events.0;
        let events = log.events() as u64;
        let artifact = Artifact::new("enriched-log.csv", Kind::Data)
            .type_name("EnrichedDataset")
            .title("Enriched event log")
            .media_type("text/csv; charset=utf-8")
            .record_count(events);
        let mut out = self.context.artifact(artifact)?;
        let go_on = |written: u64| {
            self.progress(DRAWN + (WHOLE - DRAWN) * written / events.max(1), "Writing the enriched log");
            self.context.cancellation() == Cancellation::None
        };
        let written = enriched::write(log, self.figures, &mut out, go_on);
        self.context.check_cancelled()?;
        match written.map_err(Failure::from).and_then(|()| Ok(out.finish()?)) {
            Ok(()) => Ok(None),
            Err(failure) if failure.code == "HostLimit" => {
                self.context.warn("Writing the enriched log", &failure.message);
                let message = format!("The enriched log was left out: {}", failure.message);
                Ok(Some(Finding::new("OutputLimit", message, events)))
            }
            Err(failure) => Err(failure),
        }
    }
}

fn insight_document(insight: &Insight) -> Value {
    json!({"kind": insight.kind, "text": insight.text, "num_cases": insight.cases})
}
