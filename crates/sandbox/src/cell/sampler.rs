//! Where a guest burns its fuel and takes its memory: its call stack is looked at whenever it has burnt so much more, and
//! whenever its memory has grown. What was burnt since the last look counts for the stack that is seen.
//!
//! Fuel is the clock: the same deterministic run gives the same profile on every machine, and looking burns none.

use fuelcell_domain::{FuelProfile, StackUse};
use std::collections::HashMap;
use wasmtime::{FrameInfo, WasmBacktrace};

/// Fuel between two looks, to begin with.
const EVERY: u64 = 1_000;

/// So many looks are taken at one distance; then it doubles, so that a long run is not looked at without end.
const LOOKS: u64 = 10_000;

/// Different stacks that are kept; what others burn counts for [`OTHERS`].
const STACKS: usize = 20_000;

/// Longest name of a function in characters.
const MAX_NAME: usize = 300;

/// In the place of a stack: no function of the guest was running, its memory was made, or it was not looked at again.
const OUTSIDE: &str = "(start and end)";

/// In the place of stacks that were not kept.
const OTHERS: &str = "(other stacks)";

/// What was seen of one guest so far.
#[derive(Default)]
pub(crate) struct Sampler {
    doublings: u32,
    looks: u64,
    samples: u64,
    fuel: u64,
    bytes: u64,
    functions: Functions,
    stacks: HashMap<Vec<u32>, Taken>,
}

#[derive(Clone, Copy, Default)]
struct Taken {
    fuel: u64,
    bytes: u64,
}

impl Sampler {
    /// How much fuel may be burnt until the next look.
    pub(crate) fn every(&self) -> u64 {
        EVERY << self.doublings
    }

    /// Whether it is time. A call of the host is no reason to look: what was burnt before it would be the caller's.
    pub(crate) fn is_due(&self, fuel: u64, bytes: u64) -> bool {
        fuel.saturating_sub(self.fuel) >= self.every() || bytes > self.bytes
    }

    /// Notes what is on the stack when so much was burnt and is held. Says whether the distance of looks has changed.
    pub(crate) fn note(&mut self, trace: &WasmBacktrace, fuel: u64, bytes: u64) -> bool {
        let stack = self.functions.stack(trace.frames());
        let stack = match self.stacks.len() < STACKS || self.stacks.contains_key(&stack) {
            true => stack,
            false => vec![self.functions.place_of(OTHERS)],
        };
        let every = self.every();
        let taken = self.stacks.entry(stack).or_default();
        taken.bytes += bytes.saturating_sub(self.bytes);
        self.bytes = bytes;
        let burnt = fuel.saturating_sub(self.fuel);
        if burnt < every {
            // It was looked at because its memory grew.
            return false;
        }
        taken.fuel += burnt;
        self.fuel = fuel;
        self.samples += 1;
        self.looks += 1;
        let full = self.looks == LOOKS && self.doublings < 32;
        if full {
            (self.looks, self.doublings) = (LOOKS / 2, self.doublings + 1);
        }
        full
    }

    /// What was seen, when `fuel` was burnt in all.
    pub(crate) fn finish(mut self, fuel: u64) -> FuelProfile {
        let outside = vec![self.functions.place_of(OUTSIDE)];
        self.stacks.entry(outside).or_default().fuel += fuel.saturating_sub(self.fuel);
        let used = |taken: &Taken| taken.fuel > 0 || taken.bytes > 0;
        let stacks = self.stacks.into_iter().filter(|(_, taken)| used(taken));
        let mut stacks: Vec<_> =
            stacks.map(|(frames, taken)| StackUse { frames, fuel: taken.fuel, bytes: taken.bytes }).collect();
        stacks.sort_unstable_by(|one, other| one.frames.cmp(&other.frames));
        FuelProfile { functions: self.functions.names, stacks, samples: self.samples }
    }
}

/// Names of functions, and where they were found before.
#[derive(Default)]
struct Functions {
    names: Vec<String>,
    by_name: HashMap<String, u32>,
}

impl Functions {
    /// The places of what is on a stack, the outermost first; what was inlined counts, where the module says so.
    fn stack(&mut self, frames: &[FrameInfo]) -> Vec<u32> {
        if frames.is_empty() {
            return vec![self.place_of(OUTSIDE)];
        }
        let mut stack = Vec::new();
        for frame in frames {
            let inlined = frame.symbols().iter().filter_map(|symbol| symbol.name());
            let before = stack.len();
            stack.extend(inlined.map(|name| self.place_of(name)));
            if stack.len() == before {
                stack.push(match frame.func_name() {
                    Some(name) => self.place_of(name),
                    None => self.place_of(&nameless(frame)),
                });
            }
        }
        stack.reverse();
        stack
    }

    fn place_of(&mut self, name: &str) -> u32 {
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        // There are fewer functions than 32 bits can count: each was in a module.
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.by_name.insert(name.to_owned(), place);
        self.names.push(readable(name));
        place
    }
}

/// What a function is called that has no name: its module, and its number there.
fn nameless(frame: &FrameInfo) -> String {
    let module = frame.module().name().unwrap_or("module");
    format!("{module}[{}]", frame.func_index())
}

/// A name as its author wrote it.
fn readable(name: &str) -> String {
    let name = format!("{:#}", rustc_demangle::demangle(name));
    let shown = |c: char| if c.is_control() || c == ';' { ' ' } else { c };
    name.chars().take(MAX_NAME).map(shown).collect()
}
