//! Modules whose functions of WASI preview 1 come in part from elsewhere.

use wasi_preview1_component_adapter_provider::WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME as WASI;
use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{ImportSection, Module, RawSection};
use wasmparser::{Import, Imports, Parser, Payload};

/// Functions that a module imports from WASI and gets from elsewhere: a module's name, and the functions.
#[derive(Clone, Copy, Debug)]
pub struct Redirected {
    /// Where they come from.
    pub module: &'static str,
    /// Their names in `wasi_snapshot_preview1`.
    pub functions: &'static [&'static str],
}

impl Redirected {
    /// The module with these imports from there, and without the custom sections that are left out by their names.
    pub(super) fn apply(
        self,
        bytes: &[u8],
        leaves_out: impl Fn(&str) -> bool,
    ) -> Result<Vec<u8>, reencode::Error> {
        let mut module = Module::new();
        for payload in Parser::new(0).parse_all(bytes) {
            let payload = payload?;
            match &payload {
                Payload::CustomSection(custom) if leaves_out(custom.name()) => continue,
                Payload::ImportSection(section) => {
                    let mut imports = ImportSection::new();
                    Redirect(self).parse_import_section(&mut imports, section.clone())?;
                    module.section(&imports);
                    continue;
                }
                _ => {}
            }
            if let Some((id, range)) = payload.as_section() {
                module.section(&RawSection { id, data: &bytes[range] });
            }
        }
        Ok(module.finish())
    }
}

struct Redirect(Redirected);

impl Reencode for Redirect {
    type Error = std::convert::Infallible;

    fn parse_imports(
        &mut self,
        section: &mut ImportSection,
        imports: Imports<'_>,
    ) -> Result<(), reencode::Error> {
        let imports = match imports {
            Imports::Single(offset, import)
                if import.module == WASI && self.0.functions.contains(&import.name) =>
            {
                Imports::Single(offset, Import { module: self.0.module, ..import })
            }
            other => other,
        };
        reencode::utils::parse_imports(self, section, imports)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wasm(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn imports_of_wasi_are_redirected_by_name() {
        let module = wasm(
            "(module (import \"wasi_snapshot_preview1\" \"args_get\" (func)) (import \"wasi_snapshot_preview1\" \"fd_read\" (func)))",
        );
        let redirected = Redirected { module: "host", functions: &["args_get"] };
        let expected = wasm(
            "(module (import \"host\" \"args_get\" (func)) (import \"wasi_snapshot_preview1\" \"fd_read\" (func)))",
        );
        assert_eq!(redirected.apply(&module, |_| true).unwrap(), expected);
    }
}
