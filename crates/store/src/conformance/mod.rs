//! The one suite that every backend passes. A backend's tests call [`store_conformance!`](crate::store_conformance),
//! [`blob_conformance!`](crate::blob_conformance) and their kin with a function that makes a fresh, empty store; each
//! promise becomes a test of its own, so that a failure names the promise. A check that does not hold panics with what
//! it saw. Wrappers of a backend (caches, injected faults that never fire) pass the same suite.
//!
//! The suite asks for what the traits promise and nothing else: no layout, no timing. Parallel checks spawn tasks, so
//! it runs on a multi-threaded tokio runtime.

#![allow(clippy::unwrap_used, reason = "a check fails by panicking, as a test does")]

#[doc(hidden)]
pub mod attempts;
#[doc(hidden)]
pub mod audit;
#[doc(hidden)]
pub mod blobs;
#[doc(hidden)]
pub mod bulks;
#[doc(hidden)]
pub mod cancel;
#[doc(hidden)]
pub mod delete;
#[doc(hidden)]
pub mod deliveries;
#[doc(hidden)]
pub mod events;
pub mod fixtures;
#[doc(hidden)]
pub mod grants;
#[doc(hidden)]
pub mod health;
#[doc(hidden)]
pub mod interrupted;
#[doc(hidden)]
pub mod limits;
#[doc(hidden)]
pub mod lists;
#[doc(hidden)]
pub mod logs;
#[doc(hidden)]
pub mod nodes;
#[doc(hidden)]
pub mod ordered;
#[doc(hidden)]
pub mod pages;
#[doc(hidden)]
pub mod publish;
#[doc(hidden)]
pub mod queue;
#[doc(hidden)]
pub mod references;
#[doc(hidden)]
pub mod registry;
#[doc(hidden)]
pub mod removal;
#[doc(hidden)]
pub mod saved;
#[doc(hidden)]
pub mod schedules;
#[doc(hidden)]
pub mod submit;
#[doc(hidden)]
pub mod tenancy;
#[doc(hidden)]
pub mod uploads;
#[doc(hidden)]
pub mod usage;

pub use interrupted::{CrashPoint, Medium};

use crate::{BlobStore, Store};
use std::any::Any;
use std::sync::Arc;

/// What makes a fresh, empty store, with what has to live as long as the store does.
pub type FreshStore = (Arc<dyn Store>, Box<dyn Any + Send>);
/// The same of bytes.
pub type FreshBlobs = (Arc<dyn BlobStore>, Box<dyn Any + Send>);

/// Every promise of [`Store`] as a test of its own. `$make` names an async function that gives a [`FreshStore`] each
/// time.
#[macro_export]
macro_rules! store_conformance {
    ($make:path) => {
        $crate::promises! { ($make)
            tenancy { tenants_and_projects tokens the_last_operator_stays other_projects_see_nothing } together {}
            removal { names_are_told_apart a_project_goes_with_all_that_is_its a_tenant_goes_with_its_projects } together {}
            registry { datasets pipelines modules activations current_versions deleted_datasets deleted_pipelines deleted_versions row_counts } together {}
            schedules { are_set_with_their_pipelines move_on_with_the_jobs_of_their_runs stay_where_their_job_is_refused replace_a_job_in_the_same_step replace_nothing_where_their_job_is_refused } together { parallel_steps_make_one_run }
            uploads { become_datasets count_before_they_have_come end_when_their_time_is_over } together { of_two_who_add_one_does }
            grants { grants secrets } together {}
            saved { replaced_by_who_saw_it kinds_and_projects_are_told_apart } together { parallel_changes_are_not_lost }
            limits { caps_clamp queue_quota storage_quota stored_parts replaced_bytes } together { parallel_submits_keep_the_quota }
            audit { pages long_pages old_entries_are_forgotten no_more_than_so_many_are_kept of_submissions } together {}
            submit { again_is_answered_as_the_first_time illegal_submissions idempotency everything_is_kept keys_have_an_end many_at_once } together { ordinals_have_no_gaps parallel_repeats_make_one_job }
            queue { order heads figures not_before queued_before claim_starts_an_attempt of_a_project } together { parallel_claims_start_each_job_once }
            attempts { stale_writes_are_refused an_end_again_is_answered_as_the_first_time illegal_transitions pulses_and_checkpoints leases lost_attempts released_node transient_failures deaths_of_own_processes } together { parallel_finishes_end_once }
            nodes { a_life_goes_on_until_it_is_gone a_lease_that_is_over_goes_on_where_nobody_acted_on_it jobs_of_lives_that_are_gone_are_queued_again } together { of_many_who_rescue_one_does }
            bulks { its_jobs_are_frozen_and_each_has_its_outcome those_that_run_are_found_and_those_that_ended_forgotten they_go_with_their_project } together {}
            cancel { queued running ended } together { against_finish }
            publish { completed failed cancelled requeued profiles marks } together {}
            lists { every_filter creation_times_out_of_order pages durations figures } together {}
            ordered { every_order moves_and_deletions_are_followed by_ordinal processed_items } together {}
            usage { equals_the_receipts_whatever_the_end asks_for_what_is_told_apart so_many_values_are_told_apart hours_are_kept_for_a_week_and_a_day } together {}
            delete { ended_jobs_are_forgotten those_of_many_that_have_ended living_jobs_and_jobs_of_others_stay the_past_stays } together {}
            references { everything_that_is_named } together {}
            pages { of_accounts of_what_teams_keep of_processed_items of_jobs_that_come_and_go of_jobs_from_the_oldest of_a_queue } together {}
            logs { filters } together {}
            events { each_move_is_told_in_order projects_and_jobs_are_told_apart what_is_gone_is_said } together { a_listener_hears_everything_once }
            deliveries { an_end_is_told_to_whom_the_job_and_the_project_say webhooks_are_set_by_who_knows_them a_try_is_one_callers_until_its_time_is_over settled_ones_are_sent_again_or_forgotten projects_take_turns_and_send_so_much_mail_an_hour lists_show_the_latest_first } together { parallel_claims_give_each_to_one }
            health { can_be_written } together {}
        }
    };
}

/// Every promise of [`BlobStore`] as a test of its own, and what it promises of work that is interrupted. `$make` names
/// an async function that gives a [`FreshBlobs`] each time.
#[macro_export]
macro_rules! blob_conformance {
    ($make:path) => {
        $crate::promises! { ($make)
            blobs { written_bytes_are_read_back dropped_writers_leave_nothing ranges unlink only_idle_bytes_are_swept lists_in_order staged_bytes_are_committed what_is_not_staged_replaces_nothing } together { the_same_bytes_are_kept_once }
        }
    };
}

/// What [`Store`] promises of work that a crash interrupts, as tests. `$make` names a function that gives a fresh,
/// empty [`Medium`] each time.
#[macro_export]
macro_rules! interrupted_conformance {
    ($make:path) => {
        $crate::interrupted_conformance! { ($make) every_verb parallel_submits repeated_submit }
    };
    (($make:path) $($promise:ident)*) => {
        $(mod $promise {
            use super::*;

            #[tokio::test(flavor = "multi_thread")]
            async fn when_a_commit_is_lost() {
                $crate::conformance::interrupted::$promise(&$make(), $crate::conformance::CrashPoint::Lost).await;
            }

            #[tokio::test(flavor = "multi_thread")]
            async fn when_a_commit_is_not_answered() {
                $crate::conformance::interrupted::$promise(&$make(), $crate::conformance::CrashPoint::Unanswered).await;
            }
        })*
    };
}

/// A module for each subject, a test for each promise. Those that are kept `together` are asked for by parallel tasks.
#[doc(hidden)]
#[macro_export]
macro_rules! promises {
    (($make:path) $($subject:ident { $($promise:ident)* } together { $($shared:ident)* })*) => {
        $(mod $subject {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $promise() {
                let (store, _kept) = $make().await;
                Box::pin($crate::conformance::$subject::$promise(&*store)).await;
            })*

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $shared() {
                let (store, _kept) = $make().await;
                $crate::conformance::$subject::$shared(store).await;
            })*
        })*
    };
}
