//! Everything that reads bytes from outside.

/// A parser that is fuzzed.
#[derive(Debug)]
pub struct Target {
    /// Its name, which is that of its folder in `tests/corpus`.
    pub name: &'static str,
    /// The file that fuzzes it.
    pub file: &'static str,
    /// What it reads, and whose bytes these are.
    pub reads: &'static str,
    /// The most bytes of memory that one input may take. An input has at most 64 KiB.
    pub memory: u64,
    /// How many inputs a test tries beside the corpus: about half a second's worth.
    pub inputs: u64,
}

const MIB: u64 = 1 << 20;

const fn target(name: &'static str, file: &'static str, memory_mib: u64, reads: &'static str) -> Target {
    Target { name, file, reads, memory: memory_mib * MIB, inputs: 1_000 }
}

/// One whose inputs take longer.
const fn slow(inputs: u64, target: Target) -> Target {
    Target { inputs, ..target }
}

const ANALYSIS: &str = "example-jobs/built-in/analysis/src/fuzz.rs";
const API: &str = "crates/api/src/fuzz.rs";
const CONFIG: &str = "crates/fuelcell/src/fuzz.rs";
const DOMAIN: &str = "crates/domain/src/fuzz.rs";
const ENRICHMENT: &str = "example-jobs/built-in/data-enrichment/src/fuzz.rs";
const MINING: &str = "example-jobs/built-in/process-mining/src/fuzz.rs";
const OUTBOUND: &str = "crates/outbound/src/fuzz.rs";
const CELLS: &str = "crates/sandbox/src/process/fuzz.rs";
const FILES: &str = "crates/sandbox/src/files/fuzz.rs";
const SANDBOX: &str = "crates/sandbox/src/fuzz.rs";
const RULES: &str = "crates/rules/src/fuzz.rs";
const SERVICE: &str = "crates/service/src/fuzz.rs";
const SQL: &str = "guest-sdk/kits/sql/src/fuzz.rs";
const TABLE_KIT: &str = "guest-sdk/kits/table/src/fuzz.rs";
const TABLE: &str = "example-jobs/examples/new-rows/src/fuzz.rs";
const STORE: &str = "crates/store-sled/src/fuzz.rs";

/// All of them. Whole modules that run are made and damaged by `crates/sandbox/tests/attacks/fuzz.rs`, with an engine.
/// Compiled code is not among them: nothing of a file is read as code before its tag is checked, which
/// `crates/sandbox/src/compile/cache.rs` tests bit by bit.
pub const TARGETS: &[Target] = &[
    target("artifact", DOMAIN, 1, "a guest's description of an output"),
    target("host-pattern", DOMAIN, 1, "hosts of grants and manifests: clients, module authors"),
    target("ids", DOMAIN, 1, "GUIDs and digests in addresses and bodies: clients"),
    target("job-types", DOMAIN, 1, "job types and versions of modules: clients, module authors"),
    target("placeholders", DOMAIN, 1, "names of secrets in the headers of a guest's requests"),
    slow(300, target("schedule", DOMAIN, 4, "cron expressions and time zones: clients")),
    target("backtrace", SANDBOX, 4, "the engine's backtrace, with function names of a module"),
    target(
        "cell-messages",
        CELLS,
        16,
        "what a cell's process says to the server, which trusts it no more than its guest",
    ),
    target("cell-orders", CELLS, 16, "what the server says to a cell's process"),
    target("debug-sections", SANDBOX, 4, "sections of modules that say where in the source an address is"),
    target(
        "inspection",
        SANDBOX,
        64,
        "uploaded modules: validation, imports, exports, manifest, wrapping of programs",
    ),
    target("manifest", SANDBOX, 16, "the manifest in a module"),
    target("script", SANDBOX, 64, "archives of script modules: module authors"),
    target("paths", FILES, 16, "paths of a guest in its file system"),
    target("report-file", SANDBOX, 16, "the report that a program leaves in `/out`"),
    target("http-request", OUTBOUND, 4, "requests of guests: method, target, path, headers"),
    target("http-response", OUTBOUND, 16, "answers of hosts to requests of guests"),
    target("cursors", SERVICE, 4, "cursors of lists: clients"),
    target("links", SERVICE, 4, "signed download links: whoever clicks them"),
    target("merge-patch", SERVICE, 16, "parameters of a retry over those of the job: clients"),
    target(
        "parameter-schema",
        RULES,
        64,
        "JSON Schemas of manifests, and parameters: module authors, clients",
    ),
    target("sealed-secrets", SERVICE, 1, "values of secrets as they are kept: the disk"),
    target("credentials", API, 1, "the header `Authorization`: clients"),
    target("digest-header", API, 1, "the header `Content-Digest` of uploads: clients"),
    target("moments", API, 1, "dates in queries and bodies: clients"),
    target("ranges", API, 4, "the headers `Range`, `If-Range` and `If-None-Match`: clients"),
    target(
        "requests",
        API,
        64,
        "whole requests to every address: paths, queries, headers, bodies of both protocols: clients",
    ),
    target("backup", STORE, 64, "the records of a backup that is restored"),
    target("records", STORE, 64, "records of the store: the disk"),
    target("values", STORE, 1, "sealed values of the store and its high-water mark: the disk"),
    target("configuration", CONFIG, 16, "the configuration file: operators"),
    slow(
        100,
        target(
            "event-log",
            MINING,
            64,
            "event logs, XES, CSV or OCEL, also compressed or in UTF-16: clients",
        ),
    ),
    slow(300, target("mining-parameters", MINING, 64, "parameters of ProcessMining: clients")),
    slow(100, target("analysis-parameters", ANALYSIS, 128, "parameters of Analysis: clients")),
    slow(100, target("enrichment-steps", ENRICHMENT, 128, "steps of DataEnrichment: clients")),
    target("expression", SQL, 128, "expressions of a row: clients"),
    target("question", SQL, 64, "questions in SQL: clients"),
    slow(
        300,
        target(
            "table-file",
            TABLE_KIT,
            128,
            "tables: CSV, JSON, Parquet, workbooks, compressed or not: clients",
        ),
    ),
    target("table", TABLE, 16, "tables that the example new-rows reads: clients"),
    target("timestamps", MINING, 4, "timestamps of event logs, and their forms: clients"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus;
    use std::collections::BTreeSet;
    use std::fs;

    #[test]
    fn every_target_has_a_corpus_and_every_corpus_a_target() {
        let entries = fs::read_dir(corpus::root()).unwrap().map(|entry| entry.unwrap());
        let folders = entries.filter(|entry| entry.file_type().unwrap().is_dir());
        let folders: BTreeSet<_> = folders.map(|entry| entry.file_name().into_string().unwrap()).collect();
        let targets: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
        assert_eq!(folders, targets);
        for target in TARGETS {
            assert!(corpus::read(target.name).len() >= 2, "{} has one input", target.name);
        }
    }

    #[test]
    fn every_target_is_fuzzed_where_the_table_says() {
        for target in TARGETS {
            let file = corpus::root().join("../..").join(target.file);
            let source = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", target.file));
            assert!(source.contains(&format!("fuzz(\"{}\"", target.name)), "{}", target.name);
        }
    }
}
