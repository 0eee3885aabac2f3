//! The tags of an XES stream, cut where they lie in the buffer.
//!
//! A log of a gigabyte is a few million tags, nearly all of them `<string key="…" value="…"/>`. So this reader keeps no
//! more of a tag than its name, its key and its value, and copies nothing. It checks what an XES log needs to be read
//! rightly: that tags are formed and nested well and that the text is UTF-8.

use std::io::{self, Read};

use memchr::{memchr, memmem};

use crate::error::excerpt;
use crate::names;
use fuelcell_records_kit::buffer::{Buffer, near, soon};

/// One tag or comment may not be longer: whoever writes more wants to fill the memory.
pub(super) const LONGEST_TAG: usize = 8 << 20;

/// Elements may be nested this deep.
const DEEPEST: usize = 64;

/// Why there is no next tag.
#[derive(Debug)]
pub(super) enum TagError {
    Io(io::Error),
    /// The file is damaged; the words end a sentence that says where.
    Corrupt(String),
    /// There is a document type declaration.
    Doctype,
}

/// A tag. The strings are as they stand in the file, references and all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag<'a> {
    Open(Element<'a>),
    Close,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// The whole tag, with its brackets.
    pub(super) text: &'a [u8],
    /// Its name, without a prefix.
    pub(super) name: &'a [u8],
    /// What the attribute `key` says.
    pub(super) key: Option<&'a [u8]>,
    /// What the attribute `value` says.
    pub(super) value: Option<&'a [u8]>,
    /// Whether the element ends with this tag. No [`Tag::Close`] follows then.
    pub(super) empty: bool,
}

pub(super) struct Tags<R> {
    buffer: Buffer<R>,
    /// How much of what is unread is known to be UTF-8.
    valid: usize,
    /// The names of the open elements, one behind the other, and where each begins.
    open: Vec<u8>,
    starts: Vec<usize>,
    /// Where the last tag began.
    position: u64,
}

impl<R: Read> Tags<R> {
    pub(super) fn new(input: R) -> Self {
        Self { buffer: Buffer::new(input), valid: 0, open: Vec::new(), starts: Vec::new(), position: 0 }
    }

    /// Where in the text the last tag begins, or what is wrong, or the text ends.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// Leaves out what the caller knows at sight: of the text ahead, as much as `known` says. There may be none but whole
    /// empty elements and text between them in it.
    #[inline]
    pub(super) fn skip(&mut self, known: impl FnOnce(&[u8]) -> usize) {
        let length = known(self.buffer.unread());
        self.consume(length);
    }

    /// The next tag, or nothing at the end.
    pub(super) fn next(&mut self) -> Result<Option<Tag<'_>>, TagError> {
        loop {
            let Some(text) = near(b'<', self.buffer.unread()) else {
                // A character that is not all there yet stays, to be checked with what follows.
                self.consume(self.valid);
                if self.buffer.at_end() {
                    self.position = self.buffer.position();
                    return Ok(None);
                }
                self.fill()?;
                continue;
            };
            self.consume(text);
            self.position = self.buffer.position();
            match scan(self.buffer.unread()).map_err(TagError::Corrupt)? {
                Some(Markup::Open(tag)) => {
                    self.consume(tag.length);
                    if !tag.empty {
                        self.enter(&tag)?;
                    }
                    return Ok(Some(Tag::Open(tag.element(self.buffer.consumed(tag.length)))));
                }
                Some(Markup::Close { length }) => {
                    self.leave(length)?;
                    self.consume(length);
                    return Ok(Some(Tag::Close));
                }
                Some(Markup::Other { length }) => self.consume(length),
                Some(Markup::Doctype) => return Err(TagError::Doctype),
                None if self.buffer.at_end() => return Err(self.corrupt("a tag is not closed")),
                None if self.buffer.unread().len() > LONGEST_TAG => {
                    let what = format!("a tag or comment is longer than {} MiB", LONGEST_TAG >> 20);
                    return Err(self.corrupt(&what));
                }
                None => self.fill()?,
            }
        }
    }

    #[inline]
    fn consume(&mut self, count: usize) {
        self.buffer.consume(count);
        self.valid = self.valid.saturating_sub(count);
    }

    fn corrupt(&self, what: &str) -> TagError {
        TagError::Corrupt(what.to_string())
    }

    /// Reads more and checks it. A character that is not all there yet is looked at again with what follows.
    #[inline(never)]
    fn fill(&mut self) -> Result<(), TagError> {
        self.buffer.fill().map_err(TagError::Io)?;
        let unchecked = &self.buffer.unread()[self.valid..];
        match simdutf8::compat::from_utf8(unchecked) {
            Ok(text) => self.valid += text.len(),
            Err(error) if error.error_len().is_none() && !self.buffer.at_end() => {
                self.valid += error.valid_up_to();
            }
            Err(error) => {
                self.position = self.buffer.position() + (self.valid + error.valid_up_to()) as u64;
                return Err(self.corrupt("the text is not UTF-8"));
            }
        }
        Ok(())
    }

    fn enter(&mut self, tag: &OpenTag) -> Result<(), TagError> {
        if self.starts.len() >= DEEPEST {
            return Err(self.corrupt(&format!("elements are nested deeper than {DEEPEST}")));
        }
        self.starts.push(self.open.len());
        self.open.extend_from_slice(&self.buffer.consumed(tag.length)[1..tag.name_end]);
        Ok(())
    }

    /// Closes the innermost element with the tag that is next in the buffer.
    fn leave(&mut self, length: usize) -> Result<(), TagError> {
        let name = self.buffer.unread()[2..length - 1].trim_ascii_end();
        let words = |name: &[u8]| excerpt(&String::from_utf8_lossy(name));
        let Some(start) = self.starts.pop() else {
            return Err(self.corrupt(&format!("</{}> closes nothing", words(name))));
        };
        let expected = &self.open[start..];
        if !names::same(expected, name) {
            let what = format!("<{}> is closed by </{}>", words(expected), words(name));
            return Err(self.corrupt(&what));
        }
        self.open.truncate(start);
        Ok(())
    }
}

/// What begins at a `<`.
enum Markup {
    Open(OpenTag),
    Close {
        length: usize,
    },
    /// A comment, a processing instruction or literal text.
    Other {
        length: usize,
    },
    Doctype,
}

/// First byte, and the one after the last.
type Bounds = (usize, usize);

/// Where the parts of an opening tag are, counted from its `<`.
#[derive(Default)]
struct OpenTag {
    /// Where its name begins, after a prefix.
    name: usize,
    name_end: usize,
    key: Option<Bounds>,
    value: Option<Bounds>,
    empty: bool,
    length: usize,
}

impl OpenTag {
    fn element<'a>(&self, tag: &'a [u8]) -> Element<'a> {
        let part = |bounds: Option<Bounds>| bounds.map(|(start, end)| &tag[start..end]);
        Element {
            text: &tag[..self.length],
            name: &tag[self.name..self.name_end],
            key: part(self.key),
            value: part(self.value),
            empty: self.empty,
        }
    }
}

/// Finds out what the text, which begins with `<`, begins with. Nothing when its end is not in sight.
fn scan(text: &[u8]) -> Result<Option<Markup>, String> {
    let other = |begin: usize, end: &[u8]| {
        let found = text.get(begin..).and_then(|rest| memmem::find(rest, end));
        found.map(|at| Markup::Other { length: begin + at + end.len() })
    };
    Ok(match text.get(1) {
        None => None,
        Some(b'/') => near(b'>', text).map(|end| Markup::Close { length: end + 1 }),
        Some(b'?') => other(2, b"?>"),
        Some(b'!') if text.starts_with(b"<!--") => other(4, b"-->"),
        Some(b'!') if text.starts_with(b"<![CDATA[") => other(9, b"]]>"),
        Some(b'!') if b"<!--".starts_with(text) || b"<![CDATA[".starts_with(text) => None,
        Some(b'!') => Some(Markup::Doctype),
        Some(_) => match common_tag(text) {
            Some(tag) => Some(Markup::Open(tag)),
            None => open_tag(text)?.map(Markup::Open),
        },
    })
}

/// The tags that nearly all of a log consists of, as nearly all writers write them. Anything else is for [`open_tag`].
#[inline]
fn common_tag(text: &[u8]) -> Option<OpenTag> {
    const TIMESTAMP: &[u8; 34] = b"<date key=\"time:timestamp\" value=\"";
    const BETWEEN: &[u8] = b"\" value=\"";
    if begins(text, TIMESTAMP) {
        return common_end(text, 5, (11, 25), TIMESTAMP.len());
    }
    let (name_end, key) = if begins(text, b"<string key=\"") {
        (7, 13)
    } else if begins(text, b"<date key=\"") {
        (5, 11)
    } else if begins(text, b"<event>") {
        return Some(OpenTag { name: 1, name_end: 6, length: 7, ..OpenTag::default() });
    } else {
        return None;
    };
    let key_end = key + soon(b'"', &text[key..])?;
    if !names::same(text.get(key_end..key_end + BETWEEN.len())?, BETWEEN) {
        return None;
    }
    common_end(text, name_end, (key, key_end), key_end + BETWEEN.len())
}

/// The rest of a common tag, from the value on.
#[inline]
fn common_end(text: &[u8], name_end: usize, key: Bounds, value: usize) -> Option<OpenTag> {
    let value_end = value + soon(b'"', &text[value..])?;
    let length = match &text[value_end..] {
        [_, b'/', b'>', ..] => value_end + 3,
        [_, b' ', b'/', b'>', ..] => value_end + 4,
        _ => return None,
    };
    Some(OpenTag { name: 1, name_end, key: Some(key), value: Some((value, value_end)), empty: true, length })
}

#[inline]
fn begins<const SIZE: usize>(text: &[u8], with: &[u8; SIZE]) -> bool {
    text.first_chunk::<SIZE>().is_some_and(|start| names::same(start, with))
}

#[inline(never)]
fn open_tag(text: &[u8]) -> Result<Option<OpenTag>, String> {
    let name_end = skip(text, 1, |byte| !ends_name(byte));
    let name = memchr(b':', &text[..name_end]).map_or(1, |colon| colon + 1);
    let mut tag = OpenTag { name, name_end, ..OpenTag::default() };
    let mut at = tag.name_end;
    loop {
        at = skip(text, at, |byte| byte.is_ascii_whitespace());
        match text.get(at) {
            None => return Ok(None),
            Some(b'>') => {
                tag.length = at + 1;
                return Ok(Some(tag));
            }
            Some(b'/') => match text.get(at + 1) {
                None => return Ok(None),
                Some(b'>') => {
                    (tag.empty, tag.length) = (true, at + 2);
                    return Ok(Some(tag));
                }
                Some(_) => return Err("a tag has a / in its middle".to_string()),
            },
            Some(_) => {
                let name = at;
                let Some((name_end, value)) = attribute(text, at)? else { return Ok(None) };
                match &text[name..name_end] {
                    b"key" => tag.key = Some(value),
                    b"value" => tag.value = Some(value),
                    _ => {}
                }
                at = value.1 + 1;
            }
        }
    }
}

/// The end of the name and the bounds of the value of the attribute at `at`.
#[inline]
fn attribute(text: &[u8], at: usize) -> Result<Option<(usize, Bounds)>, String> {
    let name_end = skip(text, at, |byte| byte != b'=' && !ends_name(byte));
    let equals = skip(text, name_end, |byte| byte.is_ascii_whitespace());
    let quote = skip(text, equals + 1, |byte| byte.is_ascii_whitespace());
    let words = || excerpt(&String::from_utf8_lossy(&text[at..name_end]));
    match (text.get(equals), text.get(quote)) {
        (None, _) | (Some(b'='), None) => Ok(None),
        (Some(b'='), Some(&mark @ (b'"' | b'\''))) => {
            let length = memchr(mark, &text[quote + 1..]);
            Ok(length.map(|length| (name_end, (quote + 1, quote + 1 + length))))
        }
        (Some(b'='), Some(_)) => Err(format!("the value of the attribute {} has no quotes", words())),
        (Some(_), _) => Err(format!("the attribute {} has no value", words())),
    }
}

/// The first place from `at` on whose byte is not `wanted`.
#[inline]
fn skip(text: &[u8], at: usize, wanted: impl Fn(u8) -> bool) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| !wanted(byte)).unwrap_or(rest.len())
}

#[inline]
fn ends_name(byte: u8) -> bool {
    matches!(byte, b'>' | b'/') || byte.is_ascii_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hands out one byte at a time, so that everything is cut everywhere.
    struct Drip<'a>(&'a [u8]);

    impl Read for Drip<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(&mut buffer[..1])
        }
    }

    /// All tags as `name|key|value|…`, `/` where an element is empty, `-` for a closing tag; then what is wrong.
    fn all(input: impl Read) -> String {
        let mut tags = Tags::new(input);
        let part =
            |bytes: Option<&[u8]>| bytes.map_or("?".into(), |b| String::from_utf8_lossy(b).into_owned());
        let mut seen = Vec::new();
        loop {
            match tags.next() {
                Ok(Some(Tag::Open(tag))) => {
                    let end = if tag.empty { "/" } else { "" };
                    seen.push(format!("{}|{}|{}{end}", part(Some(tag.name)), part(tag.key), part(tag.value)));
                }
                Ok(Some(Tag::Close)) => seen.push("-".to_string()),
                Ok(None) => return seen.join(" "),
                Err(error) => {
                    let position = tags.position();
                    return format!("{} at {position}: {error:?}", seen.join(" "));
                }
            }
        }
    }

    fn both(text: &[u8]) -> String {
        let (whole, drip) = (all(text), all(Drip(text)));
        assert_eq!(whole, drip, "{}", String::from_utf8_lossy(text));
        whole
    }

    #[test]
    fn common_and_uncommon_forms_of_a_tag_are_the_same() {
        for text in [
            "<string key=\"a\" value=\"b>c\"/>",
            "<string key=\"a\" value=\"b>c\" />",
            "<string  key = 'a'\n value='b>c'\t/>",
            "<x:string other=\"1\" value=\"b>c\" key=\"a\"/>",
        ] {
            assert_eq!(both(text.as_bytes()), "string|a|b>c/", "{text}");
        }
        assert_eq!(
            both(b"<string key=\"a\" value=\"b\"><event></event ></string>"),
            "string|a|b event|?|? - -"
        );
        assert_eq!(both(b"<string key=\"a\"/><date value=\"b\"/>"), "string|a|?/ date|?|b/");
        assert_eq!(both("<string key=\"ä\" value='\"'/>".as_bytes()), "string|ä|\"/");
    }

    #[test]
    fn what_is_no_element_is_passed_over() {
        let text =
            b"<?xml version=\"1.0\"?><!-- <log> -- > --><log>x ]]> y<![CDATA[<event>]]></log>\n<!---->";
        assert_eq!(both(text), "log|?|? -");
    }

    #[test]
    fn damage_is_told_with_its_place() {
        for (text, place, word) in [
            (&b"<log><trace></log>"[..], 12, "<trace> is closed by </log>"),
            (b"<log></log></log>", 11, "</log> closes nothing"),
            (b"<log><event", 5, "not closed"),
            (b"<log><string key=\"a", 5, "not closed"),
            (b"<log a/b>", 0, "the attribute a has no value"),
            (b"<log a=b>", 0, "has no quotes"),
            (b"<log / >", 0, "in its middle"),
            (b"<log>\n<!-- ", 6, "not closed"),
            (b"<log><!DOCTYPE x>", 5, "Doctype"),
            (b"<log a='\xe9'>", 8, "UTF-8"),
            (b"<log>\xc3", 5, "UTF-8"),
        ] {
            let told = both(text);
            assert!(told.contains(&format!("at {place}: ")) && told.contains(word), "{told}");
        }
    }
}
