//! Whether a world file can be meant: names that fit, and that lead to something in it.

use super::file::World;
use super::holds::{HoldsBy, OPERATOR};
use super::names::WorldNames;
use crate::model::{BalancerName, DbId, Fqdn, HostPath, Runbook, Service, ValueType, is_id};
use std::collections::BTreeSet;

/// Reads a world file.
///
/// # Errors
/// What is wrong with it, with its line where that is known.
pub fn parse(text: &str) -> Result<World, String> {
    let world: World = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    if world.hosts.is_empty() {
        return Err("`hosts` is empty: a world has at least one host".to_owned());
    }
    packages(&world)?;
    hosts(&world)?;
    account(&world)?;
    all_holds(&world)?;
    let written = serde_json::to_string(&world).map_err(|error| error.to_string())?;
    match WorldNames::stand_ins(&world).unknown(&written).first() {
        Some(name) => Err(format!("`{name}` stands for nothing in this world")),
        None => Ok(world),
    }
}

/// What of a world leads to actions that the runbook does not have.
///
/// # Errors
/// The first such action.
pub fn fits(world: &World, runbook: &Runbook) -> Result<(), String> {
    let actions: BTreeSet<_> = runbook.actions().map(|action| &action.path).collect();
    let named = world.all_holds().flat_map(|holds| holds.since.iter().chain(&holds.until));
    if let Some(path) = named.into_iter().find(|path| !actions.contains(path)) {
        return Err(format!("`since`, or `until`, names `{path}`, which is no action of the runbook"));
    }
    // An instance that the run makes is known by its Name tag only then.
    let is_instance = |(name, of): &(String, ValueType)| name == "instance" && *of == ValueType::InstanceId;
    if runbook.actions().any(|action| action.outputs().iter().any(is_instance)) {
        return Ok(());
    }
    let places = world.all_holds().filter_map(|holds| holds.on.as_ref()).filter(|on| on.as_str() != OPERATOR);
    known("host", places, world.hosts.keys().map(String::as_str), "`after`, or `always`,")
}

fn packages(world: &World) -> Result<(), String> {
    let is_package = |name: &&String| {
        name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.len() > 1
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c))
    };
    match world.packages.iter().find(|name| !is_package(name)) {
        Some(odd) => Err(format!("`{odd}` is no name of a Debian package")),
        None => Ok(()),
    }
}

fn hosts(world: &World) -> Result<(), String> {
    for (name, host) in &world.hosts {
        if !is_id(name) || name == OPERATOR {
            return Err(format!(
                "`{name}` cannot be the name of a host: expected lower-case letters, digits and single dashes, and not `{OPERATOR}`"
            ));
        }
        let roots = host.nextcloud.iter().map(|it| &it.root);
        let mut paths = host.files.keys().chain(&host.watch).chain(roots);
        if let Some(odd) = paths.find(|path| !HostPath::fits(path)) {
            return Err(format!("`{odd}` of host `{name}` is no path: expected {}", HostPath::EXPECTED));
        }
        if let Some(odd) = host.units.keys().find(|unit| !Service::fits(unit) || !unit.contains('.')) {
            return Err(format!("`{odd}` of host `{name}` is no unit: expected a name like `shop.service`"));
        }
        let mut names = host.certbot.iter().chain(host.nextcloud.iter().map(|it| &it.name));
        if let Some(odd) = names.find(|name| !Fqdn::fits(name)) {
            return Err(format!("`{odd}` of host `{name}` is no name: expected {}", Fqdn::EXPECTED));
        }
        known("group", &host.instance.groups, world.group_names(), &format!("host `{name}`"))?;
    }
    Ok(())
}

fn account(world: &World) -> Result<(), String> {
    let hosts = || world.hosts.keys().map(String::as_str);
    for (name, rules) in &world.groups {
        for rule in rules.iter().filter(|rule| !rule.is_range()) {
            known("group", [&rule.from], world.group_names(), &format!("group `{name}`"))?;
        }
    }
    for (name, database) in &world.databases {
        if !DbId::fits(name) {
            return Err(format!("`{name}` cannot be a DB instance's identifier: expected {}", DbId::EXPECTED));
        }
        known("group", &database.groups, world.group_names(), &format!("database `{name}`"))?;
    }
    for (name, balancer) in &world.balancers {
        if !BalancerName::fits(name) {
            return Err(format!("`{name}` cannot be a balancer's name: expected {}", BalancerName::EXPECTED));
        }
        known("host", &balancer.hosts, hosts(), &format!("balancer `{name}`"))?;
        let certificates = world.certificates.iter().map(String::as_str);
        known("certificate", &balancer.certificate, certificates, &format!("balancer `{name}`"))?;
    }
    for (zone, records) in &world.zones {
        for record in records {
            let place = format!("record `{}`", record.name);
            if !record.is_clear() {
                return Err(format!("{place} of zone `{zone}` has either `values`, or a `host`, or a `balancer`"));
            }
            known("host", &record.host, hosts(), &place)?;
            known("balancer", &record.balancer, world.balancers.keys().map(String::as_str), &place)?;
        }
    }
    Ok(())
}

fn all_holds(world: &World) -> Result<(), String> {
    for holds in world.all_holds() {
        if let HoldsBy::Command { on: "", .. } = holds.looked()? {
            return Err(format!(
                "`{}` is nowhere: `on` names a host, an instance that the run makes, or `{OPERATOR}`",
                holds.told()
            ));
        }
        let faults = holds.except.iter().chain(&holds.under);
        known("fault", faults, world.faults.keys().map(String::as_str), &format!("`{}`", holds.told()))?;
    }
    Ok(())
}

/// Refuses what leads to nothing.
fn known<'n>(
    kind: &str,
    named: impl IntoIterator<Item = &'n String>,
    there: impl Iterator<Item = &'n str>,
    place: &str,
) -> Result<(), String> {
    let there: Vec<&str> = there.collect();
    match named.into_iter().find(|name| !there.contains(&name.as_str())) {
        None => Ok(()),
        Some(name) if there.is_empty() => {
            Err(format!("{place} names the {kind} `{name}`: there is none in this world"))
        }
        Some(name) => Err(format!("{place} names the {kind} `{name}`: there are {}", there.join(", "))),
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
            ("hosts: { operator: {} }\n", "cannot be the name"),
            ("hosts: { a: { files: { etc/x: text } } }\n", "is no path"),
            ("hosts: { a: { units: { shop: x } } }\n", "is no unit"),
            ("hosts: { a: { instance: { groups: [web] } } }\n", "there is none"),
            ("hosts: { a: { files: { /etc/x: \"${host.b.address}\" } } }\n", "stands for nothing"),
            ("hosts: { a: { files: { /etc/x: \"${secret.x}\" } } }\n", "stands for nothing"),
            ("hosts: { a: {} }\nbalancers: { web: { hosts: [b], port: 80, health: / } }\n", "there are a"),
            (
                "hosts: { a: {} }\nbalancers: { web: { hosts: [a], port: 80, health: /, certificate: x.example } }\n",
                "there is none",
            ),
            ("hosts: { a: {} }\nzones: { example.org: [{ name: a.example.org, host: b }] }\n", "there are a"),
            ("hosts: { a: {} }\nzones: { example.org: [{ name: a.example.org }] }\n", "has either"),
            ("hosts: { a: {} }\ndatabases: { 1db: {} }\n", "identifier"),
            ("hosts: { a: {} }\ngroups: { web: [{ from: 10.0.0.0/33 }] }\n", "names the group"),
            ("hosts: { a: {} }\npackages: [Postgres]\n", "no name of a Debian package"),
            ("hosts: { a: { file: {} } }\n", "unknown field"),
            ("hosts: { a: {} }\nafter: [{ on: a, run: x, under: [flood] }]\n", "there is none"),
            ("hosts: { a: {} }\nafter: [{ on: a }]\n", "neither a command"),
            ("hosts: { a: {} }\nafter: [{ on: a, run: x, since: y }]\n", "since"),
        ] {
            assert!(parse(text).unwrap_err().contains(says), "{text}: {:?}", parse(text));
        }
    }
}
