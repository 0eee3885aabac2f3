//! Application passwords, for programs that know user names and passwords and nothing else.
//!
//! A password is a token under another face: 24 random letters and digits (142 bits), kept as a keyed hash of user name and
//! password together, so that there is nothing to guess and no slow hash is needed. It holds in one project. White space in
//! it does not count: it is shown in groups of four, and people copy it so.

use crate::error::role_name;
use crate::tokens::{Life, check_subject};
use crate::{Principal, Service, ServiceError};
use fuelcell_domain::{Digest, ProjectRef, Role, Scope, Timestamp, Token, TokenId, TokenKind};
use fuelcell_store::{Page, Seek};
use rand::RngExt;
use rand::distr::Alphanumeric;

const LENGTH: usize = 24;
const GROUP: usize = 4;

impl Service {
    /// Adds an application password and returns it, for the only time. For administrators of the project; nobody grants
    /// more than they have.
    pub async fn create_application_password(
        &self,
        principal: &Principal,
        project: ProjectRef,
        user_name: String,
        role: Role,
        life: Option<Life>,
    ) -> Result<(Token, String), ServiceError> {
        check_subject("userName", &user_name)?;
        if user_name.contains(':') {
            return Err(ServiceError::invalid("InvalidName", "userName must not contain a colon"));
        }
        if role == Role::Operator {
            return Err(ServiceError::invalid(
                "InvalidScope",
                "an application password holds in one project",
            ));
        }
        self.require_grant(principal, role, Scope::Project(project)).await?;
        let expires_at = self.end_of(principal, life)?;
        let password = new_password();
        let token = Token {
            id: TokenId::random(),
            kind: TokenKind::ApplicationPassword,
            hash: self.password_hash(&user_name, &password),
            subject: user_name,
            role,
            scope: Scope::Project(project),
            created_at: self.clock.now(),
            revoked_at: None,
            expires_at,
        };
        self.store.create_token(token.clone()).await?;
        tracing::info!(password = %token.id, user = %token.subject, role = role_name(role), by = %principal.subject, "an application password was made");
        Ok((token, in_groups(&password)))
    }

    /// Application passwords of projects in the principal's own scope, oldest first.
    pub async fn application_passwords(
        &self,
        principal: &Principal,
        seek: Seek<(Timestamp, TokenId)>,
    ) -> Result<Page<Token>, ServiceError> {
        self.tokens_of_kind(principal, TokenKind::ApplicationPassword, seek).await
    }

    /// Revokes an application password. For those who could have granted it.
    pub async fn revoke_application_password(
        &self,
        principal: &Principal,
        id: TokenId,
    ) -> Result<(), ServiceError> {
        self.revoke(principal, TokenKind::ApplicationPassword, id).await
    }

    /// Recognises a user by name and application password.
    pub async fn authenticate_with_password(
        &self,
        user_name: &str,
        password: &str,
    ) -> Result<Principal, ServiceError> {
        let password: String = password.chars().filter(|letter| !letter.is_whitespace()).collect();
        self.holder(self.password_hash(user_name, &password)).await
    }

    fn password_hash(&self, user_name: &str, password: &str) -> Digest {
        Digest(self.secret.mac("application password", &[user_name.as_bytes(), password.as_bytes()]))
    }
}

fn new_password() -> String {
    rand::rng().sample_iter(Alphanumeric).take(LENGTH).map(char::from).collect()
}

/// `abcd EFGH …`
fn in_groups(password: &str) -> String {
    let letters: Vec<char> = password.chars().collect();
    let groups: Vec<String> = letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

#[cfg(test)]
mod tests {
    use super::{in_groups, new_password};

    #[test]
    fn passwords_are_long_random_and_readable() {
        let (one, other) = (new_password(), new_password());
        assert_ne!(one, other);
        assert!(one.len() == 24 && one.bytes().all(|letter| letter.is_ascii_alphanumeric()), "{one}");
        assert_eq!(in_groups("abcdEFGH1234ijklMNOP6789"), "abcd EFGH 1234 ijkl MNOP 6789");
    }
}
