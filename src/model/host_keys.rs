//! A host's pinned keys as ssh knows them.

use super::decode::known;
use super::text::{HostName, TextError, shown};
use super::{Decode, Foretold, Tell, Text};
use serde::{Deserialize, Serialize};
use std::fmt;

checked_texts! {
    /// The public keys that are pinned for a host.
    HostKeys: "host keys, `type base64` or `@cert-authority name type base64` a line", fits;
}

/// What stands before a line of known_hosts that is about more than one host's key (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
const MARKERS: &[&str] = &["@cert-authority", "@revoked"];

/// Whether a text is one: lines `type base64` of keys, `@cert-authority name type base64` of an authority that vouches for the
/// host by this name, `@revoked name type base64` of a key that it does not vouch for any more.
fn fits(text: &str) -> bool {
    text.split('\n').all(|line| match line.split(' ').collect::<Vec<_>>().as_slice() {
        [kind, key] => key_fits(kind, key),
        [marker, name, kind, key] => MARKERS.contains(marker) && HostName::fits(name) && key_fits(kind, key),
        _ => false,
    })
}

fn key_fits(kind: &str, key: &str) -> bool {
    let all = |text: &str, extra: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || extra.contains(c))
    };
    all(kind, "-@.") && !kind.starts_with('@') && all(key, "+/=")
}

impl HostKeys {
    /// The name under which ssh looks for the host's keys: the authority's, else the target's own.
    #[must_use]
    pub fn name<'a>(&'a self, own: &'a str) -> &'a str {
        let authority = |line: &'a str| line.strip_prefix("@cert-authority ")?.split(' ').next();
        self.as_str().lines().find_map(authority).unwrap_or(own)
    }

    /// The lines of a known_hosts file that knows these keys and no others.
    #[must_use]
    pub fn known_hosts(&self, own: &str) -> String {
        let name = self.name(own);
        let line = |line: &str| if line.starts_with('@') { format!("{line}\n") } else { format!("{name} {line}\n") };
        self.as_str().lines().map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_cannot_bring_other_lines_along() {
        for good in
            ["ssh-ed25519 AAAA", "ssh-ed25519 AAAA\nssh-rsa BB+/==", "@cert-authority web.example.org ssh-rsa AA"]
        {
            assert!(fits(good), "{good}");
        }
        for bad in [
            "",
            "AAAA",
            "ssh-rsa AA\n",
            "ssh-rsa AA x",
            "ssh-rsa AA\r",
            "@cert-authority * ssh-rsa AA",
            "@other web ssh-rsa AA",
            "x ssh-rsa\tAA",
        ] {
            assert!(!fits(bad), "{bad:?}");
        }
    }

    #[test]
    fn an_authority_keeps_its_name() {
        let plain = HostKeys::try_from("ssh-rsa AA\nssh-ed25519 BB".to_owned()).unwrap();
        assert_eq!(plain.known_hosts("i-1"), "i-1 ssh-rsa AA\ni-1 ssh-ed25519 BB\n");
        let text = "@cert-authority web ssh-rsa CA\n@revoked web ssh-rsa RR".to_owned();
        let authority = HostKeys::try_from(text.clone()).unwrap();
        assert_eq!((authority.name("i-1"), authority.known_hosts("i-1")), ("web", format!("{text}\n")));
    }
}
