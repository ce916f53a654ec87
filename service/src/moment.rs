//! Moments: unix seconds in files, RFC 3339 for people.

use humantime::parse_rfc3339_weak;
use std::time::{SystemTime, UNIX_EPOCH};

/// Unix time in seconds, against which ends are judged.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// `2027-01-31T12:00:00Z`, `2027-01-31` for its last second, or unix seconds.
///
/// # Errors
/// Anything else.
pub fn parse(text: &str) -> Result<u64, String> {
    if let Ok(seconds) = text.parse() {
        return Ok(seconds);
    }
    let whole = match text.len() {
        10 => format!("{text}T23:59:59Z"),
        _ => text.to_owned(),
    };
    let moment =
        parse_rfc3339_weak(&whole).map_err(|_| "a date, as in 2027-01-31 or 2027-01-31T12:00:00Z, or unix seconds")?;
    let since = moment.duration_since(UNIX_EPOCH).map_err(|_| "a date after 1970")?;
    Ok(since.as_secs())
}

pub use provenn_verifier::text::moment as shown;

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed test may panic")]
mod tests {
    use super::*;
    use humantime::format_rfc3339_seconds;
    use std::time::Duration;

    #[test]
    fn dates_are_read_as_they_are_shown() {
        // To the last second of the year 9999: each day at another time of it.
        for seconds in (0..253_402_300_800).step_by(86_399).chain([253_402_300_799]) {
            let moment = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(shown(seconds), format_rfc3339_seconds(moment).to_string());
        }
        for seconds in [0, 1, 951_782_400, 1_893_456_000] {
            assert_eq!(parse(&shown(seconds)).unwrap(), seconds);
            assert_eq!(parse(&seconds.to_string()).unwrap(), seconds);
        }
        assert_eq!(shown(1_893_456_000), "2030-01-01T00:00:00Z");
        assert_eq!(parse("2029-12-31").unwrap(), 1_893_455_999);
        assert_eq!(parse("2029-12-31 23:59:59").unwrap(), 1_893_455_999);
        assert_eq!(shown(u64::MAX), format!("{} (unix seconds)", u64::MAX));
    }

    #[test]
    fn other_text_is_no_moment() {
        for bad in [
            "",
            "-1",
            "1.5",
            "tomorrow",
            "2029-13-01",
            "2029-1-1",
            "1969-12-31",
            "31.12.2029",
            "2029-12-31T25:00:00Z",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
