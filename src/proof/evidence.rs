//! What was answered to what NetBird and browsers will ask, or that nothing was, and what counts of it.

use crate::authentik::Via;
use crate::authentik::oidc::{ClientVerdict, DeviceVerdict, Discovery, Jwks, Sighting, Verdict};
use crate::http::tls::Trust;
use crate::http::{BaseUrl, Handshake, Kind, Trouble};
use crate::netbird::{OidcClient, Registration};

/// What is to be verified, and how it is reached.
#[derive(Clone, Debug)]
pub struct Subject<'a> {
    /// How Authentik knows the client.
    pub registration: &'a Registration,
    /// What the client needs.
    pub client: &'a OidcClient,
    /// The public base URL: every endpoint is below its origin.
    pub public: &'a BaseUrl,
    /// The application's slug.
    pub slug: &'a str,
    /// Whether certificates are accepted that NetBird's containers would not accept.
    pub lenient: bool,
    /// What the authorize endpoint is asked with.
    pub redirect_uris: &'a [String],
    /// The claim that names a user, where it is not `sub`.
    pub user_id_claim: Option<&'a str>,
    /// Whether to ask, too, what need not be asked while nothing that it depends on has changed.
    pub thorough: bool,
    /// Whether to ask for a device code then: an address gets twenty an hour.
    pub asks_device: bool,
    /// Whether to ask the token endpoint.
    pub asks_token: bool,
    /// Whom the token endpoint allowed when it was asked from the first origin already.
    pub token_allows: Option<Option<&'a str>>,
    /// The issuer at the URL inside, where NetBird reaches Authentik there.
    pub inside: Option<String>,
    /// Whether the files give NetBird the CA that this container was told to trust.
    pub hands_on_ca: bool,
    /// Whether NetBird's management has the address of the keys at the URL inside, so that they are asked for there;
    /// nothing where it never gets that.
    pub keys_inside: Option<bool>,
}

/// One way to Authentik, and what came by it; nothing of what was not asked.
#[derive(Debug, Default)]
pub struct Side {
    /// Discovery, as NetBird's management and the dashboard fetch it.
    pub discovery: Option<Result<Sighting<Discovery>, Trouble>>,
    /// The keys.
    pub keys: Option<Result<Sighting<Jwks>, Trouble>>,
}

impl Side {
    /// The document, if one came.
    pub fn document(&self) -> Option<&Sighting<Discovery>> {
        self.discovery.as_ref()?.as_ref().ok()
    }

    /// The key set, if one came.
    pub fn key_set(&self) -> Option<&Sighting<Jwks>> {
        self.keys.as_ref()?.as_ref().ok()
    }

    /// Why no document came.
    pub fn trouble(&self) -> Option<&Trouble> {
        self.discovery.as_ref()?.as_ref().err()
    }
}

/// What a page of an origin may read.
#[derive(Debug)]
pub struct Readable {
    /// The page's origin.
    pub origin: String,
    /// Whom the discovery document's answer allows; nothing where it did not answer.
    pub discovery: Option<Option<String>>,
    /// The same past the proxy at the public URL, where that was asked too.
    pub beside: Option<Option<String>>,
    /// Whom the token endpoint's answer allows; nothing where it was not asked.
    pub token: Option<Result<Option<String>, Trouble>>,
}

/// What was seen.
#[derive(Debug)]
pub struct Evidence {
    /// Through `AUTHENTIK_HOST`, with host and scheme of the public URL; asked too where the other way does not say it all.
    pub internal: Side,
    /// Through the public URL, whose certificate is always judged; nothing if both URLs are one.
    pub public: Option<Side>,
    /// Discovery at the public URL for a client that trusts the public roots alone, as NetBird's containers do; nothing
    /// where the answer above says it already.
    pub strictly: Option<Result<(), Trouble>>,
    /// Endpoints that the document names where no release has them, and where nothing is.
    pub nowhere: Vec<&'static str>,
    /// Each of the client's origins.
    pub readable: Vec<Readable>,
    /// The authorize endpoint's answers.
    pub authorize: Vec<(String, Result<Verdict, Trouble>)>,
    /// The token endpoint's answer to a client that has a secret.
    pub client: Option<Result<ClientVerdict, Trouble>>,
    /// The device endpoint's answer, where it was asked.
    pub device: Option<Result<DeviceVerdict, Trouble>>,
    /// Discovery at the URL inside, as NetBird asks for it there; nothing where it does not.
    pub inside: Option<Result<Sighting<Discovery>, Trouble>>,
}

impl Evidence {
    /// The side that counts: the public one, where it answers, since that is the one that NetBird and browsers see.
    pub fn carried(&self) -> &Side {
        self.public.as_ref().filter(|side| side.document().is_some()).unwrap_or(&self.internal)
    }

    /// The way by which the document that counts was found.
    pub fn way(&self) -> Via {
        match self.public.as_ref().and_then(Side::document).is_some() {
            true => Via::Public(Trust::Configured),
            false => Via::InternalAsPublic,
        }
    }

    /// The discovery document that counts.
    pub fn discovery(&self) -> Option<&Sighting<Discovery>> {
        self.carried().document()
    }

    /// The key set that counts: where NetBird reads it by another way than browsers, it is asked for there alone.
    pub fn keys(&self) -> Option<&Result<Sighting<Jwks>, Trouble>> {
        self.carried().keys.as_ref().or(self.internal.keys.as_ref())
    }

    /// The same document by the other way, if it answered too.
    pub fn other(&self) -> Option<&Sighting<Discovery>> {
        self.public.as_ref().and_then(Side::document)?;
        self.internal.document()
    }

    /// Whether a client that trusts the public roots alone reaches the public URL.
    pub fn is_trusted(&self) -> bool {
        match &self.strictly {
            Some(strictly) => strictly.is_ok(),
            None => self.public.as_ref().unwrap_or(&self.internal).document().is_some(),
        }
    }

    /// Why a question has no answer that Authentik itself must answer, or whoever answers at the public URL. Its silence is
    /// none: it is evidence.
    pub fn trouble(&self) -> Option<&Trouble> {
        let tokens = self.readable.iter().filter_map(|r| r.token.as_ref()?.as_ref().err());
        let authorize = self.authorize.iter().filter_map(|(_, verdict)| verdict.as_ref().err());
        let client = self.client.iter().filter_map(|answer| answer.as_ref().err());
        let device = self.device.iter().filter_map(|answer| answer.as_ref().err());
        let documents = self.carried().trouble().into_iter().chain(self.wrong_public());
        let documents = documents.chain(self.keys().and_then(|keys| keys.as_ref().err()));
        let inside = self.inside.iter().filter_map(|answer| answer.as_ref().err());
        documents.chain(authorize).chain(tokens).chain(client).chain(device).chain(inside).next()
    }

    /// Why the public URL is not as it should be, as seen from here.
    pub fn public_trouble(&self) -> Option<&Trouble> {
        let asked = self.public.as_ref().and_then(Side::trouble);
        asked.or_else(|| self.strictly.as_ref()?.as_ref().err())
    }

    /// The public URL's answer, if it is one that NetBird and browsers would get too and cannot use. Silence, a server or
    /// proxy that is busy, and the certificate of a private CA may be otherwise where they are.
    pub fn wrong_public(&self) -> Option<&Trouble> {
        self.public_trouble().filter(|trouble| {
            !matches!(
                trouble.kind,
                Kind::Unreachable | Kind::Busy(_) | Kind::Tls(Handshake::Untrusted)
            )
        })
    }

    /// Whether the public URL answered nothing that could be right or wrong: no connection, or a server or proxy that is
    /// busy.
    pub fn is_silent(&self) -> bool {
        let trouble = match (&self.strictly, &self.public) {
            (Some(strictly), _) => strictly.as_ref().err(),
            (None, _) => self.public_trouble(),
        };
        matches!(trouble.map(|t| &t.kind), Some(Kind::Unreachable | Kind::Busy(_)))
    }
}
