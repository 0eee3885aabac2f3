//! A terminal that is taken and given back as it was: whatever ends the work, also a panic.

use crate::failure::{Failure, Outcome};
use parking_lot::{Mutex, MutexGuard};
use ratatui::Terminal;
use ratatui::backend::TermionBackend;
use ratatui::termion::raw::IntoRawMode;
use ratatui::termion::screen::IntoAlternateScreen;
use std::io::{self, Stdout, Write};
use std::panic::{self, AssertUnwindSafe};

/// The terminal of standard output, raw and on its second screen.
pub(super) type Screen = Terminal<
    TermionBackend<ratatui::termion::screen::AlternateScreen<ratatui::termion::raw::RawTerminal<Stdout>>>,
>;

/// What panics have said. On the second screen nobody would read it.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Does `work` with the terminal, and gives it back.
pub(super) fn with<T>(work: impl FnOnce(&mut Screen) -> T) -> Outcome<T> {
    let unusable = |error: io::Error| Failure::here("the terminal cannot be used", error);
    let output = io::stdout().into_raw_mode().and_then(IntoAlternateScreen::into_alternate_screen);
    let mut screen = Terminal::new(TermionBackend::new(output.map_err(unusable)?)).map_err(unusable)?;
    screen.hide_cursor().map_err(unusable)?;
    Ok(given_back(screen, work))
}

/// Drops what is used before anybody reads what a panic has said.
fn given_back<S, T>(mut screen: S, work: impl FnOnce(&mut S) -> T) -> T {
    panic::set_hook(Box::new(|panic| said().push(panic.to_string())));
    let ended = panic::catch_unwind(AssertUnwindSafe(|| work(&mut screen)));
    drop(screen);
    let _ = panic::take_hook();
    let _ = io::stdout().flush();
    for panic in said().drain(..) {
        crate::output::note(&panic);
    }
    ended.unwrap_or_else(|panic| panic::resume_unwind(panic))
}

fn said() -> MutexGuard<'static, Vec<String>> {
    PANICS.lock()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Taken<'a>(&'a Mutex<Vec<String>>);

    impl Drop for Taken<'_> {
        fn drop(&mut self) {
            // A panic that was told before would lie on the second screen.
            let told = said().clone();
            self.0.lock().extend(told);
        }
    }

    #[test]
    fn a_panic_is_told_when_the_terminal_is_given_back() {
        let untold = Mutex::new(Vec::new());
        let ended = panic::catch_unwind(AssertUnwindSafe(|| {
            given_back(Taken(&untold), |_| -> () { panic!("of the screen") });
        }));
        assert!(ended.is_err(), "it is still a panic");
        assert!(untold.lock().iter().any(|told| told.contains("of the screen")), "{untold:?}");
        assert!(said().is_empty(), "it was told afterwards");
        assert_eq!(given_back((), |()| 7), 7);
    }
}
