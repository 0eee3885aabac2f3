//! Where a run burnt its fuel and took its memory.

use serde::{Deserialize, Serialize};

/// Different stacks of a profile.
pub const MAX_STACKS: usize = 20_000;
/// Functions on all its stacks together: 52 on each, where there are as many as may be. Stacks of a script have its engine's
/// functions, too.
pub const MAX_FRAMES: usize = 1 << 20;
/// Its functions, and the bytes of all their names.
pub const MAX_FUNCTIONS: usize = 50_000;
/// See [`MAX_FUNCTIONS`].
pub const MAX_NAMES_BYTES: usize = 4 << 20;
/// Characters of a function's name.
pub const MAX_NAME: usize = 300;
/// Bytes of a file that is made of it.
pub const MAX_FILE_BYTES: usize = 16 << 20;

/// What one call stack burnt and took.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackUse {
    /// The functions, the outermost first: their places in [`FuelProfile::functions`].
    pub frames: Vec<u32>,
    /// Units of fuel.
    pub fuel: u64,
    /// Bytes that memories and tables grew by.
    pub bytes: u64,
}

/// The call stacks of a run, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuelProfile {
    /// Names of functions, each once.
    pub functions: Vec<String>,
    /// What each stack took.
    pub stacks: Vec<StackUse>,
    /// How often the stack was looked at.
    pub samples: u64,
}

impl FuelProfile {
    /// All fuel of it.
    pub fn fuel(&self) -> u64 {
        self.stacks.iter().map(|stack| stack.fuel).sum()
    }

    /// All bytes of it.
    pub fn bytes(&self) -> u64 {
        self.stacks.iter().map(|stack| stack.bytes).sum()
    }

    /// Names of the functions of a stack, the outermost first.
    pub fn names<'a>(&'a self, stack: &'a StackUse) -> impl Iterator<Item = &'a str> {
        stack.frames.iter().filter_map(|&frame| self.functions.get(frame as usize)).map(String::as_str)
    }

    /// The profile, if it is no larger than one may be, its names are what [`shown`] keeps, and its sums are numbers. Whoever
    /// did not make it asks.
    pub fn checked(self) -> Option<Self> {
        let names: usize = self.functions.iter().map(String::len).sum();
        let frames: usize = self.stacks.iter().map(|stack| stack.frames.len()).sum();
        let is_small = self.functions.len() <= MAX_FUNCTIONS
            && names <= MAX_NAMES_BYTES
            && self.stacks.len() <= MAX_STACKS
            && frames <= MAX_FRAMES;
        let are_numbers = self.sum(|stack| stack.fuel).is_some() && self.sum(|stack| stack.bytes).is_some();
        let are_shown = || self.functions.iter().all(|name| shown(name) == *name);
        (is_small && are_numbers && are_shown()).then_some(self)
    }

    fn sum(&self, measure: impl Fn(&StackUse) -> u64) -> Option<u64> {
        self.stacks.iter().try_fold(0_u64, |sum, stack| sum.checked_add(measure(stack)))
    }
}

/// As much of a function's name as a profile has, on one line and without what separates functions there.
pub fn shown(name: &str) -> String {
    let shown = |c: char| if c.is_control() || c == ';' { ' ' } else { c };
    name.chars().take(MAX_NAME).map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(name: &str, fuel: [u64; 2]) -> FuelProfile {
        let stacks = fuel.map(|fuel| StackUse { frames: vec![0, 7], fuel, bytes: 0 });
        FuelProfile { functions: vec![name.into()], stacks: stacks.into(), samples: 2 }
    }

    #[test]
    fn a_profile_that_others_made_keeps_to_the_rules_or_is_none() {
        let good = profile("run", [3, 4]);
        assert_eq!(good.clone().checked(), Some(good.clone()));
        assert_eq!(good.names(&good.stacks[0]).collect::<Vec<_>>(), ["run"], "there is no function 7");
        for bad in [
            profile("a;b", [3, 4]),
            profile("a\nb", [3, 4]),
            profile(&"x".repeat(MAX_NAME + 1), [3, 4]),
            profile("run", [u64::MAX, 1]),
            FuelProfile { functions: vec![String::new(); MAX_FUNCTIONS + 1], ..good.clone() },
            FuelProfile { stacks: vec![good.stacks[0].clone(); MAX_STACKS + 1], ..good.clone() },
            FuelProfile {
                stacks: vec![StackUse { frames: vec![0; MAX_FRAMES + 1], fuel: 1, bytes: 0 }],
                ..good.clone()
            },
            FuelProfile { functions: vec!["x".repeat(MAX_NAME); MAX_NAMES_BYTES / MAX_NAME + 1], ..good },
        ] {
            assert_eq!(bad.checked(), None);
        }
    }
}
