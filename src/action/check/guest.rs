//! `instance.guest`: whether what is installed on a server goes with another type, and with a copy in another zone.
//!
//! From a Xen type (t2, m4, c4) to a Nitro type (t3 and later) disks become `/dev/nvme*`, the network needs the driver `ena`, and
//! interfaces may get other names: a server whose fstab, network settings or initial RAM disk know only the old ones does not come
//! back ("Amazon EBS volumes and NVMe", "Enhanced networking", EC2 User Guide; AWS's own script NitroInstanceChecks looks at the
//! same). A copy has another MAC address whatever its type, and mounts an EFS file system by the mount target of its own zone,
//! whose name is `ZONE.fs-ID.efs.REGION.amazonaws.com` (mount.efs(8)).
//!
//! Not looked at: boot loaders (`root=/dev/xvda1` on the kernel's command line is), disks named by applications, other network file
//! systems than EFS.

use super::{Examine, Seen, subnets};
use crate::access::{Aws, RemoteCommand};
use crate::action::Lines;
use crate::action::aws::{failed, live, type_of};
use crate::model::{Failure, InstanceGuest};
use aws_sdk_ec2::types::{InstanceType, InstanceTypeHypervisor, InstanceTypeInfo};
use std::collections::{BTreeMap, BTreeSet};

const LOOK: &str = include_str!("guest.sh");

/// Whether a zone's mount target is known by its name, asked on the server: its VPC's resolver knows.
const RESOLVE: &str = r#"
for host; do if getent ahostsv4 "$host" >/dev/null 2>&1; then echo "$host yes"; else echo "$host no"; fi; done
"#;

impl Examine for InstanceGuest {
    const PERMISSIONS: &'static [&'static str] =
        &["ec2:DescribeInstanceTypes", "ec2:DescribeInstances", "ec2:DescribeSubnets"];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let id = self
            .on
            .instance
            .as_ref()
            .ok_or_else(|| Failure::permanent(format!("`{}` is no EC2 instance", self.on.name)))?;
        let instance = live(&aws, id.as_str()).await?;
        let (old, new) = (type_of(&instance), self.instance_type.as_str());
        let (changes, zone) = tokio::join!(becomes_nitro(&aws, old, new), self.zone(&aws));
        let command = RemoteCommand::root_script(LOOK, [zone.clone().unwrap_or_default(), aws.region.clone()]);
        let told = lines.run_ok(&self.on, command, "looking at disks, drivers and network settings").await?;
        let facts = Facts::of(&told);
        let change = |row, seen: fn(&Facts, &str) -> Seen| match &changes {
            Ok(true) => seen(&facts, &format!("from a `{old}` to a `{new}`")),
            Ok(false) => Seen::pass(row, format!("a `{old}` and a `{new}` name disks and interfaces alike")),
            Err(failure) => Seen::failed(row, failure),
        };
        Ok(vec![
            change("devices", devices),
            network(&facts, changes.as_ref().is_ok_and(|changes| *changes)),
            change("drivers", drivers),
            Seen::of("mounts", self.mounts(lines, &facts, zone).await),
        ])
    }
}

impl InstanceGuest {
    /// The zone of the copy.
    async fn zone(&self, aws: &Aws) -> Result<String, Failure> {
        let found = subnets::describe(aws, std::slice::from_ref(&self.subnet)).await;
        // Another check refuses a subnet that is not there.
        let found = found.map_err(|f| Failure { kind: crate::model::FailureKind::Permanent, ..f })?;
        Ok(found.into_iter().next().map(|s| s.zone).unwrap_or_default())
    }

    async fn mounts(&self, lines: &Lines<'_>, facts: &Facts, zone: Result<String, Failure>) -> Result<Seen, Failure> {
        const ROW: &str = "mounts";
        if facts.efs.is_empty() {
            return Ok(Seen::pass(ROW, "no EFS file system is mounted"));
        }
        let zone = zone?;
        let named: BTreeMap<String, &String> = facts.efs.keys().map(|host| (format!("{zone}.{host}"), host)).collect();
        let command = RemoteCommand::root_script(RESOLVE, named.keys().cloned());
        let told = lines.run_ok(&self.on, command, "asking for mount targets").await?;
        let missing = told.lines().filter_map(|line| line.strip_suffix(" no"));
        let missing: Vec<&str> = missing.filter_map(|name| named.get(name)).map(|host| host.as_str()).collect();
        Ok(mounts(facts, &zone, &missing))
    }
}

/// Whether disks and interfaces are named otherwise after the change.
async fn becomes_nitro(aws: &Aws, old: &str, new: &str) -> Result<bool, Failure> {
    if old == new {
        return Ok(false);
    }
    let kinds = [old, new].map(InstanceType::from).to_vec();
    let asked = aws.read.ec2.describe_instance_types().set_instance_types(Some(kinds)).into_paginator().items().send();
    let types: Result<Vec<InstanceTypeInfo>, _> = asked.collect().await;
    let types = types.map_err(failed(format!("cannot look at instance types `{old}` and `{new}`")))?;
    let nitro = |kind: &str| {
        let info = types.iter().find(|i| i.instance_type().is_some_and(|t| t.as_str() == kind));
        info.map(|info: &InstanceTypeInfo| info.hypervisor() != Some(&InstanceTypeHypervisor::Xen))
    };
    match (nitro(old), nitro(new)) {
        (Some(old), Some(new)) => Ok(new && !old),
        _ => Err(Failure::permanent(format!("EC2 does not tell both of `{old}` and `{new}`"))),
    }
}

/// What was found on the server.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    /// Disk names in fstab, with where they are mounted.
    devices: Vec<(String, String)>,
    /// Files with a MAC address in them.
    macs: Vec<String>,
    /// Interface names, each with the file that names it.
    interfaces: Vec<(String, String)>,
    /// The kernel keeps the old names of interfaces.
    old_names: bool,
    drivers: BTreeMap<String, String>,
    initrd: BTreeMap<String, String>,
    /// Names of EFS file systems, with where they are mounted.
    efs: BTreeMap<String, BTreeSet<String>>,
}

impl Facts {
    fn of(told: &str) -> Self {
        let mut facts = Self::default();
        for line in told.lines() {
            let mut words = line.splitn(3, ' ');
            let (kind, first) = (words.next().unwrap_or_default(), words.next().unwrap_or_default().to_owned());
            let rest = words.next().unwrap_or_default().to_owned();
            match kind {
                "device" => facts.devices.push((first, rest)),
                "mac" => facts.macs.push(first),
                "interface" => facts.interfaces.push((first, rest)),
                "ifnames" => facts.old_names = first == "0",
                "driver" => {
                    facts.drivers.insert(first, rest);
                }
                "initrd" => {
                    facts.initrd.insert(first, rest);
                }
                "efs-host" => {
                    facts.efs.entry(first).or_default().insert(rest);
                }
                _ => {}
            }
        }
        facts
    }
}

fn devices(facts: &Facts, how: &str) -> Seen {
    const ROW: &str = "devices";
    if facts.devices.is_empty() {
        return Seen::pass(ROW, "fstab names no disk by its device");
    }
    let told: Vec<String> = facts.devices.iter().map(|(device, place)| format!("`{device}` ({place})")).collect();
    Seen::refuse(
        ROW,
        format!("fstab mounts {}, which {how} get other names: the server would not boot", told.join(", ")),
    )
    .advise("name them by UUID or LABEL (`blkid` tells), and `mount -a` must then say nothing")
}

fn network(facts: &Facts, changes: bool) -> Seen {
    const ROW: &str = "network";
    let mut wrong = Vec::new();
    if !facts.macs.is_empty() {
        let files = facts.macs.iter().map(|f| format!("`{f}`")).collect::<Vec<_>>().join(", ");
        wrong.push(format!("a MAC address stands in {files}, and a copy of the server has another"));
    }
    let named: Vec<String> = facts.interfaces.iter().map(|(name, file)| format!("`{name}` in `{file}`")).collect();
    if changes && !facts.old_names && !named.is_empty() {
        wrong.push(format!("interfaces are named {}, and the new type may name them otherwise", named.join(", ")));
    }
    match wrong.is_empty() {
        true => Seen::pass(ROW, "no network settings are bound to this server's interface"),
        false => Seen::refuse(ROW, wrong.join("; ")).advise(
            "match interfaces by driver or wildcard (`match: {name: e*}`), or remove the line: else nobody reaches it",
        ),
    }
}

fn drivers(facts: &Facts, how: &str) -> Seen {
    const ROW: &str = "drivers";
    let missing: Vec<&str> = ["nvme", "ena"]
        .into_iter()
        .filter(|driver| facts.drivers.get(*driver).is_none_or(|state| state == "missing"))
        .collect();
    if !missing.is_empty() {
        let told = missing.join(" and ");
        return Seen::refuse(ROW, format!("the running kernel has no driver {told}, which it needs {how}"))
            .advise("install a current kernel (on Ubuntu `linux-aws`) and boot it once before");
    }
    match facts.initrd.get("nvme").map(String::as_str) {
        Some("no") => Seen::refuse(ROW, format!("the initial RAM disk has no driver nvme, which it needs {how}"))
            .advise("`update-initramfs -u -k all` with MODULES=most, or `dracut -f --add-drivers \"nvme ena\"`"),
        Some("untold") => {
            Seen::warn(ROW, "nvme and ena are there; whether the initial RAM disk has nvme could not be listed")
                .advise("`lsinitramfs` or `lsinitrd` shows it; without it the server does not find its root disk")
        }
        _ => Seen::pass(ROW, "nvme and ena are there"),
    }
}

fn mounts(facts: &Facts, zone: &str, missing: &[&str]) -> Seen {
    const ROW: &str = "mounts";
    let all: Vec<String> = facts.efs.keys().map(|host| format!("`{host}`")).collect();
    if missing.is_empty() {
        return Seen::pass(ROW, format!("{} can be mounted in {zone}", all.join(", ")));
    }
    let told = missing.iter().map(|host| format!("`{host}`")).collect::<Vec<_>>().join(", ");
    Seen::refuse(ROW, format!("{told} has no mount target in {zone}: the copy would hang at boot, or be without the files")).advise(
        "make one in the copy's subnet (`aws efs create-mount-target`), with a security group that admits the servers on 2049",
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{Pass, Refuse, Warn};

    const HOW: &str = "from a `t2.medium` to a `t3.small`";

    #[test]
    fn an_old_server_is_told_what_it_lacks() {
        let old = Facts::of(
            "device /dev/xvdf /srv\ninterface eth0 /etc/network/interfaces\nmac /etc/udev/rules.d/70-persistent-net.rules\n\
             driver nvme module\ninitrd nvme no\ndriver ena missing\nefs-host fs-1.efs.eu-west-1.amazonaws.com /data dir\n",
        );
        assert_eq!(old.devices, [("/dev/xvdf".to_owned(), "/srv".to_owned())]);
        assert!(devices(&old, HOW).evidence.contains("`/dev/xvdf` (/srv)"));
        let seen = network(&old, true);
        assert!(seen.verdict == Refuse && seen.evidence.contains("`eth0` in `/etc/network/interfaces`"), "{seen:?}");
        let seen = network(&old, false);
        assert!(
            seen.verdict == Refuse && !seen.evidence.contains("eth0"),
            "a copy has another MAC in any case: {seen:?}"
        );
        assert!(drivers(&old, HOW).evidence.contains("no driver ena"));
        assert_eq!(mounts(&old, "eu-west-1b", &["fs-1.efs.eu-west-1.amazonaws.com"]).verdict, Refuse);
        assert_eq!(mounts(&old, "eu-west-1b", &[]).verdict, Pass);
    }

    #[test]
    fn a_server_of_today_passes() {
        let good = Facts::of("driver nvme built-in\ndriver ena module\n");
        for seen in [devices(&good, HOW), network(&good, true), drivers(&good, HOW)] {
            assert_eq!(seen.verdict, Pass, "{seen:?}");
        }
        let kept = Facts::of("ifnames 0\ninterface eth0 /etc/network/interfaces\n");
        assert_eq!(network(&kept, true).verdict, Pass, "the kernel keeps the old names");
        let (no, untold) = (
            "driver nvme module\ndriver ena module\ninitrd nvme no",
            "driver nvme module\ndriver ena module\ninitrd nvme untold",
        );
        assert_eq!(drivers(&Facts::of(no), HOW).verdict, Refuse);
        assert_eq!(drivers(&Facts::of(untold), HOW).verdict, Warn);
    }

    #[test]
    fn who_will_not_show_its_keys_is_told() {}
}
