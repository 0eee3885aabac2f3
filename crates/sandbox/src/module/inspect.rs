//! Looking at a module before it is accepted: nothing of it runs, and nothing of it is compiled.

use super::{manifest, wrap};
use crate::guest::linker;
use crate::script::{self, Archive};
use crate::text::marked;
use fuelcell_domain::limits::MODULE;
use fuelcell_domain::script::SCRIPT_MANIFEST;
use fuelcell_domain::seams::{InspectError, Inspection};
use fuelcell_domain::{FIXED, Manifest};
use std::sync::Arc;
use wasmparser::{
    ComponentExternalKind, ComponentTypeRef, Parser, Payload, TableType, TypeRef, Validator, WasmFeatures,
};

/// The exports that every job has.
const EXPORTS: [&str; 2] = ["run", "describe"];

/// Longest text about a module, which may quote what is in it, and the longest name in it, in bytes.
const MAX_TEXT: usize = 1 << 10;
const MAX_NAME: usize = 128;

/// Validates `bytes` with the features that run here, and reads what the module says of itself.
pub(crate) fn inspect(bytes: &[u8], features: WasmFeatures) -> Result<Inspection, InspectError> {
    look_at(bytes, features).map_err(shortened)
}

/// What a module says is as long as its author likes.
fn shortened(error: InspectError) -> InspectError {
    match error {
        InspectError::Invalid(text) => InspectError::Invalid(marked(text, MAX_TEXT)),
        InspectError::Unsupported(text) => InspectError::Unsupported(marked(text, MAX_TEXT)),
        InspectError::CompileLimit(text) => InspectError::CompileLimit(marked(text, MAX_TEXT)),
        InspectError::ImportDenied(name) => InspectError::ImportDenied(marked(name, MAX_NAME)),
        InspectError::Script(text) => InspectError::Script(marked(text, MAX_TEXT)),
        InspectError::ScriptLimit(text) => InspectError::ScriptLimit(marked(text, MAX_TEXT)),
        InspectError::NativeCode(text) => InspectError::NativeCode(marked(text, MAX_TEXT)),
        InspectError::Manifest(text) => InspectError::Manifest(marked(text, MAX_TEXT)),
        InspectError::Host(text) => InspectError::Host(marked(text, MAX_TEXT)),
    }
}

/// Validates an engine: a component of the job world, of whatever size.
pub(crate) fn inspect_engine(bytes: &[u8], features: WasmFeatures) -> Result<(), InspectError> {
    let looked = match Parser::is_component(bytes) {
        true => validate(bytes, features).and_then(|()| check_world(bytes).map(drop)),
        false => Err(InspectError::Invalid(
            "an engine is a component, and the file does not begin like one".into(),
        )),
    };
    looked.map_err(shortened)
}

/// Whether the bytes are an archive, and so those of a script.
pub(crate) fn is_script(bytes: &[u8]) -> bool {
    bytes.starts_with(script::MAGIC)
}

/// Looks at the archive of a script, unpacks all of it, and reads its manifest.
pub(crate) fn inspect_script(bytes: &[u8]) -> Result<Inspection, InspectError> {
    look_at_script(bytes).map_err(shortened)
}

fn look_at_script(bytes: &[u8]) -> Result<Inspection, InspectError> {
    let archive = Archive::open(Arc::new(bytes.to_vec()))?;
    let manifest = manifest::parse(&archive.manifest()?).map_err(InspectError::Manifest)?;
    if manifest.engine.is_none() {
        return Err(InspectError::Manifest(format!(
            "{SCRIPT_MANIFEST} names no `engine`, such as \"python@3.14\" or \"python\" for the newest"
        )));
    }
    if let Some(entry) = manifest.entry.as_ref().filter(|entry| archive.find(entry).is_none()) {
        return Err(InspectError::Manifest(format!(
            "`entry` names {entry:?}, and no file of the archive has this path"
        )));
    }
    archive.check_contents()?;
    Ok(Inspection { manifest, has_manifest: true, imports: Vec::new(), code_bytes: None })
}

/// Bytes of all functions of a module: what a compiler's work follows from. What else is in it, such as an interpreter's
/// snapshot of data, costs next to nothing.
///
/// # Errors
/// When the bytes are no module.
pub fn code_bytes(bytes: &[u8]) -> Result<u64, InspectError> {
    Survey::of(bytes).map(|survey| survey.code_bytes).map_err(shortened)
}

/// The paths and sizes of a script's files.
///
/// # Errors
/// When a server would not take the archive.
pub fn script_files(bytes: &[u8]) -> Result<Vec<(String, u64)>, InspectError> {
    let archive = Archive::open(Arc::new(bytes.to_vec())).map_err(shortened)?;
    Ok(archive.files().iter().map(|file| (file.path.clone(), file.size)).collect())
}

/// The same of a component that is known to be valid.
pub(crate) fn read(bytes: &[u8]) -> Result<Inspection, InspectError> {
    let manifest = manifest::read(bytes).map_err(InspectError::Manifest).map_err(shortened)?;
    let survey = check_world(bytes).map_err(shortened)?;
    Ok(inspection(manifest, survey.imports, survey.code_bytes))
}

fn look_at(bytes: &[u8], features: WasmFeatures) -> Result<Inspection, InspectError> {
    let features = features_of_modules(features);
    check_kind(bytes)?;
    let survey = Survey::of(bytes)?;
    survey.check_caps()?;
    validate(bytes, features)?;
    let manifest = manifest::read(bytes).map_err(InspectError::Manifest)?;
    check_runs_by_itself(manifest.as_ref())?;
    let imports = match Parser::is_core_wasm(bytes) {
        false => check_world(bytes)?.imports,
        // What runs is the wrapping, so that is looked at like any other component.
        true => {
            let component = wrap::component(bytes).map_err(no_command)?;
            validate(&component, features)?;
            check_world(&component)?.imports
        }
    };
    Ok(inspection(manifest, imports, survey.code_bytes))
}

fn check_runs_by_itself(manifest: Option<&Manifest>) -> Result<(), InspectError> {
    match manifest.is_some_and(|manifest| manifest.engine.is_some() || manifest.entry.is_some()) {
        false => Ok(()),
        true => Err(InspectError::Manifest("it names an `engine` or an `entry`, as only scripts do".into())),
    }
}

/// Exceptions are for engines, whose interpreters of C++ need them.
fn features_of_modules(features: WasmFeatures) -> WasmFeatures {
    features.difference(WasmFeatures::EXCEPTIONS)
}

fn inspection(manifest: Option<Manifest>, imports: Vec<String>, code_bytes: u64) -> Inspection {
    Inspection {
        has_manifest: manifest.is_some(),
        manifest: manifest.unwrap_or_else(|| Manifest::fallback("")),
        imports,
        code_bytes: Some(code_bytes),
    }
}

fn check_kind(bytes: &[u8]) -> Result<(), InspectError> {
    if bytes.len() > MODULE.bytes {
        return Err(InspectError::Unsupported(format!("a module has at most {} bytes", MODULE.bytes)));
    }
    match Parser::is_component(bytes) || Parser::is_core_wasm(bytes) {
        true => Ok(()),
        false => Err(InspectError::Invalid(
            "the file begins neither like a compiled module (.wasm) nor like a script's archive (.zip)"
                .into(),
        )),
    }
}

/// What is in the module, if it asks for nothing that jobs cannot have and exports what a job is.
fn check_world(component: &[u8]) -> Result<Survey, InspectError> {
    let survey = Survey::of(component)?;
    survey.check_imports()?;
    survey.check_exports()?;
    Ok(survey)
}

fn no_command(reason: String) -> InspectError {
    InspectError::Unsupported(format!(
        "it is a core module, and of those only commands of WASI preview 1 run here ({reason}); build it for the target \
         wasm32-wasip1 or wasm32-wasip2"
    ))
}

/// A module that is valid with every feature there is, but not with ours, is told so.
fn validate(bytes: &[u8], features: WasmFeatures) -> Result<(), InspectError> {
    let Err(error) = Validator::new_with_features(features).validate_all(bytes) else { return Ok(()) };
    match Validator::new_with_features(WasmFeatures::all()).validate_all(bytes) {
        Ok(_) => Err(InspectError::Unsupported(format!(
            "it uses a feature of WebAssembly that is switched off: {error}"
        ))),
        Err(_) => Err(InspectError::Invalid(error.to_string())),
    }
}

/// What one pass over a module's sections finds.
#[derive(Default)]
struct Survey {
    imports: Vec<String>,
    exported_functions: Vec<String>,
    exports_command: bool,
    functions: u64,
    types: u64,
    exports: u64,
    all_imports: u64,
    parts: u64,
    code_bytes: u64,
    largest_function: usize,
    most_locals: u64,
    largest_table: u64,
}

impl Survey {
    fn of(bytes: &[u8]) -> Result<Self, InspectError> {
        let mut survey = Self::default();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(bytes) {
            let counted = payload.and_then(|payload| survey.count(payload, &mut depth));
            counted.map_err(|error| InspectError::Invalid(error.to_string()))?;
        }
        Ok(survey)
    }

    fn count(&mut self, payload: Payload<'_>, depth: &mut u32) -> wasmparser::Result<()> {
        match payload {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => {
                *depth += 1;
                self.parts += 1;
            }
            Payload::End(_) => *depth = depth.saturating_sub(1),
            Payload::FunctionSection(section) => self.functions += u64::from(section.count()),
            Payload::TypeSection(section) => self.types += u64::from(section.count()),
            Payload::CoreTypeSection(section) => self.types += u64::from(section.count()),
            Payload::ComponentTypeSection(section) => self.types += u64::from(section.count()),
            Payload::TableSection(section) => {
                for table in section {
                    self.note_table(&table?.ty);
                }
            }
            Payload::ExportSection(section) => self.exports += u64::from(section.count()),
            Payload::ImportSection(section) => {
                self.all_imports += u64::from(section.count());
                for import in section.into_imports() {
                    if let TypeRef::Table(table) = import?.ty {
                        self.note_table(&table);
                    }
                }
            }
            Payload::CodeSectionEntry(body) => {
                self.code_bytes += body.range().len() as u64;
                self.largest_function = self.largest_function.max(body.range().len());
                let mut locals = 0_u64;
                for group in body.get_locals_reader()? {
                    locals += u64::from(group?.0);
                }
                self.most_locals = self.most_locals.max(locals);
            }
            Payload::ComponentImportSection(section) if *depth == 0 => {
                for import in section {
                    let import = import?;
                    // Importing a type asks for nothing: worlds that `use` types of an interface do it.
                    if !matches!(import.ty, ComponentTypeRef::Type(_)) {
                        self.imports.push(import.name.name.to_owned());
                    }
                }
            }
            Payload::ComponentExportSection(section) => {
                self.exports += u64::from(section.count());
                for export in section {
                    let export = export?;
                    if *depth == 0 {
                        self.note_export(export.name.name, export.kind);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn note_table(&mut self, table: &TableType) {
        self.largest_table = self.largest_table.max(table.initial);
    }

    fn note_export(&mut self, name: &str, kind: ComponentExternalKind) {
        match kind {
            ComponentExternalKind::Func => self.exported_functions.push(name.to_owned()),
            ComponentExternalKind::Instance => self.exports_command |= linker::is_command(name),
            _ => {}
        }
    }

    fn check_caps(&self) -> Result<(), InspectError> {
        if self.largest_table > u64::from(FIXED.table_elements) {
            return Err(InspectError::Unsupported(format!(
                "it has a table of {} elements; at most {} are there for one",
                self.largest_table, FIXED.table_elements
            )));
        }
        let found = [
            ("bytes in one function", self.largest_function as u64, MODULE.function_bytes as u64),
            ("local variables in one function", self.most_locals, MODULE.locals),
            ("functions", self.functions, MODULE.functions),
            ("types", self.types, MODULE.types),
            ("exports", self.exports, MODULE.exports),
            ("imports", self.all_imports, MODULE.imports),
            ("nested modules and components", self.parts, MODULE.parts),
        ];
        match found.into_iter().find(|(_, count, cap)| count > cap) {
            None => Ok(()),
            Some((what, count, cap)) => {
                Err(InspectError::CompileLimit(format!("it has {count} {what}; at most {cap} are compiled")))
            }
        }
    }

    fn check_imports(&self) -> Result<(), InspectError> {
        match self.imports.iter().find(|name| !linker::is_allowed(name)) {
            None => Ok(()),
            Some(name) => Err(InspectError::ImportDenied(name.clone())),
        }
    }

    fn check_exports(&self) -> Result<(), InspectError> {
        if self.exports_command {
            return Ok(());
        }
        match EXPORTS.into_iter().find(|name| !self.exported_functions.iter().any(|export| export == name)) {
            None => Ok(()),
            Some(name) => Err(InspectError::Unsupported(format!(
                "it does not export the function `{name}` of the world `fuelcell:job/job@0.1.0`, nor \
                 `wasi:cli/run`; build it with the Fuelcell SDK, from that WIT, or as a WASI command"
            ))),
        }
    }
}
