//! Points in time as Authentik's API writes them (RFC 3339).

use std::time::{Duration, SystemTime};

/// Reads `2026-11-25T10:00:00.5Z` or the same with an offset; nothing where it cannot be read.
pub fn parse(text: &str) -> Option<SystemTime> {
    let (date, clock) = text.split_once(['T', ' '])?;
    let numbers = |text: &str, mark| -> Option<Vec<i64>> {
        text.split(mark).map(|part| part.parse().ok()).collect()
    };
    let [year, month, day] = numbers(date, '-')?[..] else { return None };
    let (clock, offset) = match clock.find(['Z', 'z', '+', '-']) {
        Some(at) => clock.split_at(at),
        None => (clock, "Z"),
    };
    let whole = clock.split('.').next()?;
    let [hour, minute, second] = numbers(whole, ':')?[..] else { return None };
    let offset = match offset {
        "Z" | "z" => 0,
        signed => {
            let [hours, minutes] = numbers(signed.get(1..)?, ':')?[..] else { return None };
            let minutes = hours * 60 + minutes;
            if signed.starts_with('-') { -minutes } else { minutes }
        }
    };
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || !(1970..=9999).contains(&year) {
        return None;
    }
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + (minute - offset) * 60 + second;
    let since = Duration::from_secs(u64::try_from(seconds).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// Days from 1970-01-01 in the Gregorian calendar: years begin in March, so that the leap day is the last one.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        Some(parse(text)?.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs())
    }

    #[test]
    fn times_are_read_as_the_api_writes_them() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2024-02-29T12:30:15.123456Z"), Some(1_709_209_815));
        assert_eq!(seconds("2026-11-25T10:00:00+02:00"), Some(1_795_593_600));
        for wrong in ["", "tomorrow", "2026-11-25", "2026-13-01T00:00:00Z", "2026-11-25T10:00Z"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
