//! The dashboard's files, as they were built from `web/` and embedded. It knows how they are named and what they are; who
//! serves them, and everything that the pages show, is the server's: they ask what every client may ask.

/// A file of the dashboard. `index.html` is the page; all others lie below `assets/`, from where the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Its name, without a folder.
    pub name: &'static str,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same, compressed with gzip.
    pub gzip: &'static [u8],
    /// The same, compressed with Brotli.
    pub brotli: &'static [u8],
}

/// All files; none where the dashboard was not built.
pub const FILES: &[File] = include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// Characters of the hash in a name.
const HASH: usize = 8;

impl File {
    /// What it is, by its name.
    pub fn media_type(&self) -> &'static str {
        match self.name.rsplit_once('.').map(|(_, extension)| extension) {
            Some("html") => "text/html; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            Some("txt") => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        }
    }

    /// Whether its name ends with a hash of its bytes, so that it may be kept for good.
    pub fn is_hashed(&self) -> bool {
        let stem = self.name.rsplit_once('.').map_or(self.name, |(stem, _)| stem);
        stem.len() > HASH + 1 && stem.as_bytes()[stem.len() - HASH - 1] == b'-'
    }
}

#[cfg(test)]
mod tests {
    use super::{FILES, File};

    fn file(name: &'static str) -> File {
        File { name, plain: b"", gzip: b"", brotli: b"" }
    }

    #[test]
    fn names_tell_what_a_file_is_and_whether_it_may_be_kept() {
        assert!(file("index-C3_-9aZx.js").is_hashed() && file("jobs-abcdefgh.css").is_hashed());
        for name in ["index.html", "theme.js", "icon.svg", "a-1.js", "-", ""] {
            assert!(!file(name).is_hashed(), "{name}");
        }
        assert_eq!(file("theme.js").media_type(), "text/javascript; charset=utf-8");
        assert_eq!(file("whatever").media_type(), "application/octet-stream");
    }

    #[test]
    fn what_is_embedded_is_whole() {
        for file in FILES {
            assert!(!file.plain.is_empty() && !file.gzip.is_empty() && !file.brotli.is_empty(), "{file:?}");
        }
        let has_page = FILES.iter().any(|file| file.name == "index.html");
        assert_eq!(has_page, !FILES.is_empty(), "the page and what it names come together");
    }
}
