//! Script modules: sources in an archive, and the engine that runs them.

use crate::Digest;
use crate::limits::{SCRIPT, ScriptLimits};
use crate::output_name::{broken_rule_of_file, composed, shown};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The manifest of a script module, at the root of its archive.
pub const SCRIPT_MANIFEST: &str = "fuelcell.json";

/// Where an engine finds the files of its script.
pub const SCRIPT_ROOT: &str = "/script";

/// Longest name of an engine, and longest version, in bytes.
const MAX_ENGINE_WORD: usize = 32;

/// Endings of files with code for one kind of processor, or that hold such files.
const NATIVE: [&str; 6] = ["so", "pyd", "dylib", "dll", "whl", "egg"];

/// What the engines for Python have beside the standard library.
pub const PYTHON_PACKAGES: [&str; 10] = [
    "asttokens",
    "executing",
    "ipython",
    "ipython-pygments-lexers",
    "mistune",
    "pure-eval",
    "pygments",
    "stack-data",
    "traitlets",
    "tzdata",
];

/// What the engine `python-science` has beside these, by the names under which it is imported.
pub const SCIENTIFIC_PACKAGES: [&str; 16] = [
    "PIL",
    "formulaic",
    "lxml",
    "matplotlib",
    "mpl_toolkits",
    "networkx",
    "numpy",
    "openpyxl",
    "pandas",
    "patsy",
    "pylab",
    "scipy",
    "seaborn",
    "sklearn",
    "statsmodels",
    "sympy",
];

/// What a script in Python need not bring, for whoever is refused what it brought.
pub fn packages_there() -> String {
    format!(
        "without vendoring there are, beside the standard library, {} on the engine python, and {} on the engine python-science",
        PYTHON_PACKAGES.join(", "),
        SCIENTIFIC_PACKAGES.join(", ")
    )
}

/// What a script's manifest says of its engine: `python@3.14`, or `python` for the newest one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EngineName {
    /// Its name.
    pub name: String,
    /// Its version; none = the newest.
    pub version: Option<String>,
}

/// A text that names no engine.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} names no engine: write its name, such as python, or name and version, such as python@3.14; a name is 1 to 32 \
     characters of a-z 0-9 - that begin with a letter, a version 1 to 32 of A-Z a-z 0-9 . + - that begin with a digit"
)]
pub struct NoEngineName(String);

impl EngineName {
    /// An engine of this version.
    ///
    /// # Errors
    /// When they are no name and version of an engine.
    pub fn exact(name: &str, version: &str) -> Result<Self, NoEngineName> {
        format!("{name}@{version}").parse()
    }
}

impl FromStr for EngineName {
    type Err = NoEngineName;

    fn from_str(text: &str) -> Result<Self, NoEngineName> {
        let (name, version) = match text.split_once('@') {
            Some((name, version)) => (name, Some(version)),
            None => (text, None),
        };
        let name_is_fine = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let version_is_fine = version.is_none_or(|version| {
            version.starts_with(|c: char| c.is_ascii_digit())
                && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte))
        });
        let longest = name.len().max(version.map_or(0, str::len));
        match name_is_fine && version_is_fine && longest <= MAX_ENGINE_WORD {
            true => Ok(Self { name: name.to_owned(), version: version.map(str::to_owned) }),
            false => Err(NoEngineName(shown(text))),
        }
    }
}

impl fmt::Display for EngineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            Some(version) => write!(f, "{}@{version}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

impl TryFrom<String> for EngineName {
    type Error = NoEngineName;

    fn try_from(text: String) -> Result<Self, NoEngineName> {
        text.parse()
    }
}

impl From<EngineName> for String {
    fn from(name: EngineName) -> Self {
        name.to_string()
    }
}

/// The engine that a job was pinned to when it was submitted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineRef {
    /// The engine's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

impl fmt::Display for EngineRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.name, self.version)
    }
}

/// Whether a path is that of code for one kind of processor, or of a package that holds such code.
pub fn is_native(path: &str) -> bool {
    let file = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    // Libraries carry versions behind the ending: libx.so.1.2.
    NATIVE.contains(&ending) || file.contains(".so.")
}

/// The paths of an archive: each is one that every system can have, and none is taken for another where case does not
/// count.
#[derive(Debug, Default)]
pub struct ScriptPaths {
    /// What was added, and every folder above it, by its name in lower case.
    seen: BTreeMap<String, (String, Kind)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    File,
    Folder,
}

impl ScriptPaths {
    /// Files and folders so far.
    pub fn len(&self) -> usize {
        self.seen.len()
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.seen.is_empty()
    }

    /// Adds a file.
    ///
    /// # Errors
    /// The rule that its path breaks, with the path.
    pub fn add_file(&mut self, path: &str) -> Result<(), String> {
        self.add(path, Kind::File)
    }

    /// Adds a folder; one may be there already.
    ///
    /// # Errors
    /// The rule that its path breaks, with the path.
    pub fn add_folder(&mut self, path: &str) -> Result<(), String> {
        self.add(path, Kind::Folder)
    }

    fn add(&mut self, path: &str, kind: Kind) -> Result<(), String> {
        let refused = |rule: &str| format!("\"{}\" cannot be a path in it: {rule}", shown(path));
        let ScriptLimits { path_bytes, depth, .. } = SCRIPT;
        if path.len() > path_bytes || path.split('/').count() > depth {
            return Err(refused(&format!("a path has at most {path_bytes} bytes and {depth} parts")));
        }
        if path.starts_with('/') {
            return Err(refused("paths are relative to the archive's root"));
        }
        if path.split('/').any(|part| matches!(part, "." | "..")) {
            return Err(refused("no part of it is . or .."));
        }
        if let Some(rule) = path.split('/').find_map(broken_rule_of_file) {
            return Err(refused(rule));
        }
        if composed(path) != path {
            return Err(refused("it is written in normalisation form C of Unicode"));
        }
        let folders = path.match_indices('/').map(|(end, _)| (&path[..end], Kind::Folder));
        for (path, kind) in folders.chain([(path, kind)]) {
            self.note(path, kind)?;
        }
        Ok(())
    }

    fn note(&mut self, path: &str, kind: Kind) -> Result<(), String> {
        let folded = path.to_lowercase();
        let Some((there, what)) = self.seen.get(&folded) else {
            self.seen.insert(folded, (path.to_owned(), kind));
            return Ok(());
        };
        match (there == path, what, kind) {
            (true, Kind::Folder, Kind::Folder) => Ok(()),
            (true, Kind::File, Kind::File) => Err(format!("\"{}\" is there twice", shown(path))),
            (true, ..) => Err(format!("\"{}\" is a file and a folder", shown(path))),
            (false, ..) => {
                Err(format!("\"{}\" and \"{}\" differ in nothing but case", shown(there), shown(path)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(paths: &[&str]) -> Result<usize, String> {
        let mut all = ScriptPaths::default();
        paths.iter().try_for_each(|path| match path.strip_suffix('/') {
            Some(folder) => all.add_folder(folder),
            None => all.add_file(path),
        })?;
        Ok(all.len())
    }

    #[test]
    fn an_engine_is_named_with_or_without_its_version() {
        for text in ["python", "python@3.14", "python-science@3.15.0-rc.1", "a@0"] {
            assert_eq!(text.parse::<EngineName>().unwrap().to_string(), text);
        }
        assert_eq!(EngineName::exact("python", "3.14").unwrap().version.as_deref(), Some("3.14"));
        let long = "a".repeat(33);
        for text in ["", "@", "python@", "@3", "Python", "py thon", "python@x", "python@3/4", "a@1@2", &long]
        {
            let error = text.parse::<EngineName>().unwrap_err().to_string();
            assert!(error.contains("python@3.14"), "{text}: {error}");
        }
    }

    #[test]
    fn paths_are_those_that_every_system_can_have() {
        assert_eq!(added(&["main.py", "lib/a.py", "lib/b.py", "lib/", "L\u{e4}/x.py"]), Ok(6));
        for (path, rule) in [
            ("", "is empty"),
            ("/main.py", "relative"),
            ("../main.py", ".."),
            ("lib/../main.py", ".."),
            ("./main.py", ".."),
            ("lib//a.py", "is empty"),
            ("a\\b", "\\"),
            ("C:/x", ":"),
            ("a\0b", "control"),
            ("aux.py", "Windows"),
            ("lib /a.py", "space"),
            ("a\u{308}.py", "form C"),
        ] {
            let error = added(&[path]).unwrap_err();
            assert!(error.contains(rule), "{path:?}: {error}");
        }
        for (parts, fits) in [(SCRIPT.depth, true), (SCRIPT.depth + 1, false)] {
            assert_eq!(added(&[&vec!["x"; parts].join("/")]).is_ok(), fits, "{parts}");
        }
        let long = |bytes: usize| format!("{0}/{0}/{1}", "x".repeat(200), "y".repeat(bytes - 402));
        assert!(added(&[&long(SCRIPT.path_bytes)]).is_ok());
        let error = added(&[&long(SCRIPT.path_bytes + 1)]).unwrap_err();
        assert!(error.contains(&format!("at most {} bytes", SCRIPT.path_bytes)), "{error}");
    }

    #[test]
    fn no_path_is_taken_for_another() {
        for (paths, rule) in [
            (["a.py", "a.py"], "twice"),
            (["a.py", "A.py"], "case"),
            (["lib/a.py", "Lib/b.py"], "case"),
            (["lib", "lib/a.py"], "a file and a folder"),
            (["lib/a.py", "lib"], "a file and a folder"),
            (["\u{e4}.py", "\u{c4}.py"], "case"),
        ] {
            let error = added(&paths).unwrap_err();
            assert!(error.contains(rule), "{paths:?}: {error}");
        }
    }

    #[test]
    fn native_code_is_known_by_its_name() {
        for path in ["a.so", "x/_y.cpython-314-x86_64-linux-gnu.so", "libz.so.1", "A.PYD", "a.dylib", "a.whl"]
        {
            assert!(is_native(path), "{path}");
        }
        for path in ["a.py", "so", "so.py", "also", "x.so/readme.txt", "notes.social"] {
            assert!(!is_native(path), "{path}");
        }
    }
}
