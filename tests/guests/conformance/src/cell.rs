//! What is random, and the time, as WASI has them.

/// Random bytes.
pub(crate) fn random(count: u64) -> Vec<u8> {
    wasip2::random::random::get_random_bytes(count)
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    wasip2::clocks::wall_clock::now().seconds
}
