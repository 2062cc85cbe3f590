//! `rds.ready`: whether a DB instance can be made Multi-AZ, and whom it lets in.

use super::group::{self, admits_range};
use super::subnets::{self, Subnet};
use super::{Examine, Seen};
use crate::access::Aws;
use crate::action::Lines;
use crate::action::aws::{Admitted, db_instance, failed, said};
use crate::model::{Failure, RdsReady};
use aws_sdk_rds::types::DbInstance;
use std::collections::BTreeSet;

impl Examine for RdsReady {
    const PERMISSIONS: &'static [&'static str] = &[
        "ec2:DescribeSecurityGroups",
        "ec2:DescribeSubnets",
        "rds:DescribeDBInstances",
        "rds:DescribeOrderableDBInstanceOptions",
    ];

    async fn examine(&self, lines: &Lines<'_>) -> Result<Vec<Seen>, Failure> {
        let aws = lines.aws().await?;
        let db = db_instance(&aws, self.db.as_str()).await?;
        Ok(vec![
            Seen::of("available", available(&db)),
            Seen::of("backup", backup(&db)),
            Seen::of("engine", engine(&aws, &db).await),
            subnet_group(&db),
            Seen::of("admits-servers", self.admits(&aws, &db).await),
        ])
    }
}

fn name(db: &DbInstance) -> &str {
    db.db_instance_identifier().unwrap_or_default()
}

fn available(db: &DbInstance) -> Result<Seen, Failure> {
    const ROW: &str = "available";
    let status = said(db.db_instance_status(), format_args!("the status of DB instance `{}`", name(db)))?;
    let multi = match db.multi_az() {
        Some(true) => "Multi-AZ",
        Some(false) => "single-AZ",
        None => "whether Multi-AZ is not told",
    };
    let evidence = format!("`{}` is `{status}`, {multi}", name(db));
    Ok(match (status, db.db_cluster_identifier()) {
        (_, Some(cluster)) => Seen::refuse(ROW, format!("{evidence}, of the DB cluster `{cluster}`")).advise(
            "an instance of a cluster cannot be made Multi-AZ by itself: this runbook is for a DB instance of its own",
        ),
        ("available", None) => Seen::pass(ROW, evidence),
        ("storage-optimization", None) => Seen::refuse(ROW, evidence).advise(
            "it can take hours, and the run would wait for it with the site down: begin when it is `available`",
        ),
        _ => Seen::refuse(ROW, evidence).advise("wait until it is `available`"),
    })
}

/// Whether there is a way back to the data itself, which no undo of this runbook brings back.
fn backup(db: &DbInstance) -> Result<Seen, Failure> {
    const ROW: &str = "backup";
    let offer = format!(
        "make a snapshot first: `aws rds create-db-snapshot --db-instance-identifier {0} --db-snapshot-identifier {0}-before`",
        name(db)
    );
    let days = said(db.backup_retention_period(), format_args!("how long backups of `{}` are kept", name(db)))?;
    Ok(match (days, db.latest_restorable_time()) {
        (..=0, _) => Seen::warn(ROW, format!("automated backups of `{}` are off", name(db))).advise(offer),
        (_, None) => {
            Seen::warn(ROW, format!("automated backups of `{}` are on, and there is none yet", name(db))).advise(offer)
        }
        (1, Some(_)) => Seen::pass(ROW, format!("`{}` can be restored to any time of the last day", name(db))),
        (days, Some(_)) => {
            Seen::pass(ROW, format!("`{}` can be restored to any time of the last {days} days", name(db)))
        }
    })
}

async fn engine(aws: &Aws, db: &DbInstance) -> Result<Seen, Failure> {
    const ROW: &str = "engine";
    let of = |what: &str| format!("the {what} of DB instance `{}`", name(db));
    let (engine, version) = (said(db.engine(), of("engine"))?, said(db.engine_version(), of("engine's version"))?);
    let class = said(db.db_instance_class(), of("class"))?;
    let what = format!("{engine} {version} on {class}");
    let asked = aws.read.rds.describe_orderable_db_instance_options().engine(engine).engine_version(version);
    let pages = asked.db_instance_class(class).into_paginator().items().send().collect::<Result<Vec<_>, _>>();
    let options = pages.await.map_err(failed(format!("cannot ask whether {what} can be Multi-AZ")))?;
    let storage = db.storage_type();
    let fitting = options
        .iter()
        .filter(|o| o.db_instance_class().is_none_or(|c| c == class))
        .filter(|o| o.storage_type().is_none() || storage.is_none() || o.storage_type() == storage);
    Ok(match (fitting.clone().count(), fitting.clone().any(|o| o.multi_az_capable() == Some(true))) {
        (_, true) => Seen::pass(ROW, format!("{what} can be Multi-AZ")),
        (0, _) => Seen::not_checkable(ROW, format!("RDS names no orderable option for {what}"))
            .advise("an old version or class may not be offered anew; ask the RDS console whether it can be Multi-AZ"),
        _ => Seen::refuse(ROW, format!("{what} cannot be Multi-AZ"))
            .advise("change its class or upgrade its engine first"),
    })
}

fn subnet_group(db: &DbInstance) -> Seen {
    const ROW: &str = "subnet-group";
    let Some(group) = db.db_subnet_group() else {
        return Seen::not_checkable(ROW, format!("`{}` has no subnet group", name(db)));
    };
    let zones: BTreeSet<&str> = group.subnets().iter().filter_map(|s| s.subnet_availability_zone()?.name()).collect();
    let evidence = format!(
        "subnet group `{}` covers {}",
        group.db_subnet_group_name().unwrap_or_default(),
        zones.iter().copied().collect::<Vec<_>>().join(", ")
    );
    match zones.len() {
        2.. => Seen::pass(ROW, evidence),
        _ => Seen::refuse(ROW, evidence).advise("add a subnet of another Availability Zone to it"),
    }
}

impl RdsReady {
    async fn admits(&self, aws: &Aws, db: &DbInstance) -> Result<Seen, Failure> {
        const ROW: &str = "admits-servers";
        let ids: Vec<String> =
            db.vpc_security_groups().iter().filter_map(|g| g.vpc_security_group_id()).map(str::to_owned).collect();
        if ids.is_empty() {
            return Ok(Seen::not_checkable(ROW, format!("`{}` names no security group", name(db))));
        }
        let groups = group::describe(aws, &ids).await?;
        let port = db.endpoint().and_then(|e| e.port()).unwrap_or(3306);
        let admits = Admitted::on(port, groups.iter().flat_map(|g| g.ip_permissions()));
        let places = subnets::describe(aws, &self.client_subnets).await?;
        let clients: Vec<&str> = self.clients.iter().map(|group| group.as_str()).collect();
        Ok(admitted(&ids, port, &admits, &clients, &places))
    }
}

/// EC2 unites the rules of all groups of a server: it is enough that one of `clients` is let in.
fn admitted(groups: &[String], port: i32, admits: &Admitted, clients: &[&str], places: &[Subnet]) -> Seen {
    const ROW: &str = "admits-servers";
    let named: Vec<String> = groups.iter().map(|group| format!("`{group}`")).collect();
    let admit = if named.len() == 1 { "admits" } else { "admit" };
    let evidence = format!("{} {admit} {} on {port}", named.join(", "), admits.told());
    if clients.iter().any(|group| admits.groups.contains(*group))
        || places.iter().all(|p| admits_range(admits, &p.range))
    {
        return Seen::pass(ROW, evidence);
    }
    if let Some(list) = admits.prefix_lists.first() {
        return Seen::not_checkable(
            ROW,
            format!("{evidence}; whether the servers are in a prefix list is not looked at"),
        )
        .advise(format!("see its ranges: `aws ec2 get-managed-prefix-list-entries --prefix-list-id {list}`"));
    }
    let outside: Vec<&str> =
        places.iter().filter(|p| !admits_range(admits, &p.range)).map(|p| p.range.as_str()).collect();
    let told = clients.iter().map(|group| format!("`{group}`")).collect::<Vec<_>>().join(", ");
    let own = if clients.len() == 1 { "group" } else { "groups" };
    let evidence = format!("{evidence}; not the servers' {own} {told}, nor all of {}", outside.join(", "));
    Seen::refuse(ROW, evidence).advise(format!(
        "let the servers' group in: the new server would not reach the database (`aws ec2 authorize-security-group-ingress \
         --group-id {} --protocol tcp --port {port} --source-group {}`)",
        groups.first().map_or("", String::as_str),
        clients.first().copied().unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::CheckVerdict::{NotCheckable, Pass, Refuse, Warn};

    #[test]
    fn a_snapshot_is_offered_where_there_is_no_backup() {
        let db = |days, restorable: bool| {
            let time = restorable.then(|| aws_smithy_types::DateTime::from_secs(1));
            let db = DbInstance::builder().db_instance_identifier("nc").backup_retention_period(days);
            backup(&db.set_latest_restorable_time(time).build()).unwrap()
        };
        assert_eq!(db(7, true).verdict, Pass);
        for warned in [db(0, false), db(0, true), db(7, false)] {
            assert_eq!(warned.verdict, Warn);
            assert!(warned.advice[0].contains("create-db-snapshot --db-instance-identifier nc "), "{warned:?}");
        }
    }

    #[test]
    fn a_rule_for_one_address_does_not_let_the_clone_in() {
        let place =
            |range: &str| Subnet { id: "s".into(), vpc: "v".into(), zone: "z".into(), free: 9, range: range.into() };
        let places = [place("10.77.1.0/24"), place("10.77.2.0/24")];
        let judge = |ranges: &[&str], groups: &[&str], lists: &[&str]| {
            let texts = |all: &[&str]| all.iter().map(|t| (*t).to_owned()).collect();
            let prefix_lists = texts(lists);
            let admits = Admitted { ranges: texts(ranges), groups: texts(groups), prefix_lists };
            admitted(&["sg-db".into(), "sg-too".into()], 3306, &admits, &["sg-ssh", "sg-web"], &places)
        };
        assert_eq!(judge(&[], &["sg-web"], &[]).verdict, Pass);
        assert_eq!(judge(&["10.77.0.0/16"], &[], &[]).verdict, Pass);
        let one = judge(&["10.77.1.11/32"], &["sg-other"], &[]);
        assert_eq!(one.verdict, Refuse);
        assert!(one.evidence.contains("10.77.1.11/32") && one.evidence.contains("`sg-ssh`, `sg-web`"), "{one:?}");
        assert!(one.advice[0].contains("--group-id sg-db --protocol"), "{one:?}");
        assert_eq!(judge(&["10.77.1.0/24"], &[], &[]).verdict, Refuse);
        let list = judge(&["10.77.1.0/24"], &[], &["pl-0123"]);
        assert_eq!(list.verdict, NotCheckable, "the list may let them in");
        assert!(list.evidence.contains("`pl-0123`") && list.advice[0].contains("pl-0123"), "{list:?}");
    }
}
