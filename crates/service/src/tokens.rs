//! Tokens: who makes them, for whom and for how long, and how they end.

use crate::admin::check_name;
use crate::audit::AuditedCall;
use crate::auth::{hash_of_token, new_token_secret};
use crate::config::ForgetSecret;
use crate::error::role_name;
use crate::principal::Secret;
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{AuditOutcome, Role, Scope, Timestamp, Token, TokenId, TokenKind};
use fuelcell_store::pages::TokenFilter;
use fuelcell_store::{Accounts, Audit, Page, Seek, StoreError};
use std::time::Duration;

/// Whom the tokens belong to that the server makes by itself.
const FIRST_OPERATOR: &str = "operator";

/// The longest time that a token is given at its making: what holds longer may as well not end.
const MAX_LIFE: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// How long a new token holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Until this moment.
    Until(Timestamp),
    /// For so many seconds from now.
    Seconds(u64),
}

impl Service {
    /// From now on, whatever keeps a secret hears of tokens that are revoked.
    pub fn forget_secrets_with(&mut self, forget: ForgetSecret) {
        self.forget_secret = Some(forget);
    }

    /// Tokens that hold within the principal's own scope, oldest first.
    pub async fn tokens(
        &self,
        principal: &Principal,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, ServiceError> {
        self.tokens_of_kind(principal, TokenKind::Bearer, seek).await
    }

    /// The same, of another kind.
    pub(crate) async fn tokens_of_kind(
        &self,
        principal: &Principal,
        kind: TokenKind,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, ServiceError> {
        principal.require(Role::Administrator)?;
        let filter = TokenFilter { kind, scope: principal.scope };
        Ok(self.store.tokens_page(filter, seek).await?)
    }

    /// Adds a token and returns its secret, which is never shown again. Nobody grants more than they have.
    pub async fn create_token(
        &self,
        principal: &Principal,
        subject: String,
        role: Role,
        scope: Scope,
        life: Option<Life>,
    ) -> Result<(Token, String), ServiceError> {
        check_subject("subject", &subject)?;
        self.add_token(principal, subject, role, scope, life).await
    }

    async fn add_token(
        &self,
        principal: &Principal,
        subject: String,
        role: Role,
        scope: Scope,
        life: Option<Life>,
    ) -> Result<(Token, String), ServiceError> {
        if (role == Role::Operator) != (scope == Scope::Server) {
            return Err(ServiceError::invalid(
                "InvalidScope",
                "the role operator holds on the whole server; every other role needs a tenantId, or a tenantId and projectId",
            ));
        }
        self.require_grant(principal, role, scope).await?;
        let expires_at = self.end_of(principal, life)?;
        let secret = new_token_secret();
        let token = Token {
            id: TokenId::random(),
            kind: TokenKind::Bearer,
            hash: self.token_hash(&secret),
            subject,
            role,
            scope,
            created_at: self.clock.now(),
            revoked_at: None,
            expires_at,
        };
        self.store.create_token(token.clone()).await?;
        tracing::info!(token = %token.id, subject = %token.subject, role = role_name(role), by = %principal.subject, "a token was made");
        Ok((token, secret))
    }

    /// Revokes a token. For those who could have granted it.
    pub async fn revoke_token(&self, principal: &Principal, id: TokenId) -> Result<(), ServiceError> {
        self.revoke(principal, TokenKind::Bearer, id).await
    }

    /// The same, of another kind.
    pub(crate) async fn revoke(
        &self,
        principal: &Principal,
        kind: TokenKind,
        id: TokenId,
    ) -> Result<(), ServiceError> {
        principal.require(Role::Administrator)?;
        let absent = || match kind {
            TokenKind::Bearer => ServiceError::NotFound("token"),
            TokenKind::ApplicationPassword => ServiceError::NotFound("application password"),
        };
        let token = self.store.tokens().await?.into_iter().find(|token| token.id == id && token.kind == kind);
        let token = token.ok_or_else(absent)?;
        self.require_grant(principal, token.role, token.scope).await.map_err(|_| absent())?;
        self.store.revoke_token(id, self.clock.now()).await?;
        if let Some(forget) = &self.forget_secret {
            forget(&|secret| self.token_hash(secret) == token.hash);
        }
        Ok(())
    }

    /// Adds the first operator token of an empty store; `None` when the store has tokens already.
    pub async fn first_operator_token(&self) -> Result<Option<String>, ServiceError> {
        if !self.store.tokens().await?.is_empty() {
            return Ok(None);
        }
        let own = itself("first start");
        let (_, secret) =
            self.add_token(&own, FIRST_OPERATOR.into(), Role::Operator, Scope::Server, None).await?;
        Ok(Some(secret))
    }

    pub(crate) async fn require_grant(
        &self,
        principal: &Principal,
        role: Role,
        scope: Scope,
    ) -> Result<(), ServiceError> {
        principal.require(Role::Administrator.max(role))?;
        match scope {
            Scope::Server => principal.require(Role::Operator),
            Scope::Tenant(tenant) => self.require_whole_tenant(principal, tenant, Role::Administrator).await,
            Scope::Project(project) => self.require(principal, project, Role::Administrator).await,
        }
    }

    /// When a new token ends. Nobody grants for longer than they have themselves, and nobody without a token, whose session
    /// may end at any time.
    pub(crate) fn end_of(
        &self,
        principal: &Principal,
        life: Option<Life>,
    ) -> Result<Option<Timestamp>, ServiceError> {
        if principal.is_person() {
            let message = "tokens and passwords are made with a token, and this session began without one; make it with a token";
            return Err(ServiceError::invalid("TokenNeeded", message));
        }
        let now = self.clock.now();
        let wrong = |message: String| ServiceError::invalid("InvalidExpiry", message);
        let Some(life) = life else { return Ok(principal.expires_at) };
        let end = match life {
            Life::Until(end) => end,
            Life::Seconds(seconds) => now.plus(Duration::from_secs(seconds).min(MAX_LIFE)),
        };
        if end <= now {
            return Err(wrong("the end must lie in the future".into()));
        }
        if end > now.plus(MAX_LIFE) {
            return Err(wrong(
                "the end must lie within 100 years; leave it out for a token that does not end".into(),
            ));
        }
        match principal.expires_at {
            Some(own) if end > own => Err(wrong(format!(
                "the token that makes this one ends at {}; what it makes cannot hold longer",
                own.to_rfc3339()
            ))),
            _ => Ok(Some(end)),
        }
    }
}

/// The server itself, when nobody else acts.
fn itself(subject: &str) -> Principal {
    Principal {
        token: TokenId::random(),
        subject: subject.into(),
        role: Role::Operator,
        scope: Scope::Server,
        expires_at: None,
        hash: None,
        session: None,
    }
}

/// Makes an operator token in a store that no server has open, for somebody who may read the server's own secret. The token
/// with the secret `lost`, which the new one takes the place of, is revoked, or every other operator token.
pub async fn reset_operator_token(
    store: &(impl Accounts + Audit),
    secret: [u8; 32],
    now: Timestamp,
    lost: Option<&str>,
    revoke_others: bool,
) -> Result<String, StoreError> {
    let key = Secret::new(secret);
    let secret = new_token_secret();
    let token = Token {
        id: TokenId::random(),
        kind: TokenKind::Bearer,
        hash: hash_of_token(&key, &secret),
        subject: FIRST_OPERATOR.into(),
        role: Role::Operator,
        scope: Scope::Server,
        created_at: now,
        revoked_at: None,
        expires_at: None,
    };
    let own = token.id;
    store.create_token(token).await?;
    let lost = lost.map(|secret| hash_of_token(&key, secret));
    for other in store.tokens().await? {
        let goes = Some(other.hash) == lost || (revoke_others && other.role == Role::Operator);
        if goes && other.id != own {
            store.revoke_token(other.id, now).await?;
        }
    }
    let call = AuditedCall {
        principal: Principal { token: own, ..itself("fuelcell token reset") },
        action: "fuelcell token reset".into(),
        target: format!("/api/admin/tokens/{own}"),
        place: Scope::Server,
        request_id: String::new(),
        trace: None,
    };
    store.append_audit(call.entry(now, AuditOutcome::Done)).await?;
    Ok(secret)
}

/// Accepts names of people and programs that nobody takes for a role of the server.
pub(crate) fn check_subject(field: &'static str, name: &str) -> Result<(), ServiceError> {
    check_name(field, name)?;
    match looks_like_a_role(name) {
        false => Ok(()),
        true => Err(ServiceError::invalid(
            "InvalidName",
            format!("{field} must not be the name of a role: in logs and lists it would be taken for one"),
        )),
    }
}

/// Letters and digits decide: `Module_Author` and ` operator ` are roles to a reader.
fn looks_like_a_role(name: &str) -> bool {
    let core = |text: &str| -> String {
        text.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
    };
    let name = core(name);
    Role::ALL.iter().any(|role| core(role_name(*role)) == name)
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_role;

    #[test]
    fn roles_are_known_in_whatever_they_are_written() {
        for name in ["operator", "OPERATOR", " Operator ", "module-author", "Module Author", "module_author."]
        {
            assert!(looks_like_a_role(name), "{name}");
        }
        for name in ["anna", "operator-2", "the operator", "view", "module", "…"] {
            assert!(!looks_like_a_role(name), "{name}");
        }
    }
}
