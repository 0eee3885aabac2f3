//! The manifest in a module's custom section: read without running anything.

use crate::sections::outermost;
use fuelcell_domain::Manifest;
use fuelcell_domain::manifest::{INTERFACE, SECTION};

/// Largest manifest in bytes. Schemas of parameters are a few kilobytes.
const MAX_BYTES: usize = 1 << 20;

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
    if json.len() > MAX_BYTES {
        return Err(format!("it has {} bytes; at most {MAX_BYTES} are read", json.len()));
    }
    let manifest: Manifest = serde_json::from_slice(json).map_err(|error| error.to_string())?;
    match manifest.interface == INTERFACE {
        true => Ok(manifest),
        false => Err(format!(
            "it is for version `{}` of the guest interface; this server speaks {INTERFACE}",
            manifest.interface
        )),
    }
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
    fn what_is_no_manifest_is_refused() {
        for json in [b"".as_slice(), b"[]", b"\xff", br#"{"interface":"0.1","inputs":7}"#] {
            assert!(parse(json).is_err(), "{json:?}");
        }
        assert!(parse("[".repeat(100_000).as_bytes()).is_err());
        assert!(parse(&vec![b' '; MAX_BYTES + 1]).unwrap_err().contains("at most"));
    }
}
