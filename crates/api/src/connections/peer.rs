//! Who is at the other end: the address of the connection, or what a trusted proxy says of whom it speaks for.

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Whom a request counts for: an address, for IPv6 the network that one customer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Peer(IpAddr);

impl Peer {
    /// Without a connection (a request made in the process itself) all count together.
    pub(crate) const NOBODY: Self = Self(IpAddr::V4(Ipv4Addr::UNSPECIFIED));

    pub(crate) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => Self(IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64))),
            address => Self(address),
        }
    }
}

/// Networks of proxies that are believed.
pub(crate) struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    pub(crate) fn new(networks: &[IpNet]) -> Self {
        Self(networks.to_vec())
    }

    /// Whether a connection comes from a proxy that is believed.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// For whom a proxy speaks: the last address in the chain that is no trusted proxy itself, because everything before it
    /// is what a stranger says. A proxy that sets one of the two headers passes the other on as its client sent it; so where
    /// they disagree, neither is believed.
    pub(crate) fn speaks_for(&self, headers: &HeaderMap) -> Option<Peer> {
        let listed = self.stranger(addresses(headers, &X_FORWARDED_FOR, plain));
        let forwarded = self.stranger(addresses(headers, &header::FORWARDED, forwarded_for));
        match (listed, forwarded) {
            (Some(one), Some(other)) if one != other => None,
            (one, other) => one.or(other),
        }
    }

    fn stranger(&self, chain: Vec<Option<IpAddr>>) -> Option<Peer> {
        let last = chain.into_iter().rev().find(|hop| !hop.is_some_and(|hop| self.contains(hop)))?;
        last.map(Peer::of)
    }
}

/// The hops that a header lists, over all its lines; `None` for one that is no address.
fn addresses(
    headers: &HeaderMap,
    name: &HeaderName,
    read: fn(&str) -> Option<IpAddr>,
) -> Vec<Option<IpAddr>> {
    let lines = headers.get_all(name).into_iter();
    lines.flat_map(|line| line.to_str().unwrap_or("?").split(',')).map(read).collect()
}

/// An address, perhaps with a port.
fn plain(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// `for=` of one hop (RFC 7239).
fn forwarded_for(hop: &str) -> Option<IpAddr> {
    let pairs = hop.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, node) = pairs.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("for"))?;
    plain(node.trim_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(text: &str) -> Peer {
        Peer::of(text.parse().unwrap())
    }

    fn said(lines: &[(&'static str, &str)]) -> Option<Peer> {
        let proxies = TrustedProxies::new(&["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, line.parse().unwrap());
        }
        proxies.speaks_for(&headers)
    }

    #[test]
    fn customers_of_ipv6_are_networks() {
        assert_eq!(peer("2001:db8:1:2:3::4"), peer("2001:db8:1:2::"));
        assert_ne!(peer("2001:db8:1:2::1"), peer("2001:db8:1:3::1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
    }

    #[test]
    fn the_last_stranger_of_the_chain_is_the_client() {
        assert_eq!(said(&[("x-forwarded-for", "192.0.2.1")]), Some(peer("192.0.2.1")));
        assert_eq!(
            said(&[("x-forwarded-for", "198.51.100.9, 192.0.2.1, 10.1.1.1")]),
            Some(peer("192.0.2.1"))
        );
        let lines = [("x-forwarded-for", "198.51.100.9"), ("x-forwarded-for", "192.0.2.1:4711")];
        assert_eq!(said(&lines), Some(peer("192.0.2.1")));
        let forwarded = r#"for=198.51.100.9, For="[2001:db8::1]:4711";proto=https;by=10.0.0.1, for=10.0.0.2"#;
        assert_eq!(said(&[("forwarded", forwarded)]), Some(peer("2001:db8::1")));
    }

    #[test]
    fn what_cannot_be_believed_names_nobody() {
        for lines in [
            &[][..],
            &[("x-forwarded-for", "10.1.1.1")],
            &[("x-forwarded-for", "192.0.2.1, unknown")],
            &[("forwarded", "for=_hidden")],
            &[("forwarded", "proto=https")],
            &[("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.2")],
        ] {
            assert_eq!(said(lines), None, "{lines:?}");
        }
        assert_eq!(
            said(&[("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")]),
            Some(peer("192.0.2.1"))
        );
    }
}
