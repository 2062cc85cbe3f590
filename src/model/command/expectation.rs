//! Which end of a command is a good one.

use super::argument::text;
use super::declared::expression;
use crate::model::decode::{field, only};
use crate::model::{Decode, Foretold, Param, Text, ValueType, tell};
use serde::de::Error;

/// The end that is expected.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Expectation {
    /// The exit statuses of a good end; 0 alone when none is said.
    pub status: Option<Vec<u16>>,
    /// A regular expression that must be found in what it printed.
    pub stdout: Option<Text>,
    /// A regular expression that must not be found there.
    pub not_stdout: Option<Text>,
    /// What it must have printed, white space around apart.
    pub equals: Option<Text>,
}

impl Expectation {
    /// Whether a command that ended with this status came to a good end.
    #[must_use]
    pub fn takes(&self, status: i32) -> bool {
        match &self.status {
            None => status == 0,
            Some(good) => good.iter().any(|good| i32::from(*good) == status),
        }
    }

    /// The good end in words: "ends with 0 or 3, and what it prints matches `ok`".
    #[must_use]
    pub fn told(&self) -> Text {
        let mut told = match &self.status {
            None => tell!("ends well"),
            Some(good) => tell!("ends with {}", good.iter().map(u16::to_string).collect::<Vec<_>>().join(" or ")),
        };
        for (expression, is) in [(&self.stdout, "matches"), (&self.not_stdout, "does not match"), (&self.equals, "is")]
        {
            if let Some(expression) = expression {
                told.push(&tell!(", and what it prints {} `{}`", is, *expression));
            }
        }
        told
    }

    /// Whether what it printed matters.
    #[must_use]
    pub fn reads_output(&self) -> bool {
        self.stdout.is_some() || self.not_stdout.is_some() || self.equals.is_some()
    }

    /// What is wrong with what it printed; nothing when it is as expected.
    #[must_use]
    pub fn misses(&self, printed: &str) -> Option<String> {
        let found = |of: &Text| expression(of.as_str()).is_ok_and(|regex| regex.is_match(printed));
        match (&self.stdout, &self.not_stdout, &self.equals) {
            (Some(wanted), _, _) if !found(wanted) => Some(format!("it did not print what matches `{wanted}`")),
            (_, Some(unwanted), _) if found(unwanted) => Some(format!("it printed what matches `{unwanted}`")),
            (_, _, Some(wanted)) if printed.trim() != wanted.as_str().trim() => {
                Some(format!("it did not print `{}`", wanted.as_str().trim()))
            }
            _ => None,
        }
    }
}

impl Decode for Expectation {
    fn decode(given: &Foretold) -> Result<Self, serde_json::Error> {
        only(given, &["status", "stdout", "not_stdout", "equals"])?;
        let it = Self {
            status: field(given, "status")?,
            stdout: text(given, "stdout")?,
            not_stdout: text(given, "not_stdout")?,
            equals: text(given, "equals")?,
        };
        if it.status.as_ref().is_some_and(|good| good.is_empty() || good.iter().any(|status| *status > 255)) {
            return Err(serde_json::Error::custom("`status` is a list of exit statuses, 0 to 255"));
        }
        for text in it.stdout.iter().chain(&it.not_stdout).filter_map(Text::known) {
            expression(text).map_err(serde_json::Error::custom)?;
        }
        Ok(it)
    }
}

impl Param for Expectation {
    fn value_type() -> ValueType {
        ValueType::Map
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(given: serde_json::Value) -> Result<Expectation, serde_json::Error> {
        Expectation::decode(&given.into())
    }

    #[test]
    fn without_more_zero_is_good() {
        assert!(Expectation::default().takes(0) && !Expectation::default().takes(1));
        let some = read(json!({ "status": [0, 3] })).unwrap();
        assert!(some.takes(3) && !some.takes(1) && !some.takes(-1));
    }

    #[test]
    fn a_good_end_is_told_whole() {
        assert_eq!(Expectation::default().told().as_str(), "ends well");
        let some = read(json!({ "status": [0, 3], "stdout": "^ok", "equals": "ok 5" })).unwrap();
        assert_eq!(
            some.told().as_str(),
            "ends with 0 or 3, and what it prints matches `^ok`, and what it prints is `ok 5`"
        );
    }

    #[test]
    fn output_is_judged_line_by_line() {
        let it = read(json!({ "stdout": "^ready$", "not_stdout": "(?i)error" })).unwrap();
        assert_eq!(it.misses("one\nready\n"), None);
        assert!(it.misses("not ready\n").unwrap().contains("^ready$"));
        assert!(it.misses("ready\nERROR 3\n").unwrap().contains("error"));
        let it = read(json!({ "equals": "4711" })).unwrap();
        assert_eq!((it.misses(" 4711\n"), it.reads_output()), (None, true));
        assert!(it.misses("47110\n").unwrap().contains("4711"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for odd in [
            json!({ "status": [] }),
            json!({ "status": [256] }),
            json!({ "status": 0 }),
            json!({ "stdout": "(" }),
            json!({ "output": "x" }),
        ] {
            assert!(read(odd.clone()).is_err(), "{odd}");
        }
    }
}
