//! Which values there were before: by a hash of each, in as little memory as goes.

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

/// A set that grows needs room for its old and its new place at once. Of so many only one grows at a time.
const PARTS: usize = 64;

/// The values so far.
pub(crate) struct Seen(Vec<HashSet<Print, BuildHasherDefault<AsItIs>>>);

/// 96 bits of a value's hash. That two of a thousand million values share them is as likely as one in 10^11.
#[derive(PartialEq, Eq)]
struct Print {
    set: u32,
    place: [u32; 2],
}

impl Print {
    fn of(text: &str) -> Self {
        let half = |seed: u64| {
            let mut hasher = DefaultHasher::new();
            (seed, text).hash(&mut hasher);
            hasher.finish()
        };
        let place = half(1);
        Self { set: half(2) as u32, place: [place as u32, (place >> 32) as u32] }
    }
}

impl Hash for Print {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.place[1]) << 32 | u64::from(self.place[0]));
    }
}

/// What is a hash already is not hashed again.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }
}

impl Seen {
    /// No value yet.
    pub(crate) fn new() -> Self {
        Self((0..PARTS).map(|_| HashSet::default()).collect())
    }

    /// Notes a value, and says whether it is new.
    pub(crate) fn insert(&mut self, text: &str) -> bool {
        let print = Print::of(text);
        self.0[print.set as usize % PARTS].insert(print)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_new_once() {
        let mut seen = Seen::new();
        let values: Vec<_> = (0..100_000).map(|number| format!("SO-{number:08}")).collect();
        assert!(values.iter().all(|value| seen.insert(value)));
        assert!(!values.iter().any(|value| seen.insert(value)));
        assert!(seen.insert("") && !seen.insert(""));
    }

    #[test]
    fn a_value_takes_a_dozen_bytes() {
        assert_eq!(size_of::<Print>(), 12);
    }
}
