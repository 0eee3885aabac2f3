//! Writing a manifest into a module, on its author's machine.

use super::manifest;
use super::sections::outermost;
use fuelcell_domain::manifest::SECTION;
use wasm_encoder::{ComponentSection, CustomSection};
use wasmparser::Parser;

/// Why a module cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    /// The bytes are no component and no module.
    #[error("this is not a WebAssembly component or module: {0}")]
    NotAModule(String),
    /// The JSON text is no manifest.
    #[error("this is not a manifest: {0}")]
    Manifest(String),
}

/// The module `bytes` with `manifest_json` as its only manifest; one that it had is replaced.
///
/// # Errors
/// When `bytes` is no component and no core module, or `manifest_json` is no manifest of this interface.
pub fn pack(bytes: &[u8], manifest_json: &str) -> Result<Vec<u8>, PackError> {
    manifest::parse(manifest_json.as_bytes()).map_err(PackError::Manifest)?;
    if !Parser::is_component(bytes) && !Parser::is_core_wasm(bytes) {
        return Err(PackError::NotAModule("the header is another".into()));
    }
    let sections = outermost(bytes).map_err(|error| PackError::NotAModule(error.to_string()))?;
    let header = sections.first().map_or(bytes.len(), |first| first.range.start);
    let mut packed = bytes[..header].to_vec();
    let kept = sections.iter().filter(|section| section.custom.is_none_or(|(name, _)| name != SECTION));
    kept.for_each(|section| packed.extend_from_slice(&bytes[section.range.clone()]));
    // Custom sections look the same in both.
    CustomSection { name: SECTION.into(), data: manifest_json.as_bytes().into() }
        .append_to_component(&mut packed);
    Ok(packed)
}
