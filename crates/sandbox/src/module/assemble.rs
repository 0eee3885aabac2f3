//! Puts an engine together of parts that come from different places: a component that was built with a placeholder, the
//! interpreter that goes into the placeholder's place, and files that scripts find while they run.

use super::redirect::Redirected;
use crate::cell::engine_files::section_name;
use wasm_encoder::{Component, ComponentSection, CustomSection, RawSection};
use wasmparser::{BinaryReaderError, Parser, Payload};

/// A file of an engine.
#[derive(Clone, Debug)]
pub struct EngineFile {
    /// The directory that scripts see, such as `/usr/lib`.
    pub directory: String,
    /// The path in it.
    pub path: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why an engine cannot be put together.
#[derive(Debug, thiserror::Error)]
pub enum AssembleError {
    /// Something is no WebAssembly.
    #[error("a part of the engine cannot be read: {0}")]
    Unreadable(String),
    /// There is not one placeholder.
    #[error("the component has the placeholder {0} times, and not once")]
    Placeholder(usize),
}

impl From<BinaryReaderError> for AssembleError {
    fn from(error: BinaryReaderError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// The component with `interpreter` in place of `placeholder`, and with files.
///
/// # Errors
/// When the parts do not belong together.
pub fn assemble(
    component: &[u8],
    placeholder: &[u8],
    interpreter: &[u8],
    redirected: Redirected,
    files: &[EngineFile],
) -> Result<Vec<u8>, AssembleError> {
    // Custom sections say nothing to an engine, and names take a sixth of a large interpreter.
    let interpreter = redirected
        .apply(interpreter, |_| true)
        .map_err(|error| AssembleError::Unreadable(error.to_string()))?;
    let mut filling = Filling { placeholder, interpreter: &interpreter, places: 0 };
    let filled = filling.fill(component)?;
    if filling.places != 1 {
        return Err(AssembleError::Placeholder(filling.places));
    }
    let mut assembled = Component::new().finish();
    let header = assembled.len();
    for EngineFile { directory, path, bytes } in files {
        let name = section_name(directory, path);
        CustomSection { name: name.into(), data: bytes.as_slice().into() }
            .append_to_component(&mut assembled);
    }
    assembled.extend_from_slice(&filled[header..]);
    Ok(assembled)
}

struct Filling<'a> {
    placeholder: &'a [u8],
    interpreter: &'a [u8],
    places: usize,
}

impl Filling<'_> {
    /// The component with what goes into its placeholders, at whatever depth.
    fn fill(&mut self, component: &[u8]) -> Result<Vec<u8>, BinaryReaderError> {
        let mut filled = Component::new();
        let mut depth = 0_u32;
        for payload in Parser::new(0).parse_all(component) {
            match payload? {
                Payload::ModuleSection { unchecked_range, .. } => {
                    if depth == 0 {
                        let module = &component[unchecked_range];
                        let is_placeholder = module == self.placeholder;
                        self.places += usize::from(is_placeholder);
                        let data = if is_placeholder { self.interpreter } else { module };
                        filled.section(&RawSection { id: MODULE, data });
                    }
                    depth += 1;
                }
                Payload::ComponentSection { unchecked_range, .. } => {
                    if depth == 0 {
                        let data = self.fill(&component[unchecked_range])?;
                        filled.section(&RawSection { id: COMPONENT, data: &data });
                    }
                    depth += 1;
                }
                Payload::End(_) => depth = depth.saturating_sub(1),
                other if depth == 0 => {
                    if let Some((id, range)) = other.as_section() {
                        filled.section(&RawSection { id, data: &component[range] });
                    }
                }
                _ => {}
            }
        }
        Ok(filled.finish())
    }
}

/// The numbers of sections that hold a module or a component.
const MODULE: u8 = 1;
const COMPONENT: u8 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Redirected = Redirected { module: "host", functions: &[] };

    fn wasm(text: &str) -> Vec<u8> {
        wat::parse_str(text).unwrap()
    }

    #[test]
    fn the_interpreter_goes_into_the_placeholder_at_any_depth() {
        let placeholder = wasm("(module (func (export \"run\")))");
        let interpreter = wasm("(module (func (export \"run\") nop nop) (@custom \"name\" \"x\"))");
        let bare = wasm("(module (func (export \"run\") nop nop))");
        let component = |inner: &str| {
            wasm(&format!(
                "(component (component (core module (func (export \"other\"))) (core module {inner})) (@custom \"kept\" \"x\"))"
            ))
        };
        let file = EngineFile { directory: "/lib".into(), path: "a/b.txt".into(), bytes: b"text".to_vec() };
        let made = assemble(
            &component("(func (export \"run\"))"),
            &placeholder,
            &interpreter,
            NONE,
            std::slice::from_ref(&file),
        )
        .unwrap();
        wasmparser::Validator::new().validate_all(&made).unwrap();
        let holds = |part: &[u8]| made.windows(part.len()).any(|window| window == part);
        assert!(
            holds(&bare) && !holds(&placeholder) && holds(b"kept") && holds(b"fuelcell:file /lib//a/b.txt")
        );
        let without = assemble(&component("(func (export \"else\"))"), &placeholder, &interpreter, NONE, &[]);
        assert!(matches!(without, Err(AssembleError::Placeholder(0))));
    }
}
