//! The names of what the lab gives: `${host.NAME.address}` and the like, in the texts of a world file.
//!
//! A name has a dot in it or is one of a few words, so that a shell's own `${VARIABLE}` is none of them.

use super::file::World;
use super::secrets::Secrets;
use crate::rehearsal::emulator::account::SeededAccount;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// What each name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorldNames(BTreeMap<String, String>);

impl WorldNames {
    /// What the lab has given a world.
    pub(in crate::rehearsal) fn of(
        account: &SeededAccount,
        secrets: &Secrets,
        (home, nextcloud): (&Path, &str),
    ) -> Self {
        let mut all = BTreeMap::new();
        let mut put = |name: String, value: &dyn ToString| {
            all.insert(name, value.to_string());
        };
        put("region".to_owned(), &account.region);
        put("account".to_owned(), &account.account);
        put("vpc".to_owned(), &account.vpc);
        put("home".to_owned(), &home.display());
        put("nextcloud.version".to_owned(), &nextcloud);
        for (letter, id) in &account.subnets {
            put(format!("subnet.{letter}"), id);
        }
        for (name, host) in &account.hosts {
            put(format!("host.{name}.address"), &host.address);
            put(format!("host.{name}.instance"), &host.instance);
            if let Some(public) = host.public.filter(|_| host.allocation.is_some()) {
                put(format!("host.{name}.public"), &public);
            }
        }
        for (name, endpoint) in &account.databases {
            put(format!("database.{name}.endpoint"), endpoint);
        }
        for (name, balancer) in &account.balancers {
            put(format!("balancer.{name}.arn"), &balancer.arn);
            put(format!("balancer.{name}.dns_name"), &balancer.dns_name);
            put(format!("balancer.{name}.target_group"), &balancer.target_group);
        }
        for (name, arn) in &account.certificates {
            put(format!("certificate.{name}.arn"), arn);
        }
        for (name, id) in &account.zones {
            put(format!("zone.{name}.id"), id);
        }
        for (name, id) in &account.groups {
            put(format!("group.{name}.id"), id);
        }
        for (name, value) in secrets.all() {
            put(format!("secret.{name}"), value);
        }
        Self(all)
    }

    /// Values of the right form for each name, where there is no lab yet.
    #[must_use]
    pub fn stand_ins(world: &World) -> Self {
        let arn = |service: &str, what: &str| format!("arn:aws:{service}:us-east-1:123456789012:{what}");
        let group = arn("elasticloadbalancing", "targetgroup/web/0123456789abcdef");
        let mut all = vec![
            ("region".to_owned(), world.region().to_owned()),
            ("account".to_owned(), "123456789012".to_owned()),
            ("vpc".to_owned(), "vpc-0123456789abcdef0".to_owned()),
            ("home".to_owned(), "/home".to_owned()),
            ("nextcloud.version".to_owned(), "30.0.0".to_owned()),
            ("subnet.a".to_owned(), "subnet-0123456789abcdef0".to_owned()),
            ("subnet.b".to_owned(), "subnet-0123456789abcdef1".to_owned()),
        ];
        for (name, host) in &world.hosts {
            all.push((format!("host.{name}.address"), "10.77.1.200".to_owned()));
            all.push((format!("host.{name}.instance"), "i-0123456789abcdef0".to_owned()));
            if host.instance.elastic_ip {
                all.push((format!("host.{name}.public"), "198.51.100.200".to_owned()));
            }
        }
        for name in world.databases.keys() {
            all.push((format!("database.{name}.endpoint"), format!("{name}.abc.us-east-1.rds.amazonaws.com")));
        }
        for name in world.balancers.keys() {
            all.push((format!("balancer.{name}.arn"), group.clone()));
            all.push((format!("balancer.{name}.target_group"), group.clone()));
            all.push((format!("balancer.{name}.dns_name"), "web.us-east-1.elb.amazonaws.com".to_owned()));
        }
        let certificates = world.certificates.iter();
        all.extend(certificates.map(|name| (format!("certificate.{name}.arn"), arn("acm", "certificate/0123"))));
        all.extend(world.zones.keys().map(|name| (format!("zone.{name}.id"), "Z0123456789ABCDEFGHIJ".to_owned())));
        all.extend(world.group_names().map(|name| (format!("group.{name}.id"), "sg-0123456789abcdef0".to_owned())));
        all.extend(world.secrets.iter().map(|name| (format!("secret.{name}"), "secret".to_owned())));
        Self(all.into_iter().collect())
    }

    /// All names.
    pub(super) fn all(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// A text with what the names in it stand for.
    #[must_use]
    pub fn fill(&self, text: &str) -> String {
        self.replaced(text, &mut Vec::new())
    }

    /// The names in a text that stand for nothing.
    pub(super) fn unknown(&self, text: &str) -> Vec<String> {
        let mut unknown = Vec::new();
        self.replaced(text, &mut unknown);
        unknown
    }

    /// A value with all texts in it filled.
    #[must_use]
    pub fn fill_value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.fill(text)),
            Value::Array(items) => items.iter().map(|item| self.fill_value(item)).collect(),
            Value::Object(fields) => {
                Value::Object(fields.iter().map(|(name, it)| (name.clone(), self.fill_value(it))).collect())
            }
            other => other.clone(),
        }
    }

    fn replaced(&self, text: &str, unknown: &mut Vec<String>) -> String {
        let (mut filled, mut rest) = (String::with_capacity(text.len()), text);
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let Some(end) = from.find('}') else {
                rest = from;
                break;
            };
            let (whole, name) = (&from[..=end], &from[2..end]);
            match self.0.get(name) {
                Some(value) => filled.push_str(value),
                None => {
                    let is_ours =
                        name.contains('.') && name.chars().all(|c| c.is_ascii_alphanumeric() || ".-_".contains(c));
                    if is_ours {
                        unknown.push(whole.to_owned());
                    }
                    // What a shell means may hold another name: only its beginning is passed over.
                    filled.push_str(if is_ours { whole } else { "${" });
                    rest = if is_ours { &from[end + 1..] } else { &from[2..] };
                    continue;
                }
            }
            rest = &from[end + 1..];
        }
        filled + rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_what_a_shell_means_is_left() {
        let names =
            WorldNames([("host.a.address".to_owned(), "10.0.0.1".to_owned()), ("home".into(), "/h".into())].into());
        assert_eq!(
            names.fill("${host.a.address}:${PORT:-80} ${home}/${HOME} ${"),
            "10.0.0.1:${PORT:-80} /h/${HOME} ${"
        );
        assert_eq!(names.fill("${X:-${host.a.address}}"), "${X:-10.0.0.1}");
        assert_eq!(names.unknown("${host.b.address} ${x%.*} ${home}"), ["${host.b.address}"]);
    }
}
