//! Which jobs of a project are meant: by flags, and by a view.

use super::shared::Priority;
use crate::complete;
use crate::connection::Connection;
use crate::failure::Outcome;
use crate::http::{Call, escaped};
use crate::operations::{GET_SAVED, LIST_JOBS, Operation};
use clap::{Args, ValueEnum};
use url::form_urlencoded;

/// Which jobs are meant.
#[derive(Args)]
pub struct Filters {
    /// Only those in this state.
    #[arg(long, value_enum)]
    status: Option<State>,
    /// Only those of this type.
    #[arg(long = "type", value_name = "TYPE", add = complete::job_types())]
    job_type: Option<String>,
    /// Only those of this priority.
    #[arg(long, value_enum)]
    priority: Option<Priority>,
    /// Only those that this subject submitted.
    #[arg(long, value_name = "SUBJECT")]
    submitted_by: Option<String>,
    /// Only those with this in their name, or with an id that begins so.
    #[arg(long)]
    text: Option<String>,
    /// Only those with this label: NAME, or NAME=VALUE.
    #[arg(long)]
    label: Option<String>,
    /// Only those of this module.
    #[arg(long, value_name = "NAME", add = complete::modules())]
    module: Option<String>,
    /// Only those of this pipeline.
    #[arg(long, value_name = "ID", add = complete::pipelines())]
    pipeline: Option<String>,
    /// Only those submitted from this moment on, such as 2026-01-31T00:00:00Z.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only those submitted up to this moment.
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
}

/// A job's state.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum State {
    /// Waits
    Queued,
    /// Runs
    Running,
    /// Ended well
    Completed,
    /// Ended badly
    Failed,
    /// Was ended
    Cancelled,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Queued => "Queued",
            Self::Running => "Running",
            Self::Completed => "Completed",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

impl Filters {
    /// As members of a query.
    fn members(&self) -> Vec<(String, String)> {
        let members = [
            ("status", self.status.map(|status| status.word().to_owned())),
            ("jobType", self.job_type.clone()),
            ("priority", self.priority.map(|priority| priority.word().to_owned())),
            ("submittedBy", self.submitted_by.clone()),
            ("text", self.text.clone()),
            ("label", self.label.clone()),
            ("module", self.module.clone()),
            ("pipelineId", self.pipeline.clone()),
            ("dateFrom", self.from.clone()),
            ("dateTo", self.to.clone()),
        ];
        members.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    }

    /// As the query of a view.
    pub(crate) fn query(&self) -> String {
        let pairs = self.members();
        let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect();
        pairs.join("&")
    }

    /// Whether no flag says anything.
    pub(super) fn is_empty(&self) -> bool {
        self.members().is_empty()
    }

    /// The list of these jobs, within a view if one is named.
    pub(super) fn list(&self, connection: &Connection, view: Option<&str>) -> Outcome<Call> {
        self.call(connection, LIST_JOBS, view)
    }

    /// A call about these jobs: a flag stands in the place of what the view says.
    pub(super) fn call(
        &self,
        connection: &Connection,
        operation: Operation,
        view: Option<&str>,
    ) -> Outcome<Call> {
        let own = self.members();
        let mut members = match view {
            Some(name) => members_of(connection, name)?,
            None => Vec::new(),
        };
        members.retain(|(name, _)| own.iter().all(|(flag, _)| flag != name));
        members.extend(own);
        let call = connection.call(operation, &[])?;
        Ok(members.iter().fold(call, |call, (name, value)| call.query(name, Some(value))))
    }
}

fn members_of(connection: &Connection, view: &str) -> Outcome<Vec<(String, String)>> {
    let view = connection.send(GET_SAVED, &[("kind", "views"), ("name", view)])?;
    let query = view["query"].as_str().unwrap_or_default();
    Ok(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}
