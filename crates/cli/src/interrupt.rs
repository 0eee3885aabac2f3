//! Ctrl-C while something is waited for: a word on what goes on without us, and the code that shells give.

use crate::output::note;
use parking_lot::Mutex;

/// What is said when somebody interrupts.
static WORD: Mutex<Option<String>> = Mutex::new(None);

/// From now on an interruption says this, and ends the program with 130.
pub(crate) fn on_interrupt(word: String) {
    let first = WORD.lock().replace(word).is_none();
    if !first {
        return;
    }
    // Without a handler the program ends as programs do.
    let _ = ctrlc::set_handler(|| {
        let word = WORD.lock().take();
        note(&format!("\n{}", word.unwrap_or_default()));
        std::process::exit(130);
    });
}
