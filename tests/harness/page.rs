//! Pages of the documentation that tests follow word for word.

/// A fenced block of a page.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Its language, as in `sh`.
    pub language: &'a str,
    /// What stands in it.
    pub text: &'a str,
}

impl<'a> Block<'a> {
    /// The file that the block is, if a comment in its first line names one, and what is in it.
    pub fn file(&self) -> Option<(&'a str, &'a str)> {
        let comment = match self.language {
            "python" => "# ",
            "js" | "json" | "ts" => "// ",
            _ => return None,
        };
        let (first, rest) = self.text.split_once('\n')?;
        Some((first.strip_prefix(comment)?, rest))
    }
}

/// The fenced blocks of a page.
pub fn blocks(page: &str) -> impl Iterator<Item = Block<'_>> {
    page.split("```").skip(1).step_by(2).map(|block| {
        let (language, text) = block.split_once('\n').expect("a block has lines");
        Block { language, text }
    })
}
