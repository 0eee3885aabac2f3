//! A pattern that somebody looks for in lines of text. It comes from whoever asks, so it is bounded as patterns of a schema
//! are: it runs without backtracking, on a program of which the size is known before it begins.

use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::{Compiler, Config};
use regex_automata::util::syntax;
use std::error::Error;

/// Bytes of a pattern.
pub const MAX_PATTERN: usize = 200;
/// Bytes of its program.
const PROGRAM: usize = 64 * 1024;
/// Nested groups and repetitions.
const DEPTH: u32 = 50;
/// Bytes that the engine may remember of the states it was in; it works without, more slowly.
const REMEMBERED: usize = 256 * 1024;

/// A regular expression in the syntax of the crate `regex`; capitals do not matter.
#[derive(Debug)]
pub struct TextPattern {
    engine: Regex,
    states: usize,
}

impl TextPattern {
    /// Why it is none is told in one line.
    pub fn new(pattern: &str) -> Result<Self, String> {
        if pattern.len() > MAX_PATTERN {
            return Err(format!("it is at most {MAX_PATTERN} bytes"));
        }
        let syntax = syntax::Config::new().case_insensitive(true).nest_limit(DEPTH);
        let program = Compiler::new()
            .syntax(syntax)
            .configure(Config::new().nfa_size_limit(Some(PROGRAM)))
            .build(pattern)
            .map_err(|error| match error.size_limit() {
                Some(limit) => format!("its program takes more than {limit} bytes"),
                None => said(&error),
            })?;
        // The engine has it twice, the second time to be run from a match's end.
        let config = meta::Config::new().nfa_size_limit(Some(2 * PROGRAM)).hybrid_cache_capacity(REMEMBERED);
        let engine = meta::Builder::new()
            .syntax(syntax)
            .configure(config)
            .build(pattern)
            .map_err(|error| said(&error))?;
        Ok(Self { engine, states: program.states().len() })
    }

    /// Whether the text has a place that it fits.
    pub fn finds(&self, text: &str) -> bool {
        self.engine.is_match(text)
    }

    /// States of its program: for each byte of a text it takes no more steps than some of them.
    pub fn states(&self) -> usize {
        self.states
    }
}

/// What is wrong, in the parser's words: it draws the place above its last line.
fn said(error: &dyn Error) -> String {
    let drawn = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let last = drawn.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_fit_are_found_whatever_their_capitals() {
        let pattern = TextPattern::new(r"line \d+: (no|wrong) column").unwrap();
        assert!(pattern.finds("In LINE 17: wrong column"));
        assert!(!pattern.finds("line x: no column"));
        assert!(TextPattern::new("straße|\\p{Greek}").unwrap().finds("STRASSE Σ"));
    }

    #[test]
    fn what_is_no_pattern_is_refused_with_the_reason() {
        for (pattern, reason) in [
            ("(", "unclosed group"),
            ("a{3", "unclosed"),
            ("(?=a)", "look-around"),
            (r"\1", "backreferences"),
            (&"(".repeat(100), "unclosed group"),
            (&"x".repeat(MAX_PATTERN + 1), "at most 200 bytes"),
            ("(a{100}){100}", "its program takes more than 65536 bytes"),
            (r"\w{100}", "its program takes more than"),
        ] {
            let said = TextPattern::new(pattern).unwrap_err();
            assert!(said.contains(reason) && !said.contains('\n'), "{pattern}: {said}");
        }
        let deep = format!("{}a{}", "(".repeat(60), ")".repeat(60));
        assert!(TextPattern::new(&deep).unwrap_err().contains("nest"));
    }

    #[test]
    fn the_states_of_a_program_are_bounded() {
        let states = |count: usize| TextPattern::new(&format!("[ab]*a[ab]{{{count}}}")).map(|p| p.states());
        assert!(states(100).unwrap() > 100);
        let most = (100..10_000).step_by(100).map_while(|count| states(count).ok()).last().unwrap();
        // The fewest bytes that a state takes.
        assert!((500..=PROGRAM / 16).contains(&most), "{most}");
    }
}
