//! E-mail over SMTP.

mod letter;

use crate::config::{NotifyConfig, Security, SmtpConfig};
use crate::outcome::Outcome;
use fuelcell_domain::delivery::MAX_ANSWER;
use fuelcell_domain::notice::Signing;
use fuelcell_domain::text::clipped;
use fuelcell_domain::{Artifact, Delivery};
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::response::Response;
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::io;
use std::path::Path;

/// The way to the mail server.
pub(crate) type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// Refusals of the mail server that are about the mailbox or the message (RFC 5321, 4.2.3), and so for good. Others, such as
/// of the user or of the connection, are the operator's to mend.
const FOR_GOOD: std::ops::RangeInclusive<u16> = 550..=559;

/// Sends e-mail, if there is a mail server.
pub(crate) struct Post {
    transport: Option<Transport>,
    from: Mailbox,
    domains: Vec<String>,
}

impl Post {
    pub(crate) fn new(config: &NotifyConfig) -> Result<Self, String> {
        let smtp = &config.smtp;
        smtp.check()?;
        let from = smtp.sender()?;
        let transport = smtp.host.as_deref().map(|host| transport(config, host)).transpose()?;
        Ok(Self { transport, from, domains: smtp.domains.clone() })
    }

    /// The way to a recipient, if somebody may send there: `rule` are the domains of the project, `None` = any.
    pub(crate) fn transport_to(&self, address: &str, rule: Option<&[String]>) -> Result<&Transport, Outcome> {
        let Some(transport) = &self.transport else {
            return Err(Outcome::park(
                "NotConfigured",
                "this server has no mail server (notifications.smtp.host)",
            ));
        };
        let domain = address.rsplit('@').next().unwrap_or_default();
        let is_of = |domains: &[String]| domains.iter().any(|known| known.eq_ignore_ascii_case(domain));
        let by_server = self.domains.is_empty() || is_of(&self.domains);
        match by_server && rule.is_none_or(is_of) {
            true => Ok(transport),
            false => {
                let whose = if by_server { "this project" } else { "this server" };
                let answer = format!("{whose} sends no e-mail to the domain {domain}");
                Err(Outcome::park("RecipientNotAllowed", answer))
            }
        }
    }

    /// Sends a message.
    pub(crate) async fn send(
        &self,
        transport: &Transport,
        delivery: &Delivery,
        address: &str,
        artifacts: &[Artifact],
        signing: &dyn Signing,
    ) -> Outcome {
        let letter = match letter::compose(&self.from, address, delivery, artifacts, signing) {
            Ok(letter) => letter,
            Err(reason) => return Outcome::park("InvalidAddress", reason),
        };
        match transport.send(letter).await {
            Ok(response) => Outcome::delivered(Some(response.code().into()), text(&response)),
            Err(error) => failed(&error),
        }
    }
}

fn transport(config: &NotifyConfig, host: &str) -> Result<Transport, String> {
    let smtp = &config.smtp;
    let tls = || {
        TlsParameters::new(host.to_owned())
            .map_err(|error| format!("notifications.smtp.host = {host:?} cannot be used with TLS: {error}"))
    };
    let tls = match smtp.security {
        Security::StartTls => Tls::Required(tls()?),
        Security::Tls => Tls::Wrapper(tls()?),
        Security::None => Tls::None,
    };
    let builder =
        Transport::builder_dangerous(host).port(smtp.port()).timeout(Some(config.try_time())).tls(tls);
    Ok(match credentials(smtp)? {
        Some(credentials) => builder.credentials(credentials).build(),
        None => builder.build(),
    })
}

fn credentials(smtp: &SmtpConfig) -> Result<Option<Credentials>, String> {
    let Some((user, file)) = smtp.user.as_ref().zip(smtp.password_file.as_ref()) else { return Ok(None) };
    Ok(Some(Credentials::new(user.clone(), password(file)?)))
}

fn password(file: &Path) -> Result<String, String> {
    let told = |reason: &str| {
        format!("notifications.smtp.password_file = {:?} {reason}", file.display().to_string())
    };
    let text = std::fs::read_to_string(file).map_err(|error| told(&format!("cannot be read: {error}")))?;
    match text.lines().next().filter(|line| !line.is_empty()) {
        Some(line) => Ok(line.to_owned()),
        None => Err(told("has no password in its first line")),
    }
}

fn text(response: &Response) -> String {
    response.message().collect::<Vec<_>>().join(" ")
}

fn failed(error: &Error) -> Outcome {
    let status = error.status().map(u16::from);
    let answer = clipped(&chain(error), MAX_ANSWER);
    let code = match status {
        Some(status) if FOR_GOOD.contains(&status) => {
            return Outcome { status: Some(status), ..Outcome::park("Rejected", answer) };
        }
        Some(_) => "Deferred",
        None if error.is_timeout() => "Timeout",
        None if error.is_tls() || is_of_tls(error) => "Tls",
        None if error.is_client() => "Protocol",
        None => "Unreachable",
    };
    Outcome { status, ..Outcome::again(code, answer) }
}

/// Whether a connection broke because the other side did not prove who it is, or speaks no TLS.
fn is_of_tls(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.is_some_and(|inner| inner.is::<rustls::Error>()) || error.source().is_some_and(is_of_tls)
}

/// What an error says, with what it says of its causes.
fn chain(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) if !error.to_string().contains(&cause.to_string()) => {
            format!("{error}: {}", chain(cause))
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(domains: &[&str]) -> Post {
        let domains = domains.iter().map(|&domain| domain.to_owned()).collect();
        let smtp = SmtpConfig { host: Some("mail.example.com".into()), domains, ..SmtpConfig::default() };
        Post::new(&NotifyConfig { smtp, ..NotifyConfig::default() }).unwrap()
    }

    #[test]
    fn recipients_are_of_the_domains_of_server_and_project() {
        let code = |post: &Post, address: &str, rule: Option<&[String]>| {
            post.transport_to(address, rule).err().map(|outcome| outcome.code)
        };
        let none = Post::new(&NotifyConfig::default()).unwrap();
        assert_eq!(code(&none, "a@b.org", None), Some("NotConfigured"));
        let (any, some) = (post(&[]), post(&["b.org", "c.org"]));
        assert_eq!(code(&any, "a@b.org", None), None);
        assert_eq!(code(&some, "a@B.ORG", None), None);
        for stranger in ["a@d.org", "a@sub.b.org", "b.org@d.org", "a@bb.org"] {
            assert_eq!(code(&some, stranger, None), Some("RecipientNotAllowed"), "{stranger}");
        }
        let rule = ["c.org".to_owned(), "d.org".to_owned()];
        assert_eq!(code(&some, "a@c.org", Some(&rule)), None);
        assert_eq!(code(&some, "a@b.org", Some(&rule)), Some("RecipientNotAllowed"));
        assert_eq!(code(&some, "a@d.org", Some(&rule)), Some("RecipientNotAllowed"));
        assert_eq!(code(&any, "a@b.org", Some(&[])), Some("RecipientNotAllowed"));
    }

    #[test]
    fn settings_that_cannot_be_used_are_named() {
        let refused = |smtp: SmtpConfig| {
            Post::new(&NotifyConfig { smtp, ..NotifyConfig::default() }).err().expect("it is refused")
        };
        let host = Some("mail.example.com".to_owned());
        let usual = || SmtpConfig { host: host.clone(), ..SmtpConfig::default() };
        assert!(refused(SmtpConfig { from: "nobody".into(), ..usual() }).contains("smtp.from"));
        assert!(refused(SmtpConfig { user: Some("u".into()), ..usual() }).contains("set together"));
        let (user, missing) = (Some("u".to_owned()), Some("/nowhere".into()));
        let both = SmtpConfig { user, password_file: missing, ..usual() };
        assert!(refused(both.clone()).contains("cannot be read"));
        assert!(refused(SmtpConfig { domains: vec!["a@b.org".into()], ..usual() }).contains("\"a@b.org\""));
        assert!(refused(SmtpConfig { host: Some(String::new()), ..usual() }).contains("smtp.host = \"\""));
        assert!(refused(SmtpConfig { security: Security::None, ..both }).contains("for all to read"));
    }
}
