//! Download links: signed, expiring, unguessable, valid across restarts. They open without a header, because a person
//! clicks them; so the signature is the whole right, and it covers everything that the link says.

use crate::{Service, ServiceError};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fuelcell_domain::{Artifact, Digest, Job, JobId, ProjectRef, ReadAt, Timestamp};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::sync::Arc;
use std::time::Duration;
use subtle::ConstantTimeEq;

/// The name of the host's own summary of a run, the primary output of jobs that have none of their own.
pub const RUN_SUMMARY: &str = "run-summary.json";

/// The name of a partial result's checkpoint, as the guest saved it last, unless an artifact has it.
pub const CHECKPOINT: &str = "checkpoint.bin";

/// What stands for itself in a path: RFC 3986's unreserved characters, and the slashes between folders.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// What a link points at, as it was read from the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkTarget {
    /// The job's project.
    pub project: ProjectRef,
    /// The job.
    pub job: JobId,
    /// The artifact's name.
    pub name: String,
}

/// The right to follow a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkGrant {
    /// Until when, in whole seconds since 1970.
    pub expires: i64,
    /// The signature.
    pub signature: String,
}

/// Something to download.
pub enum Download {
    /// An artifact's bytes.
    Artifact {
        /// What is known of it.
        artifact: Artifact,
        /// Its bytes.
        bytes: Arc<dyn ReadAt>,
    },
    /// The host's summary of a run.
    RunSummary(Box<Job>),
}

/// Where a link leads, below the server's public address.
pub fn link_url(base: &str, target: &LinkTarget, grant: &LinkGrant) -> String {
    let LinkTarget { project, job, name } = target;
    let name = utf8_percent_encode(name, IN_PATH);
    let base = base.trim_end_matches('/');
    format!(
        "{base}/downloads/{}/{}/{job}/{name}?expires={}&signature={}",
        project.tenant, project.project, grant.expires, grant.signature
    )
}

impl Service {
    /// The grant that a new link carries. It ends when whoever asks for it does (`end`), if they do earlier.
    pub fn sign_link(&self, target: &LinkTarget, end: Option<Timestamp>) -> LinkGrant {
        let expires = self.clock.now().plus(Duration::from_secs(self.config.link_seconds));
        let expires = end.map_or(expires, |end| end.min(expires));
        self.sign_until(target, expires.0 / 1_000_000)
    }

    pub(crate) fn sign_until(&self, target: &LinkTarget, expires: i64) -> LinkGrant {
        LinkGrant { expires, signature: BASE64_URL_SAFE_NO_PAD.encode(self.link_mac(target, expires)) }
    }

    /// Follows a link.
    pub async fn download(&self, target: &LinkTarget, grant: &LinkGrant) -> Result<Download, ServiceError> {
        let signature =
            BASE64_URL_SAFE_NO_PAD.decode(&grant.signature).map_err(|_| ServiceError::BadSignature)?;
        if !bool::from(self.link_mac(target, grant.expires).ct_eq(&signature)) {
            return Err(ServiceError::BadSignature);
        }
        if self.clock.now() > Timestamp(grant.expires.saturating_mul(1_000_000)) {
            return Err(ServiceError::LinkExpired);
        }
        // What belonged to a project that was deleted may be there for a while.
        self.store.project(target.project).await?.ok_or(ServiceError::NotFound("artifact"))?;
        let job =
            self.store.job(target.project, target.job).await?.ok_or(ServiceError::NotFound("artifact"))?;
        let artifacts = self.store.artifacts(target.job).await?;
        let checkpoint = self.partial_checkpoint(&job, &artifacts).await?;
        match artifacts
            .into_iter()
            .chain(checkpoint)
            .find(|artifact| artifact.description.name == target.name)
        {
            Some(artifact) => {
                let bytes = self.artifact_bytes(artifact.digest).await?;
                Ok(Download::Artifact { artifact, bytes })
            }
            None if target.name == RUN_SUMMARY => Ok(Download::RunSummary(Box::new(job))),
            None => Err(ServiceError::NotFound("artifact")),
        }
    }

    /// An artifact's bytes.
    pub async fn artifact_bytes(&self, digest: Digest) -> Result<Arc<dyn ReadAt>, ServiceError> {
        self.blobs.open(digest).await?.ok_or(ServiceError::NotFound("artifact"))
    }

    fn link_mac(&self, target: &LinkTarget, expires: i64) -> [u8; 32] {
        let LinkTarget { project, job, name } = target;
        self.secret.mac(
            "download",
            &[
                project.tenant.0.as_bytes(),
                project.project.0.as_bytes(),
                job.0.as_bytes(),
                name.as_bytes(),
                &expires.to_be_bytes(),
            ],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stubs;
    use fuelcell_domain::clock::ManualClock;
    use fuelcell_domain::{ProjectId, TenantId};
    use fuelcell_store::MemoryStore;

    #[test]
    fn a_link_ends_no_later_than_whoever_asks_for_it() {
        let clock = Arc::new(ManualClock::new(Timestamp(0)));
        let service = stubs::service(Arc::new(MemoryStore::new()), clock).0;
        let project = ProjectRef { tenant: TenantId::random(), project: ProjectId::random() };
        let target = LinkTarget { project, job: JobId::random(), name: "a.csv".into() };
        let life = i64::try_from(service.config.link_seconds).unwrap();
        for (end, expires) in [(None, life), (Some(1), 1), (Some(life + 1), life)] {
            let end = end.map(|seconds: i64| Timestamp(seconds * 1_000_000));
            assert_eq!(service.sign_link(&target, end).expires, expires);
        }
    }
}
