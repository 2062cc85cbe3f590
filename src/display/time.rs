//! Points in time and durations as texts. Everything is UTC: operators of one cutover sit in several places.

use crate::model::Millis;
use jiff::Timestamp;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60;
const HOUR: i64 = 3_600;

/// A duration in milliseconds: `0.4 s`, `42 s`, `2:13`, `1:02:13`. A negative one counts as none.
#[must_use]
pub fn duration(ms: Millis) -> String {
    let ms = ms.max(0);
    let s = ms / SECOND;
    match s {
        0..10 if ms % SECOND < 100 => format!("{s} s"),
        0..10 => format!("{s}.{} s", ms % SECOND / 100),
        10..MINUTE => format!("{s} s"),
        MINUTE..HOUR => format!("{}:{:02}", s / MINUTE, s % MINUTE),
        _ => format!("{}:{:02}:{:02}", s / HOUR, s % HOUR / MINUTE, s % MINUTE),
    }
}

/// So many milliseconds without what is less than a second.
pub(in crate::display) fn whole(ms: Millis) -> Millis {
    ms - ms.rem_euclid(1_000)
}

/// A duration in seconds that is only roughly known: `35 s`, `7 min`, `1 h 20 min`.
#[must_use]
pub fn rough(seconds: u64) -> String {
    let minutes = seconds.saturating_add(30) / 60;
    match (seconds, minutes) {
        (0..100, _) => format!("{seconds} s"),
        (_, 0..60) => format!("{minutes} min"),
        (_, _) if minutes.is_multiple_of(60) => format!("{} h", minutes / 60),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}

/// The time of the day, `17:45:02`.
#[must_use]
pub fn clock(at: Millis) -> String {
    let s = at.div_euclid(SECOND).rem_euclid(24 * HOUR);
    format!("{:02}:{:02}:{:02}", s / HOUR, s % HOUR / MINUTE, s % MINUTE)
}

/// Date and time of the day, `2026-11-23 17:45:02`.
#[must_use]
pub fn date_time(at: Millis) -> String {
    timestamp(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// RFC 3339 with milliseconds, `2026-11-23T17:45:02.118Z`: what JSON has.
#[must_use]
pub fn rfc3339(at: Millis) -> String {
    timestamp(at).strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

/// A time no calendar has becomes the nearest one that it has.
fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_change_their_form_with_their_length() {
        let cases =
            [(-5, "0 s"), (4_000, "4 s"), (430, "0.4 s"), (9_999, "9.9 s"), (42_900, "42 s"), (133_000, "2:13")];
        for (ms, text) in cases {
            assert_eq!(duration(ms), text);
        }
        assert_eq!(duration(3_733_000), "1:02:13");
        assert_eq!(
            (rough(35), rough(420), rough(4_800), rough(7_200)),
            ("35 s".into(), "7 min".into(), "1 h 20 min".into(), "2 h".into())
        );
    }

    #[test]
    fn times_are_utc_and_odd_ones_do_not_break() {
        let at = 1_795_455_902_118;
        assert_eq!(clock(at), "17:45:02");
        assert_eq!(date_time(at), "2026-11-23 17:45:02");
        assert_eq!(rfc3339(at), "2026-11-23T17:45:02.118Z");
        assert_eq!(clock(-1_000), "23:59:59");
        assert!(rfc3339(i64::MAX).starts_with("9999-"));
        assert!(!date_time(i64::MIN).is_empty());
    }
}
