//! Names of files in an archive. Where archives are unpacked case may not count, so that two names which differ in nothing
//! else would be one file, or a file where a folder is to be: a later one gets a number.

use std::collections::HashSet;

/// The names that were given away, without case.
#[derive(Default)]
pub(super) struct ArchiveNames {
    files: HashSet<String>,
    folders: HashSet<String>,
}

impl ArchiveNames {
    /// `name`, or the first like it that is free.
    pub(super) fn take(&mut self, name: &str) -> String {
        let (folder, file) = match name.rsplit_once('/') {
            Some((folders, file)) => (self.folder(folders), file),
            None => (String::new(), name),
        };
        let taken = |key: &String| self.files.contains(key) || self.folders.contains(key);
        let made = first_free(&folder, file, taken);
        self.files.insert(without_case(&made));
        made
    }

    /// The path of folders with a slash behind it, beside files of such names.
    fn folder(&mut self, folders: &str) -> String {
        folders.split('/').fold(String::new(), |above, folder| {
            let made = first_free(&above, folder, |key| self.files.contains(key));
            self.folders.insert(without_case(&made));
            made + "/"
        })
    }
}

/// `a/b.csv`, `a/b (2).csv` and so on: the first that is not taken.
fn first_free(above: &str, name: &str, taken: impl Fn(&String) -> bool) -> String {
    let (stem, rest) = name.split_at(name.rfind('.').unwrap_or(name.len()));
    let numbered = (2_u64..).map(|number| format!("{above}{stem} ({number}){rest}"));
    let mut names = std::iter::once(format!("{above}{name}")).chain(numbered);
    names.find(|name| !taken(&without_case(name))).unwrap_or_default()
}

/// The same for names that some system does not tell apart.
fn without_case(name: &str) -> String {
    name.to_uppercase().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_apart_where_case_does_not_count() {
        let mut names = ArchiveNames::default();
        for (name, made) in [
            ("a.csv", "a.csv"),
            ("A.csv", "A (2).csv"),
            ("a (2).csv", "a (2) (2).csv"),
            ("Ü/1.svg", "Ü/1.svg"),
            ("ü/2.svg", "ü/2.svg"),
            ("ü/1.svg", "ü/1 (2).svg"),
            ("A.CSV/x", "A (3).CSV/x"),
            ("A.CSV/y", "A (3).CSV/y"),
            ("ü", "ü (2)"),
            ("ß", "ß"),
            ("SS", "SS (2)"),
        ] {
            assert_eq!(names.take(name), made);
        }
    }
}
