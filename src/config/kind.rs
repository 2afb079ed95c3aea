//! The kinds of NetBird that can be set up.

/// `SETUP_NETBIRD`: which NetBird it is, and so who issues its tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Authentik issues NetBird's tokens.
    Standalone,
    /// The provider inside the `management` image does, and Authentik is its connector.
    Embedded,
    /// The same inside the `netbird-server` image, where the connector is made over NetBird's API.
    Combined,
}

impl Kind {
    /// All of them.
    pub const ALL: &[Self] = &[Self::Standalone, Self::Embedded, Self::Combined];

    /// As the variable has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Standalone => "standalone",
            Self::Embedded => "embedded",
            Self::Combined => "combined",
        }
    }
}

/// `embedded or combined`.
pub fn names(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(" or ")
}
