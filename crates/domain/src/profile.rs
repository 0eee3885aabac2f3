//! Where a run burnt its fuel and took its memory.

use serde::{Deserialize, Serialize};

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
}
