//! What of a notebook shows before it runs: that the server's own module will not run it, so that it is refused when its job is
//! submitted and not by a job that waited for its turn; and which engine has what it imports.
//!
//! The module has the last word: it reads the whole notebook, and those that are too large to be looked at here.

use crate::modules::read_whole;
use crate::{Service, ServiceError};
use fuelcell_domain::script::SCIENTIFIC_PACKAGES;
use fuelcell_domain::seams::Readiness;
use fuelcell_domain::{EngineName, EngineRef, InputRef, JobType, ModuleVersion, ProjectRef, ReadAt};
use fuelcell_store::StoreError;
use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// The largest notebook that is looked at.
const MAX_BYTES: u64 = 8 << 20;
/// Scripts with cells, which have no format that could be wrong.
const SCRIPT: &str = ".py";

/// The engine with scientific libraries, which an operator may have installed.
const SCIENCE: &str = "python-science";

/// What was found in a notebook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Whether it imports scientific libraries.
    imports_science: bool,
}

impl Service {
    /// The engine for a notebook, where the one of its module has not what it imports.
    pub(crate) async fn engine_of_notebook(&self, found: Found) -> Result<Option<EngineRef>, ServiceError> {
        let wanted = EngineName { name: SCIENCE.to_owned(), version: None };
        let known = self.find_engine(&wanted).filter(|_| found.imports_science);
        // One that cannot be compiled runs nothing; the other one says what is missing.
        let usable = known.is_some_and(|known| {
            !matches!(self.inspector.compiled(known.engine.digest), Readiness::Failed(_))
        });
        if usable { self.provide_engine(&wanted).await.map(Some) } else { Ok(None) }
    }

    /// Refuses what the server's own module for notebooks would refuse. Modules of a project know themselves what they run.
    pub(crate) async fn check_notebook(
        &self,
        project: ProjectRef,
        job_type: JobType,
        module: &ModuleVersion,
        inputs: &[InputRef],
    ) -> Result<Found, ServiceError> {
        if job_type != JobType::Notebook || module.project.is_some() {
            return Ok(Found::default());
        }
        let notebook = inputs.iter().find(|input| input.name == "notebook");
        let Some(notebook) = notebook.filter(|notebook| notebook.size <= MAX_BYTES) else {
            return Ok(Found::default());
        };
        let bytes = self.blobs.open(notebook.digest).await?.ok_or(ServiceError::Storage)?;
        let name = notebook.file_name.clone();
        self.checks.in_turn(project.tenant, move || look(&name, &bytes)).await?
    }
}

fn look(name: &str, reader: &Arc<dyn ReadAt>) -> Result<Found, ServiceError> {
    let mut bytes = vec![0; usize::try_from(reader.size()).map_err(|_| ServiceError::Storage)?];
    read_whole(&**reader, &mut bytes).map_err(StoreError::from)?;
    if name.to_lowercase().ends_with(SCRIPT) {
        return Ok(Found { imports_science: String::from_utf8_lossy(&bytes).lines().any(imports_science) });
    }
    check(name, &bytes).map_err(|(code, message)| ServiceError::unprocessable(code, message))
}

/// What is wrong with a notebook, with the code that its job would fail with.
fn check(name: &str, bytes: &[u8]) -> Result<Found, (&'static str, String)> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let invalid = |reason: String| Err(("InvalidNotebook", format!("the notebook {name} {reason}")));
    let notebook: Notebook = match serde_json::from_slice(bytes) {
        Ok(notebook) => notebook,
        Err(error) if error.is_data() => return invalid(format!("is none: {error}")),
        Err(error) => return invalid(format!("is not JSON: {error}")),
    };
    match notebook.nbformat {
        Some(4) => {}
        Some(format) => {
            return invalid(format!("has format {format}; Jupyter saves it as format 4, which is run"));
        }
        None => return invalid("is none: it has no `nbformat`".into()),
    }
    if let Some(language) = notebook.metadata.language().filter(|language| !is_python(language)) {
        let message = format!("the notebook {name} is for {language}; notebooks in Python are run");
        return Err(("UnsupportedKernel", message));
    }
    let uses_widgets = |cell: &Cell| cell.cell_type == "code" && cell.source.imports_widgets;
    if let Some(cell) = notebook.cells.iter().position(uses_widgets) {
        let message = format!(
            "cell {} of the notebook {name} imports ipywidgets, and a notebook that runs by itself has nobody to use widgets: \
             take `values` in place of what they ask",
            cell + 1
        );
        return Err(("UnsupportedWidgets", message));
    }
    let imports_science = |cell: &Cell| cell.cell_type == "code" && cell.source.imports_science;
    Ok(Found { imports_science: notebook.cells.iter().any(imports_science) })
}

fn is_python(language: &str) -> bool {
    let language = language.to_lowercase();
    language.starts_with("python") || language.starts_with("ipython")
}

/// What is looked at of a notebook; outputs and the like are passed over.
#[derive(Deserialize)]
struct Notebook<'a> {
    nbformat: Option<i64>,
    #[serde(borrow, default)]
    metadata: Metadata<'a>,
    #[serde(borrow, default)]
    cells: Vec<Cell<'a>>,
}

#[derive(Default, Deserialize)]
struct Metadata<'a> {
    #[serde(borrow)]
    kernelspec: Option<KernelSpec<'a>>,
    #[serde(borrow)]
    language_info: Option<LanguageInfo<'a>>,
}

#[derive(Deserialize)]
struct KernelSpec<'a> {
    #[serde(borrow)]
    language: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct LanguageInfo<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
}

impl Metadata<'_> {
    fn language(&self) -> Option<&str> {
        let of_kernel = self.kernelspec.as_ref().and_then(|spec| spec.language.as_deref());
        let told = self.language_info.as_ref().and_then(|info| info.name.as_deref());
        of_kernel.filter(|language| !language.is_empty()).or(told).filter(|language| !language.is_empty())
    }
}

#[derive(Deserialize)]
struct Cell<'a> {
    #[serde(borrow)]
    cell_type: Cow<'a, str>,
    #[serde(default)]
    source: Source,
}

/// A cell's text, or its lines, of which nothing is kept but what they tell.
#[derive(Default)]
struct Source {
    imports_widgets: bool,
    imports_science: bool,
}

impl Source {
    fn look_at(&mut self, text: &str) {
        for line in text.lines() {
            self.imports_widgets |= imports_widgets(line);
            self.imports_science |= imports_science(line);
        }
    }
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SourceVisitor)
    }
}

struct SourceVisitor;

impl<'de> Visitor<'de> for SourceVisitor {
    type Value = Source;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a cell's source, which is text or a list of texts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Source, E> {
        let mut source = Source::default();
        source.look_at(text);
        Ok(source)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut lines: A) -> Result<Source, A::Error> {
        let mut source = Source::default();
        while let Some(line) = lines.next_element::<Cow<'_, str>>()? {
            source.look_at(&line);
        }
        Ok(source)
    }
}

fn imports_widgets(line: &str) -> bool {
    imported(line).any(|name| name == "ipywidgets")
}

fn imports_science(line: &str) -> bool {
    line.trim_start().starts_with("%matplotlib")
        || imported(line).any(|name| SCIENTIFIC_PACKAGES.contains(&name))
}

/// The packages that a line imports, as far as a look at it tells.
fn imported(line: &str) -> impl Iterator<Item = &str> {
    let line = line.trim_start();
    let (names, several) = match (line.strip_prefix("import"), line.strip_prefix("from")) {
        (Some(names), _) => (names, true),
        (_, Some(name)) => (name, false),
        _ => ("", false),
    };
    let names = if names.starts_with([' ', '\t']) { names } else { "" };
    names.split(',').take(if several { usize::MAX } else { 1 }).map(|name| {
        let name = name.trim_start();
        let end = name.find(|next: char| !next.is_alphanumeric() && next != '_');
        &name[..end.unwrap_or(name.len())]
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refused(notebook: &str) -> Option<(&'static str, String)> {
        check("n.ipynb", notebook.as_bytes()).err()
    }

    #[test]
    fn what_is_no_notebook_in_python_is_refused_with_the_reason() {
        let of_language = |metadata| json!({"nbformat": 4, "metadata": metadata, "cells": []}).to_string();
        let with_cell = |source| {
            let cells =
                json!([{"cell_type": "markdown", "source": []}, {"cell_type": "code", "source": source}]);
            json!({"nbformat": 4, "cells": cells}).to_string()
        };
        for (notebook, code, told) in [
            ("{".into(), "InvalidNotebook", "is not JSON"),
            ("id,city\n1,Ulm".into(), "InvalidNotebook", "is not JSON"),
            ("[]".into(), "InvalidNotebook", "is none"),
            ("{}".into(), "InvalidNotebook", "no `nbformat`"),
            (json!({"nbformat": 3, "worksheets": []}).to_string(), "InvalidNotebook", "format 3"),
            (with_cell(json!(1)), "InvalidNotebook", "text or a list of texts"),
            (of_language(json!({"kernelspec": {"language": "R"}})), "UnsupportedKernel", "is for R"),
            (of_language(json!({"language_info": {"name": "julia"}})), "UnsupportedKernel", "is for julia"),
            (with_cell(json!("x = 1\nimport ipywidgets")), "UnsupportedWidgets", "cell 2"),
            (with_cell(json!(["\tfrom ipywidgets import interact\n"])), "UnsupportedWidgets", "cell 2"),
        ] {
            let (found, message) = refused(&notebook).unwrap_or_else(|| panic!("{notebook}"));
            assert!(found == code && message.contains(told), "{notebook}: {found}: {message}");
        }
    }

    #[test]
    fn notebooks_in_python_pass() {
        for source in [
            "import ipywidgetsnot",
            "importipywidgets",
            "# import ipywidgets\n'ä\\n'",
            "x = 'from ipywidgets'",
        ] {
            let cells = json!([{"cell_type": "code", "source": source, "outputs": [{"data": {"text/plain": [1]}}], "id": "x"}]);
            let metadata = json!({"kernelspec": {"name": "python3", "language": "python"}, "widgets": {}});
            let notebook =
                json!({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}).to_string();
            assert_eq!(refused(&notebook), None, "{source}");
            assert_eq!(refused(&format!("\u{feff}{notebook}")), None);
        }
    }

    #[test]
    fn scientific_imports_are_seen() {
        for (line, seen) in [
            ("import numpy", true),
            ("import os, pandas as pd", true),
            ("    from scipy.stats import norm", true),
            ("from matplotlib import pyplot", true),
            ("%matplotlib inline", true),
            ("import numpy_financial", false),
            ("from os import path, numpy", false),
            ("importnumpy", false),
            ("# import numpy", false),
            ("x = 'import numpy'", false),
        ] {
            let notebook = json!({"nbformat": 4, "cells": [
                {"cell_type": "markdown", "source": "import numpy"},
                {"cell_type": "code", "source": [line]},
            ]});
            let found = check("n.ipynb", notebook.to_string().as_bytes()).unwrap();
            assert_eq!(found.imports_science, seen, "{line}");
        }
    }
}
