//! A map that keeps the most recently used entries.

use std::collections::HashMap;
use std::hash::Hash;

/// Keeps at most `capacity` values; the one that nobody asked for longest goes first.
pub(crate) struct Recent<K, V> {
    capacity: usize,
    clock: u64,
    entries: HashMap<K, (u64, V)>,
}

impl<K: Eq + Hash + Copy, V: Clone> Recent<K, V> {
    /// `capacity` is small (hundreds): making room looks at every entry.
    pub(crate) fn new(capacity: usize) -> Self {
        Self { capacity, clock: 0, entries: HashMap::new() }
    }

    pub(crate) fn get(&mut self, key: &K) -> Option<V> {
        self.clock += 1;
        let (used, value) = self.entries.get_mut(key)?;
        *used = self.clock;
        Some(value.clone())
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        self.clock += 1;
        self.entries.insert(key, (self.clock, value));
        if self.entries.len() > self.capacity {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            oldest.and_then(|key| self.entries.remove(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn the_one_unused_longest_goes_first() {
        let mut recent = Recent::new(2);
        recent.insert(1, "one");
        recent.insert(2, "two");
        assert_eq!(recent.get(&1), Some("one"));
        recent.insert(3, "three");
        assert_eq!((recent.get(&1), recent.get(&2), recent.get(&3)), (Some("one"), None, Some("three")));
    }
}
