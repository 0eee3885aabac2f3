//! What a module may reach beyond its cell. Nothing by default: a module *wants* capabilities by what it imports and
//! declares, a project *grants* them, and what is wanted beyond the grant waits for approval.

use crate::{ProjectRef, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The import that sends requests; its types alone reach nobody.
const SENDING: &str = "wasi:http/outgoing-handler@";

/// What modules of the job world import. A program has none of it: it asks by its device, and its imports say nothing of it.
const JOB_WORLD: &str = "fuelcell:job/";

/// Most hosts, and most secrets, that one module can be granted.
pub const MAX_ENTRIES: usize = 100;

/// Capabilities, wanted or granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Capabilities {
    /// Requests over HTTP; none = no network at all.
    pub http: Option<HttpAccess>,
    /// Names of the project's secrets that are keys to compute with. They are only ever granted: a module that asks for some
    /// runs without, and is refused when it computes.
    pub hmac: Vec<String>,
}

/// Requests over HTTP to these hosts, with these secrets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct HttpAccess {
    /// The hosts.
    pub hosts: Vec<HostPattern>,
    /// Names of the project's secrets that its headers may carry.
    pub secrets: Vec<String>,
}

impl Capabilities {
    /// What a module wants that imports `imports` and declares `declared`. What a module of the job world declares without
    /// importing it is not wanted: it cannot use it.
    pub fn wanted(imports: &[String], declared: Option<&HttpAccess>) -> Self {
        let imports = |start: &str| imports.iter().any(|name| name.starts_with(start));
        let sends = imports(SENDING) || declared.is_some() && !imports(JOB_WORLD);
        Self { http: sends.then(|| declared.cloned().unwrap_or_default()), hmac: Vec::new() }
    }

    /// What a script wants: what it declares. What its engine could import says nothing of the script.
    pub fn asked_by_script(declared: Option<&HttpAccess>) -> Self {
        Self { http: declared.cloned(), hmac: Vec::new() }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.http.is_none() && self.hmac.is_empty()
    }

    /// What of these `granted` does not cover; none when it covers all.
    pub fn beyond(&self, granted: &Self) -> Option<Self> {
        let wanted = self.http.as_ref()?;
        let missing = match &granted.http {
            None => wanted.clone(),
            Some(granted) => {
                let hosts = wanted.hosts.iter().filter(|host| !granted.covers(host));
                let secrets = wanted.secrets.iter().filter(|name| !granted.secrets.contains(name));
                let missing =
                    HttpAccess { hosts: hosts.cloned().collect(), secrets: secrets.cloned().collect() };
                if missing == HttpAccess::default() {
                    return None;
                }
                missing
            }
        };
        Some(Self { http: Some(missing), hmac: Vec::new() })
    }
}

/// In words: `http (hosts api.example.com; secrets CRM_TOKEN) and hmac (secrets KEY)`.
impl fmt::Display for Capabilities {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let http = self.http.as_ref().map(ToString::to_string);
        let hmac = (!self.hmac.is_empty()).then(|| format!("hmac (secrets {})", self.hmac.join(", ")));
        match (http, hmac) {
            (None, None) => out.write_str("none"),
            (Some(http), Some(hmac)) => write!(out, "{http} and {hmac}"),
            (Some(one), None) | (None, Some(one)) => out.write_str(&one),
        }
    }
}

impl fmt::Display for HttpAccess {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hosts: Vec<_> = self.hosts.iter().map(ToString::to_string).collect();
        let parts: Vec<_> = [("hosts", &hosts), ("secrets", &self.secrets)]
            .into_iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(kind, names)| format!("{kind} {}", names.join(", ")))
            .collect();
        match parts.is_empty() {
            true => out.write_str("http"),
            false => write!(out, "http ({})", parts.join("; ")),
        }
    }
}

impl HttpAccess {
    /// Whether requests may go there.
    pub fn admits(&self, target: &Target) -> bool {
        self.hosts.iter().any(|pattern| pattern.admits(target))
    }

    fn covers(&self, wanted: &HostPattern) -> bool {
        self.hosts.iter().any(|granted| granted.covers(wanted))
    }
}

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Whether by https.
    pub tls: bool,
    /// A name or an address without brackets, in lower case.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_host(out, self.tls, &self.host, self.port)
    }
}

/// One entry of a list of hosts: `api.example.com` (https, port 443), `api.example.com:8443`, `http://api.example.com`
/// (port 80), `*.example.org` (every name below, not `example.org` itself), or an address such as `192.0.2.7` or `[2001:db8::7]:8443`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HostPattern {
    tls: bool,
    /// With a wildcard, what follows the asterisk: `.example.org`.
    host: String,
    below: bool,
    port: u16,
}

/// Why a text is no entry of a list of hosts.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a host: write api.example.com, *.example.com, 192.0.2.7 or [2001:db8::7], if need be with http:// before \
     and a port after"
)]
pub struct NoHost(pub String);

impl HostPattern {
    fn admits(&self, target: &Target) -> bool {
        (self.tls, self.port) == (target.tls, target.port) && self.admits_host(&target.host)
    }

    fn admits_host(&self, host: &str) -> bool {
        match self.below {
            true => host.strip_suffix(&self.host).is_some_and(|label| !label.is_empty()),
            false => host == self.host,
        }
    }

    /// Whether every target of `other` is one of this.
    fn covers(&self, other: &Self) -> bool {
        let host = match (self.below, other.below) {
            (true, _) => self == other || self.admits_host(&other.host),
            (false, true) => false,
            (false, false) => self.host == other.host,
        };
        (self.tls, self.port) == (other.tls, other.port) && host
    }
}

impl HostPattern {
    /// The one place that it admits; none where it admits several.
    pub fn target(&self) -> Option<Target> {
        let Self { tls, host, below, port } = self.clone();
        (!below).then_some(Target { tls, host, port })
    }
}

impl FromStr for HostPattern {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        parse(&text.to_ascii_lowercase()).ok_or_else(|| NoHost(text.chars().take(256).collect()))
    }
}

fn parse(text: &str) -> Option<HostPattern> {
    let (tls, rest) = match text.strip_prefix("http://") {
        Some(rest) => (false, rest),
        None => (true, text.strip_prefix("https://").unwrap_or(text)),
    };
    let default_port = if tls { 443 } else { 80 };
    let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, port)) => {
            // Written as the standard library writes it, so that equal addresses are equal texts.
            (
                address.parse::<std::net::Ipv6Addr>().ok()?.to_string(),
                port.strip_prefix(':').or(port.is_empty().then_some("")),
            )
        }
        None => match rest.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port).filter(|port| !port.is_empty())),
            None => (rest.to_owned(), Some("")),
        },
    };
    let port = match port? {
        "" => default_port,
        digits => digits.parse().ok().filter(|port| *port != 0)?,
    };
    let name = host.strip_prefix("*.");
    let labels_below = name.map_or(1, |_| 2);
    let fine = host.contains(':') || is_name(name.unwrap_or(&host), labels_below);
    fine.then(|| HostPattern {
        tls,
        below: name.is_some(),
        host: host.trim_start_matches('*').to_owned(),
        port,
    })
}

/// Whether `name` is a host name of at least so many labels (RFC 1123; internationalised ones as `xn--…`).
fn is_name(name: &str, labels: usize) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').count() >= labels && name.split('.').all(is_label)
}

impl fmt::Display for HostPattern {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = if self.below { format!("*{}", self.host) } else { self.host.clone() };
        write_host(out, self.tls, &host, self.port)
    }
}

fn write_host(out: &mut fmt::Formatter<'_>, tls: bool, host: &str, port: u16) -> fmt::Result {
    let scheme = if tls { "" } else { "http://" };
    let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    match (tls, port) {
        (true, 443) | (false, 80) => write!(out, "{scheme}{host}"),
        _ => write!(out, "{scheme}{host}:{port}"),
    }
}

impl TryFrom<String> for HostPattern {
    type Error = NoHost;

    fn try_from(text: String) -> Result<Self, NoHost> {
        text.parse()
    }
}

impl From<HostPattern> for String {
    fn from(pattern: HostPattern) -> Self {
        pattern.to_string()
    }
}

/// What a project granted to all versions of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The project.
    pub project: ProjectRef,
    /// The module's name.
    pub module: String,
    /// What it may reach.
    pub capabilities: Capabilities,
    /// Who granted it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// A secret of a project, as it is kept: only the server's own key opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSecret {
    /// The project.
    pub project: ProjectRef,
    /// Its name.
    pub name: String,
    /// Names of the headers that may carry it.
    pub headers: Vec<String>,
    /// The encrypted value with what is needed to open it, but for the key.
    pub sealed: Vec<u8>,
    /// Who set it last.
    pub by: String,
    /// When it was first set.
    pub created_at: Timestamp,
    /// When it was last set.
    pub updated_at: Timestamp,
}

/// Whether `name` can name a secret: `A-Z a-z 0-9 _`, at most 64 characters, the first no digit.
pub fn is_secret_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> HostPattern {
        text.parse().unwrap_or_else(|error| panic!("{error}"))
    }

    fn target(tls: bool, host: &str, port: u16) -> Target {
        Target { tls, host: host.into(), port }
    }

    fn access(hosts: &[&str], secrets: &[&str]) -> Capabilities {
        let hosts = hosts.iter().map(|host| pattern(host)).collect();
        Capabilities {
            http: Some(HttpAccess { hosts, secrets: secrets.iter().map(ToString::to_string).collect() }),
            hmac: Vec::new(),
        }
    }

    #[test]
    fn hosts_are_written_in_one_way() {
        for (text, shown) in [
            ("API.Example.com", "api.example.com"),
            ("https://api.example.com:443", "api.example.com"),
            ("http://api.example.com:80", "http://api.example.com"),
            ("*.example.org:8443", "*.example.org:8443"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("[2001:DB8:0:0::7]", "[2001:db8::7]"),
            ("[::1]:8443", "[::1]:8443"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(pattern(text).to_string(), shown);
            assert_eq!(pattern(shown), pattern(text));
        }
    }

    #[test]
    fn what_is_no_host_is_refused() {
        for text in [
            "",
            "*",
            "*.com",
            "a.*.com",
            "**.example.com",
            "*example.com",
            "a..b",
            ".example.com",
            "example.com.",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            "example.com:x",
            "example.com/path",
            "user@example.com",
            "ftp://example.com",
            "ex ample.com",
            "example.com\r\n",
            "[::1",
            "[::1]x",
            "[nonsense]",
            "::1",
            "-a.example.com",
            "b\u{fc}cher.example",
        ] {
            assert!(text.parse::<HostPattern>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn scheme_host_and_port_must_match() {
        let one = pattern("api.example.com");
        assert!(one.admits(&target(true, "api.example.com", 443)));
        for other in [
            target(false, "api.example.com", 80),
            target(true, "api.example.com", 8443),
            target(true, "example.com", 443),
            target(true, "x.api.example.com", 443),
            target(true, "api.example.com.evil.example", 443),
        ] {
            assert!(!one.admits(&other), "{other}");
        }
        let many = pattern("*.example.org:8443");
        assert!(many.admits(&target(true, "a.b.example.org", 8443)));
        for other in ["example.org", ".example.org", "badexample.org", "a.example.org.evil.example"] {
            assert!(!many.admits(&target(true, other, 8443)), "{other}");
        }
        assert!(pattern("[::1]").admits(&target(true, "::1", 443)));
    }

    #[test]
    fn only_what_is_new_waits() {
        let wanted = access(&["api.example.com", "a.example.org"], &["A", "B"]);
        assert_eq!(wanted.beyond(&Capabilities::default()), Some(wanted.clone()));
        let missing = wanted.beyond(&access(&["*.example.org"], &["B", "C"]));
        assert_eq!(missing, Some(access(&["api.example.com"], &["A"])));
        assert_eq!(wanted.beyond(&access(&["api.example.com", "*.example.org"], &["A", "B"])), None);
        let broader = access(&["*.example.org"], &[]);
        assert_eq!(broader.beyond(&access(&["a.example.org"], &[])), Some(broader.clone()));
        assert_eq!(broader.beyond(&access(&["*.example.org:8443"], &[])), Some(broader.clone()));
        assert_eq!(access(&["*.a.example.org"], &[]).beyond(&broader), None);
        // A module that names no host still wants the capability itself.
        let any = access(&[], &[]);
        assert_eq!(any.beyond(&Capabilities::default()), Some(any.clone()));
        assert_eq!(any.beyond(&broader), None);
        assert_eq!(Capabilities::default().beyond(&Capabilities::default()), None);
    }

    #[test]
    fn a_module_wants_what_it_imports() {
        let declared = access(&["api.example.com"], &[]).http;
        let types = ["wasi:http/types@0.2.3".to_owned(), "fuelcell:job/inputs@0.1.0".to_owned()];
        assert!(Capabilities::wanted(&types, declared.as_ref()).is_empty());
        let sending = ["wasi:http/outgoing-handler@0.2.3".to_owned()];
        assert_eq!(Capabilities::wanted(&sending, declared.as_ref()).http, declared);
        assert_eq!(Capabilities::wanted(&sending, None).http, Some(HttpAccess::default()));
    }

    #[test]
    fn a_program_wants_what_it_declares() {
        let declared = access(&["api.example.com"], &[]).http;
        let files = ["wasi:filesystem/types@0.2.6".to_owned()];
        assert_eq!(Capabilities::wanted(&files, declared.as_ref()).http, declared);
        assert!(Capabilities::wanted(&files, None).is_empty());
    }

    #[test]
    fn missing_capabilities_are_named() {
        assert_eq!(access(&[], &[]).to_string(), "http");
        let both = access(&["api.example.com", "http://b.example:81"], &["A"]);
        assert_eq!(both.to_string(), "http (hosts api.example.com, http://b.example:81; secrets A)");
    }

    #[test]
    fn names_of_secrets_are_plain_words() {
        assert!(is_secret_name("CRM_TOKEN") && is_secret_name("_a1") && is_secret_name(&"a".repeat(64)));
        for name in ["", "1a", "a-b", "a}", "a b", "\u{e4}", &"a".repeat(65)] {
            assert!(!is_secret_name(name), "{name}");
        }
    }
}
