//! Which IP addresses are of the public Internet. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The networks of IPv4 that are not public, by the first address and the number of fixed bits (IANA's registry of
/// special-purpose addresses).
const IPV4: &[([u8; 4], u32)] = &[
    ([0, 0, 0, 0], 8),
    ([10, 0, 0, 0], 8),
    // carrier-grade NAT
    ([100, 64, 0, 0], 10),
    ([127, 0, 0, 0], 8),
    // link-local, and the metadata services of clouds
    ([169, 254, 0, 0], 16),
    ([172, 16, 0, 0], 12),
    ([192, 0, 0, 0], 24),
    ([192, 0, 2, 0], 24),
    ([192, 168, 0, 0], 16),
    ([198, 18, 0, 0], 15),
    ([198, 51, 100, 0], 24),
    ([203, 0, 113, 0], 24),
    // multicast, reserved, broadcast
    ([224, 0, 0, 0], 3),
];

/// The same for IPv6, by the first two segments: all that is not assigned as public, and exceptions from that.
const IPV6: &[([u16; 2], u32)] = &[
    // Teredo, and other protocol assignments
    ([0x2001, 0x0000], 23),
    // documentation
    ([0x2001, 0x0db8], 32),
    ([0x3fff, 0x0000], 20),
];

/// The public network of IPv6.
const GLOBAL_UNICAST: ([u16; 2], u32) = ([0x2000, 0], 3);

/// Whether a server of the public Internet can have this address.
pub(super) fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => {
            embedded(address).map_or_else(|| is_public_v6(address), is_public_v4)
        }
    }
}

/// Whether the address is one of the local network segment, which clouds use for their metadata services.
pub(super) fn is_link_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_link_local(),
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_in = |(first, bits): &([u8; 4], u32)| {
        let first = u32::from_be_bytes(*first);
        (address.to_bits() ^ first).leading_zeros() >= *bits
    };
    !IPV4.iter().any(is_in)
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [high, low, ..] = address.segments();
    let start = u32::from(high) << 16 | u32::from(low);
    let is_in = |(first, bits): &([u16; 2], u32)| {
        let first = u32::from(first[0]) << 16 | u32::from(first[1]);
        (start ^ first).leading_zeros() >= *bits
    };
    is_in(&GLOBAL_UNICAST) && !IPV6.iter().any(is_in)
}

/// The IPv4 address that a gateway reads from an address of IPv6: NAT64's, and 6to4's.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let (high, low) = match (a, [b, c, d, e, f]) {
        (0x0064, [0xff9b, 0, 0, 0, 0]) => (g, h),
        (0x2002, _) => (b, c),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_only_a_neighbour_can_have_are_not_public() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "10.255.255.255",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.255.255",
            "203.0.113.7",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fdff::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn addresses_of_servers_on_the_internet_are_public() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "128.0.0.1",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "192.167.255.255",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00:1450:4001::1",
            "2001:4860:4860::8888",
            "2003::1",
            "::ffff:1.1.1.1",
            "64:ff9b::1.1.1.1",
            "2002:101:101::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
