//! Whom to tell of what, and how.

use super::Occasion;
use crate::model::SecretRef;
use serde::Deserialize;
use std::fmt;

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Receiver {
    /// Of what; never empty.
    pub on: Vec<Occasion>,
    /// How.
    pub way: Channel,
}

/// How somebody is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Channel {
    /// A program with its arguments; the notice is on its standard input.
    Command(Vec<String>),
    /// A POST to this address.
    Webhook(String),
    /// The same to an address that is a secret.
    SecretWebhook(SecretRef),
}

/// As it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    on: Option<Vec<Occasion>>,
    command: Option<Vec<String>>,
    webhook: Option<Webhook>,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "expected an address, or `{ env = \"NAME\" }` or `{ command = [...] }` for one that is a secret"
)]
enum Webhook {
    Plain(String),
    Secret(SecretRef),
}

impl TryFrom<Written> for Receiver {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let way = match (written.command, written.webhook) {
            (Some(argv), None) if argv.first().is_some_and(|program| !program.is_empty()) => Channel::Command(argv),
            (Some(_), None) => return Err("a `command` needs at least a program".to_owned()),
            (None, Some(Webhook::Plain(url))) if crate::model::Url::fits(&url) => Channel::Webhook(url),
            (None, Some(Webhook::Plain(_))) => {
                return Err(format!("the `webhook` is no address: expected {}", crate::model::Url::EXPECTED));
            }
            (None, Some(Webhook::Secret(secret))) => Channel::SecretWebhook(secret),
            _ => return Err("a receiver has either a `command` or a `webhook`".to_owned()),
        };
        let on = written.on.unwrap_or_else(|| Occasion::ALL.to_vec());
        if on.is_empty() {
            return Err("`on` is empty: leave it out for every occasion".to_owned());
        }
        Ok(Self { on, way })
    }
}

impl fmt::Display for Channel {
    /// Of an address scheme and host alone: the rest may be the key to it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Channel::Command(argv) => write!(f, "command `{}`", argv.first().map_or("", String::as_str)),
            Channel::Webhook(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
                let host = rest.split(['/', '?', '#']).next().unwrap_or(rest);
                let host = host.rsplit('@').next().unwrap_or(host);
                write!(f, "webhook {scheme}://{host}")
            }
            Channel::SecretWebhook(secret) => write!(f, "webhook, its address from {secret}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_receiver_has_one_way_and_its_occasions() {
        let read = |it: serde_json::Value| serde_json::from_value::<Receiver>(it);
        let all = read(json!({ "command": ["page", "web"] })).unwrap();
        assert_eq!((all.on.len(), all.way.to_string().as_str()), (6, "command `page`"));
        let hook = read(json!({ "on": ["rest"], "webhook": "https://me:pw@hooks.example.org/T0/secret?x" })).unwrap();
        assert_eq!(hook.way.to_string(), "webhook https://hooks.example.org");
        let secret = read(json!({ "webhook": { "env": "HOOK" } })).unwrap();
        assert!(matches!(secret.way, Channel::SecretWebhook(_)));
        for odd in [
            json!({}),
            json!({ "command": [] }),
            json!({ "command": ["a"], "webhook": "https://a.example/" }),
            json!({ "webhook": "slack" }),
            json!({ "command": ["a"], "on": [] }),
            json!({ "command": ["a"], "on": ["end"] }),
            json!({ "command": ["a"], "when": ["rest"] }),
        ] {
            assert!(read(odd.clone()).is_err(), "{odd}");
        }
    }
}
