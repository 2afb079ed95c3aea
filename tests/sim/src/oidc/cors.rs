//! Which web pages may call: those whose origin is that of a redirect entry's text, whatever the entry is as a pattern.
//! Preflights are answered to everybody, since they do not tell the client.

use serde_json::Value;

use crate::call::Call;
use crate::http::reply::Reply;

/// What Python's `urlparse` makes of a URL, as far as origins are compared.
#[derive(Debug, PartialEq, Eq)]
struct Parsed {
    scheme: String,
    /// In lower case; nothing for an empty one.
    host: Option<String>,
    /// As written; it is read only when the hosts are the same.
    port: Option<String>,
}

/// Python raises an error here, which ends the request with a 500 page.
#[derive(Debug, PartialEq, Eq)]
struct Unparsable;

fn parse(text: &str) -> Result<Parsed, Unparsable> {
    let text = text.trim_start_matches(|c: char| c <= ' ');
    let (scheme, rest) = match text.split_once(':') {
        Some((scheme, rest))
            if scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) =>
        {
            (scheme.to_ascii_lowercase(), rest)
        }
        _ => (String::new(), text),
    };
    let network = match rest.strip_prefix("//") {
        Some(rest) => &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())],
        None => "",
    };
    let place = network.rsplit_once('@').map_or(network, |(_, place)| place);
    let (host, port) = match (place.split_once('['), network.contains('['), network.contains(']')) {
        (_, false, false) => match place.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (place, None),
        },
        (Some((_, bracketed)), true, true) => {
            let (host, rest) = bracketed.split_once(']').ok_or(Unparsable)?;
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return Err(Unparsable);
            }
            (host, rest.strip_prefix(':'))
        }
        _ => return Err(Unparsable),
    };
    Ok(Parsed {
        scheme,
        host: Some(host.to_lowercase()).filter(|host| !host.is_empty()),
        port: port.map(str::to_owned).filter(|port| !port.is_empty()),
    })
}

impl Parsed {
    /// The port as a number, if there is one.
    fn number(&self) -> Result<Option<u16>, Unparsable> {
        self.port.as_deref().map(|port| port.parse().map_err(|_| Unparsable)).transpose()
    }

    fn same_origin(&self, other: &Self) -> Result<bool, Unparsable> {
        Ok(self.scheme == other.scheme
            && self.host == other.host
            && self.number()? == other.number()?)
    }
}

/// Whether the origin is that of one of the texts; all of them are read.
fn registered<'a>(origin: &str, texts: impl Iterator<Item = &'a str>) -> Result<bool, Unparsable> {
    let asked = parse(origin)?;
    let mut found = false;
    for text in texts {
        found |= asked.same_origin(&parse(text)?)?;
    }
    Ok(found)
}

/// Scheme, host and port of a URL.
pub(crate) fn origin(url: &str) -> Option<&str> {
    let start = url.find("://")? + 3;
    let end = url[start..].find('/').map_or(url.len(), |slash| start + slash);
    Some(&url[..end])
}

/// The answer with the headers this origin gets, or the page of an error if a redirect entry cannot be parsed as a URL.
pub(crate) fn allow(reply: Reply, call: &Call, provider: Option<&Value>) -> Reply {
    let Some(asked) = call.header("origin").filter(|origin| !origin.is_empty()) else {
        return reply;
    };
    let preflight = call.method == "OPTIONS";
    let entries = provider.and_then(|provider| provider["redirect_uris"].as_array());
    let texts = entries.into_iter().flatten().filter_map(|entry| entry["url"].as_str());
    match registered(asked, texts) {
        Err(Unparsable) => return Reply::html(500, "Server Error"),
        Ok(false) if !preflight => return reply,
        Ok(_) => {}
    }
    let reply = reply
        .with("Access-Control-Allow-Origin", asked)
        .with("Access-Control-Allow-Credentials", "true");
    if !preflight {
        return reply;
    }
    let reply = match call.header("access-control-request-headers") {
        Some(headers) => reply.with("Access-Control-Allow-Headers", headers),
        None => reply,
    };
    reply.with("Access-Control-Allow-Methods", "GET, POST, OPTIONS")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(text: &str) -> Result<bool, Unparsable> {
        registered("https://netbird.example.com", [text].into_iter())
    }

    #[test]
    fn the_text_of_an_entry_decides_and_not_what_it_matches() {
        assert_eq!(allows("https://netbird.example.com/nb-auth"), Ok(true));
        assert_eq!(allows("HTTPS://NetBird.example.com/nb-auth"), Ok(true));
        assert_eq!(allows(r"https://netbird\.example\.com/nb-auth"), Ok(false));
        assert_eq!(allows("https://netbird.example.com/(?!)"), Ok(true));
        assert_eq!(allows("https://.*/nb-auth"), Ok(false));
        assert_eq!(allows("https://netbird.example.com:443/"), Ok(false));
        assert_eq!(allows("http://netbird.example.com/"), Ok(false));
        assert_eq!(allows("^https://netbird.example.com/"), Ok(false));
        assert_eq!(allows(".*"), Ok(false));
    }

    #[test]
    fn what_python_cannot_parse_ends_the_request() {
        assert_eq!(allows(r"https://netbird.example.com:\d+/"), Err(Unparsable));
        assert_eq!(allows(r"https://other.example.com:\d+/"), Ok(false), "the port is not read");
        assert_eq!(allows("https://[a-z]+.example.com/"), Err(Unparsable));
        assert_eq!(allows("https://[::1]:8080/"), Ok(false));
        assert_eq!(allows("https://netbird.example.com/[a-z]+"), Ok(true));
    }
}
