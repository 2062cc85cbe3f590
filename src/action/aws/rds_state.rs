//! What RDS says of a DB instance and of its conversion between single-AZ and Multi-AZ.
//!
//! After ModifyDBInstance the status stays `available` for tens of seconds with the change only under the pending values,
//! so "available" alone is never "done"; and it can come back `available` without the change, when there was no capacity
//! for the standby.

use super::answers::said;
use crate::access::{Aws, AwsError, code_of};
use crate::model::Failure;
use aws_sdk_rds::types::{DbInstance, Event, PendingModifiedValues, SourceType};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long a DB may be `available`, unchanged and with nothing pending before that counts as "it did not happen", when no
/// look has shown the modification: RDS may take minutes until it shows what it has accepted (terraform-provider-aws#48830,
/// #39691), and verify may begin after it has come to nothing.
pub(super) const UNSEEN: Duration = Duration::from_secs(600);

/// The same in looks: no fewer and no more, whatever the poll interval.
const UNSEEN_LOOKS: std::ops::RangeInclusive<u32> = 20..=120;

/// Looks in a row that must show it unchanged after it was seen `modifying`: the status flaps at the end of a modification
/// (Terraform asks for several in a row too).
const CAME_BACK_LOOKS: u32 = 3;

/// Looks at a DB that is Multi-AZ with nothing pending before the zone of its standby is no longer waited for: RDS shows it
/// "if present" (RDS API reference, DBInstance, SecondaryAvailabilityZone).
const STANDBY_LOOKS: u32 = 10;

/// Statuses from which a DB does not become `available` by itself.
const STUCK: &[&str] = &[
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "insufficient-capacity",
    "restore-error",
    "stopped",
    "stopping",
    "storage-full",
];

/// The part of a DB instance's description that decides.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Db {
    /// `available`, `modifying`, ...
    pub(super) status: String,
    /// Whether it is Multi-AZ now.
    pub(super) multi_az: bool,
    /// Where the standby is.
    pub(super) standby: Option<String>,
    /// A change of Multi-AZ that is pending or under way.
    pub(super) pending: Option<bool>,
    /// Other changes that are pending, by name; values may be secret.
    pub(super) others: Vec<&'static str>,
    /// The zones of its subnet group; empty where there is none.
    pub(super) zones: BTreeSet<String>,
    /// The cluster it belongs to, if it does.
    pub(super) cluster: Option<String>,
    /// Its engine.
    pub(super) engine: String,
    /// Its engine's version.
    pub(super) version: String,
    /// Its class, e.g. `db.t3.small`.
    pub(super) class: String,
}

/// How a conversion stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Progress {
    /// It is as wanted, with nothing pending.
    Done(String),
    /// It goes on.
    Going(String),
    /// It is over, and it is not as wanted.
    CameToNothing,
}

/// Follows a conversion over several looks.
#[derive(Debug)]
pub(super) struct Follow {
    seen_modifying: bool,
    /// Looks in a row that showed nothing of it.
    idle: u32,
    /// Looks in a row that showed it done, but for the standby's zone.
    alone: u32,
    /// Looks after which nothing is waited for when it was never seen to begin.
    unseen: u32,
}

impl Follow {
    /// Where so many looks are [`UNSEEN`].
    pub(super) fn looking(looks: u32) -> Self {
        let unseen = looks.clamp(*UNSEEN_LOOKS.start(), *UNSEEN_LOOKS.end());
        Self { seen_modifying: false, idle: 0, alone: 0, unseen }
    }

    /// What one more look tells.
    pub(super) fn look(&mut self, db: &Db, wanted: bool) -> Progress {
        if db.is(wanted) {
            return Progress::Done(db.told());
        }
        let alone = db.is_idle() && db.multi_az == wanted;
        self.alone = if alone { self.alone + 1 } else { 0 };
        if alone {
            let told = db.told();
            return match self.alone >= STANDBY_LOOKS {
                true => Progress::Done(format!("{told}; RDS does not tell the zone of its standby")),
                false => Progress::Going(format!("{told}; RDS does not show its standby yet")),
            };
        }
        if db.status != "available" || db.pending.is_some() {
            self.seen_modifying |= db.status == "modifying";
            self.idle = 0;
            return Progress::Going(db.told());
        }
        self.idle += 1;
        let enough = if self.seen_modifying { CAME_BACK_LOOKS } else { self.unseen };
        if self.idle >= enough { Progress::CameToNothing } else { Progress::Going(db.told()) }
    }
}

impl Db {
    /// Whether it is completely so: available, the value, nothing pending, and a standby where there is to be one.
    pub(super) fn is(&self, multi_az: bool) -> bool {
        self.status == "available"
            && self.pending.is_none()
            && self.multi_az == multi_az
            && (!multi_az || self.standby.is_some())
    }

    /// Whether it waits for nothing and can be modified.
    pub(super) fn is_idle(&self) -> bool {
        self.status == "available" && self.pending.is_none()
    }

    /// Whether it does not become `available` without a person.
    pub(super) fn is_stuck(&self) -> bool {
        STUCK.contains(&self.status.as_str()) || self.status.starts_with("incompatible-")
    }

    /// "`available`, single-AZ, change to Multi-AZ pending".
    pub(super) fn told(&self) -> String {
        let standby = self.standby.as_ref().map(|zone| format!(" (standby in {zone})")).unwrap_or_default();
        let pending = self.pending.map(|to| format!(", change to {} pending", name(to))).unwrap_or_default();
        format!("`{}`, {}{standby}{pending}", self.status, name(self.multi_az))
    }

    /// # Errors
    /// When RDS's answer leaves out what decides.
    fn from_rds(db: &DbInstance) -> Result<Self, Failure> {
        let id = db.db_instance_identifier().unwrap_or("?");
        let of = |what: &str| format!("{what} of DB instance `{id}`");
        let pending = said(db.pending_modified_values(), of("the pending changes"))?;
        let subnets = db.db_subnet_group().map(|g| g.subnets()).unwrap_or_default();
        let zones = subnets.iter().filter_map(|s| s.subnet_availability_zone()?.name());
        Ok(Self {
            status: said(db.db_instance_status(), of("the status"))?.to_owned(),
            multi_az: said(db.multi_az(), of("the Multi-AZ setting"))?,
            standby: db.secondary_availability_zone().map(str::to_owned),
            pending: pending.multi_az(),
            others: other_changes(pending),
            zones: zones.map(str::to_owned).collect(),
            cluster: db.db_cluster_identifier().map(str::to_owned),
            engine: said(db.engine(), of("the engine"))?.to_owned(),
            version: db.engine_version().unwrap_or("of unknown version").to_owned(),
            class: db.db_instance_class().unwrap_or("unknown").to_owned(),
        })
    }
}

/// "Multi-AZ" or "single-AZ".
pub(super) fn name(multi_az: bool) -> &'static str {
    if multi_az { "Multi-AZ" } else { "single-AZ" }
}

/// The names of pending changes other than Multi-AZ. A modification with ApplyImmediately would apply them too.
fn other_changes(pending: &PendingModifiedValues) -> Vec<&'static str> {
    let all = [
        ("additional storage volumes", !pending.additional_storage_volumes().is_empty()),
        ("allocated storage", pending.allocated_storage().is_some()),
        ("automation mode", pending.automation_mode().is_some()),
        ("backup retention period", pending.backup_retention_period().is_some()),
        ("CA certificate", pending.ca_certificate_identifier().is_some()),
        ("capacity reservation", pending.db_capacity_reservation_identifier().is_some()),
        ("instance class", pending.db_instance_class().is_some()),
        ("instance identifier", pending.db_instance_identifier().is_some()),
        ("subnet group", pending.db_subnet_group_name().is_some()),
        ("dedicated log volume", pending.dedicated_log_volume().is_some()),
        ("engine", pending.engine().is_some()),
        ("engine version", pending.engine_version().is_some()),
        ("IAM authentication", pending.iam_database_authentication_enabled().is_some()),
        ("IOPS", pending.iops().is_some()),
        ("license model", pending.license_model().is_some()),
        ("master user password", pending.master_user_password().is_some()),
        ("multi-tenant", pending.multi_tenant().is_some()),
        ("log exports", pending.pending_cloudwatch_logs_exports().is_some()),
        ("port", pending.port().is_some()),
        ("processor features", !pending.processor_features().is_empty()),
        ("storage throughput", pending.storage_throughput().is_some()),
        ("storage type", pending.storage_type().is_some()),
    ];
    all.into_iter().filter(|(_, set)| *set).map(|(name, _)| name).collect()
}

/// What decides of the DB instance.
///
/// # Errors
/// Refused when RDS does not know it.
pub(super) async fn describe(aws: &Aws, id: &str) -> Result<Db, Failure> {
    Db::from_rds(&db_instance(aws, id).await?)
}

/// The host name of the DB instance.
///
/// # Errors
/// Refused when RDS does not know it, or it has none yet.
pub(in crate::action) async fn endpoint(aws: &Aws, id: &str) -> Result<String, Failure> {
    let db = db_instance(aws, id).await?;
    let address = db.endpoint().and_then(|e| e.address()).map(str::to_owned);
    address.ok_or_else(|| Failure::refused(format!("DB instance `{id}` has no endpoint yet")))
}

/// The DB instance as RDS describes it.
///
/// # Errors
/// Refused when RDS does not know it.
pub(in crate::action) async fn db_instance(aws: &Aws, id: &str) -> Result<DbInstance, Failure> {
    let refused = || {
        Failure::refused(format!("there is no DB instance `{id}` in {}", aws.region))
            .advise("check the identifier, the region and whose credentials these are (`aws sts get-caller-identity`)")
    };
    let mut found = aws.read.rds.describe_db_instances().db_instance_identifier(id).into_paginator().items().send();
    match found.next().await.transpose() {
        Ok(found) => found.ok_or_else(refused),
        Err(e) if matches!(code_of(&e), Some("DBInstanceNotFound" | "DBInstanceNotFoundFault")) => Err(refused()),
        Err(e) => Err(AwsError::from(e).failure(format!("cannot look at DB instance `{id}`"))),
    }
}

/// The last thing RDS said about the DB, for the operator. Best effort: progress may be lost.
pub(super) async fn last_event(aws: &Aws, id: &str) -> Option<String> {
    let asked = aws.read.rds.describe_events().source_type(SourceType::DbInstance).source_identifier(id).duration(180);
    let events: Vec<Event> = asked.into_paginator().items().send().collect::<Result<_, _>>().await.ok()?;
    let last = events.into_iter().max_by_key(|e| e.date().map(|d| d.secs()))?;
    last.message
}

#[cfg(test)]
mod tests {
    use super::*;

    fn db(status: &str, multi_az: bool, pending: Option<bool>) -> Db {
        let standby = multi_az.then(|| "us-east-1b".to_owned());
        Db { status: status.into(), multi_az, pending, standby, ..Db::default() }
    }

    fn follow() -> Follow {
        Follow::looking(40)
    }

    #[test]
    fn available_alone_is_not_done() {
        let mut follow = follow();
        for going in [db("available", false, Some(true)), db("modifying", false, Some(true))] {
            assert!(matches!(follow.look(&going, true), Progress::Going(_)), "{going:?}");
        }
        assert!(matches!(follow.look(&db("available", true, None), true), Progress::Done(_)));
    }

    #[test]
    fn a_standby_that_is_never_shown_is_not_waited_for_for_ever() {
        let mut follow = follow();
        let half = Db { standby: None, ..db("available", true, None) };
        for _ in 1..STANDBY_LOOKS {
            let Progress::Going(told) = follow.look(&half, true) else { panic!("{follow:?}") };
            assert!(told.contains("does not show its standby yet"), "{told}");
        }
        let Progress::Done(told) = follow.look(&half, true) else { panic!("{follow:?}") };
        assert!(told.contains("does not tell the zone"), "{told}");
    }

    #[test]
    fn coming_back_unchanged_is_a_failure_when_it_stays_so() {
        let mut follow = follow();
        let (modifying, back) = (db("modifying", false, Some(true)), db("available", false, None));
        for flapping in [&modifying, &back, &back, &modifying, &back, &back] {
            assert!(matches!(follow.look(flapping, true), Progress::Going(_)), "{follow:?}");
        }
        assert_eq!(follow.look(&back, true), Progress::CameToNothing);
    }

    #[test]
    fn what_was_accepted_may_take_minutes_to_show() {
        let idle = db("available", false, None);
        for (given, looks) in [(300, 120), (40, 40), (10, 20)] {
            let mut follow = Follow::looking(given);
            for _ in 1..looks {
                assert!(matches!(follow.look(&idle, true), Progress::Going(_)));
            }
            assert_eq!(follow.look(&idle, true), Progress::CameToNothing, "{given} looks");
        }
    }

    #[test]
    fn what_is_not_said_decides_nothing() {
        let whole = || {
            DbInstance::builder()
                .db_instance_identifier("nc")
                .db_instance_status("available")
                .engine("mysql")
                .multi_az(true)
        };
        let nothing_pending = PendingModifiedValues::builder().build();
        assert!(Db::from_rds(&whole().pending_modified_values(nothing_pending.clone()).build()).is_ok());
        let all = || whole().pending_modified_values(nothing_pending.clone());
        for (cut, said) in [
            (all().set_multi_az(None).build(), "Multi-AZ setting"),
            (all().set_db_instance_status(None).build(), "status"),
            (whole().build(), "pending changes"),
            (all().set_engine(None).build(), "engine"),
        ] {
            let failure = Db::from_rds(&cut).unwrap_err();
            assert!(
                failure.message.contains(said) && failure.kind == crate::model::FailureKind::Transient,
                "{failure:?}"
            );
        }
    }

    #[test]
    fn other_pending_changes_are_named_without_their_values() {
        let pending = PendingModifiedValues::builder().multi_az(true).port(3307).master_user_password("****").build();
        assert_eq!(other_changes(&pending), ["master user password", "port"]);
    }
}
