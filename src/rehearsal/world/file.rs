//! A world file.

use crate::rehearsal::region::before::BalancerBefore;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What there is before a runbook of one's own, and what must hold after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// The hosts, by the names under which ssh knows them.
    pub hosts: BTreeMap<String, WorldHost>,
    /// Application Load Balancers before them, by name.
    #[serde(default)]
    pub balancers: BTreeMap<String, BalancerBefore>,
    /// Debian packages that the hosts have besides the base system.
    #[serde(default)]
    pub packages: Vec<String>,
    /// Commands for `sh -eu` in the operator's home, once, e.g. to make files that the runbook brings to hosts.
    #[serde(default)]
    pub operator: Vec<String>,
    /// The runbook's inputs. `${host.NAME.address}` and `${host.NAME.instance}` in a text stand for what the lab gave the
    /// host, `${home}` for the operator's home.
    #[serde(default)]
    pub inputs: BTreeMap<String, Value>,
    /// What must hold after the run.
    #[serde(default)]
    pub after: Vec<Holds>,
    /// What must hold after the run and after a rollback.
    #[serde(default)]
    pub always: Vec<Holds>,
}

/// One host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WorldHost {
    /// Files by their paths.
    #[serde(default)]
    pub files: BTreeMap<String, WorldFile>,
    /// Units of systemd by their names (`shop.service`), with their texts.
    #[serde(default)]
    pub units: BTreeMap<String, String>,
    /// Commands for `sh -eu` as root, once, in this order, when all files are there.
    #[serde(default)]
    pub run: Vec<String>,
    /// Paths that must be as they were after a rollback to the start; without it the directories of its files.
    #[serde(default)]
    pub watch: Vec<String>,
    /// Commands for `sh -eu` as root that must print the same after a rollback to the start.
    #[serde(default)]
    pub same: Vec<String>,
}

/// One file: its text, or more of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a text, or `content` with `mode` and `owner`")]
pub enum WorldFile {
    /// Its text; mode 0644, of root.
    Text(String),
    /// More of it.
    Whole {
        /// Its text.
        content: String,
        /// Its permissions as `chmod` takes them.
        #[serde(default)]
        mode: Option<String>,
        /// Its owner as `chown` takes it.
        #[serde(default)]
        owner: Option<String>,
    },
}

/// Something that must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holds {
    /// The host.
    pub on: String,
    /// A command for `sh -eu`, as root.
    pub run: String,
    /// What it must print, white space around apart.
    #[serde(default)]
    pub prints: Option<String>,
    /// The exit status that is wanted.
    #[serde(default)]
    pub status: i32,
    /// What that means, for the verdict.
    #[serde(default)]
    pub what: Option<String>,
}

/// Reads a world file.
///
/// # Errors
/// What is wrong with it, with its line where that is known.
pub fn parse(text: &str) -> Result<World, String> {
    let world: World = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    if world.hosts.is_empty() {
        return Err("`hosts` is empty: a world has at least one host".to_owned());
    }
    let is_package = |name: &String| {
        name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.len() > 1
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c))
    };
    if let Some(odd) = world.packages.iter().find(|name| !is_package(name)) {
        return Err(format!("`{odd}` is no name of a Debian package"));
    }
    for (name, host) in &world.hosts {
        if !crate::model::is_id(name) {
            return Err(format!(
                "`{name}` cannot be the name of a host: expected lower-case letters, digits and single dashes"
            ));
        }
        let paths = host.files.keys().chain(&host.watch);
        if let Some(odd) = paths.into_iter().find(|path| !crate::model::HostPath::fits(path)) {
            return Err(format!("`{odd}` of host `{name}` is no path: expected {}", crate::model::HostPath::EXPECTED));
        }
        if let Some(odd) = host.units.keys().find(|unit| !crate::model::Service::fits(unit) || !unit.contains('.')) {
            return Err(format!("`{odd}` of host `{name}` is no unit: expected a name like `shop.service`"));
        }
    }
    for (name, balancer) in &world.balancers {
        if !crate::model::BalancerName::fits(name) {
            return Err(format!(
                "`{name}` cannot be a balancer's name: expected {}",
                crate::model::BalancerName::EXPECTED
            ));
        }
        if let Some(nowhere) = balancer.hosts.iter().find(|host| !world.hosts.contains_key(*host)) {
            let hosts: Vec<&str> = world.hosts.keys().map(String::as_str).collect();
            return Err(format!("balancer `{name}` is before `{nowhere}`: the hosts are {}", hosts.join(", ")));
        }
    }
    if let Some(nowhere) = world.after.iter().chain(&world.always).find(|holds| !world.hosts.contains_key(&holds.on)) {
        let hosts: Vec<&str> = world.hosts.keys().map(String::as_str).collect();
        return Err(format!(
            "`after`, or `always`, names the host `{}`: the hosts are {}",
            nowhere.on,
            hosts.join(", ")
        ));
    }
    Ok(world)
}

impl WorldHost {
    /// What must be as it was after a rollback to the start.
    #[must_use]
    pub fn watched(&self) -> Vec<String> {
        if !self.watch.is_empty() {
            return self.watch.clone();
        }
        let folder = |path: &String| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
        let mut folders: Vec<String> = self.files.keys().filter_map(folder).filter(|it| !it.is_empty()).collect();
        folders.sort();
        folders.dedup();
        folders
    }
}

impl WorldFile {
    /// Its text.
    #[must_use]
    pub fn content(&self) -> &str {
        match self {
            WorldFile::Text(content) | WorldFile::Whole { content, .. } => content,
        }
    }

    /// Its permissions as `chmod` takes them.
    #[must_use]
    pub fn mode(&self) -> &str {
        match self {
            WorldFile::Whole { mode: Some(mode), .. } => mode,
            _ => "0644",
        }
    }

    /// Its owner, where it is not root's.
    #[must_use]
    pub fn owner(&self) -> Option<&str> {
        match self {
            WorldFile::Whole { owner, .. } => owner.as_deref(),
            WorldFile::Text(_) => None,
        }
    }
}

impl Holds {
    /// What it is, for the verdict.
    #[must_use]
    pub fn told(&self) -> String {
        self.what.clone().unwrap_or_else(|| {
            let first = self.run.trim().lines().next().unwrap_or_default().to_owned();
            let wanted = match &self.prints {
                Some(prints) => format!("prints `{}`", prints.trim()),
                None => format!("ends with {}", self.status),
            };
            format!("`{first}` on {} {wanted}", self.on)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_read_whole() {
        let world = parse(
            "hosts:\n  app-1:\n    files:\n      /etc/app/a.conf: mode = old\n      /etc/app/b.key: { content: k, mode: \"0600\", owner: app }\n    \
             run: [useradd app]\n  db-1: {}\ninputs: { node: app-1, n: 5 }\nafter:\n  - { on: app-1, run: cat /etc/app/a.conf, prints: mode = new }\n",
        )
        .unwrap();
        assert_eq!(world.hosts["app-1"].watched(), ["/etc/app"]);
        assert_eq!(world.after[0].told(), "`cat /etc/app/a.conf` on app-1 prints `mode = new`");
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (text, says) in [
            ("hosts: {}\n", "at least one host"),
            ("hosts: { A: {} }\n", "cannot be the name"),
            ("hosts: { a: { files: { etc/x: text } } }\n", "is no path"),
            ("hosts: { a: { units: { shop: x } } }\n", "is no unit"),
            ("hosts: { a: {} }\nbalancers: { web: { hosts: [b], port: 80, health: / } }\n", "the hosts are a"),
            ("hosts: { a: {} }\npackages: [Postgres]\n", "no name of a Debian package"),
            ("hosts: { a: { file: {} } }\n", "unknown field"),
            ("hosts: { a: {} }\nafter: [{ on: b, run: x }]\n", "the hosts are a"),
        ] {
            assert!(parse(text).unwrap_err().contains(says), "{text}: {:?}", parse(text));
        }
    }
}
