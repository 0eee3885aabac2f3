//! The files of a crate, and which of them refers to which.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use super::source::{Names, Source};

/// A file is known by its module's path; the root's is empty.
pub(super) type Module = Names;

/// The files of a crate that belong to it outside of its tests.
#[derive(Default)]
pub(in crate::check) struct Files {
    files: BTreeMap<Module, File>,
}

struct File {
    shown: String,
    source: Source,
}

/// By file: the files that it refers to, each with a path by which it does.
pub(super) type References = BTreeMap<String, BTreeMap<String, String>>;

impl Files {
    /// Reads the crate whose root is `root`.
    pub(in crate::check) fn read(root: &Path) -> Result<Self> {
        let folder = root.parent().context("a root file lies in a folder")?;
        let mut files = Self::default();
        let mut open = vec![(Module::new(), root.to_owned(), folder.to_owned())];
        while let Some((module, path, children)) = open.pop() {
            let text =
                fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            let source = Source::of(&text).with_context(|| format!("cannot parse {}", path.display()))?;
            for name in &source.modules {
                let child = module.iter().chain([name]).cloned().collect();
                open.push((child, file_of(&children, name)?, children.join(name)));
            }
            let shown = path.strip_prefix(folder).unwrap_or(&path).display().to_string();
            files.files.insert(module, File { shown, source });
        }
        Ok(files)
    }

    /// Every path of other crates or of its own that the code names, as it is written.
    pub(in crate::check) fn paths(&self) -> impl Iterator<Item = &Names> {
        let sources = || self.files.values().map(|file| &file.source);
        let imports = sources().flat_map(|source| source.imports.iter().map(|import| &import.path));
        imports.chain(sources().flat_map(|source| &source.mentions))
    }

    /// Which file refers to which. What a file exports again of the files below it is no use of them, and whoever takes it
    /// from there refers to where it is defined.
    pub(super) fn references(&self) -> References {
        let mut references = References::new();
        for (module, file) in &self.files {
            let mut add = |path: &Names| {
                if let Some(target) = self.target(module, path, &mut BTreeSet::new())
                    && target != *module
                {
                    let targets = references.entry(file.shown.clone()).or_default();
                    targets.entry(self.files[&target].shown.clone()).or_insert_with(|| path.join("::"));
                }
            };
            for import in &file.source.imports {
                let target = self.target(module, &import.path, &mut BTreeSet::new());
                let is_below = target.is_some_and(|target| target.starts_with(module));
                if !(import.public && is_below) {
                    add(&import.path);
                }
            }
            // The name of a module alone stands in no expression and no type; a variable may be called as it is.
            file.source.mentions.iter().filter(|path| self.is_reference(module, path)).for_each(add);
        }
        references
    }

    fn is_reference(&self, module: &Module, path: &Names) -> bool {
        path.len() > 1 || !self.is_file(&below(module, &path[0]))
    }

    /// The file that `path` leads to when `module` writes it; none = it is not of this crate. `seen` ends circles of
    /// re-exports.
    fn target(&self, module: &Module, path: &Names, seen: &mut BTreeSet<(Module, Names)>) -> Option<Module> {
        if !seen.insert((module.clone(), path.clone())) {
            return None;
        }
        let (mut at, rest) = match path.first()?.as_str() {
            "crate" => (Module::new(), &path[1..]),
            "self" => (module.clone(), &path[1..]),
            "super" => {
                let supers = path.iter().take_while(|name| *name == "super").count();
                (module[..module.len().checked_sub(supers)?].to_vec(), &path[supers..])
            }
            name if path.len() > 1 && self.is_file(&below(module, name)) => (module.clone(), &path[..]),
            name if self.is_file(&below(module, name)) && self.imported(module, name).is_none() => {
                (module.clone(), &path[..])
            }
            name => return self.defined(module, name, seen),
        };
        let inner = rest.iter().take_while(|name| {
            let next = below(&at, name);
            let is_file = self.is_file(&next);
            if is_file {
                at = next;
            }
            is_file
        });
        let inner = inner.count();
        match rest.get(inner) {
            None => Some(at),
            Some(name) if self.imported(&at, name).is_some() => self.defined(&at, name, seen),
            // What cannot be found, such as what a macro defines, is taken to be there.
            Some(name) => self.defined(&at, name, seen).or(Some(at)),
        }
    }

    /// Where `name` is defined that `module` knows; none = not here, or not in this crate.
    fn defined(&self, module: &Module, name: &str, seen: &mut BTreeSet<(Module, Names)>) -> Option<Module> {
        let source = &self.files.get(module)?.source;
        if source.items.contains(name) {
            return Some(module.clone());
        }
        if let Some(path) = self.imported(module, name) {
            return self.target(module, path, seen);
        }
        let globs = source.imports.iter().filter(|import| import.name.is_none());
        globs.into_iter().find_map(|glob| {
            let origin = self.target(module, &glob.path, seen)?;
            self.defined(&origin, name, seen)
        })
    }

    fn imported(&self, module: &Module, name: &str) -> Option<&Names> {
        let imports = &self.files.get(module)?.source.imports;
        let import = imports.iter().find(|import| import.name.as_deref() == Some(name))?;
        Some(&import.path)
    }

    fn is_file(&self, module: &Module) -> bool {
        self.files.contains_key(module)
    }
}

fn below(module: &Module, name: &str) -> Module {
    module.iter().map(String::as_str).chain([name]).map(str::to_owned).collect()
}

fn file_of(folder: &Path, module: &str) -> Result<PathBuf> {
    let places = [folder.join(format!("{module}.rs")), folder.join(module).join("mod.rs")];
    match places.iter().find(|place| place.exists()) {
        Some(place) => Ok(place.clone()),
        None => bail!("{} does not hold the module `{module}`", folder.display()),
    }
}

#[cfg(test)]
pub(in crate::check) mod made_up {
    //! Crates for tests.

    use super::{super::source::Source, File, Files};

    /// A crate of `(module, text)`; the root is `""`.
    pub(crate) fn files(texts: &[(&str, &str)]) -> Files {
        let file = |(module, text): &(&str, &str)| {
            let path = module.split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect();
            let shown = if module.is_empty() { "lib.rs".to_owned() } else { format!("{module}.rs") };
            (path, File { shown, source: Source::of(text).unwrap() })
        };
        Files { files: texts.iter().map(file).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::made_up::files;

    fn references(texts: &[(&str, &str)]) -> Vec<String> {
        let references = files(texts).references();
        let arrows = references.iter().flat_map(|(from, to)| to.keys().map(move |to| format!("{from} {to}")));
        arrows.collect()
    }

    #[test]
    fn whoever_takes_a_reexport_refers_to_where_it_is_defined() {
        let found = references(&[
            ("", "mod a; mod b; pub use a::A;"),
            ("a", "mod deep; pub use deep::*; pub(crate) use std::fmt;"),
            ("a::deep", "pub struct A;"),
            ("b", "use crate::A; use crate::a::{fmt, A as Other};"),
        ]);
        assert_eq!(found, ["b.rs a::deep.rs"]);
    }

    #[test]
    fn a_parent_that_uses_what_it_exports_refers_to_it() {
        let found = references(&[
            ("", "mod a; pub use a::{A, B}; fn f(_: A) {}"),
            ("a", "pub struct A; pub struct B; fn f(deep: u8) { deep + 1; }"),
        ]);
        assert_eq!(found, ["lib.rs a.rs"]);
    }

    #[test]
    fn files_below_are_named_without_a_head_and_those_of_others_are_not_ours() {
        let found = references(&[
            ("", "mod a; mod serde; fn f() { a::g(); ::std::mem::take(x); tokio::spawn(y); }"),
            ("a", "pub fn g() { serde::x() }"),
            ("serde", ""),
        ]);
        assert_eq!(found, ["lib.rs a.rs"]);
    }

    #[test]
    fn reexports_in_a_circle_end() {
        let found = references(&[
            ("", "mod a; mod b; fn f() { a::x() }"),
            ("a", "pub use crate::b::*;"),
            ("b", "pub use crate::a::*;"),
        ]);
        assert_eq!(found, ["a.rs b.rs", "b.rs a.rs", "lib.rs a.rs"]);
    }
}
