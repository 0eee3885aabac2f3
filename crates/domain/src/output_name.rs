//! Names of outputs: what a job may call the things that it leaves behind.
//!
//! A name is a file name of any script, or a path of such names with `/` between folder and file. It is kept in
//! normalisation form C, so that what looks the same is the same, and case counts.

use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;
use std::collections::BTreeSet;

/// Longest name in bytes, folders included.
pub const MAX_OUTPUT_NAME: usize = 1024;

/// Longest name of one folder or file in bytes, as file systems have it.
pub const MAX_FILE_NAME: usize = 255;

/// Bytes of a refused name that its refusal repeats.
const SHOWN: usize = 128;

/// Characters that some system takes for more than a part of a name.
const SEPARATORS: [char; 8] = ['\\', ':', '*', '?', '"', '<', '>', '|'];

/// Names that Windows reserves, whatever their extension.
const RESERVED: [&str; 22] = [
    "con", "prn", "aux", "nul", "com1", "com2", "com3", "com4", "com5", "com6", "com7", "com8", "com9",
    "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
];

/// The text in normalisation form C.
pub fn composed(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => ComposingNormalizerBorrowed::new_nfc().normalize(text),
    }
}

/// The name as it is kept. The error names what was refused, and the rule.
pub fn output_name(name: &str) -> Result<String, String> {
    let kept = composed(name);
    match broken_rule(&kept) {
        None => Ok(kept.into_owned()),
        Some(rule) => Err(refusal(name, rule)),
    }
}

/// The sentence for a name that breaks a rule.
fn refusal(name: &str, rule: &str) -> String {
    format!("\"{}\" cannot be the name of an output: {rule}", shown(name))
}

/// As much of a refused name as its refusal repeats.
pub(crate) fn shown(name: &str) -> String {
    let shown = &name[..name.floor_char_boundary(SHOWN)];
    let mark = if shown.len() < name.len() { "…" } else { "" };
    format!("{}{mark}", shown.escape_debug())
}

/// The rule that a name in form C breaks, if it breaks one.
fn broken_rule(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        return Some("a name is not empty");
    }
    if name.len() > MAX_OUTPUT_NAME {
        return Some("a name has at most 1024 bytes in UTF-8, folders included");
    }
    name.split('/').find_map(broken_rule_of_file)
}

/// The rule that one part of a name in form C breaks, if it breaks one.
pub(crate) fn broken_rule_of_file(name: &str) -> Option<&'static str> {
    let stem = name.split('.').next().unwrap_or_default().trim().to_ascii_lowercase();
    if name.is_empty() {
        return Some("no part between slashes is empty, and a slash is neither first nor last");
    }
    if name.len() > MAX_FILE_NAME {
        return Some("each part between slashes has at most 255 bytes in UTF-8");
    }
    if name.starts_with(['.', ' ']) {
        return Some("no part of it begins with a dot or a space");
    }
    if name.ends_with(['.', ' ']) {
        return Some("no part of it ends with a dot or a space");
    }
    if name.contains(is_hidden) {
        return Some("it has no control characters, line separators or marks of text direction");
    }
    if name.contains(SEPARATORS) {
        return Some("it has none of \\ : * ? \" < > |");
    }
    if RESERVED.contains(&stem.as_str()) {
        return Some("no part of it is a device's name on Windows, such as CON, NUL or COM1");
    }
    None
}

/// What breaks lines and headers, and what makes a name look like another.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The file's own name, without its folders.
pub fn file_part(name: &str) -> &str {
    name.rsplit_once('/').map_or(name, |(_, file)| file)
}

/// What stands behind the last dot of the file's own name, such as `html`; empty without one.
pub fn extension(name: &str) -> &str {
    file_part(name).rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// The names that a job has given away: each is there once, and none is the folder of another.
#[derive(Clone, Debug, Default)]
pub struct OutputNames(BTreeSet<String>);

impl OutputNames {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a name. The error says why it is not free.
    pub fn insert(&mut self, name: &str) -> Result<(), String> {
        if let Some(reason) = self.clash(name) {
            return Err(refusal(name, &reason));
        }
        self.0.insert(name.to_owned());
        Ok(())
    }

    /// Gives a name back.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Why a name is not free.
    pub fn clash(&self, name: &str) -> Option<String> {
        if self.0.contains(name) {
            return Some("there is an output of this name".into());
        }
        let mut folders = name.match_indices('/').map(|(place, _)| &name[..place]);
        if let Some(file) = folders.find(|folder| self.0.contains(*folder)) {
            return Some(format!("\"{file}\" is an output, and so no folder"));
        }
        let below = format!("{name}/");
        let inside = self.0.range(below.clone()..).next().is_some_and(|next| next.starts_with(&below));
        inside.then(|| "it is a folder of outputs".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_names_of_any_script_pass_with_folders() {
        for name in [
            "report.html",
            "process-map.svg",
            "a (2).csv",
            "Übersicht.csv",
            "报告.csv",
            "a+b.csv",
            "x=1.csv",
            "it's.txt",
            "100%.csv",
            "a#b&c;d,e@f!.csv",
            "charts/1.svg",
            "a/b/c/d.txt",
            "👩‍🔬.png",
            "console.log",
            "~$[]{}^`.x",
        ] {
            assert_eq!(output_name(name).as_deref(), Ok(name));
        }
        let longest = format!("{}/x", "é".repeat(127));
        assert_eq!(output_name(&longest).as_deref(), Ok(longest.as_str()));
    }

    #[test]
    fn what_looks_the_same_is_the_same() {
        assert_eq!(output_name("U\u{308}bersicht.csv").as_deref(), Ok("Übersicht.csv"));
    }

    #[test]
    fn harmful_names_are_refused_with_name_and_rule() {
        let (long, deep) = ("x".repeat(256), "abc/".repeat(256) + "x");
        for (name, rule) in [
            ("", "empty"),
            ("../x", "begins with a dot"),
            ("/etc/passwd", "between slashes"),
            ("a//b", "between slashes"),
            ("a/", "between slashes"),
            ("a/./b", "begins with a dot"),
            ("a\\b", "\\ :"),
            ("a\r\nb", "control"),
            ("a\"b", "none of"),
            ("CON", "device"),
            ("a/con.txt", "device"),
            ("con .txt", "device"),
            (".hidden", "dot"),
            ("x.", "ends with"),
            ("x ", "ends with"),
            ("x./y", "ends with"),
            ("\u{202e}x", "text direction"),
            ("x\u{2028}", "line separators"),
            ("C:x", "none of"),
            (&long, "255 bytes"),
            (&deep, "1024 bytes"),
        ] {
            let refused = output_name(name).unwrap_err();
            assert!(refused.contains(rule) && refused.len() < 400, "{name:?}: {refused}");
            assert!(!refused.contains(is_hidden), "{refused:?}");
        }
        assert!(output_name("x.").unwrap_err().starts_with("\"x.\" cannot be the name of an output: "));
    }

    #[test]
    fn a_name_and_its_parts_are_as_long_as_is_stated() {
        for (more, fits) in [(0, true), (1, false)] {
            let file = "x".repeat(MAX_FILE_NAME + more);
            assert_eq!(output_name(&file).is_ok(), fits, "{} bytes", file.len());
            let folders = "abc/".repeat(MAX_OUTPUT_NAME / 4 - 1);
            let whole = format!("{folders}{}", "x".repeat(MAX_OUTPUT_NAME + more - folders.len()));
            assert_eq!(output_name(&whole).is_ok(), fits, "{} bytes", whole.len());
        }
    }

    #[test]
    fn a_name_is_there_once_and_no_folder_of_another() {
        let mut names = OutputNames::default();
        names.insert("a/b").unwrap();
        for name in ["a.csv", "A.csv", "a/c", "A/b", "ab"] {
            names.insert(name).unwrap();
        }
        assert!(names.insert("a/b").unwrap_err().contains("there is an output"));
        assert!(names.insert("a").unwrap_err().contains("folder of outputs"));
        assert!(names.insert("a/b/c").unwrap_err().contains("\"a/b\" is an output"));
        names.remove("a/b");
        names.remove("a/c");
        assert_eq!(names.insert("a"), Ok(()));
        assert_eq!(names.len(), 5);
    }

    #[test]
    fn extensions_are_those_of_the_file() {
        for (name, file, end) in [("a.b/c", "c", ""), ("a/b.tar.gz", "b.tar.gz", "gz"), ("x", "x", "")] {
            assert_eq!((file_part(name), extension(name)), (file, end));
        }
    }
}
