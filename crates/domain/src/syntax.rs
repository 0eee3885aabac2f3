//! Whether the sources of a script can be read by its engine, which compiles them and runs nothing.

use crate::limits::SYNTAX;
use crate::text::clipped;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where an engine finds the files of a script that it is to check, and not to run. One that checks none finds no script.
pub const CHECK_ROOT: &str = "/check";

/// What it then leaves in `/out`.
pub const SYNTAX_REPORT: &str = "syntax.json";

/// Folders of what travels with a script and need not be source of its engine: packages, some of whose files are for other
/// versions of the language, and what the script reads as data.
const DATA: [&str; 6] = ["assets/", "data/", "templates/", "test/", "tests/", "vendor/"];

/// Longest message about a source, and longest reason why some were not read, in bytes.
const MAX_MESSAGE: usize = 400;
const MAX_PATH: usize = 512;

/// A place where an engine cannot read a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFault {
    /// The path in the archive.
    pub file: String,
    /// The line, from 1; none = it is of the file as a whole.
    pub line: Option<u32>,
    /// The column, from 1.
    pub column: Option<u32>,
    /// What is wrong.
    pub message: String,
}

impl SourceFault {
    /// Where in the file it is, and what.
    pub fn in_file(&self) -> String {
        let Self { line, column, message, .. } = self;
        match (line, column) {
            (Some(line), Some(column)) => format!("line {line}, column {column}: {message}"),
            (Some(line), None) => format!("line {line}: {message}"),
            (None, _) => message.clone(),
        }
    }

    fn clipped(self) -> Self {
        let (file, message) = (clipped(&self.file, MAX_PATH), clipped(&self.message, MAX_MESSAGE));
        Self { file, message, ..self }
    }
}

impl fmt::Display for SourceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.line.is_some() { ", " } else { ": " };
        write!(f, "{}{place}{}", self.file, self.in_file())
    }
}

/// What an engine says of the sources.
#[derive(Deserialize)]
struct Told {
    faults: Vec<SourceFault>,
    /// Sources that it had no time to read.
    #[serde(default)]
    left: u64,
}

/// What came of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Syntax {
    /// Why not all sources were read; none = they were.
    pub unchecked: Option<String>,
    /// What cannot be read, as far as is told.
    pub faults: Vec<SourceFault>,
}

impl Syntax {
    /// Nothing was read.
    pub fn unchecked(reason: impl AsRef<str>) -> Self {
        Self { unchecked: Some(clipped(reason.as_ref(), MAX_MESSAGE)), faults: Vec::new() }
    }

    /// What an engine left as its report; none when that is no such report. It read what strangers wrote, so that it is
    /// trusted no more than they are.
    pub fn told(report: &[u8]) -> Option<Self> {
        let Told { faults, left } = serde_json::from_slice(report).ok()?;
        let faults = faults.into_iter().take(SYNTAX.faults).map(SourceFault::clipped).collect();
        let unchecked = (left > 0).then(|| {
            format!(
                "its engine did not read {left} of the sources within {} s and its memory",
                SYNTAX.seconds
            )
        });
        Some(Self { unchecked, faults })
    }

    /// Those of the script's own sources, for which it is refused, and those of packages and of files that may be data, of
    /// which its author is told.
    pub fn by_owner(self) -> (Vec<SourceFault>, Vec<SourceFault>) {
        self.faults.into_iter().partition(|fault| !DATA.iter().any(|folder| fault.file.starts_with(folder)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(file: &str, line: Option<u32>) -> SourceFault {
        SourceFault { file: file.into(), line, column: None, message: "invalid syntax".into() }
    }

    #[test]
    fn a_report_is_read_as_far_as_is_stated() {
        let many = vec![json!(fault("main.py", Some(3))); SYNTAX.faults + 1];
        let told = Syntax::told(json!({"faults": many}).to_string().as_bytes()).unwrap();
        assert_eq!((told.faults.len(), told.unchecked), (SYNTAX.faults, None));
        let long = json!({"faults": [fault(&"x".repeat(9_999), None)], "left": 7}).to_string();
        let told = Syntax::told(long.as_bytes()).unwrap();
        assert_eq!(told.faults[0].file.len(), MAX_PATH);
        assert!(told.unchecked.unwrap().contains("7 of the sources"));
        for bytes in [&b""[..], b"{}", b"[]", br#"{"faults":[{"file":"a","line":-1,"message":"m"}]}"#] {
            assert!(Syntax::told(bytes).is_none(), "{bytes:?}");
        }
    }

    #[test]
    fn a_place_is_told_as_far_as_it_is_known() {
        assert_eq!(fault("a.py", Some(3)).to_string(), "a.py, line 3: invalid syntax");
        let exact = SourceFault { column: Some(8), ..fault("a.py", Some(3)) };
        assert_eq!(exact.to_string(), "a.py, line 3, column 8: invalid syntax");
        assert_eq!(fault("a.py", None).to_string(), "a.py: invalid syntax");
    }

    #[test]
    fn packages_and_data_are_told_apart() {
        let files = ["vendor/a.py", "main.py", "lib/vendor/b.py", "templates/report.py", "tests.py"];
        let faults = files.map(|file| fault(file, None)).to_vec();
        let (own, others) = Syntax { unchecked: None, faults }.by_owner();
        let others: Vec<_> = others.iter().map(|fault| fault.file.as_str()).collect();
        assert_eq!((own.len(), &others[..]), (3, &["vendor/a.py", "templates/report.py"][..]));
    }
}
