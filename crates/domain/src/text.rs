//! Texts of others, of which a part is kept.

/// The beginning of a text, of at most so many bytes.
pub fn clipped(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}
