//! Whose a file on a host is to be, what they may do with it, and the php that judges it.

use super::decode::known;
use super::text::{TextError, shown};
use super::{Decode, Foretold, HostPath, Tell, Text};
use serde::{Deserialize, Serialize};
use std::fmt;

checked_texts! {
    /// A user or a group of a host.
    Account: "a user's or group's name or number on the host, like `www-data` or `33`", account;
    /// A file's permissions.
    FileMode: "a file's permissions as three octal digits, like `0640` or `\"640\"` (which is a number without quotes); no set-user-ID, set-group-ID or sticky bit",
        |t| { let digits = t.strip_prefix('0').filter(|rest| rest.len() == 3).unwrap_or(t); digits.len() == 3 && digits.bytes().all(|b| (b'0'..=b'7').contains(&b)) };
    /// A host's php. It is run for a plan already, so it is one that only root can have put there.
    PhpProgram: "php's program: `php`, `php8.2`, or a path to it below `/usr` or `/opt`", php;
}

/// A name that the host's path has, or a place to which only root installs; in each case php's own name.
fn php(text: &str) -> bool {
    let (folder, name) = text.rsplit_once('/').map_or((None, text), |(folder, name)| (Some(folder), name));
    let is_php =
        name.strip_prefix("php").is_some_and(|version| version.bytes().all(|b| b.is_ascii_digit() || b == b'.'));
    let is_roots = |folder: &str| {
        HostPath::fits(folder)
            && ["/usr", "/opt"].iter().any(|top| folder.strip_prefix(top).is_some_and(|rest| rest.starts_with('/')))
    };
    is_php && folder.is_none_or(is_roots)
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
        for fits in
            ["php", "php8.2", "php82", "/usr/bin/php8.2", "/opt/remi/php82/root/usr/bin/php", "/usr/local/bin/php"]
        {
            assert!(PhpProgram::fits(fits), "{fits}");
        }
        for odd in [
            "",
            "sh",
            "evilphp",
            "php-x",
            "/srv/php",
            "/tmp/php",
            "/usr/../tmp/php",
            "./php",
            "/php",
            "/optional/php",
            "/usr/bin/sh",
        ] {
            assert!(!PhpProgram::fits(odd), "{odd}");
        }
        for fits in ["root", "www-data", "_apt", "33", "a.b"] {
            assert!(Account::fits(fits), "{fits}");
        }
        for odd in ["", "-", "-u", "a b", "a:b", "a/b", "1234567890", "3a"] {
            assert!(!Account::fits(odd), "{odd}");
        }
    }
}
