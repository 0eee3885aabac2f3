//! Tables: numbers stand right, names wrap, and what is long is folded.

use maud::{Markup, PreEscaped, Render, html};

use crate::text::counted;

/// A column of a table.
#[derive(Debug, Clone)]
pub struct Column {
    heading: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Text,
    Words,
    Number,
}

impl Kind {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Name => Some("name"),
            Self::Text => None,
            Self::Words => Some("words"),
            Self::Number => Some("n"),
        }
    }

    /// What a cell begins with.
    fn tag(self) -> &'static str {
        match self {
            Self::Name => "<td class=\"name\">",
            Self::Text => "<td>",
            Self::Words => "<td class=\"words\">",
            Self::Number => "<td class=\"n\">",
        }
    }
}

impl Column {
    /// What the rows are called: it gets room, and long words in it are broken.
    pub fn name(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), kind: Kind::Name }
    }

    /// Words.
    pub fn text(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), kind: Kind::Text }
    }

    /// Sentences: they get room, on a phone too.
    pub fn words(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), kind: Kind::Words }
    }

    /// Numbers: they stand right, below each other.
    pub fn number(heading: impl Into<String>) -> Self {
        Self { heading: heading.into(), kind: Kind::Number }
    }
}

/// A table under construction. Cells are rendered when they are added, so that a row costs its text and nothing more.
#[derive(Debug, Clone)]
pub struct Table {
    columns: Vec<Column>,
    caption: Option<String>,
    open: usize,
    rows: usize,
    shown: String,
    folded: String,
}

impl Table {
    /// A table without rows.
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self {
            columns: columns.into_iter().collect(),
            caption: None,
            open: usize::MAX,
            rows: 0,
            shown: String::new(),
            folded: String::new(),
        }
    }

    /// A heading above it.
    pub fn caption(mut self, caption: impl Into<String>) -> Self {
        self.caption = Some(caption.into());
        self
    }

    /// Shows the first rows; those after them are opened by a click. Say it before rows are added.
    pub fn fold_after(mut self, rows: usize) -> Self {
        self.open = rows;
        self
    }

    /// Adds a row, a cell for each column. What is missing is left empty, what is too much stands behind the last column.
    pub fn row(&mut self, cells: &[&dyn Render]) -> &mut Self {
        self.add(cells.iter())
    }

    /// Adds a row of cells of one kind, such as texts whose number is known when the job runs.
    pub fn row_of(&mut self, cells: impl IntoIterator<Item = impl Render>) -> &mut Self {
        self.add(cells.into_iter())
    }

    /// How many rows it has.
    pub fn len(&self) -> usize {
        self.rows
    }

    /// Whether it has no rows.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    fn add(&mut self, cells: impl Iterator<Item = impl Render>) -> &mut Self {
        let body = if self.rows < self.open { &mut self.shown } else { &mut self.folded };
        let mut kinds = self.columns.iter().map(|column| column.kind);
        body.push_str("<tr>");
        for cell in cells {
            body.push_str(kinds.next().unwrap_or(Kind::Text).tag());
            cell.render_to(body);
            body.push_str("</td>");
        }
        body.push_str("</tr>");
        self.rows += 1;
        self
    }

    fn part(&self, rows: &str) -> Markup {
        html! {
            div.scroll {
                table {
                    thead {
                        tr {
                            @for Column { heading, kind } in &self.columns {
                                th scope="col" class=[kind.class()] { (heading) }
                            }
                        }
                    }
                    tbody { (PreEscaped(rows)) }
                }
            }
        }
    }
}

impl Render for Table {
    fn render(&self) -> Markup {
        html! {
            @if let Some(caption) = &self.caption { h3 { (caption) } }
            (self.part(&self.shown))
            @if !self.folded.is_empty() {
                details.more {
                    summary { (counted(self.rows.saturating_sub(self.open) as u64, "more row")) }
                    (self.part(&self.folded))
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_text_and_know_their_column() {
        let mut table = Table::new([Column::name("Name"), Column::number("<Cases>")]);
        table.row(&[&"<b>&", &7]).row_of(["x", "y"]);
        let html = table.render().0;
        assert!(html.contains("<td class=\"name\">&lt;b&gt;&amp;</td><td class=\"n\">7</td>"), "{html}");
        assert!(html.contains("<th scope=\"col\" class=\"n\">&lt;Cases&gt;</th>"), "{html}");
        assert_eq!(table.len(), 2);
    }

    #[test]
    fn long_tables_are_folded_and_say_how_much_is_left() {
        let mut table = Table::new([Column::text("Number")]).fold_after(2);
        for number in 0..5 {
            table.row(&[&number]);
        }
        let html = table.render().0;
        assert!(html.contains("<summary>3 more rows</summary>"), "{html}");
        assert_eq!(html.matches("<tr><td>").count(), 5);
        assert_eq!(html.matches("<thead>").count(), 2);
    }
}
