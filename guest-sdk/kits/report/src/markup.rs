//! Markup: what is written out, and the small pieces that sections are made of.

use std::io::{self, Write};

use maud::{Markup, Render, html};

use crate::text::{count, percent};

/// Writes markup. Control characters, which XML forbids, and overrides of the writing direction, which could make a name
/// look like another one, become U+FFFD wherever they stand.
///
/// # Errors
/// What the writer says.
pub fn write(markup: &str, out: &mut impl Write) -> io::Result<()> {
    // Nearly all is plain, and bytes are looked at faster than characters.
    let plain = |byte: &u8| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r');
    let (mut written, mut at) = (0, 0);
    while let Some(skipped) = markup.as_bytes()[at..].iter().position(|byte| !plain(byte)) {
        at += skipped;
        let Some(char) = markup[at..].chars().next() else { break };
        if is_forbidden(char) {
            out.write_all(&markup.as_bytes()[written..at])?;
            out.write_all("\u{fffd}".as_bytes())?;
            written = at + char.len_utf8();
        }
        at += char.len_utf8();
    }
    out.write_all(&markup.as_bytes()[written..])
}

fn is_forbidden(char: char) -> bool {
    match char {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{fffe}' | '\u{ffff}' => true,
        char => char.is_control(),
    }
}

/// How good something is; shown by colour beside what the words say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
}

impl Mood {
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
        }
    }
}

/// The sentence that a section begins with.
pub fn lead(text: impl Render) -> Markup {
    html! { p.lead { (text) } }
}

/// A remark in small type.
pub fn note(text: impl Render) -> Markup {
    html! { p.soft.small { (text) } }
}

/// A short word in a frame, such as a figure behind a sentence.
pub fn pill(text: impl Render) -> Markup {
    html! { span.pill { (text) } }
}

/// A pill whose colour says how good it is.
pub fn verdict(text: impl Render, mood: Mood) -> Markup {
    html! { span class={ "pill " (mood.class()) } { (text) } }
}

/// A share (0 to 1) as a bar and a percentage that stay on one line.
pub fn meter(share: f64) -> Markup {
    let width = if share.is_nan() { 0.0 } else { (share * 100.0).clamp(0.0, 100.0) };
    html! {
        span.share { span.meter { i style={ "width:" (format_args!("{width:.0}")) "%" } {} } (percent(share)) }
    }
}

/// Parts side by side where there is room, else below each other.
pub fn beside(parts: &[&dyn Render]) -> Markup {
    html! { div.grid { @for part in parts { div { (part) } } } }
}

/// Something that is opened by a click on its summary; `note` stands behind the summary.
pub fn fold(summary: impl Render, note: impl Render, body: impl Render, open: bool) -> Markup {
    html! { details open[open] { summary { (summary) " " span.soft { (note) } } (body) } }
}

/// Names with their figures in a row, such as quantiles.
pub fn facts<N: Render, V: Render>(facts: impl IntoIterator<Item = (N, V)>) -> Markup {
    html! { dl.facts { @for (name, value) in facts { div { dt { (name) } dd { (value) } } } } }
}

/// Numbered sentences, the most important one first, each with the figure that it rests on.
pub fn findings<S: Render, F: Render>(findings: impl IntoIterator<Item = (S, F)>) -> Markup {
    html! { ol.findings { @for (sentence, figure) in findings { li { (sentence) " " (pill(figure)) } } } }
}

/// How good the data was that a job read: a score, how its parts came about, and where all rows went.
#[derive(Debug, Default)]
pub struct Quality<'a> {
    /// 0 to 100; nothing where nothing was read.
    pub score: Option<f64>,
    /// All rows that were read.
    pub total: u64,
    /// Rows that were taken.
    pub valid: u64,
    /// Rows that were there already.
    pub duplicates_removed: u64,
    /// Rows that could not be taken.
    pub invalid: u64,
    /// Remarks on what was read, such as its format and its columns.
    pub about: Vec<String>,
    /// Parts of the score: name, weight, and share of the rows without fault.
    pub parts: Vec<(&'a str, f64, f64)>,
    /// What was found, a sentence each.
    pub findings: Vec<String>,
}

impl Quality<'_> {
    fn mood(&self) -> Mood {
        match self.score {
            Some(score) if score >= 95.0 => Mood::Good,
            Some(score) if score >= 80.0 => Mood::Warn,
            _ => Mood::Bad,
        }
    }

    /// Whether nothing lowers the score, as far as there is one.
    fn is_perfect(&self) -> bool {
        self.score.is_none_or(|score| score >= 100.0) && self.parts.iter().all(|(.., share)| *share >= 1.0)
    }

    fn parts(&self) -> crate::Table {
        use crate::{Column, Table};
        let mut table = Table::new([
            Column::name("Part of the score"),
            Column::number("Weight"),
            Column::number("Without fault"),
        ]);
        for &(name, weight, share) in &self.parts {
            table.row(&[&name, &percent(weight), &percent(share)]);
        }
        table
    }
}

impl Render for Quality<'_> {
    fn render(&self) -> Markup {
        let rows = if self.total == 1 { "row" } else { "rows" };
        let figures = html! {
            b { (count(self.total)) " " (rows) } " read = "
            b { (count(self.valid)) } " valid + "
            b { (count(self.duplicates_removed)) } " duplicates removed + "
            b { (count(self.invalid)) } " invalid"
            (note(self.about.join(" · ")))
        };
        let findings = html! {
            @if self.findings.is_empty() && self.is_perfect() { p { "No fault was found." } }
            @else if self.findings.is_empty() { p { "The parts of the score below 100 % say what is not without fault." } }
            @else { ul.plain { @for finding in &self.findings { li { (finding) } } } }
        };
        html! {
            div.score {
                @if let Some(score) = self.score {
                    div {
                        div class={ "big " (self.mood().class()) } { (format_args!("{score:.1}")) }
                        span.soft.small { "of 100" }
                    }
                }
                div { (figures) }
            }
            @if self.parts.is_empty() { (findings) }
            @else { (beside(&[&self.parts(), &findings])) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_forbids_is_written_as_a_replacement() {
        let mut out = Vec::new();
        write("a\u{1}b\u{202e}c\n\u{9f}", &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\u{fffd}b\u{fffd}c\n\u{fffd}");
    }

    #[test]
    fn pieces_keep_text_as_text() {
        let evil = "<script>\"'&";
        let safe = "&lt;script&gt;&quot;'&amp;";
        for piece in [lead(evil), pill(evil), fold(evil, evil, evil, true), findings([(evil, evil)])] {
            assert!(piece.0.contains(safe) && !piece.0.contains(evil), "{}", piece.0);
        }
        let widths = [f64::NAN, -1.0, 0.5, 2.0].map(|share| meter(share).0.contains("width:50%"));
        assert_eq!(widths, [false, false, true, false]);
        assert!(meter(f64::NAN).0.contains("width:0%") && meter(2.0).0.contains("width:100%"));
    }
}
