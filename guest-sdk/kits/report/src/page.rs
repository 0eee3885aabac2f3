//! The page around a report.

use std::io::{self, Write};

use maud::{Markup, PreEscaped, Render, html};

use crate::{Mood, chart, markup};

/// Nothing in a page may be loaded or run.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/// A figure in large type with the words for it.
#[derive(Debug, Clone)]
pub struct Tile {
    value: String,
    label: String,
    mood: Option<Mood>,
}

impl Tile {
    /// A figure as it is to be read (see [`text`](crate::text)), and what it is.
    pub fn new(value: impl Into<String>, label: impl Into<String>) -> Self {
        Self { value: value.into(), label: label.into(), mood: None }
    }

    /// Shows by colour how good it is.
    pub fn mood(mut self, mood: Mood) -> Self {
        self.mood = Some(mood);
        self
    }
}

/// A report: one HTML file that needs no network and no script, for light and dark screens, phones and paper.
#[derive(Debug, Default)]
pub struct Page {
    title: String,
    window_title: Option<String>,
    subtitle: String,
    notes: Vec<Markup>,
    tiles: Vec<Tile>,
    sections: Vec<Section>,
    footer: Option<Markup>,
    styles: Vec<&'static str>,
}

#[derive(Debug)]
struct Section {
    id: &'static str,
    title: String,
    body: Markup,
}

impl Page {
    /// A page with its heading and the line below it.
    pub fn new(title: impl Into<String>, subtitle: impl Into<String>) -> Self {
        Self { title: title.into(), subtitle: subtitle.into(), ..Self::default() }
    }

    /// The title of the window, where it is not the heading.
    pub fn window_title(&mut self, title: impl Into<String>) -> &mut Self {
        self.window_title = Some(title.into());
        self
    }

    /// A remark below the heading, such as what was left out.
    pub fn note(&mut self, text: impl Render) -> &mut Self {
        self.notes.push(text.render());
        self
    }

    /// The figures that matter most.
    pub fn tiles(&mut self, tiles: impl IntoIterator<Item = Tile>) -> &mut Self {
        self.tiles.extend(tiles);
        self
    }

    /// A section; the line below the heading links to it by `id`.
    pub fn section(&mut self, id: &'static str, title: impl Into<String>, body: impl Render) -> &mut Self {
        self.sections.push(Section { id, title: title.into(), body: body.render() });
        self
    }

    /// Small print at the end, such as definitions.
    pub fn footer(&mut self, text: impl Render) -> &mut Self {
        self.footer = Some(text.render());
        self
    }

    /// Style of a job's own, behind that of the kit. The colours of [`chart::COLOURS`] and `--ink`, `--soft`, `--paper`,
    /// `--line`, `--accent`, `--bar`, `--good`, `--warn` and `--bad` are there to be used.
    pub fn style(&mut self, css: &'static str) -> &mut Self {
        self.styles.push(css);
        self
    }

    /// Writes the page.
    ///
    /// # Errors
    /// What the writer says.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        out.write_all(b"<!DOCTYPE html>\n<html lang=\"en\"><head>")?;
        markup::write(&self.head().0, out)?;
        out.write_all(b"</head><body><main>")?;
        markup::write(&self.top().0, out)?;
        self.sections.iter().try_for_each(|section| section.write(out))?;
        if let Some(text) = &self.footer {
            markup::write(&html! { footer { (text) } }.0, out)?;
        }
        out.write_all(b"</main></body></html>\n")
    }

    fn head(&self) -> Markup {
        html! {
            meta charset="utf-8";
            title { (self.window_title.as_ref().unwrap_or(&self.title)) }
            meta name="viewport" content="width=device-width,initial-scale=1";
            meta http-equiv="Content-Security-Policy" content=(POLICY);
            meta name="color-scheme" content="light dark";
            style {
                (PreEscaped(chart::COLOURS)) (PreEscaped(chart::STYLE)) (PreEscaped(include_str!("page.css")))
                @for style in &self.styles { (PreEscaped(style)) }
            }
        }
    }

    fn top(&self) -> Markup {
        html! {
            header.top {
                h1 { (self.title) }
                p.soft { (self.subtitle) }
                @for note in &self.notes { p.soft { (note) } }
            }
            @if self.sections.len() > 1 {
                nav { @for section in &self.sections { a href={ "#" (section.id) } { (section.title) } } }
            }
            @if !self.tiles.is_empty() {
                div.tiles { @for tile in &self.tiles { (tile) } }
            }
        }
    }
}

impl Section {
    /// Without a copy of the body: it is the largest part of a page.
    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Self { id, title, body } = self;
        write!(out, "<section id=\"{id}\">")?;
        markup::write(&html! { h2 { (title) } }.0, out)?;
        markup::write(&body.0, out)?;
        writeln!(out, "</section>")
    }
}

impl Render for Tile {
    fn render(&self) -> Markup {
        html! {
            div.tile {
                b class=[self.mood.map(Mood::class)] { (self.value) }
                span { (self.label) }
            }
        }
    }
}
