//! Values of arguments, from their texts. An error is one line that says how to write it.

use crate::model::{Acceptance, ChangeWindow, Pace, TimeSpan};
use std::time::Duration;

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".into()),
    }
}

pub(super) fn acceptance(text: &str) -> Result<Acceptance, String> {
    match text.split_once('=').map(|(id, reason)| (id.trim(), reason.trim())) {
        Some(("", _)) => Err("name the check: CHECK=\"why you accept it\"".into()),
        None | Some((_, "")) => Err("say why: CHECK=\"why you accept it\"".into()),
        Some((id, reason)) => {
            let reason = reason.split_whitespace().collect::<Vec<_>>().join(" ");
            Ok(Acceptance { id: id.to_owned(), reason })
        }
    }
}

pub(super) fn account(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account's id has twelve digits".into()),
    }
}

pub(super) fn key(text: &str) -> Result<String, String> {
    match text.starts_with("arn:") && text.contains(":kms:") && text.contains(":key/") {
        true => Ok(text.to_owned()),
        false => Err("write the key's ARN, `arn:aws:kms:REGION:ACCOUNT:key/ID` (not an alias)".into()),
    }
}

pub(super) fn principal(text: &str) -> Result<String, String> {
    let resource = text.strip_prefix("arn:").and_then(|rest| rest.split_once(":iam::"));
    match resource.is_some_and(|(_, rest)| rest.contains(":user/") || rest.contains(":role/")) {
        true => Ok(text.to_owned()),
        false => Err("write the ARN of a user or role, `arn:aws:iam::ACCOUNT:role/NAME`".into()),
    }
}

pub(super) fn age(text: &str) -> Result<Duration, String> {
    let wrong = "write it like 90m, 36h or 7d";
    let unit = text.chars().last().ok_or(wrong)?;
    let number: u64 = text[..text.len() - unit.len_utf8()].parse().map_err(|_| wrong)?;
    let seconds = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return Err(wrong.into()),
    };
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(|| wrong.into())
}

/// A duration as a runbook writes it.
pub(super) fn time_span(text: &str) -> Result<Duration, String> {
    let span = TimeSpan::parse(text).ok_or("write it like 90s, 10m or 1h30m")?;
    Ok(Duration::from_millis(span.ms()))
}

/// A window, of each day.
pub(super) fn window(text: &str) -> Result<ChangeWindow, String> {
    ChangeWindow::parse(text).ok_or_else(|| format!("write {}", ChangeWindow::EXPECTED))
}

/// A limit that is set anew, or lifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Lifted<T> {
    None,
    To(T),
}

pub(super) fn lifted_window(text: &str) -> Result<Lifted<ChangeWindow>, String> {
    if text == "none" {
        Ok(Lifted::None)
    } else {
        window(text).map(Lifted::To).map_err(|why| format!("{why}, or `none`"))
    }
}

pub(super) fn lifted_time_span(text: &str) -> Result<Lifted<Duration>, String> {
    if text == "none" {
        Ok(Lifted::None)
    } else {
        time_span(text).map(Lifted::To).map_err(|why| format!("{why}, or `none`"))
    }
}

/// How many times faster than meant waits go.
pub(super) fn faster(text: &str) -> Result<Pace, String> {
    text.parse().ok().and_then(Pace::times).ok_or_else(|| format!("write a whole number from 1 to {}", Pace::MOST))
}

/// The time between two looks, in `ms`, `s` or `m`: never so short that AWS would be asked without a pause.
/// The least and the most time between two looks.
pub(in crate::cli) const POLL_INTERVALS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(3600));

pub(super) fn poll_interval(text: &str) -> Result<Duration, String> {
    const WRONG: &str = "write it like 10s or 500ms, from 50ms to 60m";
    let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..at].parse().map_err(|_| WRONG)?;
    let unit = match &text[at..] {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        _ => return Err(WRONG.into()),
    };
    let (least, most) = POLL_INTERVALS;
    let given = number.checked_mul(unit).map(Duration::from_millis);
    given.filter(|given| (least..=most).contains(given)).ok_or_else(|| WRONG.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_between_looks_is_neither_nothing_nor_without_end() {
        assert_eq!(poll_interval("50ms"), Ok(Duration::from_millis(50)));
        assert_eq!(poll_interval("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(poll_interval("60m"), Ok(Duration::from_secs(3_600)));
        for text in [
            "0s",
            "0ms",
            "49ms",
            "61m",
            "10",
            "s",
            "",
            "1h",
            "-1s",
            "1.5s",
            "18446744073709551615m",
            "99999999999999999999s",
        ] {
            assert!(poll_interval(text).is_err(), "{text}");
        }
    }
}
