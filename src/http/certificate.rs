//! When a peer's certificate ends: the most common way in which a login that works breaks by itself. The libraries judge
//! certificates and do not tell, so the one field is read here (RFC 5280, 4.1).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// `notAfter` of a certificate in DER; nothing if it cannot be read, or lies before 1970.
pub fn ends(der: &[u8]) -> Option<SystemTime> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut fields, _) = element(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        fields = skip(fields)?;
    }
    // The serial number, the signature's algorithm, the issuer.
    for _ in 0..3 {
        fields = skip(fields)?;
    }
    let (validity, _) = element(fields, SEQUENCE)?;
    let not_after = skip(validity)?;
    let (text, _) = any(not_after)?;
    match *not_after.first()? {
        UTC_TIME => {
            // RFC 5280, 4.1.2.5.1: two digits of a year are of 1950 to 2049.
            let year = number(text.get(..2)?)?;
            time(if year < 50 { 2000 + year } else { 1900 + year }, text.get(2..)?)
        }
        GENERALIZED_TIME => time(number(text.get(..4)?)?, text.get(4..)?),
        _ => None,
    }
}

/// The content of the first element, and what follows it.
fn any(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (first, rest) = der.get(1..)?.split_first()?;
    let (length, rest) = match *first {
        short @ 0..=0x7f => (usize::from(short), rest),
        // Certificates are far smaller than what three bytes can say.
        long @ 0x81..=0x83 => {
            let (bytes, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    any(der).filter(|_| der.first() == Some(&tag))
}

fn skip(der: &[u8]) -> Option<&[u8]> {
    any(der).map(|(_, rest)| rest)
}

fn number(digits: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(digits).ok()?;
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok())?
}

/// `MMDDHHMMSSZ` of that year. Years have 365.2425 days on average, counted here from March on, so that the day of leap
/// years is the last one.
fn time(year: u64, text: &[u8]) -> Option<SystemTime> {
    let [digits @ .., b'Z'] = text else { return None };
    let mut parts = digits.chunks(2).map(number);
    let mut part = || parts.next().flatten();
    let (month, day, hours, minutes, seconds) = (part()?, part()?, part()?, part()?, part()?);
    if digits.len() != 10 || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let (year, month) =
        if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    // From 1 March of the year 0 to 1 January 1970.
    let days = days.checked_sub(719_468)?;
    let seconds = days * 86_400 + hours * 3_600 + minutes * 60 + seconds;
    UNIX_EPOCH.checked_add(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        let unix = |year, text: &str| {
            Some(time(year, text.as_bytes())?.duration_since(UNIX_EPOCH).unwrap().as_secs())
        };
        assert_eq!(unix(1970, "0101000000Z"), Some(0));
        assert_eq!(unix(1999, "0228120001Z"), Some(920_203_201));
        assert_eq!(unix(2024, "0229000000Z"), Some(1_709_164_800));
        assert_eq!(unix(2049, "1231235959Z"), Some(2_524_607_999));
        assert_eq!(unix(4096, "0101000000Z"), Some(67_090_118_400));
        for wrong in
            ["", "Z", "0101000000", "1301000000Z", "01010000Z", "010100000000Z", "0a01000000Z"]
        {
            assert_eq!(unix(2024, wrong), None, "{wrong}");
        }
        assert_eq!(unix(1969, "1231235959Z"), None);
    }

    #[test]
    fn every_public_root_says_when_it_ends() {
        let year_2020 = UNIX_EPOCH + Duration::from_secs(1_577_836_800);
        let year_2060 = UNIX_EPOCH + Duration::from_secs(2_840_140_800);
        for der in webpki_root_certs::TLS_SERVER_ROOT_CERTS {
            let ends = ends(der).unwrap();
            assert!(ends > year_2020 && ends < year_2060, "{ends:?}");
        }
    }

    #[test]
    fn a_damaged_certificate_is_no_certificate() {
        let whole: &[u8] = &webpki_root_certs::TLS_SERVER_ROOT_CERTS[0];
        for length in 0..whole.len() {
            assert_eq!(ends(&whole[..length]), None, "the outermost length is wrong");
        }
        for at in 0..whole.len() {
            let mut damaged = whole.to_vec();
            damaged[at] ^= 0xff;
            let _ = ends(&damaged);
        }
    }
}
