//! Time as the server sees it: the machine's clock, moved by what a test asks for.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, moved by `offset`.
#[must_use]
pub fn now(offset: i64) -> i64 {
    let real = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(real.as_secs()).unwrap_or(i64::MAX) + offset
}

/// The value of a Date header.
#[must_use]
pub fn http_date(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since)
}

/// The form times have in JSON.
#[must_use]
pub fn iso(seconds: i64) -> String {
    let days = seconds.div_euclid(86_400);
    let rest = seconds.rem_euclid(86_400);
    let (year, month, day) = civil(days);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.000000Z",
        rest / 3600,
        rest / 60 % 60,
        rest % 60
    )
}

/// Seconds since 1970 of a time in the form `iso` writes; anything else is no time.
#[must_use]
pub fn parse_iso(text: &str) -> Option<i64> {
    let part = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (part(0..4)?, part(5..7)?, part(8..10)?);
    let (hour, minute, second) = (part(11..13)?, part(14..16)?, part(17..19)?);
    // Days before a year and month, counted from March, so that the leap day comes last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days =
        365 * y + y.div_euclid(4) - y.div_euclid(100) + y.div_euclid(400) + (153 * m + 2) / 5 + day
            - 719_469;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}

fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Seconds of a lifetime such as `hours=1;minutes=30`.
#[must_use]
pub fn lifetime(text: &str) -> i64 {
    text.split([';', ','])
        .filter_map(|part| {
            let (unit, amount) = part.trim().split_once('=')?;
            let amount: i64 = amount.trim().parse().ok()?;
            Some(
                amount
                    * match unit.trim() {
                        "weeks" => 604_800,
                        "days" => 86_400,
                        "hours" => 3600,
                        "minutes" => 60,
                        "seconds" => 1,
                        _ => 0,
                    },
            )
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_writing_and_reading() {
        for seconds in [0, 951_782_400, 1_795_449_846, 4_102_444_799] {
            assert_eq!(parse_iso(&iso(seconds)), Some(seconds));
        }
        assert_eq!(iso(1_795_449_846), "2026-11-23T16:04:06.000000Z");
        assert_eq!(parse_iso("soon"), None);
    }

    #[test]
    fn lifetimes_add_up() {
        assert_eq!(lifetime("hours=1;minutes=30"), 5400);
        assert_eq!(lifetime("days=30"), 2_592_000);
    }
}
