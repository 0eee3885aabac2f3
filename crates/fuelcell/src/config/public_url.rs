//! The address at which clients reach the server: all links that it gives out begin with it.

use anyhow::{Context, bail};
use url::Url;

const ALLOWED: &str = "it is http:// or https:// with a host, and a port and a path where they are needed, such as https://jobs.example.com/fuelcell";

/// The URL as links begin with it, without a slash at its end. An empty one stays empty: the server takes its own address.
pub(crate) fn checked(text: &str) -> anyhow::Result<String> {
    if text.is_empty() {
        return Ok(String::new());
    }
    let shown: String = text.chars().take(200).collect();
    let refusal = || format!("service.public_url = {shown:?} cannot be used; {ALLOWED}");
    let url = Url::parse(text).with_context(refusal)?;
    let problem = match &url {
        url if !matches!(url.scheme(), "http" | "https") => "its scheme is another",
        url if url.host_str().is_none_or(str::is_empty) => "it has no host",
        url if !url.username().is_empty() || url.password().is_some() => "it holds a user or a password",
        url if url.query().is_some() => "it has a query",
        url if url.fragment().is_some() => "it has a fragment",
        // The parser mends these in silence; whoever wrote them meant something else.
        _ if text.contains(char::is_whitespace) || text.contains(char::is_control) => "it has white space",
        _ if !has_two_slashes(text) => "its scheme is not followed by two slashes",
        _ if text.contains('\\') => "it has a backslash",
        url => return Ok(url.as_str().trim_end_matches('/').to_owned()),
    };
    bail!("{}: {problem}", refusal())
}

fn has_two_slashes(text: &str) -> bool {
    text.split_once("://").is_some_and(|(_, rest)| !rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_servers_are_kept_without_the_last_slash() {
        for (text, kept) in [
            ("", ""),
            ("https://jobs.example.com", "https://jobs.example.com"),
            ("https://jobs.example.com/", "https://jobs.example.com"),
            ("HTTP://Jobs.Example.com:8080/fuelcell/", "http://jobs.example.com:8080/fuelcell"),
            ("http://127.0.0.1:7300", "http://127.0.0.1:7300"),
            ("http://[::1]:7300", "http://[::1]:7300"),
            ("https://münchen.example", "https://xn--mnchen-3ya.example"),
        ] {
            assert_eq!(checked(text).unwrap(), kept, "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_is_allowed() {
        for text in [
            "jobs.example.com",
            "jobs.example.com:7300",
            "localhost:7300",
            "/fuelcell",
            "//jobs.example.com",
            "ftp://x",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "http:// bad",
            "http://",
            "http:///x",
            "https:jobs.example.com",
            "http://a b.example",
            " http://a.example",
            "http://a.example\n",
            "http://ann@a.example",
            "http://ann:secret@a.example",
            "http://a.example?x=1",
            "http://a.example/#x",
            "http://a.example:99999",
            "http:\\\\a.example",
            "http://[::1",
        ] {
            let refusal = format!("{:#}", checked(text).unwrap_err());
            assert!(refusal.contains("such as https://jobs.example.com"), "{text}: {refusal}");
        }
    }
}
