//! Limits of the use cases, for the documents. Whoever adds a bound adds its line.

use crate::{
    admin, batch, bulk, bulk_runs, bulk_sets, cancel, checks, config, deliveries, log_search, modules,
    pipelines, schedules, search, searches, secrets, session_table, sessions, submit, system, usage,
    webhooks,
};
use fuelcell_domain::bulk::{MAX_BULK_JOBS, MAX_KEPT_BULKS};
use fuelcell_domain::capability::MAX_ENTRIES;
use fuelcell_domain::delivery::{MAX_ANSWER, MAX_TRIES};
use fuelcell_domain::notice::{MAX_DOMAIN, MAX_WEBHOOKS};
use fuelcell_domain::saved::{MAX_SAVED, MAX_SAVED_BYTES};
use fuelcell_domain::stated::StatedLimit;
use fuelcell_domain::upload::MAX_UPLOADS;

/// Those that nobody can set.
pub const STATED: &[StatedLimit] = &[
    StatedLimit::new(
        "`parameters` of a pipeline, or of its schedule",
        pipelines::MAX_PARAMETERS as u64,
        "bytes of JSON",
        "400 `TooLargeParameters`",
    ),
    StatedLimit::new(
        "names of tenants, projects, pipelines, jobs and subjects",
        admin::MAX_NAME as u64,
        "bytes",
        "400 `InvalidName`",
    ),
    StatedLimit::new(
        "views, and sets of parameters, of a project",
        MAX_SAVED as u64,
        "of each",
        "409 `TooManySaved`",
    ),
    StatedLimit::new(
        "a view's query, or a set of parameters",
        MAX_SAVED_BYTES as u64,
        "bytes",
        "400 `InvalidSaved`",
    ),
    StatedLimit::new("`hours` of `GET usage/hours`", usage::MAX_HOURS as u64, "hours", "400 `InvalidQuery`"),
    StatedLimit::new("`jobDescription`", submit::MAX_DESCRIPTION as u64, "bytes", "400 `InvalidDescription`"),
    StatedLimit::new("`labels` of a job", submit::MAX_LABELS as u64, "labels", "400 `InvalidLabels`"),
    StatedLimit::new("a label's key, or its value", submit::MAX_LABEL as u64, "bytes", "400 `InvalidLabels`"),
    StatedLimit::new(
        "`emailRecipients`",
        submit::MAX_RECIPIENTS as u64,
        "addresses",
        "400 `InvalidRecipients`",
    ),
    StatedLimit::new(
        "an address of `emailRecipients`",
        submit::MAX_ADDRESS as u64,
        "bytes",
        "400 `InvalidRecipients`",
    ),
    StatedLimit::new("`jobIds` of one change", bulk::MAX_BULK as u64, "jobs", "400 `InvalidJobIds`"),
    StatedLimit::new(
        "jobs of a bulk action",
        MAX_BULK_JOBS as u64,
        "jobs",
        "400 `TooManyJobs` or `InvalidJobIds`",
    ),
    StatedLimit::new(
        "jobs that are looked through for a bulk action",
        bulk_sets::MAX_LOOKED_THROUGH as u64,
        "jobs",
        "400 `TooManyJobs`",
    ),
    StatedLimit::new(
        "bulk actions of a tenant that run",
        bulk_runs::MAX_RUNNING_BULKS as u64,
        "bulk actions",
        "429 `TooManyBulkActions`",
    ),
    StatedLimit::new(
        "bulk actions that a project keeps",
        MAX_KEPT_BULKS as u64,
        "bulk actions",
        "the one that ended first is forgotten",
    ),
    StatedLimit::new("`text` that is looked for", search::MAX_TEXT as u64, "bytes", "400 `InvalidQuery`"),
    StatedLimit::new(
        "`pattern` that is looked for in a log",
        fuelcell_rules::MAX_PATTERN as u64,
        "bytes",
        "400 `InvalidQuery`",
    ),
    StatedLimit::new(
        "jobs that are looked through for one page of a search",
        search::MAX_JOBS as u64,
        "jobs",
        "the page ends, `nextCursor` goes on",
    ),
    StatedLimit::new(
        "lines of a log that are looked through for one page of a search",
        log_search::MAX_LINES as u64,
        "lines",
        "the page ends, `nextCursor` goes on",
    ),
    StatedLimit::new(
        "bytes of jobs or lines that are looked through for one page of a search",
        search::MAX_BYTES as u64,
        "bytes, about",
        "the page ends, `nextCursor` goes on",
    ),
    StatedLimit::new(
        "tenants that the state of the server lists",
        system::MAX_TENANTS as u64,
        "tenants",
        "`hasMoreTenants`",
    ),
    StatedLimit::new(
        "sessions of one token",
        session_table::MAX_OF_TOKEN as u64,
        "sessions",
        "the one that was idle for longest ends",
    ),
    StatedLimit::new(
        "sessions of all tokens",
        session_table::MAX_SESSIONS as u64,
        "sessions",
        "the one that was idle for longest ends, of the token with the most",
    ),
    StatedLimit::new(
        "projects that a session lists",
        sessions::MAX_PROJECTS as u64,
        "projects",
        "`hasMoreProjects`",
    ),
    StatedLimit::new("webhooks of a project", MAX_WEBHOOKS as u64, "webhooks", "409 `TooManyWebhooks`"),
    StatedLimit::new("a webhook's `url`", webhooks::MAX_URL as u64, "bytes", "400 `InvalidWebhook`"),
    StatedLimit::new(
        "`overlapSeconds` of a webhook's secret",
        webhooks::MAX_OVERLAP_SECONDS,
        "seconds",
        "400 `InvalidWebhook`",
    ),
    StatedLimit::new(
        "`domains` of a project's rules for e-mail",
        deliveries::MAX_DOMAINS as u64,
        "domains",
        "400 `InvalidMailPolicy`",
    ),
    StatedLimit::new("a domain of them", MAX_DOMAIN as u64, "bytes", "400 `InvalidMailPolicy`"),
    StatedLimit::new("tries that a delivery shows", MAX_TRIES as u64, "tries", "older ones are left out"),
    StatedLimit::new("an answer that a try shows", MAX_ANSWER as u64, "bytes", "what is beyond is cut off"),
    StatedLimit::new(
        "unfinished uploads of a project",
        MAX_UPLOADS as u64,
        "uploads",
        "409 `TooManyUnfinishedUploads`",
    ),
    StatedLimit::new("`Idempotency-Key`", submit::MAX_KEY as u64, "bytes", "400 `InvalidIdempotencyKey`"),
    StatedLimit::new("jobs of a batch", batch::MAX_BATCH as u64, "jobs", "400 `InvalidBatch`"),
    StatedLimit::new(
        "parameters of a batch's jobs, with what their pipelines lend them",
        batch::MAX_BATCH_PARAMETERS as u64,
        "bytes of JSON",
        "413 `BatchTooLarge` for each job beyond",
    ),
    StatedLimit::new("`retryReason`", cancel::MAX_REASON as u64, "bytes", "400 `InvalidReason`"),
    StatedLimit::new("`reason` of a cancel", cancel::MAX_REASON as u64, "bytes", "400 `InvalidReason`"),
    StatedLimit::new(
        "`catchUpSeconds`",
        schedules::MAX_CATCH_UP_SECONDS as u64,
        "seconds",
        "400 `InvalidSchedule`",
    ),
    StatedLimit::new("secrets of a project", MAX_ENTRIES as u64, "secrets", "409 `TooManySecrets`"),
    StatedLimit::new(
        "headers that may carry a secret",
        secrets::MAX_SECRET_HEADERS as u64,
        "headers",
        "400 `InvalidSecret`",
    ),
    StatedLimit::new(
        "the name of such a header",
        secrets::MAX_HEADER_NAME as u64,
        "characters",
        "400 `InvalidSecret`",
    ),
    StatedLimit::new("days of `GET usage`", usage::MAX_DAYS as u64, "days", "400 `InvalidQuery`"),
    StatedLimit::new(
        "days of `GET usage` by day and module, subject or label",
        usage::MAX_DAYS_APART as u64,
        "days",
        "400 `InvalidQuery`",
    ),
    StatedLimit::new(
        "groups of `GET usage` that are told apart",
        usage::MAX_SHOWN as u64,
        "groups",
        "those that burnt least are one",
    ),
    StatedLimit::new("a secret's value", secrets::MAX_VALUE as u64, "bytes", "400 `InvalidSecret`"),
    StatedLimit::new(
        "a tenant's searches of logs by pattern, under way and waiting",
        searches::MAX_SEARCHES as u64,
        "searches",
        "429 `TooManySearches`",
    ),
    StatedLimit::new(
        "a tenant's requests whose parameters wait to be checked",
        checks::MAX_WAITING as u64,
        "requests",
        "429 `TooManyChecks`",
    ),
    StatedLimit::new(
        "a tenant's modules that arrive or wait for their compiler",
        modules::MAX_COMPILES as u64,
        "modules",
        "429 `TooManyUploads`",
    ),
    StatedLimit::new(
        "requests of all tenants that wait for a job",
        config::MAX_WAITERS as u64,
        "requests",
        "429 `TooManyWaiters`",
    ),
];
