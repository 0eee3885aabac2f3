//! Who does the work and who hands it to whom.

use rustc_hash::FxHashMap;

use crate::log::EventLog;
use crate::names::{Id, NONE};

/// Work by resource.
#[derive(Debug, Clone)]
pub struct Resources {
    /// Events that name no resource.
    pub unknown: u64,
    /// (resource, events), most events first, then by name.
    pub workload: Vec<(Id, u64)>,
    /// Consecutive events of a case that both name a resource, per pair, most frequent first.
    pub handovers: Vec<((Id, Id), u64)>,
}

impl Resources {
    /// Counts. None when no event names a resource.
    pub fn of(log: &EventLog) -> Option<Self> {
        let mut events = vec![0_u64; log.names.resources.len()];
        let mut pairs: FxHashMap<(Id, Id), u64> = FxHashMap::default();
        for range in log.ranges() {
            let resources = &log.resources[range];
            for &resource in resources.iter().filter(|&&resource| resource != NONE) {
                events[resource as usize] += 1;
            }
            for pair in resources.windows(2).filter(|pair| pair[0] != NONE && pair[1] != NONE) {
                *pairs.entry((pair[0], pair[1])).or_default() += 1;
            }
        }
        let known: u64 = events.iter().sum();
        if known == 0 {
            return None;
        }
        let name = |resource: Id| log.resource_name(resource);
        let named = (0..events.len() as Id).map(|resource| (resource, events[resource as usize]));
        let mut workload: Vec<(Id, u64)> = named.filter(|&(_, count)| count > 0).collect();
        workload.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| name(a.0).cmp(name(b.0))));
        let mut handovers: Vec<((Id, Id), u64)> = pairs.into_iter().collect();
        let pair = |(a, b): (Id, Id)| (name(a), name(b));
        handovers.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| pair(a.0).cmp(&pair(b.0))));
        Some(Self { unknown: log.events() as u64 - known, workload, handovers })
    }

    /// All hand-overs, those to oneself included.
    pub fn handover_total(&self) -> u64 {
        self.handovers.iter().map(|(_, count)| count).sum()
    }

    /// Hand-overs to somebody else.
    pub fn handover_between(&self) -> u64 {
        self.handovers.iter().filter(|((from, to), _)| from != to).map(|(_, count)| count).sum()
    }
}
