//! Which addresses are the world's, and which are somebody's own.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether a job may connect to `address`: it is public, or in one of the networks that the operator allows.
pub(crate) fn is_allowed(address: IpAddr, networks: &[IpNet]) -> bool {
    // An IPv4 address in the clothes of IPv6 reaches what the IPv4 address reaches.
    let address = address.to_canonical();
    is_public(address) || is_within(address, networks)
}

/// Whether a connection from `local` to `peer` never left this machine, and the operator does not allow that: services
/// that are closed to the world may listen at its public address too.
pub(crate) fn leads_back(local: IpAddr, peer: IpAddr, networks: &[IpNet]) -> bool {
    let (local, peer) = (local.to_canonical(), peer.to_canonical());
    local == peer && !is_within(peer, networks)
}

fn is_within(address: IpAddr, networks: &[IpNet]) -> bool {
    networks.iter().any(|network| network.contains(&address))
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// Source: the IANA IPv4 Special-Purpose Address Registry, <https://www.iana.org/assignments/iana-ipv4-special-registry>.
fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This network", private, loopback, and all that is multicast or reserved.
        (0 | 10 | 127 | 224.., _, _) => true,
        // Shared by carriers.
        (100, 64..=127, _) => true,
        // Link-local: clouds tell their machines' credentials there.
        (169, 254, _) => true,
        (172, 16..=31, _) => true,
        // Protocol assignments, documentation, the relays of 6to4, private.
        (192, 0, 0 | 2) | (192, 88, 99) | (192, 168, _) => true,
        // Benchmarks, documentation.
        (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

/// Source: the IANA IPv6 Special-Purpose Address Registry, <https://www.iana.org/assignments/iana-ipv6-special-registry>.
/// Only 2000::/3 is given out as global unicast; loopback, unspecified, unique-local, link-local, multicast and the
/// prefixes of translators (64:ff9b::/96) lie outside of it.
fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    let special = match (a, b) {
        // Protocol assignments, Teredo, ORCHID; documentation.
        (0x2001, 0..=0x01ff | 0x0db8) => true,
        // 6to4 holds an IPv4 address, which could be anybody's own.
        (0x2002, _) => true,
        // Documentation.
        (0x3fff, 0..=0x0fff) => true,
        _ => false,
    };
    (0x2000..=0x3fff).contains(&a) && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(address: &str, networks: &[&str]) -> bool {
        let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
        is_allowed(address.parse().unwrap(), &networks)
    }

    #[test]
    fn public_addresses_are_allowed() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2001:200::1",
            "2a00::1",
            "::ffff:1.1.1.1",
        ] {
            assert!(allowed(address, &[]), "{address}");
        }
    }

    #[test]
    fn all_others_are_refused() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff::1",
            "4000::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!allowed(address, &[]), "{address}");
        }
    }

    #[test]
    fn this_machine_is_not_the_world() {
        let back = |local: &str, peer: &str, networks: &[&str]| {
            let networks: Vec<IpNet> = networks.iter().map(|network| network.parse().unwrap()).collect();
            leads_back(local.parse().unwrap(), peer.parse().unwrap(), &networks)
        };
        assert!(back("9.1.2.3", "9.1.2.3", &[]));
        assert!(back("::ffff:9.1.2.3", "9.1.2.3", &["10.0.0.0/8"]));
        assert!(back("2a00::1", "2a00::1", &[]));
        assert!(!back("10.0.0.1", "9.1.2.3", &[]));
        assert!(!back("9.1.2.3", "9.1.2.3", &["9.1.2.0/24"]));
    }

    #[test]
    fn an_operator_allows_networks() {
        assert!(allowed("127.0.0.1", &["127.0.0.0/8"]));
        assert!(allowed("::ffff:127.0.0.1", &["127.0.0.0/8"]));
        assert!(allowed("fd00::7", &["10.0.0.0/8", "fd00::/64"]));
        assert!(!allowed("10.1.0.1", &["10.0.0.0/16"]));
        assert!(!allowed("::1", &["127.0.0.0/8"]));
    }
}
