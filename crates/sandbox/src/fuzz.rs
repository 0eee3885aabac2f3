//! Modules, and what they and their guests leave behind, as nobody wrote them.

use crate::cell::outbox;
use crate::compile::engine::{self, CodeSettings};
use crate::module::inspect::inspect;
use crate::module::sections::outermost;
use crate::module::{dwarf, manifest};
use crate::run::outcome;
use crate::script::Archive;
use crate::text::MAX_TEXT;
use fuelcell_domain::manifest::INTERFACE;
use fuelcell_fuzz::fuzz;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

/// The settings of a server's engine.
fn settings() -> CodeSettings {
    CodeSettings::from_arguments(&["metered".into()]).unwrap()
}

#[test]
fn what_is_inspected_is_refused_or_a_job() {
    let features = engine::for_compiling_with(settings(), None).unwrap().get_wasm_features();
    fuzz("inspection", |bytes| {
        let inspection = inspect(bytes, features).map_err(|error| error.to_string())?;
        assert_eq!(inspection.manifest.interface, INTERFACE);
        assert_eq!(inspection.has_manifest, matches!(manifest::read(bytes), Ok(Some(_))));
        Ok(())
    });
}

#[test]
fn a_manifest_is_written_as_it_is_read() {
    fuzz("manifest", |bytes| {
        let read = manifest::parse(bytes)?;
        let written = serde_json::to_vec(&read).unwrap();
        assert_eq!(manifest::parse(&written), Ok(read));
        Ok(())
    });
}

#[test]
fn an_archive_is_refused_or_holds_what_it_says() {
    fuzz("script", |bytes| {
        let archive = Archive::open(Arc::new(bytes.to_vec())).map_err(|error| error.to_string())?;
        archive.check_contents().map_err(|error| error.to_string())?;
        let mut paths = HashSet::new();
        for file in archive.files() {
            assert!(paths.insert(file.path.to_lowercase()), "{}", file.path);
            assert!(file.path.split('/').all(|part| !matches!(part, "" | "." | "..")), "{}", file.path);
            assert_eq!(archive.unpack(file).unwrap().len() as u64, file.size);
        }
        Ok(())
    });
}

#[test]
fn sections_lie_side_by_side_and_only_names_of_debug_sections_change() {
    fuzz("debug-sections", |bytes| {
        if let Ok(sections) = outermost(bytes) {
            let mut at = 8;
            for section in sections {
                assert_eq!(section.range.start, at);
                at = section.range.end;
            }
            assert_eq!(at, bytes.len());
        }
        let bounded = dwarf::bounded(Cow::Borrowed(bytes)).map_err(|error| error.to_string())?;
        assert_eq!(bounded.len(), bytes.len());
        let changed = bytes.iter().zip(&*bounded).filter(|(before, after)| before != after);
        assert!(changed.into_iter().all(|(_, after)| *after == b'_'));
        Ok(())
    });
}

#[test]
fn a_report_that_is_taken_is_whole() {
    fuzz("report-file", |bytes| {
        let report = outbox::parse_report(bytes)?;
        // No JSON says more of a finding than a few bytes.
        assert!(report.warnings.len() + report.processing_errors.len() <= bytes.len() / 8);
        Ok(())
    });
}

#[test]
fn a_backtrace_has_a_line_for_each_frame_and_an_end() {
    fuzz("backtrace", |bytes| {
        let told = outcome::shortened(&String::from_utf8_lossy(bytes));
        assert!(told.len() <= MAX_TEXT + '…'.len_utf8());
        assert!(told.lines().all(|line| line.starts_with("at ")) || told.len() > MAX_TEXT - 4, "{told}");
        match told.is_empty() {
            true => Err("no frame".into()),
            false => Ok(()),
        }
    });
}
