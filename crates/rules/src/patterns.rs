//! The patterns of a schema, as programs of the engine that runs them: how large they are is known only when they are made.

use fuelcell_domain::limits::SCHEMA;
use jsonschema::PatternOptions;
use jsonschema::Regex;
use regex_automata::meta;
use regex_automata::nfa::thompson::{Compiler, Config};
use std::collections::HashMap;

/// Bytes that an engine may remember of the states it was in, for each direction; it works without, more slowly.
const REMEMBERED: usize = 64 * 1024;

/// The engine, as the schema's checker is told to use it.
pub(crate) fn options() -> PatternOptions<Regex> {
    PatternOptions::regex().size_limit(SCHEMA.program_bytes).dfa_size_limit(REMEMBERED)
}

/// What the patterns of one schema take together. Equal ones are one program.
#[derive(Default)]
pub(crate) struct Patterns {
    states: HashMap<String, u64>,
    text_bytes: usize,
    program_bytes: usize,
}

impl Patterns {
    /// Bytes of memory of all programs, with what their engines remember.
    pub(crate) fn program_bytes(&self) -> usize {
        self.program_bytes
    }

    /// The states of the program of `pattern`; none for a pattern that is none, of which the checker says what is wrong.
    pub(crate) fn states(&mut self, pattern: &str) -> Result<u64, String> {
        if let Some(states) = self.states.get(pattern) {
            return Ok(*states);
        }
        self.take_text(pattern)?;
        let states = self.take_program(pattern)?;
        self.states.insert(pattern.to_owned(), states);
        Ok(states)
    }

    /// Reading a pattern takes memory for each of its bytes, before there is a program that could be too large.
    fn take_text(&mut self, pattern: &str) -> Result<(), String> {
        self.text_bytes += pattern.len();
        if self.text_bytes > SCHEMA.pattern_bytes {
            return Err(format!("its patterns have more than {} bytes together", SCHEMA.pattern_bytes));
        }
        match self.states.len() < SCHEMA.patterns {
            true => Ok(()),
            false => Err(format!("it has more than {} different patterns", SCHEMA.patterns)),
        }
    }

    fn take_program(&mut self, pattern: &str) -> Result<u64, String> {
        let Ok(translated) = jsonschema_regex::to_rust_regex(pattern) else { return Ok(0) };
        let too_large = |what: String| format!("the program of the pattern {} {what}", shown(pattern));
        let config = Config::new().nfa_size_limit(Some(SCHEMA.program_bytes));
        let program = match Compiler::new().configure(config).build(&translated) {
            Ok(program) => program,
            Err(error) if error.size_limit().is_some() => {
                return Err(too_large(format!("takes more than {} bytes", SCHEMA.program_bytes)));
            }
            Err(_) => return Ok(0),
        };
        let config =
            meta::Config::new().nfa_size_limit(Some(SCHEMA.program_bytes)).hybrid_cache_capacity(REMEMBERED);
        let Ok(engine) = meta::Builder::new().configure(config).build(&translated) else {
            return Err(too_large(format!("takes more than {} bytes", SCHEMA.program_bytes)));
        };
        self.program_bytes += engine.memory_usage() + 2 * REMEMBERED;
        if self.program_bytes > SCHEMA.programs_bytes {
            return Err(format!("its patterns take more than {} bytes as programs", SCHEMA.programs_bytes));
        }
        Ok(program.states().len() as u64)
    }
}

/// The beginning of a pattern.
fn shown(pattern: &str) -> String {
    let mut shown: String = pattern.chars().take(64).collect();
    if shown.len() < pattern.len() {
        shown.push('…');
    }
    format!("{shown:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_patterns_are_one_program() {
        let mut patterns = Patterns::default();
        let states = patterns.states("^[a-z]+$").unwrap();
        let bytes = patterns.program_bytes();
        assert_eq!(patterns.states("^[a-z]+$").unwrap(), states);
        assert!(states > 0 && patterns.program_bytes() == bytes);
    }

    #[test]
    fn a_counted_repetition_has_the_states_that_it_stands_for() {
        let mut patterns = Patterns::default();
        assert!(patterns.states("^(a|b){1,1000}$").unwrap() > 1_000);
        assert!(patterns.states("(a{1000}){1000}").unwrap_err().contains("takes more than"));
    }

    #[test]
    fn patterns_are_bounded_in_number_text_and_memory() {
        let all = |patterns: Vec<String>| {
            let mut together = Patterns::default();
            patterns.iter().find_map(|pattern| together.states(pattern).err())
        };
        let numbered = |count: usize| (0..count).map(|n| format!("^x{n}$")).collect::<Vec<_>>();
        assert_eq!(all(numbered(SCHEMA.patterns)), None);
        assert!(all(numbered(SCHEMA.patterns + 1)).unwrap().contains("different patterns"));
        let long = |bytes: usize| vec!["a".repeat(bytes)];
        assert_eq!(all(long(SCHEMA.pattern_bytes)), None);
        assert!(all(long(SCHEMA.pattern_bytes + 1)).unwrap().contains("bytes together"));
    }

    #[test]
    fn a_program_is_about_as_large_as_is_stated() {
        let pattern = |times: usize| format!("x{{{times}}}");
        let fits = |times: usize| Patterns::default().states(&pattern(times)).is_ok();
        let bytes = |times: usize| Compiler::new().build(&pattern(times)).unwrap().memory_usage();
        let times: Vec<usize> = (0..100_000).collect();
        let beyond = times.partition_point(|times| fits(*times));
        // While it is made it takes somewhat more.
        assert!(bytes(beyond - 1) <= SCHEMA.program_bytes && bytes(beyond) > SCHEMA.program_bytes / 2);
        let refused = Patterns::default().states(&pattern(beyond)).unwrap_err();
        assert!(refused.contains(&format!("takes more than {} bytes", SCHEMA.program_bytes)), "{refused}");
    }

    #[test]
    fn programs_together_are_as_large_as_is_stated() {
        let mut together = Patterns::default();
        let mut before = 0;
        let refused = (0..SCHEMA.patterns).find_map(|n| {
            before = together.program_bytes();
            together.states(&format!("{n}x{{15000}}")).err()
        });
        assert!(refused.unwrap().contains("as programs"));
        assert!(before <= SCHEMA.programs_bytes && together.program_bytes() > SCHEMA.programs_bytes);
    }
}
