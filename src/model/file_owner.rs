//! Whose a file on a host is to be, and what they may do with it.

use super::decode::known;
use super::text::{TextError, shown};
use super::{Decode, Foretold, Tell, Text};
use serde::{Deserialize, Serialize};
use std::fmt;

checked_texts! {
    /// A user or a group of a host.
    Account: "a user's or group's name or number on the host, like `www-data` or `33`", account;
    /// A file's permissions.
    FileMode: "a file's permissions as three octal digits in quotes, like `\"0640\"`; no set-user-ID, set-group-ID or sticky bit",
        |t| { let digits = t.strip_prefix('0').filter(|rest| rest.len() == 3).unwrap_or(t); digits.len() == 3 && digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) };
}

/// What useradd(8) and its like give as a name, or a number.
fn account(text: &str) -> bool {
    let number = !text.is_empty() && text.len() <= 9 && text.bytes().all(|b| b.is_ascii_digit());
    let name = text.len() <= 32
        && text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    number || name
}

impl FileMode {
    /// The permissions as a number; nothing while they are not known.
    #[must_use]
    pub fn bits(&self) -> Option<u32> {
        u32::from_str_radix(self.as_str(), 8).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_are_judged() {
        for fits in ["644", "0640", "000"] {
            assert!(FileMode::fits(fits), "{fits}");
        }
        for odd in ["", "64", "4755", "1777", "00640", "0648", "u=rw", "-644"] {
            assert!(!FileMode::fits(odd), "{odd}");
        }
        assert_eq!(FileMode::try_from("0640".to_owned()).unwrap().bits(), Some(0o640));
        for fits in ["root", "www-data", "_apt", "33", "a.b"] {
            assert!(Account::fits(fits), "{fits}");
        }
        for odd in ["", "-", "-u", "a b", "a:b", "a/b", "1234567890", "3a"] {
            assert!(!Account::fits(odd), "{odd}");
        }
    }
}
