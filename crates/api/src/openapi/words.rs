//! The words that the API takes and gives, as schemas.

// What the derive writes names its types in full.
#![allow(unused_qualifications)]

use crate::execution::forms;
use crate::execution::{PRIORITIES, STATES};
use crate::notices;
use fuelcell_domain::schedule::SkipCode;
use fuelcell_domain::{BulkAction, BulkState, JobEnding, JobType, Overlap, Role};
use fuelcell_service::error::role_name;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{OpenApi, PartialSchema, ToSchema};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $words:expr;)*) => {
        /// All of them, for references from queries.
        #[derive(OpenApi)]
        #[openapi(components(schemas(JobTypeWord, $($name),*)))]
        pub(super) struct Words;

        $(
        $(#[$doc])*
        pub(crate) enum $name {}

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                ObjectBuilder::new().schema_type(Type::String).enum_values(Some($words)).into()
            }
        }

        impl ToSchema for $name {}
        )*
    };
}

/// Job types: an open list, because modules declare their own.
pub(crate) enum JobTypeWord {}

impl PartialSchema for JobTypeWord {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z][A-Za-z0-9._-]{0,63}$"))
            .examples(JobType::RESERVED.map(|reserved| reserved.as_str().to_owned()))
            .description(Some(
                "`ProcessMining`, `DataEnrichment`, `Notebook` or `Analysis`, in any case, or a type that a module of the \
                 project declares (`GET job-types` lists all)",
            ))
            .into()
    }
}

impl ToSchema for JobTypeWord {}

words! {
    /// Job states.
    JobStateWord = STATES.map(|(word, _)| word);
    /// Priorities.
    PriorityWord = PRIORITIES.map(|(word, _)| word);
    /// What happens to a scheduled run while the one before it has not ended.
    OverlapWord = Overlap::ALL.map(Overlap::as_str);
    /// Why a scheduled run was not made.
    SkipCodeWord = SkipCode::ALL.map(SkipCode::as_str);
    /// Roles.
    RoleWord = Role::ALL.map(role_name);
    /// Forms of results.
    ResultsFormatWord = forms::RESULTS.map(|(word, _)| word);
    /// Kinds of outputs.
    OutputTypeWord = forms::KINDS.map(|(word, _)| word);
    /// Forms of logs.
    LogFormatWord = forms::LOGS.map(|(word, _)| word);
    /// What is done with many jobs.
    BulkActionWord = BulkAction::ALL.map(BulkAction::as_str);
    /// Where a bulk action stands.
    BulkStateWord = BulkState::ALL.map(BulkState::as_str);
    /// What became of a job.
    BulkOutcomeWord = forms::OUTCOMES.map(|(word, _)| word);
    /// Where deliveries stand.
    DeliveryStateWord = notices::STATES.map(|(word, _)| word);
    /// By which way somebody is told.
    ChannelWord = notices::CHANNELS.map(|(word, _)| word);
    /// Ends of jobs that webhooks are told of.
    EndingWord = JobEnding::ALL.map(JobEnding::event);
    /// Levels of log lines.
    LogLevelWord = forms::LEVELS.map(|(word, _)| word);
}
