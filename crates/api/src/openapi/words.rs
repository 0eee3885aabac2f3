//! The words that the API takes and gives, as schemas.

// What the derive writes names its types in full.
#![allow(unused_qualifications)]

use crate::execution::logs;
use crate::execution::results;
use crate::execution::{JOB_TYPES, PRIORITIES, STATES};
use fuelcell_domain::Overlap;
use fuelcell_domain::schedule::SkipCode;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{RefOr, Schema};
use utoipa::{OpenApi, PartialSchema, ToSchema};

/// The word for a role.
const ROLES: [&str; 5] = ["viewer", "submitter", "module-author", "administrator", "operator"];

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident = $words:expr;)*) => {
        /// All of them, for references from queries.
        #[derive(OpenApi)]
        #[openapi(components(schemas($($name),*)))]
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

words! {
    /// Job states.
    JobStateWord = STATES.map(|(word, _)| word);
    /// Job types.
    JobTypeWord = JOB_TYPES.map(|(word, _)| word);
    /// Priorities.
    PriorityWord = PRIORITIES.map(|(word, _)| word);
    /// What happens to a scheduled run while the one before it has not ended.
    OverlapWord = Overlap::ALL.map(Overlap::as_str);
    /// Why a scheduled run was not made.
    SkipCodeWord = SkipCode::ALL.map(SkipCode::as_str);
    /// Roles.
    RoleWord = ROLES;
    /// Forms of results.
    ResultsFormatWord = results::FORMATS.map(|(word, _)| word);
    /// Kinds of outputs.
    OutputTypeWord = results::KINDS.map(|(word, _)| word);
    /// Forms of logs.
    LogFormatWord = logs::FORMATS.map(|(word, _)| word);
    /// Levels of log lines.
    LogLevelWord = logs::LEVELS.map(|(word, _)| word);
}
