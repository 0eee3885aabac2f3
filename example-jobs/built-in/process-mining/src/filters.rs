//! Which events and cases are analysed: the parameter `filters` on what a log knows of them.
//!
//! Conditions on events come first, then those on cases, each on what the ones before it have left. Of cases, what is shown
//! counts: activity instances where the log tells them.

use fuelcell_parameters_kit::{
    ACTIVITY, CASE, Comparison, Condition, Filter, Header, Level, RESOURCE, START, TIMESTAMP, TextCondition,
};

use crate::attributes::{Values, is_named};

use crate::error::{Stop, excerpt};
use crate::figures::{Variants, Work};
use crate::log::{EventLog, Micros};
use crate::names::{Id, NONE, Names};
use crate::parameters::Granularity;
use crate::read::Columns;

/// Filters that are asked for, ready for a log.
#[derive(Debug, Default)]
pub(crate) struct Filters {
    list: Vec<Asked>,
}

/// A condition, and what it is on.
#[derive(Debug)]
struct Asked {
    filter: Filter,
    place: String,
    on: On,
}

#[derive(Debug)]
enum On {
    Event(OfEvent, Test),
    Case(OfCase, Test),
    /// Pairs of activities of which the second follows the first, directly or some time later.
    Path(Vec<(String, String)>, Follows),
    /// What the log must tell first.
    Attribute,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Follows {
    Directly,
    Eventually,
}

/// What a filter left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The condition, as people read it.
    pub condition: String,
    /// What it left out.
    pub left_out: LeftOut,
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
    Activities,
    Variant,
    VariantCoverage,
    Rework,
    Start,
    End,
}

const OF_EVENTS: &str = "case, activity, timestamp, startTimestamp and resource";
const OF_CASES: [(&str, OfCase); 11] = [
    ("case", OfCase::Case),
    ("duration", OfCase::Duration),
    ("events", OfCase::Events),
    ("first activity", OfCase::FirstActivity),
    ("last activity", OfCase::LastActivity),
    ("activities", OfCase::Activities),
    ("variant", OfCase::Variant),
    ("variant coverage", OfCase::VariantCoverage),
    ("rework", OfCase::Rework),
    ("start", OfCase::Start),
    ("end", OfCase::End),
];

const PATHS: [(&str, Follows); 2] =
    [("directly follows", Follows::Directly), ("eventually follows", Follows::Eventually)];

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
    /// `InvalidParameter` for values that do not fit what they are compared with.
    pub(crate) fn of(filters: &[Filter], columns: &Columns) -> Result<Self, Stop> {
        Self::at("filters", filters, columns)
    }

    /// Reads the conditions on whole cases that a parameter at `place` asks for.
    ///
    /// # Errors
    /// `InvalidParameter` as [`Filters::of`], and for conditions on events.
    pub(crate) fn of_cases(place: &str, filters: &[Filter], columns: &Columns) -> Result<Self, Stop> {
        let read = Self::at(place, filters, columns)?;
        match read.list.iter().find(|asked| asked.is_on_events()) {
            None => Ok(read),
            Some(asked) => Err(Stop::parameter(format!(
                "{}.level is about events; a group is of whole cases: leave level out, or say case.",
                asked.place
            ))),
        }
    }

    fn at(place: &str, filters: &[Filter], columns: &Columns) -> Result<Self, Stop> {
        let mut list = Vec::with_capacity(filters.len());
        for (index, filter) in filters.iter().enumerate() {
            let place = format!("{place}[{index}]");
            let on = On::of(filter, columns, &place)?;
            list.push(Asked { filter: filter.clone(), place, on });
        }
        list.sort_by_key(|asked| !asked.is_on_events());
        Ok(Self { list })
    }

    /// Keeps the events that are meant, then the cases. Answers what each condition left out.
    ///
    /// # Errors
    /// `InvalidParameter` for attributes that the log does not have, and values that do not fit them.
    pub(crate) fn apply(&self, log: &mut EventLog, granularity: Granularity) -> Result<Vec<Removed>, Stop> {
        let (of_events, of_cases) = self.list.split_at(self.list.partition_point(Asked::is_on_events));
        let mut removed = Vec::with_capacity(self.list.len());
        for asked in of_events {
            removed.push(asked.apply(log, None)?);
        }
        let mut instances = if of_cases.is_empty() { None } else { instances(log, granularity) };
        for asked in of_cases {
            removed.push(asked.apply(log, instances.as_mut())?);
        }
        Ok(removed)
    }

    /// Of each case, whether it meets all conditions.
    ///
    /// # Errors
    /// As [`Filters::apply`].
    pub(crate) fn cases(&self, log: &EventLog, granularity: Granularity) -> Result<Vec<bool>, Stop> {
        let instances = instances(log, granularity);
        let mut all = vec![true; log.cases()];
        for asked in &self.list {
            if let Kept::Cases(kept) = asked.kept(log, instances.as_ref().unwrap_or(log))? {
                all.iter_mut().zip(kept).for_each(|(all, kept)| *all &= kept);
            }
        }
        Ok(all)
    }

    /// The conditions as people read them.
    pub(crate) fn describe(&self) -> String {
        self.list.iter().map(|asked| asked.filter.describe()).collect::<Vec<_>>().join(" and ")
    }
}

/// The activity instances of a log, where they are what counts and several events each. The cases are the same.
fn instances(log: &EventLog, granularity: Granularity) -> Option<EventLog> {
    let pieces = (granularity == Granularity::Instances).then(|| Work::of(log).pieces()).flatten();
    pieces.map(|pieces| pieces.log)
}

impl LeftOut {
    /// What all of them left out.
    pub fn sum(removed: &[Removed]) -> Self {
        removed.iter().fold(Self::default(), |sum, one| Self {
            events: sum.events + one.left_out.events,
            cases: sum.cases + one.left_out.cases,
        })
    }
}

impl On {
    fn of(filter: &Filter, columns: &Columns, place: &str) -> Result<Self, Stop> {
        let name = filter.attribute.as_str();
        if matches!(filter.level, Some(Level::Event | Level::Row)) {
            return Ok(match OfEvent::named(name, columns) {
                Some(attribute) => Self::Event(attribute, attribute.test(filter, place)?),
                None => Self::Attribute,
            });
        }
        if let Some((_, follows)) = PATHS.iter().find(|(path, _)| *path == name) {
            return Ok(Self::Path(paths(filter, place)?, *follows));
        }
        Ok(match OF_CASES.iter().find(|(case, _)| *case == name) {
            Some((_, attribute)) => Self::Case(*attribute, attribute.test(filter, place)?),
            None => Self::Attribute,
        })
    }
}

/// The pairs that `A → B` names.
fn paths(filter: &Filter, place: &str) -> Result<Vec<(String, String)>, Stop> {
    if !matches!(filter.comparison, Comparison::Is | Comparison::IsNot) {
        return Err(Stop::parameter(format!(
            "{place}.comparison needs to be is or isNot, as \"{}\" is of paths.",
            excerpt(&filter.attribute)
        )));
    }
    filter.of_texts(place)?;
    let pair = |value: &serde_json::Value| {
        let pair = value.as_str().and_then(|text| text.split_once(" → "));
        let pair = pair.map(|(from, to)| (from.to_string(), to.to_string()));
        pair.ok_or_else(|| {
            let value = excerpt(&value.to_string());
            Stop::parameter(format!("{place}.values holds {value}; a path is two activities: \"A → B\"."))
        })
    };
    filter.values.iter().map(pair).collect()
}

impl Asked {
    fn is_on_events(&self) -> bool {
        matches!(self.filter.level, Some(Level::Event | Level::Row))
    }

    /// Keeps what meets the condition; of the log's activity instances the same cases.
    fn apply(&self, log: &mut EventLog, instances: Option<&mut EventLog>) -> Result<Removed, Stop> {
        let (events, cases) = (log.events(), log.cases());
        match self.kept(log, instances.as_deref().unwrap_or(log))? {
            Kept::Events(kept) => log.retain(|_, event| kept[event]),
            Kept::Cases(kept) => {
                log.retain(|case, _| kept[case]);
                instances.into_iter().for_each(|log| log.retain(|case, _| kept[case]));
            }
        }
        Ok(Removed {
            condition: self.filter.describe(),
            left_out: LeftOut { events: (events - log.events()) as u64, cases: (cases - log.cases()) as u64 },
        })
    }

    /// What meets the condition. What is asked of a case by what was done in it is told by the log that is shown.
    fn kept(&self, log: &EventLog, shown: &EventLog) -> Result<Kept, Stop> {
        Ok(match &self.on {
            On::Event(attribute, test) => Kept::Events(attribute.kept(test, log)),
            On::Case(OfCase::VariantCoverage, test) => {
                Kept::Cases(covered_before(shown).into_iter().map(|share| test.number(share)).collect())
            }
            On::Case(attribute, test) => {
                let holds = |case| attribute.holds(test, &self.filter, shown, case);
                Kept::Cases((0..shown.cases()).map(holds).collect())
            }
            On::Path(pairs, follows) => {
                let pairs = known_pairs(shown, pairs);
                let wanted = self.filter.comparison == Comparison::Is;
                let has = |trace: &[Id]| pairs.iter().any(|pair| follows.occurs(trace, *pair));
                Kept::Cases((0..shown.cases()).map(|case| has(shown.trace(case)) == wanted).collect())
            }
            On::Attribute => self.kept_by_attribute(log)?,
        })
    }

    fn kept_by_attribute(&self, log: &EventLog) -> Result<Kept, Stop> {
        let name = self.filter.attribute.as_str();
        let mut of_cases = log.attributes.of_cases.iter();
        if let Some(attribute) = of_cases.find(|attribute| is_named(&attribute.name, name)) {
            let meets = self.values(&attribute.values)?;
            let holds = |case| meets.value(log.case_value(attribute, case));
            return Ok(Kept::Cases((0..log.cases()).map(holds).collect()));
        }
        let mut of_events = log.attributes.of_events.iter();
        let attribute = of_events.find(|attribute| is_named(&attribute.name, name));
        let attribute = attribute.ok_or_else(|| self.unknown(log))?;
        let meets = self.values(&attribute.values)?;
        let meets = |event: usize| meets.value(attribute.code(event));
        if self.is_on_events() {
            return Ok(Kept::Events((0..log.events()).map(meets).collect()));
        }
        // Of a case it is said of any of its events, unless it is something that none may have.
        let all = is_of_all(&self.filter);
        let holds = |mut range: std::ops::Range<usize>| if all { range.all(meets) } else { range.any(meets) };
        Ok(Kept::Cases(log.ranges().map(holds).collect()))
    }

    /// Which values of an attribute meet the condition.
    fn values(&self, values: &Values) -> Result<Met, Stop> {
        let (filter, place) = (&self.filter, self.place.as_str());
        let test = match values {
            Values::Texts(_) => Test::Texts(filter.of_texts(place)?),
            Values::Numbers(_) => Test::Numbers(filter.of_numbers(place)?),
            Values::Times(_) => Test::Times(filter.of_times(place)?),
        };
        let holds = |value: Id| match (values, &test) {
            (Values::Numbers(numbers), _) => test.number(numbers[value as usize]),
            (Values::Times(times), _) => test.time(Some(times[value as usize])),
            (Values::Texts(names), _) => test.text(Some(names.get(value))),
        };
        Ok(Met { values: (0..values.len() as Id).map(holds).collect(), missing: test.missing() })
    }

    fn unknown(&self, log: &EventLog) -> Stop {
        let cases = OF_CASES.iter().map(|(name, _)| *name).chain(PATHS.iter().map(|(name, _)| *name));
        let cases = cases.collect::<Vec<_>>().join(", ");
        let attributes = log.attributes.names().map(|name| format!("\"{}\"", excerpt(name)));
        let attributes = attributes.collect::<Vec<_>>().join(", ");
        let attributes = if attributes.is_empty() { "none".to_string() } else { attributes };
        Stop::parameter(format!(
            "{}.attribute is \"{}\". ProcessMining knows of events (level event) {OF_EVENTS}, of cases (level case, or none) \
             {cases}, and the attributes of this log: {attributes}. Filter by anything else with DataEnrichment first.",
            self.place,
            excerpt(&self.filter.attribute)
        ))
    }
}

/// What meets a condition.
enum Kept {
    Events(Vec<bool>),
    Cases(Vec<bool>),
}

/// Which values meet a condition, and whether none does.
struct Met {
    values: Vec<bool>,
    missing: bool,
}

impl Met {
    fn value(&self, value: Option<Id>) -> bool {
        value.map_or(self.missing, |value| self.values[value as usize])
    }
}

/// Whether a condition is on all of several values: none of them may be one of those.
fn is_of_all(filter: &Filter) -> bool {
    matches!(filter.comparison, Comparison::IsNot | Comparison::IsMissing)
}

/// Of each case, the share of all cases that variants more frequent than its own cover.
fn covered_before(log: &EventLog) -> Vec<f64> {
    let variants = Variants::of(log);
    let before = variants.list.iter().scan(0, |sum, variant| {
        let before = *sum;
        *sum += variant.count;
        Some(before as f64 / log.cases() as f64)
    });
    let before: Vec<f64> = before.collect();
    variants.of_case.iter().map(|&variant| before[variant as usize]).collect()
}

/// The pairs of which the log has both activities.
fn known_pairs(log: &EventLog, pairs: &[(String, String)]) -> Vec<(Id, Id)> {
    let names = &log.names.activities;
    let number = |name: &str| (0..names.len() as Id).find(|&id| names.get(id) == name);
    pairs.iter().filter_map(|(from, to)| number(from).zip(number(to))).collect()
}

impl Follows {
    fn occurs(self, trace: &[Id], (from, to): (Id, Id)) -> bool {
        match self {
            Self::Directly => trace.windows(2).any(|pair| pair == [from, to]),
            Self::Eventually => {
                let first = trace.iter().position(|&activity| activity == from);
                first.is_some_and(|first| trace[first + 1..].contains(&to))
            }
        }
    }
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
            Self::Duration | Self::Events | Self::VariantCoverage => Test::Numbers(filter.of_numbers(place)?),
            Self::Start | Self::End => Test::Times(filter.of_times(place)?),
            _ => Test::Texts(filter.of_texts(place)?),
        })
    }

    fn holds(self, test: &Test, filter: &Filter, log: &EventLog, case: usize) -> bool {
        let range = log.range(case);
        let name = |event: usize| log.activity_name(log.activities[event]);
        match self {
            Self::Case => test.text(Some(log.case_name(case))),
            Self::Duration => test.number(log.lead_time(case) as f64 / 1e6),
            Self::Events => test.number(range.len() as f64),
            Self::FirstActivity => test.text(Some(name(range.start))),
            Self::LastActivity => test.text(Some(name(range.end - 1))),
            Self::Activities => {
                let mut names = range.map(name);
                let holds = |name: &str| test.text(Some(name));
                if is_of_all(filter) { names.all(holds) } else { names.any(holds) }
            }
            // It is that of all cases together.
            Self::VariantCoverage => false,
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
    /// Whether it holds where there is no value.
    fn missing(&self) -> bool {
        match self {
            Self::Numbers(condition) => condition.holds(None),
            Self::Times(condition) => condition.holds(None),
            Self::Texts(condition) => condition.holds(None),
        }
    }

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
