//! What an ended job left behind.

use crate::links::{CHECKPOINT, LinkGrant, LinkTarget, RUN_SUMMARY};
use crate::permits::TenantPermit;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::output_name::composed;
use fuelcell_domain::{
    Artifact, ArtifactDescription, ArtifactKind, ArtifactRole, Job, JobId, JobState, Manifest, ProjectRef,
    Receipt, Role,
};
use std::sync::Arc;

/// When a client may try again that found too many archives under way.
const RETRY_SECONDS: u64 = 5;

/// An output with the right to download it.
#[derive(Clone, Debug)]
pub struct Output {
    /// What it is.
    pub artifact: Artifact,
    /// Where it is.
    pub target: LinkTarget,
    /// The right to fetch it.
    pub grant: LinkGrant,
    /// Whether the manifest of the job's module declares it; none = that declares no outputs, or is not there any more.
    pub declared: Option<bool>,
}

/// The results of an ended job.
#[derive(Clone, Debug)]
pub struct Results {
    /// The job.
    pub job: Job,
    /// The output that clients show first: the one that the job marked, or its only one.
    pub primary: Option<Output>,
    /// The link to the host's own summary, for jobs that have no primary output.
    pub run_summary: (LinkTarget, LinkGrant),
    /// All other outputs.
    pub additional: Vec<Output>,
    /// What the guest published, before any filter.
    pub published: usize,
    /// The account of the last attempt.
    pub receipt: Option<Receipt>,
}

impl Service {
    /// The results of an ended job, its outputs of one kind only when `kind` is given.
    pub async fn results(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: JobId,
        kind: Option<ArtifactKind>,
    ) -> Result<Results, ServiceError> {
        self.require(principal, project, Role::Viewer).await?;
        let job = self.ended_job(project, id).await?;
        let artifacts: Vec<_> = self.store.artifacts(id).await?;
        let checkpoint = self.partial_checkpoint(&job, &artifacts).await?;
        let of_kind = |artifact: &Artifact| kind.is_none_or(|kind| kind == artifact.description.kind);
        let of_role =
            |role: ArtifactRole| artifacts.iter().filter(move |made| made.description.role == role).cloned();
        let published = of_role(ArtifactRole::Output).count();
        let manifest = self.manifest_of(&job).await?;
        let declares = |artifact: &Artifact| manifest.as_ref()?.declares(&artifact.description.name);
        let made = of_role(ArtifactRole::Output).map(|artifact| (declares(&artifact), artifact));
        // The checkpoint is the host's own.
        let mut outputs: Vec<_> = made
            .chain(checkpoint.map(|checkpoint| (None, checkpoint)))
            .filter(|(_, artifact)| of_kind(artifact))
            .map(|(declared, artifact)| self.output(principal, &job, artifact, declared))
            .collect();
        let marked = outputs.iter().position(|output| output.artifact.description.primary);
        let only = (outputs.len() == 1 && job.state == JobState::Completed).then_some(0);
        let primary = marked.or(only).map(|place| outputs.remove(place));
        // The profile is, too, and no result: it is never the first that clients show.
        let profile = of_role(ArtifactRole::Profile).filter(of_kind);
        outputs.extend(profile.map(|artifact| self.output(principal, &job, artifact, None)));
        let summary = LinkTarget { project, job: id, name: RUN_SUMMARY.into() };
        let grant = self.sign_link(&summary, principal.expires_at);
        let receipt = self.store.receipts(id).await?.pop();
        Ok(Results { job, primary, run_summary: (summary, grant), additional: outputs, published, receipt })
    }

    /// One published output of an ended job.
    pub(crate) async fn artifact(
        &self,
        project: ProjectRef,
        id: JobId,
        name: &str,
    ) -> Result<Artifact, ServiceError> {
        let job = self.ended_job(project, id).await?;
        let artifacts = self.store.artifacts(id).await?;
        let checkpoint = self.partial_checkpoint(&job, &artifacts).await?;
        let name = composed(name);
        let mut outputs = artifacts.into_iter().chain(checkpoint);
        outputs.find(|output| output.description.name == name).ok_or(ServiceError::NotFound("artifact"))
    }

    async fn ended_job(&self, project: ProjectRef, id: JobId) -> Result<Job, ServiceError> {
        let job = self.store.job(project, id).await?.ok_or(ServiceError::NotFound("job"))?;
        match job.state.is_ended() {
            true => Ok(job),
            false => Err(ServiceError::conflict(
                "JobNotEnded",
                format!("the job is {}; results are there when it has ended", job.state.as_str()),
            )),
        }
    }

    /// A permit to send the outputs of a job as one archive, to be held until it is sent.
    pub fn archive_permit(&self, project: ProjectRef) -> Result<TenantPermit, ServiceError> {
        let most = self.config.max_parallel_archives;
        self.archives.enter(project.tenant, most).ok_or_else(|| ServiceError::TooMany {
            code: "TooManyArchives",
            message: format!(
                "{most} archives of this tenant are under way already; try again when one has ended"
            ),
            retry_after: RETRY_SECONDS,
        })
    }

    /// The checkpoint of a job whose partial results were asked for, as one more output beside all its artifacts.
    pub(crate) async fn partial_checkpoint(
        &self,
        job: &Job,
        artifacts: &[Artifact],
    ) -> Result<Option<Artifact>, ServiceError> {
        if !job.partial {
            return Ok(None);
        }
        let blob = self.store.checkpoint(job.id).await?;
        Ok(blob.map(|blob| Artifact {
            description: ArtifactDescription {
                name: checkpoint_name(artifacts),
                kind: ArtifactKind::Data,
                type_name: "Checkpoint".into(),
                title: "Last checkpoint".into(),
                media_type: "application/octet-stream".into(),
                primary: false,
                role: ArtifactRole::Output,
                record_count: None,
                accuracy: None,
            },
            digest: blob.digest,
            size: blob.size,
        }))
    }

    /// The manifest of the module that the job was pinned to, if that is still there.
    async fn manifest_of(&self, job: &Job) -> Result<Option<Arc<Manifest>>, ServiceError> {
        let pinned = &job.module;
        let built_in = self.built_in.values().find(|module| module.digest == pinned.digest);
        if let Some(module) = built_in {
            return Ok(Some(module.manifest.clone()));
        }
        let module = self.store.module_version(job.project, &pinned.name, Some(&pinned.version)).await?;
        Ok(module.filter(|module| module.digest == pinned.digest).map(|module| module.manifest))
    }

    fn output(&self, principal: &Principal, job: &Job, artifact: Artifact, declared: Option<bool>) -> Output {
        let target =
            LinkTarget { project: job.project, job: job.id, name: artifact.description.name.clone() };
        let grant = self.sign_link(&target, principal.expires_at);
        Output { artifact, target, grant, declared }
    }

    /// Where clients reach this server.
    pub fn public_url(&self) -> &str {
        &self.config.public_url
    }
}

/// A name for the host's copy of the checkpoint that the guest gave to none of its artifacts.
fn checkpoint_name(artifacts: &[Artifact]) -> String {
    let mut name = CHECKPOINT.to_owned();
    while artifacts.iter().any(|artifact| artifact.description.name == name) {
        name.insert_str(0, "last-");
    }
    name
}
