//! Authentik's way to write durations.

/// Seconds of one of Authentik's durations, such as `hours=1;minutes=30`. Nothing where it cannot be read:
/// what is not understood is left alone.
pub fn seconds(text: &str) -> Option<u64> {
    let mut total = 0.0;
    for part in text.split(';').filter(|p| !p.trim().is_empty()) {
        let (unit, number) = part.split_once('=')?;
        let number: f64 = number.trim().parse().ok()?;
        total += number
            * match unit.trim() {
                "microseconds" => 1e-6,
                "milliseconds" => 1e-3,
                "seconds" => 1.0,
                "minutes" => 60.0,
                "hours" => 3_600.0,
                "days" => 86_400.0,
                "weeks" => 604_800.0,
                _ => return None,
            };
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    (!text.trim().is_empty()).then_some(total as u64)
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn authentiks_durations_are_read() {
        assert_eq!(seconds("minutes=10"), Some(600));
        assert_eq!(seconds("hours=1;minutes=30"), Some(5_400));
        assert_eq!(seconds("minutes=1"), Some(60));
        assert_eq!(seconds("fortnights=1"), None);
        assert_eq!(seconds(""), None);
    }
}
