//! The world as it is now, and as it was before anything was done.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use serde_json::Value;

use crate::rehearsal::error::RehearsalError;
use crate::rehearsal::judge::files::{self, FileFact};
use crate::rehearsal::region::Region;

/// The emulated account's own picture of itself.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct WorldFacts(Value);

/// What there was before the first command.
#[derive(Debug, Clone)]
pub(in crate::rehearsal) struct Start {
    pub(in crate::rehearsal) facts: WorldFacts,
    /// The files a run edits, by path.
    pub(in crate::rehearsal) files: BTreeMap<String, FileFact>,
    /// The names in their directories, by directory.
    pub(in crate::rehearsal) names: BTreeMap<String, BTreeSet<String>>,
    /// What certbot's timer is: `enabled active`.
    pub(in crate::rehearsal) timer: String,
}

impl WorldFacts {
    /// Looks.
    pub(in crate::rehearsal) async fn look(region: &Region) -> Result<Self, RehearsalError> {
        Ok(Self(region.emulator().call("GET", "/plus/state", None).await?))
    }

    /// A picture made up for a test.
    #[cfg(test)]
    pub(in crate::rehearsal) fn of(picture: Value) -> Self {
        Self(picture)
    }

    /// The members of one of the picture's lists.
    pub(in crate::rehearsal) fn list(&self, name: &str) -> &[Value] {
        self.0.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// Instances that are not terminated or about to be.
    pub(in crate::rehearsal) fn live(&self) -> Vec<&Value> {
        let gone = |i: &&Value| matches!(text(i, "state"), "terminated" | "shutting-down");
        self.list("instances").iter().filter(|i| !gone(i)).collect()
    }

    /// An instance.
    pub(in crate::rehearsal) fn instance(&self, id: &str) -> Option<&Value> {
        self.list("instances").iter().find(|i| text(i, "id") == id)
    }

    /// The live instance that is not the original.
    pub(in crate::rehearsal) fn clone_of(&self, original: &str) -> Option<String> {
        self.live().into_iter().map(|i| text(i, "id").to_owned()).find(|id| id != original)
    }

    /// The first target group's ARN.
    pub(in crate::rehearsal) fn target_group(&self) -> Option<String> {
        self.list("target_groups").first().map(|g| text(g, "arn").to_owned())
    }

    /// Live instances with their public addresses.
    pub(in crate::rehearsal) fn public_addresses(&self) -> Vec<(String, Ipv4Addr)> {
        let pair = |i: &Value| Some((text(i, "id").to_owned(), text(i, "public_ip").parse().ok()?));
        self.live().into_iter().filter_map(pair).collect()
    }

    /// The record sets of all zones, without those that only zones have (NS, SOA), each as one text.
    pub(in crate::rehearsal) fn records(&self) -> BTreeSet<String> {
        let zones = self.list("zones").iter();
        let records = zones.flat_map(|z| z.get("records").and_then(Value::as_array).into_iter().flatten());
        records.filter(|r| !matches!(text(r, "type"), "NS" | "SOA")).map(Value::to_string).collect()
    }

    /// Security groups with their rules, by id.
    pub(in crate::rehearsal) fn groups(&self) -> BTreeMap<String, String> {
        let rules = |g: &Value| {
            let ingress = g.get("ingress").and_then(Value::as_array).cloned().unwrap_or_default();
            let mut rules: Vec<String> = ingress.iter().map(Value::to_string).collect();
            rules.sort();
            rules.join(" ")
        };
        self.list("security_groups").iter().map(|g| (text(g, "id").to_owned(), rules(g))).collect()
    }

    /// The run that is at work on an instance, by the instance's tag.
    pub(in crate::rehearsal) fn claim(&self, id: &str) -> Option<&str> {
        self.instance(id)?.get("tags")?.get("runbook:claim")?.as_str()
    }

    /// Whether a run has the lock on an instance: the security group of that name.
    pub(in crate::rehearsal) fn locked(&self, id: &str) -> bool {
        let name = format!("runbook-claim-{id}");
        self.list("security_groups").iter().any(|group| text(group, "name") == name)
    }

    /// Everything that carries a tag of ours, as `kind id`; terminated instances are gone and do not count.
    pub(in crate::rehearsal) fn marked(&self) -> Vec<String> {
        let kinds =
            ["instances", "images", "snapshots", "security_groups", "load_balancers", "target_groups", "certificates"];
        let mut found = Vec::new();
        for kind in kinds {
            for it in self.list(kind) {
                let marked = it
                    .get("tags")
                    .and_then(Value::as_object)
                    .is_some_and(|t| t.keys().any(|key| key.starts_with("runbook:")));
                if marked && !matches!(text(it, "state"), "terminated") {
                    let id = if text(it, "id").is_empty() { text(it, "arn") } else { text(it, "id") };
                    found.push(format!("{kind} {id}"));
                }
            }
        }
        found
    }
}

impl Start {
    /// Looks, before the first command.
    pub(in crate::rehearsal) async fn look(region: &Region) -> Result<Self, RehearsalError> {
        let (web, site) = (region.account().instance.clone(), &region.before().site);
        let mut start = Self {
            facts: WorldFacts::look(region).await?,
            files: BTreeMap::new(),
            names: BTreeMap::new(),
            timer: String::new(),
        };
        for path in [&site.nginx_file, &site.config_file, &site.cron_file] {
            start.files.insert(path.clone(), files::fact(region, &web, path)?);
            let folder = files::folder(path);
            start.names.insert(folder.to_owned(), files::names(region, &web, folder)?);
        }
        start.timer = files::timer(region, &web).await;
        Ok(start)
    }

    /// A start made up for a test, without files.
    #[cfg(test)]
    pub(in crate::rehearsal) fn of(facts: WorldFacts) -> Self {
        Self { facts, files: BTreeMap::new(), names: BTreeMap::new(), timer: String::new() }
    }
}

/// A text field, or nothing.
pub(in crate::rehearsal) fn text<'v>(value: &'v Value, name: &str) -> &'v str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
