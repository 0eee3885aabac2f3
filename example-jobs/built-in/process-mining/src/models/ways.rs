//! Ways over silent transitions: how far a place is from others, as a search for a marking needs it.

use std::collections::VecDeque;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::net::{Net, Place};

/// For every place, the fewest silent transitions over which a token comes from there to one of them; [`NO_WAY`]
/// where none does.
pub(super) type Ways = Rc<[u32]>;

/// Of the ways to places, as many numbers are remembered.
const REMEMBERED: usize = 500_000;

/// There is no way.
pub(super) const NO_WAY: u32 = u32::MAX;

/// What is known of the ways in a net.
#[derive(Default)]
pub(super) struct Guide {
    /// The places that silent transitions take from, for every place that they put on.
    before: Vec<Vec<Place>>,
    /// The ways to places, no more numbers in all than [`REMEMBERED`].
    known: FxHashMap<Place, Ways>,
}

impl Guide {
    /// Of a net.
    pub(super) fn of(net: &Net) -> Self {
        let mut before = vec![Vec::new(); net.places];
        for silent in net.transitions.iter().filter(|transition| transition.label.is_none()) {
            silent.outputs.iter().for_each(|&place| before[usize::from(place)].extend(&silent.inputs));
        }
        Self { before, known: FxHashMap::default() }
    }

    /// Forgets what was found out.
    pub(super) fn clear(&mut self) {
        self.known.clear();
    }

    /// The ways to a place.
    pub(super) fn to(&mut self, target: Place) -> Ways {
        if let Some(ways) = self.known.get(&target) {
            return Rc::clone(ways);
        }
        if (self.known.len() + 1) * self.before.len() > REMEMBERED {
            self.known.clear();
        }
        let mut ways = vec![NO_WAY; self.before.len()];
        ways[usize::from(target)] = 0;
        let mut open = VecDeque::from([target]);
        while let Some(place) = open.pop_front() {
            let farther = ways[usize::from(place)] + 1;
            for &from in &self.before[usize::from(place)] {
                if ways[usize::from(from)] == NO_WAY {
                    ways[usize::from(from)] = farther;
                    open.push_back(from);
                }
            }
        }
        let ways: Ways = ways.into();
        self.known.insert(target, Rc::clone(&ways));
        ways
    }
}

/// How far a marking is from one with tokens on all the places that these ways lead to: first by the nearest tokens; where
/// these wait for others, by all of them, the farthest first. A token that parts into several comes nearer, too.
pub(super) fn distance(marking: &[Place], targets: &[Ways]) -> (u64, Vec<u32>) {
    let way = |ways: &Ways, place: Place| ways[usize::from(place)];
    let nearest = |ways: &Ways| marking.iter().map(|&place| way(ways, place)).min().unwrap_or(NO_WAY);
    let shortest = |place: Place| targets.iter().map(|ways| way(ways, place)).min().unwrap_or(NO_WAY);
    let mut all: Vec<u32> =
        marking.iter().map(|&place| shortest(place)).filter(|&way| way != NO_WAY).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    (targets.iter().map(|ways| u64::from(nearest(ways))).sum(), all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_large_net_stays_small() {
        let mut guide = Guide::of(&Net { places: 20_000, ..Net::default() });
        for place in 0..100 {
            assert_eq!(guide.to(place)[usize::from(place)], 0);
            assert!(guide.known.len() * 20_000 <= REMEMBERED, "{}", guide.known.len());
        }
    }
}
