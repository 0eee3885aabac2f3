//! What was told, or is to be told, of the ends of a project's jobs, and whom its jobs may send e-mail to.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::notice::{MAX_DOMAIN, is_domain};
use fuelcell_domain::{Delivery, DeliveryId, MailPolicy, ProjectRef, Role};
use fuelcell_store::{DeliveryFilter, Page, Seek, StoreError};
use std::cmp::Reverse;

/// Most domains of a project's rule.
pub(crate) const MAX_DOMAINS: usize = 100;

impl Service {
    /// A page of a project's deliveries, those of the latest ends first.
    pub async fn deliveries(
        &self,
        principal: &Principal,
        project: ProjectRef,
        filter: DeliveryFilter,
        seek: Seek<Reverse<DeliveryId>>,
    ) -> Result<Page<Delivery>, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        Ok(self.store.deliveries(project, filter, seek).await?)
    }

    /// One of them.
    pub async fn delivery(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: DeliveryId,
    ) -> Result<Delivery, ServiceError> {
        self.require(principal, project, Role::Submitter).await?;
        self.store.delivery(project, id).await?.ok_or(ServiceError::NotFound("delivery"))
    }

    /// Has a settled one sent again, under its id.
    pub async fn resend(
        &self,
        principal: &Principal,
        project: ProjectRef,
        id: DeliveryId,
    ) -> Result<Delivery, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        match self.store.resend_delivery(project, id, self.clock.now()).await {
            Err(StoreError::Conflict(message)) => Err(ServiceError::conflict("DeliveryNotSettled", message)),
            sent => Ok(sent?),
        }
    }

    /// Whom jobs of a project may send e-mail to.
    pub async fn mail_policy(
        &self,
        principal: &Principal,
        project: ProjectRef,
    ) -> Result<MailPolicy, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        Ok(self.store.notices(project).await?.mail)
    }

    /// Replaces that.
    pub async fn set_mail_policy(
        &self,
        principal: &Principal,
        project: ProjectRef,
        policy: MailPolicy,
    ) -> Result<MailPolicy, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        let domains = policy.domains.map(checked_domains).transpose()?;
        let policy = MailPolicy { domains, ..policy };
        self.store.set_mail_policy(project, policy.clone()).await?;
        tracing::info!(%project, by = %principal.subject, "the rules for e-mail were set");
        Ok(policy)
    }
}

fn checked_domains(domains: Vec<String>) -> Result<Vec<String>, ServiceError> {
    match domains.len() <= MAX_DOMAINS && domains.iter().all(|domain| is_domain(domain)) {
        true => Ok(domains.into_iter().map(|domain| domain.to_ascii_lowercase()).collect()),
        false => Err(ServiceError::invalid(
            "InvalidMailPolicy",
            format!(
                "domains are at most {MAX_DOMAINS} names such as example.com, each of at most {MAX_DOMAIN} bytes; names in \
                 other scripts in their ASCII form (xn--…)"
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::checked_domains;

    #[test]
    fn domains_are_names() {
        let check = |domain: &str| checked_domains(vec![domain.to_owned()]);
        assert_eq!(check("Mail.Example.com").unwrap(), ["mail.example.com"]);
        for wrong in ["", "a@b.org", "*.b.org", "a..b", ".org", "-a.org", "ä.org", "a b.org"] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }
}
