//! Redirect URIs that keep every page from logging in: Authentik takes the origins that it allows from the texts of all of
//! them, and a text that its parser gives up on ends each request of a page with a 500.

use std::net::Ipv6Addr;

use crate::converge::desired::Desired;
use crate::converge::observe::Observed;
use crate::error::{Error, Exit};
use crate::proof::CheckId;

/// The first one that is not this container's to take away.
pub fn refused(desired: &Desired, observed: &Observed) -> Option<Error> {
    let provider = observed.found.linked()?;
    let origins = &desired.provider.client.origins;
    let mut texts = provider.redirect_uris.entries.iter().map(|entry| entry.url.as_str());
    let text = texts.find(|text| cannot_be_read(text, origins))?;
    let what = format!("redirect URI {text} of provider {} cannot be read as a URL", provider.name);
    let error = Error::new(Exit::Refused, what)
        .because("Authentik answers 500 to every page that asks, so that the dashboard cannot log in")
        .remedy(
            "take it off the provider in Authentik, or write it without brackets and patterns in host and port",
        );
    Some(error.about(CheckId::RedirectUris.name()))
}

/// What Python's `urlparse` raises an error for: brackets around what is no address; and, where the host is that of the
/// page that asks, so that it is read, a port that is no number.
fn cannot_be_read(text: &str, origins: &[String]) -> bool {
    let Some((scheme, rest)) = text.trim_start().split_once("//") else { return false };
    let network = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if network.contains(['[', ']']) {
        let inner = network.split_once('[').and_then(|(_, rest)| rest.split_once(']'));
        return inner.is_none_or(|(address, _)| address.parse::<Ipv6Addr>().is_err());
    }
    let place = network.rsplit_once('@').map_or(network, |(_, place)| place);
    let Some((host, port)) = place.split_once(':') else { return false };
    let is_asked = origins.iter().filter_map(|origin| url::Url::parse(origin).ok()).any(|origin| {
        scheme.eq_ignore_ascii_case(&format!("{}:", origin.scheme()))
            && origin.host_str().is_some_and(|of| of.eq_ignore_ascii_case(host))
    });
    is_asked && !port.is_empty() && port.parse::<u16>().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_authentik_cannot_read_is_told_from_what_it_can() {
        let origins = ["https://netbird.example.com".to_owned()];
        for (text, broken) in [
            ("https://[a-z]+.example.com/", true),
            ("https://[a-z.example.com/", true),
            (r"https://netbird.example.com:\d+/", true),
            (r"https://other.example.com:\d+/", false),
            (r"https://netbird\.example\.com:\d+/", false),
            ("https://netbird.example.com:8443/", false),
            ("https://[::1]:8080/", false),
            ("https://netbird.example.com/[a-z]+", false),
            (".*", false),
            ("*", false),
            ("", false),
        ] {
            assert_eq!(cannot_be_read(text, &origins), broken, "{text}");
        }
    }
}
