//! What a file is called that holds no log.

use fuelcell_records_kit::source::Refusals;

pub(super) const REFUSALS: Refusals = Refusals {
    empty_code: "EmptyLog",
    empty: "An event log needs at least one event.",
    allowed: ".xes, .csv and object-centric logs (OCEL 2.0 as .json or .xml), also as .gz or alone in a .zip, and .xlsx and \
              .parquet by themselves; DataEnrichment makes CSV of JSON files",
};
