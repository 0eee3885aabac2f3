//! The limits of the API as one table, `docs/limits.md`: those of this room, and those of the rooms below.

use crate::extract::MAX_JSON_BYTES;
use crate::{
    ApiConfig, cors, execution, gate, paging, problem, protection, registry, request_id, routes, serve, tls,
};
use fuelcell_domain::stated::StatedLimit;
use std::num::NonZeroU32;

/// Headers of a request, by the library that reads them.
const HEADERS: u64 = 100;

/// Those of the HTTP interface that nobody can set.
const STATED: &[StatedLimit] = &[
    StatedLimit::new(
        "the head of a request",
        serve::MAX_HEAD as u64,
        "bytes",
        "431, once they came without its end",
    ),
    StatedLimit::new("headers of a request", HEADERS, "headers", "431"),
    StatedLimit::new("a JSON body", MAX_JSON_BYTES as u64, "bytes", "413 `TooLarge`"),
    StatedLimit::new(
        "the body of a batch of jobs",
        execution::batch::MAX_BATCH_BYTES as u64,
        "bytes",
        "413 `TooLarge`",
    ),
    StatedLimit::new(
        "refused jobs of a batch of which all faults are told",
        execution::batch::MAX_LOOKED_THROUGH as u64,
        "jobs",
        "the first fault",
    ),
    StatedLimit::new(
        "`X-Request-Id` that is kept",
        request_id::MAX_LENGTH as u64,
        "characters",
        "another one is minted",
    ),
    StatedLimit::new(
        "an error answer",
        problem::MAX_ANSWER as u64,
        "bytes",
        "texts are cut and marked with …",
    ),
    StatedLimit::new(
        "faults of an error answer",
        problem::MAX_FAULTS as u64,
        "faults",
        "`errorCount` says how many there are",
    ),
    StatedLimit::new(
        "an address in the audit log",
        gate::MAX_TARGET as u64,
        "bytes",
        "cut and marked with …",
    ),
    StatedLimit::new(
        "`pageSize` of jobs and of what teams keep",
        paging::MAX_PAGE_SIZE,
        "entries",
        "400 `InvalidQuery`",
    ),
    StatedLimit::new("`limit` of a job's log", execution::logs::MAX_LINES, "lines", "400 `InvalidQuery`"),
    StatedLimit::new("`limit` of all other lists", paging::MAX_LIMIT, "entries", "400 `InvalidQuery`"),
    StatedLimit::new(
        "a page by `cursor`, but for its last entry",
        fuelcell_service::PAGE_BYTES as u64,
        "bytes, about",
        "the page ends",
    ),
    StatedLimit::new("`wait` for a job", execution::status::MAX_WAIT, "seconds", "400 `InvalidQuery`"),
    StatedLimit::new(
        "`timeoutMinutes`",
        execution::submit::MAX_TIMEOUT_MINUTES as u64,
        "minutes",
        "400 `InvalidTimeout`",
    ),
    StatedLimit::new(
        "`Content-Digest`",
        registry::upload::MAX_CONTENT_DIGEST as u64,
        "bytes",
        "400 `InvalidContentDigest`",
    ),
    StatedLimit::new(
        "bytes that a request's body counts as while it arrives",
        protection::MOST_HELD as u64,
        "bytes",
        "larger bodies count as that",
    ),
    StatedLimit::new(
        "origins of `api.cors_origins`",
        cors::MAX_ORIGINS as u64,
        "origins",
        "the server does not start",
    ),
    StatedLimit::new(
        "a file of `api.tls`",
        tls::MAX_FILE,
        "bytes",
        "the server does not start, or keeps the certificate that it has",
    ),
];

/// Those that operators set, as they are where nobody did.
fn settable() -> [StatedLimit; 7] {
    let config = ApiConfig::default();
    let number = |number: NonZeroU32| u64::from(number.get());
    [
        StatedLimit::new(
            "requests of a token a second, and at once (`api.token_requests_per_second`)",
            number(config.token_requests_per_second),
            "requests",
            "429 `TooManyRequests`",
        ),
        StatedLimit::new(
            "requests of a tenant a second, and at once (`api.tenant_requests_per_second`)",
            number(config.tenant_requests_per_second),
            "requests",
            "429 `TooManyRequests`",
        ),
        StatedLimit::new(
            "bodies of a token's requests that arrive (`api.max_token_arriving_bytes`)",
            config.max_token_arriving_bytes,
            "bytes",
            "429 `TooMuchArriving`",
        ),
        StatedLimit::new(
            "bodies of a tenant's requests that arrive (`api.max_tenant_arriving_bytes`)",
            config.max_tenant_arriving_bytes,
            "bytes",
            "429 `TooMuchArriving`",
        ),
        StatedLimit::new(
            "bodies of all requests that arrive (`api.max_arriving_bytes`)",
            config.max_arriving_bytes,
            "bytes",
            "503 `TooMuchArriving`",
        ),
        StatedLimit::new(
            "changes of a tenant that are being carried out (`api.max_tenant_changes`)",
            number(config.max_tenant_changes),
            "changes",
            "429 `TooManyChanges`",
        ),
        StatedLimit::new(
            "changes of all that are being carried out (`api.max_changes`)",
            number(config.max_changes),
            "changes",
            "503 `Busy`",
        ),
    ]
}

/// All of them.
fn all() -> impl Iterator<Item = StatedLimit> {
    let fixed = STATED
        .iter()
        .chain(routes::LIMITS_OF_OTHERS)
        .chain(fuelcell_service::stated::STATED)
        .chain(fuelcell_domain::stated::STATED);
    fixed.copied().chain(settable())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;
    use std::fs;
    use std::path::Path;

    const HEAD: &str = "\
# Limits

What is taken at most, and what comes of more. Rows that name a setting in parentheses are defaults; all others hold for
every server. What operators set beside (caps, quotas, connections, parallel uploads) is in
[running a server](running-a-server.md) and in `fuelcell config`.

[Limits, and how to live with them](guides/limits.md) hits some of them and mends what hit them.

This table is made from the constants that hold. `BLESS=1 cargo test -p fuelcell-api` writes it anew. Each row is tried with
as many as it says and with one more, by [these tests](../tests/all/limits/register.rs).

| limit | at most | beyond it |
| --- | --- | --- |
";

    fn document() -> String {
        let mut text = HEAD.to_owned();
        for StatedLimit { what, most, unit, beyond } in all() {
            writeln!(text, "| {what} | {} {unit} | {beyond} |", grouped(most)).unwrap();
        }
        text
    }

    /// `1048576` → `1,048,576`
    fn grouped(number: u64) -> String {
        let digits = number.to_string();
        let (first, rest) = digits.split_at((digits.len() - 1) % 3 + 1);
        let rest = rest.as_bytes().chunks(3).map(|group| std::str::from_utf8(group).unwrap());
        rest.fold(first.to_owned(), |text, group| text + "," + group)
    }

    #[test]
    fn the_document_states_the_limits() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/limits.md");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&path, document()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), document(), "BLESS=1 writes it anew");
    }

    #[test]
    fn no_limit_is_stated_twice() {
        let mut names: Vec<_> = all().map(|limit| limit.what).collect();
        names.sort_unstable();
        assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:#?}");
    }
}
