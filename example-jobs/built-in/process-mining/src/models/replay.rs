//! Token replay: how the cases of a log fit a Petri net (Rozinat, van der Aalst, "Conformance checking of processes based
//! on monitoring real behavior", 2008), and how much more than the log the net allows (Muñoz-Gama, Carmona, "A Fresh Look
//! at Precision in Process Conformance", 2010).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::net::{Net, Place};
use super::ways::{Guide, Ways, distance};

/// The number of a label.
pub(super) type Label = u16;

/// Markings looked at to find the silent transitions that enable a step.
const SEARCH: usize = 2_000;
/// Tokens that a marking may have: a net that makes ever more is left where it is.
const TOKENS: usize = 2_000;
/// Of what was found out, as much is remembered: markings, steps from them, and tokens in all of them.
const REMEMBERED: usize = 50_000;
const REMEMBERED_TOKENS: usize = 500_000;
/// Ways to the places that one transition takes from, at most: of one with more, only the nearest markings are looked at.
const MOST_WAYS: usize = 8_000_000;

/// The places with a token, in order; as often as they have tokens.
type Marking = Rc<[Place]>;

/// What replaying counts, of a step or of a case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Taken.
    pub consumed: u64,
    /// Put.
    pub produced: u64,
    /// Taken though they were not there.
    pub missing: u64,
    /// Left behind at the end.
    pub remaining: u64,
}

impl Tokens {
    /// Adds those of `times` cases.
    pub fn add(&mut self, other: Self, times: u64) {
        self.consumed += other.consumed * times;
        self.produced += other.produced * times;
        self.missing += other.missing * times;
        self.remaining += other.remaining * times;
    }

    /// ½ (1 − missing / consumed) + ½ (1 − remaining / produced).
    pub fn fitness(&self) -> f64 {
        let kept = |lost: u64, of: u64| 1.0 - lost as f64 / (of.max(1)) as f64;
        (kept(self.missing, self.consumed) + kept(self.remaining, self.produced)) / 2.0
    }

    /// Whether no token was missing or left behind.
    pub fn fits(&self) -> bool {
        self.missing == 0 && self.remaining == 0
    }
}

/// A marking that was looked for, what firing counts until then, and which transition it is for.
type Found = (Marking, Tokens, u32);

/// What follows a marking and a label.
#[derive(Clone, Copy)]
struct Fired {
    to: u32,
    tokens: Tokens,
}

/// A net that is replayed, with what was found out about it.
pub(super) struct Player<'a> {
    net: &'a Net,
    /// The label of every transition that has one.
    labels: Vec<Option<Label>>,
    /// Transitions that take from a place.
    takers: Vec<Vec<u32>>,
    /// Transitions that take from nowhere.
    sources: Vec<u32>,
    of_label: Vec<Vec<u32>>,
    guide: Guide,
    markings: Vec<Marking>,
    numbers: FxHashMap<Marking, u32>,
    tokens: usize,
    fired: FxHashMap<(u32, Label), Fired>,
    ended: FxHashMap<u32, Tokens>,
    allowed: FxHashMap<u32, Rc<[Label]>>,
    /// How often a search was given up.
    pub(super) cut_short: u64,
}

impl<'a> Player<'a> {
    /// Labels are numbered by `label`.
    pub(super) fn new(net: &'a Net, label: impl Fn(&str) -> Label, count: usize) -> Self {
        let labels: Vec<Option<Label>> =
            net.transitions.iter().map(|transition| transition.label.as_deref().map(&label)).collect();
        let mut takers = vec![Vec::new(); net.places];
        let mut of_label = vec![Vec::new(); count];
        let mut sources = Vec::new();
        for (number, transition) in (0_u32..).zip(&net.transitions) {
            let mut inputs = transition.inputs.clone();
            inputs.dedup();
            inputs.iter().for_each(|&place| takers[usize::from(place)].push(number));
            if inputs.is_empty() {
                sources.push(number);
            }
            if let Some(label) = labels[number as usize] {
                of_label[usize::from(label)].push(number);
            }
        }
        Self {
            net,
            labels,
            takers,
            sources,
            of_label,
            guide: Guide::of(net),
            markings: Vec::new(),
            numbers: FxHashMap::default(),
            tokens: 0,
            fired: FxHashMap::default(),
            ended: FxHashMap::default(),
            allowed: FxHashMap::default(),
            cut_short: 0,
        }
    }

    /// The marking at the beginning, and what putting its tokens counts. Numbers of markings hold until the next call.
    pub(super) fn begin(&mut self) -> (u32, Tokens) {
        if self.markings.len() + self.fired.len() > REMEMBERED || self.tokens > REMEMBERED_TOKENS {
            self.markings.clear();
            self.numbers.clear();
            self.fired.clear();
            self.ended.clear();
            self.allowed.clear();
            self.guide.clear();
            self.tokens = 0;
        }
        let produced = self.net.first.len() as u64;
        (self.number(self.net.first.clone().into()), Tokens { produced, ..Tokens::default() })
    }

    fn number(&mut self, marking: Marking) -> u32 {
        let new = self.markings.len() as u32;
        let number = *self.numbers.entry(Rc::clone(&marking)).or_insert(new);
        if number == new {
            self.tokens += marking.len();
            self.markings.push(marking);
        }
        number
    }

    /// Fires a transition with this label, after silent ones where that is needed.
    pub(super) fn step(&mut self, from: u32, label: Label) -> (u32, Tokens) {
        if let Some(fired) = self.fired.get(&(from, label)) {
            return (fired.to, fired.tokens);
        }
        let start = Rc::clone(&self.markings[from as usize]);
        let wanted = |player: &Self, marking: &[Place]| player.enabled_of(marking, label);
        let targets = self.of_label[usize::from(label)].clone();
        let inputs = targets.iter().map(|&number| self.net.transitions[number as usize].inputs.clone());
        let found = self.find(&start, &inputs.collect::<Vec<_>>(), wanted);
        let (marking, mut tokens, transition) = found.unwrap_or_else(|| {
            // None is enabled: the one that lacks the fewest tokens fires all the same.
            let lacking = |&number: &u32| lacking(&start, &self.net.transitions[number as usize].inputs);
            let best = self.of_label[usize::from(label)].iter().copied().min_by_key(lacking);
            (Rc::clone(&start), Tokens::default(), best.unwrap_or(0))
        });
        let transition = &self.net.transitions[transition as usize];
        tokens.missing += lacking(&marking, &transition.inputs) as u64;
        tokens.consumed += transition.inputs.len() as u64;
        tokens.produced += transition.outputs.len() as u64;
        let to = self.number(after(&marking, &transition.inputs, &transition.outputs));
        self.fired.insert((from, label), Fired { to, tokens });
        (to, tokens)
    }

    /// Takes the tokens of the final marking, after silent transitions that lead there.
    pub(super) fn end(&mut self, from: u32) -> Tokens {
        if let Some(&tokens) = self.ended.get(&from) {
            return tokens;
        }
        let start = Rc::clone(&self.markings[from as usize]);
        let last = &self.net.last;
        let is_last = |_: &Self, marking: &[Place]| (marking == last.as_slice()).then_some(0);
        let found = self.find(&start, std::slice::from_ref(last), is_last);
        let (marking, mut tokens, _) = found.unwrap_or((start, Tokens::default(), 0));
        tokens.missing += lacking(&marking, last) as u64;
        tokens.consumed += last.len() as u64;
        tokens.remaining += lacking(last, &marking) as u64;
        self.ended.insert(from, tokens);
        tokens
    }

    /// The labels that may come next, after silent transitions.
    pub(super) fn allowed(&mut self, from: u32) -> Rc<[Label]> {
        if let Some(allowed) = self.allowed.get(&from) {
            return Rc::clone(allowed);
        }
        let start = Rc::clone(&self.markings[from as usize]);
        let mut found = FxHashSet::default();
        let (_, whole) = self.search(&start, |player, marking| {
            let enabled = player.enabled(marking);
            found.extend(enabled.filter_map(|number| player.labels[number as usize]));
            None
        });
        self.cut_short += u64::from(!whole);
        let mut allowed: Vec<Label> = found.into_iter().collect();
        allowed.sort_unstable();
        let allowed: Rc<[Label]> = allowed.into();
        self.allowed.insert(from, Rc::clone(&allowed));
        allowed
    }

    fn enabled<'b>(&'b self, marking: &'b [Place]) -> impl Iterator<Item = u32> + 'b {
        // A transition is named by the last of its places, so it is named once.
        let named = marking.chunk_by(|a, b| a == b).flat_map(move |same| {
            let place = same[0];
            let takers = self.takers[usize::from(place)].iter().copied();
            takers.filter(move |&number| self.net.transitions[number as usize].inputs.last() == Some(&place))
        });
        let fires = |number: &u32| lacking(marking, &self.net.transitions[*number as usize].inputs) == 0;
        named.filter(fires).chain(self.sources.iter().copied())
    }

    fn enabled_of(&self, marking: &[Place], label: Label) -> Option<u32> {
        let fires = |number: &u32| lacking(marking, &self.net.transitions[*number as usize].inputs) == 0;
        self.of_label[usize::from(label)].iter().copied().find(fires)
    }

    /// A marking over silent transitions that is wanted: the nearest one; where there are too many markings, one that the
    /// ways to any of these inputs lead to.
    fn find(
        &mut self,
        start: &Marking,
        inputs: &[Vec<Place>],
        wanted: impl Fn(&Self, &[Place]) -> Option<u32>,
    ) -> Option<Found> {
        let (found, whole) = self.search(start, &wanted);
        if found.is_some() || whole {
            return found;
        }
        let mut left = SEARCH;
        let found = inputs.iter().find_map(|inputs| self.follow(start, inputs, &mut left, &wanted));
        self.cut_short += u64::from(found.is_none());
        found
    }

    /// Looks at the markings first that are the least way from having tokens on all of these places; `left` are the markings
    /// that it may still come to.
    fn follow(
        &mut self,
        start: &Marking,
        inputs: &[Place],
        left: &mut usize,
        wanted: impl Fn(&Self, &[Place]) -> Option<u32>,
    ) -> Option<Found> {
        *left = left.checked_sub(1)?;
        if inputs.chunk_by(|a, b| a == b).count() * self.net.places > MOST_WAYS {
            return None;
        }
        let targets: Vec<Ways> = inputs.iter().map(|&place| self.guide.to(place)).collect();
        let mut seen = FxHashSet::default();
        seen.insert(Rc::clone(start));
        let mut reached = vec![(Rc::clone(start), Tokens::default())];
        let mut open = BinaryHeap::from([Reverse((distance(start, &targets), 0))]);
        while let Some(Reverse((_, at))) = open.pop() {
            let (marking, tokens) = reached[at].clone();
            if let Some(answer) = wanted(self, &marking) {
                return Some((marking, tokens, answer));
            }
            for (next, tokens) in self.silently(&marking, tokens) {
                if *left == 0 || next.len() > TOKENS {
                    return None;
                }
                if seen.insert(Rc::clone(&next)) {
                    *left -= 1;
                    open.push(Reverse((distance(&next, &targets), reached.len())));
                    reached.push((next, tokens));
                }
            }
        }
        None
    }

    /// The markings one silent transition on, with what is counted until then.
    fn silently<'b>(
        &'b self,
        marking: &'b [Place],
        tokens: Tokens,
    ) -> impl Iterator<Item = (Marking, Tokens)> + 'b {
        let silent = self.enabled(marking).filter(|&number| self.labels[number as usize].is_none());
        let fire = move |number: u32| {
            let transition = &self.net.transitions[number as usize];
            let mut tokens = tokens;
            tokens.consumed += transition.inputs.len() as u64;
            tokens.produced += transition.outputs.len() as u64;
            (after(marking, &transition.inputs, &transition.outputs), tokens)
        };
        silent.map(fire)
    }

    /// The nearest marking over silent transitions that is wanted, what firing them counts, and the answer of `wanted`; and
    /// whether there were not too many markings to look at all that are needed.
    fn search(
        &self,
        start: &Marking,
        mut wanted: impl FnMut(&Self, &[Place]) -> Option<u32>,
    ) -> (Option<Found>, bool) {
        let mut seen = FxHashSet::default();
        seen.insert(Rc::clone(start));
        let mut open = VecDeque::from([(Rc::clone(start), Tokens::default())]);
        while let Some((marking, tokens)) = open.pop_front() {
            if let Some(answer) = wanted(self, &marking) {
                return (Some((marking, tokens, answer)), true);
            }
            for (next, tokens) in self.silently(&marking, tokens) {
                if seen.len() >= SEARCH || next.len() > TOKENS {
                    return (None, false);
                }
                if seen.insert(Rc::clone(&next)) {
                    open.push_back((next, tokens));
                }
            }
        }
        (None, true)
    }
}

/// How many of the tokens that are needed a marking does not have. Both are in order.
fn lacking(marking: &[Place], needed: &[Place]) -> usize {
    let mut there = marking.iter().copied().peekable();
    let missing = |place: &&Place| {
        while there.next_if(|&other| other < **place).is_some() {}
        there.next_if_eq(*place).is_none()
    };
    needed.iter().filter(missing).count()
}

/// The marking without some tokens, as far as they are there, and with others.
fn after(marking: &[Place], taken: &[Place], put: &[Place]) -> Marking {
    let mut taken = taken.iter().copied().peekable();
    let mut next: Vec<Place> = Vec::with_capacity(marking.len() + put.len());
    for &place in marking {
        while taken.next_if(|&other| other < place).is_some() {}
        if taken.next_if_eq(&place).is_none() {
            next.push(place);
        }
    }
    next.extend(put);
    next.sort_unstable();
    next.into()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::models::net::Transition;

    /// Twenty tokens that each may move by itself, and activities that wait for what never comes.
    #[test]
    fn a_step_looks_at_so_many_markings_however_many_transitions_have_its_label() {
        let silent = |place| Transition { label: None, inputs: vec![place], outputs: vec![place + 20] };
        let step = Transition { label: Some("a".into()), inputs: vec![40], outputs: vec![41] };
        let transitions = (0..20).map(silent).chain(std::iter::repeat_n(step, 50)).collect();
        let net = Net { places: 42, transitions, first: (0..20).collect(), last: vec![41] };
        let mut player = Player::new(&net, |_| 0, 1);
        let start: Marking = net.first.clone().into();
        let looks = Cell::new(0);
        let wanted = |_: &Player<'_>, _: &[Place]| {
            looks.set(looks.get() + 1);
            None
        };
        assert!(player.find(&start, &vec![vec![40]; 50], wanted).is_none());
        assert_eq!(player.cut_short, 1);
        assert!(looks.get() <= 2 * SEARCH, "{}", looks.get());
    }
}
