//! The exchange of a code for an ID token (OpenID Connect Core, section 3.1.3).

use crate::http::Http;
use crate::metadata::Metadata;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use form_urlencoded::{Serializer, byte_serialize};
use fuelcell_domain::identity::{SignIn, SignInError, words_of_provider};
use fuelcell_domain::outbound::SecretValue;
use serde::Deserialize;

/// Who asks.
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) secret: Option<SecretValue>,
}

#[derive(Deserialize)]
struct Given {
    id_token: String,
}

#[derive(Deserialize)]
struct Refused {
    error: String,
    error_description: Option<String>,
}

impl Client {
    /// Exchanges a code, and returns the token as it came.
    pub(crate) async fn exchange(
        &self,
        http: &Http,
        metadata: &Metadata,
        exchange: (&str, &str),
        sign_in: &SignIn,
    ) -> Result<String, SignInError> {
        let (authorization, form) = self.request(metadata, exchange, sign_in);
        let answer = http.post(&metadata.token, authorization, form).await?;
        match answer.status {
            200 => serde_json::from_slice::<Given>(&answer.body).map(|given| given.id_token).map_err(|_| {
                SignInError::Unavailable("its answer holds no ID token; is the scope openid allowed?".into())
            }),
            status => Err(refusal(status, &answer.body)),
        }
    }

    /// The header that shows who asks, if it is shown so, and the form.
    fn request(
        &self,
        metadata: &Metadata,
        (code, callback): (&str, &str),
        sign_in: &SignIn,
    ) -> (Option<String>, String) {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "authorization_code")
            .append_pair("code", code)
            .append_pair("redirect_uri", callback)
            .append_pair("code_verifier", &sign_in.verifier);
        let secret = self.secret.as_ref().map(|SecretValue(bytes)| bytes.as_slice());
        let authorization = match secret {
            Some(secret) if !metadata.secret_in_form => Some(basic(&self.id, secret)),
            Some(secret) => {
                form.append_pair("client_id", &self.id)
                    .append_pair("client_secret", &String::from_utf8_lossy(secret));
                None
            }
            None => {
                form.append_pair("client_id", &self.id);
                None
            }
        };
        (authorization, form.finish())
    }
}

/// RFC 6749, section 2.3.1: both are coded as in a form before.
fn basic(id: &str, secret: &[u8]) -> String {
    let coded = |bytes: &[u8]| byte_serialize(bytes).collect::<String>();
    format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", coded(id.as_bytes()), coded(secret))))
}

fn refusal(status: u16, body: &[u8]) -> SignInError {
    match serde_json::from_slice::<Refused>(body) {
        Ok(refused) => {
            SignInError::Refused(words_of_provider(&refused.error, refused.error_description.as_deref()))
        }
        Err(_) => SignInError::Unavailable(format!("it answers a code with {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_told_in_the_words_of_the_provider() {
        let told = refusal(400, br#"{"error": "invalid_grant"}"#);
        assert_eq!(told, SignInError::Refused("invalid_grant".into()));
        assert!(matches!(refusal(502, b"<html>"), SignInError::Unavailable(_)));
    }

    /// Colons and letters beyond ASCII stay apart from the colon between the two.
    #[test]
    fn a_client_shows_its_secret_as_the_standard_has_it() {
        let shown = basic("a:b", "ü c".as_bytes());
        assert_eq!(shown, format!("Basic {}", BASE64_STANDARD.encode("a%3Ab:%C3%BC+c")));
    }
}
