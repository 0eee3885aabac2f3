//! Inputs from inputs: bytes changed, cut out, doubled, and pieces of others put in.
//!
//! Nothing here knows a format. Words of a format come from the corpus, whose inputs lend each other their pieces.

use rand::rngs::ChaCha12Rng;
use rand::{Rng, RngExt};

/// Longest input: deep and long enough for what grows faster than its input.
pub(crate) const MAX_INPUT: usize = 64 << 10;

/// Most copies of a piece in a row: nesting that a recursive reader cannot bear is a few thousand deep.
const MAX_COPIES: usize = 5_000;

/// What parsers of numbers, texts and lengths stumble over.
const AWKWARD: [&[u8]; 24] = [
    b"\0",
    b"\xff",
    b"\x7f",
    b"\x80",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\r\n",
    b"\n",
    b" ",
    b"-",
    b"0",
    b"9",
    b"-1",
    b"1e400",
    b"18446744073709551616",
    b"9223372036854775807",
    b"null",
    b"\\",
    b"\"",
    b"\xc3\x28",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"\xf0\x9f\x92\xa9",
];

/// A copy of one of `pool` with some changes, half of the time with one.
pub(crate) fn damaged(pool: &[Vec<u8>], random: &mut ChaCha12Rng) -> Vec<u8> {
    let mut bytes = one_of(pool, random).clone();
    change(&mut bytes, pool, random);
    while random.random() {
        change(&mut bytes, pool, random);
    }
    bytes.truncate(MAX_INPUT);
    bytes
}

fn change(bytes: &mut Vec<u8>, pool: &[Vec<u8>], random: &mut ChaCha12Rng) {
    let piece = piece(bytes, random);
    let at = piece.start;
    match random.random_range(0..9) {
        0 if !piece.is_empty() => bytes[at] = random.random(),
        1 if !piece.is_empty() => bytes[at] ^= 1 << random.random_range(0..8),
        2 if !piece.is_empty() => {
            bytes[at] = bytes[at].wrapping_add_signed(if random.random() { 1 } else { -1 });
        }
        3 => drop(bytes.drain(piece)),
        4 => bytes.truncate(at),
        5 => {
            let copies = if random.random_ratio(1, 20) { random.random_range(2..MAX_COPIES) } else { 1 };
            let room = MAX_INPUT / piece.len().max(1);
            let copied = bytes[piece].repeat(copies.min(room));
            drop(bytes.splice(at..at, copied));
        }
        6 => drop(bytes.splice(piece, AWKWARD[random.random_range(0..AWKWARD.len())].to_vec())),
        7 => drop(bytes.splice(at..at, AWKWARD[random.random_range(0..AWKWARD.len())].to_vec())),
        _ => {
            let other = one_of(pool, random);
            let borrowed = other[self::piece(other, random)].to_vec();
            drop(bytes.splice(piece, borrowed));
        }
    }
}

/// A piece of at most 32 bytes, or now and then of any length.
fn piece(bytes: &[u8], random: &mut ChaCha12Rng) -> std::ops::Range<usize> {
    let start = random.random_range(0..=bytes.len());
    let rest = bytes.len() - start;
    let most = if random.random_ratio(1, 8) { rest } else { rest.min(32) };
    start..start + random.random_range(0..=most)
}

fn one_of<'a>(pool: &'a [Vec<u8>], random: &mut impl Rng) -> &'a Vec<u8> {
    &pool[random.random_range(0..pool.len())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn the_same_seed_makes_the_same_inputs_and_none_is_too_long() {
        let pool = vec![b"one".to_vec(), vec![7; MAX_INPUT], Vec::new()];
        let made = |seed| {
            let mut random = ChaCha12Rng::seed_from_u64(seed);
            (0..500).map(|_| damaged(&pool, &mut random)).collect::<Vec<_>>()
        };
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
        assert!(made(1).iter().all(|bytes| bytes.len() <= MAX_INPUT));
    }
}
