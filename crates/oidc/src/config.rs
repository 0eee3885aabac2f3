//! What an operator can set.

use crate::metadata::is_guarded;
use crate::rules::{Rule, check_rule};
use fuelcell_domain::notice::is_domain;
use ipnet::IpNet;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use url::Url;

/// What a session lasts at least and at most: its role is not asked for again meanwhile.
pub const LEAST_SESSION_SECONDS: u64 = 60;
/// See [`LEAST_SESSION_SECONDS`].
pub const MOST_SESSION_SECONDS: u64 = 7 * 24 * 3600;
/// Bytes of the issuer, which stands behind every name.
const MAX_ISSUER: usize = 200;

/// The identity provider by which people sign in at the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider, by the URL that its tokens name as `iss`, such as `https://login.example.com/realms/staff`; absent =
    /// people sign in with tokens alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// What the provider knows this server by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// A file with the client's secret in its first line; the variable `FUELCELL_OIDC_CLIENT_SECRET` may hold it instead.
    /// Neither = the provider knows this server as a public client.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// What people call the provider: the button says `Sign in with …`.
    pub label: String,
    /// What the provider is asked for; `openid` is always asked for.
    pub scopes: Vec<String>,
    /// The claim that names people in lists and logs. Behind it stand their verified e-mail address, and what the provider
    /// knows them by.
    pub name_claim: String,
    /// Who gets which role where: the first rule whose claim is or lists its value holds; who is met by none gets nothing.
    /// A claim is named, or pointed to (`/realm_access/roles`). Every role but `operator` takes a `tenant`, or a `tenant`
    /// and `project`, by their ids.
    pub rules: Vec<Rule>,
    /// Domains of verified e-mail addresses of which people must have one, such as `example.com`; none = no address is
    /// needed.
    pub email_domains: Vec<String>,
    /// Networks that the provider may be in although they are not public, such as `10.1.2.0/24`.
    #[schemars(with = "Vec<String>")]
    pub allow_networks: Vec<IpNet>,
    /// Seconds after which a session ends in any case: until then a role holds that somebody has lost at the provider.
    pub session_seconds: u64,
}

impl Default for OidcConfig {
    fn default() -> Self {
        Self {
            issuer: None,
            client_id: None,
            client_secret_file: None,
            label: "OpenID Connect".into(),
            scopes: vec!["openid".into(), "profile".into(), "email".into()],
            name_claim: "preferred_username".into(),
            rules: Vec::new(),
            email_domains: Vec::new(),
            allow_networks: Vec::new(),
            session_seconds: 12 * 3600,
        }
    }
}

/// A setting with what stands there and is wrong. What it takes is known where it is told.
pub struct Wrong {
    /// Its name.
    pub path: &'static str,
    /// What stands there.
    pub value: serde_json::Value,
    /// Why that cannot be used; may be empty.
    pub reason: String,
}

impl OidcConfig {
    /// Refuses what cannot be meant.
    ///
    /// # Errors
    /// The first setting that is wrong.
    pub fn check(&self) -> Result<(), Wrong> {
        let wrong =
            |path, value: serde_json::Value, reason: &str| Wrong { path, value, reason: reason.into() };
        if let Some(issuer) = self.issuer.as_ref().filter(|issuer| !is_issuer(issuer)) {
            return Err(wrong("oidc.issuer", issuer.as_str().into(), ""));
        }
        for (path, text) in [
            ("oidc.client_id", self.client_id.as_deref().unwrap_or("-")),
            ("oidc.label", &self.label[..]),
            ("oidc.name_claim", &self.name_claim[..]),
        ] {
            if text.trim().is_empty() || text.chars().any(char::is_control) {
                return Err(wrong(path, text.into(), ""));
            }
        }
        if let Some(scope) = self.scopes.iter().find(|scope| !is_scope(scope)) {
            return Err(wrong("oidc.scopes", scope.as_str().into(), ""));
        }
        if let Some(domain) = self.email_domains.iter().find(|domain| !is_domain(domain)) {
            return Err(wrong("oidc.email_domains", domain.as_str().into(), ""));
        }
        for rule in &self.rules {
            let value = || serde_json::to_value(rule).unwrap_or_default();
            check_rule(rule).map_err(|reason| wrong("oidc.rules", value(), reason))?;
        }
        self.check_whole()
    }

    /// What takes something else.
    fn check_whole(&self) -> Result<(), Wrong> {
        let wrong =
            |path, value: serde_json::Value, reason: &str| Wrong { path, value, reason: reason.into() };
        let Some(issuer) = &self.issuer else {
            let reason = "it is of a provider, and oidc.issuer does not name one";
            return match (&self.client_id, &self.client_secret_file, self.rules.first()) {
                (Some(id), ..) => Err(wrong("oidc.client_id", id.as_str().into(), reason)),
                (_, Some(file), _) => {
                    Err(wrong("oidc.client_secret_file", file.display().to_string().into(), reason))
                }
                (.., Some(_)) => Err(wrong("oidc.rules", self.rules.len().into(), reason)),
                _ => Ok(()),
            };
        };
        let issuer = || issuer.as_str().into();
        match (&self.client_id, self.rules.is_empty()) {
            (None, _) => Err(wrong(
                "oidc.issuer",
                issuer(),
                "oidc.client_id does not say what it knows this server by",
            )),
            (_, true) => {
                Err(wrong("oidc.issuer", issuer(), "oidc.rules has no rule, so that nobody would get a role"))
            }
            _ => Ok(()),
        }
    }
}

/// A URL to which nothing is put between host and path by whoever reads it.
fn is_issuer(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else { return false };
    is_guarded(&url)
        && url.query().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && text.len() <= MAX_ISSUER
        // As the provider writes it, so that it can be compared.
        && url.as_str().trim_end_matches('/') == text.trim_end_matches('/')
}

/// RFC 6749, section 3.3.
fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config(more: serde_json::Value) -> OidcConfig {
        let mut all = json!({
            "issuer": "https://login.example.com/realms/staff",
            "client_id": "fuelcell",
            "rules": [{"claim": "groups", "value": "ops", "role": "operator"}],
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        serde_json::from_value(all).unwrap()
    }

    #[test]
    fn a_provider_with_a_client_and_rules_is_taken_and_so_is_none() {
        for fine in [
            json!({}),
            json!({"issuer": "http://127.0.0.1:9000"}),
            json!({"issuer": "https://login.example.com/"}),
        ] {
            assert!(config(fine.clone()).check().is_ok(), "{fine}");
        }
        assert!(OidcConfig::default().check().is_ok());
    }

    #[test]
    fn what_cannot_be_meant_is_named() {
        let (id, operator) = ("00000000-0000-4000-8000-000000000001", "operator");
        let rule = |more: serde_json::Value| {
            let mut all = json!({"claim": "groups", "value": "a", "role": "viewer"});
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"rules": [all]})
        };
        for (more, path) in [
            (json!({"issuer": "http://login.example.com"}), "oidc.issuer"),
            (json!({"issuer": "https://login.example.com?a"}), "oidc.issuer"),
            (json!({"issuer": "https://ann@login.example.com"}), "oidc.issuer"),
            (json!({"issuer": "https://LOGIN.example.com"}), "oidc.issuer"),
            (json!({"issuer": "login.example.com"}), "oidc.issuer"),
            (json!({"issuer": null}), "oidc.client_id"),
            (json!({"client_id": ""}), "oidc.client_id"),
            (json!({"client_id": null}), "oidc.issuer"),
            (json!({"rules": []}), "oidc.issuer"),
            (json!({"label": " "}), "oidc.label"),
            (json!({"scopes": ["open id"]}), "oidc.scopes"),
            (json!({"email_domains": ["a@b.example"]}), "oidc.email_domains"),
            (rule(json!({})), "oidc.rules"),
            (rule(json!({"project": id})), "oidc.rules"),
            (rule(json!({"role": operator, "tenant": id})), "oidc.rules"),
            (rule(json!({"value": "", "tenant": id})), "oidc.rules"),
            (rule(json!({"claim": "", "tenant": id})), "oidc.rules"),
            (rule(json!({"claim": "preferred_username", "tenant": id})), "oidc.rules"),
            (rule(json!({"claim": "/name", "tenant": id})), "oidc.rules"),
            (rule(json!({"claim": "/profile/team", "tenant": id})), "oidc.rules"),
        ] {
            let wrong = config(more.clone()).check().err().map(|wrong| wrong.path);
            assert_eq!(wrong, Some(path), "{more}");
        }
        assert!(config(rule(json!({"tenant": id, "project": id}))).check().is_ok());
        for claim in ["sub", "/realm_access/name", "https://example.com/name"] {
            assert!(config(rule(json!({"claim": claim, "tenant": id}))).check().is_ok(), "{claim}");
        }
    }
}
