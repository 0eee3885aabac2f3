//! A project's module versions, and which it chose for its job types.

use crate::error::StoreError;
use crate::pages::{NumberedActivation, NumberedVersion, Page, Seek};
use async_trait::async_trait;
use fuelcell_domain::{Activation, JobType, ModuleVersion, ProjectRef};
use std::cmp::Reverse;

/// A project's module versions, and which it chose for its job types.
#[async_trait]
pub trait Modules: Send + Sync {
    /// Adds a project's module version. The same bytes again return the first record; other bytes are a conflict, even
    /// when the first were deleted. A module without a project (a built-in) is `NotFound("project")`, and `Quota` one
    /// that would add more bytes than the project may store.
    async fn add_module_version(&self, module: ModuleVersion) -> Result<ModuleVersion, StoreError>;
    /// One version, or with `None` the module's current one: the version of this name that was activated last, for
    /// whatever job type, if it is still there; else the highest ([`fuelcell_domain::Precedence`]), of equals the one
    /// added last.
    async fn module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModuleVersion>, StoreError>;
    /// A project's module versions, by name, then in the order in which they were added.
    async fn module_versions(&self, project: ProjectRef) -> Result<Vec<ModuleVersion>, StoreError>;
    /// A page of the same list, or of the versions of one module.
    async fn module_versions_page(
        &self,
        project: ProjectRef,
        name: Option<&str>,
        seek: Seek<(String, u32)>,
    ) -> Result<Page<NumberedVersion>, StoreError>;
    /// Removes a module version, and with the last one of its name what that is granted; `InUse` while an unfinished
    /// job, a pipeline or an activation refers to it, `NotFound("module version")`.
    async fn delete_module_version(
        &self,
        project: ProjectRef,
        name: &str,
        version: &str,
    ) -> Result<(), StoreError>;
    /// Makes a version the project's choice for a job type, or goes back to the built-in; the earlier choices are kept
    /// as history. A version that is not there is `NotFound("module version")`.
    async fn activate_module(&self, project: ProjectRef, activation: Activation) -> Result<(), StoreError>;
    /// All activations of a project, newest first.
    async fn activations(&self, project: ProjectRef) -> Result<Vec<Activation>, StoreError>;
    /// A page of the same list.
    async fn activations_page(
        &self,
        project: ProjectRef,
        seek: Seek<Reverse<u32>>,
    ) -> Result<Page<NumberedActivation>, StoreError>;
    /// The project's choice for a job type.
    async fn active_module(
        &self,
        project: ProjectRef,
        job_type: JobType,
    ) -> Result<Option<ModuleVersion>, StoreError>;
}
