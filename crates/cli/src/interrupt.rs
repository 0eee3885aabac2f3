//! Ctrl-C while something is waited for: a word on what goes on without us, and the code that shells give.

use crate::output::note;
use parking_lot::Mutex;

/// What is said when somebody interrupts.
static WORD: Mutex<Option<String>> = Mutex::new(None);

/// From now on an interruption says this, and ends the program with 130.
pub(crate) fn on_interrupt(word: String) {
    let first = WORD.lock().map(|mut place| place.replace(word).is_none()).unwrap_or(false);
    if !first {
        return;
    }
    // Without a handler the program ends as programs do.
    let _ = ctrlc::set_handler(|| {
        let word = WORD.lock().ok().and_then(|mut place| place.take());
        note(&format!("\n{}", word.unwrap_or_default()));
        std::process::exit(130);
    });
}
