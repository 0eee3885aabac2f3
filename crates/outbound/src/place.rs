//! Where a URL leads.

use fuelcell_domain::capability::Target;
use url::{Host, Url};

/// To whom a URL leads, and the path there with its query; `None` for one that no request is sent to.
pub fn place_of(url: &str) -> Option<(Target, String)> {
    let url = Url::parse(url).ok()?;
    let tls = match url.scheme() {
        "https" => true,
        "http" => false,
        _ => return None,
    };
    let host = match url.host()? {
        Host::Domain(name) => name.to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let path = url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()));
    Some((Target { tls, host, port: url.port_or_known_default()? }, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_lead_to_hosts() {
        let (to, path) = place_of("https://Hooks.Example.com/a%20b?c=d&e").unwrap();
        assert_eq!((to.to_string(), path.as_str()), ("hooks.example.com".into(), "/a%20b?c=d&e"));
        let (to, path) = place_of("http://[::1]:8080").unwrap();
        assert_eq!((to.host.as_str(), to.port, path.as_str()), ("::1", 8080, "/"));
        assert!(place_of("ftp://example.com").is_none());
    }
}
