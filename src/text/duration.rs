//! Durations for people, as the variables take them.

use std::time::Duration;

/// `5m`, `90s`, `1.5s`: whole minutes as minutes, everything else in seconds.
pub fn short(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match duration.subsec_nanos() {
        0 if seconds > 0 && seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        0 => format!("{seconds}s"),
        _ => format!("{:.1}s", duration.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_the_variables() {
        for (millis, text) in [(300_000, "5m"), (90_000, "90s"), (1_500, "1.5s"), (0, "0s")] {
            assert_eq!(short(Duration::from_millis(millis)), text);
        }
    }
}
