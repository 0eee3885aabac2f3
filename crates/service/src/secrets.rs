//! Secrets of a project: set, listed by name, removed; never read back.

use crate::{Principal, Service, ServiceError};
use fuelcell_domain::capability::{MAX_ENTRIES, is_secret_name};
use fuelcell_domain::{ProjectRef, Role, SealedSecret};
use fuelcell_store::{Page, Seek};

/// Longest value in bytes: headers are to hold it.
pub(crate) const MAX_VALUE: usize = 8 << 10;

impl Service {
    /// Sets a secret, in place of an earlier value.
    pub async fn put_secret(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: &str,
        value: &str,
        headers: Option<Vec<String>>,
    ) -> Result<SealedSecret, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        check_secret(name, value)?;
        let headers = headers.unwrap_or_else(|| vec![USUAL_HEADER.to_owned()]);
        check_headers(&headers)?;
        let known = self.store.secrets(project).await?;
        if known.len() >= MAX_ENTRIES && !known.iter().any(|secret| secret.name == name) {
            return Err(ServiceError::conflict(
                "TooManySecrets",
                format!("a project has at most {MAX_ENTRIES} secrets"),
            ));
        }
        let now = self.clock.now();
        let secret = SealedSecret {
            project,
            name: name.into(),
            headers,
            sealed: self.seal.seal(project, name, value.as_bytes()),
            by: principal.subject.clone(),
            created_at: now,
            updated_at: now,
        };
        let secret = self.store.put_secret(secret).await?;
        tracing::info!(%project, secret = name, by = %principal.subject, "a secret was set");
        Ok(secret)
    }

    /// A project's secrets by name, sealed as they are.
    pub async fn secrets(
        &self,
        principal: &Principal,
        project: ProjectRef,
        seek: Seek<String>,
    ) -> Result<Page<SealedSecret>, ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        Ok(self.store.secrets_page(project, seek).await?)
    }

    /// Removes a secret. Requests that name it are refused from the next attempt on.
    pub async fn delete_secret(
        &self,
        principal: &Principal,
        project: ProjectRef,
        name: &str,
    ) -> Result<(), ServiceError> {
        self.require(principal, project, Role::Administrator).await?;
        self.store.delete_secret(project, name).await?;
        tracing::info!(%project, secret = name, by = %principal.subject, "a secret was deleted");
        Ok(())
    }
}

/// The header that carries a secret of which nothing else is said.
const USUAL_HEADER: &str = "Authorization";
/// Most headers that may carry one secret.
pub(crate) const MAX_SECRET_HEADERS: usize = 8;
/// Longest name of one, in bytes.
pub(crate) const MAX_HEADER_NAME: usize = 64;

/// Names of headers are tokens (RFC 9110, 5.6.2).
fn check_headers(headers: &[String]) -> Result<(), ServiceError> {
    let mark = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    let fine = |name: &String| (1..=MAX_HEADER_NAME).contains(&name.len()) && name.bytes().all(mark);
    match (1..=MAX_SECRET_HEADERS).contains(&headers.len()) && headers.iter().all(fine) {
        true => Ok(()),
        false => Err(ServiceError::invalid(
            "InvalidSecret",
            format!(
                "headers are 1 to {MAX_SECRET_HEADERS} names of headers, each of at most {MAX_HEADER_NAME} characters, such as {USUAL_HEADER}"
            ),
        )),
    }
}

/// A value is what a header can hold (RFC 9110, 5.5), so that it cannot begin another one.
fn check_secret(name: &str, value: &str) -> Result<(), ServiceError> {
    if !is_secret_name(name) {
        return Err(ServiceError::invalid(
            "InvalidName",
            "a secret's name is 1 to 64 characters of A-Z a-z 0-9 _ and does not begin with a digit",
        ));
    }
    let fine =
        (1..=MAX_VALUE).contains(&value.len()) && value.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    match fine {
        true => Ok(()),
        false => Err(ServiceError::invalid(
            "InvalidSecret",
            format!("a secret's value is 1 to {MAX_VALUE} printable ASCII characters without line breaks"),
        )),
    }
}
