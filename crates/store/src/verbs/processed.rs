//! Items of input that completed jobs of a pipeline marked.

use crate::error::StoreError;
use crate::jobs::PageRequest;
use crate::pages::{Page, Seek};
use crate::processed::{ProcessedItem, ProcessedPage};
use async_trait::async_trait;
use fuelcell_domain::{Digest, PipelineId, ProjectRef};

/// Items of input that completed jobs of a pipeline marked.
#[async_trait]
pub trait Processed: Send + Sync {
    /// Whether a completed job of the pipeline marked the key.
    async fn is_processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        key: &str,
    ) -> Result<bool, StoreError>;
    /// What completed jobs of the pipeline marked.
    async fn processed(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        page: PageRequest,
    ) -> Result<ProcessedPage, StoreError>;
    /// A page of the same list, which goes by the digests of the items' keys.
    async fn processed_page(
        &self,
        project: ProjectRef,
        pipeline: PipelineId,
        seek: Seek<Digest>,
    ) -> Result<Page<ProcessedItem>, StoreError>;
    /// Forgets at most `limit` processed items of a pipeline, or of all pipelines of the project, and says how many.
    async fn forget_processed(
        &self,
        project: ProjectRef,
        pipeline: Option<PipelineId>,
        limit: usize,
    ) -> Result<u64, StoreError>;
}
