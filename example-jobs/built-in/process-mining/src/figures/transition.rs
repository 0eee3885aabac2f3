//! What the words of a life cycle do to a piece of work.

/// What a life-cycle transition does to a piece of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It can be begun: `schedule`, `assign`, `reassign`.
    Offered,
    /// It is begun: `start`.
    Begun,
    /// It rests: `suspend`.
    Suspended,
    /// It goes on: `resume`.
    Resumed,
    /// It is done: `complete`.
    Ended,
    /// It ends without being done: `ate_abort`, `pi_abort`.
    Aborted,
    /// It will not be begun: `withdraw`, `autoskip`, `manualskip`.
    Dropped,
    /// No word of a life cycle: the event stands for itself.
    Other,
}

/// The states of the XES standard and their usual other names, in lower case, without anything but letters.
const WORDS: [(&str, Transition); 50] = [
    ("schedule", Transition::Offered),
    ("scheduled", Transition::Offered),
    ("assign", Transition::Offered),
    ("assigned", Transition::Offered),
    ("reassign", Transition::Offered),
    ("reassigned", Transition::Offered),
    ("enable", Transition::Offered),
    ("enabled", Transition::Offered),
    ("offer", Transition::Offered),
    ("offered", Transition::Offered),
    ("allocate", Transition::Offered),
    ("allocated", Transition::Offered),
    ("ready", Transition::Offered),
    ("start", Transition::Begun),
    ("started", Transition::Begun),
    ("begin", Transition::Begun),
    ("begun", Transition::Begun),
    ("suspend", Transition::Suspended),
    ("suspended", Transition::Suspended),
    ("pause", Transition::Suspended),
    ("paused", Transition::Suspended),
    ("resume", Transition::Resumed),
    ("resumed", Transition::Resumed),
    ("complete", Transition::Ended),
    ("completed", Transition::Ended),
    ("completion", Transition::Ended),
    ("end", Transition::Ended),
    ("ended", Transition::Ended),
    ("finish", Transition::Ended),
    ("finished", Transition::Ended),
    ("done", Transition::Ended),
    ("stop", Transition::Ended),
    ("stopped", Transition::Ended),
    ("piabort", Transition::Aborted),
    ("ateabort", Transition::Aborted),
    ("abort", Transition::Aborted),
    ("aborted", Transition::Aborted),
    ("abortactivity", Transition::Aborted),
    ("abortcase", Transition::Aborted),
    ("terminate", Transition::Aborted),
    ("terminated", Transition::Aborted),
    ("fail", Transition::Aborted),
    ("failed", Transition::Aborted),
    ("withdraw", Transition::Dropped),
    ("withdrawn", Transition::Dropped),
    ("autoskip", Transition::Dropped),
    ("manualskip", Transition::Dropped),
    ("skip", Transition::Dropped),
    ("skipped", Transition::Dropped),
    ("obsolete", Transition::Dropped),
];

impl Transition {
    /// What a word says, in any case of letters.
    pub fn of(name: &str) -> Self {
        let plain: String =
            name.chars().filter(|char| char.is_alphabetic()).flat_map(char::to_lowercase).collect();
        WORDS.iter().find(|(word, _)| *word == plain).map_or(Self::Other, |(_, transition)| *transition)
    }
}

/// Whether words tell pieces of work from events: at least two sorts of moments of a piece occur, and most events have
/// such a word. Without that, each event stands for itself.
pub(super) fn tell_pieces<'a>(words: impl Iterator<Item = (&'a str, u64)>) -> bool {
    let (mut all, mut known, mut before, mut ends) = (0, 0, false, false);
    for (word, count) in words {
        let transition = Transition::of(word);
        all += count;
        known += if transition == Transition::Other { 0 } else { count };
        before |= matches!(transition, Transition::Offered | Transition::Begun | Transition::Resumed);
        ends |= matches!(transition, Transition::Ended | Transition::Aborted);
    }
    before && ends && known * 2 >= all
}
