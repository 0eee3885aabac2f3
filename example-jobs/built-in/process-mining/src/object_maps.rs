//! Maps of the types of an object-centric log, and its figures as JSON.

use serde_json::{Value, json};

use crate::figures::{Figures, duration_figures, edge_document};
use crate::log::EventLog;
use crate::map::{self, Drawing, Map, Shares};
use crate::names::Id;
use crate::objects::{Between, Objects, Shared};

/// Types whose maps are drawn, at most: those with most events.
pub const MOST_MAPS: usize = 8;
/// Entries of a list, at most: steps of a type, the most frequent first; types, those with most events first; activities,
/// each with all of its types.
pub const LISTED: usize = 1000;

/// The log of a type as a map.
#[derive(Debug)]
pub struct TypeMap {
    /// The type.
    pub kind: Id,
    /// What is drawn.
    pub map: Map,
    /// The drawing.
    pub drawing: Drawing,
    /// Its steps as figures.
    steps: Value,
}

impl TypeMap {
    /// The maps of the types with most events.
    pub fn all(objects: &Objects) -> Vec<Self> {
        let kinds = objects.by_events().into_iter().take(MOST_MAPS);
        let filled = kinds.filter(|&kind| objects.types[kind as usize].events > 0);
        filled.map(|kind| Self::of(objects, kind)).collect()
    }

    fn of(objects: &Objects, kind: Id) -> Self {
        let log = objects.log.flatten(kind, None).finish();
        let figures = Figures::of(&log, |_, _| {});
        let map = Map::of(&log, &figures, Shares::default(), None);
        let others: Vec<String> =
            map.activities.iter().map(|activity| objects.others(kind, &activity.name).join(", ")).collect();
        let title = format!("Map of the objects of type {}", objects.type_name(kind));
        let drawing = map::draw_shared(&map, &others, &title);
        Self { kind, drawing, steps: steps(&log, &figures), map }
    }
}

fn steps(log: &EventLog, figures: &Figures) -> Value {
    figures.flow.edges.iter().take(LISTED).map(|edge| edge_document(log, edge)).collect()
}

/// `object_centric` of `process-mining.json`.
pub fn document(objects: &Objects, maps: &[TypeMap]) -> Value {
    let name = |kind: Id| objects.type_name(kind);
    let of_type = |kind: Id| {
        let figures = &objects.types[kind as usize];
        let map = maps.iter().find(|map| map.kind == kind);
        json!({
            "type": name(kind),
            "objects": figures.objects,
            "objects_without_event": figures.silent,
            "events": figures.events,
            "events_with_several": figures.several,
            "events_of_objects": figures.copies,
            "lifetime": figures.lifetimes.as_ref().map(duration_figures),
            "dfg": map.map(|map| &map.steps),
        })
    };
    let shared = |one: &Shared| {
        json!({
            "activity": objects.log.activities.get(one.activity),
            "type": name(one.kind),
            "events": one.events,
            "fewest_objects": one.objects.0,
            "most_objects": one.objects.1,
        })
    };
    let between = |one: &Between| {
        json!({
            "from": name(one.types.0),
            "to": name(one.types.1),
            "pairs": one.to_begin.ascending.len(),
            "to_begin": duration_figures(&one.to_begin),
            "to_end": duration_figures(&one.to_end),
        })
    };
    let cases = objects.cases();
    let activities = || objects.shared.chunk_by(|a, b| a.activity == b.activity);
    json!({
        "num_events": objects.log.events.len(),
        "num_objects": objects.log.type_of.len(),
        "events_without_object": objects.alone,
        "num_types": objects.types.len(),
        "num_activities": activities().count(),
        "types": objects.by_events().into_iter().take(LISTED).map(of_type).collect::<Value>(),
        "activities": activities().take(LISTED).flatten().map(shared).collect::<Value>(),
        "between_objects": objects.between.iter().map(between).collect::<Value>(),
        "pairs_cut_short": objects.pairs_cut_short,
        "flattened": {
            "by": name(objects.flattened),
            "chosen_by": if objects.given { "request" } else { "rule" },
            "events_left_out": objects.left_out(),
            "events_told_several_times": cases.several,
            "copies": cases.copies - cases.events,
            "diverging_repetitions": cases.diverging,
        },
    })
}
