//! Petri nets with a first and a final marking, and those that say the same as a process tree.

use super::tree::{Operator, Tree};

/// The number of a place.
pub(super) type Place = u16;

/// A transition. Without a label it is silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// What is seen when it fires.
    pub label: Option<String>,
    /// Places that it takes a token from, in order; a place may stand there several times.
    pub inputs: Vec<Place>,
    /// Places that it puts a token on, in order.
    pub outputs: Vec<Place>,
}

/// A Petri net.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Net {
    /// How many places there are.
    pub places: usize,
    /// The transitions.
    pub transitions: Vec<Transition>,
    /// The places with a token at first, in order; as often as they have tokens.
    pub first: Vec<Place>,
    /// The places with a token at the end.
    pub last: Vec<Place>,
}

impl Net {
    /// The net of a process tree: sound, with one place that a case comes from and one that it ends in.
    pub fn of<'a>(tree: &Tree, name: &impl Fn(crate::names::Id) -> &'a str) -> Self {
        let mut net = Self { places: 2, first: vec![0], last: vec![1], ..Self::default() };
        net.add(tree, 0, 1, name);
        net.simplified()
    }

    /// The net without silent transitions that say nothing.
    pub(super) fn simplified(mut self) -> Self {
        while let Some((silent, kept, gone)) = self.fusible() {
            self.fuse(silent, kept, gone);
        }
        self.number_again();
        self
    }

    /// A place more.
    pub(super) fn place(&mut self) -> Place {
        self.places += 1;
        (self.places - 1) as Place
    }

    /// A transition more.
    pub(super) fn step(&mut self, label: Option<String>, inputs: &[Place], outputs: &[Place]) {
        self.transitions.push(Transition { label, inputs: inputs.to_vec(), outputs: outputs.to_vec() });
    }

    fn add<'a>(&mut self, tree: &Tree, from: Place, to: Place, name: &impl Fn(crate::names::Id) -> &'a str) {
        match tree {
            Tree::Silent => self.step(None, &[from], &[to]),
            Tree::Activity(activity) => self.step(Some(name(*activity).to_string()), &[from], &[to]),
            Tree::Block(Operator::Sequence, parts) => {
                let mut here = from;
                for (number, part) in parts.iter().enumerate() {
                    let next = if number + 1 == parts.len() { to } else { self.place() };
                    self.add(part, here, next, name);
                    here = next;
                }
            }
            Tree::Block(Operator::Choice, parts) => {
                parts.iter().for_each(|part| self.add(part, from, to, name));
            }
            Tree::Block(Operator::Parallel, parts) => {
                let ends: Vec<(Place, Place)> = parts.iter().map(|_| (self.place(), self.place())).collect();
                let (begins, ends): (Vec<Place>, Vec<Place>) = ends.into_iter().unzip();
                self.step(None, &[from], &begins);
                for ((part, &begin), &end) in parts.iter().zip(&begins).zip(&ends) {
                    self.add(part, begin, end, name);
                }
                self.step(None, &ends, &[to]);
            }
            Tree::Block(Operator::Loop, parts) => {
                // A place of its own on both sides: what goes round must not be seen outside.
                let (begin, end) = (self.place(), self.place());
                self.step(None, &[from], &[begin]);
                for (number, part) in parts.iter().enumerate() {
                    let (from, to) = if number == 0 { (begin, end) } else { (end, begin) };
                    self.add(part, from, to, name);
                }
                self.step(None, &[end], &[to]);
            }
        }
    }

    /// A silent transition between two places that may be one (fusion of series places: Murata, "Petri Nets: Properties,
    /// Analysis and Applications", 1989): nothing else takes from the first, or nothing else puts on the second. The
    /// places where cases come from and end keep to that.
    fn fusible(&self) -> Option<(usize, Place, Place)> {
        let (mut takers, mut givers) = (vec![0; self.places], vec![0; self.places]);
        for transition in &self.transitions {
            transition.inputs.iter().for_each(|&place| takers[usize::from(place)] += 1);
            transition.outputs.iter().for_each(|&place| givers[usize::from(place)] += 1);
        }
        self.transitions.iter().enumerate().find_map(|(number, transition)| {
            let ([from], [to]) = (transition.inputs.as_slice(), transition.outputs.as_slice()) else {
                return None;
            };
            let (first, last) = (self.first.contains(from), self.last.contains(to));
            let alone_out = takers[usize::from(*from)] == 1;
            let alone_in = givers[usize::from(*to)] == 1;
            let fits = (alone_out && (!first || alone_in)) || (alone_in && (!last || alone_out));
            let fits = fits && transition.label.is_none() && from != to && !(first && last);
            fits.then_some(if last { (number, *to, *from) } else { (number, *from, *to) })
        })
    }

    fn fuse(&mut self, silent: usize, kept: Place, gone: Place) {
        self.transitions.remove(silent);
        for transition in &mut self.transitions {
            for places in [&mut transition.inputs, &mut transition.outputs] {
                places.iter_mut().filter(|place| **place == gone).for_each(|place| *place = kept);
            }
        }
    }

    /// Gives the places that are in use numbers from 0 on, and puts arcs in order.
    fn number_again(&mut self) {
        let mut numbers = vec![None; self.places];
        let mut next = 0;
        let mut number = |place: &mut Place| {
            let number = numbers[usize::from(*place)].get_or_insert_with(|| {
                next += 1;
                next - 1
            });
            *place = *number;
        };
        self.first.iter_mut().for_each(&mut number);
        for transition in &mut self.transitions {
            transition.inputs.iter_mut().chain(&mut transition.outputs).for_each(&mut number);
        }
        self.last.iter_mut().for_each(&mut number);
        self.places = usize::from(next);
        for transition in &mut self.transitions {
            transition.inputs.sort_unstable();
            transition.outputs.sort_unstable();
        }
    }

    /// Arcs, a place that a transition takes two tokens from counting twice.
    pub fn arcs(&self) -> usize {
        self.transitions.iter().map(|transition| transition.inputs.len() + transition.outputs.len()).sum()
    }

    /// Transitions that are not seen.
    pub fn silent(&self) -> usize {
        self.transitions.iter().filter(|transition| transition.label.is_none()).count()
    }

    /// Simplicity by the inverse of the arc degree: 1 / (1 + the mean number of arcs at a place or transition beyond two)
    /// (Blum, "Metrics in Process Discovery", 2015).
    pub fn simplicity(&self) -> f64 {
        let nodes = self.places + self.transitions.len();
        let mean = if nodes == 0 { 0.0 } else { 2.0 * self.arcs() as f64 / nodes as f64 };
        1.0 / (1.0 + (mean - 2.0).max(0.0))
    }
}
