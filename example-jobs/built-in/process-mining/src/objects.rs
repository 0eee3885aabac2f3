//! Object-centric logs: events of several objects, by the types of these, and as logs of cases of one type.

use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::attributes::{Wanted, is_named};
use crate::error::{Stop, excerpt};
use crate::figures::Durations;
use crate::log::{Builder, Event, Micros, NO_TIME};
use crate::names::{self, Id, NONE, Names};
use fuelcell_records_kit::iso::parse_iso;

/// How the type is chosen whose objects are cases, as a sentence.
pub const RULE: &str = "The type was chosen of whose objects most events have exactly one; types with more than 50 events an object, such as \
                        customers and machines, only where there is no other. The parameter objectType names another one.";

/// Objects with more events are more likely who or what takes part in many cases.
const MANY_EVENTS: u64 = 50;

/// Pairs of objects of which times between them are measured, at most.
const MOST_PAIRS: usize = 2_000_000;
/// Pairs of different types that are looked at for this, at most: also those that were seen before.
const MOST_LOOKS: usize = 20_000_000;
/// Pairs of types between which times are measured, at most: those of most pairs of objects. A file whose types are ids has
/// as many as there are pairs of objects.
const MOST_BETWEEN: usize = 1000;

/// An event.
#[derive(Debug, Clone, Copy)]
pub struct Happened {
    /// What was done.
    pub activity: Id,
    /// When.
    pub time: Micros,
}

/// A log as it is read.
#[derive(Debug, Default)]
pub struct ObjectLog {
    /// Types of objects.
    pub types: Names,
    /// Types of events.
    pub activities: Names,
    /// Objects.
    pub objects: Names,
    /// Per object its type.
    pub type_of: Vec<Id>,
    /// Events, in the order of the file.
    pub events: Vec<Happened>,
    /// Objects that refer to each other.
    pub links: Vec<(Id, Id)>,
    /// Where the objects of each event end.
    ends: Vec<usize>,
    /// The objects of all events; each once in an event.
    relations: Vec<Id>,
    attributes: Names,
    values: Names,
    /// Object, attribute, when it was set, value.
    of_objects: Vec<(Id, Id, Micros, Id)>,
    /// Event, attribute, value.
    of_events: Vec<(u32, Id, Id)>,
}

impl ObjectLog {
    /// The number of an object, which may be one that is not defined yet.
    pub(crate) fn object(&mut self, id: &str) -> Id {
        let object = self.objects.intern(id.as_bytes()).0;
        self.type_of.resize(self.objects.len(), NONE);
        object
    }

    pub(crate) fn object_value(&mut self, object: Id, name: &str, value: &str, time: Micros) {
        let attribute = self.attributes.intern(name.as_bytes()).0;
        self.of_objects.push((object, attribute, time, self.values.intern(value.as_bytes()).0));
    }

    pub(crate) fn event_value(&mut self, event: u32, name: &str, value: &str) {
        let attribute = self.attributes.intern(name.as_bytes()).0;
        self.of_events.push((event, attribute, self.values.intern(value.as_bytes()).0));
    }

    /// Appends an event and what it is of.
    pub(crate) fn happen<'a>(&mut self, event: Happened, objects: impl Iterator<Item = &'a str>) {
        let start = self.relations.len();
        for id in objects {
            let object = self.object(id);
            self.relations.push(object);
        }
        // An event may be of one object in several ways.
        self.relations[start..].sort_unstable();
        let mut kept = start;
        for place in start..self.relations.len() {
            if place == start || self.relations[place] != self.relations[kept - 1] {
                self.relations[kept] = self.relations[place];
                kept += 1;
            }
        }
        self.relations.truncate(kept);
        self.ends.push(kept);
        self.events.push(event);
    }

    fn range(&self, event: usize) -> Range<usize> {
        event.checked_sub(1).map_or(0, |before| self.ends[before])..self.ends[event]
    }

    /// The objects of an event.
    pub fn objects_of(&self, event: usize) -> &[Id] {
        &self.relations[self.range(event)]
    }

    fn is_of(&self, kind: Id) -> impl Fn(&&Id) -> bool + '_ {
        move |object| self.type_of[**object as usize] == kind
    }

    /// The log of the objects of a type: each of them is a case, and each event happens once in each of its objects.
    pub fn flatten(&self, kind: Id, wanted: Option<&Wanted>) -> Builder {
        let mut builder = Builder::default();
        let mut others = wanted.map(|wanted| Others::of(self, kind, wanted, &mut builder));
        for (number, event) in self.events.iter().enumerate() {
            let of_event = others.as_mut().map(|others| others.of_event(number as u32)).unwrap_or_default();
            for &object in self.objects_of(number).iter().filter(self.is_of(kind)) {
                let cases = builder.names.cases.len();
                let case = builder.names.cases.intern(self.objects.get(object).as_bytes()).0;
                if let Some(others) = others.as_ref().filter(|_| builder.names.cases.len() > cases) {
                    others.set_case(&mut builder, case, object);
                }
                builder.attributes.begin_event();
                for &(attribute, value) in &of_event {
                    let value = builder.attributes.value(attribute, self.values.get(value).as_bytes());
                    builder.attributes.set(attribute, value);
                }
                let activity =
                    builder.names.activities.intern(self.activities.get(event.activity).as_bytes()).0;
                builder.push(Event {
                    case,
                    activity,
                    time: event.time,
                    start: NO_TIME,
                    resource: NONE,
                    lifecycle: NONE,
                    instance: 0,
                    order: 0,
                    fingerprint: names::hash(&number.to_le_bytes()) as u32,
                });
            }
        }
        builder
    }
}

/// The attributes of objects and events that are kept when a log is flattened.
struct Others<'a> {
    log: &'a ObjectLog,
    /// Values of objects by object and time: attribute of the log of cases, value.
    of_objects: Vec<(Id, Micros, usize, Id)>,
    /// By attribute, its place among those of the log of cases.
    of_events: FxHashMap<Id, usize>,
    next: usize,
}

impl<'a> Others<'a> {
    fn of(log: &'a ObjectLog, kind: Id, wanted: &Wanted, builder: &mut Builder) -> Self {
        let mut places: FxHashMap<Id, Option<usize>> = FxHashMap::default();
        let is_time = |value: Id| parse_iso(log.values.get(value).as_bytes()).is_some();
        let mut of_objects = Vec::new();
        for &(object, attribute, time, value) in &log.of_objects {
            if log.type_of[object as usize] != kind {
                continue;
            }
            let place = *places.entry(attribute).or_insert_with(|| {
                let name = log.attributes.get(attribute);
                let is_wanted = wanted.wants(name, is_time(value));
                is_wanted.then(|| builder.attributes.add(name, true, 0)).flatten()
            });
            of_objects.extend(place.map(|place| (object, time, place, value)));
        }
        of_objects.sort_by_key(|&(object, time, ..)| (object, time));
        let mut of_events: FxHashMap<Id, Option<usize>> = FxHashMap::default();
        for &(_, attribute, value) in &log.of_events {
            of_events.entry(attribute).or_insert_with(|| {
                let name = log.attributes.get(attribute);
                let taken = places.get(&attribute).copied().flatten().is_some();
                let own = if taken { format!("event:{name}") } else { name.to_string() };
                let is_wanted = wanted.wants(name, is_time(value))
                    || wanted.named.iter().any(|wanted| is_named(&own, wanted));
                is_wanted.then(|| builder.attributes.add(&own, false, 0)).flatten()
            });
        }
        let of_events = of_events.into_iter().filter_map(|(attribute, place)| Some((attribute, place?)));
        Self { log, of_objects, of_events: of_events.collect(), next: 0 }
    }

    /// The last value of each attribute of an object.
    fn set_case(&self, builder: &mut Builder, case: Id, object: Id) {
        let first = self.of_objects.partition_point(|&(other, ..)| other < object);
        for &(_, _, attribute, value) in self.of_objects[first..].iter().take_while(|one| one.0 == object) {
            let value = builder.attributes.value(attribute, self.log.values.get(value).as_bytes());
            builder.attributes.set_case(attribute, case, value);
        }
    }

    /// The values of an event; events come in the order of the file.
    fn of_event(&mut self, event: u32) -> Vec<(usize, Id)> {
        let rest = &self.log.of_events[self.next..];
        let own = rest.iter().take_while(|one| one.0 <= event).count();
        self.next += own;
        let own = rest[..own].iter().filter(|one| one.0 == event);
        own.filter_map(|(_, attribute, value)| Some((*self.of_events.get(attribute)?, *value))).collect()
    }
}

/// The objects of a type.
#[derive(Debug, Default)]
pub struct TypeFigures {
    /// Objects.
    pub objects: u64,
    /// Those without an event.
    pub silent: u64,
    /// Events with at least one of them.
    pub events: u64,
    /// Events with several of them.
    pub several: u64,
    /// Events of objects: an event counts once for each of its objects.
    pub copies: u64,
    /// Events of objects that repeat an activity of theirs, beside other objects than its first time.
    pub diverging: u64,
    /// From the first to the last event of each object.
    pub lifetimes: Option<Durations>,
}

/// How many objects of a type the events of an activity have.
#[derive(Debug, Clone, Copy)]
pub struct Shared {
    /// The activity.
    pub activity: Id,
    /// The type.
    pub kind: Id,
    /// Events with objects of the type.
    pub events: u64,
    /// The fewest and the most of these in an event that has any.
    pub objects: (u64, u64),
}

/// Times between objects of two types that belong together.
#[derive(Debug)]
pub struct Between {
    /// The type whose objects mostly begin first, and the other one.
    pub types: (Id, Id),
    /// From the first event of the one object to the first event of the other.
    pub to_begin: Durations,
    /// From the first event of the one to the last event of the other.
    pub to_end: Durations,
}

/// An object-centric log with its figures.
#[derive(Debug)]
pub struct Objects {
    /// The log.
    pub log: ObjectLog,
    /// Per type.
    pub types: Vec<TypeFigures>,
    /// Activities and types, in the order of the activities.
    pub shared: Vec<Shared>,
    /// Times between objects, those of most pairs first.
    pub between: Vec<Between>,
    /// Whether there were more pairs than were measured.
    pub pairs_cut_short: bool,
    /// Events of no object at all.
    pub alone: u64,
    /// The type whose objects are cases.
    pub flattened: Id,
    /// Whether the request names it.
    pub given: bool,
}

impl Objects {
    /// Computes the figures. `given` names the type whose objects are cases.
    ///
    /// # Errors
    /// `EmptyLog` for a log in which no event is of an object, `InvalidParameter` for a type that it does not have.
    pub fn of(log: ObjectLog, given: Option<&str>) -> Result<Self, Stop> {
        let types = types(&log);
        if types.iter().all(|figures| figures.events == 0) {
            return Err(Stop::failed(
                "EmptyLog",
                "No event of the object-centric log is of an object; nothing can be told of it.",
            ));
        }
        let flattened = match given {
            Some(name) => log.types.find(name.as_bytes()).ok_or_else(|| unknown_type(&log.types, name))?,
            None => told_once(&log, &types),
        };
        let (between, pairs_cut_short) = between(&log);
        let alone = (0..log.events.len()).filter(|&event| log.objects_of(event).is_empty()).count() as u64;
        let shared = shared(&log);
        Ok(Self { types, shared, between, pairs_cut_short, alone, flattened, given: given.is_some(), log })
    }

    /// The figures of the type whose objects are cases.
    pub fn cases(&self) -> &TypeFigures {
        &self.types[self.flattened as usize]
    }

    /// Events that are of no object of this type.
    pub fn left_out(&self) -> u64 {
        self.log.events.len() as u64 - self.cases().events
    }

    /// The name of a type.
    pub fn type_name(&self, kind: Id) -> &str {
        self.log.types.get(kind)
    }

    /// Types by their events, most first.
    pub fn by_events(&self) -> Vec<Id> {
        let mut kinds: Vec<Id> = (0..self.types.len() as Id).collect();
        kinds.sort_by_key(|&kind| (std::cmp::Reverse(self.types[kind as usize].events), kind));
        kinds
    }

    /// The other types of which events of an activity have objects.
    pub fn others(&self, kind: Id, activity: &str) -> Vec<&str> {
        let Some(activity) = self.log.activities.find(activity.as_bytes()) else { return Vec::new() };
        let others = self.shared.iter().filter(|one| one.activity == activity && one.kind != kind);
        others.map(|one| self.type_name(one.kind)).collect()
    }
}

fn unknown_type(types: &Names, name: &str) -> Stop {
    const SHOWN: usize = 20;
    let there: Vec<String> =
        (0..types.len().min(SHOWN) as Id).map(|id| format!("\"{}\"", excerpt(types.get(id)))).collect();
    Stop::parameter(format!(
        "objectType is \"{}\", which no object has. The types of this log are {}.",
        excerpt(name),
        there.join(", ")
    ))
}

/// The type that [`RULE`] chooses.
fn told_once(log: &ObjectLog, types: &[TypeFigures]) -> Id {
    let rank = |kind: Id| {
        let figures = &types[kind as usize];
        let seen = figures.objects - figures.silent;
        let is_case = figures.copies <= MANY_EVENTS * seen;
        (
            figures.events > 0,
            is_case,
            figures.events - figures.several,
            seen,
            std::cmp::Reverse(log.types.get(kind)),
        )
    };
    (0..types.len() as Id).max_by_key(|&kind| rank(kind)).unwrap_or(0)
}

fn types(log: &ObjectLog) -> Vec<TypeFigures> {
    let mut types: Vec<TypeFigures> = (0..log.types.len()).map(|_| TypeFigures::default()).collect();
    // Per object and activity, what else its first event was of.
    let mut first: FxHashMap<(Id, Id), u64> = FxHashMap::default();
    // Of an event, how many objects of each type it has, and the sum of their hashes.
    let mut of_event: Vec<(u64, u64)> = vec![(0, 0); types.len()];
    let kind_of = |object: Id| log.type_of[object as usize] as usize;
    for (number, event) in log.events.iter().enumerate() {
        let objects = log.objects_of(number);
        let mut all = 0_u64;
        for &object in objects {
            let hash = names::hash(&object.to_le_bytes());
            let (count, sum) = &mut of_event[kind_of(object)];
            (*count, *sum, all) = (*count + 1, sum.wrapping_add(hash), all.wrapping_add(hash));
        }
        for &object in objects {
            let beside = all.wrapping_sub(of_event[kind_of(object)].1);
            let earlier = *first.entry((object, event.activity)).or_insert(beside);
            types[kind_of(object)].diverging += u64::from(earlier != beside);
        }
        for &object in objects {
            let (count, _) = std::mem::take(&mut of_event[kind_of(object)]);
            let figures = &mut types[kind_of(object)];
            figures.events += u64::from(count > 0);
            figures.several += u64::from(count > 1);
            figures.copies += count;
        }
    }
    let spans = spans(log);
    let mut lifetimes: Vec<Vec<Micros>> = vec![Vec::new(); types.len()];
    for (span, &kind) in spans.iter().zip(&log.type_of) {
        types[kind as usize].objects += 1;
        match span {
            Some((begin, end)) => lifetimes[kind as usize].push(end.saturating_sub(*begin)),
            None => types[kind as usize].silent += 1,
        }
    }
    for (figures, lifetimes) in types.iter_mut().zip(lifetimes) {
        figures.lifetimes = (!lifetimes.is_empty()).then(|| Durations::measured(lifetimes.into_iter()));
    }
    types
}

/// The first and the last time of every object.
fn spans(log: &ObjectLog) -> Vec<Option<(Micros, Micros)>> {
    let mut spans: Vec<Option<(Micros, Micros)>> = vec![None; log.type_of.len()];
    for (number, event) in log.events.iter().enumerate() {
        for &object in log.objects_of(number) {
            let span = spans[object as usize].get_or_insert((event.time, event.time));
            *span = (span.0.min(event.time), span.1.max(event.time));
        }
    }
    spans
}

fn shared(log: &ObjectLog) -> Vec<Shared> {
    let mut found: FxHashMap<(Id, Id), Shared> = FxHashMap::default();
    for (number, event) in log.events.iter().enumerate() {
        let mut kinds: Vec<Id> =
            log.objects_of(number).iter().map(|&object| log.type_of[object as usize]).collect();
        kinds.sort_unstable();
        for run in kinds.chunk_by(|a, b| a == b) {
            let (activity, count) = (event.activity, run.len() as u64);
            let one = Shared { activity, kind: run[0], events: 0, objects: (count, count) };
            let shared = found.entry((activity, run[0])).or_insert(one);
            shared.events += 1;
            shared.objects = (shared.objects.0.min(count), shared.objects.1.max(count));
        }
    }
    let mut found: Vec<Shared> = found.into_values().collect();
    found.sort_by_key(|shared| (shared.activity, shared.kind));
    found
}

/// Times between objects of different types that refer to each other or share an event, and whether some were left out.
fn between(log: &ObjectLog) -> (Vec<Between>, bool) {
    let (pairs, mut cut_short) = pairs(log);
    let spans = spans(log);
    let mut of_types: FxHashMap<(Id, Id), Vec<(Id, Id)>> = FxHashMap::default();
    for (a, b) in pairs {
        let types = (log.type_of[a as usize], log.type_of[b as usize]);
        of_types.entry(types).or_default().push((a, b));
    }
    let mut of_types: Vec<_> = of_types.into_iter().collect();
    of_types.sort_by_key(|(types, pairs)| (std::cmp::Reverse(pairs.len()), *types));
    cut_short |= of_types.len() > MOST_BETWEEN;
    of_types.truncate(MOST_BETWEEN);
    let measure = |(types, pairs): ((Id, Id), Vec<(Id, Id)>)| {
        let pairs: Vec<_> =
            pairs.iter().filter_map(|&(a, b)| spans[a as usize].zip(spans[b as usize])).collect();
        let first = pairs.iter().filter(|(a, b)| a.0 < b.0).count();
        let later = pairs.iter().filter(|(a, b)| a.0 > b.0).count();
        let turned = later > first;
        let in_order =
            |(a, b): &((Micros, Micros), (Micros, Micros))| if turned { (*b, *a) } else { (*a, *b) };
        let times = |end: fn((Micros, Micros)) -> Micros| {
            let ordered = pairs.iter().map(in_order);
            Durations::measured(ordered.map(|(a, b)| end(b).saturating_sub(a.0)))
        };
        let types = if turned { (types.1, types.0) } else { types };
        Between { types, to_begin: times(|span| span.0), to_end: times(|span| span.1) }
    };
    let mut between: Vec<Between> = of_types.into_iter().map(measure).collect();
    between.retain(|one| !one.to_begin.ascending.is_empty());
    between.sort_by_key(|one| (std::cmp::Reverse(one.to_begin.ascending.len()), one.types));
    (between, cut_short)
}

/// Pairs of objects of different types, the one of the lower type first.
fn pairs(log: &ObjectLog) -> (FxHashSet<(Id, Id)>, bool) {
    let (mut pairs, mut looks) = (FxHashSet::default(), 0);
    let kind_of = |object: Id| log.type_of[object as usize];
    let mut add = |a: Id, b: Id| {
        looks += 1;
        pairs.insert(if kind_of(a) < kind_of(b) { (a, b) } else { (b, a) });
        pairs.len() < MOST_PAIRS && looks < MOST_LOOKS
    };
    let mut links = log.links.iter().filter(|&&(a, b)| kind_of(a) != kind_of(b));
    let mut by_type: Vec<Id> = Vec::new();
    let whole = links.all(|&(a, b)| add(a, b))
        && (0..log.events.len()).all(|event| {
            by_type.clear();
            by_type.extend(log.objects_of(event));
            by_type.sort_unstable_by_key(|&object| (kind_of(object), object));
            let mut rest = by_type.as_slice();
            by_type.chunk_by(|&a, &b| kind_of(a) == kind_of(b)).all(|same| {
                rest = &rest[same.len()..];
                same.iter().all(|&a| rest.iter().all(|&b| add(a, b)))
            })
        });
    (pairs, !whole)
}
