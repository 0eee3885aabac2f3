//! People whom somebody else vouches for: the seam at which an identity provider is asked who somebody is.

use crate::text::clipped;
use crate::{Digest, Role, Scope};
use async_trait::async_trait;
use std::fmt;
use std::time::Duration;

/// Bytes of the provider's own words, of each of both, that are told.
const MAX_WORDS: usize = 300;

/// What ties a sign-in to the browser in which it began. Each is new every time, and nobody else can know it.
#[derive(Clone)]
pub struct SignIn {
    /// Comes back with the answer.
    pub state: String,
    /// Stands in the token.
    pub nonce: String,
    /// Goes with the code when it is exchanged (RFC 7636): only its hash is shown before.
    pub verifier: String,
}

/// What a browser brought back from the provider.
#[derive(Clone)]
pub struct BroughtBack {
    /// What the provider gave, for one exchange.
    pub code: String,
    /// Who says that it answers (RFC 9207), where it says so.
    pub issuer: Option<String>,
}

/// Codes and secrets are in no log.
impl fmt::Debug for SignIn {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(a sign-in)")
    }
}

impl fmt::Debug for BroughtBack {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("(a code)")
    }
}

/// Somebody whom the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// What tells them from everybody else: the provider and its own name of them.
    pub key: Digest,
    /// How logs and lists show them. It ends with the provider and its own name of them, whatever they call themselves.
    pub shown: String,
    /// What they may do and where, or why nothing.
    pub grant: Result<(Role, Scope), String>,
}

/// Why nobody was recognised. The texts are for people; none holds a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignInError {
    /// The provider cannot be asked, or its answer is not what it has to be.
    #[error("the identity provider cannot be asked: {0}")]
    Unavailable(String),
    /// It says no, in its own words.
    #[error("the identity provider refused: {0}")]
    Refused(String),
    /// What it says of somebody is not to be believed.
    #[error("what the identity provider says of the person is not accepted: {0}")]
    NotAccepted(String),
}

/// Knows who people are.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// What people call it.
    fn label(&self) -> &str;

    /// Another one when who may sign in, or as what, is configured otherwise.
    fn rules(&self) -> Digest;

    /// How long what it said of somebody is believed.
    fn session_time(&self) -> Duration;

    /// Where a browser goes to say who its person is; it comes back to `callback`. `again` = even if the provider knows.
    ///
    /// # Errors
    /// When the provider cannot be asked where that is.
    async fn begin(&self, sign_in: &SignIn, callback: &str, again: bool) -> Result<String, SignInError>;

    /// Who came back.
    ///
    /// # Errors
    /// When that cannot be known.
    async fn finish(
        &self,
        sign_in: &SignIn,
        callback: &str,
        brought: BroughtBack,
    ) -> Result<Person, SignInError>;

    /// Where a browser goes to end the session at the provider; `None` where that is not offered, or not known yet.
    fn sign_out_url(&self) -> Option<String>;
}

/// An error as a provider says it, as one line of plain text: what it says comes by way of the browser, too.
pub fn words_of_provider(error: &str, description: Option<&str>) -> String {
    let line = |text: &str| {
        let plain: String = text.chars().filter(|letter| matches!(letter, ' '..='~')).collect();
        clipped(plain.trim(), MAX_WORDS)
    };
    match description.map(line).filter(|text| !text.is_empty()) {
        Some(description) => format!("{}: {description}", line(error)),
        None => line(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_says_is_one_line_of_text() {
        assert_eq!(words_of_provider("access_denied", Some("no\u{202e}\n<b>")), "access_denied: no<b>");
        assert_eq!(words_of_provider("a", Some(" ")), "a");
        assert_eq!(words_of_provider(&"x".repeat(9999), None).len(), MAX_WORDS);
    }
}
