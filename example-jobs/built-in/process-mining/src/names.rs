//! Strings stored once, named by number.

use hashbrown::HashTable;

/// The number of an interned string.
pub type Id = u32;

/// Stands for "there is none" where an [`Id`] is expected.
pub const NONE: Id = Id::MAX;

/// An interner: equal strings get equal numbers, counted from 0 in order of first appearance.
#[derive(Debug, Default)]
pub struct Names {
    text: String,
    ends: Vec<usize>,
    table: HashTable<Id>,
}

impl Names {
    /// The number of `bytes`. The flag is true when they were not UTF-8 and U+FFFD stands in for what was wrong.
    pub fn intern(&mut self, bytes: &[u8]) -> (Id, bool) {
        let hash = hash(bytes);
        if let Some(&id) = self.table.find(hash, |&id| same(self.get(id).as_bytes(), bytes)) {
            return (id, false);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => (self.insert(text, hash), false),
            Err(_) => (self.intern(String::from_utf8_lossy(bytes).as_bytes()).0, true),
        }
    }

    /// The number of a string that was interned.
    pub fn find(&self, bytes: &[u8]) -> Option<Id> {
        self.table.find(hash(bytes), |&id| same(self.get(id).as_bytes(), bytes)).copied()
    }

    fn insert(&mut self, text: &str, hash: u64) -> Id {
        // Numbers are 32 bits: a log of more than four billion distinct strings cannot fit a guest's memory anyway.
        let id = self.ends.len() as Id;
        self.text.push_str(text);
        self.ends.push(self.text.len());
        let (text, ends) = (&self.text, &self.ends);
        self.table.insert_unique(hash, id, |&id| self::hash(slice(text, ends, id).as_bytes()));
        id
    }

    /// The string with this number; empty for [`NONE`] and numbers never given.
    pub fn get(&self, id: Id) -> &str {
        slice(&self.text, &self.ends, id)
    }

    /// How many distinct strings there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// How long all of them are together, in bytes.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Whether nothing was interned.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Gives up the table that only interning needs.
    pub fn freeze(&mut self) {
        self.table = HashTable::new();
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

fn slice<'a>(text: &'a str, ends: &[usize], id: Id) -> &'a str {
    let index = id as usize;
    let Some(&end) = ends.get(index) else { return "" };
    let start = index.checked_sub(1).map_or(0, |before| ends[before]);
    &text[start..end]
}

/// Whether both are equal. In a cell the comparison of the standard library is a call that goes byte by byte.
#[inline]
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len()
        && match a.len() {
            0..4 => a.iter().zip(b).all(|(a, b)| a == b),
            4..8 => ends::<4>(a) == ends::<4>(b),
            8..=16 => ends::<8>(a) == ends::<8>(b),
            _ => ends::<8>(a) == ends::<8>(b) && words(a).eq(words(b)),
        }
}

/// The first and the last bytes; both are there in what is long enough, and overlap in what is short.
#[inline]
fn ends<const SIZE: usize>(bytes: &[u8]) -> (Option<&[u8; SIZE]>, Option<&[u8; SIZE]>) {
    (bytes.first_chunk(), bytes.last_chunk())
}

/// Eight bytes each; what is left at the end is no word.
#[inline]
fn words(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks::<8>().0.iter().map(|word| u64::from_le_bytes(*word))
}

/// A hash whose low 32 bits carry all of it: on wasm32 the table looks at no more than these. It works on 64 bits there
/// too, where common hashers fall back to 32 and take four times as long.
pub fn hash(bytes: &[u8]) -> u64 {
    // The odd number next to 2^64 divided by the golden ratio (Knuth, "The Art of Computer Programming", 6.4).
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| {
        let product = (hash ^ word).wrapping_mul(GOLDEN);
        product ^ (product >> 32)
    };
    let hash = words(bytes).fold(bytes.len() as u64, mix);
    let last = match (bytes.last_chunk::<8>(), bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
        (Some(last), ..) => u64::from_le_bytes(*last),
        (None, Some(first), Some(last)) => {
            u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last))
        }
        _ => bytes.iter().fold(0, |last, &byte| (last << 8) | u64::from(byte)),
    };
    mix(mix(hash, last), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_strings_share_a_number() {
        let mut names = Names::default();
        assert_eq!(names.intern(b"pay"), (0, false));
        assert_eq!(names.intern(b""), (1, false));
        assert_eq!(names.intern(b"pay"), (0, false));
        assert_eq!((names.get(0), names.get(1), names.get(NONE)), ("pay", "", ""));
        assert_eq!(names.len(), 2);
    }

    #[test]
    fn hashes_of_like_strings_share_no_low_half() {
        let numbers = (0..50_000).map(|number| format!("case {number}"));
        let blanks = (0..500).map(|length| " ".repeat(length));
        let halves: std::collections::HashSet<u32> =
            numbers.chain(blanks).map(|text| hash(text.as_bytes()) as u32).collect();
        // Of so many random numbers, about one pair in three runs would be equal.
        assert!(halves.len() > 50_500 - 5, "{}", halves.len());
    }

    #[test]
    fn strings_are_compared_to_their_ends() {
        let text = b"abcdefghijklmnopqrstuvw";
        for length in 0..=text.len() {
            let mut other = text[..length].to_vec();
            assert!(same(&text[..length], &other));
            assert!(!same(text, &other) || length == text.len());
            if let Some(last) = other.last_mut() {
                *last = b'X';
                assert!(!same(&text[..length], &other));
            }
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced_and_flagged_every_time() {
        let mut names = Names::default();
        assert_eq!(names.intern(b"Jos\xe9"), (0, true));
        assert_eq!(names.intern(b"Jos\xe9"), (0, true));
        assert_eq!(names.get(0), "Jos\u{fffd}");
    }
}
