//! Which events and cases are analysed: the parameter `filters` on what a log knows of them.

use fuelcell_parameters_kit::{
    ACTIVITY, CASE, Condition, Filter, Header, Level, RESOURCE, START, TIMESTAMP, TextCondition,
};

use crate::error::{Stop, excerpt};
use crate::log::{EventLog, Micros};
use crate::names::{Id, NONE, Names};
use crate::read::Columns;

/// Filters that are asked for, ready for a log.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    events: Vec<(OfEvent, Test)>,
    cases: Vec<(OfCase, Test)>,
}

/// What filters left out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Events, those of whole cases included.
    pub events: u64,
    /// Whole cases.
    pub cases: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfEvent {
    Case,
    Activity,
    Time,
    Start,
    Resource,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum OfCase {
    Case,
    Duration,
    Events,
    FirstActivity,
    LastActivity,
    Variant,
    Rework,
    Start,
    End,
}

const OF_EVENTS: &str = "case, activity, timestamp, startTimestamp and resource";
const OF_CASES: [(&str, OfCase); 9] = [
    ("case", OfCase::Case),
    ("duration", OfCase::Duration),
    ("events", OfCase::Events),
    ("first activity", OfCase::FirstActivity),
    ("last activity", OfCase::LastActivity),
    ("variant", OfCase::Variant),
    ("rework", OfCase::Rework),
    ("start", OfCase::Start),
    ("end", OfCase::End),
];

#[derive(Debug)]
enum Test {
    Numbers(Condition<f64>),
    Times(Condition<Micros>),
    Texts(TextCondition),
}

impl Filters {
    /// Reads what is asked for.
    ///
    /// # Errors
    /// `InvalidParameter` for attributes that a log of this job does not keep, and values that do not fit them.
    pub(crate) fn of(filters: &[Filter], columns: &Columns) -> Result<Self, Stop> {
        let mut found = Self::default();
        for (index, filter) in filters.iter().enumerate() {
            let place = format!("filters[{index}]");
            match filter.level {
                Some(Level::Event | Level::Row) => {
                    let attribute = OfEvent::named(&filter.attribute, columns);
                    let attribute = attribute.ok_or_else(|| unknown(filter, &place))?;
                    found.events.push((attribute, attribute.test(filter, &place)?));
                }
                Some(Level::Case) | None => {
                    let named = OF_CASES.iter().find(|(name, _)| *name == filter.attribute);
                    let (_, attribute) = *named.ok_or_else(|| unknown(filter, &place))?;
                    found.cases.push((attribute, attribute.test(filter, &place)?));
                }
            }
        }
        Ok(found)
    }

    /// Keeps the events that are meant, then the cases.
    pub(crate) fn apply(&self, log: &mut EventLog) -> LeftOut {
        let (events, cases) = (log.events(), log.cases());
        for (attribute, test) in &self.events {
            let kept = attribute.kept(test, log);
            log.retain(|_, event| kept[event]);
        }
        if !self.cases.is_empty() {
            let meets =
                |case: usize| self.cases.iter().all(|(attribute, test)| attribute.holds(test, log, case));
            let kept: Vec<bool> = (0..log.cases()).map(meets).collect();
            log.retain(|case, _| kept[case]);
        }
        LeftOut { events: (events - log.events()) as u64, cases: (cases - log.cases()) as u64 }
    }
}

fn unknown(filter: &Filter, place: &str) -> Stop {
    let cases = OF_CASES.map(|(name, _)| name).join(", ");
    Stop::parameter(format!(
        "{place}.attribute is \"{}\". ProcessMining knows of events (level event) {OF_EVENTS}, and of cases (level case, or \
         none) {cases}. Filter by other columns with DataEnrichment first.",
        excerpt(&filter.attribute)
    ))
}

impl OfEvent {
    /// The role that a name stands for: the role's own name, that which `columns` gives, or a well-known one.
    fn named(name: &str, columns: &Columns) -> Option<Self> {
        let header = Header::new([name]);
        let roles = [
            (Self::Case, "case", &columns.case, &CASE[..]),
            (Self::Activity, "activity", &columns.activity, &ACTIVITY[..]),
            (Self::Start, "startTimestamp", &columns.start_timestamp, &START[..]),
            (Self::Time, "timestamp", &columns.timestamp, &TIMESTAMP[..]),
            (Self::Resource, "resource", &columns.resource, &RESOURCE[..]),
        ];
        let given = roles.iter().find(|(_, own, given, _)| *own == name || given.as_deref() == Some(name));
        let known = || roles.iter().find(|(.., known)| header.known(known).is_some());
        given.or_else(known).map(|(role, ..)| *role)
    }

    fn test(self, filter: &Filter, place: &str) -> Result<Test, Stop> {
        Ok(match self {
            Self::Time | Self::Start => Test::Times(filter.of_times(place)?),
            Self::Case | Self::Activity | Self::Resource => Test::Texts(filter.of_texts(place)?),
        })
    }

    /// For each event whether it meets the condition.
    fn kept(self, test: &Test, log: &EventLog) -> Vec<bool> {
        match self {
            Self::Case => {
                let cases = log.ranges().enumerate();
                cases
                    .flat_map(|(case, range)| vec![test.text(Some(log.case_name(case))); range.len()])
                    .collect()
            }
            Self::Activity => test.of_names(&log.names.activities, &log.activities),
            Self::Resource => test.of_names(&log.names.resources, &log.resources),
            Self::Time => log.times.iter().map(|&time| test.time(Some(time))).collect(),
            Self::Start => match &log.starts {
                Some(_) => (0..log.events()).map(|event| test.time(log.begin(event))).collect(),
                None => vec![test.time(None); log.events()],
            },
        }
    }
}

impl OfCase {
    fn test(self, filter: &Filter, place: &str) -> Result<Test, Stop> {
        Ok(match self {
            Self::Duration | Self::Events => Test::Numbers(filter.of_numbers(place)?),
            Self::Start | Self::End => Test::Times(filter.of_times(place)?),
            _ => Test::Texts(filter.of_texts(place)?),
        })
    }

    fn holds(self, test: &Test, log: &EventLog, case: usize) -> bool {
        let range = log.range(case);
        let name = |event: usize| log.activity_name(log.activities[event]);
        match self {
            Self::Case => test.text(Some(log.case_name(case))),
            Self::Duration => test.number(log.lead_time(case) as f64 / 1e6),
            Self::Events => test.number(range.len() as f64),
            Self::FirstActivity => test.text(Some(name(range.start))),
            Self::LastActivity => test.text(Some(name(range.end - 1))),
            Self::Variant => test.text(Some(&range.map(name).collect::<Vec<_>>().join(" → "))),
            Self::Rework => {
                let mut activities = log.trace(case).to_vec();
                activities.sort_unstable();
                let repeats = activities.windows(2).any(|pair| pair[0] == pair[1]);
                test.text(Some(if repeats { "yes" } else { "no" }))
            }
            Self::Start => test.time(Some(log.span(case).0)),
            Self::End => test.time(Some(log.span(case).1)),
        }
    }
}

impl Test {
    fn number(&self, value: f64) -> bool {
        matches!(self, Self::Numbers(condition) if condition.holds(Some(value)))
    }

    fn time(&self, value: Option<Micros>) -> bool {
        matches!(self, Self::Times(condition) if condition.holds(value))
    }

    fn text(&self, value: Option<&str>) -> bool {
        matches!(self, Self::Texts(condition) if condition.holds(value))
    }

    fn of_names(&self, names: &Names, of_events: &[Id]) -> Vec<bool> {
        let held: Vec<bool> = (0..names.len()).map(|id| self.text(Some(names.get(id as Id)))).collect();
        let missing = self.text(None);
        of_events.iter().map(|&id| if id == NONE { missing } else { held[id as usize] }).collect()
    }
}
