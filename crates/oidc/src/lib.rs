//! Sign-in by OpenID Connect: an authorization code with PKCE is exchanged for an ID token, which is checked, and whose
//! claims become a role by the operator's rules.
//!
//! It knows the words of `fuelcell-domain`, JSON Web Tokens, and `fuelcell-outbound`, by which it asks. It knows nothing
//! of browsers, cookies, sessions and stores: it implements [`IdentityProvider`]. What it cannot be sure of it refuses.
//!
//! [`IdentityProvider`]: fuelcell_domain::identity::IdentityProvider

mod algorithms;
mod claims;
mod config;
mod directory;
mod exchange;
mod http;
mod metadata;
mod provider;
mod rules;
mod token;

pub use config::{LEAST_SESSION_SECONDS, MOST_SESSION_SECONDS, OidcConfig};
pub use metadata::is_guarded;
pub use provider::Provider;
pub use rules::Rule;
