//! Whether a world can be meant: names that fit, and that lead to something in it.

use super::file::World;
use super::holds::{Holds, HoldsBy, OPERATOR};
use crate::model::{BalancerName, DbId, Fqdn, HostPath, Service, is_id};
use crate::validate::{Data, meant};

/// Tells all of a world that cannot be meant.
pub(super) fn check(world: &World, data: &mut Data<'_>) {
    if world.hosts.is_empty() {
        data.wrong(&["hosts"], "`hosts` is empty: a world has at least one host", None);
    }
    packages(world, data);
    hosts(world, data);
    account(world, data);
    users(world, data);
    all_holds(world, data);
}

fn packages(world: &World, data: &mut Data<'_>) {
    let is_package = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
            && name.len() > 1
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "+.-".contains(c))
    };
    for (n, odd) in world.packages.iter().enumerate().filter(|(_, name)| !is_package(name)) {
        data.wrong(&["packages", &n.to_string()], format!("`{odd}` is no name of a Debian package"), None);
    }
}

fn hosts(world: &World, data: &mut Data<'_>) {
    for (name, host) in &world.hosts {
        if !is_id(name) || name == OPERATOR {
            data.wrong_name(
                &["hosts", name],
                format!(
                    "`{name}` cannot be the name of a host: expected lower-case letters, digits and single dashes, and not `{OPERATOR}`"
                ),
                None,
            );
        }
        let no_path = |path: &str| format!("`{path}` is no path: expected {}", HostPath::EXPECTED);
        for path in host.files.keys().filter(|path| !HostPath::fits(path)) {
            data.wrong_name(&["hosts", name, "files", path], no_path(path), None);
        }
        let is_mode = |mode: &str| u32::from_str_radix(mode, 8).is_ok_and(|mode| mode <= 0o7777);
        for (path, file) in host.files.iter().filter(|(_, file)| !is_mode(file.mode())) {
            let message = format!("`{}` are no permissions: expected an octal number like `0640`", file.mode());
            data.wrong(&["hosts", name, "files", path, "mode"], message, None);
        }
        for (n, path) in host.watch.iter().enumerate().filter(|(_, path)| !HostPath::fits(path)) {
            data.wrong(&["hosts", name, "watch", &n.to_string()], no_path(path), None);
        }
        for unit in host.units.keys().filter(|unit| !Service::fits(unit) || !unit.contains('.')) {
            let message = format!("`{unit}` is no unit: expected a name like `shop.service`");
            data.wrong_name(&["hosts", name, "units", unit], message, None);
        }
        let no_name = |name: &str| format!("`{name}` is no name: expected {}", Fqdn::EXPECTED);
        for (n, odd) in host.certbot.iter().enumerate().filter(|(_, name)| !Fqdn::fits(name)) {
            data.wrong(&["hosts", name, "certbot", &n.to_string()], no_name(odd), None);
        }
        if let Some(nextcloud) = &host.nextcloud {
            if !HostPath::fits(&nextcloud.root) {
                data.wrong(&["hosts", name, "nextcloud", "root"], no_path(&nextcloud.root), None);
            }
            if !Fqdn::fits(&nextcloud.name) {
                data.wrong(&["hosts", name, "nextcloud", "name"], no_name(&nextcloud.name), None);
            }
        }
        known(data, "group", &host.instance.groups, world.group_names(), &["hosts", name, "instance", "groups"]);
    }
}

fn account(world: &World, data: &mut Data<'_>) {
    let hosts = || world.hosts.keys().map(String::as_str);
    for (name, rules) in &world.groups {
        for (n, rule) in rules.iter().enumerate().filter(|(_, rule)| !rule.is_range()) {
            known(data, "group", [&rule.from], world.group_names(), &["groups", name, &n.to_string(), "from"]);
        }
    }
    for (name, database) in &world.databases {
        if !DbId::fits(name) {
            let message = format!("`{name}` cannot be a DB instance's identifier: expected {}", DbId::EXPECTED);
            data.wrong_name(&["databases", name], message, None);
        }
        known(data, "group", &database.groups, world.group_names(), &["databases", name, "groups"]);
    }
    for (name, balancer) in &world.balancers {
        if !BalancerName::fits(name) {
            let message = format!("`{name}` cannot be a balancer's name: expected {}", BalancerName::EXPECTED);
            data.wrong_name(&["balancers", name], message, None);
        }
        known(data, "host", &balancer.hosts, hosts(), &["balancers", name, "hosts"]);
        let certificates = world.certificates.iter().map(String::as_str);
        known(data, "certificate", &balancer.certificate, certificates, &["balancers", name, "certificate"]);
    }
    for (zone, records) in &world.zones {
        for (n, record) in records.iter().enumerate() {
            let n = n.to_string();
            if !record.is_clear() {
                let message = format!("record `{}` has either `values`, or a `host`, or a `balancer`", record.name);
                data.wrong(&["zones", zone, &n], message, None);
            }
            known(data, "host", &record.host, hosts(), &["zones", zone, &n, "host"]);
            let balancers = world.balancers.keys().map(String::as_str);
            known(data, "balancer", &record.balancer, balancers, &["zones", zone, &n, "balancer"]);
        }
    }
}

/// No upload of the site's users is larger than this.
const MOST_UPLOAD_MIB: u64 = 4096;
/// Nor on its way for longer, in seconds.
const MOST_UPLOAD_S: u64 = 3600;

fn users(world: &World, data: &mut Data<'_>) {
    let Some(site) = &world.site else { return };
    let Some(users) = &site.users else { return };
    if !site.url.starts_with("https://") && !site.url.starts_with("http://") {
        data.wrong(&["site", "url"], "`url` is no address that begins with `https://` or `http://`", None);
    }
    for (name, text) in [("user", &users.user), ("password", &users.password)] {
        if text.is_empty() {
            data.wrong(&["site", "users", name], format!("`{name}` is empty"), None);
        }
    }
    for (name, number, most) in
        [("upload_mib", users.upload_mib, MOST_UPLOAD_MIB), ("upload_s", users.upload_s, MOST_UPLOAD_S)]
    {
        if !(1..=most).contains(&number) {
            let message = format!("`{number}` cannot be `{name}`: expected a number from 1 to {most}");
            data.wrong(&["site", "users", name], message, None);
        }
    }
}

/// All that must hold at some time, with the path to each.
pub(super) fn located_holds(world: &World) -> Vec<(Vec<String>, &Holds)> {
    let at = |path: &[&str], n: usize| path.iter().map(|it| (*it).to_owned()).chain([n.to_string()]).collect();
    let mut all: Vec<(Vec<String>, &Holds)> = Vec::new();
    all.extend(world.after.iter().enumerate().map(|(n, holds)| (at(&["after"], n), holds)));
    all.extend(world.always.iter().enumerate().map(|(n, holds)| (at(&["always"], n), holds)));
    for (name, rests) in world.faults.iter().filter_map(|(name, fault)| Some((name, fault.rests.as_ref()?))) {
        let holds = rests.holds.iter().enumerate();
        all.extend(holds.map(|(n, holds)| (at(&["faults", name, "rests", "holds"], n), holds)));
    }
    all
}

fn all_holds(world: &World, data: &mut Data<'_>) {
    for (path, holds) in located_holds(world) {
        match holds.looked() {
            Err(why) => data.wrong(&path, why, None),
            Ok(HoldsBy::Command { on: "", .. }) => data.wrong(
                &path,
                format!("`on` is empty: it names a host, an instance that the run makes, or `{OPERATOR}`"),
                None,
            ),
            Ok(_) => {}
        }
        for (name, faults) in [("except", &holds.except), ("under", &holds.under)] {
            let place = [&path[..], &[name.to_owned()]].concat();
            known(data, "fault", faults, world.faults.keys().map(String::as_str), &place);
        }
    }
}

/// Tells what leads to nothing.
pub(super) fn known<'n, S: AsRef<str>>(
    data: &mut Data<'_>,
    kind: &str,
    named: impl IntoIterator<Item = &'n String>,
    there: impl Iterator<Item = &'n str>,
    path: &[S],
) {
    let there: Vec<&str> = there.collect();
    for (n, name) in named.into_iter().enumerate().filter(|(_, name)| !there.contains(&name.as_str())) {
        let n = n.to_string();
        let place: Vec<&str> = path.iter().map(AsRef::as_ref).chain([n.as_str()]).collect();
        let help = meant(name, there.iter().copied(), &format!("{kind}s in this world"));
        data.wrong(&place, format!("this world has no {kind} `{name}`"), Some(help));
    }
}
