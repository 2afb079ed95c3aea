//! URLs, names and addresses of services.

use url::{Host, Url};

use super::Wanted;
use super::shape::is_unexpanded;
use crate::http::BaseUrl;

/// The port of STUN and TURN (RFC 8489, section 18.6).
const STUN_PORT: u16 = 3478;

/// An http or https URL without user, query and fragment; a sub-path is welcome.
pub fn base_url(text: &str) -> Result<BaseUrl, Wanted> {
    if is_unexpanded(text) {
        return Err("a URL in which every $NAME is expanded already".into());
    }
    let url = Url::parse(text)
        .ok()
        .filter(|u| matches!(u.scheme(), "http" | "https"))
        .ok_or("a URL that begins with http:// or https://, such as https://auth.example.com")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("a URL without user name and password".into());
    }
    match url.host() {
        None | Some(Host::Domain("")) => return Err("a URL with a host name".into()),
        // Docker's names may have an underscore; who must not use one says so.
        Some(Host::Domain(name)) if !labels_are_sound(&name.replace('_', "x")) => {
            return Err("a URL with a host name of letters, digits, - and dots".into());
        }
        Some(_) => {}
    }
    if url.port() == Some(0) {
        return Err("a URL with a port from 1 to 65535".into());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("a URL without ? and #".into());
    }
    Ok(BaseUrl::new(url))
}

/// A base URL for Authentik: its host name must not have an underscore, since Authentik's own check of
/// the Host header refuses such names and answers 404 (400 before 2024.2) to everything.
pub fn authentik_url(text: &str) -> Result<BaseUrl, Wanted> {
    let base = base_url(text)?;
    for page in ["/api/v3/", "/if/", "/application/o/", "/.well-known/"] {
        if format!("{}/", base.path()).contains(page) {
            return Err(format!(
                "Authentik's base URL, without {} and what follows it",
                page.trim_end_matches('/')
            ));
        }
    }
    if base.host().contains('_') {
        return Err(
            "a host name without underscore: Authentik answers 404 to a host name that has one; \
                    give the service a network alias such as authentik-server"
                .into(),
        );
    }
    Ok(base)
}

/// A public URL of NetBird: scheme, host and port only.
pub fn origin(text: &str) -> Result<BaseUrl, Wanted> {
    let base = base_url(text)?;
    if base.host().contains('_') {
        return Err("a URL with a host name of letters, digits, - and dots".into());
    }
    if base.path() != "/" { Err("a URL without a path".into()) } else { Ok(base) }
}

/// A domain name or an IPv4 address, without scheme, port and path.
pub fn domain(text: &str) -> Result<String, Wanted> {
    let wanted = || "a name such as netbird.example.com, without scheme, port and path".to_owned();
    if text.contains(['/', ':', '@', '?', '#', '_', '%', ' ', ',']) {
        return Err(wanted());
    }
    match Host::parse(text).map_err(|_| wanted())? {
        Host::Domain(name) if !name.ends_with('.') && labels_are_sound(&name) => Ok(name),
        Host::Ipv4(ip) => Ok(ip.to_string()),
        _ => Err(wanted()),
    }
}

/// RFC 1123: labels of 1 to 63 letters, digits and inner hyphens, 253 characters in all. A dot at the end means that no
/// search domain is to be tried.
fn labels_are_sound(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

/// NetBird's signal: a URL, or host and port, to which the scheme of NetBird's own URL is added.
pub fn signal(text: &str, scheme: &str) -> Result<BaseUrl, Wanted> {
    let url = if text.contains("://") { text.to_owned() } else { format!("{scheme}://{text}") };
    origin(&url).map_err(|_| "a URL such as https://signal.example.com:443".into())
}

/// A relay: its scheme says whether it speaks TLS. NetBird's agents get the text as it is.
pub fn relay(text: &str) -> Result<Relay, Wanted> {
    let wanted =
        || "rel:// or rels://, a host and a port: rels://netbird.example.com:443".to_owned();
    let (scheme, rest) = text.split_once("://").ok_or_else(wanted)?;
    let as_web = match scheme {
        "rel" => "http",
        "rels" => "https",
        _ => return Err(wanted()),
    };
    let url = base_url(&format!("{as_web}://{rest}")).map_err(|_| wanted())?;
    if url.host().contains('_') || rest.ends_with(':') {
        return Err(wanted());
    }
    Ok(Relay { address: text.to_owned(), host: url.host().to_owned(), port: url.port() })
}

/// A relay's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// As agents get it: `rels://netbird.example.com:443`.
    pub address: String,
    /// Its host.
    pub host: String,
    /// Its port; without one that of the scheme, 443 or 80.
    pub port: u16,
}

/// A STUN server, as agents get it: `stun:netbird.example.com:3478`.
pub fn stun(text: &str) -> Result<String, Wanted> {
    let wanted = || "STUN servers such as stun:netbird.example.com:3478".to_owned();
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme @ ("stun" | "stuns"), rest)) => (scheme, rest),
        _ => ("stun", text),
    };
    // ws: its default port is not the one of STUN either, and it is read like http.
    let url = Url::parse(&format!("ws://{rest}")).map_err(|_| wanted())?;
    let plain = !rest.contains(['/', '@', '?', '#', '\\']) && !rest.ends_with(':');
    let host = url.host_str().filter(|_| plain).ok_or_else(wanted)?;
    if url.domain().is_some_and(|name| !labels_are_sound(name)) {
        return Err(wanted());
    }
    let port = match rest.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => super::port(port).map_err(|_| wanted())?,
        _ => STUN_PORT,
    };
    Ok(format!("{scheme}:{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_obey_the_rule_for_names_inside_urls_too() {
        for right in [
            "https://auth.example.com",
            "http://authentik-server:9000/sub/",
            "https://[2001:db8::1]:9443",
            "https://192.0.2.1",
            "https://bücher.example",
            "https://auth.example.com./",
            "http://LOCALHOST",
        ] {
            assert!(base_url(right).is_ok(), "{right}");
        }
        for wrong in [
            "https://$DOMAIN",
            "https://${DOMAIN}:443",
            "https://-a.example.com",
            "https://a..example.com",
            "https://a,b.example.com",
            "https://*.example.com",
            "https://u:p@auth.example.com",
            "https://:443",
            "https://auth.example.com:0",
            "https://auth.example.com/$PATH",
            "auth.example.com",
        ] {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
        for page in ["if/admin/", "if/flow/x/", "api/v3", "sub/api/v3/", "application/o/netbird/"] {
            assert!(authentik_url(&format!("https://auth.example.com/{page}")).is_err(), "{page}");
        }
        assert!(authentik_url("https://auth.example.com/sub/").is_ok());
    }

    #[test]
    fn services_are_read_in_the_forms_that_people_write() {
        let relay = |text| relay(text).map(|relay| (relay.host, relay.port));
        assert_eq!(relay("rels://a.example.com:443"), Ok(("a.example.com".into(), 443)));
        assert_eq!(relay("rel://a.example.com:33080/relay"), Ok(("a.example.com".into(), 33080)));
        for wrong in ["https://a.example.com", "a.example.com:443", "rels://$D:443", "rels://a:"] {
            assert!(relay(wrong).is_err(), "{wrong}");
        }
        assert_eq!(stun("a.example.com"), Ok("stun:a.example.com:3478".into()));
        assert_eq!(stun("stun:a.example.com:80"), Ok("stun:a.example.com:80".into()));
        assert_eq!(stun("[2001:db8::1]:19302"), Ok("stun:[2001:db8::1]:19302".into()));
        for wrong in ["turn:a.example.com", "stun://a.example.com", "stun:", "a:0", "a:70000"] {
            assert!(stun(wrong).is_err(), "{wrong}");
        }
        let signal = |text| signal(text, "https").map(|url| url.join(""));
        assert_eq!(signal("a.example.com:10000"), Ok("https://a.example.com:10000/".into()));
        assert_eq!(signal("http://a.example.com"), Ok("http://a.example.com/".into()));
        assert!(signal("grpc://a.example.com").is_err());
    }
}
