//! Pages of the documentation that tests follow word for word.

/// A fenced block of a page.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Its language, as in `sh`.
    pub language: &'a str,
    /// What stands in it.
    pub text: &'a str,
    /// What stands between it and the block before.
    above: &'a str,
}

impl<'a> Block<'a> {
    /// The file that the block is, if a comment in its first line names one, and what is in it. JSON has no comments: its
    /// file is what the sentence above ends with.
    pub fn file(&self) -> Option<(&'a str, &'a str)> {
        let comment = match self.language {
            "python" => "# ",
            "js" | "ts" => "// ",
            "json" => {
                let (_, name) = self.above.trim_end().strip_suffix("`:")?.rsplit_once('`')?;
                return name.ends_with(".json").then_some((name, self.text));
            }
            _ => return None,
        };
        let (first, rest) = self.text.split_once('\n')?;
        Some((first.strip_prefix(comment)?, rest))
    }
}

/// The fenced blocks of a page.
pub fn blocks(page: &str) -> impl Iterator<Item = Block<'_>> {
    let mut pieces = page.split("```");
    std::iter::from_fn(move || {
        let (above, block) = (pieces.next()?, pieces.next()?);
        let (language, text) = block.split_once('\n').expect("a block has lines");
        Some(Block { language, text, above })
    })
}
