//! The process map: which part of the directly-follows graph is worth drawing, and the drawing.

mod contrast;
mod layout;
mod legend;
mod order;
mod scales;
mod straighten;
mod svg;

pub use contrast::draw_contrast;
pub(crate) use contrast::{signed, written};
pub use svg::{Drawing, STYLE, draw, draw_shared};

use rustc_hash::FxHashMap;

use crate::figures::{Figures, Flow, SECOND, Spread, spread_by_group};
use crate::log::EventLog;
use crate::models::{Deviation, DeviationKind, Replayed};
use crate::names::{Id, NONE};

/// Where an edge of the map begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Node {
    /// Where every case comes from.
    Start,
    /// An activity, by its position in [`Map::activities`].
    Activity(usize),
    /// Where every case goes.
    End,
}

/// An activity on the map.
#[derive(Debug, Clone)]
pub struct MapActivity {
    /// Its number in the log.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Events.
    pub events: u64,
    /// How often it directly follows itself.
    pub repeated: u64,
    /// Median time from start to completion in seconds, when the log has start times.
    pub service: Option<f64>,
    /// Its place in the order in which the activities are done, from 0.
    pub place: usize,
    /// Whether a model that was given does not have it.
    pub is_unknown: bool,
}

/// A path on the map.
#[derive(Debug, Clone, Copy)]
pub struct MapEdge {
    /// Where it begins.
    pub from: Node,
    /// Where it ends.
    pub to: Node,
    /// How often cases take it.
    pub count: u64,
    /// Median and mean seconds between the two events; None from the start and to the end.
    pub time: Option<(f64, f64)>,
    /// Median seconds of waiting and of work in that time, where the log tells when all of the work was begun.
    pub parts: Option<(f64, f64)>,
    /// Cases that left a model that was given by taking it.
    pub deviating: u64,
}

impl MapEdge {
    fn new(from: Node, to: Node, count: u64) -> Self {
        Self { from, to, count, time: None, parts: None, deviating: 0 }
    }
}

/// What is drawn, and how much of the log that is.
#[derive(Debug, Clone)]
pub struct Map {
    /// What its activities count, as a heading.
    pub rows: &'static str,
    /// Activities drawn, most frequent first.
    pub activities: Vec<MapActivity>,
    /// Paths drawn, most frequent first.
    pub edges: Vec<MapEdge>,
    /// Activities there are.
    pub all_activities: usize,
    /// Paths there are between activities that are drawn, repetitions of one activity left out.
    pub all_edges: usize,
    /// Share of the events whose activity is drawn.
    pub events_covered: f64,
    /// Share of the steps from one drawn activity to the next whose path is drawn; repetitions count as drawn with their
    /// activity.
    pub steps_covered: f64,
}

/// How much of a log is drawn: shares from 0 to 1, or what can be read well.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shares {
    /// Of the activities, most frequent first.
    pub activities: Option<f64>,
    /// Of the paths between them, most frequent first.
    pub paths: Option<f64>,
}

/// Paths that are drawn, at most, however many are asked for.
const MOST_PATHS: usize = 300;
/// Up to this many activities are all drawn.
const ALL_ACTIVITIES: usize = 60;
/// Of more, this many are: the most frequent ones.
const MANY_ACTIVITIES: usize = 40;
/// Ways to begin or end that at most this share of the cases takes are not drawn.
const RARE_END: f64 = 0.02;
/// Paths are added, most frequent first, until this share of all steps is covered …
const ENOUGH: f64 = 0.95;
/// … or until there are this many per activity, beyond which lines hide each other.
const EDGES_PER_ACTIVITY: f64 = 1.7;

impl Map {
    /// Chooses the most frequent activities and paths. Where activities are left out, paths lead over them: the map is that
    /// of the log without their events. Every activity keeps its most frequent way in and way out, so that none floats.
    /// Where cases leave a model that was given (`replayed`), the most frequent such paths are drawn, however rare they are.
    pub fn of(log: &EventLog, figures: &Figures, shares: Shares, replayed: Option<&Replayed>) -> Self {
        let shown = shown_activities(log, figures, shares.activities);
        let mut position = vec![None; log.names.activities.len()];
        for (index, &activity) in shown.iter().enumerate() {
            position[activity as usize] = Some(index);
        }
        let places = order::places(log, figures, &shown);
        let all = shown.len() == figures.flow.activity_count();
        let filtered = (!all).then(|| Flow::among(log, |activity| position[activity as usize].is_some()));
        let flow = filtered.as_ref().unwrap_or(&figures.flow);
        let mut activities: Vec<MapActivity> = shown
            .iter()
            .zip(places)
            .map(|(&activity, place)| MapActivity {
                id: activity,
                name: log.activity_name(activity).to_string(),
                events: flow.activities[activity as usize],
                repeated: 0,
                service: figures
                    .service
                    .as_ref()
                    .and_then(|s| s[activity as usize])
                    .map(|s| s.median / SECOND),
                place,
                is_unknown: false,
            })
            .collect();
        let mut candidates = Vec::new();
        for edge in &flow.edges {
            let (Some(from), Some(to)) = (position[edge.from as usize], position[edge.to as usize]) else {
                continue;
            };
            if from == to {
                activities[from].repeated = edge.time.count;
                continue;
            }
            let time = Some((edge.time.median / SECOND, edge.time.mean() / SECOND));
            candidates.push(MapEdge {
                time,
                ..MapEdge::new(Node::Activity(from), Node::Activity(to), edge.time.count)
            });
        }
        for (index, &activity) in shown.iter().enumerate() {
            let (start, end) = (flow.starts[activity as usize], flow.ends[activity as usize]);
            candidates.push(MapEdge::new(Node::Start, Node::Activity(index), start));
            candidates.push(MapEdge::new(Node::Activity(index), Node::End, end));
        }
        candidates.retain(|edge| edge.count > 0);
        candidates.sort_by_key(|edge| std::cmp::Reverse(edge.count));
        if let Some(replayed) = replayed {
            mark_deviations(replayed, &position, &mut activities, &mut candidates);
        }
        drop_rare_ends(&mut candidates, log.cases());
        let mut edges = choose(&candidates, activities.len(), shares.paths);
        if figures.service.is_some() {
            let begun = tells_work(log, figures, &shown);
            part_times(log, &position, &begun, &mut edges);
        }
        Self { rows: log.heading(), ..Self::measure(activities, edges, flow, figures) }
    }

    fn measure(activities: Vec<MapActivity>, edges: Vec<MapEdge>, flow: &Flow, figures: &Figures) -> Self {
        let events: u64 = figures.flow.activities.iter().sum();
        let steps: u64 = flow.edges.iter().map(|edge| edge.time.count).sum();
        let drawn_steps: u64 = edges.iter().filter(|edge| edge.time.is_some()).map(|edge| edge.count).sum();
        let repeated: u64 = activities.iter().map(|activity| activity.repeated).sum();
        let drawn_events: u64 = activities.iter().map(|activity| activity.events).sum();
        Self {
            rows: "Events",
            all_activities: figures.flow.activity_count(),
            all_edges: flow.edges.iter().filter(|edge| edge.from != edge.to).count(),
            events_covered: drawn_events as f64 / events.max(1) as f64,
            steps_covered: if steps == 0 { 1.0 } else { (drawn_steps + repeated) as f64 / steps as f64 },
            activities,
            edges,
        }
    }

    /// The activity at a node.
    pub fn activity(&self, node: Node) -> Option<&MapActivity> {
        match node {
            Node::Activity(index) => Some(&self.activities[index]),
            Node::Start | Node::End => None,
        }
    }

    /// Whether cases leave a model that was given where something is drawn.
    pub fn has_deviations(&self) -> bool {
        self.edges.iter().any(|edge| edge.deviating > 0)
    }

    /// Paths between activities that are drawn.
    pub fn drawn_edges(&self) -> usize {
        self.edges.iter().filter(|edge| edge.time.is_some()).count()
    }

    /// What was left out, as a sentence.
    pub fn simplification(&self) -> String {
        use fuelcell_report_kit::text::{count, percent};
        let all = self.activities.len() == self.all_activities;
        let activities = if all {
            format!("All {} activities", count(self.all_activities as u64))
        } else {
            format!(
                "The {} most frequent of {} activities ({} of events)",
                self.activities.len(),
                count(self.all_activities as u64),
                percent(self.events_covered)
            )
        };
        let paths = if self.drawn_edges() == self.all_edges {
            format!("all {} paths are drawn", count(self.all_edges as u64))
        } else {
            format!(
                "{} of {} paths (top {}) are drawn; they cover {} of the steps",
                count(self.drawn_edges() as u64),
                count(self.all_edges as u64),
                percent(self.drawn_edges() as f64 / self.all_edges.max(1) as f64),
                percent(self.steps_covered)
            )
        };
        let over = if all { "" } else { ". A path may lead over activities that are not drawn" };
        format!("{activities} and {paths}{over}.")
    }
}

fn shown_activities(log: &EventLog, figures: &Figures, share: Option<f64>) -> Vec<Id> {
    let counts = &figures.flow.activities;
    let mut activities: Vec<Id> = (0..counts.len() as Id).filter(|&id| counts[id as usize] > 0).collect();
    activities.sort_by(|&a, &b| {
        let order = counts[b as usize].cmp(&counts[a as usize]);
        order.then_with(|| log.activity_name(a).cmp(log.activity_name(b)))
    });
    let most = match share {
        Some(share) => part_of(activities.len(), share).min(ALL_ACTIVITIES),
        None if activities.len() > ALL_ACTIVITIES => MANY_ACTIVITIES,
        None => ALL_ACTIVITIES,
    };
    activities.truncate(most);
    activities
}

/// A share of so many things, at least one.
fn part_of(count: usize, share: f64) -> usize {
    ((count as f64 * share).ceil() as usize).max(1)
}

/// Drops the ways to begin and to end that hardly any case takes, but for the most frequent one of each.
fn drop_rare_ends(candidates: &mut Vec<MapEdge>, cases: usize) {
    let rare = (cases as f64 * RARE_END) as u64;
    let (mut started, mut ended) = (false, false);
    candidates.retain(|edge| match (edge.from, edge.to) {
        _ if edge.deviating > 0 => true,
        (Node::Start, _) => edge.count > rare || !std::mem::replace(&mut started, true),
        (_, Node::End) => edge.count > rare || !std::mem::replace(&mut ended, true),
        _ => true,
    });
}

/// The edges to draw, out of candidates that are sorted by frequency: a share of them, or what can be read well, and always
/// those without which an activity would float.
fn choose(candidates: &[MapEdge], activities: usize, share: Option<f64>) -> Vec<MapEdge> {
    let mut chosen = vec![false; candidates.len()];
    let nodes = [Node::Start, Node::End].into_iter().chain((0..activities).map(Node::Activity));
    for node in nodes {
        let way_in = candidates.iter().position(|edge| edge.to == node);
        let way_out = candidates.iter().position(|edge| edge.from == node);
        way_in.into_iter().chain(way_out).for_each(|edge| chosen[edge] = true);
    }
    candidates.iter().zip(&mut chosen).for_each(|(edge, chosen)| *chosen |= edge.deviating > 0);
    let total: u64 = candidates.iter().map(|edge| edge.count).sum();
    let most = (activities as f64 * EDGES_PER_ACTIVITY) as usize + 8;
    let mut covered: u64 =
        candidates.iter().zip(&chosen).filter(|(_, chosen)| **chosen).map(|(edge, _)| edge.count).sum();
    let mut drawn = chosen.iter().filter(|chosen| **chosen).count();
    for (edge, chosen) in candidates.iter().zip(&mut chosen) {
        if *chosen {
            continue;
        }
        let enough = match share {
            Some(share) => drawn >= part_of(candidates.len(), share).min(MOST_PATHS),
            // Small maps show everything.
            None => candidates.len() > most && (drawn >= most || covered as f64 >= ENOUGH * total as f64),
        };
        if enough {
            break;
        }
        *chosen = true;
        drawn += 1;
        covered += edge.count;
    }
    candidates.iter().zip(chosen).filter(|(_, chosen)| *chosen).map(|(edge, _)| *edge).collect()
}

/// Deviations that are marked on a map, at most: those of most cases.
const MARKED: usize = 20;

/// Marks where cases leave a model.
fn mark_deviations(
    replayed: &Replayed,
    position: &[Option<usize>],
    activities: &mut [MapActivity],
    candidates: &mut [MapEdge],
) {
    let node = |id: Id, none: Node| match id {
        NONE => Some(none),
        id => position[id as usize].map(Node::Activity),
    };
    let paths: FxHashMap<(Node, Node), usize> =
        (0..).zip(candidates.iter()).map(|(index, edge)| ((edge.from, edge.to), index)).collect();
    let mut marked = 0;
    for seen in &replayed.seen {
        let Deviation { kind, after, activity } = seen.deviation;
        let path = node(after, Node::Start).zip(node(activity, Node::End));
        match (kind, path) {
            (DeviationKind::UnknownActivity, Some((_, Node::Activity(index)))) => {
                activities[index].is_unknown = true;
            }
            (DeviationKind::NotAllowed | DeviationKind::NotAtEnd, Some(path)) if marked < MARKED => {
                if let Some(&index) = paths.get(&path) {
                    candidates[index].deviating = seen.cases;
                    marked += 1;
                }
            }
            _ => {}
        }
    }
}

/// Of each activity, whether all of its work has a begin and none of it rested: then what lies between begin and end is work.
fn tells_work(log: &EventLog, figures: &Figures, activities: &[Id]) -> Vec<bool> {
    let mut open = vec![0; log.names.activities.len()];
    for event in (0..log.events()).filter(|&event| log.is_open(event)) {
        open[log.activities[event] as usize] += 1;
    }
    let tells = |&activity: &Id| {
        let at = activity as usize;
        let spread = |spreads: &Option<Vec<Option<Spread>>>| spreads.as_ref().and_then(|all| all[at]);
        let worked = spread(&figures.service).map_or(0, |spread| spread.count);
        worked + open[at] == figures.flow.activities[at] && spread(&figures.suspended).is_none()
    };
    activities.iter().map(tells).collect()
}

/// Parts the times of paths into waiting and work, where all work that they lead to has a begin.
fn part_times(log: &EventLog, position: &[Option<usize>], begun: &[bool], edges: &mut [MapEdge]) {
    const NOWHERE: usize = usize::MAX;
    // By both activities: a look at a table for each step of the log costs less than one at a map.
    let side = begun.len();
    let mut paths = vec![NOWHERE; side * side];
    for (path, edge) in edges.iter().enumerate() {
        if let (Node::Activity(from), Node::Activity(to)) = (edge.from, edge.to) {
            paths[from * side + to] = if begun[to] { path } else { NOWHERE };
        }
    }
    let parts = |part: fn(i64, i64, i64) -> i64| -> Vec<Option<Spread>> {
        spread_by_group(edges.len(), |all| {
            for range in log.ranges() {
                let mut before = None;
                for event in range {
                    let Some(to) = position[log.activities[event] as usize] else { continue };
                    let Some((from, ahead)) = before.replace((to, event)) else { continue };
                    let path = paths[from * side + to];
                    // What has not ended tells no work.
                    let whole = path != NOWHERE && !log.is_open(event);
                    if let Some(begin) = whole.then(|| log.begin(event)).flatten() {
                        all.take(path, part(log.times[ahead], begin, log.times[event]));
                    }
                }
            }
        })
    };
    let waiting = parts(|before, begin, _| begin.saturating_sub(before).max(0));
    let work = parts(|_, begin, end| end.saturating_sub(begin));
    for ((edge, waiting), work) in edges.iter_mut().zip(waiting).zip(work) {
        edge.parts = waiting.zip(work).map(|(waiting, work)| (waiting.median / SECOND, work.median / SECOND));
    }
}
