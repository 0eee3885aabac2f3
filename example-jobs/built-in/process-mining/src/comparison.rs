//! Two groups of cases side by side: what differs between them, with intervals.

use rustc_hash::FxHashMap;
use serde_json::{Value, json};

use crate::completion::Completed;
use crate::dimensions::repeats;
use crate::effects::{Steps, cycle_times};
use crate::error::Stop;
use crate::figures::{Figures, SECOND, quantile};
use crate::filters::Filters;
use crate::intervals::{self, Interval, LEAST, REPETITIONS};
use crate::log::{EventLog, Micros};
use crate::map::{Map, Node};
use crate::parameters::{CaseGroup, Granularity};
use crate::read::Columns;

/// With fewer values on a side, a difference is marked as one of small numbers.
pub const SMALL: usize = 20;

/// The groups that are asked for, ready for a log.
#[derive(Debug)]
pub(crate) struct Asked {
    names: [String; 2],
    a: Filters,
    b: Option<Filters>,
}

/// Which case is in which group.
#[derive(Debug)]
pub struct Sides {
    /// What the groups are called.
    pub names: [String; 2],
    /// Their conditions, as people read them.
    pub conditions: [String; 2],
    /// Cases in each.
    pub cases: [usize; 2],
    /// Cases that meet both conditions, and are in no group.
    pub in_both: usize,
    /// Cases that meet none.
    pub in_neither: usize,
    /// Per case 0 or 1, or none.
    of_case: Vec<Option<u8>>,
}

/// What a contrast is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A share of the cases, from 0 to 1.
    Share,
    /// A median of times, in seconds.
    Time,
    /// A median of counts.
    Count,
}

/// A figure of both groups, and their difference: the first less the second.
#[derive(Debug, Clone, PartialEq)]
pub struct Contrast {
    /// What it is of.
    pub unit: Unit,
    /// Of how many cases or steps it is, in both groups.
    pub counts: [usize; 2],
    /// The figures; None without any.
    pub values: [Option<f64>; 2],
    /// Where the difference lies with 95 % confidence; None where too little is known.
    pub interval: Option<Interval>,
}

/// What the groups are compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Figure {
    /// Share of the cases that are completed.
    Completed,
    /// Cycle time of completed cases.
    CycleTime,
    /// Events or activity instances of a case.
    Length,
    /// Share of the cases that repeat an activity.
    Rework,
    /// Share of the completed cases on the happy path.
    HappyPath,
}

/// A path of the map in both groups.
#[derive(Debug)]
pub struct PathContrast {
    /// Share of the cases that take it.
    pub share: Contrast,
    /// The time that it takes, for paths between activities.
    pub time: Option<Contrast>,
}

/// Two groups side by side.
#[derive(Debug)]
pub struct Compared {
    /// The groups.
    pub sides: Sides,
    /// The figures of whole cases.
    pub figures: Vec<(Figure, Contrast)>,
    /// Time before activities, what moves most time first.
    pub before: Vec<(crate::names::Id, Contrast)>,
    /// Share of the cases with each activity of the map.
    pub activities: Vec<Contrast>,
    /// Each path of the map.
    pub paths: Vec<PathContrast>,
}

impl Asked {
    /// Reads what is asked for; None where nothing is.
    ///
    /// # Errors
    /// `InvalidParameter` for more than two groups, groups without conditions, and conditions that are none of cases.
    pub(crate) fn of(groups: &[CaseGroup], columns: &Columns) -> Result<Option<Self>, Stop> {
        let (a, b) = match groups {
            [] => return Ok(None),
            [a] => (a, None),
            [a, b] => (a, Some(b)),
            more => {
                let count = more.len();
                return Err(Stop::parameter(format!(
                    "compare holds {count} groups; at most two are compared."
                )));
            }
        };
        let read = |place: &str, group: &CaseGroup| {
            if group.filters.is_empty() {
                return Err(Stop::parameter(format!("{place}.filters is empty; a group needs a condition.")));
            }
            let filters = Filters::of_cases(&format!("{place}.filters"), &group.filters, columns)?;
            let given = group.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
            Ok((given.map_or_else(|| filters.describe(), str::to_string), filters))
        };
        let (first, a) = read("compare[0]", a)?;
        let second = b.map(|group| read("compare[1]", group)).transpose()?;
        let (second, b) = match second {
            Some((name, filters)) => (name, Some(filters)),
            None => ("all other cases".to_string(), None),
        };
        Ok(Some(Self { names: [first, second], a, b }))
    }

    /// Puts the cases of a log of events into the groups.
    ///
    /// # Errors
    /// `InvalidParameter` for attributes that the log does not have, and values that do not fit them.
    pub(crate) fn sides(&self, log: &EventLog, granularity: Granularity) -> Result<Sides, Stop> {
        let a = self.a.cases(log, granularity)?;
        let b = match &self.b {
            Some(filters) => filters.cases(log, granularity)?,
            None => a.iter().map(|in_a| !in_a).collect(),
        };
        let of_case = a.iter().zip(&b).map(|pair| match pair {
            (true, false) => Some(0),
            (false, true) => Some(1),
            _ => None,
        });
        let of_case: Vec<Option<u8>> = of_case.collect();
        let both = |wanted| a.iter().zip(&b).filter(|pair| *pair == (&wanted, &wanted)).count();
        let (in_both, in_neither) = (both(true), both(false));
        let count = |side| of_case.iter().filter(|&&found| found == Some(side)).count();
        let others = || self.names[1].clone();
        Ok(Sides {
            names: self.names.clone(),
            conditions: [self.a.describe(), self.b.as_ref().map_or_else(others, Filters::describe)],
            cases: [count(0), count(1)],
            in_both,
            in_neither,
            of_case,
        })
    }
}

impl Sides {
    fn of(&self, case: usize) -> Option<usize> {
        self.of_case[case].map(usize::from)
    }

    /// Parts and wholes of both sides.
    fn share(&self, cases: usize, whole: impl Fn(usize) -> bool, part: impl Fn(usize) -> bool) -> Contrast {
        let mut counts = [[0; 2]; 2];
        for case in (0..cases).filter(|&case| whole(case)) {
            if let Some(side) = self.of(case) {
                counts[side][0] += usize::from(part(case));
                counts[side][1] += 1;
            }
        }
        Contrast::of_shares(counts)
    }

    /// Medians of both sides.
    fn median(&self, unit: Unit, values: impl IntoIterator<Item = (u32, Micros)>) -> Contrast {
        let mut sides = [Vec::new(), Vec::new()];
        for (case, value) in values {
            if let Some(side) = self.of(case as usize) {
                sides[side].push(value);
            }
        }
        Contrast::of_medians(unit, sides)
    }
}

impl Contrast {
    fn of_shares(counts: [[usize; 2]; 2]) -> Self {
        let share = |[part, whole]: [usize; 2]| (whole > 0).then(|| part as f64 / whole as f64);
        Self {
            unit: Unit::Share,
            counts: counts.map(|[_, whole]| whole),
            values: counts.map(share),
            interval: intervals::of_shares(counts[0], counts[1]),
        }
    }

    fn of_medians(unit: Unit, mut sides: [Vec<Micros>; 2]) -> Self {
        sides.iter_mut().for_each(|side| side.sort_unstable());
        let scale = if unit == Unit::Time { SECOND } else { 1.0 };
        let median = |side: &Vec<Micros>| (!side.is_empty()).then(|| quantile(side, 0.5) / scale);
        let interval = intervals::of_medians(&sides[0], &sides[1]);
        Self {
            unit,
            counts: [sides[0].len(), sides[1].len()],
            values: [median(&sides[0]), median(&sides[1])],
            interval: interval.map(|interval| interval.map(|end| end / scale)),
        }
    }

    /// The first less the second.
    pub fn difference(&self) -> Option<f64> {
        Some(self.values[0]? - self.values[1]?)
    }

    /// 1 where the first is surely more, -1 where it is surely less, and 0 where the interval holds no difference, too.
    pub fn sign(&self) -> i8 {
        match self.interval {
            Some([low, _]) if low > 0.0 => 1,
            Some([_, high]) if high < 0.0 => -1,
            _ => 0,
        }
    }

    /// Whether one side has so few values that the interval is a rough one.
    pub fn is_small(&self) -> bool {
        self.counts.iter().any(|&count| count < SMALL)
    }

    fn document(&self) -> Value {
        json!({
            "unit": match self.unit {
                Unit::Share => "share",
                Unit::Time => "seconds",
                Unit::Count => "count",
            },
            "counts": self.counts,
            "values": self.values,
            "difference": self.difference(),
            "interval": self.interval,
            "differs": self.sign() != 0,
            "small_numbers": self.is_small(),
        })
    }
}

impl Figure {
    /// Its name. `row` is what the log counts.
    pub fn name(self, row: &str) -> String {
        match self {
            Self::Completed => "completed cases".to_string(),
            Self::CycleTime => "cycle time of completed cases".to_string(),
            Self::Length => format!("{row}s of a case"),
            Self::Rework => "cases with rework".to_string(),
            Self::HappyPath => "completed cases on the happy path of all".to_string(),
        }
    }

    fn key(self) -> &'static str {
        match self {
            Self::Completed => "completed_cases",
            Self::CycleTime => "cycle_time",
            Self::Length => "length",
            Self::Rework => "rework",
            Self::HappyPath => "happy_path",
        }
    }
}

impl Compared {
    /// Compares the groups in the log that is shown.
    pub fn of(log: &EventLog, figures: &Figures, completed: &Completed, map: &Map, sides: Sides) -> Self {
        let (activities, paths) = on_map(log, map, &sides);
        Self {
            figures: of_cases(log, figures, completed, &sides),
            before: before_activities(log, figures, &sides),
            activities,
            paths,
            sides,
        }
    }

    /// `comparison` of `process-mining.json`.
    pub fn document(&self, log: &EventLog, map: &Map) -> Value {
        let sides = &self.sides;
        let group = |side: usize| json!({"name": sides.names[side], "conditions": sides.conditions[side], "cases": sides.cases[side]});
        let with = |key: &str, value: Value, contrast: &Contrast| {
            let mut document = contrast.document();
            document[key] = value;
            document
        };
        let path = |(edge, path): (&crate::map::MapEdge, &PathContrast)| {
            json!({
                "from": map.activity(edge.from).map(|activity| &activity.name),
                "to": map.activity(edge.to).map(|activity| &activity.name),
                "cases": path.share.document(),
                "time": path.time.as_ref().map(Contrast::document),
            })
        };
        let activities = map.activities.iter().zip(&self.activities);
        json!({
            "groups": [group(0), group(1)],
            "cases_in_both": sides.in_both,
            "cases_in_neither": sides.in_neither,
            "confidence": 0.95,
            "medians": format!("percentile bootstrap of {REPETITIONS} repetitions; none with fewer than {LEAST} values on a side"),
            "shares": "method 10 of Newcombe 1998",
            "small_numbers_below": SMALL,
            "figures": self.figures.iter().map(|(figure, contrast)| with("figure", json!(figure.key()), contrast)).collect::<Value>(),
            "time_before_activity": self
                .before
                .iter()
                .map(|(activity, contrast)| with("activity", json!(log.activity_name(*activity)), contrast))
                .collect::<Value>(),
            "activities": activities
                .map(|(activity, contrast)| with("activity", json!(activity.name), contrast))
                .collect::<Value>(),
            "paths": map.edges.iter().zip(&self.paths).map(path).collect::<Value>(),
        })
    }
}

fn of_cases(
    log: &EventLog,
    figures: &Figures,
    completed: &Completed,
    sides: &Sides,
) -> Vec<(Figure, Contrast)> {
    let all = |_: usize| true;
    let is_completed = |case: usize| completed.is_completed(case);
    let repeats = repeats(log);
    let happy = completed.variants.first().map(|variant| figures.variants.of_case[variant.case]);
    let is_happy = |case: usize| Some(figures.variants.of_case[case]) == happy;
    let lengths = (0..).zip(log.ranges()).map(|(case, range)| (case, range.len() as Micros));
    vec![
        (Figure::CycleTime, sides.median(Unit::Time, cycle_times(log, completed))),
        (Figure::Length, sides.median(Unit::Count, lengths)),
        (Figure::Rework, sides.share(log.cases(), all, |case| repeats[case])),
        (Figure::HappyPath, sides.share(log.cases(), is_completed, is_happy)),
        (Figure::Completed, sides.share(log.cases(), all, is_completed)),
    ]
}

fn before_activities(log: &EventLog, figures: &Figures, sides: &Sides) -> Vec<(crate::names::Id, Contrast)> {
    let steps = Steps::longest(log, figures);
    let contrast = |&activity| (activity, sides.median(Unit::Time, steps.times_before(log, activity)));
    let mut before: Vec<(crate::names::Id, Contrast)> = steps.activities.iter().map(contrast).collect();
    let moved = |contrast: &Contrast| {
        let cases = contrast.counts[0].min(contrast.counts[1]) as f64;
        (contrast.sign() != 0, contrast.difference().unwrap_or(0.0).abs() * cases)
    };
    before.sort_by(|(_, a), (_, b)| {
        let (a, b) = (moved(a), moved(b));
        b.0.cmp(&a.0).then(b.1.total_cmp(&a.1))
    });
    before
}

/// What the cases of both groups do on the map.
fn on_map(log: &EventLog, map: &Map, sides: &Sides) -> (Vec<Contrast>, Vec<PathContrast>) {
    let mut place = vec![None; log.names.activities.len()];
    for (index, activity) in map.activities.iter().enumerate() {
        place[activity.id as usize] = Some(index);
    }
    let paths: FxHashMap<(Node, Node), usize> =
        (0..).zip(&map.edges).map(|(index, edge)| ((edge.from, edge.to), index)).collect();
    let mut doing = Walked::new(map.activities.len());
    let mut taking = Walked::new(map.edges.len());
    let mut times: Vec<[Vec<Micros>; 2]> = vec![[Vec::new(), Vec::new()]; map.edges.len()];
    for (case, range) in log.ranges().enumerate() {
        let Some(side) = sides.of(case) else { continue };
        let mut before = (Node::Start, None);
        for event in range {
            let Some(index) = place[log.activities[event] as usize] else { continue };
            doing.see(index, side, case);
            let here = Node::Activity(index);
            if let Some(&path) = paths.get(&(before.0, here)) {
                taking.see(path, side, case);
                times[path][side].extend(before.1.map(|time: Micros| log.times[event] - time));
            }
            before = (here, Some(log.times[event]));
        }
        if let Some(&path) = paths.get(&(before.0, Node::End)) {
            taking.see(path, side, case);
        }
    }
    let share =
        |cases: [usize; 2]| Contrast::of_shares([[cases[0], sides.cases[0]], [cases[1], sides.cases[1]]]);
    let path = |((cases, times), edge): (([usize; 2], [Vec<Micros>; 2]), &crate::map::MapEdge)| {
        let time = edge.time.map(|_| Contrast::of_medians(Unit::Time, times));
        PathContrast { share: share(cases), time }
    };
    let paths = taking.cases.into_iter().zip(times).zip(&map.edges).map(path).collect();
    (doing.cases.into_iter().map(share).collect(), paths)
}

/// Counts the cases of both groups, each once.
struct Walked {
    cases: Vec<[usize; 2]>,
    last: Vec<Option<usize>>,
}

impl Walked {
    fn new(count: usize) -> Self {
        Self { cases: vec![[0; 2]; count], last: vec![None; count] }
    }

    fn see(&mut self, index: usize, side: usize, case: usize) {
        if self.last[index].replace(case) != Some(case) {
            self.cases[index][side] += 1;
        }
    }
}
