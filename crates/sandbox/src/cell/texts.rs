//! Arguments and environment as the bytes that a program of preview 1 finds.

/// Texts as the bytes that a program finds.
pub(crate) struct List {
    /// How many there are.
    pub(crate) count: u32,
    bytes: Vec<u8>,
}

impl List {
    /// A text ends where a NUL is.
    pub(crate) fn of(texts: Vec<String>) -> Self {
        let mut bytes = Vec::new();
        for text in &texts {
            bytes.extend(text.bytes().take_while(|byte| *byte != 0));
            bytes.push(0);
        }
        // Texts have less than 4 GiB together: parameters are bounded.
        Self { count: u32::try_from(texts.len()).unwrap_or(u32::MAX), bytes }
    }

    /// Their length together.
    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }

    /// Eight of the bytes from `offset` on, little-endian; zeros where there are none.
    pub(crate) fn eight(&self, offset: u32) -> u64 {
        let rest = self.bytes.get(offset as usize..).unwrap_or_default();
        u64::from_le_bytes(std::array::from_fn(|index| rest.get(index).copied().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_lie_one_after_another_and_end_with_a_nul() {
        let list = List::of(vec!["job".into(), String::new(), "a\0b".into()]);
        assert_eq!((list.count, list.size()), (3, 7));
        assert_eq!(list.bytes, b"job\0\0a\0");
        assert_eq!(list.eight(0).to_le_bytes(), *b"job\0\0a\0\0");
        assert_eq!(list.eight(5).to_le_bytes(), *b"a\0\0\0\0\0\0\0");
        assert_eq!((list.eight(7), list.eight(u32::MAX)), (0, 0));
    }
}
