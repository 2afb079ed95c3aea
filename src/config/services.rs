//! Where NetBird's services are: NetBird's public URL, unless a variable says otherwise. What two variables say twice must
//! be the same.

use std::collections::BTreeMap;
use std::fmt::Display;

use super::kind::Kind;
use super::parse::{self, Relay};
use super::reader::Reader;
use super::setting::Setting;
use super::variables::Raw;
use crate::http::BaseUrl;

/// Where the other services are. A setting counts as chosen if any variable of the service is set: then it is enforced
/// in files that exist.
#[derive(Clone, Debug)]
pub struct Services {
    /// `NETBIRD_SIGNAL_ENDPOINT`, or NetBird's host with `NETBIRD_SIGNAL_PORT`.
    pub signal: Setting<BaseUrl>,
    /// `NETBIRD_RELAY_ENDPOINT`, or `NETBIRD_RELAY_DOMAIN` with `NETBIRD_RELAY_PORT`; at least one.
    pub relays: Setting<Vec<Relay>>,
    /// `NETBIRD_STUN_ENDPOINTS`, or the TURN server, which answers STUN too, or the relay's STUN; at least one.
    pub stuns: Setting<Vec<String>>,
    /// `NETBIRD_TURN_DOMAIN`.
    pub turn_domain: Option<String>,
}

impl Services {
    /// With NetBird's public URL; each value that is wrong or contradicts another is a problem.
    pub(super) fn read(
        raw: &Raw,
        passed: &BTreeMap<String, String>,
        endpoint: Option<&BaseUrl>,
        kind: Kind,
        r: &mut Reader,
    ) -> Option<Self> {
        let scheme = endpoint.map_or("https", BaseUrl::scheme);
        let signal = r.opt(raw.netbird_signal_endpoint(), |text| parse::signal(text, scheme));
        let relays = r.opt(raw.netbird_relay_endpoint(), parse::each(parse::relay));
        let stuns = r.opt(raw.netbird_stun_endpoints(), parse::each(parse::stun));
        let turn_domain = r.opt(raw.netbird_turn_domain(), parse::domain);
        let signal_port = said("NETBIRD_SIGNAL_PORT", passed, parse::port, r);
        let relay_port = said("NETBIRD_RELAY_PORT", passed, parse::port, r);
        let relay_domain = said("NETBIRD_RELAY_DOMAIN", passed, parse::domain, r);
        let api_port = said("NETBIRD_MGMT_API_PORT", passed, parse::port, r);

        let endpoint = endpoint?;
        if let Some(port) = &api_port {
            port.must_be(endpoint.port(), "NETBIRD_MGMT_API_ENDPOINT", r);
        }
        if let (Some(port), Some(signal)) = (&signal_port, &signal) {
            port.must_be(signal.port(), "NETBIRD_SIGNAL_ENDPOINT", r);
        }
        let first = relays.iter().flatten().next();
        if let (Some(port), Some(first)) = (&relay_port, first) {
            port.must_be(first.port, RELAY, r);
        }
        if let (Some(domain), Some(first)) = (&relay_domain, first) {
            domain.must_be(&first.host, RELAY, r);
        }

        // netbird-server has one port for everything: a port alone names no service elsewhere.
        let names_services = kind != Kind::Combined;
        let signal_port = signal_port.filter(|_| names_services);
        let relay_port = relay_port.filter(|_| names_services || relay_domain.is_some());

        let same_host = |port: u16| with_port(endpoint, port);
        let signal_chosen = signal.is_some() || signal_port.is_some();
        let signal = signal
            .or_else(|| same_host(signal_port.as_ref()?.value))
            .unwrap_or_else(|| endpoint.clone());
        let relays_chosen = relays.is_some() || relay_port.is_some() || relay_domain.is_some();
        let relays = match relays {
            Some(relays) => relays,
            None => {
                let host = relay_domain.as_ref().map_or(endpoint.host(), |d| d.value.as_str());
                let port = relay_port.as_ref().map_or(endpoint.port(), |p| p.value);
                let scheme = if endpoint.scheme() == "https" { "rels" } else { "rel" };
                vec![parse::relay(&format!("{scheme}://{host}:{port}")).ok()?]
            }
        };
        let stuns_chosen = stuns.is_some() || turn_domain.is_some();
        let stun_host = turn_domain.as_deref().unwrap_or(endpoint.host());
        let stuns = stuns.or_else(|| parse::stun(stun_host).ok().map(|stun| vec![stun]))?;
        Some(Self {
            signal: Setting { value: signal, chosen: signal_chosen, is_default: !signal_chosen },
            relays: Setting { value: relays, chosen: relays_chosen, is_default: !relays_chosen },
            stuns: Setting { value: stuns, chosen: stuns_chosen, is_default: !stuns_chosen },
            turn_domain,
        })
    }
}

const RELAY: &str = "NETBIRD_RELAY_ENDPOINT";

fn with_port(url: &BaseUrl, port: u16) -> Option<BaseUrl> {
    parse::origin(&format!("{}://{}:{port}", url.scheme(), url.host())).ok()
}

/// What a variable of `configure.sh` says.
struct Said<T> {
    name: &'static str,
    value: T,
}

fn said<T>(
    name: &'static str,
    passed: &BTreeMap<String, String>,
    parse: impl Fn(&str) -> Result<T, parse::Wanted>,
    r: &mut Reader,
) -> Option<Said<T>> {
    let text = passed.get(name)?;
    match parse(text) {
        Ok(value) => Some(Said { name, value }),
        Err(wanted) => {
            r.passed_wrong(name, text, &wanted);
            None
        }
    }
}

impl<T: Display> Said<T> {
    fn must_be(&self, other: impl Display, source: &str, r: &mut Reader) {
        let (found, other) = (self.value.to_string(), other.to_string());
        if found != other {
            let wanted = format!("{other}, as {source} has it: set both alike, or only one");
            r.passed_wrong(self.name, &found, &wanted);
        }
    }
}
