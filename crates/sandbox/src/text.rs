//! Text that guests hand out, cut to a length that the host is willing to keep.

/// Longest message and longest details of an error in bytes.
pub(crate) const MAX_TEXT: usize = 4 << 10;

/// At most `max` bytes of `text`, cut between characters.
pub(crate) fn clip(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

/// The same for owned text, without copying what fits.
pub(crate) fn clipped(mut text: String, max: usize) -> String {
    text.truncate(text.floor_char_boundary(max));
    text
}

/// The same, with a mark where something was cut off.
pub(crate) fn marked(text: String, max: usize) -> String {
    match text.len() <= max {
        true => text,
        false => clipped(text, max) + "…",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(clip("aé", 2), "a");
        assert_eq!(clip("aé", 3), "aé");
        assert_eq!((marked("ab".into(), 2), marked("abc".into(), 2)), ("ab".into(), "ab…".into()));
        assert_eq!(clipped("ab".into(), 99), "ab");
        assert_eq!(clipped("ab".into(), 0), "");
    }
}
