//! Networks of reverse proxies that the server believes.

use std::net::IpAddr;

/// What is trusted unless an administrator says otherwise. Not among them: 100.64.0.0/10, fc00::/7, public addresses.
pub(crate) const DEFAULT: [&str; 6] =
    ["127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fe80::/10", "::1/128"];

/// Whether the address lies in one of the networks; a text that is no network holds nobody.
pub(crate) fn trusted(peer: IpAddr, networks: &[String]) -> bool {
    networks.iter().any(|network| holds(network, peer).unwrap_or(false))
}

fn holds(network: &str, peer: IpAddr) -> Option<bool> {
    let (base, length) = network.split_once('/')?;
    let length: u32 = length.parse().ok()?;
    let (base, peer, width) = match (base.parse().ok()?, peer) {
        (IpAddr::V4(base), IpAddr::V4(peer)) => {
            (u128::from(base.to_bits()), u128::from(peer.to_bits()), 32)
        }
        (IpAddr::V6(base), IpAddr::V6(peer)) => (base.to_bits(), peer.to_bits(), 128),
        _ => return Some(false),
    };
    let rest = u32::checked_sub(width, length)?;
    // A shift by the whole width is none.
    Some(rest == 128 || base >> rest == peer >> rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_networks_are_private_but_not_all_private_ones() {
        let default: Vec<String> = DEFAULT.iter().map(|network| (*network).to_owned()).collect();
        let is = |peer: &str| trusted(peer.parse().expect("an address"), &default);
        assert!(is("127.0.0.1") && is("172.18.0.5") && is("fe80::1") && is("::1"));
        assert!(!is("100.64.0.7") && !is("fd00::1") && !is("203.0.113.1") && !is("172.32.0.1"));
        let all = ["0.0.0.0/0".to_owned(), "::/0".to_owned(), "nonsense".to_owned()];
        assert!(trusted("203.0.113.1".parse().expect("an address"), &all));
        assert!(trusted("2001:db8::1".parse().expect("an address"), &all));
    }
}
