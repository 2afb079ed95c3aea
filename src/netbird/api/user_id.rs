//! What the id of somebody who logged in through a connector is made of: Dex's base64 of a message with two texts, the
//! subject at the connector and the connector's id.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Dex writes the URL alphabet without padding, NetBird's own encoder the standard one: both are read.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Subject and connector of an id; nothing if it is none of this kind.
pub fn parts(id: &str) -> Option<(String, String)> {
    let engine = |alphabet| GeneralPurpose::new(alphabet, LENIENT);
    let bytes = engine(&URL_SAFE).decode(id).or_else(|_| engine(&STANDARD).decode(id)).ok()?;
    let (subject, rest) = field(&bytes, 1)?;
    let (connector, rest) = field(rest, 2)?;
    rest.is_empty().then_some((subject, connector))
}

/// A text of a protobuf message, at its beginning, and what follows it: tag, length, bytes.
fn field(bytes: &[u8], number: u8) -> Option<(String, &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    // Wire type 2: with a length before it.
    if *tag != number << 3 | 2 {
        return None;
    }
    let (length, rest) = varint(rest)?;
    let (text, rest) = rest.split_at_checked(length)?;
    Some((String::from_utf8(text.to_vec()).ok()?, rest))
}

/// A length, seven bits a byte from the low end. Two bytes are longer than any subject.
fn varint(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [low, rest @ ..] if *low < 0x80 => Some((usize::from(*low), rest)),
        [low, high, rest @ ..] if *high < 0x80 => {
            Some((usize::from(*low & 0x7f) | usize::from(*high) << 7, rest))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_real_servers_are_taken_apart() {
        for (id, subject, connector) in [
            ("CgE2EglhdXRoZW50aWs", "6", "authentik"),
            ("CgIxMhIJYXV0aGVudGlr", "12", "authentik"),
            (
                "CgE2Eh5hdXRoZW50aWstZGMzaDhhdHFtZDJzdHNwMmMybTA",
                "6",
                "authentik-dc3h8atqmd2stsp2c2m0",
            ),
            (
                "CiRhNzczYWY4MS1iYmJmLTQ5MmQtYWJiNS1lZjRjNzZjMTg4ZGQSBWxvY2Fs",
                "a773af81-bbbf-492d-abb5-ef4c76c188dd",
                "local",
            ),
        ] {
            assert_eq!(parts(id), Some((subject.to_owned(), connector.to_owned())), "{id}");
        }
    }

    #[test]
    fn other_ids_are_not() {
        for id in ["", "6", "7", "a3c1", "not base64 !", "CgE2", "3d568665408d0dbc5c351b0a5db7a907"]
        {
            assert_eq!(parts(id), None, "{id}");
        }
    }
}
