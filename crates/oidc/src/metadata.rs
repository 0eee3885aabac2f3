//! What a provider says of itself (OpenID Connect Discovery).

use serde::Deserialize;
use url::{Host, Url};

/// Where things are, as the provider says it.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    end_session_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    code_challenge_methods_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// The same, checked.
#[derive(Clone, Debug)]
pub(crate) struct Metadata {
    pub(crate) authorization: Url,
    pub(crate) token: Url,
    pub(crate) keys: Url,
    pub(crate) end_session: Option<Url>,
    /// Whether the client's secret goes into the form, because the provider does not take it as a header.
    pub(crate) secret_in_form: bool,
    /// Whether its answers say whose they are (RFC 9207).
    pub(crate) names_itself: bool,
}

/// Where the provider with this issuer says what it is.
pub(crate) fn address(issuer: &str) -> String {
    format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'))
}

/// Whether what goes there is read by nobody on its way: by TLS, or because it does not leave this machine.
pub fn is_guarded(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    has_host && url.fragment().is_none() && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

impl Metadata {
    /// Reads what the provider with this issuer sent.
    pub(crate) fn read(bytes: &[u8], issuer: &str) -> Result<Self, String> {
        let document: Document = serde_json::from_slice(bytes)
            .map_err(|_| "its configuration is not the JSON that it has to be".to_owned())?;
        if document.issuer != issuer {
            return Err("its configuration is of another issuer than oidc.issuer".into());
        }
        let methods = document.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |method: &str| methods.iter().any(|known| known == method);
        if document
            .code_challenge_methods_supported
            .is_some_and(|known| !known.iter().any(|one| one == "S256"))
        {
            return Err("it does not take PKCE with S256".into());
        }
        Ok(Self {
            authorization: endpoint(&document.authorization_endpoint)?,
            token: endpoint(&document.token_endpoint)?,
            keys: endpoint(&document.jwks_uri)?,
            // Nobody is sent where it is not safe; signing out here works without.
            end_session: document.end_session_endpoint.and_then(|url| endpoint(&url).ok()),
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
            names_itself: document.authorization_response_iss_parameter_supported,
        })
    }
}

fn endpoint(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| is_guarded(url) && url.username().is_empty());
    url.ok_or_else(|| "its configuration names an address that is not https".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const ISSUER: &str = "https://login.example.com";

    fn read(more: Value) -> Result<Metadata, String> {
        let mut all = json!({
            "issuer": ISSUER,
            "authorization_endpoint": "https://login.example.com/auth?tenant=a",
            "token_endpoint": "https://tokens.example.org/token",
            "jwks_uri": "https://login.example.com/jwks",
        });
        all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        Metadata::read(all.to_string().as_bytes(), ISSUER)
    }

    #[test]
    fn a_configuration_says_where_to_ask() {
        let plain = read(json!({})).unwrap();
        assert!(!plain.secret_in_form && plain.end_session.is_none() && !plain.names_itself);
        let post =
            json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"]});
        assert!(read(post).unwrap().secret_in_form);
        let both =
            json!({"token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"]});
        assert!(!read(both).unwrap().secret_in_form);
        let unsafe_end = read(json!({"end_session_endpoint": "javascript:alert(1)"})).unwrap();
        assert!(unsafe_end.end_session.is_none());
    }

    #[test]
    fn what_is_not_safe_is_refused() {
        for wrong in [
            json!({"issuer": "https://login.example.com/"}),
            json!({"token_endpoint": "http://login.example.com/token"}),
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            json!({"jwks_uri": "file:///etc/passwd"}),
            json!({"jwks_uri": 7}),
            json!({"code_challenge_methods_supported": ["plain"]}),
        ] {
            assert!(read(wrong.clone()).is_err(), "{wrong}");
        }
        assert!(Metadata::read(b"<html>", ISSUER).is_err());
    }

    #[test]
    fn only_this_machine_is_asked_without_tls() {
        let guarded = |url: &str| is_guarded(&url.parse().unwrap());
        assert!(guarded("https://a.example") && guarded("http://127.0.0.1:1/x") && guarded("http://[::1]/"));
        assert!(guarded("http://localhost:8080"));
        for open in
            ["http://a.example", "http://127.0.0.1.example", "http://10.0.0.1", "ftp://localhost", "data:,x"]
        {
            assert!(!guarded(open), "{open}");
        }
    }
}
