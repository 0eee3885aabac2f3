//! What is signed for those who tell of the ends of jobs: the server's secret does not leave this crate.

use crate::Service;
use crate::links::{LinkTarget, link_url};
use fuelcell_domain::notice::Signing;
use fuelcell_domain::outbound::SecretValue;
use fuelcell_domain::{JobId, ProjectRef, Timestamp, Webhook, WebhookId};

impl Service {
    /// Seals the secret of a webhook.
    pub(crate) fn seal_key(&self, project: ProjectRef, id: WebhookId, key: &[u8]) -> Vec<u8> {
        self.seal.seal(project, &place(id), key)
    }
}

/// Where a webhook's secret belongs. No secret of a project has such a name.
fn place(id: WebhookId) -> String {
    format!("webhook/{id}")
}

impl Signing for Service {
    fn keys(&self, webhook: &Webhook, now: Timestamp) -> Vec<SecretValue> {
        let previous = webhook.previous.as_ref().filter(|(_, until)| now < *until);
        let sealed = [&webhook.sealed].into_iter().chain(previous.map(|(sealed, _)| sealed));
        let opened =
            sealed.filter_map(|sealed| self.seal.opened(webhook.project, &place(webhook.id), sealed));
        opened.collect()
    }

    fn output_link(&self, project: ProjectRef, job: JobId, output: &str) -> String {
        let target = LinkTarget { project, job, name: output.to_owned() };
        link_url(self.public_url(), &target, &self.sign_link(&target, None))
    }

    fn public_url(&self) -> String {
        Service::public_url(self).trim_end_matches('/').to_owned()
    }
}
