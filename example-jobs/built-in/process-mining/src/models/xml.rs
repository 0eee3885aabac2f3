//! XML of bounded size, as elements in a list, and XML that is written.

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::error::excerpt;

/// Elements of a file, at most.
const MOST_ELEMENTS: usize = 200_000;
/// How deep they may lie in each other.
const DEEPEST: usize = 64;

/// What is wrong with a file: the byte, and the end of a sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) at: u64,
    pub(super) what: String,
}

impl Wrong {
    pub(super) fn new(at: u64, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }
}

/// An element. Names are without prefixes.
#[derive(Debug, Default)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    /// The text directly in it.
    pub(super) text: String,
    /// The elements directly in it, by their numbers.
    pub(super) children: Vec<usize>,
    /// The byte at which it begins.
    pub(super) at: u64,
}

impl Element {
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// An attribute that must be there.
    pub(super) fn required(&self, name: &str) -> Result<&str, Wrong> {
        let missing =
            || Wrong::new(self.at, format!("<{}> has no attribute \"{name}\"", excerpt(&self.name)));
        self.attribute(name).ok_or_else(missing)
    }
}

/// All elements of a file; the first is the outermost.
#[derive(Debug)]
pub(super) struct Document(Vec<Element>);

impl Document {
    pub(super) fn parse(text: &str) -> Result<Self, Wrong> {
        let mut reader = Reader::from_str(text);
        let mut elements: Vec<Element> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        loop {
            let at = reader.buffer_position();
            let event = reader.read_event().map_err(|error| {
                Wrong::new(reader.error_position(), format!("it is no XML: {}", excerpt(&error.to_string())))
            })?;
            match event {
                Event::Start(tag) => {
                    let number = enter(&mut elements, &open, &tag, at)?;
                    open.push(number);
                }
                Event::Empty(tag) => {
                    enter(&mut elements, &open, &tag, at)?;
                }
                Event::End(_) => {
                    open.pop();
                }
                Event::Text(text) => add_text(&mut elements, &open, &text.xml10_content()),
                Event::CData(text) => add_text(&mut elements, &open, &text.xml10_content()),
                Event::GeneralRef(reference) => {
                    let wrong = || Wrong::new(at, "it has a reference to what XML does not define");
                    let own = reference.resolve_char_ref().map_err(|_| wrong())?.map(String::from);
                    let name = reference.xml10_content();
                    let named = quick_xml::escape::resolve_predefined_entity(&name).map(str::to_string);
                    add_text(&mut elements, &open, &own.or(named).ok_or_else(wrong)?);
                }
                Event::DocType(_) => {
                    return Err(Wrong::new(at, "it has a document type declaration, which is not allowed"));
                }
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
        if let Some(&inner) = open.last() {
            let what = format!("it ends before </{}>", excerpt(&elements[inner].name));
            return Err(Wrong::new(reader.buffer_position(), what));
        }
        if elements.is_empty() {
            return Err(Wrong::new(0, "it has no element"));
        }
        Ok(Self(elements))
    }

    pub(super) fn root(&self) -> &Element {
        &self.0[0]
    }

    /// All elements with a name, in order of the file.
    pub(super) fn all(&self, name: &'static str) -> impl Iterator<Item = &Element> {
        self.0.iter().filter(move |element| element.name == name)
    }

    pub(super) fn children<'a>(&'a self, element: &'a Element) -> impl Iterator<Item = &'a Element> {
        element.children.iter().map(|&number| &self.0[number])
    }

    pub(super) fn child<'a>(&'a self, element: &'a Element, name: &str) -> Option<&'a Element> {
        self.children(element).find(|child| child.name == name)
    }

    /// The trimmed text of `<name><text>…</text></name>`, as PNML writes labels.
    pub(super) fn label<'a>(&'a self, element: &'a Element, name: &str) -> Option<&'a str> {
        let text = self.child(self.child(element, name)?, "text")?;
        Some(text.text.trim()).filter(|text| !text.is_empty())
    }
}

fn enter(elements: &mut Vec<Element>, open: &[usize], tag: &BytesStart<'_>, at: u64) -> Result<usize, Wrong> {
    if elements.len() >= MOST_ELEMENTS {
        return Err(Wrong::new(at, format!("it has more than {MOST_ELEMENTS} elements")));
    }
    if open.len() >= DEEPEST {
        return Err(Wrong::new(at, format!("its elements are nested deeper than {DEEPEST}")));
    }
    let number = elements.len();
    match open.last() {
        Some(&parent) => elements[parent].children.push(number),
        None if number > 0 => return Err(Wrong::new(at, "it has a second outermost element")),
        None => {}
    }
    let mut element = Element { name: tag.local_name().as_ref().to_string(), at, ..Element::default() };
    for attribute in tag.attributes() {
        let attribute = attribute.map_err(|error| Wrong::new(at, excerpt(&error.to_string())))?;
        let value = attribute.normalized_value(XmlVersion::Implicit1_0);
        let value = value.map_err(|error| Wrong::new(at, excerpt(&error.to_string())))?;
        element.attributes.push((attribute.key.local_name().as_ref().to_string(), value.into_owned()));
    }
    elements.push(element);
    Ok(number)
}

fn add_text(elements: &mut [Element], open: &[usize], text: &str) {
    if let Some(&inner) = open.last() {
        elements[inner].text.push_str(text);
    }
}

/// Text as it may stand between tags and in attributes. Characters that XML 1.0 cannot hold become U+FFFD.
pub(super) fn escaped(text: &str) -> String {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c if allowed(c) => out.push(c),
            _ => out.push('\u{fffd}'),
        }
    }
    out
}
