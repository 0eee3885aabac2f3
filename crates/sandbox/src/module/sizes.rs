//! How many bytes of a module are what, in all modules that are nested in it.

use crate::text::marked;
use fuelcell_domain::seams::InspectError;
use std::collections::BTreeMap;
use wasmparser::{Parser, Payload};

/// Longest name of a custom section that is told, in bytes.
const MAX_NAME: usize = 64;

/// What the kinds of custom sections begin with that are told by name.
const CUSTOM: &str = "custom ";

/// Custom sections that are told by name, at most. An author may have made many.
const NAMED: usize = 64;

/// Bytes by what they are, the most first: of functions, data, names, debug information, and so on. What is left of the
/// module's size are heads of sections and of nested modules.
///
/// # Errors
/// When the bytes are no module.
pub fn section_sizes(bytes: &[u8]) -> Result<Vec<(String, u64)>, InspectError> {
    let mut sizes: BTreeMap<String, u64> = BTreeMap::new();
    let (mut told, mut named) = (0, 0);
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload.map_err(|error| InspectError::Invalid(error.to_string()))?;
        let Some((mut kind, size)) = measured(&payload) else { continue };
        if kind.starts_with(CUSTOM) && !sizes.contains_key(&kind) {
            match named < NAMED {
                true => named += 1,
                false => kind = "custom".to_owned(),
            }
        }
        *sizes.entry(kind).or_default() += size;
        told += size;
    }
    let heads = (bytes.len() as u64).saturating_sub(told);
    sizes.insert("heads".to_owned(), heads);
    let mut sizes: Vec<_> = sizes.into_iter().filter(|(_, size)| *size > 0).collect();
    // The sort is stable: equal ones stand by name.
    sizes.sort_by_key(|(_, size)| std::cmp::Reverse(*size));
    Ok(sizes)
}

/// What a section holds, and how many bytes it has. What is nested is told by itself.
fn measured(payload: &Payload<'_>) -> Option<(String, u64)> {
    let kind = match payload {
        Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => return None,
        Payload::CodeSectionStart { .. } => "code",
        Payload::DataSection(_) => "data",
        Payload::TypeSection(_) | Payload::CoreTypeSection(_) | Payload::ComponentTypeSection(_) => "types",
        Payload::ImportSection(_) | Payload::ComponentImportSection(_) => "imports",
        Payload::ExportSection(_) | Payload::ComponentExportSection(_) => "exports",
        Payload::FunctionSection(_) | Payload::TableSection(_) | Payload::ElementSection(_) => "functions",
        Payload::InstanceSection(_)
        | Payload::ComponentInstanceSection(_)
        | Payload::ComponentAliasSection(_)
        | Payload::ComponentCanonicalSection(_) => "linking",
        Payload::CustomSection(section) => {
            let name = match section.name() {
                "name" | "component-name" => "names".to_owned(),
                name if name.starts_with(".debug_") => "debug information".to_owned(),
                name => format!("{CUSTOM}{}", marked(name.to_owned(), MAX_NAME)),
            };
            return Some((name, section.range().len() as u64));
        }
        _ => "others",
    };
    let (_, range) = payload.as_section()?;
    Some((kind.to_owned(), range.len() as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_told_once() {
        let bytes = wat::parse_str(
            r#"(component
                (core module (func (export "f") (result i32) i32.const 7) (memory 1) (data (i32.const 0) "twelve bytes"))
                (core module (@custom "notes" "four") (@custom ".debug_info" "x"))
            )"#,
        )
        .unwrap();
        let sizes = section_sizes(&bytes).unwrap();
        assert_eq!(sizes.iter().map(|(_, size)| size).sum::<u64>(), bytes.len() as u64, "{sizes:?}");
        let of = |name: &str| sizes.iter().find(|(kind, _)| kind == name).map(|(_, size)| *size);
        assert!(
            of("data").is_some_and(|size| size > 12) && of("code").is_some_and(|size| size < 12),
            "{sizes:?}"
        );
        assert_eq!(of("custom notes"), Some(10), "its name with its length, and the text: {sizes:?}");
        assert!(of("debug information").is_some() && of("heads").is_some(), "{sizes:?}");
        assert!(sizes.is_sorted_by(|(_, one), (_, other)| one >= other));
        assert!(section_sizes(b"nothing").is_err());
    }

    #[test]
    fn many_custom_sections_hide_nothing_else() {
        let customs: String =
            (0..NAMED + 2).map(|number| format!("(@custom \"s{number}\" (before first) \"x\")")).collect();
        let bytes = wat::parse_str(format!("(module {customs} (func (export \"f\")))")).unwrap();
        let sizes = section_sizes(&bytes).unwrap();
        let count = |start: &str| sizes.iter().filter(|(kind, _)| kind.starts_with(start)).count();
        assert_eq!((count("custom "), count("custom"), count("code")), (NAMED, NAMED + 1, 1), "{sizes:?}");
    }
}
