//! The provider, as the rest of the server sees it.

use crate::algorithms;
use crate::config::OidcConfig;
use crate::directory::{Directory, Known};
use crate::exchange::Client;
use crate::http::Http;
use crate::token::{Expected, Rejection, checked};
use async_trait::async_trait;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use fuelcell_domain::Digest;
use fuelcell_domain::identity::{BroughtBack, IdentityProvider, Person, SignIn, SignInError};
use fuelcell_domain::outbound::SecretValue;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Sign-ins that are exchanged at the same time.
const MAX_AT_ONCE: usize = 32;
const OPENID: &str = "openid";

/// An OpenID Connect provider.
pub struct Provider {
    config: OidcConfig,
    issuer: String,
    client: Client,
    http: Http,
    directory: Directory,
    places: Semaphore,
    rules: Digest,
}

impl Provider {
    /// The provider of a configuration that was checked; `None` where it names none.
    pub fn of(config: &OidcConfig, secret: Option<SecretValue>) -> Option<Self> {
        algorithms::install();
        let (issuer, id) = (config.issuer.clone()?, config.client_id.clone()?);
        Some(Self {
            client: Client { id, secret },
            http: Http::new(config.allow_networks.clone()),
            directory: Directory::new(issuer.clone()),
            places: Semaphore::new(MAX_AT_ONCE),
            issuer,
            rules: digest(config),
            config: config.clone(),
        })
    }

    /// Asks the provider what it is, before anybody signs in.
    ///
    /// # Errors
    /// When it cannot be asked; it is asked again when somebody signs in.
    pub async fn look(&self) -> Result<(), SignInError> {
        self.directory.known(&self.http).await.map(drop)
    }

    async fn person(&self, known: &Arc<Known>, sign_in: &SignIn, token: &str) -> Result<Person, SignInError> {
        let expected = Expected { issuer: &self.issuer, client: &self.client.id, nonce: &sign_in.nonce };
        let claims = match checked(token, &known.keys, &expected) {
            Err(Rejection::UnknownKey) => match self.directory.newer(known, &self.http).await? {
                Some(newer) => checked(token, &newer.keys, &expected),
                None => Err(Rejection::UnknownKey),
            },
            claims => claims,
        };
        let not_accepted = |reason: String| SignInError::NotAccepted(reason);
        let claims = claims.map_err(|rejection| match rejection {
            Rejection::UnknownKey => not_accepted("no key of the provider signed its token".into()),
            Rejection::Wrong(reason) => not_accepted(format!("of its token: {reason}")),
        })?;
        let OidcConfig { name_claim, rules, email_domains, .. } = &self.config;
        let person = claims.person(&self.issuer, name_claim, (rules, email_domains));
        person.ok_or_else(|| not_accepted("its token names nobody".into()))
    }
}

#[async_trait]
impl IdentityProvider for Provider {
    fn label(&self) -> &str {
        &self.config.label
    }

    fn rules(&self) -> Digest {
        self.rules
    }

    fn session_time(&self) -> Duration {
        Duration::from_secs(self.config.session_seconds)
    }

    async fn begin(&self, sign_in: &SignIn, callback: &str, again: bool) -> Result<String, SignInError> {
        let known = self.directory.known(&self.http).await?;
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(Digest::of(sign_in.verifier.as_bytes()).0);
        let others = self.config.scopes.iter().map(String::as_str).filter(|scope| *scope != OPENID);
        let scopes: Vec<_> = std::iter::once(OPENID).chain(others).collect();
        let mut url = known.metadata.authorization.clone();
        let mut query = url.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.client.id)
            .append_pair("redirect_uri", callback)
            .append_pair("scope", &scopes.join(" "))
            .append_pair("state", &sign_in.state)
            .append_pair("nonce", &sign_in.nonce)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if again {
            query.append_pair("prompt", "login");
        }
        drop(query);
        Ok(url.into())
    }

    async fn finish(
        &self,
        sign_in: &SignIn,
        callback: &str,
        brought: BroughtBack,
    ) -> Result<Person, SignInError> {
        let busy = || SignInError::Unavailable("too many people sign in at the same time".into());
        let _place = self.places.try_acquire().map_err(|_| busy())?;
        let known = self.directory.known(&self.http).await?;
        // Codes are given to nobody but whose they are.
        let is_own = match &brought.issuer {
            Some(issuer) => *issuer == self.issuer,
            None => !known.metadata.names_itself,
        };
        if !is_own {
            return Err(SignInError::NotAccepted("the answer does not come from it".into()));
        }
        let exchange = (brought.code.as_str(), callback);
        let token = self.client.exchange(&self.http, &known.metadata, exchange, sign_in).await?;
        self.person(&known, sign_in, &token).await
    }

    fn sign_out_url(&self) -> Option<String> {
        let mut url = self.directory.latest()?.metadata.end_session.clone()?;
        url.query_pairs_mut().append_pair("client_id", &self.client.id);
        Some(url.into())
    }
}

/// What decides who may sign in, and as what.
fn digest(config: &OidcConfig) -> Digest {
    let OidcConfig { issuer, client_id, rules, email_domains, .. } = config;
    // Texts and lists of them have a JSON form, always the same.
    let text = serde_json::to_vec(&(issuer, client_id, rules, email_domains)).unwrap_or_default();
    Digest::of(&text)
}
