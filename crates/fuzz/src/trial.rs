//! One input, tried: what the parser said of it, or why it fails.

use crate::Verdict;
use rustix::time::{ClockId, clock_gettime};
use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;
use std::time::Duration;

/// Processor time of one input, unoptimised: a thousand times what any takes that grows with its length.
const MAX_TIME: Duration = Duration::from_secs(4);

/// Tries an input. The error says why it fails.
pub(crate) fn attempt(
    parse: &dyn Fn(&[u8]) -> Verdict,
    bytes: &[u8],
    memory: u64,
) -> Result<Verdict, String> {
    let started = processor_time();
    let mut ended = Ok(Ok(()));
    let used = allocation_counter::measure(|| ended = caught(|| parse(bytes)));
    let verdict = ended?;
    let took = processor_time() - started;
    if took > MAX_TIME {
        return Err(format!("it takes {took:?} of processor time; at most {MAX_TIME:?}"));
    }
    if used.bytes_max > memory {
        return Err(format!("it takes {} bytes of memory; at most {memory}", used.bytes_max));
    }
    Ok(verdict)
}

/// The shortest input found that fails too, by leaving pieces out.
pub(crate) fn shrunk(mut bytes: Vec<u8>, fails: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut length = bytes.len().div_ceil(2);
    while length > 0 {
        let mut at = 0;
        while at < bytes.len() {
            let end = bytes.len().min(at + length);
            let shorter = [&bytes[..at], &bytes[end..]].concat();
            match fails(&shorter) {
                true => bytes = shorter,
                false => at = end,
            }
        }
        length /= 2;
    }
    bytes
}

fn processor_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(now).expect("a thread's processor time is not negative")
}

thread_local! {
    static LISTENING: Cell<bool> = const { Cell::new(false) };
    static HEARD: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs `work`; a panic becomes its message and place. Panics that somebody below catches and answers are not heard.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    listen();
    LISTENING.set(true);
    let ended = panic::catch_unwind(AssertUnwindSafe(work));
    LISTENING.set(false);
    ended.map_err(|_| format!("panicked: {}", HEARD.take()))
}

/// What panics say while an input is tried is part of the answer; all else is printed as ever.
fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| match LISTENING.get() {
            true => HEARD.set(panic.to_string()),
            false => before(panic),
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const MEMORY: u64 = 1 << 20;

    #[test]
    fn a_panic_and_much_memory_fail() {
        assert_eq!(attempt(&|_| Ok(()), b"", MEMORY), Ok(Ok(())));
        assert_eq!(attempt(&|_| Err("no".into()), b"", MEMORY), Ok(Err("no".into())));
        let panics = attempt(&|bytes| panic!("at {}", bytes[0]), b"a", MEMORY).unwrap_err();
        assert!(panics.contains("at 97") && panics.contains("trial.rs"), "{panics}");
        let takes = attempt(&|_| vec![1_u8; 2 << 20].pop().map(drop).ok_or_else(String::new), b"", MEMORY)
            .unwrap_err();
        assert!(takes.contains("bytes of memory"), "{takes}");
    }

    #[test]
    fn what_does_not_matter_is_left_out() {
        let fails = |bytes: &[u8]| bytes.contains(&b'x') && bytes.ends_with(b"y");
        assert_eq!(shrunk(b"a long text with an x in it, why".to_vec(), fails), b"xy");
    }
}
