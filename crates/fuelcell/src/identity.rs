//! The identity provider of a configuration, with the client's secret from where it lies.

use anyhow::{Context, bail, ensure};
use fuelcell_domain::outbound::SecretValue;
use fuelcell_oidc::{OidcConfig, Provider, is_guarded};
use std::path::Path;
use std::sync::Arc;
use std::{env, fs};
use url::Url;

/// The variable that may hold the secret, behind `FUELCELL_` and in small letters. It is no setting: those are printed.
pub(crate) const SECRET_VARIABLE: &str = "oidc_client_secret";

/// The provider, if one is named.
pub(crate) fn provider(config: &OidcConfig, public_url: &str) -> anyhow::Result<Option<Arc<Provider>>> {
    let secret = secret(config)?;
    let Some(issuer) = &config.issuer else {
        ensure!(secret.is_none(), "{} is of a provider, and oidc.issuer does not name one", variable());
        return Ok(None);
    };
    // Codes and sessions would be read on their way.
    let guarded = Url::parse(public_url).is_ok_and(|url| is_guarded(&url));
    ensure!(
        guarded,
        "oidc.issuer = {issuer:?} cannot be used while browsers reach this server at {public_url}; set service.public_url to \
         an https address that they reach"
    );
    Ok(Provider::of(config, secret).map(Arc::new))
}

/// Asks the provider once, so that an operator sees at the start whether it can be asked.
pub(crate) async fn look(provider: Arc<Provider>) {
    if let Err(error) = provider.look().await {
        tracing::warn!(%error, "nobody can sign in by the identity provider yet");
    }
}

fn variable() -> String {
    format!("FUELCELL_{}", SECRET_VARIABLE.to_ascii_uppercase())
}

fn secret(config: &OidcConfig) -> anyhow::Result<Option<SecretValue>> {
    let text = match (&config.client_secret_file, env::var(variable())) {
        (Some(_), Ok(_)) => bail!("oidc.client_secret_file and {} are two secrets; set one", variable()),
        (Some(file), Err(_)) => first_line(file)?,
        (None, Ok(text)) => text,
        (None, Err(env::VarError::NotPresent)) => return Ok(None),
        (None, Err(_)) => bail!("{} is no text", variable()),
    };
    ensure!(!text.is_empty(), "the client's secret of oidc is empty");
    Ok(Some(SecretValue(text.into_bytes())))
}

fn first_line(file: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(file);
    let text = text.with_context(|| format!("oidc.client_secret_file: cannot read {}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
