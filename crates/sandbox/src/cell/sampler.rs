//! Where a guest burns its fuel and takes its memory: its call stack is looked at whenever it has burnt so much more, and
//! whenever its memory has grown. What was burnt since the last look counts for the stack that is seen.
//!
//! Fuel is the clock: the same deterministic run gives the same profile on every machine, and looking burns none.

use fuelcell_domain::profile::{MAX_FRAMES, MAX_FUNCTIONS, MAX_NAME, MAX_NAMES_BYTES, MAX_STACKS, shown};
use fuelcell_domain::{FuelProfile, StackUse};
use std::collections::HashMap;
use std::fmt::{self, Write};
use wasmtime::{FrameInfo, WasmBacktrace};

/// Fuel between two looks, to begin with.
const EVERY: u64 = 1_000;

/// So many looks are taken at one distance; then it doubles, so that a long run is not looked at without end.
const LOOKS: u64 = 10_000;

/// Frames that the engine keeps of a stack, the innermost first.
pub(crate) const DEPTH: usize = 128;

/// Functions that are kept of one frame, into which a compiler put others, and of a stack.
const INLINED: usize = 64;
const LONGEST: usize = 2 * DEPTH;

/// Different stacks that are kept, and the functions on them together; what others burn counts for [`OTHERS`]. There is room
/// for the two that stand for others.
const STACKS: usize = MAX_STACKS - 2;
const FRAMES: usize = MAX_FRAMES - 2;

/// Functions that are kept, and the bytes of their names, with room for the one that stands for the rest.
const FUNCTIONS: usize = MAX_FUNCTIONS - 1;
const NAMES_BYTES: usize = MAX_NAMES_BYTES - MAX_NAME;

/// The same of the names as the module has them.
const RAW_BYTES: usize = 4 * MAX_NAMES_BYTES;

/// Bytes of a name that tell a function from others.
const TOLD_APART: usize = 1 << 10;

/// In the place of a stack: no function of the guest was running, its memory was made, or it was not looked at again.
const OUTSIDE: &str = "(start and end)";

/// In the place of stacks that were not kept.
const OTHERS: &str = "(other stacks)";

/// In the place of the outermost functions of a stack that is deeper than what is kept of it.
const ABOVE: &str = "(callers above)";

/// In the place of functions that were not kept.
const REST: &str = "(other functions)";

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
    /// Functions on all of them.
    frames: usize,
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
        let stack = self.kept(stack);
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

    /// The stack, or what stands for those that there is no room for.
    fn kept(&mut self, stack: Vec<u32>) -> Vec<u32> {
        if self.stacks.contains_key(&stack) {
            return stack;
        }
        let frames = self.frames + stack.len();
        if self.stacks.len() >= STACKS || frames > FRAMES {
            return vec![self.functions.place_of(OTHERS)];
        }
        self.frames = frames;
        stack
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
    bytes: usize,
    raw_bytes: usize,
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
            stack.extend(inlined.take(INLINED).map(|name| self.place_of(name)));
            if stack.len() == before {
                stack.push(match frame.func_name() {
                    Some(name) => self.place_of(name),
                    None => self.place_of(&nameless(frame)),
                });
            }
        }
        let is_deeper = frames.len() >= DEPTH || stack.len() > LONGEST;
        stack.truncate(LONGEST);
        if is_deeper {
            stack.push(self.place_of(ABOVE));
        }
        stack.reverse();
        stack
    }

    fn place_of(&mut self, name: &str) -> u32 {
        let name = &name[..name.floor_char_boundary(TOLD_APART)];
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        let readable = readable(name);
        let has_room = self.names.len() < FUNCTIONS
            && self.bytes + readable.len() <= NAMES_BYTES
            && self.raw_bytes + name.len() <= RAW_BYTES;
        match has_room {
            true => self.add(name, readable),
            false => self.by_name.get(REST).copied().unwrap_or_else(|| self.add(REST, REST.to_owned())),
        }
    }

    fn add(&mut self, name: &str, readable: String) -> u32 {
        // There are fewer than 32 bits can count.
        let place = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.by_name.insert(name.to_owned(), place);
        self.bytes += readable.len();
        self.raw_bytes += name.len();
        self.names.push(readable);
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
    let mut beginning = Beginning::default();
    // An error says that there is more than is kept.
    let _ = write!(beginning, "{:#}", rustc_demangle::demangle(name));
    shown(&beginning.text)
}

/// Takes as many characters of a text as are kept of a name, and refuses more: a few bytes can stand for a long name.
#[derive(Default)]
struct Beginning {
    text: String,
    length: usize,
}

impl Write for Beginning {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            if self.length == MAX_NAME {
                return Err(fmt::Error);
            }
            self.text.push(character);
            self.length += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_beyond_what_is_kept_count_for_the_rest_and_long_ones_end() {
        let mut functions = Functions::default();
        let places: Vec<_> =
            (0..FUNCTIONS + 3).map(|number| functions.place_of(&format!("f{number}"))).collect();
        assert_eq!(functions.names.len(), MAX_FUNCTIONS);
        assert_eq!(functions.names[places[FUNCTIONS] as usize], REST);
        assert_eq!(places[FUNCTIONS], places[FUNCTIONS + 2]);
        assert_eq!(functions.place_of("f7"), places[7]);
        assert_eq!(readable(&"ä".repeat(MAX_NAME + 1)), "ä".repeat(MAX_NAME));
        assert_eq!(readable("_ZN5probe7performE"), "probe::perform");
        assert_eq!(readable("a;b\nc"), "a b c");
    }

    #[test]
    fn stacks_beyond_what_is_kept_count_for_the_others() {
        let with = |stacks: &[Vec<u32>]| {
            let mut sampler = Sampler::default();
            for stack in stacks {
                assert_eq!(&sampler.kept(stack.clone()), stack);
                sampler.stacks.insert(stack.clone(), Taken::default());
            }
            sampler
        };
        let many: Vec<_> = (0..STACKS as u32).map(|number| vec![number]).collect();
        for stacks in [vec![vec![0; FRAMES]], many] {
            let mut sampler = with(&stacks);
            let others = sampler.kept(vec![u32::MAX, 0]);
            assert_eq!(sampler.functions.names[others[0] as usize], OTHERS);
            assert_eq!(sampler.kept(stacks[0].clone()), stacks[0], "what is kept already needs no room");
        }
    }
}
