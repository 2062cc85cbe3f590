//! The window in which a run may change anything: a part of each day, as an operator types it, and the one of a certain day.

use super::{Millis, TextError};
use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A part of each day, in a time zone: `02:00-04:00 Europe/Berlin`. One that ends before it begins goes over midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ChangeWindow {
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// One window, of a certain day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WindowSpan {
    /// When it begins.
    pub begins: Millis,
    /// When it ends.
    pub ends: Millis,
}

impl ChangeWindow {
    /// What is accepted, as an error message says it.
    pub const EXPECTED: &'static str =
        "a part of the day like `02:00-04:00`, in another time zone than this machine's `02:00-04:00 Europe/Berlin`";

    /// Reads one; without a time zone in that of this machine.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (times, zone) = match text.trim().split_once(' ') {
            Some((times, zone)) => (times, named(zone.trim())?),
            None => (text.trim(), TimeZone::system()),
        };
        let (from, to) = times.split_once('-')?;
        let (from, to) = (time(from)?, time(to)?);
        (from != to).then_some(Self { from, to, zone })
    }

    /// The window that is open at this time, else the next one.
    #[must_use]
    pub fn at(&self, now: Millis) -> WindowSpan {
        let today = timestamp(now).to_zoned_datetime(self.zone.clone());
        let days = [today.checked_sub(1.day()), Ok(today.clone()), today.checked_add(1.day())];
        let spans = days.into_iter().filter_map(|day| self.of(&day.ok()?));
        spans
            .filter(|span| span.ends > now)
            .min_by_key(|span| span.begins)
            .unwrap_or(WindowSpan { begins: now, ends: now })
    }

    /// How long it is where no hour is left out or comes twice, in seconds.
    #[must_use]
    pub fn length_s(&self) -> u64 {
        const DAY: i64 = 86_400;
        let second =
            |time: Time| i64::from(time.hour()) * 3_600 + i64::from(time.minute()) * 60 + i64::from(time.second());
        u64::try_from((second(self.to) - second(self.from)).rem_euclid(DAY)).unwrap_or_default()
    }

    /// The one that begins on a day.
    fn of(&self, day: &ZonedDateTime) -> Option<WindowSpan> {
        let last = if self.to > self.from { day.date() } else { day.date().tomorrow().ok()? };
        let at = |date: jiff::civil::Date, time| {
            Some(date.to_datetime(time).to_zoned_datetime(self.zone.clone()).ok()?.timestamp())
        };
        let (begins, ends) = (at(day.date(), self.from)?, at(last, self.to)?);
        (begins < ends).then(|| WindowSpan { begins: begins.as_millisecond(), ends: ends.as_millisecond() })
    }

    fn zone_name(&self) -> String {
        let fixed = || self.zone.to_fixed_offset().map_or_else(|_| "UTC".to_owned(), |offset| offset.to_string());
        self.zone.iana_name().map_or_else(fixed, str::to_owned)
    }
}

impl WindowSpan {
    /// Whether it is open.
    #[must_use]
    pub fn is_open(&self, now: Millis) -> bool {
        self.begins <= now && now < self.ends
    }

    /// How long it is from then on, in seconds.
    #[must_use]
    pub fn left_s(&self, now: Millis) -> u64 {
        u64::try_from(self.ends.saturating_sub(now.max(self.begins)) / 1_000).unwrap_or_default()
    }
}

/// A time zone by its name in the IANA's database, or by its distance from UTC.
fn named(zone: &str) -> Option<TimeZone> {
    if zone.eq_ignore_ascii_case("utc") {
        return Some(TimeZone::UTC);
    }
    match zone.starts_with(['+', '-']) {
        true => Some(TimeZone::fixed(
            jiff::fmt::temporal::DateTimeParser::new().parse_time_zone(zone).ok()?.to_fixed_offset().ok()?,
        )),
        false => TimeZone::get(zone).ok(),
    }
}

/// `02:00`, or `02:00:30`.
fn time(text: &str) -> Option<Time> {
    let parts: Vec<&str> = text.trim().split(':').collect();
    let number = |part: &&str| (part.len() == 2).then(|| part.parse::<i8>().ok()).flatten();
    let numbers: Vec<i8> = parts.iter().map(number).collect::<Option<_>>()?;
    match numbers.as_slice() {
        [h, m] => Time::new(*h, *m, 0, 0).ok(),
        [h, m, s] => Time::new(*h, *m, *s, 0).ok(),
        _ => None,
    }
}

fn timestamp(at: Millis) -> Timestamp {
    Timestamp::from_millisecond(at).unwrap_or(if at < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

impl fmt::Display for ChangeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = |time: Time| match time.second() {
            0 => time.strftime("%H:%M").to_string(),
            _ => time.strftime("%H:%M:%S").to_string(),
        };
        write!(f, "{}-{} {}", told(self.from), told(self.to), self.zone_name())
    }
}

impl TryFrom<String> for ChangeWindow {
    type Error = TextError;
    fn try_from(text: String) -> Result<Self, TextError> {
        Self::parse(&text).ok_or(TextError { found: text, expected: Self::EXPECTED })
    }
}

impl From<ChangeWindow> for String {
    fn from(window: ChangeWindow) -> Self {
        window.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Millis {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[test]
    fn the_one_that_is_open_or_the_next_is_found() {
        let berlin = ChangeWindow::parse("02:00-04:00 Europe/Berlin").unwrap();
        let span = |begins, ends| WindowSpan { begins: at(begins), ends: at(ends) };
        let night = span("2026-11-28T01:00:00Z", "2026-11-28T03:00:00Z");
        for now in ["2026-11-27T12:00:00Z", "2026-11-28T01:00:00Z", "2026-11-28T02:59:59Z"] {
            assert_eq!(berlin.at(at(now)), night, "{now}");
        }
        assert_eq!(berlin.at(at("2026-11-28T03:00:00Z")), span("2026-11-29T01:00:00Z", "2026-11-29T03:00:00Z"));
        assert!(night.is_open(at("2026-11-28T01:00:00Z")) && !night.is_open(at("2026-11-28T03:00:00Z")));
        assert_eq!(
            (night.left_s(at("2026-11-28T02:00:00Z")), night.left_s(at("2026-11-27T00:00:00Z"))),
            (3_600, 7_200)
        );
        let over = ChangeWindow::parse("23:00-01:30 UTC").unwrap();
        let open = span("2026-11-28T23:00:00Z", "2026-11-29T01:30:00Z");
        assert_eq!(over.at(at("2026-11-29T00:30:00Z")), open);
        assert_eq!(over.at(at("2026-11-28T12:00:00Z")), open);
    }

    /// The night in which an hour comes twice is an hour longer, and the one that lacks one an hour shorter.
    #[test]
    fn it_is_as_long_as_that_night_is() {
        let berlin = ChangeWindow::parse("01:00-04:00 Europe/Berlin").unwrap();
        let hours = |now| berlin.at(at(now)).left_s(0) / 3_600;
        assert_eq!(
            (hours("2026-10-24T22:00:00Z"), hours("2026-03-28T22:00:00Z"), hours("2026-07-01T00:00:00Z")),
            (4, 2, 3)
        );
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        for text in ["02:00-04:00 Europe/Berlin", "23:30-00:15 UTC", "02:00:30-02:01 +02"] {
            let window = ChangeWindow::parse(text).unwrap();
            assert_eq!(window.to_string(), text);
            let stored = serde_json::to_string(&window).unwrap();
            assert_eq!(serde_json::from_str::<ChangeWindow>(&stored).unwrap(), window);
        }
        assert!(ChangeWindow::parse("02:00-04:00").is_some(), "in this machine's time zone");
        for wrong in ["", "02:00", "2:00-4:00", "02:00-02:00 UTC", "25:00-26:00", "02:00-04:00 Europe/Berlni", "02-04"]
        {
            assert!(ChangeWindow::parse(wrong).is_none(), "{wrong}");
        }
    }
}
