//! What people keep by name in a project: views of its jobs, and parameters of a module.

use crate::admin::check_name;
use crate::submit::parameter_values;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::saved::{MAX_SAVED, MAX_SAVED_BYTES};
use fuelcell_domain::{Parameters, ProjectRef, Role, SavedContent, SavedItem, SavedKind};
use fuelcell_store::{Page, Seek, StoreError};

/// What a client has kept.
pub enum SavedSpec {
    /// The query of a list of jobs.
    View {
        /// Names and values, as an address has them behind its `?`.
        query: String,
    },
    /// Parameters of a module, which need not be there yet, nor any more.
    Parameters {
        /// The module's name.
        module: String,
        /// They.
        parameters: Parameters,
    },
}

/// Names of the filters that a view may have: those of the list of jobs.
pub const VIEW_FILTERS: [&str; 13] = [
    "status",
    "notStatus",
    "jobType",
    "notJobType",
    "priority",
    "submittedBy",
    "notSubmittedBy",
    "pipelineId",
    "text",
    "label",
    "module",
    "dateFrom",
    "dateTo",
];

impl Service {
    /// Keeps an item under a name: a new one, or in the place of the one with the revision that was seen.
    pub async fn put_saved(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: &str,
        spec: SavedSpec,
        seen: Option<u64>,
    ) -> Result<SavedItem, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        check_name("name", name)?;
        let content = checked(spec)?;
        let kind = content.kind();
        if seen.is_none() && self.store.saved(project, kind, name).await?.is_none() {
            let all = Seek { after: None, limit: MAX_SAVED };
            if self.store.saved_page(project, kind, all).await?.rows.len() >= MAX_SAVED {
                let message = format!("a project keeps at most {MAX_SAVED} of a kind; delete one first");
                return Err(ServiceError::conflict("TooManySaved", message));
            }
        }
        let now = self.clock.now();
        let by = principal.subject.clone();
        let item = SavedItem {
            project,
            name: name.to_owned(),
            content,
            revision: 0,
            by,
            created_at: now,
            updated_at: now,
        };
        match self.store.put_saved(item, seen).await {
            Err(StoreError::Conflict(message)) => Err(ServiceError::conflict("SavedChanged", message)),
            kept => Ok(kept?),
        }
    }

    /// One item.
    pub async fn saved(
        &self,
        principal: &Principal,
        project: ProjectRef,
        kind: SavedKind,
        name: &str,
    ) -> Result<SavedItem, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        self.store.saved(project, kind, name).await?.ok_or(ServiceError::NotFound(kind.one()))
    }

    /// A project's items of a kind, by name.
    pub async fn saved_page(
        &self,
        principal: &Principal,
        project: ProjectRef,
        kind: SavedKind,
        seek: Seek<String>,
    ) -> Result<Page<SavedItem>, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        Ok(self.store.saved_page(project, kind, seek).await?)
    }

    /// Forgets an item.
    pub async fn delete_saved(
        &self,
        principal: &Principal,
        project: ProjectRef,
        kind: SavedKind,
        name: &str,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        Ok(self.store.delete_saved(project, kind, name).await?)
    }
}

fn invalid(message: String) -> ServiceError {
    ServiceError::invalid("InvalidSaved", message)
}

fn checked(spec: SavedSpec) -> Result<SavedContent, ServiceError> {
    let content = match spec {
        SavedSpec::View { query } => SavedContent::View { query: checked_query(query)? },
        SavedSpec::Parameters { module, parameters } => {
            check_name("module", &module)?;
            parameter_values(&parameters)?;
            SavedContent::Parameters { module, parameters: parameters.into_text() }
        }
    };
    match content.size() > MAX_SAVED_BYTES {
        true => Err(invalid(format!("what is kept under a name is at most {MAX_SAVED_BYTES} bytes"))),
        false => Ok(content),
    }
}

/// What else an address may have behind its `?` means nothing, and is refused rather than kept.
fn checked_query(query: String) -> Result<String, ServiceError> {
    let plain = query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#');
    let name_of = |pair: &str| pair.split_once('=').map_or_else(String::new, |(name, _)| name.to_owned());
    let names: Vec<_> = query.split('&').map(name_of).collect();
    let once = names.iter().enumerate().all(|(place, name)| !names[..place].contains(name));
    let known = names.iter().all(|name| VIEW_FILTERS.contains(&name.as_str()));
    match plain && once && known {
        true => Ok(query),
        false => Err(invalid(format!(
            "query is filters of the list of jobs as an address has them, each once, such as \
             status=Failed&jobType=Analysis; allowed: {}",
            VIEW_FILTERS.join(", ")
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_is_filters_of_the_list_of_jobs() {
        for fine in ["status=Failed", "text=a%20b+c%C3%A9&label=team%3Da&dateFrom=2026-01-31"] {
            assert_eq!(checked_query(fine.into()).unwrap(), fine);
        }
        let wrong =
            ["", "?status=Failed", "status", "page=2", "status=a&status=b", "text=a b", "text=é", "text=#a"];
        for wrong in wrong {
            assert!(checked_query(wrong.into()).is_err(), "{wrong}");
        }
    }
}
