//! The manifest in a module's custom section: read without running anything.

use super::sections::outermost;
use crate::cell::surroundings::PARAMETERS;
use crate::text::clip;
use fuelcell_domain::Manifest;
use fuelcell_domain::capability::{MAX_ENTRIES, is_secret_name};
use fuelcell_domain::limits::MODULE;
use fuelcell_domain::manifest::{INTERFACE, ManifestInput, SECTION};
use fuelcell_domain::named_input::{check_input_name, parts};
use fuelcell_domain::output_name::composed;

/// The manifest of a component; none when it has no such section. The error says what is wrong with it.
pub(crate) fn read(bytes: &[u8]) -> Result<Option<Manifest>, String> {
    let sections = outermost(bytes).map_err(|error| error.to_string())?;
    let mut found = sections.iter().filter_map(|section| section.custom).filter(|(name, _)| *name == SECTION);
    let first = found.next();
    if found.next().is_some() {
        return Err(format!("there is more than one section `{SECTION}`; pack the module again"));
    }
    first.map(|(_, json)| parse(json)).transpose()
}

/// A manifest from its JSON text.
pub(crate) fn parse(json: &[u8]) -> Result<Manifest, String> {
    if json.len() > MODULE.manifest_bytes {
        return Err(format!("it has {} bytes; at most {} are read", json.len(), MODULE.manifest_bytes));
    }
    let manifest: Manifest = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    match manifest.interface == INTERFACE {
        true => check_texts(&manifest).and_then(|()| check_folders(&manifest)).map(|()| manifest),
        false => Err(format!(
            "it is for version `{}` of the guest interface; this server speaks {INTERFACE}",
            manifest.interface
        )),
    }
}

/// What answers and lists repeat is short.
fn check_texts(manifest: &Manifest) -> Result<(), String> {
    let inputs = manifest.inputs.iter().flat_map(|input| {
        [("name of an input", &input.name), ("parameter of an input", &input.parameter)]
            .into_iter()
            .chain(input.formats.iter().map(|format| ("format of an input", format)))
    });
    let outputs = manifest.outputs.iter().flat_map(|output| {
        [("name of an output", &output.name), ("kind of an output", &output.kind)]
            .into_iter()
            .chain([("type of an output", &output.type_name)])
    });
    let mut words = inputs
        .chain(outputs)
        .chain([("title", &manifest.title)])
        .chain(manifest.entry.iter().map(|entry| ("path in `entry`", entry)));
    if let Some((what, _)) = words.find(|(_, word)| word.len() > MODULE.word_bytes) {
        return Err(format!("a {what} has at most {} bytes", MODULE.word_bytes));
    }
    if manifest.description.len() > MODULE.description_bytes {
        return Err(format!("its description has at most {} bytes", MODULE.description_bytes));
    }
    if let Some(name) = manifest.hmac.iter().find(|name| *name != "*" && !is_secret_name(name)) {
        return Err(format!(
            "`hmac` names {:?}, which is no name of a secret, and not \"*\" for any",
            clip(name, MODULE.word_bytes)
        ));
    }
    if manifest.hmac.len() > MAX_ENTRIES {
        return Err(format!("it asks for at most {MAX_ENTRIES} secrets to compute with"));
    }
    match manifest.inputs.len().max(manifest.outputs.len()) > MODULE.files {
        true => Err(format!("it names at most {} inputs, and as many outputs", MODULE.files)),
        false => Ok(()),
    }
}

/// An input of several files is a folder for programs: nothing else has its name.
fn check_folders(manifest: &Manifest) -> Result<(), String> {
    for (position, input) in manifest.inputs.iter().enumerate().filter(|(_, input)| input.many) {
        check_input_name(&input.name)?;
        let taken = |(other, declared): (usize, &ManifestInput)| {
            let folder = parts(&declared.name).map_or(declared.name.as_str(), |(folder, _)| folder);
            other != position && composed(folder) == input.name
        };
        if input.name == PARAMETERS || manifest.inputs.iter().enumerate().any(taken) {
            return Err(format!("the input `{}` with `many` needs a name of its own", input.name));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_names_the_interface_that_it_is_for() {
        assert_eq!(parse(br#"{"interface":"0.1","title":"T"}"#).unwrap().title, "T");
        assert!(parse(br#"{"interface":"9.0"}"#).unwrap_err().contains("speaks 0.1"));
        assert!(parse(b"{}").is_err());
    }

    #[test]
    fn what_is_repeated_in_answers_is_short() {
        for (bytes, fits) in [(MODULE.word_bytes, true), (MODULE.word_bytes + 1, false)] {
            let word = "x".repeat(bytes);
            for manifest in [
                format!(r#"{{"interface":"0.1","title":"{word}"}}"#),
                format!(r#"{{"interface":"0.1","inputs":[{{"name":"{word}","parameter":"p"}}]}}"#),
                format!(r#"{{"interface":"0.1","outputs":[{{"name":"{word}"}}]}}"#),
            ] {
                assert_eq!(parse(manifest.as_bytes()).is_ok(), fits, "{bytes}");
            }
        }
        let outputs = vec![r#"{"name":"a"}"#; MODULE.files + 1].join(",");
        assert!(parse(format!(r#"{{"interface":"0.1","outputs":[{outputs}]}}"#).as_bytes()).is_err());
    }

    #[test]
    fn an_input_of_several_files_has_a_name_of_its_own() {
        let many = r#"{"name":"lookups","parameter":"lookups","many":true}"#;
        let parse = |inputs: &str| parse(format!(r#"{{"interface":"0.1","inputs":[{inputs}]}}"#).as_bytes());
        assert!(parse(many).unwrap().inputs[0].many);
        let beside = |name: &str| parse(&format!(r#"{many},{{"name":"{name}","parameter":"p"}}"#));
        assert!(!beside("lookup").unwrap().inputs[1].many);
        for taken in ["lookups", "lookups/x"] {
            assert!(beside(taken).unwrap_err().contains("a name of its own"), "{taken}");
        }
        for name in ["a/b", "..", "", "parameters.json"] {
            let input = format!(r#"{{"name":"{name}","parameter":"p","many":true}}"#);
            assert!(parse(&input).is_err(), "{name:?}");
        }
    }

    #[test]
    fn what_is_no_manifest_is_refused() {
        for json in [b"".as_slice(), b"[]", b"\xff", br#"{"interface":"0.1","inputs":7}"#] {
            assert!(parse(json).is_err(), "{json:?}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(&vec![b' '; MODULE.manifest_bytes + 1]).unwrap_err().contains("at most"));
    }
}
