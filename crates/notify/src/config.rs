//! What an operator can set.

use fuelcell_domain::notice::is_domain;
use lettre::message::Mailbox;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::time::Duration;

/// How the ends of jobs are told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NotifyConfig {
    /// After how many seconds what failed is tried again: the first number after the first failure, and so on, the last one
    /// until a day is over. Each is up to a fifth more or less by chance.
    pub retries: Vec<u64>,
    /// Seconds that one try may take.
    pub try_seconds: u64,
    /// Messages that are sent at the same time.
    pub max_at_once: usize,
    /// The same of one project.
    pub max_at_once_per_project: usize,
    /// The mail server.
    pub smtp: SmtpConfig,
}

/// The server that takes e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SmtpConfig {
    /// Its name or address; absent = no e-mail is sent, and deliveries say `NotConfigured`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its port; absent = 587 with `starttls`, 465 with `tls`, 25 with `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// How the connection is encrypted: `starttls` (or nothing is sent), `tls` from the first byte, or `none`, which takes no
    /// `user`.
    pub security: Security,
    /// Who the server is to the mail server; absent = nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// A file with the user's password in its first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// Who e-mail is from: an address, or `Name <address>`.
    pub from: String,
    /// Domains that recipients must be of, such as `example.com`; none = any. A project may narrow them.
    pub domains: Vec<String>,
    /// E-mails within an hour of a project that has no number of its own. Those beyond wait for an hour with a place.
    pub per_hour: u32,
}

/// How a connection to the mail server is encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// It begins without, and is encrypted before anything is said.
    StartTls,
    /// From the first byte.
    Tls,
    /// Not at all.
    None,
}

impl Default for NotifyConfig {
    fn default() -> Self {
        Self {
            // A day, with the last one twice.
            retries: vec![5, 60, 300, 1800, 7200, 18_000, 28_800],
            try_seconds: 15,
            max_at_once: 32,
            max_at_once_per_project: 8,
            smtp: SmtpConfig::default(),
        }
    }
}

impl Default for SmtpConfig {
    fn default() -> Self {
        Self {
            host: None,
            port: None,
            security: Security::StartTls,
            user: None,
            password_file: None,
            from: "Fuelcell <fuelcell@localhost>".into(),
            domains: Vec::new(),
            per_hour: 100,
        }
    }
}

impl SmtpConfig {
    /// Refuses what cannot be meant, by the name of the setting.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub fn check(&self) -> Result<(), String> {
        self.sender()?;
        if self.host.as_deref() == Some("") {
            return Err(
                "notifications.smtp.host = \"\" cannot be used; it takes a text that is not empty".into()
            );
        }
        if let Some(wrong) = self.domains.iter().find(|domain| !is_domain(domain)) {
            return Err(format!(
                "notifications.smtp.domains holds {wrong:?}, which cannot be used; it takes a list of domains, such as \
                 [\"example.com\"]"
            ));
        }
        match (&self.user, &self.password_file) {
            (Some(_), None) | (None, Some(_)) => {
                Err("notifications.smtp.user and notifications.smtp.password_file are set together".into())
            }
            (Some(_), Some(_)) if self.security == Security::None => Err(
                "notifications.smtp.user takes notifications.smtp.security = \"starttls\" or \"tls\": a password is not \
                 sent for all to read"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    /// Who e-mail is from.
    pub(crate) fn sender(&self) -> Result<Mailbox, String> {
        self.from.parse().map_err(|error| {
            format!(
                "notifications.smtp.from = {:?} cannot be used: {error}; it takes an address such as jobs@example.com, or a \
                 name with one in angle brackets",
                self.from
            )
        })
    }

    /// The port that holds.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.security {
            Security::StartTls => 587,
            Security::Tls => 465,
            Security::None => 25,
        })
    }
}

impl NotifyConfig {
    pub(crate) fn try_time(&self) -> Duration {
        Duration::from_secs(self.try_seconds)
    }

    /// How long nobody else tries what somebody tries: for a try, and for writing down how it went.
    pub(crate) fn lease(&self) -> Duration {
        self.try_time() * 2
    }
}
