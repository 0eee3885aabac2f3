//! Text that a guest wrote, made safe to keep and to show.

/// The text with control characters escaped, cut to about `max_bytes` (an ellipsis marks the cut).
pub(crate) fn clean(text: &str, max_bytes: usize) -> String {
    let mut clean = String::with_capacity(text.len().min(max_bytes));
    for c in text.chars() {
        if clean.len() + c.len_utf8() > max_bytes {
            clean.push('…');
            break;
        }
        match is_plain(c) {
            true => clean.push(c),
            false => clean.extend(c.escape_default()),
        }
    }
    clean
}

/// The text, cut to at most `max_bytes`, otherwise as it is.
pub(crate) fn cut(mut text: String, max_bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(max_bytes));
    text
}

/// Control characters break lines and terminals; line and paragraph separators and marks of text direction disguise text.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{clean, cut};

    #[test]
    fn control_characters_are_escaped_and_others_kept() {
        assert_eq!(clean("a\nb\u{1b}[31m é\u{202e}", 100), "a\\nb\\u{1b}[31m é\\u{202e}");
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(clean("ééé", 5), "éé…");
        assert_eq!(clean("ééé", 6), "ééé");
        assert_eq!(cut("ééé".into(), 5), "éé");
        assert!(clean(&"\u{7f}".repeat(10_000), 1000).len() < 1020);
    }
}
