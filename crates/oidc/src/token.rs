//! The ID token: whether the provider signed it, for this server and this sign-in (OpenID Connect Core, section 3.1.3.7).

use crate::algorithms::is_allowed;
use crate::claims::Claims;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{
    Algorithm, DecodingKey, Header, Validation, decode, decode_header, get_current_timestamp,
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Seconds by which clocks may differ.
const LEEWAY: u64 = 60;
/// Keys of a provider that are looked at.
const MAX_KEYS: usize = 100;

/// The public keys of a provider.
pub(crate) struct Keys(Vec<Jwk>);

/// What a token must say.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) client: &'a str,
    pub(crate) nonce: &'a str,
}

/// Why a token is not accepted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// It names a key that is not known; there may be a new one.
    UnknownKey,
    /// It is wrong.
    Wrong(String),
}

fn wrong<T>(reason: &str) -> Result<T, Rejection> {
    Err(Rejection::Wrong(reason.to_owned()))
}

impl Keys {
    /// Reads a set of keys (RFC 7517). Those that are not understood are none.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<Value>,
        }
        let set: Set =
            serde_json::from_slice(bytes).map_err(|_| "its keys are not the JSON that they have to be")?;
        let keys = set.keys.into_iter().take(MAX_KEYS);
        Ok(Self(keys.filter_map(|key| serde_json::from_value(key).ok()).collect()))
    }

    /// The key that a token names; of one that names none, the only one that can be meant.
    fn of(&self, header: &Header) -> Result<&Jwk, Rejection> {
        let fits = |key: &&Jwk| {
            let common = &key.common;
            let signs = common.public_key_use.as_ref().is_none_or(|of| *of == PublicKeyUse::Signature);
            // They are written alike.
            let own = common.key_algorithm.as_ref().map(|own| serde_json::to_value(own).ok());
            signs
                && own.is_none_or(|own| own == serde_json::to_value(header.alg).ok())
                && is_of_family(key, header.alg)
        };
        let named = |key: &&Jwk| header.kid.is_none() || key.common.key_id == header.kid;
        let mut found = self.0.iter().filter(fits).filter(named);
        match (found.next(), found.next()) {
            (Some(key), None) => Ok(key),
            (None, _) => Err(Rejection::UnknownKey),
            (Some(_), Some(_)) => wrong("it does not say which of several keys signed it"),
        }
    }
}

fn is_of_family(key: &Jwk, algorithm: Algorithm) -> bool {
    DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family())
}

/// The claims of a token that is what it has to be.
pub(crate) fn checked(token: &str, keys: &Keys, expected: &Expected<'_>) -> Result<Claims, Rejection> {
    let Ok(header) = decode_header(token) else {
        return wrong("it is no token that is signed by a known algorithm");
    };
    if !is_allowed(header.alg) {
        return wrong("it is not signed with a key of the provider's own");
    }
    let key = DecodingKey::from_jwk(keys.of(&header)?).map_err(|_| Rejection::UnknownKey)?;
    let mut rules = Validation::new(header.alg);
    rules.leeway = LEEWAY;
    rules.validate_nbf = true;
    rules.set_issuer(&[expected.issuer]);
    rules.set_audience(&[expected.client]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    match decode::<Map<String, Value>>(token, &key, &rules) {
        Ok(data) => of_this_sign_in(data.claims, expected),
        Err(error) => wrong(reason(error.kind())),
    }
}

fn of_this_sign_in(claims: Map<String, Value>, expected: &Expected<'_>) -> Result<Claims, Rejection> {
    let is_client = |value: &Value| value == expected.client;
    let alone = match claims.get("aud") {
        Some(Value::Array(all)) => all.iter().all(is_client),
        Some(one) => is_client(one),
        None => false,
    };
    if !alone {
        return wrong("it is for others, too");
    }
    if claims.get("azp").is_some_and(|party| !is_client(party)) {
        return wrong("it was given to another client");
    }
    if claims.get("nonce").is_none_or(|nonce| nonce != expected.nonce) {
        return wrong("it is of another sign-in");
    }
    let given_at = claims.get("iat").and_then(Value::as_f64);
    match given_at.is_some_and(|at| at <= (get_current_timestamp() + LEEWAY) as f64) {
        true => Ok(Claims(claims)),
        false => wrong("it does not say when it was given, or a time to come; clocks differ"),
    }
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::InvalidSignature => "its signature is wrong",
        ErrorKind::ExpiredSignature => "it has expired; clocks may differ",
        ErrorKind::ImmatureSignature => "it does not hold yet; clocks may differ",
        ErrorKind::InvalidIssuer => "another issuer gave it",
        ErrorKind::InvalidAudience => "it is for another client",
        ErrorKind::MissingRequiredClaim(_) => "it does not say by whom, for whom, of whom or how long",
        ErrorKind::InvalidAlgorithm | ErrorKind::MissingAlgorithm => "its algorithm is not that of its key",
        _ => "it is no valid token",
    }
}
