//! The one suite that every backend passes. A backend's tests call [`store`] and [`blobs`] with a function that makes a
//! fresh, empty store; a check that does not hold panics with what it saw. Wrappers of a backend (caches, injected faults
//! that never fire) pass the same suite.
//!
//! The suite asks for what the traits promise and nothing else: no layout, no timing. Parallel checks spawn tasks, so it
//! runs on a multi-threaded tokio runtime.

#![allow(clippy::unwrap_used, reason = "a check fails by panicking, as a test does")]

mod attempts;
mod audit;
mod blobs;
mod cancel;
mod delete;
pub mod fixtures;
mod grants;
mod interrupted;
mod limits;
mod lists;
mod logs;
mod ordered;
mod pages;
mod publish;
mod queue;
mod references;
mod registry;
mod removal;
mod schedules;
mod submit;
mod tenancy;
mod usage;

pub use interrupted::{CrashPoint, Medium};

use crate::faulty_blobs::FaultyBlobs;
use crate::{BlobStore, Store};
use std::sync::Arc;

/// Every promise of [`Store`]. `make` gives a fresh, empty store each time.
pub async fn store(make: impl AsyncFn() -> Arc<dyn Store>) {
    tenancy::tenants_and_projects(&*make().await).await;
    tenancy::tokens(&*make().await).await;
    tenancy::the_last_operator_stays(&*make().await).await;
    removal::names_are_told_apart(&*make().await).await;
    removal::a_project_goes_with_all_that_is_its(&*make().await).await;
    removal::a_tenant_goes_with_its_projects(&*make().await).await;
    registry::datasets(&*make().await).await;
    registry::pipelines(&*make().await).await;
    schedules::are_set_with_their_pipelines(&*make().await).await;
    schedules::move_on_with_the_jobs_of_their_runs(&*make().await).await;
    schedules::stay_where_their_job_is_refused(&*make().await).await;
    schedules::replace_a_job_in_the_same_step(&*make().await).await;
    schedules::replace_nothing_where_their_job_is_refused(&*make().await).await;
    schedules::parallel_steps_make_one_run(make().await).await;
    registry::modules(&*make().await).await;
    registry::activations(&*make().await).await;
    registry::current_versions(&*make().await).await;
    registry::deleted_datasets(&*make().await).await;
    registry::deleted_pipelines(&*make().await).await;
    registry::deleted_versions(&*make().await).await;
    registry::row_counts(&*make().await).await;
    grants::grants(&*make().await).await;
    grants::secrets(&*make().await).await;
    limits::caps_clamp(&*make().await).await;
    limits::queue_quota(&*make().await).await;
    limits::parallel_submits_keep_the_quota(make().await).await;
    limits::storage_quota(&*make().await).await;
    limits::stored_parts(&*make().await).await;
    limits::replaced_bytes(&*make().await).await;
    audit::pages(&*make().await).await;
    audit::long_pages(&*make().await).await;
    audit::old_entries_are_forgotten(&*make().await).await;
    audit::of_submissions(&*make().await).await;
    submit::ordinals_have_no_gaps(make().await).await;
    submit::illegal_submissions(&*make().await).await;
    submit::idempotency(&*make().await).await;
    submit::parallel_repeats_make_one_job(make().await).await;
    submit::everything_is_kept(&*make().await).await;
    submit::keys_have_an_end(&*make().await).await;
    submit::many_at_once(&*make().await).await;
    queue::order(&*make().await).await;
    queue::heads(&*make().await).await;
    queue::not_before(&*make().await).await;
    queue::queued_before(&*make().await).await;
    queue::claim_starts_an_attempt(&*make().await).await;
    queue::parallel_claims_start_each_job_once(make().await).await;
    attempts::stale_writes_are_refused(&*make().await).await;
    attempts::illegal_transitions(&*make().await).await;
    attempts::pulses_and_checkpoints(&*make().await).await;
    attempts::leases(&*make().await).await;
    attempts::lost_attempts(&*make().await).await;
    attempts::released_node(&*make().await).await;
    attempts::transient_failures(&*make().await).await;
    attempts::deaths_of_own_processes(&*make().await).await;
    attempts::parallel_finishes_end_once(make().await).await;
    cancel::queued(&*make().await).await;
    cancel::running(&*make().await).await;
    cancel::ended(&*make().await).await;
    cancel::against_finish(make().await).await;
    publish::completed(&*make().await).await;
    publish::failed(&*make().await).await;
    publish::cancelled(&*make().await).await;
    publish::requeued(&*make().await).await;
    publish::marks(&*make().await).await;
    lists::every_filter(&*make().await).await;
    lists::creation_times_out_of_order(&*make().await).await;
    lists::pages(&*make().await).await;
    ordered::every_order(&*make().await).await;
    ordered::moves_and_deletions_are_followed(&*make().await).await;
    ordered::by_ordinal(&*make().await).await;
    ordered::processed_items(&*make().await).await;
    lists::durations(&*make().await).await;
    lists::figures(&*make().await).await;
    usage::equals_the_receipts_whatever_the_end(&*make().await).await;
    usage::asks_for_what_is_told_apart(&*make().await).await;
    usage::so_many_values_are_told_apart(&*make().await).await;
    delete::ended_jobs_are_forgotten(&*make().await).await;
    delete::living_jobs_and_jobs_of_others_stay(&*make().await).await;
    delete::the_past_stays(&*make().await).await;
    references::everything_that_is_named(&*make().await).await;
    queue::of_a_project(&*make().await).await;
    Box::pin(pages::of_accounts(&*make().await)).await;
    Box::pin(pages::of_what_teams_keep(&*make().await)).await;
    Box::pin(pages::of_processed_items(&*make().await)).await;
    Box::pin(pages::of_jobs_that_come_and_go(&*make().await)).await;
    Box::pin(pages::of_a_queue(&*make().await)).await;
    tenancy::other_projects_see_nothing(&*make().await).await;
    logs::filters(&*make().await).await;
    make().await.check().await.expect("a fresh store can be written");
}

/// What [`Store`] promises of work that a crash interrupts. `make` gives a fresh, empty medium each time.
pub async fn interrupted_store<M: Medium>(make: impl AsyncFn() -> M) {
    for point in [CrashPoint::Lost, CrashPoint::Unanswered] {
        interrupted::every_verb(&make().await, point).await;
        interrupted::parallel_submits(&make().await, point).await;
        interrupted::repeated_submit(&make().await, point).await;
    }
}

/// Every promise of [`BlobStore`]. `make` gives a fresh, empty store each time.
pub async fn blobs(make: impl AsyncFn() -> Arc<dyn BlobStore>) {
    blobs::written_bytes_are_read_back(&*make().await).await;
    blobs::dropped_writers_leave_nothing(&*make().await).await;
    blobs::the_same_bytes_are_kept_once(make().await).await;
    blobs::ranges(&*make().await).await;
    blobs::unlink(&*make().await).await;
    blobs::only_idle_bytes_are_swept(&*make().await).await;
    blobs::lists_in_order(&*make().await).await;
}

/// What [`BlobStore`] promises of work that is interrupted. `make` gives a fresh, empty store each time.
pub async fn interrupted_blobs<B: BlobStore>(make: impl AsyncFn() -> B) {
    blobs::interrupted(&FaultyBlobs::new(make().await)).await;
}
